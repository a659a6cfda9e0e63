"""Random rulesets of iptables and ip6tables: what the kernel does, and what is computed.

``iptables_oracle`` loads and saves them, and sends the packets. Run this file with a variant, such
as ``iptables-nft``, a seed and a number of rulesets to try more of them than the tests do.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

import iptables_oracle
from dialect_tools import needs
from iptables_oracle import LISTS, SENT, Generator, Observed
from portranges import Family, TransportPorts, registry, rulesets
from portranges.rulesets import Applies, Direction, Rule, Ruleset
from portranges.rulesets.evaluation import Evaluation

VARIANTS = ("iptables-nft", "iptables-legacy", "ip6tables-nft", "ip6tables-legacy")
NOTHING = TransportPorts.empty()


def family_of(variant: str) -> Family:
    return Family.INET6 if variant.startswith("ip6") else Family.INET


def checked(variant: str, seed: int, count: int) -> int:
    """Compare *count* rulesets; return how many of the answers were exact."""
    needs(variant, f"{variant}-save", "nft", "ip", "ipset")
    generator = Generator(Random(seed), family_of(variant))
    texts = [generator.ruleset() for _ in range(count)]
    exact = 0
    for number, observed in enumerate(iptables_oracle.observe(variant, family_of(variant), texts)):
        ruleset = rulesets.parse(observed.saved[0])
        assert ruleset.format == variant.partition("-")[0]
        every_form_agrees(ruleset, observed)
        exact += agrees(ruleset, observed, (variant, seed, number))
        # With the contents of the sets, less is open.
        known = rulesets.parse(observed.saved[0], sets=observed.sets)
        agrees(known, observed, (variant, seed, number, "sets"))
        for direction in Direction:
            one, other = known.reachable(direction), ruleset.reachable(direction)
            assert one.ports <= other.ports
            assert one.is_exact or not other.is_exact
    return exact


def agrees(ruleset: Ruleset, observed: Observed, label: tuple[object, ...]) -> int:
    """Compare what is computed in each direction; return how many of the answers were exact."""
    exact = 0
    for direction in Direction:
        found = ruleset.reachable(direction)
        here = (*label, direction.value)
        exact += found.is_exact
        arrived = observed.passed[direction]
        assert (here, arrived - found.ports) == (here, NOTHING)
        assert (here, observed.astray.get(direction, NOTHING) - found.ports) == (here, NOTHING)
        if found.is_exact:
            assert (here, arrived) == (here, found.ports & SENT)
        # A port that is not undecided behaves as computed, though others are undecided.
        evaluation = Evaluation(
            ruleset.chains or (), ruleset.rules, (), direction, family_of(str(label[0]))
        ).run(TransportPorts.full())
        missing = (SENT - arrived) & evaluation.passed - evaluation.lost
        assert (here, missing) == (here, NOTHING)
    return exact


def every_form_agrees(ruleset: Ruleset, observed: Observed) -> None:
    """The rules are the same with counters, and in the lists of one table."""
    saved = observed.saved[0]
    lines = [line for line in saved.split("\n") if line.startswith("-A ")]
    assert [each.text for each in ruleset.rules] == lines
    assert ruleset.skipped == ()
    # Without -n, the tool writes the names that this machine knows.
    services = registry.Registry.from_services(Path("/etc/services").read_text("utf-8"))
    for command, text in zip(LISTS[0][1:], observed.saved[1:], strict=True):
        _, _, table = command.rpartition("-t ")
        prefix = f"{table.split()[0]} " if table != command else "filter "
        read = rulesets.parse(text, ruleset.format, services=services)
        assert (command, read.skipped) == (command, ())
        if command == "-save -c":
            assert list(map(content, read.rules)) == list(map(content, ruleset.rules))
            continue
        own = [each for each in ruleset.rules if each.group.startswith(prefix)]
        if "-S" in command.split():
            assert list(map(content, read.rules)) == list(map(content, own)), command
        else:
            lists_agree(command, read, own, is_tracked="--notrack" not in saved)


def lists_agree(command: str, read: Ruleset, own: list[Rule], *, is_tracked: bool) -> None:
    """The rules of a list belong to one table, and its chains are in another order."""
    assert {each.group for each in read.rules} == {each.group for each in own}, command
    for chain in {each.group for each in own}:
        shown = [each for each in read.rules if each.group == chain]
        saved = [each for each in own if each.group == chain]
        assert list(map(ports_of, shown)) == list(map(ports_of, saved)), command
        for one, other in zip(shown, saved, strict=True):
            # The words of some extensions are not read, so that less is certain. A rule of the
            # table raw that turns tracking off is not in the list.
            is_open = one.applies is Applies.MAYBE or not is_tracked
            assert is_open or one.applies is other.applies, (command, one, other)


def ports_of(rule: Rule) -> tuple[object, ...]:
    # -L has no form of its own for --ports.
    return (rule.ports, rule.source_ports, rule.action, rule.target)


def content(rule: Rule) -> tuple[object, ...]:
    return (rule.ports, rule.source_ports, rule.action, rule.target, rule.group, rule.conditions)


@pytest.mark.parametrize("variant", VARIANTS)
def test_packets_arrive_as_computed(variant: str) -> None:
    assert checked(variant, 13, 5) > 0


# What the random rulesets do not have: rules by which others see a packet differently.
BASES = """:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
"""
SPECIAL = [
    """*raw
:PREROUTING ACCEPT [0:0]
-A PREROUTING -j CT --zone 1
-A PREROUTING -m conntrack --ctstate NEW -j ACCEPT
-A PREROUTING -j DROP
COMMIT
""",
    f"""*mangle
:PREROUTING ACCEPT [0:0]
-A PREROUTING -i v0 -p tcp --dport 80 -j TEE --gateway 10.9.0.1
COMMIT
*filter
{BASES}-A INPUT -i lo -j ACCEPT
COMMIT
""",
    f"""*filter
{BASES}-A INPUT -j SET --add-set ports dst
-A INPUT -m set --match-set ports dst -j ACCEPT
COMMIT
""",
    f"""*filter
{BASES}-A INPUT -j SET --del-set ports dst
-A INPUT -m set ! --match-set ports dst -j ACCEPT
COMMIT
""",
]


@pytest.mark.parametrize("variant", ["iptables-nft", "iptables-legacy"])
def test_no_packet_arrives_that_is_not_expected(variant: str) -> None:
    needs(variant, f"{variant}-save", "nft", "ip", "ipset")
    for text in SPECIAL:
        # The rules of one change the sets, so each is loaded alone.
        (observed,) = iptables_oracle.observe(variant, Family.INET, [text])
        for sets in (None, observed.sets):
            agrees(rulesets.parse(observed.saved[0], sets=sets), observed, (variant, text))
        assert observed.passed["in"], text


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_packets_arrive_as_computed_under_more_rulesets(variant: str) -> None:
    # About half of the answers are exact; the others would prove little alone.
    assert checked(variant, 1130, 60) > 30


if __name__ == "__main__":
    chosen, start, number = sys.argv[1], *map(int, sys.argv[2:])
    # A few at a time, because each batch is one process.
    for done in range(0, number, 50):
        some = min(50, number - done)
        exact = checked(chosen, start + done, some)
        sys.stdout.write(f"{chosen} {start + done}: {some} rulesets, {exact} exact of {3 * some}\n")
        sys.stdout.flush()
