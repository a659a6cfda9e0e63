"""Rules of Azure, Google Cloud and OpenStack: what is read, and what each wrong key leads to."""

from __future__ import annotations

import json

import pytest

from cloud_samples import (
    AZURE,
    AZURE_ARM,
    AZURE_EFFECTIVE,
    AZURERM,
    COLUMNS,
    GCP,
    GCP_POLICY,
    NOVA_GROUP,
    OPENSTACK,
    POWERSHELL,
)
from portranges import Family, PortRangesError, PortSet, rulesets
from portranges.rulesets import Action, Applies, Direction, Ruleset

BOTH = (Family.INET, Family.INET6)

EVERY = [
    ("azure", AZURE),
    ("azure", AZURERM),
    ("azure", POWERSHELL),
    ("gcp", GCP),
    ("openstack", OPENSTACK),
    ("openstack", COLUMNS),
]
IDS = ["az", "terraform", "powershell", "gcloud", "api", "columns"]


# In an answer of OpenStack, no protocol is every protocol, and an empty column is every port.
MEANINGFUL = (("protocol", None), ("IP Protocol", None), ("Port Range", ""), ("port_range_min", 1))


def read(name: str, *entries: object) -> Ruleset:
    return rulesets.from_data(list(entries), name)


def reason(name: str, entry: object) -> str:
    ruleset = read(name, entry)
    assert ruleset.rules == ()
    (skipped,) = ruleset.skipped
    assert skipped.location.pointer == "/0"
    return skipped.reason


@pytest.mark.parametrize(("name", "entry"), EVERY, ids=IDS)
def test_a_rule_in_every_spelling(name: str, entry: dict[str, object]) -> None:
    ruleset = rulesets.from_data([entry])
    assert (ruleset.format, ruleset.skipped, ruleset.chains) == (name, (), None)
    (rule,) = ruleset.rules
    assert str(rule.ports) == "443/tcp"
    assert rule.action is Action.ACCEPT
    assert rule.direction is Direction.IN
    assert rule.applies is Applies.ALWAYS
    assert rule.conditions == ()
    assert str(rule.location) == "/0"
    assert rule.text == json.dumps(entry)
    assert rule.priority == {"azure": 100, "gcp": 1000, "openstack": 0}[name]


@pytest.mark.parametrize(("name", "entry"), EVERY, ids=IDS)
def test_a_single_rule(name: str, entry: dict[str, object]) -> None:
    ruleset = rulesets.parse("\n\n" + json.dumps(entry, indent=1))
    assert (ruleset.format, ruleset.skipped) == (name, ())
    (rule,) = ruleset.rules
    assert (str(rule.ports), str(rule.location)) == ("443/tcp", "line 3")
    (skipped,) = rulesets.from_data({**entry, "surplus": 1}).skipped
    assert str(skipped.location) == "line 1"


@pytest.mark.parametrize(("name", "entry"), EVERY, ids=IDS)
def test_yaml(name: str, entry: dict[str, object]) -> None:
    yaml = pytest.importorskip("yaml")
    for data, pointer in ((entry, ""), ([entry], "/0")):
        text = "# from a tool\n---\n" + yaml.safe_dump(data)
        ruleset = rulesets.parse(text)
        assert (ruleset.format, ruleset.skipped) == (name, ())
        (rule,) = ruleset.rules
        assert (rule.location.line, rule.location.pointer) == (3, pointer)
        assert str(rule.ports) == "443/tcp"


def test_an_empty_answer() -> None:
    for name, data in (("azure", {"value": []}), ("gcp", {"items": []}), ("openstack", [])):
        ruleset = rulesets.from_data(data, name)
        assert (ruleset.rules, ruleset.skipped) == ((), ())


@pytest.mark.parametrize(("name", "entry"), EVERY, ids=IDS)
def test_no_format_of_a_cloud_has_an_evaluation(name: str, entry: dict[str, object]) -> None:
    with pytest.raises(PortRangesError) as caught:
        read(name, entry).reachable()
    assert str(caught.value) == (
        f"format must have an evaluation that was compared with its tool, got {name!r}"
    )


@pytest.mark.parametrize(("name", "entry"), EVERY, ids=IDS)
def test_a_missing_key_opens_no_further_port(name: str, entry: dict[str, object]) -> None:
    full = read(name, entry).rules[0]
    for key in entry:
        ruleset = read(name, {each: entry[each] for each in entry if each != key})
        assert len(ruleset.rules) + len(ruleset.skipped) == 1
        for rule in ruleset.rules:
            assert (rule.ports, rule.direction, rule.action) == (
                full.ports,
                full.direction,
                full.action,
            )
        assert all(each.could_accept for each in ruleset.skipped)


@pytest.mark.parametrize(
    ("name", "entry", "needed"),
    [
        ("azure", AZURE, "access destinationAddressPrefix destinationPortRange direction priority "
         "protocol sourceAddressPrefix sourcePortRange"),
        ("azure", AZURERM, "access destination_address_prefix destination_port_range direction "
         "priority protocol source_address_prefix source_port_range"),
        ("azure", POWERSHELL, "Protocol SourcePortRange DestinationPortRange SourceAddressPrefix "
         "DestinationAddressPrefix Access Priority Direction"),
        ("gcp", GCP, "allowed direction priority"),
        ("openstack", OPENSTACK, "direction ethertype port_range_max port_range_min protocol"),
        ("openstack", COLUMNS, "Direction Ethertype Port#Range IP#Protocol"),
    ],
    ids=IDS,
)  # fmt: skip
def test_a_rule_without_a_needed_key_is_skipped(
    name: str, entry: dict[str, object], needed: str
) -> None:
    missing = {
        key
        for key in entry
        if read(name, {each: entry[each] for each in entry if each != key}).skipped
    }
    assert missing == {each.replace("#", " ") for each in needed.split()}


@pytest.mark.parametrize(("name", "entry"), EVERY, ids=IDS)
def test_an_unknown_or_misspelt_key_is_skipped(name: str, entry: dict[str, object]) -> None:
    assert "got 'surplus'" in reason(name, {**entry, "surplus": 1})
    for key in entry:
        for wrong in (f"{key}s", key[:-1], key.swapcase(), f" {key}", f"{key}_"):
            if wrong in entry or (name, wrong) in {("openstack", "ID"), ("openstack", "id")}:
                continue
            misspelt = {wrong if each == key else each: value for each, value in entry.items()}
            assert read(name, misspelt).rules == (), wrong


@pytest.mark.parametrize(("name", "entry"), EVERY, ids=IDS)
@pytest.mark.parametrize("value", [None, "", "x", 1, -1, True, [], ["x"], [1], {}, {"a": 1}, 1.5])
def test_a_wrong_value_opens_no_further_port(
    name: str, entry: dict[str, object], value: object
) -> None:
    full = read(name, entry).rules[0]
    for key in entry:
        ruleset = read(name, {**entry, key: value})
        assert len(ruleset.rules) + len(ruleset.skipped) == 1
        for rule in ruleset.rules:
            assert rule.action is full.action
            if (key, value) not in MEANINGFUL:
                assert rule.ports <= full.ports, (key, value)


@pytest.mark.parametrize("entry", [None, 1, "x", [], [1], True, {}])
@pytest.mark.parametrize("name", ["azure", "gcp", "openstack"])
def test_what_is_not_a_rule_is_skipped(name: str, entry: object) -> None:
    ruleset = read(name, entry)
    assert ruleset.rules == ()
    if entry == {}:
        assert (
            "a rule must" in ruleset.skipped[0].reason or "must have" in ruleset.skipped[0].reason
        )
    elif not (name == "openstack" and isinstance(entry, list)):
        kind = type(entry).__name__
        assert ruleset.skipped[0].reason == f"a rule must be a mapping, got {kind} {entry!r}"


@pytest.mark.parametrize("data", [None, 1, "x", {}, {"name": "x"}, {"direction": "x"}])
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("azure", "a network security group, a rule, or a list of these"),
        ("gcp", "a list of firewall rules, an answer of the API, or a firewall policy"),
        ("openstack", "a security group, a rule, an answer of the API, or a list"),
    ],
)
def test_data_of_another_form_is_refused(name: str, form: str, data: object) -> None:
    with pytest.raises(PortRangesError) as caught:
        rulesets.from_data(data, name)
    assert str(caught.value).startswith(f"data must be {form}, got {type(data).__name__} ")


def test_json_text_has_lines() -> None:
    text = '[\n{"allowed": [{"IPProtocol": "udp"}],\n"direction": "EGRESS", "priority": 1}\n]'
    (rule,) = rulesets.parse(text).rules
    assert str(rule.location) == "line 2, /0"
    assert (str(rule.ports), rule.direction, rule.group) == ("0-65535/udp", "out", "network")


# -- Azure ----------------------------------------------------------------------------------------


def test_a_group_of_azure() -> None:
    default = {
        **AZURE,
        "name": "DenyAllInBound",
        "access": "Deny",
        "priority": 65500,
        "protocol": "*",
        "destinationPortRange": "*",
    }
    group = {"name": "web", "id": "/x", "securityRules": [AZURE], "defaultSecurityRules": [default]}
    for data, prefix in ((group, ""), ([group], "/0"), ({"value": [group]}, "/value/0")):
        ruleset = rulesets.from_data(data, "azure")
        assert ruleset.skipped == ()
        first, last = ruleset.rules
        assert first.location.pointer == f"{prefix}/securityRules/0"
        assert last.location.pointer == f"{prefix}/defaultSecurityRules/0"
        assert (first.group, last.group) == ("web", "web")
        assert last.action is Action.DROP
        assert (last.priority, len(last.ports)) == (65500, 4 * 65536)


def test_a_group_of_the_azure_api() -> None:
    own = ("name", "id", "etag", "type")
    rule = {
        **{key: AZURE[key] for key in own},
        "properties": {key: AZURE[key] for key in AZURE if key not in (*own, "resourceGroup")},
    }
    group = {"name": "web", "properties": {"securityRules": [rule], "resourceGuid": "g"}}
    (read_rule,) = rulesets.from_data([group], "azure").rules
    assert read_rule.location.pointer == "/0/properties/securityRules/0"
    assert str(read_rule.ports) == "443/tcp"
    twice = {**rule, "protocol": "Tcp"}
    assert reason("azure", twice) == "a rule must have each property once, got 'protocol'"
    wrong = {**rule, "properties": {**rule["properties"], "access": "Deny", "priority": 1}}
    (skipped,) = read("azure", wrong).skipped
    assert (skipped.reason, skipped.could_accept) == ("priority must be at least 100, got 1", False)


def test_a_group_of_terraform_and_powershell() -> None:
    terraform = {"name": "web", "location": "x", "tags": {}, "security_rule": [AZURERM]}
    powershell = {
        "SecurityRules": [POWERSHELL],
        "DefaultSecurityRules": [],
        "Name": "web",
        "TagsTable": "",
    }
    for data, key in ((terraform, "security_rule"), (powershell, "SecurityRules")):
        ruleset = rulesets.from_data(data)
        assert ruleset.skipped == ()
        (rule,) = ruleset.rules
        assert (rule.location.pointer, rule.group) == (f"/{key}/0", "web")


def test_the_group_of_a_rule_that_is_alone() -> None:
    assert read("azure", AZURE).rules[0].group == "web"
    assert read("azure", POWERSHELL).rules[0].group == "web"
    assert read("azure", AZURERM).rules[0].group == "network security group"
    resource = {**AZURERM, "network_security_group_name": "db", "timeouts": None, "id": "x"}
    assert read("azure", {**resource, "resource_group_name": "r"}).rules[0].group == "db"


def test_what_is_around_the_rules_of_azure() -> None:
    group = {"name": "web", "securityRules": [AZURE], "securityRule": [AZURE], 7: 1}
    ruleset = rulesets.from_data(group)
    rule = "a network security group must have only known keys"
    assert [(each.location.pointer, each.reason) for each in ruleset.skipped] == [
        ("/securityRule", f"{rule}, got 'securityRule'"),
        ("/7", f"{rule}, got '7'"),
    ]
    assert {each.group for each in ruleset.skipped} == {"web"}
    (skipped,) = rulesets.from_data({"securityRules": {"a": 1}}).skipped
    assert skipped.reason == "rules must be a list, got dict {'a': 1}"
    page = rulesets.from_data({"value": [AZURE], "nextLink": "https://x"}, "azure")
    assert [each.reason for each in page.skipped] == [
        "an answer must be complete, got one with nextLink"
    ]
    assert len(page.rules) == 1
    (skipped,) = rulesets.from_data({"value": 1}, "azure").skipped
    assert (skipped.reason, skipped.location.pointer) == (
        "a rule must be a mapping, got int 1",
        "/value",
    )


@pytest.mark.parametrize(
    ("change", "ports"),
    [
        ({"protocol": "Udp"}, "443/udp"),
        ({"protocol": "TCP"}, "443/tcp"),
        ({"protocol": "*"}, "443/tcp,443/udp,443/sctp,443/dccp"),
        ({"protocol": "Icmp", "destinationPortRange": "*"}, ""),
        ({"protocol": "Esp", "destinationPortRange": "*"}, ""),
        ({"destinationPortRange": "", "destinationPortRanges": ["22", "80-90"]},
         "22/tcp,80-90/tcp"),
        ({"destinationPortRange": None, "destinationPortRanges": ["22"]}, "22/tcp"),
        ({"destinationPortRange": "*"}, "0-65535/tcp"),
    ],
)  # fmt: skip
def test_ports_of_azure(change: dict[str, object], ports: str) -> None:
    assert str(read("azure", {**AZURE, **change}).rules[0].ports) == ports


@pytest.mark.parametrize(
    ("change", "families", "conditions"),
    [
        ({"sourceAddressPrefix": "0.0.0.0/0"}, (Family.INET,), ()),
        ({"sourceAddressPrefix": "10.0.0.0/8"}, (Family.INET,),
         ('sourceAddressPrefix: "10.0.0.0/8"',)),
        ({"sourceAddressPrefix": "Internet"}, BOTH, ('sourceAddressPrefix: "Internet"',)),
        ({"sourceAddressPrefix": "", "sourceAddressPrefixes": ["::/0", "0.0.0.0/0"]}, BOTH, ()),
        ({"sourceAddressPrefix": None, "sourceAddressPrefixes": ["::/0", "192.0.2.1"]}, BOTH,
         ('sourceAddressPrefixes: ["::/0", "192.0.2.1"]',)),
        ({"sourceAddressPrefix": None, "sourceApplicationSecurityGroups": [{"id": "a"}]}, BOTH,
         ('sourceApplicationSecurityGroups: [{"id": "a"}]',)),
        ({"sourceAddressPrefix": "192.0.2.1", "destinationAddressPrefix": "2001:db8::1"}, BOTH,
         ('sourceAddressPrefix: "192.0.2.1"', 'destinationAddressPrefix: "2001:db8::1"')),
        ({"sourcePortRange": "53"}, BOTH, ('sourcePortRange: "53"',)),
    ],
)  # fmt: skip
def test_conditions_of_azure(
    change: dict[str, object], families: tuple[Family, ...], conditions: tuple[str, ...]
) -> None:
    (rule,) = read("azure", {**AZURE, **change}).rules
    assert (rule.families, rule.conditions) == (families, conditions)
    assert rule.applies is (Applies.MAYBE if conditions else Applies.ALWAYS)


def test_source_ports_of_azure() -> None:
    (rule,) = read(
        "azure", {**AZURE, "sourcePortRange": "", "sourcePortRanges": ["1", "5-7"]}
    ).rules
    assert rule.source_ports == PortSet.parse("1,5-7")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({**AZURE, "access": "Permit"}, "access of a rule must be Allow or Deny, got 'Permit'"),
        ({**AZURE, "direction": "In"}, "direction of a rule must be Inbound or Outbound, got 'In'"),
        ({**AZURE, "priority": "100"}, "priority must be an integer, got str '100'"),
        ({**AZURE, "priority": 99}, "priority must be at least 100, got 99"),
        ({**AZURE, "protocol": "Tcpp"}, "protocol must be Tcp, Udp, * to have ports, got 'Tcpp'"),
        ({**AZURE, "destinationPortRange": "http"}, "expected a port or 'first-last', got 'http'"),
        ({**AZURE, "destinationPortRange": 443}, "text must be a str, got int 443"),
        ({**AZURE, "sourcePortRange": "*", "sourcePortRanges": "*"},
         "sourcePortRanges must be a list, got str"),
        ({**AZURE, "sourceAddressPrefix": 1}, "sourceAddressPrefix must be a str, got int 1"),
        ({**AZURE, "sourceAddressPrefixes": ["10.0.0.1"]},
         "a rule must have one of sourceAddressPrefix, sourceAddressPrefixes, "
         "sourceApplicationSecurityGroups, got sourceAddressPrefix and sourceAddressPrefixes"),
        ({**AZURE, "sourceAddressPrefix": ""},
         "a rule must have one of sourceAddressPrefix, sourceAddressPrefixes, "
         "sourceApplicationSecurityGroups, got none of them"),
        ({**AZURE, "destinationPortRnge": "1"},
         "an entry must have only keys of Azure (properties of a security rule of a network "
         "security group), got 'destinationPortRnge'"),
        ({**AZURERM, "destinationPortRange": "1"},
         "a rule must have only keys of Terraform, got 'destinationPortRange'"),
        ({**POWERSHELL, "DestinationPortRanges": ["1"]},
         "a rule must have only keys of PowerShell, got 'DestinationPortRanges'"),
        ({**POWERSHELL, "DestinationPortRange": ["1", "*"]},
         "'*' must not be in a list, got ['1', '*']"),
        ({**POWERSHELL, "DestinationPortRange": "22 80"},
         "expected a port or 'first-last', got '22 80'"),
        ({**AZURE, "protocol": None},
         "a rule must have protocol, got {'access': 'Allow', 'description': 'web'...urityRules'}"),
        ({key: AZURE[key] for key in AZURE if key != "protocol"},
         "a rule must have protocol, got {'access': 'Allow', 'description': 'web'...urityRules'}"),
    ],
)  # fmt: skip
def test_rules_of_azure_that_are_skipped(entry: dict[str, object], message: str) -> None:
    assert reason("azure", entry) == message


@pytest.mark.parametrize("data", [AZURE_ARM, [AZURE_ARM], {"value": [AZURE_ARM]}])
def test_a_group_in_the_form_of_the_api_is_detected(data: object) -> None:
    (rule,) = rulesets.from_data(data).rules
    assert (rule.group, str(rule.ports)) == ("web", "443/tcp")
    ((inner),) = AZURE_ARM["properties"]["securityRules"]
    (rule,) = rulesets.from_data({"value": [inner]}).rules
    assert rule.location.pointer == "/value/0"


def test_effective_rules_of_azure() -> None:
    ruleset = rulesets.from_data({"value": [AZURE_EFFECTIVE]})
    assert (ruleset.format, ruleset.skipped) == ("azure", ())
    (rule,) = ruleset.rules
    assert (rule.group, str(rule.ports), rule.families) == ("web", "22/tcp", (Family.INET,))
    assert rule.conditions == ('sourceAddressPrefixes: ["VirtualNetwork"]',)
    assert rule.location.pointer == "/value/0/effectiveSecurityRules/0"


@pytest.mark.parametrize(
    ("change", "ports"),
    [
        ({"protocol": "All"}, "22/tcp,22/udp,22/sctp,22/dccp"),
        ({"destinationPortRanges": ["22-22", "80-90"]}, "22/tcp,80-90/tcp"),
        ({"destinationPortRanges": []}, "22/tcp"),
        ({"destinationPortRange": None}, "22/tcp"),
        ({"destinationPortRanges": ["23-23"]}, None),
        ({"destinationPortRange": None, "destinationPortRanges": None}, None),
        ({"protocol": "all"}, None),
    ],
)
def test_ports_of_effective_rules(change: dict[str, object], ports: str | None) -> None:
    (rule,) = AZURE_EFFECTIVE["effectiveSecurityRules"]
    group = {**AZURE_EFFECTIVE, "effectiveSecurityRules": [{**rule, **change}]}
    ruleset = rulesets.from_data([group])
    assert [str(each.ports) for each in ruleset.rules] == ([] if ports is None else [ports])
    assert len(ruleset.skipped) == (ports is None)


def test_several_ports_and_addresses_of_powershell() -> None:
    entry = {
        **POWERSHELL,
        "DestinationPortRange": ["22", "80-90"],
        "SourceAddressPrefix": ["192.0.2.1", "192.0.2.2"],
    }
    (rule,) = read("azure", entry).rules
    assert str(rule.ports) == "22/tcp,80-90/tcp"
    assert rule.conditions == ('sourceAddressPrefixes: ["192.0.2.1", "192.0.2.2"]',)


def test_a_skipped_rule_that_denies_cannot_accept() -> None:
    for entry in ({**AZURE, "access": "Deny"}, {**POWERSHELL, "Access": "Deny"}):
        (skipped,) = read("azure", {**entry, "surplus": 1}).skipped
        assert not skipped.could_accept


# -- Google Cloud ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowed", "ports"),
    [
        ([{"IPProtocol": "tcp", "ports": ["22", "80-90"]}, {"IPProtocol": "udp", "ports": ["53"]}],
         "22/tcp,53/udp,80-90/tcp"),
        ([{"IPProtocol": "tcp"}], "0-65535/tcp"),
        ([{"IPProtocol": "icmp"}], ""),
        ([{"IPProtocol": "132", "ports": ["7"]}, {"IPProtocol": "1"}], "7/sctp"),
        ([{"IPProtocol": "all"}],
         "0-65535/tcp,0-65535/udp,0-65535/sctp,0-65535/dccp"),
    ],
)  # fmt: skip
def test_ports_of_gcp(allowed: list[object], ports: str) -> None:
    for key, action in (("allowed", Action.ACCEPT), ("denied", Action.DROP)):
        entry = {**GCP, "allowed": None, key: allowed}
        (rule,) = read("gcp", entry).rules
        assert (str(rule.ports), rule.action) == (ports, action)


@pytest.mark.parametrize(
    ("change", "families", "conditions"),
    [
        ({"sourceRanges": ["::/0"]}, (Family.INET6,), ()),
        ({"sourceRanges": None}, BOTH, ()),
        ({"sourceRanges": ["10.0.0.0/8"]}, (Family.INET,), ('sourceRanges: ["10.0.0.0/8"]',)),
        ({"sourceTags": ["a"]}, BOTH, ('sourceRanges: ["0.0.0.0/0"]; sourceTags: ["a"]',)),
        ({"targetTags": ["a"]}, (Family.INET,), ('targetTags: ["a"]',)),
        ({"targetServiceAccounts": ["a"]}, (Family.INET,), ('targetServiceAccounts: ["a"]',)),
        ({"sourceRanges": None, "destinationRanges": ["2001:db8::/32"]}, (Family.INET6,),
         ('destinationRanges: ["2001:db8::/32"]',)),
    ],
)  # fmt: skip
def test_conditions_of_gcp(
    change: dict[str, object], families: tuple[Family, ...], conditions: tuple[str, ...]
) -> None:
    (rule,) = read("gcp", {**GCP, **change}).rules
    assert (rule.families, rule.conditions) == (families, conditions)
    assert rule.applies is (Applies.MAYBE if conditions else Applies.ALWAYS)


def test_a_disabled_rule_of_gcp() -> None:
    (rule,) = read("gcp", {**GCP, "disabled": True}).rules
    assert (rule.applies, rule.conditions) == (Applies.NEVER, ("disabled: true",))


def test_an_answer_of_the_gcp_api() -> None:
    page = {"kind": "compute#firewallList", "items": [GCP], "nextPageToken": "x", "itmes": []}
    ruleset = rulesets.from_data(page, "gcp")
    (rule,) = ruleset.rules
    assert (rule.location.pointer, rule.group) == ("/items/0", "default")
    assert [(each.location.pointer, each.reason) for each in ruleset.skipped] == [
        ("/itmes", "an answer must have only known keys, got 'itmes'"),
        ("/nextPageToken", "an answer must be complete, got one with nextPageToken"),
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"denied": []}, "a rule must have either 'allowed' or 'denied', got allowed and denied"),
        ({"allowed": None}, "a rule must have either 'allowed' or 'denied', got neither"),
        ({"allowed": []}, "a rule must allow or deny something, got an empty allowed"),
        ({"allowed": {}}, "allowed must be a list, got dict {}"),
        ({"allowed": [{"IPProtocol": "tcp", "ports": []}]},
         "ports must not be empty, got {'IPProtocol': 'tcp', 'ports': []}; without the field, "
         "every port is meant"),
        ({"allowed": [{"IPProtocol": "tcp", "port": ["22"]}]},
         "an entry must have only keys of Google Cloud (allowed or denied in a VPC firewall rule), "
         "got 'port'"),
        ({"allowed": [{"IPProtocol": "tpc"}]},
         "'IPProtocol' must be tcp, udp, sctp or all to have ports, got 'tpc'"),
        ({"allowed": [{}]}, "an entry must have IPProtocol, got {}"),
        ({"direction": "ingress"}, "direction of a rule must be INGRESS or EGRESS, got 'ingress'"),
        ({"priority": 65536}, "priority must be in 0..65535, got 65536"),
        ({"disabled": "true"}, "disabled must be a bool, got str 'true'"),
        ({"sourceRanges": "0.0.0.0/0"}, "sourceRanges must be a list, got str '0.0.0.0/0'"),
        ({"sourceRanges": [1]}, "each of sourceRanges must be a str, got int 1"),
        ({"network": 1}, "network must be a str, got int 1"),
        ({"surplus": 1}, "a rule must have only known keys, got 'surplus'"),
    ],
)  # fmt: skip
def test_rules_of_gcp_that_are_skipped(change: dict[str, object], message: str) -> None:
    assert reason("gcp", {**GCP, **change}) == message


def test_a_skipped_rule_of_gcp_that_denies_cannot_accept() -> None:
    entry = {key: value for key, value in GCP.items() if key != "allowed"}
    (skipped,) = read("gcp", {**entry, "denied": [], "surplus": 1}).skipped
    assert not skipped.could_accept


def test_firewall_policies() -> None:
    for data, pointer in (
        (GCP_POLICY, ""),
        ([GCP_POLICY], "/0"),
        ({"items": [GCP_POLICY]}, "/items/0"),
        ({"firewallPolicys": [GCP_POLICY]}, "/firewallPolicys/0"),
    ):
        ruleset = rulesets.from_data(data)
        assert (ruleset.format, ruleset.skipped) == ("gcp", ())
        (rule,) = ruleset.rules
        assert (rule.group, str(rule.ports), rule.priority) == ("edge", "22/tcp", 1000)
        assert rule.conditions == (
            'srcIpRanges: ["10.0.0.0/8"]',
            'targetServiceAccounts: ["a"]',
        )
        assert rule.location.pointer == f"{pointer}/rules/0"
    (rule,) = rulesets.from_data(GCP_POLICY["rules"]).rules
    assert rule.group == "firewall policy"
    both = rulesets.from_data({"firewalls": [GCP], "firewallPolicys": [GCP_POLICY]})
    assert [each.group for each in both.rules] == ["default", "edge"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"match": {"layer4Configs": []}}, "a rule must allow or deny something, got an empty "
         "layer4Configs"),
        ({"match": {"layer4Configs": [{"ipProtocol": "tcp", "port": ["1"]}]}},
         "a config must have only known keys, got 'port'"),
        ({"match": {"srcIpRanges": ["::/0"]}},
         "match must have layer4Configs, got {'srcIpRanges': ['::/0']}"),
        ({"priority": -1}, "priority must be in 0..2147483647, got -1"),
        ({"action": "permit"}, "action of a rule must be allow or deny or goto_next or "
         "apply_security_profile_group, got 'permit'"),
    ],
)  # fmt: skip
def test_rules_of_policies_that_are_skipped(change: dict[str, object], message: str) -> None:
    (rule,) = GCP_POLICY["rules"]
    (skipped,) = rulesets.from_data([{**rule, **change}], "gcp").skipped
    assert skipped.reason == message


# -- OpenStack ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "ports"),
    [
        ({"port_range_min": 80, "port_range_max": 90}, "80-90/tcp"),
        ({"port_range_min": None, "port_range_max": None}, "0-65535/tcp"),
        ({"protocol": "17"}, "443/udp"),
        ({"protocol": None, "port_range_min": None, "port_range_max": None},
         "0-65535/tcp,0-65535/udp,0-65535/sctp,0-65535/dccp"),
        ({"protocol": "icmp", "port_range_min": 8, "port_range_max": 0}, ""),
        ({"protocol": "vrrp", "port_range_min": None, "port_range_max": None}, ""),
    ],
)  # fmt: skip
def test_ports_of_openstack(change: dict[str, object], ports: str) -> None:
    assert str(read("openstack", {**OPENSTACK, **change}).rules[0].ports) == ports


@pytest.mark.parametrize(
    ("change", "ports"),
    [
        ({"Port Range": "80:90"}, "80-90/tcp"),
        ({"Port Range": ""}, "0-65535/tcp"),
        ({"IP Protocol": None, "Port Range": ""},
         "0-65535/tcp,0-65535/udp,0-65535/sctp,0-65535/dccp"),
        ({"IP Protocol": "icmp", "Port Range": "type=8:code=0"}, ""),
        ({"IP Protocol": "ipv6-icmp", "Port Range": "type=128"}, ""),
    ],
)  # fmt: skip
def test_ports_of_openstack_columns(change: dict[str, object], ports: str) -> None:
    assert str(read("openstack", {**COLUMNS, **change}).rules[0].ports) == ports


@pytest.mark.parametrize(
    ("change", "family", "conditions"),
    [
        ({"ethertype": "IPv6"}, Family.INET6, ()),
        ({"remote_ip_prefix": "0.0.0.0/0"}, Family.INET, ()),
        ({"remote_ip_prefix": "10.0.0.0/8"}, Family.INET, ('remote_ip_prefix: "10.0.0.0/8"',)),
        ({"remote_ip_prefix": "0.0.0.0/0", "ethertype": "IPv6"}, Family.INET6,
         ('remote_ip_prefix: "0.0.0.0/0"',)),
        ({"remote_group_id": "a"}, Family.INET, ('remote_group_id: "a"',)),
        ({"remote_address_group_id": "a"}, Family.INET, ('remote_address_group_id: "a"',)),
    ],
)  # fmt: skip
def test_conditions_of_openstack(
    change: dict[str, object], family: Family, conditions: tuple[str, ...]
) -> None:
    (rule,) = read("openstack", {**OPENSTACK, **change}).rules
    assert (rule.families, rule.conditions) == ((family,), conditions)
    assert rule.applies is (Applies.MAYBE if conditions else Applies.ALWAYS)


def test_groups_and_answers_of_openstack() -> None:
    group = {"id": "1", "name": "web", "stateful": True, "security_group_rules": [OPENSTACK]}
    shown = {"id": "1", "name": "web", "revision_number": 1, "rules": [OPENSTACK]}
    for data, pointer in (
        (group, "/security_group_rules/0"),
        (shown, "/rules/0"),
        ([group], "/0/security_group_rules/0"),
        ({"security_group": group}, "/security_group/security_group_rules/0"),
        ({"security_groups": [group]}, "/security_groups/0/security_group_rules/0"),
    ):
        ruleset = rulesets.from_data(data)
        assert (ruleset.format, ruleset.skipped) == ("openstack", ())
        (rule,) = ruleset.rules
        assert (rule.location.pointer, rule.group) == (pointer, "web")
    for data, pointer in (
        ({"security_group_rules": [OPENSTACK]}, "/security_group_rules/0"),
        ({"security_group_rule": OPENSTACK}, "/security_group_rule"),
    ):
        (rule,) = rulesets.from_data(data).rules
        assert rule.location.pointer == pointer


def test_what_is_around_the_rules_of_openstack() -> None:
    data = {
        "security_groups": [{"id": "g", "rules": "direction='egress'", "rule": []}],
        "security_groups_links": [{"rel": "next"}],
        "surplus": 1,
    }
    ruleset = rulesets.from_data(data)
    assert ruleset.rules == ()
    assert [(each.location.pointer, each.reason) for each in ruleset.skipped] == [
        ("/surplus", "an answer must have only known keys, got 'surplus'"),
        (
            "/security_groups_links",
            "an answer must be complete, got one with security_groups_links",
        ),
        ("/security_groups/0/rule", "a security group must have only known keys, got 'rule'"),
        ("/security_groups/0/rules", "rules must be a list, got str \"direction='egress'\""),
    ]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({**OPENSTACK, "direction": "in"}, "'direction' must be 'ingress' or 'egress', got 'in'"),
        ({**OPENSTACK, "ethertype": "ipv4"},
         "ethertype of a rule must be IPv4 or IPv6, got 'ipv4'"),
        ({**OPENSTACK, "ether_type": "IPv4"},
         "a rule must have 'ethertype', got ethertype and ether_type"),
        ({**OPENSTACK, "ethertype": None}, "a rule must have 'ethertype', got a rule without it"),
        ({**OPENSTACK, "remote_ip_prefix": 1}, "remote_ip_prefix must be a str, got int 1"),
        ({**OPENSTACK, "protocol": "tpc"},
         "'protocol' must be tcp, udp, sctp or dccp to have ports, got 'tpc'"),
        ({**COLUMNS, "Port Range": "443"}, "Port Range must be 'first:last' or '', got '443'"),
        ({**COLUMNS, "Port Range": "a:b"}, "port must be decimal digits, got 'a'"),
        ({**COLUMNS, "Port Range": None}, "Port Range must be a str, got NoneType None"),
        ({**COLUMNS, "Port range": ""},
         "a rule must have only columns of 'rule list', got 'Port range'"),
        ({key: COLUMNS[key] for key in COLUMNS if key != "Direction"},
         "a rule must have 'direction', got a rule without it"),
    ],
)  # fmt: skip
def test_rules_of_openstack_that_are_skipped(entry: dict[str, object], message: str) -> None:
    assert reason("openstack", entry) == message


def test_rules_of_the_compute_api() -> None:
    (rule,) = rulesets.from_data({"security_groups": [NOVA_GROUP]}).rules
    assert (rule.group, str(rule.ports), rule.families) == ("web", "22/tcp", (Family.INET,))
    assert rule.conditions == ('remote_ip_prefix: "192.0.2.0/24"',)
    (entry,) = NOVA_GROUP["rules"]
    for change, message in (
        ({"ip_range": {}}, "a rule must have addresses or a group, got none of them"),
        ({"group": {"name": "x"}}, "a rule must have addresses or a group, got both of them"),
        ({"from_port": None}, "an entry must have both ends of its range"),
        ({"ip_range": {"cidrs": "::/0"}}, "ip_range must have only known keys, got 'cidrs'"),
    ):
        (skipped,) = rulesets.from_data({**NOVA_GROUP, "rules": [{**entry, **change}]}).skipped
        assert skipped.reason.startswith(message)


def test_the_last_page_of_an_answer() -> None:
    for rel, count in (("previous", 0), ("next", 1)):
        links = [{"href": "http://x", "rel": rel}]
        data = {"security_group_rules": [OPENSTACK], "security_group_rules_links": links}
        assert len(rulesets.from_data(data).skipped) == count
