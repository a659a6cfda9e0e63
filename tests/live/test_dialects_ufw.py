"""ufw: rendered rules are given to a dry run, and the rule it would keep is read back."""

from __future__ import annotations

import re

import pytest

from dialect_tools import as_recorded, edge_sets, in_namespace, needs, random_sets
from portranges import PortRange, PortSet, UnrepresentableError, dialects

pytestmark = pytest.mark.slow

UFW = dialects.lookup("ufw")
SETS = edge_sets(lowest=1) + random_sets(4, lowest=1)


def kept(texts: list[str]) -> list[PortSet | None]:
    """The ports of the rule that ufw would keep for each text; None if there is none."""
    read = [(["ufw", "--dry-run", "allow", text], "") for text in texts]
    _, answers = in_namespace(read=read)
    found: list[PortSet | None] = []
    for code, output, _ in answers:
        rule = re.search(r"^### tuple ### allow \w+ (\S+) .*", output, re.MULTILINE)
        # An answer of 0 without a rule is ufw's silent failure.
        found.append(None if code or rule is None else _ports(rule[1]))
    return found


def _ports(text: str) -> PortSet:
    ranges: list[PortRange] = []
    for each in text.split(","):
        first, _, last = each.partition(":")
        ranges.append(PortRange(int(first, 10), int(last or first, 10)))
    return PortSet(ranges)


def test_the_rules_are_for_exactly_the_set():
    needs("ufw", "iptables")
    groups = [dialects.render_rules(ports, "ufw") for ports in SETS]
    answers = iter(kept([text for group in groups for text in group]))
    for ports, group in zip(SETS, groups, strict=True):
        parts = [next(answers) for _ in group]
        assert None not in parts, group
        assert PortSet().union(*(part for part in parts if part is not None)) == ports


def test_ufw_refuses_what_the_row_says():
    as_recorded(UFW, "ufw", "--version")
    needs("ufw", "iptables")
    odd = [each for each in UFW.misread_texts if each.means is None]
    texts = [*(each.text for each in odd), "0/tcp", "0:80/tcp", "80,443", "80:90"]
    texts.append(",".join(map(str, range(101, 133, 2))) + "/tcp")
    assert kept(texts) == [None] * len(texts)
    for text in texts:
        with pytest.raises(ValueError, match="got"):
            dialects.parse(text, "ufw")


def test_a_leading_zero_is_passed_on_to_iptables():
    as_recorded(UFW, "ufw", "--version")
    needs("ufw", "iptables")
    _, ((code, output, _),) = in_namespace(read=[(["ufw", "--dry-run", "allow", "010/tcp"], "")])
    assert code == 0
    assert "--dport 010 " in output


def test_port_0_is_not_written():
    with pytest.raises(UnrepresentableError):
        dialects.render(PortSet([0, 80]), "ufw")
