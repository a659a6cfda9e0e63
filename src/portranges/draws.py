"""Random numbers from the bits of one source, so that a seed makes all choices repeatable."""

from __future__ import annotations

from portranges import types
from portranges.errors import got


def check_rng(rng: types.Rng) -> types.Rng:
    """Return the argument *rng*, or raise a TypeError if it is not a source of random bits."""
    if isinstance(rng, type) or not hasattr(rng, "getrandbits"):
        raise TypeError(f"rng must have getrandbits(), got {got(rng)}; pass a random.Random")
    return rng


def below(rng: types.Rng, count: int) -> int:
    """Return an integer in 0 to ``count - 1``, all equally likely."""
    if count < 2:
        return 0
    bits = (count - 1).bit_length()
    value = rng.getrandbits(bits)
    while value >= count:
        value = rng.getrandbits(bits)
    return value


def sample(rng: types.Rng, count: int, size: int) -> list[int]:
    """Return *size* different integers in 0 to ``count - 1``, in the order drawn.

    All selections in all orders are equally likely.
    """
    # Shuffle the front of the list 0, 1, 2 ... count - 1, of which only the moved numbers exist.
    moved: dict[int, int] = {}
    drawn: list[int] = []
    for place in range(size):
        chosen = place + below(rng, count - place)
        drawn.append(moved.get(chosen, chosen))
        moved[chosen] = moved.get(place, place)
    return drawn
