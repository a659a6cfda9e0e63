"""tshark: rendered filters are put over a capture of a packet to every port."""

from __future__ import annotations

import subprocess

import pytest

import dialect_manuals
from dialect_tools import as_recorded, capture, captured_ports, edge_sets, needs, random_sets
from portranges import PortSet, dialects

pytestmark = pytest.mark.slow

WIRESHARK = dialects.lookup("wireshark")
SETS = [*edge_sets()[:8], *random_sets(3)]


@pytest.fixture(scope="module")
def every_port(tmp_path_factory):
    needs("tshark")
    path = tmp_path_factory.mktemp("capture") / "every-port.pcap"
    path.write_bytes(capture())
    return path


def passed(path, text: str) -> PortSet | None:
    """The ports whose packets pass the filter; None if it is refused."""
    done = subprocess.run(
        ["tshark", "-n", "-r", path, "-Y", text, "-F", "pcap", "-w", "-"],
        capture_output=True,
        timeout=120,
        check=False,
    )
    return None if done.returncode else captured_ports(done.stdout)


@pytest.mark.parametrize("ports", SETS, ids=lambda ports: str(ports)[:30])
def test_exactly_the_packets_to_the_set_pass(every_port, ports):
    assert passed(every_port, dialects.render(ports, "wireshark")) == ports


@pytest.mark.parametrize("odd", WIRESHARK.misread_texts, ids=lambda odd: odd.text)
def test_tshark_reads_the_misread_texts_as_the_row_says(every_port, odd):
    as_recorded(WIRESHARK, "tshark", "--version")
    assert passed(every_port, odd.text) == odd.understood


@pytest.mark.parametrize(
    "text", ["tcp.dstport == 80", "tcp.dstport >= 1024", "tcp.dstport in { 80, 443..445 }"]
)
def test_what_is_read_means_the_same_to_the_tool(every_port, text):
    assert passed(every_port, text) == dialects.parse(text, "wireshark")


@pytest.mark.parametrize("text", dialect_manuals.read("wireshark"))
def test_tshark_reads_the_texts_of_its_manual(every_port, text):
    as_recorded(WIRESHARK, "tshark", "--version")
    assert passed(every_port, text) == dialect_manuals.read("wireshark")[text]


@pytest.mark.parametrize("text", dialect_manuals.refused("wireshark"))
def test_tshark_accepts_what_is_refused_on_purpose(every_port, text):
    as_recorded(WIRESHARK, "tshark", "--version")
    assert passed(every_port, text)
