"""A name that means a module means nothing else.

``import portranges.reuse.linux as m`` reads the attribute ``linux`` of the package. If the
package offered a function of that name, the import would return the function, and patching
and pickling by dotted name would fail too.
"""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from package_modules import imported, module_names

# Functions that still have the name of their module.
TO_BE_RENAMED: set[str] = set()


def packages() -> list[str]:
    return [name for name in module_names() if hasattr(imported(name), "__path__")]


def submodules(package: str) -> list[str]:
    path = importlib.import_module(package).__path__
    return [each.name for each in pkgutil.iter_modules(path) if each.name != "__main__"]


@pytest.mark.parametrize("package", packages())
def test_no_public_name_of_a_package_is_that_of_a_submodule(package: str) -> None:
    offered = set(importlib.import_module(package).__all__)
    assert offered & set(submodules(package)) == set()


@pytest.mark.parametrize("package", packages())
def test_each_submodule_is_the_attribute_of_its_name(package: str) -> None:
    for name in submodules(package):
        module = imported(f"{package}.{name}")
        assert getattr(importlib.import_module(package), name) is module


@pytest.mark.parametrize("name", module_names())
def test_no_function_is_named_like_its_module(name: str) -> None:
    own = name.rpartition(".")[2]
    if f"{name}.{own}" not in TO_BE_RENAMED:
        assert own not in getattr(imported(name), "__all__", ())
