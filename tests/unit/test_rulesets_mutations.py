"""Each key of each object is removed, misspelt, doubled, replaced, or joined by an unknown one.

Whatever is changed, a rule is then about no further port, or it is refused or skipped. The samples
are written from the schemas that the rows of the formats cite.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from cloud_samples import (
    AWS_ACLS,
    AWS_GROUPS,
    AWS_RULES,
    AZURE,
    AZURE_ARM,
    AZURE_EFFECTIVE,
    AZURERM,
    AZURERM_BLOCK,
    AZURERM_RULE,
    CFN_ENTRY,
    CFN_RULE,
    COLUMNS,
    GCP,
    GCP_POLICY,
    GOOGLE_FIREWALL,
    GOOGLE_POLICY_RULE,
    NEUTRON_RESOURCE,
    NOVA_BLOCK,
    NOVA_GROUP,
    OPENSTACK,
    POWERSHELL,
    TERRAFORM_KINDS,
    plan,
    resource,
    template,
)
from portranges import PortRangesError, PortSyntaxError, TransportPorts, rulesets

RESOURCES = {
    **TERRAFORM_KINDS,
    "azurerm_network_security_rule": AZURERM_RULE,
    "azurerm_network_security_group": {"name": "web", "security_rule": [AZURERM_BLOCK]},
    "google_compute_firewall": GOOGLE_FIREWALL,
    "google_compute_network_firewall_policy_rule": GOOGLE_POLICY_RULE,
    "openstack_networking_secgroup_rule_v2": NEUTRON_RESOURCE,
    "openstack_compute_secgroup_v2": {"name": "web", "rule": [NOVA_BLOCK]},
}
GROUP = {"GroupDescription": "g", "SecurityGroupIngress": [CFN_RULE]}
SAMPLES: dict[str, tuple[str, Any]] = {
    "aws-groups": ("aws", AWS_GROUPS),
    "aws-rules": ("aws", AWS_RULES),
    "aws-acls": ("aws_nacl", AWS_ACLS),
    "az": ("azure", {"name": "web", "securityRules": [AZURE]}),
    "az-rule": ("azure", AZURE),
    "az-effective": ("azure", {"value": [AZURE_EFFECTIVE]}),
    "azure-api": ("azure", {"value": [AZURE_ARM]}),
    "azurerm": ("azure", {"name": "web", "security_rule": [AZURERM]}),
    "powershell": ("azure", {"Name": "web", "SecurityRules": [POWERSHELL]}),
    "gcloud": ("gcp", [GCP]),
    "gcloud-rule": ("gcp", GCP),
    "gcloud-policy": ("gcp", GCP_POLICY),
    "gcp-effective": ("gcp", {"firewalls": [GCP], "firewallPolicys": [GCP_POLICY]}),
    "neutron": ("openstack", {"security_group_rules": [OPENSTACK]}),
    "neutron-rule": ("openstack", OPENSTACK),
    "openstack": ("openstack", [COLUMNS]),
    "nova": ("openstack", {"security_groups": [NOVA_GROUP]}),
    "cfn-group": ("cloudformation", template("AWS::EC2::SecurityGroup", GROUP)),
    "cfn-ingress": (
        "cloudformation",
        template("AWS::EC2::SecurityGroupIngress", {**CFN_RULE, "GroupId": "sg-1"}),
    ),
    "cfn-acl": ("cloudformation", template("AWS::EC2::NetworkAclEntry", CFN_ENTRY)),
    **{kind: ("terraform", plan(resource(kind, values))) for kind, values in RESOURCES.items()},
}

# What means every port or every protocol: Google Cloud writes no ports, and AWS -1.
REMOVED, MISSPELT = "removed", "misspelt"
MEANINGFUL = {
    *(("gcp", "ports", REMOVED), ("gcp", "ports", "None")),
    *(("terraform", "ports", "[]"), ("terraform", "ports", "None")),
    ("openstack", "Port Range", "''"),
    *(("cloudformation", "IpProtocol", "-1"), ("cloudformation", "Protocol", "-1")),
    *(("openstack", key, "None") for key in ("protocol", "IP Protocol", "ip_protocol")),
    *(("terraform", "protocol", word) for word in ("''", "None")),
}
WRONG: list[Any] = [None, "", "x", 1.5, True, -1, 10**6, [], ["x"], [None], {}, {"a": 1}]


def objects(value: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each object in *value*, with its pointer."""
    if isinstance(value, dict):
        yield place, value
        for key, each in value.items():
            yield from objects(each, f"{place}/{key.replace('/', '~1')}")
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from objects(each, f"{place}/{at}")


def mutants(data: Any) -> Iterator[tuple[str, object, Any]]:
    """Yield a key, the value that it gets, and *data* with this change."""
    whole = copy.deepcopy(data)
    for _, entry in list(objects(whole)):
        before = dict(entry)
        for key, old in before.items():
            for value in WRONG:
                entry[key] = value
                yield key, value, whole
            del entry[key]
            yield key, REMOVED, whole
            for name in (f"{key}x", key[:-1], key.swapcase(), f"{key} "):
                if name not in before:
                    entry[name] = old
                    yield key, MISSPELT, whole
                    del entry[name]
            entry.clear()
            entry |= before
        entry["surplus"] = "x"
        yield "surplus", "x", whole
        del entry["surplus"]


@pytest.mark.parametrize("name", SAMPLES)
def test_no_change_of_a_key_opens_a_port(name: str) -> None:
    form, data = SAMPLES[name]
    original = rulesets.from_data(data, form)
    assert original.skipped == ()
    whole = TransportPorts.empty()
    at: dict[str, TransportPorts] = {}
    for rule in original.rules:
        whole |= rule.ports
        at[rule.location.pointer] = rule.ports
    for key, value, changed in mutants(data):
        try:
            ruleset = rulesets.from_data(changed, form)
        except PortRangesError:
            continue
        if (form, key, value if isinstance(value, str) and value else repr(value)) in MEANINGFUL:
            continue
        for rule in ruleset.rules:
            allowed = at.get(rule.location.pointer, whole)
            assert rule.ports <= allowed, (key, value, rule)
        if key == "surplus":
            # A skipped part, or an object that is not about packets.
            assert ruleset.skipped or len(ruleset.rules) == len(original.rules)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_key_twice_is_refused(name: str) -> None:
    form, data = SAMPLES[name]
    text = json.dumps(data)
    for _, entry in objects(data):
        if not entry:
            continue
        inner = json.dumps(entry)
        for key, value in entry.items():
            double = f"{inner[:-1]}, {json.dumps(key)}: {json.dumps(value)}}}"
            with pytest.raises(PortSyntaxError) as caught:
                rulesets.parse(text.replace(inner, double, 1), form)
            assert f"{key!r} twice" in str(caught.value)
