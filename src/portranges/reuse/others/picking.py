"""The order in which the ports of a range are tried when the system chooses one.

FreeBSD, OpenBSD and macOS draw a random number below the size of the range less one and step
before the first check, so that the first port of the range is only reached by wrapping around.
illumos draws 16 bits and folds values outside the range into it. NetBSD counts down, and macOS
counts up for TCP, without a random number. The systems' ``busy`` decides whether a port is free.
"""

from __future__ import annotations

from portranges import types
from portranges.portset import PortSet
from portranges.reuse.others.record import Order

__all__ = ["Picker"]


class Picker:
    """The order of the ports for one kind of socket."""

    def __init__(self, ports: PortSet, order: Order, rng: types.Random) -> None:
        """Use the range of *ports*, and skip the ports within it that are not in the set."""
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
        """Return the port one step before the first one that is tried."""
        size = last - first + 1
        if self._order is Order.RANDOM_START:
            return first + self._rng.randrange(max(1, size - 1))
        if self._order is Order.RANDOM_16_BIT:
            port = self._rng.getrandbits(16)
            if not first <= port <= last:
                port = first + port % max(1, size - 1)
            return port - 1
        return self._last
