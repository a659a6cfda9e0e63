"""Suricata and Snort: lists with negations inside.

A list means all ports that it names (every port if it names none) except those that it negates,
in any order. Suricata flattens nested lists, so that an inner negation removes ports from the
whole list, and it loses the negation of a negation. Both are refused, because a person reads
them from the inside out. Port variables are refused too.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.dialects.elements import expected, read_element
from portranges.dialects.model import Fault
from portranges.dialects.query import Query, collect, refusal, trimmed
from portranges.dialects.reading import check_length, check_not_empty
from portranges.dialects.writing import Request, lists_of
from portranges.errors import PortSyntaxError, elide
from portranges.portset import PortSet

__all__ = ["read", "write"]

_TOKEN = re.compile(r"[\[\],!]|[^\[\],! ]+")

# Suricata's own limit ("port block recursion limit reached").
_DEEPEST = 64


def read(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield the ports of a list without those that it negates."""
    text = query.text
    start, stop = trimmed(text, start, stop, " ")
    if stop - start == 3 and text[start:stop].lower() == query.row.all_ports_word:
        yield None, PortSet.full()
        return
    check_length(query, start + text.startswith("!", start, stop), stop)
    by_negation = collect(_elements(query, start, stop))
    ports = by_negation.get(False, PortSet.full()) - by_negation.get(True, PortSet.empty())
    check_not_empty(query, ports, (start, stop))
    yield None, ports


def _elements(query: Query, start: int, stop: int) -> types.Iterator[tuple[bool, int, int]]:
    """Yield every element: whether it is negated, its first and its last port."""
    text = query.text
    # The depth of nesting, and the depth from which on everything is negated (0: none).
    depth = negated_from = 0
    expects_element, negated = True, False
    for found in _TOKEN.finditer(text, start, stop):
        mark, span = found[0], found.span()
        if not expects_element:
            if mark == "," and depth:
                expects_element = True
            elif mark == "]" and depth:
                depth -= 1
                if depth < negated_from:
                    negated_from = 0
            else:
                raise _unexpected(query, "',' or ']'" if depth else "nothing more", mark, span)
        elif mark == "!":
            if negated or negated_from or depth > 1:
                raise refusal(
                    query,
                    "a negation must be in the outermost list, and not in another one, got '!'",
                    span,
                )
            negated = True
        elif mark == "[":
            depth += 1
            if depth > _DEEPEST:
                raise PortSyntaxError(
                    f"lists must be nested at most {_DEEPEST} deep, got more", text, span
                )
            if negated:
                negated, negated_from = False, depth
        elif mark in ("]", ","):
            raise PortSyntaxError(f"{expected(query.row)}, got nothing", text, span)
        else:
            first, last = read_element(query, *span, None)
            yield negated or negated_from > 0, first, last
            expects_element = negated = False
    if expects_element or depth:
        raise _unexpected(
            query, "']'" if depth and not expects_element else "a port", "", (stop, stop)
        )


def _unexpected(
    query: Query, expected_text: str, mark: str, span: tuple[int, int]
) -> PortSyntaxError:
    got = elide(mark) if mark else "the end"
    fault = Fault.NEGATION if mark == "!" else Fault.PREFIX
    return refusal(query, f"expected {expected_text}, got {got}", span, fault)


def write(request: Request) -> list[str]:
    """Return the lists, or one list if it is negated."""
    around = request.row.negated if request.negated else request.row.plain
    return [around.replace("{ports}", text) for text in lists_of(request)]
