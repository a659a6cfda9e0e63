"""What the children of 4.4BSD share: best(), and who shares with whom.

What lives here: the search for the one socket that a bind() is held against,
and the rows about two sockets that all of them have.
What must not: the procedure of any one of them.

Facts the code relies on: bind() looks at one socket only. With no reuse
option on the new socket (``wild``) it is the one that fits best of all whose
address meets the new one, connected and TIME_WAIT ones included; with one, it
is an unconnected socket at exactly this address. Lists are searched from the
newest on. So only the new socket's SO_REUSEADDR matters.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import types
from portranges.reuse.model import Rule
from portranges.reuse.others.rows import Book
from portranges.reuse.others.sock import Sock
from portranges.source import Source

__all__ = ["Pairs", "best", "best4", "best6", "local_cost", "pairs", "share_port"]


def best(
    holders: types.Iterable[Sock], cost: types.Callable[[Sock], int | None], *, wild: bool
) -> Sock | None:
    """Return the holder with the least *cost*, the newest of equals.

    *holders* come newest first; a cost of None is no match. Without *wild*
    only a holder that costs nothing counts.
    """
    found: Sock | None = None
    least = 0
    for holder in holders:
        price = cost(holder)
        if price is None or (price and not wild):
            continue
        if found is None or price < least:
            found, least = holder, price
    return found


def local_cost(local: int | None, asked: int, *, connected: bool) -> int | None:
    """Return how badly the address *local* fits *asked*; None if not at all."""
    if local is None or (local and asked and local != asked):
        return None
    return connected + (local != asked)


def best4(
    holders: types.Iterable[Sock], asked: int, *, wild: bool, dual_costs: int = 0
) -> Sock | None:
    """Search the IPv4 table for *asked*; a dual-stack socket is in it at 0.0.0.0."""

    def cost(holder: Sock) -> int | None:
        price = local_cost(holder.v4_address, asked, connected=holder.connected)
        if price is None or not wild or not holder.is_dual:
            return price
        return price + dual_costs

    return best(holders, cost, wild=wild)


def best6(holders: types.Iterable[Sock], asked: int, *, wild: bool) -> Sock | None:
    """Search the IPv6 table for *asked*."""

    def cost(holder: Sock) -> int | None:
        return local_cost(holder.v6_address, asked, connected=holder.connected)

    return best(holders, cost, wild=wild)


def share_port(new: Sock, holder: Sock) -> bool:
    """Tell whether both have SO_REUSEPORT; for multicast SO_REUSEADDR is as good."""
    if new.multicast:
        return (new.r or new.p) and (holder.r or holder.p)
    return new.p and holder.p


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """The rows about two sockets that every child of 4.4BSD has."""

    free: Rule
    one_sided: Rule
    reuse_port: Rule
    multicast: Rule
    wildcards: Rule
    uid: Rule
    default: Rule
    exact: Rule
    dual: Rule
    dual_uid: Rule

    def refuse(self, new: Sock, holder: Sock, *, dual: bool = False) -> types.Outcome:
        """Return the row by which *holder* refuses *new*."""
        if dual:
            return self.dual, holder
        return (self.exact if new.r or new.p or new.lb else self.default), holder

    def allow(self, new: Sock, met: Sock | None) -> types.Outcome:
        """Return the row that allows *new*, where *met* is what best() finds."""
        if met is None:
            return self.free, None
        if share_port(new, met):
            return (self.reuse_port if new.p and met.p else self.multicast), None
        return (self.one_sided if new.r or new.p or new.lb else self.wildcards), None


def pairs(
    book: Book,
    *,
    v4: Source,
    v6: Source,
    owners: str,
    wildcards: str | None = None,
    dual: str | None = None,
    dual_owners: bool = False,
    both: str = "both sockets have SO_REUSEPORT",
) -> Pairs:
    """Add the rows about two sockets to *book*.

    *owners* says when another owner matters, *wildcards* when two wildcards
    may have one port, *dual* what a dual-stack socket is held against, and
    *dual_owners* whether its owner is, *both* what lets two have one address.
    A row that a system has no use for is
    not made; another one stands in its field.
    """
    free = book.allowed("free", "no socket in the way", v4)
    uid = book.refused("uid", "EADDRINUSE", owners, v4)
    default = book.refused(
        "default",
        "EADDRINUSE",
        "a new socket without a reuse option cannot have a port where its address meets one "
        "in use, connections included",
        v4,
    )
    dual_rule, dual_uid = default, uid
    if dual is not None:
        dual_rule = book.refused("dual-stack", "EADDRINUSE", dual, v6)
        if dual_owners:
            dual_uid = book.refused("dual-stack-uid", "EADDRINUSE", f"{dual}; {owners}", v6)
    return Pairs(
        free=free,
        uid=uid,
        default=default,
        dual=dual_rule,
        dual_uid=dual_uid,
        one_sided=book.allowed(
            "one-sided",
            "the new socket has a reuse option, so that of its owner's sockets only an "
            "unconnected one at exactly this address could refuse it, and none does",
            v4,
        ),
        reuse_port=book.allowed("reuse-port", "both sockets have SO_REUSEPORT", v4),
        multicast=book.allowed(
            "multicast", "at a multicast address SO_REUSEADDR shares as SO_REUSEPORT does", v4
        ),
        wildcards=free if wildcards is None else book.allowed("wildcards", wildcards, v6),
        exact=book.refused(
            "exact",
            "EADDRINUSE",
            f"an address and port can be bound twice only if {both}; at a multicast address "
            "SO_REUSEADDR is as good",
            v4,
        ),
    )
