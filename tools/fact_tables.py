"""The tables of docs/reference/tables/facts.md: how certain the rows are, and how old.

``facts()`` collects the rows with a source from all packages. ``TABLES`` names the marker of each
table, and build_docs.py inserts them. Run as a program, the module lists the rows whose source was
opened longest ago:

    python tools/fact_tables.py --oldest 30
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

import doc_table

from portranges import (
    Confidence,
    Source,
    advice,
    dialects,
    ephemeral,
    flows,
    registry,
    reuse,
    rulesets,
    selection,
    systems,
    types,
    uses,
)
from portranges.advice.misread_rows import ROWS as MISREAD
from portranges.capacity.rows import METHODS, NEVER_ITSELF
from portranges.categories import Category
from portranges.probe.programs import PROGRAMS
from portranges.report import rows as report_rows
from portranges.report.model import Remark
from portranges.reuse.linux.kernels import CHANGES
from portranges.rulesets import iptables_options, netfilter, ufw_shipped
from portranges.rulesets.rows_frontends import LISTS
from portranges.rulesets.rows_lists import CONFIGURATIONS
from portranges.system.rows import READINGS

PAGE = "docs/reference/tables/facts.md"

# A document that never changes once it has been published.
_STANDARD = re.compile(
    r"(?:(?:, and | and |, )?(?:RFC \d+|sections? [\d.]+|POSIX\.1-\d+|YAML \d\.\d))+"
)
# A repository as owner/name, and the files or the sources of a program without one.
_REPOSITORY = re.compile(r"[\w-]+/[\w.-]+")
_CODE = re.compile(r"\bsources?\b|\w/[\w./-]*\.(?:c|h|cc|cpp|hh|hpp|go|rs|py|y|ml|rst)\b")
_COMMIT = re.compile(r"@\w|commit [0-9a-f]{7}|#\d|issue \d|xnu-\d|STABLE-\d")
_RELEASE = re.compile(r"\d\.\d|\d{4}")
_UNRECORDED = "commit not recorded"

# Tables without a record for each row.
NETFILTER = {
    "priorities": netfilter.PRIORITY_SOURCE,
    "chains of iptables": netfilter.TABLES_SOURCE,
    "protocols": netfilter.PROTOCOL_SOURCE,
    "options of iptables": iptables_options.SOURCE,
    "before.rules of ufw": ufw_shipped.SOURCE,
    "application profiles of ufw": ufw_shipped.PROFILES_SOURCE,
}

_NO_WORD = "no word"
_STANDARDS = "standards only"
_NEVER = "never"


@dataclass(frozen=True, slots=True)
class Fact:
    """A row of a package, as the tables of facts need it.

    Attributes:
        package: The package that has the row.
        kind: What its rows of this kind describe.
        name: The row.
        sources: All sources of the row.
        confidence: How the fact is known; ``None`` if rows of this kind have no word for it.
        rows: The number of rows; all rows of the registry have one source.
    """

    package: str
    kind: str
    name: str
    sources: tuple[Source, ...]
    confidence: Confidence | None
    rows: int = 1

    @property
    def aging(self) -> tuple[Source, ...]:
        """The sources that can change, the one that was compared longest ago first."""
        changing = (each for each in self.sources if not _STANDARD.fullmatch(each.document))
        return tuple(sorted(changing, key=lambda source: source.checked))


def facts() -> tuple[Fact, ...]:
    """Return every row that has a source, package by package."""
    return (
        Fact("registry", "assignments", "all", (registry.source,), None, len(registry.SHIPPED)),
        *(
            Fact(package, kind, name, _sources(row), _confidence(row))
            for package, kind, rows in _kinds()
            for name, row in rows
        ),
    )


def _kinds() -> types.Iterator[tuple[str, str, types.Iterable[tuple[str, Any]]]]:
    """Yield the package, the kind, and the name of each row with the row."""
    yield "categories", "categories", ((row.value, row) for row in Category)
    yield "systems", "releases", ((row.name, row) for row in systems.rows() if row.source)
    yield "uses", "known uses", ((f"{row.name}, {row.ports}", row) for row in uses.rows())
    exposed = uses.not_for_internet()
    yield "uses", "not for the internet", ((f"{row.service}, {row.ports}", row) for row in exposed)
    yield "uses", "blocked by browsers", [("the list", uses.BROWSER_BLOCKED_SOURCE)]
    yield "ephemeral", "systems", ((row.name, row) for row in ephemeral.profiles())
    yield "selection", "algorithms", ((row.name, row) for row in selection.algorithms())
    yield (
        "capacity",
        "ways to get a port",
        ((f"{row.name}, {row.systems[0]}", row) for row in METHODS),
    )
    yield "capacity", "no self-connection", NEVER_ITSELF.items()
    for name in reuse.systems():
        yield "reuse", f"rules of {name}", ((row.id, row) for row in reuse.rules(name))
    yield "reuse", "changes of Linux", ((f"{row.name}, {row.first}", row) for row in CHANGES)
    yield "dialects", "notations", ((row.name, row) for row in dialects.rows())
    yield "dialects", "data forms", ((row.name, row) for row in dialects.data_forms())
    yield "dialects", "port mappings", ((row.name, row) for row in dialects.mapping_forms())
    yield "rulesets", "formats", ((row.name, row) for row in rulesets.formats())
    yield "rulesets", "named lists", ((row.name, row) for row in (*LISTS, *CONFIGURATIONS))
    yield "rulesets", "tables of netfilter", NETFILTER.items()
    yield "advice", "findings", ((row.id, row) for row in advice.rows())
    yield "advice", "misread texts", ((row.name, row) for row in MISREAD)
    yield "flows", "criteria", ((row.id, row) for row in flows.criteria())
    yield "flows", "fixed roles", ((row.protocol, row) for row in flows.fixed_roles())
    yield "report", "remarks", ((row.text[:40], row) for row in _remarks())
    commands = report_rows.INSPECT_COMMANDS
    yield "report", "commands", ((row.command, row) for _, row in commands)
    yield "system", "readings", ((f"{row.system}, {row.field}", row) for row in READINGS)
    yield "probe", "programs", PROGRAMS.items()


def _remarks() -> types.Iterator[Remark]:
    """Yield each remark of a report once: those by category or port, then the others."""
    found: dict[Remark, None] = {}
    for value in vars(report_rows).values():
        is_table = isinstance(value, dict)
        parts = types.cast("dict[object, object]", value).values() if is_table else [value]
        found.update((part, None) for part in parts if isinstance(part, Remark))
    yield from found


def _sources(row: Any) -> tuple[Source, ...]:
    if isinstance(row, Source):
        return (row,)
    evidence = getattr(row, "evidence", row)
    own = getattr(evidence, "sources", None) or (evidence.source,)
    privileges: Source | None = getattr(row, "privileged_source", None)
    return (*own, privileges) if privileges else tuple(own)


def _confidence(row: Any) -> Confidence | None:
    word: Confidence | None = getattr(getattr(row, "evidence", row), "confidence", None)
    return word


def lacks_commit(source: Source) -> bool:
    """Return whether *source* is code, but names neither its commit nor a release."""
    text = f"{source.document}, {source.section}"
    if _UNRECORDED in text:
        return True
    if _COMMIT.search(text):
        return False
    if _REPOSITORY.match(source.document):
        return True
    return bool(_CODE.search(text)) and not _RELEASE.search(source.document)


def by_confidence() -> str:
    """Return the table of how the rows of each kind are known."""
    return _counted((*Confidence, _NO_WORD), lambda fact: fact.confidence or _NO_WORD)


def by_age() -> str:
    """Return the table of the months in which the rows were last compared with their sources."""
    months = {_month(fact) for fact in facts()} - {_STANDARDS, _NEVER}
    return _counted((_STANDARDS, _NEVER, *sorted(months)), _month)


def from_memory() -> str:
    """Return the list of the rows that were not looked up."""
    return _named(lambda fact: fact.confidence is Confidence.MEMORY)


def without_commit() -> str:
    """Return the list of the rows whose source is code without a commit."""
    return _named(lambda fact: any(map(lacks_commit, fact.sources)))


TABLES: tuple[tuple[str, str, types.Callable[[], str]], ...] = (
    (PAGE, "facts-by-confidence", by_confidence),
    (PAGE, "facts-by-age", by_age),
    (PAGE, "facts-from-memory", from_memory),
    (PAGE, "facts-without-commit", without_commit),
)


def _month(fact: Fact) -> str:
    if fact.confidence is Confidence.MEMORY:
        return _NEVER
    return fact.aging[0].checked[:7] if fact.aging else _STANDARDS


def _counted(columns: tuple[str, ...], column_of: types.Callable[[Fact], str]) -> str:
    """Return a table with a line for each kind of row and the number of rows in each column."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for fact in facts():
        line = counts.setdefault((fact.package, fact.kind), Counter())
        line[column_of(fact)] += fact.rows
    counts["all", ""] = sum(counts.values(), Counter[str]())
    return doc_table.table(
        ("Package", "Rows", "Number", *columns),
        (
            (*names, *(f"{number:,}" if number else "" for number in numbers))
            for names, line in counts.items()
            for numbers in [(line.total(), *(line[column] for column in columns))]
        ),
    )


def _named(chosen: types.Callable[[Fact], bool]) -> str:
    """Return a list with a line for each kind of row that has *chosen* rows, and their names."""
    names: dict[str, list[str]] = {}
    for fact in filter(chosen, facts()):
        names.setdefault(f"{fact.package}, {fact.kind}", []).append(fact.name)
    lines = (
        f"- {kind} ({len(some)}): " + ", ".join(f"`{name}`" for name in some)
        for kind, some in names.items()
    )
    return "\n".join(lines) or "None."


def main(arguments: types.Sequence[str] | None = None) -> int:
    """Print the rows that were compared longest ago; return the exit code."""
    parser = argparse.ArgumentParser(
        description="List the rows that were compared with their sources longest ago."
    )
    parser.add_argument("--oldest", type=int, default=30, metavar="N", help="rows (default: 30)")
    aging = [row for row in facts() if row.aging and row.confidence is not Confidence.MEMORY]
    aging.sort(key=lambda fact: fact.aging[0].checked)
    for fact in aging[: parser.parse_args(arguments).oldest]:
        first = fact.aging[0]
        place = f", {first.section}" if first.section else ""
        print(f"{first.checked}  {fact.package}, {fact.kind}: {fact.name}: {first.document}{place}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
