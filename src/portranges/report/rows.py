"""What a report says in sentences, and the commands that it names.

What lives here: rows of texts and command lines, each with its source.
What must not: a decision which row a port gets (``build``).
"""

from __future__ import annotations

from portranges.categories import Category
from portranges.report.model import Remark
from portranges.source import Source

__all__ = [
    "COMMANDS",
    "CONNECTION_END",
    "DYNAMIC_LISTENER",
    "MANY_CONNECTIONS",
    "PURPOSE",
    "SERVICE_LISTENER",
    "SPECIAL",
]


def _from(document: str, section: str = "") -> Source:
    return Source(document=document, section=section, checked="2026-11")


PURPOSE = {
    Category.SYSTEM: Remark(
        text="A system port names a service that an IETF process put there; clients find the "
        "service by the number.",
        source=_from("RFC 6335", "section 6"),
    ),
    Category.USER: Remark(
        text="A user port names a service whose author asked IANA for a number; clients find "
        "the service by the number.",
        source=_from("RFC 6335", "section 6"),
    ),
    Category.DYNAMIC: Remark(
        text="A dynamic port is a number that a system lends to its own end of a connection for "
        "as long as the connection lasts; it names no service and cannot be registered.",
        source=_from("RFC 6335", "section 6"),
    ),
}

_EXPERIMENT = Remark(
    text="The number is for experiments, on any transport, and must not be the default of a "
    "program that is shipped.",
    source=_from("RFC 4727, section 6, and RFC 6335, section 10.2"),
)

_EDGE = Remark(
    text="The number is at the edge of its range, and kept so that the range can be extended.",
    source=_from("RFC 6335", "section 6"),
)

# What is to be known of a few single numbers, in place of their category's purpose.
SPECIAL = {
    0: Remark(
        text="Port 0 is for no service: to bind() it means that the system shall choose a port, "
        "and as the source port of a UDP datagram it means that there is none.",
        source=_from("ip(7), and RFC 768"),
    ),
    1021: _EXPERIMENT,
    1022: _EXPERIMENT,
    1023: _EDGE,
    1024: _EDGE,
    49151: _EDGE,
}

MANY_CONNECTIONS = Remark(
    text="The numbers 0-65535 are 65,536, which does not limit a host to so many connections: a "
    "connection is told apart by both addresses, both ports and the transport, so one port "
    "number serves many connections at once and needs to be unique only within that.",
    source=_from("RFC 6056", "section 2.2"),
)

CONNECTION_END = Remark(
    text="A connection's own end on this port is normal: the system lent the number out, and it "
    "goes away when the connection ends (after TIME_WAIT, on the side that closed first).",
    source=_from("RFC 6056", "section 2"),
)

DYNAMIC_LISTENER = Remark(
    text="Something that listens on a dynamic port for longer than minutes deserves a look: the "
    "number names no service, so whoever connects to it was told it by other means. A published "
    "container port, a call, an RPC service or a test server explains it; if nothing does, find "
    "out which program it is, who started it, and who connects: a number that nobody watches is "
    "a good place to hide.",
    source=_from("RFC 6335", "sections 6 and 8.1.2"),
)

SERVICE_LISTENER = Remark(
    text="A listener is to be expected only where its service is wanted; that a number is "
    "registered to a service does not prove that the program found on it is that service.",
    source=_from("IANA Service Name and Transport Protocol Port Number Registry", "note"),
)

COMMANDS = (
    # system, command with {port}, what it shows, source
    (
        "Linux",
        "ss -tuanp 'sport = :{port}'",
        "sockets in every state; as root, with every owner",
        _from("ss(8)", "iproute2 6.1"),
    ),
    (
        "Linux",
        "lsof -nP -i :{port}",
        "processes, at either end; as root, every user's",
        _from("lsof(8)", "lsof 4.95"),
    ),
    (
        "macOS",
        "lsof -nP -i :{port}",
        "processes, at either end; with sudo, every user's",
        _from("lsof(8)"),
    ),
    (
        "macOS",
        "netstat -anv | grep '[.]{port} '",
        "sockets in every state, with the process id",
        _from("netstat(1)", "macOS"),
    ),
    (
        "FreeBSD",
        "sockstat -4 -6 -p {port}",
        "sockets with their processes",
        _from("sockstat(1)"),
    ),
    (
        "Windows",
        'netstat -ano | findstr /C:":{port} "',
        "sockets in every state, with the process id",
        _from("Microsoft Learn", "netstat"),
    ),
    (
        "Windows",
        "Get-NetTCPConnection -LocalPort {port}",
        "TCP sockets with their OwningProcess",
        _from("Microsoft Learn", "NetTCPIP module"),
    ),
    (
        "Windows",
        "Get-NetUDPEndpoint -LocalPort {port} | fl Local*, Own*",
        "UDP sockets with their OwningProcess",
        _from("Microsoft Learn", "NetTCPIP module"),
    ),
)
