"""A line on the terminal that shows what a command does, if it takes longer than a second."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic

from portranges import types
from portranges.cli.output import columns
from portranges.errors import visible
from portranges.layout import cut

_INTERVAL = 1.0


@contextmanager
def progress(doing: str) -> types.Generator[None, None, None]:
    """Show *doing* and the seconds that have passed, and erase them at the end.

    They are on standard error, only if it is a terminal.
    """
    stream = sys.stderr
    if stream is None or not stream.isatty():
        yield
        return
    done = Event()
    # The readers of formats work in one call, so a thread shows the time.
    thread = Thread(target=_show, args=(stream, visible(doing), done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _show(stream: types.TextIO, doing: str, done: Event) -> None:
    start, length = monotonic(), 0
    while not done.wait(_INTERVAL):
        time = f": {monotonic() - start:,.0f} s"
        # A line that is as wide as the terminal would be broken, and could not be erased.
        text = cut(doing, columns(stream) - len(time) - 1) + time
        stream.write(f"\r{text}")
        stream.flush()
        length = max(length, len(text))
    if length:
        # Without escape sequences, which some terminals do not support.
        stream.write("\r" + " " * length + "\r")
        stream.flush()
