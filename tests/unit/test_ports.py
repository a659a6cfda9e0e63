from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from foreign import Index
from portranges import (
    InvalidPortError,
    InvalidRangeError,
    InvalidValueError,
    MaskedPort,
    PortRange,
    PortSet,
    PortSyntaxError,
    Transport,
    UnknownNameError,
    check_port,
    parse_port,
)
from portranges.ports import check_transport, check_transports


class Subclass(int):
    """An int, and no bool."""


# Value, and the message of every function that wants a port.
NO_INTEGERS: list[tuple[object, str]] = [
    (True, "port must be an integer, got bool True"),
    (False, "port must be an integer, got bool False"),
    (80.0, "port must be an integer, got float 80.0"),
    (None, "port must be an integer, got NoneType None"),
    ("80", "port must be an integer, got str '80'; parse_port() reads text"),
    *(
        (text, f"port must be an integer, got str {text!r}; {hint}")
        for text, hint in (
            ("", "parse_port() reads text"),
            (" 80", "parse_port() reads text"),
            ("https", "registry.ports('https') returns the ports of a service"),
            ("http-alt", "registry.ports('http-alt') returns the ports of a service"),
            ("80-90", "PortSet.parse() reads several ports"),
            ("80,443", "PortSet.parse() reads several ports"),
            ("22/tcp", "TransportPorts.parse() reads ports with a transport"),
            ("tcp", "the transport comes after the port"),
            ("any", "PortSet.full() has every port"),
            ("-1", "parse_port() reads text"),
            ("1-", "parse_port() reads text"),
            ("localhost:80", "Endpoint.parse() reads a host and a port"),
            ("[::1]:80", "Endpoint.parse() reads a host and a port"),
            ("::80", "parse_port() reads text"),
            ("x" * 50, "parse_port() reads text"),
            ("h\u00e9", "parse_port() reads text"),
            ("\x1b[1m", "parse_port() reads text"),
        )
    ),
    (b"80", "port must be an integer, got bytes b'80'"),
    ([80], "port must be an integer, got list [80]"),
    (80j, "port must be an integer, got complex 80j"),
]
NO_PORTS: list[tuple[int, str]] = [
    (-1, "port must be in 0..65535, got -1"),
    (65536, "port must be in 0..65535, got 65536"),
    (70000, "port must be in 0..65535, got 70000"),
    (10**5000, f"port must be in 0..65535, got {10**5000:#x}"[:50] + "..."),
    (-(10**5000), f"port must be in 0..65535, got {-(10**5000):#x}"[:50] + "..."),
]
EACH_NO_INTEGER = pytest.mark.parametrize(
    ("value", "message"), NO_INTEGERS, ids=[repr(value)[:20] for value, _ in NO_INTEGERS]
)
EACH_NO_PORT = pytest.mark.parametrize(
    ("value", "message"), NO_PORTS, ids=["-1", "65536", "70000", "huge", "-huge"]
)

EACH_NUMBER_OUTSIDE = pytest.mark.parametrize(
    "number",
    [-1, 65536, 80 - 2**16, 80 + 2**16, 10**5000, -(10**5000)],
    ids=["-1", "65536", "80-2**16", "80+2**16", "huge", "-huge"],
)

TAKE_A_PORT: list[Callable[[Any], object]] = [
    check_port,
    PortRange,
    lambda port: PortRange(port, 65535),
    lambda port: PortSet([port]),
    lambda port: PortSet.empty().union([port]),
    lambda port: MaskedPort(port, 65535),
    lambda port: MaskedPort(0, port),
]


class TestCheckPort:
    @pytest.mark.parametrize("port", [0, 1, 1023, 65535])
    def test_an_int_is_returned(self, port: int) -> None:
        assert check_port(port) == port

    @pytest.mark.parametrize("value", [Index(443), Subclass(443)])
    def test_another_integer_becomes_an_int(self, value: Any) -> None:
        assert check_port(value) == 443
        assert type(check_port(value)) is int

    @EACH_NO_INTEGER
    @pytest.mark.parametrize("take", TAKE_A_PORT)
    def test_a_value_that_is_not_an_integer_is_a_typeerror(
        self, take: Callable[[Any], object], value: object, message: str
    ) -> None:
        with pytest.raises(TypeError) as caught:
            take(value)
        assert str(caught.value) == message
        assert caught.value.__context__ is None

    @EACH_NO_PORT
    @pytest.mark.parametrize("take", TAKE_A_PORT)
    def test_an_integer_out_of_range_is_an_invalidporterror(
        self, take: Callable[[Any], object], value: int, message: str
    ) -> None:
        for integer in (value, Index(value), Subclass(value)):
            with pytest.raises(InvalidPortError) as caught:
                take(integer)
            assert str(caught.value) == message
            assert caught.value.value == value
            assert caught.value.__context__ is None


# Text, the message's first line of parse_port, and of PortRange.parse where it differs.
BAD_TEXTS: list[tuple[str, str]] = [
    ("", "port must be decimal digits, got ''"),
    ("8_0", "port must be decimal digits, got '8_0'"),
    ("٨٠", "port must be decimal digits, got '٨٠'; write 80"),
    ("８０", "port must be decimal digits, got '８０'; write 80"),
    ("8²", "port must be decimal digits, got '8²'"),
    (" 80", "port must be decimal digits, got ' 80'; write 80"),
    ("80 ", "port must be decimal digits, got '80 '; write 80"),
    ("80\n", r"port must be decimal digits, got '80\n'; write 80"),
    ("80\x00", r"port must be decimal digits, got '80\x00'"),
    ("\x1b[2J", r"port must be decimal digits, got '\x1b[2J'"),
    ("\ud800", r"port must be decimal digits, got '\ud800'"),
    ("+80", "port must be decimal digits, got '+80'; write 80"),
    ("-1", "port must be decimal digits, got '-1'"),
    ("80.0", "port must be decimal digits, got '80.0'; write 80"),
    ("0x50", "port must be decimal digits, got '0x50'; write 80"),
    ("80,443", "port must be decimal digits, got '80,443'"),
    ("080", "port must have no leading zero, got '080'; write 80"),
    ("00", "port must have no leading zero, got '00'; write 0"),
    ("65536", "port must be in 0..65535, got '65536'"),
    ("1" * 30, f"port must be in 0..65535, got '{'1' * 30}'"),
    ("1" * 10_000_000, f"port must be in 0..65535, got '{'1' * 39}...{'1' * 11}'"),
    ("x" * 10_000_000, f"port must be decimal digits, got '{'x' * 39}...{'x' * 11}'"),
]
EACH_BAD_TEXT = pytest.mark.parametrize(
    ("text", "message"), BAD_TEXTS, ids=[ascii(text[:8]) for text, _ in BAD_TEXTS]
)

NO_TEXTS: list[tuple[object, str]] = [
    (80, "text must be a str, got int 80"),
    (True, "text must be a str, got bool True"),
    (b"80", "text must be a str, got bytes b'80'"),
    (None, "text must be a str, got NoneType None"),
    (["80"], "text must be a str, got list ['80']"),
]
EACH_NO_TEXT = pytest.mark.parametrize(
    ("value", "message"), NO_TEXTS, ids=[type(value).__name__ for value, _ in NO_TEXTS]
)


def assert_marks(error: PortSyntaxError, text: str, span: tuple[int, int]) -> None:
    """The error keeps its text, and its marker is below the fault."""
    assert error.text == text
    assert error.span == span
    assert error.__context__ is None
    message = str(error)
    assert all(line.isprintable() for line in message.split("\n"))
    if not text:
        assert message == error.reason
        return
    reason, line, mark = message.split("\n")
    assert reason == error.reason
    assert line.isascii()
    assert set(mark) <= {" ", "~"}
    assert mark.startswith("    ")
    assert mark.endswith("~")
    start, stop = mark.index("~"), len(mark)
    shown = line[start:stop]
    fault = text[span[0] : span[1]]
    escaped = "".join(
        each
        if each.isascii() and each.isprintable()
        else each.encode("unicode_escape").decode()
        if not each.isascii()
        else f"\\x{ord(each):02x}"
        for each in fault[:70]
    )
    assert escaped.startswith(shown)
    assert shown == escaped or len(fault) > 60
    assert mark == " " * start + "~" * max(1, len(shown))


@pytest.mark.parametrize("parse", [parse_port, PortRange.parse, PortSet.parse])
@EACH_NO_TEXT
def test_a_parser_accepts_only_text(
    parse: Callable[[Any], object], value: object, message: str
) -> None:
    with pytest.raises(TypeError) as caught:
        parse(value)
    assert str(caught.value) == message


@pytest.mark.parametrize("parse", [parse_port, PortRange.parse, PortSet.parse])
def test_a_parser_refuses_an_integer_that_has_no_text(parse: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match=r"text must be a str, got int "):
        parse(10**5000)


class TestParsePort:
    @pytest.mark.parametrize("text", ["0", "1", "80", "1023", "9999", "65535"])
    def test_decimal_digits_are_a_port(self, text: str) -> None:
        assert parse_port(text) == int(text)

    @EACH_BAD_TEXT
    def test_anything_else_is_refused(self, text: str, message: str) -> None:
        with pytest.raises(PortSyntaxError) as caught:
            parse_port(text)
        assert str(caught.value).split("\n")[0] == message
        assert_marks(caught.value, text, (0, len(text)))

    def test_a_message_in_full(self) -> None:
        with pytest.raises(PortSyntaxError) as caught:
            parse_port("443\tx")
        assert str(caught.value) == (
            "port must be decimal digits, got '443\\tx'\n    443\\x09x\n    ~~~~~~~~"
        )


class TestTransport:
    def test_the_values_of_the_transports(self) -> None:
        assert [transport.value for transport in Transport] == ["tcp", "udp", "sctp", "dccp"]

    def test_a_member_is_its_text(self) -> None:
        assert f"{Transport.UDP}" == str(Transport.UDP) == "udp"
        assert Transport("sctp") is Transport.SCTP

    @pytest.mark.parametrize("value", ["TCP", "icmp", "", 6])
    def test_another_value_is_refused(self, value: Any) -> None:
        with pytest.raises(ValueError):
            Transport(value)


class TestCheckTransport:
    def test_a_member_or_its_value(self) -> None:
        for transport in Transport:
            assert check_transport(transport) is check_transport(transport.value) is transport

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ("tpc", "unknown transport, got 'tpc'; did you mean 'tcp'?"),
            ("UDP", "unknown transport, got 'UDP'; did you mean 'udp'?"),
            ("icmp", "unknown transport, got 'icmp'; write one of 'tcp', 'udp', 'sctp', 'dccp'"),
            ("", "unknown transport, got ''; write one of 'tcp', 'udp', 'sctp', 'dccp'"),
        ],
    )
    def test_an_unknown_name(self, value: str, message: str) -> None:
        calls: list[Callable[[Any], object]] = [
            check_transport,
            check_transports,
            lambda value: check_transports(["tcp", value]),
        ]
        for call in calls:
            with pytest.raises(UnknownNameError) as caught:
                call(value)
            assert str(caught.value) == message

    @pytest.mark.parametrize("value", [6, None, b"tcp", ["tcp"]])
    def test_another_type_is_refused(self, value: Any) -> None:
        with pytest.raises(TypeError, match=r"^transport must be a Transport or its value, got "):
            check_transport(value)

    def test_a_transport_that_is_not_allowed(self) -> None:
        some = (Transport.TCP, Transport.UDP)
        assert check_transport("udp", among=some) is Transport.UDP
        for call in (check_transport, check_transports):
            with pytest.raises(InvalidValueError) as caught:
                call("dccp", among=some)
            assert str(caught.value) == "transport must be tcp or udp, got 'dccp'"

    def test_several_transports_are_a_tuple(self) -> None:
        assert check_transports(None) == tuple(Transport)
        assert check_transports(None, among=(Transport.UDP,)) == (Transport.UDP,)
        assert check_transports("sctp") == (Transport.SCTP,)
        assert check_transports(iter(["udp", Transport.TCP, "udp"])) == (
            Transport.UDP,
            Transport.TCP,
        )

    def test_no_transport_is_refused(self) -> None:
        with pytest.raises(InvalidValueError) as caught:
            check_transports([])
        assert str(caught.value) == "transport must name at least one transport, got []"

    def test_a_value_that_is_not_several_transports_is_refused(self) -> None:
        wrong: Any = 6
        with pytest.raises(TypeError) as caught:
            check_transports(wrong)
        assert str(caught.value) == "transport must be a Transport or several, got int 6"


class TestPortRange:
    def test_a_range_of_one_port(self) -> None:
        assert PortRange(80) == PortRange(80, 80) == PortRange(first=80, last=80)

    def test_bounds_are_plain_ints(self) -> None:
        made: Any = PortRange(Index(80), Subclass(90))
        assert made == PortRange(80, 90)
        assert type(made.first) is type(made.last) is int

    def test_a_reversed_range_is_refused(self) -> None:
        with pytest.raises(InvalidRangeError) as caught:
            PortRange(9000, 8000)
        assert str(caught.value) == (
            "first must not be greater than last, got 9000-8000; did you mean 8000-9000?"
        )

    def test_it_is_a_value(self) -> None:
        assert repr(PortRange(80, 90)) == "PortRange(first=80, last=90)"
        assert hash(PortRange(80)) == hash(PortRange(80, 80))
        assert PortRange(80) != PortRange(80, 81)
        strangers: list[object] = [80, (80, 80), range(80, 81), "80"]
        assert all(PortRange(80) != stranger for stranger in strangers)

    def test_it_is_immutable(self) -> None:
        made: Any = PortRange(80)
        for name in ("first", "last"):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(made, name, 1)
        with pytest.raises((AttributeError, TypeError)):
            made.other = 1
        assert not hasattr(made, "__dict__")

    def test_it_is_ordered_by_first_then_last(self) -> None:
        ordered = [PortRange(0), PortRange(0, 9), PortRange(1), PortRange(1, 2)]
        assert sorted(ordered) == ordered

    @pytest.mark.parametrize("other", [80, (80, 80), "80", range(80, 81), None])
    def test_it_is_not_ordered_with_other_types(self, other: Any) -> None:
        with pytest.raises(TypeError):
            _ = PortRange(80) < other
        with pytest.raises(TypeError):
            _ = PortRange(80) >= other

    def test_it_has_no_algebra(self) -> None:
        made: Any = PortRange(80)
        with pytest.raises(TypeError):
            _ = made | made
        with pytest.raises(TypeError):
            _ = made - made

    def test_format_is_that_of_text(self) -> None:
        assert f"{PortRange(80, 90):>8}|" == "   80-90|"
        assert f"{PortRange(80)}" == "80"

    def test_dataclasses_replace_checks(self) -> None:
        assert dataclasses.replace(PortRange(80, 90), last=99) == PortRange(80, 99)
        with pytest.raises(InvalidRangeError):
            dataclasses.replace(PortRange(80, 90), last=9)


class TestPortRangeParse:
    @pytest.mark.parametrize(
        ("text", "pair"),
        [("0", (0, 0)), ("80", (80, 80)), ("80-80", (80, 80)), ("0-65535", (0, 65535))],
    )
    def test_a_port_or_two(self, text: str, pair: tuple[int, int]) -> None:
        assert PortRange.parse(text) == PortRange(*pair)

    @pytest.mark.parametrize(
        ("text", "reason", "span"),
        [
            ("", "expected a port or 'first-last', got ''", (0, 0)),
            ("8_0", "expected a port or 'first-last', got '8_0'", (0, 3)),
            ("٨٠", "expected a port or 'first-last', got '٨٠'; write 80", (0, 2)),
            (" 80", "expected a port or 'first-last', got ' 80'; write 80", (0, 3)),
            ("+80", "expected a port or 'first-last', got '+80'; write 80", (0, 3)),
            ("-1", "expected a port or 'first-last', got '-1'", (0, 2)),
            ("-", "expected a port or 'first-last', got '-'", (0, 1)),
            ("80-", "expected a port or 'first-last', got '80-'; write 80-65535", (0, 3)),
            ("1--2", "expected a port or 'first-last', got '1--2'", (0, 4)),
            ("1-2-3", "expected a port or 'first-last', got '1-2-3'", (0, 5)),
            ("1 - 2", "expected a port or 'first-last', got '1 - 2'; write 1-2", (0, 5)),
            ("80–90", "expected a port or 'first-last', got '80–90'; write 80-90", (0, 5)),
            ("1\x00-2", r"expected a port or 'first-last', got '1\x00-2'", (0, 4)),
            (
                "80:90",
                "expected a port or 'first-last', got '80:90'; write 80-90",
                (0, 5),
            ),
            ("080", "port must have no leading zero, got '080'; write 80", (0, 3)),
            ("080-90", "port must have no leading zero, got '080'; write 80", (0, 3)),
            ("80-090", "port must have no leading zero, got '090'; write 90", (3, 6)),
            ("65536", "port must be in 0..65535, got '65536'", (0, 5)),
            ("65536-1", "port must be in 0..65535, got '65536'", (0, 5)),
            ("80-65536", "port must be in 0..65535, got '65536'", (3, 8)),
            (
                "9000-8000",
                "first must not be greater than last, got 9000-8000; did you mean 8000-9000?",
                (0, 9),
            ),
        ],
    )
    def test_anything_else_is_refused(self, text: str, reason: str, span: tuple[int, int]) -> None:
        with pytest.raises(PortSyntaxError) as caught:
            PortRange.parse(text)
        assert caught.value.reason == reason
        assert_marks(caught.value, text, span)
        if text.strip(" ") == text != "":
            # An item of a list is the same text in another place.
            with pytest.raises(PortSyntaxError) as caught:
                PortSet.parse(f"7,{text}")
            assert caught.value.reason == reason
            assert_marks(caught.value, f"7,{text}", (span[0] + 2, span[1] + 2))


class TestPortRangeFromRange:
    def test_the_end_of_a_range_is_exclusive(self) -> None:
        assert PortRange.from_range(range(8000, 8101)) == PortRange(8000, 8100)
        assert PortRange.from_range(range(65536)) == PortRange(0, 65535)
        assert PortRange(8000, 8100).to_range() == range(8000, 8101)

    def test_one_port_has_no_step(self) -> None:
        assert PortRange.from_range(range(80, 85, 9)) == PortRange(80)
        assert PortRange.from_range(range(80, 79, -1)) == PortRange(80)

    @pytest.mark.parametrize(
        ("ports", "message"),
        [
            (range(0), "a port range must not be empty, got range(0, 0)"),
            (range(9, 8), "a port range must not be empty, got range(9, 8)"),
            (range(0, 9, 2), "a port range must have step 1, got range(0, 9, 2)"),
            (range(9, 0, -1), "a port range must have step 1, got range(9, 0, -1)"),
            (
                range(0, 10**30, 3),
                "a port range must have step 1, got range(0, 1000000000000000000000000000000, 3)",
            ),
        ],
    )
    def test_a_range_with_a_step_is_refused(self, ports: range, message: str) -> None:
        with pytest.raises(InvalidRangeError) as caught:
            PortRange.from_range(ports)
        assert str(caught.value) == message

    @pytest.mark.parametrize(
        "ports",
        [range(10**5000, 10**5000), range(0, 10**5000, 7)],
        ids=["empty", "step"],
    )
    def test_a_range_of_huge_numbers_is_refused(self, ports: range) -> None:
        with pytest.raises(InvalidRangeError, match=r"^a port range must "):
            PortRange.from_range(ports)

    @pytest.mark.parametrize(
        ("ports", "port"), [(range(65537), 65536), (range(-1, 9), -1), (range(10**30), 10**30 - 1)]
    )
    def test_a_number_outside_the_ports_is_refused(self, ports: range, port: int) -> None:
        with pytest.raises(InvalidPortError) as caught:
            PortRange.from_range(ports)
        assert caught.value.value == port

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ((8000, 8100), "ports must be a range, got tuple (8000, 8100)"),
            ("80", "ports must be a range, got str '80'"),
            (80, "ports must be a range, got int 80"),
        ],
    )
    def test_another_type_is_refused(self, value: Any, message: str) -> None:
        with pytest.raises(TypeError) as caught:
            PortRange.from_range(value)
        assert str(caught.value) == message


class TestIn:
    @pytest.mark.parametrize(
        "where", [PortRange(80, 90), PortSet([80, 443]), MaskedPort(80, 65535)]
    )
    @pytest.mark.parametrize("port", [Index(80), Subclass(80)])
    def test_another_integer_is_looked_up(self, where: Any, port: Any) -> None:
        assert port in where

    @pytest.mark.parametrize("where", [PortRange(0, 65535), PortSet.full(), MaskedPort(0, 0)])
    @EACH_NUMBER_OUTSIDE
    def test_a_number_out_of_range_is_in_no_set(self, where: Any, number: int) -> None:
        for integer in (number, Index(number), Subclass(number)):
            assert integer not in where

    @EACH_NO_INTEGER
    @pytest.mark.parametrize("where", [PortRange(80, 90), PortSet([80]), MaskedPort(80, 65535)])
    def test_a_value_that_is_not_an_integer_is_a_typeerror(
        self, where: Any, value: object, message: str
    ) -> None:
        with pytest.raises(TypeError) as caught:
            _ = value in where
        assert str(caught.value) == message

    @pytest.mark.parametrize("where", [PortRange(80, 90), PortSet([80]), MaskedPort(80, 65535)])
    @pytest.mark.parametrize("value", [PortRange(80), PortSet([80])])
    def test_a_range_or_a_set_is_a_typeerror(self, where: Any, value: Any) -> None:
        with pytest.raises(TypeError):
            _ = value in where


class TestNeighbours:
    @pytest.mark.parametrize(
        ("other", "overlaps", "adjoins"),
        [
            (PortRange(80, 90), True, False),
            (PortRange(85), True, False),
            (PortRange(0, 65535), True, False),
            (PortRange(90, 99), True, False),
            (PortRange(91, 99), False, True),
            (PortRange(92, 99), False, False),
            (PortRange(70, 80), True, False),
            (PortRange(70, 79), False, True),
            (PortRange(70, 78), False, False),
        ],
    )
    def test_overlaps_and_adjoins(self, other: PortRange, overlaps: bool, adjoins: bool) -> None:
        assert PortRange(80, 90).overlaps(other) is overlaps
        assert PortRange(80, 90).adjoins(other) is adjoins

    def test_the_ends_of_the_universe_do_not_adjoin(self) -> None:
        assert not PortRange(65535).adjoins(PortRange(0))
        assert not PortRange(0).adjoins(PortRange(65535))

    @pytest.mark.parametrize("other", [PortSet([70, 100]), PortSet([91]), 85, range(85, 86), "85"])
    def test_only_a_range_is_a_neighbour(self, other: Any) -> None:
        # A set has first and last as well, and the answer would be wrong.
        with pytest.raises(TypeError):
            PortRange(80, 90).overlaps(other)
        with pytest.raises(TypeError):
            PortRange(80, 90).adjoins(other)


class TestMaskedPort:
    def test_its_str_and_repr(self) -> None:
        assert str(MaskedPort(0x3E8, 0xFFF8)) == "0x3e8/0xfff8"
        assert repr(MaskedPort(1, 3)) == "MaskedPort(value=1, mask=3)"
        assert str(MaskedPort(0, 0)) == "0x0/0x0"

    @pytest.mark.parametrize(
        ("value", "mask", "size"),
        [(0, 0, 65536), (80, 65535, 1), (0x3E8, 0xFFF8, 8), (1, 1, 32768)],
    )
    def test_its_length_is_its_number_of_ports(self, value: int, mask: int, size: int) -> None:
        assert len(MaskedPort(value, mask)) == size

    @pytest.mark.parametrize(
        ("text", "value", "mask"),
        [
            ("0x3e8/0xfff8", 1000, 0xFFF8),
            ("0x3E8/0xFFF8", 1000, 0xFFF8),
            ("1000/0xfff8", 1000, 0xFFF8),
            ("0x0/0x0", 0, 0),
            ("0/0x0000", 0, 0),
            ("80", 80, 65535),
            ("0x50", 80, 65535),
        ],
    )
    def test_its_text_is_read(self, text: str, value: int, mask: int) -> None:
        assert MaskedPort.parse(text) == MaskedPort(value, mask)
        assert MaskedPort.parse(str(MaskedPort.parse(text))) == MaskedPort(value, mask)

    @pytest.mark.parametrize(
        ("text", "message", "span"),
        [
            ("", "port must be decimal digits, got ''", (0, 0)),
            ("/0xff", "port must be decimal digits, got ''", (0, 0)),
            ("0x/0xff", "port must be decimal digits, got '0x'", (0, 2)),
            ("0x12345", "port must be decimal digits, got '0x12345'", (0, 7)),
            ("0X50", "port must be decimal digits, got '0X50'", (0, 4)),
            ("0x5_0", "port must be decimal digits, got '0x5_0'", (0, 5)),
            ("70000/0xff", "port must be in 0..65535, got '70000'", (0, 5)),
            ("1/", "mask must be 0x and up to four hexadecimal digits, got ''", (2, 2)),
            ("1/255", "mask must be 0x and up to four hexadecimal digits, got '255'", (2, 5)),
            (
                "1/0x\u0661",
                "mask must be 0x and up to four hexadecimal digits, got '0x\u0661'",
                (2, 5),
            ),
            (
                "1/0x1/0x1",
                "mask must be 0x and up to four hexadecimal digits, got '0x1/0x1'",
                (2, 9),
            ),
            ("9/0xfff8", "value must have no bit outside mask, got '9/0xfff8'", (0, 8)),
        ],
    )
    def test_another_text_is_refused(self, text: str, message: str, span: tuple[int, int]) -> None:
        with pytest.raises(PortSyntaxError) as caught:
            MaskedPort.parse(text)
        assert (caught.value.reason, caught.value.span, caught.value.text) == (message, span, text)

    def test_only_text_is_parsed(self) -> None:
        with pytest.raises(TypeError, match=r"^text must be a str, got int 80$"):
            MaskedPort.parse(80)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def test_a_value_outside_of_the_mask_is_refused(self) -> None:
        with pytest.raises(InvalidRangeError) as caught:
            MaskedPort(1001, 0xFFF8)
        assert str(caught.value) == "value must have no bit outside mask, got 0x3e9/0xfff8"

    def test_numbers_are_plain_ints(self) -> None:
        made: Any = MaskedPort(Index(80), Subclass(255))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        assert made == MaskedPort(80, 255)
        assert type(made.value) is type(made.mask) is int

    def test_it_is_an_immutable_value(self) -> None:
        made: Any = MaskedPort(80, 65535)
        assert hash(made) == hash(MaskedPort(80, 65535))
        assert made != MaskedPort(16, 31)
        assert made != (80, 65535)
        with pytest.raises(dataclasses.FrozenInstanceError):
            made.value = 1

    def test_every_protocol_pickles_it(self) -> None:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            made = MaskedPort(80, 255)
            assert pickle.loads(pickle.dumps(made, protocol)) == made


class TestCovers:
    def test_the_worst_range_for_prefixes(self) -> None:
        everything_but_the_ends = PortRange(1, 65534)
        assert len(everything_but_the_ends.prefix_cover()) == 30
        assert len(everything_but_the_ends.ternary_cover()) == 16

    def test_a_usual_range(self) -> None:
        assert [str(each) for each in PortRange(10000, 10100).prefix_cover()] == [
            "0x2710/0xfff0",
            "0x2720/0xffe0",
            "0x2740/0xffe0",
            "0x2760/0xfff0",
            "0x2770/0xfffc",
            "0x2774/0xffff",
        ]
        assert len(PortRange(10000, 10100).ternary_cover()) == 5

    def test_the_worst_range_for_ternary_masks(self) -> None:
        # 0100000000000001 to 1011111111111110
        assert len(PortRange(0x4001, 0xBFFE).ternary_cover()) == 28

    def test_one_port_and_all_ports(self) -> None:
        for cover in (PortRange.prefix_cover, PortRange.ternary_cover):
            assert cover(PortRange(80)) == (MaskedPort(80, 65535),)
            assert cover(PortRange(0, 65535)) == (MaskedPort(0, 0),)
