"""Questions about sockets: all, those that listen, those that are connected, a port's.

What lives here: the questions whose answer is a table, and that for free ports.
What must not: any reading (``backends``), any judgement (``counting``,
``long_lived``), time (``watching``).
"""

from __future__ import annotations

from portranges import types
from portranges.ports import PortRange, check_port
from portranges.portset import PortSet
from portranges.probe.backends import complete, read
from portranges.probe.model import SocketTable
from portranges.probe.query import ALL_STATES, CONNECTED, LISTENING, Query, transports_of

__all__ = ["connections", "free_ports", "listeners", "owners", "sockets"]

_ANY_BUT_0 = PortRange(1, 65535)


def sockets(
    transport: types.TcpOrUdpLike | None = None,
    *,
    owners: bool = False,
    backend: types.BackendLike | None = None,
) -> SocketTable:
    """Return every TCP and UDP socket of this machine that has a port.

    On Linux these are the sockets of the network namespace of the calling
    thread. A TCP socket that is bound, and neither listens nor is connected, is
    told by netlink alone, since Linux 6.8.

    Args:
        transport: TCP or UDP; both by default.
        owners: Whether to look for the processes: on Linux a walk over every
            process, which takes far longer than the table.
        backend: The backend that must answer; the best one by default.

    Returns:
        The table, in no order that means anything; empty, with the reason in its
        ``visibility``, where the system refuses.

    Raises:
        MissingExtraError: This system takes psutil, which is not installed.
        UnknownNameError: *transport* or *backend* is none.
        UnsupportedPlatformError: *backend* is for another system.
        UnexpectedOutputError: The system said something unknown.

    Complexity:
        Linear in the number of sockets; with *owners* also in the number of
        open files of all processes.

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
    """Return the sockets that wait for others.

    They are TCP sockets in LISTEN, and UDP sockets without a remote end; of
    these no system tells a service from a client that waits for answers.

    Args:
        transport: As for ``sockets``.
        owners: As for ``sockets``.
        backend: As for ``sockets``.

    Returns:
        As ``sockets``.

    Raises:
        MissingExtraError: As ``sockets``.
        UnknownNameError: As ``sockets``.
        UnsupportedPlatformError: As ``sockets``.
        UnexpectedOutputError: As ``sockets``.

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
    """Return the sockets that have a remote end, those in TIME_WAIT among them.

    Args:
        transport: As for ``sockets``.
        owners: As for ``sockets``.
        backend: As for ``sockets``.

    Returns:
        As ``sockets``. A connection within this machine has two.

    Raises:
        MissingExtraError: As ``sockets``.
        UnknownNameError: As ``sockets``.
        UnsupportedPlatformError: As ``sockets``.
        UnexpectedOutputError: As ``sockets``.

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
    """Return all that holds a local port now, with the processes.

    Args:
        port: The port.
        transport: As for ``sockets``.
        backend: As for ``sockets``.

    Returns:
        The sockets on the port, of every state, with their owners;
        ``.owners`` of the table has each process once, and
        ``.why_no_owner(record)`` tells why a record names none.

    Raises:
        TypeError: *port* is no integer.
        InvalidPortError: *port* is outside 0 to 65535.
        MissingExtraError: As ``sockets``.
        UnknownNameError: As ``sockets``.
        UnsupportedPlatformError: As ``sockets``.
        UnexpectedOutputError: As ``sockets``.

    Example:
        >>> from portranges import probe
        >>> probe.owners(60454).owners  # doctest: +SKIP
        (Owner(pid=4242, name='java', uid=1000, started_at=1795600000.5),)
    """
    query = Query(
        transports=transports_of(transport),
        states=ALL_STATES,
        port=check_port(port),
        owners=True,
    )
    return read(query, backend)


def free_ports(
    among: types.PortItems | PortRange | None = None,
    transport: types.TcpOrUdpLike | None = None,
    *,
    backend: types.BackendLike | None = None,
) -> PortSet:
    """Return the ports that no socket of this machine holds, on any address.

    It polls, and binds nothing: a port may be taken the next moment, may be
    kept back by the system (``portranges.system``), and may need a privilege.
    A program that wants a port for itself binds port 0 and keeps what it gets.
    A TCP socket that is bound only is not seen by every backend: see
    ``sockets``.

    Args:
        among: The ports to choose from: a set, a range, or any iterable that
            ``PortSet`` takes; 1 to 65535 by default. Port 0 is never free: to
            bind it is to ask for any.
        transport: TCP or UDP; by default a port is free if it is for both.
        backend: As for ``sockets``.

    Returns:
        Those of *among* that are free.

    Raises:
        TypeError: *among* is none of these.
        SystemReadError: Not all sockets can be seen.
        MissingExtraError: As ``sockets``.
        UnknownNameError: As ``sockets``.
        UnsupportedPlatformError: As ``sockets``.
        UnexpectedOutputError: As ``sockets``.

    Example:
        >>> from portranges import PortRange, probe
        >>> probe.free_ports(PortRange(49152, 65535)).first  # doctest: +SKIP
        49152
    """
    if among is None:
        among = _ANY_BUT_0
    wanted = PortSet((among,)) if isinstance(among, PortRange) else PortSet(among)
    table = complete(Query(transports=transports_of(transport)), backend)
    return wanted - PortSet({0, *(row[3] for row in table._rows)})
