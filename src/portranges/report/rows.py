"""The sentences and command lines of a report, each with its source.

``build`` chooses among them.
"""

from __future__ import annotations

from portranges import systems, types
from portranges.categories import Category
from portranges.ports import Transport
from portranges.report.model import InspectCommand, Remark
from portranges.source import cite

PURPOSE = {
    Category.SYSTEM: Remark(
        text="System ports are for services defined by Internet standards. IANA assigns them only "
        "after IETF Review or IESG Approval, and clients reach the service by its number.",
        source=cite("RFC 6335", "section 8.1.2"),
    ),
    Category.USER: Remark(
        text="User ports are for services whose authors register a number with IANA; clients "
        "reach the service by its number.",
        source=cite("RFC 6335", "section 8.1.2"),
    ),
    Category.DYNAMIC: Remark(
        text="A system allocates dynamic ports to its own end of connections, each for as long as "
        "the connection lasts. They do not identify services and cannot be registered.",
        source=cite("RFC 6335", "section 8.1.2"),
    ),
}

# Added if no transport is assigned.
NOT_ASSIGNED = Remark(
    text="This port is not assigned to any service.",
    source=cite("IANA Service Name and Transport Protocol Port Number Registry"),
)

_EXPERIMENT = Remark(
    text="The port is reserved for experiments, on any transport; no released program may use it "
    "by default.",
    source=cite("RFC 4727, section 6, and RFC 6335, section 10.2"),
)

_EDGE = Remark(
    text="The port is at the edge of its range and reserved so that the range can be extended.",
    source=cite("RFC 6335", "section 6"),
)

# A few single ports, for which this replaces the purpose of the category.
SPECIAL = {
    0: Remark(
        text="Port 0 does not identify a service. bind() treats it as a request for any free "
        "port, and a UDP datagram with source port 0 has no source port.",
        source=cite("ip(7), and RFC 768"),
    ),
    1021: _EXPERIMENT,
    1022: _EXPERIMENT,
    1023: _EDGE,
    1024: _EDGE,
    49151: _EDGE,
}

# What one transport of a port means besides its assignment.
OF_TRANSPORT = {
    (80, Transport.UDP): Remark(
        text="HTTP/3 runs over UDP, but a client cannot use it to open an http URI directly, "
        "because that scheme requires TCP.",
        source=cite("RFC 9114", "section 3.1.2"),
    ),
    (443, Transport.UDP): Remark(
        text="On UDP, the port is used for HTTP/3, which runs over QUIC: for an https URI, a "
        "client may try QUIC on the same port number, or on the port that the server announces "
        "with Alt-Svc, and should use TCP if that fails.",
        source=cite("RFC 9114", "sections 3.1 and 3.1.1"),
    ),
}

MANY_CONNECTIONS = Remark(
    text="There are 65,536 port numbers, but a host is not limited to 65,536 connections: a "
    "connection is identified by both addresses, both ports and the transport, so many "
    "connections can share one port as long as that combination is unique.",
    source=cite("RFC 6056", "section 2.2"),
)

# The systems of most machines, whose default ranges decide between the next two remarks.
COMMON: tuple[types.SystemName, ...] = (*systems.COMMON, "freebsd")

# The systems that every page shows with their ranges.
SHOWN = frozenset((*COMMON, "android", "ios"))

# With the titles of those that allocate the port.
CONNECTION_END = Remark(
    text="The local end of a connection on this port is normal on {systems}: the system "
    "allocated the port, and releases it when the connection ends (after TIME_WAIT, on the side "
    "that closed first).",
    source=cite("RFC 6056", "section 2"),
)

# With the titles of all of them, if only other systems allocate the port.
ACCEPTED_END = Remark(
    text="With their default settings, {systems} do not allocate this port. There, a connection "
    "with this local port was accepted by a listener, or its program bound the port.",
    source=cite("RFC 6056", "section 2"),
)

# If Linux allocates the port; what other systems do is known only where connect() prevents it.
SELF_CONNECTION = Remark(
    text="On Linux, a client that keeps connecting to this port of its own machine while nothing "
    "listens can be connected to itself, because the system can choose the same number for the "
    "client's end (connect() tries even numbers first). The service then cannot listen on it.",
    source=cite("tokio-rs/tokio#3405, OpenIdentityPlatform/OpenDJ#728 and ktorio/ktor#2237"),
)

# If Windows allocates the port.
WINDOWS_EXCLUSION = Remark(
    text="On Windows, bind() can fail with WSAEACCES (10013) although no socket has the port: "
    "Hyper-V and WinNAT reserve blocks of the dynamic range. While winnat is stopped, an "
    "administrator can keep the port for a service with netsh interface ipv4 add "
    "excludedportrange protocol=tcp startport=PORT numberofports=1, or with protocol=udp.",
    source=cite(
        "docker/for-win#3171, and MicrosoftDocs/SupportArticles-docs@2368273be535",
        "support/windows-server/networking/error-10013-wsaeacces-is-returned.md",
    ),
)

DYNAMIC_LISTENER = Remark(
    text="A process that listens on a dynamic port for more than a few minutes deserves a look: "
    "the number does not identify a service, so clients must learn it in some other way. A "
    "published container port, a call, an RPC service or a test server would explain it. "
    "Otherwise, find out which program it is, who started it and who connects: a port that is "
    "not monitored is a good hiding place.",
    source=cite("RFC 6335", "sections 6 and 8.1.2"),
)

# If programs are known to use the dynamic port.
KNOWN_DYNAMIC_LISTENER = Remark(
    text="Expect a listener only if you run a program that uses the port by default. Any other "
    "process that listens on a dynamic port for more than a few minutes deserves a look: find out "
    "which program it is, who started it and who connects. Systems also allocate the port to "
    "clients, which can hold it when the program starts.",
    source=cite("RFC 6335", "sections 6 and 8.1.2"),
)

SERVICE_LISTENER = Remark(
    text="Expect a listener only if you run the service. Neither a registration nor a known use "
    "proves which program is on the port.",
    source=cite("IANA Service Name and Transport Protocol Port Number Registry", "note"),
)

# If all that the port is known for are other services than the registered one.
MISNAMED_LISTENER = Remark(
    text="Expect a listener only if you run one. Tools that print names instead of numbers show "
    "the registered service, although the port is better known for others. Neither proves which "
    "program is on the port: look at the process.",
    source=cite("IANA Service Name and Transport Protocol Port Number Registry", "note"),
)

# If the port is reserved for at least one transport, and assigned for none.
RESERVED_LISTENER = Remark(
    text="IANA keeps the port reserved, so no registered service explains a listener on it. Find "
    "out which program it is and who started it.",
    source=cite("RFC 6335", "section 6"),
)

# If the port is privileged on a common system.
PRIVILEGED_LISTENER = Remark(
    text="Where binding the port requires a privilege, a program that listens on it had the "
    "privilege, or received the socket from a program that had it. An unexpected listener is "
    "therefore more serious than on a port that any user may bind.",
    source=cite("bind(2)", "EACCES"),
)

# If the port is unassigned, and not reserved.
UNASSIGNED_LISTENER = Remark(
    text="Expect a listener only if you run one. The port is not assigned, so the number does not "
    "say which program it is: a known use is a default, not proof. IANA may assign the port to a "
    "service later, and programs should not use it before that.",
    source=cite("IANA Service Name and Transport Protocol Port Number Registry", "note"),
)

_BOTH = (Transport.TCP, Transport.UDP)
_TCP = (Transport.TCP,)
_UDP = (Transport.UDP,)

COMMANDS: tuple[tuple[types.SystemName, tuple[Transport, ...], str, str, types.Source], ...] = (
    # system by its name, transports, command with {port}, what it shows, source
    (
        "linux",
        _BOTH,
        "ss -tuanp 'sport = :{port}'",
        "sockets on the port, in every state; as root, with the processes of all users",
        cite("ss(8)", "iproute2 6.1"),
    ),
    (
        "linux",
        _BOTH,
        "lsof -nP -i :{port}",
        "processes that use the port at either end; as root, of all users",
        cite("lsof(8)", "lsof 4.95"),
    ),
    (
        "macos",
        _BOTH,
        "lsof -nP -i :{port}",
        "processes that use the port at either end; with sudo, of all users",
        cite("lsof(8)"),
    ),
    (
        "macos",
        _BOTH,
        "netstat -anv | grep '[.]{port} '",
        "sockets with the port at either end, in every state, with process ids",
        cite("netstat(1)", "macOS"),
    ),
    (
        "freebsd",
        _BOTH,
        "sockstat -4 -6 -p {port}",
        "sockets and their processes",
        cite("sockstat(1)"),
    ),
    (
        "windows",
        _BOTH,
        'netstat -ano | findstr /C:":{port} "',
        "sockets with the port at either end, in every state, with process ids",
        cite("Microsoft Learn", "netstat"),
    ),
    (
        "windows",
        _TCP,
        "Get-NetTCPConnection -LocalPort {port}",
        "TCP sockets with their OwningProcess",
        cite("Microsoft Learn", "NetTCPIP module"),
    ),
    (
        "windows",
        _UDP,
        "Get-NetUDPEndpoint -LocalPort {port} | fl Local*, Own*",
        "UDP sockets with their OwningProcess",
        cite("Microsoft Learn", "NetTCPIP module"),
    ),
    (
        "windows",
        _TCP,
        "netsh interface ipv4 show excludedportrange protocol=tcp",
        "ports that bind() may refuse with WSAEACCES (10013) although no process holds them",
        cite("docker/for-win#3171"),
    ),
    (
        "windows",
        _UDP,
        "netsh interface ipv4 show excludedportrange protocol=udp",
        "the same for UDP",
        cite("docker/for-win#3171"),
    ),
)

# The transports of each command, and its record with ``{port}`` in place of the port.
INSPECT_COMMANDS = tuple(
    (
        transports,
        InspectCommand(
            system=systems.lookup(name).title, command=command, shows=shows, source=source
        ),
    )
    for name, transports, command, shows, source in COMMANDS
)
