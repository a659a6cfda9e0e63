"""Combine the ports of the parts of a text or of data, for each transport and for all of them.

Most notations name a transport for each part. A set has none, so a whole text has one meaning
only if its transports have the same ports, or if the caller selects one of them.
"""

from __future__ import annotations

from portranges import types
from portranges.ports import PortRange
from portranges.portset import PortSet

# How many ranges are collected before they are merged into a set. The limit bounds the memory
# for a text of any length.
_PENDING = 4096


def collect(items: types.Iterable[tuple[types.T, int, int]]) -> dict[types.T, PortSet]:
    """Return, for each key of (key, first, last) items, the set of their ports.

    The keys are in the order of their first items.
    """
    sets: dict[types.T, PortSet] = {}
    pending: dict[types.T, list[PortRange]] = {}
    for key, first, last in items:
        held = pending.setdefault(key, [])
        held.append(PortRange(first, last))
        if len(held) >= _PENDING:
            sets[key] = sets.get(key, PortSet.empty()).union(held)
            held.clear()
    # Every key is in pending, but one with many items was put into sets before.
    return {key: sets.get(key, PortSet.empty()).union(held) for key, held in pending.items()}


def agreed(sets: types.PortSets, error: types.Callable[[str, str], Exception]) -> PortSet:
    """Return the ports of every transport, or raise if they differ.

    Args:
        sets: The ports of each transport that is named; those of None are for all of them.
        error: A function that returns the error for a rule and what was got.
    """
    if len(sets) == 1:
        # As for most texts.
        return next(iter(sets.values()))
    for_all = sets.get(None, PortSet.empty())
    results: types.PortSets = {
        each: for_all | ports for each, ports in sets.items() if each is not None
    }
    if for_all or not results:
        results[None] = for_all
    first, *others = results.values()
    if any(ports != first for ports in others):
        named = " and ".join(each or "all" for each in results)
        raise error(
            "ports must be the same for every transport",
            f"different ones for {named}; choose one with transport=",
        )
    return first
