"""advice.audit of random rulesets: what it calls ineffective has no effect.

Rules are drawn as records and written as iptables rules. A packet is followed through the
records, by code that the library does not use.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from portranges import rulesets
from portranges.advice import audit

PORTS = {"": (0, 65535), "22": (22, 22), "20:22": (20, 22), "21:23": (21, 23), "23": (23, 23)}
SOURCES = {"": (True, False), "-s 10.0.0.0/8 ": (True,), "! -s 10.0.0.0/8 ": (False,)}
INTERFACES = {"": (True, False), "-i eth0 ": (True,)}
STATES = {"": ("NEW", "OLD"), "NEW": ("NEW",), "ESTABLISHED": ("OLD",)}
PROTOCOLS = {
    "": ("tcp", "udp", "icmp", "esp"),
    "-p tcp ": ("tcp",),
    "-p udp ": ("udp",),
    "-p icmp ": ("icmp",),
    "! -p icmp ": ("tcp", "udp", "esp"),
}
PACKETS = list(
    product(("tcp", "udp", "icmp", "esp"), (20, 22, 23), (True, False), (True, False), STATES[""])
)


class Line(NamedTuple):
    """A rule; *limit* is whether a match with a limit holds, None if the rule has none."""

    chain: str
    protocol: str
    ports: str
    source: str
    interface: str
    state: str
    limit: bool | None
    target: str

    def matches(self, packet):
        protocol, port, source, interface, state = packet
        first, last = PORTS[self.ports]
        return (
            protocol in PROTOCOLS[self.protocol]
            and (protocol not in ("tcp", "udp") or first <= port <= last)
            and source in SOURCES[self.source]
            and interface in INTERFACES[self.interface]
            and state in STATES[self.state]
            and self.limit is not False
        )

    def __str__(self):
        state = f"-m conntrack --ctstate {self.state} " if self.state else ""
        ports = f"--dport {self.ports} " if self.ports else ""
        limit = "" if self.limit is None else "-m limit --limit 5/min "
        conditions = f"{self.source}{self.interface}{self.protocol}{ports}{state}{limit}"
        return f"-A {self.chain} {conditions}-j {self.target}"


@st.composite
def rules(draw, chain):
    protocol = draw(st.sampled_from(sorted(PROTOCOLS)))
    has_ports = protocol in ("-p tcp ", "-p udp ")
    targets = ["ACCEPT", "DROP", "REJECT", "RETURN", "LOG"] + ["web"] * 2 * (chain == "INPUT")
    return Line(
        chain,
        protocol,
        draw(st.sampled_from(sorted(PORTS))) if has_ports else "",
        draw(st.sampled_from(sorted(SOURCES))),
        draw(st.sampled_from(sorted(INTERFACES))),
        draw(st.sampled_from(sorted(STATES))),
        draw(st.sampled_from([None, None, True, False])),
        draw(st.sampled_from(targets)),
    )


FILES = st.tuples(
    st.lists(rules("INPUT"), min_size=1, max_size=8), st.lists(rules("web"), max_size=4)
).map(lambda parts: [*parts[0], *parts[1]])


def ruleset_of(lines):
    """Return the ruleset, in which rules begin in line 3."""
    text = "\n".join(["-P INPUT DROP", "-N web", *map(str, lines)])
    ruleset = rulesets.parse(text, "iptables")
    assert not ruleset.skipped
    return ruleset


def verdict(lines, packet, chain="INPUT"):
    for line in lines:
        if line.chain != chain or not line.matches(packet):
            continue
        if line.target == "RETURN":
            break
        found = verdict(lines, packet, "web") if line.target == "web" else line.target
        if found not in ("", "LOG"):
            return found
    return "DROP" if chain == "INPUT" else ""


@given(lines=FILES)
def test_rules_without_effect_can_be_removed(lines):
    found = audit(ruleset_of(lines))
    idle = {each.location.line for each in found if each.id in ("shadowed", "duplicate")}
    left = [line for number, line in enumerate(lines, 3) if number not in idle]
    for packet in PACKETS:
        assert verdict(left, packet) == verdict(lines, packet), packet


@given(lines=FILES)
def test_a_file_of_a_repeated_rule_has_an_idle_one(lines):
    repeated = [*lines, lines[0]]
    ids = {each.id for each in audit(ruleset_of(repeated))}
    assert ids & {"shadowed", "duplicate"} or any(line.limit is not None for line in lines)


@given(lines=FILES)
def test_each_place_is_a_rule_and_what_is_exposed_is_reachable(lines):
    ruleset = ruleset_of(lines)
    found = audit(ruleset)
    assert {each.location for each in found} - {None} <= {each.location for each in ruleset.rules}
    opened = ruleset.reachable().ports
    every = opened.tcp | opened.udp | opened.sctp | opened.dccp
    assert all(each.ports <= every for each in found if each.id == "not-for-internet")
