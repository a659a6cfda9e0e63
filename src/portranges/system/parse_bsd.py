"""Parsers of the output of sysctl on macOS and the BSDs.

A line is ``name: value`` on FreeBSD, DragonFly and macOS (``name=value`` with ``-e``),
``name=value`` on OpenBSD and ``name = value`` on NetBSD. Each function accepts all three, in any
order, and skips other names: ``sysctl net.inet.ip.portrange`` also prints the high and the low
pair, and ``sysctl -a`` prints everything.
"""

from __future__ import annotations

from portranges import types
from portranges.checks import member
from portranges.families import Family
from portranges.ports import PortRange, Transport, check_transport
from portranges.portset import PortSet
from portranges.system.text import as_number, as_port, as_port_set, as_range, settings_in, values

__all__ = [
    "parse_freebsd_reservedhigh",
    "parse_msl",
    "parse_netbsd_range",
    "parse_openbsd_baddynamic",
    "parse_openbsd_range",
    "parse_portrange",
    "parse_sysctl",
]

_RANGE = "port range"
_TCP_OR_UDP = (Transport.TCP, Transport.UDP)


def parse_sysctl(text: str) -> dict[str, str]:
    r"""Return the value of each name that ``sysctl`` prints, in the order of the lines.

    Args:
        text: Lines of ``name: value``, ``name=value`` or ``name = value``; others are skipped.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: *text* contains NUL, is too long, or has one name with two values.

    Source:
        sbin/sysctl/sysctl.c of FreeBSD (": ", and "=" with -e) and of OpenBSD
        (rev 1.206: "="); for NetBSD the sysctl page of QNX 7.0 (" = ").

    Example:
        >>> parse_sysctl("net.inet.ip.portrange.first=10000\n")
        {'net.inet.ip.portrange.first': '10000'}
    """
    return settings_in(text, "sysctl")


def parse_portrange(text: str) -> PortRange:
    r"""Return the range of ``net.inet.ip.portrange.first`` and ``last``: FreeBSD, DragonFly, macOS.

    Args:
        text: The output of ``sysctl``; both names must be present. The first port may be above
            the last: macOS and old FreeBSD then count down, FreeBSD 8 and later swap the two.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: One of the two is missing, or is not a port.

    Source:
        FreeBSD sys/netinet/in_pcb.c; xnu bsd/netinet/in_pcb.c.

    Example:
        >>> parse_portrange(
        ...     "net.inet.ip.portrange.hifirst: 49152\n"
        ...     "net.inet.ip.portrange.last: 65535\n"
        ...     "net.inet.ip.portrange.first: 10000\n"
        ... )
        PortRange(first=10000, last=65535)
    """
    names = ("net.inet.ip.portrange.first", "net.inet.ip.portrange.last")
    return as_range(values(text, names, _RANGE), _RANGE, either_way=True)


def parse_openbsd_range(text: str) -> PortRange:
    r"""Return the range of ``net.inet.ip.portfirst`` and ``portlast`` on OpenBSD.

    OpenBSD accepts the two ports in any order.

    Args:
        text: The output of ``sysctl``; both names must be present.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: One of the two is missing, or is not a port.

    Source:
        OpenBSD sys/netinet/in_pcb.c (rev 1.160), sbin/sysctl/sysctl.c (1.206).

    Example:
        >>> parse_openbsd_range("net.inet.ip.portfirst=1024\nnet.inet.ip.portlast=49151\n")
        PortRange(first=1024, last=49151)
    """
    names = ("net.inet.ip.portfirst", "net.inet.ip.portlast")
    return as_range(values(text, names, _RANGE), _RANGE, either_way=True)


def parse_openbsd_baddynamic(text: str, transport: types.TcpOrUdpLike = "tcp") -> PortSet:
    r"""Return the ports in ``net.inet.tcp.baddynamic`` or ``net.inet.udp.baddynamic`` on OpenBSD.

    Args:
        text: The output of ``sysctl``: ports with commas.
        transport: TCP or UDP.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: The name is missing, or its value is not a list.

    Source:
        OpenBSD sbin/sysctl/sysctl.c (rev 1.206), BADDYNAMIC.

    Example:
        >>> parse_openbsd_baddynamic("net.inet.tcp.baddynamic=587,749,750,871,2049\n")
        PortSet.parse('587,749-750,871,2049')
    """
    name = f"net.inet.{check_transport(transport, among=_TCP_OR_UDP)}.baddynamic"
    (value,) = values(text, [name], name)
    return as_port_set(value, name)


def parse_netbsd_range(text: str, family: types.FamilyLike = "inet") -> PortRange:
    r"""Return the range of ``anonportmin`` and ``anonportmax`` on NetBSD, for IPv4 or IPv6.

    Args:
        text: The output of ``sysctl``; both names of the family must be present.
        family: ``net.inet.ip`` or ``net.inet6.ip6``.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: One of the two is missing, or is not a port.

    Source:
        NetBSD sys/netinet/portalgo.c (rev 1.1.4.3).

    Example:
        >>> parse_netbsd_range(
        ...     "net.inet.ip.anonportmin = 49152\nnet.inet.ip.anonportmax = 65535\n"
        ... )
        PortRange(first=49152, last=65535)
    """
    is_ipv6 = member("family", family, Family) is Family.INET6
    node = "net.inet6.ip6" if is_ipv6 else "net.inet.ip"
    names = (f"{node}.anonportmin", f"{node}.anonportmax")
    return as_range(values(text, names, _RANGE), _RANGE)


def parse_freebsd_reservedhigh(text: str) -> int:
    r"""Return the first port above ``net.inet.ip.portrange.reservedhigh`` on FreeBSD.

    It is the first port, 1 to 65536, that can be bound without a privilege. Ports below
    ``reservedlow``, which is 0 by default, need none either.

    Args:
        text: The output of ``sysctl``.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: The name is missing, or its value is not a port.

    Source:
        FreeBSD sys/netinet/in_pcb.c: ipport_reservedlow, ipport_reservedhigh.

    Example:
        >>> parse_freebsd_reservedhigh("net.inet.ip.portrange.reservedhigh: 1023\n")
        1024
    """
    name = "net.inet.ip.portrange.reservedhigh"
    (value,) = values(text, [name], name)
    return as_port(value, name) + 1


def parse_msl(text: str) -> float:
    r"""Return the length of TIME_WAIT in seconds, which is twice ``net.inet.tcp.msl``.

    Args:
        text: The output of ``sysctl``: the maximum segment lifetime, in milliseconds.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: The name is missing, or its value is not a number.

    Source:
        FreeBSD tcp(4), and tcp_timer.c of FreeBSD, DragonFly and xnu: msl goes
        through sysctl_msec_to_ticks. RFC 9293 section 3.6.1: 2 x MSL.

    Example:
        >>> parse_msl("net.inet.tcp.msl: 15000\n")
        30.0
    """
    name = "net.inet.tcp.msl"
    (value,) = values(text, [name], name)
    return 2 * as_number(value, name) / 1000
