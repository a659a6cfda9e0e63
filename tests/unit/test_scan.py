"""Many ports at once: every plan against the table, every form of ports."""

from __future__ import annotations

import mmap
import random
import sys
import tracemalloc
from array import array
from itertools import chain, repeat

import pytest

from portranges import (
    Category,
    InvalidPortError,
    PortRange,
    PortSet,
    chunks,
    classify_many,
    columns,
    scan,
)
from portranges.categories import count_by_category
from portranges.ports import check_port

SIZE = 65536
EVERY = range(SIZE)
LITTLE = b"".join(port.to_bytes(2, "little") for port in EVERY)
BIG = b"".join(port.to_bytes(2, "big") for port in EVERY)
OTHER = "big" if sys.byteorder == "little" else "little"
NATIVE = {"little": LITTLE, "big": BIG}[sys.byteorder]


def table_of(ports, one=1, zero=0):
    """The table of a set, by a loop."""
    wanted = set(ports)
    return bytes(one if port in wanted else zero for port in EVERY)


def category_codes():
    return bytes(0 if port < 1024 else 1 if port < 49152 else 2 for port in EVERY)


def of_ranges(seed, number):
    rng = random.Random(seed)
    edges = sorted(rng.sample(EVERY, 2 * number))
    return chain.from_iterable(
        range(first, last) for first, last in zip(edges[::2], edges[1::2], strict=True)
    )


def of_singles(seed, number, below):
    return random.Random(seed).sample(range(below), number)


TABLES = {
    "nothing": (bytes(SIZE), "high byte"),
    "everything": (b"\1" * SIZE, "high byte"),
    "one value": (b"\xff" * SIZE, "high byte"),
    "categories": (category_codes(), "high byte"),
    "high bytes": (bytes(port >> 8 for port in EVERY), "high byte"),
    "low bytes, halved": (bytes(port >> 4 & 15 for port in EVERY), "two digits"),
    "a port": (table_of([443]), "two digits"),
    "port 0": (table_of([0]), "two digits"),
    "port 65535": (table_of([65535]), "two digits"),
    "all but one": (table_of(set(EVERY) - {80}), "two digits"),
    "linux": (table_of(range(32768, 61000)), "two digits"),
    "a firewall's": (table_of([22, 80, 443, *range(8000, 8101)]), "two digits"),
    "other values": (table_of([22, 80, *range(8000, 8101)], 255, 7), "two digits"),
    "20 ranges": (table_of(of_ranges(1, 20)), "edges"),
    "20 ranges, other values": (table_of(of_ranges(2, 20), 0, 9), "edges"),
    "60 ranges": (table_of(of_ranges(3, 60)), "edges"),
    "200 ranges": (table_of(of_ranges(4, 200)), "edges"),
    "starts with ones": (table_of([*range(300), *of_ranges(5, 20)]), "edges"),
    "40 low ports": (table_of(of_singles(6, 40, 4096)), "parity"),
    "40 ports, other values": (table_of(of_singles(7, 40, 4096), 3, 200), "parity"),
    "odd ports above 1000": (table_of(range(1001, SIZE, 2)), "two digits"),
    "60 random ports": (table_of(of_singles(12, 60, SIZE)), "edges"),
    "1,000 random ports": (table_of(of_singles(13, 1000, SIZE)), "one by one"),
    "3,000 random ports": (table_of(of_singles(14, 3000, SIZE)), "one by one"),
    "200 system ports": (table_of(of_singles(15, 200, 1024)), "parity"),
    "noise": (random.Random(8).randbytes(SIZE), "one by one"),
    "noise of two values": (table_of(of_singles(9, 30000, SIZE)), "one by one"),
    "three values": (
        bytes(chain.from_iterable(repeat(n % 3, 331) for n in range(198)))[:SIZE],
        "one by one",
    ),
}


@pytest.mark.parametrize(("table", "name"), TABLES.values(), ids=TABLES)
def test_every_plan_answers_as_the_table_does(table, name):
    plan = scan.plan_of(table)
    assert plan.name == name
    assert plan.table == table
    for octets, byteorder in ((LITTLE, "little"), (BIG, "big")):
        reader = columns.PortReader(octets, byteorder=byteorder, check=check_port)
        assert scan.look_up_all(plan, reader) == table
        reader = columns.PortReader(memoryview(octets), byteorder=byteorder, check=check_port)
        assert b"".join(scan.look_up(plan, reader)) == table


@pytest.mark.parametrize(("table", "name"), TABLES.values(), ids=TABLES)
def test_every_plan_answers_in_the_order_of_the_ports(table, name):
    # Longer than a piece, and no multiple of one.
    rng = random.Random(10)
    ports = array("H", [rng.randrange(SIZE) for _ in range(chunks.PIECE + 10_003)])
    reader = columns.PortReader(ports, check=check_port)
    expected = bytes(table[port] for port in ports)
    assert scan.look_up_all(scan.plan_of(table), reader) == expected
    in_bytes = columns.PortReader(ports.tobytes(), check=check_port)
    assert scan.look_up_all(scan.plan_of(table), in_bytes) == expected


def test_ports_that_are_many_bytes_are_read_in_pieces(monkeypatch):
    monkeypatch.setattr(scan, "_WHOLE", 1000)
    for table, _ in TABLES.values():
        reader = columns.PortReader(LITTLE, byteorder="little", check=check_port)
        assert scan.look_up_all(scan.plan_of(table), reader) == table


@pytest.mark.parametrize("name", ["edges", "parity"])
def test_the_two_plans_on_integers_agree_with_each_other(name, monkeypatch):
    # Whatever the costs say, both take any table of two values.
    table = table_of(of_ranges(11, 9))
    rows = [table[start : start + 256] for start in range(0, SIZE, 256)]
    if name == "edges":
        plan = scan._Edges(table, [0, 1], scan._edges(rows, [0, 1]))
    else:
        plan = scan._Parity(table, [0, 1], *scan._products(rows, 1, 256))
    assert plan.answer(LITTLE, 0) == table
    assert plan.answer(BIG, 1) == table


def test_a_table_has_one_entry_per_port():
    with pytest.raises(ValueError, match=r"^a table must have 65536 bytes, got 3$"):
        scan.plan_of(b"abc")


SET = PortSet.parse("22,80,443,8000-8100,32768-60999")
PORTS = [0, 22, 23, 443, 8050, 8101, 40000, 65535]
ANSWER = bytes([0, 1, 0, 1, 1, 0, 1, 0])
AS_NATIVE = array("H", PORTS).tobytes()
AS_OTHER = b"".join(port.to_bytes(2, OTHER) for port in PORTS)


def swapped(ports):
    made = array("H", ports)
    made.byteswap()
    return made


def with_gaps(ports):
    """A buffer whose every second item is a port."""
    return memoryview(array("H", chain.from_iterable((port, 80) for port in ports)))[::2]


FORMS = {
    "bytes": lambda: AS_NATIVE,
    "bytearray": lambda: bytearray(AS_NATIVE),
    "memoryview of bytes": lambda: memoryview(AS_NATIVE),
    "signed bytes": lambda: memoryview(AS_NATIVE).cast("b"),
    "array": lambda: array("H", PORTS),
    "memoryview of an array": lambda: memoryview(array("H", PORTS)),
    "cast": lambda: memoryview(AS_NATIVE).cast("H"),
    "not contiguous": lambda: with_gaps(PORTS),
    "backwards": lambda: memoryview(array("H", PORTS[::-1]))[::-1],
    "list": lambda: PORTS,
    "tuple": lambda: tuple(PORTS),
    "generator": lambda: (port for port in PORTS),
    "dict": lambda: dict.fromkeys(PORTS),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_type_of_ports_is_accepted(form):
    assert SET.contains_many(form()) == ANSWER
    assert SET.count_many(form()) == sum(ANSWER)
    assert classify_many(form()) == b"\0\0\0\0\1\1\1\2"
    assert count_by_category(form()) == {
        Category.SYSTEM: 4,
        Category.USER: 3,
        Category.DYNAMIC: 1,
    }


@pytest.mark.parametrize("ports", [AS_OTHER, bytearray(AS_OTHER), swapped(PORTS)])
def test_a_buffer_in_the_other_byte_order(ports):
    assert SET.contains_many(ports, byteorder=OTHER) == ANSWER
    assert SET.count_many(ports, byteorder=OTHER) == sum(ANSWER)
    assert classify_many(ports, byteorder=OTHER) == b"\0\0\0\0\1\1\1\2"
    assert sum(count_by_category(ports, byteorder=OTHER).values()) == len(PORTS)


def test_the_byte_order_does_not_matter_for_integers():
    assert SET.contains_many(PORTS, byteorder=OTHER) == ANSWER


def test_ranges_and_sets_are_iterables_of_ports():
    assert SET.contains_many(PortRange(79, 81)) == b"\0\1\0"
    assert SET.count_many(SET) == len(SET)


@pytest.mark.parametrize("nothing", [b"", bytearray(), array("H"), [], iter(())])
def test_no_ports_give_an_empty_result(nothing):
    assert SET.contains_many(nothing) == b""
    assert SET.count_many(nothing) == 0


def test_a_map_of_a_file_is_read_through_a_view(tmp_path):
    path = tmp_path / "ports"
    path.write_bytes(AS_NATIVE)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        with memoryview(mapped) as view:
            assert SET.contains_many(view) == ANSWER
        with pytest.raises(TypeError, match="got mmap of format 'B'"):
            SET.contains_many(mapped)


class TestRefusals:
    @pytest.mark.parametrize(
        ("ports", "message"),
        [
            ("80", "ports must not be a str; PortSet.parse() reads text"),
            (
                80,
                "ports must be a buffer or a column of integers, bytes, or an iterable of "
                "integers, got int",
            ),
            (
                None,
                "ports must be a buffer or a column of integers, bytes, or an iterable of "
                "integers, got NoneType",
            ),
            (array("d", [80]), "ports must be integers, got array of format 'd'"),
            (memoryview(b"").cast("f"), "ports must be integers, got memoryview of format 'f'"),
            ([80, "80"], "port must be an integer, got str '80'; parse_port() reads text"),
            ([80, True], "port must be an integer, got bool True"),
            ([80.0], "port must be an integer, got float 80.0"),
        ],
    )
    def test_ports_of_another_type(self, ports, message):
        for ask in (SET.contains_many, SET.count_many, classify_many, count_by_category):
            with pytest.raises(TypeError) as caught:
                ask(ports)
            assert str(caught.value) == message

    @pytest.mark.parametrize("port", [-1, 65536, 1 << 70, -(1 << 70)])
    def test_a_number_outside_the_range(self, port):
        with pytest.raises(InvalidPortError, match=r"^port must be in 0\.\.65535, got "):
            SET.contains_many([80, port])
        with pytest.raises(InvalidPortError):
            SET.count_many(chain(repeat(80, chunks.PIECE + 1), [port]))

    def test_bytes_of_odd_length(self):
        with pytest.raises(ValueError, match=r"^ports must have two bytes each, got 3 bytes$"):
            SET.contains_many(b"abc")

    @pytest.mark.parametrize("byteorder", ["network", "", "LITTLE"])
    def test_an_unknown_byte_order(self, byteorder):
        with pytest.raises(ValueError) as caught:
            classify_many(b"", byteorder=byteorder)
        assert str(caught.value) == f"byteorder must be 'little' or 'big', got {byteorder!r}"
        with pytest.raises(TypeError, match=r"^byteorder must be a str, got NoneType None$"):
            classify_many(b"", byteorder=None)

    def test_an_object_with_an_index_is_an_integer(self):
        class Port:
            def __index__(self):
                return 443

        assert SET.contains_many([Port(), 23]) == b"\1\0"


class TestCaches:
    def test_a_set_keeps_its_plan_which_changes_neither_repr_nor_hash(self):
        ports = PortSet.parse("22,80")
        before = repr(ports), hash(ports)
        ports.contains_many([22])
        plan = ports._plan
        ports.count_many([22])
        assert ports._plan is plan
        assert (repr(ports), hash(ports)) == before
        assert ports == PortSet([22, 80])


def test_a_stream_is_counted_in_bounded_memory():
    def peak(number):
        tracemalloc.start()
        assert SET.count_many(repeat(80, number)) == number
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(1000)
    assert peak(20 * chunks.PIECE) < 1.5 * peak(2 * chunks.PIECE)


def test_a_buffer_is_counted_in_bounded_memory():
    ports = bytes(4_000_000)
    tracemalloc.start()
    SET.count_many(ports)
    count_by_category(ports)
    top = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert top < 2_000_000


@pytest.fixture
def np():
    return pytest.importorskip("numpy", reason="numpy is not installed: its arrays are not tried")


class TestNumpy:
    @pytest.mark.parametrize(
        "ports", [SET, PortSet.parse("49152-65535"), PortSet(range(0, 999, 7))]
    )
    def test_an_array_of_uint16(self, np, ports):
        values = np.arange(SIZE, dtype="uint16")
        assert ports.contains_many(values) == ports.table
        assert ports.contains_many(values[::-3]) == ports.table[::-3]
        assert ports.count_many(values) == len(ports)

    @pytest.mark.parametrize(("dtype", "byteorder"), [("<u2", "little"), (">u2", "big")])
    def test_the_byte_order_of_an_array_overrides_the_argument(self, np, dtype, byteorder):
        values = np.array(PORTS, dtype)
        assert SET.contains_many(values, byteorder=byteorder) == ANSWER
        assert SET.contains_many(values) == ANSWER

    def test_an_array_whose_bytes_are_in_the_other_order(self, np):
        values = np.frombuffer(AS_OTHER, "uint16")
        assert SET.contains_many(values, byteorder=OTHER) == ANSWER

    def test_a_number_is_not_an_array(self, np):
        with pytest.raises(TypeError, match="at least one dimension, got 0"):
            SET.contains_many(np.uint16(80))
        with pytest.raises(TypeError, match="at least one dimension, got 0"):
            SET.contains_many(np.array(80))

    def test_a_list_of_numpy_integers(self, np):
        assert SET.contains_many(list(np.array(PORTS))) == ANSWER

    def test_the_buffers_of_polars_and_pyarrow_are_accepted(self, np):
        polars = pytest.importorskip("polars", reason="polars is not installed")
        series = polars.Series(PORTS, dtype=polars.UInt16)
        assert SET.contains_many(series.to_numpy()) == ANSWER
        arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
        buffer = arrow.array(PORTS, arrow.uint16()).buffers()[1]
        assert SET.contains_many(memoryview(buffer)[: 2 * len(PORTS)]) == ANSWER
