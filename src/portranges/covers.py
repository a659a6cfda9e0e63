"""An interval of integers as the fewest value/mask pairs.

A pair ``(value, mask)`` matches all ``x`` with ``x & mask == value``. A *prefix* mask is ones
followed by zeros, as in CIDR; the ones of a *ternary* mask may be anywhere, as in a TCAM, in Open
vSwitch and in tc. The two functions work on plain integers of any width; ``ports.MaskedPort``
wraps the pairs.

The prefix cover is the classic greedy walk: it repeatedly takes the largest aligned block that
starts at the first number left. These blocks are the maximal aligned blocks inside the interval,
and every prefix term lies in one of them, so no prefix cover has fewer terms.

The ternary cover follows the minimum DNF of an interval function (B. Schieber, D. Geist, A. Zaks,
"Computing the minimum DNF representation of Boolean functions defined by intervals", Discrete
Applied Mathematics 149, 2005). The tests compare it with an exhaustive search for every interval
of 2 to 6 bits.
"""

from __future__ import annotations


def prefix_cover(first: int, last: int, width: int) -> list[tuple[int, int]]:
    """Return the minimum prefix cover of ``first..last``, ascending.

    Args:
        first: The interval's first number, ``0 <= first <= last``.
        last: The interval's last number, inclusive, below ``2**width``.
        width: Bits of a number.

    Returns:
        At most ``2 * width - 2`` pairs (1 for the whole universe), disjoint,
        by ascending value.
    """
    full = (1 << width) - 1
    terms: list[tuple[int, int]] = []
    end = last + 1
    while first < end:
        # A block must not be larger than its alignment or than the rest of the interval.
        size = first & -first or full + 1
        if size > end - first:
            size = 1 << (end - first).bit_length() - 1
        terms.append((first, full ^ size - 1))
        first += size
    return terms


def ternary_cover(first: int, last: int, width: int) -> list[tuple[int, int]]:
    """Return a minimum ternary cover of ``first..last``, ascending.

    Args:
        first: The interval's first number, ``0 <= first <= last``.
        last: The interval's last number, inclusive, below ``2**width``.
        width: Bits of a number.

    Returns:
        At most ``max(width, 2 * width - 4)`` pairs (1 for the whole universe), by ascending value
        and mask; they may overlap.
    """
    free = (first ^ last).bit_length()
    common = (1 << width) - (1 << free)
    terms = _ternary(first & ~common, last & ~common, free)
    return sorted((first & common | value, common | mask) for value, mask in terms)


def _ternary(first: int, last: int, width: int) -> list[tuple[int, int]]:
    """Return a cover of an interval whose ends differ in the top bit (or have width 0).

    If the interval touches an end of the universe, the prefix cover is the minimum.
    Otherwise the second bits of its ends decide; they split the universe into the quarters
    00, 01, 10 and 11.

    - From 01 to 10: no term can cross the middle, because a number and its twin in the
      other half are never both inside. Two prefix covers are the minimum.
    - From 00 to 10: quarter 01 is completely inside and takes one term. The rest is the
      same problem without the second bit, which is 0.
    - From 01 to 11: the mirror image.
    - From 00 to 11: both middle quarters are completely inside. Quarter 01 takes one term.
      Cover the rest without the second bit. Then extend the terms of the lower half, and
      those of both halves, into quarter 10 from below (the second bit follows the top bit),
      and the terms of the upper half from above. They fill quarter 10 unless there is a hole
      between them; in that case no term can be shared, and quarter 10 takes a term too.
    """
    top = (1 << width) - 1
    if first == 0 or last == top:
        return prefix_cover(first, last, width)
    half = 1 << width - 1
    second = half >> 1
    low, high = first & second, last & second
    if low and not high:
        return prefix_cover(first, half - 1, width) + prefix_cover(half, last, width)
    inner = _ternary(_drop(first, second), _drop(last, second), width - 1)
    if bool(low) == bool(high):
        # Quarter 01 below a kept 0, quarter 10 above a kept 1.
        middle = (half if low else second, half | second)
        return [middle, *(_insert(term, second, low, second) for term in inner)]
    first_rest, last_rest = first & (second - 1), last & (second - 1)
    if first_rest > last_rest + 1:
        lower = prefix_cover(first, second - 1, width)
        upper = prefix_cover(half | second, last, width)
        return [(second, half | second), (half, half | second), *lower, *upper]
    terms = [(second, half | second)]
    for value, mask in inner:
        kept = _insert((value, mask), second, 0, 0)
        if not mask & second:
            terms.append(kept)  # both halves: the second bit is free too
        elif value & second:
            terms.append(kept)  # upper half: 1*
        else:
            # Lower half: *0 instead of 00, to reach quarter 10.
            terms.append((kept[0], kept[1] & ~half | second))
    return terms


def _drop(number: int, bit: int) -> int:
    """Return *number* with the bit *bit* removed; higher bits move down."""
    return number >> 1 & ~(bit - 1) | number & (bit - 1)


def _insert(term: tuple[int, int], bit: int, value: int, mask: int) -> tuple[int, int]:
    """Return *term* with a new bit at *bit*; that bit and higher ones move up."""
    low = bit - 1
    return (
        (term[0] & ~low) << 1 | value | term[0] & low,
        (term[1] & ~low) << 1 | mask | term[1] & low,
    )
