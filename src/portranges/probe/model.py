"""Records of the sockets of this machine, their owners, and how much was visible.

Between the backends and the records, a socket is a plain tuple (``types.ProbeRow``): a table
of 20,000 sockets is read in a tenth of the time that psutil needs, and 20,000 records with a
field for each value would cost as much again. A record keeps its row and reads from it.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from enum import StrEnum
from socket import AF_INET, AF_INET6, inet_pton

from portranges import types
from portranges.checks import integer, member, number, of_type
from portranges.errors import InvalidValueError, elide
from portranges.families import Family
from portranges.ports import Transport, check_port, check_transport
from portranges.records import always_checked

__all__ = [
    "MAY_HAVE_NO_PROCESS",
    "TRANSPORTS",
    "Backend",
    "Owner",
    "Scope",
    "SocketRecord",
    "SocketState",
    "SocketTable",
    "Visibility",
    "host_and_port",
    "is_address",
    "is_loopback",
    "is_self_connected",
    "record_of",
    "table_of",
]

TRANSPORTS = (Transport.TCP, Transport.UDP)


class Backend(StrEnum):
    """Where a socket table was read.

    Attributes:
        NETLINK: The Linux kernel, through sock_diag; the fastest.
        PROC: The files in /proc/net on Linux.
        PSUTIL: psutil, on every system that it supports.

    Example:
        >>> Backend("netlink")
        <Backend.NETLINK: 'netlink'>
    """

    NETLINK = "netlink"
    PROC = "proc"
    PSUTIL = "psutil"


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


class Scope(StrEnum):
    """How much was visible.

    Attributes:
        ALL: Everything.
        PARTIAL: Not everything, although the user is privileged.
        OWN: What belongs to the user's own processes.
        DENIED: Nothing.
        NOT_REQUESTED: Nothing, because it was not requested.

    Example:
        >>> Scope("own processes only")
        <Scope.OWN: 'own processes only'>
    """

    ALL = "all"
    PARTIAL = "some processes only"
    OWN = "own processes only"
    DENIED = "denied"
    NOT_REQUESTED = "not requested"


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Visibility:
    """How much of the sockets and of their owners was visible.

    Attributes:
        sockets: The sockets. ``ALL`` does not include other network namespaces.
        owners: The processes that have them open.
        reason: Why not everything was visible; ``""`` if everything requested was.

    Example:
        >>> visible = Visibility(sockets=Scope.ALL, owners=Scope.OWN, reason="not root")
        >>> print(visible)
        all sockets, owners: own processes only (not root)
        >>> visible.is_complete
        False
    """

    sockets: Scope
    owners: Scope
    reason: str = ""

    def __post_init__(self) -> None:
        """Check the fields."""
        of_type("sockets", self.sockets, Scope)
        of_type("owners", self.owners, Scope)
        of_type("reason", self.reason, str)

    @property
    def is_complete(self) -> bool:
        """Whether everything requested was visible."""
        return self.sockets is Scope.ALL and self.owners in (Scope.ALL, Scope.NOT_REQUESTED)

    def __str__(self) -> str:
        """Return the visibility as a phrase."""
        text = {
            Scope.ALL: "all sockets",
            Scope.PARTIAL: "sockets of some processes only",
            Scope.OWN: "sockets of own processes only",
            Scope.DENIED: "no sockets",
            Scope.NOT_REQUESTED: "sockets not requested",
        }[self.sockets]
        if self.owners is not Scope.NOT_REQUESTED:
            text += f", owners: {self.owners}"
        return f"{text} ({self.reason})" if self.reason else text

    def to_dict(self) -> dict[str, types.Any]:
        """Return the visibility as data for JSON, with a key for each attribute.

        Example:
            >>> Visibility(sockets=Scope.ALL, owners=Scope.ALL).to_dict()
            {'sockets': 'all', 'owners': 'all', 'reason': ''}
        """
        return {
            "sockets": self.sockets.value,
            "owners": self.owners.value,
            "reason": self.reason,
        }


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process that has a socket open.

    Attributes:
        pid: The process ID.
        name: The name of the process; ``""`` if it ended before it was read, or if it may
            not be inspected.
        uid: The real user ID; ``None`` if unknown, as on Windows.
        started_at: When the process started, in seconds since 1970; ``None`` if unknown. A
            socket cannot be older than its process, unless the process inherited it or
            received it from a service manager.

    Example:
        >>> Owner(pid=1, name="init").started_at is None
        True
    """

    pid: int
    name: str = ""
    uid: int | None = None
    started_at: float | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        integer("pid", of_type("pid", self.pid, int))
        of_type("name", self.name, str)
        if self.uid is not None:
            integer("uid", of_type("uid", self.uid, int))
        if self.started_at is not None:
            number("started_at", self.started_at)

    def to_dict(self) -> dict[str, types.Any]:
        """Return the owner as data for JSON, with a key for each attribute.

        Example:
            >>> Owner(pid=1, name="init", uid=0).to_dict()
            {'pid': 1, 'name': 'init', 'uid': 0, 'started_at': None}
        """
        return {
            "pid": self.pid,
            # A process may choose a name that is not valid UTF-8.
            "name": self.name.encode("utf-8", "backslashreplace").decode(),
            "uid": self.uid,
            "started_at": self.started_at,
        }


# In these states a socket may belong to the kernel alone: in TIME_WAIT always, in the others
# after the process has closed it, or before the process has accepted it.
_MAY_BE_ORPHAN = frozenset(
    {
        SocketState.FIN_WAIT_1,
        SocketState.FIN_WAIT_2,
        SocketState.CLOSING,
        SocketState.LAST_ACK,
        SocketState.SYN_RECEIVED,
    }
)
MAY_HAVE_NO_PROCESS = _MAY_BE_ORPHAN | {SocketState.TIME_WAIT}
_UDP_STATES = frozenset({SocketState.ESTABLISHED, SocketState.UNCONNECTED})
_WILDCARDS = frozenset({"0.0.0.0", "::", "::ffff:0.0.0.0"})  # noqa: S104 (recognised, not bound)


class SocketRecord:
    """One TCP or UDP socket, as it was at one moment.

    Records are equal if they agree in what every backend reports: all attributes except
    ``uid``, ``inode``, ``v6only`` and ``expires_in``.

    Example:
        >>> web = SocketRecord(
        ...     transport="tcp", family="inet", address="0.0.0.0", port=80, state="listen",
        ...     uid=33, inode=4711,
        ... )
        >>> web
        <SocketRecord tcp 0.0.0.0:80 listen>
        >>> web.transport, web.family, web.address, web.port
        (<Transport.TCP: 'tcp'>, <Family.INET: 'inet'>, '0.0.0.0', 80)
        >>> web.state, web.uid, web.inode, web.owners
        (<SocketState.LISTEN: 'listen'>, 33, 4711, ())
        >>> web.is_listening, web.is_wildcard, web.is_loopback, web.is_held_by_kernel
        (True, True, False, False)
        >>> client = SocketRecord(
        ...     transport="tcp", family="inet6", address="::1", port=50000, state="time-wait",
        ...     remote_address="::1", remote_port=443, expires_in=41.5,
        ... )
        >>> client.remote_address, client.remote_port, client.local, client.remote
        ('::1', 443, '[::1]:50000', '[::1]:443')
        >>> client.expires_in, client.v6only
        (41.5, None)
    """

    __slots__ = ("_owners", "_row")

    _owners: tuple[Owner, ...]
    _row: types.ProbeRow

    def __init__(
        self,
        *,
        transport: types.TcpOrUdpLike,
        family: types.FamilyLike,
        address: str,
        port: types.SupportsIndex,
        state: types.SocketStateLike,
        remote_address: str | None = None,
        remote_port: types.SupportsIndex | None = None,
        uid: int | None = None,
        inode: int | None = None,
        v6only: bool | None = None,
        expires_in: float | None = None,
        owners: types.Iterable[Owner] = (),
    ) -> None:
        """Create a record from given values; the functions of ``probe`` read the machine.

        Args:
            transport: TCP or UDP.
            family: ``"inet"`` or ``"inet6"``.
            address: The local address, of that family.
            port: The local port.
            state: A state of TCP; for UDP ``"established"`` or ``"unconnected"``.
            remote_address: The remote address, if there is one.
            remote_port: The remote port; given if and only if the address is.
            uid: The user who created the socket.
            inode: The socket's number on Linux.
            v6only: Whether an IPv6 socket refuses IPv4.
            expires_in: Seconds until the kernel releases the port.
            owners: The processes that have the socket open.

        Raises:
            TypeError: An argument has a wrong type.
            UnknownNameError: *transport*, *family* or *state* is unknown.
            InvalidPortError: A port is outside 0..65535.
            InvalidValueError: Another value is out of range, or two do not fit together.
        """
        chosen = check_transport(transport, among=TRANSPORTS)
        of_family = member("family", family, Family)
        in_state = member("state", state, SocketState)
        if chosen is Transport.UDP and in_state not in _UDP_STATES:
            raise InvalidValueError("a UDP socket must be established or unconnected", in_state)
        if chosen is Transport.TCP and in_state is SocketState.UNCONNECTED:
            raise InvalidValueError("a TCP socket must not be unconnected", in_state)
        if (remote_address is None) is not (remote_port is None):
            ends = elide((remote_address, remote_port))
            raise InvalidValueError("remote_address and remote_port must be given together", ends)
        if remote_address is not None:
            _check_address("remote_address", remote_address, of_family)
        _check_address("address", address, of_family)
        if v6only is not None:
            of_type("v6only", v6only, bool)
        found = tuple(owners)
        for owner in found:
            of_type("each owner", owner, Owner)
        self._row = (
            chosen,
            of_family,
            address,
            check_port(port),
            remote_address,
            None if remote_port is None else check_port(remote_port),
            in_state,
            None if uid is None else integer("uid", uid),
            None if inode is None else integer("inode", inode),
            v6only,
            None if expires_in is None else number("expires_in", expires_in),
        )
        self._owners = found

    @property
    def transport(self) -> Transport:
        """The transport, TCP or UDP."""
        return self._row[0]

    @property
    def family(self) -> Family:
        """The family of the socket; an IPv6 socket may have an IPv4-mapped address."""
        return self._row[1]

    @property
    def address(self) -> str:
        """The local address, such as ``"127.0.0.1"``, ``"::"`` or ``"::ffff:127.0.0.1"``."""
        return self._row[2]

    @property
    def port(self) -> int:
        """The local port."""
        return self._row[3]

    @property
    def remote_address(self) -> str | None:
        """The remote address; ``None`` if the socket is not connected."""
        return self._row[4]

    @property
    def remote_port(self) -> int | None:
        """The remote port; ``None`` if the socket is not connected."""
        return self._row[5]

    @property
    def state(self) -> SocketState:
        """The state."""
        return self._row[6]

    @property
    def uid(self) -> int | None:
        """The ID of the user who created the socket; ``None`` from psutil and in TIME_WAIT."""
        return self._row[7]

    @property
    def inode(self) -> int | None:
        """The socket's number on Linux; ``None`` from psutil, and if no process can have it."""
        handle = self._row[8]
        return handle if handle is not None and handle > 0 else None

    @property
    def v6only(self) -> bool | None:
        """Whether an IPv6 socket refuses IPv4; ``None`` if unknown.

        Only netlink reports it, and only for sockets without a remote address.
        """
        return self._row[9]

    @property
    def expires_in(self) -> float | None:
        """The seconds until the kernel releases the port, in TIME_WAIT and FIN_WAIT_2.

        ``None`` if no timer runs, and from psutil.
        """
        return self._row[10]

    @property
    def owners(self) -> tuple[Owner, ...]:
        """The processes that have the socket open, lowest PID first.

        Empty if none was found, or if owners were not requested. psutil reports only one.
        """
        return self._owners

    @property
    def local(self) -> str:
        """The local address and port, such as ``"127.0.0.1:80"`` or ``"[::1]:80"``."""
        return host_and_port(self._row[2], self._row[3])

    @property
    def remote(self) -> str:
        """The remote address and port in the same form; ``""`` if there are none."""
        address, port = self._row[4:6]
        return "" if address is None or port is None else host_and_port(address, port)

    @property
    def is_listening(self) -> bool:
        """Whether it is a TCP socket in LISTEN, or a UDP socket without a remote address."""
        return self._row[6] in (SocketState.LISTEN, SocketState.UNCONNECTED)

    @property
    def is_wildcard(self) -> bool:
        """Whether it is bound to the wildcard address, ``0.0.0.0`` or ``::``."""
        return self._row[2] in _WILDCARDS

    @property
    def is_loopback(self) -> bool:
        """Whether it is bound to 127/8, ``::1``, or an IPv4-mapped loopback address."""
        return is_loopback(self._row[2])

    @property
    def is_self_connected(self) -> bool:
        """Whether it is connected to itself: the remote address and port are its own.

        A ``connect()`` to a local port on which nothing listens succeeds if the system chooses
        that very port for the client. The socket then receives what it sends, and no service can
        bind the port. A pair of two sockets never has equal ends.

        Source:
            RFC 9293, section 3.5 (simultaneous open); ``capacity.self_connect_probability``.

        Example:
            >>> itself = SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=40000,
            ...     remote_address="127.0.0.1", remote_port=40000, state="established",
            ... )
            >>> itself.is_self_connected
            True
        """
        return is_self_connected(self._row)

    @property
    def is_held_by_kernel(self) -> bool:
        """Whether no process has it open, and the kernel holds the port until a timer expires.

        True in TIME_WAIT, and in other closing states if the socket has no inode.
        """
        state, handle = self._row[6], self._row[8]
        return state is SocketState.TIME_WAIT or (state in _MAY_BE_ORPHAN and handle == 0)

    def _compared(self) -> tuple[object, ...]:
        return (*self._row[:7], self._owners)

    def __eq__(self, other: object) -> bool:
        """Return whether both agree in what every backend reports."""
        if not isinstance(other, SocketRecord):
            return NotImplemented
        return self._compared() == other._compared()

    def __hash__(self) -> int:
        """Return a hash that agrees with ``==``."""
        return hash(self._compared())

    def __repr__(self) -> str:
        """Return the addresses, the state and the owners in short form."""
        parts = [self.transport.value, self.local]
        if self.remote:
            parts += ["to", self.remote]
        parts.append(self.state.value)
        parts += [f"{owner.name or '?'}({owner.pid})" for owner in self.owners]
        return f"<{type(self).__name__} {' '.join(parts)}>"

    def __reduce__(self) -> tuple[types.Any, ...]:
        """Return the pickle form, which calls the constructor."""
        fields: dict[str, object] = dict(zip(_FIELDS, self._row, strict=True))
        if self._row[8] is not None and self._row[8] < 0:
            fields["inode"] = None
        return _construct, (type(self), {**fields, "owners": self._owners})

    def to_dict(self) -> dict[str, types.Any]:
        """Return the record as data for JSON, with a key for each attribute.

        Unknown values are ``None``.

        Example:
            >>> web = SocketRecord(
            ...     transport="tcp", family="inet", address="0.0.0.0", port=80, state="listen"
            ... )
            >>> web.to_dict()["state"], web.to_dict()["owners"]
            ('listen', [])
        """
        return {
            "transport": self.transport.value,
            "family": self.family.value,
            "address": self.address,
            "port": self.port,
            "remote_address": self.remote_address,
            "remote_port": self.remote_port,
            "state": self.state.value,
            "uid": self.uid,
            "inode": self.inode,
            "v6only": self.v6only,
            "expires_in": self.expires_in,
            "owners": [owner.to_dict() for owner in self.owners],
        }


# The names of a row's values, in order.
_FIELDS = (
    "transport",
    "family",
    "address",
    "port",
    "remote_address",
    "remote_port",
    "state",
    "uid",
    "inode",
    "v6only",
    "expires_in",
)
_FAMILIES = {Family.INET: AF_INET, Family.INET6: AF_INET6}
_new = object.__new__


def _construct(kind: type[types.T], fields: dict[str, object]) -> types.T:
    return kind(**fields)


def is_address(text: str, family: Family) -> bool:
    """Return whether *text* is an address of *family*; an IPv6 address may have a zone."""
    if family is Family.INET6:
        text = text.partition("%")[0]
    try:
        inet_pton(_FAMILIES[family], text)
    except (OSError, ValueError):
        return False
    return True


def _check_address(name: str, value: str, family: Family) -> None:
    if not is_address(of_type(name, value, str), family):
        version = "IPv4" if family is Family.INET else "IPv6"
        raise InvalidValueError(f"{name} must be an {version} address", elide(value))


def record_of(row: types.ProbeRow, owners: tuple[Owner, ...] = ()) -> SocketRecord:
    """Return the record of a row that a backend created, without further checks."""
    record = _new(SocketRecord)
    record._row = row
    record._owners = owners
    return record


def is_loopback(address: str) -> bool:
    """Return whether *address* is in 127/8, is ``::1``, or is a mapped address of 127/8."""
    return address.removeprefix("::ffff:").startswith("127.") or address == "::1"


def is_self_connected(row: types.ProbeRow) -> bool:
    """Return whether both ends of a socket are the same address and port."""
    return row[5] == row[3] and row[4] == row[2]


def host_and_port(address: str, port: int) -> str:
    """Return *address* and *port* as one text, with an IPv6 address in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class SocketTable:
    """The sockets of a machine at one moment, and how much of them was visible.

    A sequence whose records are created when they are accessed. It holds what was read and
    never reads again. Sockets open and close while the kernel lists them: one that did so may
    be missing, and a connection that changed its state may be listed twice.

    Example:
        >>> visible = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
        >>> table = SocketTable([], visibility=visible, read_at=0.0)
        >>> len(table), table.records, table.owners
        (0, (), ())
        >>> table.visibility.is_complete, table.backend, table.read_at
        (True, None, 0.0)
    """

    __slots__ = ("_backend", "_owners", "_read_at", "_records", "_rows", "_visibility")

    _backend: Backend | None
    _owners: types.Mapping[int, tuple[Owner, ...]]
    _read_at: float
    _records: tuple[SocketRecord, ...] | None
    _rows: types.Sequence[types.ProbeRow]
    _visibility: Visibility

    def __init__(
        self,
        records: types.Iterable[SocketRecord] = (),
        *,
        visibility: Visibility,
        read_at: float,
        backend: types.BackendLike | None = None,
    ) -> None:
        """Create a table of given records.

        Args:
            records: The records.
            visibility: How much was visible.
            read_at: When the records were read, in seconds since 1970.
            backend: Where they were read.

        Raises:
            TypeError: An argument has a wrong type.
            UnknownNameError: *backend* is unknown.
            InvalidValueError: *read_at* is negative or not finite.
        """
        kept = tuple(records)
        for record in kept:
            of_type("each record", record, SocketRecord)
        self._records = kept
        self._rows = [record._row for record in kept]
        self._owners = {}
        self._visibility = of_type("visibility", visibility, Visibility)
        self._backend = None if backend is None else member("backend", backend, Backend)
        self._read_at = number("read_at", read_at)

    @property
    def visibility(self) -> Visibility:
        """How much was visible."""
        return self._visibility

    @property
    def backend(self) -> Backend | None:
        """Where the table was read; ``None`` if it could not be read."""
        return self._backend

    @property
    def read_at(self) -> float:
        """When reading ended, in seconds since 1970."""
        return self._read_at

    def __len__(self) -> int:
        """Return the number of sockets."""
        return len(self._rows)

    def __iter__(self) -> types.Iterator[SocketRecord]:
        """Iterate over the records, in no particular order."""
        if self._records is not None:
            return iter(self._records)
        if not self._owners:
            return map(record_of, self._rows)
        find = self._owners.get
        return (record_of(row, () if row[8] is None else find(row[8], ())) for row in self._rows)

    def __getitem__(self, index: int) -> SocketRecord:
        """Return one record.

        Raises:
            IndexError: *index* is out of range.
            TypeError: *index* is not an integer; ``records`` supports slices.
        """
        at = operator.index(index)
        if self._records is not None:
            return self._records[at]
        row = self._rows[at]
        return record_of(row, () if row[8] is None else self._owners.get(row[8], ()))

    def __repr__(self) -> str:
        """Return the number of sockets and the visibility."""
        return f"<{type(self).__name__} {len(self)} sockets; {self.visibility}>"

    def __reduce__(self) -> tuple[types.Any, ...]:
        """Return the pickle form, which calls the constructor."""
        fields = {
            "records": self.records,
            "visibility": self.visibility,
            "read_at": self.read_at,
            "backend": self.backend,
        }
        return _construct, (type(self), fields)

    @property
    def records(self) -> tuple[SocketRecord, ...]:
        """All records; created anew for each access."""
        return tuple(self)

    @property
    def owners(self) -> tuple[Owner, ...]:
        """The processes that have any of the sockets open, each once, lowest PID first.

        Empty if owners were not requested.
        """
        found = {owner for record in self for owner in record.owners}
        return tuple(sorted(found, key=lambda owner: owner.pid))

    def why_no_owner(self, record: SocketRecord) -> str:
        """Return why *record* has no owner, as a phrase; ``""`` if it has one.

        Args:
            record: A record of this table.

        Example:
            >>> visible = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
            >>> waiting = SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=50000,
            ...     remote_address="127.0.0.1", remote_port=80, state="time-wait",
            ... )
            >>> SocketTable([waiting], visibility=visible, read_at=0.0).why_no_owner(waiting)
            'the kernel holds it until its timer expires'
        """
        if record.owners:
            return ""
        if record.is_held_by_kernel:
            return "the kernel holds it until its timer expires"
        scope = self.visibility.owners
        if scope is Scope.NOT_REQUESTED:
            return "owners were not requested"
        if scope is Scope.ALL:
            return "no process has it open: it belongs to the kernel, or its process has ended"
        return self.visibility.reason or scope.value

    def to_dict(self) -> dict[str, types.Any]:
        """Return the table as data for JSON.

        The keys are ``visibility``, ``backend``, ``read_at`` and ``sockets``, a list.

        Example:
            >>> visible = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
            >>> SocketTable([], visibility=visible, read_at=0.0).to_dict()["visibility"]
            {'sockets': 'all', 'owners': 'all', 'reason': ''}
        """
        return {
            "visibility": self.visibility.to_dict(),
            "backend": None if self.backend is None else self.backend.value,
            "read_at": self.read_at,
            "sockets": [record.to_dict() for record in self],
        }


def table_of(
    rows: types.Sequence[types.ProbeRow],
    *,
    visibility: Visibility,
    read_at: float,
    backend: Backend | None = None,
    owners: types.Mapping[int, tuple[Owner, ...]] | None = None,
) -> SocketTable:
    """Return the table of rows that a backend created, with *owners* by handle."""
    table = _new(SocketTable)
    table._records = None
    table._rows = rows
    table._owners = {} if owners is None else owners
    table._visibility = visibility
    table._backend = backend
    table._read_at = read_at
    return table
