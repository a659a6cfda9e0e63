"""Look up millions of ports in a table of 65,536 values: bytes in, bytes out.

A plan is a way to look up all ports of a buffer without executing Python code for each of them.
Every plan returns exactly ``table[port]``, for any table that it accepts. The caller defines what a
value means, and passes the function that checks a port. The plans, the fastest first:

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

from portranges import types
from portranges.columns import NATIVE_LOW, Piece, PortReader
from portranges.errors import InvalidValueError

SIZE = 65536
"""The number of entries of a table."""

_ROW = 256

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
        return self.answer_high(octets[1 - low :: 2])

    def answer_high(self, highs: bytes) -> bytes:
        return highs.translate(self._by_high)


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
    if low != NATIVE_LOW:
        made.byteswap()
    return made


# -- ports ----------------------------------------------------------------------


def look_up(plan: types.Plan, ports: PortReader, absent: int = 0) -> types.Iterator[bytes]:
    r"""Yield the values of all ports, piece by piece.

    Args:
        plan: The plan for the table.
        ports: The ports.
        absent: The value of a row without a port, 0 or 255.

    Yields:
        Bytes, one per port, in the order of the ports.

    Complexity:
        Linear in the number of ports, in bounded memory.

    Example:
        >>> plan = plan_of(bytes(1024) + b"1" * 64512)
        >>> b"".join(look_up(plan, PortReader([80, 8080], check=int)))
        b'\x001'
    """
    for piece in ports.pieces():
        yield piece.mark(_answer(plan, piece), absent)


def _answer(plan: types.Plan, piece: Piece) -> bytes:
    if type(piece.ports) is bytes:
        return plan.answer(piece.ports, piece.low)
    # The ports are a numpy array, so numpy is loaded. It takes every second byte, and looks up
    # in a table of 65,536 values, faster than bytes do.
    if isinstance(plan, _HighByte):
        return plan.answer_high((piece.ports >> 8).astype("uint8").tobytes())
    table = sys.modules["numpy"].frombuffer(plan.table, "uint8")
    octets: bytes = table.take(piece.ports).tobytes()
    return octets


def look_up_all(plan: types.Plan, ports: PortReader, absent: int = 0) -> bytes:
    r"""Return the values of all ports.

    Args:
        plan: The plan for the table.
        ports: The ports.
        absent: The value of a row without a port, 0 or 255.

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
    for piece in look_up(plan, ports, absent):
        answers.write(piece)
    return answers.getvalue()
