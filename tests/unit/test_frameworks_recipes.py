"""The recipes of docs/frameworks.md, run where their packages are installed.

A recipe is a block of ``py`` whose first line names the packages that it needs. Doctests cannot
show it, because the README's test command installs none of them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "frameworks.md"
TEXT = PAGE.read_text(encoding="utf-8")
RECIPES = re.findall(r"^```py\n# needs: ([a-z0-9_ ]+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_every_block_without_a_prompt_names_what_it_needs():
    assert TEXT.count("```py\n") == len(RECIPES)


@pytest.mark.parametrize(("needs", "recipe"), RECIPES, ids=[needs for needs, _ in RECIPES])
def test_a_recipe_runs(needs, recipe):
    for package in needs.split():
        pytest.importorskip(package, reason=f"{package} is not installed: its recipe is not run")
    assert "assert " in recipe
    # Django can be configured only once in a process.
    command = [sys.executable, "-W", "error", "-c", recipe]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
