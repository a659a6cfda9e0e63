"""Where a fact comes from and how it is known.

Every row of facts has a ``Source``, precise enough to look it up, and a ``Confidence`` if certainty
varies. ``cite`` builds a source; the packages have no helper of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portranges import checks
from portranges.records import always_checked

__all__ = ["MEASURED_ON_LINUX", "Confidence", "Source", "cite"]


class Confidence(StrEnum):
    """How a fact is known.

    A row with two facts of different confidence has the weaker one.

    Example:
        >>> Confidence("source")
        <Confidence.SOURCE: 'source'>
        >>> Confidence.INFERRED.meaning
        'follows from other facts, but is not stated anywhere'
    """

    MEASURED = "measured"
    SOURCE = "source"
    DOCUMENT = "document"
    STANDARD = "standard"
    REPORTED = "reported"
    INFERRED = "inferred"
    MEMORY = "memory"

    @property
    def meaning(self) -> str:
        """What the word means.

        Returns:
            A clause.

        Example:
            >>> Confidence.REPORTED.meaning
            'stated by third parties only'
        """
        return _MEANINGS[self]


_MEANINGS = {
    Confidence.MEASURED: "observed on the running system",
    Confidence.SOURCE: "read in the source code, at the cited commit or version",
    Confidence.DOCUMENT: "stated by the vendor or in the project's own manual",
    Confidence.STANDARD: "stated in an RFC or another standard, which was read",
    Confidence.REPORTED: "stated by third parties only",
    Confidence.INFERRED: "follows from other facts, but is not stated anywhere",
    Confidence.MEMORY: "known, but not looked up; check it before you rely on it",
}


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a fact comes from, precise enough to look it up.

    Attributes:
        document: The RFC, page, manual, or repository with its commit.
        section: The place in it: a section, or a file with lines; ``""`` if the whole
            document is meant.
        checked: When it was last looked at, as ``"2026-11"`` or ``"2026-11-24"``.

    Raises:
        TypeError: A value is not a ``str``.
        InvalidValueError: ``document`` or ``checked`` is empty.

    Example:
        >>> print(Source(document="RFC 6335", section="section 6", checked="2026-11"))
        RFC 6335, section 6 (checked 2026-11)
    """

    document: str
    section: str = ""
    checked: str

    def __post_init__(self) -> None:
        """Check the values."""
        checks.fields(self, section=str, document=checks.filled, checked=checks.filled)

    def __str__(self) -> str:
        """Return the source as one line."""
        place = f", {self.section}" if self.section else ""
        return f"{self.document}{place} (checked {self.checked})"


def cite(document: str, section: str = "", *, checked: str = "2026-11") -> Source:
    """Return the source of a fact, as rows cite it.

    Args:
        document: The RFC, page, manual, or repository with its commit.
        section: The place in it; ``""`` if the whole document is meant.
        checked: When it was last looked at.

    Raises:
        TypeError: An argument is not a ``str``.
        InvalidValueError: *document* or *checked* is empty.

    Example:
        >>> print(cite("RFC 6056", "section 3.2"))
        RFC 6056, section 3.2 (checked 2026-11)
    """
    return Source(document=document, section=section, checked=checked)


# What several packages know from the same runs.
MEASURED_ON_LINUX = cite("measured on Linux 6.18.44", "in a fresh network namespace, loopback only")
