"""The ephemeral ranges of real-time systems, embedded network stacks and gVisor.

Stacks without a citable source or manual are listed as gaps in
``docs/reference/tables/systems.md``.
"""

from __future__ import annotations

from functools import partial

from portranges.ephemeral.model import EphemeralProfile
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.source import Confidence, cite
from portranges.systems import lookup

_LWIP = "lwip-tcpip/lwip@3d896ba0"

_FREERTOS = "FreeRTOS/FreeRTOS-Plus-TCP@27a96812"
_PSDK_QNX = "software-dl.ti.com Processor SDK QNX, io-sock vs io-pkt"
_UNITY_QNX = "docs.unity3d.com QNX71NetworkStack"

_from_source = partial(EphemeralProfile, confidence=Confidence.SOURCE)
_without_privileges = partial(
    _from_source,
    privileged_below=0,
    privileged_note="no port requires privilege: nothing in the source checks for one",
)
_lwip = partial(
    _without_privileges,
    privileged_source=cite(_LWIP, "src/core/tcp.c tcp_bind(), udp.c udp_bind()"),
    shares_ports_across_destinations=False,
    sharing_note="the implicit bind of connect() uses a port that no socket holds",
)

ROWS = (
    EphemeralProfile(
        system=lookup("qnx"),
        version_note=(
            "8.0, and 7.1 with io-sock, to which it was ported back; the default of 7.1 is io-pkt"
        ),
        ports=PortSet.parse("10000-65535"),
        sources=(
            cite(
                "qnx.com 7.1 and 8.0, sysctl (io-sock)",
                "'ported from FreeBSD', refers to FreeBSD 13",
            ),
            cite(_UNITY_QNX, "8.0 has only io-sock"),
            cite(_PSDK_QNX, "11.10.1 and 11.10.2"),
        ),
        confidence=Confidence.INFERRED,
    ),
    EphemeralProfile(
        system=lookup("qnx-iopkt"),
        version_note="up to 7.1, of which it is the default network stack",
        ports=PortSet.parse("49152-65535"),
        sources=(
            cite("QNX documentation", "io-pkt is a port of NetBSD; no range found there"),
            cite(_UNITY_QNX, "io-pkt, 'which is the default on QNX 7.1'"),
            cite(_PSDK_QNX, "11.10.1: SDP 7.1 with io-pkt"),
        ),
        confidence_note="the releases are stated by vendors of software and chips, not by QNX",
        confidence=Confidence.INFERRED,
    ),
    _lwip(
        system=lookup("lwip"),
        version_note="1.4.0 to 2.2.1 and master of 3d896ba0",
        transports=(Transport.TCP,),
        ports=PortSet.parse("49152-65534"),
        algorithm=(
            "a random value at first, then sequential upwards; the end is tested before the port "
            "is used, so 65535 is never allocated. If the random value is 65535, which happens at "
            "1 in 16,384 starts (with LWIP_RAND), the first search fails and the next ones "
            "allocate 1, 2, 3 and so on"
        ),
        tcp_algorithm="lwip",
        time_wait=120.0,
        time_wait_note="twice TCP_MSL, 60 s, which can be changed when compiling",
        set_with=("TCP_LOCAL_PORT_RANGE_START and _END when compiling",),
        sources=(
            cite(
                _LWIP,
                "src/core/tcp.c:121-126, 204, 1017-1042; include/lwip/priv/tcp_priv.h:134 TCP_MSL",
            ),
            cite("lwip-tcpip/lwip commit 33d6dcec", "bug #33048"),
            cite("espressif/esp-lwip@1d298f08", "src/core/tcp.c: the same range in ESP-IDF"),
            cite(
                "nanovms/lwip@14b0c5a3",
                "src/core/tcp.c: the same range in Nanos",
                checked="2026-11-30",
            ),
            cite(
                "ARMmbed/mbed-os@1632cc9e",
                "features/lwipstack/lwip/src/core/lwip_tcp.c: the same range in Mbed OS",
                checked="2026-11-30",
            ),
            cite(
                "unikraft/lib-lwip@7c1859a7",
                "Makefile.uk and patches: Unikraft has lwIP 2.1.x, and does not change the range",
                checked="2026-11-30",
            ),
        ),
    ),
    _lwip(
        system=lookup("lwip-udp"),
        version_note="1.4.0 to master",
        transports=(Transport.UDP,),
        ports=PortSet.parse("49152-65535"),
        algorithm="a random value at first, then sequential upwards",
        udp_algorithm="lwip",
        sources=(cite(_LWIP, "src/core/udp.c:68-120"),),
    ),
    _from_source(
        system=lookup("lwip-old"),
        ports=PortSet.parse("4096-32767"),
        algorithm="sequential",
        sources=(
            cite(
                "lwip-tcpip/lwip, tags STABLE-1_0_0 to STABLE-1_3_2",
                "TCP_LOCAL_PORT_RANGE_*, UDP_LOCAL_PORT_RANGE_*",
            ),
        ),
    ),
    _from_source(
        system=lookup("zephyr"),
        version_note="read in a net_context.c of 2018 and in a newer one",
        ports=PortSet.parse("32768-65535"),
        algorithm="uniformly random, repeated until a port is free; endless if none is",
        tcp_algorithm="zephyr",
        udp_algorithm="zephyr",
        time_wait=1.5,
        time_wait_note="CONFIG_NET_TCP_TIME_WAIT_DELAY, 1500 ms; 250 ms in 1.13",
        sources=(
            cite(
                "zephyrproject-rtos/zephyr@00ac0487",
                "subsys/net/ip/net_context.c find_available_port(): sys_rand32_get() | 0x8000",
            ),
            cite(
                "zephyrproject-rtos/zephyr@0c315fe8",
                "subsys/net/ip/net_context.c find_available_port(): sys_rand16_get() | 0x8000",
                checked="2026-11-30",
            ),
            cite(
                "zephyrproject-rtos/zephyr@02ae0ade",
                "subsys/net/ip/Kconfig.tcp, NET_TCP_TIME_WAIT_DELAY",
            ),
        ),
    ),
    _without_privileges(
        system=lookup("freertos"),
        version_note="2017 to V4.4.1 and later",
        ports=PortSet.parse("1024-65535"),
        algorithm=(
            "random, repeated until a port is free; the modulo of 16 bits makes 1024-2047 exactly "
            "twice as likely"
        ),
        tcp_algorithm="freertos",
        udp_algorithm="freertos",
        privileged_source=cite(_FREERTOS, "source/FreeRTOS_Sockets.c, FreeRTOS_bind()"),
        set_with=("#define socketAUTO_PORT_ALLOCATION_START_NUMBER",),
        sources=(
            cite(
                _FREERTOS,
                "source/FreeRTOS_Sockets.c:83-88, 2975-3028, prvGetPrivatePortNumber()",
            ),
        ),
    ),
    _without_privileges(
        system=lookup("smoltcp"),
        version_note="all",
        note=(
            "allocates no ports: the application must pass the local port; documents and examples "
            "use 49152 + rand % 16384"
        ),
        time_wait=10.0,
        time_wait_note="fixed (CLOSE_DELAY)",
        privileged_source=cite("smoltcp-rs/smoltcp@5393f885", "src/socket/tcp.rs, listen()"),
        sources=(
            cite("smoltcp-rs/smoltcp@5393f885", "no allocator; src/socket/tcp.rs:300 CLOSE_DELAY"),
        ),
        confidence_note="about the absence of a range",
    ),
    _without_privileges(
        system=lookup("gvisor"),
        version_note="all",
        ports=PortSet.parse("16000-65535"),
        algorithm="RFC 6056 algorithm 1: a random start, then sequential upwards",
        tcp_algorithm="gvisor",
        udp_algorithm="gvisor",
        exclusions="none: ip_local_reserved_ports is an empty stub and cannot be written",
        shares_ports_across_destinations=True,
        sharing_note="connect() compares the destination, and avoids connecting to itself",
        time_wait=60.0,
        time_wait_note="DefaultTCPTimeWaitTimeout; no file in /proc/sys changes it",
        privileged_source=cite(
            "google/gvisor@3c5eee17", "pkg/tcpip, pkg/sentry: no use of CAP_NET_BIND_SERVICE"
        ),
        exhaustion=(("all calls", "EAGAIN (ErrNoPortAvailable), unlike Linux"),),
        read_with=("cat /proc/sys/net/ipv4/ip_local_port_range",),
        read_output=("the first and the last port, separated by a space, not by a tab",),
        set_with=('echo "FIRST LAST" > /proc/sys/net/ipv4/ip_local_port_range',),
        sources=(
            cite(
                "google/gvisor@3c5eee17",
                "pkg/tcpip/ports/ports.go:29, 254-281; pkg/tcpip/transport/tcp/protocol.go:64; "
                "pkg/sentry/fsimpl/proc/tasks_sys.go:104, 114, 489",
            ),
        ),
    ),
)
