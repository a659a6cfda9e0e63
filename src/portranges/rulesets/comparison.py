"""What changed between two rulesets: which ports became reachable, and which no longer are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from portranges.checks import fields, of_type, tuple_with
from portranges.errors import InvalidValueError
from portranges.records import always_checked
from portranges.rulesets.model import Direction, Location, Rule
from portranges.rulesets.ruleset import Ruleset
from portranges.transport_ports import TransportPorts


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    r"""What a new ruleset opens and closes in one direction.

    Attributes:
        direction: The direction.
        opened: The ports that only the new ruleset lets packets reach.
        closed: The ports that only the old ruleset lets packets reach.
        added: The rules about these ports that only the new ruleset has.
        removed: The rules about these ports that only the old ruleset has.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: A port is both opened and closed.

    Example:
        >>> from portranges import rulesets
        >>> old = rulesets.parse("-P INPUT DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT", "iptables")
        >>> new = rulesets.parse("-P INPUT DROP\n-A INPUT -p tcp --dport 23 -j ACCEPT", "iptables")
        >>> change, = rulesets.diff(old, new)
        >>> print(change.opened, change.closed, change.added[0].text)
        23/tcp 22/tcp -A INPUT -p tcp --dport 23 -j ACCEPT
    """

    direction: Direction
    opened: TransportPorts
    closed: TransportPorts
    added: tuple[Rule, ...] = ()
    removed: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, direction=Direction, opened=TransportPorts, closed=TransportPorts)
        fields(self, added=tuple_with(Rule), removed=tuple_with(Rule))
        if both := self.opened & self.closed:
            raise InvalidValueError("a port must not be both opened and closed", str(both))


def diff(old: Ruleset, new: Ruleset) -> tuple[Change, ...]:
    """Return what became reachable and what no longer is, for each direction that changed.

    Args:
        old: A ruleset.
        new: Another, which may be in another format.

    Returns:
        At most one change for each direction. If a change has no rules, a policy or a
        chain's order made it.

    Raises:
        TypeError: An argument is not a ``Ruleset``.
        InvalidValueError: The evaluation of a format was not compared with its tool.

    Complexity:
        Linear in the number of rules.

    Example:
        >>> from portranges import rulesets
        >>> old = rulesets.parse("-P INPUT DROP", "iptables")
        >>> new = rulesets.parse("-P INPUT ACCEPT", "iptables")
        >>> [(change.direction.value, len(change.opened)) for change in diff(old, new)]
        [('in', 262144)]
    """
    of_type("old", old, Ruleset)
    of_type("new", new, Ruleset)
    found: list[Change] = []
    for direction in Direction:
        before, after = (each.reachable(direction).ports for each in (old, new))
        if before == after:
            continue
        old_rules, new_rules = (each._verdicts(direction, before ^ after) for each in (old, new))
        found.append(
            Change(
                direction=direction,
                opened=after - before,
                closed=before - after,
                added=_only(new_rules, old),
                removed=_only(old_rules, new),
            )
        )
    return tuple(found)


_NOWHERE = Location(line=1)


def _only(rules: list[Rule], other: Ruleset) -> tuple[Rule, ...]:
    """Return the *rules* that *other* does not have, in whatever place."""
    known = {_content(each) for each in other.rules}
    return tuple(each for each in rules if _content(each) not in known)


def _content(rule: Rule) -> Rule:
    return replace(rule, location=_NOWHERE, text="")
