"""The rule without history for any of these systems: the order of the checks of bind()."""

from __future__ import annotations

from portranges import types
from portranges.reuse import model
from portranges.reuse.model import Decision, Rule, Socket, State
from portranges.reuse.others.bind_rules import BindRules, Context, check_address_kind
from portranges.reuse.others.sock import Sock


def decide_bind(
    system: BindRules,
    new: Socket,
    existing: types.Sequence[Socket],
    *,
    settings: types.ReuseSettings | None = None,
    local_addresses: frozenset[int] | None = None,
) -> Decision:
    """Return whether *system* allows *new* to be bound next to *existing*.

    ``state="listening"`` of *new* means bind() and then listen(). On these systems listen() does
    not depend on other sockets. *existing* are in the order in which they were bound; of two that
    conflict equally these systems compare the newest. *local_addresses* are the machine's addresses
    as numbers of 128 bits.
    """
    model.check_bindable(new)
    for socket in (new, *existing):
        model.check_option(system.refused_option(socket), socket)
    context = Context(system, settings, local_addresses)
    sock = _sock(new, context)
    # It listens only after it is bound.
    sock.state = State.BOUND
    if system.checks_kind_first:
        refusal = check_address_kind(sock, context)
        if refusal is not None:
            return model.decide(refusal)
    if not sock.port:
        rule = first_refusal(system.checks, sock, context)
        return model.decide(system.rules["chosen"] if rule is None else rule)
    held: dict[Sock, Socket] = {}
    udp_ports: set[int] = set()
    for socket in reversed(existing):
        if socket.transport is new.transport and socket.port:
            udp_ports.add(socket.port)
            if socket.port == sock.port:
                held[_sock(socket, context)] = socket
    context.udp_ports = len(udp_ports)
    rule, blocker = judge_bind(sock, tuple(held), context)
    connections = [holder for holder in held if holder.connected]
    if system.remembers_bind and blocker is None and connections:
        # A connection was bound to the wildcard, as assumed so far, or to its own address, which
        # may be compared earlier. A connection never makes another socket allowed, so a mixture of
        # both refuses only what one of them refuses.
        for holder in connections:
            holder.bound = holder.addr
        rule_again, blocker = judge_bind(sock, tuple(held), context)
        rule = rule if blocker is None else rule_again
    if blocker is None:
        return model.decide(rule)
    return model.decide(rule, reason=reason(rule, blocker), blocker=held[blocker])


def judge_bind(sock: Sock, holders: types.Sequence[Sock], context: Context) -> types.BindOutcome:
    """Run all checks of bind() for *sock*, whose address and port are already set.

    *holders* are the holders of the port, newest first.
    """
    system = context.system
    refusal = first_refusal(system.checks, sock, context)
    if refusal is not None:
        return refusal, None
    rule, blocker = system.judge(sock, holders)
    late = None if rule.error else first_refusal(system.late_checks, sock, context)
    return (rule, blocker) if late is None else (late, None)


def first_refusal(
    checks: types.Iterable[types.BindCheck], sock: Sock, context: Context
) -> Rule | None:
    """Return the rule of the first of *checks* that refuses, or None."""
    for check in checks:
        rule = check(sock, context)
        if rule is not None:
            return rule
    return None


def reason(rule: Rule, blocker: Sock) -> str:
    """Return the reason of a refusal: the conflicting socket and the rule."""
    return f"conflicts with {blocker.public()}; {rule.sentence}"


def _sock(socket: Socket, context: Context) -> Sock:
    return Sock.of(socket, default_v6only=context.v6only)
