"""What the chains of a ruleset do with new packets, for all ports at once.

A packet is represented by its transport and its destination port. The evaluation computes what
*may* happen to it: a rule whose conditions hold for only some packets both decides and lets the
packet continue. A port that may pass and may be dropped is undecided. What a chain does with some
ports is a part of what it does with all of them, so each chain is evaluated once, however many
jumps lead to it, and the time is linear in the number of rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from portranges import types
from portranges.families import Family
from portranges.ports import Transport
from portranges.portset import PortSet, compact
from portranges.rulesets.model import Action, Applies, Chain, Direction, Hook, Rule, Skipped
from portranges.transport_ports import TransportPorts

_WAYS = {
    Direction.IN: (Hook.INGRESS, Hook.PREROUTING, Hook.INPUT),
    Direction.FORWARD: (Hook.INGRESS, Hook.PREROUTING, Hook.FORWARD, Hook.POSTROUTING),
    Direction.OUT: (Hook.OUTPUT, Hook.POSTROUTING),
}

_EMPTY, _FULL = TransportPorts.empty(), TransportPorts.full()

# Linux 6.18 does not track the ports of DCCP. All packets between two hosts are one connection,
# which is translated as its first packet was, and keeps its ports.
_DCCP = TransportPorts(dccp=PortSet.full())

# More translations than this in one chain are replaced by one to any port, so that the time stays
# linear in the number of rules.
_MOST_TRANSLATIONS = 256

_JUMPS = frozenset({Action.JUMP, Action.GOTO})
_TRANSLATIONS = frozenset({Action.TRANSLATE, Action.REDIRECT})
_VERDICTS = frozenset({Action.ACCEPT, Action.DROP, Action.REJECT, Action.DELEGATE, *_TRANSLATIONS})


class Outcomes:
    """What may happen to the packets that enter a chain.

    A translation is the new ports, or ``None`` if they are unchanged, and whether the new
    destination is this host for certain.
    """

    __slots__ = ("accepted", "dropped", "returned", "translated")

    def __init__(self) -> None:
        """Start without packets."""
        self.accepted: TransportPorts = _EMPTY
        self.dropped: TransportPorts = _EMPTY
        self.returned: TransportPorts = _EMPTY
        self.translated: dict[tuple[PortSet | None, bool], TransportPorts] = {}

    def add(self, action: Action, packets: TransportPorts) -> None:
        """Add *packets* to those that may be accepted, dropped or returned."""
        if action in (Action.ACCEPT, Action.DELEGATE):
            self.accepted = _union(self.accepted, packets)
        if action in (Action.DROP, Action.REJECT, Action.DELEGATE):
            self.dropped = _union(self.dropped, packets)
        if action is Action.RETURN:
            self.returned = _union(self.returned, packets)

    def translate(self, ports: PortSet | None, to_here: bool, packets: TransportPorts) -> None:  # noqa: FBT001
        """Add *packets* to those that may be translated."""
        if (ports, to_here) not in self.translated and len(self.translated) == _MOST_TRANSLATIONS:
            for others in self.translated.values():
                packets |= others
            self.translated.clear()
            ports, to_here = PortSet.full(), False
        before = self.translated.get((ports, to_here), _EMPTY)
        self.translated[ports, to_here] = _union(before, packets)

    def compact(self) -> None:
        """Store the packets in little memory: a ruleset may have a hundred thousand chains."""
        self.accepted = _compact(self.accepted)
        self.dropped = _compact(self.dropped)
        self.returned = _compact(self.returned)
        self.translated = {how: _compact(hits) for how, hits in self.translated.items()}

    def differ(self, packets: TransportPorts) -> bool:
        """Return whether different things may happen to *packets*."""
        several = (self.accepted, self.dropped, self.returned, *self.translated.values())
        return sum(bool(packets & each) for each in several) > 1


@dataclass(slots=True)
class _Flow:
    """Packets on their way: the ports that they were sent to, and what became of them."""

    sent: TransportPorts
    ports: PortSet | None = None
    to_here: bool | None = None
    translated_at: Hook | None = None

    @property
    def now(self) -> TransportPorts:
        """The ports that they have now."""
        if self.ports is None:
            return self.sent
        return TransportPorts({transport: self.ports for transport, _ in self.sent.items()})

    def part(self, packets: TransportPorts) -> TransportPorts:
        """Return those that may be among *packets* now, by the ports that they were sent to."""
        if self.ports is None:
            return _both(self.sent, packets)
        return TransportPorts(
            {
                transport: sent
                for transport, sent in self.sent.items()
                if self.ports & packets[transport]
            }
        )

    def unchanged(self) -> _Flow:
        """Return those whose translation may have led them to where they were sent."""
        same = self.sent
        if self.ports is not None:
            ports = dict.fromkeys(Transport, self.ports)
            same = same & TransportPorts(ports) | same & _DCCP
        return _Flow(same, None, None, self.translated_at)


class Result:
    """What may happen to packets on their whole way, by the ports that they were sent to.

    Attributes:
        passed: Those that may reach the end.
        lost: Those that may not.
        entered: For each base chain, the packets that may enter it, by their ports then.
    """

    __slots__ = ("entered", "lost", "passed")

    def __init__(self) -> None:
        """Start without packets."""
        self.passed: TransportPorts = _EMPTY
        self.lost: TransportPorts = _EMPTY
        self.entered: dict[str, TransportPorts] = {}


class Evaluation:
    """The chains that packets of one direction and family pass, prepared to be evaluated."""

    __slots__ = ("_bases", "_direction", "_nowhere", "_order", "_outcomes", "_rules", "_skipped")

    def __init__(
        self,
        chains: tuple[Chain, ...],
        rules: tuple[Rule, ...],
        skipped: tuple[Skipped, ...],
        direction: Direction,
        family: Family,
    ) -> None:
        """Evaluate each chain for all ports."""
        by_name = {chain.name: chain for chain in chains if family in chain.families}
        self._direction: Direction = direction
        self._rules: dict[str, list[Rule]] = _rules_by_chain(rules, by_name, family)
        self._skipped: dict[str, list[Skipped]] = {}
        for skip in skipped:
            if skip.direction in (direction, None):
                self._skipped.setdefault(skip.group, []).append(skip)
        self._nowhere: list[Skipped] = self._skipped.get("", [])
        way = _WAYS[direction]
        on_way = [each for each in by_name.values() if each.hook in way]
        on_way.sort(key=lambda each: (way.index(types.cast("Hook", each.hook)), each.priority))
        # Alternatives of a hook are one step, and every other chain is a step of its own.
        steps: dict[tuple[Hook | None, str], list[Chain]] = {}
        for each in on_way:
            key = (each.hook, "" if each.is_alternative else each.name)
            steps.setdefault(key, []).append(each)
        self._bases: list[list[Chain]] = list(steps.values())
        self._order: list[str] = order_of(self._rules, [each.name for each in on_way])
        self._outcomes: dict[str, Outcomes] = {}
        for name in self._order:
            self._outcomes[name] = self._evaluate(by_name[name])

    def _evaluate(self, chain: Chain) -> Outcomes:
        found = Outcomes()
        for each in self._skipped.get(chain.name, ()):
            found.add(Action.DELEGATE if each.could_accept else Action.DROP, _FULL)
            if chain.translates and each.could_accept:
                found.translate(PortSet.full(), False, _FULL)
        for rule, packets in self._steps(chain.name, _FULL):
            if rule is None:
                found.add(Action.RETURN, packets)
            elif rule.action in _JUMPS:
                inner = self._outcomes[rule.target]
                found.add(Action.ACCEPT, _both(packets, inner.accepted))
                found.add(Action.DROP, _both(packets, inner.dropped))
                if rule.action is Action.GOTO:
                    found.add(Action.RETURN, _both(packets, inner.returned))
                for how, hits in inner.translated.items():
                    if part := _both(packets, hits):
                        found.translate(*how, part)
            elif rule.action in _TRANSLATIONS:
                to_here = rule.action is Action.REDIRECT
                found.translate(rule.translated_ports, to_here, packets)
            else:
                found.add(rule.action, packets)
        if chain.hook is not None:
            found.add(chain.policy, found.returned)
            found.returned = _EMPTY
        found.compact()
        return found

    def _steps(
        self, name: str, packets: TransportPorts
    ) -> types.Iterator[tuple[Rule | None, TransportPorts]]:
        """Yield each rule of a chain with the *packets* that it may match.

        The last item is ``None`` with the packets that may come to the end of the chain.
        """
        left = packets
        for rule in self._rules[name]:
            hits = _both(left, rule.ports)
            if not hits:
                continue
            yield rule, hits
            if rule.applies is Applies.ALWAYS:
                left -= hits
                if rule.action is Action.JUMP:
                    left = _union(left, _both(hits, self._outcomes[rule.target].returned))
                if not left:
                    break
        yield None, left

    def run(self, packets: TransportPorts) -> Result:
        """Return what may happen to new packets to these ports."""
        found = Result()
        flows = [_Flow(packets)]
        for chains in self._bases:
            hook, outcomes = chains[0].hook, self._of_step(chains)
            going: list[_Flow] = []
            for arriving in flows:
                flow = arriving
                if chains[0].translates and flow.translated_at is hook:
                    going.append(flow)
                    continue
                if chains[0].passes_translated and flow.to_here is not None:
                    going.append(flow)
                    flow = flow.unchanged()
                for chain in chains:
                    before = found.entered.get(chain.name, _EMPTY)
                    found.entered[chain.name] = _union(before, flow.now)
                found.lost = _union(found.lost, flow.part(outcomes.dropped))
                if part := flow.part(outcomes.accepted):
                    going.append(_Flow(part, flow.ports, flow.to_here, flow.translated_at))
                for (ports, to_here), hits in outcomes.translated.items():
                    if part := flow.part(hits):
                        new = flow.ports if ports is None else ports
                        going.append(_Flow(part, new, to_here, hook))
                    if (loose := flow.sent & _DCCP) and hits & _DCCP:
                        going.append(_Flow(loose, flow.ports, to_here, hook))
                        going.append(_Flow(loose, flow.ports, flow.to_here, hook))
            flows = going
        for flow in flows:
            self._arrive(flow, found)
        for each in self._nowhere:
            found.lost = _union(found.lost, packets)
            if each.could_accept:
                found.passed = _union(found.passed, packets)
        return found

    def _of_step(self, chains: list[Chain]) -> Outcomes:
        first, *others = [self._outcomes[each.name] for each in chains]
        if not others:
            return first
        found = Outcomes()
        found.accepted, found.dropped = first.accepted, first.dropped
        for each in others:
            found.accepted |= each.accepted
            found.dropped &= each.dropped
        return found

    def _arrive(self, flow: _Flow, found: Result) -> None:
        """Add packets that passed every chain: a translation may have led them elsewhere."""
        here, is_in = flow.to_here, self._direction is Direction.IN
        if not here or is_in:
            found.passed = _union(found.passed, flow.sent)
        # Whether an address is one of this host's is not in the rules.
        if here is not None and not (here and is_in):
            found.lost = _union(found.lost, flow.sent)

    def _trace(
        self, packets: TransportPorts
    ) -> types.Iterator[tuple[str, Rule | None, TransportPorts]]:
        """Yield each rule that *packets* may match, with its chain and those that may match it.

        Each chain that they may enter ends with ``None``.
        """
        entered = self.run(packets).entered
        for name in reversed(self._order):
            if arrived := entered.pop(name, _EMPTY):
                for rule, hits in self._steps(name, arrived):
                    if rule is not None and rule.action in _JUMPS:
                        before = entered.get(rule.target, _EMPTY)
                        entered[rule.target] = _compact(_union(before, hits))
                    yield name, rule, hits

    def verdicts(self, packets: TransportPorts) -> list[Rule]:
        """Return the rules that may decide about *packets*, in the order of evaluation."""
        traced: dict[str, list[Rule]] = {}
        for name, rule, _ in self._trace(packets):
            if rule is not None:
                traced.setdefault(name, []).append(rule)
        found: list[Rule] = []
        seen: set[str] = set()
        pending = [(chain.name, 0) for step in reversed(self._bases) for chain in reversed(step)]
        while pending:
            name, start = pending.pop()
            matched = traced.get(name, [])
            for place in range(start, len(matched)):
                rule = matched[place]
                if rule.action in _VERDICTS:
                    found.append(rule)
                elif rule.action in _JUMPS and rule.target not in seen:
                    seen.add(rule.target)
                    pending += [(name, place + 1), (rule.target, 0)]
                    break
        return found

    def undecided_by(self, packets: TransportPorts) -> list[Rule | Skipped]:
        """Return what makes the result for *packets* undecided."""
        found: list[Rule | Skipped] = [*self._nowhere]
        for name, rule, hits in self._trace(packets):
            if rule is None:
                found += self._skipped.get(name, ())
            elif _is_open(rule) or (
                rule.applies is Applies.MAYBE and self._outcomes[name].differ(hits)
            ):
                found.append(rule)
        return found


def _is_open(rule: Rule) -> bool:
    """Return whether the action of *rule* may have different results for one port."""
    ports = rule.translated_ports
    return (
        rule.action in (Action.DELEGATE, Action.TRANSLATE)
        or (rule.action is Action.REDIRECT and bool(rule.ports.dccp))
        or (ports is not None and len(ports) > 1)
    )


def order_of(
    rules: types.Mapping[str, types.Sequence[Rule]], bases: types.Iterable[str]
) -> list[str]:
    """Return the chains that *bases* lead to, each after those that it jumps to.

    Raises:
        CycleError: A chain leads back to itself.
    """
    graph: dict[str, set[str]] = {}
    pending = list(bases)
    while pending:
        name = pending.pop()
        if name not in graph:
            graph[name] = {each.target for each in rules[name] if each.target}
            pending += graph[name]
    return list(TopologicalSorter(graph).static_order())


def find_loop(rules: types.Mapping[str, types.Sequence[Rule]]) -> str:
    """Return the name of a chain that leads back to itself; ``""`` if there is none."""
    try:
        order_of(rules, rules)
    except CycleError as error:
        return types.cast("str", error.args[1][0])
    return ""


def _rules_by_chain(
    rules: tuple[Rule, ...], chains: types.Mapping[str, Chain], family: Family
) -> dict[str, list[Rule]]:
    """Return the rules of each chain that can have an effect, in the order of evaluation."""
    found: dict[str, list[Rule]] = {name: [] for name in chains}
    for rule in rules:
        if (
            rule.applies is not Applies.NEVER
            and rule.action is not Action.CONTINUE
            and family in rule.families
            and rule.group in found
        ):
            found[rule.group].append(rule)
    for several in found.values():
        several.sort(key=lambda rule: rule.priority)
    return found


# Most sets are empty, full or the ports of one rule. To return one of the operands is quicker, and
# keeps ten thousand chains from having ten thousand copies of the same set.


def _compact(ports: TransportPorts) -> TransportPorts:
    if not ports or ports is _FULL:
        return ports
    return TransportPorts({transport: compact(each) for transport, each in ports.items()})


def _union(one: TransportPorts, other: TransportPorts) -> TransportPorts:
    if not one or other is _FULL:
        return other
    if one is _FULL or not other:
        return one
    found = one | other
    return _FULL if found == _FULL else found


def _both(one: TransportPorts, other: TransportPorts) -> TransportPorts:
    if one is _FULL:
        return other
    return one if other is _FULL else one & other
