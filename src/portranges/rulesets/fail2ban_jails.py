"""Read the ports of the jails of fail2ban, in jail.conf or jail.local."""

from __future__ import annotations

import re

from portranges import types
from portranges.errors import elide
from portranges.rulesets.port_lists import PortLists, lines_of, transports_of_ports
from portranges.transport_ports import TransportPorts

_SECTION = re.compile(r"\[([^\]]+)\].*")
_OPTION = re.compile(r"([^ \t=:#;][^=:]*?)[ \t]*[=:][ \t]*(.*?)[ \t]*")
_REFERENCE = re.compile(r"%\(([^)]*)\)s")
# Sections that are not jails.
_OTHERS = frozenset({"DEFAULT", "INCLUDES", "Definition", "Init"})
# ConfigParser's own limit (MAX_INTERPOLATION_DEPTH).
_DEEPEST = 10


def read_ports(text: str, services: types.Services | None) -> dict[str, TransportPorts]:
    """Return the ports of each jail that has some, of its own or from [DEFAULT]."""
    found = PortLists(text, services)
    sections: dict[str, dict[str, tuple[str, types.Span]]] = {"DEFAULT": {}}
    section = option = ""
    for line, span in lines_of(text):
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        if match := _SECTION.fullmatch(line):
            section, option = match[1], ""
            sections.setdefault(section, {})
        elif line[0].isspace() and option:
            value, place = sections[section][option]
            sections[section][option] = (f"{value} {line.strip()}", (place[0], span[1]))
        elif (match := _OPTION.fullmatch(line)) and section:
            option = match[1].lower()
            sections[section][option] = (match[2], span)
        else:
            raise found.error(f"expected 'option = value' of a section, got {elide(line)}", span)
    for name, options in sections.items():
        known = sections["DEFAULT"] | options
        if name in _OTHERS or "port" not in known:
            continue
        port, span = known["port"]
        protocol, place = known.get("protocol", ("tcp", span))
        for each in _expanded(found, protocol, known, place).split(","):
            transports = transports_of_ports(each.strip())
            if not transports:
                raise found.error(f"expected a protocol with ports, got {elide(each)}", place)
            found.read(name, transports, _expanded(found, port, known, span), "fail2ban", span)
    return found.result()


def _expanded(
    found: PortLists,
    value: str,
    known: types.Mapping[str, tuple[str, types.Span]],
    span: types.Span,
) -> str:
    """Return *value* with the options of the file that it refers to."""
    for _ in range(_DEEPEST):
        match = _REFERENCE.search(value)
        if match is None:
            return value
        name = match[1].lower()
        if name not in known:
            raise found.error(f"expected an option of this file, got {elide(match[0])}", span)
        value = value[: match.start()] + known[name][0] + value[match.end() :]
    raise found.error(f"an option must not refer to itself, got {elide(value)}", span)
