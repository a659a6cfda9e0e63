"""Every interval of 1 to 6 bits has the fewest terms that it can have."""

from __future__ import annotations

import pytest

import oracle
from portranges.covers import prefix_cover, ternary_cover

pytestmark = pytest.mark.slow

WIDTHS = range(1, 7)


def intervals(width: int) -> list[tuple[int, int]]:
    return [(first, last) for last in range(2**width) for first in range(last + 1)]


def covered(terms: list[tuple[int, int]], width: int) -> list[int]:
    return sorted(number for term in terms for number in oracle.matched(*term, width))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_prefix_cover_is_exact_disjoint_ascending_and_minimal(width: int) -> None:
    for first, last in intervals(width):
        terms = prefix_cover(first, last, width)
        assert covered(terms, width) == list(range(first, last + 1))
        assert terms == sorted(terms)
        assert all(oracle.is_prefix(mask, width) for _, mask in terms)
        assert len(terms) == oracle.fewest_prefixes(first, last, width)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_ternary_cover_is_exact_ascending_and_minimal(width: int) -> None:
    for first, last in intervals(width):
        terms = ternary_cover(first, last, width)
        assert sorted(set(covered(terms, width))) == list(range(first, last + 1))
        assert terms == sorted(terms)
        assert len(terms) <= max(width, 2 * width - 4)
        assert all(value & ~mask == 0 and mask < 2**width for value, mask in terms)
        assert len(terms) == oracle.fewest_masks(first, last, width, len(terms))


def test_the_search_finds_covers_smaller_than_its_limit() -> None:
    # The tests above prove nothing should the search never look.
    assert oracle.fewest_masks(1, 14, 4, 99) == 4
    assert oracle.fewest_masks(1, 6, 3, 99) == 3
    assert oracle.fewest_masks(0, 15, 4, 99) == 1
    assert oracle.fewest_prefixes(1, 14, 4) == 6
