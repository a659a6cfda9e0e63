"""Templates of CloudFormation: what is read of the resources of EC2, and what is skipped."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_samples import CFN_ENTRY as ENTRY
from cloud_samples import CFN_RULE as RULE
from cloud_samples import template
from portranges import InvalidValueError, TransportPorts, rulesets
from portranges.rulesets.documents import Opaque

YAML = """\
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Web:
    Type: AWS::EC2::SecurityGroup
    Condition: IsPublic
    Properties:
      GroupDescription: web
      VpcId: !Ref Vpc
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: '22'
          ToPort: 23
          CidrIp: 0.0.0.0/0
        - {IpProtocol: 17, FromPort: 53, ToPort: 53, CidrIp: !Ref Office}
        - {IpProtocol: tcp, FromPort: !Ref Port, ToPort: 53, CidrIp: 0.0.0.0/0}
        - !If [IsOpen, a, b]
  Rule:
    Type: AWS::EC2::SecurityGroupEgress
    Properties:
      GroupId: !GetAtt Web.GroupId
      IpProtocol: -1
      CidrIpv6: ::/0
  Bucket:
    Type: AWS::S3::Bucket
"""
NO_PEER = (
    "a rule must have one of CidrIp, CidrIpv6, SourcePrefixListId, SourceSecurityGroupId, "
    "SourceSecurityGroupName, got none of them"
)
GROUP = "AWS::EC2::SecurityGroup"
INGRESS = "AWS::EC2::SecurityGroupIngress"
ACL = "AWS::EC2::NetworkAclEntry"


def shown(ruleset: rulesets.Ruleset) -> list[tuple[str, ...]]:
    return [
        (
            each.group,
            "all" if each.ports == TransportPorts.full() else str(each.ports),
            each.applies.value,
            str(each.location),
        )
        for each in ruleset.rules
    ]


def test_a_template_in_yaml() -> None:
    pytest.importorskip("yaml")
    ruleset = rulesets.parse(YAML)
    properties = "/Resources/Web/Properties/SecurityGroupIngress"
    assert ruleset.format == "cloudformation"
    assert shown(ruleset) == [
        ("Web ingress", "22-23/tcp", "maybe", f"line 10, {properties}/0"),
        ("Web ingress", "53/udp", "maybe", f"line 14, {properties}/1"),
        ("Web egress", "all", "always", "line 19, /Resources/Rule/Properties"),
    ]
    assert ruleset.rules[0].conditions == ('Condition: "IsPublic"',)
    assert ruleset.rules[1].conditions == (
        'CidrIp, computed: "!Ref Office"',
        'Condition: "IsPublic"',
    )
    assert [(str(each.location), each.reason) for each in ruleset.skipped] == [
        (
            f"line 15, {properties}/2",
            "value of FromPort must be a number, got !Ref Port",
        ),
        (f"line 16, {properties}/3/1", "a rule must be a mapping, got str 'a'"),
        (f"line 16, {properties}/3/2", "a rule must be a mapping, got str 'b'"),
    ]


def test_a_template_in_json() -> None:
    group = {"Fn::GetAtt": ["Web", "GroupId"]}
    template_ = {
        "Resources": {
            "A": {"Type": INGRESS, "Properties": {**RULE, "GroupId": group}},
            "B": {"Type": INGRESS, "Properties": {**RULE, "CidrIp": {"Ref": "Office"}}},
            "C": {"Type": ACL, "Properties": ENTRY},
            "D": {"Type": ACL, "Properties": {**ENTRY, "Egress": False, "RuleAction": "deny"}},
        }
    }
    ruleset = rulesets.parse(json.dumps(template_))
    assert shown(ruleset) == [
        ("Web ingress", "22/tcp", "always", "line 1, /Resources/A/Properties"),
        ("the group of B ingress", "22/tcp", "maybe", "line 1, /Resources/B/Properties"),
        ("Acl egress", "80-81/tcp", "always", "line 1, /Resources/C/Properties"),
        ("Acl ingress", "80-81/tcp", "always", "line 1, /Resources/D/Properties"),
    ]
    assert [(each.action.value, each.priority) for each in ruleset.rules[2:]] == [
        ("accept", 100),
        ("drop", 100),
    ]
    assert ruleset.skipped == ()


@pytest.mark.parametrize(
    ("kind", "properties", "place", "reason"),
    [
        (GROUP, None, "", "Properties must be a mapping, got NoneType None"),
        (
            GROUP,
            {"SecurityGroupIngres": []},
            "/Properties/SecurityGroupIngres",
            "a security group must have only known keys, got 'SecurityGroupIngres'",
        ),
        (
            GROUP,
            {"SecurityGroupIngress": RULE},
            "/Properties/SecurityGroupIngress",
            f"SecurityGroupIngress must be a list, got dict {str(RULE)[:40]}...{str(RULE)[-12:]}",
        ),
        (
            GROUP,
            {"SecurityGroupIngress": [7]},
            "/Properties/SecurityGroupIngress/0",
            "a rule must be a mapping, got int 7",
        ),
        (
            INGRESS,
            {**RULE, "Port": 1},
            "/Properties",
            "a rule must have only known keys, got 'Port'",
        ),
        (
            INGRESS,
            {**RULE, "FromPort": {"Ref": "P"}},
            "/Properties",
            "value of FromPort must be a number, got {'Ref': 'P'}",
        ),
        (
            INGRESS,
            {**RULE, "IpProtocol": {"Ref": "P"}},
            "/Properties",
            "'IpProtocol' must be a str, got dict {'Ref': 'P'}",
        ),
        (
            INGRESS,
            {**RULE, "CidrIpv6": "::/0"},
            "/Properties",
            (
                "a rule must have one of CidrIp, CidrIpv6, SourcePrefixListId, "
                "SourceSecurityGroupId, SourceSecurityGroupName, got CidrIp and CidrIpv6"
            ),
        ),
        (
            ACL,
            {**ENTRY, "Egress": {"Ref": "E"}},
            "/Properties",
            "value of Egress must be true or false, got dict {'Ref': 'E'}",
        ),
        (
            ACL,
            {**ENTRY, "RuleAction": "Allow"},
            "/Properties",
            "RuleAction of a rule must be allow or deny, got 'Allow'",
        ),
        (
            ACL,
            {**ENTRY, "RuleNumber": -1},
            "/Properties",
            "value of RuleNumber must be a number, got -1",
        ),
        (
            ACL,
            {**ENTRY, "PortRange": {"First": 1}},
            "/Properties",
            "PortRange must have only known keys, got 'First'",
        ),
    ],
)
def test_what_is_not_understood_is_skipped(
    kind: str, properties: object, place: str, reason: str
) -> None:
    ruleset = rulesets.from_data(template(kind, properties))
    (skipped,) = ruleset.skipped
    assert (skipped.reason, skipped.location.pointer) == (reason, f"/Resources/X{place}")
    assert ruleset.rules == ()


@pytest.mark.parametrize("nothing", [{"Ref": "AWS::NoValue"}, Opaque("!Ref", "AWS::NoValue")])
def test_a_property_without_a_value(nothing: object) -> None:
    rule = {**RULE, "CidrIpv6": nothing}
    group = {"SecurityGroupIngress": [rule], "SecurityGroupEgress": nothing}
    (read,) = rulesets.from_data(template(GROUP, group)).rules
    assert (str(read.ports), read.applies.value) == ("22/tcp", "always")
    for key in ("FromPort", "IpProtocol", "CidrIp"):
        ruleset = rulesets.from_data(template(INGRESS, {**RULE, key: nothing}))
        assert (len(ruleset.rules), len(ruleset.skipped)) == (0, 1)


IF_YAML = """\
Resources:
  Web:
    Type: AWS::EC2::SecurityGroup
    Properties:
      SecurityGroupIngress:
        - !If
          - IsOpen
          - {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}
          - !Ref AWS::NoValue
        - !If [IsOpen, !If [IsLarge, !Ref Rule, {IpProtocol: icmp, CidrIp: 0.0.0.0/0}], {}]
"""


def test_both_branches_of_a_function_are_rules() -> None:
    pytest.importorskip("yaml")
    ruleset = rulesets.parse(IF_YAML)
    place = "/Resources/Web/Properties/SecurityGroupIngress"
    assert [(each.conditions, str(each.location)) for each in ruleset.rules] == [
        (('Fn::If: "IsOpen"',), f"line 8, {place}/0/1"),
        (('Fn::If: "IsOpen"', 'Fn::If, else: "IsLarge"'), f"line 10, {place}/1/1/2"),
    ]
    assert [(str(each.location), each.reason) for each in ruleset.skipped] == [
        (f"line 10, {place}/1/1/1", "a rule must be a mapping, got Opaque !Ref Rule"),
        (f"line 10, {place}/1/2", NO_PEER),
    ]


def test_a_list_of_rules_in_a_function() -> None:
    for branches, count in (([[RULE], [RULE, RULE]], 3), ([[RULE], {"Ref": "AWS::NoValue"}], 1)):
        whole = {"SecurityGroupIngress": {"Fn::If": ["IsOpen", *branches]}}
        ruleset = rulesets.from_data(template(GROUP, whole))
        assert (len(ruleset.rules), ruleset.skipped) == (count, ())
        pointer = "/Resources/X/Properties/SecurityGroupIngress/Fn::If/1/0"
        assert ruleset.rules[0].location.pointer == pointer
    for wrong in (["IsOpen", [RULE]], "IsOpen", [RULE, RULE, RULE, RULE], {}):
        whole = {"SecurityGroupIngress": {"Fn::If": wrong}}
        ruleset = rulesets.from_data(template(GROUP, whole))
        assert (len(ruleset.rules), len(ruleset.skipped)) == (0, 1)


def test_a_dynamic_reference() -> None:
    reference = "{{resolve:ssm:office}}"
    (rule,) = rulesets.from_data(template(INGRESS, {**RULE, "CidrIp": reference})).rules
    assert rule.conditions == (f'CidrIp, computed: "{reference}"',)
    for key in ("FromPort", "IpProtocol"):
        assert not rulesets.from_data(template(INGRESS, {**RULE, key: reference})).rules


def test_ports_beside_every_protocol_are_ignored() -> None:
    for protocol in ("-1", -1):
        entry = {**RULE, "IpProtocol": protocol, "FromPort": "1"}
        (rule,) = rulesets.from_data(template(INGRESS, entry)).rules
        assert rule.ports == TransportPorts.full()


def test_other_data_is_refused() -> None:
    with pytest.raises(InvalidValueError) as caught:
        rulesets.from_data({"Resources": []}, "cloudformation")
    assert str(caught.value) == (
        "data must be a template with Resources, got dict {'Resources': []}"
    )


values = st.sampled_from(
    [None, "22", 22, "-1", -1, "tcp", {"Ref": "a"}, [], "0.0.0.0/0", "::/0", True]
)
KEYS = ["IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6", "SourceSecurityGroupId", "Other"]


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), values), max_size=5))
def test_every_rule_is_read_or_skipped(rules: list[dict[str, object]]) -> None:
    ruleset = rulesets.from_data(template(GROUP, {"SecurityGroupIngress": rules}))
    found = [each.location.pointer for each in (*ruleset.rules, *ruleset.skipped)]
    start = "/Resources/X/Properties/SecurityGroupIngress"
    assert sorted(found) == [f"{start}/{place}" for place in range(len(rules))]
    for rule in ruleset.rules:
        if rule.ports == TransportPorts.full():
            assert json.loads(rule.text)["IpProtocol"] in (-1, "-1")
