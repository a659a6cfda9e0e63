"""What the values of a setting mean: two ports, a list of ports, a number, seconds and so on.

A shape gets a text and its layout, a function of ``text`` that finds the values in it. ``rows``
combines the two for each setting of each system. Every fault is a ``FormatError``.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.errors import PortSyntaxError
from portranges.ports import LAST_PORT, PortRange, is_digits
from portranges.portset import PortSet
from portranges.system.model import TimeWaitReuse
from portranges.system.text import FormatError, fail, nonblank_lines, proc_value

# A 64-bit counter has at most 20 digits. int() takes quadratic time for longer text.
_MOST_DIGITS = 20

_REUSE = {0: TimeWaitReuse.NEVER, 1: TimeWaitReuse.ALWAYS, 2: TimeWaitReuse.LOOPBACK}
_CAP_EFF = re.compile(r"CapEff:\s*([0-9a-fA-F]{1,16})")
_NET_BIND_SERVICE = 10  # CAP_NET_BIND_SERVICE in include/uapi/linux/capability.h


def as_number(token: str, *, last: int = (1 << 64) - 1) -> int:
    """Return *token* as a decimal number from 0 to *last*."""
    plain = is_digits(token) and len(token) <= _MOST_DIGITS
    if not plain or (len(token) > 1 and token[0] == "0"):
        fail("a number", token)
    found = int(token)
    if found > last:
        fail(f"a number of at most {last}", token)
    return found


def as_port(token: str) -> int:
    """Return *token* as a port number."""
    return as_number(token, last=LAST_PORT)


def as_range(ports: types.Sequence[str], *, either_way: bool = False) -> PortRange:
    """Return the range between two *ports*, which *either_way* accepts in any order."""
    if len(ports) != 2:
        fail("two ports", " ".join(ports))
    low, high = map(as_port, ports)
    if low > high:
        if not either_way:
            fail("a first port not above the last", f"{low} {high}")
        low, high = high, low
    return PortRange(low, high)


def _only(text: str, layout: types.TextLayout, expected: str) -> str:
    found = layout(text)
    if len(found) != 1:
        fail(expected, text)
    return found[0]


def _as_set(token: str) -> PortSet:
    try:
        return PortSet.parse(token)
    except PortSyntaxError as error:
        raise FormatError(error.reason) from None


def two_ports(text: str, layout: types.TextLayout, *, either_way: bool = False) -> PortRange:
    """Return the range between two ports, which *either_way* accepts in any order."""
    return as_range(layout(text), either_way=either_way)


def port_list(text: str, layout: types.TextLayout) -> PortSet:
    """Return the ports in a list with commas, such as ``baddynamic`` of OpenBSD."""
    return _as_set(_only(text, layout, "one list"))


def reserved_ports(text: str) -> PortSet:
    """Return the ports in ``ip_local_reserved_ports`` of Linux.

    For an empty list Linux writes only a line break; gVisor writes nothing.
    """
    if not nonblank_lines(text):
        return PortSet.empty()
    (value,) = proc_value(text)
    if "," in value and " " in value:
        # PortSet.parse accepts blanks around commas; the kernel does not.
        fail("a list of ports without blanks", value)
    return _as_set(value)


def single_ports(text: str, layout: types.TextLayout) -> PortSet:
    """Return the ports in ``extra_priv_ports`` of Solaris.

    ``ipadm`` prints commas between them, ``ndd`` one per line, and ``--`` or nothing if there are
    none.
    """
    lines = layout(text)
    if lines == ["--"]:
        return PortSet.empty()
    return PortSet(as_port(each.strip()) for line in lines for each in line.split(","))


def port(text: str, layout: types.TextLayout, *, above: int = 0) -> int:
    """Return a port, or the port that is *above* it by so many."""
    return as_port(_only(text, layout, "one port")) + above


def number(text: str, layout: types.TextLayout) -> int:
    """Return a number, 0 or more."""
    return as_number(_only(text, layout, "one number"))


def seconds(text: str, layout: types.TextLayout, *, times: float = 1, per: int = 1) -> float:
    """Return a number in seconds, of which it counts *times* units, *per* to the second."""
    return number(text, layout) * times / per


def time_wait_reuse(text: str) -> TimeWaitReuse:
    """Return what ``tcp_tw_reuse`` of Linux allows."""
    found = number(text, proc_value)
    if found not in _REUSE:
        fail("0, 1 or 2", found)
    return _REUSE[found]


def may_bind(text: str) -> bool:
    """Return whether a process may bind privileged ports, by its /proc/PID/status on Linux.

    Source:
        Linux fs/proc/array.c: the line ``CapEff:`` has 16 hexadecimal digits.
    """
    lines = [line for line in nonblank_lines(text) if line.startswith("CapEff:")]
    mask = _CAP_EFF.fullmatch(lines[0]) if len(lines) == 1 else None
    if mask is None:
        fail("a line 'CapEff:' with a hexadecimal number", text)
    return bool(int(mask[1], 16) >> _NET_BIND_SERVICE & 1)
