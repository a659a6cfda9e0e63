"""Read the answers of AWS about security groups, their rules and network ACLs.

A permission of a security group may have many peers. Each of them is a rule, as AWS counts them.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from portranges import types
from portranges.checks import filled, flag, integer
from portranges.dialects import from_aws_nacl
from portranges.errors import InvalidValueError, got
from portranges.ports import Transport
from portranges.rulesets.aws_rules import (
    REFUSED,
    Draft,
    Found,
    Path,
    as_list,
    as_object,
    check_keys,
    group_of,
    list_of,
    object_of,
    only_peer,
    ports_of,
)
from portranges.rulesets.model import Action, Direction, Rule
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
_ACTIONS = {"allow": Action.ACCEPT, "deny": Action.DROP}
_DIRECTIONS = {"IpPermissions": Direction.IN, "IpPermissionsEgress": Direction.OUT}


def read_data(data: object, name: str, services: types.Services | None) -> Ruleset:  # noqa: ARG001
    """Return the ruleset that *data* is, as the format *name*.

    Raises:
        InvalidValueError: The data is neither an answer of AWS nor a list or an item of one.
    """
    is_acl = name == "aws_nacl"
    answers = ("NetworkAcls",) if is_acl else ("SecurityGroups", "SecurityGroupRules")
    own = ("NetworkAclId",) if is_acl else ("IpPermissions", "IsEgress")
    found = Found()
    add_item = partial(_add_acl if is_acl else _add_group_or_rule, found)
    items, entry = as_list(data), as_object(data) or {}
    if items is not None:
        _add_items(items, (), add_item)
    elif not entry.keys().isdisjoint(answers):
        found.skip_unknown(entry, (), (*answers, "NextToken", "ResponseMetadata"), "an answer")
        if entry.get("NextToken") is not None:
            error = InvalidValueError("an answer must be complete", "one with NextToken")
            found.skip(entry["NextToken"], ("NextToken",), error)
        for key in answers:
            if key in entry:
                _add_answer(found, entry[key], key, add_item)
    elif not entry.keys().isdisjoint(own):
        add_item(entry, ())
    else:
        rule = f"data must be an object with {' or '.join(answers)}, or a list from it"
        raise InvalidValueError(rule, got(data))
    return Ruleset(format=name, rules=tuple(found.rules), skipped=tuple(found.skipped))


def _add_answer(
    found: Found, value: object, key: str, add_item: types.Callable[[object, Path], None]
) -> None:
    try:
        items = list_of(key, value)
    except InvalidValueError as error:
        found.skip(value, (key,), error)
    else:
        _add_items(items, (key,), add_item)


def _add_items(
    items: types.Iterable[object], path: Path, add_item: types.Callable[[object, Path], None]
) -> None:
    for place, each in enumerate(items):
        add_item(each, (*path, place))


def _add_group_or_rule(found: Found, value: object, path: Path) -> None:
    try:
        entry = object_of("a security group", value)
        flag("IsEgress", entry.get("IsEgress", False))
        name = _name_of(entry, "GroupId", "a rule" if "IsEgress" in entry else "a security group")
    except REFUSED as error:
        found.skip(value, path, error)
        return
    if "IsEgress" in entry:
        direction = Direction.OUT if entry["IsEgress"] else Direction.IN
        draft = Draft(name=name, direction=direction, path=path, value=value)
        found.add(draft, _rule_of_group)
        return
    found.skip_unknown(entry, path, _KEYS_OF_GROUP, "a security group")
    for key, direction in _DIRECTIONS.items():
        try:
            permissions = list_of(key, entry.get(key))
        except InvalidValueError as error:
            found.skip(entry.get(key), (*path, key), error, group_of(name, direction))
            continue
        for place, each in enumerate(permissions):
            draft = Draft(name=name, direction=direction, path=(*path, key, place), value=each)
            _add_permission(found, draft)


def _name_of(entry: types.Entry, key: str, what: str) -> str:
    check_keys(what, entry, tuple(entry), (key,))
    return filled(key, entry[key])


def _add_permission(found: Found, whole: Draft) -> None:
    """Add a rule for each peer of a permission."""
    try:
        entry = object_of("a permission", whole.value)
        check_keys("a permission", entry, (*_PORTS, *_PEERS))
        ports = ports_of(*(entry.get(key) for key in _PORTS))
        peers = [
            (key, place, peer)
            for key in _PEERS
            for place, peer in enumerate(list_of(key, entry.get(key) or []))
        ]
        if not peers:
            raise InvalidValueError(f"a permission must have {', '.join(_PEERS)}", "none of them")
    except REFUSED as error:
        found.skip(whole.value, whole.path, error, whole.group)
        return
    head = {key: entry[key] for key in _PORTS if key in entry}
    for key, place, peer in peers:
        path = (*whole.path, key, place)
        draft = replace(whole, path=path, value={**head, key: [peer]})
        found.add(draft, partial(_rule_of_peer, ports, key, peer))


def _rule_of_peer(ports: TransportPorts, key: str, peer: object, draft: Draft) -> Rule:
    what = f"each of {key}"
    entry = object_of(what, peer)
    keys = _PEERS[key]
    if key == "UserIdGroupPairs":
        check_keys(what, entry, keys, () if entry.get("GroupName") else ("GroupId",))
        return draft.rule(ports, key, entry)
    check_keys(what, entry, keys, keys[:1])
    return draft.rule(ports, keys[0], entry[keys[0]])


def _rule_of_group(draft: Draft) -> Rule:
    """Return the rule of a SecurityGroupRule."""
    entry = object_of("a rule", draft.value)
    check_keys("a rule", entry, _KEYS_OF_RULE)
    key = only_peer(entry, _PEERS_OF_RULE)
    if key == "ReferencedGroupInfo":
        check_keys(key, object_of(key, entry[key]), ("GroupId", *_DETAILS), ("GroupId",))
    return draft.rule(ports_of(*(entry.get(each) for each in _PORTS)), key, entry[key])


def _add_acl(found: Found, value: object, path: Path) -> None:
    try:
        acl = object_of("a network ACL", value)
        name = _name_of(acl, "NetworkAclId", "a network ACL")
        entries = list_of("Entries", acl.get("Entries"))
    except REFUSED as error:
        found.skip(value, path, error)
        return
    found.skip_unknown(acl, path, _KEYS_OF_ACL, "a network ACL")
    for place, each in enumerate(entries):
        _add_entry(found, each, (*path, "Entries", place), name)


def _add_entry(found: Found, value: object, path: Path, name: str) -> None:
    try:
        entry = object_of("an entry", value)
        check_keys("an entry", entry, tuple(entry), ("Egress", "RuleAction", "RuleNumber"))
        direction = Direction.OUT if flag("Egress", entry["Egress"]) else Direction.IN
    except REFUSED as error:
        found.skip(value, path, error)
        return
    draft = Draft(name=name, direction=direction, path=path, value=value)
    found.add(draft, _rule_of_acl, could_accept=entry["RuleAction"] != "deny")


def _rule_of_acl(draft: Draft) -> Rule:
    entry = object_of("an entry", draft.value)
    ports = TransportPorts({each: from_aws_nacl([entry], transport=each) for each in Transport})
    key = only_peer(entry, _PEERS_OF_ACL)
    action = _ACTIONS[entry["RuleAction"]]
    return draft.rule(ports, key, entry[key], action, integer("RuleNumber", entry["RuleNumber"]))
