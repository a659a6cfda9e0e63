"""Categories and sets of ports as one SQL expression.

The expression is SQL-92, so that SQLite, DuckDB, ClickHouse, Spark and Polars read the same text.
Names and labels are checked and quoted so that they cannot be anything else. A backslash is
rejected in both: inside quotes it is a character to some of these engines, and an escape to others.
"""

from __future__ import annotations

from collections.abc import Mapping

from portranges import checks, types
from portranges.categories import Category
from portranges.ephemeral import EphemeralProfile
from portranges.errors import InvalidValueError, elide, got
from portranges.flows.reserved_words import RESERVED
from portranges.ports import LAST_PORT, PortRange
from portranges.portset import PortSet

# The closing quote for each opening one; doubled, it means itself.
CLOSING = {'"': '"', "`": "`", "[": "]"}

# A chain of ORs nests as deep as it is long, and SQLite allows a depth of 1,000. With this many
# conditions per pair of parentheses there are at most 328 pairs.
_IN_A_CHAIN = 100


def sql_case(
    column: str | tuple[str, ...],
    ports: types.AnyPorts | Mapping[str, types.AnyPorts] | None = None,
    *,
    otherwise: str | None = None,
    quote: types.Quote = "",
) -> str:
    """Return an SQL expression that classifies the ports in a column.

    It is one ``CASE`` of comparisons, the same text for every engine that supports SQL-92. NULL,
    negative numbers and numbers above 65535 always get the ``ELSE``. The column should contain
    integers.

    Args:
        column: The column's name, or a tuple of the table's name and the column's.
        ports: If None, the expression is the category: ``'system'``, ``'user'`` or ``'dynamic'``.
            For a set, a range, or a profile, it is 1 for a port that is in it and 0 for any other
            port. For a mapping of labels to any of these, it is the first label whose ports contain
            the port.
        otherwise: The text for everything else. By default NULL for a set, and ``'unknown'``
            otherwise. For a mapping it is also the text for a port without a label.
        quote: The quotes around each part of the name: none, ``"``, a backtick or ``[``. A name
            without quotes must consist of ASCII letters, digits and underscores, and must not be a
            reserved word of SQL-92 or of a common engine.

    Returns:
        The expression on one line, without parentheses around it.

    Raises:
        TypeError: An argument has the wrong type, or *otherwise* is given for a set, for which
            the expression is a number.
        InvalidValueError: A name requires *quote*, or a name or a label cannot be quoted safely for
            every engine; a profile has no fixed range; a mapping is empty.

    Complexity:
        Linear in the number of ranges, as is the text.

    Source:
        ISO/IEC 9075:1992 (SQL-92), section 5.2, for the reserved words.

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
    name = _name(column, checks.of_type("quote", quote, str))
    if isinstance(ports, (PortSet, PortRange, EphemeralProfile)):
        if otherwise is not None:
            raise TypeError("otherwise must be None for a set, for which the expression is 1 or 0")
        whens = [(ports, "1"), (PortRange(0, LAST_PORT), "0")]
        return _case(name, whens, "NULL")
    last = _literal("unknown" if otherwise is None else otherwise)
    if ports is None:
        return _case(name, [(each.ports, _literal(each.value)) for each in Category], last)
    if isinstance(ports, Mapping):
        if not ports:
            raise InvalidValueError("a mapping must have at least one label", "{}")
        return _case(name, [(having, _literal(label)) for label, having in ports.items()], last)
    raise TypeError(
        "ports must be a PortSet, a PortRange, an EphemeralProfile or a mapping of labels to "
        f"these, got {got(ports)}"
    )


def _case(name: str, whens: list[tuple[types.AnyPorts, str]], last: str) -> str:
    parts = [f"WHEN {_condition(name, _port_set(ports))} THEN {value} " for ports, value in whens]
    # A CASE requires at least one WHEN.
    return f"CASE {''.join(parts) or f'WHEN 1 = 0 THEN {last} '}ELSE {last} END"


def _port_set(ports: object) -> PortSet:
    if isinstance(ports, (PortSet, PortRange)):
        return PortSet(ports)
    if not isinstance(ports, EphemeralProfile):
        raise TypeError(
            "the ports of a label must be a PortSet, a PortRange or an EphemeralProfile, "
            f"got {got(ports)}"
        )
    if not ports.has_fixed_range:
        raise InvalidValueError("a profile must have a fixed range", ports.name)
    return ports.ports


def _condition(name: str, ports: PortSet) -> str:
    singles = [str(each.first) for each in ports.ranges if len(each) == 1]
    conditions = [
        f"{name} BETWEEN {each.first} AND {each.last}" for each in ports.ranges if len(each) > 1
    ]
    if len(singles) == 1:
        conditions.insert(0, f"{name} = {singles[0]}")
    elif singles:
        conditions.insert(0, f"{name} IN ({', '.join(singles)})")
    if len(conditions) <= _IN_A_CHAIN:
        return " OR ".join(conditions) or "1 = 0"
    chains = [
        " OR ".join(conditions[start : start + _IN_A_CHAIN])
        for start in range(0, len(conditions), _IN_A_CHAIN)
    ]
    return " OR ".join(f"({chain})" for chain in chains)


def _name(column: str | tuple[str, ...], quote: str) -> str:
    parts: object = (column,) if isinstance(column, str) else column
    if not isinstance(parts, tuple) or not all(isinstance(part, str) for part in parts):
        raise TypeError(f"column must be a str or a tuple of str, got {got(column)}")
    if not parts:
        raise InvalidValueError("column must have a name", "()")
    return ".".join(_quoted(part, quote) for part in parts)


def _quoted(part: str, quote: str) -> str:
    if quote == "":
        is_name = part.isascii() and part.isidentifier()
        if is_name and part.lower() not in RESERVED:
            return part
        raise InvalidValueError(
            "a column without quotes must be ASCII letters, digits and underscores, and not a "
            "reserved word",
            f"{elide(part)}; pass quote='\"' or the engine's own",
        )
    closing = CLOSING.get(quote)
    if closing is None:
        raise InvalidValueError("quote must be '', '\"', '`' or '['", elide(quote))
    _check_text("column", part)
    if not part:
        raise InvalidValueError("column must have a name", "''")
    return quote + part.replace(closing, 2 * closing) + closing


def _literal(label: str) -> str:
    checks.of_type("label", label, str)
    _check_text("label", label)
    return "'" + label.replace("'", "''") + "'"


def _check_text(what: str, text: str) -> None:
    if "\\" in text or not text.isprintable():
        raise InvalidValueError(
            f"{what} must not contain a backslash or a control character", elide(text)
        )
