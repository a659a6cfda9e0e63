from __future__ import annotations

import copy
import pickle
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import oracle
from foreign import Index
from portranges import (
    InvalidPortError,
    InvalidRangeError,
    MaskedPort,
    PortRange,
    PortSet,
    PortSyntaxError,
)
from portranges.portset import _FEW_EDGES, _FEW_RANGES, _PIECE, PENDING, compact


class TestConstructor:
    def test_no_arguments_give_the_empty_set(self) -> None:
        assert PortSet() == PortSet(()) == PortSet([]) == PortSet.empty()

    def test_a_mixture_of_ports_ranges_and_sets(self) -> None:
        items: list[Any] = [
            443,
            PortRange(8000, 8100),
            range(20, 23),
            PortSet([80, 8101]),
            Index(25),
            443,
        ]
        assert str(PortSet(items)) == "20-22,25,80,443,8000-8101"

    @pytest.mark.parametrize(
        "items",
        [
            (80, 81),
            [81, 80, 80],
            {80, 81},
            frozenset({80, 81}),
            {80: "http", 81: "other"},
            {80: 0, 81: 0}.keys(),
            range(80, 82),
            range(81, 79, -1),
            PortRange(80, 81),
            PortSet([80, 81]),
            [range(80, 81), range(81, 82)],
        ],
    )
    def test_any_iterable_is_accepted(self, items: Any) -> None:
        assert str(PortSet(items)) == "80-81"

    def test_a_generator_is_read_once(self) -> None:
        def generate() -> Iterator[int]:
            yield from (80, 81)

        assert PortSet(generate()) == PortSet([80, 81])

    @pytest.mark.parametrize(
        "ports",
        [
            range(0),
            range(65536),
            range(65535, -1, -1),
            range(0, 65536, 2),
            range(65535, -1, -3),
            range(1, 65536, 65533),
            range(5, 4),
            range(80, 81, 10**30),
        ],
    )
    def test_a_builtin_range(self, ports: range) -> None:
        model = frozenset(ports)
        assert PortSet(ports).to_int() == PortSet([ports]).to_int() == oracle.bits(model)

    @pytest.mark.parametrize(
        ("ports", "port"),
        [
            (range(-1, 9), -1),
            (range(65536, 65540), 65536),
            (range(65537), 65536),
            (range(0, 10**30, 2), 10**30 - 2),
            (range(9, -3, -2), -1),
        ],
    )
    def test_a_builtin_range_with_numbers_that_are_not_ports_is_refused(
        self, ports: range, port: int
    ) -> None:
        for items in (ports, [ports]):
            with pytest.raises(InvalidPortError) as caught:
                PortSet(items)
            assert caught.value.value == port

    @pytest.mark.parametrize("items", ["", "80", "22,80"])
    def test_a_text_is_refused_with_a_hint_at_the_parser(self, items: Any) -> None:
        with pytest.raises(TypeError) as caught:
            PortSet(items)
        assert str(caught.value) == "items must not be a str; PortSet.parse() reads text"

    @pytest.mark.parametrize("items", [b"80", bytearray(b"22,80")])
    def test_bytes_are_a_text_too(self, items: Any) -> None:
        # As integers, b"80" would be the ports 56 and 48.
        with pytest.raises(TypeError, match=r"^items must not be a byte.*PortSet\.parse\(\)"):
            PortSet(items)

    @pytest.mark.parametrize(
        ("items", "message"),
        [
            (80, "items must be an iterable of ports, got int 80"),
            (True, "items must be an iterable of ports, got bool True"),
            (80.0, "items must be an iterable of ports, got float 80.0"),
            (None, "items must be an iterable of ports, got NoneType None"),
            (
                MaskedPort(80, 65535),
                (
                    "items must be an iterable of ports, "
                    "got MaskedPort MaskedPort(value=80, mask=65535)"
                ),
            ),
        ],
    )
    def test_a_value_that_is_not_iterable_is_refused(self, items: Any, message: str) -> None:
        with pytest.raises(TypeError) as caught:
            PortSet(items)
        assert str(caught.value) == message

    def test_an_integer_without_text_is_refused(self) -> None:
        items: Any = 10**5000
        with pytest.raises(TypeError, match=r"^items must be an iterable of ports, got int "):
            PortSet(items)

    @pytest.mark.parametrize(
        ("item", "message"),
        [
            (True, "port must be an integer, got bool True"),
            (80.0, "port must be an integer, got float 80.0"),
            (None, "port must be an integer, got NoneType None"),
            ("80", "port must be an integer, got str '80'; parse_port() reads text"),
            ((80, 90), "port must be an integer, got tuple (80, 90)"),
        ],
    )
    def test_an_item_that_is_not_a_port_is_refused(self, item: Any, message: str) -> None:
        takers: list[Callable[[Any], object]] = [
            PortSet,
            PortSet.full().union,
            PortSet.full().intersection,
            PortSet.full().difference,
            PortSet.full().symmetric_difference,
            PortSet.full().issubset,
            PortSet.full().issuperset,
            PortSet.full().isdisjoint,
        ]
        for take in takers:
            with pytest.raises(TypeError) as caught:
                take([1, item])
            assert str(caught.value) == message

    def test_an_error_of_the_iterable_is_not_caught(self) -> None:
        def broken() -> Iterator[int]:
            yield 80
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            PortSet(broken())


class TestParse:
    @pytest.mark.parametrize(
        ("text", "canonical"),
        [
            ("", ""),
            ("0", "0"),
            ("0-65535", "0-65535"),
            ("80-80", "80"),
            ("80,81", "80-81"),
            ("81,80,80", "80-81"),
            ("443, 22, 8000-8100,80", "22,80,443,8000-8100"),
            ("22   ,   80", "22,80"),
            ("8000-8100,8050-8200,8201", "8000-8201"),
        ],
    )
    def test_the_neutral_notation(self, text: str, canonical: str) -> None:
        assert str(PortSet.parse(text)) == canonical

    @pytest.mark.parametrize(
        ("text", "reason", "span"),
        [
            (",", "expected a port or 'first-last', got nothing; omit the comma", (0, 0)),
            ("80,", "expected a port or 'first-last', got nothing; omit the comma", (3, 3)),
            ("80, ", "expected a port or 'first-last', got nothing; omit the comma", (3, 4)),
            (",80", "expected a port or 'first-last', got nothing; omit the comma", (0, 0)),
            ("80,,81", "expected a port or 'first-last', got nothing; omit the comma", (3, 3)),
            ("80,  ,81", "expected a port or 'first-last', got nothing; omit the comma", (3, 5)),
            (" ", "expected a port or 'first-last', got ' '", (0, 1)),
            (" 80", "expected a port or 'first-last', got ' 80'; write 80", (0, 3)),
            ("80 ", "expected a port or 'first-last', got '80 '; write 80", (0, 3)),
            (" 80,81", "expected a port or 'first-last', got ' 80'; write 80", (0, 3)),
            ("80,81 ", "expected a port or 'first-last', got '81 '; write 81", (3, 6)),
            ("80,\t81", r"expected a port or 'first-last', got '\t81'; write 81", (3, 6)),
            ("80,\u00a081", r"expected a port or 'first-last', got '\xa081'; write 81", (3, 6)),
            ("22;80", "expected a port or 'first-last', got '22;80'; write 22,80", (0, 5)),
            ("80,44x3,8000-8099", "expected a port or 'first-last', got '44x3'", (3, 7)),
            ("80,  44x3  ,81", "expected a port or 'first-last', got '44x3'", (5, 9)),
            ("80, 080", "port must have no leading zero, got '080'; write 80", (4, 7)),
            ("80, 1-70000", "port must be in 0..65535, got '70000'", (6, 11)),
            ("22 80", "expected a port or 'first-last', got '22 80'; write 22,80", (0, 5)),
        ],
    )
    def test_anything_else_is_refused(self, text: str, reason: str, span: tuple[int, int]) -> None:
        with pytest.raises(PortSyntaxError) as caught:
            PortSet.parse(text)
        assert (caught.value.reason, caught.value.span) == (reason, span)
        assert caught.value.text == text
        assert caught.value.__context__ is None

    def test_a_message_in_full(self) -> None:
        with pytest.raises(PortSyntaxError) as caught:
            PortSet.parse("80,44x3,8000-8099")
        assert str(caught.value) == (
            "expected a port or 'first-last', got '44x3'\n    80,44x3,8000-8099\n       ~~~~"
        )

    @pytest.mark.slow
    def test_ten_megabytes_with_a_fault_at_the_end(self) -> None:
        text = "1," * 5_000_000
        with pytest.raises(PortSyntaxError) as caught:
            PortSet.parse(text)
        assert caught.value.reason == "expected a port or 'first-last', got nothing; omit the comma"
        assert caught.value.span == (len(text), len(text))
        line = "...," + "1," * 14
        assert str(caught.value) == f"{caught.value.reason}\n    {line}\n    {' ' * len(line)}~"

    @pytest.mark.parametrize("piece", ["1", "0", "-", " ", "x", "\x00", "\u0668"])
    def test_ten_megabytes_of_one_character(self, piece: str) -> None:
        text = piece * 10_000_000
        with pytest.raises(PortSyntaxError) as caught:
            PortSet.parse(text)
        assert caught.value.span == (0, len(text))
        assert len(str(caught.value)) < 1000

    def test_a_valid_megabyte_is_parsed(self) -> None:
        text = ",".join(["65535", "1-2", " 7 "] * 70_000 + ["9"])
        assert str(PortSet.parse(text)) == "1-2,7,9,65535"


class TestFromInt:
    def test_a_bit_is_a_port(self) -> None:
        assert PortSet.from_int(0) == PortSet.empty()
        assert PortSet.from_int(1 << 65535 | 1 << 80) == PortSet([80, 65535])
        assert PortSet.from_int(2**65536 - 1) == PortSet.full()

    @pytest.mark.parametrize(
        ("bits", "message"),
        [
            (-1, "bits must not be negative, got a negative integer"),
            (-(10**30000), "bits must not be negative, got a negative integer"),
            (2**65536, "bits must have at most 65536 bits, got an integer of 65537 bits"),
        ],
        ids=["-1", "-huge", "huge"],
    )
    def test_other_integers_are_refused(self, bits: int, message: str) -> None:
        with pytest.raises(InvalidRangeError) as caught:
            PortSet.from_int(bits)
        assert str(caught.value) == message

    @pytest.mark.parametrize(
        ("bits", "message"),
        [
            (True, "bits must be an integer, got bool True"),
            (1.0, "bits must be an integer, got float 1.0"),
            ("1", "bits must be an integer, got str '1'"),
            (None, "bits must be an integer, got NoneType None"),
        ],
    )
    def test_a_value_that_is_not_an_integer_is_refused(self, bits: Any, message: str) -> None:
        with pytest.raises(TypeError) as caught:
            PortSet.from_int(bits)
        assert str(caught.value) == message

    def test_the_class_is_final(self) -> None:
        with pytest.raises(TypeError, match=r"^PortSet must not be subclassed$"):
            type("Mine", (PortSet,), {})

    def test_a_subclass_of_int_becomes_an_int(self) -> None:
        class Subclass(int):
            pass

        made = PortSet.from_int(Subclass(6))
        assert made == PortSet([1, 2])
        assert type(made.to_int()) is int


class TestFromMasks:
    def test_no_mask_is_the_empty_set(self) -> None:
        assert PortSet.from_masks([]) == PortSet.empty()

    def test_masks_may_overlap(self) -> None:
        masks = [MaskedPort(0x3E8, 0xFFF8), MaskedPort(0x3EF, 0xFFFF), MaskedPort(0, 0xFFFE)]
        assert str(PortSet.from_masks(masks)) == "0-1,1000-1007"

    @pytest.mark.parametrize(
        ("mask", "message"),
        [
            (80, "mask must be a MaskedPort, got int 80"),
            ((80, 65535), "mask must be a MaskedPort, got tuple (80, 65535)"),
            ("0x50/0xffff", "mask must be a MaskedPort, got str '0x50/0xffff'"),
        ],
    )
    def test_a_value_that_is_not_a_mask_is_refused(self, mask: Any, message: str) -> None:
        with pytest.raises(TypeError) as caught:
            PortSet.from_masks([mask])
        assert str(caught.value) == message

    def test_an_integer_without_text_is_refused(self) -> None:
        masks: Any = [10**5000]
        with pytest.raises(TypeError, match=r"^mask must be a MaskedPort, got int "):
            PortSet.from_masks(masks)


class TestFromPsid:
    @pytest.mark.parametrize(
        ("parameters", "count", "some"),
        [
            # RFC 7597, appendix A, examples 1 and 5, and appendix B.2.
            ((6, 8, 0x34), 63, "1232-1235 2256-2259 63696-63699 64720-64723"),
            ((6, 8, 0), 63, "1024-1027 2048-2051 63488-63491 64512-64515"),
            ((0, 6, 0), 1, "0-1023"),
        ],
    )
    def test_the_examples_of_the_rfc(
        self, parameters: tuple[int, int, int], count: int, some: str
    ) -> None:
        ranges = [str(each) for each in PortSet.from_psid(*parameters).ranges]
        assert len(ranges) == count
        assert (ranges[:2] + ranges[-2:] if count > 1 else ranges) == some.split()

    def test_an_offset_of_4_excludes_the_ports_below_4096(self) -> None:
        # RFC 7597, section 5.1.
        assert PortSet.from_psid(4, 0, 0) == PortSet([PortRange(4096, 65535)])

    def test_an_address_that_is_not_shared(self) -> None:
        assert PortSet.from_psid(0, 0, 0) == PortSet.full()

    def test_a_set_of_one_port(self) -> None:
        assert PortSet.from_psid(offset=0, length=16, psid=Index(443)) == PortSet([443])

    @pytest.mark.parametrize(
        ("offset", "length", "psid", "message"),
        [
            (16, 0, 0, "offset must be in 0..15, got 16"),
            (-1, 0, 0, "offset must be in 0..15, got -1"),
            (6, 17, 0, "length must be in 0..16, got 17"),
            (6, 11, 0, "offset and length must be at most 16 together, got 6 and 11"),
            (6, 8, 256, "psid must be in 0..255, got 256"),
            (6, 0, 1, "psid must be in 0..0, got 1"),
            (6, 8, -1, "psid must be in 0..255, got -1"),
        ],
    )
    def test_parameters_out_of_bounds_are_refused(
        self, offset: int, length: int, psid: int, message: str
    ) -> None:
        with pytest.raises(InvalidRangeError) as caught:
            PortSet.from_psid(offset, length, psid)
        assert str(caught.value) == message

    @pytest.mark.parametrize("name", ["offset", "length", "psid"])
    @pytest.mark.parametrize("value", ["6", 6.0, True, None])
    def test_a_parameter_that_is_not_an_integer_is_refused(self, name: str, value: Any) -> None:
        arguments: dict[str, Any] = {"offset": 6, "length": 8, "psid": 0, name: value}
        with pytest.raises(TypeError, match=f"^{name} must be an integer, got "):
            PortSet.from_psid(**arguments)


class TestNth:
    def test_it_counts_ports(self) -> None:
        ports = PortSet.parse("80,8000-8002,65535")
        assert [ports.nth(position) for position in range(5)] == [80, 8000, 8001, 8002, 65535]
        assert [ports.nth(-1 - position) for position in range(5)] == list(reversed(list(ports)))
        assert ports.nth(Index(1)) == 8000

    @pytest.mark.parametrize(
        ("position", "message"),
        [
            (2, "position must be in -2..1, got 2"),
            (-3, "position must be in -2..1, got -3"),
        ],
    )
    def test_a_position_outside_is_refused(self, position: int, message: str) -> None:
        with pytest.raises(IndexError) as caught:
            PortSet([80, 443]).nth(position)
        assert str(caught.value) == message

    @pytest.mark.parametrize("position", [10**5000, -(10**5000)], ids=["huge", "-huge"])
    def test_a_position_without_text_is_refused(self, position: int) -> None:
        with pytest.raises(IndexError, match=r"^position must be in -2\.\.1, got -?0x"):
            PortSet([80, 443]).nth(position)

    @pytest.mark.parametrize("position", [0, -1])
    def test_the_empty_set_has_no_position(self, position: int) -> None:
        # Not "position must be in 0..-1".
        with pytest.raises(IndexError) as caught:
            PortSet.empty().nth(position)
        assert "-1.." not in str(caught.value)
        assert "..-1" not in str(caught.value)

    @pytest.mark.parametrize("position", [1.0, "1", None])
    def test_a_position_is_an_integer(self, position: Any) -> None:
        with pytest.raises(TypeError):
            PortSet([80, 443]).nth(position)


class TestEnds:
    @pytest.mark.parametrize("which", ["first", "last"])
    def test_the_empty_set_has_no_ends(self, which: str) -> None:
        with pytest.raises(InvalidRangeError) as caught:
            getattr(PortSet.empty(), which)
        assert str(caught.value) == (
            f"a set must not be empty to have a {which} port, got PortSet.empty()"
        )

    def test_the_ends_of_the_full_set(self) -> None:
        assert (PortSet.full().first, PortSet.full().last) == (0, 65535)


class TestIn:
    def test_a_range_is_refused_with_a_hint_at_another_operator(self) -> None:
        for other in (PortRange(80), PortSet([80])):
            value: Any = other
            with pytest.raises(TypeError) as caught:
                _ = value in PortSet([80])
            assert str(caught.value) == "'in' takes one port; use '<=' for a range or a set"


class TestOperators:
    STRANGERS: tuple[object, ...] = (80, "80", [80], {80: 1}, range(80, 81), None)

    @pytest.mark.parametrize("stranger", STRANGERS, ids=repr)
    def test_other_types_are_refused(self, stranger: Any) -> None:
        ports = PortSet([80])
        operations: list[Callable[[Any, Any], object]] = [
            lambda a, b: a | b,
            lambda a, b: a & b,
            lambda a, b: a - b,
            lambda a, b: a ^ b,
            lambda a, b: a < b,
            lambda a, b: a <= b,
            lambda a, b: a > b,
            lambda a, b: a >= b,
        ]
        for operation in operations:
            with pytest.raises(TypeError):
                operation(ports, stranger)
            with pytest.raises(TypeError):
                operation(stranger, ports)

    @pytest.mark.parametrize(
        "stranger", [*STRANGERS, {80}, frozenset({80}), PortRange(80)], ids=repr
    )
    def test_other_types_are_never_equal(self, stranger: Any) -> None:
        assert PortSet([80]) != stranger
        assert stranger != PortSet([80])
        assert not PortSet([80]) == stranger
        assert not stranger == PortSet([80])

    def test_in_place_operators_make_a_new_set(self) -> None:
        ports = before = PortSet([80])
        ports |= PortRange(81)
        assert (str(ports), str(before)) == ("80-81", "80")
        ports &= PortSet([81])
        ports ^= PortSet([82])
        ports -= PortSet([81])
        assert (str(ports), str(before)) == ("82", "80")

    def test_named_methods_take_any_number_of_others(self) -> None:
        ports = PortSet([1, 2, 3])
        assert ports.union() == ports.intersection() == ports.difference() == ports
        assert ports.union([4], range(5, 7), PortRange(8)) == PortSet([1, 2, 3, 4, 5, 6, 8])
        assert ports.intersection([1, 2], {2, 3}) == PortSet([2])
        assert ports.difference([1], PortSet([3])) == PortSet([2])

    def test_issuperset_and_isdisjoint_accept_ports(self) -> None:
        ports = PortSet.parse("22,8000-8002")
        assert ports.issuperset([22, PortRange(8001, 8002)])
        assert not ports.issuperset([22, 23])
        assert ports.isdisjoint([21, 23])
        assert not ports.isdisjoint(range(7990, 8001))
        assert ports > PortRange(8000, 8002) < ports
        same = PortSet(ports)
        assert not ports > same
        assert not ports < same
        assert ports >= PortSet([22]) <= ports

    @pytest.mark.parametrize(
        "name",
        [
            "union",
            "intersection",
            "difference",
            "symmetric_difference",
            "issubset",
            "issuperset",
            "isdisjoint",
        ],
    )
    def test_named_methods_refuse_a_text(self, name: str) -> None:
        with pytest.raises(TypeError) as caught:
            getattr(PortSet([80]), name)("80")
        assert str(caught.value) == "items must not be a str; PortSet.parse() reads text"


class TestImmutable:
    def test_it_takes_no_new_attributes(self) -> None:
        ports: Any = PortSet([80])
        for name in ("other", "first", "last", "ranges", "table"):
            with pytest.raises(AttributeError):
                setattr(ports, name, 1)
        assert not hasattr(ports, "__dict__")

    def test_copies_are_the_set_itself(self) -> None:
        ports = PortSet([80])
        assert copy.copy(ports) is ports
        assert copy.deepcopy([ports])[0] is ports

    def test_cached_values_change_neither_equality_nor_pickles(self) -> None:
        fresh, used = PortSet([80, 443]), PortSet([80, 443])
        assert used.table
        assert used.ranges
        assert len(used)
        assert hash(used)
        assert 80 in used
        assert fresh == used
        assert hash(fresh) == hash(used)
        assert pickle.dumps(fresh) == pickle.dumps(used)
        assert repr(fresh) == repr(used)

    def test_cached_values_are_made_once(self) -> None:
        ports = PortSet([80, 443])
        assert ports.ranges is ports.ranges
        assert ports.table is ports.table


class TestTable:
    def test_one_byte_per_port(self) -> None:
        table = PortSet([0, 80, 65535]).table
        assert isinstance(table, bytes)
        assert len(table) == 65536
        assert [port for port, byte in enumerate(table) if byte] == [0, 80, 65535]
        assert set(table) == {0, 1}

    def test_the_empty_and_the_full_set(self) -> None:
        assert PortSet.empty().table == bytes(65536)
        assert PortSet.full().table == b"\x01" * 65536


def test_format_is_that_of_text() -> None:
    assert f"{PortSet([80, 443]):>10}|" == "    80,443|"
    assert f"{PortSet.empty()}" == ""


# The places where another algorithm takes over, and both sides of them.


@pytest.mark.parametrize("step", [2, 3, 360])
@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("count", [_FEW_RANGES - 1, _FEW_RANGES, _FEW_RANGES + 1, 2 * _FEW_RANGES])
def test_few_and_many_ranges_to_one_integer(count: int, offset: int, step: int) -> None:
    model = list(range(offset, offset + count * step, step))
    expected = oracle.bits(model)
    assert PortSet(model).to_int() == expected
    assert PortSet(reversed(model)).to_int() == expected
    assert PortSet.parse(oracle.text(model)).to_int() == expected
    assert PortSet(map(PortRange, model)).to_int() == expected


@pytest.mark.parametrize("count", [_FEW_RANGES, _FEW_RANGES + 1, 100])
def test_few_and_many_overlapping_ranges(count: int) -> None:
    # Each range meets the next: overlapping it, adjoining it, inside it, apart.
    shapes = [(0, 9), (5, 14), (15, 20), (16, 17), (16, 16), (22, 30), (22, 22), (31, 31)]
    pairs = [
        (at // len(shapes) * 40 + first, at // len(shapes) * 40 + last)
        for at in range(count)
        for first, last in [shapes[at % len(shapes)]]
    ]
    model = {port for first, last in pairs for port in range(first, last + 1)}
    for ordered in (pairs, pairs[::-1]):
        made = PortSet(PortRange(*pair) for pair in ordered)
        assert made.to_int() == oracle.bits(model)


@pytest.mark.parametrize("count", [_FEW_RANGES, _FEW_RANGES + 1])
def test_few_and_many_ranges_that_reach_the_last_port(count: int) -> None:
    pairs = [(port, 65535) for port in range(65535, 65535 - count, -1)]
    assert str(PortSet(PortRange(*pair) for pair in pairs)) == f"{65536 - count}-65535"
    assert PortSet([PortRange(0, 65535)] * count) == PortSet.full()


@pytest.mark.parametrize("base", [0, 1, 64000])
@pytest.mark.parametrize("edges", [_FEW_EDGES - 2, _FEW_EDGES, _FEW_EDGES + 2, 2 * _FEW_EDGES])
def test_few_and_many_edges_of_one_integer(edges: int, base: int) -> None:
    ranges = edges // 2
    model = range(base, base + 2 * ranges, 2)
    made = PortSet.from_int(oracle.bits(model))
    assert [(each.first, each.last) for each in made.ranges] == [(port, port) for port in model]
    assert str(made) == oracle.text(model)
    assert list(made) == list(model)


@pytest.mark.parametrize("pattern", range(1, 16))
def test_edges_at_the_borders_of_pieces(pattern: int) -> None:
    size = 8 * _PIECE
    around = [place - 2 for place in range(4) if pattern >> place & 1]
    borders = {border + place for border in range(size, 65536, size) for place in around}
    # Enough edges above, that all of those at the borders are found piecewise.
    above = set(range(65536 - 2 * _FEW_EDGES, 65536, 2))
    model = {port for port in borders if port < min(above) - 1} | above
    assert PortSet(model).ranges == tuple(PortRange(*pair) for pair in oracle.ranges(model))


@pytest.mark.parametrize("count", [PENDING - 1, PENDING, PENDING + 1, 2 * PENDING, 2 * PENDING + 1])
def test_ranges_are_folded_now_and_then(count: int) -> None:
    model = [(port * 7) % 65536 for port in range(count)]
    expected = oracle.bits(model)
    assert PortSet(model).to_int() == expected
    assert PortSet(map(PortRange, model)).to_int() == expected
    assert PortSet.parse(",".join(map(str, model))).to_int() == expected
    assert PortSet([*model, PortSet([3]), range(9, 12)]).to_int() == oracle.bits(
        [*model, 3, 9, 10, 11]
    )


class TestCompact:
    SETS = (
        "",
        "22,80",
        "65535",
        "0-65535",
        "1024-65535",
        "5000,6000-7000,65000",
        ",".join(map(str, range(1, 65536, 512))),
    )

    @pytest.mark.parametrize("text", SETS)
    @pytest.mark.parametrize("other", SETS)
    def test_it_behaves_as_the_set_itself(self, text: str, other: str) -> None:
        plain, second = PortSet.parse(text), PortSet.parse(other)
        made, third = compact(PortSet.parse(text)), compact(PortSet.parse(other))
        assert (made | third, made & second) == (plain | second, plain & second)
        assert (second - made, made - third, made ^ third) == (
            second - plain,
            plain - second,
            plain ^ second,
        )
        assert (made == second, made <= third, second < made) == (
            plain == second,
            plain <= second,
            second < plain,
        )
        assert (hash(made), len(made), str(made), repr(made), ~made, made.to_int()) == (
            hash(plain),
            len(plain),
            str(plain),
            repr(plain),
            ~plain,
            plain.to_int(),
        )
        assert list(made) == list(plain)
        assert (made.table, made.first if made else 0) == (plain.table, plain.first if plain else 0)

    def test_every_operation_returns_a_plain_set(self) -> None:
        made = compact(PortSet([65535]))
        assert type(made) is not PortSet
        for found in (made | made, made & made, ~made, pickle.loads(pickle.dumps(made))):
            assert type(found) is PortSet

    def test_it_takes_less_memory(self) -> None:
        assert compact(PortSet([22])).to_int() == 1 << 22
        tracemalloc.start()
        kept = [compact(PortSet([65535 - at])) for at in range(100)]
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert size < 100 * 600
        assert len(kept) == 100
