"""What is read of ufw's rules, and of the output of ``ufw status``."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portranges import Family, PortSet, PortSyntaxError, TransportPorts, rulesets
from portranges.rulesets import Action, Applies, Direction, Rule, Ruleset

ALL = TransportPorts.full()
TCP = TransportPorts(tcp=PortSet.full())

USER_RULES = """\
*filter
:ufw-user-input - [0:0]
:ufw-user-output - [0:0]
:ufw-user-forward - [0:0]
:ufw-logging-deny - [0:0]
:ufw-user-limit - [0:0]
:ufw-user-limit-accept - [0:0]
### RULES ###

### tuple ### allow tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 WWW%20Full - in
-A ufw-user-input -p tcp -m multiport --dports 80,443 -j ACCEPT \
-m comment --comment 'dapp_WWW%20Full'

### tuple ### limit udp 70 0.0.0.0/0 any 0.0.0.0/0 in_eth1
-A ufw-user-input -i eth1 -p udp --dport 70 -m conntrack --ctstate NEW -m recent --set
-A ufw-user-input -i eth1 -p udp --dport 70 -m conntrack --ctstate NEW \
-m recent --update --seconds 30 --hitcount 6 -j ufw-user-limit
-A ufw-user-input -i eth1 -p udp --dport 70 -j ufw-user-limit-accept

### tuple ### reject tcp 25 0.0.0.0/0 any 0.0.0.0/0 out
-A ufw-user-output -p tcp --dport 25 -j REJECT --reject-with tcp-reset

### tuple ### route:allow tcp 80 10.0.0.1 any 0.0.0.0/0 in_eth0!out_eth1
-A ufw-user-forward -i eth0 -o eth1 -p tcp -d 10.0.0.1 --dport 80 -j ACCEPT

### END RULES ###

### LOGGING ###
-I ufw-logging-deny -m conntrack --ctstate INVALID -j RETURN -m limit --limit 3/min --limit-burst 10
### END LOGGING ###

### RATE LIMITING ###
-A ufw-user-limit -j REJECT
-A ufw-user-limit-accept -j ACCEPT
### END RATE LIMITING ###
COMMIT
"""


def test_the_rules_have_ports_and_a_direction() -> None:
    ruleset = rulesets.parse(USER_RULES)
    assert (ruleset.format, ruleset.skipped) == ("ufw", ())
    found = [
        (each.location.line, str(each.ports), each.action, each.direction)
        for each in ruleset.rules[:6]
    ]
    assert found == [
        (11, "80/tcp,443/tcp", Action.ACCEPT, Direction.IN),
        (14, "70/udp", Action.CONTINUE, Direction.IN),
        (15, "70/udp", Action.JUMP, Direction.IN),
        (16, "70/udp", Action.JUMP, Direction.IN),
        (19, "25/tcp", Action.REJECT, Direction.OUT),
        (22, "80/tcp", Action.ACCEPT, Direction.FORWARD),
    ]
    assert {each.families for each in ruleset.rules} == {(Family.INET,)}
    assert ruleset.rules[2].target == "filter ufw-user-limit"
    # A chain without a hook may be used in every direction.
    assert ruleset.rules[-1].direction is None


def test_an_inserted_rule_is_read_with_its_own_text() -> None:
    rule = rulesets.parse(USER_RULES).rules[6]
    assert (rule.location.line, rule.action, rule.group) == (
        27,
        Action.RETURN,
        "filter ufw-logging-deny",
    )
    assert rule.text.startswith("-I ufw-logging-deny -m conntrack ")


def test_the_names_of_the_chains_show_the_family() -> None:
    ruleset = rulesets.parse(USER_RULES.replace("ufw-", "ufw6-"))
    assert ruleset.format == "ufw"
    assert {each.families for each in ruleset.rules} == {(Family.INET6,)}
    assert ruleset.rules[0].direction is Direction.IN
    part = "*filter\n-A ufw6-user-input -p tcp --dport 22 -j ACCEPT\nCOMMIT\n"
    assert rulesets.parse(part, "ufw").rules[0].families == (Family.INET6,)


def test_the_policy_of_the_rules_is_not_known() -> None:
    ruleset = rulesets.parse(USER_RULES)
    found = ruleset.reachable()
    assert (found.ports, found.is_exact) == (ALL, False)
    (only_rule,) = ruleset.deciding_rules(80, "tcp")
    assert only_rule.location.line == 11
    assert [each.location.line for each in ruleset.deciding_rules(25, "tcp", direction="out")] == [
        19
    ]
    # Known policies make the same rules exact, but for what has a condition.
    result = bare(ruleset).reachable()
    assert str(result.ports) == "68/udp,70/udp,80/tcp,443/tcp,1900/udp,5353/udp"
    assert [each.text.split()[1] for each in result.because] == [
        *["ufw-before-input"] * 3,
        *["ufw-user-input"] * 2,
    ]


def bare(ruleset: Ruleset, policy: Action = Action.DROP) -> Ruleset:
    chains = ruleset.chains or ()
    known = (each if each.hook is None else replace(each, policy=policy) for each in chains)
    return replace(ruleset, chains=tuple(known))


def test_what_before_rules_accepts_is_reachable_although_a_rule_drops_it() -> None:
    text = "*filter\n:ufw{0}-user-input - [0:0]\n-A ufw{0}-user-input -p udp -j DROP\nCOMMIT\n"
    for prefix, ports in (("", "68/udp,1900/udp,5353/udp"), ("6", "546/udp,1900/udp,5353/udp")):
        ruleset = rulesets.parse(text.format(prefix))
        assert str(TransportPorts(udp=ruleset.reachable().ports.udp)) == ports
        assert {each.location.line for each in ruleset.implied} == {2}
        assert len(ruleset.rules) == 1


def test_a_rule_of_a_built_in_chain_may_decide_anything() -> None:
    text = USER_RULES.replace(":ufw-user-input", ":INPUT DROP [0:0]\n:ufw-user-input")
    ruleset = rulesets.parse(text, "ufw")
    # ufw sets its own policy afterwards.
    assert bare(ruleset).reachable().ports == bare(rulesets.parse(USER_RULES)).reachable().ports
    text = text.replace("COMMIT", "-A INPUT -j ufw-user-input\nCOMMIT")
    ruleset = rulesets.parse(text, "ufw")
    (skipped,) = ruleset.skipped
    assert skipped.reason == "a rule must be in a chain of ufw, got 'filter INPUT'"
    assert bare(ruleset).reachable().ports == ALL
    ruleset = rulesets.parse(text.replace("-j ufw-user-input", "-j HOMEMADE"), "ufw")
    assert [each.group for each in ruleset.skipped] == [""]
    assert bare(ruleset).reachable().ports == ALL


def test_a_user_chain_that_rules_lead_to_has_no_known_place() -> None:
    text = USER_RULES.replace("COMMIT", "-A ufw-user-limit -j ufw-user-input\nCOMMIT")
    text = text.replace("in_eth1\n", "in_eth1\n#").replace("--hitcount 6 -j ufw-user-limit", "")
    ruleset = rulesets.parse(text.replace("-j ufw-user-limit\n", "-j ufw-user-limit-accept\n"))
    assert ruleset.reachable().ports == ALL
    assert bare(ruleset).deciding_rules(80, "tcp") == ()


@pytest.mark.parametrize(
    ("line", "could_accept"),
    [
        ("### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in", True),
        ("### tuple ### limit tcp 22 0.0.0.0/0 any 0.0.0.0/0 in", True),
        ("### tuple ### route:allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in", True),
        ("### tuple ### deny tcp 22 0.0.0.0/0 any 0.0.0.0/0 in", False),
        ("### tuple ### reject_log tcp 22 0.0.0.0/0 any 0.0.0.0/0 in", False),
    ],
)
def test_a_tuple_without_rules_is_reported(line: str, could_accept: bool) -> None:
    text = USER_RULES.replace("### END RULES ###", f"{line}\n\n### END RULES ###")
    (skipped,) = rulesets.parse(text).skipped
    assert (skipped.location.line, skipped.text) == (24, line)
    assert skipped.reason == "rules must follow a tuple, got '### END RULES ###'"
    assert skipped.could_accept is could_accept
    text = f"*filter\n:ufw-user-input - [0:0]\nCOMMIT\n{line}\n"
    (skipped,) = rulesets.parse(text).skipped
    assert skipped.reason == "rules must follow a tuple, got nothing"


def test_an_unknown_option_is_skipped_with_its_own_text() -> None:
    text = USER_RULES.replace("-j RETURN", "-j RETURN --unheard-of")
    (skipped,) = rulesets.parse(text).skipped
    assert skipped.text.startswith("-I ufw-logging-deny ")
    assert skipped.reason == (
        "option must be one of iptables or of a loaded module, got '--unheard-of'"
    )


def test_an_incomplete_file_is_refused_with_its_own_text() -> None:
    text = USER_RULES.removesuffix("COMMIT\n")
    with pytest.raises(PortSyntaxError, match="each table must end with COMMIT") as caught:
        rulesets.parse(text)
    assert caught.value.text == text


# -- ufw status -----------------------------------------------------------------------------------

HEADING = """\
Status: active

To                         Action      From
--                         ------      ----
"""
VERBOSE = HEADING.replace(
    "\n\n",
    "\nLogging: on (low)\nDefault: deny (incoming), allow (outgoing), disabled (routed)\n"
    "New profiles: skip\n\n",
)
NUMBERED = """\
Status: active

     To                         Action      From
     --                         ------      ----
"""


def line(to: str, action: str, origin: str, rest: str = "") -> str:
    """A line as get_status() of ufw writes it."""
    return f"{to:26} {action:12}{origin:26}{rest}\n"


def only(to: str, action: str = "ALLOW IN", origin: str = "Anywhere", rest: str = "") -> Rule:
    ruleset = rulesets.parse(HEADING + line(to, action, origin, rest))
    assert (ruleset.format, ruleset.skipped) == ("ufw-status", ())
    (rule,) = ruleset.rules
    assert rule.location.line == 5
    return rule


@pytest.mark.parametrize(
    ("to", "ports", "conditions"),
    [
        ("22/tcp", "22/tcp", ()),
        ("53", "53/tcp,53/udp", ()),
        ("80,443,8000:8100/tcp", "80/tcp,443/tcp,8000-8100/tcp", ()),
        ("80,443/tcp (WWW Full)", "80/tcp,443/tcp", ()),
        ("192.0.2.1 1000:2000/udp", "1000-2000/udp", ("to 192.0.2.1",)),
        ("192.0.2.0/24 22/tcp (OpenSSH)", "22/tcp", ("to 192.0.2.0/24",)),
        ("192.0.2.1/esp", "", ("to 192.0.2.1",)),
        ("10.0.0.0/8/gre", "", ("to 10.0.0.0/8",)),
    ],
)
def test_the_column_of_the_destination(to: str, ports: str, conditions: tuple[str, ...]) -> None:
    rule = only(to)
    assert rule.ports == TransportPorts.parse(ports)
    assert rule.conditions == conditions
    assert rule.families == (Family.INET,)
    assert rule.applies is (Applies.MAYBE if conditions else Applies.ALWAYS)


def test_a_rule_without_ports_is_for_all() -> None:
    assert only("Anywhere").ports == ALL
    assert only("Anywhere/tcp", origin="Anywhere/tcp").ports == TCP
    rule = only("Anywhere", origin="10.9.9.9")
    assert (rule.ports, rule.conditions) == (ALL, ("from 10.9.9.9",))


def test_source_ports() -> None:
    rule = only("70/udp", origin="10.1.1.1 53/udp")
    assert (rule.source_ports, rule.ports) == (PortSet([53]), TransportPorts.parse("70/udp"))
    rule = only("Anywhere", origin="33/tcp")
    assert (rule.source_ports, rule.ports, rule.applies) == (PortSet([33]), TCP, Applies.MAYBE)
    rule = only("10.2.2.2 80/tcp (WWW)", origin="53/tcp (DNS)")
    assert (rule.source_ports, rule.conditions) == (PortSet([53]), ("to 10.2.2.2",))


@pytest.mark.parametrize(
    ("to", "origin"),
    [
        ("22/tcp (v6)", "Anywhere (v6)"),
        ("80,443/tcp (WWW Full (v6))", "Anywhere (v6)"),
        ("99", "2001:db8::/32"),
        ("2001:db8::1 99/tcp", "Anywhere (v6)"),
    ],
)
def test_the_address_family(to: str, origin: str) -> None:
    assert only(to, origin=origin).families == (Family.INET6,)


@pytest.mark.parametrize(
    ("word", "action", "direction", "group"),
    [
        ("ALLOW", Action.ACCEPT, Direction.IN, "incoming"),
        ("ALLOW IN", Action.ACCEPT, Direction.IN, "incoming"),
        ("DENY IN", Action.DROP, Direction.IN, "incoming"),
        ("REJECT OUT", Action.REJECT, Direction.OUT, "outgoing"),
        ("LIMIT OUT", Action.ACCEPT, Direction.OUT, "outgoing"),
        ("ALLOW FWD", Action.ACCEPT, Direction.FORWARD, "routed"),
    ],
)
def test_the_column_of_the_action(
    word: str, action: Action, direction: Direction, group: str
) -> None:
    rule = only("22/tcp", word)
    assert (rule.action, rule.direction, rule.group) == (action, direction, group)
    assert rule.conditions == (("limit",) if word.startswith("LIMIT") else ())
    assert rule.applies is (Applies.MAYBE if word.startswith("LIMIT") else Applies.ALWAYS)


def test_interfaces() -> None:
    rule = only("192.0.2.1 1000:2000/udp on eth0")
    assert rule.conditions == ("to 192.0.2.1", "in on eth0")
    assert only("Anywhere", "DENY OUT", "Anywhere on eth0").conditions == ("out on eth0",)
    rule = only("80/tcp on eth1", "ALLOW FWD", "Anywhere on eth0")
    assert rule.conditions == ("out on eth1", "in on eth0")
    assert only("Anywhere on lo").applies is Applies.NEVER
    assert only("Anywhere (v6) on eth0").families == (Family.INET6,)


@pytest.mark.parametrize(
    "rest",
    [" (log)", " (log-all, out)", " # web (v6)", " (log) # ALLOW IN    22/tcp", " (out)"],
)
def test_what_follows_the_columns(rest: str) -> None:
    rule = only("22/tcp", rest=rest)
    assert (rule.ports, rule.conditions) == (TransportPorts.parse("22/tcp"), ())
    origin = "2001:db8:1111:2222:3333:4444:5555:6666"
    assert only("22/tcp", origin=origin, rest=rest).conditions == (f"from {origin}",)


def test_every_form_of_the_list_is_read() -> None:
    several = [line("22/tcp", "ALLOW IN", "Anywhere"), line("53", "DENY IN", "10.0.0.0/8")]
    plain = rulesets.parse(HEADING + "".join(several))
    verbose = rulesets.parse(VERBOSE + "\n".join(several))
    numbered = rulesets.parse(
        NUMBERED + "".join(f"[{at:2}] {each}" for at, each in enumerate(several, 99))
    )
    for ruleset in (plain, verbose, numbered):
        assert (ruleset.format, ruleset.skipped) == ("ufw-status", ())
        assert [str(each.ports) for each in ruleset.rules] == ["22/tcp", "53/tcp,53/udp"]
        assert ruleset.rules[1].conditions == ("from 10.0.0.0/8",)
    assert [each.location.line for each in numbered.rules] == [5, 6]
    assert rulesets.parse("Status: inactive\n").rules == ()


@pytest.mark.parametrize(
    ("text", "reason", "could_accept"),
    [
        (
            line("Own Web", "ALLOW IN", "Anywhere"),
            "expected an address or ports, got 'Own Web'; 'ufw status verbose' shows the ports "
            "of application profiles",
            True,
        ),
        (
            line("22/tcp", "DENY IN", "DNS"),
            "expected an address or ports, got 'DNS'; 'ufw status verbose' shows the ports of "
            "application profiles",
            False,
        ),
        (
            line("22/tcp", "PERMIT IN", "Anywhere"),
            "expected 'To Action From', as ufw writes it in English, got "
            "'22/tcp                     PERMIT IN   ...           '",
            True,
        ),
        (
            "22/tcp ALLOW IN Anywhere\n",
            "expected 'To Action From', as ufw writes it in English, got "
            "'22/tcp ALLOW IN Anywhere'",
            True,
        ),
        (
            line("22/tpc", "ALLOW IN", "Anywhere"),
            "expected a port or 'first:last', got '22/tpc'",
            True,
        ),
        (
            line("Anywhere/tpc", "ALLOW IN", "Anywhere"),
            "protocol must be a known name, got 'tpc'",
            True,
        ),
        (
            line("22", "ALLOW IN", "10.1.1.1/esp"),
            "protocol must have ports, got 'esp'",
            True,
        ),
        (
            line("22/tcp", "ALLOW IN", "53/udp"),
            "both columns must have one protocol, got tcp and udp",
            True,
        ),
    ],
)
def test_what_is_not_understood_is_skipped(text: str, reason: str, could_accept: bool) -> None:
    ruleset = rulesets.parse(HEADING + text, "ufw-status")
    assert ruleset.rules == ()
    (skipped,) = ruleset.skipped
    assert (skipped.reason, skipped.could_accept) == (reason, could_accept)
    assert (skipped.location.line, skipped.text) == (5, text.removesuffix("\n"))


@pytest.mark.parametrize("ports", ["0/tcp", "65536/tcp", "90:80/tcp", "80:/tcp", "1,,2/tcp"])
def test_ports_that_ufw_does_not_have_are_skipped(ports: str) -> None:
    (skipped,) = rulesets.parse(HEADING + line(ports, "ALLOW IN", "Anywhere")).skipped
    assert "got " in skipped.reason
    assert skipped.could_accept


# -- what is reachable ----------------------------------------------------------------------------


def test_the_policies_of_the_verbose_form() -> None:
    ruleset = rulesets.parse(VERBOSE + line("22/tcp", "ALLOW IN", "Anywhere"))
    found = ruleset.reachable()
    assert str(found.ports) == "22/tcp,68/udp,546/udp,1900/udp,5353/udp"
    assert found.because == tuple(each for each in ruleset.implied if each.ports != ALL)
    assert {each.location.line for each in ruleset.implied} == {3}
    # Nothing shows whether IPv6 is on, and the kernel forwards nothing at present.
    for direction, reasons in (("out", ()), ("forward", ("disabled (routed)",) * 2)):
        found = ruleset.reachable(direction)
        assert (found.ports, found.is_exact) == (ALL, False)
        assert tuple(each.conditions[0] for each in found.because) == reasons


@pytest.mark.parametrize(
    ("policy", "rules", "exact"),
    [
        ("allow", ("25/tcp", "25/tcp (v6)"), True),
        ("allow", ("25/tcp",), False),
        ("deny", ("25/tcp",), True),
        ("reject", (), True),
    ],
)
def test_a_policy_is_for_ipv6_if_a_rule_shows_that_it_is_on(
    policy: str, rules: tuple[str, ...], exact: bool
) -> None:
    text = VERBOSE.replace("allow (outgoing)", f"{policy} (outgoing)")
    for to in rules:
        text += line(to, "DENY OUT", "Anywhere (v6)" if "v6" in to else "Anywhere")
    assert rulesets.parse(text).reachable("out").is_exact is exact


@pytest.mark.parametrize(
    ("shown", "policies"),
    [
        ("Default: deny", (Action.DROP, Action.DELEGATE, Action.DELEGATE)),
        (
            "Default: reject (incoming), allow (outgoing)",
            (Action.DROP, Action.ACCEPT, Action.DELEGATE),
        ),
        (
            "Default: allow (incoming), deny (outgoing), reject (routed)",
            (Action.ACCEPT, Action.DROP, Action.DROP),
        ),
        ("Default: allowed (incoming)", (Action.DELEGATE,) * 3),
    ],
)
def test_each_form_of_the_policies(shown: str, policies: tuple[Action, ...]) -> None:
    chains = rulesets.parse(f"Status: active\n{shown}\n").chains or ()
    assert tuple(each.policy for each in chains if Family.INET in each.families) == policies


def test_a_limit_rejects_what_it_does_not_accept() -> None:
    limit, allow = (line("22/tcp", word, "Anywhere") for word in ("LIMIT IN", "ALLOW IN"))
    for several, is_open in (((limit, allow), True), ((allow, limit), False)):
        ruleset = rulesets.parse(VERBOSE + "".join(several))
        reasons = [each.text for each in ruleset.reachable().because if isinstance(each, Rule)]
        assert (limit.removesuffix("\n") in reasons) is is_open


def test_an_inactive_firewall_filters_nothing() -> None:
    found = rulesets.parse("Status: inactive\n").reachable()
    assert (found.ports, found.is_exact) == (ALL, True)


def test_a_profile_has_the_ports_that_are_shipped() -> None:
    rule = only("Nginx Full")
    assert (str(rule.ports), rule.conditions) == ("80/tcp,443/tcp", ("profile Nginx Full",))
    assert rule.applies is Applies.MAYBE
    assert str(only("192.0.2.1 Samba on eth0").ports) == "137-138/udp,139/tcp,445/tcp"
    assert only("DNS (v6)", origin="Anywhere (v6)").families == (Family.INET6,)


@pytest.mark.parametrize(
    ("text", "group"),
    [
        (line("Own", "ALLOW IN", "Anywhere"), "incoming"),
        (line("Own", "DENY OUT", "10.0.0.1", " # (v6)"), "outgoing"),
        (line("Own (v6)", "ALLOW FWD", "Anywhere (v6)"), "routed (v6)"),
        (line("Own", "ALLOW IN", "2001:db8::1"), "incoming (v6)"),
        (line("8000:8001,9000:9001/tpc", "ALLOW IN", "Anywhere"), "incoming"),
        ("Own ALLOW IN Anywhere", ""),
    ],
)
def test_a_skipped_line_concerns_its_own_chain(text: str, group: str) -> None:
    ruleset = rulesets.parse(HEADING + text)
    assert [each.group for each in ruleset.skipped] == [group]
    assert ruleset.reachable().ports == ALL
