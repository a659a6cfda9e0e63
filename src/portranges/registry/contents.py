"""The contents of a registry: a table combined with a site's own services.

``Registry`` checks the arguments of these functions and keeps their results.
"""

from __future__ import annotations

import re
from itertools import pairwise

from portranges import checks, types
from portranges.errors import InvalidValueError
from portranges.ports import LAST_PORT, PortRange, Transport
from portranges.portset import PortSet
from portranges.registry.model import LAST_REGISTERED, TRANSPORTS, Assignment, State
from portranges.registry.table import NOT_LISTED

_REGISTERED = PortRange(0, LAST_REGISTERED)

# Every word of a search is looked for in every row.
_LONGEST_TEXT = 100

_NO_MATCH = 5


def all_rows(table: types.RegistryTable, own: types.OwnCells) -> types.Iterator[Assignment]:
    """Yield each row of *own*, and of *table* unless *own* replaces it, once, by port."""
    rows = table.rows()
    if own:
        rows = iter(sorted(_visible(table, own), key=_port_and_transport))
    seen: set[int] = set()
    for first, last, row in rows:
        # A row that is yielded for each part of its range is the same object, which a table keeps.
        if len(row.ports) > last - first + 1:
            if id(row) in seen:
                continue
            seen.add(id(row))
        yield row


def _visible(
    table: types.RegistryTable, own: types.OwnCells
) -> types.Iterator[tuple[int, int, Assignment]]:
    for first, last, row in table.rows():
        hidden = own.get(row.transport, {})
        visible = next((port for port in range(first, last + 1) if port not in hidden), None)
        if visible is not None:
            yield visible, last, row
    for cells in own.values():
        for port, cell in cells.items():
            for row in cell.assignments:
                yield port, port, row


def _port_and_transport(found: tuple[int, int, Assignment]) -> tuple[int, int]:
    return found[0], TRANSPORTS.index(found[2].transport)


def matching(rows: types.Iterable[Assignment], text: str) -> tuple[Assignment, ...]:
    """Return the *rows* that contain all words of *text*, the best matches first."""
    words = checks.of_type("text", text, str).casefold().split()
    if not words:
        raise InvalidValueError("text must have a word", repr(text))
    if len(text) > _LONGEST_TEXT:
        rule = f"text must have at most {_LONGEST_TEXT} characters"
        raise InvalidValueError(rule, f"{len(text)}")
    whole = " ".join(words)
    patterns = [(word, re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")) for word in words]
    found: list[tuple[list[int], Assignment]] = []
    for row in rows:
        name, description = (row.service or "").casefold(), row.description.casefold()
        ranks = [_rank(word, pattern, name, description) for word, pattern in patterns]
        if name == whole:
            found.append(([0], row))
        elif _NO_MATCH not in ranks:
            # The worst word counts first.
            found.append((sorted(ranks, reverse=True), row))
    # Stable: rows of equal ranks stay in the order of their ports.
    found.sort(key=lambda each: each[0])
    return tuple(row for _, row in found)


def _rank(word: str, pattern: types.Pattern[str], name: str, description: str) -> int:
    """Return how well *word* matches, from 0, the best."""
    if word in name:
        return 0 if name == word else 1 if name.startswith(word) else 2
    if word in description:
        return 3 if pattern.search(description) else 4
    return _NO_MATCH


def all_sets(
    table: types.RegistryTable, own: types.OwnCells
) -> dict[tuple[Transport, State], PortSet]:
    """Return the ports of every transport and state, in one pass over *table*."""
    rows: dict[tuple[Transport, State], list[int | PortRange]] = {}
    for first, last, transport, state in table.spans():
        # Nearly all are single ports, and an integer is cheaper than a range.
        ports = first if first == last else PortRange(first, last)
        rows.setdefault((transport, state), []).append(ports)
    by_row = {key: PortSet(ranges) for key, ranges in rows.items()}
    listed = PortSet().union(*by_row.values())
    nothing = PortSet()
    available = _REGISTERED - listed
    # All ports without a row have the same state, which depends on the table.
    if available and table.cell(available.first, Transport.TCP) == NOT_LISTED:
        available = nothing
    sets: dict[tuple[Transport, State], PortSet] = {}
    for each in TRANSPORTS:
        added = PortSet(own.get(each, ()))
        assigned = by_row.get((each, State.ASSIGNED), nothing)
        reserved = by_row.get((each, State.RESERVED), nothing)
        unassigned = by_row.get((each, State.UNASSIGNED), nothing) | available
        without_row = _REGISTERED - assigned - reserved - unassigned
        sets[each, State.ASSIGNED] = assigned | added
        sets[each, State.RESERVED] = reserved - added
        sets[each, State.UNASSIGNED] = unassigned - added
        sets[each, State.NOT_LISTED] = without_row - added
    return sets


def all_spans(table: types.RegistryTable, own: types.OwnCells) -> tuple[PortRange, ...]:
    """Return the ranges within which all ports have the same rows."""
    firsts = {0, LAST_REGISTERED + 1}
    for first, last, *_ in table.spans():
        firsts |= {first, last + 1}
    for cells in own.values():
        for port in cells:
            firsts |= {port, port + 1}
    ordered = sorted(firsts | {LAST_PORT + 1})
    return tuple(PortRange(first, end - 1) for first, end in pairwise(ordered))


def all_names(table: types.RegistryTable, own: types.OwnCells) -> types.Iterator[str]:
    """Yield all service names, possibly repeated."""
    yield from table.names()
    for cells in own.values():
        for cell in cells.values():
            yield from cell.services


def named_ranges(
    table: types.RegistryTable, own: types.OwnCells, name: str
) -> dict[Transport, tuple[PortRange, ...]]:
    """Return the ports of the service *name*, in lower case, for each transport that has it."""
    found: dict[Transport, list[PortRange]] = {}
    for first, last, transport in table.named(name):
        found.setdefault(transport, []).append(PortRange(first, last))
    sets = {each: PortSet(ranges) for each, ranges in found.items()}
    for transport, cells in own.items():
        added = PortSet(
            port for port, cell in cells.items() if name in map(str.lower, cell.services)
        )
        sets[transport] = (sets.get(transport, PortSet()) - PortSet(cells)) | added
    return {each: ports.ranges for each, ports in sets.items() if ports}
