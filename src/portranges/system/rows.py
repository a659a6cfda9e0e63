"""Where each setting is read on each system, and which settings are not readable.

Each row has its source. A value has one row for each way to read it. They are tried in order: the
second is used if the first has no such file or program, or prints something that its parser does
not accept.
"""

from __future__ import annotations

from functools import partial

from portranges import types
from portranges.families import Family
from portranges.ports import Transport
from portranges.source import MEASURED_ON_LINUX as _MEASURED
from portranges.source import Source, cite
from portranges.system.model import Field, OriginKind, Reading, UnreadSetting
from portranges.system.parse_windows import (
    excluded_ports,
    netsh_range,
    powershell_range,
    registry_time_wait,
)
from portranges.system.shapes import (
    number,
    port,
    port_list,
    reserved_ports,
    seconds,
    single_ports,
    time_wait_reuse,
    two_ports,
)
from portranges.system.text import nonblank_lines, proc_value, proc_words, values

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

_TCP, _UDP = Transport.TCP, Transport.UDP
_START = Field.UNPRIVILEGED_START

_IP_SYSCTL = cite("Linux Documentation/networking/ip-sysctl")
_FREEBSD_SYSCTL = cite("FreeBSD 10.4 to 14", "sbin/sysctl/sysctl.c: ': ' between name and value")
_FREEBSD_PORTS = cite(
    "ilnp/ilnp-freebsd14@2f2a4162",
    "sys/netinet/in_pcb.c: ipport_reservedlow, ipport_reservedhigh",
    checked="2026-11-30",
)
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


def _file(
    name: str,
    field: Field,
    parse: types.SettingParser,
    absent: str = "no such file",
    source: Source = _IP_SYSCTL,
) -> Reading:
    """Return the row of a file of Linux, where *absent* is what it means if there is none."""
    file = f"/proc/sys/net/ipv4/{name}"
    return Reading("linux", field, parse, source, file=file, absent=absent)


_LIST_SINCE = "no such file: Linux has had the list since 2.6.35"
_START_SINCE = "no such file: Linux has had the setting since 4.11"
_proc_range = partial(two_ports, layout=proc_words)
_proc_port = partial(port, layout=proc_value)
_proc_number = partial(number, layout=proc_value)
_proc_seconds = partial(seconds, layout=proc_value)

_LINUX = (
    # A missing range has no meaning: without this file /proc is not mounted.
    _file("ip_local_port_range", Field.CONFIGURED, _proc_range, "", _MEASURED),
    _file("ip_local_reserved_ports", Field.RESERVED, reserved_ports, _LIST_SINCE, _MEASURED),
    _file("ip_unprivileged_port_start", _START, _proc_port, _START_SINCE, _MEASURED),
    _file("tcp_tw_reuse", Field.TIME_WAIT_REUSE, time_wait_reuse),
    # In milliseconds. Measured on Linux 6.18: with 1000, connect() waits 1.02 s.
    _file("tcp_tw_reuse_delay", Field.TIME_WAIT_REUSE_AFTER, partial(_proc_seconds, per=1000)),
    _file("tcp_max_tw_buckets", Field.TIME_WAIT_LIMIT, _proc_number),
    _file("tcp_fin_timeout", Field.FIN_WAIT_2, _proc_seconds),
    _file(
        "ip_local_port_step_width",
        Field.PORT_STEP_WIDTH,
        _proc_number,
        "no such file: Linux has had the setting since 7.1",
        cite("danayer/linux-7.1.5@9d1745cf", "net/ipv4/sysctl_net_ipv4.c, ip-sysctl.rst"),
    ),
)


def _command(
    system: types.SystemName,
    field: Field,
    command: str,
    parse: types.SettingParser,
    source: Source,
    **which: types.Any,
) -> Reading:
    """Return the row of a command; *which* are its transport and family."""
    return Reading(system, field, parse, source, command=tuple(command.split()), **which)


def _named(names: str, shape: types.Callable[..., object]) -> types.SettingParser:
    """Return the parser of a text that has *names* with their values, in any order."""
    return partial(shape, layout=partial(values, names=names.split()))


def _sysctl(
    system: types.SystemName,
    field: Field,
    names: str,
    shape: types.Callable[..., object],
    source: Source,
    **which: types.Any,
) -> Reading:
    return _command(system, field, f"sysctl {names}", _named(names, shape), source, **which)


# The first port may be above the last: macOS and old FreeBSD then count down, FreeBSD 8 and later
# swap the two, and OpenBSD accepts them in any order.
_either_way = partial(two_ports, either_way=True)
_next_port = partial(port, above=1)
# RFC 9293, section 3.6.1: TIME_WAIT lasts twice the maximum segment lifetime.
_twice = partial(seconds, times=2, per=1000)
_openbsd = partial(_sysctl, "openbsd", source=_OPENBSD_SYSCTL)
_netbsd = partial(_sysctl, "netbsd", source=_NETBSD_SYSCTL)
_PORTRANGE = "net.inet.ip.portrange.first net.inet.ip.portrange.last"
_PORTFIRST = "net.inet.ip.portfirst net.inet.ip.portlast"
_ANONPORT = "net.inet.ip.anonportmin net.inet.ip.anonportmax"
_ANONPORT6 = "net.inet6.ip6.anonportmin net.inet6.ip6.anonportmax"
_RESERVEDHIGH = "net.inet.ip.portrange.reservedhigh"
_MSL = "net.inet.tcp.msl"

_BSD = (
    _sysctl("macos", Field.CONFIGURED, _PORTRANGE, _either_way, _MACOS_SYSCTL),
    _sysctl("freebsd", Field.CONFIGURED, _PORTRANGE, _either_way, _FREEBSD_SYSCTL),
    _sysctl("dragonfly", Field.CONFIGURED, _PORTRANGE, _either_way, _FREEBSD_SYSCTL),
    _openbsd(Field.CONFIGURED, _PORTFIRST, _either_way),
    _netbsd(Field.CONFIGURED, _ANONPORT, two_ports, family=Family.INET),
    _netbsd(Field.CONFIGURED, _ANONPORT6, two_ports, family=Family.INET6),
    _openbsd(Field.RESERVED, "net.inet.tcp.baddynamic", port_list, transport=_TCP),
    _openbsd(Field.RESERVED, "net.inet.udp.baddynamic", port_list, transport=_UDP),
    # Ports below reservedlow, which is 0 by default, need no privilege either.
    _sysctl("freebsd", _START, _RESERVEDHIGH, _next_port, _FREEBSD_PORTS),
    _sysctl("macos", Field.TIME_WAIT, _MSL, _twice, _BSD_MSL),
    _sysctl("freebsd", Field.TIME_WAIT, _MSL, _twice, _BSD_MSL),
    _sysctl("dragonfly", Field.TIME_WAIT, _MSL, _twice, _BSD_MSL),
)


def _netsh(
    field: Field, words: str, parse: types.SettingParser, source: Source
) -> types.Iterator[Reading]:
    """Yield the rows of a command of netsh, one for each transport and family."""
    for transport in (_TCP, _UDP):
        for family, ip in ((Family.INET, "ipv4"), (Family.INET6, "ipv6")):
            which = {"transport": transport, "family": family}
            command = f"netsh interface {ip} show {words}{transport}"
            yield _command("windows", field, command, parse, source, **which)


def _powershell(transport: Transport) -> Reading:
    script = (
        f"Get-Net{transport.upper()}Setting | Format-List "
        "SettingName,DynamicPortRangeStartPort,DynamicPortRangeNumberOfPorts"
    )
    return Reading(
        "windows",
        Field.CONFIGURED,
        powershell_range,
        _POWERSHELL,
        transport=transport,
        # No document says that it applies to IPv6 too, for which netsh has its own range.
        family=Family.INET,
        # The first two options skip the user's profile and interactive prompts.
        command=("powershell", "-NoProfile", "-NonInteractive", "-Command", script),
    )


_TCPIP = r"reg query HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
_TIMED_WAIT = cite("Microsoft cc938217", "TcpTimedWaitDelay")

_WINDOWS = (
    *_netsh(Field.CONFIGURED, "dynamicport ", netsh_range, _NETSH),
    _powershell(_TCP),
    _powershell(_UDP),
    *_netsh(Field.EXCLUDED, "excludedportrange protocol=", excluded_ports, _EXCLUDED),
    _command("windows", Field.TIME_WAIT, _TCPIP, registry_time_wait, _TIMED_WAIT),
)


def _solaris(
    field: Field, names: str, shape: types.Callable[..., object], transport: Transport
) -> types.Iterator[Reading]:
    """Yield the rows of properties of one transport.

    ipadm comes first: Solaris 11 and illumos keep ndd only for old scripts, and Solaris 10 has no
    ipadm.
    """
    words = names.split()
    fields = "current" if len(words) == 1 else "property,current"
    by_ndd: types.SettingParser = partial(shape, layout=nonblank_lines)
    by_ipadm = by_ndd if len(words) == 1 else _named(names, shape)
    ipadm = f"ipadm show-prop -c -o {fields} -p {','.join(words)} {transport}"
    ndd = " ".join((f"ndd /dev/{transport}", *(f"{transport}_{name}" for name in words)))
    yield _command("solaris", field, ipadm, by_ipadm, _IPADM, transport=transport)
    yield _command("solaris", field, ndd, by_ndd, _NDD, transport=transport)


_PROPERTIES: tuple[tuple[Field, str, types.Callable[..., object]], ...] = (
    (Field.CONFIGURED, "smallest_anon_port largest_anon_port", two_ports),
    (Field.RESERVED, "extra_priv_ports", single_ports),
    (_START, "smallest_nonpriv_port", port),
)
_milliseconds = partial(seconds, layout=nonblank_lines, per=1000)
_INTERVAL = "ipadm show-prop -c -o current -p _time_wait_interval tcp"
_TUNABLE = cite("Oracle Solaris 11.2 and 11.4 tunable parameters", "_time_wait_interval")
_NDD_INTERVAL = "ndd /dev/tcp tcp_time_wait_interval"

_SOLARIS = (
    *(
        row
        for transport in (_TCP, _UDP, Transport.SCTP)
        for field, names, shape in _PROPERTIES
        for row in _solaris(field, names, shape, transport)
    ),
    _command("solaris", Field.TIME_WAIT, _INTERVAL, _milliseconds, _TUNABLE),
    _command("solaris", Field.TIME_WAIT, _NDD_INTERVAL, _milliseconds, _NDD),
)


def _no(
    field: Field, names: str, shape: types.Callable[..., object], **which: types.Any
) -> Reading:
    command = " -o ".join(("no", *names.split()))
    return _command("aix", field, command, _named(names, shape), _NO, **which)


_AIX = (
    _no(Field.CONFIGURED, "tcp_ephemeral_low tcp_ephemeral_high", two_ports, transport=_TCP),
    _no(Field.CONFIGURED, "udp_ephemeral_low udp_ephemeral_high", two_ports, transport=_UDP),
    # It counts intervals of 15 seconds, which is from memory.
    _no(Field.TIME_WAIT, "tcp_timewait", partial(seconds, times=15.0)),
)

READINGS: tuple[Reading, ...] = (*_LINUX, *_BSD, *_WINDOWS, *_SOLARIS, *_AIX)


_default = partial(UnreadSetting, kind=OriginKind.DEFAULT)
_assumed = partial(UnreadSetting, kind=OriginKind.ASSUMED)
_unknown = partial(UnreadSetting, kind=OriginKind.UNKNOWN)

UNREAD: tuple[UnreadSetting, ...] = (
    # Before "linux", because the first row that matches is used.
    _default("gvisor", Field.TIME_WAIT, "no setting (DefaultTCPTimeWaitTimeout)"),
    _default("linux", Field.EXCLUDED, _NO_LIST),
    _default("linux", Field.TIME_WAIT, "no setting (TCP_TIMEWAIT_LEN)"),
    _default("macos", Field.RESERVED, _NO_LIST),
    _default("macos", Field.EXCLUDED, "net.restricted_port is fixed, and sysctl does not print it"),
    _default("macos", _START, "fixed; binding 0.0.0.0 or :: requires no privilege"),
    _default("freebsd", Field.RESERVED, _NO_LIST),
    _default("freebsd", Field.EXCLUDED, _NO_LIST),
    _default("dragonfly", Field.RESERVED, _NO_LIST),
    _default("dragonfly", Field.EXCLUDED, _NO_LIST),
    _default("dragonfly", _START, "fixed"),
    _default("openbsd", Field.EXCLUDED, _NO_LIST),
    _default("openbsd", _START, "fixed"),
    _default("openbsd", Field.TIME_WAIT, "fixed"),
    _assumed("netbsd", Field.RESERVED, "anonportalgo.reserve is a bitmap that sysctl cannot print"),
    _default("netbsd", Field.EXCLUDED, _NO_LIST),
    _default("netbsd", _START, "fixed when the kernel is built"),
    _assumed(
        "netbsd", Field.TIME_WAIT, "for remote peers; the settings for MSL truncation are not read"
    ),
    _default("windows", Field.RESERVED, "netsh lists the administered ports as excluded"),
    _default("windows", _START, "no port requires a privilege"),
    _default("windows", Field.TIME_WAIT, "TcpTimedWaitDelay is not set"),
    _default("solaris", Field.EXCLUDED, _NO_LIST),
    _assumed("aix", Field.RESERVED, "no setting is known"),
    _assumed("aix", Field.EXCLUDED, "no setting is known"),
    _unknown("aix", _START, "no setting is known"),
)
