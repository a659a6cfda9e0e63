"""The kernel's socket record, and its predicates over two of them.

What lives here: Sock, the address predicates, who may share a port with whom,
and the way between Sock and the wing's Socket.
What must not: any list of sockets (``tcp``, ``udp``).

Facts the code relies on (Linux 6.18, net/ipv4/inet_connection_sock.c):
every IPv4 address is kept as ``::ffff:a.b.c.d``, so an AF_INET socket is
always mapped; beside it the kernel keeps a 32-bit IPv4 address, the shadow,
which a socket at a specific IPv6 address has as 127.0.0.6 (LOOPBACK4_IPV6).
Options count as they are at the moment of the check, not of the bind().
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
    "covers",
    "devices_meet",
    "from_socket",
    "in_the_way",
    "in_the_way_of_choice",
    "is_local",
    "may_bind",
    "may_share",
    "port_range",
    "reason",
    "to_address",
    "to_socket",
    "why_refused",
    "why_shared",
]

CLOSED, LISTEN, CONN, TW = range(4)

LOOPBACK4_IPV6 = 0x7F000006


class Sock:
    """A socket, or a closed connection that lingers (state TW).

    ``v4`` is what it receives at over IPv4 (inet_rcv_saddr), ``v4_source`` what it
    sends from (inet_saddr): two only where connect() over IPv6 gave the shadow.
    ``auto`` is the kernel's SOCK_CONNECT_BIND: connect() chose the port.
    ``home`` is the bucket that holds the socket, TCP only.
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
        """Make an unbound socket."""
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
        """Give the socket an address and the shadow that goes with it."""
        self.addr = addr
        if addr >> 32 == MAPPED:
            self.v4 = addr & 0xFFFFFFFF
        else:
            self.v4 = LOOPBACK4_IPV6 if addr else 0
        self.v4_source = self.v4

    def reset_addr(self) -> None:
        """Give the socket back the wildcard address of its family."""
        self.addr = ANY6 if self.v6 else ANY4
        self.v4 = self.v4_source = 0


def covers(new: Sock, other: Sock, *, new_wild: bool = True, other_wild: bool = True) -> bool:
    """Tell whether the addresses meet; a wildcard meets all if its flag says so."""
    mapped = new.addr >> 32 == MAPPED
    other_mapped = other.addr >> 32 == MAPPED
    if not new.v6 or (mapped and other_mapped):
        # An AF_INET socket meets the shadow of one at an IPv6 address.
        return not other.v6only and (
            new.v4 == other.v4 or (new_wild and not new.v4) or (other_wild and not other.v4)
        )
    if not new.addr and not other.addr:
        return True  # :: and ::, whatever IPV6_V6ONLY says
    if other_wild and not other.addr and not (other.v6only and mapped):
        return True
    if new_wild and not new.addr and not (new.v6only and other_mapped):
        return True
    return new.addr == other.addr


def devices_meet(a: Sock, b: Sock) -> bool:
    """Tell whether a packet from one interface can reach both."""
    return a.dev is None or b.dev is None or a.dev == b.dev


def may_share(holder: Sock, new: Sock) -> bool:
    """Tell whether *new* may have the port and address that *holder* has."""
    if holder.r and new.r and holder.state != LISTEN:
        return True
    return holder.rp and new.rp and (holder.state == TW or holder.uid == new.uid)


def in_the_way(new: Sock, holder: Sock) -> bool:
    """Tell whether *holder* refuses *new* an explicit port, addresses aside."""
    return holder is not new and devices_meet(new, holder) and not may_share(holder, new)


def in_the_way_of_choice(new: Sock, holder: Sock, *, relax: bool) -> bool:
    """Tell whether *holder* makes its port a bad choice for *new*, addresses aside.

    A port that the system chooses is shared less: SO_REUSEPORT never helps,
    SO_REUSEADDR only with *relax* (ip_autobind_reuse).
    """
    if holder is new or not devices_meet(new, holder):
        return False
    if new.r and holder.r and holder.state != LISTEN:
        return not relax or (new.rp and holder.rp and (holder.state == TW or new.uid == holder.uid))
    return True


def why_refused(new: Sock, holder: Sock) -> Rule:
    """Return the rule by which *holder* refuses *new* its port."""
    if holder.rp and new.rp:
        return rules.UID
    if holder.r and new.r:
        return rules.LISTENER
    if holder.r or new.r or holder.rp or new.rp:
        return rules.ONE_SIDED
    return rules.NO_SHARING


def why_shared(new: Sock, holder: Sock) -> Rule:
    """Return the rule by which *new* may have what *holder* has."""
    if holder.r and new.r and holder.state != LISTEN:
        return rules.SHARED_ADDRESS
    return rules.SHARED_PORT


def reason(rule: Rule, new: Sock, holder: Sock) -> str:
    """Return the sentence for a person: who holds what, and which rule refuses."""
    what = rule.sentence
    if rule is rules.ONE_SIDED:
        lacks = [
            f"the {who} socket has {option}, the other does not"
            for option, held, asked in (
                ("SO_REUSEADDR", holder.r, new.r),
                ("SO_REUSEPORT", holder.rp, new.rp),
            )
            for who, has, other in (("holding", held, asked), ("new", asked, held))
            if has and not other
        ]
        what = f"{what}: {'; '.join(lacks)}"
    elif rule is rules.UID:
        what = f"{what}; here uid {holder.uid} holds it and uid {new.uid} asks"
    text = f"{to_socket(holder)} is in the way; {what}"
    if holder.v6 and holder.addr >> 32 != MAPPED and not new.v6:
        text += (
            "; a dual-stack socket holds the IPv4 side too"
            if not holder.addr
            else "; a dual-stack socket at an IPv6 address has IPv4 address 127.0.0.6 too"
        )
    return text


def is_local(addr: int, local_addresses: frozenset[int] | None) -> bool:
    """Tell whether *addr* is an address of a machine that has these."""
    return local_addresses is None or is_wild(addr) or is_loopback(addr) or addr in local_addresses


def may_bind(addr: int, local_addresses: frozenset[int] | None) -> bool:
    """Tell whether a machine with these addresses may bind *addr*.

    IPv4 multicast and 255.255.255.255 it may (inet_addr_valid_or_nonlocal).
    """
    return (
        is_local(addr, local_addresses)
        or addr >> 28 == (MAPPED << 4 | 0xE)
        or addr == ANY4 | 0xFFFFFFFF
    )


def port_range(settings: LinuxSettings, sock: Sock) -> tuple[int, int]:
    """Return first and last of what *sock* is given an automatic port from.

    A bound of IP_LOCAL_PORT_RANGE counts only inside the sysctl's range; the
    upper one is held against the lower one that results.
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
    """Return the socket's address as a person writes it."""
    if sock.v6:
        return IPv6Address(sock.addr)
    return IPv4Address(sock.addr & 0xFFFFFFFF)


def to_socket(sock: Sock) -> Socket:
    """Return the record that the wing shows of *sock*."""
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
    """Return the kernel's record of *socket*; *v6only* is the default option."""
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
