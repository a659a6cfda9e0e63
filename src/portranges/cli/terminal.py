"""What the terminal, or the pipe, on the other end can show.

What lives here: width and style of the output. What must not: the output.
"""

from __future__ import annotations

import os
import shutil

from portranges import types

__all__ = ["columns", "is_styled"]

_WIDEST = 80
_NARROWEST = 60


def columns(stream: types.TextIO) -> int:
    """Return how wide a page for *stream* should be.

    It is 80 columns, or fewer on a narrower terminal, but at least 60.
    """
    if not stream.isatty():
        return _WIDEST
    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns))


def is_styled(stream: types.TextIO) -> bool:
    """Tell whether bold text suits *stream*.

    It does on a terminal, unless NO_COLOR is set (to anything but nothing:
    no-color.org) or the terminal says that it is dumb.
    """
    return (
        stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") != "dumb"
    )
