"""Write the tables of the documentation from the rows of the library.

A page keeps the text that people write; between two marker comments of one
name stands what a function here makes. ``TABLES`` lists them all: to add a
table, put the markers into a page and a line here.

    python tools/build_docs.py           rewrite the pages
    python tools/build_docs.py --check   change nothing; exit 1 if a page differs
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

import dialect_tables  # noqa: E402 - the checkout's own, installed or not
import doc_table  # noqa: E402
import reuse_tables  # noqa: E402

from portranges import Confidence, advice, ephemeral, flows, uses  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from portranges.ephemeral import EphemeralProfile


def current_hosts() -> str:
    """Return the table of today's hosts."""
    return _table(
        (
            "Name",
            "System",
            "Since",
            "Ports",
            "How many",
            "Shared over destinations",
            "TIME_WAIT",
            "Privileged below",
            "Confidence",
            "Source",
        ),
        (
            (
                _link(row),
                row.title,
                row.system.first_release,
                _ports(row),
                _size(row),
                _sharing(row),
                _seconds(row.time_wait),
                _boundary(row.privileged_below),
                row.confidence,
                _citation(row),
            )
            for row in ephemeral.profiles("host", current=True)
        ),
    )


def older_hosts() -> str:
    """Return the table of superseded hosts."""
    return _table(
        ("Name", "System", "Versions", "Ports", "How many", "TIME_WAIT", "Confidence", "Source"),
        (
            (
                _link(row),
                row.title,
                _versions(row),
                _ports(row),
                _size(row),
                _seconds(row.time_wait),
                row.confidence,
                _citation(row),
            )
            for row in ephemeral.profiles("host", current=False)
        ),
    )


def middleboxes() -> str:
    """Return the table of what hands out ports beside the systems' defaults."""
    return _table(
        ("Name", "What", "Ports", "How many", "At most an address", "Confidence", "Source"),
        (
            (
                _link(row),
                row.title,
                _ports(row),
                _size(row),
                "" if row.ports_per_address is None else f"{row.ports_per_address:,}",
                row.confidence,
                _citation(row),
            )
            for row in ephemeral.profiles("middlebox")
        ),
    )


def documents() -> str:
    """Return the table of what documents state for others."""
    return _table(
        ("Name", "What", "Ports", "How many", "Confidence", "Source"),
        (
            (_link(row), row.title, _ports(row), _size(row), row.confidence, _citation(row))
            for row in ephemeral.profiles("document")
        ),
    )


def confidence_words() -> str:
    """Return the table of the confidence words."""
    return _table(("Word", "Meaning"), ((word, word.meaning) for word in Confidence))


def system_details() -> str:
    """Return a section for each row, with all that it says."""
    return "\n\n".join(map(_details, ephemeral.profiles()))


def criteria() -> str:
    """Return the table of what tells the service of a flow from its client."""
    return _table(
        ("Criterion", "Rule", "Reason", "Source"),
        ((row.id, row.rule, row.reason, str(row.source)) for row in flows.criteria()),
    )


def findings() -> str:
    """Return the table of what advice may find."""
    return _table(
        ("Finding", "Severity", "Why it matters", "Source"),
        ((row.id, row.severity, row.reason, str(row.source)) for row in advice.rows()),
    )


def sensitive_services() -> str:
    """Return the table of services that should not be reachable from the internet."""
    return _table(
        ("Ports", "Service", "Why", "Known by", "Source"),
        (
            (
                f"{str(row.ports).replace(',', ', ')} {'/'.join(row.transports)}",
                row.service,
                row.why,
                row.confidence,
                str(row.source),
            )
            for row in uses.not_for_internet()
        ),
    )


TABLES: tuple[tuple[str, str, Callable[[], str]], ...] = (
    ("docs/systems.md", "current-hosts", current_hosts),
    ("docs/systems.md", "older-hosts", older_hosts),
    ("docs/systems.md", "middleboxes", middleboxes),
    ("docs/systems.md", "documents", documents),
    ("docs/systems.md", "confidence-words", confidence_words),
    ("docs/systems.md", "system-details", system_details),
    *dialect_tables.TABLES,
    *reuse_tables.TABLES,
    ("docs/flows.md", "criteria", criteria),
    ("docs/advice.md", "advice", findings),
    ("docs/advice.md", "not-for-internet", sensitive_services),
)


def _details(row: EphemeralProfile) -> str:
    facts = (
        ("Other names", ", ".join(map(_code, row.aliases))),
        ("Ports", _ports(row) + (f" ({_size(row)})" if row.has_fixed_range else "")),
        ("Skipped by the system of today", str(row.skipped)),
        ("Transports", ", ".join(transport.upper() for transport in row.transports)),
        ("Versions", _joined(_versions(row), _text(row.version_note))),
        ("Choice of a port", _text(row.algorithm)),
        ("Algorithms", _algorithms(row)),
        ("Excluded from allocation", _text(row.exclusions)),
        ("Socket options", _text(row.socket_overrides)),
        ("By transport", _text(row.per_transport)),
        ("By IP version", _text(row.per_family)),
        ("Scope", _text(row.scope)),
        (
            "One port for several destinations",
            _joined(_sharing(row), _text(row.sharing_note)),
        ),
        ("TIME_WAIT", _joined(_seconds(row.time_wait), _text(row.time_wait_note))),
        (
            "Privileged",
            _joined(_privilege(row.privileged_below), _text(row.privileged_note)),
        ),
        (
            "No port left",
            "; ".join(f"{_text(call)}: {_text(error)}" for call, error in row.exhaustion),
        ),
        (
            "Read with",
            "; ".join(
                f"{_code(command)}: {_text(output)}"
                for command, output in zip(row.read_with, row.read_output, strict=True)
            ),
        ),
        ("Set with", "; ".join(map(_code, row.set_with))),
        ("Accepted", _text(row.set_rules)),
        (
            "Ports of an address",
            "" if row.ports_per_address is None else f"{row.ports_per_address:,}",
        ),
        ("Note", _text(row.note)),
        ("Confidence", _joined(row.confidence, _text(row.confidence_note))),
        ("Source of the privilege rule", str(row.privileged_source or "")),
        ("Sources", "; ".join(_text(str(source)) for source in row.sources)),
    )
    lines = (f"- {label}: {fact}" for label, fact in facts if fact)
    return f"### {row.name}\n\n{row.title}\n\n" + "\n".join(lines)


def _algorithms(row: EphemeralProfile) -> str:
    """Return the names in ``portranges.selection``, with the calls if they differ."""
    names = (
        ("TCP", row.tcp_algorithm),
        ("TCP bind(0)", row.tcp_bind_algorithm),
        ("UDP", row.udp_algorithm),
    )
    named = [(call, name) for call, name in names if name]
    if len({name for _, name in named}) == 1 and len(named) > 1:
        return _code(named[0][1])
    return ", ".join(f"{_code(name)} ({call})" for call, name in named)


def _ports(row: EphemeralProfile) -> str:
    return str(row.ports) if row.has_fixed_range else "no fixed range"


def _size(row: EphemeralProfile) -> str:
    return f"{len(row.ports):,}" if row.has_fixed_range else ""


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:g} s"


def _boundary(port: int | None) -> str:
    return {None: "", 0: "none"}.get(port, str(port))


def _privilege(port: int | None) -> str:
    return {None: "", 0: "no port"}.get(port, f"below {port}")


def _sharing(row: EphemeralProfile) -> str:
    return {None: "", True: "yes", False: "no"}[row.shares_ports_across_destinations]


def _versions(row: EphemeralProfile) -> str:
    if row.system.first_release and row.system.last_release:
        return f"{row.system.first_release} to {row.system.last_release}"
    if row.system.first_release:
        return f"from {row.system.first_release}"
    return f"up to {row.system.last_release}" if row.system.last_release else ""


def _citation(row: EphemeralProfile) -> str:
    return row.source.document + (" and others" if len(row.sources) > 1 else "")


def _joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def _link(row: EphemeralProfile) -> str:
    # The anchors that GitHub makes of headings have no dots.
    return f"[{row.name}](#{row.name.replace('.', '')})"


def _code(text: str) -> str:
    return f"`{text}`"


def _text(text: str) -> str:
    # What Markdown would take for emphasis, a tag, or a footnote.
    return re.sub(r"[\\*<]|(?<!\w)_", r"\\\g<0>", text)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return doc_table.table(head, ([_text(cell) for cell in row] for row in rows))


def rebuilt(text: str, marker: str, content: str) -> str:
    """Return *text* with *content* between the two comments of *marker*.

    Raises:
        ValueError: The page has not exactly one such pair.
    """
    begin, end = f"<!-- begin {marker}: tools/build_docs.py -->", f"<!-- end {marker} -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(f"a page must have one {begin} and then one {end}")
    before, rest = text.split(begin)
    return f"{before}{begin}\n\n{content}\n\n{end}{rest.split(end)[1]}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite or check the pages; return the exit code."""
    parser = argparse.ArgumentParser(description="Write the documentation's tables from the rows.")
    parser.add_argument(
        "--check", action="store_true", help="change nothing, exit 1 if a page differs"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    options = parser.parse_args(arguments)
    differing = 0
    for page in dict.fromkeys(page for page, _, _ in TABLES):
        path = options.root / page
        old = new = path.read_text(encoding="utf-8")
        for _, marker, build in (table for table in TABLES if table[0] == page):
            new = rebuilt(new, marker, build())
        if new == old:
            continue
        differing += 1
        if options.check:
            print(f"{page} differs from the rows; run: python tools/build_docs.py")
        else:
            path.write_text(new, encoding="utf-8", newline="\n")
            print(f"{page} rewritten")
    return 1 if options.check and differing else 0


if __name__ == "__main__":
    sys.exit(main())
