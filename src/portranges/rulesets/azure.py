"""Read the rules of Azure network security groups.

The API, ``az``, Terraform and PowerShell spell the same properties differently. Each rule is
translated into the spelling of the API, which ``dialects`` reads.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.checks import integer, of_type
from portranges.dialects import data as forms
from portranges.dialects import from_azure
from portranges.dialects.data_azure import ports_in
from portranges.dialects.rows_data import AZURE
from portranges.errors import InvalidValueError, elide
from portranges.families import Family
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.rulesets.aws_rules import Path, as_list, as_object, check_keys, only_peer
from portranges.rulesets.cloud import (
    Collector,
    addresses_of,
    choice,
    conditions_of,
    in_order,
    texts_of,
    wrong_data,
)
from portranges.rulesets.documents import text_of
from portranges.rulesets.model import Action, Applies, Direction, Location, Rule
from portranges.rulesets.ruleset import Ruleset
from portranges.transport_ports import TransportPorts

_UNNAMED = "network security group"
_ACTIONS = {"Allow": Action.ACCEPT, "Deny": Action.DROP}
_DIRECTIONS = {"Inbound": Direction.IN, "Outbound": Direction.OUT}
_WITHOUT_PORTS = ("Icmp", "Esp", "Ah")
_FIRST_PRIORITY = 100

_REQUIRED = ("access", "direction", "priority", "protocol")
_SOURCE_PORTS = ("sourcePortRange", "sourcePortRanges")
_GROUP_OF_ID = re.compile(r"/networkSecurityGroups/([^/]+)/", re.IGNORECASE)

# Source: Terraform provider azurerm, network_security_rule_resource.go.
_TERRAFORM = {
    **{key: key for key in ("name", "id", "description", *_REQUIRED)},
    "source_port_range": "sourcePortRange",
    "source_port_ranges": "sourcePortRanges",
    "destination_port_range": "destinationPortRange",
    "destination_port_ranges": "destinationPortRanges",
    "source_address_prefix": "sourceAddressPrefix",
    "source_address_prefixes": "sourceAddressPrefixes",
    "destination_address_prefix": "destinationAddressPrefix",
    "destination_address_prefixes": "destinationAddressPrefixes",
    "source_application_security_group_ids": "sourceApplicationSecurityGroups",
    "destination_application_security_group_ids": "destinationApplicationSecurityGroups",
    "resource_group_name": "resourceGroup",
}
# Keys of the resource that are not about packets.
_TERRAFORM_OTHERS = ("network_security_group_name", "timeouts")

# Source: Azure PowerShell, PSSecurityRule.cs. These four are lists.
_POWERSHELL_LISTS = {
    "SourcePortRange": "sourcePortRange",
    "DestinationPortRange": "destinationPortRange",
    "SourceAddressPrefix": "sourceAddressPrefix",
    "DestinationAddressPrefix": "destinationAddressPrefix",
}
_POWERSHELL = {
    **{key.capitalize(): key for key in ("name", "id", "etag", "description", *_REQUIRED)},
    "ProvisioningState": "provisioningState",
    "SourceApplicationSecurityGroups": "sourceApplicationSecurityGroups",
    "DestinationApplicationSecurityGroups": "destinationApplicationSecurityGroups",
}
# The same once more, as text.
_POWERSHELL_OTHERS = (
    "SourceApplicationSecurityGroupsText",
    "DestinationApplicationSecurityGroupsText",
)

_RULES = ("securityRules", "defaultSecurityRules")
_API_GROUP = (
    *("id", "name", "type", "location", "tags", "etag", "resourceGroup", "resourceGuid"),
    *("properties", "provisioningState", "flushConnection", "networkInterfaces", "subnets"),
    *("flowLogs", *_RULES),
)
_TERRAFORM_RULES = ("security_rule",)
_TERRAFORM_GROUP = (
    *("id", "name", "location", "resource_group_name", "tags", "timeouts", *_TERRAFORM_RULES),
)
_POWERSHELL_RULES = ("SecurityRules", "DefaultSecurityRules")
_POWERSHELL_GROUP = (
    *("Id", "Name", "Type", "Location", "Tag", "TagsTable", "Etag", "ResourceGroupName"),
    *("ResourceGuid", "ProvisioningState", "NetworkInterfaces", "Subnets", "FlushConnection"),
    *("NetworkInterfacesText", "SubnetsText", "SecurityRulesText", "DefaultSecurityRulesText"),
    *_POWERSHELL_RULES,
)
# In an answer of the API, the address of the next one.
_NEXT = "nextLink"

_GROUPS = (
    (_RULES, _API_GROUP),
    (_TERRAFORM_RULES, _TERRAFORM_GROUP),
    (_POWERSHELL_RULES, _POWERSHELL_GROUP),
)


def read_data(data: object, name: str, services: types.Services | None) -> Ruleset:
    """Return the ruleset that *data* is, as the format *name*.

    Raises:
        InvalidValueError: The data is neither a list nor a network security group.
    """
    del services  # Ports are numbers.
    found = Collector(_rule, _could_accept)
    entry = as_object(data)
    if isinstance(data, list):
        _add_list(types.cast("object", data), (), found)
    elif entry is not None and "value" in entry:
        found.skip_unknown(entry, (), ("value", _NEXT), "a list")
        found.check_complete(entry, (_NEXT,))
        _add_list(entry["value"], ("value",), found)
    elif entry is None or not _add_group(entry, (), found):
        raise wrong_data("a network security group, or a list of groups or rules", data)
    return found.ruleset(name)


def _add_list(value: object, path: Path, found: Collector) -> None:
    """Add a list of groups or rules."""
    items = as_list(value)
    if items is None:
        raise wrong_data("a list of network security groups", value)
    for place, each in enumerate(items):
        entry, here = as_object(each), (*path, place)
        if entry is None or not _add_group(entry, here, found):
            found.add_rule(each, here, _UNNAMED)


def _add_group(entry: types.Entry, path: Path, found: Collector) -> bool:
    """Add the rules of *entry*, and return whether it is a network security group."""
    inner = as_object(entry.get("properties")) or {}
    for lists, keys in _GROUPS:
        if not any(key in entry or key in inner for key in lists):
            continue
        name: object = entry.get("name", entry.get("Name"))
        group = name if isinstance(name, str) and name else _UNNAMED
        for part, place in ((entry, path), (inner, (*path, "properties"))):
            found.skip_unknown(part, place, keys, "a network security group", group)
            for key in lists:
                if part.get(key) is not None:
                    found.add_rules(part[key], (*place, key), group)
        return True
    return False


def _could_accept(entry: types.Entry) -> bool:
    inner = as_object(entry.get("properties")) or {}
    return "Deny" not in (entry.get("access"), entry.get("Access"), inner.get("access"))


def _rule(entry: types.Entry, group: str, location: Location) -> Rule:
    (rule,) = forms.entries_of(AZURE, [_in_api_spelling(entry)])
    check_keys("a rule", rule, AZURE.keys, _REQUIRED)
    families, conditions = _families(rule)
    source_ports = ports_in(rule, *_SOURCE_PORTS)
    if source_ports != PortSet.full():
        conditions += conditions_of(rule, _SOURCE_PORTS)
    return Rule(
        ports=_ports(rule),
        source_ports=source_ports,
        families=families,
        action=choice(rule, "access", _ACTIONS),
        direction=choice(rule, "direction", _DIRECTIONS),
        group=_group(entry, rule, group),
        priority=integer("priority", rule["priority"], least=_FIRST_PRIORITY),
        applies=Applies.MAYBE if conditions else Applies.ALWAYS,
        conditions=conditions,
        location=location,
        text=text_of(entry),
    )


def _ports(rule: types.Entry) -> TransportPorts:
    protocol = of_type("protocol", rule["protocol"], str).capitalize()
    if protocol in _WITHOUT_PORTS:
        return TransportPorts.empty()
    ports = from_azure(rule)
    transports = tuple(Transport) if protocol == "*" else (Transport(protocol.lower()),)
    return TransportPorts(dict.fromkeys(transports, ports))


def _families(rule: types.Entry) -> tuple[tuple[Family, ...], tuple[str, ...]]:
    """Return the families of a rule, and its conditions on addresses."""
    families = frozenset(Family)
    conditions: tuple[str, ...] = ()
    for side in ("source", "destination"):
        keys = tuple(
            f"{side}{end}"
            for end in ("AddressPrefix", "AddressPrefixes", "ApplicationSecurityGroups")
        )
        # The API returns the unused ones as "" or [].
        given = only_peer({key: rule[key] for key in keys if rule.get(key)}, keys)
        if given == keys[2]:
            conditions += conditions_of(rule, (given,))
            continue
        if given == keys[0]:
            texts = [of_type(keys[0], rule[keys[0]], str)]
        else:
            texts = texts_of(rule, keys[1])
        found, is_complete = addresses_of(*texts)
        families &= found
        if not is_complete:
            conditions += conditions_of(rule, (given,))
    return in_order(families), conditions


def _group(entry: types.Entry, rule: types.Entry, group: str) -> str:
    """Return the name of the group, which a rule that is alone has in its identifier."""
    if group != _UNNAMED:
        return group
    name: object = entry.get("network_security_group_name")
    if isinstance(name, str) and name:
        return name
    match = _GROUP_OF_ID.search(str(rule.get("id", "")))
    return match[1] if match else group


def _in_api_spelling(entry: types.Entry) -> types.Entry:
    """Return *entry* with the keys of the API, and all of them in one object."""
    if any(str(key)[:1].isupper() for key in entry):
        return _from_powershell(entry)
    if any("_" in str(key) for key in entry):
        return _renamed(entry, _TERRAFORM, _TERRAFORM_OTHERS, "Terraform")
    properties = as_object(entry.get("properties"))
    if properties is None:
        return entry
    outer = {key: value for key, value in entry.items() if key != "properties"}
    if twice := [key for key in properties if key in outer]:
        raise InvalidValueError("a rule must have each property once", elide(twice[0]))
    return {**outer, **properties}


def _renamed(
    entry: types.Entry, names: types.Mapping[str, str], others: tuple[str, ...], tool: str
) -> dict[str, types.Any]:
    found: dict[str, types.Any] = {}
    for key, value in entry.items():
        if key in names:
            found[names[key]] = value
        elif key not in others:
            raise InvalidValueError(f"a rule must have only keys of {tool}", elide(key))
    return found


def _from_powershell(entry: types.Entry) -> types.Entry:
    lists = {key: value for key, value in entry.items() if key in _POWERSHELL_LISTS}
    rest = {key: value for key, value in entry.items() if key not in _POWERSHELL_LISTS}
    found = _renamed(rest, _POWERSHELL, _POWERSHELL_OTHERS, "PowerShell")
    for key, value in lists.items():
        # A list that is nested too deeply for ConvertTo-Json is text.
        texts = [value] if isinstance(value, str) else texts_of(lists, key)
        name = _POWERSHELL_LISTS[key]
        if len(texts) == 1:
            found[name] = texts[0]
        else:
            found[name + ("es" if name.endswith("Prefix") else "s")] = texts
    return found
