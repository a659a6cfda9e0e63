"""``portranges ports FILE``: the rules of a file, with their ports and what uses them."""

from __future__ import annotations

import sys

from portranges import rulesets, types, uses
from portranges.cli import files
from portranges.cli.output import answer, columns
from portranges.errors import visible
from portranges.layout import cut_list, many, table
from portranges.records import as_data
from portranges.registry import services
from portranges.transport_ports import TransportPorts

# More ports than this are a range, of which no service is meant.
_FEW = 10
_LONGEST = 30


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.epilog("Exit status: 0 = printed, 1 = some rules were not understood, 2 = usage error.")
    add.words("file", "FILE", "the rule file; '-' is standard input", nargs=None)
    files.add_format(add)
    add.json()


def run(arguments: types.Namespace) -> int:
    """Print the rules of a file."""
    files.check_format(arguments.format)
    ruleset = files.ruleset_of(arguments.file, files.read(arguments.file), arguments.format)
    rules = [_data(each, arguments.file) for each in ruleset.rules]
    skipped = [
        files.place_data(arguments.file, each.location)
        | as_data(each, "text", "reason", "could_accept")
        for each in ruleset.skipped
    ]
    data = {"format": ruleset.format, "rules": rules, "skipped": skipped}
    lines = _lines(ruleset)
    return answer(arguments, "ports", data, lines, status=1 if skipped else 0)


def _data(rule: rulesets.Rule, name: str) -> dict[str, object]:
    return {
        **files.place_data(name, rule.location),
        **as_data(rule, "group", "action", "target", "ports", "source_ports", "conditions"),
        "services": _names(rule.ports),
        "uses": _uses(rule.ports),
        "text": rule.text,
    }


def _few(ports: TransportPorts) -> types.Iterator[tuple[int, types.Transport]]:
    return iter(ports) if len(ports) <= _FEW else iter(())


def _names(ports: TransportPorts) -> list[str]:
    """Return the names that IANA registered for *ports*, if these are a few."""
    found = [services(port, transport)[:1] for port, transport in _few(ports)]
    return list(dict.fromkeys(name for names in found for name in names))


def _uses(ports: TransportPorts) -> list[str]:
    """Return the programs that use *ports* by default, if these are a few."""
    found = [
        use.name
        for port, transport in _few(ports)
        for use in uses.lookup(port)
        if use.is_narrow and transport in use.transports
    ]
    return list(dict.fromkeys(found))


def _lines(ruleset: rulesets.Ruleset) -> types.Iterator[str]:
    if ruleset.rules:
        heads = ("place", "ports", "action", "services", "group", "conditions")
        rows = (_row(each) for each in ruleset.rules)
        yield from table(heads, rows, width=columns(sys.stdout), cuttable=(3, 5, 4, 2))
    else:
        yield "no rules"
    if ruleset.skipped:
        yield ""
        yield f"{many(len(ruleset.skipped), 'rule')} not understood:"
    for each in ruleset.skipped:
        yield f"  {_place(each.location)}: {visible(each.reason.partition(chr(10))[0])}"


def _row(rule: rulesets.Rule) -> tuple[str, ...]:
    target = f" {rule.target}" if rule.target else ""
    names = dict.fromkeys(_names(rule.ports) + _uses(rule.ports))
    return (
        _place(rule.location),
        _text(rule.ports),
        visible(f"{rule.action}{target}"),
        ", ".join(names) or "-",
        visible(rule.group),
        visible(" ".join(rule.conditions)) or "-",
    )


def _place(location: rulesets.Location) -> str:
    return visible(location.pointer) or str(location.line)


def _text(ports: TransportPorts) -> str:
    if not ports:
        return "-"
    if ports == TransportPorts.full():
        return "all"
    # A list without a comma near its beginning is one range, which is not truncated.
    return cut_list(str(ports), _LONGEST) or f"{len(ports):,} ports"
