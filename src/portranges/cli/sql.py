"""``portranges sql dst_port``: categories or sets of ports as an SQL expression."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace

from portranges import types
from portranges.cli.output import WIDTH, print_json
from portranges.cli.words import ports_of
from portranges.ephemeral import EphemeralProfile, profile
from portranges.errors import InvalidValueError, elide
from portranges.flows import sql_case
from portranges.portset import PortSet

__all__ = ["add_arguments", "run"]

_QUOTES: dict[str, types.Quote] = {"none": "", "double": '"', "backtick": "`", "bracket": "["}

# A word of SQL; blanks inside quotes are part of it.
_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|`[^`]*`|\[(?:[^]]|\]\])*\]|[^\s'"`[])+""")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    parser.add_argument("column", metavar="COLUMN", help="the column; t.column with a table")
    parser.add_argument(
        "ports",
        nargs="?",
        metavar="PORTS",
        help="ports (22,8000-8100) or a service name: the expression is 1 if the column is one of "
        "them, else 0; without it, the expression is the category",
    )
    parser.add_argument(
        "--label",
        action="append",
        default=[],
        metavar="LABEL=PORTS",
        help="the label of some ports; can be repeated, and the first match wins",
    )
    parser.add_argument(
        "--system",
        action="append",
        default=[],
        metavar="NAME",
        help="label the ephemeral range of a system with its name; can be repeated",
    )
    parser.add_argument(
        "--otherwise", metavar="TEXT", help="the label of all other ports (default: unknown)"
    )
    parser.add_argument(
        "--quote",
        choices=list(_QUOTES),
        default="none",
        help="the quotes around the name of the column (default: none)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace) -> int:
    """Print the expression."""
    expression = _expression(arguments)
    if arguments.json:
        print_json("sql", {"sql": expression})
    else:
        print("\n".join(_lines(expression)))
    return 0


def _expression(arguments: Namespace) -> str:
    quote = _QUOTES[arguments.quote]
    # An unquoted name contains no dot, so a dot separates table and column.
    column = arguments.column if quote else tuple(arguments.column.split("."))
    labelled: list[tuple[str, PortSet | EphemeralProfile]] = [*map(_label, arguments.label)]
    labelled += [(name, profile(name)) for name in dict.fromkeys(arguments.system)]
    labels: dict[str, PortSet | EphemeralProfile] = {}
    for name, ports in labelled:
        if name in labels:
            # Otherwise the ports of the later label would replace those of the earlier one.
            raise InvalidValueError("a label must be given once, with all of its ports", repr(name))
        labels[name] = ports
    if arguments.ports is None:
        return sql_case(column, labels or None, otherwise=arguments.otherwise, quote=quote)
    if labels or arguments.otherwise is not None:
        raise InvalidValueError("ports and labels exclude each other", "both")
    return sql_case(column, ports_of(arguments.ports), quote=quote)


def _label(text: str) -> tuple[str, PortSet]:
    label, equals, ports = text.partition("=")
    if not equals:
        raise InvalidValueError("a label must have the form LABEL=PORTS", elide(text))
    return label, ports_of(ports)


def _lines(expression: str) -> types.Iterator[str]:
    """Yield *expression* in lines of at most 80 columns, unless a word is longer."""
    line = ""
    for word in _WORD.findall(expression):
        starts = word in ("WHEN", "ELSE")
        if line and (starts or len(line) + 1 + len(word) > WIDTH):
            yield line
            line = ("  " if starts else "    ") + word
        else:
            line = f"{line} {word}" if line else word
    yield line
