"""The text that is being read, with its dialect and the caller's options, and its errors.

All readers follow one rule: a text is read if the tool and a person agree on its meaning, and
refused if they may not. An error message reports what the tool would have understood, from the
row's ``misread_texts``.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import types
from portranges.dialects.model import Dialect, Fault
from portranges.errors import PortSyntaxError
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet

__all__ = ["Query", "collect", "refusal", "trimmed"]

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
    """Return the error for ``text[span]``, with the tool's interpretation of such a text.

    Args:
        query: The text.
        reason: The rule, and what was written.
        span: The place of the fault.
        faults: The kinds of misread text that it is. The message reports the tool's answer to
            the row's first text of these kinds that the tool does not reject.
    """
    for misread in query.row.misread_texts:
        if misread.fault in faults and (misread.means is not None or misread.note):
            if misread.means is None:
                answer = f"rejects {misread.text!r}"
            else:
                answer = f"reads {misread.text!r} as {_MEANINGS.get(misread.means, misread.means)}"
            note = f" ({misread.note})" if misread.note else ""
            reason = f"{reason}; {query.row.tool} {answer}{note}"
            break
    return PortSyntaxError(reason, query.text, span)


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
