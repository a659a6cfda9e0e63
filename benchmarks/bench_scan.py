"""Many ports at once: categories and sets, beside numpy and polars, and the plans of ``scan``.

Every case gets the ports in the form that suits it: portranges bytes, numpy and polars an array
and a series of uint16. numpy's look-up in a table of 65,536 entries is the yardstick, because it
takes the same time for every set. Benchmarks of single ports are in ``bench_one_port``.
"""

from __future__ import annotations

import random
import tracemalloc
from array import array
from dataclasses import replace
from functools import partial
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from measure import FULL, Case, Question, compare, paired
from tables import Goal, Table, nothing, ratio, span
from tables import size as size_of

from portranges import Category, PortRange, PortSet, chunks, classify_many, scan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from measure import Effort, Timing
    from peers import Peers

__all__ = ["run"]

# In a quick run, and in a full one, whose sample is longer.
_FEW, _MANY = 50_000, 10_000_000

# A round takes seconds here, not milliseconds.
_MOST_ROUNDS = 15

_YARDSTICK = "numpy table[ports]"


def run(effort: Effort, peers: Peers, rng: random.Random) -> tuple[list[Table], list[Goal]]:
    """Time the questions about many ports."""
    is_quick = effort.sample < FULL.sample
    number = _FEW if is_quick else _MANY
    octets = random.Random(6335).randbytes(2 * number)
    numpy, polars = peers.module("numpy"), peers.module("polars")
    few_rounds = replace(effort, rounds=min(effort.rounds, _MOST_ROUNDS))
    rows: list[list[str]] = []
    goals: list[Goal] = []
    for name, ports, goal in _sets():
        timings = compare(_question(name, ports, octets, numpy, polars), few_rounds, rng)
        found = {timing.who: timing for timing in timings}
        rows.append(_row(name, ports, found))
        yardstick = found.get(_YARDSTICK)
        if goal and not is_quick and yardstick is not None and yardstick.ratio:
            over = 1 / yardstick.ratio
            text = f"{name}: at most {goal:g} times numpy's table look-up"
            goals.append(Goal(text, ratio(over), over <= goal))
    missing = [
        f"{package}: not installed."
        for package, module in (("numpy", numpy), ("polars", polars))
        if module is None
    ]
    note = (
        "over numpy: how many times as long as a look-up in a table of 65,536 entries takes "
        "there. isin, is_in and loop: numpy's and polars' question of the same name, and a list "
        "comprehension over the table, each over portranges."
    )
    asked = Table(
        f"{number:,} ports: which are in the set",
        ["set", "way", "a port", "over numpy", "isin", "is_in", "loop"],
        rows,
        " ".join([note, *missing]),
        left=2,
    )
    plans, best = _plans(octets[: 2 * chunks.PIECE], few_rounds, rng)
    growth, linear = _growth(octets, few_rounds, rng, is_quick=is_quick)
    return [asked, plans, growth], [*goals, *best, *linear]


def _sets() -> list[tuple[str, PortSet | None, float | None]]:
    """Return names, sets (None for the categories) and goals."""
    rng = random.Random(1)
    edges = sorted(rng.sample(range(65536), 40))
    return [
        ("categories", None, 0.75),
        ("system ports", PortSet(range(1024)), 0.75),
        ("Linux' range", PortSet.parse("32768-60999"), 1.7),
        ("a rule", PortSet.parse("22,80,443,8000-8100"), 1.7),
        ("a longer rule", PortSet.parse("22,25,53,80,110,143,443,993,995,3306,5432,8080"), None),
        (
            "20 random ranges",
            PortSet(
                PortRange(first, last) for first, last in zip(edges[::2], edges[1::2], strict=True)
            ),
            9.0,
        ),
        ("30 low ports", PortSet(rng.sample(range(10000), 30)), None),
        ("30,000 random ports", PortSet(rng.sample(range(65536), 30000)), None),
    ]


def _question(name: str, ports: PortSet | None, octets: bytes, numpy: Any, polars: Any) -> Question:
    ask: Callable[[bytes], bytes] = classify_many if ports is None else ports.contains_many
    table = _table(ports)
    number = len(octets) // 2
    # A loop over all of them takes too long for every round.
    some = array("H", octets[: len(octets) // 20 * 2])
    cases = [
        Case(
            "portranges",
            "ask(octets)",
            {"ask": ask, "octets": octets},
            partial(ask, octets),
            number,
        ),
        Case(
            "loop",
            "bytes([table[port] for port in some])",
            {"table": list(table), "some": some},
            None,
            len(some),
        ),
    ]
    if numpy is None:
        return Question(name, tuple(cases))
    values = numpy.frombuffer(octets, numpy.uint16)
    look_up = numpy.frombuffer(table, numpy.uint8)
    cases.append(
        Case(
            _YARDSTICK,
            "table[values]",
            {"table": look_up, "values": values},
            partial(_octets_of, look_up, values),
            number,
        )
    )
    if ports is None:
        return Question(name, tuple(cases))
    wanted = numpy.array(list(ports), numpy.uint16)
    cases.append(
        Case(
            "numpy isin",
            "isin(values, wanted)",
            {"isin": numpy.isin, "values": values, "wanted": wanted},
            lambda: numpy.isin(values, wanted).tobytes(),
            number,
        )
    )
    if polars is not None:
        series = polars.Series(values)
        members = polars.Series(list(ports), dtype=polars.UInt16).implode()
        cases.append(
            Case(
                "polars is_in",
                "series.is_in(members)",
                {"series": series, "members": members},
                lambda: series.is_in(members).to_numpy().tobytes(),
                number,
            )
        )
    return Question(name, tuple(cases))


def _octets_of(look_up: Any, values: Any) -> bytes:
    octets: bytes = look_up[values].tobytes()
    return octets


def _table(ports: PortSet | None) -> bytes:
    if ports is not None:
        return ports.table
    return b"".join(bytes([code]) * len(each.ports) for code, each in enumerate(Category))


def _row(name: str, ports: PortSet | None, found: Mapping[str, Timing]) -> list[str]:
    yardstick = found.get(_YARDSTICK)
    over = 1 / yardstick.ratio if yardstick is not None and yardstick.ratio else None
    return [
        name,
        scan.plan_of(_table(ports)).name,
        span(found["portranges"].seconds),
        ratio(over),
        *(
            ratio(found[who].ratio) if who in found else nothing
            for who in ("numpy isin", "polars is_in", "loop")
        ),
    ]


def _plans(octets: bytes, effort: Effort, rng: random.Random) -> tuple[Table, list[Goal]]:
    """Time every plan that accepts a set, to check the costs by which ``scan`` chooses one."""
    names = ["two digits", "edges", "parity", "one by one"]
    chance = random.Random(2)
    sets = {
        f"{number:,} of {below:,}": chance.sample(range(below), number)
        for below, numbers in (
            (1024, (10, 200)),
            (10000, (30, 100)),
            (65536, (5, 15, 50, 100, 200, 300, 500, 1000, 2000, 3000)),
        )
        for number in numbers
    }
    rows: list[list[str]] = []
    slowest = 0.0
    for name, ports in sets.items():
        table = PortSet(ports).table
        chosen = scan.plan_of(table).name
        runs = {
            plan.name: partial(_timed, partial(plan.answer, octets, 0), 3)
            for plan in _accepting(table)
        }
        taken = paired(runs, effort.rounds, rng)
        over = {
            each: median(other / ours for other, ours in zip(seconds, taken[chosen], strict=True))
            for each, seconds in taken.items()
        }
        slowest = max(slowest, 1 / min(over.values()))
        rows.append([name, chosen, *(ratio(over.get(each)) for each in names)])
    table_of_plans = Table(
        "Plans for random ports: each over the chosen one",
        ["ports", "chosen", *names],
        rows,
        "A plan that does not accept a set has no number.",
        left=2,
    )
    text = "the chosen plan takes at most 1.3 times as long as the best"
    return table_of_plans, [Goal(text, ratio(slowest), slowest <= 1.3)]


def _accepting(table: bytes) -> list[Any]:
    """Return every plan of ``scan`` that accepts *table*, which has two values."""
    rows = [table[start : start + 256] for start in range(0, len(table), 256)]
    columns = [table[low::256] for low in range(256)]
    kinds: dict[tuple[bytes, bytes], int] = {}
    kind_of = [kinds.setdefault(key, len(kinds)) for key in zip(rows, columns, strict=True)]
    values = sorted(set(table))
    found: list[Any] = [scan._OneByOne(table)]
    if len(kinds) <= 16:
        found.append(scan._TwoDigits(table, kind_of))
    edges = scan._edges(rows, values)
    if edges is not None:
        found.append(scan._Edges(table, values, edges))
    products = scan._products(rows, values[1], 256)
    if products is not None:
        found.append(scan._Parity(table, values, *products))
    return found


def _growth(
    octets: bytes, effort: Effort, rng: random.Random, *, is_quick: bool
) -> tuple[Table, list[Goal]]:
    """Time one set on ever more ports, and watch the memory of a count."""
    ports = PortSet.parse("22,80,443,8000-8100")
    ports.contains_many(b"")
    sizes = [10**power for power in range(3, 5 if is_quick else 9)]
    runs: dict[str, Callable[[], float]] = {}
    peaks: dict[str, int] = {}
    for size in sizes:
        asked = (octets * (2 * size // len(octets) + 1))[: 2 * size]
        runs[f"{size:,}"] = partial(_timed, partial(ports.count_many, asked), max(1, 10**6 // size))
        peaks[f"{size:,}"] = _peak(ports, asked)
    taken = paired(runs, min(effort.rounds, 9), rng)
    rows = [
        [name, span(median(seconds) / size), size_of(peaks[name])]
        for size, (name, seconds) in zip(sizes, taken.items(), strict=True)
    ]
    table = Table(
        "Growth: how many ports are in the set '22,80,443,8000-8100'",
        ["ports", "a port", "memory beside them"],
        rows,
    )
    if is_quick:
        return table, []
    million, largest = (taken[f"{size:,}"] for size in (10**6, sizes[-1]))
    over = median(
        theirs / sizes[-1] / (ours / 10**6) for ours, theirs in zip(million, largest, strict=True)
    )
    text = "a port of 100 million takes at most 1.5 times one of a million"
    return table, [Goal(text, ratio(over), over <= 1.5)]


def _timed(ask: Callable[[], object], repeat: int) -> float:
    start = perf_counter()
    for _ in range(repeat):
        ask()
    return (perf_counter() - start) / repeat


def _peak(ports: PortSet, octets: bytes) -> int:
    tracemalloc.start()
    ports.count_many(octets)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
