"""Rules of a ruleset that have no effect, and ranges that could be merged.

``of_rulesets`` finds what the ruleset opens.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import groupby

from portranges import types
from portranges.advice.listen import finding
from portranges.advice.model import Finding
from portranges.layout import listed
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet
from portranges.rulesets import Action, Applies, Rule
from portranges.transport_ports import TransportPorts

_FULL, _EMPTY = TransportPorts.full(), TransportPorts.empty()
_EVERY_PORT = PortSet.full()
_TRANSLATIONS = (Action.TRANSLATE, Action.REDIRECT)
# After these, the next rule of the chain is not evaluated.
_FINAL = (Action.ACCEPT, Action.DROP, Action.REJECT, Action.RETURN, Action.GOTO, *_TRANSLATIONS)
_MERGEABLE = (Action.ACCEPT, Action.DROP, Action.REJECT, Action.RETURN)

# Conditions whose result depends on earlier packets or rules, so that two equal ones can differ.
# The ports of two containers of a pod can be the same, and have no ranges.
_WITH_MEMORY = re.compile(
    r"limit|recent|statistic|quota|connbytes|numgen|random|count|meter|nth"
    r"|^published: one of|^containerPort$|^hostNetwork:"
)

# Rules with more ports in a range than this are kept apart from those that are found by the other
# bits of their ports, and this many of them are searched.
_LOW_BITS = 8
_WIDE = 16 << _LOW_BITS
_MOST = 256


def is_incomplete(rule: Rule) -> bool:
    """Return whether *rule* applies to some packets only, but does not show to which."""
    shows_none = not rule.conditions and rule.source_ports == _EVERY_PORT
    return shows_none and rule.applies is Applies.MAYBE


def _has_memory(rule: Rule) -> bool:
    return any(map(_remembers, rule.conditions))


# A map of verdicts makes many rules, each of which has its whole text as a condition.
@lru_cache(maxsize=16)
def _remembers(condition: str) -> bool:
    return _WITH_MEMORY.search(condition) is not None


class _Earlier:
    """The earlier rules of a chain that match under the same conditions.

    Rules are found by the high bits of their ports, because a file may have 100,000 of them. They
    are indexed when they are needed, because most rules have unique conditions.
    """

    def __init__(self) -> None:
        self._new: list[Rule] = []
        self._ports: TransportPorts = _EMPTY
        self.wide: list[Rule] = []
        self.narrow: dict[tuple[Transport, int], list[Rule]] = {}

    def add(self, rule: Rule) -> None:
        """Add *rule*, which ends the evaluation."""
        self._new.append(rule)

    @property
    def ports(self) -> TransportPorts:
        """The ports of the rules together."""
        for rule in self._new:
            self._ports |= rule.ports
            for ports, transport in rule.ports.ranges:
                if len(ports) > _WIDE:
                    self.wide.append(rule)
                    continue
                for high in range(ports.first >> _LOW_BITS, (ports.last >> _LOW_BITS) + 1):
                    self.narrow.setdefault((transport, high), []).append(rule)
        self._new.clear()
        return self._ports

    def cover(self, ports: TransportPorts) -> Rule | None:
        """Return an early rule that contains all *ports*, if one of the first candidates does."""
        first, transport = ports.ranges[0]
        near = self.narrow.get((transport, first.first >> _LOW_BITS), [])
        found = [each for each in (*self.wide[:_MOST], *near[:_MOST]) if ports <= each.ports]
        if ports == _FULL:
            # A rule for every port also matches protocols without ports, if nothing is negated.
            found = [each for each in found if "!" not in each.text]
        return min(found, key=lambda each: each.location, default=None)


def without_effect(rules: list[Rule], *, is_ordered: bool) -> types.Iterator[Finding]:
    """Yield findings about rules of one chain that repeat earlier rules or are never reached."""
    seen: dict[object, Rule] = {}
    earlier: dict[object, _Earlier] = {}
    parts = Counter(map(_origin, rules))
    for rule in rules:
        if _has_memory(rule):
            continue
        # A map of verdicts makes several rules, whose conditions are the same text, the whole map.
        # They match different packets.
        is_part = bool(rule.conditions) and parts[_origin(rule)] > 1
        # Ports alone do not distinguish two protocols without ports.
        text = "" if rule.ports and rule.ports != _FULL else rule.text
        known = seen.setdefault((*_matched(rule), rule.ports, *_done(rule), text), rule)
        if known is not rule:
            if is_part and _origin(known) == _origin(rule):
                continue
            yield about(rule, "duplicate", place=str(known.location))
            continue
        if not rule.ports or not is_ordered:
            continue
        always = (rule.families, _EVERY_PORT, ())
        keys = dict.fromkeys((always,) if is_part else (always, _matched(rule)))
        before = [earlier[key] for key in keys if key in earlier]
        ports = [each.ports for each in before]
        if ports and rule.ports <= (ports[0] if len(ports) == 1 else ports[0] | ports[1]):
            hiders = (each.cover(rule.ports) for each in before)
            if (hider := next(filter(None, hiders), None)) is not None:
                cover = f"the rule in {hider.location} ({hider.action}) already matches"
                yield about(rule, "shadowed", rule="the rule", cover=cover)
                continue
            if rule.ports != _FULL:
                cover = "earlier rules together already match"
                yield about(rule, "shadowed", rule="the rule", cover=cover)
                continue
        is_never = rule.applies is Applies.NEVER and not rule.conditions
        if rule.action in _FINAL and not is_never and not is_part:
            earlier.setdefault(_matched(rule), _Earlier()).add(rule)


def _origin(rule: Rule) -> tuple[object, ...]:
    """Return what the rules that come from one rule of the file have in common."""
    return (rule.location, rule.text)


def _matched(rule: Rule) -> tuple[object, ...]:
    """Return what *rule* matches, apart from ports."""
    return (rule.families, rule.source_ports, rule.conditions)


def _done(rule: Rule) -> tuple[object, ...]:
    return (rule.action, rule.target, rule.translated_ports, rule.direction)


def mergeable(rules: list[Rule]) -> types.Iterator[Finding]:
    """Yield the findings about consecutive rules that one rule with one range could replace."""
    for kind, alike in groupby(rules, _kind):
        several = list(alike)
        if kind is None or len(several) == 1:
            continue
        run: list[tuple[PortRange, Rule]] = []
        last: Transport | None = None
        for rule in several:
            ranges = rule.ports.ranges
            transport = ranges[0][1] if len(ranges) == 1 else None
            if transport is None or transport is not last:
                yield from _merged(run)
                run, last = [], transport
            if transport is not None:
                run.append((ranges[0][0], rule))
        yield from _merged(run)


def _kind(rule: Rule) -> tuple[object, ...] | None:
    """Return what two rules must have in common to be merged; None if *rule* cannot be."""
    is_mergeable = rule.action in _MERGEABLE and not _has_memory(rule)
    return (*_matched(rule), *_done(rule)) if is_mergeable else None


def _merged(run: list[tuple[PortRange, Rule]]) -> types.Iterator[Finding]:
    run.sort(key=lambda each: each[0].first)
    joined: list[tuple[PortRange, Rule]] = []
    last = -1
    for ports, rule in run:
        if joined and ports.first > last + 1:
            yield from _joined(joined)
            joined = []
        # A port inside an earlier range belongs to a rule without an effect.
        if not joined or ports.last > last:
            joined.append((ports, rule))
            last = ports.last
    yield from _joined(joined)


def _joined(joined: list[tuple[PortRange, Rule]]) -> types.Iterator[Finding]:
    if len(joined) < 2:
        return
    (first, *others) = sorted((rule for _, rule in joined), key=lambda rule: rule.location)
    ports = PortSet(each for each, _ in joined)
    transport = first.ports.items()[0][0]
    # The first few are enough to find the place.
    places = [str(each.location) for each in others[:3]]
    if len(others) > len(places):
        places.append(f"{len(others) - len(places)} more")
    yield finding(
        "mergeable",
        ports,
        location=first.location,
        shown=f"{ports}/{transport}",
        others=listed(places),
    )


def about(rule: Rule, row: str, /, **what: str) -> Finding:
    """Return a finding about *rule*, with its place."""
    ports = PortSet().union(*(each for _, each in rule.ports.items()))
    return finding(row, ports, source=None, shown=None, location=rule.location, **what)
