"""What differs between two machines of one system, as far as ports go.

What lives here: SystemSettings.
What must not: the values that a system is shipped with (its own module, and
the rows of ``portranges.ephemeral``); reading them from this machine.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges.ports import check_port
from portranges.portset import PortSet
from portranges.records import always_checked
from portranges.reuse.model import check_type, checked_amount, checked_flag

__all__ = ["SystemSettings"]

_NO_PORTS = PortSet.empty()


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class SystemSettings:
    """The settings of a machine that is not Linux.

    None stands for what the system is shipped with.

    Attributes:
        ports: What automatic ports are taken from.
        reserved: What automatic ports are never taken from (OpenBSD's
            baddynamic, NetBSD's reserve); a program may bind them all the same.
        excluded: Excluded port ranges (Windows): neither handed out nor bound.
        restricted: Ports that take an entitlement (macOS); the empty set for
            a program that has it.
        privileged_below: The first port that needs no privilege.
        extra_privileged: Ports above it that need one too (illumos'
            extra_priv_ports, OpenBSD's rootonly).
        v6only: The default of IPV6_V6ONLY.
        time_wait: Seconds in TIME_WAIT.
        fin_wait_2: Seconds that a connection whose peer never answers stays
            in FIN_WAIT2. The 60 s are from memory, and FreeBSD's.
        udp_exhaustion: Whether UDP ports may be used up to the last (macOS'
            ipport_allow_udp_port_exhaustion).

    Raises:
        InvalidSocketError: A time is negative, or no finite number.
        InvalidPortError: ``privileged_below`` is outside 0 to 65535.
        TypeError: A value is of another type.

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
        check_type("reserved", self.reserved, PortSet)
        check_type("excluded", self.excluded, PortSet)
        for name in ("ports", "restricted", "extra_privileged"):
            if getattr(self, name) is not None:
                check_type(name, getattr(self, name), PortSet)
        if self.privileged_below is not None:
            check_port(self.privileged_below)
        checked_flag("v6only", self.v6only, none=True)
        checked_flag("udp_exhaustion", self.udp_exhaustion)
        if self.time_wait is not None:
            checked_amount("time_wait", self.time_wait)
        checked_amount("fin_wait_2", self.fin_wait_2)
