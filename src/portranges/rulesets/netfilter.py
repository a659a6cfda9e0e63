"""What the packet filters of Linux have in common: protocols, hooks, states of a connection.

``iptables`` and nftables both configure netfilter, so its tables are rows here.
"""

from __future__ import annotations

from portranges import types
from portranges.dialects.protocols import NUMBERS, is_portless
from portranges.ports import Transport
from portranges.rulesets.model import Applies, Hook
from portranges.source import cite

# enum nf_ip_hook_priorities
PRIORITIES = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50}
SOURCE_NAT = 100
PRIORITY_SOURCE = cite(
    "torvalds/linux@107d3e535874", "include/uapi/linux/netfilter_ipv4.h, nf_ip_hook_priorities"
)

# The protocols of /etc/protocols, apart from those with ports and those that is_portless() knows.
_OTHERS = frozenset(
    {
        *("ip", "hopopt", "ggp", "ipencap", "st", "igp", "pup", "hmp", "xns-idp", "rdp", "iso-tp4"),
        *("xtp", "ddp", "idpr-cmtp", "ipv6", "idrp", "skip", "rspf", "vmtp", "eigrp", "ax.25"),
        *("etherip", "encap", "pim", "ipcomp", "l2tp", "isis", "fc", "mobility-header"),
        *("mpls-in-ip", "manet", "hip", "shim6", "wesp", "rohc", "ethernet", "mptcp"),
    }
)
PROTOCOL_SOURCE = cite("netbase 6.4", "/etc/protocols")

_ALL = tuple(Transport)
_BY_NAME = {transport.value: transport for transport in Transport} | NUMBERS


def transports_of(protocol: str) -> tuple[Transport, ...] | None:
    """Return the transports that *protocol*, a name or a number, means; ``None`` if unknown.

    Example:
        >>> transports_of("6"), transports_of("icmp"), transports_of("tpc")
        ((<Transport.TCP: 'tcp'>,), (), None)
    """
    name = protocol.lower()
    if name in ("all", "0"):
        return _ALL
    if name in _BY_NAME:
        return (_BY_NAME[name],)
    # "ip" is a name of number 0, but the tool reads it as IP in IP.
    return () if name in _OTHERS or is_portless(name) else None


# The states of a connection, as xt_conntrack and 'ct state' name them.
STATES = frozenset({"INVALID", "ESTABLISHED", "NEW", "RELATED", "UNTRACKED", "SNAT", "DNAT"})

_FLAGS = frozenset({"SYN", "ACK", "FIN", "RST", "URG", "PSH"})


def negated(applies: Applies) -> Applies:
    """Return whether the negation of a condition holds."""
    return {Applies.ALWAYS: Applies.NEVER, Applies.NEVER: Applies.ALWAYS}.get(applies, applies)


def both(one: Applies, other: Applies) -> Applies:
    """Return whether two conditions hold together."""
    if Applies.NEVER in (one, other):
        return Applies.NEVER
    return other if one is Applies.ALWAYS else one


def state_applies(
    states: types.Iterable[str],
    *,
    is_tracked: bool,
    is_before_tracking: bool = False,
    has_zones: bool = False,
) -> Applies:
    """Return whether a new packet has one of these connection states.

    Args:
        states: The names, in upper case.
        is_tracked: Whether every packet is tracked. If a rule turns that off for some, their
            state is UNTRACKED.
        is_before_tracking: Whether the rule comes before the state is known, as those in the
            table raw. No packet has the state NEW there, and it counts as INVALID.
        has_zones: Whether a rule may choose how a packet is to be tracked, such as in which zone.
            From then on it has the state NEW, also before it is tracked.

    Example:
        >>> state_applies(["RELATED", "ESTABLISHED"], is_tracked=True)
        <Applies.NEVER: 'never'>
    """
    named = set(states)
    if not named <= STATES:
        return Applies.MAYBE
    possible = {"INVALID" if is_before_tracking else "NEW"}
    if not is_tracked:
        possible.add("UNTRACKED")
    if has_zones:
        possible.add("NEW")
    if possible <= named:
        return Applies.ALWAYS
    # DNAT and SNAT are about addresses, and a new packet may have them too.
    return Applies.MAYBE if named & {*possible, "DNAT", "SNAT"} else Applies.NEVER


def flags_apply(mask: types.Iterable[str], compared: types.Iterable[str]) -> Applies:
    """Return whether a TCP packet with SYN as its only flag has the flags *compared* in *mask*.

    Example:
        >>> flags_apply(["FIN", "SYN", "RST", "ACK"], ["SYN"])
        <Applies.ALWAYS: 'always'>
    """
    examined, expected = (
        _FLAGS if "ALL" in names else names - {"NONE"} for names in (set(mask), set(compared))
    )
    if not examined | expected <= _FLAGS:
        return Applies.MAYBE
    return Applies.ALWAYS if examined & {"SYN"} == expected else Applies.NEVER


def interface_applies(name: str) -> Applies:
    """Return whether a packet from or to another host passes the interface *name*.

    Example:
        >>> interface_applies("lo"), interface_applies("eth0")
        (<Applies.NEVER: 'never'>, <Applies.MAYBE: 'maybe'>)
    """
    return {"lo": Applies.NEVER, "+": Applies.ALWAYS}.get(name, Applies.MAYBE)


# The chains that each table of iptables has, with their hooks. In the table nat, those at INPUT
# and POSTROUTING change the source.
TABLES: dict[str, tuple[Hook, ...]] = {
    "raw": (Hook.PREROUTING, Hook.OUTPUT),
    "mangle": (Hook.PREROUTING, Hook.INPUT, Hook.FORWARD, Hook.OUTPUT, Hook.POSTROUTING),
    "nat": (Hook.PREROUTING, Hook.INPUT, Hook.OUTPUT, Hook.POSTROUTING),
    "filter": (Hook.INPUT, Hook.FORWARD, Hook.OUTPUT),
    "security": (Hook.INPUT, Hook.FORWARD, Hook.OUTPUT),
}
TABLES_SOURCE = cite("iptables(8), iptables 1.8.9", "TABLES")


def hook_of(table: str, chain: str) -> Hook | None:
    """Return the hook of a built-in chain; ``None`` for any other.

    Example:
        >>> hook_of("filter", "INPUT"), hook_of("filter", "PREROUTING")
        (<Hook.INPUT: 'input'>, None)
    """
    return next((hook for hook in TABLES[table] if hook.name == chain), None)


def priority_of(table: str, hook: Hook) -> int:
    """Return the priority of a table of iptables at a hook.

    Example:
        >>> priority_of("nat", Hook.PREROUTING), priority_of("nat", Hook.INPUT)
        (-100, 100)
    """
    if table == "nat":
        changes_source = hook in (Hook.INPUT, Hook.POSTROUTING)
        return SOURCE_NAT if changes_source else PRIORITIES["dstnat"]
    return PRIORITIES[table]
