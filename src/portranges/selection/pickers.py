"""How an allocator finds the port that an algorithm would choose, without trying the others.

A picker follows an order of ``orders`` through a table of ``tables``, and reports how many ports
the algorithm tries before it finds a free one. Where an algorithm draws at every try, its picker
draws once among the free ports and computes the number of tries.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import islice

from portranges import types
from portranges.draws import below
from portranges.selection.draws import redraws
from portranges.selection.linux import udp_chain, udp_start
from portranges.selection.model import Algorithm, Walk
from portranges.selection.orders import Jumps, Scan, order_for
from portranges.selection.tables import Chains, Lanes, Pool, Table

# The number of tries after which algorithm 5 of RFC 6056 stops trying one by one. By then it
# has gone round the largest range, with a spread of thousands of ports. The probability to get
# this far is 2e-6 in a range that is 95 % full, and 8 % at 99 %.
_PATIENCE = 256


class Picker(ABC):
    """A way to find the port that an algorithm chooses.

    Ports are numbered from *base* on: by their own numbers, or by their places in a set.

    Attributes:
        table: A table without ports in use, of the kind that ``pick`` accepts.
    """

    __slots__ = ("table",)

    table: Table

    @abstractmethod
    def pick(self, table: types.Any, destination: types.Destination, /) -> tuple[int, int] | None:
        """Return a free slot of *table* and the number of tries; None if none is found."""

    def rekey(self) -> None:  # noqa: B027 - most have no key
        """Draw another secret key, if there is one."""


class _Scan(Picker):
    """Searches each stretch of an order at the speed of ``bytearray.find``."""

    __slots__ = ("_base", "_last", "_order")

    def __init__(self, order: Scan, blocked: bytes, base: int) -> None:
        self.table: Table = Lanes(blocked, abs(order.step))
        self._order = order
        self._base = base
        self._last = base + len(blocked) - 1

    def pick(self, table: Lanes, destination: types.Destination, /) -> tuple[int, int] | None:
        base = self._base
        tried = 0
        for stretch in self._order.stretches(base, self._last, destination):
            slot = table.find(stretch.start - base, stretch.stop - base, stretch.step)
            if slot >= 0:
                port = slot + base
                self._order.chosen(port)
                return slot, tried + (port - stretch.start) // stretch.step + 1
            tried += len(stretch)
        return None

    def rekey(self) -> None:
        self._order.rekey()


class _LinuxUdp(Picker):
    """Skips the hash chains that have no free port."""

    __slots__ = ("_chains", "_first", "_last", "_rng")

    def __init__(self, chains: int, blocked: bytes, base: int, rng: types.Rng) -> None:
        self.table: Table = Chains(blocked, base, chains)
        self._first = base
        self._last = base + len(blocked) - 1
        self._chains = chains
        self._rng = rng

    def pick(self, table: Chains, _destination: types.Destination, /) -> tuple[int, int] | None:
        number = self._rng.getrandbits(32)
        start, step = udp_start(self._first, self._last, number, self._chains)
        # The caller has made sure that a port is free, so a chain is found.
        passed = table.chains_before_free(start % self._chains)
        chain = enumerate(udp_chain((start + passed) & 0xFFFF, step), 1)
        tried, port = next(each for each in chain if not table.marks[each[1]])
        return port - self._first, passed * (65536 // self._chains) + tried


class _Redraws(Picker):
    """Draws once among the free slots, each as likely as the algorithm makes it."""

    __slots__ = ("_gives_up", "_rng", "_size", "_total", "_weights")

    def __init__(self, row: Algorithm, blocked: bytes, rng: types.Rng) -> None:
        self._gives_up = row.gives_up
        self._rng = rng
        self._size = len(blocked)
        self._total = 1 << row.random_bits if row.random_bits else self._size
        # The remainders below the split come up once more often than the others.
        weight, split = divmod(self._total, self._size)
        self._weights = (weight + 1, weight)
        self.table: Table = Pool(blocked, split)

    def pick(self, table: Pool, _destination: types.Destination, /) -> tuple[int, int] | None:
        likelier, other = self._weights
        border = likelier * table.counts[0]
        whole = border + other * table.counts[1]
        tried = redraws(self._rng, whole / self._total)
        if self._gives_up and tried > self._size:
            return None
        drawn = below(self._rng, whole)
        if drawn < border:
            return table.lists[0][drawn // likelier], tried
        return table.lists[1][(drawn - border) // other], tried


class _Jumps(Picker):
    """Follows the jumps for a while, then draws once among the free slots."""

    __slots__ = ("_order", "_rng", "_size")

    def __init__(self, order: Jumps, blocked: bytes, rng: types.Rng) -> None:
        self.table: Table = Pool(blocked)
        self._order = order
        self._rng = rng
        self._size = len(blocked)

    def pick(self, table: Pool, _destination: types.Destination, /) -> tuple[int, int] | None:
        size = self._size
        candidates = self._order.candidates(0, size - 1)
        for tried, slot in enumerate(islice(candidates, _PATIENCE), 1):
            if table.is_free(slot):
                return slot, tried
        if size <= _PATIENCE:
            return None
        tried = _PATIENCE + redraws(self._rng, table.free / size)
        if tried > size:
            return None
        slot = table.lists[1][below(self._rng, table.free)]
        self._order.chosen(slot)
        return slot, tried


def picker_for(row: Algorithm, blocked: bytes, base: int, rng: types.Rng) -> Picker:
    """Return the picker of the algorithm *row*.

    Args:
        row: The algorithm.
        blocked: One byte per slot, 1 if it must not be allocated; not empty.
        base: The number of slot 0.
        rng: The source of random bits.

    Raises:
        InvalidValueError: How the algorithm chooses is not published.
    """
    if row.walk is Walk.LINUX_UDP:
        return _LinuxUdp(row.cells, blocked, base, rng)
    if row.walk is Walk.REDRAW:
        return _Redraws(row, blocked, rng)
    order = order_for(row, rng)
    if isinstance(order, Jumps):
        return _Jumps(order, blocked, rng)
    return _Scan(types.cast("Scan", order), blocked, base)
