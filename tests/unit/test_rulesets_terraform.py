"""Plans and states of Terraform: what is read of the resources of AWS, and what is skipped."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_samples import TERRAFORM_ACL_BLOCK as ACL_BLOCK
from cloud_samples import TERRAFORM_ACL_RULE as ACL_RULE
from cloud_samples import TERRAFORM_BLOCK as BLOCK
from cloud_samples import TERRAFORM_EVERYTHING as EVERYTHING
from cloud_samples import TERRAFORM_KINDS as KINDS
from cloud_samples import TERRAFORM_RULE as RULE
from cloud_samples import TERRAFORM_VPC_RULE as VPC_RULE
from cloud_samples import plan, resource
from portranges import InvalidValueError, TransportPorts, rulesets


def shown(ruleset: rulesets.Ruleset) -> list[tuple[object, ...]]:
    return [
        (
            each.group,
            "all" if each.ports == TransportPorts.full() else str(each.ports),
            "".join(family.value[4:] or "4" for family in each.families),
            each.applies.value,
            each.location.pointer.removeprefix("/planned_values/root_module/resources"),
        )
        for each in ruleset.rules
    ]


def test_a_security_group_has_a_rule_for_each_peer() -> None:
    group = {"id": "sg-1", "ingress": [BLOCK], "egress": [EVERYTHING], "name": "web"}
    ruleset = rulesets.from_data(plan(resource("aws_security_group", group)))
    start = "/0/values/ingress/0"
    assert ruleset.format == "terraform"
    assert shown(ruleset) == [
        ("sg-1 ingress", "22-23/tcp", "4", "always", f"{start}/cidr_blocks/0"),
        ("sg-1 ingress", "22-23/tcp", "4", "maybe", f"{start}/cidr_blocks/1"),
        ("sg-1 ingress", "22-23/tcp", "6", "always", f"{start}/ipv6_cidr_blocks/0"),
        ("sg-1 ingress", "22-23/tcp", "46", "maybe", f"{start}/prefix_list_ids/0"),
        ("sg-1 ingress", "22-23/tcp", "46", "maybe", f"{start}/security_groups/0"),
        ("sg-1 ingress", "22-23/tcp", "46", "maybe", f"{start}/self"),
        ("sg-1 egress", "all", "4", "always", "/0/values/egress/0/cidr_blocks/0"),
    ]
    assert ruleset.skipped == ()
    assert ruleset.rules[1].conditions == ('cidr_blocks: "192.0.2.0/24"',)
    assert json.loads(ruleset.rules[1].text) == {
        "protocol": "tcp",
        "from_port": 22,
        "to_port": 23,
        "cidr_blocks": "192.0.2.0/24",
    }


def test_rules_that_are_resources() -> None:
    ruleset = rulesets.from_data(
        plan(
            resource("aws_security_group_rule", RULE),
            resource("aws_security_group_rule", {**RULE, "self": True, "type": "egress"}),
            resource("aws_security_group_rule", {**RULE, "source_security_group_id": "sg-2"}),
            resource("aws_vpc_security_group_egress_rule", VPC_RULE),
            resource(
                "aws_vpc_security_group_ingress_rule",
                {**VPC_RULE, "cidr_ipv6": None, "cidr_ipv4": "192.0.2.0/24", "ip_protocol": "icmp"},
            ),
        )
    )
    unknown = "the group of aws_security_group_rule.x"
    assert shown(ruleset) == [
        (f"{unknown} ingress", "443-444/tcp", "46", "maybe", "/0/values"),
        (f"{unknown} egress", "443-444/tcp", "46", "maybe", "/1/values/self"),
        (f"{unknown} ingress", "443-444/tcp", "46", "maybe", "/2/values/source_security_group_id"),
        ("sg-1 egress", "all", "6", "always", "/3/values"),
        ("sg-1 ingress", "", "4", "maybe", "/4/values"),
    ]
    assert ruleset.skipped == ()
    assert [each.conditions for each in ruleset.rules[:3]] == [
        ("source_security_group_id, known after apply: null",),
        ("self: true",),
        ('source_security_group_id: "sg-2"',),
    ]


def test_network_acls() -> None:
    acl = {"ingress": [ACL_BLOCK], "egress": [{**ACL_BLOCK, "protocol": "-1", "action": "deny"}]}
    acl["egress"][0] |= {"from_port": 0, "to_port": 0}
    ruleset = rulesets.from_data(
        plan(resource("aws_network_acl", acl), resource("aws_network_acl_rule", ACL_RULE))
    )
    assert shown(ruleset) == [
        ("aws_network_acl.x ingress", "80/tcp", "4", "always", "/0/values/ingress/0"),
        ("aws_network_acl.x egress", "all", "4", "always", "/0/values/egress/0"),
        ("acl-1 egress", "53/udp", "6", "maybe", "/1/values"),
    ]
    assert [(each.action.value, each.priority) for each in ruleset.rules] == [
        ("accept", 100),
        ("drop", 100),
        ("drop", 200),
    ]


def test_a_state_and_its_modules() -> None:
    vpc = resource("aws_vpc_security_group_egress_rule", VPC_RULE)
    others = [resource("aws_instance", {}), resource("aws_security_group", {}, mode="data")]
    module = {"resources": others, "child_modules": [{"child_modules": [{"resources": [vpc]}]}]}
    state = {"terraform_version": "1.11.4", "values": {"root_module": module}}
    text = json.dumps(state, indent=1)
    ruleset = rulesets.parse(text)
    (rule,) = ruleset.rules
    place = "/values/root_module/child_modules/0/child_modules/0/resources/0/values"
    assert rule.location.pointer == place
    assert text.split("\n")[rule.location.line - 1].strip() == '"values": {'
    assert ruleset.skipped == ()


def without(values: dict[str, object], key: str) -> dict[str, object]:
    return {name: value for name, value in values.items() if name != key}


def group_with(block: object) -> dict[str, object]:
    return resource("aws_security_group", {"id": "sg-1", "ingress": [block], "egress": []})


@pytest.mark.parametrize(
    ("part", "place", "reason"),
    [
        (7, "/0", "a resource must be a mapping, got int 7"),
        (
            {"type": "aws_security_group"},
            "/0",
            "a resource must have address, got {'type': 'aws_security_group'}",
        ),
        (resource("aws_security_group", None), "/0", "values must be a mapping, got NoneType None"),
        (
            resource("aws_security_group", {"ingress": []}),
            "/0/values/egress",
            "the plan must show egress, got a value known after apply",
        ),
        (
            resource("aws_security_group", {"ingress": 1, "egress": []}),
            "/0/values/ingress",
            "ingress must be a list, got int 1",
        ),
        (group_with([]), "/0/values/ingress/0", "a block must be a mapping, got list []"),
        (
            group_with({**BLOCK, "port": 1}),
            "/0/values/ingress/0",
            "a block must have only known keys, got 'port'",
        ),
        (
            group_with(without(BLOCK, "from_port")),
            "/0/values/ingress/0",
            "the plan must show from_port, got a value known after apply",
        ),
        (
            group_with(without(BLOCK, "protocol")),
            "/0/values/ingress/0",
            "the plan must show protocol, got a value known after apply",
        ),
        (
            group_with({**BLOCK, "to_port": 21}),
            "/0/values/ingress/0",
            "first must not be greater than last, got 22-21; did you mean 21-22?",
        ),
        (group_with({**BLOCK, "self": 1}), "/0/values/ingress/0", "self must be a bool, got int 1"),
        (
            group_with({**EVERYTHING, "cidr_blocks": []}),
            "/0/values/ingress/0",
            "a rule must have a peer, got {'cidr_blocks': [], 'from_port': 0, 'ipv...to_port': 0}",
        ),
        (
            group_with({**EVERYTHING, "cidr_blocks": ["::/0"]}),
            "/0/values/ingress/0/cidr_blocks/0",
            "cidr_blocks must be a block of IPv4, got '::/0'",
        ),
        (
            resource("aws_security_group_rule", {**RULE, "type": "in"}),
            "/0/values",
            "type of a rule must be ingress or egress, got 'in'",
        ),
        (
            resource("aws_security_group_rule", {**RULE, "types": "in"}),
            "/0/values",
            "a rule must have only known keys, got 'types'",
        ),
        (
            resource("aws_vpc_security_group_egress_rule", {**VPC_RULE, "cidr_ipv6": None}),
            "/0/values",
            (
                "a rule must have one of cidr_ipv4, cidr_ipv6, prefix_list_id, "
                "referenced_security_group_id, got none of them"
            ),
        ),
        (
            resource("aws_vpc_security_group_egress_rule", without(VPC_RULE, "from_port")),
            "/0/values",
            "the plan must show from_port, got a value known after apply",
        ),
        (
            resource(
                "aws_network_acl", {"ingress": [{**ACL_BLOCK, "action": "Allow"}], "egress": []}
            ),
            "/0/values/ingress/0",
            "action of a rule must be allow or deny, got 'Allow'",
        ),
        (
            resource("aws_network_acl_rule", {**ACL_RULE, "egress": None}),
            "/0/values",
            "egress must be a bool, got NoneType None",
        ),
        (
            resource("aws_network_acl_rule", {**ACL_RULE, "rule_number": "1"}),
            "/0/values",
            "rule_number must be an integer, got str '1'",
        ),
    ],
)
def test_what_is_not_understood_is_skipped(part: object, place: str, reason: str) -> None:
    (skipped,) = rulesets.from_data(plan(part)).skipped
    assert skipped.reason == reason
    assert skipped.location.pointer == "/planned_values/root_module/resources" + place
    assert skipped.could_accept is ("rule_number must" not in reason)


def test_a_peer_that_is_not_known_yet_may_be_any_address() -> None:
    block = without(EVERYTHING, "security_groups") | {"cidr_blocks": ["192.0.2.0/24", None]}
    ruleset = rulesets.from_data(plan(group_with(block)))
    assert [(each.conditions, each.applies.value) for each in ruleset.rules] == [
        (('cidr_blocks: "192.0.2.0/24"',), "maybe"),
        (("cidr_blocks, known after apply: null",), "maybe"),
        (("security_groups, known after apply: null",), "maybe"),
    ]
    assert [len(each.families) for each in ruleset.rules] == [1, 2, 2]
    acl = resource("aws_network_acl_rule", without(ACL_RULE, "ipv6_cidr_block"))
    (rule,) = rulesets.from_data(plan(acl)).rules
    assert rule.conditions == ("ipv6_cidr_block, known after apply: null",)


def test_modules_that_are_not_understood() -> None:
    for module, reason in (
        (3, "a module must be a mapping, got int 3"),
        ({"resources": 3}, "resources must be a list, got int 3"),
        ({"child_modules": {}}, "child_modules must be a list, got dict {}"),
    ):
        data = {
            "terraform_version": "1.11.4",
            "values": {"root_module": {"child_modules": [module]}},
        }
        (skipped,) = rulesets.from_data(data).skipped
        assert skipped.reason == reason
        assert skipped.location.pointer == "/values/root_module/child_modules/0"


@pytest.mark.parametrize(
    "data", [{}, [], {"terraform_version": "1"}, {"values": {"root_module": {}}}]
)
def test_other_data_is_refused(data: object) -> None:
    with pytest.raises(InvalidValueError) as caught:
        rulesets.from_data(data, "terraform")
    rule = "data must be a plan or a state of 'terraform show -json'"
    assert str(caught.value).startswith(f"{rule}, got {type(data).__name__} ")


@given(st.data())
def test_a_wrong_value_is_skipped_or_changes_no_other_rule(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    values = copy.deepcopy(KINDS[kind])
    before = rulesets.from_data(plan(resource(kind, values)))
    target = data.draw(st.sampled_from([values, *values.get("ingress", [])]))  # type: ignore[misc]
    key = data.draw(st.sampled_from(sorted(target)))
    target[key] = data.draw(st.sampled_from([None, "x", -1, 70000, 1.5, True, {}, ["x"], {"a": 1}]))
    after = rulesets.from_data(plan(resource(kind, values)))
    places = {each.location.pointer: each for each in before.rules}
    for rule in after.rules:
        old = places.get(rule.location.pointer)
        if old is not None and key not in ("protocol", "ip_protocol", "from_port", "to_port"):
            assert rule.ports == old.ports
        # Without a known protocol and ports, no rule is about every port.
        if rule.ports == TransportPorts.full():
            assert '"-1"' in rule.text
    gone = places.keys() - {each.location.pointer for each in after.rules}
    assert not gone or after.skipped or target[key] in (None, [], {}, "", False) or key == "self"
