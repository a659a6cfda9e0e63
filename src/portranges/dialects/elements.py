"""The elements of a list, as a row describes them: a port, a service name, a range.

Digits become a number in ``ports.parse_port_at`` only, which refuses everything except plain
decimal ports. What surrounds a list is handled by ``reading`` and the ``grammar_*`` modules.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.dialects.model import Dialect, Fault, NameLookup
from portranges.dialects.query import Query, refusal, surplus_hint, trimmed
from portranges.dialects.writing import element, example
from portranges.errors import PortSyntaxError, UnknownNameError, elide
from portranges.names import near
from portranges.ports import (
    LAST_PORT,
    PortRange,
    Transport,
    is_digits,
    means_every_port,
    parse_port_at,
)
from portranges.portset import PortSet
from portranges.source import Source

__all__ = [
    "element_spans",
    "every_port",
    "expected",
    "is_name",
    "is_range",
    "ports_of_name",
    "read_element",
    "read_port",
    "transport_of_name",
    "unquoted",
    "words",
]

# By the characters that a row accepts as blanks. Words are separated by a blank even if the row
# has none.
_WORDS = {blanks: re.compile(f"[^{blanks or ' '}]+") for blanks in ("", " ", " \t", " \t\n")}

# Longer than any service name, in the registry or in an /etc/services.
_LONGEST_NAME = 64
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")

_RANGE_SIGNS = ("..", "-", ":")


def words(query: Query, start: int, stop: int) -> types.Iterator[types.Span]:
    """Yield the spans of the words of ``text[start:stop]``, separated by the row's blanks."""
    for found in _WORDS[query.row.blanks].finditer(query.text, start, stop):
        yield found.span()


def element_spans(query: Query, start: int, stop: int) -> types.Iterator[types.Span]:
    """Yield the spans of the elements of the list ``text[start:stop]``."""
    row, text = query.row, query.text
    if "," not in row.separator:
        if row.blanks_separate:
            yield from words(query, start, stop)
        else:
            yield start, stop
        return
    started = start
    while True:
        if row.trailing_separator and start == stop and started < start:
            return
        comma = text.find(",", start, stop)
        yield trimmed(text, start, stop if comma < 0 else comma, row.blanks)
        if comma < 0:
            return
        start = comma + 1


def expected(row: Dialect) -> str:
    """Return the start of an error message: what an element of the dialect may be."""
    if not row.range_signs:
        return "expected a port"
    return f"expected a port or 'first{row.range_signs[0]}last'"


def unquoted(query: Query, start: int, stop: int) -> types.Span:
    """Return the span of ``text[start:stop]`` without its quotes, if it has any."""
    text = query.text
    if (
        query.row.quote
        and stop - start > 1
        and text[start] in "'\""
        and text[stop - 1] == text[start]
    ):
        return start + 1, stop - 1
    return start, stop


def read_element(
    query: Query, start: int, stop: int, transport: Transport | None
) -> tuple[int, int]:
    """Return the first and the last port of the element ``text[start:stop]``."""
    row, text = query.row, query.text
    whole = (start, stop)
    start, stop = unquoted(query, start, stop)
    quoted = (start, stop) != whole
    for sign in row.range_signs:
        at = text.find(sign, start, stop)
        if at >= 0:
            break
    else:
        port = read_port(query, start, stop, transport)
        return port, port
    if sign == "-" and is_name(text[start:stop]):
        if not row.dashed_names:
            raise refusal(
                query,
                f"a name must not contain '-', got {elide(text[start:stop])}; "
                f"{row.tool} splits it there",
                (start, stop),
            )
        # Not a range of two names, because a name may contain the sign.
        port = read_port(query, start, stop, transport)
        return port, port
    if row.range_needs_quote and not quoted:
        raise refusal(
            query,
            f"a range must be quoted, got {elide(text[start:stop])}",
            (start, stop),
            Fault.OTHER_SIGN,
        )
    left, right = (start, at), (at + len(sign), stop)
    if row.blanks_in_ranges:
        left, right = trimmed(text, *left, row.blanks), trimmed(text, *right, row.blanks)
    return _read_range(query, sign, left, right, transport)


def _read_range(
    query: Query, sign: str, left: types.Span, right: types.Span, transport: Transport | None
) -> tuple[int, int]:
    """Return the first and the last port of a range with this sign and these two sides."""
    row, text = query.row, query.text
    (start, end), (begin, stop) = left, right
    span, item = (start, stop), text[start:stop]
    open_first, open_last = start == end, begin == stop
    if (
        (open_first and row.open_first is None)
        or (open_last and row.open_last is None)
        or (open_first and open_last and row.all_ports_word != item)
        or ((open_first or open_last) and sign != row.range_signs[0])
    ):
        raise refusal(query, f"a range must have both ends, got {elide(item)}", span, Fault.OPEN)
    first = row.open_first if open_first else read_port(query, start, end, transport)
    last = row.open_last if open_last else read_port(query, begin, stop, transport)
    # For the type checker: None was refused above.
    first, last = first or 0, last or 0
    if first > last:
        hint = "" if open_first or open_last else f"; did you mean {last}{sign}{first}?"
        raise refusal(
            query,
            f"first must not be greater than last, got {elide(item)}{hint}",
            span,
            Fault.REVERSED,
        )
    if first == last and not row.equal_ends and not open_first and not open_last:
        raise refusal(
            query,
            f"a single port must not be written as a range, got {elide(item)}; "
            f"did you mean {first}?",
            span,
            Fault.EQUAL_ENDS,
        )
    return first, last


def read_port(query: Query, start: int, stop: int, transport: Transport | None) -> int:
    """Return the port of ``text[start:stop]``, a number or a service name."""
    row, text = query.row, query.text
    token = text[start:stop]
    if means_every_port(token):
        raise refusal(
            query,
            f"{expected(row)}, got {elide(token)}; {every_port(row)}",
            (start, stop),
            Fault.ALL,
        )
    if not is_digits(token):
        return _read_name(query, start, stop, transport)
    try:
        port = parse_port_at(text, start, stop)
    except PortSyntaxError as error:
        fault = Fault.LEADING_ZERO if token[0] == "0" else Fault.TOO_LARGE
        raise refusal(query, error.reason, error.span, fault) from None
    if port < row.lowest:
        raise refusal(
            query,
            f"port must be in {row.lowest}..{LAST_PORT}, got {token!r}; "
            f"{row.tool} does not support port 0",
            (start, stop),
        )
    return port


def every_port(row: Dialect, *, is_whole: bool = False) -> str:
    """Return how the dialect writes every port, as a clause: an element, or the whole text."""
    if row.all_ports_word and row.all_ports_word not in row.range_signs:
        return f"every port is written {row.all_ports_word!r}"
    if not row.range_signs:
        return "every port is expressed by omitting the ports"
    ports = element(row, PortRange(row.lowest, LAST_PORT))
    return f"every port is written {repr(example(row, ports=ports)) if is_whole else ports}"


def is_name(token: str) -> bool:
    """Return whether *token* may be a service name: it has a letter and is not a C literal."""
    return (
        len(token) <= _LONGEST_NAME
        and token.isascii()
        and _NAME.fullmatch(token) is not None
        and token[:2].lower() != "0x"
        and any(map(str.isalpha, token))
    )


def is_range(token: str, *signs: str) -> bool:
    """Return whether *token* is two numbers with one of *signs* between them."""
    return any(len(ends := token.split(sign)) == 2 and all(map(is_digits, ends)) for sign in signs)


def _read_name(query: Query, start: int, stop: int, transport: Transport | None) -> int:
    if query.row.own_names and is_name(query.text[start:stop]):
        return _read_own_name(query, start, stop, transport)
    ports = ports_of_name(query, start, stop, _looked_up(query, transport))
    if len(ports) != 1:
        got = f"{ports}" if ports else "none"
        raise PortSyntaxError(
            f"a service name must have exactly one port, got {query.text[start:stop]!r} with "
            f"{elide(got)}; write the number",
            query.text,
            (start, stop),
        )
    return ports.first


def ports_of_name(
    query: Query, start: int, stop: int, transports: types.Iterable[Transport | None]
) -> PortSet:
    """Return the ports of the service name ``text[start:stop]`` for *transports*; None is all."""
    row, text = query.row, query.text
    token, span = text[start:stop], (start, stop)
    if not is_name(token):
        raise _no_element(query, start, stop)
    if surplus_hint(query, start):
        raise refusal(query, f"{expected(row)}, got {elide(token)}", span)
    if row.name_lookup is NameLookup.NONE:
        raise refusal(
            query,
            f"{expected(row)}, got {elide(token)}; {row.tool} does not accept names here",
            span,
            Fault.NAME,
            Fault.OPERATOR,
        )
    if row.name_lookup is NameLookup.OWN and _is_iana(query.services):
        raise refusal(
            query,
            f"a name must be one of {row.tool}'s own table, got {token!r}; write the number, or "
            "pass that table as services=",
            span,
            Fault.NAME,
        )
    if query.services is None:
        raise refusal(query, f"{expected(row)}, got {elide(token)}; names require services=", span)
    if token != token.lower():
        raise PortSyntaxError(f"a service name must be in lower case, got {token!r}", text, span)
    services = query.services
    try:
        return PortSet.empty().union(*(services.ports(token, each) for each in transports))
    except UnknownNameError as error:
        raise refusal(query, str(error), span) from None


def _is_iana(services: types.Services | None) -> bool:
    """Return whether *services* is IANA's registry, in which no program looks names up."""
    source = getattr(services, "source", None)
    return isinstance(source, Source) and source.document.startswith("IANA")


def _read_own_name(query: Query, start: int, stop: int, transport: Transport | None) -> int:
    """Return the port of a name in the tool's own table."""
    row, name = query.row, query.text[start:stop]
    wanted = transport or query.transport
    named = [own for own in row.own_names if own.name == name]
    ports = {own.port for own in named if wanted is None or wanted in own.transports}
    if len(ports) == 1:
        return ports.pop()
    if named:
        reason = f"a name must be one of {wanted}, got {name!r}"
    else:
        names = [own.name for own in row.own_names]
        reason = str(UnknownNameError(f"name of {row.tool}", name, near(name, names)))
    raise refusal(query, reason, (start, stop))


def _looked_up(query: Query, transport: Transport | None) -> tuple[Transport | None, ...]:
    """Return the transports whose ports the tool considers for a name; None is all of them."""
    if query.row.name_lookup is NameLookup.NAMED:
        return (transport or query.transport,)
    # Where a tool accepts no names, ports_of_name() refuses them.
    return _LOOKED_UP.get(query.row.name_lookup, ())


_LOOKED_UP: dict[NameLookup, tuple[Transport | None, ...]] = {
    NameLookup.ANY: (None,),
    NameLookup.TCP: (Transport.TCP,),
    NameLookup.TCP_OR_UDP: (Transport.TCP, Transport.UDP),
}


def transport_of_name(
    query: Query, start: int, stop: int, transport: Transport | None
) -> Transport | None:
    """Return the transport to which the port ``text[start:stop]`` applies.

    A name that only TCP or only UDP has applies to this transport, and to no other.
    """
    name, services = query.text[start:stop], query.services
    if is_digits(name) or services is None:
        return transport
    known = [each for each in (Transport.TCP, Transport.UDP) if services.ports(name, each)]
    if len(known) > 1:
        return transport
    if transport not in (None, known[0]):
        raise PortSyntaxError(
            f"a name must be one of {transport}, got {name!r}, which only {known[0]} has; "
            f"{query.row.tool} rejects it",
            query.text,
            (start, stop),
        )
    return known[0]


def _no_element(query: Query, start: int, stop: int) -> PortSyntaxError:
    row, item = query.row, query.text[start:stop]
    if not item:
        return PortSyntaxError(f"{expected(row)}, got nothing", query.text, (start, stop))
    signs = row.range_signs
    if is_range(item, *signs):
        return refusal(query, f"expected one port, got the range {elide(item)}", (start, stop))
    reason = f"{expected(row)}, got {elide(item)}"
    other = next((sign for sign in _RANGE_SIGNS if sign in item[1:] and sign not in signs), "")
    if not other or not is_digits(item[0]):
        pass
    elif signs:
        reason += f"; this notation writes a range with {signs[0]!r}"
    else:
        reason += "; this notation has no ranges"
    return refusal(query, reason, (start, stop), _fault_of(item, other))


def _fault_of(item: str, other_sign: str) -> Fault:
    """Return the kind of fault of *item*, which is neither a number nor a name."""
    if item[:2].lower() == "0x":
        return Fault.HEX
    if item[0] in "+-" and is_digits(item[1:]):
        return Fault.SIGN
    if "/" in item:
        return Fault.MASK
    if other_sign:
        return Fault.OTHER_SIGN if is_digits(item[0]) else Fault.PREFIX
    if "_" in item or not item.isascii():
        return Fault.DIGITS
    if item[0] in "!<>=":
        return Fault.NEGATION if item[0] == "!" else Fault.OPERATOR
    return Fault.ALL if item == "*" else Fault.PREFIX
