"""The records of ``portranges.rulesets``: a rule, a chain of rules, and what was not understood.

A rule has the ports that it matches and its action; a chain determines when rules are evaluated.
These two are all that ``evaluation`` needs, so the rules of a packet filter, of a cloud and of
Kubernetes have the same form. ``ruleset`` has the class that holds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portranges import types
from portranges.checks import fields, filled, integer, optional, tuple_of, tuple_with
from portranges.dialects.model import Evidence
from portranges.errors import InvalidValueError
from portranges.families import Family
from portranges.portset import PortSet
from portranges.records import always_checked
from portranges.transport_ports import TransportPorts

_EVERY_PORT = PortSet.full()


class Direction(StrEnum):
    """Where a packet comes from and goes to, as seen from the machine that has the rules.

    Attributes:
        IN: From another host to this one.
        OUT: From this host to another one.
        FORWARD: From another host through this one to a third.

    Example:
        >>> Direction("forward")
        <Direction.FORWARD: 'forward'>
    """

    IN = "in"
    OUT = "out"
    FORWARD = "forward"


class Hook(StrEnum):
    """A place on a packet's way where chains are evaluated.

    A filter without such places, as in a cloud, uses INPUT and OUTPUT.

    Example:
        >>> Hook("input")
        <Hook.INPUT: 'input'>
    """

    INGRESS = "ingress"
    PREROUTING = "prerouting"
    INPUT = "input"
    FORWARD = "forward"
    OUTPUT = "output"
    POSTROUTING = "postrouting"


class Action(StrEnum):
    """What a rule does with a packet that it matches.

    Attributes:
        ACCEPT: The packet passes the base chain. The source may be changed.
        DROP: It is discarded.
        REJECT: It is discarded, and the sender is notified.
        RETURN: The evaluation continues after the jump that led to this chain, or with the
            policy.
        JUMP: The evaluation continues in another chain, and comes back from it.
        GOTO: Likewise, but it returns to the caller of this chain.
        TRANSLATE: The destination is changed; the packet goes to that address.
        REDIRECT: The destination is changed to this host.
        CONTINUE: The rule only counts, logs or marks packets.
        DELEGATE: The rules do not show whether the packet passes: another program decides.

    Example:
        >>> Action("accept")
        <Action.ACCEPT: 'accept'>
    """

    ACCEPT = "accept"
    DROP = "drop"
    REJECT = "reject"
    RETURN = "return"
    JUMP = "jump"
    GOTO = "goto"
    TRANSLATE = "translate"
    REDIRECT = "redirect"
    CONTINUE = "continue"
    DELEGATE = "delegate"


class Applies(StrEnum):
    """Whether the conditions of a rule hold for a new packet to one of its ports.

    A new packet opens a connection between two hosts: for TCP, it has SYN as its only flag.

    Attributes:
        ALWAYS: For every new packet.
        MAYBE: For some, depending on an address, an interface, a rate or the like.
        NEVER: For none, as a match on established connections.

    Example:
        >>> Applies("maybe")
        <Applies.MAYBE: 'maybe'>
    """

    ALWAYS = "always"
    MAYBE = "maybe"
    NEVER = "never"


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Location:
    """Where something is in a file.

    Attributes:
        line: The line, from 1 on; 0 for data that was not read from text.
        pointer: The JSON Pointer (RFC 6901); ``""`` if the file is not JSON or YAML.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: The line is negative, or there is neither a line nor a pointer.

    Example:
        >>> print(Location(line=12)), print(Location(line=3, pointer="/Rules/0"))
        line 12
        line 3, /Rules/0
        (None, None)
    """

    line: int = 0
    pointer: str = ""

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, line=integer, pointer=str)
        if not self.line and not self.pointer:
            raise InvalidValueError("a location must have a line or a pointer", "neither")

    def __str__(self) -> str:
        """Return the location as a phrase."""
        return ", ".join(filter(None, (f"line {self.line}" if self.line else "", self.pointer)))


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    r"""A rule of a ruleset.

    Attributes:
        ports: The transports and destination ports that it matches; all of them if the rule
            names none. It is empty for a rule about another protocol, such as ICMP.
        source_ports: The source ports that it matches.
        translated_ports: The new destination ports; ``None`` if the ports are unchanged, or are
            given only by a name, which is in ``conditions``.
        families: The address families that it matches.
        action: What it does.
        target: The chain that a JUMP or a GOTO leads to; otherwise ``""``.
        direction: The only direction in which it can apply; ``None`` if there are several.
        group: The chain, zone, security group or policy that it is in.
        priority: Its place among the rules of its group: the lowest is evaluated first. Rules
            with equal priority are evaluated in the order of the ruleset.
        applies: Whether the other conditions hold.
        conditions: The other conditions, verbatim.
        location: Where it is.
        text: The original text.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: A value contradicts another.

    Example:
        >>> from portranges import rulesets
        >>> text = "-P INPUT DROP\n-A INPUT -s 192.0.2.1 -p tcp --dport 22 -j ACCEPT"
        >>> rule, = rulesets.parse(text, "iptables").rules
        >>> print(rule.ports, rule.action, rule.conditions, rule.location)
        22/tcp accept ('-s 192.0.2.1',) line 2
    """

    ports: TransportPorts
    source_ports: PortSet = _EVERY_PORT
    translated_ports: PortSet | None = None
    families: tuple[Family, ...]
    action: Action
    target: str = ""
    direction: Direction | None = None
    group: str
    priority: int = 0
    applies: Applies = Applies.ALWAYS
    conditions: tuple[str, ...] = ()
    location: Location
    text: str

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, **_RULE)
        if bool(self.target) is not (self.action in (Action.JUMP, Action.GOTO)):
            rule = "a rule must have a target if it is a jump, and only then"
            raise InvalidValueError(rule, f"{self.action.value} {self.target!r}")
        if self.translated_ports is not None and (
            not self.translated_ports or self.action not in (Action.TRANSLATE, Action.REDIRECT)
        ):
            rule = "translated_ports must be ports of a rule that translates"
            raise InvalidValueError(rule, f"'{self.translated_ports}' for {self.action.value}")
        if self.applies is Applies.ALWAYS and self.source_ports != _EVERY_PORT:
            rule = "a rule that always applies must match every source port"
            raise InvalidValueError(rule, f"'{self.source_ports}'")


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    r"""A rule, or a part of a file, that was not understood.

    Attributes:
        location: Where it is.
        text: The original text.
        reason: Why it was skipped, as the message of an error.
        could_accept: Whether it could let a packet pass that the other rules do not.
        group: The chain, zone, security group or policy that it is in; ``""`` if that is unknown.
        direction: The only direction in which it can apply; ``None`` if that is unknown.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: The reason is empty.

    Example:
        >>> from portranges import rulesets
        >>> text = "-P INPUT DROP\n-A INPUT -j HOMEMADE"
        >>> skipped, = rulesets.parse(text, "iptables").skipped
        >>> print(skipped.reason)
        target must be a chain of the table or a known target, got 'HOMEMADE'
        >>> skipped.could_accept
        True
    """

    location: Location
    text: str
    reason: str
    could_accept: bool
    group: str = ""
    direction: Direction | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, location=Location, text=str, reason=filled, could_accept=bool, group=str)
        fields(self, direction=optional(Direction))


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A list of rules that are evaluated one after the other: the rules of one group.

    The first rule that matches and has a verdict decides. A packet must pass every base chain on
    its way. Chains with ``is_alternative`` are an exception, such as the security groups of a
    cloud: at each hook, it is enough to pass one of them.

    Attributes:
        name: Its name, which is the ``group`` of its rules.
        hook: Where it is evaluated; ``None`` if only jumps lead to it.
        priority: Its place among the chains of the hook: the lowest comes first.
        policy: What happens to a packet at the end: ACCEPT, DROP or, if it is not known, DELEGATE
            for a base chain, and RETURN for another.
        families: The address families that it is for.
        translates: Whether its rules may change the destination.
        is_alternative: Whether passing another such chain of the hook is enough.
        passes_translated: Whether packets whose destination was changed pass it without being
            compared with its rules.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: A value contradicts another.

    Example:
        >>> chain = Chain(name="web", families=(Family.INET,))
        >>> chain.hook, chain.policy
        (None, <Action.RETURN: 'return'>)
    """

    name: str
    hook: Hook | None = None
    priority: int = 0
    policy: Action = Action.RETURN
    families: tuple[Family, ...]
    translates: bool = False
    is_alternative: bool = False
    passes_translated: bool = False

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, name=filled, hook=optional(Hook), policy=Action, families=_families)
        fields(self, translates=bool, is_alternative=bool, passes_translated=bool)
        integer("priority", self.priority, least=-(10**10))
        final = (Action.ACCEPT, Action.DROP, Action.DELEGATE)
        if self.policy not in ((Action.RETURN,) if self.hook is None else final):
            rule = "policy must be accept, drop or delegate for a base chain, else return"
            raise InvalidValueError(rule, repr(self.policy.value))
        if self.is_alternative and (self.hook is None or self.translates or self.passes_translated):
            raise InvalidValueError("an alternative must be a base chain of a filter", self.name)


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format that ``parse`` or ``from_data`` reads.

    Attributes:
        name: Its name, such as ``"iptables"``.
        aliases: Other names for it.
        title: What writes it, for people.
        reads: What is read, as phrases.
        leaves_out: What is not read, or read less exactly than the tool does, as phrases.
        signs: Regular expressions for lines that show that a text has this format.
        keys: Keys that show that data has it: the outermost object, or the first object in the
            outermost list, has one of them. A key may be a path such as ``"items/allowed"``, in
            which a list is represented by its first item. ``()`` for a format of text only.
        reader: The module that reads it. ``parse`` calls its function ``read_text`` for text. For
            data, also in JSON or YAML, its function ``read_data`` is called, which makes a JSON
            Pointer for each place; ``parse`` adds the lines. The arguments are the text or the
            data, the name of the format, and *services*.
        is_stateless: Whether replies to this host's connections need a rule that accepts them.
        is_ordered: Whether the rule of a group with the lowest priority decides, for a format
            whose evaluation was not compared.
        policy_command: The command that shows the policies, if this format may not have them.
        has_variables: Whether values may contain variables. If ``parse`` is called with their
            values, it passes them to ``read_data`` as a fourth argument.
        has_sets: Whether rules may refer to sets of ipset. If ``parse`` is called with their
            contents, it passes them to ``read_text`` as a fourth argument.
        evidence: How its evaluation is known.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: A text is empty.

    Example:
        >>> from portranges import rulesets
        >>> rulesets.formats()[0].evidence.version
        'iptables 1.8.9, nft and legacy'
    """

    name: str
    aliases: tuple[str, ...] = ()
    title: str
    reads: tuple[str, ...]
    leaves_out: tuple[str, ...]
    signs: tuple[str, ...]
    keys: tuple[str, ...] = ()
    reader: str
    is_stateless: bool = False
    is_ordered: bool = False
    policy_command: str = ""
    has_variables: bool = False
    has_sets: bool = False
    evidence: Evidence

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, name=filled, aliases=tuple_with(str), title=filled, evidence=Evidence)
        fields(self, reads=tuple_with(str, least=1), leaves_out=tuple_with(str))
        fields(self, signs=tuple_with(str), keys=tuple_with(str), reader=filled)
        fields(
            self,
            is_stateless=bool,
            is_ordered=bool,
            policy_command=str,
            has_variables=bool,
            has_sets=bool,
        )


def _families(name: str, value: types.Any) -> None:
    tuple_of(name, value, Family, least=1)
    if len(set(value)) != len(value):
        raise InvalidValueError(f"{name} must not contain a family twice", ", ".join(value))


# A file may have a million rules, so these are not built for each of them.
_RULE: dict[str, types.FieldCheck] = {
    "ports": TransportPorts,
    "source_ports": PortSet,
    "translated_ports": optional(PortSet),
    "families": _families,
    "action": Action,
    "target": str,
    "direction": optional(Direction),
    "group": filled,
    "priority": integer,
    "applies": Applies,
    "conditions": tuple_with(str),
    "location": Location,
    "text": str,
}
