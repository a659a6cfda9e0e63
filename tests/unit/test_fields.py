"""The types of the library as fields of pydantic: values, messages, JSON, schemas."""

from __future__ import annotations

import inspect
import json
import pickle
import re
import subprocess
import sys
import tracemalloc
import typing
from array import array
from pathlib import Path
from typing import Annotated, Generic, TypeVar

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

import portranges
from package_modules import imported, module_names, offered
from portranges import (
    Category,
    Endpoint,
    MaskedPort,
    Port,
    PortRange,
    PortSet,
    Transport,
    TransportPorts,
    capacity,
    dialects,
    ephemeral,
    flows,
    probe,
    registry,
    reuse,
    strategies,
)
from portranges.portset import compact

LETTER = TypeVar("LETTER")

# Every type, and what its fields accept.
ACCEPTED = [
    (Port, 80, 80),
    (Port, "80", 80),
    (Port, 0, 0),
    (Port, "65535", 65535),
    (PortRange, PortRange(80, 90), PortRange(80, 90)),
    (PortRange, "80-90", PortRange(80, 90)),
    (PortRange, 80, PortRange(80)),
    (PortRange, range(80, 91), PortRange(80, 90)),
    (PortRange, {"first": 80, "last": "90"}, PortRange(80, 90)),
    (PortRange, {"first": 80}, PortRange(80)),
    (PortSet, PortSet([80]), PortSet([80])),
    (PortSet, compact(PortSet([65535])), PortSet([65535])),
    (PortSet, "22, 80-90", PortSet.parse("22,80-90")),
    (PortSet, "", PortSet()),
    (PortSet, 22, PortSet([22])),
    (PortSet, [], PortSet()),
    (PortSet, [22, "80-90,99", PortRange(8000)], PortSet.parse("22,80-90,99,8000")),
    (PortSet, ({5}, range(7)), None),
    (PortSet, (range(7), PortSet([9])), PortSet.parse("0-6,9")),
    (PortSet, {22, "80"}, PortSet([22, 80])),
    (PortSet, frozenset({"22"}), PortSet([22])),
    (PortSet, ("22", 80), PortSet([22, 80])),
    (PortSet, PortRange(80, 90), PortSet(range(80, 91))),
    (PortSet, range(80, 91), PortSet(range(80, 91))),
    (PortSet, array("H", [22, 80]), PortSet([22, 80])),
    (TransportPorts, TransportPorts(tcp=[22]), TransportPorts(tcp=[22])),
    (TransportPorts, "22/tcp , 53/udp", TransportPorts(tcp=[22], udp=[53])),
    (
        TransportPorts,
        {"tcp": [22, "80-81"], "udp": "53"},
        TransportPorts.parse("22/tcp,80-81/tcp,53/udp"),
    ),
    (TransportPorts, {Transport.SCTP: 9}, TransportPorts(sctp=[9])),
    (MaskedPort, MaskedPort(8, 0xFFF8), MaskedPort(8, 0xFFF8)),
    (MaskedPort, "0x3e8/0xfff8", MaskedPort(1000, 0xFFF8)),
    (MaskedPort, "1000/0xFFF8", MaskedPort(1000, 0xFFF8)),
    (MaskedPort, "80", MaskedPort(80, 65535)),
    (MaskedPort, 80, MaskedPort(80, 65535)),
    (MaskedPort, {"value": 1000, "mask": 65528}, MaskedPort(1000, 0xFFF8)),
    (Endpoint, Endpoint("::1", 80), Endpoint("::1", 80)),
    (Endpoint, "[::1]:80", Endpoint("::1", 80)),
    (Endpoint, {"host": "LOCALHOST", "port": 80}, Endpoint("localhost", 80)),
    (Transport, "tcp", Transport.TCP),
    (Transport, Transport.UDP, Transport.UDP),
    (Category, "dynamic", Category.DYNAMIC),
    (Category, Category.USER, Category.USER),
]
ACCEPTED = [each for each in ACCEPTED if each[2] is not None]

# A type, a value that it refuses, the kind of the error, its message, and the place in the text.
REFUSED = [
    (Port, 70000, "port_value", "port must be in 0..65535, got 70000", None),
    (
        Port,
        "70000",
        "port_syntax",
        "port must be in 0..65535, got '70000'\n    70000\n    ~~~~~",
        (0, 5),
    ),
    (
        Port,
        "080",
        "port_syntax",
        "port must have no leading zero, got '080'; write 80\n    080\n    ~~~",
        (0, 3),
    ),
    (
        Port,
        " 80",
        "port_syntax",
        "port must be decimal digits, got ' 80'; write 80\n     80\n    ~~~",
        (0, 3),
    ),
    (Port, True, "port_type", "port must be an integer, got bool True", None),
    (Port, 80.0, "port_type", "port must be an integer, got float 80.0", None),
    (Port, None, "port_type", "port must be an integer, got NoneType None", None),
    (
        PortRange,
        "90-80",
        "port_syntax",
        "first must not be greater than last, got 90-80; did you mean 80-90?\n    90-80\n    ~~~~~",
        (0, 5),
    ),
    (PortRange, False, "port_type", "port must be an integer, got bool False", None),
    (
        PortRange,
        {"first": 9, "last": 8},
        "port_value",
        "first must not be greater than last, got 9-8; did you mean 8-9?",
        None,
    ),
    (
        PortSet,
        "22;80",
        "port_syntax",
        "expected a port or 'first-last', got '22;80'; write 22,80\n    22;80\n    ~~~~~",
        (0, 5),
    ),
    (
        PortSet,
        "22,x",
        "port_syntax",
        "expected a port or 'first-last', got 'x'\n    22,x\n       ~",
        (3, 4),
    ),
    (
        TransportPorts,
        "ssh/tcp",
        "port_syntax",
        "expected a port or 'first-last', got 'ssh'\n    ssh/tcp\n    ~~~",
        (0, 3),
    ),
    (
        Endpoint,
        "a:https",
        "port_syntax",
        "port must be decimal digits, got 'https'\n    a:https\n      ~~~~~",
        (2, 7),
    ),
    (
        PortSet,
        "{span}",
        "port_syntax",
        "expected a port or 'first-last', got '{span}'\n    {span}\n    ~~~~~~",
        (0, 6),
    ),
    (PortSet, 70000, "port_value", "port must be in 0..65535, got 70000", None),
    (PortSet, True, "port_type", "port must be an integer, got bool True", None),
    (PortSet, 22.5, "port_type", "port must be an integer, got float 22.5", None),
    (PortSet, None, "port_type", "ports must be text, a number or a list, got NoneType None", None),
    (
        PortSet,
        {"tcp": 22},
        "port_type",
        "ports must be text, a number or a list, got dict {'tcp': 22}",
        None,
    ),
    (
        TransportPorts,
        "22",
        "port_syntax",
        "expected 'port/transport' or 'first-last/transport', got '22'; "
        "write 22/tcp or 22/udp\n    22\n    ~~",
        (0, 2),
    ),
    (
        TransportPorts,
        22,
        "port_type",
        "ports must be text or a mapping from transports, got int 22",
        None,
    ),
    (
        MaskedPort,
        "80/16",
        "port_syntax",
        "mask must be 0x and up to four hexadecimal digits, got '16'\n    80/16\n       ~~",
        (3, 5),
    ),
    (
        MaskedPort,
        "0x1/0x2",
        "port_syntax",
        "value must have no bit outside mask, got '0x1/0x2'\n    0x1/0x2\n    ~~~~~~~",
        (0, 7),
    ),
    (
        MaskedPort,
        {"value": 1, "mask": 2},
        "port_value",
        "value must have no bit outside mask, got 0x1/0x2",
        None,
    ),
    (
        Endpoint,
        "localhost",
        "port_syntax",
        "expected a port after the host, got 'localhost'\n    localhost\n             ~",
        (9, 9),
    ),
    (
        Endpoint,
        80,
        "port_type",
        "an endpoint must be text or a mapping of host and port, got int 80",
        None,
    ),
    (Transport, "TCP", "port_value", "unknown transport, got 'TCP'; did you mean 'tcp'?", None),
    (Transport, 6, "port_type", "transport must be a Transport or its value, got int 6", None),
    (Category, "users", "port_value", "unknown category, got 'users'; did you mean 'user'?", None),
]

TYPES = (Port, PortRange, PortSet, TransportPorts, MaskedPort, Endpoint, Transport, Category)


class Service(BaseModel):
    port: Port = 443
    ports: PortSet = PortSet([80, 81])
    closed: PortSet | None = None
    range: PortRange | None = None
    allowed: TransportPorts = TransportPorts(tcp=[22])
    mask: MaskedPort | None = None
    transport: Transport = Transport.TCP
    category: Category = Category.USER
    listen: list[Endpoint] = []
    names: dict[PortRange, str] = {}


SERVICE = Service(
    port="8443",
    ports=compact(PortSet([22, 65535])),
    range="80-90",
    mask="0x3e8/0xfff8",
    listen=["[::1]:80"],
    names={"1-9": "low"},
)


def test_the_tables_have_every_type():
    assert {kind for kind, *_ in ACCEPTED} == {kind for kind, *_ in REFUSED} == set(TYPES)


@pytest.mark.parametrize(("kind", "value", "expected"), ACCEPTED)
def test_pydantic_accepts_the_value(kind, value, expected):
    made = TypeAdapter(kind).validate_python(value)
    assert made == expected
    assert type(made) in (type(expected), type(value))


@pytest.mark.parametrize(("kind", "value", "expected"), ACCEPTED)
def test_the_same_is_accepted_as_json(kind, value, expected):
    if isinstance(value, (str, int, dict, list)) and "[range" not in repr(value):
        text = json.dumps(value, default=str)
        assert TypeAdapter(kind).validate_json(text) == expected
        if not isinstance(value, dict) and kind is not Port:
            assert TypeAdapter(kind).validate_json(text, strict=True) == expected
    if isinstance(value, str):
        assert TypeAdapter(kind).validate_strings(value) == expected
        assert TypeAdapter(kind).validate_strings(value, strict=True) == expected


@pytest.mark.parametrize(("kind", "value", "error_type", "message", "span"), REFUSED)
def test_pydantic_refuses_the_value_with_its_place(kind, value, error_type, message, span):
    for validate in (
        TypeAdapter(kind).validate_python,
        lambda value: TypeAdapter(kind).validate_json(json.dumps(value)),
    ):
        with pytest.raises(ValidationError) as caught:
            validate(value)
        (error,) = caught.value.errors(include_url=False)
        context = {"error": message} if span is None else {"span": span, "error": message}
        assert error == {
            "type": error_type,
            "loc": (),
            "msg": message,
            "input": value,
            "ctx": context,
        }
        # What a server sends: a position is a list there.
        assert json.loads(json.dumps(error))["msg"] == json.loads(caught.value.json())[0]["msg"]
        name = "int" if kind is Port else kind.__name__
        assert f"[{name}()" in str(caught.value).splitlines()[0]


@pytest.mark.parametrize(
    ("kind", "value", "places"),
    [
        (PortSet, [22, "x", 70000, True, None, [80]], [(1,), (2,), (3,), (4,), (5,)]),
        (TransportPorts, {"tcp": [22, "x"], "tpc": [1]}, [("tcp", 1), ("tpc", "[key]")]),
        (PortRange, {"first": "x", "last": 70000}, [("first",), ("last",)]),
        (PortRange, {"last": 9, "step": 2}, [("first",), ("step",)]),
        (MaskedPort, {"value": -1, "mask": "all"}, [("value",), ("mask",)]),
        (Endpoint, {"host": 1, "port": True}, [("host",), ("port",)]),
    ],
)
def test_every_part_is_reported_with_its_place(kind, value, places):
    for validate in (
        TypeAdapter(kind).validate_python,
        lambda value: TypeAdapter(kind).validate_json(json.dumps(value)),
    ):
        with pytest.raises(ValidationError) as caught:
            validate(value)
        assert [error["loc"] for error in caught.value.errors()] == places


def test_a_strict_model_accepts_objects_and_json_only():
    class Strict(BaseModel):
        model_config = ConfigDict(strict=True)
        port: Port = 80
        ports: PortSet = PortSet()
        transport: Transport = Transport.TCP

    assert Strict(port=80, ports=compact(PortSet([65535])), transport=Transport.UDP).port == 80
    for wrong in (
        {"port": "80"},
        {"port": True},
        {"ports": "22"},
        {"ports": [22]},
        {"transport": "tcp"},
    ):
        with pytest.raises(ValidationError):
            Strict(**wrong)
    with pytest.raises(ValidationError, match="port must be in 0..65535, got 70000"):
        Strict(port=70000)
    text = '{"port":22,"ports":"22,80","transport":"udp"}'
    assert Strict.model_validate_json(text).ports == PortSet([22, 80])
    with pytest.raises(ValidationError, match="valid integer"):
        Strict.model_validate_json('{"port":"22"}')


def test_json_is_text_and_python_keeps_the_objects():
    assert SERVICE.model_dump_json() == (
        '{"port":8443,"ports":"22,65535","closed":null,"range":"80-90","allowed":"22/tcp",'
        '"mask":"0x3e8/0xfff8","transport":"tcp","category":"user","listen":["[::1]:80"],'
        '"names":{"1-9":"low"}}'
    )
    dumped = SERVICE.model_dump()
    assert dumped["range"] is SERVICE.range
    assert dumped["ports"] is SERVICE.ports
    assert dumped["names"] == {PortRange(1, 9): "low"}
    assert dumped["listen"] == [Endpoint("::1", 80)]
    assert SERVICE.model_dump(mode="json") == json.loads(SERVICE.model_dump_json())


def test_a_model_comes_back():
    assert Service.model_validate_json(SERVICE.model_dump_json()) == SERVICE
    assert Service.model_validate(SERVICE.model_dump()) == SERVICE
    assert Service.model_validate(SERVICE.model_dump(mode="json")) == SERVICE
    assert pickle.loads(pickle.dumps(SERVICE)) == SERVICE
    assert SERVICE.model_copy(deep=True) == SERVICE
    strings = {"port": "80", "ports": "1,2", "range": "1-2", "allowed": {"tcp": "22"}}
    assert Service.model_validate_strings(strings).allowed == TransportPorts(tcp=[22])


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (PortRange, strategies.port_ranges()),
        (PortSet, strategies.port_sets()),
        (
            MaskedPort,
            st.builds(
                lambda value, mask: MaskedPort(value & mask, mask),
                strategies.ports(),
                strategies.ports(),
            ),
        ),
        (
            TransportPorts,
            st.builds(TransportPorts, tcp=strategies.port_sets(), udp=strategies.port_sets()),
        ),
        (
            Endpoint,
            st.builds(
                Endpoint,
                st.sampled_from(["", "a.example", "::1%eth0", "127.0.0.1"]),
                strategies.ports(),
            ),
        ),
    ],
)
def test_every_value_comes_back_and_has_the_pattern(kind, values):
    adapter = TypeAdapter(kind)
    pattern = re.compile(adapter.json_schema()["pattern"])

    @given(values)
    def check(value):
        text = adapter.dump_json(value)
        assert adapter.validate_json(text) == value
        assert pattern.search(json.loads(text))
        assert kind.parse(str(value)) == value

    check()


@pytest.mark.parametrize(
    ("kind", "value", "expected"), [each for each in ACCEPTED if type(each[1]) is str]
)
def test_every_accepted_text_has_the_pattern(kind, value, expected):
    schema = TypeAdapter(kind).json_schema()
    if "pattern" in schema:
        assert re.search(schema["pattern"], value)
    elif "enum" in schema:
        assert value in schema["enum"]
    else:
        assert kind is Port


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_the_json_schema(kind):
    adapter = TypeAdapter(kind)
    schema = adapter.json_schema()
    assert schema == adapter.json_schema(mode="serialization")
    assert schema["type"] == ("integer" if kind is Port else "string")
    assert schema["description"].endswith(".")
    assert {"pattern", "enum", "maximum"} & schema.keys()
    for example in schema["examples"]:
        value = adapter.validate_python(example)
        assert adapter.dump_python(value, mode="json") == example


def test_a_schema_can_be_changed():
    PortSet.__get_pydantic_json_schema__({}, None)["examples"].clear()
    PortSet.__get_pydantic_core_schema__(PortSet, None)["lax_schema"].clear()
    assert TypeAdapter(PortSet).json_schema()["examples"] == ["80", "22,80,8000-8100"]


def test_the_sockets_of_a_machine_are_written_as_data():
    socket = probe.SocketRecord(
        transport="tcp", family="inet", address="0.0.0.0", port=80, state="listen"
    )
    adapter = TypeAdapter(probe.SocketRecord)
    assert adapter.validate_python(socket) is socket
    assert adapter.dump_python(socket) is socket
    assert adapter.dump_python(socket, mode="json") == socket.to_dict()
    assert adapter.json_schema() == {"type": "object"}
    with pytest.raises(ValidationError, match="instance of SocketRecord"):
        adapter.validate_python(socket.to_dict())


def test_json_schemas_in_full():
    assert TypeAdapter(Port).json_schema() == {
        "type": "integer",
        "minimum": 0,
        "maximum": 65535,
        "description": "A TCP or UDP port.",
        "examples": [443],
    }
    assert TypeAdapter(PortRange).json_schema() == {
        "type": "string",
        "pattern": "^[0-9]{1,5}(-[0-9]{1,5})?$",
        "description": "A port or a range of ports, inclusive.",
        "examples": ["80", "8000-8100"],
    }
    assert TypeAdapter(Transport).json_schema()["enum"] == ["tcp", "udp", "sctp", "dccp"]


def test_defaults_are_in_the_schema_as_text():
    for mode in ("validation", "serialization"):
        fields = Service.model_json_schema(mode=mode)["properties"]
        assert fields["ports"]["default"] == "80-81"
        assert fields["allowed"]["default"] == "22/tcp"
        assert fields["port"]["default"] == 443
        assert fields["transport"]["default"] == "tcp"


def test_unions_and_generics():
    class Box(BaseModel, Generic[LETTER]):
        value: LETTER

    assert Box[PortSet](value="80").value == PortSet([80])
    assert Box[Port](value="80").value == 80
    either = TypeAdapter(PortSet | TransportPorts)
    assert either.validate_python("80/tcp") == TransportPorts(tcp=[80])
    assert either.dump_json(TransportPorts(tcp=[80])) == b'"80/tcp"'
    # A value of another member is not written as text.
    mixed = TypeAdapter(PortSet | Service | int | None)
    assert mixed.dump_json(5) == b"5"
    assert mixed.dump_python(SERVICE, mode="json")["range"] == "80-90"
    assert mixed.dump_json(None) == b"null"
    assert TypeAdapter(PortSet | str).validate_python("80") == "80"


def test_a_wrong_value_of_a_field_is_reported_when_it_is_written():
    with pytest.warns(UserWarning, match="expected a PortSet, got int 5"):
        assert Service.model_construct(ports=5).model_dump(mode="json")["ports"] == 5
    with pytest.warns(UserWarning, match="`int`"):
        Service.model_construct(port="x").model_dump(mode="json")


def test_port_is_an_annotated_int():
    assert typing.get_args(Port)[0] is int
    assert str(Port) == "typing.Annotated[int, portranges.Port]"
    (metadata,) = Port.__metadata__
    assert pickle.loads(pickle.dumps(metadata)) == metadata
    assert hash(pickle.loads(pickle.dumps(metadata))) == hash(metadata)
    assert metadata != 80


class Bounded(BaseModel):
    """What is assigned is applied to the integer, and what is annotated to the port."""

    assigned: Port = Field(1024, ge=1024, lt=49152, multiple_of=2)
    annotated: Annotated[Port, Field(ge=1024, lt=49152, multiple_of=2)] = 1024
    perhaps: Port | None = Field(None, ge=1024, lt=49152, multiple_of=2)


@pytest.mark.parametrize("name", ["assigned", "annotated", "perhaps"])
def test_tighter_bounds_are_checked(name):
    for right in (1024, "1024", 49150):
        assert getattr(Bounded(**{name: right}), name) == int(right)
    for wrong in (1023, "1022", 1025, 49152, 70000, "70000", "x", True, 1024.0):
        with pytest.raises(ValidationError):
            Bounded(**{name: wrong})
        with pytest.raises(ValidationError):
            Bounded.model_validate_json(json.dumps({name: wrong}))


def test_assigned_bounds_are_in_the_schema():
    for mode in ("validation", "serialization"):
        schema = Bounded.model_json_schema(mode=mode)["properties"]["assigned"]
        assert (schema["minimum"], schema["exclusiveMaximum"]) == (1024, 49152)
        assert (schema["type"], schema["examples"]) == ("integer", [443])


class Strict(BaseModel):
    assigned: Port = Field(80, strict=True)
    annotated: Annotated[Port, Field(strict=True)] = 80


@pytest.mark.parametrize("name", ["assigned", "annotated"])
def test_a_strict_port(name):
    assert getattr(Strict(**{name: 443}), name) == 443
    for wrong in ("80", True, 80.0):
        with pytest.raises(ValidationError, match="valid integer"):
            Strict(**{name: wrong})


def test_a_subclass_is_made_by_its_own_field():
    class Mine(PortRange):
        __slots__ = ()

    made = TypeAdapter(Mine).validate_python("80-90")
    assert type(made) is Mine
    assert type(TypeAdapter(Mine).validate_python({"first": 80})) is Mine
    assert TypeAdapter(Mine).dump_json(made) == b'"80-90"'


def test_the_private_subclass_of_sets_is_a_set():
    kind = type(compact(PortSet([65535])))
    assert kind is not PortSet
    made = TypeAdapter(kind).validate_python("80")
    assert (made, type(made)) == (PortSet([80]), PortSet)
    assert TypeAdapter(kind).validate_python(PortSet([80]), strict=True) == PortSet([80])


HOSTILE = [
    None, True, False, -1, 65536, 2**70, 0.5, float("nan"), "", "\x00", "x" * 10_000, "٨٠", "80\n",
    b"80", bytearray(b"80"), [], [[]], [None], ["80", b"1"], {}, {"tcp": None}, {"first": {}},
    {None: 1}, object(), int, range(0), range(70000), range(9, 1), (1, 2, 3), {1.5}, iter(["x"]),
]  # fmt: skip


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_nothing_but_a_validation_error_is_raised(kind):
    for value in HOSTILE:
        for strict in (False, True):
            try:
                TypeAdapter(kind).validate_python(value, strict=strict)
            except ValidationError as error:
                error.json(include_input=False)


def test_a_long_list_takes_little_memory():
    adapter = TypeAdapter(PortSet)
    tracemalloc.start()
    try:
        assert adapter.validate_python(["65535"] * 4000) == PortSet([65535])
        # 8 KiB for each of them would be 32 MB.
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


# -- functions ------------------------------------------------------------------

SOCKET = reuse.Socket(transport="tcp", address="0.0.0.0", port=80)

# A function, its arguments, and arguments that validate_call refuses.
CALLS = [
    (portranges.check_port, (80,), ("http",)),
    (portranges.parse_port, ("80",), (80,)),
    (portranges.classify, (8080,), (None,)),
    (portranges.classify_many, ([80, 8080],), (80,)),
    (registry.lookup, (443,), ("https",)),
    (registry.lookup, (443, "tcp"), (443, "tpc")),
    (registry.ports, ("https",), (443,)),
    (ephemeral.profile, ("linux",), (7,)),
    (ephemeral.allocated_by, (50000,), ("many",)),
    (dialects.render, (PortSet.parse("22,80"), "nft"), ("22;80", "nft")),
    (dialects.parse, ("{ 22, 80 }", "nft"), (22, "nft")),
    (flows.server_port, (51514, 443), ([51514], 443)),
    (capacity.concurrent, ("linux",), (None,)),
    (reuse.can_bind, (SOCKET, []), ("tcp", [])),
]


@pytest.mark.parametrize(("function", "accepted", "refused"), CALLS)
def test_validate_call_checks_the_arguments(function, accepted, refused):
    # A parameter of typing.SupportsIndex is a protocol, for which pydantic requires this.
    checked = pydantic.validate_call(config={"arbitrary_types_allowed": True})(function)
    assert repr(checked(*accepted)) == repr(function(*accepted))
    with pytest.raises(ValidationError):
        checked(*refused)


def test_validate_call_works_on_every_public_function():
    found = 0
    for name in module_names():
        if "._" in name or name.count(".") > 1:
            continue
        module = imported(name)
        for function in [getattr(module, each) for each in offered(module)]:
            if inspect.isfunction(function):
                pydantic.validate_call(config={"arbitrary_types_allowed": True})(function)
                found += 1
    assert found > 100


def test_validate_call_converts_text():
    @pydantic.validate_call
    def allow(ports: PortSet, endpoint: Endpoint, port: Port = 80) -> str:
        return f"{ports} {endpoint.host} {port}"

    assert allow("22,80-90", "[::1]:80", "443") == "22,80-90 ::1 443"
    with pytest.raises(ValidationError, match=r"port must be in 0\.\.65535, got 70000"):
        allow("22", "[::1]:80", 70000)


# -- without pydantic -------------------------------------------------------------

WITHOUT = """
import sys
sys.modules["pydantic"] = sys.modules["pydantic_core"] = sys.modules["annotated_types"] = None
sys.path.insert(0, sys.argv[1])
import portranges
assert "portranges.fields" not in sys.modules and "typing" not in sys.modules
from portranges import *
for kind in (PortRange, PortSet, TransportPorts, MaskedPort, Endpoint, Transport, Category):
    assert type(kind.__get_pydantic_core_schema__(kind, None)) is dict
    assert type(kind.__get_pydantic_json_schema__({}, None)) is dict
assert PortSet.parse("80") == PortSet([80])
print(portranges.Port)
"""


def test_port_is_importable_without_pydantic():
    path = str(Path(portranges.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-S", "-c", WITHOUT, path], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("typing.Annotated[int, portranges.Port]\n", "")
