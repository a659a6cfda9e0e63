"""advice.audit: texts that a tool reads differently from a person, one row after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portranges import rulesets
from portranges.advice import audit
from portranges.advice.misread_rows import ROWS

FIREWALLD = '<?xml version="1.0" encoding="utf-8"?>\n<zone{}>\n  {}\n</zone>\n'
NUMBERED = (
    "Status: active\n\n     To                         Action      From\n"
    "     --                         ------      ----\n"
)
STATUS = (
    "Status: active\n\nTo                         Action      From\n--         ------      ----\n"
)


def iptables(line: str) -> rulesets.Ruleset:
    return rulesets.parse(f"-P INPUT DROP\n-A INPUT {line}", "iptables")


def listed(line: str) -> rulesets.Ruleset:
    head = "Chain INPUT (policy DROP)\ntarget     prot opt source               destination\n"
    start = "ACCEPT     tcp  --  0.0.0.0/0            0.0.0.0/0            "
    return rulesets.parse(f"{head}{start}{line}\n", "iptables")


def nat(line: str) -> rulesets.Ruleset:
    return rulesets.parse(f"*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING {line}\nCOMMIT\n")


def nft(rule: str) -> rulesets.Ruleset:
    chain = "type filter hook input priority filter; policy drop;"
    return rulesets.parse(f"table inet f {{\n chain in {{\n  {chain}\n  {rule}\n }}\n}}\n")


def nft_json(protocol: str, operator: str) -> rulesets.Ruleset:
    place = {"family": "inet", "table": "f"}
    left = {"payload": {"protocol": protocol, "field": "dport"}}
    match = {"match": {"op": operator, "left": left, "right": 22}}
    chain = {**place, "name": "in", "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}
    rule = {**place, "chain": "in", "expr": [match, {"accept": None}]}
    objects = [{"table": {"family": "inet", "name": "f"}}, {"chain": chain}, {"rule": rule}]
    return rulesets.from_data({"nftables": objects})


def ufw(line: str) -> rulesets.Ruleset:
    return rulesets.parse(f"{NUMBERED if line[0] == '[' else STATUS}{line}\n")


def zone(inside: str, target: str = "") -> rulesets.Ruleset:
    return rulesets.parse(FIREWALLD.format(target, inside))


def aws(**permission: Any) -> rulesets.Ruleset:
    permission["IpRanges"] = [{"CidrIp": "0.0.0.0/0"}]
    group = {"GroupId": "sg-1", "IpPermissions": [permission], "IpPermissionsEgress": []}
    return rulesets.from_data({"SecurityGroups": [group]})


def acl(**entry: Any) -> rulesets.Ruleset:
    entry |= {"RuleNumber": 100, "RuleAction": "allow", "Egress": False, "CidrBlock": "0.0.0.0/0"}
    return rulesets.from_data({"NetworkAcls": [{"NetworkAclId": "a", "Entries": [entry]}]})


def azure(**changes: str) -> rulesets.Ruleset:
    rule = {"name": "a", "access": "Allow", "direction": "Inbound", "priority": 100}
    rule |= {"protocol": "Tcp", "sourceAddressPrefix": "10.0.0.0/8", "sourcePortRange": "*"}
    rule |= {"destinationAddressPrefix": "*", "destinationPortRange": "22"}
    return rulesets.from_data([rule | changes])


def gcp(entry: dict[str, Any], sources: list[str] | None = None) -> rulesets.Ruleset:
    rule = {"name": "a", "direction": "INGRESS", "priority": 1000, "allowed": [entry]}
    return rulesets.from_data([rule | ({"sourceRanges": sources} if sources else {})])


def openstack(protocol: str | None, first: int | None) -> rulesets.Ruleset:
    rule: dict[str, Any] = {
        "id": "1",
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": protocol,
    }
    rule |= {"port_range_min": first, "port_range_max": first}
    rule |= {"remote_ip_prefix": "10.0.0.0/8", "remote_group_id": None, "security_group_id": "g"}
    return rulesets.from_data({"security_group_rules": [rule]})


def kubernetes(rule: dict[str, Any]) -> rulesets.Ruleset:
    return rulesets.from_data(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "p"},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [rule]},
        }
    )


def cilium(port: dict[str, Any]) -> rulesets.Ruleset:
    return rulesets.from_data(
        {
            "apiVersion": "cilium.io/v2",
            "kind": "CiliumNetworkPolicy",
            "metadata": {"name": "p"},
            "spec": {"endpointSelector": {}, "ingress": [{"toPorts": [{"ports": [port]}]}]},
        }
    )


def service(**port: int) -> rulesets.Ruleset:
    return rulesets.from_data(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "s"},
            "spec": {"type": "NodePort", "selector": {"a": "b"}, "ports": [port]},
        }
    )


def compose(*ports: object, **more: object) -> rulesets.Ruleset:
    return rulesets.from_data({"services": {"w": {"ports": [*ports], **more}}})


def terraform(kind: str, **values: Any) -> rulesets.Ruleset:
    resource = {"address": f"{kind}.a", "mode": "managed", "type": kind, "name": "a"}
    module = {"resources": [{**resource, "values": values}]}
    head = {"format_version": "1.0", "terraform_version": "1.11.4"}
    return rulesets.from_data({**head, "values": {"root_module": module}})


def azurerm(**changes: Any) -> rulesets.Ruleset:
    values = {"access": "Allow", "direction": "Inbound", "name": "a", "priority": 100}
    values |= {"protocol": "Tcp", "network_security_group_name": "n", "resource_group_name": "r"}
    values |= {"source_address_prefix": "10.0.0.0/8", "source_port_range": "*"}
    values |= {"destination_address_prefix": "*", "destination_port_range": "80"}
    return terraform("azurerm_network_security_rule", **(values | changes))


def google(ports: list[str]) -> rulesets.Ruleset:
    values: dict[str, Any] = {"name": "a", "network": "n", "direction": "INGRESS", "deny": []}
    values |= {"priority": 1000, "source_ranges": ["10.0.0.0/8"], "disabled": False}
    allow = [{"ports": ports, "protocol": "tcp"}]
    return terraform("google_compute_firewall", **values, allow=allow)


def secgroup(first: int) -> rulesets.Ruleset:
    values = {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp"}
    values |= {"remote_ip_prefix": "10.0.0.0/8", "security_group_id": "g"}
    kind = "openstack_networking_secgroup_rule_v2"
    return terraform(kind, **values, port_range_min=first, port_range_max=first)


def template(**rule: Any) -> rulesets.Ruleset:
    properties = {"GroupDescription": "x", "SecurityGroupIngress": [rule]}
    group = {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}
    return rulesets.from_data({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"G": group}})


def acl_template(**entry: Any) -> rulesets.Ruleset:
    entry |= {"NetworkAclId": "a", "RuleNumber": 1, "RuleAction": "allow"}
    entry["CidrBlock"] = "10.0.0.0/8"
    resource = {"Type": "AWS::EC2::NetworkAclEntry", "Properties": entry}
    head = {"AWSTemplateFormatVersion": "2010-09-09"}
    return rulesets.from_data({**head, "Resources": {"E": resource}})


PEERS: dict[str, Any] = {"from": [{"podSelector": {}}]}
PORT = {"port": 80, "protocol": "TCP"}
TCP = {"IPProtocol": "tcp", "ports": ["22"]}

# The row, a ruleset that has such a text, the sentence, and a ruleset that nearly has it.
CASES: list[tuple[str, rulesets.Ruleset, str, rulesets.Ruleset]] = [
    (
        "negated-ports",
        iptables("-p tcp -m tcp ! --dport 22 -j ACCEPT"),
        "the rule accepts every port except the ones in '! --dport 22'",
        iptables("-p tcp -m tcp ! --dport 22 -j DROP"),
    ),
    (
        "negated-ports",
        iptables("-p tcp -m multiport ! --dports 22,80 -j ACCEPT"),
        "the rule accepts every port except the ones in '! --dports 22,80'",
        iptables("! -s 10.0.0.1 -p tcp -m multiport --dports 22,80 -j ACCEPT"),
    ),
    (
        "negated-ports",
        listed("tcp dpts:!80:90"),
        "the rule accepts every port except the ones in 'dpts:!80:90'",
        listed("tcp dpts:80:90"),
    ),
    (
        "negated-ports",
        listed("multiport dports  !22,80"),
        "the rule accepts every port except the ones in 'dports  !22,80'",
        listed("multiport dports 22,80"),
    ),
    (
        "negated-ports-nft",
        nft("tcp dport != { 22, 80 } accept"),
        "the rule accepts every port except those that it names",
        nft("ip saddr != 192.0.2.1 tcp dport { 22, 80 } accept"),
    ),
    (
        "negated-ports-nft",
        nft_json("tcp", "!="),
        "the rule accepts every port except those that it names",
        nft_json("tcp", "=="),
    ),
    (
        "either-port",
        iptables("-p tcp -m multiport --ports 80,443 -j ACCEPT"),
        "'--ports 80,443' matches the source port as well, so the rule accepts packets from these "
        "ports to any other",
        iptables("-p tcp -m multiport --dports 80,443 -j ACCEPT"),
    ),
    (
        "either-port",
        listed("multiport ports 80"),
        "'multiport ports 80' matches the source port as well, so the rule accepts packets from "
        "these ports to any other",
        listed("multiport dports 80"),
    ),
    (
        "port-zero",
        iptables("-p tcp --dport 0 -j DROP"),
        "'--dport 0' matches only port 0, not every port",
        iptables("-p tcp --dport 0:1023 -j DROP"),
    ),
    (
        "port-zero-nft",
        nft("tcp dport 0 drop"),
        "'dport 0' matches only port 0, not every port",
        nft("tcp dport 0-1023 drop"),
    ),
    (
        "open-end",
        iptables("-p tcp --dport 60000: -j ACCEPT"),
        "'--dport 60000:' has an open end, which means port 0 or port 65535",
        iptables("-p tcp --dport 60000:60010 -j ACCEPT"),
    ),
    (
        "without-zero",
        iptables("-p tcp --dport 1:65535 -j DROP"),
        "'--dport 1:65535' leaves out port 0",
        iptables("-p tcp --dport 0:65535 -j DROP"),
    ),
    (
        "every-transport",
        nft("th dport 53 accept"),
        "'th dport' matches TCP, UDP, SCTP and DCCP",
        nft("udp dport 53 accept"),
    ),
    (
        "every-transport",
        nft_json("th", "=="),
        "'th dport' matches TCP, UDP, SCTP and DCCP",
        nft_json("udp", "=="),
    ),
    (
        "forwarded",
        nat("! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80"),
        "these packets are forwarded to another host or container, so rules for packets to this "
        "host, such as the ones in INPUT and of ufw, do not apply to them",
        nat("-p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 80"),
    ),
    (
        "no-protocol",
        ufw("22                         ALLOW IN    Anywhere"),
        "a port without a protocol means TCP and UDP",
        ufw("22/tcp                     ALLOW IN    Anywhere"),
    ),
    (
        "no-protocol",
        ufw("[ 2] 22 (v6)                    DENY IN     Anywhere (v6)"),
        "a port without a protocol means TCP and UDP",
        ufw("[ 2] 22/udp (v6)                DENY IN     Anywhere (v6)"),
    ),
    (
        "limit",
        ufw("22/tcp                     LIMIT       Anywhere"),
        "LIMIT accepts connections from an address until there were 6 attempts in 30 seconds",
        ufw("22/tcp                     ALLOW       Anywhere"),
    ),
    (
        "zone-target",
        zone('<port port="22" protocol="tcp"/>', ' target="ACCEPT"'),
        "the target ACCEPT accepts every packet, whichever ports are listed",
        zone('<port port="22" protocol="tcp"/>', ' target="DROP"'),
    ),
    (
        "rich-rule",
        zone('<rule family="ipv4"><source address="10.0.0.0/8"/><accept/></rule>'),
        "a rich rule without a port or a service accepts every port",
        zone('<rule><port port="22" protocol="tcp"/><accept/></rule>'),
    ),
    (
        "rich-rule",
        rulesets.parse('rule family="ipv4" source address="10.0.0.0/8" accept\n', "firewalld-list"),
        "a rich rule without a port or a service accepts every port",
        rulesets.parse('rule port port="22" protocol="tcp" accept\n', "firewalld-list"),
    ),
    (
        "icmp-type",
        aws(IpProtocol="icmp", FromPort=8, ToPort=0),
        "the two numbers are the ICMP type and code, not ports",
        aws(IpProtocol="icmp", FromPort=-1, ToPort=-1),
    ),
    (
        "ignored-ports",
        aws(IpProtocol="132", FromPort=22, ToPort=22),
        "AWS ignores the ports of this protocol, so every packet of it matches",
        aws(IpProtocol="6", FromPort=22, ToPort=22),
    ),
    (
        "zero-to-zero",
        aws(IpProtocol="tcp", FromPort=0, ToPort=0),
        "a range from 0 to 0 means only port 0, not every port",
        aws(IpProtocol="tcp", FromPort=0, ToPort=65535),
    ),
    (
        "every-protocol",
        template(IpProtocol="-1", FromPort=22, ToPort=22, CidrIp="10.0.0.0/8"),
        "with protocol -1 AWS ignores the ports, so the rule accepts every port",
        template(IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="10.0.0.0/8"),
    ),
    (
        "every-protocol",
        template(IpProtocol=-1, FromPort="22", ToPort="22", CidrIp="10.0.0.0/8"),
        "with protocol -1 AWS ignores the ports, so the rule accepts every port",
        template(IpProtocol="-1", CidrIp="10.0.0.0/8"),
    ),
    (
        "every-protocol",
        acl_template(Protocol=-1, PortRange={"From": 22, "To": 22}),
        "with protocol -1 AWS ignores the ports, so the rule accepts every port",
        acl_template(Protocol=6, PortRange={"From": 22, "To": 22}),
    ),
    (
        "zero-to-zero-nacl",
        acl_template(Protocol=6, PortRange={"From": 0, "To": 0}),
        "a range from 0 to 0 means only port 0, not every port",
        acl_template(Protocol=6, PortRange={"From": 0, "To": 65535}),
    ),
    (
        "zero-to-zero-openstack",
        secgroup(0),
        "in OpenStack resources, a range from 0 to 0 means every port",
        secgroup(22),
    ),
    (
        "no-ports-gcp",
        google([]),
        "an entry without ports means every port of its protocol",
        google(["22"]),
    ),
    (
        "any-source",
        azurerm(source_address_prefix="*"),
        "'*' as the source means every address, including the internet",
        azurerm(),
    ),
    (
        "ports-of-no-use",
        azurerm(protocol="Icmp"),
        "the protocol has no ports, so the ports in the rule have no effect",
        azurerm(),
    ),
    (
        "sender-chooses",
        azurerm(source_port_range="22"),
        'the ports in \'"source_port_range": "22"\' are source ports, which the sender chooses',
        azurerm(),
    ),
    (
        "zero-to-zero-nacl",
        acl(Protocol="6", PortRange={"From": 0, "To": 0}),
        "a range from 0 to 0 means only port 0, not every port",
        acl(Protocol="6", PortRange={"From": 0, "To": 65535}),
    ),
    (
        "sender-chooses",
        azure(sourcePortRange="22", destinationPortRange="*"),
        'the ports in \'"sourcePortRange": "22"\' are source ports, which the sender chooses',
        azure(),
    ),
    (
        "ports-of-no-use",
        azure(protocol="Icmp"),
        "the protocol has no ports, so the ports in the rule have no effect",
        azure(protocol="Icmp", destinationPortRange="*"),
    ),
    (
        "any-source",
        azure(sourceAddressPrefix="*"),
        "'*' as the source means every address, including the internet",
        azure(sourceAddressPrefix="*", access="Deny"),
    ),
    (
        "no-ports-gcp",
        gcp({"IPProtocol": "tcp"}, ["10.0.0.0/8"]),
        "an entry without ports means every port of its protocol",
        gcp({"IPProtocol": "icmp"}, ["10.0.0.0/8"]),
    ),
    (
        "no-source-gcp",
        gcp(TCP),
        "a rule without a source allows every address",
        gcp(TCP, ["10.0.0.0/8"]),
    ),
    (
        "no-ports-openstack",
        openstack("tcp", None),
        "a rule without port_range_min allows every port of its protocol",
        openstack("tcp", 22),
    ),
    (
        "no-protocol-openstack",
        openstack(None, None),
        "a rule without a protocol allows every protocol and port",
        openstack("icmp", None),
    ),
    (
        "icmp-type-openstack",
        openstack("icmp", 8),
        "port_range_min and port_range_max are the ICMP type and code, not ports",
        openstack("icmp", None),
    ),
    (
        "no-ports-kubernetes",
        kubernetes(PEERS),
        "a rule without ports allows every port",
        kubernetes({**PEERS, "ports": [PORT]}),
    ),
    (
        "no-ports-kubernetes",
        kubernetes({**PEERS, "ports": []}),
        "a rule without ports allows every port",
        kubernetes({**PEERS, "ports": [PORT]}),
    ),
    (
        "no-peers-kubernetes",
        kubernetes({"ports": [PORT]}),
        "a rule without 'from' allows every source",
        kubernetes({**PEERS, "ports": [PORT]}),
    ),
    (
        "tcp-only",
        kubernetes({**PEERS, "ports": [{"port": 53}]}),
        "a port without a protocol means TCP only, so UDP does not match",
        kubernetes({**PEERS, "ports": [{"port": 53, "protocol": "UDP"}]}),
    ),
    (
        "port-zero-cilium",
        cilium({"port": "0", "protocol": "TCP"}),
        "Cilium treats port 0 as every port",
        cilium({"port": "80", "protocol": "TCP"}),
    ),
    (
        "any-protocol-cilium",
        cilium({"port": "80"}),
        "a port without a protocol means TCP, UDP and SCTP",
        cilium({"port": "80", "protocol": "ANY"}),
    ),
    (
        "node-port",
        service(port=80, nodePort=30080),
        "the port of '\"nodePort\": 30080' is open on every node of the cluster",
        service(port=80),
    ),
    (
        "published",
        compose("8080:80"),
        "8080/tcp is published on every address of the host, and rules of ufw or of the chain "
        "INPUT do not apply to it",
        compose("127.0.0.1:8080:80"),
    ),
    (
        "exposed",
        compose(expose=["6379"]),
        "'expose' publishes nothing: only other services can reach the port",
        compose("127.0.0.1:8080:80"),
    ),
]


def misread(ruleset: rulesets.Ruleset) -> list[tuple[str, str]]:
    return [(each.sentence, each.id) for each in audit(ruleset) if each.id.startswith("misread")]


@pytest.mark.parametrize(("name", "ruleset", "sentence", "other"), CASES)
def test_a_text_that_is_misread(
    name: str, ruleset: rulesets.Ruleset, sentence: str, other: rulesets.Ruleset
) -> None:
    row = {row.name: row for row in ROWS}[name]
    assert (sentence, "misread-opening" if row.opens else "misread") in misread(ruleset)
    (found,) = [each for each in audit(ruleset) if each.sentence == sentence]
    assert found.location in [rule.location for rule in ruleset.rules]
    assert other.rules
    assert sentence not in dict(misread(other))


def test_every_row_has_a_case() -> None:
    assert {name for name, *_ in CASES} == {row.name for row in ROWS}
    known = {row.name for row in rulesets.formats()}
    assert all(known.issuperset(row.formats) for row in ROWS)


def test_rules_with_the_same_text_have_one_finding() -> None:
    permission = {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 0}
    ranges = [{"CidrIp": f"10.{number}.0.0/16"} for number in range(4)]
    group = {"GroupId": "sg-1", "IpPermissions": [{**permission, "IpRanges": ranges}]}
    ruleset = rulesets.from_data({"SecurityGroups": [group, {**group, "GroupId": "sg-2"}]})
    assert len(ruleset.rules) == 8
    sentences = [sentence for sentence, _ in misread(ruleset)]
    assert len(sentences) == len({(each.text, each.conditions) for each in ruleset.rules})


@pytest.mark.parametrize(
    ("ruleset", "fault", "hint", "name"),
    [
        (
            iptables("-p tcp --dport 010 -j ACCEPT"),
            "port must have no leading zero, got '010'",
            "iptables reads '-p tcp --dport 010' as 8 (octal; 10 with '-p udp')",
            "misread-opening",
        ),
        (
            iptables("-p tcp --dport 010 -j DROP"),
            "port must have no leading zero, got '010'",
            "iptables reads '-p tcp --dport 010' as 8 (octal; 10 with '-p udp')",
            "misread",
        ),
        (
            iptables("-p udp --dport 90:80 -j ACCEPT"),
            "first must not be greater than last, got '90:80'; did you mean 80:90?",
            "iptables reads '-p udp --dport 90:80' as no port (only '-p tcp' rejects it)",
            "misread-opening",
        ),
        (
            iptables("-p tcp --dport : -j ACCEPT"),
            "a range must have both ends, got ':'",
            "iptables reads '-p tcp --dport :' as every port (the match is dropped)",
            "misread-opening",
        ),
        (
            zone('<port port="1024-" protocol="tcp"/>'),
            "a range must have both ends, got '1024-'",
            "firewalld reads '1024-/tcp' as 1024 (the single port)",
            "misread-opening",
        ),
        (
            aws(IpProtocol="-1", FromPort=22, ToPort=22),
            "a permission for every protocol must have no ports, got {'IpProtocol': '-1', "
            "'FromPort': 22, 'ToPort': 22}",
            "every port is allowed",
            "misread-opening",
        ),
        (
            gcp({"IPProtocol": "tcp", "ports": []}, ["10.0.0.0/8"]),
            "ports must not be empty, got {'IPProtocol': 'tcp', 'ports': []}",
            "without the field, every port is meant",
            "misread-opening",
        ),
        (
            compose(541342),
            "port must be in 1..65535, got '541342'",
            "YAML reads 9022:22 without quotes as 541342, to base 60",
            "misread-opening",
        ),
    ],
)
def test_what_a_tool_reads_of_a_skipped_rule(
    ruleset: rulesets.Ruleset, fault: str, hint: str, name: str
) -> None:
    assert misread(ruleset) == [(hint, name)]
    (skipped,) = [each for each in audit(ruleset) if each.id.startswith("skipped")]
    assert skipped.sentence.endswith(f": {fault}")


def test_rules_that_an_earlier_one_hides_by_its_priority() -> None:
    def hidden(*rules: rulesets.Ruleset) -> list[str]:
        together = replace(rules[0], rules=tuple(rule for each in rules for rule in each.rules))
        return [each.sentence for each in audit(together) if each.id == "shadowed"]

    def numbered(ruleset: rulesets.Ruleset, number: int, **more: Any) -> rulesets.Ruleset:
        (rule,) = ruleset.rules
        return replace(ruleset, rules=(replace(rule, priority=number, **more),))

    deny = numbered(azure(access="Deny", destinationPortRange="20-30"), 100)
    (sentence,) = hidden(numbered(azure(), 200), deny)
    assert (
        sentence == "the rule has no effect: the rule in /0 (drop) already matches all of its ports"
    )
    assert hidden(numbered(azure(), 50), deny) == []
    assert hidden(numbered(azure(), 200, direction=rulesets.Direction.OUT), deny) == []
    assert hidden(numbered(azure(), 100), deny) == []
    entry = {"Protocol": "6", "PortRange": {"From": 22, "To": 22}}
    assert len(hidden(numbered(acl(**entry), 1), numbered(acl(**entry), 2))) == 0
    wide = acl(Protocol="6", PortRange={"From": 0, "To": 1023})
    assert len(hidden(numbered(acl(**entry), 2), numbered(wide, 1))) == 1
    # The order of a security group makes no difference.
    narrow = aws(IpProtocol="tcp", FromPort=22, ToPort=22)
    assert hidden(aws(IpProtocol="tcp", FromPort=0, ToPort=1023), narrow) == []


def test_services_behind_published_ports() -> None:
    def exposed(ruleset: rulesets.Ruleset) -> list[str]:
        found = [each for each in audit(ruleset) if each.id == "not-for-internet"]
        return [each.sentence.partition(",")[0] for each in found]

    assert exposed(compose("6379:6379")) == ["6379/tcp exposes Redis"]
    assert exposed(compose("192.0.2.1:6379:6379")) == ["6379/tcp exposes Redis"]
    assert exposed(compose("127.0.0.1:6379:6379")) == []
    assert exposed(compose("16379:6379")) == ["16379/tcp"]
    (found,) = [each for each in audit(compose("7000-7001:6378-6379")) if "Redis" in each.sentence]
    assert found.sentence.startswith("7001/tcp, which leads to 6379, exposes Redis, which should")
    assert str(found.ports) == "7001"
    assert exposed(compose("16379:6379/udp")) == []
    assert exposed(compose(expose=["6379"])) == []
    assert exposed(compose("6379")) == ["one of 32768-60999/tcp"]
    assert exposed(compose("127.0.0.1::6379")) == []


def test_services_of_kubernetes() -> None:
    def of(kind: str, **spec: object) -> list[str]:
        data = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "s"}, "spec": spec}
        found = audit(rulesets.from_data(data))
        assert "duplicate" not in {each.id for each in found}
        sentences = [each.sentence for each in found if each.id == "not-for-internet"]
        return [each.partition(",")[0] for each in sentences]

    redis = ["6379/tcp exposes Redis"]
    port = {"port": 6379}
    assert of("Service", type="LoadBalancer", ports=[port]) == redis
    assert of("Service", type="ClusterIP", ports=[port]) == []
    assert of("Service", externalIPs=["192.0.2.1"], ports=[port]) == redis
    ranges = ["10.0.0.0/8"]
    assert of("Service", type="LoadBalancer", ports=[port], loadBalancerSourceRanges=ranges) == []
    ranges = ["0.0.0.0/0"]
    assert (
        of("Service", type="LoadBalancer", ports=[port], loadBalancerSourceRanges=ranges) == redis
    )
    assert of("Service", type="NodePort", ports=[{**port, "nodePort": 30001}]) == ["30001/tcp"]
    chosen = ["one of 30000-32767/tcp"]
    assert of("Service", type="NodePort", ports=[port]) == chosen
    both = [{"port": 81, "targetPort": 80}, {"port": 82, "targetPort": 80}]
    assert of("Service", type="NodePort", ports=both) == []


def test_ports_of_pods() -> None:
    def of(*ports: dict[str, object], **spec: object) -> list[tuple[str, str]]:
        containers = [{"name": str(at), "ports": [each]} for at, each in enumerate(ports)]
        data = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": containers, **spec}}
        found = audit(rulesets.from_data(data))
        return [(each.id, each.sentence.partition(",")[0]) for each in found if each.location]

    redis = ("not-for-internet", "6379/tcp exposes Redis")
    assert of({"containerPort": 6379}) == []
    assert of({"containerPort": 80}, {"containerPort": 81}, {"containerPort": 80}) == []
    assert of({"containerPort": 6379, "hostPort": 6379}) == [redis]
    assert of({"containerPort": 6379, "hostPort": 6379, "hostIP": "127.0.0.1"}) == []
    (found, skipped) = of({"containerPort": 6379}, hostNetwork=True)
    assert (found, skipped[0]) == (redis, "skipped-opening")
