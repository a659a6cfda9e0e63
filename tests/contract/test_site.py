"""What the site must have: an entry for every public name, and a page for every command."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import portranges
from package_modules import INTERNAL, module_names
from portranges.cli import build_parser

DOCS = Path(__file__).parents[2] / "docs"
ENTRY = re.compile(r"^\.\. auto(?:class|function|data):: (\w+)$", re.MULTILINE)


def entries() -> dict[str, list[str]]:
    """The public names on each page of the API."""
    pages = (DOCS / "reference" / "api").glob("portranges*.md")
    return {page.stem: ENTRY.findall(page.read_text("utf-8")) for page in pages}


def test_every_public_name_has_one_entry() -> None:
    found = entries()
    assert found["portranges"] == sorted(portranges.__all__)
    for name in module_names():
        if (
            "._" in name
            or name.rpartition(".")[2] in INTERNAL
            or name.count(".") > 1 + (".integrations." in name)
        ):
            continue
        listed = set(getattr(importlib.import_module(name), "__all__", ()))
        own = sorted(listed - set(portranges.__all__)) if name != "portranges" else sorted(listed)
        assert found.get(name, []) == own, name


def test_every_command_has_a_section() -> None:
    text = (DOCS / "reference" / "commands.md").read_text("utf-8")
    (commands,) = (action.choices for action in build_parser()._actions if action.dest == "command")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == list(commands)


def test_every_command_states_its_exit_statuses() -> None:
    text = (DOCS / "reference" / "commands.md").read_text("utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert sections
    for section in sections:
        assert re.search(r"Exit status: 0 = .+2 = usage error", section), section.split()[0]
