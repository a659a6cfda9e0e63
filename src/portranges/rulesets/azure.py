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
from portranges.rulesets.cloud import (
    addresses_of,
    choice,
    conditions_of,
    each_item,
    in_order,
    only_one,
    texts_of,
)
from portranges.rulesets.model import Action, Direction
from portranges.rulesets.objects import Gathered, Node
from portranges.rulesets.ruleset import Ruleset
from portranges.rulesets.terraform_resource import Resource, unknown
from portranges.transport_ports import TransportPorts

_UNNAMED = "network security group"
_ACTIONS = {"Allow": Action.ACCEPT, "Deny": Action.DROP}
_DIRECTIONS = {"Inbound": Direction.IN, "Outbound": Direction.OUT}
_WITHOUT_PORTS = ("Icmp", "Esp", "Ah")
_FIRST_PRIORITY = 100

_REQUIRED = ("access", "direction", "priority", "protocol")
_SOURCE_PORTS = ("sourcePortRange", "sourcePortRanges")
_ADDRESSES = ("sourceA", "destinationA")
_LISTS = {
    "sourcePortRange": "sourcePortRanges",
    "destinationPortRange": "destinationPortRanges",
    "sourceAddressPrefix": "sourceAddressPrefixes",
    "destinationAddressPrefix": "destinationAddressPrefixes",
}
_GROUP_OF_ID = re.compile(r"/networkSecurityGroups/([^/]+)(?:/|$)", re.IGNORECASE)

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
# The same properties, as text.
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

# The rules that apply to a network interface. Source: azure-mgmt-network.
_EFFECTIVE = "effectiveSecurityRules"
_EFFECTIVE_GROUP = ("association", "networkSecurityGroup", "tagMap", _EFFECTIVE)
_EXPANDED = ("expandedSourceAddressPrefix", "expandedDestinationAddressPrefix")
_PROTOCOL_OF_ALL = "All"

_GROUPS = (
    (_RULES, _API_GROUP),
    (_TERRAFORM_RULES, _TERRAFORM_GROUP),
    (_POWERSHELL_RULES, _POWERSHELL_GROUP),
    ((_EFFECTIVE,), _EFFECTIVE_GROUP),
)


def read_data(data: object, name: str, services: types.Services | None) -> Ruleset:
    """Return the ruleset in *data*, which has the format *name*.

    Raises:
        InvalidValueError: The data is neither a list nor a network security group nor a rule.
    """
    del services  # Ports are numbers.
    found = Gathered(name)
    expected = "a network security group, a rule, or a list of these"
    for item in each_item(found, name, data, expected, answers=("value",), more=("nextLink",)):
        with found.skipping(item):
            _add_item(found, item)
    return found.ruleset()


def _add_item(found: Gathered, node: Node) -> None:
    """Add a rule, or the rules of a network security group."""
    entry = node.all_fields("a rule")
    parts = [node]
    if "properties" in entry and isinstance(entry["properties"].value, dict):
        parts.append(entry["properties"])
    held = [part.all_fields("a rule") for part in parts]
    for lists, keys in _GROUPS:
        if not any(key in values for key in lists for values in held):
            continue
        group = _name_of(node)
        for part, values in zip(parts, held, strict=True):
            found.skip_unknown(part, group, "a network security group", keys)
            for key in lists:
                if key in values:
                    with found.skipping(values[key], group):
                        for each in values[key].items("rules"):
                            _add_rule(found, each, group, is_effective=key == _EFFECTIVE)
        return
    _add_rule(found, node, _UNNAMED)


def _name_of(node: Node) -> str:
    """Return the name of a network security group, which effective rules refer to."""
    name: object = node.entry.get("name", node.entry.get("Name"))
    if isinstance(name, str) and name:
        return name
    reference = Node(node.entry.get("networkSecurityGroup"), "").entry
    match = _GROUP_OF_ID.search(str(reference.get("id", "")))
    return match[1] if match else _UNNAMED


def add_group(found: Gathered, resource: Resource) -> None:
    """Add the rules of an ``azurerm_network_security_group``."""
    values = resource.node.all_fields("values")
    group = str(values["name"].value) if "name" in values else resource.name
    found.skip_unknown(resource.node, group, "a network security group", _TERRAFORM_GROUP)
    for each in resource.blocks(found, "security_rule", group):
        with found.skipping(each, group):
            each.all_fields("a rule")
            add_resource(found, resource.block(each), group)


def add_resource(found: Gathered, resource: Resource, group: str = _UNNAMED) -> None:
    """Add the rule of an ``azurerm_network_security_rule``, or of a block of a group."""
    open_keys = [
        key
        for key, name in _TERRAFORM.items()
        if name.startswith(_ADDRESSES) and resource.is_unknown(key)
    ]
    _add_rule(found, resource.node, group, open_keys)


def _add_rule(
    found: Gathered,
    node: Node,
    group: str,
    open_keys: types.Sequence[str] = (),
    *,
    is_effective: bool = False,
) -> None:
    """Add a rule, of which the values of *open_keys* are not known yet."""
    with found.skipping(node, group, could_accept=_could_accept(node)):
        node.all_fields("a rule")
        entry = _from_effective(node.entry) if is_effective else _in_api_spelling(node.entry)
        (rule,) = forms.entries_of(AZURE, [entry])
        Node(rule, node.pointer).fields("a rule", AZURE.keys, _REQUIRED)
        families, conditions = _families(rule, open_keys)
        sources = ports_in(rule, *_SOURCE_PORTS)
        if sources != PortSet.full():
            conditions += conditions_of(rule, _SOURCE_PORTS)
        found.add(
            node,
            _group(node.entry, rule, group),
            _ports(rule),
            sources=None if sources == PortSet.full() else sources,
            families=families,
            action=choice(rule, "access", _ACTIONS),
            direction=choice(rule, "direction", _DIRECTIONS),
            priority=integer("priority", rule["priority"], least=_FIRST_PRIORITY),
            conditions=conditions,
        )


def _could_accept(node: Node) -> bool:
    inner = Node(node.entry.get("properties"), "").entry
    return "Deny" not in (node.entry.get("access"), node.entry.get("Access"), inner.get("access"))


def _ports(rule: types.Entry) -> TransportPorts:
    protocol = of_type("protocol", rule["protocol"], str).capitalize()
    if protocol in _WITHOUT_PORTS:
        return TransportPorts.empty()
    ports = from_azure(rule)
    transports = tuple(Transport) if protocol == "*" else (Transport(protocol.lower()),)
    return TransportPorts(dict.fromkeys(transports, ports))


def _families(
    rule: types.Entry, open_keys: types.Sequence[str]
) -> tuple[tuple[Family, ...], tuple[str, ...]]:
    """Return the families of a rule, and its conditions on addresses."""
    families = frozenset(Family)
    conditions: tuple[str, ...] = ()
    for side in ("source", "destination"):
        keys = tuple(
            f"{side}{end}"
            for end in ("AddressPrefix", "AddressPrefixes", "ApplicationSecurityGroups")
        )
        if names := [key for key in open_keys if key.startswith(side)]:
            conditions += (*map(unknown, names), *conditions_of(rule, keys))
            continue
        # The API returns the unused ones as "" or [].
        given = only_one([key for key in keys if rule.get(key)], keys)
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
    if not isinstance(entry.get("properties"), dict):
        return entry
    outer = {key: value for key, value in entry.items() if key != "properties"}
    inner = Node(entry["properties"], "").entry
    if twice := [key for key in inner if key in outer]:
        raise InvalidValueError("a rule must have each property once", elide(twice[0]))
    return {**outer, **inner}


def _from_effective(entry: types.Entry) -> types.Entry:
    """Return an effective rule, which repeats a port or an address in a list."""
    found = {key: value for key, value in entry.items() if key not in _EXPANDED}
    if found.get("protocol") == _PROTOCOL_OF_ALL:
        found["protocol"] = "*"
    for one, several in _LISTS.items():
        if found.get(one) and found[one] in texts_of(found, several):
            del found[one]
    return found


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
            found[_LISTS[name]] = texts
    return found
