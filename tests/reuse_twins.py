"""Slow twins of the reuse rules: the procedures as they were written down.

Each is a transcription of the facts that were read, line by line, over plain
records; it shares no code with portranges. ``existing`` is in the order in
which the sockets were bound. An answer is the error, or None, and the index
in ``existing`` of the conflicting socket, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

Answer = tuple[str | None, int | None]

V4_WILD = "0.0.0.0"
V6_WILD = "::"


@dataclass(frozen=True)
class Rec:
    """A socket; ``addr`` as a text, ``::ffff:a.b.c.d`` for a mapped one."""

    addr: str
    tcp: bool = True
    only: bool = False
    R: bool = False
    P: bool = False
    LB: bool = False
    E: bool = False
    uid: int = 0
    state: str = "bound"

    @property
    def inet6(self) -> bool:
        return ":" in self.addr

    @property
    def mapped(self) -> bool:
        return self.addr.startswith("::ffff:")

    @property
    def v4part(self) -> str:
        return self.addr.rpartition(":")[2] if self.inet6 else self.addr

    @property
    def dual(self) -> bool:
        return self.addr == V6_WILD and not self.only

    @property
    def peer(self) -> bool:
        return self.state in ("connected", "fin-wait-2", "time-wait")

    @property
    def multicast(self) -> bool:
        if self.inet6 and not self.mapped:
            return self.addr.startswith("ff")
        return 224 <= int(self.v4part.split(".")[0]) <= 239


def in_v4_table(o: Rec) -> str | None:
    """The address in the IPv4 table, where dual-stack sockets are at 0.0.0.0."""
    if not o.inet6 or o.mapped:
        return o.v4part
    return V4_WILD if o.dual else None


def in_v6_table(o: Rec) -> str | None:
    return o.addr if o.inet6 and not o.mapped else None


def best(
    table: Callable[[Rec], str | None],
    existing: Sequence[Rec],
    addr: str,
    any_addr: str,
    *,
    wild: bool,
    dual_costs: int = 0,
) -> int | None:
    """The 4.4BSD search; the newest first."""
    match, matchwild = None, 99
    for i in range(len(existing) - 1, -1, -1):
        o = existing[i]
        local = table(o)
        if local is None:
            continue
        if not wild:
            # "the first UNCONNECTED socket with exactly this local address"
            if not o.peer and local == addr:
                return i
            continue
        wildcard = 0
        if o.peer:
            wildcard += 1
        if local != addr:
            if any_addr in (local, addr):
                wildcard += 1
            else:
                continue
        if dual_costs and o.dual:
            wildcard += dual_costs
        if wildcard < matchwild:
            match, matchwild = i, wildcard
    return match


def common(s: Rec, t: Rec, *, lb: bool, needs_r: bool = False) -> bool:
    """A common P, or a common LB; for multicast R counts as P, with *needs_r* only beside R."""
    if s.multicast and (s.R or not needs_r):
        p = (s.R or s.P) and (t.R or t.P)
        return p or (lb and (s.R or s.LB) and (t.R or t.LB))
    return (s.P and t.P) or (lb and s.LB and t.LB)


def freebsd(s: Rec, existing: Sequence[Rec], *, release: str = "current") -> Answer:
    busy = "EADDRINUSE"
    wild = not s.R and not s.P and not s.LB
    privileged = s.uid == 0

    def v4(addr: str, wild: bool) -> int | None:
        return best(in_v4_table, existing, addr, V4_WILD, wild=wild, dual_costs=3)

    def v6(addr: str, wild: bool) -> int | None:
        return best(in_v6_table, existing, addr, V6_WILD, wild=wild)

    def owner(i: int | None) -> bool:
        if i is None:
            return False
        t = existing[i]
        return (not s.tcp or not t.peer) and t.uid != s.uid

    def exempt(i: int | None, both_at_wildcard: bool) -> bool:
        if release == "current" or i is None:
            return False
        t = existing[i]
        return both_at_wildcard and t.LB and not t.P

    if s.mapped and s.only:
        return "EADDRNOTAVAIL", None
    if not s.inet6 or s.mapped:
        addr = s.v4part
        if not privileged and not s.multicast:
            i = v4(addr, True)
            at_wild = i is not None and addr == in_v4_table(existing[i]) == V4_WILD
            if owner(i) and not exempt(i, at_wild):
                return busy, i
        i = v4(addr, wild)
        if i is not None:
            t = existing[i]
            if not common(s, t, lb=True):
                if release == "13" and t.state == "time-wait":
                    return busy, i
                if not (addr == in_v4_table(t) == V4_WILD and s.inet6 and t.inet6):
                    return busy, i
        return None, None

    if not privileged and not s.multicast:
        i = v6(s.addr, True)
        at_wild = i is not None and s.addr == existing[i].addr == V6_WILD
        if owner(i) and not exempt(i, at_wild):
            return busy, i
        if s.dual:
            i = v4(V4_WILD, True)
            if owner(i):
                return busy, i
    i = v6(s.addr, wild)
    if i is not None and not common(s, existing[i], lb=True):
        return busy, i
    if s.dual:
        i = v4(V4_WILD, wild)
        if i is not None:
            t = existing[i]
            if not common(s, t, lb=True) and (in_v4_table(t) != V4_WILD or t.inet6):
                return busy, i
    return None, None


def macos(s: Rec, existing: Sequence[Rec]) -> Answer:
    busy = "EADDRINUSE"
    wild = not s.R and not s.P

    def v4(addr: str, wild: bool) -> int | None:
        return best(in_v4_table, existing, addr, V4_WILD, wild=wild)

    def v6(addr: str, wild: bool) -> int | None:
        return best(in_v6_table, existing, addr, V6_WILD, wild=wild)

    if s.mapped and s.only:
        return "EADDRNOTAVAIL", None
    if not s.inet6 or s.mapped:
        addr = s.v4part
        if s.uid != 0 and not s.multicast:
            i = v4(addr, True)
            if i is not None and existing[i].uid != s.uid:
                both = addr == V4_WILD and in_v4_table(existing[i]) == V4_WILD
                if not both:
                    return busy, i
        i = v4(addr, wild)
        if i is not None and not common(s, existing[i], lb=False, needs_r=True):
            t = existing[i]
            both = addr == V4_WILD and in_v4_table(t) == V4_WILD
            if not (both and s.inet6 and t.inet6):
                return busy, i
        return None, None

    if s.uid != 0 and not s.multicast:
        i = v6(s.addr, True)
        if i is not None and existing[i].uid != s.uid:
            t = existing[i]
            if not (s.addr == V6_WILD and t.addr == V6_WILD and t.P):
                return busy, i
        if s.dual:
            i = v4(V4_WILD, True)
            if i is not None:
                t = existing[i]
                if t.uid != s.uid and not t.P and (in_v4_table(t) != V4_WILD or t.inet6):
                    return busy, i
    i = v6(s.addr, wild)
    if i is not None and not common(s, existing[i], lb=False, needs_r=True):
        return busy, i
    if s.dual:
        i = v4(V4_WILD, wild)
        if i is not None:
            t = existing[i]
            if not common(s, t, lb=False, needs_r=True) and (in_v4_table(t) != V4_WILD or t.inet6):
                return busy, i
    return None, None


def openbsd(s: Rec, existing: Sequence[Rec]) -> Answer:
    busy = "EADDRINUSE"
    if s.mapped:
        return "EADDRNOTAVAIL", None
    wild = not s.R and not s.P
    any_addr = V6_WILD if s.inet6 else V4_WILD

    def table(o: Rec) -> str | None:
        # The families have tables of their own; nothing is mapped.
        return o.addr if o.inet6 is s.inet6 and not o.mapped else None

    if s.uid != 0 and not s.multicast:
        i = best(table, existing, s.addr, any_addr, wild=True)
        if i is not None and existing[i].uid != s.uid:
            return busy, i
    i = best(table, existing, s.addr, any_addr, wild=wild)
    if i is not None and not common(s, existing[i], lb=False):
        return busy, i
    return None, None


def netbsd(s: Rec, existing: Sequence[Rec]) -> Answer:
    busy = "EADDRINUSE"
    wild = not s.R and not s.P

    def v4(addr: str, wild: bool) -> int | None:
        def table(o: Rec) -> str | None:
            return None if o.inet6 else o.addr

        return best(table, existing, addr, V4_WILD, wild=wild)

    def v6(addr: str, wild: bool) -> int | None:
        """in6_pcblookup_port(): counts the wildcards of each socket."""
        asked_mapped = addr.startswith("::ffff:")
        asked4 = addr.rpartition(":")[2]
        match, matchwild = None, 3
        for i in range(len(existing) - 1, -1, -1):
            o = existing[i]
            if not o.inet6:
                continue
            wildcard = 1 if o.peer else 0
            if o.mapped:
                if not asked_mapped:
                    continue
                if o.v4part == V4_WILD:
                    if asked4 != V4_WILD:
                        wildcard += 1
                elif asked4 == V4_WILD:
                    wildcard += 1
                elif o.v4part != asked4:
                    continue
            elif o.addr == V6_WILD:
                if asked_mapped and o.only:
                    continue
                if addr != V6_WILD:
                    wildcard += 1
            else:
                if asked_mapped and o.only:
                    continue
                if addr == V6_WILD:
                    wildcard += 1
                elif o.addr != addr:
                    continue
            if wildcard and not wild:
                continue
            if wildcard < matchwild:
                match, matchwild = i, wildcard
        return match

    if s.inet6:
        if s.mapped and s.only:
            return "EINVAL", None
        if s.mapped:
            i = v4(s.v4part, wild)
            if i is not None and not common(s, existing[i], lb=False):
                return busy, i
        i = v6(s.addr, wild)
        if i is not None and not common(s, existing[i], lb=False):
            return busy, i
        return None, None

    i = v6("::ffff:" + s.addr, wild)
    if i is not None and not common(s, existing[i], lb=False):
        return busy, i
    if s.uid != 0 and not s.multicast:
        i = v4(s.addr, True)
        if i is not None and existing[i].uid != s.uid:
            t = existing[i]
            if not (s.addr == V4_WILD and t.addr == V4_WILD and t.P):
                return busy, i
    i = v4(s.addr, wild)
    if i is not None and not common(s, existing[i], lb=False):
        return busy, i
    return None, None


def bound_addrs(o: Rec) -> tuple[str, ...]:
    """What conn_bound_addr_v6 may be; a connection's is the wildcard or its own address."""
    # IPv4 addresses are kept mapped (IN6_IPADDR_TO_V4MAPPED).
    own = o.addr if o.inet6 else "::ffff:" + o.addr
    return (V6_WILD if o.inet6 else "::ffff:0.0.0.0", own) if o.peer else (own,)


def conn_ipversion(o: Rec) -> int:
    if not o.inet6:
        return 4
    # tcp_bind_check() leaves the version alone, udp_do_bind() does not.
    if o.tcp and not o.peer:
        return 6
    return 4 if o.mapped else 6


def illumos_tcp(s: Rec, existing: Sequence[Rec], bound: Sequence[str], *, groups: bool) -> Answer:
    busy = "EADDRINUSE"
    wildcards = (V6_WILD, "::ffff:0.0.0.0")
    if s.mapped and s.only:
        return "EADDRNOTAVAIL", None
    newest_first = list(range(len(existing) - 1, -1, -1))
    # A port's list: the specific addresses, then the wildcards.
    specific = [i for i in newest_first if bound[i] not in wildcards]
    rest = [i for i in newest_first if bound[i] in wildcards]
    (s_addr,) = bound_addrs(s)
    s_any = s_addr in wildcards
    for i in specific + rest:
        o = existing[i]
        o_addr = bound[i]
        o_any = o_addr in wildcards
        if (o.E or s.E) and o.state in ("bound", "listening", "connected"):
            if o_any or s_any or o_addr == s_addr:
                return busy, i
            continue
        if conn_ipversion(o) != conn_ipversion(s):
            continue
        same = o_addr == s_addr
        if groups and same and s.P and o.state in ("bound", "listening"):
            if not o.P:
                return busy, i
            # conn_rg_insert(): the effective user of the group's members.
            return ("EADDRNOTAVAIL", i) if o.uid != s.uid else (None, None)
        if not s.R:
            if not o_any and not s_any and o_addr != s_addr:
                continue
            return busy, i
        if same and o.state in ("bound", "listening"):
            return busy, i
    return None, None


def illumos_udp(s: Rec, existing: Sequence[Rec], bound: Sequence[str], *, groups: bool) -> Answer:
    """udp_do_bind(), on the safe side where a list's order decides."""
    busy = "EADDRINUSE"
    wildcards = (V6_WILD, "::ffff:0.0.0.0")
    if s.mapped and s.only:
        return "EADDRNOTAVAIL", None
    (s_addr,) = bound_addrs(s)
    others = []
    for i in range(len(existing) - 1, -1, -1):
        o_addr = bound[i]
        if o_addr == s_addr or o_addr in wildcards or s_addr in wildcards:
            others.append(i)
    for i in others:
        if existing[i].E or s.E:
            return busy, i
    same_version = [i for i in others if conn_ipversion(existing[i]) == conn_ipversion(s)]
    if s.R and not (groups and s.P):
        return None, None
    if not same_version:
        return None, None
    if groups and s.P:
        for i in same_version:
            if not existing[i].P:
                return busy, i
        for i in same_version:
            if existing[i].uid != s.uid:
                return "EADDRNOTAVAIL", i
        return None, None
    return busy, same_version[0]


def illumos(s: Rec, existing: Sequence[Rec], *, groups: bool = True) -> Answer:
    """The answer where no connection was bound to its address, then where some or all were."""
    decide = illumos_tcp if s.tcp else illumos_udp
    answers = [
        decide(s, existing, bound, groups=groups)
        for bound in product(*(bound_addrs(o) for o in existing))
    ]
    nowhere, everywhere = answers[0], answers[-1]
    if nowhere[0] is None and everywhere[0] is None:
        return next((answer for answer in answers if answer[0] is not None), nowhere)
    return everywhere if nowhere[0] is None else nowhere


# The Winsock page, cell by cell: "I" WSAEADDRINUSE, "A" WSAEACCES, "." success; of two
# letters the first is for the same user, the second for another.
WINSOCK = {
    ("D-W", "D-W"): "I", ("D-W", "D-S"): ".A", ("D-W", "R-W"): "A", ("D-W", "R-S"): ".A",
    ("D-W", "E-W"): "I", ("D-W", "E-S"): ".A",
    ("D-S", "D-W"): ".", ("D-S", "D-S"): "I", ("D-S", "R-W"): ".", ("D-S", "R-S"): "A",
    ("D-S", "E-W"): "I", ("D-S", "E-S"): "I",
    ("R-W", "D-W"): "I", ("R-W", "D-S"): ".A", ("R-W", "R-W"): ".", ("R-W", "R-S"): ".",
    ("R-W", "E-W"): "I", ("R-W", "E-S"): ".A",
    ("R-S", "D-W"): ".", ("R-S", "D-S"): "I", ("R-S", "R-W"): ".", ("R-S", "R-S"): ".",
    ("R-S", "E-W"): "I", ("R-S", "E-S"): "I",
    ("E-W", "D-W"): "I", ("E-W", "D-S"): "A", ("E-W", "R-W"): "A", ("E-W", "R-S"): "A",
    ("E-W", "E-W"): "I", ("E-W", "E-S"): "A",
    ("E-S", "D-W"): ".", ("E-S", "D-S"): "I", ("E-S", "R-W"): ".", ("E-S", "R-S"): "A",
    ("E-S", "E-W"): "I", ("E-S", "E-S"): "I",
}  # fmt: skip


def windows(s: Rec, existing: Sequence[Rec]) -> Answer:
    """Both stacks of a dual-stack wildcard are tested, and both must pass.

    Beside it 0.0.0.0 is a specific address.
    """
    if s.mapped and s.only:
        return "WSAEADDRNOTAVAIL", None

    def letter(o: Rec) -> str:
        return "E" if o.E else "R" if o.R else "D"

    for i in range(len(existing) - 1, -1, -1):
        o = existing[i]
        if o.state == "time-wait":
            continue
        for table, any_addr in ((in_v4_table, V4_WILD), (in_v6_table, V6_WILD)):
            ours, theirs = table(s), table(o)
            if ours is None or theirs is None:
                continue
            if any_addr not in (ours, theirs) and ours != theirs:
                continue
            wide = ours == theirs == any_addr and o.dual != s.dual and table is in_v4_table
            first = letter(o) + ("-S" if theirs != any_addr or (wide and s.dual) else "-W")
            second = letter(s) + ("-S" if ours != any_addr or (wide and o.dual) else "-W")
            cell = WINSOCK[first, second]
            word = cell[0] if o.uid == s.uid else cell[-1]
            if word != ".":
                return ("WSAEADDRINUSE" if word == "I" else "WSAEACCES"), i
    return None, None
