from __future__ import annotations

import copy
import pickle
import time
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest

from portranges import (
    InvalidPortError,
    PortRange,
    PortRangesError,
    PortSet,
    PortSyntaxError,
    Transport,
    TransportPorts,
    UnknownNameError,
)

TEXT = "22/tcp,53/udp,8000-8100/tcp"


class TestConstructor:
    def test_no_arguments_give_the_empty_set(self) -> None:
        assert TransportPorts() == TransportPorts({}) == TransportPorts.empty()

    @pytest.mark.parametrize(
        "ports",
        [
            {"tcp": [22, PortRange(8000, 8100)], "udp": [53]},
            {Transport.UDP: PortSet([53]), Transport.TCP: [range(8000, 8101), 22]},
            MappingProxyType({"tcp": (22, range(8000, 8101)), Transport.UDP: {53}}),
            TransportPorts.parse(TEXT),
            dict(TransportPorts.parse(TEXT).items()),
        ],
    )
    def test_a_mapping_of_transports_to_ports(self, ports: Any) -> None:
        assert str(TransportPorts(ports)) == TEXT

    def test_a_keyword_for_each_transport(self) -> None:
        made = TransportPorts(tcp=[22, range(8000, 8101)], udp=PortRange(53), sctp=[1], dccp={2})
        assert str(made) == "1/sctp,2/dccp,22/tcp,53/udp,8000-8100/tcp"

    def test_keywords_add_to_the_first_argument(self) -> None:
        assert str(TransportPorts({"tcp": [22]}, tcp=[23], udp=[53])) == "22-23/tcp,53/udp"
        assert str(TransportPorts(TransportPorts(tcp=[22]), tcp=[23])) == "22-23/tcp"

    @pytest.mark.parametrize(
        ("ports", "message"),
        [
            (
                "22/tcp",
                "ports must be a mapping of transports to ports, got str '22/tcp'; "
                "TransportPorts.parse() reads text",
            ),
            (
                PortSet([22]),
                "ports must be a mapping of transports to ports, got PortSet PortSet.parse('22'); "
                "name the transport, as in TransportPorts(tcp=...)",
            ),
            (
                PortRange(22),
                "ports must be a mapping of transports to ports, got PortRange "
                "PortRange(first=22, last=22); name the transport, as in TransportPorts(tcp=...)",
            ),
            ([22], "ports must be a mapping of transports to ports, got list [22]"),
            (None, "ports must be a mapping of transports to ports, got NoneType None"),
            ({"tcp": 22}, "items must be an iterable of ports, got int 22"),
            ({"tcp": "22"}, "items must not be a str; PortSet.parse() reads text"),
            ({"tcp": [True]}, "port must be an integer, got bool True"),
            ({6: [22]}, "transport must be a Transport or its value, got int 6"),
        ],
    )
    def test_other_types_are_refused(self, ports: Any, message: str) -> None:
        with pytest.raises(TypeError) as caught:
            TransportPorts(ports)
        assert str(caught.value) == message

    def test_a_number_outside_is_refused(self) -> None:
        with pytest.raises(InvalidPortError, match=r"^port must be in 0\.\.65535, got 70000$"):
            TransportPorts(udp=[70000])

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("TCP", "unknown transport, got 'TCP'; did you mean 'tcp'?"),
            ("icmp", "unknown transport, got 'icmp'; write one of 'tcp', 'udp', 'sctp', 'dccp'"),
        ],
    )
    def test_an_unknown_transport_is_refused(self, name: str, message: str) -> None:
        calls: list[Callable[[], object]] = [
            lambda: TransportPorts({name: [22]}),
            lambda: TransportPorts()[name],  # type: ignore[index]
            lambda: (22, name) in TransportPorts(),
            lambda: TransportPorts.parse("", default_transports=name),  # type: ignore[arg-type]
        ]
        for call in calls:
            with pytest.raises(UnknownNameError) as caught:
                call()
            assert str(caught.value) == message

    def test_the_class_is_final(self) -> None:
        with pytest.raises(TypeError, match=r"^TransportPorts must not be subclassed$"):
            type("Other", (TransportPorts,), {})


class TestParse:
    @pytest.mark.parametrize(
        ("text", "canonical"),
        [
            ("", ""),
            (TEXT, TEXT),
            ("8000-8100/tcp, 53/udp ,22/tcp", TEXT),
            ("53/udp,53/tcp", "53/tcp,53/udp"),
            ("53/dccp,53/sctp,53/udp,53/tcp", "53/tcp,53/udp,53/sctp,53/dccp"),
            ("1-5/tcp,4-9/tcp,10/tcp,3/udp", "1-10/tcp,3/udp"),
            ("0-65535/udp", "0-65535/udp"),
        ],
    )
    def test_str_writes_one_form_of_every_text(self, text: str, canonical: str) -> None:
        assert str(TransportPorts.parse(text)) == canonical

    @pytest.mark.parametrize(
        ("defaults", "canonical"),
        [
            ("tcp", "53/tcp,80/udp"),
            (Transport.SCTP, "53/sctp,80/udp"),
            (("tcp", "udp"), "53/tcp,53/udp,80/udp"),
            (["udp", Transport.UDP], "53/udp,80/udp"),
            (iter(Transport), "53/tcp,53/udp,53/sctp,53/dccp,80/udp"),
        ],
    )
    def test_default_transports_apply_to_ports_without_one(
        self, defaults: Any, canonical: str
    ) -> None:
        made = TransportPorts.parse("53,80/udp", default_transports=defaults)
        assert str(made) == canonical

    @pytest.mark.parametrize("defaults", [5, None])
    def test_default_transports_are_transports(self, defaults: Any) -> None:
        with pytest.raises(TypeError, match=r"^default_transports must be transports, got "):
            TransportPorts.parse("", default_transports=defaults)

    NAMES = "; names require services=registry.SHIPPED"
    EXPECTED = "expected 'port/transport' or 'first-last/transport', got "

    @pytest.mark.parametrize(
        ("text", "reason", "span"),
        [
            ("53", EXPECTED + "'53'; write 53/tcp or 53/udp", (0, 2)),
            ("53/", EXPECTED + "'53/'; write 53/tcp or 53/udp", (0, 3)),
            ("22/tcp,1-9", EXPECTED + "'1-9'; write 1-9/tcp or 1-9/udp", (7, 10)),
            ("http", EXPECTED + "'http'", (0, 4)),
            ("tcp/22", EXPECTED + "'tcp/22'; write 22/tcp", (0, 6)),
            ("udp/1-9", EXPECTED + "'udp/1-9'; write 1-9/udp", (0, 7)),
            ("tcp/x", EXPECTED + "'tcp/x'", (0, 5)),
            (",", EXPECTED + "nothing; omit the comma", (0, 0)),
            ("22/tcp,", EXPECTED + "nothing; omit the comma", (7, 7)),
            ("22/tcp,,53/udp", EXPECTED + "nothing; omit the comma", (7, 7)),
            ("22/upd", "unknown transport, got 'upd'; did you mean 'udp'?", (3, 6)),
            ("22/TCP", "unknown transport, got 'TCP'; did you mean 'tcp'?", (3, 6)),
            (
                "22/icmp",
                "unknown transport, got 'icmp'; write one of 'tcp', 'udp', 'sctp', 'dccp'",
                (3, 7),
            ),
            (
                "22/tcp 53/udp",
                EXPECTED + "'22/tcp 53/udp'; write 22/tcp,53/udp",
                (0, 13),
            ),
            ("1/tcp;2-3/udp", EXPECTED + "'1/tcp;2-3/udp'; write 1/tcp,2-3/udp", (0, 13)),
            (
                "9/udp,22/tcp 70000/tcp",
                "unknown transport, got 'tcp 70000/tcp'; write one of 'tcp', 'udp', 'sctp', 'dccp'",
                (9, 22),
            ),
            ("22 / tcp", "expected a port or 'first-last', got '22 '; write 22/tcp", (0, 3)),
            ("22/tcp ", "unknown transport, got 'tcp '; did you mean 'tcp'?", (3, 7)),
            (
                "22/tcp/udp",
                "unknown transport, got 'tcp/udp'; did you mean 'tcp' or 'udp'?",
                (3, 10),
            ),
            ("22 /tcp", "expected a port or 'first-last', got '22 '; write 22/tcp", (0, 3)),
            ("/tcp", "expected a port or 'first-last', got ''", (0, 0)),
            ("http/tcp", "expected a port or 'first-last', got 'http'" + NAMES, (0, 4)),
            ("1:2/tcp", "expected a port or 'first-last', got '1:2'; write 1-2/tcp", (0, 3)),
            ("1 2/udp", "expected a port or 'first-last', got '1 2'; write 1/udp,2/udp", (0, 3)),
            ("1 2", EXPECTED + "'1 2'; write 1/tcp,2/tcp", (0, 3)),
            ("22/tcp,070/udp", "port must have no leading zero, got '070'; write 70", (7, 10)),
            ("70000/tcp", "port must be in 0..65535, got '70000'", (0, 5)),
            (
                "9-8/tcp",
                "first must not be greater than last, got 9-8; did you mean 8-9?",
                (0, 3),
            ),
        ],
    )
    def test_anything_else_is_refused(self, text: str, reason: str, span: tuple[int, int]) -> None:
        with pytest.raises(PortSyntaxError) as caught:
            TransportPorts.parse(text)
        assert caught.value.reason == reason
        assert caught.value.text == text
        assert caught.value.span == span
        assert caught.value.__context__ is None

    def test_with_a_default_the_item_is_a_port(self) -> None:
        with pytest.raises(PortSyntaxError) as caught:
            TransportPorts.parse("80,1x2", default_transports="tcp")
        assert str(caught.value) == (
            "expected a port or 'first-last', got '1x2'\n    80,1x2\n       ~~~"
        )

    @pytest.mark.parametrize("value", [22, b"22/tcp", None, ["22/tcp"]])
    def test_other_types_are_refused(self, value: Any) -> None:
        with pytest.raises(TypeError, match=r"^text must be a str, got "):
            TransportPorts.parse(value)

    @pytest.mark.parametrize("piece", [",", "/", "-", "1", "x", " ", "1/", "tcp/"])
    def test_a_megabyte_of_a_repeated_text_is_refused_quickly(self, piece: str) -> None:
        start = time.perf_counter()
        with pytest.raises(PortSyntaxError) as caught:
            TransportPorts.parse(piece * 1_000_000)
        assert len(str(caught.value)) < 600
        assert time.perf_counter() - start < 5

    def test_a_long_text_is_parsed(self) -> None:
        text = ",".join(f"{port}/{name}" for port in range(0, 65536, 2) for name in ("tcp", "udp"))
        made = TransportPorts.parse(text)
        assert made.tcp == made.udp == PortSet(range(0, 65536, 2))
        assert str(made) == text


class TestValue:
    def test_the_ports_of_each_transport(self) -> None:
        made = TransportPorts.parse("1/tcp,2/udp,3/sctp,4/dccp")
        assert [str(each) for each in (made.tcp, made.udp, made.sctp, made.dccp)] == list("1234")
        for transport in Transport:
            assert made[transport] is made[transport.value] is getattr(made, transport)

    def test_items_are_in_order_and_not_empty(self) -> None:
        assert TransportPorts(dccp=[1], udp=[2]).items() == (
            (Transport.UDP, PortSet([2])),
            (Transport.DCCP, PortSet([1])),
        )
        assert TransportPorts().items() == ()

    def test_iteration_yields_pairs_by_transport(self) -> None:
        assert list(TransportPorts.parse("53/udp,80/tcp,52/udp,2/tcp")) == [
            (2, Transport.TCP),
            (80, Transport.TCP),
            (52, Transport.UDP),
            (53, Transport.UDP),
        ]

    def test_ranges_are_in_the_order_of_the_text(self) -> None:
        assert TransportPorts.parse("9/tcp,1-5/udp,1/tcp").ranges == (
            (PortRange(1), Transport.TCP),
            (PortRange(1, 5), Transport.UDP),
            (PortRange(9), Transport.TCP),
        )

    def test_a_pair_is_in_the_set(self) -> None:
        made = TransportPorts.parse("53/udp")
        assert (53, "udp") in made
        assert (53, Transport.UDP) in made
        assert (53, "tcp") not in made
        assert (-1, "udp") not in made
        assert (70000, "udp") not in made

    @pytest.mark.parametrize(
        ("element", "message"),
        [
            (
                53,
                "'in' takes a pair of a port and a transport, such as (80, 'tcp'), got int 53",
            ),
            (
                "53/udp",
                "'in' takes a pair of a port and a transport, such as (80, 'tcp'), "
                "got str '53/udp'",
            ),
            (
                (53,),
                "'in' takes a pair of a port and a transport, such as (80, 'tcp'), got tuple (53,)",
            ),
            (
                ("udp", 53),
                "port must be an integer, got str 'udp'; the transport comes after the port",
            ),
            ((53, 17), "transport must be a Transport or its value, got int 17"),
            ((True, "udp"), "port must be an integer, got bool True"),
        ],
    )
    def test_in_accepts_only_a_pair(self, element: Any, message: str) -> None:
        with pytest.raises(TypeError) as caught:
            _ = element in TransportPorts.full()
        assert str(caught.value) == message

    def test_len_counts_pairs(self) -> None:
        assert len(TransportPorts.parse("53/tcp,53/udp")) == 2
        assert len(TransportPorts.full()) == 4 * 65536

    def test_the_complement_covers_all_transports(self) -> None:
        assert ~TransportPorts.empty() == TransportPorts.full()
        assert (~TransportPorts(tcp=PortSet.full())).dccp == PortSet.full()

    def test_format_is_that_of_text(self) -> None:
        assert f"{TransportPorts(tcp=[22]):>8}|" == "  22/tcp|"

    @pytest.mark.parametrize("stranger", [PortSet([22]), PortRange(22), {"tcp": [22]}, "22/tcp"])
    def test_other_types_are_not_operands(self, stranger: Any) -> None:
        made: Any = TransportPorts(tcp=[22])
        assert made != stranger
        for operate in (
            lambda: made | stranger,
            lambda: made & stranger,
            lambda: made - stranger,
            lambda: made ^ stranger,
            lambda: made <= stranger,
            lambda: made < stranger,
            lambda: made >= stranger,
            lambda: made > stranger,
        ):
            with pytest.raises(TypeError):
                operate()
        with pytest.raises(TypeError, match=r"^other must be a TransportPorts, got "):
            made.isdisjoint(stranger)

    def test_operators_compare_transport_by_transport(self) -> None:
        one = TransportPorts.parse("22/tcp,53/udp")
        other = TransportPorts.parse("53/tcp,53/udp")
        both = TransportPorts.parse("53/udp")
        assert one & other == both
        assert str(one | other) == "22/tcp,53/tcp,53/udp"
        assert str(one - other) == "22/tcp"
        assert str(one ^ other) == "22/tcp,53/tcp"
        assert both < one > both
        same = TransportPorts(tcp=[22], udp=[53])
        assert both <= one >= same
        assert not one < same
        assert not one <= other
        assert not one >= other
        assert repr(one) == "TransportPorts.parse('22/tcp,53/udp')"
        assert len({one, same}) == 1

    def test_isdisjoint_compares_transport_by_transport(self) -> None:
        ports = TransportPorts(tcp=[22, 53], udp=[53])
        assert ports.isdisjoint(TransportPorts(tcp=[54], udp=[22]))
        assert not ports.isdisjoint(TransportPorts(udp=[22, 53]))

    def test_it_takes_no_attributes(self) -> None:
        made: Any = TransportPorts(tcp=[22])
        for name in ("tcp", "other"):
            with pytest.raises(AttributeError):
                setattr(made, name, PortSet())
        with pytest.raises(TypeError):
            made["tcp"] = PortSet()

    def test_copies_are_the_set_itself(self) -> None:
        made = TransportPorts.parse(TEXT)
        assert copy.copy(made) is copy.deepcopy(made) is made
        assert pickle.loads(pickle.dumps(made)) == made

    def test_every_error_has_the_base_class(self) -> None:
        with pytest.raises(PortRangesError):
            TransportPorts.parse("x")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("22/", "write 22/tcp or 22/udp"),
        ("22 80/", "write 22/tcp,80/tcp"),
        ("080/", "write 80/tcp"),
        ("080", "write 80/tcp"),
        ("70000", ""),
        ("70000/", ""),
        ("90-80", ""),
        ("tcp/080", "write 80/tcp"),
        ("tcp/80:90", "write 80-90/tcp"),
        ("udp/70000", ""),
    ],
)
def test_a_hint_for_a_transport_is_accepted(text, hint):
    with pytest.raises(PortSyntaxError) as caught:
        TransportPorts.parse(text)
    assert caught.value.reason.partition("; ")[2] == hint
    if hint:
        TransportPorts.parse(hint.removeprefix("write ").partition(" or ")[0])
