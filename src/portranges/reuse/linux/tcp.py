"""Linux: the TCP ports of one network namespace, exactly.

What lives here: the port tables with their address buckets and their memory,
the 4-tuples, what lingers, and the choice of a port.
What must not: checks of a caller's input, decisions, texts (``machine``).

Facts the code relies on (Linux 6.18, net/ipv4/inet_connection_sock.c and
inet_hashtables.c). A port has a table while a socket holds it; the table has
a bucket for each local address. Table and bucket remember, in ``fr``
(fastreuse) and ``frp`` (fastreuseport), whether the check may be skipped: 1
yes, 0 no, and -1 that only sockets hold the port whose port connect() chose.
Where both are -1, connect() may share the port over destinations.
"""

from __future__ import annotations

from heapq import heappop, heappush

from portranges import types
from portranges.reuse.addresses import ANY4, ANY6, MAPPED, is_loopback, is_wild
from portranges.reuse.linux.kernels import Kernel
from portranges.reuse.linux.searches import LINGERS, TAKEN, Searches, walk
from portranges.reuse.linux.settings import LinuxSettings
from portranges.reuse.linux.sock import (
    CLOSED,
    CONN,
    TW,
    Sock,
    covers,
    in_the_way,
    in_the_way_of_choice,
    port_range,
)

__all__ = ["Bucket", "Table", "TcpPorts"]

# FASTREUSEPORT_ANY: the remembered address needs no comparison.
_ANY = 2

# INET_TABLE_PERTURB_SIZE, and how often the kernel draws a new key (10 s).
_CELLS = 1 << 16
_REKEY = 10.0


class Bucket:
    """The sockets of one port at one address.

    ``bound`` counts the owners whose port connect() did not choose.
    """

    __slots__ = ("bound", "fr", "frp", "owners")

    def __init__(self, fr: int, frp: int) -> None:
        """Make an empty bucket with these flags."""
        self.owners: dict[Sock, None] = {}
        self.bound: int = 0
        self.fr: int = fr
        self.frp: int = frp


class Table:
    """One port: its buckets, its flags, the socket behind ``frp``."""

    __slots__ = ("buckets", "fast", "fr", "frp")

    def __init__(self, flag: int) -> None:
        """Make a table without buckets, both flags *flag*."""
        self.buckets: dict[int, Bucket] = {}
        self.fr: int = flag
        self.frp: int = flag
        self.fast: Sock | None = None


class TcpPorts:
    """Who holds which TCP port, and what the kernel remembers of it."""

    def __init__(self, settings: LinuxSettings, kernel: Kernel, rng: types.Random) -> None:
        """Make an empty space of ports."""
        self.settings = settings
        self.kernel = kernel
        self.rng = rng
        self.now: float = 0.0
        self.lingering: int = 0
        self.refused_by_lingering: int = 0
        self._tables: dict[int, Table] = {}
        self._tuples: dict[tuple[int, int, int, int], list[Sock]] = {}
        self._deadlines: list[tuple[float, int, Sock]] = []
        self._deadlines_made = 0
        self._searches = Searches()
        self._cells: dict[int, int] = {}
        self._key = 0
        self._key_until = 0.0

    # Questions.

    def owners(self, port: int) -> types.Iterator[Sock]:
        """Yield every holder of *port*, lingering ones included."""
        table = self._tables.get(port)
        if table is not None:
            for bucket in table.buckets.values():
                yield from bucket.owners

    # bind() and listen().

    def take(self, sock: Sock, port: int, *, listening: bool) -> Sock | None:
        """Give *sock* the explicit *port*; return the socket in the way, if one is."""
        table = self._tables.get(port)
        if table is not None:
            skip = (table.fr == 1 and sock.r and not listening) or _remembers(table, sock)
            if not skip:
                blocker = self._conflict(table, sock)
                if blocker is not None:
                    return blocker
        self._enter(sock, port, table, listening=listening)
        return None

    def skips(self, sock: Sock, port: int) -> bool:
        """Tell whether the port's memory spares *sock* the check of bind()."""
        table = self._tables.get(port)
        return table is not None and _remembers(table, sock)

    def take_any(self, sock: Sock, *, listening: bool) -> bool:
        """Give *sock* a port as bind(addr, 0) chooses it; False where none is free."""
        reserved = self.settings.ip_local_reserved_ports
        # All that the answer for a port depends on, beside who is there.
        who = (sock.addr, sock.v6, sock.v6only, sock.dev, sock.r, sock.rp, sock.uid)
        for first, end, relax in self._choices(sock):
            kind = (relax, *who)
            taken: list[tuple[int, int]] = []
            for port in self._searches.open(kind, first, end, 2):
                table = self._tables.get(port)
                if port in reserved or (
                    table is not None and self._choice_conflict(table, sock, relax=relax)
                ):
                    taken.append((port, TAKEN))
                    continue
                self._searches.learn(kind, taken)
                self._enter(sock, port, table, listening=listening)
                return True
            self._searches.learn(kind, taken)
        return False

    def _enter(self, sock: Sock, port: int, table: Table | None, *, listening: bool) -> None:
        self._searches.forget(port)
        if table is None:
            table = self._tables[port] = Table(0)
        reuse = sock.r and not listening
        if not table.buckets and not self.kernel.ignores_first_socket:
            table.fr = int(reuse)
            table.frp = _ANY if sock.rp else 0
            table.fast = _snapshot(sock) if sock.rp else None
        else:
            if not reuse:
                table.fr = 0
            if not sock.rp:
                table.frp = 0
            elif not _remembers(table, sock):
                table.frp = 1
                table.fast = _snapshot(sock)
        bucket = table.buckets.get(sock.addr)
        if bucket is None:
            bucket = table.buckets[sock.addr] = Bucket(0, 0)
        bucket.fr, bucket.frp = table.fr, table.frp
        if sock.home is None:
            sock.port = port
            self._put(sock, bucket)

    def _choices(self, sock: Sock) -> types.Iterator[tuple[int, int, bool]]:
        """Yield where bind(addr, 0) tries every second port: first, end, ``relax``.

        The parity that connect() likes less comes first; with SO_REUSEADDR
        the lower half of the range comes before the upper.
        """
        low, high = port_range(self.settings, sock)
        high += 1
        halves = [(low, high)]
        if sock.r and high - low >= 4:
            half = low + ((high - low) >> 2 << 1)
            halves = [(low, half), (half, high)]
        for relax in (False, True) if self.settings.ip_autobind_reuse else (False,):
            for first, end in halves:
                remaining = end - first
                if remaining > 1:
                    remaining &= ~1
                offset = int(self.rng.random() * remaining) | 1
                for start in (offset, offset - 1):
                    for stretch in walk(first + start, end, remaining, 2):
                        yield (*stretch, relax)

    # connect() and accept().

    def connect(self, sock: Sock, dst: int, dport: int) -> Sock | bool | None:
        """Connect *sock*, whose address is set already.

        Returns:
            None for success, True for success in the place of a connection
            in TIME_WAIT, False where no port is free, or the connection that
            has the 4-tuple.
        """
        if sock.port:
            key = (sock.addr, sock.port, dst, dport)
            clash, recycled = self._clash(sock, key, autobind=False)
            if clash is not None:
                return clash
        else:
            chosen = self._choose(sock, dst, dport)
            if chosen is None:
                return False
            key, recycled = chosen
        self._register(sock, key)
        sock.state = CONN
        sock.timestamps = self.settings.tcp_timestamps
        if recycled is None:
            return None
        self._vanish(recycled)
        return True

    def accept(self, child: Sock, dst: int | None, dport: int) -> bool:
        """Put an accepted *child*, with address and port, in its place.

        Returns:
            False where another socket has the 4-tuple.
        """
        key = None if dst is None else (child.addr, child.port, dst, dport)
        if key is not None:
            for other in self._tuples.get(key, ()):
                if other.state != TW:
                    return False
            for other in tuple(self._tuples.get(key, ())):
                self._vanish(other)
        table = self._tables.get(child.port)
        if table is None:
            table = self._tables[child.port] = Table(0)
        bucket = table.buckets.get(child.addr)
        if bucket is None:
            bucket = table.buckets[child.addr] = Bucket(0, 0)
        self._put(child, bucket)
        if key is not None:
            self._register(child, key)
        child.state = CONN
        child.timestamps = self.settings.tcp_timestamps
        return True

    def _choose(
        self, sock: Sock, dst: int, dport: int
    ) -> tuple[tuple[int, int, int, int], Sock | None] | None:
        """Give *sock* a port as connect() chooses it (RFC 6056, algorithm 4)."""
        low, high = port_range(self.settings, sock)
        own = sock.port_range is not None and self.kernel.own_range_in_single_steps
        high += 1
        step = 1 if own else 2
        remaining = high - low
        if not own and remaining > 1:
            remaining &= ~1
        index, start = self._perturbation(sock.addr, dst, dport)
        offset = start % remaining
        if not own:
            offset &= ~1
        reserved = self.settings.ip_local_reserved_ports
        tables = self._tables
        kind = (sock.addr, dst, dport, sock.dev)
        taken: list[tuple[int, int]] = []
        lingering = 0
        for turn in (0,) if own or remaining == 1 else (0, 1):
            begin = low + offset + turn
            for first, end in walk(begin, high, remaining, step):
                lingering += self._searches.lingering(kind, first, end, step)
                for port in self._searches.open(kind, first, end, step):
                    table = tables.get(port)
                    if port in reserved or not (table is None or (table.fr < 0 and table.frp < 0)):
                        taken.append((port, TAKEN))
                        continue
                    key = (sock.addr, port, dst, dport)
                    clash, recycled = self._clash(sock, key, autobind=True)
                    if clash is None:
                        self._searches.learn(kind, taken)
                        scanned = (port - begin) % remaining
                        # Randomness on a quiet range, none on a busy one.
                        jump = max(scanned, int(self.rng.random() * 8) * step) + step
                        self._cells[index] = (self._cells[index] + jump) & 0xFFFFFFFF
                        self._enter_by_connect(sock, port)
                        return key, recycled
                    if clash.state != TW:
                        taken.append((port, TAKEN))
                    else:
                        lingering += 1
                        # With time another one may be recycled, without a change.
                        if not self._recycles(clash):
                            taken.append((port, LINGERS))
        self._searches.learn(kind, taken)
        self.refused_by_lingering = lingering
        return None

    def _perturbation(self, src: int, dst: int, dport: int) -> tuple[int, int]:
        if self.now >= self._key_until:
            self._key = self.rng.getrandbits(64)
            self._key_until = self.now + _REKEY
        # A hash of integers is the same in every run.
        mixed = hash((self._key, src, dst, dport)) & 0xFFFFFFFFFFFFFFFF
        index = mixed & (_CELLS - 1)
        cell = self._cells.get(index)
        if cell is None:
            cell = self._cells[index] = self.rng.getrandbits(32)
        return index, cell + (mixed >> 32)

    def _enter_by_connect(self, sock: Sock, port: int) -> None:
        table = self._tables.get(port)
        if table is None:
            table = self._tables[port] = Table(-1)
        sock.auto = self.kernel.connect_bind
        sock.port = port
        bucket = table.buckets.get(sock.addr)
        if bucket is None:
            bucket = table.buckets[sock.addr] = Bucket(-1, -1)
        self._put(sock, bucket)

    def _clash(
        self, sock: Sock, key: tuple[int, int, int, int], *, autobind: bool
    ) -> tuple[Sock | None, Sock | None]:
        """Return the connection that forbids *key*, and the one that gives way.

        Two connections have one key where the first is bound to an interface
        and the second is not. The kernel puts a new one at the head of its
        chain, and looks no further than the first that it meets.
        """
        for other in reversed(self._tuples.get(key, ())):
            if other.dev is not None and other.dev != sock.dev:
                continue
            if other.state == TW and self.recyclable(other, autobind=autobind):
                return None, other
            return other, None
        return None, None

    def recyclable(self, old: Sock, *, autobind: bool) -> bool:
        """Tell whether connect() may end *old*, which lingers.

        Without a port of its own connect() is choosier: it waits
        ``tcp_tw_reuse_delay`` and asks ``tcp_tw_reuse``.
        """
        if not autobind:
            return old.timestamps
        # In whole milliseconds, as the kernel counts.
        age = round((self.now - old.since) * 1000)
        return self._recycles(old) and age > self.settings.tcp_tw_reuse_delay

    def _recycles(self, old: Sock) -> bool:
        """Tell whether connect() without a port may end *old* once it is old enough."""
        reuse = self.settings.tcp_tw_reuse
        if reuse == 2:
            reuse = old.dev == "lo" or is_loopback(old.addr) or is_loopback(old.dst or 0)
        stays = old.fin_wait_2 and self.kernel.keeps_fin_wait_2
        return bool(reuse) and old.timestamps and not stays

    def _register(self, sock: Sock, key: tuple[int, int, int, int]) -> None:
        self._searches.forget(key[1])
        sock.dst, sock.dport = key[2], key[3]
        self._tuples.setdefault(key, []).append(sock)

    def _unregister(self, sock: Sock) -> None:
        if sock.dst is None:
            return
        key = (sock.addr, sock.port, sock.dst, sock.dport)
        socks = self._tuples[key]
        socks.remove(sock)
        if not socks:
            del self._tuples[key]
        sock.dst = None
        sock.dport = 0

    # Moving and leaving.

    def move(self, sock: Sock, addr: int) -> None:
        """Give *sock* another address; its port's memory stays as it is."""
        if sock.home is None:
            sock.set_addr(addr)
            return
        table = self._tables[sock.port]
        self._pull(sock, table)
        sock.set_addr(addr)
        bucket = table.buckets.get(sock.addr)
        if bucket is None:
            flag = -1 if sock.auto else 0
            bucket = table.buckets[sock.addr] = Bucket(flag, flag)
        self._put(sock, bucket)

    def leave(self, sock: Sock) -> None:
        """Take *sock* out of its port, if it has one."""
        self._unregister(sock)
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
        """Bring *sock* back to what it is after a connect() that failed."""
        self._unregister(sock)
        sock.state = CLOSED
        if sock.port and not sock.port_locked:
            self.leave(sock)
        if not sock.addr_locked:
            self.move(sock, ANY6 if sock.v6 else ANY4)

    def linger(self, sock: Sock, *, fin_wait_2: bool) -> Sock | None:
        """Put a minisocket in the place of *sock*, which is closed; return it."""
        if self.lingering >= self.settings.tcp_max_tw_buckets:
            self.leave(sock)
            return None
        mini = _snapshot(sock)
        mini.state = TW
        mini.fin_wait_2 = fin_wait_2
        mini.since = self.now
        mini.timestamps = sock.timestamps
        mini.port = sock.port
        mini.auto = sock.auto
        mini.number = sock.number
        dst, dport = sock.dst, sock.dport
        self._put(mini, self._tables[sock.port].buckets[sock.addr])
        if dst is not None:
            self._register(mini, (sock.addr, sock.port, dst, dport))
        self.leave(sock)
        stays = self.settings.tcp_fin_timeout if fin_wait_2 else self.kernel.time_wait
        self._deadlines_made += 1
        heappush(self._deadlines, (self.now + stays, self._deadlines_made, mini))
        self.lingering += 1
        return mini

    def advance(self, now: float) -> None:
        """Let time pass until *now*; what has lingered long enough leaves."""
        deadlines = self._deadlines
        while deadlines and deadlines[0][0] <= now:
            self._vanish(heappop(deadlines)[2])
        self.now = now

    def _vanish(self, mini: Sock) -> None:
        if mini.home is not None:
            self.leave(mini)
            self.lingering -= 1

    def changed(self, sock: Sock) -> None:
        """Hear that an option or the owner of *sock* is another."""
        self._searches.forget(sock.port)

    def _candidates(self, table: Table, sock: Sock) -> types.Iterable[Sock]:
        """Yield the sockets whose address overlaps that of *sock*, as the kernel finds them."""
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
        mapped = addr >> 32 == MAPPED
        for key in (ANY6, ANY4, addr) if mapped else (ANY6, addr):
            if (found := buckets.get(key)) is not None:
                for owner in found.owners:
                    if not (mapped and owner.v6only):
                        yield owner

    def _conflict(self, table: Table, sock: Sock) -> Sock | None:
        for owner in self._candidates(table, sock):
            if in_the_way(sock, owner):
                return owner
        return None

    def _choice_conflict(self, table: Table, sock: Sock, *, relax: bool) -> bool:
        return any(
            in_the_way_of_choice(sock, owner, relax=relax)
            for owner in self._candidates(table, sock)
        )

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


def _snapshot(sock: Sock) -> Sock:
    copy = Sock(tcp=sock.tcp, v6=sock.v6, v6only=sock.v6only, r=sock.r, rp=sock.rp, uid=sock.uid)
    copy.addr = sock.addr
    copy.v4 = sock.v4
    copy.dev = sock.dev
    return copy


def _remembers(table: Table, sock: Sock) -> bool:
    """Tell whether the socket behind ``frp`` spares *sock* the check.

    Only the remembered side may be a wildcard, and ``::`` is ``::`` whatever
    IPV6_V6ONLY says.
    """
    fast = table.fast
    return (
        table.frp > 0
        and sock.rp
        and fast is not None
        and fast.uid == sock.uid
        and (table.frp == _ANY or covers(fast, sock, other_wild=False))
    )
