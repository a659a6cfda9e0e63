"""Read the port variables of Snort: of snort.conf, and of the Lua files of Snort 3."""

from __future__ import annotations

import re

from portranges import types
from portranges.errors import elide
from portranges.rulesets.port_lists import PortLists, lines_of
from portranges.rulesets.suricata_yaml import TRANSPORTS
from portranges.transport_ports import TransportPorts

_PORTVAR = re.compile(r"[ \t]*portvar[ \t]+([^ \t]+)[ \t]+(.*?)[ \t]*")
_COMMENT = re.compile(r"(?:^|[ \t])#.*")
# In Lua, texts and names joined by '..'.
_PART = r"""(?:\[\[[^\]]{0,4000}\]\]|'[^'\n]*'|"[^"\n]*"|[A-Za-z_][A-Za-z_0-9]*)"""
_ASSIGNMENT = re.compile(
    rf"^([A-Za-z_0-9]*_PORTS)[ \t]*=\s*({_PART}(?:\s*\.\.\s*{_PART})*)", re.MULTILINE
)
_PARTS = re.compile(_PART)
_LUA_COMMENT = re.compile(r"--(?:\[\[[^\]]{0,4000}\]\]|[^\n]*)")


def read_ports(text: str, services: types.Services | None) -> dict[str, TransportPorts]:
    """Return the ports of each variable."""
    found = PortLists(text, services)
    texts: dict[str, tuple[str, types.Span]] = {}
    for line, span in lines_of(text, continued="\\"):
        if match := _PORTVAR.fullmatch(_COMMENT.sub("", line)):
            texts[match[1]] = (match[2], span)
    if not texts:
        bare = _LUA_COMMENT.sub(lambda found: re.sub("[^\n]", " ", found[0]), text)
        for match in _ASSIGNMENT.finditer(bare):
            words: list[str] = []
            for part in _PARTS.findall(match[2]):
                inside = part.strip("[]'\"")
                words += inside.split() if inside != part else [f"${part}"]
            texts[match[1]] = (f"[{','.join(words)}]", match.span())
    if not texts:
        reason = f"expected 'portvar NAME PORTS' or 'NAME_PORTS = ...', got {elide(text)}"
        raise found.error(reason, (0, len(text)))
    variables = {name: value for name, (value, _) in texts.items()}
    for name, (value, span) in texts.items():
        found.read(name, TRANSPORTS, value, "suricata", span, variables=variables)
    return found.result()
