"""The records of ``portranges.advice``: a kind of finding, a finding, a difference.

The kinds of finding are in ``catalog``; ``listen`` and ``auditing`` produce findings.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portranges import types
from portranges.checks import fields, filled
from portranges.errors import InvalidValueError
from portranges.portset import PortSet
from portranges.records import always_checked, as_data
from portranges.source import Source


class Severity(StrEnum):
    """How serious a finding is.

    Attributes:
        NOTE: Worth knowing; it may be intended.
        WARNING: It will fail for some users, or opens more than most users intend.
        ERROR: It cannot work, or has no effect.

    Example:
        >>> Severity("warning")
        <Severity.WARNING: 'warning'>
    """

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A kind of finding, and why it matters.

    Attributes:
        id: The key, such as ``"ephemeral"``.
        severity: How serious it is.
        template: The sentence of a finding, with placeholders for the details.
        reason: Why it matters and what to do, as sentences.
        source: Where the reason comes from. A finding that follows from a row of facts has that
            row's source.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: A text is empty.

    Example:
        >>> from portranges import advice
        >>> {row.id: row for row in advice.rows()}["shadowed"].severity
        <Severity.ERROR: 'error'>
    """

    id: str
    severity: Severity
    template: str
    reason: str
    source: Source

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, severity=Severity, id=filled, template=filled, reason=filled, source=Source)


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fact that matters for the choice of a port, or a fault in rules.

    Attributes:
        id: The id of its row in ``rows``.
        severity: How serious it is.
        sentence: The finding, as a sentence.
        ports: The ports that it concerns.
        source: Where the fact comes from.
        location: Where the rule is that it is about; ``None`` if it is not about one rule of a
            file.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: A text is empty.

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
    location: types.Location | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, severity=Severity, id=filled, sentence=filled, ports=PortSet, source=Source)
        if self.location is not None:
            # Loaded already if the value is right; most findings have no place in a file.
            from portranges.rulesets.model import Location

            fields(self, location=Location)

    def __str__(self) -> str:
        """Return the finding as one line, with its id."""
        return f"{self.severity.value}: {self.sentence} ({self.id})"

    def to_dict(self) -> dict[str, str]:
        """Return the finding as plain data for JSON.

        Returns:
            The attributes by name, as texts; ``location`` only if there is one.

        Example:
            >>> from portranges import advice
            >>> advice.why_not(443)[1].to_dict()["id"]
            'assigned'
        """
        data = as_data(self)
        if self.location is None:
            del data["location"]
        return data


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The changes that turn one set of ports into another.

    Attributes:
        added: The ports that only the new set has.
        removed: The ports that only the old set has.

    Raises:
        TypeError: A value is not a ``PortSet``.
        InvalidValueError: A port is both added and removed.

    Example:
        >>> from portranges import PortSet, advice
        >>> print(advice.diff(PortSet.parse("22,80"), PortSet.parse("80,443")))
        +443 -22
    """

    added: PortSet
    removed: PortSet

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, added=PortSet, removed=PortSet)
        if both := self.added & self.removed:
            raise InvalidValueError("a port must not be both added and removed", str(both))

    def __bool__(self) -> bool:
        """Return whether the sets differ."""
        return bool(self.added or self.removed)

    def __str__(self) -> str:
        """Return the difference as one line; ``""`` if there is none."""
        parts = [f"+{self.added}" if self.added else "", f"-{self.removed}" if self.removed else ""]
        return " ".join(filter(None, parts))
