"""``portranges audit FILE`` or ``audit 22 8000-8010``: check rules that open ports."""

from __future__ import annotations

from portranges import rulesets, types
from portranges.advice import Finding, Severity, audit
from portranges.cli import files
from portranges.cli.findings import lines_of
from portranges.cli.output import answer, print_data
from portranges.cli.progress import progress
from portranges.cli.this_machine import settings_of, systems_of
from portranges.cli.words import arguments_or_lines, ports_of, without_comments
from portranges.errors import InvalidValueError, PortRangesError, elide
from portranges.rulesets.documents import is_json


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.epilog(
        "A rule file is the output of a tool such as iptables-save. An argument is read as a file "
        "if it contains a letter and a '/' or '.', or if it is an existing file and not a service; "
        "write ./NAME for a file that is named like a service. With --here, the processes of this "
        "machine that the rules make reachable are also listed. "
        "Exit status: 0 = no findings, or notes only; 1 = other findings; 2 = usage error."
    )
    add.words(
        "rules",
        "RULE",
        "rule files, or rules in order: the ports that a rule opens (22,8000-8100) or a service "
        "name; '-' reads a rule file, or one rule per line, from standard input",
    )
    files.add_format(add)
    add.systems("a system whose clients must receive the replies")
    add.findings(sarif=True)


def run(arguments: types.Namespace, *, machine: types.Machine | None = None) -> int:
    """Print the findings about the rules in *arguments*."""
    words: list[str] = arguments.rules
    reader = files.Reader(arguments)
    here = settings_of(("tcp", "udp"), machine) if arguments.here else ()
    systems = systems_of(arguments.system, here)
    named = [each for each in words if arguments.format is not None or files.is_file(each)]
    texts: dict[str, str] = {}
    if named or words == ["-"]:
        for each in words:
            if each != "-" and each not in named:
                rule = "rules must be either files or ports"
                raise InvalidValueError(rule, f"{elide(named[0])} with {elide(each)}")
            texts[each] = files.read(each)
        if named or _is_ruleset(texts["-"]):
            return _of_files(arguments, reader, texts, systems)
    if arguments.sarif:
        rule = "--sarif requires rule files, because only their findings have locations"
        raise InvalidValueError(rule, "ports")
    lines = without_comments(texts["-"].splitlines()) if texts else arguments_or_lines(words)
    rules = [ports_of(word) for word in lines]
    if not rules:
        raise InvalidValueError("standard input must contain a rule", "no line")
    found = audit(rules, systems)
    shown = lines_of(found, sources=arguments.sources, full=arguments.full)
    return answer(
        arguments, "audit", found, shown if found else ["no findings"], status=_status(found)
    )


def _is_ruleset(text: str) -> bool:
    # To detect the format of JSON, all of it is read. Ports do not begin like that.
    if is_json(text):
        return True
    try:
        rulesets.detect(text)
    except PortRangesError:
        return False
    return True


def _of_files(
    arguments: types.Namespace,
    reader: files.Reader,
    texts: dict[str, str],
    systems: tuple[types.SystemLike, ...],
) -> int:
    found: list[tuple[str, Finding]] = []
    data: list[dict[str, object]] = []
    for name, text in texts.items():
        ruleset = reader.ruleset(name, text)
        with progress(f"checking {name}"):
            pairs: list[tuple[Finding, dict[str, object]]]
            pairs = [(each, {}) for each in audit(ruleset, systems)]
        if arguments.here:
            from portranges.cli.reachable import listeners_behind

            for each, socket in listeners_behind(ruleset):
                pairs.append((each, {"listener": socket}))
        for each, more in pairs:
            found.append((name, each))
            data.append({**files.place_data(name, each.location), **each.to_dict(), **more})
    status = _status([each for _, each in found])
    if arguments.sarif:
        from portranges.cli.sarif import log_of

        print_data(log_of(found))
        return status
    lines = _lines_with_places(found, sources=arguments.sources) if found else ["no findings"]
    return answer(arguments, "audit", data, lines, status=status)


def _lines_with_places(
    found: types.Iterable[tuple[str, Finding]], *, sources: bool
) -> types.Iterator[str]:
    # One line for each finding, as editors and CI systems read the output of compilers.
    for name, each in found:
        sentence = files.about(each.location, each.sentence)
        place = files.place(name, each.location)
        yield f"{place}: {each.severity}: {sentence} ({each.id})"
        if sources:
            yield f"    [{each.source}]"


def _status(found: types.Iterable[Finding]) -> int:
    return 0 if all(each.severity is Severity.NOTE for each in found) else 1
