"""``nmap -p``: a list in which ``T:``, ``U:`` and ``S:`` apply to what follows them.

A service name means all its ports, for each transport, in the table that the caller passes.
"""

from __future__ import annotations

from portranges import types
from portranges.dialects.combining import collect
from portranges.dialects.elements import is_name, ports_of_name, read_element, split_list
from portranges.dialects.query import Cursor
from portranges.dialects.reading import check_length
from portranges.dialects.writing import Request, lists_of
from portranges.ports import Transport, means_every_port

_LETTERS = {Transport.TCP: "T:", Transport.UDP: "U:", Transport.SCTP: "S:"}
_BY_LETTER = {letter: transport for transport, letter in _LETTERS.items()}


def read(at: Cursor) -> types.Iterator[types.Part]:
    """Yield the ports for all transports, and for each that has a letter."""
    check_length(at)
    yield from collect(_items(at)).items()


def _items(at: Cursor) -> types.Iterator[tuple[Transport | None, int, int]]:
    """Yield the transport (None for all), the first and the last port of each element."""
    text = at.query.text
    transport: Transport | None = None
    for element in split_list(at):
        each, letter = element, text[element.start : element.start + 2]
        if letter in _BY_LETTER and len(each) > 1:
            transport = _BY_LETTER[letter]
            each = each.without(letter)
        token = each.text
        if token and text.startswith("- ", each.stop - 1, at.stop):
            raise each.to(each.stop + 1).error("an open range must not be followed by a blank")
        if token.startswith("P:"):
            raise each.error("expected ports", hint="'P:' is for protocol numbers")
        if token.startswith("["):
            hint = "brackets mean only the ports that nmap's own table lists"
            raise each.error("expected ports", hint=hint)
        if "*" in token[:64]:
            hint = "a pattern matches names of nmap's own table"
            raise each.refusal("expected ports", hint=hint)
        if not is_name(token) or means_every_port(token):
            yield transport, *read_element(each, transport)
            continue
        for named, ports in _named(each, transport):
            for found in ports.ranges:
                yield named, found.first, found.last


def _named(at: Cursor, transport: Transport | None) -> types.Iterator[types.Part]:
    """Yield the ports of a name, which can differ by transport."""
    name, rejects = at.text, "nmap rejects it"
    if name[0].isdigit():
        raise at.error("a name must not begin with a digit", got=repr(name), hint=rejects)
    wanted = transport or at.query.transport
    transports = tuple(_LETTERS) if wanted is None else (wanted,)
    found = {each: ports_of_name(at, (each,)) for each in transports}
    found = {each: ports for each, ports in found.items() if ports}
    if not found:
        rule = f"a name must be one of {' or '.join(transports)}"
        raise at.error(rule, got=repr(name), hint=rejects)
    # As for a number, if TCP and UDP agree; most names have no port of SCTP.
    is_for_all = wanted is None and {Transport.TCP, Transport.UDP} <= found.keys()
    if is_for_all and len(set(found.values())) == 1:
        yield None, found[Transport.TCP]
    else:
        yield from found.items()


def write(request: Request) -> list[str]:
    """Return the list, after the transport's letter if there is one."""
    letter = "" if request.transport is None else _LETTERS[request.transport]
    return [letter + text for text in lists_of(request)]
