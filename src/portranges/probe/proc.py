"""The files in /proc on Linux: the socket tables, and the processes that have sockets open.

Processes start and end while they are read. One that has ended is skipped, or has no name if
it was seen to have a socket open. ``proc_net`` has the format of the tables.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from portranges import types
from portranges.errors import reason_of
from portranges.families import Family
from portranges.ports import Transport, is_digits
from portranges.probe import row as col
from portranges.probe.proc_net import decimal, rows_of
from portranges.probe.query import Query
from portranges.probe.record import Owner
from portranges.probe.row import Row, ends_of
from portranges.probe.table import Scope, Visibility

PROC = "/proc"

# The namespace of the calling thread; /proc/net shows the namespace of the main thread. Linux
# has thread-self since 3.17.
_FOLDERS = ("thread-self/net", "net")

_NO_PROCESSES = "no process is visible; is /proc mounted?"


def read(query: Query) -> list[Row]:
    """Return the sockets, transport by transport, IPv4 first.

    States and port are not selected.

    Raises:
        OSError: A table cannot be read.
        UnexpectedOutputError: A table is not in the known format.
    """
    rows: list[Row] = []
    for transport in query.transports:
        for family in Family:
            text = _table(transport, family)
            # A socket that opens during the listing moves others, and the kernel may list one
            # of them twice. Sockets without an inode are identified by their addresses.
            found = rows_of(text, transport, family) if text else []
            rows += {(row[col.INODE] or ends_of(row)): row for row in found}.values()
    return rows


def _table(transport: Transport, family: Family) -> str:
    """Return the text of a table; ``""`` if it is for IPv6, which the kernel does not support."""
    name = transport.value + ("6" if family is Family.INET6 else "")
    try:
        try:
            return _text(f"{_FOLDERS[0]}/{name}")
        except FileNotFoundError:
            return _text(f"{_FOLDERS[1]}/{name}")
    except FileNotFoundError:
        # The IPv4 table was read before, so /proc is mounted.
        if family is Family.INET6:
            return ""
        raise


# Pairs of PID and descriptor, by inode.
_Found = dict[int, list[tuple[int, int]]]


@dataclass(slots=True)
class Holders:
    """The processes that have sockets open, as one visit to all processes found them.

    Attributes:
        inodes: The sockets that were searched for.
        scope: How many of the processes could be inspected, even if all *inodes* were found.
        reason: Why not all.
        found: Pairs of PID and descriptor by inode, lowest PID first.
    """

    inodes: frozenset[int]
    scope: Scope
    reason: str = ""
    found: _Found = field(default_factory=_Found)

    @property
    def visibility(self) -> Visibility:
        """The visibility of a table with these processes as owners."""
        return Visibility(sockets=Scope.ALL, owners=self.scope, reason=self.reason)


def inodes_of(rows: types.Iterable[Row]) -> frozenset[int]:
    """Return the inodes of the sockets that a process may have open."""
    return frozenset([inode for row in rows if (inode := row[col.INODE])])


def holders_of(inodes: types.Iterable[int]) -> Holders:
    """Visit all processes and return those that have the sockets with *inodes* open."""
    wanted = frozenset(inodes)
    try:
        pids = sorted(int(name) for name in os.listdir(PROC) if is_digits(name))  # noqa: PTH208
    except OSError as error:
        return Holders(wanted, Scope.DENIED, f"cannot list {PROC}: {reason_of(error)}")
    if not pids:
        return Holders(wanted, Scope.DENIED, _NO_PROCESSES)
    holders = Holders(wanted, Scope.ALL)
    refused = 0
    for pid in pids:
        try:
            _inspect(pid, wanted, holders.found)
        except PermissionError:
            refused += 1
        except OSError:
            # It has ended.
            continue
    if refused:
        # In some containers not even root may inspect every process.
        holders.scope = limited_scope()
        holders.reason = f"{refused} of {len(pids)} processes cannot be inspected"
    elif pids[0] != 1:
        # Every PID namespace has a process 1 for as long as it exists.
        holders.scope = Scope.OWN
        holders.reason = "the processes of other users are hidden (hidepid)"
    elif len(holders.found) < len(wanted) and not _sees_every_namespace():
        # For example in a container that uses the network of its host.
        holders.scope = limited_scope()
        missing = len(wanted) - len(holders.found)
        holders.reason = f"{missing} of {len(wanted)} sockets have no process in this PID namespace"
    return holders


def limited_scope() -> Scope:
    """Return how much is visible if not everything is; without user IDs, as for root."""
    euid = getattr(os, "geteuid", int)
    return Scope.PARTIAL if euid() == 0 else Scope.OWN


# include/linux/proc_ns.h, PROC_PID_INIT_INO: the initial namespace, which contains all others.
_FIRST_PID_NAMESPACE = 0xEFFFFFFC


def _sees_every_namespace() -> bool:
    """Return whether /proc shows the processes of every PID namespace."""
    try:
        return os.stat(f"{PROC}/1/ns/pid").st_ino == _FIRST_PID_NAMESPACE  # noqa: PTH116
    except FileNotFoundError:
        # The kernel does not support PID namespaces.
        return True
    except OSError:
        return False


def _inspect(pid: int, wanted: frozenset[int], found: _Found) -> None:
    """Add the wanted sockets of *pid* to *found*.

    Raises:
        OSError: The process has ended, or may not be inspected.
    """
    folder = os.open(f"{PROC}/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in os.listdir(folder):  # noqa: PTH208
            try:
                target = os.readlink(name, dir_fd=folder)
            except FileNotFoundError:
                # The descriptor has been closed.
                continue
            if target.startswith("socket:["):
                inode = decimal(target[8:-1])
                if inode in wanted:
                    found.setdefault(inode, []).append((pid, int(name)))
    finally:
        os.close(folder)


def still_holds(inode: int, pid: int, descriptor: int) -> bool:
    """Return whether *pid* still has the socket open at *descriptor*."""
    try:
        target = os.readlink(f"{PROC}/{pid}/fd/{descriptor}")  # noqa: PTH115 (a path is slow)
    except OSError:
        return False
    return target == f"socket:[{inode}]"


def owners_of(holders: Holders) -> dict[int, tuple[Owner, ...]]:
    """Return the processes of *holders* by inode, lowest PID first."""
    started = boot_time()
    known: dict[int, Owner] = {}
    owners: dict[int, tuple[Owner, ...]] = {}
    for inode, pairs in holders.found.items():
        for pid, descriptor in pairs:
            if pid not in known:
                owner = owner_of(pid, started)
                # The PID may have been reused.
                if not still_holds(inode, pid, descriptor):
                    owner = Owner(pid=pid)
                known[pid] = owner
        owners[inode] = tuple(known[pid] for pid in dict.fromkeys(pid for pid, _ in pairs))
    return owners


def owner_of(pid: int, booted: float | None) -> Owner:
    """Return what /proc reports about *pid*; what it does not report stays empty."""
    name = ""
    started: float | None = None
    uid: int | None = None
    try:
        status = _text(f"{pid}/stat")
        # The name is in parentheses and may contain any character.
        head, _, rest = status.rpartition(")")
        name = head.partition("(")[2]
        if booted is not None:
            started = booted + decimal(rest.split()[19]) / os.sysconf("SC_CLK_TCK")
        name = _long_name(pid, name)
        uid = _number_after("Uid:", f"{pid}/status")
    except (OSError, LookupError, ValueError):
        # It has ended, or the kernel's files have another format.
        pass
    return Owner(pid=pid, name=name, uid=uid, started_at=started)


# The kernel truncates names to this many bytes.
_LONGEST_NAME = 15


def _long_name(pid: int, name: str) -> str:
    """Return *name*, completed from the command line if the kernel truncated it."""
    if len(os.fsencode(name)) < _LONGEST_NAME:
        return name
    command = _text(f"{pid}/cmdline").partition("\0")[0]
    base = command.rpartition("/")[2]
    return base if base.startswith(name) else name


def boot_time() -> float | None:
    """Return when the machine started, in seconds since 1970, or None if unknown."""
    try:
        return _number_after("btime ", "stat")
    except (OSError, LookupError, ValueError):
        return None


def _number_after(beginning: str, name: str) -> int | None:
    """Return the first number of the line with that *beginning* in a file, or None."""
    for line in _text(name).split("\n"):
        if line.startswith(beginning):
            return decimal(line.split()[1])
    return None


def _text(name: str) -> str:
    # pathlib interns every part of a path, so that a long watch would use more and more memory.
    with open(f"{PROC}/{name}", "rb") as file:  # noqa: PTH123
        return os.fsdecode(file.read())
