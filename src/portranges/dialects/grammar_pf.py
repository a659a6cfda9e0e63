"""pf: ports, ranges and comparisons, alone or in a list of alternatives.

A list becomes one rule for each element, so an element that excludes ports is refused in a list
of several: together they would match every port.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.dialects.elements import expected, read_element, read_port
from portranges.dialects.model import Comparison, Fault, Operator
from portranges.dialects.query import Query, refusal, trimmed
from portranges.dialects.reading import between, check_not_empty, ports_compared
from portranges.errors import PortSyntaxError, elide
from portranges.portset import PortSet

__all__ = ["read"]

_MARK = re.compile(r"[<>!=]+|,|[^<>!=, \t]+")
_BINARY = (Comparison.BETWEEN, Comparison.OUTSIDE)


def read(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield the ports of a rule."""
    text, row = query.text, query.row
    start, stop = trimmed(text, start, stop, row.blanks)
    head = row.plain.partition("{ports}")[0]
    if text.startswith(head, start, stop):
        start, stop = trimmed(text, start + len(head), stop, row.blanks)
    span = (start, stop)
    is_list = text.startswith("{", start, stop) and text.endswith("}", start, stop)
    if is_list:
        start, stop = trimmed(text, start + 1, stop - 1, row.blanks)
    ports = PortSet.empty()
    excludes = False
    for number, (comparison, found) in enumerate(_elements(query, start, stop)):
        excludes = excludes or comparison is Comparison.UNEQUAL
        ports |= found
        if number and not is_list:
            raise PortSyntaxError(
                f"several ports must be in {{ }}, got {elide(text[slice(*span)])}", text, span
            )
        if number and excludes:
            raise refusal(
                query,
                f"a list must not contain '!=', got {elide(text[slice(*span)])}",
                span,
                Fault.NEGATION,
            )
    check_not_empty(query, ports, span)
    yield None, ports


def _elements(
    query: Query, start: int, stop: int
) -> types.Iterator[tuple[Comparison | None, PortSet]]:
    """Yield every element: its operator's meaning, and its ports."""
    text = query.text
    marks = _Marks(_MARK.finditer(text, start, stop), stop)
    while True:
        operator = _operator(query, marks)
        if operator is not None:
            marks.take()
            first = marks.take()
            if operator.comparison in _BINARY:
                raise _unexpected(query, *first)
            port = read_port(query, *first, None)
            yield operator.comparison, ports_compared(operator.comparison, port, query.row.lowest)
        else:
            first = marks.take()
            operator = _operator(query, marks)
            if operator is not None and operator.comparison in _BINARY:
                marks.take()
                yield operator.comparison, _compared(query, operator, first, marks.take())
            else:
                # Any other operator belongs to the next element.
                yield None, between(*read_element(query, *first, None))
        if marks.at_end():
            return
        marks.skip_comma()


class _Marks:
    """The marks of a list, one ahead."""

    __slots__ = ("_found", "_stop", "next")

    def __init__(self, found: types.Iterator[re.Match[str]], stop: int) -> None:
        self._found, self._stop = found, stop
        self.next = next(found, None)

    def at_end(self) -> bool:
        return self.next is None

    def take(self) -> types.Span:
        """Return the span of the next mark, which may be the end."""
        span = (self._stop, self._stop) if self.next is None else self.next.span()
        self.next = next(self._found, None)
        return span

    def skip_comma(self) -> None:
        if self.next is not None and self.next[0] == ",":
            self.take()


def _operator(query: Query, marks: _Marks) -> Operator | None:
    """Return the operator that is next, if one is."""
    mark = marks.next
    if mark is None or mark[0][0] not in "<>!=":
        return None
    for operator in query.row.operators:
        if operator.sign == mark[0]:
            return operator
    raise _unexpected(query, *mark.span())


def _compared(query: Query, operator: Operator, left: types.Span, right: types.Span) -> PortSet:
    """Return the ports inside or outside two ports, which are excluded in both cases."""
    first, last = read_port(query, *left, None), read_port(query, *right, None)
    text, span = query.text, (left[0], right[1])
    if first > last:
        raise refusal(
            query,
            f"first must not be greater than last, got {elide(text[slice(*span)])}",
            span,
            Fault.REVERSED,
        )
    inside = between(first + 1, last - 1)
    ports = ~between(first, last) if operator.comparison is Comparison.OUTSIDE else inside
    if not ports:
        raise refusal(
            query,
            f"the text must match at least one port, got {elide(text[slice(*span)])}",
            span,
            Fault.OPERATOR,
        )
    return ports


def _unexpected(query: Query, start: int, stop: int) -> PortSyntaxError:
    text = query.text
    return PortSyntaxError(
        f"{expected(query.row)}, got {elide(text[start:stop])}", text, (start, stop)
    )
