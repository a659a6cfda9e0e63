"""The rows of all families in one order, and one of them by its name.

What lives here: ``lookup``, ``rows``, ``data_forms`` and ``names``.
What must not: a fact (the ``rows_*`` modules), reading or writing of ports.
"""

from __future__ import annotations

from portranges import types
from portranges.dialects import rows_data, rows_linux, rows_others, rows_tools
from portranges.dialects.model import DataForm, Dialect
from portranges.errors import UnknownNameError, elide
from portranges.names import near

__all__ = ["data_forms", "lookup", "names", "rows"]

_ROWS: tuple[Dialect, ...] = (*rows_linux.ROWS, *rows_tools.ROWS, *rows_others.ROWS)

_BY_NAME = {name: row for row in _ROWS for name in (row.name, *row.aliases)}


def names() -> tuple[types.DialectName, ...]:
    """Return the name of every dialect that is text.

    Returns:
        The names in the rows' fixed order, without aliases.

    Example:
        >>> names()[:4]
        ('nft', 'nft-set', 'iptables', 'iptables-multiport')
    """
    return tuple(row.name for row in _ROWS)


def rows() -> tuple[Dialect, ...]:
    """Return the row of every dialect that is text.

    Returns:
        The rows in their fixed order.

    Example:
        >>> [row.name for row in rows() if row.max_slots]
        ['iptables-multiport', 'ufw']
    """
    return _ROWS


def data_forms() -> tuple[DataForm, ...]:
    """Return the row of every form that is data.

    Returns:
        The rows in their fixed order.

    Example:
        >>> [form.name for form in data_forms()][:3]
        ['aws', 'aws_nacl', 'azure']
    """
    return rows_data.FORMS


def lookup(name: types.DialectName) -> Dialect:
    """Return the row of the dialect *name*.

    Args:
        name: A name or an alias, in lower case.

    Returns:
        The row; an alias gives the same object as the name.

    Raises:
        TypeError: *name* is not a ``str``.
        UnknownNameError: No row has it; the error tells near names.

    Example:
        >>> lookup("tcpdump").name
        'bpf'
        >>> lookup("ntf")
        Traceback (most recent call last):
        ...
        portranges.errors.UnknownNameError: unknown dialect, got 'ntf'; did you mean 'nft'?
    """
    if not isinstance(name, str):
        raise TypeError(f"dialect must be a str, got {type(name).__name__} {elide(name)}")
    row = _BY_NAME.get(name)
    if row is None:
        raise UnknownNameError("dialect", name, near(name, _BY_NAME))
    return row
