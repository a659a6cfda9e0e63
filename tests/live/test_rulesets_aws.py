"""Security groups and network ACLs as moto, an emulator of AWS, describes them.

moto stores what is authorized and writes it as AWS does. It does not evaluate rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from portranges import Family, PortSet, TransportPorts, rulesets

boto3 = pytest.importorskip("boto3")
moto = pytest.importorskip("moto")

# Of botocore's and moto's own calls.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with moto.mock_aws():
        yield boto3.client("ec2", region_name="eu-central-1")


def random_rule(random: Random) -> tuple[str, int, int, TransportPorts]:
    """Return a protocol, its ports as AWS has them, and as they should be read."""
    first = random.randrange(65536)
    last = random.randrange(first, 65536)
    ports = PortSet.parse(f"{first}-{last}")
    return random.choice(
        [
            ("tcp", first, last, TransportPorts(tcp=ports)),
            ("udp", first, last, TransportPorts(udp=ports)),
            ("icmp", 8, -1, TransportPorts.empty()),
            ("-1", -1, -1, TransportPorts.full()),
        ]
    )


PEERS = {
    "IpRanges": ("CidrIp", ["0.0.0.0/0", "192.0.2.0/24", "198.51.100.7/32"], (Family.INET,)),
    "Ipv6Ranges": ("CidrIpv6", ["::/0", "2001:db8::/32"], (Family.INET6,)),
}


def found(ruleset: rulesets.Ruleset) -> set[tuple[object, ...]]:
    assert ruleset.skipped == ()
    rules = {
        (
            each.ports,
            each.families,
            each.applies.value,
            each.group,
            each.action.value,
            each.priority,
        )
        for each in ruleset.rules
    }
    assert len(rules) == len(ruleset.rules)
    return rules


@pytest.mark.parametrize("seed", range(3))
def test_security_groups_are_read_as_they_were_authorized(ec2: Any, seed: int) -> None:
    random = Random(seed)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    name = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    every = TransportPorts.full()
    expected = {(every, (Family.INET,), "always", f"{name} egress", "accept", 0)}
    for _ in range(6):
        protocol, first, last, ports = random_rule(random)
        key = random.choice(list(PEERS))
        peer_key, addresses, families = PEERS[key]
        address = random.choice(addresses)
        way = random.choice(["ingress", "egress"])
        applies = "always" if address.endswith("/0") else "maybe"
        rule = (ports, families, applies, f"{name} {way}", "accept", 0)
        if rule in expected:
            continue
        expected.add(rule)
        permission = {"IpProtocol": protocol, key: [{peer_key: address}]}
        if protocol != "-1":
            permission |= {"FromPort": first, "ToPort": last}
        authorize = getattr(ec2, f"authorize_security_group_{way}")
        authorize(GroupId=name, IpPermissions=[permission])
    own = [{"Name": "group-id", "Values": [name]}]
    for answer in (
        ec2.describe_security_groups(GroupIds=[name]),
        ec2.describe_security_group_rules(Filters=own),
    ):
        assert found(rulesets.from_data(answer)) == expected
        text = json.dumps(answer, default=str, indent=4)
        assert found(rulesets.parse(text)) == expected


@pytest.mark.parametrize("seed", range(3))
def test_network_acls_are_read_as_they_were_made(ec2: Any, seed: int) -> None:
    random = Random(seed)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    name = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    expected: set[tuple[object, ...]] = set()
    for number in range(1, 7):
        protocol, first, last, ports = random_rule(random)
        way, action = random.choice(["ingress", "egress"]), random.choice(["allow", "deny"])
        address = random.choice(PEERS["IpRanges"][1])
        entry: dict[str, object] = {"CidrBlock": address, "Egress": way == "egress"}
        if protocol in ("tcp", "udp"):
            entry["PortRange"] = {"From": first, "To": last}
        elif protocol == "icmp":
            entry["IcmpTypeCode"] = {"Type": 8, "Code": -1}
        numbers = {"tcp": "6", "udp": "17", "icmp": "1"}
        ec2.create_network_acl_entry(
            NetworkAclId=name,
            RuleNumber=number * 100,
            Protocol=numbers.get(protocol, protocol),
            RuleAction=action,
            **entry,
        )
        applies = "always" if address.endswith("/0") else "maybe"
        words = {"allow": "accept", "deny": "drop"}
        expected.add((ports, (Family.INET,), applies, f"{name} {way}", words[action], number * 100))
    answer = ec2.describe_network_acls(NetworkAclIds=[name])
    assert expected <= found(rulesets.from_data(answer))
    assert expected <= found(rulesets.parse(json.dumps(answer, default=str)))
