"""Read the rules of OpenStack security groups.

The answers of the API and of ``openstack ... show`` have the keys of the API. ``openstack security
group rule list`` has column titles instead, and the two ports in one text.
"""

from __future__ import annotations

from portranges import types
from portranges.checks import of_type
from portranges.dialects import from_openstack
from portranges.errors import InvalidValueError, elide
from portranges.families import Family
from portranges.ports import Transport, parse_port
from portranges.rulesets.aws_rules import Path, as_list, as_object
from portranges.rulesets.cloud import (
    Collector,
    addresses_of,
    choice,
    conditions_of,
    wrong_data,
)
from portranges.rulesets.documents import text_of
from portranges.rulesets.model import Action, Applies, Direction, Location, Rule
from portranges.rulesets.ruleset import Ruleset
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


def read_data(data: object, name: str, services: types.Services | None) -> Ruleset:
    """Return the ruleset that *data* is, as the format *name*.

    Raises:
        InvalidValueError: The data is neither a list nor a security group nor an answer of the
            API.
    """
    del services  # Ports are numbers.
    found = Collector(_rule, lambda _: True)
    entry = as_object(data) or {}
    if isinstance(data, list):
        _add(types.cast("object", data), (), found)
    elif any(key in entry for key in ("id", "name")) and any(key in entry for key in _LISTS):
        _add(entry, (), found)
    elif any(key in entry for key in _ANSWERS):
        found.skip_unknown(entry, (), (*_ANSWERS, *_LINKS), "an answer")
        found.check_complete(entry, _LINKS)
        for key in _ANSWERS:
            if key in entry:
                _add(entry[key], (key,), found)
    else:
        raise wrong_data("a security group, an answer of the API, or a list", data)
    return found.ruleset(name)


def _add(value: object, path: Path, found: Collector) -> None:
    """Add a rule, a group, or a list of these."""
    for place, each in enumerate(as_list(value) or ()):
        _add(each, (*path, place), found)
    if isinstance(value, list):
        return
    entry = as_object(value) or {}
    lists = [key for key in _LISTS if key in entry]
    if not lists:
        found.add_rule(value, path, _UNNAMED)
        return
    name: object = entry.get("name") or entry.get("id")
    group = name if isinstance(name, str) else _UNNAMED
    found.skip_unknown(entry, path, _GROUP, "a security group", group)
    for key in lists:
        found.add_rules(entry[key], (*path, key), group)


def _rule(entry: types.Entry, group: str, location: Location) -> Rule:
    rule = _in_api_spelling(entry)
    _require(rule, _REQUIRED)
    family = _family(rule)
    conditions = conditions_of(rule, _GROUPS_OF_ADDRESSES)
    if rule.get("remote_ip_prefix"):
        prefix = of_type("remote_ip_prefix", rule["remote_ip_prefix"], str)
        families, is_complete = addresses_of(prefix)
        if not is_complete or family not in families:
            conditions += conditions_of(rule, ("remote_ip_prefix",))
    identifier: object = rule.get("security_group_id")
    if group == _UNNAMED and isinstance(identifier, str) and identifier:
        group = identifier
    ports = {each: from_openstack([rule], transport=each) for each in Transport}
    return Rule(
        ports=TransportPorts(ports),
        families=(family,),
        action=Action.ACCEPT,
        direction=choice(rule, "direction", _DIRECTIONS),
        group=group,
        applies=Applies.MAYBE if conditions else Applies.ALWAYS,
        conditions=conditions,
        location=location,
        text=text_of(entry),
    )


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
