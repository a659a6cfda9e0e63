"""``portranges audit 22 8000-8100 49152-65535``: what is wrong with rules.

What lives here: which rules are meant, and in which form findings are printed.
What must not: what can be wrong (``portranges.advice``).
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from textwrap import wrap

from portranges import types
from portranges.advice import Finding, Severity, audit
from portranges.advice.listen import SYSTEMS
from portranges.cli.words import ports_of, words_of

__all__ = ["add_arguments", "add_form", "add_system", "print_findings", "run"]

_WIDTH = 80


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    parser.epilog = "Exit status: 0 nothing but notes, 1 something to look at, 2 wrong usage."
    parser.add_argument(
        "rules",
        nargs="+",
        metavar="RULE",
        help="ports that a rule opens (22,8000-8100), or a service name, in the order of the "
        "rules; '-' reads one rule a line from standard input",
    )
    add_system(parser, "a system whose clients wait for answers")
    add_form(parser)


def add_system(parser: ArgumentParser, what: str) -> None:
    """Add ``--system`` to *parser*; it says *what* it is."""
    parser.add_argument(
        "--system",
        action="append",
        metavar="NAME",
        help=f"{what}; may be repeated (default: {', '.join(SYSTEMS)})",
    )


def add_form(parser: ArgumentParser) -> None:
    """Add the arguments that choose the form of findings to *parser*."""
    parser.add_argument("--sources", action="store_true", help="say where each fact comes from")
    parser.add_argument("--json", action="store_true", help="print an array of objects")


def run(arguments: Namespace) -> int:
    """Print what is wrong with the rules that *arguments* name."""
    rules = [ports_of(word) for word in words_of(arguments.rules)]
    found = audit(rules, arguments.system or SYSTEMS)
    if arguments.json:
        print(json.dumps([each.to_dict() for each in found], indent=2, ensure_ascii=False))
    elif found:
        print_findings(found, sources=arguments.sources)
    else:
        print("nothing was found")
    return 0 if all(each.severity is Severity.NOTE for each in found) else 1


def print_findings(found: types.Iterable[Finding], *, sources: bool) -> None:
    """Print findings as lines of at most 80 columns."""
    for each in found:
        lead = f"{each.severity.value}:".ljust(9)
        texts = [each.sentence]
        if sources:
            texts.append(f"[{each.source}]")
        for number, text in enumerate(texts):
            for line in wrap(
                text,
                _WIDTH,
                initial_indent=" " * len(lead) if number else lead,
                subsequent_indent=" " * len(lead),
                break_on_hyphens=False,
            ):
                print(line)
