"""Open vSwitch: rendered matches are parsed by ovs-ofctl, which says what it understood."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

import dialect_manuals
from dialect_tools import as_recorded, edge_sets, random_sets
from portranges import MaskedPort, PortSet, dialects

OVS = dialects.lookup("ovs")
SETS = [ports for ports in edge_sets() + random_sets(4) if ports != PortSet.full()]


def understood(text: str) -> PortSet | None:
    """The ports of one flow's match; None if it is refused."""
    if shutil.which("ovs-ofctl") is None:
        pytest.skip("NOT CHECKED: ovs-ofctl not installed")
    done = subprocess.run(
        ["ovs-ofctl", "parse-flows", "-"],
        input=f"{text},actions=drop\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return None if done.returncode else _ports(done.stdout.splitlines()[-1])


def _ports(line: str) -> PortSet:
    found = re.search(r"tp_dst=([0-9a-fx]+)(?:/(0x[0-9a-f]+))?", line)
    if found is None:
        return PortSet.full()
    return PortSet.from_masks([MaskedPort(int(found[1], 0), int(found[2] or "0xffff", 16))])


def all_understood(texts: list[str]) -> PortSet:
    """The union of many flows, read in one run."""
    if shutil.which("ovs-ofctl") is None:
        pytest.skip("NOT CHECKED: ovs-ofctl not installed")
    done = subprocess.run(
        ["ovs-ofctl", "parse-flows", "-"],
        input="".join(f"{text},actions=drop\n" for text in texts),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    lines = [line for line in done.stdout.splitlines() if "ADD" in line]
    assert len(lines) == len(texts)
    return PortSet().union(*map(_ports, lines))


@pytest.mark.parametrize("ports", SETS, ids=lambda ports: str(ports)[:30])
@pytest.mark.parametrize("ternary", [False, True])
def test_the_flows_are_for_exactly_the_set(ports, ternary):
    assert all_understood(dialects.render_rules(ports, "ovs", ternary=ternary)) == ports


@pytest.mark.parametrize("transport", ["tcp", "udp", "sctp"])
def test_every_transport_is_accepted(transport):
    (text,) = dialects.render_rules(PortSet([80]), "ovs", transport=transport)
    assert understood(text) == PortSet([80])


@pytest.mark.parametrize("odd", OVS.misread_texts, ids=lambda odd: odd.text)
def test_ovs_reads_the_misread_texts_as_the_row_says(odd):
    as_recorded(OVS, "ovs-ofctl", "--version")
    assert understood(odd.text) == odd.understood


@pytest.mark.parametrize("text", ["udp,udp_dst=53", "tcp,tp_dst=1000/0xfff8", "tcp,tp_dst=0/0x1"])
def test_what_is_read_means_the_same_to_the_tool(text):
    assert understood(text) == dialects.parse(text, "ovs")


@pytest.mark.parametrize("text", dialect_manuals.read("ovs"))
def test_ovs_reads_the_texts_of_its_manual(text):
    assert understood(text) == dialect_manuals.read("ovs")[text]


@pytest.mark.parametrize("text", dialect_manuals.refused("ovs"))
def test_ovs_accepts_what_is_refused_on_purpose(text):
    assert understood(text)
