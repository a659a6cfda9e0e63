"""The formats of AWS that are read, with their sources."""

from __future__ import annotations

from portranges.dialects.model import Evidence
from portranges.rulesets.model import Format
from portranges.source import Confidence, cite

_NO_EVALUATION = "which ports are reachable: the evaluation was not compared with AWS"
_INCOMPLETE = "an answer in several parts: one with NextToken is reported as incomplete"
_CHECKED = "2026-11-30"
_API = "botocore/data/ec2/2016-11-15/service-2.json, "

_MOTO = cite("moto 5.2.5, an emulator of AWS: its answers are read", checked=_CHECKED)

AWS = (
    Format(
        name="aws",
        aliases=("aws_security_groups",),
        title="'aws ec2 describe-security-groups' and 'describe-security-group-rules'",
        reads=(
            "answers in JSON and YAML, the lists in them, and a single security group",
            "each source or destination of a permission as a rule of its own",
            "addresses, prefix lists and security groups as conditions",
        ),
        leaves_out=(
            _NO_EVALUATION,
            _INCOMPLETE,
            "a permission or a peer with an unknown key: it is skipped",
        ),
        signs=(),
        keys=("SecurityGroups", "SecurityGroupRules", "IpPermissions", "IsEgress"),
        reader="portranges.rulesets.aws",
        evidence=Evidence(
            confidence=Confidence.SOURCE,
            sources=(
                cite(
                    "botocore 1.44.8", _API + "SecurityGroup, SecurityGroupRule", checked=_CHECKED
                ),
                _MOTO,
            ),
            version="API version 2016-11-15",
        ),
    ),
    Format(
        name="aws_nacl",
        aliases=("aws_network_acls",),
        title="'aws ec2 describe-network-acls'",
        reads=(
            "answers in JSON and YAML, the list in them, and a single network ACL",
            "the number of an entry as the priority of the rule",
        ),
        leaves_out=(_NO_EVALUATION, _INCOMPLETE, "an entry with an unknown key: it is skipped"),
        signs=(),
        keys=("NetworkAcls", "NetworkAclId"),
        reader="portranges.rulesets.aws",
        is_stateless=True,
        is_ordered=True,
        evidence=Evidence(
            confidence=Confidence.SOURCE,
            sources=(
                cite("botocore 1.44.8", _API + "NetworkAcl, NetworkAclEntry", checked=_CHECKED),
                _MOTO,
            ),
            version="API version 2016-11-15",
        ),
    ),
    Format(
        name="cloudformation",
        title="templates of AWS CloudFormation",
        reads=(
            "AWS::EC2::SecurityGroup, SecurityGroupIngress and SecurityGroupEgress",
            "AWS::EC2::NetworkAclEntry",
            "JSON and YAML; numbers and texts; the condition of a resource as one of its rules",
            "ports with protocol -1, which AWS ignores; AWS::NoValue, as an absent property",
            "Fn::If around a rule or a list of rules, with the condition",
        ),
        leaves_out=(
            _NO_EVALUATION,
            "a reference or a function as a peer: the rule may apply to any address",
            "a reference or a function as a port, a protocol or a rule: the rule is skipped",
            "Fn::If in a rule: only whole rules and lists of rules are read in both branches",
            "the rule for every destination that AWS adds to a group without SecurityGroupEgress",
            "that network ACLs are stateless: to audit replies, read an answer of AWS",
            "other types of resource, and templates in templates",
        ),
        signs=(),
        keys=("AWSTemplateFormatVersion", "Resources"),
        reader="portranges.rulesets.cloudformation",
        evidence=Evidence(
            confidence=Confidence.SOURCE,
            sources=(
                cite(
                    "cfn-lint 1.58.0",
                    "cfnlint/data/schemas, of 2026-10-20, AWS::EC2::SecurityGroup and others",
                    checked=_CHECKED,
                ),
            ),
            version="resource schemas of 2026-10-20",
        ),
    ),
)
