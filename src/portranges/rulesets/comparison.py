"""What changed between two rulesets: which ports became reachable, and which no longer are.

Rulesets whose evaluation was not compared with their tool are compared by what their rules name,
group by group.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import attrgetter

from portranges import checks, types
from portranges.checks import fields, of_type, optional, tuple_with
from portranges.errors import InvalidValueError, elide
from portranges.families import Family
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.records import always_checked
from portranges.rulesets.model import Action, Applies, Direction, Rule, Skipped
from portranges.rulesets.ruleset import Ruleset
from portranges.transport_ports import TransportPorts

_EMPTY = TransportPorts.empty()

# Everything but the place, and the text of a rule that was understood.
_of_rule = attrgetter(*(name for name in Rule.__slots__ if name not in {"location", "text"}))
_of_skipped = attrgetter(*(name for name in Skipped.__slots__ if name != "location"))

_DENYING = (Action.DROP, Action.REJECT)
# Without an evaluation, what another rule or program decides may let a packet pass.
_PASSING = (
    Action.ACCEPT,
    Action.DELEGATE,
    Action.RETURN,
    Action.TRANSLATE,
    Action.REDIRECT,
)


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    r"""What a new ruleset opens and closes in one direction.

    Attributes:
        direction: The direction.
        opened: The ports that only the new ruleset lets packets reach.
        closed: The ports that only the old ruleset lets packets reach.
        widened: The ports that both let packets reach, if the old one does so under conditions, and
            the new one accepts more packets, as far as the rules show it.
        added: The rules about these ports that only the new ruleset has, and what was skipped in
            it that may open them.
        removed: The rules about these ports that only the old ruleset has, and likewise what was
            skipped.
        group: The group whose rules were compared; ``None`` if the rulesets were evaluated.
        conditions: The conditions of these rules.
        families: The address families that changed; empty if all families of these rules did.

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
    added: tuple[Rule | Skipped, ...] = ()
    removed: tuple[Rule | Skipped, ...] = ()
    group: str | None = None
    conditions: tuple[str, ...] = ()
    families: tuple[Family, ...] = ()
    widened: TransportPorts = _EMPTY

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, direction=Direction, opened=TransportPorts, closed=TransportPorts)
        fields(self, widened=TransportPorts)
        fields(self, added=tuple, removed=tuple, group=optional(str))
        fields(self, conditions=tuple_with(str), families=tuple_with(Family))
        checks.one_or_many("added", self.added, (Rule, Skipped), what="rules")
        checks.one_or_many("removed", self.removed, (Rule, Skipped), what="rules")
        if both := self.opened & self.closed:
            raise InvalidValueError("a port must not be both opened and closed", str(both))


def diff(old: Ruleset, new: Ruleset) -> tuple[Change, ...]:
    """Return what became reachable and what no longer is, for each direction that changed.

    If the evaluation of the formats was not compared with their tools, the rules themselves are
    compared, by group and conditions. The ports of a change are then those that the rules name,
    and not what is reachable: the order of the rules, and what a group without rules lets pass,
    are not considered. A rule with new conditions is two changes, one that opens its ports and
    one that closes them. The same is true of a published port with a new target.

    A port that is open to some packets may be opened to more, for example if a condition is
    removed. It is then in ``widened``. Conditions are compared as text, and only if both rulesets
    have the same form.

    If a default policy is unknown, each possible policy is tried: a port counts as opened or closed
    if it is with at least one of them.

    Args:
        old: A ruleset.
        new: The other ruleset. It may have another format if both have an evaluation.

    Returns:
        At most one change for each direction, or one for each group, direction and set of
        conditions. If a change has no rules, it results from a policy or a chain's order.

    Raises:
        TypeError: An argument is not a ``Ruleset``.
        InvalidValueError: The rulesets have different formats, and the evaluation of one of them
            was not compared with its tool.

    Complexity:
        Linear in the number of rules.

    Example:
        >>> from portranges import rulesets
        >>> old = rulesets.parse("-P INPUT DROP", "iptables")
        >>> new = rulesets.parse("-P INPUT ACCEPT", "iptables")
        >>> [(change.direction.value, len(change.opened)) for change in diff(old, new)]
        [('in', 262144)]
        >>> old, new = (
        ...     rulesets.from_data({"services": {"db": {"ports": [port]}}})
        ...     for port in ("127.0.0.1:5432:5432", "5432:5432")
        ... )
        >>> for change in diff(old, new):
        ...     print(change.group, change.direction, change.opened)
        db in 5432/tcp
    """
    of_type("old", old, Ruleset)
    of_type("new", new, Ruleset)
    if old.chains is None or new.chains is None:
        return tuple(_by_group(old, new))
    return tuple(_evaluated(old, new))


def _evaluated(old: Ruleset, new: Ruleset) -> types.Iterator[Change]:
    """Yield the change of each direction in which the reachable ports differ."""
    own, others = (_contents((*each.implied, *each.rules)) for each in (old, new))
    is_alike = _form(old) == _form(new)
    for direction in Direction:
        opened = closed = widened = TransportPorts.empty()
        for before, after in _with_policies(old, new):
            ports = before.reachable(direction).ports, after.reachable(direction).ports
            opened |= ports[1] - ports[0]
            closed |= ports[0] - ports[1]
            more = _widened(before, after, direction, (own, others) if is_alike else None)
            widened |= more & ports[0] & ports[1]
        widened -= opened | closed
        if not (changed := opened | closed | widened):
            continue
        old_rules, new_rules = (each._verdicts(direction, changed) for each in (old, new))
        unread = _unread(new, direction) if opened else []
        unread_before = _unread(old, direction) if closed else []
        yield Change(
            direction=direction,
            opened=opened,
            closed=closed,
            widened=widened,
            added=(*_only(new_rules, own), *_only(unread, _contents(old.skipped))),
            removed=(
                *_only(old_rules, others),
                *_only(unread_before, _contents(new.skipped)),
            ),
        )


def _widened(
    old: Ruleset,
    new: Ruleset,
    direction: Direction,
    known: tuple[set[object], set[object]] | None,
) -> TransportPorts:
    """Return the ports that some packets could not reach before, and more packets can reach now.

    Either every packet passes after, or a rule that accepts was added, or one that denies was
    removed. *known* has the contents of the old and of the new rules. It is None for rulesets of
    different forms, where equal conditions have different texts.
    """
    partly = TransportPorts.full() - old._certain(direction)
    if not partly:
        return partly
    found = new._certain(direction) & partly
    if known is None:
        return found
    added = _only(new._verdicts(direction, partly), known[0])
    removed = _only(old._verdicts(direction, partly), known[1])
    several = [each for each in added if each.action is Action.ACCEPT]
    several += [each for each in removed if each.action in _DENYING]
    for rule in several:
        found |= rule.ports & partly
    return found


def _form(ruleset: Ruleset) -> tuple[str, bool]:
    """Return the format of *ruleset*, and whether it was read from data."""
    return ruleset.format, any(rule.location.pointer for rule in ruleset.rules)


def _unread(ruleset: Ruleset, direction: Direction) -> list[Skipped]:
    """Return what was skipped and may open ports."""
    because = ruleset.reachable(direction).because
    return [each for each in because if isinstance(each, Skipped)]


def _with_policies(old: Ruleset, new: Ruleset) -> types.Iterator[tuple[Ruleset, Ruleset]]:
    """Yield both rulesets with each policy that those which are not known may be.

    A port that no rule decides would otherwise hide that a rule opened or closed it.
    """
    chains = (*(old.chains or ()), *(new.chains or ()))
    if not any(each.policy is Action.DELEGATE for each in chains):
        yield old, new
        return
    for policy in (Action.DROP, Action.ACCEPT):
        yield _with_policy(old, policy), _with_policy(new, policy)


def _with_policy(ruleset: Ruleset, policy: Action) -> Ruleset:
    chains = tuple(
        replace(each, policy=policy) if each.policy is Action.DELEGATE else each
        for each in ruleset.chains or ()
    )
    return replace(ruleset, chains=chains)


# What the rules of one group must have in common to be compared.
_Kind = tuple[str, bool, PortSet, PortSet | None, tuple[str, ...]]


def _by_group(old: Ruleset, new: Ruleset) -> types.Iterator[Change]:
    """Yield the changes of the ports that the rules of each group name."""
    if old.format != new.format:
        rule = "rulesets must have the same format, or both an evaluation"
        raise InvalidValueError(rule, f"{elide(old.format)} and {elide(new.format)}")
    old_contents, new_contents = _contents(old.rules), _contents(new.rules)
    unread = _only([each for each in new.skipped if each.could_accept], _contents(old.skipped))
    for direction in Direction:
        before, after = (_kinds(each.rules, direction) for each in (old, new))
        for kind in dict.fromkeys((*after, *before)):
            group, denies, _, _, conditions = kind
            old_rules, new_rules = before.get(kind, []), after.get(kind, [])
            # Families with equal changes are one change.
            found: dict[tuple[TransportPorts, TransportPorts], list[Family]] = {}
            named = 0
            for family in Family:
                fewer, more = (_named(each, family) for each in (old_rules, new_rules))
                if denies:
                    fewer, more = more, fewer
                named += bool(more or fewer)
                if more != fewer:
                    found.setdefault((more - fewer, fewer - more), []).append(family)
            for (opened, closed), families in found.items():
                added, removed = (
                    [
                        each
                        for each in rules
                        if not each.ports.isdisjoint(opened | closed)
                        and not {*families}.isdisjoint(each.families)
                    ]
                    for rules in (new_rules, old_rules)
                )
                yield Change(
                    direction=direction,
                    opened=opened,
                    closed=closed,
                    added=_only(added, old_contents),
                    removed=_only(removed, new_contents),
                    group=group,
                    conditions=conditions,
                    families=tuple(families) if len(families) < named else (),
                )
        # Their ports are unknown, so they may be any.
        is_used = direction is Direction.IN or bool(before or after)
        for each in unread:
            if each.direction is direction or (each.direction is None and is_used):
                yield Change(
                    direction=direction,
                    opened=TransportPorts.full(),
                    closed=TransportPorts.empty(),
                    added=(each,),
                    group=each.group,
                )


def _kinds(rules: Iterable[Rule], direction: Direction) -> dict[_Kind, list[Rule]]:
    """Return the rules that accept or deny packets in a direction, by what they have in common."""
    found: dict[_Kind, list[Rule]] = {}
    for rule in rules:
        is_about = rule.direction in (direction, None) and rule.applies is not Applies.NEVER
        if is_about and rule.action in (*_PASSING, *_DENYING):
            conditions = tuple(sorted(rule.conditions))
            ports = rule.source_ports, rule.translated_ports
            kind = (rule.group, rule.action in _DENYING, *ports, conditions)
            found.setdefault(kind, []).append(rule)
    return found


def _named(rules: list[Rule], family: Family) -> TransportPorts:
    """Return the ports that *rules* name for an address family."""
    sets = {each.ports for each in rules if family in each.families}
    if len(sets) < 2:
        return next(iter(sets), TransportPorts.empty())
    return TransportPorts(
        {key: PortSet().union(*(each[key] for each in sets)) for key in Transport}
    )


def _contents(found: Iterable[Rule | Skipped]) -> set[object]:
    return set(map(_content, found))


def _only(found: Iterable[types.T], others: set[object]) -> tuple[types.T, ...]:
    """Return the elements of *found* that are not in *others*, whatever their places."""
    return tuple(each for each in found if _content(each) not in others)


def _content(found: object) -> object:
    """Return a rule, or what was skipped, without its place."""
    if isinstance(found, Rule):
        return _of_rule(found)
    return _of_skipped(found) if isinstance(found, Skipped) else found
