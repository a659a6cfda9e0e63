"""``portranges watch 60454``: what happens on a port, as it happens.

What lives here: the lines, and the counter below them on a terminal.
What must not: any looking.
"""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from textwrap import wrap

from portranges import types
from portranges.cli.layout import cut, moment, notes, parse_span, span, who
from portranges.cli.terminal import columns
from portranges.errors import PortRangesError
from portranges.ports import parse_port
from portranges.probe import Change, ChangeKind, SocketTable, Watcher
from portranges.probe.watching import LONGEST_INTERVAL, next_look

__all__ = ["Counter", "add_arguments", "run"]

_ENDS = 25  # columns before the ends of a socket
_ECHO = 2  # columns of ^C, which a terminal shows for the key


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    parser.add_argument("port", type=_port, metavar="PORT", help="the port to watch")
    parser.add_argument("--transport", choices=["tcp", "udp"], help="of this transport alone")
    parser.add_argument(
        "--interval",
        type=_interval,
        default=1.0,
        metavar="SPAN",
        help="time from look to look, as 0.5 or 10s or 1m; 1s by default",
    )
    parser.add_argument(
        "--looks", type=_count, metavar="N", help="end after so many looks; never by default"
    )
    parser.add_argument("--json", action="store_true", help="print an object a line, one a change")


def _port(text: str) -> int:
    try:
        return parse_port(text)
    except PortRangesError as error:
        raise ArgumentTypeError(str(error).partition("\n")[0]) from None


def _interval(text: str) -> float:
    seconds = parse_span(text)
    if not 0 < seconds <= LONGEST_INTERVAL:
        rule = f"expected more than 0 seconds, up to {LONGEST_INTERVAL:,.0f}"
        raise ArgumentTypeError(f"{rule}, got {text!r}")
    return seconds


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise ArgumentTypeError(f"expected a number of looks, 1 or more, got {text!r}")
    return int(text)


def run(arguments: Namespace) -> int:
    """Print what happens on a port until it is interrupted."""
    watcher = Watcher(arguments.port, arguments.transport)
    counter = Counter(sys.stdout, wanted=not arguments.json)
    started = changed = due = time.monotonic()
    changes = 0
    try:
        while True:
            found = watcher.look()
            sockets = watcher.table
            assert sockets is not None  # noqa: S101 (it has looked)
            if found:
                changed = time.monotonic()
                changes += sum(each.kind is not ChangeKind.FOUND for each in found)
            counter.clear()
            _print(found, sockets, as_json=arguments.json)
            if watcher.looks == 1 and not arguments.json:
                _print_start(sockets, arguments.port)
            now = time.monotonic()
            counter.show(
                f"port {arguments.port}: {_counted(len(sockets), 'socket')}, "
                f"{_counted(changes, 'change')}, "
                f"watched for {span(now - started)}, quiet for {span(now - changed)}"
            )
            if watcher.looks == arguments.looks:
                break
            due, left = next_look(due, arguments.interval)
            time.sleep(left)
    except KeyboardInterrupt:
        # That is how a watch ends. The key may have been shown where no counter was.
        counter.clear(interrupted=True)
    finally:
        counter.clear()
    return 0


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


class Counter:
    """A line at the end of a terminal that is written anew; nothing elsewhere."""

    def __init__(self, stream: types.TextIO, *, wanted: bool = True) -> None:
        """Write to *stream*, where it is *wanted* and a terminal."""
        self._stream = stream
        self._wanted = wanted and stream.isatty()
        self._shown = 0

    def show(self, text: str) -> None:
        """Write *text* in place of what is shown."""
        if self._wanted:
            self.clear()
            text = cut(text, columns(self._stream) - 1 - _ECHO)
            # Ahead of the writing, which is where an interrupt is likely to fall.
            self._shown = len(text)
            self._stream.write(text)
        self._stream.flush()

    def clear(self, *, interrupted: bool = False) -> None:
        """Take away what is shown, and the ^C behind it or, if *interrupted*, alone."""
        if self._shown or (interrupted and self._wanted):
            # Blanks rather than an escape code: they work on a dumb terminal.
            self._stream.write("\r" + " " * (self._shown + _ECHO) + "\r")
            self._stream.flush()
            self._shown = 0


def _print_start(sockets: SocketTable, port: int) -> None:
    if not sockets:
        print(f"{moment(sockets.read_at, seconds=True)}  nothing holds {port}")
    for note in notes(sockets.visibility, sockets):
        print(note)


def _print(changes: types.Sequence[Change], sockets: SocketTable, *, as_json: bool) -> None:
    for change in changes:
        if as_json:
            print(json.dumps({"schema": 1, **change.to_dict()}))
        else:
            print(_fitted(_line(change, sockets), sys.stdout))
    sys.stdout.flush()


def _fitted(line: str, stream: types.TextIO) -> str:
    """Return *line* broken where a terminal ends; elsewhere a change stays a line.

    It is not cut: the owner stands at its end.
    """
    if not stream.isatty():
        return line
    below = " " * _ENDS
    return "\n".join(wrap(line, columns(stream), subsequent_indent=below, break_on_hyphens=False))


def _line(change: Change, sockets: SocketTable) -> str:
    record = change.record
    ends = f"{record.local} - {record.remote}" if record.remote else record.local
    text = f"{moment(change.at, seconds=True)[11:]}  {change.kind:<13}  {record.transport} {ends}"
    if change.kind is ChangeKind.CLOSED:
        return f"{text}  seen for {span(change.seen_for)}"
    if change.kind is ChangeKind.STATE_CHANGED:
        return f"{text}  {record.state}"
    return f"{text}  {record.state}  {who(record, sockets)}"
