"""``portranges diff OLD NEW``: what two rule files let through, compared."""

from __future__ import annotations

from portranges import rulesets, types
from portranges.cli import files
from portranges.cli.output import answer
from portranges.cli.progress import progress
from portranges.errors import InvalidValueError, elide, visible
from portranges.families import Family


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.epilog(
        "Conditions are compared as text. Exit status: 0 = nothing was opened, 1 = ports were "
        "opened or may be open to more packets, 2 = usage error."
    )
    add.words("old", "OLD", "the old rule file; '-' is standard input", nargs=None)
    add.words("new", "NEW", "the new rule file; '-' is standard input", nargs=None)
    files.add_format(add)
    add.json()


def run(arguments: types.Namespace) -> int:
    """Print what the new file opens and closes."""
    reader = files.Reader(arguments)
    names = (arguments.old, arguments.new)
    if names == ("-", "-"):
        raise InvalidValueError("only one of the files may be standard input", "'-' twice")
    old, new = (reader.ruleset(each, files.read(each)) for each in names)
    with progress(f"comparing {arguments.old} and {arguments.new}"):
        found = rulesets.diff(old, new)
    status = 1 if any(each.opened or each.widened for each in found) else 0
    data = [_data(each, names) for each in found]
    lines = [*_lines(found, names)]
    if old.chains is None or new.chains is None:
        lines = lines or ["no difference in what the rules accept and deny"]
        lines.append(f"what is reachable was not compared: {elide(new.format)} has no evaluation")
    lines = lines or [
        "no port was opened or closed, and none was found that is open to more packets"
    ]
    return answer(arguments, "diff", data, lines, status=status)


def _data(change: rulesets.Change, names: tuple[str, str]) -> dict[str, object]:
    old, new = names
    of_group = {"group": change.group, "conditions": [*change.conditions]}
    return {
        **(of_group if change.group is not None else {}),
        **({"families": [*change.families]} if change.families else {}),
        "direction": change.direction.value,
        "opened": str(change.opened),
        "closed": str(change.closed),
        "widened": str(change.widened),
        "added": [_rule_data(each, new) for each in change.added],
        "removed": [_rule_data(each, old) for each in change.removed],
    }


def _rule_data(rule: rulesets.Rule | rulesets.Skipped, name: str) -> dict[str, object]:
    return {**files.place_data(name, rule.location), "text": rule.text}


def _lines(found: types.Sequence[rulesets.Change], names: tuple[str, str]) -> types.Iterator[str]:
    old, new = names
    for change in found:
        families = ["IPv6" if each is Family.INET6 else "IPv4" for each in change.families]
        where = ", ".join(filter(None, (visible(change.group or ""), change.direction, *families)))
        only = f" if {visible(', '.join(change.conditions))}" if change.conditions else ""
        if change.opened:
            yield f"{where}: opened {change.opened}{only}"
        if change.closed:
            yield f"{where}: closed {change.closed}{only}"
        if change.widened:
            yield f"{where}: may have opened {change.widened} to more packets"
        for sign, rules, name in (("+", change.added, new), ("-", change.removed, old)):
            for rule in rules:
                text = files.about(rule.location, rule.text)
                yield f"  {sign} {files.place(name, rule.location)}: {text}"
