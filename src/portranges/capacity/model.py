"""What the wing answers with, and what its rows say.

What lives here: Interval, and the record of a way to get a local port.
What must not: any fact about a system (``rows``), any formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portranges import types
from portranges.errors import InvalidValueError
from portranges.source import Source

__all__ = ["Growth", "Interval", "Method", "Scan"]


@dataclass(frozen=True, slots=True)
class Interval:
    """Two bounds, where no single number is right.

    Attributes:
        low: The lower bound, inclusive.
        high: The upper bound, inclusive.

    Example:
        >>> reachable = Interval(8, 9)
        >>> print(reachable)
        8 to 9
        >>> 8.5 in reachable, 10 in reachable
        (True, False)
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        """Check the order.

        Raises:
            InvalidValueError: ``low`` is greater than ``high``.
        """
        if not self.low <= self.high:
            raise InvalidValueError(
                "low must not be greater than high", f"{self.low} to {self.high}"
            )

    def __contains__(self, number: float) -> bool:
        """Tell whether *number* is between the bounds, or one of them."""
        return self.low <= number <= self.high

    def __str__(self) -> str:
        """Return ``"8 to 9"``."""
        return f"{self.low:,} to {self.high:,}"


class Growth(StrEnum):
    """What the number of connections grows with.

    Attributes:
        TUPLES: Destinations and source addresses: a local port serves each
            pair of them once.
        SOURCES: Source addresses: a local port serves one connection an
            address, whatever the destination.
        LOWER_HALF: As ``SOURCES``; further destinations add a quarter of the
            range.

    Example:
        >>> Growth("sources")
        <Growth.SOURCES: 'sources'>
    """

    TUPLES = "tuples"
    SOURCES = "sources"
    LOWER_HALF = "lower half"


class Scan(StrEnum):
    """Which ports of a range a system's search for a free one reaches.

    Attributes:
        ALL: All of them.
        EVEN: Of a range of odd size, all but one in each search.
        HALVES: As ``EVEN``, in each half of the range.
    """

    ALL = "all"
    EVEN = "even"
    HALVES = "halves"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A way for a client to come by its local port, on certain systems.

    Attributes:
        name: The key, as ``"connect"``.
        systems: The names of the profiles that the row is for.
        growth: What the number of connections grows with.
        scan: Which ports are reached.
        waits: Whether a connection that the client closes waits in TIME-WAIT.
        calls: What the client does.
        note: Anything else.
        source: Where the row comes from.
        confidence: How the row is known.

    Example:
        >>> from portranges import capacity
        >>> [method.name for method in capacity.methods("linux")][:3]
        ['connect', 'bind-no-port', 'connect-range']
    """

    name: str
    systems: tuple[str, ...]
    growth: Growth
    scan: Scan = Scan.ALL
    waits: bool = True
    calls: str
    note: str = ""
    source: Source
    confidence: types.Confidence
