"""Where a search begins, for the algorithms that then try one port after the other.

A start remembers what the algorithm keeps from one choice to the next: the last port, a
counter, or a table of counters.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from portranges import types
from portranges.selection.draws import draw_from
from portranges.selection.keyed import Keyed
from portranges.selection.model import Algorithm, Walk
from portranges.selection.model import Start as StartName


class Start(ABC):
    """Where a search begins."""

    __slots__ = ()

    @abstractmethod
    def first(self, first: int, last: int, destination: types.Destination, /) -> int:
        """Return the port of the range *first* to *last* that is tried first."""

    def chosen(self, port: int, tried: int, /) -> None:  # noqa: B027 - most remember nothing
        """Remember that the search ended at *port*, and how many ports it tried."""

    def rekey(self) -> None:  # noqa: B027 - most have no key
        """Draw another secret key, if there is one."""


class _Random(Start):
    __slots__ = ("_draw",)

    def __init__(self, draw: types.Draw) -> None:
        self._draw = draw

    def first(self, first: int, last: int, _destination: types.Destination, /) -> int:
        return first + self._draw(last - first + 1)


class _AfterRandom(Start):
    __slots__ = ("_draw",)

    def __init__(self, draw: types.Draw) -> None:
        self._draw = draw

    def first(self, first: int, last: int, _destination: types.Destination, /) -> int:
        if first == last:
            return first
        # *lastport = first + (arc4random() % (last - first)); then ++*lastport
        return first + self._draw(last - first) + 1


class _Folded(Start):
    __slots__ = ("_rng",)

    def __init__(self, rng: types.Rng) -> None:
        self._rng = rng

    def first(self, first: int, last: int, _destination: types.Destination, /) -> int:
        number = self._rng.getrandbits(16)
        if first <= number <= last:
            return number
        return first + number % (last - first) if first < last else first


class _Next(Start):
    """The port after the last one, in steps of 1 or -1; the range is a ring."""

    __slots__ = ("_last", "_step")

    def __init__(self, step: int) -> None:
        self._step = step
        self._last = -1

    def first(self, first: int, last: int, _destination: types.Destination, /) -> int:
        port = self._last + self._step
        if self._last < 0 or not first <= port <= last:
            return first if self._step > 0 else last
        return port

    def chosen(self, port: int, _tried: int, /) -> None:
        self._last = port


class _RandomNext(_Next):
    """Like ``_Next``, but after a random port initially."""

    __slots__ = ("_draw",)

    def __init__(self, draw: types.Draw) -> None:
        super().__init__(1)
        self._draw = draw

    def first(self, first: int, last: int, destination: types.Destination, /) -> int:
        if self._last < 0:
            self._last = first + self._draw(last - first + 1)
        return super().first(first, last, destination)


class _Hash(Start):
    __slots__ = ("_keyed", "_next")

    def __init__(self, rng: types.Rng) -> None:
        self._keyed = Keyed(rng)
        self._next = 0

    def first(self, first: int, last: int, destination: types.Destination, /) -> int:
        return first + (self._keyed.hashes(destination)[0] + self._next) % (last - first + 1)

    def chosen(self, _port: int, tried: int, /) -> None:
        self._next += tried

    def rekey(self) -> None:
        """Draw another secret key."""
        self._keyed.rekey()


class Cells:
    """A table of counters; each begins with a random number when it is first used."""

    __slots__ = ("_bits", "_cells", "_count", "_keyed", "_rng")

    def __init__(self, count: int, bits: int, rng: types.Rng) -> None:
        """Prepare *count* counters whose first values have *bits* bits."""
        self._count = count
        self._bits = bits
        self._rng = rng
        self._keyed = Keyed(rng)
        self._cells: dict[int, int] = {}

    def offset(self, destination: types.Destination) -> tuple[int, int]:
        """Return the offset of a destination, and the number of its counter."""
        offset, chosen = self._keyed.hashes(destination)
        cell = chosen % self._count
        value = self._cells.get(cell)
        if value is None:
            value = self._cells[cell] = self._rng.getrandbits(self._bits)
        return (offset + value) & 0xFFFFFFFF, cell

    def add(self, cell: int, steps: int) -> None:
        """Increase a counter."""
        self._cells[cell] = (self._cells[cell] + steps) & 0xFFFFFFFF

    def rekey(self) -> None:
        """Draw another secret key; the counters stay."""
        self._keyed.rekey()


class _HashAndCell(Start):
    __slots__ = ("_cell", "_cells")

    def __init__(self, cells: int, rng: types.Rng) -> None:
        self._cells = Cells(cells, 16, rng)
        self._cell = 0

    def first(self, first: int, last: int, destination: types.Destination, /) -> int:
        offset, self._cell = self._cells.offset(destination)
        return first + offset % (last - first + 1)

    def chosen(self, _port: int, tried: int, /) -> None:
        self._cells.add(self._cell, tried)

    def rekey(self) -> None:
        """Draw another secret key."""
        self._cells.rekey()


def start_for(row: Algorithm, rng: types.Rng) -> Start:
    """Return the start of the algorithm *row*, in its state after boot.

    Args:
        row: An algorithm that tries one port after the other.
        rng: The source of random bits.
    """
    if row.start is StartName.RANDOM:
        return _Random(draw_from(rng))
    if row.start is StartName.AFTER_RANDOM:
        return _AfterRandom(draw_from(rng, row.random_bits))
    if row.start is StartName.FOLDED:
        return _Folded(rng)
    if row.start is StartName.NEXT:
        return _Next(-1 if row.walk is Walk.DOWN else 1)
    if row.start is StartName.RANDOM_NEXT:
        return _RandomNext(draw_from(rng))
    if row.start is StartName.HASH:
        return _Hash(rng)
    return _HashAndCell(row.cells, rng)
