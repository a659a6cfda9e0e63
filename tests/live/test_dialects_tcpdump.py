"""tcpdump: rendered filters are put over a capture of a packet to every port."""

from __future__ import annotations

import subprocess

import pytest

import dialect_manuals
from dialect_tools import as_recorded, capture, captured_ports, edge_sets, needs, random_sets
from portranges import PortSet, dialects

pytestmark = pytest.mark.slow

BPF = dialects.lookup("bpf")
SETS = edge_sets() + random_sets(6)


@pytest.fixture(scope="module")
def every_port(tmp_path_factory):
    needs("tcpdump")
    path = tmp_path_factory.mktemp("capture") / "every-port.pcap"
    path.write_bytes(capture())
    return path


def passed(path, text: str) -> PortSet | None:
    """The ports whose packets pass the filter; None if it is refused."""
    done = subprocess.run(
        ["tcpdump", "-n", "-r", path, "-w", "-", text],
        capture_output=True,
        timeout=60,
        check=False,
    )
    return None if done.returncode else captured_ports(done.stdout)


@pytest.mark.parametrize("ports", SETS, ids=lambda ports: str(ports)[:30])
@pytest.mark.parametrize("transport", ["tcp", None])
def test_exactly_the_packets_to_the_set_pass(every_port, ports, transport):
    assert passed(every_port, dialects.render(ports, "bpf", transport=transport)) == ports


def test_a_list_may_be_a_part_of_a_filter(every_port):
    ports = PortSet([80, 443])
    text = dialects.render(ports, "bpf", transport="tcp")
    assert passed(every_port, f"ip6 and {text}") == PortSet.empty()
    # Without its brackets it could not.
    assert passed(every_port, f"ip6 and {text.strip('()')}") == PortSet([443])


@pytest.mark.parametrize("odd", BPF.misread_texts, ids=lambda odd: odd.text)
def test_tcpdump_reads_the_misread_texts_as_the_row_says(every_port, odd):
    as_recorded(BPF, "tcpdump", "--version")
    assert passed(every_port, odd.text) == odd.understood


@pytest.mark.parametrize(
    "text",
    [
        "tcp dst portrange 80-80",
        "dst port 80 or dst portrange 90-95",
        "(tcp dst port 80)",
        "( tcp dst port 80 or tcp dst port 443 )",
    ],
)
def test_what_is_read_means_the_same_to_the_tool(every_port, text):
    assert passed(every_port, text) == dialects.parse(text, "bpf")


@pytest.mark.parametrize("text", dialect_manuals.read("bpf"))
def test_tcpdump_reads_the_texts_of_its_manual(every_port, text):
    as_recorded(BPF, "tcpdump", "--version")
    assert passed(every_port, text) == dialect_manuals.read("bpf")[text]


@pytest.mark.parametrize("text", dialect_manuals.refused("bpf"))
def test_tcpdump_accepts_what_is_refused_on_purpose(every_port, text):
    assert passed(every_port, text)
