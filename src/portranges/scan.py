"""Look up millions of ports in a table of 65,536 values: bytes in, bytes out.

A plan is a way to look up all ports of a buffer without executing Python code for each of them.
Every plan returns exactly ``table[port]``, for any table that it accepts. The meaning of a value
belongs to the caller, who also passes the check of a port. The plans, the fastest first:

- ``high byte``: the value depends on the high byte only. ``bytes.translate`` every second byte.
- ``two digits``: a table with at most 16 kinds of byte, counting both bytes of a port. Write
  each byte as its kind, a hexadecimal digit; ``unhexlify`` makes one byte of the two digits of a
  port, and that byte is translated.
- ``edges``: a table with two values, whose rows (one per high byte) change from one value to the
  other at few low bytes. Whether a port is past such an edge is a bit of a sum of two bytes.
  Integers of many bytes add them for all ports at once, without a carry between ports, and ``^``
  combines the bits.
- ``parity``: a table with two values is a matrix of 256 rows and columns over GF(2), the sum of
  as many products ``u[high] & t[low]`` as its rank. Eight products fit into the bits of a byte.
  Integers of many bytes multiply and add them for all ports at once, and the value is the parity
  of the byte of a port.
- ``one by one``: any table.
"""

from __future__ import annotations

import sys
from array import array
from binascii import unhexlify
from bisect import bisect_right
from io import BytesIO
from itertools import islice

from portranges import checks, types
from portranges.errors import InvalidValueError

SIZE = 65536
"""The number of entries of a table."""

_ROW = 256

# How many ports are processed at a time. Their bytes, and the integers made of them, fit into a
# processor's cache, and bound the memory needed beside the result.
PIECE = 65536

# Up to this number of bytes, the two plans that make no integers process ports in one step:
# joining many small results takes longer than the cache saves. Above it, the allocator requests
# each block from the system again.
_WHOLE = 2 << 24

_DIGITS = b"0123456789abcdef"

# The cost of a plan is counted in translations of one byte of each port into an integer. Adding
# and combining two integers costs a third of one, and a pass of "parity", which slices and
# translates twice, 2.4. "One by one" costs 28. Measured by benchmarks/bench_scan.py.
_MOST = 28.0
_ADDING = 0.3
_PASS = 2.4

_PARITY = bytes(byte.bit_count() & 1 for byte in range(_ROW))
_PARITY_OF_TWO = bytes((byte & 0xC0).bit_count() & 1 for byte in range(_ROW))

# How many edges one byte can number so that the next bit shows whether a port is past one, and
# one more bit is free.
_PLACES = 63

# Which of the two bytes of a port is the low one.
_LOW = {"little": 0, "big": 1}
_NATIVE_LOW = _LOW[sys.byteorder]


# -- plans ----------------------------------------------------------------------


def plan_of(table: bytes) -> types.Plan:
    """Return the fastest plan for *table*.

    Args:
        table: 65,536 bytes, the value of each port.

    Returns:
        The plan, which keeps a reference to *table*.

    Raises:
        InvalidValueError: *table* has another length.

    Example:
        >>> plan_of(bytes(1024) + b"1" * 64512).name
        'high byte'
        >>> plan_of(bytes(1000) + b"1" * 64536).name
        'two digits'
    """
    if len(table) != SIZE:
        raise InvalidValueError(f"a table must have {SIZE} bytes", str(len(table)))
    rows = [table[start : start + _ROW] for start in range(0, SIZE, _ROW)]
    if all(row.count(row[0]) == _ROW for row in rows):
        return _HighByte(table)
    columns = [table[low::_ROW] for low in range(_ROW)]
    kinds: dict[tuple[bytes, bytes], int] = {}
    kind_of = [kinds.setdefault(key, len(kinds)) for key in zip(rows, columns, strict=True)]
    if len(kinds) <= len(_DIGITS):
        return _TwoDigits(table, kind_of)
    values = sorted(set(table))
    if len(values) > 2:
        return _OneByOne(table)
    edges = _edges(rows, values)
    most = _MOST if edges is None else min(_MOST, _cost_of_edges(edges))
    products = _products(rows, values[1], 8 * int(most / _PASS))
    if products is not None:
        return _Parity(table, values, *products)
    if edges is None or most == _MOST:
        return _OneByOne(table)
    return _Edges(table, values, edges)


class _HighByte:
    """The plan for a table in which each row has one value."""

    __slots__ = ("_by_high", "table")

    name = "high byte"

    def __init__(self, table: bytes) -> None:
        self.table = table
        self._by_high = table[::_ROW]

    def answer(self, octets: bytes, low: int) -> bytes:
        return octets[1 - low :: 2].translate(self._by_high)


class _TwoDigits:
    """The plan for a table with at most 16 kinds of byte.

    Two bytes are of one kind if their rows are equal, and their columns too.
    """

    __slots__ = ("_by_kinds", "_digit_of", "table")

    name = "two digits"

    def __init__(self, table: bytes, kind_of: list[int]) -> None:
        self.table = table
        self._digit_of = bytes([_DIGITS[kind] for kind in kind_of])
        # The first of the two digits belongs to the first byte, which may be low or high.
        low_first, high_first = bytearray(_ROW), bytearray(_ROW)
        example = {kind: byte for byte, kind in enumerate(kind_of)}
        for high_kind, high in example.items():
            for low_kind, low in example.items():
                value = table[high << 8 | low]
                low_first[low_kind << 4 | high_kind] = value
                high_first[high_kind << 4 | low_kind] = value
        self._by_kinds = (bytes(low_first), bytes(high_first))

    def answer(self, octets: bytes, low: int) -> bytes:
        return unhexlify(octets.translate(self._digit_of)).translate(self._by_kinds[low])


class _Edges:
    """The plan for a table with two values and few edges between them."""

    __slots__ = ("_by_bits", "_groups", "table")

    name = "edges"

    def __init__(self, table: bytes, values: list[int], groups: list[types.PlanGroup]) -> None:
        self.table = table
        self._by_bits = _PARITY_OF_TWO.translate(bytes([*values, *bytes(_ROW - 2)]))
        self._groups: list[tuple[bytes, list[bytes]]] = []
        for places, of_high in groups:
            # How many edges a low byte is past. With 64 - k added, bit 6 is 1 if it is past
            # the k-th; with 0 added, bit 6 is 0.
            passed = bytes([bisect_right(places, low) for low in range(_ROW)])
            terms = [
                bytes([64 - passed[edges[term]] if term < len(edges) else 0 for edges in of_high])
                for term in range(max(map(len, of_high)))
            ]
            self._groups.append((passed, terms))
        # Bit 7 of the first sum is 1 if a row starts with the second value.
        starts = [0x80 * (start == values[1]) for start in table[::_ROW]]
        first_terms = self._groups[0][1]
        first_terms[0] = bytes([a | b for a, b in zip(first_terms[0], starts, strict=True)])

    def answer(self, octets: bytes, low: int) -> bytes:
        highs, lows = octets[1 - low :: 2], octets[low::2]
        total = 0
        for passed, terms in self._groups:
            places = int.from_bytes(lows.translate(passed), "little")
            for term in terms:
                total ^= places + int.from_bytes(highs.translate(term), "little")
        return total.to_bytes(len(highs), "little").translate(self._by_bits)


def _edges(rows: list[bytes], values: list[int]) -> list[types.PlanGroup] | None:
    """Return the edges of the rows in groups, or None if there are too many.

    A group is at most 63 low bytes, ascending, and for each high byte the ones at which its
    row changes.
    """
    edges_of: dict[bytes, list[int]] = {}
    for row in rows:
        if row in edges_of:
            continue
        edges: list[int] = []
        here, other = values if row[0] == values[0] else values[::-1]
        place = row.find(other)
        while place >= 0:
            edges.append(place)
            if len(edges) > _MOST:
                return None
            here, other = other, here
            place = row.find(other, place)
        edges_of[row] = edges
    places = sorted({place for edges in edges_of.values() for place in edges})
    groups: list[types.PlanGroup] = []
    for first in range(0, len(places), _PLACES):
        group = places[first : first + _PLACES]
        low, high = group[0], group[-1]
        groups.append(
            (group, [[place for place in edges_of[row] if low <= place <= high] for row in rows])
        )
    return groups


def _cost_of_edges(groups: list[types.PlanGroup]) -> float:
    terms = sum(max(map(len, of_high)) for _, of_high in groups)
    return len(groups) + terms * (1 + _ADDING)


class _Parity:
    """The plan for a table with two values and a small rank over GF(2)."""

    __slots__ = ("_by_parity", "_passes", "table")

    name = "parity"

    def __init__(
        self, table: bytes, values: list[int], of_high: list[int], of_low: list[int]
    ) -> None:
        self.table = table
        self._by_parity = _PARITY.translate(bytes([*values, *bytes(_ROW - 2)]))
        self._passes = [
            (
                bytes([products >> first & 0xFF for products in of_high]),
                _packed(of_low[first : first + 8]),
            )
            for first in range(0, len(of_low), 8)
        ]

    def answer(self, octets: bytes, low: int) -> bytes:
        highs, lows = octets[1 - low :: 2], octets[low::2]
        total = 0
        for of_high, of_low in self._passes:
            total ^= int.from_bytes(highs.translate(of_high), "little") & int.from_bytes(
                lows.translate(of_low), "little"
            )
        return total.to_bytes(len(highs), "little").translate(self._by_parity)


def _products(rows: list[bytes], one: int, most: int) -> tuple[list[int], list[int]] | None:
    """Return the table as a sum of products, or None if it needs more than *most*.

    The first list has for each high byte the products that it is part of, as bits. The
    second has for each product the low bytes for which it is 1, as bits too.
    """
    is_one = bytes([byte == one for byte in range(_ROW)]).translate(bytes.maketrans(b"\0\1", b"01"))
    of_low: list[int] = []
    leading: list[int] = []
    seen: dict[bytes, int] = {}
    for row in rows:
        if row in seen:
            continue
        left = int(row.translate(is_one)[::-1], 2)
        products = 0
        # Each vector was reduced by the ones before it, so in this order no vector restores a
        # bit that an earlier one removed.
        for place, vector in enumerate(of_low):
            if left & leading[place]:
                left ^= vector
                products |= 1 << place
        if left:
            products |= 1 << len(of_low)
            of_low.append(left)
            leading.append(1 << left.bit_length() - 1)
            if len(of_low) > most:
                return None
        seen[row] = products
    return [seen[row] for row in rows], of_low


def _packed(vectors: list[int]) -> bytes:
    """Return 256 bytes: bit *k* of a byte is the bit of vector *k* at that place."""
    total = 0
    for place, vector in enumerate(vectors):
        digits = f"{vector:0{_ROW}b}".encode()
        total |= int.from_bytes(digits.translate(_DIGIT_TO_BIT[place]), "big")
    return total.to_bytes(_ROW, "little")


_DIGIT_TO_BIT = [bytes.maketrans(b"01", bytes([0, 1 << place])) for place in range(8)]


class _OneByOne:
    """The plan for any table."""

    __slots__ = ("_values", "table")

    name = "one by one"

    def __init__(self, table: bytes) -> None:
        self.table = table
        # A list has the fastest look-up.
        self._values = list(table)

    def answer(self, octets: bytes, low: int) -> bytes:
        values = self._values
        return bytes([values[port] for port in numbers(octets, low)])


def numbers(octets: bytes, low: int) -> types.IntArray:
    r"""Return the ports of *octets* as an array of native integers.

    Example:
        >>> numbers(b"\0\x50", 1).tolist()
        [80]
    """
    made = array("H", octets)
    if low != _NATIVE_LOW:
        made.byteswap()
    return made


# -- ports ----------------------------------------------------------------------


def look_up(plan: types.Plan, ports: PortReader) -> types.Iterator[bytes]:
    r"""Yield the values of all ports, piece by piece.

    Args:
        plan: The plan for the table.
        ports: The ports.

    Yields:
        Bytes, one per port, in the order of the ports.

    Complexity:
        Linear in the number of ports, in bounded memory.

    Example:
        >>> plan = plan_of(bytes(1024) + b"1" * 64512)
        >>> b"".join(look_up(plan, PortReader([80, 8080], check=int)))
        b'\x001'
    """
    values = ports.numpy_values()
    if values is not None and not isinstance(plan, _HighByte):
        # The ports are a numpy array, so numpy is loaded, and its look-up is faster than all
        # plans but the first.
        table = sys.modules["numpy"].frombuffer(plan.table, "uint8")
        for start in range(0, len(values), PIECE):
            yield table[values[start : start + PIECE]].tobytes()
        return
    for octets, low in ports.pieces():
        yield plan.answer(octets, low)


def look_up_all(plan: types.Plan, ports: PortReader) -> bytes:
    r"""Return the values of all ports.

    Args:
        plan: The plan for the table.
        ports: The ports.

    Returns:
        Bytes, one per port, in the order of the ports.

    Complexity:
        Linear in the number of ports.

    Example:
        >>> plan = plan_of(bytes(1024) + b"1" * 64512)
        >>> look_up_all(plan, PortReader([80, 8080], check=int))
        b'\x001'
    """
    octets = ports.octets()
    if octets is not None and isinstance(plan, (_HighByte, _TwoDigits)) and len(octets) <= _WHOLE:
        return plan.answer(octets, ports.low)
    # The buffer of BytesIO is the result; joining a list would copy it.
    answers = BytesIO()
    for piece in look_up(plan, ports):
        answers.write(piece)
    return answers.getvalue()


class PortReader:
    """Ports in one of the forms that all functions for many ports accept.

    Args:
        ports: A buffer of format ``H``; ``bytes``, ``bytearray`` or a ``memoryview`` of
            bytes, two bytes per port; or an iterable of integers.
        byteorder: ``"little"`` or ``"big"``: the order of the two bytes of a port, if the
            buffer does not define it itself.
        check: Returns an integer if it is a port, and raises if it is not.

    Raises:
        TypeError: *ports* or *byteorder* is of another type.
        InvalidValueError: The number of bytes is odd, or *byteorder* is another word.
    """

    __slots__ = ("_check", "_source", "_view", "low")

    def __init__(
        self,
        ports: types.PortNumbers,
        *,
        byteorder: types.ByteOrder = sys.byteorder,
        check: types.PortCheck,
    ) -> None:
        """Check the form of *ports*; the ports themselves are checked when they are read."""
        byteorder = checks.byteorder(byteorder)
        self._check = check
        self._source: types.Any = ports
        self._view: memoryview | None = None
        self.low: int = _NATIVE_LOW
        if isinstance(ports, str):
            raise TypeError("ports must not be a str; PortSet.parse() reads text")
        try:
            view = memoryview(ports)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        except (TypeError, ValueError, BufferError):
            # Not a buffer, or one without a format, such as an array of numpy dates.
            _check_iterable(ports)
        else:
            self._view = view
            self.low = _LOW[_order_of(view, ports) or byteorder]

    def pieces(self) -> types.Iterator[tuple[bytes, int]]:
        """Yield all ports, two bytes each, with the index (0 or 1) of the low byte.

        Raises:
            TypeError: An item of an iterable is not an integer.
            InvalidPortError: An item of an iterable is outside 0 to 65535.
        """
        view = self._view
        if view is None:
            for octets in self._checked():
                yield octets, self.low
            return
        step = 2 * PIECE // view.itemsize
        for start in range(0, len(view), step):
            # A copy that fits into the cache: translate() and slices with a step need bytes,
            # and take ten times as long on other buffers.
            yield view[start : start + step].tobytes(), self.low

    def octets(self) -> bytes | None:
        """Return the ports if they were passed as ``bytes``, or None."""
        return self._source if type(self._source) is bytes else None

    def numpy_values(self) -> types.Any:
        """Return the ports if they were passed as a numpy array, or None.

        The result is also None for an array whose bytes must be read in another order than
        the one numpy uses.
        """
        numpy = sys.modules.get("numpy")
        if numpy is None or self._view is None or not isinstance(self._source, numpy.ndarray):
            return None
        reads = {"<": 0, ">": 1}.get(self._source.dtype.byteorder, _NATIVE_LOW)
        return self._source if reads == self.low else None

    def _checked(self) -> types.Iterator[bytes]:
        integers: types.Iterator[types.Any] = iter(self._source)
        while items := list(islice(integers, PIECE)):
            # array() checks the numbers faster than a call for each, but it accepts bool.
            if set(map(type, items)) == {int}:
                try:
                    yield array("H", items).tobytes()
                    continue
                except OverflowError:
                    pass
            yield array("H", [self._check(item) for item in items]).tobytes()


def _check_iterable(ports: object) -> None:
    if not hasattr(ports, "__iter__"):
        raise TypeError(
            "ports must be a buffer of format 'H', bytes, or an iterable of integers, "
            f"got {type(ports).__name__}"
        )


# The formats of the buffer protocol for numbers of two bytes, with the order that they define;
# None if the caller defines it.
_ORDERS: dict[str, types.ByteOrder | None] = {
    **dict.fromkeys(("H", "@H", "=H")),
    "<H": "little",
    ">H": "big",
    "!H": "big",
}


def _order_of(view: memoryview, ports: object) -> types.ByteOrder | None:
    """Return the order that the format of *view* defines; raise if it does not contain ports."""
    if view.ndim != 1:
        raise TypeError(f"ports must have one dimension, got {view.ndim}")
    if view.format in _ORDERS:
        return _ORDERS[view.format]
    # An array of numbers of one byte is a buffer of bytes too, but does not contain ports.
    if view.format not in ("B", "b", "c") or not isinstance(ports, (bytes, bytearray, memoryview)):
        raise TypeError(
            "ports must be a buffer of format 'H' (16 bits, unsigned), "
            f"got {type(ports).__name__} of format {view.format!r}; "
            "pass its numbers as a list to have each of them checked"
        )
    if view.nbytes % 2:
        raise InvalidValueError("ports must have two bytes each", f"{view.nbytes} bytes")
    return None
