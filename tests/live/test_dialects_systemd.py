"""systemd: which values a unit takes; what they mean it does not say."""

from __future__ import annotations

import shutil
import subprocess

import pytest

import dialect_manuals
from dialect_tools import as_recorded, edge_sets
from portranges import PortSet, PortSyntaxError, UnrepresentableError, dialects

pytestmark = pytest.mark.slow

SYSTEMD = dialects.lookup("systemd")
SETS = edge_sets(lowest=1)


def ignored(directory, texts: list[str]) -> list[str]:
    """The values that systemd passes over, with a warning only."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("NOT CHECKED: systemd-analyze not installed")
    unit = directory / "portranges-test.service"
    lines = ["[Service]", "ExecStart=/bin/true"]
    unit.write_text("\n".join([*lines, *(f"SocketBindAllow={text}" for text in texts)]) + "\n")
    done = subprocess.run(
        ["systemd-analyze", "verify", unit],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=directory,
    )
    mark = "Unable to parse SocketBindAllow= assignment, ignoring: "
    return [line.partition(mark)[2] for line in done.stderr.splitlines() if mark in line]


def test_every_rendered_value_is_accepted(tmp_path):
    for ports in SETS:
        for transport in ("tcp", "udp", None):
            texts = dialects.render_rules(ports, "systemd", transport=transport)
            assert ignored(tmp_path, texts) == []


def test_systemd_accepts_and_ignores_the_misread_texts_as_the_row_says(tmp_path):
    as_recorded(SYSTEMD, "systemd-analyze", "--version")
    refused = [odd.text for odd in SYSTEMD.misread_texts if odd.means is None]
    assert ignored(tmp_path, [odd.text for odd in SYSTEMD.misread_texts]) == refused


def test_port_0_is_ignored_and_so_not_written(tmp_path):
    texts = ["0", "tcp:0", "tcp:0-80"]
    assert ignored(tmp_path, texts) == texts
    for text in texts:
        with pytest.raises(PortSyntaxError):
            dialects.parse(text, "systemd")
    with pytest.raises(UnrepresentableError):
        dialects.render(PortSet([0]), "systemd")


def test_systemd_accepts_the_texts_of_its_manual(tmp_path):
    texts = [line for text in dialect_manuals.read("systemd") for line in text.split("\n")]
    assert ignored(tmp_path, [*texts, *dialect_manuals.refused("systemd")]) == []
