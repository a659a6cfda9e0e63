"""The algorithms that choose ports, each with its source; ``orders`` implements them."""

from __future__ import annotations

from functools import partial

from portranges.selection.model import Algorithm, Start, Walk
from portranges.source import Confidence, Source, cite


def _rfc6056(section: str) -> Source:
    return cite("RFC 6056", section)


# The first was read in 6.18.24 too, where ip_local_port_step_width is missing.
_LINUX = "danayer/linux-7.1.5@9d1745cf"
_LINUX_HASH_CONNECT = cite(
    _LINUX, "net/ipv4/inet_hashtables.c __inet_hash_connect()", checked="2026-11-30"
)
_LINUX_OPEN_PORT = cite(
    "ColtPlus/linux-6.18.y@c94f0889 (6.18.24, a vendor's fork)",
    "net/ipv4/inet_connection_sock.c inet_csk_find_open_port()",
    checked="2026-11-30",
)
_LINUX_2_6_24 = cite(
    "0x88888888/Linux2.6.24-comments@37d90ce2, @cf79f6a3",
    "net/ipv4/inet_hashtables.c inet_hash_connect(), inet_connection_sock.c inet_csk_get_port()",
    checked="2026-11-30",
)
_XNU = cite(
    "apple-oss-distributions/xnu@a1e26a70 (xnu-11417.121.6)", "bsd/netinet/in_pcb.c:1140-1330"
)
_MEASURED = "measured on Linux 6.18.44, by live tests"

# A range of odd size loses one port in each scan, because a scan rounds the number of ports down to
# an even one.
_ODD = "one scan of a range of n ports, n odd and more than 1, looks at n - 1 of them"

_from_rfc = partial(Algorithm, counts_holes=False, confidence=Confidence.STANDARD)
_from_source = partial(Algorithm, confidence=Confidence.SOURCE)

ROWS = (
    _from_rfc(
        name="rfc6056-1",
        title="RFC 6056, algorithm 1 (random start)",
        start=Start.RANDOM,
        walk=Walk.UP,
        source=_rfc6056("section 3.3.1"),
    ),
    _from_rfc(
        name="rfc6056-2",
        title="RFC 6056, algorithm 2 (random at every try)",
        start=Start.RANDOM,
        walk=Walk.REDRAW,
        source=_rfc6056("section 3.3.2"),
        note="gives up after n tries, although ports may be free: with probability (m / n) ** n",
    ),
    _from_rfc(
        name="rfc6056-3",
        title="RFC 6056, algorithm 3 (simple hash)",
        start=Start.HASH,
        walk=Walk.UP,
        source=_rfc6056("section 3.3.3"),
    ),
    _from_rfc(
        name="rfc6056-4",
        title="RFC 6056, algorithm 4 (double hash)",
        start=Start.HASH_AND_CELL,
        walk=Walk.UP,
        cells=10,
        source=_rfc6056("section 3.3.4"),
        note="the RFC gives 10 cells as an example",
    ),
    _from_rfc(
        name="rfc6056-5",
        title="RFC 6056, algorithm 5 (random increments)",
        start=Start.COUNTER,
        walk=Walk.JUMP,
        increment=500,
        source=_rfc6056("section 3.3.5"),
    ),
    _from_source(
        name="linux-connect",
        title="Linux 4.2 and later, TCP connect() without a port of its own",
        start=Start.HASH_AND_CELL,
        walk=Walk.LINUX_CONNECT,
        cells=65536,
        step=2,
        source=_LINUX_HASH_CONNECT,
        note=(
            f"{_ODD}: all but the first port, or all but the last if the scan starts at the "
            "first. After a success the cell grows by 2 plus the larger of the distance scanned "
            "and 2 * random(0..7). The key changes every 10 s (rekey()). Up to about 5.17 the "
            f"table was smaller, up to about 5.11 there was one counter. {_MEASURED}"
        ),
    ),
    _from_source(
        name="linux-connect-range",
        title="Linux 6.8 and later, TCP connect() of a socket with IP_LOCAL_PORT_RANGE",
        start=Start.HASH_AND_CELL,
        walk=Walk.LINUX_CONNECT,
        cells=65536,
        step=1,
        source=_LINUX_HASH_CONNECT,
        note=f"every port of the range, in steps of 1. {_MEASURED}",
    ),
    _from_source(
        name="linux-bind",
        title="Linux 4.2 and later, TCP bind() to port 0, and listen() without bind()",
        start=Start.OF_THE_WALK,
        walk=Walk.LINUX_BIND,
        source=_LINUX_OPEN_PORT,
        note=f"{_ODD}, as in linux-connect. {_MEASURED}",
    ),
    _from_source(
        name="linux-bind-reuse",
        title="Linux 4.2 and later, TCP bind() to port 0 with SO_REUSEADDR",
        start=Start.OF_THE_WALK,
        walk=Walk.LINUX_BIND_HALVES,
        source=_LINUX_OPEN_PORT,
        note=(
            "the lower half has (n >> 2) << 1 ports; a range below 4 ports is not halved. "
            f"In a range of odd size the upper half is the odd one. {_MEASURED}"
        ),
    ),
    _from_source(
        name="linux-udp",
        title="Linux, UDP bind() to port 0, and connect() or sendto() without bind()",
        start=Start.OF_THE_WALK,
        walk=Walk.LINUX_UDP,
        cells=4096,
        random_bits=32,
        source=cite(_LINUX, "net/ipv4/udp.c udp_lib_get_port()", checked="2026-11-30"),
        note=(
            "the number of hash chains is set at boot by the amount of memory, 256 to 65536; it "
            f"changes which port follows one in use, but not which ports are reached. {_MEASURED}"
        ),
    ),
    _from_source(
        name="linux-2.6.24-connect",
        title="Linux 2.6.24 to 4.1, TCP connect() without a port of its own",
        start=Start.HASH,
        walk=Walk.UP,
        source=_LINUX_2_6_24,
    ),
    _from_source(
        name="linux-2.6.24-bind",
        title="Linux 2.6.24 to 4.1, TCP bind() to port 0",
        start=Start.RANDOM,
        walk=Walk.UP,
        source=_LINUX_2_6_24,
    ),
    _from_source(
        name="freebsd",
        title="FreeBSD",
        start=Start.AFTER_RANDOM,
        walk=Walk.UP,
        random_bits=32,
        source=cite("ilnp/ilnp-freebsd14@2f2a4162", "sys/netinet/in_pcb.c in_pcb_lport_dest()"),
        note=(
            "releases up to 13 continue with the next port while more than randomcps (10) ports "
            "per second are requested; that is bsd-sequential"
        ),
    ),
    _from_source(
        name="openbsd",
        title="OpenBSD",
        start=Start.AFTER_RANDOM,
        walk=Walk.UP,
        source=cite("openbsd/src@27ae666c", "sys/netinet/in_pcb.c (rev 1.160)"),
        note="the ports of net.inet.tcp.baddynamic and net.inet.udp.baddynamic are excluded",
    ),
    _from_source(
        name="macos-tcp",
        aliases=("macos", "ios-tcp"),
        title="macOS and iOS, TCP",
        start=Start.NEXT,
        walk=Walk.UP,
        source=_XNU,
        note="net.inet.tcp.randomize_ports=0, the default; with 1 it is macos-udp",
    ),
    _from_source(
        name="macos-udp",
        aliases=("ios-udp",),
        title="macOS and iOS, UDP",
        start=Start.AFTER_RANDOM,
        walk=Walk.UP,
        random_bits=16,
        source=_XNU,
        note="net.inet.udp.randomize_ports=1, the default",
    ),
    _from_source(
        name="netbsd",
        title="NetBSD, with the algorithm 'bsd'",
        start=Start.NEXT,
        walk=Walk.DOWN,
        splits_families=True,
        source=cite("NetBSD/src@08770e5b", "sys/netinet/portalgo.c (rev 1.1.4.3)"),
        note=(
            "the default; net.inet.ip.anonportalgo.selected chooses those of RFC 6056: "
            "random_start, random_pick, hash, doublehash, randinc"
        ),
    ),
    _from_source(
        name="solaris",
        aliases=("illumos",),
        title="Solaris and illumos",
        start=Start.FOLDED,
        walk=Walk.UP,
        random_bits=16,
        source=cite("illumos/illumos-gate@39707ee3", "tcp_bind.c tcp_update_next_port()"),
        note="extra privileged ports are excluded",
    ),
    _from_source(
        name="bsd-sequential",
        aliases=("bsd-4.3", "freebsd-2", "dragonfly", "linux-2.2"),
        title="4.3BSD, FreeBSD 2 to 4.5, older DragonFly, Linux 2.2",
        start=Start.NEXT,
        walk=Walk.UP,
        source=cite(
            "jonathangray/csrg@01c21a52",
            "sys/netinet/in_pcb.c 7.15 (1991-10-02), in_pcbbind()",
            checked="2026-11-30",
        ),
        note="newer releases of DragonFly give each processor a slice of the range",
    ),
    Algorithm(
        name="windows",
        title="Windows Vista, Server 2008 and later",
        start=Start.UNKNOWN,
        walk=Walk.UNKNOWN,
        source=cite("Microsoft KB929851", "states the range; how it is used is not published"),
        confidence=Confidence.DOCUMENT,
        note="not published, so an Allocator rejects it",
    ),
    Algorithm(
        name="windows-xp",
        title="Windows 2000, XP, Server 2003",
        start=Start.NEXT,
        walk=Walk.UP,
        joins_transports=True,
        source=cite("hsc.fr, win_net_srv", "one counter for TCP and UDP together"),
        confidence=Confidence.REPORTED,
    ),
    _from_source(
        name="gvisor",
        title="gVisor",
        start=Start.RANDOM,
        walk=Walk.UP,
        source=cite("google/gvisor@3c5eee17", "pkg/tcpip/ports/ports.go:254-281"),
    ),
    _from_source(
        name="lwip",
        aliases=("lwip-tcp", "lwip-udp"),
        title="lwIP 1.4.0 and later, NuttX, UDP of Haiku",
        start=Start.RANDOM_NEXT,
        walk=Walk.UP,
        source=cite("lwip-tcpip/lwip@3d896ba0", "src/core/tcp.c:1017-1042, udp.c:68-120"),
        note="TCP never allocates 65535, which the range of its profile leaves out",
    ),
    _from_source(
        name="zephyr",
        title="Zephyr, TCP of RIOT",
        start=Start.RANDOM,
        walk=Walk.REDRAW,
        gives_up=False,
        source=cite("zephyrproject-rtos/zephyr@00ac0487", "net_context.c find_available_port()"),
        note="it never gives up: without a free port it loops forever, and an Allocator fails",
    ),
    _from_source(
        name="freertos",
        title="FreeRTOS+TCP",
        start=Start.RANDOM,
        walk=Walk.REDRAW,
        random_bits=16,
        source=cite(
            "FreeRTOS/FreeRTOS-Plus-TCP@00dbc8b7",
            "source/FreeRTOS_Sockets.c prvGetPrivatePortNumber()",
        ),
        note="in its default range, ports 1024-2047 are twice as likely as the others",
    ),
)
