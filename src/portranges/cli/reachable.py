"""The processes of this machine that listen on a port that a ruleset makes reachable."""

from __future__ import annotations

from dataclasses import dataclass

from portranges import types
from portranges.advice import Finding
from portranges.advice.listen import finding
from portranges.cli.output import print_note
from portranges.cli.sockets import address, notes, owners_of
from portranges.errors import SystemReadError
from portranges.families import Family
from portranges.portset import PortSet
from portranges.probe import Scope, SocketRecord, listeners
from portranges.records import as_data
from portranges.rulesets import Action, Applies, Direction, Rule, Ruleset
from portranges.rulesets.evaluation import Evaluation
from portranges.transport_ports import TransportPorts

_TRANSLATING = (Action.REDIRECT, Action.TRANSLATE)
_OPENING = (Action.ACCEPT, Action.DELEGATE, *_TRANSLATING)


@dataclass(slots=True)
class Way:
    """How packets reach a socket.

    Attributes:
        rule: The rule that lets them pass; None if a policy does.
        is_certain: Whether that depends on no condition.
        sent_to: The ports that they are sent to, if a rule redirects them.
    """

    rule: Rule | None
    is_certain: bool
    sent_to: PortSet | None = None


def listeners_behind(ruleset: Ruleset) -> types.Iterator[tuple[Finding, dict[str, object]]]:
    """Yield a note for each listening socket that packets can reach, and the socket as data.

    Raises:
        SystemReadError: The socket table cannot be read.
    """
    table = listeners(None, owners=True)
    if table.visibility.sockets is Scope.DENIED:
        raise SystemReadError("the socket table", table.visibility.reason)
    way_to = _way_by_rules(ruleset) if ruleset.chains is None else _way_by_chains(ruleset)
    records = sorted(table, key=lambda each: (each.port, each.transport, each.address))
    ways = [(each, way_to(each)) for each in records if not each.is_loopback]
    found = [(each, way) for each, way in ways if way is not None]
    for note in notes(table.visibility, [each for each, _ in found]):
        print_note(note)
    for each, way in found:
        about = finding(
            "reachable-listener",
            PortSet([each.port]),
            location=None if way.rule is None else way.rule.location,
            shown=f"{each.port}/{each.transport}",
            address=address(each),
            verb="is" if way.is_certain else "may be",
            way="" if way.sent_to is None else f" through {way.sent_to}/{each.transport}",
            owner=owners_of(each, table),
        )
        processes = [as_data(owner, "pid", "name") for owner in each.owners]
        yield about, {**as_data(each, "port", "transport", "address"), "processes": processes}


def _way_by_chains(ruleset: Ruleset) -> types.Callable[[SocketRecord], Way | None]:
    """Return a function that returns how packets reach a socket."""
    used = {family for chain in ruleset.chains or () for family in chain.families}
    families = [each for each in Family if each in used]
    found = [*ruleset._evaluations(Direction.IN)]
    # Without any chain nothing is filtered, and one evaluation is for both families.
    evaluations = dict(zip(families or Family, found if families else found * 2, strict=True))
    results = {family: each.run(TransportPorts.full()) for family, each in evaluations.items()}
    redirects = [
        rule
        for rule in ruleset.rules
        if rule.action in _TRANSLATING
        and rule.translated_ports is not None
        and rule.applies is not Applies.NEVER
        and rule.direction is not Direction.OUT
    ]

    def way_to(record: SocketRecord) -> Way | None:
        pair = record.port, record.transport
        for family, evaluation in evaluations.items():
            if family not in _families(record):
                continue
            result = results[family]
            if pair in result.passed:
                rule, is_translated = _deciding(evaluation, record)
                return Way(rule, pair not in result.lost and not is_translated)
            for rule in redirects:
                sent_to = rule.ports[record.transport] & result.passed[record.transport]
                if sent_to and record.port in (rule.translated_ports or ()):
                    return Way(rule, is_certain=False, sent_to=sent_to)
        return None

    return way_to


def _deciding(evaluation: Evaluation, record: SocketRecord) -> tuple[Rule | None, bool]:
    """Return the first rule that opens the port, and whether a rule may change it."""
    packets = TransportPorts({record.transport: [record.port]})
    rules = [each for each in evaluation.verdicts(packets) if each.action in _OPENING]
    is_translated = any(each.action in _TRANSLATING for each in rules)
    accepting = [each for each in rules if each.action not in _TRANSLATING]
    return next(iter(accepting or rules), None), is_translated


def _way_by_rules(ruleset: Ruleset) -> types.Callable[[SocketRecord], Way | None]:
    """Return such a function for rules without an evaluation: what one accepts may be open."""
    rules = [
        each
        for each in ruleset.rules
        if each.action in _OPENING
        and each.applies is not Applies.NEVER
        and each.direction in (Direction.IN, None)
    ]

    def way_to(record: SocketRecord) -> Way | None:
        pair = record.port, record.transport
        for rule in rules:
            if pair in rule.ports and not _families(record).isdisjoint(rule.families):
                return Way(rule, is_certain=False)
        return None

    return way_to


def _families(record: SocketRecord) -> set[Family]:
    """Return the families of the packets that the socket receives."""
    if record.family == Family.INET:
        return {Family.INET}
    is_for_both = record.is_wildcard and not record.v6only
    return {Family.INET, Family.INET6} if is_for_both else {Family.INET6}
