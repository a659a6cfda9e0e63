"""The words that rows use, and the records of their details; ``forms`` has the rows' own records.

They hold no facts; the facts about each program are rows in the ``rows_*`` modules.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portranges import types
from portranges.checks import fields, filled, optional, tuple_with
from portranges.errors import InvalidValueError
from portranges.ports import MaskedPort, Transport, check_port
from portranges.portset import PortSet
from portranges.records import always_checked
from portranges.source import Confidence, Source

BOTH = (Transport.TCP, Transport.UDP)
THREE = (*BOTH, Transport.SCTP)

# What several texts mean in most packet filters.
ANY_RULE = "rules; a packet matches if any of them matches"


class Verification(StrEnum):
    """What was compared when the tool itself was run.

    Attributes:
        EVERY_PORT: The tool's answer for each of the 65,536 ports.
        PACKETS: What the tool did with packets to chosen ports, such as the bounds of ranges.
        READBACK: The tool's own listing of the ports that it had understood.
        ACCEPTANCE: Only whether the tool accepts a text, not what it understands.
        NONE: The tool was not run.

    Example:
        >>> Verification("readback").meaning
        'the tool was run, and its listing of the ports was compared'
    """

    EVERY_PORT = "every port"
    PACKETS = "packets"
    READBACK = "readback"
    ACCEPTANCE = "acceptance"
    NONE = "none"

    @property
    def meaning(self) -> str:
        """What the word means.

        Returns:
            A clause.

        Example:
            >>> Verification.NONE.meaning
            'the tool was not run'
        """
        return _MEANINGS[self]


_MEANINGS = {
    Verification.EVERY_PORT: "the tool was run, and its answer for each of the 65,536 ports "
    "was compared",
    Verification.PACKETS: "the tool was run, and packets to chosen ports were compared",
    Verification.READBACK: "the tool was run, and its listing of the ports was compared",
    Verification.ACCEPTANCE: "the tool was run, but it reports only whether it accepts a text",
    Verification.NONE: "the tool was not run",
}


class Fault(StrEnum):
    """The kinds of text that tools interpret differently.

    Example:
        >>> Fault("reversed")
        <Fault.REVERSED: 'reversed'>
    """

    LEADING_ZERO = "leading zero"
    HEX = "hexadecimal"
    SIGN = "sign"
    DIGITS = "other digits"
    TOO_LARGE = "too large"
    EQUAL_ENDS = "equal ends"
    REVERSED = "reversed"
    OPEN = "open end"
    OTHER_SIGN = "other range sign"
    MISSING = "missing part"
    NAME = "name"
    NEGATION = "negation"
    OPERATOR = "operator"
    PREFIX = "prefix"
    MASK = "mask"
    ALL = "all ports"


class Overlap(StrEnum):
    """Which elements of one list may share ports.

    Attributes:
        ANY: Any of them.
        EQUAL: Only equal elements: one may be repeated.
        NONE: None of them.

    Example:
        >>> Overlap("equal")
        <Overlap.EQUAL: 'equal'>
    """

    ANY = "any"
    EQUAL = "equal"
    NONE = "none"


class Bracketed(StrEnum):
    """When a list is in brackets.

    Attributes:
        NEVER: The dialect has no brackets.
        OPTIONAL: Brackets are accepted, and not written.
        SEVERAL: Several elements require them; a single element may have them.
        ALWAYS: They are required.

    Example:
        >>> Bracketed("several")
        <Bracketed.SEVERAL: 'several'>
    """

    NEVER = "never"
    OPTIONAL = "optional"
    SEVERAL = "several"
    ALWAYS = "always"


class TransportRule(StrEnum):
    """Whether a text names its transport.

    Attributes:
        NEVER: It cannot.
        OPTIONAL: It may. If it does not, it means every transport, or the one that the
            surrounding text names.
        LISTS: As OPTIONAL, but required for a range or several ports.
        ALWAYS: It must.

    Example:
        >>> TransportRule("always")
        <TransportRule.ALWAYS: 'always'>
    """

    NEVER = "never"
    OPTIONAL = "optional"
    LISTS = "lists"
    ALWAYS = "always"


class NameLookup(StrEnum):
    """Which ports of a service a tool considers when a text has its name.

    Attributes:
        NONE: The tool does not accept names.
        NAMED: Those for the transport that the text names.
        ANY: Those for every transport, whatever the text names.
        TCP: Those for TCP only, whatever the text names.
        TCP_OR_UDP: Those for TCP and UDP, whatever the text names.
        OWN: Those in a table of its own, which differs from IANA's: the row's ``names.own``,
            or a table that the caller passes.

    Example:
        >>> NameLookup("tcp or udp")
        <NameLookup.TCP_OR_UDP: 'tcp or udp'>
    """

    NONE = "none"
    NAMED = "named"
    ANY = "any"
    TCP = "tcp"
    TCP_OR_UDP = "tcp or udp"
    OWN = "own"


class Comparison(StrEnum):
    """What an operator before a port, or between two ports, means.

    Example:
        >>> Comparison("below")
        <Comparison.BELOW: 'below'>
    """

    EQUAL = "equal"
    UNEQUAL = "unequal"
    BELOW = "below"
    AT_MOST = "at most"
    ABOVE = "above"
    AT_LEAST = "at least"
    BETWEEN = "between"
    OUTSIDE = "outside"


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A sign or word before a port, or between two ports.

    Attributes:
        sign: The sign as it is written.
        comparison: What it means. BELOW, ABOVE, BETWEEN and OUTSIDE exclude the ports that
            are written beside the sign.

    Example:
        >>> Operator(sign=">=", comparison=Comparison.AT_LEAST).sign
        '>='
    """

    sign: str
    comparison: Comparison

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, sign=filled, comparison=Comparison)


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class MisreadText:
    """A text that a tool may interpret differently than a reader expects.

    Attributes:
        fault: The kind of text.
        text: The dialect's whole text, as the tool was given it.
        means: The ports that the tool understood, in the neutral notation or as one mask;
            ``""`` if it understood no port, ``None`` if it rejected the text.
        note: A remark on that, which fits into parentheses.

    Example:
        >>> MisreadText(fault=Fault.LEADING_ZERO, text="010", means="8").means
        '8'
    """

    fault: Fault
    text: str
    means: str | None
    note: str = ""

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, fault=Fault, text=filled, means=optional(str), note=str)
        _ = self.understood

    @property
    def understood(self) -> PortSet | None:
        """The ports that the tool understood.

        Returns:
            ``means`` as a set; ``None`` if the tool rejected the text.

        Example:
            >>> len(MisreadText(fault=Fault.MASK, text="1000/13", means="0x8/0xd").understood)
            8192
        """
        if self.means is None:
            return None
        value, slash, mask = self.means.partition("/")
        if not slash:
            return PortSet.parse(self.means)
        return PortSet.from_masks([MaskedPort(int(value, 16), int(mask, 16))])


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class OwnName:
    """A service name in a tool's own table.

    Attributes:
        name: The name, in lower case.
        port: Its port.
        transports: The transports for which the tool knows it.

    Example:
        >>> OwnName(name="www", port=80, transports=(Transport.TCP,)).port
        80
    """

    name: str
    port: int
    transports: tuple[Transport, ...]

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, name=filled, transports=tuple_with(Transport, least=1))
        check_port(self.port)


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedText:
    """A text that a tool accepts and ``parse`` refuses on purpose.

    Attributes:
        text: The dialect's whole text.
        reason: Why it is refused, as a clause.

    Example:
        >>> RefusedText(text="80 # web", reason="a comment is not part of the ports").text
        '80 # web'
    """

    text: str
    reason: str

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, text=filled, reason=filled)


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How a row is known.

    Attributes:
        confidence: How the row is known.
        verification: What was compared when the tool was run.
        sources: The sources; at least one.
        version: The version that was run or read.

    Example:
        >>> from portranges import dialects
        >>> print(dialects.lookup("nft").evidence.verification)
        every port
    """

    confidence: Confidence
    verification: Verification = Verification.NONE
    sources: tuple[Source, ...]
    version: str = ""

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, confidence=Confidence, verification=Verification)
        fields(self, sources=tuple_with(Source, least=1), version=str)
        if (self.verification is Verification.NONE) is (self.confidence is Confidence.MEASURED):
            raise InvalidValueError(
                "a row must be measured if the tool was run, and only then", self.confidence
            )


def check_facts(row: types.Any) -> None:
    """Check the fields that all kinds of row have."""
    fields(row, name=filled, tool=filled, place=filled)
    fields(row, notes=tuple_with(str), evidence=Evidence)
