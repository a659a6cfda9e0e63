"""Capture filters: terms such as ``dst port 80``, joined by ``or``.

A port without qualifiers inherits them from the port before it, as in ``dst port 80 or 443``. Any
other part of a filter is refused.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.dialects.combining import collect
from portranges.dialects.elements import is_range, read_element, read_port, transport_of_name
from portranges.dialects.query import Cursor
from portranges.dialects.writing import Request, bracketed, example, framed
from portranges.errors import PortSyntaxError, elide
from portranges.ports import Transport, means_every_port

_MARK = re.compile(r"[()]|\|\||[^ \t\r\n()|]+|\|")
_EITHER = re.compile(f"(?:(?:{'|'.join(Transport)}) +)?port(?:range)? ")
_OR = ("or", "||")
_PORT, _RANGE = "port", "portrange"
_LONGEST = 16  # longer than any word
_QUALIFIERS = (*map(str, Transport), "ip", "ip6", "src", "dst", _PORT, _RANGE)


def read(at: Cursor) -> types.Iterator[types.Part]:
    """Yield the ports of a filter's terms, for each transport that they name."""
    yield from collect(_terms(at)).items()


def _terms(at: Cursor) -> types.Iterator[tuple[Transport | None, int, int]]:
    """Yield the transport, the first and the last port of each term."""
    depth = 0
    # The qualifiers of the previous port, which a port without any inherits: its transport, and
    # whether it is a range.
    head: tuple[Transport | None, bool] | None = None
    # Where the qualifiers before the next port or parenthesis start, and what they are.
    start, words = at.start, list[str]()
    expects_term = True
    for found in _MARK.finditer(at.query.text, at.start, at.stop):
        mark = found[0] if len(found[0]) < _LONGEST else ""
        start = start if words else found.start()
        if expects_term and mark in _QUALIFIERS and len(words) < 3:
            words.append(mark)
            continue
        if not expects_term and mark in _OR:
            expects_term = True
            continue
        token = Cursor(at.query, *found.span())
        if not expects_term:
            if mark != ")" or not depth:
                raise _unexpected(token, "'or' or ')'" if depth else "'or'")
            depth -= 1
            head = None
        elif mark in (*_QUALIFIERS, *_STRUCTURE):
            raise _unexpected(token.since(start))
        else:
            if words:
                head = _head(token.since(start), words)
                words = []
            if mark == "(":
                depth += 1
                continue
            if head is None:
                raise _unexpected(token)
            yield _term(token, head)
            expects_term = False
    if expects_term or depth:
        raise _unexpected(at.since(start) if words else at)


# Words that are never a port.
_STRUCTURE = (")", "|", "not", "!", "and", "&&", *_OR)


def _unexpected(at: Cursor, expected: str = "") -> PortSyntaxError:
    expected = expected or f"terms such as {example(at.row, Transport.TCP)!r}, joined by 'or'"
    hint = ""
    if means_every_port(at.text):
        hint = "every port is written 'dst portrange 0-65535'"
    elif _EITHER.match(at.query.text, *at.span):
        hint = "without 'dst' it matches source ports too"
    elif at.starts(("not", "!")):
        hint = "a negation also matches packets without ports"
    return at.refusal(f"expected {expected}", hint=hint)


def _head(at: Cursor, words: list[str]) -> tuple[Transport | None, bool]:
    """Return the meaning of the qualifiers before a port: its transport, whether it is a range."""
    transport = Transport(words.pop(0)) if words[0] in at.row.frame.transports else None
    if words not in (["dst", _PORT], ["dst", _RANGE]):
        raise _unexpected(at)
    return transport, words[1] == _RANGE


def _term(at: Cursor, head: tuple[Transport | None, bool]) -> tuple[Transport | None, int, int]:
    """Return the transport, the first and the last port of a port or a range."""
    transport, takes_range = head
    if not takes_range:
        if is_range(at.text, "-", ":"):
            got = f"the range {elide(at.text)}"
            raise at.error("expected one port", got=got, hint="write it after 'dst portrange'")
        port = read_port(at, transport)
        return transport_of_name(at, transport), port, port
    if any(map(str.isalpha, at.text)) and not at.starts("0x"):
        # libpcap splits it at the first '-', which may be part of a name.
        raise at.error("the ends of a range must be numbers")
    return transport, *read_element(at, transport)


def write(request: Request) -> list[str]:
    """Return one filter, in parentheses if it has several terms."""
    row = request.row
    terms = [
        framed(row.frame, f"dst port{'range' if len(ports) > 1 else ''} {ports}", request.transport)
        for ports in request.ports.ranges
    ]
    return [bracketed(row, terms)]
