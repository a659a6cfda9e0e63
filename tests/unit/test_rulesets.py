"""Rulesets as records: how chains are evaluated, which rules decide, and what changed."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from portranges import (
    DataError,
    Family,
    InvalidValueError,
    PortSet,
    TransportPorts,
    UnknownNameError,
    rulesets,
)
from portranges.rulesets import (
    Action,
    Applies,
    Chain,
    Direction,
    Format,
    Hook,
    Location,
    Reachable,
    Rule,
    Ruleset,
    Skipped,
    catalog,
)

INET, INET6 = (Family.INET,), (Family.INET6,)
BOTH = (Family.INET, Family.INET6)
ALL = TransportPorts.full()


def base(name: str = "in", policy: Action = Action.DROP, **fields: object) -> Chain:
    return Chain(
        **{"name": name, "hook": Hook.INPUT, "policy": policy, "families": INET, **fields}  # type: ignore[arg-type]
    )


def user(name: str, **fields: object) -> Chain:
    return Chain(**{"name": name, "families": INET, **fields})  # type: ignore[arg-type]


def rule(ports: str, action: Action = Action.ACCEPT, group: str = "in", **fields: object) -> Rule:
    parsed = ALL if ports == "all" else TransportPorts.parse(ports)
    return Rule(
        **{  # type: ignore[arg-type]
            "ports": parsed,
            "families": INET,
            "action": action,
            "group": group,
            "location": Location(line=1),
            "text": "",
            **fields,
        }
    )


def made(*parts: Chain | Rule | Skipped) -> Ruleset:
    return Ruleset(
        format="made",
        rules=tuple(each for each in parts if isinstance(each, Rule)),
        skipped=tuple(each for each in parts if isinstance(each, Skipped)),
        chains=tuple(each for each in parts if isinstance(each, Chain)),
    )


def reach(*parts: Chain | Rule | Skipped, direction: str = "in") -> tuple[str, bool]:
    found = made(*parts).reachable(Direction(direction))
    return "all" if found.ports == ALL else str(found.ports), found.is_exact


MAYBE = Applies.MAYBE


# -- one chain ------------------------------------------------------------------------------------


def test_the_first_rule_that_matches_decides() -> None:
    parts = (base(), rule("20-25/tcp"), rule("22/tcp", Action.DROP), rule("30/tcp"))
    assert reach(*parts) == ("20-25/tcp,30/tcp", True)
    assert reach(parts[0], parts[2], parts[1]) == ("20-21/tcp,23-25/tcp", True)


def test_a_condition_may_hold_for_an_accept_and_fail_for_a_drop() -> None:
    maybe = rule("22/tcp", applies=MAYBE)
    assert reach(base(), maybe) == ("22/tcp", False)
    assert reach(base(), maybe, rule("22/tcp")) == ("22/tcp", True)
    assert reach(base(policy=Action.ACCEPT), rule("22/tcp", Action.DROP, applies=MAYBE)) == (
        "all",
        False,
    )
    assert reach(base(), rule("22/tcp", Action.REJECT, applies=MAYBE), rule("22/tcp")) == (
        "22/tcp",
        False,
    )


def test_a_rule_that_never_applies_has_no_effect() -> None:
    assert reach(base(), rule("all", applies=Applies.NEVER)) == ("", True)


def test_a_rule_that_only_counts_has_no_effect() -> None:
    assert reach(base(), rule("all", Action.CONTINUE), rule("22/tcp")) == ("22/tcp", True)


def test_another_program_may_decide_either_way() -> None:
    assert reach(base(), rule("22/tcp", Action.DELEGATE), rule("22/tcp")) == ("22/tcp", False)
    assert reach(base(policy=Action.DELEGATE), rule("22/tcp", Action.DROP))[1] is False


def test_a_return_in_a_base_chain_leads_to_the_policy() -> None:
    parts = (rule("22/tcp", Action.RETURN), rule("all"))
    assert reach(base(), *parts) == (str(ALL - TransportPorts(tcp=[22])), True)
    assert reach(base(policy=Action.ACCEPT), parts[0], rule("all", Action.DROP)) == (
        "22/tcp",
        True,
    )


def test_the_lowest_priority_is_evaluated_first() -> None:
    parts = (rule("22/tcp", priority=200), rule("20-30/tcp", Action.DROP, priority=100))
    assert reach(base(), *parts) == ("", True)
    assert reach(base(), replace(parts[0], priority=50), parts[1]) == ("22/tcp", True)


def test_an_implied_rule_comes_before_the_rules_of_the_file() -> None:
    first = rule("22/tcp", Action.REJECT, applies=MAYBE)
    ruleset = replace(made(base(), rule("22/tcp")), implied=(first,))
    found = ruleset.reachable()
    assert (str(found.ports), found.is_exact, found.because) == ("22/tcp", False, (first,))
    assert ruleset.deciding_rules(22, "tcp") == (first, *ruleset.rules)
    late = replace(ruleset, implied=(replace(first, priority=1),))
    assert late.reachable().is_exact
    assert late.deciding_rules(22, "tcp") == ruleset.rules


# -- several chains -------------------------------------------------------------------------------


def test_a_jump_returns_and_a_goto_does_not() -> None:
    web = (user("web"), rule("80/tcp", group="web"))
    after = rule("443/tcp")
    jump = rule("all", Action.JUMP, target="web")
    assert reach(base(), *web, jump, after) == ("80/tcp,443/tcp", True)
    assert reach(base(), *web, replace(jump, action=Action.GOTO), after) == ("80/tcp", True)
    maybe = replace(jump, applies=MAYBE)
    assert reach(base(), *web, maybe, after) == ("80/tcp,443/tcp", False)
    assert reach(base(policy=Action.ACCEPT), *web, jump, rule("all", Action.DROP)) == (
        "80/tcp",
        True,
    )


def test_a_goto_returns_to_the_caller_of_its_chain() -> None:
    parts = (
        base(),
        user("one"),
        user("two"),
        rule("all", Action.JUMP, target="one"),
        rule("443/tcp"),
        rule("all", Action.GOTO, "one", target="two"),
        rule("all", group="one"),
        rule("80/tcp", group="two"),
    )
    assert reach(*parts) == ("80/tcp,443/tcp", True)


def test_a_jump_is_limited_to_its_ports() -> None:
    parts = (user("web"), rule("all", group="web"), rule("80/tcp", Action.JUMP, target="web"))
    assert reach(base(), *parts) == ("80/tcp", True)


def test_a_packet_must_pass_every_base_chain_of_its_way() -> None:
    parts = (
        base(),
        rule("20-30/tcp"),
        base("mangle", Action.ACCEPT, priority=-150),
        rule("22/tcp", Action.DROP, "mangle"),
        base("raw", Action.ACCEPT, hook=Hook.PREROUTING),
        rule("25/tcp", Action.DROP, "raw", applies=MAYBE),
    )
    assert reach(*parts) == ("20-21/tcp,23-30/tcp", False)
    assert reach(*parts, direction="forward") == ("all", False)
    assert reach(*parts, direction="out") == ("all", True)


def test_one_of_several_alternatives_is_enough() -> None:
    parts = [base(name, is_alternative=True) for name in ("sg-1", "sg-2", "sg-3")]
    rules = (rule("22/tcp", group="sg-1"), rule("80/tcp", group="sg-2", applies=MAYBE))
    assert reach(*parts, *rules) == ("22/tcp,80/tcp", False)
    network = (base("acl", priority=-1), rule("1-50/tcp", group="acl"))
    assert reach(*parts, *rules, *network) == ("22/tcp", True)


def test_each_family_has_its_own_result() -> None:
    six = (base("in6", families=INET6), rule("53/udp", group="in6", families=INET6))
    assert reach(base(), rule("22/tcp"), *six) == ("22/tcp,53/udp", True)
    assert reach(base(), rule("22/tcp", families=INET6)) == ("", True)
    both = base(families=BOTH)
    assert reach(both, rule("22/tcp", families=INET6)) == ("22/tcp", True)


# -- translations ---------------------------------------------------------------------------------


def nat(*rules: Rule, hook: Hook = Hook.PREROUTING) -> tuple[Chain | Rule, ...]:
    chain = base("nat", Action.ACCEPT, hook=hook, priority=-100, translates=True)
    return (chain, *(replace(each, group="nat") for each in rules))


REDIRECT = rule("80/tcp", Action.REDIRECT, translated_ports=PortSet([8080]))
DNAT = rule("80/tcp", Action.TRANSLATE, translated_ports=PortSet([8080]))


def test_the_port_that_a_client_sends_to_is_reachable() -> None:
    assert reach(*nat(REDIRECT), base(), rule("8080/tcp")) == ("80/tcp,8080/tcp", True)
    assert reach(*nat(REDIRECT), base(), rule("80/tcp")) == ("", True)
    unchanged = replace(REDIRECT, translated_ports=None)
    assert reach(*nat(unchanged), base(), rule("80/tcp")) == ("80/tcp", True)


def test_an_address_may_be_this_hosts_or_not() -> None:
    forward = base("fw", hook=Hook.FORWARD)
    parts = (*nat(DNAT), base(), rule("8080/tcp"), forward, rule("8080/tcp", group="fw"))
    assert reach(*parts) == ("80/tcp,8080/tcp", False)
    assert reach(*parts, direction="forward") == ("80/tcp,8080/tcp", False)


def test_a_filter_may_pass_what_was_translated() -> None:
    drops = (base(passes_translated=True), base("fw", hook=Hook.FORWARD, passes_translated=True))
    assert reach(*nat(REDIRECT), *drops) == ("80/tcp", True)
    assert reach(*nat(DNAT), *drops) == ("80/tcp", False)
    assert reach(*nat(DNAT), *drops, direction="forward") == ("80/tcp", False)
    # A packet that is translated to what it is counts as unchanged.
    range_ = replace(REDIRECT, ports=TransportPorts(tcp=[80, 8080]))
    assert reach(*nat(range_), *drops) == ("80/tcp,8080/tcp", False)
    assert reach(*nat(range_), *drops, rule("8080/tcp")) == ("80/tcp,8080/tcp", True)


def test_what_is_redirected_is_not_forwarded() -> None:
    parts = nat(REDIRECT)
    assert reach(*parts, direction="forward") == (str(ALL - TransportPorts(tcp=[80])), True)
    out = nat(REDIRECT, hook=Hook.OUTPUT)
    assert reach(*out, direction="out") == (str(ALL - TransportPorts(tcp=[80])), True)


def test_some_packets_may_be_translated_and_others_not() -> None:
    out = nat(replace(REDIRECT, applies=MAYBE), hook=Hook.OUTPUT)
    found = made(*out).reachable("out")
    assert (found.ports, found.is_exact) == (ALL, False)
    assert found.because == (out[1],)


def test_a_translation_without_ports_keeps_the_ports_of_an_earlier_one() -> None:
    later = base("snat", Action.ACCEPT, hook=Hook.POSTROUTING, translates=True)
    unchanged = rule("all", Action.TRANSLATE, "snat")
    last = base("last", Action.ACCEPT, hook=Hook.POSTROUTING, priority=1)
    parts = (*nat(DNAT, hook=Hook.OUTPUT), later, unchanged, last)
    drops = [rule(f"{port}/tcp", Action.DROP, "last") for port in (80, 8080)]
    assert reach(*parts, drops[0], direction="out") == ("all", False)
    without = ALL - TransportPorts(tcp=[80, 8080])
    assert reach(*parts, drops[1], direction="out") == (str(without), False)


def test_a_range_of_new_ports_may_be_accepted_in_part() -> None:
    several = replace(REDIRECT, translated_ports=PortSet([8080, 8081]))
    ruleset = made(*nat(several), base(), rule("8080/tcp"))
    found = ruleset.reachable()
    assert (str(found.ports), found.is_exact) == ("80/tcp,8080/tcp", False)
    assert found.because == (replace(several, group="nat"),)
    assert reach(*nat(several), base(), rule("8080-8081/tcp")) == (
        "80/tcp,8080-8081/tcp",
        True,
    )


def test_a_translation_is_followed_out_of_a_user_chain() -> None:
    parts = (
        *nat(rule("80-81/tcp", Action.JUMP, target="docker")),
        user("docker", translates=True),
        replace(REDIRECT, group="docker"),
        base(),
        rule("8080/tcp"),
    )
    assert reach(*parts) == ("80/tcp,8080/tcp", True)


def test_a_translation_does_not_concern_the_other_ports_of_a_jump() -> None:
    parts = (
        *nat(rule("81/tcp", Action.JUMP, target="docker")),
        user("docker", translates=True),
        replace(REDIRECT, group="docker"),
        base(),
        rule("8080/tcp"),
    )
    assert reach(*parts) == ("8080/tcp", True)


def test_a_packet_is_translated_once_at_a_hook() -> None:
    later = base("nat2", Action.ACCEPT, hook=Hook.PREROUTING, priority=-50, translates=True)
    again = rule("8080/tcp", Action.REDIRECT, "nat2", translated_ports=PortSet([9]))
    parts = (*nat(REDIRECT), later, again, base(), rule("8080/tcp"))
    assert reach(*parts) == ("80/tcp", True)


def test_linux_does_not_track_the_ports_of_dccp() -> None:
    redirect = rule("80/dccp", Action.REDIRECT, translated_ports=PortSet([8080]))
    parts = (*nat(redirect), base(), rule("80/dccp,90/dccp,8080/dccp"))
    assert reach(*parts) == ("80/dccp,90/dccp,8080/dccp", True)
    found = made(*nat(redirect), base(), rule("80/dccp")).reachable()
    assert (str(found.ports), found.is_exact) == ("80/dccp", False)
    assert found.because == (replace(redirect, group="nat"),)


def test_many_translations_are_taken_together() -> None:
    several = [
        rule(f"{port}/tcp", Action.REDIRECT, translated_ports=PortSet([port + 10000]))
        for port in range(1, 301)
    ]
    parts = (*nat(*several), base(), rule("10001-10300/tcp"))
    assert reach(*parts) == ("1-300/tcp,10001-10300/tcp", False)
    assert reach(*nat(*several[:256]), base(), rule("10001-10300/tcp"))[1] is True


# -- what was skipped -----------------------------------------------------------------------------


def skip(group: str = "in", *, could_accept: bool = True) -> Skipped:
    return Skipped(
        location=Location(line=9), text="?", reason="?", could_accept=could_accept, group=group
    )


def test_a_skipped_rule_widens_what_its_chain_decides() -> None:
    assert reach(base(), skip()) == ("all", False)
    assert reach(base(), skip(could_accept=False)) == ("", True)
    assert reach(base(), rule("22/tcp"), skip(could_accept=False)) == ("22/tcp", False)
    web = (user("web"), rule("80-90/tcp", Action.JUMP, target="web"))
    assert reach(base(), *web, skip("web")) == ("80-90/tcp", False)


def test_a_skipped_translation_may_lead_to_any_port() -> None:
    assert reach(*nat(), skip("nat"), base(), rule("22/tcp")) == ("0-65535/tcp", False)
    assert reach(*nat(), skip("nat"), base()) == ("", True)


def test_a_skipped_line_of_an_unknown_place_widens_everything() -> None:
    assert reach(base(), skip("")) == ("all", False)
    assert reach(base(), rule("22/tcp"), skip("", could_accept=False)) == ("22/tcp", False)


# -- questions ------------------------------------------------------------------------------------


def test_the_rules_that_make_a_result_inexact() -> None:
    maybe, other = rule("22/tcp", applies=MAYBE), rule("80/tcp", applies=MAYBE)
    found = made(base(), maybe, other, rule("80/tcp")).reachable()
    assert found.because == (maybe,)
    jump = rule("22/tcp", Action.JUMP, target="ssh", applies=MAYBE)
    ssh = (user("ssh"), rule("all", group="ssh"))
    assert made(base(), jump, *ssh).reachable().because == (jump,)
    assert made(base(), jump, *ssh, skip("ssh")).reachable().because == (jump, skip("ssh"))


def test_an_open_condition_without_an_effect_is_not_a_reason() -> None:
    maybe = rule("22/tcp", applies=MAYBE)
    useless = rule("all", Action.ACCEPT, "raw", applies=MAYBE)
    parts = (base("raw", Action.ACCEPT, hook=Hook.PREROUTING), useless, base(), maybe)
    assert made(*parts).reachable().because == (maybe,)


def test_deciding_rules_are_in_the_order_of_evaluation() -> None:
    parts = (
        base(),
        user("one"),
        user("two"),
        rule("all", Action.JUMP, target="one"),
        last := rule("22/tcp"),
        rule("22/tcp", Action.DROP),
        first := rule("all", Action.DROP, "one", applies=MAYBE),
        rule("80/tcp", Action.JUMP, "one", target="two"),
        rule("all", Action.JUMP, "one", target="two", applies=MAYBE),
        second := rule("all", Action.REJECT, "two", applies=MAYBE),
        early := rule("22/tcp", Action.DROP, "raw", applies=MAYBE),
        base("raw", Action.ACCEPT, hook=Hook.PREROUTING),
    )
    assert made(*parts).deciding_rules(22, "tcp") == (early, first, second, last)
    assert made(*parts).deciding_rules(22, "udp") == (first, second)
    assert made(*parts).deciding_rules(22, "tcp", direction="out") == ()


def test_a_return_and_a_chain_that_is_not_entered_decide_nothing() -> None:
    parts = (
        base(),
        user("web"),
        rule("80/tcp", Action.JUMP, target="web"),
        rule("22/tcp", Action.RETURN),
        rule("all", group="web"),
        rule("all"),
    )
    assert made(*parts).deciding_rules(22, "tcp") == ()


def test_a_translated_port_is_decided_by_the_rules_for_the_new_one() -> None:
    accept = rule("8080/tcp")
    ruleset = made(*nat(REDIRECT), base(), rule("80/tcp"), accept)
    assert ruleset.deciding_rules(80, "tcp") == (replace(REDIRECT, group="nat"), accept)


def test_a_format_that_was_not_compared_has_no_evaluation() -> None:
    ruleset = Ruleset(format="made", rules=(rule("22/tcp"),))
    for question in (ruleset.reachable, lambda: ruleset.deciding_rules(22, "tcp")):
        with pytest.raises(InvalidValueError) as caught:
            question()
        assert str(caught.value) == (
            "format must have an evaluation that was compared with its tool, got 'made'"
        )


def test_arguments_that_are_refused() -> None:
    ruleset = made(base())
    with pytest.raises(UnknownNameError, match="unknown direction, got 'inn'; did you mean 'in'?"):
        ruleset.reachable("inn")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="unknown transport, got 'tpc'"):
        ruleset.deciding_rules(22, "tpc")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"port must be in 0\.\.65535, got 70000"):
        ruleset.deciding_rules(70000, "tcp")


# -- differences ----------------------------------------------------------------------------------


def test_what_changed_and_which_rules_caused_it() -> None:
    ssh, web, dns = rule("22/tcp"), rule("80/tcp"), rule("53/udp")
    (change,) = rulesets.diff(made(base(), ssh, web), made(base(), dns, replace(web, text="new")))
    assert (str(change.opened), str(change.closed)) == ("53/udp", "22/tcp")
    assert (change.direction, change.added, change.removed) == (Direction.IN, (dns,), (ssh,))


def test_a_policy_changes_ports_without_a_rule() -> None:
    (change,) = rulesets.diff(made(base(policy=Action.ACCEPT)), made(base()))
    assert (change.opened, change.closed) == (TransportPorts.empty(), ALL)
    assert (change.added, change.removed) == ((), ())


def test_an_unknown_policy_hides_no_change() -> None:
    open_end = base(policy=Action.DELEGATE)
    allow, deny = rule("22/tcp"), rule("25/tcp", Action.DROP)
    (change,) = rulesets.diff(made(open_end, deny), made(open_end, allow))
    assert (str(change.opened), str(change.closed)) == ("22/tcp,25/tcp", "")
    assert (change.added, change.removed) == ((allow,), (deny,))
    assert rulesets.diff(made(open_end, allow), made(open_end, replace(allow, text="x"))) == ()
    (change,) = rulesets.diff(made(open_end, allow), made(base()))
    assert (change.opened, change.closed) == (TransportPorts.empty(), ALL)


def test_an_implied_rule_that_both_have_is_not_a_change() -> None:
    one, other = (
        replace(made(base(), rule(ports)), implied=(rule("20-23/tcp", applies=MAYBE),))
        for ports in ("22/tcp", "20-24/tcp")
    )
    (change,) = rulesets.diff(one, other)
    assert (str(change.opened), change.added) == ("24/tcp", other.rules)


def test_rules_without_an_effect_are_not_a_change() -> None:
    moved = replace(rule("22/tcp"), location=Location(line=7))
    assert rulesets.diff(made(base(), rule("22/tcp")), made(base(), moved, moved)) == ()


def test_a_change_of_one_direction_only() -> None:
    out = (base("out", hook=Hook.OUTPUT), rule("25/tcp", group="out"))
    changes = rulesets.diff(made(base()), made(base(), *out))
    assert [(each.direction.value, each.opened) for each in changes] == [
        ("out", TransportPorts.empty())
    ]
    with pytest.raises(TypeError, match="old must be a Ruleset, got str 'x'"):
        rulesets.diff("x", made())  # type: ignore[arg-type]


def unevaluated(*parts: Rule | Skipped, name: str = "made") -> Ruleset:
    rules = tuple(each for each in parts if isinstance(each, Rule))
    skipped = tuple(each for each in parts if isinstance(each, Skipped))
    return Ruleset(format=name, rules=rules, skipped=skipped)


def changes(old: Ruleset, new: Ruleset) -> list[str]:
    return [
        f"{each.group} {each.direction} +{each.opened} -{each.closed} {'; '.join(each.conditions)}"
        for each in rulesets.diff(old, new)
    ]


def test_without_an_evaluation_the_rules_of_each_group_are_compared() -> None:
    ssh = rule("22/tcp", conditions=("from 10.0.0.0/8",), group="a", direction=Direction.IN)
    old = unevaluated(ssh, rule("20-30/tcp", group="b"))
    new = unevaluated(
        replace(ssh, conditions=()),
        rule("20-25/tcp", group="b"),
        rule("26-31/tcp", group="b", direction=Direction.IN),
    )
    assert changes(old, new) == [
        "a in +22/tcp - ",
        "b in +31/tcp - ",
        "a in + -22/tcp from 10.0.0.0/8",
        "b out + -26-30/tcp ",
        "b forward + -26-30/tcp ",
    ]
    opened, *_, closed = rulesets.diff(old, new)
    assert (opened.added, opened.removed) == ((new.rules[0],), ())
    assert (closed.added, closed.removed) == ((), (old.rules[1],))
    assert changes(old, old) == []


def test_a_rule_that_denies_closes_and_one_that_is_removed_opens() -> None:
    deny = rule("22/tcp", Action.DROP, direction=Direction.IN)
    allow = rule("all", direction=Direction.IN)
    assert changes(unevaluated(allow), unevaluated(deny, allow)) == ["in in + -22/tcp "]
    assert changes(unevaluated(deny, allow), unevaluated(allow)) == ["in in +22/tcp - "]
    assert (
        changes(unevaluated(allow), unevaluated(allow, replace(deny, applies=Applies.NEVER))) == []
    )


def test_a_published_port_that_leads_to_another_one() -> None:
    web = rule("80/tcp", Action.TRANSLATE, translated_ports=PortSet([8080]), direction=Direction.IN)
    ssh = replace(web, translated_ports=PortSet([22]))
    assert changes(unevaluated(web), unevaluated(ssh)) == ["in in +80/tcp - ", "in in + -80/tcp "]
    (opened, closed) = rulesets.diff(unevaluated(web), unevaluated(ssh))
    assert (opened.added, closed.removed) == ((ssh,), (web,))


def test_an_address_family_that_is_added() -> None:
    ssh = rule("22/tcp", direction=Direction.IN)
    assert changes(unevaluated(ssh), unevaluated(replace(ssh, families=BOTH))) == [
        "in in +22/tcp - "
    ]
    both = unevaluated(ssh, replace(ssh, families=INET6))
    assert changes(both, unevaluated(replace(ssh, families=BOTH))) == []
    assert changes(unevaluated(), both) == ["in in +22/tcp - "]


def test_what_was_skipped_may_open_every_port() -> None:
    skipped = Skipped(
        location=Location(line=3), text="x", reason="unknown", could_accept=True, group="g"
    )
    (change,) = rulesets.diff(unevaluated(), unevaluated(skipped))
    assert (change.opened, change.added, change.group) == (ALL, (skipped,), "g")
    moved = replace(skipped, location=Location(line=4))
    assert changes(unevaluated(skipped), unevaluated(moved)) == []
    assert changes(unevaluated(skipped), unevaluated()) == []
    assert changes(unevaluated(), unevaluated(replace(skipped, could_accept=False))) == []
    (change,) = rulesets.diff(made(base()), made(base(), replace(skipped, group="in")))
    assert (change.group, change.added[0].text) == (None, "x")
    (change,) = rulesets.diff(made(base(), replace(skipped, group="in")), made(base()))
    assert (change.closed, change.removed[0].text, change.added) == (ALL, "x", ())


def test_rules_of_two_formats_without_an_evaluation_are_not_compared() -> None:
    with pytest.raises(InvalidValueError) as caught:
        rulesets.diff(made(base()), unevaluated(name="aws"))
    assert str(caught.value) == (
        "rulesets must have the same format, or both an evaluation, got 'made' and 'aws'"
    )


# -- records --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: made(rule("22/tcp"), base("out")),
            "the group and the target of a rule must be chains, got 'in', line 1",
        ),
        (
            lambda: made(base(), rule("22/tcp", Action.JUMP, target="web")),
            "the group and the target of a rule must be chains, got 'web', line 1",
        ),
        (lambda: made(base(), base()), "chains must have different names, got a name twice"),
        (
            lambda: made(user("web"), rule("22/tcp", Action.JUMP, "web", target="web")),
            "a chain must not jump back to itself, got 'web', line 1",
        ),
        (
            lambda: made(base(), rule("22/tcp", Action.JUMP, target="in")),
            "a jump must lead to a chain without a hook, for the same families, got 'in', line 1",
        ),
        (
            lambda: made(
                base(), user("six", families=INET6), rule("all", Action.JUMP, target="six")
            ),
            "a jump must lead to a chain without a hook, for the same families, got 'six', line 1",
        ),
        (
            lambda: rule("22/tcp", target="web"),
            "a rule must have a target if it is a jump, and only then, got accept 'web'",
        ),
        (
            lambda: rule("22/tcp", translated_ports=PortSet([80])),
            "translated_ports must be ports of a rule that translates, got '80' for accept",
        ),
        (
            lambda: rule("22/tcp", Action.REDIRECT, translated_ports=PortSet()),
            "translated_ports must be ports of a rule that translates, got '' for redirect",
        ),
        (
            lambda: rule("22/tcp", source_ports=PortSet([53])),
            "a rule that always applies must match every source port, got '53'",
        ),
        (
            lambda: user("web", policy=Action.DROP),
            "policy must be accept, drop or delegate for a base chain, else return, got 'drop'",
        ),
        (
            lambda: user("web", is_alternative=True),
            "an alternative must be a base chain of a filter, got web",
        ),
        (lambda: Location(), "a location must have a line or a pointer, got neither"),
        (
            lambda: user("web", families=(Family.INET, Family.INET)),
            "families must not contain a family twice, got inet, inet",
        ),
        (
            lambda: Reachable(ports=ALL, is_exact=True, because=(rule("22/tcp"),)),
            "an exact result must have no reasons, got 1",
        ),
        (
            lambda: rulesets.Change(direction=Direction.IN, opened=ALL, closed=ALL),
            f"a port must not be both opened and closed, got {ALL}",
        ),
    ],
)
def test_records_that_contradict_themselves(build, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        build()
    assert str(caught.value) == message


def test_a_chain_of_many_jumps_does_not_recurse() -> None:
    count = sys.getrecursionlimit() + 100
    chains = [user(f"c{number}") for number in range(count)]
    jumps = [
        rule("all", Action.JUMP, f"c{number}", target=f"c{number + 1}")
        for number in range(count - 1)
    ]
    first = rule("all", Action.JUMP, target="c0")
    last = rule("22/tcp", group=f"c{count - 1}")
    ruleset = made(base(), *chains, first, *jumps, last)
    assert str(ruleset.reachable().ports) == "22/tcp"
    assert ruleset.deciding_rules(22, "tcp") == (last,)


# -- formats --------------------------------------------------------------------------------------

NAMES = ", ".join(row.name for row in rulesets.formats())


def test_the_sign_that_comes_first_is_the_format() -> None:
    text = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n"
    assert rulesets.detect(text).name == "iptables"
    header = "# Generated by ip6tables-save v1.8.9 on Mon Nov 30 08:55:48 2026\n"
    assert rulesets.detect(header + text).name == "ip6tables"
    assert rulesets.detect("-P INPUT ACCEPT\n").name == "iptables"
    assert rulesets.parse(text, "iptables-save").format == "iptables"


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (
            lambda: rulesets.detect(""),
            "text must have the form of a known format, got ''; name the format if it is one of "
            f"{NAMES}",
        ),
        (
            lambda: rulesets.from_data([{"rules": 1}]),
            "data must have the form of a known format, got list [{'rules': 1}]; name the format "
            f"if it is one of {NAMES}",
        ),
        (
            lambda: rulesets.from_data([]),
            "data must have the form of a known format, got list []; name the format if it is one "
            f"of {NAMES}",
        ),
        (
            lambda: rulesets.from_data({}, "iptables"),
            "format must be a format of data, got 'iptables'; parse() reads text",
        ),
        (
            lambda: rulesets.parse("", "iptable"),
            "unknown format, got 'iptable'; did you mean 'iptables' or 'ip6tables' or "
            "'iptables-save'?",
        ),
        (
            lambda: rulesets.parse("", "uci"),
            "format must be a format of rules, got 'uci'; ports_by_name() reads it",
        ),
        (lambda: rulesets.parse("", 3), "format must be a str, got int 3"),
        (lambda: rulesets.parse(b""), "text must be a str, got bytes b''"),
        (lambda: rulesets.parse("", services="x"), "services must be a registry, got str 'x'"),
    ],
)
def test_formats_that_are_not_found(question, message: str) -> None:
    with pytest.raises((ValueError, LookupError, TypeError)) as caught:
        question()
    assert str(caught.value) == message


EXAMPLE = """
from dataclasses import replace

from portranges import Confidence, Family, TransportPorts
from portranges.dialects import Evidence, Verification
from portranges.rulesets import Action, Chain, Format, Hook, Location, Rule, Ruleset
from portranges.source import cite

FORMAT = Format(
    name="allowlist",
    title="a list of ports, one per line",
    reads=("one port and transport per line",),
    leaves_out=(),
    signs=(r"^allowlist$",),
    keys=("allowlist",),
    reader="example_format",
    evidence=Evidence(confidence=Confidence.INFERRED, sources=(cite("this file"),)),
)

DATA = replace(FORMAT, name="datalist", signs=())
TAKEN = replace(FORMAT, aliases=("ip6tables",))
NO_PATTERN = replace(FORMAT, signs=("(",))
NO_READER = replace(FORMAT, reader="no_such_reader")
NO_FUNCTION = replace(FORMAT, reader="dataclasses")
CHAIN = Chain(name="all", hook=Hook.INPUT, policy=Action.DROP, families=(Family.INET,))


def allow(ports, location):
    return Rule(
        ports=TransportPorts.parse(ports),
        families=(Family.INET,),
        action=Action.ACCEPT,
        group="all",
        location=location,
        text=ports,
    )


def read_text(text, name, services):
    lines = enumerate(text.splitlines()[1:], 2)
    rules = tuple(allow(line, Location(line=number)) for number, line in lines)
    return Ruleset(format=name, rules=rules, chains=(CHAIN,))


def read_data(data, name, services):
    places = enumerate(data["allowlist"])
    rules = tuple(allow(each, Location(pointer=f"/allowlist/{at}")) for at, each in places)
    return Ruleset(format=name, rules=rules, chains=(CHAIN,))
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Install a package with an entry point, as pip does, for one test."""

    def install(target: str) -> None:
        (tmp_path / "example_format.py").write_text(EXAMPLE, "utf-8")
        info = tmp_path / "example_format-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: example-format\nVersion: 1.0\n"
        )
        (info / "entry_points.txt").write_text(
            dedent(f"""\
            [portranges.rulesets]
            allowlist = example_format:{target}
            """)
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        catalog._index.cache_clear()
        catalog._added.cache_clear()

    yield install
    sys.modules.pop("example_format", None)
    catalog._index.cache_clear()
    catalog._added.cache_clear()


def test_another_package_adds_a_format(installed) -> None:
    installed("FORMAT")
    assert [each.name for each in rulesets.formats()] == [*NAMES.split(", "), "allowlist"]
    text = rulesets.parse("allowlist\n22/tcp\n53/udp\n")
    data = rulesets.from_data({"allowlist": ["22/tcp", "53/udp"]})
    assert rulesets.detect("allowlist\n").name == "allowlist"
    for ruleset in (text, data):
        assert (ruleset.format, str(ruleset.reachable().ports)) == ("allowlist", "22/tcp,53/udp")
    assert str(text.rules[1].location) == "line 3"
    assert str(data.rules[1].location) == "/allowlist/1"
    assert rulesets.diff(text, data) == ()
    by_json = rulesets.parse('{"allowlist":\n["22/tcp",\n"53/udp"]}')
    assert [str(each.location) for each in by_json.rules] == [
        "line 2, /allowlist/0",
        "line 3, /allowlist/1",
    ]
    assert rulesets.detect(' [{"allowlist": []}]').name == "allowlist"


def test_a_format_of_data_alone_is_read_from_json_and_yaml(installed) -> None:
    pytest.importorskip("yaml")
    installed("DATA")
    assert rulesets.detect("# list\n'allowlist' :\n").name == "datalist"
    assert rulesets.detect("-  allowlist: []\n").name == "datalist"
    named = rulesets.parse("allowlist: [22/tcp]", "datalist")
    found = rulesets.parse("# list\nallowlist:\n  - 22/tcp\n")
    assert str(found.rules[0].location) == "line 3, /allowlist/0"
    assert str(named.rules[0].location) == "line 1, /allowlist/0"
    with pytest.raises(InvalidValueError, match="text must have the form of a known format"):
        rulesets.detect("allowlist_of: 1\n allowlist: 2\n")
    with pytest.raises(InvalidValueError, match="data must have the form of a known format"):
        rulesets.detect('{"a": {"allowlist": []}}')


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("CHAIN", "expected a Format, got Chain(name='all', "),
        ("MISSING", "AttributeError \"module 'example_format' has no attribute 'MISSING'\""),
        ("TAKEN", "a format must have names of its own, got 'ip6tables'"),
        ("NO_PATTERN", "signs must be regular expressions, got '(': missing ), "),
    ],
)
def test_an_entry_point_that_cannot_be_used_leaves_the_others(
    installed, target: str, reason: str
) -> None:
    installed(target)
    assert [each.name for each in rulesets.formats()] == NAMES.split(", ")
    assert rulesets.parse("*filter\nCOMMIT\n").format == "iptables"
    assert rulesets.parse("*filter\nCOMMIT\n", "ip6tables").format == "ip6tables"
    expected = f"cannot use the entry point 'allowlist' of portranges.rulesets: {reason}"
    with pytest.raises(DataError) as caught:
        rulesets.parse("allowlist\n", "allowlist")
    assert str(caught.value).startswith(expected)
    with pytest.raises(InvalidValueError) as undetected:
        rulesets.detect("allowlist\n")
    assert expected in str(undetected.value)
    with pytest.raises(UnknownNameError):
        rulesets.parse("", "other")


def test_a_package_that_cannot_be_imported_leaves_the_others(installed, tmp_path: Path) -> None:
    installed("FORMAT")
    (tmp_path / "example_format.py").write_text("raise SystemError('line 1\\nline 2')", "utf-8")
    assert [each.name for each in rulesets.formats()] == NAMES.split(", ")
    with pytest.raises(DataError, match=r"SystemError 'line 1\\nline 2'$"):
        rulesets.from_data({}, "allowlist")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("NO_READER", "ModuleNotFoundError \"No module named 'no_such_reader'\""),
        ("NO_FUNCTION", "expected a function read_text in dataclasses"),
    ],
)
def test_a_reader_that_does_not_work_is_reported(installed, target: str, reason: str) -> None:
    installed(target)
    with pytest.raises(DataError) as caught:
        rulesets.parse("allowlist\n")
    assert str(caught.value) == f"cannot use the reader of the format 'allowlist': {reason}"


def test_a_reader_must_return_a_ruleset(installed, monkeypatch: pytest.MonkeyPatch) -> None:
    installed("FORMAT")
    assert rulesets.detect("allowlist\n").name == "allowlist"
    for function in ("read_text", "read_data"):
        monkeypatch.setattr(sys.modules["example_format"], function, lambda *_: 1)
    for text in ("allowlist\n", '{"allowlist": []}'):
        with pytest.raises(DataError, match=r"'allowlist': expected a Ruleset, got 1$"):
            rulesets.parse(text)


def test_every_row_names_an_importable_reader() -> None:
    for row in rulesets.formats():
        assert isinstance(row, Format)
        reader = __import__(row.reader, fromlist=["read_text"])
        assert not row.signs or callable(reader.read_text)
        assert not row.keys or callable(reader.read_data)


SSH = "-A INPUT -p tcp --dport 22 -j ACCEPT"
WEB = "-A web -p tcp --dport 80 -j ACCEPT"


@pytest.mark.parametrize(
    ("old", "new", "widened"),
    [
        # A condition is removed, here and from a jump.
        ("-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT", SSH, "22/tcp"),
        (f"-A INPUT -i eth1 -j web\n{WEB}", f"-A INPUT -j web\n{WEB}", "80/tcp"),
        # One is added, or another rule that drops is removed.
        (SSH, "-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT", ""),
        (f"-A INPUT -s 192.0.2.1 -j DROP\n{SSH}", SSH, "22/tcp"),
        (SSH, f"-A INPUT -s 192.0.2.1 -j DROP\n{SSH}", ""),
        (
            f"-A INPUT -s 192.0.2.1 -j DROP\n-A INPUT -i eth1 {SSH[9:]}",
            f"-A INPUT -i eth1 {SSH[9:]}",
            "22/tcp",
        ),
        # A rule for a trusted interface hides nothing.
        ("-A INPUT -i wg0 -j ACCEPT", f"-A INPUT -i wg0 -j ACCEPT\n{SSH}", "22/tcp"),
        # A rule that is certain is not widened by another one.
        (SSH, f"{SSH}\n-A INPUT -i eth1 -j ACCEPT", ""),
        ("-A INPUT -i eth1 -p tcp --dport 22 -j ACCEPT", f"-A INPUT -i eth2 {SSH[9:]}", "22/tcp"),
    ],
)
def test_ports_that_are_opened_to_more_packets(old: str, new: str, widened: str) -> None:
    before, after = (
        rulesets.parse(f"-P INPUT DROP\n-N web\n{text}\n", "iptables") for text in (old, new)
    )
    assert rulesets.diff(before, before) == ()
    changes = rulesets.diff(before, after)
    assert ",".join(str(each.widened) for each in changes if each.widened) == widened
    for change in changes:
        assert not change.widened & (change.opened | change.closed)


def test_another_form_of_the_same_rules_opens_nothing() -> None:
    text = "table ip t { chain i { type filter hook input priority 0; policy drop;\n%s\n} }"
    rules = rulesets.parse(text % "ip saddr 10.0.0.0/8 tcp dport 22 accept")
    iptables = "-P INPUT DROP\n-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT"
    assert rulesets.diff(rules, rulesets.parse(iptables, "iptables")) == ()
    (change,) = rulesets.diff(rules, rulesets.parse(iptables.replace("-s 10.0.0.0/8 ", "")))
    assert str(change.widened) == "22/tcp"


def test_what_was_skipped_in_one_direction_decides_nothing_in_others() -> None:
    place = Location(line=1)
    skipped = Skipped(
        location=place, text="?", reason="?", could_accept=True, direction=Direction.OUT
    )
    chains = tuple(
        Chain(name=hook.value, hook=hook, policy=Action.DROP, families=(Family.INET,))
        for hook in (Hook.INPUT, Hook.OUTPUT)
    )
    ruleset = Ruleset(format="x", rules=(), skipped=(skipped,), chains=chains)
    assert ruleset.reachable("in") == Reachable(ports=TransportPorts.empty(), is_exact=True)
    assert ruleset.reachable("out").because == (skipped,)


def test_a_difference_in_what_was_skipped_has_its_direction() -> None:
    group = {"GroupId": "sg-1", "IpPermissions": [], "IpPermissionsEgress": []}
    old = rulesets.from_data({"SecurityGroups": [group]})
    new = rulesets.from_data({"SecurityGroups": [{**group, "IpPermissionsEgress": 1}]})
    assert [(each.group, each.direction) for each in rulesets.diff(old, new)] == [
        ("sg-1 egress", Direction.OUT)
    ]
