"""Capture filters: terms with their own words, joined by 'or'.

What lives here: the reader and the writer.
What must not: other parts of a filter; they are refused.
"""

from __future__ import annotations

from portranges import types
from portranges.dialects.elements import read_element, read_port
from portranges.dialects.model import Fault
from portranges.dialects.query import Query, collect, refusal, trimmed
from portranges.dialects.writing import Order, bracketed, example, framed
from portranges.errors import PortSyntaxError, elide
from portranges.ports import Transport

__all__ = ["read", "write"]

_PORT = "dst port "
_RANGE = "dst portrange "
_OR = " or "


def read(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield what the terms of a filter say, for each transport that they name."""
    start, stop = trimmed(query.text, start, stop, " ")
    if query.text.startswith("(", start, stop) and query.text.endswith(")", start, stop):
        start, stop = trimmed(query.text, start + 1, stop - 1, " ")
    yield from collect(_terms(query, start, stop)).items()


def _terms(
    query: Query, start: int, stop: int
) -> types.Iterator[tuple[Transport | None, int, int]]:
    text = query.text
    while True:
        at = text.find(_OR, start, stop)
        yield _term(query, *trimmed(text, start, stop if at < 0 else at, " "))
        if at < 0:
            return
        start = at + len(_OR)


def _term(query: Query, start: int, stop: int) -> tuple[Transport | None, int, int]:
    text = query.text
    whole = (start, stop)
    transport = None
    for each in query.row.transports:
        if text.startswith(f"{each} ", start, stop):
            transport = each
            start += len(each) + 1
            break
    if text.startswith(_PORT, start, stop):
        port = read_port(query, start + len(_PORT), stop, transport)
        return transport, port, port
    if not text.startswith(_RANGE, start, stop):
        reason = (
            f"expected terms as {example(query.row, query.row.transports[0])!r} joined by 'or', "
            f"got {elide(text[slice(*whole)])}"
        )
        if text.startswith(("port ", "portrange "), start, stop):
            reason += "; without 'dst' the source port counts too"
        elif text.startswith("not ", *whole) or text.startswith("!", *whole):
            reason += "; a negation is for packets without ports too"
        raise PortSyntaxError(reason, text, whole)
    start += len(_RANGE)
    if text.find("-", start, stop) < 0:
        raise refusal(
            query,
            f"range must have two ends, got {elide(text[start:stop])}",
            (start, stop),
            Fault.OTHER_SIGN,
        )
    if any(map(str.isalpha, text[start:stop])) and not text.startswith("0x", start):
        # libpcap parts it at the first '-', which may stand inside a name.
        raise PortSyntaxError(
            f"ends of a range must be numbers, got {elide(text[start:stop])}", text, (start, stop)
        )
    return transport, *read_element(query, start, stop, transport)


def write(order: Order) -> list[str]:
    """Return one filter, in brackets if it has several terms."""
    row = order.row
    terms = [
        framed(
            row,
            f"{_PORT}{ports.first}"
            if ports.first == ports.last
            else f"{_RANGE}{ports.first}-{ports.last}",
            order.transport,
        )
        for ports in order.ports.ranges
    ]
    return [bracketed(row, terms)]
