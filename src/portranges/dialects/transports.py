"""Ports with their transports in a dialect: several texts, or one that names several transports.

``convert`` reads and writes the ports of one transport, or of all transports if they agree.
"""

from __future__ import annotations

import re
from functools import cache

from portranges import checks, types
from portranges.dialects.catalog import lookup
from portranges.dialects.convert import (
    agreed_by_families,
    of_transport,
    render_rules,
    sets_of,
    texts_of,
)
from portranges.dialects.forms import Dialect
from portranges.dialects.model import TransportRule
from portranges.dialects.query import Cursor, Query
from portranges.errors import UnrepresentableError, got
from portranges.ports import Transport, check_transport
from portranges.portset import PortSet
from portranges.transport_ports import TransportPorts


def parse_transports(
    text: str,
    dialect: types.DialectName,
    *,
    services: types.Services | None = None,
    default_transports: types.TransportLike | types.Iterable[types.TransportLike] = (),
) -> TransportPorts:
    r"""Return the ports that *text* matches in a dialect, for each transport.

    Args:
        text: The text that belongs at the row's ``place``, or several, one per line. A line that
            begins with a transport begins a text, even if the tool reads one text only.
        dialect: A name or an alias, such as ``"nft"``.
        services: A registry of service names, as for ``parse``.
        default_transports: The transports of a text without one: a transport or several. By
            default every text must name its transport.

    Returns:
        The set. It is empty only if the notation can express the empty set.

    Raises:
        TypeError: *text* or *dialect* is not a ``str``, or *default_transports* are not
            transports.
        UnknownNameError: *dialect* or a transport is unknown.
        PortSyntaxError: *text* is not accepted; the error has the position.

    Complexity:
        Linear in the length of *text*, in bounded memory.

    Example:
        >>> print(parse_transports("tcp dport { 22, 80 }\nudp dport 53", "nft"))
        22/tcp,53/udp,80/tcp
        >>> print(parse_transports("22/tcp\n53", "ufw", default_transports=("tcp", "udp")))
        22/tcp,53/tcp,53/udp
    """
    checks.of_type("text", text, str)
    checks.services(services)
    row = lookup(dialect)
    defaults = _transports("default_transports", default_transports)
    if row.grammar == "neutral":
        return TransportPorts.parse(text, default_transports=defaults, services=services)
    whole = Query(row=row, text=text, services=services).whole()
    sets = _sets(whole)
    if None in sets and not defaults:
        raise whole.error("each text must name its transport")
    return _with_transports(sets, defaults)


def parse_named(
    text: str,
    row: Dialect,
    *,
    services: types.Services | None = None,
    transport: Transport | None = None,
) -> PortSet | TransportPorts:
    """Return the ports of *text*, with their transports if it names any.

    If it does, a text without a transport is for all of them. If *transport* is given, only its
    ports are returned.
    """
    whole = Query(row=row, text=text, services=services, transport=transport).whole()
    if transport is not None and not _is_empty(whole):
        families = sets_of(whole, _texts(whole))
        return agreed_by_families(
            whole, {each: of_transport(whole, *found) for each, found in families.items()}
        )
    sets = _sets(whole)
    if {*sets} <= {None}:
        return sets.get(None, PortSet.empty())
    return _with_transports(sets, row.frame.transports)


def _sets(whole: Cursor) -> types.PortSets:
    """Return the ports of each transport that a text names; the key None is for the others."""
    if _is_empty(whole):
        return {}
    families = sets_of(whole, _texts(whole))
    return agreed_by_families(whole, {each: sets for each, (sets, _) in families.items()})


def _is_empty(whole: Cursor) -> bool:
    return whole.row.empty is not None and whole.text in ("", whole.row.empty)


def _with_transports(sets: types.PortSets, defaults: types.Iterable[Transport]) -> TransportPorts:
    named = {each: ports for each, ports in sets.items() if each is not None}
    every = sets.get(None, PortSet.empty())
    return TransportPorts(named) | TransportPorts(dict.fromkeys(defaults, every))


def _texts(whole: Cursor) -> types.Iterator[Cursor]:
    """Yield each text: a line, or what begins with a transport."""
    if whole.row.several_texts_mean or whole.row.grammar:
        # A grammar reads several transports by itself.
        yield from texts_of(whole)
        return
    rest = whole
    for match in _joints(whole.row).finditer(whole.text):
        yield rest.to(match.start())
        rest = rest.since(match.end())
    yield rest


@cache
def _joints(row: Dialect) -> re.Pattern[str]:
    frame = row.frame
    heads = [form.partition("{match}")[0] for form in frame.forms]
    starts = [re.escape(head.format(transport=each)) for head in heads for each in frame.transports]
    return re.compile(f"{re.escape(frame.joint)}(?={'|'.join(starts) or '(?!)'})")


def render_transports(
    ports: TransportPorts, dialect: types.DialectName, *, ternary: bool = False
) -> tuple[str, ...]:
    """Return the fewest texts that together match exactly *ports*, each with its transport.

    Args:
        ports: The set.
        dialect: A name or an alias, such as ``"nft"``.
        ternary: Whether a mask may have 1 bits anywhere, as for ``render_rules``.

    Returns:
        The texts, those for TCP first. A dialect that joins alternatives, such as ``bpf``, has one.
        If its texts cannot name a transport, the texts are those for the ports of every transport
        in the set, which must be the same. ``parse_transports`` reads them back, joined by line
        breaks.

    Raises:
        TypeError: *ports* is not a ``TransportPorts``, or *dialect* is not a ``str``.
        UnknownNameError: *dialect* is unknown.
        UnrepresentableError: The dialect cannot express this set; the error gives the reason.

    Complexity:
        O(n log n) in the number of ranges.

    Example:
        >>> from portranges import TransportPorts
        >>> ports = TransportPorts.parse("22/tcp,80/tcp,53/udp")
        >>> render_transports(ports, "nft")
        ('tcp dport { 22, 80 }', 'udp dport 53')
        >>> render_transports(ports, "tcpdump")
        ('(tcp dst port 22 or tcp dst port 80) or udp dst port 53',)
    """
    checks.of_type("ports", ports, TransportPorts)
    row = lookup(dialect)
    if row.grammar == "neutral":
        return (str(ports),)
    parts = ports.items()
    if not parts:
        return render_rules(PortSet.empty(), row.name, ternary=ternary)
    if row.frame.rule is TransportRule.NEVER:
        (_, first), *others = parts
        if any(each != first for _, each in others):
            rule = "its text cannot name a transport, and the transports have different ports"
            raise UnrepresentableError(row.name, rule)
        return render_rules(first, row.name, ternary=ternary)
    texts = [
        text
        for transport, each in parts
        for text in render_rules(each, row.name, transport=transport, ternary=ternary)
    ]
    joint, most = row.frame.joint, row.limits.max_texts
    if most and len(texts) > most:
        rule = f"it needs {len(texts)} texts, and at most {most} are allowed"
        raise UnrepresentableError(row.name, rule)
    return tuple(texts) if joint == "\n" else (joint.join(texts),)


def _transports(name: str, value: types.Any) -> tuple[Transport, ...]:
    """Return the transports in *value*, one or several."""
    if isinstance(value, str):
        return (check_transport(value),)
    if not hasattr(value, "__iter__"):
        raise TypeError(f"{name} must be transports, got {got(value)}")
    return tuple(map(check_transport, value))
