"""Where each setting is read on each system, and which settings are not readable.

Each row has its source. A value has one row for each way to read it. They are tried in order: the
second is used if the first has no such file or program, or prints what its parser does not know.
"""

from __future__ import annotations

from functools import partial

from portranges import types
from portranges.families import Family
from portranges.ports import Transport
from portranges.source import MEASURED_ON_LINUX, cite
from portranges.system.model import Field, OriginKind, Reading, UnreadSetting
from portranges.system.parse_bsd import (
    parse_freebsd_reservedhigh,
    parse_msl,
    parse_netbsd_range,
    parse_openbsd_baddynamic,
    parse_openbsd_range,
    parse_portrange,
)
from portranges.system.parse_linux import (
    parse_linux_milliseconds,
    parse_linux_number,
    parse_linux_port,
    parse_linux_range,
    parse_linux_reserved,
    parse_linux_seconds,
    parse_linux_time_wait_reuse,
)
from portranges.system.parse_unix import (
    parse_aix_range,
    parse_aix_time_wait,
    parse_ipadm_range,
    parse_ndd_range,
    parse_solaris_milliseconds,
    parse_solaris_port,
    parse_solaris_ports,
)
from portranges.system.parse_windows import (
    parse_netsh_excluded,
    parse_netsh_range,
    parse_powershell_range,
    parse_registry_time_wait,
)

__all__ = ["PLATFORMS", "READINGS", "UNREAD", "VARIANTS"]

# The beginning of sys.platform, and the system that it means. iOS, Emscripten and WASI run no
# programs and have no /proc.
PLATFORMS: tuple[tuple[str, types.SystemName], ...] = (
    ("linux", "linux"),
    ("android", "android"),
    ("darwin", "macos"),
    ("freebsd", "freebsd"),
    ("openbsd", "openbsd"),
    ("netbsd", "netbsd"),
    ("dragonfly", "dragonfly"),
    ("win32", "windows"),
    ("sunos", "solaris"),
    ("aix", "aix"),
)

# Variants that the release of a kernel reveals: the platform's system, a word in the release, and
# the system that it means.
VARIANTS: tuple[tuple[types.SystemName, str, types.SystemName], ...] = (
    ("linux", "microsoft", "wsl2"),
)

_TCP, _UDP, _SCTP = Transport.TCP, Transport.UDP, Transport.SCTP

_IP_SYSCTL = cite("Linux Documentation/networking/ip-sysctl")
_FREEBSD_SYSCTL = cite("FreeBSD 10.4 to 14", "sbin/sysctl/sysctl.c: ': ' between name and value")
_FREEBSD_PORTS = cite("FreeBSD", "sys/netinet/in_pcb.c: ipport_reservedlow, ipport_reservedhigh")
_MACOS_SYSCTL = cite("gist evanlucas/9061340", "the output of sysctl net.inet.ip.portrange")
_BSD_MSL = cite("FreeBSD tcp(4)", "net.inet.tcp.msl, in milliseconds; sysctl_msec_to_ticks")
_OPENBSD_SYSCTL = cite("openbsd/src@0187bdee", "sbin/sysctl/sysctl.c (rev 1.206)")
_NETBSD_SYSCTL = cite("NetBSD/src@08770e5b", "sys/netinet/portalgo.c; the layout from QNX 7.0")
_NETSH = cite("Microsoft KB929851", "netsh int ipv4 show dynamicport tcp")
_EXCLUDED = cite("docker/for-win#3171", "netsh int ipv4 show excludedportrange protocol=tcp")
_POWERSHELL = cite("Microsoft Set-NetTCPSetting and Set-NetUDPSetting")
_IPADM = cite("illumos ipadm(8)", "show-prop -c -o")
_NDD = cite("docs.oracle.com", "ndd; the layout from two write-ups")
_NO = cite("IBM AIX 7.2, no", "lines 'Tunable = Value'")

_NO_LIST = "the system has no such list"


def _file(name: str) -> str:
    return f"/proc/sys/net/ipv4/{name}"


def _sysctl(*names: str) -> tuple[str, ...]:
    return ("sysctl", *names)


def _netsh(family: Family, *words: str) -> tuple[str, ...]:
    return ("netsh", "interface", "ipv6" if family is Family.INET6 else "ipv4", "show", *words)


_PROPERTIES = "SettingName,DynamicPortRangeStartPort,DynamicPortRangeNumberOfPorts"


def _powershell(noun: str) -> tuple[str, ...]:
    # The first two options skip the user's profile and interactive prompts.
    return (
        "powershell",
        "-NoProfile",
        "-NonInteractive",
        "-Command",
        f"Get-{noun} | Format-List {_PROPERTIES}",
    )


def _ipadm(fields: str, properties: str, transport: Transport) -> tuple[str, ...]:
    return ("ipadm", "show-prop", "-c", "-o", fields, "-p", properties, transport.value)


def _ndd(transport: Transport, *names: str) -> tuple[str, ...]:
    return ("ndd", f"/dev/{transport}", *(f"{transport}_{name}" for name in names))


_LINUX = (
    Reading(
        system="linux",
        field=Field.CONFIGURED,
        file=_file("ip_local_port_range"),
        parse=parse_linux_range,
        source=MEASURED_ON_LINUX,
    ),
    Reading(
        system="linux",
        field=Field.RESERVED,
        file=_file("ip_local_reserved_ports"),
        parse=parse_linux_reserved,
        absent="no such file: Linux has had the list since 2.6.35",
        source=MEASURED_ON_LINUX,
    ),
    Reading(
        system="linux",
        field=Field.UNPRIVILEGED_START,
        file=_file("ip_unprivileged_port_start"),
        parse=parse_linux_port,
        absent="no such file: Linux has had the setting since 4.11",
        source=MEASURED_ON_LINUX,
    ),
    Reading(
        system="linux",
        field=Field.TIME_WAIT_REUSE,
        file=_file("tcp_tw_reuse"),
        parse=parse_linux_time_wait_reuse,
        absent="no such file",
        source=_IP_SYSCTL,
    ),
    Reading(
        system="linux",
        field=Field.TIME_WAIT_REUSE_AFTER,
        file=_file("tcp_tw_reuse_delay"),
        parse=parse_linux_milliseconds,
        absent="no such file",
        source=_IP_SYSCTL,
    ),
    Reading(
        system="linux",
        field=Field.TIME_WAIT_LIMIT,
        file=_file("tcp_max_tw_buckets"),
        parse=parse_linux_number,
        absent="no such file",
        source=_IP_SYSCTL,
    ),
    Reading(
        system="linux",
        field=Field.FIN_WAIT_2,
        file=_file("tcp_fin_timeout"),
        parse=parse_linux_seconds,
        absent="no such file",
        source=_IP_SYSCTL,
    ),
)

_PORTRANGE = tuple(
    Reading(
        system=system,
        field=Field.CONFIGURED,
        command=_sysctl("net.inet.ip.portrange.first", "net.inet.ip.portrange.last"),
        parse=parse_portrange,
        source=_MACOS_SYSCTL if system == "macos" else _FREEBSD_SYSCTL,
    )
    for system in ("macos", "freebsd", "dragonfly")
)

_MSL = tuple(
    Reading(
        system=system,
        field=Field.TIME_WAIT,
        command=_sysctl("net.inet.tcp.msl"),
        parse=parse_msl,
        source=_BSD_MSL,
    )
    for system in ("macos", "freebsd", "dragonfly")
)

_BSD = (
    *_PORTRANGE,
    *_MSL,
    Reading(
        system="freebsd",
        field=Field.UNPRIVILEGED_START,
        command=_sysctl("net.inet.ip.portrange.reservedhigh"),
        parse=parse_freebsd_reservedhigh,
        source=_FREEBSD_PORTS,
    ),
    Reading(
        system="openbsd",
        field=Field.CONFIGURED,
        command=_sysctl("net.inet.ip.portfirst", "net.inet.ip.portlast"),
        parse=parse_openbsd_range,
        source=_OPENBSD_SYSCTL,
    ),
    Reading(
        system="openbsd",
        field=Field.RESERVED,
        transport=_TCP,
        command=_sysctl("net.inet.tcp.baddynamic"),
        parse=partial(parse_openbsd_baddynamic, transport="tcp"),
        source=_OPENBSD_SYSCTL,
    ),
    Reading(
        system="openbsd",
        field=Field.RESERVED,
        transport=_UDP,
        command=_sysctl("net.inet.udp.baddynamic"),
        parse=partial(parse_openbsd_baddynamic, transport="udp"),
        source=_OPENBSD_SYSCTL,
    ),
    Reading(
        system="netbsd",
        field=Field.CONFIGURED,
        family=Family.INET,
        command=_sysctl("net.inet.ip.anonportmin", "net.inet.ip.anonportmax"),
        parse=partial(parse_netbsd_range, family="inet"),
        source=_NETBSD_SYSCTL,
    ),
    Reading(
        system="netbsd",
        field=Field.CONFIGURED,
        family=Family.INET6,
        command=_sysctl("net.inet6.ip6.anonportmin", "net.inet6.ip6.anonportmax"),
        parse=partial(parse_netbsd_range, family="inet6"),
        source=_NETBSD_SYSCTL,
    ),
)

_WINDOWS_RANGES = tuple(
    Reading(
        system="windows",
        field=Field.CONFIGURED,
        transport=transport,
        family=family,
        command=_netsh(family, "dynamicport", transport.value),
        parse=parse_netsh_range,
        source=_NETSH,
    )
    for transport in (_TCP, _UDP)
    for family in Family
)

_WINDOWS_EXCLUDED = tuple(
    Reading(
        system="windows",
        field=Field.EXCLUDED,
        transport=transport,
        family=family,
        command=_netsh(family, "excludedportrange", f"protocol={transport}"),
        parse=parse_netsh_excluded,
        source=_EXCLUDED,
    )
    for transport in (_TCP, _UDP)
    for family in Family
)

_WINDOWS = (
    *_WINDOWS_RANGES,
    # No document says that these apply to IPv6 too, for which netsh has its own range.
    Reading(
        system="windows",
        field=Field.CONFIGURED,
        transport=_TCP,
        family=Family.INET,
        command=_powershell("NetTCPSetting"),
        parse=parse_powershell_range,
        source=_POWERSHELL,
    ),
    Reading(
        system="windows",
        field=Field.CONFIGURED,
        transport=_UDP,
        family=Family.INET,
        command=_powershell("NetUDPSetting"),
        parse=parse_powershell_range,
        source=_POWERSHELL,
    ),
    *_WINDOWS_EXCLUDED,
    Reading(
        system="windows",
        field=Field.TIME_WAIT,
        command=("reg", "query", r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"),
        parse=parse_registry_time_wait,
        source=cite("Microsoft cc938217", "TcpTimedWaitDelay"),
    ),
)


def _solaris(transport: Transport) -> tuple[Reading, ...]:
    # ipadm comes first: Solaris 11 and illumos keep ndd only for old scripts, and Solaris 10 has
    # no ipadm.
    return (
        Reading(
            system="solaris",
            field=Field.CONFIGURED,
            transport=transport,
            command=_ipadm("property,current", "smallest_anon_port,largest_anon_port", transport),
            parse=parse_ipadm_range,
            source=_IPADM,
        ),
        Reading(
            system="solaris",
            field=Field.CONFIGURED,
            transport=transport,
            command=_ndd(transport, "smallest_anon_port", "largest_anon_port"),
            parse=parse_ndd_range,
            source=_NDD,
        ),
        Reading(
            system="solaris",
            field=Field.RESERVED,
            transport=transport,
            command=_ipadm("current", "extra_priv_ports", transport),
            parse=parse_solaris_ports,
            source=_IPADM,
        ),
        Reading(
            system="solaris",
            field=Field.RESERVED,
            transport=transport,
            command=_ndd(transport, "extra_priv_ports"),
            parse=parse_solaris_ports,
            source=_NDD,
        ),
        Reading(
            system="solaris",
            field=Field.UNPRIVILEGED_START,
            transport=transport,
            command=_ipadm("current", "smallest_nonpriv_port", transport),
            parse=parse_solaris_port,
            source=_IPADM,
        ),
        Reading(
            system="solaris",
            field=Field.UNPRIVILEGED_START,
            transport=transport,
            command=_ndd(transport, "smallest_nonpriv_port"),
            parse=parse_solaris_port,
            source=_NDD,
        ),
    )


_SOLARIS = (
    *_solaris(_TCP),
    *_solaris(_UDP),
    *_solaris(_SCTP),
    Reading(
        system="solaris",
        field=Field.TIME_WAIT,
        command=_ipadm("current", "_time_wait_interval", _TCP),
        parse=parse_solaris_milliseconds,
        source=cite("Oracle Solaris 11.2 and 11.4 tunable parameters", "_time_wait_interval"),
    ),
    Reading(
        system="solaris",
        field=Field.TIME_WAIT,
        command=_ndd(_TCP, "time_wait_interval"),
        parse=parse_solaris_milliseconds,
        source=_NDD,
    ),
)

_AIX = (
    Reading(
        system="aix",
        field=Field.CONFIGURED,
        transport=_TCP,
        command=("no", "-o", "tcp_ephemeral_low", "-o", "tcp_ephemeral_high"),
        parse=partial(parse_aix_range, transport="tcp"),
        source=_NO,
    ),
    Reading(
        system="aix",
        field=Field.CONFIGURED,
        transport=_UDP,
        command=("no", "-o", "udp_ephemeral_low", "-o", "udp_ephemeral_high"),
        parse=partial(parse_aix_range, transport="udp"),
        source=_NO,
    ),
    Reading(
        system="aix",
        field=Field.TIME_WAIT,
        command=("no", "-o", "tcp_timewait"),
        parse=parse_aix_time_wait,
        source=_NO,
    ),
)

READINGS: tuple[Reading, ...] = (*_LINUX, *_BSD, *_WINDOWS, *_SOLARIS, *_AIX)


def _unread(
    system: types.SystemName, field: Field, note: str, kind: OriginKind = OriginKind.DEFAULT
) -> UnreadSetting:
    return UnreadSetting(system=system, field=field, kind=kind, note=note)


UNREAD: tuple[UnreadSetting, ...] = (
    # Before "linux", because the first row that matches is used.
    _unread("gvisor", Field.TIME_WAIT, "no setting is known", OriginKind.UNKNOWN),
    _unread("linux", Field.EXCLUDED, _NO_LIST),
    _unread("linux", Field.TIME_WAIT, "no setting (TCP_TIMEWAIT_LEN)"),
    _unread("macos", Field.RESERVED, _NO_LIST),
    _unread("macos", Field.EXCLUDED, "net.restricted_port is fixed, and sysctl does not print it"),
    _unread(
        "macos", Field.UNPRIVILEGED_START, "fixed; binding 0.0.0.0 or :: requires no privilege"
    ),
    _unread("freebsd", Field.RESERVED, _NO_LIST),
    _unread("freebsd", Field.EXCLUDED, _NO_LIST),
    _unread("dragonfly", Field.RESERVED, _NO_LIST),
    _unread("dragonfly", Field.EXCLUDED, _NO_LIST),
    _unread(
        "dragonfly",
        Field.UNPRIVILEGED_START,
        "unknown: no source states it",
        OriginKind.UNKNOWN,
    ),
    _unread("openbsd", Field.EXCLUDED, _NO_LIST),
    _unread("openbsd", Field.UNPRIVILEGED_START, "fixed"),
    _unread("openbsd", Field.TIME_WAIT, "fixed"),
    _unread(
        "netbsd",
        Field.RESERVED,
        "anonportalgo.reserve is a bitmap that sysctl cannot print",
        OriginKind.ASSUMED,
    ),
    _unread("netbsd", Field.EXCLUDED, _NO_LIST),
    _unread("netbsd", Field.UNPRIVILEGED_START, "fixed when the kernel is built"),
    _unread(
        "netbsd",
        Field.TIME_WAIT,
        "for remote peers; the settings for MSL truncation are not read",
        OriginKind.ASSUMED,
    ),
    _unread("windows", Field.RESERVED, "netsh lists the administered ports as excluded"),
    _unread("windows", Field.UNPRIVILEGED_START, "no port requires a privilege"),
    _unread("windows", Field.TIME_WAIT, "TcpTimedWaitDelay is not set"),
    _unread("solaris", Field.EXCLUDED, _NO_LIST),
    _unread("aix", Field.RESERVED, "no setting is known", OriginKind.ASSUMED),
    _unread("aix", Field.EXCLUDED, "no setting is known", OriginKind.ASSUMED),
    _unread("aix", Field.UNPRIVILEGED_START, "no setting is known", OriginKind.UNKNOWN),
)
