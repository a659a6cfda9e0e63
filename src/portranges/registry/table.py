"""RowTable: the rows of a file, held in memory.

``types.RegistryTable`` is the protocol that it shares with the shipped table.
"""

from __future__ import annotations

from bisect import bisect_right

from portranges import types
from portranges.ports import Transport
from portranges.registry.model import LAST_REGISTERED, TRANSPORTS, Assignment, Cell, State

# The cells without a row.
DYNAMIC = Cell(State.DYNAMIC)
NOT_LISTED = Cell(State.NOT_LISTED)
UNASSIGNED = Cell(State.UNASSIGNED)

_TRANSPORT_ORDER = {transport: at for at, transport in enumerate(TRANSPORTS)}

# No cell of IANA's registry has rows with two states. If one had, it would be safer to treat the
# port as taken.
_MOST_TAKEN_FIRST = (State.ASSIGNED, State.RESERVED, State.UNASSIGNED)


class RowTable:
    """Rows in memory, grouped by ranges of ports with equal rows.

    Args:
        own: The rows of each port that name a transport.
        shared: The rows of each port that name no transport, once per transport. They are
            used only if *own* has no row for the port: 7775 and 7997 have both, and their
            "Unassigned" row is a range that IANA did not split.
        is_complete: Whether a port without a row is unassigned. Otherwise it is not listed, because
            the table does not contain every assignment.

    Example:
        >>> RowTable({}, {}).cell(80, TRANSPORTS[0]).state
        <State.UNASSIGNED: 'unassigned'>
    """

    def __init__(
        self,
        own: types.Mapping[int, list[Assignment]],
        shared: types.Mapping[int, list[Assignment]],
        *,
        is_complete: bool = True,
    ) -> None:
        """Group adjacent ports with equal rows."""
        self._without_row = UNASSIGNED if is_complete else NOT_LISTED
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

    def cell(self, port: int, transport: Transport) -> Cell:
        """Return the cell of *port* and *transport*."""
        is_dynamic = port > LAST_REGISTERED
        at = bisect_right(self._firsts, port) - 1
        if at < 0 or self._lasts[at] < port:
            return DYNAMIC if is_dynamic else self._without_row
        rows = tuple(row for row in self._rows[at] if row.transport is transport)
        if not rows:
            return DYNAMIC if is_dynamic else NOT_LISTED
        states = {row.state for row in rows}
        state = next(state for state in _MOST_TAKEN_FIRST if state in states)
        services = dict.fromkeys(row.service for row in rows if row.service is not None)
        return Cell(state, tuple(services), rows)

    def spans(self) -> types.Iterator[tuple[int, int, Transport, State]]:
        """Yield every range of ports with a row, once per transport."""
        for first, last, rows in zip(self._firsts, self._lasts, self._rows, strict=True):
            for transport in dict.fromkeys(row.transport for row in rows):
                yield first, last, transport, self.cell(first, transport).state

    def rows(self) -> types.Iterator[tuple[int, int, Assignment]]:
        """Yield the rows of each range of ports."""
        for first, last, rows in zip(self._firsts, self._lasts, self._rows, strict=True):
            for row in rows:
                yield first, last, row

    def named(self, name: str) -> types.Iterator[tuple[int, int, Transport]]:
        """Yield every range with the service *name*, in lower case."""
        yield from self._named.get(name, ())

    def names(self) -> types.Iterator[str]:
        """Yield all service names."""
        for rows in self._rows:
            for row in rows:
                if row.service is not None:
                    yield row.service


def _rank(row: Assignment) -> int:
    return _TRANSPORT_ORDER[row.transport]
