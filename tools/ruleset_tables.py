"""The tables of docs/rulesets.md, from the rows of portranges.rulesets.

``TABLES`` names the page and the marker of each table, and build_docs.py inserts them.
"""

from __future__ import annotations

import doc_table

from portranges import rulesets, types
from portranges.rulesets.rows_frontends import LISTS
from portranges.rulesets.rows_lists import CONFIGURATIONS

PAGE = "docs/rulesets.md"


def _rows() -> tuple[rulesets.Format, ...]:
    return (*rulesets.formats(), *LISTS, *CONFIGURATIONS)


def formats() -> str:
    """Return the table of the formats, with how each is known."""
    return doc_table.table(
        ("Format", "Aliases", "Written by", "Version", "Confidence", "Compared"),
        (
            (
                f"`{row.name}`",
                ", ".join(f"`{alias}`" for alias in row.aliases),
                row.title,
                row.evidence.version,
                row.evidence.confidence,
                row.evidence.verification.meaning,
            )
            for row in _rows()
        ),
    )


def reading() -> str:
    """Return what is read of each format and what is not, as lists."""
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for row in _rows():
        groups.setdefault((row.reads, row.leaves_out), []).append(f"`{row.name}`")
    parts: list[str] = []
    for (reads, leaves_out), names in groups.items():
        parts += [f"{' and '.join(names)}: what is read", _list(reads)]
        if leaves_out:
            parts += ["What is not read, or not as exactly:", _list(leaves_out)]
    return "\n\n".join(parts)


def _list(phrases: tuple[str, ...]) -> str:
    return "\n".join(f"- {each.replace('*', chr(92) + '*')}" for each in phrases)


TABLES: tuple[tuple[str, str, types.Callable[[], str]], ...] = (
    (PAGE, "ruleset-formats", formats),
    (PAGE, "ruleset-reading", reading),
)
