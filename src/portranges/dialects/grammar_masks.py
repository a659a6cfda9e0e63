"""Open vSwitch: a port, or a value under a mask.

``covers`` computes the masks of a range.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.dialects.elements import read_port
from portranges.dialects.model import Fault
from portranges.dialects.query import Cursor
from portranges.dialects.reading import read_frame
from portranges.dialects.writing import Request, example, framed, worded
from portranges.errors import UnrepresentableError
from portranges.ports import LAST_PORT, MaskedPort
from portranges.portset import PortSet

_HEX = re.compile(r"0x[0-9a-f]{1,4}")


def read(at: Cursor) -> types.Iterator[types.Part]:
    """Yield the ports of one flow's match."""
    whole = at
    transport, at = read_frame(at)
    for field in ("tp_dst=", f"{transport}_dst="):
        if at.starts(field):
            at = at.without(field)
            break
    else:
        raise whole.refusal(f"expected a text such as {example(at.row)!r}")
    slash = at.find("/")
    if slash < 0:
        yield transport, PortSet([read_port(at, transport)])
        return
    before, mask = at.to(slash), _hex(at.since(slash + 1))
    value = _hex(before) if at.starts("0x") else read_port(before, transport)
    if value & ~mask:
        hint = f"ovs-ofctl reads it as {value & mask:#x}/{mask:#x}"
        raise at.error("the value must have no bit outside the mask", hint=hint)
    if not mask:
        raise at.error("the mask must not be 0", hint="it would match every port")
    yield transport, PortSet.from_masks([MaskedPort(value, mask)])


def _hex(at: Cursor) -> int:
    """Return the number of a mask or its value: 0x and up to four digits."""
    if not _HEX.fullmatch(at.text):
        raise at.refusal("a mask and its value must look like '0xfff8'", Fault.MASK)
    return int(at.text, 16)


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
        framed(row.frame, worded(row.wording, _masked(masked)), request.transport)
        for masked in masks
    ]


def _masked(masked: MaskedPort) -> str:
    return f"{masked.value}" if masked.mask == LAST_PORT else f"{masked}"
