"""advice.audit of rulesets: what is found, in which words, and at which place."""

from __future__ import annotations

import json

import pytest

from cloud_samples import AZURE, AZURE_EFFECTIVE, GCP, GCP_POLICY, OPENSTACK, plan, resource
from portranges import rulesets
from portranges.advice import audit, idle_rules, of_rulesets
from portranges.families import Family
from portranges.portset import PortSet
from portranges.rulesets import Action, Location, Rule, Ruleset
from portranges.transport_ports import TransportPorts

STATEFUL = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"


def found(*lines, policy="DROP", systems=("linux",)):
    """Return the findings about rules whose first one is in line 1."""
    text = "\n".join([*lines, f"-P INPUT {policy}"])
    return [f"{each.location}: {each}" for each in audit(rulesets.parse(text, "iptables"), systems)]


def accept(port, more="", transport="tcp"):
    return f"-A INPUT {more}-p {transport} -m {transport} --dport {port} -j ACCEPT"


def test_a_ruleset_without_faults():
    assert found("-A INPUT -i lo -j ACCEPT", STATEFUL, accept(22), accept(443)) == []


class TestExposedServices:
    def test_the_place_is_the_rule_that_opens_the_port(self):
        assert found(STATEFUL, accept(22), accept("3300:3310")) == [
            "line 3: warning: 3306/tcp exposes MySQL, which should not be reachable from the "
            "internet: its manual forbids access from untrusted hosts (not-for-internet)"
        ]

    def test_only_the_transports_of_the_service_count(self):
        assert found(accept(69)) == []
        (text,) = found(accept(69, transport="udp"))
        assert text.startswith("line 1: warning: 69/udp exposes TFTP")

    def test_a_port_that_an_earlier_rule_drops_is_not_exposed(self):
        drop = "-A INPUT -p tcp -m tcp --dport 3306 -j DROP"
        assert found(drop, accept("3300:3310")) == []

    @pytest.mark.parametrize(
        ("match", "target", "policy", "sentences"),
        [
            ("--dport 6379", "172.17.0.2:6379", "DROP", ["6379/tcp exposes Redis"]),
            ("--dport 6379", "172.17.0.2", "ACCEPT", ["6379/tcp exposes Redis"]),
            ("--dport 16379", "172.17.0.2:6379", "DROP", ["16379/tcp, which leads to 6379"]),
            # The service is found by the port behind it.
            ("--dport 6379", "172.17.0.2:80", "ACCEPT", []),
            ("--dport 8080", "172.17.0.2:80", "ACCEPT", []),
            ("-s 10.0.0.0/8 --dport 6379", "172.17.0.2:6379", "DROP", []),
            ("-d 127.0.0.1/32 --dport 6379", "172.17.0.2:6379", "DROP", []),
            ("--dport 27017", "172.17.0.2:27017", "DROP", []),
        ],
    )
    def test_a_port_that_leads_to_a_container(self, match, target, policy, sentences):
        text = f"""\
*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -j DOCKER
-A DOCKER ! -i docker0 -p tcp -m tcp {match} -j DNAT --to-destination {target}
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD {policy} [0:0]
:DOCKER - [0:0]
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 6379 -j ACCEPT
COMMIT
"""
        found = [each for each in audit(rulesets.parse(text)) if each.id == "not-for-internet"]
        assert [each.sentence.partition(", ")[0] for each in found] == [
            each.partition(", ")[0] for each in sentences
        ]
        assert all(each in found[0].sentence for each in sentences)
        assert all(str(each.location) == "line 5" for each in found)

    def test_a_redirected_port_is_named_at_the_redirection(self):
        text = """\
*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 6379 -j REDIRECT --to-ports 8080
COMMIT
*filter
:INPUT DROP [0:0]
-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT
COMMIT
"""
        (each,) = audit(rulesets.parse(text))
        assert (each.id, each.ports, each.location) == (
            "not-for-internet",
            PortSet([6379]),
            Location(line=3),
        )

    def test_a_policy_has_no_place(self):
        drop = "-A INPUT -p tcp -m multiport --dports 0:6378,6380:65535 -j DROP"
        texts = found(drop, "-A INPUT -p udp -j DROP", policy="ACCEPT")
        assert texts == [
            "None: warning: 6379/tcp exposes Redis, which should not be reachable from the "
            "internet: it is designed for trusted clients inside trusted environments "
            "(not-for-internet)"
        ]

    @pytest.mark.parametrize(
        "condition",
        [
            "-s 10.0.0.0/8 ",
            "-m set --match-set admins src ",
            "-m iprange --src-range 10.0.0.1-10.0.0.9 ",
        ],
    )
    def test_a_rule_for_certain_senders_is_intended(self, condition):
        assert found(accept(3306, condition)) == []

    @pytest.mark.parametrize(
        "condition",
        ["-i eth0 ", "! -s 10.0.0.0/8 ", "-s 0.0.0.0/0 ", "-d 192.0.2.1 "],
    )
    def test_other_conditions_do_not_restrict_the_senders(self, condition):
        (text,) = found(accept(3306, condition))
        assert text.startswith("line 1: warning: 3306/tcp exposes MySQL")

    def test_conditions_of_jumps_count(self):
        chain = "-A web -p tcp -m tcp --dport 3306 -j ACCEPT"
        assert found("-N web", "-A INPUT -s 10.0.0.0/8 -j web", chain) == []
        both = found("-N web", "-A INPUT -s 10.0.0.0/8 -j web", "-A INPUT -i eth0 -j web", chain)
        assert [each[:7] for each in both] == ["line 4:"]


class TestWideRules:
    def test_an_open_policy(self):
        assert found(accept(22), policy="ACCEPT") == [
            "None: warning: all TCP ports are open (opens-all)",
            "None: warning: all UDP ports are open (opens-all)",
        ]
        texts = found("-A INPUT -p tcp -j ACCEPT")
        assert texts == ["line 1: warning: all TCP ports are open (opens-all)"]

    def test_a_rule_for_an_interface_is_a_note(self):
        assert found("-A INPUT -i wg0 -j ACCEPT") == [
            "line 1: note: the rule opens all ports to packets that meet its conditions "
            "(opens-all-if)"
        ]
        chain = "-A vpn -p tcp -j ACCEPT"
        assert found("-N vpn", "-A INPUT -i wg0 -j vpn", chain) == [
            "line 3: note: the rule opens all TCP ports to packets that meet its conditions "
            "(opens-all-if)"
        ]

    def test_a_rule_for_an_interface_of_forwarded_packets_is_not_reported(self):
        assert found("-A FORWARD -i docker0 -j ACCEPT") == []

    def test_a_source_port_is_not_a_restriction(self):
        assert found("-A INPUT -p udp -m udp --sport 53 -j ACCEPT") == [
            "line 1: warning: the rule opens all UDP ports to packets from source port 53, which "
            "any sender can use (opens-by-source)"
        ]

    def test_many_system_ports_at_once(self):
        assert "line 1: warning: 90-101/tcp opens 12 system ports at once (exposes-system)" in (
            found(accept("90:101"))
        )


class TestReplies:
    CUT = (
        "line 1: warning: 49152-60999/tcp of the ephemeral range of Linux is open, but 32768-49151 "
        "is not: about 58 % of its connections get no reply (cuts-ephemeral)"
    )

    def test_a_stateless_filter_needs_the_whole_range(self):
        rule = "-A INPUT -p tcp -m tcp --dport 49152:65535 ! --syn -j ACCEPT"
        assert found(rule) == [self.CUT]
        assert found(rule, systems=()) == []
        assert found(rule.replace("49152", "32768")) == []

    def test_a_stateful_filter_does_not(self):
        rule = "-A INPUT -p tcp -m tcp --dport 49152:65535 ! --syn -j ACCEPT"
        assert found(rule, STATEFUL) == []

    def test_the_loopback_interface_has_no_replies(self):
        rule = "-A INPUT -p tcp -m tcp --dport 49152:65535 ! --syn -j ACCEPT"
        assert found(rule, "-A INPUT -i lo -j ACCEPT") == [self.CUT]


class TestRulesWithoutEffect:
    def test_a_hidden_rule(self):
        assert found(accept("17000:17040"), accept(17020), accept("17030:17049")) == [
            "line 1: note: the rule could be merged with line 3 into 17000-17049/tcp (mergeable)",
            "line 2: error: the rule has no effect: the rule in line 1 (accept) already matches "
            "all of its ports (shadowed)",
        ]

    def test_a_rule_that_several_hide(self):
        drop = "-A INPUT -p tcp -m tcp --dport 15:20 -j DROP"
        assert found(accept("17:18"), drop, accept("15:18")) == [
            "line 3: error: the rule has no effect: the rule in line 2 (drop) already matches "
            "all of its ports (shadowed)"
        ]
        drop = "-A INPUT -p tcp -m multiport --dports 15,22 -j DROP"
        assert found(accept(18), drop, "-A INPUT -p tcp -m multiport --dports 18,22 -j LOG") == [
            "line 3: error: the rule has no effect: earlier rules together already match "
            "all of its ports (shadowed)"
        ]

    def test_a_rule_after_the_last_one(self):
        assert found("-A INPUT -j DROP", accept(22), "-A INPUT -j ACCEPT") == [
            "line 2: error: the rule has no effect: the rule in line 1 (drop) already matches "
            "all of its ports (shadowed)",
            "line 3: error: the rule has no effect: the rule in line 1 (drop) already matches "
            "all of its ports (shadowed)",
        ]

    def test_rules_for_all_transports_do_not_hide_other_protocols(self):
        every = [f"-A INPUT -p {each} -j DROP" for each in ("tcp", "udp", "sctp", "dccp")]
        assert found(*every, "-A INPUT -j REJECT") == []
        assert found("-A INPUT ! -p icmp -j DROP", "-A INPUT -j REJECT") == []

    def test_a_condition_may_fail(self):
        drop = "-A INPUT -i eth0 -p tcp -m tcp --dport 22 -j DROP"
        assert found(drop, accept(22)) == []
        (text,) = found(drop, "-A INPUT -i eth0 -p tcp -m multiport --dports 22 -j LOG")
        assert text.startswith("line 2: error: the rule has no effect: the rule in line 1 (drop)")

    def test_a_rule_that_goes_on_hides_nothing(self):
        assert found("-A INPUT -p tcp -m tcp --dport 22 -j LOG", accept(22)) == []

    def test_a_duplicate(self):
        assert found(accept(22), accept(443), accept(22)) == [
            "line 3: warning: the rule repeats the rule in line 1; remove one of them (duplicate)"
        ]

    def test_entries_of_a_map_do_not_hide_each_other(self):
        def of_nft(*lines):
            start = "type filter hook input priority 0; policy drop;"
            rules = "\n".join([f"table inet t {{ chain input {{ {start}", *lines, "} }"])
            return [f"{each.location}: {each.id}" for each in audit(rulesets.parse(rules))]

        states = "ct state vmap { established : accept, invalid : drop }"
        marks = "meta mark vmap { 1 : accept, 2 : drop }"
        peers = "ip saddr . tcp dport vmap { 10.0.0.1 . 22 : accept, 10.0.0.2 . 22 : drop }"
        assert of_nft(states, marks, peers) == ["line 3: opens-all-if"]
        assert of_nft(peers, "tcp dport 443 accept", peers) == ["line 4: duplicate"] * 2
        hidden = ["line 3: shadowed"] * 2
        assert of_nft("meta nfproto ipv4 tcp dport 22 accept", peers) == hidden

    def test_what_is_no_duplicate(self):
        limit = "-m limit --limit 5/min "
        assert found(accept(22, limit), accept(22, limit)) == []
        assert found("-A INPUT -p icmp -j ACCEPT", "-A INPUT -p esp -j ACCEPT") == []
        assert found(accept(22), "-A OUTPUT -p tcp -m tcp --dport 22 -j ACCEPT") == []

    def test_a_list_that_hides_interfaces_is_not_compared(self):
        text = """\
Chain INPUT (policy DROP)
target     prot opt source               destination
ACCEPT     tcp  --  0.0.0.0/0            0.0.0.0/0            tcp dpt:22
ACCEPT     tcp  --  0.0.0.0/0            0.0.0.0/0            tcp dpt:22
"""
        assert audit(rulesets.parse(text)) == ()

    def test_ranges_that_could_be_merged(self):
        lines = [accept(22), accept("17010:17019"), accept("17000:17009"), accept("17020:17029")]
        assert found(*lines) == [
            "line 2: note: the rule could be merged with line 3 and line 4 into 17000-17029/tcp "
            "(mergeable)"
        ]
        many = [accept(17000 + port) for port in range(10, 16)]
        assert found(*many) == [
            "line 1: note: the rule could be merged with line 2, line 3, line 4 and 2 more into "
            "17010-17015/tcp (mergeable)"
        ]

    def test_what_cannot_be_merged(self):
        assert found(accept(17010), accept(17011, "-i eth0 ")) == []
        assert found(accept(17010), accept(17011, transport="udp")) == []
        assert (
            found(accept(17010), "-A INPUT -p tcp -m tcp --dport 17012 -j LOG", accept(17011)) == []
        )

    def test_a_chain_without_a_jump(self):
        lines = ["-N old", "-N new", "-A INPUT -j new", "-A old -j RETURN", "-A new -j RETURN"]
        assert found(*lines) == [
            "line 4: note: no rule jumps to the chain filter old, so its rules have no effect "
            "(unused-chain)"
        ]


def test_what_was_skipped():
    assert found("-A INPUT -j HOMEMADE", "-A INPUT -m geoip --source-country XX -j DROP") == [
        "line 1: warning: not understood, and may open ports: target must be a chain of the table "
        "or a known target, got 'HOMEMADE' (skipped-opening)",
        "line 2: note: not understood: option must be one of iptables or of a loaded module, got "
        "'--source-country' (skipped)",
    ]


@pytest.mark.parametrize(("key", "row"), [("ingress", "skipped-opening"), ("egress", "skipped")])
def test_what_was_skipped_in_one_direction(key, row):
    resource = {"address": "a.b", "type": "aws_security_group", "name": "b", "mode": "managed"}
    values = {"id": "sg-1", "ingress": [], "egress": []}
    del values[key]
    module = {"resources": [{**resource, "values": values}]}
    plan = {"terraform_version": "1.11.4", "planned_values": {"root_module": module}}
    ruleset = rulesets.from_data(plan)
    assert [each.direction for each in ruleset.skipped] == [
        rulesets.Direction.IN if key == "ingress" else rulesets.Direction.OUT
    ]
    rows = [each.id for each in audit(ruleset)]
    assert [each for each in rows if each.startswith("skipped")] == [row]


def test_a_format_without_an_evaluation():
    rules = tuple(
        Rule(
            ports=TransportPorts(tcp=[3306]),
            families=(Family.INET,),
            action=action,
            group="a",
            location=Location(line=line),
            text="",
        )
        for line, action in enumerate([Action.DROP, Action.ACCEPT, Action.DROP], 1)
    )
    assert [str(each) for each in audit(Ruleset(format="x", rules=rules))] == [
        "warning: 3306/tcp exposes MySQL, which should not be reachable from the internet: its "
        "manual forbids access from untrusted hosts (not-for-internet)",
        "warning: the rule repeats the rule in line 1; remove one of them (duplicate)",
        "note: rules of the format x are not evaluated, so a port counts as open if any rule "
        "accepts it (not-evaluated)",
    ]


def test_a_policy_that_is_not_in_the_file():
    text = "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
    lines = [str(each) for each in audit(rulesets.parse(text, "iptables"))]
    assert lines == [
        "note: the file does not contain the default policy, so ports without a rule may be "
        "reachable (policy-unknown)"
    ]
    text += "-A INPUT -p tcp -m tcp --dport 3306 -j ACCEPT\n"
    assert [each.id for each in audit(rulesets.parse(text, "iptables"))] == [
        "not-for-internet",
        "policy-unknown",
    ]
    # Rules in another file may lead to a chain of this one.
    text = "-N old\n-A old -j RETURN\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
    assert [each.id for each in audit(rulesets.parse(text, "iptables"))] == ["policy-unknown"]
    assert [each.id for each in audit(rulesets.parse("-P INPUT ACCEPT"))] == ["opens-all"] * 2


def test_a_security_group_that_is_open_to_one_network_and_to_all():
    def group(network):
        allowed = {"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306}
        allowed["IpRanges"] = [{"CidrIp": network}]
        groups = [{"GroupId": "sg-1", "IpPermissions": [allowed], "IpPermissionsEgress": []}]
        return audit(rulesets.from_data({"SecurityGroups": groups}))

    assert [each.id for each in group("10.0.0.0/8")] == ["not-evaluated"]
    exposed, _ = group("0.0.0.0/0")
    assert (exposed.id, exposed.ports) == ("not-for-internet", PortSet([3306]))
    assert exposed.location is not None
    assert exposed.location.pointer.startswith("/SecurityGroups/0/IpPermissions/0")


@pytest.mark.parametrize(
    ("data", "is_exposed"),
    [
        ([{**GCP, "sourceRanges": ["10.0.0.0/8"]}], False),
        ([{**GCP, "sourceRanges": ["10.0.0.0/8", "0.0.0.0/0"]}], True),
        ([{**GCP, "sourceTags": ["a"]}], True),
        ([{**GCP, "sourceRanges": None, "sourceTags": ["a"]}], False),
        ([{**GCP, "targetTags": ["a"]}], True),
        ([{**AZURE, "sourceAddressPrefix": "10.0.0.0/8"}], False),
        ([{**AZURE, "sourceAddressPrefix": "VirtualNetwork"}], False),
        ([{**AZURE, "sourceAddressPrefix": "Internet"}], True),
        ([{**AZURE, "sourcePortRange": "53"}], True),
        ([{**AZURE, "destinationAddressPrefix": "10.0.0.0/8"}], True),
        ([{**OPENSTACK, "remote_ip_prefix": "10.0.0.0/8"}], False),
        ([{**OPENSTACK, "remote_group_id": "a"}], False),
        ([OPENSTACK], True),
    ],
)
def test_rules_of_clouds_for_certain_senders(data, is_exposed):
    text = json.dumps(data).replace('"443', '"3306').replace("443", "3306")
    found = [each.id for each in audit(rulesets.parse(text))]
    assert ("not-for-internet" in found) is is_exposed


def test_a_rule_hides_none_of_the_other_direction():
    every = {"protocol": "*", "destinationPortRange": "*"}
    deny = {**AZURE, **every, "access": "Deny", "priority": 100}
    for direction, expected in (("Outbound", []), ("Inbound", ["shadowed"])):
        rules = [deny, {**AZURE, "direction": direction, "priority": 200}]
        found = [each.id for each in audit(rulesets.from_data({"securityRules": rules}))]
        assert [each for each in found if each == "shadowed"] == expected


def test_rules_that_a_cloud_adds_by_itself_may_be_hidden():
    every = {"CidrBlock": "0.0.0.0/0", "Egress": True, "Protocol": "-1"}
    allow = {**every, "RuleAction": "allow", "RuleNumber": 100}
    deny = {**every, "RuleAction": "deny", "RuleNumber": 32766}

    def hidden(data):
        return [each.id for each in audit(rulesets.from_data(data)) if each.id == "shadowed"]

    def acl(*entries):
        return {"NetworkAcls": [{"NetworkAclId": "acl-1", "Entries": [*entries]}]}

    assert hidden(acl(allow, deny, {**deny, "RuleNumber": 32767})) == ["shadowed"]
    rule = {**AZURE, "protocol": "*", "destinationPortRange": "*", "access": "Deny"}
    own = [{**rule, "priority": 65000}, {**rule, "priority": 65500}]
    nsg = {"securityRules": [{**rule, "priority": 4096}], "defaultSecurityRules": own}
    assert hidden(nsg) == []


def test_effective_rules_of_azure_are_for_every_source_port():
    found = [each.id for each in audit(rulesets.from_data({"value": [AZURE_EFFECTIVE]}))]
    assert found == ["not-evaluated"]


def test_a_policy_that_leaves_the_rest_to_the_next_one():
    (rule,) = GCP_POLICY["rules"]
    every = {"layer4Configs": [{"ipProtocol": "all"}], "srcIpRanges": ["0.0.0.0/0"]}
    last = {**rule, "match": every, "priority": 2147483647, "targetServiceAccounts": []}
    for action, expected in (
        ("goto_next", []),
        ("apply_security_profile_group", ["opens-all"] * 2),
    ):
        policy = {**GCP_POLICY, "rules": [rule, {**last, "action": action}]}
        found = [each.id for each in audit(rulesets.from_data(policy))]
        assert found == [*expected, "not-evaluated"]


@pytest.mark.parametrize(
    ("values", "is_exposed"),
    [
        ({"cidr_ipv4": "10.0.0.0/8"}, False),
        ({"cidr_ipv4": "0.0.0.0/0"}, True),
        ({"prefix_list_id": "pl-1"}, False),
        ({"referenced_security_group_id": "sg-1"}, False),
        # Known only after apply.
        ({}, True),
    ],
)
def test_rules_of_terraform_for_certain_senders(values, is_exposed):
    keys = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
    ports = {"ip_protocol": "tcp", "from_port": 3306, "to_port": 3306}
    rule = {**ports, **(dict.fromkeys(keys) if values else {}), **values}
    data = plan(resource("aws_vpc_security_group_ingress_rule", rule))
    found = [each.id for each in audit(rulesets.from_data(data))]
    assert ("not-for-internet" in found) is is_exposed


def test_a_network_acl_that_cuts_replies():
    def entry(number, first, last):
        return {
            "CidrBlock": "0.0.0.0/0",
            "Egress": False,
            "PortRange": {"From": first, "To": last},
            "Protocol": "6",
            "RuleAction": "allow",
            "RuleNumber": number,
        }

    acl = {"NetworkAclId": "acl-1", "Entries": [entry(100, 443, 443), entry(110, 32768, 50000)]}
    cut, *_ = audit(rulesets.from_data(acl), systems="linux")
    assert (cut.id, str(cut.location)) == ("cuts-ephemeral", "/Entries/1")
    acl["Entries"][1] = entry(110, 1024, 65535)
    found = audit(rulesets.from_data(acl), systems="linux")
    assert "cuts-ephemeral" not in {each.id for each in found}


def test_findings_are_in_the_order_of_the_file():
    ruleset = rulesets.parse(
        "\n".join(["-P INPUT ACCEPT", accept(22), "-A INPUT -j HOMEMADE", accept(22)])
    )
    places = [each.location for each in audit(ruleset)]
    with_place = [each for each in places if each is not None]
    assert with_place == sorted(with_place)
    assert None not in places[: len(with_place)]
    data = audit(ruleset)[0].to_dict()
    assert data["location"] == str(places[0])


def test_chains_may_lead_to_each_other_in_any_number() -> None:
    """A chain is declared before the one that leads to it, which is 2,000 deep."""
    last = 2000
    rules = [f"-A c{each} -j c{each - 1}" for each in range(1, last)]
    lines = [f":c{each} - [0:0]" for each in range(last)]
    lines += ["-A c0 -p tcp --dport 3306 -j ACCEPT", *rules, f"-A INPUT -j c{last - 1}", "COMMIT"]
    ruleset = rulesets.parse("*filter\n:INPUT DROP [0:0]\n" + "\n".join(lines) + "\n")
    assert [str(each).rpartition(" ")[2] for each in audit(ruleset)] == ["(not-for-internet)"]
    restricted = "-A INPUT -s 192.0.2.1 -j"
    text = "\n".join(lines).replace("-A INPUT -j", restricted)
    assert not audit(rulesets.parse("*filter\n:INPUT DROP [0:0]\n" + text + "\n"))


def test_the_conditions_of_a_map_are_searched_once():
    """A map of verdicts makes a rule for each target, with the text of the map as a condition."""
    chains = [f"chain c{each} {{\ntcp dport {each} accept\n}}\n" for each in range(30000, 30500)]
    elements = ", ".join(f"{each} : jump c{each}" for each in range(30000, 30500))
    base = "chain in {\ntype filter hook input priority 0; policy drop;\n"
    text = f"table inet t {{\n{''.join(chains)}{base}tcp dport vmap {{ {elements} }}\n}}\n}}\n"
    of_rulesets._is_source.cache_clear()
    idle_rules._remembers.cache_clear()
    assert audit(rulesets.parse(text)) == ()
    assert of_rulesets._is_source.cache_info().misses == 1
    assert idle_rules._remembers.cache_info().misses == 1
