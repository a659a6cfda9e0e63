"""Random zones and policies of firewalld: what the kernel does, and what is computed from them.

``firewalld_oracle`` makes them and runs the daemon; ``iptables_oracle`` sends the packets.
"""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from random import Random

import pytest

import firewalld_oracle
from dialect_tools import needs
from firewalld_oracle import PEERS, ZONES, Generator
from iptables_oracle import SENT, Observed, seen
from portranges import Family, TransportPorts, rulesets
from portranges.rulesets import Direction, Ruleset
from portranges.rulesets.evaluation import Evaluation, Result

NOTHING = TransportPorts.empty()

# The condition of rules whose order a list does not show.
SAME_PRIORITY = "not after a rule of the same priority"


def checked(seed: int, count: int, folder: Path) -> tuple[int, int]:
    """Compare *count* configurations; return how many answers there were, and how many exact."""
    needs("firewalld", "firewall-cmd", "dbus-daemon", "nft", "ip")
    generator = Generator(Random(seed))
    batches = [generator.batch() for _ in range(count)]
    exact: list[bool] = []
    answers = firewalld_oracle.answers(batches, folder)
    for family, (number, answer) in product(Family, enumerate(answers)):
        files = batches[number]
        zones, policies, table, data, *services = answer["saved"]
        peers = [seen(answer, family, peer) for peer in range(PEERS)]
        label = (family.value, seed, number)
        own = "\n".join(services)
        if not any(name.startswith("policies/") for name in files):
            listed = {re.split("[ \n]", each)[0]: each for each in zones.split("\n\n")}
            names = [f"z{peer}" for peer in range(ZONES)]
            names.append("wired" if "zones/wired.xml" in files else "public")
            for name, peer in zip(names, peers, strict=True):
                ruleset = rulesets.parse(f"{listed[name]}\n{own}")
                assert ruleset.skipped == ()
                exact += agree(ruleset, [peer], family, (*label, name, "list"))
                xml = rulesets.parse(files[f"zones/{name}.xml"])
                exact += agree(xml, [peer], family, (*label, name, "xml"))
        everything = f"{zones}\n{policies}\n{own}"
        # Newer releases mark the default zone.
        marked = re.sub("(?m)^public\\b.*", "public (default)", everything)
        for text in (everything, marked, table, data):
            exact += agree(rulesets.parse(text), peers, family, (*label, text[:20]))
        # The ruleset that the daemon made has the same answer for each of the 65,536 ports, unless
        # a list does not show it: in which order rich rules of one priority are evaluated, and
        # which policies are for zones without an interface and a source.
        listing, made_by_daemon = rulesets.parse(marked), rulesets.parse(table)
        own, made = (evaluated(each, Direction.IN, family) for each in (listing, made_by_daemon))
        assert (label, made.passed - own.passed) == (label, NOTHING)
        has_order = not any(SAME_PRIORITY in rule.conditions for rule in listing.rules)
        if has_order and not any(name.startswith("policies/") for name in files):
            assert (label, own.passed) == (label, made.passed)
    return len(exact), sum(exact)


def evaluated(ruleset: Ruleset, direction: Direction, family: Family) -> Result:
    rules = (*ruleset.implied, *ruleset.rules)
    evaluation = Evaluation(ruleset.chains or (), rules, ruleset.skipped, direction, family)
    return evaluation.run(TransportPorts.full())


def agree(
    ruleset: Ruleset, peers: list[Observed], family: Family, label: tuple[object, ...]
) -> list[bool]:
    """Compare a ruleset with what happened to the packets of some peers."""
    found: list[bool] = []
    for direction in Direction:
        answer = ruleset.reachable(direction)
        own = evaluated(ruleset, direction, family)
        for number, peer in enumerate(peers):
            place = (*label, direction.value, number)
            arrived = peer.passed[direction]
            astray = peer.astray.get(direction, NOTHING)
            assert (place, (arrived | astray) - answer.ports) == (place, NOTHING)
            assert (place, (arrived | astray) - own.passed) == (place, NOTHING)
            assert (place, (SENT - arrived) & own.passed - own.lost) == (place, NOTHING)
        found.append(not own.passed & own.lost)
    return found


def test_packets_arrive_as_computed(tmp_path: Path) -> None:
    answers, exact = checked(13, 2, tmp_path)
    assert exact > answers // 4


@pytest.mark.slow
def test_packets_arrive_as_computed_under_more_zones(tmp_path: Path) -> None:
    answers, exact = checked(506858841, 20, tmp_path)
    assert exact > answers // 4
