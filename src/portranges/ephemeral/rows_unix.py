"""The ephemeral ranges of Solaris, illumos, AIX, HP-UX, OpenVMS, NonStop and z/OS."""

from __future__ import annotations

from portranges.ephemeral.model import EphemeralProfile
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.source import Confidence, cite
from portranges.systems import lookup

ROWS = (
    EphemeralProfile(
        system=lookup("solaris"),
        others=(lookup("illumos"),),
        version_note="Solaris 8 to 11, and current illumos",
        transports=(Transport.TCP, Transport.UDP, Transport.SCTP),
        ports=PortSet.parse("32768-65535"),
        algorithm=(
            "a random 16-bit number; outside the range it becomes smallest + number % (largest - "
            "smallest); then a linear search upwards. So 32768 is three times as likely as 65535, "
            "and all ports between them are twice as likely"
        ),
        tcp_algorithm="solaris",
        udp_algorithm="solaris",
        exclusions="the ports of extra_priv_ports are skipped",
        socket_overrides="TCP_ANONPRIVBIND (from 1023 downwards)",
        per_transport="separate properties for tcp, udp and sctp, with the same default",
        shares_ports_across_destinations=True,
        sharing_note=(
            "illumos: the port that TCP connect() chooses may be in use by connections to other "
            "destinations"
        ),
        time_wait=60.0,
        time_wait_note=(
            "_time_wait_interval, 1 s to 600 s; the manual of Solaris 8 (Oracle 816-0607) states 4 "
            "minutes"
        ),
        privileged_below=1024,
        privileged_extra=PortSet.parse("2049,4045"),
        privileged_note=(
            "smallest_nonpriv_port (1024, settable from 1024 to 32768), and extra_priv_ports, by "
            "default 2049 and 4045"
        ),
        privileged_source=cite(
            "illumos/illumos-gate@1751ed28 and @33be67f2",
            "usr/src/uts/common/inet/tcp/tcp_tunables.c: smallest_nonpriv_port 1024; "
            "inet/tunables.h: ULP_DEF_EPRIV_PORT1 2049, ULP_DEF_EPRIV_PORT2 4045",
        ),
        exhaustion=(
            ("bind(0)", "TNOADDR, which becomes EADDRNOTAVAIL"),
            ("connect()", "EADDRNOTAVAIL"),
        ),
        read_with=(
            "ndd /dev/tcp tcp_smallest_anon_port tcp_largest_anon_port",
            "ipadm show-prop -c -o current -p smallest_anon_port tcp",
        ),
        read_output=(
            "the two values, separated by an empty line",
            "the value (from memory, not checked)",
        ),
        set_with=(
            "ipadm set-prop -p smallest_anon_port=FIRST tcp",
            "ndd -set /dev/tcp tcp_smallest_anon_port FIRST",
        ),
        set_rules="each in 1024..65535, smallest <= largest",
        sources=(
            cite(
                "illumos/illumos-gate@1751ed28",
                "usr/src/uts/common/inet/tcp/tcp_tunables.c",
            ),
            cite("illumos/illumos-gate@39707ee3", "tcp_bind.c tcp_update_next_port()"),
            cite("docs.oracle.com E36845", "SCTP largest_anon_port"),
            cite(
                "RFC 6056",
                "appendix A.5: OpenSolaris 2009.06 uses algorithm 1, 32768 to 65535",
            ),
            cite("Oracle Solaris 11.2 and 11.4 tunable parameters", "_time_wait_interval"),
        ),
        confidence=Confidence.SOURCE,
    ),
    EphemeralProfile(
        system=lookup("aix"),
        version_note="5.x to 7.3",
        ports=PortSet.parse("32768-65535"),
        per_transport=(
            "tcp_ephemeral_low and tcp_ephemeral_high, udp_ephemeral_low and udp_ephemeral_high"
        ),
        time_wait_note="tcp_timewait of the command no, in units of 15 s; its default is unknown",
        privileged_note="ports can be added to the privileged ports (dacinet setpriv)",
        read_with=("no -a | fgrep ephemeral",),
        read_output=("one line 'name = value' for each, possibly with leading blanks",),
        set_with=("no -p -o tcp_ephemeral_low=FIRST -o tcp_ephemeral_high=LAST",),
        set_rules="low >= 1024",
        sources=(
            cite("ibm.com/docs RSCT 3.2", "Ephemeral ports: prints the four values"),
            cite("IBM AIX documentation", "dacinet setpriv"),
            cite("IBM WebSphere 9.0.5 documentation, Tuning AIX systems", "TCP_TIMEWAIT"),
        ),
        confidence=Confidence.DOCUMENT,
    ),
    EphemeralProfile(
        system=lookup("hpux"),
        ports=PortSet.parse("49152-65535"),
        per_transport="separate parameters for tcp and udp",
        time_wait=60.0,
        time_wait_note=(
            "tcp_time_wait_interval, 1 s to 600 s; checked every 60 s (tcp_tw_cleanup_interval), "
            "so up to 120 s"
        ),
        read_with=("ndd -get /dev/tcp tcp_smallest_anon_port",),
        read_output=("the value",),
        set_with=("ndd -set /dev/tcp tcp_smallest_anon_port FIRST", "/etc/rc.config.d/nddconf"),
        note=(
            "smallest <= largest is not checked; if they are reversed, the behaviour is undefined"
        ),
        sources=(
            cite(
                "HP-UX TCP/IP Performance White Paper (2008)",
                "pages 73 and 80: largest_anon_port is 65535, settable from 1024 to 65535; pages "
                "76 and 78: TIME_WAIT",
            ),
            cite("ncftp.com ephemeral_ports", "the first port"),
        ),
        confidence=Confidence.REPORTED,
        confidence_note="about the first port; the last is from the vendor's document",
    ),
    EphemeralProfile(
        system=lookup("openvms"),
        version_note="5.x, on the inet subsystem of Tru64",
        ports=PortSet.parse("49152-65535"),
        sources=(
            cite(
                "Compaq TCP/IP Services for OpenVMS, Tuning",
                "2.1.6.9: ipport_userreserved_min 49152, ipport_userreserved 65535",
            ),
        ),
        confidence=Confidence.DOCUMENT,
    ),
    EphemeralProfile(
        system=lookup("nonstop"),
        version_note="TCP/IP (Parallel Library) and TCP/IPv6 of G06, H06, J06 and later",
        ports=PortSet.parse("1024-65024"),
        privileged_below=1024,
        privileged_source=cite("HP 524523-012", "page 8-46: MAX-PRIV-PORT, default 1023"),
        privileged_note=(
            "up to MAX-PRIV-PORT (1023), or in TCP/IP (Parallel Library) below MIN-EPHEMERAL-PORT "
            "(1024), only for the super group"
        ),
        note="split into 16 slices, one per processor",
        sources=(
            cite("HP 522271-006", "page 5-29"),
            cite("HP 524523-012", "page 8-46: MIN-EPHEMERAL-PORT, MAX-EPHEMERAL-PORT"),
        ),
        confidence=Confidence.DOCUMENT,
    ),
    EphemeralProfile(
        system=lookup("zos"),
        version_note="configurable from V2R1 on; fixed before",
        ports=PortSet.parse("1024-65535"),
        exclusions="reservations by PORT and PORTRANGE, and BPXPRM INADDRANYPORT with its COUNT",
        per_transport="EPHEMERALPORTS in TCPCONFIG and in UDPCONFIG",
        privileged_below=0,
        privileged_source=cite(
            "IBM z/OS V2R1 Communications Server, sample PROFILE.TCPIP",
            "'A port that is not reserved in this list can be used by any user'",
        ),
        privileged_note=(
            "no port requires privilege, unless PORT or PORTRANGE reserves it; with "
            "RESTRICTLOWPORTS, 1 to 1023 require APF authorization or UID 0"
        ),
        read_with=("NETSTAT CONFIG (-f)",),
        read_output=("a report, not captured",),
        set_with=("EPHEMERALPORTS FIRST LAST in PROFILE.TCPIP",),
        sources=(
            cite("IBM z/OS V2R1 Communications Server", "halg001 reniteph"),
            cite("IBM z/OS V2R3 Communications Server", "halz001 UDPCONFIG"),
        ),
        confidence=Confidence.DOCUMENT,
    ),
)
