"""firewalld: rendered ports are added to a copy of its configuration, and listed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import dialect_manuals
from dialect_tools import as_recorded, edge_sets, needs, random_sets
from portranges import PortSet, dialects

pytestmark = pytest.mark.slow

FIREWALLD = dialects.lookup("firewalld")
SETS = edge_sets() + random_sets(2)


@pytest.fixture
def configuration(tmp_path):
    needs("firewall-offline-cmd")
    if not Path("/etc/firewalld").is_dir():
        pytest.skip("NOT CHECKED: firewalld has no configuration here")
    return shutil.copytree("/etc/firewalld", tmp_path / "firewalld")


def listed(configuration, texts: list[str]) -> PortSet | None:
    """The TCP ports after *texts* were added; None if one of them is refused."""
    head = ["firewall-offline-cmd", "--system-config", str(configuration)]
    for command in ([f"--add-port={text}" for text in texts], ["--list-ports"]):
        done = subprocess.run(
            [*head, *command], capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            return None
    ports = PortSet()
    for each in done.stdout.split():
        text, _, transport = each.partition("/")
        assert transport == "tcp"
        ports |= PortSet.parse(text)
    return ports


@pytest.mark.parametrize("ports", SETS, ids=lambda ports: str(ports)[:30])
def test_the_ports_added_are_exactly_the_set(configuration, ports):
    assert listed(configuration, dialects.render_rules(ports, "firewalld")) == ports


@pytest.mark.parametrize("odd", FIREWALLD.misread_texts, ids=lambda odd: odd.text)
def test_firewalld_reads_the_misread_texts_as_the_row_says(configuration, odd):
    as_recorded(FIREWALLD, "firewall-offline-cmd", "--version")
    assert listed(configuration, [odd.text]) == odd.understood


@pytest.mark.parametrize("text", dialect_manuals.refused("firewalld"))
def test_firewalld_accepts_what_is_refused_on_purpose(configuration, text):
    assert listed(configuration, [text])
