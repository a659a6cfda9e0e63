"""Read the rules of OpenStack security groups.

The answers of the API and of ``openstack ... show`` have the keys of the API. ``openstack security
group rule list`` has column titles instead, and the two ports in one text.
"""

from __future__ import annotations

from portranges import types
from portranges.checks import flag, of_type
from portranges.dialects import from_openstack
from portranges.errors import InvalidValueError, elide
from portranges.families import Family
from portranges.ports import Transport, parse_port
from portranges.rulesets.cloud import (
    addresses_of,
    choice,
    conditions_of,
    each_item,
    in_order,
)
from portranges.rulesets.model import Direction
from portranges.rulesets.objects import Gathered, Node
from portranges.rulesets.ruleset import Ruleset
from portranges.rulesets.terraform_resource import Resource, unknown
from portranges.transport_ports import TransportPorts

_UNNAMED = "security group"
_DIRECTIONS = {"ingress": Direction.IN, "egress": Direction.OUT}
_FAMILIES = {"IPv4": Family.INET, "IPv6": Family.INET6}
_REQUIRED = ("direction", "protocol", "port_range_min", "port_range_max")
_GROUPS_OF_ADDRESSES = ("remote_group_id", "remote_address_group_id")
_ICMP = ("icmp", "icmpv6", "ipv6-icmp", "1", "58")

# Source: python-openstackclient, ListSecurityGroupRule.
_COLUMNS = {
    "ID": "id",
    "IP Protocol": "protocol",
    "Ethertype": "ethertype",
    "IP Range": "remote_ip_prefix",
    "Direction": "direction",
    "Remote Security Group": "remote_group_id",
    "Remote Address Group": "remote_address_group_id",
    "Security Group": "security_group_id",
}
_PORTS_COLUMN = "Port Range"

# The API, and 'openstack security group show'.
_LISTS = ("security_group_rules", "rules")
_GROUP = (
    *("id", "name", "description", "stateful", "shared", "is_shared", "tags", "location"),
    *("project_id", "tenant_id", "created_at", "updated_at", "revision_number"),
    *("standard_attr_id", *_LISTS),
)
# Answers with one or several groups or rules, and with the address of the next answer.
_ANSWERS = ("security_groups", "security_group", "security_group_rules", "security_group_rule")
_LINKS = ("security_groups_links", "security_group_rules_links")

# A rule of the Compute API, which is about incoming packets.
_COMPUTE = ("ip_protocol", "from_port", "to_port", "ip_range", "group", "id", "parent_group_id")

# Keys of resources of Terraform. Source: terraform-provider-openstack,
# resource_openstack_networking_secgroup_rule_v2.go and resource_openstack_compute_secgroup_v2.go.
_TERRAFORM_OTHERS = ("region", "timeouts")
_COMPUTE_GROUP = ("id", "name", "description", "region", "timeouts", "rule")
_COMPUTE_BLOCK = ("id", "from_port", "to_port", "ip_protocol", "cidr", "from_group_id", "self")
_REMOTES = ("remote_ip_prefix", *_GROUPS_OF_ADDRESSES)


def read_data(data: object, name: str, services: types.Services | None) -> Ruleset:
    """Return the ruleset in *data*, which has the format *name*.

    Raises:
        InvalidValueError: The data is neither a list nor a security group nor a rule nor an answer
            of the API.
    """
    del services  # Ports are numbers.
    found = Gathered(name)
    expected = "a security group, a rule, an answer of the API, or a list"
    # A group and an answer have the same key for their rules.
    entry = Node(data, "").entry
    answers = _ANSWERS if entry.keys().isdisjoint(("id", "name")) else ()
    # The last answer has the address of the one before it.
    more = tuple(key for key in _LINKS if not _is_last(entry.get(key)))
    for item in each_item(found, name, data, expected, answers=answers, others=_LINKS, more=more):
        with found.skipping(item):
            _add_item(found, item)
    return found.ruleset()


def _is_last(links: object) -> bool:
    """Return whether *links* has nothing but the address of the answer before this one."""
    return isinstance(links, list) and all(
        Node(each, "").entry.get("rel") == "previous" for each in types.cast("list[object]", links)
    )


def _add_item(found: Gathered, node: Node) -> None:
    """Add a rule, or the rules of a security group."""
    entry = node.all_fields("a rule")
    lists = [entry[key] for key in _LISTS if key in entry]
    if not lists:
        _add_rule(found, node, _UNNAMED)
        return
    names = [entry[key].value for key in ("name", "id") if key in entry and entry[key].value]
    group = names[0] if names and isinstance(names[0], str) else _UNNAMED
    found.skip_unknown(node, group, "a security group", _GROUP)
    for rules in lists:
        with found.skipping(rules, group):
            for each in rules.items("rules"):
                _add_rule(found, each, group)


def _add_rule(found: Gathered, node: Node, group: str) -> None:
    with found.skipping(node, group):
        node.all_fields("a rule")
        if "ip_protocol" in node.entry:
            _add(found, node, group, *_from_compute(node))
            return
        rule = _in_api_spelling(node.entry)
        _require(rule, _REQUIRED)
        _add(found, node, group, rule, (_family(rule),))


def _add(
    found: Gathered,
    node: Node,
    group: str,
    rule: types.Entry,
    families: tuple[Family, ...],
    *,
    open_keys: types.Iterable[str] = (),
) -> None:
    """Add *rule*, which has the spelling of the API."""
    conditions = (*conditions_of(rule, _GROUPS_OF_ADDRESSES), *map(unknown, open_keys))
    if rule.get("remote_ip_prefix"):
        prefix = of_type("remote_ip_prefix", rule["remote_ip_prefix"], str)
        named, is_complete = addresses_of(prefix)
        if not is_complete or named.isdisjoint(families):
            conditions += conditions_of(rule, ("remote_ip_prefix",))
    identifier: object = rule.get("security_group_id")
    if group == _UNNAMED and isinstance(identifier, str) and identifier:
        group = identifier
    found.add(
        node,
        group,
        TransportPorts({each: from_openstack([rule], transport=each) for each in Transport}),
        families=families,
        direction=choice(rule, "direction", _DIRECTIONS),
        conditions=conditions,
    )


def _from_compute(node: Node) -> tuple[types.Entry, tuple[Family, ...]]:
    """Return a rule of the Compute API in the spelling of the Networking API."""
    entry = node.values("a rule", _COMPUTE)
    _require(node.entry, _COMPUTE[:3])
    addresses = Node(entry.get("ip_range") or {}, "").values("ip_range", ("cidr",))
    return _compute_rule(entry, addresses.get("cidr"), entry.get("group"))


def _compute_rule(
    entry: types.Entry, addresses: object, group: object, *, is_open: bool = False
) -> tuple[types.Entry, tuple[Family, ...]]:
    """Return a rule with the keys of the Compute API in the spelling of the Networking API."""
    if bool(addresses) is bool(group) and not is_open:
        given = "both of them" if group else "none of them"
        raise InvalidValueError("a rule must have addresses or a group", given)
    protocol: object = entry.get("ip_protocol")
    every = ("*",) if not addresses else (of_type("cidr", addresses, str),)
    families = in_order(addresses_of(*every)[0])
    return {
        "direction": "ingress",
        "protocol": protocol.lower() if isinstance(protocol, str) else protocol,
        "port_range_min": entry.get("from_port"),
        "port_range_max": entry.get("to_port"),
        "remote_ip_prefix": addresses,
        "remote_group_id": group,
    }, families


def add_resource(found: Gathered, resource: Resource) -> None:
    """Add the rule of an ``openstack_networking_secgroup_rule_v2``."""
    node = resource.node
    values = node.entry
    group = str(values.get("security_group_id") or f"the group of {resource.name}")
    with found.skipping(node, group):
        resource.check_known(_REQUIRED)
        rule = {key: each for key, each in values.items() if key not in _TERRAFORM_OTHERS}
        rule["protocol"] = rule["protocol"] or None
        ports = ("port_range_min", "port_range_max")
        # The provider writes 0 for a port that is not set.
        if all(type(rule[key]) is int and rule[key] == 0 for key in ports):
            rule |= dict.fromkeys(ports)
        is_given = any(rule.get(key) for key in _REMOTES)
        open_keys = [key for key in _REMOTES if not is_given and resource.is_unknown(key)]
        _add(found, node, group, rule, (_family(rule),), open_keys=open_keys)


def add_compute_group(found: Gathered, resource: Resource) -> None:
    """Add the rules of an ``openstack_compute_secgroup_v2``, which are about incoming packets."""
    values = resource.node.all_fields("values")
    group = str(values["name"].value) if "name" in values else resource.name
    found.skip_unknown(resource.node, group, "a security group", _COMPUTE_GROUP)
    for node in resource.blocks(found, "rule", group):
        with found.skipping(node, group):
            entry = node.values("a rule", _COMPUTE_BLOCK)
            block = resource.block(node)
            block.check_known(("ip_protocol", "from_port", "to_port"))
            open_keys = [key for key in ("cidr", "from_group_id") if block.is_unknown(key)]
            is_own = "self" in entry and flag("self", entry["self"])
            rule, families = _compute_rule(
                entry,
                entry.get("cidr"),
                entry.get("from_group_id") or (group if is_own else None),
                is_open=bool(open_keys),
            )
            _add(found, node, group, rule, families, open_keys=open_keys)


def _require(rule: types.Entry, keys: types.Iterable[str]) -> None:
    """Raise InvalidValueError if *rule* lacks one of *keys*, whose values may be null."""
    for key in keys:
        if key not in rule:
            raise InvalidValueError(f"a rule must have {key!r}", "a rule without it")


def _family(rule: types.Entry) -> Family:
    given = [key for key in ("ethertype", "ether_type") if rule.get(key) is not None]
    if len(given) != 1:
        found = " and ".join(given) or "a rule without it"
        raise InvalidValueError("a rule must have 'ethertype'", found)
    return choice(rule, given[0], _FAMILIES)


def _in_api_spelling(entry: types.Entry) -> types.Entry:
    """Return *entry* with the keys of the API."""
    if not any(str(key)[:1].isupper() for key in entry):
        return entry
    _require(entry, (_PORTS_COLUMN,))
    found: dict[str, types.Any] = {}
    for key, value in entry.items():
        if key in _COLUMNS:
            found[_COLUMNS[key]] = value
        elif key != _PORTS_COLUMN:
            raise InvalidValueError("a rule must have only columns of 'rule list'", elide(key))
    first, last = _ports_of(entry[_PORTS_COLUMN], found.get("protocol"))
    return {**found, "port_range_min": first, "port_range_max": last}


def _ports_of(value: object, protocol: object) -> tuple[int | None, int | None]:
    """Return the two ports of the column ``Port Range``; it is empty for every port."""
    text = of_type(_PORTS_COLUMN, value, str)
    if not text or protocol in _ICMP:
        return None, None
    first, colon, last = text.partition(":")
    if not colon:
        raise InvalidValueError(f"{_PORTS_COLUMN} must be 'first:last' or ''", elide(text))
    return parse_port(first), parse_port(last)
