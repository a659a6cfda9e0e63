"""Read the ports of a socket unit of systemd."""

from __future__ import annotations

import re

from portranges import types
from portranges.errors import PortSyntaxError, elide
from portranges.ports import Transport, parse_port
from portranges.portset import PortSet
from portranges.rulesets.port_lists import TCP, UDP, PortLists, lines_of
from portranges.transport_ports import TransportPorts

_OPTION = re.compile(r"(Listen[A-Za-z]+|SocketProtocol)[ \t]*=[ \t]*(.*?)[ \t]*")
_SECTION = re.compile(r"\[(.*)\][ \t]*")
_TRANSPORTS = {"ListenStream": TCP, "ListenDatagram": UDP, "ListenSequentialPacket": ()}
_PROTOCOLS = {"": None, "sctp": (Transport.SCTP,), "udplite": (), "mptcp": TCP}
# An address of IPv4, or of IPv6 in brackets, with an interface for one that is link-local.
_ADDRESS = re.compile(r"(?:(?:[0-9.]+|\[[0-9A-Fa-f:.]+\]):)?([0-9]+)(?:%[^ %/]+)?")
# '%t/' and the like are directories.
_LOCAL = re.compile(r"(?:[/@]|%[a-zA-Z]/).*|vsock(?:-[a-z]+)?:.*")


def read_ports(text: str, services: types.Services | None) -> dict[str, TransportPorts]:
    """Return the ports of ``"ListenStream"`` and of ``"ListenDatagram"``."""
    listens: list[tuple[str, str, types.Span]] = []
    protocol = section = ""
    found = PortLists(text, services)
    for line, span in lines_of(text, continued="\\"):
        if match := _SECTION.fullmatch(line.strip()):
            section = match[1]
        elif section == "Socket" and (match := _OPTION.fullmatch(line.strip())):
            name, value = match.groups()
            if name == "SocketProtocol":
                if value not in _PROTOCOLS:
                    rule = "SocketProtocol must be sctp, udplite or mptcp"
                    raise found.error(f"{rule}, got {elide(value)}", span)
                protocol = value
            elif not value:
                # An empty value cancels all values before it.
                listens.clear()
            elif name in _TRANSPORTS and not _LOCAL.fullmatch(value):
                listens.append((name, value, span))
    for name, value, span in listens:
        address = _ADDRESS.fullmatch(value)
        if address is None:
            reason = f"expected a port, 'address:port' or a path, got {elide(value)}"
            raise found.error(reason, span)
        try:
            port = parse_port(address[1])
        except PortSyntaxError as error:
            raise found.error(f"{error.reason}, for {name}", span) from None
        if not port:
            raise found.error(f"port must be in 1..65535, got '0', for {name}", span)
        named = _PROTOCOLS[protocol]
        found.add(name, _TRANSPORTS[name] if named is None else named, PortSet([port]))
    return found.result()
