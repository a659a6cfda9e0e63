"""Which end of a flow is the service, for one flow and for millions.

The ports decide, by the criteria in ``rows``. Addresses, times and packets would show more where
they are known, but they are not considered.
"""

from __future__ import annotations

import sys
from itertools import zip_longest

from portranges import checks, types, uses
from portranges.categories import Category
from portranges.ephemeral import ports as ephemeral_ports
from portranges.ephemeral.lookup import checked_systems
from portranges.errors import InvalidValueError
from portranges.flows import rows
from portranges.flows.model import Criterion, Judgement, Side, Trait
from portranges.ports import Transport, check_port, check_transport
from portranges.portset import PortSet
from portranges.registry import SHIPPED, Registry
from portranges.scan import PIECE, PortReader, numbers, plan_of
from portranges.systems import COMMON

# How many prepared tables are kept; a program uses one or two combinations of arguments.
_KEPT = 8

# In a table of pairs: the ports or their names decide.
_OPEN = 3

# The traits for each value of _named().
_NAMES = (Trait(0), Trait.KNOWN, Trait.NAMED, Trait.NAMED | Trait.KNOWN)

_ROLES = Trait.FIXED_CLIENT | Trait.FIXED_SERVICE


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
) -> bytes:
    r"""Return which end is the service for each of many flows.

    Args:
        first: The ports of one end: a buffer of format ``H``, bytes, or an iterable of integers,
            as for ``PortSet.contains_many``.
        second: The ports of the other ends, in the same order.
        systems: As in ``judge``.
        transport: As in ``judge``; the same for all flows.
        registry: The registry of assignments.
        byteorder: ``"little"`` or ``"big"``, as for ``contains_many``.

    Returns:
        One byte per flow, the ``Side`` that ``judge`` returns for it: 1 means the first end, 2
        the second, 0 unknown.

    Raises:
        TypeError: *first* or *second* is none of these, or a system is neither a name nor a
            profile.
        InvalidPortError: An integer is outside 0 to 65535.
        InvalidValueError: *first* and *second* have different lengths, bytes have an odd length,
            *byteorder* is neither of the two, *systems* is empty, or a system has no fixed
            ephemeral range.
        UnknownNameError: A system or *transport* is unknown.

    Complexity:
        Linear. Each flow that neither range nor category decides takes one step of Python, to
        look up its ports in the registry.

    Example:
        >>> server_side_many([443, 51514, 50000], [51514, 80, 60000])
        b'\x01\x02\x00'
    """
    readers = [
        PortReader(ports, byteorder=byteorder, check=check_port) for ports in (first, second)
    ]
    known = _traits(systems, transport, registry)
    answers: list[bytes] = []
    done = 0
    for one, other in zip_longest(*(reader.pieces() for reader in readers), fillvalue=(b"", 0)):
        if len(one[0]) != len(other[0]):
            # All pieces but the last have the same length. The rest of the longer side may be
            # infinite.
            counts = [_count(done, octets) for octets, _ in (one, other)]
            raise InvalidValueError(
                "first and second must have the same number of ports",
                f"{counts[0]} and {counts[1]}",
            )
        done += len(one[0]) // 2
        answers.append(known.sides(one, other))
    return b"".join(answers)


def _count(done: int, octets: bytes) -> str:
    more = " or more" if len(octets) == 2 * PIECE else ""
    return f"{done + len(octets) // 2}{more}"


class _Traits:
    """The traits of every port, for given client systems, transport and registry."""

    __slots__ = ("_by_kinds", "_by_names", "_decided", "_kind_of", "_kinds", "_named", "_plan")

    def __init__(self, clients: PortSet, transport: Transport | None, registry: Registry) -> None:
        # A table of names is slow to apply, and few flows need it, so it is kept apart. All
        # other traits divide the ports into at most 16 kinds, four bits of the index of a pair.
        kinds = {Trait(0): PortSet.full()}
        for trait, ports in (
            (Trait.NO_PORT, PortSet([0])),
            (Trait.EPHEMERAL, clients),
            (Trait.SYSTEM, PortSet(Category.SYSTEM.ports)),
            (Trait.PRIVILEGED_CLIENT, rows.PRIVILEGED_CLIENT),
            (Trait.PRIVILEGED_SERVICE, rows.PRIVILEGED_SERVICE),
            (Trait.FIXED_CLIENT, rows.FIXED_CLIENT),
            (Trait.FIXED_SERVICE, rows.FIXED_SERVICE),
        ):
            with_it = {had | trait: having & ports for had, having in kinds.items()}
            without = {had: having - ports for had, having in kinds.items()}
            kinds = {had: having for had, having in (without | with_it).items() if having}
        self._kinds = tuple(kinds)
        self._kind_of = _table(kinds.values())
        self._plan = plan_of(self._kind_of)
        self._named = _named(transport, registry)
        self._decided: dict[tuple[int, int, int], tuple[Side, Criterion]] = {}
        self._by_kinds = self._by_names = b""

    def decide(self, first: int, second: int) -> tuple[Side, Criterion]:
        """Return the side of one flow, and the criterion that decided."""
        named = self._named[first] << 2 | self._named[second]
        one, other = self._kind_of[first], self._kind_of[second]
        if self._has_both_roles(one, other) and frozenset({first, second}) not in rows.FIXED_PAIRS:
            # Each port has a role, but in different protocols.
            return _decide(
                self._traits_of(one, named >> 2) & ~_ROLES,
                self._traits_of(other, named & 3) & ~_ROLES,
            )
        return self._decide(one, other, named)

    def _has_both_roles(self, one: int, other: int) -> bool:
        return (self._kinds[one] | self._kinds[other]) & _ROLES == _ROLES

    def _traits_of(self, kind: int, named: int) -> Trait:
        return self._kinds[kind] | _NAMES[named]

    def _decide(self, one: int, other: int, named: int) -> tuple[Side, Criterion]:
        try:
            return self._decided[one, other, named]
        except KeyError:
            decided = _decide(self._traits_of(one, named >> 2), self._traits_of(other, named & 3))
            self._decided[one, other, named] = decided
            return decided

    def sides(self, first: tuple[bytes, int], second: tuple[bytes, int]) -> bytes:
        """Return the side of each flow; each argument is bytes and the low byte's index."""
        one = int.from_bytes(self._plan.answer(*first), "little")
        other = int.from_bytes(self._plan.answer(*second), "little")
        pairs = (one << 4 | other).to_bytes(len(first[0]) // 2, "little")
        if not self._by_names:
            self._by_kinds, self._by_names = self._tables_of_pairs()
        sides = bytearray(pairs.translate(self._by_kinds))
        at = sides.find(_OPEN)
        if at >= 0:
            ones, others = numbers(*first), numbers(*second)
            named, by_names = self._named, self._by_names
            while at >= 0:
                one, other = ones[at], others[at]
                if self._has_both_roles(pairs[at] >> 4, pairs[at] & 15):
                    sides[at] = self.decide(one, other)[0]
                else:
                    sides[at] = by_names[pairs[at] << 4 | named[one] << 2 | named[other]]
                at = sides.find(_OPEN, at + 1)
        return bytes(sides)

    def _tables_of_pairs(self) -> tuple[bytes, bytes]:
        """Return the side for each pair of kinds, or _OPEN if the ports or their names decide.

        The second table has the side for each pair and each combination of the names of both.
        """
        by_kinds, by_names = bytearray(256), bytearray(4096)
        kinds = range(len(self._kinds))
        for one in kinds:
            for other in kinds:
                pair = one << 4 | other
                sides = bytes(self._decide(one, other, named)[0] for named in range(16))
                by_names[pair << 4 : (pair << 4) + 16] = sides
                is_decided = sides == sides[:1] * 16 and not self._has_both_roles(one, other)
                by_kinds[pair] = sides[0] if is_decided else _OPEN
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
