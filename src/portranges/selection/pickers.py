"""The algorithms: which of the free slots is next.

What lives here: a class for each way of walking, and ``picker_for``, which
takes the one that a row names.
What must not: port numbers (``allocator``), which algorithm a system has
(``rows``).

A picker keeps what an algorithm remembers between two picks. ``pick`` returns
the slot and how many slots the algorithm looks at to find it, which is worked
out, not walked; or None where the algorithm finds none. Slots are those of
``tables``: 0 is the range's first port.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import log, log1p

from portranges import types
from portranges.errors import InvalidValueError
from portranges.selection.keyed import Keyed
from portranges.selection.model import Algorithm, Start, Walk
from portranges.selection.tables import Chains, Lanes, Pool, Table

__all__ = [
    "Cells",
    "Jump",
    "LinuxBind",
    "LinuxConnect",
    "LinuxUdp",
    "Picker",
    "Redraw",
    "Scan",
    "below",
    "picker_for",
    "redraws",
]

# Tries after which algorithm 5 stops trying one by one. It has gone round the
# largest range by then, with a spread of thousands of ports; the chance to get
# here is 2e-6 in a range that is 95 % full, and 8 % at 99 %.
_PATIENCE = 256

_CELL_BITS = 32


def below(rng: types.Rng, count: int) -> int:
    """Return an even choice among 0 to ``count - 1``."""
    if count < 2:
        return 0
    bits = (count - 1).bit_length()
    value = rng.getrandbits(bits)
    while value >= count:
        value = rng.getrandbits(bits)
    return value


def redraws(rng: types.Rng, hit: float) -> int:
    """Return at which try something of probability *hit* happens first."""
    if hit >= 1:
        return 1
    # 1 to 2**53 over 2**53: never 0, whose logarithm is none.
    return 1 + int(log((rng.getrandbits(53) + 1) / 2**53) / log1p(-hit))


class Picker(ABC):
    """What all pickers do."""

    __slots__ = ()

    @abstractmethod
    def table(self) -> Table:
        """Return a table with nothing in use, of the kind that pick() takes."""

    @abstractmethod
    def pick(self, table: types.Any, destination: types.Destination, /) -> tuple[int, int] | None:
        """Return a free slot of *table* and the number of slots looked at."""

    def rekey(self) -> None:  # noqa: B027 - most have no key
        """Change the secret key, where there is one."""


class Scan(Picker):
    """A start, then one slot after the other."""

    __slots__ = ("_blocked", "_down", "_size", "_start")

    def __init__(self, row: Algorithm, blocked: bytes, low: int, rng: types.Rng) -> None:
        """Prepare to pick as *row* says among the slots of *blocked*."""
        self._blocked = blocked
        self._size = len(blocked)
        self._down = row.walk is Walk.DOWN
        self._start = _start_for(row, len(blocked), low, rng)

    def table(self) -> Lanes:
        """Return a table with nothing in use."""
        return Lanes(self._blocked, 1)

    def pick(self, table: Lanes, destination: types.Destination, /) -> tuple[int, int] | None:
        """Return a free slot of *table* and the number of slots looked at."""
        (lane,) = table.lanes
        start = self._start.first(destination)
        if self._down:
            slot = lane.rfind(0, 0, start + 1)
            if slot < 0:
                slot = lane.rfind(0, start + 1)
            probes = (start - slot) % self._size + 1
        else:
            slot = lane.find(0, start)
            if slot < 0:
                slot = lane.find(0, 0, start)
            probes = (slot - start) % self._size + 1
        if slot < 0:
            return None
        self._start.found(slot, probes)
        return slot, probes

    def rekey(self) -> None:
        """Change the secret key, where there is one."""
        self._start.rekey()


class _Start(ABC):
    """Where a scan begins, and what it remembers of the last one."""

    __slots__ = ()

    @abstractmethod
    def first(self, destination: types.Destination, /) -> int:
        """Return the slot that is looked at first."""

    def found(self, slot: int, probes: int, /) -> None:  # noqa: B027 - most remember nothing
        """Remember a success."""

    def rekey(self) -> None:  # noqa: B027 - most have no key
        """Change the secret key, where there is one."""


class _Random(_Start):
    __slots__ = ("_rng", "_size")

    def __init__(self, size: int, rng: types.Rng) -> None:
        self._size = size
        self._rng = rng

    def first(self, _destination: types.Destination, /) -> int:
        return below(self._rng, self._size)


class _AfterRandom(_Start):
    __slots__ = ("_bits", "_rng", "_size")

    def __init__(self, size: int, bits: int, rng: types.Rng) -> None:
        self._size = size
        self._bits = bits
        self._rng = rng

    def first(self, _destination: types.Destination, /) -> int:
        if self._size == 1:
            return 0
        if self._bits:
            return self._rng.getrandbits(self._bits) % (self._size - 1) + 1
        return below(self._rng, self._size - 1) + 1


class _Folded(_Start):
    __slots__ = ("_low", "_rng", "_size")

    def __init__(self, size: int, low: int, rng: types.Rng) -> None:
        self._size = size
        self._low = low
        self._rng = rng

    def first(self, _destination: types.Destination, /) -> int:
        number = self._rng.getrandbits(16)
        if 0 <= number - self._low < self._size:
            return number - self._low
        return number % (self._size - 1) if self._size > 1 else 0


class _Next(_Start):
    __slots__ = ("_last", "_size", "_step")

    def __init__(self, size: int, last: int, step: int) -> None:
        self._size = size
        self._last = last
        self._step = step

    def first(self, _destination: types.Destination, /) -> int:
        return (self._last + self._step) % self._size

    def found(self, slot: int, _probes: int, /) -> None:
        self._last = slot


class _Hash(_Start):
    __slots__ = ("_keyed", "_next", "_size")

    def __init__(self, size: int, rng: types.Rng) -> None:
        self._size = size
        self._keyed = Keyed(rng)
        self._next = 0

    def first(self, destination: types.Destination, /) -> int:
        return (self._keyed.hashes(destination)[0] + self._next) % self._size

    def found(self, _slot: int, probes: int, /) -> None:
        self._next = (self._next + probes) % self._size

    def rekey(self) -> None:
        """Change the secret key, where there is one."""
        self._keyed.rekey()


class Cells:
    """A table of counters; each starts with a random number when first used."""

    __slots__ = ("_bits", "_cells", "_count", "_keyed", "_rng")

    def __init__(self, count: int, bits: int, rng: types.Rng) -> None:
        """Prepare *count* counters whose first value has *bits* bits."""
        self._count = count
        self._bits = bits
        self._rng = rng
        self._keyed = Keyed(rng)
        self._cells: dict[int, int] = {}

    def offset(self, destination: types.Destination) -> tuple[int, int]:
        """Return a destination's offset, of 32 bits, and the number of its cell."""
        offset, chosen = self._keyed.hashes(destination)
        cell = chosen % self._count
        value = self._cells.get(cell)
        if value is None:
            value = self._cells[cell] = self._rng.getrandbits(self._bits)
        return (offset + value) & 0xFFFFFFFF, cell

    def add(self, cell: int, steps: int) -> None:
        """Let a cell grow."""
        self._cells[cell] = (self._cells[cell] + steps) & 0xFFFFFFFF

    def rekey(self) -> None:
        """Change the secret key; the counters stay."""
        self._keyed.rekey()


class _HashAndCell(_Start):
    __slots__ = ("_cell", "_cells", "_size")

    def __init__(self, size: int, cells: int, rng: types.Rng) -> None:
        self._size = size
        self._cells = Cells(cells, 16, rng)
        self._cell = 0

    def first(self, destination: types.Destination, /) -> int:
        offset, self._cell = self._cells.offset(destination)
        return offset % self._size

    def found(self, _slot: int, probes: int, /) -> None:
        self._cells.add(self._cell, probes)

    def rekey(self) -> None:
        """Change the secret key, where there is one."""
        self._cells.rekey()


def _start_for(row: Algorithm, size: int, low: int, rng: types.Rng) -> _Start:
    if row.start is Start.RANDOM:
        return _Random(size, rng)
    if row.start is Start.AFTER_RANDOM:
        return _AfterRandom(size, row.random_bits, rng)
    if row.start is Start.FOLDED:
        return _Folded(size, low, rng)
    if row.start is Start.NEXT:
        return _Next(size, 0, -1) if row.walk is Walk.DOWN else _Next(size, -1, 1)
    if row.start is Start.RANDOM_NEXT:
        return _Next(size, below(rng, size), 1)
    if row.start is Start.HASH:
        return _Hash(size, rng)
    return _HashAndCell(size, row.cells, rng)


class LinuxConnect(Picker):
    """Linux's connect(): a hash and a cell; every second slot, then the others."""

    __slots__ = ("_blocked", "_cells", "_rng", "_size", "_step")

    def __init__(self, row: Algorithm, blocked: bytes, low: int, rng: types.Rng) -> None:
        """Prepare to pick as *row* says among the slots of *blocked*."""
        del low
        self._blocked = blocked
        self._size = len(blocked)
        self._step = row.step
        self._rng = rng
        self._cells = Cells(row.cells, _CELL_BITS, rng)

    def table(self) -> Lanes:
        """Return a table with nothing in use."""
        return Lanes(self._blocked, self._step)

    def pick(self, table: Lanes, destination: types.Destination, /) -> tuple[int, int] | None:
        """Return a free slot of *table* and the number of slots looked at."""
        offset, cell = self._cells.offset(destination)
        size = self._size
        if self._step == 1:
            at = offset % size
            place = _ring(table.lanes[0], 0, size, at)
            if place < 0:
                return None
            slot = place
            scanned = (place - at) % size
            probes = scanned + 1
        else:
            at = offset % _even(size) >> 1
            place, scanned = _first_parity(table.lanes[0], 0, size, at)
            slot, probes = 2 * place, scanned + 1
            if place < 0:
                if size == 1:
                    return None
                end = size // 2
                place = _ring(table.lanes[1], 0, end, at)
                if place < 0:
                    return None
                scanned = (place - at) % end
                slot, probes = 2 * place + 1, _even(size) // 2 + scanned + 1
            scanned *= 2
        step = max(scanned, self._rng.getrandbits(3) * self._step) + self._step
        self._cells.add(cell, step)
        return slot, probes

    def rekey(self) -> None:
        """Change the secret key, where there is one."""
        self._cells.rekey()


class LinuxBind(Picker):
    """Linux's bind() to port 0: a random start, the other parity first."""

    __slots__ = ("_blocked", "_parts", "_rng")

    def __init__(self, row: Algorithm, blocked: bytes, low: int, rng: types.Rng) -> None:
        """Prepare to pick as *row* says among the slots of *blocked*."""
        del low
        self._blocked = blocked
        self._rng = rng
        size = len(blocked)
        half = size >> 2 << 1
        # First slot and size of each part that is scanned on its own.
        self._parts: tuple[tuple[int, int], ...] = ((0, size),)
        if row.walk is Walk.LINUX_BIND_HALVES and size >= 4:
            self._parts = ((0, half), (half, size - half))

    def table(self) -> Lanes:
        """Return a table with nothing in use."""
        return Lanes(self._blocked, 2)

    def pick(self, table: Lanes, _destination: types.Destination, /) -> tuple[int, int] | None:
        """Return a free slot of *table* and the number of slots looked at."""
        seen = 0
        low, other = table.lanes
        for first, size in self._parts:
            base = first >> 1
            at = below(self._rng, _even(size)) >> 1
            if size > 1:
                end = base + size // 2
                place = _ring(other, base, end, base + at)
                if place >= 0:
                    return 2 * place + 1, seen + (place - base - at) % (size // 2) + 1
                seen += _even(size) // 2
            place, scanned = _first_parity(low, base, size, at)
            if place >= 0:
                return 2 * place, seen + scanned + 1
            seen += _even(size) // 2
        return None


def _even(size: int) -> int:
    """Return how many slots one scan of Linux looks at."""
    return size & ~1 if size > 1 else size


def _ring(lane: bytearray, first: int, end: int, at: int) -> int:
    """Return the first free place from *at* on, round within first..end - 1."""
    place = lane.find(0, at, end)
    return place if place >= 0 else lane.find(0, first, at)


def _first_parity(lane: bytearray, base: int, size: int, at: int) -> tuple[int, int]:
    """Return the first free place of the even slots, and the places before it.

    The part begins at place *base* of the lane and has *size* slots. Where that
    is odd, one place is left out: the last one if the scan begins at the
    first, else the first.
    """
    start = base + at
    if size & 1 and size > 1:
        half = size // 2
        if at == 0:
            place = lane.find(0, start, base + half)
            return place, place - start
        place = lane.find(0, start, base + half + 1)
        if place >= 0:
            return place, place - start
        place = lane.find(0, base + 1, start)
        return place, place - start + half
    count = (size + 1) // 2
    place = _ring(lane, base, base + count, start)
    return place, (place - start) % count


class LinuxUdp(Picker):
    """Linux's UDP: a random port, its hash chain in random steps, the next chain."""

    __slots__ = ("_blocked", "_cells", "_low", "_rng")

    def __init__(self, row: Algorithm, blocked: bytes, low: int, rng: types.Rng) -> None:
        """Prepare to pick as *row* says among the slots of *blocked*."""
        self._blocked = blocked
        self._low = low
        self._cells = row.cells
        self._rng = rng

    def table(self) -> Chains:
        """Return a table with nothing in use."""
        return Chains(self._blocked, self._low, self._cells)

    def pick(self, table: Chains, _destination: types.Destination, /) -> tuple[int, int] | None:
        """Return a free slot of *table* and the number of slots looked at."""
        number = self._rng.getrandbits(32)
        port = (number * len(self._blocked) >> 32) + self._low
        cells = self._cells
        chain = port % cells
        free = _ring(table.full, 0, cells, chain)
        # Called with a free port somewhere, so that a chain has it.
        passed = (free - chain) % cells
        port = port + passed & 0xFFFF
        probes = passed * (65536 // cells) + 1
        step = (number | 1) * cells & 0xFFFF
        while table.marks[port]:
            port = port + step & 0xFFFF
            probes += 1
        return port - self._low, probes


class Redraw(Picker):
    """A random slot until one is free, in one draw among those that are free."""

    __slots__ = ("_blocked", "_gives_up", "_rng", "_split", "_total", "_weights")

    def __init__(self, row: Algorithm, blocked: bytes, low: int, rng: types.Rng) -> None:
        """Prepare to pick as *row* says among the slots of *blocked*."""
        del low
        self._blocked = blocked
        self._gives_up = row.gives_up
        self._rng = rng
        size = len(blocked)
        self._split = 0
        self._weights = (0, 1)
        self._total = size
        if row.random_bits:
            self._total = 1 << row.random_bits
            weight, self._split = divmod(self._total, size)
            self._weights = (weight + 1, weight)

    def table(self) -> Pool:
        """Return a table with nothing in use."""
        return Pool(self._blocked, self._split)

    def pick(self, table: Pool, _destination: types.Destination, /) -> tuple[int, int] | None:
        """Return a free slot of *table* and the number of slots looked at."""
        likelier, other = self._weights
        border = likelier * table.counts[0]
        whole = border + other * table.counts[1]
        probes = redraws(self._rng, whole / self._total)
        if self._gives_up and probes > len(self._blocked):
            return None
        drawn = below(self._rng, whole)
        if drawn < border:
            return table.lists[0][drawn // likelier], probes
        return table.lists[1][(drawn - border) // other], probes


class Jump(Picker):
    """A counter that grows by a random step at every try."""

    __slots__ = ("_blocked", "_counter", "_increment", "_rng")

    def __init__(self, row: Algorithm, blocked: bytes, low: int, rng: types.Rng) -> None:
        """Prepare to pick as *row* says among the slots of *blocked*."""
        del low
        self._blocked = blocked
        self._increment = row.increment
        self._rng = rng
        self._counter = rng.getrandbits(16)

    def table(self) -> Pool:
        """Return a table with nothing in use."""
        return Pool(self._blocked)

    def pick(self, table: Pool, _destination: types.Destination, /) -> tuple[int, int] | None:
        """Return a free slot of *table* and the number of slots looked at."""
        size = len(self._blocked)
        patience = min(size, _PATIENCE)
        counter = self._counter
        for probes in range(1, patience + 1):
            counter += 1 + below(self._rng, self._increment)
            if table.is_free(counter % size):
                self._counter = counter % size
                return self._counter, probes
        self._counter = counter % size
        if patience == size:
            return None
        probes = patience + redraws(self._rng, table.free / size)
        if probes > size:
            return None
        self._counter = table.lists[1][below(self._rng, table.free)]
        return self._counter, probes


_BY_WALK: dict[Walk, types.Callable[[Algorithm, bytes, int, types.Rng], Picker]] = {
    Walk.UP: Scan,
    Walk.DOWN: Scan,
    Walk.LINUX_CONNECT: LinuxConnect,
    Walk.LINUX_BIND: LinuxBind,
    Walk.LINUX_BIND_HALVES: LinuxBind,
    Walk.LINUX_UDP: LinuxUdp,
    Walk.REDRAW: Redraw,
    Walk.JUMP: Jump,
}


def picker_for(row: Algorithm, blocked: bytes, low: int, rng: types.Rng) -> Picker:
    """Return the picker of *row*.

    Args:
        row: The algorithm.
        blocked: A byte a slot, 1 where it may not be handed out; not empty.
        low: The port of slot 0.
        rng: Where random numbers come from.

    Raises:
        InvalidValueError: How the algorithm picks is not published.
    """
    make = _BY_WALK.get(row.walk)
    if make is None:
        raise InvalidValueError("algorithm must be one whose steps are published", repr(row.name))
    return make(row, blocked, low, rng)
