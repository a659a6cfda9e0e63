"""All dialects in one order, and one of them by its name.

The rows themselves are in the ``rows_*`` modules.
"""

from __future__ import annotations

from portranges import types
from portranges.dialects import rows_data, rows_linux, rows_lists, rows_others, rows_tools
from portranges.dialects.forms import DataForm, Dialect
from portranges.names import Index

_ROWS: tuple[Dialect, ...] = (
    *rows_linux.ROWS,
    *rows_tools.ROWS,
    *rows_lists.ROWS,
    *rows_others.ROWS,
)

_BY_NAME = Index.of("dialect", _ROWS, argument="dialect")


def names() -> tuple[types.DialectName, ...]:
    """Return the name of every dialect that is text.

    Returns:
        The names in a fixed order, without aliases.

    Example:
        >>> names()[:4]
        ('nft', 'nft-set', 'iptables', 'iptables-multiport')
    """
    return tuple(row.name for row in _ROWS)


def rows() -> tuple[Dialect, ...]:
    """Return the row of every dialect that is text.

    Returns:
        The rows in the order of ``names``.

    Example:
        >>> [row.name for row in rows() if row.limits.max_slots]
        ['iptables-multiport', 'ufw', 'fail2ban']
    """
    return _ROWS


def data_forms() -> tuple[DataForm, ...]:
    """Return the row of every form that is data.

    Returns:
        The rows in a fixed order.

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
        The row; an alias returns the same object as the name.

    Raises:
        TypeError: *name* is not a ``str``.
        UnknownNameError: No dialect has that name; the error suggests similar ones.

    Example:
        >>> lookup("tcpdump").name
        'bpf'
        >>> lookup("ntf")
        Traceback (most recent call last):
        ...
        portranges.errors.UnknownNameError: unknown dialect, got 'ntf'; did you mean 'nft'?
    """
    return _BY_NAME.find(name)
