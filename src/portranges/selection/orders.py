"""The order in which each algorithm tries the ports of a range.

This is the only implementation of how a port is chosen. ``order_for`` returns an ``Order``: the
state of an algorithm, which yields the candidates of one choice after the other.
``portranges.reuse`` checks each candidate against its rules; ``pickers`` finds the first free one
in a table without trying the others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import chain

from portranges import types
from portranges.errors import InvalidValueError
from portranges.selection.draws import draw_from
from portranges.selection.linux import (
    bind_parts,
    bind_scan,
    connect_scan,
    connect_stride,
    missed,
    scanned,
    udp_ports,
)
from portranges.selection.model import Algorithm, Walk
from portranges.selection.starts import Cells, Start, start_for

_CELL_BITS = 32


class Order(ABC):
    """The order in which an algorithm tries ports, and what it remembers between choices.

    A choice calls ``candidates``, takes the first port that is free, and passes it to ``chosen``.
    If ``chosen`` is not called, the choice failed, and the algorithm remembers of it only what the
    system would. One choice must end before the next begins.
    """

    __slots__ = ()

    @abstractmethod
    def candidates(
        self, first: int, last: int, destination: types.Destination = None, /
    ) -> types.Iterable[int]:
        """Return the ports of the range *first* to *last* in the order in which they are tried."""

    def chosen(self, port: int) -> None:  # noqa: B027 - most remember nothing
        """Remember that *port* was free and was taken."""

    def rekey(self) -> None:  # noqa: B027 - most have no key
        """Draw another secret key, if there is one."""


class Scan(Order):
    """An order that consists of a few arithmetic sequences.

    Attributes:
        step: The distance of two ports that are tried one after the other.
    """

    __slots__ = ()

    step: int = 1

    @abstractmethod
    def stretches(
        self, first: int, last: int, destination: types.Destination = None, /
    ) -> types.Iterable[range]:
        """Return the candidates as sequences, each in steps of ``step``."""

    def candidates(
        self, first: int, last: int, destination: types.Destination = None, /
    ) -> types.Iterable[int]:
        """Return the ports in the order in which they are tried."""
        return chain.from_iterable(self.stretches(first, last, destination))


class UpOrDown(Scan):
    """A start, then one port after the other; the range is a ring."""

    __slots__ = ("_begun", "_size", "_start", "step")

    def __init__(self, start: Start, step: int) -> None:
        """Begin at *start*, and go on in steps of 1 or -1."""
        self._start = start
        self.step: int = step
        self._begun = 0
        self._size = 1

    def stretches(
        self, first: int, last: int, destination: types.Destination = None, /
    ) -> types.Iterable[range]:
        """Return the ports from the start to one end, then those from the other end."""
        begun = self._begun = self._start.first(first, last, destination)
        self._size = last - first + 1
        if self.step > 0:
            return range(begun, last + 1), range(first, begun)
        return range(begun, first - 1, -1), range(last, begun, -1)

    def chosen(self, port: int) -> None:
        """Remember *port*, or how many ports were tried."""
        self._start.chosen(port, (port - self._begun) * self.step % self._size + 1)

    def rekey(self) -> None:
        """Draw another secret key, if there is one."""
        self._start.rekey()


class LinuxConnect(Scan):
    """Linux's connect(): a hash of the destination and a counter, then every *step*-th port.

    With a *width*, the ports of each parity are tried in steps of a random size, as
    ``ip_local_port_step_width`` of Linux 7.1 makes it.
    """

    __slots__ = (
        "_cell", "_cells", "_draw", "_first", "_offset", "_size", "_stride", "_width", "step",
    )  # fmt: skip

    def __init__(self, cells: types.Counters, draw: types.Draw, step: int, width: int = 0) -> None:
        """Add the counters of *cells* to the hash; *draw* returns an even choice."""
        self._cells = cells
        self._draw = draw
        self.step: int = step
        self._width = width
        self._first = self._offset = self._cell = 0
        self._size = self._stride = 1

    def stretches(
        self, first: int, last: int, destination: types.Destination = None, /
    ) -> types.Iterable[range]:
        """Return the ports of one parity, then of the other; or all ports."""
        self._offset, self._cell = self._cells.offset(destination)
        self._first = first
        self._size = last - first + 1
        self._stride = connect_stride(self._size, self.step, self._width, self._draw)
        return connect_scan(first, last, self._offset, self.step, self._stride)

    def chosen(self, port: int) -> None:
        """Increase the counter, so that the next choice begins further on."""
        step = self.step
        remaining = self._size if step == 1 else scanned(self._size)
        begun = self._offset % remaining
        if step == 2:
            begun &= ~1
        # The number of ports that were tried before it; modulo 1 the inverse of 1 is 0.
        ports = remaining // step or 1
        tried = (port - self._first - begun) // step * pow(self._stride // step, -1, ports) % ports
        passed = tried * step
        # i = max_t(int, i, get_random_u32_below(8) * step);
        # WRITE_ONCE(table_perturb[index], READ_ONCE(table_perturb[index]) + i + step);
        self._cells.add(self._cell, max(passed, self._draw(8) * step) + step)

    def rekey(self) -> None:
        """Draw another secret key."""
        self._cells.rekey()


class LinuxBind(Scan):
    """Linux's bind() to port 0: a random start in each part, the odd offsets before the even."""

    __slots__ = ("_draw", "_halves")

    step: int = 2

    def __init__(self, draw: types.Draw, *, halves: bool) -> None:
        """Search the range, or with SO_REUSEADDR its *halves*; *draw* returns an even choice."""
        self._draw = draw
        self._halves = halves

    def stretches(
        self, first: int, last: int, _destination: types.Destination = None, /
    ) -> types.Iterator[range]:
        """Yield the ports of each parity of each part; a start is drawn when it is needed."""
        for low, high in bind_parts(first, last, halves=self._halves):
            yield from bind_scan(low, high, self._draw(scanned(high - low + 1)))


class LinuxUdp(Order):
    """Linux's UDP: a random port, its hash chain in random steps, then the next chain."""

    __slots__ = ("_chains", "_rng")

    def __init__(self, chains: int, rng: types.Rng) -> None:
        """Search that many hash *chains*, a power of two."""
        self._chains = chains
        self._rng = rng

    def candidates(
        self, first: int, last: int, _destination: types.Destination = None, /
    ) -> types.Iterator[int]:
        """Return the ports in the order in which they are tried."""
        return udp_ports(first, last, self._rng.getrandbits(32), self._chains)


class Redraws(Order):
    """A random port at every try."""

    __slots__ = ("_draw", "_gives_up")

    def __init__(self, draw: types.Draw, *, gives_up: bool) -> None:
        """Draw by *draw*, as often as the range has ports if the algorithm *gives_up*."""
        self._draw = draw
        self._gives_up = gives_up

    def candidates(
        self, first: int, last: int, _destination: types.Destination = None, /
    ) -> types.Iterator[int]:
        """Yield random ports: as many as the range has, or without end."""
        size = last - first + 1
        tries = 0
        while tries < size or not self._gives_up:
            tries += 1
            yield first + self._draw(size)


class Jumps(Order):
    """A counter that grows by a random step at every try."""

    __slots__ = ("_counter", "_draw", "_increment")

    def __init__(self, increment: int, rng: types.Rng) -> None:
        """Grow by 1 to *increment*."""
        self._increment = increment
        self._draw = draw_from(rng)
        self._counter = rng.getrandbits(16)

    def candidates(
        self, first: int, last: int, _destination: types.Destination = None, /
    ) -> types.Iterator[int]:
        """Yield as many ports as the range has."""
        size = last - first + 1
        for _ in range(size):
            self._counter = (self._counter + 1 + self._draw(self._increment)) % size
            yield first + self._counter

    def chosen(self, port: int) -> None:
        """Go on from *port*, a place in a range that begins at 0."""
        self._counter = port


def order_for(row: Algorithm, rng: types.Rng) -> Order:
    """Return the order of the algorithm *row*, in its state after boot.

    Args:
        row: The algorithm.
        rng: The source of random bits.

    Raises:
        InvalidValueError: How the algorithm chooses is not published.
    """
    if row.walk in (Walk.UP, Walk.DOWN):
        return UpOrDown(start_for(row, rng), 1 if row.walk is Walk.UP else -1)
    if row.walk is Walk.LINUX_CONNECT:
        return LinuxConnect(Cells(row.cells, _CELL_BITS, rng), draw_from(rng), row.step)
    if row.walk in (Walk.LINUX_BIND, Walk.LINUX_BIND_HALVES):
        return LinuxBind(draw_from(rng), halves=row.walk is Walk.LINUX_BIND_HALVES)
    if row.walk is Walk.LINUX_UDP:
        return LinuxUdp(row.cells, rng)
    if row.walk is Walk.REDRAW:
        return Redraws(draw_from(rng, row.random_bits), gives_up=row.gives_up)
    if row.walk is Walk.JUMP:
        return Jumps(row.increment, rng)
    raise InvalidValueError("algorithm must be one whose steps are published", repr(row.name))


def missed_by(row: Algorithm, size: int) -> tuple[int, int]:
    """Return how many ports of a range the algorithm *row* leaves out.

    Args:
        row: The algorithm.
        size: How many ports there are from the first one of the range to the last one.

    Returns:
        How many one choice leaves out, and how many all choices leave out.
    """
    if row.walk is Walk.LINUX_BIND or (row.walk is Walk.LINUX_CONNECT and row.step == 2):
        return missed(size)
    if row.walk is Walk.LINUX_BIND_HALVES and size > 0:
        # The lower half is even.
        low, high = bind_parts(0, size - 1, halves=True)[-1]
        return missed(high - low + 1)
    return 0, 0
