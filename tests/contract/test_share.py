"""The man page in share/ has every command and option of the parser.

``tools/build_share.py --check`` compares the whole text, if its generator is installed.
"""

from __future__ import annotations

import re
from pathlib import Path

from portranges.cli import build_parser

PAGE = Path(__file__).parents[2] / "share" / "man" / "man1" / "portranges.1"


def options() -> dict[str, set[str]]:
    parser = build_parser()
    (commands,) = (each.choices for each in parser._actions if each.dest == "command")
    return {
        name: {
            option
            for action in subparser._actions
            if action.dest != "help"
            for option in action.option_strings
        }
        for name, subparser in commands.items()
    }


def text_of_page() -> str:
    # roff changes the font with a letter, and escapes hyphens.
    text = PAGE.read_text("utf-8")
    return re.sub(r"\\f[A-Z]|\\[,/]", " ", text).replace("\\", "")


def test_every_command_and_option_is_in_the_man_page() -> None:
    words = set(re.findall(r"-{0,2}[a-z][a-z0-9-]*", text_of_page()))
    expected = options()
    assert set(expected) <= words
    assert set().union(*expected.values()) <= words


def test_no_option_is_in_the_man_page_that_the_parser_does_not_have() -> None:
    known = set().union(*options().values()) | {"--help", "--version"}
    found = set(re.findall(r"^ (--[a-z0-9-]+) ", text_of_page(), re.MULTILINE))
    assert found
    assert found <= known


def test_there_is_nothing_else() -> None:
    assert [each for each in PAGE.parents[2].rglob("*") if each.is_file()] == [PAGE]
