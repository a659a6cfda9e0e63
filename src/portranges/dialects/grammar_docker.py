"""``docker -p``: ports of the host, published from those of a container.

A set of ports has no addresses, so a text with an address is refused.
"""

from __future__ import annotations

from portranges import types
from portranges.dialects.elements import read_element
from portranges.dialects.model import Fault
from portranges.dialects.query import Query, refusal
from portranges.dialects.reading import read_frame
from portranges.dialects.writing import Request, element, framed
from portranges.errors import PortSyntaxError, elide
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet

__all__ = ["read", "write"]


def read(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield the host's ports of one ``-p`` option."""
    text = query.text
    transport, start, stop = read_frame(query, start, stop)
    colon = text.find(":", start, stop)
    if colon < 0:
        # Report a fault in the container's port first.
        read_element(query, start, stop, transport)
        raise refusal(
            query,
            f"the host's port is required, as in '8080:80', got {elide(text[start:stop])}",
            (start, stop),
            Fault.OPEN,
        )
    if text.find(":", colon + 1, stop) >= 0:
        raise PortSyntaxError(
            f"expected 'host:container' without an address, got {elide(text[start:stop])}",
            text,
            (start, stop),
        )
    host = read_element(query, start, colon, transport)
    container = read_element(query, colon + 1, stop, transport)
    if host[1] - host[0] != container[1] - container[0]:
        raise PortSyntaxError(
            "host and container must have the same number of ports, "
            f"got {host[1] - host[0] + 1} and {container[1] - container[0] + 1}; "
            "docker would choose the host's port",
            text,
            (start, stop),
        )
    # docker's default is TCP, not every transport.
    yield transport or Transport.TCP, PortSet([PortRange(*host)])


def write(request: Request) -> list[str]:
    """Return one option's value for each port or range, the same number on both sides."""
    row = request.row
    texts = (element(row, ports) for ports in request.ports.ranges)
    return [framed(row, f"{text}:{text}", request.transport) for text in texts]
