"""How much of the ephemeral range is in use, and how many more connections fit.

The sockets come from a backend, the range from ``portranges.system``, and the rule for what fits
from ``portranges.capacity``.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

from portranges import capacity, types
from portranges.capacity import Interval
from portranges.checks import fields, integer, number, of_type, tuple_with
from portranges.ephemeral import EphemeralProfile
from portranges.ephemeral.lookup import row_of
from portranges.errors import InvalidValueError, elide
from portranges.ports import Transport, check_port, check_transport
from portranges.portset import PortSet
from portranges.probe import row as col
from portranges.probe.backends import complete
from portranges.probe.query import Query, transports_of
from portranges.probe.record import host_and_port, is_loopback, unmapped
from portranges.probe.row import Row, SocketState, is_self_connected
from portranges.probe.table import Visibility
from portranges.records import always_checked, as_data

_INTERVALS = ("limit", "remaining")


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The connections from one address of this machine to one remote address and port.

    Attributes:
        source: The local address. For an IPv4-mapped IPv6 address this is the IPv4 address,
            because IPv4 and IPv6 sockets share the ports.
        address: The remote address, in the same form.
        port: The remote port.
        connections: The number of connections, including those in TIME_WAIT.
        time_wait: How many of them are in TIME_WAIT.
        reusable: How many of those have a port that ``connect()`` may use for this destination
            again, by ``tcp_tw_reuse`` of Linux; 0 if the settings of the machine are unknown.
        limit: How many connections fit in total, by the rule of ``portranges.capacity``.
        remaining: How many more fit. The lower bound assumes that every port in use elsewhere is
            unavailable to this destination; the upper bound, that only the ports held by sockets
            without a remote address are. The upper bound includes *reusable* ones, which require
            timestamps at both ends.

    Example:
        >>> from portranges.capacity import Interval
        >>> full = Destination(
        ...     source="10.0.0.1", address="10.0.0.2", port=443, connections=3, time_wait=1,
        ...     reusable=0, limit=Interval(4, 4), remaining=Interval(0, 1),
        ... )
        >>> full.remote, full.to_dict()["remaining"]
        ('10.0.0.2:443', [0, 1])
    """

    source: str
    address: str
    port: int
    connections: int
    time_wait: int
    reusable: int
    limit: Interval
    remaining: Interval

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, source=str, address=str)
        check_port(self.port)
        fields(self, connections=integer, time_wait=integer, reusable=integer)
        fields(self, limit=Interval, remaining=Interval)

    @property
    def remote(self) -> str:
        """The remote address and port, such as ``"10.0.0.2:443"``."""
        return host_and_port(self.address, self.port)

    def to_dict(self) -> dict[str, types.Any]:
        """Return the destination as data for JSON, with a key for each attribute.

        An interval is a list of its lower and its upper bound.
        """
        bounds = {each: [getattr(self, each).low, getattr(self, each).high] for each in _INTERVALS}
        return {**as_data(self), **bounds}


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much of the ephemeral range of this machine is in use.

    Attributes:
        transport: The transport whose sockets were counted.
        profile: The system's row, with the range that was counted against.
        ports: The ports of the range that the system allocates.
        in_use: Those that any socket holds.
        held: Those that a socket without a remote address holds: a listener, a socket that is
            only bound, or unconnected UDP. The system allocates none of them.
        connections: The number of connections made from the range, including those in TIME_WAIT.
            A connection on a port with a listener came from outside and is not counted.
        time_wait: How many of them are in TIME_WAIT.
        time_wait_ports: The ports that are held only by sockets in TIME_WAIT, and will be
            released without further action.
        self_connected: The ports of sockets that are connected to themselves. No service can
            bind them until the processes close them.
        destinations: The connections by local address and remote address and port, most
            connections first.
        visibility: How much was visible.
        read_at: When, in seconds since 1970.

    Example:
        >>> from portranges import Transport, ephemeral, probe
        >>> from portranges.capacity import Interval
        >>> from portranges.probe.counting import count
        >>> visible = probe.Visibility(
        ...     sockets=probe.Scope.ALL, owners=probe.Scope.NOT_REQUESTED
        ... )
        >>> empty = count(
        ...     [], transport=Transport.TCP, profile=ephemeral.profile("linux"),
        ...     visibility=visible, read_at=0.0, limit=Interval(28232, 28232),
        ... )
        >>> empty.share, empty.free
        (0.0, PortSet.parse('32768-60999'))
        >>> empty.to_dict()["size"]
        28232
    """

    transport: Transport
    profile: EphemeralProfile
    ports: PortSet
    in_use: PortSet
    held: PortSet
    connections: int
    time_wait: int
    time_wait_ports: PortSet
    self_connected: PortSet
    destinations: tuple[Destination, ...]
    visibility: Visibility
    read_at: float

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, transport=Transport, profile=EphemeralProfile, ports=PortSet)
        for name in ("in_use", "held", "time_wait_ports", "self_connected"):
            if not of_type(name, getattr(self, name), PortSet) <= self.ports:
                raise InvalidValueError(f"{name} must be part of ports", elide(getattr(self, name)))
        fields(self, connections=integer, time_wait=integer, destinations=tuple_with(Destination))
        fields(self, visibility=Visibility, read_at=number)

    @property
    def share(self) -> float:
        """The part of the range that is in use, 0 to 1; 1 if the range is empty."""
        return len(self.in_use) / len(self.ports) if self.ports else 1.0

    @property
    def free(self) -> PortSet:
        """The ports of the range that no socket holds.

        These remain for UDP, for binding port 0, and for every connection on a system that does
        not share ports between destinations.
        """
        return self.ports - self.in_use

    def to_dict(self) -> dict[str, types.Any]:
        """Return the usage as data for JSON.

        The range and ``self_connected`` are text in the neutral notation; for the other sets, only
        the number of ports is included.
        """
        return {
            **as_data(self, "transport"),
            "system": self.profile.name,
            **as_data(self, "ports"),
            "size": len(self.ports),
            "in_use": len(self.in_use),
            **as_data(self, "share"),
            "held": len(self.held),
            "free": len(self.free),
            **as_data(self, "connections", "time_wait"),
            "time_wait_ports": len(self.time_wait_ports),
            **as_data(self, "self_connected", "destinations", "visibility", "read_at"),
        }


def usage(
    transport: types.TcpOrUdpLike = "tcp",
    *,
    system: types.SystemLike | None = None,
    backend: types.BackendLike | None = None,
) -> Usage:
    """Return how much of the ephemeral range of this machine is in use, and by what.

    Args:
        transport: TCP or UDP; each has its own sockets, and on some systems its own range.
        system: The system whose range to count against, a name or a profile. If None, this machine
            is read: its range for IPv4, and whether it uses ports in TIME_WAIT again.
        backend: The backend to use; the best one if None.

    Raises:
        TypeError: *transport* or *system* has a wrong type.
        InvalidValueError: *transport* is neither TCP nor UDP, or *system* has no fixed range.
        SystemReadError: The range cannot be read, or not all sockets are visible.
        MissingExtraError: This system needs psutil, which is not installed.
        UnknownNameError: *transport*, *system* or *backend* is unknown.
        UnsupportedPlatformError: The range of this platform cannot be read, or *backend* is for
            another system.
        UnexpectedOutputError: The system's answer is not in a known format.

    Example:
        >>> from portranges import probe
        >>> for each in probe.usage().destinations[:3]:  # doctest: +SKIP
        ...     print(each.remote, each.connections, each.remaining)
        10.0.0.9:5432 4071 23905 to 24161
    """
    (chosen,) = transports_of(check_transport(transport))
    settings = None
    if system is None:
        # It loads subprocess, and most functions of the probe need no setting of the machine.
        from portranges.system import read_settings

        settings = read_settings(chosen.value)
        profile = settings.profile
    else:
        profile = row_of(system, "system")
    if not profile.has_fixed_range:
        raise InvalidValueError("system must have a fixed ephemeral range", elide(profile.name))
    table = complete(Query(transports=(chosen,)), backend)
    return count(
        table._rows,
        transport=chosen,
        profile=profile,
        visibility=table.visibility,
        read_at=table.read_at,
        limit=_limit(profile, chosen),
        settings=settings,
    )


def _limit(profile: EphemeralProfile, transport: Transport) -> Interval:
    """Return how many connections fit to one destination."""
    has_udp = any(each.name == "udp" for each in capacity.methods(profile))
    is_udp = has_udp and transport is Transport.UDP
    return capacity.concurrent(profile, method="udp" if is_udp else "connect")


def count(
    rows: types.Iterable[Row],
    *,
    transport: Transport,
    profile: EphemeralProfile,
    visibility: Visibility,
    read_at: float,
    limit: Interval,
    settings: types.MachineSettings | None = None,
) -> Usage:
    """Return how *rows* use the range of *profile*, where *limit* connections fit in total.

    Without *settings*, no port in TIME_WAIT counts as reusable.
    """
    ports = profile.ports - profile.skipped
    is_in_range = ports.table
    inside = [row for row in rows if is_in_range[row[col.PORT]]]
    in_use = _ports(inside)
    held = _ports([row for row in inside if row[col.REMOTE_PORT] is None])
    still_open = _ports([row for row in inside if row[col.STATE] is not SocketState.TIME_WAIT])
    listening = _ports([row for row in inside if row[col.STATE] is SocketState.LISTEN])
    connected = [row for row in inside if row[col.REMOTE_PORT] is not None]
    made = [row for row in connected if row[col.PORT] not in listening]
    waiting = [row for row in made if row[col.STATE] is SocketState.TIME_WAIT]
    # A system that does not share ports between destinations cannot use any port in use.
    is_shared = transport is Transport.TCP and profile.shares_ports_across_destinations is not False
    destinations: list[Destination] = []
    for (source, address, port), members in _by_destination(made).items():
        is_local = is_loopback(source) or is_loopback(address)
        reusable = _reusable(members, settings, is_local=is_local)
        lost = len(held) + len(_ports(members) - reusable - held) if is_shared else len(in_use)
        least, most = int(limit.low) - len(in_use), int(limit.high) - lost
        destinations.append(
            Destination(
                source=source,
                address=address,
                port=port,
                connections=len(members),
                time_wait=sum(row[col.STATE] is SocketState.TIME_WAIT for row in members),
                reusable=len(reusable),
                limit=limit,
                remaining=Interval(max(0, least), max(0, most)),
            )
        )
    destinations.sort(key=lambda each: (-each.connections, each.source, each.remote))
    return Usage(
        transport=transport,
        profile=profile,
        ports=ports,
        in_use=PortSet(in_use),
        held=PortSet(held),
        connections=len(made),
        time_wait=len(waiting),
        time_wait_ports=PortSet(_ports(waiting) - still_open),
        self_connected=PortSet(_ports(filter(is_self_connected, made)) & still_open),
        destinations=tuple(destinations),
        visibility=visibility,
        read_at=read_at,
    )


def _by_destination(rows: types.Iterable[Row]) -> dict[tuple[str, str, int], list[Row]]:
    """Return *rows* by local address and remote address and port."""
    # Grouped by the addresses as written first, so that few addresses must be converted.
    groups: dict[tuple[str, str | None, int | None], list[Row]] = {}
    for row in rows:
        ends = row[col.ADDRESS], row[col.REMOTE_ADDRESS], row[col.REMOTE_PORT]
        groups.setdefault(ends, []).append(row)
    merged: dict[tuple[str, str, int], list[Row]] = {}
    for (source, address, port), members in groups.items():
        merged.setdefault((unmapped(source), unmapped(address or ""), port or 0), []).extend(
            members
        )
    return merged


def _ports(rows: types.Iterable[Row]) -> set[int]:
    return set(map(itemgetter(col.PORT), rows))


def _reusable(
    rows: types.Iterable[Row], settings: types.MachineSettings | None, *, is_local: bool
) -> set[int]:
    """Return the ports to one destination that ``connect()`` may use again although they wait.

    Source:
        Linux, net/ipv4/tcp_ipv4.c tcp_twsk_unique(); measured on Linux 6.18: connect() fails for
        1.02 s and then succeeds.
    """
    if settings is None or settings.time_wait_reuse in (None, "never"):
        return set()
    # if (reuse == 2) { ... if (!loopback) reuse = 0; }
    if settings.time_wait_reuse == "loopback" and not is_local:
        return set()
    # The time left at which a socket has waited for long enough.
    longest = (settings.time_wait or 0.0) - (settings.time_wait_reuse_after or 0.0)
    waiting: set[int] = set()
    others: set[int] = set()
    for row in rows:
        left = row[col.EXPIRES_IN]
        waits = row[col.STATE] is SocketState.TIME_WAIT and (left is None or left <= longest)
        (waiting if waits else others).add(row[col.PORT])
    return waiting - others
