"""Which ports are taken, kept so that a free one is found in constant time.

What lives here: the three tables that the algorithms look into.
What must not: the order in which an algorithm looks (``pickers``), port
numbers: a table knows slots, 0 to n - 1.

A scan over bytes finds the next 0 at the speed of memchr: 64 KiB, a whole
range without a free port, take two or three microseconds. A draw among the free
ones takes a list of them in which the last one fills each gap.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array

from portranges import types

__all__ = ["Chains", "Lanes", "Pool", "Table"]

_FREE = 0
_TAKEN = 1
_BLOCKED = 2

# The place of a blocked slot, which is not in the pool.
_NOWHERE = 0xFFFFFFFF


class Table(ABC):
    """What all tables answer.

    Attributes:
        free: How many slots are neither taken nor blocked.
    """

    __slots__ = ("free",)

    free: int

    @abstractmethod
    def is_taken(self, slot: int) -> bool:
        """Tell whether *slot* is in use; a blocked one is not."""

    @abstractmethod
    def is_free(self, slot: int) -> bool:
        """Tell whether *slot* is neither in use nor blocked."""

    @abstractmethod
    def take(self, slot: int) -> None:
        """Mark a free *slot* as in use."""

    @abstractmethod
    def give(self, slot: int) -> None:
        """Mark a *slot* in use as free."""

    @abstractmethod
    def copy(self) -> Table:
        """Return a table of its own with the same slots in use."""


class Lanes(Table):
    """A byte a slot, dealt out to as many lanes as a scan has steps.

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
        """Tell whether *slot* is in use; a blocked one is not."""
        return self.lanes[slot % self.width][slot // self.width] == _TAKEN

    def is_free(self, slot: int) -> bool:
        """Tell whether *slot* is neither in use nor blocked."""
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
        """Return a table of its own with the same slots in use."""
        made = Lanes.__new__(Lanes)
        made.width = self.width
        made.lanes = tuple(map(bytearray, self.lanes))
        made.free = self.free
        return made


class Chains(Table):
    """Hash chains: all 65,536 ports dealt out by their lowest bits.

    Attributes:
        full: A byte a chain, 0 where it has a free port.
        marks: A byte a port number, for the whole universe.
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
        """Return how many chains without a free port come before one with it, from *chain* on."""
        found = self.full.find(0, chain)
        if found < 0:
            found = self.full.find(0, 0, chain)
        return (found - chain) % len(self.full)

    def is_taken(self, slot: int) -> bool:
        """Tell whether *slot* is in use; a blocked one is not."""
        return self.marks[slot + self._low] == _TAKEN

    def is_free(self, slot: int) -> bool:
        """Tell whether *slot* is neither in use nor blocked."""
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
        """Return a table of its own with the same slots in use."""
        made = Chains.__new__(Chains)
        made._low = self._low
        made.marks = bytearray(self.marks)
        made._left = self._left[:]
        made.full = bytearray(self.full)
        made.free = self.free
        return made


class Pool(Table):
    """The free slots as a list of which the first part is free, in any order.

    The slots below ``split`` are in a list of their own, for they are likelier
    where the remainder of a 16-bit number is taken.

    Attributes:
        lists: The two lists: slots below ``split``, then the others.
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
        """Tell whether *slot* is in use; a blocked one is not."""
        return self.counts[slot >= self._split] <= self._where[slot] < _NOWHERE

    def is_free(self, slot: int) -> bool:
        """Tell whether *slot* is neither in use nor blocked."""
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
        """Let *slot* and the slot at *place* exchange their places."""
        old, other = self._where[slot], slots[place]
        slots[old], slots[place] = other, slot
        self._where[other], self._where[slot] = old, place

    def copy(self) -> Pool:
        """Return a table of its own with the same slots in use."""
        made = Pool.__new__(Pool)
        made._split = self._split
        made.lists = (self.lists[0][:], self.lists[1][:])
        made.counts = self.counts[:]
        made._where = self._where[:]
        made.free = self.free
        return made


_MARKS = bytes([_FREE, _BLOCKED]) + bytes(range(2, 256))
