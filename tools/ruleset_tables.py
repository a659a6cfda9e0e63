"""The tables of docs/reference/tables/rule-formats.md, from the rows of portranges.rulesets.

``TABLES`` names the page and the marker of each table, and build_docs.py inserts them.
"""

from __future__ import annotations

import doc_table

from portranges import dialects, rulesets, types
from portranges.rulesets.rows_frontends import LISTS
from portranges.rulesets.rows_lists import CONFIGURATIONS

PAGE = "docs/reference/tables/rule-formats.md"


def _rows() -> tuple[rulesets.Format, ...]:
    return (*rulesets.formats(), *LISTS, *CONFIGURATIONS)


def formats() -> str:
    """Return the table of the formats, with how each is known."""
    return doc_table.table(
        ("Format", "Other names", "What is read", "Version", "Known by"),
        (
            (
                f"[`{row.name}`](#{_heading(_together(row)).replace(', ', '-')})",
                ", ".join(f"`{alias}`" for alias in row.aliases),
                row.title,
                row.evidence.version,
                _known_by(row.evidence),
            )
            for row in _rows()
        ),
    )


def known_by_words() -> str:
    """Return the table of the words for how a row is known."""
    words = dict[str, str]()
    for row in _rows():
        measured = row.evidence.verification is not dialects.Verification.NONE
        about = row.evidence.verification if measured else row.evidence.confidence
        words[_known_by(row.evidence)] = about.meaning
    return doc_table.table(("Words", "Meaning"), words.items())


def reading() -> str:
    """Return what is read of each format and what is not, as lists below headings."""
    parts: list[str] = []
    for row in _rows():
        together = _together(row)
        if row is not together[0]:
            continue
        parts += [f"### {_heading(together)}", "Read:", _list(row.reads)]
        if row.leaves_out:
            parts += ["Not read, or less exactly than by the tool:", _list(row.leaves_out)]
    return "\n\n".join(parts)


def _together(row: rulesets.Format) -> list[rulesets.Format]:
    """Return the formats that are read as *row* is, for one heading."""
    read = row.reads, row.leaves_out
    return [other for other in _rows() if (other.reads, other.leaves_out) == read]


def _heading(formats: list[rulesets.Format]) -> str:
    return ", ".join(row.name for row in formats)


def _known_by(evidence: dialects.Evidence) -> str:
    if evidence.verification is dialects.Verification.NONE:
        return evidence.confidence
    return f"{evidence.confidence}: {evidence.verification}"


def _list(phrases: tuple[str, ...]) -> str:
    return "\n".join(f"- {each.replace('*', chr(92) + '*')}" for each in phrases)


TABLES: tuple[tuple[str, str, types.Callable[[], str]], ...] = (
    (PAGE, "ruleset-formats", formats),
    (PAGE, "ruleset-known-by", known_by_words),
    (PAGE, "ruleset-reading", reading),
)
