"""``docker -p``: ports of the host, and the container's ports to which they lead.

A set of ports has no addresses, so a text with an address is refused.
"""

from __future__ import annotations

from portranges import types
from portranges.dialects.mappings import read_mapping
from portranges.dialects.model import Fault
from portranges.dialects.query import Query, refusal
from portranges.dialects.writing import Request, element, framed
from portranges.errors import PortSyntaxError, elide
from portranges.ports import Transport
from portranges.portset import PortSet

__all__ = ["read", "write"]


def read(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield the host's ports of one ``-p`` option."""
    text = query.text
    mapping = read_mapping(query, start, stop)
    if mapping.address:
        raise PortSyntaxError(
            f"a set of ports has no address, got {elide(text[start:stop])}; omit the address, "
            "or use parse_mapping()",
            text,
            (start, stop),
        )
    if mapping.published is None:
        raise refusal(
            query,
            f"the host's port is required, as in '8080:80', got {elide(text[start:stop])}",
            (start, stop),
            Fault.MISSING,
        )
    # docker's default is TCP, not every transport.
    yield mapping.transport or Transport.TCP, PortSet([mapping.published])


def write(request: Request) -> list[str]:
    """Return one option's value for each port or range, the same number on both sides."""
    row = request.row
    texts = (element(row, ports) for ports in request.ports.ranges)
    return [framed(row, f"{text}:{text}", request.transport) for text in texts]
