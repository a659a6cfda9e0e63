"""Read the policies of administrators: AdminNetworkPolicy and its variants.

They allow and deny ports, in an order of their own. ``kubernetes_policies`` reads NetworkPolicy.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import types
from portranges.errors import elide
from portranges.ports import PortRange
from portranges.portset import PortSet
from portranges.rulesets.kubernetes_policies import SECTIONS, peers_of, rules_of, spec_of, united
from portranges.rulesets.model import Action
from portranges.rulesets.objects import PROTOCOLS, Gathered, Node, RefusedError, refusing
from portranges.transport_ports import TransportPorts


@dataclass(frozen=True, slots=True)
class _Kind:
    """What differs between the kinds.

    Attributes:
        what: The kind, for errors.
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
    spec = spec_of(node, kind.what, kind.keys)
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
        for item in rules_of(spec, section, found, group):
            could_accept = not _denies(item)
            with found.skipping(item, group, could_accept=could_accept):
                keys = ("name", "action", kind.ports, peers)
                fields = item.fields("a rule", keys, ("action", peers))
                action = kind.actions[fields["action"].word("action", kind.actions)]
                fields[peers].items(peers, is_filled=True)
                conditions = peers_of(fields, peers, _ADMIN_PEERS[peers])
                ports: TransportPorts | None = TransportPorts.full()
                if kind.ports in fields:
                    items = fields[kind.ports].items(kind.ports, is_filled=True)
                    ports = united(items, kind.read, found, group, could_accept=could_accept)
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
