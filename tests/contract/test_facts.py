"""Every source is counted in the tables of facts, and every date is one that can be true."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import portranges
from portranges import (
    Confidence,
    Source,
    advice,
    capacity,
    dialects,
    ephemeral,
    flows,
    registry,
    reuse,
    rulesets,
    selection,
    systems,
    uses,
)
from portranges.capacity.rows import NEVER_ITSELF
from portranges.probe.programs import PROGRAMS
from portranges.reuse.linux.kernels import CHANGES
from portranges.system.rows import READINGS

TOOLS = Path(__file__).parents[2] / "tools"

# Raise this when a source has been opened later. A date after it is a slip.
NEWEST = date(2026, 11, 30)
OLDEST = date(2026, 1, 1)


@pytest.fixture(scope="module")
def tool() -> Any:
    sys.path.insert(0, str(TOOLS))
    try:
        return importlib.import_module("fact_tables")
    finally:
        sys.path.remove(str(TOOLS))


def sources_in(value: object, seen: set[int]) -> set[Source]:
    """The sources in *value*: in records, tables and classes, however deep."""
    if isinstance(value, Source):
        return {value}
    if id(value) in seen or isinstance(value, (str, int, ModuleType)):
        return set()
    seen.add(id(value))
    parts: list[object] = []
    if isinstance(value, type):
        parts = list(vars(value).values()) if value.__module__.startswith("portranges") else []
    elif dataclasses.is_dataclass(value):
        parts = [getattr(value, each.name, None) for each in dataclasses.fields(value)]
    elif isinstance(value, dict):
        parts = list(value.values())
    elif isinstance(value, (tuple, list, set, frozenset)):
        parts = list(value)
    return set().union(*(sources_in(part, seen) for part in parts))


def all_sources() -> set[Source]:
    """The sources of every row in every module, and of the rows that functions return."""
    seen: set[int] = set()
    found = {registry.source, *(each.source for each in portranges.Category)}
    for module in pkgutil.walk_packages(portranges.__path__, "portranges."):
        if not module.name.endswith("__main__"):
            names = vars(importlib.import_module(module.name))
            found.update(*(sources_in(value, seen) for value in names.values()))
    return found | sources_in(uses.rows(), seen) | sources_in(uses.not_for_internet(), seen)


def test_every_source_is_counted(tool: Any) -> None:
    counted = {source for fact in tool.facts() for source in fact.sources}
    assert all_sources() - counted == set()
    assert counted - all_sources() == set()


def test_every_row_is_counted(tool: Any) -> None:
    counts = Counter[str]()
    for fact in tool.facts():
        counts[fact.package] += fact.rows
    methods = {way for row in ephemeral.profiles() for way in capacity.methods(row.name)}
    assert counts["registry"] == len(registry.SHIPPED)
    assert counts["categories"] == len(portranges.Category)
    assert counts["systems"] == sum(row.source is not None for row in systems.rows())
    assert counts["uses"] == len(uses.rows()) + len(uses.not_for_internet()) + 1
    assert counts["ephemeral"] == len(ephemeral.profiles())
    assert counts["selection"] == len(selection.algorithms())
    assert counts["capacity"] == len(methods) + len(NEVER_ITSELF)
    rules = [rule for name in reuse.systems() for rule in reuse.rules(name)]
    assert counts["reuse"] == len(rules) + len(CHANGES)
    assert counts["dialects"] == len(
        (*dialects.rows(), *dialects.data_forms(), *dialects.mapping_forms())
    )
    assert counts["rulesets"] == len(
        (*rulesets.formats(), *tool.LISTS, *tool.CONFIGURATIONS, *tool.NETFILTER)
    )
    assert counts["advice"] == len(advice.rows()) + len(tool.MISREAD)
    assert counts["flows"] == len(flows.criteria()) + len(flows.fixed_roles())
    assert counts["system"] == len(READINGS)
    assert counts["probe"] == len(PROGRAMS)


@pytest.mark.parametrize("build", ["by_confidence", "by_age"])
def test_each_row_is_in_one_column(tool: Any, build: str) -> None:
    lines = getattr(tool, build)().splitlines()[2:]
    numbers = [
        [int(cell.replace(",", "") or 0) for cell in map(str.strip, line.split("|")[3:-1])]
        for line in lines
    ]
    assert all(total == sum(columns) for total, *columns in numbers)
    *kinds, everything = numbers
    assert [sum(column) for column in zip(*kinds, strict=True)] == everything
    assert everything[0] == sum(fact.rows for fact in tool.facts())


def test_the_rows_from_memory_are_named(tool: Any) -> None:
    names = tool.from_memory()
    expected = [fact.name for fact in tool.facts() if fact.confidence is Confidence.MEMORY]
    assert names.count("`") == 2 * len(expected)
    assert all(f"`{name}`" in names for name in expected)


def test_the_month_of_a_row_is_that_of_its_oldest_comparison(tool: Any) -> None:
    manual, standard = (Source(document=each, checked="2026-11-30") for each in ("ip(7)", "RFC 1"))
    for source, confidence, month in (
        (manual, Confidence.DOCUMENT, "2026-11"),
        (manual, Confidence.MEMORY, "never"),
        (standard, Confidence.STANDARD, "standards only"),
        (standard, Confidence.MEMORY, "never"),
    ):
        assert tool._month(tool.Fact("uses", "uses", "a row", (source,), confidence)) == month


def test_every_date_can_be_true() -> None:
    for source in all_sources():
        text = source.checked
        # fromisoformat accepts other forms, such as a week or no hyphens.
        checked = date.fromisoformat(text if len(text) == 10 else f"{text}-01")
        assert text in {f"{checked:%Y-%m}", f"{checked:%Y-%m-%d}"}, source
        assert OLDEST <= checked <= NEWEST, source


@pytest.mark.parametrize(
    ("document", "section", "lacks"),
    [
        ("Linux source", "include/linux/sunrpc/xprtsock.h", True),
        ("kubernetes/website", "ports-and-protocols.md", True),
        ("NetBSD sources, about 9 or 10 (repository and commit not recorded)", "MSL", True),
        ("OpenBSD", "sys/netinet/in_pcb.c in_pcbaddrisavail_lock()", True),
        ("someone/linux-2.6.24", "net/ipv4/tcp.c:2706", True),
        ("bminor/glibc@04e750e7", "inet/rcmd.c", False),
        ("Linux 6.18", "net/core/sock.c, sk_setsockopt", False),
        ("torvalds/linux commit 07f4c90062f8", "2015-05-24", False),
        ("microsoft/WSL#9573", "", False),
        ("RFC 6335", "section 6", False),
        ("cloud.google.com/nat/docs/ports-and-addresses", "", False),
        ("ip(7)", "", False),
    ],
)
def test_code_without_a_commit(tool: Any, document: str, section: str, *, lacks: bool) -> None:
    source = Source(document=document, section=section, checked="2026-11")
    assert tool.lacks_commit(source) is lacks


@pytest.mark.parametrize(
    ("document", "ages"),
    [
        ("RFC 6335", False),
        ("RFC 951, section 3, and RFC 2131", False),
        ("POSIX.1-2017", False),
        ("RFC 6143, and Xtigervnc(1)", True),
        ("RFC 6335, section 8.1.2, and Microsoft KB929851", True),
        ("WHATWG Fetch Standard, whatwg/fetch@586cd2a4", True),
    ],
)
def test_only_standards_do_not_age(tool: Any, document: str, *, ages: bool) -> None:
    source = Source(document=document, checked="2026-11")
    fact = tool.Fact("uses", "known uses", "a row", (source,), None)
    assert fact.aging == ((source,) if ages else ())


def test_a_row_is_as_old_as_its_oldest_source(tool: Any) -> None:
    newer, older, standard = (
        Source(document=document, checked=checked)
        for document, checked in (("a", "2026-11-30"), ("b", "2026-11"), ("RFC 1", "2026-01"))
    )
    fact = tool.Fact("uses", "known uses", "a row", (newer, standard, older), None)
    assert fact.aging == (older, newer)


def test_the_oldest_rows_are_printed() -> None:
    done = subprocess.run(
        [sys.executable, str(TOOLS / "fact_tables.py"), "--oldest", "30"],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    dates = [line.split("  ")[0] for line in lines]
    assert len(lines) == 30
    assert dates == sorted(dates)
    oldest = f"{registry.source.checked}  registry, assignments: all: {registry.source.document}"
    assert any(line.startswith(oldest) for line in lines)
