"""The UDP ports of a network namespace on Linux: a chain of sockets for each port.

The code follows Linux 6.18, net/ipv4/udp.c. bind() walks the port's chain (hash), and the first
overlapping socket that does not share by SO_REUSEADDR decides. New sockets are added at the
head, and AF_INET6 sockets with SO_REUSEPORT at the tail. If a port has more than ten sockets, a
bind() to a specific address walks two shorter chains, keyed by address (hash2).
``machine`` checks arguments and makes the decisions.
"""

from __future__ import annotations

from itertools import chain

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


class Chain:
    """Sockets in the kernel's order, added at the head or at the tail."""

    __slots__ = ("_heads", "_tails")

    def __init__(self) -> None:
        """Create an empty chain."""
        self._heads: dict[Sock, None] = {}
        self._tails: dict[Sock, None] = {}

    def __len__(self) -> int:
        """Return the number of sockets."""
        return len(self._heads) + len(self._tails)

    def __iter__(self) -> types.Iterator[Sock]:
        """Yield the sockets from the head on."""
        return chain(reversed(self._heads), self._tails)

    def add(self, sock: Sock, *, tail: bool) -> None:
        """Add *sock* at the head, or at the tail."""
        (self._tails if tail else self._heads)[sock] = None

    def remove(self, sock: Sock) -> None:
        """Remove *sock*."""
        if sock in self._heads:
            del self._heads[sock]
        else:
            del self._tails[sock]


class UdpPorts:
    """The holders of each UDP port."""

    def __init__(self, settings: LinuxSettings, kernel: Kernel, rng: types.Random) -> None:
        """Create a namespace without sockets."""
        self.settings = settings
        self.kernel = kernel
        self.rng = rng
        self._ports: dict[int, Chain] = {}
        self._addresses: dict[tuple[int, int], Chain] = {}
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
        for addr in dict.fromkeys((_slot(sock.addr), ANY6)):
            blocker, found_here = _first(sock, self._addresses.get((addr, port), ()))
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
        tail = sock.v6 and sock.rp
        found = self._ports.get(port)
        if found is None:
            found = self._ports[port] = Chain()
        found.add(sock, tail=tail)
        self._by_address(sock).add(sock, tail=tail)

    def move(self, sock: Sock, addr: int) -> None:
        """Change the address of *sock*; its place in the port's chain stays the same."""
        if sock.port and _slot(addr) != _slot(sock.addr):
            self._forget(sock)
            sock.set_addr(addr)
            self._by_address(sock).add(sock, tail=False)
        else:
            sock.set_addr(addr)

    def leave(self, sock: Sock) -> None:
        """Release the port of *sock*, if it has one."""
        if not sock.port:
            return
        self._forget(sock)
        found = self._ports[sock.port]
        found.remove(sock)
        if not len(found):
            del self._ports[sock.port]
        sock.port = 0

    def _by_address(self, sock: Sock) -> Chain:
        key = (_slot(sock.addr), sock.port)
        found = self._addresses.get(key)
        if found is None:
            found = self._addresses[key] = Chain()
        return found

    def _forget(self, sock: Sock) -> None:
        key = (_slot(sock.addr), sock.port)
        found = self._addresses[key]
        found.remove(sock)
        if not len(found):
            del self._addresses[key]


def _slot(addr: int) -> int:
    # All wildcards share a chain.
    return ANY6 if addr == ANY4 else addr


def _first(sock: Sock, socks: Chain | tuple[()]) -> tuple[Sock | None, Sock | None]:
    for other in socks:
        # if (sk2 != sk && (!sk2->sk_reuse || !sk->sk_reuse) && ...
        if other is sock or (other.r and sock.r):
            continue
        if not devices_overlap(sock, other) or not covers(sock, other):
            continue
        # if (sk2->sk_reuseport && sk->sk_reuseport && uid_eq(uid, sk_uid(sk2)))
        if other.rp and sock.rp and other.uid == sock.uid:
            return None, other
        return other, None
    return None, None


def _busy(sock: Sock, socks: Chain) -> bool:
    # udp_lib_lport_inuse() with a bitmap does not stop at the first match.
    return any(
        other is not sock
        and not (other.r and sock.r)
        and devices_overlap(sock, other)
        and covers(sock, other)
        and not (other.rp and sock.rp and other.uid == sock.uid)
        for other in socks
    )
