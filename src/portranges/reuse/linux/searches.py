"""What earlier searches for a free TCP port have found, so that the next need not ask again.

What lives here: the order in which a search goes through a range, and Searches:
which ports were found taken by a search of the same kind, and not changed since.
What must not: the test itself, whether a port is taken (``tcp``).

The kernel asks every port in its turn, and where half the range is taken it
asks fourteen thousand. The answer for a port stays until its flags, its
4-tuples or somebody on it change; so it is kept until then. ``tests`` has the
walk without a memory as its slow twin.
"""

from __future__ import annotations

from portranges import types

__all__ = ["LINGERS", "TAKEN", "Search", "Searches", "walk"]

# Why a port is passed over; LINGERS is TAKEN by a connection that nobody ends.
TAKEN, LINGERS = 1, 2

# A search that has met fewer is not worth the memory: 64 KiB each.
_WORTH = 64
# Kinds of searches that are kept; a change on a port goes through all of them.
_KEPT = 32
_HALF = 1 << 15


def walk(start: int, end: int, remaining: int, step: int) -> types.Iterator[tuple[int, int]]:
    """Yield the stretches in which a search goes through a range, first and end.

    It begins at *start*, goes on by *step*, takes *remaining* off where it meets
    *end*, and is over after *remaining* / *step* ports.
    """
    count = -(-remaining // step)
    if start >= end:
        start -= remaining
    ahead = min(count, -(-(end - start) // step))
    yield start, start + ahead * step
    if count > ahead:
        start += ahead * step - remaining
        yield start, start + (count - ahead) * step


class Search:
    """The ports that one kind of search has found taken.

    Kept by parity, so that a search in steps of two finds the next with one call.
    """

    __slots__ = ("_halves",)

    def __init__(self) -> None:
        """Know of no port."""
        self._halves = bytearray(_HALF), bytearray(_HALF)

    def mark(self, port: int, why: int) -> None:
        """Keep why *port* is passed over; 0 forgets it."""
        self._halves[port & 1][port >> 1] = why

    def open(self, first: int, end: int, step: int) -> types.Iterator[int]:
        """Yield the ports from *first* to before *end* that are not known to be taken."""
        if step == 1:
            for port in range(first, end):
                if not self._halves[port & 1][port >> 1]:
                    yield port
            return
        parity = first & 1
        half = self._halves[parity]
        # The places of first and end within their half.
        at, last = first >> 1, (end - parity + 1) >> 1
        while (at := half.find(0, at, last)) >= 0:
            yield 2 * at + parity
            at += 1

    def lingering(self, first: int, end: int, step: int) -> int:
        """Return how many of these ports are passed over for what LINGERS."""
        halves = (first & 1,) if step > 1 else (0, 1)
        return sum(
            self._halves[parity].count(LINGERS, (first - parity + 1) >> 1, (end - parity + 1) >> 1)
            for parity in halves
        )


class Searches:
    """What the searches of one machine have found, by their kind."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        """Know of no search."""
        self._found: dict[types.SearchKind, Search] = {}

    def open(self, kind: types.SearchKind, first: int, end: int, step: int) -> types.Iterable[int]:
        """Return the ports that a search of this *kind* has to ask, as ``Search.open``."""
        found = self._found.get(kind)
        return range(first, end, step) if found is None else found.open(first, end, step)

    def lingering(self, kind: types.SearchKind, first: int, end: int, step: int) -> int:
        """Return how many that it need not ask are passed over for what LINGERS."""
        found = self._found.get(kind)
        return 0 if found is None else found.lingering(first, end, step)

    def learn(self, kind: types.SearchKind, taken: types.Sequence[tuple[int, int]]) -> None:
        """Keep the ports that a search of this *kind* has found *taken*, and why."""
        found = self._found.pop(kind, None)
        if found is None:
            if len(taken) < _WORTH:
                return
            found = Search()
            if len(self._found) == _KEPT:
                del self._found[next(iter(self._found))]
        # The one used last is the last to go.
        self._found[kind] = found
        for port, why in taken:
            found.mark(port, why)

    def forget(self, port: int) -> None:
        """Forget what was found at *port*, where something has changed."""
        for found in self._found.values():
            found.mark(port, 0)
