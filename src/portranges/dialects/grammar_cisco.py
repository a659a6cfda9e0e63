"""Cisco IOS: ``eq``, ``neq``, ``lt``, ``gt`` or ``range``, followed by ports."""

from __future__ import annotations

from portranges import types
from portranges.dialects.elements import is_range, read_port, words
from portranges.dialects.model import Comparison, Fault
from portranges.dialects.query import Query, refusal
from portranges.dialects.reading import check_not_empty, ports_compared
from portranges.dialects.writing import Request
from portranges.errors import PortSyntaxError, elide
from portranges.ports import PortRange, means_every_port
from portranges.portset import PortSet

__all__ = ["read", "write"]

# How many ports may follow "eq" and "neq".
_MOST = 10

_COMPARISONS = {"lt": Comparison.BELOW, "gt": Comparison.ABOVE}


def read(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield the ports of one entry."""
    text = query.text
    spans = words(query, start, stop)
    low, high = next(spans, (start, stop))
    word = text[low:high] if high - low < 8 else ""
    whole = (start, stop)
    if word in ("eq", "neq"):
        numbers = _numbers(query, spans, whole, 1, _MOST)
        ports = PortSet(numbers)
        yield None, ~ports if word == "neq" else ports
    elif word == "range":
        first, last = _numbers(query, spans, whole, 2, 2)
        if first > last:
            raise refusal(
                query,
                f"first must not be greater than last, got {elide(text[start:stop])}; "
                f"did you mean 'range {last} {first}'?",
                whole,
                Fault.REVERSED,
            )
        yield None, PortSet([PortRange(first, last)])
    elif word in _COMPARISONS:
        (port,) = _numbers(query, spans, whole, 1, 1)
        ports = ports_compared(_COMPARISONS[word], port, query.row.lowest)
        check_not_empty(query, ports, whole)
        yield None, ports
    else:
        hint = "; every port is written 'range 0 65535'" if means_every_port(word) else ""
        raise refusal(
            query,
            f"expected eq, neq, lt, gt or range, got {elide(text[low:high])}{hint}",
            (low, high),
        )


def _numbers(
    query: Query, spans: types.Iterator[types.Span], whole: types.Span, least: int, most: int
) -> list[int]:
    numbers: list[int] = []
    for span in spans:
        if len(numbers) == most:
            raise PortSyntaxError(f"expected at most {most} ports, got more", query.text, span)
        item = query.text[slice(*span)]
        if is_range(item, "-", ":"):
            raise PortSyntaxError(
                f"expected one port, got the range {elide(item)}; write it as 'range first last'",
                query.text,
                span,
            )
        numbers.append(read_port(query, *span, None))
    if len(numbers) < least:
        raise PortSyntaxError(
            f"expected {least} port{'s' * (least > 1)}, got {len(numbers) or 'nothing'}",
            query.text,
            whole,
        )
    return numbers


def write(request: Request) -> list[str]:
    """Return one entry for each port or range."""
    return [
        f"eq {ports.first}" if ports.first == ports.last else f"range {ports.first} {ports.last}"
        for ports in request.ports.ranges
    ]
