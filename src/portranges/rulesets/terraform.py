"""Read the security groups and network ACLs of AWS in what ``terraform show -json`` prints.

A plan leaves out values that are known only after it was applied. A rule whose peer is such a value
may apply to any address.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from portranges import types
from portranges.checks import flag, integer
from portranges.errors import InvalidValueError, elide, got
from portranges.rulesets.aws_rules import (
    REFUSED,
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
from portranges.rulesets.model import Action, Direction, Rule
from portranges.rulesets.ruleset import Ruleset
from portranges.transport_ports import TransportPorts

_UNKNOWN = "known after apply"
_PORTS = ("protocol", "from_port", "to_port")
_DIRECTIONS = {"ingress": Direction.IN, "egress": Direction.OUT}
_ACTIONS = {"allow": Action.ACCEPT, "deny": Action.DROP}

# The keys of a block of a security group whose values are lists of peers.
_LISTS = ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups")
_KEYS_OF_BLOCK = (*_PORTS, *_LISTS, "self", "description")
_LISTS_OF_RULE = ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids")
_KEYS_OF_RULE = (
    *(*_PORTS, *_LISTS_OF_RULE, "self", "source_security_group_id", "type", "description"),
    *("id", "security_group_id", "security_group_rule_id", "timeouts"),
)
_PEERS_OF_VPC = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
_KEYS_OF_VPC = (
    *("ip_protocol", "from_port", "to_port", *_PEERS_OF_VPC, "description", "arn", "id"),
    *("security_group_id", "security_group_rule_id", "tags", "tags_all"),
)
_PEERS_OF_ACL = ("cidr_block", "ipv6_cidr_block")
_KEYS_OF_ENTRY = (*_PORTS, *_PEERS_OF_ACL, "icmp_code", "icmp_type")


def read_data(data: object, name: str, services: types.Services | None) -> Ruleset:  # noqa: ARG001
    """Return the ruleset that *data* is, as the format *name*.

    Raises:
        InvalidValueError: The data is not a plan or a state.
    """
    entry = as_object(data) or {}
    key = "planned_values" if "planned_values" in entry else "values"
    if "terraform_version" not in entry or as_object(entry.get(key)) is None:
        rule = "data must be a plan or a state of 'terraform show -json'"
        raise InvalidValueError(rule, got(data))
    found = Found()
    modules: list[tuple[object, Path]] = [(entry[key].get("root_module", {}), (key, "root_module"))]
    for value, path in modules:
        # The list grows while it is read.
        modules += _add_module(found, value, path)
    return Ruleset(format=name, rules=tuple(found.rules), skipped=tuple(found.skipped))


def _add_module(found: Found, value: object, path: Path) -> list[tuple[object, Path]]:
    """Add the rules of a module, and return the modules in it."""
    try:
        module = object_of("a module", value)
        resources = list_of("resources", module.get("resources", []))
        children = list_of("child_modules", module.get("child_modules", []))
    except InvalidValueError as error:
        found.skip(value, path, error)
        return []
    for place, each in enumerate(resources):
        _add_resource(found, each, (*path, "resources", place))
    return [(each, (*path, "child_modules", place)) for place, each in enumerate(children)]


def _add_resource(found: Found, value: object, path: Path) -> None:
    try:
        resource = object_of("a resource", value)
        check_keys("a resource", resource, tuple(resource), ("address", "type", "mode"))
        kind, name = resource["type"], str(resource["address"])
        add = _RESOURCES.get(kind) if isinstance(kind, str) else None
        if add is None or resource["mode"] != "managed":
            return
        values = object_of("values", resource.get("values"))
    except InvalidValueError as error:
        found.skip(value, path, error)
        return
    add(found, values, (*path, "values"), name)


def _add_group(found: Found, values: types.Entry, path: Path, name: str) -> None:
    """Add the rules of a security group, which has them as blocks."""
    _add_blocks(found, values, path, str(values.get("id") or name), _add_block)


def _add_acl(found: Found, values: types.Entry, path: Path, name: str) -> None:
    """Add the rules of a network ACL, which has them as blocks."""
    _add_blocks(found, values, path, str(values.get("id") or name), _add_block_of_acl)


def _add_blocks(
    found: Found,
    values: types.Entry,
    path: Path,
    name: str,
    add: types.Callable[[Found, Draft], None],
) -> None:
    for key, direction in _DIRECTIONS.items():
        draft = Draft(name=name, direction=direction, path=(*path, key), value=values.get(key))
        try:
            _check_known(values, (key,))
            blocks = list_of(key, values[key])
        except InvalidValueError as error:
            found.skip(draft.value, draft.path, error, draft.group)
            continue
        for place, each in enumerate(blocks):
            add(found, replace(draft, path=(*draft.path, place), value=each))


def _check_known(values: types.Entry, keys: types.Iterable[str]) -> None:
    """Raise InvalidValueError if *values* lacks one of *keys*."""
    for key in keys:
        if key not in values:
            raise InvalidValueError(f"the plan must show {key}", f"a value {_UNKNOWN}")


def _add_block(found: Found, draft: Draft) -> None:
    try:
        block = object_of("a block", draft.value)
        check_keys("a block", block, _KEYS_OF_BLOCK)
        _add_peers(found, draft, block, _LISTS)
    except REFUSED as error:
        found.skip(draft.value, draft.path, error, draft.group)


def _add_rule(found: Found, values: types.Entry, path: Path, name: str) -> None:
    """Add the rules of an ``aws_security_group_rule``, one for each peer."""
    group = str(values.get("security_group_id") or f"the group of {name}")
    try:
        check_keys("a rule", values, _KEYS_OF_RULE, ("type",))
        if values["type"] not in _DIRECTIONS:
            raise InvalidValueError("type must be ingress or egress", elide(values["type"]))
        draft = Draft(
            name=group, direction=_DIRECTIONS[values["type"]], path=path, value=dict(values)
        )
        known = ("cidr_blocks", "ipv6_cidr_blocks", "self")
        # Terraform accepts a group beside none of these, so that it is not a peer of this rule.
        single = () if any(values.get(key) for key in known) else ("source_security_group_id",)
        _add_peers(found, draft, values, _LISTS_OF_RULE, single)
    except REFUSED as error:
        found.skip(values, path, error)


def _add_peers(
    found: Found,
    draft: Draft,
    block: types.Entry,
    lists: tuple[str, ...],
    single: tuple[str, ...] = (),
) -> None:
    """Add a rule for each peer in *block*.

    Raises:
        TypeError: The peers or the ports are not of the form of Terraform.
        PortRangesError: Likewise, or there is no peer.
    """
    ports = _ports(block, "protocol")
    peers: list[tuple[str, tuple[object, ...], object]] = []
    for key in lists:
        if key not in block:
            peers.append((key, (), None))
            continue
        several = list_of(key, [] if block[key] is None else block[key])
        peers += [(key, (key, place), each) for place, each in enumerate(several)]
    for key in single:
        if key not in block or block[key] is not None:
            peers.append((key, (key,) if key in block else (), block.get(key)))
    if block.get("self") is not None and flag("self", block["self"]):
        peers.append(("self", ("self",), True))
    if not peers:
        raise InvalidValueError("a rule must have a peer", elide(block))
    head = {key: block[key] for key in _PORTS if key in block}
    for key, place, peer in peers:
        one = replace(draft, path=(*draft.path, *place), value={**head, key: peer})
        found.add(one, partial(_rule, ports, key, peer))


def _rule(
    ports: TransportPorts,
    key: str,
    peer: object,
    draft: Draft,
    *,
    action: Action = Action.ACCEPT,
    priority: int = 0,
) -> Rule:
    """Return the rule of a peer, which is ``None`` if it is known only after apply."""
    if peer is None:
        return draft.rule(ports, f"{key}, {_UNKNOWN}", None, action, priority)
    return draft.rule(ports, key, peer, action, priority)


def _ports(block: types.Entry, protocol: str) -> TransportPorts:
    """Return the ports of a rule, whose values must be known."""
    _check_known(block, (protocol, "from_port", "to_port"))
    return ports_of(block[protocol], block["from_port"], block["to_port"])


def _add_vpc_rule(
    direction: Direction, found: Found, values: types.Entry, path: Path, name: str
) -> None:
    """Add the rule of an ``aws_vpc_security_group_ingress_rule`` or ``egress_rule``."""
    group = str(values.get("security_group_id") or f"the group of {name}")
    draft = Draft(name=group, direction=direction, path=path, value=dict(values))
    found.add(draft, partial(_vpc_rule, values))


def _vpc_rule(values: types.Entry, draft: Draft) -> Rule:
    check_keys("a rule", values, _KEYS_OF_VPC)
    key, peer = _only_peer(values, _PEERS_OF_VPC)
    return _rule(_ports(values, "ip_protocol"), key, peer, draft)


def _only_peer(values: types.Entry, keys: tuple[str, ...]) -> tuple[str, object]:
    """Return the key and the value of the only peer, which is ``None`` if it is not known yet."""
    given = [key for key in keys if values.get(key)]
    unknown = [key for key in keys if key not in values]
    if len(given) > 1 or not (given or unknown):
        raise not_one_peer(keys, given)
    return (given[0], values[given[0]]) if given else (unknown[0], None)


def _add_block_of_acl(found: Found, draft: Draft) -> None:
    block = as_object(draft.value) or {}
    read = partial(_rule_of_acl, _KEYS_OF_ENTRY, "action", "rule_no")
    found.add(draft, read, could_accept=block.get("action") != "deny")


def _add_rule_of_acl(found: Found, values: types.Entry, path: Path, name: str) -> None:
    """Add the rule of an ``aws_network_acl_rule``."""
    group = str(values.get("network_acl_id") or f"the network ACL of {name}")
    keys = (*_KEYS_OF_ENTRY, "egress", "id", "network_acl_id")
    try:
        egress = flag("egress", values.get("egress"))
    except TypeError as error:
        found.skip(values, path, error)
        return
    direction = Direction.OUT if egress else Direction.IN
    draft = Draft(name=group, direction=direction, path=path, value=dict(values))
    read = partial(_rule_of_acl, keys, "rule_action", "rule_number")
    found.add(draft, read, could_accept=values.get("rule_action") != "deny")


def _rule_of_acl(keys: tuple[str, ...], action: str, number: str, draft: Draft) -> Rule:
    block = object_of("an entry", draft.value)
    check_keys("an entry", block, (*keys, action, number), (action, number))
    if block[action] not in _ACTIONS:
        raise InvalidValueError(f"{action} must be allow or deny", elide(block[action]))
    key, peer = _only_peer(block, _PEERS_OF_ACL)
    priority = integer(number, block[number])
    ports, word = _ports(block, "protocol"), _ACTIONS[block[action]]
    return _rule(ports, key, peer, draft, action=word, priority=priority)


_RESOURCES: dict[str, types.Callable[[Found, types.Entry, Path, str], None]] = {
    "aws_security_group": _add_group,
    "aws_default_security_group": _add_group,
    "aws_security_group_rule": _add_rule,
    "aws_vpc_security_group_ingress_rule": partial(_add_vpc_rule, Direction.IN),
    "aws_vpc_security_group_egress_rule": partial(_add_vpc_rule, Direction.OUT),
    "aws_network_acl": _add_acl,
    "aws_default_network_acl": _add_acl,
    "aws_network_acl_rule": _add_rule_of_acl,
}
