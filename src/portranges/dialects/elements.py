"""The elements of a list, as a row describes them: a port, a service name, a range.

Digits become a number in ``ports.parse_port_at`` only, which refuses everything except plain
decimal ports. What surrounds a list is handled by ``reading`` and the ``grammar_*`` modules.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.dialects.forms import Dialect
from portranges.dialects.model import Fault, NameLookup
from portranges.dialects.query import Cursor, trimmed
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

# By the characters that a row accepts as blanks. Words are separated by a blank even if the row
# has none.
_WORDS = {blanks: re.compile(f"[^{blanks or ' '}]+") for blanks in ("", " ", " \t", " \t\n")}

# Longer than any service name, in the registry or in an /etc/services.
_LONGEST_NAME = 64
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")

_RANGE_SIGNS = ("..", "-", ":")


def split_words(at: Cursor) -> types.Iterator[Cursor]:
    """Yield the words, which the row's blanks separate."""
    for found in _WORDS[at.row.spacing.blanks].finditer(at.query.text, at.start, at.stop):
        yield Cursor(at.query, *found.span())


def split_list(at: Cursor) -> types.Iterator[Cursor]:
    """Yield the elements of a list."""
    spacing = at.row.spacing
    if "," not in spacing.separator:
        if spacing.blanks_separate:
            yield from split_words(at)
        else:
            yield at
        return
    # Written out, with one cursor for each element, because lists may be long.
    query, text, start, blanks = at.query, at.query.text, at.start, spacing.blanks
    while (comma := text.find(",", start, at.stop)) >= 0:
        yield Cursor(query, *trimmed(text, start, comma, blanks))
        start = comma + 1
    if not (spacing.trailing and at.start < start == at.stop):
        yield Cursor(query, *trimmed(text, start, at.stop, blanks))


def expected(row: Dialect) -> str:
    """Return the start of an error message: what an element of the dialect may be."""
    signs = row.ranges.signs
    return f"expected a port or 'first{signs[0]}last'" if signs else "expected a port"


def unquoted(at: Cursor) -> Cursor:
    """Return the part without its quotes, or the same cursor if it has none."""
    is_quoted = len(at) > 1 and at.starts(("'", '"')) and at.ends(at.query.text[at.start])
    if is_quoted and at.row.ranges.quote:
        return at.without("'", "'")
    return at


def read_element(at: Cursor, transport: Transport | None) -> tuple[int, int]:
    """Return the first and the last port of an element."""
    row, token = at.row, at.text
    if is_digits(token):
        # Most elements are a number.
        port = _read_number(at, token)
        return port, port
    is_quoted = False
    if row.ranges.quote:
        whole, at = at, unquoted(at)
        is_quoted, token = at is not whole, at.text
    for sign in row.ranges.signs:
        if sign in token:
            break
    else:
        port = read_port(at, transport)
        return port, port
    if sign == "-" and is_name(token):
        if not row.names.dashed:
            raise at.refusal("a name must not contain '-'", hint=f"{row.tool} splits it there")
        # Not a range of two names, because a name may contain the sign.
        port = read_port(at, transport)
        return port, port
    if row.ranges.needs_quote and not is_quoted:
        raise at.refusal("a range must be quoted", Fault.OTHER_SIGN)
    place = at.start + token.index(sign)
    left, right = at.to(place), at.since(place + len(sign))
    if row.spacing.blanks_in_ranges:
        left, right = left.trim(), right.trim()
    return _read_range(at, sign, left, right, transport)


def _read_range(
    at: Cursor, sign: str, left: Cursor, right: Cursor, transport: Transport | None
) -> tuple[int, int]:
    """Return the first and the last port of a range with this sign and these two sides."""
    form = at.row.ranges
    open_first, open_last = left.start == left.stop, right.start == right.stop
    if (
        (open_first and form.open_first is None)
        or (open_last and form.open_last is None)
        or (open_first and open_last and at.row.all_ports_word != at.text)
        or ((open_first or open_last) and sign != form.signs[0])
    ):
        raise at.refusal("a range must have both ends", Fault.OPEN)
    first = form.open_first if open_first else read_port(left, transport)
    last = form.open_last if open_last else read_port(right, transport)
    # For the type checker: None was refused above.
    first, last = first or 0, last or 0
    if first > last:
        hint = "" if open_first or open_last else f"did you mean {last}{sign}{first}?"
        raise at.refusal("first must not be greater than last", Fault.REVERSED, hint=hint)
    if first == last and not form.equal_ends and not open_first and not open_last:
        rule = "a single port must not be written as a range"
        raise at.refusal(rule, Fault.EQUAL_ENDS, hint=f"did you mean {first}?")
    return first, last


def read_port(at: Cursor, transport: Transport | None) -> int:
    """Return the port of a number or a service name."""
    token = at.text
    if is_digits(token):
        return _read_number(at, token)
    if means_every_port(token):
        raise at.refusal(expected(at.row), Fault.ALL, hint=every_port(at.row))
    return _read_name(at, transport)


def _read_number(at: Cursor, token: str) -> int:
    row = at.row
    try:
        port = parse_port_at(at.query.text, at.start, at.stop)
    except PortSyntaxError as error:
        fault = Fault.LEADING_ZERO if token[0] == "0" else Fault.TOO_LARGE
        raise at.explained(error.reason, fault) from None
    if port < row.lowest:
        rule = f"port must be in {row.lowest}..{LAST_PORT}"
        raise at.refusal(rule, hint=f"{row.tool} does not support port 0")
    return port


def every_port(row: Dialect, *, is_whole: bool = False) -> str:
    """Return how the dialect writes every port, as a clause: an element, or the whole text."""
    if row.all_ports_word and row.all_ports_word not in row.ranges.signs:
        return f"every port is written {row.all_ports_word!r}"
    if not row.ranges.signs:
        return "every port is expressed by omitting the ports"
    ports = element(row.ranges, PortRange(row.lowest, LAST_PORT))
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


def _read_name(at: Cursor, transport: Transport | None) -> int:
    if at.row.names.own and is_name(at.text):
        return _read_own_name(at, transport)
    ports = ports_of_name(at, _looked_up(at, transport))
    if len(ports) != 1:
        found = elide(f"{ports}" if ports else "none")
        raise at.error(
            "a service name must have exactly one port",
            got=f"{at.text!r} with {found}",
            hint="write the number",
        )
    return ports.first


def ports_of_name(at: Cursor, transports: types.Iterable[Transport | None]) -> PortSet:
    """Return the ports of a service name for *transports*; None means all of them."""
    row, name, services = at.row, at.text, at.query.services
    if not is_name(name):
        raise _no_element(at)
    if at.surplus_hint():
        raise at.refusal(expected(row))
    if row.names.lookup is NameLookup.NONE:
        hint = f"{row.tool} does not accept names here"
        raise at.refusal(expected(row), Fault.NAME, Fault.OPERATOR, hint=hint)
    if row.names.lookup is NameLookup.OWN and _is_iana(services):
        raise at.refusal(
            f"a name must be one of {row.tool}'s own table",
            Fault.NAME,
            got=repr(name),
            hint="write the number, or pass that table as services=",
        )
    if services is None:
        is_own = row.names.lookup is NameLookup.OWN
        table = f" with {row.tool}'s own table" if is_own else "registry.SHIPPED"
        raise at.refusal(expected(row), hint=f"names require services={table}")
    if name != name.lower():
        raise at.error("a service name must be in lower case", got=repr(name))
    try:
        return PortSet.empty().union(*(services.ports(name, each) for each in transports))
    except UnknownNameError as error:
        raise at.explained(str(error)) from None


def _is_iana(services: types.Services | None) -> bool:
    """Return whether *services* is IANA's registry, in which no program looks names up."""
    source = getattr(services, "source", None)
    return isinstance(source, Source) and source.document.startswith("IANA")


def _read_own_name(at: Cursor, transport: Transport | None) -> int:
    """Return the port of a name in the tool's own table."""
    row, name = at.row, at.text
    wanted = transport or at.query.transport
    named = [own for own in row.names.own if own.name == name]
    ports = {own.port for own in named if wanted is None or wanted in own.transports}
    if len(ports) == 1:
        return ports.pop()
    if named:
        raise at.refusal(f"a name must be one of {wanted}", got=repr(name))
    similar = near(name, [own.name for own in row.names.own])
    raise at.explained(str(UnknownNameError(f"name of {row.tool}", name, similar)))


def _looked_up(at: Cursor, transport: Transport | None) -> tuple[Transport | None, ...]:
    """Return the transports whose ports the tool considers for a name; None is all of them."""
    if at.row.names.lookup is NameLookup.NAMED:
        return (transport or at.query.transport,)
    # Where a tool accepts no names, ports_of_name() refuses them.
    return _LOOKED_UP.get(at.row.names.lookup, ())


_LOOKED_UP: dict[NameLookup, tuple[Transport | None, ...]] = {
    NameLookup.ANY: (None,),
    NameLookup.TCP: (Transport.TCP,),
    NameLookup.TCP_OR_UDP: (Transport.TCP, Transport.UDP),
}


def transport_of_name(at: Cursor, transport: Transport | None) -> Transport | None:
    """Return the transport to which a port applies, which is a number or a name.

    A name that only TCP or only UDP has applies to this transport, and to no other.
    """
    name, services = at.text, at.query.services
    if is_digits(name) or services is None:
        return transport
    known = [each for each in (Transport.TCP, Transport.UDP) if services.ports(name, each)]
    if len(known) > 1:
        return transport
    if transport not in (None, known[0]):
        raise at.error(
            f"a name must be one of {transport}",
            got=f"{name!r}, which only {known[0]} has",
            hint=f"{at.row.tool} rejects it",
        )
    return known[0]


def _no_element(at: Cursor) -> PortSyntaxError:
    """Return the error for what is neither a number nor a name."""
    item, signs = at.text, at.row.ranges.signs
    if not item:
        return at.error(expected(at.row), got="nothing")
    if is_range(item, *signs):
        return at.refusal("expected one port", got=f"the range {elide(item)}")
    other = next((sign for sign in _RANGE_SIGNS if sign in item[1:] and sign not in signs), "")
    hint = f"writes a range with {signs[0]!r}" if signs else "has no ranges"
    hint = f"this notation {hint}" if other and is_digits(item[0]) else ""
    return at.refusal(expected(at.row), _fault_of(item, other), hint=hint)


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
