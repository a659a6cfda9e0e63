"""The difference between two sets, and a setting for Linux.

The syntax of other tools is in ``portranges.dialects``.
"""

from __future__ import annotations

from portranges import types
from portranges.advice.model import Difference
from portranges.errors import InvalidRangeError, UnrepresentableError
from portranges.ports import PortRange
from portranges.portset import PortSet

_KEY = "net.ipv4.ip_local_reserved_ports"

# The kernel reads one byte less than a page at once and cuts a longer text at the last comma;
# `sysctl` writes once and appends a newline.
_LONGEST = 4094

# Linux allocates no port below ip_unprivileged_port_start, by default 1024.
_ALLOCATABLE = PortRange(1024, 65535)


def diff(old: types.PortItems, new: types.PortItems) -> Difference:
    """Return the ports to add to *old* and to remove from it, so that it becomes *new*.

    Args:
        old: The present ports: anything that ``PortSet`` accepts.
        new: The intended ports.

    Returns:
        The difference; it is false if there is none.

    Raises:
        TypeError: An argument is not accepted by ``PortSet``.
        InvalidPortError: A port is outside 0 to 65535.

    Example:
        >>> from portranges import PortSet
        >>> change = diff(PortSet.parse("22,8000-8100"), PortSet.parse("22,8050-8150"))
        >>> print(change.added, change.removed, bool(change))
        8101-8150 8000-8049 True
    """
    before, after = PortSet(old), PortSet(new)
    return Difference(added=after - before, removed=before - after)


def sysctl_reserved(ports: types.PortItems) -> str:
    """Return the setting with which Linux never allocates some ports automatically.

    Args:
        ports: The ports of services that listen inside the machine's ephemeral range: anything
            that ``PortSet`` accepts. They can still be bound explicitly.

    Returns:
        One line, for ``sysctl -w`` or a file in ``/etc/sysctl.d``. It replaces the previous
        setting.

    Raises:
        TypeError: *ports* is not accepted by ``PortSet``.
        InvalidPortError: A port is outside 0 to 65535.
        InvalidRangeError: No port would be left to allocate.
        UnrepresentableError: *ports* is empty, or the line is longer than the kernel reads at
            once.

    Source:
        Linux, Documentation/networking/ip-sysctl.rst; run on Linux 6.18.

    Example:
        >>> sysctl_reserved([50051, PortRange(40000, 40010)])
        'net.ipv4.ip_local_reserved_ports=40000-40010,50051'
    """
    reserved = PortSet(ports)
    if reserved >= _ALLOCATABLE:
        raise InvalidRangeError("at least one port must be left to allocate", str(reserved))
    text = str(reserved)
    if not text:
        raise UnrepresentableError("sysctl", "the setting cannot be empty")
    if len(text) > _LONGEST:
        raise UnrepresentableError(
            "sysctl", f"the kernel reads {_LONGEST} characters at once, and it needs {len(text)}"
        )
    return f"{_KEY}={text}"
