"""Functions that read the settings of a machine, such as its range and its reserved ports.

``rows`` lists the files and commands with their formats, and ``machine`` reads and runs them.
"""

from __future__ import annotations

import dataclasses
import re

from portranges import ephemeral, systems, types
from portranges.checks import member, of_type
from portranges.ephemeral import EphemeralProfile
from portranges.errors import (
    SystemReadError,
    UnexpectedOutputError,
    UnsupportedPlatformError,
    elide,
    reason_of,
)
from portranges.families import Family
from portranges.ports import PortRange, check_transport
from portranges.portset import PortSet
from portranges.system.machine import THIS_MACHINE, owns_network
from portranges.system.model import (
    Exclusion,
    Field,
    Machine,
    MachineSettings,
    Origin,
    OriginKind,
    Reading,
    TimeWaitReuse,
)
from portranges.system.parse_windows import parse_netsh_exclusions
from portranges.system.parsing import lineage, readings_of, unknown_format
from portranges.system.rows import PLATFORMS, READINGS, UNREAD, VARIANTS
from portranges.system.shapes import as_number, may_bind
from portranges.system.text import parsed


def read_ephemeral(
    transport: types.TransportLike = "tcp",
    *,
    family: types.FamilyLike = "inet",
    machine: Machine | None = None,
) -> EphemeralProfile:
    """Return the ports that the machine allocates, as its system's row with its own range.

    The ``ports`` of the row are the range without reserved and excluded ports. ``tuned`` is set,
    even if the range is the default. ``read_settings`` also reports where each value comes from.

    Args:
        transport: The transport; Windows, Solaris, OpenBSD and AIX have settings for each.
        family: ``"inet"`` or ``"inet6"``; Windows and NetBSD have a range for each.
        machine: The machine; this one if None. On Linux the settings are those of the network
            namespace of the calling thread.

    Raises:
        TypeError: An argument has a wrong type.
        UnknownNameError: *transport* or *family* is unknown.
        UnsupportedPlatformError: The platform, or the transport on it, cannot be read.
        UnexpectedOutputError: A file or the output of a command has an unknown format.
        SystemReadError: A file or command could not be read; the error names it and the reason.

    Example:
        >>> from portranges import system
        >>> read_ephemeral(machine=system.RECORDED_LINUX)
        <EphemeralProfile linux, tuned: 32768-39999,40004-40006,40008-60999>
    """
    reader = _Reader(transport, family, machine)
    return reader.tuned(*reader.ports())


def read_configured(
    transport: types.TransportLike = "tcp",
    *,
    family: types.FamilyLike = "inet",
    machine: Machine | None = None,
) -> PortRange:
    """Return the configured ephemeral range, including reserved and excluded ports.

    See ``read_ephemeral`` for the arguments and errors.

    Args:
        transport: The transport.
        family: ``"inet"`` or ``"inet6"``.
        machine: The machine; this one if None.

    Example:
        >>> from portranges import system
        >>> read_configured(machine=system.RECORDED_LINUX)
        PortRange(first=32768, last=60999)
    """
    return _Reader(transport, family, machine).known(Field.CONFIGURED, PortRange)


def read_reserved(
    transport: types.TransportLike = "tcp",
    *,
    family: types.FamilyLike = "inet",
    machine: Machine | None = None,
) -> PortSet:
    """Return the ports that are never allocated, but can be bound explicitly.

    These are ``ip_local_reserved_ports`` on Linux, ``baddynamic`` on OpenBSD, and
    ``extra_priv_ports`` on Solaris, which require a privilege to bind. Ports outside the range
    are included; the set is empty if the system has no such list. See ``read_ephemeral`` for the
    arguments and errors.

    Args:
        transport: The transport.
        family: ``"inet"`` or ``"inet6"``.
        machine: The machine; this one if None.

    Raises:
        SystemReadError: Also if the system may have a list that cannot be read, as on NetBSD.

    Example:
        >>> from portranges import system
        >>> read_reserved(machine=system.RECORDED_LINUX)
        PortSet.parse('40000-40003,40007')
    """
    return _Reader(transport, family, machine).known(Field.RESERVED, PortSet)


def read_excluded(
    transport: types.TransportLike = "tcp",
    *,
    family: types.FamilyLike = "inet",
    machine: Machine | None = None,
) -> PortSet:
    """Return the ports that are never allocated, and most of which cannot be bound.

    These are the excluded port ranges of Windows, which Hyper-V and others create at every start,
    and the restricted ports of macOS. On Windows, administered exclusions can be bound: see
    ``parse_netsh_exclusions``. Ports outside the range are included; the set is empty if the system
    has no such list. See ``read_ephemeral`` for the arguments and errors.

    Args:
        transport: The transport.
        family: ``"inet"`` or ``"inet6"``.
        machine: The machine; this one if None.

    Example:
        >>> from portranges import system
        >>> read_excluded(machine=system.RECORDED_LINUX)
        PortSet.parse('')
    """
    return _Reader(transport, family, machine).known(Field.EXCLUDED, PortSet)


def read_exclusions(
    transport: types.TransportLike = "tcp",
    *,
    family: types.FamilyLike = "inet",
    machine: Machine | None = None,
) -> tuple[Exclusion, ...]:
    """Return the excluded port ranges of Windows, with the mark of the administered ones.

    See ``read_ephemeral`` for the arguments and errors. ``read_excluded`` returns the ports of all
    of them, as one set.

    Args:
        transport: The transport.
        family: ``"inet"`` or ``"inet6"``.
        machine: The machine; this one if None.

    Returns:
        The lines of ``netsh interface ipv4 show excludedportrange``, in its order; empty on systems
        without such a list.

    Example:
        >>> from portranges import system
        >>> read_exclusions(machine=system.RECORDED_LINUX)
        ()
    """
    return _Reader(transport, family, machine).exclusions()


def read_unprivileged_start(
    transport: types.TransportLike = "tcp", *, machine: Machine | None = None
) -> int:
    """Return the first port that can be bound without a privilege.

    0 means that no port requires one, 65536 that every port does. See ``read_ephemeral`` for the
    arguments and errors.

    Args:
        transport: The transport.
        machine: The machine; this one if None.

    Raises:
        SystemReadError: Also if the rule of the system is unknown.

    Example:
        >>> from portranges import system
        >>> read_unprivileged_start(machine=system.RECORDED_LINUX)
        1024
    """
    return _Reader(transport, "inet", machine).known(Field.UNPRIVILEGED_START, int)


def read_may_bind_privileged(*, machine: Machine | None = None) -> bool:
    """Return whether this process may bind the ports that require a privilege.

    On Linux the process needs CAP_NET_BIND_SERVICE, which root in a container may lack and another
    user may have, in the user namespace that owns the network namespace. Elsewhere it needs to be
    root; on Windows no port requires a privilege.

    Args:
        machine: The machine; this one if None.

    Raises:
        TypeError: *machine* has the wrong type.
        UnsupportedPlatformError: The platform cannot be read.
        UnexpectedOutputError: The file or the output of the command has an unknown format.
        SystemReadError: The file or command could not be read.

    Source:
        Linux net/ipv4/af_inet.c __inet_bind(); id(1) of POSIX.

    Example:
        >>> from portranges import system
        >>> read_may_bind_privileged(machine=system.RECORDED_LINUX)
        False
    """
    return _Reader("tcp", "inet", machine).may_bind_privileged()


def read_time_wait(*, machine: Machine | None = None) -> float:
    """Return how long TIME_WAIT holds the port of a TCP connection to a remote peer, in seconds.

    See ``read_ephemeral`` for the arguments and errors.

    Args:
        machine: The machine; this one if None.

    Raises:
        SystemReadError: Also if the system has settings that cannot be read, as on NetBSD.

    Example:
        >>> from portranges import system
        >>> read_time_wait(machine=system.RECORDED_LINUX)
        60.0
    """
    return _Reader("tcp", "inet", machine).known(Field.TIME_WAIT, float)


def read_settings(
    transport: types.TransportLike = "tcp",
    *,
    family: types.FamilyLike = "inet",
    machine: Machine | None = None,
) -> MachineSettings:
    """Return all settings that affect ports, and where each value comes from.

    ``origins`` shows which values are assumed. See ``read_ephemeral`` for the arguments and errors;
    the first failure is reported.

    Args:
        transport: The transport.
        family: ``"inet"`` or ``"inet6"``.
        machine: The machine; this one if None.

    Example:
        >>> from portranges import system
        >>> settings = read_settings(machine=system.RECORDED_LINUX)
        >>> settings.time_wait, settings.time_wait_reuse.value, settings.fin_wait_2
        (60.0, 'loopback', 60.0)
        >>> print(settings.origins["configured"])
        read: /proc/sys/net/ipv4/ip_local_port_range
    """
    reader = _Reader(transport, family, machine)
    configured, reserved, excluded = reader.ports()
    unprivileged_start = reader.value(Field.UNPRIVILEGED_START, int)
    profile = reader.tuned(configured, reserved, excluded)
    return MachineSettings(
        profile=dataclasses.replace(profile, privileged_below=unprivileged_start),
        system=reader.profile.name,
        transport=reader.transport,
        family=reader.family,
        configured=configured,
        reserved=reserved,
        excluded=excluded,
        unprivileged_start=unprivileged_start,
        time_wait=reader.value(Field.TIME_WAIT, float),
        time_wait_reuse=reader.value(Field.TIME_WAIT_REUSE, TimeWaitReuse),
        time_wait_reuse_after=reader.value(Field.TIME_WAIT_REUSE_AFTER, float),
        time_wait_limit=reader.value(Field.TIME_WAIT_LIMIT, int),
        fin_wait_2=reader.value(Field.FIN_WAIT_2, float),
        port_step_width=reader.value(Field.PORT_STEP_WIDTH, int),
        readings=tuple(reader.origins),
    )


class _Reader:
    """Reads the settings of one machine for one transport and one version of IP."""

    def __init__(self, transport: str, family: str, machine: Machine | None) -> None:
        """Check the arguments, and determine the system."""
        self.machine = THIS_MACHINE if machine is None else of_type("machine", machine, Machine)
        self.transport = check_transport(transport)
        self.family = member("family", family, Family)
        self.origins: list[Origin] = []
        system = _system(self.machine.platform)
        # The system and what it is a variant of: the rows of Linux apply to Android too.
        self.names = lineage(systems.lookup(system))
        self.profile = ephemeral.profile(_profile_name(system, self.machine.release))
        if not self._readings(Field.CONFIGURED):
            raise unknown_format(Field.CONFIGURED, self.profile, self.transport)

    def ports(self) -> tuple[PortRange, PortSet, PortSet]:
        """Return the configured range, the reserved ports and the excluded ports."""
        return (
            self.known(Field.CONFIGURED, PortRange),
            self.known(Field.RESERVED, PortSet, assumed=True),
            self.known(Field.EXCLUDED, PortSet, assumed=True),
        )

    def exclusions(self) -> tuple[Exclusion, ...]:
        """Return the lines of excluded port ranges."""
        rows = self._readings(Field.EXCLUDED)
        if not rows:
            return ()
        try:
            text = self._text(_what(rows[0]), command=rows[0].command)
        except FileNotFoundError as missing:
            raise _missing(rows[0], missing) from None
        return parse_netsh_exclusions(text)

    def tuned(
        self, configured: PortRange, reserved: PortSet, excluded: PortSet
    ) -> EphemeralProfile:
        """Return the profile with these ports; for one transport if the settings are."""
        profile = self.profile.replace(ports=configured, excluded=reserved | excluded)
        if profile.privileged_extra:
            # The list of Solaris, extra_priv_ports.
            profile = dataclasses.replace(profile, privileged_extra=reserved)
        if any(row.transport for row in READINGS if row.system in self.names):
            return dataclasses.replace(profile, transports=(self.transport,))
        return profile

    def known(self, field: Field, kind: type[types.T], *, assumed: bool = False) -> types.T:
        """Return the value of *field*, which must be known, and not assumed unless allowed."""
        value = self.value(field, kind)
        origin = self.origins[-1]
        if value is None or (origin.kind is OriginKind.ASSUMED and not assumed):
            raise SystemReadError(f"the {field.label} of {self.profile.title}", origin.note)
        return value

    def value(self, field: Field, kind: type[types.T]) -> types.T | None:
        """Return the value of *field*, or None if there is none, and record its origin."""
        rows = self._readings(field)
        value = self._read(rows) if rows else self._default(field)
        if value is None or isinstance(value, kind):
            return value
        raise TypeError(f"{field} must be a {kind.__name__}, got {elide(value)}")

    def _readings(self, field: Field) -> list[Reading]:
        return readings_of(field, self.profile, self.names, self.transport, self.family)

    def _read(self, rows: list[Reading]) -> object:
        """Return the value from the first of *rows* that works."""
        failures: list[SystemReadError] = []
        for row in rows:
            try:
                text = self._text(_what(row), row.file, row.command)
            except FileNotFoundError as missing:
                if row.absent and self._has_settings():
                    return self._default(row.field, place=row.place, note=row.absent)
                failures.append(_missing(row, missing))
                continue
            try:
                value = parsed(_what(row), row.parse, text)
            except UnexpectedOutputError as error:
                # Before failures to find a file or program, because it is more specific.
                failures.insert(0, error)
                continue
            # Between the two ports Linux always writes a TAB, gVisor never (pkg/sentry/fsimpl/proc/
            # tasks_sys.go: "%d %d", earlier three blanks).
            if row.file and row.field is Field.CONFIGURED and "\t" not in text:
                self.profile = ephemeral.profile("gvisor")
            if value is None:
                return self._default(row.field, place=row.place)
            self.origins.append(
                Origin(field=row.field, kind=OriginKind.READ, place=row.place, source=row.source)
            )
            return value
        raise failures[0]

    def may_bind_privileged(self) -> bool:
        """Return whether this process may bind the ports that require a privilege."""
        if "windows" in self.names:
            return True
        try:
            if "linux" in self.names:
                has = parsed(_PRIVILEGES, may_bind, self._text(_PRIVILEGES, file=_STATUS_FILE))
                # ns_capable(net->user_ns, CAP_NET_BIND_SERVICE)
                return has and (self.machine is not THIS_MACHINE or owns_network())
            text = self._text(_PRIVILEGES, command=_USER)
        except FileNotFoundError as error:
            raise SystemReadError(_PRIVILEGES, reason_of(error)) from error
        return parsed(_PRIVILEGES, as_number, text.strip()) == 0

    def _text(self, what: str, file: str = "", command: tuple[str, ...] = ()) -> str:
        """Return the text of *file*, or the output of *command*, in which *what* is read.

        Raises:
            FileNotFoundError: There is no such file or program.
            SystemReadError: It cannot be read.
        """
        try:
            return self.machine.read_file(file) if file else self.machine.run(command)
        except FileNotFoundError:
            raise
        except SystemReadError as error:
            raise type(error)(what, error.reason) from None
        except OSError as error:
            raise SystemReadError(what, reason_of(error)) from error

    def _has_settings(self) -> bool:
        """Return whether the machine has any settings; otherwise a missing file means nothing."""
        for row in self._readings(Field.CONFIGURED):
            if row.file:
                try:
                    self.machine.read_file(row.file)
                except (OSError, SystemReadError):
                    return False
        return True

    def _default(self, field: Field, *, place: str = "", note: str = "") -> object:
        """Return the system's default of *field*, and record its origin."""
        defaults: dict[Field, object] = {
            Field.RESERVED: PortSet.empty(),
            Field.EXCLUDED: self.profile.skipped,
            Field.UNPRIVILEGED_START: self.profile.privileged_below,
            Field.TIME_WAIT: self.profile.time_wait,
        }
        value = defaults.get(field)
        names = (self.profile.name, *self.names)
        row = next((row for row in UNREAD if row.field is field and row.system in names), None)
        if row is None and not place:
            # The system has no such setting.
            return value
        kind = OriginKind.DEFAULT if row is None else row.kind
        if value is None:
            kind = OriginKind.UNKNOWN
        why = note or ("" if row is None else row.note)
        self.origins.append(Origin(field=field, kind=kind, place=place, note=why))
        return value


_STATUS_FILE = "/proc/self/status"
_USER = ("id", "-u")
_PRIVILEGES = "the privileges of this process"


def _system(platform: str) -> types.SystemName:
    for beginning, system in PLATFORMS:
        if platform.startswith(beginning):
            return system
    known = ", ".join(sorted({system for _, system in PLATFORMS}))
    raise UnsupportedPlatformError(
        "the settings of this platform", f"it must be one of {known}, got {elide(platform)}"
    )


def _profile_name(system: types.SystemName, release: str) -> types.SystemName:
    """Return the name of the variant or of the release of *system* that *release* means."""
    for platform, word, variant in VARIANTS:
        if system == platform and word in release.lower():
            return variant
    version = _version(release)
    known = {row.name for row in ephemeral.profiles()}
    firsts = {
        row.name: first
        for row in systems.rows()
        if row.name in known
        and (row.name == system or (row.parent == system and not row.is_current))
        and (first := _version(row.first_release))
    }
    if not version or not firsts:
        return system
    # The newest row that is not newer than the release; of several, the first one.
    started = [name for name, first in firsts.items() if first <= version]
    since = firsts.__getitem__
    name = max(started, key=since) if started else min(firsts, key=since)
    return types.cast("types.SystemName", name)


# A release begins with its version: "6.18.44-microsoft-standard", "14.1-RELEASE".
_VERSION = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?(?:\.([0-9]{1,9}))?")


def _version(release: str) -> tuple[int, ...]:
    """Return the version at the beginning of *release*; empty if there is none."""
    match = _VERSION.match(release)
    return () if match is None else tuple(int(part) for part in match.groups(default="0"))


def _what(row: Reading) -> str:
    how = f"from {row.file}" if row.file else f"with '{row.place}'"
    return f"the {row.field.label} {how}"


def _missing(row: Reading, error: FileNotFoundError) -> SystemReadError:
    reason = "no such file; is /proc mounted?" if row.file else "no such program on this system"
    failure = SystemReadError(_what(row), reason)
    failure.__cause__ = error
    return failure
