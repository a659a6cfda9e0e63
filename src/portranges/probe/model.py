"""What is seen of this machine's sockets: records, owners, and how much was seen.

What lives here: the records that every backend fills, and what follows from
one of them alone.
What must not: any reading (``netlink``, ``proc``, ``extra``), any format, any
judgement.

Between the backends and the records a socket is a plain tuple, a ``Row``: a
table of 20,000 is read in a tenth of the time that psutil takes, and making
20,000 records with a field each would cost as much again. A record keeps its
row and looks into it.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from enum import StrEnum

from portranges import types
from portranges.errors import UnknownNameError
from portranges.families import Family
from portranges.names import near
from portranges.ports import Transport, check_port, check_transport

__all__ = [
    "MAY_HAVE_NO_PROCESS",
    "Backend",
    "Owner",
    "Scope",
    "SocketRecord",
    "SocketState",
    "SocketTable",
    "Visibility",
    "check_family",
    "end",
    "record_of",
]


class Backend(StrEnum):
    """Where a table was read.

    Attributes:
        NETLINK: From the kernel of Linux, by sock_diag; the fastest.
        PROC: From the files of /proc/net of Linux.
        PSUTIL: Through psutil, on every system that it knows.

    Example:
        >>> Backend("netlink")
        <Backend.NETLINK: 'netlink'>
    """

    NETLINK = "netlink"
    PROC = "proc"
    PSUTIL = "psutil"


def check_family(value: str) -> Family:
    """Return *value* as a Family, or raise."""
    if not isinstance(value, str):
        raise TypeError(f"family must be a Family or its value, got {type(value).__name__}")
    try:
        return Family(value)
    except ValueError:
        raise UnknownNameError("family", value, near(value, map(str, Family))) from None


class SocketState(StrEnum):
    """The state of a socket: those of TCP, and two that serve UDP.

    Attributes:
        CLOSED: It has a port, and neither listens nor is connected.
        UNCONNECTED: A UDP socket without a remote end: a service, or a client
            that waits for answers. It does not tell which.
        ESTABLISHED: Connected; also a UDP socket with a remote end.

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
    """How much was seen.

    Attributes:
        ALL: All there is.
        PARTIAL: Not all, though the user is privileged.
        OWN: What belongs to the user's own processes.
        DENIED: Nothing.
        NOT_REQUESTED: Nothing, for it was not asked for.

    Example:
        >>> Scope("own processes only")
        <Scope.OWN: 'own processes only'>
    """

    ALL = "all"
    PARTIAL = "some processes only"
    OWN = "own processes only"
    DENIED = "denied"
    NOT_REQUESTED = "not requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visibility:
    """How much of the sockets, and of their owners, could be seen.

    Attributes:
        sockets: Of the sockets. Those of another network namespace are not
            among "all".
        owners: Of the processes that have them.
        reason: Why not all; ``""`` where all was seen that was asked for.

    Example:
        >>> print(Visibility(sockets=Scope.ALL, owners=Scope.OWN, reason="not root"))
        all sockets, owners: own processes only (not root)
    """

    sockets: Scope
    owners: Scope
    reason: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether all was seen that was asked for.

        Returns:
            ``False`` where anything may be missing.

        Example:
            >>> Visibility(sockets=Scope.ALL, owners=Scope.NOT_REQUESTED).is_complete
            True
        """
        return self.sockets is Scope.ALL and self.owners in (Scope.ALL, Scope.NOT_REQUESTED)

    def __str__(self) -> str:
        """Return it as half a sentence."""
        text = {
            Scope.ALL: "all sockets",
            Scope.PARTIAL: "sockets of some processes only",
            Scope.OWN: "sockets of own processes only",
            Scope.DENIED: "no sockets",
            Scope.NOT_REQUESTED: "sockets not asked for",
        }[self.sockets]
        if self.owners is not Scope.NOT_REQUESTED:
            text += f", owners: {self.owners}"
        return f"{text} ({self.reason})" if self.reason else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process that has a socket open.

    Attributes:
        pid: Its number.
        name: Its name; ``""`` where the process went before it was read, or
            may not be looked at.
        uid: Its real user; ``None`` where that is not known, as on Windows.
        started_at: When it started, in seconds since 1970; ``None`` where that
            is not known. A socket cannot be older, unless it was handed to the
            process: inherited, or passed by a service manager.

    Example:
        >>> Owner(pid=1, name="init").started_at is None
        True
    """

    pid: int
    name: str = ""
    uid: int | None = None
    started_at: float | None = None

    def to_dict(self) -> dict[str, types.Any]:
        """Return it as data for JSON.

        Returns:
            A dict with a key for each attribute.

        Example:
            >>> Owner(pid=1, name="init", uid=0).to_dict()
            {'pid': 1, 'name': 'init', 'uid': 0, 'started_at': None}
        """
        return {
            "pid": self.pid,
            # A process may name itself with bytes that are no text.
            "name": self.name.encode("utf-8", "backslashreplace").decode(),
            "uid": self.uid,
            "started_at": self.started_at,
        }


# In these states the kernel may have a socket alone: in the last always, in the
# others once the process has closed it, or before it has accepted it.
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
_WILD = frozenset({"0.0.0.0", "::", "::ffff:0.0.0.0"})  # noqa: S104 (recognised, not bound)


@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class SocketRecord:
    """One TCP or UDP socket, as it was at one moment.

    Records are equal when they agree in what every backend tells: all
    attributes but ``uid``, ``inode``, ``v6only`` and ``expires_in``.

    Attributes:
        owners: The processes that have it open, lowest pid first; empty where
            none was asked for or found. psutil tells of one only.

    Example:
        >>> web = SocketRecord(
        ...     transport="tcp", family="inet", address="0.0.0.0", port=80, state="listen"
        ... )
        >>> web
        <SocketRecord tcp 0.0.0.0:80 listen>
        >>> web.is_listening, web.is_loopback
        (True, False)
    """

    _row: types.ProbeRow
    owners: tuple[Owner, ...]

    def __init__(
        self,
        *,
        transport: types.TcpOrUdpLike,
        family: types.FamilyLike,
        address: str,
        port: types.SupportsIndex,
        state: SocketState | str,
        remote_address: str | None = None,
        remote_port: types.SupportsIndex | None = None,
        uid: int | None = None,
        inode: int | None = None,
        v6only: bool | None = None,
        expires_in: float | None = None,
        owners: types.Sequence[Owner] = (),
    ) -> None:
        """Make a record by hand; the probe's own come from the machine."""
        _set_row(
            self,
            (
                check_transport(transport),
                check_family(family),
                address,
                check_port(port),
                remote_address,
                None if remote_port is None else check_port(remote_port),
                SocketState(state),
                uid,
                inode,
                v6only,
                expires_in,
            ),
        )
        _set_owners(self, tuple(owners))

    @property
    def transport(self) -> Transport:
        """The transport.

        Returns:
            TCP or UDP.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=80, state="listen",
            ... ).transport
            <Transport.TCP: 'tcp'>
        """
        return self._row[0]

    @property
    def family(self) -> Family:
        """The family of the socket.

        Returns:
            INET or INET6; an INET6 socket may have an IPv4 address mapped in.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=80, state="listen",
            ... ).family
            <Family.INET: 'inet'>
        """
        return self._row[1]

    @property
    def address(self) -> str:
        """The local address.

        Returns:
            As ``"127.0.0.1"``, ``"::"`` or ``"::ffff:127.0.0.1"``.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=80, state="listen",
            ... ).address
            '127.0.0.1'
        """
        return self._row[2]

    @property
    def port(self) -> int:
        """The local port.

        Returns:
            1 to 65535.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=80, state="listen",
            ... ).port
            80
        """
        return self._row[3]

    @property
    def remote_address(self) -> str | None:
        """The remote address.

        Returns:
            As ``address``; ``None`` where there is no remote end.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet", address="10.0.0.1", port=50000,
            ...     state="established", remote_address="10.0.0.9", remote_port=443,
            ... ).remote_address
            '10.0.0.9'
        """
        return self._row[4]

    @property
    def remote_port(self) -> int | None:
        """The remote port.

        Returns:
            1 to 65535; ``None`` where there is no remote end.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet", address="10.0.0.1", port=50000,
            ...     state="established", remote_address="10.0.0.9", remote_port=443,
            ... ).remote_port
            443
        """
        return self._row[5]

    @property
    def state(self) -> SocketState:
        """The state.

        Returns:
            That of TCP, or one that serves UDP.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=80, state="listen",
            ... ).state
            <SocketState.LISTEN: 'listen'>
        """
        return self._row[6]

    @property
    def uid(self) -> int | None:
        """The user that made the socket.

        Returns:
            Its number; ``None`` through psutil and in TIME_WAIT.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=80, state="listen",
            ...     uid=33,
            ... ).uid
            33
        """
        return self._row[7]

    @property
    def inode(self) -> int | None:
        """The number of the socket on Linux.

        Returns:
            The number; ``None`` through psutil, and where no process can have it.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=80, state="listen",
            ...     inode=4711,
            ... ).inode
            4711
        """
        handle = self._row[8]
        return handle if handle is not None and handle > 0 else None

    @property
    def v6only(self) -> bool | None:
        """Whether an INET6 socket refuses IPv4.

        Returns:
            ``None`` where that is not told: netlink alone tells it, of sockets without a remote
            end.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet6", address="::", port=80, state="listen",
            ...     v6only=True,
            ... ).v6only
            True
        """
        return self._row[9]

    @property
    def expires_in(self) -> float | None:
        """How soon the kernel gives the port back, in TIME_WAIT and FIN_WAIT_2.

        Returns:
            Seconds; ``None`` where nothing runs out, and through psutil.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet", address="10.0.0.1", port=50000,
            ...     state="time-wait", remote_address="10.0.0.9", remote_port=443, expires_in=41.5,
            ... ).expires_in
            41.5
        """
        return self._row[10]

    @property
    def local(self) -> str:
        """The local end as ``"127.0.0.1:80"`` or ``"[::1]:80"``.

        Returns:
            Address and port; a wildcard address is written out.

        Example:
            >>> SocketRecord(
            ...     transport="udp", family="inet6", address="::", port=53, state="unconnected"
            ... ).local
            '[::]:53'
        """
        return end(self._row[2], self._row[3])

    @property
    def remote(self) -> str:
        """The remote end, as ``local`` is written.

        Returns:
            Address and port; ``""`` where there is no remote end.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet", address="10.0.0.1", port=50000,
            ...     state="established", remote_address="10.0.0.9", remote_port=443,
            ... ).remote
            '10.0.0.9:443'
        """
        address, port = self._row[4:6]
        return "" if address is None or port is None else end(address, port)

    @property
    def is_listening(self) -> bool:
        """Whether it waits for others.

        Returns:
            ``True`` for TCP in LISTEN and for UDP without a remote end.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=80, state="listen",
            ... ).is_listening
            True
        """
        return self._row[6] in (SocketState.LISTEN, SocketState.UNCONNECTED)

    @property
    def is_wildcard(self) -> bool:
        """Whether it is bound to all addresses of its family.

        Returns:
            ``True`` for 0.0.0.0 and ``::``.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=80, state="listen",
            ... ).is_wildcard
            False
        """
        return self._row[2] in _WILD

    @property
    def is_loopback(self) -> bool:
        """Whether this machine alone can reach it.

        Returns:
            ``True`` for 127/8, ``::1``, and such an address mapped into IPv6.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=80, state="listen",
            ... ).is_loopback
            True
        """
        return self._row[2].removeprefix("::ffff:").startswith("127.") or self._row[2] == "::1"

    @property
    def is_held_by_kernel(self) -> bool:
        """Whether no process has it: the kernel keeps the port until it runs out.

        Returns:
            ``True`` in TIME_WAIT; in other states of closing where it was
            looked for an owner and the socket has no inode.

        Example:
            >>> SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=50000,
            ...     remote_address="127.0.0.1", remote_port=80, state="time-wait",
            ... ).is_held_by_kernel
            True
        """
        state, handle = self._row[6], self._row[8]
        return state is SocketState.TIME_WAIT or (state in _MAY_BE_ORPHAN and handle == 0)

    def _told_by_all(self) -> tuple[object, ...]:
        return (*self._row[:7], self.owners)

    def __eq__(self, other: object) -> bool:
        """Tell whether both say the same, see above."""
        if not isinstance(other, SocketRecord):
            return NotImplemented
        return self._told_by_all() == other._told_by_all()

    def __hash__(self) -> int:
        """Return a hash that agrees with ``==``."""
        return hash(self._told_by_all())

    def __repr__(self) -> str:
        """Return both ends, the state and the owners in short."""
        parts = [self.transport.value, self.local]
        if self.remote:
            parts += ["to", self.remote]
        parts.append(self.state.value)
        parts += [f"{owner.name or '?'}({owner.pid})" for owner in self.owners]
        return f"<{type(self).__name__} {' '.join(parts)}>"

    def to_dict(self) -> dict[str, types.Any]:
        """Return the record as data for JSON.

        Returns:
            A dict with a key for each attribute; ``None`` where something is
            not known.

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


# The slots' own setters, for the class is frozen. Through them a record is
# made in a quarter of the time that object.__setattr__ takes.
_set_row: types.Any = SocketRecord.__dict__["_row"].__set__
_set_owners: types.Any = SocketRecord.__dict__["owners"].__set__
_new = object.__new__


def record_of(row: types.ProbeRow, owners: tuple[Owner, ...] = ()) -> SocketRecord:
    """Return the record of a row that a backend made: nothing is checked again."""
    record = _new(SocketRecord)
    _set_row(record, row)
    _set_owners(record, owners)
    return record


def end(address: str, port: int) -> str:
    """Return address and port in one text, an IPv6 address in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class SocketTable:
    """Sockets of this machine at one moment, and how much of them was seen.

    A sequence of records that are made when they are asked for. It holds what
    was read and never reads again. Sockets open and close while the kernel
    lists them: one that did so meanwhile may be in it or not, and a connection
    that changed its state may be in it twice.

    Attributes:
        visibility: How much could be seen.
        backend: Where it was read; ``None`` where nothing could be.
        read_at: When reading ended, in seconds since 1970.

    Example:
        >>> table = SocketTable(
        ...     [], visibility=Visibility(sockets=Scope.ALL, owners=Scope.NOT_REQUESTED), read_at=0.0
        ... )
        >>> len(table), list(table), table.visibility.is_complete
        (0, [], True)
    """

    __slots__ = ("_owners", "_rows", "backend", "read_at", "visibility")

    def __init__(
        self,
        rows: types.Sequence[types.ProbeRow],
        *,
        visibility: Visibility,
        read_at: float,
        backend: Backend | None = None,
        owners: types.Mapping[int, tuple[Owner, ...]] | None = None,
    ) -> None:
        """Keep *rows*, and their *owners* by handle."""
        self._rows = rows
        self._owners: types.Mapping[int, tuple[Owner, ...]] = {} if owners is None else owners
        self.visibility: Visibility = visibility
        self.backend: Backend | None = backend
        self.read_at: float = read_at

    def __len__(self) -> int:
        """Return how many sockets are in the table."""
        return len(self._rows)

    def __iter__(self) -> types.Iterator[SocketRecord]:
        """Iterate over the records, in no order that means anything."""
        if not self._owners:
            return map(record_of, self._rows)
        find = self._owners.get
        return (record_of(row, () if row[8] is None else find(row[8], ())) for row in self._rows)

    def __getitem__(self, index: int) -> SocketRecord:
        """Return one record.

        Raises:
            IndexError: There is none at *index*.
            TypeError: *index* is no integer; ``records`` has slices.
        """
        row = self._rows[operator.index(index)]
        return record_of(row, () if row[8] is None else self._owners.get(row[8], ()))

    def __repr__(self) -> str:
        """Return the number of sockets and the visibility."""
        return f"<{type(self).__name__} {len(self)} sockets; {self.visibility}>"

    @property
    def records(self) -> tuple[SocketRecord, ...]:
        """All records.

        Returns:
            As iteration gives them; made anew for each call.

        Example:
            >>> table = SocketTable(
            ...     [], visibility=Visibility(sockets=Scope.ALL, owners=Scope.ALL), read_at=0.0
            ... )
            >>> table.records
            ()
        """
        return tuple(self)

    @property
    def owners(self) -> tuple[Owner, ...]:
        """The processes that have any of the sockets.

        Returns:
            Each once, lowest pid first; empty where owners were not asked for.

        Example:
            >>> table = SocketTable(
            ...     [], visibility=Visibility(sockets=Scope.ALL, owners=Scope.ALL), read_at=0.0
            ... )
            >>> table.owners
            ()
        """
        found = {owner for record in self for owner in record.owners}
        return tuple(sorted(found, key=lambda owner: owner.pid))

    def why_no_owner(self, record: SocketRecord) -> str:
        """Return why *record* names no owner.

        Args:
            record: One of this table.

        Returns:
            Half a sentence; ``""`` where it names one.

        Example:
            >>> seen = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
            >>> waiting = SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=50000,
            ...     remote_address="127.0.0.1", remote_port=80, state="time-wait",
            ... )
            >>> SocketTable([], visibility=seen, read_at=0.0).why_no_owner(waiting)
            'the kernel keeps it until it runs out'
        """
        if record.owners:
            return ""
        if record.is_held_by_kernel:
            return "the kernel keeps it until it runs out"
        scope = self.visibility.owners
        if scope is Scope.NOT_REQUESTED:
            return "owners were not asked for"
        if scope is Scope.ALL:
            return "no process has it: the kernel does, or it has gone"
        return f"{self.visibility.reason or scope.value}"

    def to_dict(self) -> dict[str, types.Any]:
        """Return the table as data for JSON.

        Returns:
            A dict of the visibility, the backend, the time, and a list of the
            records.

        Example:
            >>> table = SocketTable(
            ...     [], visibility=Visibility(sockets=Scope.ALL, owners=Scope.ALL), read_at=0.0
            ... )
            >>> table.to_dict()["visibility"]
            {'sockets': 'all', 'owners': 'all', 'reason': ''}
        """
        return {
            "visibility": {
                "sockets": self.visibility.sockets.value,
                "owners": self.visibility.owners.value,
                "reason": self.visibility.reason,
            },
            "backend": None if self.backend is None else self.backend.value,
            "read_at": self.read_at,
            "sockets": [record.to_dict() for record in self],
        }
