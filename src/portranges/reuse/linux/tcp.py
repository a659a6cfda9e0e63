"""The TCP ports of a network namespace on Linux: tables, 4-tuples, and lingering sockets.

The code follows Linux 6.18, net/ipv4/inet_connection_sock.c and inet_hashtables.c. A port has a
table (inet_bind_bucket) while a socket holds it, and the table has a bucket (inet_bind2_bucket) for
each local address. ``fr`` (fastreuse) and ``frp`` (fastreuseport) of a table and a bucket show
whether the comparison with other sockets can be skipped: 1 means yes, 0 no, and -1 that connect()
chose the port of every holder. If both are -1, connect() may use the port for another destination.
``machine`` checks arguments and makes the decisions.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import types
from portranges.reuse.addresses import ANY4, ANY6, is_loopback, is_mapped, is_wild
from portranges.reuse.linux.kernels import Kernel
from portranges.reuse.linux.perturbation import Perturbation
from portranges.reuse.linux.rules import RULES
from portranges.reuse.linux.searches import LINGERS, TAKEN, Searches
from portranges.reuse.linux.settings import LinuxSettings
from portranges.reuse.linux.sock import (
    CLOSED,
    CONN,
    LISTEN,
    TW,
    Sock,
    conflicts,
    covers,
    port_range,
    rules_out,
    why_refused,
)
from portranges.reuse.machine import Clock
from portranges.reuse.model import Rule
from portranges.selection import algorithm
from portranges.selection.orders import LinuxBind, LinuxConnect

# FASTREUSEPORT_ANY: the remembered address is not compared.
_ANY = 2


class Bucket:
    """The sockets of one port at one address.

    ``bound`` is the number of owners whose port was not chosen by connect().
    """

    __slots__ = ("bound", "fr", "frp", "owners")

    def __init__(self, flag: int) -> None:
        """Create an empty bucket with both flags set to *flag*."""
        self.owners: dict[Sock, None] = {}
        self.bound: int = 0
        self.fr: int = flag
        self.frp: int = flag


class Table:
    """One port: its buckets, its flags, the socket behind ``frp``."""

    __slots__ = ("buckets", "fast", "fr", "frp")

    def __init__(self, flag: int) -> None:
        """Create a table without buckets and with both flags set to *flag*."""
        self.buckets: dict[int, Bucket] = {}
        self.fr: int = flag
        self.frp: int = flag
        self.fast: Sock | None = None

    def bucket(self, addr: int, flag: int) -> Bucket:
        """Return the bucket of *addr*, a new one with both flags set to *flag* if there is none."""
        found = self.buckets.get(addr)
        if found is None:
            found = self.buckets[addr] = Bucket(flag)
        return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of connect(): the rule, and the connection that conflicts or is replaced.

    If no port is free, ``lingering`` is the number of ports on which only a connection in
    TIME_WAIT or FIN_WAIT2 conflicts.
    """

    rule: Rule
    other: Sock | None = None
    lingering: int = 0


_CONNECTED = Outcome(RULES["connected"])


class TcpPorts:
    """The holders of each TCP port, and what the kernel remembers about the port."""

    def __init__(
        self, settings: LinuxSettings, kernel: Kernel, rng: types.Random, clock: Clock
    ) -> None:
        """Create a namespace without sockets."""
        self.settings = settings
        self.kernel = kernel
        self.rng = rng
        self.clock = clock
        self._tables: dict[int, Table] = {}
        self._tuples: dict[types.FourTuple, list[Sock]] = {}
        self._searches = Searches()
        row = algorithm("linux-connect")
        self._perturbation = Perturbation(row.cells, rng)
        # By whether the socket has a range of its own, and by SO_REUSEADDR.
        self._connect_orders = {
            own: LinuxConnect(
                self._perturbation, self._draw, step, settings.ip_local_port_step_width
            )
            for own, step in ((False, row.step), (True, 1))
        }
        self._bind_orders = {reuse: LinuxBind(self._draw, halves=reuse) for reuse in (False, True)}

    def _draw(self, count: int) -> int:
        """Return an integer in 0 to ``count - 1``, faster than ``randrange``."""
        return int(self.rng.random() * count)

    # Queries.

    def owners(self, port: int) -> types.Iterator[Sock]:
        """Yield every holder of *port*, lingering ones included."""
        table = self._tables.get(port)
        if table is not None:
            for bucket in table.buckets.values():
                yield from bucket.owners

    # bind() and listen().

    def take(self, sock: Sock, port: int) -> tuple[Rule, Sock | None]:
        """Bind *sock* to the explicit *port*; return the rule and the conflicting socket."""
        table = self._tables.get(port)
        rule = RULES["free"]
        if table is not None:
            remembered = _remembers(table, sock)
            # if ((tb->fastreuse > 0 && reuse) || sk_reuseport_match(tb, sk))
            skips = remembered or (table.fr == 1 and sock.r and sock.state is not LISTEN)
            blocker = None if skips else self._conflict(table, sock)
            if blocker is not None:
                return why_refused(sock, blocker), blocker
            if remembered:
                rule = RULES["fast-path"]
        self._enter(sock, port, table)
        return rule, None

    def take_any(self, sock: Sock) -> bool:
        """Bind *sock* to a port as bind(addr, 0) chooses it; return False if none is free."""
        reserved = self.settings.ip_local_reserved_ports
        # Everything that the answer for a port depends on, apart from the port's holders.
        who = (sock.addr, sock.v6, sock.v6only, sock.dev, sock.r, sock.rp, sock.uid)
        low, high = port_range(self.settings, sock)
        order = self._bind_orders[sock.r]
        for relax in (False, True) if self.settings.ip_autobind_reuse else (False,):
            kind = (relax, *who)
            for stretch in order.stretches(low, high):
                taken: list[tuple[int, int]] = []
                for port in self._searches.open(kind, stretch):
                    table = self._tables.get(port)
                    if port in reserved or (
                        table is not None and self._choice_conflict(table, sock, relax=relax)
                    ):
                        taken.append((port, TAKEN))
                        continue
                    self._searches.learn(kind, taken)
                    self._enter(sock, port, table)
                    return True
                self._searches.learn(kind, taken)
        return False

    def _enter(self, sock: Sock, port: int, table: Table | None) -> None:
        """Enter *sock* in the table of *port*, and update what the table remembers."""
        self._searches.forget(port)
        if table is None:
            table = self._tables[port] = Table(0)
        # inet_csk_update_fastreuse(): reuse = sk->sk_reuse && sk->sk_state != TCP_LISTEN;
        reuse = sock.r and sock.state is not LISTEN
        # if (hlist_empty(&tb->owners)), before 6.8
        if not table.buckets and not self.kernel.ignores_first_socket:
            table.fr = int(reuse)
            table.frp = _ANY if sock.rp else 0
            table.fast = _snapshot(sock) if sock.rp else None
        else:
            # if (!reuse) tb->fastreuse = 0;
            if not reuse:
                table.fr = 0
            # if (!sk->sk_reuseport) tb->fastreuseport = 0;
            if not sock.rp:
                table.frp = 0
            # if (!sk_reuseport_match(tb, sk)) tb->fastreuseport = FASTREUSEPORT_STRICT;
            elif not _remembers(table, sock):
                table.frp = 1
                table.fast = _snapshot(sock)
        bucket = table.bucket(sock.addr, 0)
        bucket.fr, bucket.frp = table.fr, table.frp
        if sock.home is None:
            sock.port = port
            self._put(sock, bucket)

    # connect() and accept().

    def connect(self, sock: Sock, dst: int, dport: int) -> Outcome:
        """Connect *sock*, whose local address is already set."""
        outcome = (self._keep if sock.port else self._choose)(sock, dst, dport)
        if outcome.rule.error is None:
            self._register(sock, dst, dport)
            sock.state = CONN
            sock.timestamps = self.settings.tcp_timestamps
            if outcome.other is not None:
                self.vanish(outcome.other)
        return outcome

    def accept(self, child: Sock, peer: tuple[int, int] | None) -> bool:
        """Enter an accepted *child*, which has its address and port.

        Returns:
            False if another socket has the same 4-tuple.
        """
        dst, dport = (None, 0) if peer is None else peer
        others = () if dst is None else self._tuples.get((child.addr, child.port, dst, dport), ())
        if any(other.state is not TW for other in others):
            return False
        for other in tuple(others):
            self.vanish(other)
        # The listener has the same port.
        self._put(child, self._tables[child.port].bucket(child.addr, 0))
        if dst is not None:
            self._register(child, dst, dport)
        child.state = CONN
        child.timestamps = self.settings.tcp_timestamps
        return True

    def _keep(self, sock: Sock, dst: int, dport: int) -> Outcome:
        """Return the outcome of connect() for a socket that has a port."""
        clash, recycled = self._clash(sock, (sock.addr, sock.port, dst, dport), autobind=False)
        if clash is None:
            return _connected(recycled)
        return Outcome(RULES["tuple-time-wait" if clash.state is TW else "tuple"], clash)

    def _choose(self, sock: Sock, dst: int, dport: int) -> Outcome:
        """Bind *sock* to a port as connect() chooses it (RFC 6056, algorithm 4)."""
        low, high = port_range(self.settings, sock)
        own = sock.port_range is not None and self.kernel.own_range_in_single_steps
        order = self._connect_orders[own]
        self._perturbation.at(self.clock.now)
        reserved = self.settings.ip_local_reserved_ports
        tables = self._tables
        kind = (sock.addr, dst, dport, sock.dev)
        taken: list[tuple[int, int]] = []
        lingering = 0
        for stretch in order.stretches(low, high, (sock.addr, dst, dport)):
            lingering += self._searches.lingering(kind, stretch)
            for port in self._searches.open(kind, stretch):
                table = tables.get(port)
                # if (tb->fastreuse >= 0 || tb->fastreuseport >= 0) goto next_port;
                if port in reserved or not (table is None or (table.fr < 0 and table.frp < 0)):
                    taken.append((port, TAKEN))
                    continue
                clash, recycled = self._clash(sock, (sock.addr, port, dst, dport), autobind=True)
                if clash is None:
                    self._searches.learn(kind, taken)
                    order.chosen(port)
                    self._enter_by_connect(sock, port)
                    return _connected(recycled)
                if clash.state is not TW:
                    taken.append((port, TAKEN))
                else:
                    lingering += 1
                    # Otherwise it becomes replaceable with time, without a change of the port.
                    if not self._becomes_replaceable(clash):
                        taken.append((port, LINGERS))
        self._searches.learn(kind, taken)
        return Outcome(RULES["connect-exhausted"], lingering=lingering)

    def _enter_by_connect(self, sock: Sock, port: int) -> None:
        table = self._tables.get(port)
        if table is None:
            table = self._tables[port] = Table(-1)
        sock.auto = self.kernel.connect_bind
        sock.port = port
        self._put(sock, table.bucket(sock.addr, -1))

    def _clash(
        self, sock: Sock, key: types.FourTuple, *, autobind: bool
    ) -> tuple[Sock | None, Sock | None]:
        """Return the connection that conflicts with *key*, and the one that is replaced.

        Two connections can have the same key if the first is bound to an interface and the
        second is not. The kernel adds a new one at the head of its chain and compares only
        the first match.
        """
        for other in reversed(self._tuples.get(key, ())):
            if other.dev is not None and other.dev != sock.dev:
                continue
            if other.state is TW and self._is_replaceable(other, autobind=autobind):
                return None, other
            return other, None
        return None, None

    def _is_replaceable(self, old: Sock, *, autobind: bool) -> bool:
        """Return whether connect() may replace *old*, which lingers.

        If connect() also chooses the port, ``tcp_tw_reuse`` must allow it and
        ``tcp_tw_reuse_delay`` must have passed: tcp_twsk_unique().
        """
        if not autobind:
            return old.timestamps
        # time_after32(tcp_clock_ms(), reuse_thresh), in whole milliseconds
        age = round((self.clock.now - old.since) * 1000)
        return self._becomes_replaceable(old) and age > self.settings.tcp_tw_reuse_delay

    def _becomes_replaceable(self, old: Sock) -> bool:
        """Return whether connect() without a port may replace *old* once it is old enough."""
        # if (reuse == 2) and the loopback device or a loopback address
        reuse = self.settings.tcp_tw_reuse
        if reuse == 2:
            reuse = old.dev == "lo" or is_loopback(old.addr) or is_loopback(old.dst or 0)
        # if (tw->tw_substate == TCP_FIN_WAIT2) reuse = 0;
        stays = old.fin_wait_2 and self.kernel.keeps_fin_wait_2
        return bool(reuse) and old.timestamps and not stays

    def _register(self, sock: Sock, dst: int, dport: int) -> None:
        self._searches.forget(sock.port)
        sock.connect(self._tuples, dst, dport)

    # Moving and leaving.

    def move(self, sock: Sock, addr: int) -> None:
        """Change the address of *sock*; what the port remembers stays the same."""
        if sock.home is None:
            sock.set_addr(addr)
            return
        table = self._tables[sock.port]
        self._pull(sock, table)
        sock.set_addr(addr)
        self._put(sock, table.bucket(sock.addr, -1 if sock.auto else 0))

    def leave(self, sock: Sock) -> None:
        """Release the port of *sock*, if it has one."""
        sock.disconnect(self._tuples)
        if sock.home is None:
            sock.port = 0
            return
        port = sock.port
        table = self._tables[port]
        self._pull(sock, table)
        sock.port = 0
        sock.auto = False
        if not table.buckets:
            del self._tables[port]
        elif self.kernel.connect_bind and all(
            bucket.fr < 0 and bucket.frp < 0 for bucket in table.buckets.values()
        ):
            table.fr = table.frp = -1

    def fail(self, sock: Sock) -> None:
        """Reset *sock* after a connect() that failed."""
        sock.disconnect(self._tuples)
        sock.state = CLOSED
        # if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK)) inet_put_port(sk);
        if sock.port and not sock.port_locked:
            self.leave(sock)
        # if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK)) inet_reset_saddr(sk);
        if not sock.addr_locked:
            self.move(sock, sock.wildcard)

    def linger(self, sock: Sock, *, fin_wait_2: bool) -> None:
        """Replace *sock*, which is closed, by a minisocket, unless there are too many."""
        if self.clock.lingering >= self.settings.tcp_max_tw_buckets:
            self.leave(sock)
            return
        mini = _snapshot(sock)
        mini.state = TW
        mini.fin_wait_2 = fin_wait_2
        mini.since = self.clock.now
        mini.timestamps = sock.timestamps
        mini.port = sock.port
        mini.auto = sock.auto
        dst, dport = sock.dst, sock.dport
        self._put(mini, self._tables[sock.port].buckets[sock.addr])
        if dst is not None:
            self._register(mini, dst, dport)
        self.leave(sock)
        stays = self.settings.tcp_fin_timeout if fin_wait_2 else self.kernel.time_wait
        self.clock.linger(mini, stays)

    def vanish(self, mini: Sock) -> None:
        """Remove a minisocket whose time is over or that a connection replaces."""
        if mini.home is not None:
            self.leave(mini)
            self.clock.lingering -= 1

    def changed(self, sock: Sock) -> None:
        """Note that an option or the owner of *sock* has changed."""
        self._searches.forget(sock.port)

    def _candidates(self, table: Table, sock: Sock) -> types.Iterable[Sock]:
        """Yield the sockets with an address that overlaps *sock*'s, as the kernel finds them."""
        addr = sock.addr
        buckets = table.buckets
        # if (inet_use_bhash2_on_bind(sk)); before 6.8 false for ::ffff:a.b.c.d too, which
        # finds the same sockets
        if is_wild(addr) or not self.kernel.address_buckets:
            for bucket in buckets.values():
                for owner in bucket.owners:
                    if covers(sock, owner):
                        yield owner
            return
        mapped = is_mapped(addr)
        for key in (ANY6, ANY4, addr) if mapped else (ANY6, addr):
            if (found := buckets.get(key)) is not None:
                for owner in found.owners:
                    # if (ipv6_only_sock(sk2)) return false; if sk is AF_INET or
                    # ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr)
                    if not (mapped and owner.v6only):
                        yield owner

    def _conflict(self, table: Table, sock: Sock) -> Sock | None:
        for owner in self._candidates(table, sock):
            if conflicts(sock, owner):
                return owner
        return None

    def _choice_conflict(self, table: Table, sock: Sock, *, relax: bool) -> bool:
        return any(rules_out(sock, owner, relax=relax) for owner in self._candidates(table, sock))

    def _put(self, sock: Sock, bucket: Bucket) -> None:
        bucket.owners[sock] = None
        if not sock.auto:
            bucket.bound += 1
        sock.home = bucket

    def _pull(self, sock: Sock, table: Table) -> None:
        self._searches.forget(sock.port)
        bucket = table.buckets[sock.addr]
        del bucket.owners[sock]
        if not sock.auto:
            bucket.bound -= 1
        sock.home = None
        if not bucket.owners:
            del table.buckets[sock.addr]
        elif not bucket.bound and self.kernel.connect_bind:
            bucket.fr = bucket.frp = -1


def _connected(recycled: Sock | None) -> Outcome:
    return _CONNECTED if recycled is None else Outcome(RULES["recycled"], recycled)


def _snapshot(sock: Sock) -> Sock:
    copy = sock.unbound_copy(sock.uid)
    copy.addr = sock.addr
    copy.v4 = sock.v4
    return copy


def _remembers(table: Table, sock: Sock) -> bool:
    """Return whether the remembered socket lets *sock* skip the check: sk_reuseport_match().

    Only the remembered address may match as a wildcard.
    """
    fast = table.fast
    return (
        table.frp > 0
        and sock.rp
        and fast is not None
        and fast.uid == sock.uid
        and (table.frp == _ANY or covers(fast, sock, other_wild=False))
    )
