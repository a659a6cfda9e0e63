"""All 65,536 ports through every function that takes one."""

from __future__ import annotations

import pytest

import oracle
import web_pages
from portranges import (
    Category,
    MaskedPort,
    PortRange,
    PortSet,
    PortSyntaxError,
    check_port,
    classify,
    explain,
    parse_port,
)

pytestmark = pytest.mark.slow


def test_check_port_accepts_every_port() -> None:
    assert [check_port(port) for port in oracle.UNIVERSE] == list(oracle.UNIVERSE)


def test_parse_port_reads_every_port() -> None:
    assert [parse_port(str(port)) for port in oracle.UNIVERSE] == list(oracle.UNIVERSE)


def test_parse_port_refuses_every_number_of_five_digits_above() -> None:
    for number in range(65536, 100000):
        with pytest.raises(PortSyntaxError):
            parse_port(str(number))


def test_parse_port_refuses_every_port_with_a_leading_zero() -> None:
    for port in oracle.UNIVERSE:
        with pytest.raises(PortSyntaxError):
            parse_port(f"0{port}")


def test_classify_agrees_with_a_plain_comparison() -> None:
    for port in oracle.UNIVERSE:
        category = classify(port)
        assert category == oracle.category(port)
        assert port in category.ports


def test_every_port_is_in_exactly_one_category() -> None:
    assert [port for category in Category for port in category.ports] == list(oracle.UNIVERSE)


def test_a_set_of_one_port() -> None:
    for port in oracle.UNIVERSE:
        ports = PortSet([port])
        assert (ports.first, ports.last, ports.nth(0), len(ports)) == (port, port, port, 1)
        assert str(ports) == str(PortRange(port)) == str(port)
        assert port in ports
        assert port + 1 not in ports
        assert port - 1 not in ports


def test_every_port_is_in_the_full_set_and_none_in_the_empty_one() -> None:
    full, empty = PortSet.full(), PortSet.empty()
    assert list(full) == list(oracle.UNIVERSE)
    assert all(port in full and port not in empty for port in oracle.UNIVERSE)
    assert all(full.nth(port) == port for port in oracle.UNIVERSE)


@pytest.mark.parametrize("mask", [MaskedPort(0, 0), MaskedPort(0x3E8, 0xFFF8), MaskedPort(5, 5)])
def test_a_mask_contains_the_ports_that_match_it(mask: MaskedPort) -> None:
    found = [port for port in oracle.UNIVERSE if port in mask]
    assert found == [port for port in oracle.UNIVERSE if port & mask.mask == mask.value]
    assert len(found) == len(mask)
    assert found == list(PortSet.from_masks([mask]))


def test_the_length_of_every_mask_is_its_number_of_ports() -> None:
    for mask in oracle.UNIVERSE:
        assert len(MaskedPort(0, mask)) == 2 ** f"{mask:016b}".count("0")


@pytest.mark.parametrize("offset", range(16))
def test_port_sets_of_map_agree_with_the_bits_of_each_port(offset: int) -> None:
    # RFC 7597, section 5.1: the offset bits A, which are not 0 if there are any, then the PSID.
    bits = [f"{port:016b}" for port in oracle.UNIVERSE]
    for length in range(17 - offset):
        members: dict[str, list[int]] = {}
        for port, digits in enumerate(bits):
            if offset == 0 or "1" in digits[:offset]:
                members.setdefault(digits[offset : offset + length], []).append(port)
        assert len(members) == 2**length
        # Every identifier of up to 10 bits; of longer ones, some.
        for psid in range(0, 2**length, max(1, 2**length // 1021)):
            expected = members[f"{psid:0{length}b}" if length else ""]
            assert list(PortSet.from_psid(offset, length, psid)) == expected


def test_the_web_page_of_every_port() -> None:
    # Without their digits, most pages are equal, and reading one takes longer than writing it.
    without_digits = str.maketrans("", "", "0123456789")
    seen: set[str] = set()
    for port in oracle.UNIVERSE:
        page = explain(port).to_html()
        assert f"<h1>Port {port}</h1>" in page
        form = page.translate(without_digits)
        if form not in seen:
            seen.add(form)
            assert web_pages.faults(page) == [], port
