"""``portranges masks 8000-8100``: ports as values and masks.

What lives here: the output. What must not: how covers are found
(``portranges.covers``).
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from portranges.cli.words import wanted
from portranges.ports import MaskedPort

__all__ = ["add_arguments", "run"]

_FORMS = {
    # name: a mask as the tool writes it
    "hex": "{value:#x}/{mask:#x}",
    "full": "0x{value:04x}/0x{mask:04x}",
    "decimal": "{value}/{mask}",
    "bits": "{bits}",
}


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    parser.add_argument(
        "ports",
        nargs="+",
        metavar="PORTS",
        help="ports (22,8000-8100) or a service name; '-' reads lines of standard input",
    )
    parser.add_argument(
        "--ternary",
        action="store_true",
        help="masks of any form, as Open vSwitch, tc and TCAMs take: the fewest for each range",
    )
    parser.add_argument(
        "--form",
        choices=list(_FORMS),
        default="hex",
        help="0x1f40/0xffc0, 0x0016/0xffff, 8000/65472, or bits with x for any (default: hex)",
    )
    parser.add_argument("--json", action="store_true", help="print an array of objects")


def run(arguments: Namespace) -> int:
    """Print the masks that cover the ports that *arguments* name, and no others."""
    ports = wanted(arguments.ports)
    masks = ports.prefix_cover()
    if arguments.ternary:
        masks = tuple(mask for each in ports.ranges for mask in each.ternary_cover())
    if arguments.json:
        data = [{"value": each.value, "mask": each.mask, "count": len(each)} for each in masks]
        print(json.dumps(data, indent=2))
        return 0
    form = _FORMS[arguments.form]
    for each in masks:
        print(form.format(value=each.value, mask=each.mask, bits=_bits(each)))
    return 0


def _bits(masked: MaskedPort) -> str:
    places = range(15, -1, -1)
    return "".join(str(masked.value >> at & 1) if masked.mask >> at & 1 else "x" for at in places)
