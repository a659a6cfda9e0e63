"""The modules of the package, for the contract tests that import every one of them."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import pytest

import portranges

# Modules of the top level that only other modules of the package import; they list no names.
INTERNAL = frozenset(
    {
        "checks",
        "chunks",
        "columns",
        "covers",
        "draws",
        "families",
        "fields",
        "fixes",
        "layout",
        "names",
        "notation",
        "positions",
        "records",
        "scan",
        "values",
    }
)


def module_names() -> list[str]:
    """Every module but ``__main__``, which runs the command line when it is imported."""
    walked = [each.name for each in pkgutil.walk_packages(portranges.__path__, "portranges.")]
    return ["portranges", *(name for name in walked if name != "portranges.__main__")]


def imported(name: str) -> ModuleType:
    """The module *name*; without the extra that it requires, the test is skipped."""
    try:
        return importlib.import_module(name)
    except portranges.MissingExtraError as error:
        pytest.skip(f"{name} cannot be imported: {error}")


def offered(module: ModuleType) -> list[str]:
    """The names that *module* lists, or those that it defines, if it has no list."""
    listed: list[str] | None = getattr(module, "__all__", None)
    if listed is not None:
        return listed
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]
