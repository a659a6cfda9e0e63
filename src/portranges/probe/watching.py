"""A local port, looked at again and again: what changed between two looks.

What lives here: Change, Watcher, and the loops around it, one of them async.
What must not: any reading of tables (``backends``), any output.

Nothing is kept of what has gone: the memory of a watch is that of the sockets
on the port.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum

from portranges import types
from portranges.errors import InvalidValueError, SystemReadError, elide
from portranges.ports import check_port
from portranges.probe import proc
from portranges.probe.backends import check_backend, has_inodes, read
from portranges.probe.model import (
    Backend,
    Owner,
    Scope,
    SocketRecord,
    SocketState,
    SocketTable,
    Visibility,
)
from portranges.probe.query import Query, transports_of

__all__ = [
    "LONGEST_INTERVAL",
    "Change",
    "ChangeKind",
    "Watcher",
    "next_poll",
    "watch",
    "watch_async",
]


class ChangeKind(StrEnum):
    """What happened to a socket.

    Attributes:
        FOUND: It was there at the first look: it opened some time before.
        OPENED: It was not there at the look before.
        CLOSED: It is not there any more.
        OWNER_CHANGED: Other processes have it, or have opened it again.
        STATE_CHANGED: It is in another state, with the same remote end.

    Example:
        >>> ChangeKind("opened")
        <ChangeKind.OPENED: 'opened'>
    """

    FOUND = "found"
    OPENED = "opened"
    CLOSED = "closed"
    OWNER_CHANGED = "owner changed"
    STATE_CHANGED = "state changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change to a socket on the watched port.

    A change happened between two polls, and that is all that is known of when:
    after ``previous_poll``, and by ``at``.

    Attributes:
        kind: What happened.
        record: The socket as it is now; for ``CLOSED`` as it was last seen.
        before: The socket as it was; ``None`` for ``FOUND`` and ``OPENED``.
        at: When the look that showed it had ended, in seconds since 1970.
        previous_poll: When the look before that had begun; ``None`` for
            ``FOUND``.
        seen_since: When the look at which the socket was first seen had ended.

    All three are read off the machine's clock, and jump where somebody sets it.

    Example:
        >>> web = SocketRecord(
        ...     transport="tcp", family="inet", address="0.0.0.0", port=80, state="listen"
        ... )
        >>> change = Change(kind=ChangeKind.CLOSED, record=web, before=web, at=12.0,
        ...                 previous_poll=11.0, seen_since=2.0)
        >>> change.seen_for
        9.0
    """

    kind: ChangeKind
    record: SocketRecord
    before: SocketRecord | None = None
    at: float
    previous_poll: float | None = None
    seen_since: float

    @property
    def seen_for(self) -> float:
        """For how long the socket has been seen, in seconds.

        Returns:
            The time from the end of the first look that showed it to the last
            one: to the end of that, and for ``CLOSED`` to its begin. 0 where
            one look showed it. How old it is nobody knows.

        Example:
            >>> web = SocketRecord(
            ...     transport="tcp", family="inet", address="0.0.0.0", port=80, state="listen"
            ... )
            >>> change = Change(
            ...     kind=ChangeKind.OPENED, record=web, at=12.0, previous_poll=11.0, seen_since=12.0
            ... )
            >>> change.seen_for
            0.0
        """
        last = self.at
        if self.kind is ChangeKind.CLOSED and self.previous_poll is not None:
            last = self.previous_poll
        return max(0.0, last - self.seen_since)

    def to_dict(self) -> dict[str, types.Any]:
        """Return it as data for JSON.

        Returns:
            A dict with a key for each attribute.

        Example:
            >>> web = SocketRecord(
            ...     transport="tcp", family="inet", address="0.0.0.0", port=80, state="listen"
            ... )
            >>> change = Change(
            ...     kind=ChangeKind.OPENED, record=web, at=12.0, previous_poll=11.0, seen_since=12.0
            ... )
            >>> change.to_dict()["kind"]
            'opened'
        """
        return {
            "kind": self.kind.value,
            "at": self.at,
            "previous_poll": self.previous_poll,
            "seen_since": self.seen_since,
            "record": self.record.to_dict(),
            "before": None if self.before is None else self.before.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class _Seen:
    """A socket at the last look, and the time of the first."""

    record: SocketRecord
    since: float


# Seconds, eleven days. A wait has an end everywhere, which is 49 days on Windows
# (threading.TIMEOUT_MAX); beyond it there is an OverflowError in mid-watch.
LONGEST_INTERVAL = 1_000_000.0

# transport, family, both ends.
_Ends = tuple[object, ...]


class Watcher:
    """What is on a local port, look by look.

    It looks when it is told to: ``watch`` is a loop around it.

    Attributes:
        port: The port.
        table: What the last look showed.
        polls: How many there were.

    Example:
        >>> from portranges import probe
        >>> watcher = probe.Watcher(60454)
        >>> watcher.polls
        0
    """

    def __init__(
        self,
        port: types.SupportsIndex,
        transport: types.TcpOrUdpLike | None = None,
        *,
        owners: bool = True,
        backend: types.BackendLike | None = None,
    ) -> None:
        """Keep what is to be watched, and look at nothing yet.

        Args:
            port: The port.
            transport: TCP or UDP; both by default.
            owners: Whether the processes are watched too.
            backend: As for ``sockets``.

        Raises:
            TypeError: *port* is no integer.
            InvalidPortError: *port* is outside 0 to 65535.
            UnknownNameError: *transport* or *backend* is none.
        """
        self.port: int = check_port(port)
        self.table: SocketTable | None = None
        self.polls: int = 0
        self._began: float | None = None
        self._transports = transports_of(transport)
        self._owners = owners
        self._backend = None if backend is None else check_backend(backend)
        self._seen: list[_Seen] = []
        self._holders: proc.Holders | None = None
        self._known: dict[int, tuple[Owner, ...]] = {}

    def poll(self) -> tuple[Change, ...]:
        """Look once.

        Returns:
            What changed since the look before, closed ones first; at the first
            look what is there.

        Raises:
            SystemReadError: No socket can be seen.
            MissingExtraError: As ``sockets``.
            UnsupportedPlatformError: As ``sockets``.
            UnexpectedOutputError: As ``sockets``.

        Example:
            >>> from portranges import probe
            >>> watcher = probe.Watcher(60454)
            >>> watcher.poll()  # doctest: +SKIP
            ()
        """
        # A look takes its time, and stands for no moment in it: what it shows was so
        # after it began and before it ended.
        began = time.time()
        table = self._read()
        now = time.time()
        if table.visibility.sockets is Scope.DENIED:
            raise SystemReadError("the socket table", table.visibility.reason)
        last = self._began
        pairs, gone = _paired(self._seen, table)
        self._seen = []
        changes: list[Change] = [
            Change(
                kind=ChangeKind.CLOSED,
                record=was.record,
                before=was.record,
                at=now,
                previous_poll=last,
                seen_since=was.since,
            )
            for was in gone
        ]
        for record, was in pairs:
            since = now if was is None or not _is_same(was.record, record) else was.since
            self._seen.append(_Seen(record, since))
            kind = _kind(None if was is None else was.record, record, first=last is None)
            if kind is not None:
                changes.append(
                    Change(
                        kind=kind,
                        record=record,
                        before=None if was is None else was.record,
                        at=now,
                        previous_poll=last,
                        seen_since=since,
                    )
                )
        self.table = table
        self._began = began
        self.polls += 1
        return tuple(changes)

    def _read(self) -> SocketTable:
        query = Query(transports=self._transports, port=self.port, owners=self._owners)
        if not self._owners or not has_inodes(self._backend):
            return read(query, self._backend)
        # The walk over all processes is done again only where it could tell
        # something new.
        table = read(Query(transports=query.transports, port=query.port), self._backend)
        if table.backend is None or table.backend is Backend.PSUTIL:
            return table
        inodes = frozenset(row[8] for row in table._rows if row[8])
        holders = self._holders
        if holders is None or not _hold_still(holders, inodes):
            holders = proc.holders_of(inodes)
            self._holders = holders
            self._known = proc.owners_of(holders)
        return SocketTable(
            table._rows,
            owners=self._known,
            visibility=Visibility(
                sockets=table.visibility.sockets, owners=holders.scope, reason=holders.reason
            ),
            backend=table.backend,
            read_at=table.read_at,
        )


def _hold_still(holders: proc.Holders, inodes: frozenset[int]) -> bool:
    """Tell whether *holders* is right for *inodes*: no other, and each at its place."""
    return holders.asked == inodes and all(
        proc.still_holds(inode, *pair) for inode, pairs in holders.found.items() for pair in pairs
    )


def _paired(
    seen: list[_Seen], table: SocketTable
) -> tuple[list[tuple[SocketRecord, _Seen | None]], list[_Seen]]:
    """Return each record with what it was at the look before, and what has gone.

    A socket is first paired with itself, by its inode; then with one that had
    the same ends.
    """
    by_ends: dict[_Ends, list[_Seen]] = {}
    for was in seen:
        by_ends.setdefault(_ends(was.record), []).append(was)
    pairs: list[tuple[SocketRecord, _Seen | None]] = []
    late: list[SocketRecord] = []
    for record in table:
        alike = by_ends.get(_ends(record), [])
        # By place: records are equal whatever their inodes.
        same = [at for at, was in enumerate(alike) if was.record.inode == record.inode]
        if same:
            pairs.append((record, alike.pop(same[0])))
        else:
            late.append(record)
    for record in late:
        alike = by_ends.get(_ends(record), [])
        pairs.append((record, alike.pop(0) if alike else None))
    return pairs, [was for alike in by_ends.values() for was in alike]


def _ends(record: SocketRecord) -> _Ends:
    return record._row[:6]


def _is_same(was: SocketRecord, record: SocketRecord) -> bool:
    """Tell whether it is one socket, rather than another with the same ends."""
    if was.state is SocketState.TIME_WAIT and record.state is not SocketState.TIME_WAIT:
        return False
    if was.inode is not None and record.inode is not None:
        return was.inode == record.inode
    # The kernel gives a connection its inode when it is accepted, and takes it
    # when the process has closed it. psutil tells of none.
    return not (was.owners and record.owners) or was.owners == record.owners


def _kind(was: SocketRecord | None, record: SocketRecord, *, first: bool) -> ChangeKind | None:
    if was is None:
        return ChangeKind.FOUND if first else ChangeKind.OPENED
    if was.state is not record.state:
        return ChangeKind.STATE_CHANGED
    if was.owners != record.owners or was.inode != record.inode:
        return ChangeKind.OWNER_CHANGED
    return None


def watch(
    port: types.SupportsIndex,
    interval: float = 1.0,
    *,
    transport: types.TcpOrUdpLike | None = None,
    owners: bool = True,
    polls: int | None = None,
    stop: types.Event | None = None,
    backend: types.BackendLike | None = None,
) -> types.Iterator[Change]:
    """Yield the changes on a local port as they are seen.

    A socket that opens and closes between two polls is not seen. To end it,
    leave the loop, or set *stop* from another thread.

    Args:
        port: The port.
        interval: Seconds from look to look, greater than 0, up to 1,000,000.
        transport: TCP or UDP; both by default.
        owners: Whether the processes are watched too.
        polls: After how many looks to end, 1 or more; never by default.
        stop: Ends the loop when it is set, at once.
        backend: As for ``sockets``.

    Yields:
        Changes, those of one look together; the first are what is there.

    Raises:
        TypeError: An argument is of a wrong type.
        InvalidValueError: *interval* or *looks* is too small or too large.
        InvalidPortError: *port* is outside 0 to 65535.
        SystemReadError: No socket can be seen.
        MissingExtraError: As ``sockets``.
        UnknownNameError: As ``sockets``.
        UnsupportedPlatformError: As ``sockets``.
        UnexpectedOutputError: As ``sockets``.

    Example:
        >>> from portranges import probe
        >>> for change in probe.watch(60454):  # doctest: +SKIP
        ...     print(change.kind, change.record.local, change.record.owners)
    """
    _check_pace(interval, polls)
    # Here, not at the first step: a wrong argument is told at the call.
    watcher = Watcher(port, transport, owners=owners, backend=backend)
    return _loop(watcher, interval, polls, stop)


def _loop(
    watcher: Watcher, interval: float, polls: int | None, stop: types.Event | None
) -> types.Iterator[Change]:
    due = time.monotonic()
    while (polls is None or watcher.polls < polls) and not (stop is not None and stop.is_set()):
        yield from watcher.poll()
        if watcher.polls == polls:
            return
        due, left = next_poll(due, interval)
        if stop is None:
            time.sleep(left)
        elif stop.wait(left):
            return


async def watch_async(
    port: types.SupportsIndex,
    interval: float = 1.0,
    *,
    transport: types.TcpOrUdpLike | None = None,
    owners: bool = True,
    polls: int | None = None,
    backend: types.BackendLike | None = None,
) -> types.AsyncIterator[Change]:
    """Yield the changes on a local port as they are seen, in an event loop.

    A look runs in a thread of the loop's pool, so that the loop is not held up;
    on Linux it is that thread's network namespace which is looked at. To end
    it, leave the loop, or cancel the task.

    Args:
        port: As for ``watch``.
        interval: As for ``watch``.
        transport: As for ``watch``.
        owners: As for ``watch``.
        polls: As for ``watch``.
        backend: As for ``watch``.

    Yields:
        As ``watch``.

    Raises:
        TypeError: As ``watch``.
        InvalidValueError: As ``watch``.
        InvalidPortError: As ``watch``.
        SystemReadError: As ``watch``.
        MissingExtraError: As ``watch``.
        UnknownNameError: As ``watch``.
        UnsupportedPlatformError: As ``watch``.
        UnexpectedOutputError: As ``watch``.

    Example:
        >>> from portranges import probe
        >>> async def first_change(port):
        ...     async for change in probe.watch_async(port):
        ...         return change
    """
    import asyncio

    _check_pace(interval, polls)
    watcher = Watcher(port, transport, owners=owners, backend=backend)
    due = time.monotonic()
    while polls is None or watcher.polls < polls:
        for change in await asyncio.to_thread(watcher.poll):
            yield change
        if watcher.polls == polls:
            return
        due, left = next_poll(due, interval)
        await asyncio.sleep(left)


def next_poll(due: float, interval: float) -> tuple[float, float]:
    """Return when the next look is due, and in how many seconds that is.

    A look that took longer than the interval shifts those after it; none is
    made up for.
    """
    now = time.monotonic()
    due = max(due + interval, now)
    return due, due - now


def _check_pace(interval: float, polls: int | None) -> None:
    if isinstance(interval, bool) or not isinstance(interval, (int, float)):
        raise TypeError(f"interval must be a number, got {type(interval).__name__}")
    if not 0 < interval <= LONGEST_INTERVAL:
        rule = f"interval must be greater than 0, up to {LONGEST_INTERVAL:,.0f} seconds"
        raise InvalidValueError(rule, elide(interval))
    if polls is None:
        return
    if isinstance(polls, bool) or not isinstance(polls, int):
        raise TypeError(f"polls must be an int, got {type(polls).__name__}")
    if polls < 1:
        raise InvalidValueError("polls must be 1 or more", elide(polls))
