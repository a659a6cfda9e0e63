"""The sysctls of a Linux machine that affect ports.

``portranges.system`` reads them from this machine; what differs between kernel releases is in
``kernels``.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import checks, ephemeral
from portranges.errors import InvalidSocketError
from portranges.ports import PortRange, check_port
from portranges.portset import PortSet
from portranges.records import always_checked
from portranges.reuse.model import checked_seconds

_LINUX = ephemeral.profile("linux")
_NO_PORTS = PortSet()


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class LinuxSettings:
    """The sysctls of a network namespace that affect ports.

    The defaults are the values of a new network namespace.

    Attributes:
        ip_local_port_range: The ephemeral range.
        ip_local_reserved_ports: Ports that are never chosen automatically.
        ip_unprivileged_port_start: The first port that needs no privilege.
        ip_autobind_reuse: Whether ``bind(addr, 0)`` may share a port if both sockets have
            SO_REUSEADDR and no other port is left.
        ip_nonlocal_bind: Whether a socket may be bound to an address that is not local.
        bindv6only: The default of IPV6_V6ONLY.
        tcp_tw_reuse: 0, 1, or 2 (loopback only).
        tcp_tw_reuse_delay: Milliseconds in TIME_WAIT before connect() may replace a
            connection.
        tcp_timestamps: Whether connections use TCP timestamps.
        tcp_fin_timeout: Seconds that a closed socket stays in FIN_WAIT2.
        tcp_max_tw_buckets: The maximum number of sockets that linger. The kernel's default is
            half of the size of its hash table of connections, which depends on the memory;
            131,072 was measured.
        ip_local_port_step_width: The largest step in which connect() goes through the range,
            from Linux 7.1 on; 0 means that it tries port after port. A step is coprime to the
            number of ports, so that connect() reaches the same ports.

    Raises:
        InvalidSocketError: The kernel does not accept a value.
        InvalidPortError: ``ip_unprivileged_port_start`` is outside 0..65535.
        TypeError: A value has the wrong type.

    Source:
        Linux 6.18 and 7.1.5, Documentation/networking/ip-sysctl.rst; 6.18,
        net/ipv4/tcp_ipv4.c, tcp_set_hashinfo().

    Example:
        >>> LinuxSettings(ip_unprivileged_port_start=0).tcp_tw_reuse
        2
    """

    ip_local_port_range: PortRange = _LINUX.ports.ranges[0]
    ip_local_reserved_ports: PortSet = _NO_PORTS
    ip_unprivileged_port_start: int = _LINUX.privileged_below or 0
    ip_autobind_reuse: bool = False
    ip_nonlocal_bind: bool = False
    bindv6only: bool = False
    tcp_tw_reuse: int = 2
    tcp_tw_reuse_delay: int = 1000
    tcp_timestamps: bool = True
    tcp_fin_timeout: float = 60.0
    tcp_max_tw_buckets: int = 131072
    ip_local_port_step_width: int = 0

    def __post_init__(self) -> None:
        """Check the values as the kernel does when a sysctl is written."""
        checks.of_type("ip_local_port_range", self.ip_local_port_range, PortRange)
        checks.of_type("ip_local_reserved_ports", self.ip_local_reserved_ports, PortSet)
        put = object.__setattr__
        put(self, "ip_unprivileged_port_start", check_port(self.ip_unprivileged_port_start))
        for name in ("ip_autobind_reuse", "ip_nonlocal_bind", "bindv6only", "tcp_timestamps"):
            checks.flag(name, getattr(self, name))
        if self.ip_local_port_range.first < max(1, self.ip_unprivileged_port_start):
            raise InvalidSocketError(
                "ip_local_port_range must not start below ip_unprivileged_port_start",
                f"{self.ip_local_port_range} and {self.ip_unprivileged_port_start}",
            )
        for name in ("tcp_tw_reuse_delay", "tcp_max_tw_buckets", "ip_local_port_step_width"):
            put(self, name, checks.integer(name, getattr(self, name), error=InvalidSocketError))
        reuse = checks.integer("tcp_tw_reuse", self.tcp_tw_reuse, most=2, error=InvalidSocketError)
        put(self, "tcp_tw_reuse", reuse)
        checked_seconds("tcp_fin_timeout", self.tcp_fin_timeout)


DEFAULTS = LinuxSettings()
