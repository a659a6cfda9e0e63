"""The lowest versions that CI installs, read from pyproject.toml."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("low", ROOT / "tools" / "lowest_versions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def settings(extra: list[str], group: list[str]) -> dict[str, Any]:
    return {
        "project": {"optional-dependencies": {"extra": extra}},
        "dependency-groups": {"group": group},
    }


def test_every_package_of_the_extras_and_groups_has_one_version(tool: ModuleType) -> None:
    extras = PYPROJECT["project"]["optional-dependencies"]
    groups = PYPROJECT["dependency-groups"]
    everything = {each for extra in extras.values() for each in extra}
    everything |= {*groups["test"], *groups["frameworks"]}
    found = tool.lowest(PYPROJECT, ["test", "frameworks"])
    assert {each.replace("==", ">=") for each in found} == everything
    assert all(re.fullmatch(r"[\w-]+==[0-9.]+", each) for each in found)


def test_the_extras_alone_and_with_a_group(tool: ModuleType) -> None:
    made = settings(["b[x]>=2.1"], ["b[x]>=2.1", "a>=1"])
    assert tool.lowest(made) == ["b[x]==2.1"]
    assert tool.lowest(made, ["group"]) == ["a==1", "b[x]==2.1"]


def test_a_package_without_one_bound_is_refused(tool: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"^a package must have a lower bound, got 'a'$"):
        tool.lowest(settings(["a"], []))
    with pytest.raises(ValueError, match=r"^a package must have a lower bound, got 'a>=1,<2'$"):
        tool.lowest(settings(["a>=1,<2"], []))
    with pytest.raises(ValueError, match=r"^a must have one lower bound, got 2 and 1$"):
        tool.lowest(settings(["a>=1"], ["a>=2"]), ["group"])
