"""How likely independent random draws are to collide: the birthday problem.

The formulas are for draws that do not know of each other. An allocator that remembers what is in
use does not collide with itself.
"""

from __future__ import annotations

from math import expm1, log1p

from portranges import checks, types
from portranges.ports import LAST_PORT

__all__ = ["collision_probability", "draws_for", "expected_collisions"]

# exp(-745) is the smallest positive number that a float can hold. Beyond it the probability is 1
# to the last digit.
_CERTAIN = -745.0


def collision_probability(draws: types.SupportsIndex, ports: types.SupportsIndex) -> float:
    """Return the probability that at least two of *draws* choose the same port.

    The formula is 1 - (1 - 1/n)(1 - 2/n) ... (1 - (k-1)/n), exact to the digits of a float. It
    is for independent, even draws that ignore what is in use: containers that each draw a host
    port, or several machines behind one address. It overstates what a system does that keeps
    track of its ports, and understates it if some ports are more likely than others.

    Args:
        draws: k, at least 0.
        ports: n, 1 to 65536.

    Returns:
        0 to 1; 1 if there are more draws than ports.

    Raises:
        TypeError: An argument is not an integer.
        InvalidValueError: An argument is out of bounds.

    Complexity:
        Linear in *draws*, up to about ten thousand; beyond that a collision is certain.

    Source:
        The birthday problem; RFC 6056 has no formula for it.

    Example:
        >>> round(collision_probability(100, 28232), 3)
        0.161
    """
    count = checks.integer("draws", draws)
    size = checks.integer("ports", ports, least=1, most=LAST_PORT + 1)
    if count > size:
        return 1.0
    none = 0.0
    for drawn in range(1, count):
        none += log1p(-drawn / size)
        if none < _CERTAIN:
            return 1.0
    return -expm1(none)


def draws_for(probability: float, ports: types.SupportsIndex) -> int:
    """Return the number of draws that collide with at least *probability*.

    Args:
        probability: 0 to 1.
        ports: How many ports there are to draw from, 1 to 65536.

    Returns:
        The smallest number of draws with that probability or more: 0 for a probability of 0,
        ``ports + 1`` for 1.

    Raises:
        TypeError: *probability* is not a number, or *ports* not an integer.
        InvalidValueError: An argument is out of bounds.

    Complexity:
        Linear in the result.

    Source:
        The birthday problem; the limits are those of ``collision_probability``.

    Example:
        >>> draws_for(0.5, 28232)
        199
    """
    least = checks.number("probability", probability, most=1)
    size = checks.integer("ports", ports, least=1, most=LAST_PORT + 1)
    if least == 0:
        return 0
    if least == 1:
        return size + 1
    limit = log1p(-least)
    none = 0.0
    for drawn in range(1, size):
        none += log1p(-drawn / size)
        if none <= limit:
            return drawn + 1
    return size + 1


def expected_collisions(draws: types.SupportsIndex, ports: types.SupportsIndex) -> float:
    """Return how many pairs of *draws* choose the same port, on average.

    The formula is k(k-1) / 2n. Three draws of one port are three pairs.

    Args:
        draws: k, at least 0.
        ports: n, 1 to 65536.

    Returns:
        The mean, 0 or more.

    Raises:
        TypeError: An argument is not an integer.
        InvalidValueError: An argument is out of bounds.

    Source:
        The linearity of the mean; the limits are those of ``collision_probability``.

    Example:
        >>> round(expected_collisions(200, 1000), 1)
        19.9
    """
    count = checks.integer("draws", draws)
    size = checks.integer("ports", ports, least=1, most=LAST_PORT + 1)
    return count * (count - 1) / (2 * size)
