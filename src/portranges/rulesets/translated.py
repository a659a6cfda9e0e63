"""Filters of Linux that accept every packet whose destination was changed.

``ct status dnat accept`` of nft, and ``--ctstate DNAT`` of iptables, match what a rule of nat has
changed and nothing else. If such a rule comes before all that could drop a packet, the chain passes
translated packets at once.
"""

from __future__ import annotations

from dataclasses import replace

from portranges import types
from portranges.portset import PortSet
from portranges.rulesets.model import Action, Applies, Chain, Hook, Rule, Skipped
from portranges.transport_ports import TransportPorts

_FULL, _EVERY_PORT = TransportPorts.full(), PortSet.full()
_HARMLESS = frozenset({Action.ACCEPT, Action.CONTINUE})
_TEXT = "ct status dnat"
_JSON = tuple(
    f'{{"match": {{"op": "{op}", "left": {{"ct": {{"key": "status"}}}}, "right": "dnat"}}}}'
    for op in ("in", "==")
)
_STATES = "-m conntrack --ctstate "
# A new packet has neither of the other two states.
_OLD = frozenset({"RELATED", "ESTABLISHED", "DNAT"})


def pass_translated(
    rules: types.Iterable[Rule], skipped: types.Iterable[Skipped], chains: types.Iterable[Chain]
) -> tuple[tuple[Rule, ...], tuple[Chain, ...]]:
    """Return the rules and chains of a ruleset, with the chains that pass translated packets.

    Such a rule applies to no other packet, and so never after that.
    """
    doubtful = {each.group for each in skipped}
    found = {each.name: each for each in chains}
    pending = {
        name
        for name, chain in found.items()
        if chain.hook in (Hook.INPUT, Hook.FORWARD) and not chain.translates
    }
    pending -= doubtful if "" not in doubtful else pending
    changed: list[Rule] = []
    for rule in rules:
        if rule.group in pending and rule.applies is not Applies.NEVER:
            chain = found[rule.group]
            if _accepts_translated(rule) and set(rule.families) >= set(chain.families):
                found[rule.group] = replace(chain, passes_translated=True)
                changed.append(replace(rule, applies=Applies.NEVER))
                continue
            if rule.action not in _HARMLESS:
                pending.discard(rule.group)
        changed.append(rule)
    return tuple(changed), tuple(found.values())


def _accepts_translated(rule: Rule) -> bool:
    if rule.action is not Action.ACCEPT or rule.ports != _FULL or rule.source_ports != _EVERY_PORT:
        return False
    if len(rule.conditions) != 1:
        return False
    (condition,) = rule.conditions
    if condition.startswith(_STATES):
        states = set(condition.removeprefix(_STATES).split(","))
        return "DNAT" in states and states <= _OLD
    return condition == _TEXT or condition in _JSON
