"""IANA's CSV file, read row by row; ``official`` interprets the columns."""

from __future__ import annotations

import csv

from portranges import types
from portranges.errors import DataError, elide
from portranges.registry.iana_columns import COLUMNS, LARGEST_FILE, collapsed, column_at

# Some quoted fields contain line breaks; the longest field of the registry has about 3,000
# characters.
_LONGEST_LINE = 100_000


def csv_rows(file: types.TextIO, name: str) -> types.Iterator[tuple[str, list[str]]]:
    """Yield the rows after the header, in the order of COLUMNS.

    Args:
        file: The text, opened with ``newline=""``.
        name: The name of the file in error messages.

    Returns:
        The position of each row (the header is row 1) and its twelve texts with white space
        collapsed.

    Raises:
        DataError: The text is not IANA's CSV; the error reports the row.

    Example:
        >>> with open("tests/data/iana/sample.csv", newline="") as file:
        ...     place, columns = next(csv_rows(file, "sample.csv"))
        >>> place, columns[:4]
        ('row 2', ['', '0', 'tcp', 'Reserved'])
    """
    count = 0
    try:
        reader = csv.reader(_lines(file, name), strict=True)
        order = _order(next(reader, None), name)
        count = 1
        for fields in reader:
            count += 1
            if not fields:
                continue
            if len(fields) != len(COLUMNS):
                raise DataError(
                    name, f"row {count}: expected {len(COLUMNS)} columns, got {len(fields)}"
                )
            yield f"row {count}", [collapsed(fields[at]) for at in order]
    except csv.Error as error:
        raise DataError(name, f"row {count + 1}: invalid CSV, {error}") from error
    except UnicodeDecodeError as error:
        raise DataError(
            name, "expected IANA's CSV or XML file in UTF-8, got other bytes"
        ) from error


def _lines(file: types.TextIO, name: str) -> types.Iterator[str]:
    """Yield the lines of *file*, up to the permitted size."""
    room = LARGEST_FILE
    while line := file.readline(_LONGEST_LINE + 1):
        if len(line) > _LONGEST_LINE:
            raise DataError(name, f"expected lines of at most {_LONGEST_LINE} characters")
        room -= len(line)
        if room < 0:
            raise DataError(name, f"expected at most {LARGEST_FILE} characters, got more")
        yield line


def _order(header: list[str] | None, name: str) -> list[int]:
    """Return the position of each of COLUMNS in a row."""
    if header is None:
        raise DataError(name, "expected IANA's CSV or XML file, got an empty one")
    try:
        found = [column_at(field.strip()) for field in header]
    except ValueError:
        found = []
    if sorted(found) != list(range(len(COLUMNS))):
        raise DataError(
            name,
            f"expected the header of IANA's CSV, {COLUMNS[0]!r} to {COLUMNS[-1]!r}, "
            f"got {elide(','.join(header))}",
        )
    return [found.index(at) for at in range(len(COLUMNS))]
