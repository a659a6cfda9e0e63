"""The recipes of docs/flows.md, run where their packages are installed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "flows.md"
RECIPES = re.findall(
    r"^```py\n# needs: ([a-z ]+)\n(.*?)^```$",
    PAGE.read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)


def test_every_engine_has_a_recipe():
    packages = {package for needs, _ in RECIPES for package in needs.split()}
    assert packages == {"chdb", "duckdb", "numpy", "pandas", "polars", "pyarrow", "pyspark"}
    assert PAGE.read_text(encoding="utf-8").count("```py\n") == len(RECIPES)


@pytest.mark.parametrize(("needs", "recipe"), RECIPES, ids=[needs for needs, _ in RECIPES])
def test_a_recipe_runs(needs, recipe):
    if "pyspark" in needs and os.environ.get("PORTRANGES_SPARK") != "1":
        pytest.skip("Spark takes long and needs Java: PORTRANGES_SPARK=1 runs its recipe")
    for package in needs.split():
        pytest.importorskip(package, reason=f"{package} is not installed: its recipe is not run")
    assert "assert " in recipe
    exec(compile(recipe, f"the recipe that needs {needs}", "exec"), {})
