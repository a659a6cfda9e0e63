"""Reading a text whose form a row describes completely.

The reader follows the row: the transport around a match, the words before it, operators,
brackets, elements. The grammars that a row cannot describe are in the ``grammar_*`` modules;
``convert`` combines several texts.
"""

from __future__ import annotations

from itertools import product

from portranges import types
from portranges.dialects.elements import (
    element_spans,
    every_port,
    expected,
    read_element,
    read_port,
    unquoted,
)
from portranges.dialects.model import Bracketed, Comparison, Fault, Operator, Overlap, TransportRule
from portranges.dialects.query import Query, refusal, trimmed
from portranges.dialects.writing import example
from portranges.errors import PortSyntaxError, elide
from portranges.ports import LAST_PORT, PortRange, Transport, means_every_port
from portranges.portset import PortSet

__all__ = [
    "between",
    "check_length",
    "check_not_empty",
    "overlap_error",
    "ports_compared",
    "read_frame",
    "read_list",
    "read_text",
]


def read_text(query: Query, start: int, stop: int) -> types.Iterator[types.Part]:
    """Yield the transport and the ports of ``text[start:stop]``."""
    row, text = query.row, query.text
    start, stop = trimmed(text, start, stop, row.blanks)
    if row.terminator and text.endswith(row.terminator, start, stop):
        start, stop = trimmed(text, start, stop - len(row.terminator), row.blanks)
    transport, start, stop = read_frame(query, start, stop)
    start, stop = trimmed(text, start, stop, row.blanks)
    span = (start, stop)
    negated = _head(query, (row.negated, *row.also_negated), start, stop)
    plain = _head(query, (row.plain, *row.also_plain), start, stop)
    if negated:
        ports = ~read_list(query, *trimmed(text, start + negated, stop, row.blanks), transport)
    else:
        if plain:
            start, stop = trimmed(text, start + plain, stop, row.blanks)
        elif (
            row.plain != "{ports}"
            and transport is not None
            and _operator_at(query, start, stop) is None
        ):
            raise _no_match(query, start, stop)
        operator = _operator_at(query, start, stop)
        if operator is not None:
            ports = _compared(query, operator, start, stop, transport)
        else:
            ports = read_list(query, start, stop, transport)
    check_not_empty(query, ports, span)
    yield transport, ports


def check_not_empty(query: Query, ports: PortSet, span: types.Span) -> None:
    """Raise a PortSyntaxError if ``text[span]`` matches no port."""
    if not ports:
        raise refusal(
            query,
            f"the text must match at least one port, got {elide(query.text[slice(*span)])}",
            span,
            Fault.ALL,
        )


def check_length(query: Query, start: int, stop: int) -> None:
    """Raise a PortSyntaxError if the list ``text[start:stop]`` is longer than the tool reads."""
    row = query.row
    if row.max_length and stop - start > row.max_length and not row.shows_longer:
        raise PortSyntaxError(
            f"a list must have at most {row.max_length} characters, got {stop - start}",
            query.text,
            (start, stop),
        )


def read_frame(query: Query, start: int, stop: int) -> tuple[Transport | None, int, int]:
    """Return the transport around the match, and the match's start and stop."""
    row, text = query.row, query.text
    if row.transport_rule is not TransportRule.NEVER:
        for frame, transport in product((*row.also_framed, row.framed), row.transports):
            before, after = frame.replace("{transport}", transport).split("{match}")
            if (
                len(before) + len(after) <= stop - start
                and text.startswith(before, start)
                and text.endswith(after, start, stop)
            ):
                return transport, start + len(before), stop - len(after)
        if row.transport_rule is TransportRule.ALWAYS:
            raise _no_match(query, start, stop)
    return None, start, stop


def _no_match(query: Query, start: int, stop: int) -> PortSyntaxError:
    got = elide(query.text[start:stop]) if start < stop else "nothing"
    if means_every_port(query.text[start:stop]):
        got += f"; {every_port(query.row, is_whole=True)}"
    return refusal(
        query,
        f"expected a text such as {example(query.row)!r}, got {got}",
        (start, stop),
        Fault.PREFIX,
    )


def _head(query: Query, forms: tuple[str, ...], start: int, stop: int) -> int:
    """Return the length of what precedes the ports in the form that the text has; 0 if none."""
    for form in forms:
        head = form.partition("{ports}")[0]
        if head and query.text.startswith(head, start, stop):
            return len(head)
    return 0


def _operator_at(query: Query, start: int, stop: int) -> Operator | None:
    for operator in query.row.operators:
        sign = operator.sign
        if query.text.startswith(sign, start, stop) and (
            not sign.isalpha() or query.text[start + len(sign) : start + len(sign) + 1] == " "
        ):
            return operator
    return None


def _compared(
    query: Query, operator: Operator, start: int, stop: int, transport: Transport | None
) -> PortSet:
    """Return the ports that an operator and its operands match."""
    whole = (start, stop)
    after = trimmed(query.text, start + len(operator.sign), stop, query.row.blanks)
    port = read_port(query, *after, transport)
    ports = ports_compared(operator.comparison, port, query.row.lowest)
    if not ports:
        raise refusal(
            query,
            f"the text must match at least one port, got {elide(query.text[start:stop])}",
            whole,
            Fault.OPERATOR,
        )
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


def read_list(query: Query, start: int, stop: int, transport: Transport | None) -> PortSet:
    """Return the ports of the list ``text[start:stop]``."""
    row, text = query.row, query.text
    check_length(query, start, stop)
    word = text[slice(*unquoted(query, start, stop))] if stop - start < 16 else ""
    if row.all_ports_word and word.lower() == row.all_ports_word.lower():
        return PortSet.full()
    alone = False
    if row.bracketed is not Bracketed.NEVER:
        opening, closing = row.opening.strip(" "), row.closing.strip(" ")
        if (
            text.startswith(opening, start, stop)
            and text.endswith(closing, start, stop)
            and stop - start >= len(opening) + len(closing)
        ):
            start += len(opening)
            start, stop = trimmed(text, start, stop - len(closing), row.blanks)
        elif row.bracketed is Bracketed.ALWAYS:
            got = elide(text[start:stop])
            if means_every_port(word):
                got += f"; {every_port(row, is_whole=True)}"
            raise refusal(
                query, f"expected a list in {opening} {closing}, got {got}", (start, stop)
            )
        else:
            alone = row.bracketed is Bracketed.SEVERAL
    counted = _Counted()
    ports = PortSet(_ranges(query, start, stop, transport, counted, alone=alone))
    if row.overlap is not Overlap.ANY and counted.ports != len(ports):
        _check_overlap(query, start, stop, transport)
    if row.transport_rule is TransportRule.LISTS and transport is None and len(ports) > 1:
        raise refusal(
            query,
            f"a range or a list requires a transport, got {elide(text[start:stop])}; "
            f"did you mean '{elide(text[start:stop])[1:-1]}/tcp'?",
            (start, stop),
            Fault.PREFIX,
        )
    return ports


class _Counted:
    """How many ports the elements of a list have, repetitions included."""

    __slots__ = ("ports",)

    def __init__(self) -> None:
        self.ports = 0


def _ranges(
    query: Query,
    start: int,
    stop: int,
    transport: Transport | None,
    counted: _Counted,
    *,
    alone: bool,
) -> types.Iterator[PortRange]:
    """Yield the elements of a list; *alone* means that it may have one only."""
    row, text = query.row, query.text
    slots = elements = 0
    for low, high in element_spans(query, start, stop):
        elements += 1
        if alone and elements > 1:
            raise PortSyntaxError(
                f"several ports must be in {row.opening.strip()} {row.closing.strip()}, "
                f"got {elide(text[start:stop])}",
                text,
                (start, stop),
            )
        if row.max_elements and elements > row.max_elements:
            raise PortSyntaxError(
                f"a list must have at most {row.max_elements} elements, got more",
                text,
                (low, high),
            )
        first, last = read_element(query, low, high, transport)
        slots += 1 if first == last else 2
        if row.max_slots and slots > row.max_slots:
            raise PortSyntaxError(
                f"a list must have at most {row.max_slots} slots (1 per port, 2 per range), "
                "got more",
                text,
                (low, high),
            )
        counted.ports += last - first + 1
        yield PortRange(first, last)
    if not elements:
        raise PortSyntaxError(f"{expected(row)}, got nothing", text, (start, stop))


def _check_overlap(query: Query, start: int, stop: int, transport: Transport | None) -> None:
    """Raise for the first element that shares a port with an earlier one."""
    seen = PortSet.empty()
    whole: set[tuple[int, int]] = set()
    for span in element_spans(query, start, stop):
        pair = read_element(query, *span, transport)
        if pair in whole:
            continue
        if seen & PortRange(*pair):
            raise overlap_error(query, span)
        seen |= PortRange(*pair)
        whole.add(pair)


def overlap_error(query: Query, span: types.Span) -> PortSyntaxError:
    """Return the error for an element that shares ports with an earlier one."""
    return PortSyntaxError(
        f"elements must not overlap, got {elide(query.text[slice(*span)])}, which shares a port "
        f"with an earlier element; {query.row.tool} rejects it",
        query.text,
        span,
    )
