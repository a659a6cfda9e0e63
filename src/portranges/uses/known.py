"""Uses of ports outside the IANA registry, and the ports that browsers block.

A row means that a program uses these ports by default, not that a program found there must be
this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from portranges import types
from portranges.ports import PortRange, Transport, check_port
from portranges.portset import PortSet
from portranges.source import Source, cite


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A program or convention that uses some ports by default.

    Attributes:
        name: The program or convention.
        ports: The ports.
        transports: The transports.
        note: How it uses them, as a phrase.
        source: Where the fact comes from.

    Example:
        >>> [use.name for use in lookup(60454)][0]
        'mosh'
    """

    name: str
    ports: PortRange
    transports: tuple[Transport, ...]
    note: str
    source: Source


_UDP = (Transport.UDP,)
_BOTH = (Transport.TCP, Transport.UDP)
_over_tcp = partial(Use, transports=(Transport.TCP,))

_PROVING = "source ports of the r-commands and other clients that prove their privileges"

# By first port, then by size.
_ROWS = (
    _over_tcp(
        name="rresvport() of glibc",
        ports=PortRange(512, 1023),
        note=f"{_PROVING}; from 1023 downwards",
        source=cite("bminor/glibc@04e750e7", "inet/rcmd.c, rresvport_af(): IPPORT_RESERVED / 2"),
    ),
    _over_tcp(
        name="rresvport() of the BSDs",
        ports=PortRange(600, 1023),
        note=f"{_PROVING}; also on macOS",
        source=cite("FreeBSD, OpenBSD, DragonFly and XNU sources", "IPPORT_RESERVEDSTART"),
    ),
    Use(
        name="NFS client on Linux",
        ports=PortRange(665, 1023),
        transports=_BOTH,
        note="source ports of the kernel's RPC client",
        source=cite("Linux source", "include/linux/sunrpc/xprtsock.h"),
    ),
    _over_tcp(
        name="VNC",
        ports=PortRange(5900, 5999),
        note="display N listens on 5900 + N; only 5900 is registered for it",
        source=cite("RFC 6143, and Xtigervnc(1)"),
    ),
    _over_tcp(
        name="X11",
        ports=PortRange(6000, 6063),
        note="display N listens on 6000 + N if TCP is enabled",
        source=cite("Xorg(1)"),
    ),
    _over_tcp(
        name="BitTorrent",
        ports=PortRange(6881, 6889),
        note="listens on the first free one",
        source=cite("BitTorrent BEP 3"),
    ),
    _over_tcp(
        name="Bitcoin",
        ports=PortRange(8333),
        note="peers of the main network",
        source=cite("bitcoin/bitcoin@284c42a3", "src/kernel/chainparams.cpp, nDefaultPort"),
    ),
    _over_tcp(
        name="Kafka",
        ports=PortRange(9092),
        note="brokers; the port is registered to another service",
        source=cite("apache/kafka@8b0f9fdd", "config/server.properties"),
    ),
    Use(
        name="Asterisk RTP",
        ports=PortRange(10000, 20000),
        transports=_UDP,
        note="audio and video of calls, with the sample configuration",
        source=cite("Asterisk source", "configs/samples/rtp.conf.sample"),
    ),
    _over_tcp(
        name="Kubernetes kubelet",
        ports=PortRange(10250),
        note="the kubelet's interface on every node",
        source=cite("kubernetes/website", "ports-and-protocols.md"),
    ),
    Use(
        name="FreeSWITCH RTP",
        ports=PortRange(16384, 32768),
        transports=_UDP,
        note="audio and video of calls",
        source=cite("FreeSWITCH source", "switch.conf.xml, comment at rtp-start-port"),
    ),
    Use(
        name="Kubernetes NodePort",
        ports=PortRange(30000, 32767),
        transports=(*_BOTH, Transport.SCTP),
        note="services exposed on every node of a cluster",
        source=cite(
            "kubernetes/kubernetes@20d537ed",
            "pkg/kubeapiserver/options/options.go, DefaultServiceNodePortRange",
        ),
    ),
    Use(
        name="traceroute",
        ports=PortRange(33434, 33534),
        transports=_UDP,
        note="destination ports of probes, increasing by one; nothing should answer",
        source=cite("traceroute(1)"),
    ),
    Use(
        name="TURN relays",
        ports=PortRange(49152, 65535),
        transports=_BOTH,
        note="relayed addresses of calls and WebRTC sessions, on a TURN server",
        source=cite("RFC 8656", "section 7.2"),
    ),
    _over_tcp(
        name="Windows RPC",
        ports=PortRange(49152, 65535),
        note="services of Windows and Active Directory; the endpoint mapper on 135 knows the port",
        source=cite("Microsoft KB929851"),
    ),
    _over_tcp(
        name="Samba RPC",
        ports=PortRange(49152, 65535),
        note="the same services on a Samba domain controller",
        source=cite("smb.conf(5)", "rpc server dynamic port range"),
    ),
    Use(
        name="Docker published ports",
        ports=PortRange(49153, 65535),
        transports=_BOTH,
        note="only if the host's own ephemeral range cannot be read",
        source=cite("moby/moby@b985e231", "daemon/libnetwork/portallocator"),
    ),
    Use(
        name="Transmission",
        ports=PortRange(51413),
        transports=_BOTH,
        note="BitTorrent peers",
        source=cite("transmission-daemon(1)"),
    ),
    Use(
        name="WireGuard",
        ports=PortRange(51820),
        transports=_UDP,
        note="the port in the manual's examples, widely copied",
        source=cite("WireGuard/wireguard-tools@27c885ff", "src/man/wg.8, ListenPort"),
    ),
    Use(
        name="Docker published ports on Windows",
        ports=PortRange(60000, 65000),
        transports=_BOTH,
        note="container ports published without a host port",
        source=cite(
            "moby/moby@b985e231", "daemon/libnetwork/portallocator/portallocator_windows.go"
        ),
    ),
    Use(
        name="mosh",
        ports=PortRange(60001, 60999),
        transports=_UDP,
        note="the server of a mobile shell session, one port per session; the manual names 60000 "
        "and 61000, which the program never tries",
        source=cite(
            "mobile-shell/mosh@0f5061d8", "src/network/network.h: PORT_RANGE_LOW, PORT_RANGE_HIGH"
        ),
    ),
)

BROWSER_BLOCKED_SOURCE = cite("WHATWG Fetch Standard, whatwg/fetch@586cd2a4", "Port blocking")

BROWSER_BLOCKED = PortSet.parse(
    "0,1,7,9,11,13,15,17,19-23,25,37,42-43,53,69,77,79,87,95,101-104,109-111,113,115,117,119,"
    "123,135,137,139,143,161,179,389,427,465,512-515,526,530-532,540,548,554,556,563,587,601,636,"
    "989-990,993,995,1719-1720,1723,2049,3659,4045,4190,5060-5061,6000,6566,6665-6669,6679,6697,"
    "10080"
)
"""The 83 ports that browsers refuse to connect to ("bad ports" in Fetch)."""


def rows() -> tuple[Use, ...]:
    """Return all known uses.

    Returns:
        The rows, sorted by first port, then by number of ports.

    Example:
        >>> rows()[0].ports
        PortRange(first=512, last=1023)
    """
    return _ROWS


def lookup(port: types.SupportsIndex) -> tuple[Use, ...]:
    """Return the known uses of *port*.

    Args:
        port: A port number, 0 to 65535.

    Returns:
        The uses, the narrowest range first.

    Raises:
        TypeError: *port* is not an integer.
        InvalidPortError: *port* is outside 0 to 65535.

    Source:
        Each row names its own.

    Example:
        >>> [use.name for use in lookup(6001)]
        ['X11']
    """
    number = check_port(port)
    found = [use for use in _ROWS if number in use.ports]
    return tuple(sorted(found, key=lambda use: len(use.ports)))
