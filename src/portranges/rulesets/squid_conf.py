"""Read the acls of squid that list ports, such as ``Safe_ports``."""

from __future__ import annotations

import re

from portranges import types
from portranges.rulesets.port_lists import TCP, PortLists, lines_of
from portranges.transport_ports import TransportPorts

_ACL = re.compile(r"[ \t]*acl[ \t]+([^ \t]+)[ \t]+port(?:[ \t]+(.*))?")
# A comment starts a word.
_COMMENT = re.compile(r"(?:^|[ \t])#.*")


def read_ports(text: str, services: types.Services | None) -> dict[str, TransportPorts]:
    """Return the ports of each acl of type port; lines with the same name are combined."""
    found = PortLists(text, services)
    for line, span in lines_of(text, continued="\\"):
        if match := _ACL.fullmatch(_COMMENT.sub("", line)):
            found.read(match[1], TCP, (match[2] or "").strip(), "squid", span)
    return found.result()
