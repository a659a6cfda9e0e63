"""The recipes of the docs for frameworks, run where their packages are installed.

Doctests cannot show them, because the README's test command installs none of the packages.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

import doc_recipes

RECIPES = doc_recipes.recipes(of_frameworks=True)


def test_every_framework_has_a_recipe():
    packages = {package for needs, _ in RECIPES for package in needs.split()}
    assert packages >= {"django", "fastapi", "pydantic_settings", "rest_framework", "sqlalchemy"}


@pytest.mark.parametrize(("needs", "recipe"), RECIPES, ids=[needs for needs, _ in RECIPES])
def test_a_recipe_runs(needs, recipe):
    for package in needs.split():
        pytest.importorskip(package, reason=f"{package} is not installed: its recipe is not run")
    assert "assert " in recipe
    # Django can be configured only once in a process.
    command = [sys.executable, "-W", "error", "-c", recipe]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
