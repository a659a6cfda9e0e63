"""Random numbers as the algorithms draw them.

Every draw is made of the bits of one source, so that a seed makes all choices repeatable.
"""

from __future__ import annotations

from functools import partial
from math import log, log1p

from portranges import types


def below(rng: types.Rng, count: int) -> int:
    """Return an integer in 0 to ``count - 1``, all equally likely."""
    if count < 2:
        return 0
    bits = (count - 1).bit_length()
    value = rng.getrandbits(bits)
    while value >= count:
        value = rng.getrandbits(bits)
    return value


def draw_from(rng: types.Rng, bits: int = 0) -> types.Draw:
    """Return a function that draws one of 0 to ``n - 1``.

    All are equally likely; or with *bits* it is the remainder of a number of that size.
    """
    if not bits:
        return partial(below, rng)
    getrandbits = rng.getrandbits
    return lambda count: getrandbits(bits) % count


def redraws(rng: types.Rng, hit: float) -> int:
    """Return the number of the first try that succeeds, if each has the probability *hit*."""
    if hit >= 1:
        return 1
    # 1 to 2**53 over 2**53: never 0, which has no logarithm.
    return 1 + int(log((rng.getrandbits(53) + 1) / 2**53) / log1p(-hit))
