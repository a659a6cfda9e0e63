"""Read the firewalls of clouds in what ``terraform show -json`` prints.

A plan leaves out values that are known only after it was applied. A rule whose peer is such a value
may apply to any address, and one whose ports are is skipped. The module of each cloud reads its
rules.
"""

from __future__ import annotations

import re
from functools import partial

from portranges import types
from portranges.errors import InvalidValueError, got
from portranges.rulesets import azure, gcp, openstack, terraform_aws
from portranges.rulesets.model import Direction
from portranges.rulesets.objects import Gathered, Node
from portranges.rulesets.ruleset import Ruleset
from portranges.rulesets.terraform_resource import Resource

# An index of a resource or of a module in an address.
_INDEX = re.compile(r'\[(?:[0-9]+|"(?:[^"\\]|\\.)*+")\]')

# For each module and resource in it, the keys that its configuration has; a state has none.
_Written: types.TypeAlias = "types.Mapping[tuple[str, str], frozenset[str]] | None"

_READERS: dict[str, types.Callable[[Gathered, Resource], None]] = {
    "aws_security_group": terraform_aws.add_group,
    "aws_default_security_group": terraform_aws.add_group,
    "aws_security_group_rule": terraform_aws.add_rule,
    "aws_vpc_security_group_ingress_rule": partial(terraform_aws.add_vpc_rule, Direction.IN),
    "aws_vpc_security_group_egress_rule": partial(terraform_aws.add_vpc_rule, Direction.OUT),
    "aws_network_acl": terraform_aws.add_acl,
    "aws_default_network_acl": terraform_aws.add_acl,
    "aws_network_acl_rule": terraform_aws.add_rule_of_acl,
    "azurerm_network_security_group": azure.add_group,
    "azurerm_network_security_rule": azure.add_resource,
    "google_compute_firewall": gcp.add_firewall,
    "google_compute_firewall_policy_rule": gcp.add_policy_resource,
    "google_compute_network_firewall_policy_rule": gcp.add_policy_resource,
    "google_compute_region_network_firewall_policy_rule": gcp.add_policy_resource,
    "openstack_compute_secgroup_v2": openstack.add_compute_group,
    "openstack_networking_secgroup_rule_v2": openstack.add_resource,
}


def read_data(data: object, name: str, services: types.Services | None) -> Ruleset:  # noqa: ARG001
    """Return the ruleset in *data*, which has the format *name*.

    Raises:
        InvalidValueError: The data is not a plan or a state.
    """
    whole = Node(data, "").entry
    key = "planned_values" if "planned_values" in whole else "values"
    if "terraform_version" not in whole or not isinstance(whole.get(key), dict):
        rule = "data must be a plan or a state of 'terraform show -json'"
        raise InvalidValueError(rule, got(data))
    found = Gathered(name)
    entry = Node(data, "").all_fields("data")
    if "errored" in entry and entry["errored"].value:
        found.skip(entry["errored"], "a plan must be complete, got one with errors")
    # In a state, everything is known.
    written = _written(whole.get("configuration")) if key == "planned_values" else None
    modules = [each for each in (entry[key].all_fields(key).get("root_module"),) if each]
    for module in modules:
        with found.skipping(module):
            # The list grows while it is read.
            modules += _add_module(found, module, written)
    return found.ruleset()


def _written(configuration: object) -> _Written:
    found: dict[tuple[str, str], frozenset[str]] = {}
    pending = [("", _at(configuration, "root_module"))]
    for path, module in pending:
        resources = _at(module, "resources")
        for each in types.cast("list[object]", resources) if isinstance(resources, list) else ():
            keys = Node(_at(each, "expressions"), "").entry
            found[path, str(_at(each, "address"))] = frozenset(keys)
        for name, call in Node(_at(module, "module_calls"), "").entry.items():
            # The list grows while it is read.
            pending.append((f"{path}.module.{name}".lstrip("."), _at(call, "module")))
    return found


def _at(value: object, key: str) -> object:
    return Node(value, "").entry.get(key)


def _add_module(found: Gathered, node: Node, written: _Written) -> list[Node]:
    """Add the rules of a module, and return the modules in it."""
    module = node.all_fields("a module")
    resources = module["resources"].items("resources") if "resources" in module else []
    children = module["child_modules"].items("child_modules") if "child_modules" in module else []
    path = _INDEX.sub("", str(module["address"].value)) if "address" in module else ""
    for each in resources:
        with found.skipping(each):
            _add_resource(found, each, path, written)
    return children


def _add_resource(found: Gathered, node: Node, path: str, written: _Written) -> None:
    resource = node.all_fields("a resource", ("address", "type", "mode"))
    kind, address = resource["type"].value, str(resource["address"].value)
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read is None or resource["mode"].value != "managed":
        return
    values = resource.get("values", node.child("values", None))
    values.all_fields("values")
    own = f"{kind}.{node.entry.get('name')}"
    keys = None if written is None else written.get((path, own))
    with found.skipping(values):
        read(found, Resource(values, address, keys, is_state=written is None))
