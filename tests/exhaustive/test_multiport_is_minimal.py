"""The fewest rules, against a search through all ways to share a set out."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import pytest

from portranges import PortRange, PortSet
from portranges.dialects.packing import pack_by_length, pack_by_slots

pytestmark = pytest.mark.slow

WIDTH = 9


def fewest_rules(ports: frozenset[int], slots: int) -> int:
    """How many rules a set takes, by trying every one that could be the first.

    A rule is any choice of intervals inside the set, a port one slot and a
    longer one two, at most *slots* together.
    """
    reachable = rules(ports, slots)
    covered = {frozenset[int]()}
    count = 0
    while ports not in covered:
        covered = {before | rule for before in covered for rule in reachable}
        # Only the greatest are worth going on with.
        covered = {each for each in covered if not any(each < other for other in covered)}
        count += 1
    return count


@cache
def rules(ports: frozenset[int], slots: int) -> list[frozenset[int]]:
    intervals = [
        frozenset(range(first, last + 1))
        for first in sorted(ports)
        for last in range(first, WIDTH)
        if ports.issuperset(range(first, last + 1))
    ]
    found = {frozenset[int]()}
    frontier = {(frozenset[int](), 0)}
    while frontier:
        step = set()
        for held, cost in frontier:
            for each in intervals:
                price = cost + (1 if len(each) == 1 else 2)
                if price <= slots and not held & each:
                    step.add((held | each, price))
        found |= {held for held, _ in step}
        frontier = step
    return [each for each in found if not any(each < other for other in found)]


@pytest.mark.parametrize("slots", [2, 3, 4, 5])
def test_every_set_of_a_small_universe_needs_the_fewest_rules(slots):
    for size in range(1, WIDTH + 1):
        for chosen in combinations(range(WIDTH), size):
            ports = PortSet(chosen)
            parts = pack_by_slots(ports.ranges, slots)
            assert PortSet().union(*parts) == ports
            assert all(
                sum(1 if len(each) == 1 else 2 for each in part) <= slots and part == sorted(part)
                for part in parts
            )
            assert len(parts) == fewest_rules(frozenset(chosen), slots), chosen


@pytest.mark.parametrize(
    ("ranges", "length", "singles", "rules"),
    [
        (0, 0, 15, 1),
        (0, 0, 16, 2),
        (7, 6, 1, 1),
        (7, 6, 2, 2),
        (8, 6, 0, 2),
        # In the order of their ports it would be three.
        (14, 6, 2, 2),
        # Ranges of two ports are as good as single ones.
        (15, 2, 0, 2),
        # One range of three ports goes port by port into the odd slots.
        (22, 3, 0, 3),
        (22, 4, 0, 4),
    ],
)
def test_the_known_counts_of_fifteen_slots(ranges, length, singles, rules):
    ports = [PortRange(at * 10, at * 10 + length - 1) for at in range(ranges)]
    ports += [PortRange(at * 10) for at in range(ranges, ranges + singles)]
    assert len(pack_by_slots(PortSet(ports).ranges, 15)) == rules


def test_texts_are_packed_in_order_up_to_the_length():
    texts = ["1" * size for size in (5, 1, 3, 9, 2, 2, 2)]
    parts = pack_by_length(texts, ",", 9)
    assert [text for part in parts for text in part] == texts
    assert all(len(",".join(part)) <= 9 for part in parts)
    assert [len(part) for part in parts] == [2, 1, 1, 3]
