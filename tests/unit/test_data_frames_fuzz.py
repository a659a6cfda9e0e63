"""Random columns of every type against a loop over their rows, with numpy and without it.

Every width, sign, byte order, stride, number of dimensions, slice, chunk and pattern of nulls may
be drawn. The draws are the same in each run, because this counts for coverage.
"""

from __future__ import annotations

import sys
from array import array

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portranges import (
    Category,
    InvalidPortError,
    InvalidValueError,
    PortSet,
    chunks,
    classify,
    classify_many,
    columns,
)
from portranges.categories import count_by_category
from portranges.flows import server_side_many, sides

SET = PortSet.parse("0,22,80,127,200,443,8000-8100,32768-60999,65535")
WIDTHS = (8, 16, 32, 64)
CATEGORIES = tuple(Category)


def package(name):
    return pytest.importorskip(name, reason=f"NOT CHECKED: {name} is not installed")


@pytest.fixture(autouse=True, scope="module")
def _short_pieces():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "PIECE", 8)
        patch.setattr(chunks, "PIECE", 20)
        patch.setattr(chunks, "_ROWS", 24)
        patch.setattr(chunks, "_MASKED_ROWS", 28)
        yield


def is_port(row):
    return row is not None and 0 <= row <= 65535


def check(column, rows, *, byteorder=sys.byteorder):
    """Every function answers for *column* what a loop over *rows* answers."""
    words = {"byteorder": byteorder}
    codes = [CATEGORIES.index(classify(row)) if is_port(row) else 255 for row in rows]
    members = [int(is_port(row) and row in SET) for row in rows]
    absent = {**words, "invalid": "absent"}
    assert list(classify_many(column, **absent)) == codes
    assert list(SET.contains_many(column, **absent)) == members
    assert SET.count_many(column, **absent) == sum(members)
    counts = {category: codes.count(code) for code, category in enumerate(CATEGORIES)}
    assert count_by_category(column, **absent) == {**counts, None: codes.count(255)}
    others = [51514 if row is None else row for row in rows][::-1]
    expected = [
        server_side_many([one], [other])[0] if is_port(one) and is_port(other) else 255
        for one, other in zip(rows, others, strict=True)
    ]
    assert list(server_side_many(column, others, **absent)) == expected
    invalid = [(at, row) for at, row in enumerate(rows) if not is_port(row)]
    if not invalid:
        assert list(classify_many(column, **words)) == codes
        assert count_by_category(column, **words) == counts
        return
    at, row = invalid[0]
    for ask in (classify_many, SET.contains_many, SET.count_many, count_by_category):
        with pytest.raises((InvalidPortError, InvalidValueError)) as caught:
            ask(column, **words)
        if row is None:
            assert f"got null at position {at};" in str(caught.value)
        else:
            assert (caught.value.value, caught.value.position) == (row, at)


def without_numpy(patch):
    for module in (chunks, columns, sides):
        patch.setattr(module, "loaded_numpy", lambda: None)


def random_columns(function):
    fuzz = settings(
        derandomize=True,
        max_examples=120,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    return fuzz(given(st.data())(function))


SIGNS = st.sampled_from(["int", "uint"])
SIZES = st.integers(0, 40)


def bounds(sign, width):
    return (0, (1 << width) - 1) if sign == "uint" else (-(1 << width - 1), (1 << width - 1) - 1)


def numbers_of(sign, width):
    first, last = (
        (0, (1 << width) - 1) if sign == "uint" else (-(1 << width - 1), (1 << width - 1) - 1)
    )
    ports = st.integers(0, min(last, 65535))
    edges = [0, 1, 127, 128, 255, 256, 32767, 32768, 65535, 65536, -1, 1 << 16, 1 << 32, 1 << 48]
    usual = st.sampled_from([22, 80, *[edge for edge in edges if first <= edge <= last]])
    usual = usual.filter(lambda number: first <= number <= last)
    return st.one_of(ports, ports, ports, usual, st.sampled_from([first, last]))


def rows_of(data, sign, width, *, nulls):
    """Rows of which half the time all are ports, and half the time some are null."""
    number = numbers_of(sign, width)
    if data.draw(st.booleans()):
        number = number.filter(lambda each: 0 <= each <= 65535)
    if nulls and data.draw(st.booleans()):
        number = st.one_of(number, st.none())
    size = data.draw(SIZES)
    return data.draw(st.lists(number, min_size=size, max_size=size))


def part_of(data, rows):
    first = data.draw(st.integers(0, len(rows)))
    return first, data.draw(st.integers(first, len(rows)))


def cut(data, rows):
    """The rows in one to four parts."""
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=3).map(sorted))
    return [rows[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]


@pytest.mark.parametrize("is_numpy_loaded", [True, False])
@random_columns
def test_random_buffers(is_numpy_loaded, data):
    if is_numpy_loaded:
        package("numpy")
    letter = data.draw(st.sampled_from("BHILQbhilq"))
    width = 8 * array(letter).itemsize
    rows = rows_of(data, "int" if letter.islower() else "uint", width, nulls=False)
    step = data.draw(st.sampled_from([1, 1, 2, 3, -1, -2]))
    byteorder = data.draw(st.sampled_from(["little", "big"]))
    column = array(letter, rows)
    if byteorder != sys.byteorder:
        column.byteswap()
    with pytest.MonkeyPatch.context() as patch:
        if not is_numpy_loaded:
            without_numpy(patch)
        check(column, rows, byteorder=byteorder)
        if width > 8:
            view = memoryview(column)
            check(view[::step], rows[::step], byteorder=byteorder)
            if rows and len(rows) % 2 == 0:
                shaped = view.cast("B").cast(letter, (2, len(rows) // 2))
                check(shaped, rows, byteorder=byteorder)


@random_columns
def test_random_numpy_arrays(data):
    np = package("numpy")
    sign, width = data.draw(SIGNS), data.draw(st.sampled_from(WIDTHS))
    rows = rows_of(data, sign, width, nulls=False)
    dtype = np.dtype(f"{sign}{width}").newbyteorder(data.draw(st.sampled_from("<>=")))
    step = data.draw(st.sampled_from([1, 2, 5, -1, -3]))
    spaced = np.full(abs(step) * len(rows), 77, dtype)[::step]
    spaced[:] = np.array(rows, dtype)
    spaced.flags.writeable = data.draw(st.booleans())
    check(spaced, rows)
    if len(rows) % 2 == 0:
        half = len(rows) // 2
        check(spaced.reshape(2, half), rows)
        check(
            spaced.reshape(2, half).T,
            [row for pair in zip(rows[:half], rows[half:], strict=True) for row in pair],
        )
    nulls = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    masked = [None if null else row for row, null in zip(rows, nulls, strict=True)]
    check(np.ma.MaskedArray(spaced, mask=nulls), masked)


@random_columns
def test_random_pandas_columns(data):
    pd, pa = package("pandas"), package("pyarrow")
    sign, width = data.draw(SIGNS), data.draw(st.sampled_from(WIDTHS))
    kind = data.draw(st.sampled_from(["numpy", "nullable", "arrow"]))
    rows = rows_of(data, sign, width, nulls=kind != "numpy")
    if kind == "arrow":
        made = pa.array(rows, f"{sign}{width}")
        column = pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([made])))
    else:
        dtype = f"{sign}{width}"
        dtype = dtype if kind == "numpy" else dtype.replace("ui", "UI").replace("int", "Int")
        column = pd.Series(pd.array(rows, dtype))
    if kind != "numpy" and data.draw(st.booleans()):
        parts = cut(data, range(len(rows)))
        column = pd.concat([column.iloc[part.start : part.stop] for part in parts])
    first, last = part_of(data, rows)
    step = data.draw(st.sampled_from([1, 1, 2, -1]))
    column, rows = column.iloc[first:last].iloc[::step], rows[first:last][::step]
    check(column, rows)
    check(data.draw(st.sampled_from([column.array, pd.Index(column)])), rows)


@pytest.mark.parametrize("is_numpy_loaded", [True, False])
@random_columns
def test_random_polars_columns(is_numpy_loaded, data):
    pl = package("polars")
    if is_numpy_loaded:
        package("numpy")
    sign, width = data.draw(SIGNS), data.draw(st.sampled_from((*WIDTHS, 128)))
    rows = rows_of(data, sign, width, nulls=True)
    dtype = getattr(pl, f"{sign}{width}".replace("ui", "UI").replace("int", "Int"))
    parts = [pl.Series(part, dtype=dtype) for part in cut(data, rows)]
    first, last = part_of(data, rows)
    column = pl.concat(parts, rechunk=False)[first:last]
    with pytest.MonkeyPatch.context() as patch:
        if not is_numpy_loaded:
            without_numpy(patch)
        check(column, rows[first:last])


@pytest.mark.parametrize("is_numpy_loaded", [True, False])
@random_columns
def test_random_pyarrow_columns(is_numpy_loaded, data):
    pa = package("pyarrow")
    if is_numpy_loaded:
        package("numpy")
    sign, width = data.draw(SIGNS), data.draw(st.sampled_from(WIDTHS))
    dtype = f"{sign}{width}"
    rows = rows_of(data, sign, width, nulls=True)
    first, last = part_of(data, rows)
    whole = pa.array(rows, dtype)
    chunked = pa.chunked_array([pa.array(part, dtype) for part in cut(data, rows)], dtype)
    with pytest.MonkeyPatch.context() as patch:
        if not is_numpy_loaded:
            without_numpy(patch)
        check(whole[first:last], rows[first:last])
        check(chunked[first:last], rows[first:last])


@pytest.mark.parametrize("size", [1, 2, 4, 8])
@pytest.mark.parametrize("is_signed", [True, False])
@pytest.mark.parametrize("byteorder", ["little", "big"])
def test_the_two_ways_to_narrow_agree(size, is_signed, byteorder):
    np = package("numpy")
    edges = [0, 1, 22, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 1 << 31, 1 << 32, 1 << 40]
    first, last = (
        (-(1 << 8 * size - 1), (1 << 8 * size - 1) - 1) if is_signed else (0, (1 << 8 * size) - 1)
    )
    rows = sorted({each for edge in edges for each in (edge, -edge, last - edge, first + edge)})
    rows = [row for row in rows if first <= row <= last]
    octets = b"".join(row.to_bytes(size, byteorder, signed=is_signed) for row in rows)
    dtype = f"{'<>'[byteorder == 'big']}{'ui'[is_signed]}{size}"
    one = columns.narrow_octets(octets, size, byteorder, is_signed=is_signed)
    other = columns.narrow_array(np.frombuffer(octets, dtype))
    marks = bytes(255 * (not is_port(row)) for row in rows)
    for piece in (one, other):
        assert (piece.invalid or bytes(len(rows))) == marks
        ports = piece.array(np).tolist()
        assert [port for port, mark in zip(ports, marks, strict=True) if not mark] == [
            row for row in rows if is_port(row)
        ]
