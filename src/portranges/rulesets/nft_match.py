"""What a match of nft means for a new packet: its ports, its family, and whether it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from portranges import dialects, types
from portranges.errors import PortSyntaxError, elide
from portranges.families import Family
from portranges.ports import LAST_PORT, Transport
from portranges.portset import PortSet, compact
from portranges.rulesets.model import Applies
from portranges.rulesets.netfilter import (
    both,
    negated,
    state_applies,
    transports_of,
)
from portranges.rulesets.nft_model import Map, Match, Unread, Values
from portranges.transport_ports import TransportPorts

_FULL, _EMPTY, _EVERY_PORT = TransportPorts.full(), TransportPorts.empty(), PortSet.full()
_FAMILIES = tuple(Family)

_INTERFACES = frozenset({"meta iif", "meta iifname", "meta oif", "meta oifname"})
_PROTOCOLS = {
    "meta l4proto": _FAMILIES,
    "ip protocol": (Family.INET,),
    "ip6 nexthdr": (Family.INET6,),
}
_FAMILY_NAMES = {
    "meta nfproto": {
        "ipv4": Family.INET,
        "ipv6": Family.INET6,
        "2": Family.INET,
        "10": Family.INET6,
    },
    "meta protocol": {
        "ip": Family.INET,
        "ip6": Family.INET6,
        "0x0800": Family.INET,
        "0x86dd": Family.INET6,
        # 'nft -j -n' 1.0.6 swaps the bytes.
        "8": Family.INET,
        "56710": Family.INET6,
    },
}
# Linux, include/uapi/linux/netfilter/nf_conntrack_common.h, as 'nft -n list ruleset' writes them.
_STATES = {1: "INVALID", 2: "ESTABLISHED", 4: "RELATED", 8: "NEW", 64: "UNTRACKED"}
_FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128}
_NUMBER = re.compile(r"(0x)[0-9a-f]{1,3}|[0-9]{1,3}")
# A port as nft writes it, for which the dialect is not needed.
_PLAIN = re.compile(r"0|[1-9][0-9]{0,4}")
_SYN, _ECN = 2, 64 | 128

# An expression of these protocols is about packets of one transport, or of none.
_OF_TRANSPORT = {transport.value: (transport,) for transport in Transport}
_PORTLESS = ("icmp", "icmpv6", "igmp", "udplite")
_OF_FAMILY = {
    "ip": (Family.INET,),
    "icmp": (Family.INET,),
    "igmp": (Family.INET,),
    "ip6": (Family.INET6,),
    "icmpv6": (Family.INET6,),
}


# The network that has every address.
_EVERY_ADDRESS = {
    **dict.fromkeys(("ip saddr", "ip daddr"), "0.0.0.0/0"),
    **dict.fromkeys(("ip6 saddr", "ip6 daddr"), "::/0"),
}

# nft(8): the fields of transports, and the keys of 'meta' and 'ct'.
_FIELDS = {
    "tcp": "dport sport flags sequence ackseq doff reserved window checksum urgptr",
    "udp": "dport sport length checksum",
    "udplite": "dport sport csumcov checksum",
    "sctp": "dport sport vtag checksum",
    "dccp": "dport sport type",
    "th": "dport sport",
    "meta": "iif iifname iiftype iifgroup iifkind oif oifname oiftype oifgroup oifkind "
    "length protocol nfproto l4proto priority mark skuid skgid rtclassid cpu pkttype cgroup "
    "random nftrace time day hour sdif sdifname ipsec secpath ibrname obrname ibriport "
    "ibridgename obridgename secmark",
    "ct": "state direction status mark expiration helper label l3proto protocol bytes packets "
    "avgpkt zone count id event secmark saddr daddr proto-src proto-dst",
}
_KNOWN = {protocol: frozenset(names.split()) for protocol, names in _FIELDS.items()}


@dataclass(frozen=True, slots=True)
class Part:
    """The packets that a condition may match, and whether it matches all of these."""

    ports: TransportPorts = _FULL
    sources: PortSet = _EVERY_PORT
    families: tuple[Family, ...] = _FAMILIES
    applies: Applies = Applies.ALWAYS

    def __and__(self, other: Part) -> Part:
        """Return the packets that meet both conditions."""
        if self is ANY:
            return other
        if other is ANY:
            return self
        return Part(
            _both_ports(self.ports, other.ports),
            self.sources
            if self.sources == other.sources
            else compact(self.sources & other.sources),
            self.families
            if self.families == other.families
            else tuple([each for each in self.families if each in other.families]),
            both(self.applies, other.applies),
        )


ANY = Part()
_OPEN = Part(applies=Applies.MAYBE)


def _both_ports(one: TransportPorts, other: TransportPorts) -> TransportPorts:
    """Return the ports in both sets: one of the two if possible."""
    if one is _FULL or one is other:
        return other
    if other is _FULL:
        return one
    found = one & other
    return other if found == other else one if found == one else _compact(found)


def _compact(ports: TransportPorts) -> TransportPorts:
    return TransportPorts({transport: compact(own) for transport, own in ports.items()})


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known about the packets that come to a rule."""

    services: types.Services | None
    is_tracked: bool
    # Whether the rule is evaluated before the state of a connection is known; both are possible
    # if chains of different priorities lead to it.
    before_tracking: frozenset[bool]
    has_zones: bool = False


@lru_cache(maxsize=256)
def required(key: str) -> Part:
    """Return the packets that have the field *key*, or a header if it names only that.

    Raises:
        Unread: The field is unknown.
    """
    protocol, _, name = key.partition(" ")
    is_field = name and not name.startswith("option ")
    if is_field and protocol in _KNOWN and name.split(" ")[-1] not in _KNOWN[protocol]:
        raise Unread(f"field of {protocol} must be known, got {elide(name)}")
    families = _OF_FAMILY.get(protocol, _FAMILIES)
    if protocol in _OF_TRANSPORT:
        return Part(_of_transports(_OF_TRANSPORT[protocol]), families=families)
    if protocol in _PORTLESS:
        return Part(_EMPTY, families=families)
    if protocol == "ct" and name.split(" ")[-1] in ("saddr", "daddr"):
        return Part(applies=Applies.MAYBE)
    return Part(families=families)


def matched(match: Match, values: Values | None, situation: Situation) -> Part:
    """Return the packets that *match* may match.

    Args:
        match: The match.
        values: Its values, or the values in the set that it names; ``None`` if they are unknown.
        situation: What is known about the packets.

    Raises:
        Unread: A value was not understood.
    """
    has = ANY
    for key in match.keys:
        has &= required(key)
    if not has.ports:
        return has
    if values is None:
        return has & _OPEN
    if match.keys == ("tcp flags",):
        return has & Part(applies=_flags_apply(match, values))
    if match.keys == ("ct state",):
        return has & Part(applies=_state_applies(match, values, situation))
    if match.mask or (match.op in ("in", "!") and not match.is_set):
        return has & _OPEN
    if len(match.keys) == 1 and _is_port(match.keys[0]):
        found = _with_ports(match.keys[0], _ports(match.op, values, situation))
        # A destination port is of the transports that have the field.
        return has & found if match.keys[0].endswith(" sport") else found
    if match.op not in ("==", "!=", "in"):
        return has & _OPEN
    if ("*",) in values or (_EVERY_ADDRESS.get(match.keys[0], "*"),) in values:
        return has if match.op != "!=" else has & Part(applies=Applies.NEVER)
    if not is_examined(match.keys):
        return has & _OPEN
    parts = _alternatives(match.keys, values, situation)
    return has & (_outside(parts, has) if match.op == "!=" else _union(parts))


def rest(looked_up: Map, values: Values, situation: Situation) -> Part:
    """Return the packets that no element of a map with these *values* matches."""
    match = Match(looked_up.keys, "!=", values, "", is_set=True, mask=looked_up.mask)
    return matched(match, values, situation) if values else ANY


def is_examined(keys: tuple[str, ...]) -> bool:
    """Return whether the values of an expression decide which ports or families match."""
    return any(map(_decides, keys))


@lru_cache(maxsize=256)
def _decides(key: str) -> bool:
    known = ("ct state", "tcp flags", *_PROTOCOLS, *_FAMILY_NAMES, *_INTERFACES)
    return key in known or _is_port(key)


def _is_port(key: str) -> bool:
    protocol, _, name = key.partition(" ")
    return name in ("dport", "sport") and (protocol == "th" or protocol in _OF_TRANSPORT)


def _with_ports(key: str, ports: PortSet) -> Part:
    if key.endswith(" sport"):
        is_full = ports == _EVERY_PORT
        applies = Applies.ALWAYS if is_full else Applies.MAYBE if ports else Applies.NEVER
        return Part(sources=compact(ports), applies=applies)
    transports = _OF_TRANSPORT.get(key.partition(" ")[0], tuple(Transport))
    return Part(TransportPorts(dict.fromkeys(transports, compact(ports))))


def _ports(op: str, values: Values, situation: Situation) -> PortSet:
    """Return the ports of *values*, which have one part each."""
    sign = "" if op in ("==", "in", "!=") else f"{op} "
    texts = ["0-65535" if each[0] == "*" else each[0] for each in values]
    if (
        texts
        and not sign
        and all(map(_PLAIN.fullmatch, texts))
        and max(map(int, texts)) <= LAST_PORT
    ):
        found = PortSet(map(int, texts))
        return _EVERY_PORT - found if op == "!=" else found
    listed = texts[0] if len(texts) == 1 else f"{{ {', '.join(texts)} }}"
    try:
        found = dialects.parse(sign + listed, "nft", services=situation.services)
    except PortSyntaxError as error:
        raise Unread(error.reason) from None
    # The dialect refuses '!= 0-65535', which matches nothing.
    return _EVERY_PORT - found if op == "!=" else found


def _of_transports(transports: types.Iterable[Transport]) -> TransportPorts:
    return TransportPorts(dict.fromkeys(transports, _EVERY_PORT))


def _alternatives(keys: tuple[str, ...], values: Values, situation: Situation) -> list[Part]:
    """Return what each of *values* matches; values of unknown meaning are one alternative."""
    found: dict[Part, None] = {}
    for several in values:
        if len(several) != len(keys):
            raise Unread(f"an element must have {len(keys)} parts, got {' . '.join(several)!r}")
        part = Part()
        for key, value in zip(keys, several, strict=True):
            part &= required(key) & _component(key, value, situation)
        found[part] = None
    return list(found)


def _component(key: str, value: str, situation: Situation) -> Part:
    if value in ("*", _EVERY_ADDRESS.get(key)):
        return Part()
    if _is_port(key):
        return _with_ports(key, _ports("==", ((value,),), situation))
    if key in _PROTOCOLS:
        return _protocol(key, value)
    if key in _FAMILY_NAMES:
        family = _FAMILY_NAMES[key].get(value.lower())
        if family is None:
            return Part(applies=Applies.MAYBE)
        return Part(families=(family,))
    if key in _INTERFACES:
        return Part(applies=Applies.NEVER if value == "lo" else Applies.MAYBE)
    if key == "ct state":
        return Part(applies=_one_state_applies((value,), situation))
    if key == "tcp flags":
        match = Match((key,), "==", ((value,),), "", is_set=True)
        return Part(applies=_flags_apply(match, ((value,),)))
    return Part(applies=Applies.MAYBE)


def _protocol(key: str, value: str) -> Part:
    # nft writes "ip" for number 0, which netfilter's "all" does not mean.
    found = () if value.lower() in ("0", "all") else transports_of(value)
    if found is None:
        if "-" in value or "/" in value:
            return Part(applies=Applies.MAYBE)
        raise Unread(f"protocol must be a known name or 0..255, got {value!r}")
    # An IPv6 packet may have further headers before the one of its transport.
    applies = Applies.MAYBE if key == "ip6 nexthdr" else Applies.ALWAYS
    return Part(_of_transports(found), families=_PROTOCOLS[key], applies=applies)


def _union(parts: list[Part]) -> Part:
    """Return the packets that one of *parts* matches; more than these only if it is MAYBE."""
    live = [each for each in parts if each.applies is not Applies.NEVER]
    if not live:
        return Part(applies=Applies.NEVER)
    if len(live) == 1:
        return live[0]
    ports, sources, families = _EMPTY, PortSet(), set[Family]()
    for each in live:
        ports = each.ports if not ports or each.ports is _FULL else ports | each.ports
        sources = _EVERY_PORT if each.sources == _EVERY_PORT else sources | each.sources
        families.update(each.families)
    is_exact = all(each.applies is Applies.ALWAYS for each in live) and (
        len({each.families for each in live}) == 1 or len({each.ports for each in live}) == 1
    )
    return Part(
        _compact(ports),
        compact(sources),
        tuple([each for each in _FAMILIES if each in families]),
        Applies.ALWAYS if is_exact else Applies.MAYBE,
    )


def _outside(parts: list[Part], has: Part) -> Part:
    """Return the packets, of those that *has* describes, that none of *parts* matches."""
    live = [each for each in parts if each.applies is not Applies.NEVER]
    if not live:
        return Part()
    found = _union(live)
    if found.applies is not Applies.ALWAYS:
        return Part(applies=Applies.MAYBE)
    if set(found.families) >= set(has.families):
        return Part(_compact(_FULL - found.ports))
    if found.ports == _FULL:
        return Part(families=tuple([each for each in _FAMILIES if each not in found.families]))
    return Part(applies=Applies.MAYBE)


def _one_state_applies(names: types.Iterable[str], situation: Situation) -> Applies:
    numbers = [(_number(name), name) for name in names]
    states = [_STATES.get(number, name.upper()) for number, name in numbers]
    found = {
        state_applies(
            states,
            is_tracked=situation.is_tracked,
            is_before_tracking=is_before,
            has_zones=situation.has_zones,
        )
        for is_before in situation.before_tracking
    }
    return found.pop() if len(found) == 1 else Applies.MAYBE


def _state_applies(match: Match, values: Values, situation: Situation) -> Applies:
    names = [name for each in values for name in each[0].split("|")]
    if "*" in names:
        return Applies.MAYBE
    applies = _one_state_applies(names, situation)
    if match.op in ("==", "in"):
        # A set compares the whole state, of which a packet has one.
        return applies
    if match.op not in ("!=", "!"):
        return Applies.MAYBE
    if match.op == "!=" and not match.is_set and len(names) > 1:
        return Applies.ALWAYS if applies is Applies.NEVER else Applies.MAYBE
    return negated(applies)


def _bits(text: str) -> int | None:
    """Return the flags that *text* names, separated by ``|``; ``None`` if one is unknown."""
    found = 0
    for name in text.split("|"):
        number = _FLAGS.get(name, _number(name))
        if not 0 <= number <= 255:
            return None
        found |= number
    return found


def _number(text: str) -> int:
    """Return *text* as a number; -1 if it is not one."""
    match = _NUMBER.fullmatch(text)
    return -1 if match is None else int(text, 16 if match[1] else 10)


def _flags_apply(match: Match, values: Values) -> Applies:
    """Return whether the flags of a packet with SYN as its only flag match."""
    mask = _bits(match.mask) if match.mask else 255
    numbers = [_bits(each[0]) for each in values]
    known = [each for each in numbers if each is not None]
    if mask is None or len(known) < len(numbers) or not known:
        return Applies.MAYBE
    # A client that offers ECN sets further flags.
    if (match.mask and mask & _ECN) or any(each & _ECN for each in known):
        return Applies.MAYBE
    holds = {
        "==": _SYN & mask in known,
        "!=": _SYN & mask not in known,
        "in": bool(_SYN & known[0]) if not match.is_set else _SYN in known,
        "!": not _SYN & known[0],
    }.get(match.op)
    return Applies.MAYBE if holds is None else Applies.ALWAYS if holds else Applies.NEVER
