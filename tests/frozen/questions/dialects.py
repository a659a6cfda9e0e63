"""The syntax of other programs: written, read back, and read with faults in it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from frozen.plan import Question, area
from frozen.questions.names import (
    DIALECT_ALIASES,
    DIALECTS,
    TRANSPORTS,
    mutated,
    port,
    range_text,
    set_text,
)

_TEXTS = (
    "80", "080", "0", "65535", "65536", "0x50", "+80", "-80", "80-", "80:", ":80", "80-90",
    "90-80", "80:90", "90:80", "80-80", "80,90", "80, 90", "80 90", "80,80", "80-90,85-95",
    "80,,90", "", " ", "!80", "!= 80", "http", "ftp-data", "ftp-data-http", "https,80", "any",
    "all", "*", "eq 80", "range 80 90", "gt 80", "lt 80", "neq 80", ">80", "<80", ">=80", "<=80",
    "80><90", "80/tcp", "80/udp", "tcp/80", "80-90/tcp", "80:90/tcp", "tcp dport 80",
    "tcp dport { 80, 90-95 }", "{ 80, 90 }", "[80,90]", "[ 80 90 ]", "( 80 90 )", "{80}",
    "-p tcp --dport 80", "--dport 80:90", "-m multiport --dports 80,90:95", "port 80",
    "dst port 80", "portrange 80-90", "T:80,U:53", "T:80-90", "--dport=80", "80,1000:1003",
    "tp_dst=80", "tcp,tp_dst=0x3e8/0xfff8", "80\n90", "80/0xfff0", "\u0668\u0660", "80;90",
    "tcp.port == 80", "tcp.dstport in {80 90..95}", "80..90", "80\t", "127.0.0.1:80:80/tcp",
)  # fmt: skip
# Texts that are read with the registry, in which a misspelt name takes long.
_NAMED = ("http", "ftp-data", "https,80", "http/tcp", "tcp dport https", "--dport ssh", "80", "zz")


@area("dialects: rows", 1, exhaustive=True)
def rows(chunk: int, rng: Random) -> Iterator[Question]:
    """Ask for every row, and read the texts that tools read differently."""
    yield ("dialect_names",)
    for name in DIALECTS:
        yield "dialect", name
        yield "odd_texts", name
    yield "dialect_aliases", (*DIALECT_ALIASES, "ntf", "", "NFT")
    yield ("data_forms",)


@area("dialects: texts", 50)
def texts(chunk: int, rng: Random) -> Iterator[Question]:
    """Read texts that suit some dialect; a chunk is of one dialect."""
    dialect = DIALECTS[chunk % len(DIALECTS)]
    for transport in (None, "tcp", "udp", rng.choice(("sctp", "dccp", "icmp"))):
        yield "parse", dialect, _TEXTS, transport, False
    yield "parse", dialect, _NAMED, rng.choice((None, "tcp", "udp", "sctp")), True
    made = tuple(mutated(rng, rng.choice(_TEXTS)) for _ in range(200))
    yield "parse", dialect, made, rng.choice((None, "tcp")), False


@area("dialects: round trips", 250)
def round_trips(chunk: int, rng: Random) -> Iterator[Question]:
    """Write sets, read them back, whole and with faults; a chunk is of one dialect."""
    dialect = DIALECTS[chunk % len(DIALECTS)]
    for _ in range(40):
        way = rng.random()
        if way < 0.3:
            ports = ",".join(str(port(rng)) for _ in range(rng.randint(1, 14)))
        elif way < 0.6:
            ports = range_text(rng, 3000)
        else:
            ports = set_text(rng)
        transport = rng.choice((None, None, *TRANSPORTS))
        negated = rng.random() < 0.2
        ternary = rng.random() < (0.5 if dialect == "ovs" else 0.02)
        seed = rng.randrange(1 << 30)
        yield "round_trip", dialect, ports, transport, negated, ternary, seed, 3


_PROTOCOLS = (
    *("tcp", "udp", "sctp", "TCP", "UDP", "SCTP", "6", "17", "132", "33", "-1", "icmp", "any"),
    *("all", "0", "ANY", "esp", "xyz", None, 6),
)


def _number(rng: Random) -> Any:
    way = rng.random()
    if way < 0.9:
        return port(rng)
    return rng.choice((None, -1, 65536, "80", "http", 80.0, True))


def _pair(rng: Random) -> tuple[Any, Any]:
    first = _number(rng)
    if rng.random() < 0.9 and type(first) is int:
        return first, min(65535, first + rng.choice((0, 0, 1, 100, 5000)))
    return first, _number(rng)


def _protocol(rng: Random, *usual: str) -> Any:
    return rng.choice(usual) if rng.random() < 0.85 else rng.choice(_PROTOCOLS)


def _entries(rng: Random, form: str) -> Any:
    """Return entries of a form: a dict is a tuple ("{}", (key, value), ...), a list ("[]", ...)."""
    count = rng.choice((0, 1, 1, 2, 3, 5))
    found: list[Any] = []
    usual = rng.choice((("tcp",), ("udp",), ("tcp", "udp")))
    for _ in range(count):
        first, last = _pair(rng)
        entry: dict[str, Any] = {}
        if form == "aws":
            entry = {"IpProtocol": _protocol(rng, *usual), "FromPort": first, "ToPort": last}
            if rng.random() < 0.1:
                entry = {"IpProtocol": "-1"}
        elif form == "aws_nacl":
            numbers = {"tcp": "6", "udp": "17"}
            protocol = _protocol(rng, *(numbers[each] for each in usual))
            ends = ("{}", ("From", first), ("To", last))
            entry = {"Protocol": protocol, "PortRange": ends}
            if rng.random() < 0.3:
                entry["RuleAction"] = rng.choice(("allow", "allow", "allow", "deny"))
            if rng.random() < 0.3:
                entry["Egress"] = rng.random() < 0.1
        elif form == "gcp":
            entry = {"IPProtocol": _protocol(rng, *usual)}
            if rng.random() < 0.8:
                texts = [range_text(rng) for _ in range(rng.randint(0, 3))]
                if rng.random() < 0.2:
                    texts.append(mutated(rng, "80-90"))
                entry["ports"] = ("[]", *texts)
        elif form == "kubernetes":
            entry = {"protocol": _protocol(rng, *(each.upper() for each in usual)), "port": first}
            if rng.random() < 0.5:
                entry["endPort"] = last
            if rng.random() < 0.1:
                del entry["port"]
        elif form == "cilium":
            inner = []
            for _ in range(rng.choice((1, 1, 2, 3, 0, 40, 41))):
                first, last = _pair(rng)
                port_of = {"port": str(first) if rng.random() < 0.9 else first}
                if rng.random() < 0.5:
                    port_of["endPort"] = last
                if rng.random() < 0.7:
                    port_of["protocol"] = _protocol(rng, *(each.upper() for each in usual))
                inner.append(("{}", *port_of.items()))
            entry = {"ports": ("[]", *inner)}
        else:
            entry = {
                "protocol": _protocol(rng, *usual),
                "port_range_min": first,
                "port_range_max": last,
            }
            if rng.random() < 0.3:
                entry["direction"] = rng.choice(("ingress", "ingress", "egress"))
        if rng.random() < 0.05 and entry:
            del entry[rng.choice(list(entry))]
        found.append(("{}", *entry.items()))
    if rng.random() < 0.01:
        return rng.choice((None, "80", 7, ("{}",), ("[]", 7)))
    return ("[]", *found)


def _azure(rng: Random) -> Any:
    entry: dict[str, Any] = {}
    if rng.random() < 0.6:
        text = rng.choice(("*", range_text(rng), range_text(rng), ""))
        entry["destinationPortRange"] = mutated(rng, text) if rng.random() < 0.2 else text
    if rng.random() < 0.6:
        texts = [range_text(rng) for _ in range(rng.randint(0, 4))]
        if rng.random() < 0.1:
            texts.append(rng.choice(("*", "x", "90-80", "")))
        entry["destinationPortRanges"] = ("[]", *texts)
    return ("{}", *entry.items())


_FORMS = ("aws", "aws_nacl", "azure", "gcp", "kubernetes", "cilium", "openstack")


@area("dialects: data", 70)
def data(chunk: int, rng: Random) -> Iterator[Question]:
    """Write and read data forms; a chunk is of one form."""
    form = _FORMS[chunk % len(_FORMS)]
    asked = [(set_text(rng), rng.choice((*TRANSPORTS, "tcp", "udp", "icmp"))) for _ in range(60)]
    yield "to_data", form, tuple(asked)
    for transport in (None, "tcp", rng.choice(("udp", "sctp", "icmp"))):
        make = _azure if form == "azure" else lambda rng: _entries(rng, form)
        yield "from_data", form, transport, tuple(make(rng) for _ in range(80))
