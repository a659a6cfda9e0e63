"""Reading a text whose form a row describes completely.

The reader follows the row: the transport around a match, the words before it, operators,
brackets, elements. The grammars that a row cannot describe are in the ``grammar_*`` modules;
``convert`` combines several texts.
"""

from __future__ import annotations

from functools import cache
from itertools import product

from portranges import types
from portranges.dialects.elements import (
    every_port,
    expected,
    read_element,
    read_port,
    split_list,
    unquoted,
)
from portranges.dialects.model import Bracketed, Comparison, Fault, Operator, Overlap, TransportRule
from portranges.dialects.query import Cursor
from portranges.dialects.writing import example
from portranges.errors import PortSyntaxError, elide
from portranges.ports import LAST_PORT, PortRange, Transport, means_every_port
from portranges.portset import PortSet


def read_text(at: Cursor) -> types.Iterator[types.Part]:
    """Yield the transport and the ports of a text."""
    row, at = at.row, at.trim()
    terminator = row.spacing.terminator
    if terminator and at.ends(terminator):
        at = at.without(suffix=terminator).trim()
    transport, at = read_frame(at)
    match = at = at.trim()
    negation = _head(at, row.wording.negated)
    head = _head(at, row.wording.plain)
    if negation:
        ports = ~read_list(at.without(negation).trim(), transport)
    else:
        if head:
            at = at.without(head).trim()
        operator = _operator_at(at)
        if operator is not None:
            ports = _compared(at, operator, transport)
        elif head or row.wording.plain[0] == "{ports}" or transport is None:
            ports = read_list(at, transport)
        else:
            raise _no_match(at)
    check_not_empty(match, ports)
    yield transport, ports


def check_not_empty(at: Cursor, ports: PortSet, fault: Fault = Fault.ALL) -> None:
    """Raise a PortSyntaxError if the text matches no port."""
    if not ports:
        raise at.refusal("the text must match at least one port", fault)


def check_length(at: Cursor) -> None:
    """Raise a PortSyntaxError if a list is longer than the tool reads."""
    limits = at.row.limits
    if limits.max_length and len(at) > limits.max_length and not limits.shows_longer:
        rule = f"a list must have at most {limits.max_length} characters"
        raise at.error(rule, got=f"{len(at)}")


def read_frame(at: Cursor) -> tuple[Transport | None, Cursor]:
    """Return the transport around the match, and the match."""
    frame, text = at.row.frame, at.query.text
    if frame.rule is not TransportRule.NEVER:
        for form, transport in product(frame.forms, frame.transports):
            before, after = _around(form, transport)
            if (
                text.startswith(before, at.start)
                and text.endswith(after, at.start, at.stop)
                and len(before) + len(after) <= len(at)
            ):
                return transport, at.without(before, after)
        if frame.rule is TransportRule.ALWAYS:
            raise _no_match(at)
    return None, at


@cache
def _around(frame: str, transport: Transport) -> tuple[str, str]:
    """Return what precedes and what follows the match in a frame."""
    before, after = frame.replace("{transport}", transport).split("{match}")
    return before, after


def _no_match(at: Cursor) -> PortSyntaxError:
    hint = every_port(at.row, is_whole=True) if means_every_port(at.text) else ""
    rule = f"expected a text such as {example(at.row)!r}"
    return at.refusal(rule, Fault.PREFIX, got="" if len(at) else "nothing", hint=hint)


def _head(at: Cursor, forms: tuple[str, ...]) -> str:
    """Return what precedes the ports in the form that the text has; ``""`` if there is none."""
    for form in forms:
        head = form.partition("{ports}")[0]
        if head and at.starts(head):
            return head
    return ""


def _operator_at(at: Cursor) -> Operator | None:
    """Return the operator that the text starts with; a word needs a blank after it."""
    text = at.query.text
    for operator in at.row.operators:
        sign = operator.sign
        if text.startswith(sign, at.start, at.stop) and (
            not sign.isalpha() or text.startswith(" ", at.start + len(sign))
        ):
            return operator
    return None


def _compared(at: Cursor, operator: Operator, transport: Transport | None) -> PortSet:
    """Return the ports that an operator and its operand match."""
    port = read_port(at.without(operator.sign).trim(), transport)
    ports = ports_compared(operator.comparison, port, at.row.lowest)
    check_not_empty(at, ports, Fault.OPERATOR)
    return ports


def ports_compared(comparison: Comparison, port: int, lowest: int) -> PortSet:
    """Return the ports from *lowest* on for which the *comparison* with *port* holds."""
    if comparison is Comparison.UNEQUAL:
        return between(lowest, LAST_PORT) - between(port, port)
    first, last = {
        Comparison.EQUAL: (port, port),
        Comparison.BELOW: (lowest, port - 1),
        Comparison.AT_MOST: (lowest, port),
        Comparison.ABOVE: (port + 1, LAST_PORT),
        Comparison.AT_LEAST: (port, LAST_PORT),
    }[comparison]
    return between(first, last)


def between(first: int, last: int) -> PortSet:
    """Return the ports from *first* to *last*; none if *last* is lower."""
    return PortSet([PortRange(first, last)]) if first <= last else PortSet.empty()


def read_list(at: Cursor, transport: Transport | None) -> PortSet:
    """Return the ports of a list."""
    row = at.row
    check_length(at)
    word = at.word(_LONGEST_WORD)
    if row.ranges.quote:
        word = unquoted(at).text if word else ""
    if row.all_ports_word and word.lower() == row.all_ports_word.lower():
        return PortSet.full()
    alone = False
    if row.brackets.when is not Bracketed.NEVER:
        opening, closing = row.brackets.opening.strip(" "), row.brackets.closing.strip(" ")
        brackets = len(opening) + len(closing)
        if at.starts(opening) and at.ends(closing) and len(at) >= brackets:
            at = at.without(opening, closing).trim()
        elif row.brackets.when is Bracketed.ALWAYS:
            hint = every_port(row, is_whole=True) if means_every_port(word) else ""
            raise at.refusal(f"expected a list in {opening} {closing}", hint=hint)
        else:
            alone = row.brackets.when is Bracketed.SEVERAL
    counted = _Counted()
    ports = PortSet(_ranges(at, transport, counted, alone=alone))
    if row.overlap is not Overlap.ANY and counted.ports != len(ports):
        _check_overlap(at, transport)
    if row.frame.rule is TransportRule.LISTS and transport is None and len(ports) > 1:
        raise at.refusal(
            "a range or a list requires a transport",
            Fault.PREFIX,
            hint=f"did you mean '{elide(at.text)[1:-1]}/tcp'?",
        )
    return ports


# No word for all ports is longer, with its quotes.
_LONGEST_WORD = 15


class _Counted:
    """How many ports the elements of a list have, repetitions included."""

    __slots__ = ("ports",)

    def __init__(self) -> None:
        self.ports = 0


def _ranges(
    at: Cursor, transport: Transport | None, counted: _Counted, *, alone: bool
) -> types.Iterator[PortRange]:
    """Yield the elements of a list; *alone* means that it may have one only."""
    brackets, limits = at.row.brackets, at.row.limits
    slots = elements = 0
    for each in split_list(at):
        elements += 1
        if alone and elements > 1:
            around = f"{brackets.opening.strip()} {brackets.closing.strip()}"
            raise at.error(f"several ports must be in {around}")
        if limits.max_elements and elements > limits.max_elements:
            raise each.error(f"a list must have at most {limits.max_elements} elements", got="more")
        first, last = read_element(each, transport)
        slots += 1 if first == last else 2
        if limits.max_slots and slots > limits.max_slots:
            rule = f"a list must have at most {limits.max_slots} slots (1 per port, 2 per range)"
            raise each.error(rule, got="more")
        counted.ports += last - first + 1
        yield PortRange(first, last)
    if not elements:
        raise at.error(expected(at.row), got="nothing")


def _check_overlap(at: Cursor, transport: Transport | None) -> None:
    """Raise for the first element that shares a port with an earlier one."""
    seen = PortSet.empty()
    whole: set[tuple[int, int]] = set()
    for each in split_list(at):
        pair = read_element(each, transport)
        if pair in whole:
            continue
        if seen & PortRange(*pair):
            raise overlap_error(each)
        seen |= PortRange(*pair)
        whole.add(pair)


def overlap_error(at: Cursor) -> PortSyntaxError:
    """Return the error for an element that shares ports with an earlier one."""
    return at.error(
        "elements must not overlap",
        got=f"{elide(at.text)}, which shares a port with an earlier element",
        hint=f"{at.row.tool} rejects it",
    )
