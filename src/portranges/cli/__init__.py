"""The command line: ``portranges 60454``.

What lives here: the parser, the choice of the command, and what every command
shares: exit status, errors, broken pipes. What must not: what a command says
(a module each).

Exit status: 0 for an answer, 1 for the answer "no" (nothing has that name), 2
for a question that cannot be read. Errors are one line on standard error.
"""

from __future__ import annotations

import argparse
import os
import sys

from portranges import __version__
from portranges.cli import show
from portranges.errors import PortRangesError, UnknownNameError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["build_parser", "main"]

NO = 1
USAGE = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line, as shell completion tools take it.

    Returns:
        The parser, with nothing parsed yet.

    Example:
        >>> build_parser().prog
        'portranges'
    """
    parser = argparse.ArgumentParser(
        prog="portranges",
        description="Answer questions about TCP and UDP port numbers.",
        epilog="Exit status: 0 an answer, 1 nothing has that name, 2 a wrong question.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"portranges {__version__}")
    show.add_arguments(parser)
    parser.set_defaults(run=show.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
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
    parser = build_parser()
    try:
        arguments = parser.parse_args(argv)
    except SystemExit as stopped:
        # argparse has said what was wrong, or has printed help or version.
        return stopped.code if isinstance(stopped.code, int) else USAGE
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except UnknownNameError as error:
        return _complain(error, NO)
    except PortRangesError as error:
        return _complain(error, USAGE)
    except BrokenPipeError:
        # The reader, as `head`, has what it wanted. Nothing more can be
        # written, not even by the interpreter on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _complain(error: PortRangesError, status: int) -> int:
    # The lines below the first show the place of a fault in a long text; what
    # was typed on a command line stands there already.
    print(f"portranges: {str(error).partition(chr(10))[0]}", file=sys.stderr)
    return status
