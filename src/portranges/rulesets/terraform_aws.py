"""Read the security groups and network ACLs of AWS among the resources of Terraform."""

from __future__ import annotations

from portranges import types
from portranges.checks import flag, integer
from portranges.errors import InvalidValueError, elide
from portranges.rulesets.aws_rules import ACTIONS, Side, one_peer, ports_of
from portranges.rulesets.cloud import choice, only_one
from portranges.rulesets.model import Direction
from portranges.rulesets.objects import Gathered, Node
from portranges.rulesets.terraform_resource import UNKNOWN, Resource
from portranges.transport_ports import TransportPorts

_PORTS = ("protocol", "from_port", "to_port")
_DIRECTIONS = {"ingress": Direction.IN, "egress": Direction.OUT}

# The keys of a block of a security group whose values are lists of peers.
_LISTS = ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups")
_KEYS_OF_BLOCK = (*_PORTS, *_LISTS, "self", "description")
_LISTS_OF_RULE = ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids")
_GROUP_OF_RULE = "source_security_group_id"
_KEYS_OF_RULE = (
    *(*_PORTS, *_LISTS_OF_RULE, "self", _GROUP_OF_RULE, "type", "description"),
    *("id", "security_group_id", "security_group_rule_id", "timeouts"),
)
_PEERS_OF_VPC = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
_KEYS_OF_VPC = (
    *("ip_protocol", "from_port", "to_port", *_PEERS_OF_VPC, "description", "arn", "id"),
    *("security_group_id", "security_group_rule_id", "tags", "tags_all"),
)
_PEERS_OF_ACL = ("cidr_block", "ipv6_cidr_block")
_KEYS_OF_ENTRY = (*_PORTS, *_PEERS_OF_ACL, "icmp_code", "icmp_type")


def add_group(found: Gathered, resource: Resource) -> None:
    """Add the rules of an ``aws_security_group``, which has them as blocks."""
    for side, block in _blocks(found, resource):
        with found.skipping(block.node, side.group, side.direction):
            block.node.fields("a block", _KEYS_OF_BLOCK)
            _add_peers(found, block, side, _LISTS)


def add_acl(found: Gathered, resource: Resource) -> None:
    """Add the rules of an ``aws_network_acl``, which has them as blocks."""
    for side, block in _blocks(found, resource):
        _add_entry(found, block, side, ("action", "rule_no"), _KEYS_OF_ENTRY)


def _blocks(found: Gathered, resource: Resource) -> types.Iterator[tuple[Side, Resource]]:
    """Yield each block of the two directions."""
    name = str(resource.node.entry.get("id") or resource.name)
    for key, direction in _DIRECTIONS.items():
        side = Side(name, direction)
        for node in resource.blocks(found, key, side.group, side.direction):
            yield side, resource.block(node)


def add_rule(found: Gathered, resource: Resource) -> None:
    """Add the rules of an ``aws_security_group_rule``, one for each peer."""
    values = resource.node.values("a rule", _KEYS_OF_RULE, ("type",))
    side = _side(resource, "security_group_id", "group", choice(values, "type", _DIRECTIONS))
    known = ("cidr_blocks", "ipv6_cidr_blocks", "self")
    # Terraform accepts a group only without any of these, so it is not a peer of this rule.
    single = () if any(values.get(key) for key in known) else (_GROUP_OF_RULE,)
    with found.skipping(resource.node, side.group, side.direction):
        _add_peers(found, resource, side, _LISTS_OF_RULE, single)


def _side(resource: Resource, key: str, what: str, direction: Direction) -> Side:
    name = resource.node.entry.get(key) or f"the {what} of {resource.name}"
    return Side(str(name), direction)


def _add_peers(
    found: Gathered,
    resource: Resource,
    side: Side,
    lists: tuple[str, ...],
    single: tuple[str, ...] = (),
) -> None:
    """Add a rule for each peer of a resource or a block.

    Raises:
        TypeError: The peers or the ports are not of the form of Terraform.
        PortRangesError: Likewise, or there is no peer.
    """
    node = resource.node
    values = node.all_fields("a block")
    ports = _ports(resource, "protocol")
    # A peer that is known only after apply has no place.
    missing = Node(None, node.pointer)
    peers: list[tuple[str, Node]] = []
    for key in lists:
        if key in values:
            peers += [(key, each) for each in values[key].items(key)]
        elif key not in node.entry:
            peers.append((key, missing))
    for key in single:
        if key in values or resource.is_unknown(key):
            peers.append((key, values.get(key, missing)))
    if "self" in values and flag("self", values["self"].value):
        peers.append(("self", values["self"]))
    if not peers:
        raise InvalidValueError("a rule must have a peer", elide(node.value))
    head = {key: node.entry[key] for key in _PORTS}
    for key, peer in peers:
        rule = one_peer(key, peer.value, head, peer)
        with found.skipping(rule, side.group, side.direction):
            side.add(found, rule, ports, *_named(key, peer.value))


def _ports(resource: Resource, protocol: str) -> TransportPorts:
    """Return the ports of a rule, whose values must be known."""
    keys = (protocol, "from_port", "to_port")
    resource.check_known(keys)
    return ports_of(*(resource.node.entry[key] for key in keys))


def add_vpc_rule(direction: Direction, found: Gathered, resource: Resource) -> None:
    """Add the rule of an ``aws_vpc_security_group_ingress_rule`` or ``egress_rule``."""
    side = _side(resource, "security_group_id", "group", direction)
    with found.skipping(resource.node, side.group, side.direction):
        resource.node.fields("a rule", _KEYS_OF_VPC)
        peer = _only_peer(resource, _PEERS_OF_VPC)
        side.add(found, resource.node, _ports(resource, "ip_protocol"), *peer)


def _only_peer(resource: Resource, keys: tuple[str, ...]) -> tuple[str, object]:
    """Return the key and the value of the only peer."""
    values = resource.node.entry
    given = [key for key in keys if values.get(key)]
    missing = [key for key in keys if key not in values]
    key = only_one(given or missing[:1], keys)
    return _named(key, values.get(key))


def _named(key: str, peer: object) -> tuple[str, object]:
    """Return the key and the value of a peer, which is ``None`` if it is known only after apply."""
    return (f"{key}, {UNKNOWN}" if peer is None else key), peer


def add_rule_of_acl(found: Gathered, resource: Resource) -> None:
    """Add the rule of an ``aws_network_acl_rule``."""
    is_egress = flag("egress", resource.node.entry.get("egress"))
    direction = Direction.OUT if is_egress else Direction.IN
    side = _side(resource, "network_acl_id", "network ACL", direction)
    keys = (*_KEYS_OF_ENTRY, "egress", "id", "network_acl_id")
    _add_entry(found, resource, side, ("rule_action", "rule_number"), keys)


def _add_entry(
    found: Gathered,
    resource: Resource,
    side: Side,
    needed: tuple[str, str],
    keys: tuple[str, ...],
) -> None:
    """Add an entry of a network ACL; *needed* are the keys of its action and its number."""
    node = resource.node
    action, number = needed
    could_accept = node.entry.get(action) != "deny"
    with found.skipping(node, side.group, side.direction, could_accept=could_accept):
        values = node.values("an entry", (*keys, *needed), needed)
        peer = _only_peer(resource, _PEERS_OF_ACL)
        side.add(
            found,
            node,
            _ports(resource, "protocol"),
            *peer,
            action=choice(values, action, ACTIONS),
            priority=integer(number, values[number]),
        )
