"""The ephemeral ranges of 4.3BSD and its descendants, including XNU.

The low range of ``rresvport()`` is in ``rows_middleboxes``.
"""

from __future__ import annotations

from functools import partial

from portranges.ephemeral.model import EphemeralProfile
from portranges.portset import PortSet
from portranges.source import Confidence, cite
from portranges.systems import lookup

_PORTRANGE_READ_WITH = "sysctl net.inet.ip.portrange.first net.inet.ip.portrange.last"
_PORTRANGE_READ_OUTPUT = "one line 'name: value' for each"
_CSRG = "jonathangray/csrg@d8611391"
_XNU = "apple-oss-distributions/xnu@a1e26a70 (xnu-11417.121.6)"

_from_source = partial(EphemeralProfile, confidence=Confidence.SOURCE)
_freebsd = partial(
    _from_source,
    read_with=(_PORTRANGE_READ_WITH, "sysctl -n net.inet.ip.portrange.first"),
    read_output=(_PORTRANGE_READ_OUTPUT, "only the value"),
)
_old_freebsd = partial(
    _freebsd,
    shares_ports_across_destinations=False,
    sharing_note="a port is unique per local address, as in all releases up to 10.4",
)

ROWS = (
    _from_source(
        system=lookup("macos"),
        version_note=(
            "read in 23 tags of xnu, from xnu-123.5 (Mac OS X 10.0) to xnu-11417.121.6 (macOS "
            "15); macOS 26 (2025-09, xnu-12377) could not be opened"
        ),
        ports=PortSet.parse("49152-65535"),
        skipped=PortSet.parse("55555"),
        algorithm=(
            "if random: first + rand16 % 16383, plus 1, so the first port tried is in 49153-65535, "
            "and 49153-49156 are slightly more likely; otherwise sequential upwards. It counts "
            "down if the first port is above the last, without swapping them"
        ),
        tcp_algorithm="macos-tcp",
        udp_algorithm="macos-udp",
        exclusions=(
            "restricted ports are never allocated (net.restricted_port, a read-only bitmap): "
            "55555, since xnu-7195 (macOS 11). UDP: EADDRNOTAVAIL if fewer than "
            "4,096 UDP ports would be left, unless "
            "net.inet.ip.portrange.ipport_allow_udp_port_exhaustion=1"
        ),
        socket_overrides=(
            "IP_PORTRANGE (19) HIGH, LOW, DEFAULT; IPV6_PORTRANGE (14); SOF_BINDRANDOMPORT"
        ),
        per_transport=(
            "one range; TCP is sequential by default (net.inet.tcp.randomize_ports=0), UDP random "
            "(net.inet.udp.randomize_ports=1)"
        ),
        per_family="IPv6 uses the same variables (in6_src.c:1690-1710)",
        shares_ports_across_destinations=False,
        sharing_note=(
            "the implicit bind of connect() always uses a port that no socket holds, so each "
            "transport has at most 16,384 sockets"
        ),
        time_wait=30.0,
        time_wait_note="twice net.inet.tcp.msl, 15 s",
        privileged_below=1024,
        privileged_source=cite(_XNU, "bsd/netinet/in_pcb.c, in_pcbbind()"),
        privileged_note=(
            "since macOS 10.14 (xnu-4903) only for a specific address; binding 0.0.0.0 or :: "
            "requires no privilege"
        ),
        exhaustion=(
            ("IPv4 bind(0) or connect()", "EADDRNOTAVAIL"),
            ("IPv6 bind(0) or connect()", "EAGAIN"),
        ),
        read_with=(_PORTRANGE_READ_WITH,),
        read_output=(_PORTRANGE_READ_OUTPUT,),
        set_with=("sysctl -w net.inet.ip.portrange.first=FIRST",),
        set_rules="clamped to 1024..65535 (the low pair to 1..1023)",
        sources=(
            cite(_XNU, "bsd/netinet/in_pcb.c:177-182, 1140-1330"),
            cite(
                "apple-oss-distributions/xnu, all 38 tags from xnu-6153.11.26 to xnu-11417.121.6",
                "bsd/net/restricted_in_port.c: 55555 is in none of the 7 of xnu-6153",
            ),
            cite("apple-oss-distributions/xnu (xnu-11417.101.15)", "TCPTV_MSL is 15 s"),
            cite("redis/redis#5043", "net.inet.tcp.msl is 15000"),
        ),
    ),
    _from_source(
        system=lookup("ios"),
        version_note="the same xnu as macOS",
        ports=PortSet.parse("49152-65535"),
        skipped=PortSet.parse("55555,61314,61315,62742,62743"),
        algorithm="the same as macos",
        tcp_algorithm="macos-tcp",
        udp_algorithm="macos-udp",
        exclusions=(
            "restricted ports are never allocated: 61314, 61315, 62742 and 62743 since xnu-6153, "
            "and 55555 since xnu-7195"
        ),
        shares_ports_across_destinations=False,
        sharing_note="the same as macos",
        time_wait=30.0,
        time_wait_note="the same as macos, because it has its kernel (inferred)",
        privileged_below=0,
        privileged_source=cite(
            _XNU, "bsd/netinet/in_pcb.c: XNU_TARGET_OS_OSX around the privilege check"
        ),
        privileged_note="no check is compiled in, at least since xnu-4570",
        sources=(
            cite(
                "apple-oss-distributions/xnu@a1e26a70",
                "bsd/netinet/in_pcb.c: XNU_TARGET_OS_OSX (earlier !CONFIG_EMBEDDED) around the "
                "privilege check; bsd/net/restricted_in_port.c:73-117",
            ),
        ),
    ),
    _freebsd(
        system=lookup("freebsd"),
        others=(lookup("freebsd-14"), lookup("freebsd-13")),
        version_note=(
            "9.3, 10.4, 13.1 and 14.0-STABLE checked; RFC 6056 names 8.0, which is not confirmed "
            "as the first"
        ),
        ports=PortSet.parse("10000-65535"),
        algorithm=(
            "first + arc4random() % (last - first), plus 1, then a linear search; so the first "
            "port tried is in 10001-65535, and 10000 is reached only by wrapping around. Up to "
            "13.x, TCP becomes sequential above randomcps (10) ports per second, for randomtime "
            "(45) s; 14 has no such setting and is always random if randomized=1"
        ),
        tcp_algorithm="freebsd",
        udp_algorithm="freebsd",
        exclusions="none: no list of reserved ports; mac_portacl limits explicit binds only",
        socket_overrides=(
            "IP_PORTRANGE (19): DEFAULT is first to last, HIGH hifirst to hilast (49152-65535), "
            "LOW lowfirst to lowlast (1023 down to 600, privileged); IPV6_PORTRANGE likewise"
        ),
        per_transport="the same for TCP and UDP",
        per_family="IPv6 uses the same variables; IPV6_PORTRANGE exists",
        scope="a virtual network stack (VIMAGE)",
        shares_ports_across_destinations=True,
        sharing_note=(
            "13.1 and 14: connect() compares the four-tuple (in_pcb_lport_dest); 10.4 and earlier: "
            "a port is unique per local address"
        ),
        time_wait=60.0,
        time_wait_note=(
            "twice net.inet.tcp.msl, 30 s; recent releases have msl_local, 10 ms, so about 20 ms "
            "for local connections (from captures of third parties; the first such release is "
            "unknown)"
        ),
        privileged_below=1024,
        privileged_source=cite(
            "ilnp/ilnp-freebsd14@2f2a4162", "sys/netinet/in_pcb.c, ipport_reservedhigh"
        ),
        privileged_note=(
            "net.inet.ip.portrange.reservedlow (0) to reservedhigh (1023); sysctl changes them "
            "(CTLFLAG_SECURE)"
        ),
        exhaustion=(("bind(0) or connect()", "EADDRNOTAVAIL"),),
        set_with=(
            "sysctl net.inet.ip.portrange.first=FIRST",
            "sysctl net.inet.ip.portrange.last=LAST",
        ),
        set_rules=(
            "first, last, hifirst and hilast are silently clamped to 1024..65535, lowfirst and "
            "lowlast to 1..1023; a reversed pair is swapped"
        ),
        sources=(
            cite(
                "ilnp/ilnp-freebsd14@2f2a4162",
                "sys/netinet/in_pcb.c:126-131, in.h:324-325",
            ),
            cite("MPTCP-FreeBSD/FB13.1-ML-MPTCP-SRC@23e1b47c", "sys/netinet/in_pcb.c"),
            cite("coder03/freebsd10.4@3d3f8b11", "in_pcb.c:106-111"),
            cite("dcui/FreeBSD-9.3_kernel@39d9caaa", "sys/netinet/in_pcb.c"),
            cite("rodrigc/bz-vimage@0729aa4a", "in.h"),
            cite("RFC 6056", "appendix A.1: FreeBSD 8.0 uses algorithm 1, 10000 to 65535"),
            cite("5BSD/5BSD@392999c (from FreeBSD CURRENT)", "connect() shares over destinations"),
            cite("FreeBSD tcp(4)", "net.inet.tcp.msl"),
        ),
        confidence_note="the length of TIME_WAIT is from the manual, not from the source",
    ),
    _old_freebsd(
        system=lookup("freebsd-4.6"),
        ports=PortSet.parse("49152-65535"),
        time_wait=60.0,
        time_wait_note="twice net.inet.tcp.msl, 30 s",
        privileged_below=1024,
        privileged_source=cite(
            "TrustedBSD/sebsd@fd5de6f5", "sys/netinet/in_pcb.c:100, 327: ipport_reservedhigh"
        ),
        privileged_note="net.inet.ip.portrange.reservedhigh (1023)",
        algorithm=(
            "random start (net.inet.ip.portrange.randomized=1); TCP becomes sequential above "
            "randomcps (10) ports per second, until randomtime (45) s have passed"
        ),
        sources=(
            cite(
                "TrustedBSD/sebsd@fd5de6f5",
                "sys/netinet/in_pcb.c; tcp_timer.h:75 TCPTV_MSL, tcp_subr.c:1709",
            ),
            cite("lists.freebsd.org freebsd-net", "2007-02-12: a dump of sysctl, 49152 to 65535"),
        ),
        confidence_note="in a snapshot of 6-current; the versions are from third parties",
    ),
    _old_freebsd(
        system=lookup("freebsd-2"),
        ports=PortSet.parse("1024-5000"),
        algorithm="sequential upwards",
        tcp_algorithm="bsd-sequential",
        udp_algorithm="bsd-sequential",
        privileged_below=1024,
        privileged_source=cite(
            "freebsd/freebsd-src@00503a16", "sys/netinet/in_pcb.c, in_pcbbind(): IPPORT_RESERVED"
        ),
        privileged_note="fixed (IPPORT_RESERVED)",
        note="IP_PORTRANGE_HIGH was 40000-44999 in these releases",
        sources=(
            cite(
                "freebsd/freebsd-src@00503a16 and @589d2699",
                "sys/netinet/in_pcb.c",
            ),
            cite("Wikipedia, Ephemeral port", "the IANA range since 4.6"),
        ),
        confidence_note="in files of 2.1.6 and 3.0-current; the last version is from a third party",
    ),
    _from_source(
        system=lookup("openbsd"),
        version_note="read in the sources of 2014 (5.6) and 2025 (7.7); 4.2 is from RFC 6056",
        ports=PortSet.parse("1024-49151"),
        algorithm=(
            "lower + arc4random_uniform(higher - lower), plus 1, then a linear search; so the "
            "first port tried is in 1025-49151, and 1024 is reached only by wrapping around"
        ),
        tcp_algorithm="openbsd",
        udp_algorithm="openbsd",
        exclusions=(
            "net.inet.tcp.baddynamic and net.inet.udp.baddynamic (comma-separated lists, edited "
            "with +N and -N), and the port of IPsec over UDP (udpencap_port). In the default range "
            "these are 2049 and 6000-6010 of TCP, and 2049, 3784, 3785 and 7784 of UDP"
        ),
        socket_overrides="IP_PORTRANGE (19): HIGH is 49152-65535, LOW 1023 down to 600",
        per_transport="one range; TCP and UDP have separate exclusions",
        shares_ports_across_destinations=False,
        sharing_note=(
            "the implicit bind of connect() uses a port that is free at the source address, "
            "unless SO_REUSEADDR or SO_REUSEPORT is set"
        ),
        time_wait=60.0,
        time_wait_note="twice TCPTV_MSL, 30 s",
        privileged_below=1024,
        privileged_source=cite("openbsd/src@27ae666c", "sys/netinet/in_pcb.c, IPPORT_RESERVED"),
        privileged_extra=PortSet.parse("2049"),
        privileged_note=(
            "fixed; newer releases add the lists net.inet.tcp.rootonly and net.inet.udp.rootonly, "
            "by default 2049"
        ),
        exhaustion=(("bind(0) or connect()", "EADDRNOTAVAIL"),),
        read_with=("sysctl net.inet.ip.portfirst net.inet.ip.portlast",),
        read_output=("one line 'name=value' for each",),
        set_with=(
            "sysctl net.inet.ip.portfirst=FIRST",
            "sysctl net.inet.ip.portlast=LAST",
            "net.inet.ip.porthifirst and net.inet.ip.porthilast for IP_PORTRANGE_HIGH",
        ),
        sources=(
            cite(
                "openbsd/src@27ae666c",
                "sys/netinet/in_pcb.c (rev 1.160): ipport_firstauto = IPPORT_RESERVED, "
                "ipport_lastauto = IPPORT_USERRESERVED",
            ),
            cite(
                "openbsd/src@92de07be",
                "sys/netinet/in.h (rev 1.88): IPPORT_USERRESERVED 49151",
                checked="2026-11-30",
            ),
            cite("openbsd/src@00007ca3", "lib/libc/sys/sysctl.2"),
            cite("RFC 6056", "appendix A.4: OpenBSD 4.2 uses algorithm 1, 1024 to 49151"),
            cite(
                "OpenBSD sys/netinet/in_pcb.c rev 1.320 (2025-07-14)",
                "ipport_firstauto, ipport_lastauto; in_pcbpickport(), in_rootonly(); what "
                "connect() picks",
                checked="2026-11-30",
            ),
            cite(
                "OpenBSD sys/netinet/in.h rev 1.149 (2025-03-02)",
                "IPPORT_RESERVED 1024, IPPORT_USERRESERVED 49151",
                checked="2026-11-30",
            ),
            cite(
                "OpenBSD sys/netinet/in_pcb.h rev 1.171 (2025-07-14)",
                "DEFBADDYNAMICPORTS_TCP and _UDP, DEFROOTONLYPORTS_TCP and _UDP",
                checked="2026-11-30",
            ),
            cite(
                "openbsd/src@00007ca3",
                "sys/netinet/tcp_timer.h (rev 1.19): TCPTV_MSL 30",
                checked="2026-11-30",
            ),
        ),
    ),
    _from_source(
        system=lookup("netbsd"),
        version_note="read in sources of 2013 to 2021, of 6.0 and later; 5.0.1 is from RFC 6056",
        ports=PortSet.parse("49152-65535"),
        algorithm=(
            "default 'bsd': downwards from 65535, with separate counters for TCP and UDP and for "
            "IPv4 and IPv6; net.inet.ip.anonportalgo.selected selects random_start, random_pick, "
            "hash, doublehash or randinc instead"
        ),
        tcp_algorithm="netbsd",
        udp_algorithm="netbsd",
        exclusions=(
            "a bitmap per family (inet4_reserve, inet6_reserve; its sysctl "
            "net.inet.ip.anonportalgo.reserve is from third parties)"
        ),
        socket_overrides=(
            "IP_PORTRANGE LOW, net.inet.ip.lowportmin to lowportmax (600 to 1023; HIGH is the same "
            "as DEFAULT); IP_PORTALGO or IP_PORTSEL, which names an algorithm"
        ),
        per_family=(
            "separate: net.inet.ip.anonportmin and anonportmax, net.inet6.ip6.anonportmin and "
            "anonportmax"
        ),
        shares_ports_across_destinations=False,
        sharing_note="the implicit bind of connect() uses a port that no socket holds",
        time_wait=60.0,
        time_wait_note=(
            "for remote peers; MSL truncation, on by default, reduces it to 2 s on loopback and 10 "
            "s on the local network"
        ),
        privileged_below=1024,
        privileged_source=cite(
            "NetBSD/src@021abaf7", "sys/netinet/in.h: IPPORT_RESERVED 1024, IPNOPRIVPORTS"
        ),
        privileged_note="unless the kernel has the option IPNOPRIVPORTS",
        exhaustion=(
            ("algorithm bsd", "EAGAIN"),
            ("algorithms random_start, random_pick, hash", "EINVAL"),
        ),
        read_with=("sysctl net.inet.ip.anonportmin net.inet.ip.anonportmax",),
        read_output=("one line 'name = value' for each",),
        set_with=("sysctl -w net.inet.ip.anonportmin=FIRST",),
        sources=(
            cite("NetBSD/src@08770e5b", "sys/netinet/portalgo.c (rev 1.1.4.3)"),
            cite(
                "NetBSD/src@50ee86fb",
                "sys/netinet/portalgo.c (rev 1.1.2.3, 2017-12-03): the same",
                checked="2026-11-30",
            ),
            cite(
                "NetBSD sys/netinet/in.h rev 1.114 (2021-02-03)",
                "IPPORT_ANONMIN 49152, IPPORT_ANONMAX 65535",
                checked="2026-11-30",
            ),
            cite("NetBSD/src@0b53088c", "share/man/man7/rfc6056.7"),
            cite(
                "NetBSD/src@021abaf7",
                "sys/netinet/in.h (rev 1.104): IPPORT_ANONMIN 49152, IPPORT_ANONMAX 65535",
            ),
            cite(
                "RFC 6056",
                "appendix A.3: NetBSD 5.0.1 picks 49152-65535 downwards from 65535",
            ),
            cite(
                "krytarowski/netbsd-current-src-sys@a5dbcfb (NetBSD-current, 2015-02-10)",
                "netinet/tcp_subr.c: tcp_msl_loop 1 s, tcp_msl_local 5 s, tcp_msl_remote 30 s",
                checked="2026-11-30",
            ),
        ),
    ),
    _from_source(
        system=lookup("dragonfly"),
        version_note="read in sources of 2008 to 2018 and later",
        ports=PortSet.parse("1024-5000"),
        algorithm=(
            "sequential, never random; newer releases: one slice of the ports per CPU, in steps of "
            "ncpus2"
        ),
        tcp_algorithm="bsd-sequential",
        udp_algorithm="bsd-sequential",
        exclusions=(
            "in_baddynamic() exists in the newer source, but the loops that were read do not call "
            "it"
        ),
        socket_overrides="IP_PORTRANGE: HIGH is 49152-65535, LOW 1023 down to 600",
        shares_ports_across_destinations=True,
        sharing_note=(
            "newer releases: TCP connect() compares the four-tuple (in_pcbbind_remote) and avoids "
            "connecting to itself"
        ),
        time_wait=60.0,
        time_wait_note="twice net.inet.tcp.msl, 30 s",
        privileged_below=1024,
        privileged_source=cite(
            "DragonFlyBSD/DragonFlyBSD@002c1265",
            "sys/netinet/in_pcb.c, in_pcbbind(): IPPORT_RESERVED, PRIV_NETINET_RESERVEDPORT",
        ),
        privileged_note="fixed (IPPORT_RESERVED)",
        exhaustion=(("bind(0) or connect()", "EADDRNOTAVAIL"),),
        read_with=(_PORTRANGE_READ_WITH,),
        read_output=(_PORTRANGE_READ_OUTPUT,),
        sources=(
            cite(
                "DragonFlyBSD/DragonFlyBSD@002c1265 and @aac7374f",
                "sys/netinet/in_pcb.c; @002c1265: tcp_timer.h, TCPTV_MSL",
            ),
            cite("DragonFlyBSD/DragonFlyBSD@003c13f8", "sys/netinet/in.h"),
        ),
    ),
    _from_source(
        system=lookup("bsd-4.3"),
        ports=PortSet.parse("1024-5000"),
        algorithm="sequential",
        tcp_algorithm="bsd-sequential",
        udp_algorithm="bsd-sequential",
        time_wait=60.0,
        time_wait_note="twice TCPTV_MSL, 30 s",
        privileged_below=1024,
        privileged_source=cite(_CSRG, "sys/netinet/in_pcb.c:131, in.h: IPPORT_RESERVED"),
        privileged_note="fixed (IPPORT_RESERVED)",
        sources=(
            cite(
                _CSRG,
                "sys/netinet/in_pcb.c:141-148, in.h:68-69: IPPORT_RESERVED 1024, "
                "IPPORT_USERRESERVED 5000; tcp_timer.h:86 TCPTV_MSL, tcp_input.c:1114",
            ),
        ),
    ),
)
