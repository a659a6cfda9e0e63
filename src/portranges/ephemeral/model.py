"""EphemeralProfile: the ephemeral range of a system and how it allocates from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from portranges import checks, types
from portranges.errors import InvalidValueError
from portranges.ports import Transport, check_port, check_transport
from portranges.portset import PortSet
from portranges.records import always_checked
from portranges.source import Confidence, Source
from portranges.systems import Kind, System

# The names and aliases of portranges.selection, which uses these rows and cannot be imported
# here; a test compares the two. "" means that the algorithm is unknown.
ALGORITHMS = (
    "", "rfc6056-1", "rfc6056-2", "rfc6056-3", "rfc6056-4", "rfc6056-5", "linux-connect",
    "linux-connect-range", "linux-bind", "linux-bind-reuse", "linux-udp", "linux-2.6.24-connect",
    "linux-2.6.24-bind", "linux-2.2", "freebsd", "freebsd-2", "dragonfly", "openbsd", "netbsd",
    "macos", "macos-tcp", "macos-udp", "ios-tcp", "ios-udp", "solaris", "illumos",
    "bsd-sequential", "bsd-4.3", "windows", "windows-xp", "gvisor", "lwip", "lwip-tcp", "lwip-udp",
    "zephyr", "freertos",
)  # fmt: skip

_NO_PORTS = PortSet.empty()


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EphemeralProfile:
    """The ephemeral range of a system, and how the system allocates from it.

    A system allocates a port when a program connects or sends without having chosen one, and
    when it binds port 0. The values are the defaults of the system; ``replace`` makes the
    profile of a tuned machine. If nothing is known, a text is ``""``, a tuple is empty and a
    number or truth value is ``None``. A ``_note`` field qualifies the field of that name.

    Attributes:
        system: The system, a row of ``portranges.systems`` or your own: its name, title,
            aliases and releases.
        others: Other systems to which the whole row applies.
        version_note: What was checked, and in which versions.
        transports: The transports of the row, in the order of ``Transport``.
        ports: The default range; empty if there is no fixed one, see ``has_fixed_range``.
        skipped: Ports of the range that the current version never allocates, if they are
            fixed. Other exclusions are text.
        tuned: Whether ``replace`` made the profile. ``ports`` is then what the machine
            allocates, and all other fields describe the system as shipped.
        algorithm: How a port is chosen from the range.
        tcp_algorithm: The algorithm of ``portranges.selection`` that chooses the port of a TCP
            connection.
        tcp_bind_algorithm: The algorithm for a TCP socket that binds port 0, if it differs.
        udp_algorithm: The one that chooses the port of a UDP socket.
        exclusions: How ports of the range are excluded from allocation.
        socket_overrides: Socket options that select another range.
        per_transport: Differences between transports.
        per_family: Differences between IPv4 and IPv6.
        scope: What the setting applies to, such as a network namespace.
        shares_ports_across_destinations: Whether ``connect()`` on an unbound socket can use a
            local port that is in use for another destination (for TCP, if the row is for
            several transports). If so, the range limits the connections to one destination;
            otherwise it limits all of them.
        sharing_note: The conditions for sharing.
        time_wait: Seconds that the side of a TCP connection that closed first stays in
            TIME_WAIT, for a remote peer.
        time_wait_note: Other lengths, and how to change them.
        privileged_below: The first port that requires no privilege to bind; 0 if no port
            requires any, ``None`` if the rule is unknown.
        privileged_extra: Ports above the boundary that require the privilege too.
        privileged_note: The rule, and how to change the boundary.
        privileged_source: The source of the rule; ``None`` if the rule is unknown.
        exhaustion: Pairs of a call and the error that it reports when no port is left.
        read_with: Commands that show the current range.
        read_output: What each of them prints, in the same order.
        set_with: Commands or settings that change the range.
        set_rules: What the system accepts as a new range.
        ports_per_address: The maximum number of ports of one address that a middlebox uses
            for one destination.
        note: Anything else.
        sources: Where the row comes from; never empty, the source of the range first.
        confidence: How ``ports`` is known.
        confidence_note: Details about that.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: A number is negative, ``skipped`` is not a part of ``ports``, or
            there is no transport or no source.
        UnknownNameError: A transport, an algorithm or the confidence is unknown.

    Example:
        >>> from portranges import ephemeral
        >>> linux = ephemeral.profile("linux")
        >>> linux
        <EphemeralProfile linux: 32768-60999>
        >>> linux.time_wait, linux.privileged_below
        (60.0, 1024)
    """

    system: System
    others: tuple[System, ...] = ()
    version_note: str = ""
    transports: tuple[Transport, ...] = (Transport.TCP, Transport.UDP)
    ports: PortSet = _NO_PORTS
    skipped: PortSet = _NO_PORTS
    tuned: bool = False
    algorithm: str = ""
    tcp_algorithm: types.AlgorithmOrNone = ""
    tcp_bind_algorithm: types.AlgorithmOrNone = ""
    udp_algorithm: types.AlgorithmOrNone = ""
    exclusions: str = ""
    socket_overrides: str = ""
    per_transport: str = ""
    per_family: str = ""
    scope: str = ""
    shares_ports_across_destinations: bool | None = None
    sharing_note: str = ""
    time_wait: float | None = None
    time_wait_note: str = ""
    privileged_below: int | None = None
    privileged_extra: PortSet = _NO_PORTS
    privileged_note: str = ""
    privileged_source: Source | None = None
    exhaustion: tuple[tuple[str, str], ...] = ()
    read_with: tuple[str, ...] = ()
    read_output: tuple[str, ...] = ()
    set_with: tuple[str, ...] = ()
    set_rules: str = ""
    ports_per_address: int | None = None
    note: str = ""
    sources: tuple[Source, ...]
    confidence: Confidence
    confidence_note: str = ""

    def __post_init__(self) -> None:
        """Check the values."""
        checks.fields(
            self,
            system=System,
            others=checks.tuple_with(System),
            **dict.fromkeys(_TEXTS, str),
            **dict.fromkeys(("ports", "skipped", "privileged_extra"), PortSet),
            **dict.fromkeys(("read_with", "read_output", "set_with"), checks.tuple_with(str)),
            exhaustion=checks.tuple_with(tuple),
            transports=checks.tuple_with(str, least=1),
            sources=checks.tuple_with(Source, least=1),
            privileged_source=checks.optional(Source),
            tuned=bool,
            shares_ports_across_destinations=checks.optional(bool),
            time_wait=checks.optional(checks.number),
            privileged_below=checks.optional(partial(checks.integer, most=65536)),
            ports_per_address=checks.optional(partial(checks.integer, least=1)),
        )
        for name in ("tcp_algorithm", "tcp_bind_algorithm", "udp_algorithm"):
            checks.word(name, getattr(self, name), ALGORITHMS, kind="algorithm")
        for pair in self.exhaustion:
            checks.tuple_of("exhaustion", pair, str, least=2)
        transports = tuple(map(check_transport, self.transports))
        object.__setattr__(self, "transports", transports)
        confidence = checks.member("confidence", self.confidence, Confidence)
        object.__setattr__(self, "confidence", confidence)
        if not self.skipped <= self.ports:
            raise InvalidValueError("skipped must be a part of ports", str(self.skipped))

    @property
    def name(self) -> str:
        """The system's name, as ``"linux"``.

        Returns:
            The name.

        Example:
            >>> from portranges import ephemeral
            >>> ephemeral.profile("windows-11").name
            'windows'
        """
        return self.system.name

    @property
    def title(self) -> str:
        """The name for display.

        Returns:
            The system's title, then the titles of ``others`` that are as old. The title of a row of
            today's systems lists only current ones.

        Example:
            >>> from portranges import ephemeral
            >>> ephemeral.profile("solaris").title
            'Solaris, illumos'
        """
        same = (each.title for each in self.others if each.is_current is self.is_current)
        return ", ".join((self.system.title, *same))

    @property
    def aliases(self) -> tuple[str, ...]:
        """The other names by which ``profile`` finds the row.

        Returns:
            The aliases of the system, then the names and aliases of ``others``.

        Example:
            >>> from portranges import ephemeral
            >>> ephemeral.profile("solaris").aliases
            ('sunos', 'illumos', 'opensolaris')
        """
        found = list(self.system.aliases)
        for other in self.others:
            found += (other.name, *other.aliases)
        return tuple(found)

    @property
    def kind(self) -> Kind:
        """Whether the row describes a host, a middlebox, or what a document states about others.

        Returns:
            The kind of the system.

        Example:
            >>> from portranges import ephemeral
            >>> ephemeral.profile("aws-nat-gateway").kind.value
            'middlebox'
        """
        return self.system.kind

    @property
    def is_current(self) -> bool:
        """Whether the system is in use today, in its newest release.

        Returns:
            ``is_current`` of the system.

        Example:
            >>> from portranges import ephemeral
            >>> ephemeral.profile("linux-2.2").is_current
            False
        """
        return self.system.is_current

    @property
    def source(self) -> Source:
        """Where the range comes from.

        Returns:
            The first of ``sources``.

        Example:
            >>> from portranges import ephemeral
            >>> print(ephemeral.profile("iana").source)
            RFC 6335, section 6 (checked 2026-11)
        """
        return self.sources[0]

    @property
    def has_fixed_range(self) -> bool:
        """Whether the ephemeral range is known and the same on every machine.

        Returns:
            ``False`` if the system has no range of its own, or a range that differs between
            machines. ``True`` for a tuned profile, even if all of its ports are excluded.

        Example:
            >>> from portranges import ephemeral
            >>> ephemeral.profile("smoltcp").has_fixed_range
            False
        """
        return self.tuned or bool(self.ports)

    def is_privileged(self, port: types.SupportsIndex) -> bool | None:
        """Return whether binding *port* requires a privilege.

        Args:
            port: 0 to 65535. Port 0 requests any free port and never requires a privilege.

        Returns:
            ``None`` if the rule of the system is unknown.

        Raises:
            TypeError: *port* is not an integer.
            InvalidPortError: *port* is outside 0 to 65535.

        Source:
            ``privileged_source``.

        Example:
            >>> from portranges import ephemeral
            >>> linux = ephemeral.profile("linux")
            >>> linux.is_privileged(80), linux.is_privileged(8080)
            (True, False)
        """
        number = check_port(port)
        if self.privileged_below is None:
            return None
        return 0 < number < self.privileged_below or number in self.privileged_extra

    def replace(
        self,
        *,
        ports: types.PortItems | None = None,
        excluded: types.PortItems | None = None,
    ) -> types.Self:
        """Return the profile of a machine with another range or other exclusions.

        Args:
            ports: The range of the machine: a set, a range, or any iterable that ``PortSet``
                accepts. ``None`` keeps the range.
            excluded: Ports that the machine never allocates, such as
                ``ip_local_reserved_ports`` of Linux or excluded port ranges of Windows. They
                need not be inside the range.

        Returns:
            A tuned profile whose ``ports`` are *ports* without *excluded*. ``skipped`` is
            restricted to them, and all other fields stay. Without arguments, the profile
            itself.

        Raises:
            TypeError: An argument has the wrong type, or *ports* is missing and the system
                has no fixed range.
            InvalidPortError: A port is outside 0 to 65535.

        Example:
            >>> from portranges import PortRange, ephemeral
            >>> linux = ephemeral.profile("linux")
            >>> linux.replace(ports=PortRange(20000, 60999), excluded=[30000, 40000])
            <EphemeralProfile linux, tuned: 20000-29999,30001-39999,40001-60999>
        """
        if ports is None and excluded is None:
            return self
        if ports is None and not self.has_fixed_range:
            raise TypeError(f"replace() requires ports, because {self.name} has no fixed range")
        result = self.ports if ports is None else PortSet(ports)
        if excluded is not None:
            result -= PortSet(excluded)
        return dataclasses.replace(self, ports=result, skipped=self.skipped & result, tuned=True)

    def __rich_repr__(self) -> Iterator[object]:
        """Yield the name, the ports and their source, for rich."""
        yield self.name
        yield "ports", self.ports, PortSet()
        yield "tuned", self.tuned, False
        yield "source", str(self.source)

    def _repr_pretty_(self, printer: types.Any, _cycle: bool) -> None:  # noqa: FBT001
        """Print the repr, for IPython."""
        printer.text(repr(self))

    def __repr__(self) -> str:
        """Return the name and the ports."""
        tuned = ", tuned" if self.tuned else ""
        shown = str(self.ports) if self.has_fixed_range else "no fixed range"
        if len(self.ports.ranges) > _SHOWN:
            shown = f"{len(self.ports)} ports in {len(self.ports.ranges)} ranges"
        return f"<{type(self).__name__} {self.name}{tuned}: {shown or 'no port'}>"


# rich then prints <EphemeralProfile ...>: these are not the arguments of the constructor.
setattr(EphemeralProfile.__rich_repr__, "angular", True)  # noqa: B010 - as for PortSet

# A range with more exclusions is counted, not listed, in a repr.
_SHOWN = 20

# The fields that are plain texts.
_TEXTS = tuple([each.name for each in dataclasses.fields(EphemeralProfile) if each.type == "str"])
