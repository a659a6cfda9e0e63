"""Write the man page in share/, which argparse-manpage generates from the parser.

    python tools/build_share.py           rewrite share/man/man1/portranges.1
    python tools/build_share.py --check   change nothing; exit 1 if it differs

The help of argparse differs between versions of Python, so the page is written with Python 3.11.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path
from textwrap import wrap

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))
# The width of usage lines, whatever the terminal has.
os.environ["COLUMNS"] = "80"

from portranges import __version__  # noqa: E402
from portranges.cli import build_parser  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

# It has no types.
manpage: Any = import_module("argparse_manpage.manpage")

PAGE = ROOT / "share" / "man" / "man1" / "portranges.1"
_PYTHON = (3, 11)

# The day of the last change to the text; bump it with a release.
_DATE = "2026-11-30"
_EXIT_STATUS = """\
.TP
0
answered
.TP
1
answered "no": no such service, findings, a bind that is refused, a number that does not fit
.TP
2
usage error
"""
# What argparse-manpage writes, and what a man page has instead.
_HEADINGS = {
    _DATE.replace("-", "\\-"): _DATE,
    ".SH\nPOSITIONAL ARGUMENTS\n": ".SH COMMANDS\n",
    "[COMMAND] ... portranges PORT": "[COMMAND] ...\n.br\n.B portranges\nPORT",
}


def commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield the name and the parser of each command."""
    for action in parser._actions:
        if action.dest == "command":
            choices: Any = action.choices
            yield from choices.items()


def man_page() -> str:
    """Return the man page."""
    parser = build_parser()
    parser.epilog = None
    for _, subparser in commands(parser):
        # The summary of the command precedes its usage anyway.
        subparser.description = subparser.epilog = None
    page: Any = manpage.Manpage(
        parser,
        {
            "description": "answer questions about TCP and UDP port numbers",
            "project_name": "portranges",
            "version": __version__,
            "manual_title": "User Commands",
            "date": _DATE,
        },
        format="single-commands-section",
    )
    page.add_section("exit status", "=", _EXIT_STATUS)
    text = str(page)
    for old, new in _HEADINGS.items():
        if old not in text:
            raise SystemExit(f"the man page has no {old!r}")
        text = text.replace(old, new)
    return "".join(_lines_of_man(text))


def _lines_of_man(text: str) -> Iterator[str]:
    """Yield the lines of a man page: usage unfilled, and other text as lines that roff reads."""
    is_usage = is_paragraph = False
    for line in text.splitlines():
        if is_usage and not line:
            is_usage = False
            yield ".fi\n"
        # roff warns of empty lines.
        is_paragraph = is_paragraph or not line
        if not line:
            continue
        if is_paragraph and line[0] != ".":
            yield ".PP\n"
        is_paragraph = False
        if line.startswith("usage: "):
            is_usage = True
            yield ".nf\n"
        if is_usage or line[0] in ".'":
            yield f"{line}\n"
        else:
            for part in wrap(line, 79, break_long_words=False, break_on_hyphens=False):
                # At the beginning of a line these are requests.
                yield f"\\&{part}\n" if part[0] in ".'" else f"{part}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or with ``--check`` report whether it differs; return the exit code."""
    parser = argparse.ArgumentParser(description="Write the man page.")
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if it differs")
    check = parser.parse_args(arguments).check
    if sys.version_info[:2] != _PYTHON:
        print("share/ is written with Python 3.11, skipped")
        return 0
    text = man_page().rstrip("\n") + "\n"
    if PAGE.is_file() and PAGE.read_text("utf-8") == text:
        return 0
    if check:
        print("the man page differs from the parser; run: python tools/build_share.py")
        return 1
    PAGE.write_text(text, "utf-8", newline="\n")
    print(f"{PAGE.name} rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main())
