"""What ports, protocols and services of firewalld match."""

from __future__ import annotations

from dataclasses import dataclass, replace

from portranges import dialects, types
from portranges.errors import PortSyntaxError, elide
from portranges.families import Family
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.rulesets import firewalld_services
from portranges.rulesets.firewalld_element import Element, UnreadError, check, item_of
from portranges.rulesets.model import Action
from portranges.rulesets.named import NamedServices
from portranges.rulesets.netfilter import transports_of
from portranges.rulesets.rows_frontends import FIREWALLD_SERVICES
from portranges.transport_ports import TransportPorts

_BOTH = (Family.INET, Family.INET6)
_FAMILIES = {"ipv4": Family.INET, "ipv6": Family.INET6}
_FULL = PortSet.full()
_EVERYTHING, _NOTHING = TransportPorts.full(), TransportPorts.empty()
_MOST_INCLUDED = 256


@dataclass(slots=True)
class Match:
    """What an element of a rule matches and does by itself."""

    ports: TransportPorts = _EVERYTHING
    sources: PortSet = _FULL
    families: tuple[Family, ...] = _BOTH
    conditions: tuple[str, ...] = ()
    action: Action | None = None
    translated: PortSet | None = None


def all_of(*transports: Transport) -> TransportPorts:
    """Return every port of some transports."""
    return TransportPorts(dict.fromkeys(transports, _FULL))


def ports_of(ports: str, protocol: str, services: types.Services | None) -> TransportPorts:
    """Return the ports in the two attributes of an element."""
    try:
        found = dialects.parse(f"{ports}/{protocol}", "firewalld", services=services)
    except PortSyntaxError as error:
        raise UnreadError(error.reason) from None
    return TransportPorts({protocol: found})


def match_of(element: Element, services: types.Services | None) -> Match:
    """Return what a port, a source-port or a protocol matches."""
    check(element)
    of = element.attributes
    if element.name == "port" and not of["port"]:
        # A port without a number is how older files write a protocol.
        element = Element("protocol", {"value": of["protocol"]}, element.line, element.text)
        of = element.attributes
    if element.name == "protocol":
        # Number 0 means one protocol here, not every protocol.
        found = () if of["value"] in ("0", "ip") else transports_of(of["value"])
        if found is None or of["value"] == "all":
            raise UnreadError(f"protocol must be a known name or 0..255, got {elide(of['value'])}")
        return Match(ports=all_of(*found))
    ports = ports_of(of["port"], of["protocol"], services)
    if element.name == "port":
        return Match(ports=ports)
    ((transport, sources),) = ports.items()
    return Match(ports=all_of(transport), sources=sources)


class Services:
    """The services that a text may name: the ones it defines, and what firewalld ships."""

    def __init__(
        self,
        services: types.Services | None,
        definitions: types.Mapping[str, types.Sequence[Element]],
    ) -> None:
        """Store how names of ports are looked up, and the definitions in the text."""
        self._services: types.Services | None = services
        self._definitions: types.Mapping[str, types.Sequence[Element]] = definitions
        self._known: dict[str, tuple[list[str], list[Match]]] = {}

    def matches(self, name: str) -> list[Match]:
        """Return what a service and those that it includes match, by their conditions.

        A service that matches no packet at all is one match without ports.
        """
        found: dict[tuple[object, ...], Match] = {}
        pending, seen = [name], {name}
        while pending:
            included, matches = self._read_once(pending.pop())
            if len(included) <= _MOST_INCLUDED:
                pending += [each for each in dict.fromkeys(included) if each not in seen]
                seen.update(included)
            if max(len(included), len(seen)) > _MOST_INCLUDED:
                reason = f"a service must include at most {_MOST_INCLUDED} others"
                raise UnreadError(f"{reason}, got {elide(name)}")
            for each in matches:
                key = (each.sources, each.families, each.conditions)
                if key in found:
                    found[key].ports |= each.ports
                else:
                    found[key] = replace(each)
        return [each for each in found.values() if each.ports] or [Match(ports=_NOTHING)]

    def _read_once(self, name: str) -> tuple[list[str], list[Match]]:
        """Return what ``_read`` does. A text may name a long service many times."""
        if name not in self._known:
            self._known[name] = self._read(name)
        return self._known[name]

    def _read(self, name: str) -> tuple[list[str], list[Match]]:
        """Return the services that one includes, and what it matches itself."""
        ports = _NOTHING
        sources: list[Match] = []
        included: list[str] = []
        addresses: dict[str, str] = {}
        for element in self._definition(name):
            of = element.attributes
            if element.name == "include" and of.keys() == {"service"}:
                included.append(of["service"])
            elif element.name == "destination" and of.keys() <= _FAMILIES.keys():
                addresses |= of
            elif element.name in ("port", "source-port", "protocol"):
                match = match_of(element, self._services)
                if match.sources == _FULL:
                    ports |= match.ports
                else:
                    sources.append(match)
            else:
                raise UnreadError(f"expected an element of a service, got {elide(element.text)}")
        several = [Match(ports=ports), *sources]
        if not addresses:
            return included, several
        return included, [
            Match(
                each.ports, each.sources, (_FAMILIES[family],), (f"destination {family}:{address}",)
            )
            for family, address in addresses.items()
            for each in several
        ]

    def _definition(self, name: str) -> types.Sequence[Element]:
        if isinstance(self._services, NamedServices):
            given = self._services.find(name)
            if given is not None:
                return [
                    item_of("ports", f"{each}/{transport}")
                    for transport, ports in given.items()
                    for each in str(ports).split(",")
                ]
        if name in self._definitions:
            return self._definitions[name]
        fields = firewalld_services.find(name)
        if fields is None:
            where = f"in the same text or in {FIREWALLD_SERVICES}"
            reason = f"the ports of a service must be {where}, got {elide(name)}"
            hint = "'firewall-cmd --info-service' shows them, or pass them as services="
            raise UnreadError(f"{reason}; {hint}")
        return [item_of(field, item) for field, cell in fields.items() for item in cell.split()]
