"""``docker -p``: ports of the host, and the container's ports to which they lead.

A set of ports has no addresses, so a text with an address is refused.
"""

from __future__ import annotations

from portranges import types
from portranges.dialects.mappings import read_mapping
from portranges.dialects.model import Fault
from portranges.dialects.query import Cursor
from portranges.dialects.writing import Request, element, framed
from portranges.ports import Transport
from portranges.portset import PortSet


def read(at: Cursor) -> types.Iterator[types.Part]:
    """Yield the host's ports of one ``-p`` option."""
    mapping = read_mapping(at)
    if mapping.address:
        hint = "omit the address, or use parse_mapping()"
        raise at.error("a set of ports has no address", hint=hint)
    if mapping.published is None:
        raise at.refusal("the host's port is required, as in '8080:80'", Fault.MISSING)
    # docker's default is TCP, not every transport.
    yield mapping.transport or Transport.TCP, PortSet([mapping.published])


def write(request: Request) -> list[str]:
    """Return one option's value for each port or range, the same number on both sides."""
    row = request.row
    texts = (element(row.ranges, ports) for ports in request.ports.ranges)
    return [framed(row.frame, f"{text}:{text}", request.transport) for text in texts]
