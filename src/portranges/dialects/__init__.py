"""The port syntax of other programs, read and written.

What lives here: the public names of the wing.
What must not: anything else; ``model`` holds the records, ``rows_*`` the facts
with their sources, ``convert`` and ``data_*`` the functions.
"""

from __future__ import annotations

from portranges.dialects.convert import parse, render, render_rules
from portranges.dialects.lookup import dialect, dialects, names

__all__ = [
    "dialect",
    "dialects",
    "names",
    "parse",
    "render",
    "render_rules",
]
