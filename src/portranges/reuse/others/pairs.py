"""May this socket be bound next to those? One way for all these systems.

What lives here: the order of the questions that bind() asks, and the sentence
that goes with a refusal.
What must not: any rule of any system.
"""

from __future__ import annotations

from portranges import types
from portranges.reuse.model import Decision, Rule, Socket, State, check_asks, decide
from portranges.reuse.others.record import Context, System
from portranges.reuse.others.sock import Sock, from_socket, to_socket

__all__ = ["ask", "ask_address", "decide_bind", "sentence"]


def decide_bind(
    system: System,
    new: Socket,
    existing: types.Sequence[Socket],
    *,
    settings: types.ReuseSettings | None = None,
    local_addresses: frozenset[int] | None = None,
) -> Decision:
    """Return whether *system* lets *new* be bound next to *existing*.

    Args:
        system: The system's record.
        new: The socket that asks; ``state="listening"`` asks for bind() and
            then listen(), which no system here refuses on account of others.
        existing: The other sockets in the order in which they were bound: of
            two that are equally in the way these systems look at the newest.
        settings: The machine's, as SystemSettings; as shipped by default.
        local_addresses: The machine's addresses as numbers of 128 bits,
            loopback apart; every address by default.

    Returns:
        The decision.

    Raises:
        InvalidSocketError: A socket has an option that the system has not, or
            *new* is connected.
        TypeError: *settings* are no SystemSettings.

    Complexity:
        Linear in the number of *existing*.

    Source:
        The decision's own.

    Example:
        >>> from portranges.reuse.model import Socket
        >>> from portranges.reuse.others import system
        >>> web = Socket(transport="tcp", address="0.0.0.0", port=8080, state="listening")
        >>> new = Socket(transport="tcp", address="127.0.0.1", port=8080, reuse_address=True)
        >>> decide_bind(system("freebsd"), new, [web]).allowed
        True
    """
    check_asks(new)
    for socket in (new, *existing):
        system.check_options(socket)
    context = Context(
        system, settings, None if local_addresses is None else local_addresses.__contains__
    )
    asks = _sock(new, context)
    # It listens only after it is bound.
    asks.state = State.BOUND
    if not asks.port:
        rule = ask_address(asks, context)
        return decide(system.calls.chosen if rule is None else rule)
    held: dict[Sock, Socket] = {}
    udp_ports: set[int] = set()
    for socket in reversed(existing):
        if socket.transport is new.transport and socket.port:
            udp_ports.add(socket.port)
            if socket.port == asks.port:
                held[_sock(socket, context)] = socket
    context.udp_ports = len(udp_ports)
    rule, blocker = ask(asks, tuple(held), context)
    connections = [sock for sock in held if sock.connected]
    if system.remembers_bind and blocker is None and connections:
        # bind() gave a connection the wildcard, as it was taken to, or its own
        # address, which a system may look at earlier. No connection lets another
        # socket in, so a mixture of both refuses nothing that neither does.
        for sock in connections:
            sock.bound = sock.addr
        rule_again, blocker = ask(asks, tuple(held), context)
        rule = rule if blocker is None else rule_again
    if blocker is None:
        return decide(rule)
    return decide(rule, reason=sentence(rule, blocker), blocker=held[blocker])


def ask(sock: Sock, holders: types.Sequence[Sock], context: Context) -> types.Outcome:
    """Ask what bind() asks of *sock*, whose address and port are set already.

    *holders* have the port, newest first.
    """
    system = context.system
    for check in system.checks:
        rule = check(sock, context)
        if rule is not None:
            return rule, None
    rule, blocker = system.judge(sock, holders)
    if rule.error is None:
        for check in system.late_checks:
            late = check(sock, context)
            if late is not None:
                return late, None
    return rule, blocker


def ask_address(sock: Sock, context: Context) -> Rule | None:
    """Ask what bind() asks of the address where the port is 0."""
    for check in context.system.checks:
        rule = check(sock, context)
        if rule is not None:
            return rule
    return None


def sentence(rule: Rule, blocker: Sock) -> str:
    """Return the sentence for a person: who is in the way, and by which rule."""
    return f"{to_socket(blocker)} is in the way; {rule.sentence}"


def _sock(socket: Socket, context: Context) -> Sock:
    return from_socket(socket, v6only=context.v6only)
