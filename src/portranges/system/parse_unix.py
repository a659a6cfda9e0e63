"""Parsers of the output of ``ipadm`` and ``ndd`` on Solaris and illumos, and of ``no`` on AIX."""

from __future__ import annotations

from portranges import types
from portranges.ports import PortRange, Transport, check_transport
from portranges.portset import PortSet
from portranges.system.text import (
    as_number,
    as_port,
    as_range,
    nonblank_lines,
    only_line,
    values,
)

__all__ = [
    "parse_aix_range",
    "parse_aix_time_wait",
    "parse_ipadm_range",
    "parse_ndd_range",
    "parse_solaris_milliseconds",
    "parse_solaris_port",
    "parse_solaris_ports",
]

_RANGE = "anonymous port range"

_AIX_TIME_WAIT_UNIT = 15.0  # seconds; the unit of tcp_timewait in no(1)


def parse_ndd_range(text: str) -> PortRange:
    r"""Return the range of ``ndd /dev/tcp tcp_smallest_anon_port tcp_largest_anon_port``.

    Args:
        text: Two ports, in this order; ``ndd`` prints an empty line between them.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: *text* has another format.

    Source:
        The texts in two write-ups.

    Example:
        >>> parse_ndd_range("32768\n\n65535\n")
        PortRange(first=32768, last=65535)
    """
    return as_range(nonblank_lines(text, _RANGE), _RANGE)


def parse_ipadm_range(text: str) -> PortRange:
    r"""Return the range of ``ipadm show-prop -c -o property,current``.

    Args:
        text: Lines of ``property:value``; ``smallest_anon_port`` and ``largest_anon_port`` must
            be present.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: One of the two is missing, or is not a port.

    Source:
        illumos ipadm(8): -c prints fields with colons between them.

    Example:
        >>> parse_ipadm_range("smallest_anon_port:32768\nlargest_anon_port:65535\n")
        PortRange(first=32768, last=65535)
    """
    names = ("smallest_anon_port", "largest_anon_port")
    return as_range(values(text, names, _RANGE), _RANGE)


def parse_solaris_port(text: str) -> int:
    r"""Return the port that ``ndd`` or ``ipadm show-prop -c -o current`` prints.

    Args:
        text: One port.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: *text* has another format.

    Source:
        illumos ipadm(8); a test of ipadm's output in a public repository.

    Example:
        >>> parse_solaris_port("1024\n")
        1024
    """
    return as_port(only_line(text, "port", "one port"), "port")


def parse_solaris_ports(text: str) -> PortSet:
    r"""Return the ports in ``extra_priv_ports``.

    Args:
        text: Ports with commas (``ipadm``) or one per line (``ndd``); ``--`` or nothing if there
            are none.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: *text* has another format.

    Source:
        illumos ipadm(8); the layout of ndd is from memory.

    Example:
        >>> parse_solaris_ports("2049,4045\n") == parse_solaris_ports("2049 \n4045 \n")
        True
    """
    what = "extra_priv_ports"
    lines = nonblank_lines(text, what)
    if lines == ["--"]:
        return PortSet.empty()
    return PortSet(as_port(port.strip(), what) for line in lines for port in line.split(","))


def parse_solaris_milliseconds(text: str) -> float:
    r"""Return the seconds in a property that counts milliseconds, as ``_time_wait_interval``.

    Args:
        text: One number.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: *text* has another format.

    Source:
        Oracle Solaris 11.2 and 11.4 tunable parameters: 60,000 ms.

    Example:
        >>> parse_solaris_milliseconds("60000\n")
        60.0
    """
    what = "milliseconds"
    return as_number(only_line(text, what, "one number"), what) / 1000


def parse_aix_range(text: str, transport: types.TcpOrUdpLike = "tcp") -> PortRange:
    r"""Return the range that ``no`` prints, for TCP or UDP.

    Args:
        text: Lines of ``name = value``, perhaps indented, as ``no -a`` or ``no -o`` prints them;
            both names must be present.
        transport: TCP (``tcp_ephemeral_low`` and ``tcp_ephemeral_high``) or UDP.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: One of the two is missing, or is not a port.

    Source:
        ibm.com/docs RSCT 3.2, Ephemeral ports; IBM AIX 7.2, no.

    Example:
        >>> parse_aix_range("tcp_ephemeral_low = 32768\ntcp_ephemeral_high = 65535\n")
        PortRange(first=32768, last=65535)
    """
    chosen = check_transport(transport, among=(Transport.TCP, Transport.UDP))
    names = (f"{chosen}_ephemeral_low", f"{chosen}_ephemeral_high")
    return as_range(values(text, names, "ephemeral range"), "ephemeral range")


def parse_aix_time_wait(text: str) -> float:
    r"""Return the length of TIME_WAIT in seconds; ``tcp_timewait`` counts intervals of 15.

    Args:
        text: A line of ``tcp_timewait = value``, perhaps among others.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: The name is missing, or its value is not a number.

    Source:
        IBM AIX, no: tcp_timewait (the interval is from memory).

    Example:
        >>> parse_aix_time_wait("tcp_timewait = 1\n")
        15.0
    """
    (value,) = values(text, ["tcp_timewait"], "tcp_timewait")
    return _AIX_TIME_WAIT_UNIT * as_number(value, "tcp_timewait")
