"""The laws of a Boolean algebra of sets and of its order, as classes of tests.

Each function makes one class of tests for one type of set, so that every type is held to the
same laws.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st


def boolean_algebra(sets: st.SearchStrategy[Any], empty: Any, full: Any, size: int) -> type:
    """The laws of ``|``, ``&``, ``-``, ``^``, ``~`` and ``len``."""

    class BooleanAlgebra:
        @given(sets, sets)
        def test_commutative(self, a: Any, b: Any) -> None:
            assert a | b == b | a
            assert a & b == b & a
            assert a ^ b == b ^ a

        @given(sets, sets, sets)
        def test_associative(self, a: Any, b: Any, c: Any) -> None:
            assert (a | b) | c == a | (b | c)
            assert (a & b) & c == a & (b & c)
            assert (a ^ b) ^ c == a ^ (b ^ c)

        @given(sets, sets, sets)
        def test_distributive(self, a: Any, b: Any, c: Any) -> None:
            assert a & (b | c) == (a & b) | (a & c)
            assert a | (b & c) == (a | b) & (a | c)
            assert a & (b ^ c) == (a & b) ^ (a & c)

        @given(sets, sets)
        def test_absorption(self, a: Any, b: Any) -> None:
            assert a | (a & b) == a
            assert a & (a | b) == a

        @given(sets)
        def test_idempotent(self, a: Any) -> None:
            assert a | a == a & a == a

        @given(sets)
        def test_neutral_and_dominant_elements(self, a: Any) -> None:
            assert a | empty == a & full == a ^ empty == a - empty == a
            assert a & empty == a - a == a ^ a == a - full == empty
            assert a | full == full
            assert a ^ full == full - a == ~a

        @given(sets)
        def test_complement(self, a: Any) -> None:
            assert a | ~a == full
            assert a & ~a == empty
            assert ~~a == a
            assert len(~a) == size - len(a)

        @given(sets, sets)
        def test_de_morgan(self, a: Any, b: Any) -> None:
            assert ~(a | b) == ~a & ~b
            assert ~(a & b) == ~a | ~b

        @given(sets, sets)
        def test_differences(self, a: Any, b: Any) -> None:
            assert a - b == a & ~b == a ^ (a & b)
            assert a ^ b == (a | b) - (a & b) == (a - b) | (b - a)

        @given(sets, sets)
        def test_lengths_add_up(self, a: Any, b: Any) -> None:
            assert len(a | b) + len(a & b) == len(a) + len(b)
            assert len(a ^ b) == len(a - b) + len(b - a)

    return BooleanAlgebra


def order(sets: st.SearchStrategy[Any], empty: Any, full: Any) -> type:
    """The laws of the comparisons, which mean subset and superset."""

    class Order:
        @given(sets)
        def test_reflexive(self, a: Any) -> None:
            assert a <= a  # noqa: PLR0124
            assert a >= a  # noqa: PLR0124
            assert not a < a  # noqa: PLR0124
            assert not a > a  # noqa: PLR0124

        @given(sets, sets)
        def test_antisymmetric(self, a: Any, b: Any) -> None:
            assert (a <= b and b <= a) is (a == b)  # noqa: PLR1716

        @given(sets, sets, sets)
        def test_transitive(self, a: Any, b: Any, c: Any) -> None:
            least, middle, greatest = a & b & c, a & b, a | c
            assert least <= middle <= greatest
            assert least <= greatest

        @given(sets, sets)
        def test_bounds(self, a: Any, b: Any) -> None:
            assert empty <= a & b <= a <= a | b <= full

        @given(sets, sets)
        def test_order_and_algebra_agree(self, a: Any, b: Any) -> None:
            assert (a <= b) is (a | b == b) is (a & b == a) is (not a - b)
            assert (a < b) is (a <= b and a != b)

        @given(sets, sets)
        def test_reflected_comparisons(self, a: Any, b: Any) -> None:
            assert (a <= b) is (b >= a)
            assert (a < b) is (b > a)
            assert (a == b) is (b == a)
            assert (a == b) is not (a != b)

        @given(sets, sets)
        def test_complement_turns_the_order_round(self, a: Any, b: Any) -> None:
            assert (a <= b) is (~b <= ~a)

    return Order
