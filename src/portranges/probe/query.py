"""What is asked of a backend, and what it answers.

What lives here: the two records between ``backends`` and the backends, and
which transports can be meant.
What must not: any reading.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import types
from portranges.ports import Transport, check_transport
from portranges.probe.model import Owner, Scope, SocketState

__all__ = [
    "ALL_STATES",
    "CONNECTED",
    "LISTENING",
    "TRANSPORTS",
    "Query",
    "QueryResult",
    "transports_of",
]

TRANSPORTS = (Transport.TCP, Transport.UDP)
ALL_STATES = frozenset(SocketState)
LISTENING = frozenset({SocketState.LISTEN, SocketState.UNCONNECTED})
CONNECTED = ALL_STATES - LISTENING - {SocketState.CLOSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which sockets are wanted.

    Attributes:
        transports: TCP, UDP or both.
        states: The states that count.
        port: Only sockets with this local port.
        owners: Whether their processes are looked for.
    """

    transports: tuple[Transport, ...] = TRANSPORTS
    states: frozenset[SocketState] = ALL_STATES
    port: int | None = None
    owners: bool = False

    def wants(self, rows: types.Sequence[types.ProbeRow]) -> types.Sequence[types.ProbeRow]:
        """Return those of *rows* that are wanted; a backend may have told more."""
        states, port = self.states, self.port
        if port is not None:
            rows = [row for row in rows if row[3] == port]
        if states is not ALL_STATES:
            rows = [row for row in rows if row[6] in states]
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryResult:
    """What a backend saw.

    Attributes:
        rows: The sockets; more than were asked for, perhaps.
        sockets: How much of them it saw.
        owners: The processes by handle.
        owners_scope: How much of them it saw.
        reason: Why not all.
    """

    rows: types.Sequence[types.ProbeRow]
    sockets: Scope = Scope.ALL
    owners: types.Mapping[int, tuple[Owner, ...]] | None = None
    owners_scope: Scope = Scope.NOT_REQUESTED
    reason: str = ""


def transports_of(transport: str | None) -> tuple[Transport, ...]:
    """Return the transports that are meant."""
    return TRANSPORTS if transport is None else (check_transport(transport, among=TRANSPORTS),)
