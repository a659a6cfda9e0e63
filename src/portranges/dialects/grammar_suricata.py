"""Suricata and Snort: lists with negations inside.

What lives here: the reader and the writer.
What must not: port variables; they are the caller's to resolve.

A list means all that it names (every port if it names none) less all that it
negates, in any order. Suricata flattens nested lists, so a negation deeper in
takes from the whole; and a negation of a negation is lost in it. Both are
refused, for a person reads them from the inside out.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.dialects.elements import expected, read_element
from portranges.dialects.model import Fault
from portranges.dialects.query import Query, collect, refusal, trimmed
from portranges.dialects.reading import check_not_empty
from portranges.dialects.writing import Order, listed
from portranges.errors import PortSyntaxError, elide
from portranges.ports import Transport
from portranges.portset import PortSet

__all__ = ["read", "write"]

_TOKEN = re.compile(r"[\[\],!]|[^\[\],! ]+")

# Suricata's own limit ("port block recursion limit reached").
_DEEPEST = 64

# The two halves of a list, under the keys that collect() sorts by.
_NAMED = Transport.TCP
_NEGATED = Transport.UDP


def read(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield what a list says, with what it negates taken out."""
    text = query.text
    start, stop = trimmed(text, start, stop, " ")
    if stop - start == 3 and text[start:stop].lower() == query.row.all_ports_word:
        yield None, PortSet.full()
        return
    halves = collect(_elements(query, start, stop))
    ports = halves.get(_NAMED, PortSet.full()) - halves.get(_NEGATED, PortSet.empty())
    check_not_empty(query, ports, (start, stop))
    yield None, ports


def _elements(query: Query, start: int, stop: int) -> types.Iterator[tuple[Transport, int, int]]:
    """Yield every element, as named or as negated."""
    text = query.text
    # How deep it is, and from which depth on all is negated; 0 for none.
    depth = negated_from = 0
    wanted, negated = True, False
    for found in _TOKEN.finditer(text, start, stop):
        mark, span = found[0], found.span()
        if not wanted:
            if mark == "," and depth:
                wanted = True
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
                    "a negation must stand in the outermost list and not in another, got '!'",
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
            yield (_NEGATED if negated or negated_from else _NAMED), first, last
            wanted = negated = False
    if wanted or depth:
        raise _unexpected(query, "']'" if depth and not wanted else "a port", "", (stop, stop))


def _unexpected(query: Query, wanted: str, mark: str, span: tuple[int, int]) -> PortSyntaxError:
    got = elide(mark) if mark else "the end"
    fault = Fault.NEGATION if mark == "!" else Fault.PREFIX
    return refusal(query, f"expected {wanted}, got {got}", span, fault)


def write(order: Order) -> list[str]:
    """Return one list."""
    row = order.row
    text = listed(row, order.named.ranges)
    return [row.negated.replace("{ports}", text) if order.negated else text]
