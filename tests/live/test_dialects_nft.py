"""nft: every rendered text is loaded, and a packet to every port is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

import dialect_manuals
from dialect_tools import as_recorded, edge_sets, in_namespace, needs, random_sets
from portranges import PortRange, PortSet, PortSyntaxError, UnrepresentableError, dialects

pytestmark = pytest.mark.slow

NFT = dialects.lookup("nft")
SETS = edge_sets() + random_sets(6)


# Each text sets a bit of the packet's mark, which is kept beside its port: one
# set to list for so many texts, and not one set of thousands of ports for each.
BITS = 32


def matched(texts: list[str], transport: str = "udp") -> list[PortSet | None]:
    """The ports that each text matches, by a packet to every port; None if it is refused."""
    setup = [(["nft", "add", "table", "ip", "t"], "")]
    setup.append((["nft", "-f", "-"], "add chain ip t c { type filter hook input priority 0; }"))
    read = []
    for start in range(0, len(texts), BITS):
        for bit, text in enumerate(texts[start : start + BITS]):
            mark = f"meta mark set meta mark or {1 << bit:#x}"
            setup.append((["nft", "-f", "-"], f"add rule ip t c {transport} dport {text} {mark}\n"))
        seen = f"seen{start // BITS}"
        kept = f"add set ip t {seen} {{ type inet_service . mark; size 65536; flags dynamic; }}\n"
        kept += f"add rule ip t c add @{seen} {{ {transport} dport . meta mark }} meta mark set 0\n"
        setup.append((["nft", "-f", "-"], kept))
        read.append((["nft", "-j", "-n", "list", "set", "ip", "t", seen], ""))
    setup.append((["nft", "add", "rule", "ip", "t", "c", "drop"], ""))
    setup_answers, answers = in_namespace(setup=setup, sweep=[transport], read=read, stop=False)
    if any(code for code, _, _ in setup_answers[:2]):
        pytest.skip(f"NOT CHECKED: the kernel has no nftables: {setup_answers[1][2]}")
    codes = [code for code, _, _ in setup_answers[2:-1]]
    found: list[PortSet | None] = []
    for start, (_, output, _) in zip(range(0, len(texts), BITS), answers, strict=True):
        count = len(texts[start : start + BITS])
        here, codes = codes[:count], codes[count:]
        assert codes.pop(0) == 0, "the marks cannot be kept"
        marks = dict(values(output))
        assert len(marks) == 65536, "a packet was lost"
        for bit, code in enumerate(here):
            ports = [port for port, mark in marks.items() if mark >> bit & 1]
            found.append(None if code else PortSet(ports))
    return found


def values(output: str) -> list[Any]:
    """The elements of a set as nft lists it."""
    (listed,) = [each["set"] for each in json.loads(output)["nftables"] if "set" in each]
    plain: list[Any] = []
    for each in listed.get("elem", ()):
        value = each["elem"]["val"] if isinstance(each, dict) and "elem" in each else each
        plain.append(value["concat"] if isinstance(value, dict) and "concat" in value else value)
    return plain


def elements(output: str) -> PortSet:
    """The ports of a set as nft lists it."""
    return PortSet(
        PortRange(*each["range"]) if isinstance(each, dict) else each for each in values(output)
    )


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_packet_to_every_port_matches_exactly_the_set(transport):
    needs("nft")
    texts = [dialects.render(ports, "nft") for ports in SETS]
    assert matched(texts, transport) == SETS


def test_negations_match_exactly_the_set():
    needs("nft")
    sets = [ports for ports in SETS if ports != PortSet.full()]
    texts = [dialects.render(ports, "nft", negated=True) for ports in sets]
    assert matched(texts) == sets


def test_a_named_set_holds_exactly_the_set():
    needs("nft")
    script = "add table ip t\n"
    for number, ports in enumerate(SETS):
        text = dialects.render(ports, "nft-set")
        script += f"add set ip t s{number} {{ type inet_service; flags interval; }}\n"
        script += f"add element ip t s{number} {{ {text} }}\n"
    read = [
        (["nft", "-j", "-n", "list", "set", "ip", "t", f"s{number}"], "")
        for number in range(len(SETS))
    ]
    setup, answers = in_namespace(setup=[(["nft", "-f", "-"], script)], read=read)
    assert setup[0][0] == 0, setup[0][2]
    assert [elements(output) for _, output, _ in answers] == SETS


def test_ternary_masks_match_exactly_the_range():
    needs("nft")
    ranges = [PortRange(1, 65534), PortRange(10000, 10100), PortRange(5900, 5999)]
    texts = [
        f"& {masked.mask:#x} == {masked.value:#x}"
        for ports in ranges
        for masked in ports.ternary_cover()
    ]
    found = iter(matched(texts))
    for ports in ranges:
        parts = [next(found) or PortSet() for _ in ports.ternary_cover()]
        assert PortSet().union(*parts) == PortSet([ports])


def test_nft_reads_the_misread_texts_as_the_row_says():
    as_recorded(NFT, "nft", "--version")
    needs("nft")
    answers = matched([odd.text for odd in NFT.misread_texts])
    assert dict(zip([odd.text for odd in NFT.misread_texts], answers, strict=True)) == {
        odd.text: odd.understood for odd in NFT.misread_texts
    }


def test_nft_accepts_every_text_that_is_read():
    needs("nft")
    texts = ["== 80", ">= 1024", "> 1023", "<= 80", "< 80", "!= 80-90", "{80,443}", "80-80"]
    texts += ["{ 80-90, 85-100 }", "{ 80,\n 443 }", "!= { 80, 443 }"]
    assert matched(texts) == [dialects.parse(text, "nft") for text in texts]


def test_overlap_in_a_named_set_is_refused_by_both():
    needs("nft")
    script = "add table ip t\nadd set ip t s { type inet_service; flags interval; }\n"
    for text, refused in (("80-90, 85-100", True), ("80-90, 80-90", False), ("80, 81", False)):
        line = f"add element ip t s {{ {text} }}\n"
        ((code, _, _),), _ = in_namespace(setup=[(["nft", "-f", "-"], script + line)])
        assert bool(code) is refused
        if refused:
            with pytest.raises(PortSyntaxError):
                dialects.parse(text, "nft-set")
        else:
            dialects.parse(text, "nft-set")


def test_the_empty_set_has_no_text():
    with pytest.raises(UnrepresentableError):
        dialects.render(PortSet(), "nft")


def test_nft_reads_the_texts_of_its_manual():
    as_recorded(NFT, "nft", "--version")
    needs("nft")
    texts = dialect_manuals.read("nft")
    assert dict(zip(texts, matched(list(texts)), strict=True)) == texts
    refused = dialect_manuals.refused("nft")
    assert refused
    assert None not in matched(refused)
