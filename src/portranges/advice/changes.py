"""What two sets differ in, what must come back in, what Linux must be told.

What lives here: ``diff``, ``return_traffic`` and ``sysctl_reserved``.
What must not: another tool's syntax (``portranges.dialects``), or the running
of any.
"""

from __future__ import annotations

from portranges import types
from portranges.advice.model import Difference
from portranges.ephemeral import ports as handed_out
from portranges.errors import InvalidRangeError, UnrepresentableError
from portranges.ports import PortRange
from portranges.portset import PortSet

__all__ = ["diff", "return_traffic", "sysctl_reserved"]

_KEY = "net.ipv4.ip_local_reserved_ports"

# The kernel reads one page less one byte at a time, cuts what is longer at the
# last comma, and `sysctl` writes once, with a newline.
_LONGEST = 4094

# A Linux machine lends ports of at least ip_unprivileged_port_start, by default.
_LENDABLE = PortRange(1024, 65535)


def diff(old: types.PortItems, new: types.PortItems) -> Difference:
    """Return what must be added to *old*, and removed from it, to make it *new*.

    Args:
        old: The ports that are there: anything that ``PortSet`` takes.
        new: The ports that there should be.

    Returns:
        The difference; false where there is none.

    Raises:
        TypeError: One is nothing that ``PortSet`` takes.
        InvalidPortError: A port is outside 0 to 65535.

    Example:
        >>> from portranges import PortSet
        >>> change = diff(PortSet.parse("22,8000-8100"), PortSet.parse("22,8050-8150"))
        >>> print(change.added, change.removed, bool(change))
        8101-8150 8000-8049 True
    """
    before, after = PortSet(old), PortSet(new)
    return Difference(added=after - before, removed=before - after)


def return_traffic(systems: types.SystemsLike) -> PortSet:
    """Return the ports that a stateless filter must let back in to clients.

    Args:
        systems: The clients' systems: one or more names as
            ``ephemeral.profile`` takes them, or profiles of tuned machines.

    Returns:
        All ports that these systems hand out by themselves.

    Raises:
        TypeError: *systems* is neither a name, a profile nor an iterable of them.
        UnknownNameError: A system is not known.
        InvalidValueError: A system has no fixed ephemeral range.

    Source:
        The profile of each system.

    Example:
        >>> print(return_traffic("linux"), return_traffic(["linux", "windows"]))
        32768-60999 32768-65535
    """
    return handed_out(systems)


def sysctl_reserved(ports: types.PortItems) -> str:
    """Return the setting that keeps Linux from handing out some ports.

    Args:
        ports: The ports of services that listen inside the ephemeral range of
            the machine: anything that ``PortSet`` takes. To bind them by
            number stays allowed.

    Returns:
        One line, for ``sysctl -w`` or a file in ``/etc/sysctl.d``. It
        replaces what was set before.

    Raises:
        TypeError: *ports* is nothing that ``PortSet`` takes.
        InvalidPortError: A port is outside 0 to 65535.
        InvalidRangeError: No port is left to hand out.
        UnrepresentableError: There is no port, or the line is longer than the
            kernel reads at once.

    Source:
        Linux, Documentation/networking/ip-sysctl.rst; run on Linux 6.18.

    Example:
        >>> sysctl_reserved([50051, PortRange(40000, 40010)])
        'net.ipv4.ip_local_reserved_ports=40000-40010,50051'
    """
    wanted = PortSet(ports)
    if wanted >= _LENDABLE:
        raise InvalidRangeError("a port must be left to hand out", str(wanted))
    text = str(wanted)
    if not text:
        raise UnrepresentableError("sysctl", "a setting must have a value")
    if len(text) > _LONGEST:
        raise UnrepresentableError(
            "sysctl", f"the kernel reads {_LONGEST} characters at once, and these are {len(text)}"
        )
    return f"{_KEY}={text}"
