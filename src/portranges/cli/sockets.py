"""Sockets and their owners in words, for the commands about this machine."""

from __future__ import annotations

from portranges import types
from portranges.probe import Owner, Scope, SocketRecord, SocketTable, Visibility


def user(uid: int | None) -> str:
    """Return the name of a user, or the number if there is no name; ``""`` for None."""
    if uid is None:
        return ""
    try:
        import pwd
    except ImportError:  # Windows
        return str(uid)
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def owner(each: Owner) -> str:
    """Return a process as ``"sshd (812)"``, safe to print on a terminal."""
    # A process can choose its name, with control characters in it.
    name = "".join(letter if letter.isprintable() else "?" for letter in each.name)
    return f"{name or '?'} ({each.pid})"


def owner_and_user(each: Owner) -> str:
    """Return a process and its user as ``"sshd (812), user root"``."""
    return owner(each) if each.uid is None else f"{owner(each)}, user {user(each.uid)}"


def owners_of(record: SocketRecord, sockets: SocketTable) -> str:
    """Return the owners of *record*, or in brackets why none is known."""
    if record.owners:
        return ", ".join(map(owner, record.owners))
    if record.is_held_by_kernel:
        return "[the kernel]"
    return "[unknown]" if sockets.visibility.owners is not Scope.NOT_REQUESTED else ""


def ends(record: SocketRecord, between: str) -> str:
    """Return the local end of *record* and, if it is connected, *between* and the remote end."""
    text = f"{record.local} {between} {record.remote}" if record.remote else record.local
    return f"{text} (itself)" if record.is_self_connected else text


def address(record: SocketRecord) -> str:
    """Return the local address, ``"*"`` for a dual-stack wildcard socket."""
    if record.is_wildcard and record.v6only is False and record.family == "inet6":
        return "*"
    return record.address


def notes(visibility: Visibility, records: types.Iterable[SocketRecord]) -> types.Iterator[str]:
    """Yield notes about sockets or owners of *records* that could not be seen."""
    if visibility.sockets is Scope.DENIED:
        yield f"sockets cannot be read: {visibility.reason}"
    elif visibility.sockets is not Scope.ALL or (
        # If every record has an owner, nothing is missing that a note could explain.
        not visibility.is_complete
        and any(not (each.owners or each.is_held_by_kernel) for each in records)
    ):
        yield f"visible: {visibility}"
