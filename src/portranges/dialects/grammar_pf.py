"""pf: ports, ranges and comparisons, alone or in a list of alternatives.

A list becomes one rule for each element, so an element that excludes ports is refused in a list
of several: together they would match every port.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.dialects.elements import expected, read_element, read_port
from portranges.dialects.model import Comparison, Fault, Operator
from portranges.dialects.query import Cursor
from portranges.dialects.reading import between, check_not_empty, ports_compared
from portranges.portset import PortSet

_MARK = re.compile(r"[<>!=]+|,|[^<>!=, \t]+")
_BINARY = (Comparison.BETWEEN, Comparison.OUTSIDE)


def read(at: Cursor) -> types.Iterator[types.Part]:
    """Yield the ports of a rule."""
    at = at.trim()
    head = at.row.wording.plain[0].partition("{ports}")[0]
    if at.starts(head):
        at = at.without(head).trim()
    is_list = at.starts("{") and at.ends("}")
    ports = PortSet.empty()
    excludes = False
    inside = at.without("{", "}").trim() if is_list else at
    for number, (comparison, found) in enumerate(_elements(inside)):
        excludes = excludes or comparison is Comparison.UNEQUAL
        ports |= found
        if number and not is_list:
            raise at.error("several ports must be in { }")
        if number and excludes:
            raise at.refusal("a list must not contain '!='", Fault.NEGATION)
    check_not_empty(at, ports)
    yield None, ports


def _elements(at: Cursor) -> types.Iterator[tuple[Comparison | None, PortSet]]:
    """Yield the meaning of the operator of each element, and its ports.

    An element is ``port``, ``operator port`` or ``port operator port``, and a comma may follow.
    """
    marks = _Marks(at)
    while True:
        before = marks.take_operator()
        first = marks.take()
        if before is None:
            between_ports = marks.take_operator(*_BINARY)
            if between_ports is None:
                yield None, between(*read_element(first, None))
            else:
                yield between_ports.comparison, _compared(between_ports, first, marks.take())
        elif before.comparison in _BINARY:
            raise first.error(expected(at.row))
        else:
            port = read_port(first, None)
            yield before.comparison, ports_compared(before.comparison, port, at.row.lowest)
        if marks.next is None:
            return
        if marks.next.text == ",":
            marks.take()


class _Marks:
    """The marks of a list; ``next`` is the one that is taken next, None at the end."""

    __slots__ = ("_end", "_found", "next")

    def __init__(self, at: Cursor) -> None:
        self.next: Cursor | None = None
        self._end = at.since(at.stop)
        self._found = _MARK.finditer(at.query.text, at.start, at.stop)
        self.take()

    def take(self) -> Cursor:
        """Return the next mark, which may be the end."""
        taken = self.next
        found = next(self._found, None)
        self.next = None if found is None else Cursor(self._end.query, *found.span())
        return self._end if taken is None else taken

    def take_operator(self, *comparisons: Comparison) -> Operator | None:
        """Return the next mark if it is an operator, of *comparisons* if there are any."""
        mark = self.next
        if mark is None or not mark.starts(("<", ">", "!", "=")):
            return None
        for operator in mark.row.operators:
            if operator.sign == mark.text:
                if comparisons and operator.comparison not in comparisons:
                    # It belongs to the next element.
                    return None
                self.take()
                return operator
        raise mark.error(expected(mark.row))


def _compared(operator: Operator, left: Cursor, right: Cursor) -> PortSet:
    """Return the ports inside or outside two ports, which are excluded in both cases."""
    at = left.to(right.stop)
    first, last = read_port(left, None), read_port(right, None)
    if first > last:
        raise at.refusal("first must not be greater than last", Fault.REVERSED)
    is_outside = operator.comparison is Comparison.OUTSIDE
    ports = ~between(first, last) if is_outside else between(first + 1, last - 1)
    check_not_empty(at, ports, Fault.OPERATOR)
    return ports
