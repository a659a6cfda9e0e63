"""What a row of the dialects says: Dialect, and the records inside it.

What lives here: the record of a dialect, the odd texts with what a tool makes
of them, the word lists.
What must not: any fact about a tool (the ``rows_*`` modules), any reading or
writing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portranges import types
from portranges.ports import MaskedPort, Transport
from portranges.portset import PortSet
from portranges.source import Source

__all__ = [
    "BOTH",
    "Bracketed",
    "Comparison",
    "DataForm",
    "Dialect",
    "Evidence",
    "Fault",
    "MisreadText",
    "Operator",
    "Overlap",
    "TransportRule",
]

BOTH = (Transport.TCP, Transport.UDP)


class Evidence(StrEnum):
    """How well a row is known.

    Example:
        >>> Evidence.DOCUMENT.meaning
        "taken from the vendor's manual; not run"
    """

    PACKETS = "packets"
    RUN = "run"
    PARSED = "parsed"
    SOURCE = "source"
    DOCUMENT = "document"
    OWN = "own"

    @property
    def meaning(self) -> str:
        """What the word stands for.

        Returns:
            Half a sentence.

        Example:
            >>> Evidence.RUN.meaning
            'the tool was run, and said what it had understood'
        """
        return _MEANINGS[self]


_MEANINGS = {
    Evidence.PACKETS: "the tool was run, and asked about every one of the 65,536 ports",
    Evidence.RUN: "the tool was run, and said what it had understood",
    Evidence.PARSED: "the tool was run, and told what it takes but not what it makes of it",
    Evidence.SOURCE: "the tool's own parser was read; not run",
    Evidence.DOCUMENT: "taken from the vendor's manual; not run",
    Evidence.OWN: "defined here",
}


class Fault(StrEnum):
    """The kinds of text that tools read in different ways.

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
    NAME = "name"
    NEGATION = "negation"
    OPERATOR = "operator"
    PREFIX = "prefix"
    MASK = "mask"
    ALL = "all ports"


class Overlap(StrEnum):
    """Which elements of one list may share ports.

    Example:
        >>> Overlap("equal")
        <Overlap.EQUAL: 'equal'>
    """

    ANY = "any"
    EQUAL = "equal"
    NONE = "none"


class Bracketed(StrEnum):
    """When a list stands in brackets.

    Attributes:
        NEVER: There are none.
        OPTIONAL: They are read, and not written.
        SEVERAL: Several elements need them, one may have them.
        ALWAYS: They are always there.

    Example:
        >>> Bracketed("several")
        <Bracketed.SEVERAL: 'several'>
    """

    NEVER = "never"
    OPTIONAL = "optional"
    SEVERAL = "several"
    ALWAYS = "always"


class TransportRule(StrEnum):
    """Whether the text says for which transport it is.

    Attributes:
        NEVER: It has no place for one.
        OPTIONAL: It may be left out, and is then for every transport, or for the
            one that the text around it tells.
        LISTS: As OPTIONAL, but a range or several ports need it.
        ALWAYS: It must be said.

    Example:
        >>> TransportRule("always")
        <TransportRule.ALWAYS: 'always'>
    """

    NEVER = "never"
    OPTIONAL = "optional"
    LISTS = "lists"
    ALWAYS = "always"


class Comparison(StrEnum):
    """What an operator before a port stands for.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A sign or a word before a port, or between two.

    Attributes:
        sign: As it is written.
        comparison: What it stands for; the ports that it names are never in
            BELOW, ABOVE, BETWEEN and OUTSIDE.

    Example:
        >>> Operator(sign=">=", comparison=Comparison.AT_LEAST).sign
        '>='
    """

    sign: str
    comparison: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class MisreadText:
    """A text that a person and the tool may read differently, and the tool's answer.

    Attributes:
        fault: The kind of text.
        text: What the tool was given, in place of the dialect's whole text.
        means: The ports that the tool understood, in the neutral notation or
            as one mask; ``""`` for no port at all, ``None`` where it refused
            the text.
        note: What else there is to know, as the end of a sentence.

    Example:
        >>> MisreadText(fault=Fault.LEADING_ZERO, text="010", means="8").means
        '8'
    """

    fault: Fault
    text: str
    means: str | None
    note: str = ""

    @property
    def understood(self) -> PortSet | None:
        """What the tool understood.

        Returns:
            The set that ``means`` says; None where the tool refused the text.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one program writes ports.

    Bounds are inclusive, as in every dialect. ``""`` stands for what there is
    none of, 0 for no limit.

    Attributes:
        name: The key, as ``"nft"``; unique among names and aliases.
        aliases: Other keys of the same row.
        tool: The program, as its users call it.
        place: Where in the program's own text it belongs.
        plain: The text around the ports, ``{ports}``, as ``"--dport {ports}"``;
            what stands before may be left out in a text that is read.
        negated: The same for "all ports but these".
        framed: The text around that, ``{match}``, when the transport is said.
        also_framed: Longer forms of it, that are read and not written.
        transport_rule: Whether it must be said.
        transports: Which ones can be.
        separator: What stands between two elements, as written.
        blanks_separate: Whether elements that are read may be parted by blanks.
        blanks: Characters that may stand around elements and brackets.
        range_signs: What stands between the ends of a range; the first is
            written, and alone has open ends.
        opening: The opening bracket, as written.
        closing: The closing bracket, as written.
        bracketed: When there are brackets.
        quote: What is written around a range that is a string.
        quote_all: Whether a single port is quoted too.
        range_needs_quote: Whether a range without quotes is something else.
        open_first: Where a range without first port begins, if there may be one.
        open_last: Where a range without last port ends, if there may be one.
        equal_ends: Whether a range of one port may be written as a range.
        lowest: The first port that the tool takes.
        operators: Signs before a port, longest first.
        all_ports_word: The word for all ports; a range sign stands for the open range.
        empty: The text of the empty set, if it has one.
        names: Whether the tool reads service names.
        dashed_names: Whether it reads those with a ``-`` in them, too; else it
            takes one for a range and parts it there.
        overlap: Which elements of a list may share ports.
        max_elements: How many elements a text may have.
        max_slots: How many slots a text has, a port one and a range two.
        max_length: How many characters a text may have.
        max_texts: How many texts one setting may have.
        grammar: The module that reads and writes what a row cannot say.
        several_texts_mean: What several texts, one a line, mean together.
        misread_texts: Texts that tools read differently, with this one's answer.
        notes: What else there is to know, as sentences.
        version: The version that was run or read.
        evidence: How well the row is known.
        sources: Where it comes from; never empty.

    Example:
        >>> from portranges import dialects
        >>> row = dialects.lookup("iptables-multiport")
        >>> row.max_slots, row.range_signs, row.equal_ends
        (15, (':',), False)
    """

    name: types.DialectName
    aliases: tuple[str, ...] = ()
    tool: str
    place: str
    plain: str = "{ports}"
    negated: str = ""
    framed: str = ""
    also_framed: tuple[str, ...] = ()
    transport_rule: TransportRule = TransportRule.NEVER
    transports: tuple[Transport, ...] = BOTH
    separator: str = ""
    blanks_separate: bool = False
    blanks: str = ""
    range_signs: tuple[str, ...] = ("-",)
    opening: str = ""
    closing: str = ""
    bracketed: Bracketed = Bracketed.NEVER
    quote: str = ""
    quote_all: bool = False
    range_needs_quote: bool = False
    open_first: int | None = None
    open_last: int | None = None
    equal_ends: bool = True
    lowest: int = 0
    operators: tuple[Operator, ...] = ()
    all_ports_word: str = ""
    empty: str | None = None
    names: bool = False
    dashed_names: bool = True
    overlap: Overlap = Overlap.ANY
    max_elements: int = 0
    max_slots: int = 0
    max_length: int = 0
    max_texts: int = 0
    grammar: str = ""
    several_texts_mean: str = ""
    misread_texts: tuple[MisreadText, ...] = ()
    notes: tuple[str, ...] = ()
    version: str = ""
    evidence: Evidence
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataForm:
    """How a program takes ports as data rather than as text.

    Attributes:
        name: The key, as ``"aws"``: ``to_aws`` writes it, ``from_aws`` reads it.
        tool: The program, as its users call it.
        place: Where in the program's own data it belongs.
        transports: Which transports have ports there.
        lowest: The first port that it takes.
        max_elements: How many ports and ranges one entry may have; 0 for no limit.
        all_ports: How every port is said.
        notes: What else there is to know, as sentences.
        evidence: How well the row is known.
        sources: Where it comes from; never empty.

    Example:
        >>> from portranges import dialects
        >>> [form.name for form in dialects.data_forms() if form.lowest]
        ['kubernetes', 'cilium', 'openstack']
    """

    name: str
    tool: str
    place: str
    transports: tuple[Transport, ...] = BOTH
    lowest: int = 0
    max_elements: int = 0
    all_ports: str
    notes: tuple[str, ...] = ()
    evidence: Evidence
    sources: tuple[Source, ...]
