"""Suricata and Snort: lists with negations inside.

A list means all ports that it names (every port if it names none) except those that it negates,
in any order. Suricata flattens nested lists, so that an inner negation removes ports from the
whole list, and it loses the negation of a negation. Both are refused, because a person reads
them from the inside out. Port variables are refused too.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.dialects.combining import collect
from portranges.dialects.elements import expected, read_element
from portranges.dialects.model import Fault
from portranges.dialects.query import Cursor
from portranges.dialects.reading import check_length, check_not_empty
from portranges.dialects.writing import Request, lists_of, worded
from portranges.errors import PortSyntaxError
from portranges.portset import PortSet

_TOKEN = re.compile(r"[\[\],!]|[^\[\],! ]+")

# Suricata's own limit ("port block recursion limit reached").
_DEEPEST = 64


def read(at: Cursor) -> types.Iterator[types.Part]:
    """Yield the ports of a list without those that it negates."""
    at = at.trim()
    if at.word(3).lower() == at.row.all_ports_word:
        yield None, PortSet.full()
        return
    check_length(at.without("!") if at.starts("!") else at)
    by_sign = collect(_elements(at))
    ports = by_sign.get(_NAMED, PortSet.full()) - by_sign.get(_NEGATED, PortSet.empty())
    check_not_empty(at, ports)
    yield None, ports


# The signs of elements.
_NAMED, _NEGATED = "", "!"


def _elements(at: Cursor) -> types.Iterator[tuple[str, int, int]]:
    """Yield the sign of each element, its first and its last port."""
    # The depth of nesting, and the depth from which on everything is negated (0: none).
    depth = negated_from = 0
    expects_element, negated = True, False
    for found in _TOKEN.finditer(at.query.text, at.start, at.stop):
        token, mark = Cursor(at.query, *found.span()), found[0]
        if not expects_element:
            if mark == "," and depth:
                expects_element = True
            elif mark == "]" and depth:
                depth -= 1
                if depth < negated_from:
                    negated_from = 0
            else:
                raise _unexpected(token, "',' or ']'" if depth else "nothing more")
        elif mark == "!":
            if negated or negated_from or depth > 1:
                rule = "a negation must be in the outermost list, and not in another one"
                raise token.refusal(rule)
            negated = True
        elif mark == "[":
            depth += 1
            if depth > _DEEPEST:
                raise token.error(f"lists must be nested at most {_DEEPEST} deep", got="more")
            if negated:
                negated, negated_from = False, depth
        elif mark in ("]", ","):
            raise token.error(expected(at.row), got="nothing")
        else:
            first, last = read_element(token, None)
            yield _NEGATED if negated or negated_from else _NAMED, first, last
            expects_element = negated = False
    if expects_element or depth:
        wanted = "']'" if depth and not expects_element else "a port"
        raise _unexpected(at.since(at.stop), wanted)


def _unexpected(at: Cursor, wanted: str) -> PortSyntaxError:
    fault = Fault.NEGATION if at.starts("!") else Fault.PREFIX
    return at.refusal(f"expected {wanted}", fault, got="" if len(at) else "the end")


def write(request: Request) -> list[str]:
    """Return the lists, or one list if it is negated."""
    wording, negated = request.row.wording, request.negated
    return [worded(wording, text, negated=negated) for text in lists_of(request)]
