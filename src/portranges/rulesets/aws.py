"""Read the answers of AWS about security groups, their rules and network ACLs.

A permission of a security group may have many peers. Each of them is a rule, as AWS counts them.
"""

from __future__ import annotations

from portranges import types
from portranges.checks import filled, flag, integer
from portranges.dialects import from_aws_nacl
from portranges.errors import InvalidValueError
from portranges.ports import Transport
from portranges.rulesets.aws_rules import ACTIONS, Side, one_peer, ports_of
from portranges.rulesets.cloud import each_item, only_one
from portranges.rulesets.model import Direction
from portranges.rulesets.objects import Gathered, Node
from portranges.rulesets.ruleset import Ruleset
from portranges.transport_ports import TransportPorts

_PORTS = ("IpProtocol", "FromPort", "ToPort")
_DETAILS = ("Description", "PeeringStatus", "UserId", "VpcId", "VpcPeeringConnectionId")

# The lists of peers in a permission, with the keys of an entry.
_PEERS = {
    "IpRanges": ("CidrIp", "Description"),
    "Ipv6Ranges": ("CidrIpv6", "Description"),
    "PrefixListIds": ("PrefixListId", "Description"),
    "UserIdGroupPairs": ("GroupId", "GroupName", *_DETAILS),
}
_PEERS_OF_RULE = ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupInfo")
_KEYS_OF_RULE = (
    *("IsEgress", "SecurityGroupRuleId", "SecurityGroupRuleArn", "GroupId", "GroupOwnerId"),
    *("Description", "Tags", *_PORTS, *_PEERS_OF_RULE),
)
_KEYS_OF_GROUP = (
    *("GroupId", "GroupName", "Description", "OwnerId", "VpcId", "SecurityGroupArn", "Tags"),
    *("IpPermissions", "IpPermissionsEgress"),
)
_PEERS_OF_ACL = ("CidrBlock", "Ipv6CidrBlock")
_KEYS_OF_ACL = ("NetworkAclId", "Associations", "Entries", "IsDefault", "OwnerId", "Tags", "VpcId")
_DIRECTIONS = {"IpPermissions": Direction.IN, "IpPermissionsEgress": Direction.OUT}


def read_data(data: object, name: str, services: types.Services | None) -> Ruleset:  # noqa: ARG001
    """Return the ruleset in *data*, which has the format *name*.

    Raises:
        InvalidValueError: The data is neither an answer of AWS nor a list or an item of one.
    """
    is_acl = name == "aws_nacl"
    answers = ("NetworkAcls",) if is_acl else ("SecurityGroups", "SecurityGroupRules")
    add = _add_acl if is_acl else _add_group_or_rule
    found = Gathered(name)
    expected = f"an object with {' or '.join(answers)}, or a list from it"
    for item in each_item(
        found,
        name,
        data,
        expected,
        answers=answers,
        others=("ResponseMetadata",),
        more=("NextToken",),
    ):
        with found.skipping(item):
            add(found, item)
    return found.ruleset()


def _add_group_or_rule(found: Gathered, node: Node) -> None:
    is_rule = "IsEgress" in node.all_fields("a security group")
    entry = node.all_fields("a rule" if is_rule else "a security group", ("GroupId",))
    name = filled("GroupId", entry["GroupId"].value)
    if is_rule:
        is_egress = flag("IsEgress", entry["IsEgress"].value)
        side = Side(name, Direction.OUT if is_egress else Direction.IN)
        with found.skipping(node, side.group, side.direction):
            _add_rule(found, node, side)
        return
    found.skip_unknown(node, "", "a security group", _KEYS_OF_GROUP)
    for key, direction in _DIRECTIONS.items():
        side = Side(name, direction)
        if key not in entry:
            place = node.child(key, None) if key in node.entry else node
            found.skip(
                place, f"a security group must have {key}, got none", side.group, side.direction
            )
            continue
        with found.skipping(entry[key], side.group, side.direction):
            for each in entry[key].items(key):
                with found.skipping(each, side.group, side.direction):
                    _add_permission(found, each, side)


def _add_permission(found: Gathered, node: Node, side: Side) -> None:
    """Add a rule for each peer of a permission."""
    entry = node.fields("a permission", (*_PORTS, *_PEERS))
    head = {key: entry[key].value for key in _PORTS if key in entry}
    ports = ports_of(*(head.get(key) for key in _PORTS))
    peers = [(key, peer) for key in _PEERS if key in entry for peer in _peers(entry[key], key)]
    if not peers:
        raise InvalidValueError(f"a permission must have {', '.join(_PEERS)}", "none of them")
    for key, peer in peers:
        rule = one_peer(key, [peer.value], head, peer)
        with found.skipping(rule, side.group, side.direction):
            what, keys = f"each of {key}", _PEERS[key]
            if key == "UserIdGroupPairs":
                given = peer.fields(what, keys)
                peer.fields(what, keys, () if "GroupName" in given else ("GroupId",))
                side.add(found, rule, ports, key, peer.value)
            else:
                given = peer.fields(what, keys, keys[:1])
                side.add(found, rule, ports, keys[0], given[keys[0]].value)


def _peers(node: Node, key: str) -> list[Node]:
    return node.items(key) if node.value else []


def _add_rule(found: Gathered, node: Node, side: Side) -> None:
    """Add a SecurityGroupRule."""
    entry = node.fields("a rule", _KEYS_OF_RULE)
    key = only_one([each for each in _PEERS_OF_RULE if each in entry], _PEERS_OF_RULE)
    if key == "ReferencedGroupInfo":
        entry[key].fields(key, ("GroupId", *_DETAILS), ("GroupId",))
    ports = ports_of(*(entry[each].value if each in entry else None for each in _PORTS))
    side.add(found, node, ports, key, entry[key].value)


def _add_acl(found: Gathered, node: Node) -> None:
    acl = node.all_fields("a network ACL", ("NetworkAclId",))
    name = filled("NetworkAclId", acl["NetworkAclId"].value)
    entries = acl.get("Entries", node.child("Entries", None)).items("Entries")
    found.skip_unknown(node, "", "a network ACL", _KEYS_OF_ACL)
    for each in entries:
        with found.skipping(each):
            _add_entry(found, each, name)


def _add_entry(found: Gathered, node: Node, name: str) -> None:
    needed = ("Egress", "RuleAction", "RuleNumber")
    entry = {key: each.value for key, each in node.all_fields("an entry", needed).items()}
    side = Side(name, Direction.OUT if flag("Egress", entry["Egress"]) else Direction.IN)
    with found.skipping(
        node, side.group, side.direction, could_accept=entry["RuleAction"] != "deny"
    ):
        ports = {each: from_aws_nacl([entry], transport=each) for each in Transport}
        key = only_one([each for each in _PEERS_OF_ACL if each in entry], _PEERS_OF_ACL)
        side.add(
            found,
            node,
            TransportPorts(ports),
            key,
            entry[key],
            action=ACTIONS[types.cast("str", entry["RuleAction"])],
            priority=integer("RuleNumber", types.cast("int", entry["RuleNumber"])),
        )
