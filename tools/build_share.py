"""Write what shells and man(1) read: completions for bash, zsh and fish, and the man page.

shtab and argparse-manpage generate them from the parser of the command line. The parser accepts
names and their aliases as free text; here the options get the names, so that a shell offers them.

    python tools/build_share.py           rewrite the files in share/
    python tools/build_share.py --check   change nothing; exit 1 if a file differs

The help of argparse differs between versions of Python, so the files are written with Python 3.11.
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

from portranges import __version__, dialects, ephemeral, reuse, rulesets  # noqa: E402
from portranges.cli import _DEFAULT, build_parser  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

# Neither has types.
shtab: Any = import_module("shtab")
manpage: Any = import_module("argparse_manpage.manpage")

SHARE = ROOT / "share"
_PYTHON = (3, 11)
SHELLS = {
    "bash": "bash-completion/completions/portranges",
    "zsh": "zsh/site-functions/_portranges",
    "fish": "fish/vendor_completions.d/portranges.fish",
}
MAN_PAGE = "man/man1/portranges.1"

_SYSTEMS = [row.name for row in ephemeral.profiles()]
_DIALECTS = [row.name for row in dialects.rows()]
_FORMATS = [row.name for row in rulesets.formats()]
# The values of options that the parser reads as free text; "" is every other command.
_VALUES: dict[tuple[str, str], Sequence[str]] = {
    ("reuse", "--system"): ["all", *reuse.systems()],
    ("reuse", "--state"): ["bound", "listening", "connected", "time-wait", "fin-wait-2"],
    ("convert", "--from"): _DIALECTS,
    ("convert", "--to"): _DIALECTS,
    ("", "--system"): _SYSTEMS,
    ("", "--format"): _FORMATS,
}
_FILES = {"FILE", "OLD", "NEW", "PORTS|FILE", "RULE"}

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


def parser_for_shells() -> argparse.ArgumentParser:
    """Return the parser with the values that a shell offers."""
    parser = build_parser()
    for command, subparser in commands(parser):
        for action in subparser._actions:
            for option in action.option_strings:
                names = _VALUES.get((command, option)) or _VALUES.get(("", option))
                action.choices = action.choices or names
            if action.choices is None and action.metavar in _FILES:
                setattr(action, "complete", shtab.FILE)  # noqa: B010 - argparse has no such field
            if command == "ephemeral" and action.dest == "names":
                action.choices = _SYSTEMS
            if command == _DEFAULT and action.option_strings and action.dest != "help":
                # `portranges 443 --here` needs no command.
                parser._add_action(action)
    return parser


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


def _with_default_command(zsh: str) -> str:
    """Return the completion of zsh, with the options of the default command after any other word.

    shtab knows no default command. In bash and fish, the options of the whole program are enough.
    """
    line = "        {}) _arguments -C -s $_shtab_portranges_{}_options ;;\n"
    last = line.format("watch", "watch")
    if zsh.count(last) != 1:
        raise SystemExit("the completion of zsh has no list of commands that ends with watch")
    return zsh.replace(last, last + line.format("*", _DEFAULT))


def files() -> dict[str, str]:
    """Return the text of each file by its path in share/."""
    texts = {
        path: shtab.complete(parser_for_shells(), shell=shell) for shell, path in SHELLS.items()
    }
    texts[SHELLS["zsh"]] = _with_default_command(texts[SHELLS["zsh"]])
    texts[MAN_PAGE] = man_page()
    return {path: text.rstrip("\n") + "\n" for path, text in texts.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or with ``--check`` report which differ; return the exit code."""
    parser = argparse.ArgumentParser(description="Write the completions and the man page.")
    parser.add_argument(
        "--check", action="store_true", help="change nothing, exit 1 if one differs"
    )
    check = parser.parse_args(arguments).check
    if sys.version_info[:2] != _PYTHON:
        print("share/ is written with Python 3.11, skipped")
        return 0
    differing = 0
    for path, text in files().items():
        file = SHARE / path
        if file.is_file() and file.read_text("utf-8") == text:
            continue
        differing += 1
        if check:
            print(f"share/{path} differs from the parser; run: python tools/build_share.py")
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8", newline="\n")
            print(f"share/{path} rewritten")
    return 1 if check and differing else 0


if __name__ == "__main__":
    sys.exit(main())
