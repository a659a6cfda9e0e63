"""Read the security groups and network ACL entries of AWS in templates of CloudFormation.

A value may be a reference or a function. It is not evaluated: as a peer, it may be any address, and
as a port or a protocol, it leads to a skipped rule.
"""

from __future__ import annotations

from functools import partial

from portranges import types
from portranges.errors import InvalidValueError, elide, got
from portranges.ports import parse_port
from portranges.rulesets.aws_rules import ACTIONS, Side, ports_of
from portranges.rulesets.cloud import choice, only_one
from portranges.rulesets.documents import Opaque, text_of
from portranges.rulesets.model import Direction
from portranges.rulesets.objects import Gathered, Node
from portranges.rulesets.ruleset import Ruleset
from portranges.transport_ports import TransportPorts

_PORTS = ("IpProtocol", "FromPort", "ToPort")
_PEERS = {
    Direction.IN: (
        *("CidrIp", "CidrIpv6", "SourcePrefixListId", "SourceSecurityGroupId"),
        "SourceSecurityGroupName",
    ),
    Direction.OUT: (
        *("CidrIp", "CidrIpv6", "DestinationPrefixListId", "DestinationSecurityGroupId"),
    ),
}
_DETAILS = ("Description", "SourceSecurityGroupOwnerId")
_PEERS_OF_ACL = ("CidrBlock", "Ipv6CidrBlock")
_KEYS_OF_ENTRY = (
    *("Egress", "Icmp", "NetworkAclId", "PortRange", "Protocol", "RuleAction", "RuleNumber"),
    *_PEERS_OF_ACL,
)
_KEYS_OF_GROUP = (
    *("GroupDescription", "GroupName", "Tags", "VpcId", "SecurityGroupIngress"),
    "SecurityGroupEgress",
)
_BOOLS = {"true": True, "false": False}
_LISTS = {"SecurityGroupIngress": Direction.IN, "SecurityGroupEgress": Direction.OUT}

# A reference to this is the same as no property. The protocol is every protocol.
_NO_VALUE = "AWS::NoValue"
_EVERY_PROTOCOL = "-1"

# A dynamic reference in a text.
_DYNAMIC = "{{resolve:"


def read_data(data: object, name: str, services: types.Services | None) -> Ruleset:  # noqa: ARG001
    """Return the ruleset in *data*, which has the format *name*.

    Raises:
        InvalidValueError: The data has no resources.
    """
    template = Node(data, "")
    resources = template.child("Resources", template.entry.get("Resources"))
    if not isinstance(resources.value, dict):
        raise InvalidValueError("data must be a template with Resources", got(data))
    found = Gathered(name)
    for key, node in resources.all_fields("Resources").items():
        with found.skipping(node):
            _add_resource(found, node, key)
    return found.ruleset()


def _add_resource(found: Gathered, node: Node, name: str) -> None:
    resource = node.all_fields("a resource", ("Type",))
    kind = resource["Type"].value
    add = _RESOURCES.get(kind) if isinstance(kind, str) else None
    if add is None:
        return
    properties = resource.get("Properties", node.child("Properties", None))
    # A condition decides whether the resource is made.
    condition = (resource["Condition"].condition(),) if "Condition" in resource else ()
    with found.skipping(node if properties.value is None else properties):
        properties.all_fields("Properties")
        add(found, properties, name, condition)


def _add_group(found: Gathered, node: Node, name: str, conditions: tuple[str, ...]) -> None:
    found.skip_unknown(node, "", "a security group", _KEYS_OF_GROUP)
    entry = node.all_fields("Properties")
    for key, direction in _LISTS.items():
        if key not in entry:
            continue
        for rules, of_rules in _branches(entry[key], conditions):
            side = Side(name, direction, of_rules)
            with found.skipping(rules, side.group, side.direction):
                for item in rules.items(key):
                    for each, of_rule in _branches(item, of_rules):
                        with found.skipping(each, side.group, side.direction):
                            _add_permission(found, each, Side(name, direction, of_rule))


def _branches(
    node: Node, conditions: tuple[str, ...]
) -> types.Iterator[tuple[Node, tuple[str, ...]]]:
    """Yield a value, or each that a function ``Fn::If`` may return, with its conditions."""
    inside = Node(None, node.pointer)
    if isinstance(node.value, Opaque) and node.value.tag == "!If":
        inside = Node(node.value.value, node.pointer)
    elif [*node.entry] == ["Fn::If"]:
        inside = node.child("Fn::If", node.entry["Fn::If"])
    parts = inside.items("Fn::If") if isinstance(inside.value, list) else []
    if len(parts) != 3:
        if not _is_no_value(node.value):
            yield node, conditions
        return
    condition, then, otherwise = parts
    name = text_of(condition.value)
    yield from _branches(then, (*conditions, f"Fn::If: {name}"))
    yield from _branches(otherwise, (*conditions, f"Fn::If, else: {name}"))


def _add_rule(
    direction: Direction, found: Gathered, node: Node, name: str, conditions: tuple[str, ...]
) -> None:
    properties = node.entry
    given = properties.get("GroupId") or properties.get("GroupName")
    side = Side(_reference(given) or f"the group of {name}", direction, conditions)
    with found.skipping(node, side.group, side.direction):
        _add_permission(found, node, side, ("GroupId", "GroupName"))


def _add_permission(found: Gathered, node: Node, side: Side, more: tuple[str, ...] = ()) -> None:
    peers = _PEERS[side.direction]
    entry = _values(node, "a rule", (*_PORTS, *peers, *_DETAILS, *more))
    key, peer = _peer(entry, peers)
    side.add(found, node, _ports(entry.get("IpProtocol"), entry, "FromPort", "ToPort"), key, peer)


def _add_entry(found: Gathered, node: Node, name: str, conditions: tuple[str, ...]) -> None:
    properties = node.entry
    acl = _reference(properties.get("NetworkAclId")) or f"the network ACL of {name}"
    egress = properties.get("Egress", False)
    egress = _BOOLS.get(egress, egress) if isinstance(egress, str) else egress
    if not isinstance(egress, bool):
        raise InvalidValueError("value of Egress must be true or false", got(egress))
    side = Side(acl, Direction.OUT if egress else Direction.IN, conditions)
    with found.skipping(
        node, side.group, side.direction, could_accept=properties.get("RuleAction") != "deny"
    ):
        entry = _values(node, "an entry", _KEYS_OF_ENTRY, ("RuleAction", "RuleNumber"))
        key, peer = _peer(entry, _PEERS_OF_ACL)
        number = _number(entry, "RuleNumber")
        if number is None or number < 0:
            shown = elide(entry["RuleNumber"])
            raise InvalidValueError("value of RuleNumber must be a number", shown)
        port_range = _values(Node(entry.get("PortRange") or {}, ""), "PortRange", ("From", "To"))
        ports = _ports(entry.get("Protocol"), port_range, "From", "To")
        action = choice(entry, "RuleAction", ACTIONS)
        side.add(found, node, ports, key, peer, action=action, priority=number)


def _is_computed(value: object) -> bool:
    """Return whether *value* is a reference or a function, or has a dynamic reference in it."""
    if isinstance(value, str):
        return _DYNAMIC in value
    if not isinstance(value, dict):
        return isinstance(value, Opaque)
    keys = [str(key) for key in types.cast("dict[object, object]", value)]
    return len(keys) == 1 and all(key == "Ref" or key.startswith("Fn::") for key in keys)


def _reference(value: object) -> str:
    """Return the logical name that *value* refers to, or the name that it is; else ``""``."""
    found = value
    if isinstance(value, dict) and len(types.cast("types.Entry", value)) == 1:
        entry = types.cast("types.Entry", value)
        found = entry.get("Ref", entry.get("Fn::GetAtt"))
    elif isinstance(value, Opaque) and value.tag in ("!Ref", "!GetAtt"):
        found = value.value
    if isinstance(found, list) and found:
        found = types.cast("list[object]", found)[0]
    return found.removesuffix(".GroupId").removesuffix(".Id") if isinstance(found, str) else ""


def _values(
    node: Node, what: str, known: tuple[str, ...], needed: tuple[str, ...] = ()
) -> dict[str, types.Any]:
    """Return the properties at *node* that have a value."""
    values = node.values(what, known, needed)
    return {key: each for key, each in values.items() if not _is_no_value(each)}


def _is_no_value(value: object) -> bool:
    return _is_computed(value) and _reference(value) == _NO_VALUE


def _peer(entry: types.Entry, keys: tuple[str, ...]) -> tuple[str, object]:
    """Return the key and the value of the only peer."""
    key = only_one([key for key in keys if key in entry], keys)
    # A computed address is not checked, and may be any.
    return (f"{key}, computed" if _is_computed(entry[key]) else key), entry[key]


def _ports(protocol: object, entry: types.Entry, first: str, last: str) -> TransportPorts:
    """Return the ports of a rule; with every protocol, AWS ignores the ports that it has."""
    if isinstance(protocol, int) and not isinstance(protocol, bool):
        protocol = str(protocol)
    if protocol == _EVERY_PROTOCOL:
        return ports_of(protocol, None, None)
    return ports_of(protocol, _number(entry, first), _number(entry, last))


def _number(entry: types.Entry, key: str) -> int | None:
    """Return a number, which may be a text; -1 means every type or code of ICMP."""
    value: object = entry.get(key)
    if isinstance(value, str):
        return -1 if value == "-1" else parse_port(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise InvalidValueError(f"value of {key} must be a number", elide(value))


_RESOURCES: dict[str, types.Callable[[Gathered, Node, str, tuple[str, ...]], None]] = {
    "AWS::EC2::SecurityGroup": _add_group,
    "AWS::EC2::SecurityGroupIngress": partial(_add_rule, Direction.IN),
    "AWS::EC2::SecurityGroupEgress": partial(_add_rule, Direction.OUT),
    "AWS::EC2::NetworkAclEntry": _add_entry,
}
