"""Read the ports of the sets that ``ipset save`` writes. Sets without ports are left out."""

from __future__ import annotations

import re

from portranges import dialects, types
from portranges.errors import PortSyntaxError, elide
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.rulesets.netfilter import transports_of
from portranges.transport_ports import TransportPorts

# ip_set_get_ip_port(), which bitmap:port uses, accepts no other protocol.
_OF_BITMAPS = (Transport.TCP, Transport.UDP)

_CREATE = re.compile(r"create ([^ ]+) ([a-z]+:[a-z,]+)(?: .*)?")
_ADD = re.compile(r"add ([^ ]+) ([^ ]+)( .*)?")
# The protocol and the port of an element, which follow an address.
_ELEMENT = re.compile(r"(?:([a-z0-9-]+):)?([^:]+)")


def read_ports(text: str, services: types.Services | None) -> dict[str, TransportPorts]:
    """Return the ports of each set that has ports, whatever the addresses are."""
    return {name: ports for name, (_, ports) in read_sets(text, services).items()}


def read_sets(text: str, services: types.Services | None) -> dict[str, tuple[str, TransportPorts]]:
    """Return the type and the ports of each set that has ports."""
    kinds: dict[str, str] = {}
    parts: dict[str, dict[Transport, list[PortSet]]] = {}
    start = 0
    for line in text.split("\n"):
        span = (start, start + len(line))
        start += len(line) + 1
        line = line.rstrip("\r ")  # noqa: PLW2901 - a line does not include its end
        if match := _CREATE.fullmatch(line):
            name, kind = match[1], match[2]
            if name in kinds:
                rule = "each set must be created once"
                raise PortSyntaxError(f"{rule}, got {elide(name)} twice", text, span)
            kinds[name] = kind
            if "port" in re.split("[:,]", kind):
                parts[name] = {transport: [] for transport in Transport}
        elif match := _ADD.fullmatch(line):
            name, element = match[1], match[2]
            if name not in kinds:
                reason = f"a set must be created before an element is added, got {elide(name)}"
                raise PortSyntaxError(reason, text, span)
            # With 'nomatch' the element is an exception for some addresses.
            if name in parts and "nomatch" not in (match[3] or "").split():
                try:
                    transports, ports = _element(element, kinds[name], services)
                except PortSyntaxError as error:
                    raise PortSyntaxError(error.reason, text, span) from None
                for transport in transports:
                    parts[name][transport].append(ports)
        elif line and not line.startswith("#"):
            reason = f"expected 'create SET TYPE' or 'add SET ELEMENT', got {elide(line)}"
            raise PortSyntaxError(reason, text, span)
    return {
        name: (
            kinds[name],
            TransportPorts({key: PortSet().union(*several) for key, several in each.items()}),
        )
        for name, each in parts.items()
    }


def _element(
    element: str, kind: str, services: types.Services | None
) -> tuple[tuple[Transport, ...], PortSet]:
    """Return the transports and the ports of an element."""
    if kind == "bitmap:port":
        return _OF_BITMAPS, dialects.parse(element, "ipset", services=services)
    place = re.split("[:,]", kind).index("port") - 1
    words = element.split(",")
    if len(words) != kind.count(",") + 1:
        reason = f"expected an element of {kind}, got {elide(element)}"
        raise PortSyntaxError(reason, element, (0, len(element)))
    match = _ELEMENT.fullmatch(words[place])
    transports = None if match is None else transports_of(match[1] or "tcp")
    if match is None or transports is None:
        # What follows the name of another protocol, as in icmp:echo-request, is not a port.
        reason = f"expected 'protocol:port', got {elide(words[place])}"
        raise PortSyntaxError(reason, element, (0, len(element)))
    if not transports:
        return (), PortSet()
    if transports == (Transport.DCCP,):
        # get_port() does not read ports of DCCP: the only element, dccp:0, matches all of them.
        return transports, PortSet.full()
    return transports, dialects.parse(match[2], "ipset", services=services)
