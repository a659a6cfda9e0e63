"""The kernel's socket record, and its comparisons of two sockets.

The tables of sockets are in ``tcp`` and ``udp``. The code follows Linux 6.18,
net/ipv4/inet_connection_sock.c: every IPv4 address is kept as ``::ffff:a.b.c.d``, so an
AF_INET socket always has a mapped address. The kernel also keeps a 32-bit IPv4 address for
each socket, which is 127.0.0.6 (LOOPBACK4_IPV6) for a socket at a specific IPv6 address.
Options count as they are at the time of the check, not at the time of bind().
"""

from __future__ import annotations

from portranges.reuse.addresses import BROADCAST, is_loopback, is_mapped, is_multicast4, is_wild
from portranges.reuse.linux.rules import RULES
from portranges.reuse.linux.settings import LinuxSettings
from portranges.reuse.model import Rule, State
from portranges.reuse.sock import SockBase

# The kernel's states, as constants because a member of State is found more slowly. A socket with a
# port is CLOSED too, and FIN_WAIT2 is a TW with a mark.
CLOSED, LISTEN, CONN, TW = State.UNBOUND, State.LISTENING, State.CONNECTED, State.TIME_WAIT

LOOPBACK4_IPV6 = 0x7F000006

_KERNEL_STATES = {State.BOUND: CLOSED, State.FIN_WAIT_2: TW}


class Sock(SockBase):
    """A socket, or a closed connection that lingers (state TW).

    ``v4`` is the IPv4 address that it receives at (inet_rcv_saddr) and ``v4_source`` the one
    that it sends from (inet_saddr); they differ only after connect() over IPv6 set the first
    to 127.0.0.6. ``auto`` is SOCK_CONNECT_BIND: connect() chose the port. ``home`` is the
    bucket that holds a TCP socket.
    """

    __slots__ = (
        "addr_locked",
        "auto",
        "fin_wait_2",
        "home",
        "no_port",
        "port_locked",
        "port_range",
        "since",
        "state",
        "timestamps",
        "v4",
        "v4_source",
    )

    def begin(self) -> None:
        """Set the fields that are not in every system's record."""
        self.v4: int = 0
        self.v4_source: int = 0
        self.state: State = CLOSED
        self.addr_locked: bool = False
        self.port_locked: bool = False
        self.auto: bool = False
        self.no_port: bool = False
        self.port_range: tuple[int, int] | None = None
        self.since: float = 0.0
        self.timestamps: bool = False
        self.fin_wait_2: bool = False
        self.home: object = None

    def enter(self, state: State) -> None:
        """Bring a new record, which has its address and port, into *state*."""
        self.state = _KERNEL_STATES.get(state, state)
        self.fin_wait_2 = state is State.FIN_WAIT_2

    def shown_state(self) -> State:
        """Return the state in the terms of ``Socket``."""
        if self.state is CLOSED and (self.port or self.addr_locked):
            return State.BOUND
        return State.FIN_WAIT_2 if self.fin_wait_2 else self.state

    def set_addr(self, addr: int) -> None:
        """Set the address, and the IPv4 address that belongs to it."""
        self.addr = addr
        if is_mapped(addr):
            self.v4 = addr & 0xFFFFFFFF
        else:
            self.v4 = LOOPBACK4_IPV6 if addr else 0
        self.v4_source = self.v4


def covers(new: Sock, other: Sock, *, new_wild: bool = True, other_wild: bool = True) -> bool:
    """Return whether the addresses overlap; the flags are whether a wildcard matches all.

    This is ipv6_rcv_saddr_equal() and ipv4_rcv_saddr_equal(), with *new* as sk1.
    """
    # if (addr_type == IPV6_ADDR_MAPPED && addr_type2 == IPV6_ADDR_MAPPED)
    # An AF_INET socket is compared by IPv4 addresses only, 127.0.0.6 included.
    if not new.v6 or (is_mapped(new.addr) and is_mapped(other.addr)):
        return not other.v6only and (
            new.v4 == other.v4 or (new_wild and not new.v4) or (other_wild and not other.v4)
        )
    # if (addr_type == IPV6_ADDR_ANY && addr_type2 == IPV6_ADDR_ANY), whatever IPV6_V6ONLY
    if not new.addr and not other.addr:
        return True
    # if (addr_type2 == IPV6_ADDR_ANY && match_sk2_wildcard &&
    #     !(sk2_ipv6only && addr_type == IPV6_ADDR_MAPPED))
    if other_wild and not other.addr and not (other.v6only and is_mapped(new.addr)):
        return True
    # if (addr_type == IPV6_ADDR_ANY && match_sk1_wildcard &&
    #     !(sk1_ipv6only && addr_type2 == IPV6_ADDR_MAPPED))
    if new_wild and not new.addr and not (new.v6only and is_mapped(other.addr)):
        return True
    return new.addr == other.addr


def devices_overlap(a: Sock, b: Sock) -> bool:
    """Return whether a packet from one interface can reach both sockets."""
    # if (!sk->sk_bound_dev_if || !bound_dev_if2 || sk->sk_bound_dev_if == bound_dev_if2)
    return a.dev is None or b.dev is None or a.dev == b.dev


def why_shared(new: Sock, holder: Sock) -> Rule | None:
    """Return the rule by which *new* may share the port and address of *holder*, or None."""
    # if (sk->sk_reuse && sk2->sk_reuse && sk2->sk_state != TCP_LISTEN)
    if holder.r and new.r and holder.state is not LISTEN:
        return RULES["reuse-address"]
    # else if (!sk->sk_reuseport || !sk2->sk_reuseport ||
    #          (sk2->sk_state != TCP_TIME_WAIT && !uid_eq(uid, sk_uid(sk2)))) conflict
    shares = holder.rp and new.rp and (holder.state is TW or holder.uid == new.uid)
    return RULES["reuse-port"] if shares else None


def conflicts(new: Sock, holder: Sock) -> bool:
    """Return whether *holder* conflicts with *new* at an explicit port, addresses aside."""
    return holder is not new and devices_overlap(new, holder) and why_shared(new, holder) is None


def rules_out(new: Sock, holder: Sock, *, relax: bool) -> bool:
    """Return whether *holder* rules out its port as an automatic one, addresses aside.

    This is inet_bind_conflict() with reuseport_ok false: an automatic port is shared by
    SO_REUSEADDR only with *relax* (ip_autobind_reuse), and never by SO_REUSEPORT.
    """
    if holder is new or not devices_overlap(new, holder):
        return False
    # if (sk->sk_reuse && sk2->sk_reuse && sk2->sk_state != TCP_LISTEN)
    if new.r and holder.r and holder.state is not LISTEN:
        # if (!relax || (!reuseport_ok && sk->sk_reuseport && sk2->sk_reuseport &&
        #     (sk2->sk_state == TCP_TIME_WAIT || uid_eq(uid, sk_uid(sk2)))))
        return not relax or (new.rp and holder.rp and (holder.state is TW or new.uid == holder.uid))
    return True


def why_refused(new: Sock, holder: Sock) -> Rule:
    """Return the rule by which *holder* conflicts with *new*."""
    # why_shared() is None, so one part of each of its two conditions is missing.
    if holder.rp and new.rp:
        return RULES["uid"]
    if holder.r and new.r:
        return RULES["listener"]
    if holder.r or new.r or holder.rp or new.rp:
        return RULES["one-sided"]
    return RULES["no-sharing"]


def reason(rule: Rule, new: Sock, holder: Sock) -> str:
    """Return the reason of a refusal: the conflicting socket, the rule, and the details."""
    what = rule.sentence
    if rule is RULES["one-sided"]:
        options = (("SO_REUSEADDR", holder.r, new.r), ("SO_REUSEPORT", holder.rp, new.rp))
        lacks = [
            f"the {'existing' if holder_has else 'new'} socket has {option}, the other does not"
            for option, holder_has, new_has in options
            if holder_has is not new_has
        ]
        what = f"{what}: {'; '.join(lacks)}"
    elif rule is RULES["uid"]:
        what = f"{what}; uid {holder.uid} holds the port, the new socket has uid {new.uid}"
    text = f"conflicts with {holder.public()}; {what}"
    if holder.v6 and not is_mapped(holder.addr) and not new.v6:
        text += (
            "; a dual-stack socket holds the port on IPv4 too"
            if not holder.addr
            else "; a dual-stack socket at an IPv6 address also has the IPv4 address 127.0.0.6"
        )
    return text


def is_local(addr: int, local_addresses: frozenset[int] | None) -> bool:
    """Return whether *addr* is local on a machine with these addresses."""
    return local_addresses is None or is_wild(addr) or is_loopback(addr) or addr in local_addresses


def may_bind(addr: int, local_addresses: frozenset[int] | None) -> bool:
    """Return whether a socket may be bound to *addr* on a machine with these addresses.

    IPv4 multicast and 255.255.255.255 are allowed: inet_addr_valid_or_nonlocal().
    """
    return is_local(addr, local_addresses) or is_multicast4(addr) or addr == BROADCAST


def port_range(settings: LinuxSettings, sock: Sock) -> tuple[int, int]:
    """Return the first and last port that can be chosen for *sock*.

    A bound of IP_LOCAL_PORT_RANGE counts only inside the sysctl's range:
    ``if (lo <= sk_lo && sk_lo <= hi) lo = sk_lo;``, then the same for the upper bound.
    """
    ports = settings.ip_local_port_range
    low, high = ports.first, ports.last
    if sock.port_range is not None:
        first, last = sock.port_range
        low = first if low <= first <= high else low
        high = last if low <= last <= high else high
    return low, high
