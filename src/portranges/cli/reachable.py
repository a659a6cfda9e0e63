"""The processes of this machine that listen on a port that a ruleset makes reachable."""

from __future__ import annotations

from portranges.advice import Finding
from portranges.advice.listen import finding
from portranges.cli.output import print_note
from portranges.cli.sockets import address, notes, owners_of
from portranges.errors import SystemReadError
from portranges.families import Family
from portranges.portset import PortSet
from portranges.probe import Scope, SocketRecord, listeners
from portranges.rulesets import Action, Ruleset

_OPENING = (Action.ACCEPT, Action.DELEGATE, Action.REDIRECT, Action.TRANSLATE)


def listeners_behind(ruleset: Ruleset) -> tuple[Finding, ...]:
    """Return a note for each listening socket that packets can reach through *ruleset*.

    A port that is redirected is compared as the client sends to it.

    Raises:
        SystemReadError: The socket table cannot be read.
    """
    if ruleset.chains is None:
        return ()
    table = listeners(None, owners=True)
    if table.visibility.sockets is Scope.DENIED:
        raise SystemReadError("the socket table", table.visibility.reason)
    reachable = ruleset.reachable()
    opened = reachable.ports
    families = {family for chain in ruleset.chains for family in chain.families}
    records = [
        each
        for each in sorted(table, key=lambda each: (each.port, each.transport, each.address))
        if not each.is_loopback
        and (each.port, each.transport) in opened
        and families & _families(each)
    ]
    for note in notes(table.visibility, records):
        print_note(note)
    found: list[Finding] = []
    for each in records:
        deciding = ruleset.deciding_rules(each.port, each.transport)
        first = next((rule for rule in deciding if rule.action in _OPENING), None)
        found.append(
            finding(
                "reachable-listener",
                PortSet([each.port]),
                location=None if first is None else first.location,
                shown=f"{each.port}/{each.transport}",
                address=address(each),
                verb="is" if reachable.is_exact else "may be",
                owner=owners_of(each, table),
            )
        )
    return tuple(found)


def _families(record: SocketRecord) -> set[Family]:
    """Return the families of the packets that the socket receives."""
    if record.family == Family.INET:
        return {Family.INET}
    is_for_both = record.is_wildcard and not record.v6only
    return {Family.INET, Family.INET6} if is_for_both else {Family.INET6}
