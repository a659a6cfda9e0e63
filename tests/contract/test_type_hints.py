"""Every annotation of the package evaluates at run time, and only then loads typing."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Iterator
from pathlib import Path

import beartype
import beartype.roar
import pytest

import portranges

PACKAGE = Path(portranges.__file__).parent

# Where a type checker needs names that the run time must not import.
FOR_TYPE_CHECKERS = {
    "__init__.py",
    "types.py",
    "_types.py",
    "integrations/click.py",
    "integrations/msgspec.py",
}


def names() -> list[str]:
    walked = pkgutil.walk_packages(portranges.__path__, "portranges.")
    return ["portranges", *(each.name for each in walked if not each.name.endswith("__main__"))]


def annotated(module: str) -> Iterator[object]:
    """The classes, functions and methods that *module* defines."""
    for value in vars(importlib.import_module(module)).values():
        if getattr(value, "__module__", None) != module:
            continue
        if inspect.isclass(value):
            yield value
            for member in vars(value).values():
                function = getattr(member, "fget", None) or getattr(member, "__func__", member)
                if inspect.isfunction(function):
                    yield function
        elif inspect.isfunction(value) and value.__qualname__ == value.__name__:
            yield value


@pytest.mark.parametrize("module", names())
def test_every_hint_evaluates(module: str) -> None:
    for each in annotated(module):
        # A decorator of another package keeps its own globals.
        if getattr(each, "__globals__", {}).get("__name__", module) == module:
            typing.get_type_hints(each)


def test_the_walk_sees_methods_and_functions() -> None:
    found = {each for each in annotated("portranges.portset") if inspect.isfunction(each)}
    assert portranges.PortSet.union in found
    assert portranges.parse_port in set(annotated("portranges.ports"))


@pytest.mark.parametrize("module", [name for name in names() if "._" not in name])
def test_beartype_accepts_every_public_function(module: str) -> None:
    loaded = importlib.import_module(module)
    for name, value in vars(loaded).items():
        if inspect.isfunction(value) and value.__module__ == module and not name.startswith("_"):
            beartype.beartype(value)


def test_beartype_checks_by_the_hints() -> None:
    checked = beartype.beartype(portranges.check_port)
    assert checked(80) == 80
    with pytest.raises(beartype.roar.BeartypeCallHintParamViolation):
        checked("80")  # type: ignore[arg-type]


def test_only_listed_modules_mention_type_checking() -> None:
    wrong: list[str] = []
    for path in PACKAGE.rglob("*.py"):
        mentioned = any(
            isinstance(node, ast.Name) and node.id == "TYPE_CHECKING"
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
        )
        if mentioned and str(path.relative_to(PACKAGE)) not in FOR_TYPE_CHECKERS:
            wrong.append(str(path))
    assert wrong == []
