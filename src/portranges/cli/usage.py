"""``portranges usage``: how much of the ephemeral range is in use on this machine."""

from __future__ import annotations

import sys

from portranges import types
from portranges.cli.output import answer, columns
from portranges.layout import cut_list, table
from portranges.probe import Usage, usage

_DESTINATIONS = 10
_BAR = 40


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.transport("the transport (default: tcp)")
    add.flag("--all", f"list all destinations, not only {_DESTINATIONS}")
    add.json()


def run(arguments: types.Namespace) -> int:
    """Print how much of the ephemeral range is in use."""
    found = usage(arguments.transport or "tcp")
    lines = _page(found, width=columns(sys.stdout), all_of_them=arguments.all)
    return answer(arguments, "usage", found, lines)


def _page(found: Usage, *, width: int, all_of_them: bool) -> types.Iterator[str]:
    """Yield the range with a bar, the counts, and the destinations."""
    size = len(found.ports)
    yield f"{found.transport.value} ephemeral range of this machine: {size:,} ports"
    yield f"  {cut_list(str(found.ports), width - 2)}"
    # In ASCII, so that it is readable in every pipe.
    full = round(found.share * _BAR)
    yield f"  [{'#' * full}{'.' * (_BAR - full)}] {found.share:.1%} in use"
    yield ""
    counts = [
        ("in use", len(found.in_use)),
        ("  held without a connection", len(found.held)),
        ("  only in TIME_WAIT", len(found.time_wait_ports)),
        ("free", len(found.free)),
        ("connections from the range", found.connections),
        ("  in TIME_WAIT", found.time_wait),
    ]
    if found.self_connected:
        counts.append(("  connected to themselves", len(found.self_connected)))
    yield from (f"{name:<30}{count:>9,}" for name, count in counts)
    if not found.destinations:
        return
    yield ""
    shown = found.destinations if all_of_them else found.destinations[:_DESTINATIONS]
    heads = ("to", "from", "connections", "time-wait", "room for")
    rows = [
        (to.remote, to.source, f"{to.connections:,}", f"{to.time_wait:,}", str(to.remaining))
        for to in shown
    ]
    yield from table(heads, rows, width=width, right=(2, 3, 4), cuttable=((0,), (1,)))
    if any(each.reusable for each in shown):
        yield "room for: with ports in TIME_WAIT that connect() may use again (tcp_tw_reuse)"
    hidden = len(found.destinations) - len(shown)
    if hidden:
        yield f"and {hidden:,} more; --all lists them"
