"""What a report says in sentences, and the commands that it names.

What lives here: rows of texts and command lines, each with its source.
What must not: a decision which row a port gets (``build``).
"""

from __future__ import annotations

from portranges.categories import Category
from portranges.ports import Transport
from portranges.report.model import Remark
from portranges.source import Source

__all__ = [
    "COMMANDS",
    "CONNECTION_END",
    "DYNAMIC_LISTENER",
    "MANY_CONNECTIONS",
    "NOT_ASSIGNED",
    "PURPOSE",
    "SERVICE_LISTENER",
    "SPECIAL",
]


def _from(document: str, section: str = "") -> Source:
    return Source(document=document, section=section, checked="2026-11")


PURPOSE = {
    Category.SYSTEM: Remark(
        text="System ports are meant for services of the Internet's standards; IANA assigns one "
        "after IETF Review or IESG Approval only, and clients find the service by its number.",
        source=_from("RFC 6335", "section 6"),
    ),
    Category.USER: Remark(
        text="User ports are meant for services whose authors register a number with IANA; "
        "clients find the service by its number.",
        source=_from("RFC 6335", "section 6"),
    ),
    Category.DYNAMIC: Remark(
        text="A dynamic port is a number that a system lends to its own end of a connection for "
        "as long as the connection lasts; it names no service and cannot be registered.",
        source=_from("RFC 6335", "section 6"),
    ),
}

# Added where no transport is assigned.
NOT_ASSIGNED = Remark(
    text="This one is assigned to no service.",
    source=_from("IANA Service Name and Transport Protocol Port Number Registry"),
)

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
    text="0-65535 is 65,536 numbers, but that does not limit a host to 65,536 connections: a "
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
    "number names no service, so whoever connects must have learned it some other way. A published "
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

_BOTH = (Transport.TCP, Transport.UDP)
_TCP = (Transport.TCP,)
_UDP = (Transport.UDP,)

COMMANDS: tuple[tuple[str, tuple[Transport, ...], str, str, Source], ...] = (
    # system, transports, command with {port}, what it shows, source
    (
        "Linux",
        _BOTH,
        "ss -tuanp 'sport = :{port}'",
        "sockets that have it, in every state; as root, with every owner",
        _from("ss(8)", "iproute2 6.1"),
    ),
    (
        "Linux",
        _BOTH,
        "lsof -nP -i :{port}",
        "processes, at either end; as root, every user's",
        _from("lsof(8)", "lsof 4.95"),
    ),
    (
        "macOS",
        _BOTH,
        "lsof -nP -i :{port}",
        "processes, at either end; with sudo, every user's",
        _from("lsof(8)"),
    ),
    (
        "macOS",
        _BOTH,
        "netstat -anv | grep '[.]{port} '",
        "sockets with it at either end, in every state, with the process id",
        _from("netstat(1)", "macOS"),
    ),
    (
        "FreeBSD",
        _BOTH,
        "sockstat -4 -6 -p {port}",
        "sockets with their processes",
        _from("sockstat(1)"),
    ),
    (
        "Windows",
        _BOTH,
        'netstat -ano | findstr /C:":{port} "',
        "sockets with it at either end, in every state, with the process id",
        _from("Microsoft Learn", "netstat"),
    ),
    (
        "Windows",
        _TCP,
        "Get-NetTCPConnection -LocalPort {port}",
        "TCP sockets with their OwningProcess",
        _from("Microsoft Learn", "NetTCPIP module"),
    ),
    (
        "Windows",
        _UDP,
        "Get-NetUDPEndpoint -LocalPort {port} | fl Local*, Own*",
        "UDP sockets with their OwningProcess",
        _from("Microsoft Learn", "NetTCPIP module"),
    ),
)
