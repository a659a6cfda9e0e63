"""Plans and states of Terraform: the resources of Azure, Google Cloud and OpenStack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloud_samples import AZURERM_BLOCK as BLOCK
from cloud_samples import AZURERM_RULE as AZURE_RULE
from cloud_samples import GOOGLE_FIREWALL as FIREWALL
from cloud_samples import GOOGLE_POLICY_RULE as POLICY_RULE
from cloud_samples import NEUTRON_RESOURCE as OPENSTACK
from cloud_samples import NOVA_BLOCK as COMPUTE_BLOCK
from cloud_samples import resource
from portranges import Family, rulesets
from portranges.rulesets import Action, Applies, Direction

BOTH = (Family.INET, Family.INET6)


def state(kind: str, values: object) -> dict[str, Any]:
    root = {"resources": [resource(kind, values)]}
    return {"terraform_version": "1.11.4", "values": {"root_module": root}}


def plan(kind: str, values: object, *written: str, configured: bool = True) -> dict[str, Any]:
    """Return a plan whose configuration has the keys *written*."""
    root = {"resources": [{"address": f"{kind}.x", "expressions": {key: {} for key in written}}]}
    found = {
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": [resource(kind, values)]}},
    }
    return found | ({"configuration": {"root_module": root}} if configured else {})


def without(values: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in keys}


def only_rule(data: object) -> rulesets.Rule:
    ruleset = rulesets.from_data(data)
    assert (ruleset.format, ruleset.skipped, ruleset.chains) == ("terraform", (), None)
    (rule,) = ruleset.rules
    return rule


def reason(data: object) -> str:
    ruleset = rulesets.from_data(data)
    assert ruleset.rules == ()
    (skipped,) = ruleset.skipped
    return skipped.reason


EVERY = [
    ("azurerm_network_security_rule", AZURE_RULE, "web", "443/tcp", 100),
    ("azurerm_network_security_group", {"name": "web", "security_rule": [BLOCK]}, "web", "443/tcp",
     100),
    ("google_compute_firewall", FIREWALL, "default", "443/tcp,8000-8100/tcp", 1000),
    ("google_compute_network_firewall_policy_rule", POLICY_RULE, "edge", "53/udp", 2**31 - 1),
    ("openstack_networking_secgroup_rule_v2", OPENSTACK, "sg-1", "443/tcp", 0),
    ("openstack_compute_secgroup_v2", {"name": "web", "rule": [COMPUTE_BLOCK]}, "web", "443/tcp",
     0),
]  # fmt: skip
IDS = [kind for kind, *_ in EVERY]


@pytest.mark.parametrize(("kind", "values", "group", "ports", "priority"), EVERY, ids=IDS)
def test_each_resource(kind: str, values: object, group: str, ports: str, priority: int) -> None:
    for data, key in (
        (state(kind, values), "values"),
        (plan(kind, values), "planned_values"),
        (plan(kind, values, configured=False), "planned_values"),
    ):
        rule = only_rule(data)
        assert (rule.group, str(rule.ports), rule.priority) == (group, ports, priority)
        assert (rule.action, rule.direction) == (Action.ACCEPT, Direction.IN)
        place = f"/{key}/root_module/resources/0/values"
        assert rule.location.pointer.startswith(place)
        lines = json.dumps(data, indent=1).split("\n")
        (placed,) = rulesets.parse("\n".join(lines)).rules
        assert lines[placed.location.line - 1].strip() in ("{", '"values": {')


def test_policy_rules_of_organizations_and_regions() -> None:
    for kind in (
        "google_compute_firewall_policy_rule",
        "google_compute_region_network_firewall_policy_rule",
    ):
        values = {**POLICY_RULE, "firewall_policy": "folders/1/policies/edge", "region": "eu"}
        assert only_rule(state(kind, values)).group == "edge"


# -- what is known only after apply --------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "values", "keys"),
    [
        ("azurerm_network_security_rule", AZURE_RULE,
         "destination_port_range source_port_range access direction priority protocol"),
        ("google_compute_firewall", FIREWALL, "allow deny priority"),
        ("google_compute_network_firewall_policy_rule", POLICY_RULE,
         "action direction match priority"),
        ("openstack_networking_secgroup_rule_v2", OPENSTACK,
         "port_range_min port_range_max protocol direction ethertype"),
        ("azurerm_network_security_group", {"name": "x", "security_rule": []}, "security_rule"),
        ("openstack_compute_secgroup_v2", {"name": "x", "rule": []}, "rule"),
    ],
)  # fmt: skip
def test_a_rule_without_what_decides_about_ports_is_skipped(
    kind: str, values: dict[str, Any], keys: str
) -> None:
    for key in keys.split():
        missing = without(values, key)
        for data in (plan(kind, missing, *values), plan(kind, missing, configured=False)):
            assert reason(data)


def test_blocks_without_what_decides_about_ports_are_skipped() -> None:
    for change in ({"ports": None}, {"ports": []}):
        every = {**FIREWALL, "allow": [{"protocol": "tcp", **change}]}
        assert str(only_rule(plan("google_compute_firewall", every)).ports) == "0-65535/tcp"
    hidden = {**FIREWALL, "allow": [{"protocol": "tcp"}]}
    assert reason(plan("google_compute_firewall", hidden)) == (
        "the plan must show ports, got a value known after apply"
    )
    for ports in ([None], [None, "22"], "", {}, 0, False, "22", [22], [""]):
        wrong = {**FIREWALL, "allow": [{"protocol": "tcp", "ports": ports}]}
        assert reason(plan("google_compute_firewall", wrong)), ports
    for block in ({"ip_protocol": "tcp"}, {"ports": ["53"]}, {"ip_protocol": "tcp", "ports": ""}):
        match = [{**POLICY_RULE["match"][0], "layer4_configs": [block]}]
        wrong = {**POLICY_RULE, "match": match}
        assert reason(plan("google_compute_network_firewall_policy_rule", wrong))
    ports = {**AZURE_RULE, "destination_port_range": None, "destination_port_ranges": [None]}
    assert reason(plan("azurerm_network_security_rule", ports)) == (
        "text must be a str, got NoneType None"
    )
    group = {"name": "x", "rule": [without(COMPUTE_BLOCK, "to_port")]}
    assert reason(plan("openstack_compute_secgroup_v2", group)) == (
        "the plan must show to_port, got a value known after apply"
    )


@pytest.mark.parametrize(
    ("kind", "values", "changes", "conditions"),
    [
        ("azurerm_network_security_rule", AZURE_RULE, {"source_address_prefix": KeyError},
         ("source_address_prefix, known after apply: null",)),
        ("azurerm_network_security_rule", AZURE_RULE,
         {"source_address_prefix": None, "source_address_prefixes": ["10.0.0.1", None]},
         ("source_address_prefixes, known after apply: null",
          'sourceAddressPrefixes: ["10.0.0.1", null]')),
        ("google_compute_firewall", FIREWALL, {"source_ranges": KeyError},
         ("sourceRanges, known after apply: null",)),
        ("google_compute_firewall", FIREWALL, {"source_ranges": [None, "10.0.0.0/8"]},
         ("sourceRanges, known after apply: null",)),
        ("google_compute_firewall", FIREWALL, {"target_tags": KeyError, "disabled": KeyError},
         ("disabled, known after apply: null", "targetTags, known after apply: null")),
        ("openstack_networking_secgroup_rule_v2", OPENSTACK,
         {"remote_ip_prefix": KeyError, "remote_group_id": None},
         ("remote_ip_prefix, known after apply: null",)),
        ("openstack_networking_secgroup_rule_v2", OPENSTACK,
         {"remote_ip_prefix": "10.0.0.0/8", "remote_group_id": KeyError},
         ('remote_ip_prefix: "10.0.0.0/8"',)),
    ],
)  # fmt: skip
def test_an_unknown_peer_may_be_any(
    kind: str, values: dict[str, Any], changes: dict[str, Any], conditions: tuple[str, ...]
) -> None:
    gone = [key for key, value in changes.items() if value is KeyError]
    changed = without({**values, **changes}, *gone)
    before = only_rule(plan(kind, values))
    for data in (plan(kind, changed, *values), plan(kind, changed, configured=False)):
        rule = only_rule(data)
        assert (rule.conditions, rule.applies) == (conditions, Applies.MAYBE)
        assert rule.ports == before.ports
        assert set(rule.families) >= set(before.families)


def test_an_unknown_direction_may_be_both() -> None:
    values = without(FIREWALL, "direction")
    rule = only_rule(plan("google_compute_firewall", values, "direction"))
    assert (rule.direction, rule.applies) == (None, Applies.MAYBE)
    assert rule.conditions == ("direction, known after apply: null",)


def test_what_the_configuration_does_not_set_is_not_unknown() -> None:
    values = without(FIREWALL, "direction", "destination_ranges")
    rule = only_rule(plan("google_compute_firewall", values, "source_ranges"))
    assert (rule.direction, rule.applies, rule.conditions) == (Direction.IN, Applies.ALWAYS, ())
    values = without(OPENSTACK, "remote_ip_prefix", "remote_group_id", "remote_address_group_id")
    rule = only_rule(plan("openstack_networking_secgroup_rule_v2", values, "protocol"))
    assert (rule.applies, rule.conditions) == (Applies.ALWAYS, ())


def test_blocks_that_the_configuration_does_not_show() -> None:
    kind, values = "azurerm_network_security_group", {"name": "x"}
    rule = "the plan must show security_rule, got "
    assert reason(plan(kind, values, "security_rule")) == f"{rule}a value known after apply"
    assert reason(plan(kind, values, "name")) == (
        f"{rule}blocks known after apply; they are not set, unless by dynamic blocks"
    )


def test_blocks_of_a_resource_without_attributes() -> None:
    kind = "google_compute_network_firewall_policy_rule"
    match = [without(POLICY_RULE["match"][0], "src_region_codes")]
    for data, conditions in (
        (plan(kind, {**POLICY_RULE, "match": match}), ("srcRegionCodes, known after apply: null",)),
        (state(kind, {**POLICY_RULE, "match": match}), ()),
    ):
        assert only_rule(data).conditions == conditions


def test_a_group_that_is_not_set_is_not_a_peer() -> None:
    values = {"type": "ingress", "protocol": "tcp", "from_port": 22, "to_port": 22}
    values |= dict.fromkeys(("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids"))
    kind = "aws_security_group_rule"
    (rule,) = rulesets.from_data(plan(kind, values, "source_security_group_id")).rules
    assert rule.conditions == ("source_security_group_id, known after apply: null",)
    assert reason(plan(kind, values, "cidr_blocks")).startswith("a rule must have a peer, got ")
    values["prefix_list_ids"] = ["pl-1"]
    assert only_rule(plan(kind, values, "prefix_list_ids")).conditions == (
        'prefix_list_ids: "pl-1"',
    )


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("module.a", ("a",)),
        ('module.a["x.y[0]"]', ("a",)),
        ('module.a[3].module.b["\\"]"]', ("a", "b")),
    ],
)
def test_the_configuration_of_a_module(address: str, place: tuple[str, ...]) -> None:
    kind = "google_compute_firewall"
    values = without(FIREWALL, "direction")
    planned: dict[str, Any] = {"address": address, "resources": [resource(kind, values)]}
    module: dict[str, Any] = {"resources": [{"address": f"{kind}.x", "expressions": {}}]}
    for name in reversed(place):
        module = {"module_calls": {name: {"module": module}}}
    data = {
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"child_modules": [planned]}},
        "configuration": {"root_module": module},
    }
    assert only_rule(data).direction is Direction.IN
    planned["address"] = "module.other"
    assert only_rule(data).direction is None


@pytest.mark.parametrize("configuration", [None, 1, [], {"root_module": []}, {"root_module": {
    "resources": [1, {"address": 2, "expressions": []}], "module_calls": {"a": 1}}}])  # fmt: skip
def test_a_configuration_of_another_form_shows_nothing(configuration: object) -> None:
    data = plan("google_compute_firewall", without(FIREWALL, "direction"))
    assert only_rule(data | {"configuration": configuration}).direction is None


def test_an_incomplete_plan_is_reported() -> None:
    ruleset = rulesets.from_data({**plan("google_compute_firewall", FIREWALL), "errored": True})
    assert len(ruleset.rules) == 1
    assert [(each.location.pointer, each.reason) for each in ruleset.skipped] == [
        ("/errored", "a plan must be complete, got one with errors")
    ]


# -- values of each cloud ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "ports"),
    [
        ({"port_range_min": None, "port_range_max": None}, "0-65535/tcp"),
        ({"port_range_min": 0, "port_range_max": 0}, "0-65535/tcp"),
        ({"port_range_min": 0, "port_range_max": 0, "protocol": "icmp"}, ""),
        ({"port_range_min": 0, "port_range_max": 0, "protocol": ""},
         "0-65535/tcp,0-65535/udp,0-65535/sctp,0-65535/dccp"),
        ({"protocol": "17"}, "443/udp"),
    ],
)  # fmt: skip
def test_ports_of_openstack(change: dict[str, object], ports: str) -> None:
    kind = "openstack_networking_secgroup_rule_v2"
    assert str(only_rule(state(kind, {**OPENSTACK, **change})).ports) == ports


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"port_range_min": 0}, "port must be in 1..65535, got {'description': '', "
         "'direction': 'ingr...p': 'sg-1'}"),
        ({"port_range_min": False, "port_range_max": False}, None),
        ({"port_range_min": "0", "port_range_max": "0"}, None),
        ({"protocol": None}, None),
        ({"protocol": 6}, "protocol must be a str, got int 6"),
        ({"surplus": 1}, None),
    ],
)  # fmt: skip
def test_rules_of_openstack_that_are_skipped(
    change: dict[str, object], message: str | None
) -> None:
    kind = "openstack_networking_secgroup_rule_v2"
    found = reason(state(kind, {**OPENSTACK, **change}))
    assert message is None or found.partition(", got")[0] == message.partition(", got")[0]


@pytest.mark.parametrize(
    ("change", "families", "conditions"),
    [
        ({}, (Family.INET,), ()),
        ({"cidr": "2001:db8::/32"}, (Family.INET6,), ('remote_ip_prefix: "2001:db8::/32"',)),
        ({"cidr": "", "from_group_id": "g"}, BOTH, ('remote_group_id: "g"',)),
        ({"cidr": None, "self": True}, BOTH, ('remote_group_id: "web"',)),
    ],
)
def test_a_group_of_the_compute_api(
    change: dict[str, object], families: tuple[Family, ...], conditions: tuple[str, ...]
) -> None:
    group = {"name": "web", "rule": [{**COMPUTE_BLOCK, **change}]}
    rule = only_rule(state("openstack_compute_secgroup_v2", group))
    assert (rule.families, rule.conditions) == (families, conditions)
    assert rule.location.pointer == "/values/root_module/resources/0/values/rule/0"


def test_a_rule_of_the_compute_api_needs_one_peer() -> None:
    for change, given in (({"cidr": ""}, "none of them"), ({"self": True}, "both of them")):
        group = {"name": "web", "rule": [{**COMPUTE_BLOCK, **change}]}
        assert reason(state("openstack_compute_secgroup_v2", group)) == (
            f"a rule must have addresses or a group, got {given}"
        )


def test_actions_of_google() -> None:
    deny = {**FIREWALL, "deny": FIREWALL["allow"], "allow": []}
    assert only_rule(state("google_compute_firewall", deny)).action is Action.DROP
    kind = "google_compute_network_firewall_policy_rule"
    for word, action in (("deny", Action.DROP), ("goto_next", Action.RETURN)):
        assert only_rule(state(kind, {**POLICY_RULE, "action": word})).action is action
    disabled = only_rule(state(kind, {**POLICY_RULE, "disabled": True}))
    assert (disabled.applies, disabled.conditions) == (Applies.NEVER, ("disabled: true",))
    assert "allow or deny or goto_next" in reason(state(kind, {**POLICY_RULE, "action": "Allow"}))


def test_conditions_of_a_policy_rule() -> None:
    kind = "google_compute_network_firewall_policy_rule"
    match = POLICY_RULE["match"][0] | {"src_region_codes": ["DE"], "dest_ip_ranges": ["::/0"]}
    values = {**POLICY_RULE, "match": [match], "target_service_accounts": ["a"]}
    rule = only_rule(state(kind, values))
    assert rule.conditions == (
        'srcIpRanges: ["0.0.0.0/0"]; srcRegionCodes: ["DE"]',
        'targetServiceAccounts: ["a"]',
    )
    assert rule.families == (Family.INET6,)


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        ("azurerm_network_security_rule", {**AZURE_RULE, "destinationPortRange": "1"},
         "a rule must have only keys of Terraform, got 'destinationPortRange'"),
        ("google_compute_firewall", {**FIREWALL, "sourceRanges": ["0.0.0.0/0"]},
         "a rule must have only keys of Terraform, got 'sourceRanges'"),
        ("google_compute_firewall", {**FIREWALL, "source_range": ["0.0.0.0/0"]},
         "a rule must have only known keys, got 'sourceRange'"),
        ("google_compute_firewall", {**FIREWALL, "allow": []},
         "a rule must have either 'allowed' or 'denied', got neither"),
        ("google_compute_firewall", {**FIREWALL, "allow": {}},
         "protocol must be a list, got dict {}"),
        ("google_compute_network_firewall_policy_rule", {**POLICY_RULE, "match": []},
         "a rule must have one match, got 0 of them"),
        ("openstack_networking_secgroup_rule_v2", {**OPENSTACK, "direction": "in"},
         "'direction' must be 'ingress' or 'egress', got 'in'"),
    ],
)  # fmt: skip
def test_rules_that_are_skipped(kind: str, values: dict[str, object], message: str) -> None:
    assert reason(state(kind, values)) == message


def test_a_rule_that_denies_cannot_accept() -> None:
    values = {**AZURE_RULE, "access": "Deny", "surplus": 1}
    (skipped,) = rulesets.from_data(state("azurerm_network_security_rule", values)).skipped
    assert not skipped.could_accept
