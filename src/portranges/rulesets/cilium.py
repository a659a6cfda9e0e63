"""Read CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy.

Each item of ``toPorts`` becomes a rule, because its rules of layer 7 apply to its ports only.
"""

from __future__ import annotations

from portranges import types
from portranges.dialects import from_cilium
from portranges.errors import elide
from portranges.rulesets.model import Action, Applies, Direction
from portranges.rulesets.objects import (
    PROTOCOLS,
    Gathered,
    Node,
    RefusedError,
    keys_in,
    refusing,
)
from portranges.transport_ports import TransportPorts

_RULE = keys_in(
    """endpointSelector nodeSelector ingress ingressDeny egress egressDeny labels enableDefaultDeny
    description log"""
)
_SOURCES = keys_in(
    "fromEndpoints fromRequires fromCIDR fromCIDRSet fromEntities fromGroups fromNodes"
)
_DESTINATIONS = keys_in(
    "toEndpoints toRequires toCIDR toCIDRSet toEntities toServices toGroups toNodes"
)
# Only a rule that accepts may have these.
_ACCEPTING = frozenset({"toFQDNs", "authentication"})
_SECTIONS = (
    ("ingress", Direction.IN, Action.ACCEPT, _SOURCES),
    ("ingressDeny", Direction.IN, Action.DROP, _SOURCES),
    ("egress", Direction.OUT, Action.ACCEPT, _DESTINATIONS),
    ("egressDeny", Direction.OUT, Action.DROP, _DESTINATIONS),
)
# Keys of an item of toPorts that restrict or change what may pass.
_TO_PORTS = ("rules", "terminatingTLS", "originatingTLS", "serverNames", "listener")
_REQUIRES = ("fromRequires", "toRequires")
_LAYER_7 = frozenset({"http", "kafka", "dns", "l7proto", "l7"})


def read_cilium(node: Node, found: Gathered, group: str) -> None:
    """Read a policy: the rule in ``spec`` and those in ``specs``."""
    fields = node.all_fields("a policy")
    specs = [fields["spec"]] if "spec" in fields else []
    if "specs" in fields:
        specs += fields["specs"].items("specs")
    if not specs:
        raise RefusedError(f"a policy must have spec or specs, got {elide(node.value)}")
    for spec in specs:
        with found.skipping(spec, group):
            _read_spec(spec, found, group)


def _read_spec(spec: Node, found: Gathered, group: str) -> None:
    fields = spec.fields("spec of a policy", _RULE)
    selectors = [key for key in ("endpointSelector", "nodeSelector") if key in fields]
    if len(selectors) != 1:
        rule = "spec of a policy must have either endpointSelector or nodeSelector"
        raise RefusedError(f"{rule}, got {elide(spec.value)}")
    selector = fields[selectors[0]]
    # An empty selector of endpoints selects all.
    has_selector = bool(selector.all_fields(selectors[0])) or selectors[0] == "nodeSelector"
    conditions = [selector.condition()] if has_selector else []
    for section, direction, action, peers in _SECTIONS:
        if section not in fields:
            continue
        could_accept = action is Action.ACCEPT
        with found.skipping(fields[section], group, could_accept=could_accept):
            for item in fields[section].items(section):
                with found.skipping(item, group, could_accept=could_accept):
                    _Rule(item, found, group, direction, action).read(peers, conditions)


class _Rule:
    """An item of a section, while it is read."""

    def __init__(
        self, item: Node, found: Gathered, group: str, direction: Direction, action: Action
    ) -> None:
        self.item: Node = item
        self.found: Gathered = found
        self.group: str = group
        self.direction: Direction = direction
        self.action: Action = action

    def read(self, peers: frozenset[str], outer: list[str]) -> None:
        accepting = _ACCEPTING if self.could_accept else frozenset[str]()
        fields = self.item.fields("a rule", {*peers, *accepting, "toPorts", "icmps"})
        other = [key for key in fields if key not in ("toPorts", "icmps")]
        conditions = [*outer, *(fields[key].condition() for key in other)]
        # These restrict what another key grants.
        named = [key for key in other if key not in ("authentication", *_REQUIRES)]
        for key in named:
            fields[key].items(key)
        if "toPorts" in fields:
            for entry in fields["toPorts"].items("toPorts", is_filled=True):
                with self.found.skipping(entry, self.group, could_accept=self.could_accept):
                    self.read_ports(entry, conditions)
        elif "icmps" in fields:
            self.add(self.item, TransportPorts.empty(), [*conditions, fields["icmps"].condition()])
        elif "toServices" in fields:
            reason = "the ports of the services are not in the file"
            raise RefusedError(f"{reason}, got {elide(fields['toServices'].value)}")
        elif any(fields[key].value for key in named):
            # An item of a list of peers is enough, and an empty list has none.
            self.add(self.item, TransportPorts.full(), conditions)
        else:
            # A rule that selects nothing only makes everything else be denied.
            self.add(self.item, TransportPorts.empty(), conditions, applies=Applies.NEVER)

    @property
    def could_accept(self) -> bool:
        return self.action is Action.ACCEPT

    def read_ports(self, entry: Node, outer: list[str]) -> None:
        """Read an item of ``toPorts``; ports that are not understood are skipped."""
        keys = _TO_PORTS if self.could_accept else ()
        fields = entry.fields("an item of toPorts", ("ports", *keys), ("ports",))
        if "rules" in fields:
            fields["rules"].fields("rules", _LAYER_7)
        conditions = [*outer, *(fields[key].condition() for key in _TO_PORTS if key in fields)]
        items = fields["ports"].items("ports")
        with refusing():
            # The number of ports is limited.
            from_cilium([{"ports": [{"port": "0"}] * len(items)}])
        parts: list[TransportPorts] = []
        for port in items:
            with self.found.skipping(port, self.group, could_accept=self.could_accept):
                parts.append(_ports_of(port))
        if parts:
            ports = parts[0]
            for part in parts[1:]:
                ports |= part
            self.add(entry, ports, conditions)

    def add(
        self,
        node: Node,
        ports: TransportPorts,
        conditions: list[str],
        *,
        applies: Applies = Applies.ALWAYS,
    ) -> None:
        self.found.add(
            node,
            self.group,
            ports,
            action=self.action,
            direction=self.direction,
            applies=applies,
            conditions=conditions,
        )


def _ports_of(port: Node) -> TransportPorts:
    fields = port.all_fields("a port")
    with refusing():
        ports = from_cilium([{"ports": [types.cast("types.Entry", port.value)]}])
    protocol = str(fields["protocol"].value) if "protocol" in fields else "ANY"
    transports = PROTOCOLS.values() if protocol == "ANY" else (PROTOCOLS[protocol],)
    return TransportPorts(dict.fromkeys(transports, ports))
