"""The command line: ``portranges 60454``.

This module has the parser and what all commands share: exit status, errors and broken pipes.
Each command is a module of its own.

Exit status: 0 = answered, 1 = answered "no" (for example, there is no service of that name),
2 = usage error. An error is one line on standard error and, with ``--json``, an object on
standard output.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext, redirect_stderr, redirect_stdout
from importlib import import_module

from portranges import __version__, types
from portranges.cli.arguments import Arguments
from portranges.cli.output import PipeTolerantStream, error_envelope, first_line, print_note
from portranges.errors import PortRangesError, UnknownNameError, visible
from portranges.layout import cut

__all__ = ["build_parser", "main"]

_NO = 1
_USAGE = 2

_LONGEST_MESSAGE = 400

# The summary of each command, whose module has the same name. The first one is the default; a
# service that is named like a command needs it: `portranges explain sql`.
_COMMANDS = {
    "explain": "print what is known about one or more ports",
    "ephemeral": "print the ephemeral ranges of systems, or of this machine",
    "convert": "convert ports to the syntax of another program",
    "reuse": "check whether sockets can share a port, system by system",
    "audit": "check rule files, or rules that open ports",
    "ports": "list the rules of a rule file, with ports and services",
    "diff": "compare what two rule files let through",
    "registry": "search the IANA registry, or compare it with an official file",
    "suggest": "suggest a port for a service, or check given ports",
    "map": "draw ports, systems and rule files on the number line 0-65535",
    "masks": "print ports as value/mask pairs",
    "sql": "print categories or sets of ports as an SQL expression",
    "listening": "list the listening sockets of this machine",
    "usage": "show how much of the ephemeral range is in use",
    "watch": "watch the sockets on a port of this machine",
    "lingering": "find long-lived listeners on dynamic ports",
    "capacity": "compute how many connections fit, and at what rate",
    "completion": "print the script that completes commands in a shell",
}
_DEFAULT = "explain"

# These print while they work, some without an end, so they stop when the reader has left. All
# other commands finish, because their exit status is known at the end only.
_STREAMING = frozenset({"explain", "watch"})

_STATUS = 'Exit status: 0 = answered, 1 = answered "no", 2 = usage error.'


class _Parser(argparse.ArgumentParser):
    """A parser that reports an error on one line, like every other error of the commands."""

    json_command = ""  # if not empty, errors are printed as JSON, too

    def error(self, message: str) -> types.NoReturn:
        """Report the error and the way to help, on one line."""
        # The message repeats arguments as they were typed, including line breaks.
        message = cut(visible(" ".join(message.split())), _LONGEST_MESSAGE)
        message = f"{message}; see {self.prog} --help"
        if self.json_command:
            print(error_envelope(self.json_command, message), flush=True)
        self.exit(_USAGE, f"portranges: {message}\n")

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> types.Any:
        # Before Python 3.13, argparse drops "--" even as the value in --option=--, and then
        # fails or takes the default.
        if action.option_strings and arg_strings == ["--"]:
            value = self._get_value(action, "--")
            self._check_value(action, value)
            return value
        return super()._get_values(action, arg_strings)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line, for completion tools.

    Returns:
        The parser with the arguments of every command.

    Example:
        >>> build_parser().prog
        'portranges'
    """
    parser = _top_parser()
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", prog=parser.prog)
    for name, about in _COMMANDS.items():
        subparser = commands.add_parser(name, help=about, description=about)
        _load(name).add_arguments(Arguments(subparser))
    return parser


def _top_parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:<11} {about}" for name, about in _COMMANDS.items())
    parser = _Parser(
        prog="portranges",
        usage="%(prog)s [COMMAND] ...\n       %(prog)s PORT [PORT ...]",
        description="Answer questions about TCP and UDP port numbers.",
        epilog=f"commands (default: {_DEFAULT}):\n{listed}\n\n"
        "`portranges COMMAND --help` describes the arguments of a command, and\n"
        f"`portranges {_DEFAULT} --help` those of a PORT, such as --full, --brief and --here.\n"
        + _STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"portranges {__version__}")
    return parser


def _load(name: str) -> types.Command:
    # Only the module of this command: `portranges 443` need not wait for the others.
    return types.cast("types.Command", import_module(f"portranges.cli.{name}"))


def _parse(words: types.Sequence[str]) -> tuple[types.Command, argparse.Namespace]:
    """Return the command in *words* and its arguments."""
    if not words or words[0] in ("-h", "--help", "--version"):
        parser = _top_parser()
        parser.parse_args(words)
        parser.error("expected a port or a command")
    if words[0] in _COMMANDS:
        name, rest = words[0], words[1:]
    else:
        from portranges.cli.guesses import check_command

        check_command(words, _COMMANDS)
        name, rest = _DEFAULT, words
    command = _load(name)
    parser = _Parser(
        prog=f"portranges {name}" if rest is not words else "portranges",
        description=f"{_COMMANDS[name][0].upper()}{_COMMANDS[name][1:]}.",
        epilog=_STATUS,
        allow_abbrev=False,
    )
    command.add_arguments(Arguments(parser))
    if "--json" in rest:
        parser.json_command = name
    return command, parser.parse_args(rest)


def main(argv: types.Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        argv: The arguments after the program name; None means the ones in ``sys.argv``.

    Returns:
        0 = answered, 1 = answered "no", 2 = usage error.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; for this, ``portranges`` exits with 130.

    Example:
        >>> main(["https", "--table"])
        port   category  registered to         allocated by default on
        443    system    https                 -
        0
    """
    if sys.stdout is None:
        print_note("there is no standard output")
        return _USAGE
    words = sys.argv[1:] if argv is None else argv
    stream = sys.stdout
    try:
        _replace_unencodable()
        errors = None if sys.stderr is None else PipeTolerantStream(sys.stderr)
        with redirect_stdout(PipeTolerantStream(stream)), redirect_stderr(errors):
            status = _run(words, stream)
            sys.stdout.flush()
    except OSError as error:
        PipeTolerantStream(stream).discard()
        print_note(f"cannot write: {error.strerror}")
        return _USAGE
    return status


def _run(words: types.Sequence[str], stream: types.TextIO) -> int:
    name = words[0] if words and words[0] in _COMMANDS else _DEFAULT
    try:
        command, arguments = _parse(words)
        with redirect_stdout(stream) if name in _STREAMING else nullcontext():
            status = command.run(arguments)
            sys.stdout.flush()
    except SystemExit as stopped:
        # The parser has printed the error, the help or the version.
        return stopped.code if isinstance(stopped.code, int) else _USAGE
    except BrokenPipeError:
        # The reader, for example `head`, needs no more.
        PipeTolerantStream(stream).discard()
        return 0
    except PortRangesError as error:
        print_note(first_line(error))
        if "--json" in words:
            print(error_envelope(name, error), flush=True)
        return _NO if name == _DEFAULT and _is_answer(error) else _USAGE
    return status


def _replace_unencodable() -> None:
    # A process can have a name in any script and the encoding of a pipe can be ASCII. A
    # question mark then keeps the columns of the table aligned.
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _is_answer(error: PortRangesError) -> bool:
    """Return whether *error* is an answer of ``explain``: no service has the name.

    Of other commands it is a usage error, because 1 means something else, such as a finding.
    """
    kind = error.kind if isinstance(error, UnknownNameError) else ""
    # "tcp service" is one, too. "command or service" is a word that may be a mistyped command.
    return kind.endswith("service") and not kind.startswith("command")
