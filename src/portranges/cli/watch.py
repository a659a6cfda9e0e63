"""``portranges watch 60454``: the sockets on a port, as they come and go."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentTypeError

from portranges import types
from portranges.cli.numbers import count_up_to, moment, refusal, span, time_span
from portranges.cli.output import columns, first_line, print_json
from portranges.cli.sockets import ends, notes, owners_of
from portranges.errors import PortRangesError
from portranges.layout import cut, many, wrapped
from portranges.ports import parse_port
from portranges.probe import Change, ChangeKind, SocketTable, Watcher
from portranges.probe.watching import LONGEST_INTERVAL, next_poll

_ENDS = 25  # columns before the addresses of a socket
_ECHO = 2  # columns of ^C, which a terminal echoes


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.words("port", "PORT", "the port to watch", nargs=None, type=_port)
    add.transport()
    between = "time between polls, such as 0.5, 10s or 1m"
    add.value("--interval", "SPAN", between, _interval, "1s")
    add.value("--polls", "N", "stop after N polls (default: never)", count_up_to("999,999,999"))
    add.json("print JSON, one line per change")


def _port(text: str) -> int:
    try:
        return parse_port(text)
    except PortRangesError as error:
        raise ArgumentTypeError(first_line(error)) from None


def _interval(text: str) -> float:
    seconds = time_span(text)
    if not 0 < seconds <= LONGEST_INTERVAL:
        raise refusal(f"expected more than 0 seconds, up to {LONGEST_INTERVAL:,.0f}", text)
    return seconds


def run(arguments: types.Namespace) -> int:
    """Print changes on a port until interrupted."""
    watcher = Watcher(arguments.port, arguments.transport)
    counter = Counter(sys.stdout, wanted=not arguments.json)
    started = changed = due = time.monotonic()
    changes = 0
    try:
        while True:
            found = watcher.poll()
            sockets = watcher.table
            assert sockets is not None  # noqa: S101 (it has polled)
            if found:
                changed = time.monotonic()
                changes += sum(each.kind is not ChangeKind.FOUND for each in found)
            counter.clear()
            _print(found, sockets, as_json=arguments.json)
            if watcher.polls == 1 and not arguments.json:
                _print_start(sockets, arguments.port)
            now = time.monotonic()
            counter.show(
                f"port {arguments.port}: {many(len(sockets), 'socket')}, "
                f"{many(changes, 'change')}, watched for {span(now - started)}, "
                f"quiet for {span(now - changed)}"
            )
            if watcher.polls == arguments.polls:
                break
            due, left = next_poll(due, arguments.interval)
            time.sleep(left)
    except KeyboardInterrupt:
        # The usual end of a watch. The terminal may have echoed the key even without a counter.
        counter.clear(interrupted=True)
    finally:
        counter.clear()
    return 0


class Counter:
    """A status line at the end of a terminal; nothing is written to other streams."""

    def __init__(self, stream: types.TextIO, *, wanted: bool = True) -> None:
        """Write to *stream* if it is a terminal and the line is *wanted*."""
        self._stream = stream
        self._wanted = wanted and stream.isatty()
        self._shown = 0

    def show(self, text: str) -> None:
        """Replace the line by *text*."""
        if self._wanted:
            self.clear()
            text = cut(text, columns(self._stream) - 1 - _ECHO)
            # Set before writing, because an interrupt is likely to arrive while writing.
            self._shown = len(text)
            self._stream.write(text)
        self._stream.flush()

    def clear(self, *, interrupted: bool = False) -> None:
        """Clear the line and, if *interrupted*, the ^C that the terminal echoed."""
        if self._shown or (interrupted and self._wanted):
            # Blanks instead of an escape code, because they work on every terminal.
            self._stream.write("\r" + " " * (self._shown + _ECHO) + "\r")
            self._stream.flush()
            self._shown = 0


def _print_start(sockets: SocketTable, port: int) -> None:
    if not sockets:
        print(f"{moment(sockets.read_at, seconds=True)}  no socket holds {port}")
    for note in notes(sockets.visibility, sockets):
        print(note)


def _print(changes: types.Sequence[Change], sockets: SocketTable, *, as_json: bool) -> None:
    for change in changes:
        if as_json:
            print_json("watch", change, indent=None)
        else:
            print(_fitted(_line(change, sockets), sys.stdout))
    sys.stdout.flush()


def _fitted(line: str, stream: types.TextIO) -> str:
    """Return *line*, wrapped on a terminal; elsewhere a change is always one line.

    It is not truncated, because the owner is at its end.
    """
    if not stream.isatty():
        return line
    return "\n".join(wrapped(line, columns(stream), below=" " * _ENDS))


def _line(change: Change, sockets: SocketTable) -> str:
    record = change.record
    at = moment(change.at, seconds=True)[11:]
    text = f"{at}  {change.kind:<13}  {record.transport} {ends(record, '-')}"
    if change.kind is ChangeKind.CLOSED:
        return f"{text}  seen for {span(change.seen_for)}"
    if change.kind is ChangeKind.STATE_CHANGED:
        return f"{text}  {record.state}"
    return f"{text}  {record.state}  {owners_of(record, sockets)}"
