"""Categories and sets of ports as one SQL expression.

What lives here: the expression, the quoting of a column's name, the checks that
keep both from being anything else.
What must not: a dialect's own functions; what is written here is SQL-92, and
SQLite, DuckDB, ClickHouse, Spark and Polars read the same text.

A backslash is refused in names and labels: inside quotes it is a letter to some
of these engines, and to others it takes away the meaning of the quote after it.
"""

from __future__ import annotations

from collections.abc import Mapping

from portranges import types
from portranges.categories import Category
from portranges.ephemeral import EphemeralProfile
from portranges.errors import InvalidValueError, elide
from portranges.ports import LAST_PORT, PortRange
from portranges.portset import PortSet

__all__ = ["sql_case"]

# The closing mark of each opening one; doubled, it stands for itself.
_CLOSING = {'"': '"', "`": "`", "[": "]"}

# Bare, some engine or every one takes these for a value, and not for a column:
# SQL-92's functions without parentheses, and what engines added.
_VALUES = frozenset(
    {"null", "true", "false", "user", "current_user", "session_user", "system_user"}
    | {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
    | {"current_role", "current_catalog", "current_schema", "rowid", "rownum", "sysdate"}
)

# A chain of ORs nests as deep as it is long, and SQLite takes a depth of 1,000:
# so many conditions in one pair of parentheses, and at most 328 pairs.
_IN_A_CHAIN = 100


def sql_case(
    column: str | tuple[str, ...],
    ports: types.AnyPorts | Mapping[str, types.AnyPorts] | None = None,
    *,
    otherwise: str | None = None,
    quote: types.Quote = "",
) -> str:
    """Return an SQL expression that tells what a port in a column is.

    It is one ``CASE`` of comparisons, the same text for every engine that
    reads SQL-92; what it says of NULL, of negative and of too great numbers is
    always the ``ELSE``. The column should hold integers.

    Args:
        column: The column's name; a tuple for one with the name of its table
            before it.
        ports: What is asked. Nothing: the category, ``'system'``, ``'user'`` or
            ``'dynamic'``. A set, a range, or a profile, whose ``ports`` count:
            1 where the port is in it, 0 where it is another port. A mapping of
            labels to any of these: the label of the first that has the port.
        otherwise: The text where no other answer fits. By default NULL for a
            set, else ``'unknown'``; with a mapping it is also the answer for a
            port that no label has.
        quote: What stands around each part of the name: nothing, ``"``, a
            backtick or ``[``. Without it a name is of ASCII letters, digits and
            underscores.

    Returns:
        The expression, in parentheses nowhere but inside, on one line.

    Raises:
        TypeError: An argument is none of these, or *otherwise* is given for a
            set, whose answers are numbers.
        InvalidValueError: A name that needs *quote*, or a name or a label that no
            quoting makes safe in every engine; a profile without a range; a
            mapping without a label.

    Complexity:
        Linear in the number of ranges, as is the text.

    Example:
        >>> print(sql_case("dport"))
        CASE WHEN dport BETWEEN 0 AND 1023 THEN 'system' \
WHEN dport BETWEEN 1024 AND 49151 THEN 'user' \
WHEN dport BETWEEN 49152 AND 65535 THEN 'dynamic' ELSE 'unknown' END
        >>> from portranges import PortSet
        >>> print(sql_case("dst port", PortSet.parse("22,80,8000-8100"), quote='"'))
        CASE WHEN "dst port" IN (22, 80) OR "dst port" BETWEEN 8000 AND 8100 THEN 1 \
WHEN "dst port" BETWEEN 0 AND 65535 THEN 0 ELSE NULL END
    """
    name = _name(column, quote)
    if isinstance(ports, (PortSet, PortRange, EphemeralProfile)):
        if otherwise is not None:
            raise TypeError("otherwise must be None for a set, whose answers are 1 and 0")
        whens = [(ports, "1"), (PortRange(0, LAST_PORT), "0")]
        return _case(name, whens, "NULL")
    last = _literal("unknown" if otherwise is None else otherwise)
    if ports is None:
        return _case(name, [(each.ports, _literal(each.value)) for each in Category], last)
    if isinstance(ports, Mapping):
        if not ports:
            raise InvalidValueError("a mapping must have a label", "{}")
        return _case(name, [(having, _literal(label)) for label, having in ports.items()], last)
    raise TypeError(
        "ports must be a PortSet, a PortRange, an EphemeralProfile or a mapping of labels to "
        f"these, got {type(ports).__name__} {elide(ports)}"
    )


def _case(name: str, whens: list[tuple[types.AnyPorts, str]], last: str) -> str:
    parts = [f"WHEN {_condition(name, _port_set(ports))} THEN {value} " for ports, value in whens]
    # A CASE needs one WHEN.
    return f"CASE {''.join(parts) or f'WHEN 1 = 0 THEN {last} '}ELSE {last} END"


def _port_set(ports: object) -> PortSet:
    if isinstance(ports, PortSet):
        return ports
    if isinstance(ports, PortRange):
        return PortSet([ports])
    if not isinstance(ports, EphemeralProfile):
        raise TypeError(
            "ports of a label must be a PortSet, a PortRange or an EphemeralProfile, "
            f"got {type(ports).__name__} {elide(ports)}"
        )
    if not ports.has_fixed_range:
        raise InvalidValueError("a profile must have a fixed range", ports.name)
    return ports.ports


def _condition(name: str, ports: PortSet) -> str:
    singles = [str(each.first) for each in ports.ranges if len(each) == 1]
    wider = [
        f"{name} BETWEEN {each.first} AND {each.last}" for each in ports.ranges if len(each) > 1
    ]
    conditions = wider
    if len(singles) == 1:
        conditions = [f"{name} = {singles[0]}", *wider]
    elif singles:
        conditions = [f"{name} IN ({', '.join(singles)})", *wider]
    if not conditions:
        return "1 = 0"
    if len(conditions) <= _IN_A_CHAIN:
        return " OR ".join(conditions)
    chains = [
        " OR ".join(conditions[start : start + _IN_A_CHAIN])
        for start in range(0, len(conditions), _IN_A_CHAIN)
    ]
    return " OR ".join(f"({chain})" for chain in chains)


def _name(column: str | tuple[str, ...], quote: str) -> str:
    parts: object = (column,) if isinstance(column, str) else column
    if not isinstance(parts, tuple) or not all(isinstance(part, str) for part in parts):
        raise TypeError(
            f"column must be a str or a tuple of str, got {type(column).__name__} {elide(column)}"
        )
    if not parts:
        raise InvalidValueError("column must have a name", "()")
    return ".".join(_quoted(part, quote) for part in parts)


def _quoted(part: str, quote: str) -> str:
    if quote == "":
        is_name = part.isascii() and part.isidentifier()
        if is_name and part.lower() not in _VALUES:
            return part
        raise InvalidValueError(
            "a column without quotes must be ASCII letters, digits and underscores, and no value",
            f"{elide(part)}; pass quote='\"' or the engine's own",
        )
    closing = _CLOSING.get(quote)
    if closing is None:
        raise InvalidValueError("quote must be '', '\"', '`' or '['", elide(quote))
    _check_text("column", part)
    if not part:
        raise InvalidValueError("column must have a name", "''")
    return quote + part.replace(closing, 2 * closing) + closing


def _literal(label: str) -> str:
    if not isinstance(label, str):
        raise TypeError(f"label must be a str, got {type(label).__name__} {elide(label)}")
    _check_text("label", label)
    return "'" + label.replace("'", "''") + "'"


def _check_text(what: str, text: str) -> None:
    if "\\" in text or not text.isprintable():
        raise InvalidValueError(
            f"{what} must have no backslash and no control character", elide(text)
        )
