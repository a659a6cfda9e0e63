"""Capture filters: terms such as ``dst port 80``, joined by ``or``.

A port without qualifiers inherits them from the port before it, as in ``dst port 80 or 443``. Any
other part of a filter is refused.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.dialects.elements import is_range, read_element, read_port, transport_of_name
from portranges.dialects.query import Query, collect, refusal
from portranges.dialects.writing import Request, bracketed, example, framed
from portranges.errors import PortSyntaxError, elide
from portranges.ports import Transport, means_every_port

__all__ = ["read", "write"]

_MARK = re.compile(r"[()]|\|\||[^ \t\r\n()|]+|\|")
_EITHER = re.compile(f"(?:(?:{'|'.join(Transport)}) +)?port(?:range)? ")
_OR = ("or", "||")
_PORT, _RANGE = "port", "portrange"
_QUALIFIERS = (*map(str, Transport), "ip", "ip6", "src", "dst", _PORT, _RANGE)


def read(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield the ports of a filter's terms, for each transport that they name."""
    yield from collect(_terms(query, start, stop)).items()


def _terms(
    query: Query, start: int, stop: int
) -> types.Iterator[tuple[Transport | None, int, int]]:
    text = query.text
    depth = 0
    # The qualifiers of the previous port, which a port without any inherits: its transport, and
    # whether it is a range.
    head: tuple[Transport | None, bool] | None = None
    expects_term, words = True, list[types.Span]()
    for found in _MARK.finditer(text, start, stop):
        mark, span = found[0] if len(found[0]) < 16 else "", found.span()
        if not expects_term:
            if mark in _OR:
                expects_term = True
            elif mark == ")" and depth:
                depth -= 1
                head = None
            else:
                raise _unexpected(query, span, "'or'" if not depth else "'or' or ')'")
        elif mark == "(":
            depth += 1
            head = _head(query, words, span[1]) if words else head
            words = []
        elif mark in _QUALIFIERS:
            words.append(span)
            if len(words) > 3:
                raise _unexpected(query, (words[0][0], span[1]))
        elif mark in _STRUCTURE:
            raise _unexpected(query, (words[0][0] if words else span[0], span[1]))
        else:
            head = _head(query, words, span[1]) if words else head
            if head is None:
                raise _unexpected(query, span)
            words = []
            yield _term(query, *span, head)
            expects_term = False
    if expects_term or depth:
        raise _unexpected(query, (words[0][0] if words else start, stop))


# Words that are never a port.
_STRUCTURE = (")", "|", "not", "!", "and", "&&", *_OR)


def _unexpected(query: Query, span: types.Span, expected: str = "") -> PortSyntaxError:
    text = query.text
    expected = expected or f"terms such as {example(query.row, Transport.TCP)!r}, joined by 'or'"
    reason = f"expected {expected}, got {elide(text[slice(*span)])}"
    if means_every_port(text[slice(*span)]):
        reason += "; every port is written 'dst portrange 0-65535'"
    elif _EITHER.match(text, *span):
        reason += "; without 'dst' it matches source ports too"
    elif text.startswith(("not", "!"), *span):
        reason += "; a negation also matches packets without ports"
    return refusal(query, reason, span)


def _head(query: Query, spans: list[types.Span], stop: int) -> tuple[Transport | None, bool]:
    """Return the meaning of the qualifiers before a port."""
    words = [query.text[slice(*span)] for span in spans]
    transport = None
    if words[0] in query.row.transports:
        transport = Transport(words.pop(0))
    if len(words) != 2 or words[0] != "dst" or words[1] not in (_PORT, _RANGE):
        raise _unexpected(query, (spans[0][0], stop))
    return transport, words[1] == _RANGE


def _term(
    query: Query, start: int, stop: int, head: tuple[Transport | None, bool]
) -> tuple[Transport | None, int, int]:
    """Return the transport, the first and the last port of ``text[start:stop]``."""
    text = query.text
    transport, takes_range = head
    if not takes_range:
        if is_range(text[start:stop], "-", ":"):
            raise PortSyntaxError(
                f"expected one port, got the range {elide(text[start:stop])}; "
                "write it after 'dst portrange'",
                text,
                (start, stop),
            )
        port = read_port(query, start, stop, transport)
        return transport_of_name(query, start, stop, transport), port, port
    if any(map(str.isalpha, text[start:stop])) and not text.startswith("0x", start):
        # libpcap splits it at the first '-', which may be part of a name.
        raise PortSyntaxError(
            f"the ends of a range must be numbers, got {elide(text[start:stop])}",
            text,
            (start, stop),
        )
    return transport, *read_element(query, start, stop, transport)


def write(request: Request) -> list[str]:
    """Return one filter, in parentheses if it has several terms."""
    row = request.row
    terms = [
        framed(
            row,
            f"dst port {ports.first}"
            if ports.first == ports.last
            else f"dst portrange {ports.first}-{ports.last}",
            request.transport,
        )
        for ports in request.ports.ranges
    ]
    return [bracketed(row, terms)]
