"""Service names of this machine's own table, as each tool resolves them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from dialect_tools import in_namespace, needs
from portranges import PortSet, PortSyntaxError, UnknownNameError, dialects, types

pytestmark = pytest.mark.slow

FILE = Path("/etc/services")
# One transport each, several transports, and an alias of another transport's name.
NAMES = ("smtp", "tftp", "domain", "syslog", "amqp", "http-alt", "kerberos-adm")
TRANSPORTS = ("tcp", "udp", "sctp", "dccp")


class Table:
    """The names of this machine."""

    def ports(self, service: str, transport: types.TransportLike | None = None) -> PortSet:
        rows = [line.partition("#")[0].split() for line in FILE.read_text().splitlines()]
        named = [row[1].split("/") for row in rows if row and service in (row[0], *row[2:])]
        if not named:
            raise UnknownNameError("service", service)
        return PortSet(int(port) for port, each in named if transport in (None, each))


def read(text: str, dialect: str) -> PortSet | None:
    try:
        return dialects.parse(text, dialect, services=Table())
    except PortSyntaxError:
        return None


def test_a_name_in_a_filter_is_accepted_where_tcpdump_accepts_it():
    needs("tcpdump")
    for name in NAMES:
        for head in ("dst port", *(f"{each} dst port" for each in TRANSPORTS[:3])):
            text = f"{head} {name}"
            done = subprocess.run(
                ["tcpdump", "-y", "EN10MB", "-d", text],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            ports = read(text, "bpf")
            assert (ports is None) == bool(done.returncode), text
            if ports is not None:
                assert f"#{ports.first:#x} " in done.stdout
            # The protocols that it tests for are those for which the ports are read.
            tested = {int(found, 16) for found in re.findall(r"#(0x6|0x11|0x84) ", done.stdout)}
            applies = set()
            for number, transport in ((6, "tcp"), (17, "udp"), (132, "sctp")):
                try:
                    dialects.parse(text, "bpf", services=Table(), transport=transport)
                    applies.add(number)
                except PortSyntaxError:
                    pass
            assert tested == applies, text


def test_a_name_is_accepted_where_the_filters_accept_it():
    needs("nft", "iptables", "ipset")
    asked = []
    setup = [
        (["nft", "-f", "-"], "add table ip t\nadd chain ip t c\n"),
        (["iptables", "-S"], ""),
        (["ipset", "create", "s", "bitmap:port", "range", "0-65535"], ""),
    ]
    for name in NAMES:
        asked.append(("ipset", name))
        setup.append((["ipset", "add", "s", name, "-exist"], ""))
        for transport in TRANSPORTS:
            text = f"{transport} dport {name}"
            asked.append(("nft", text))
            setup.append((["nft", "add", "rule", "ip", "t", "c", *text.split()], ""))
            text = f"-p {transport} -m multiport --dports {name}"
            asked.append(("iptables-multiport", text))
            setup.append((["iptables", "-A", "OUTPUT", *text.split()], ""))
            text = f"-p {transport} --dport {name}"
            asked.append(("iptables", text))
            setup.append((["iptables", "-A", "OUTPUT", *text.split()], ""))
    answers, _ = in_namespace(setup=setup, stop=False)
    if any(code for code, _, _ in answers[:3]):
        pytest.skip("NOT CHECKED: the kernel has no packet filter here")
    for (dialect, text), (code, _, _) in zip(asked, answers[3:], strict=True):
        ports = read(text, dialect)
        if dialect == "iptables" and ("udp" in text or "dccp" in text):
            # iptables accepts a name of any transport there; only its own are read.
            assert ports is None or not code, text
        else:
            assert (ports is None) == bool(code), text
