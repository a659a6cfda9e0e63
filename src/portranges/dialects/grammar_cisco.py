"""Cisco IOS: ``eq``, ``neq``, ``lt``, ``gt`` or ``range``, followed by ports."""

from __future__ import annotations

from portranges import types
from portranges.dialects.elements import is_range, read_port, split_words
from portranges.dialects.model import Comparison, Fault
from portranges.dialects.query import Cursor
from portranges.dialects.reading import check_not_empty, ports_compared
from portranges.dialects.writing import Request
from portranges.errors import elide
from portranges.ports import PortRange, means_every_port
from portranges.portset import PortSet

# How many ports may follow "eq" and "neq".
_MOST = 10

_COMPARISONS = {"lt": Comparison.BELOW, "gt": Comparison.ABOVE}


def read(at: Cursor) -> types.Iterator[types.Part]:
    """Yield the ports of one entry."""
    words = split_words(at)
    first_word = next(words, at)
    word = first_word.word(7)
    if word in ("eq", "neq"):
        ports = PortSet(_numbers(at, words, 1, _MOST))
        yield None, ~ports if word == "neq" else ports
    elif word == "range":
        first, last = _numbers(at, words, 2, 2)
        if first > last:
            hint = f"did you mean 'range {last} {first}'?"
            raise at.refusal("first must not be greater than last", Fault.REVERSED, hint=hint)
        yield None, PortSet([PortRange(first, last)])
    elif word in _COMPARISONS:
        (port,) = _numbers(at, words, 1, 1)
        ports = ports_compared(_COMPARISONS[word], port, at.row.lowest)
        check_not_empty(at, ports)
        yield None, ports
    else:
        hint = "every port is written 'range 0 65535'" if means_every_port(word) else ""
        raise first_word.refusal("expected eq, neq, lt, gt or range", hint=hint)


def _numbers(at: Cursor, words: types.Iterator[Cursor], least: int, most: int) -> list[int]:
    numbers: list[int] = []
    for word in words:
        if len(numbers) == most:
            raise word.error(f"expected at most {most} ports", got="more")
        if is_range(word.text, "-", ":"):
            got = f"the range {elide(word.text)}"
            raise word.error("expected one port", got=got, hint="write it as 'range first last'")
        numbers.append(read_port(word, None))
    if len(numbers) < least:
        rule = f"expected {least} port{'s' * (least > 1)}"
        raise at.error(rule, got=str(len(numbers) or "nothing"))
    return numbers


def write(request: Request) -> list[str]:
    """Return one entry for each port or range."""
    return [
        f"eq {ports.first}" if ports.first == ports.last else f"range {ports.first} {ports.last}"
        for ports in request.ports.ranges
    ]
