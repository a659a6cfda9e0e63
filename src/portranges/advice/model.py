"""The records of advice: what can be found, a finding, a difference.

What lives here: Severity, Advice, Finding and Difference.
What must not: what can be found (``rows``), and where it is (``listen``,
``audit``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portranges.portset import PortSet
from portranges.source import Source

__all__ = ["Advice", "Difference", "Finding", "Severity"]


class Severity(StrEnum):
    """How much a finding matters.

    Attributes:
        NOTE: Worth to know; it may be meant.
        WARNING: It will go wrong for some, or opens more than most want.
        ERROR: It cannot work, or does nothing.

    Example:
        >>> Severity("warning")
        <Severity.WARNING: 'warning'>
    """

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A row: something that may be found, and why it matters.

    Attributes:
        id: The key, as ``"handed-out"``.
        severity: How much it matters.
        says: The sentence of a finding, with places for what was found.
        reason: Why it matters, and what to do, in sentences.
        source: Where the reason comes from; a finding that a row of facts
            caused has that row's source.

    Example:
        >>> from portranges import advice
        >>> {row.id: row for row in advice.rows()}["shadowed"].severity
        <Severity.ERROR: 'error'>
    """

    id: str
    severity: Severity
    says: str
    reason: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that was found.

    Attributes:
        id: The id of its row of ``advice``.
        severity: How much it matters.
        sentence: What was found, in a sentence.
        ports: The ports that it is about.
        source: Where the fact comes from.

    Example:
        >>> from portranges import advice
        >>> finding = advice.why_not(443)[1]
        >>> print(finding)
        warning: 443/tcp is assigned to https (assigned)
    """

    id: str
    severity: Severity
    sentence: str
    ports: PortSet
    source: Source

    def __str__(self) -> str:
        """Return the finding as one line, with its id."""
        return f"{self.severity.value}: {self.sentence} ({self.id})"

    def to_dict(self) -> dict[str, str]:
        """Return the finding as data that JSON can hold.

        Returns:
            Texts under the names of the attributes.

        Example:
            >>> from portranges import advice
            >>> advice.why_not(443)[1].to_dict()["id"]
            'assigned'
        """
        return {
            "id": self.id,
            "severity": self.severity.value,
            "sentence": self.sentence,
            "ports": str(self.ports),
            "source": str(self.source),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What must be done to one set of ports to make it another.

    Attributes:
        added: Ports that only the new set has.
        removed: Ports that only the old set has.

    Example:
        >>> from portranges import PortSet, advice
        >>> print(advice.diff(PortSet.parse("22,80"), PortSet.parse("80,443")))
        +443 -22
    """

    added: PortSet
    removed: PortSet

    def __bool__(self) -> bool:
        """Tell whether there is anything to do."""
        return bool(self.added or self.removed)

    def __str__(self) -> str:
        """Return the difference as one line; ``""`` where there is none."""
        parts = [f"+{self.added}" if self.added else "", f"-{self.removed}" if self.removed else ""]
        return " ".join(filter(None, parts))
