"""The ephemeral ranges of Windows, as shipped and as changed by other products.

Linux under Windows is in ``rows_linux``, Docker on Windows in ``rows_middleboxes``.
"""

from __future__ import annotations

from functools import partial

from portranges.ephemeral.model import EphemeralProfile
from portranges.portset import PortSet
from portranges.source import Confidence, cite
from portranges.systems import lookup

_SET_OPTIONS = "-DynamicPortRangeStartPort FIRST -DynamicPortRangeNumberOfPorts COUNT"
# The registry parameter of the length of TIME_WAIT: 120 s since XP, 240 s in 2000.
_TIMED_WAIT = cite(
    "Microsoft KB314053 (MicrosoftDocs/SupportArticles-docs@00fd244b)",
    "tcpip-and-nbt-configuration-parameters.md, TcpTimedWaitDelay",
)
_FOUR_MINUTES = cite(
    "Microsoft tcp-ip-port-exhaustion-troubleshooting.md@0ab43ba7",
    "Windows 10: 'after a period of 4 minutes (default)'",
)

_every_windows = partial(
    EphemeralProfile,
    privileged_below=0,
    privileged_note="no port requires privilege",
    confidence_note="that no port requires privilege is stated by third parties only",
)
# Vista and later, whichever product changed the range.
_windows = partial(
    _every_windows,
    algorithm="the same as windows",
    tcp_algorithm="windows",
    udp_algorithm="windows",
    shares_ports_across_destinations=False,
    sharing_note="the same as windows",
    time_wait=120.0,
    time_wait_note="the same as windows",
    privileged_source=cite(
        "stackoverflow.com/questions/6721153",
        "Winsock listens on port 80 without an administrator; only HTTP.sys has lists of its own",
    ),
)

# NT's network stack before Vista.
_BEFORE_VISTA = (
    cite("Microsoft KB929851 (MicrosoftDocs/SupportArticles-docs@088c29a3)"),
    cite("hsc.fr win_net_srv", "1024 apparently never used"),
    cite("Microsoft KB812873", "ReservedPorts"),
)
_before_vista = partial(
    _every_windows,
    ports=PortSet.parse("1025-5000"),
    algorithm="sequential upwards, with one counter for TCP and UDP (reported by hsc.fr)",
    tcp_algorithm="windows-xp",
    udp_algorithm="windows-xp",
    exclusions="ReservedPorts (REG_MULTI_SZ, one 'xxxx-yyyy' per line), KB812873",
    privileged_source=cite(
        "hsc.fr win_net_srv", "the TCP/IP stack does not implement privileged ports"
    ),
    read_with=(
        "reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters /v MaxUserPort",
    ),
    read_output=("a REG_DWORD, the last port; absent means 5000",),
    set_with=("MaxUserPort (REG_DWORD, 5000 to 65534)",),
    confidence=Confidence.DOCUMENT,
)

ROWS = (
    _windows(
        system=lookup("windows"),
        version_note="Vista, Server 2008, and all later versions (10, 11, Server 2025)",
        ports=PortSet.parse("49152-65535"),
        algorithm="not published",
        exclusions=(
            "excluded port ranges (netsh interface ipv4 show excludedportrange protocol=tcp; '*' "
            "marks administered ranges). Hyper-V, HNS and WinNAT reserve blocks of 100 ports "
            "inside the dynamic range at boot; an explicit bind there fails with WSAEACCES (10013)"
        ),
        socket_overrides=(
            "SO_RANDOMIZE_PORT 0x3005, SO_PORT_SCALABILITY 0x3006, SO_REUSE_UNICASTPORT 0x3007 "
            "with an auto-reuse port range (default 0: none)"
        ),
        per_transport="TCP and UDP have separate ranges",
        per_family=(
            "netsh has separate commands for IPv4 and IPv6. The KB article of 2007 to 2010 states "
            "one range per IP version; the current one states one per transport only"
        ),
        sharing_note="with an auto-reuse port range, connect() shares ports",
        time_wait_note=(
            "Microsoft's documents disagree: the reference of TcpTimedWaitDelay (30 to 300 s) "
            "states 120 s since XP, and 240 s over IPv6; a page for Windows 10 states 4 minutes. "
            "The reference is used, because it says when and why the default was lowered, and "
            "third parties state 120 s for Vista and later. Not measured"
        ),
        exhaustion=(
            ("event log", "4227, 4231"),
            ("kernel status", "STATUS_TOO_MANY_ADDRESSES (0x209)"),
            ("Winsock", "WSAENOBUFS (10055)"),
        ),
        read_with=(
            "netsh interface ipv4 show dynamicport tcp",
            (
                "Get-NetTCPSetting | select "
                "SettingName,DynamicPortRangeStartPort,DynamicPortRangeNumberOfPorts"
            ),
            "Get-NetUDPSetting",
            "WMI root\\StandardCimv2: MSFT_NetTCPSetting, MSFT_NetUDPSetting",
        ),
        read_output=(
            (
                "localised text; the two integers after ':' are the first port and the number of "
                "ports"
            ),
            (
                "a block of 'Key : value' lines for each SettingName; the block Automatic has "
                "empty values"
            ),
            "DynamicPortRangeStartPort and DynamicPortRangeNumberOfPorts",
            (
                "the first port and the number of ports as uint16, not localised; WSL itself uses "
                "this"
            ),
        ),
        set_with=(
            "netsh interface ipv4 set dynamicport tcp start=FIRST num=COUNT",
            f"Set-NetTCPSetting {_SET_OPTIONS}",
            f"Set-NetUDPSetting {_SET_OPTIONS}",
        ),
        set_rules=(
            "documented: at least 255 ports, first port at least 1025, last port at most 65535; "
            "real machines have been seen with start=1024 and num=64511 or num=13977"
        ),
        sources=(
            cite("Microsoft KB929851"),
            cite("ws2def.h", "IPPORT_DYNAMIC_MIN 0xc000, IPPORT_DYNAMIC_MAX 0xffff"),
            cite("Microsoft KB196271", "WSAENOBUFS"),
            _TIMED_WAIT,
            _FOUR_MINUTES,
        ),
        confidence=Confidence.DOCUMENT,
    ),
    _before_vista(
        system=lookup("windows-xp"),
        others=(lookup("windows-2003"),),
        time_wait=120.0,
        time_wait_note=(
            "TcpTimedWaitDelay, 30 to 300 s; the default is 120 s for IPv4 and 240 s for IPv6. "
            "The page of Server 2003 states 120 s as the default of the parameter and 4 minutes "
            "in its description"
        ),
        sources=(
            *_BEFORE_VISTA,
            _TIMED_WAIT,
            cite("Microsoft cc757512 (Server 2003)", "TcpTimedWaitDelay: 0x78, 120 s"),
        ),
    ),
    _before_vista(
        system=lookup("windows-2000"),
        time_wait=240.0,
        time_wait_note="TcpTimedWaitDelay, 30 to 300 s",
        sources=(
            *_BEFORE_VISTA,
            cite("Microsoft cc938217 (Windows 2000)", "TcpTimedWaitDelay: 0xF0, 240 s"),
            _TIMED_WAIT,
        ),
    ),
    _windows(
        system=lookup("windows-exchange2007"),
        version_note="the setup program of Exchange 2007 changes the range",
        ports=PortSet.parse("1025-60000"),
        note="two revisions of Microsoft's page contradict each other",
        sources=(
            cite("Microsoft KB929851", "today's text; revision 5.0 (2009-09) said 1025 to 5000"),
            _TIMED_WAIT,
            _FOUR_MINUTES,
        ),
        confidence=Confidence.DOCUMENT,
    ),
    _windows(
        system=lookup("windows-exchange2010"),
        version_note="the setup programs of Exchange 2010 and of later versions change the range",
        ports=PortSet.parse("6005-65534"),
        note=(
            "59,530 ports from 6005 on. A page of Microsoft's wiki misreads the number of ports as "
            "the last port"
        ),
        sources=(
            cite("1ask2.com, StaticPortCAS", "netsh: start port 6005, 59530 ports"),
            cite("TechNet Wiki 864", "'6005-59530'"),
            cite("blog.rmilne.ca, 2021-04-12", "installing Exchange changes the range"),
            _TIMED_WAIT,
            _FOUR_MINUTES,
        ),
        confidence=Confidence.REPORTED,
    ),
    _windows(
        system=lookup("windows-devbox"),
        version_note="seen from 2020 to 2026",
        note=(
            "starts at 1024; the end varies: 1024-65534 (64,511 ports) and 1024-15000 (13,977 "
            "ports) have been seen"
        ),
        sources=(
            cite("actions/runner-images#1442", "1024 and 64511 after installing Visual Studio"),
            cite("microsoft/WSL#40984", "1024 and 13977 on Windows 11 26200"),
            cite("docker/for-win#3171"),
            _TIMED_WAIT,
            _FOUR_MINUTES,
        ),
        confidence=Confidence.REPORTED,
    ),
)
