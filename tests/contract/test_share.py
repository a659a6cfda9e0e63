"""The completions and the man page in share/ know every command and option of the parser.

``tools/build_share.py --check`` compares the whole texts, where its generators are installed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from portranges.cli import build_parser

SHARE = Path(__file__).parents[2] / "share"
PATHS = (
    "bash-completion/completions/portranges",
    "zsh/site-functions/_portranges",
    "fish/vendor_completions.d/portranges.fish",
    "man/man1/portranges.1",
)


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


def text_of(path: str) -> str:
    # roff changes the font with a letter, and escapes hyphens.
    text = (SHARE / path).read_text("utf-8")
    return re.sub(r"\\f[A-Z]|\\[,/]", " ", text).replace("\\", "")


def options_of_fish(text: str) -> set[str]:
    lines = [line for line in text.splitlines() if line.startswith("complete ")]
    return {f"--{name}" for line in lines for name in re.findall(r" -l '?([a-z0-9-]+)", line)}


def words_of(path: str) -> set[str]:
    text = text_of(path)
    return set(re.findall(r"-{0,2}[a-z][a-z0-9-]*", text)) | options_of_fish(text)


@pytest.mark.parametrize("path", PATHS)
def test_every_command_and_option_is_in_the_file(path: str) -> None:
    words = words_of(path)
    expected = options()
    assert set(expected) <= words
    assert set().union(*expected.values()) <= words


@pytest.mark.parametrize("path", PATHS)
def test_no_option_is_in_the_file_that_the_parser_does_not_have(path: str) -> None:
    known = set().union(*options().values()) | {"--help", "--version"}
    text = text_of(path)
    if path == PATHS[0]:
        lists = re.findall(r"_option_strings=\((.*?)\)", text)
        found = {word for each in lists for word in each.split() if word.startswith("--")}
    elif path == PATHS[1]:
        found = set(re.findall(r"\"[^\"]*?(--[a-z0-9-]+)\[", text))
    elif path == PATHS[2]:
        found = options_of_fish(text)
    else:
        found = set(re.findall(r"^ (--[a-z0-9-]+) ", text, re.MULTILINE))
    assert found
    assert found <= known


def test_zsh_completes_the_options_of_a_port() -> None:
    case = re.search(r"case \$line\[1\] in\n(.*?)\n *esac", text_of(PATHS[1]), re.DOTALL)
    assert case is not None
    last = case[1].splitlines()[-1].strip()
    assert last == "*) _arguments -C -s $_shtab_portranges_explain_options ;;"


def test_there_is_nothing_else() -> None:
    assert {str(each.relative_to(SHARE)) for each in SHARE.rglob("*") if each.is_file()} == {*PATHS}


@pytest.mark.parametrize("words", ["8080 --br", "80 443 --br", "--here 80 --br", "https --br"])
def test_bash_completes_the_options_of_the_default_command_after_a_port(words: str) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.fail("requires bash")
    script = (
        f"source {SHARE / PATHS[0]}; COMP_WORDS=(portranges {words}); "
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _shtab_portranges 2>/dev/null; "
        'echo "${COMPREPLY[*]}"'
    )
    done = subprocess.run([bash, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "--brief\n"
