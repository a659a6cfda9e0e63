"""The records of this package: bounds, and the ways to get a local port."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf

from portranges import checks, types
from portranges.ephemeral import profile
from portranges.ephemeral.model import ALGORITHMS
from portranges.errors import InvalidValueError, elide, got
from portranges.records import always_checked
from portranges.source import Confidence, Source


@always_checked
@dataclass(frozen=True, slots=True)
class Interval:
    """A number that is known exactly, or the bounds that it lies between.

    Two intervals are equal if their bounds are. An interval is not equal to a number, and
    intervals have no order, because two that overlap have none: compare ``value`` if it is
    exact, and otherwise ``low`` or ``high``.

    Attributes:
        low: The lower bound, inclusive.
        high: The upper bound, inclusive.

    Raises:
        TypeError: A bound is not a number.
        InvalidValueError: ``low`` is greater than ``high``, or a bound is NaN.

    Example:
        >>> reachable = Interval(8, 9)
        >>> print(reachable)
        8 to 9
        >>> 8.5 in reachable, 10 in reachable, reachable.is_exact
        (True, False, False)
        >>> Interval(28232, 28232).value
        28232
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        """Check the bounds."""
        for name, bound in (("low", self.low), ("high", self.high)):
            if isinstance(bound, bool) or not isinstance(bound, (int, float)):
                raise TypeError(f"{name} must be a number, got {got(bound)}")
            object.__setattr__(self, name, checks.plain(bound))
        # NaN fails every comparison.
        if not self.low <= self.high:
            raise InvalidValueError(
                "low must not be greater than high", f"{elide(self.low)} to {elide(self.high)}"
            )

    @property
    def is_exact(self) -> bool:
        """Whether both bounds are the same number.

        Example:
            >>> Interval(8, 9).is_exact, Interval(9, 9).is_exact
            (False, True)
        """
        return self.low == self.high

    @property
    def value(self) -> float:
        """The number, if it is known exactly.

        Raises:
            InvalidValueError: The bounds differ.

        Example:
            >>> Interval(8, 9).value
            Traceback (most recent call last):
            ...
            portranges.errors.InvalidValueError: value needs an exact interval, got 8 to 9; \
use low or high
        """
        if self.low != self.high:
            raise InvalidValueError("value needs an exact interval", f"{self}; use low or high")
        return self.low

    def __contains__(self, number: float) -> bool:
        """Return whether *number* is one of the bounds or between them."""
        return self.low <= number <= self.high

    def __str__(self) -> str:
        """Return the number, or the bounds as ``"8 to 9"`` or ``"8 or more"``."""
        if self.high == inf:
            return f"{self.low:,} or more"
        return f"{self.low:,}" if self.low == self.high else f"{self.low:,} to {self.high:,}"


class Growth(StrEnum):
    """What increases the number of connections that a method allows.

    Attributes:
        TUPLES: Destinations and source addresses. A local port is used once for each pair.
        SOURCES: Source addresses. A local port is used once for each, whatever the
            destination.
        FAMILIES: A second family. A local port is used once for IPv4 and once for IPv6, whatever
            the addresses.
        NOTHING: Nothing. A local port is used once.
        LOWER_HALF: Source addresses. Each destination after the first also adds a quarter of the
            range: the ports of one parity in its lower half.

    Example:
        >>> Growth("sources")
        <Growth.SOURCES: 'sources'>
    """

    TUPLES = "tuples"
    SOURCES = "sources"
    FAMILIES = "families"
    NOTHING = "nothing"
    LOWER_HALF = "lower half"


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A way for a client to get its local port, on certain systems.

    Attributes:
        name: The key, as ``"connect"``.
        systems: The names of the systems that the row is about.
        growth: What increases the number of connections.
        algorithm: The name of the algorithm of ``portranges.selection`` that chooses the port;
            ``""`` if the client chooses it.
        waits: Whether a connection that the client closes enters TIME_WAIT.
        calls: The calls that the client makes.
        note: Anything else.
        source: Where the row comes from.
        confidence: How the row is known.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: ``name`` is empty.
        UnknownNameError: A system or the algorithm is unknown, or ``growth`` or ``confidence``
            is not one of the known words.

    Example:
        >>> from portranges import capacity
        >>> [method.name for method in capacity.methods("linux")][:3]
        ['connect', 'bind-no-port', 'connect-range']
    """

    name: types.MethodName
    systems: tuple[types.SystemName, ...]
    growth: Growth
    algorithm: types.AlgorithmOrNone = ""
    waits: bool = True
    calls: str
    note: str = ""
    source: Source
    confidence: Confidence

    def __post_init__(self) -> None:
        """Check the values."""
        checks.fields(self, name=checks.filled, calls=str, note=str, waits=bool, source=Source)
        checks.word("algorithm", self.algorithm, ALGORITHMS)
        checks.tuple_of("systems", self.systems, str)
        for system in self.systems:
            profile(system)
        for name, words in (("growth", Growth), ("confidence", Confidence)):
            object.__setattr__(self, name, checks.member(name, getattr(self, name), words))
