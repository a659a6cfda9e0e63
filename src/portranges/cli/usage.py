"""``portranges usage``: how much of the ephemeral range is in use on this machine."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from portranges import types
from portranges.cli.output import columns, print_json, table
from portranges.probe import Usage, usage

__all__ = ["add_arguments", "run"]

_DESTINATIONS = 10
_BAR = 40


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    parser.add_argument("--transport", choices=["tcp", "udp"], default="tcp", help="default: tcp")
    parser.add_argument(
        "--all",
        action="store_true",
        help=f"list all destinations, not only {_DESTINATIONS}",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace) -> int:
    """Print how much of the ephemeral range is in use."""
    found = usage(arguments.transport)
    if arguments.json:
        print_json("usage", found.to_dict())
        return 0
    for line in _page(found, width=columns(sys.stdout), all_of_them=arguments.all):
        print(line)
    return 0


def _page(found: Usage, *, width: int, all_of_them: bool) -> types.Iterator[str]:
    size = len(found.ports)
    yield f"{found.transport.value} ephemeral range of this machine: {size:,} ports"
    ranges = str(found.ports)
    if len(ranges) + 2 > width:
        # A truncated number would be another port.
        ranges = ranges[: width - 5].rpartition(",")[0] + ",..."
    yield f"  {ranges}"
    full = round(found.share * _BAR)
    yield f"  [{'#' * full}{'.' * (_BAR - full)}] {found.share:.1%} in use"
    yield ""
    counts = (
        ("in use", len(found.in_use)),
        ("  held without a connection", len(found.held)),
        ("  only in TIME_WAIT", len(found.time_wait_ports)),
        ("free", len(found.free)),
        ("connections from the range", found.connections),
        ("  in TIME_WAIT", found.time_wait),
    )
    for name, count in counts:
        yield f"{name:<30}{count:>9,}"
    if found.self_connected:
        yield f"{'  connected to themselves':<30}{len(found.self_connected):>9,}"
    if not found.destinations:
        return
    yield ""
    shown = found.destinations if all_of_them else found.destinations[:_DESTINATIONS]
    rows = [
        (
            each.remote,
            each.source,
            f"{each.connections:,}",
            f"{each.time_wait:,}",
            str(each.remaining),
        )
        for each in shown
    ]
    heads = ("to", "from", "connections", "time-wait", "room for")
    yield from table(heads, rows, width=width, right=(2, 3, 4), cuttable=(0, 1))
    if any(each.reusable for each in shown):
        yield "room for: with ports in TIME_WAIT that connect() may use again (tcp_tw_reuse)"
    hidden = len(found.destinations) - len(shown)
    if hidden:
        yield f"and {hidden:,} more; --all lists them"
