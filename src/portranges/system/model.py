"""The settings of a machine, where each value comes from, and the machine itself.

A ``Machine`` is this one, another one, or a recorded one: two functions that read a file and run
a command. ``rows`` lists the files and commands with their formats.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from enum import StrEnum

from portranges import types
from portranges.checks import fields, integer, number, optional, tuple_with
from portranges.ephemeral import EphemeralProfile
from portranges.errors import InvalidValueError, got
from portranges.families import Family
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet
from portranges.records import always_checked, as_data
from portranges.source import Source


class Field(StrEnum):
    """A setting of a machine; the keys of ``MachineSettings.origins``.

    Example:
        >>> Field.RESERVED.label
        'reserved ports'
    """

    CONFIGURED = "configured"
    RESERVED = "reserved"
    EXCLUDED = "excluded"
    UNPRIVILEGED_START = "unprivileged_start"
    TIME_WAIT = "time_wait"
    TIME_WAIT_REUSE = "time_wait_reuse"
    TIME_WAIT_REUSE_AFTER = "time_wait_reuse_after"
    TIME_WAIT_LIMIT = "time_wait_limit"
    FIN_WAIT_2 = "fin_wait_2"
    PORT_STEP_WIDTH = "port_step_width"

    @property
    def label(self) -> str:
        """The name for display, without an article."""
        return _LABELS[self]


_LABELS = {
    Field.CONFIGURED: "ephemeral range",
    Field.RESERVED: "reserved ports",
    Field.EXCLUDED: "excluded ports",
    Field.UNPRIVILEGED_START: "first unprivileged port",
    Field.TIME_WAIT: "length of TIME_WAIT",
    Field.TIME_WAIT_REUSE: "reuse of TIME_WAIT",
    Field.TIME_WAIT_REUSE_AFTER: "delay of TIME_WAIT reuse",
    Field.TIME_WAIT_LIMIT: "limit of TIME_WAIT sockets",
    Field.FIN_WAIT_2: "length of FIN_WAIT_2",
    Field.PORT_STEP_WIDTH: "step width of automatic ports",
}


class OriginKind(StrEnum):
    """How a value was obtained.

    Attributes:
        READ: The machine reported it.
        DEFAULT: The setting does not exist on the machine, or is not set: the value is the
            system's default.
        ASSUMED: The setting exists, or may exist, but no way to read it is known: the value is
            the system's default.
        UNKNOWN: There is no value.

    Example:
        >>> OriginKind("read")
        <OriginKind.READ: 'read'>
    """

    READ = "read"
    DEFAULT = "default"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where one value of ``MachineSettings`` comes from.

    Attributes:
        field: The setting.
        kind: How the value was obtained.
        place: The file, or the command as one line; ``""`` if nothing was read.
        note: Why it was not read, or a remark.
        source: The document for this way to read the value; ``None`` if it was not read and
            comes from the system's row.

    Example:
        >>> from portranges import system
        >>> print(system.read_settings(machine=system.RECORDED_LINUX).origins["time_wait"])
        default: no setting (TCP_TIMEWAIT_LEN)
    """

    field: Field
    kind: OriginKind
    place: str = ""
    note: str = ""
    source: Source | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, field=Field, kind=OriginKind, place=str, note=str, source=optional(Source))

    def __str__(self) -> str:
        """Return the origin as one line."""
        words = [part for part in (self.place, self.note) if part]
        return f"{self.kind}: {'; '.join(words)}" if words else self.kind.value


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """One line of the excluded port ranges of Windows.

    Attributes:
        ports: The range; the system allocates none of these ports.
        administered: Whether the line has the ``*`` of an administered exclusion. Programs were
            seen to bind such ports explicitly; binding the others failed with WSAEACCES (10013).

    Example:
        >>> from portranges import PortRange
        >>> Exclusion(ports=PortRange(5357)).administered
        False
    """

    ports: PortRange
    administered: bool = False

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, ports=PortRange, administered=bool)


class TimeWaitReuse(StrEnum):
    """Whether ``connect()`` may use the port of a connection in TIME_WAIT.

    Attributes:
        NEVER: It may not (``tcp_tw_reuse`` 0).
        ALWAYS: It may, after the delay (1).
        LOOPBACK: It may if both ends are on this machine (2).

    Example:
        >>> TimeWaitReuse("loopback")
        <TimeWaitReuse.LOOPBACK: 'loopback'>
    """

    NEVER = "never"
    ALWAYS = "always"
    LOOPBACK = "loopback"


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    r"""A machine whose settings can be read, such as this one, another one, or a recorded one.

    Attributes:
        platform: Its ``sys.platform``.
        release: The release of its kernel, as in ``os.uname().release``; ``""`` if unknown, which
            selects the newest row of the system.
        read_file: A function that returns the text of the file with the given path. It raises
            OSError, or SystemReadError if the fault is not the system's.
        run: A function that runs a command, given as a sequence of words, and returns its output.
            It raises FileNotFoundError if there is no such program, TimeoutError if it took too
            long, another OSError, or SystemReadError.

    Example:
        >>> from portranges import system
        >>> def run(words):
        ...     return "net.inet.ip.portfirst=1024\nnet.inet.ip.portlast=49151\n"
        >>> def read_file(path):
        ...     raise FileNotFoundError(2, "No such file or directory", path)
        >>> there = Machine(platform="openbsd7", read_file=read_file, run=run)
        >>> system.read_configured(machine=there)
        PortRange(first=1024, last=49151)
    """

    platform: str
    release: str = ""
    read_file: types.Callable[[str], str]
    run: types.Callable[[types.Sequence[str]], str]

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, platform=str, release=str)
        for name in ("read_file", "run"):
            value = getattr(self, name)
            if not callable(value):
                raise TypeError(f"{name} must be callable, got {got(value)}")


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read one value: a file or a command, and the parser of its text.

    Attributes:
        system: The system that it is for, with its releases and variants.
        field: The setting.
        parse: The function that makes the value from the text: a shape and a layout. It returns
            ``None`` if the value is not set, and raises ``text.FormatError``.
        source: The document with the format and the meaning.
        transport: The transport that it is for; ``None`` means all of the system.
        family: The version of IP that it is for; ``None`` means both.
        file: The file; ``""`` if a command is run.
        command: The words of the command; the first is the name of the program.
        absent: What a missing file means, for ``Origin.note``, in which case the value is the
            system's default; ``""`` if it is an error.
    """

    system: types.SystemName
    field: Field
    parse: types.SettingParser
    source: Source
    _: KW_ONLY
    transport: Transport | None = None
    family: Family | None = None
    file: str = ""
    command: tuple[str, ...] = ()
    absent: str = ""

    @property
    def place(self) -> str:
        """The file, or the command as one line."""
        return self.file or " ".join(self.command)

    @property
    def program(self) -> str:
        """The name of the program; ``""`` for a file."""
        return self.command[0] if self.command else ""


@dataclass(frozen=True, slots=True)
class UnreadSetting:
    """A setting that is not read, and why.

    Attributes:
        system: The system that it is for, with its releases and variants.
        field: The setting.
        note: Why it is not read. The source of the value is the system's row in
            ``portranges.ephemeral``.
        kind: How the value is obtained instead; never ``READ``.
    """

    system: types.SystemName
    field: Field
    note: str
    kind: OriginKind


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSettings:
    """The settings of one machine that decide which ports it allocates.

    The values are read one after the other. If the settings change in between, some values are
    from before the change and some from after it.

    Attributes:
        system: The name of the system's row, such as ``"linux"``.
        transport: The transport that the settings are for.
        family: The version of IP that they are for.
        configured: The configured range, including reserved and excluded ports.
        reserved: Ports that the machine never allocates, but that a program may bind explicitly.
        excluded: Ports that are never allocated, and most of which cannot be bound.
        unprivileged_start: The first port that can be bound without a privilege: 0 if no port
            needs one, ``None`` if unknown.
        time_wait: Seconds that a port is held after its TCP connection; ``None`` if unknown.
        time_wait_reuse: Whether ``connect()`` may use such a port earlier; this and the following
            are ``None`` if the system has no such setting.
        time_wait_reuse_after: Seconds after which it may.
        time_wait_limit: The largest number of sockets in TIME_WAIT; further ones are closed at
            once.
        fin_wait_2: Seconds that a closed socket waits for the other end.
        port_step_width: The largest step in which ``connect()`` goes through the range; 0 means
            that it tries port after port.
        profile: The system's row with the range and the unprivileged boundary of this machine.
        readings: Where each value comes from, in the order of ``Field``.

    Example:
        >>> from portranges import system
        >>> settings = system.read_settings(machine=system.RECORDED_LINUX)
        >>> settings.configured, settings.reserved
        (PortRange(first=32768, last=60999), PortSet.parse('40000-40003,40007'))
        >>> settings.effective
        PortSet.parse('32768-39999,40004-40006,40008-60999')
        >>> print(settings.origins["reserved"])
        read: /proc/sys/net/ipv4/ip_local_reserved_ports
        >>> settings.to_dict()["reserved"]
        '40000-40003,40007'
    """

    system: str
    transport: Transport
    family: Family
    configured: PortRange
    reserved: PortSet
    excluded: PortSet
    unprivileged_start: int | None
    time_wait: float | None
    time_wait_reuse: TimeWaitReuse | None = None
    time_wait_reuse_after: float | None = None
    time_wait_limit: int | None = None
    fin_wait_2: float | None = None
    port_step_width: int | None = None
    profile: EphemeralProfile
    readings: tuple[Origin, ...]

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, system=str, transport=Transport, family=Family, configured=PortRange)
        fields(self, reserved=PortSet, excluded=PortSet, profile=EphemeralProfile)
        if self.unprivileged_start is not None:
            integer("unprivileged_start", self.unprivileged_start, most=65536)
        seconds = optional(number)
        fields(self, time_wait_limit=optional(integer), time_wait=seconds, fin_wait_2=seconds)
        fields(self, port_step_width=optional(integer))
        fields(self, time_wait_reuse_after=seconds, time_wait_reuse=optional(TimeWaitReuse))
        fields(self, readings=tuple_with(Origin))
        if self.profile.ports != self.effective:
            raise InvalidValueError(
                "the ports of profile must be configured without reserved and excluded",
                str(self.profile.ports),
            )

    @property
    def effective(self) -> PortSet:
        """The ports that the machine allocates: ``configured`` minus reserved and excluded ones.

        The same as ``profile.ports``.
        """
        return PortSet(self.configured) - self.reserved - self.excluded

    @property
    def origins(self) -> dict[str, Origin]:
        """The origin of each value, by the name of its attribute.

        Settings that the system does not have are omitted.
        """
        return {origin.field.value: origin for origin in self.readings}

    def to_dict(self) -> dict[str, object]:
        """Return the settings as data for JSON; sets of ports are text in the neutral notation."""
        return {
            **as_data(self, "system", "transport", "family", "effective"),
            "count": len(self.effective),
            **as_data(self, *map(str, Field)),
            "origins": {
                origin.field.value: as_data(origin, "kind", "place", "note")
                | {"source": str(origin.source or "")}
                for origin in self.readings
            },
        }
