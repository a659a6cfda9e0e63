"""The tables of known uses, from the rows of portranges.uses.

``TABLES`` names the page and the marker of each table, and build_docs.py inserts them.
"""

from __future__ import annotations

import re
from collections import Counter

import doc_table

from portranges import PortSet, types, uses
from portranges.source import Confidence

PAGE = "docs/reference/uses.md"
ALL_PAGE = "docs/reference/tables/uses.md"
EXPOSED_PAGE = "docs/reference/tables/not-for-internet.md"

# The first ports of the sections. Most programs choose a port from 3000 to 9999.
_SECTIONS = (0, 1024, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10000, 20000, 32768)


def kinds() -> str:
    """Return the table of the number of uses of each kind, by their confidence."""
    counts = Counter((use.kind.value, use.confidence) for use in uses.rows())
    counts.update(("all", use.confidence) for use in uses.rows())
    words = [word for word in Confidence if counts["all", word]]
    numbers = {
        name: [counts[name, word] for word in words]
        for name in (*(kind.value for kind in uses.UseKind), "all")
    }
    return doc_table.table(
        ("Kind", "Rows", *words),
        (
            (name, *(f"{each:,}" if each else "" for each in (sum(row), *row)))
            for name, row in numbers.items()
        ),
    )


def all_uses() -> str:
    """Return a section with a table for each part of the port numbers."""
    ends = (*(first - 1 for first in _SECTIONS[1:]), 65535)
    return "\n\n".join(
        f"## {first} to {last}\n\n{_uses(first, last)}"
        for first, last in zip(_SECTIONS, ends, strict=True)
    )


def _uses(first: int, last: int) -> str:
    return doc_table.table(
        ("Ports", "Name", "Used for", "Kind"),
        (
            (
                _ports(use.ports, use.transports),
                _text(use.name),
                _text(f"{use.note} ({use.since})" if use.since else use.note),
                use.kind,
            )
            for use in uses.rows()
            if first <= use.ports.first <= last
        ),
    )


def sensitive_services() -> str:
    """Return the table of services that should not be reachable from the internet."""
    return doc_table.table(
        ("Ports", "Service", "Why", "Known by", "Source"),
        (
            (
                _ports(row.ports, row.transports),
                row.service,
                row.why,
                row.confidence,
                _text(str(row.source)),
            )
            for row in uses.not_for_internet()
        ),
    )


def _ports(ports: PortSet, transports: tuple[types.Transport, ...]) -> str:
    return f"{str(ports).replace(',', ', ')} {'/'.join(transports)}"


def _text(text: str) -> str:
    # What Markdown would take for emphasis, code, a link or a tag.
    return re.sub(r"[\\*<`\[]|(?<!\w)_", r"\\\g<0>", text)


TABLES: tuple[tuple[str, str, types.Callable[[], str]], ...] = (
    (PAGE, "uses-by-kind", kinds),
    (EXPOSED_PAGE, "not-for-internet", sensitive_services),
    (ALL_PAGE, "all-uses", all_uses),
)
