"""Sets of ports: algebra, questions, texts, memory, at several sizes.

How each library answers is in ``set_rivals``.
"""

from __future__ import annotations

import gc
import random
import tracemalloc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import plain
from measure import Case, Question, compare
from set_rivals import rivals
from tables import Goal, Table, nothing, ratio, size, span

if TYPE_CHECKING:
    from collections.abc import Callable

    from measure import Effort, Timing
    from peers import Peers
    from plain import Ranges
    from set_rivals import Rival

__all__ = ["run"]

# The questions of the tables by size, and how their answers are compared.
_QUESTIONS = {
    "union": "set",
    "intersection": "set",
    "difference": "set",
    "complement": "set",
    "equality": "value",
    "membership": "membership",
    "iteration": "value",
    "hash": "hash",
    "hash, new set": "hash",
    "length, new set": "value",
    "ranges, new set": "ranges",
    "building": "set",
}

_ALGEBRA = ("union", "intersection", "difference", "complement")


@dataclass(frozen=True, slots=True)
class _Sample:
    """Two sets for a rival, as plain ranges."""

    one: Ranges
    other: Ranges


def run(effort: Effort, peers: Peers, rng: random.Random) -> tuple[list[Table], list[Goal]]:
    """Time all questions at all sizes."""
    there = rivals(peers)
    samples = {count: _sample(count) for count in effort.sizes}
    tables: list[Table] = []
    goals: list[Goal] = []
    for count, sample in samples.items():
        columns = [rival for rival in there if "union" in rival.statements]
        taken = {name: _ask(name, columns, sample, effort, rng) for name in _QUESTIONS}
        tables.append(_table(count, sample, columns, taken))
        least = _least(taken, "pyroaring")
        if count == max(effort.sizes) and least is not None:
            goals.append(
                Goal(
                    f"set algebra at {count:,} ranges is faster than pyroaring's",
                    ratio(least),
                    least > 1,
                )
            )
    tables.append(_texts(there, samples, effort, rng))
    tables.append(_memory(there, samples))
    return tables, goals


def _sample(count: int) -> _Sample:
    # Its own generator: the same sets in every run, whatever ran before.
    rng = random.Random(count)

    def ranges() -> Ranges:
        ends = sorted(rng.sample(range(65537), 2 * count))
        pairs = zip(ends[::2], ends[1::2], strict=True)
        return plain.merged((first, end - 1) for first, end in pairs)

    return _Sample(ranges(), ranges())


def _ask(
    name: str, there: list[Rival], sample: _Sample, effort: Effort, rng: random.Random
) -> dict[str, Timing]:
    """Return the timings of one question, by rival."""
    cases = [_case(name, rival, sample) for rival in there if name in rival.statements]
    question = Question(f"{name}, {len(sample.one):,} ranges", tuple(cases))
    return {timing.who: timing for timing in compare(question, effort, rng)}


def _case(name: str, rival: Rival, sample: _Sample) -> Case:
    statement = rival.statements[name]
    names = {
        **rival.names,
        "a": rival.make(sample.one),
        "b": rival.make(sample.other),
        "c": rival.make(sample.one),
        "p": sample.one[len(sample.one) // 2][0],
        "ranges": sample.one,
        "ta": rival.text(sample.one),
        "tb": rival.text(sample.other),
    }
    return Case(rival.who, statement, names, _answer(name, rival, statement, names))


def _answer(name: str, rival: Rival, statement: str, names: dict[str, Any]) -> Callable[[], object]:
    """Return a function that runs what will be timed and reads its answer."""
    code = compile(statement, rival.who, "eval")

    def value(**changed: object) -> Any:
        return eval(code, {**names, **changed})

    kind = _QUESTIONS.get(name, name)
    if kind == "set":
        return lambda: rival.read(value())
    if kind == "ranges":
        return lambda: [_pair(each) for each in value()]
    if kind == "membership":
        ports = [port for pair in plain.complement(names["ranges"]) for port in pair]
        ports += [port for pair in names["ranges"] for port in pair]
        return lambda: [bool(value(p=port)) for port in ports]
    if kind == "hash":
        # Hashes differ between libraries; what they share is the law.
        return lambda: value() == value(a=names["c"])
    if kind == "text":
        return lambda: rival.parse(value())
    return value


def _pair(each: Any) -> tuple[int, int]:
    return (each.first, each.last) if hasattr(each, "first") else tuple(each)


def _table(
    count: int, sample: _Sample, columns: list[Rival], taken: dict[str, dict[str, Timing]]
) -> Table:
    rows: list[list[str]] = []
    for name, timings in taken.items():
        row = [name, span(timings[columns[0].who].seconds)]
        for rival in columns[1:]:
            timing = timings.get(rival.who)
            row.append(nothing if timing is None else ratio(timing.ratio))
        rows.append(row)
    ports = sum(last - first + 1 for first, last in sample.one)
    return Table(
        f"Sets of {count:,} ranges, {ports:,} ports",
        ["", *(rival.who for rival in columns)],
        rows,
    )


def _least(taken: dict[str, dict[str, Timing]], who: str) -> float | None:
    """Return the smallest ratio of *who* in the algebra."""
    ratios = [taken[name][who].ratio for name in _ALGEBRA if who in taken[name]]
    return min((each for each in ratios if each is not None), default=None)


def _texts(
    there: list[Rival], samples: dict[int, _Sample], effort: Effort, rng: random.Random
) -> Table:
    taken = {count: _ask("text", there, sample, effort, rng) for count, sample in samples.items()}
    rows = [
        [
            rival.who,
            *(
                span(taken[count][rival.who].seconds)
                if rival is there[0]
                else ratio(taken[count][rival.who].ratio)
                for count in samples
            ),
        ]
        for rival in there
    ]
    return Table(
        "Texts: parse two, unite, write, by number of ranges",
        ["", *(f"{count:,}" for count in samples)],
        rows,
    )


def _memory(there: list[Rival], samples: dict[int, _Sample]) -> Table:
    ours = there[0]

    def asked_a_port(ranges: Ranges) -> object:
        ports = ours.make(ranges)
        return ports, 80 in ports

    def asked_all(ranges: Ranges) -> object:
        ports = ours.make(ranges)
        return ports, 80 in ports, ports.ranges, hash(ports)

    ways: list[tuple[str, Callable[[Ranges], int]]] = [
        ("portranges", lambda ranges: _traced(ours.make, ranges)),
        ("portranges, after 'in'", lambda ranges: _traced(asked_a_port, ranges)),
        ("portranges, and after .ranges", lambda ranges: _traced(asked_all, ranges)),
        *((rival.who, _meter(rival)) for rival in there[1:]),
    ]
    rows = [
        [who, *(size(octets(sample.one)) for sample in samples.values())] for who, octets in ways
    ]
    note = (
        "As tracemalloc counts them, with all that a set holds. pyroaring's are the "
        "container bytes that it states itself, for C memory is not traced."
    )
    return Table(
        "Memory of one set, by number of ranges",
        ["", *(f"{count:,}" for count in samples)],
        rows,
        note,
    )


def _meter(rival: Rival) -> Callable[[Ranges], int]:
    octets = rival.octets
    if octets is None:
        return lambda ranges: _traced(rival.make, ranges)
    return lambda ranges: octets(rival.make(ranges))


def _traced(make: Callable[[Ranges], object], ranges: Ranges) -> int:
    """Return how many bytes are held by what *make* returns."""
    make(ranges)  # whatever is made once and kept
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        made = make(ranges)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    del made
    return held
