"""In which order the ports of a range are tried when the system chooses.

What lives here: Picker, which remembers where it was.
What must not: whether a port is free (the systems' own ``busy``).

Facts the code relies on: FreeBSD, OpenBSD and macOS draw a number below the
size of the range less one, and step before they look, so that the first port
of the range comes by wrapping only. illumos draws 16 bits and folds what falls
outside. NetBSD counts down, and macOS' TCP up, without a draw.
"""

from __future__ import annotations

from portranges import types
from portranges.portset import PortSet
from portranges.reuse.others.record import Order

__all__ = ["Picker"]


class Picker:
    """The choice of ports of one kind of socket."""

    def __init__(self, ports: PortSet, order: Order, rng: types.Random) -> None:
        """Choose among *ports*, of which those in between are passed over."""
        self._ports = ports
        self._order = order
        self._rng = rng
        self._last = 0

    def candidates(self) -> types.Iterator[int]:
        """Yield every port once, in the system's order."""
        if not self._ports:
            return
        first, last = self._ports.first, self._ports.last
        size = last - first + 1
        step = -1 if self._order is Order.DOWNWARDS else 1
        port = self._start(first, last)
        for _ in range(size):
            port += step
            if not first <= port <= last:
                port = last if step < 0 else first
            self._last = port
            if port in self._ports:
                yield port

    def _start(self, first: int, last: int) -> int:
        """Return the port one step before the first that is tried."""
        size = last - first + 1
        if self._order is Order.RANDOM_START:
            return first + self._rng.randrange(max(1, size - 1))
        if self._order is Order.RANDOM_16_BIT:
            port = self._rng.getrandbits(16)
            if not first <= port <= last:
                port = first + port % max(1, size - 1)
            return port - 1
        return self._last
