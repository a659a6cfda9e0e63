"""Compute what the statements of a rule of nft do.

A rule that looks its verdict or its new ports up in a map is as many rules as the map has results:
a packet matches one element of a map at most, so their order does not matter.
"""

from __future__ import annotations

from portranges import dialects, types
from portranges.errors import PortSyntaxError, elide
from portranges.portset import PortSet
from portranges.rulesets.model import Action, Applies
from portranges.rulesets.netfilter import both
from portranges.rulesets.nft_match import ANY, Part, Situation, is_examined, matched, required, rest
from portranges.rulesets.nft_model import (
    Condition,
    Element,
    Map,
    Match,
    Requirement,
    Statement,
    Translation,
    Unread,
    Values,
    Verdict,
    VerdictMap,
)

_EVERY_PORT = PortSet.full()
_FLOWING = (Action.JUMP, Action.GOTO)
_TRANSLATES = (Action.TRANSLATE, Action.REDIRECT)

Result: types.TypeAlias = tuple[Part, Verdict, PortSet | None]
_Found: types.TypeAlias = "tuple[Part, Verdict | tuple[str, ...] | None]"


# A set is examined for this many different expressions. In a hostile file, there might
# be as many as rules, and the time would be the product of both.
_MOST_USES = 16


class Budget:
    """How many rules the named maps of a file may become."""

    def __init__(self, left: int) -> None:
        """Store the number."""
        self._left: int = left

    def spend(self, number: int, name: str) -> None:
        """Use *number* of them, for the map *name*.

        Raises:
            Unread: There are too few left.
        """
        if number > self._left:
            what = elide("@" + name)
            rule = "maps must not produce this many rules in a file of this size"
            raise Unread(f"{rule}, got {number} more of {what}")
        self._left -= number


class RuleCompiler:
    """Computes what the rules of one table do."""

    __slots__ = ("_budget", "_lookup", "_parts", "_results", "_sets", "_uses")

    def __init__(
        self, lookup: types.Callable[[str], tuple[Element, ...] | None], budget: Budget
    ) -> None:
        """Store the function that returns the elements of a set; ``None`` if they are unknown."""
        self._lookup: types.Callable[[str], tuple[Element, ...] | None] = lookup
        self._budget: Budget = budget
        # Rules with equal matches share their sets of ports.
        self._parts: dict[types.Any, Part] = {}
        self._results: dict[types.Any, list[_Found]] = {}
        # The values of each named set, and how many expressions were compared with it.
        self._sets: dict[str, Values | None] = {}
        self._uses: dict[str, int] = {}

    def compile(
        self, statements: types.Sequence[Statement], situation: Situation
    ) -> tuple[list[Result], tuple[str, ...]]:
        """Return the rules that *statements* are, and their conditions verbatim.

        Raises:
            Unread: A value was not understood.
        """
        part = ANY
        conditions: list[str] = []
        ends: list[Result] = []
        for each in statements:
            if isinstance(each, Match):
                found = self.match(each, situation)
                part &= found
                if not all(_is_plain(key) for key in each.keys) or _is_open(found):
                    conditions.append(each.text)
            elif isinstance(each, Condition):
                part &= Part(applies=Applies.MAYBE)
                conditions.append(each.text)
            elif isinstance(each, Requirement):
                part &= required(each.key)
            elif ends:
                raise Unread("a rule must have one verdict, got two")
            elif isinstance(each, Verdict):
                ends = [(ANY, each, None)]
            elif isinstance(each, VerdictMap):
                conditions.append(each.text)
                ends = [
                    (found, verdict, None)
                    for found, data in self.results(each.map, situation)
                    for verdict in [_verdict_of(data)]
                ]
            else:
                ends = self.translations(each, situation)
        if not ends:
            ends = [(ANY, Verdict(Action.CONTINUE), None)]
        return [_checked(part & own, verdict, ports) for own, verdict, ports in ends], tuple(
            conditions
        )

    def match(self, match: Match, situation: Situation) -> Part:
        """Return the packets that *match* may match."""
        if not isinstance(match.values, str) and not is_examined(match.keys):
            return matched(match, match.values, situation)
        key = (
            match.keys,
            match.op,
            match.values,
            match.is_set,
            match.mask,
            situation.before_tracking,
        )
        found = self._parts.get(key)
        if found is None:
            found = self._parts[key] = matched(match, self.values(match), situation)
        return found

    def values(self, match: Match) -> Values | None:
        """Return the values of *match*; ``None`` if they are unknown."""
        name = match.values
        if not isinstance(name, str):
            return name
        uses = self._uses[name] = self._uses.get(name, 0) + 1
        if name not in self._sets:
            elements = self._lookup(name)
            values = tuple([each.values for each in elements or ()])
            self._sets[name] = values if elements else None
        return self._sets[name] if uses <= _MOST_USES else None

    def results(self, looked_up: Map, situation: Situation) -> list[_Found]:
        """Return the packets for each result of a map."""
        name = looked_up.elements
        if not isinstance(name, str):
            return self._results_of(looked_up, name, situation)
        key = (looked_up.keys, looked_up.mask, name, situation.before_tracking)
        if key not in self._results:
            elements = self._lookup(name)
            uses = self._uses[name] = self._uses.get(name, 0) + 1
            if elements is None or uses > _MOST_USES:
                raise Unread(f"the elements of a map must be known, got {elide('@' + name)}")
            self._results[key] = self._results_of(looked_up, elements, situation)
        self._budget.spend(len(self._results[key]), name)
        return self._results[key]

    def _results_of(
        self, looked_up: Map, elements: tuple[Element, ...], situation: Situation
    ) -> list[_Found]:
        by_data: dict[Verdict | tuple[str, ...] | None, list[tuple[str, ...]]] = {}
        others: list[Verdict | tuple[str, ...] | None] = []
        for each in elements:
            if each.values == ("*",):
                others.append(each.data)
            else:
                by_data.setdefault(each.data, []).append(each.values)
        found = [
            (self.match(_equal(looked_up, tuple(values)), situation), data)
            for data, values in by_data.items()
        ]
        if others:
            listed = tuple([each.values for each in elements if each.values != ("*",)])
            left = rest(looked_up, listed, situation)
            # Where a packet lacks a field, the lookup is not made.
            for key in looked_up.keys:
                left &= required(key)
            found += [(left, data) for data in others]
        return found

    def translations(self, translation: Translation, situation: Situation) -> list[Result]:
        """Return the rules of a translation."""
        base, verdict = Part(families=translation.families), Verdict(translation.action)
        if isinstance(translation.to, str):
            return [(base, verdict, _new_ports(translation.to, situation))]
        if (
            isinstance(translation.to.elements, str)
            and self._lookup(translation.to.elements) is None
        ):
            return [(base & Part(applies=Applies.MAYBE), verdict, _EVERY_PORT)]
        found: list[Result] = []
        for part, data in self.results(translation.to, situation):
            if data is None or isinstance(data, Verdict):
                raise Unread("a map of destinations must have addresses or ports, got a verdict")
            # An address alone keeps the port.
            last = data[-1]
            is_port = not translation.is_address or len(data) > 1
            found.append((base & part, verdict, _new_ports(last if is_port else "", situation)))
        return found


def _equal(looked_up: Map, values: Values) -> Match:
    return Match(looked_up.keys, "==", values, "", is_set=True, mask=looked_up.mask)


def _is_plain(key: str) -> bool:
    """Return whether the ports and families of a rule show a match on *key*."""
    return key.endswith(" dport") or key in ("meta l4proto", "ip protocol", "meta nfproto")


def _is_open(part: Part) -> bool:
    return part.applies is not Applies.ALWAYS


def _verdict_of(data: object) -> Verdict:
    if not isinstance(data, Verdict):
        raise Unread("a map of verdicts must have verdicts, got another value")
    return data


def _new_ports(text: str, situation: Situation) -> PortSet | None:
    """Return the ports of a new destination; ``None`` if there are none."""
    if not text:
        return None
    try:
        return dialects.parse(text, "nft", services=situation.services)
    except PortSyntaxError as error:
        raise Unread(error.reason) from None


def _checked(part: Part, verdict: Verdict, ports: PortSet | None) -> Result:
    """Return a result whose conditions are open if it matches some source ports or no family."""
    applies = part.applies
    if part.sources != _EVERY_PORT:
        applies = both(applies, Applies.MAYBE)
    if not part.families:
        applies = Applies.NEVER
    if applies is not part.applies:
        part = Part(part.ports, part.sources, part.families, applies)
    return part, verdict, ports
