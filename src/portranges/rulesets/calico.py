"""Read NetworkPolicy and GlobalNetworkPolicy of Calico.

A rule has source and destination ports: numbers and ranges such as ``80:90``, negated or not.
"""

from __future__ import annotations

import math

from portranges import types
from portranges.dialects.protocols import NUMBERS
from portranges.errors import elide
from portranges.families import Family
from portranges.ports import PortRange, Transport, is_digits, parse_port
from portranges.portset import PortSet
from portranges.rulesets.kubernetes_policies import SECTIONS, policy_types
from portranges.rulesets.model import Action, Applies, Direction
from portranges.rulesets.objects import (
    FAMILIES,
    PROTOCOLS,
    Gathered,
    Node,
    RefusedError,
    keys_in,
    refusing,
)
from portranges.transport_ports import TransportPorts

_SELECTORS = ("selector", "serviceAccountSelector", "namespaceSelector")
_POLICY = frozenset(
    {*_SELECTORS[:2], "tier", "order", "ingress", "egress", "types", "performanceHints"}
)
_GLOBAL = _POLICY | {_SELECTORS[2], "doNotTrack", "preDNAT", "applyOnForward"}
_RULE = keys_in(
    """action ipVersion protocol icmp notProtocol notICMP source destination http metadata"""
)
_ENTITY = keys_in(
    """nets selector namespaceSelector services ports notNets notSelector notPorts
    serviceAccounts"""
)
_ACTIONS = {
    "Allow": Action.ACCEPT,
    "Deny": Action.DROP,
    "Log": Action.CONTINUE,
    # The next tier decides.
    "Pass": Action.RETURN,
}
_PROTOCOLS: dict[str, tuple[Transport, ...]] = {
    **{each.value: (each,) for each in PROTOCOLS.values()},
    "icmp": (),
    "icmpv6": (),
    "udplite": (),
}


def read_calico(node: Node, found: Gathered, group: str) -> None:
    """Read a policy. Those with a lower order are evaluated first."""
    keys = _GLOBAL if group.startswith("Global") else _POLICY
    spec = node.field("a policy", "spec").fields("spec of a policy", keys)
    named = policy_types(spec, "types")
    # Without an order, a policy is the last one.
    order = _order(spec["order"]) if "order" in spec else math.inf
    conditions = [spec[key].condition() for key in _SELECTORS if _selects(spec, key)]
    for section, direction, kind, _ in SECTIONS:
        if section not in spec:
            continue
        has_effect = not named or kind in named
        applies = Applies.ALWAYS if has_effect else Applies.NEVER
        with found.skipping(spec[section], group, could_accept=has_effect):
            for item in spec[section].items(section):
                could_accept = has_effect and not _denies(item)
                with found.skipping(item, group, could_accept=could_accept):
                    rule = _Rule(item, found, group, could_accept=could_accept)
                    rule.read(direction, applies, order, conditions)


def _selects(spec: dict[str, Node], key: str) -> bool:
    return key in spec and spec[key].value not in ("", "all()")


def _order(node: Node) -> float:
    value = node.value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and not math.isnan(value):
        return value
    raise RefusedError(f"order must be a number, got {elide(value)}")


def _denies(item: Node) -> bool:
    fields = item.value
    return isinstance(fields, dict) and types.cast("types.Entry", fields).get("action") == "Deny"


class _Rule:
    """A rule, while it is read."""

    def __init__(self, item: Node, found: Gathered, group: str, *, could_accept: bool) -> None:
        self.item: Node = item
        self.found: Gathered = found
        self.group: str = group
        self.could_accept: bool = could_accept
        self.conditions: list[str] = []

    def read(self, direction: Direction, applies: Applies, order: float, outer: list[str]) -> None:
        fields = self.item.fields("a rule", _RULE, ("action",))
        action = _ACTIONS[fields["action"].word("action", _ACTIONS)]
        families = _families(fields["ipVersion"]) if "ipVersion" in fields else FAMILIES
        transports = _transports(fields)
        has_protocol = "protocol" in fields and bool(transports)
        for key in ("icmp", "notICMP", "http"):
            if key in fields:
                self.conditions.append(fields[key].condition())
        sources = self.entity(fields, "source", has_protocol=has_protocol)
        ports = self.entity(fields, "destination", has_protocol=has_protocol)
        if sources is None or ports is None:
            return
        self.found.add(
            self.item,
            self.group,
            TransportPorts(dict.fromkeys(transports, ports)),
            sources=None if sources == PortSet.full() else sources,
            families=families,
            action=action,
            direction=direction,
            order=order,
            applies=applies,
            conditions=[*outer, *self.conditions],
        )

    def entity(self, fields: dict[str, Node], key: str, *, has_protocol: bool) -> PortSet | None:
        """Return the ports of the source or the destination; ``None`` if they are not known."""
        if key not in fields:
            return PortSet.full()
        held = fields[key].fields(key, _ENTITY)
        if "services" in held and key == "destination":
            services = elide(held["services"].value)
            raise RefusedError(f"the ports of a service are not in the file, got {services}")
        self.conditions += [
            f"{key}.{node.condition()}"
            for name, node in held.items()
            if name not in ("ports", "notPorts") and node.value not in ("", [])
        ]
        if not has_protocol and ("ports" in held or "notPorts" in held):
            rule = "a rule with ports must have a protocol with ports"
            raise RefusedError(f"{rule}, got {elide(fields[key].value)}")
        ports = PortSet.full()
        if "ports" in held:
            found = self.listed(held["ports"])
            if found is None:
                return None
            ports = found
        if "notPorts" in held:
            # Without a name, the negation would match more, so one refuses the rule.
            items = held["notPorts"].items("notPorts", is_filled=True)
            ports -= PortSet.empty().union(*map(_ports_of, items))
        return ports

    def listed(self, node: Node) -> PortSet | None:
        """Return the ports in a list. Those that are not understood are skipped."""
        parts: list[PortSet] = []
        for each in node.items("ports", is_filled=True):
            with self.found.skipping(each, self.group, could_accept=self.could_accept):
                parts.append(_ports_of(each))
        return PortSet.empty().union(*parts) if parts else None


def _families(node: Node) -> tuple[Family, ...]:
    if node.value == 4:
        return (Family.INET,)
    if node.value == 6:
        return (Family.INET6,)
    raise RefusedError(f"ipVersion must be 4 or 6, got {elide(node.value)}")


def _transports(fields: dict[str, Node]) -> tuple[Transport, ...]:
    """Return the transports of a rule; none if it is for protocols without ports."""
    transports = _protocol(fields["protocol"]) if "protocol" in fields else tuple(Transport)
    excluded = _protocol(fields["notProtocol"]) if "notProtocol" in fields else ()
    return tuple(each for each in transports if each not in excluded)


def _protocol(node: Node) -> tuple[Transport, ...]:
    """Return the transport that a protocol means; none if it has no ports."""
    value = node.value
    if isinstance(value, str) and value.lower() in _PROTOCOLS:
        return _PROTOCOLS[value.lower()]
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 255:
        transport = NUMBERS.get(str(value))
        return () if transport is None else (transport,)
    rule = "protocol must be TCP, UDP, SCTP, ICMP, ICMPv6, UDPLite or a number in 1..255"
    raise RefusedError(f"{rule}, got {elide(value)}")


def _ports_of(node: Node) -> PortSet:
    """Return the ports of a number or a range."""
    value = node.value
    with refusing():
        if isinstance(value, int):
            # PortRange refuses a bool.
            return PortSet([PortRange(value, value)])
        if not isinstance(value, str):
            raise RefusedError(f"port must be an integer or text, got {elide(value)}")
        first, colon, last = value.partition(":")
        if colon and is_digits(first) and is_digits(last):
            return PortSet([PortRange(parse_port(first), parse_port(last))])
        if not is_digits(value):
            hint = "names are resolved in each pod"
            raise RefusedError(f"port must be a number or a range, got {elide(value)}; {hint}")
        number = parse_port(value)
        return PortSet([PortRange(number, number)])
