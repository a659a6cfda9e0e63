"""Read the security groups and network ACL entries of AWS in templates of CloudFormation.

A value may be a reference or a function. It is not evaluated: as a peer, it may be any address, and
as a port or a protocol, it leads to a skipped rule.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from portranges import types
from portranges.errors import InvalidValueError, elide, got
from portranges.ports import parse_port
from portranges.rulesets.aws_rules import (
    Draft,
    Found,
    Path,
    as_object,
    check_keys,
    list_of,
    not_one_peer,
    object_of,
    ports_of,
)
from portranges.rulesets.documents import Opaque, text_of
from portranges.rulesets.model import Action, Applies, Direction, Rule
from portranges.rulesets.ruleset import Ruleset

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
_ACTIONS = {"allow": Action.ACCEPT, "deny": Action.DROP}
_BOOLS = {"true": True, "false": False}
_LISTS = {"SecurityGroupIngress": Direction.IN, "SecurityGroupEgress": Direction.OUT}


def read_data(data: object, name: str, services: types.Services | None) -> Ruleset:  # noqa: ARG001
    """Return the ruleset that *data* is, as the format *name*.

    Raises:
        InvalidValueError: The data has no resources.
    """
    resources = as_object((as_object(data) or {}).get("Resources"))
    if resources is None:
        raise InvalidValueError("data must be a template with Resources", got(data))
    found = Found()
    for key, value in resources.items():
        _add_resource(found, str(key), value)
    return Ruleset(format=name, rules=tuple(found.rules), skipped=tuple(found.skipped))


def _add_resource(found: Found, name: str, value: object) -> None:
    path: Path = ("Resources", name)
    try:
        resource = object_of("a resource", value)
        check_keys("a resource", resource, tuple(resource), ("Type",))
        kind: object = resource["Type"]
        add = _RESOURCES.get(kind) if isinstance(kind, str) else None
        if add is None:
            return
        values = object_of("Properties", resource.get("Properties"))
    except InvalidValueError as error:
        found.skip(value, path, error)
        return
    before = len(found.rules)
    add(found, values, (*path, "Properties"), name)
    if resource.get("Condition") is not None:
        # Without the condition, the resource is not made.
        condition = f"Condition: {text_of(resource['Condition'])}"
        for place in range(before, len(found.rules)):
            rule = found.rules[place]
            conditions = (*rule.conditions, condition)
            found.rules[place] = replace(rule, applies=Applies.MAYBE, conditions=conditions)


def _add_group(found: Found, values: types.Entry, path: Path, name: str) -> None:
    found.skip_unknown(values, path, _KEYS_OF_GROUP, "a security group")
    for key, direction in _LISTS.items():
        if values.get(key) is None:
            continue
        draft = Draft(name=name, direction=direction, path=(*path, key), value=values[key])
        try:
            rules = list_of(key, values[key])
        except InvalidValueError as error:
            found.skip(draft.value, draft.path, error, draft.group)
            continue
        for place, each in enumerate(rules):
            one = replace(draft, path=(*draft.path, place), value=each)
            found.add(one, partial(_rule_of_group, ()))


def _add_rule(
    direction: Direction, found: Found, values: types.Entry, path: Path, name: str
) -> None:
    given = values.get("GroupId") or values.get("GroupName")
    group = _reference(given) or f"the group of {name}"
    draft = Draft(name=group, direction=direction, path=path, value=dict(values))
    found.add(draft, partial(_rule_of_group, ("GroupId", "GroupName")))


def _rule_of_group(more: tuple[str, ...], draft: Draft) -> Rule:
    entry = object_of("a rule", draft.value)
    peers = _PEERS[draft.direction]
    check_keys("a rule", entry, (*_PORTS, *peers, *_DETAILS, *more))
    ports = ports_of(
        _protocol(entry, "IpProtocol"), _number(entry, "FromPort"), _number(entry, "ToPort")
    )
    key, peer = _peer(entry, peers)
    return draft.rule(ports, key, peer)


def _add_entry(found: Found, values: types.Entry, path: Path, name: str) -> None:
    group = _reference(values.get("NetworkAclId")) or f"the network ACL of {name}"
    egress: object = values.get("Egress", False)
    egress = _BOOLS.get(egress, egress) if isinstance(egress, str) else egress
    if not isinstance(egress, bool):
        error = InvalidValueError("value of Egress must be true or false", got(egress))
        found.skip(values, path, error)
        return
    direction = Direction.OUT if egress else Direction.IN
    draft = Draft(name=group, direction=direction, path=path, value=dict(values))
    found.add(draft, _rule_of_acl, could_accept=values.get("RuleAction") != "deny")


def _rule_of_acl(draft: Draft) -> Rule:
    entry = object_of("an entry", draft.value)
    check_keys("an entry", entry, _KEYS_OF_ENTRY, ("RuleAction", "RuleNumber"))
    action: object = entry["RuleAction"]
    if not isinstance(action, str) or action not in _ACTIONS:
        raise InvalidValueError("value of RuleAction must be allow or deny", elide(action))
    port_range = object_of("PortRange", entry.get("PortRange") or {})
    check_keys("PortRange", port_range, ("From", "To"))
    ports = ports_of(
        _protocol(entry, "Protocol"), _number(port_range, "From"), _number(port_range, "To")
    )
    key, peer = _peer(entry, _PEERS_OF_ACL)
    number = _number(entry, "RuleNumber")
    if number is None or number < 0:
        raise InvalidValueError("value of RuleNumber must be a number", elide(entry["RuleNumber"]))
    return draft.rule(ports, key, peer, _ACTIONS[action], number)


def _is_computed(value: object) -> bool:
    """Return whether *value* is a reference or a function."""
    entry = as_object(value)
    if entry is None:
        return isinstance(value, Opaque)
    return len(entry) == 1 and all(key == "Ref" or str(key).startswith("Fn::") for key in entry)


def _reference(value: object) -> str:
    """Return the logical name that *value* refers to, or the name that it is; else ``""``."""
    entry = as_object(value)
    found: object = value
    if entry is not None and len(entry) == 1:
        found = entry.get("Ref", entry.get("Fn::GetAtt"))
    elif isinstance(value, Opaque) and value.tag in ("!Ref", "!GetAtt"):
        found = value.value
    if isinstance(found, list) and found:
        found = types.cast("list[object]", found)[0]
    return found.removesuffix(".GroupId").removesuffix(".Id") if isinstance(found, str) else ""


def _peer(entry: types.Entry, keys: tuple[str, ...]) -> tuple[str, object]:
    """Return the key and the value of the only peer."""
    given = [key for key in keys if entry.get(key) is not None]
    if len(given) != 1:
        raise not_one_peer(keys, given)
    (key,) = given
    # A computed address is not checked, and may be any.
    return (f"{key}, computed" if _is_computed(entry[key]) else key), entry[key]


def _protocol(entry: types.Entry, key: str) -> object:
    """Return a protocol, which may be a number, as a text."""
    value: object = entry.get(key)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _number(entry: types.Entry, key: str) -> int | None:
    """Return a number, which may be a text; -1 means every type or code of ICMP."""
    value: object = entry.get(key)
    if isinstance(value, str):
        return -1 if value == "-1" else parse_port(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise InvalidValueError(f"value of {key} must be a number", elide(value))


_RESOURCES: dict[str, types.Callable[[Found, types.Entry, Path, str], None]] = {
    "AWS::EC2::SecurityGroup": _add_group,
    "AWS::EC2::SecurityGroupIngress": partial(_add_rule, Direction.IN),
    "AWS::EC2::SecurityGroupEgress": partial(_add_rule, Direction.OUT),
    "AWS::EC2::NetworkAclEntry": _add_entry,
}
