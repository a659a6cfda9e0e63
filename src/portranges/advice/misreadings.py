"""Find texts in a ruleset that a tool reads differently from a person; the rows describe them."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from portranges import types
from portranges.advice.idle_rules import about
from portranges.advice.misread_rows import ROWS, Misreading
from portranges.advice.model import Finding
from portranges.layout import cut_list
from portranges.rulesets import Applies, Ruleset
from portranges.transport_ports import TransportPorts

# The longest part of a rule in a sentence.
_LONGEST = 60

# The part of an error message about the tool, which follows the fault.
_HINT = re.compile(
    r"; ((?:[^;']|'[^']*')* reads .* as .*|[^;]*every port is (?:allowed|meant)[^;]*)$"
)


def find(ruleset: Ruleset) -> types.Iterator[Finding]:
    """Yield the findings about the rules of *ruleset*; rules with the same text have one."""
    searches = _searches(ruleset.format)
    if not searches:
        return
    seen: set[tuple[str, str]] = set()
    for rule in ruleset.rules:
        if rule.applies is Applies.NEVER:
            continue
        text = "\n".join((rule.text, *rule.conditions))
        for row, group, pattern, also, without in searches:
            if (
                rule.action in row.actions
                and (not row.words or any(map(text.__contains__, row.words)))
                and (match := pattern.search(text))
                and (also is None or also.search(text))
                and (without is None or not without.search(text))
                and group.match(rule.group)
                and (row.name, text) not in seen
            ):
                seen.add((row.name, text))
                ports = _shown(rule.ports)
                found = match[0] if len(match[0]) <= _LONGEST else f"{match[0][:_LONGEST]}..."
                means = row.means.format(found, ports=ports)
                yield about(rule, "misread-opening" if row.opens else "misread", means=means)


# Many rules may refer to one set.
@lru_cache(maxsize=16)
def _shown(ports: TransportPorts) -> str:
    return cut_list(str(ports), _LONGEST) or "a list of ports"


def hint_of(reason: str) -> tuple[str, str]:
    """Return the fault in a reason for skipping a rule, and what the tool reads, or ``""``."""
    match = _HINT.search(reason)
    return (reason[: match.start()], match[1]) if match else (reason, "")


class _Search(NamedTuple):
    """A row, with its regular expressions."""

    row: Misreading
    group: re.Pattern[str]
    pattern: re.Pattern[str]
    also: re.Pattern[str] | None
    without: re.Pattern[str] | None


@cache
def _searches(name: str) -> tuple[_Search, ...]:
    return tuple(
        _Search(
            row,
            re.compile(row.group),
            re.compile(row.pattern, re.MULTILINE),
            re.compile(row.also) if row.also else None,
            re.compile(row.without, re.MULTILINE) if row.without else None,
        )
        for row in ROWS
        if name in row.formats
    )
