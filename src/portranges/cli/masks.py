"""``portranges masks 8000-8100``: ports as value/mask pairs."""

from __future__ import annotations

from portranges import types
from portranges.cli.output import answer
from portranges.cli.words import ports_of_all
from portranges.ports import MaskedPort

_FORMS = {
    # name: format of a mask
    "hex": "{value:#x}/{mask:#x}",
    "full": "0x{value:04x}/0x{mask:04x}",
    "decimal": "{value}/{mask}",
    "bits": "{bits}",
}


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.words(
        "ports",
        "PORTS",
        "ports (22,8000-8100) or a service name; '-' reads standard input, one per line",
    )
    add.flag(
        "--ternary",
        "use the fewest masks per range, with wildcard bits in any place, for Open vSwitch, tc and "
        "TCAMs",
    )
    forms = (
        "hex writes 0x16/0xffff, full 0x0016/0xffff, decimal 22/65535, and bits "
        "0000000000010110, with x for 0 or 1"
    )
    add.choice("--form", _FORMS, forms, "hex")
    add.json()


def run(arguments: types.Namespace) -> int:
    """Print masks that match exactly the ports in *arguments*."""
    ports = ports_of_all(arguments.ports)
    masks = ports.prefix_cover()
    if arguments.ternary:
        masks = tuple(mask for each in ports.ranges for mask in each.ternary_cover())
    form = _FORMS[arguments.form]
    return answer(
        arguments,
        "masks",
        [{"value": each.value, "mask": each.mask, "count": len(each)} for each in masks],
        (form.format(value=each.value, mask=each.mask, bits=_bits(each)) for each in masks),
    )


def _bits(masked: MaskedPort) -> str:
    places = range(15, -1, -1)
    return "".join(str(masked.value >> at & 1) if masked.mask >> at & 1 else "x" for at in places)
