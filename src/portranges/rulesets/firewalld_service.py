"""Read the XML files of services of firewalld."""

from __future__ import annotations

from portranges import dialects, types
from portranges.errors import PortSyntaxError, elide
from portranges.portset import PortSet
from portranges.rulesets.firewalld_xml import element_of, error_at
from portranges.rulesets.netfilter import transports_of
from portranges.transport_ports import TransportPorts

# What describes a service, or limits it to some packets.
_SETTINGS = frozenset({"short", "description", "module", "helper", "destination"})
_FULL = PortSet.full()


def read_ports(text: str, services: types.Services | None) -> dict[str, TransportPorts]:
    """Return the ports of a service as ``"service"``.

    Services that it includes and source ports are refused, because its own ports are then not all
    that it accepts.
    """
    root = element_of(text)
    if root.name != "service":
        raise error_at(text, root.line, f"expected a service, got {elide(root.name)}")
    found = TransportPorts.empty()
    for element in root.inner:
        name, of = element.name, element.attributes
        if name == "port" and of.get("port") == "":
            # A port without a number is how older files write a protocol.
            name, of = "protocol", {"value": of.get("protocol", "")}
        if name == "port" and of.keys() == {"port", "protocol"}:
            try:
                ports = dialects.parse(
                    f"{of['port']}/{of['protocol']}", "firewalld", services=services
                )
            except PortSyntaxError as error:
                raise error_at(text, element.line, error.reason) from None
            found |= TransportPorts({of["protocol"]: ports})
        elif name == "protocol" and transports_of(of.get("value", "")) is not None:
            transports = transports_of(of["value"]) or ()
            found |= TransportPorts(dict.fromkeys(transports, _FULL))
        elif name not in _SETTINGS:
            reason = f"expected a port or a protocol of a service, got {elide(element.text)}"
            raise error_at(text, element.line, reason)
    return {"service": found}
