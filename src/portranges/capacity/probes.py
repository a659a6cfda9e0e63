"""How many ports an algorithm of RFC 6056 tries before it finds a free one.

These are formulas for the mean, by the algorithm and by how the ports in use came about. The
algorithms themselves are in ``portranges.selection``.
"""

from __future__ import annotations

from portranges import checks, types
from portranges.capacity.model import Interval
from portranges.errors import InvalidValueError
from portranges.ports import LAST_PORT

_ALGORITHMS = ("rfc6056-1", "rfc6056-2", "rfc6056-3", "rfc6056-4", "rfc6056-5")
_FILLINGS = ("random", "self")

# Algorithm 5 has no closed form. Its simulated means stay within these fractions of the formula
# that replaces it, up to 95 % of the ports in use.
_AROUND = {"random": 0.05, "self": 0.10}


def expected_probes(
    algorithm: types.Rfc6056Name,
    in_use: types.SupportsIndex,
    ports: types.SupportsIndex,
    *,
    filling: types.Filling = "random",
) -> Interval:
    """Return how many ports an algorithm tries for one choice, on average.

    If m of n ports are in use, at random, it is (n+1) / (n-m+1) for algorithms 1, 3 and 4,
    which try one port after the other, and n / (n-m) for 2, which draws again.

    If the algorithm has filled the range itself, for one destination and without releasing a port:
    with algorithm 1 the ports in use form clusters, and the mean is (1 + Q) / 2 with Q the sum of
    (k+1) m(m-1)...(m-k+1) / n^k, close to (1 + 1 / (1-a)^2) / 2 at a = m/n. It is n / (n-m) for 2,
    and 1 for 3 and 4, which reach a port in use only after a whole round.

    Algorithm 5 behaves almost like 2. It has no formula; the bounds are those that simulations
    stay within, up to 95 % of the ports in use.

    Args:
        algorithm: ``"rfc6056-1"`` to ``"rfc6056-5"``.
        in_use: m, less than *ports*, because the formulas need a free port.
        ports: n, 1 to 65536.
        filling: ``"random"`` or ``"self"``.

    Returns:
        The mean, at least 1; exact for all algorithms but 5.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidValueError: *in_use* or *ports* is out of bounds.
        UnknownNameError: There is no formula for the algorithm, or no such filling.

    Complexity:
        Linear in *in_use* for algorithm 1 with ``"self"``, otherwise constant.

    Source:
        RFC 6056, section 3.3, for the algorithms; Knuth, The Art of Computer
        Programming, volume 3, section 6.4, for linear probing.

    Example:
        >>> expected_probes("rfc6056-2", 90, 100).value
        10.0
        >>> round(expected_probes("rfc6056-1", 14746, 16384, filling="self").value, 1)
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
    if name in ("rfc6056-2", "rfc6056-5"):
        mean = size / (size - taken)
    elif way == "random":
        mean = (size + 1) / (size - taken + 1)
    else:
        mean = _linear_probing(taken, size) if name == "rfc6056-1" else 1.0
    around = _AROUND[way] if name == "rfc6056-5" else 0.0
    return Interval(max(1.0, mean * (1 - around)), mean * (1 + around))


def _linear_probing(taken: int, size: int) -> float:
    """Return Knuth's mean of an unsuccessful search, exactly."""
    total = 0.0
    term = 1.0
    for k in range(taken + 1):
        total += (k + 1) * term
        term *= (taken - k) / size
    return (1 + total) / 2


def give_up_probability(in_use: types.SupportsIndex, ports: types.SupportsIndex) -> float:
    """Return how likely algorithm 2 is to fail although a port may be free.

    It draws as many times as there are ports, and then gives up: (m/n)^n.

    Args:
        in_use: m, up to *ports*.
        ports: n, 1 to 65536.

    Returns:
        0 to 1; 1 if no port is free.

    Raises:
        TypeError: An argument is not an integer.
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
