"""The record that describes a dialect, and its parts; ``forms`` has those of data and mappings.

They hold no facts; the facts about each program are rows in the ``rows_*`` modules. Reading
and writing is done by ``convert`` and the modules below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portranges import types
from portranges.checks import fields, filled, integer, optional, tuple_with
from portranges.errors import InvalidValueError, elide
from portranges.ports import LAST_PORT, MaskedPort, Transport, check_port
from portranges.portset import PortSet
from portranges.records import always_checked
from portranges.source import Confidence, Source

BOTH = (Transport.TCP, Transport.UDP)

# What several texts mean in most packet filters.
ANY_RULE = "rules; a packet matches if any of them matches"


class Verification(StrEnum):
    """What was compared when the tool itself was run.

    Attributes:
        EVERY_PORT: The tool's answer for each of the 65,536 ports.
        READBACK: The tool's own listing of the ports that it had understood.
        ACCEPTANCE: Only whether the tool accepts a text, not what it understands.
        NONE: The tool was not run.

    Example:
        >>> Verification("readback").meaning
        'the tool was run, and its listing of the ports was compared'
    """

    EVERY_PORT = "every port"
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
        OWN: Those in a table of its own, which differs from IANA's: the row's ``own_names``,
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
        fields(self, name=filled, port=_port, transports=tuple_with(Transport, least=1))


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
class Dialect:
    """How one program writes ports.

    Bounds are inclusive in every dialect. ``""`` means "absent", 0 means "unlimited".

    Attributes:
        name: The key, such as ``"nft"``; unique among names and aliases.
        aliases: Other keys of the same row.
        tool: The program, as its users call it.
        place: Where in the program's own text the ports belong.
        plain: The text around the ports, ``{ports}``, as in ``"--dport {ports}"``. A text that
            is read may omit what precedes them.
        also_plain: Other forms of ``plain`` that are accepted, but not written.
        negated: The same for "all ports except these".
        also_negated: Other forms of ``negated`` that are accepted, but not written.
        framed: The text around ``plain`` or ``negated``, ``{match}``, when the transport is
            named.
        also_framed: Other forms of ``framed`` that are accepted, but not written.
        transport_rule: Whether a text names its transport.
        transports: The transports that it may name.
        families: The starts of texts for one address family, such as ``"ipv6"``. A set has no
            family, so the texts of several families must have the same ports.
        separator: The text between two elements, as it is written.
        blanks_separate: Whether blanks alone may separate elements in a text that is read.
        blanks: The characters that are accepted as blanks around elements and brackets.
        blanks_in_ranges: Whether they are also accepted around a range sign.
        trailing_separator: Whether a separator may follow the last element.
        terminator: A character that may end the text.
        range_signs: The signs between the ends of a range. The first one is written, and it is
            the only one that may have an open end.
        opening: The opening bracket, as it is written.
        closing: The closing bracket, as it is written.
        bracketed: When a list is in brackets.
        quote: The quotation mark around a range that is a string.
        quote_all: Whether a single port is quoted too.
        range_needs_quote: Whether an unquoted range means something else.
        open_first: Where a range without a first port begins; ``None`` if there is none.
        open_last: Where a range without a last port ends; ``None`` if there is none.
        equal_ends: Whether a single port may be written as a range.
        lowest: The lowest port that the tool accepts.
        operators: The operators before or between ports, the longest first.
        keywords: Other words before a port that its grammar knows.
        all_ports_word: The word for all ports. If it is a range sign, it is the range with two
            open ends.
        empty: The text of the empty set, if there is one.
        name_lookup: Where the tool looks for the port of a service name.
        own_names: The names of the tool's own table, which need no registry.
        dashed_names: Whether it accepts names that contain ``-``; otherwise it splits them
            there, as a range.
        overlap: Which elements of a list may share ports.
        max_elements: How many elements a text may have.
        max_slots: How many slots a text has; a port uses one, a range two.
        max_length: How many characters the list of a text may have, with its brackets.
        shows_longer: Whether the tool itself shows longer lists, so ``parse`` accepts them.
        max_texts: How many texts one setting may have.
        grammar: The module that reads and writes what these fields cannot describe.
        several_texts_mean: What several texts, one per line, mean together.
        misread_texts: Texts that tools interpret differently, with this one's answer.
        refused_texts: Texts that the tool accepts and ``parse`` refuses on purpose.
        notes: What else a user should know, as sentences.
        version: The version that was run or read.
        confidence: How the row is known.
        verification: What was compared when the tool was run.
        sources: The sources; at least one.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: A text has no place for the ports, or two fields exclude each other.
        InvalidPortError: ``lowest`` or an open end is outside 0 to 65535.

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
    also_plain: tuple[str, ...] = ()
    negated: str = ""
    also_negated: tuple[str, ...] = ()
    framed: str = ""
    also_framed: tuple[str, ...] = ()
    transport_rule: TransportRule = TransportRule.NEVER
    transports: tuple[Transport, ...] = BOTH
    families: tuple[str, ...] = ()
    separator: str = ""
    blanks_separate: bool = False
    blanks: str = ""
    blanks_in_ranges: bool = False
    trailing_separator: bool = False
    terminator: str = ""
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
    keywords: tuple[str, ...] = ()
    all_ports_word: str = ""
    empty: str | None = None
    name_lookup: NameLookup = NameLookup.NONE
    own_names: tuple[OwnName, ...] = ()
    dashed_names: bool = True
    overlap: Overlap = Overlap.ANY
    max_elements: int = 0
    max_slots: int = 0
    max_length: int = 0
    shows_longer: bool = False
    max_texts: int = 0
    grammar: str = ""
    several_texts_mean: str = ""
    misread_texts: tuple[MisreadText, ...] = ()
    refused_texts: tuple[RefusedText, ...] = ()
    notes: tuple[str, ...] = ()
    version: str = ""
    confidence: Confidence
    verification: Verification = Verification.NONE
    sources: tuple[Source, ...]

    def __post_init__(self) -> None:
        """Check the fields."""
        check_row(self)
        fields(
            self,
            **dict.fromkeys(_TEXTS, str),
            **dict.fromkeys(_FLAGS, bool),
            **dict.fromkeys(("max_slots", "max_length", "max_texts"), integer),
            **dict.fromkeys(_LISTS, tuple_with(str)),
            **dict.fromkeys(("open_first", "open_last"), optional(_port)),
            operators=tuple_with(Operator),
            misread_texts=tuple_with(MisreadText),
            refused_texts=tuple_with(RefusedText),
            own_names=tuple_with(OwnName),
            empty=optional(str),
            transport_rule=TransportRule,
            bracketed=Bracketed,
            overlap=Overlap,
            name_lookup=NameLookup,
            verification=Verification,
        )
        for name, places in (
            ("plain", ("{ports}",)),
            ("negated", ("{ports}",)),
            ("framed", ("{transport}", "{match}")),
        ):
            text = getattr(self, name)
            if text and any(text.count(place) != 1 for place in places):
                raise InvalidValueError(
                    f"{name} must contain {' and '.join(places)} once", elide(text)
                )
        if bool(self.framed) is (self.transport_rule is TransportRule.NEVER):
            raise InvalidValueError(
                "a dialect must have a framed text if it names transports, and only then",
                self.framed or "none",
            )
        if (self.verification is Verification.NONE) is (self.confidence is Confidence.MEASURED):
            raise InvalidValueError(
                "a row must be measured if the tool was run, and only then", self.confidence
            )


_TEXTS = (
    *("plain", "negated", "framed", "separator", "blanks", "opening", "closing", "quote"),
    *("terminator", "all_ports_word", "grammar", "several_texts_mean", "version"),
)
_FLAGS = (
    *("blanks_separate", "quote_all", "range_needs_quote", "equal_ends"),
    *("dashed_names", "shows_longer", "blanks_in_ranges", "trailing_separator"),
)
_LISTS = (
    *("aliases", "also_plain", "also_negated", "also_framed"),
    *("families", "range_signs", "keywords"),
)


def check_row(row: types.Any) -> None:
    """Check the fields that rows of sets have."""
    check_facts(row)
    fields(row, transports=tuple_with(Transport, least=1), lowest=_port)
    integer("max_elements", row.max_elements, most=LAST_PORT)


def check_facts(row: types.Any) -> None:
    """Check the fields that all kinds of row have."""
    fields(row, name=filled, tool=filled, place=filled)
    fields(row, notes=tuple_with(str), confidence=Confidence, sources=tuple_with(Source, least=1))


def _port(_: str, value: types.Any) -> None:
    check_port(value)
