"""Read NetworkPolicy of Kubernetes.

Each rule allows ports. A policy also denies traffic by selecting a pod, so ``Policies`` makes
chains of it. ``kubernetes_admin_policies`` reads the policies of administrators.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from portranges import types
from portranges.dialects import from_kubernetes
from portranges.errors import elide
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
    spec = spec_of(node, "a NetworkPolicy", _POLICY)
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
        for item in rules_of(spec, section, found, part.name):
            with found.skipping(item, part.name, could_accept=has_effect):
                fields = item.fields("a rule", (peers, "ports"))
                conditions = peers_of(fields, peers, _PEER)
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


def spec_of(node: Node, what: str, known: frozenset[str]) -> dict[str, Node]:
    """Return the specification of a policy."""
    return node.field(what, "spec").fields(f"spec of {what}", known)


def _selects(spec: dict[str, Node], key: str) -> bool:
    """Return whether a selector selects some pods only; an empty one selects all."""
    return key in spec and bool(spec[key].all_fields(key))


def rules_of(spec: dict[str, Node], section: str, found: Gathered, group: str) -> list[Node]:
    """Return the rules in a section; one that is not a list is skipped."""
    if section not in spec:
        return []
    with found.skipping(spec[section], group):
        return spec[section].items(section)
    return []


def peers_of(fields: dict[str, Node], key: str, known: frozenset[str]) -> list[str]:
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
    return united(items, _policy_port, found, group, could_accept=could_accept)


def united(
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
