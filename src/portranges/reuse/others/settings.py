"""The settings of a machine that affect ports, on systems other than Linux.

A system's defaults are in its own module and in the rows of ``portranges.ephemeral``.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import checks
from portranges.ports import check_port
from portranges.portset import PortSet
from portranges.records import always_checked
from portranges.reuse.model import checked_seconds

_NO_PORTS = PortSet.empty()


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class SystemSettings:
    """The settings of a machine that does not run Linux.

    None means the system's default.

    Attributes:
        ports: The ephemeral range.
        reserved: Ports that are never chosen automatically (baddynamic of OpenBSD, reserve
            of NetBSD); a program can bind them explicitly.
        excluded: Excluded port ranges (Windows), which can neither be chosen nor bound.
        restricted: Ports that require an entitlement (macOS); the empty set for a program
            that has it.
        privileged_below: The first port that needs no privilege.
        extra_privileged: Further ports that require privilege (extra_priv_ports of illumos,
            rootonly of OpenBSD).
        v6only: The default of IPV6_V6ONLY.
        time_wait: Seconds in TIME_WAIT.
        fin_wait_2: Seconds in FIN_WAIT2 if the peer never answers. The default is
            FreeBSD's, from memory.
        udp_exhaustion: Whether all UDP ports can be used (ipport_allow_udp_port_exhaustion
            of macOS).

    Raises:
        InvalidSocketError: A time is negative or not finite.
        InvalidPortError: ``privileged_below`` is outside 0..65535.
        TypeError: A value has the wrong type.

    Example:
        >>> SystemSettings(excluded=PortSet.parse("50000-50099")).time_wait is None
        True
    """

    ports: PortSet | None = None
    reserved: PortSet = _NO_PORTS
    excluded: PortSet = _NO_PORTS
    restricted: PortSet | None = None
    privileged_below: int | None = None
    extra_privileged: PortSet | None = None
    v6only: bool | None = None
    time_wait: float | None = None
    fin_wait_2: float = 60.0
    udp_exhaustion: bool = False

    def __post_init__(self) -> None:
        """Check the values."""
        checks.of_type("reserved", self.reserved, PortSet)
        checks.of_type("excluded", self.excluded, PortSet)
        for name in ("ports", "restricted", "extra_privileged"):
            checks.of_type(name, getattr(self, name), PortSet, optional=True)
        if self.privileged_below is not None:
            object.__setattr__(self, "privileged_below", check_port(self.privileged_below))
        checks.of_type("v6only", self.v6only, bool, optional=True)
        checks.flag("udp_exhaustion", self.udp_exhaustion)
        if self.time_wait is not None:
            checked_seconds("time_wait", self.time_wait)
        checked_seconds("fin_wait_2", self.fin_wait_2)
