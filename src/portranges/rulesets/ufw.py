"""Read ``user.rules`` and ``user6.rules``, in which ufw keeps its rules.

Each is a file for iptables-restore, so ``iptables`` reads its lines. ufw itself reads only the
comments that begin with ``### tuple ###``, so a tuple without rules is reported. The output of
``ufw status`` is read by ``ufw_status``.
"""

from __future__ import annotations

import re
from dataclasses import replace

from portranges import types
from portranges.errors import PortSyntaxError, elide
from portranges.families import Family
from portranges.rulesets import iptables
from portranges.rulesets.model import (
    Action,
    Chain,
    Direction,
    Hook,
    Location,
    Rule,
    Skipped,
)
from portranges.rulesets.ruleset import Ruleset
from portranges.rulesets.ufw_shipped import before_input

# A rule that becomes the first of its chain. ufw writes one only for its log, without a number.
_INSERTED = re.compile(r"^-I (?=[^ \n]+ -)", re.MULTILINE)
_IPV6 = re.compile(r"^(?::|-[AI] )ufw6-", re.MULTILINE)
_TUPLE = "### tuple ###"
_PREFIXES = {Family.INET: "ufw", Family.INET6: "ufw6"}
_HOOKS = {"input": Hook.INPUT, "output": Hook.OUTPUT, "forward": Hook.FORWARD}
_DIRECTIONS = {
    "input": Direction.IN,
    "output": Direction.OUT,
    "forward": Direction.FORWARD,
}


def read_text(text: str, name: str, services: types.Services | None) -> Ruleset:
    """Return the rules of *text*, the content of user.rules or user6.rules.

    The default policies are in another file, so the user's chains end with an unknown one.

    Raises:
        PortSyntaxError: A table is incomplete, repeated or unknown.
        InvalidValueError: A chain leads back to itself.
    """
    family = Family.INET6 if _IPV6.search(text) else Family.INET
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    try:
        read = iptables.read_text(
            _INSERTED.sub("-A ", text),
            "ip6tables" if family is Family.INET6 else "iptables",
            services,
        )
    except PortSyntaxError as error:
        raise PortSyntaxError(error.reason, text, error.span) from None
    chains = {each.name: each for each in read.chains or ()}
    built_in = {f"filter {hook.name}" for hook in _HOOKS.values()}
    targets = {each.target for each in read.rules if each.group not in built_in}
    implied: list[Rule] = []
    for word, hook in _HOOKS.items():
        # ufw sets the policy of the built-in chain last.
        chains.pop(f"filter {hook.name}", None)
        user = f"filter {_PREFIXES[family]}-user-{word}"
        # If a rule jumps to the user's chain, it is unknown which packets reach it.
        own = f"filter {hook.name}" if user in targets else user
        chains[own] = Chain(name=own, hook=hook, policy=Action.DELEGATE, families=(family,))
        if hook is Hook.INPUT:
            place = next((n for n, line in enumerate(lines, 1) if line.startswith(":ufw")), 1)
            implied += before_input(family, own, Location(line=place))
    skipped = _unfollowed(lines)
    for each in read.skipped:
        group = "" if each.group in built_in else each.group
        skipped.append(replace(each, text=lines[each.location.line - 1], group=group))
    rules: list[Rule] = []
    # Each inserted rule comes before the rules that its chain already has.
    inserted = sum(lines[each.location.line - 1].startswith("-I ") for each in read.rules)
    next_priority = inserted
    for rule in read.rules:
        line = lines[rule.location.line - 1]
        if line.startswith("-I "):
            next_priority -= 1
        if rule.group in built_in:
            skipped.append(_foreign(rule, line))
        else:
            priority = next_priority if line.startswith("-I ") else inserted
            rules.append(replace(_own(rule), text=line, priority=priority))
    return Ruleset(
        format=name,
        rules=tuple(rules),
        skipped=tuple(sorted(skipped, key=lambda each: each.location)),
        chains=tuple(chains.values()),
        implied=tuple(implied),
    )


def _foreign(rule: Rule, line: str) -> Skipped:
    """Return a rule of a built-in chain. Where ufw's chains are among its rules is unknown."""
    return Skipped(
        location=rule.location,
        text=line,
        reason=f"a rule must be in a chain of ufw, got {elide(rule.group)}",
        could_accept=True,
    )


def _own(rule: Rule) -> Rule:
    """Return *rule* with the direction that the name of its chain shows."""
    if rule.direction is not None or not rule.group.startswith("filter ufw"):
        return rule
    return replace(rule, direction=_DIRECTIONS.get(rule.group.rpartition("-")[2]))


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
