"""The columns of IANA's registry, which both of its formats fill.

What lives here: their names and order, and the limits on reading them.
What must not: what a column means.
"""

from __future__ import annotations

__all__ = ["COLUMNS", "LARGEST_FILE", "collapsed", "column_at"]

# The XML of August 2026 has five megabytes. Six times that leaves room for
# decades, and is what a hostile file can make a reader look at.
LARGEST_FILE = 32_000_000

COLUMNS = (
    "Service Name",
    "Port Number",
    "Transport Protocol",
    "Description",
    "Assignee",
    "Contact",
    "Registration Date",
    "Modification Date",
    "Reference",
    "Service Code",
    "Unauthorized Use Reported",
    "Assignment Notes",
)

# Editions of 2014 and 2015 call the eleventh so.
_FORMER_NAMES = {"Known Unauthorized Uses": "Unauthorized Use Reported"}


def column_at(header: str) -> int:
    """Return the place of a column in COLUMNS.

    Args:
        header: The name that a header line gives it, now or formerly.

    Returns:
        0 to 11.

    Raises:
        ValueError: No column is called so.

    Example:
        >>> column_at("Known Unauthorized Uses")
        10
    """
    return COLUMNS.index(_FORMER_NAMES.get(header, header))


def collapsed(text: str) -> str:
    r"""Return *text* with every run of white space as one space, none at the ends.

    Args:
        text: Any text.

    Returns:
        One line.

    Example:
        >>> collapsed("  Defined TXT keys:\n   path ")
        'Defined TXT keys: path'
    """
    return " ".join(text.split())
