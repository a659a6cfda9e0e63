"""What FreeBSD, macOS, OpenBSD and NetBSD have from 4.4BSD: in_pcblookup_local(), and rules.

bind() compares the new socket with a single one. If the new socket has no reuse option
(``wild``), it is the best match of all sockets with an overlapping address, including connected
ones and TIME_WAIT. Otherwise it is an unconnected socket at exactly this address. The newest of
equal matches counts. SO_REUSEADDR of the other socket does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import types
from portranges.reuse.model import Rule
from portranges.reuse.others.rows import RuleBook
from portranges.reuse.others.sock import Sock
from portranges.source import Source

__all__ = ["PairRules", "best", "best4", "best6", "local_cost", "pair_rules", "share_port"]


def best(
    holders: types.Iterable[Sock], cost: types.Callable[[Sock], int | None], *, wild: bool
) -> Sock | None:
    """Return the holder with the least *cost*, the newest of equal ones.

    *holders* come newest first. A cost of None does not match, and without *wild* only
    a cost of 0 does.
    """
    found: Sock | None = None
    least = 0
    for holder in holders:
        price = cost(holder)
        # if (wildcard && !lookup_wildcard) continue;
        if price is None or (price and not wild):
            continue
        # if (wildcard < matchwild) match = inp;
        if found is None or price < least:
            found, least = holder, price
    return found


def local_cost(local: int | None, asked: int, *, connected: bool) -> int | None:
    """Return the cost of the address *local* for *asked*, or None if it does not match."""
    # else if (!in_hosteq(inp->inp_laddr, laddr)) continue;
    if local is None or (local and asked and local != asked):
        return None
    # if (!in_nullhost(inp->inp_faddr)) wildcard++; and one more if one address is a wildcard
    return connected + (local != asked)


def best4(
    holders: types.Iterable[Sock], asked: int, *, wild: bool, dual_costs: int = 0
) -> Sock | None:
    """Return the best match in the IPv4 table, which has dual-stack sockets at 0.0.0.0."""

    def cost(holder: Sock) -> int | None:
        price = local_cost(holder.v4_address, asked, connected=holder.connected)
        if price is None or not wild or not holder.is_dual:
            return price
        return price + dual_costs

    return best(holders, cost, wild=wild)


def best6(holders: types.Iterable[Sock], asked: int, *, wild: bool) -> Sock | None:
    """Return the best match in the IPv6 table."""

    def cost(holder: Sock) -> int | None:
        return local_cost(holder.v6_address, asked, connected=holder.connected)

    return best(holders, cost, wild=wild)


def share_port(new: Sock, holder: Sock) -> bool:
    """Return whether both have SO_REUSEPORT; at a multicast address SO_REUSEADDR counts too."""
    # if (so->so_options & (SO_REUSEADDR | SO_REUSEPORT)) reuseport = SO_REUSEADDR | SO_REUSEPORT;
    if new.multicast:
        return (new.r or new.p) and (holder.r or holder.p)
    # if (t && (reuseport & t->inp_socket->so_options) == 0) return (EADDRINUSE);
    return new.p and holder.p


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRules:
    """The rules about two sockets that all of these systems have."""

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
    share_port: types.Callable[[Sock, Sock], bool]

    def refuse(self, new: Sock, holder: Sock, *, dual: bool = False) -> types.Outcome:
        """Return the rule by which *holder* conflicts with *new*."""
        if dual:
            return self.dual, holder
        return (self.exact if new.r or new.p or new.lb else self.default), holder

    def allow(self, new: Sock, met: Sock | None) -> types.Outcome:
        """Return the rule that allows *new*; *met* is the best match, if there is one."""
        if met is None:
            return self.free, None
        if self.share_port(new, met):
            return (self.reuse_port if new.p and met.p else self.multicast), None
        return (self.one_sided if new.r or new.p or new.lb else self.wildcards), None


def pair_rules(
    book: RuleBook,
    *,
    v4: Source,
    v6: Source,
    owners: str,
    wildcards: str | None = None,
    dual: str | None = None,
    dual_owners: bool = False,
    both: str = "both sockets have SO_REUSEPORT",
    multicast: str = "at a multicast address SO_REUSEADDR counts as SO_REUSEPORT",
    shares: types.Callable[[Sock, Sock], bool] = share_port,
) -> PairRules:
    """Add the rules about two sockets to *book*.

    *owners* says when another owner matters, *wildcards* when two wildcards may share a port,
    *dual* what a dual-stack socket conflicts with, *dual_owners* whether its owner matters,
    *both* which options let two sockets share an address, and *multicast* and *shares* which
    ones do so at a multicast address. A rule that does not exist on a system is not added;
    a different rule fills its field.
    """
    free = book.allowed("free", "no socket conflicts", v4)
    uid = book.refused("uid", "EADDRINUSE", owners, v4)
    default = book.refused(
        "default",
        "EADDRINUSE",
        "a new socket without a reuse option cannot be bound to a port that is in use at an "
        "overlapping address, connections included",
        v4,
    )
    dual_rule, dual_uid = default, uid
    if dual is not None:
        dual_rule = book.refused("dual-stack", "EADDRINUSE", dual, v6)
        if dual_owners:
            dual_uid = book.refused("dual-stack-uid", "EADDRINUSE", f"{dual}; {owners}", v6)
    return PairRules(
        free=free,
        uid=uid,
        default=default,
        dual=dual_rule,
        dual_uid=dual_uid,
        one_sided=book.allowed(
            "one-sided",
            "the new socket has a reuse option, so only an unconnected socket of the same owner "
            "at exactly this address could conflict, and none does",
            v4,
        ),
        reuse_port=book.allowed("reuse-port", "both sockets have SO_REUSEPORT", v4),
        multicast=book.allowed("multicast", multicast, v4),
        share_port=shares,
        wildcards=free if wildcards is None else book.allowed("wildcards", wildcards, v6),
        exact=book.refused(
            "exact",
            "EADDRINUSE",
            f"an address and port can be bound twice only if {both}; at a multicast address "
            "SO_REUSEADDR is enough",
            v4,
        ),
    )
