"""Many ports at once agree with one at a time, for any set, any buffer, any order."""

from __future__ import annotations

import random
import sys
from array import array

from hypothesis import given
from hypothesis import strategies as st

from portranges import Category, PortRange, PortSet, classify, classify_many, columns, scan
from portranges.categories import count_by_category
from portranges.ports import check_port

PORTS = st.one_of(
    st.integers(0, 65535),
    st.sampled_from([0, 1, 255, 256, 1023, 1024, 32767, 32768, 49151, 49152, 65279, 65280, 65535]),
)
RANGES = st.tuples(PORTS, PORTS).map(lambda pair: PortRange(min(pair), max(pair)))
SETS = st.one_of(
    st.lists(st.one_of(PORTS, RANGES), max_size=60).map(PortSet),
    # Shapes in which every plan is the best one: symmetric differences of many
    # ranges, and ports that lie close together.
    st.lists(RANGES, max_size=40).map(lambda ranges: joined(ranges)),
    st.lists(st.integers(0, 3000), max_size=80).map(PortSet),
)


def joined(ranges):
    result = PortSet()
    for ports in ranges:
        result ^= ports
    return result


@given(SETS, st.lists(PORTS, max_size=300))
def test_contains_many_is_in_for_each(ports, asked):
    expected = bytes(port in ports for port in asked)
    assert ports.contains_many(asked) == expected
    assert ports.contains_many(array("H", asked)) == expected
    for byteorder in ("little", "big"):
        octets = b"".join(port.to_bytes(2, byteorder) for port in asked)
        assert ports.contains_many(octets, byteorder=byteorder) == expected
        assert ports.count_many(octets, byteorder=byteorder) == sum(expected)


@given(SETS)
def test_every_plan_gives_the_whole_table(ports):
    every = array("H", range(65536))
    assert ports.contains_many(every) == ports.table
    assert ports.count_many(every) == len(ports)
    assert (~ports).contains_many(every) == bytes(1 - value for value in ports.table)


@given(st.lists(PORTS, max_size=300))
def test_classify_many_is_classify_for_each(asked):
    categories = tuple(Category)
    codes = classify_many(asked)
    assert [categories[code] for code in codes] == [classify(port) for port in asked]
    assert classify_many(array("H", asked)) == codes
    counts = count_by_category(asked)
    assert counts == {each: codes.count(code) for code, each in enumerate(categories)}


@given(st.integers(2, 256), st.lists(PORTS, min_size=1, max_size=40), st.integers(0, 2**32))
def test_every_plan_agrees_with_any_table(values, edges, seed):
    rng = random.Random(seed)
    table = bytearray(65536)
    for first in sorted(edges):
        table[first:] = bytes([rng.randrange(values)]) * (65536 - first)
    plan = scan.plan_of(bytes(table))
    every = columns.PortReader(array("H", range(65536)), byteorder=sys.byteorder, check=check_port)
    assert scan.look_up_all(plan, every) == table
