"""The files of /proc of Linux: the socket tables, and who has which socket.

What lives here: reading those files, and the walk over every process.
What must not: the format of the tables (``proc_net``).

Processes come and go while they are read: one that has gone is passed over, or
is left without a name where it was seen to have a socket.
"""

from __future__ import annotations

import os

from portranges import types
from portranges.families import Family
from portranges.ports import Transport, is_digits
from portranges.probe.model import Owner, Scope
from portranges.probe.proc_net import rows_of
from portranges.probe.query import Query
from portranges.probe.sock_diag import reason_of

__all__ = [
    "PROC",
    "Holders",
    "boot_time",
    "holders_of",
    "owner_of",
    "owners_of",
    "read",
    "still_holds",
]

PROC = "/proc"

# The namespace of the calling thread; /proc/net is that of the process's first
# one. Linux has thread-self since 3.17.
_FOLDERS = ("thread-self/net", "net")

_PROC_IS_GONE = "no process can be seen; is /proc mounted?"


def read(query: Query) -> list[types.ProbeRow]:
    """Return the sockets of the wanted transports.

    Args:
        query: Which transports; states and port are not sorted out here.

    Returns:
        The rows, transport by transport, IPv4 first.

    Raises:
        OSError: A table cannot be read.
        UnexpectedOutputError: A table is none that is known.
    """
    rows: list[types.ProbeRow] = []
    for transport in query.transports:
        for family in Family:
            text = _table(transport, family)
            # Sockets that open meanwhile shift others, and the kernel tells
            # one again. Those without an inode are told apart by their ends.
            found = rows_of(text, transport, family) if text else []
            rows += {(row[8] or row[:6]): row for row in found}.values()
    return rows


def _table(transport: Transport, family: Family) -> str:
    """Return the text of a table; ``""`` for one of IPv6 where the kernel has none."""
    name = transport.value + ("6" if family is Family.INET6 else "")
    try:
        return _text(f"{_FOLDERS[0]}/{name}")
    except FileNotFoundError:
        pass
    try:
        return _text(f"{_FOLDERS[1]}/{name}")
    except FileNotFoundError:
        # The table of IPv4 was there before.
        if family is Family.INET6:
            return ""
        raise


class Holders:
    """Which processes have which socket: the outcome of one walk.

    Attributes:
        found: Pairs of pid and descriptor by inode, lowest pid first.
        scope: How many of the processes could be looked into.
        reason: Why not all.
        asked: The inodes that were looked for.
    """

    __slots__ = ("asked", "found", "reason", "scope")

    def __init__(self, asked: frozenset[int], scope: Scope, reason: str = "") -> None:
        """Start with nothing found."""
        self.asked: frozenset[int] = asked
        self.found: dict[int, list[tuple[int, int]]] = {}
        self.scope: Scope = scope
        self.reason: str = reason


def holders_of(inodes: types.Iterable[int]) -> Holders:
    """Walk over all processes and return who has the sockets with *inodes*.

    Args:
        inodes: The sockets' numbers.

    Returns:
        The holders. ``scope`` is about the processes that could be looked
        into, also where all *inodes* were found.
    """
    wanted = frozenset(inodes)
    try:
        pids = sorted(int(name) for name in os.listdir(PROC) if is_digits(name))  # noqa: PTH208
    except OSError as error:
        return Holders(wanted, Scope.DENIED, f"cannot list {PROC}: {reason_of(error)}")
    if not pids:
        return Holders(wanted, Scope.DENIED, _PROC_IS_GONE)
    holders = Holders(wanted, Scope.ALL)
    refused = 0
    for pid in pids:
        try:
            _look_into(pid, wanted, holders.found)
        except PermissionError:
            refused += 1
        except OSError:
            # It has gone.
            continue
    if refused:
        # Not even root may look into each, as inside some containers.
        holders.scope = Scope.PARTIAL if os.geteuid() == 0 else Scope.OWN
        holders.reason = f"{refused} of {len(pids)} processes may not be looked into"
    elif pids[0] != 1:
        # Every PID namespace has its number 1 as long as it lasts.
        holders.scope = Scope.OWN
        holders.reason = "the processes of others are hidden (hidepid)"
    elif len(holders.found) < len(wanted) and not _sees_every_namespace():
        # As in a container with the network of its host.
        holders.scope = Scope.PARTIAL if os.geteuid() == 0 else Scope.OWN
        missing = len(wanted) - len(holders.found)
        holders.reason = f"{missing} of {len(wanted)} sockets have no process in this PID namespace"
    return holders


# include/linux/proc_ns.h, PROC_PID_INIT_INO: the first one, which sees all others.
_FIRST_PID_NAMESPACE = 0xEFFFFFFC


def _sees_every_namespace() -> bool:
    """Tell whether /proc has the processes of every PID namespace."""
    try:
        return os.stat(f"{PROC}/1/ns/pid").st_ino == _FIRST_PID_NAMESPACE  # noqa: PTH116
    except FileNotFoundError:
        # A kernel without PID namespaces.
        return True
    except OSError:
        return False


def _look_into(pid: int, wanted: frozenset[int], found: dict[int, list[tuple[int, int]]]) -> None:
    """Add the wanted sockets of *pid*; OSError where it has gone or may not be."""
    folder = os.open(f"{PROC}/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in os.listdir(folder):  # noqa: PTH208
            try:
                target = os.readlink(name, dir_fd=folder)
            except FileNotFoundError:
                # Closed meanwhile.
                continue
            if target.startswith("socket:["):
                inode = int(target[8:-1])
                if inode in wanted:
                    found.setdefault(inode, []).append((pid, int(name)))
    finally:
        os.close(folder)


def still_holds(inode: int, pid: int, descriptor: int) -> bool:
    """Tell whether *pid* has the socket still, at the descriptor where it was seen."""
    try:
        target = os.readlink(f"{PROC}/{pid}/fd/{descriptor}")  # noqa: PTH115 (a path is slow)
    except OSError:
        return False
    return target == f"socket:[{inode}]"


def owners_of(holders: Holders) -> dict[int, tuple[Owner, ...]]:
    """Return the processes of *holders* by inode, lowest pid first."""
    started = boot_time()
    known: dict[int, Owner] = {}
    owners: dict[int, tuple[Owner, ...]] = {}
    for inode, pairs in holders.found.items():
        for pid, descriptor in pairs:
            if pid not in known:
                owner = owner_of(pid, started)
                # Its number may be another process's by now.
                if not still_holds(inode, pid, descriptor):
                    owner = Owner(pid=pid)
                known[pid] = owner
        owners[inode] = tuple(known[pid] for pid in dict.fromkeys(pid for pid, _ in pairs))
    return owners


def owner_of(pid: int, booted: float | None) -> Owner:
    """Return what /proc tells of *pid*; what it does not tell stays open."""
    name = ""
    started: float | None = None
    uid: int | None = None
    try:
        status = _text(f"{pid}/stat")
        # The name is in parentheses, and may have any character in it.
        head, _, rest = status.rpartition(")")
        name = head.partition("(")[2]
        if booted is not None:
            started = booted + int(rest.split()[19]) / os.sysconf("SC_CLK_TCK")
        name = _long_name(pid, name)
        for line in _text(f"{pid}/status").split("\n"):
            if line.startswith("Uid:"):
                uid = int(line.split()[1])
                break
    except (OSError, LookupError, ValueError):
        # Gone meanwhile, or a kernel with files of its own kind.
        pass
    return Owner(pid=pid, name=name, uid=uid, started_at=started)


# The kernel keeps this many bytes of a name.
_NAME = 15


def _long_name(pid: int, name: str) -> str:
    """Return a name that the kernel cut as the command line has it."""
    if len(os.fsencode(name)) < _NAME:
        return name
    command = _text(f"{pid}/cmdline").partition("\0")[0]
    base = command.rpartition("/")[2]
    return base if base.startswith(name) else name


def boot_time() -> float | None:
    """Return when the machine started, in seconds since 1970; None where it is not told."""
    try:
        for line in _text("stat").split("\n"):
            if line.startswith("btime "):
                return float(line.split()[1])
    except (OSError, LookupError, ValueError):
        pass
    return None


def _text(name: str) -> str:
    # pathlib keeps every part of a path in the interpreter's table of strings,
    # which a long watch makes grow.
    with open(f"{PROC}/{name}", "rb") as file:  # noqa: PTH123
        return os.fsdecode(file.read())
