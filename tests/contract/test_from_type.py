"""``st.from_type`` draws every type of the library that an argument of a public function may be."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import portranges
from package_modules import INTERNAL, offered
from portranges import _hypothesis_plugin, rulesets, system
from portranges.strategies.records import BY_TYPE

# Modules that no user imports functions from.
INNER = INTERNAL | {"cli", "types"}

# It is not a value: it grows with every call.
LEFT_OUT = {
    "portranges.diagrams.model.Layer",  # any label and any set
    "portranges.probe.long_lived.ListenerHistory",
}


def functions() -> Iterator[Callable[..., object]]:
    """Public functions, methods and constructors."""
    modules = [portranges] + [
        importlib.import_module(f"portranges.{each.name}")
        for each in pkgutil.iter_modules(portranges.__path__)
        if each.name not in INNER and not each.name.startswith("_")
    ]
    for module in modules:
        for name in offered(module):
            value = getattr(module, name)
            if inspect.isfunction(value):
                yield value
            elif inspect.isclass(value):
                for member_name, member in vars(value).items():
                    function = getattr(member, "__func__", member)
                    is_public = not member_name.startswith("_") or member_name == "__init__"
                    if is_public and inspect.isfunction(function):
                        yield function


def classes_in(hint: object) -> Iterator[type[Any]]:
    if inspect.isclass(hint) and not typing.get_args(hint):
        yield hint
    for each in typing.get_args(hint):
        for inner in each if isinstance(each, list) else [each]:
            yield from classes_in(inner)


def is_ours(kind: type[Any]) -> bool:
    is_drawn = not issubclass(kind, (Enum, Exception)) and not getattr(kind, "_is_protocol", False)
    return kind.__module__.startswith("portranges.") and is_drawn


def argument_types() -> dict[str, type[Any]]:
    """The types of arguments, and of the fields of those that are dataclasses."""
    open_hints: list[object] = []
    for function in functions():
        is_constructor = function.__name__ == "__init__"
        owner = function.__qualname__.rpartition(".")[0]
        made = getattr(importlib.import_module(function.__module__), owner, None)
        if is_constructor and dataclasses.is_dataclass(made):
            continue
        hints = typing.get_type_hints(inspect.unwrap(function))
        open_hints += [hint for name, hint in hints.items() if name != "return"]
    found: dict[str, type[Any]] = {}
    while open_hints:
        for kind in classes_in(open_hints.pop()):
            name = f"{kind.__module__}.{kind.__qualname__}"
            if is_ours(kind) and name not in found:
                found[name] = kind
                if dataclasses.is_dataclass(kind):
                    open_hints += typing.get_type_hints(kind).values()
    return found


TYPES = argument_types()


def test_every_type_of_an_argument_has_a_strategy() -> None:
    assert {"portranges.portset.PortSet", "portranges.reuse.model.Socket"} <= TYPES.keys()
    assert len(TYPES) > 20
    assert TYPES.keys() - BY_TYPE.keys() == LEFT_OUT


def test_the_plugin_knows_every_module() -> None:
    assert {name.rpartition(".")[0] for name in BY_TYPE} == set(_hypothesis_plugin._MODULES)
    assert list(BY_TYPE) == sorted(BY_TYPE)


@pytest.mark.parametrize("name", BY_TYPE)
def test_from_type_draws_it(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    kind = getattr(importlib.import_module(module), attribute)
    drawn: list[object] = []

    @settings(max_examples=20, deadline=None, database=None, derandomize=True)
    @given(st.from_type(kind))
    def collect(value: object) -> None:
        drawn.append(value)

    collect()
    assert {type(each) for each in drawn} == {kind}
    assert len({repr(each) for each in drawn}) > 1 or name.endswith("System")


def test_what_is_drawn_can_be_used() -> None:
    @settings(max_examples=10, deadline=None, database=None, derandomize=True)
    @given(st.from_type(rulesets.Ruleset), st.from_type(system.Machine))
    def use(found: rulesets.Ruleset, machine: system.Machine) -> None:
        assert found.rules
        assert found.skipped == ()
        settings_of_it = system.read_settings(machine=machine)
        assert settings_of_it.profile.ports <= settings_of_it.configured

    use()


def test_other_types_are_left_to_hypothesis() -> None:
    assert _hypothesis_plugin._strategy_for(int) is None
    assert _hypothesis_plugin._strategy_for(portranges.Transport) is None
    assert _hypothesis_plugin._resolve(int) is NotImplemented


@settings(max_examples=100, database=None, derandomize=True)
@given(...)
def test_a_port_is_in_its_bounds(port: portranges.Port, ports: list[portranges.Port]) -> None:
    assert all(0 <= each <= 65535 for each in (port, *ports))


def test_other_annotated_types_are_left_to_hypothesis() -> None:
    assert _hypothesis_plugin._strategy_for(typing.Annotated[int, "a note"]) is None
    assert _hypothesis_plugin._strategy_for(typing.Annotated[portranges.PortSet, "a note"]) is None
