"""Tables of sockets: all of them, listeners, connections, those on one port; and free ports."""

from __future__ import annotations

from portranges import types
from portranges.ports import PortRange, check_port
from portranges.portset import PortSet
from portranges.probe import row as col
from portranges.probe.backends import complete, read
from portranges.probe.query import CONNECTED, LISTENING, Query, transports_of
from portranges.probe.table import SocketTable

_ALL_BUT_0 = PortRange(1, 65535)


def sockets(
    transport: types.TcpOrUdpLike | None = None,
    *,
    owners: bool = False,
    backend: types.BackendLike | None = None,
) -> SocketTable:
    """Return every TCP and UDP socket of this machine that has a port.

    On Linux these are the sockets in the network namespace of the calling thread. A TCP socket
    that is bound, but neither listens nor is connected, is only reported by netlink, since
    Linux 6.8. If the system refuses, the table is empty and its ``visibility`` has the reason.

    Args:
        transport: TCP or UDP; both if None.
        owners: Whether to look up the processes. On Linux this visits every process, which
            takes much longer than reading the table.
        backend: The backend to use; the best one if None.

    Raises:
        MissingExtraError: This system needs psutil, which is not installed.
        UnknownNameError: *transport* or *backend* is unknown.
        UnsupportedPlatformError: *backend* is for another system.
        UnexpectedOutputError: The system's answer is not in a known format.

    Complexity:
        Linear in the number of sockets; with *owners* also in the number of open files of all
        processes.

    Example:
        >>> from portranges import probe
        >>> len(probe.sockets("tcp")) >= 0  # doctest: +SKIP
        True
    """
    return read(Query(transports=transports_of(transport), owners=owners), backend)


def listeners(
    transport: types.TcpOrUdpLike | None = None,
    *,
    owners: bool = False,
    backend: types.BackendLike | None = None,
) -> SocketTable:
    """Return the listening sockets: TCP in LISTEN, and UDP without a remote address.

    A UDP socket without a remote address may be a service, or a client that waits for answers;
    systems do not report which. See ``sockets`` for the arguments and errors.

    Args:
        transport: TCP or UDP; both if None.
        owners: Whether to look up the processes.
        backend: The backend to use; the best one if None.

    Example:
        >>> from portranges import probe
        >>> for record in probe.listeners(owners=True):  # doctest: +SKIP
        ...     print(record.local, [owner.name for owner in record.owners])
        0.0.0.0:22 ['sshd']
    """
    query = Query(transports=transports_of(transport), states=LISTENING, owners=owners)
    return read(query, backend)


def connections(
    transport: types.TcpOrUdpLike | None = None,
    *,
    owners: bool = False,
    backend: types.BackendLike | None = None,
) -> SocketTable:
    """Return the sockets that have a remote address, including those in TIME_WAIT.

    A connection between two sockets of this machine is listed twice. Arguments and errors are
    those of ``sockets``.

    Args:
        transport: TCP or UDP; both if None.
        owners: Whether to look up the processes.
        backend: The backend to use; the best one if None.

    Example:
        >>> from portranges import probe
        >>> probe.connections("tcp")  # doctest: +SKIP
        <SocketTable 12 sockets; all sockets>
    """
    query = Query(transports=transports_of(transport), states=CONNECTED, owners=owners)
    return read(query, backend)


def owners(
    port: types.SupportsIndex,
    transport: types.TcpOrUdpLike | None = None,
    *,
    backend: types.BackendLike | None = None,
) -> SocketTable:
    """Return the sockets that hold a local port, in any state, with their processes.

    ``.owners`` of the table lists each process once, and ``.why_no_owner(record)`` explains
    why a record has none. Other errors are those of ``sockets``.

    Args:
        port: The port.
        transport: TCP or UDP; both if None.
        backend: The backend to use; the best one if None.

    Raises:
        TypeError: *port* is not an integer.
        InvalidPortError: *port* is outside 0..65535.

    Example:
        >>> from portranges import probe
        >>> probe.owners(60454).owners  # doctest: +SKIP
        (Owner(pid=4242, name='java', uid=1000, started_at=1795600000.5),)
    """
    query = Query(transports=transports_of(transport), port=check_port(port), owners=True)
    return read(query, backend)


def free_ports(
    among: types.PortItems | None = None,
    transport: types.TcpOrUdpLike | None = None,
    *,
    backend: types.BackendLike | None = None,
) -> PortSet:
    """Return the ports that no socket of this machine held when it looked, on any address.

    The result may be out of date when it is returned: between this call and a ``bind()``, any
    program may take any of the ports. No function that returns a number can prevent that race.
    To obtain a port safely:

    - bind port 0, keep the socket, and pass on the socket instead of its number;
    - or use a fixed port that the system never allocates, because it is reserved
      (``system.read_reserved``) or outside the ephemeral range (``advice.listen_ports`` with
      ``system.read_settings().profile``), and treat EADDRINUSE as an error;
    - or choose from this result, bind, and repeat both after EADDRINUSE.

    A port may also be excluded by the system, and may require a privilege. Not every backend
    reports a TCP socket that is only bound: see ``sockets``, whose errors apply here too.

    Args:
        among: The ports to choose from: a set, a range, or any iterable that ``PortSet``
            accepts; 1 to 65535 if None. Port 0 is never free, because binding it means "any
            free port".
        transport: TCP or UDP; if None, a port must be free for both.
        backend: The backend to use; the best one if None.

    Raises:
        TypeError: *among* is none of these.
        SystemReadError: Not all sockets are visible.

    Example:
        >>> from portranges import PortRange, probe
        >>> probe.free_ports(PortRange(49152, 65535)).first  # doctest: +SKIP
        49152
        >>> import socket
        >>> with socket.create_server(("127.0.0.1", 0)) as listener:  # no race
        ...     listener.getsockname()[1] in probe.free_ports()
        False
    """
    table = complete(Query(transports=transports_of(transport)), backend)
    in_use = PortSet({0, *(row[col.PORT] for row in table._rows)})
    return PortSet(_ALL_BUT_0 if among is None else among) - in_use
