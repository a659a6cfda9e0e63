"""``portranges sql dst_port``: categories or sets of ports as an SQL expression."""

from __future__ import annotations

import re
import sys

from portranges import types
from portranges.cli.output import answer, columns
from portranges.cli.words import ports_of
from portranges.ephemeral import profile
from portranges.errors import InvalidValueError, elide
from portranges.flows import sql_case

_QUOTES: dict[str, types.Quote] = {"none": "", "double": '"', "backtick": "`", "bracket": "["}

# A word of SQL; blanks inside quotes are part of it.
_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|`[^`]*`|\[(?:[^]]|\]\])*\]|[^\s'"`[])+""")


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.words("column", "COLUMN", "the column, such as port or t.port", nargs=None)
    add.words(
        "ports",
        "PORTS",
        "ports (22,8000-8100) or a service name: the expression is 1 if the column is one of "
        "them, else 0; without it, the expression is the category",
        nargs="?",
    )
    label = "the label of some ports; can be repeated, and the first match wins"
    add.value("--label", "LABEL=PORTS", label, action="append")
    system = "label the ephemeral range of a system with its name; can be repeated"
    add.value("--system", "NAME", system, action="append")
    add.value("--otherwise", "TEXT", "the label of all other ports (default: unknown)")
    add.choice("--quote", _QUOTES, "the quotes around the name of the column", "none")
    add.json()


def run(arguments: types.Namespace) -> int:
    """Print the expression."""
    expression = _expression(arguments)
    return answer(arguments, "sql", {"sql": expression}, _lines(expression))


def _expression(arguments: types.Namespace) -> str:
    quote = _QUOTES[arguments.quote]
    # An unquoted name contains no dot, so a dot separates table and column.
    column = arguments.column if quote else tuple(arguments.column.split("."))
    labelled: list[tuple[str, types.AnyPorts]] = [*map(_label, arguments.label or ())]
    labelled += [(name, profile(name)) for name in dict.fromkeys(arguments.system or ())]
    labels: dict[str, types.AnyPorts] = {}
    for name, ports in labelled:
        if name in labels:
            # Otherwise the later label would replace the ports of the earlier one.
            raise InvalidValueError("a label must be given once, with all of its ports", repr(name))
        labels[name] = ports
    if arguments.ports is None:
        return sql_case(column, labels or None, otherwise=arguments.otherwise, quote=quote)
    if labels or arguments.otherwise is not None:
        raise InvalidValueError("ports must be used without labels", "both")
    return sql_case(column, ports_of(arguments.ports), quote=quote)


def _label(text: str) -> tuple[str, types.PortSet]:
    label, equals, ports = text.partition("=")
    if not equals:
        raise InvalidValueError("a label must have the form LABEL=PORTS", elide(text))
    return label, ports_of(ports)


def _lines(expression: str) -> types.Iterator[str]:
    """Yield *expression* in lines that fit the terminal, unless a word is longer."""
    width = columns(sys.stdout)
    line = ""
    for word in _WORD.findall(expression):
        starts = word in ("WHEN", "ELSE")
        if line and (starts or len(line) + 1 + len(word) > width):
            yield line
            line = ("  " if starts else "    ") + word
        else:
            line = f"{line} {word}" if line else word
    yield line
