"""How likely independent random draws are to collide: the birthday problem.

The formulas are for draws that are independent of each other. An allocator that remembers what is
in use does not collide with itself. Instead of the number of ports, a system may be given: it
counts as the ports that its ``connect()`` tries first with equal probability.
"""

from __future__ import annotations

from math import expm1, log1p

from portranges import checks, types
from portranges.capacity.lookup import profile_of
from portranges.ephemeral import EphemeralProfile
from portranges.ephemeral.lookup import fixed
from portranges.errors import InvalidValueError
from portranges.ports import LAST_PORT
from portranges.selection import Start, Walk, algorithm
from portranges.selection.linux import scanned

# exp(-745) is the smallest positive number that a float can hold. Beyond it the probability is 1
# to the last digit.
_CERTAIN = -745.0


def collision_probability(
    draws: types.SupportsIndex, ports: types.SupportsIndex | types.SystemLike
) -> float:
    """Return the probability that at least two of *draws* choose the same port.

    The formula is 1 - (1 - 1/n)(1 - 2/n) ... (1 - (k-1)/n), exact to the precision of a float. It
    is for independent, uniform draws that ignore which ports are in use: containers that each draw
    a host port, or several machines behind one address. It is too high for a system that keeps
    track of its ports, and too low if some ports are more likely than others.

    For a system, each draw is one TCP ``connect()`` on another machine, to the same destination.
    Linux tries half of its range first, the ports with the parity of the first one, so n is
    14,116 and not 28,232. A translator in between keeps the port that the client chose if it can:
    netfilter does, and after a collision it searches for another. With ``--random-fully`` it draws
    from its own range, by default 64,512 ports.

    Args:
        draws: k, at least 0.
        ports: n, 1 to 65536; or the system, a name or a profile of ``portranges.ephemeral``.
            Excluded ports are subtracted. A search reaches the port after an excluded one more
            often, which is not considered.

    Returns:
        0 to 1; 1 if there are more draws than ports.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidValueError: A number is out of bounds, or the system does not draw uniformly, has no
            fixed ephemeral range or no port.
        UnknownNameError: There is no such system.

    Complexity:
        Linear in *draws*, up to about ten thousand; beyond that a collision is certain.

    Source:
        The birthday problem; RFC 6056 has no formula for it.

    Example:
        >>> round(collision_probability(100, "linux"), 3)
        0.296
        >>> round(collision_probability(100, 28232), 3), round(collision_probability(100, 64512), 3)
        (0.161, 0.074)
    """
    count = checks.integer("draws", draws)
    size = _size(ports)
    if count < 2:
        return 0.0
    if count > size:
        return 1.0
    none = 0.0
    for drawn in range(1, count):
        none += log1p(-drawn / size)
        if none < _CERTAIN:
            return 1.0
    return -expm1(none)


def draws_for(probability: float, ports: types.SupportsIndex | types.SystemLike) -> int:
    """Return how many draws it takes to collide with at least *probability*.

    Args:
        probability: 0 to 1.
        ports: As in ``collision_probability``.

    Returns:
        The smallest such number. It is 0 for a probability of 0, and ``ports + 1`` for 1.

    Raises:
        TypeError: *probability* is not a number, or *ports* has the wrong type.
        InvalidValueError: As in ``collision_probability``.
        UnknownNameError: There is no such system.

    Complexity:
        Linear in the result.

    Source:
        The birthday problem; ``collision_probability`` has the same limits.

    Example:
        >>> draws_for(0.5, "linux"), draws_for(0.5, 28232)
        (141, 199)
    """
    least = checks.number("probability", probability, most=1)
    size = _size(ports)
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


def expected_collisions(
    draws: types.SupportsIndex, ports: types.SupportsIndex | types.SystemLike
) -> float:
    """Return how many pairs of *draws* choose the same port, on average.

    The formula is k(k-1) / 2n. Three draws of one port are three pairs.

    Args:
        draws: k, at least 0.
        ports: n, as in ``collision_probability``.

    Returns:
        The mean, 0 or more.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidValueError: As in ``collision_probability``.
        UnknownNameError: There is no such system.

    Source:
        The linearity of the mean; ``collision_probability`` has the same limits.

    Example:
        >>> round(expected_collisions(200, 1000), 1)
        19.9
    """
    count = checks.integer("draws", draws)
    size = _size(ports)
    return count * (count - 1) / (2 * size)


# The starts that are uniform, or nearly so: of the 32,768 ports of Solaris, one is likelier and one
# less likely than the others.
_EVEN = (Start.RANDOM, Start.AFTER_RANDOM, Start.FOLDED, Start.RANDOM_NEXT, Start.HASH)


def _size(ports: types.SupportsIndex | types.SystemLike) -> int:
    """Return the number of ports, or of those that a system is equally likely to try first."""
    if not isinstance(ports, (str, EphemeralProfile)):
        return checks.integer("ports", ports, least=1, most=LAST_PORT + 1)
    (row,) = fixed(profile_of(ports), "system")
    usable = row.ports - row.skipped
    if not usable:
        raise InvalidValueError("system must have ports", repr(row))
    order = algorithm(row.tcp_algorithm) if row.tcp_algorithm else None
    if order is not None and order.walk is Walk.LINUX_CONNECT:
        first, size = usable.first, scanned(usable.last - usable.first + 1)
        same = len(usable.intersection(range(first, first + size, order.step)))
        return same or len(usable)
    # The remainder of FreeRTOS makes a thousand ports twice as likely.
    if (
        order is None
        or order.start not in _EVEN
        or (order.walk is Walk.REDRAW and order.random_bits)
    ):
        rule = "system must choose the first port uniformly at random, by a published algorithm"
        raise InvalidValueError(rule, f"{row.name}; pass the number of ports")
    # A search that begins after a random port never begins at the first one.
    return max(1, len(usable) - (order.start is Start.AFTER_RANDOM))
