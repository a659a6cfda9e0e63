"""Linux: may this socket be bound next to those? The rule without history.

What lives here: can_bind for Linux.
What must not: a memory of earlier sockets. A port has one (``tcp``), and so
the kernel now and then accepts what this rule refuses; never the reverse. It
happens in five cases, all measured:

1. A TCP port remembers one SO_REUSEPORT socket. A later one of the same owner
   whose address that one covers is let in unchecked, though a third socket,
   without SO_REUSEPORT or of another owner, is in its way.
2. That memory takes ``::`` for ``::`` whatever IPV6_V6ONLY says, and lets a
   remembered ``0.0.0.0`` cover a dual-stack ``::``.
3. An accepted socket belongs to whoever called accept(), while the port
   remembers the listener's owner.
4. UDP stops looking at the first SO_REUSEPORT partner of the same owner.
5. A dual-stack socket at an IPv6 address has IPv4 address 127.0.0.6 beside
   its own. TCP finds it from ``0.0.0.0``, and not from 127.0.0.6; nor does UDP
   where a port has more than ten sockets. Such a socket
   is one that connect() or accept() took there from ``::``, or one whose
   IPV6_V6ONLY, which bind() sets there, was cleared later: the option may be
   cleared when a connect() that was refused has taken the port away.
"""

from __future__ import annotations

from portranges import types
from portranges.errors import InvalidSocketError
from portranges.reuse.addresses import MAPPED
from portranges.reuse.linux import rules
from portranges.reuse.linux.settings import LinuxSettings, checked_settings
from portranges.reuse.linux.sock import (
    CLOSED,
    LISTEN,
    Sock,
    covers,
    devices_meet,
    from_socket,
    may_bind,
    may_share,
    reason,
    why_refused,
    why_shared,
)
from portranges.reuse.model import Decision, RefusedOption, Rule, Socket, check_asks, decide

__all__ = ["can_bind", "check", "check_options", "refused_option"]

# The first ten bits of fe80::/10.
_LINK_LOCAL = 0xFE80 >> 6
# ff00::/8, and of its scopes the interface's and the link's.
_MULTICAST = 0xFF
_NEAR_SCOPES = (1, 2)


def can_bind(
    new: Socket,
    existing: types.Sequence[Socket],
    *,
    settings: types.ReuseSettings | None = None,
    local_addresses: frozenset[int] | None = None,
) -> Decision:
    """Return whether Linux lets *new* be bound next to *existing*.

    Args:
        new: The socket that asks; ``state="listening"`` asks for bind() and
            then listen().
        existing: The sockets of the machine, or those that matter.
        settings: The machine's sysctls; those of a new namespace by default.
        local_addresses: The machine's addresses as numbers of 128 bits,
            loopback apart; every address by default.

    Returns:
        The decision; its blocker is the first of *existing* in the way.

    Raises:
        InvalidSocketError: A socket has an option that Linux has not, or
            *new* is connected.
        TypeError: *settings* are no LinuxSettings.

    Source:
        Linux 6.18, net/ipv4/inet_connection_sock.c and net/ipv4/udp.c.

    Example:
        >>> from portranges.reuse import Socket
        >>> old = Socket(transport="tcp", address="::", port=80, state="listening")
        >>> can_bind(Socket(transport="tcp", address="0.0.0.0", port=80), [old]).error
        'EADDRINUSE'
    """
    sysctls = checked_settings(settings)
    check_asks(new)
    asks = _sock(new, sysctls)
    local = sysctls.ip_nonlocal_bind or may_bind(asks.addr, local_addresses)
    refusal = check(asks, asks.addr, asks.port, sysctls, local=local)
    if refusal is not None:
        return decide(refusal)
    if not asks.port:
        return decide(rules.CHOSEN)
    shares: Rule | None = None
    for socket in existing:
        if socket.port != asks.port or socket.transport is not new.transport:
            continue
        holder = _sock(socket, sysctls)
        # bind() to a specific IPv6 address makes a socket IPv6-only. One that
        # connect() or accept() took there, from the wildcard, it leaves alone,
        # and one that is said to be dual-stack there may have become so later.
        bound = holder.state in (CLOSED, LISTEN) and socket.v6only is None
        if bound and holder.addr and holder.addr >> 32 != MAPPED:
            holder.v6only = True
        if not devices_meet(asks, holder) or not covers(asks, holder):
            continue
        if not may_share(holder, asks):
            rule = why_refused(asks, holder)
            return decide(rule, reason=reason(rule, asks, holder), blocker=socket)
        shares = shares or why_shared(asks, holder)
    return decide(shares or rules.FREE)


def check(
    sock: Sock,
    addr: int,
    port: int,
    settings: LinuxSettings,
    *,
    local: bool,
    in_use: bool = False,
) -> Rule | None:
    """Return the rule that refuses *addr* and *port* before other sockets matter.

    *in_use*: the socket has a port already, or is not closed. The order is the
    kernel's; it differs between AF_INET and AF_INET6.
    """
    multicast = sock.v6 and addr >> 120 == _MULTICAST
    if multicast and sock.tcp:
        return rules.MULTICAST
    if not sock.v6 and not local:
        return rules.NOT_LOCAL
    if 0 < port < settings.ip_unprivileged_port_start and not sock.privileged:
        return rules.PRIVILEGED
    if in_use:
        return rules.HAS_PORT
    if not sock.v6:
        return None
    if sock.v6only and addr >> 32 == MAPPED:
        return rules.MAPPED_V6ONLY
    of_a_link = addr >> 118 == _LINK_LOCAL or (multicast and addr >> 112 & 0xF in _NEAR_SCOPES)
    if of_a_link and sock.dev is None:
        return rules.LINK_LOCAL
    return None if local or multicast else rules.NOT_LOCAL


def check_options(shown: str, **options: bool | None) -> None:
    """Raise where one of *options*, which Linux has not, is set on a socket."""
    refusal = _no_option(options)
    if refusal is not None:
        raise InvalidSocketError(refusal.wrong, f"{shown} with {refusal.got}")


def refused_option(socket: Socket) -> RefusedOption | None:
    """Return why Linux refuses *socket* an option, before bind(); None if not."""
    return _no_option({"exclusive": socket.exclusive, "load_balance": socket.load_balance})


def _no_option(options: types.Mapping[str, bool | None]) -> RefusedOption | None:
    for name, option in options.items():
        if option:
            wrong = f"a Linux socket has no {name} option"
            return RefusedOption(row=rules.NO_OPTION, wrong=wrong, got=name)
    return None


def _sock(socket: Socket, settings: LinuxSettings) -> Sock:
    check_options(str(socket), exclusive=socket.exclusive, load_balance=socket.load_balance)
    return from_socket(socket, v6only=settings.bindv6only)
