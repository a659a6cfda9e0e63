"""The kernel's socket record, and its comparisons of two sockets.

The tables of sockets are in ``tcp`` and ``udp``. The code follows Linux 6.18,
net/ipv4/inet_connection_sock.c: every IPv4 address is kept as ``::ffff:a.b.c.d``, so an
AF_INET socket always has a mapped address. The kernel also keeps a 32-bit IPv4 address for
each socket, which is 127.0.0.6 (LOOPBACK4_IPV6) for a socket at a specific IPv6 address.
Options count as they are at the time of the check, not at the time of bind().
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from portranges.ports import Transport
from portranges.reuse.addresses import ANY4, ANY6, MAPPED, is_loopback, is_wild
from portranges.reuse.linux import rules
from portranges.reuse.linux.settings import LinuxSettings
from portranges.reuse.model import Rule, Socket, State, address_number, known_socket

__all__ = [
    "CLOSED",
    "CONN",
    "LISTEN",
    "LOOPBACK4_IPV6",
    "TW",
    "Sock",
    "conflicts",
    "covers",
    "devices_overlap",
    "from_socket",
    "is_local",
    "may_bind",
    "may_share",
    "port_range",
    "reason",
    "rules_out",
    "to_address",
    "to_socket",
    "why_refused",
    "why_shared",
]

CLOSED, LISTEN, CONN, TW = range(4)

LOOPBACK4_IPV6 = 0x7F000006


class Sock:
    """A socket, or a closed connection that lingers (state TW).

    The short names are close to the kernel's: ``r`` is SO_REUSEADDR (sk_reuse), ``rp``
    SO_REUSEPORT (sk_reuseport), ``dev`` the device (sk_bound_dev_if). ``v4`` is the IPv4
    address that it receives at (inet_rcv_saddr) and ``v4_source`` the one that it sends from
    (inet_saddr); they differ only after connect() over IPv6 set the first to 127.0.0.6.
    ``auto`` is SOCK_CONNECT_BIND: connect() chose the port. ``home`` is the bucket that holds
    a TCP socket.
    """

    __slots__ = (
        "addr",
        "addr_locked",
        "auto",
        "dev",
        "dport",
        "dst",
        "fin_wait_2",
        "home",
        "no_port",
        "number",
        "port",
        "port_locked",
        "port_range",
        "privileged",
        "r",
        "rp",
        "since",
        "state",
        "tcp",
        "timestamps",
        "uid",
        "v4",
        "v4_source",
        "v6",
        "v6only",
    )

    def __init__(self, *, tcp: bool, v6: bool, v6only: bool, r: bool, rp: bool, uid: int) -> None:
        """Create an unbound socket."""
        self.tcp: bool = tcp
        self.v6: bool = v6
        self.addr: int = ANY6 if v6 else ANY4
        self.v4: int = 0
        self.v4_source: int = 0
        self.v6only: bool = v6only
        self.r: bool = r
        self.rp: bool = rp
        self.uid: int = uid
        self.dev: str | None = None
        self.state: int = CLOSED
        self.port: int = 0
        self.addr_locked: bool = False
        self.port_locked: bool = False
        self.auto: bool = False
        self.privileged: bool = uid == 0
        self.no_port: bool = False
        self.port_range: tuple[int, int] | None = None
        self.dst: int | None = None
        self.dport: int = 0
        self.since: float = 0.0
        self.timestamps: bool = False
        self.fin_wait_2: bool = False
        self.number: int = 0
        self.home: object = None

    def set_addr(self, addr: int) -> None:
        """Set the address, and the IPv4 address that belongs to it."""
        self.addr = addr
        if addr >> 32 == MAPPED:
            self.v4 = addr & 0xFFFFFFFF
        else:
            self.v4 = LOOPBACK4_IPV6 if addr else 0
        self.v4_source = self.v4

    def reset_addr(self) -> None:
        """Set the address to the wildcard of the socket's family."""
        self.addr = ANY6 if self.v6 else ANY4
        self.v4 = self.v4_source = 0


def covers(new: Sock, other: Sock, *, new_wild: bool = True, other_wild: bool = True) -> bool:
    """Return whether the addresses overlap; a flag says whether a wildcard matches all.

    This is ipv6_rcv_saddr_equal() and ipv4_rcv_saddr_equal(), with *new* as sk1.
    """
    mapped = new.addr >> 32 == MAPPED
    other_mapped = other.addr >> 32 == MAPPED
    # if (addr_type == IPV6_ADDR_MAPPED && addr_type2 == IPV6_ADDR_MAPPED)
    # An AF_INET socket is compared by IPv4 addresses only, 127.0.0.6 included.
    if not new.v6 or (mapped and other_mapped):
        return not other.v6only and (
            new.v4 == other.v4 or (new_wild and not new.v4) or (other_wild and not other.v4)
        )
    # if (addr_type == IPV6_ADDR_ANY && addr_type2 == IPV6_ADDR_ANY), whatever IPV6_V6ONLY
    if not new.addr and not other.addr:
        return True
    # if (addr_type2 == IPV6_ADDR_ANY && match_sk2_wildcard &&
    #     !(sk2_ipv6only && addr_type == IPV6_ADDR_MAPPED))
    if other_wild and not other.addr and not (other.v6only and mapped):
        return True
    # if (addr_type == IPV6_ADDR_ANY && match_sk1_wildcard &&
    #     !(sk1_ipv6only && addr_type2 == IPV6_ADDR_MAPPED))
    if new_wild and not new.addr and not (new.v6only and other_mapped):
        return True
    return new.addr == other.addr


def devices_overlap(a: Sock, b: Sock) -> bool:
    """Return whether a packet from one interface can reach both sockets."""
    # if (!sk->sk_bound_dev_if || !bound_dev_if2 || sk->sk_bound_dev_if == bound_dev_if2)
    return a.dev is None or b.dev is None or a.dev == b.dev


def may_share(holder: Sock, new: Sock) -> bool:
    """Return whether *new* may share the port and address of *holder*."""
    # if (sk->sk_reuse && sk2->sk_reuse && sk2->sk_state != TCP_LISTEN)
    if holder.r and new.r and holder.state != LISTEN:
        return True
    # else if (!sk->sk_reuseport || !sk2->sk_reuseport ||
    #          (sk2->sk_state != TCP_TIME_WAIT && !uid_eq(uid, sk_uid(sk2)))) conflict
    return holder.rp and new.rp and (holder.state == TW or holder.uid == new.uid)


def conflicts(new: Sock, holder: Sock) -> bool:
    """Return whether *holder* conflicts with *new* at an explicit port, addresses aside."""
    return holder is not new and devices_overlap(new, holder) and not may_share(holder, new)


def rules_out(new: Sock, holder: Sock, *, relax: bool) -> bool:
    """Return whether *holder* rules out its port as an automatic one, addresses aside.

    This is inet_bind_conflict() with reuseport_ok false: an automatic port is shared by
    SO_REUSEADDR only with *relax* (ip_autobind_reuse), and never by SO_REUSEPORT.
    """
    if holder is new or not devices_overlap(new, holder):
        return False
    # if (sk->sk_reuse && sk2->sk_reuse && sk2->sk_state != TCP_LISTEN)
    if new.r and holder.r and holder.state != LISTEN:
        # if (!relax || (!reuseport_ok && sk->sk_reuseport && sk2->sk_reuseport &&
        #     (sk2->sk_state == TCP_TIME_WAIT || uid_eq(uid, sk_uid(sk2)))))
        return not relax or (new.rp and holder.rp and (holder.state == TW or new.uid == holder.uid))
    return True


def why_refused(new: Sock, holder: Sock) -> Rule:
    """Return the rule by which *holder* conflicts with *new*."""
    if holder.rp and new.rp:
        return rules.UID
    if holder.r and new.r:
        return rules.LISTENER
    if holder.r or new.r or holder.rp or new.rp:
        return rules.ONE_SIDED
    return rules.NO_SHARING


def why_shared(new: Sock, holder: Sock) -> Rule:
    """Return the rule by which *new* may share the port of *holder*."""
    if holder.r and new.r and holder.state != LISTEN:
        return rules.SHARED_ADDRESS
    return rules.SHARED_PORT


def reason(rule: Rule, new: Sock, holder: Sock) -> str:
    """Return the reason of a refusal: the conflicting socket, the rule, and the details."""
    what = rule.sentence
    if rule is rules.ONE_SIDED:
        lacks = [
            f"the {which} socket has {option}, the other does not"
            for option, holder_has, new_has in (
                ("SO_REUSEADDR", holder.r, new.r),
                ("SO_REUSEPORT", holder.rp, new.rp),
            )
            for which, has, other in (
                ("existing", holder_has, new_has),
                ("new", new_has, holder_has),
            )
            if has and not other
        ]
        what = f"{what}: {'; '.join(lacks)}"
    elif rule is rules.UID:
        what = f"{what}; uid {holder.uid} holds the port, the new socket has uid {new.uid}"
    text = f"conflicts with {to_socket(holder)}; {what}"
    if holder.v6 and holder.addr >> 32 != MAPPED and not new.v6:
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
    return (
        is_local(addr, local_addresses)
        or addr >> 28 == (MAPPED << 4 | 0xE)
        or addr == ANY4 | 0xFFFFFFFF
    )


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


_STATES = {LISTEN: State.LISTENING, CONN: State.CONNECTED}
_FROM_STATE = {
    State.UNBOUND: CLOSED,
    State.BOUND: CLOSED,
    State.LISTENING: LISTEN,
    State.CONNECTED: CONN,
    State.FIN_WAIT_2: TW,
    State.TIME_WAIT: TW,
}


def to_address(sock: Sock) -> IPv4Address | IPv6Address:
    """Return the socket's address as ``ipaddress`` has it."""
    if sock.v6:
        return IPv6Address(sock.addr)
    return IPv4Address(sock.addr & 0xFFFFFFFF)


def to_socket(sock: Sock) -> Socket:
    """Return the public record of *sock*."""
    if sock.state == TW:
        state = State.FIN_WAIT_2 if sock.fin_wait_2 else State.TIME_WAIT
    elif sock.state == CLOSED:
        state = State.BOUND if sock.port or sock.addr_locked else State.UNBOUND
    else:
        state = _STATES[sock.state]
    return known_socket(
        transport=Transport.TCP if sock.tcp else Transport.UDP,
        address=to_address(sock),
        port=sock.port,
        v6only=sock.v6only if sock.v6 else None,
        reuse_address=sock.r,
        reuse_port=sock.rp,
        uid=sock.uid,
        privileged=sock.privileged,
        device=sock.dev,
        state=state,
    )


def from_socket(socket: Socket, *, v6only: bool) -> Sock:
    """Return the kernel's record of *socket*; *v6only* is the default of the option."""
    address = socket.address
    v6 = address.version == 6
    sock = Sock(
        tcp=socket.transport is Transport.TCP,
        v6=v6,
        v6only=v6 and (v6only if socket.v6only is None else socket.v6only),
        r=socket.reuse_address,
        rp=socket.reuse_port,
        uid=socket.uid,
    )
    sock.set_addr(address_number(address))
    sock.port = socket.port
    sock.dev = socket.device
    if socket.privileged is not None:
        sock.privileged = socket.privileged
    sock.state = _FROM_STATE[socket.state]
    sock.fin_wait_2 = socket.state is State.FIN_WAIT_2
    return sock
