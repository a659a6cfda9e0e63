"""Tables, times and words that the commands about this machine share.

What lives here: columns that fit, spans and moments as text and back, names of
owners. What must not: a question, a fact.
"""

from __future__ import annotations

import time
from argparse import ArgumentTypeError

from portranges import types
from portranges.ports import is_digits
from portranges.probe import Owner, Scope, SocketRecord, SocketTable, Visibility

__all__ = [
    "address",
    "cut",
    "moment",
    "notes",
    "owner",
    "parse_span",
    "span",
    "table",
    "user",
    "who",
]

_GAP = 2
_LEAST = 8  # columns of a column that had to be cut


def table(
    heads: types.Sequence[str],
    rows: types.Sequence[types.Sequence[str]],
    *,
    width: int,
    right: types.Collection[int] = (),
    cuttable: types.Sequence[int] = (),
) -> types.Iterator[str]:
    """Yield the lines of a table that is at most *width* columns wide.

    Args:
        heads: One a column.
        rows: As many cells each.
        width: How wide the table may be.
        right: Columns of numbers, which stand right.
        cuttable: Columns that may be cut, the first to be cut first.

    Yields:
        The heads, then a line for each row; no line ends in blanks.
    """
    lines = [heads, *rows]
    sizes = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for at in cuttable:
        excess = sum(sizes) + _GAP * (len(sizes) - 1) - width
        if excess > 0:
            sizes[at] = max(min(sizes[at], _LEAST), sizes[at] - excess)
    for line in lines:
        cells = [
            cut(cell, size).rjust(size) if at in right else cut(cell, size).ljust(size)
            for at, (cell, size) in enumerate(zip(line, sizes, strict=True))
        ]
        yield (" " * _GAP).join(cells).rstrip()


def cut(text: str, size: int) -> str:
    """Return *text*, with dots at its end where it is longer than *size*."""
    return text if len(text) <= size else text[: size - 3] + "..."


_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST = 20


def parse_span(text: str) -> float:
    """Return the seconds that ``"300"``, ``"5m"``, ``"1.5h"`` or ``"2d"`` says.

    Raises:
        ArgumentTypeError: *text* is none of these, for argparse to print.
    """
    number, factor = text, 1.0
    if text and text[-1] in _UNITS:
        number, factor = text[:-1], _UNITS[text[-1]]
    whole, dot, part = number.partition(".")
    if len(text) > _LONGEST or not is_digits(whole) or (dot and not is_digits(part)):
        raise ArgumentTypeError(f"expected seconds, or a number with s, m, h or d, got {text!r}")
    return float(number) * factor


def span(seconds: float) -> str:
    """Return *seconds* as ``"4.2s"``, ``"5m 0s"``, ``"3h 12m"`` or ``"2d 4h"``."""
    if seconds < 60:
        # A thousandth is the least that a look can tell.
        return f"{round(max(0.0, seconds), 3):.3g}s"
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60}m {whole % 60}s"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60}m"
    return f"{whole // 86400}d {whole % 86400 // 3600}h"


def moment(at: float, *, seconds: bool = False) -> str:
    """Return a time of this machine's clock, in its own time zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M", time.localtime(at))


def user(uid: int | None) -> str:
    """Return the name of a user, or the number where it has none; ``""`` for None."""
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
    """Return a process as ``"sshd (812)"``, safe for a terminal."""
    # A process names itself, with any byte it likes.
    name = "".join(letter if letter.isprintable() else "?" for letter in each.name)
    return f"{name or '?'} ({each.pid})"


def who(record: SocketRecord, sockets: SocketTable) -> str:
    """Return the owners of *record*, or in brackets why there is none."""
    if record.owners:
        return ", ".join(map(owner, record.owners))
    if record.is_held_by_kernel:
        return "[the kernel]"
    return "[unknown]" if sockets.visibility.owners is not Scope.NOT_ASKED else ""


def address(record: SocketRecord) -> str:
    """Return the local address; ``"*"`` for one socket that serves IPv4 and IPv6."""
    if record.is_wildcard and record.v6only is False and record.family == "inet6":
        return "*"
    return record.address


def notes(visibility: Visibility, records: types.Iterable[SocketRecord]) -> types.Iterator[str]:
    """Yield what the reader has to know of what could not be seen of *records*."""
    if visibility.sockets is Scope.DENIED:
        yield f"no socket can be seen: {visibility.reason}"
    elif visibility.sockets is not Scope.ALL or (
        # Whoever misses nothing need not be told what might have been missed.
        not visibility.is_complete
        and any(not (each.owners or each.is_held_by_kernel) for each in records)
    ):
        yield f"seen: {visibility}"
