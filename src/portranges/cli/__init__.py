"""The command line: ``portranges 60454``.

What lives here: the parser, the choice of the command, and what every command
shares: exit status, errors, broken pipes. What must not: what a command says
(a module each).

Exit status: 0 for an answer, 1 for the answer "no" (no service has that name), 2
for a question that cannot be read. Errors are one line on standard error.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from portranges import __version__, types
from portranges.errors import PortRangesError, UnknownNameError

__all__ = ["build_parser", "main"]

_NO = 1
_USAGE = 2
_INTERRUPTED = 130  # 128 + SIGINT, as shells report it

# Each command: its module, and what it does. The first is meant where none is
# named; a service with the name of a command needs it: `portranges explain sql`.
_COMMANDS = {
    "explain": ("portranges.cli.show", "everything known about some ports"),
    "ephemeral": ("portranges.cli.ephemeral", "what systems hand out, or this machine (--here)"),
    "convert": ("portranges.cli.convert", "ports in another program's own syntax"),
    "reuse": ("portranges.cli.reuse", "may two sockets have one port, on which systems"),
    "audit": ("portranges.cli.audit", "what is wrong with rules that open ports"),
    "suggest": ("portranges.cli.suggest", "a port for a service, or what speaks against some"),
    "masks": ("portranges.cli.masks", "ports as values and masks"),
    "sql": ("portranges.cli.sql", "categories and sets of ports as an SQL expression"),
    "listening": ("portranges.cli.listening", "who listens on this machine"),
    "usage": ("portranges.cli.usage", "how much of the ephemeral range is in use here"),
    "watch": ("portranges.cli.watch", "what comes and goes on a port of this machine"),
    "lingering": ("portranges.cli.lingering", "listeners on dynamic ports that stay"),
    "capacity": ("portranges.cli.capacity", "how many connections, how fast, does it fit"),
}
_DEFAULT = "explain"

_STATUS = "Exit status: 0 an answer, 1 the answer is no, 2 a question that cannot be read."


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all errors of the command are."""

    def error(self, message: str) -> types.NoReturn:
        """Say what is wrong, and where help is, on one line."""
        # It repeats words as they were typed, line breaks and all.
        message = " ".join(message.split())
        self.exit(_USAGE, f"portranges: {message}; see {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line, as completion tools take it.

    Returns:
        The parser, with every command's arguments.

    Example:
        >>> build_parser().prog
        'portranges'
    """
    parser = _top_parser()
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    for name, (_, about) in _COMMANDS.items():
        _load(name).add_arguments(commands.add_parser(name, help=about, description=about))
    return parser


def _top_parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:<11} {about}" for name, (_, about) in _COMMANDS.items())
    parser = _Parser(
        prog="portranges",
        usage="%(prog)s [COMMAND] ...\n       %(prog)s PORT [PORT ...]",
        description="Answer questions about TCP and UDP port numbers.",
        epilog=f"commands ({_DEFAULT} where none is named):\n{listed}\n\n"
        "`portranges COMMAND --help` tells what a command takes.\n" + _STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"portranges {__version__}")
    return parser


def _load(name: str) -> types.Command:
    # One command's module at a time: `portranges 443` need not wait for what
    # other commands stand on.
    module: types.Any = import_module(_COMMANDS[name][0])
    command: types.Command = module
    return command


def _parse(words: types.Sequence[str]) -> tuple[types.Command, argparse.Namespace]:
    """Return the command that *words* name, and its arguments."""
    if not words or words[0] in ("-h", "--help", "--version"):
        parser = _top_parser()
        parser.parse_args(words)
        parser.error("a port or a command is needed")
    name, rest = (words[0], words[1:]) if words[0] in _COMMANDS else (_DEFAULT, words)
    command = _load(name)
    parser = _Parser(
        prog=f"portranges {name}" if rest is not words else "portranges",
        description=f"Print {_COMMANDS[name][1]}.",
        epilog=_STATUS,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    return command, parser.parse_args(rest)


def main(argv: types.Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        argv: The arguments after the program's name; those of this process by
            default.

    Returns:
        0 for an answer, 1 for "no", 2 for wrong usage, 130 when interrupted.

    Example:
        >>> main(["https", "--table"])
        port   category  registered to         handed out by default
        443    system    https                 -
        0
    """
    if sys.stdout is None:
        return _complain("there is no standard output", _USAGE)
    _write_what_can_be_written()
    try:
        command, arguments = _parse(sys.argv[1:] if argv is None else argv)
    except SystemExit as stopped:
        # argparse has said what was wrong, or has printed help or version.
        return stopped.code if isinstance(stopped.code, int) else _USAGE
    except KeyboardInterrupt:
        return _INTERRUPTED
    try:
        status = command.run(arguments)
        sys.stdout.flush()
    except UnknownNameError as error:
        # No service has the name: that is an answer. No system has it: that is none.
        return _complain(str(error), _NO if error.kind.endswith("service") else _USAGE)
    except PortRangesError as error:
        return _complain(str(error), _USAGE)
    except BrokenPipeError:
        # The reader, as `head`, has what it wanted.
        _write_no_more()
        return 0
    except OSError as error:
        _write_no_more()
        return _complain(f"cannot write: {error.strerror}", _USAGE)
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def _write_what_can_be_written() -> None:
    # A process may have a name in any script, and the encoding of a pipe may be
    # ASCII: such a letter becomes a question mark, in its place of the table.
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _write_no_more() -> None:
    # The interpreter flushes on its way out, and would complain once more.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(message: str, status: int) -> int:
    # The lines below the first show the place of a fault in a long text; what
    # was typed on a command line stands there already.
    if sys.stderr is not None:
        print(f"portranges: {message.partition(chr(10))[0]}", file=sys.stderr)
    return status
