from __future__ import annotations

import random
from collections.abc import Callable

import pytest

import oracle
from portranges.covers import prefix_cover, ternary_cover

Cover = Callable[[int, int, int], list[tuple[int, int]]]


def test_a_prefix_cover_by_hand() -> None:
    assert prefix_cover(1000, 1023, 16) == [(0x3E8, 0xFFF8), (0x3F0, 0xFFF0)]


def test_a_ternary_cover_by_hand() -> None:
    # 1..6 of three bits is "two neighbouring bits differ": 0?1, ?10 and 10?.
    assert ternary_cover(1, 6, 3) == [(0b001, 0b101), (0b010, 0b011), (0b100, 0b110)] or (
        ternary_cover(1, 6, 3) == [(0b001, 0b011), (0b010, 0b110), (0b100, 0b101)]
    )


@pytest.mark.parametrize("cover", [prefix_cover, ternary_cover])
@pytest.mark.parametrize("width", [1, 2, 7, 16, 32])
def test_the_whole_universe_and_one_number_take_one_term(cover: Cover, width: int) -> None:
    full = 2**width - 1
    assert cover(0, full, width) == [(0, 0)]
    assert cover(0, 0, width) == [(0, full)]
    assert cover(full, full, width) == [(full, full)]
    assert cover(full // 2 + 1, full, width) == [(full // 2 + 1, full // 2 + 1)]


@pytest.mark.parametrize("width", [4, 8, 16, 24])
def test_all_but_both_ends_is_the_worst_case_of_prefixes(width: int) -> None:
    last = 2**width - 2
    assert len(prefix_cover(1, last, width)) == 2 * width - 2
    assert len(ternary_cover(1, last, width)) == width


@pytest.mark.parametrize("width", [4, 8, 16])
def test_the_worst_case_of_ternary_masks(width: int) -> None:
    # From 01...01 to 10...10 no term can reach across the middle.
    quarter = 2 ** (width - 2)
    terms = ternary_cover(quarter + 1, 3 * quarter - 2, width)
    assert len(terms) == 2 * width - 4


def test_a_ternary_cover_of_eight_bits_is_exact_everywhere() -> None:
    width = 8
    term_bits: dict[tuple[int, int], int] = {}
    for first in range(2**width):
        for last in range(first, 2**width):
            covered = 0
            for term in ternary_cover(first, last, width):
                if term not in term_bits:
                    term_bits[term] = sum(1 << n for n in oracle.matched(*term, width))
                covered |= term_bits[term]
            assert covered == 2 ** (last + 1) - 2**first


def test_the_cover_does_not_depend_on_higher_bits() -> None:
    dice = random.Random(6335)
    for _ in range(200):
        first, last = sorted((dice.randrange(256), dice.randrange(256)))
        low = ternary_cover(first, last, 8)
        high = ternary_cover(0xA500 + first, 0xA500 + last, 16)
        assert high == [(0xA500 | value, 0xFF00 | mask) for value, mask in low]
