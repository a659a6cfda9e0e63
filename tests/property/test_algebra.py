"""PortSet and TransportPorts are Boolean algebras with an order, on all 65,536 ports."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import laws
import oracle
from portranges import PortRange, PortSet, Transport, TransportPorts
from portranges.strategies import port_ranges, port_sets, ports, transport_ports, transports

A, B = port_sets(), port_sets()
EMPTY, FULL = PortSet.empty(), PortSet.full()


TestBooleanAlgebra = laws.boolean_algebra(port_sets(), EMPTY, FULL, 65536)
TestBooleanAlgebraWithTransports = laws.boolean_algebra(
    transport_ports(), TransportPorts.empty(), TransportPorts.full(), 4 * 65536
)
TestOrderWithTransports = laws.order(
    transport_ports(), TransportPorts.empty(), TransportPorts.full()
)


class TestOrder(laws.order(port_sets(), EMPTY, FULL)):
    @given(A, B)
    def test_named_relations_are_the_operators(self, a: PortSet, b: PortSet) -> None:
        assert a.issubset(b) is (a <= b)
        assert a.issuperset(b) is (a >= b)
        assert a.isdisjoint(b) is (not a & b)


class TestAgainstFrozenset:
    @given(A, B)
    def test_operators_agree_with_frozenset(self, a: PortSet, b: PortSet) -> None:
        m, n = frozenset(a), frozenset(b)
        assert frozenset(a | b) == m | n
        assert frozenset(a & b) == m & n
        assert frozenset(a - b) == m - n
        assert frozenset(a ^ b) == m ^ n

    @given(A, B)
    def test_comparisons_agree_with_frozenset(self, a: PortSet, b: PortSet) -> None:
        m, n = frozenset(a), frozenset(b)
        assert (a <= b, a < b, a == b) == (m <= n, m < n, m == n)

    @given(port_sets(max_size=100), port_sets(max_size=100), st.sampled_from([set, frozenset]))
    def test_operators_accept_python_sets(self, a: PortSet, b: PortSet, kind: type[Any]) -> None:
        n = kind(b)
        assert (a | n, a & n, a - n, a ^ n) == (a | b, a & b, a - b, a ^ b)
        assert (n | a, n & a, n - a, n ^ a) == (b | a, b & a, b - a, b ^ a)
        assert (a <= n, a < n, a >= n, a > n) == (a <= b, a < b, a >= b, a > b)
        assert (n <= a, n < a, n >= a, n > a) == (b <= a, b < a, b >= a, b > a)

    @given(st.lists(st.one_of(ports(), port_ranges(), port_sets()), max_size=20))
    def test_the_constructor_agrees_with_a_set_of_integers(self, items: list[Any]) -> None:
        model: set[int] = set()
        for item in items:
            model |= {item} if isinstance(item, int) else set(item)
        assert PortSet(items).to_int() == oracle.bits(model)

    @given(st.lists(port_ranges(), max_size=40))
    def test_many_ranges_agree_with_a_set_of_integers(self, ranges: list[PortRange]) -> None:
        model = {port for each in ranges for port in each.to_range()}
        assert PortSet(ranges).to_int() == oracle.bits(model)


# A frozenset of pairs takes long to make when ports come by the ten thousand.
NARROW_PORTS = range(65500, 65536)
NARROW = transport_ports(min_value=65500)


def pairs_of(ports: TransportPorts) -> frozenset[tuple[int, str]]:
    """The slow twin, made without the iterator of the set."""
    return frozenset(
        (port, name)
        for name in ("tcp", "udp", "sctp", "dccp")
        for port in NARROW_PORTS
        if getattr(ports, name).to_int() >> port & 1
    )


class TestAgainstFrozensetWithTransports:
    @given(NARROW, NARROW)
    def test_operators_agree_with_frozenset(self, a: TransportPorts, b: TransportPorts) -> None:
        m, n = pairs_of(a), pairs_of(b)
        assert pairs_of(a | b) == m | n
        assert pairs_of(a & b) == m & n
        assert pairs_of(a - b) == m - n
        assert pairs_of(a ^ b) == m ^ n

    @given(NARROW, NARROW)
    def test_comparisons_agree_with_frozenset(self, a: TransportPorts, b: TransportPorts) -> None:
        m, n = pairs_of(a), pairs_of(b)
        assert (a <= b, a < b, a == b) == (m <= n, m < n, m == n)
        assert (a >= b, a > b, a != b) == (m >= n, m > n, m != n)
        assert a.isdisjoint(b) is m.isdisjoint(n)

    @given(NARROW)
    def test_iteration_and_membership_agree_with_frozenset(self, a: TransportPorts) -> None:
        m = pairs_of(a)
        elements = list(a)
        assert len(a) == len(elements) == len(m)
        assert set(elements) == m
        assert all((port, transport) in a for port, transport in m)
        assert bool(a) is bool(m)

    @given(transport_ports(), ports(), transports())
    def test_the_complement_has_the_other_pairs(
        self, a: TransportPorts, port: int, transport: Transport
    ) -> None:
        assert ((port, transport) in ~a) is not ((port, transport) in a)

    @given(st.dictionaries(transports(), st.lists(st.one_of(ports(), port_ranges()), max_size=9)))
    def test_the_constructor_accepts_a_mapping_and_keywords(
        self, items: dict[Transport, list[Any]]
    ) -> None:
        made = TransportPorts(items)
        assert made == TransportPorts(**{str(name): each for name, each in items.items()})
        for transport in Transport:
            assert made[transport] == PortSet(items.get(transport, ()))


class TestWithRanges:
    @given(A, port_ranges())
    def test_a_range_on_either_side(self, a: PortSet, r: PortRange) -> None:
        b = PortSet(r)
        assert a | r == r | a == a | b
        assert a & r == r & a == a & b
        assert a ^ r == r ^ a == a ^ b
        assert a - r == a - b
        assert r - a == b - a

    @given(A, port_ranges())
    def test_a_range_on_either_side_of_a_comparison(self, a: PortSet, r: PortRange) -> None:
        b = PortSet(r)
        assert (a <= r) is (r >= a) is (a <= b)
        assert (a < r) is (r > a) is (a < b)
        assert (a >= r) is (r <= a) is (a >= b)
        assert (a > r) is (r < a) is (a > b)

    @given(port_ranges())
    def test_a_set_of_a_range_is_not_equal_to_the_range(self, r: PortRange) -> None:
        assert PortSet(r) != r
        assert r != PortSet(r)

    @given(port_ranges(), port_ranges())
    def test_overlaps_and_adjoins(self, r: PortRange, s: PortRange) -> None:
        a, b = PortSet(r), PortSet(s)
        assert r.overlaps(s) is s.overlaps(r) is bool(a & b)
        assert r.adjoins(s) is s.adjoins(r) is (not a & b and len((a | b).ranges) == 1)
        assert not (r.overlaps(s) and r.adjoins(s))

    @given(port_ranges())
    def test_a_range_never_adjoins_itself(self, r: PortRange) -> None:
        assert r.overlaps(r)
        assert not r.adjoins(r)


class TestMembers:
    @given(port_sets(), ports())
    def test_membership_agrees_with_frozenset(self, a: PortSet, port: int) -> None:
        assert (port in a) is (port in frozenset(a)) is bool(a & PortRange(port))

    @given(port_sets(min_size=1), st.data())
    def test_nth_is_the_position_in_sorted_order(self, a: PortSet, data: st.DataObject) -> None:
        ordered = sorted(a)
        position = data.draw(st.integers(-len(ordered), len(ordered) - 1))
        assert a.nth(position) == ordered[position]

    @given(A, st.slices(65537))
    def test_a_slice_is_the_set_of_its_positions(self, a: PortSet, positions: slice) -> None:
        assert frozenset(a[positions]) == frozenset(sorted(a)[positions])

    @given(port_sets(min_size=1, max_size=50), st.data())
    def test_a_slice_of_a_small_set(self, a: PortSet, data: st.DataObject) -> None:
        positions = data.draw(st.slices(len(a)))
        assert frozenset(a[positions]) == frozenset(sorted(a)[positions])

    @given(A)
    def test_the_ports_in_both_directions(self, a: PortSet) -> None:
        ordered = sorted(frozenset(a))
        assert list(a) == ordered
        assert list(reversed(a)) == ordered[::-1]

    @given(port_sets(min_size=1), ports())
    def test_index_counts_the_smaller_ports(self, a: PortSet, port: int) -> None:
        position = len(a & PortRange(0, port)) - 1
        if port in a:
            assert a.index(port) == position
            assert a[position] == port
            assert a[: position + 1] == a & PortRange(0, port)

    @given(port_sets(min_size=1), st.randoms(use_true_random=False), st.data())
    def test_a_sample_is_a_subset(
        self, a: PortSet, rng: random.Random, data: st.DataObject
    ) -> None:
        k = data.draw(st.integers(0, min(len(a), 50)))
        drawn = a.sample(k, rng)
        assert len(PortSet(drawn)) == len(drawn) == k
        assert PortSet(drawn) <= a
        assert a.choice(rng) in a

    @given(port_sets(min_size=1))
    def test_the_ends_are_minimum_and_maximum(self, a: PortSet) -> None:
        assert a.first == a.nth(0) == min(a)
        assert a.last == a.nth(-1) == max(a)

    @given(A)
    def test_ranges_are_apart_ascending_and_complete(self, a: PortSet) -> None:
        ranges = a.ranges
        assert all(r.last + 1 < s.first for r, s in pairwise(ranges))
        assert sum(map(len, ranges)) == len(a) == len(list(a))
        assert PortSet(ranges) == a
        assert [(r.first, r.last) for r in ranges] == oracle.ranges(list(a))

    @given(A)
    def test_the_table_has_a_byte_for_each_port(self, a: PortSet) -> None:
        model = frozenset(a)
        assert a.table == bytes(port in model for port in oracle.UNIVERSE)
        assert a.table.count(1) == len(a)


class AlwaysEqual:
    """Equals every value, and every order comparison is true."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __le__(self, other: object) -> bool:
        return True

    __lt__ = __ge__ = __gt__ = __le__
    __hash__ = None  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]


class NeverEqual:
    """Equals no value, and every order comparison is false."""

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True

    def __le__(self, other: object) -> bool:
        return False

    __lt__ = __ge__ = __gt__ = __le__
    __hash__ = None  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]


class Operand:
    """Answers every operator in the other side's place."""

    def __ror__(self, other: object) -> str:
        return "answered"

    __rand__ = __rxor__ = __rsub__ = __ror__


class TestOperandsOfOtherTypes:
    """An operand of another type computes the answer itself, as with frozenset."""

    @given(st.one_of(port_sets(), port_ranges(), transport_ports()))
    def test_comparisons_are_left_to_the_other_type(self, a: Any) -> None:
        yes: Any = AlwaysEqual()
        no: Any = NeverEqual()
        assert a == yes
        assert not a != yes
        assert a <= yes
        assert a < yes
        assert a >= yes
        assert a > yes
        assert a != no
        assert not a == no
        assert not (a <= no)
        assert not (a < no)
        assert not (a >= no)
        assert not (a > no)

    @given(st.one_of(port_sets(), transport_ports()))
    def test_operators_are_left_to_the_other_type(self, a: Any) -> None:
        stranger: Any = Operand()
        assert (a | stranger, a & stranger) == ("answered", "answered")
        assert (a ^ stranger, a - stranger) == ("answered", "answered")
