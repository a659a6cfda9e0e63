"""Listeners that stay on ephemeral ports, with reasons for and against concern.

There is no verdict: a listener on a dynamic port is normal for some programs and a sign of
trouble for others. No system reports the age of a socket. What is known is when it was first
seen here and when its process started; a socket cannot be older than its process, unless the
process inherited or received it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum

from portranges import types
from portranges.categories import Category
from portranges.checks import fields, number, of_type, optional, tuple_with
from portranges.errors import SystemReadError
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.probe import row as col
from portranges.probe.backends import not_denied, read
from portranges.probe.query import LISTENING, Query, transports_of
from portranges.probe.reasons import Reason, ReasonKind, reasons_for
from portranges.probe.record import SocketRecord
from portranges.probe.table import SocketTable, Visibility
from portranges.records import always_checked, as_data


class Age(StrEnum):
    """What is known about the age of a listener.

    Attributes:
        OBSERVED: It has been seen for long enough.
        POSSIBLE: Its process has run for long enough; the age of the socket is unknown.
        UNKNOWN: Its process, or the start time of one of its processes, is unknown.

    Example:
        >>> Age("observed")
        <Age.OBSERVED: 'observed'>
    """

    OBSERVED = "observed"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class LingeringListener:
    """A listener on an ephemeral port, and what is known about it.

    Attributes:
        record: The socket and its owners.
        age: How certain it is that the listener is old enough.
        seen_since: When it was first seen here, in seconds since 1970.
        owner_started_at: When the first of its owners started, or ``None`` if unknown. The
            listener itself may be younger.
        reasons: The reasons, those for concern first.

    Example:
        >>> from portranges.probe import SocketRecord
        >>> socket = SocketRecord(
        ...     transport="tcp", family="inet", address="127.0.0.1", port=60454, state="listen"
        ... )
        >>> local = Reason(key="loopback", kind=ReasonKind.REASSURANCE, text="only local")
        >>> found = LingeringListener(
        ...     record=socket, age=Age.UNKNOWN, seen_since=0.0, owner_started_at=None,
        ...     reasons=(local,),
        ... )
        >>> found.concerns, [reason.key for reason in found.reassurances]
        ((), ['loopback'])
        >>> found.to_dict()["age"]
        'unknown'
    """

    record: SocketRecord
    age: Age
    seen_since: float
    owner_started_at: float | None
    reasons: tuple[Reason, ...]

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, record=SocketRecord, age=Age, seen_since=number)
        fields(self, owner_started_at=optional(number), reasons=tuple_with(Reason))

    @property
    def concerns(self) -> tuple[Reason, ...]:
        """The reasons for concern."""
        return tuple(each for each in self.reasons if each.kind is ReasonKind.CONCERN)

    @property
    def reassurances(self) -> tuple[Reason, ...]:
        """The reasons against concern."""
        return tuple(each for each in self.reasons if each.kind is ReasonKind.REASSURANCE)

    def to_dict(self) -> dict[str, types.Any]:
        """Return the listener as data for JSON.

        The keys are the attributes, and ``socket`` for the record.
        """
        data = as_data(self)
        return {"socket": data.pop("record"), **data}


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class LingeringListeners:
    """The result of ``lingering``: a sequence of listeners, ordered by port.

    Attributes:
        found: The listeners.
        older_than: The age that was required, in seconds.
        ports: The ports that were examined.
        visibility: How much was visible.
        read_at: When, in seconds since 1970.
        note: Why the machine's own range could not be read; ``""`` if it could.

    Example:
        >>> from portranges.probe import Scope
        >>> empty = LingeringListeners(
        ...     found=(), older_than=300.0, ports=PortSet.parse("49152-65535"),
        ...     visibility=Visibility(sockets=Scope.ALL, owners=Scope.ALL), read_at=0.0,
        ... )
        >>> len(empty), list(empty), empty.to_dict()["older_than"]
        (0, [], 300.0)
    """

    found: tuple[LingeringListener, ...]
    older_than: float
    ports: PortSet
    visibility: Visibility
    read_at: float
    note: str = ""

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, found=tuple_with(LingeringListener), older_than=number, ports=PortSet)
        fields(self, visibility=Visibility, read_at=number, note=str)

    def __len__(self) -> int:
        """Return the number of listeners."""
        return len(self.found)

    def __iter__(self) -> types.Iterator[LingeringListener]:
        """Iterate over the listeners, ordered by port."""
        return iter(self.found)

    def __getitem__(self, index: int) -> LingeringListener:
        """Return one listener."""
        return self.found[index]

    def to_dict(self) -> dict[str, types.Any]:
        """Return the result as data for JSON.

        The keys are the attributes, and ``lingering`` for the listeners.
        """
        data = as_data(self, "older_than", "ports", "read_at", "note", "visibility", "found")
        data["lingering"] = data.pop("found")
        return data


class ListenerHistory:
    """A memory of when each listener was first seen.

    Passed to each call of ``lingering``, it replaces a possible age by the time for which the
    listener has been seen. It forgets listeners that are gone.

    Example:
        >>> len(ListenerHistory())
        0
    """

    __slots__ = ("_since",)

    def __init__(self) -> None:
        """Start with an empty history."""
        # The wall clock is for display and may be set; durations come from the other clock.
        self._since: dict[tuple[object, ...], tuple[float, float]] = {}

    def __len__(self) -> int:
        """Return the number of listeners in the history."""
        return len(self._since)

    def update(self, table: SocketTable) -> tuple[tuple[float, float], ...]:
        """Record the sockets of *table*, which should be all current listeners.

        Args:
            table: The current listeners.

        Returns:
            For each socket, in the order of the table, when it was first seen, in seconds since
            1970, and for how many seconds it has been seen.

        Example:
            >>> from portranges.probe import Scope
            >>> visible = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
            >>> ListenerHistory().update(SocketTable([], visibility=visible, read_at=0.0))
            ()
        """
        now, clock = of_type("table", table, SocketTable).read_at, time.monotonic()
        since: dict[tuple[object, ...], tuple[float, float]] = {}
        seen: list[tuple[float, float]] = []
        for row in table._rows:
            # The inode or the process distinguishes a socket from the next one on the same port.
            key = (*row[: col.PORT + 1], row[col.INODE], row[col.PID])
            first = self._since.get(key, (now, clock))
            since[key] = first
            seen.append((first[0], clock - first[1]))
        self._since = since
        return tuple(seen)


def lingering(
    older_than: float = 300.0,
    *,
    ports: types.PortItems | None = None,
    transport: types.TcpOrUdpLike | None = None,
    history: ListenerHistory | None = None,
    backend: types.BackendLike | None = None,
) -> LingeringListeners:
    """Return the listeners on ephemeral ports that are, or may be, older than a given age.

    A single call has no history: it leaves out listeners whose process started too recently,
    and reports the age of the others as possible. With a *history* that is kept between calls,
    listeners that have been seen for long enough are reported as observed. If owners are not
    visible, all listeners on the ports are returned, with an unknown age.

    A socket that a young process received from another one, as in a restart that keeps its
    sockets, is left out although it may be older. Other errors are those of ``sockets``.

    Args:
        older_than: The age in seconds.
        ports: The ports to examine; if None, the Dynamic Ports of RFC 6335 and the ports that
            this machine allocates.
        transport: TCP or UDP; both if None.
        history: What earlier calls saw; this call updates it.
        backend: The backend to use; the best one if None.

    Raises:
        TypeError: An argument has a wrong type.
        InvalidValueError: *older_than* is negative or not finite.
        SystemReadError: No sockets are visible.

    Example:
        >>> from portranges import probe
        >>> for each in probe.lingering():  # doctest: +SKIP
        ...     print(each.record.port, each.age, [reason.key for reason in each.concerns])
        60454 possible ['exposed', 'ephemeral-port']
    """
    number("older_than", older_than)
    of_type("history", history, ListenerHistory, optional=True)
    transports = transports_of(transport)
    ephemeral, note = _ephemeral_ports(transports)
    if ports is None:
        ports = PortSet(Category.DYNAMIC.ports).union(*ephemeral.values())
    chosen = PortSet(ports)
    query = Query(transports=transports, states=LISTENING, owners=True)
    table = not_denied(read(query, backend))
    seen = (ListenerHistory() if history is None else history).update(table)
    found = list(_listeners(table, seen, chosen, ephemeral, older_than))
    found.sort(key=lambda each: (each.record.port, each.record.transport, each.record.local))
    return LingeringListeners(
        found=tuple(found),
        older_than=older_than,
        ports=chosen,
        visibility=table.visibility,
        read_at=table.read_at,
        note=note,
    )


def _listeners(
    table: SocketTable,
    seen: types.Iterable[tuple[float, float]],
    ports: PortSet,
    ephemeral: types.Mapping[Transport, PortSet],
    older_than: float,
) -> types.Iterator[LingeringListener]:
    """Yield the listeners of *table* on *ports* that are or may be old enough."""
    for record, (since, seen_for) in zip(table, seen, strict=True):
        if record.port not in ports:
            continue
        starts = [each.started_at for each in record.owners]
        started = min((each for each in starts if each is not None), default=None)
        if seen_for >= older_than:
            age = Age.OBSERVED
        elif started is not None and table.read_at - started >= older_than:
            age = Age.POSSIBLE
        elif started is None or None in starts:
            # A process whose start is unknown may have had the socket for longer.
            age = Age.UNKNOWN
        else:
            continue
        yield LingeringListener(
            record=record,
            age=age,
            seen_since=since,
            owner_started_at=started,
            reasons=reasons_for(record, table, ephemeral.get(record.transport)),
        )


def _ephemeral_ports(transports: tuple[Transport, ...]) -> tuple[dict[Transport, PortSet], str]:
    """Return the ports that this machine allocates, as far as it can be read, and why not all."""
    from portranges import system

    ranges: dict[Transport, PortSet] = {}
    note = ""
    for transport in transports:
        try:
            ranges[transport] = system.read_ephemeral(transport.value).ports
        except SystemReadError as error:
            note = str(error)
    return ranges, note
