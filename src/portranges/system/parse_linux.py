"""Parsers of the files in /proc/sys/net/ipv4 on Linux, and of the output of sysctl.

A file contains the value and a line break. ``sysctl`` puts ``name = `` before the value,
``sysctl -n`` does not. All three forms are accepted.
"""

from __future__ import annotations

from portranges.ports import PortRange
from portranges.portset import PortSet
from portranges.system.model import TimeWaitReuse
from portranges.system.text import as_number, as_port, as_port_set, as_range, fail, nonblank_lines

__all__ = [
    "is_gvisor_range",
    "parse_linux_may_bind",
    "parse_linux_milliseconds",
    "parse_linux_number",
    "parse_linux_port",
    "parse_linux_range",
    "parse_linux_reserved",
    "parse_linux_seconds",
    "parse_linux_time_wait_reuse",
]

_RANGE = "ip_local_port_range"
_RESERVED = "ip_local_reserved_ports"


def parse_linux_range(text: str) -> PortRange:
    r"""Return the range in ``ip_local_port_range``.

    Args:
        text: Two ports, separated by a TAB on Linux and by blanks on gVisor.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: *text* has another format.

    Source:
        Linux 6.18, measured; gVisor pkg/sentry/fsimpl/proc/tasks_sys.go.

    Example:
        >>> parse_linux_range("32768\t60999\n")
        PortRange(first=32768, last=60999)
        >>> parse_linux_range("net.ipv4.ip_local_port_range = 32768\t60999\n")
        PortRange(first=32768, last=60999)
    """
    return as_range(_value(text, _RANGE).split(), _RANGE)


def is_gvisor_range(text: str) -> bool:
    r"""Return whether gVisor, and not Linux, wrote the text of ``ip_local_port_range``.

    Linux always writes a TAB, gVisor never.

    Args:
        text: A text that ``parse_linux_range`` accepted.

    Source:
        gVisor pkg/sentry/fsimpl/proc/tasks_sys.go ("%d %d", earlier three
        blanks); Linux 6.18, measured.

    Example:
        >>> is_gvisor_range("16000   65535"), is_gvisor_range("32768\t60999\n")
        (True, False)
    """
    return "\t" not in text


def parse_linux_reserved(text: str) -> PortSet:
    r"""Return the ports in ``ip_local_reserved_ports``.

    Args:
        text: Ports and ranges with commas, as ``40000-40003,40007``. For an empty list Linux
            writes only a line break, gVisor nothing.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: *text* has another format.

    Source:
        Linux 6.18, measured.

    Example:
        >>> parse_linux_reserved("40000-40003,40007\n")
        PortSet.parse('40000-40003,40007')
        >>> parse_linux_reserved("\n")
        PortSet.parse('')
    """
    if not nonblank_lines(text, _RESERVED):
        return PortSet.empty()
    value = _value(text, _RESERVED)
    if "," in value and " " in value:
        # PortSet.parse accepts blanks around commas; the kernel does not.
        fail(_RESERVED, "a list of ports without blanks", value)
    return as_port_set(value, _RESERVED)


def parse_linux_port(text: str) -> int:
    r"""Return the port in a file such as ``ip_unprivileged_port_start``.

    Args:
        text: One port.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: *text* has another format.

    Source:
        Linux 6.18, measured.

    Example:
        >>> parse_linux_port("1024\n")
        1024
    """
    return as_port(_value(text, "port"), "port")


def parse_linux_number(text: str) -> int:
    r"""Return the number in a file such as ``tcp_max_tw_buckets``.

    Args:
        text: One number, 0 or more.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: *text* has another format.

    Source:
        Linux 6.18, measured.

    Example:
        >>> parse_linux_number("131072\n")
        131072
    """
    return as_number(_value(text, "number"), "number")


def parse_linux_seconds(text: str) -> float:
    r"""Return the seconds in a file such as ``tcp_fin_timeout``.

    Args:
        text: A whole number of seconds.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: *text* has another format.

    Source:
        Linux Documentation/networking/ip-sysctl, tcp_fin_timeout.

    Example:
        >>> parse_linux_seconds("60\n")
        60.0
    """
    return float(parse_linux_number(text))


def parse_linux_milliseconds(text: str) -> float:
    r"""Return the seconds in a file that counts milliseconds, such as ``tcp_tw_reuse_delay``.

    Args:
        text: A whole number of milliseconds.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: *text* has another format.

    Source:
        Linux 6.18, measured: 1000, and connect() waits 1.02 s.

    Example:
        >>> parse_linux_milliseconds("1000\n")
        1.0
    """
    return parse_linux_number(text) / 1000


def parse_linux_time_wait_reuse(text: str) -> TimeWaitReuse:
    r"""Return what ``tcp_tw_reuse`` allows.

    Args:
        text: 0, 1 or 2.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: *text* has another format.

    Source:
        Linux Documentation/networking/ip-sysctl, tcp_tw_reuse.

    Example:
        >>> parse_linux_time_wait_reuse("2\n")
        <TimeWaitReuse.LOOPBACK: 'loopback'>
    """
    number = parse_linux_number(text)
    if number not in _REUSE:
        fail("tcp_tw_reuse", "0, 1 or 2", number)
    return _REUSE[number]


def parse_linux_may_bind(text: str) -> bool:
    r"""Return whether a process may bind privileged ports, according to its /proc/PID/status.

    Args:
        text: The content of the file.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: *text* has another format.

    Source:
        Linux include/uapi/linux/capability.h, CAP_NET_BIND_SERVICE; fs/proc/array.c.

    Example:
        >>> parse_linux_may_bind("Name:\tsh\nUid:\t1000\nCapEff:\t0000000000000400\n")
        True
        >>> parse_linux_may_bind("CapEff:\t0000000000000000\n")
        False
    """
    values = [
        line[7:].strip() for line in nonblank_lines(text, _STATUS_TEXT) if line[:7] == "CapEff:"
    ]
    if len(values) != 1 or not 0 < len(values[0]) <= 16 or not _HEX.issuperset(values[0]):
        fail(_STATUS_TEXT, "a line 'CapEff:' with a hexadecimal number", text)
    return bool(int(values[0], 16) >> _NET_BIND_SERVICE & 1)


_STATUS_TEXT = "status of a process"
_NET_BIND_SERVICE = 10
_HEX = frozenset("0123456789abcdefABCDEF")
_REUSE = {0: TimeWaitReuse.NEVER, 1: TimeWaitReuse.ALWAYS, 2: TimeWaitReuse.LOOPBACK}


def _value(text: str, what: str) -> str:
    """Return the only line of *text*, without the name that sysctl puts before the value."""
    lines = nonblank_lines(text, what)
    if len(lines) != 1:
        fail(what, "one line", text)
    name, sign, value = lines[0].partition("=")
    if not sign:
        return lines[0]
    if not name.strip().startswith("net.ipv4."):
        fail(what, "a name below net.ipv4", name.strip())
    return value.strip()
