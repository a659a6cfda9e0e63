"""Columns of data frames beside their own buffers, and the other goals for millions of rows.

Each row compares two calls on the same ports, in the same round: what a user writes, and what
bounds it from below, such as the buffer inside the column or numpy's own look-up.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from measure import FULL, WrongAnswerError, paired
from tables import Goal, Table, ratio, span

from portranges import PortSet, classify_many
from portranges.categories import count_by_category
from portranges.flows import server_side_many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from measure import Effort
    from peers import Peers

__all__ = ["run"]

# In a quick run, and in a full one.
_FEW, _MANY = 50_000, 20_000_000

_MOST_ROUNDS = 15

_RULE = PortSet.parse("22,80,443,8000-8100")


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two calls, how many times the time of the second the first may take, and whether both return
    the same.
    """

    name: str
    ask: Callable[[], object]
    other_name: str
    other: Callable[[], object]
    goal: float | None = None
    is_same: bool = True


def run(effort: Effort, peers: Peers, rng: random.Random) -> tuple[list[Table], list[Goal]]:
    """Time columns of every package that is installed."""
    is_quick = effort.sample < FULL.sample
    number = _FEW if is_quick else _MANY
    numpy = peers.module("numpy")
    rows: list[list[str]] = []
    goals: list[Goal] = []
    for pair in () if numpy is None else _pairs(peers, numpy, number):
        if pair.is_same and pair.ask() != pair.other():
            raise WrongAnswerError(f"{pair.name} and {pair.other_name} have different results")
        runs = {"ask": partial(_timed, pair.ask), "other": partial(_timed, pair.other)}
        taken = paired(runs, min(effort.rounds, _MOST_ROUNDS), rng)
        over = median(a / b for a, b in zip(taken["ask"], taken["other"], strict=True))
        rows.append([pair.name, span(median(taken["ask"]) / number), pair.other_name, ratio(over)])
        if pair.goal is not None and not is_quick:
            text = f"{pair.name}: at most {pair.goal:g} times {pair.other_name}"
            goals.append(Goal(text, ratio(over), over <= pair.goal))
    packages = ("numpy", "pandas", "polars", "pyarrow")
    missing = [f"{each}: not installed." for each in packages if peers.module(each) is None]
    note = "The ports are random; the set is '22,80,443,8000-8100'."
    heads = ["", "a row", "beside", "over it"]
    table = Table(f"{number:,} rows in columns", heads, rows, " ".join([note, *missing]))
    return [table], goals


def _pairs(peers: Peers, numpy: Any, number: int) -> Iterator[_Pair]:
    octets = random.Random(6335).randbytes(4 * number)
    ports = numpy.frombuffer(octets, numpy.uint16, number)
    others = numpy.frombuffer(octets, numpy.uint16, number, 2 * number)
    table = numpy.frombuffer(_RULE.table, numpy.uint8)
    classify, contains = classify_many, _RULE.contains_many
    yield _Pair(
        "contains, uint16",
        partial(contains, ports),
        "table[ports]",
        lambda: table[ports],
        None,
        False,
    )
    for dtype in ("int64", "int32", "uint64", ">i8"):
        wide = ports.astype(dtype)
        goal = 3.0 if dtype == "int64" else None
        yield _Pair(
            f"classify, {dtype}", partial(classify, wide), "uint16", partial(classify, ports), goal
        )
        yield _Pair(
            f"contains, {dtype}", partial(contains, wide), "uint16", partial(contains, ports), goal
        )
        del wide
    yield _Pair(
        "count_by_category",
        partial(count_by_category, ports),
        "classify_many",
        partial(classify, ports),
        2,
        False,
    )
    yield _Pair(
        "server_side_many",
        partial(server_side_many, ports, others),
        "table[a] > table[b]",
        lambda: table[ports] > table[others],
        3,
        False,
    )
    for name, column, buffer, goal in _columns(peers, numpy, ports):
        for task, ask in (("classify", classify), ("contains", contains)):
            yield _Pair(
                f"{task}, {name}",
                partial(ask, column, invalid="absent"),
                "its buffer",
                partial(ask, buffer),
                goal,
                goal is not None,
            )


def _columns(peers: Peers, numpy: Any, ports: Any) -> Iterator[tuple[str, Any, Any, float | None]]:
    """Yield names, columns, their own buffers, and goals."""
    pandas, polars, pyarrow = (peers.module(each) for each in ("pandas", "polars", "pyarrow"))
    is_null = numpy.random.default_rng(6335).random(len(ports)) < 0.1
    if pandas is not None:
        column = pandas.Series(ports)
        yield "pandas uint16", column, column.to_numpy(), 1.2
        no_null = numpy.zeros(len(ports), bool)
        yield "pandas UInt16", pandas.arrays.IntegerArray(ports.copy(), no_null), ports, 1.2
        column = pandas.arrays.IntegerArray(ports.copy(), is_null)
        yield "pandas UInt16, 10 % nulls", column, ports, None
    if polars is not None:
        column = polars.Series(ports)
        yield "polars UInt16", column, column.to_numpy(), 1.2
        column = polars.Series(ports).set(polars.Series(is_null), None)
        yield "polars UInt16, 10 % nulls", column, ports, None
        wide = ports.astype("int64")
        yield "polars Int64", polars.Series(wide), wide, 1.2
    if pyarrow is not None:
        column = pyarrow.array(ports)
        buffer = numpy.frombuffer(column.buffers()[1], numpy.uint16)[: len(ports)]
        yield "pyarrow uint16", column, buffer, 1.2
        yield "pyarrow uint16, 10 % nulls", pyarrow.array(ports, mask=is_null), ports, None
    if pandas is not None and pyarrow is not None:
        column = pyarrow.chunked_array([pyarrow.array(ports)])
        column = pandas.Series(pandas.arrays.ArrowExtensionArray(column))
        yield "pandas uint16[pyarrow]", column, ports, 1.2


def _timed(ask: Callable[[], object]) -> float:
    start = perf_counter()
    ask()
    return perf_counter() - start
