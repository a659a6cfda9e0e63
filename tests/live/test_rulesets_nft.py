"""Random rulesets of nft: what the kernel does, and what is computed from both forms of the list.

``nft_oracle`` makes them; ``iptables_oracle`` loads and lists them, and sends the packets.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

import iptables_oracle
from dialect_tools import needs
from iptables_oracle import SENT, Observed
from nft_oracle import Generator
from portranges import Family, TransportPorts, rulesets
from portranges.registry import Registry
from portranges.rulesets import Direction, Rule, Ruleset
from portranges.rulesets.evaluation import Evaluation

NOTHING = TransportPorts.empty()


def checked(family: Family, seed: int, count: int) -> int:
    """Compare *count* rulesets; return how many of the answers were exact."""
    needs("nft", "ip")
    generator = Generator(Random(seed), family)
    texts = [generator.ruleset() for _ in range(count)]
    exact = 0
    for number, observed in enumerate(iptables_oracle.observe("nft", family, texts)):
        ruleset = rulesets.parse(observed.saved[0])
        assert ruleset.format == "nft"
        every_form_agrees(ruleset, observed)
        for direction in Direction:
            label = (family, seed, number, direction.value)
            arrived = observed.passed[direction]
            astray = observed.astray.get(direction, NOTHING)
            found = ruleset.reachable(direction)
            assert (label, (arrived | astray) - found.ports) == (label, NOTHING)
            # A table of the family inet has rules for the other family as well.
            own = Evaluation(
                ruleset.chains or (), ruleset.rules, ruleset.skipped, direction, family
            ).run(TransportPorts.full())
            assert (label, (arrived | astray) - own.passed) == (label, NOTHING)
            # A port that is not undecided behaves as computed, though others are undecided.
            assert (label, (SENT - arrived) & own.passed - own.lost) == (label, NOTHING)
            exact += not own.passed & own.lost
    return exact


def every_form_agrees(ruleset: Ruleset, observed: Observed) -> None:
    """The rules are the same in every form; only the text and the place differ."""
    assert not ruleset.skipped, ruleset.skipped[0]
    # nft 1.0.6 has no JSON for a chain without a name, and may crash at a dormant table.
    has_json = "jump {" not in observed.saved[0] and "flags dormant" not in observed.saved[0]
    services = Registry.from_services(Path("/etc/services").read_text())
    for text in observed.saved[1:]:
        if not (has_json or text.startswith("table")):
            continue
        read = rulesets.parse(text, services=services)
        assert not read.skipped, read.skipped[0]
        assert len(read.rules) == len(ruleset.rules)
        for one, other in zip(read.rules, ruleset.rules, strict=True):
            assert content(one) == content(other), (one, other)
        different = set(read.chains or ()) ^ set(ruleset.chains or ())
        assert different == set(), (text, different)
        for direction in Direction:
            found, expected = read.reachable(direction), ruleset.reachable(direction)
            assert (found.ports, found.is_exact) == (expected.ports, expected.is_exact)


def content(rule: Rule) -> tuple[object, ...]:
    return (
        rule.ports,
        rule.source_ports,
        rule.translated_ports,
        set(rule.families),
        rule.action,
        rule.target,
        rule.group,
        rule.applies,
        len(rule.conditions),
    )


@pytest.mark.parametrize("family", Family)
def test_packets_arrive_as_computed(family: Family) -> None:
    assert checked(family, 13, 5) > 0


@pytest.mark.slow
@pytest.mark.parametrize("family", Family)
def test_packets_arrive_as_computed_under_more_rulesets(family: Family) -> None:
    assert checked(family, 1130, 60) > 30


if __name__ == "__main__":
    # For a longer run: SEED and COUNT, the number of rulesets for each family.
    first, number = map(int, sys.argv[1:])
    for each in Family:
        for at in range(0, number, 25):
            exact = checked(each, first + at, min(25, number - at))
            sys.stdout.write(f"{each}, seed {first + at}: {exact} exact answers\n")
