"""Read the addresses on which the proxies of haproxy listen."""

from __future__ import annotations

import re

from portranges import types
from portranges.errors import elide
from portranges.rulesets.port_lists import TCP, UDP, PortLists, lines_of, words_of
from portranges.transport_ports import TransportPorts

_SECTIONS = frozenset(
    {
        *("frontend", "listen", "peers", "log-forward", "backend", "defaults", "global", "cache"),
        *("resolvers", "mailers", "userlist", "program", "ring", "http-errors", "fcgi-app"),
        *("crt-store", "traces", "acme", "log-profile"),
    }
)
# The prefixes of addresses, by what they mean for ports.
_INTERNET = frozenset({"", "ipv4", "ipv6", "tcp", "tcp4", "tcp6", "mptcp", "mptcp4", "mptcp6"})
_DATAGRAMS = frozenset({"udp", "udp4", "udp6", "quic4", "quic6"})
_LOCAL = frozenset({"unix", "uxdg", "uxst", "abns", "abnsz", "fd", "sockpair", "rhttp", "rev"})
_UNQUOTED = frozenset("$\\\"'")
_PORTS = re.compile(r"[0-9]+(?:-[0-9]+)?")


def read_ports(text: str, services: types.Services | None) -> dict[str, TransportPorts]:
    """Return the ports of each section with a ``bind``, named as ``"frontend web"``."""
    found = PortLists(text, services)
    section = ""
    for line, span in lines_of(text):
        words = words_of(line)
        if not words:
            continue
        if words[0] in _SECTIONS:
            section = " ".join(words[:2])
            # Until 1.8 a 'listen' had its addresses in the same line.
            words = ["bind", *words[2:3]] if words[0] == "listen" else []
        if words[:1] in (["bind"], ["dgram-bind"]) and len(words) > 1:
            for address in words[1].split(","):
                _add(found, section, address, span, is_datagram=words[0] == "dgram-bind")
    return found.result()


def _add(
    found: PortLists, section: str, address: str, span: types.Span, *, is_datagram: bool
) -> None:
    family, at, rest = address.rpartition("@")
    if not _UNQUOTED.isdisjoint(address):
        rule = "an address must not contain a variable or a quotation mark"
        raise found.error(f"{rule}, got {elide(address)}", span)
    if family in _LOCAL or (not at and rest.startswith("/")):
        return
    if family not in (_INTERNET | _DATAGRAMS):
        raise found.error(f"expected an address after bind, got {elide(address)}", span)
    _, colon, ports = rest.rpartition(":")
    if not colon or not _PORTS.fullmatch(ports):
        reason = f"an address must end with ':port' or ':first-last', got {elide(address)}"
        raise found.error(reason, span)
    transports = UDP if is_datagram or family in _DATAGRAMS else TCP
    found.read(section, transports, ports, "haproxy", span)
