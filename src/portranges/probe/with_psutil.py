"""The sockets of this machine from psutil, on systems other than Linux.

psutil reports one process for each socket, no inode, and no remaining time in TIME_WAIT. If several
sockets are alike in everything it reports (SO_REUSEPORT) and it cannot see their processes, it
lists only one of them. It is imported when it is first used.
"""

from __future__ import annotations

import socket

from portranges import types
from portranges.errors import (
    MissingExtraError,
    SystemReadError,
    UnexpectedOutputError,
    elide,
    reason_of,
)
from portranges.families import Family
from portranges.ports import LAST_PORT, Transport
from portranges.probe import row as col
from portranges.probe.proc import limited_scope
from portranges.probe.query import Query
from portranges.probe.record import MAY_HAVE_NO_PROCESS, Owner, is_address
from portranges.probe.row import TRANSPORTS, Row, SocketState
from portranges.probe.table import Backend, Scope, SocketTable, Visibility, table_of

_WHAT = "the socket table by psutil"

# By value, because the type of psutil's constants differs between versions.
_SAME = ("LISTEN", "SYN_SENT", "ESTABLISHED", "CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT")
# DELETE_TCB occurs on Windows, IDLE and BOUND on Solaris.
_CLOSED = ("CLOSE", "NONE", "DELETE_TCB", "IDLE", "BOUND")
_STATES = {
    **{name: SocketState[name] for name in _SAME},
    **dict.fromkeys(_CLOSED, SocketState.CLOSED),
    "SYN_RECV": SocketState.SYN_RECEIVED,
    "FIN_WAIT1": SocketState.FIN_WAIT_1,
    "FIN_WAIT2": SocketState.FIN_WAIT_2,
}


def read(query: Query) -> SocketTable:
    """Return the sockets of the transports, and their owners if they are requested.

    If the system shows only the user's own processes, the result has only their sockets.

    Raises:
        MissingExtraError: psutil is not installed.
        UnexpectedOutputError: psutil reported an unknown value.
        SystemReadError: psutil could not read anything.
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
            scope, reason = Scope.OWN, "the system shows the sockets of other users to root only"
    except OSError as error:
        raise SystemReadError(_WHAT, reason_of(error)) from error
    except psutil.Error as error:
        raise SystemReadError(_WHAT, elide(error)) from error
    rows = query.matching([row for each, pid in pairs if (row := _row(each, pid)) is not None])
    owners: dict[int, tuple[Owner, ...]] = {}
    owners_scope = Scope.NOT_REQUESTED
    if query.owners:
        owners = {pid: (_owner(psutil, pid),) for pid in {row[col.PID] for row in rows} if pid}
        owners_scope = scope
        # A socket that is being closed, or not yet accepted, may belong to the kernel alone.
        held = [row for row in rows if row[col.STATE] not in MAY_HAVE_NO_PROCESS]
        unknown = sum(row[col.PID] is None for row in held)
        if unknown and not reason:
            owners_scope = limited_scope()
            reason = f"psutil reports no process for {unknown} of {len(rows)} sockets"
    visibility = Visibility(sockets=scope, owners=owners_scope, reason=reason)
    return table_of(rows, owners=owners, visibility=visibility, backend=Backend.PSUTIL)


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
    """Yield the sockets of the processes that may be inspected."""
    for process in psutil.process_iter():
        try:
            for connection in process.net_connections(kind):
                yield connection, process.pid
        except (psutil.Error, PermissionError):
            # It belongs to another user, or has ended.
            continue


def _row(connection: types.PsutilConnection, pid: int | None) -> Row | None:
    """Return the row of *connection*, or None if it has no port."""
    if not connection.laddr:
        return None
    family = Family.INET6 if connection.family == socket.AF_INET6 else Family.INET
    address, port = _endpoint(connection.laddr, family)
    remote_address: str | None = None
    remote_port: int | None = None
    if connection.raddr:
        remote_address, remote_port = _endpoint(connection.raddr, family)
        if not remote_port:
            # Some systems report the remote address 0.0.0.0:0 for a listening socket.
            remote_address = remote_port = None
    if connection.type == socket.SOCK_STREAM:
        transport = Transport.TCP
        status = connection.status
        state = _STATES.get(str(getattr(status, "value", status)))
        if state is None:
            raise UnexpectedOutputError(_WHAT, f"expected a known state, got {elide(status)}")
    else:
        transport = Transport.UDP
        state = SocketState.ESTABLISHED if remote_port else SocketState.UNCONNECTED
    ends = (transport, family, address, port, remote_address, remote_port)
    # Windows assigns sockets without a process to the idle process, number 0.
    return (*ends, state, None, None, None, None, pid or None)


def _endpoint(end: types.Sequence[object], family: Family) -> tuple[str, int]:
    address, port, *_ = end
    if isinstance(address, str) and isinstance(port, int):  # noqa: SIM102
        if 0 <= port <= LAST_PORT and is_address(address, family):
            return address, port
    raise UnexpectedOutputError(_WHAT, f"expected an address and a port, got {elide(end)}")


def _owner(psutil: types.Psutil, pid: int) -> Owner:
    name = ""
    uid: int | None = None
    started: float | None = None
    try:
        process = psutil.Process(pid)
        # Before the clock is set, a process may appear to have started before 1970.
        started = created if (created := process.create_time()) >= 0 else None
        name = process.name()
        uids = getattr(process, "uids", None)  # not on Windows
        uid = None if uids is None or (real := uids().real) < 0 else real
    except (psutil.Error, OSError):
        # It has ended, or may not be inspected; what was read so far is kept.
        pass
    return Owner(pid=pid, name=name, uid=uid, started_at=started)
