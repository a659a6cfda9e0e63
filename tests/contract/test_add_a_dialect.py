"""The row in docs/howto/add-a-dialect.md is valid, and does what the page shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from portranges.cli import convert, main
from portranges.dialects import catalog, rows_lists, rows_tools

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "add-a-dialect.md"
BLOCK = re.compile(r"^```text\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_row_does_what_the_page_shows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row, session, *_ = re.findall(
        r"^```text\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    # The names that a module of rows imports.
    module = vars(rows_tools) | vars(rows_lists)
    exec(row, module)
    for table in (catalog._BY_NAME, convert._NAMES):
        monkeypatch.setitem(table, "gate", module["_GATE"])
    shown = re.findall(r"^\$ portranges (.+)\n(.+)$", session, re.MULTILINE)
    assert len(shown) == 3
    for command, expected in shown:
        main(shlex.split(command))
        captured = capsys.readouterr()
        assert (captured.out + captured.err).splitlines()[0] == expected, command
