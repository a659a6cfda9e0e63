"""Faults in a ruleset: services that it exposes, and rules without an effect.

Each finding has the place of the rule that it is about. ``openings`` has what is found in any set
of open ports. Only the direction "in", from other hosts to this one, is audited.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from math import inf

from portranges import types
from portranges.advice.idle_rules import about, is_incomplete, mergeable, without_effect
from portranges.advice.listen import finding, profiles_of
from portranges.advice.misreadings import find, hint_of
from portranges.advice.model import Finding
from portranges.advice.openings import cut_replies, exposed_services, led_to_services, wide_openings
from portranges.layout import cut_list, listed
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet
from portranges.rulesets import (
    Action,
    Applies,
    Chain,
    Direction,
    Hook,
    Rule,
    Ruleset,
    Skipped,
    formats,
)
from portranges.rulesets.evaluation import order_of
from portranges.transport_ports import TransportPorts

_FULL, _EMPTY = TransportPorts.full(), TransportPorts.empty()
_EVERY_PORT = PortSet.full()
_JUMPS = (Action.JUMP, Action.GOTO)
_OPENING = (Action.ACCEPT, Action.DELEGATE)
_TRANSLATIONS = (Action.TRANSLATE, Action.REDIRECT)

# A condition on the address of the sender, in the words of the formats that are read. The second
# line has the keys of clouds.
_ON_SOURCE = re.compile(
    r"(?:^|[\W_])(?:-s|src-range|saddr|source|src|from)(?:\W|$)"
    r"|^(?:source(?!_?port)|src|remote_|(?:ipv6_?)?cidr|prefix_?list|security_groups|referenced|self"
    r"|useridgrouppairs|loadbalancersource)\w*:",
    re.IGNORECASE,
)
_ANY_ADDRESS = re.compile(r"(?:^|\W)(?:0\.0\.0\.0/0|::/0|any|(?i:internet))(?:\W|$)")
_TO_LOOPBACK = re.compile(r"(?:-d|daddr) (?:127\.|::1)")
_NEGATION = re.compile(r"!|\bnot\b")

_ESTABLISHED = re.compile(r"established", re.IGNORECASE)
_LOOPBACK = re.compile(r"(?:^|\W)lo(?:\W|$)")

_WIDE_OPENINGS = ("opens-all", "opens-dynamic", "exposes-system")

# The first priority of the rules that the cloud adds to a group, and that cannot be removed.
_OWN_PRIORITIES = {"aws_nacl": 32767, "azure": 65000}

# The longest list of ports in a sentence; the finding has all of them.
_LONGEST = 60


def audit_ruleset(ruleset: Ruleset, systems: types.SystemsLike) -> types.Iterator[Finding]:
    """Yield the findings about *ruleset* in the order of the file; those without a place last."""
    found = list(_findings(ruleset, systems))
    placed = [(each.location, each) for each in found if each.location is not None]
    placed.sort(key=lambda pair: pair[0])
    yield from (each for _, each in placed)
    yield from (each for each in found if each.location is None)


def _findings(ruleset: Ruleset, systems: types.SystemsLike) -> types.Iterator[Finding]:
    yield from _of_skipped(ruleset.skipped)
    by_group: dict[str, list[Rule]] = {}
    for rule in ruleset.rules:
        by_group.setdefault(rule.group, []).append(rule)
    for rules in by_group.values():
        rules.sort(key=lambda rule: rule.priority)
    # The output of 'iptables -L' hides conditions, so equal rules may differ.
    if not any(is_incomplete(rule) for rule in ruleset.rules):
        for rules in by_group.values():
            yield from _idle(ruleset, rules)
            yield from mergeable(rules)
    if ruleset.chains is None:
        yield finding("not-evaluated", PortSet(), format=ruleset.format)
    if _lacks_policy(ruleset):
        row = next((row for row in formats() if row.name == ruleset.format), None)
        command = "" if row is None else row.policy_command
        hint = f"; '{command}' shows it" if command else ""
        yield finding("policy-unknown", PortSet(), hint=hint)
    # A file without a policy may be a part, and rules in another file may jump to its chains.
    if not _lacks_policy(ruleset):
        yield from _unused_chains(ruleset, by_group)
    yield from find(ruleset)
    yield from _Openings(ruleset).findings(systems)


def _idle(ruleset: Ruleset, rules: list[Rule]) -> types.Iterator[Finding]:
    """Yield the findings about rules of one group that have no effect."""
    if ruleset.chains is not None:
        yield from without_effect(rules, is_ordered=True)
        return
    is_ordered = any(row.is_ordered for row in formats() if row.name == ruleset.format)
    own = _OWN_PRIORITIES.get(ruleset.format, inf)
    for direction in (*Direction, None):
        ways = [rule for rule in rules if rule.direction is direction and rule.priority < own]
        # Rules with equal priorities come from several groups without a name.
        is_one = len({rule.priority for rule in ways}) == len(ways)
        yield from without_effect(ways, is_ordered=is_ordered and is_one)


def _of_skipped(skipped: Iterable[Skipped]) -> types.Iterator[Finding]:
    for each in skipped:
        opens = each.could_accept and each.direction in (Direction.IN, None)
        fault, hint = hint_of(each.reason.partition("\n")[0])
        row = "skipped-opening" if opens else "skipped"
        yield finding(row, PortSet(), location=each.location, reason=fault)
        if hint:
            row = "misread-opening" if opens else "misread"
            yield finding(row, PortSet(), location=each.location, means=hint)


def _has_unknown_policy(chain: Chain) -> bool:
    is_filter = chain.hook is Hook.INPUT and not chain.translates
    return is_filter and chain.policy is Action.DELEGATE


def _lacks_policy(ruleset: Ruleset) -> bool:
    """Return whether an unknown policy may open ports that no other policy opens."""
    chains = ruleset.chains or ()
    opens = any(each.hook is Hook.INPUT and each.policy is Action.ACCEPT for each in chains)
    return not opens and any(map(_has_unknown_policy, chains))


def _unused_chains(
    ruleset: Ruleset, by_group: types.Mapping[str, list[Rule]]
) -> types.Iterator[Finding]:
    used = {rule.target for rule in (*ruleset.implied, *ruleset.rules)}
    for chain in ruleset.chains or ():
        if chain.hook is None and chain.name not in used and chain.name in by_group:
            first = by_group[chain.name][0]
            yield finding("unused-chain", PortSet(), location=first.location, chain=chain.name)


# -- what is open ---------------------------------------------------------------


class _Openings:
    """The ports that a ruleset opens to any address, and the rules that open them."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.ruleset: Ruleset = ruleset
        self.jumps: dict[str, list[Rule]] = {}
        for rule in ruleset.rules:
            if rule.target:
                self.jumps.setdefault(rule.target, []).append(rule)
        self.hooks: dict[str, Hook | None] = {each.name: each.hook for each in ruleset.chains or ()}
        self.on_all: dict[str, dict[str, bool]] = {}
        leading: dict[str, list[Rule]] = {name: [] for name in self.hooks}
        for several in self.jumps.values():
            for rule in several:
                if rule.applies is not Applies.NEVER and rule.group in leading:
                    leading[rule.group].append(rule)
        # The chains, each after those that lead to it, and those that packets to this host meet.
        self.order: list[str] = order_of(leading, leading)[::-1]
        inputs = [name for name, hook in self.hooks.items() if hook is Hook.INPUT]
        self.on_the_way: frozenset[str] = frozenset(order_of(leading, inputs))

    def findings(self, systems: types.SystemsLike) -> types.Iterator[Finding]:
        """Yield the findings about the ports that are open together."""
        kept: list[Rule] = []
        for rule in self.ruleset.rules:
            if rule.action not in _OPENING or rule.applies is Applies.NEVER:
                kept.append(rule)
            elif self._holds(rule, "restricted", _is_restricted):
                continue
            elif _is_blanket(rule) and self._holds(rule, "conditional", _is_conditional):
                if self._is_on_the_way(rule):
                    yield from _of_blanket(rule)
            else:
                kept.append(rule)
        is_stateless = _is_stateless(self.ruleset)
        profiles = profiles_of(systems) if is_stateless else ()
        opened, openers = self._opened(kept)
        if is_stateless:
            yield from self._cut_replies(profiles)
        for transport in (Transport.TCP, Transport.UDP):
            ports = opened[transport]
            yield from _placed(wide_openings(ports, transport), openers, transport)
        for transport in Transport:
            ports = opened[transport]
            # The finding that all ports are open covers the services.
            if not ports >= PortRange(1, 65535):
                found = exposed_services(ports, profiles, transport)
                yield from _placed(found, openers, transport)
        if self.ruleset.chains is None:
            yield from _of_published(openers)
            yield from _of_published(
                [
                    rule
                    for rule in kept
                    if _is_chosen(rule)
                    and rule.applies is not Applies.NEVER
                    and not _is_restricted(rule)
                    # The port of the balancer has this finding already.
                    and 'type: "LoadBalancer"' not in rule.conditions
                ]
            )
        else:
            yield from self._of_forwarded(kept)

    def _opened(self, rules: list[Rule]) -> tuple[TransportPorts, list[Rule]]:
        """Return the ports that *rules* open, and the rules that open them."""
        if self.ruleset.chains is None:
            accepting = [each for each in rules if _opens(each) and self._is_on_the_way(each)]
            ports = _EMPTY
            # Rules of one file have few different sets.
            for each in {rule.ports for rule in accepting}:
                ports |= each
            return ports, accepting
        bare = self._with(rules)
        ports = bare.reachable(Direction.IN).ports
        deciding = bare._verdicts(Direction.IN, ports)
        return ports, [each for each in deciding if each.action in (*_OPENING, *_TRANSLATIONS)]

    def _of_forwarded(self, rules: list[Rule]) -> types.Iterator[Finding]:
        """Yield the findings about services on other hosts that ports of this one lead to."""
        translating = [
            rule
            for rule in rules
            if rule.action is Action.TRANSLATE
            and rule.applies is not Applies.NEVER
            and not any(map(_TO_LOOPBACK.search, rule.conditions))
            and not self._holds(rule, "restricted", _is_restricted)
        ]
        # This evaluates all packets again, so it is done only if there are such rules.
        ports = self._with(rules).reachable(Direction.FORWARD).ports if translating else _EMPTY
        for rule in translating:
            for transport, each in (rule.ports & ports).items():
                is_same = rule.translated_ports in (None, rule.ports[transport])
                if is_same and not each >= PortRange(1, 65535):
                    of_rule = [rule]
                    yield from _placed(exposed_services(each, (), transport), of_rule, transport)
        yield from _of_published([rule for rule in translating if rule.ports <= ports])

    def _with(self, rules: list[Rule]) -> Ruleset:
        """Return the ruleset with these rules only."""
        # What was skipped has its own findings, and so does an unknown policy.
        chains = tuple(
            replace(each, policy=Action.DROP) if _has_unknown_policy(each) else each
            for each in self.ruleset.chains or ()
        )
        return replace(self.ruleset, rules=tuple(rules), skipped=(), chains=chains, implied=())

    def _holds(self, rule: Rule, name: str, condition: types.Callable[[Rule], bool]) -> bool:
        """Return whether a packet meets *condition* at *rule* or on every way to it."""
        return condition(rule) or self._on_every_way(rule.group, name, condition)

    def _on_every_way(self, group: str, name: str, condition: types.Callable[[Rule], bool]) -> bool:
        if self.ruleset.chains is None:
            return False
        if name not in self.on_all:
            known = self.on_all[name] = dict[str, bool]()
            for each in self.order:
                jumps = [
                    rule for rule in self.jumps.get(each, ()) if rule.applies is not Applies.NEVER
                ]
                known[each] = self.hooks[each] is None and all(
                    condition(rule) or known[rule.group] for rule in jumps
                )
        return self.on_all[name][group]

    def _is_on_the_way(self, rule: Rule) -> bool:
        """Return whether *rule* is evaluated for packets to this host."""
        if self.ruleset.chains is None:
            return rule.direction in (Direction.IN, None)
        return rule.group in self.on_the_way

    def _cut_replies(self, profiles: tuple[types.EphemeralProfile, ...]) -> types.Iterator[Finding]:
        rules = [
            rule
            for rule in self.ruleset.rules
            if rule.action in _OPENING
            and not any(map(_is_loopback, rule.conditions))
            and self._is_on_the_way(rule)
        ]
        for transport in (Transport.TCP, Transport.UDP):
            # Rules of one file have few different sets.
            sets = {each.ports[transport] for each in rules}
            found = cut_replies(PortSet().union(*sets), profiles, transport)
            yield from _placed(found, rules, transport)


def _opens(rule: Rule) -> bool:
    """Return whether *rule* of a format without an evaluation opens its ports to other hosts."""
    if rule.applies is Applies.NEVER:
        return False
    if rule.action in _TRANSLATIONS:
        return not (_is_restricted(rule) or _is_chosen(rule) or _is_inside(rule))
    return rule.action in _OPENING and not {"expose", "containerPort"} & {*rule.conditions}


def _is_chosen(rule: Rule) -> bool:
    """Return whether only one of the ports is published, which is chosen later."""
    return any(each.startswith("published: ") for each in rule.conditions)


def _is_inside(rule: Rule) -> bool:
    """Return whether *rule* is for the address that a service has inside its cluster."""
    if not rule.group.startswith("Service ") or 'type: "LoadBalancer"' in rule.conditions:
        return False
    of_node = rule.location.pointer.endswith("/nodePort") or _is_chosen(rule)
    return not of_node and not any(each.startswith("externalIPs: ") for each in rule.conditions)


def _of_published(rules: list[Rule]) -> types.Iterator[Finding]:
    """Yield the findings about services that ports with other numbers lead to."""
    for rule in rules:
        for transport, ports in rule.ports.items():
            target = rule.translated_ports
            if target is not None and target != ports:
                for each in led_to_services(ports, target, transport):
                    yield replace(each, location=rule.location)


def _is_restricted(rule: Rule) -> bool:
    """Return whether *rule* is for certain senders only."""
    return any(_is_source(each) for each in rule.conditions)


# A map of verdicts makes many rules, each of which has its whole text as a condition.
@lru_cache(maxsize=16)
def _is_source(condition: str) -> bool:
    return bool(
        _ON_SOURCE.search(condition)
        and not _ANY_ADDRESS.search(condition)
        and not _NEGATION.search(condition)
    )


@lru_cache(maxsize=16)
def _is_loopback(condition: str) -> bool:
    return _LOOPBACK.search(condition) is not None


def _is_conditional(rule: Rule) -> bool:
    return rule.applies is not Applies.ALWAYS


def _is_blanket(rule: Rule) -> bool:
    """Return whether *rule* is about every port of its transports."""
    return bool(rule.ports) and all(each == _EVERY_PORT for _, each in rule.ports.items())


def _of_blanket(rule: Rule) -> types.Iterator[Finding]:
    if rule.source_ports != _EVERY_PORT and not rule.conditions:
        source = cut_list(str(rule.source_ports), _LONGEST)
        yield about(rule, "opens-by-source", what=_transports(rule), sources=source)
    else:
        yield about(rule, "opens-all-if", what=_transports(rule))


def _transports(rule: Rule) -> str:
    if rule.ports == _FULL:
        return "all"
    return f"all {listed([transport.upper() for transport, _ in rule.ports.items()])}"


def _is_stateless(ruleset: Ruleset) -> bool:
    """Return whether replies to connections from this host need a rule."""
    if not any(row.is_stateless for row in formats() if row.name == ruleset.format):
        return False
    texts = {each for rule in ruleset.rules for each in rule.conditions}
    return not any(map(_ESTABLISHED.search, texts))


def _placed(
    found: Iterable[Finding], rules: list[Rule], transport: Transport
) -> types.Iterator[Finding]:
    """Yield the findings with the place of the first rule that opens their ports."""
    for each in found:
        of = TransportPorts({transport: each.ports})
        first = next((rule for rule in rules if of <= rule.ports), None)
        # A policy or several rules together may open many ports.
        if first is None and each.id not in _WIDE_OPENINGS:
            first = next((rule for rule in rules if not rule.ports.isdisjoint(of)), None)
        yield each if first is None else replace(each, location=first.location)
