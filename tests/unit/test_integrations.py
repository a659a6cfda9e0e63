"""Ports as fields and arguments of other libraries, with the real packages."""

from __future__ import annotations

import argparse
import copy
import dataclasses
import json
import pickle
import re
import subprocess
import sys
import typing
from pathlib import Path
from typing import Annotated, Any

import attrs
import beartype
import cattrs
import cattrs.preconf.json
import click
import click.testing
import msgspec
import pytest
import typeguard
import typer
import typer.testing

import portranges
from portranges import (
    Category,
    Endpoint,
    InvalidPortError,
    InvalidRangeError,
    InvalidValueError,
    MaskedPort,
    PortRange,
    PortSet,
    PortSyntaxError,
    Transport,
    TransportPorts,
    UnknownNameError,
    values,
)
from portranges.integrations import argparse as for_argparse
from portranges.integrations import attrs as for_attrs
from portranges.integrations import beartype as for_beartype
from portranges.integrations import cattrs as for_cattrs
from portranges.integrations import click as for_click
from portranges.integrations import msgspec as for_msgspec
from portranges.integrations import typeguard as for_typeguard
from portranges.integrations import typer as for_typer
from portranges.integrations.extras import required

# What a field of each type accepts, and the value that it makes.
ACCEPTED: list[tuple[str, object, object]] = [
    ("port", 0, 0),
    ("port", "65535", 65535),
    ("port_range", "8000-8100", PortRange(8000, 8100)),
    ("port_range", "80", PortRange(80)),
    ("port_range", 80, PortRange(80)),
    ("port_range", range(80, 83), PortRange(80, 82)),
    ("port_range", {"first": 80, "last": 82}, PortRange(80, 82)),
    ("port_range", {"first": "80"}, PortRange(80)),
    ("port_range", PortRange(80, 82), PortRange(80, 82)),
    ("port_set", "", PortSet()),
    ("port_set", "22,8000-8100", PortSet([22, PortRange(8000, 8100)])),
    ("port_set", 22, PortSet([22])),
    ("port_set", [22, "8000-8100"], PortSet.parse("22,8000-8100")),
    ("port_set", (22, PortRange(1, 2)), PortSet.parse("1-2,22")),
    ("port_set", PortRange(1, 2), PortSet.parse("1-2")),
    ("port_set", frozenset({1, 2}), PortSet.parse("1-2")),
    ("port_set", PortSet([22]), PortSet([22])),
    ("transport_ports", "22/tcp,53/udp", TransportPorts(tcp=[22], udp=[53])),
    ("transport_ports", {"tcp": 22, "udp": "53"}, TransportPorts(tcp=[22], udp=[53])),
    ("transport_ports", {}, TransportPorts()),
    ("transport_ports", TransportPorts(tcp=[22]), TransportPorts(tcp=[22])),
    ("masked_port", "0x3e8/0xfff8", MaskedPort(0x3E8, 0xFFF8)),
    ("masked_port", 80, MaskedPort(80, 65535)),
    ("masked_port", {"value": 1000, "mask": 0xFFF8}, MaskedPort(0x3E8, 0xFFF8)),
    ("masked_port", MaskedPort(0, 0), MaskedPort(0, 0)),
    ("endpoint", "[::1]:443", Endpoint("::1", 443)),
    ("endpoint", {"host": "::1", "port": 443}, Endpoint("::1", 443)),
    ("endpoint", Endpoint("::1", 443), Endpoint("::1", 443)),
    ("transport", "udp", Transport.UDP),
    ("transport", Transport.UDP, Transport.UDP),
    ("category", "dynamic", Category.DYNAMIC),
    ("category", Category.USER, Category.USER),
]

REFUSED: list[tuple[str, object, type[Exception], str]] = [
    ("port", 70000, InvalidPortError, "port must be in 0..65535, got 70000"),
    ("port", True, TypeError, "port must be an integer, got bool True"),
    ("port", 80.0, TypeError, "port must be an integer, got float 80.0"),
    (
        "port",
        "x80",
        PortSyntaxError,
        "port must be decimal digits, got 'x80'\n    x80\n    ~~~",
    ),
    (
        "port_range",
        "9-8",
        PortSyntaxError,
        "first must not be greater than last, got 9-8; did you mean 8-9?\n    9-8\n    ~~~",
    ),
    (
        "port_range",
        {"first": 9, "last": 8},
        InvalidRangeError,
        "first must not be greater than last, got 9-8; did you mean 8-9?",
    ),
    (
        "port_range",
        {"first": 9, "size": 8},
        InvalidValueError,
        "the keys must be 'first', and perhaps 'last', got ['first', 'size']",
    ),
    ("port_range", None, TypeError, "port must be an integer, got NoneType None"),
    (
        "port_set",
        [22, "80x"],
        PortSyntaxError,
        "expected a port or 'first-last', got '80x'\n    80x\n    ~~~",
    ),
    ("port_set", [22, 70000], InvalidPortError, "port must be in 0..65535, got 70000"),
    ("port_set", None, TypeError, "ports must be text, a number or a list, got NoneType None"),
    ("port_set", 22.0, TypeError, "port must be an integer, got float 22.0"),
    (
        "port_set",
        {"22": 1},
        TypeError,
        "ports must be text, a number or a list, got dict {'22': 1}",
    ),
    ("port_set", b"22", TypeError, "ports must be text, a number or a list, got bytes b'22'"),
    (
        "transport_ports",
        "22/tpc",
        PortSyntaxError,
        "unknown transport, got 'tpc'; did you mean 'tcp'?\n    22/tpc\n       ~~~",
    ),
    (
        "transport_ports",
        {"tpc": [22]},
        UnknownNameError,
        "unknown transport, got 'tpc'; did you mean 'tcp'?",
    ),
    (
        "transport_ports",
        22,
        TypeError,
        "ports must be text or a mapping from transports, got int 22",
    ),
    (
        "masked_port",
        "0x3e8/8",
        PortSyntaxError,
        "mask must be 0x and up to four hexadecimal digits, got '8'\n    0x3e8/8\n          ~",
    ),
    (
        "masked_port",
        {"value": 0x3E9, "mask": 0xFFF8},
        InvalidRangeError,
        "value must have no bit outside mask, got 0x3e9/0xfff8",
    ),
    (
        "endpoint",
        "localhost",
        PortSyntaxError,
        "expected a port after the host, got 'localhost'\n    localhost\n             ~",
    ),
    (
        "endpoint",
        {"host": "::1"},
        InvalidValueError,
        "the keys must be 'host' and 'port', got ['host']",
    ),
    (
        "endpoint",
        {"host": "a b", "port": 80},
        InvalidValueError,
        "host must be a name, an IPv4 or IPv6 address, or '*', got 'a b'",
    ),
    (
        "endpoint",
        80,
        TypeError,
        "an endpoint must be text or a mapping of host and port, got int 80",
    ),
    ("transport", "upd", UnknownNameError, "unknown transport, got 'upd'; did you mean 'udp'?"),
    ("transport", 6, TypeError, "transport must be a Transport or its value, got int 6"),
    ("category", "usr", UnknownNameError, "unknown category, got 'usr'; did you mean 'user'?"),
]

KINDS: dict[str, Any] = {
    "port": int,
    **{read.__name__: kind for kind, read in values.READERS.items()},
}


def is_text(row: tuple[Any, ...]) -> bool:
    """Whether the value of a row is what a command line may contain."""
    return type(row[1]) is str


def is_data(row: tuple[Any, ...]) -> bool:
    """Whether the value of a row is what JSON may contain."""
    return row[1] is None or type(row[1]) in (bool, int, float, str, list, dict)


# -- values and attrs -----------------------------------------------------------


@pytest.mark.parametrize(("name", "value", "made"), ACCEPTED)
def test_a_value_is_accepted(name: str, value: object, made: object) -> None:
    for read in (getattr(values, name), getattr(for_attrs, f"to_{name}")):
        found = read(value)
        assert found == made
        assert type(found) is KINDS[name]


@pytest.mark.parametrize(("name", "value", "error", "message"), REFUSED)
def test_a_value_is_refused(name: str, value: object, error: type[Exception], message: str) -> None:
    for read in (getattr(values, name), getattr(for_attrs, f"to_{name}")):
        with pytest.raises(error) as caught:
            read(value)
        assert type(caught.value) is error
        assert str(caught.value) == message


def test_fields_of_attrs() -> None:
    @attrs.define
    class Rule:
        listen: int = attrs.field(validator=for_attrs.is_port)
        allow: PortSet = attrs.field(converter=for_attrs.to_port_set, default="80")
        peer: Endpoint | None = attrs.field(
            converter=attrs.converters.optional(for_attrs.to_endpoint), default=None
        )

    assert Rule(443) == Rule(443, PortSet([80]), None)
    assert Rule(443, peer="[::1]:80").peer == Endpoint("::1", 80)
    for wrong, error, message in (
        (70000, InvalidPortError, "port must be in 0..65535, got 70000"),
        ("80", TypeError, "port must be an integer, got str '80'; parse_port() reads text"),
    ):
        with pytest.raises(error) as caught:
            Rule(wrong)
        assert str(caught.value) == message
    # Libraries that check types read the hints of the constructor.
    assert str in typing.get_args(typing.get_type_hints(Rule.__init__)["allow"])


# -- msgspec -------------------------------------------------------------------


def msgspec_kind(name: str) -> Any:
    return for_msgspec.Port if name == "port" else getattr(for_msgspec, KINDS[name].__name__)


@pytest.mark.parametrize(
    ("name", "value", "made"),
    [row for row in ACCEPTED if is_data(row) and (row[0] != "port" or row[1] == 0)],
)
def test_msgspec_reads_json_messagepack_and_data(name: str, value: Any, made: object) -> None:
    struct = msgspec.defstruct("Rule", [("field", msgspec_kind(name))])
    hooks: dict[str, Any] = {"type": struct, "dec_hook": for_msgspec.dec_hook}
    data = {"field": value}
    for found in (
        msgspec.json.decode(json.dumps(data), **hooks),
        msgspec.msgpack.decode(msgspec.msgpack.encode(data), **hooks),
        msgspec.yaml.decode(msgspec.yaml.encode(data), **hooks),
        msgspec.convert(data, **hooks),
        msgspec.convert({"field": made}, **hooks),
    ):
        assert found.field == made
        assert type(found.field) is KINDS[name]
        # What is written is read again.
        for codec in (msgspec.json, msgspec.msgpack, msgspec.yaml):
            encoded = codec.encode(found, enc_hook=for_msgspec.enc_hook)
            assert codec.decode(encoded, **hooks) == found


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [row for row in REFUSED if is_data(row) and row[0] != "port"],
)
def test_msgspec_adds_the_place_to_the_message(
    name: str, value: Any, error: type[Exception], message: str
) -> None:
    struct = msgspec.defstruct("Rule", [("field", msgspec_kind(name))])
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(
            json.dumps([{"field": value}]), type=list[struct], dec_hook=for_msgspec.dec_hook
        )
    assert str(caught.value) == f"{message} - at `$[0].field`"


def test_msgspec_enforces_a_port() -> None:
    assert msgspec.convert([0, 65535], list[for_msgspec.Port]) == [0, 65535]
    for wrong, message in (
        (70000, "Expected `int` <= 65535"),
        (-1, "Expected `int` >= 0"),
        (True, "Expected `int`, got `bool`"),
        ("80", "Expected `int`, got `str`"),
    ):
        with pytest.raises(msgspec.ValidationError) as caught:
            msgspec.convert(wrong, for_msgspec.Port)
        assert str(caught.value) == message


def test_msgspec_writes_text_and_objects() -> None:
    written = msgspec.json.encode(
        [PortSet([80, 443]), TransportPorts(udp=[53]), Transport.TCP, Endpoint("a", 80)],
        enc_hook=for_msgspec.enc_hook,
    )
    assert written == b'["80,443","53/udp","tcp",{"host":"a","port":80}]'


def test_the_types_for_msgspec_are_those_of_the_library() -> None:
    assert (
        for_msgspec.PortRange(80, 90) == for_msgspec.PortRange.parse("80-90") == PortRange(80, 90)
    )
    assert for_msgspec.Transport.TCP is Transport.TCP
    assert isinstance(Endpoint("a", 80), for_msgspec.Endpoint)
    assert not isinstance("a:80", for_msgspec.Endpoint)
    assert not dataclasses.is_dataclass(for_msgspec.Endpoint)


def test_msgspec_makes_a_json_schema() -> None:
    struct = msgspec.defstruct(
        "Rule", [(name, msgspec_kind(name)) for name in KINDS], module=__name__
    )
    schema = msgspec.json.schema(struct, schema_hook=for_msgspec.schema_hook)
    fields = schema["$defs"]["Rule"]["properties"]
    assert fields["port"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 65535,
        "description": "A TCP or UDP port.",
        "examples": [443],
    }
    assert fields["transport"]["enum"] == ["tcp", "udp", "sctp", "dccp"]
    for name in [*KINDS][1:]:
        assert fields[name]["type"] == "string"
        assert fields[name]["description"].endswith(".")
        for example in fields[name]["examples"]:
            assert re.search(fields[name].get("pattern", ""), example)
            assert type(getattr(values, name)(example)) is KINDS[name]


def test_the_hooks_of_msgspec_refuse_other_types() -> None:
    for hook in (
        lambda: for_msgspec.enc_hook(object()),
        lambda: for_msgspec.dec_hook(complex, "1"),
        lambda: for_msgspec.schema_hook(complex),
    ):
        with pytest.raises(NotImplementedError, match="is not a type of portranges$"):
            hook()


# -- cattrs --------------------------------------------------------------------


def converter_of(*, detailed: bool = True) -> cattrs.Converter:
    converter = cattrs.preconf.json.make_converter(detailed_validation=detailed)
    for_cattrs.register(converter)
    return converter


def cattrs_kind(name: str) -> Any:
    return for_cattrs.Port if name == "port" else KINDS[name]


@pytest.mark.parametrize("detailed", [True, False])
@pytest.mark.parametrize(("name", "value", "made"), ACCEPTED)
def test_cattrs_structures_and_unstructures(
    name: str, value: object, made: object, detailed: bool
) -> None:
    converter = converter_of(detailed=detailed)
    rule = attrs.make_class("Rule", {"field": attrs.field(type=cattrs_kind(name))})
    found = converter.structure({"field": value}, rule)
    assert found == rule(made)
    written = converter.dumps(found)
    assert json.loads(written) == {"field": made if name == "port" else str(made)}
    assert converter.loads(written, rule) == found


@pytest.mark.parametrize(("name", "value", "error", "message"), REFUSED)
def test_cattrs_keeps_errors_and_messages(
    name: str, value: object, error: type[Exception], message: str
) -> None:
    rule = attrs.make_class("Rule", {"field": attrs.field(type=cattrs_kind(name))})
    with pytest.raises(error) as plain:
        converter_of(detailed=False).structure({"field": value}, rule)
    assert str(plain.value) == message
    with pytest.raises(cattrs.ClassValidationError) as caught:
        converter_of().structure({"field": value}, rule)
    assert [type(each) for each in caught.value.exceptions] == [error]
    places = cattrs.transform_error(caught.value, format_exception=for_cattrs.format_exception)
    assert places == [f"{message} @ $.field"]


def test_cattrs_formats_other_errors_itself() -> None:
    with pytest.raises(cattrs.IterableValidationError) as caught:
        converter_of().structure(["x"], list[int])
    places = cattrs.transform_error(caught.value, format_exception=for_cattrs.format_exception)
    assert places == ["invalid value for type, expected int @ $[0]"]


# -- argparse ------------------------------------------------------------------


@pytest.mark.parametrize(("name", "value", "made"), [*filter(is_text, ACCEPTED)])
def test_argparse_accepts(name: str, value: str, made: object) -> None:
    read = getattr(for_argparse, name)
    assert read.__name__ == name
    parser = argparse.ArgumentParser()
    parser.add_argument("--of", type=read, default=value)
    assert parser.parse_args([]).of == made
    assert parser.parse_args(["--of", value]).of == made


@pytest.mark.parametrize(("name", "value", "error", "message"), [*filter(is_text, REFUSED)])
def test_argparse_shows_the_message_and_ends_with_2(
    name: str,
    value: str,
    error: type[Exception],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    parser = argparse.ArgumentParser(prog="serve", usage="serve")
    parser.add_argument("--of", type=getattr(for_argparse, name))
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(["--of", value])
    assert ended.value.code == 2
    assert capsys.readouterr().err == (f"usage: serve\nserve: error: argument --of: {message}\n")


# -- click and typer -------------------------------------------------------------


def run_click(name: str, *words: str, **option: Any) -> Any:
    found: list[object] = []
    command = click.Command(
        "serve",
        params=[click.Option(["--of"], type=getattr(for_click, name.upper()), **option)],
        callback=lambda of: found.append(of),
    )
    result = click.testing.CliRunner().invoke(command, words)
    return found[0] if found else result


@pytest.mark.parametrize(("name", "value", "made"), ACCEPTED)
def test_click_accepts(name: str, value: Any, made: object) -> None:
    if isinstance(value, str):
        assert run_click(name, "--of", value) == made
    if not isinstance(value, list):
        # click itself wants several values for a list, or none.
        assert run_click(name, default=lambda: value) == made
    assert getattr(for_click, name.upper()).convert(value, None, None) == made


@pytest.mark.parametrize(("name", "value", "error", "message"), [*filter(is_text, REFUSED)])
def test_click_shows_the_message(
    name: str, value: str, error: type[Exception], message: str
) -> None:
    result = run_click(name, "--of", value)
    assert result.exit_code == 2
    assert result.output.endswith(f"Error: Invalid value for '--of': {message}\n")


@pytest.mark.parametrize(
    ("name", "metavar", "default"),
    [
        ("port", "PORT", "80"),
        ("port_range", "FIRST-LAST", "80-90"),
        ("port_set", "PORTS", "22,80-90"),
        ("transport_ports", "PORTS/TRANSPORT", "22/tcp"),
        ("masked_port", "VALUE/MASK", "0x3e8/0xfff8"),
        ("endpoint", "HOST:PORT", "[::1]:80"),
        ("transport", "[tcp|udp|sctp|dccp]", "tcp"),
        ("category", "[system|user|dynamic]", "user"),
    ],
)
def test_the_help_of_click_shows_the_form_and_the_default(
    name: str, metavar: str, default: str
) -> None:
    objects = (
        [default] if name in ("transport", "category") else [default, values_of(name, default)]
    )
    for each in objects:
        output = run_click(name, "--help", default=each, show_default=True).output
        assert f"--of {metavar}" in output
        assert f"[default: {default}]" in output


def values_of(name: str, text: str) -> object:
    return getattr(values, name)(text)


def test_a_shell_completes_the_words_of_click() -> None:
    context = click.Context(click.Command("serve"))
    option = click.Option(["--of"])
    for kind, start, words in (
        (for_click.TRANSPORT, "", ["tcp", "udp", "sctp", "dccp"]),
        (for_click.TRANSPORT, "u", ["udp"]),
        (for_click.CATEGORY, "d", ["dynamic"]),
        (for_click.PORT_SET, "", []),
    ):
        assert [each.value for each in kind.shell_complete(context, option, start)] == words
    assert repr(for_click.PORT_RANGE) == "FIRST-LAST"


def run_typer(name: str, *words: str, default: Any = None) -> Any:
    found: list[object] = []
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    parser = getattr(for_typer, name)

    @app.command()
    def serve(
        of: Annotated[KINDS[name], typer.Option(parser=parser, metavar="FORM")] = default,
    ) -> None:
        found.append(of)

    serve.__annotations__["of"] = Annotated[
        KINDS[name], typer.Option(parser=parser, metavar="FORM")
    ]
    return found, typer.testing.CliRunner().invoke(app, words)


@pytest.mark.parametrize(("name", "value", "made"), [*filter(is_text, ACCEPTED)])
def test_typer_accepts(name: str, value: str, made: object) -> None:
    assert run_typer(name, "--of", value)[0] == [made]
    for default in (value, made):
        assert run_typer(name, default=default)[0] == [made]


@pytest.mark.parametrize(("name", "value", "error", "message"), [*filter(is_text, REFUSED)])
def test_typer_shows_the_message(
    name: str, value: str, error: type[Exception], message: str
) -> None:
    found, result = run_typer(name, "--of", value)
    assert (found, result.exit_code) == ([], 2)
    lines = [line.strip("│ ") for line in result.output.splitlines()]
    for line in message.splitlines():
        assert any(line.strip()[:40] in each for each in lines)


def test_the_help_of_typer_shows_the_form_and_the_default() -> None:
    _, result = run_typer("port_set", "--help", default=PortSet([80, 81]))
    assert "FORM" in result.output
    assert "80-81" in result.output
    app = typer.Typer(add_completion=False)

    @app.command()
    def serve(port: int = 8080) -> None:
        raise AssertionError(port)

    serve.__annotations__["port"] = for_typer.Port
    result = typer.testing.CliRunner().invoke(app, ["--port", "70000"])
    assert result.exit_code == 2
    assert "port must be in 0..65535, got '70000'" in result.output
    assert "PORT" in typer.testing.CliRunner().invoke(app, ["--help"]).output


# -- beartype and typeguard ------------------------------------------------------

NOT_PORTS = [70000, -1, True, "80", 80.0, None]


def test_beartype_enforces_a_port() -> None:
    @beartype.beartype
    def listen(port: for_beartype.Port) -> int:
        return port

    assert [listen(port) for port in (0, 80, 65535)] == [0, 80, 65535]
    for wrong in NOT_PORTS:
        with pytest.raises(beartype.roar.BeartypeCallHintParamViolation):
            listen(wrong)


def test_typeguard_enforces_a_port() -> None:
    for port in (0, 80, 65535):
        assert typeguard.check_type([port], list[for_typeguard.Port]) == [port]
    for wrong in NOT_PORTS:
        with pytest.raises(typeguard.TypeCheckError):
            typeguard.check_type(wrong, for_typeguard.Port)
    with pytest.raises(typeguard.TypeCheckError) as caught:
        typeguard.check_type([80, 70000][1:], list[for_typeguard.Port])
    assert str(caught.value) == (
        "item 0 of list is not a port: port must be in 0..65535, got 70000"
    )
    # Other integers, annotated or not, are as before.
    assert typeguard.check_type(70000, Annotated[int, "a port"]) == 70000
    assert typeguard.check_type(True, int) is True


# -- dataclasses ---------------------------------------------------------------


PORTS = PortSet([80])
SPAN = PortRange(80, 90)
BOTH = TransportPorts(tcp=[80])
MASKED = MaskedPort(80, 65535)
PEER = Endpoint("::1", 80)


@dataclasses.dataclass(frozen=True, order=True)
class Rule:
    ports: PortSet = PORTS
    span: PortRange = SPAN
    both: TransportPorts = BOTH
    masked: MaskedPort = MASKED
    peer: Endpoint = PEER
    transport: Transport = Transport.TCP
    category: Category = Category.SYSTEM


def test_the_types_are_fields_of_dataclasses() -> None:
    rule = Rule()
    assert hash(rule) == hash(Rule())
    assert dataclasses.replace(rule, ports=PortSet([81])).ports == PortSet([81])
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(rule, protocol)) == rule
    assert copy.copy(rule) == copy.deepcopy(rule) == rule
    assert dataclasses.asdict(rule) == {
        "ports": PortSet([80]),
        "span": {"first": 80, "last": 90},
        "both": TransportPorts(tcp=[80]),
        "masked": {"value": 80, "mask": 65535},
        "peer": {"host": "::1", "port": 80},
        "transport": Transport.TCP,
        "category": Category.SYSTEM,
    }
    # Sets are ordered by inclusion, so tuples of fields are compared as tuples of sets are.
    assert Rule() < Rule(ports=PortSet([80, 81]))


# -- without the packages --------------------------------------------------------

PACKAGES = ["attrs", "beartype", "cattrs", "click", "msgspec", "typeguard", "typer"]

IMPORT = """
import sys
path, module, *missing = sys.argv[1:]
sys.path.insert(0, path)
for each in missing:
    sys.modules[each] = None
try:
    __import__(module)
except ImportError as error:
    print(type(error).__name__, error)
else:
    print("imported")
"""


def import_without(module: str, *missing: str) -> str:
    path = str(Path(portranges.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, path, module, *missing],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("package", PACKAGES)
def test_the_error_names_a_package_that_is_not_installed(package: str) -> None:
    assert import_without(f"portranges.integrations.{package}", package) == (
        f"MissingExtraError {package} is not installed; "
        f"install it with: pip install 'portranges[{package}]'"
    )


def test_argparse_and_the_core_need_no_package() -> None:
    for module in ("portranges.integrations.argparse", "portranges.integrations", "portranges"):
        assert import_without(module, *PACKAGES) == "imported"


def test_a_package_that_cannot_be_imported_is_not_called_missing() -> None:
    def fail() -> None:
        raise ModuleNotFoundError("No module named 'attr'", name="attr")

    with pytest.raises(ModuleNotFoundError, match="^No module named 'attr'$"), required("x"):
        fail()
