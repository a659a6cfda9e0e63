"""This machine as one of the systems of ``suggest`` and ``audit``, with its own settings.

Modules that read the machine are imported when needed, because most calls do not need them.
"""

from __future__ import annotations

from dataclasses import replace

from portranges import types
from portranges.cli.output import print_note
from portranges.errors import MissingExtraError, SystemReadError
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet
from portranges.systems import COMMON


def settings_of(
    transports: types.Iterable[types.TransportName], machine: types.Machine | None
) -> tuple[types.MachineSettings, ...]:
    """Return the settings of *machine* for each of *transports*."""
    from portranges.system import read_settings

    return tuple(read_settings(each, machine=machine) for each in transports)


def systems_of(
    names: types.Sequence[types.SystemName] | None, here: types.Iterable[types.MachineSettings]
) -> tuple[types.SystemLike, ...]:
    """Return the named systems and this machine; the usual ones if both are missing."""
    # On most systems the settings are the same for every transport.
    own = {each.effective: _named(each.profile) for each in here}
    return (*(names or ()), *own.values()) or COMMON


def _named(profile: types.EphemeralProfile) -> types.EphemeralProfile:
    # Findings about this machine must not look like findings about its system in general.
    system = replace(profile.system, title="this machine")
    return replace(profile, system=system, others=())


def excluded_ports(here: types.Iterable[types.MachineSettings]) -> PortSet:
    """Return the ports that this machine excludes."""
    return PortSet().union(*(settings.excluded for settings in here))


def ports_in_use(here: types.Iterable[types.MachineSettings]) -> PortSet:
    """Return the ports in use now on this machine.

    A note on standard error reports that the sockets cannot be read.
    """
    found = PortSet()
    for settings in here:
        from portranges.probe import free_ports

        # The probe reads the sockets of these transports only.
        if settings.transport in (Transport.TCP, Transport.UDP):
            try:
                found |= PortRange(1, 65535) - free_ports(transport=settings.transport)
            except (SystemReadError, MissingExtraError) as error:
                print_note(f"cannot determine which ports are in use: {error}")
    return found
