"""What a Registry asks of a table, and the table that holds rows in memory.

What lives here: the protocol Table, and RowTable, which holds the rows of an
official file. What must not: reading a file, checking an argument.
"""

from __future__ import annotations

from bisect import bisect_right

from portranges import types
from portranges.ports import Transport
from portranges.registry.model import LAST_REGISTERED, TRANSPORTS, Assignment, Cell, State

__all__ = ["DYNAMIC", "NOT_LISTED", "UNASSIGNED", "RowTable"]

# The cells without a row.
DYNAMIC = Cell(State.DYNAMIC)
NOT_LISTED = Cell(State.NOT_LISTED)
UNASSIGNED = Cell(State.UNASSIGNED)

_TRANSPORT_ORDER = {transport: at for at, transport in enumerate(TRANSPORTS)}

# IANA's rows never give one cell two states. Should they, the cautious reading
# is that the port is taken.
_MOST_TAKEN_FIRST = (State.ASSIGNED, State.RESERVED, State.UNASSIGNED)


class RowTable:
    """Rows in memory, as stretches of ports that have the same rows.

    Args:
        own: The rows of each port for the transports that they name.
        shared: The rows of each port that name no transport, four of each:
            they count where *own* has no row for the port (7775 and 7997 have
            both, and there the "Unassigned" range is only IANA's shorthand).

    Example:
        >>> RowTable({}, {}).cell(80, TRANSPORTS[0]).state
        <State.UNASSIGNED: 'unassigned'>
    """

    __slots__ = ("_firsts", "_lasts", "_named", "_rows")

    def __init__(
        self,
        own: types.Mapping[int, list[Assignment]],
        shared: types.Mapping[int, list[Assignment]],
    ) -> None:
        """Join neighbouring ports with the same rows into stretches."""
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        self._rows: list[tuple[Assignment, ...]] = []
        self._named: dict[str, list[tuple[int, int, Transport]]] = {}
        for port in sorted(own.keys() | shared.keys()):
            rows = tuple(sorted(own.get(port) or shared[port], key=_rank))
            if self._lasts and self._lasts[-1] == port - 1 and self._rows[-1] == rows:
                self._lasts[-1] = port
            else:
                self._firsts.append(port)
                self._lasts.append(port)
                self._rows.append(rows)
        for first, last, rows in zip(self._firsts, self._lasts, self._rows, strict=True):
            for row in rows:
                if row.service is not None:
                    stretch = (first, last, row.transport)
                    self._named.setdefault(row.service.lower(), []).append(stretch)

    def __getstate__(self) -> tuple[object, ...]:
        """Return what a pickle of any protocol holds."""
        return self._firsts, self._lasts, self._named, self._rows

    def __setstate__(self, state: tuple[types.Any, ...]) -> None:
        """Take what a pickle held."""
        self._firsts, self._lasts, self._named, self._rows = state

    def cell(self, port: int, transport: Transport) -> Cell:
        """Return what the rows say about *port*."""
        if port > LAST_REGISTERED:
            return DYNAMIC
        at = bisect_right(self._firsts, port) - 1
        if at < 0 or self._lasts[at] < port:
            return UNASSIGNED
        rows = tuple(row for row in self._rows[at] if row.transport is transport)
        if not rows:
            return NOT_LISTED
        states = {row.state for row in rows}
        state = next(state for state in _MOST_TAKEN_FIRST if state in states)
        services = dict.fromkeys(row.service for row in rows if row.service is not None)
        return Cell(state, tuple(services), rows)

    def spans(self) -> types.Iterator[tuple[int, int, Transport, State]]:
        """Yield every stretch of ports with a row."""
        for first, last, rows in zip(self._firsts, self._lasts, self._rows, strict=True):
            for transport in dict.fromkeys(row.transport for row in rows):
                yield first, last, transport, self.cell(first, transport).state

    def named(self, name: str) -> types.Iterator[tuple[int, int, Transport]]:
        """Yield every stretch that has *name*."""
        yield from self._named.get(name, ())

    def names(self) -> types.Iterator[str]:
        """Yield all names."""
        for rows in self._rows:
            for row in rows:
                if row.service is not None:
                    yield row.service


def _rank(row: Assignment) -> int:
    return _TRANSPORT_ORDER[row.transport]
