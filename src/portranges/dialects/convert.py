"""Reading a dialect's text, and writing a set in it.

``parse``, ``render`` and ``render_rules`` choose the grammar of a dialect and combine several
texts, one per line, into one set.
"""

from __future__ import annotations

from collections.abc import Mapping

from portranges import checks, types
from portranges.dialects import (
    grammar_bpf,
    grammar_cisco,
    grammar_docker,
    grammar_masks,
    grammar_multiport,
    grammar_nmap,
    grammar_pf,
    grammar_suricata,
    grammar_systemd,
    grammar_ufw,
    reading,
    writing,
)
from portranges.dialects.catalog import lookup
from portranges.dialects.combining import agreed
from portranges.dialects.model import Overlap, TransportRule
from portranges.dialects.query import Cursor, Query
from portranges.dialects.reading import overlap_error
from portranges.dialects.writing import Request, request_of
from portranges.errors import InvalidValueError, UnrepresentableError, got
from portranges.ports import Transport, check_port, check_transport
from portranges.portset import PortSet


def parse(
    text: str,
    dialect: types.DialectName,
    *,
    services: types.Services | None = None,
    transport: types.TransportLike | None = None,
    variables: types.Mapping[str, str | int] | None = None,
) -> PortSet:
    """Return the set of ports that *text* matches in a dialect.

    A text is accepted if the tool and a person agree on its meaning. Everything else is
    refused, and the error reports what the tool would have understood: numbers that are not
    plain decimal, reversed ranges, service names without a registry, source ports, lists that
    exceed the tool's limit, a text that matches no port. Where a dialect needs several texts
    for one set, pass them one per line.

    Args:
        text: The text that belongs at the row's ``place``.
        dialect: A name or an alias, such as ``"nft"``.
        services: A registry of service names, such as ``portranges.registry.SHIPPED``; without
            it names are refused. A name must have exactly one port in it.
        transport: The transport whose ports are returned, for a text that names several; those
            of the others are ignored.
        variables: The text or the port of each variable by its name, such as
            ``{"HTTP_PORTS": "[80,8080]", "SSH_PORTS": 22}``, for Suricata and Snort; without it
            variables are refused. A text may have other variables.

    Returns:
        The set. It is empty only if the notation can express the empty set.

    Raises:
        TypeError: *text* or *dialect* is not a ``str``, or *variables* does not map texts to
            texts and ports.
        InvalidPortError: A variable is an integer outside 0 to 65535.
        UnknownNameError: *dialect* or *transport* is unknown.
        InvalidValueError: The dialect has no variables.
        PortSyntaxError: *text* is not accepted; the error has the position.

    Complexity:
        Linear in the length of *text*, in bounded memory.

    Example:
        >>> print(parse("{ 22, 80, 8000-8100 }", "nft"))
        22,80,8000-8100
        >>> print(parse("-p udp -m multiport ! --dports 1024:65535", "iptables-multiport"))
        0-1023
        >>> print(parse("[$HTTP_PORTS,443]", "suricata", variables={"HTTP_PORTS": "80:90"}))
        80-90,443
        >>> parse("1024-/tcp", "firewalld")
        Traceback (most recent call last):
        ...
        portranges.errors.PortSyntaxError: a range must have both ends, got '1024-'; \
firewalld reads '1024-/tcp' as 1024 (the single port)
            1024-/tcp
            ~~~~~
    """
    text = checks.of_type("text", text, str)
    checks.services(services)
    row = lookup(dialect)
    selected = None if transport is None else check_transport(transport)
    texts = None if variables is None else _checked(variables)
    if texts is not None and row.grammar != "suricata":
        raise InvalidValueError("variables must be for suricata or snort", repr(row.name))
    if row.empty is not None and text in ("", row.empty):
        return PortSet.empty()
    query = Query(row=row, text=text, services=services, transport=selected, variables=texts)
    return _read(query.whole())


def _checked(variables: object) -> dict[str, str]:
    if not isinstance(variables, Mapping):
        raise TypeError(f"variables must be a mapping of names to texts, got {got(variables)}")
    found = types.cast("types.Mapping[object, object]", variables)
    return {
        checks.of_type("a name of variables", name, str): (
            str(check_port(value))
            if isinstance(value, int) and not isinstance(value, bool)
            else checks.of_type("a variable", value, str)
        )
        for name, value in found.items()
    }


def _read(whole: Cursor) -> PortSet:
    """Return the ports of all texts, one per line."""
    families = sets_of(whole, texts_of(whole))
    return agreed_by_families(
        whole, {family: of_transport(whole, *found) for family, found in families.items()}
    )


def sets_of(
    whole: Cursor, texts: types.Iterable[Cursor]
) -> dict[str, tuple[types.PortSets, dict[Transport | None, Cursor]]]:
    """Return the ports of each transport, and the text that named the transport first.

    The keys are the starts of texts that name an address family; ``""`` for the others.
    """
    row, most = whole.row, whole.row.limits.max_texts
    read, _ = _GRAMMARS[row.grammar]
    families: dict[str, tuple[types.PortSets, dict[Transport | None, Cursor]]] = {}
    for count, at in enumerate(texts):
        if most and count == most:
            raise at.error(f"{row.tool} accepts at most {most} texts", got="more")
        family = next(filter(at.starts, row.frame.families), "")
        sets, places = families.setdefault(family, ({}, {}))
        for named, ports in read(at):
            before = sets.get(named)
            if before is not None and row.overlap is Overlap.NONE and before & ports:
                raise overlap_error(at)
            sets[named] = ports if before is None else before | ports
            places.setdefault(named, at)
    return families


def agreed_by_families(whole: Cursor, families: dict[str, types.T]) -> types.T:
    """Return what the texts of every address family mean, or raise if they differ."""
    first, *others = families.values()
    if any(each != first for each in others):
        names = " and ".join(each or "all" for each in families)
        rule = "ports must be the same for every address family"
        raise whole.error(rule, got=f"different ones for {names}")
    return first


def texts_of(whole: Cursor) -> types.Iterator[Cursor]:
    """Yield each line if several texts make sense together, else the whole."""
    rest = whole
    if whole.row.several_texts_mean:
        while (end := rest.find("\n")) >= 0:
            yield rest.to(end)
            rest = rest.since(end + 1)
        if 0 < rest.start == rest.stop:
            return
    yield rest


def of_transport(
    whole: Cursor, sets: types.PortSets, places: dict[Transport | None, Cursor]
) -> PortSet:
    """Return the ports of the selected transport, or of all transports if they agree."""
    selected, row = whole.query.transport, whole.row
    if selected is None:
        *_, last = places.values()
        return agreed(sets, lambda rule, got: last.error(rule, got=got))
    if row.frame.rule is not TransportRule.NEVER and selected not in row.frame.transports:
        # A text without a transport applies to all that the tool supports.
        rule = f"transport must be {' or '.join(row.frame.transports)} for {row.tool}"
        raise whole.error(rule, got=repr(selected.value))
    ports = sets.get(None, PortSet.empty()) | sets.get(selected, PortSet.empty())
    if not ports:
        named = " and ".join(map(str, sets))
        raise whole.error(f"expected ports for {selected}", got=f"ports for {named}")
    return ports


def render(
    ports: PortSet,
    dialect: types.DialectName,
    *,
    transport: types.TransportLike | None = None,
    negated: bool = False,
) -> str:
    """Return the one text that matches exactly *ports* in a dialect.

    Args:
        ports: The set.
        dialect: A name or an alias, such as ``"nft"``.
        transport: The transport that the text names. By default it names none, or TCP if the
            dialect requires one.
        negated: Whether the text lists the ports that are not in the set, such as ``"!= 22"``
            for ``~PortSet([22])``.

    Returns:
        The text, which belongs at the row's ``place``. ``parse`` reads it back.

    Raises:
        TypeError: *ports* is not a ``PortSet``, or *dialect* is not a ``str``.
        UnknownNameError: *dialect* or *transport* is unknown.
        UnrepresentableError: The dialect cannot express this set, or not in one text; the
            error gives the reason.

    Example:
        >>> ports = PortSet.parse("22,80,8000-8100")
        >>> render(ports, "nft"), render(ports, "iptables-multiport", transport="udp")
        ('{ 22, 80, 8000-8100 }', '-p udp -m multiport --dports 22,80,8000:8100')
        >>> render(PortSet([0, 80]), "ufw")
        Traceback (most recent call last):
        ...
        portranges.errors.UnrepresentableError: ufw cannot express this set: \
it contains port 0, and only 1..65535 are supported
    """
    texts = render_rules(ports, dialect, transport=transport, negated=negated)
    if len(texts) != 1:
        raise UnrepresentableError(
            lookup(dialect).name,
            f"it needs {len(texts)} texts; render_rules() returns them",
        )
    return texts[0]


def render_rules(
    ports: PortSet,
    dialect: types.DialectName,
    *,
    transport: types.TransportLike | None = None,
    negated: bool = False,
    ternary: bool = False,
) -> tuple[str, ...]:
    """Return the fewest texts that together match exactly *ports* in a dialect.

    Args:
        ports: The set.
        dialect: A name or an alias, such as ``"iptables-multiport"``.
        transport: The transport that the texts name. By default they name none, or TCP if the
            dialect requires one.
        negated: Whether the texts list the ports that are not in the set.
        ternary: Whether a mask may have 1 bits anywhere, which needs fewer masks for some
            ranges; otherwise masks are prefixes. For ``ovs`` only. The number is minimal for
            each range, not for the set as a whole.

    Returns:
        One text per rule, element or write, as the row's ``several_texts_mean`` describes, or
        a single text if the dialect has no such meaning. A packet to a port of the set matches
        at least one of them. ``parse`` reads them back, joined by line breaks.

    Raises:
        TypeError: *ports* is not a ``PortSet``, or *dialect* is not a ``str``.
        UnknownNameError: *dialect* or *transport* is unknown.
        UnrepresentableError: The dialect cannot express this set; the error gives the reason.

    Complexity:
        O(n log n) in the number of ranges.

    Example:
        >>> render_rules(PortSet.parse("80,1000-1023"), "ovs")
        ('tcp,tp_dst=80', 'tcp,tp_dst=0x3e8/0xfff8', 'tcp,tp_dst=0x3f0/0xfff0')
        >>> scattered = PortSet(range(1, 33, 2))
        >>> for rule in render_rules(scattered, "iptables-multiport"):
        ...     print(rule)
        -m multiport --dports 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29
        --dport 31
    """
    request = request_of(ports, dialect, transport, negated=negated, ternary=ternary)
    row, most = request.row, request.row.limits.max_texts
    _, write = _GRAMMARS[row.grammar]
    texts = write(request)
    if most and len(texts) > most:
        rule = f"it needs {len(texts)} texts, and at most {most} are allowed"
        raise UnrepresentableError(row.name, rule)
    return tuple(texts)


def _read_neutral(at: Cursor) -> types.Iterator[types.Part]:
    yield None, PortSet.parse(at.text, services=at.query.services)


def _write_neutral(request: Request) -> list[str]:
    return [str(request.ports)]


# How each grammar is read and written; a row without a grammar describes its notation itself.
_GRAMMARS = {
    "": (reading.read_text, writing.write_texts),
    "bpf": (grammar_bpf.read, grammar_bpf.write),
    "cisco": (grammar_cisco.read, grammar_cisco.write),
    "docker": (grammar_docker.read, grammar_docker.write),
    "iptables": (grammar_multiport.read, writing.write_texts),
    "masks": (grammar_masks.read, grammar_masks.write),
    "multiport": (grammar_multiport.read, grammar_multiport.write),
    "neutral": (_read_neutral, _write_neutral),
    "nmap": (grammar_nmap.read, grammar_nmap.write),
    "pf": (grammar_pf.read, writing.write_texts),
    "suricata": (grammar_suricata.read, grammar_suricata.write),
    "systemd": (grammar_systemd.read, writing.write_texts),
    "ufw": (grammar_ufw.read, writing.write_texts),
}
