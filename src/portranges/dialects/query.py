"""The text that is being read, with its dialect and the caller's options, and its errors.

All readers follow one rule: a text is read if the tool and a person agree on its meaning, and
refused if they may not. An error message reports what the tool would have understood, from the
row's ``misread_texts``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from portranges import types
from portranges.dialects.model import Dialect, Fault, MisreadText, NameLookup
from portranges.errors import PortSyntaxError
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet

__all__ = ["Query", "collect", "refusal", "surplus_hint", "trimmed"]

# How many ranges are collected before they are merged into a set. The limit bounds the memory
# for a text of any length.
_PENDING = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The text that is being read, and how.

    Attributes:
        row: The dialect.
        text: The whole text; readers receive a start and a stop in it.
        services: A registry of service names; None if names are refused.
        transport: The transport that the caller selected, if any.
    """

    row: Dialect
    text: str
    services: types.Services | None = None
    transport: Transport | None = None


def refusal(query: Query, reason: str, span: types.Span, *faults: Fault) -> PortSyntaxError:
    """Return the error for ``text[span]``, with what is known about such a text.

    Args:
        query: The text.
        reason: The rule, and what was written.
        span: The place of the fault.
        faults: The kinds of misread text that it is. The message reports the tool's answer to
            the row's text of these kinds that resembles it most.
    """
    written = query.text[slice(*span)] if span[1] - span[0] < _LONGEST else ""
    hint = _written_hint(query.row, written) or surplus_hint(query, span[0])
    if hint:
        return PortSyntaxError(f"{reason}; {hint}", query.text, span)
    fitting = [
        misread
        for misread in query.row.misread_texts
        if misread.fault in faults
        and (misread.means is not None or misread.note)
        and _fits(query.row, misread, written)
    ]
    if fitting:
        # Prefer the example with the same number.
        misread = min(fitting, key=lambda each: not written or written not in each.text)
        if misread.means is None:
            answer = f"rejects {misread.text!r}"
        else:
            answer = f"reads {misread.text!r} as {_MEANINGS.get(misread.means, misread.means)}"
        note = f" ({misread.note})" if misread.note else ""
        reason = f"{reason}; {query.row.tool} {answer}{note}"
    return PortSyntaxError(reason, query.text, span)


# Longer than any text for which there is a hint.
_LONGEST = 128

_SOURCE = re.compile(
    r"\b(sports?|srcport|src_port|source-ports?|tp_src|(tcp|udp|sctp)_src|src)\b"
    r"|\bfrom [^ ]+ port\b"
)
_SOURCE_HINT = "source ports are not read, because a set is of destination ports"
_EITHER = re.compile(r"--ports\b|-m multiport --ports\b|(tcp|udp|sctp)\.port\b|port( [0-9]|$)")
_GLUED = re.compile(r"([a-z-]*[a-z])([0-9][0-9:.,-]*)")


def _written_hint(row: Dialect, written: str) -> str:
    """Return the hint for a text with a known mistake; ``""`` if there is none."""
    if _SOURCE.search(written):
        return _SOURCE_HINT
    if _EITHER.match(written) and "port" not in row.keywords:
        return "it matches source ports too"
    *_, last = ("", *written.split())
    glued = _GLUED.fullmatch(last)
    if glued and glued[1] in _words_before_ports(row):
        return f"a blank is missing after {glued[1]!r}"
    return ""


def _words_before_ports(row: Dialect) -> set[str]:
    """Return the words after which a port follows in the dialect."""
    forms = (row.framed, row.plain, row.negated, *row.also_plain, *row.also_negated)
    heads = (re.split(r"\{(?:ports|match)\}", form)[0].split() for form in forms)
    words = {head[-1] for head in heads if head}
    return words | {operator.sign for operator in row.operators} | set(row.keywords)


def surplus_hint(query: Query, start: int) -> str:
    """Return the hint for a text that has more of a rule than the ports; otherwise ``""``.

    Args:
        query: The text.
        start: The start of the fault.
    """
    row, text = query.row, query.text[:_LONGEST]
    introduction = {word.strip("'=:,") for word in row.place.split()}.difference(row.transports)
    first, *more = re.split("[ =:]", text.strip(), maxsplit=1)
    heads = (row.plain.partition("{ports}")[0], row.framed.partition("{match}")[0])
    words = [head.rpartition("}")[2] for head in heads]
    if row.place.startswith("after ") and (
        (more and first in introduction)
        or any(word.strip().isalpha() and start < text.find(word) for word in words)
    ):
        if _SOURCE.search(text):
            return _SOURCE_HINT
        return f"write only the part {row.place.partition(',')[0]}"
    return ""


def _fits(row: Dialect, misread: MisreadText, written: str) -> bool:
    """Return whether a misread text is similar enough to *written* to explain it."""
    if misread.fault is Fault.NAME and row.name_lookup is NameLookup.NONE:
        return misread.text.casefold() == written.casefold()
    if misread.fault is Fault.OPERATOR:
        return misread.text.split()[0] == (written.split() or [""])[0]
    if misread.fault is Fault.OPEN:
        return _shape(written) in _shape(misread.text)
    return misread.fault is not Fault.PREFIX or _shape(misread.text) == _shape(written)


def _shape(text: str) -> str:
    """Return *text* with each word and each number as one letter or digit."""
    return re.sub("[A-Za-z]+", "a", re.sub("[0-9]+", "0", text))


_MEANINGS = {"": "no port", "0-65535": "every port"}


def trimmed(text: str, start: int, stop: int, blanks: str) -> types.Span:
    """Return the part of ``text[start:stop]`` without *blanks* at its ends."""
    if blanks:
        while start < stop and text[start] in blanks:
            start += 1
        while start < stop and text[stop - 1] in blanks:
            stop -= 1
    return start, stop


def collect(items: types.Iterable[tuple[types.T, int, int]]) -> dict[types.T, PortSet]:
    """Return, for each key of (key, first, last) items, the set of their ports.

    The keys are in the order of their first items.
    """
    sets: dict[types.T, PortSet] = {}
    pending: dict[types.T, list[PortRange]] = {}
    for key, first, last in items:
        held = pending.setdefault(key, [])
        held.append(PortRange(first, last))
        if len(held) >= _PENDING:
            sets[key] = sets.get(key, PortSet.empty()).union(held)
            held.clear()
    # Every key is in pending, but one with many items was put into sets before.
    return {key: sets.get(key, PortSet.empty()).union(held) for key, held in pending.items()}
