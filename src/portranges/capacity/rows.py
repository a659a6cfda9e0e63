"""The ways to get a local port, and the systems on which a socket cannot connect to itself."""

from __future__ import annotations

from functools import partial

from portranges import types
from portranges.capacity.model import Growth, Method
from portranges.ephemeral import profiles
from portranges.source import MEASURED_ON_LINUX, Confidence, cite

# The systems with a Linux kernel from 4.2 on, whose connect() has that order.
_LINUX: tuple[types.SystemName, ...] = tuple(
    types.cast("types.SystemName", row.name)
    for row in profiles()
    if row.tcp_algorithm == "linux-connect"
)

_on_linux = partial(
    Method, systems=_LINUX, source=MEASURED_ON_LINUX, confidence=Confidence.MEASURED
)
# On other systems only connect() is known, unless a row names another call.
_connect = partial(Method, name="connect", calls="connect() on an unbound socket")

METHODS = (
    _on_linux(
        name="connect",
        growth=Growth.TUPLES,
        algorithm="linux-connect",
        calls="connect() on an unbound socket",
        note="if no socket that called bind() holds the port",
    ),
    _on_linux(
        name="bind-no-port",
        growth=Growth.TUPLES,
        algorithm="linux-connect",
        calls="IP_BIND_ADDRESS_NO_PORT, bind() to an address and port 0, connect()",
    ),
    _on_linux(
        name="connect-range",
        growth=Growth.TUPLES,
        algorithm="linux-connect-range",
        calls="connect() on a socket with IP_LOCAL_PORT_RANGE, kernel 6.8 and later",
        note="the option's range, which must lie inside the system's range",
    ),
    _on_linux(
        name="bind0",
        growth=Growth.SOURCES,
        algorithm="linux-bind",
        calls="bind() to an address and port 0, connect(); also with SO_REUSEPORT",
        note="the next bind() fails with EADDRINUSE",
    ),
    _on_linux(
        name="bind0-reuse",
        growth=Growth.SOURCES,
        algorithm="linux-bind-reuse",
        calls="SO_REUSEADDR, bind() to an address and port 0, connect()",
    ),
    _on_linux(
        name="bind0-autobind-reuse",
        growth=Growth.LOWER_HALF,
        algorithm="linux-bind-reuse",
        calls="the calls of bind0-reuse, with net.ipv4.ip_autobind_reuse=1",
        note=(
            "bind() chooses a port in use at random, so connect() fails with EADDRNOTAVAIL and "
            "must be repeated on a new socket"
        ),
    ),
    _on_linux(
        name="bind-explicit",
        growth=Growth.TUPLES,
        calls="SO_REUSEADDR, bind() to an address and a port that the client chooses, connect()",
    ),
    _on_linux(
        name="udp",
        growth=Growth.SOURCES,
        algorithm="linux-udp",
        waits=False,
        calls="a UDP socket, bound to port 0 or connected without bind()",
    ),
    _connect(
        systems=("openbsd",),
        growth=Growth.SOURCES,
        algorithm="openbsd",
        note="chooses a port that is free at the source address",
        source=cite(
            "OpenBSD sys/netinet/in_pcb.c rev 1.320 (2025-07-14)",
            "in_pcbconnect(), in_pcbpickport()",
            checked="2026-11-30",
        ),
        confidence=Confidence.SOURCE,
    ),
    _connect(
        systems=("macos", "ios"),
        growth=Growth.FAMILIES,
        note=(
            "the port is chosen before the source address, and must be free on every address of "
            "the family"
        ),
        source=cite(
            "XNU 11417",
            "bsd/netinet/tcp_usrreq.c tcp_connect(), in_pcb.c in_pcblookup_local(), "
            "bsd/netinet6/in6_pcb.c in6_pcblookup_local()",
        ),
        confidence=Confidence.SOURCE,
    ),
    _connect(
        systems=("netbsd",),
        growth=Growth.FAMILIES,
        note="as on macOS; each family has a range of its own, by default the same",
        source=cite(
            "NetBSD/src@01257046, sys/netinet/in_pcb.c and @01298e0d, sys/netinet6/in6_pcb.c",
            "in_pcbconnect(), in_pcblookup_port(), in6_pcbconnect()",
        ),
        confidence=Confidence.SOURCE,
    ),
    _connect(
        systems=("lwip", "lwip-udp"),
        growth=Growth.NOTHING,
        note="chooses a port that no socket of the transport has, of either family",
        source=cite(
            "lwip-tcpip/lwip@3d896ba0",
            "src/core/tcp.c tcp_new_port(), udp.c udp_new_port()",
            checked="2026-11-30",
        ),
        confidence=Confidence.SOURCE,
    ),
    _connect(
        systems=("freertos",),
        growth=Growth.NOTHING,
        calls="FreeRTOS_connect() on an unbound socket",
        note=(
            "chooses a port that no socket of the transport has, of either family; close to the "
            "limit it may fail although ports are free, because it gives up after as many random "
            "draws as the range has ports"
        ),
        source=cite(
            "FreeRTOS/FreeRTOS-Plus-TCP@00dbc8b7",
            "source/FreeRTOS_Sockets.c prvSocketBindAdd(), prvGetPrivatePortNumber()",
        ),
        confidence=Confidence.SOURCE,
    ),
    _connect(
        systems=("nf-nat", "nf-nat-below-1024", "nf-nat-below-512"),
        growth=Growth.TUPLES,
        calls="any, by a client behind the translator",
        note=(
            "a port is in use only for the destination of its entry; close to the limit a search "
            "may fail although ports are free, because it tries at most 248 ports of a large range"
        ),
        source=cite(
            "danayer/linux-7.1.5@9d1745cf",
            "net/netfilter/nf_nat_core.c nf_nat_used_tuple(), nf_nat_l4proto_unique_tuple()",
            checked="2026-11-30",
        ),
        confidence=Confidence.SOURCE,
    ),
)

_XNU_TCP = cite(
    "apple-oss-distributions/xnu (xnu-11417.101.15)",
    "bsd/netinet/tcp_usrreq.c, tcp_connect() returns EINVAL; tcp6_connect() has no such test",
)

# Where connect() refuses or skips the destination's own port.
NEVER_ITSELF = {
    "macos": _XNU_TCP,
    "ios": _XNU_TCP,
    "gvisor": cite("google/gvisor@3c5eee17", "pkg/tcpip/ports/ports.go"),
    "dragonfly": cite("DragonFlyBSD/DragonFlyBSD@aac7374f", "in_pcbbind_remote()"),
}
# Of these, the systems where this is known for IPv4 only.
NEVER_ITSELF_OVER_V4 = frozenset({"macos", "ios", "dragonfly"})

# Where a connection to itself depends on the order of the search only.
PARITY_OF_LINUX = _LINUX
