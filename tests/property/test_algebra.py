"""PortSet is a Boolean algebra with an order, on all 65,536 ports."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import oracle
from portranges import PortRange, PortSet
from portranges.strategies import port_ranges, port_sets, ports

A, B, C = port_sets(), port_sets(), port_sets()
EMPTY, FULL = PortSet.empty(), PortSet.full()


class TestBooleanAlgebra:
    @given(A, B)
    def test_commutative(self, a: PortSet, b: PortSet) -> None:
        assert a | b == b | a
        assert a & b == b & a
        assert a ^ b == b ^ a

    @given(A, B, C)
    def test_associative(self, a: PortSet, b: PortSet, c: PortSet) -> None:
        assert (a | b) | c == a | (b | c)
        assert (a & b) & c == a & (b & c)
        assert (a ^ b) ^ c == a ^ (b ^ c)

    @given(A, B, C)
    def test_distributive(self, a: PortSet, b: PortSet, c: PortSet) -> None:
        assert a & (b | c) == (a & b) | (a & c)
        assert a | (b & c) == (a | b) & (a | c)
        assert a & (b ^ c) == (a & b) ^ (a & c)

    @given(A, B)
    def test_absorption(self, a: PortSet, b: PortSet) -> None:
        assert a | (a & b) == a
        assert a & (a | b) == a

    @given(A)
    def test_idempotent(self, a: PortSet) -> None:
        assert a | a == a & a == a

    @given(A)
    def test_neutral_and_dominant_elements(self, a: PortSet) -> None:
        assert a | EMPTY == a & FULL == a ^ EMPTY == a - EMPTY == a
        assert a & EMPTY == a - a == a ^ a == a - FULL == EMPTY
        assert a | FULL == FULL
        assert a ^ FULL == FULL - a == ~a

    @given(A)
    def test_complement(self, a: PortSet) -> None:
        assert a | ~a == FULL
        assert a & ~a == EMPTY
        assert ~~a == a
        assert len(~a) == 65536 - len(a)

    @given(A, B)
    def test_de_morgan(self, a: PortSet, b: PortSet) -> None:
        assert ~(a | b) == ~a & ~b
        assert ~(a & b) == ~a | ~b

    @given(A, B)
    def test_differences(self, a: PortSet, b: PortSet) -> None:
        assert a - b == a & ~b == a ^ (a & b)
        assert a ^ b == (a | b) - (a & b) == (a - b) | (b - a)

    @given(A, B)
    def test_lengths_add_up(self, a: PortSet, b: PortSet) -> None:
        assert len(a | b) + len(a & b) == len(a) + len(b)
        assert len(a ^ b) == len(a - b) + len(b - a)


class TestOrder:
    @given(A)
    def test_reflexive(self, a: PortSet) -> None:
        assert a <= a  # noqa: PLR0124
        assert a >= a  # noqa: PLR0124
        assert not a < a  # noqa: PLR0124
        assert not a > a  # noqa: PLR0124

    @given(A, B)
    def test_antisymmetric(self, a: PortSet, b: PortSet) -> None:
        assert (a <= b and b <= a) is (a == b)  # noqa: PLR1716

    @given(A, B, C)
    def test_transitive(self, a: PortSet, b: PortSet, c: PortSet) -> None:
        least, middle, greatest = a & b & c, a & b, a | c
        assert least <= middle <= greatest
        assert least <= greatest

    @given(A, B)
    def test_bounds(self, a: PortSet, b: PortSet) -> None:
        assert EMPTY <= a & b <= a <= a | b <= FULL

    @given(A, B)
    def test_order_and_algebra_agree(self, a: PortSet, b: PortSet) -> None:
        assert (a <= b) is (a | b == b) is (a & b == a) is (not a - b)
        assert (a < b) is (a <= b and a != b)

    @given(A, B)
    def test_reflected_comparisons(self, a: PortSet, b: PortSet) -> None:
        assert (a <= b) is (b >= a)
        assert (a < b) is (b > a)
        assert (a == b) is (b == a)
        assert (a == b) is not (a != b)

    @given(A, B)
    def test_complement_turns_the_order_round(self, a: PortSet, b: PortSet) -> None:
        assert (a <= b) is (~b <= ~a)

    @given(A, B)
    def test_named_relations(self, a: PortSet, b: PortSet) -> None:
        assert a.issubset(b) is (a <= b)
        assert a.issuperset(b) is (a >= b)
        assert a.isdisjoint(b) is (not a & b)


class TestAgainstTheSlowTwin:
    @given(A, B)
    def test_operators(self, a: PortSet, b: PortSet) -> None:
        m, n = frozenset(a), frozenset(b)
        assert frozenset(a | b) == m | n
        assert frozenset(a & b) == m & n
        assert frozenset(a - b) == m - n
        assert frozenset(a ^ b) == m ^ n

    @given(A, B)
    def test_comparisons(self, a: PortSet, b: PortSet) -> None:
        m, n = frozenset(a), frozenset(b)
        assert (a <= b, a < b, a == b) == (m <= n, m < n, m == n)

    @given(st.lists(st.one_of(ports(), port_ranges(), port_sets()), max_size=20))
    def test_the_constructor(self, items: list[Any]) -> None:
        model: set[int] = set()
        for item in items:
            model |= {item} if isinstance(item, int) else set(item)
        assert PortSet(items).to_int() == oracle.bits(model)

    @given(st.lists(port_ranges(), max_size=40))
    def test_many_ranges(self, ranges: list[PortRange]) -> None:
        model = {port for each in ranges for port in each.to_range()}
        assert PortSet(ranges).to_int() == oracle.bits(model)


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
    def test_a_set_of_a_range_is_not_the_range(self, r: PortRange) -> None:
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
    def test_in(self, a: PortSet, port: int) -> None:
        assert (port in a) is (port in frozenset(a)) is bool(a & PortRange(port))

    @given(port_sets(min_size=1), st.data())
    def test_nth(self, a: PortSet, data: st.DataObject) -> None:
        ordered = sorted(a)
        position = data.draw(st.integers(-len(ordered), len(ordered) - 1))
        assert a.nth(position) == ordered[position]

    @given(port_sets(min_size=1))
    def test_the_ends(self, a: PortSet) -> None:
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
    def test_table(self, a: PortSet) -> None:
        model = frozenset(a)
        assert a.table == bytes(port in model for port in oracle.UNIVERSE)
        assert a.table.count(1) == len(a)


class AlwaysEqual:
    """Is equal to, and in every order with, whatever asks it."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __le__(self, other: object) -> bool:
        return True

    __lt__ = __ge__ = __gt__ = __le__
    __hash__ = None  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]


class NeverEqual:
    """Is equal to nothing and in no order with anything."""

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


class TestStrangersAnswer:
    """What is no set of ports is asked itself, as frozenset would do."""

    @given(st.one_of(port_sets(), port_ranges()))
    def test_comparisons(self, a: Any) -> None:
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

    @given(port_sets())
    def test_operators(self, a: PortSet) -> None:
        stranger: Any = Operand()
        assert (a | stranger, a & stranger) == ("answered", "answered")
        assert (a ^ stranger, a - stranger) == ("answered", "answered")
