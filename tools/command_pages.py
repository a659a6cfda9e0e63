"""The page docs/reference/commands.md: every command and its arguments, from the parser.

The usage lines of argparse differ between versions of Python, so the page is written with 3.11.
"""

from __future__ import annotations

import argparse
import os
import re
from typing import cast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# The width of usage lines, whatever the terminal has.
os.environ["COLUMNS"] = "80"

import doc_table  # noqa: E402

from portranges.cli import _STATUS, build_parser  # noqa: E402

PAGE = "docs/reference/commands.md"
PYTHON = (3, 11)
_HEAD = """\
# Commands

Every command and its arguments, generated from the parser.
[Questions and commands](command-line.md) explains what they share, and compares the exit statuses.
`portranges 443` is short for `portranges explain 443`.

"""


# The other commands without an epilog about their exit statuses only print.
_MAY_ANSWER_NO = ("explain", "reuse", "capacity")
_PRINTED = "Exit status: 0 = printed, 2 = usage error."


def page() -> str:
    """Return the text of the page."""
    (choices,) = (each.choices for each in build_parser()._actions if each.dest == "command")
    parsers: dict[str, argparse.ArgumentParser] = cast("Any", choices)
    return _HEAD + "\n\n".join("\n".join(_section(*each)) for each in parsers.items()) + "\n"


def _section(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    about = parser.description or ""
    yield f"## {name}\n"
    yield f"{about[0].upper()}{about[1:]}.\n"
    usage = parser.format_usage().removeprefix("usage: ").rstrip()
    # The lines after the first one are indented by the width of "usage: portranges".
    yield "```text\n" + re.sub(r"\n +", "\n    ", usage) + "\n```\n"
    formatter = parser._get_formatter()
    rows = [
        (_code(formatter._format_action_invocation(action)), _help(parser, action))
        for action in parser._actions
        if action.help is not argparse.SUPPRESS and action.dest != "help"
    ]
    yield doc_table.table(("Argument", "Meaning"), rows)
    more = parser.epilog or ""
    if "Exit status" not in more:
        more += " " + (_STATUS if name in _MAY_ANSWER_NO else _PRINTED)
    yield f"\n{_escaped(more)}\n"
    yield f"The object that `--json` prints: [`{name}`](json.md#the-schemas)."


def _code(text: str) -> str:
    return ", ".join(f"`{each}`" for each in text.split(", "))


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    return _escaped(parser._get_formatter()._expand_help(action))


def _escaped(text: str) -> str:
    return re.sub(r"[\\*<\[\]]|(?<!\w)_", r"\\\g<0>", " ".join(text.split()))
