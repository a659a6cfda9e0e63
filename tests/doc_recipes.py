"""The blocks of ``py`` in the README and the docs, which doctest does not run.

A block whose first line is ``# needs: PACKAGES`` is a recipe; the tests of flows and of frameworks
run it where its packages are installed. All others are files of tests, which pytest runs.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]

# After "`NAME`:", a block is a file of a page whose commands use it.
_BLOCK = re.compile(r"(?<!`:\n\n)^```py\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NEEDS = re.compile(r"# needs: ([a-z0-9_ ]+)\n")
# They are configured once per process, so their recipes run in processes of their own.
_FRAMEWORKS = {"django", "fastapi", "pydantic_settings", "sqlalchemy"}


def blocks() -> list[str]:
    """Return the content of all blocks, page by page."""
    return [body for page in PAGES for body in _BLOCK.findall(page.read_text("utf-8"))]


def recipes(*, of_frameworks: bool) -> list[tuple[str, str]]:
    """Return the packages that each recipe needs, and the recipe."""
    found = [(match[1], body) for body in blocks() if (match := _NEEDS.match(body))]
    return [
        (needs, body)
        for needs, body in found
        if of_frameworks is not _FRAMEWORKS.isdisjoint(needs.split())
    ]


def test_files() -> list[str]:
    """Return the content of each block that is not a recipe."""
    return [body for body in blocks() if not _NEEDS.match(body)]
