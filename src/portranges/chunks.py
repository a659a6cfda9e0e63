"""Find the rows of a column in memory: of pandas, polars and pyarrow, of numpy, of any buffer.

A column is read through the package that made it, which is therefore loaded: nothing here imports a
package. ``columns`` interprets the numbers.
"""

from __future__ import annotations

import sys
from array import array

from portranges import types
from portranges.errors import InvalidValueError

# How many ports are processed at a time. Their bytes, and the integers made of them, fit into a
# processor's cache, and bound the memory needed beside the result.
PIECE = 65536

# How many rows of a polars Series are requested at a time: each call takes up to 0.3 ms.
_ROWS = 16 * PIECE

# How many rows of a nullable column of pandas, whose mask is copied and should fit into a cache.
_MASKED_ROWS = 4 * PIECE

# A format of the buffer protocol for each number of bytes.
_OF_SIZE: dict[int, types.Literal["B", "H", "I", "Q"]] = {1: "B", 2: "H", 4: "I", 8: "Q"}

MARK = 0xFF
"""In a byte per row, marks the rows that are null or invalid; the others are 0."""

_ZERO_DIGIT = bytes.maketrans(b"01", b"\xff\0")


# A chunk is the rows of a column as they are in memory: numbers, which are a numpy array or an
# Integers; None, or a byte per row, 255 if it is null; and None, or the rows as their package
# returns them, for the message of an error.


class Integers:
    """The integers of a buffer, if they are not a numpy array.

    Args:
        view: The buffer, of one dimension. Its format is not considered.
        order: The order of the bytes of a number.
        is_signed: Whether a number may be negative.
    """

    __slots__ = ("is_signed", "order", "view")

    def __init__(self, view: memoryview, order: types.ByteOrder, *, is_signed: bool) -> None:
        """Store the arguments."""
        self.view: memoryview = view
        self.order: types.ByteOrder = order
        self.is_signed: bool = is_signed

    def __len__(self) -> int:
        """Return the number of integers."""
        return len(self.view)

    def __getitem__(self, at: slice) -> Integers:
        """Return a part of them."""
        return Integers(self.view[at], self.order, is_signed=self.is_signed)


def value_of(chunk: types.Chunk, at: int) -> int | None:
    """Return the number of row *at*, or None if it is null."""
    numbers, nulls, rows = chunk
    if rows is None and nulls is not None and nulls[at]:
        return None
    if isinstance(numbers, Integers) and rows is None:
        octets = numbers.view[at : at + 1].tobytes()
        return int.from_bytes(octets, numbers.order, signed=numbers.is_signed)
    source: types.Any = numbers if rows is None else rows
    value = source[at]
    return None if value is None else int(value)


def loaded_numpy() -> types.Any:
    """Return numpy if it is loaded, and not just being loaded by another thread, or None."""
    numpy = sys.modules.get("numpy")
    return numpy if hasattr(numpy, "frombuffer") else None


def count(octets: bytes, value: int) -> int:
    """Return how many bytes of *octets* are *value*.

    ``bytes.count`` compares them one by one, and is slow for values in random order.

    Example:
        >>> count(b"hello", ord("l"))
        2
    """
    numpy = loaded_numpy()
    if numpy is None:
        return octets.count(value)
    return int(numpy.count_nonzero(numpy.frombuffer(octets, "uint8") == value))


def marks_of(is_marked: types.Any) -> bytes:
    """Return a mark for each true item of a numpy array of bool."""
    marks: bytes = (is_marked.view("uint8") * MARK).tobytes()
    return marks


def nulls_of(bitmap: types.Any, first: int, number: int) -> bytes:
    r"""Return marks for the 0 bits of a validity bitmap of Arrow.

    Args:
        bitmap: The bitmap, the bits of a byte in ascending order.
        first: The index of the first bit.
        number: How many bits to read.

    Example:
        >>> nulls_of(b"\x05", 0, 4)
        b'\x00\xff\x00\xff'
    """
    octets = memoryview(bitmap)[first // 8 : (first + number + 7) // 8].tobytes()
    start, end = first % 8, first % 8 + number
    numpy = loaded_numpy()
    if numpy is not None:
        bits = numpy.unpackbits(numpy.frombuffer(octets, "uint8"), bitorder="little")[start:end]
        # 1 becomes 0, and 0 becomes 255.
        marks: bytes = (bits - 1).tobytes()
        return marks
    digits = f"{int.from_bytes(octets, 'little'):0{8 * len(octets)}b}".encode()[::-1]
    return digits[start:end].translate(_ZERO_DIGIT)


# -- chunks of a column ---------------------------------------------------------


def chunks_of(ports: types.Any, byteorder: types.ByteOrder) -> types.Iterator[types.Chunk] | None:
    """Return the chunks of a column or a buffer, or None if *ports* is neither.

    Raises:
        TypeError: It has items that are not integers, more than one column, or no dimension.
        InvalidValueError: It is an odd number of bytes.
    """
    kind = types.cast("types.Any", type(ports))
    if kind in (list, tuple, range):
        return None
    for base in () if kind in (bytes, bytearray, memoryview, array) else kind.__mro__:
        package = str(base.__module__).partition(".")[0]
        if package in _READERS and package in sys.modules:
            chunks = _READERS[package](sys.modules[package], ports, byteorder)
            if chunks is not None:
                return chunks
            if hasattr(kind, "columns"):
                raise TypeError(f"ports must be one column, got a {kind.__name__}")
    try:
        view = memoryview(ports)
    except (TypeError, ValueError, BufferError):
        # Not a buffer, or one without a format.
        numpy = loaded_numpy()
        if numpy is None or not hasattr(kind, "__array__"):
            return None
        return _of_numpy(numpy, numpy.asarray(ports), byteorder)
    return _of_buffer(view, ports, byteorder)


def _of_numpy(
    numpy: types.Any, ports: types.Any, byteorder: types.ByteOrder
) -> types.Iterator[types.Chunk] | None:
    if not isinstance(ports, numpy.ndarray):
        return None
    dtype = ports.dtype
    if dtype.kind not in "iu":
        hints = {
            "f": "; a column with nulls becomes floating point in numpy, so pass the column itself",
            "O": "; pass its numbers as a list to have each of them checked",
        }
        raise _not_integers(f"a numpy array of {dtype}", hints.get(dtype.kind, ""))
    if not ports.ndim:
        raise TypeError("ports must have at least one dimension, got 0")
    nulls = None
    if isinstance(ports, numpy.ma.MaskedArray):
        nulls, ports = numpy.ma.getmaskarray(ports).reshape(-1), ports.data
    if dtype.byteorder == "=" and byteorder != sys.byteorder:
        ports = ports.view(dtype.newbyteorder())
    return _of_array(ports.reshape(-1), nulls)


def _of_array(numbers: types.Any, nulls: types.Any) -> types.Iterator[types.Chunk]:
    for start in range(0, len(numbers), PIECE):
        end = start + PIECE
        yield numbers[start:end], None if nulls is None else marks_of(nulls[start:end]), None


def _of_pandas(
    pandas: types.Any, ports: types.Any, byteorder: types.ByteOrder
) -> types.Iterator[types.Chunk] | None:
    if not isinstance(
        ports, (pandas.Series, pandas.Index, pandas.api.extensions.ExtensionArray)
    ) or isinstance(ports, pandas.MultiIndex):
        return None
    column = getattr(ports, "array", ports)
    dtype = column.dtype
    if dtype.kind in "iu":
        if isinstance(dtype, pandas.ArrowDtype):
            return _of_arrow(sys.modules["pyarrow"], column.__arrow_array__(), byteorder)
        numpy = sys.modules["numpy"]
        if hasattr(dtype, "numpy_dtype") and not isinstance(ports.dtype, numpy.dtype):
            return _of_nullable(column, dtype.numpy_dtype)
        return _of_numpy(numpy, numpy.asarray(column), sys.byteorder)
    hints = {
        "f": "; nulls turn a column into floating point: astype('Int64') restores the integers",
        "O": "; astype('Int64') converts it",
    }
    raise _not_integers(f"a pandas column of {ports.dtype}", hints.get(dtype.kind, ""))


def _of_nullable(column: types.Any, dtype: types.Any) -> types.Iterator[types.Chunk]:
    for start in range(0, len(column), _MASKED_ROWS):
        part = column[start : start + _MASKED_ROWS]
        nulls = part.isna()
        if nulls.any():
            yield part.to_numpy(dtype=dtype, na_value=0), marks_of(nulls), None
        else:
            # Without na_value nothing is copied.
            yield part.to_numpy(dtype=dtype), None, None


def _of_arrow(
    pyarrow: types.Any, ports: types.Any, _: types.ByteOrder
) -> types.Iterator[types.Chunk] | None:
    if not isinstance(ports, (pyarrow.Array, pyarrow.ChunkedArray)):
        return None
    if pyarrow.types.is_null(ports.type):
        ports = ports.cast("uint16")
    layout = _LAYOUTS.get(str(ports.type))
    if layout is None:
        raise _not_integers(f"a pyarrow column of {ports.type}", "; cast('uint16') converts it")
    arrays = ports.chunks if isinstance(ports, pyarrow.ChunkedArray) else [ports]
    return _of_arrow_arrays(arrays, *layout)


def _of_arrow_arrays(
    arrays: types.Iterable[types.Any], kind: str, size: int
) -> types.Iterator[types.Chunk]:
    numpy = loaded_numpy()
    for whole in arrays:
        for start in range(0, len(whole), PIECE):
            part = whole.slice(start, PIECE)
            bitmap, data = part.buffers()
            first, last = part.offset, part.offset + len(part)
            view = memoryview(data)[first * size : last * size]
            numbers: types.Any
            if numpy is None:
                view = view.cast("B").cast(_OF_SIZE[size])
                numbers = Integers(view, sys.byteorder, is_signed=kind == "i")
            else:
                numbers = numpy.frombuffer(view, f"{kind}{size}")
            yield numbers, nulls_of(bitmap, first, len(part)) if part.null_count else None, None


def _of_polars(
    polars: types.Any, ports: types.Any, _: types.ByteOrder
) -> types.Iterator[types.Chunk] | None:
    if not isinstance(ports, polars.Series):
        return None
    if not ports.dtype.is_integer() and ports.dtype != polars.Null:
        hint = ""
        if ports.dtype.is_float():
            hint = "; polars keeps nulls in integer columns: read it as integers"
        elif ports.dtype == polars.String:
            hint = "; cast(polars.UInt16) converts it"
        raise _not_integers(f"a polars column of {ports.dtype}", hint)
    return _of_series(polars, ports)


def _of_series(polars: types.Any, ports: types.Any) -> types.Iterator[types.Chunk]:
    # numpy has no integers of 128 bits.
    has_numpy = loaded_numpy() is not None and str(ports.dtype).lower() in _LAYOUTS
    for chunk in ports.get_chunks():
        for start in range(0, len(chunk), _ROWS):
            rows = chunk.slice(start, _ROWS)
            if has_numpy and not rows.null_count():
                # Nothing is copied.
                yield rows.to_numpy(), None, None
                continue
            # What does not fit becomes null.
            numbers = rows.cast(polars.UInt16, strict=False)
            nulls = None
            if numbers.null_count():
                nulls, numbers = numbers.is_null(), numbers.fill_null(0)
            if loaded_numpy() is not None:
                marks = None if nulls is None else marks_of(nulls.to_numpy())
                yield numbers.to_numpy(), marks, rows
                continue
            # Without numpy, polars returns only bytes without an object per row.
            octets = bytearray(2 * len(rows))
            octets[0::2] = _octets_of(polars, numbers & 0xFF)
            octets[1::2] = _octets_of(polars, numbers // 256)
            marks = None
            if nulls is not None:
                marks = _octets_of(polars, nulls.cast(polars.UInt8) * MARK)
            yield Integers(memoryview(octets).cast("H"), "little", is_signed=False), marks, rows


def _octets_of(polars: types.Any, series: types.Any) -> bytes:
    """Return the numbers of a polars Series, none of which is above 255."""
    octets: bytes = series.cast(polars.UInt8).implode().cast(polars.Binary)[0]
    return octets


_READERS: dict[str, types.ColumnReader] = {
    "numpy": _of_numpy,
    "pandas": _of_pandas,
    "polars": _of_polars,
    "pyarrow": _of_arrow,
}

# The kind and the number of bytes of pyarrow's integer types.
_LAYOUTS = {
    f"{name}{8 * size}": (name[0], size) for name in ("int", "uint") for size in (1, 2, 4, 8)
}


# -- buffers --------------------------------------------------------------------

# The letters of the buffer protocol for integers, and its prefixes for the order of bytes; None
# if the caller defines it.
_SIGNED, _UNSIGNED = "bhilqn", "BHILQN"
_ORDERS: dict[str, types.ByteOrder | None] = {
    **dict.fromkeys(("", "@", "=")),
    "<": "little",
    ">": "big",
    "!": "big",
}


def _of_buffer(
    view: memoryview, ports: types.Any, byteorder: types.ByteOrder
) -> types.Iterator[types.Chunk]:
    what = type(ports).__name__
    is_octets = isinstance(ports, (bytes, bytearray, memoryview))
    is_octets = is_octets and view.format in ("B", "b", "c")
    order, letter, size = view.format[:-1], view.format[-1:], view.itemsize
    if view.ndim == 0:
        raise TypeError("ports must have at least one dimension, got 0")
    if not is_octets:
        hint = ""
        # Other objects that export single bytes, such as mmap, rarely contain ports of one byte.
        if letter in ("b", "B") and not isinstance(ports, array):
            hint = "; a memoryview of it is read as two bytes per port"
        if hint or order not in _ORDERS or letter not in _SIGNED + _UNSIGNED:
            raise _not_integers(f"{what} of format {view.format!r}", hint)
    elif view.nbytes % 2:
        raise InvalidValueError("ports must have two bytes each", f"{view.nbytes} bytes")
    if view.ndim > 1 or (is_octets and not view.c_contiguous):
        view = memoryview(view.tobytes()).cast(_OF_SIZE[size])
    if is_octets:
        view = view.cast("H")
    defined = _ORDERS.get(order) or byteorder
    is_signed = not is_octets and letter in _SIGNED
    return iter([(Integers(view, defined, is_signed=is_signed), None, None)])


def _not_integers(what: str, hint: str) -> TypeError:
    return TypeError(f"ports must be integers, got {what}{hint}")


# -- the other direction --------------------------------------------------------


def ports_of_bits(bits: int, dtype: types.Any) -> types.Any:
    """Return the numbers of the bits that are 1 as a numpy array, uint16 if *dtype* is None.

    Example:
        >>> ports_of_bits(5, None)  # doctest: +SKIP
        array([0, 2], dtype=uint16)
    """
    numpy = sys.modules["numpy"]
    octets = numpy.frombuffer(bits.to_bytes((bits.bit_length() + 7) // 8, "little"), "uint8")
    ports = numpy.unpackbits(octets, bitorder="little").nonzero()[0].astype("uint16")
    return ports if dtype is None else ports.astype(dtype, casting="safe", copy=False)
