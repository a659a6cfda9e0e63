"""Faults in rules that open ports.

A rule is a set of ports; addresses, directions, transports and connection states are not
considered. ``of_rulesets`` considers them in a ruleset, which is a whole file of rules, and
``openings`` finds the faults in open ports that both report.
"""

from __future__ import annotations

from collections.abc import Iterable

from portranges import types
from portranges.advice.listen import finding, profiles_of
from portranges.advice.model import Finding
from portranges.advice.openings import cut_replies, exposed_services, opens_all, wide_openings
from portranges.errors import got
from portranges.layout import cut_list
from portranges.ports import PortRange, check_port
from portranges.portset import PortSet
from portranges.systems import COMMON

_OPENS_MOST = ("opens-all", "opens-dynamic")


def audit(
    rules: PortSet | PortRange | types.Ruleset | Iterable[types.RuleLike],
    systems: types.SystemsLike = COMMON,
) -> tuple[Finding, ...]:
    r"""Return what is wrong, or may be wrong, with rules that open ports.

    Args:
        rules: One set or range, or several rules in the order in which the filter tries them:
            ports, ranges and sets; or a ruleset, whose findings have a ``location``.
        systems: The systems whose clients expect replies: a name that ``ephemeral.profile``
            accepts, a profile, or an iterable of them, which may be empty.

    Returns:
        First the findings about single rules, in order and counted from 1, then those about all
        ports that the rules open together. An empty result does not prove that the rules are right.
        In a ruleset, a rule with a condition on the source address is taken to be restricted on
        purpose, and replies are considered only if no rule accepts established connections.

    Raises:
        TypeError: *rules* or a rule has another type.
        InvalidPortError: A port is outside 0 to 65535.
        UnknownNameError: A system is unknown.
        InvalidValueError: A system has no fixed ephemeral range.

    Complexity:
        Linear in the number of rules. Each shadowed rule is compared with the earlier rules that
        no single rule shadows.

    Example:
        >>> from portranges import PortRange, PortSet
        >>> for found in audit([PortRange(8100, 8200), PortSet.parse("22,8180-8250"), 8101]):
        ...     print(f"{found.severity}: {found.sentence}")
        note: rule 2 (22,8180-8250) overlaps earlier rules in 8180-8200
        error: rule 3 (8101) has no effect: rule 1 (8100-8200) already matches all of its ports
        >>> for found in audit(PortRange(49152, 65535), systems=["linux"]):
        ...     print(found.id, found.ports)
        opens-dynamic 49152-65535
        cuts-ephemeral 49152-60999
        >>> from portranges import rulesets
        >>> ruleset = rulesets.parse("-P INPUT DROP\n-A INPUT -p udp --dport 69 -j ACCEPT")
        >>> for found in audit(ruleset):
        ...     print(f"{found.location}: {found.id}")
        line 2: not-for-internet
    """
    if not isinstance(rules, (PortSet, PortRange, Iterable)):
        # It imports many modules that the other rules do not need.
        from portranges.rulesets import Ruleset

        if isinstance(rules, Ruleset):
            from portranges.advice.of_rulesets import audit_ruleset

            return tuple(audit_ruleset(rules, systems))
    sets = _sets(rules)
    return (*_of_single_rules(sets), *_of_all(PortSet().union(*sets), systems))


def first_cover(
    rules: Iterable[types.RuleLike], ports: types.SupportsIndex | PortRange | PortSet
) -> int | None:
    """Return the index of the first rule that contains all *ports*.

    Args:
        rules: Ports, ranges and sets, in the order in which they are tried.
        ports: A port, a range, or a set.

    Returns:
        The rule's index, from 0; ``None`` if no single rule contains all of them.

    Raises:
        TypeError: A rule or *ports* has another type.
        InvalidPortError: A port is outside 0 to 65535.

    Example:
        >>> from portranges import PortRange
        >>> rules = [PortRange(22), PortRange(8000, 8100), PortRange(8000, 9000)]
        >>> first_cover(rules, 8080), first_cover(rules, PortRange(8050, 8200))
        (1, 2)
        >>> print(first_cover(rules, 443))
        None
    """
    covered = _set(ports)
    return next((index for index, rule in enumerate(_sets(rules)) if covered <= rule), None)


def _of_single_rules(rules: list[PortSet]) -> types.Iterator[Finding]:
    before = PortSet()
    # Rules that no single earlier rule contains. The first rule that contains another is one of
    # them.
    firsts: list[tuple[int, PortSet]] = []
    for index, ports in enumerate(rules):
        earlier: int | None = None
        name = _name(rules, index)
        common = ports & before
        if not ports:
            yield finding("empty-rule", ports, rule=name)
        elif common == ports:
            earlier = next((at for at, rule in firsts if ports <= rule), None)
            cover = (
                "earlier rules already match"
                if earlier is None
                else f"{_name(rules, earlier)} already matches"
            )
            yield finding("shadowed", ports, rule=name, cover=cover)
        elif common:
            yield finding("overlaps", common, rule=name)
        before |= ports
        if ports and earlier is None:
            firsts.append((index, ports))


def _of_all(ports: PortSet, systems: types.SystemsLike) -> types.Iterator[Finding]:
    """Yield the findings about the ports of all rules together."""
    profiles = profiles_of(systems)
    wide = [*wide_openings(ports)]
    yield from (each for each in wide if each.id in _OPENS_MOST)
    yield from cut_replies(ports, profiles)
    yield from (each for each in wide if each.id not in _OPENS_MOST)
    if not opens_all(ports):
        yield from exposed_services(ports, profiles)


def _name(rules: list[PortSet], index: int) -> str:
    if len(rules) == 1:
        return "the rule"
    # The sentence lists a few ports; the finding has all of them.
    text = cut_list(str(rules[index]), 40)
    return f"rule {index + 1} ({text})" if text else f"rule {index + 1}"


def _sets(rules: PortSet | PortRange | Iterable[types.RuleLike]) -> list[PortSet]:
    if isinstance(rules, (PortSet, PortRange)):
        return [_set(rules)]
    if isinstance(rules, (str, bytes, bytearray)) or not isinstance(rules, Iterable):
        raise TypeError(
            f"rules must be a PortSet, a PortRange, or an iterable of rules, got {got(rules)}"
        )
    return [_set(rule) for rule in rules]


def _set(rule: object) -> PortSet:
    if isinstance(rule, (PortSet, PortRange)):
        return PortSet(rule)
    return PortSet([check_port(rule)])  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
