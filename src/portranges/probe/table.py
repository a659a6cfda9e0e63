"""A table of sockets: its records, where it was read, and how much was visible."""

from __future__ import annotations

import operator
import time
from dataclasses import dataclass
from enum import StrEnum

from portranges import types
from portranges.checks import fields, member, number, of_type
from portranges.probe import row as col
from portranges.probe.record import Owner, SocketRecord, record_of
from portranges.probe.row import Row
from portranges.records import always_checked, as_data, as_field, construct


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
        >>> visible.is_complete, visible.to_dict()["owners"]
        (False, 'own processes only')
    """

    sockets: Scope
    owners: Scope
    reason: str = ""

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, sockets=Scope, owners=Scope, reason=str)

    @property
    def is_complete(self) -> bool:
        """Whether everything requested was visible."""
        return self.sockets is Scope.ALL and self.owners in (Scope.ALL, Scope.NOT_REQUESTED)

    def __str__(self) -> str:
        """Return the visibility as a phrase."""
        text = {
            Scope.ALL: "all sockets",
            Scope.DENIED: "no sockets",
            Scope.NOT_REQUESTED: "sockets not requested",
        }.get(self.sockets, f"sockets of {self.sockets}")
        if self.owners is not Scope.NOT_REQUESTED:
            text += f", owners: {self.owners}"
        return f"{text} ({self.reason})" if self.reason else text

    def to_dict(self) -> dict[str, types.Any]:
        """Return the visibility as data for JSON, with a key for each attribute."""
        return as_data(self)


@as_field
class SocketTable:
    """The sockets of a machine at one moment, and how much of them was visible.

    A sequence whose records are created when they are accessed. It is a snapshot: nothing is read
    again. Sockets open and close while the kernel lists them: one that did so may be missing, and a
    connection that changed its state may be listed twice.

    Example:
        >>> visible = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
        >>> table = SocketTable([], visibility=visible, read_at=0.0)
        >>> len(table), table.records, table.owners
        (0, (), ())
        >>> table.visibility.is_complete, table.backend, table.read_at
        (True, None, 0.0)
        >>> table.to_dict()["sockets"]
        []
    """

    __slots__ = ("_backend", "_owners", "_read_at", "_records", "_rows", "_visibility")

    _backend: Backend | None
    _owners: types.OwnersOfRows
    _read_at: float
    _records: tuple[SocketRecord, ...] | None
    _rows: types.Sequence[Row]
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
        return (record_of(row, find(row[col.INODE] or row[col.PID], ())) for row in self._rows)

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
        return record_of(row, self._owners.get(row[col.INODE] or row[col.PID], ()))

    def __repr__(self) -> str:
        """Return the number of sockets and the visibility."""
        return f"<{type(self).__name__} {len(self)} sockets; {self.visibility}>"

    def __reduce__(self) -> tuple[types.Any, ...]:
        """Return the pickle form, which calls the constructor."""
        names = ("records", "visibility", "read_at", "backend")
        return construct, (type(self), {name: getattr(self, name) for name in names})

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
        """
        data = as_data(self, "visibility", "backend", "read_at", "records")
        data["sockets"] = data.pop("records")
        return data


def table_of(
    rows: types.Sequence[Row],
    *,
    visibility: Visibility,
    read_at: float | None = None,
    backend: Backend | None = None,
    owners: types.OwnersOfRows | None = None,
) -> SocketTable:
    """Return the table of rows that a backend created, with *owners* by inode or PID.

    It was read now, unless *read_at* is given.
    """
    read_at = time.time() if read_at is None else read_at
    table = SocketTable(visibility=visibility, read_at=read_at, backend=backend)
    table._records, table._rows = None, rows
    table._owners = owners or {}
    return table
