"""``portranges sql dst_port``: categories and sets as an SQL expression.

What lives here: which expression is meant, and its lines.
What must not: the expression (``portranges.flows``).
"""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser, Namespace

from portranges import types
from portranges.cli.words import ports_of
from portranges.ephemeral import EphemeralProfile, profile
from portranges.errors import InvalidValueError, elide
from portranges.flows import sql_case
from portranges.portset import PortSet

__all__ = ["add_arguments", "run"]

_WIDTH = 80

_USAGE = 2

_QUOTES: dict[str, types.Quote] = {"none": "", "double": '"', "backtick": "`", "bracket": "["}

# A word of SQL: a blank inside of quotes does not end it.
_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|`[^`]*`|\[(?:[^]]|\]\])*\]|[^\s'"`[])+""")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    parser.add_argument("column", metavar="COLUMN", help="the column's name; t.column with a table")
    parser.add_argument(
        "ports",
        nargs="?",
        metavar="PORTS",
        help="ports (22,8000-8100) or a service name: 1 where the column is one of them, else 0; "
        "without it the category is asked for",
    )
    parser.add_argument(
        "--label",
        action="append",
        default=[],
        metavar="LABEL=PORTS",
        help="the label for some ports, of several the first; may be repeated",
    )
    parser.add_argument(
        "--system",
        action="append",
        default=[],
        metavar="NAME",
        help="the same with a system's name and what it hands out; may be repeated",
    )
    parser.add_argument(
        "--otherwise", metavar="TEXT", help="the label of all else (default: unknown)"
    )
    parser.add_argument(
        "--quote",
        choices=list(_QUOTES),
        default="none",
        help="what stands around the column's name (default: none)",
    )
    parser.add_argument("--json", action="store_true", help="print an object with the expression")


def run(arguments: Namespace) -> int:
    """Print the expression that *arguments* ask for."""
    expression = _expression(arguments)
    if arguments.json:
        print(json.dumps({"sql": expression}, ensure_ascii=False))
    else:
        print("\n".join(_lines(expression)))
    return 0


def _expression(arguments: Namespace) -> str:
    quote = _QUOTES[arguments.quote]
    # Bare names have no dot, so that one stands between a table and its column.
    column = arguments.column if quote else tuple(arguments.column.split("."))
    labelled: list[tuple[str, PortSet | EphemeralProfile]] = [*map(_label, arguments.label)]
    labelled += [(name, profile(name)) for name in dict.fromkeys(arguments.system)]
    labels: dict[str, PortSet | EphemeralProfile] = {}
    for name, ports in labelled:
        if name in labels:
            # The later one's ports would take the place of the earlier one's.
            raise InvalidValueError("a label must be given once, with all of its ports", repr(name))
        labels[name] = ports
    if arguments.ports is None:
        return sql_case(column, labels or None, otherwise=arguments.otherwise, quote=quote)
    if labels or arguments.otherwise is not None:
        raise InvalidValueError("ports must come without a label: they are told by 1 and 0", "both")
    return sql_case(column, ports_of(arguments.ports), quote=quote)


def _label(text: str) -> tuple[str, PortSet]:
    label, equals, ports = text.partition("=")
    if not equals:
        raise InvalidValueError("a label must be said as LABEL=PORTS", elide(text))
    return label, ports_of(ports)


def _lines(expression: str) -> types.Iterator[str]:
    """Yield *expression* in lines of at most 80 columns, if its words allow."""
    line = ""
    for word in _WORD.findall(expression):
        starts = word in ("WHEN", "ELSE")
        if line and (starts or len(line) + 1 + len(word) > _WIDTH):
            yield line
            line = ("  " if starts else "    ") + word
        else:
            line = f"{line} {word}" if line else word
    yield line
