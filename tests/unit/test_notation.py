"""Lists of ports as people write them: names, lines, rows, all errors and their fixes."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from portranges import (
    PortRange,
    PortRangesError,
    PortRowsError,
    PortSet,
    PortSyntaxError,
    RowSyntaxError,
    RowTypeError,
    TransportPorts,
    parse_port,
    registry,
)

ITEM = "expected a port or 'first-last', got "
NAMES = "; names require services=registry.SHIPPED"
EVERY = "; every port is written 0-65535, or 1-65535 without port 0"


def refused(text: str, **more: Any) -> tuple[str, tuple[int, int]]:
    with pytest.raises(PortSyntaxError) as caught:
        PortSet.parse(text, **more)
    error = caught.value
    assert PortSet.syntax_errors(text, **more)[0].args == error.args
    return error.reason, error.span


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("80:90", ITEM + "'80:90'; write 80-90"),
        ("80 : 90", ITEM + "'80 : 90'; write 80-90"),
        ("80..90", ITEM + "'80..90'; write 80-90"),
        ("80...90", ITEM + "'80...90'; write 80-90"),
        ("90 - 100", ITEM + "'90 - 100'; write 90-100"),
        ("80 to 90", ITEM + "'80 to 90'; write 80-90"),
        ("80\u201390", ITEM + "'80\u201390'; write 80-90"),
        ("80\u221290", ITEM + "'80\u221290'; write 80-90"),
        ("80-", ITEM + "'80-'; write 80-65535"),
        ("-90", ITEM + "'-90'; write 0-90, or 1-90 without port 0"),
        ("-1", ITEM + "'-1'"),
        ("-0", ITEM + "'-0'"),
        (">1023", ITEM + "'>1023'; write 1024-65535"),
        (">= 1024", ITEM + "'>= 1024'; write 1024-65535"),
        ("1024+", ITEM + "'1024+'; write 1024-65535"),
        ("<1024", ITEM + "'<1024'; write 0-1023, or 1-1023 without port 0"),
        ("<=1023", ITEM + "'<=1023'; write 0-1023, or 1-1023 without port 0"),
        (">65535", ITEM + "'>65535'"),
        ("<1", ITEM + "'<1'"),
        ("<80>", ITEM + "'<80>'"),
        ("22+80", ITEM + "'22+80'; write 22,80"),
        ("-", ITEM + "'-'"),
        ("22 80", ITEM + "'22 80'; write 22,80"),
        ("22\t80", ITEM + r"'22\t80'; write 22,80"),
        ("22 80 8000:8100", ITEM + "'22 80 8000:8100'; write 22,80,8000-8100"),
        ("22;80", ITEM + "'22;80'; write 22,80"),
        ("22|80", ITEM + "'22|80'; write 22,80"),
        ("22\r80", ITEM + r"'22\r80'; write 22,80"),
        ("22\uff0c80", ITEM + "'22\uff0c80'; write 22,80"),
        ("22;" * 20, ITEM + "'22;22;22;22;22;22;22;22;22;22;22;22;22;...2;22;22;22;'"
         "; separate ports with ','"),
        ("22 x80", ITEM + "'22 x80'; separate ports with ','"),
        ("*", ITEM + "'*'" + EVERY),
        ("all", ITEM + "'all'" + EVERY),
        ("Any", ITEM + "'Any'" + EVERY),
        ("0x50", ITEM + "'0x50'; write 80"),
        ("0X50-0x5A", ITEM + "'0X50-0x5A'; write 80-90"),
        ("0x", ITEM + "'0x'" + NAMES),
        ("0x10000", ITEM + "'0x10000'"),
        ("080", "port must have no leading zero, got '080'; write 80"),
        ("00", "port must have no leading zero, got '00'; write 0"),
        ("\uff11\uff12", ITEM + "'\uff11\uff12'; write 12"),
        ("\u0668\u0660", ITEM + "'\u0668\u0660'; write 80"),
        ("80.0", ITEM + "'80.0'; write 80"),
        ("8_000", ITEM + "'8_000'; write 8000"),
        ("'22'", ITEM + "\"'22'\"; write 22"),
        ("{22}", ITEM + "'{22}'; write 22"),
        (" 80", ITEM + "' 80'; write 80"),
        ("80 # web", ITEM + "'80 # web'; omit the comment"),
        ("22/tcp", ITEM + "'22/tcp'; omit '/tcp', or use TransportPorts.parse()"),
        ("ssh/tcp", ITEM + "'ssh/tcp'; omit '/tcp', or use TransportPorts.parse()"),
        ("10.0.0.1:80", ITEM + "'10.0.0.1:80'; Endpoint.parse() reads a host and a port"),
        ("ssh", ITEM + "'ssh'" + NAMES),
        ("x11-ssh-offset", ITEM + "'x11-ssh-offset'" + NAMES),
        ("80-http", ITEM + "'80-http'" + NAMES),
        ("44x3", ITEM + "'44x3'"),
        ("x" * 41, ITEM + f"'{'x' * 41}'"),
        ("70000 80", ITEM + "'70000 80'; separate ports with ','"),
        ("90..80", ITEM + "'90..80'"),
    ],
)  # fmt: skip
def test_a_text_of_another_notation_gets_its_fix(text: str, reason: str) -> None:
    assert refused(text) == (reason, (0, len(text)))
    if text.strip(" ") == text:
        assert refused(f"7, {text} ,8") == (reason, (3, 3 + len(text)))
    _, mark, fix = reason.partition("; write ")
    if mark:
        # What the hint says to write is accepted.
        assert PortSet.parse(fix.partition(",")[0] if " " in fix else fix)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("22,,80", [(3, 3)]),
        ("22,80,", [(6, 6)]),
        ("22, ,80", [(3, 4)]),
        ("22,80,\n", [(6, 7)]),
        (",", [(0, 0), (1, 1)]),
        ("\n,22", [(0, 1)]),
    ],
)
def test_a_comma_needs_two_items(text: str, spans: list[tuple[int, int]]) -> None:
    errors = PortSet.syntax_errors(text)
    assert [each.span for each in errors] == spans
    assert {each.reason for each in errors} == {
        "expected a port or 'first-last', got nothing; omit the comma"
    }


def test_brackets_around_a_list_have_two_errors() -> None:
    assert [each.reason for each in PortSet.syntax_errors("[22,80]")] == [
        ITEM + "'[22'; write 22",
        ITEM + "'80]'; write 80",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("080", "port must have no leading zero, got '080'; write 80"),
        ("0x50", "port must be decimal digits, got '0x50'; write 80"),
        ("\uff11\uff12", "port must be decimal digits, got '\uff11\uff12'; write 12"),
        ("80:90", "port must be decimal digits, got '80:90'"),
        ("22 80", "port must be decimal digits, got '22 80'"),
    ],
)
def test_a_single_port_gets_a_fix_that_is_a_single_port(text: str, reason: str) -> None:
    with pytest.raises(PortSyntaxError) as caught:
        parse_port(text)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("80:90", ITEM + "'80:90'; write 80-90"),
        ("22 80", ITEM + "'22 80'"),
        ("22,80", ITEM + "'22,80'"),
        ("ssh", ITEM + "'ssh'"),
        ("ssh https", ITEM + "'ssh https'"),
    ],
)
def test_a_range_gets_a_fix_that_is_a_range(text: str, reason: str) -> None:
    with pytest.raises(PortSyntaxError) as caught:
        PortRange.parse(text)
    assert caught.value.reason == reason


# -- lines ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("22\n80\n", "22,80"),
        ("22\r\n80\r\n", "22,80"),
        ("\n  22  \n\n  80-90,443\n  ", "22,80-90,443"),
        ("22,\n80,\n\n443", "22,80,443"),
        ("22\n, 80", "22,80"),
        ("\n", ""),
        (" \r\n ", ""),
    ],
)
def test_a_line_break_separates_items(text: str, ports: str) -> None:
    assert PortSet.parse(text) == PortSet.parse(ports)
    assert PortSet.syntax_errors(text) == ()


def test_a_carriage_return_belongs_to_one_line_break() -> None:
    assert refused("22\r\r\n80") == (ITEM + r"'22\r'; write 22", (0, 3))
    assert refused("\r\n\r\r\n80")[1] == (2, 3)


def test_an_error_in_a_line_has_its_place_in_the_text() -> None:
    text = "22\n 80x2 \n443\n"
    with pytest.raises(PortSyntaxError) as caught:
        PortSet.parse(text)
    assert caught.value.span == (4, 8)
    assert str(caught.value) == (
        ITEM + "'80x2'\n    22\\x0a 80x2 \\x0a443\\x0a\n" + " " * 11 + "~~~~"
    )


def test_transports_are_read_from_lines() -> None:
    assert TransportPorts.parse("22/tcp\n53/udp,\n80/tcp\n") == TransportPorts(
        tcp=[22, 80], udp=[53]
    )


# -- names ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("ssh,https,8000-8100", "22,443,8000-8100"),
        ("SSH\nHttps", "22,443"),
        ("3com-tsmux", "106"),
        ("http-alt", "591,8008,8080"),
        ("z39.50, whois++, sql*net", "63,66,210"),
        ("22,80", "22,80"),
    ],
)
def test_names_of_services(text: str, ports: str) -> None:
    assert str(PortSet.parse(text, services=registry.SHIPPED)) == ports


def test_a_name_has_the_ports_of_every_transport() -> None:
    own = registry.SHIPPED.with_services({"mixed": [(7001, "tcp"), (7002, "udp")]})
    assert PortSet.parse("mixed", services=own) == PortSet([7001, 7002])
    assert TransportPorts.parse("mixed/udp", services=own) == TransportPorts(udp=[7002])
    both = TransportPorts.parse("mixed", services=own, default_transports=("tcp", "udp", "sctp"))
    assert both == TransportPorts(tcp=[7001], udp=[7002])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("shs", "unknown service, got 'shs'; did you mean 'sds' or 'sos' or 'ssh'?"),
        ("ssh-telnet", "unknown service, got 'ssh-telnet'; did you mean 'scpi-telnet' or 'telnet' "
         "or 'skytelnet'?"),
        ("ssh https", ITEM + "'ssh https'; separate ports with ','"),
        ("0x50", ITEM + "'0x50'; write 80"),
        ("any", ITEM + "'any'" + EVERY),
        ("ssh/tcp", ITEM + "'ssh/tcp'; omit '/tcp', or use TransportPorts.parse()"),
        ("x" * 65, f"unknown service, got '{'x' * 39}...{'x' * 11}'"),
        ("80:90", ITEM + "'80:90'; write 80-90"),
    ],
)  # fmt: skip
def test_names_that_are_refused(text: str, reason: str) -> None:
    assert refused(text, services=registry.SHIPPED) == (reason, (0, len(text)))


@pytest.mark.parametrize(
    ("text", "defaults", "reason", "span"),
    [
        ("22/tcp,https/dccp", (), "a service must have a port of dccp, got 'https'", (7, 12)),
        ("bootps", ("sctp", "dccp"), "a service must have a port of sctp or dccp, got 'bootps'",
         (0, 6)),
        ("shs/tcp", (), "unknown service, got 'shs'; did you mean 'sds' or 'sos' or 'ssh'?",
         (0, 3)),
        ("ssh", (), "expected 'port/transport' or 'first-last/transport', got 'ssh'", (0, 3)),
        ("ssh/upd", (), "unknown transport, got 'upd'; did you mean 'udp'?", (4, 7)),
        ("ssh/", (), "expected 'port/transport' or 'first-last/transport', got 'ssh/'", (0, 4)),
    ],
)  # fmt: skip
def test_names_with_transports_that_are_refused(
    text: str, defaults: tuple[str, ...], reason: str, span: tuple[int, int]
) -> None:
    with pytest.raises(PortSyntaxError) as caught:
        TransportPorts.parse(text, services=registry.SHIPPED, default_transports=defaults)
    assert (caught.value.reason, caught.value.span) == (reason, span)
    assert caught.value.__context__ is None


class NoPorts:
    def ports(self, service: str, transport: object = None) -> PortSet:
        return PortSet()


def test_a_service_without_a_port_is_refused() -> None:
    assert refused("22,x", services=NoPorts()) == (
        "a service must have a port, got 'x'",
        (3, 4),
    )


@pytest.mark.parametrize("services", ["/etc/services", 5, object(), registry.Registry])
def test_services_must_be_a_registry(services: Any) -> None:
    for read in (PortSet.parse, PortSet.syntax_errors, PortSet.parse_rows, TransportPorts.parse):
        with pytest.raises(TypeError, match=r"^services must be a registry, got "):
            read("", services=services)


# -- all errors -----------------------------------------------------------------


def test_at_most_a_hundred_errors_are_reported() -> None:
    text = "x," * 1_000_000
    errors = PortSet.syntax_errors(text)
    assert [each.span for each in errors] == [(2 * at, 2 * at + 1) for at in range(100)]
    with pytest.raises(PortRowsError) as caught:
        PortSet.parse_rows([text, text])
    assert len(caught.value.exceptions) == 100


def test_a_text_is_required() -> None:
    with pytest.raises(TypeError, match=r"^text must be a str, got bytes b'22'$"):
        PortSet.syntax_errors(b"22")  # type: ignore[arg-type]


# -- rows -----------------------------------------------------------------------


def test_rows_are_texts_and_ports() -> None:
    rows = ["22", "80-90, 443", 53, PortRange(1, 2), range(5, 7), PortSet([9]), "", "7\n8"]
    assert str(PortSet.parse_rows(rows)) == "1-2,5-9,22,53,80-90,443"
    assert PortSet.parse_rows(iter(["ssh"]), services=registry.SHIPPED) == PortSet([22])
    assert PortSet.parse_rows([]) == PortSet()


def group_of(rows: Any) -> PortRowsError:
    with pytest.raises(PortRowsError) as caught:
        PortSet.parse_rows(rows)
    assert caught.value.__context__ is None
    return caught.value


WRONG: list[Any] = ["22", "80:90,x1y", 70000, None, 541342, True, 10**5000, b"80", [22], 1.5]


def test_each_wrong_row_is_an_error_with_its_place() -> None:
    group = group_of(WRONG)
    assert str(group) == ("each row must be a port, a range or a list of them (10 sub-exceptions)")
    assert [str(each).partition("\n")[0] for each in group.exceptions] == [
        "rows[1]: " + ITEM + "'80:90'; write 80-90",
        "rows[1]: " + ITEM + "'x1y'" + NAMES,
        "rows[2]: port must be in 0..65535, got 70000",
        "rows[3]: port must be an integer, got NoneType None",
        "rows[4]: port must be in 0..65535, got 541342; YAML reads 9022:22 without quotes as "
        "541342, to base 60",
        "rows[5]: port must be an integer, got bool True",
        "rows[6]: port must be in 0..65535, got 0x31e20801036510f3c5...",
        "rows[7]: port must be an integer, got bytes b'80'",
        "rows[8]: port must be an integer, got list [22]",
        "rows[9]: port must be an integer, got float 1.5",
    ]
    texts = [each for each in group.exceptions if isinstance(each, RowSyntaxError)]
    assert [(each.index, each.text[:9], each.span) for each in texts] == [
        (1, "80:90,x1y", (0, 5)),
        (1, "80:90,x1y", (6, 9)),
        (2, "70000", (0, 5)),
        (4, "541342", (0, 6)),
        (6, "0x31e2080", (0, 23)),
    ]
    others = [each for each in group.exceptions if not isinstance(each, RowSyntaxError)]
    assert [(type(each), each.args[1]) for each in others] == [
        (RowTypeError, at) for at in (3, 5, 7, 8, 9)
    ]


def test_a_group_is_split_by_the_classes_of_its_errors() -> None:
    group = group_of(WRONG)
    values, types = group.split(ValueError)
    assert type(values) is type(types) is PortRowsError
    assert {type(each) for each in values.exceptions} == {RowSyntaxError}
    assert {type(each) for each in types.exceptions} == {RowTypeError}
    assert values.message == group.message
    # The group itself is an error of the library, and so is each of its errors.
    assert group.split(PortRangesError) == (group, None)
    seen: list[int] = []
    try:
        raise group
    except* PortSyntaxError as found:
        seen.append(len(found.exceptions))
    except* TypeError as found:
        seen.append(len(found.exceptions))
    assert seen == [5, 5]


def test_a_group_is_an_error_of_the_library() -> None:
    with pytest.raises(PortRangesError):
        PortSet.parse_rows(["x"])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_group_is_copied_and_pickled(protocol: int) -> None:
    group = group_of(WRONG)
    for twin in (copy.copy(group), pickle.loads(pickle.dumps(group, protocol))):
        assert type(twin) is PortRowsError
        assert [(type(each), each.args, vars(each)) for each in twin.exceptions] == [
            (type(each), each.args, vars(each)) for each in group.exceptions
        ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("22", "rows must be an iterable of rows, got str '22'; PortSet.parse() reads one text"),
        (b"22", "rows must be an iterable of rows, got bytes b'22'"),
        (22, "rows must be an iterable of rows, got int 22"),
        (None, "rows must be an iterable of rows, got NoneType None"),
    ],
)
def test_rows_must_be_iterable(rows: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        PortSet.parse_rows(rows)
    assert str(caught.value) == message


def test_an_error_of_the_registry_itself_is_not_caught() -> None:
    class Broken:
        def ports(self, service: str, transport: object = None) -> PortSet:
            raise TypeError("broken")

    with pytest.raises(TypeError, match="^broken$"):
        PortSet.parse_rows(["x"], services=Broken())
