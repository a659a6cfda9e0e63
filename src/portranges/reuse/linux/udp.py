"""The UDP ports of a network namespace on Linux: a chain of sockets for each port.

The code follows Linux 6.18, net/ipv4/udp.c. bind() walks the port's chain (hash), and the first
overlapping socket that does not share by SO_REUSEADDR decides. New sockets are added at the
head, and AF_INET6 sockets with SO_REUSEPORT at the tail. If a port has more than ten sockets, a
bind() to a specific address walks two shorter chains, keyed by address (hash2).
``machine`` checks arguments and makes the decisions.
"""

from __future__ import annotations

from collections import OrderedDict

from portranges import types
from portranges.reuse.addresses import ANY4, ANY6, is_wild
from portranges.reuse.linux.kernels import Kernel
from portranges.reuse.linux.rules import RULES
from portranges.reuse.linux.settings import LinuxSettings
from portranges.reuse.linux.sock import Sock, covers, devices_overlap, port_range, why_refused
from portranges.reuse.model import Rule
from portranges.selection import algorithm
from portranges.selection.orders import order_for

# if (inet_use_hash2_on_bind(sk) && hslot->count > 10)
_LONG = 10


class Chains(dict[object, OrderedDict[Sock, None]]):
    """Chains of sockets by key, each from its head to its tail."""

    def add(self, key: object, sock: Sock, *, tail: bool) -> None:
        """Add *sock* to a chain at the head, or at the tail."""
        chain = self.setdefault(key, OrderedDict())
        chain[sock] = None
        chain.move_to_end(sock, last=tail)

    def remove(self, key: object, sock: Sock) -> None:
        """Remove *sock* from a chain."""
        chain = self[key]
        del chain[sock]
        if not chain:
            del self[key]


class UdpPorts:
    """The holders of each UDP port."""

    def __init__(self, settings: LinuxSettings, kernel: Kernel, rng: types.Random) -> None:
        """Create a namespace without sockets."""
        self.settings = settings
        self.kernel = kernel
        self.rng = rng
        # By port, and by address and port.
        self._ports: Chains = Chains()
        self._addresses: Chains = Chains()
        self._order = order_for(algorithm("linux-udp"), rng)

    def owners(self, port: int) -> types.Iterator[Sock]:
        """Yield every holder of *port*, in the kernel's order."""
        yield from self._ports.get(port, ())

    def take(self, sock: Sock, port: int) -> tuple[Rule, Sock | None]:
        """Bind *sock* to the explicit *port*; return the rule and the conflicting socket."""
        blocker, partner = self._walk(sock, port)
        if blocker is not None:
            return why_refused(sock, blocker), blocker
        self._enter(sock, port)
        return RULES["free" if partner is None else "udp-first-partner"], None

    def _walk(self, sock: Sock, port: int) -> tuple[Sock | None, Sock | None]:
        """Return the conflicting socket, or the SO_REUSEPORT socket that ended the walk."""
        found = self._ports.get(port)
        if found is None:
            return None, None
        by_address = len(found) > _LONG and not (
            is_wild(sock.addr) and self.kernel.udp_wildcard_scans_all
        )
        if not by_address:
            return _first(sock, found)
        # A socket that shares ends its own chain, not the walk.
        partner = None
        for slot in dict.fromkeys((_slot(sock.addr, port), _slot(ANY6, port))):
            blocker, found_here = _first(sock, self._addresses.get(slot, ()))
            if blocker is not None:
                return blocker, None
            partner = partner or found_here
        return None, partner

    def take_any(self, sock: Sock) -> bool:
        """Bind *sock* to a port as bind(addr, 0) chooses it; return False if none is free."""
        low, high = port_range(self.settings, sock)
        reserved = self.settings.ip_local_reserved_ports
        for port in self._order.candidates(low, high):
            if port in reserved:
                continue
            found = self._ports.get(port)
            if found is None or not _busy(sock, found):
                self._enter(sock, port)
                return True
        return False

    def _enter(self, sock: Sock, port: int) -> None:
        sock.port = port
        # if (IS_ENABLED(CONFIG_IPV6) && sk->sk_reuseport && sk->sk_family == AF_INET6)
        #     hlist_add_tail_rcu(&sk->sk_node, list); else hlist_add_head_rcu(&sk->sk_node, list);
        tail = sock.v6 and sock.rp
        self._ports.add(port, sock, tail=tail)
        self._addresses.add(_slot(sock.addr, port), sock, tail=tail)

    def move(self, sock: Sock, addr: int) -> None:
        """Change the address of *sock*; its place in the port's chain stays the same."""
        before, after = _slot(sock.addr, sock.port), _slot(addr, sock.port)
        if sock.port and before != after:
            self._addresses.remove(before, sock)
            self._addresses.add(after, sock, tail=False)
        sock.set_addr(addr)

    def leave(self, sock: Sock) -> None:
        """Release the port of *sock*, if it has one."""
        if not sock.port:
            return
        self._addresses.remove(_slot(sock.addr, sock.port), sock)
        self._ports.remove(sock.port, sock)
        sock.port = 0


def _slot(addr: int, port: int) -> tuple[int, int]:
    # All wildcards share a chain.
    return ANY6 if addr == ANY4 else addr, port


def _rivals(sock: Sock, socks: types.Iterable[Sock]) -> types.Iterator[Sock]:
    """Yield the sockets that conflict with *sock* unless both have SO_REUSEPORT."""
    for other in socks:
        # if (sk2 != sk && (!sk2->sk_reuse || !sk->sk_reuse) &&
        #     (!sk2->sk_bound_dev_if || !sk->sk_bound_dev_if ||
        #     sk2->sk_bound_dev_if == sk->sk_bound_dev_if) &&
        #     inet_rcv_saddr_equal(sk, sk2, true))
        if other is sock or (other.r and sock.r):
            continue
        if devices_overlap(sock, other) and covers(sock, other):
            yield other


def _are_partners(sock: Sock, other: Sock) -> bool:
    # if (sk2->sk_reuseport && sk->sk_reuseport && uid_eq(uid, sk_uid(sk2)))
    return other.rp and sock.rp and other.uid == sock.uid


def _first(sock: Sock, socks: types.Iterable[Sock]) -> tuple[Sock | None, Sock | None]:
    for other in _rivals(sock, socks):
        return (None, other) if _are_partners(sock, other) else (other, None)
    return None, None


def _busy(sock: Sock, socks: types.Iterable[Sock]) -> bool:
    # udp_lib_lport_inuse() with a bitmap does not stop at the first match.
    return any(not _are_partners(sock, other) for other in _rivals(sock, socks))
