"""A cache of what earlier searches for a free TCP port have found.

The kernel tries every port in turn, up to fourteen thousand if half the range is taken. Whether
a port is taken changes only with its flags, its 4-tuples or its holders, so the result is kept
until one of them changes. ``tcp`` decides whether a port is taken. The tests compare the cache
with an implementation that has none.
"""

from __future__ import annotations

from portranges import types

# Why a port is skipped; LINGERS means TAKEN by a lingering connection that is not replaced.
TAKEN, LINGERS = 1, 2

# A search that skipped fewer ports is not worth 64 KiB.
_WORTH = 64
# The number of kinds of searches that are kept; a change of a port updates all of them.
_KEPT = 32
_HALF = 1 << 15


class Search:
    """The ports that searches of one kind have found taken.

    They are stored by parity, so that a search in steps of two finds the next with one call.
    """

    __slots__ = ("_halves",)

    def __init__(self) -> None:
        """Start without taken ports."""
        self._halves = bytearray(_HALF), bytearray(_HALF)

    def mark(self, port: int, why: int) -> None:
        """Store why *port* is skipped; 0 removes it."""
        self._halves[port & 1][port >> 1] = why

    def open(self, ports: range) -> types.Iterator[int]:
        """Yield the *ports* that are not known to be taken."""
        first, end, step = ports.start, ports.stop, ports.step
        if step != 2:
            for port in ports:
                if not self._halves[port & 1][port >> 1]:
                    yield port
            return
        parity = first & 1
        half = self._halves[parity]
        # The positions of first and end within their half.
        at, last = first >> 1, (end - parity + 1) >> 1
        while (at := half.find(0, at, last)) >= 0:
            yield 2 * at + parity
            at += 1

    def lingering(self, ports: range) -> int:
        """Return how many of *ports* are skipped because of LINGERS."""
        first, end, step = ports.start, ports.stop, ports.step
        if step > 2:
            return sum(self._halves[port & 1][port >> 1] == LINGERS for port in ports)
        halves = (first & 1,) if step > 1 else (0, 1)
        return sum(
            self._halves[parity].count(LINGERS, (first - parity + 1) >> 1, (end - parity + 1) >> 1)
            for parity in halves
        )


class Searches:
    """The results of the searches of one machine, by kind."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        """Start without results."""
        self._found: dict[types.SearchKind, Search] = {}

    def open(self, kind: types.SearchKind, ports: range) -> types.Iterable[int]:
        """Return the *ports* that a search of this *kind* must check."""
        found = self._found.get(kind)
        return ports if found is None else found.open(ports)

    def lingering(self, kind: types.SearchKind, ports: range) -> int:
        """Return how many of *ports* are known and skipped because of LINGERS."""
        found = self._found.get(kind)
        return 0 if found is None else found.lingering(ports)

    def learn(self, kind: types.SearchKind, taken: types.Sequence[tuple[int, int]]) -> None:
        """Store the ports that a search of this *kind* has found *taken*, and why."""
        found = self._found.pop(kind, None)
        if found is None:
            if len(taken) < _WORTH:
                return
            found = Search()
            if len(self._found) == _KEPT:
                del self._found[next(iter(self._found))]
        # The most recently used kind is removed last.
        self._found[kind] = found
        for port, why in taken:
            found.mark(port, why)

    def forget(self, port: int) -> None:
        """Remove the results for *port*, which has changed."""
        for found in self._found.values():
            found.mark(port, 0)
