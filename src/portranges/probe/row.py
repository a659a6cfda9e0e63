"""A socket as the backends return it: a row, which a ``SocketRecord`` keeps and reads from.

A table of 20,000 sockets is read in a tenth of the time that psutil needs. Creating 20,000 records
with checked fields would take as long again. A row is a plain tuple because Python creates it in
half the time of a named one; its users write ``row[col.PORT]`` after ``from portranges.probe import
row as col``.
"""

from __future__ import annotations

from enum import StrEnum

from portranges import types
from portranges.families import Family
from portranges.ports import Transport

TRANSPORTS = (Transport.TCP, Transport.UDP)


class SocketState(StrEnum):
    """The state of a socket: the states of TCP, and two that UDP sockets have.

    Attributes:
        CLOSED: It has a port, but neither listens nor is connected.
        UNCONNECTED: A UDP socket without a remote address: a service, or a client that
            waits for answers. The state does not show which.
        ESTABLISHED: Connected; also a UDP socket with a remote address.

    Source:
        RFC 9293, section 3.3.2, for the names.

    Example:
        >>> SocketState("time-wait")
        <SocketState.TIME_WAIT: 'time-wait'>
    """

    LISTEN = "listen"
    SYN_SENT = "syn-sent"
    SYN_RECEIVED = "syn-received"
    ESTABLISHED = "established"
    FIN_WAIT_1 = "fin-wait-1"
    FIN_WAIT_2 = "fin-wait-2"
    CLOSE_WAIT = "close-wait"
    CLOSING = "closing"
    LAST_ACK = "last-ack"
    TIME_WAIT = "time-wait"
    CLOSED = "closed"
    UNCONNECTED = "unconnected"


# One socket. The values are those of ``SocketRecord``, with two differences: the inode is 0 if no
# process can have the socket, and psutil reports a PID instead of an inode.
Row = tuple[
    Transport,
    Family,
    str,
    int,
    str | None,
    int | None,
    SocketState,
    int | None,
    int | None,
    bool | None,
    float | None,
    int | None,
]
TRANSPORT: types.Literal[0] = 0
FAMILY: types.Literal[1] = 1
ADDRESS: types.Literal[2] = 2
PORT: types.Literal[3] = 3
REMOTE_ADDRESS: types.Literal[4] = 4
REMOTE_PORT: types.Literal[5] = 5
STATE: types.Literal[6] = 6
UID: types.Literal[7] = 7
INODE: types.Literal[8] = 8
V6ONLY: types.Literal[9] = 9
EXPIRES_IN: types.Literal[10] = 10
PID: types.Literal[11] = 11


def ends_of(row: Row) -> tuple[object, ...]:
    """Return the transport, the family, and both addresses with their ports."""
    return row[: REMOTE_PORT + 1]


def is_self_connected(row: Row) -> bool:
    """Return whether both ends are the same address and port."""
    return row[REMOTE_PORT] == row[PORT] and row[REMOTE_ADDRESS] == row[ADDRESS]
