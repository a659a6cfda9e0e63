"""How the rules of zones and policies of firewalld are evaluated.

Each zone has a chain for packets to this host, one for packets that pass through, and one for
translations. If a text has only one zone, its packets are those that are evaluated. Otherwise
implied rules lead to the zones and the policies, as in firewalld itself.
"""

from __future__ import annotations

from portranges import types
from portranges.families import Family
from portranges.rulesets.firewalld_rule import LAST, Group, Reader
from portranges.rulesets.model import Action, Applies, Chain, Direction, Hook, Location, Rule
from portranges.rulesets.netfilter import both
from portranges.rulesets.ruleset import Ruleset
from portranges.transport_ports import TransportPorts

_BOTH = (Family.INET, Family.INET6)
# firewalld puts its own chains after the chains of iptables at the same hook.
_FILTER, _NAT = 10, -90
_HOOKS = {
    Direction.IN: Hook.INPUT,
    Direction.FORWARD: Hook.FORWARD,
    Direction.OUT: Hook.OUTPUT,
}
_SUFFIXES = {Direction.IN: "", Direction.FORWARD: " (forward)", Direction.OUT: " (out)"}
# Names with a blank, which no zone has.
_ALL, _AFTER = "all zones", "policies after the zones"


def ruleset(reader: Reader, groups: types.Sequence[Group], name: str) -> Ruleset:
    """Return what was read as the format *name*, in the order of the lines."""
    arranged = _Arranged(reader, groups)
    return Ruleset(
        format=name,
        rules=tuple(sorted(reader.rules, key=lambda each: each.location)),
        skipped=tuple(sorted(reader.skipped, key=lambda each: each.location)),
        chains=tuple(arranged.chains.values()),
        implied=tuple(arranged.implied),
    )


class _Arranged:
    """The chains of a text, and the rules that lead from one to another."""

    def __init__(self, reader: Reader, groups: types.Sequence[Group]) -> None:
        self.chains: dict[str, Chain] = {}
        self.implied: list[Rule] = []
        self._zones: list[Group] = [each for each in groups if not each.is_policy]
        self._policies: list[Group] = [each for each in groups if each.is_policy]
        # What is not in the text decides about the packets that a part of a zone, or policies
        # without zones, leave.
        is_whole = self._zones and not any(each.is_part for each in groups)
        self._policy: Action = Action.DROP if is_whole else Action.DELEGATE
        groups_read = [each.group for each in reader.rules] + [
            each.group for each in reader.skipped
        ]
        self._translating: set[str] = {each for each in groups_read if each.endswith("(nat)")}
        if len(self._zones) == 1 and not self._policies:
            self._add_one(self._zones[0])
            return
        for zone in self._zones:
            self._add(Chain(name=zone.name, families=_BOTH))
            self._add(Chain(name=zone.chain("forward"), families=_BOTH))
            self._add_target(zone)
        for policy in self._policies:
            self._add(Chain(name=policy.name, families=_BOTH))
        for group in groups:
            if group.chain("nat") in self._translating:
                self._add(Chain(name=group.chain("nat"), families=_BOTH, translates=True))
        for direction in Direction:
            self._add_filter(direction)
            self._add_nat(direction)

    def _add(self, chain: Chain) -> None:
        self.chains[chain.name] = chain

    def _add_one(self, zone: Group) -> None:
        """Add the chains of the only zone. All packets are in it."""
        self._add(_filter(zone.name, Direction.IN, self._policy))
        self._add(_filter(zone.chain("forward"), Direction.FORWARD, self._policy))
        self._add(_nat(zone.chain("nat"), Hook.PREROUTING))
        self._add_target(zone)

    def _add_target(self, zone: Group) -> None:
        """Let packets pass through a zone that accepts everything."""
        if zone.settings.get("target") == "ACCEPT":
            self._lead(zone, zone.chain("forward"), action=Action.ACCEPT, priority=LAST)

    def _add_filter(self, direction: Direction) -> None:
        """Add the chains that lead to the zones and the policies of a direction."""
        suffix = _SUFFIXES[direction]
        base, after = _ALL + suffix, _AFTER + suffix
        policies = self._policies_of(direction)
        if direction is Direction.OUT:
            if policies:
                self._add(_filter(base, direction, Action.ACCEPT))
            for policy in policies:
                self._lead(policy, base, policy.name)
            return
        self._add(_filter(base, direction, self._policy))
        early = [each for each in policies if _priority(each) < 0 or not self._zones]
        late = policies[len(early) :]
        for policy in early:
            self._lead(policy, base, policy.name)
        if late:
            self._add(Chain(name=after, families=_BOTH))
        for policy in late:
            self._lead(policy, after, policy.name)
        for zone, applies in self._possible():
            chain = zone.name if direction is Direction.IN else zone.chain("forward")
            self._lead(zone, base, chain, action=Action.GOTO, applies=applies)
            if late:
                self._lead(zone, chain, after, priority=LAST - 1)

    def _add_nat(self, direction: Direction) -> None:
        """Add the chains that lead to translations."""
        hooks = {Direction.IN: Hook.PREROUTING, Direction.OUT: Hook.OUTPUT}
        if direction not in hooks:
            return
        is_out = direction is Direction.OUT
        policies = [
            each
            for each in self._policies
            if (each.direction is Direction.OUT) is is_out and _is_active(each)
        ]
        groups = [(each, _applies(each)) for each in sorted(policies, key=_priority)]
        if not is_out:
            # A packet may be in a zone and still match a policy afterwards, so all are tried.
            place = sum(_priority(each) < 0 for each, _ in groups)
            possible = self._possible()
            if sum(applies is not Applies.NEVER for _, applies in possible) > 1:
                # A packet of a zone without translations is not translated by another zone.
                possible = [(each, both(applies, Applies.MAYBE)) for each, applies in possible]
            groups[place:place] = possible
        base = f"{_ALL} (nat{' out' if is_out else ''})"
        leads = [each for each in groups if each[0].chain("nat") in self._translating]
        if leads:
            self._add(_nat(base, hooks[direction]))
        for group, applies in leads:
            self._lead(group, base, group.chain("nat"), applies=applies)

    def _possible(self) -> list[tuple[Group, Applies]]:
        """Return the zones, and whether packets are in them: the default zone is the last."""
        default = [each for each in self._zones if "default" in each.flags]
        # If none is marked, any of them may be the default zone. Every packet is in one.
        last = default[-1:] or self._zones[-1:]
        found = [
            (each, Applies.NEVER if default and not _is_used(each) else Applies.MAYBE)
            for each in self._zones
            if each not in last
        ]
        return [*found, *((each, Applies.ALWAYS) for each in last)]

    def _policies_of(self, direction: Direction) -> list[Group]:
        found = [each for each in self._policies if each.direction is direction]
        return sorted(filter(_is_active, found), key=_priority)

    def _lead(
        self,
        group: Group,
        chain: str,
        target: str = "",
        *,
        action: Action = Action.JUMP,
        applies: Applies | None = None,
        priority: int = 0,
    ) -> None:
        """Add a rule for the packets of a zone or a policy."""
        if applies is None:
            applies = _applies(group) if group.is_policy else Applies.ALWAYS
        self.implied.append(
            Rule(
                ports=TransportPorts.full(),
                families=_BOTH,
                action=action,
                target=target,
                group=chain,
                priority=priority,
                applies=applies,
                conditions=() if applies is Applies.ALWAYS else _conditions(group),
                location=Location(line=group.heading.line),
                text=group.heading.text,
            )
        )


def _filter(name: str, direction: Direction, policy: Action) -> Chain:
    return Chain(
        name=name,
        hook=_HOOKS[direction],
        priority=_FILTER,
        policy=policy,
        families=_BOTH,
        passes_translated=direction is not Direction.OUT,
    )


def _nat(name: str, hook: Hook) -> Chain:
    return Chain(
        name=name,
        hook=hook,
        priority=_NAT,
        policy=Action.ACCEPT,
        families=_BOTH,
        translates=True,
    )


def _is_used(zone: Group) -> bool:
    """Return whether an interface or a source is in a zone."""
    names = ("interfaces", "sources")
    return bool(zone.flags) or any(zone.settings.get(each) for each in names)


def _is_active(policy: Group) -> bool:
    zones = policy.settings.get("ingress-zones"), policy.settings.get("egress-zones")
    return all(zones) and policy.settings.get("disable") != "yes"


def _applies(policy: Group) -> Applies:
    """Return whether a policy is about every packet of its direction."""
    zones = {policy.settings.get("ingress-zones"), policy.settings.get("egress-zones")}
    return Applies.ALWAYS if zones <= {"ANY", "HOST"} else Applies.MAYBE


def _conditions(group: Group) -> tuple[str, ...]:
    names = ("interfaces", "sources", "ingress-zones", "egress-zones")
    found = [f"{each}: {group.settings[each]}" for each in names if group.settings.get(each)]
    return tuple(found) or (f"zone: {group.name}",)


def _priority(policy: Group) -> int:
    text = policy.settings.get("priority", "")
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 6 else -1
