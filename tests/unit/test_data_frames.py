"""Columns of data frames, and the errors for what is not a column of ports."""

from __future__ import annotations

import operator
import subprocess
import sys
import tracemalloc
from array import array
from decimal import Decimal
from pathlib import Path

import pytest

import portranges
from portranges import Category, InvalidPortError, PortSet, classify_many
from portranges.categories import ABSENT, count_by_category
from portranges.chunks import PIECE
from portranges.flows import server_side_many

SET = PortSet.parse("22,80,443,8000-8100,32768-60999")
PORTS = [0, 22, 23, 443, 8050, 8101, 40000, 65535]
ANSWER = bytes([0, 1, 0, 1, 1, 0, 1, 0])
ROWS = [22, None, 50000, 80]


def package(name):
    return pytest.importorskip(name, reason=f"NOT CHECKED: {name} is not installed")


@pytest.fixture
def np():
    return package("numpy")


@pytest.fixture
def pd():
    return package("pandas")


@pytest.fixture
def pl():
    return package("polars")


@pytest.fixture
def pa():
    return package("pyarrow")


def refusal(ports, kind=TypeError, **keywords):
    """The message with which every function refuses *ports*."""
    messages = set()
    for ask in (
        SET.contains_many,
        SET.count_many,
        classify_many,
        count_by_category,
        lambda value, **more: server_side_many(value, [443], **more),
    ):
        with pytest.raises(kind) as caught:
            ask(ports, **keywords)
        messages.add(str(caught.value))
    (message,) = messages
    return message


class TestInvalid:
    def test_null_and_numbers_outside_the_range_are_absent(self):
        rows = [22, None, 70000, -1, 1 << 70, 50000]
        assert SET.contains_many(rows, invalid="absent") == b"\1\0\0\0\0\1"
        assert SET.count_many(rows, invalid="absent") == 2
        assert classify_many(rows, invalid="absent") == b"\0\xff\xff\xff\xff\2"
        assert count_by_category(rows, invalid="absent") == {
            Category.SYSTEM: 1,
            Category.USER: 0,
            Category.DYNAMIC: 1,
            None: 4,
        }
        assert server_side_many(rows, [50000] * 6, invalid="absent") == b"\1\xff\xff\xff\xff\0"
        assert server_side_many([50000] * 6, rows, invalid="absent") == b"\2\xff\xff\xff\xff\0"
        assert ABSENT == 255

    def test_a_column_without_invalid_rows(self):
        assert count_by_category(array("q", PORTS), invalid="absent")[None] == 0
        assert None not in count_by_category(PORTS)

    def test_a_set_with_port_0_does_not_contain_null(self):
        assert PortSet.full().contains_many([0, None], invalid="absent") == b"\1\0"

    def test_an_error_names_the_first_position(self):
        far = [80] * (PIECE + 3)
        assert refusal([80, 70000, -1], InvalidPortError) == (
            "port must be in 0..65535, got 70000 at position 1"
        )
        assert refusal([*far, -1], InvalidPortError) == (
            f"port must be in 0..65535, got -1 at position {PIECE + 3}"
        )
        assert refusal(array("q", [*far, 1 << 40]), InvalidPortError) == (
            f"port must be in 0..65535, got 1099511627776 at position {PIECE + 3}"
        )
        assert refusal([*far, None]) == (
            f"port must be an integer, got None at position {PIECE + 3}; "
            "invalid='absent' accepts nulls"
        )

    def test_the_error_has_the_value_and_the_position(self):
        with pytest.raises(InvalidPortError) as caught:
            classify_many(array("h", [1, 2, -3]))
        assert (caught.value.value, caught.value.position) == (-3, 2)
        assert InvalidPortError(70000).position is None

    def test_what_is_not_an_integer_is_never_accepted(self):
        for item, message in {
            "80": "port must be an integer, got str '80'; parse_port() reads text",
            80.0: "port must be an integer, got float 80.0",
            True: "port must be an integer, got bool True",
        }.items():
            for invalid in ("raise", "absent"):
                assert refusal([22, item], invalid=invalid) == message

    def test_an_unknown_value_of_invalid_is_refused(self):
        message = "invalid must be 'raise' or 'absent', got 'ignore'"
        assert refusal([80], ValueError, invalid="ignore") == message
        assert refusal([80], invalid=None) == "invalid must be a str, got NoneType None"


class TestBuffers:
    @pytest.mark.parametrize("letter", "BHILQbhilq")
    def test_an_array_of_every_letter_is_read(self, letter):
        ports = [port for port in PORTS if port < 1 << 8 * array(letter).itemsize - 1]
        column = array(letter, ports)
        assert SET.contains_many(column) == SET.contains_many(ports)
        if letter not in "bB":
            # A view of single bytes is read as two bytes per port.
            backwards = SET.contains_many(ports[::-1])
            assert SET.contains_many(memoryview(column)[::-1]) == backwards

    @pytest.mark.parametrize("letter", "HILQhilq")
    def test_two_dimensions_are_read_row_by_row(self, letter):
        view = memoryview(array(letter, [22, 23, 80, 443, 8050, 8101])).cast("B")
        assert SET.contains_many(view.cast(letter, (2, 3))) == b"\1\0\1\1\1\0"

    def test_bytes_in_two_dimensions_and_with_gaps(self):
        octets = array("H", [22, 23, 80, 443]).tobytes()
        assert SET.contains_many(memoryview(octets).cast("B", (2, 4))) == b"\1\0\1\1"
        assert SET.contains_many(memoryview(octets[::-1])[::-1]) == b"\1\0\1\1"

    @pytest.mark.parametrize("letter", "HIQhiq")
    def test_the_other_byte_order(self, letter):
        column = array(letter, [22, 23, 443])
        column.byteswap()
        other = "big" if sys.byteorder == "little" else "little"
        assert SET.contains_many(column, byteorder=other) == b"\1\0\1"


class TestNumpy:
    def test_two_dimensions_are_read_row_by_row(self, np):
        values = np.array([[22, 23], [80, 443]])
        assert SET.contains_many(values) == b"\1\0\1\1"
        assert SET.contains_many(values.T) == b"\1\1\0\1"
        assert SET.contains_many(np.zeros((0, 3), "int32")) == b""

    def test_a_masked_array(self, np):
        values = np.ma.MaskedArray([22, 70000, 80], mask=[False, True, False])
        assert SET.contains_many(values, invalid="absent") == b"\1\0\1"
        assert "null at position 1" in refusal(values, ValueError)
        assert SET.contains_many(np.ma.MaskedArray([22, 23])) == b"\1\0"

    @pytest.mark.parametrize(
        ("dtype", "hint"),
        [
            (
                "float64",
                "; a column with nulls becomes floating point in numpy, so pass the column itself",
            ),
            ("object", "; pass its numbers as a list to have each of them checked"),
            ("bool", ""),
            ("<U5", ""),
            ("datetime64[D]", ""),
            ("complex128", ""),
        ],
    )
    def test_other_arrays_are_refused(self, np, dtype, hint):
        message = f"ports must be integers, got a numpy array of {dtype}{hint}"
        assert refusal(np.zeros(2, dtype)) == message
        assert refusal(np.zeros(2, dtype), invalid="absent") == message

    def test_what_numpy_reads_as_an_array(self, np):
        class Column:
            def __array__(self, dtype=None, copy=None):
                return np.array([22, 23])

        assert SET.contains_many(Column()) == b"\1\0"
        assert SET.contains_many(SET) == b"\1" * len(SET)

    def test_a_set_as_an_array(self, np):
        for text in ("", "0", "65535", "22,80,8000-8100", "0-65535"):
            ports = PortSet.parse(text) if text else PortSet()
            values = np.asarray(ports)
            assert (values.dtype, values.tolist()) == (np.dtype("uint16"), list(ports))
        assert np.array(SET, "int64").dtype == np.int64
        assert np.isin(np.array(PORTS), SET).tobytes() == ANSWER
        with pytest.raises(TypeError, match="Cannot cast"):
            np.asarray(SET, "uint8")
        message = r"^a PortSet is copied to make an array; got copy=False$"
        with pytest.raises(ValueError, match=message):
            np.array(SET, copy=False)

    @pytest.mark.parametrize("name", ["or_", "and_", "sub", "xor", "le", "lt", "ge", "gt"])
    def test_an_array_is_no_operand(self, np, name):
        operation = getattr(operator, name)
        for other in (np.array([22]), np.array(PORTS), np.int64(22)):
            for operands in ((SET, other), (other, SET)):
                with pytest.raises(TypeError, match=r"not support|unsupported operand"):
                    operation(*operands)
        assert operation(SET, PortSet(np.array([22]))) == operation(SET, PortSet([22]))

    def test_an_array_is_not_equal(self, np):
        other = np.asarray(SET)
        assert (SET == other, other == SET, SET != other, other != SET) == (0, 0, 1, 1)

    def test_a_view_without_the_integers_in_between(self, np):
        frame = np.arange(30).reshape(10, 3)
        assert classify_many(frame[:, 1]) == bytes(10)


class TestPandas:
    @pytest.mark.parametrize("dtype", ["UInt16", "Int64", "uint16[pyarrow]", "int64[pyarrow]"])
    def test_nulls_of_pandas_are_absent(self, pd, dtype):
        if "arrow" in dtype:
            package("pyarrow")
        column = pd.Series(ROWS, dtype=dtype)
        for ports in (column, column.array, pd.Index(column)):
            assert classify_many(ports, invalid="absent") == b"\0\xff\2\0"
            assert "null at position 1" in refusal(ports, ValueError)
        assert classify_many(column[2:]) == b"\2\0"

    def test_columns_without_nulls(self, pd):
        frame = pd.DataFrame({"a": PORTS, "b": PORTS[::-1]})
        assert SET.contains_many(frame["b"]) == ANSWER[::-1]
        assert SET.contains_many(frame.set_index("a").index) == ANSWER
        assert SET.contains_many(pd.RangeIndex(22, 24)) == b"\1\0"
        assert SET.contains_many(pd.Series(PORTS, dtype="uint16").array) == ANSWER
        sparse = pd.Series(pd.arrays.SparseArray(PORTS))
        assert SET.contains_many(sparse) == ANSWER
        assert server_side_many(frame["a"], frame["b"]) == server_side_many(PORTS, PORTS[::-1])

    def test_a_null_makes_a_column_of_numbers_with_a_fraction(self, pd):
        column = pd.Series(ROWS)
        assert refusal(column) == (
            "ports must be integers, got a pandas column of float64; nulls turn a column into "
            "floating point: astype('Int64') restores the integers"
        )
        assert SET.contains_many(column.astype("Int64"), invalid="absent") == b"\1\0\1\1"

    @pytest.mark.parametrize("dtype", ["object", "str"])
    def test_objects_and_text(self, pd, dtype):
        column = pd.Series(["22", "23"] if dtype == "str" else [22, 23, None], dtype=dtype)
        message = f"got a pandas column of {column.dtype}; astype('Int64') converts it"
        assert refusal(column) == f"ports must be integers, {message}"
        assert SET.contains_many(column.astype("Int64"), invalid="absent")[:2] == b"\1\0"

    def test_a_categorical_column_is_refused_with_a_hint(self, pd):
        column = pd.Series([22, 23, 22], dtype="category")
        assert refusal(column).endswith("of category; astype('Int64') converts it")
        assert SET.contains_many(column.astype("Int64")) == b"\1\0\1"

    @pytest.mark.parametrize("dtype", ["bool", "datetime64[ns]", "timedelta64[ns]", "boolean"])
    def test_others_are_refused(self, pd, dtype):
        column = pd.Series([0, 1], dtype="int64").astype(dtype)
        assert refusal(column) == f"ports must be integers, got a pandas column of {dtype}"

    def test_more_than_one_column(self, pd):
        frame = pd.DataFrame({"a": [22], "b": [80]})
        assert refusal(frame) == "ports must be one column, got a DataFrame"
        assert "got a numpy array of object" in refusal(pd.MultiIndex.from_frame(frame))


class TestPolars:
    def test_nulls_and_chunks(self, pl):
        one, other = pl.Series(ROWS), pl.Series([None, 70000, 22])
        column = pl.concat([one, other], rechunk=False)
        assert column.n_chunks() == 2
        assert classify_many(column, invalid="absent") == b"\0\xff\2\0\xff\xff\0"
        assert "null at position 1" in refusal(column, ValueError)
        column = pl.concat([pl.Series([22, 80]), other[1:]], rechunk=False)
        assert refusal(column, InvalidPortError).endswith("got 70000 at position 2")
        assert SET.contains_many(pl.Series([None, None]), invalid="absent") == b"\0\0"
        assert SET.contains_many(pl.Series([], dtype=pl.UInt16)) == b""

    def test_other_columns_are_refused(self, pl):
        assert refusal(pl.Series([22.0])) == (
            "ports must be integers, got a polars column of Float64; polars keeps nulls in "
            "integer columns: read it as integers"
        )
        assert refusal(pl.Series(["22"])) == (
            "ports must be integers, got a polars column of String; cast(polars.UInt16) converts it"
        )
        assert SET.contains_many(pl.Series(["22", None]).cast(pl.UInt16), invalid="absent") == (
            b"\1\0"
        )
        for column in (
            pl.Series([True]),
            pl.Series([Decimal(1)]),
            pl.Series(["a"], dtype=pl.Categorical),
            pl.Series([[22]]),
        ):
            message = f"ports must be integers, got a polars column of {column.dtype}"
            assert refusal(column) == message

    def test_more_than_one_column(self, pl):
        frame = pl.DataFrame({"a": [22]})
        assert refusal(frame) == "ports must be one column, got a DataFrame"
        assert refusal(frame.lazy()) == "ports must be one column, got a LazyFrame"


class TestPyarrow:
    def test_nulls_and_chunks(self, pa):
        column = pa.chunked_array([ROWS, [], [None, 70000, 22]])
        assert classify_many(column, invalid="absent") == b"\0\xff\2\0\xff\xff\0"
        assert classify_many(column.chunk(0), invalid="absent") == b"\0\xff\2\0"
        assert "null at position 1" in refusal(column, ValueError)
        assert refusal(column[5:], InvalidPortError).endswith("got 70000 at position 0")
        assert SET.contains_many(pa.nulls(2), invalid="absent") == b"\0\0"
        assert SET.contains_many(pa.array([], pa.uint16())) == b""
        assert SET.contains_many(pa.chunked_array([], pa.int8())) == b""

    def test_other_columns_are_refused(self, pa):
        for column in (pa.array([22.0]), pa.array(["22"]), pa.array([22]).dictionary_encode()):
            assert refusal(column) == (
                f"ports must be integers, got a pyarrow column of {column.type}; "
                "cast('uint16') converts it"
            )
            assert SET.contains_many(column.cast("uint16")) == b"\1"

    def test_more_than_one_column(self, pa):
        table = pa.table({"a": [22]})
        assert refusal(table) == "ports must be one column, got a Table"
        (batch,) = table.to_batches()
        assert refusal(batch) == "ports must be one column, got a RecordBatch"


def test_no_package_is_imported():
    program = f"""
import sys
sys.path.insert(0, {str(Path(portranges.__file__).parents[1])!r})
from array import array
from portranges import PortSet, classify_many
from portranges.flows import server_side_many
assert classify_many(array("q", [80, 8080])) == bytes([0, 1])
assert server_side_many(array("i", [443]), [51514]) == bytes([1])
assert not {{"numpy", "pandas", "polars", "pyarrow"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


# Without numpy, which the packages that are tried here must not load by themselves.
ALONE = """
import sys
sys.path.insert(0, {source!r})
sys.modules["numpy"] = None
import {package} as package
from portranges import PortSet, classify_many
from portranges.flows import server_side_many
expected = b"\\0\\xff\\2\\0\\xff\\xff\\1" * 20000
rows = [22, None, 50000, 80, 70000, -1, 8080] * 20000
for dtype in {dtypes}:
    few = [row for row in rows[:7] if row is None or -1 < row < 65536]
    column = {column}(rows, dtype)
    assert classify_many(column, invalid="absent") == expected, dtype
    assert classify_many(column[3:9], invalid="absent") == expected[3:9]
    assert server_side_many(column, [443] * len(rows), invalid="absent")[1] == 255
for dtype in {unsigned}:
    column = {column}([22, None, 50000] * 99999, dtype)
    assert classify_many(column, invalid="absent") == b"\\0\\xff\\2" * 99999
    assert PortSet([22]).count_many(column[5:], invalid="absent") == 99997
"""


@pytest.mark.parametrize(
    ("name", "column", "dtypes", "unsigned"),
    [
        (
            "polars",
            "(lambda rows, dtype: package.Series(rows, dtype=dtype))",
            "(package.Int32, package.Int64, package.Int128)",
            "(package.UInt16, package.UInt32, package.UInt64)",
        ),
        (
            "pyarrow",
            "package.array",
            "(package.int32(), package.int64())",
            "(package.uint16(), package.uint32(), package.uint64())",
        ),
    ],
)
def test_a_package_without_numpy(name, column, dtypes, unsigned):
    package(name)
    source = str(Path(portranges.__file__).parents[1])
    program = ALONE.format(
        source=source, package=name, column=column, dtypes=dtypes, unsigned=unsigned
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_column_is_read_in_bounded_memory(np):
    column = np.full(3_000_000, 80)
    tracemalloc.start()
    SET.count_many(column)
    count_by_category(column)
    top = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert top < 3_000_000
