"""``iptables -m multiport``: the matches of one rule, all of which must hold.

Rules are alternatives, so several positive matches become several rules. Several negated matches
must be in one rule: as several rules they would match every packet. ``packing`` distributes the
ranges over the slots.
"""

from __future__ import annotations

from portranges import types
from portranges.dialects.elements import words
from portranges.dialects.model import Fault
from portranges.dialects.packing import pack_by_slots
from portranges.dialects.query import Query, refusal
from portranges.dialects.reading import check_not_empty, read_list
from portranges.dialects.rows_linux import IPTABLES
from portranges.dialects.writing import Request, example, framed, listed
from portranges.errors import PortSyntaxError, elide
from portranges.ports import Transport
from portranges.portset import PortSet

__all__ = ["read", "write"]

_LISTS = ("--dports", "--destination-ports")
_SINGLE = ("--dport", "--destination-port")
_PROTOCOL = ("-p", "--protocol")


def read(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield the ports that all matches of one rule allow."""
    text = query.text
    spans = words(query, start, stop)
    transport: Transport | None = None
    ports = PortSet.full()
    matches = 0
    negated = loaded = single = multiport = False
    for low, high in spans:
        word = text[low:high] if high - low < 32 else ""
        if word in _PROTOCOL and transport is None and not matches and not negated:
            transport = _transport(query, next(spans, None), (low, high))
        elif word == "-m" and not negated and not loaded:
            loaded = _module(query, next(spans, None), (low, high), transport)
        elif word == "!" and not negated:
            negated = True
        elif word in _LISTS and loaded:
            found = read_list(query, *_argument(query, next(spans, None), (low, high)), transport)
            ports &= ~found if negated else found
            matches += 1
            negated = loaded = False
            multiport = True
        elif word in _SINGLE and not single and not loaded and not multiport:
            # After '-m multiport' it would be an abbreviation of --dports.
            span = _argument(query, next(spans, None), (low, high))
            plain = Query(
                row=IPTABLES, text=text, services=query.services, transport=query.transport
            )
            found = read_list(plain, *span, transport)
            ports &= ~found if negated else found
            matches += 1
            negated, single = False, True
        elif not matches and not loaded and not negated and next(spans, None) is None:
            # The list alone, as other programs store it.
            ports = read_list(query, low, high, transport)
            matches += 1
        else:
            raise refusal(
                query,
                f"expected a text such as {example(query.row)!r}, got {elide(text[low:high])}",
                (low, high),
            )
    if not matches or negated or loaded:
        raise PortSyntaxError(
            f"expected a text such as {example(query.row)!r}, got {elide(text[start:stop])}",
            text,
            (start, stop),
        )
    check_not_empty(query, ports, (start, stop))
    yield transport, ports


def _argument(query: Query, span: types.Span | None, option: types.Span) -> types.Span:
    if span is None:
        raise PortSyntaxError(
            f"an option must have a value, got {query.text[slice(*option)]!r} alone",
            query.text,
            option,
        )
    if query.text.startswith("!", *span):
        raise refusal(
            query,
            f"'!' must precede the option, got {elide(query.text[slice(*span)])}",
            span,
            Fault.NEGATION,
        )
    return span


def _transport(query: Query, span: types.Span | None, option: types.Span) -> Transport:
    low, high = _argument(query, span, option)
    for transport in query.row.transports:
        if query.text[low:high] == transport:
            return transport
    raise PortSyntaxError(
        f"expected {', '.join(query.row.transports)} after '-p', got {elide(query.text[low:high])}",
        query.text,
        (low, high),
    )


def _module(
    query: Query, span: types.Span | None, option: types.Span, transport: Transport | None
) -> bool:
    """Return whether the module that is loaded is multiport, rather than the transport's own."""
    low, high = _argument(query, span, option)
    word = query.text[low:high]
    if word == "multiport":
        return True
    if transport is not None and word == transport:
        return False
    raise PortSyntaxError(
        f"expected 'multiport' after '-m', got {elide(word)}", query.text, (low, high)
    )


def write(request: Request) -> list[str]:
    """Return the fewest rules; a negation is one rule."""
    row = request.row
    parts = pack_by_slots(request.named.ranges, row.max_slots)
    if request.negated:
        matches = [row.negated.replace("{ports}", listed(row, part)) for part in parts]
        return [framed(row, " ".join(matches), request.transport)]
    return [
        framed(
            row,
            # A single element does not need multiport.
            (IPTABLES if len(part) == 1 else row).plain.replace("{ports}", listed(row, part)),
            request.transport,
        )
        for part in parts
    ]
