"""The lines of findings: each one, or the first of a kind with the number of the others."""

from __future__ import annotations

import sys
from dataclasses import replace

from portranges import types
from portranges.advice import Finding
from portranges.cli.output import columns
from portranges.layout import cut_list, labels, many

_LABEL = 9  # columns of the severity

# Findings of one kind that are printed individually.
_MOST = 3

_LONGEST = 40  # a list of ports


def lines_of(found: types.Iterable[Finding], *, sources: bool, full: bool) -> types.Iterator[str]:
    """Yield the lines of findings; unless *full*, one line for more than three of a kind."""
    for each in found if full else _summarized(found):
        yield from labelled(f"{each.severity.value}:", each.sentence)
        if sources:
            yield from labelled("", f"[{each.source}]")


def labelled(label: str, text: str) -> types.Iterator[str]:
    """Yield the lines of *text* beside *label*."""
    yield from labels([(label, text)], label_width=_LABEL, width=columns(sys.stdout))


def _summarized(found: types.Iterable[Finding]) -> types.Iterator[Finding]:
    kinds: dict[str, list[Finding]] = {}
    for each in _merged(found):
        kinds.setdefault(each.id, []).append(each)
    for first, *others in kinds.values():
        if len(others) < _MOST:
            yield from (first, *others)
            continue
        ports = first.ports.union(*(each.ports for each in others))
        more = f"{len(others):,} more like this"
        if len(ports) > 1:
            more += f", on {many(len(ports), 'port')}: {cut_list(str(ports), _LONGEST)}"
        yield replace(first, sentence=f"{first.sentence}; {more}")


def _merged(found: types.Iterable[Finding]) -> types.Iterator[Finding]:
    """Yield findings once that differ only in their ports."""
    merged: dict[tuple[str, str], list[Finding]] = {}
    for each in found:
        merged.setdefault((each.id, each.sentence.removeprefix(str(each.ports))), []).append(each)
    for (_, rest), alike in merged.items():
        first = alike[0]
        if len(alike) > 1 and rest != first.sentence:
            ports = first.ports.union(*(each.ports for each in alike))
            first = replace(first, ports=ports, sentence=cut_list(str(ports), _LONGEST) + rest)
        yield first
