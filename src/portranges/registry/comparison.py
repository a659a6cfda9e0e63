"""Compare two registries: what the newer one adds, removes and changes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from portranges import types
from portranges.ports import LAST_PORT, PortRange, Transport
from portranges.registry.model import TRANSPORTS, Assignment, Difference


def differences(old: types.Registry, new: types.Registry) -> types.Iterator[Difference]:
    """Yield the differences between the rows of two registries, by port."""
    firsts = sorted({span.first for each in (old, new) for span in each.spans()})
    pending: dict[tuple[types.DifferingContent, tuple[Transport, ...]], Difference] = {}
    for first, end in pairwise([*firsts, LAST_PORT + 1]):
        found = {
            (content, transports): Difference(
                ports=PortRange(first, end - 1),
                transports=transports,
                before=old.lookup(first, transports[0]),
                after=new.lookup(first, transports[0]),
            )
            for content, transports in _differing(old, new, first).items()
        }
        if found.keys() == pending.keys():
            pending = {
                key: replace(each, ports=PortRange(each.ports.first, end - 1))
                for key, each in pending.items()
            }
        else:
            yield from pending.values()
            pending = found
    yield from pending.values()


def _differing(
    old: types.Registry, new: types.Registry, port: int
) -> dict[types.DifferingContent, tuple[Transport, ...]]:
    """Return the transports of each pair of contents that differ."""
    found: dict[types.DifferingContent, tuple[Transport, ...]] = {}
    for transport in TRANSPORTS:
        before, after = (_content(each.lookup(port, transport)) for each in (old, new))
        # If one side has no rows and the states are equal, the port is unassigned on both.
        is_alike = not (before and after) and (
            old.state(port, transport) == new.state(port, transport)
        )
        if before != after and not is_alike:
            found[before, after] = (*found.get((before, after), ()), transport)
    return found


def _content(rows: tuple[Assignment, ...]) -> types.RowContents:
    return tuple([(row.state, row.service, row.description) for row in rows])
