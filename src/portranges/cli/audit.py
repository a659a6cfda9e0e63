"""``portranges audit 22 8000-8010 49152-65535``: check rules that open ports."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from portranges import types
from portranges.advice import Finding, Severity, audit
from portranges.cli.output import labelled, print_json
from portranges.cli.this_machine import add_here, settings_of, systems_of
from portranges.cli.words import arguments_or_lines, ports_of
from portranges.errors import InvalidValueError
from portranges.systems import COMMON

__all__ = ["add_arguments", "add_form", "add_system", "print_findings", "run"]


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    parser.epilog = "Exit status: 0 = at most notes, 1 = other findings, 2 = usage error."
    parser.add_argument(
        "rules",
        nargs="+",
        metavar="RULE",
        help="the ports that a rule opens (22,8000-8100) or a service name, in the order of the "
        "rules; '-' reads one rule per line from standard input",
    )
    add_system(parser, "a system whose clients need the replies")
    add_here(parser)
    add_form(parser)


def add_system(parser: ArgumentParser, what: str) -> None:
    """Add ``--system``, described by *what*, to *parser*."""
    parser.add_argument(
        "--system",
        action="append",
        metavar="NAME",
        help=f"{what}; can be repeated (default: {', '.join(COMMON)})",
    )


def add_form(parser: ArgumentParser) -> None:
    """Add the output options of findings to *parser*."""
    parser.add_argument("--sources", action="store_true", help="print the source of every finding")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace, *, machine: types.Machine | None = None) -> int:
    """Print the findings about the rules in *arguments*."""
    here = settings_of(("tcp", "udp"), machine) if arguments.here else ()
    rules = [ports_of(word) for word in arguments_or_lines(arguments.rules)]
    if not rules:
        raise InvalidValueError("standard input must have a rule", "no line")
    found = audit(rules, systems_of(arguments.system, here))
    if arguments.json:
        print_json("audit", [each.to_dict() for each in found])
    elif found:
        print_findings(found, sources=arguments.sources)
    else:
        print("no findings")
    return 0 if all(each.severity is Severity.NOTE for each in found) else 1


def print_findings(found: types.Iterable[Finding], *, sources: bool) -> None:
    """Print findings, wrapped to 80 columns."""
    for each in found:
        lines = list(labelled(f"{each.severity.value}:", each.sentence, label_width=9))
        if sources:
            lines += labelled("", f"[{each.source}]", label_width=9)
        print("\n".join(lines))
