"""The recipes of the docs for data engines, run where their packages are installed."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

import doc_recipes

RECIPES = doc_recipes.recipes(of_frameworks=False)


def test_every_engine_has_a_recipe():
    packages = {package for needs, _ in RECIPES for package in needs.split()}
    assert packages == {"chdb", "duckdb", "numpy", "pandas", "polars", "pyarrow", "pyspark"}


def test_the_category_of_every_row_takes_three_lines():
    parts = [recipe.split("\n\n") for _, recipe in RECIPES if "names" in recipe]
    shortest = [each[2] for each in parts if len(each) == 4 and "codes" in each[2]]
    assert len(shortest) == 4
    assert all(recipe.count("\n") <= 2 for recipe in shortest)


@pytest.mark.parametrize(("needs", "recipe"), RECIPES, ids=[needs for needs, _ in RECIPES])
def test_a_recipe_runs(needs, recipe):
    for package in needs.split():
        pytest.importorskip(package, reason=f"{package} is not installed: its recipe is not run")
    assert "assert " in recipe
    if "pyspark" in needs:
        run_with_java(recipe)
    else:
        exec(compile(recipe, f"the recipe that needs {needs}", "exec"), {})


def run_with_java(recipe):
    """Run *recipe* in a process of its own, with which Spark's Java ends."""
    if shutil.which("java") is None:
        pytest.skip("Java is not installed: Spark's recipe is not run")
    done = subprocess.run(
        [sys.executable, "-c", recipe], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
