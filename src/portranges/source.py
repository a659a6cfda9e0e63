"""Source: where a fact comes from.

What lives here: the record that every row of facts carries.
What must not: any fact.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a fact comes from, precise enough to look it up.

    Attributes:
        document: The RFC, page, manual, or repository with its commit.
        section: The place in it: a section, a file with lines; ``""`` where
            the document is the place.
        checked: When it was last looked at: ``"2026-11"`` or ``"2026-11-24"``.

    Example:
        >>> print(Source(document="RFC 6335", section="section 6", checked="2026-11"))
        RFC 6335, section 6 (checked 2026-11)
    """

    document: str
    section: str = ""
    checked: str

    def __str__(self) -> str:
        """Return the source as one line."""
        place = f", {self.section}" if self.section else ""
        return f"{self.document}{place} (checked {self.checked})"
