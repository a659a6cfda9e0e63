"""Read the XML files of services of firewalld."""

from __future__ import annotations

from portranges import types
from portranges.errors import elide
from portranges.portset import PortSet
from portranges.rulesets.firewalld_element import UnreadError
from portranges.rulesets.firewalld_match import Services, match_of
from portranges.rulesets.firewalld_xml import element_of, error_at
from portranges.transport_ports import TransportPorts

# What describes a service, or limits it to some packets.
_SETTINGS = frozenset({"short", "description", "module", "helper", "destination"})
_FULL = PortSet.full()


def read_ports(text: str, services: types.Services | None) -> dict[str, TransportPorts]:
    """Return the ports of a service as ``"service"``.

    Source ports are refused, because a list of ports cannot express them.
    """
    root = element_of(text)
    if root.name != "service":
        raise error_at(text, root.line, f"expected a service, got {elide(root.name)}")
    found = TransportPorts.empty()
    for element in root.inner:
        if element.name in _SETTINGS:
            continue
        known = element.name in ("port", "protocol") or (
            element.name == "include" and "service" in element.attributes
        )
        if not known:
            reason = f"expected a port or a protocol of a service, got {elide(element.text)}"
            raise error_at(text, element.line, reason)
        try:
            if element.name == "include":
                matches = Services(services, {}).matches(element.attributes["service"])
            else:
                matches = [match_of(element, services)]
        except UnreadError as error:
            raise error_at(text, element.line, str(error)) from None
        for match in matches:
            if match.sources != _FULL:
                reason = f"a service must not have source ports, got {elide(element.text)}"
                raise error_at(text, element.line, reason)
            found |= match.ports
    return {"service": found}
