"""The records of rows: of a dialect with its parts, of a form of data, and of a port mapping.

They hold no facts; the facts about each program are rows in the ``rows_*`` modules. Reading
and writing is done by ``convert`` and the modules below it.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import types
from portranges.checks import fields, filled, integer, optional, tuple_of, tuple_with
from portranges.dialects.model import (
    BOTH,
    Bracketed,
    Evidence,
    MisreadText,
    NameLookup,
    Operator,
    Overlap,
    OwnName,
    RefusedText,
    TransportRule,
    check_facts,
)
from portranges.errors import InvalidValueError, elide
from portranges.ports import LAST_PORT, Transport, check_port
from portranges.records import always_checked


def _port(_: str, value: types.Any) -> None:
    check_port(value)


def _forms_with(*places: str) -> types.FieldCheck:
    """Return the check of a tuple of texts, each of which has each of *places* once."""

    def check_forms(name: str, value: types.Any) -> None:
        for text in tuple_of(name, value, str):
            if any(text.count(place) != 1 for place in places):
                rule = f"each of {name} must contain {' and '.join(places)} once"
                raise InvalidValueError(rule, elide(text))

    return check_forms


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The text around the ports, in each form that is accepted; the first one is written.

    Attributes:
        plain: The forms, with ``{ports}``, as in ``"--dport {ports}"``. A text that is read may
            omit what precedes them.
        negated: The same for "all ports except these"; empty if they cannot be written.

    Raises:
        TypeError: A value is not a tuple of texts.
        InvalidValueError: A text has no place for the ports, or several, or there is no text.

    Example:
        >>> Wording(plain=("tp_dst={ports}",)).negated
        ()
    """

    plain: tuple[str, ...] = ("{ports}",)
    negated: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, plain=_forms_with("{ports}"), negated=_forms_with("{ports}"))
        fields(self, plain=tuple_with(str, least=1))


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The text around the wording when the transport is named.

    Attributes:
        forms: The texts that are accepted, with ``{transport}`` and ``{match}``, as in
            ``"{match}/{transport}"``; the first one is written.
        rule: Whether a text names its transport.
        transports: The transports that it may name.
        families: The starts of texts for one address family, such as ``"ipv6"``. A set has no
            family, so the texts of several families must have the same ports.
        joint: The text between the texts for two transports; a line break if they stay separate.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: A text has no place for the transport or the match, or there are texts
            although no transport is named, or none although one is.

    Example:
        >>> Frame(forms=("{match}/{transport}",), rule=TransportRule.ALWAYS).transports
        (<Transport.TCP: 'tcp'>, <Transport.UDP: 'udp'>)
    """

    forms: tuple[str, ...] = ()
    rule: TransportRule = TransportRule.NEVER
    transports: tuple[Transport, ...] = BOTH
    families: tuple[str, ...] = ()
    joint: str = "\n"

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, forms=_forms_with("{transport}", "{match}"), rule=TransportRule)
        fields(self, transports=tuple_with(Transport, least=1), families=tuple_with(str))
        fields(self, joint=filled)
        if bool(self.forms) is (self.rule is TransportRule.NEVER):
            rule = "a frame must have a text if a transport may be named, and only then"
            raise InvalidValueError(rule, elide(self.forms))


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Spacing:
    """What separates and surrounds the elements of a list.

    Attributes:
        separator: The text between two elements, as it is written.
        trailing: Whether a separator may follow the last element.
        blanks: The characters that are accepted as blanks around elements and brackets.
        blanks_separate: Whether blanks alone may separate elements in a text that is read.
        blanks_in_ranges: Whether they are also accepted around a range sign.
        terminator: A character that may end the text.

    Example:
        >>> Spacing(separator=", ", blanks=" ").separator
        ', '
    """

    separator: str = ""
    trailing: bool = False
    blanks: str = ""
    blanks_separate: bool = False
    blanks_in_ranges: bool = False
    terminator: str = ""

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, separator=str, blanks=str, terminator=str)
        fields(self, trailing=bool, blanks_separate=bool, blanks_in_ranges=bool)


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Brackets:
    """The brackets of a list.

    Attributes:
        opening: The opening bracket, as it is written.
        closing: The closing bracket, as it is written.
        when: When a list is in brackets.

    Example:
        >>> Brackets(opening="{ ", closing=" }", when=Bracketed.SEVERAL).closing
        ' }'
    """

    opening: str = ""
    closing: str = ""
    when: Bracketed = Bracketed.NEVER

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, opening=str, closing=str, when=Bracketed)


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """How a range is written.

    Attributes:
        signs: The signs between the ends of a range. The first one is written, and it is the
            only one that may have an open end.
        open_first: Where a range without a first port begins; ``None`` if there is none.
        open_last: Where a range without a last port ends; ``None`` if there is none.
        equal_ends: Whether a single port may be written as a range.
        quote: The quotation mark around a range that is a string.
        quote_all: Whether a single port is quoted too.
        needs_quote: Whether an unquoted range means something else.

    Example:
        >>> Ranges(signs=(":",), open_first=0, open_last=65535).equal_ends
        True
    """

    signs: tuple[str, ...] = ("-",)
    open_first: int | None = None
    open_last: int | None = None
    equal_ends: bool = True
    quote: str = ""
    quote_all: bool = False
    needs_quote: bool = False

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, signs=tuple_with(str), open_first=optional(_port), open_last=optional(_port))
        fields(self, equal_ends=bool, quote=str, quote_all=bool, needs_quote=bool)


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Which service names a text may have in place of numbers.

    Attributes:
        lookup: Where the tool looks for the port of a service name.
        own: The names of the tool's own table, which need no registry.
        dashed: Whether it accepts names that contain ``-``; otherwise it splits them there, as a
            range.

    Example:
        >>> Names(lookup=NameLookup.TCP).dashed
        True
    """

    lookup: NameLookup = NameLookup.NONE
    own: tuple[OwnName, ...] = ()
    dashed: bool = True

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, lookup=NameLookup, own=tuple_with(OwnName), dashed=bool)


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a text may be; 0 means "unlimited".

    Attributes:
        max_elements: How many elements a text may have.
        max_slots: How many slots a text has; a port uses one, a range two.
        max_length: How many characters the list of a text may have, with its brackets.
        shows_longer: Whether the tool itself shows longer lists, so ``parse`` accepts them.
        max_texts: How many texts one setting may have.

    Example:
        >>> Limits(max_slots=15).max_texts
        0
    """

    max_elements: int = 0
    max_slots: int = 0
    max_length: int = 0
    shows_longer: bool = False
    max_texts: int = 0

    def __post_init__(self) -> None:
        """Check the fields."""
        integer("max_elements", self.max_elements, most=LAST_PORT)
        fields(self, max_slots=integer, max_length=integer, max_texts=integer, shows_longer=bool)


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one program writes ports.

    Bounds are inclusive in every dialect. ``""`` means "absent".

    Attributes:
        name: The key, such as ``"nft"``; unique among names and aliases.
        aliases: Other keys of the same row.
        tool: The program, as its users call it.
        place: Where in the program's own text the ports belong.
        wording: The text around the ports.
        frame: The text around that when the transport is named.
        spacing: What separates and surrounds the elements of a list.
        brackets: The brackets of a list.
        ranges: How a range is written.
        lowest: The lowest port that the tool accepts.
        operators: The operators before or between ports, the longest first.
        keywords: Other words before a port that its grammar knows.
        all_ports_word: The word for all ports. If it is a range sign, it is the range with two
            open ends.
        empty: The text of the empty set, if there is one.
        names: Which service names a text may have in place of numbers.
        overlap: Which elements of a list may share ports.
        limits: How long a text may be.
        grammar: The module that reads and writes what these fields cannot describe.
        several_texts_mean: What several texts, one per line, mean together.
        misread_texts: Texts that tools interpret differently, with this one's answer.
        refused_texts: Texts that the tool accepts and ``parse`` refuses on purpose.
        notes: What else a user should know, as sentences.
        evidence: How the row is known.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: A text is empty.
        InvalidPortError: ``lowest`` is outside 0 to 65535.

    Example:
        >>> from portranges import dialects
        >>> row = dialects.lookup("iptables-multiport")
        >>> row.limits.max_slots, row.ranges.signs, row.ranges.equal_ends
        (15, (':',), False)
    """

    name: types.DialectName
    aliases: tuple[str, ...] = ()
    tool: str
    place: str
    wording: Wording = Wording()
    frame: Frame = Frame()
    spacing: Spacing = Spacing()
    brackets: Brackets = Brackets()
    ranges: Ranges = Ranges()
    lowest: int = 0
    operators: tuple[Operator, ...] = ()
    keywords: tuple[str, ...] = ()
    all_ports_word: str = ""
    empty: str | None = None
    names: Names = Names()
    overlap: Overlap = Overlap.ANY
    limits: Limits = Limits()
    grammar: str = ""
    several_texts_mean: str = ""
    misread_texts: tuple[MisreadText, ...] = ()
    refused_texts: tuple[RefusedText, ...] = ()
    notes: tuple[str, ...] = ()
    evidence: Evidence

    def __post_init__(self) -> None:
        """Check the fields."""
        check_facts(self)
        fields(self, wording=Wording, frame=Frame, spacing=Spacing, brackets=Brackets)
        fields(self, ranges=Ranges, names=Names, limits=Limits, overlap=Overlap, lowest=_port)
        fields(self, aliases=tuple_with(str), keywords=tuple_with(str), empty=optional(str))
        fields(self, all_ports_word=str, grammar=str, several_texts_mean=str)
        fields(self, operators=tuple_with(Operator), misread_texts=tuple_with(MisreadText))
        fields(self, refused_texts=tuple_with(RefusedText))


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class DataForm:
    """How a program represents ports as data rather than as text.

    Attributes:
        name: The key, such as ``"aws"``: ``to_aws`` writes the form, ``from_aws`` reads it.
        tool: The program, as its users call it.
        place: Where in the program's own data the ports belong.
        keys: The keys that an entry may have, by the program's own schema.
        required: Keys of which an entry must have at least one.
        nested_keys: The keys that the mappings inside an entry may have, if they have the ports.
        null_is_value: Keys for which null has a meaning of its own. Any other key whose value is
            null is read as if it were absent.
        transports: The transports that have ports there.
        lowest: The lowest port that the program accepts.
        max_elements: How many ports and ranges one entry may have; 0 means "unlimited".
        all_ports: How all ports are expressed.
        notes: What else a user should know, as sentences.
        evidence: How the row is known.

    Raises:
        TypeError: A value has the wrong type.
        InvalidPortError: ``lowest`` is outside 0 to 65535.
        InvalidValueError: A text is empty, or a required key is not one of the keys.

    Example:
        >>> from portranges import dialects
        >>> [form.name for form in dialects.data_forms() if form.lowest]
        ['kubernetes', 'cilium', 'openstack', 'digitalocean']
    """

    name: str
    tool: str
    place: str
    keys: tuple[str, ...]
    required: tuple[str, ...]
    nested_keys: tuple[str, ...] = ()
    null_is_value: tuple[str, ...] = ()
    transports: tuple[Transport, ...] = BOTH
    lowest: int = 0
    max_elements: int = 0
    all_ports: str
    notes: tuple[str, ...] = ()
    evidence: Evidence

    def __post_init__(self) -> None:
        """Check the fields."""
        check_facts(self)
        check_port(self.lowest)
        integer("max_elements", self.max_elements, most=LAST_PORT)
        fields(self, transports=tuple_with(Transport, least=1), all_ports=filled)
        fields(self, keys=tuple_with(str, least=1), required=tuple_with(str, least=1))
        fields(self, nested_keys=tuple_with(str), null_is_value=tuple_with(str))
        for key in self.required:
            if key not in self.keys:
                raise InvalidValueError("a required key must be one of the keys", repr(key))


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class MappingForm:
    """How a program writes a port mapping, which ``parse_mapping`` reads.

    Attributes:
        name: The key, such as ``"docker"``; unique among names and aliases.
        aliases: Other programs with the same form.
        tool: The program, as its users call it.
        place: Where in the program's own text the mapping belongs.
        transports: The transports that a text may name; empty if it cannot name one.
        has_address: Whether a text may have the address on which the ports are published.
        has_ranges: Whether each side may be a range.
        alone_is_both: Whether a port without another one is published under its own number.
            Otherwise the program chooses the published port.
        notes: What else a user should know, as sentences.
        evidence: How the row is known.

    Raises:
        TypeError: A value has the wrong type.

    Example:
        >>> from portranges import dialects
        >>> [form.name for form in dialects.mapping_forms() if form.alone_is_both]
        ['kubectl']
    """

    name: str
    aliases: tuple[str, ...] = ()
    tool: str
    place: str
    transports: tuple[Transport, ...] = ()
    has_address: bool = False
    has_ranges: bool = False
    alone_is_both: bool = False
    notes: tuple[str, ...] = ()
    evidence: Evidence

    def __post_init__(self) -> None:
        """Check the fields."""
        check_facts(self)
        fields(self, aliases=tuple_with(str), transports=tuple_with(Transport))
        fields(self, has_address=bool, has_ranges=bool, alone_is_both=bool)
