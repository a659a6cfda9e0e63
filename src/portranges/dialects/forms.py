"""The records that describe a form of data, DataForm, and of port mappings, MappingForm."""

from __future__ import annotations

from dataclasses import dataclass

from portranges.checks import fields, filled, tuple_with
from portranges.dialects.model import BOTH, check_facts, check_row
from portranges.errors import InvalidValueError
from portranges.ports import Transport
from portranges.records import always_checked
from portranges.source import Confidence, Source


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
        confidence: How the row is known.
        sources: The sources; at least one.

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
    confidence: Confidence
    sources: tuple[Source, ...]

    def __post_init__(self) -> None:
        """Check the fields."""
        check_row(self)
        fields(
            self, all_ports=filled, keys=tuple_with(str, least=1), required=tuple_with(str, least=1)
        )
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
        confidence: How the row is known.
        sources: The sources; at least one.

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
    confidence: Confidence
    sources: tuple[Source, ...]

    def __post_init__(self) -> None:
        """Check the fields."""
        check_facts(self)
        fields(self, aliases=tuple_with(str), transports=tuple_with(Transport))
        fields(self, has_address=bool, has_ranges=bool, alone_is_both=bool)
