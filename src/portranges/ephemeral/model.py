"""What a row of the ephemeral wing says: EphemeralProfile and its two word lists.

What lives here: the record, the kinds and the confidence words, and what
follows from one record alone.
What must not: any fact about a system (the ``rows_*`` modules), any search
among the rows (``lookup``).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from portranges import types
from portranges.ports import PortRange, Transport, check_port
from portranges.portset import PortSet
from portranges.source import Confidence, Source
from portranges.systems import Kind, System

__all__ = ["EphemeralProfile"]

_NO_PORTS = PortSet.empty()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EphemeralProfile:
    """Which ports a system hands out by itself, and how.

    A system hands out a port when a program connects, or sends, without having
    chosen one, and when it binds port 0. The values are those of the system as
    it is shipped; ``replace`` makes the profile of a tuned machine. A text is
    ``""``, a tuple empty and a number or truth value ``None`` where nothing is
    known; a ``_note`` field qualifies the field it is named after.

    Attributes:
        system: The system, a row of ``portranges.systems`` or your own: its name, title,
            aliases and releases.
        others: Other systems to which the whole row applies.
        version_note: What was checked, and in which versions.
        transports: The transports that the row is for, in the order of
            ``Transport``.
        ports: The default range; empty where there is none that is fixed, see
            ``has_fixed_range``.
        skipped: Those of ``ports`` that the system of today passes over all
            the same, where the numbers are fixed. Other exclusions are text.
        tuned: Whether ``replace`` made the profile; ``ports`` then holds what
            is handed out, and all other fields speak of the system as shipped.
        algorithm: How a port is chosen from the range.
        tcp_algorithm: The algorithm of ``portranges.selection`` that chooses the port of a TCP
            connection.
        tcp_bind_algorithm: The one for a TCP socket that binds port 0, if it is another.
        udp_algorithm: The one that chooses the port of a UDP socket.
        exclusions: How ports of the range are kept from being handed out.
        socket_overrides: Options by which a socket gets another range.
        per_transport: Differences between transports.
        per_family: Differences between IPv4 and IPv6.
        scope: What the setting holds for, as a network namespace.
        shares_ports_across_destinations: Whether ``connect()`` on a socket
            that is not bound takes a local port that is in use towards another
            destination (of TCP, where the row is for several transports). If
            it does, the range bounds the connections to one destination; if
            not, all of them.
        sharing_note: Its conditions.
        time_wait: Seconds that the end of a TCP connection that closed first
            holds its port, towards a remote peer.
        time_wait_note: Other lengths, and how to change them.
        privileged_below: The first port that needs no privilege to bind: 0
            where no port needs any, ``None`` where the rule is not known.
        privileged_extra: Ports above the boundary that need the privilege too.
        privileged_note: The rule, and how to move it.
        privileged_source: Where the rule comes from; ``None`` where it is not
            known.
        exhaustion: Pairs of a call and what it reports when no port is left.
        read_with: Commands that show the range in force.
        read_output: What each of them prints, in the order of ``read_with``.
        set_with: Commands or settings that change the range.
        set_rules: What the system accepts as a new range.
        ports_per_address: How many ports of one of its addresses a middlebox
            has in use towards one destination at most.
        note: Anything else.
        sources: Where the row comes from; never empty, the range's own first.
        confidence: How well ``ports`` is known.
        confidence_note: What the word does not tell.

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
    tcp_algorithm: str = ""
    tcp_bind_algorithm: str = ""
    udp_algorithm: str = ""
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
            The system's title. Titles of ``others`` follow if they are as old: for a row of
            today's systems, only those that are current.

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
        """Whether the row is for a host, a middlebox, or a document about others.

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
            That of the system.

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
        """Whether ``ports`` says what is handed out.

        Returns:
            ``False`` where the system has no range of its own, or one that
            differs from machine to machine; ``True`` for a tuned profile, whose
            ``ports`` may be empty because all are excluded.

        Example:
            >>> from portranges import ephemeral
            >>> ephemeral.profile("smoltcp").has_fixed_range
            False
        """
        return self.tuned or bool(self.ports)

    def is_privileged(self, port: types.SupportsIndex) -> bool | None:
        """Tell whether binding *port* takes a privilege.

        Args:
            port: 0 to 65535. To bind port 0 asks for any port, and never takes
                one.

        Returns:
            ``None`` where the system's rule is not known.

        Raises:
            TypeError: *port* is no integer.
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
        ports: types.PortItems | PortRange | None = None,
        excluded: types.PortItems | PortRange | None = None,
    ) -> types.Self:
        """Return the profile of a machine whose range was set otherwise.

        Args:
            ports: The range in force: a set, a range, or any iterable that
                ``PortSet`` takes. Left out, the range stays.
            excluded: Ports that the machine keeps from being handed out, as
                ``ip_local_reserved_ports`` of Linux or an excluded port range
                of Windows does; they need not be inside the range.

        Returns:
            A profile with ``ports`` without ``excluded`` as its ports, and
            ``tuned`` set. ``skipped`` keeps what is left inside; all else
            stays. Without arguments, the profile itself.

        Raises:
            TypeError: An argument is none of these, or ``ports`` is left out
                where the system has no fixed range to exclude from.
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
            raise TypeError(f"replace() needs ports, for {self.name} has no fixed range")
        result = self.ports if ports is None else _port_set(ports)
        if excluded is not None:
            result -= _port_set(excluded)
        return dataclasses.replace(self, ports=result, skipped=self.skipped & result, tuned=True)

    def __repr__(self) -> str:
        """Return the name and the ports; all fields would fill a page."""
        tuned = ", tuned" if self.tuned else ""
        shown = str(self.ports) if self.has_fixed_range else "no fixed range"
        return f"<{type(self).__name__} {self.name}{tuned}: {shown or 'no port'}>"


def _port_set(items: types.PortItems | PortRange) -> PortSet:
    if isinstance(items, PortSet):
        return items
    return PortSet((items,)) if isinstance(items, PortRange) else PortSet(items)
