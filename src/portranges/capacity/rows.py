"""How many connections a way of getting a port allows, each with its source.

What lives here: the rows, and what connecting to itself comes to.
What must not: a formula (``connections``), a range (``ephemeral``).
"""

from __future__ import annotations

from portranges.capacity.model import Growth, Method, Scan
from portranges.source import Confidence, cite

__all__ = ["METHODS", "NEVER_ITSELF", "PARITY_OF_LINUX"]


_KERNEL = cite("measured on Linux 6.18.44", "in a fresh network namespace, loopback only")

# The systems on a kernel of Linux from 4.2 on.
_LINUX = ("linux", "android", "wsl2", "wsl2-mirrored", "wslc")

METHODS = (
    Method(
        name="connect",
        systems=_LINUX,
        growth=Growth.TUPLES,
        scan=Scan.EVEN,
        calls="connect() of a socket that is not bound",
        note="as long as no socket that called bind() holds the port",
        source=_KERNEL,
        confidence=Confidence.MEASURED,
    ),
    Method(
        name="bind-no-port",
        systems=_LINUX,
        growth=Growth.TUPLES,
        scan=Scan.EVEN,
        calls="IP_BIND_ADDRESS_NO_PORT, bind() to an address and port 0, connect()",
        source=_KERNEL,
        confidence=Confidence.MEASURED,
    ),
    Method(
        name="connect-range",
        systems=_LINUX,
        growth=Growth.TUPLES,
        calls="connect() of a socket with IP_LOCAL_PORT_RANGE, kernel 6.8 and later",
        note="the option's range, which must lie inside the system's",
        source=_KERNEL,
        confidence=Confidence.MEASURED,
    ),
    Method(
        name="bind0",
        systems=_LINUX,
        growth=Growth.SOURCES,
        scan=Scan.EVEN,
        calls="bind() to an address and port 0, connect(); with SO_REUSEPORT too",
        note="a further one fails in bind(), with EADDRINUSE",
        source=_KERNEL,
        confidence=Confidence.MEASURED,
    ),
    Method(
        name="bind0-reuse",
        systems=_LINUX,
        growth=Growth.SOURCES,
        scan=Scan.HALVES,
        calls="SO_REUSEADDR, bind() to an address and port 0, connect()",
        source=_KERNEL,
        confidence=Confidence.MEASURED,
    ),
    Method(
        name="bind0-autobind-reuse",
        systems=_LINUX,
        growth=Growth.LOWER_HALF,
        scan=Scan.HALVES,
        calls="as bind0-reuse, with net.ipv4.ip_autobind_reuse=1",
        note=(
            "bind() hands out a port in use at random, so that connect() fails with EADDRNOTAVAIL "
            "and has to be repeated on a new socket"
        ),
        source=_KERNEL,
        confidence=Confidence.MEASURED,
    ),
    Method(
        name="bind-explicit",
        systems=_LINUX,
        growth=Growth.TUPLES,
        calls="SO_REUSEADDR, bind() to an address and a port of the client's choice, connect()",
        source=_KERNEL,
        confidence=Confidence.MEASURED,
    ),
    Method(
        name="udp",
        systems=_LINUX,
        growth=Growth.SOURCES,
        waits=False,
        calls="a UDP socket, bound to port 0 or connected without bind()",
        source=_KERNEL,
        confidence=Confidence.MEASURED,
    ),
    Method(
        name="connect",
        systems=("openbsd",),
        growth=Growth.SOURCES,
        calls="connect() of a socket that is not bound",
        note="takes a port that is free at the source address",
        source=cite("OpenBSD", "sys/netinet/in_pcb.c in_pcbaddrisavail_lock()"),
        confidence=Confidence.SOURCE,
    ),
)

# Where connect() refuses, or passes over, the destination's own port.
NEVER_ITSELF = {
    "macos": cite("XNU 11417, bsd/netinet/in_pcb.c", "connect() to itself is EINVAL"),
    "ios": cite("XNU 11417, bsd/netinet/in_pcb.c", "connect() to itself is EINVAL"),
    "gvisor": cite("google/gvisor@3c5eee17", "pkg/tcpip/ports/ports.go"),
    "dragonfly": cite("DragonFlyBSD/DragonFlyBSD@aac7374f", "in_pcbbind_remote()"),
}

# Where a connection to itself follows from the order of the scan alone.
PARITY_OF_LINUX = _LINUX
