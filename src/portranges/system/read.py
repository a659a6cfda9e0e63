"""Questions to a machine: its range, its reserved and excluded ports, and so on.

What lives here: the functions over the rows.
What must not: files, commands and formats (``rows``, ``parse_*``), the way to
this machine (``machine``).
"""

from __future__ import annotations

import dataclasses
import re

from portranges import ephemeral, types
from portranges.ephemeral import EphemeralProfile
from portranges.errors import (
    SystemReadError,
    UnexpectedOutputError,
    UnknownNameError,
    UnsupportedPlatformError,
    elide,
)
from portranges.families import Family
from portranges.names import near
from portranges.ports import PortRange, check_transport
from portranges.portset import PortSet
from portranges.source import Source
from portranges.system.machine import THIS_MACHINE
from portranges.system.model import (
    Field,
    Machine,
    MachineSettings,
    Origin,
    OriginKind,
    Reading,
    TimeWaitReuse,
)
from portranges.system.parse_linux import is_gvisor_range
from portranges.system.rows import PLATFORMS, PROFILES, READINGS, SHIPPED

__all__ = [
    "read_configured",
    "read_ephemeral",
    "read_excluded",
    "read_reserved",
    "read_settings",
    "read_time_wait",
    "read_unprivileged_start",
]

# A release begins with its version: "6.18.44-microsoft-standard", "14.1-RELEASE".
_VERSION = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?(?:\.([0-9]{1,9}))?")


def read_ephemeral(
    transport: types.TransportLike = "tcp",
    *,
    family: types.FamilyLike = "inet",
    machine: Machine | None = None,
) -> EphemeralProfile:
    """Return what the machine hands out: its system's row with its own range.

    Args:
        transport: The transport to ask for; Windows, Solaris, OpenBSD and AIX
            have settings for each.
        family: ``"inet"`` or ``"inet6"``; Windows and NetBSD have a range for
            each version of IP.
        machine: The machine; this one by default. On Linux the settings are
            those of the network namespace of the calling thread.

    Returns:
        The row with the ports that are handed out as ``ports``: the range
        without reserved and excluded ports. Its ``tuned`` is set, also where
        nobody has changed the range. ``read_settings`` tells where each value
        comes from.

    Raises:
        UnknownNameError: *transport* or *family* is none.
        UnsupportedPlatformError: The platform, or the transport on it, is not
            one that can be read.
        UnexpectedOutputError: A file or a command said something unknown.
        SystemReadError: One could not be read; the error names it and tells
            why.

    Example:
        >>> from portranges import system
        >>> read_ephemeral(machine=system.RECORDED_LINUX)
        <EphemeralProfile linux, tuned: 32768-39999,40004-40006,40008-60999>
    """
    question = _Question(transport, family, machine)
    return question.tuned(*question.parts())


def read_configured(
    transport: types.TransportLike = "tcp",
    *,
    family: types.FamilyLike = "inet",
    machine: Machine | None = None,
) -> PortRange:
    """Return the ephemeral range as it is set, with nothing taken out of it.

    Args:
        transport: As for ``read_ephemeral``.
        family: As for ``read_ephemeral``.
        machine: As for ``read_ephemeral``.

    Returns:
        The range.

    Raises:
        UnknownNameError: As for ``read_ephemeral``.
        UnsupportedPlatformError: As for ``read_ephemeral``.
        UnexpectedOutputError: As for ``read_ephemeral``.
        SystemReadError: As for ``read_ephemeral``.

    Example:
        >>> from portranges import system
        >>> read_configured(machine=system.RECORDED_LINUX)
        PortRange(first=32768, last=60999)
    """
    return _Question(transport, family, machine).known(Field.CONFIGURED, PortRange)


def read_reserved(
    transport: types.TransportLike = "tcp",
    *,
    family: types.FamilyLike = "inet",
    machine: Machine | None = None,
) -> PortSet:
    """Return the ports that the machine hands out to nobody, but lets be bound.

    They are ``ip_local_reserved_ports`` of Linux, ``baddynamic`` of OpenBSD
    and ``extra_priv_ports`` of Solaris, which take a privilege to bind.

    Args:
        transport: As for ``read_ephemeral``.
        family: As for ``read_ephemeral``.
        machine: As for ``read_ephemeral``.

    Returns:
        The set, also of ports outside the range; empty where the system has no
        such list.

    Raises:
        UnknownNameError: As for ``read_ephemeral``.
        UnsupportedPlatformError: As for ``read_ephemeral``.
        UnexpectedOutputError: As for ``read_ephemeral``.
        SystemReadError: As for ``read_ephemeral``; also where the system may
            have a list that cannot be read, as NetBSD.

    Example:
        >>> from portranges import system
        >>> read_reserved(machine=system.RECORDED_LINUX)
        PortSet.parse('40000-40003,40007')
    """
    return _Question(transport, family, machine).known(Field.RESERVED, PortSet)


def read_excluded(
    transport: types.TransportLike = "tcp",
    *,
    family: types.FamilyLike = "inet",
    machine: Machine | None = None,
) -> PortSet:
    """Return the ports that the machine neither hands out nor lets be bound.

    They are the excluded port ranges of Windows, which Hyper-V and others take
    at every start, and the restricted ports of macOS. Windows lets be bound
    those with a star: see ``parse_netsh_exclusions``.

    Args:
        transport: As for ``read_ephemeral``.
        family: As for ``read_ephemeral``.
        machine: As for ``read_ephemeral``.

    Returns:
        The set, also of ports outside the range; empty where the system has no
        such list.

    Raises:
        UnknownNameError: As for ``read_ephemeral``.
        UnsupportedPlatformError: As for ``read_ephemeral``.
        UnexpectedOutputError: As for ``read_ephemeral``.
        SystemReadError: As for ``read_ephemeral``.

    Example:
        >>> from portranges import system
        >>> read_excluded(machine=system.RECORDED_LINUX)
        PortSet.parse('')
    """
    return _Question(transport, family, machine).known(Field.EXCLUDED, PortSet)


def read_unprivileged_start(
    transport: types.TransportLike = "tcp", *, machine: Machine | None = None
) -> int:
    """Return the first port that takes no privilege to bind.

    Args:
        transport: As for ``read_ephemeral``.
        machine: As for ``read_ephemeral``.

    Returns:
        The port; 0 where none needs a privilege, 65536 where all do.

    Raises:
        UnknownNameError: As for ``read_ephemeral``.
        UnsupportedPlatformError: As for ``read_ephemeral``.
        UnexpectedOutputError: As for ``read_ephemeral``.
        SystemReadError: As for ``read_ephemeral``; also where the system's
            rule is not known.

    Example:
        >>> from portranges import system
        >>> read_unprivileged_start(machine=system.RECORDED_LINUX)
        1024
    """
    return _Question(transport, "inet", machine).known(Field.UNPRIVILEGED_START, int)


def read_time_wait(*, machine: Machine | None = None) -> float:
    """Return for how long the end of a TCP connection holds its port.

    Args:
        machine: As for ``read_ephemeral``.

    Returns:
        The seconds, towards a remote peer.

    Raises:
        UnsupportedPlatformError: As for ``read_ephemeral``.
        UnexpectedOutputError: As for ``read_ephemeral``.
        SystemReadError: As for ``read_ephemeral``; also where the system has
            settings that cannot be read, as NetBSD.

    Example:
        >>> from portranges import system
        >>> read_time_wait(machine=system.RECORDED_LINUX)
        60.0
    """
    return _Question("tcp", "inet", machine).known(Field.TIME_WAIT, float)


def read_settings(
    transport: types.TransportLike = "tcp",
    *,
    family: types.FamilyLike = "inet",
    machine: Machine | None = None,
) -> MachineSettings:
    """Return all settings that are known of, and where each comes from.

    Args:
        transport: As for ``read_ephemeral``.
        family: As for ``read_ephemeral``.
        machine: As for ``read_ephemeral``.

    Returns:
        The settings. Where a value could be assumed only, ``origins`` says so.

    Raises:
        UnknownNameError: As for ``read_ephemeral``.
        UnsupportedPlatformError: As for ``read_ephemeral``.
        UnexpectedOutputError: As for ``read_ephemeral``.
        SystemReadError: As for ``read_ephemeral``, for the first that fails.

    Example:
        >>> from portranges import system
        >>> settings = read_settings(machine=system.RECORDED_LINUX)
        >>> settings.time_wait, settings.time_wait_reuse.value, settings.fin_wait_2
        (60.0, 'loopback', 60.0)
        >>> print(settings.origins["configured"])
        read: /proc/sys/net/ipv4/ip_local_port_range
    """
    question = _Question(transport, family, machine)
    configured, reserved, excluded = question.parts()
    return MachineSettings(
        profile=question.tuned(configured, reserved, excluded),
        system=question.profile.name,
        transport=question.transport,
        family=question.family,
        configured=configured,
        reserved=reserved,
        excluded=excluded,
        unprivileged_start=question.value(Field.UNPRIVILEGED_START, int),
        time_wait=question.value(Field.TIME_WAIT, float),
        time_wait_reuse=question.value(Field.TIME_WAIT_REUSE, TimeWaitReuse),
        time_wait_reuse_after=question.value(Field.TIME_WAIT_REUSE_AFTER, float),
        time_wait_limit=question.value(Field.TIME_WAIT_LIMIT, int),
        fin_wait_2=question.value(Field.FIN_WAIT_2, float),
        readings=tuple(question.origins),
    )


class _Question:
    """One machine, asked for one transport and one version of IP."""

    def __init__(self, transport: str, family: str, machine: Machine | None) -> None:
        """Check the words, and find out which system it is."""
        self.machine = THIS_MACHINE if machine is None else machine
        self.transport = check_transport(transport)
        self.family = _check_family(family)
        self.origins: list[Origin] = []
        self.system = _system(self.machine.platform)
        self.profile = ephemeral.profile(_profile_name(self.system, self.machine))
        if not any(self._is_for(row) for row in READINGS if row.field is Field.CONFIGURED):
            self._refuse()

    def parts(self) -> tuple[PortRange, PortSet, PortSet]:
        """Return the range, the reserved and the excluded ports."""
        return (
            self.known(Field.CONFIGURED, PortRange),
            self.known(Field.RESERVED, PortSet, assumed=True),
            self.known(Field.EXCLUDED, PortSet, assumed=True),
        )

    def tuned(
        self, configured: PortRange, reserved: PortSet, excluded: PortSet
    ) -> EphemeralProfile:
        """Return the profile with these ports, for one transport where it is for one."""
        profile = self.profile.replace(ports=configured, excluded=reserved | excluded)
        if any(row.transport for row in READINGS if row.system == self.system):
            return dataclasses.replace(profile, transports=(self.transport,))
        return profile

    def known(self, field: Field, kind: type[types.T], *, assumed: bool = False) -> types.T:
        """Return the value of *field*; not to know it, or to assume it, is an error."""
        value = self.value(field, kind)
        origin = self.origins[-1]
        if value is None or (origin.kind is OriginKind.ASSUMED and not assumed):
            raise SystemReadError(f"the {field.label} of {self.profile.title}", origin.note)
        return value

    def value(self, field: Field, kind: type[types.T]) -> types.T | None:
        """Return the value of *field*, ``None`` where there is none; keep its origin."""
        rows = [row for row in READINGS if row.field is field and self._is_for(row)]
        value = self._read(rows) if rows else self._shipped(field)
        if value is None or isinstance(value, kind):
            return value
        raise TypeError(f"{field} must be a {kind.__name__}, got {elide(value)}")

    def _is_for(self, row: Reading) -> bool:
        return (
            row.system == self.system
            and (row.transport or self.transport) is self.transport
            and (row.family or self.family) is self.family
            and self.transport in self.profile.transports
        )

    def _refuse(self) -> types.NoReturn:
        raise UnsupportedPlatformError(
            f"the {Field.CONFIGURED.label} of {self.profile.title}",
            f"no way to ask for {self.transport} is known",
        )

    def _read(self, rows: list[Reading]) -> object:
        """Return what the first of *rows* says that works."""
        failures: list[SystemReadError] = []
        for row in rows:
            try:
                text = self._text(row)
            except FileNotFoundError as missing:
                if row.absent and self._has_settings():
                    return self._shipped(row.field, place=row.place, note=row.absent)
                failures.append(_missing(row, missing))
                continue
            try:
                value = row.parse(text)
            except UnexpectedOutputError as error:
                # Ahead of what is merely not there: it says more.
                failures.insert(0, UnexpectedOutputError(_what(row), error.reason))
                continue
            if row.file and row.field is Field.CONFIGURED and is_gvisor_range(text):
                self.profile = ephemeral.profile("gvisor")
            if value is None:
                return self._shipped(row.field, place=row.place)
            self._keep(row.field, OriginKind.READ, place=row.place, source=row.source)
            return value
        raise failures[0]

    def _text(self, row: Reading) -> str:
        """Return the text of *row*; FileNotFoundError alone is left as it is."""
        try:
            if row.file:
                return self.machine.read_file(row.file)
            return self.machine.run(row.command)
        except FileNotFoundError:
            raise
        except SystemReadError as error:
            raise type(error)(_what(row), error.reason) from None
        except OSError as error:
            raise SystemReadError(_what(row), _reason(error)) from error

    def _has_settings(self) -> bool:
        """Tell whether the machine has any setting: else one missing means nothing."""
        for row in READINGS:
            if row.field is Field.CONFIGURED and self._is_for(row) and row.file:
                try:
                    self.machine.read_file(row.file)
                except (OSError, SystemReadError):
                    return False
        return True

    def _shipped(self, field: Field, *, place: str = "", note: str = "") -> object:
        """Return the value of *field* on a machine as shipped."""
        value: object = None
        if field is Field.RESERVED:
            value = PortSet.empty()
        elif field is Field.EXCLUDED:
            value = self.profile.skipped
        elif field is Field.UNPRIVILEGED_START:
            value = self.profile.privileged_below
        elif field is Field.TIME_WAIT:
            value = self.profile.time_wait
        row = next((row for row in SHIPPED if self._is_shipped(row.system, row.field, field)), None)
        if row is None and not place:
            # A setting that this system does not have.
            return value
        kind = OriginKind.DEFAULT if row is None else row.kind
        if value is None:
            kind = OriginKind.UNKNOWN
        why = note or ("" if row is None else row.note)
        source = None if row is None else row.source
        self._keep(field, kind, place=place, note=why, source=source)
        return value

    def _is_shipped(self, system: str, of: Field, field: Field) -> bool:
        return of is field and system in (self.profile.name, self.system)

    def _keep(
        self,
        field: Field,
        kind: OriginKind,
        *,
        place: str = "",
        note: str = "",
        source: Source | None = None,
    ) -> None:
        self.origins.append(Origin(field=field, kind=kind, place=place, note=note, source=source))


def _check_family(value: str) -> Family:
    if not isinstance(value, str):
        raise TypeError(
            f"family must be a Family or its value, got {type(value).__name__} {elide(value)}"
        )
    try:
        return Family(value)
    except ValueError:
        raise UnknownNameError("family", value, near(value, map(str, Family))) from None


def _system(platform: str) -> types.SystemName:
    for beginning, system in PLATFORMS:
        if platform.startswith(beginning):
            return system
    known = ", ".join(sorted({system for _, system in PLATFORMS}))
    raise UnsupportedPlatformError(
        "the settings of this platform", f"it must be one of {known}, got {elide(platform)}"
    )


def _profile_name(system: types.SystemName, machine: Machine) -> types.SystemName:
    """Return the name of the row that describes *machine* best."""
    if machine.platform == "android":
        return "android"
    if system == "linux" and "microsoft" in machine.release.lower():
        return "wsl2"
    match = _VERSION.match(machine.release)
    if match is not None:
        version = tuple(int(part) for part in match.groups(default="0"))
        for before, name in PROFILES.get(system, ()):
            if version < before:
                return name
    return system


def _what(row: Reading) -> str:
    if row.file:
        return f"the {row.field.label} from {row.file}"
    return f"the {row.field.label} with '{row.place}'"


def _missing(row: Reading, error: FileNotFoundError) -> SystemReadError:
    reason = "no such file; is /proc mounted?" if row.file else "no such program on this system"
    failure = SystemReadError(_what(row), reason)
    failure.__cause__ = error
    return failure


def _reason(error: OSError) -> str:
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]
