"""What sysctl prints on macOS and the BSDs.

What lives here: a function for each text.
What must not: where the text comes from (``rows``, ``machine``).

A line is ``name: value`` on FreeBSD, DragonFly and macOS (``name=value`` with
``-e``), ``name=value`` on OpenBSD and ``name = value`` on NetBSD. All of them
are read everywhere, in any order, and other names beside the wanted ones are
passed over: ``sysctl net.inet.ip.portrange`` prints the high and the low pair
before the pair that is meant, and ``sysctl -a`` everything.
"""

from __future__ import annotations

from portranges import types
from portranges.ports import PortRange
from portranges.portset import PortSet
from portranges.system.text import as_number, as_port, as_port_set, as_range, pairs, values

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


def parse_sysctl(text: str) -> dict[str, str]:
    r"""Return the names and values that ``sysctl`` prints, on any system.

    Args:
        text: Lines ``name: value``, ``name=value`` or ``name = value``; others
            are passed over.

    Returns:
        The value of each name, in the order of the lines.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: It has NUL in it, is too long, or has one name
            with two values.

    Source:
        sbin/sysctl/sysctl.c of FreeBSD (": ", and "=" with -e) and of OpenBSD
        (rev 1.206: "="); for NetBSD QNX 7.0's page of sysctl (" = ").

    Example:
        >>> parse_sysctl("net.inet.ip.portrange.first=10000\n")
        {'net.inet.ip.portrange.first': '10000'}
    """
    return pairs(text, "sysctl")


def parse_portrange(text: str) -> PortRange:
    r"""Return ``net.inet.ip.portrange.first`` and ``last``: FreeBSD, DragonFly, macOS.

    Args:
        text: What ``sysctl`` prints; both names must be there. The first may
            be above the last: macOS and old FreeBSD count down then, FreeBSD 8
            and later swap the two.

    Returns:
        The range.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: One of the two is not there, or is no port.

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
    r"""Return ``net.inet.ip.portfirst`` and ``portlast`` of OpenBSD.

    Args:
        text: What ``sysctl`` prints; both names must be there.

    Returns:
        The range; OpenBSD takes the two ports in any order.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: One of the two is not there, or is no port.

    Source:
        OpenBSD sys/netinet/in_pcb.c (rev 1.160), sbin/sysctl/sysctl.c (1.206).

    Example:
        >>> parse_openbsd_range("net.inet.ip.portfirst=1024\nnet.inet.ip.portlast=49151\n")
        PortRange(first=1024, last=49151)
    """
    names = ("net.inet.ip.portfirst", "net.inet.ip.portlast")
    return as_range(values(text, names, _RANGE), _RANGE, either_way=True)


def parse_openbsd_baddynamic(text: str, transport: types.TcpOrUdpName = "tcp") -> PortSet:
    r"""Return ``net.inet.tcp.baddynamic`` or ``net.inet.udp.baddynamic`` of OpenBSD.

    Args:
        text: What ``sysctl`` prints: ports with commas.
        transport: Which of the two.

    Returns:
        The set; empty where the list is.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: The name is not there, or its value is no list.

    Source:
        OpenBSD sbin/sysctl/sysctl.c (rev 1.206), BADDYNAMIC.

    Example:
        >>> parse_openbsd_baddynamic("net.inet.tcp.baddynamic=587,749,750,871,2049\n")
        PortSet.parse('587,749-750,871,2049')
    """
    name = f"net.inet.{transport}.baddynamic"
    (value,) = values(text, [name], name)
    return as_port_set(value, name)


def parse_netbsd_range(text: str, family: types.FamilyName = "inet") -> PortRange:
    r"""Return ``anonportmin`` and ``anonportmax`` of NetBSD, for IPv4 or IPv6.

    Args:
        text: What ``sysctl`` prints; both names of the family must be there.
        family: ``net.inet.ip`` or ``net.inet6.ip6``.

    Returns:
        The range.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: One of the two is not there, or is no port.

    Source:
        NetBSD sys/netinet/portalgo.c (rev 1.1.4.3).

    Example:
        >>> parse_netbsd_range(
        ...     "net.inet.ip.anonportmin = 49152\nnet.inet.ip.anonportmax = 65535\n"
        ... )
        PortRange(first=49152, last=65535)
    """
    node = "net.inet6.ip6" if family == "inet6" else "net.inet.ip"
    names = (f"{node}.anonportmin", f"{node}.anonportmax")
    return as_range(values(text, names, _RANGE), _RANGE)


def parse_freebsd_reservedhigh(text: str) -> int:
    r"""Return the first port above ``net.inet.ip.portrange.reservedhigh`` of FreeBSD.

    Args:
        text: What ``sysctl`` prints.

    Returns:
        The first port that needs no privilege, 1 to 65536. Ports below
        ``reservedlow``, 0 as shipped, need none either.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: The name is not there, or its value is no port.

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
    r"""Return the length of TIME_WAIT by ``net.inet.tcp.msl``.

    Args:
        text: What ``sysctl`` prints: the longest life of a segment, in
            milliseconds.

    Returns:
        Twice that, in seconds.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: The name is not there, or its value is no number.

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
