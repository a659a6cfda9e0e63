"""``portranges audit 22 8000-8010 49152-65535``: check rules that open ports."""

from __future__ import annotations

from portranges import types
from portranges.advice import Finding, Severity, audit
from portranges.cli.output import answer
from portranges.cli.this_machine import settings_of, systems_of
from portranges.cli.words import arguments_or_lines, ports_of
from portranges.errors import InvalidValueError
from portranges.layout import labels


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.epilog("Exit status: 0 = at most notes, 1 = other findings, 2 = usage error.")
    add.words(
        "rules",
        "RULE",
        "the ports that a rule opens (22,8000-8100) or a service name, in the order of the "
        "rules; '-' reads one rule per line from standard input",
    )
    add.systems("a system whose clients need the replies")
    add.findings()


def run(arguments: types.Namespace, *, machine: types.Machine | None = None) -> int:
    """Print the findings about the rules in *arguments*."""
    here = settings_of(("tcp", "udp"), machine) if arguments.here else ()
    rules = [ports_of(word) for word in arguments_or_lines(arguments.rules)]
    if not rules:
        raise InvalidValueError("standard input must have a rule", "no line")
    found = audit(rules, systems_of(arguments.system, here))
    lines = lines_of(found, sources=arguments.sources) if found else ["no findings"]
    status = 0 if all(each.severity is Severity.NOTE for each in found) else 1
    return answer(arguments, "audit", found, lines, status=status)


def lines_of(found: types.Iterable[Finding], *, sources: bool) -> types.Iterator[str]:
    """Yield the lines of findings."""
    for each in found:
        source = [("", f"[{each.source}]")] if sources else []
        yield from labels([(f"{each.severity.value}:", each.sentence), *source], label_width=9)
