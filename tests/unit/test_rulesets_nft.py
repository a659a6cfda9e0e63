"""Both forms of ``nft list ruleset``: what each rule is read as, and what is skipped.

The texts are as nft 1.0.6 writes them.
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from portranges import Family, InvalidValueError, PortSet, PortSyntaxError, TransportPorts, rulesets
from portranges.registry import SHIPPED
from portranges.rulesets import Action, Applies, Hook, Rule, Ruleset, Skipped

ALL = TransportPorts.full()
TCP = TransportPorts(tcp=PortSet.full())
NEVER, MAYBE, ALWAYS = Applies.NEVER, Applies.MAYBE, Applies.ALWAYS

SETS = """
  set p {
    type inet_service
    flags interval
    elements = { 22, 80-90,
        443 timeout 10m expires 4m59s comment "a, } b" }
  }

  set empty {
    type inet_service
  }

  set changing {
    type inet_service
    flags dynamic
    elements = { 22 }
  }

  map v {
    type inet_service : verdict
    elements = { 22 : accept, 80 : jump web, 81-89 : jump web }
  }

  map m {
    type inet_service : ipv4_addr . inet_service
    elements = { 80 : 10.0.0.1 . 8080, 81 : 10.0.0.2 . 8181 }
  }

  chain web {
    return
  }
"""


def listing(*rules: str, base: str = "filter hook input priority filter; policy drop") -> str:
    lines = "".join(f"\t\t{each}\n" for each in rules)
    return f"table inet t {{{SETS}\n\tchain in {{\n\t\ttype {base};\n{lines}\t}}\n}}\n"


def read(*rules: str, **options: str) -> tuple[Rule, ...]:
    ruleset = rulesets.parse(listing(*rules, **options))
    assert ruleset.format == "nft"
    assert ruleset.skipped == ()
    return ruleset.rules[1:]


def skipped(rule: str) -> Skipped:
    ruleset = rulesets.parse(listing(rule))
    assert len(ruleset.rules) == 1
    (found,) = ruleset.skipped
    assert found.text == rule
    return found


# -- ports ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "ports"),
    [
        ("tcp dport 22", "22/tcp"),
        ("tcp dport { 22, 80-90 }", "22/tcp,80-90/tcp"),
        ("udp dport != { 1-65535 }", "0/udp"),
        ("tcp dport != 0-65535", ""),
        ("tcp dport @p", "22/tcp,80-90/tcp,443/tcp"),
        ("tcp dport != @p tcp dport < 100", "0-21/tcp,23-79/tcp,91-99/tcp"),
        ("sctp dport >= 65535", "65535/sctp"),
        ("meta l4proto { tcp, udp } th dport 53", "53/tcp,53/udp"),
        ("meta l4proto . th dport { tcp . 22, udp . 53-60 }", "22/tcp,53-60/udp"),
        ("meta l4proto . th dport { 6 . 22, 33 . 5 }", "22/tcp,5/dccp"),
        ("th dport 5", "5/tcp,5/udp,5/sctp,5/dccp"),
        ("meta l4proto icmp", ""),
        ("udplite dport 5", ""),
        ("meta l4proto != { udp, sctp, dccp } th dport 1-3", "1-3/tcp"),
    ],
)
def test_ports(match: str, ports: str) -> None:
    (rule,) = read(f"{match} accept")
    assert rule.ports == TransportPorts.parse(ports)
    assert (rule.action, rule.applies) == (Action.ACCEPT, ALWAYS)
    assert (rule.location.line, rule.text) == (35, f"{match} accept")


def test_names_require_services() -> None:
    found = skipped('tcp dport { "ssh", 80-90 } accept')
    assert (
        found.reason
        == "expected a port or 'first-last', got 'ssh'; names require services=registry.SHIPPED"
    )
    assert (found.could_accept, found.group) == (True, "inet t in")
    ruleset = rulesets.parse(
        listing('tcp dport { "ssh", 80-90 } accept', 'tcp dport 1 redirect to :"http"'),
        services=SHIPPED,
    )
    assert str(ruleset.rules[1].ports) == "22/tcp,80-90/tcp"
    assert ruleset.rules[2].translated_ports == PortSet([80])


# -- conditions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "applies"),
    [
        ("ct state established,related", NEVER),
        ("ct state 0x2,0x4", NEVER),
        ("ct state new", ALWAYS),
        ("ct state { established, new }", ALWAYS),
        ("ct state != new", NEVER),
        ("ct state != established,related", ALWAYS),
        ("ct state != new,related", MAYBE),
        ("ct state ! established,related", ALWAYS),
        ("ct state new,homemade", MAYBE),
        ("ct state < 8", MAYBE),
        ("tcp flags syn", ALWAYS),
        ("tcp flags ! syn", NEVER),
        ("tcp flags != syn", NEVER),
        ("tcp flags syn / fin,syn,rst,ack", ALWAYS),
        ("tcp flags 0x2 / 0x1,0x2,0x4,0x10", ALWAYS),
        ("tcp flags syn / syn,ecn", MAYBE),
        ("tcp flags homemade", MAYBE),
        ("tcp flags { ack, syn }", ALWAYS),
        ('iif "lo"', NEVER),
        ('iifname != { "lo" }', ALWAYS),
        ('iifname { "lo", "eth*" }', MAYBE),
        ("ip saddr 10.0.0.0/8", MAYBE),
        ("ip saddr 0.0.0.0/0", ALWAYS),
        ("ip daddr { 0.0.0.0/0 }", ALWAYS),
        ("ip saddr . tcp dport { 0.0.0.0/0 . 22 }", ALWAYS),
        ("ip6 saddr != ::/0", NEVER),
        ("meta mark 0x00000001", MAYBE),
        ("limit rate over 10/minute burst 3 packets", MAYBE),
        ("limit rate 10 mbytes/second", MAYBE),
        ("ct count over 5", MAYBE),
        ('quota name "q"', MAYBE),
        ("fib saddr . iif oif 0", MAYBE),
        ("numgen random mod 2 0", MAYBE),
        ("jhash ip saddr mod 2 seed 0x1 0", MAYBE),
        ("@nh,96,32 0x1", MAYBE),
        ("tcp dport & 65280 == 4096", MAYBE),
        ("meta l4proto . th dport & 0xfff0 { tcp . 16 }", MAYBE),
        ("numgen random mod 100 < 50", MAYBE),
        ("meta mark set ip saddr map { 1.1.1.1 : 5 }", MAYBE),
        ("ip saddr . 1.2.3.4 . 80 @changing", MAYBE),
        ("update @changing { ip saddr . 10002 timeout 1s }", MAYBE),
        ("meter flood size 128000 { ip saddr limit rate 10/second }", MAYBE),
        ("counter name ip saddr map { 1.1.1.1 : c }", MAYBE),
        ("quota name ip saddr map @changing", MAYBE),
        ('osf ttl loose name "Linux"', MAYBE),
        ("sctp chunk init missing", MAYBE),
        ("tcp option fastopen exists", MAYBE),
        ("ipsec in spnum 0 reqid 1", MAYBE),
        ('xt match "recent"', MAYBE),
        ("last used 3s", ALWAYS),
        ('limit name "l"', MAYBE),
        ("quota 25 mbytes used 3 bytes", MAYBE),
        ("quota name ip saddr", MAYBE),
        ("reset tcp option fastopen", ALWAYS),
        ("ct original proto-dst 0x50 [invalid type]", MAYBE),
        ("ip protocol udp-sctp", MAYBE),
        ("meta protocol homemade", MAYBE),
        ("tcp flags . tcp dport { syn . 0-65535 }", ALWAYS),
        ("ct state { * }", MAYBE),
        ("meta mark { * }", ALWAYS),
        ("meta mark != { * }", NEVER),
        ("tcp flags < syn", MAYBE),
        ("ct original ip saddr 10.0.0.1", MAYBE),
        ("@th,16,16 22", MAYBE),
        ('socket cgroupv2 level 2 "system.slice"', MAYBE),
        ("socket transparent 1", MAYBE),
        ("counter name web", ALWAYS),
        ("tcp option maxseg size set rt mtu", ALWAYS),
        ('ct helper set "ftp"', ALWAYS),
        ('xt target "LOG"', ALWAYS),
        ("tcp dport @changing", MAYBE),
        ("tcp dport @empty", MAYBE),
        ("tcp sport 1024-65535", MAYBE),
        ("ip6 nexthdr tcp", MAYBE),
    ],
)
def test_whether_a_condition_holds(match: str, applies: Applies) -> None:
    rule, _ = read(f"{match} drop", "add @changing { tcp dport } accept")
    assert rule.applies is applies


def test_conditions_are_verbatim() -> None:
    (rule,) = read('ip saddr { 10.0.0.1, 10.0.0.2 } tcp dport 22 iifname "a b" counter accept')
    assert rule.conditions == ("ip saddr { 10.0.0.1, 10.0.0.2 }", 'iifname "a b"')


@pytest.mark.parametrize(
    ("match", "families"),
    [
        ("meta nfproto ipv4", (Family.INET,)),
        ("meta nfproto != ipv4", (Family.INET6,)),
        ("ip protocol tcp", (Family.INET,)),
        ("ip6 saddr fd00::/8", (Family.INET6,)),
        ("meta nfproto { ipv4, ipv6 }", tuple(Family)),
    ],
)
def test_families(match: str, families: tuple[Family, ...]) -> None:
    (rule,) = read(f"{match} accept")
    assert rule.families == families


def test_a_rule_that_requires_both_families_never_applies() -> None:
    (rule,) = read("meta nfproto ipv4 ip6 saddr fd00::1 accept")
    assert rule.applies is NEVER


# -- ends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "action"),
    [
        ("accept", Action.ACCEPT),
        ('drop comment "accept } ;"', Action.DROP),
        ("reject with icmpx admin-prohibited", Action.REJECT),
        ("reject", Action.REJECT),
        ("queue flags bypass,fanout to 1-3", Action.DELEGATE),
        ("counter packets 0 bytes 0", Action.CONTINUE),
        ('log prefix "drop " level debug flags tcp sequence,options', Action.CONTINUE),
        ("meta mark set 0x00000002", Action.CONTINUE),
        ("ct mark set (meta mark | 0x00000010) << 8 accept", Action.ACCEPT),
        ("queue to symhash mod 65536", Action.DELEGATE),
        ("flow add @f", Action.CONTINUE),
        ("return", Action.RETURN),
        ("jump web", Action.JUMP),
        ("goto web", Action.GOTO),
    ],
)
def test_ends(end: str, action: Action) -> None:
    (rule,) = read(end)
    assert (rule.action, rule.ports, rule.applies) == (action, ALL, ALWAYS)
    assert rule.target == ("inet t web" if action in (Action.JUMP, Action.GOTO) else "")


def test_a_reset_is_for_tcp() -> None:
    (rule,) = read("meta nfproto ipv4 reject with tcp reset")
    assert (rule.ports, rule.applies) == (TCP, ALWAYS)
    # nft 1.0.6 lists the rule above without 'meta nfproto ipv4'.
    (rule,) = read("reject with tcp reset")
    assert (rule.ports, rule.applies) == (TCP, MAYBE)
    (rule,) = read("reject with icmp port-unreachable")
    assert rule.families == (Family.INET,)


def test_a_map_of_verdicts_is_a_rule_for_each_verdict() -> None:
    found = [
        (str(each.ports), each.action, each.target)
        for each in read("tcp dport vmap @v", "udp dport vmap { 1-5 : drop, * : accept }")
    ]
    assert found == [
        ("22/tcp", Action.ACCEPT, ""),
        ("80-89/tcp", Action.JUMP, "inet t web"),
        ("1-5/udp", Action.DROP, ""),
        ("0/udp,6-65535/udp", Action.ACCEPT, ""),
    ]
    found = [
        (each.action, each.applies) for each in read("ct state vmap { new : drop, * : accept }")
    ]
    assert found == [(Action.DROP, ALWAYS), (Action.ACCEPT, NEVER)]


def test_a_masked_value_in_a_map_is_not_known() -> None:
    found = read("tcp dport & 65520 vmap { 16 : drop, * : accept }")
    assert [(each.ports, each.applies) for each in found] == [(TCP, MAYBE), (TCP, MAYBE)]
    masked = {"&": [DPORT, 65520]}
    rule = from_data({"vmap": {"key": masked, "data": {"set": [[16, {"drop": None}]]}}})
    assert (rule.ports, rule.applies) == (TCP, MAYBE)
    rule = from_data(match({"concat": [masked, L4PROTO]}, {"set": [{"concat": [16, "tcp"]}]}))
    assert (rule.ports, rule.applies) == (TCP, MAYBE)


def test_what_another_program_decides() -> None:
    first, second, third = read(
        "tcp dport 80 tproxy ip to 127.0.0.1:81 meta mark set 0x00000001 accept",
        "tcp dport 80 synproxy mss 1460 wscale 7 timestamp sack-perm",
        'synproxy name ip saddr map { 192.0.2.0/24 : "s" }',
    )
    assert (first.action, first.applies, str(first.ports)) == (Action.DELEGATE, MAYBE, "80/tcp")
    assert (second.action, second.applies) == (Action.DELEGATE, ALWAYS)
    assert (third.ports, third.applies) == (TCP, MAYBE)
    tproxy = {"tproxy": {"addr": "127.0.0.1", "port": 81}}
    rule = from_data(match(DPORT, 80), tproxy, {"accept": None})
    assert (rule.action, rule.applies) == (Action.DELEGATE, MAYBE)
    rule = from_data({"synproxy": None})
    assert (rule.action, rule.ports) == (Action.DELEGATE, TCP)


def test_translations() -> None:
    base = "nat hook prerouting priority dstnat - 5; policy accept"
    found = [
        (str(each.ports.tcp), each.action, str(each.translated_ports), len(each.families))
        for each in read(
            "tcp dport 80 redirect to :8080",
            "tcp dport 80 redirect to :8080-8090 random,persistent",
            "tcp dport 80 redirect",
            "tcp dport 80 dnat ip to 10.0.0.1:80",
            "tcp dport 80 dnat ip6 to [fd00::1]:80",
            "tcp dport 80 dnat ip6 to fd00::1",
            "dnat ip to tcp dport map @m",
            "meta l4proto tcp redirect to :tcp dport map { 1 : 2, 3 : 4 }",
            "masquerade",
            base=base,
        )
    ]
    assert found == [
        ("80", Action.REDIRECT, "8080", 2),
        ("80", Action.REDIRECT, "8080-8090", 2),
        ("80", Action.REDIRECT, "None", 2),
        ("80", Action.TRANSLATE, "80", 1),
        ("80", Action.TRANSLATE, "80", 1),
        ("80", Action.TRANSLATE, "None", 1),
        ("80", Action.TRANSLATE, "8080", 1),
        ("81", Action.TRANSLATE, "8181", 1),
        ("1", Action.REDIRECT, "2", 2),
        ("3", Action.REDIRECT, "4", 2),
        ("0-65535", Action.ACCEPT, "None", 2),
    ]


# -- chains ---------------------------------------------------------------------------------------


def test_chains() -> None:
    text = listing() + (
        "table ip n { # handle 2\n\tchain pre { # handle 1\n\t\ttype nat hook prerouting "
        "priority dstnat - 5; policy accept;\n\t}\n\tchain pre2 {\n"
        "\t\ttype nat hook prerouting priority -110; policy accept;\n\t}\n}\n"
        "table ip6 off {\n\tflags dormant\n\n\tchain in {\n"
        "\t\ttype filter hook input priority filter + 10; policy drop;\n\t}\n}\n"
    )
    chains = {each.name: each for each in rulesets.parse(text).chains or ()}
    assert chains["inet t in"].hook is Hook.INPUT
    assert (chains["inet t in"].policy, chains["inet t in"].priority) == (Action.DROP, 0)
    assert chains["inet t web"].hook is None
    assert chains["ip n pre"].translates
    # All translations have one priority; their own decides only their order.
    assert (chains["ip n pre"].priority, chains["ip n pre2"].priority) == (-100, -100)
    assert list(chains).index("ip n pre2") < list(chains).index("ip n pre")
    assert chains["ip6 off in"].hook is None


def test_a_filter_with_the_priority_of_translations_is_left_open() -> None:
    chain = "\tchain {} {{\n\t\ttype {} hook prerouting priority -100; policy {};\n\t}}\n"
    both = chain.format("a", "nat", "accept") + chain.format("b", "filter", "drop")
    text = f"table ip t {{\n{both}}}\n"
    ruleset = rulesets.parse(text)
    (found,) = ruleset.skipped
    assert found.reason == (
        "the order of this chain and the translations must be known, got equal priorities"
    )
    assert (found.location.line, found.text) == (5, "chain ip t b")
    assert ruleset.reachable().ports == ALL


def test_a_state_is_not_known_before_tracking() -> None:
    base = "filter hook prerouting priority raw; policy accept"
    (rule,) = read("ct state new drop", base=base)
    assert rule.applies is NEVER
    (rule,) = read("ct state invalid drop", base=base)
    assert rule.applies is ALWAYS
    # A chain to which packets come before and after: both are possible.
    text = listing("jump web").replace("    return\n", "    ct state new drop\n") + (
        f"table inet t {{\n\tchain raw {{\n\t\ttype {base};\n\t\tjump web\n\t}}\n}}\n"
    )
    ruleset = rulesets.parse(text)
    assert [each.applies for each in ruleset.rules if each.group == "inet t web"] == [MAYBE]


def test_a_packet_in_a_zone_may_be_new_before_it_is_tracked() -> None:
    base = "filter hook prerouting priority raw; policy accept"
    assert read("ct zone set 1", "ct state new drop", base=base)[1].applies is MAYBE
    assert read("ct zone 1", "ct state new drop", base=base)[1].applies is NEVER
    listed = json.dumps(
        {
            "nftables": [
                {
                    "chain": {
                        "family": "ip",
                        "table": "t",
                        "name": "p",
                        "type": "filter",
                        "hook": "prerouting",
                        "prio": -300,
                        "policy": "drop",
                    }
                },
                {
                    "rule": {
                        "family": "ip",
                        "table": "t",
                        "chain": "p",
                        "expr": [
                            {"mangle": {"key": {"ct": {"key": "zone"}}, "value": 1}},
                            {
                                "match": {
                                    "op": "in",
                                    "left": {"ct": {"key": "state"}},
                                    "right": "new",
                                }
                            },
                            {"accept": None},
                        ],
                    }
                },
            ]
        }
    )
    assert rulesets.parse(listed).reachable().ports == ALL


@pytest.mark.parametrize("rule", ["redirect to :ssh", "tcp dport vmap @changing_verdicts"])
def test_a_skipped_rule_of_a_chain_that_nat_leads_to_may_translate(rule: str) -> None:
    text = f"""table ip t {{
        chain user {{
            tcp dport 80 {rule}
        }}
        chain pre {{
            type nat hook prerouting priority dstnat; policy accept;
            jump user
        }}
        chain in {{
            type filter hook input priority filter; policy drop;
            tcp dport 22 accept
        }}
    }}
    """
    ruleset = rulesets.parse(text)
    assert len(ruleset.skipped) == 1
    assert TransportPorts(tcp=[80]) <= ruleset.reachable().ports


def test_a_rule_of_another_family_that_changes_packets() -> None:
    """They may have another port when they come to the rules that are read."""
    payload = {"payload": {"protocol": "tcp", "field": "dport"}}
    chain = {"family": "netdev", "table": "t", "name": "i", "type": "filter", "dev": "eth0"}
    items = [
        {"chain": {**chain, "hook": "ingress", "prio": 0, "policy": "accept"}},
        {
            "rule": {
                "family": "netdev",
                "table": "t",
                "chain": "i",
                "expr": [{"mangle": {"key": payload, "value": 22}}],
            }
        },
    ]
    (found,) = rulesets.from_data({"nftables": items}).skipped
    assert found.could_accept


def test_a_copy_of_a_packet_may_come_to_this_host() -> None:
    for text in (
        listing("dup to 192.0.2.1"),
        json.dumps(
            {
                "nftables": [
                    {
                        "chain": {
                            "family": "ip",
                            "table": "t",
                            "name": "i",
                            "type": "filter",
                            "hook": "input",
                            "prio": 0,
                            "policy": "drop",
                        }
                    },
                    {
                        "rule": {
                            "family": "ip",
                            "table": "t",
                            "chain": "i",
                            "expr": [{"dup": {"addr": "192.0.2.1"}}],
                        }
                    },
                ]
            }
        ),
    ):
        (found,) = rulesets.parse(text).skipped
        assert (found.could_accept, found.group) == (True, "")


def test_what_is_not_tracked_is_not_new() -> None:
    found = read("ct state new accept", "notrack")
    assert found[0].applies is MAYBE


@pytest.mark.parametrize(
    ("family", "could_accept", "is_exact"),
    [("arp", False, True), ("bridge", False, False), ("netdev", False, False)],
)
def test_other_families_are_skipped(family: str, could_accept: bool, is_exact: bool) -> None:
    hook = "ingress device lo" if family == "netdev" else "input"
    text = (
        f"table {family} a {{\n\tchain i {{\n\t\ttype filter hook {hook} priority filter; "
        "policy accept;\n\t\tdrop\n\t}\n}\n"
    )
    opened = listing(base="filter hook input priority filter; policy accept")
    ruleset = rulesets.parse(text + opened)
    (found,) = ruleset.skipped
    assert found.reason == f"rules of the family {family} are not read"
    assert (found.text, found.location.line, found.could_accept) == ("drop", 4, could_accept)
    assert ruleset.reachable().is_exact is is_exact
    closed = rulesets.parse(text.replace("policy accept", "policy drop") + listing())
    assert closed.skipped[0].reason == f"chains of the family {family} are not read"


def test_ingress_of_a_device_is_skipped() -> None:
    text = (
        'table inet a {\n\tchain i {\n\t\ttype filter hook ingress device "lo" priority 0; '
        "policy accept;\n\t\tdrop\n\t}\n}\n"
    )
    (found,) = rulesets.parse(text).skipped
    assert found.reason == "rules of the hook ingress are not read"


# -- what is not understood -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "reason", "could_accept", "group"),
    [
        (
            "tcp dport set 80",
            "a rule must not change what other rules match, got 'tcp dport set'",
            True,
            "",
        ),
        (
            "ip daddr set 10.0.0.1",
            "a rule must not change what other rules match, got 'ip daddr set'",
            True,
            "",
        ),
        ("homemade 5 accept", "statement must be known, got 'homemade 5 accept'", True, ""),
        ("homemade drop", "statement must be known, got 'homemade drop'", False, "inet t in"),
        (
            'homemade comment "drop"',
            "statement must be known, got 'homemade comment drop'",
            True,
            "",
        ),
        (
            "tpc dport 22 accept",
            "statement must be known, got 'tpc dport 22 accept'",
            True,
            "",
        ),
        ("tcp dprot 22 accept", "field of tcp must be known, got 'dprot'", True, "inet t in"),
        (
            "meta l4prot tcp accept",
            "field of meta must be known, got 'l4prot'",
            True,
            "inet t in",
        ),
        ("tcp dport 70000 accept", "port must be in 0..65535, got '70000'", True, "inet t in"),
        (
            "meta l4proto tpc accept",
            "protocol must be a known name or 0..255, got 'tpc'",
            True,
            "inet t in",
        ),
        ("tcp dport 22", "", True, ""),
        ("flow add f", "statement must be known, got 'flow add f'", True, ""),
        ("limit 5", "statement must be known, got 'limit 5'", True, ""),
        ("add p { tcp dport }", "statement must be known, got 'add p { tcp'", True, ""),
        ("add @p tcp dport", "statement must be known, got 'add @p tcp dport'", True, ""),
        ("reset udp option x", "statement must be known, got 'reset udp option x'", True, ""),
        ("tproxy 5", "statement must be known, got 'tproxy 5'", True, ""),
        ("numgen random 5", "statement must be known, got 'numgen random 5'", True, ""),
        (
            "meta l4proto . th dport tcp",
            "statement must be known, got 'tcp'",
            True,
            "",
        ),
        (
            "meta mark set map",
            "statement must be known, got 'meta mark set map'",
            True,
            "",
        ),
        (
            "tcp dport != { 22 } < { 23 } accept",
            "statement must be known, got '< { 23 }'",
            True,
            "",
        ),
        (
            "tcp dport < { 23 } accept",
            "statement must be known, got 'tcp dport < {'",
            True,
            "",
        ),
        (
            "tcp dport vmap { 22 : 23 }",
            "a map of verdicts must have verdicts, got another value",
            True,
            "inet t in",
        ),
        (
            "tcp dport vmap { 22 : drop 23 }",
            "a rule must end after its verdict, got 'drop 23'",
            True,
            "inet t in",
        ),
        (
            "tcp dport { 22 { 23 } } accept",
            "an element must not contain braces, got an opening brace",
            True,
            "inet t in",
        ),
        (
            "meta l4proto . th dport { tcp . } accept",
            "an element must have a value, got none",
            True,
            "inet t in",
        ),
        ("accept drop", "a rule must have one verdict, got two", True, "inet t in"),
        ("jump nowhere", "target must be a chain of the table, got 'nowhere'", True, "inet t in"),
        (
            "tcp dport vmap @nowhere",
            "the elements of a map must be known, got '@nowhere'",
            True,
            "inet t in",
        ),
        (
            "tcp dport 5 # xt_homemade",
            "expected a match that nft can show, got '# xt_homemade'",
            True,
            "inet t in",
        ),
        ("tproxy to :80 jump web", "a rule with tproxy must not lead elsewhere", True, ""),
        ("tcp dport", "statement must be known, got 'dport'", True, ""),
        (
            "reject with homemade",
            "statement must be known, got 'reject with homemade'",
            False,
            "inet t in",
        ),
        (
            "meta l4proto . th dport { 5 } accept",
            "an element must have 2 parts, got '5'",
            True,
            "inet t in",
        ),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_skipped(
    rule: str, reason: str, could_accept: bool, group: str
) -> None:
    if not reason:
        assert read(rule)[0].action is Action.CONTINUE
        return
    found = skipped(rule)
    assert (found.reason, found.could_accept, found.group) == (reason, could_accept, group)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("table inet t {\n\tchain a {\n", "each block must end with '}', got the end of the text"),
        ("table inet t {\n}\n}\n", "expected a table, got '}\\n'"),
        ('table inet t {\n\tchain "a\n', "a quotation mark must be closed, got '\"a\\n'"),
        (
            "table home t {\n}\n",
            "expected 'table', a family and a name, got 'table home t {\\n}\\n'",
        ),
        (
            "table ip t { chain a { type filter hook input priority soon; } }",
            "expected 'type', 'hook' and 'priority', got 'type filter hook inp'",
        ),
        (
            "table ip t {\nchain a { type filter hook input priority 0; policy maybe; }\n}",
            "policy must be accept or drop, got 'policy maybe; }\\n}'",
        ),
    ],
)
def test_a_text_that_nft_does_not_write_is_refused(text: str, reason: str) -> None:
    with pytest.raises(PortSyntaxError) as caught:
        rulesets.parse(text, "nft")
    assert caught.value.reason == reason


# -- JSON -----------------------------------------------------------------------------------------


def match(left: object, right: object, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


HOMEMADE = {"protocol": "home", "field": "dport"}
DPORT = {"payload": {"protocol": "tcp", "field": "dport"}}
LOOKUP = {"map": {"key": DPORT, "data": {"set": [[80, "10.0.0.1"]]}}}
L4PROTO = {"meta": {"key": "l4proto"}}
IN = {"family": "inet", "table": "t"}


def data(*expr: object, **chain: object) -> dict[str, Any]:
    base = {"type": "filter", "hook": "input", "prio": 0, "policy": "drop"}
    return {
        "nftables": [
            {"metainfo": {"version": "1.0.6", "json_schema_version": 1}},
            {"table": {"family": "inet", "name": "t", "handle": 1}},
            {
                "set": {
                    **IN,
                    "name": "p",
                    "type": "inet_service",
                    "elem": [22, {"range": [80, 90]}, {"elem": {"val": 443, "expires": 5}}],
                }
            },
            {"chain": {**IN, "name": "web"}},
            {"chain": {**IN, "name": "in", **base, **chain}},
            {"rule": {**IN, "chain": "in", "handle": 2, "expr": list(expr)}},
        ]
    }


def from_data(*expr: object, **chain: object) -> Rule:
    ruleset = rulesets.from_data(data(*expr, **chain))
    assert (ruleset.format, ruleset.skipped) == ("nft", ())
    (rule,) = ruleset.rules
    assert rule.location.pointer == "/nftables/5/rule"
    return rule


@pytest.mark.parametrize(
    ("expr", "ports", "applies"),
    [
        (match(DPORT, 22), "22/tcp", ALWAYS),
        (match(DPORT, {"set": [22, {"range": [80, 90]}]}), "22/tcp,80-90/tcp", ALWAYS),
        (match(DPORT, "@p"), "22/tcp,80-90/tcp,443/tcp", ALWAYS),
        (match(DPORT, {"range": [0, 65533]}, "!="), "65534-65535/tcp", ALWAYS),
        (
            match(
                {"concat": [L4PROTO, {"payload": {"protocol": "th", "field": "dport"}}]},
                {"set": [{"concat": ["tcp", 22]}, {"concat": ["udp", {"range": [53, 60]}]}]},
            ),
            "22/tcp,53-60/udp",
            ALWAYS,
        ),
        (match({"ct": {"key": "state"}}, ["established", "related"], "in"), str(ALL), NEVER),
        (
            match(
                {"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, ["syn", "ack"]]}, "syn"
            ),
            str(TCP),
            ALWAYS,
        ),
        (match({"meta": {"key": "iif"}}, "lo", "!="), str(ALL), ALWAYS),
        ({"limit": {"rate": 5, "per": "second"}}, str(ALL), MAYBE),
        ({"counter": {"packets": 0, "bytes": 0}}, str(ALL), ALWAYS),
    ],
)
def test_rules_of_json(expr: object, ports: str, applies: Applies) -> None:
    rule = from_data(expr, {"accept": None})
    assert (str(rule.ports), rule.applies, rule.action) == (ports, applies, Action.ACCEPT)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("dnat to 10.0.0.1 tcp", "statement must be known, got 'dnat to 10.0.0.1 tcp'"),
        (
            "dnat to fd00::1:tcp dport map { 1 : 2 }",
            "statement must be known, got 'dnat to fd00::1:tcp dport'",
        ),
        ("dnat to tcp dport map", "statement must be known, got 'dnat to tcp dport'"),
        ("redirect to :tcp dport map { 1 : x }", "expected a port or 'first-last', got 'x'; names "
         "require services=registry.SHIPPED"),
        ("redirect to :soon", "expected a port or 'first-last', got 'soon'; names require "
         "services=registry.SHIPPED"),
        (
            "redirect to :tcp dport map { 1 : drop }",
            "a map of destinations must have addresses or ports, got a verdict",
        ),
    ],
)  # fmt: skip
def test_translations_that_are_not_understood(end: str, reason: str) -> None:
    base = "nat hook prerouting priority dstnat; policy accept"
    (found,) = rulesets.parse(listing(f"tcp dport 1 {end}", base=base)).skipped
    assert (found.reason, found.could_accept) == (reason, True)


def test_translations_by_a_map() -> None:
    base = "nat hook prerouting priority dstnat; policy accept"
    first, second, third = read(
        "tcp dport 1 redirect to :tcp dport map @empty",
        "dnat ip addr . port to tcp dport map { 80 : 10.0.0.1 . 81 }",
        "tcp dport 1 dnat ip to 10.0.0.1:tcp dport map { 1 : 2 }",
        base=base,
    )
    assert (first.applies, first.translated_ports) == (MAYBE, PortSet.full())
    assert (str(second.ports), second.translated_ports) == ("80/tcp", PortSet([81]))
    assert (str(third.ports), third.translated_ports) == ("1/tcp", PortSet([2]))


def test_statements_of_json() -> None:
    mark = {"meta": {"key": "mark"}}
    looked_up = {"map": {"key": DPORT, "data": "@p"}}
    for expr, ports, applies in (
        ("update @p { tcp dport timeout 5s }", TCP, MAYBE),
        ({"counter": looked_up}, TCP, MAYBE),
        ({"quota": looked_up}, TCP, MAYBE),
        ({"set": {"op": "add", "elem": {"elem": {"val": DPORT, "timeout": 5}}, "set": "@x"}}, TCP,
         MAYBE),
        ({"map": {"op": "add", "elem": DPORT, "data": 5, "map": "@x"}}, TCP, MAYBE),
        ({"mangle": {"key": mark, "value": {"|": [mark, 16]}}}, ALL, ALWAYS),
        ({"mangle": {"key": mark, "value": looked_up}}, TCP, MAYBE),
        ({"ct helper": "ftp"}, ALL, ALWAYS),
        ({"reset": {"tcp option": {"name": "fastopen"}}}, TCP, ALWAYS),
        (match({"tcp option": {"name": "fastopen"}}, True), TCP, MAYBE),
        (match({"osf": {"key": "name"}}, "Linux"), ALL, MAYBE),
        (match({"fib": {"result": "oif", "flags": ["saddr"]}}, False), ALL, MAYBE),
        (match({"meta": {"key": "mark"}}, {"|": [1, 2]}), ALL, MAYBE),
        (match({"concat": [{"payload": {"protocol": "ip", "field": "saddr"}}, "lo"]}, "@x"), ALL,
         MAYBE),
    ):  # fmt: skip
        rule = from_data(expr, {"drop": None})
        assert (rule.ports, rule.applies, rule.action) == (ports, applies, Action.DROP), expr
    rule = from_data({"queue": {"num": 5}})
    assert rule.action is Action.DELEGATE
    listed = data(match({"ct": {"key": "state"}}, "new"), {"drop": None})
    listed["nftables"].append({"rule": {**IN, "chain": "web", "expr": [{"notrack": None}]}})
    listed["nftables"].append({"set": {**IN, "name": "odd", "elem": [[1, 2, 3]]}})
    assert rulesets.from_data(listed).rules[0].applies is MAYBE


def test_translations_of_json() -> None:
    nat = {"type": "nat", "hook": "prerouting", "prio": -100, "policy": "accept"}
    moved = {"map": {"key": DPORT, "data": {"set": [[80, {"concat": ["10.0.0.1", 8080]}]]}}}
    rule = from_data({"dnat": {"family": "ip", "addr": moved}}, **nat)
    assert (rule.action, rule.translated_ports) == (Action.TRANSLATE, PortSet([8080]))
    assert (str(rule.ports), rule.families) == ("80/tcp", (Family.INET,))
    rule = from_data(match(DPORT, 80), {"redirect": {"port": {"range": [8080, 8081]}}}, **nat)
    assert rule.translated_ports == PortSet.parse("8080-8081")


def test_the_content_of_a_match_of_iptables_is_unknown() -> None:
    multiport = {"xt": {"type": "match", "name": "multiport"}}
    rule = from_data(match(L4PROTO, "tcp"), multiport, {"accept": None})
    assert (rule.ports, rule.applies) == (TCP, MAYBE)
    rule = from_data(multiport, {"xt": {"type": "target", "name": "REJECT"}})
    assert (rule.action, rule.applies) == (Action.REJECT, MAYBE)
    listed = data({"xt": {"type": "target", "name": "REDIRECT"}})
    (found,) = rulesets.from_data(listed).skipped
    assert found.reason == ("expected a target that nft can show, got 'xt target REDIRECT'")
    assert found.could_accept


def test_a_truncated_flag_of_a_dormant_table() -> None:
    for flag, is_used in (("d", False), ("dorm", False), (["dormant"], False), ("owner", True)):
        listed = data({"accept": None})
        listed["nftables"][1]["table"]["flags"] = flag
        chains = rulesets.from_data(listed).chains or ()
        assert any(each.hook for each in chains) is is_used
    listed["nftables"][1]["table"]["flags"] = "x"
    (found,) = rulesets.from_data(listed).skipped
    assert found.reason == "flag must be dormant or owner or persist, got str 'x'"


def test_a_key_of_json_that_is_missing_or_misspelt_opens_nothing_unnoticed() -> None:
    """Each is skipped, or refused: no rule matches more than it did."""
    whole = data(match(L4PROTO, {"set": ["tcp", "udp"]}), match(DPORT, "@p"), {"accept": None})
    expected = rulesets.from_data(whole).rules[0].ports
    tried = 0
    for path in paths(whole["nftables"][4:], ()):
        if path[-1] in ("handle", "prio"):
            continue
        for name in (None, f"{path[-1]}x"):
            changed = deepcopy(whole)
            inner: Any = changed["nftables"][4:]
            for step in path[:-1]:
                inner = inner[step]
            value = inner.pop(path[-1])
            if name is not None:
                inner[name] = value
            ruleset: Ruleset = rulesets.from_data(changed)
            tried += 1
            assert ruleset.skipped or ruleset.rules[0].action is Action.CONTINUE
            assert all(each.ports <= expected for each in ruleset.rules)
    assert tried > 40


def paths(value: Any, before: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    items = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        if isinstance(value, dict):
            found.append((*before, key))
        found += paths(inner, (*before, key))
    return found


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"nftables": {}},
            "data must be an object with a list \"nftables\", got dict {'nftables': {}}",
        ),
        ({"nftables": [5]}, 'an item of "nftables" must be an object, got int 5'),
    ],
)
def test_data_of_another_form_is_refused(value: object, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        rulesets.from_data(value, "nft")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"homemade": {"family": "ip"}}, "object must be known, got 'homemade'"),
        ({"table": {"family": "home"}}, "family must be known, got 'home'"),
        ({"table": {"family": "ip"}}, "name must be a text, got NoneType None"),
        (
            {"rule": 5},
            "expected an object with one key, whose value is an object, got dict {'rule': 5}",
        ),
        (
            {"chain": {**IN, "name": "in"}},
            "a chain must be declared once, got 'in' again",
        ),
        (
            {"chain": {**IN, "name": "b", "hook": "input", "type": "filter", "policy": "drop"}},
            "prio must be an integer, got NoneType None",
        ),
        (
            {"rule": {**IN, "chain": "in", "expr": [{"homemade": None}]}},
            "statement must be known, got 'homemade'",
        ),
        (
            {"rule": {**IN, "chain": "in", "expr": [match({"homemade": 1}, 5)]}},
            "expression must be known, got 'homemade'",
        ),
        (
            {"rule": {**IN, "chain": "in", "expr": [{"dnat": {"addr": LOOKUP, "port": LOOKUP}}]}},
            "dnat must have one map, got two",
        ),
        (
            {"rule": {**IN, "chain": "in", "expr": [{"dnat": {"addr": LOOKUP, "port": 5}}]}},
            "dnat must have its ports in the map, got others",
        ),
        (
            {"rule": {**IN, "chain": "in", "expr": [{"dnat": {"home": 5}}]}},
            "dnat must have known keys, got 'home'",
        ),
        (
            {"rule": {**IN, "chain": "in", "expr": [{"dnat": {"family": "arp"}}]}},
            "family must be known, got str 'arp'",
        ),
        (
            {"rule": {**IN, "chain": "in", "expr": [match({"payload": HOMEMADE}, 5)]}},
            "protocol must be known, got 'home'",
        ),
        (
            {"rule": {**IN, "chain": "in", "expr": [{"vmap": {"key": DPORT, "data": {"x": 1}}}]}},
            "a map must be a set of pairs, got 'x'",
        ),
        (
            {"rule": {**IN, "chain": "in", "expr": [
                {"vmap": {"key": DPORT, "data": {"set": [[5, {"x": None}]]}}}
            ]}},
            "verdict must be known, got 'x'",
        ),
        (
            {"rule": {**IN, "chain": "in", "expr": [match(DPORT, 22, "~")]}},
            "op must be known, got str '~'",
        ),
        (
            {"rule": {**IN, "chain": "in", "expr": [{"mangle": {"key": DPORT, "value": 5}}]}},
            "a rule must not change what other rules match, got "
            "'{\"mangle\": {\"key\": {\"payload\": {\"protoc...value\": 5}}'",
        ),
    ],
)  # fmt: skip
def test_an_object_that_is_not_understood_is_skipped(item: object, reason: str) -> None:
    listed = data({"drop": None})
    listed["nftables"].append(item)
    (found,) = rulesets.from_data(listed).skipped
    assert (found.reason, found.could_accept) == (reason, True)
    assert found.location.pointer == f"/nftables/6/{next(iter(item))}"  # type: ignore[call-overload]


def test_the_line_of_a_rule_of_json() -> None:
    ruleset = rulesets.parse(json.dumps(data({"accept": None}), indent=1))
    (rule,) = ruleset.rules
    assert rule.location.line > 1
    assert rule.location.pointer == "/nftables/5/rule"


def test_a_chain_may_accept_what_was_translated() -> None:
    text = """table inet t {
        chain nat {
            type nat hook prerouting priority dstnat; policy accept;
            tcp dport 80 redirect to :8080
        }
        chain in {
            type filter hook input priority filter; policy drop;
            ct state { established, related } accept
            ct status dnat accept
        }
    }"""
    ruleset = rulesets.parse(text)
    found = ruleset.reachable()
    assert (str(found.ports), found.is_exact) == ("80/tcp", True)
    assert [each.applies for each in ruleset.rules[1:]] == [Applies.NEVER, Applies.NEVER]
    found = rulesets.parse(text.replace("ct status dnat", "tcp dport 1 ct status dnat")).reachable()
    assert not found.is_exact


def test_values_of_python_that_json_does_not_have() -> None:
    payload = {"payload": {"protocol": "tcp", "field": "dport"}}
    match = {"match": {"op": "==", "left": payload, "right": True}}
    unnamed = {"dnat": {"addr": "192.0.2.1", 1: 80}}
    for expr, reason in ((match, "expected a port or"), (unnamed, "dnat must have known keys")):
        rule = {"rule": {"family": "ip", "table": "t", "chain": "i", "expr": [expr]}}
        chain = {"chain": {"family": "ip", "table": "t", "name": "i"}}
        (found,) = rulesets.from_data({"nftables": [chain, rule]}).skipped
        assert found.reason.startswith(reason)
