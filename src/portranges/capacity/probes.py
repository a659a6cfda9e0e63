"""How many ports an algorithm of RFC 6056 looks at before it finds a free one.

What lives here: the means, by algorithm and by how the ports came into use.
What must not: the algorithms themselves (``selection``).
"""

from __future__ import annotations

from portranges import checks, types
from portranges.capacity.model import Interval
from portranges.errors import InvalidValueError
from portranges.ports import LAST_PORT

__all__ = ["expected_probes", "give_up_probability"]

_ALGORITHMS = ("rfc6056-1", "rfc6056-2", "rfc6056-3", "rfc6056-4", "rfc6056-5")
_FILLINGS = ("random", "self")

# How far simulations of algorithm 5, for which there is no closed form, are
# from the formula that stands in for it, up to 95 % of the ports in use.
_AROUND = {"random": 0.05, "self": 0.10}


def expected_probes(
    algorithm: str,
    in_use: types.SupportsIndex,
    ports: types.SupportsIndex,
    *,
    filling: types.Filling = "random",
) -> float | Interval:
    """Return how many ports an algorithm looks at for one pick, on average.

    With m of n ports in use at random places: (n+1) / (n-m+1) for algorithms
    1, 3 and 4, which go on port by port, and n / (n-m) for 2, which draws again.

    Where the algorithm filled the range itself, for one destination and without
    any port being released: ports in use cluster behind each other in 1, and
    the mean is (1 + Q) / 2 with Q the sum of (k+1) m(m-1)...(m-k+1) / n^k, close
    to (1 + 1 / (1-a)^2) / 2 at a = m/n; it is n / (n-m) for 2, and 1 for 3 and
    4, which come to a port in use only after a lap.

    Algorithm 5 behaves nearly as 2. There is no formula for it; the interval is
    what simulations stay within, up to 95 % of the ports in use.

    Args:
        algorithm: ``"rfc6056-1"`` to ``"rfc6056-5"``.
        in_use: m, less than *ports*: the formulas are for a pick that finds one.
        ports: n, 1 to 65536.
        filling: ``"random"`` or ``"self"``.

    Returns:
        The mean, at least 1; an interval for algorithm 5.

    Raises:
        TypeError: An argument is of a wrong type.
        InvalidValueError: *in_use* or *ports* is out of bounds.
        UnknownNameError: There is no formula for the algorithm, or no such
            filling.

    Complexity:
        Linear in *in_use* for algorithm 1 with ``"self"``, else constant.

    Source:
        RFC 6056, section 3.3, for the algorithms; Knuth, The Art of Computer
        Programming, volume 3, section 6.4, for linear probing.

    Example:
        >>> expected_probes("rfc6056-2", 90, 100)
        10.0
        >>> round(expected_probes("rfc6056-1", 14746, 16384, filling="self"), 1)
        49.7
        >>> print(expected_probes("rfc6056-5", 50, 100))
        1.9 to 2.1
    """
    name = checks.word("algorithm", algorithm, _ALGORITHMS, kind="algorithm with a formula")
    way = checks.word("filling", filling, _FILLINGS)
    size = checks.integer("ports", ports, least=1, most=LAST_PORT + 1)
    taken = checks.integer("in_use", in_use)
    if taken >= size:
        raise InvalidValueError(f"in_use must be less than ports, {size}", str(taken))
    if name == "rfc6056-2":
        return size / (size - taken)
    if name == "rfc6056-5":
        mean = size / (size - taken)
        around = _AROUND[way]
        return Interval(max(1.0, mean * (1 - around)), mean * (1 + around))
    if way == "random":
        return (size + 1) / (size - taken + 1)
    return _linear_probing(taken, size) if name == "rfc6056-1" else 1.0


def _linear_probing(taken: int, size: int) -> float:
    """Return Knuth's mean of an unsuccessful search, exactly."""
    total = 0.0
    term = 1.0
    for k in range(taken + 1):
        total += (k + 1) * term
        term *= (taken - k) / size
    return (1 + total) / 2


def give_up_probability(in_use: types.SupportsIndex, ports: types.SupportsIndex) -> float:
    """Return how likely algorithm 2 fails although a port may be free.

    It draws as often as there are ports, and then gives up: (m/n)^n.

    Args:
        in_use: m, up to *ports*.
        ports: n, 1 to 65536.

    Returns:
        0 to 1; 1 where no port is free.

    Raises:
        TypeError: An argument is no integer.
        InvalidValueError: An argument is out of bounds.

    Source:
        RFC 6056, section 3.3.2.

    Example:
        >>> round(give_up_probability(16383, 16384), 3)
        0.368
    """
    size = checks.integer("ports", ports, least=1, most=LAST_PORT + 1)
    taken = checks.integer("in_use", in_use)
    if taken > size:
        raise InvalidValueError(f"in_use must be at most ports, {size}", str(taken))
    return float((taken / size) ** size)
