"""Which end of a flow is the service: of one flow, and of millions.

What lives here: which ports have which trait, and the criteria applied to two
ports, or to two buffers of them.
What must not: a criterion (``rows``); addresses, times or packets, which tell
more than ports do where they are known.
"""

from __future__ import annotations

import sys
from itertools import zip_longest

from portranges import types, uses
from portranges.categories import Category
from portranges.ephemeral import EphemeralProfile
from portranges.ephemeral import ports as handed_out
from portranges.errors import InvalidValueError
from portranges.flows.model import Criterion, Judgement, Side, Trait
from portranges.flows.rows import (
    ASKS_PRIVILEGE,
    DECIDING,
    NO_PORT,
    SAME_PORT,
    SHOWN_PRIVILEGE,
    UNDECIDED,
)
from portranges.ports import Transport, check_port, check_transport
from portranges.portset import PortSet
from portranges.registry import SHIPPED, Registry
from portranges.scan import PIECE, PortReader, numbers, plan_of
from portranges.systems import COMMON

__all__ = ["judge", "server_port", "server_side_many"]


# A known use of so many ports at most is a program's own. A wider one, as that
# of TURN relays, says of none of its ports that it is a service.
_WIDEST_USE = 100

# Traits of so many settings are kept; a program has one or two.
_KEPT = 8

# In a table of pairs: a flow that the names of its ports decide, or nothing.
_OPEN = 3


def judge(
    first: types.SupportsIndex,
    second: types.SupportsIndex,
    *,
    systems: types.SystemsLike = COMMON,
    transport: types.TransportLike | None = None,
    registry: Registry = SHIPPED,
) -> Judgement:
    """Tell which of a flow's two ports is the service's, and why.

    Ports are evidence, not proof: who sent the first packet knows better, and
    a flow log that says so should be believed.

    Args:
        first: The port of one end.
        second: The port of the other end.
        systems: The systems that the clients run: a name that ``ephemeral.profile``
            accepts, a profile, for example of a tuned machine, or an iterable of them.
        transport: The flow's transport; by default a number counts as assigned
            if it is for TCP or for UDP.
        registry: The registry to ask.

    Returns:
        The judgement. Its criterion says why; where nothing decides, the port
        is ``None`` and the side UNKNOWN.

    Raises:
        TypeError: A port is no integer, or a client neither name nor profile.
        InvalidPortError: A port is outside 0 to 65535.
        UnknownNameError: A client or the transport is not known.
        InvalidValueError: A client's system has no fixed ephemeral range.

    Source:
        Each criterion names its own.

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
    elif decided_by is UNDECIDED and one == other:
        port, decided_by = one, SAME_PORT
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
        transport: As ``judge`` takes it.
        registry: The registry to ask.

    Returns:
        One of the two, or ``None`` where they do not tell.

    Raises:
        TypeError: A port is no integer, or a client neither name nor profile.
        InvalidPortError: A port is outside 0 to 65535.
        UnknownNameError: A client or the transport is not known.
        InvalidValueError: A client's system has no fixed ephemeral range.

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
    r"""Tell of many flows which end is the service.

    Args:
        first: The ports of one end: a buffer of format ``H``, bytes, or an
            iterable of integers, as ``PortSet.contains_many`` takes them.
        second: The ports of the other end, as many and in the same order.
        systems: As in ``judge``.
        transport: As ``judge`` takes it; the same for all flows.
        registry: The registry to ask.
        byteorder: ``"little"`` or ``"big"``, as ``contains_many`` takes it.

    Returns:
        One byte a flow, a ``Side``: 1 the first end, 2 the second, 0 unknown;
        what ``judge`` says of each.

    Raises:
        TypeError: *first* or *second* is none of these, or a client is neither
            name nor profile.
        InvalidPortError: An integer is outside 0 to 65535.
        InvalidValueError: There are not as many of one as of the other; or bytes of
            odd length, or *byteorder* is none of the two.
        UnknownNameError: A client or the transport is not known.
        InvalidValueError: A client's system has no fixed ephemeral range.

    Complexity:
        Linear. Flows whose ports must be looked up in the registry, as neither
        range nor category decides, take a step of Python each.

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
            # Pieces are equally long but for the last. What is left of the
            # longer side may have no end.
            counts = [_count(done, octets) for octets, _ in (one, other)]
            raise InvalidValueError(
                "first and second must have as many ports", f"{counts[0]} and {counts[1]}"
            )
        done += len(one[0]) // 2
        answers.append(known.sides(one, other))
    return b"".join(answers)


def _count(done: int, octets: bytes) -> str:
    more = " or more" if len(octets) == 2 * PIECE else ""
    return f"{done + len(octets) // 2}{more}"


class _Traits:
    """The traits of every port, for certain clients, a transport and a registry."""

    __slots__ = ("_by_kinds", "_by_names", "_decided", "_kind_of", "_kinds", "_named", "_plan")

    def __init__(self, clients: PortSet, transport: Transport | None, registry: Registry) -> None:
        # Names make a table that is slow to ask, and few flows need them, so
        # they are kept apart. All other traits make a few kinds of port.
        kinds = {Trait(0): PortSet.full()}
        for trait, ports in (
            (Trait.NO_PORT, PortSet([0])),
            (Trait.HANDED_OUT, clients),
            (Trait.SYSTEM, PortSet(Category.SYSTEM.ports)),
            (Trait.SHOWN_PRIVILEGE, SHOWN_PRIVILEGE),
            (Trait.ASKS_PRIVILEGE, ASKS_PRIVILEGE),
        ):
            with_it = {had | trait: having & ports for had, having in kinds.items()}
            without = {had: having - ports for had, having in kinds.items()}
            kinds = {had: having for had, having in (without | with_it).items() if having}
        self._kinds = tuple(kinds)
        self._kind_of = _table(kinds.values())
        self._plan = plan_of(self._kind_of)
        self._named = _named(transport, registry).table
        self._decided: dict[tuple[int, int, int], tuple[Side, Criterion]] = {}
        self._by_kinds = self._by_names = b""

    def decide(self, first: int, second: int) -> tuple[Side, Criterion]:
        """Return the side of one flow, and what decided."""
        named = self._named
        return self._decide(
            self._kind_of[first], self._kind_of[second], named[first] << 1 | named[second]
        )

    def _decide(self, one: int, other: int, named: int) -> tuple[Side, Criterion]:
        try:
            return self._decided[one, other, named]
        except KeyError:
            decided = _decide(
                self._kinds[one] | (Trait.NAMED if named & 2 else 0),
                self._kinds[other] | (Trait.NAMED if named & 1 else 0),
            )
            self._decided[one, other, named] = decided
            return decided

    def sides(self, first: tuple[bytes, int], second: tuple[bytes, int]) -> bytes:
        """Return the side of each flow, of ports as bytes with the low byte's place."""
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
                names = named[ones[at]] << 1 | named[others[at]]
                sides[at] = by_names[pairs[at] << 2 | names]
                at = sides.find(_OPEN, at + 1)
        return bytes(sides)

    def _tables_of_pairs(self) -> tuple[bytes, bytes]:
        """Return for each pair of kinds the side, or _OPEN where names decide it.

        The second table has the side for each pair and each of four: neither is
        named, the second, the first, both.
        """
        by_kinds, by_names = bytearray(256), bytearray(1024)
        kinds = range(len(self._kinds))
        for one in kinds:
            for other in kinds:
                pair = one << 4 | other
                sides = bytes(self._decide(one, other, named)[0] for named in range(4))
                by_names[pair << 2 : (pair << 2) + 4] = sides
                by_kinds[pair] = sides[0] if sides == sides[:1] * 4 else _OPEN
        return bytes(by_kinds), bytes(by_names)


def _table(kinds: types.Iterable[PortSet]) -> bytes:
    """Return for each port the place of the set that it is in."""
    total = sum(place * int.from_bytes(ports.table, "little") for place, ports in enumerate(kinds))
    return total.to_bytes(len(PortSet.full()), "little")


def _named(transport: Transport | None, registry: Registry) -> PortSet:
    """Return the ports that have a service's name, or are a known program's."""
    transports = (transport,) if transport else (Transport.TCP, Transport.UDP)
    own = PortSet(
        use.ports
        for use in uses.rows()
        if len(use.ports) <= _WIDEST_USE and not set(transports).isdisjoint(use.transports)
    )
    return own.union(*(registry.assigned(each) for each in transports))


def _decide(one: Trait, other: Trait) -> tuple[Side, Criterion]:
    """Return the side that the first criterion decides for, and that criterion."""
    if (one | other) & Trait.NO_PORT:
        return Side.UNKNOWN, NO_PORT
    for row in DECIDING:
        is_one = row.is_service(one, other)
        if is_one is not row.is_service(other, one):
            return (Side.FIRST if is_one else Side.SECOND), row
    return Side.UNKNOWN, UNDECIDED


_kept: dict[object, _Traits] = {}


def _traits(
    systems: types.SystemsLike, transport: types.TransportLike | None, registry: Registry
) -> _Traits:
    wanted = None if transport is None else check_transport(transport)
    if not isinstance(systems, (str, EphemeralProfile)) and hasattr(systems, "__iter__"):
        systems = tuple(systems)
    key = (systems, wanted, registry)
    try:
        return _kept[key]
    except KeyError:
        made = _Traits(handed_out(systems), wanted, registry)
        if len(_kept) >= _KEPT:
            _kept.clear()
        _kept[key] = made
        return made
