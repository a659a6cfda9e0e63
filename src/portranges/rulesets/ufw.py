"""Read ``user.rules`` and ``user6.rules``, in which ufw keeps its rules.

Each is a file for iptables-restore, so ``iptables`` reads its lines. ufw itself reads only the
comments that begin with ``### tuple ###``: a tuple without rules is therefore reported. The output
of ``ufw status`` is read by ``ufw_status``.
"""

from __future__ import annotations

import re
from dataclasses import replace

from portranges import types
from portranges.errors import PortSyntaxError, elide
from portranges.families import Family
from portranges.rulesets import iptables
from portranges.rulesets.model import Direction, Location, Rule, Skipped
from portranges.rulesets.ruleset import Ruleset

# A rule that becomes the first of its chain. ufw writes one only for its log, and no number.
_INSERTED = re.compile(r"^-I (?=[^ \n]+ -)", re.MULTILINE)
_IPV6 = re.compile(r"^:ufw6-", re.MULTILINE)
_TUPLE = "### tuple ###"
_DIRECTIONS = {
    "input": Direction.IN,
    "output": Direction.OUT,
    "forward": Direction.FORWARD,
}


def read_text(text: str, name: str, services: types.Services | None) -> Ruleset:
    """Return the rules of *text*, the content of user.rules or user6.rules.

    The policies and the rules that come before and after these are in other files, so there are
    no chains.

    Raises:
        PortSyntaxError: A table is incomplete, repeated or unknown.
        InvalidValueError: A chain leads back to itself.
    """
    is_ipv6 = _IPV6.search(text) is not None
    try:
        read = iptables.read_text(
            _INSERTED.sub("-A ", text), "ip6tables" if is_ipv6 else "iptables", services
        )
    except PortSyntaxError as error:
        raise PortSyntaxError(error.reason, text, error.span) from None
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    skipped = [
        replace(each, text=lines[each.location.line - 1]) for each in read.skipped
    ] + _unfollowed(lines)
    return Ruleset(
        format=name,
        rules=tuple(_own(rule, lines) for rule in read.rules),
        skipped=tuple(sorted(skipped, key=lambda each: each.location)),
    )


def _own(rule: Rule, lines: list[str]) -> Rule:
    """Return *rule* with what the names of ufw's chains show."""
    direction = _DIRECTIONS.get(rule.group.rpartition("-")[2])
    if rule.direction is not None or not rule.group.startswith("filter ufw"):
        direction = rule.direction
    family = Family.INET6 if rule.group.startswith("filter ufw6-") else rule.families[0]
    return replace(
        rule,
        text=lines[rule.location.line - 1],
        direction=direction,
        families=(family,),
    )


def _unfollowed(lines: list[str]) -> list[Skipped]:
    """Return the tuples that no rule follows. ufw makes rules from them when it is next called."""
    found: list[Skipped] = []
    following = ""
    for number in range(len(lines), 0, -1):
        line = lines[number - 1]
        if line.startswith(_TUPLE) and not following.startswith(("-A ", "-I ")):
            shown = elide(following) if following else "nothing"
            action = line.removeprefix(_TUPLE).strip()
            found.append(
                Skipped(
                    location=Location(line=number),
                    text=line,
                    reason=f"rules must follow a tuple, got {shown}",
                    could_accept=not action.startswith(("deny", "reject")),
                )
            )
        if line.strip():
            following = line
    return found
