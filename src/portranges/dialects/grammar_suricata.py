"""Suricata and Snort: lists with negations inside.

A list means all ports that it names (every port if it names none) except those that it negates,
in any order. Suricata flattens nested lists, so that an inner negation removes ports from the
whole list, and it loses the negation of a negation. Both are refused, because a person reads
them from the inside out. Suricata replaces a variable with its text, so the same is true of
negations in it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from portranges import types
from portranges.dialects.combining import collect
from portranges.dialects.elements import expected, read_element
from portranges.dialects.model import Fault
from portranges.dialects.query import Cursor
from portranges.dialects.reading import check_length, check_not_empty
from portranges.dialects.writing import Request, lists_of, worded
from portranges.errors import PortSyntaxError, elide
from portranges.portset import PortSet

_TOKEN = re.compile(r"[\[\],!]|[^\[\],! ]+")

# Suricata's own limit ("port block recursion limit reached").
_DEEPEST = 64


def read(at: Cursor) -> types.Iterator[types.Part]:
    """Yield the ports of a list without those that it negates."""
    named, negated = _parts(at.trim())
    yield None, (PortSet.full() if named is None else named) - negated


# The signs of elements.
_NAMED, _NEGATED = "", "!"


def _parts(at: Cursor) -> tuple[PortSet | None, PortSet]:
    """Return the ports that a list names, None if it names none, and those that it negates."""
    if at.word(3).lower() == at.row.all_ports_word:
        return PortSet.full(), PortSet.empty()
    check_length(at.without("!") if at.starts("!") else at)
    of_variables: dict[str, list[PortSet]] = {_NAMED: [], _NEGATED: []}
    for sign, ports in collect(_elements(at, of_variables)).items():
        of_variables[sign].append(ports)
    named = PortSet().union(*of_variables[_NAMED]) if of_variables[_NAMED] else None
    negated = PortSet().union(*of_variables[_NEGATED])
    check_not_empty(at, (PortSet.full() if named is None else named) - negated)
    return named, negated


def _elements(
    at: Cursor, of_variables: dict[str, list[PortSet]]
) -> types.Iterator[tuple[str, int, int]]:
    """Yield the sign of each element, its first and its last port; add the ports of variables."""
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
            sign = _NEGATED if negated or negated_from else _NAMED
            if mark[0] == "$":
                _add_variable(token, sign, of_variables, is_alone=len(token) == len(at))
            else:
                first, last = read_element(token, None)
                yield sign, first, last
            expects_element = negated = False
    if expects_element or depth:
        wanted = "']'" if depth and not expects_element else "a port"
        raise _unexpected(at.since(at.stop), wanted)


def _add_variable(
    at: Cursor, sign: str, of_variables: dict[str, list[PortSet]], *, is_alone: bool
) -> None:
    """Add the ports of a variable to the list that it is in."""
    query, name = at.query, at.text[1:]
    if query.variables is None:
        raise at.refusal(expected(at.row), hint="variables require variables=")
    if name not in query.variables:
        raise at.error("a variable must be defined", got=elide(name))
    if query.depth == _DEEPEST or query.resolved.get(name, True) is None:
        raise at.error("a variable must not lead back to itself", got=elide(name))
    if name not in query.resolved:
        query.resolved[name] = None
        inner = replace(query, text=query.variables[name], depth=query.depth + 1)
        try:
            query.resolved[name] = _parts(inner.whole().trim())
        except PortSyntaxError as error:
            raise PortSyntaxError(f"{error.reason}, in {at.text}", query.text, at.span) from None
    named, negated = types.cast("tuple[PortSet | None, PortSet]", query.resolved[name])
    if negated and not is_alone:
        raise at.error("a variable with a negation must be alone", got=elide(name))
    of_variables[_NEGATED].append(negated)
    if named is not None:
        of_variables[sign].append(named)


def _unexpected(at: Cursor, wanted: str) -> PortSyntaxError:
    fault = Fault.NEGATION if at.starts("!") else Fault.PREFIX
    return at.refusal(f"expected {wanted}", fault, got="" if len(at) else "the end")


def write(request: Request) -> list[str]:
    """Return the lists, or one list if it is negated."""
    wording, negated = request.row.wording, request.negated
    return [worded(wording, text, negated=negated) for text in lists_of(request)]
