"""Read the lists of ports in csf.conf."""

from __future__ import annotations

import re

from portranges import types
from portranges.rulesets.port_lists import TCP, UDP, PortLists, lines_of
from portranges.transport_ports import TransportPorts

_SETTING = re.compile(
    r"""[ \t]*((TCP|UDP)6?_(?:IN|OUT))[ \t]*=[ \t]*(?:"([^"]*)"|'([^']*)'|(.*))"""
)


def read_ports(text: str, services: types.Services | None) -> dict[str, TransportPorts]:
    """Return the ports of TCP_IN, TCP_OUT, UDP_IN and UDP_OUT, and of those for IPv6."""
    found = PortLists(text, services)
    seen: set[str] = set()
    for line, span in lines_of(text):
        if match := _SETTING.match(line):
            name, transport, *values = match.groups()
            if name in seen:
                raise found.error(f"each setting must appear once, got {name} twice", span)
            seen.add(name)
            value = next(filter(None, values), "").strip()
            found.read(name, TCP if transport == "TCP" else UDP, value, "csf", span)
    return found.result()
