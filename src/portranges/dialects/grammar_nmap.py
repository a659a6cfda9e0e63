"""``nmap -p``: a list in which ``T:``, ``U:`` and ``S:`` apply to what follows them.

Service names come from the caller's registry, not from nmap's own table.
"""

from __future__ import annotations

from portranges import types
from portranges.dialects.elements import element_spans, read_element
from portranges.dialects.query import Query, collect, refusal
from portranges.dialects.reading import check_length
from portranges.dialects.writing import Request, lists_of
from portranges.errors import PortSyntaxError, elide
from portranges.ports import Transport

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
        yield transport, *read_element(query, low, high, transport)


def write(request: Request) -> list[str]:
    """Return the list, after the transport's letter if there is one."""
    letter = "" if request.transport is None else _LETTERS[request.transport]
    return [letter + text for text in lists_of(request)]
