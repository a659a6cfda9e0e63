"""The two ways between a set and another program's text.

What lives here: ``parse``, ``render`` and ``render_rules``, which grammar a
dialect has, and what several texts, one a line, mean together.
What must not: any grammar.
"""

from __future__ import annotations

from portranges import types
from portranges.dialects import (
    grammar_bpf,
    grammar_cisco,
    grammar_docker,
    grammar_masks,
    grammar_multiport,
    grammar_nmap,
    grammar_suricata,
    reading,
    writing,
)
from portranges.dialects.catalog import lookup
from portranges.dialects.model import Overlap, TransportRule
from portranges.dialects.query import Query
from portranges.dialects.reading import overlap_error
from portranges.dialects.writing import Order, order_of
from portranges.errors import PortSyntaxError, UnrepresentableError, elide
from portranges.ports import Transport, check_transport
from portranges.portset import PortSet

__all__ = ["parse", "render", "render_rules"]


def parse(
    text: str,
    dialect: types.DialectName,
    *,
    services: types.Services | None = None,
    transport: types.TransportLike | None = None,
) -> PortSet:
    """Return the set of ports that *text* says in a dialect.

    What the tool and a person read alike is read; all else is refused, with
    what the tool would have made of it: numbers that are not plain decimal,
    reversed ranges, names without a registry, source ports, lists over the
    tool's limit, a text for no port. Where a dialect has several texts for one
    set, they may be given one a line.

    Args:
        text: The text, as the row's ``place`` describes.
        dialect: A name or an alias, as ``"nft"``.
        services: What knows the ports of service names, as
            ``portranges.registry.SHIPPED``; without it names are refused. A
            name must have one port there.
        transport: Which transport's ports are asked for, of a text that says
            several; what it says of others is passed over.

    Returns:
        The set, empty only for a notation that can say so.

    Raises:
        TypeError: *text* or *dialect* is not a ``str``.
        UnknownNameError: No row has *dialect*, or *transport* is none.
        PortSyntaxError: *text* is anything else; the error tells the place.

    Complexity:
        Linear in the length of *text*, in bounded memory.

    Source:
        Each row names its own.

    Example:
        >>> print(parse("{ 22, 80, 8000-8100 }", "nft"))
        22,80,8000-8100
        >>> print(parse("-p udp -m multiport ! --dports 1024:65535", "iptables-multiport"))
        0-1023
        >>> parse("1024-/tcp", "firewalld")
        Traceback (most recent call last):
        ...
        portranges.errors.PortSyntaxError: range must have both ends, got '1024-'; \
firewalld reads '1024-/tcp' as 1024, the one port
            1024-/tcp
            ~~~~~
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, got {type(text).__name__} {elide(text)}")
    row = lookup(dialect)
    wanted = None if transport is None else check_transport(transport)
    if row.grammar == "neutral":
        return PortSet.parse(text)
    if row.empty is not None and text in ("", row.empty):
        return PortSet.empty()
    query = Query(row=row, text=text, services=services, transport=wanted)
    reader = _READERS.get(row.grammar, reading.read_text)
    sets: dict[Transport | None, PortSet] = {}
    spans: dict[Transport | None, types.Span] = {}
    for count, span in enumerate(_texts(query)):
        if row.max_texts and count == row.max_texts:
            raise PortSyntaxError(
                f"{row.tool} takes at most {row.max_texts} texts, got more", text, span
            )
        for said, ports in reader(query, *span):
            before = sets.get(said)
            if before is not None and row.overlap is Overlap.NONE and before & ports:
                raise overlap_error(query, span)
            sets[said] = ports if before is None else before | ports
            spans.setdefault(said, span)
    return _of_transport(query, sets, spans)


def _texts(query: Query) -> types.Iterator[types.Span]:
    """Yield where the lines are, if several make sense together; else the whole."""
    text, start = query.text, 0
    if query.row.several_texts_mean:
        while (end := text.find("\n", start)) >= 0:
            yield start, end
            start = end + 1
        if 0 < start == len(text):
            return
    yield start, len(text)


def _of_transport(
    query: Query, sets: dict[Transport | None, PortSet], spans: dict[Transport | None, types.Span]
) -> PortSet:
    """Return the ports for the transport asked for, or those of all if they agree."""
    for_all = sets.pop(None, PortSet.empty())
    if query.transport is not None:
        row = query.row
        if row.transport_rule is not TransportRule.NEVER and query.transport not in row.transports:
            # What says no transport is for all that the tool knows.
            raise PortSyntaxError(
                f"transport must be {' or '.join(row.transports)} for {row.tool}, "
                f"got {query.transport.value!r}",
                query.text,
                (0, len(query.text)),
            )
        ports = for_all | sets.get(query.transport, PortSet.empty())
        if not ports:
            raise PortSyntaxError(
                f"expected ports of {query.transport}, got those of {' and '.join(map(str, sets))}",
                query.text,
                (0, len(query.text)),
            )
        return ports
    results = {transport: for_all | ports for transport, ports in sets.items()}
    if for_all:
        results[None] = for_all
    first, *others = results.values()
    if any(ports != first for ports in others):
        last = list(spans)[-1]
        names = " and ".join(str(each or "all") for each in results)
        raise PortSyntaxError(
            f"ports must be the same for each transport, got others for {names}; "
            "ask for one with transport=",
            query.text,
            spans[last],
        )
    return first


def render(
    ports: PortSet,
    dialect: types.DialectName,
    *,
    transport: types.TransportLike | None = None,
    negated: bool = False,
) -> str:
    """Return the one text that names exactly *ports* in a dialect.

    Args:
        ports: The set.
        dialect: A name or an alias, as ``"nft"``.
        transport: What the text shall say of the transport. Left out, it says
            nothing, or TCP where something must be said.
        negated: Whether the text shall name the ports that are not in the set,
            as ``"!= 22"`` for ``~PortSet([22])``.

    Returns:
        The text, to be put where the row's ``place`` tells. ``parse`` reads it
        back.

    Raises:
        TypeError: *ports* is not a ``PortSet``, or *dialect* not a ``str``.
        UnknownNameError: No row has *dialect*, or *transport* is none.
        UnrepresentableError: The dialect cannot express this set, or not in one
            text; the error tells why.

    Source:
        Each row names its own.

    Example:
        >>> ports = PortSet.parse("22,80,8000-8100")
        >>> render(ports, "nft"), render(ports, "iptables-multiport", transport="udp")
        ('{ 22, 80, 8000-8100 }', '-p udp -m multiport --dports 22,80,8000:8100')
        >>> render(PortSet([0, 80]), "ufw")
        Traceback (most recent call last):
        ...
        portranges.errors.UnrepresentableError: ufw cannot express this set: \
port 0 is in it, and ports are 1..65535 there
    """
    texts = render_rules(ports, dialect, transport=transport, negated=negated)
    if len(texts) > 1:
        raise UnrepresentableError(
            lookup(dialect).name,
            f"it takes {len(texts)} texts; render_rules() gives them",
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
    """Return the fewest texts that together name exactly *ports* in a dialect.

    Args:
        ports: The set.
        dialect: A name or an alias, as ``"iptables-multiport"``.
        transport: What the texts shall say of the transport. Left out, they
            say nothing, or TCP where something must be said.
        negated: Whether the texts shall name the ports that are not in the
            set.
        ternary: Whether masks may have their ones anywhere, which may take
            fewer of them for a range; else they are prefixes. Only for ``ovs``.
            The fewest are found range by range, not for the set as a whole.

    Returns:
        One text for each rule, element or write, as the row's ``combined``
        tells; one where it has none. A packet to a port of the set matches one
        of them at least. ``parse`` reads them back, joined by line breaks.

    Raises:
        TypeError: *ports* is not a ``PortSet``, or *dialect* not a ``str``.
        UnknownNameError: No row has *dialect*, or *transport* is none.
        UnrepresentableError: The dialect cannot express this set; the error tells
            why.

    Complexity:
        O(n log n) in the number of ranges.

    Source:
        Each row names its own.

    Example:
        >>> render_rules(PortSet.parse("80,1000-1023"), "ovs")
        ('tcp,tp_dst=80', 'tcp,tp_dst=0x3e8/0xfff8', 'tcp,tp_dst=0x3f0/0xfff0')
        >>> scattered = PortSet(range(1, 33, 2))
        >>> for rule in render_rules(scattered, "iptables-multiport"):
        ...     print(rule)
        -m multiport --dports 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29
        --dport 31
    """
    order = order_of(ports, dialect, transport, negated=negated, ternary=ternary)
    texts = _WRITERS.get(order.row.grammar, writing.write_texts)(order)
    if order.row.max_texts and len(texts) > order.row.max_texts:
        raise UnrepresentableError(
            order.row.name,
            f"it takes {len(texts)} texts, and at most {order.row.max_texts} are allowed",
        )
    return tuple(texts)


def _write_neutral(order: Order) -> list[str]:
    return [str(order.ports)]


_READERS: dict[str, types.Callable[[Query, int, int], types.Iterator[types.Part]]] = {
    "bpf": grammar_bpf.read,
    "cisco": grammar_cisco.read,
    "docker": grammar_docker.read,
    "masks": grammar_masks.read,
    "multiport": grammar_multiport.read,
    "nmap": grammar_nmap.read,
    "suricata": grammar_suricata.read,
}

_WRITERS: dict[str, types.Callable[[Order], list[str]]] = {
    "bpf": grammar_bpf.write,
    "cisco": grammar_cisco.write,
    "docker": grammar_docker.write,
    "masks": grammar_masks.write,
    "multiport": grammar_multiport.write,
    "neutral": _write_neutral,
    "nmap": grammar_nmap.write,
    "suricata": grammar_suricata.write,
}
