"""Read NetworkPolicy of Kubernetes, and the policies of administrators.

Each rule allows or denies ports. A NetworkPolicy also denies traffic by selecting a pod, so
``Policies`` makes chains of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from portranges import types
from portranges.dialects import from_kubernetes
from portranges.errors import elide
from portranges.ports import PortRange
from portranges.portset import PortSet
from portranges.rulesets.model import Action, Applies, Chain, Direction, Hook
from portranges.rulesets.objects import (
    FAMILIES,
    PROTOCOLS,
    Gathered,
    Node,
    RefusedError,
    refusing,
)
from portranges.rulesets.ruleset import Ruleset
from portranges.transport_ports import TransportPorts

# For each section of a policy, the direction, the name of its type, and the key of the peers.
SECTIONS = (
    ("ingress", Direction.IN, "Ingress", "from"),
    ("egress", Direction.OUT, "Egress", "to"),
)

_POLICY = frozenset({"podSelector", "ingress", "egress", "policyTypes"})
_PEER = frozenset({"podSelector", "namespaceSelector", "ipBlock"})


@dataclass(frozen=True, slots=True)
class Part:
    """What a NetworkPolicy is about in one direction.

    Attributes:
        name: The name of its chain.
        direction: The direction.
        namespace: The namespace of its pods; ``""`` if the file does not name it.
        selector: The condition that selects pods; ``""`` if it selects all of the namespace.
        is_isolating: Whether it denies what no policy allows.
        for_all_peers: The pointers of its rules that are not for certain peers.
    """

    name: str
    direction: Direction
    namespace: str
    selector: str
    is_isolating: bool
    for_all_peers: set[str] = field(default_factory=set[str])


class Policies(Gathered):
    """Rules, and how network policies are evaluated.

    A pod that at least one policy selects for a direction accepts what one of these allows. The
    evaluation is about all pods that are selected, so a rule holds for every packet only if it is
    for all peers, and its policy selects each of these pods.
    """

    def __init__(self, name: str) -> None:
        """Begin a ruleset of the format *name*."""
        super().__init__(name)
        self.parts: list[Part] = []

    def ruleset(self) -> Ruleset:
        """Return the ruleset, with an evaluation if it has only rules of network policies."""
        found = super().ruleset()
        parts = {part.name: part for part in self.parts}
        groups = {rule.group for rule in found.rules} | {skip.group for skip in found.skipped}
        # Of two policies with one name, the later replaces the earlier.
        if not parts or len(parts) < len(self.parts) or not groups <= parts.keys():
            return found
        always: set[str] = set()
        for direction in _HOOKS:
            isolating = [
                each for each in self.parts if each.direction is direction and each.is_isolating
            ]
            namespaces = {each.namespace for each in isolating}
            selectors = {each.selector for each in isolating}
            for part in isolating:
                if len(namespaces) == 1 and (not part.selector or len(selectors) == 1):
                    always |= part.for_all_peers
        rules = [
            rule
            if rule.applies is Applies.NEVER
            else replace(
                rule,
                applies=Applies.ALWAYS if rule.location.pointer in always else Applies.MAYBE,
            )
            for rule in found.rules
        ]
        return replace(found, rules=tuple(rules), chains=tuple(map(_chain, self.parts)))


_HOOKS = {Direction.IN: Hook.INPUT, Direction.OUT: Hook.OUTPUT}


def _chain(part: Part) -> Chain:
    if not part.is_isolating:
        return Chain(name=part.name, families=FAMILIES)
    return Chain(
        name=part.name,
        hook=_HOOKS[part.direction],
        policy=Action.DROP,
        families=FAMILIES,
        is_alternative=True,
    )


def policy_types(fields: dict[str, Node], key: str) -> frozenset[str] | None:
    """Return the directions that a policy is about; ``None`` if it does not name them.

    Raises:
        RefusedError: One of them is unknown.
    """
    if key not in fields:
        return None
    items = fields[key].items(key)
    return frozenset(each.word(f"an item of {key}", ("Ingress", "Egress")) for each in items)


def read_network_policy(node: Node, found: Policies, group: str) -> None:
    """Read a NetworkPolicy."""
    spec = _spec(node, "a NetworkPolicy", _POLICY)
    named = policy_types(spec, "policyTypes")
    selector = [spec["podSelector"].condition()] if _selects(spec, "podSelector") else []
    for section, direction, kind, peers in SECTIONS:
        # Without types, a policy is about each direction that has rules, and about Ingress.
        has_effect = not named or kind in named
        part = Part(
            name=f"{group}, {section}",
            direction=direction,
            namespace=_namespace(node),
            selector=selector[0] if selector else "",
            is_isolating=has_effect
            and (
                bool(named) or kind == "Ingress" or (section in spec and spec[section].value != [])
            ),
        )
        found.parts.append(part)
        applies = Applies.ALWAYS if has_effect else Applies.NEVER
        for item in _rules(spec, section, found, part.name):
            with found.skipping(item, part.name, could_accept=has_effect):
                fields = item.fields("a rule", (peers, "ports"))
                conditions = _peers(fields, peers, _PEER)
                # An empty list is the same as none, by the description of the field.
                ports = _policy_ports(fields, found, part.name, could_accept=has_effect)
                if ports is not None:
                    found.add(
                        item,
                        part.name,
                        ports,
                        direction=direction,
                        applies=applies,
                        conditions=[*selector, *conditions],
                    )
                    if not conditions:
                        part.for_all_peers.add(item.pointer)


def _namespace(node: Node) -> str:
    metadata = types.cast("types.Entry", node.value).get("metadata")
    if not isinstance(metadata, Mapping):
        return ""
    return str(types.cast("types.Entry", metadata).get("namespace") or "")


def _spec(node: Node, what: str, known: frozenset[str]) -> dict[str, Node]:
    return node.field(what, "spec").fields(f"spec of {what}", known)


def _selects(spec: dict[str, Node], key: str) -> bool:
    """Return whether a selector selects some pods only; an empty one selects all."""
    return key in spec and bool(spec[key].all_fields(key))


def _rules(spec: dict[str, Node], section: str, found: Gathered, group: str) -> list[Node]:
    if section not in spec:
        return []
    with found.skipping(spec[section], group):
        return spec[section].items(section)
    return []


def _peers(fields: dict[str, Node], key: str, known: frozenset[str]) -> list[str]:
    """Return the peers of a rule as conditions. Without peers, it is for all."""
    if key not in fields:
        return []
    items = fields[key].items(key)
    for each in items:
        if not each.fields(f"an item of {key}", known):
            raise RefusedError(f"an item of {key} must select something, got {elide(each.value)}")
    return [fields[key].condition()] if items else []


def _policy_ports(
    fields: dict[str, Node], found: Gathered, group: str, *, could_accept: bool
) -> TransportPorts | None:
    """Return the ports of a rule of a NetworkPolicy; ``None`` if no item is understood."""
    if "ports" not in fields:
        return TransportPorts.full()
    items = fields["ports"].items("ports")
    if not items:
        return TransportPorts.full()
    return _united(items, _policy_port, found, group, could_accept=could_accept)


def _united(
    items: list[Node],
    read: types.Callable[[Node], TransportPorts],
    found: Gathered,
    group: str,
    *,
    could_accept: bool,
) -> TransportPorts | None:
    """Return the ports of all items; those that are not understood are skipped."""
    parts: list[TransportPorts] = []
    for each in items:
        with found.skipping(each, group, could_accept=could_accept):
            parts.append(read(each))
    if not parts:
        return None
    ports = parts[0]
    for part in parts[1:]:
        ports |= part
    return ports


def _policy_port(entry: Node) -> TransportPorts:
    fields = entry.all_fields("an item of ports")
    with refusing():
        ports = from_kubernetes([types.cast("types.Entry", entry.value)])
    protocol = fields["protocol"].value if "protocol" in fields else "TCP"
    return TransportPorts({PROTOCOLS[str(protocol)]: ports})


# -- administrators' policies ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Kind:
    """What differs between the kinds.

    Attributes:
        keys: The keys of the specification.
        required: Those that it must have.
        actions: The actions of a rule.
        ports: The key of a rule's ports.
        read: The reader of an item of these.
    """

    what: str
    keys: frozenset[str]
    required: tuple[str, ...]
    actions: dict[str, Action]
    ports: str
    read: types.Callable[[Node], TransportPorts]


_ADMIN_PEERS = {
    "from": frozenset({"namespaces", "pods"}),
    "to": frozenset({"namespaces", "pods", "nodes", "networks", "domainNames"}),
}
_HIGHEST_PRIORITY = 1000
_BOUNDS = ("start", "end")


def read_admin_policy(node: Node, found: Gathered, group: str) -> None:
    """Read an AdminNetworkPolicy."""
    _read_admin(node, found, group, _ADMIN)


def read_baseline_policy(node: Node, found: Gathered, group: str) -> None:
    """Read a BaselineAdminNetworkPolicy."""
    _read_admin(node, found, group, _BASELINE)


def read_cluster_policy(node: Node, found: Gathered, group: str) -> None:
    """Read a ClusterNetworkPolicy."""
    _read_admin(node, found, group, _CLUSTER)


def _read_admin(node: Node, found: Gathered, group: str, kind: _Kind) -> None:
    spec = _spec(node, kind.what, kind.keys)
    for key in kind.required:
        if key not in spec:
            raise RefusedError(f"spec of {kind.what} must have {key}, got none")
    subject = spec["subject"].fields("subject", ("namespaces", "pods"))
    if len(subject) != 1:
        rule = "subject must have either namespaces or pods"
        raise RefusedError(f"{rule}, got {elide(spec['subject'].value)}")
    priority = _priority(spec["priority"]) if "priority" in spec else 0
    outer = [spec["subject"].condition()]
    if "tier" in spec:
        spec["tier"].word("tier", ("Admin", "Baseline"))
        outer.append(spec["tier"].condition())
    for section, direction, _, peers in SECTIONS:
        for item in _rules(spec, section, found, group):
            could_accept = not _denies(item)
            with found.skipping(item, group, could_accept=could_accept):
                keys = ("name", "action", kind.ports, peers)
                fields = item.fields("a rule", keys, ("action", peers))
                action = kind.actions[fields["action"].word("action", kind.actions)]
                fields[peers].items(peers, is_filled=True)
                conditions = _peers(fields, peers, _ADMIN_PEERS[peers])
                ports: TransportPorts | None = TransportPorts.full()
                if kind.ports in fields:
                    items = fields[kind.ports].items(kind.ports, is_filled=True)
                    ports = _united(items, kind.read, found, group, could_accept=could_accept)
                if ports is not None:
                    found.add(
                        item,
                        group,
                        ports,
                        action=action,
                        direction=direction,
                        priority=priority,
                        conditions=[*outer, *conditions],
                    )


def _denies(item: Node) -> bool:
    fields = item.value
    return isinstance(fields, dict) and types.cast("types.Entry", fields).get("action") == "Deny"


def _priority(node: Node) -> int:
    value = node.value
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or not 0 <= types.cast("int", value) <= _HIGHEST_PRIORITY:
        raise RefusedError(f"priority must be in 0..{_HIGHEST_PRIORITY}, got {elide(value)}")
    return types.cast("int", value)


def _admin_port(entry: Node) -> TransportPorts:
    """Read an item of ``ports`` of an AdminNetworkPolicy."""
    kinds = ("portNumber", "namedPort", "portRange")
    key, value = _only("an item of ports", entry, kinds)
    if key == "namedPort":
        raise _named(value)
    if key == "portNumber":
        inner = value.fields(key, ("protocol", "port"), ("port",))
        first = last = inner["port"].port("port")
    else:
        inner = value.fields(key, ("protocol", *_BOUNDS), _BOUNDS)
        first, last = inner["start"].port("start"), inner["end"].port("end")
    # The API server adds TCP where there is no protocol.
    protocol = inner["protocol"].word("protocol", PROTOCOLS) if "protocol" in inner else "TCP"
    with refusing():
        return TransportPorts({PROTOCOLS[protocol]: PortSet([PortRange(first, last)])})


def _cluster_port(entry: Node) -> TransportPorts:
    """Read an item of ``protocols`` of a ClusterNetworkPolicy."""
    protocols = {each.lower(): transport for each, transport in PROTOCOLS.items()}
    key, value = _only("an item of protocols", entry, (*protocols, "destinationNamedPort"))
    if key == "destinationNamedPort":
        raise _named(value)
    port = _only(key, value, ("destinationPort",))[1]
    kind, bounds = _only("destinationPort", port, ("number", "range"))
    if kind == "number":
        first = last = bounds.port("number")
    else:
        inner = bounds.fields("range", _BOUNDS, _BOUNDS)
        first, last = inner["start"].port("start"), inner["end"].port("end")
    with refusing():
        return TransportPorts({protocols[key]: PortSet([PortRange(first, last)])})


def _only(what: str, node: Node, keys: tuple[str, ...]) -> tuple[str, Node]:
    """Return the one key of a mapping, and its value."""
    fields = node.fields(what, keys)
    if len(fields) != 1:
        *others, last = keys
        names = f"{', '.join(others)} or {last}" if others else last
        raise RefusedError(f"{what} must have {names}, got {elide(node.value)}")
    return next(iter(fields.items()))


def _named(node: Node) -> RefusedError:
    name = elide(node.value)
    return RefusedError(f"port must be a number, got {name}; names are resolved in each pod")


_ALLOW_OR_DENY = {"Allow": Action.ACCEPT, "Deny": Action.DROP}
# What follows are the policies of the namespaces, or the next tier.
_PASS = {"Pass": Action.RETURN}
_SUBJECT = frozenset({"subject", "ingress", "egress"})
_ADMIN = _Kind(
    what="an AdminNetworkPolicy",
    keys=_SUBJECT | {"priority"},
    required=("priority", "subject"),
    actions=_ALLOW_OR_DENY | _PASS,
    ports="ports",
    read=_admin_port,
)
_BASELINE = _Kind(
    what="a BaselineAdminNetworkPolicy",
    keys=_SUBJECT,
    required=("subject",),
    actions=_ALLOW_OR_DENY,
    ports="ports",
    read=_admin_port,
)
_CLUSTER = _Kind(
    what="a ClusterNetworkPolicy",
    keys=_SUBJECT | {"tier", "priority"},
    required=("tier", "priority", "subject"),
    actions={"Accept": Action.ACCEPT, "Deny": Action.DROP, **_PASS},
    ports="protocols",
    read=_cluster_port,
)
