"""The record of a socket, and of a process that has it open."""

from __future__ import annotations

from dataclasses import dataclass
from socket import AF_INET, AF_INET6, inet_pton

from portranges import types
from portranges.checks import fields, integer, member, number, of_type, optional
from portranges.errors import InvalidValueError, elide
from portranges.families import Family
from portranges.ports import Transport, check_port, check_transport
from portranges.probe import row as col
from portranges.probe.row import TRANSPORTS, Row, SocketState, is_self_connected
from portranges.records import always_checked, as_data, as_field, construct


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
        >>> Owner(pid=1, name="init", uid=0).to_dict()
        {'pid': 1, 'name': 'init', 'uid': 0, 'started_at': None}
    """

    pid: int
    name: str = ""
    uid: int | None = None
    started_at: float | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        # All types come before the bounds.
        fields(self, pid=int, name=str, uid=optional(int), started_at=optional(number))
        fields(self, pid=integer, uid=optional(integer))

    def to_dict(self) -> dict[str, types.Any]:
        """Return the owner as data for JSON, with a key for each attribute."""
        # A process may choose a name that is not valid UTF-8.
        name = self.name.encode("utf-8", "backslashreplace").decode()
        return {**as_data(self), "name": name}


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


@as_field
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
        >>> client.expires_in, client.v6only, client.is_self_connected
        (41.5, None, False)
        >>> client.to_dict()["state"], client.to_dict()["owners"]
        ('time-wait', [])
    """

    __slots__ = ("_owners", "_row")

    _owners: tuple[Owner, ...]
    _row: Row

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
        _check_state(in_state, chosen)
        _check_addresses(address, remote_address, remote_port, of_family)
        if v6only is not None:
            of_type("v6only", v6only, bool)
        self._owners = tuple([of_type("each owner", each, Owner) for each in owners])
        at, remote_at = check_port(port), None if remote_port is None else check_port(remote_port)
        uid = None if uid is None else integer("uid", uid)
        inode = None if inode is None else integer("inode", inode)
        left = None if expires_in is None else number("expires_in", expires_in)
        ends = (chosen, of_family, address, at, remote_address, remote_at)
        self._row = (*ends, in_state, uid, inode, v6only, left, None)

    @property
    def transport(self) -> Transport:
        """The transport, TCP or UDP."""
        return self._row[col.TRANSPORT]

    @property
    def family(self) -> Family:
        """The family of the socket; an IPv6 socket may have an IPv4-mapped address."""
        return self._row[col.FAMILY]

    @property
    def address(self) -> str:
        """The local address, such as ``"127.0.0.1"``, ``"::"`` or ``"::ffff:127.0.0.1"``."""
        return self._row[col.ADDRESS]

    @property
    def port(self) -> int:
        """The local port."""
        return self._row[col.PORT]

    @property
    def remote_address(self) -> str | None:
        """The remote address; ``None`` if the socket is not connected."""
        return self._row[col.REMOTE_ADDRESS]

    @property
    def remote_port(self) -> int | None:
        """The remote port; ``None`` if the socket is not connected."""
        return self._row[col.REMOTE_PORT]

    @property
    def state(self) -> SocketState:
        """The state."""
        return self._row[col.STATE]

    @property
    def uid(self) -> int | None:
        """The ID of the user who created the socket; ``None`` from psutil and in TIME_WAIT."""
        return self._row[col.UID]

    @property
    def inode(self) -> int | None:
        """The socket's number on Linux; ``None`` from psutil, and if no process can have it."""
        return self._row[col.INODE] or None

    @property
    def v6only(self) -> bool | None:
        """Whether an IPv6 socket refuses IPv4; ``None`` if unknown.

        Only netlink reports it, and only for sockets without a remote address.
        """
        return self._row[col.V6ONLY]

    @property
    def expires_in(self) -> float | None:
        """The seconds until the kernel releases the port, in TIME_WAIT and FIN_WAIT_2.

        ``None`` if no timer runs, and from psutil.
        """
        return self._row[col.EXPIRES_IN]

    @property
    def owners(self) -> tuple[Owner, ...]:
        """The processes that have the socket open, lowest PID first.

        Empty if none was found, or if owners were not requested. psutil reports only one.
        """
        return self._owners

    @property
    def local(self) -> str:
        """The local address and port, such as ``"127.0.0.1:80"`` or ``"[::1]:80"``."""
        return host_and_port(self.address, self.port)

    @property
    def remote(self) -> str:
        """The remote address and port in the same form; ``""`` if there are none."""
        address, port = self.remote_address, self.remote_port
        return "" if address is None or port is None else host_and_port(address, port)

    @property
    def is_listening(self) -> bool:
        """Whether it is a TCP socket in LISTEN, or a UDP socket without a remote address."""
        return self.state in (SocketState.LISTEN, SocketState.UNCONNECTED)

    @property
    def is_wildcard(self) -> bool:
        """Whether it is bound to the wildcard address, ``0.0.0.0`` or ``::``."""
        return self.address in _WILDCARDS

    @property
    def is_loopback(self) -> bool:
        """Whether it is bound to 127/8, ``::1``, or an IPv4-mapped loopback address."""
        return is_loopback(self.address)

    @property
    def is_self_connected(self) -> bool:
        """Whether the socket is connected to its own address and port.

        A ``connect()`` to a local port on which nothing listens succeeds if the system chooses
        that very port for the client. The socket then receives what it sends, and no service can
        bind the port. A pair of two sockets never has equal ends.

        Source:
            RFC 9293, section 3.5 (simultaneous open); ``capacity.self_connect_probability``.
        """
        return is_self_connected(self._row)

    @property
    def is_held_by_kernel(self) -> bool:
        """Whether the kernel alone holds the port, until a timer expires.

        True in TIME_WAIT, and in other closing states if the socket has no inode.
        """
        state, inode = self._row[col.STATE], self._row[col.INODE]
        return state is SocketState.TIME_WAIT or (state in _MAY_BE_ORPHAN and inode == 0)

    def _compared(self) -> tuple[object, ...]:
        return (*self._row[: col.STATE + 1], self._owners)

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
        values = dict(zip(_FIELDS, (*self._row[: col.PID], self._owners), strict=True))
        return construct, (type(self), values)

    def to_dict(self) -> dict[str, types.Any]:
        """Return the record as data for JSON, with a key for each attribute.

        Unknown values are ``None``.
        """
        return as_data(self, *_FIELDS)


# All attributes, those of a row in its order.
_FIELDS = (
    *("transport", "family", "address", "port", "remote_address", "remote_port", "state"),
    *("uid", "inode", "v6only", "expires_in", "owners"),
)


_new = object.__new__
ADDRESS_FAMILIES = {Family.INET: AF_INET, Family.INET6: AF_INET6}


def is_address(text: str, family: Family) -> bool:
    """Return whether *text* is an address of *family*; an IPv6 address may have a zone."""
    if family is Family.INET6:
        text = text.partition("%")[0]
    try:
        inet_pton(ADDRESS_FAMILIES[family], text)
    except (OSError, ValueError):
        return False
    return True


def _check_state(state: SocketState, transport: Transport) -> None:
    if transport is Transport.UDP and state not in _UDP_STATES:
        raise InvalidValueError("a UDP socket must be established or unconnected", state)
    if transport is Transport.TCP and state is SocketState.UNCONNECTED:
        raise InvalidValueError("a TCP socket must not be unconnected", state)


def _check_addresses(address: str, remote: str | None, remote_port: object, family: Family) -> None:
    if (remote is None) is not (remote_port is None):
        ends = elide((remote, remote_port))
        raise InvalidValueError("remote_address and remote_port must be given together", ends)
    if remote is not None:
        _check_address("remote_address", remote, family)
    _check_address("address", address, family)


def _check_address(name: str, value: str, family: Family) -> None:
    if not is_address(of_type(name, value, str), family):
        version = "IPv4" if family is Family.INET else "IPv6"
        raise InvalidValueError(f"{name} must be an {version} address", elide(value))


def record_of(row: Row, owners: tuple[Owner, ...] = ()) -> SocketRecord:
    """Return the record of a row that a backend created, without further checks."""
    record = _new(SocketRecord)
    record._row = row
    record._owners = owners
    return record


def is_loopback(address: str) -> bool:
    """Return whether *address* is in 127/8, is ``::1``, or is a mapped address of 127/8."""
    return unmapped(address).startswith("127.") or address == "::1"


def unmapped(address: str) -> str:
    """Return an IPv4-mapped IPv6 address as the IPv4 address, and others as they are."""
    rest = address.removeprefix("::ffff:")
    return rest if "." in rest else address


def host_and_port(address: str, port: int) -> str:
    """Return *address* and *port* as one text, with an IPv6 address in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
