"""``portranges ports FILE``: the rules of a file, with their ports and what uses them."""

from __future__ import annotations

import sys
from functools import cache, partial
from itertools import islice

from portranges import rulesets, types, uses
from portranges.cli import files
from portranges.cli.output import WIDEST_TABLE, answer, columns
from portranges.cli.progress import progress
from portranges.errors import visible
from portranges.layout import WIDTH, cut_list, many, table
from portranges.records import as_data
from portranges.registry import services
from portranges.transport_ports import TransportPorts

# A longer range is not about single services, and of more ports not all services are listed.
_FEW = 10
# The longest list of ports and the longest JSON Pointer, with little room and with much.
_SHORT, _LONG = 15, 30
_SHORT_POINTER, _LONG_POINTER = 20, 40
_MUCH_ROOM = 110


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.epilog("Exit status: 0 = printed, 1 = some rules were not understood, 2 = usage error.")
    add.words("file", "FILE", "the rule file; '-' is standard input", nargs=None)
    files.add_format(add)
    add.json()


def run(arguments: types.Namespace) -> int:
    """Print the rules of a file."""
    reader = files.Reader(arguments)
    ruleset = reader.ruleset(arguments.file, files.read(arguments.file))
    with progress(f"listing {arguments.file}"):
        data = _all_data(ruleset, arguments.file) if arguments.json else None
        lines = () if arguments.json else [*_lines(ruleset)]
    return answer(arguments, "ports", data, lines, status=1 if ruleset.skipped else 0)


def _all_data(ruleset: rulesets.Ruleset, name: str) -> dict[str, object]:
    skipped = [
        {
            **files.place_data(name, each.location),
            **as_data(each, "text", "reason", "could_accept", "direction"),
        }
        for each in ruleset.skipped
    ]
    rules = [_data(each, name) for each in ruleset.rules]
    return {"format": ruleset.format, "rules": rules, "skipped": skipped}


def _data(rule: rulesets.Rule, name: str) -> dict[str, object]:
    return {
        **files.place_data(name, rule.location),
        **as_data(rule, "group", "direction", "families", "action", "target"),
        **as_data(rule, "ports", "source_ports", "translated_ports", "conditions", "applies"),
        "services": _names(rule.ports),
        "uses": _uses(rule.ports),
        "text": rule.text,
    }


def _few(ports: TransportPorts) -> list[tuple[int, types.Transport]]:
    """Return the first ports that are in no long range."""
    short = ((each, transport) for each, transport in ports.ranges if len(each) <= _FEW)
    pairs = ((port, transport) for each, transport in short for port in each)
    return [*islice(pairs, _FEW)]


def _names(ports: TransportPorts) -> list[str]:
    """Return the names that IANA registered for a few of *ports*."""
    found = [_names_of(*pair) for pair in _few(ports)]
    return list(dict.fromkeys(name for names in found for name in names))


def _uses(ports: TransportPorts) -> list[str]:
    """Return the programs that use a few of *ports* by default."""
    found = [_uses_of(*pair) for pair in _few(ports)]
    return list(dict.fromkeys(name for names in found for name in names))


@cache
def _names_of(port: int, transport: types.Transport) -> tuple[str, ...]:
    return services(port, transport)[:1]


@cache
def _uses_of(port: int, transport: types.Transport) -> tuple[str, ...]:
    return tuple(
        use.name for use in uses.lookup(port) if use.is_narrow and transport in use.transports
    )


def _lines(ruleset: rulesets.Ruleset) -> types.Iterator[str]:
    width = columns(sys.stdout, WIDEST_TABLE)
    longest = _LONG_POINTER if width >= _MUCH_ROOM else _SHORT_POINTER
    place = _places([*ruleset.rules, *ruleset.skipped], longest)
    # Otherwise the chain shows the direction.
    in_group = ruleset.chains is None
    if ruleset.rules:
        heads = ("place", "ports", "action", "services", "group", "conditions")
        places = [place(each.location) for each in ruleset.rules]
        is_wide = width - max(map(len, places)) >= WIDTH - len(heads[0])
        row = partial(_row, longest=_LONG if is_wide else _SHORT, in_group=in_group)
        rows = ((at, *row(each)) for at, each in zip(places, ruleset.rules, strict=True))
        yield from table(heads, rows, width=width, cuttable=((3,), (4, 5), (2,)), cut_first=(4,))
    else:
        yield "no rules"
    if ruleset.skipped:
        yield ""
        yield f"{many(len(ruleset.skipped), 'rule')} not understood:"
    for each in ruleset.skipped:
        yield f"  {place(each.location)}: {visible(each.reason.partition(chr(10))[0])}"


def _row(rule: rulesets.Rule, *, longest: int, in_group: bool) -> tuple[str, ...]:
    names: dict[str, str] = {}
    for name in _names(rule.ports) + _uses(rule.ports):
        # A program often has the name of its service.
        names.setdefault(name.casefold(), name)
    direction = f", {rule.direction}" if in_group and rule.direction is not None else ""
    return (
        _text(rule.ports, longest),
        visible(_action(rule)),
        ", ".join(names.values()) or "-",
        visible(f"{rule.group}{direction}"),
        visible(" ".join(rule.conditions)) or "-",
    )


def _action(rule: rulesets.Rule) -> str:
    if rule.translated_ports is not None:
        return f"{rule.action} to {cut_list(str(rule.translated_ports), _LONG)}"
    # The group includes the table of the chain.
    table_name = rule.group.rpartition(" ")[0]
    return f"{rule.action} {rule.target.removeprefix(f'{table_name} ')}".rstrip()


def _places(
    found: types.Sequence[rulesets.Rule | rulesets.Skipped], longest: int
) -> types.Callable[[rulesets.Location], str]:
    """Return a function that shows a place in the file.

    It shows the line, or the end of the JSON Pointer if everything is on the first line.
    """
    if {each.location.line for each in found} != {1} or not any(
        each.location.pointer for each in found
    ):
        return lambda location: str(location.line)
    return lambda location: _end(visible(location.pointer), longest)


def _end(pointer: str, longest: int) -> str:
    """Return *pointer*, without its first parts if it is long."""
    parts = pointer.split("/")
    while len(parts) > 2 and len("/".join(parts)) > longest:
        del parts[0]
    text = "/".join(parts)
    return text if text == pointer else f".../{text}"


def _text(ports: TransportPorts, longest: int) -> str:
    if not ports:
        return "-"
    if ports == TransportPorts.full():
        return "all"
    return cut_list(str(ports), longest) or f"{len(ports):,} ports"
