"""iptables: the matches of one rule, all of which must hold, with multiport or without.

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
_MODULE = ("-m", "--match")
_LONGEST = 32  # longer than any option

# Source: IANA, Assigned Internet Protocol Numbers.
_NUMBERS = {
    "6": Transport.TCP,
    "17": Transport.UDP,
    "33": Transport.DCCP,
    "132": Transport.SCTP,
}


def read(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield the ports that all matches of one rule allow."""
    text, row = query.text, query.row
    spans = _options(query, start, stop)
    transport: Transport | None = None
    ports = PortSet.full()
    matches = 0
    negated = loaded = single = multiport = False
    for low, high in spans:
        word = text[low:high] if high - low < _LONGEST else ""
        if word in _PROTOCOL and not matches and not negated:
            named = _transport(query, *_argument(query, next(spans, None), (low, high)))
            if transport not in (None, named):
                raise _unexpected(query, low, high)
            transport = named
        elif word in _MODULE and not negated and not loaded:
            span = _argument(query, next(spans, None), (low, high))
            loaded = row is not IPTABLES and text[slice(*span)] == "multiport"
            if not loaded:
                module = _module(query, *span)
                if transport not in (None, module):
                    raise _unexpected(query, *span)
                transport = module
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
            raise _unexpected(query, low, high)
    if not matches or negated or loaded:
        raise PortSyntaxError(
            f"expected a text such as {example(row)!r}, got {elide(text[start:stop])}",
            text,
            (start, stop),
        )
    check_not_empty(query, ports, (start, stop))
    yield transport, ports


def _options(query: Query, start: int, stop: int) -> types.Iterator[types.Span]:
    """Yield the spans of the words, with an option and its value apart in ``--dport=80``."""
    text = query.text
    for low, high in words(query, start, stop):
        equals = text.find("=", low, min(high, low + _LONGEST))
        # iptables refuses '--protocol=tcp'.
        if equals >= 0 and text[low:equals] in (*_LISTS, *_SINGLE):
            yield low, equals
            yield equals + 1, high
        else:
            yield low, high


def _unexpected(query: Query, low: int, high: int) -> PortSyntaxError:
    word = query.text[low:high]
    if query.row is IPTABLES and word in (*_LISTS, "--ports"):
        return _other_dialect(query, low, high)
    return refusal(
        query, f"expected a text such as {example(query.row)!r}, got {elide(word)}", (low, high)
    )


def _other_dialect(query: Query, low: int, high: int) -> PortSyntaxError:
    reason = f"multiport must be read as 'iptables-multiport', got {query.text[low:high]!r}"
    return PortSyntaxError(reason, query.text, (low, high))


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


def _transport(query: Query, low: int, high: int) -> Transport:
    word = query.text[low:high]
    for transport in query.row.transports:
        # iptables lowers the name.
        if word.isascii() and word.lower() == transport:
            return transport
    if word in _NUMBERS:
        return _NUMBERS[word]
    raise PortSyntaxError(
        f"expected {', '.join(query.row.transports)} after '-p', got {elide(word)}",
        query.text,
        (low, high),
    )


def _module(query: Query, low: int, high: int) -> Transport:
    """Return the transport whose own module is loaded."""
    word = query.text[low:high]
    for transport in query.row.transports:
        if word == transport:
            return transport
    if query.row is IPTABLES and word == "multiport":
        raise _other_dialect(query, low, high)
    others = ", ".join(query.row.transports)
    modules = others if query.row is IPTABLES else f"multiport, {others}"
    reason = f"expected {modules} after '-m', got {elide(word)}"
    raise PortSyntaxError(reason, query.text, (low, high))


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
