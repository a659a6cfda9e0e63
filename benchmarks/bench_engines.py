"""Flows in DuckDB, Polars, ClickHouse and Spark: what ``sql_case`` costs beside a bare modulo.

Every engine has the same ports in a table in memory and gets the same SQL. A case is skipped if its
package is not installed, and Spark also without Java.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import partial
from importlib import import_module, metadata
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from measure import FULL, paired
from tables import Goal, Table, nothing, ratio, span

from portranges import Category, PortSet
from portranges.flows import server_side_many, sql_case

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from measure import Effort
    from peers import Peers

__all__ = ["run"]

_FEW, _MANY = 20_000, 50_000_000
_MOST_ROUNDS = 7

# Every port equally often, in an order that no engine can guess.
_DPORT, _SPORT = "2654435761", "40503"

_WEB = PortSet.parse("22,80,443,8000-8100")
_SUMS = ", ".join(f"sum({sql_case('dport', each.ports)}) AS {each.value}" for each in Category)
_QUERIES = {
    "modulo": "SELECT sum(dport % 3) AS n FROM flows",
    "categories": f"SELECT {_SUMS} FROM flows",
    "groups": f"SELECT {sql_case('dport')} AS category, count(*) AS n FROM flows GROUP BY 1",
    "set": f"SELECT sum({sql_case('dport', _WEB)}) AS n FROM flows",
}


@dataclass(frozen=True, slots=True)
class _Engine:
    """An engine that has the table ``flows``.

    Attributes:
        ask: Takes SQL, or "" for the service's side of each flow, and returns the numbers of the
            answer, sorted.
        close: Ends it.
        has_columns: Whether this process gets its columns without a step per row.
    """

    ask: Callable[[str], list[int]]
    close: Callable[[], object]
    has_columns: bool = True


def run(effort: Effort, peers: Peers, rng: random.Random) -> tuple[list[Table], list[Goal]]:
    """Time each engine in turn; within an engine the queries are interleaved."""
    is_quick = effort.sample < FULL.sample
    number = _FEW if is_quick else _MANY
    rows: list[list[str]] = []
    goals: list[Goal] = []
    missing: list[str] = []
    expected: dict[str, list[int]] = {}
    for package, (title, start) in _ENGINES.items():
        why_not = _why_not(package, peers)
        if why_not:
            missing.append(f"{title}: {why_not}.")
            continue
        engine = start(number)
        asked = {name: partial(engine.ask, sql) for name, sql in _QUERIES.items()}
        if engine.has_columns:
            asked["server side"] = partial(engine.ask, "")
        for name, ask in asked.items():
            found = ask()
            if expected.setdefault(name, found) != found:
                raise ValueError(f"{title}, {name}: {found}, others {expected[name]}")
        runs = {name: partial(_timed, ask) for name, ask in asked.items()}
        taken = paired(runs, min(effort.rounds, _MOST_ROUNDS), rng)
        engine.close()
        over = _over_modulo(taken)
        rows.append(
            [
                f"{title} {metadata.version(package)}",
                span(median(taken["modulo"])),
                *(ratio(over.get(name)) for name in ("categories", "groups", "set", "server side")),
            ]
        )
        if package == "pyspark" and not is_quick:
            most = max(over["categories"], over["set"])
            text = "Spark: categories or a set take at most 1.5 times a modulo"
            goals.append(Goal(text, ratio(most), most <= 1.5))
    note = (
        "modulo: the sum of dport % 3. The others are relative to it: a sum of sql_case for each "
        "category, groups by the category, a sum for a set of four ranges, and the side of the "
        "service by server_side_many on both columns, not measured with Spark."
    )
    table = Table(
        f"{number:,} flows in a table of an engine",
        ["engine", "modulo", "categories", "groups", "set", "server side"],
        rows or [[nothing] * 6],
        " ".join([note, *missing]),
    )
    return [table], goals


def _why_not(package: str, peers: Peers) -> str:
    needs = [package, *({"polars": ["numpy"], "chdb": ["pyarrow"]}.get(package, []))]
    if not peers.versions:
        return "not asked"
    for each in needs:
        try:
            metadata.version(each)
        except metadata.PackageNotFoundError:
            return f"{each} is not installed"
    return "" if package != "pyspark" or shutil.which("java") else "Java is not installed"


def _over_modulo(taken: Mapping[str, list[float]]) -> dict[str, float]:
    modulo = taken["modulo"]
    return {
        name: median(each / bare for each, bare in zip(seconds, modulo, strict=True))
        for name, seconds in taken.items()
    }


def _timed(ask: Callable[[], object]) -> float:
    start = perf_counter()
    ask()
    return perf_counter() - start


def _numbers(rows: Any) -> list[int]:
    return sorted(int(cell) for row in rows for cell in row if not isinstance(cell, str))


def _counts(sides: bytes) -> list[int]:
    return [sides.count(side) for side in range(3)]


def _duckdb(number: int) -> _Engine:
    connection = import_module("duckdb").connect()
    connection.execute(
        f"CREATE TABLE flows AS SELECT CAST(i * {_SPORT} % 65536 AS USMALLINT) AS sport, "
        f"CAST(i * {_DPORT} % 65536 AS USMALLINT) AS dport FROM range({number}) AS numbers(i)"
    )

    def ask(sql: str) -> list[int]:
        if sql:
            return _numbers(connection.execute(sql).fetchall())
        found = connection.execute("SELECT sport, dport FROM flows").fetchnumpy()
        return _counts(server_side_many(found["sport"], found["dport"]))

    return _Engine(ask, connection.close)


def _polars(number: int) -> _Engine:
    polars: Any = import_module("polars")
    numpy: Any = import_module("numpy")
    at = numpy.arange(number, dtype=numpy.uint64)
    columns = {
        name: (at * int(factor)).astype(numpy.uint16)
        for name, factor in (("sport", _SPORT), ("dport", _DPORT))
    }
    frame: Any = polars.DataFrame(columns)

    def ask(sql: str) -> list[int]:
        if sql:
            return _numbers(frame.sql(sql, table_name="flows").rows())
        return _counts(server_side_many(frame["sport"], frame["dport"]))

    return _Engine(ask, lambda: None)


def _clickhouse(number: int) -> _Engine:
    session: Any = import_module("chdb.session").Session()
    session.query("CREATE DATABASE flows_db")
    session.query("USE flows_db")
    session.query("CREATE TABLE flows (sport UInt16, dport UInt16) ENGINE = Memory")
    session.query(
        f"INSERT INTO flows SELECT number * {_SPORT} % 65536, number * {_DPORT} % 65536 "
        f"FROM numbers({number})"
    )

    def ask(sql: str) -> list[int]:
        if sql:
            lines = str(session.query(sql, "TabSeparated")).splitlines()
            cells = [cell for line in lines for cell in line.split("\t")]
            return sorted(int(cell) for cell in cells if cell.isdigit())
        found = session.query("SELECT sport, dport FROM flows", "ArrowTable")
        return _counts(server_side_many(found["sport"], found["dport"]))

    return _Engine(ask, session.close)


def _spark(number: int) -> _Engine:
    os.environ["PYSPARK_SUBMIT_ARGS"] = "--driver-memory 4g pyspark-shell"
    builder: Any = import_module("pyspark.sql").SparkSession.builder.master("local[*]")
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
    }
    for key, value in settings.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    flows = spark.range(number).selectExpr(
        f"CAST(id * {_SPORT} % 65536 AS INT) AS sport",
        f"CAST(id * {_DPORT} % 65536 AS INT) AS dport",
    )
    flows.cache().createOrReplaceTempView("flows")

    def ask(sql: str) -> list[int]:
        return _numbers(spark.sql(sql).collect())

    return _Engine(ask, spark.stop, has_columns=False)


_ENGINES: dict[str, tuple[str, Callable[[int], _Engine]]] = {
    "duckdb": ("DuckDB", _duckdb),
    "polars": ("Polars", _polars),
    "chdb": ("ClickHouse, chdb", _clickhouse),
    "pyspark": ("Spark", _spark),
}
