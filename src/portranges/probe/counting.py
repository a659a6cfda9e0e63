"""How much of the ephemeral range is in use, and how far it is from exhaustion.

What lives here: Usage, and how a table is counted against a profile.
What must not: the table (``backends``), the range (``portranges.system``), the
rule for what fits (``portranges.capacity``).
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import types
from portranges.ephemeral import EphemeralProfile
from portranges.errors import InvalidValueError, elide
from portranges.ports import Transport, check_transport
from portranges.portset import PortSet
from portranges.probe import neighbours
from portranges.probe.backends import complete
from portranges.probe.model import SocketState, Visibility, end
from portranges.probe.query import Query, transports_of

__all__ = ["Destination", "Usage", "count", "usage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The connections from one address of this machine to one remote end.

    Attributes:
        source: The local address; one of IPv4 also where the socket is of IPv6
            and has it mapped in, for both sorts share the ports.
        address: The remote address, likewise.
        port: The remote port.
        connections: How many there are, those in TIME_WAIT among them.
        time_wait: How many are in TIME_WAIT.
        fits: How many fit by ``capacity``'s rule, at least.
        fits_at_most: The same at most; the two differ where the rule knows
            bounds only.
        left: How many more fit at least: if every port in use elsewhere is
            lost to this destination.
        left_at_most: How many more fit at most: if none is but those that a
            socket without a remote end holds.

    Example:
        >>> from portranges.probe import Destination
        >>> full = Destination(source="10.0.0.1", address="10.0.0.2", port=443, connections=3,
        ...     time_wait=1, fits=4, fits_at_most=4, left=0, left_at_most=1)
        >>> full.remote
        '10.0.0.2:443'
    """

    source: str
    address: str
    port: int
    connections: int
    time_wait: int
    fits: int
    fits_at_most: int
    left: int
    left_at_most: int

    @property
    def remote(self) -> str:
        """The remote end.

        Returns:
            As ``"10.0.0.2:443"``.

        Example:
            >>> full = Destination(
            ...     source="10.0.0.1", address="10.0.0.2", port=443, connections=3, time_wait=1,
            ...     fits=4, fits_at_most=4, left=0, left_at_most=1,
            ... )
            >>> full.remote
            '10.0.0.2:443'
        """
        return end(self.address, self.port)

    def to_dict(self) -> dict[str, types.Any]:
        """Return it as data for JSON.

        Returns:
            A dict with a key for each attribute; pairs are "at least" and "at most".

        Example:
            >>> full = Destination(
            ...     source="10.0.0.1", address="10.0.0.2", port=443, connections=3, time_wait=1,
            ...     fits=4, fits_at_most=4, left=0, left_at_most=1,
            ... )
            >>> full.to_dict()["left"]
            [0, 1]
        """
        return {
            "source": self.source,
            "address": self.address,
            "port": self.port,
            "connections": self.connections,
            "time_wait": self.time_wait,
            "fits": [self.fits, self.fits_at_most],
            "left": [self.left, self.left_at_most],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much of the ephemeral range of this machine is in use.

    Attributes:
        transport: The transport that was counted.
        profile: The system's row with the range in force.
        ports: The range: what the system hands out.
        in_use: Those of them that any socket holds.
        held: Those that a socket without a remote end holds: one that listens,
            is bound only, or UDP that is not connected. Nobody is handed them.
        connections: How many connections were made from the range, those in
            TIME_WAIT among them. One on a port that is listened on came from
            outside and is not counted.
        time_wait: How many of them are in TIME_WAIT.
        time_wait_ports: The ports that nothing but TIME_WAIT holds: they come
            back by themselves.
        destinations: The connections by local address and remote end, the
            fullest first.
        visibility: How much was seen.
        read_at: When, in seconds since 1970.

    Example:
        >>> from portranges import ephemeral, probe
        >>> usage = probe.usage(profile=ephemeral.profile("linux"))  # doctest: +SKIP
        >>> usage.share  # doctest: +SKIP
        0.0031
    """

    transport: Transport
    profile: EphemeralProfile
    ports: PortSet
    in_use: PortSet
    held: PortSet
    connections: int
    time_wait: int
    time_wait_ports: PortSet
    destinations: tuple[Destination, ...]
    visibility: Visibility
    read_at: float

    @property
    def share(self) -> float:
        """How much of the range is in use.

        Returns:
            0 to 1; 1 where the range is empty.

        Example:
            >>> from portranges import Transport, ephemeral, probe
            >>> from portranges.probe.counting import count
            >>> empty = count(
            ...     [], transport=Transport.TCP, profile=ephemeral.profile("linux"),
            ...     visibility=probe.Visibility(
            ...         sockets=probe.Scope.ALL, owners=probe.Scope.NOT_REQUESTED
            ...     ),
            ...     read_at=0.0, fits=(28232, 28232),
            ... )
            >>> empty.share
            0.0
        """
        return len(self.in_use) / len(self.ports) if self.ports else 1.0

    @property
    def free(self) -> PortSet:
        """The ports of the range that no socket holds.

        Returns:
            What is left for UDP, for binding port 0, and for every connection
            where ports are not shared.

        Example:
            >>> from portranges import Transport, ephemeral, probe
            >>> from portranges.probe.counting import count
            >>> empty = count(
            ...     [], transport=Transport.TCP, profile=ephemeral.profile("linux"),
            ...     visibility=probe.Visibility(
            ...         sockets=probe.Scope.ALL, owners=probe.Scope.NOT_REQUESTED
            ...     ),
            ...     read_at=0.0, fits=(28232, 28232),
            ... )
            >>> empty.free
            PortSet.parse('32768-60999')
        """
        return self.ports - self.in_use

    def to_dict(self) -> dict[str, types.Any]:
        """Return it as data for JSON.

        Returns:
            A dict; the range is text in the neutral notation, other sets are counted.

        Example:
            >>> from portranges import Transport, ephemeral, probe
            >>> from portranges.probe.counting import count
            >>> empty = count(
            ...     [], transport=Transport.TCP, profile=ephemeral.profile("linux"),
            ...     visibility=probe.Visibility(
            ...         sockets=probe.Scope.ALL, owners=probe.Scope.NOT_REQUESTED
            ...     ),
            ...     read_at=0.0, fits=(28232, 28232),
            ... )
            >>> empty.to_dict()["size"]
            28232
        """
        return {
            "transport": self.transport.value,
            "system": self.profile.name,
            "ports": str(self.ports),
            "size": len(self.ports),
            "in_use": len(self.in_use),
            "share": self.share,
            "held": len(self.held),
            "free": len(self.free),
            "connections": self.connections,
            "time_wait": self.time_wait,
            "time_wait_ports": len(self.time_wait_ports),
            "destinations": [each.to_dict() for each in self.destinations],
            "read_at": self.read_at,
        }


def usage(
    transport: types.TcpOrUdpLike = "tcp",
    *,
    profile: EphemeralProfile | None = None,
    backend: types.BackendLike | None = None,
) -> Usage:
    """Return how much of the ephemeral range is in use, and by what.

    Args:
        transport: TCP or UDP.
        profile: What the machine hands out; read from the machine by default,
            for IPv4.
        backend: As for ``sockets``.

    Returns:
        The count of one moment.

    Raises:
        TypeError: *transport* or *profile* is none.
        InvalidValueError: *transport* is neither, or *profile* has no fixed range.
        SystemReadError: The range or all sockets cannot be read.
        MissingExtraError: As ``sockets``.
        UnknownNameError: As ``sockets``.
        UnexpectedOutputError: As ``sockets``.

    Example:
        >>> from portranges import probe
        >>> for each in probe.usage().destinations[:3]:  # doctest: +SKIP
        ...     print(each.remote, each.connections, each.left_at_most)
        10.0.0.9:5432 4071 24161
    """
    (chosen,) = transports_of(check_transport(transport))
    if profile is None:
        profile = neighbours.effective(chosen)
    elif not isinstance(profile, EphemeralProfile):
        raise TypeError(f"profile must be an EphemeralProfile, got {type(profile).__name__}")
    if not profile.has_fixed_range:
        raise InvalidValueError("profile must have a fixed range", elide(profile.name))
    table = complete(Query(transports=(chosen,)), backend)
    return count(
        table._rows,
        transport=chosen,
        profile=profile,
        visibility=table.visibility,
        read_at=table.read_at,
        fits=neighbours.concurrent(profile, chosen),
    )


def count(
    rows: types.Iterable[types.ProbeRow],
    *,
    transport: Transport,
    profile: EphemeralProfile,
    visibility: Visibility,
    read_at: float,
    fits: tuple[int, int],
) -> Usage:
    """Return the count of *rows*, where *fits* connections fit to a destination."""
    ports = profile.ports - profile.skipped
    numbers = ports.table
    inside = [row for row in rows if numbers[row[3]]]
    held = PortSet({row[3] for row in inside if row[5] is None})
    serving = {row[3] for row in inside if row[6] is SocketState.LISTEN}
    made = [row for row in inside if row[5] is not None and row[3] not in serving]
    in_use = PortSet({row[3] for row in inside})
    open_ports = {row[3] for row in inside if row[6] is not SocketState.TIME_WAIT}
    waiting = [row for row in made if row[6] is SocketState.TIME_WAIT]
    groups: dict[tuple[str, str, int], list[types.ProbeRow]] = {}
    for row in made:
        _, _, source, _, address, port, *_ = row
        if address is not None and port is not None:
            groups.setdefault((_plain(source), _plain(address), port), []).append(row)
    low, high = fits
    destinations: list[Destination] = []
    for (source, address, port), members in groups.items():
        here = PortSet({row[3] for row in members})
        # Whoever shares no port loses every one that is in use.
        lost = here | held if profile.shares_ports_across_destinations is not False else in_use
        if transport is Transport.UDP:
            lost = in_use
        destinations.append(
            Destination(
                source=source,
                address=address,
                port=port,
                connections=len(members),
                time_wait=sum(row[6] is SocketState.TIME_WAIT for row in members),
                fits=low,
                fits_at_most=high,
                left=max(0, low - len(in_use)),
                left_at_most=max(0, high - len(lost)),
            )
        )
    destinations.sort(key=lambda each: (-each.connections, each.source, each.remote))
    return Usage(
        transport=transport,
        profile=profile,
        ports=ports,
        in_use=in_use,
        held=held,
        connections=len(made),
        time_wait=len(waiting),
        time_wait_ports=PortSet({row[3] for row in waiting} - open_ports),
        destinations=tuple(destinations),
        visibility=visibility,
        read_at=read_at,
    )


def _plain(address: str) -> str:
    """Return an IPv4 address that is mapped into IPv6 as what it is."""
    rest = address.removeprefix("::ffff:")
    return rest if "." in rest else address
