"""Every example in the README and the docs is run by some test.

Python blocks are doctests, which pytest collects by itself; a block without a
prompt would be passed over in silence, so none may be. Lines that call the
command are run here.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from portranges.cli import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^    (portranges [^ ].*)$", re.MULTILINE)

# Explanations follow a command after two blanks or more.
COMMANDS = [
    (page.name, command.split("   ")[0])
    for page in PAGES
    for command in COMMAND.findall(page.read_text(encoding="utf-8"))
]

# Commands whose output depends on the machine: lines of shell blocks, with comments.
ON_THIS_MACHINE = [
    (page.name, line.partition(" #")[0].rstrip())
    for page in PAGES
    for language, body in FENCE.findall(page.read_text(encoding="utf-8"))
    if language == "sh"
    for line in body.splitlines()
    if line.startswith("portranges ")
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_python_block_is_a_doctest(page):
    for language, body in FENCE.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            assert body.startswith(">>> "), body
            # Without it doctest takes the closing fence for expected output.
            assert body.endswith("\n\n"), body
        else:
            assert ">>>" not in body, body


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_closed(page):
    is_open = False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("```"):
            is_closing = line.strip() == "```"
            assert is_open == is_closing, line
            is_open = not is_closing
    assert not is_open


def test_commands_are_found():
    assert ("command-line.md", "portranges 60454") in COMMANDS


def test_powershell_has_the_same_two_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    python3 (-m venv .*)$", text, re.MULTILINE)
    (shown,) = [body for language, body in FENCE.findall(text) if language == "powershell"]
    forms = {" && ": "; ", ".venv/bin/": ".venv\\Scripts\\", "requirements/": "requirements\\"}
    for shell, powershell in forms.items():
        commands = [command.replace(shell, powershell) for command in commands]
    assert shown.splitlines() == [f"py {command}" for command in commands]
    assert len(commands) == 2


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_every_command_runs(page, command, capsys, tmp_path, monkeypatch):
    # The names of rule files in the examples.
    rules = (ROOT / "tests" / "data" / "rules" / "server.rules").read_text(encoding="utf-8")
    for name in ("rules.v4", "old.v4", "new.v4"):
        (tmp_path / name).write_text(rules, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    program, *words = shlex.split(command)
    assert program == "portranges"
    # Whether a port can be bound here depends on the machine.
    assert main(words) in ((0, 1) if words[0] == "reuse" and "--here" in words else (0,))
    captured = capsys.readouterr()
    assert captured.out
    assert captured.err == ""


@pytest.mark.parametrize(("page", "command"), ON_THIS_MACHINE)
def test_every_command_in_a_shell_block_runs(page, command, capsys):
    _, *words = shlex.split(command)
    for file in (Path(word) for word in words if word.startswith("/")):
        if not file.exists():
            pytest.skip(f"NOT CHECKED: {file} is not installed")
    # It would run until it is interrupted.
    once = ["--polls", "1", "--interval", "0.01"] if words[0] == "watch" else []
    assert main([*words, *once]) == 0
    captured = capsys.readouterr()
    assert captured.out or captured.err


def test_commands_in_shell_blocks_are_found():
    assert ("run-out-of-ports.md", "portranges usage") in ON_THIS_MACHINE
