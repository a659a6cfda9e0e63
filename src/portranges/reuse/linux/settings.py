"""What differs between two Linux machines: the sysctls, and the kernel.

What lives here: LinuxSettings (the sysctls that bear on ports), Kernel and its
rows (what a kernel version does differently).
What must not: what the rules do with them; reading them from this machine.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges.errors import InvalidSocketError, UnknownNameError, elide
from portranges.ports import PortRange, check_port
from portranges.portset import PortSet
from portranges.reuse.model import Confidence, check_type, checked_amount, checked_flag
from portranges.source import Source

__all__ = ["KERNELS", "Kernel", "LinuxSettings", "checked_settings", "kernel"]


_RANGE = PortRange(32768, 60999)
_NO_PORTS = PortSet()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinuxSettings:
    """The sysctls of one network namespace that bear on ports.

    The defaults are those of a new network namespace.

    Attributes:
        ip_local_port_range: What automatic ports are taken from.
        ip_local_reserved_ports: What automatic ports are never taken from.
        ip_unprivileged_port_start: The first port that needs no privilege.
        ip_autobind_reuse: Whether ``bind(addr, 0)`` may share a port when
            both sockets have SO_REUSEADDR and the range is used up.
        ip_nonlocal_bind: Whether an address that is not local may be bound.
        bindv6only: The default of IPV6_V6ONLY.
        tcp_tw_reuse: 0, 1, or 2 (loopback only).
        tcp_tw_reuse_delay: Milliseconds.
        tcp_timestamps: Whether connections use TCP timestamps.
        tcp_fin_timeout: Seconds that an orphan stays in FIN_WAIT2.
        tcp_max_tw_buckets: How many sockets may linger; none beyond.

    Raises:
        InvalidSocketError: A value is none that the kernel takes.
        InvalidPortError: ``ip_unprivileged_port_start`` is outside 0 to 65535.
        TypeError: A value is of another type.

    Source:
        Linux 6.18, Documentation/networking/ip-sysctl.rst.

    Example:
        >>> LinuxSettings(ip_unprivileged_port_start=0).tcp_tw_reuse
        2
    """

    ip_local_port_range: PortRange = _RANGE
    ip_local_reserved_ports: PortSet = _NO_PORTS
    ip_unprivileged_port_start: int = 1024
    ip_autobind_reuse: bool = False
    ip_nonlocal_bind: bool = False
    bindv6only: bool = False
    tcp_tw_reuse: int = 2
    tcp_tw_reuse_delay: int = 1000
    tcp_timestamps: bool = True
    tcp_fin_timeout: float = 60.0
    tcp_max_tw_buckets: int = 131072

    def __post_init__(self) -> None:
        """Check what the kernel checks when a sysctl is written."""
        check_type("ip_local_port_range", self.ip_local_port_range, PortRange)
        check_type("ip_local_reserved_ports", self.ip_local_reserved_ports, PortSet)
        check_port(self.ip_unprivileged_port_start)
        for name in ("ip_autobind_reuse", "ip_nonlocal_bind", "bindv6only", "tcp_timestamps"):
            checked_flag(name, getattr(self, name))
        if self.ip_local_port_range.first < max(1, self.ip_unprivileged_port_start):
            raise InvalidSocketError(
                "ip_local_port_range must not begin below ip_unprivileged_port_start",
                f"{self.ip_local_port_range} and {self.ip_unprivileged_port_start}",
            )
        for name in ("tcp_tw_reuse_delay", "tcp_max_tw_buckets"):
            check_type(name, getattr(self, name), int)
            checked_amount(name, getattr(self, name))
        check_type("tcp_tw_reuse", self.tcp_tw_reuse, int)
        if self.tcp_tw_reuse not in (0, 1, 2):
            raise InvalidSocketError("tcp_tw_reuse must be 0, 1 or 2", elide(self.tcp_tw_reuse))
        checked_amount("tcp_fin_timeout", self.tcp_fin_timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """What one kernel version does differently.

    Attributes:
        release: The first release that behaves so.
        first_socket_sets_flags: Whether the first socket on a TCP port sets
            the port's memory (``fastreuse``). The code that does so is dead
            where the buckets' list is looked at after the first was put in.
        connect_bind: Whether a port that only connect()ed sockets hold any
            more may be shared again by connect().
        udp_wildcard_scans_all: Whether a wildcard UDP bind() looks at every
            socket of the port, however many there are.
        tw_reuse_delay: Whether there is tcp_tw_reuse_delay. Before, connect()
            recycles a connection whose TIME_WAIT began in an earlier second,
            which is taken for one second here.
        local_port_range: Whether there is IP_LOCAL_PORT_RANGE.
        time_wait: Seconds in TIME_WAIT (TCP_TIMEWAIT_LEN). The kernel's timers
            round up, at this length by up to 4 seconds; the model does not.
        source: Where it was read.
        confidence: How it is known.

    Example:
        >>> kernel("6.18").first_socket_sets_flags
        False
    """

    release: str
    first_socket_sets_flags: bool
    connect_bind: bool
    udp_wildcard_scans_all: bool
    tw_reuse_delay: bool
    local_port_range: bool
    time_wait: float = 60.0
    source: Source
    confidence: Confidence


KERNELS: tuple[Kernel, ...] = (
    Kernel(
        release="6.18",
        first_socket_sets_flags=False,
        connect_bind=True,
        udp_wildcard_scans_all=True,
        tw_reuse_delay=True,
        local_port_range=True,
        source=Source(
            document="Linux 6.18",
            section="net/ipv4/inet_connection_sock.c, inet_csk_update_fastreuse; "
            "net/ipv4/inet_hashtables.c, inet_bind_bucket_destroy; net/ipv4/udp.c",
            checked="2026-11",
        ),
        confidence=Confidence.MEASURED,
    ),
    Kernel(
        release="6.8",
        first_socket_sets_flags=False,
        connect_bind=False,
        udp_wildcard_scans_all=False,
        tw_reuse_delay=False,
        local_port_range=True,
        source=Source(
            document="Linux 6.8",
            section="the owners of a port are listed in its address buckets only",
            checked="2026-11",
        ),
        confidence=Confidence.MEMORY,
    ),
    Kernel(
        release="6.1",
        first_socket_sets_flags=True,
        connect_bind=False,
        udp_wildcard_scans_all=False,
        tw_reuse_delay=False,
        local_port_range=False,
        source=Source(
            document="Linux 6.1",
            section="address buckets (bhash2); the first socket sets fastreuse",
            checked="2026-11",
        ),
        confidence=Confidence.MEMORY,
    ),
)


_DEFAULTS = LinuxSettings()


def checked_settings(value: object) -> LinuxSettings:
    """Return *value* as LinuxSettings, the defaults for None, or raise."""
    if value is None:
        return _DEFAULTS
    if isinstance(value, LinuxSettings):
        return value
    raise TypeError(f"settings must be LinuxSettings, got {type(value).__name__}")


def kernel(release: str) -> Kernel:
    """Return the row of a kernel version.

    Args:
        release: The release that a row begins with, as ``"6.18"``.

    Returns:
        The row.

    Raises:
        UnknownNameError: No row begins with that release.
        TypeError: *release* is no text.

    Example:
        >>> kernel("6.1").first_socket_sets_flags
        True
    """
    check_type("kernel", release, str)
    for row in KERNELS:
        if row.release == release:
            return row
    raise UnknownNameError("kernel", release, tuple(row.release for row in KERNELS))
