"""What is read of a machine: MachineSettings, its parts, and the machine itself.

What lives here: the records, and the words for how a value was had.
What must not: any format (the ``parse_*`` modules), any command or file
(``rows``), any look at this machine (``machine``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portranges import types
from portranges.families import Family
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet
from portranges.source import Source

__all__ = [
    "Exclusion",
    "Field",
    "Machine",
    "MachineSettings",
    "Origin",
    "OriginKind",
    "Reading",
    "Shipped",
    "TimeWaitReuse",
]


class Field(StrEnum):
    """What can be asked of a machine; the keys of ``MachineSettings.origins``.

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

    @property
    def label(self) -> str:
        """The name for people.

        Returns:
            A few words, without an article.

        Example:
            >>> Field.CONFIGURED.label
            'ephemeral range'
        """
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
}


class OriginKind(StrEnum):
    """How a value was had.

    Attributes:
        READ: The machine said so.
        DEFAULT: The machine has no such setting, or nobody has set it: the
            value is the system's own.
        ASSUMED: The machine has, or may have, such a setting, but no way to
            read it is known: the value is that of a machine as shipped.
        UNKNOWN: There is no value.

    Example:
        >>> OriginKind("read")
        <OriginKind.READ: 'read'>
    """

    READ = "read"
    DEFAULT = "default"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where one value of ``MachineSettings`` comes from.

    Attributes:
        field: The value that it is about.
        kind: How the value was had.
        place: The file, or the command as one line; ``""`` unless something
            was read.
        note: Why it was not read, or what else there is to know.
        source: Where it is written that the value is read so; ``None`` for one
            that is not read, which is that of the system's row.

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

    def __str__(self) -> str:
        """Return the origin as one line."""
        words = [part for part in (self.place, self.note) if part]
        return f"{self.kind}: {'; '.join(words)}" if words else self.kind.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """One line of the excluded port ranges of Windows.

    Attributes:
        ports: The range; the system hands out none of them.
        administered: Whether the line has the ``*`` of an administered
            exclusion. Programs were seen to bind such ports by number, while
            binding the others failed with WSAEACCES (10013).

    Example:
        >>> from portranges import PortRange
        >>> Exclusion(ports=PortRange(5357)).administered
        False
    """

    ports: PortRange
    administered: bool = False


class TimeWaitReuse(StrEnum):
    """Whether ``connect()`` may take the port of a connection in TIME_WAIT.

    Attributes:
        NEVER: It may not (``tcp_tw_reuse`` 0).
        ALWAYS: It may, once the delay is over (1).
        LOOPBACK: It may where both ends are on this machine (2).

    Example:
        >>> TimeWaitReuse("loopback")
        <TimeWaitReuse.LOOPBACK: 'loopback'>
    """

    NEVER = "never"
    ALWAYS = "always"
    LOOPBACK = "loopback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    r"""A machine that can be asked: this one, another one, or a recorded one.

    Attributes:
        platform: Its ``sys.platform``.
        release: Its kernel's release, as ``os.uname().release``; ``""`` where
            it is not known, which takes the newest row of the system.
        read_file: Takes the path of a file and returns its text. Raises
            OSError, or SystemReadError for what is no error of the system.
        run: Takes a command as its words and returns what it printed. Raises
            FileNotFoundError where there is no such program, TimeoutError
            where it took too long, another OSError, or SystemReadError.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way to learn one value: a file or a command, and what reads its text.

    Attributes:
        system: The system that it is for, as in ``rows.PLATFORMS``.
        field: The value.
        transport: The transport that it is for; ``None``: all of the system.
        family: The version of IP that it is for; ``None``: both.
        file: The file; ``""`` where a command is run.
        command: The words of the command; the first is the program's name.
        parse: Takes the text. Returns ``None`` where it says that the value is
            not set.
        absent: What a missing file means, as words for ``Origin.note``; ``""``
            where it is an error. The value is that of the system as shipped.
        source: Where format and meaning are written down.
    """

    system: str
    field: Field
    transport: Transport | None = None
    family: Family | None = None
    file: str = ""
    command: tuple[str, ...] = ()
    parse: types.Callable[[str], object]
    absent: str = ""
    source: Source

    @property
    def place(self) -> str:
        """The file, or the command as one line."""
        return self.file or " ".join(self.command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A value that is not read, and why.

    Attributes:
        system: As in ``Reading``.
        field: As in ``Reading``.
        kind: How the value is had then; never ``READ``.
        note: Why.
        source: Where that is written down; ``None`` where the system's row of
            ``portranges.ephemeral`` says so.
    """

    system: str
    field: Field
    kind: OriginKind
    note: str
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSettings:
    """The settings of one machine that decide which ports it hands out.

    The values were read one after the other: a machine whose settings are
    changed meanwhile gives some of before and some of after.

    Attributes:
        system: The name of the system's row, as ``"linux"``.
        transport: The transport that the settings are for.
        family: The version of IP that they are for.
        configured: The range as it is set, with nothing taken out.
        reserved: Ports that the machine keeps from being handed out and that a
            program may still bind by number.
        excluded: Ports that are neither handed out nor, most of them, to be
            bound.
        unprivileged_start: The first port that needs no privilege to bind: 0
            where none needs any, ``None`` where that is not known.
        time_wait: Seconds that a port is held after its TCP connection;
            ``None`` where that is not known.
        time_wait_reuse: Whether ``connect()`` may take such a port earlier;
            ``None`` here and below where the system has no such setting.
        time_wait_reuse_after: Seconds after which it may.
        time_wait_limit: How many sockets may be in TIME_WAIT at once; those
            above are closed at once.
        fin_wait_2: Seconds that a closed socket waits for the other end.
        profile: The system's row with the range of this machine.
        readings: Where each value comes from, in the order of ``Field``.

    Example:
        >>> from portranges import system
        >>> settings = system.read_settings(machine=system.RECORDED_LINUX)
        >>> settings.configured, settings.reserved
        (PortRange(first=32768, last=60999), PortSet.parse('40000-40003,40007'))
        >>> settings.effective
        PortSet.parse('32768-39999,40004-40006,40008-60999')
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
    profile: types.EphemeralProfile
    readings: tuple[Origin, ...]

    @property
    def effective(self) -> PortSet:
        """The ports that are handed out: the range without what is kept back.

        Returns:
            ``configured`` without ``reserved`` and ``excluded``; the same as
            ``profile.ports``.

        Example:
            >>> from portranges import system
            >>> len(system.read_settings(machine=system.RECORDED_LINUX).effective)
            28227
        """
        return PortSet([self.configured]) - self.reserved - self.excluded

    @property
    def origins(self) -> dict[str, Origin]:
        """Where each value comes from.

        Returns:
            A new dict from the attribute's name to its origin, without those
            that the system has no setting for.

        Example:
            >>> from portranges import system
            >>> origins = system.read_settings(machine=system.RECORDED_LINUX).origins
            >>> print(origins["reserved"])
            read: /proc/sys/net/ipv4/ip_local_reserved_ports
        """
        return {origin.field.value: origin for origin in self.readings}

    def to_dict(self) -> dict[str, object]:
        """Return the settings as data for JSON.

        Returns:
            A dict of strings, numbers, lists and dicts; sets of ports are
            text in the neutral notation.

        Example:
            >>> from portranges import system
            >>> data = system.read_settings(machine=system.RECORDED_LINUX).to_dict()
            >>> data["reserved"]
            '40000-40003,40007'
        """
        data: dict[str, object] = {
            "system": self.system,
            "transport": self.transport.value,
            "family": self.family.value,
            "effective": str(self.effective),
            "count": len(self.effective),
        }
        for field in Field:
            value: object = getattr(self, field.value)
            plain = value is None or isinstance(value, (int, float))
            data[field.value] = value if plain else str(value)
        data["origins"] = {
            origin.field.value: {
                "kind": origin.kind.value,
                "place": origin.place,
                "note": origin.note,
                "source": "" if origin.source is None else str(origin.source),
            }
            for origin in self.readings
        }
        return data
