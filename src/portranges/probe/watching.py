"""A local port, polled again and again: what changed between two polls.

Closed sockets are forgotten, so a watch needs memory only for the sockets on the port.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from portranges import types
from portranges.checks import fields, integer, member, number, optional
from portranges.ports import check_port
from portranges.probe import proc
from portranges.probe.backends import has_inodes, not_denied, read
from portranges.probe.query import Query, transports_of
from portranges.probe.record import Owner, SocketRecord
from portranges.probe.row import SocketState, ends_of
from portranges.probe.table import Backend, SocketTable, table_of
from portranges.records import always_checked, as_data


class ChangeKind(StrEnum):
    """What happened to a socket.

    Attributes:
        FOUND: It existed at the first poll; it opened some time before.
        OPENED: It did not exist at the previous poll.
        CLOSED: It no longer exists.
        OWNER_CHANGED: Other processes have it open, or the same ones have reopened it.
        STATE_CHANGED: It is in another state, with the same remote address.

    Example:
        >>> ChangeKind("opened")
        <ChangeKind.OPENED: 'opened'>
    """

    FOUND = "found"
    OPENED = "opened"
    CLOSED = "closed"
    OWNER_CHANGED = "owner changed"
    STATE_CHANGED = "state changed"


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change to a socket on the watched port.

    A change happened between two polls: after ``previous_poll`` and before ``at``. Nothing more
    is known about its time. The three times come from the machine's wall clock, and jump if it is
    set.

    Attributes:
        kind: What happened.
        record: The socket as it is now; for ``CLOSED`` as it was last seen.
        before: The socket as it was; ``None`` for ``FOUND`` and ``OPENED``.
        at: When the poll that saw the change ended, in seconds since 1970.
        previous_poll: When the poll before that one began; ``None`` for ``FOUND``.
        seen_since: When the poll that first saw the socket ended.

    Example:
        >>> web = SocketRecord(
        ...     transport="tcp", family="inet", address="0.0.0.0", port=80, state="listen"
        ... )
        >>> change = Change(kind=ChangeKind.CLOSED, record=web, before=web, at=12.0,
        ...                 previous_poll=11.0, seen_since=2.0)
        >>> change.seen_for, change.to_dict()["kind"]
        (9.0, 'closed')
    """

    kind: ChangeKind
    record: SocketRecord
    before: SocketRecord | None = None
    at: float
    previous_poll: float | None = None
    seen_since: float

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, kind=ChangeKind, record=SocketRecord, before=optional(SocketRecord))
        fields(self, at=number, previous_poll=optional(number), seen_since=number)

    @property
    def seen_for(self) -> float:
        """How long the socket has been seen, in seconds; its real age is unknown.

        The time from the end of the first poll that saw it to the end of the last one. For
        ``CLOSED``, it ends at the beginning of the last poll that saw it. 0 if only one poll saw
        it.
        """
        last = self.at
        if self.kind is ChangeKind.CLOSED and self.previous_poll is not None:
            last = self.previous_poll
        return max(0.0, last - self.seen_since)

    def to_dict(self) -> dict[str, types.Any]:
        """Return the change as data for JSON, with a key for each attribute."""
        return as_data(self, "kind", "at", "previous_poll", "seen_since", "record", "before")


@dataclass(frozen=True, slots=True)
class _Seen:
    """A socket at the last poll, and the time of the first one that saw it."""

    record: SocketRecord
    since: float


# Seconds, about eleven days. Every system limits how long a wait may be, Windows to 49 days
# (threading.TIMEOUT_MAX); a longer one raises OverflowError.
LONGEST_INTERVAL = 1_000_000.0


class Watcher:
    """The sockets on a local port, poll by poll.

    It polls only when ``poll`` is called; ``watch`` is a loop around it.

    Attributes:
        port: The port.
        table: The sockets at the last poll; ``None`` before the first.
        polls: The number of polls so far.

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
        """Prepare to watch a port, without polling it yet.

        Args:
            port: The port.
            transport: TCP or UDP; both if None.
            owners: Whether to watch the processes too.
            backend: The backend to use; the best one if None.

        Raises:
            TypeError: *port* is not an integer.
            InvalidPortError: *port* is outside 0..65535.
            UnknownNameError: *transport* or *backend* is unknown.
        """
        self.port: int = check_port(port)
        self.table: SocketTable | None = None
        self.polls: int = 0
        self._began: float | None = None
        self._transports = transports_of(transport)
        self._owners = owners
        self._backend = None if backend is None else member("backend", backend, Backend)
        self._seen: list[_Seen] = []
        self._holders: proc.Holders | None = None
        self._known: dict[int, tuple[Owner, ...]] = {}

    def poll(self) -> tuple[Change, ...]:
        """Return what changed since the previous poll, closed sockets first.

        The first poll returns the existing sockets.

        Raises:
            SystemReadError: No sockets are visible.
            MissingExtraError: This system needs psutil, which is not installed.
            UnsupportedPlatformError: The backend is for another system.
            UnexpectedOutputError: The system's answer is not in a known format.

        Example:
            >>> from portranges import probe
            >>> watcher = probe.Watcher(60454)
            >>> watcher.poll()  # doctest: +SKIP
            ()
        """
        # A poll takes time, and what it shows was true at some moment between its beginning and
        # its end.
        began = time.time()
        table = not_denied(self._read())
        now = time.time()
        pairs, gone = _paired(self._seen, table)
        change = partial(Change, at=now, previous_poll=self._began)
        closed = partial(change, kind=ChangeKind.CLOSED)
        changes = [
            closed(record=was.record, before=was.record, seen_since=was.since) for was in gone
        ]
        seen: list[_Seen] = []
        for record, was in pairs:
            before = None if was is None else was.record
            since = now if was is None or not _is_same(was.record, record) else was.since
            seen.append(_Seen(record, since))
            kind = _kind(before, record, first=self._began is None)
            if kind is not None:
                changes.append(change(kind=kind, record=record, before=before, seen_since=since))
        self.table, self._began, self._seen = table, began, seen
        self.polls += 1
        return tuple(changes)

    def _read(self) -> SocketTable:
        query = Query(transports=self._transports, port=self.port, owners=self._owners)
        if not self._owners or not has_inodes(self._backend):
            return read(query, self._backend)
        # Processes are visited again only if that could show something new.
        table = read(Query(transports=query.transports, port=query.port), self._backend)
        if table.backend is None or table.backend is Backend.PSUTIL:
            return table
        inodes = proc.inodes_of(table._rows)
        if self._holders is None or not _is_current(self._holders, inodes):
            self._holders = proc.holders_of(inodes)
            self._known = proc.owners_of(self._holders)
        return table_of(
            table._rows,
            owners=self._known,
            visibility=self._holders.visibility,
            backend=table.backend,
            read_at=table.read_at,
        )


def _is_current(holders: proc.Holders, inodes: frozenset[int]) -> bool:
    """Return whether *holders* is still correct: the same sockets, each at its descriptor."""
    return holders.inodes == inodes and all(
        proc.still_holds(inode, *pair) for inode, pairs in holders.found.items() for pair in pairs
    )


def _paired(
    seen: list[_Seen], table: SocketTable
) -> tuple[list[tuple[SocketRecord, _Seen | None]], list[_Seen]]:
    """Return each record with its state at the previous poll, and the sockets that have closed.

    A socket is first paired with itself, by its inode; then with one that had the same
    addresses.
    """
    by_ends: dict[tuple[object, ...], list[_Seen]] = {}
    for was in seen:
        by_ends.setdefault(ends_of(was.record._row), []).append(was)
    pairs: list[tuple[SocketRecord, _Seen | None]] = []
    late: list[SocketRecord] = []
    for record in table:
        alike = by_ends.get(ends_of(record._row), [])
        # By position, because records with different inodes may be equal.
        same = [at for at, was in enumerate(alike) if was.record.inode == record.inode]
        if same:
            pairs.append((record, alike.pop(same[0])))
        else:
            late.append(record)
    for record in late:
        alike = by_ends.get(ends_of(record._row), [])
        pairs.append((record, alike.pop(0) if alike else None))
    return pairs, [was for alike in by_ends.values() for was in alike]


def _is_same(was: SocketRecord, record: SocketRecord) -> bool:
    """Return whether both are the same socket, rather than two with the same addresses."""
    if was.state is SocketState.TIME_WAIT and record.state is not SocketState.TIME_WAIT:
        return False
    if was.inode is not None and record.inode is not None:
        return was.inode == record.inode
    # A connection has an inode from when it is accepted until the process closes it. psutil
    # reports none.
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
    """Yield the changes on a local port as polls see them.

    The first poll yields the existing sockets. A socket that opens and closes between two polls
    is not seen. To stop, leave the loop, or set *stop* from another thread.

    Args:
        port: The port.
        interval: Seconds from one poll to the next, greater than 0, up to 1,000,000.
        transport: TCP or UDP; both if None.
        owners: Whether to watch the processes too.
        polls: The number of polls after which to stop; None means never.
        stop: Stops the loop immediately when it is set.
        backend: The backend to use; the best one if None.

    Raises:
        TypeError: An argument has a wrong type.
        InvalidValueError: *interval* or *polls* is too small or too large.
        InvalidPortError: *port* is outside 0..65535.
        SystemReadError: No sockets are visible.
        MissingExtraError: This system needs psutil, which is not installed.
        UnknownNameError: *transport* or *backend* is unknown.
        UnsupportedPlatformError: *backend* is for another system.
        UnexpectedOutputError: The system's answer is not in a known format.

    Example:
        >>> from portranges import probe
        >>> for change in probe.watch(60454):  # doctest: +SKIP
        ...     print(change.kind, change.record.local, change.record.owners)
    """
    _check_pace(interval, polls)
    # Created here and not in the generator, so that the call itself reports wrong arguments.
    watcher = Watcher(port, transport, owners=owners, backend=backend)
    return _loop(watcher, interval, polls, stop)


def _loop(
    watcher: Watcher, interval: float, polls: int | None, stop: types.Event | None
) -> types.Iterator[Change]:
    due = time.monotonic()
    while not (stop is not None and stop.is_set()):
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
) -> AsyncIterator[Change]:
    """Yield the changes on a local port as polls see them, in an event loop.

    A poll runs in a thread of the loop's pool, so that it does not block the loop; on Linux it
    reads the network namespace of that thread. To stop, leave the loop, or cancel the task. It
    raises the same errors as ``watch``, but only when iteration starts.

    Args:
        port: The port.
        interval: Seconds from one poll to the next, greater than 0, up to 1,000,000.
        transport: TCP or UDP; both if None.
        owners: Whether to watch the processes too.
        polls: The number of polls after which to stop; None means never.
        backend: The backend to use; the best one if None.

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
    while True:
        for change in await asyncio.to_thread(watcher.poll):
            yield change
        if watcher.polls == polls:
            return
        due, left = next_poll(due, interval)
        await asyncio.sleep(left)


def next_poll(due: float, interval: float) -> tuple[float, float]:
    """Return when the next poll is due, and in how many seconds that is.

    A poll that took longer than the interval delays the next ones; missed polls are not made up.
    """
    now = time.monotonic()
    due = max(due + interval, now)
    return due, due - now


def _check_pace(interval: float, polls: int | None) -> None:
    number("interval", interval, above=0, most=LONGEST_INTERVAL)
    if polls is not None:
        integer("polls", polls, least=1)
