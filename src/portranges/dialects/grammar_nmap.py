"""``nmap -p``: a list in which ``T:``, ``U:`` and ``S:`` apply to what follows them.

A service name means all its ports, for each transport, in the table that the caller passes.
"""

from __future__ import annotations

from portranges import types
from portranges.dialects.elements import element_spans, is_name, ports_of_name, read_element
from portranges.dialects.query import Query, collect, refusal
from portranges.dialects.reading import check_length
from portranges.dialects.writing import Request, lists_of
from portranges.errors import PortSyntaxError, elide
from portranges.ports import Transport, means_every_port

__all__ = ["read", "write"]

_LETTERS = {Transport.TCP: "T:", Transport.UDP: "U:", Transport.SCTP: "S:"}
_BY_LETTER = {letter: transport for transport, letter in _LETTERS.items()}


def read(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield the ports for all transports, and for each that has a letter."""
    check_length(query, start, stop)
    yield from collect(_items(query, start, stop)).items()


def _items(
    query: Query, start: int, stop: int
) -> types.Iterator[tuple[Transport | None, int, int]]:
    text = query.text
    transport: Transport | None = None
    for low, high in element_spans(query, start, stop):
        letter = _BY_LETTER.get(text[low : low + 2]) if high - low > 1 else None
        if letter is not None:
            transport = letter
            low += 2  # noqa: PLW2901 - what is left of the element
        if low < high and text.startswith("- ", high - 1, stop):
            raise PortSyntaxError(
                f"an open range must not be followed by a blank, got {elide(text[low : high + 1])}",
                text,
                (low, high + 1),
            )
        if text.startswith("P:", low, high):
            raise PortSyntaxError(
                f"expected ports, got {elide(text[low:high])}; 'P:' is for protocol numbers",
                text,
                (low, high),
            )
        if text.startswith("[", low, high):
            raise PortSyntaxError(
                f"expected ports, got {elide(text[low:high])}; "
                "brackets mean only the ports that nmap's own table lists",
                text,
                (low, high),
            )
        if low < high and text.find("*", low, min(high, low + 64)) >= 0:
            raise refusal(
                query,
                f"expected ports, got {elide(text[low:high])}; "
                "a pattern matches names of nmap's own table",
                (low, high),
            )
        token = text[low:high]
        if not is_name(token) or means_every_port(token):
            yield transport, *read_element(query, low, high, transport)
            continue
        for each, ports in _named(query, low, high, transport):
            for found in ports.ranges:
                yield each, found.first, found.last


def _named(
    query: Query, start: int, stop: int, transport: Transport | None
) -> types.Iterator[types.Part]:
    """Yield the ports of the name ``text[start:stop]``, which can differ by transport."""
    name, span = query.text[start:stop], (start, stop)
    if name[0].isdigit():
        raise PortSyntaxError(
            f"a name must not begin with a digit, got {name!r}; nmap rejects it", query.text, span
        )
    wanted = transport or query.transport
    transports = tuple(_LETTERS) if wanted is None else (wanted,)
    found = {each: ports_of_name(query, start, stop, (each,)) for each in transports}
    found = {each: ports for each, ports in found.items() if ports}
    if not found:
        named = " or ".join(transports)
        raise PortSyntaxError(
            f"a name must be one of {named}, got {name!r}; nmap rejects it", query.text, span
        )
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
