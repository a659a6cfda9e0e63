"""One reading: the text, whose it is, and what the caller gave; and how it is refused.

What lives here: Query, the errors of all readers with the tool's own answer in
them, and the small steps over a text (trim, strip a prefix).
What must not: what an element is (``elements``), any grammar.

The one rule of all readers: a text is read where the tool and a person agree
on it, and refused where they may not. A refusal tells what the tool would have
made of such a text, from the row's odd texts.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import types
from portranges.dialects.model import Dialect, Fault
from portranges.errors import PortSyntaxError
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet

__all__ = ["Query", "collect", "refusal", "trimmed"]

# Ranges that are held before they become part of a set. It bounds the memory
# of a text of any length.
_PENDING = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is read, and with what.

    Attributes:
        row: The dialect.
        text: The whole text; readers are given a start and a stop in it.
        services: What knows the ports of names; None if names are refused.
        transport: The transport that the caller asked for, if any.
    """

    row: Dialect
    text: str
    services: types.Services | None = None
    transport: Transport | None = None


def refusal(query: Query, reason: str, span: types.Span, *faults: Fault) -> PortSyntaxError:
    """Return the error for ``text[span]``, with what the tool makes of such a text.

    Args:
        query: What is read.
        reason: The rule, and what was got.
        span: The place of the fault.
        faults: The kinds of odd text that it is; the row's first one of these
            kinds which the tool does not refuse is told.
    """
    for odd in query.row.misread_texts:
        if odd.fault in faults and (odd.means is not None or odd.note):
            meaning = _MEANINGS.get(odd.means, odd.means) if odd.means is not None else None
            answer = (
                f"refuses {odd.text!r}" if meaning is None else f"reads {odd.text!r} as {meaning}"
            )
            note = f", {odd.note}" if odd.note else ""
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


def collect(
    items: types.Iterable[tuple[Transport | None, int, int]],
) -> dict[Transport | None, PortSet]:
    """Return the union of (transport, first, last) items for each transport."""
    sets: dict[Transport | None, PortSet] = {}
    pending: dict[Transport | None, list[PortRange]] = {}
    for transport, first, last in items:
        held = pending.setdefault(transport, [])
        held.append(PortRange(first, last))
        if len(held) >= _PENDING:
            sets[transport] = sets.get(transport, PortSet.empty()).union(held)
            held.clear()
    for transport, held in pending.items():
        sets[transport] = sets.get(transport, PortSet.empty()).union(held)
    return sets
