"""Read the ports of the rules and redirects in /etc/config/firewall of OpenWrt."""

from __future__ import annotations

from portranges import types
from portranges.errors import elide
from portranges.ports import Transport
from portranges.rulesets.port_lists import BOTH, PortLists, lines_of, transports_of_ports, words_of
from portranges.transport_ports import TransportPorts

# The option with the ports that a client sends to.
_PORTS = {"rule": "dest_port", "redirect": "src_dport"}


def read_ports(text: str, services: types.Services | None) -> dict[str, TransportPorts]:
    """Return the ports of each rule by its name; one without a name is ``"@rule[0]"``."""
    found = PortLists(text, services)
    counts: dict[str, int] = {}
    kind, label, place = "", "", (0, 0)
    options: dict[str, list[str]] = {}
    for line, span in [*lines_of(text), ("config end", (len(text), len(text)))]:
        words = words_of(line)
        if not words:
            continue
        if words[0] == "config" and len(words) in (2, 3):
            _add(found, kind, label, options, place)
            kind, options, place = words[1], {}, span
            number = counts[kind] = counts.get(kind, -1) + 1
            label = words[2] if len(words) == 3 else f"@{kind}[{number}]"
        elif words[0] in ("option", "list") and len(words) == 3 and kind:
            if words[0] == "option":
                options[words[1]] = []
            options.setdefault(words[1], []).extend(words[2].split())
        elif words[0] != "package":
            reason = f"expected 'config', 'option' or 'list' with its words, got {elide(line)}"
            raise found.error(reason, span)
    return found.result()


def _add(
    found: PortLists,
    kind: str,
    label: str,
    options: types.Mapping[str, list[str]],
    span: types.Span,
) -> None:
    ports = options.get(_PORTS.get(kind, ""), [])
    if not ports:
        return
    transports: dict[Transport, None] = {}
    for each in options.get("proto") or ["tcpudp"]:
        # Where ports are given, every protocol means these two.
        of = BOTH if each in ("tcpudp", "all", "any", "*") else transports_of_ports(each)
        if not of:
            raise found.error(f"expected a protocol with ports, got {elide(each)}", span)
        transports.update(dict.fromkeys(of))
    name = " ".join(options.get("name", [])) or label
    found.read(name, transports, " ".join(ports), "openwrt", span)
