"""Read the local ports of the rules of the Windows firewall, from netsh or PowerShell."""

from __future__ import annotations

import re

from portranges import types
from portranges.errors import elide
from portranges.portset import PortSet
from portranges.rulesets import documents, json_text
from portranges.rulesets.port_lists import PortLists, lines_of, transports_of_ports
from portranges.transport_ports import TransportPorts

_FIELD = re.compile(r"(Rule Name|Protocol|LocalPort):[ \t]+(.*?)[ \t]*")
# Words that mean the ports of a service at the time, or a feature of Windows.
_SERVICES = frozenset(
    {
        *("rpc", "rpc-epmap", "rpcepmap", "iphttps", "iphttpsin", "iphttpsout", "teredo"),
        *("ply2disc", "playtodiscovery", "mdns", "cortana"),
    }
)


def read_ports(text: str, services: types.Services | None) -> dict[str, TransportPorts]:
    """Return the local ports of each rule; rules with the same name are combined."""
    found = PortLists(text, services)
    if documents.is_json(text):
        _add_filters(found, text)
        return found.result()
    name = protocol = ""
    for line, span in lines_of(text):
        match = _FIELD.fullmatch(line)
        if match is None:
            continue
        if match[1] == "Rule Name":
            name, protocol = match[2], ""
        elif match[1] == "Protocol":
            protocol = match[2]
        elif name:
            _add(found, name, protocol, [each.strip() for each in match[2].split(",")], span)
    if not name:
        reason = "expected the output of 'netsh advfirewall firewall show rule name=all' in English"
        raise found.error(f"{reason}, got {elide(text)}", (0, len(text)))
    return found.result()


def _add_filters(found: PortLists, text: str) -> None:
    data = json_text.load(text).data
    whole = (0, len(text))
    for each in types.cast("list[object]", data) if isinstance(data, list) else [data]:
        entry = types.cast("dict[str, object]", each) if isinstance(each, dict) else {}
        name, protocol = entry.get("InstanceID"), entry.get("Protocol")
        if not (isinstance(name, str) and isinstance(protocol, str)):
            rule = "a filter must have the texts InstanceID and Protocol"
            raise found.error(f"{rule}, got {elide(entry)}", whole)
        ports = entry.get("LocalPort")
        values = types.cast("list[object]", ports if isinstance(ports, list) else [ports])
        if not all(isinstance(value, str) for value in values):
            rule = "LocalPort must be a text or a list of texts"
            raise found.error(f"{rule}, got {elide(values)}", whole)
        _add(found, name, protocol, types.cast("list[str]", values), whole)


def _add(
    found: PortLists, name: str, protocol: str, values: types.Sequence[str], span: types.Span
) -> None:
    transports = transports_of_ports(protocol)
    if not transports or any(each.lower() in _SERVICES for each in values):
        return
    if [each.lower() for each in values] == ["any"]:
        found.add(name, transports, PortSet.full())
        return
    if "any" in map(str.lower, values):
        raise found.error(f"'Any' must be alone, got {elide(','.join(values))}", span)
    found.read(name, transports, ",".join(values), "netsh", span)
