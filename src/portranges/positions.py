"""The ports of a set by their positions in ascending order, which count ports and not ranges."""

from __future__ import annotations

from itertools import accumulate

from portranges import types
from portranges.ports import PortRange


def starts_of(ranges: tuple[PortRange, ...]) -> list[int]:
    """Return the position of the first port of each range."""
    return [0, *accumulate(map(len, ranges))][:-1]


def pairs_at(ranges: tuple[PortRange, ...], positions: range) -> types.Iterator[tuple[int, int]]:
    """Yield the first and the last port of each part of a range whose positions are wanted.

    Args:
        ranges: The ranges of a set.
        positions: Ascending, with any step from 1 on.
    """
    start = 0
    for each in ranges:
        stop = start + len(each)
        # The first wanted position in this range, and where the wanted ones end.
        behind = max(0, -((positions.start - start) // positions.step))
        low = positions.start + behind * positions.step
        high = min(stop, positions.stop)
        shift = each.first - start
        if positions.step == 1:
            if low < high:
                yield low + shift, high - 1 + shift
        else:
            for place in range(low, high, positions.step):
                yield place + shift, place + shift
        start = stop
