"""Listeners on ports that are handed out, which have been there for long.

What lives here: what speaks for and against worrying about one, what is known
of its age, and the memory of what was seen when.
What must not: a verdict. A listener on a dynamic port is usual for some
programs and a sign of trouble for others; the reasons are for a person.

No system tells the age of a socket. What is known is when it was first seen
here, and when its process started: a socket cannot be older than that, unless
it was handed to the process.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from math import inf

from portranges import types, uses
from portranges.categories import Category
from portranges.errors import InvalidValueError, SystemReadError, elide
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet
from portranges.probe import neighbours
from portranges.probe.backends import read
from portranges.probe.model import Scope, SocketRecord, SocketTable, Visibility
from portranges.probe.programs import PROGRAMS
from portranges.probe.query import LISTENING, Query, transports_of
from portranges.registry import services
from portranges.source import Source, cite

__all__ = [
    "Age",
    "LingeringListener",
    "LingeringListeners",
    "ListenerHistory",
    "Reason",
    "ReasonKind",
    "lingering",
]

# A known use of more ports than this tells nothing about one of them.
_NARROW = 1001


class Age(StrEnum):
    """What is known of how long a listener has been there.

    Attributes:
        OBSERVED: It has been seen for long enough.
        POSSIBLE: Its process has been there for long enough; whether the
            socket has is not known.
        UNKNOWN: Its process, or the start of one of them, is not known.

    Example:
        >>> Age("observed")
        <Age.OBSERVED: 'observed'>
    """

    OBSERVED = "observed"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"


class ReasonKind(StrEnum):
    """Which way a reason points.

    Example:
        >>> ReasonKind("reassurance")
        <ReasonKind.REASSURANCE: 'reassurance'>
    """

    CONCERN = "concern"
    REASSURANCE = "reassurance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason for or against worry.

    Attributes:
        key: A short name that stays, as ``"exposed"``.
        kind: Which way it points.
        text: The reason for a person, as half a sentence.
        source: What it rests on, where that is not this machine.

    Example:
        >>> reason = Reason(key="loopback", kind=ReasonKind.REASSURANCE, text="it is on loopback")
        >>> reason.kind
        <ReasonKind.REASSURANCE: 'reassurance'>
    """

    key: str
    kind: ReasonKind
    text: str
    source: Source | None = None

    def to_dict(self) -> dict[str, types.Any]:
        """Return it as data for JSON.

        Returns:
            A dict with a key for each attribute.

        Example:
            >>> reason = Reason(key="loopback", kind=ReasonKind.REASSURANCE, text="it is on loopback")
            >>> reason.to_dict()["kind"]
            'reassurance'
        """
        return {
            "key": self.key,
            "kind": self.kind.value,
            "text": self.text,
            "source": None if self.source is None else str(self.source),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LingeringListener:
    """A listener on a port that is handed out, and what is known of it.

    Attributes:
        record: The socket and its owners.
        age: How well it is known that it has been there for long.
        seen_since: When it was first seen here, in seconds since 1970.
        owner_started_at: When the first of its owners started: a bound, no
            age. ``None`` where that is not known.
        reasons: The reasons, those for worry first.

    Example:
        >>> from portranges.probe import SocketRecord
        >>> socket = SocketRecord(
        ...     transport="tcp", family="inet", address="127.0.0.1", port=60454, state="listen"
        ... )
        >>> LingeringListener(record=socket, age=Age.UNKNOWN, seen_since=0.0, owner_started_at=None,
        ...          reasons=()).concerns
        ()
    """

    record: SocketRecord
    age: Age
    seen_since: float
    owner_started_at: float | None
    reasons: tuple[Reason, ...]

    @property
    def concerns(self) -> tuple[Reason, ...]:
        """The reasons for worry.

        Returns:
            Some of ``reasons``.

        Example:
            >>> socket = SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=60454, state="listen"
            ... )
            >>> reason = Reason(key="loopback", kind=ReasonKind.REASSURANCE, text="it is on loopback")
            >>> found = LingeringListener(
            ...     record=socket, age=Age.UNKNOWN, seen_since=0.0, owner_started_at=None,
            ...     reasons=(reason,),
            ... )
            >>> found.concerns
            ()
        """
        return tuple(each for each in self.reasons if each.kind is ReasonKind.CONCERN)

    @property
    def reassurances(self) -> tuple[Reason, ...]:
        """The reasons against it.

        Returns:
            The others of ``reasons``.

        Example:
            >>> socket = SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=60454, state="listen"
            ... )
            >>> reason = Reason(key="loopback", kind=ReasonKind.REASSURANCE, text="it is on loopback")
            >>> found = LingeringListener(
            ...     record=socket, age=Age.UNKNOWN, seen_since=0.0, owner_started_at=None,
            ...     reasons=(reason,),
            ... )
            >>> [reason.key for reason in found.reassurances]
            ['loopback']
        """
        return tuple(each for each in self.reasons if each.kind is ReasonKind.REASSURANCE)

    def to_dict(self) -> dict[str, types.Any]:
        """Return it as data for JSON.

        Returns:
            A dict with a key for each attribute.

        Example:
            >>> socket = SocketRecord(
            ...     transport="tcp", family="inet", address="127.0.0.1", port=60454, state="listen"
            ... )
            >>> reason = Reason(key="loopback", kind=ReasonKind.REASSURANCE, text="it is on loopback")
            >>> found = LingeringListener(
            ...     record=socket, age=Age.UNKNOWN, seen_since=0.0, owner_started_at=None,
            ...     reasons=(reason,),
            ... )
            >>> found.to_dict()["age"]
            'unknown'
        """
        return {
            "socket": self.record.to_dict(),
            "age": self.age.value,
            "seen_since": self.seen_since,
            "owner_started_at": self.owner_started_at,
            "reasons": [each.to_dict() for each in self.reasons],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LingeringListeners:
    """The answer of ``lingering``: a sequence of lingerers, by port.

    Attributes:
        found: The lingerers.
        older_than: The seconds that were asked for.
        ports: The ports that were looked at.
        visibility: How much was seen.
        read_at: When, in seconds since 1970.
        note: What could not be read of the machine's own range; ``""`` where
            it was.

    Example:
        >>> empty = LingeringListeners(
        ...     found=(), older_than=300.0, ports=PortSet.parse("49152-65535"),
        ...     visibility=Visibility(sockets=Scope.ALL, owners=Scope.ALL), read_at=0.0,
        ... )
        >>> list(empty)
        []
    """

    found: tuple[LingeringListener, ...]
    older_than: float
    ports: PortSet
    visibility: Visibility
    read_at: float
    note: str = ""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.found)

    def __iter__(self) -> types.Iterator[LingeringListener]:
        """Iterate over them, by port."""
        return iter(self.found)

    def __getitem__(self, index: int) -> LingeringListener:
        """Return one of them."""
        return self.found[index]

    def to_dict(self) -> dict[str, types.Any]:
        """Return it as data for JSON.

        Returns:
            A dict with a key for each attribute.

        Example:
            >>> empty = LingeringListeners(
            ...     found=(), older_than=300.0, ports=PortSet.parse("49152-65535"),
            ...     visibility=Visibility(sockets=Scope.ALL, owners=Scope.ALL), read_at=0.0,
            ... )
            >>> empty.to_dict()["older_than"]
            300.0
        """
        return {
            "older_than": self.older_than,
            "ports": str(self.ports),
            "read_at": self.read_at,
            "note": self.note,
            "visibility": {
                "sockets": self.visibility.sockets.value,
                "owners": self.visibility.owners.value,
                "reason": self.visibility.reason,
            },
            "lingering": [each.to_dict() for each in self.found],
        }


class ListenerHistory:
    """The memory of which listener was first seen when.

    Given to each call of ``lingering``, it turns "may have been there for
    long" into "has been seen for so long". It holds what is there, and forgets
    what is not.

    Example:
        >>> len(ListenerHistory())
        0
    """

    __slots__ = ("_since",)

    def __init__(self) -> None:
        """Start with nothing seen."""
        # The wall clock is for people, and may be set; the other one counts.
        self._since: dict[tuple[object, ...], tuple[float, float]] = {}

    def __len__(self) -> int:
        """Return how many listeners are remembered."""
        return len(self._since)

    def update(self, table: SocketTable) -> list[tuple[float, float]]:
        """Remember the sockets of *table*, which should be all listeners.

        Args:
            table: What is there now.

        Returns:
            For each socket, in the order of the table, when it was first seen
            in seconds since 1970, and for how many seconds it has been seen.

        Example:
            >>> seen = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
            >>> ListenerHistory().update(SocketTable([], visibility=seen, read_at=0.0))
            []
        """
        now, clock = table.read_at, time.monotonic()
        since: dict[tuple[object, ...], tuple[float, float]] = {}
        seen: list[tuple[float, float]] = []
        for row in table._rows:
            # The handle tells one socket from the next on the same port.
            key = (*row[:4], row[8])
            first = self._since.get(key, (now, clock))
            since[key] = first
            seen.append((first[0], clock - first[1]))
        self._since = since
        return seen


def lingering(
    older_than: float = 300.0,
    *,
    ports: types.PortItems | PortRange | None = None,
    transport: types.TcpOrUdpLike | None = None,
    history: ListenerHistory | None = None,
    backend: types.BackendLike | None = None,
) -> LingeringListeners:
    """Return the listeners on handed-out ports that may have been there for long.

    A single call has seen nothing before: it leaves out those whose process
    started later than that, and says of the others that they are possible.
    With *history* that are kept from call to call, those that have been seen
    for long enough are told as observed.

    A socket that was handed to a young process, as in a restart that keeps its
    sockets, is left out although it may be older.

    Args:
        older_than: Seconds, 0 or more.
        ports: The ports to look at; by default the Dynamic ports of RFC 6335,
            and what this machine hands out.
        transport: TCP or UDP; both by default.
        history: What was seen before; this call adds to it.
        backend: As for ``sockets``.

    Returns:
        The lingerers by port. Where owners cannot be seen, all listeners on
        the ports are in it, with an unknown age.

    Raises:
        TypeError: An argument is of a wrong type.
        InvalidValueError: *older_than* is negative or not finite.
        SystemReadError: No socket can be seen.
        MissingExtraError: As ``sockets``.
        UnknownNameError: As ``sockets``.
        UnsupportedPlatformError: As ``sockets``.
        UnexpectedOutputError: As ``sockets``.

    Example:
        >>> from portranges import probe
        >>> for each in probe.lingering():  # doctest: +SKIP
        ...     print(each.record.port, each.age, [reason.key for reason in each.concerns])
        60454 possible ['handed-out', 'exposed']
    """
    if isinstance(older_than, bool) or not isinstance(older_than, (int, float)):
        raise TypeError(f"older_than must be a number, got {type(older_than).__name__}")
    if not 0 <= older_than < inf:
        raise InvalidValueError("older_than must be finite and not negative", elide(older_than))
    transports = transports_of(transport)
    handed_out, note = _handed_out(transports)
    if ports is None:
        wanted = PortSet([Category.DYNAMIC.ports]).union(*handed_out.values())
    else:
        wanted = PortSet((ports,)) if isinstance(ports, PortRange) else PortSet(ports)
    table = read(Query(transports=transports, states=LISTENING, owners=True), backend)
    if table.visibility.sockets is Scope.DENIED:
        raise SystemReadError("the socket table", table.visibility.reason)
    seen = (ListenerHistory() if history is None else history).update(table)
    found: list[LingeringListener] = []
    for record, (since, for_long) in zip(table, seen, strict=True):
        if record.port not in wanted:
            continue
        starts = [each.started_at for each in record.owners]
        known = [each for each in starts if each is not None]
        started = min(known) if known else None
        if for_long >= older_than:
            age = Age.OBSERVED
        elif started is not None and table.read_at - started >= older_than:
            age = Age.POSSIBLE
        elif started is None or None in starts:
            # A process whose start is not known may have it for longer.
            age = Age.UNKNOWN
        else:
            continue
        found.append(
            LingeringListener(
                record=record,
                age=age,
                seen_since=since,
                owner_started_at=started,
                reasons=_reasons(record, table, handed_out.get(record.transport)),
            )
        )
    found.sort(key=lambda each: (each.record.port, each.record.transport, each.record.local))
    return LingeringListeners(
        found=tuple(found),
        older_than=older_than,
        ports=wanted,
        visibility=table.visibility,
        read_at=table.read_at,
        note=note,
    )


def _handed_out(transports: tuple[Transport, ...]) -> tuple[dict[Transport, PortSet], str]:
    """Return what this machine hands out, as far as it can be read, and why not."""
    ranges: dict[Transport, PortSet] = {}
    note = ""
    for transport in transports:
        try:
            ranges[transport] = neighbours.effective(transport).ports
        except SystemReadError as error:
            note = str(error)
    return ranges, note


_RFC_6335 = cite("RFC 6335", "section 6")


def _reasons(
    record: SocketRecord, table: SocketTable, handed_out: PortSet | None
) -> tuple[Reason, ...]:
    """Return what speaks for and against worrying about *record*."""
    return (*_for_worry(record, table, handed_out), *_against_worry(record))


def _for_worry(
    record: SocketRecord, table: SocketTable, handed_out: PortSet | None
) -> types.Iterator[Reason]:
    concern = ReasonKind.CONCERN
    if not record.owners:
        yield Reason(key="no-owner", kind=concern, text=f"no owner: {table.why_no_owner(record)}")
    if not record.is_loopback:
        where = "every address" if record.is_wildcard else record.address
        yield Reason(
            key="exposed", kind=concern, text=f"listens on {where}: other machines may reach it"
        )
    if handed_out is not None and record.port in handed_out:
        yield Reason(
            key="handed-out",
            kind=concern,
            text=(
                "this machine hands the port out: once the listener ends, a connection "
                "may have it when it starts again"
            ),
        )
    if record.port in Category.DYNAMIC.ports:
        yield Reason(
            key="no-registration",
            kind=concern,
            text="no dynamic port is assigned to a service: the number tells nothing",
            source=_RFC_6335,
        )


def _against_worry(record: SocketRecord) -> types.Iterator[Reason]:
    reassurance = ReasonKind.REASSURANCE
    for owner in record.owners:
        program = PROGRAMS.get(owner.name)
        if program is not None:
            yield Reason(
                key="container-proxy" if program.is_proxy else "known-program",
                kind=reassurance,
                text=f"a program named {program.name} {program.does}",
                source=program.source,
            )
    names = services(record.port, record.transport)
    if names:
        yield Reason(
            key="known-service", kind=reassurance, text=f"the port is registered to {names[0]}"
        )
    for use in uses.lookup(record.port):
        if record.transport in use.transports and len(use.ports) <= _NARROW:
            yield Reason(
                key="known-use",
                kind=reassurance,
                text=f"{use.name} uses {use.ports}: {use.note}",
                source=use.source,
            )
    if record.is_loopback:
        yield Reason(key="loopback", kind=reassurance, text="this machine alone reaches it")
    if record.transport is Transport.UDP:
        yield Reason(
            key="udp-client",
            kind=reassurance,
            text="a UDP socket without a remote end is often a client that waits for answers",
        )
