"""Every module says what it offers: sorted, complete, and true."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import portranges
from package_modules import INTERNAL, imported, module_names

# Names that the package's own modules share, which are not part of the public interface. A name
# that users need must not be listed here.
SHARED = {
    "portranges.endpoints": {"canonical_address"},
    "portranges.errors": {"base_60", "elide", "got", "printable", "reason_of", "visible"},
    "portranges.fields": {"core_schema", "json_schema"},
    "portranges.ports": {
        "as_int",
        "check_text",
        "every_port_error",
        "is_digits",
        "masked_of",
        "means_every_port",
        "nothing_error",
        "parse_port_at",
        "parse_range_at",
        "parse_transport_at",
        "range_of",
    },
    "portranges.portset": {"LONGEST_REPR", "PENDING", "bits_of_ranges", "compact"},
}


def public_modules() -> list[str]:
    """The modules that list what they offer; one that no user imports does not need a list."""
    return [
        name
        for name in module_names()
        if "._" not in name and name != "portranges.types" and (is_front(name) or lists(name))
    ]


def is_front(name: str) -> bool:
    """Whether users import the module *name* by its name."""
    return name.count(".") < 2 and name.removeprefix("portranges.") not in INTERNAL


def tree(name: str) -> ast.Module:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return ast.parse(Path(spec.origin).read_text("utf-8"))


def lists(name: str) -> bool:
    return any(
        isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for node in tree(name).body
    )


def listed(name: str) -> list[str]:
    for node in tree(name).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    raise AssertionError(f"{name} has no __all__")


def is_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def defined(body: list[ast.stmt]) -> Iterator[str]:
    """The names that a module makes itself, whatever they are."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield from (each.id for each in ast.walk(target) if isinstance(each, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.If | ast.Try) and not is_for_types(node):
            yield from defined([*node.body, *node.orelse])


def offered_for_annotations() -> Iterator[str]:
    """The public names that ``_types`` and ``_words`` make, or import as themselves."""
    for name in ("portranges._types", "portranges._words"):
        yield from (each for each in defined(tree(name).body) if not each.startswith("_"))
        for node in tree(name).body:
            if isinstance(node, ast.ImportFrom):
                yield from (each.name for each in node.names if each.name == each.asname)


def used_in_annotations() -> set[str]:
    """Every name that the package reads from ``types``."""
    return {
        node.attr
        for path in Path(portranges.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "types"
    }


def place(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as ruff sorts them."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("name", public_modules())
def test_the_list_is_sorted_and_has_no_duplicates(name: str) -> None:
    names = listed(name)
    assert names == sorted(set(names), key=place)


@pytest.mark.parametrize("name", public_modules())
def test_the_list_has_every_public_name_that_the_module_defines(name: str) -> None:
    made = {each for each in defined(tree(name).body) if not each.startswith("_")}
    assert made - {"TYPE_CHECKING"} - SHARED.get(name, set()) - set(listed(name)) == set()


@pytest.mark.parametrize("name", public_modules())
def test_every_listed_name_exists(name: str) -> None:
    module = imported(name)
    assert [each for each in listed(name) if not hasattr(module, each)] == []
    assert not any(each.startswith("_") for each in listed(name))


def test_types_has_every_name_that_annotations_use() -> None:
    from portranges import types

    offered = set(offered_for_annotations())
    assert {"Any", "Iterable", "Source", "SystemLike", "SystemName", "Rng"} <= offered
    for name in offered:
        assert getattr(types, name) is not None
    assert offered <= set(dir(types))
    assert used_in_annotations() <= offered
    # A type checker reads the three functions from typing; at run time they are plain.
    assert {types.cast.__module__, types.final.__module__, types.overload.__module__} == {
        "portranges.types"
    }
    assert (types.cast(int, "80"), types.final(str), types.overload(len)) == ("80", str, len)
    for name in ("Any_", "_Part", "__all__"):
        with pytest.raises(
            AttributeError, match=rf"^module 'portranges.types' has no attribute '{name}'$"
        ):
            getattr(types, name)


@pytest.mark.parametrize("name", SHARED)
def test_a_shared_name_exists_and_is_not_listed(name: str) -> None:
    made = set(defined(tree(name).body))
    assert SHARED[name] <= made
    assert not SHARED[name] & (set(listed(name)) | set(portranges.__all__))


def test_the_top_level_lists_every_error() -> None:
    assert set(listed("portranges.errors")) <= set(portranges.__all__)


def test_the_top_level_lists_the_names_of_the_design() -> None:
    assert set(portranges.__all__) >= {
        "Category",
        "Confidence",
        "Endpoint",
        "Family",
        "MaskedPort",
        "PortRange",
        "PortReport",
        "PortSet",
        "Source",
        "Transport",
        "TransportPorts",
        "check_port",
        "classify",
        "classify_many",
        "count_by_category",
        "explain",
        "parse_port",
    }


def test_dir_of_the_package_shows_all_names() -> None:
    assert set(portranges.__all__) <= set(dir(portranges))


# Prints the name of each given submodule, after an import of the package alone.
ATTRIBUTES = """
import sys
path, *names = sys.argv[1:]
sys.path.insert(0, path)
for name in names:
    for loaded in [each for each in sys.modules if each.startswith("portranges")]:
        del sys.modules[loaded]
    import portranges
    print(getattr(portranges, name).__name__)
"""


def test_a_submodule_is_an_attribute_of_the_package() -> None:
    shared = {"types", *INTERNAL} - {"families"}
    packages = [name for name in module_names() if name.count(".") == 1 and "._" not in name]
    names = [name.removeprefix("portranges.") for name in packages]
    names = [name for name in names if name not in {"cli", "integrations", "strategies", *shared}]
    path = str(Path(portranges.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", ATTRIBUTES, path, *names], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [f"portranges.{name}" for name in names]
    assert set(names) <= set(dir(portranges))


def test_an_unknown_name_is_an_attributeerror() -> None:
    with pytest.raises(AttributeError) as caught:
        _ = getattr(portranges, "no_such_name")  # noqa: B009
    assert str(caught.value) == "module 'portranges' has no attribute 'no_such_name'"


# Imports each of the given names in a process in which nothing of the package is imported yet.
IMPORTS_FIRST = """
import dataclasses, enum, os, sys, traceback
sys.path.insert(0, sys.argv[1])
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        try:
            __import__(line.strip())
        finally:
            # The child ends here however the import ended.
            failed = sys.exc_info()[0] is not None
            text = traceback.format_exc() if failed else "imported"
            print(text.encode("unicode_escape").decode(), flush=True)
            os._exit(0)
    os.waitpid(pid, 0)
"""


@pytest.fixture(scope="module")
def imports_first() -> Iterator[Callable[[str], str]]:
    path = str(Path(portranges.__file__).parent.parent)
    with subprocess.Popen(
        [sys.executable, "-c", IMPORTS_FIRST, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        asks, answers = parent.stdin, parent.stdout

        def ask(name: str) -> str:
            asks.write(f"{name}\n")
            asks.flush()
            return answers.readline().strip()

        yield ask


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="NOT CHECKED: it takes fork()")
@pytest.mark.parametrize("name", module_names())
def test_every_module_can_be_imported_first(name: str, imports_first: Callable[[str], str]) -> None:
    imported(name)
    assert imports_first(name) == "imported"
