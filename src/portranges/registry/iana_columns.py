"""The columns of IANA's registry, common to its CSV and XML files, and the limits on their size."""

from __future__ import annotations

# The XML file of August 2026 has five megabytes. Six times that leaves room for decades of
# growth and bounds the work that a hostile file can cause.
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

# The editions of 2014 and 2015 used another name for the eleventh column.
_FORMER_NAMES = {"Known Unauthorized Uses": "Unauthorized Use Reported"}


def column_at(header: str) -> int:
    """Return the index of a column in COLUMNS.

    Args:
        header: The name in a header line, current or former.

    Returns:
        0 to 11.

    Raises:
        ValueError: No column has that name.

    Example:
        >>> column_at("Known Unauthorized Uses")
        10
    """
    return COLUMNS.index(_FORMER_NAMES.get(header, header))


def collapsed(text: str) -> str:
    r"""Return *text* with every run of white space replaced by one space, and stripped.

    Args:
        text: Any text.

    Returns:
        One line.

    Example:
        >>> collapsed("  Defined TXT keys:\n   path ")
        'Defined TXT keys: path'
    """
    return " ".join(text.split())
