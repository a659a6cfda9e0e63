"""Sets of ports as people write them by hand: sorted (first, last) tuples.

The walks are the straightforward ones, linear in the number of ranges. The forms in which the
answers of all rivals are compared are here too, so nothing may be imported from portranges.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "Ranges",
    "complement",
    "contains",
    "difference",
    "intersection",
    "iterate",
    "merged",
    "parse",
    "ranges_of",
    "text",
    "union",
]

Ranges: TypeAlias = tuple[tuple[int, int], ...]


def merged(pairs: Iterable[tuple[int, int]]) -> Ranges:
    """Return the ranges sorted, those that overlap or adjoin made one."""
    done: list[tuple[int, int]] = []
    for first, last in sorted(pairs):
        if done and first <= done[-1][1] + 1:
            if last > done[-1][1]:
                done[-1] = done[-1][0], last
        else:
            done.append((first, last))
    return tuple(done)


def union(one: Ranges, other: Ranges) -> Ranges:
    """Return what is in one of both."""
    return merged(one + other)


def intersection(one: Ranges, other: Ranges) -> Ranges:
    """Return what is in both."""
    done: list[tuple[int, int]] = []
    here = there = 0
    while here < len(one) and there < len(other):
        first = max(one[here][0], other[there][0])
        last = min(one[here][1], other[there][1])
        if first <= last:
            done.append((first, last))
        if one[here][1] < other[there][1]:
            here += 1
        else:
            there += 1
    return tuple(done)


def complement(one: Ranges) -> Ranges:
    """Return what is in 0 to 65535 and not in *one*."""
    done: list[tuple[int, int]] = []
    start = 0
    for first, last in one:
        if first > start:
            done.append((start, first - 1))
        start = last + 1
    if start <= 65535:
        done.append((start, 65535))
    return tuple(done)


def difference(one: Ranges, other: Ranges) -> Ranges:
    """Return what is in *one* and not in *other*."""
    return intersection(one, complement(other))


def contains(one: Ranges, port: int) -> bool:
    """Tell whether *port* is in one of the ranges."""
    at = bisect_right(one, (port, 65536)) - 1
    return at >= 0 and port <= one[at][1]


def iterate(one: Ranges) -> Iterator[int]:
    """Return an iterator over the ports."""
    return chain.from_iterable(range(first, last + 1) for first, last in one)


def ranges_of(ports: Iterable[int]) -> Ranges:
    """Return the ranges of single ports, given in any order."""
    return merged((port, port) for port in ports)


def parse(written: str) -> Ranges:
    """Return the ranges of ``"22,8000-8100"``, checked no further."""
    pairs: list[tuple[int, int]] = []
    for item in written.split(","):
        first, dash, last = item.partition("-")
        pairs.append((int(first), int(last) if dash else int(first)))
    return merged(pairs)


def text(one: Ranges) -> str:
    """Return the ranges as ``"22,8000-8100"``."""
    return ",".join(f"{first}-{last}" if first != last else f"{first}" for first, last in one)
