"""Times and names of owners, for the commands about this machine."""

from __future__ import annotations

import time
from argparse import ArgumentTypeError

from portranges import types
from portranges.errors import elide
from portranges.ports import is_digits
from portranges.probe import Owner, Scope, SocketRecord, SocketTable, Visibility

__all__ = [
    "address",
    "moment",
    "notes",
    "owner",
    "owners_of",
    "parse_span",
    "span",
    "user",
]


_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST = 20


def parse_span(text: str) -> float:
    """Return the seconds of a time span: ``"300"``, ``"5m"``, ``"1.5h"`` or ``"2d"``.

    Raises:
        ArgumentTypeError: *text* is not a time span.
    """
    number, factor = text, 1.0
    if text and text[-1] in _UNITS:
        number, factor = text[:-1], _UNITS[text[-1]]
    whole, dot, part = number.partition(".")
    if len(text) > _LONGEST or not is_digits(whole) or (dot and not is_digits(part)):
        rule = f"expected seconds or a number with s, m, h or d, of at most {_LONGEST} characters"
        raise ArgumentTypeError(f"{rule}, got {elide(text)}")
    return float(number) * factor


def span(seconds: float) -> str:
    """Return *seconds* as ``"4.2s"``, ``"5m 0s"``, ``"3h 12m"`` or ``"2d 4h"``."""
    if seconds < 60:
        # Readings are not more precise than a millisecond.
        return f"{round(max(0.0, seconds), 3):.3g}s"
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60}m {whole % 60}s"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60}m"
    return f"{whole // 86400}d {whole % 86400 // 3600}h"


def moment(at: float, *, seconds: bool = False) -> str:
    """Return a time in this machine's time zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M", time.localtime(at))


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


def owners_of(record: SocketRecord, sockets: SocketTable) -> str:
    """Return the owners of *record*, or in brackets why none is known."""
    if record.owners:
        return ", ".join(map(owner, record.owners))
    if record.is_held_by_kernel:
        return "[the kernel]"
    return "[unknown]" if sockets.visibility.owners is not Scope.NOT_REQUESTED else ""


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
