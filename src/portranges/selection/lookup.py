"""Questions to the rows: one algorithm by its name, or all.

What lives here: the functions over the rows.
What must not: a fact (``rows``), the picking itself (``pickers``).
"""

from __future__ import annotations

from portranges.errors import UnknownNameError, elide
from portranges.names import near
from portranges.selection.model import Algorithm
from portranges.selection.rows import ROWS

__all__ = ["algorithm", "algorithms"]

_BY_NAME = {name: row for row in ROWS for name in (row.name, *row.aliases)}


def algorithm(name: str) -> Algorithm:
    """Return the row of the algorithm *name*.

    Args:
        name: A name or an alias, in lower case, as ``"rfc6056-3"`` or
            ``"linux-connect"``.

    Returns:
        The row.

    Raises:
        TypeError: *name* is not a ``str``.
        UnknownNameError: No row has it; the error tells near names.

    Example:
        >>> algorithm("linux-connect")
        <Algorithm linux-connect: Linux 4.2 and later, TCP connect() without a port of its own>
        >>> algorithm("zephir")
        Traceback (most recent call last):
        ...
        portranges.errors.UnknownNameError: unknown algorithm, got 'zephir'; did you mean 'zephyr'?
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be a str, got {type(name).__name__} {elide(name)}")
    row = _BY_NAME.get(name)
    if row is None:
        raise UnknownNameError("algorithm", name, near(name, _BY_NAME))
    return row


def algorithms() -> tuple[Algorithm, ...]:
    """Return all rows.

    Returns:
        The rows in their fixed order: RFC 6056, then system by system.

    Example:
        >>> [row.name for row in algorithms()][:6]
        ['rfc6056-1', 'rfc6056-2', 'rfc6056-3', 'rfc6056-4', 'rfc6056-5', 'linux-connect']
    """
    return ROWS
