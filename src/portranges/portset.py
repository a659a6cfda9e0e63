"""PortSet: a set of ports, stored as one integer of 65,536 bits.

The invariant: bit *p* of ``_bits`` is 1 exactly if port *p* is in the set, and
``0 <= _bits <= _FULL``. Equal sets therefore have equal integers, however they were built, and
nothing but the ports affects ``==`` and ``hash``. Every other form (ranges, length, table, hash)
is computed from ``_bits`` when it is first needed, and cached. A set made by ``compact`` stores
its ranges and computes ``_bits`` each time.

Sets of ports with transports are in ``transport_ports``, notations of other programs in
``dialects``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from operator import index

from portranges import types
from portranges.covers import prefix_cover
from portranges.errors import (
    InvalidPortError,
    InvalidPositionError,
    InvalidRangeError,
    InvalidValueError,
    PortRowsError,
    PortSyntaxError,
    RowSyntaxError,
    RowTypeError,
    elide,
    got,
)
from portranges.notation import (
    MOST_ERRORS,
    NAMES,
    checked_services,
    errors_in,
    item_spans,
    read_at,
)
from portranges.ports import (
    LAST_PORT,
    MaskedPort,
    PortRange,
    as_int,
    check_port,
    check_text,
    masked_of,
    parse_range_at,
    range_of,
)
from portranges.records import as_field

__all__ = ["PortSet"]

_SIZE = LAST_PORT + 1
_FULL = (1 << _SIZE) - 1

# How many ranges are collected before they are merged into an integer. This bounds the memory
# needed for a text of any length.
PENDING = 4096

# Up to this number of ranges, shifting one after another into the integer is faster than
# sorting and merging them first.
_FEW_RANGES = 48

# The ranges of a set take more memory than an integer of this many bits.
_SMALL = 2048

# This many edges are found in the whole integer, each in time linear in its length; the rest is
# searched in short pieces.
_FEW_EDGES = 64

# The bytes of a piece.
_PIECE = 256

# A longer repr() is elided.
LONGEST_REPR = 1000

_BIT = (1, 2, 4, 8, 16, 32, 64, 128)

_DIGIT_TO_BIT = bytes.maketrans(b"01", b"\x00\x01")


@as_field
@types.final
class PortSet:
    """An immutable, hashable set of ports, which may be empty or contain all 65,536.

    ``|``, ``&``, ``-``, ``^`` and the comparisons, which mean subset and superset, accept a
    ``PortSet``, a ``PortRange``, or a ``set`` or ``frozenset`` of ports on either side. The named
    methods accept any iterable that the constructor accepts. A ``PortSet`` is equal to another
    ``PortSet`` only, because a ``frozenset`` of the same ports has a different hash.

    The ports are in ascending order. ``ports[0]`` is the smallest, ``ports[-1]`` the greatest, and
    a slice is the set of the ports at its positions.

    Example:
        >>> web = PortSet([80, 443, PortRange(8000, 8100)])
        >>> print(web | PortRange(8101, 8200))
        80,443,8000-8200
        >>> len(web), 8050 in web, web <= PortSet.full()
        (103, True, True)
        >>> print(~web & PortRange(79, 90))
        79,81-90
    """

    __slots__ = ("_bits", "_hash", "_len", "_octets", "_plan", "_ranges", "_starts", "_table")

    # Without this, numpy would compute with the numbers of the ports: ports - array([80]).
    __array_ufunc__ = None

    # All but _bits are unset until they are first needed. Setting them to None would take a
    # quarter of the time of an operator.
    _bits: int
    _hash: int
    _len: int
    _octets: bytes
    _plan: types.Plan
    _ranges: tuple[PortRange, ...]
    _starts: list[int]
    _table: bytes

    def __init_subclass__(cls) -> None:
        """Raise TypeError: every operation makes a PortSet, never a subclass."""
        if cls.__module__ != __name__:
            raise TypeError("PortSet must not be subclassed")

    def __new__(cls, items: types.PortItems = ()) -> PortSet:
        """Return the set of all ports in *items*.

        Args:
            items: Ports, ``PortRange``, ``range`` and ``PortSet`` objects, in
                any order and mixture, overlapping or not.

        Raises:
            TypeError: *items* is a ``str``, or an item is of another type.
            InvalidPortError: A port is outside 0 to 65535.
        """
        return _make(_bits_of_items(items))

    @staticmethod
    def parse(text: str, *, services: types.Services | None = None) -> PortSet:
        """Return the set that *text* describes in the neutral notation.

        Args:
            text: Ports and ``first-last`` ranges, inclusive, in any order, overlapping or not.
                A comma or a line break separates two of them; spaces and blank lines are
                allowed around it. ``""`` is the empty set.
            services: A registry of names, such as ``portranges.registry.SHIPPED``. An item with a
                letter is then the name of a service, in upper or lower case, and adds all ports of
                the service, whatever their transport. A name cannot be a bound of a range, because
                names may contain hyphens.

        Raises:
            TypeError: *text* is not a ``str``, or *services* not a registry.
            PortSyntaxError: *text* is anything else; ``.span`` is the position of the first fault.

        Complexity:
            Linear in the length of *text*, in bounded memory.

        Example:
            >>> PortSet.parse("443, 22, 8000-8100,80")
            PortSet.parse('22,80,443,8000-8100')
            >>> from portranges import registry
            >>> PortSet.parse("ssh,https,http-alt", services=registry.SHIPPED)
            PortSet.parse('22,443,591,8008,8080')
            >>> PortSet.parse("22;80")
            Traceback (most recent call last):
            ...
            portranges.errors.PortSyntaxError: expected a port or 'first-last', got '22;80'; \
write 22,80
                22;80
                ~~~~~
        """
        check_text(text)
        return _make(_bits_of_text(text, checked_services(services)))

    @staticmethod
    def syntax_errors(
        text: str, *, services: types.Services | None = None
    ) -> tuple[PortSyntaxError, ...]:
        """Return all errors of *text*, of which ``parse`` raises only the first.

        Args:
            text: See ``parse``.
            services: See ``parse``.

        Returns:
            The errors in the order of their positions, at most the first 100; empty exactly if
            ``parse`` accepts the text. The first one is the error that ``parse`` raises. An
            item has at most one error.

        Raises:
            TypeError: *text* is not a ``str``, or *services* not a registry.

        Complexity:
            Linear in the length of *text*, in bounded memory. The suggestions for an unknown
            name take about 20 milliseconds.

        Example:
            >>> for error in PortSet.syntax_errors("22,80:90,,70000"):
            ...     print(error.span, error.reason)
            (3, 8) expected a port or 'first-last', got '80:90'; write 80-90
            (9, 9) expected a port or 'first-last', got nothing; omit the comma
            (10, 15) port must be in 0..65535, got '70000'
        """
        check_text(text)
        return errors_in(text, checked_services(services))

    @staticmethod
    def parse_rows(
        rows: types.Iterable[str | types.PortItem], *, services: types.Services | None = None
    ) -> PortSet:
        """Return the ports of all *rows*, or raise the errors of all of them.

        Args:
            rows: Texts in the neutral notation, ports, ranges and sets, such as the fields of a
                form or a list in a YAML file.
            services: See ``parse``.

        Returns:
            The union of the rows.

        Raises:
            TypeError: *rows* is a single text or not an iterable, or *services* not a registry.
            PortRowsError: A row is not accepted. The group contains a ``RowSyntaxError`` for each
                error of a text and each number outside 0 to 65535, and a ``RowTypeError`` for
                each row of another type, by row and position; at most the first 100.

        Example:
            >>> PortSet.parse_rows(["22", "8000-8100, 443", 80])
            PortSet.parse('22,80,443,8000-8100')
            >>> try:
            ...     PortSet.parse_rows(["22", "80:90", None])
            ... except* ValueError as group:
            ...     print([(error.index, error.span) for error in group.exceptions])
            ... except* TypeError as group:
            ...     print(group.exceptions[0])
            [(1, (0, 5))]
            rows[2]: port must be an integer, got NoneType None
        """
        names = checked_services(services)
        if isinstance(rows, (str, bytes, bytearray)) or not isinstance(rows, Iterable):
            hint = "; PortSet.parse() reads one text" if isinstance(rows, str) else ""
            raise TypeError(f"rows must be an iterable of rows, got {got(rows)}{hint}")
        bits = 0
        errors: list[Exception] = []
        for place, row in enumerate(rows):
            if isinstance(row, str):
                found = [
                    RowSyntaxError(each.reason, each.text, each.span, place)
                    for each in errors_in(row, names)
                ]
                errors += found
                bits |= 0 if found else _bits_of_text(row, names)
            else:
                try:
                    bits |= _bits_of_items((row,))
                except InvalidPortError as error:
                    number = elide(error.value)
                    errors.append(RowSyntaxError(str(error), number, (0, len(number)), place))
                except TypeError as error:
                    errors.append(RowTypeError(str(error), place))
            if len(errors) >= MOST_ERRORS:
                break
        if errors:
            rule = "each row must be a port, a range or a list of them"
            raise PortRowsError(rule, errors[:MOST_ERRORS])
        return _make(bits)

    @staticmethod
    def empty() -> PortSet:
        """Return the set without ports.

        Example:
            >>> PortSet.empty()
            PortSet.parse('')
        """
        return _EMPTY_SET

    @staticmethod
    def full() -> PortSet:
        """Return the set of all 65,536 ports, 0 included.

        Example:
            >>> PortSet.full()
            PortSet.parse('0-65535')
        """
        return _FULL_SET

    @staticmethod
    def from_int(bits: int) -> PortSet:
        """Return the set that contains port *p* if bit *p* of *bits* is 1.

        Args:
            bits: 0 to ``2**65536 - 1``.

        Raises:
            TypeError: *bits* is not an integer.
            InvalidRangeError: *bits* is negative or has a bit above 65535.

        Example:
            >>> PortSet.from_int(0b1011)
            PortSet.parse('0-1,3')
        """
        if isinstance(bits, bool) or not isinstance(bits, int):
            raise TypeError(f"bits must be an integer, got {got(bits)}")
        bits = int.__index__(bits)
        if bits < 0:
            raise InvalidRangeError("bits must not be negative", "a negative integer")
        if bits > _FULL:
            raise InvalidRangeError(
                "bits must have at most 65536 bits", f"an integer of {bits.bit_length()} bits"
            )
        return _make(bits)

    def to_int(self) -> int:
        """Return the set as an integer whose bit *p* is 1 if port *p* is in it.

        Returns:
            0 to ``2**65536 - 1``.

        Example:
            >>> PortSet([0, 1, 3]).to_int()
            11
        """
        return self._bits

    @staticmethod
    def from_masks(masks: Iterable[MaskedPort]) -> PortSet:
        """Return all ports that match at least one of *masks*.

        Args:
            masks: Masks of any form, such as those that ``prefix_cover`` returns.

        Raises:
            TypeError: *masks* is not an iterable, or an item is not a ``MaskedPort``.

        Example:
            >>> PortSet.from_masks([MaskedPort(0x3E8, 0xFFF8)])
            PortSet.parse('1000-1007')
        """
        bits = 0
        for masked in masks:
            if not isinstance(masked, MaskedPort):
                raise TypeError(f"mask must be a MaskedPort, got {got(masked)}")
            matching = 1 << masked.value
            for place in range(16):
                if not masked.mask >> place & 1:
                    matching |= matching << (1 << place)
            bits |= matching
        return _make(bits)

    @staticmethod
    def from_psid(
        offset: types.SupportsIndex, length: types.SupportsIndex, psid: types.SupportsIndex
    ) -> PortSet:
        """Return the ports of one customer who shares an IPv4 address by MAP-E, MAP-T or lw4o6.

        A port has three parts: *offset* bits that select a range, *length* bits with the port
        set identifier, and the remaining bits, which count the ports of the range.

        Args:
            offset: 0 to 15. MAP-E and MAP-T use 6 by default, which excludes ports 0-1023;
                Lightweight 4over6 uses 0, which excludes none.
            length: 0 to 16 bits, at most 16 together with *offset*; ``2**length`` customers
                share the address. With 0 the address is not shared. A customer then has all
                ports, whatever the offset; this function still excludes the first range.
            psid: The port set identifier, 0 to ``2**length - 1``. DHCP sends it in the upper
                bits of a 16-bit field: shift that right by 16 - *length*.

        Returns:
            The set.

        Raises:
            TypeError: An argument is not an integer.
            InvalidRangeError: An argument is out of bounds.

        Source:
            RFC 7597, section 5.1. The bounds and defaults are from RFC 7618, section 9.

        Example:
            >>> mine = PortSet.from_psid(offset=6, length=8, psid=0x34)
            >>> len(mine), mine.ranges[0], mine.ranges[-1]
            (252, PortRange(first=1232, last=1235), PortRange(first=64720, last=64723))
            >>> PortSet.from_psid(offset=0, length=6, psid=1)
            PortSet.parse('1024-2047')
        """
        # Loaded when it is first needed: most programs do not use such identifiers.
        from portranges.checks import integer

        first = integer("offset", offset, most=15, error=InvalidRangeError)
        size = integer("length", length, most=16, error=InvalidRangeError)
        rest = 16 - first - size
        if rest < 0:
            rule = "offset and length must be at most 16 together"
            raise InvalidRangeError(rule, f"{first} and {size}")
        identifier = integer("psid", psid, most=(1 << size) - 1, error=InvalidRangeError)
        mask = MaskedPort(identifier << rest, (1 << size) - 1 << rest)
        ports = PortSet.from_masks([mask])
        return ports - PortRange(0, (1 << 16 - first) - 1) if first else ports

    # -- algebra -------------------------------------------------------------

    def __or__(self, other: types.PortOperand) -> PortSet:
        """Return the ports that are in at least one of the two sets."""
        bits = _operand(other)
        return NotImplemented if bits is None else _make(self._bits | bits)

    def __and__(self, other: types.PortOperand) -> PortSet:
        """Return the ports that are in both sets."""
        bits = _operand(other)
        return NotImplemented if bits is None else _make(self._bits & bits)

    def __xor__(self, other: types.PortOperand) -> PortSet:
        """Return the ports that are in exactly one of the two sets."""
        bits = _operand(other)
        return NotImplemented if bits is None else _make(self._bits ^ bits)

    def __sub__(self, other: types.PortOperand) -> PortSet:
        """Return the ports that are in this set and not in *other*."""
        bits = _operand(other)
        if bits is None:
            return NotImplemented
        own = self._bits
        common = own & bits
        # x ^ (x & y) takes a fifth of the time of x & ~y.
        return _make(own ^ common) if common else self

    def __rsub__(self, other: types.PortOperand) -> PortSet:
        """Return the ports of *other* that are not in this set."""
        bits = _operand(other)
        return NotImplemented if bits is None else _make(bits ^ (self._bits & bits))

    __ror__ = __or__
    __rand__ = __and__
    __rxor__ = __xor__

    def __invert__(self) -> PortSet:
        """Return the ports of 0 to 65535 that are not in this set."""
        return _make(_FULL ^ self._bits)

    def union(self, *others: types.PortItems) -> PortSet:
        """Return the ports that are in this set or in any of *others*.

        Args:
            others: Iterables of any form that the constructor accepts.

        Raises:
            TypeError: One of *others* is of another type.
            InvalidPortError: A port is outside 0 to 65535.

        Example:
            >>> print(PortSet([22]).union([80], PortRange(8000, 8100)))
            22,80,8000-8100
        """
        bits = self._bits
        for other in others:
            bits |= _bits_of_items(other)
        return _make(bits)

    def intersection(self, *others: types.PortItems) -> PortSet:
        """Return the ports that are in this set and in all of *others*.

        Args:
            others: Iterables of any form that the constructor accepts.

        Raises:
            TypeError: One of *others* is of another type.
            InvalidPortError: A port is outside 0 to 65535.

        Example:
            >>> print(PortSet([22, 80, 443]).intersection(range(1024), [80, 443]))
            80,443
        """
        bits = self._bits
        for other in others:
            bits &= _bits_of_items(other)
        return _make(bits)

    def difference(self, *others: types.PortItems) -> PortSet:
        """Return the ports that are in this set and in none of *others*.

        Args:
            others: Iterables of any form that the constructor accepts.

        Raises:
            TypeError: One of *others* is of another type.
            InvalidPortError: A port is outside 0 to 65535.

        Example:
            >>> print(PortSet([22, 80, 443]).difference([80]))
            22,443
        """
        bits = self._bits
        for other in others:
            bits ^= bits & _bits_of_items(other)
        return _make(bits)

    def symmetric_difference(self, other: types.PortItems) -> PortSet:
        """Return the ports that are in exactly one of this set and *other*.

        Args:
            other: An iterable of any form that the constructor accepts.

        Raises:
            TypeError: *other* is of another type.
            InvalidPortError: A port is outside 0 to 65535.

        Example:
            >>> print(PortSet([22, 80]).symmetric_difference([80, 443]))
            22,443
        """
        return _make(self._bits ^ _bits_of_items(other))

    # -- order ---------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        """Return whether *other* is a set of the same ports."""
        return self._bits == other._bits if isinstance(other, PortSet) else NotImplemented

    def __hash__(self) -> int:
        """Return the hash of the ports."""
        try:
            return self._hash
        except AttributeError:
            # Not hash(self._bits): an integer's hash is its remainder modulo 2**61 - 1, so that
            # the 65,536 sets of one port have 61 hashes among them.
            self._hash = hash(self._bits.to_bytes((self._bits.bit_length() + 7) >> 3, "little"))
            return self._hash

    def __le__(self, other: types.PortOperand) -> bool:
        """Return whether every port is in *other* too."""
        bits = _operand(other)
        return NotImplemented if bits is None else self._bits & bits == self._bits

    def __lt__(self, other: types.PortOperand) -> bool:
        """Return whether *other* has every port of this set, and more."""
        bits = _operand(other)
        return NotImplemented if bits is None else self._bits & bits == self._bits != bits

    def __ge__(self, other: types.PortOperand) -> bool:
        """Return whether every port of *other* is in this set."""
        bits = _operand(other)
        return NotImplemented if bits is None else self._bits & bits == bits

    def __gt__(self, other: types.PortOperand) -> bool:
        """Return whether this set has every port of *other*, and more."""
        bits = _operand(other)
        return NotImplemented if bits is None else self._bits & bits == bits != self._bits

    def issubset(self, other: types.PortItems) -> bool:
        """Return whether every port of this set is in *other*.

        Args:
            other: An iterable of any form that the constructor accepts.

        Returns:
            True for a subset and for an equal set.

        Raises:
            TypeError: *other* is of another type.
            InvalidPortError: A port is outside 0 to 65535.

        Example:
            >>> PortSet([80]).issubset(range(1024))
            True
        """
        return self._bits & _bits_of_items(other) == self._bits

    def issuperset(self, other: types.PortItems) -> bool:
        """Return whether every port of *other* is in this set.

        Args:
            other: An iterable of any form that the constructor accepts.

        Returns:
            True for a superset and for an equal set.

        Raises:
            TypeError: *other* is of another type.
            InvalidPortError: A port is outside 0 to 65535.

        Example:
            >>> PortSet([22, 80]).issuperset([80])
            True
        """
        bits = _bits_of_items(other)
        return self._bits & bits == bits

    def isdisjoint(self, other: types.PortItems) -> bool:
        """Return whether the sets have no port in common.

        Args:
            other: An iterable of any form that the constructor accepts.

        Raises:
            TypeError: *other* is of another type.
            InvalidPortError: A port is outside 0 to 65535.

        Example:
            >>> PortSet([22]).isdisjoint([80, 443])
            True
        """
        return not self._bits & _bits_of_items(other)

    # -- the ports -----------------------------------------------------------

    def __len__(self) -> int:
        """Return the number of ports (not of ranges), 0 to 65536."""
        try:
            return self._len
        except AttributeError:
            self._len = self._bits.bit_count()
            return self._len

    def __bool__(self) -> bool:
        """Return whether the set is not empty."""
        return self._bits != 0

    def __iter__(self) -> types.Iterator[int]:
        """Return an iterator over the ports, ascending."""
        return chain.from_iterable(self.ranges)

    def __contains__(self, port: types.SupportsIndex) -> bool:
        """Return whether *port* is in the set; raise a TypeError if it is not an integer."""
        if type(port) is int and port >= 0:
            try:
                return self._octets[port >> 3] & _BIT[port & 7] != 0
            except IndexError:
                return False
            except AttributeError:
                self._octets = self._bits.to_bytes(_SIZE >> 3, "little")
                return port in self
        if isinstance(port, (PortRange, PortSet)):
            raise TypeError("'in' takes one port; use '<=' for a range or a set")
        # A negative number, or an integer of another type.
        number = as_int(port)
        return number >= 0 and number in self

    @property
    def first(self) -> int:
        """The smallest port of the set.

        Returns:
            A port.

        Raises:
            InvalidRangeError: The set is empty.

        Example:
            >>> PortSet([443, 80]).first
            80
        """
        if not self._bits:
            raise _no_port("first")
        return (self._bits & -self._bits).bit_length() - 1

    @property
    def last(self) -> int:
        """The greatest port of the set.

        Returns:
            A port.

        Raises:
            InvalidRangeError: The set is empty.

        Example:
            >>> PortSet([443, 80]).last
            443
        """
        if not self._bits:
            raise _no_port("last")
        return self._bits.bit_length() - 1

    def nth(self, position: types.SupportsIndex) -> int:
        """Return the port at *position* in ascending order, as ``ports[position]`` does.

        Counts ports, not ranges. A negative position counts from the end.

        Args:
            position: ``-len(self) <= position < len(self)``.

        Returns:
            A port of the set.

        Raises:
            TypeError: *position* is not an integer.
            InvalidPositionError: *position* is outside the set. It is also an ``IndexError``.

        Complexity:
            Logarithmic in the number of ranges. The first call is linear; its result is cached.

        Example:
            >>> PortSet.parse("80,8000-8002").nth(2)
            8001
        """
        size = len(self)
        wanted = place = index(position)
        if wanted < 0:
            place += size
        if not 0 <= place < size:
            raise InvalidPositionError(int.__index__(wanted), size)
        ranges = self.ranges
        try:
            starts = self._starts
        except AttributeError:
            # Loaded when they are first needed, as in the methods below.
            from portranges.positions import starts_of

            starts = self._starts = starts_of(ranges)
        from bisect import bisect_right

        at = bisect_right(starts, place) - 1
        return ranges[at].first + place - starts[at]

    @types.overload
    def __getitem__(self, position: types.SupportsIndex) -> int: ...
    @types.overload
    def __getitem__(self, position: slice) -> PortSet: ...
    def __getitem__(self, position: types.SupportsIndex | slice) -> int | PortSet:
        """Return the port at a position, or the set of the ports at the positions of a slice.

        A slice with a negative step has the same ports as the one in ascending order.
        """
        if not isinstance(position, slice):
            return self.nth(position)
        from portranges.positions import pairs_at

        wanted = range(*position.indices(len(self)))
        ascending = wanted if wanted.step > 0 else wanted[::-1]
        return _make(bits_of_ranges([*pairs_at(self.ranges, ascending)]))

    def __reversed__(self) -> types.Iterator[int]:
        """Return an iterator over the ports, descending."""
        return chain.from_iterable(
            range(each.last, each.first - 1, -1) for each in self.ranges[::-1]
        )

    def index(self, port: types.SupportsIndex) -> int:
        """Return the position of *port*: how many ports of the set are smaller.

        Args:
            port: A port of the set.

        Returns:
            ``0 <= position < len(self)``; ``self[position] == port``.

        Raises:
            TypeError: *port* is not an integer.
            InvalidPortError: *port* is outside 0 to 65535.
            InvalidValueError: *port* is not in the set.

        Example:
            >>> PortSet.parse("80,8000-8002").index(8001)
            2
        """
        number = check_port(port)
        if number not in self:
            raise InvalidValueError("port must be in the set", elide(number))
        return (self._bits & (1 << number) - 1).bit_count()

    def choice(self, rng: types.Rng) -> int:
        """Return a random port of the set, all equally likely.

        Args:
            rng: A ``random.Random``, or another source with ``getrandbits``. The same seed gives
                the same port on every machine and in every version of Python.

        Raises:
            TypeError: *rng* has no ``getrandbits``.
            InvalidRangeError: The set is empty.

        Example:
            >>> from random import Random
            >>> PortSet.parse("80,8000-8100").choice(Random(1))
            8016
        """
        from portranges.draws import below, check_rng

        check_rng(rng)
        if not self._bits:
            raise _no_port("random")
        return self.nth(below(rng, len(self)))

    def sample(self, k: types.SupportsIndex, rng: types.Rng) -> tuple[int, ...]:
        """Return *k* different random ports of the set.

        Args:
            k: How many, 0 to ``len(self)``.
            rng: See ``choice``.

        Returns:
            The ports in the order drawn, which is random; all selections are equally likely.
            ``PortSet(...)`` of it is in ascending order.

        Raises:
            TypeError: *k* is not an integer, or *rng* has no ``getrandbits``.
            InvalidValueError: *k* is out of bounds.

        Complexity:
            Linear in *k*.

        Example:
            >>> from random import Random
            >>> PortSet.parse("80,8000-8100").sample(3, Random(1))
            (8016, 8072, 8098)
        """
        from portranges.checks import integer
        from portranges.draws import check_rng, sample

        size = integer("k", k, most=len(self))
        places = sample(check_rng(rng), len(self), size)
        return tuple([self.nth(place) for place in places])

    @property
    def ranges(self) -> tuple[PortRange, ...]:
        """The set as the fewest ranges.

        Returns:
            Ranges, ascending, inclusive. No two of them overlap or adjoin.

        Example:
            >>> PortSet([80, 81, 443]).ranges
            (PortRange(first=80, last=81), PortRange(first=443, last=443))
        """
        try:
            return self._ranges
        except AttributeError:
            edges = _edges(self._bits)
            pairs = zip(edges[::2], edges[1::2], strict=True)
            self._ranges = tuple([range_of(first, end - 1) for first, end in pairs])
            return self._ranges

    def __str__(self) -> str:
        """Return the neutral notation, which ``parse`` reads."""
        # The text of each range, without a call to its str().
        return ",".join(
            [
                f"{each.first}-{each.last}" if each.first != each.last else f"{each.first}"
                for each in self.ranges
            ]
        )

    def __repr__(self) -> str:
        """Return an expression that makes an equal set, or ``<PortSet ...>`` if it is long.

        It is long if the expression has more than 1,000 characters. ``str`` has all ports.
        """
        ranges = self.ranges
        if len(ranges) <= LONGEST_REPR // 2:
            text = f"PortSet.parse({str(self)!r})"
            if len(text) <= LONGEST_REPR:
                return text
        return self._elided()

    def _elided(self) -> str:
        ranges = self.ranges
        if len(ranges) <= 12:
            return f"<PortSet {self}: {len(self)} ports in {len(ranges)} ranges>"
        ends = ",".join(map(str, ranges[:8])), ",".join(map(str, ranges[-4:]))
        return f"<PortSet {ends[0]},...,{ends[1]}: {len(self)} ports in {len(ranges)} ranges>"

    def __rich_repr__(self) -> Iterator[str | tuple[str, int]]:
        """Yield the text form, elided if it is long, and the number of ports, for rich."""
        text = repr(self)
        yield str(self) if text[0] != "<" else text[9:].partition(":")[0]
        yield "ports", len(self)

    def _repr_pretty_(self, printer: types.Any, _cycle: bool) -> None:  # noqa: FBT001
        """Print the repr, elided if it does not fit in a line, for IPython."""
        text = repr(self)
        printer.text(text if len(text) <= printer.max_width else self._elided())

    def _repr_html_(self) -> str:
        """Return a picture of the set, for notebooks."""
        from portranges.diagrams import display

        return display.of_set(self)

    def __format__(self, spec: str) -> str:
        """Return the text form, formatted as text."""
        return format(str(self), spec)

    def prefix_cover(self) -> tuple[MaskedPort, ...]:
        """Return the fewest prefix masks that cover exactly this set.

        Returns:
            At most 30 masks per range, disjoint, ascending by value.

        Example:
            >>> [str(masked) for masked in PortSet.parse("80,1000-1007").prefix_cover()]
            ['0x50/0xffff', '0x3e8/0xfff8']
        """
        # No block covers two ranges: a block is an interval, and between two ranges of a set
        # there is a port outside it.
        return tuple(
            masked_of(*pair)
            for ports in self.ranges
            for pair in prefix_cover(ports.first, ports.last, 16)
        )

    @property
    def table(self) -> bytes:
        r"""The set as 65,536 bytes, 1 for a port in the set and 0 for any other.

        Use it with ``numpy.frombuffer``, pyarrow, polars and eBPF maps. A ``bytes`` object
        is a buffer, so none of them copies it.

        Returns:
            65,536 bytes, one per port.

        Example:
            >>> PortSet([1, 2]).table[:5]
            b'\x00\x01\x01\x00\x00'
        """
        try:
            return self._table
        except AttributeError:
            digits = f"{self._bits:0{_SIZE}b}".encode()
            self._table = digits[::-1].translate(_DIGIT_TO_BIT)
            return self._table

    # -- many ports ----------------------------------------------------------

    def contains_many(
        self,
        ports: types.PortNumbers,
        *,
        byteorder: types.ByteOrder = sys.byteorder,
        invalid: types.InvalidPorts = "raise",
    ) -> bytes:
        r"""Return for each port whether it is in the set.

        Args:
            ports: A buffer, an array or a column of integers of any width: bytes, an ``array``,
                a numpy array, a column of pandas, polars or pyarrow; or an iterable of integers.
                Bytes are read as two per port.
            byteorder: ``"little"`` or ``"big"``: the order of the bytes of a number, if *ports*
                does not define it itself.
            invalid: What to do with a row without a port, which is null or outside 0 to 65535:
                ``"raise"`` an error, or return 0 for it (``"absent"``).

        Returns:
            One byte per port, 1 if it is in the set and 0 if it is not.

        Raises:
            TypeError: *ports* is of another type, or contains something that is not an
                integer, such as floating point numbers.
            InvalidPortError: A number is outside 0 to 65535; the error has its position.
            InvalidValueError: A row is null, the number of bytes is odd, or *byteorder* or
                *invalid* is unknown.

        Complexity:
            Linear. For a buffer or a column, no Python code is executed for each port, unless the
            set has hundreds of ranges and numpy is not loaded. The first call takes about a
            millisecond more to prepare the set; the result is cached.

        Example:
            >>> PortSet.parse("22,80,8000-8100").contains_many([80, 81, 8080])
            b'\x01\x00\x01'
            >>> PortSet.parse("22,80").contains_many([80, None, 70000], invalid="absent")
            b'\x01\x00\x00'
        """
        from portranges.columns import PortReader
        from portranges.scan import look_up_all

        reader = PortReader(ports, byteorder=byteorder, check=check_port, invalid=invalid)
        return look_up_all(self._plan_of_table(), reader)

    def count_many(
        self,
        ports: types.PortNumbers,
        *,
        byteorder: types.ByteOrder = sys.byteorder,
        invalid: types.InvalidPorts = "raise",
    ) -> int:
        """Count the ports that are in the set.

        Args:
            ports: The ports, in any form that ``contains_many`` accepts. An iterable is read
                piece by piece, so it may be a long stream.
            byteorder: See ``contains_many``.
            invalid: What to do with a row without a port: ``"raise"`` an error, or leave it out
                (``"absent"``). ``categories.count_by_category`` returns the number of such rows.

        Returns:
            The number of ports. A port that occurs several times is counted each time.

        Raises:
            TypeError: *ports* is of another type, or contains something that is not an
                integer.
            InvalidPortError: A number is outside 0 to 65535; the error has its position.
            InvalidValueError: A row is null, the number of bytes is odd, or *byteorder* or
                *invalid* is unknown.

        Complexity:
            Linear, in bounded memory.

        Example:
            >>> PortSet.parse("22,80").count_many([80, 80, 81])
            2
        """
        from portranges.chunks import count
        from portranges.columns import PortReader
        from portranges.scan import look_up

        reader = PortReader(ports, byteorder=byteorder, check=check_port, invalid=invalid)
        return sum(count(answers, 1) for answers in look_up(self._plan_of_table(), reader))

    def __array__(self, dtype: object = None, *, copy: bool | None = None) -> types.Any:
        """Return the ports as an array of numpy, which calls this.

        Args:
            dtype: A type of numpy's to which every port converts without loss. By default
                uint16.
            copy: False is rejected, because the ports are not kept as an array.

        Returns:
            The ports, ascending.

        Raises:
            TypeError: *dtype* cannot represent every port.
            ValueError: *copy* is False.

        Example:
            >>> import numpy  # doctest: +SKIP
            >>> numpy.asarray(PortSet.parse("22,80"))  # doctest: +SKIP
            array([22, 80], dtype=uint16)
        """
        from portranges.chunks import ports_of_bits

        if copy is False:
            raise ValueError("a PortSet is copied to make an array; got copy=False")
        return ports_of_bits(self._bits, dtype)

    def _plan_of_table(self) -> types.Plan:
        try:
            return self._plan
        except AttributeError:
            # Loaded when it is first needed: most programs never look up many ports.
            from portranges.scan import plan_of

            self._plan = plan_of(self.table)
            return self._plan

    # -- copies --------------------------------------------------------------

    def __copy__(self) -> PortSet:
        """Return the set itself, which never changes."""
        return self

    def __deepcopy__(self, memo: dict[int, types.Any]) -> PortSet:
        """Return the set itself, which never changes."""
        return self

    def __reduce__(self) -> tuple[types.Any, ...]:
        """Return the pickle form: the neutral notation."""
        return PortSet.parse, (str(self),)


# rich then prints <PortSet ...>: the text alone is not an argument of the constructor.
setattr(PortSet.__rich_repr__, "angular", True)  # noqa: B010 - a function has no such attribute


def _make(bits: int) -> PortSet:
    """Return the set of *bits*. Every set is made here."""
    made = _new(PortSet)
    made._bits = bits
    return made


_new = object.__new__
_EMPTY_SET = _make(0)
_FULL_SET = _make(_FULL)


class _CompactSet(PortSet):  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    """A set that stores only its ranges.

    It equals the plain set of the same ports. Operations accept it and return a plain set, except
    those whose result is the set itself.
    """

    __slots__ = ()

    @property
    def _bits(self) -> int:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return bits_of_ranges([(each.first, each.last) for each in self._ranges])


def compact(ports: PortSet) -> PortSet:
    """Return the set in the form that takes the least memory.

    The integer of a set that contains a high port takes 8 KiB, too much for each rule of a long
    file. A set of a few ranges is therefore stored as ranges. Each operation on it takes up to 3
    microseconds longer.

    Example:
        >>> ports = PortSet([65535])
        >>> compact(ports) == ports
        True
    """
    if ports._bits.bit_length() <= _SMALL or len(ports.ranges) > _FEW_RANGES:
        return ports
    made = _new(_CompactSet)
    made._ranges = ports.ranges
    return made


def _operand(other: object) -> int | None:
    """Return the bits of an operand, or None if it is of another type."""
    if isinstance(other, (set, frozenset)):
        ports = types.cast("set[int]", other)
        return bits_of_ranges([(port, port) for port in map(check_port, ports)])
    return _own_bits(other)


def _own_bits(other: object) -> int | None:
    if isinstance(other, PortSet):
        return other._bits
    if isinstance(other, PortRange):
        return _bits_between(other.first, other.last)
    return None


def _bits_between(first: int, last: int) -> int:
    # 2**end - 2**first would carry through the whole integer, which takes ten times as long
    # for a narrow range.
    return _FULL >> LAST_PORT - last + first << first


def _bits_of_items(items: types.PortItems) -> int:
    """Return the bits of anything that the constructor accepts."""
    bits = _own_bits(items)
    if bits is not None:
        return bits
    # Bytes are iterables of integers, and b"80" would be the ports 56 and 48.
    if isinstance(items, (str, bytes, bytearray)):
        raise TypeError(f"items must not be a {type(items).__name__}; PortSet.parse() reads text")
    if not isinstance(items, Iterable):
        raise TypeError(f"items must be an iterable of ports, got {got(items)}")
    if isinstance(items, range):
        return _bits_of_range(items)
    return _bits_of_iterable(items)


def _bits_of_text(text: str, services: types.Services | None) -> int:
    """Return the bits of a text in the neutral notation."""
    bits = 0
    pending: list[tuple[int, int]] = []
    for start, stop in item_spans(text):
        if services is None:
            pending.append(parse_range_at(text, start, stop, NAMES))
        elif isinstance(found := read_at(text, start, stop, services), tuple):
            pending.append(found)
        else:
            bits |= _bits_of_items(found)
        if len(pending) >= PENDING:
            bits |= bits_of_ranges(pending)
            pending.clear()
    return bits | bits_of_ranges(pending)


def _bits_of_iterable(items: types.PortItems) -> int:
    bits = 0
    pending: list[tuple[int, int]] = []
    for item in items:
        if isinstance(item, PortRange):
            pending.append((item.first, item.last))
        elif isinstance(item, PortSet):
            bits |= item._bits
        elif isinstance(item, range):
            bits |= _bits_of_range(item)
        else:
            port = check_port(item)
            pending.append((port, port))
        if len(pending) >= PENDING:
            bits |= bits_of_ranges(pending)
            pending.clear()
    return bits | bits_of_ranges(pending)


def _bits_of_range(ports: range) -> int:
    if not ports:
        return 0
    first, last = sorted((check_port(ports[0]), check_port(ports[-1])))
    if abs(ports.step) == 1:
        return _bits_between(first, last)
    return bits_of_ranges([(port, port) for port in ports])


def bits_of_ranges(pairs: list[tuple[int, int]]) -> int:
    """Return the bits of all ports in *pairs*, (first, last) each."""
    if len(pairs) <= _FEW_RANGES:
        bits = 0
        for first, last in pairs:
            bits |= _FULL >> LAST_PORT - last + first << first
        return bits
    # One subtraction makes all ranges at once: 2**end - 2**first is the bits first..end-1,
    # and the sums of disjoint ranges do not affect each other.
    firsts = bytearray((_SIZE >> 3) + 1)
    ends = bytearray((_SIZE >> 3) + 1)
    pairs.sort()
    first, last = pairs[0]
    for next_first, next_last in pairs:
        if next_first > last + 1:
            firsts[first >> 3] |= 1 << (first & 7)
            ends[last + 1 >> 3] |= 1 << (last + 1 & 7)
            first, last = next_first, next_last
        elif next_last > last:
            last = next_last
    firsts[first >> 3] |= 1 << (first & 7)
    ends[last + 1 >> 3] |= 1 << (last + 1 & 7)
    return int.from_bytes(ends, "little") - int.from_bytes(firsts, "little")


def _edges(bits: int) -> list[int]:
    """Return the first port of each range and of each gap after it, ascending."""
    changes = bits ^ bits << 1
    edges: list[int] = []
    # Remove the top bit again and again. Each time is linear in the length of the integer.
    while changes and len(edges) < _FEW_EDGES:
        top = changes.bit_length() - 1
        edges.append(top)
        bit = 1 << top
        # A zero from ^ has the memory of its operands, which Python 3.14 gives to the next integer.
        changes = changes ^ bit if changes != bit else 0
    edges.reverse()
    return _edges_in_pieces(changes) + edges if changes else edges


def _edges_in_pieces(changes: int) -> list[int]:
    """Return the places of all bits of *changes*, from short pieces of it."""
    octets = changes.to_bytes((_SIZE >> 3) + 1, "little")
    edges: list[int] = []
    for start in range(0, len(octets), _PIECE):
        piece = int.from_bytes(octets[start : start + _PIECE], "little")
        here: list[int] = []
        while piece:
            top = piece.bit_length() - 1
            here.append(top + 8 * start)
            piece ^= 1 << top
        here.reverse()
        edges += here
    return edges


def _no_port(which: str) -> InvalidRangeError:
    return InvalidRangeError(f"a set must not be empty to have a {which} port", "PortSet.empty()")
