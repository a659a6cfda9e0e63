"""Output of the commands: lines or the JSON envelope, and what the terminal can show.

``portranges.layout`` lays out the lines.
"""

from __future__ import annotations

import json
import os
import shutil
import sys

from portranges import types
from portranges.errors import PortSyntaxError, UnknownNameError
from portranges.layout import WIDTH
from portranges.records import value_as_data

_NARROWEST = 60
# Longer lines of prose are hard to read; in a table, wider cells are cut less.
_WIDEST = 120
WIDEST_TABLE = 200

# Version of the envelope and of every result; it increases when a key is removed or changes
# its meaning.
SCHEMA = 1


class PipeTolerantStream:
    """A standard stream that discards the rest of its output once its reader has left."""

    def __init__(self, stream: types.TextIO) -> None:
        """Write to *stream* as long as it has a reader."""
        self._stream = stream

    def __getattr__(self, name: str) -> types.Any:
        """Return the attribute of the stream."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write *text*."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self.discard()
            return len(text)

    def flush(self) -> None:
        """Write what is buffered."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self.discard()

    def discard(self) -> None:
        """Discard what is written from now on."""
        # The interpreter flushes when it exits and would report the same error again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def answer(
    arguments: types.Namespace,
    command: str,
    data: object,
    lines: types.Iterable[str],
    *,
    status: int = 0,
    indent: int | None = 2,
) -> int:
    """Print *data* in the envelope if ``--json`` is given, else *lines*; return *status*.

    Records in *data* are converted, so that a command builds no JSON if it prints lines.
    """
    if arguments.json:
        # One of the two is never used, so commands pass generators and records, not texts.
        print_json(command, data, indent=indent)
    else:
        for line in lines:
            print(line)
    return status


def print_json(command: str, result: object, *, indent: int | None = 2) -> None:
    """Print *result*, with its records, in the envelope that every ``--json`` prints."""
    envelope = {"schema": SCHEMA, "command": command, "result": result}
    print(json.dumps(envelope, indent=indent, default=value_as_data))


def print_data(data: object) -> None:
    """Print *data* as JSON without the envelope, in the form of another program."""
    print(json.dumps(data, indent=2))


def print_json_lines(
    command: str, name: str, items: types.Iterable[object], facts: dict[str, object]
) -> None:
    """Print *facts* in the envelope and, under *name*, the list of *items*, one per line.

    The facts come first, so that a reader who stops early has them.
    """
    print(f'{{"schema": {SCHEMA}, "command": {json.dumps(command)}, "result": {{')
    for key, value in facts.items():
        print(f"{json.dumps(key)}: {json.dumps(value, indent=2)},")
    print(f"{json.dumps(name)}: [")
    print(",\n".join(map(json.dumps, items)))
    print("]}}")


def first_line(error: Exception | str) -> str:
    """Return the message of *error* without the lines that mark the position in a text.

    On a command line the text is visible anyway, and in JSON the position has a key of its own.
    """
    return str(error).partition("\n")[0]


def print_note(message: str) -> None:
    """Print an error, or a note about what an answer lacks, on standard error if there is one."""
    if sys.stderr is not None:
        print(f"portranges: {message}", file=sys.stderr)


def error_envelope(command: str, error: Exception | str) -> str:
    """Return the envelope of an error; a ``str`` is the message of a usage error."""
    kind = "UsageError" if isinstance(error, str) else type(error).__name__
    data: dict[str, object] = {"type": kind, "message": first_line(error)}
    if isinstance(error, PortSyntaxError):
        data |= {"text": error.text, "position": list(error.span)}
    if isinstance(error, UnknownNameError):
        data |= {"name": error.name, "suggestions": list(error.near)}
    # The command that prints one line per result prints an error on one line, too.
    indent = None if command == "watch" else 2
    return json.dumps({"schema": SCHEMA, "command": command, "error": data}, indent=indent)


def columns(stream: types.TextIO, widest: int = _WIDEST) -> int:
    """Return the width of a page for *stream*.

    It is 80 columns, or as many as COLUMNS or the terminal has, but at least 60 and at most
    *widest*.
    """
    if not stream.isatty() and "COLUMNS" not in os.environ:
        return WIDTH
    return max(_NARROWEST, min(widest, shutil.get_terminal_size((WIDTH, 24)).columns))


def is_styled(stream: types.TextIO) -> bool:
    """Return whether *stream* is a terminal that shows bold text.

    NO_COLOR, set to anything but the empty string, turns it off (no-color.org).
    """
    return (
        stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") != "dumb"
    )
