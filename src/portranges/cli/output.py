"""Output of the commands: the JSON envelope, labelled text, and what the terminal can show."""

from __future__ import annotations

import json
import os
import shutil
from textwrap import wrap

from portranges import types
from portranges.errors import PortSyntaxError, UnknownNameError

__all__ = [
    "SCHEMA",
    "WIDTH",
    "PipeTolerantStream",
    "columns",
    "cut",
    "error_envelope",
    "is_styled",
    "labelled",
    "print_json",
    "print_json_lines",
    "table",
]

WIDTH = 80
_NARROWEST = 60

_LIST = frozenset("0123456789-,.()")  # of ports

_GAP = 2
_LEAST = 8  # the smallest width of a truncated column

# Version of the envelope and of every result; it increases when a key is removed or changes
# its meaning.
SCHEMA = 1


class PipeTolerantStream:
    """A standard stream that ignores that its reader has left; the rest is discarded."""

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


def print_json(command: str, result: object, *, indent: int | None = 2) -> None:
    """Print *result* in the envelope that every ``--json`` prints."""
    envelope = {"schema": SCHEMA, "command": command, "result": result}
    print(json.dumps(envelope, indent=indent))


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


def error_envelope(command: str, error: Exception | str) -> str:
    """Return the envelope of an error; a ``str`` is the message of a usage error."""
    if isinstance(error, str):
        return _envelope(command, {"type": "UsageError", "message": error})
    # The further lines of a message mark the position, which is a key of its own.
    data: dict[str, object] = {
        "type": type(error).__name__,
        "message": str(error).partition("\n")[0],
    }
    if isinstance(error, PortSyntaxError):
        data |= {"text": error.text, "position": list(error.span)}
    if isinstance(error, UnknownNameError):
        data |= {"name": error.name, "suggestions": list(error.near)}
    return _envelope(command, data)


def _envelope(command: str, error: dict[str, object]) -> str:
    # The command that prints one line per result prints an error on one line, too.
    indent = None if command == "watch" else 2
    return json.dumps({"schema": SCHEMA, "command": command, "error": error}, indent=indent)


def labelled(label: str, text: str, *, label_width: int, width: int = WIDTH) -> types.Iterator[str]:
    """Yield *text* wrapped to *width*, beside *label* in a column of *label_width*.

    Lines are not broken at hyphens or inside words, because a path or a commit must stay whole
    and a part of a number would be another port. Lists are broken after their commas.
    """
    room = width - label_width
    words = [
        word.replace(",", ", ") if len(word) > room and {*word} <= _LIST else word
        for word in text.split(" ")
    ]
    yield from wrap(
        " ".join(words),
        width,
        initial_indent=label.ljust(label_width),
        subsequent_indent=" " * label_width,
        break_long_words=False,
        break_on_hyphens=False,
    )


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
        heads: The heading of each column.
        rows: The rows, with as many cells each.
        width: The maximum width of the table.
        right: Indices of right-aligned columns.
        cuttable: Indices of columns that may be truncated, in that order.

    Yields:
        The headings, then one line per row, without trailing blanks.
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
    """Return *text*, truncated to *size* characters with dots at the end."""
    return text if len(text) <= size else text[: size - 3] + "..."


def columns(stream: types.TextIO) -> int:
    """Return the width of a page for *stream*.

    It is 80 columns, or fewer on a narrower terminal, but at least 60.
    """
    if not stream.isatty():
        return WIDTH
    return max(_NARROWEST, min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns))


def is_styled(stream: types.TextIO) -> bool:
    """Return whether *stream* is a terminal that shows bold text.

    NO_COLOR, set to anything but the empty string, turns it off (no-color.org).
    """
    return (
        stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") != "dumb"
    )
