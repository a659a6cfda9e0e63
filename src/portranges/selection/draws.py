"""Random numbers as the algorithms draw them, on top of ``portranges.draws``."""

from __future__ import annotations

from functools import partial
from math import log, log1p

from portranges import types
from portranges.draws import below


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
