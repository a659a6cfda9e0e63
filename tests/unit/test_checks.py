from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

import pytest

from hostile import VALUES
from portranges import (
    Endpoint,
    PortSet,
    advice,
    check_port,
    checks,
    dialects,
    ephemeral,
    flows,
    reuse,
)
from portranges.errors import InvalidSocketError, InvalidValueError, UnknownNameError
from portranges.ports import check_transports
from portranges.registry import Registry


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Five:
    def __index__(self) -> int:
        return 5


def message(
    expected: type[Exception], call: Callable[..., object], *args: Any, **kwargs: Any
) -> str:
    with pytest.raises(expected) as caught:
        call(*args, **kwargs)
    assert type(caught.value) is expected
    return str(caught.value)


def test_of_type_accepts_only_the_type() -> None:
    assert checks.of_type("name", "x", str) == "x"
    assert checks.of_type("name", None, str, optional=True) is None
    assert checks.of_type("on", True, bool) is True
    assert message(TypeError, checks.of_type, "name", 3, str) == "name must be a str, got int 3"
    assert (
        message(TypeError, checks.of_type, "pid", "3", int, optional=True)
        == "pid must be an int or None, got str '3'"
    )
    assert (
        message(TypeError, checks.of_type, "pid", True, int) == "pid must be an int, got bool True"
    )
    assert (
        message(TypeError, checks.of_type, "text", b"80", str, hint="decode it first")
        == "text must be a str, got bytes b'80'; decode it first"
    )


def test_flag_accepts_only_a_bool() -> None:
    assert checks.flag("on", True) is True
    assert checks.flag("on", False) is False
    for wrong in (0, 1, None, "yes"):
        assert message(TypeError, checks.flag, "on", wrong).startswith("on must be a bool, got ")


def test_integer_accepts_integers_within_the_bounds() -> None:
    assert checks.integer("count", 3) == 3
    assert checks.integer("count", Five()) == 5
    assert type(checks.integer("count", Five())) is int
    assert checks.integer("count", 0, least=0, most=0) == 0
    for wrong in (True, 3.0, "3", None):
        assert message(TypeError, checks.integer, "count", wrong).startswith(
            "count must be an integer, got "
        )
    refused = InvalidValueError
    assert message(refused, checks.integer, "count", -1) == "count must be at least 0, got -1"
    assert message(refused, checks.integer, "n", 0, least=1) == "n must be at least 1, got 0"
    assert message(refused, checks.integer, "n", 9, least=1, most=8) == "n must be in 1..8, got 9"
    large = message(refused, checks.integer, "n", 10**5000)
    assert large.startswith("n must be at most 1e+100, got 0x")
    assert len(large) < 60
    assert (
        message(InvalidSocketError, checks.integer, "uid", -1, error=InvalidSocketError)
        == "uid must be at least 0, got -1"
    )


def test_number_accepts_finite_numbers_within_the_bounds() -> None:
    assert checks.number("rate", 0) == 0
    assert checks.number("rate", 2.5, above=0, most=3) == 2.5
    for wrong in (True, "3", None, 3j):
        assert message(TypeError, checks.number, "rate", wrong).startswith(
            "rate must be a number, got "
        )
    refused = InvalidValueError
    assert message(refused, checks.number, "rate", -1) == "rate must not be negative, got -1"
    assert message(refused, checks.number, "rate", math.nan) == "rate must not be negative, got nan"
    assert (
        message(refused, checks.number, "rate", math.inf) == "rate must be at most 1e+100, got inf"
    )
    assert message(refused, checks.number, "p", 2, most=1) == "p must be in 0..1, got 2"
    assert message(refused, checks.number, "p", math.nan, most=1) == "p must be in 0..1, got nan"
    assert message(refused, checks.number, "t", 0, above=0) == "t must be greater than 0, got 0"
    assert (
        message(refused, checks.number, "t", math.nan, above=0)
        == "t must be greater than 0, got nan"
    )
    assert message(refused, checks.number, "t", 0, above=0, most=3) == (
        "t must be greater than 0, got 0"
    )
    assert (
        message(InvalidSocketError, checks.number, "t", -1, error=InvalidSocketError)
        == "t must not be negative, got -1"
    )


def test_word_accepts_only_known_words() -> None:
    assert checks.word("filling", "self", ("random", "self")) == "self"
    assert (
        message(UnknownNameError, checks.word, "filling", "randm", ("random", "self"))
        == "unknown filling, got 'randm'; did you mean 'random'?"
    )
    assert (
        message(UnknownNameError, checks.word, "method", "x", ("a",), kind="method of linux")
        == "unknown method of linux, got 'x'; write 'a'"
    )
    assert message(TypeError, checks.word, "filling", 3, ("3",)) == (
        "filling must be a str, got int 3"
    )


def test_member_accepts_a_member_or_its_value() -> None:
    assert checks.member("colour", "red", Colour) is Colour.RED
    assert checks.member("colour", Colour.GREEN, Colour) is Colour.GREEN
    assert (
        message(UnknownNameError, checks.member, "colour", "grene", Colour)
        == "unknown colour, got 'grene'; did you mean 'green'?"
    )
    assert message(TypeError, checks.member, "colour", 3, Colour) == (
        "colour must be a str, got int 3"
    )


def test_one_or_many_returns_a_tuple() -> None:
    what = "a name or an iterable of names"

    def names(value: Any) -> tuple[str, ...]:
        return checks.one_or_many("systems", value, str, what=what)

    assert names("linux") == ("linux",)
    assert names(iter(["linux", "macos"])) == ("linux", "macos")
    assert names([]) == ()
    assert message(TypeError, names, 3) == (
        "systems must be a name or an iterable of names, got int 3"
    )
    assert message(TypeError, names, ["linux", 3]) == (
        "systems must be a name or an iterable of names, got int 3 in it"
    )


class Index:
    def __init__(self, error):
        self.error = error

    def __index__(self):
        raise self.error


@pytest.mark.parametrize("error", [ValueError("no"), RecursionError(), OverflowError(), KeyError()])
def test_an_index_that_raises_is_a_type_error_with_its_cause(error):
    calls = (check_port, lambda value: checks.integer("uid", value), lambda value: PortSet([value]))
    for call in calls:
        with pytest.raises(TypeError, match="must be an integer, got Index <") as caught:
            call(Index(error))
        assert caught.value.__cause__ is error


TEXTS = [b"linux", bytearray(b"linux"), memoryview(b"linux")]
NESTED = [["linux"], [["linux"]], (("linux",),), {"linux": 1}.items()]
SYSTEMS = {
    "advice.audit": lambda value: advice.audit([PortSet([22])], value),
    "advice.listen_ports": lambda value: advice.listen_ports(value),
    "advice.why_not": lambda value: advice.why_not(22, value),
    "ephemeral.ports": lambda value: ephemeral.ports(value),
    "flows.judge": lambda value: flows.judge(1, 2, systems=value),
    "flows.server_port": lambda value: flows.server_port(1, 2, systems=value),
    "flows.server_side_many": lambda value: flows.server_side_many([1], [2], systems=value),
    "reuse.portability": lambda value: reuse.portability(
        reuse.Socket(transport="tcp", address="::", port=1), systems=value
    ),
}


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize(
    "value",
    [*TEXTS, *NESTED[1:], [b"linux"], ["linux", 3]],
    ids=lambda value: f"{type(value).__name__} {list(value)}",
)
def test_systems_are_names_not_bytes_or_lists_in_lists(name, value):
    with pytest.raises(TypeError, match=r"^systems must be a .*name.*, got ") as caught:
        SYSTEMS[name](value)
    message = str(caught.value)
    if isinstance(value, (bytes, bytearray)):
        # Not one of its integers.
        assert message.endswith(f"got {type(value).__name__} {value!r}")
    elif not isinstance(value, memoryview):
        assert message.endswith(" in it")


@pytest.mark.parametrize("value", TEXTS)
@pytest.mark.parametrize(
    "function", [check_transports, lambda value: advice.listen_ports("linux", value)]
)
def test_transports_are_names_not_bytes(function, value):
    with pytest.raises(TypeError, match=f"transport must be .*, got {type(value).__name__} "):
        function(value)


@pytest.mark.parametrize("value", [80, "/etc/services", {"http": 80}, object(), Registry])
def test_services_are_a_registry(value):
    for call in (
        lambda: dialects.parse("80", "nft", services=value),
        lambda: dialects.parse("80", "portranges", services=value),
        lambda: Endpoint.parse("a:80", services=value),
    ):
        with pytest.raises(TypeError, match=r"^services must be a registry, got "):
            call()


def test_an_instance_of_a_subclass_is_kept_as_a_plain_value():
    assert type(check_port(VALUES["int subclass"])) is int
    assert type(checks.integer("uid", VALUES["int subclass"])) is int
    assert type(checks.number("rate", VALUES["float subclass"])) is float
    assert type(checks.of_type("name", VALUES["str subclass"], str)) is str
    assert type(Endpoint(VALUES["str subclass"] + "a", 1).host) is str


@pytest.mark.parametrize(
    ("check", "value", "refused"),
    [
        (str, "a", 5),
        (checks.integer, 5, "a"),
        (checks.optional(str), "a", 5),
        (checks.optional(str), None, 5),
        (checks.optional(checks.integer), 5, "a"),
        (checks.optional(checks.integer), None, "a"),
        (checks.tuple_with(str), ("a", "b"), ["a"]),
        (checks.tuple_with(str), (), ("a", 5)),
    ],
)
def test_fields_are_checked_by_type_or_function(check, value, refused):
    checks.fields(SimpleNamespace(a=1, name=value), name=check)
    with pytest.raises(TypeError, match="^(each of )?name must be "):
        checks.fields(SimpleNamespace(a=1, name=refused), name=check)


def test_a_field_may_be_called_record():
    checks.fields(SimpleNamespace(record=1), record=int)
