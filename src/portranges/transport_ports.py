"""TransportPorts: a set of ports for each transport, such as ``22/tcp,53/udp``.

An element is a port together with its transport, so ``53/tcp`` and ``53/udp`` are two
elements. The value holds one ``PortSet`` for each of the four transports and nothing else;
sets of ports that have no transport are in ``portset``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from portranges import types
from portranges.errors import PortSyntaxError, elide, got
from portranges.notation import (
    NAMES,
    checked_services,
    is_name,
    item_spans,
    no_port,
    ports_of_name,
)
from portranges.ports import (
    PortRange,
    Transport,
    as_int,
    check_text,
    check_transport,
    means_every_port,
    nothing_error,
    parse_range_at,
    parse_transport_at,
)
from portranges.portset import LONGEST_REPR, PENDING, PortSet, bits_of_ranges
from portranges.records import as_field

__all__ = ["TransportPorts"]

_TRANSPORTS = tuple(Transport)
_PLACES = {transport: place for place, transport in enumerate(_TRANSPORTS)}

_NOTHING: types.Mapping[types.Any, types.Any] = MappingProxyType({})

_EXPECTED = "'port/transport' or 'first-last/transport'"


@as_field
@types.final
class TransportPorts:
    """An immutable, hashable set of ports, each of them with a transport.

    ``|``, ``&``, ``-``, ``^`` and ``~`` make a new set, and the comparisons mean subset and
    superset. ``~`` is the complement in all ports of all four transports. ``len`` counts
    pairs of a port and a transport, and ``in`` and iteration use pairs in that order.

    Attributes:
        tcp: The TCP ports.
        udp: The UDP ports.
        sctp: The SCTP ports.
        dccp: The DCCP ports.

    Example:
        >>> allowed = TransportPorts(tcp=[22, PortRange(8000, 8100)], udp=[53])
        >>> print(allowed)
        22/tcp,53/udp,8000-8100/tcp
        >>> allowed.udp, allowed["tcp"].first, (8080, "tcp") in allowed
        (PortSet.parse('53'), 22, True)
        >>> print(allowed - TransportPorts.parse("8050-8100/tcp"))
        22/tcp,53/udp,8000-8049/tcp
    """

    __slots__ = ("_hash", "_sets")

    # _hash is unset until it is first needed.
    _hash: int
    _sets: tuple[PortSet, ...]

    def __init_subclass__(cls) -> types.NoReturn:
        """Raise TypeError: every operation makes a TransportPorts, never a subclass."""
        raise TypeError("TransportPorts must not be subclassed")

    def __new__(
        cls,
        ports: TransportPorts | types.Mapping[types.StrKey, types.PortItems] = _NOTHING,
        *,
        tcp: types.PortItems = (),
        udp: types.PortItems = (),
        sctp: types.PortItems = (),
        dccp: types.PortItems = (),
    ) -> TransportPorts:
        """Return the set of all ports in *ports* and in the other arguments.

        Args:
            ports: A mapping from transports to ports, or a ``TransportPorts``.
            tcp: TCP ports, in any form that ``PortSet`` accepts.
            udp: UDP ports, likewise.
            sctp: SCTP ports, likewise.
            dccp: DCCP ports, likewise.

        Raises:
            TypeError: *ports* is not a mapping, or some ports are not integers.
            InvalidPortError: A port is outside 0 to 65535.
            UnknownNameError: A key of *ports* is not a transport.
        """
        sets = [_set_of(tcp), _set_of(udp), _set_of(sctp), _set_of(dccp)]
        if isinstance(ports, TransportPorts):
            return _make(map(PortSet.__or__, sets, ports._sets))
        if not isinstance(ports, Mapping):
            raise _not_a_mapping(ports)
        for transport, items in ports.items():
            place = _PLACES[check_transport(transport)]
            sets[place] = sets[place] | PortSet(items) if sets[place] else _set_of(items)
        return _make(sets)

    @staticmethod
    def parse(
        text: str,
        *,
        default_transports: types.TransportLike | types.Iterable[types.TransportLike] = (),
        services: types.Services | None = None,
    ) -> TransportPorts:
        """Return the set that *text* describes.

        Args:
            text: ``port/transport`` and ``first-last/transport``, inclusive, in any order,
                overlapping or not. Transports are in lower case. A comma or a line break
                separates two items; spaces and blank lines are allowed around it. ``""`` is the
                empty set.
            default_transports: One or more transports for the ports that do not name one. By
                default every port must name its transport.
            services: A registry of names, such as ``portranges.registry.SHIPPED``: ``ssh/tcp`` then
                means the TCP ports of the service. A name without a transport must have a port for
                at least one of *default_transports*.

        Raises:
            TypeError: *text* is not a ``str``, *default_transports* are not transports, or
                *services* is not a registry.
            PortSyntaxError: *text* is anything else; ``.span`` is the place of the fault.
            UnknownNameError: *default_transports* contains an unknown name.

        Complexity:
            Linear in the length of *text*, in bounded memory.

        Example:
            >>> TransportPorts.parse("8000-8100/tcp, 53/udp,22/tcp")
            TransportPorts.parse('22/tcp,53/udp,8000-8100/tcp')
            >>> TransportPorts.parse("53,443/tcp", default_transports=("tcp", "udp"))
            TransportPorts.parse('53/tcp,53/udp,443/tcp')
            >>> from portranges import registry
            >>> TransportPorts.parse("ssh/tcp,domain/udp", services=registry.SHIPPED)
            TransportPorts.parse('22/tcp,53/udp')
            >>> TransportPorts.parse("22/tcp,53/upd")
            Traceback (most recent call last):
            ...
            portranges.errors.PortSyntaxError: unknown transport, got 'upd'; did you mean 'udp'?
                22/tcp,53/upd
                          ~~~
        """
        check_text(text)
        names = checked_services(services)
        return _make(_sets_of_text(text, _default_places(default_transports), names))

    @staticmethod
    def empty() -> TransportPorts:
        """Return the set without ports.

        Example:
            >>> TransportPorts.empty()
            TransportPorts.parse('')
        """
        return _EMPTY

    @staticmethod
    def full() -> TransportPorts:
        """Return the set of all 65,536 ports of all four transports.

        Example:
            >>> print(TransportPorts.full())
            0-65535/tcp,0-65535/udp,0-65535/sctp,0-65535/dccp
        """
        return _FULL

    # -- one transport -------------------------------------------------------

    @property
    def tcp(self) -> PortSet:
        """The TCP ports.

        Example:
            >>> TransportPorts.parse("22/tcp,53/udp").tcp
            PortSet.parse('22')
        """
        return self._sets[0]

    @property
    def udp(self) -> PortSet:
        """The UDP ports.

        Example:
            >>> TransportPorts.parse("22/tcp,53/udp").udp
            PortSet.parse('53')
        """
        return self._sets[1]

    @property
    def sctp(self) -> PortSet:
        """The SCTP ports.

        Example:
            >>> TransportPorts.parse("22/tcp,2905/sctp").sctp
            PortSet.parse('2905')
        """
        return self._sets[2]

    @property
    def dccp(self) -> PortSet:
        """The DCCP ports.

        Example:
            >>> TransportPorts.parse("22/tcp").dccp
            PortSet.parse('')
        """
        return self._sets[3]

    def __getitem__(self, transport: types.TransportLike) -> PortSet:
        """Return the ports of *transport*; an unknown name raises UnknownNameError."""
        return self._sets[_PLACES[check_transport(transport)]]

    def items(self) -> tuple[tuple[Transport, PortSet], ...]:
        """Return the transports that have ports, each with its ports.

        Returns:
            Pairs in the order of ``Transport``, which is TCP, UDP, SCTP, DCCP.

        Example:
            >>> for transport, ports in TransportPorts.parse("53/udp,22/tcp,80/tcp").items():
            ...     print(transport, ports)
            tcp 22,80
            udp 53
        """
        return tuple([pair for pair in zip(_TRANSPORTS, self._sets, strict=True) if pair[1]])

    # -- algebra -------------------------------------------------------------

    def __or__(self, other: TransportPorts) -> TransportPorts:
        """Return the elements that are in at least one of the two sets."""
        return _combined(PortSet.__or__, self, other)

    def __and__(self, other: TransportPorts) -> TransportPorts:
        """Return the elements that are in both sets."""
        return _combined(PortSet.__and__, self, other)

    def __sub__(self, other: TransportPorts) -> TransportPorts:
        """Return the elements that are in this set and not in *other*."""
        return _combined(PortSet.__sub__, self, other)

    def __xor__(self, other: TransportPorts) -> TransportPorts:
        """Return the elements that are in exactly one of the two sets."""
        return _combined(PortSet.__xor__, self, other)

    def __invert__(self) -> TransportPorts:
        """Return the elements that are not in this set, of all four transports."""
        return _make([~ports for ports in self._sets])

    def isdisjoint(self, other: TransportPorts) -> bool:
        """Return whether the sets have no element in common.

        Args:
            other: The other set.

        Raises:
            TypeError: *other* is not a ``TransportPorts``.

        Example:
            >>> TransportPorts(tcp=[53]).isdisjoint(TransportPorts(udp=[53]))
            True
        """
        if not isinstance(other, TransportPorts):
            raise TypeError(f"other must be a TransportPorts, got {got(other)}")
        return not self & other

    # -- order ---------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        """Return whether *other* is a set of the same elements."""
        return self._sets == other._sets if isinstance(other, TransportPorts) else NotImplemented

    def __hash__(self) -> int:
        """Return the hash of the elements."""
        try:
            return self._hash
        except AttributeError:
            self._hash = hash(self._sets)
            return self._hash

    def __le__(self, other: TransportPorts) -> bool:
        """Return whether every element is in *other* too."""
        if not isinstance(other, TransportPorts):
            return NotImplemented
        return all(map(PortSet.__le__, self._sets, other._sets))

    def __lt__(self, other: TransportPorts) -> bool:
        """Return whether *other* has every element of this set, and more."""
        if not isinstance(other, TransportPorts):
            return NotImplemented
        return self <= other and self._sets != other._sets

    def __ge__(self, other: TransportPorts) -> bool:
        """Return whether every element of *other* is in this set."""
        if not isinstance(other, TransportPorts):
            return NotImplemented
        return other <= self

    def __gt__(self, other: TransportPorts) -> bool:
        """Return whether this set has every element of *other*, and more."""
        if not isinstance(other, TransportPorts):
            return NotImplemented
        return other < self

    # -- the elements --------------------------------------------------------

    def __len__(self) -> int:
        """Return the number of pairs of a port and a transport, 0 to 262144."""
        return sum(map(len, self._sets))

    def __bool__(self) -> bool:
        """Return whether the set has an element."""
        return any(self._sets)

    def __iter__(self) -> Iterator[tuple[int, Transport]]:
        """Return an iterator over pairs: all TCP ports ascending, then UDP, SCTP and DCCP."""
        for transport, ports in self.items():
            for port in ports:
                yield port, transport

    def __contains__(self, pair: tuple[types.SupportsIndex, types.TransportLike]) -> bool:
        """Return whether *pair*, a port and its transport, is in the set."""
        if not _is_pair(pair):
            raise TypeError(
                f"'in' takes a pair of a port and a transport, such as (80, 'tcp'), got {got(pair)}"
            )
        port, transport = pair
        return as_int(port) in self[transport]

    @property
    def ranges(self) -> tuple[tuple[PortRange, Transport], ...]:
        """The set as the fewest ranges, each with its transport.

        Returns:
            Pairs, ascending by the first port; two that start at the same port are in the
            order of ``Transport``. Two ranges of one transport never overlap or adjoin.

        Example:
            >>> [f"{ports} {transport}" for ports, transport in TransportPorts.full().ranges]
            ['0-65535 tcp', '0-65535 udp', '0-65535 sctp', '0-65535 dccp']
        """
        # The sort is stable, so transports keep their order.
        return tuple(
            sorted(
                [(each, transport) for transport, ports in self.items() for each in ports.ranges],
                key=lambda pair: pair[0].first,
            )
        )

    def __str__(self) -> str:
        """Return the text form, such as ``22/tcp,53/udp``, which ``parse`` reads back."""
        return ",".join([f"{ports}/{transport}" for ports, transport in self.ranges])

    def __repr__(self) -> str:
        """Return an expression that makes an equal set, or ``<TransportPorts ...>`` if it is long.

        It is long if the expression has more than 1,000 characters. ``str`` has all elements.
        """
        ranges = self.ranges
        if len(ranges) <= LONGEST_REPR // 6:
            text = f"TransportPorts.parse({str(self)!r})"
            if len(text) <= LONGEST_REPR:
                return text
        texts = [f"{ports}/{transport}" for ports, transport in (*ranges[:8], *ranges[-4:])]
        ends = ",".join(texts[:8]), ",".join(texts[8:])
        counts = f"{len(self)} elements in {len(ranges)} ranges"
        return f"<TransportPorts {ends[0]},...,{ends[1]}: {counts}>"

    def __rich_repr__(self) -> Iterator[str | tuple[str, int]]:
        """Yield the text form, elided if it is long, and the number of elements, for rich."""
        text = repr(self)
        yield str(self) if text[0] != "<" else text[16:].partition(":")[0]
        yield "elements", len(self)

    def _repr_html_(self) -> str:
        """Return a picture of the set, for notebooks."""
        from portranges.diagrams import display

        return display.of_set(self)

    def __format__(self, spec: str) -> str:
        """Return the text form, formatted as text."""
        return format(str(self), spec)

    # -- copies --------------------------------------------------------------

    def __copy__(self) -> TransportPorts:
        """Return the set itself, which never changes."""
        return self

    def __deepcopy__(self, memo: dict[int, types.Any]) -> TransportPorts:
        """Return the set itself, which never changes."""
        return self

    def __reduce__(self) -> tuple[types.Any, ...]:
        """Return the pickle form: the text."""
        return TransportPorts.parse, (str(self),)


# rich then prints <TransportPorts ...>: the text alone is not an argument of the constructor.
setattr(TransportPorts.__rich_repr__, "angular", True)  # noqa: B010 - as for PortSet


def _make(sets: types.Iterable[PortSet]) -> TransportPorts:
    """Return the set of *sets*, one for each transport in order. Every set is made here."""
    made = _new(TransportPorts)
    made._sets = tuple(sets)
    return made


def _set_of(items: types.PortItems) -> PortSet:
    """Return *items* itself if it is a set, which may be compact."""
    return items if isinstance(items, PortSet) else PortSet(items)


_new = object.__new__
_EMPTY = _make([PortSet.empty()] * len(_TRANSPORTS))
_FULL = _make([PortSet.full()] * len(_TRANSPORTS))


def _combined(
    operation: types.Callable[[PortSet, PortSet], PortSet],
    one: TransportPorts,
    other: TransportPorts,
) -> TransportPorts:
    if not isinstance(other, TransportPorts):
        return NotImplemented
    return _make(map(operation, one._sets, other._sets))


def _is_pair(value: object) -> bool:
    # A str of two characters could be unpacked too.
    return isinstance(value, tuple) and len(types.cast("tuple[object, ...]", value)) == 2


def _not_a_mapping(ports: object) -> TypeError:
    message = f"ports must be a mapping of transports to ports, got {got(ports)}"
    if isinstance(ports, str):
        message += "; TransportPorts.parse() reads text"
    elif isinstance(ports, (PortSet, PortRange)):
        message += "; name the transport, as in TransportPorts(tcp=...)"
    return TypeError(message)


def _default_places(
    transports: types.TransportLike | types.Iterable[types.TransportLike],
) -> tuple[int, ...]:
    """Return the places of the transports that a port without a transport gets."""
    if isinstance(transports, str):
        return (_PLACES[check_transport(transports)],)
    if not isinstance(transports, Iterable):
        raise TypeError(f"default_transports must be transports, got {got(transports)}")
    return tuple(dict.fromkeys([_PLACES[check_transport(each)] for each in transports]))


def _sets_of_text(
    text: str, defaults: tuple[int, ...], services: types.Services | None
) -> list[PortSet]:
    """Return the sets of a text; a port without transport is added at all *defaults*."""
    bits = [0] * len(_TRANSPORTS)
    pending: list[list[tuple[int, int]]] = [[] for _ in _TRANSPORTS]
    for start, stop in item_spans(text):
        slash = text.find("/", start, stop)
        end = stop if slash < 0 else slash
        if slash + 1 == stop or (slash < 0 and not defaults):
            raise _no_transport(text, start, stop)
        if slash >= 0 and text[start:slash] in _PLACES:
            raise _transport_first(text, start, slash, stop)
        names = services if services is not None and is_name(text[start:end]) else None
        span = (
            (0, 0)
            if names is not None
            else parse_range_at(text, start, end, NAMES, text[end:stop].replace(" ", ""))
        )
        places = defaults if slash < 0 else _places_at(text, start, slash, stop)
        if names is not None:
            for place, ports in _named(text, start, end, places, names):
                bits[place] |= ports.to_int()
            continue
        for place in places:
            ranges = pending[place]
            ranges.append(span)
            if len(ranges) >= PENDING:
                bits[place] |= bits_of_ranges(ranges)
                ranges.clear()
    return [
        PortSet.from_int(found | bits_of_ranges(ranges))
        for found, ranges in zip(bits, pending, strict=True)
    ]


def _places_at(text: str, start: int, slash: int, stop: int) -> tuple[int, ...]:
    """Return the place of the transport after *slash*."""
    name = text[slash + 1 : stop]
    if name not in _PLACES and (fix := _with_commas(text[start:stop])):
        message = f"expected {_EXPECTED}, got {elide(text[start:stop])}; write {fix}"
        raise PortSyntaxError(message, text, (start, stop))
    return (_PLACES[parse_transport_at(text, slash + 1, stop)],)


def _with_commas(item: str) -> str:
    """Return *item* with commas if it is like ``22/tcp 53/udp`` or ``22/tcp;53/udp``, or ``""``."""
    items = item.replace(";", " ").replace("|", " ").split() if len(item) <= 40 else []
    fix = ",".join(items)
    try:
        return fix if len(items) > 1 and TransportPorts.parse(fix) else ""
    except PortSyntaxError:
        return ""


def _named(
    text: str, start: int, stop: int, places: tuple[int, ...], services: types.Services
) -> list[tuple[int, PortSet]]:
    """Return the ports of the service ``text[start:stop]`` at each of *places*."""
    found = [
        (place, PortSet(ports_of_name(text, start, stop, services, _TRANSPORTS[place])))
        for place in places
    ]
    if not any(ports for _, ports in found):
        transports = " or ".join([_TRANSPORTS[place] for place in places])
        raise no_port(text, start, stop, transports)
    return found


def _no_transport(text: str, start: int, stop: int) -> PortSyntaxError:
    item = text[start:stop]
    if "," in text and not item.strip(" \r\n"):
        return nothing_error(_EXPECTED, text, start, stop)
    message = f"expected {_EXPECTED}, got {elide(item)}"
    ports = item.removesuffix("/")
    if means_every_port(ports):
        message += "; every port is written 0-65535/tcp or 0-65535/udp"
    else:
        from portranges.fixes import fix_hint, fix_of

        fix = fix_of(ports, "/tcp")
        message += fix_hint(item, f"{fix} or {ports}/udp" if fix == f"{ports}/tcp" else fix)
    return PortSyntaxError(message, text, (start, stop))


def _transport_first(text: str, start: int, slash: int, stop: int) -> PortSyntaxError:
    from portranges.fixes import fix_hint, fix_of

    item = text[start:stop]
    hint = fix_hint(item, fix_of(text[slash + 1 : stop], f"/{text[start:slash]}"))
    message = f"expected {_EXPECTED}, got {elide(item)}{hint}"
    return PortSyntaxError(message, text, (start, stop))
