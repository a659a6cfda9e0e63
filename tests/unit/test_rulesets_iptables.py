"""Lines of iptables-save and ``iptables -S``: what each is read as, and what is skipped."""

from __future__ import annotations

import contextlib
import sys
import tracemalloc
from typing import Any, cast

import pytest

from portranges import (
    Family,
    InvalidValueError,
    PortSet,
    PortSyntaxError,
    TransportPorts,
    registry,
    rulesets,
)
from portranges.rulesets import Action, Applies, Direction, Hook, Rule, Skipped

ALL = TransportPorts.full()
# Since Python 3.14 a small integer may get the memory of a large one that was freed.
REUSED = 0 if sys.version_info < (3, 14) else 9000
TCP = TransportPorts(tcp=PortSet.full())


def saved(*lines: str, table: str = "filter", policy: str = "DROP") -> str:
    builtin = "PREROUTING" if table in ("nat", "raw", "mangle") else "INPUT"
    return "\n".join(
        [f"*{table}", f":{builtin} {policy} [0:0]", ":web - [0:0]", *lines, "COMMIT\n"]
    )


def only(line: str, table: str = "filter") -> Rule:
    chain = "PREROUTING" if table in ("nat", "raw", "mangle") else "INPUT"
    ruleset = rulesets.parse(saved(f"-A {chain} {line}", table=table), "iptables")
    assert ruleset.skipped == ()
    (rule,) = ruleset.rules
    return rule


def skipped(line: str, table: str = "filter") -> Skipped:
    chain = "PREROUTING" if table in ("nat", "raw", "mangle") else "INPUT"
    ruleset = rulesets.parse(saved(f"-A {chain} {line}", table=table), "iptables")
    assert ruleset.rules == ()
    (found,) = ruleset.skipped
    assert found.location.line == 4
    return found


# -- ports ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "ports"),
    [
        ("-p tcp -m tcp --dport 22 -j ACCEPT", "22/tcp"),
        ("-p tcp -m tcp --dport 80:90 -j ACCEPT", "80-90/tcp"),
        ("-p udp -m udp ! --dport 53 -j ACCEPT", "0-52/udp,54-65535/udp"),
        ("-p 6 --destination-port 22 -j ACCEPT", "22/tcp"),
        ("-p TCP --dport=22 -j ACCEPT", "22/tcp"),
        ("--protocol sctp -m sctp --dport 5 --jump ACCEPT", "5/sctp"),
        ("-p dccp -m multiport --dports 22,80:90 -j ACCEPT", "22/dccp,80-90/dccp"),
        (
            "-p tcp -m multiport ! --dports 0:21,23:65535 -j ACCEPT",
            "22/tcp",
        ),
        (
            "-p tcp -m multiport --dports 22,80 -m multiport ! --dports 80 -m tcp --dport 20:25",
            "22/tcp",
        ),
        ("-p udplite -m multiport --dports 5 -j ACCEPT", ""),
        ("-p icmp -j ACCEPT", ""),
        ("-p 47 -j ACCEPT", ""),
        # As older versions wrote it.
        ("-p tcp -m tcp --dport ! 1:65535 -j ACCEPT", "0/tcp"),
    ],
)
def test_the_ports_of_a_rule(line: str, ports: str) -> None:
    rule = only(line)
    assert rule.ports == TransportPorts.parse(ports)
    assert (rule.source_ports, rule.applies) == (PortSet.full(), Applies.ALWAYS)
    assert rule.conditions == ()


@pytest.mark.parametrize("protocol", ["-p all ", "-p 0 ", ""])
def test_a_rule_without_a_protocol_is_for_every_transport(protocol: str) -> None:
    assert only(f"{protocol}-j DROP").ports == ALL


def test_a_negated_protocol_is_every_other_transport() -> None:
    assert only("! -p tcp -j DROP").ports == ALL - TCP
    assert only("-p ! 6 -j DROP").ports == ALL - TCP


def test_source_ports_make_a_rule_apply_to_some_packets() -> None:
    rule = only("-p udp -m udp --sport 53 --dport 1024:65535 -j ACCEPT")
    assert (rule.source_ports, rule.applies) == (PortSet([53]), Applies.MAYBE)
    assert rule.ports == TransportPorts.parse("1024-65535/udp")
    rule = only("-p udp -m multiport --sports 53,67:68 -m udp ! --sport 53 -j ACCEPT")
    assert rule.source_ports == PortSet.parse("67-68")


def test_equal_ports_are_kept_once() -> None:
    line = "-A INPUT -p tcp -m tcp --dport 60000 -j ACCEPT"
    one, other = rulesets.parse(saved(line, line)).rules
    assert one.ports is other.ports


def test_either_port_is_a_condition() -> None:
    rule = only("-p tcp -m multiport --ports 80 -j ACCEPT")
    assert (rule.ports, rule.applies) == (TCP, Applies.MAYBE)
    assert rule.conditions == ("-m multiport --ports 80",)


def test_a_rule_for_another_protocol_has_no_ports() -> None:
    rule = only("-p icmp -m icmp --icmp-type 8 -j ACCEPT")
    assert rule.ports == TransportPorts.empty()
    assert rule.conditions == ("-m icmp --icmp-type 8",)


def test_names_need_a_registry() -> None:
    text = saved("-A INPUT -p tcp --dport https -j ACCEPT")
    assert rulesets.parse(text, services=registry.SHIPPED).rules[0].ports.tcp == PortSet([443])
    (found,) = rulesets.parse(text).skipped
    assert found.reason == (
        "expected a port or 'first:last', got 'https'; names require services=registry.SHIPPED"
    )
    assert found.could_accept


# -- conditions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "applies"),
    [
        ("-i lo", Applies.NEVER),
        ("! -i lo", Applies.ALWAYS),
        ("-i eth0", Applies.MAYBE),
        ("! -i eth+", Applies.MAYBE),
        ("-i +", Applies.ALWAYS),
        ("-s 10.0.0.0/8", Applies.MAYBE),
        ("-s 0.0.0.0/0", Applies.ALWAYS),
        ("! -d 192.0.2.1/32", Applies.MAYBE),
        ("-f", Applies.MAYBE),
        ("! -f", Applies.MAYBE),
        ("-m state --state NEW", Applies.ALWAYS),
        ("-m state --state RELATED,ESTABLISHED", Applies.NEVER),
        ("-m conntrack --ctstate NEW,ESTABLISHED", Applies.ALWAYS),
        ("-m conntrack ! --ctstate NEW", Applies.NEVER),
        ("-m conntrack ! --ctstate INVALID", Applies.ALWAYS),
        ("-m conntrack --ctstate SNAT,DNAT", Applies.MAYBE),
        # The tool accepts a part of a name.
        ("-m state --state EST", Applies.MAYBE),
        ("-m conntrack --ctstate NEW --ctproto 6", Applies.MAYBE),
        ("-m set --match-set blocked src", Applies.MAYBE),
        ("-m set ! --match-set blocked src,dst --return-nomatch", Applies.MAYBE),
        ("-m limit --limit 5/min", Applies.MAYBE),
        ("-m recent --rcheck --seconds 60 --name ssh --mask 255.255.255.255 --rsource", "maybe"),
        ("-m rpfilter", Applies.MAYBE),
        ("-m rpfilter --invert", Applies.MAYBE),
        ('-m string --string "-j ACCEPT" --algo bm --to 65535', Applies.MAYBE),
    ],
)
def test_whether_a_condition_holds_for_a_new_packet(condition: str, applies: Applies) -> None:
    rule = only(f"{condition} -j ACCEPT")
    assert rule.applies == applies
    assert rule.conditions == (condition,)


@pytest.mark.parametrize(
    ("flags", "applies"),
    [
        ("--syn", Applies.ALWAYS),
        ("! --syn", Applies.NEVER),
        ("--tcp-flags FIN,SYN,RST,ACK SYN", Applies.ALWAYS),
        ("! --tcp-flags FIN,SYN,RST,ACK SYN", Applies.NEVER),
        ("--tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE", Applies.NEVER),
        ("--tcp-flags ALL SYN", Applies.ALWAYS),
        ("--tcp-flags FIN,ACK NONE", Applies.ALWAYS),
        ("--tcp-flags ACK ACK", Applies.NEVER),
        ("--tcp-flags ACK,ECE NONE", Applies.MAYBE),
    ],
)
def test_a_new_packet_has_syn_as_its_only_flag(flags: str, applies: Applies) -> None:
    rule = only(f"-p tcp -m tcp {flags} -j DROP")
    assert rule.applies is applies
    assert rule.conditions == (f"-m tcp {flags}",)


def test_conditions_are_verbatim_and_a_comment_is_not_a_condition() -> None:
    line = (
        '! -s 10.0.0.0/8 -i eth0 -p tcp -m tcp --dport 22 -m comment --comment "a \\"b\\" -j DROP" '
        "-m conntrack --ctstate NEW -m hashlimit --hashlimit-upto 5/min --hashlimit-name ssh "
        "-j ACCEPT"
    )
    rule = only(line)
    assert rule.conditions == (
        "! -s 10.0.0.0/8",
        "-i eth0",
        "-m conntrack --ctstate NEW",
        "-m hashlimit --hashlimit-upto 5/min --hashlimit-name ssh",
    )
    assert (rule.text, rule.action) == (f"-A INPUT {line}", Action.ACCEPT)


def test_a_value_may_look_like_an_option() -> None:
    assert only("-m comment --comment -j -j ACCEPT").action is Action.ACCEPT
    assert only("-j LOG --log-prefix -j").action is Action.CONTINUE
    assert only("-m string --string -p --algo bm -j DROP").action is Action.DROP


@pytest.mark.parametrize("rule", ["-A PREROUTING -j CT --notrack", "-A PREROUTING -j NOTRACK"])
def test_untracked_packets_have_no_state_new(rule: str) -> None:
    lines = [
        "-A INPUT -m state --state NEW -j ACCEPT",
        "-A INPUT -m state --state NEW,UNTRACKED -j ACCEPT",
        "-A INPUT -m state --state UNTRACKED -j ACCEPT",
        "-A INPUT -m state --state ESTABLISHED -j ACCEPT",
    ]
    text = saved(rule, table="raw", policy="ACCEPT") + saved(*lines)
    nat = saved("-A PREROUTING -p tcp -j REDIRECT --to-ports 1", table="nat", policy="ACCEPT")
    found = [each.applies.value for each in rulesets.parse(text + nat).rules[1:]]
    assert found == ["maybe", "always", "maybe", "never", "maybe"]
    found = [each.applies.value for each in rulesets.parse(saved(*lines) + nat).rules]
    assert found == ["always", "always", "never", "never", "always"]


def test_the_table_raw_comes_before_connections_are_tracked() -> None:
    """The kernel calls the state INVALID there, as the oracle showed."""
    assert only("-m state --state NEW -j DROP", "raw").applies is Applies.NEVER
    assert only("-m state --state INVALID -j DROP", "raw").applies is Applies.ALWAYS
    assert only("-m state ! --state NEW -j DROP", "raw").applies is Applies.ALWAYS


@pytest.mark.parametrize("rule", ["-j CT --zone 1", "-p tcp --dport 21 -j CT --helper ftp"])
def test_a_packet_may_be_new_once_it_is_chosen_how_to_track_it(rule: str) -> None:
    states = ("NEW", "INVALID", "NEW,INVALID")
    lines = [f"-A PREROUTING -m state --state {each} -j ACCEPT" for each in states]
    text = saved(f"-A PREROUTING {rule}", *lines, table="raw", policy="ACCEPT")
    found = [each.applies.value for each in rulesets.parse(text).rules[1:]]
    assert found == ["maybe", "maybe", "always"]


def test_a_copy_may_come_through_the_loopback_interface() -> None:
    tee = "-A PREROUTING -i eth0 -p tcp --dport 80 -j TEE --gateway 192.0.2.1"
    copies = saved(tee, table="mangle", policy="ACCEPT")
    rules = "-A INPUT -i lo -m state --state NEW,UNTRACKED -j ACCEPT"
    assert rulesets.parse(copies + saved(rules)).reachable().ports == TransportPorts.full()
    assert not rulesets.parse(saved(rules)).reachable().ports


# -- targets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "action", "to"),
    [
        ("-j ACCEPT", Action.ACCEPT, ""),
        ("-j DROP", Action.DROP, ""),
        ("-j REJECT --reject-with tcp-reset", Action.REJECT, ""),
        ("-j RETURN", Action.RETURN, ""),
        ("-j web", Action.JUMP, "filter web"),
        ("-g web", Action.GOTO, "filter web"),
        ("--goto web", Action.GOTO, "filter web"),
        ("-j NFQUEUE --queue-num 0 --queue-bypass", Action.DELEGATE, ""),
        ('-j LOG --log-prefix "a b " --log-level 4', Action.CONTINUE, ""),
        ("-j SET --add-set seen src --exist", Action.CONTINUE, ""),
        ("", Action.CONTINUE, ""),
        ("-c 12 345 -j ACCEPT", Action.ACCEPT, ""),
    ],
)
def test_the_action_of_a_target(target: str, action: Action, to: str) -> None:
    rule = only(f"-p tcp {target}".strip())
    assert (rule.action, rule.target) == (action, to)
    assert rule.conditions == ()


@pytest.mark.parametrize(
    ("target", "action", "ports"),
    [
        ("-j REDIRECT --to-ports 8080", Action.REDIRECT, "8080"),
        ("-j REDIRECT --to-ports 8080-8090 --random", Action.REDIRECT, "8080-8090"),
        ("-j REDIRECT", Action.REDIRECT, None),
        ("-j DNAT --to-destination 192.0.2.1:80", Action.TRANSLATE, "80"),
        ("-j DNAT --to-destination 192.0.2.1-192.0.2.9:80-90 --random", Action.TRANSLATE, "80-90"),
        ("-j DNAT --to-destination :80", Action.TRANSLATE, "80"),
        ("-j DNAT --to-destination 192.0.2.1", Action.TRANSLATE, None),
        ("-j DNAT --to-destination [2001:db8::1]:80", Action.TRANSLATE, "80"),
        ("-j DNAT --to-destination [2001:db8::1]-[2001:db8::2]:80", Action.TRANSLATE, "80"),
        ("-j DNAT --to-destination 2001:db8::1", Action.TRANSLATE, None),
        ("-j DNAT --to-destination 192.0.2.1:5000-5010/80", Action.TRANSLATE, "5000-5010"),
        (
            "-j DNAT --to-destination 192.0.2.1:80 --to-destination 192.0.2.2:81",
            Action.TRANSLATE,
            "80-81",
        ),
        ("-j NETMAP --to 192.0.2.0/24", Action.TRANSLATE, None),
        ("-j SNAT --to-source 192.0.2.1:80", Action.ACCEPT, None),
        ("-j MASQUERADE --to-ports 1024-65535", Action.ACCEPT, None),
    ],
)
def test_a_translation_and_its_ports(target: str, action: Action, ports: str | None) -> None:
    rule = only(f"-p tcp -m tcp --dport 443 {target}", "nat")
    assert rule.action is action
    assert rule.translated_ports == (None if ports is None else PortSet.parse(ports))


def test_targets_that_are_not_terminal_do_not_decide() -> None:
    assert only("-j MARK --set-xmark 0x1/0xffffffff", "mangle").action is Action.CONTINUE
    assert only("-j CT --notrack", "raw").action is Action.CONTINUE
    assert only("-j TPROXY --on-port 3128 --on-ip 0.0.0.0", "mangle").action is Action.DELEGATE


# -- what is skipped ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "reason", "could_accept"),
    [
        (
            "-j HOMEMADE",
            "target must be a chain of the table or a known target, got 'HOMEMADE'",
            True,
        ),
        (
            "-j INPUT",
            "target must be a chain of the table or a known target, got 'INPUT'",
            True,
        ),
        (
            "-g ACCEPT",
            "target must be a chain of the table or a known target, got 'ACCEPT'",
            True,
        ),
        (
            "-j ACCEPT -j DROP",
            "a rule must have one target, got 'DROP' as well",
            False,
        ),
        (
            "-m geoip --source-country XX -j DROP",
            "option must be one of iptables or of a loaded module, got '--source-country'",
            False,
        ),
        (
            "-m geoip --source-country XX -j ACCEPT",
            "option must be one of iptables or of a loaded module, got '--source-country'",
            True,
        ),
        (
            "--dport 22 -j ACCEPT",
            "option must be one of iptables or of a loaded module, got '--dport'",
            True,
        ),
        ("-p tpc -j ACCEPT", "protocol must be a known name or 0..255, got 'tpc'", True),
        ("-p 256 -j ACCEPT", "protocol must be a known name or 0..255, got '256'", True),
        ("-p tcp -p udp -j DROP", "a rule must have one protocol, got 'udp' as well", False),
        (
            '-m comment --comment "open -j DROP',
            "a quotation mark must be closed, got '-m comment --comment \"open -j DROP'",
            True,
        ),
        ("-p tcp --syn=1", "--syn must have no value, got '--syn=1'", True),
        ("-p tcp --tcp-flags SYN", "--tcp-flags must have 2 values, got '--tcp-flags SYN'", True),
        ("-p tcp !", "an option must follow '!', got nothing", True),
        ("-j", "-j must have a value, got '-j'", True),
        (
            "-p tcp -m tcp --dport 080 -j REJECT --reject-with tcp-reset",
            "port must have no leading zero, got '080'; iptables reads '-p udp --dport 080' as 80",
            False,
        ),
        (
            "-p udp -m udp --dport 90:80 -j ACCEPT",
            "first must not be greater than last, got '90:80'; did you mean 80:90?; iptables reads "
            "'-p udp --dport 90:80' as no port (only '-p tcp' rejects it)",
            True,
        ),
    ],
)
def test_what_is_not_understood_is_skipped(line: str, reason: str, could_accept: bool) -> None:
    found = skipped(line)
    assert (found.reason, found.could_accept) == (reason, could_accept)
    assert (found.text, found.group) == (f"-A INPUT {line}", "filter INPUT")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("192.0.2.1:http", "expected an address and ports, got '192.0.2.1:http'"),
        ("192.0.2.1:90-80", "first must not be greater than last, got 90-80; did you mean 80-90?"),
        ("192.0.2.1:70000", "port must be in 0..65535, got '70000'"),
    ],
)
def test_a_destination_that_is_not_understood(target: str, reason: str) -> None:
    assert skipped(f"-p tcp -j DNAT --to-destination {target}", "nat").reason == reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("-I INPUT 1 -j ACCEPT", "only -A, -N and -P are read, got '-I INPUT 1 -j ACCEPT'"),
        ("-D INPUT 1", "only -A, -N and -P are read, got '-D INPUT 1'"),
        ("-N other", "only -A, -N and -P are read, got '-N other'"),
        ("-P INPUT ACCEPT", "only -A, -N and -P are read, got '-P INPUT ACCEPT'"),
        ("-A", "only -A, -N and -P are read, got '-A'"),
        ("allow 22", "expected a rule, a chain or a table, got 'allow 22'"),
        (":web - [0:0]", "a chain must be declared once, got 'web' again"),
        (":", "expected ':chain policy [packets:bytes]', got ':'"),
        (
            ":OUTPUT REJECT [0:0]",
            "expected ':chain policy [packets:bytes]', got ':OUTPUT REJECT [0:0]'",
        ),
        (":user DROP [0:0]", "expected ':chain policy [packets:bytes]', got ':user DROP [0:0]'"),
    ],
)
def test_a_line_that_is_not_a_rule_is_skipped_and_could_accept(line: str, reason: str) -> None:
    ruleset = rulesets.parse(saved(line))
    (found,) = ruleset.skipped
    assert (found.reason, found.could_accept, found.group) == (reason, True, "")
    reachable = ruleset.reachable()
    assert reachable.ports == ALL
    assert reachable.because == (found,)


def test_a_warning_about_further_rules_is_skipped() -> None:
    """iptables-nft-save writes these where its output is not everything."""
    text = (
        "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n"
        "# Table `nat' is incompatible, use 'nft' tool.\n" + saved(policy="ACCEPT")
    )
    ruleset = rulesets.parse(text)
    assert [each.reason for each in ruleset.skipped] == [
        "there are further rules, which are not in the file",
        "the rules of this table are not in the file",
    ]
    reachable = ruleset.reachable()
    assert (reachable.ports, reachable.is_exact) == (ALL, False)
    assert reachable.because == ruleset.skipped


# -- the file -------------------------------------------------------------------------------------


def test_chains_have_their_hooks_priorities_and_policies() -> None:
    text = saved(table="nat", policy="ACCEPT") + saved()
    chains = rulesets.parse(text).chains
    assert chains is not None
    assert [(each.name, each.hook, each.priority, each.policy.value) for each in chains] == [
        ("nat PREROUTING", Hook.PREROUTING, -100, "accept"),
        ("nat web", None, 0, "return"),
        ("filter INPUT", Hook.INPUT, 0, "drop"),
        ("filter web", None, 0, "return"),
    ]
    assert [each.translates for each in chains] == [True, True, False, False]


@pytest.mark.parametrize(
    ("text", "reason", "span"),
    [
        (
            "*filter\n:INPUT DROP [0:0]\n",
            "each table must end with COMMIT, got the end of the text",
            (25, 25),
        ),
        ("*filter\n*nat\nCOMMIT\n", "each table must end with COMMIT, got '*nat'", (8, 12)),
        (
            "*broute\nCOMMIT\n",
            "table must be raw, mangle, nat, filter, security, got 'broute'",
            (0, 7),
        ),
        (
            "*filter\nCOMMIT\n*filter\nCOMMIT\n",
            "each table must appear once, got 'filter' twice",
            (15, 22),
        ),
        ("*filter\nCOMMIT\nCOMMIT\n", "a table must precede COMMIT, got 'COMMIT'", (15, 21)),
    ],
)
def test_a_file_that_the_tool_would_not_load(text: str, reason: str, span: tuple[int, int]) -> None:
    with pytest.raises(PortSyntaxError) as caught:
        rulesets.parse(text, "iptables")
    assert (caught.value.reason, caught.value.span) == (reason, span)


def test_a_loop_is_refused() -> None:
    text = saved(":two - [0:0]", "-A web -j two", "-A two -g web")
    with pytest.raises(ValueError, match=r"a chain must not jump back to itself, got 'filter "):
        rulesets.parse(text)


def test_a_rule_outside_a_table_is_skipped() -> None:
    (found,) = rulesets.parse(saved() + "-A INPUT -j ACCEPT\n").skipped
    assert found.reason == "a rule must be in a table, got '-A INPUT -j ACCEPT'"
    assert found.location.line == 5


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_counters_comments_blank_lines_and_line_ends(end: str) -> None:
    text = end.join(
        [
            "# Generated by iptables-save v1.8.9 (nf_tables) on Mon Nov 30 08:55:48 2026",
            "*filter",
            ":INPUT DROP [12:3456]",
            "",
            "[12:3456] -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
            "COMMIT",
            "# Completed on Mon Nov 30 08:55:48 2026",
        ]
    )
    ruleset = rulesets.parse(text)
    assert ruleset.skipped == ()
    (rule,) = ruleset.rules
    assert rule.text == "[12:3456] -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"
    assert (rule.location.line, rule.direction) == (5, Direction.IN)
    assert str(ruleset.reachable().ports) == "22/tcp"


def test_a_comment_may_have_any_character() -> None:
    rule = only('-p tcp -m tcp --dport 22 -m comment --comment "für alle\u2028" -j ACCEPT')
    assert str(rule.ports) == "22/tcp"


@pytest.mark.parametrize(
    ("lines", "chain"),
    [
        ("-P INPUT DROP\n-P FORWARD DROP\n-P OUTPUT ACCEPT", "filter INPUT"),
        (
            "-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT",
            "nat INPUT",
        ),
        (
            "-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n"
            "-P POSTROUTING ACCEPT",
            "mangle INPUT",
        ),
        ("-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT", "raw OUTPUT"),
    ],
)
def test_the_table_of_a_list_by_its_chains(lines: str, chain: str) -> None:
    ruleset = rulesets.parse(f"{lines}\n-N web\n-A web -c 1 2 -j ACCEPT\n")
    assert ruleset.chains is not None
    assert chain in [each.name for each in ruleset.chains]
    assert ruleset.rules[0].group == f"{chain.partition(' ')[0]} web"
    assert ruleset.skipped == ()


def test_a_policy_that_is_not_given_leaves_ports_open() -> None:
    ruleset = rulesets.parse("-A INPUT -p tcp --dport 22 -j DROP", "iptables")
    reachable = ruleset.reachable()
    assert reachable.ports == ALL - TransportPorts(tcp=[22])
    assert not reachable.is_exact


def test_ip6tables_has_the_other_family() -> None:
    text = saved("-A INPUT -p tcp --dport 22 -j ACCEPT")
    header = "# Generated by ip6tables-nft-save v1.8.9 (nf_tables) on Mon Nov 30 08:55:48 2026\n"
    for ruleset in (rulesets.parse(header + text), rulesets.parse(text, "ip6tables-save")):
        assert ruleset.format == "ip6tables"
        assert ruleset.rules[0].families == (Family.INET6,)
    assert rulesets.parse(text).rules[0].families == (Family.INET,)


def test_an_empty_ruleset_filters_nothing() -> None:
    """iptables-save writes nothing before the first table is used."""
    for direction in Direction:
        reachable = rulesets.parse("", "iptables").reachable(direction)
        assert (reachable.ports, reachable.is_exact) == (ALL, True)


# -- iptables -L ----------------------------------------------------------------------------------

HEADING = "pkts bytes target     prot opt in     out     source               destination"
WIDE = "    0     0 {:<10} {:<4} --  *      *       0.0.0.0/0            0.0.0.0/0            {}"


def listed(target: str, protocol: str, rest: str, policy: str = "DROP") -> rulesets.Ruleset:
    line = WIDE.format(target, protocol, rest)
    chain = f"Chain INPUT (policy {policy} 0 packets, 0 bytes)\n {HEADING}\n{line}\n"
    return rulesets.parse(f"{chain}\nChain web (1 references)\n {HEADING}\n")


@pytest.mark.parametrize(
    ("target", "protocol", "rest", "line"),
    [
        ("ACCEPT", "6", "tcp dpt:22", "-p tcp --dport 22 -j ACCEPT"),
        ("ACCEPT", "tcp", "tcp dpts:!22:25", "-p tcp ! --dport 22:25 -j ACCEPT"),
        ("DROP", "17", "udp spts:1:9 dpt:53", "-p udp --sport 1:9 --dport 53 -j DROP"),
        ("web", "6", "[goto]  tcp dpt:80", "-p tcp --dport 80 -g web"),
        ("web", "all", "", "-j web"),
        ("", "132", "sctp dpt:5", "-p sctp --dport 5"),
        ("ACCEPT", "!6", "", "! -p tcp -j ACCEPT"),
        (
            "ACCEPT",
            "6",
            "multiport dports  !22,80:90",
            "-p 6 -m multiport ! --dports 22,80:90 -j ACCEPT",
        ),
        (
            "ACCEPT",
            "0",
            "state RELATED,ESTABLISHED",
            "-m state --state RELATED,ESTABLISHED -j ACCEPT",
        ),
        ("DROP", "0", "! ctstate NEW", "-m conntrack ! --ctstate NEW -j DROP"),
        ("DROP", "6", "tcp flags:!0x17/0x02", "-p 6 ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP"),
        # As older versions wrote it.
        ("DROP", "tcp", "tcp dpt:22flags: 0x17/0x02", "-p tcp --dport 22 --syn -j DROP"),
        ("DROP", "tcp", "tcp dpt:22flags:! FIN,SYN,RST,ACK/SYN", "-p 6 --dport 22 ! --syn -j DROP"),
        ("DROP", "tcp", "tcpflags: 0x3F/0x00", "-p tcp --tcp-flags ALL NONE -j DROP"),
        ("DROP", "tcp", "tcp flags:!FIN,SYN,RST,ACK/SYN", "-p tcp ! --syn -j DROP"),
        ("DROP", "6", "tcp flags:0x3F/0x00", "-p 6 --tcp-flags ALL NONE -j DROP"),
        ("ACCEPT", "6", "tcp dpt:22 /* for admins */", "-p tcp --dport 22 -j ACCEPT"),
        ("REJECT", "6", "tcp dpt:22 reject-with tcp-reset", "-p tcp --dport 22 -j REJECT"),
    ],
)
def test_a_line_of_a_list_is_the_same_rule(
    target: str, protocol: str, rest: str, line: str
) -> None:
    ruleset = listed(target, protocol, rest)
    assert ruleset.skipped == ()
    (found,) = ruleset.rules
    expected = only(line)
    for name in ("ports", "source_ports", "action", "target", "applies", "group", "direction"):
        assert getattr(found, name) == getattr(expected, name)
    assert found.location.line == 3
    assert found.text == WIDE.format(target, protocol, rest)


@pytest.mark.parametrize(
    "rest",
    [
        "/* a */ tcp dpt:22 */",
        "/* a */ /* b tcp dpt:22 */",
        "/* never closed tcp dpt:22",
        'STRING match  "a tcp dpt:22" ALGO name bm',
        "recent: CHECK name: dpt:22 side: source mask: 255.255.255.255",
        "recent: CHECK name: [goto] side: source",
        "recent: CHECK name: state side: source",
        "match-set tcp src",
        "mark match 0x1",
    ],
)
def test_words_of_a_list_that_are_not_a_match_on_ports(rest: str) -> None:
    """A comment or a name may have any words."""
    (found,) = listed("DROP", "6", rest, policy="ACCEPT").rules
    assert (found.ports, found.action, found.applies) == (TCP, Action.DROP, Applies.MAYBE)
    assert found.conditions == (" ".join(rest.split()),)


@pytest.mark.parametrize(
    ("target", "rest", "ports"),
    [
        ("REDIRECT", "tcp dpt:80 redir ports 8080", "8080"),
        ("REDIRECT", "tcp dpt:80 redir ports 8080-8090 random", "8080-8090"),
        ("DNAT", "tcp dpt:80 to:192.0.2.1:8080", "8080"),
        ("DNAT", "tcp dpt:80 to:192.0.2.1", None),
        ("REDIRECT", "tcp dpt:80", None),
    ],
)
def test_a_translation_in_a_list(target: str, rest: str, ports: str | None) -> None:
    line = WIDE.format(target, "6", rest)
    text = (
        f"Chain PREROUTING (policy ACCEPT)\n {HEADING}\n{line}\nChain POSTROUTING (policy ACCEPT)\n"
    )
    (rule,) = rulesets.parse(text).rules
    assert (rule.group, rule.applies) == ("nat PREROUTING", Applies.ALWAYS)
    assert rule.translated_ports == (None if ports is None else PortSet.parse(ports))


def test_a_list_without_interfaces_leaves_every_rule_open() -> None:
    text = """\
Chain INPUT (policy DROP)
num  target     prot opt source               destination
1    ACCEPT     tcp  --  0.0.0.0/0            0.0.0.0/0            tcp dpt:22
2    DROP       all  --  0.0.0.0/0            0.0.0.0/0
"""
    ruleset = rulesets.parse(text)
    assert [each.applies for each in ruleset.rules] == [Applies.MAYBE, Applies.MAYBE]
    assert str(ruleset.reachable().ports) == "22/tcp"


def test_interfaces_and_addresses_of_a_list() -> None:
    line = "    0     0 ACCEPT     0    -f  !eth0  *       10.0.0.0/8          !192.168.1.1"
    text = f"Chain INPUT (policy DROP)\n {HEADING}\n{line}\n"
    (rule,) = rulesets.parse(text).rules
    assert rule.conditions == ("-f", "! -i eth0", "-s 10.0.0.0/8", "! -d 192.168.1.1")
    (rule,) = rulesets.parse(text.replace("-f  !eth0", "--  lo   ")).rules
    assert rule.applies is Applies.NEVER


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("ACCEPT     tcp      ::/0                 2001:db8::/32       tcp dpt:22", Action.ACCEPT),
        (
            "           tcp      fe80::/64           !::1                 tcp dpt:22",
            Action.CONTINUE,
        ),
        ("DROP       tcp      anywhere             anywhere            tcp dpt:22", Action.DROP),
    ],
)
def test_the_column_of_options_may_be_empty_for_ipv6(line: str, action: Action) -> None:
    """Older versions of ip6tables left it blank."""
    text = f"Chain INPUT (policy DROP)\ntarget prot opt source destination\n{line}\n"
    (rule,) = rulesets.parse(text, "ip6tables").rules
    assert (str(rule.ports), rule.action) == ("22/tcp", action)


def test_columns_that_may_be_read_in_two_ways_are_skipped() -> None:
    line = "tcp ::1 ::1 ::1"
    text = f"Chain INPUT (policy DROP)\ntarget prot opt source destination\n{line}\n"
    (found,) = rulesets.parse(text, "ip6tables").skipped
    assert found.reason == f"expected the columns of 'iptables -L', got '{line}'"


@pytest.mark.parametrize("line", ["ACCEPT", "0 0 ACCEPT tcp -- lo", "Warning: nothing"])
def test_a_line_of_a_list_without_the_columns_is_skipped(line: str) -> None:
    text = f"Chain INPUT (policy DROP)\n {HEADING}\n{line}\n"
    (found,) = rulesets.parse(text).skipped
    assert found.reason == f"expected the columns of 'iptables -L', got '{line}'"
    assert found.could_accept
    (found,) = rulesets.parse(f"Chain INPUT (policy DROP)\n{line}\n").skipped
    assert found.location.line == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "Chain INPUT (policy DROP)\n\nChain INPUT (policy ACCEPT)\n",
            "each chain must be listed once, and one table at a time, got 'INPUT' twice",
        ),
        (
            "Chain INPUT (policy DROP)\n\nChain web (policy ACCEPT)\n",
            "expected a chain of the table filter, got 'web'",
        ),
    ],
)
def test_lists_of_several_tables_are_refused(text: str, reason: str) -> None:
    with pytest.raises(PortSyntaxError) as caught:
        rulesets.parse(text)
    assert caught.value.reason == reason


def test_a_chain_may_have_the_name_of_a_module() -> None:
    text = "-P INPUT DROP\n-N tcp\n-A INPUT -p tcp -j tcp --dport 22\n-A tcp -j ACCEPT\n"
    ruleset = rulesets.parse(text)
    assert ruleset.skipped == ()
    assert str(ruleset.reachable().ports) == "22/tcp"


def test_the_latest_module_has_an_option_that_two_have() -> None:
    rule = only(
        "-m recent --update --name x --mask 255.255.255.255 -j CONNMARK --set-mark 0x1 --mask 0x1"
    )
    assert rule.action is Action.CONTINUE
    assert rule.conditions == ("-m recent --update --name x --mask 255.255.255.255",)


@pytest.mark.parametrize(
    "match",
    [
        "--dport {}:65535",
        "--sport {}:65535",
        "! --dport {}",
        "-m multiport --dports 7,60000,{}",
        "-j REDIRECT --to-ports {}-65535",
        "-j DNAT --to-destination 192.0.2.1:{}-65535",
        "--dport {} -m comment --comment '\"-j\"'",
    ],
)
def test_the_memory_is_linear_in_the_text(match: str) -> None:
    lines = [f"-A PREROUTING -p tcp {match.format(port)}" for port in range(60000, 61000)]
    text = "\n".join(["*nat", ":PREROUTING ACCEPT [0:0]", *lines, "COMMIT", ""])
    rulesets.parse(text[:200] + "\nCOMMIT\n")
    tracemalloc.start()
    ruleset = rulesets.parse(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(ruleset.rules) == 1000
    # The integer of one set of such ports has 8 KiB.
    assert peak < 1000 * (3000 + REUSED)


# -- the format -----------------------------------------------------------------------------------

TEXTS_OF_IPV6 = (
    "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -j ACCEPT\n-A INPUT -s fd00::/8 -j DROP\nCOMMIT\n",
    "*nat\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n*filter\n[1:2] -A INPUT ! -d ::1/128 -j DROP\nCOMMIT\n",
    "*nat\n-A OUTPUT -p tcp -j DNAT --to-destination [fd00::1]:80\nCOMMIT\n",
    "*filter\r\n-A INPUT -p ipv6-icmp -j ACCEPT\r\nCOMMIT\r\n",
    "-P INPUT DROP\n-P FORWARD DROP\n-N web\n-A web -s fe80::/10 -j ACCEPT\n",
    "Chain INPUT (policy DROP)\ntarget prot opt source destination\nDROP all ::/0 fd00::/8\n",
)
TEXTS_OF_IPV4 = (
    "*filter\r\n-A INPUT -p tcp --dport 80 -j ACCEPT\r\nCOMMIT\r\n",
    "*filter \n-A INPUT -s 10.0.0.0/8 -m mac --mac-source 00:11:22:33:44:55 -j ACCEPT\nCOMMIT\n",
    "*nat\n-A OUTPUT -p tcp -j DNAT --to-destination :80\nCOMMIT\n",
    "-P INPUT DROP\n-A INPUT -p tcp --dport 80:81 -j ACCEPT\n",
    "Chain INPUT (policy DROP)\ntarget prot opt source destination\n"
    "ACCEPT tcp -- 0.0.0.0/0 10.0.0.0/8 tcp dpts:80:81 MAC 00:11:22:33:44:55\n",
    # A sixth table is refused by the tool.
    "*filter\n" * 6 + "-A INPUT -s ::1/128 -j ACCEPT\n",
)


@pytest.mark.parametrize("text", TEXTS_OF_IPV6)
def test_addresses_show_that_a_text_is_for_ipv6(text: str) -> None:
    assert rulesets.detect(text).name == "ip6tables"
    for rule in rulesets.parse(text).rules:
        assert rule.families == (Family.INET6,)


@pytest.mark.parametrize("text", TEXTS_OF_IPV4)
def test_a_text_without_an_address_of_ipv6_is_for_ipv4(text: str) -> None:
    assert rulesets.detect(text).name == "iptables"
    assert rulesets.detect("# Generated by iptables-save v1.8.9\n" + TEXTS_OF_IPV6[0]).name == (
        "iptables"
    )


@pytest.mark.parametrize(
    "line",
    [
        "*filter\n",
        "-P INPUT DROP\n",
        "-A INPUT -s ",
        "Chain INPUT (policy DROP)\n",
        "f",
        " :",
        "f: ",
    ],
)
def test_the_format_is_detected_in_linear_time(line: str) -> None:
    for before in ("", "*filter\n", "-P INPUT DROP\n", "-A INPUT ", "Chain INPUT (policy DROP)\n"):
        text = before + line * (65536 // len(line))
        with contextlib.suppress(InvalidValueError):
            assert rulesets.detect(text).name in ("iptables", "ip6tables")


# -- sets of ipset ---------------------------------------------------------------------------------

SETS = """\
create web bitmap:port range 0-65535
add web 80
add web 443
create hosts hash:ip,port family inet hashsize 1024 maxelem 65536
add hosts 192.0.2.1,tcp:22
add hosts 192.0.2.1,dccp:0
create addresses hash:ip family inet hashsize 1024 maxelem 65536
add addresses 192.0.2.1
"""


@pytest.mark.parametrize(
    ("match", "ports", "applies"),
    [
        ("-m set --match-set web dst", "80/tcp,80/udp,443/tcp,443/udp", Applies.ALWAYS),
        ("-p tcp -m set --match-set web dst", "80/tcp,443/tcp", Applies.ALWAYS),
        ("-p tcp -m set --match-set web dst,dst", "80/tcp,443/tcp", Applies.ALWAYS),
        ("-p sctp -m set --match-set web dst", "", Applies.ALWAYS),
        ("-p sctp -m set ! --match-set web dst", "0-65535/sctp", Applies.ALWAYS),
        (
            "-p tcp -m tcp --dport 79:81 -m set ! --match-set web dst",
            "79/tcp,81/tcp",
            Applies.ALWAYS,
        ),
        ("-p tcp -m set --match-set web src", "0-65535/tcp", Applies.MAYBE),
        ("-p tcp -m set --match-set web src,dst", "0-65535/tcp", Applies.MAYBE),
        ("-p tcp -m set --match-set hosts dst,dst", "22/tcp", Applies.MAYBE),
        ("-p dccp -m set --match-set hosts dst,dst", "0-65535/dccp", Applies.MAYBE),
        ("-p tcp -m set ! --match-set hosts dst,dst", "0-65535/tcp", Applies.MAYBE),
        ("-p tcp -m set --match-set hosts dst,src", "0-65535/tcp", Applies.MAYBE),
        ("-p tcp -m set --match-set hosts dst", "0-65535/tcp", Applies.MAYBE),
        (
            "-p tcp -m set --match-set hosts dst,dst --return-nomatch",
            "0-65535/tcp",
            Applies.MAYBE,
        ),
        ("-p tcp -m set --match-set addresses dst", "0-65535/tcp", Applies.MAYBE),
        ("-p tcp -m set --match-set other dst", "0-65535/tcp", Applies.MAYBE),
        ("-p tcp -m set --match-set web dst --packets-gt 5", "80/tcp,443/tcp", Applies.MAYBE),
    ],
)
def test_a_set_is_replaced_by_its_ports(match: str, ports: str, applies: Applies) -> None:
    text = saved(f"-A INPUT {match} -j ACCEPT")
    (rule,) = rulesets.parse(text, sets=SETS).rules
    assert (str(rule.ports), rule.applies) == (ports, applies)
    assert rule.conditions == (match[match.index("-m set") :],)
    (without,) = rulesets.parse(text).rules
    assert without.applies is Applies.MAYBE
    assert without.conditions == rule.conditions


@pytest.mark.parametrize("change", ["add-set web dst", "del-set web dst --exist"])
def test_a_set_that_rules_change_is_not_known(change: str) -> None:
    text = saved(f"-A INPUT -j SET --{change}", "-A INPUT -m set --match-set web dst -j ACCEPT")
    _, rule = rulesets.parse(text, sets=SETS).rules
    assert (rule.ports, rule.applies) == (TransportPorts.full(), Applies.MAYBE)


def test_sets_are_refused_where_no_rule_refers_to_one() -> None:
    with pytest.raises(InvalidValueError, match="^sets must be None for a format without sets"):
        rulesets.parse("table ip filter {\n}\n", sets=SETS)
    with pytest.raises(PortSyntaxError, match="^each set must be created once, got 'web' twice"):
        rulesets.parse(saved(), sets=SETS + SETS)
    with pytest.raises(TypeError, match="^sets must be a str, got dict"):
        rulesets.parse(saved(), sets=cast("Any", {}))


TRANSLATED = """*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080
COMMIT
*filter
:INPUT DROP [0:0]
:user - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT
COMMIT
"""


@pytest.mark.parametrize(
    ("old", "new", "ports", "is_exact"),
    [
        ("", "", "80/tcp", True),
        ("RELATED,ESTABLISHED,DNAT", "DNAT", "80/tcp", True),
        # Other packets may have these states.
        ("RELATED,ESTABLISHED,DNAT", "DNAT,NEW", "all", True),
        ("RELATED,ESTABLISHED,DNAT", "DNAT,SNAT", "all", False),
        # What is before it may drop translated packets.
        ("-i lo -j ACCEPT", "-p tcp -j DROP", "0-65535/udp,0-65535/sctp,0-65535/dccp", False),
        ("-i lo -j ACCEPT", "-j user", "all", False),
        ("-i lo -j ACCEPT", "-m homemade -j DROP", "all", False),
        ("-A INPUT -m", "-A INPUT -p tcp -m", "0-65535/tcp", False),
    ],
)
def test_what_was_translated_may_be_accepted(old, new, ports, is_exact) -> None:
    found = rulesets.parse(TRANSLATED.replace(old, new)).reachable()
    shown = "all" if found.ports == TransportPorts.full() else str(found.ports)
    assert (shown, found.is_exact) == (ports, is_exact)


# -- hostile texts --------------------------------------------------------------------------------


def test_the_memory_of_the_evaluation_is_linear_in_the_number_of_chains() -> None:
    lines = [
        f"-A INPUT -s 192.0.2.1 -p tcp --dport {port} -j c{port}\n"
        f"-A c{port} -p tcp --dport {port}:{port + 5} -j ACCEPT"
        for port in range(60000, 60500)
    ]
    chains = "".join(f":c{port} - [0:0]\n" for port in range(60000, 60500))
    text = f"*filter\n:INPUT DROP [0:0]\n{chains}" + "\n".join([*lines, "COMMIT", ""])
    ruleset = rulesets.parse(text)
    tracemalloc.start()
    found = ruleset.reachable()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(found.ports) == "60000-60499/tcp"
    # Each chain has three sets of packets, and the integer of each has 8 KiB.
    assert peak < 500 * (6000 + REUSED)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('-A INPUT -m comment --comment "open -j ACCEPT', "a quotation mark must be closed, got "),
        ("-A INPUT -p tcp --dport 2\x002 -j ACCEPT", "expected a port or 'first:last', got "),
        ("-A INPUT -p tcp --dport \udc80 -j ACCEPT", "expected a port or 'first:last', got "),
        ("-A INPUT -p tcp --dport ", "--dport must have a value, got '--dport'"),
        ("-A INPUT -p tcp --dport " + "9" * 100_000, "port must be in 0..65535, got '999"),
        ("-A INPUT !", "an option must follow '!', got nothing"),
        ("-A INPUT -j \ud800", "target must be a chain of the table or a known target, got "),
        ("[1:x] -A INPUT -j ACCEPT", "only -A, -N and -P are read, got '[1:x] -A"),
        ("\0" * 100_000, "expected a rule, a chain or a table, got "),
        ("\ufeff*nat", "expected a rule, a chain or a table, got "),
    ],
)
def test_a_line_that_no_tool_wrote_is_skipped(line: str, reason: str) -> None:
    ruleset = rulesets.parse(saved("-A INPUT -p udp -j ACCEPT", line), "iptables")
    assert len(ruleset.rules) == 1
    (found,) = ruleset.skipped
    assert (found.location.line, found.text, found.could_accept) == (5, line, True)
    assert found.reason.startswith(reason)
    assert len(found.reason) < 400
    assert str(ruleset.reachable().ports).startswith("0-65535/tcp")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("*filter\n-A INPUT -p tc", "each table must end with COMMIT, got the end of the text"),
        ("*filter\n:INPUT DROP [0:0]\n", "each table must end with COMMIT, got the end of"),
        ("*filter\nCOMMIT\n*filter\nCOMMIT\n", "each table must appear once, got 'filter' twice"),
        (
            "*filter\r:INPUT DROP [0:0]\rCOMMIT\r",
            "table must be raw, mangle, nat, filter, security",
        ),
        ("*" + "x" * 100_000, "table must be raw, mangle, nat, filter, security, got 'xxx"),
        (
            "Chain " + "x" * 100_000 + " (policy DROP)\n",
            "expected a chain of the table filter, got",
        ),
    ],
)
def test_a_text_that_is_not_whole_is_an_error_with_its_place(text: str, message: str) -> None:
    with pytest.raises(PortSyntaxError) as caught:
        rulesets.parse(text, "iptables")
    assert str(caught.value).startswith(message)
    assert len(str(caught.value)) < 600
    start, stop = caught.value.span
    assert 0 <= start <= stop <= len(text)
