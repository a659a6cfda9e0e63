"""The completions know every command and option of the parser; the shells complete with them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from portranges import dialects, ephemeral, reuse, rulesets
from portranges.cli import build_parser, main

SHELLS = ("bash", "zsh", "fish")


def options() -> dict[str, set[str]]:
    (commands,) = (each.choices for each in build_parser()._actions if each.dest == "command")
    return {
        name: {option for action in parser._actions for option in action.option_strings}
        for name, parser in commands.items()
    }


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    found = {}
    for shell in SHELLS:
        words = [sys.executable, "-m", "portranges", "completion", shell]
        found[shell] = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return found


def options_in(shell: str, script: str) -> set[str]:
    if shell == "bash":
        lists = re.findall(r"_option_strings=\((.*?)\)", script)
        return {word for each in lists for word in each.split() if word.startswith("--")}
    if shell == "zsh":
        # The brackets have the help, which may name other options.
        return set(re.findall(r"(--[a-z0-9-]+)[\[}]", re.sub(r"(?<=\[)[^\]]*", "", script)))
    lines = [line for line in script.splitlines() if line.startswith("complete ")]
    return {f"--{name}" for line in lines for name in re.findall(r" -l '?([a-z0-9-]+)", line)}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_option_is_in_the_script_and_no_other(shell, scripts):
    script = scripts[shell]
    expected = options()
    assert set(expected) <= set(re.findall(r"[a-z]+", script))
    wanted = {each for some in expected.values() for each in some if each.startswith("--")}
    assert options_in(shell, script) == wanted | {"--version"}


@pytest.mark.parametrize("shell", SHELLS)
def test_names_are_in_the_script(shell, scripts):
    words = set(re.findall(r"[\w.-]+", scripts[shell]))
    assert {row.name for row in ephemeral.profiles()} <= words
    assert {row.name for row in dialects.rows()} <= words
    assert {row.name for row in rulesets.formats()} <= words
    assert {*reuse.systems(), "all", "time-wait"} <= words


# What each shell completes, by the words that are typed.
COMPLETED = {
    "portranges cap": "capacity",
    "portranges reuse --system ill": "illumos",
    "portranges convert --to net": "netsh",
    "portranges ephemeral openb": "openbsd",
    "portranges suggest --sour": "--sources",
    "portranges --bri": "--brief",
    "portranges 8080 --bri": "--brief",
    "portranges 80 443 --br": "--brief",
    "portranges --here 80 --br": "--brief",
    "portranges https --br": "--brief",
}


@pytest.mark.parametrize("typed", COMPLETED)
def test_bash_completes(typed, scripts, tmp_path):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    (tmp_path / "script").write_text(scripts["bash"], "utf-8")
    words = typed.split()
    code = (
        f"source ./script; COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; "
        "_shtab_portranges; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    answer = subprocess.run([bash, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (answer.stdout.split(), answer.stderr) == ([COMPLETED[typed]], "")


@pytest.mark.parametrize("typed", COMPLETED)
def test_fish_completes(typed, scripts, tmp_path):
    fish = shutil.which("fish")
    if fish is None:
        pytest.skip("fish is not installed")
    (tmp_path / "script").write_text(scripts["fish"], "utf-8")
    code = f"source ./script; complete -C '{typed}'"
    home = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    answer = subprocess.run(
        [fish, "--no-config", "-c", code], capture_output=True, text=True, cwd=tmp_path, env=home
    )
    found = [line.partition("\t")[0] for line in answer.stdout.splitlines()]
    assert (found, answer.stderr) == ([COMPLETED[typed]], "")


def test_zsh_accepts_the_script(scripts, tmp_path):
    zsh = shutil.which("zsh")
    if zsh is None:
        pytest.skip("zsh is not installed")
    (tmp_path / "script").write_text(scripts["zsh"], "utf-8")
    answer = subprocess.run([zsh, "-n", "script"], capture_output=True, text=True, cwd=tmp_path)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_zsh_completes_the_options_of_a_port(scripts):
    case = re.search(r"case \$line\[1\] in\n(.*?)\n *esac", scripts["zsh"], re.DOTALL)
    assert case is not None
    last = case[1].splitlines()[-1].strip()
    assert last == "*) _arguments -C -s $_shtab_portranges_explain_options ;;"


def test_without_shtab_the_error_names_the_extra(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    hint = "install it with: pip install 'portranges[completion]'"
    assert capsys.readouterr().err == f"portranges: shtab is not installed; {hint}\n"


def test_an_error_inside_shtab_is_not_hidden(monkeypatch, tmp_path):
    (tmp_path / "shtab.py").write_text("import no_such_module", "utf-8")
    monkeypatch.delitem(sys.modules, "shtab", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        main(["completion", "bash"])


def test_another_shell_is_a_usage_error(capsys):
    assert main(["completion", "csh"]) == 2
    assert "argument SHELL: invalid choice: 'csh'" in capsys.readouterr().err
