"""Laws of rulesets: each line is accounted for, and every chain agrees with a slow evaluation.

The slow evaluation follows one packet at a time and tries both answers to every open condition.
It shares no code with ``portranges.rulesets.evaluation``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

from hypothesis import given
from hypothesis import strategies as st

import iptables_oracle
import nft_oracle
from portranges import Family, PortRangesError, PortSet, TransportPorts, rulesets
from portranges.rulesets import Action, Applies, Chain, Direction, Hook, Location, Rule, Ruleset

PORTS = (0, 1, 22, 80, 65535)
PACKETS = tuple((port, transport) for port in PORTS for transport in ("tcp", "udp", "dccp"))
WAYS = {
    Direction.IN: (Hook.INGRESS, Hook.PREROUTING, Hook.INPUT),
    Direction.FORWARD: (Hook.INGRESS, Hook.PREROUTING, Hook.FORWARD, Hook.POSTROUTING),
    Direction.OUT: (Hook.OUTPUT, Hook.POSTROUTING),
}

# -- the slow evaluation --------------------------------------------------------------------------

# What may happen to a packet in a chain: "accept", "drop", "return", or a translation.
Outcome = object


def in_chain(
    ruleset: Ruleset, chain: Chain, port: int, transport: str, family: Family
) -> set[Outcome]:
    rules = [each for each in ruleset.rules if each.group == chain.name]
    rules.sort(key=lambda each: each.priority)
    found: set[Outcome] = set()
    for each in ruleset.skipped:
        if each.group == chain.name:
            found |= {"drop", "accept"} if each.could_accept else {"drop"}
    goes_on = walk(ruleset, rules, port, transport, family, found=found)
    if goes_on:
        found.add("return")
    if chain.hook is not None and "return" in found:
        found |= {Action.ACCEPT: {"accept"}, Action.DROP: {"drop"}}.get(
            chain.policy, {"accept", "drop"}
        )
    return found


def walk(
    ruleset: Ruleset,
    rules: list[Rule],
    port: int,
    transport: str,
    family: Family,
    *,
    found: set[Outcome],
) -> bool:
    """Add what may happen to *found*; return whether the packet may come to the end."""
    for each in rules:
        if (
            each.applies is Applies.NEVER
            or family not in each.families
            or (port, transport) not in each.ports
            or each.action is Action.CONTINUE
        ):
            continue
        may_go_on = each.applies is Applies.MAYBE
        if each.action is Action.ACCEPT:
            found.add("accept")
        elif each.action in (Action.DROP, Action.REJECT):
            found.add("drop")
        elif each.action is Action.RETURN:
            found.add("return")
        elif each.action is Action.DELEGATE:
            found |= {"accept", "drop"}
        elif each.action in (Action.TRANSLATE, Action.REDIRECT):
            found.add((each.translated_ports, each.action is Action.REDIRECT))
        else:
            (target,) = [chain for chain in ruleset.chains or () if chain.name == each.target]
            inner = in_chain(ruleset, target, port, transport, family)
            if each.action is Action.JUMP and "return" in inner:
                inner -= {"return"}
                may_go_on = True
            found |= inner
        if not may_go_on:
            return False
    return True


def ends(
    ruleset: Ruleset, direction: Direction, family: Family, port: int, transport: str
) -> set[bool]:
    """Whether a packet may arrive (True), and whether it may not (False)."""
    hooks = WAYS[direction]
    chains = [
        each for each in ruleset.chains or () if each.hook in hooks and family in each.families
    ]
    chains.sort(key=lambda each: (hooks.index(each.hook), each.priority))
    steps: list[list[Chain]] = []
    for each in chains:
        alike = [step for step in steps if step[0].is_alternative and step[0].hook is each.hook]
        if each.is_alternative and alike:
            alike[0].append(each)
        else:
            steps.append([each])
    # For each way that the packet may have gone: its port, and to where it was translated at which
    # hook.
    states: set[tuple[int, bool | None, Hook | None]] = {(port, None, None)}
    found: set[bool] = set()
    loose = transport == "dccp"
    for step in steps:
        hook = step[0].hook
        translations = {
            outcome
            for chain in step
            for number in (*PORTS, 8080, 8081, 7)
            for outcome in in_chain(ruleset, chain, number, transport, family)
            if isinstance(outcome, tuple)
        }
        following: set[tuple[int, bool | None, Hook | None]] = set()
        for now, to_here, at in states:
            if step[0].translates and at is hook:
                following.add((now, to_here, at))
                continue
            if step[0].passes_translated and to_here is not None:
                following.add((now, to_here, at))
                # It may have been translated to what it is.
                if now != port and not loose:
                    continue
                now, to_here = port, None
            outcomes = [in_chain(ruleset, chain, now, transport, family) for chain in step]
            if all("drop" in each for each in outcomes):
                found.add(False)
            if any("accept" in each for each in outcomes):
                following.add((now, to_here, at))
            for ports, here in (
                each for some in outcomes for each in some if isinstance(each, tuple)
            ):
                following |= {(new, here, hook) for new in (ports or PortSet([now]))}
            if loose:
                # The kernel translates it as another packet, or not at all, and keeps the port.
                following |= {(now, here, hook) for _, here in translations}
                following |= {(now, to_here, hook) for _ in translations}
        states = following
    for _, to_here, _ in states:
        if to_here is None:
            found.add(True)
        elif direction is Direction.IN:
            found |= {True} if to_here else {True, False}
        else:
            found |= {False} if to_here else {True, False}
    return found


# -- rulesets -------------------------------------------------------------------------------------

FAMILIES = (Family.INET, Family.INET6)


@st.composite
def made(draw: st.DrawFn) -> Ruleset:
    bases = draw(
        st.lists(
            st.builds(
                lambda hook, priority, policy, translates, alternative, passes: (
                    hook, priority, policy, translates, alternative and not translates, passes
                ),
                st.sampled_from(Hook),
                st.sampled_from((-100, 0, 0)),
                st.sampled_from((Action.ACCEPT, Action.DROP, Action.DROP, Action.DELEGATE)),
                st.booleans(),
                st.booleans(),
                st.booleans(),
            ),
            min_size=1,
            max_size=4,
        )
    )  # fmt: skip
    chains = [
        Chain(
            name=f"base{number}",
            hook=hook,
            priority=priority,
            policy=policy,
            families=FAMILIES,
            translates=translates,
            is_alternative=alternative,
            passes_translated=passes and not alternative,
        )
        for number, (hook, priority, policy, translates, alternative, passes) in enumerate(bases)
    ]
    users = [f"user{number}" for number in range(draw(st.integers(0, 3)))]
    chains += [Chain(name=name, families=FAMILIES, translates=True) for name in users]
    rules: list[Rule] = []
    for chain in chains:
        # Only a later chain can be jumped to, so there is no loop.
        later = users if chain.hook else users[users.index(chain.name) + 1 :]
        rules += draw(st.lists(rules_of(chain, tuple(later)), max_size=4))
    skipped = draw(
        st.lists(
            st.builds(
                rulesets.Skipped,
                location=st.just(Location(line=1)),
                text=st.just("?"),
                reason=st.just("?"),
                could_accept=st.booleans(),
                group=st.sampled_from(
                    [each.name for each in chains if not each.translates] or ["-"]
                ),
            ),
            max_size=1,
        )
    )
    return Ruleset(format="made", rules=tuple(rules), skipped=tuple(skipped), chains=tuple(chains))


@st.composite
def rules_of(draw: st.DrawFn, chain: Chain, later: tuple[str, ...]) -> Rule:
    actions = [Action.ACCEPT, Action.DROP, Action.RETURN, Action.CONTINUE, Action.DELEGATE]
    if chain.translates:
        actions += [Action.TRANSLATE, Action.REDIRECT]
    if later:
        actions += [Action.JUMP, Action.JUMP, Action.GOTO]
    action = draw(st.sampled_from(actions))
    some = st.lists(st.sampled_from(PORTS), max_size=4)
    full = st.just(PortSet.full())
    ports = TransportPorts(
        tcp=draw(st.one_of(full, some)), udp=draw(st.one_of(full, some)), dccp=draw(some)
    )
    translates = action in (Action.TRANSLATE, Action.REDIRECT)
    new = draw(st.sampled_from(([], [80], [8080], [8080, 8081]))) if translates else []
    return Rule(
        ports=ports,
        translated_ports=PortSet(new) or None,
        families=draw(st.sampled_from(((Family.INET,), FAMILIES))),
        action=action,
        target=draw(st.sampled_from(later)) if action in (Action.JUMP, Action.GOTO) else "",
        group=chain.name,
        priority=draw(st.integers(0, 2)),
        applies=draw(st.sampled_from((Applies.ALWAYS, Applies.ALWAYS, *Applies))),
        location=Location(line=1),
        text="",
    )


@given(made(), st.sampled_from(Direction))
def test_the_evaluation_agrees_with_one_that_follows_each_packet(
    ruleset: Ruleset, direction: Direction
) -> None:
    found = ruleset.reachable(direction)
    is_exact = True
    for port, transport in PACKETS:
        several = [ends(ruleset, direction, family, port, transport) for family in FAMILIES]
        assert ((port, transport) in found.ports) is any(True in each for each in several)
        is_exact &= all(len(each) < 2 for each in several)
    # Another port than these, or SCTP, may be the reason.
    assert found.is_exact <= is_exact
    # Something that is open has a reason, unless a policy is not known.
    if not found.is_exact and all(
        each.policy is not Action.DELEGATE for each in ruleset.chains or ()
    ):
        assert found.because


@given(made(), st.sampled_from(Direction), st.sampled_from(PACKETS))
def test_no_other_rule_decides(
    ruleset: Ruleset, direction: Direction, packet: tuple[int, str]
) -> None:
    """Without the rules that do not decide, the same happens to the packet."""
    port, transport = packet
    deciding = ruleset.deciding_rules(port, transport, direction=direction)
    assert len(set(map(id, deciding))) == len(deciding)
    steering = (Action.JUMP, Action.GOTO, Action.RETURN, Action.TRANSLATE, Action.REDIRECT)
    kept = tuple(
        each
        for each in ruleset.rules
        if each.action in steering or any(each is one for one in deciding)
    )
    fewer = Ruleset(format="made", rules=kept, skipped=ruleset.skipped, chains=ruleset.chains)
    for family in FAMILIES:
        assert ends(fewer, direction, family, port, transport) == ends(
            ruleset, direction, family, port, transport
        )


NOTHING = TransportPorts.empty()


@given(made(), made())
def test_diff_compares_what_is_reachable(old: Ruleset, new: Ruleset) -> None:
    changes = {each.direction: each for each in rulesets.diff(old, new)}
    for direction in Direction:
        before, after = old.reachable(direction).ports, new.reachable(direction).ports
        change = changes.get(direction)
        opened, closed = (change.opened, change.closed) if change else (NOTHING, NOTHING)
        # With an unknown policy, more may change than what may be reachable at all.
        if any(
            chain.policy is Action.DELEGATE for each in (old, new) for chain in each.chains or ()
        ):
            assert after - before <= opened
            assert before - after <= closed
        else:
            assert (opened, closed) == (after - before, before - after)
    assert rulesets.diff(old, old) == ()


NAMED = st.lists(
    st.builds(
        Rule,
        ports=st.builds(
            TransportPorts,
            tcp=st.lists(st.sampled_from(PORTS), max_size=3),
            udp=st.lists(st.sampled_from(PORTS), max_size=2),
        ),
        families=st.sampled_from((FAMILIES, FAMILIES[:1], FAMILIES[1:])),
        action=st.sampled_from([each for each in Action if each not in (Action.JUMP, Action.GOTO)]),
        direction=st.sampled_from((None, *Direction)),
        group=st.sampled_from("ab"),
        applies=st.sampled_from((Applies.MAYBE, Applies.MAYBE, Applies.NEVER)),
        conditions=st.sampled_from(((), ("x",), ("x", "y"))),
        location=st.just(Location(line=1)),
        text=st.just(""),
    ),
    max_size=5,
).map(lambda rules: Ruleset(format="made", rules=tuple(rules)))
DENYING = (Action.DROP, Action.REJECT)


def names_port(ruleset: Ruleset, *, denies: bool, **wanted: object) -> bool:
    """Whether a rule that accepts, or one that denies, names a port under certain conditions."""
    return any(
        wanted["port"] in rule.ports
        and wanted["family"] in rule.families
        and rule.direction in (None, wanted["direction"])
        and (rule.group, rule.conditions) == (wanted["group"], wanted["conditions"])
        and rule.applies is not Applies.NEVER
        and rule.action is not Action.CONTINUE
        and (rule.action in DENYING) is denies
        for rule in ruleset.rules
    )


@given(NAMED, NAMED)
def test_without_an_evaluation_the_ports_that_rules_name_are_compared(
    old: Ruleset, new: Ruleset
) -> None:
    changes = rulesets.diff(old, new)
    for group, direction, conditions in product("ab", Direction, ((), ("x",), ("x", "y"))):
        about = {"group": group, "direction": direction, "conditions": conditions}
        for port in PACKETS:
            opened = closed = False
            for family, denies in product(FAMILIES, (False, True)):
                before, after = (
                    names_port(each, denies=denies, family=family, port=port, **about)
                    for each in (old, new)
                )
                opened |= before is denies and after is not denies
                closed |= before is not denies and after is denies
            found = [
                each
                for each in changes
                if all(getattr(each, name) == value for name, value in about.items())
            ]
            assert opened is any(port in each.opened for each in found)
            assert closed is any(port in each.closed for each in found)
    assert all(each.added or each.removed for each in changes)


# -- texts ----------------------------------------------------------------------------------------


def texts() -> st.SearchStrategy[str]:
    """Files of iptables-save, of random rules that the tool loads."""
    return st.builds(
        lambda seed, family: iptables_oracle.Generator(Random(seed), family).ruleset(),
        st.integers(0, 2**32),
        st.sampled_from(Family),
    )


def structural(line: str) -> bool:
    return line == "COMMIT" or not line or line.startswith(("#", "*", ":"))


@given(texts())
def test_every_line_is_a_rule_or_declares_something(text: str) -> None:
    ruleset = rulesets.parse(text)
    lines = text.split("\n")
    placed = [each.location.line for each in (*ruleset.rules, *ruleset.skipped)]
    assert sorted(placed) == [at for at, line in enumerate(lines, 1) if not structural(line)]
    assert ruleset.skipped == ()
    for each in ruleset.rules:
        assert lines[each.location.line - 1] == each.text
        assert each.text.split()[1] == each.group.split()[1]


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A file of which some characters were replaced, removed or repeated."""
    text = draw(texts())
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        stop = start + draw(st.integers(0, 8))
        new = draw(
            st.one_of(st.sampled_from((" ", "\n", '"', "!", "-j ", "*", ":", "0")), st.text())
        )
        text = text[:start] + new + text[stop:]
    return text


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    for at, line in enumerate(text.split("\n"), 1):
        yield at, line.removesuffix("\r")


@given(damaged())
def test_nothing_of_a_damaged_file_is_lost(text: str) -> None:
    try:
        ruleset = rulesets.parse(text, "iptables")
    except PortRangesError:
        return
    placed = {each.location.line for each in (*ruleset.rules, *ruleset.skipped)}
    for at, line in lines_of(text):
        if not structural(line.strip(" \t")) and at not in placed:
            # A file without tables is the output of 'iptables -S', which declares chains like this.
            assert line.startswith(("-P ", "-N ")), (at, line)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for name in ("iptables", "ip6tables"):
        try:
            ruleset = rulesets.parse(text, name)
        except PortRangesError:
            continue
        for direction in Direction:
            ruleset.reachable(direction)


# -- nft ------------------------------------------------------------------------------------------


def nft_texts() -> st.SearchStrategy[str]:
    """Files for nft, with one rule per line."""
    return st.builds(
        lambda seed, family: nft_oracle.Generator(Random(seed), family).ruleset(),
        st.integers(0, 2**32),
        st.sampled_from(Family),
    )


@given(nft_texts())
def test_every_line_of_nft_is_a_rule_or_declares_something(text: str) -> None:
    ruleset = rulesets.parse(text)
    declares = ("table ", "chain ", "type ", "set ", "map ", "}", "flags ", "counter hits {")
    lines = text.split("\n")
    expected = {
        at
        for at, line in enumerate(lines, 1)
        if line and not line.startswith((*declares, "limit few_a_minute {"))
    }
    found = [*ruleset.rules, *ruleset.skipped]
    assert {each.location.line for each in found} == expected | {
        each.location.line for each in ruleset.skipped if each.text.startswith("chain ")
    }
    for each in ruleset.rules:
        line = lines[each.location.line - 1]
        # A line may have the rules of a chain without a name.
        assert each.text in line if "jump {" in line else each.text == line


@st.composite
def damaged_nft(draw: st.DrawFn) -> str:
    """A file of which some characters were replaced, removed or repeated."""
    text = draw(nft_texts())
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        stop = start + draw(st.integers(0, 8))
        signs = st.sampled_from((" ", "\n", '"', "!= ", "{", "}", ":", " . ", "@", ";", "jhash "))
        text = text[:start] + draw(st.one_of(signs, st.text())) + text[stop:]
    return text


@given(st.one_of(damaged_nft(), st.text()))
def test_a_damaged_file_of_nft_is_read_or_refused(text: str) -> None:
    try:
        ruleset = rulesets.parse(text, "nft")
    except PortRangesError:
        return
    lines = text.split("\n")
    for each in (*ruleset.rules, *ruleset.skipped):
        start = each.text.split("\n")[0]
        assert start in lines[each.location.line - 1] or start.startswith("chain ")
    for direction in Direction:
        ruleset.reachable(direction)


@given(
    st.recursive(
        st.none() | st.integers(0, 70000) | st.sampled_from(("tcp", "dport", "@p", "inet", "in")),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    (
                        *("match", "op", "left", "right", "payload", "protocol", "field", "meta"),
                        *("key", "set", "vmap", "data", "dnat", "addr", "port", "map", "concat"),
                        *(
                            "range",
                            "prefix",
                            "&",
                            "accept",
                            "jump",
                            "target",
                            "elem",
                            "val",
                            "mangle",
                        ),
                    )
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=12,
    )
)
def test_any_statement_of_json_is_read_or_skipped(statement: object) -> None:
    table = {"family": "inet", "table": "t"}
    base = {"type": "filter", "hook": "input", "prio": 0, "policy": "drop"}
    rule = {**table, "chain": "in", "expr": [statement]}
    data = {"nftables": [{"chain": {**table, "name": "in", **base}}, {"rule": rule}]}
    ruleset = rulesets.from_data(data)
    assert bool(ruleset.skipped) or bool(ruleset.rules)
    for each in (*ruleset.rules, *ruleset.skipped):
        assert each.location.pointer == "/nftables/1/rule"
