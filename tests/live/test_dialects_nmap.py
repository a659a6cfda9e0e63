"""nmap: rendered lists are given to -p, and what it says it will scan is read back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dialect_manuals
from dialect_tools import as_recorded, edge_sets, in_namespace, needs, random_sets
from portranges import PortSet, PortSyntaxError, dialects
from portranges.registry import Registry

pytestmark = pytest.mark.slow

NMAP = dialects.lookup("nmap")
SETS = edge_sets() + random_sets(6)


def scanned(texts: list[str]) -> list[dict[str, PortSet] | None]:
    """The ports of each transport that each text makes nmap scan; None if it is refused."""
    head = ["nmap", "-n", "-Pn", "--host-timeout", "1ms", "-sS", "-sU", "-oX", "-"]
    read = [([*head, "-p", text, "127.0.0.1"], "") for text in texts]
    _, answers = in_namespace(read=read)
    found: list[dict[str, PortSet] | None] = []
    for code, output, _ in answers:
        rows = re.findall(r'<scaninfo [^>]*protocol="(\w+)" [^>]*services="([^"]*)"', output)
        found.append(None if code else {name: PortSet.parse(text) for name, text in rows})
    return found


def test_exactly_the_set_is_scanned():
    needs("nmap")
    answers = scanned([dialects.render(ports, "nmap") for ports in SETS])
    assert answers == [{"tcp": ports, "udp": ports} for ports in SETS]


def test_a_letter_selects_one_transport():
    needs("nmap")
    (answer,) = scanned([dialects.render(PortSet([53, 80]), "nmap", transport="udp")])
    assert answer is not None
    assert {name: ports for name, ports in answer.items() if ports} == {"udp": PortSet([53, 80])}


def test_nmap_reads_the_misread_texts_as_the_row_says():
    as_recorded(NMAP, "nmap", "--version")
    needs("nmap")
    answers = scanned([odd.text for odd in NMAP.misread_texts])
    tcp = [None if answer is None else answer["tcp"] for answer in answers]
    assert dict(zip([odd.text for odd in NMAP.misread_texts], tcp, strict=True)) == {
        odd.text: odd.understood for odd in NMAP.misread_texts
    }


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_what_is_read_means_the_same_to_the_tool(transport):
    needs("nmap")
    texts = ["-", "-100", "65000-", "80, 443", "U:53,T:21-25,80", "21-25,U:53,T:80", "80-80"]
    answers = scanned(texts)
    assert [answer and answer[transport] for answer in answers] == [
        dialects.parse(text, "nmap", transport=transport) for text in texts
    ]


def test_nmap_reads_the_texts_of_its_manual():
    needs("nmap")
    texts = dialect_manuals.read("nmap")
    answers = scanned(list(texts))
    assert [answer and answer["tcp"] for answer in answers] == [*texts.values()]
    refused = dialect_manuals.refused("nmap")
    assert refused
    assert None not in scanned(refused)


def test_nmap_resolves_names_by_its_own_table():
    needs("nmap")
    path = Path("/usr/share/nmap/nmap-services")
    if not path.is_file():
        pytest.skip("NOT CHECKED: nmap's table is not where Debian has it")
    table = Registry.from_services(path.read_text(encoding="utf-8", errors="replace"))
    names = ["kerberos", "kerberos-sec", "ms-sql-s", "ssh", "domain", "smtp", "http", "http-alt"]
    names += ["mit-ml-dev", "x11", "22,http,443", "U:domain,T:http", "ssh,mit-ml-dev"]
    for name, answer in zip(names, scanned(names), strict=True):
        assert answer is not None
        for transport in ("tcp", "udp"):
            found = dialects.parse(name, "nmap", services=table, transport=transport)
            assert answer[transport] == found, (name, transport)
    refused = ["ajp13-nosuch", "U:ajp13", "9pfs", "80-http", "HTTP"]
    assert scanned(refused) == [None] * len(refused)
    for name in refused:
        with pytest.raises(PortSyntaxError):
            dialects.parse(name, "nmap", services=table)
