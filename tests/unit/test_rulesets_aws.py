"""AWS: what is read of security groups and network ACLs, and what is refused or skipped."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_samples import AWS_ACLS as ACLS
from cloud_samples import AWS_GROUPS as GROUPS
from cloud_samples import AWS_RULES as RULES
from portranges import Family, InvalidValueError, TransportPorts, rulesets
from portranges.rulesets import Action, Applies, Direction

EVERY = "all four transports"


# In the form of an answer; the addresses and names are of documentation.
def shown(ruleset: rulesets.Ruleset) -> list[tuple[object, ...]]:
    return [
        (
            each.group,
            EVERY if each.ports == TransportPorts.full() else str(each.ports),
            "".join(family.value[4:] or "4" for family in each.families),
            each.applies.value,
            each.location.pointer,
        )
        for each in ruleset.rules
    ]


def test_each_peer_of_a_permission_is_a_rule() -> None:
    ruleset = rulesets.from_data(GROUPS)
    permissions = "/SecurityGroups/0/IpPermissions"
    assert shown(ruleset) == [
        ("sg-1 ingress", "22-23/tcp", "4", "always", f"{permissions}/0/IpRanges/0"),
        ("sg-1 ingress", "22-23/tcp", "4", "maybe", f"{permissions}/0/IpRanges/1"),
        ("sg-1 ingress", "22-23/tcp", "6", "always", f"{permissions}/0/Ipv6Ranges/0"),
        ("sg-1 ingress", "22-23/tcp", "46", "maybe", f"{permissions}/0/PrefixListIds/0"),
        ("sg-1 ingress", "22-23/tcp", "46", "maybe", f"{permissions}/0/UserIdGroupPairs/0"),
        ("sg-1 ingress", "", "4", "always", f"{permissions}/1/IpRanges/0"),
        ("sg-1 ingress", "0-65535/sctp", "4", "always", f"{permissions}/2/IpRanges/0"),
        ("sg-1 egress", EVERY, "4", "always", f"{permissions}Egress/0/IpRanges/0"),
    ]
    assert ruleset.skipped == ()
    rule = ruleset.rules[1]
    assert rule.conditions == ('CidrIp: "192.0.2.0/24"',)
    assert json.loads(rule.text) == {
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 23,
        "IpRanges": [{"CidrIp": "192.0.2.0/24", "Description": "office"}],
    }
    assert ruleset.rules[4].conditions == (
        'UserIdGroupPairs: {"GroupId": "sg-2", "UserId": "123456789012"}',
    )
    assert {each.action for each in ruleset.rules} == {Action.ACCEPT}
    assert [each.direction for each in ruleset.rules[-2:]] == [Direction.IN, Direction.OUT]


def test_the_rules_of_security_groups() -> None:
    ruleset = rulesets.from_data(RULES)
    assert shown(ruleset) == [
        ("sg-1 ingress", "53/udp", "6", "maybe", "/SecurityGroupRules/0"),
        ("sg-1 egress", EVERY, "46", "maybe", "/SecurityGroupRules/1"),
    ]
    assert ruleset.skipped == ()


def test_the_entries_of_a_network_acl() -> None:
    ruleset = rulesets.from_data(ACLS)
    assert ruleset.format == "aws_nacl"
    assert shown(ruleset) == [
        ("acl-1 ingress", "22/tcp", "4", "always", "/NetworkAcls/0/Entries/0"),
        ("acl-1 egress", EVERY, "6", "always", "/NetworkAcls/0/Entries/1"),
    ]
    assert [(each.action, each.priority) for each in ruleset.rules] == [
        (Action.ACCEPT, 100),
        (Action.DROP, 32768),
    ]


def test_lines_are_those_of_the_text() -> None:
    text = json.dumps(GROUPS, indent=2)
    lines = text.split("\n")
    for rule in rulesets.parse(text).rules:
        assert lines[rule.location.line - 1].strip() == "{"
    rule = rulesets.parse(text).rules[1]
    assert '"192.0.2.0/24"' in lines[rule.location.line]


def test_the_lists_and_the_items_of_an_answer_are_read() -> None:
    for answer in (GROUPS, RULES, ACLS):
        ((key, items),) = answer.items()
        whole = shown(rulesets.from_data(answer))
        for data, start in ((items, f"/{key}"), (items[0], f"/{key}/0")):
            expected = [
                (*row, str(pointer).removeprefix(start))
                for *row, pointer in whole
                if str(pointer).startswith(start)
            ]
            if answer is RULES and data is items[0]:
                continue
            assert shown(rulesets.from_data(data)) == expected


def test_yaml_is_read_too() -> None:
    yaml = pytest.importorskip("yaml")
    for answer in (GROUPS, RULES, ACLS):
        ruleset = rulesets.parse(yaml.safe_dump(answer))
        assert shown(ruleset) == shown(rulesets.from_data(answer))


def test_reachable_is_not_computed() -> None:
    with pytest.raises(InvalidValueError) as caught:
        rulesets.from_data(GROUPS).reachable()
    assert str(caught.value) == (
        "format must have an evaluation that was compared with its tool, got 'aws'"
    )


def changed(data: object, path: str, value: object) -> object:
    """Return a copy of *data* with *value* at *path*, or with nothing if it is KeyError."""
    copied = copy.deepcopy(data)
    *parents, last = [int(each) if each.isdigit() else each for each in path.split("/")]
    place = copied
    for each in parents:
        place = place[each]  # type: ignore[index]
    if value is KeyError:
        del place[last]  # type: ignore[attr-defined]
    else:
        place[last] = value  # type: ignore[index]
    return copied


FIRST = "SecurityGroups/0/IpPermissions/0"


@pytest.mark.parametrize(
    ("data", "path", "value", "place", "reason"),
    [
        (GROUPS, "SecurityGroups", {}, "", "a security group must have GroupId, got {}"),
        (GROUPS, "NextToken", "x", "", "an answer must be complete, got one with NextToken"),
        (GROUPS, "Reservations", [], "", "an answer must have only known keys, got 'Reservations'"),
        (GROUPS, "SecurityGroups/0", 7, "", "a security group must be a mapping, got int 7"),
        (
            GROUPS,
            "SecurityGroups/0/IpPermissions",
            KeyError,
            "SecurityGroups/0",
            "a security group must have IpPermissions, got none",
        ),
        (
            GROUPS,
            "SecurityGroups/0/IpPermissions",
            None,
            "",
            "a security group must have IpPermissions, got none",
        ),
        (
            GROUPS,
            "SecurityGroups/0/Rules",
            [],
            "",
            "a security group must have only known keys, got 'Rules'",
        ),
        (
            GROUPS,
            "SecurityGroups/0/GroupId",
            "",
            "SecurityGroups/0",
            "GroupId must not be empty, got ''",
        ),
        (
            GROUPS,
            "SecurityGroups/0/GroupId",
            3,
            "SecurityGroups/0",
            "GroupId must be a str, got int 3",
        ),
        (GROUPS, FIRST, [], "", "a permission must be a mapping, got list []"),
        (GROUPS, f"{FIRST}/Port", 1, FIRST, "a permission must have only known keys, got 'Port'"),
        (
            GROUPS,
            f"{FIRST}/FromPort",
            "22",
            FIRST,
            "port must be an integer, got str '22'; parse_port() reads text",
        ),
        (GROUPS, f"{FIRST}/FromPort", True, FIRST, "port must be an integer, got bool True"),
        (
            GROUPS,
            f"{FIRST}/FromPort",
            24,
            FIRST,
            "first must not be greater than last, got 24-23; did you mean 23-24?",
        ),
        (GROUPS, f"{FIRST}/ToPort", 70000, FIRST, "port must be in 0..65535, got 70000"),
        (
            GROUPS,
            f"{FIRST}/IpProtocol",
            "TCP",
            FIRST,
            "'IpProtocol' must be tcp, udp or -1 to have ports, got 'TCP'",
        ),
        (
            GROUPS,
            f"{FIRST}/IpProtocol",
            KeyError,
            FIRST,
            "an entry must have IpProtocol, got {'FromPort': 22, 'ToPort': 23}",
        ),
        (GROUPS, f"{FIRST}/IpRanges", {}, FIRST, None),
        (
            GROUPS,
            f"{FIRST}/IpRanges",
            {"a": 1},
            FIRST,
            "IpRanges must be a list, got dict {'a': 1}",
        ),
        (
            GROUPS,
            "SecurityGroups/0/IpPermissions/2/IpRanges",
            [],
            "SecurityGroups/0/IpPermissions/2",
            (
                "a permission must have IpRanges, Ipv6Ranges, PrefixListIds, UserIdGroupPairs, "
                "got none of them"
            ),
        ),
        (
            GROUPS,
            f"{FIRST}/IpRanges/0",
            "0.0.0.0/0",
            "",
            "each of IpRanges must be a mapping, got str '0.0.0.0/0'",
        ),
        (
            GROUPS,
            f"{FIRST}/IpRanges/0/CidrIp",
            "::/0",
            f"{FIRST}/IpRanges/0",
            "CidrIp must be a block of IPv4, got '::/0'",
        ),
        (
            GROUPS,
            f"{FIRST}/Ipv6Ranges/0/CidrIpv6",
            "0.0.0.0/0",
            f"{FIRST}/Ipv6Ranges/0",
            "CidrIpv6 must be a block of IPv6, got '0.0.0.0/0'",
        ),
        (
            GROUPS,
            f"{FIRST}/IpRanges/0/Cidr",
            "x",
            f"{FIRST}/IpRanges/0",
            "each of IpRanges must have only known keys, got 'Cidr'",
        ),
        (
            GROUPS,
            f"{FIRST}/UserIdGroupPairs/0/GroupId",
            KeyError,
            f"{FIRST}/UserIdGroupPairs/0",
            "each of UserIdGroupPairs must have GroupId, got {'UserId': '123456789012'}",
        ),
        (
            RULES,
            "SecurityGroupRules/0/IsEgress",
            "no",
            "SecurityGroupRules/0",
            "IsEgress must be a bool, got str 'no'",
        ),
        (
            RULES,
            "SecurityGroupRules/0/CidrIpv4",
            "0.0.0.0/0",
            "SecurityGroupRules/0",
            (
                "a rule must have one of CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupInfo, "
                "got CidrIpv4 and CidrIpv6"
            ),
        ),
        (
            RULES,
            "SecurityGroupRules/0/CidrIpv6",
            KeyError,
            "SecurityGroupRules/0",
            (
                "a rule must have one of CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupInfo, "
                "got none of them"
            ),
        ),
        (
            RULES,
            "SecurityGroupRules/0/Port",
            1,
            "SecurityGroupRules/0",
            "a rule must have only known keys, got 'Port'",
        ),
        (
            ACLS,
            "NetworkAcls/0/Entries",
            None,
            "NetworkAcls/0",
            "Entries must be a list, got NoneType None",
        ),
        (ACLS, "NetworkAcls/0/Entries/0", 1, "", "an entry must be a mapping, got int 1"),
        (
            ACLS,
            "NetworkAcls/0/Entry",
            1,
            "",
            "a network ACL must have only known keys, got 'Entry'",
        ),
        (
            ACLS,
            "NetworkAcls/0/Entries/0/PortRange",
            KeyError,
            "NetworkAcls/0/Entries/0",
            (
                "an entry must have both ends of its range, "
                "got {'CidrBlock': '0.0.0.0/0', 'Egress': Fal...umber': 100}"
            ),
        ),
        (
            ACLS,
            "NetworkAcls/0/Entries/0/RuleAction",
            "Allow",
            "NetworkAcls/0/Entries/0",
            "'RuleAction' must be 'allow' or 'deny', got 'Allow'",
        ),
        (
            ACLS,
            "NetworkAcls/0/Entries/0/RuleNumber",
            "100",
            "NetworkAcls/0/Entries/0",
            "RuleNumber must be an integer, got str '100'",
        ),
        (
            ACLS,
            "NetworkAcls/0/Entries/1/Protocol",
            "all",
            "NetworkAcls/0/Entries/1",
            "'Protocol' must be tcp, udp or -1 to have ports, got 'all'",
        ),
    ],
)
def test_what_is_not_understood_is_skipped(
    data: object, path: str, value: object, place: str, reason: str | None
) -> None:
    ruleset = rulesets.from_data(changed(data, path, value))
    if reason is None:
        assert ruleset.skipped == ()
        return
    (skipped,) = ruleset.skipped
    assert skipped.reason == reason
    assert skipped.location.pointer == "/" + (place or path)
    assert skipped.could_accept is (path != "NetworkAcls/0/Entries/1/Protocol")


def paths(value: object, so_far: str = ""):
    """Yield the path of each value in *value* that has a key."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield f"{so_far}{key}"
            yield from paths(each, f"{so_far}{key}/")
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from paths(each, f"{so_far}{at}/")


@pytest.mark.parametrize("data", [GROUPS, RULES, ACLS], ids=["groups", "rules", "acls"])
def test_a_missing_or_misspelt_key_never_widens_a_rule(data: object) -> None:
    name = rulesets.from_data(data).format
    before = {each.location.pointer: each for each in rulesets.from_data(data).rules}
    for path in paths(data):
        parent, _, key = path.rpartition("/")
        for wrong in (
            changed(data, path, KeyError),
            changed(changed(data, path, KeyError), f"{path}x", 1),
        ):
            try:
                ruleset = rulesets.from_data(wrong, name)
            except InvalidValueError:
                assert not parent
                continue
            assert ruleset.skipped or f'{key}x"' not in json.dumps(wrong), path
            for rule in ruleset.rules:
                old = before[rule.location.pointer]
                assert (rule.ports, rule.families, rule.applies) == (
                    old.ports,
                    old.families,
                    old.applies,
                )


cidrs = st.sampled_from(
    [{"CidrIp": "0.0.0.0/0"}, {"CidrIp": "192.0.2.0/24"}, {"Cidr": "x"}, None, "x"]
)
cidrs6 = st.sampled_from(
    [{"CidrIpv6": "::/0"}, {"CidrIpv6": "2001:db8::/32", "Description": "d"}, 3]
)
permissions = st.fixed_dictionaries(
    {"IpProtocol": st.sampled_from(["tcp", "udp", "-1", "icmp", "50", "x", 6])},
    optional={
        "FromPort": st.integers(-1, 70000),
        "ToPort": st.integers(-1, 70000),
        "IpRanges": st.lists(cidrs, max_size=3),
        "Ipv6Ranges": st.lists(cidrs6, max_size=3),
        "Extra": st.none(),
    },
)


@given(st.lists(st.lists(permissions, max_size=4), max_size=3), st.sampled_from([None, 1]))
def test_every_peer_is_in_a_rule_or_skipped(groups: list[list[dict[str, object]]], indent) -> None:
    answer = {
        "SecurityGroups": [
            {"GroupId": f"sg-{at}", "IpPermissions": each, "IpPermissionsEgress": []}
            for at, each in enumerate(groups)
        ]
    }
    ruleset = rulesets.parse(json.dumps(answer, indent=indent))
    found = [each.location.pointer for each in (*ruleset.rules, *ruleset.skipped)]
    assert len(found) == len(set(found))
    for at, group in enumerate(groups):
        for number, permission in enumerate(group):
            start = f"/SecurityGroups/{at}/IpPermissions/{number}"
            peers = [
                f"{start}/{key}/{place}"
                for key in ("IpRanges", "Ipv6Ranges")
                for place in range(len(permission.get(key, [])))  # type: ignore[arg-type]
            ]
            assert start in found or (peers and set(peers) <= set(found))
    for rule in ruleset.rules:
        assert rule.families in {(Family.INET,), (Family.INET6,)}
        assert rule.applies in (Applies.ALWAYS, Applies.MAYBE)


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (
            {},
            "aws",
            (
                "data must be an object with SecurityGroups or SecurityGroupRules, "
                "or a list from it, got dict {}"
            ),
        ),
        (7, "aws_nacl", "data must be an object with NetworkAcls, or a list from it, got int 7"),
    ],
)
def test_other_data_is_refused(data: object, name: str, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        rulesets.from_data(data, name)
    assert str(caught.value) == message
