"""Read millions of ports: numbers of any width become the two bytes of a port, or are invalid.

No Python code is executed for each of them, unless they are the items of an iterable. ``chunks``
finds the rows of a column in memory, and ``scan`` looks up a value for each port.
"""

from __future__ import annotations

import sys
from array import array
from itertools import islice

from portranges import checks, types
from portranges.chunks import (
    MARK,
    PIECE,
    Integers,
    chunks_of,
    count,
    loaded_numpy,
    marks_of,
    value_of,
)
from portranges.errors import InvalidPortError, InvalidValueError

# Which of the two bytes of a port is the low one.
_LOW = {"little": 0, "big": 1}
NATIVE_LOW = _LOW[sys.byteorder]

_MARKED = bytes([MARK])

_IS_NOT_ZERO = b"\0" + _MARKED * 255
_IS_NEGATIVE = bytes(128) + _MARKED * 128


class Piece:
    """Some ports, at most ``PIECE``.

    Args:
        ports: ``bytes``, two per port, or a numpy array of uint16 in this machine's byte order.
        low: The index (0 or 1) of the low byte in ``bytes``.
        invalid: None, or a byte per row: 255 if it is invalid and 0 if it is not.
    """

    __slots__ = ("invalid", "low", "ports")

    def __init__(
        self, ports: types.Any, low: int = NATIVE_LOW, invalid: bytes | None = None
    ) -> None:
        """Store the arguments."""
        self.ports: types.Any = ports
        self.low: int = low
        self.invalid: bytes | None = invalid

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.ports) // 2 if type(self.ports) is bytes else len(self.ports)

    def split(self, number: int) -> tuple[Piece, Piece]:
        """Return the first *number* rows, and the others."""
        at = 2 * number if type(self.ports) is bytes else number
        invalid = self.invalid
        return (
            Piece(self.ports[:at], self.low, invalid and invalid[:number]),
            Piece(self.ports[at:], self.low, invalid and invalid[number:]),
        )

    def octets(self) -> bytes:
        """Return the ports as bytes, two per port; ``low`` is the index of the low one."""
        octets: bytes = self.ports if type(self.ports) is bytes else self.ports.tobytes()
        return octets

    def array(self, numpy: types.Any) -> types.Any:
        """Return the ports as a numpy array."""
        if type(self.ports) is bytes:
            return numpy.frombuffer(self.ports, "<>"[self.low] + "u2")
        return self.ports

    def mark(self, answers: bytes, absent: int) -> bytes:
        """Return *answers*, a byte per row, with *absent*, 0 or 255, for the invalid rows."""
        if self.invalid is None:
            return answers
        numpy = loaded_numpy()
        if numpy is not None:
            octets, invalid = (numpy.frombuffer(each, "uint8") for each in (answers, self.invalid))
            found: bytes = (octets | invalid if absent else octets & ~invalid).tobytes()
            return found
        marks = int.from_bytes(self.invalid, "little")
        marked = int.from_bytes(answers, "little") | marks
        return (marked if absent else marked ^ marks).to_bytes(len(answers), "little")


class PortReader:
    """Ports in one of the forms that all functions for many ports accept.

    Attributes:
        invalid: The number of invalid rows read so far.

    Args:
        ports: A buffer, an array or a column of integers; ``bytes``, ``bytearray`` or a
            ``memoryview`` of bytes, two bytes per port; or an iterable of integers.
        byteorder: ``"little"`` or ``"big"``: the order of the bytes of a number, if *ports* does
            not define it itself.
        check: Returns an integer if it is a port, and raises if it is not.
        invalid: ``"raise"`` or ``"absent"``: whether a null, or a number that is not a port,
            raises an error.

    Raises:
        TypeError: *ports*, *byteorder* or *invalid* is of another type.
        InvalidValueError: The number of bytes is odd, or *byteorder* or *invalid* is unknown.
    """

    __slots__ = ("_check", "_chunks", "_raises", "_source", "invalid", "low")

    def __init__(
        self,
        ports: types.PortNumbers,
        *,
        byteorder: types.ByteOrder = sys.byteorder,
        check: types.PortCheck,
        invalid: types.InvalidPorts = "raise",
    ) -> None:
        """Check the form of *ports*; the ports themselves are checked when they are read."""
        byteorder = checks.byteorder(byteorder)
        self._raises = checks.invalid(invalid) == "raise"
        self._check = check
        self._source: types.Any = ports
        self.low: int = _LOW[byteorder]
        self.invalid: int = 0
        if isinstance(ports, str):
            raise TypeError("ports must not be a str; PortSet.parse() reads text")
        self._chunks = chunks_of(ports, byteorder)
        if self._chunks is None and not hasattr(ports, "__iter__"):
            raise TypeError(
                "ports must be a buffer or a column of integers, bytes, or an iterable of "
                f"integers, got {type(ports).__name__}"
            )

    def octets(self) -> bytes | None:
        """Return the ports if they were passed as ``bytes``, or None."""
        return self._source if type(self._source) is bytes else None

    def pieces(self) -> types.Iterator[Piece]:
        """Yield all ports.

        Raises:
            TypeError: An item of an iterable is not an integer.
            InvalidPortError: A number is outside 0 to 65535.
            InvalidValueError: A row is null.
        """
        if self._chunks is None:
            yield from self._checked()
            return
        done = 0
        for chunk in self._chunks:
            values, nulls, _ = chunk
            for start in range(0, len(values), PIECE):
                end = start + PIECE
                piece = _narrow(values[start:end], None if nulls is None else nulls[start:end])
                if piece.invalid is not None:
                    if self._raises:
                        at = start + piece.invalid.index(MARK)
                        raise _refusal(value_of(chunk, at), done + at)
                    self.invalid += count(piece.invalid, MARK)
                yield piece
            done += len(values)

    def _checked(self) -> types.Iterator[Piece]:
        integers: types.Iterator[types.Any] = iter(self._source)
        start = -PIECE
        while items := list(islice(integers, PIECE)):
            start += PIECE
            # array() checks the numbers faster than a call for each, but it accepts bool.
            if set(map(type, items)) == {int}:
                try:
                    yield Piece(array("H", items).tobytes())
                    continue
                except OverflowError:
                    pass
            yield self._one_by_one(items, start)

    def _one_by_one(self, items: list[types.Any], start: int) -> Piece:
        ports, invalid = array("H"), bytearray(len(items))
        for at, item in enumerate(items):
            port, value = None, None
            if item is not None:
                try:
                    port = self._check(item)
                except InvalidPortError as error:
                    value = error.value
            if port is None:
                if self._raises:
                    raise _refusal(value, start + at, is_column=False)
                invalid[at] = MARK
            ports.append(port or 0)
        self.invalid += invalid.count(MARK)
        return Piece(ports.tobytes(), NATIVE_LOW, bytes(invalid) if any(invalid) else None)


def pairs(first: PortReader, second: PortReader) -> types.Iterator[tuple[Piece, Piece]]:
    """Yield the pieces of both, split where necessary so that those of a pair are equally long.

    Raises:
        InvalidValueError: *first* and *second* have different lengths.
    """
    ones, others = first.pieces(), second.pieces()
    one = other = Piece(b"")
    done = 0
    while True:
        one = one if len(one) else next(ones, one)
        other = other if len(other) else next(others, other)
        number = min(len(one), len(other))
        if not number:
            break
        (one_now, one), (other_now, other) = one.split(number), other.split(number)
        yield one_now, other_now
        done += number
    if len(one) != len(other):
        # The rest of the longer one may be infinite.
        counts = [
            f"{done + len(piece)}{' or more' if len(piece) and next(rest, None) else ''}"
            for piece, rest in ((one, ones), (other, others))
        ]
        raise InvalidValueError(
            "first and second must have the same number of ports", f"{counts[0]} and {counts[1]}"
        )


def _refusal(
    value: int | None, position: int, *, is_column: bool = True
) -> InvalidPortError | InvalidValueError | TypeError:
    """Return the error for the first invalid row; *value* is None for a null."""
    if value is not None:
        return InvalidPortError(value, position)
    where = f"at position {position}; invalid='absent' accepts nulls"
    if is_column:
        return InvalidValueError("port must not be null", f"null {where}")
    return TypeError(f"port must be an integer, got None {where}")


# -- narrower numbers -----------------------------------------------------------


def _narrow(numbers: types.Any, nulls: bytes | None) -> Piece:
    """Return the ports of a part of a chunk, with the rows marked that are not ports."""
    if isinstance(numbers, Integers):
        octets, size = numbers.view.tobytes(), numbers.view.itemsize
        numpy = loaded_numpy()
        if size == 2 and not numbers.is_signed:
            piece = Piece(octets, _LOW[numbers.order])
        elif numpy is None:
            piece = narrow_octets(octets, size, numbers.order, is_signed=numbers.is_signed)
        else:
            order, kind = "<>"[_LOW[numbers.order]], "ui"[numbers.is_signed]
            piece = narrow_array(numpy.frombuffer(octets, f"{order}{kind}{size}"))
    else:
        piece = narrow_array(numbers)
    if nulls is not None and MARK in nulls:
        piece.invalid = _either(piece.invalid, nulls)
    return piece


def narrow_array(numbers: types.Any) -> Piece:
    """Return the ports of a numpy array of integers."""
    dtype = numbers.dtype
    native = numbers.astype(dtype.newbyteorder("="), copy=False)
    if dtype.kind == "u" and dtype.itemsize == 2:
        return Piece(native)
    invalid = None
    if len(native):
        # Read without a sign, a negative number is greater than all that are not.
        unsigned = native.view(f"u{dtype.itemsize}")
        last = min(65535, (1 << 8 * dtype.itemsize - (dtype.kind == "i")) - 1)
        if unsigned.max() > last:
            invalid = marks_of(unsigned > last)
    return Piece(native.astype("uint16"), NATIVE_LOW, invalid)


def narrow_octets(octets: bytes, size: int, order: types.ByteOrder, *, is_signed: bool) -> Piece:
    r"""Return the ports of integers of *size* bytes, with the standard library only.

    Example:
        >>> narrow_octets(b"\0\0\0\x50", 4, "big", is_signed=True).octets()
        b'P\x00'
    """
    number = len(octets) // size
    # The low bytes of all numbers, then the next ones.
    parts = [octets[at::size] for at in range(size)][:: 1 if order == "little" else -1]
    ports = bytearray(2 * number)
    ports[0::2] = parts[0]
    if size > 1:
        ports[1::2] = parts[1]
    invalid = None
    for part in parts[2:]:
        if part.count(0) != number:
            invalid = _either(invalid, part.translate(_IS_NOT_ZERO))
    if is_signed and size <= 2:
        negative = parts[-1].translate(_IS_NEGATIVE)
        invalid = negative if MARK in negative else None
    return Piece(bytes(ports), _LOW["little"], invalid)


def _either(one: bytes | None, other: bytes) -> bytes:
    """Return the marks of both."""
    if one is None:
        return other
    marks = int.from_bytes(one, "little") | int.from_bytes(other, "little")
    return marks.to_bytes(len(other), "little")
