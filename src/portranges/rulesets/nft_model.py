"""What a rule of nft consists of, as both forms of ``nft list ruleset`` have it.

``nft_text``, ``nft_statements`` and ``nft_json`` make these records, and ``nft_rule`` computes what
they mean. Values are texts, and an expression such as a payload field is its name in text, as
``tcp dport``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from portranges import types
from portranges.families import Family
from portranges.rulesets.model import Action

# The elements of a set are alternatives, each with a value per expression of a concatenation.
Values: types.TypeAlias = tuple[tuple[str, ...], ...]

# Family, table and name.
_Key: types.TypeAlias = tuple[str, str, str]

FAMILIES: dict[str, tuple[Family, ...]] = {
    "ip": (Family.INET,),
    "ip6": (Family.INET6,),
    "inet": (Family.INET, Family.INET6),
}
OTHER_FAMILIES = ("arp", "bridge", "netdev")

# The first words of expressions about headers, each followed by a field.
PAYLOADS = frozenset(
    {
        *("tcp", "udp", "udplite", "sctp", "dccp", "th", "ip", "ip6", "icmp", "icmpv6"),
        *("igmp", "ah", "esp", "comp", "ether", "vlan", "arp", "hbh", "frag", "dst", "mh"),
        *("socket",),
    }
)
# Of these, a rule may set the value without an effect on where a packet goes.
HARMLESS_KEYS = frozenset(
    {
        *("meta mark", "meta priority", "meta nftrace", "meta secmark", "ct mark", "ct label"),
        *("ct zone", "ct event", "ct helper", "ct secmark", "ct timeout", "ct expectation"),
        *("ip dscp", "ip6 dscp", "ip ecn", "ip6 ecn", "tcp option maxseg size"),
    }
)


class Unread(Exception):  # noqa: N818 - it is caught by the reader of the file
    """A rule that was not understood.

    Attributes:
        reason: Why.
        is_harmless: Whether it ends in a drop, so that it lets nothing pass.
        is_local: Whether it may affect only what its own chain decides.
    """

    def __init__(self, reason: str, *, is_local: bool = True) -> None:
        """Store the reason."""
        super().__init__(reason)
        self.reason: str = reason
        self.is_harmless: bool = False
        self.is_local: bool = is_local


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict. The target is the chain of a jump or a goto."""

    action: Action
    target: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A comparison.

    ``op`` is ``==``, ``!=``, ``in`` for bits of which one must be set, ``!`` for bits of which
    none may be, or ``<``, ``>``, ``<=``, ``>=``. ``values`` is the name of a set if it is a
    ``str``. A list of bits outside a set is one value, separated by ``|``.
    """

    keys: tuple[str, ...]
    op: str
    values: Values | str
    text: str
    is_set: bool = False
    mask: str = ""


@dataclass(frozen=True, slots=True)
class Map:
    """A lookup whose result is a verdict, or the destination of a translation."""

    keys: tuple[str, ...]
    elements: tuple[Element, ...] | str
    mask: str = ""


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a set or a map. ``values`` is ``("*",)`` for the one that matches the rest."""

    values: tuple[str, ...]
    data: Verdict | tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class VerdictMap:
    """A rule's end that looks the verdict up."""

    map: Map
    text: str


@dataclass(frozen=True, slots=True)
class Translation:
    """``dnat`` or ``redirect``; ``to`` is the new ports, or a map that has them."""

    action: Action
    families: tuple[Family, ...]
    to: str | Map
    is_address: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """A statement that lets only some packets continue, such as a limit."""

    text: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a statement requires of a packet, as ``reject with tcp reset`` requires TCP."""

    key: str


Statement: types.TypeAlias = Match | VerdictMap | Verdict | Translation | Condition | Requirement


@dataclass(slots=True)
class Base:
    """Where a base chain is evaluated."""

    type: str
    hook: str
    priority: int
    policy: Action = Action.ACCEPT


@dataclass(slots=True)
class RuleText:
    """A rule, before it is read."""

    chain: tuple[str, str, str]
    line: int
    pointer: str
    text: str
    content: types.Any


@dataclass(slots=True)
class Document:
    """A whole listing. Tables are keyed by family and name, the rest by table and name."""

    chains: dict[_Key, Base | None] = field(default_factory=dict[_Key, Base | None])
    dormant: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    sets: dict[_Key, list[Element]] = field(default_factory=dict[_Key, list[Element]])
    # Sets that rules update, and sets that were not understood.
    open_sets: set[_Key] = field(default_factory=set[_Key])
    rules: list[RuleText] = field(default_factory=list[RuleText])
    is_tracked: bool = True
    # Whether a rule chooses the zone in which a packet is to be tracked.
    has_zones: bool = False
    # The line and the JSON Pointer of each chain.
    places: dict[_Key, tuple[int, str]] = field(default_factory=dict[_Key, tuple[int, str]])
