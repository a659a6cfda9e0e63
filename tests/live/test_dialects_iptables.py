"""iptables, over nftables and legacy: rules are loaded, and a packet to every port is sent."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import dialect_manuals
from dialect_tools import as_recorded, edge_sets, in_namespace, needs, random_sets
from portranges import PortRange, PortSet, PortSyntaxError, UnrepresentableError, dialects

pytestmark = pytest.mark.slow

VARIANTS = ("iptables-nft", "iptables-legacy")
SETS = edge_sets() + random_sets(6)


def matched(
    variant: str,
    rules: Sequence[Sequence[str]],
    transport: str = "udp",
    expected: Sequence[PortSet] = (),
) -> list[PortSet | None]:
    """The ports that the rules of each group match; None if one of them is refused.

    Each group has a chain and an ipset of the ports that it matches. Where more
    than half of all ports are *expected*, the ipset is of those that it does not
    match, because to list 65,536 ports takes longer than to send the packets.
    """
    is_large = [len(ports) > 32768 for ports in expected] or [False] * len(rules)
    setup: list[tuple[list[str], str]] = []
    for number in range(len(rules)):
        setup.append((["ipset", "create", f"hit{number}", "bitmap:port", "range", "0-65535"], ""))
        setup.append(([variant, "-N", f"c{number}"], ""))
        setup.append(([variant, "-A", "INPUT", "-p", transport, "-j", f"c{number}"], ""))
    setup.append(([variant, "-A", "INPUT", "-p", transport, "-j", "DROP"], ""))
    sizes = [len(setup)]
    for number, group in enumerate(rules):
        kept = f"-j SET --add-set hit{number} dst"
        target = "-j RETURN" if is_large[number] else kept
        for rule in group:
            text = rule if rule.startswith("-p ") else f"-p {transport} {rule}"
            line = f"-A c{number} {text} {target}\n"
            setup.append(([f"{variant}-restore", "-n"], f"*filter\n{line}COMMIT\n"))
        sizes.append(len(setup))
    setup += [
        (
            [
                variant,
                "-A",
                f"c{number}",
                *f"-p {transport} -j SET --add-set hit{number} dst".split(),
            ],
            "",
        )
        for number, large in enumerate(is_large)
        if large
    ]
    read = [(["ipset", "save", f"hit{number}"], "") for number in range(len(rules))]
    answers, outputs = in_namespace(setup=setup, sweep=[transport], read=read, stop=False)
    broken = [each for each in (*answers[: sizes[0]], *answers[sizes[-1] :]) if each[0]]
    if broken:
        pytest.skip(f"NOT CHECKED: the kernel lacks a part of {variant}: {broken[0][2]}")
    found: list[PortSet | None] = []
    for place, (_, output, _) in enumerate(outputs):
        refused = any(code for code, _, _ in answers[sizes[place] : sizes[place + 1]])
        ports = PortSet(map(int, output.split(f"\nadd hit{place} ")[1:]))
        found.append(None if refused else ~ports if is_large[place] else ports)
    return found


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_packet_to_every_port_matches_exactly_the_set(variant, transport):
    needs(variant, "ipset")
    rules = [dialects.render_rules(ports, "iptables-multiport") for ports in SETS]
    assert matched(variant, rules, transport, SETS) == SETS


@pytest.mark.parametrize("variant", VARIANTS)
def test_negations_are_one_rule_and_match_exactly_the_set(variant):
    needs(variant, "ipset")
    sets = [ports for ports in SETS if ports != PortSet.full()]
    rules = [
        dialects.render_rules(ports, "iptables-multiport", negated=True, transport="udp")
        for ports in sets
    ]
    assert all(len(group) == 1 for group in rules)
    assert matched(variant, rules, expected=sets) == sets


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_port_match_and_its_negation(variant):
    needs(variant, "ipset")
    sets = [ports for ports in SETS if len(ports.ranges) == 1]
    rules = [dialects.render_rules(ports, "iptables") for ports in sets]
    outside = [ports for ports in SETS if len((~ports).ranges) == 1]
    rules += [dialects.render_rules(ports, "iptables", negated=True) for ports in outside]
    assert matched(variant, rules, expected=sets + outside) == sets + outside


@pytest.mark.parametrize("variant", VARIANTS)
def test_iptables_reads_the_misread_texts_as_the_rows_say(variant):
    as_recorded(dialects.lookup("iptables"), variant, "--version")
    needs(variant, "ipset")
    for transport in ("tcp", "udp"):
        odd = [
            each
            for name in ("iptables", "iptables-multiport")
            for each in dialects.lookup(name).misread_texts
            if each.text.startswith(f"-p {transport} ")
        ]
        answers = matched(variant, [[each.text] for each in odd], transport)
        assert dict(zip([each.text for each in odd], answers, strict=True)) == {
            each.text: each.understood for each in odd
        }


def test_the_negation_of_every_port_is_a_trap():
    """It should match nothing; over nftables, 1.8.9 matches every packet with it."""
    needs("iptables-nft", "ipset")
    (found,) = matched("iptables-nft", [["-p udp ! --dport 0:65535"]])
    assert found in (PortSet.full(), PortSet.empty())
    for dialect in ("iptables", "iptables-multiport"):
        with pytest.raises(UnrepresentableError):
            dialects.render_rules(PortSet(), dialect, negated=True)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_limit_of_fifteen_slots_is_the_tools(variant):
    needs(variant, "ipset")
    singles = ",".join(map(str, range(101, 133, 2)))
    ranges = ",".join(f"{first}:{first + 5}" for first in range(1000, 1080, 10))
    fitting = [singles.rpartition(",")[0], ranges.rpartition(",")[0] + ",5"]
    texts = [f"-m multiport --dports {each}" for each in (singles, ranges, *fitting)]
    answers = matched(variant, [[text] for text in texts])
    assert answers[:2] == [None, None]
    assert answers[2:] == [dialects.parse(text, "iptables-multiport") for text in texts[2:]]
    for text in texts[:2]:
        with pytest.raises(ValueError, match="at most 15 slots"):
            dialects.parse(text, "iptables-multiport")


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_is_read_means_the_same_to_the_tool(variant):
    needs(variant, "ipset")
    texts = (
        "-p udp --dport :1024",
        "-p udp --dport 1024:",
        "-p udp ! --dport 80:90",
        "-p udp -m udp --dport 80:80",
        "-p udp -m multiport --dports 80,443 -m multiport ! --dports 443",
        "-p udp --dport 80:1500 -m multiport --dports 80,443,1000:2000",
        "-p udp -m multiport --destination-ports 80,80",
    )
    answers = matched(variant, [[text] for text in texts])
    assert answers == [dialects.parse(text, "iptables-multiport") for text in texts]


@pytest.mark.parametrize("variant", VARIANTS)
def test_dport_behind_multiport_is_refused_by_both(variant):
    """It is an abbreviation of --dports there, which takes no range of one port."""
    needs(variant, "ipset")
    texts = (
        "-p udp -m multiport --dport 80:80",
        "-p udp -m multiport --dports 80,443 --dport 80:1500",
    )
    assert matched(variant, [[text] for text in texts]) == [None, None]
    for text in texts:
        with pytest.raises(PortSyntaxError):
            dialects.parse(text, "iptables-multiport")


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_list_of_many_rules_is_one_set(variant):
    needs(variant, "ipset")
    ports = PortSet(PortRange(first, first + 1) for first in range(0, 900, 9))
    rules = dialects.render_rules(ports, "iptables-multiport", transport="udp")
    assert matched(variant, [rules]) == [ports]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_iptables_reads_the_texts_of_its_manual(variant, transport):
    needs(variant, "ipset")
    texts = dialect_manuals.read("iptables") | dialect_manuals.read("iptables-multiport")
    marks = {"tcp": ("tcp", "TCP", " 6 "), "udp": ("udp", " 17 ")}[transport]
    texts = {text: ports for text, ports in texts.items() if any(mark in text for mark in marks)}
    # matched() adds '-p' where a text does not begin with it.
    found = matched(variant, [[text] for text in texts if text.startswith("-p ")], transport)
    assert found == [ports for text, ports in texts.items() if text.startswith("-p ")]


@pytest.mark.parametrize("variant", VARIANTS)
def test_iptables_accepts_what_is_read_and_what_is_refused_on_purpose(variant):
    needs(variant)
    texts = [*dialect_manuals.read("iptables"), *dialect_manuals.read("iptables-multiport")]
    texts = [f"-p tcp {text}" if text[0] == "!" else text for text in texts]
    refused = dialect_manuals.refused("iptables") + dialect_manuals.refused("iptables-multiport")
    if variant == "iptables-legacy":
        # The kernel's own module refuses ports of every other transport.
        refused = [text for text in refused if text[0] != "!"]
    setup = [([variant, "-A", "OUTPUT", *text.split()], "") for text in [*texts, *refused]]
    answers, _ = in_namespace(setup=setup, stop=False)
    if all(code for code, _, _ in answers):
        pytest.skip(f"NOT CHECKED: the kernel lacks a part of {variant}: {answers[0][2]}")
    assert [code for code, _, _ in answers] == [0] * len(setup)
