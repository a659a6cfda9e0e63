"""Which sockets a caller requests.

``listing``, ``counting``, ``watching`` and ``long_lived`` send a ``Query`` through ``backends``.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import checks, types
from portranges.ports import Transport, check_transport
from portranges.probe import row as col
from portranges.probe.row import TRANSPORTS, Row, SocketState

ALL_STATES = frozenset(SocketState)
LISTENING = frozenset({SocketState.LISTEN, SocketState.UNCONNECTED})
CONNECTED = ALL_STATES - LISTENING - {SocketState.CLOSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which sockets to return.

    Attributes:
        transports: TCP, UDP or both.
        states: The states to include.
        port: Only sockets with this local port.
        owners: Whether to look up the processes.
    """

    transports: tuple[Transport, ...] = TRANSPORTS
    states: frozenset[SocketState] = ALL_STATES
    port: int | None = None
    owners: bool = False

    def __post_init__(self) -> None:
        """Check the values that callers pass on."""
        checks.flag("owners", self.owners)

    def matching(self, rows: types.Sequence[Row]) -> types.Sequence[Row]:
        """Return the *rows* that match; a backend may have returned more."""
        states, port = self.states, self.port
        if port is not None:
            rows = [row for row in rows if row[col.PORT] == port]
        if states is not ALL_STATES:
            rows = [row for row in rows if row[col.STATE] in states]
        return rows


def transports_of(transport: str | None) -> tuple[Transport, ...]:
    """Return *transport* in a tuple, or TCP and UDP if it is None."""
    return TRANSPORTS if transport is None else (check_transport(transport, among=TRANSPORTS),)
