"""Imports point one way. This table is policy: a test that fails asks for
another import, not for another row.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import portranges

PACKAGE = Path(portranges.__file__).parent

# A part, and the parts that it may use; it may also use what these may use. A part is
# a module or a folder of the package; "" is the package itself.
MAY_USE: dict[str, tuple[str, ...]] = {
    # What annotations name. Every part may use it, and it uses nothing when it is imported.
    "types": (),
    "_types": (),
    "_words": (),
    "errors": (),
    "families": (),
    "records": (),
    "layout": (),
    "names": ("errors",),
    "checks": ("names",),
    "source": ("checks", "records"),
    "covers": (),
    "chunks": ("errors",),
    "columns": ("checks", "chunks"),
    "scan": ("columns",),
    "fixes": (),
    "ports": ("source", "covers", "scan", "fixes"),
    "notation": ("ports",),
    "positions": ("ports",),
    "draws": ("errors",),
    "portset": ("notation", "positions", "draws"),
    "transport_ports": ("portset",),
    "categories": ("portset",),
    "endpoints": ("notation", "checks", "records"),
    "values": ("categories", "endpoints", "transport_ports"),
    "fields": ("values",),
    "systems": ("source",),
    "uses": ("portset",),
    "registry": ("categories",),
    "ephemeral": ("categories", "systems"),
    "dialects": ("categories", "endpoints", "transport_ports"),
    "rulesets": ("dialects", "ephemeral", "families"),
    "selection": ("ephemeral",),
    "capacity": ("selection",),
    "reuse": ("selection",),
    "advice": ("registry", "ephemeral", "uses", "layout", "rulesets"),
    "flows": ("registry", "ephemeral", "uses"),
    "diagrams": ("registry", "rulesets", "layout"),
    "report": ("advice", "flows", "diagrams"),
    # All names of the top level; some modules are imported when a name of theirs is first used.
    "": ("categories", "endpoints", "families", "fields", "transport_ports", "report"),
    # The leaves, which may read the machine or require other packages.
    "system": ("ephemeral", "families", "systems"),
    "probe": ("families", "registry", "ephemeral", "uses", "capacity", "reuse", "system"),
    "testing": ("advice", "families", "system"),
    "strategies": ("registry", "reuse", "rulesets", "system", "probe"),
    "_hypothesis_plugin": ("strategies",),
    "integrations": ("fields",),
    "cli": (
        "",
        "selection",
        "capacity",
        "reuse",
        "dialects",
        "rulesets",
        "diagrams",
        "report",
        "system",
        "probe",
    ),
    "__main__": ("cli",),
}

# Imports that are made when a hint is evaluated, an instance is printed, a name of the top level
# is first used or pydantic builds a model, and that may therefore run upwards. Anything else is
# refused.
LATE = {
    ("portranges.types", "portranges._types"),
    ("portranges.report.model", "portranges.report.data"),
    ("portranges.report.model", "portranges.report.page"),
    ("portranges.report.model", "portranges.report.summary"),
    ("portranges.report.model", "portranges.report.web_page"),
    # _repr_html_.
    ("portranges.portset", "portranges.diagrams.display"),
    ("portranges.transport_ports", "portranges.diagrams.display"),
    ("portranges.rulesets.ruleset", "portranges.diagrams.display"),
    # __get_pydantic_core_schema__ and __get_pydantic_json_schema__.
    ("portranges.records", "portranges.fields"),
}

LEAVES = (
    "system",
    "probe",
    "testing",
    "strategies",
    "_hypothesis_plugin",
    "integrations",
    "cli",
    "__main__",
)

# A leaf, and the other part that may use it. How full the ephemeral range is depends on
# the range of this machine, so the probe reads it from ``system``, and so do the free ports. The
# strategies build the records of both.
LEAF_USERS = {
    ("_hypothesis_plugin", "strategies"),
    ("__main__", "cli"),
    ("probe", "system"),
    ("testing", "system"),
    ("strategies", "system"),
    ("strategies", "probe"),
}

# What only a leaf may import.
OF_THE_MACHINE = {
    "asyncio",
    "ctypes",
    "hypothesis",
    "os",
    "platform",
    "psutil",
    "select",
    "selectors",
    "shutil",
    "signal",
    "socket",
    "subprocess",
}

# The packages with one plan: the record imports nothing of its package, and the rows
# import the record and the sources that they cite.
WITH_ROWS = ("registry", "ephemeral", "reuse", "dialects", "rulesets", "system")


@dataclass(frozen=True)
class Import:
    by: str
    of: str
    line: int
    is_for_types: bool

    def __str__(self) -> str:
        return f"{self.by}, line {self.line}, imports {self.of}"


@cache
def modules() -> dict[str, Path]:
    """Every module of the package, found in its folder, by its dotted name."""
    found: dict[str, Path] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(("portranges", *parts)).removesuffix(".__init__")
        found[name] = path
    return found


def imports_of(name: str) -> list[Import]:
    """Every import in a module, including those in a function.

    Two modules define names for type checkers alone: ``_types`` may name every package, and so
    may the block of the top level that shows its submodules.
    """
    if name == "portranges._types":
        return []
    found = _imports_in(name, ast.parse(modules()[name].read_text("utf-8")), False)
    return [each for each in found if not (each.by == "portranges" and each.is_for_types)]


def _imports_in(name: str, node: ast.AST, is_for_types: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        typed = is_for_types or (
            isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
        )
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(name, alias.name, child.lineno, typed)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{name} imports by dots"
            module = child.module or ""
            for alias in child.names:
                submodule = f"{module}.{alias.name}"
                target = submodule if submodule in modules() else module
                yield Import(name, target, child.lineno, typed)
        yield from _imports_in(name, child, typed)


@cache
def all_imports() -> list[Import]:
    return [each for name in modules() for each in imports_of(name)]


def is_ours(name: str) -> bool:
    return name == "portranges" or name.startswith("portranges.")


def part(name: str) -> str:
    """The part of a module: "errors" of portranges.errors."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


def reachable(start: str) -> set[str]:
    found: set[str] = set()
    open_rooms = list(MAY_USE[start])
    while open_rooms:
        each = open_rooms.pop()
        if each not in found:
            found.add(each)
            open_rooms.extend(MAY_USE[each])
    return found


def test_the_table_has_every_module_of_the_top_level() -> None:
    assert {part(name) for name in modules()} <= MAY_USE.keys()


def test_the_table_has_no_cycle() -> None:
    TopologicalSorter(dict(MAY_USE.items())).prepare()


def test_the_search_finds_imports() -> None:
    # The tests below prove nothing should none be found.
    assert len(modules()) >= 8
    found = {(each.by, each.of) for each in all_imports()}
    assert ("portranges.portset", "portranges.ports") in found
    assert ("portranges.ports", "portranges.covers") in found
    assert ("portranges.types", "portranges._types") in found


@pytest.mark.parametrize("name", modules())
def test_a_module_imports_only_what_the_table_allows(name: str) -> None:
    own = part(name)
    allowed = reachable(own) | {"types"}
    if own:
        allowed.add(own)
    wrong = [
        str(each)
        for each in imports_of(name)
        if is_ours(each.of) and part(each.of) not in allowed and (each.by, each.of) not in LATE
    ]
    assert wrong == []


def test_nothing_imports_a_leaf() -> None:
    wrong = [
        str(each)
        for each in all_imports()
        if is_ours(each.of)
        and part(each.of) in LEAVES
        and part(each.by) not in (part(each.of), "cli")
        and (part(each.by), part(each.of)) not in LEAF_USERS
    ]
    assert wrong == []


def test_only_leaves_import_modules_that_read_the_machine() -> None:
    wrong = [
        str(each)
        for each in all_imports()
        if each.of.split(".")[0] in OF_THE_MACHINE and part(each.by) not in LEAVES
    ]
    assert wrong == []


def test_only_their_own_packages_import_hypothesis_and_psutil() -> None:
    places: dict[str, set[str]] = {
        "hypothesis": {"strategies", "_hypothesis_plugin"},
        "psutil": {"probe"},
        # "fields" writes the schemas out as dictionaries.
        "pydantic": set(),
        "pydantic_core": set(),
        "annotated_types": set(),
    }
    wrong = [
        str(each)
        for each in all_imports()
        for package in [each.of.split(".")[0]]
        if package in places and part(each.by) not in places[package]
    ]
    assert wrong == []


def test_there_is_no_import_cycle() -> None:
    graph: dict[str, set[str]] = {}
    for each in all_imports():
        # The top level imports a module late, and a package imports its own modules, not the
        # other way round.
        late = (each.by, each.of) in LATE
        if is_ours(each.of) and not each.is_for_types and each.of != each.by and not late:
            graph.setdefault(each.by, set()).add(each.of)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" <- ".join(error.args[1])) from None


def test_nothing_below_the_command_line_uses_the_top_level() -> None:
    wrong = [
        str(each)
        for each in all_imports()
        if each.of == "portranges" and part(each.by) not in ("cli", "")
    ]
    assert wrong == []


@pytest.mark.parametrize("package", WITH_ROWS)
def test_the_modules_of_a_package_import_in_one_direction(package: str) -> None:
    entry = f"portranges.{package}"
    wrong: list[str] = []
    for each in all_imports():
        if not each.by.startswith(f"{entry}.") or part(each.of) != package:
            continue
        by, of = each.by.removeprefix(f"{entry}."), each.of.removeprefix(entry).removeprefix(".")
        if (
            of == ""
            or by == "model"
            or (
                by.startswith("rows")
                # "shorthand" makes records of "model" in one line each.
                and of not in ("model", "forms", "shorthand", "sources", "rows")
                # How a system's setting is read is a row: a command and the format of its output.
                and of not in ("parse_windows", "shapes", "text")
            )
        ):
            wrong.append(str(each))
    assert wrong == []
