"""Open vSwitch: a port, or a value under a mask.

``covers`` computes the masks of a range.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.dialects.elements import read_port
from portranges.dialects.model import Fault
from portranges.dialects.query import Query, refusal
from portranges.dialects.reading import read_frame
from portranges.dialects.writing import Request, example, framed
from portranges.errors import PortSyntaxError, UnrepresentableError, elide
from portranges.ports import LAST_PORT, MaskedPort
from portranges.portset import PortSet

__all__ = ["read", "write"]

_HEX = re.compile(r"0x[0-9a-f]{1,4}")
_FIELDS = ("tp_dst=", "tcp_dst=", "udp_dst=", "sctp_dst=")


def read(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield the ports of one flow's match."""
    text = query.text
    whole = (start, stop)
    transport, start, stop = read_frame(query, start, stop)
    for field in (_FIELDS[0], f"{transport}_dst="):
        if text.startswith(field, start, stop):
            start += len(field)
            break
    else:
        raise refusal(
            query,
            f"expected a text such as {example(query.row)!r}, got {elide(text[slice(*whole)])}",
            whole,
        )
    slash = text.find("/", start, stop)
    if slash < 0:
        port = read_port(query, start, stop, transport)
        yield transport, PortSet([port])
        return
    mask = _hex(query, slash + 1, stop)
    hexadecimal = text.startswith("0x", start)
    value = _hex(query, start, slash) if hexadecimal else read_port(query, start, slash, transport)
    if value & ~mask:
        raise PortSyntaxError(
            f"the value must have no bit outside the mask, got {elide(text[start:stop])}; "
            f"ovs-ofctl reads it as {value & mask:#x}/{mask:#x}",
            text,
            (start, stop),
        )
    if not mask:
        raise PortSyntaxError(
            f"the mask must not be 0, got {elide(text[start:stop])}; it would match every port",
            text,
            (start, stop),
        )
    yield transport, PortSet.from_masks([MaskedPort(value, mask)])


def _hex(query: Query, start: int, stop: int) -> int:
    """Return the number of a mask or its value: 0x and up to four digits."""
    digits = query.text[start:stop]
    if not _HEX.fullmatch(digits):
        raise refusal(
            query,
            f"a mask and its value must look like '0xfff8', got {elide(digits)}",
            (start, stop),
            Fault.MASK,
        )
    return int(digits, 16)


def write(request: Request) -> list[str]:
    """Return one match per mask of the cover."""
    row, ports = request.row, request.ports
    if ports == PortSet.full():
        raise UnrepresentableError(
            row.name, "it contains every port, which is expressed by omitting tp_dst"
        )
    masks = (
        [masked for each in ports.ranges for masked in each.ternary_cover()]
        if request.ternary
        else ports.prefix_cover()
    )
    return [
        framed(row, row.plain.replace("{ports}", _masked(masked)), request.transport)
        for masked in masks
    ]


def _masked(masked: MaskedPort) -> str:
    return f"{masked.value}" if masked.mask == LAST_PORT else f"{masked}"
