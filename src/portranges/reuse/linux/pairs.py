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
from portranges.reuse import model
from portranges.reuse.addresses import ANY4, Kind, is_mapped, kind_of
from portranges.reuse.linux.rules import RULES
from portranges.reuse.linux.settings import DEFAULTS, LinuxSettings
from portranges.reuse.linux.sock import (
    CLOSED,
    LISTEN,
    Sock,
    covers,
    devices_overlap,
    may_bind,
    reason,
    why_refused,
    why_shared,
)
from portranges.reuse.model import Decision, Options, RefusedOption, Rule, Socket

# The scopes of the interface and the link, among those of ff00::/8.
_NEAR_SCOPES = (1, 2)
# The broadcast address of lo, which every machine has.
_LOOPBACK_BROADCAST = ANY4 | 0x7FFFFFFF


def can_bind(
    new: Socket,
    existing: types.Sequence[Socket],
    *,
    settings: types.ReuseSettings | None = None,
    local_addresses: frozenset[int] | None = None,
) -> Decision:
    """Return whether Linux allows *new* to be bound next to *existing*.

    The decision's blocker is the first conflicting socket of *existing*. *local_addresses* are
    the machine's addresses as numbers of 128 bits, apart from the loopback addresses of a new
    machine.
    """
    sysctls = model.checked_settings(settings, DEFAULTS)
    model.check_bindable(new)
    sock = _sock(new, sysctls)
    local = sysctls.ip_nonlocal_bind or may_bind(sock.addr, local_addresses)
    refusal = check(sock, sock.addr, sock.port, sysctls, local=local)
    if refusal is not None:
        return model.decide(refusal)
    if not sock.port:
        return model.decide(RULES["chosen"])
    shares: Rule | None = None
    for socket in existing:
        if socket.port != sock.port or socket.transport is not new.transport:
            continue
        holder = _sock(socket, sysctls)
        # bind() to a specific IPv6 address makes a socket IPv6-only. connect() and accept(),
        # which may move a socket there from the wildcard, do not; and a socket that is
        # explicitly dual-stack there may have become so later.
        bound = holder.state in (CLOSED, LISTEN) and socket.v6only is None
        if bound and holder.addr and not is_mapped(holder.addr):
            holder.v6only = True
        if not devices_overlap(sock, holder) or not covers(sock, holder):
            continue
        sharing = why_shared(sock, holder)
        if sharing is None:
            rule = why_refused(sock, holder)
            return model.decide(rule, reason=reason(rule, sock, holder), blocker=socket)
        shares = shares or sharing
    return model.decide(shares or RULES["free"])


def check(
    sock: Sock, addr: int, port: int, settings: LinuxSettings, *, local: bool, in_use: bool = False
) -> Rule | None:
    """Return the rule that refuses *addr* and *port* before other sockets are compared.

    *in_use* means that the socket already has a port or is not closed. The checks are in the
    order of __inet_bind() and __inet6_bind(), which differ.
    """
    multicast = sock.v6 and kind_of(addr) is Kind.MULTICAST and not is_mapped(addr)
    # if ((addr_type & IPV6_ADDR_MULTICAST) && sk->sk_type == SOCK_STREAM) return -EINVAL;
    if multicast and sock.tcp:
        return RULES["multicast"]
    # if (!inet_addr_valid_or_nonlocal(net, inet, addr->sin_addr.s_addr, chk_addr_ret))
    if not sock.v6 and not local:
        return RULES["not-local"]
    # if (snum && inet_port_requires_bind_service(net, snum) &&
    #     !ns_capable(net->user_ns, CAP_NET_BIND_SERVICE)) return -EACCES;
    if 0 < port < settings.ip_unprivileged_port_start and not sock.privileged:
        return RULES["privileged"]
    # if (sk->sk_state != TCP_CLOSE || inet->inet_num) err = -EINVAL;
    if in_use:
        return RULES["has-port"]
    if not sock.v6:
        return None
    # if (ipv6_only_sock(sk)) err = -EINVAL; for IPV6_ADDR_MAPPED
    if sock.v6only and is_mapped(addr):
        return RULES["mapped-v6only"]
    # if (__ipv6_addr_needs_scope_id(addr_type) && !sk->sk_bound_dev_if) err = -EINVAL;
    if _needs_zone(addr) and sock.dev is None:
        return RULES["link-local"]
    return None if local or multicast else RULES["not-local"]


def check_peer(sock: Sock, dst: int) -> Rule | None:
    """Return the rule that refuses *dst* as a peer before there is a route, or None.

    An interface's own broadcast address is refused too, but netmasks are not known here.
    """
    kind = kind_of(dst)
    if is_mapped(dst):
        # if (rt->rt_flags & (RTCF_MULTICAST | RTCF_BROADCAST)) return -ENETUNREACH;
        broadcast = kind is Kind.BROADCAST or dst == _LOOPBACK_BROADCAST
        if sock.tcp and (broadcast or kind is Kind.MULTICAST):
            return RULES["connect-no-host"]
        # if ((rt->rt_flags & RTCF_BROADCAST) && !sock_flag(sk, SOCK_BROADCAST)) err = -EACCES;
        return RULES["connect-broadcast"] if broadcast else None
    # if (addr_type & IPV6_ADDR_MULTICAST) return -ENETUNREACH;
    if sock.tcp and kind is Kind.MULTICAST:
        return RULES["connect-no-host"]
    # if (!sk->sk_bound_dev_if) return -EINVAL; of an address that needs a scope
    return RULES["connect-link-local"] if _needs_zone(dst) and sock.dev is None else None


def _needs_zone(addr: int) -> bool:
    """Return whether an IPv6 address requires an interface: __ipv6_addr_needs_scope_id()."""
    if is_mapped(addr):
        return False
    kind = kind_of(addr)
    near = kind is Kind.MULTICAST and addr >> 112 & 0xF in _NEAR_SCOPES
    return near or kind is Kind.LINK_LOCAL


def refused_option(options: Socket | Options) -> RefusedOption | None:
    """Return why setsockopt() fails for one of *options*, or None."""
    for name, given in (("exclusive", options.exclusive), ("load_balance", options.load_balance)):
        if given:
            message = f"a Linux socket has no {name} option"
            return RefusedOption(rule=RULES["no-option"], message=message, got=name)
    return None


def _sock(socket: Socket, settings: LinuxSettings) -> Sock:
    model.check_option(refused_option(socket), socket)
    return Sock.of(socket, default_v6only=settings.bindv6only)
