"""Algorithm: how a port is chosen, described by where a search starts and how it goes on."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from portranges import checks, types
from portranges.errors import InvalidValueError
from portranges.records import always_checked
from portranges.source import Confidence, Source

# A table with more cells than ports, or a step longer than the range, would not make the choice
# less predictable.
_MOST = 65536


class Start(StrEnum):
    """Where an algorithm starts its search.

    Attributes:
        RANDOM: At a random port of the range.
        AFTER_RANDOM: At the port after a random one that is never the last port, so that the
            first port of the range is only reached by wrapping around.
        FOLDED: At a random 16-bit number. If it is outside the range, its remainder modulo the
            size of the range minus one is added to the first port.
        NEXT: At the port after the last allocated one; initially at one end of the range.
        RANDOM_NEXT: Like ``NEXT``, but initially at a random port.
        HASH: At a keyed hash of the destination, plus a shared counter.
        HASH_AND_CELL: At a keyed hash of the destination, plus a counter that a second hash
            selects from a table.
        COUNTER: At the sum of all random steps so far.
        OF_THE_WALK: The walk itself draws the start.
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
    """How an algorithm continues after a port that is not free.

    Attributes:
        UP: To the next port, and from the last port to the first.
        DOWN: To the previous port, and from the first port to the last.
        LINUX_CONNECT: Through every second port: first those with the parity of the first port
            of the range, then the others.
        LINUX_BIND: Like ``LINUX_CONNECT`` with the parities exchanged, from a random start.
        LINUX_BIND_HALVES: Like ``LINUX_BIND`` in the lower half of the range, then in the upper.
        LINUX_UDP: Through hash chains, each in random steps.
        REDRAW: To another random port.
        JUMP: A random number of ports further.
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


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Algorithm:
    """How a free port is chosen, as data that ``Allocator`` evaluates.

    Attributes:
        name: The key, such as ``"rfc6056-3"``; unique among all names and aliases.
        aliases: Other keys of the same row.
        title: The system that uses it, for display.
        start: Where the search starts.
        walk: How the search continues.
        counts_holes: Whether excluded ports between the first and the last port are steps of the
            walk. They are in the algorithms of systems, whose range has two bounds; those of RFC
            6056 visit only the ports of the set.
        random_bits: The size of the random number whose remainder is used, which makes some
            ports likelier; 0 for a uniform choice.
        cells: The number of counters, or of hash chains.
        increment: The maximum step of ``JUMP``.
        step: The step of ``LINUX_CONNECT``: 2, or 1 with IP_LOCAL_PORT_RANGE.
        gives_up: Whether it stops after as many tries as the range has ports, although random
            draws may have missed the free ones.
        joins_transports: Whether TCP and UDP share the last allocated port.
        splits_families: Whether IPv4 and IPv6 each have a last allocated port.
        note: Anything else.
        source: Where the row comes from.
        confidence: How the row is known.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: ``name`` or ``title`` is empty, or a number is out of bounds.
        UnknownNameError: ``start``, ``walk`` or ``confidence`` is unknown.

    Example:
        >>> from portranges import selection
        >>> row = selection.algorithm("rfc6056-4")
        >>> row
        <Algorithm rfc6056-4: RFC 6056, algorithm 4 (double hash)>
        >>> row.cells, row.replace(cells=1000).cells
        (10, 1000)
    """

    name: types.AlgorithmName
    aliases: tuple[types.AlgorithmName, ...] = ()
    title: str
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
    confidence: Confidence

    def __post_init__(self) -> None:
        """Check the values."""
        for name, kind in (("start", Start), ("walk", Walk), ("confidence", Confidence)):
            object.__setattr__(self, name, checks.member(name, getattr(self, name), kind))
        flags = ("counts_holes", "gives_up", "joins_transports", "splits_families")
        checks.fields(
            self,
            **dict.fromkeys(("name", "title"), checks.filled),
            **dict.fromkeys(flags, bool),
            increment=partial(checks.integer, most=_MOST),
            random_bits=partial(checks.integer, most=64),
            step=partial(checks.integer, least=1, most=2),
            aliases=checks.tuple_with(str),
            note=str,
            source=Source,
        )
        cells = checks.integer("cells", self.cells, most=_MOST)
        if self.walk is Walk.LINUX_UDP and (cells < 256 or cells & (cells - 1)):
            raise InvalidValueError("cells must be a power of two in 256..65536", str(cells))

    def replace(self, *, cells: int | None = None, increment: int | None = None) -> types.Self:
        """Return the algorithm with a table of another size or another step.

        Args:
            cells: The number of cells, for an algorithm with a table; for hash chains, a power
                of two from 256 to 65536.
            increment: The maximum step, for an algorithm with random steps.

        Raises:
            TypeError: The algorithm has no such setting, or the value is not an integer.
            InvalidValueError: A value is outside 1 to 65536.

        Example:
            >>> from portranges import selection
            >>> selection.algorithm("rfc6056-5").replace(increment=64).increment
            64
        """
        made = self
        for what, value in (("cells", cells), ("increment", increment)):
            if value is not None:
                if not getattr(self, what):
                    raise TypeError(f"{self.name} has no {what}")
                checks.integer(what, value, least=1, most=_MOST)
                change: dict[str, types.Any] = {what: value}
                made = dataclasses.replace(made, **change)
        return made

    def __repr__(self) -> str:
        """Return the name and the title."""
        return f"<{type(self).__name__} {self.name}: {self.title}>"
