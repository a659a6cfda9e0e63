"""can_bind for Linux: the rule without history.

The kernel's answer depends on history, which ``tcp`` and ``udp`` keep. The kernel sometimes
accepts what this rule refuses, and never the reverse. There are five cases, all measured:

1. A TCP port remembers one SO_REUSEPORT socket. A later socket of the same owner whose
   address is covered by the remembered one is not compared with any other, even if a third
   socket, without SO_REUSEPORT or of another owner, conflicts with it.
2. For that comparison ``::`` equals ``::`` whatever IPV6_V6ONLY is, and a remembered
   ``0.0.0.0`` covers a dual-stack ``::``.
3. An accepted socket belongs to the user who called accept(), while the port remembers the
   listener's owner.
4. UDP stops comparing at the first SO_REUSEPORT socket of the same owner.
5. A dual-stack socket at an IPv6 address also has the IPv4 address 127.0.0.6. TCP finds it
   from ``0.0.0.0`` but not from 127.0.0.6, and neither does UDP if the port has more than ten
   sockets. connect() or accept() can move a socket there from ``::``. bind() sets IPV6_V6ONLY
   at such an address, but the option can be cleared once a refused connect() has taken the
   port away.
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
    devices_overlap,
    from_socket,
    may_bind,
    may_share,
    reason,
    why_refused,
    why_shared,
)
from portranges.reuse.model import Decision, RefusedOption, Rule, Socket, check_bindable, decide

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
    """Return whether Linux allows *new* to be bound next to *existing*.

    Args:
        new: The new socket; ``state="listening"`` means bind() and then listen().
        existing: The sockets of the machine, or those that matter.
        settings: The machine's sysctls; the defaults of a new namespace if None.
        local_addresses: The machine's addresses as numbers of 128 bits, apart from
            loopback; every address by default.

    Returns:
        The decision; its blocker is the first conflicting socket of *existing*.

    Raises:
        InvalidSocketError: A socket has an option that does not exist on Linux, or *new* is
            connected.
        TypeError: *settings* is not LinuxSettings.

    Source:
        Linux 6.18, net/ipv4/inet_connection_sock.c and net/ipv4/udp.c.

    Example:
        >>> from portranges.reuse import Socket
        >>> old = Socket(transport="tcp", address="::", port=80, state="listening")
        >>> can_bind(Socket(transport="tcp", address="0.0.0.0", port=80), [old]).error
        'EADDRINUSE'
    """
    sysctls = checked_settings(settings)
    check_bindable(new)
    sock = _sock(new, sysctls)
    local = sysctls.ip_nonlocal_bind or may_bind(sock.addr, local_addresses)
    refusal = check(sock, sock.addr, sock.port, sysctls, local=local)
    if refusal is not None:
        return decide(refusal)
    if not sock.port:
        return decide(rules.CHOSEN)
    shares: Rule | None = None
    for socket in existing:
        if socket.port != sock.port or socket.transport is not new.transport:
            continue
        holder = _sock(socket, sysctls)
        # bind() to a specific IPv6 address makes a socket IPv6-only. connect() and accept(),
        # which may move a socket there from the wildcard, do not; and a socket that is
        # explicitly dual-stack there may have become so later.
        bound = holder.state in (CLOSED, LISTEN) and socket.v6only is None
        if bound and holder.addr and holder.addr >> 32 != MAPPED:
            holder.v6only = True
        if not devices_overlap(sock, holder) or not covers(sock, holder):
            continue
        if not may_share(holder, sock):
            rule = why_refused(sock, holder)
            return decide(rule, reason=reason(rule, sock, holder), blocker=socket)
        shares = shares or why_shared(sock, holder)
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
    """Return the rule that refuses *addr* and *port* before other sockets are compared.

    *in_use* means that the socket already has a port or is not closed. The checks are in the
    order of __inet_bind() and __inet6_bind(), which differ.
    """
    multicast = sock.v6 and addr >> 120 == _MULTICAST
    # if ((addr_type & IPV6_ADDR_MULTICAST) && sk->sk_type == SOCK_STREAM) return -EINVAL;
    if multicast and sock.tcp:
        return rules.MULTICAST
    # if (!inet_addr_valid_or_nonlocal(net, inet, addr->sin_addr.s_addr, chk_addr_ret))
    if not sock.v6 and not local:
        return rules.NOT_LOCAL
    # if (snum && inet_port_requires_bind_service(net, snum) &&
    #     !ns_capable(net->user_ns, CAP_NET_BIND_SERVICE)) return -EACCES;
    if 0 < port < settings.ip_unprivileged_port_start and not sock.privileged:
        return rules.PRIVILEGED
    # if (sk->sk_state != TCP_CLOSE || inet->inet_num) err = -EINVAL;
    if in_use:
        return rules.HAS_PORT
    if not sock.v6:
        return None
    # if (ipv6_only_sock(sk)) err = -EINVAL; for IPV6_ADDR_MAPPED
    if sock.v6only and addr >> 32 == MAPPED:
        return rules.MAPPED_V6ONLY
    # if (__ipv6_addr_needs_scope_id(addr_type) && !sk->sk_bound_dev_if) err = -EINVAL;
    of_a_link = addr >> 118 == _LINK_LOCAL or (multicast and addr >> 112 & 0xF in _NEAR_SCOPES)
    if of_a_link and sock.dev is None:
        return rules.LINK_LOCAL
    return None if local or multicast else rules.NOT_LOCAL


def check_options(shown: str, **options: bool | None) -> None:
    """Raise if one of *options*, which do not exist on Linux, is set."""
    refusal = _no_option(options)
    if refusal is not None:
        raise InvalidSocketError(refusal.message, f"{shown} with {refusal.got}")


def refused_option(socket: Socket) -> RefusedOption | None:
    """Return why setsockopt() fails for an option of *socket*, or None."""
    return _no_option({"exclusive": socket.exclusive, "load_balance": socket.load_balance})


def _no_option(options: types.Mapping[str, bool | None]) -> RefusedOption | None:
    for name, option in options.items():
        if option:
            message = f"a Linux socket has no {name} option"
            return RefusedOption(rule=rules.NO_OPTION, message=message, got=name)
    return None


def _sock(socket: Socket, settings: LinuxSettings) -> Sock:
    check_options(str(socket), exclusive=socket.exclusive, load_balance=socket.load_balance)
    return from_socket(socket, v6only=settings.bindv6only)
