"""What is wrong with a list of rules that open ports.

What lives here: ``audit`` and ``first_cover``.
What must not: addresses, directions, states of a filter; the syntax of any
(``portranges.dialects`` reads rules).
"""

from __future__ import annotations

from collections.abc import Iterable

from portranges import types
from portranges.advice.listen import finding, profiles_of
from portranges.advice.model import Finding
from portranges.categories import Category
from portranges.errors import elide
from portranges.ports import PortRange, check_port
from portranges.portset import PortSet
from portranges.systems import COMMON

__all__ = ["audit", "first_cover"]

# Of a system's range so many ports side by side are opened for answers. Fewer
# are those of services that happen to lie inside.
_FOR_ANSWERS = 1000

# So many system ports side by side are no longer named one by one.
_AT_ONCE = 10


def audit(
    rules: PortSet | PortRange | Iterable[types.RuleLike], systems: types.SystemsLike = COMMON
) -> tuple[Finding, ...]:
    """Return what is wrong with rules that open ports, or may be.

    Args:
        rules: One set or range, or several rules in the order in which the
            filter tries them: ports, ranges and sets.
        systems: The systems whose clients wait for answers: names as
            ``ephemeral.profile`` takes them, or profiles; may be empty.

    Returns:
        Findings about single rules first, in their order, counted from 1; then
        those about all ports that the rules open together. None is no proof
        that the rules are right.

    Raises:
        TypeError: A rule, or what holds the rules, is none of these.
        InvalidPortError: A port is outside 0 to 65535.
        UnknownNameError: A system is not known.
        InvalidValueError: A system has no fixed ephemeral range.

    Complexity:
        Linear in the number of rules; for each that is shadowed, in that of
        earlier ones which no single rule shadows.

    Source:
        Each finding names its own.

    Example:
        >>> from portranges import PortRange, PortSet
        >>> for found in audit([PortRange(8000, 8100), PortSet.parse("22,8080-8200"), 8001]):
        ...     print(found)
        note: rule 2 (22,8080-8200) has 8080-8100 in common with rules before it (overlaps)
        error: rule 3 (8001) does nothing: rule 1 (8000-8100) has all of its ports (shadowed)
        >>> for found in audit(PortRange(49152, 65535), systems=["linux"]):
        ...     print(found.id, found.ports)
        opens-dynamic 49152-65535
        cuts-ephemeral 49152-60999
    """
    sets = _sets(rules)
    return (*_of_single_rules(sets), *_of_all(PortSet().union(*sets), systems))


def first_cover(
    rules: Iterable[types.RuleLike], ports: types.SupportsIndex | PortRange | PortSet
) -> int | None:
    """Return which rule is the first that has a port, or all of some ports.

    Args:
        rules: Ports, ranges and sets, in the order in which they are tried.
        ports: A port, a range, or a set.

    Returns:
        The rule's index, from 0; ``None`` where no single rule has them all.

    Raises:
        TypeError: A rule or *ports* is none of these.
        InvalidPortError: A port is outside 0 to 65535.

    Example:
        >>> from portranges import PortRange
        >>> rules = [PortRange(22), PortRange(8000, 8100), PortRange(8000, 9000)]
        >>> first_cover(rules, 8080), first_cover(rules, PortRange(8050, 8200))
        (1, 2)
        >>> print(first_cover(rules, 443))
        None
    """
    wanted = _set(ports)
    for index, rule in enumerate(_sets(rules)):
        if wanted <= rule:
            return index
    return None


def _of_single_rules(rules: list[PortSet]) -> types.Iterator[Finding]:
    before = PortSet()
    # The first rule that has another's ports is had by no earlier one itself.
    firsts: list[tuple[int, PortSet]] = []
    for index, ports in enumerate(rules):
        earlier: int | None = None
        name = _name(rules, index)
        common = ports & before
        if not ports:
            yield finding("empty-rule", ports, rule=name)
        elif common == ports:
            earlier = next((at for at, rule in firsts if ports <= rule), None)
            cover = "the rules before it have"
            if earlier is not None:
                cover = f"{_name(rules, earlier)} has"
            yield finding("shadowed", ports, rule=name, cover=cover)
        elif common:
            yield finding("overlaps", common, rule=name)
        before |= ports
        if ports and earlier is None:
            firsts.append((index, ports))


def _of_all(ports: PortSet, systems: types.SystemsLike) -> types.Iterator[Finding]:
    dynamic = PortSet([Category.DYNAMIC.ports])
    if PortSet.full() - PortSet([0]) <= ports:
        yield finding("opens-all", ports)
    elif dynamic <= ports:
        yield finding("opens-dynamic", dynamic)
    for profile in profiles_of(systems):
        lent = profile.ports - profile.skipped
        open_ones = lent & ports
        missing = lent - ports
        if missing and any(len(each) >= _FOR_ANSWERS for each in open_ones.ranges):
            yield finding(
                "cuts-ephemeral",
                open_ones,
                source=profile.source,
                system=profile.title,
                missing=str(missing),
                percent=str(max(1, round(100 * len(missing) / len(lent)))),
            )
    if PortSet.full() - PortSet([0]) <= ports:
        return
    for each in (ports & Category.SYSTEM.ports).ranges:
        if len(each) > _AT_ONCE:
            yield finding("exposes-system", PortSet([each]), count=str(len(each)))
    if 0 in ports:
        yield finding("has-port-zero", PortSet([0]))


def _name(rules: list[PortSet], index: int) -> str:
    if len(rules) == 1:
        return "the rule"
    text = str(rules[index])
    # A sentence holds a few ports; all of them are in the finding.
    if len(text) > 40:
        text = text[:37].rpartition(",")[0] + ",..."
    return f"rule {index + 1} ({text})" if text else f"rule {index + 1}"


def _sets(rules: PortSet | PortRange | Iterable[types.RuleLike]) -> list[PortSet]:
    if isinstance(rules, (PortSet, PortRange)):
        return [_set(rules)]
    if isinstance(rules, (str, bytes, bytearray)) or not isinstance(rules, Iterable):
        raise TypeError(
            "rules must be a PortSet, a PortRange, or an iterable of rules, "
            f"got {type(rules).__name__} {elide(rules)}"
        )
    return [_set(rule) for rule in rules]


def _set(rule: object) -> PortSet:
    if isinstance(rule, PortSet):
        return rule
    if isinstance(rule, PortRange):
        return PortSet([rule])
    return PortSet([check_port(rule)])  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
