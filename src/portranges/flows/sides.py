"""Which end of a flow is the service, for one flow and for millions.

The ports decide, by the criteria in ``rows``. Addresses, times and packets would show more if they
are known, but are not considered.
"""

from __future__ import annotations

import sys
from io import BytesIO

from portranges import checks, types, uses
from portranges.categories import ABSENT, Category
from portranges.chunks import loaded_numpy
from portranges.columns import Piece, PortReader, pairs
from portranges.ephemeral import ports as ephemeral_ports
from portranges.ephemeral.lookup import checked_systems
from portranges.flows import rows
from portranges.flows.model import Criterion, Judgement, Side, Trait
from portranges.ports import Transport, check_port, check_transport
from portranges.portset import PortSet
from portranges.registry import SHIPPED, Registry
from portranges.scan import numbers, plan_of
from portranges.systems import COMMON

# How many prepared tables are kept; a program uses one or two combinations of arguments.
_KEPT = 8

# In a table of pairs: the names of the ports decide.
_OPEN = 3

# The traits for each value of _named().
_NAMES = (Trait(0), Trait.KNOWN, Trait.NAMED, Trait.NAMED | Trait.KNOWN)

_ROLES = Trait.FIXED_CLIENT | Trait.FIXED_SERVICE

# The protocols with fixed roles, numbered from 1.
_FIXED = tuple(enumerate(rows.fixed_roles(), 1))


def judge(
    first: types.SupportsIndex,
    second: types.SupportsIndex,
    *,
    systems: types.SystemsLike = COMMON,
    transport: types.TransportLike | None = None,
    registry: Registry = SHIPPED,
) -> Judgement:
    """Return which of a flow's two ports is the service's, and why.

    Ports are evidence, not proof. If the flow log records who sent the first packet, trust the
    log.

    Args:
        first: The port of one end.
        second: The port of the other end.
        systems: The systems that the clients run: a name that ``ephemeral.profile``
            accepts, a profile, for example of a tuned machine, or an iterable of them.
        transport: The flow's transport. By default a number counts as assigned if it is assigned
            for TCP or for UDP.
        registry: The registry of assignments.

    Returns:
        The judgement, with the criterion that decided. If none did, the port is ``None`` and the
        side is UNKNOWN.

    Raises:
        TypeError: A port is not an integer, or a system is neither a name nor a profile.
        InvalidPortError: A port is outside 0 to 65535.
        InvalidValueError: *systems* is empty, or a system has no fixed ephemeral range.
        UnknownNameError: A system or *transport* is unknown.

    Example:
        >>> judge(51514, 443).port, judge(51514, 443).criterion.id
        (443, 'client-range')
        >>> judge(44818, 50000).port, judge(44818, 50000).criterion.id
        (44818, 'named')
        >>> judge(50000, 60000).port, judge(50000, 60000).criterion.id
        (None, 'undecided')
    """
    one, other = check_port(first), check_port(second)
    known = _traits(systems, transport, registry)
    side, decided_by = known.decide(one, other)
    if side is not Side.UNKNOWN:
        port = one if side is Side.FIRST else other
    elif decided_by is rows.UNDECIDED and one == other:
        port, decided_by = one, rows.SAME_PORT
    else:
        port = None
    return Judgement(port=port, side=side, criterion=decided_by)


def server_port(
    first: types.SupportsIndex,
    second: types.SupportsIndex,
    *,
    systems: types.SystemsLike = COMMON,
    transport: types.TransportLike | None = None,
    registry: Registry = SHIPPED,
) -> int | None:
    """Return the port of a flow that is the service's.

    Args:
        first: The port of one end.
        second: The port of the other end.
        systems: As in ``judge``.
        transport: As in ``judge``.
        registry: The registry of assignments.

    Returns:
        One of the two, or ``None`` if the ports do not show which.

    Raises:
        TypeError: A port is not an integer, or a system is neither a name nor a profile.
        InvalidPortError: A port is outside 0 to 65535.
        InvalidValueError: *systems* is empty, or a system has no fixed ephemeral range.
        UnknownNameError: A system or *transport* is unknown.

    Example:
        >>> server_port(443, 51514), server_port(123, 123)
        (443, 123)
        >>> print(server_port(50000, 60000))
        None
        >>> server_port(31999, 8080, systems="openbsd", transport="tcp")
        8080
    """
    return judge(first, second, systems=systems, transport=transport, registry=registry).port


def server_side_many(
    first: types.PortNumbers,
    second: types.PortNumbers,
    *,
    systems: types.SystemsLike = COMMON,
    transport: types.TransportLike | None = None,
    registry: Registry = SHIPPED,
    byteorder: types.ByteOrder = sys.byteorder,
    invalid: types.InvalidPorts = "raise",
) -> bytes:
    r"""Return for each of many flows which end is the service.

    Args:
        first: The ports of one end, in any form that ``PortSet.contains_many`` accepts: a
            buffer, an array or a column of integers, bytes, or an iterable of integers.
        second: The ports of the other ends, in the same order.
        systems: As in ``judge``.
        transport: As in ``judge``; the same for all flows.
        registry: The registry of assignments.
        byteorder: ``"little"`` or ``"big"``, as for ``contains_many``.
        invalid: What to do with a row in which a port is null or outside 0 to 65535: ``"raise"``
            an error, or return ``categories.ABSENT`` for it (``"absent"``).

    Returns:
        One byte per flow, the ``Side`` that ``judge`` returns for it (1 is the first end, 2 the
        second, 0 unknown). A row without a port has 255, ``categories.ABSENT``.

    Raises:
        TypeError: *first* or *second* is none of these, or a system is neither a name nor a
            profile.
        InvalidPortError: A number is outside 0 to 65535; the error has its position.
        InvalidValueError: *first* and *second* have different lengths, a row is null, bytes have
            an odd length, *byteorder* or *invalid* is unknown, *systems* is empty, or a
            system has no fixed ephemeral range.
        UnknownNameError: A system or *transport* is unknown.

    Complexity:
        Linear. Without numpy, the ports of each flow that neither range nor category decides are
        looked up one by one in the registry.

    Example:
        >>> server_side_many([443, 51514, 50000], [51514, 80, 60000])
        b'\x01\x02\x00'
    """
    ones, others = (
        PortReader(ports, byteorder=byteorder, check=check_port, invalid=invalid)
        for ports in (first, second)
    )
    known = _traits(systems, transport, registry)
    sides = BytesIO()
    for one, other in pairs(ones, others):
        sides.write(other.mark(one.mark(known.sides(one, other), ABSENT), ABSENT))
    return sides.getvalue()


class _Traits:
    """The traits of every port, for given client systems, transport and registry."""

    __slots__ = (
        "_arrays",
        "_by_kinds",
        "_by_names",
        "_decided",
        "_kind_of",
        "_kinds",
        "_named",
        "_plan",
    )

    def __init__(self, clients: PortSet, transport: Transport | None, registry: Registry) -> None:
        # A table of names is slow to apply, and few flows need it, so it is kept apart. All
        # other traits divide the ports into at most 16 kinds, four bits of the index of a pair.
        # Ports with a fixed role are of one kind only if they have it in the same protocol.
        kinds = {(Trait(0), 0): PortSet.full()}
        for trait, protocol, ports in (
            (Trait.NO_PORT, 0, PortSet([0])),
            (Trait.EPHEMERAL, 0, clients),
            (Trait.SYSTEM, 0, PortSet(Category.SYSTEM.ports)),
            (Trait.PRIVILEGED_CLIENT, 0, rows.PRIVILEGED_CLIENT),
            (Trait.PRIVILEGED_SERVICE, 0, rows.PRIVILEGED_SERVICE),
            *((Trait.FIXED_CLIENT, at, PortSet([row.client])) for at, row in _FIXED),
            *((Trait.FIXED_SERVICE, at, PortSet([row.service])) for at, row in _FIXED),
        ):
            with_it = {
                (had | trait, of or protocol): having & ports
                for (had, of), having in kinds.items()
                if having & ports
            }
            without = {key: having - ports for key, having in kinds.items() if having - ports}
            kinds = without | with_it
        self._kinds = tuple(kinds)
        self._kind_of = _table(kinds.values())
        self._plan = plan_of(self._kind_of)
        self._named = _named(transport, registry)
        self._decided: dict[tuple[int, int, int], tuple[Side, Criterion]] = {}
        self._by_kinds = self._by_names = b""
        self._arrays: types.Any = None

    def decide(self, first: int, second: int) -> tuple[Side, Criterion]:
        """Return the side of one flow, and the criterion that decided."""
        named = self._named[first] << 2 | self._named[second]
        return self._decide(self._kind_of[first], self._kind_of[second], named)

    def _decide(self, one: int, other: int, named: int) -> tuple[Side, Criterion]:
        try:
            return self._decided[one, other, named]
        except KeyError:
            (first, protocol), (second, other_protocol) = self._kinds[one], self._kinds[other]
            if protocol != other_protocol:
                # If each port has a role, it is in different protocols, and does not count.
                first, second = first & ~_ROLES, second & ~_ROLES
            decided = _decide(first | _NAMES[named >> 2], second | _NAMES[named & 3])
            self._decided[one, other, named] = decided
            return decided

    def sides(self, first: Piece, second: Piece) -> bytes:
        """Return the side of each flow."""
        if not self._by_names:
            self._by_kinds, self._by_names = self._tables_of_pairs()
        numpy = loaded_numpy()
        if numpy is not None:
            return self._sides_in_numpy(numpy, first, second)
        one = int.from_bytes(self._plan.answer(first.octets(), first.low), "little")
        other = int.from_bytes(self._plan.answer(second.octets(), second.low), "little")
        pairs = (one << 4 | other).to_bytes(len(first), "little")
        sides = bytearray(pairs.translate(self._by_kinds))
        at = sides.find(_OPEN)
        if at >= 0:
            ones = numbers(first.octets(), first.low)
            others = numbers(second.octets(), second.low)
            named, by_names = self._named, self._by_names
            while at >= 0:
                one, other = ones[at], others[at]
                sides[at] = by_names[pairs[at] << 4 | named[one] << 2 | named[other]]
                at = sides.find(_OPEN, at + 1)
        return bytes(sides)

    def _sides_in_numpy(self, numpy: types.Any, first: Piece, second: Piece) -> bytes:
        if self._arrays is None:
            kind_of, named = (
                numpy.frombuffer(table, "uint8").astype("uint16")
                for table in (self._kind_of, self._named)
            )
            by_names = numpy.frombuffer(self._by_names, "uint8")
            self._arrays = kind_of << 8 | named << 2, kind_of << 4 | named, by_names
        of_first, of_second, by_names = self._arrays
        places = of_first.take(first.array(numpy))
        places |= of_second.take(second.array(numpy))
        sides: bytes = by_names.take(places).tobytes()
        return sides

    def _tables_of_pairs(self) -> tuple[bytes, bytes]:
        """Return the side for each pair of kinds, or _OPEN if the names of the ports decide.

        The second table has the side for each pair and each combination of the names of both.
        """
        by_kinds, by_names = bytearray(256), bytearray(4096)
        kinds = range(len(self._kinds))
        for one in kinds:
            for other in kinds:
                pair = one << 4 | other
                sides = bytes(self._decide(one, other, named)[0] for named in range(16))
                by_names[pair << 4 : (pair << 4) + 16] = sides
                by_kinds[pair] = sides[0] if sides == sides[:1] * 16 else _OPEN
        return bytes(by_kinds), bytes(by_names)


def _table(kinds: types.Iterable[PortSet]) -> bytes:
    """Return for each port the index of the set that contains it."""
    total = sum(place * int.from_bytes(ports.table, "little") for place, ports in enumerate(kinds))
    return total.to_bytes(len(PortSet.full()), "little")


def _named(transport: Transport | None, registry: Registry) -> bytes:
    """Return for each port 2 if it is assigned, plus 1 if it is a known program's default."""
    transports = (transport,) if transport else (Transport.TCP, Transport.UDP)
    own = PortSet(
        use.ports
        for use in uses.rows()
        if use.is_narrow and not set(transports).isdisjoint(use.transports)
    )
    assigned = PortSet.empty().union(*(registry.assigned(each) for each in transports))
    return _table((PortSet.empty(), own - assigned, assigned - own, own & assigned))


def _decide(one: Trait, other: Trait) -> tuple[Side, Criterion]:
    """Return the side for which the first criterion decides, and that criterion."""
    if (one | other) & Trait.NO_PORT:
        return Side.UNKNOWN, rows.NO_PORT
    for row in rows.DECIDING:
        is_one = row.is_service(one, other)
        if is_one is not row.is_service(other, one):
            return (Side.FIRST if is_one else Side.SECOND), row
    return Side.UNKNOWN, rows.UNDECIDED


_kept: dict[object, _Traits] = {}
# Usable as a dict key as is; whether it names systems is checked when it is not found.
_KEYS = (str, tuple)


def _traits(
    systems: types.SystemsLike, transport: types.TransportLike | None, registry: Registry
) -> _Traits:
    selected = None if transport is None else check_transport(transport)
    checks.of_type("registry", registry, Registry)
    if type(systems) not in _KEYS:
        systems = checked_systems(systems)
    key = (systems, selected, registry)
    try:
        return _kept[key]
    except (KeyError, TypeError):
        # An unhashable value is not a system, and is refused here.
        made = _Traits(ephemeral_ports(systems), selected, registry)
        if len(_kept) >= _KEPT:
            _kept.clear()
        _kept[key] = made
        return made
