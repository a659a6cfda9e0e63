"""psutil, asked for this machine's sockets: the way on other systems than Linux.

What lives here: all that is said to psutil, which is imported when it is asked.
What must not: anything that works without it.

psutil names one process of a socket, no inode and no time in TIME_WAIT. Of
sockets that share all it tells (SO_REUSEPORT), it shows one where it does not
see their processes.
"""

from __future__ import annotations

import os
import socket

from portranges import types
from portranges.errors import MissingExtraError, SystemReadError, UnexpectedOutputError, elide
from portranges.families import Family
from portranges.ports import LAST_PORT, Transport
from portranges.probe.model import MAY_HAVE_NO_PROCESS, Owner, Scope, SocketState
from portranges.probe.query import TRANSPORTS, Query, QueryResult
from portranges.probe.sock_diag import reason_of

__all__ = ["read"]

_WHAT = "the socket table by psutil"

# By value: psutil makes its names another type in each version.
_STATES = {
    "LISTEN": SocketState.LISTEN,
    "SYN_SENT": SocketState.SYN_SENT,
    "SYN_RECV": SocketState.SYN_RECEIVED,
    "ESTABLISHED": SocketState.ESTABLISHED,
    "FIN_WAIT1": SocketState.FIN_WAIT_1,
    "FIN_WAIT2": SocketState.FIN_WAIT_2,
    "CLOSE_WAIT": SocketState.CLOSE_WAIT,
    "CLOSING": SocketState.CLOSING,
    "LAST_ACK": SocketState.LAST_ACK,
    "TIME_WAIT": SocketState.TIME_WAIT,
    "CLOSE": SocketState.CLOSED,
    "NONE": SocketState.CLOSED,
    "DELETE_TCB": SocketState.CLOSED,  # Windows
    "IDLE": SocketState.CLOSED,  # Solaris
    "BOUND": SocketState.CLOSED,  # Solaris
}


def read(query: Query) -> QueryResult:
    """Return the sockets, and their owners where they are asked for.

    Args:
        query: Which transports; states and port are not sorted out here.

    Returns:
        The answer; of own processes only where the system tells no more.

    Raises:
        MissingExtraError: psutil is not installed.
        UnexpectedOutputError: It told something that is not known.
        SystemReadError: It could not read anything.
    """
    psutil = _psutil()
    kind = "inet" if query.transports == TRANSPORTS else query.transports[0].value
    scope, reason = Scope.ALL, ""
    pairs: types.Iterable[tuple[types.PsutilConnection, int | None]]
    try:
        try:
            pairs = [(each, getattr(each, "pid", None)) for each in psutil.net_connections(kind)]
        except (PermissionError, psutil.AccessDenied):
            pairs = list(_own(psutil, kind))
            scope, reason = Scope.OWN, "the system tells the sockets of others to root only"
    except OSError as error:
        raise SystemReadError(_WHAT, reason_of(error)) from error
    except psutil.Error as error:
        raise SystemReadError(_WHAT, elide(error)) from error
    rows = [row for each, pid in pairs if (row := _row(each, pid)) is not None]
    if not query.owners:
        return QueryResult(rows=rows, sockets=scope, reason=reason)
    wanted = query.wants(rows)
    pids = {-row[8] for row in wanted if row[8] is not None}
    owners = {-pid: (_owner(psutil, pid),) for pid in pids}
    owners_scope = scope
    # The kernel alone may have one that is being closed, or not yet accepted.
    unknown = sum(row[8] is None and row[6] not in MAY_HAVE_NO_PROCESS for row in wanted)
    if unknown and not reason:
        euid = getattr(os, "geteuid", int)
        owners_scope = Scope.PARTIAL if euid() == 0 else Scope.OWN
        reason = f"psutil names no process for {unknown} of {len(wanted)} sockets"
    return QueryResult(
        rows=rows, sockets=scope, owners=owners, owners_scope=owners_scope, reason=reason
    )


def _psutil() -> types.Psutil:
    try:
        import psutil
    except ImportError:
        raise MissingExtraError("psutil", "probe") from None
    module: types.Psutil = psutil  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    return module


def _own(
    psutil: types.Psutil, kind: str
) -> types.Iterator[tuple[types.PsutilConnection, int | None]]:
    """Yield the sockets of the processes that may be looked into."""
    for process in psutil.process_iter():
        try:
            for connection in process.net_connections(kind):
                yield connection, process.pid
        except (psutil.Error, PermissionError):
            # Another user's, or gone.
            continue


def _row(connection: types.PsutilConnection, pid: int | None) -> types.ProbeRow | None:
    """Return the row; None for a socket that has no port."""
    if not connection.laddr:
        return None
    address, port = _end(connection.laddr)
    remote_address: str | None = None
    remote_port: int | None = None
    if connection.raddr:
        remote_address, remote_port = _end(connection.raddr)
        if not remote_port:
            # Some systems give a socket that listens the remote end 0.0.0.0:0.
            remote_address = remote_port = None
    if connection.type == socket.SOCK_STREAM:
        transport = Transport.TCP
        state = _STATES.get(str(getattr(connection.status, "value", connection.status)))
        if state is None:
            raise UnexpectedOutputError(
                _WHAT, f"expected a known state, got {elide(connection.status)}"
            )
    else:
        transport = Transport.UDP
        state = SocketState.ESTABLISHED if remote_port else SocketState.UNCONNECTED
    return (
        transport,
        Family.INET6 if connection.family == socket.AF_INET6 else Family.INET,
        address,
        port,
        remote_address,
        remote_port,
        state,
        None,
        # Windows gives what has no process to the idle one, number 0.
        -pid if pid else None,
        None,
        None,
    )


def _end(end: types.Sequence[object]) -> tuple[str, int]:
    address, port, *_ = end
    if not (isinstance(address, str) and isinstance(port, int) and 0 <= port <= LAST_PORT):
        raise UnexpectedOutputError(_WHAT, f"expected an address and a port, got {elide(end)}")
    return address, port


def _owner(psutil: types.Psutil, pid: int) -> Owner:
    name = ""
    uid: int | None = None
    started: float | None = None
    try:
        process = psutil.Process(pid)
        started = process.create_time()
        name = process.name()
        uids = getattr(process, "uids", None)  # not on Windows
        uid = None if uids is None else uids().real
    except (psutil.Error, OSError):
        # Gone, or it may not be looked at; what was told is kept.
        pass
    return Owner(pid=pid, name=name, uid=uid, started_at=started)
