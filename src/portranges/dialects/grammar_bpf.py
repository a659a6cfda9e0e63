"""Capture filters: terms such as ``dst port 80``, joined by ``or``.

Any other part of a filter is refused.
"""

from __future__ import annotations

from portranges import types
from portranges.dialects.elements import read_element, read_port
from portranges.dialects.model import Fault
from portranges.dialects.query import Query, collect, refusal, trimmed
from portranges.dialects.writing import Request, bracketed, example, framed
from portranges.errors import PortSyntaxError, elide
from portranges.ports import Transport, is_digits

__all__ = ["read", "write"]

_PORT = "dst port "
_RANGE = "dst portrange "
_OR = " or "


def read(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield the ports of a filter's terms, for each transport that they name."""
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
        start += len(_PORT)
        port = read_port(query, start, stop, transport)
        return _transport_of(query, start, stop, transport), port, port
    if not text.startswith(_RANGE, start, stop):
        reason = (
            f"expected terms such as {example(query.row, query.row.transports[0])!r}, "
            f"joined by 'or', got {elide(text[slice(*whole)])}"
        )
        if text.startswith(("port ", "portrange "), start, stop):
            reason += "; without 'dst' it matches source ports too"
        elif text.startswith("not ", *whole) or text.startswith("!", *whole):
            reason += "; a negation also matches packets without ports"
        raise PortSyntaxError(reason, text, whole)
    start += len(_RANGE)
    if text.find("-", start, stop) < 0:
        raise refusal(
            query,
            f"a range must have two ends, got {elide(text[start:stop])}",
            (start, stop),
            Fault.OTHER_SIGN,
        )
    if any(map(str.isalpha, text[start:stop])) and not text.startswith("0x", start):
        # libpcap splits it at the first '-', which may be part of a name.
        raise PortSyntaxError(
            f"the ends of a range must be numbers, got {elide(text[start:stop])}",
            text,
            (start, stop),
        )
    return transport, *read_element(query, start, stop, transport)


def _transport_of(
    query: Query, start: int, stop: int, transport: Transport | None
) -> Transport | None:
    """Return the transport to which a term with the port ``text[start:stop]`` applies.

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
            "tcpdump rejects it",
            query.text,
            (start, stop),
        )
    return known[0]


def write(request: Request) -> list[str]:
    """Return one filter, in parentheses if it has several terms."""
    row = request.row
    terms = [
        framed(
            row,
            f"{_PORT}{ports.first}"
            if ports.first == ports.last
            else f"{_RANGE}{ports.first}-{ports.last}",
            request.transport,
        )
        for ports in request.ports.ranges
    ]
    return [bracketed(row, terms)]
