"""What all commands share: odd arguments, a reader that leaves, an interrupt, a mistyped command.

Each test runs over every command, or over every option of every command.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from envelope import error_of
from portranges.cli import build_parser, guesses, main, numbers
from portranges.layout import labelled
from portranges.registry import ports as service_ports

RULES = str(Path(__file__).parents[1] / "data" / "rules" / "server.rules")

# Words that each command answers, and its exit status.
ANSWERED = {
    "explain": (["443"], 0),
    "ephemeral": (["linux"], 0),
    "convert": (["22,80", "--to", "nft"], 0),
    "reuse": (["0.0.0.0:80", "0.0.0.0:80"], 1),
    "audit": (["1024-65535"], 1),
    "ports": ([RULES], 0),
    "diff": ([RULES, RULES], 0),
    "registry": (["--search", "postgres"], 0),
    "suggest": (["22"], 1),
    "map": (["22", RULES], 0),
    "masks": (["1-65534"], 0),
    "sql": (["port"], 0),
    "listening": ([], 0),
    "usage": ([], 0),
    "watch": (["1", "--polls", "1"], 0),
    "lingering": (["--older-than", "300"], 0),
    "capacity": (["--rate", "5000"], 1),
    "completion": (["fish"], 0),
}


def subparsers() -> dict[str, argparse.ArgumentParser]:
    (action,) = (
        each for each in build_parser()._actions if isinstance(each, argparse._SubParsersAction)
    )
    return dict(action.choices)


def options() -> list[tuple[str, str]]:
    """Every option that has a value, with its command."""
    return [
        (command, action.option_strings[-1])
        for command, parser in subparsers().items()
        for action in parser._actions
        if action.option_strings and action.nargs is None
    ]


def test_every_command_has_a_case():
    assert set(ANSWERED) == set(subparsers())
    assert len(options()) > 30


def command_line(*words):
    return [sys.executable, "-m", "portranges", *words]


# -- arguments ------------------------------------------------------------------


@pytest.mark.parametrize(("command", "option"), options())
def test_two_dashes_are_the_value_of_an_option(command, option, capsys):
    """argparse of Python 3.11 and 3.12 removes them, and takes what is left."""
    # Of the options of `registry`, one excludes the other.
    before = ANSWERED[command][0] if command != "registry" else []
    words = [*before, f"{option}=--"]
    parser = subparsers()[command]
    action = next(each for each in parser._actions if option in each.option_strings)
    if action.type is not None or action.choices is not None:
        with pytest.raises(SystemExit, match="2"):
            parser.parse_args(words)
        assert f"argument {'/'.join(action.option_strings)}: " in capsys.readouterr().err
    else:
        assert getattr(parser.parse_args(words), action.dest) in ("--", ["--"])
    status = main([command, *words])
    captured = capsys.readouterr()
    if (command, option) == ("suggest", "--for"):
        # With a port to check there is nothing to choose.
        assert status == 2
        assert main([command, f"{option}=--"]) == 0
    elif (command, option) == ("registry", "--search"):
        # Any text is allowed, and no row has this one.
        assert (status, captured.out) == (1, "no row matches\n")
    elif (command, option) == ("sql", "--otherwise"):
        # Any text is allowed.
        assert status == ANSWERED[command][1]
    elif option.endswith("device"):
        # Linux accepts the name, dev_valid_name() of net/core/dev.c.
        assert status == ANSWERED[command][1]
    else:
        assert status == 2
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        assert "'--'" in captured.err


def test_two_dashes_alone_still_end_the_options(capsys):
    assert main(["--", "443"]) == 0
    assert capsys.readouterr().out.startswith("Port 443 is assigned")
    assert main(["capacity", "--rate", "--", "5"]) == 2
    assert "argument --rate: expected one argument" in capsys.readouterr().err


HOSTILE = ["\x1b[31m", "\x07", "\x9b2J", "\u202e", "a\nb", "\u2028", "\x00", "\udcff"]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
@pytest.mark.parametrize("command", ["", *ANSWERED])
def test_control_codes_in_arguments_are_escaped(command, text, capsys):
    words = ANSWERED[command or "explain"][0]
    before = [command] if command else []
    for added in ([f"--{text}"], [f"--json={text}"], ["--transport", text], ["--x", text], [text]):
        for form in ([], ["--json"]):
            # What reads the machine is not run with an argument that may be accepted.
            if command == "watch" and added == [text]:
                continue
            main([*before, *words, *form, *added])
            captured = capsys.readouterr()
            for line in (*captured.err.split("\n"), *captured.out.split("\n")):
                assert line.isprintable(), line
            assert captured.err.count("\n") <= 1


def test_a_long_argument_is_shortened(capsys):
    assert main(["443", "--" + "x" * 100_000]) == 2
    told = capsys.readouterr().err
    assert told.startswith("portranges: unrecognized arguments: --xxxx")
    assert len(told) < 500


NUMBERS = [
    (command, option)
    for command, option in options()
    if isinstance(
        next(each.type for each in subparsers()[command]._actions if option in each.option_strings),
        type(numbers.number),
    )
]


@pytest.mark.parametrize(("command", "option"), NUMBERS)
@pytest.mark.parametrize("text", ["9" * 21, "9" * 5000, "-1", "1e3", "\u0663", "1_0", "", "nan"])
def test_a_number_that_is_refused_names_its_bounds(command, option, text, capsys):
    assert main([command, *ANSWERED[command][0], f"{option}={text}"]) == 2
    told = capsys.readouterr().err
    # The largest number, or the unit of a time and how long its text may be.
    assert re.search(r" from [01] to [0-9,]*[0-9], got | of at most 20 characters, got ", told)
    assert len(told) < 300


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ephemeral", "--transport", "udp"], "--transport requires --here, got --transport udp"),
        (["ephemeral", "linux", "--transport", "tcp"], "--transport requires --here, got --trans"),
        (["ephemeral", "--family", "inet6"], "--family requires --here, got --family inet6 with"),
        (["capacity", "--clients", "5"], "--clients requires --ports-per-client, got --clients 5 "),
        (
            ["capacity", "--system", "zos", "--rate", "1"],
            "--rate requires --time-wait, because TIME_WAIT of zos is unknown, "
            "got --rate without it\n",
        ),
    ],
)
def test_an_option_that_requires_another_is_not_ignored(words, message, capsys):
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"portranges: {message}")


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("text", [
    "rule 2 overlaps " + ",".join(map(str, range(2000, 9000, 37))) + " twice",
    "(" + ",".join(f"{port}-{port + 9}" for port in range(10000, 60000, 500)) + ",...)",
])  # fmt: skip
def test_a_list_of_ports_is_not_broken_inside_a_number(text, width):
    lines = list(labelled("error:", text, label_width=9, width=width))
    assert all(len(line) <= width for line in lines)
    found = re.findall(r"[0-9-]+", " ".join(lines))
    assert found == re.findall(r"[0-9-]+", text)


def test_a_path_is_not_broken_at_all():
    path = "https://example.com/" + "a,b-c" * 30
    lines = list(labelled("", f"see {path}, twice", label_width=9))
    assert [line.strip() for line in lines] == ["see", f"{path},", "twice"]


# -- a reader that leaves ---------------------------------------------------------


def status_unread(*words, errors_too=False):
    """The exit status, and standard error, if nothing reads standard output."""
    read, write = os.pipe()
    os.close(read)
    with subprocess.Popen(
        command_line(*words),
        stdin=subprocess.DEVNULL,
        stdout=write,
        stderr=write if errors_too else subprocess.PIPE,
    ) as process:
        os.close(write)
        _, errors = process.communicate(timeout=60)
    return process.returncode, errors


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
@pytest.mark.parametrize(
    "form",
    [
        pytest.param([], id=""),
        pytest.param(["--json"], id="--json", marks=pytest.mark.slow),
        pytest.param(["--help"], id="--help", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("command", ANSWERED)
def test_the_status_is_the_same_if_nothing_reads_the_answer(command, form):
    words, status = ANSWERED[command]
    expected = 0 if form == ["--help"] else status
    assert status_unread(command, *words, *form) == (expected, b"")


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["htpps", "--json"], 1),
        (["70000", "--json"], 2),
        (["80", "--jsno"], 2),
        (["80", "--jsno", "--json"], 2),
        (["lisening", "--json"], 2),
        ([], 2),
        (["--help"], 0),
        (["--version"], 0),
        (["0-65535", "--table"], 0),
        (["audit", "0-65535", "--json", "--system", "linux"], 1),
    ],
)
def test_the_status_of_an_error_is_the_same_if_nothing_reads_it(words, status):
    assert status_unread(*words)[0] == status
    assert status_unread(*words, errors_too=True)[0] == status


# -- an interrupt -------------------------------------------------------------------

# Sends SIGINT to itself when a module is imported, then runs the program as its start script does.
# A shell may have started the tests with SIGINT ignored, hence the first call.
AT_IMPORT = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
wanted = sys.argv.pop(1)
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == wanted:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
import portranges
from portranges.__main__ import main
sys.exit(main())
"""

EARLY = [
    ("portranges.cli", ["443"]),
    ("argparse", ["443"]),
    ("portranges.cli.output", ["443"]),
    ("portranges.cli.guesses", ["443"]),
    ("portranges.registry.shipped", ["443"]),
    ("portranges.ephemeral.rows_bsd", ["443"]),
    ("portranges.report.summary", ["443"]),
    *((f"portranges.cli.{command}", [command, *words]) for command, (words, _) in ANSWERED.items()),
]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("module", "words"), EARLY, ids=[each for each, _ in EARLY])
def test_an_interrupt_at_the_start_prints_no_traceback(module, words):
    done = subprocess.run(
        [sys.executable, "-c", AT_IMPORT, module, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr, done.stdout) == (130, "", "")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_in_the_middle_prints_no_traceback():
    with subprocess.Popen(
        [sys.executable, "-c", AT_IMPORT, "", "0-65535", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read(10)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, b"")


def test_the_start_script_calls_the_tested_function():
    project = Path(__file__).parents[2] / "pyproject.toml"
    scripts = tomllib.loads(project.read_text("utf-8"))["project"]["scripts"]
    assert scripts == {"portranges": "portranges.__main__:main"}


# -- a mistyped command ----------------------------------------------------------------


def typos(word):
    """*word* without a letter, with two letters swapped, with one doubled, and in capitals."""
    yield from (word[:at] + word[at + 1 :] for at in range(1, len(word)))
    yield from (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1))
    yield from (word[:at] + word[at] + word[at:] for at in range(len(word)))
    yield word.upper()


@pytest.mark.slow
@pytest.mark.parametrize("command", ANSWERED)
def test_a_mistyped_command_is_suggested_first(command, capsys):
    for typo in typos(command):
        if typo in ANSWERED or is_service(typo):
            continue
        status = main([typo, "--json", *ANSWERED[command][0]])
        error = error_of(capsys.readouterr().out)
        # Three letters have little to recognize.
        if command != "sql":
            assert command in error["suggestions"], typo
        if command in error["suggestions"]:
            assert error["suggestions"][0] in ANSWERED
            assert error["message"].startswith("unknown command or service, got ")
            assert (error["type"], status) == ("UnknownNameError", 2)


def is_service(word):
    try:
        return bool(service_ports(word))
    except LookupError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize(("word", "command"), guesses._COMMAND_OF.items())
def test_a_word_for_a_command_suggests_it(word, command, capsys):
    assert command.split()[0] in {*ANSWERED, "--help", "--version"}
    assert word not in ANSWERED
    assert main([word, "8080"]) == 2
    kind = "command" if is_service(word) else "command or service"
    said = f"portranges: unknown {kind}, got {word!r}; did you mean {command!r}"
    assert capsys.readouterr().err.startswith(said)
    if is_service(word):
        # By itself it is the service, and so it is after the command.
        assert main([word]) == 0
        assert main(["explain", word, "8080"]) == 0


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (
            ["lisening"],
            2,
            "unknown command or service, got 'lisening'; did you mean 'listening' or",
        ),
        (["who", "8080"], 2, "unknown command, got 'who'; did you mean 'explain --here'?\n"),
        (["covert", "22", "--to", "nft"], 2, "unknown command or service, got 'covert'; did you"),
        # "audit" is a service as well, 182.
        (["audti"], 2, "unknown command or service, got 'audti'; did you mean 'audit' or 'auditd'"),
        (["AUDIT", "22"], 2, "unknown command, got 'AUDIT'; did you mean 'audit'?\n"),
        (["Convert", "22"], 2, "unknown command or service, got 'Convert'; did you mean 'convert'"),
        (["htps"], 1, "unknown service, got 'htps'; did you mean 'https' or 'htcp' or 'http'?\n"),
        (
            ["explain", "lisening"],
            1,
            "unknown service, got 'lisening'; did you mean 'ms-licensing'",
        ),
        (["lisening,80"], 1, "unknown service, got 'lisening'; did you mean 'ms-licensing'"),
        (["lisening/tcp"], 1, "unknown service, got 'lisening'; did you mean 'ms-licensing'"),
        (["q" * 10_000], 1, "unknown service, got 'qqqq"),
    ],
)
def test_a_mistyped_command_is_an_error(words, status, message, capsys):
    assert main(words) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"portranges: {message}")
