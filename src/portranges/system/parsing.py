"""The value of a setting in a copied file, or in the output of a command on another machine.

``rows`` has the format of each setting on each system. Nothing is read from this machine.
"""

from __future__ import annotations

from portranges import systems, types
from portranges.checks import member, word
from portranges.ephemeral import EphemeralProfile
from portranges.ephemeral.lookup import row_of
from portranges.errors import UnsupportedPlatformError
from portranges.families import Family
from portranges.ports import PortRange, Transport, check_transport
from portranges.portset import PortSet
from portranges.system.model import Field, Reading
from portranges.system.rows import READINGS
from portranges.system.text import parsed
from portranges.systems import System


@types.overload
def parse(
    text: str,
    field: types.RangeField,
    system: types.SystemLike,
    **which: types.Unpack[types.WhichText],
) -> PortRange: ...
@types.overload
def parse(
    text: str,
    field: types.PortsField,
    system: types.SystemLike,
    **which: types.Unpack[types.WhichText],
) -> PortSet: ...
@types.overload
def parse(
    text: str,
    field: types.FieldLike,
    system: types.SystemLike,
    **which: types.Unpack[types.WhichText],
) -> types.SettingValue: ...
def parse(
    text: str,
    field: types.FieldLike,
    system: types.SystemLike,
    *,
    transport: types.TransportLike = "tcp",
    family: types.FamilyLike = "inet",
    program: types.SettingProgram | None = None,
) -> types.SettingValue:
    r"""Return the value of a setting from the text of its file, or of the command that prints it.

    It works on every system. Linux: the content of the file in /proc/sys/net/ipv4, or the output of
    ``sysctl``, with or without ``-n``. macOS and the BSDs: the output of ``sysctl``, which may
    contain other names. AIX: that of ``no -o`` or ``no -a``. Numbers in the output of ``netsh`` are
    found by their position, so that the display language does not matter.

    Args:
        text: The content of the file, or the output of the command.
        field: The setting, such as ``"configured"`` for the ephemeral range.
        system: The system of the machine that the text comes from.
        transport: The transport, if the system has settings for each.
        family: ``"inet"`` or ``"inet6"``, if the system has settings for each.
        program: The program that printed it, if two can: ``"powershell"`` instead of ``"netsh"`` on
            Windows, or ``"ndd"`` instead of ``"ipadm"`` on Solaris.

    Returns:
        A ``PortRange`` for ``"configured"``, a ``PortSet`` for ``"reserved"`` and ``"excluded"``, a
        ``TimeWaitReuse`` for ``"time_wait_reuse"``; otherwise a number, in seconds if it is a time.
        ``None`` if the value is not set.

    Raises:
        TypeError: An argument has a wrong type.
        UnknownNameError: *field*, *system*, *transport*, *family* or *program* is unknown.
        UnsupportedPlatformError: No file or command with this setting is known for the system.
        UnexpectedOutputError: *text* has another format.

    Complexity:
        Linear in *text*. A text longer than 1 MiB is rejected without being parsed.

    Example:
        >>> parse("32768\t60999\n", "configured", "linux")
        PortRange(first=32768, last=60999)
        >>> parse("net.inet.tcp.msl: 15000\n", "time_wait", "freebsd")
        30.0
        >>> parse("net.inet.udp.baddynamic=623,664,2049\n", "reserved", "openbsd", transport="udp")
        PortSet.parse('623,664,2049')
        >>> parse("Startport : 49152\nAnzahl Ports : 16384\n", "configured", "windows")
        PortRange(first=49152, last=65535)
        >>> parse("32768\n\n65535\n", "configured", "solaris", program="ndd")
        PortRange(first=32768, last=65535)
    """
    setting = member("field", field, Field)
    profile = row_of(system, "system")
    chosen, of_family = check_transport(transport), member("family", family, Family)
    rows = readings_of(setting, profile, lineage(profile.system), chosen, of_family)
    if not rows:
        raise unknown_format(setting, profile, chosen)
    row = rows[0] if program is None else _printed_by(program, rows)
    value = parsed(f"the {setting.label} of {profile.title}", row.parse, text)
    return types.cast("types.SettingValue", value)


def _printed_by(program: str, rows: list[Reading]) -> Reading:
    name = word("program", program, [row.program for row in rows if row.command])
    return next(row for row in rows if row.program == name)


def lineage(system: System) -> tuple[str, ...]:
    """Return the names of *system* and of what it is a variant of, nearest first.

    The rows of Linux apply to Android too.
    """
    if not system.parent:
        return (system.name,)
    return (system.name, *lineage(systems.lookup(types.cast("types.SystemName", system.parent))))


def readings_of(
    field: Field,
    profile: EphemeralProfile,
    names: types.Collection[str],
    transport: Transport,
    family: Family,
) -> list[Reading]:
    """Return the ways to read *field* on the systems *names*, the preferred one first."""
    return [
        row
        for row in READINGS
        if row.field is field
        and row.system in names
        and (row.transport or transport) is transport
        and (row.family or family) is family
        and transport in profile.transports
    ]


def unknown_format(
    field: Field, profile: EphemeralProfile, transport: Transport
) -> UnsupportedPlatformError:
    """Return the error that there is no way to read *field*."""
    return UnsupportedPlatformError(
        f"the {field.label} of {profile.title}", f"no way to read it for {transport} is known"
    )
