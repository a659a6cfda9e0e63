"""Random rulesets of iptables and ip6tables: what the kernel does, and what is computed.

``iptables_oracle`` loads and saves them, and sends the packets.
"""

from __future__ import annotations

from random import Random, SystemRandom

import pytest

import iptables_oracle
from dialect_tools import needs
from iptables_oracle import SENT, Generator, Observed
from portranges import Family, TransportPorts, rulesets
from portranges.rulesets import Applies, Direction, Rule, Ruleset
from portranges.rulesets.evaluation import Evaluation

VARIANTS = ("iptables-nft", "iptables-legacy", "ip6tables-nft", "ip6tables-legacy")
NOTHING = TransportPorts.empty()


def family_of(variant: str) -> Family:
    return Family.INET6 if variant.startswith("ip6") else Family.INET


def checked(variant: str, seed: int, count: int) -> int:
    """Compare *count* rulesets; return how many of the answers were exact."""
    needs(variant, f"{variant}-save", "nft", "ip")
    generator = Generator(Random(seed), family_of(variant))
    texts = [generator.ruleset() for _ in range(count)]
    exact = 0
    for number, observed in enumerate(iptables_oracle.observe(variant, family_of(variant), texts)):
        ruleset = rulesets.parse(observed.saved[0])
        assert ruleset.format == variant.partition("-")[0]
        every_form_agrees(ruleset, observed)
        for direction in Direction:
            found = ruleset.reachable(direction)
            label = (variant, seed, number, direction.value)
            exact += found.is_exact
            arrived = observed.passed[direction]
            assert (label, arrived - found.ports) == (label, NOTHING)
            assert (label, observed.astray.get(direction, NOTHING) - found.ports) == (
                label,
                NOTHING,
            )
            if found.is_exact:
                assert (label, arrived) == (label, found.ports & SENT)
            # A port that is not undecided behaves as computed, though others are undecided.
            evaluation = Evaluation(
                ruleset.chains or (), ruleset.rules, (), direction, family_of(variant)
            ).run(TransportPorts.full())
            assert (label, (SENT - arrived) & evaluation.passed - evaluation.lost) == (
                label,
                NOTHING,
            )
    return exact


def every_form_agrees(ruleset: Ruleset, observed: Observed) -> None:
    """The rules are the same with counters, and in the lists of one table."""
    saved, counted, *printed, listed, numbered = observed.saved
    lines = [line for line in saved.split("\n") if line.startswith("-A ")]
    assert [each.text for each in ruleset.rules] == lines
    assert ruleset.skipped == ()
    assert list(map(content, rulesets.parse(counted).rules)) == list(map(content, ruleset.rules))
    table = [content(each) for each in ruleset.rules if each.group.startswith("filter ")]
    for text in printed:
        read = rulesets.parse(text, ruleset.format)
        assert read.skipped == ()
        assert list(map(content, read.rules)) == table
    in_table = [each for each in ruleset.rules if each.group.startswith("filter ")]
    for text in (listed, numbered):
        read = rulesets.parse(text, ruleset.format)
        assert read.skipped == ()
        # Lists do not show the rules in the order of iptables-save: chains are sorted otherwise.
        for chain in {each.group for each in in_table}:
            own = [each for each in in_table if each.group == chain]
            shown = [each for each in read.rules if each.group == chain]
            assert list(map(ports_of, shown)) == list(map(ports_of, own))
            for one, other in zip(shown, own, strict=True):
                # The words of some extensions are not read, so that less is certain.
                # A rule of the table raw that turns tracking off is not in the list.
                is_open = one.applies is Applies.MAYBE or "--notrack" in saved
                assert is_open or one.applies is other.applies, (one, other)


def ports_of(rule: Rule) -> tuple[object, ...]:
    # -L has no form of its own for --ports.
    return (rule.ports, rule.source_ports, rule.action, rule.target)


def content(rule: Rule) -> tuple[object, ...]:
    return (rule.ports, rule.source_ports, rule.action, rule.target, rule.group, rule.conditions)


@pytest.mark.parametrize("variant", VARIANTS)
def test_packets_arrive_as_computed(variant: str) -> None:
    assert checked(variant, 13, 5) > 0


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_packets_arrive_as_computed_under_new_rulesets(variant: str) -> None:
    seed = SystemRandom().getrandbits(32)
    # About half of the answers are exact; the others would prove little alone.
    assert checked(variant, seed, 60) > 30
