"""Every public object is documented by the house template.

A summary comes first, then the sections that apply, in one order. Objects that a
user reaches, from the top level or from a package, have all of them; objects that
modules only share among themselves need the summary. The doctest collection runs
the examples.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pytest

import portranges

ORDER = (
    "Attributes",
    "Args",
    "Returns",
    "Yields",
    "Raises",
    "Complexity",
    "Source",
    "Example",
)

# Modules that users do not import.
INNER = {
    "checks",
    "chunks",
    "columns",
    "covers",
    "draws",
    "fields",
    "fixes",
    "names",
    "notation",
    "positions",
    "records",
    "scan",
    "types",
    "values",
    "_types",
    "_words",
    "cli",
    "_hypothesis_plugin",
    "__main__",
}

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Documented:
    """A definition, and its place in the package."""

    name: str
    node: ast.ClassDef | Function | ast.Module
    owner: ast.ClassDef | None = None

    @property
    def text(self) -> str:
        return inspect.cleandoc(ast.get_docstring(self.node, clean=False) or "")

    @property
    def sections(self) -> list[str]:
        return re.findall(rf"^({'|'.join(ORDER)}):$", self.text, re.MULTILINE)

    def section(self, title: str) -> str:
        match = re.search(rf"^{title}:\n((?:    .*\n|\n)*)", self.text + "\n", re.MULTILINE)
        return inspect.cleandoc(match[1]) if match else ""

    @property
    def is_dunder(self) -> bool:
        return not isinstance(self.node, ast.Module) and self.node.name.startswith("__")


@cache
def module_names() -> list[str]:
    walked = [each.name for each in pkgutil.walk_packages(portranges.__path__, "portranges.")]
    # Protocols and aliases; each is documented where its values are made.
    return ["portranges", *(name for name in walked if name != "portranges._types")]


@cache
def tree(name: str) -> ast.Module:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return ast.parse(Path(spec.origin).read_text("utf-8"))


@cache
def listed(name: str) -> set[str]:
    for node in tree(name).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    # A module inside a package does not need a list.
    return {
        node.name
        for node in tree(name).body
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_")
    }


def objects() -> Iterator[Documented]:
    for module in module_names():
        for node in tree(module).body:
            if isinstance(node, ast.ClassDef | Function) and node.name in listed(module):
                yield Documented(f"{module}.{node.name}", node)
                if isinstance(node, ast.ClassDef):
                    yield from members(f"{module}.{node.name}", node)


def origin(module: str, name: str) -> str:
    """Where *name* is defined that *module* hands on."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
            return origin(node.module or "", name)
    return f"{module}.{name}"


@cache
def reached() -> set[str]:
    """The names of the objects that a user reaches."""
    modules = [name for name in module_names() if name.count(".") == 1]
    imported = [
        "portranges",
        *(name for name in modules if name.removeprefix("portranges.") not in INNER),
    ]
    return {origin(module, name) for module in imported for name in listed(module)}


def members(name: str, owner: ast.ClassDef) -> Iterator[Documented]:
    for node in owner.body:
        if isinstance(node, ast.ClassDef | Function):
            if node.name.startswith("_") and not node.name.endswith("__"):
                continue
            yield Documented(f"{name}.{node.name}", node, owner)


ALL = {each.name: each for each in objects()}
PUBLIC = {
    name: each
    for name, each in ALL.items()
    if {name, name.rpartition(".")[0]} & reached() and not each.is_dunder
}
FUNCTIONS = {name: each for name, each in PUBLIC.items() if isinstance(each.node, Function)}


def faulty(
    objects: dict[str, Documented], fault: Callable[[Documented], object]
) -> dict[str, object]:
    """The names of the objects with a fault, with what it is."""
    return {name: found for name, each in objects.items() if (found := fault(each))}


def parameters(each: Documented) -> list[str]:
    assert isinstance(each.node, Function)
    declared = each.node.args
    plain = [*declared.posonlyargs, *declared.args]
    decorators = {ast.unparse(decorator) for decorator in each.node.decorator_list}
    if each.owner is not None and "staticmethod" not in decorators:
        plain = plain[1:]
    starred = [star for star in (declared.vararg, declared.kwarg) if star is not None]
    return [each.arg for each in (*plain, *declared.kwonlyargs, *starred)]


def returns_something(each: Documented) -> bool:
    assert isinstance(each.node, Function)
    return each.node.returns is None or ast.unparse(each.node.returns) not in ("None", "Never")


def is_property(each: Documented) -> bool:
    return "property" in [ast.unparse(decorator) for decorator in each.node.decorator_list]


def test_the_walk_finds_the_core() -> None:
    # The tests below prove nothing should it not.
    assert {
        "portranges.portset.PortSet",
        "portranges.portset.PortSet.nth",
        "portranges.ports.check_port",
        "portranges.categories.Category.label",
        "portranges.errors.PortSyntaxError",
        "portranges.strategies.sets.port_sets",
        "portranges.errors.PortRangesError",
    } <= PUBLIC.keys()
    assert "portranges.portset.PortSet.__or__" in ALL


def module_fault(each: Documented) -> str | None:
    if len(each.text.split()) < 5:
        return "a module says more than its name"
    return summary_fault(each)


def summary_fault(each: Documented) -> str | None:
    summary = each.text.partition("\n\n")[0]
    if not summary:
        return "no summary"
    if not summary.endswith((".", "?")):
        return "a summary is a sentence"
    if summary.count("\n") > 1:
        return "a summary is one line, or two"
    return None


def section_fault(each: Documented) -> str | None:
    if each.sections != sorted(set(each.sections), key=ORDER.index):
        return f"the order of {each.sections}"
    empty = [title for title in each.sections if not each.section(title).strip()]
    if empty:
        return f"nothing in {empty}"
    for title in {"Returns", "Yields"} & set(each.sections):
        # Sphinx takes the words before a colon in the first line for the type of the result.
        first_line = re.sub("``[^`]*``", "", each.section(title).partition("\n")[0])
        if re.search(r":(\s|$)", first_line):
            return f"a colon in the first line of {title}"
    return None


def unknown_sections(each: Documented) -> set[str]:
    return set(re.findall(r"^([A-Z][a-z]+):$", each.text, re.MULTILINE)) - set(ORDER)


def lacks_an_example(each: Documented) -> bool:
    # The example of a class may show its properties and methods without arguments, so that they
    # need none of their own.
    if each.owner is not None and (is_property(each) or not parameters(each)):
        shown = Documented(each.owner.name, each.owner).section("Example")
        if re.search(rf"\.{each.node.name}\b", shown):
            return False
    return ">>> " not in each.section("Example")


def argument_fault(each: Documented) -> str | None:
    documented = re.findall(r"^\*{0,2}(\w+):", each.section("Args"), re.MULTILINE)
    expected = parameters(each)
    return None if documented == expected else f"{documented} instead of {expected}"


def return_fault(each: Documented) -> str | None:
    expected = returns_something(each)
    found = bool({"Returns", "Yields"} & set(each.sections))
    # A summary that says what is returned needs no section that repeats it. That of a
    # property always does.
    if expected and (is_property(each) or each.text.startswith(("Return ", "Yield "))):
        return None
    if found is not expected:
        return "no section" if expected else "a section, and it returns nothing"
    return None


def undocumented_errors(each: Documented) -> set[str]:
    raised = {
        node.exc.func.id
        for node in ast.walk(each.node)
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        and node.exc.func.id[0].isupper()
    }
    return raised - set(re.findall(r"^(\w+):", each.section("Raises"), re.MULTILINE))


def test_a_module_has_a_docstring() -> None:
    modules = {name: Documented(name, tree(name)) for name in module_names()}
    assert len(modules) > 100
    assert faulty(modules, module_fault) == {}


def test_every_summary_has_the_required_form() -> None:
    assert faulty(ALL, summary_fault) == {}


def test_the_sections_are_in_order_and_none_is_empty() -> None:
    assert faulty(ALL, section_fault) == {}


def test_there_is_no_unknown_section() -> None:
    assert faulty(ALL, unknown_sections) == {}


def test_an_example_runs_something() -> None:
    assert faulty(PUBLIC, lacks_an_example) == {}


def test_every_parameter_is_documented_and_no_other() -> None:
    assert faulty(FUNCTIONS, argument_fault) == {}


def test_what_is_returned_is_documented() -> None:
    assert faulty(FUNCTIONS, return_fault) == {}


def test_an_exception_raised_in_the_body_is_documented() -> None:
    assert faulty(FUNCTIONS, undocumented_errors) == {}


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("def f(): pass", summary_fault),
        ("def f():\n    'Return it'", summary_fault),
        ("def f():\n    'One.\\n\\nArgs:\\n    a: b\\n'", argument_fault),
        ("def f(a):\n    'One.'", argument_fault),
        ("def f():\n    'One.\\n\\nRaises:\\n    A: b\\n\\nArgs:\\n    a: b\\n'", section_fault),
        ("def f():\n    'One.\\n\\nReturns:\\n    Two: a and b.\\n'", section_fault),
        ("def f():\n    'One.\\n\\nNote:\\n    b\\n'", unknown_sections),
        ("def f():\n    'One.'", lacks_an_example),
        ("def f() -> int:\n    'Do it.'", return_fault),
        ("def f() -> None:\n    'One.\\n\\nReturns:\\n    a\\n'", return_fault),
        ("def f():\n    'One.'\n    raise ValueError(1)", undocumented_errors),
    ],
)
def test_a_fault_is_found(source: str, fault: Callable[[Documented], object]) -> None:
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.FunctionDef)
    assert faulty({"f": Documented("f", node)}, fault)
