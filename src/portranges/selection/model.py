"""What a row of the selection wing says: Algorithm and its two word lists.

What lives here: the record, and the words of which an algorithm is made.
What must not: any fact about a system (``rows``), any picking (``pickers``).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

from portranges import types
from portranges.errors import InvalidValueError, elide
from portranges.source import Source

__all__ = ["Algorithm", "Start", "Walk"]

# A table larger than there are ports, or a step longer than the range, makes
# the picks no less predictable.
_MOST = 65536


class Start(StrEnum):
    """Where an algorithm looks first.

    Attributes:
        RANDOM: A random port of the range.
        AFTER_RANDOM: The port after a random one that is never the last, so
            that the range's first port is reached by wrapping only.
        FOLDED: A random 16-bit number; outside the range, its remainder by the
            range's size less one is added to the first port.
        NEXT: The port after the one that was handed out last; the range's
            end at the beginning.
        RANDOM_NEXT: As ``NEXT``, with a random port at the beginning.
        HASH: A keyed hash of the destination, plus a counter that all share.
        HASH_AND_CELL: A keyed hash of the destination, plus the counter that a
            second hash chooses from a table.
        COUNTER: The sum of all random steps so far.
        OF_THE_WALK: Nothing of its own; the walk draws.
        UNKNOWN: Not published.

    Example:
        >>> Start("hash and cell")
        <Start.HASH_AND_CELL: 'hash and cell'>
    """

    RANDOM = "random"
    AFTER_RANDOM = "after random"
    FOLDED = "folded"
    NEXT = "next"
    RANDOM_NEXT = "random, then next"
    HASH = "hash"
    HASH_AND_CELL = "hash and cell"
    COUNTER = "counter"
    OF_THE_WALK = "of the walk"
    UNKNOWN = "unknown"


class Walk(StrEnum):
    """Where an algorithm looks after a port that is not free.

    Attributes:
        UP: At the next port, from the last one on to the first.
        DOWN: At the port before, from the first one on to the last.
        LINUX_CONNECT: At every second port, those with the parity of the
            range's first port before the others.
        LINUX_BIND: As ``LINUX_CONNECT`` with the parities exchanged, from a
            random start.
        LINUX_BIND_HALVES: As ``LINUX_BIND`` in the lower half of the range,
            then in the upper.
        LINUX_UDP: Through hash chains, each in random steps.
        REDRAW: At another random port.
        JUMP: A random number of ports further on.
        UNKNOWN: Not published.

    Example:
        >>> Walk("redraw")
        <Walk.REDRAW: 'redraw'>
    """

    UP = "up"
    DOWN = "down"
    LINUX_CONNECT = "linux connect"
    LINUX_BIND = "linux bind"
    LINUX_BIND_HALVES = "linux bind, by halves"
    LINUX_UDP = "linux udp"
    REDRAW = "redraw"
    JUMP = "jump"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Algorithm:
    """How a free port is picked, as data that ``Allocator`` evaluates.

    Attributes:
        name: The key, as ``"rfc6056-3"``; unique among all names and aliases.
        aliases: Other keys of the same row.
        system: Who picks so, for people.
        start: Where it looks first.
        walk: Where it looks next.
        counts_holes: Whether a port between the first and the last that may
            not be handed out is a step of the walk all the same. It is in the
            systems, whose range has two bounds; the algorithms of RFC 6056 run
            here over the ports of the set, whatever lies between them.
        random_bits: The size of the random number whose remainder is taken,
            which makes some ports likelier; 0 for an even choice.
        cells: The size of the table of counters, or of hash chains.
        increment: The greatest step of ``JUMP``.
        step: The step of ``LINUX_CONNECT``: 2, or 1 with IP_LOCAL_PORT_RANGE.
        gives_up: Whether it stops after as many tries as the range has ports,
            when drawing at random may have missed the free ones.
        joins_transports: Whether TCP and UDP go on from the same port.
        splits_families: Whether IPv4 and IPv6 go on from ports of their own.
        note: Anything else.
        source: Where the row comes from.
        confidence: How the row is known.

    Example:
        >>> from portranges import selection
        >>> row = selection.algorithm("rfc6056-4")
        >>> row
        <Algorithm rfc6056-4: RFC 6056, algorithm 4 (double hash)>
        >>> row.cells, row.replace(cells=1000).cells
        (10, 1000)
    """

    name: str
    aliases: tuple[str, ...] = ()
    system: str
    start: Start
    walk: Walk
    counts_holes: bool = True
    random_bits: int = 0
    cells: int = 0
    increment: int = 0
    step: int = 1
    gives_up: bool = True
    joins_transports: bool = False
    splits_families: bool = False
    note: str = ""
    source: Source
    confidence: types.Confidence

    def replace(self, *, cells: int | None = None, increment: int | None = None) -> types.Self:
        """Return the algorithm with another table or another step.

        Args:
            cells: The size of the table, where the algorithm has one; a power
                of two from 256 to 65536 where it is one of hash chains.
            increment: The greatest step, where the algorithm has one.

        Returns:
            The changed row.

        Raises:
            TypeError: The algorithm has no such setting, or it is no integer.
            InvalidValueError: A value is outside 1 to 65536.

        Example:
            >>> from portranges import selection
            >>> selection.algorithm("rfc6056-5").replace(increment=64).increment
            64
        """
        if cells is not None:
            self._check("cells", cells)
            if self.walk is Walk.LINUX_UDP and (cells < 256 or cells & (cells - 1)):
                raise InvalidValueError("cells must be a power of two in 256..65536", str(cells))
        if increment is not None:
            self._check("increment", increment)
        return dataclasses.replace(
            self,
            cells=self.cells if cells is None else cells,
            increment=self.increment if increment is None else increment,
        )

    def _check(self, what: str, value: int) -> None:
        if not getattr(self, what):
            raise TypeError(f"{self.name} has no {what}")
        if isinstance(value, bool) or not isinstance(value, int):
            got = f"{type(value).__name__} {elide(value)}"
            raise TypeError(f"{what} must be an integer, got {got}")
        if not 1 <= value <= _MOST:
            raise InvalidValueError(f"{what} must be in 1..{_MOST}", elide(value))

    def __repr__(self) -> str:
        """Return the name and the system."""
        return f"<{type(self).__name__} {self.name}: {self.system}>"
