"""Tables of ports in use in which a free port is found in constant time.

A table numbers its slots from 0; the order in which an algorithm tries them is in ``orders``.
``bytearray.find`` searches for the next free slot at the speed of memchr: 64 KiB, a whole range
without a free port, take two or three microseconds. To draw among the free slots, ``Pool`` keeps
them in an array and fills each gap with the last one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array

from portranges import types

_FREE = 0
_TAKEN = 1
_BLOCKED = 2

# The place of a blocked slot, which is not in the pool.
_NOWHERE = 0xFFFFFFFF


class Table(ABC):
    """The common methods of all tables.

    Attributes:
        free: How many slots are neither taken nor blocked.
    """

    __slots__ = ("free",)

    free: int

    @abstractmethod
    def is_taken(self, slot: int) -> bool:
        """Return whether *slot* is in use; a blocked one is not."""

    @abstractmethod
    def is_free(self, slot: int) -> bool:
        """Return whether *slot* is neither in use nor blocked."""

    @abstractmethod
    def take(self, slot: int) -> None:
        """Mark a free *slot* as in use."""

    @abstractmethod
    def give(self, slot: int) -> None:
        """Mark a *slot* in use as free."""

    @abstractmethod
    def copy(self) -> Table:
        """Return a copy."""


class Lanes(Table):
    """One byte per slot, split into as many lanes as a scan has steps.

    Slot *s* is byte ``s // width`` of lane ``s % width``.
    """

    __slots__ = ("lanes", "width")

    def __init__(self, blocked: bytes, width: int) -> None:
        """Start with nothing in use; *blocked* has a 1 for each blocked slot."""
        marks = blocked.translate(_MARKS)
        self.width: int = width
        self.lanes: tuple[bytearray, ...] = tuple(
            bytearray(marks[lane::width]) for lane in range(width)
        )
        self.free: int = blocked.count(0)

    def find(self, start: int, stop: int, step: int) -> int:
        """Return the first free slot of ``range(start, stop, step)``, or -1.

        *step* is as long as the table is wide, or -1 in a table of one lane.
        """
        if step < 0:
            return self.lanes[0].rfind(0, stop + 1, start + 1)
        lane = start % step
        place = self.lanes[lane].find(0, start // step, -((lane - stop) // step))
        return place if place < 0 else place * step + lane

    def is_taken(self, slot: int) -> bool:
        """Return whether *slot* is in use; a blocked one is not."""
        return self.lanes[slot % self.width][slot // self.width] == _TAKEN

    def is_free(self, slot: int) -> bool:
        """Return whether *slot* is neither in use nor blocked."""
        return self.lanes[slot % self.width][slot // self.width] == _FREE

    def take(self, slot: int) -> None:
        """Mark a free *slot* as in use."""
        self.lanes[slot % self.width][slot // self.width] = _TAKEN
        self.free -= 1

    def give(self, slot: int) -> None:
        """Mark a *slot* in use as free."""
        self.lanes[slot % self.width][slot // self.width] = _FREE
        self.free += 1

    def copy(self) -> Lanes:
        """Return a copy."""
        made = Lanes.__new__(Lanes)
        made.width = self.width
        made.lanes = tuple(map(bytearray, self.lanes))
        made.free = self.free
        return made


class Chains(Table):
    """Hash chains: all 65,536 ports, divided by their lowest bits.

    Attributes:
        full: One byte per chain, 0 if it has a free port.
        marks: One byte per port number, 0 if it is free.
    """

    __slots__ = ("_left", "_low", "full", "marks")

    def __init__(self, blocked: bytes, low: int, cells: int) -> None:
        """Start with nothing in use; slot 0 is port *low*."""
        self._low = low
        self.marks: bytearray = bytearray([_BLOCKED]) * 65536
        self.marks[low : low + len(blocked)] = blocked.translate(_MARKS)
        self._left = array("I", (self.marks[chain::cells].count(_FREE) for chain in range(cells)))
        self.full: bytearray = bytearray(not left for left in self._left)
        self.free: int = blocked.count(0)

    def chains_before_free(self, chain: int) -> int:
        """Return how many full chains come before one with a free port, from *chain* on."""
        found = self.full.find(0, chain)
        if found < 0:
            found = self.full.find(0, 0, chain)
        return (found - chain) % len(self.full)

    def is_taken(self, slot: int) -> bool:
        """Return whether *slot* is in use; a blocked one is not."""
        return self.marks[slot + self._low] == _TAKEN

    def is_free(self, slot: int) -> bool:
        """Return whether *slot* is neither in use nor blocked."""
        return self.marks[slot + self._low] == _FREE

    def take(self, slot: int) -> None:
        """Mark a free *slot* as in use."""
        self.marks[slot + self._low] = _TAKEN
        chain = (slot + self._low) % len(self.full)
        self._left[chain] -= 1
        if not self._left[chain]:
            self.full[chain] = 1
        self.free -= 1

    def give(self, slot: int) -> None:
        """Mark a *slot* in use as free."""
        self.marks[slot + self._low] = _FREE
        chain = (slot + self._low) % len(self.full)
        self._left[chain] += 1
        self.full[chain] = 0
        self.free += 1

    def copy(self) -> Chains:
        """Return a copy."""
        made = Chains.__new__(Chains)
        made._low = self._low
        made.marks = bytearray(self.marks)
        made._left = self._left[:]
        made.full = bytearray(self.full)
        made.free = self.free
        return made


class Pool(Table):
    """All usable slots in arrays that start with the free ones, in any order.

    The slots below ``split`` have an array of their own, because they are likelier to be drawn if
    the remainder of a 16-bit number is used.

    Attributes:
        lists: The slots below ``split``, then the others.
        counts: How many of each are free; the free ones come first.
    """

    __slots__ = ("_split", "_where", "counts", "lists")

    def __init__(self, blocked: bytes, split: int = 0) -> None:
        """Start with nothing in use; *blocked* has a 1 for each blocked slot."""
        usable = [slot for slot, mark in enumerate(blocked) if not mark]
        self._split = split
        self.lists: tuple[types.IntArray, types.IntArray] = (
            array("I", (slot for slot in usable if slot < split)),
            array("I", (slot for slot in usable if slot >= split)),
        )
        self.counts: list[int] = [len(self.lists[0]), len(self.lists[1])]
        self._where = array("I", [_NOWHERE]) * len(blocked)
        for slots in self.lists:
            for place, slot in enumerate(slots):
                self._where[slot] = place
        self.free: int = len(usable)

    def is_taken(self, slot: int) -> bool:
        """Return whether *slot* is in use; a blocked one is not."""
        return self.counts[slot >= self._split] <= self._where[slot] < _NOWHERE

    def is_free(self, slot: int) -> bool:
        """Return whether *slot* is neither in use nor blocked."""
        return self._where[slot] < self.counts[slot >= self._split]

    def take(self, slot: int) -> None:
        """Mark a free *slot* as in use."""
        kind = slot >= self._split
        self.counts[kind] -= 1
        self._exchange(self.lists[kind], slot, self.counts[kind])
        self.free -= 1

    def give(self, slot: int) -> None:
        """Mark a *slot* in use as free."""
        kind = slot >= self._split
        self._exchange(self.lists[kind], slot, self.counts[kind])
        self.counts[kind] += 1
        self.free += 1

    def _exchange(self, slots: types.IntArray, slot: int, place: int) -> None:
        """Exchange the places of *slot* and the slot at *place*."""
        old, other = self._where[slot], slots[place]
        slots[old], slots[place] = other, slot
        self._where[other], self._where[slot] = old, place

    def copy(self) -> Pool:
        """Return a copy."""
        made = Pool.__new__(Pool)
        made._split = self._split
        made.lists = (self.lists[0][:], self.lists[1][:])
        made.counts = self.counts[:]
        made._where = self._where[:]
        made.free = self.free
        return made


_MARKS = bytes([_FREE, _BLOCKED]) + bytes(range(2, 256))
