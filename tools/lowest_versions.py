"""Print the lowest version of each package that the extras and dependency groups allow.

    python tools/lowest_versions.py test frameworks

The lines are requirements, `hypothesis==6.140`, of all extras and of the named groups. A bound
comes from pyproject.toml, which has one for every package in an extra.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[1]
BOUND = re.compile(r"([A-Za-z0-9._-]+(?:\[[a-z0-9,]+\])?)>=([0-9.]+)")


def lowest(settings: dict[str, Any], groups: Sequence[str] = ()) -> list[str]:
    """Return `name==version` for each package, sorted.

    Args:
        settings: pyproject.toml.
        groups: Dependency groups to add to the extras.

    Raises:
        ValueError: A package has no lower bound, or two.
    """
    lists: list[list[Any]] = [*settings["project"]["optional-dependencies"].values()]
    lists += [settings["dependency-groups"][name] for name in groups]
    bounds: dict[str, str] = {}
    for each in (each for some in lists for each in some):
        match = BOUND.fullmatch(each)
        if match is None:
            raise ValueError(f"a package must have a lower bound, got {each!r}")
        name, bound = match.groups()
        if bounds.setdefault(name, bound) != bound:
            raise ValueError(f"{name} must have one lower bound, got {bound} and {bounds[name]}")
    return [f"{name}=={bound}" for name, bound in sorted(bounds.items())]


if __name__ == "__main__":
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    print(*lowest(pyproject, sys.argv[1:]), sep="\n")
