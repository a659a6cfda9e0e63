"""The ephemeral ranges of Linux, Android and the Windows Subsystem for Linux.

Linux as an address translator is in ``rows_middleboxes``.
"""

from __future__ import annotations

from functools import partial

from portranges.ephemeral.model import EphemeralProfile
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.source import MEASURED_ON_LINUX, Confidence, cite
from portranges.systems import lookup

_WSL = "microsoft/WSL@3e27a6a5"
_AS_LINUX = "the same as linux, because it has its kernel"
_KERNEL_INFERRED = "what is the same as linux is inferred from the kernel"
_PRIVILEGED = cite("torvalds/linux commit 4548b683b781", "ip_unprivileged_port_start")
_LINUX_2_6_24 = "0x88888888/Linux2.6.24-comments@697052b1"
_LINUX_3_0 = "1299030893/linux-3.0.27@e0f8a7f4"
_LINUX_2_6_12 = "torvalds/linux@1da177e4 (2.6.12-rc2)"

_linux = partial(
    EphemeralProfile,
    read_with=(
        "cat /proc/sys/net/ipv4/ip_local_port_range",
        "sysctl net.ipv4.ip_local_port_range",
    ),
    read_output=(
        "the first and the last port, separated by a tab",
        "'net.ipv4.ip_local_port_range = ', then the first and the last port, separated by a tab",
    ),
    confidence=Confidence.SOURCE,
)
# What tcp_init() of 2.4 and 2.6 derives from the size of the hash table of bound ports, which
# depends on the memory: order 0 is one page.
_linux_2_4 = partial(
    _linux,
    time_wait=60.0,
    time_wait_note="TCP_TIMEWAIT_LEN in 2.6.12-rc2; 2.4 was not checked",
    sources=(
        cite(_LINUX_2_6_12, "net/ipv4/tcp.c, tcp_init(); include/net/tcp.h, TCP_TIMEWAIT_LEN"),
        cite("Andi Kleen's patch of 2005-06-11", "net/ipv4/tcp.c: order >= 4, was order > 4"),
        cite(_LINUX_2_6_24, "net/ipv4/tcp.c:2706: order >= 4"),
    ),
)

# Systems with the kernel of linux; what differs between them is the range.
_with_its_kernel = partial(
    EphemeralProfile,
    algorithm="the same as linux",
    tcp_algorithm="linux-connect",
    tcp_bind_algorithm="linux-bind",
    udp_algorithm="linux-udp",
    shares_ports_across_destinations=True,
    sharing_note=_AS_LINUX,
    time_wait=60.0,
    time_wait_note=_AS_LINUX,
    privileged_below=1024,
    privileged_source=_PRIVILEGED,
    privileged_note=_AS_LINUX,
    confidence_note=_KERNEL_INFERRED,
)

ROWS = (
    _linux(
        system=lookup("linux"),
        version_note="May 2015; checked in 6.18, and connect() also in 7.1.5",
        transports=(Transport.TCP, Transport.UDP, Transport.SCTP),
        ports=PortSet.parse("32768-60999"),
        algorithm=(
            "TCP connect(): a variant of RFC 6056 algorithm 4: offset = (siphash(source address, "
            "destination address, destination port, jiffies / 10 s) >> 32 + table_perturb[hash & "
            "65535]) % n. The ports with the parity of the range's first port are tried first, in "
            "steps of 2, then those of the other parity. After a success the table entry grows by "
            "max(i, 2 * rand(0..7)) + 2. Since 7.1 net.ipv4.ip_local_port_step_width (default 0, "
            "off) limits a random step, coprime to the number of ports, which connect() "
            "uses instead of 2. TCP bind(0) and listen(): a random start; the parity that "
            "the first port does not have is tried first. With SO_REUSEADDR the lower half of the "
            "range is tried before the upper half. UDP: a uniformly random start, no parity"
        ),
        tcp_algorithm="linux-connect",
        tcp_bind_algorithm="linux-bind",
        udp_algorithm="linux-udp",
        exclusions=(
            "net.ipv4.ip_local_reserved_ports, such as '8080,9148,30000-32767': connect() and "
            "bind(0) of TCP, UDP and SCTP skip these ports; an explicit bind does not. It reads "
            "back normalised and merged, and an empty list reads back as a line break. Spaces and "
            "reversed ranges are EINVAL; 0 and 65535 are accepted"
        ),
        socket_overrides=(
            "IP_LOCAL_PORT_RANGE (51, SOL_IP, a u32 last << 16 | first, since 6.3); "
            "IP_BIND_ADDRESS_NO_PORT (24, since 4.2)"
        ),
        per_transport=(
            "one range for TCP, UDP, UDP-Lite, SCTP and MPTCP; ICMP ping sockets use 1-65535"
        ),
        per_family="one sysctl for IPv4 and IPv6; there is none in net.ipv6",
        scope=(
            "a network namespace; a new namespace starts with the compiled default, whatever the "
            "setting of its creator"
        ),
        shares_ports_across_destinations=True,
        sharing_note=(
            "TCP connect() compares the four-tuple, so a port can be used for several destinations "
            "unless a socket bound by bind() holds it. bind(address, 0) and UDP do not share ports"
        ),
        time_wait=60.0,
        time_wait_note=(
            "fixed (TCP_TIMEWAIT_LEN), measured to end after 60.09 s; an orphan in FIN_WAIT2 stays "
            "for tcp_fin_timeout, which is also 60 s"
        ),
        privileged_below=1024,
        privileged_source=_PRIVILEGED,
        privileged_note=(
            "a port below net.ipv4.ip_unprivileged_port_start (default 1024, per network "
            "namespace) requires CAP_NET_BIND_SERVICE; 0 removes the rule. It must not be above "
            "the first port of the range. Since 20.10, Docker sets it to 0 in containers, but not "
            "with host networking"
        ),
        exhaustion=(
            ("TCP connect()", "EADDRNOTAVAIL"),
            ("TCP bind(0)", "EADDRINUSE"),
            ("TCP listen() without bind()", "EADDRINUSE"),
            ("UDP bind(0)", "EADDRINUSE"),
            ("UDP connect() or sendto() without bind()", "EAGAIN"),
        ),
        set_with=(
            'sysctl -w net.ipv4.ip_local_port_range="FIRST LAST"',
            'echo "FIRST LAST" > /proc/sys/net/ipv4/ip_local_port_range',
        ),
        set_rules=(
            "1 <= first <= last <= 65535 and first >= ip_unprivileged_port_start, otherwise "
            "EINVAL; separated by a space or a tab, a comma is EINVAL; one number sets only the "
            "first port; two bounds of the same parity are accepted, with one warning per namespace"
        ),
        sources=(
            cite(
                "danayer/linux-7.1.5@9d1745cf",
                "net/ipv4/af_inet.c:1790 inet_init_net()",
                checked="2026-11-30",
            ),
            cite("torvalds/linux commit 07f4c90062f8", "2015-05-24"),
            cite(
                "danayer/linux-7.1.5@9d1745cf",
                "net/ipv4/inet_hashtables.c __inet_hash_connect(), ip-sysctl.rst",
            ),
            MEASURED_ON_LINUX,
            _PRIVILEGED,
            cite("moby/moby#41030", "ip_unprivileged_port_start in containers"),
        ),
        confidence_note="also measured on Linux 6.18",
    ),
    _linux(
        system=lookup("linux-2.6.24"),
        version_note="from 2.6.24 on, the range does not depend on the size of the memory",
        ports=PortSet.parse("32768-61000"),
        algorithm=(
            "connect(): first + (hash(source address, destination address, destination port) "
            "+ hint + i) % n, in steps of 1 (RFC 6056 algorithm 3); bind(0): a random start, in "
            "steps of 1; no parity"
        ),
        tcp_algorithm="linux-2.6.24-connect",
        tcp_bind_algorithm="linux-2.6.24-bind",
        shares_ports_across_destinations=True,
        sharing_note="TCP connect() compares the four-tuple",
        time_wait=60.0,
        time_wait_note="fixed (TCP_TIMEWAIT_LEN)",
        privileged_below=1024,
        privileged_source=cite(
            _LINUX_2_6_24,
            "include/net/sock.h:791 PROT_SOCK; also 3.0.27, net/ipv4/af_inet.c:496",
        ),
        privileged_note="fixed (PROT_SOCK); requires CAP_NET_BIND_SERVICE",
        note="28,233 ports, an odd number",
        sources=(
            cite(
                _LINUX_2_6_24,
                "net/ipv4/inet_connection_sock.c:35; include/net/tcp.h:108 TCP_TIMEWAIT_LEN",
            ),
            cite(_LINUX_3_0, "net/ipv4/inet_connection_sock.c:35-38"),
            cite(
                "torvalds/linux commit 07f4c90062f8",
                "the documentation said 32768 and 61000 before",
            ),
            cite("RFC 6056", "appendix A.2: Linux 2.6.15 implements algorithm 3, with MD5"),
        ),
    ),
    _linux_2_4(
        system=lookup("linux-2.4-bigmem"),
        version_note=(
            "begins in 2.3 or 2.4; a hash table of order 5 or more up to 2.6.11, of order 4 or "
            "more from 2.6.12 or 2.6.13 on; documented as more than 128 MB of memory"
        ),
        ports=PortSet.parse("32768-61000"),
    ),
    _linux_2_4(
        system=lookup("linux-2.4-lowmem"),
        version_note=(
            "begins in 2.3 or 2.4; a hash table of order 4 or less up to 2.6.11, of order 3 or "
            "less from 2.6.12 or 2.6.13 on"
        ),
        ports=PortSet.parse("1024-4999"),
        note=(
            "the first port is 1024, of order 1 it is 2048 and of order 0 3072; the last is "
            "always 4999"
        ),
    ),
    _linux(
        system=lookup("linux-2.2"),
        version_note="from 2.1.68, which introduced the sysctl",
        ports=PortSet.parse("1024-4999"),
        algorithm="sequential (tcp_port_rover)",
        tcp_algorithm="bsd-sequential",
        udp_algorithm="bsd-sequential",
        sharing_note=(
            "later kernels compare the four-tuple in TCP connect(); in 2.2 tcp_good_socknum() "
            "chooses a port that no socket has, but its callers were not read"
        ),
        sources=(
            cite(
                "linas/i370-linux-2.2.1@8089b4c6 (a port to other hardware)",
                "net/ipv4/tcp_ipv4.c sysctl_local_port_range[2] = { 1024, 4999 }, "
                "tcp_good_socknum()",
                checked="2026-11-30",
            ),
            cite(
                "mkerrisk/man-pages@ae6b2218",
                "man7/ip.7: since Linux 2.2, precisely 2.1.68",
            ),
        ),
    ),
    _with_its_kernel(
        system=lookup("android"),
        version_note="with a kernel from 4.2 on; older devices have 32768-61000",
        ports=PortSet.parse("32768-60999"),
        note="no other range was found, but the init.rc of a manufacturer may set one",
        sources=(
            cite(
                "aosp-mirror/platform_system_core@a3b721a3 (2025-03-26)",
                "rootdir/init.rc sets five values of net/ipv4, but not ip_local_port_range",
            ),
        ),
        confidence=Confidence.INFERRED,
    ),
    _with_its_kernel(
        system=lookup("wsl2"),
        version_note="all",
        ports=PortSet.parse("32768-60999"),
        sources=(
            cite(
                _WSL,
                "src/linux/init/main.cpp:3239 writes the range only where it is given one, "
                "which is mirrored mode",
            ),
        ),
        confidence=Confidence.INFERRED,
    ),
    _with_its_kernel(
        system=lookup("wsl2-mirrored"),
        version_note="all versions with a mirrored mode; the source has been open since 2025-05",
        note=(
            "4,096 consecutive ports, which the host's network service allocates when the virtual "
            "machine starts. The first port varies; one example is 44619-48714. The guest's "
            "ip_local_port_range is set to these ports, and the Windows host cannot use them"
        ),
        sources=(
            cite(
                _WSL,
                "src/windows/service/exe/WslCoreGuestNetworkService.cpp:114-152: "
                "c_ephemeralPortRangeSize = 4095, which makes 4,096 ports",
            ),
            cite(_WSL, "src/linux/init/main.cpp:3526-3560 writes ip_local_port_range"),
            cite("microsoft/WSL#12228", "44619-48715, then 37794-41890"),
        ),
        confidence=Confidence.SOURCE,
        confidence_note=f"that there is no fixed range; {_KERNEL_INFERRED}",
    ),
    _with_its_kernel(
        system=lookup("wslc"),
        version_note="since commit 358ab87d4",
        ports=PortSet.parse("10000-20001"),
        sources=(
            cite(
                _WSL,
                "src/shared/inc/lxinitshared.h:299 c_ephemeralPortRange; WSLCInit.cpp:1199",
            ),
        ),
        confidence=Confidence.SOURCE,
    ),
)
