"""The algorithms by name. ``orders`` implements them, and ``rows`` has the facts."""

from __future__ import annotations

from portranges import types
from portranges.names import Index
from portranges.selection.model import Algorithm
from portranges.selection.rows import ROWS

_INDEX = Index.of("algorithm", ROWS)


def algorithm(name: types.AlgorithmName) -> Algorithm:
    """Return the row of the algorithm *name*.

    Args:
        name: A name or an alias, in lower case, such as ``"rfc6056-3"``.

    Returns:
        The row.

    Raises:
        TypeError: *name* is not a ``str``.
        UnknownNameError: No row has that name; the error suggests similar ones.

    Example:
        >>> algorithm("linux-connect")
        <Algorithm linux-connect: Linux 4.2 and later, TCP connect() without a port of its own>
        >>> algorithm("zephir")
        Traceback (most recent call last):
        ...
        portranges.errors.UnknownNameError: unknown algorithm, got 'zephir'; did you mean 'zephyr'?
    """
    return _INDEX.find(name)


def algorithms() -> tuple[Algorithm, ...]:
    """Return the rows of all algorithms.

    Returns:
        The rows in a fixed order, those of RFC 6056 first, then system by system.

    Example:
        >>> [row.name for row in algorithms()][:6]
        ['rfc6056-1', 'rfc6056-2', 'rfc6056-3', 'rfc6056-4', 'rfc6056-5', 'linux-connect']
    """
    return ROWS
