"""Asks the frozen package: one method for each question, under the names of that package.

A method returns a list with one answer for each thing that its question asks. An answer is plain
data: numbers, texts, None and tuples of these; an exception is its class and what ``plain.error``
keeps of it.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
from array import array
from collections.abc import Callable, Iterable
from enum import Enum
from functools import lru_cache, partial
from operator import attrgetter
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from frozen.plain import error, json_facts, numbers_of
from frozen.questions.names import mutated

# Words of enumerations that differ between packages, as one common word.
_CONFIDENCE = {
    # of portranges.ephemeral
    "verified in source": "source",
    "measured": "measured",
    "vendor doc": "document",
    "standard": "standard",
    "secondary": "reported",
    "inferred": "inferred",
    "from memory": "memory",
    # of portranges.reuse
    "read in the system's source": "source",
    "read in the system's documents": "document",
    "reported by users": "reported",
    "from memory, not checked against the text": "memory",
}

_SETS = frozenset({"ip_local_reserved_ports", "reserved", "excluded", "ports", "restricted"})
_SETS |= {"extra_privileged"}

Socket = tuple[Any, ...]

# The size of the number whose remainder is the first port; 0 for an even draw.
_DRAWN_BITS = {"freebsd": 32, "freebsd-14": 32, "freebsd-13": 32, "macos": 16}


class _Drawn(Random):
    """Draws below a number as ``portranges.selection`` does."""

    def __init__(self, seed: int, bits: int) -> None:
        super().__init__(seed)
        self._bits = bits

    def randrange(self, start: int, stop: Any = None, step: int = 1) -> int:
        if start < 2:
            return 0
        if self._bits:
            return self.getrandbits(self._bits) % start
        bits = (start - 1).bit_length()
        while (drawn := self.getrandbits(bits)) >= start:
            pass
        return drawn


class Old:
    """The frozen package. ``New`` derives from it and overrides what has been renamed."""

    # The fields of each record that are compared, by the name of its class. "prose" fields are
    # compared by their numbers.
    FIELDS: ClassVar[dict[str, str]] = {
        "EphemeralProfile": "name aliases kind is_current since until transports ports skipped "
        "tuned shares_ports_across_destinations time_wait privileged_below privileged_extra "
        "privileged_source exhaustion read_with set_with ports_per_address sources "
        "confidence source has_fixed_range",
        "Algorithm": "name aliases start walk counts_holes random_bits cells increment step "
        "gives_up source confidence",
        "Method": "name systems growth waits source confidence",
        "Dialect": "name aliases plain negated framed also_framed need transports separator "
        "blanks_separate blanks range_signs opening closing bracketed quote quote_all "
        "range_needs_quote open_first open_last equal_ends lowest operators every empty names "
        "dashed_names overlap items slots size texts grammar odd version evidence sources",
        "DataForm": "name transports lowest items evidence sources",
        "Operator": "sign comparison",
        "OddText": "fault text means",
        "Rule": "id verdict error source confidence",
        "MachineSettings": "transport family configured reserved excluded unprivileged_start "
        "time_wait time_wait_reuse time_wait_reuse_after time_wait_limit fin_wait_2 effective "
        "readings",
        "Origin": "field kind",
        "Exclusion": "ports administered",
        "Assignment": "ports transport state service description assignee contact registered "
        "modified reference service_code unauthorized_use note",
        "Criterion": "id service_has service_lacks client_has client_lacks source",
        "Advice": "id severity source",
        "Finding": "id severity ports source",
        "Difference": "added removed",
        "Use": "name ports transports source",
        "TransportState": "transport state services description",
        "EphemeralRange": "name ports skips_port source",
        "BindRule": "name privileged source",
        "InspectCommand": "command source",
        "Remark": "source",
        "PortReport": "port category registry purpose handed_out_by not_handed_out_by bind_rules "
        "browser_blocked browser_source uses commands judgement registry_source",
    }
    PROSE: ClassVar[dict[str, str]] = {
        "EphemeralProfile": "system version_note algorithm exclusions socket_overrides "
        "per_transport per_family scope sharing_note time_wait_note privileged_note set_rules note "
        "confidence_note read_output",
        "Algorithm": "system note",
        "Method": "calls note",
        "Dialect": "tool place combined limits",
        "DataForm": "tool place every limits",
        "OddText": "note",
        "Rule": "sentence",
        "Criterion": "rule reason",
        "Advice": "says reason",
        "Finding": "sentence",
        "Use": "note",
        "EphemeralRange": "system",
        "BindRule": "system note",
        "InspectCommand": "system shows",
        "Remark": "text",
    }
    # Names in this package for names of FIELDS, PROSE and the records themselves.
    RENAMED_FIELDS: ClassVar[dict[tuple[str, str], str]] = {}
    # How a field of FIELDS is computed if this package does not have it.
    COMPUTED_FIELDS: ClassVar[dict[tuple[str, str], Callable[[Any], Any]]] = {}
    RENAMED_RECORDS: ClassVar[dict[str, str]] = {}
    JSON_KEYS: ClassVar[dict[str, str]] = {}
    JSON_WORDS: ClassVar[dict[str, dict[str, str]]] = {"confidence": _CONFIDENCE}
    WORDS: ClassVar[dict[str, dict[str, str]]] = {"Confidence": _CONFIDENCE}

    def __init__(self) -> None:
        import portranges
        from portranges import (
            advice,
            capacity,
            dialects,
            ephemeral,
            flows,
            registry,
            reuse,
            selection,
            system,
            uses,
        )

        self.top: Any = portranges
        self.advice: Any = advice
        self.capacity: Any = capacity
        self.dialects: Any = dialects
        self.ephemeral: Any = ephemeral
        self.flows: Any = flows
        self.registry: Any = registry
        self.reuse: Any = reuse
        self.selection: Any = selection
        self.system: Any = system
        self.uses_module: Any = uses
        self._readers: dict[type, list[tuple[str, Callable[[Any], Any], bool]]] = {}

    def answer(self, question: tuple[Any, ...]) -> list[Any]:
        """Return the answers to *question*."""
        method = getattr(self, question[0])
        try:
            answers: list[Any] = method(*question[1:])
        except Exception as problem:  # noqa: BLE001 (an error is an answer)
            return [self.error(problem)]
        return answers

    # -- plain data -------------------------------------------------------------

    def error(self, problem: Exception) -> Any:
        """Return an exception as plain data; ``worker.py`` replaces it to show messages."""
        return error(problem)

    def plain(self, value: Any) -> Any:
        """Return *value* as plain data."""
        kind = type(value)
        if value is None or kind in (int, str, bool, float, bytes):
            return value
        if kind is tuple or kind is list:
            return tuple([self.plain(each) for each in value])
        if isinstance(value, Enum):
            words = self.WORDS.get(kind.__name__)
            return value.value if words is None else words.get(value.value, value.value)
        top = self.top
        if kind is top.PortSet or kind is top.PortRange:
            return str(value)
        if kind is top.MaskedPort:
            return value.value, value.mask
        if kind is top.Source:
            return value.document, value.section
        if isinstance(value, dict):
            return tuple(sorted((self.plain(key), self.plain(value[key])) for key in value))
        readers = self._readers.get(kind)
        if readers is None:
            readers = self._readers[kind] = self._readers_of(kind)
        return tuple(
            [
                (name, numbers_of(str(read(value))))
                if is_prose
                else (name, self.plain(read(value)))
                for name, read, is_prose in readers
            ]
        )

    def _readers_of(self, kind: type) -> list[tuple[str, Callable[[Any], Any], bool]]:
        record = self.RENAMED_RECORDS.get(kind.__name__, kind.__name__)
        if record not in self.FIELDS:
            raise LookupError(f"old.py does not know the fields of {kind.__name__}")
        found: list[tuple[str, Callable[[Any], Any], bool]] = []
        for names, is_prose in ((self.FIELDS[record], False), (self.PROSE.get(record, ""), True)):
            for name in names.split():
                read = self.COMPUTED_FIELDS.get((record, name))
                if read is None:
                    read = attrgetter(self.RENAMED_FIELDS.get((record, name), name))
                found.append((name, read, is_prose))
        return found

    def each(self, ask: Callable[..., Any], asked: Iterable[Any]) -> list[Any]:
        """Return what *ask* answers to each of *asked*."""
        found = []
        for one in asked:
            try:
                found.append(self.plain(ask(one)))
            except Exception as problem:  # noqa: BLE001
                found.append(self.error(problem))
        return found

    def every(self, ask: Callable[..., Any], asked: Iterable[tuple[Any, ...]]) -> list[Any]:
        """Return what *ask* answers to each of *asked*, given as separate arguments."""
        return self.each(lambda one: ask(*one), asked)

    def ports(self, text: str) -> Any:
        """Return the set that *text* says."""
        return self.top.PortSet.parse(text) if text else self.top.PortSet.empty()

    # -- numbers ----------------------------------------------------------------

    def check_ports(self, values: tuple[Any, ...]) -> list[Any]:
        return self.each(self.top.check_port, values)

    def parse_ports(self, texts: tuple[str, ...]) -> list[Any]:
        return self.each(self.top.parse_port, texts)

    def parse_ranges(self, texts: tuple[str, ...]) -> list[Any]:
        return self.each(self.top.PortRange.parse, texts)

    def parse_sets(self, texts: tuple[str, ...]) -> list[Any]:
        def read(text: str) -> Any:
            found = self.top.PortSet.parse(text)
            return str(found), len(found)

        return self.each(read, texts)

    def make_ranges(self, pairs: tuple[tuple[int, int], ...]) -> list[Any]:
        def make(first: int, last: int) -> Any:
            made = self.top.PortRange(first, last)
            return made.first, made.last, len(made), str(made), made.to_range()[-1], first in made

        return self.every(make, pairs)

    def relate_ranges(self, quads: tuple[tuple[int, int, int, int], ...]) -> list[Any]:
        def relate(a: int, b: int, c: int, d: int) -> Any:
            one, other = (self.top.PortRange(min(x, y), max(x, y)) for x, y in ((a, b), (c, d)))
            return one.overlaps(other), one.adjoins(other), one < other, one == other, c in one

        return self.every(relate, quads)

    def cover_ranges(self, pairs: tuple[tuple[int, int], ...]) -> list[Any]:
        def cover(first: int, last: int) -> Any:
            made = self.top.PortRange(first, last)
            return made.prefix_cover(), made.ternary_cover()

        return self.every(cover, pairs)

    def cover_widths(self, triples: tuple[tuple[int, int, int], ...]) -> list[Any]:
        from portranges import covers

        return self.every(
            lambda *one: (covers.prefix_cover(*one), covers.ternary_cover(*one)), triples
        )

    def make_masks(self, pairs: tuple[tuple[int, int], ...]) -> list[Any]:
        def make(value: int, mask: int) -> Any:
            made = self.top.MaskedPort(value & mask if value % 5 else value, mask)
            ports = self.top.PortSet.from_masks([made])
            return made, str(made), len(made), value in made, ports

        return self.every(make, pairs)

    def python_ranges(self, triples: tuple[tuple[int, int, int], ...]) -> list[Any]:
        return self.every(lambda *one: self.top.PortRange.from_range(range(*one)), triples)

    def sets(self, one_text: str, other_text: str, probes: tuple[int, ...]) -> list[Any]:
        one, other = self.ports(one_text), self.ports(other_text)
        asks: list[Callable[[], Any]] = [
            lambda: one | other,
            lambda: one & other,
            lambda: one - other,
            lambda: one ^ other,
            lambda: ~one,
            lambda: (one <= other, one < other, one >= other, one > other, one == other),
            lambda: one.union(other, probes),
            lambda: one.intersection(other, probes),
            lambda: one.difference(other, probes),
            lambda: one.symmetric_difference(probes),
            lambda: (one.issubset(probes), one.issuperset(probes), one.isdisjoint(probes)),
            lambda: (len(one), bool(one), len(one.ranges)),
            lambda: one.first,
            lambda: one.last,
            lambda: one.ranges,
            lambda: one.prefix_cover(),
            lambda: one.to_int().to_bytes(8192, "little").rstrip(b"\0")[-64:],
            lambda: self.top.PortSet.from_int(one.to_int() >> 3),
            lambda: tuple(port in one for port in probes),
            lambda: tuple(one)[-100:],
            lambda: (one.table.count(1), one.table.find(1)),
        ]
        asks += [partial(one.nth, at) for at in (0, 1, -1, 7, -100, 70000)]
        return self.each(lambda ask: ask(), asks)

    def collect(self, values: tuple[int, ...], width: int, text: str) -> list[Any]:
        made, other = self.top.PortSet(values), self.ports(text)
        last = self.top.PortRange(values[-1])
        mixed = [*values, range(values[0], values[0] + width), last, other]
        found = self.each(self.top.PortSet, [values, mixed, [other, *values]])
        return [*found, str(made)]

    def many(self, kind: str, text: str, length: int, seed: int) -> list[Any]:
        rng = Random(seed)
        given, more = self._buffer(kind, [rng.randrange(65536) for _ in range(length)])
        ports = self.ports(text)
        asks: list[Callable[[], Any]] = [
            lambda: ports.contains_many(given, **more),
            lambda: ports.count_many(given, **more),
            lambda: self.top.classify_many(given, **more),
            lambda: self.count_by_category(given, **more),
        ]
        return self.each(lambda ask: ask(), asks)

    def count_by_category(self, given: Any, **more: Any) -> Any:
        from portranges.categories import count_by_category

        return count_by_category(given, **more)

    @staticmethod
    def _buffer(kind: str, numbers: list[int]) -> tuple[Any, dict[str, str]]:
        if kind == "list":
            return numbers, {}
        if kind == "tuple":
            return tuple(numbers), {}
        if kind.startswith("array"):
            code = kind[-1]
            return array(code, numbers), {}
        if kind.startswith("bytes"):
            order: Any = kind.split()[1]
            return b"".join(each.to_bytes(2, order) for each in numbers), {"byteorder": order}
        if kind == "uneven":
            return b"\x01\x02\x03", {}
        return [*numbers, 70000, -1], {}

    def categories(self) -> list[Any]:
        found = []
        for each in self.top.Category:
            fields = each.value, each.ports, each.label, each.other_labels, each.procedure
            found.append(self.plain((*fields, each.source)))
        return found

    def classify(self, first: int, last: int) -> list[Any]:
        return self.each(self.top.classify, range(first, last + 1))

    # -- ephemeral --------------------------------------------------------------

    def profile_names(self) -> list[Any]:
        kinds = None, "host", "middlebox", "document", "other"
        asked = [(kind, current) for kind in kinds for current in (None, True, False)]
        return self.every(
            lambda kind, current: tuple(
                row.name for row in self.ephemeral.profiles(kind, current=current)
            ),
            asked,
        )

    def profile(self, name: str) -> list[Any]:
        return self._fields(self.profile_of(name))

    def _fields(self, value: Any) -> list[Any]:
        """Return each field as an answer of its own."""
        return list(self.plain(value))

    def privileged(self, name: str) -> list[Any]:
        row = self.profile_of(name)
        answers: dict[Any, list[int]] = {}
        for port in (*range(0, 1100, 3), *range(1100, 65536, 97), 2049, 4045, 65535):
            answers.setdefault(row.is_privileged(port), []).append(port)
        return [(str(answer), str(self.top.PortSet(found))) for answer, found in answers.items()]

    def profile_of(self, name: str) -> Any:
        return self.ephemeral.profile(name)

    def aliases(self, names: tuple[str, ...]) -> list[Any]:
        return self.each(lambda name: self.profile_of(name).name, names)

    def replace(self, asked: tuple[tuple[str, str | None, str | None], ...]) -> list[Any]:
        def ask(name: str, ports: str | None, excluded: str | None) -> Any:
            row = self.replaced(name, ports, excluded)
            return row.ports, row.skipped, row.tuned, row.has_fixed_range

        return self.every(ask, asked)

    def replaced(self, name: str, ports: str | None, excluded: str | None) -> Any:
        more = {}
        if ports is not None:
            more["ports"] = self.ports(ports)
        if excluded is not None:
            more["excluded"] = self.ports(excluded)
        row = self.profile_of(name)
        return row.replace(**more) if more else row

    def profile_ports(self, asked: tuple[tuple[str, ...], ...]) -> list[Any]:
        return self.each(self.ports_of_systems, asked)

    def ports_of_systems(self, names: tuple[str, ...]) -> Any:
        return self.ephemeral.ports(*names)

    def allocated_by(
        self, first: int, last: int, transport: str | None, kind: str | None, current: bool | None
    ) -> list[Any]:
        ask = self.handed_out_by()
        return self.each(
            lambda port: tuple(
                [row.name for row in ask(port, transport, kind=kind, current=current)]
            ),
            range(first, last + 1),
        )

    def handed_out_by(self) -> Any:
        return self.ephemeral.handed_out_by

    # -- selection --------------------------------------------------------------

    def algorithm_names(self) -> list[Any]:
        return [tuple(row.name for row in self.selection.algorithms())]

    def algorithm(self, name: str) -> list[Any]:
        return self._fields(self.selection.algorithm(name))

    def algorithm_aliases(self, names: tuple[str, ...]) -> list[Any]:
        return self.each(lambda name: self.selection.algorithm(name).name, names)

    def algorithm_replace(self, name: str, asked: tuple[tuple[Any, Any], ...]) -> list[Any]:
        def ask(cells: int | None, increment: int | None) -> Any:
            row = self._algorithm(name, cells, increment)
            return row.cells, row.increment

        return self.every(ask, asked)

    def _algorithm(self, name: str, cells: int | None, increment: int | None) -> Any:
        row = self.selection.algorithm(name)
        return row if cells is increment is None else row.replace(cells=cells, increment=increment)

    def allocate(
        self,
        algorithm: str,
        replaced: tuple[int | None, int | None],
        ports: str,
        excluded: str,
        shared: bool,
        seed: int,
        steps: tuple[tuple[Any, ...], ...],
    ) -> list[Any]:
        allocator = self.selection.Allocator(
            self.ports(ports),
            self._algorithm(algorithm, *replaced),
            excluded=self.ports(excluded),
            shared=shared,
            rng=Random(seed),
        )
        every = tuple(allocator.ports)
        held: list[int] = []
        found: list[Any] = []
        for step in steps:
            try:
                if step[0] == "a":
                    port = allocator.allocate(step[1])
                    held.append(port)
                    found.append((port, allocator.probes))
                elif step[0] == "t":
                    port = every[step[1] % len(every)] if every else 7
                    allocator.take(port, step[2])
                    held.append(port)
                    found.append(port)
                elif step[0] == "r":
                    port = held[step[1] % len(held)] if held else 7
                    allocator.release(port, step[2])
                    held.remove(port)
                    found.append(port)
                else:
                    allocator.rekey()
                    found.append("rekeyed")
            except Exception as problem:  # noqa: BLE001
                found.append(self.error(problem))
        found.append((allocator.in_use, allocator.free, allocator.probes, allocator.algorithm.name))
        found.append((str(allocator.ports), str(allocator.excluded)))
        if shared:
            found.append((allocator.free_towards("192.0.2.1"), allocator.free_towards(7)))
        return found

    # -- capacity ---------------------------------------------------------------

    def bounds(self, value: Any) -> tuple[Any, Any]:
        """Return a number, or an interval, as its two bounds."""
        if isinstance(value, self.capacity.Interval):
            return value.low, value.high
        return value, value

    def methods(self, system: str) -> list[Any]:
        return self.each(lambda row: row, self.capacity.methods(system))

    def concurrent(
        self,
        system: str,
        ports: str | None,
        excluded: str | None,
        destinations: int,
        sources: int,
        method: str,
    ) -> list[Any]:
        row = self.replaced(system, ports, excluded)
        more = {"destinations": destinations, "sources": sources, "method": method}
        return [self.plain(self.bounds(self.capacity.concurrent(row, **more)))]

    def rate(
        self,
        system: str,
        ports: str | None,
        excluded: str | None,
        time_wait: float | None,
        destinations: int,
        sources: int,
        method: str,
    ) -> list[Any]:
        row = self.replaced(system, ports, excluded)
        more = {"destinations": destinations, "sources": sources, "method": method}
        return [self.plain(self.bounds(self.capacity.rate(row, time_wait=time_wait, **more)))]

    def self_connect(
        self, system: str, ports: str | None, excluded: str | None, asked: tuple[int, ...]
    ) -> list[Any]:
        row = self.replaced(system, ports, excluded)
        return self.each(lambda port: self.capacity.self_connect_probability(row, port), asked)

    def collisions(self, draws: int, ports: int) -> list[Any]:
        asks = self.capacity.collision_probability, self.capacity.expected_collisions
        return self.each(lambda ask: ask(draws, ports), asks)

    def draws_for(self, probability: float, ports: int) -> list[Any]:
        return [self.capacity.draws_for(probability, ports)]

    def probes(self, algorithm: str, in_use: int, ports: int, filling: str) -> list[Any]:
        found = self.capacity.expected_probes(algorithm, in_use, ports, filling=filling)
        return [self.bounds(found)]

    def give_up(self, in_use: int, ports: int) -> list[Any]:
        return [self.capacity.give_up_probability(in_use, ports)]

    def time_wait_sockets(self, rate: float, time_wait: float) -> list[Any]:
        return [self.capacity.time_wait_sockets(rate, time_wait)]

    # -- dialects ---------------------------------------------------------------

    def dialect_names(self) -> list[Any]:
        return [tuple(self.dialects.names()), tuple(row.name for row in self.dialect_rows())]

    def dialect_rows(self) -> Any:
        return self.dialects.dialects()

    def dialect_of(self, name: str) -> Any:
        return self.dialects.dialect(name)

    def dialect(self, name: str) -> list[Any]:
        return self._fields(self.dialect_of(name))

    def odd_texts(self, name: str) -> list[Any]:
        odd = self.odd(self.dialect_of(name))
        found = self.each(lambda one: self.dialects.parse(one.text, name), odd)
        return found + self.each(lambda one: one.understood, odd)

    def odd(self, row: Any) -> Any:
        return row.odd

    def dialect_aliases(self, names: tuple[str, ...]) -> list[Any]:
        return self.each(lambda name: self.dialect_of(name).name, names)

    def data_forms(self) -> list[Any]:
        return self.each(lambda row: row, self.dialects.data_forms())

    def parse(
        self, dialect: str, texts: tuple[str, ...], transport: str | None, services: bool
    ) -> list[Any]:
        more: dict[str, Any] = {"transport": transport}
        if services:
            more["services"] = self.registry.SHIPPED
        return self.each(lambda text: self.dialects.parse(text, dialect, **more), texts)

    def round_trip(
        self,
        dialect: str,
        ports: str,
        transport: str | None,
        negated: bool,
        ternary: bool,
        seed: int,
        mutants: int,
    ) -> list[Any]:
        asked = self.ports(ports)
        more: dict[str, Any] = {"transport": transport, "negated": negated}
        found = self.each(lambda one: self.dialects.render(one, dialect, **more), (asked,))
        if ternary:
            more["ternary"] = True
        rules = self.dialects.render_rules(asked, dialect, **more)
        found.append(tuple(rules))
        text = "\n".join(rules)
        wanted = None if transport is None else transport
        found += self.each(lambda one: self.dialects.parse(one, dialect, transport=wanted), (text,))
        rng = Random(seed)
        short = text[: 80 + rng.randrange(400)]
        faulty = [mutated(rng, rng.choice((rules[0], short))) for _ in range(mutants)]
        return found + self.each(lambda one: self.dialects.parse(one, dialect), faulty)

    def to_data(self, form: str, asked: tuple[tuple[str, str], ...]) -> list[Any]:
        write = getattr(self.dialects, f"to_{form}")

        def ask(text: str, transport: str) -> Any:
            ports = self.ports(text)
            return write(ports) if form == "azure" else write(ports, transport=transport)

        return self.every(ask, asked)

    def from_data(self, form: str, transport: str | None, asked: tuple[Any, ...]) -> list[Any]:
        read = getattr(self.dialects, f"from_{form}")

        def ask(entries: Any) -> Any:
            given = _unpacked(entries)
            return read(given) if form == "azure" else read(given, transport=transport)

        return self.each(ask, asked)

    # -- registry ---------------------------------------------------------------

    def cells(self, transport: str, first: int, last: int) -> list[Any]:
        state, services, lookup = self.registry.state, self.registry.services, self.registry.lookup
        plain = lru_cache(maxsize=4096)(self.plain)
        return self.each(
            lambda port: (
                state(port, transport).value,
                services(port, transport),
                tuple([plain(row) for row in lookup(port, transport)]),
            ),
            range(first, last + 1),
        )

    def lookup_all(self, asked: tuple[int, ...]) -> list[Any]:
        return self.each(self.registry.lookup, asked)

    def registry_facts(self) -> list[Any]:
        return [str(self.registry.snapshot), self.plain(self.registry.source)]

    def registry_sets(self, transport: str) -> list[Any]:
        names = "assigned", "reserved", "unassigned", "not_listed"
        return self.each(lambda name: getattr(self.registry, name)(transport), names)

    def service_ports(self, names: tuple[str, ...], transport: str | None) -> list[Any]:
        return self.each(lambda name: self.registry.ports(name, transport), names)

    def service_ports_of(self, asked: tuple[int, ...]) -> list[Any]:
        """Return the ports of every service that has one of *asked*."""
        names = [name for port in asked for name in self.registry.services(port, "tcp")]
        return self.each(self.registry.ports, names)

    def service_names(self, texts: tuple[str, ...]) -> list[Any]:
        return self.each(self.registry.is_service_name, texts)

    def own_services(self, added: tuple[Any, ...], asked: tuple[int, ...]) -> list[Any]:
        given = {
            name: [(self.top.PortRange.parse(ports), transport) for ports, transport in entries]
            for name, entries in added
        }
        made = self.registry.SHIPPED.with_services(given)
        found = self.every(made.lookup, [(port, "tcp") for port in asked])
        found += self.each(made.ports, given)
        found += self.each(made.assigned, ("tcp", "udp"))
        for _, entries in added:
            for ports, transport in entries:
                first = int(ports.partition("-")[0])
                found.append((made.state(first, transport).value, made.services(first, transport)))
        return found

    def read_registry(self, text: str, asked: tuple[int, ...]) -> list[Any]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "ports.csv")
            path.write_text(text, encoding="utf-8")
            made = self.read_iana(path)
            found = self.each(made.lookup, asked)
            found += self.each(made.assigned, ("tcp", "udp", "sctp", "dccp"))
            return found + self.each(made.not_listed, ("tcp", "udp", "sctp", "dccp"))

    def read_iana(self, path: Path) -> Any:
        return self.registry.Registry.from_iana(path)

    # -- flows ------------------------------------------------------------------

    def id_of(self, row: Any) -> str:
        found: str = row.id
        return found

    def criteria(self) -> list[Any]:
        return self.each(lambda row: row, self.flows.criteria())

    def clients(self, names: tuple[str, ...] | None) -> dict[str, Any]:
        return {} if names is None else {"clients": names}

    def judge(
        self,
        pairs: tuple[tuple[int, int], ...],
        clients: tuple[str, ...] | None,
        transport: str | None,
    ) -> list[Any]:
        more = {"transport": transport, **self.clients(clients)}

        def ask(first: int, second: int) -> Any:
            found = self.flows.judge(first, second, **more)
            port = self.flows.server_port(first, second, **more)
            return found.port, int(found.side), self.id_of(found.criterion), port

        return self.every(ask, pairs)

    def sides(
        self,
        kind: str,
        length: int,
        clients: tuple[str, ...] | None,
        transport: str | None,
        seed: int,
    ) -> list[Any]:
        rng = Random(seed)
        more = {"transport": transport, **self.clients(clients)}
        first = [rng.choice((443, 53, rng.randrange(65536))) for _ in range(length)]
        second = [rng.choice((51514, 80, rng.randrange(65536))) for _ in range(length)]
        given, order = self._buffer(kind, first)
        other, _ = self._buffer(kind if kind != "uneven" else "list", second)
        return list(self.flows.server_side_many(given, other, **more, **order))

    def sql_case(
        self, column: Any, ports: tuple[Any, ...] | None, otherwise: str | None, quote: str
    ) -> list[Any]:
        given: Any = None
        if ports is not None:
            kind, *what = ports
            if kind == "set":
                given = self.ports(what[0])
            elif kind == "range":
                given = self.top.PortRange.parse(what[0])
            elif kind == "profile":
                given = self.profile_of(what[0])
            else:
                given = {label: self.ports(text) for label, text in what}
        return [self.flows.sql_case(column, given, otherwise=otherwise, quote=quote)]

    # -- advice, uses, report ---------------------------------------------------

    def advice_rows(self) -> list[Any]:
        return self.each(lambda row: row, self.rows_of_advice())

    def rows_of_advice(self) -> Any:
        return self.advice.advice()

    def systems_and_transports(
        self, systems: tuple[str, ...] | None, transports: tuple[str, ...] | None
    ) -> dict[str, Any]:
        more: dict[str, Any] = {}
        if systems is not None:
            more["systems"] = systems
        if transports is not None:
            more["transports"] = transports
        return more

    def why_not(
        self,
        first: int,
        count: int,
        step: int,
        systems: tuple[str, ...] | None,
        transports: tuple[str, ...] | None,
    ) -> list[Any]:
        more = self.systems_and_transports(systems, transports)
        return self.each(
            lambda port: self.advice.why_not(port, **more), range(first, first + count, step)
        )

    def listen_ports(
        self, systems: tuple[str, ...] | None, transports: tuple[str, ...] | None
    ) -> list[Any]:
        return [str(self.advice.listen_ports(**self.systems_and_transports(systems, transports)))]

    def audit(self, rules: tuple[str, ...], systems: tuple[str, ...] | None) -> list[Any]:
        more = self.systems_and_transports(systems, None)
        found = self.advice.audit([self.ports(text) for text in rules], **more)
        return [self.plain(found)]

    def first_cover(self, rules: tuple[str, ...], asked: tuple[str, ...]) -> list[Any]:
        given = [self.ports(text) for text in rules]
        return self.each(lambda text: self.advice.first_cover(given, self.ports(text)), asked)

    def diff(self, old: str, new: str) -> list[Any]:
        found = self.advice.diff(self.ports(old), self.ports(new))
        return [self.plain(found), str(found), bool(found)]

    def return_traffic(self, systems: tuple[str, ...]) -> list[Any]:
        return [str(self.advice.return_traffic(*systems))]

    def sysctl_reserved(self, ports: str) -> list[Any]:
        return [self.advice.sysctl_reserved(self.ports(ports))]

    def uses(self) -> list[Any]:
        from portranges.uses import BROWSER_BLOCKED, BROWSER_BLOCKED_SOURCE

        found = self.each(lambda row: row, self.known_uses())
        return [*found, str(BROWSER_BLOCKED), self.plain(BROWSER_BLOCKED_SOURCE)]

    def known_uses(self) -> Any:
        return self.uses_module.known_uses()

    def uses_of(self, first: int, last: int) -> list[Any]:
        ask = self.uses_at()
        return [tuple([use.name for use in ask(port)]) for port in range(first, last + 1)]

    def uses_at(self) -> Any:
        return self.uses_module.uses

    def explain(self, asked: tuple[int, ...], transport: str | None) -> list[Any]:
        return self.each(lambda port: self.top.explain(port, transport=transport), asked)

    # -- reuse ------------------------------------------------------------------

    def socket_of(self, given: Socket) -> Any:
        transport, address, port, letters, v6only, uid, privileged, device, state = given
        return self.reuse.Socket(
            transport=transport,
            address=address,
            port=port,
            reuse_address="R" in letters,
            reuse_port="P" in letters,
            load_balance="L" in letters,
            exclusive="E" in letters,
            v6only=v6only,
            uid=uid,
            privileged=privileged,
            device=device,
            state=state,
        )

    def plain_socket(self, socket: Any) -> Any:
        if socket is None:
            return None
        return (
            socket.transport.value,
            str(socket.address),
            socket.port,
            socket.reuse_address,
            socket.reuse_port,
            socket.load_balance,
            socket.exclusive,
            socket.v6only,
            socket.uid,
            socket.privileged,
            socket.device,
            socket.state.value,
        )

    def decision(self, found: Any) -> Any:
        return (
            found.allowed,
            found.error,
            found.rule.id,
            self.plain_socket(found.blocker),
            self.plain(found.confidence),
        )

    def settings(self, system: str, pairs: tuple[tuple[str, Any], ...] | None) -> Any:
        if pairs is None:
            return None
        more = {}
        for name, value in pairs:
            if name == "ip_local_port_range":
                more[name] = self.top.PortRange.parse(value)
            else:
                more[name] = self.ports(value) if name in _SETS else value
        make = self.reuse.LinuxSettings if system == "linux" else self.reuse.SystemSettings
        return make(**more)

    def can_bind(
        self,
        system: str,
        settings: tuple[tuple[str, Any], ...] | None,
        local: tuple[str, ...] | None,
        asked: tuple[tuple[Socket, tuple[Socket, ...]], ...],
    ) -> list[Any]:
        more = {
            "system": system,
            "settings": self.settings(system, settings),
            "local_addresses": local,
        }

        def ask(new: Socket, existing: tuple[Socket, ...]) -> Any:
            held = [self.socket_of(each) for each in existing]
            return self.decision(self.reuse.can_bind(self.socket_of(new), held, **more))

        return self.every(ask, asked)

    def portability(self, asked: tuple[tuple[Socket, tuple[Socket, ...]], ...]) -> list[Any]:
        def ask(new: Socket, existing: tuple[Socket, ...]) -> Any:
            held = [self.socket_of(each) for each in existing]
            found = self.reuse.portability(self.socket_of(new), held)
            return tuple((name, self.decision(each)) for name, each in found.items())

        return self.every(ask, asked)

    def reuse_systems(self) -> list[Any]:
        return list(self.reuse.systems())

    def rules(self, system: str) -> list[Any]:
        rows = self.reuse.rules(system)
        return self.each(lambda row: row, rows) + self.each(
            self.reuse.rule, [row.id for row in rows]
        )

    def run(
        self,
        system: str,
        settings: tuple[tuple[str, Any], ...] | None,
        kernel: str | None,
        local: tuple[str, ...] | None,
        seed: int,
        steps: tuple[tuple[Any, ...], ...],
    ) -> list[Any]:
        table = self.table(system, settings, kernel, local, seed)
        run = _Run(self, table)
        found = []
        for step in steps:
            found.append(run.step(step))
        ports = {step[3] for step in steps if step[0] == "bind"}
        for port in sorted(ports - {0}):
            for transport in ("tcp", "udp"):
                found.append(
                    tuple([self.plain_socket(each) for each in table.holders(port, transport)])
                )
        found.append((len(table), table.lingering, table.now))
        return found

    automatic_run = run

    def table(
        self,
        system: str,
        settings: tuple[tuple[str, Any], ...] | None,
        kernel: str | None,
        local: tuple[str, ...] | None,
        seed: int,
    ) -> Any:
        table = self.reuse.PortTable(
            system,
            settings=self.settings(system, settings),
            kernel=kernel,
            local_addresses=local,
            seed=seed,
        )
        self.align_draws(table, system, seed)
        return table

    def align_draws(self, table: Any, system: str, seed: int) -> None:
        """Let *table* draw numbers of the size that the system draws, as ``selection`` did.

        The frozen table drew with ``randrange``, so that equal seeds did not give equal ports.
        """
        if system == "linux":
            return
        rng = _Drawn(seed, _DRAWN_BITS.get(system, 0))
        for picker in table._machine._pickers.values():
            picker._rng = rng

    def order(
        self, system: str, kind: str, ports: str | None, taken: str, seed: int, count: int
    ) -> list[Any]:
        settings = None
        if ports is not None:
            name = "ip_local_port_range" if system == "linux" else "ports"
            settings = ((name, ports),)
        table = self.table(system, settings, None, None, seed)
        transport, call = kind.split()
        for part in taken.rstrip(",-").split(",")[:20]:
            first = int(part.partition("-")[0] or 0)
            holder = table.socket(transport)
            if first:
                table.bind(holder, "0.0.0.0", first)
        found: list[Any] = []
        for at in range(count):
            handle = table.socket(transport)
            if call == "bind":
                decision = table.bind(handle, "127.0.0.1" if at % 3 else "0.0.0.0", 0)
            else:
                decision = table.connect(handle, f"192.0.2.{at % 2 + 1}", 443)
            found.append((decision.allowed, decision.error, table.describe(handle).port))
        return found

    def order_of(
        self,
        system: str,
        transport: str,
        is_inet6: bool,
        algorithm: str,
        ports: str,
        seed: int,
        count: int,
    ) -> list[Any]:
        """Return the order of the algorithm; ``New`` returns that of the system's sockets."""
        allocator = self.selection.Allocator(self.ports(ports), algorithm, rng=Random(seed))
        return [self._allocated(allocator) for _ in range(count)]

    def _allocated(self, allocator: Any) -> Any:
        try:
            return allocator.allocate()
        except self.top.PortsExhaustedError:
            return "exhausted"

    # -- settings of machines ----------------------------------------------------

    def parse_setting(self, name: str, texts: tuple[str, ...]) -> list[Any]:
        return self.each(getattr(self.system, name), texts)

    def read_settings(
        self,
        platform: str,
        release: str,
        texts: tuple[tuple[str, str], ...],
        transport: str,
        family: str,
    ) -> list[Any]:
        def read_file(place: str) -> str:
            for part, text in texts:
                if part in place:
                    return text
            raise FileNotFoundError(2, "No such file or directory", place)

        def run(command: Iterable[str]) -> str:
            return read_file(" ".join(command))

        # Read as the tests do: a machine is two functions.
        machine = self.system.Machine(
            platform=platform, release=release, read_file=read_file, run=run
        )
        more: dict[str, Any] = {"family": family, "machine": machine}
        asks: list[Callable[[], Any]] = [
            lambda: self.system.read_settings(transport, **more),
            lambda: self.system.read_configured(transport, **more),
            lambda: self.system.read_reserved(transport, **more),
            lambda: self.system.read_excluded(transport, **more),
            lambda: self.system.read_unprivileged_start(transport, machine=machine),
            lambda: self.system.read_time_wait(machine=machine),
            lambda: self.range_of(self.system.read_ephemeral(transport, **more)),
        ]
        return self.each(lambda ask: ask(), asks)

    @staticmethod
    def range_of(row: Any) -> Any:
        return row.name, row.ports, row.tuned, row.skipped

    # -- commands ---------------------------------------------------------------

    def commands(self, asked: tuple[tuple[str, ...], ...]) -> list[Any]:
        return [self.command(words) for words in asked]

    def command(self, words: tuple[str, ...]) -> Any:
        from portranges.cli import main

        out, errors = io.StringIO(), io.StringIO()
        given = sys.stdin
        sys.stdin = io.StringIO("")
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
                status = main(self.words(words))
        except TypeError as problem:
            return error(problem)
        finally:
            sys.stdin = given
        text = out.getvalue()
        said: Any
        if {"--help", "-h"} & {*words} or not words:
            said = ""
        elif "--json" in words:
            said = self.json_result(text)
        else:
            said = numbers_of(text)
        return status, said, bool(errors.getvalue())

    def words(self, words: tuple[str, ...]) -> list[str]:
        """Return a command line as this package takes it."""
        return list(words)

    def json_result(self, text: str) -> Any:
        """Return what a command printed as JSON; None for an error."""
        return None if not text else self.json_data(json.loads(text))

    def json_data(self, result: Any) -> Any:
        return json_facts(result, self.JSON_KEYS, self.JSON_WORDS)


class _Run:
    """One table, and the handles of its sockets by the numbers of the run."""

    def __init__(self, package: Old, table: Any) -> None:
        self.package = package
        self.table = table
        self.handles: dict[int, Any] = {}

    def step(self, step: tuple[Any, ...]) -> Any:
        """Return the decision on *step*, and the socket after it; None without a socket."""
        call, number, *rest = step
        table = self.table
        try:
            if call == "socket":
                return self._socket(number, *rest)
            if call == "advance":
                table.advance(rest[0])
                return len(table), table.lingering, table.now
            if call == "holders":
                return tuple([self.package.plain_socket(each) for each in table.holders(*rest)])
            handle = self.handles.get(number)
            if handle is None:
                return None
            if call == "close":
                table.close(handle, rest[0])
                del self.handles[number]
                return len(table), table.lingering
            decision = getattr(self, f"_{call}")(handle, *rest)
            found = self.package.decision(decision)
            return found, self.package.plain_socket(table.describe(handle))
        except Exception as problem:  # noqa: BLE001
            return self.package.error(problem)

    def _socket(
        self,
        number: int,
        transport: str,
        is_inet6: bool,
        letters: str,
        v6only: bool | None,
        uid: int,
        privileged: bool | None,
        device: str | None,
    ) -> Any:
        handle = self.table.socket(
            transport,
            family="inet6" if is_inet6 else "inet",
            v6only=v6only,
            reuse_address="R" in letters,
            reuse_port="P" in letters,
            load_balance="L" in letters,
            exclusive="E" in letters,
            uid=uid,
            privileged=privileged,
            device=device,
        )
        self.handles[number] = handle
        return self.package.plain_socket(self.table.describe(handle))

    def _bind(self, handle: Any, address: str, port: int) -> Any:
        return self.table.bind(handle, address, port)

    def _listen(self, handle: Any) -> Any:
        return self.table.listen(handle)

    def _connect(
        self, handle: Any, address: str, port: int, source: str | None, refused: bool
    ) -> Any:
        return self.table.connect(handle, address, port, source=source, refused=refused)

    def _accept(self, handle: Any, made: int, uid: int, local: str | None, peer: Any) -> Any:
        decision = self.table.accept(handle, uid=uid, local=local, peer=peer)
        if decision.handle is not None:
            self.handles[made] = decision.handle
        return decision

    def _set_option(self, handle: Any, options: tuple[tuple[str, Any], ...]) -> Any:
        return self.table.set_option(handle, **dict(options))


def _unpacked(value: Any) -> Any:
    """Return the list or the dict that a tuple represents."""
    if isinstance(value, tuple):
        if value[0] == "[]":
            return [_unpacked(each) for each in value[1:]]
        return {key: _unpacked(each) for key, each in value[1:]}
    return value
