"""What FreeBSD, macOS, OpenBSD and NetBSD inherit from 4.4BSD: in_pcblookup_local(), and rules.

bind() compares the new socket with a single one. If the new socket has no reuse option
(``wild``), it is the best match of all sockets with an overlapping address, including connected
ones and TIME_WAIT. Otherwise it is an unconnected socket at exactly this address. The newest of
equal matches counts. SO_REUSEADDR of the other socket does not matter.
"""

from __future__ import annotations

from abc import abstractmethod

from portranges import types
from portranges.reuse.addresses import ANY4, is_mapped, is_wild, overlap
from portranges.reuse.model import State
from portranges.reuse.others.bind_rules import (
    BindRules,
    Reconnect,
    mapped_v6only,
    not_local,
    privileged,
)
from portranges.reuse.others.sock import Sock
from portranges.reuse.rulebook import common_rows


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


def cost_at(holder: Sock, local: int | None, requested: int) -> int | None:
    """Return the cost of *holder* at *local* for *requested*, or None if it does not match."""
    # else if (!in_hosteq(inp->inp_laddr, laddr)) continue;
    if local is None or not overlap(local, requested):
        return None
    # if (!in_nullhost(inp->inp_faddr)) wildcard++; and one more if one address is a wildcard
    return holder.connected + (local != requested)


def both_wild(new: Sock, holder: Sock) -> bool:
    """Return whether both sockets are at a wildcard address."""
    return is_wild(new.addr) and is_wild(holder.addr)


def is_inet_any(holder: Sock) -> bool:
    """Return whether *holder* is an AF_INET socket at 0.0.0.0."""
    return holder.addr == ANY4 and not holder.v6


def wild_unless_listening(new: Sock) -> bool:
    """Return whether OpenBSD, and NetBSD on IPv6, search for a wildcard address too.

    A listening socket has a port and cannot be bound again, so it never matters to a program.
    """
    # if ((so->so_options & (SO_REUSEADDR|SO_REUSEPORT)) == 0 &&
    #     ((so->so_proto->pr_flags & PR_CONNREQUIRED) == 0 ||
    #     (so->so_options & SO_ACCEPTCONN) == 0)) wild = INPLOOKUP_WILDCARD;
    accepts = new.tcp and new.state is State.LISTENING
    return not new.has_option and not accepts


class BsdRules(BindRules):
    """The rules of a system with in_pcblookup_local() and KAME's IPv6.

    Attributes:
        dual_costs: What a dual-stack socket costs in the IPv4 table, where FreeBSD prefers
            IPv4 sockets to it; None if only AF_INET sockets are in that table.
    """

    checks: tuple[types.BindCheck, ...] = (mapped_v6only, not_local, privileged)
    reconnect: Reconnect | None = Reconnect.WILDCARD
    embeds_zones = True
    dual_costs: int | None = None

    def best(self, holders: types.Iterable[Sock], requested: int, *, wild: bool) -> Sock | None:
        """Return the best match in the table of the IP version of *requested*."""
        v4 = is_mapped(requested)
        dual_costs = self.dual_costs

        def cost(holder: Sock) -> int | None:
            if v4 and holder.v6 and dual_costs is None:
                return None
            price = cost_at(holder, holder.held_at(v4=v4), requested)
            if price is None or not (v4 and wild and holder.is_dual):
                return price
            return price + (dual_costs or 0)

        return best(holders, cost, wild=wild)

    def shares(self, new: Sock, holder: Sock) -> bool:
        """Return whether an option lets *new* share the port; both need SO_REUSEPORT.

        At a multicast address SO_REUSEADDR counts too.
        """
        # if (so->so_options & (SO_REUSEADDR | SO_REUSEPORT))
        #     reuseport = SO_REUSEADDR | SO_REUSEPORT;
        if new.multicast:
            return (new.r or new.rp) and (holder.r or holder.rp)
        # if (t && (reuseport & t->inp_socket->so_options) == 0) return (EADDRINUSE);
        return new.rp and holder.rp

    def refuse(self, new: Sock, holder: Sock) -> types.BindOutcome:
        """Return the rule by which *holder* conflicts with *new*."""
        return self.rules["exact" if new.has_option else "default"], holder

    def allow(self, new: Sock, met: Sock | None) -> types.BindOutcome:
        """Return the rule that allows *new*; *met* is the best match, if there is one."""
        if met is None:
            return self.rules["free"], None
        if self.shares(new, met):
            return self.rules["reuse-port" if new.rp and met.rp else "multicast"], None
        if new.has_option:
            return self.rules["one-sided"], None
        return self.rules.get("wildcards", self.rules["free"]), None


class DualRules(BsdRules):
    """FreeBSD and macOS: a dual-stack socket at ``::`` is in the IPv4 table too."""

    dual_costs: int | None = 0

    @abstractmethod
    def other_owner(self, new: Sock, holders: types.Sequence[Sock]) -> types.BindOutcome | None:
        """Return the rule and the socket by which the owner of *new* conflicts, or None."""

    def judge(self, new: Sock, holders: types.Sequence[Sock]) -> types.BindOutcome:
        """Return whether *new* can be bound next to *holders*, which come newest first."""
        conflict = self.other_owner(new, holders)
        if conflict is not None:
            return conflict
        wild = not new.has_option
        holder = self.best(holders, new.addr, wild=wild)
        # if (t && (reuseport & t->inp_socket->so_options) == 0)
        if holder and not self.shares(new, holder):
            v4 = is_mapped(new.addr)
            # FreeBSD 13 tests a holder in TIME_WAIT without the exception for two wildcards.
            if v4 and holder.state is State.TIME_WAIT and "time-wait" in self.rules:
                return self.rules["time-wait"], holder
            # On IPv4: ... && (either address is not INADDR_ANY || SOCK_DOM(so) != PF_INET6 ||
            #     SOCK_DOM(t->inp_socket) != PF_INET6)
            if not (v4 and both_wild(new, holder) and new.v6 and holder.v6):
                return self.refuse(new, holder)
        met = self.best(holders, new.addr, wild=True)
        # if ((inp->inp_flags & IN6P_IPV6_V6ONLY) == 0 && IN6_IS_ADDR_UNSPECIFIED(laddr))
        if new.is_dual:
            holder = self.best(holders, ANY4, wild=wild)
            # ... && (ntohl(t->inp_laddr.s_addr) != INADDR_ANY ||
            #     SOCK_DOM(so) == SOCK_DOM(t->inp_socket))
            if holder and not self.shares(new, holder) and not is_inet_any(holder):
                return self.rules["dual-stack"], holder
            met = met or self.best(holders, ANY4, wild=True)
        return self.allow(new, met)


# The last value is the key of the source: the function for IPv4 or the one for IPv6. A sentence of
# "" differs from system to system, and a system that does not supply it lacks the rule.
_PAIRS: types.CommonRows = {
    "free": (None, "no socket conflicts", "v4"),
    "uid": ("EADDRINUSE", "", "v4"),
    "default": (
        "EADDRINUSE",
        "a new socket without a reuse option cannot be bound to a port that is in use at an "
        "overlapping address, connections included",
        "v4",
    ),
    "dual-stack": ("EADDRINUSE", "", "v6"),
    "dual-stack-uid": ("EADDRINUSE", "", "v6"),
    "one-sided": (
        None,
        "the new socket has a reuse option, so only an unconnected socket of the same owner "
        "at exactly this address could conflict, and none does",
        "v4",
    ),
    "reuse-port": (None, "both sockets have SO_REUSEPORT", "v4"),
    "multicast": (None, "at a multicast address SO_REUSEADDR counts as SO_REUSEPORT", "v4"),
    "wildcards": (None, "", "v6"),
    "exact": (
        "EADDRINUSE",
        "an address and port can be bound twice only if both sockets have SO_REUSEPORT; at a "
        "multicast address SO_REUSEADDR is enough",
        "v4",
    ),
}


def pair_rows(sources: types.Mapping[str, types.RuleSource], **sentences: str) -> types.RuleRows:
    """Return the rules about two sockets; *sentences* by name, with ``_`` for ``-``.

    *uid* says when another owner matters, *dual_stack* what a dual-stack socket conflicts
    with, and *wildcards* when two wildcards may share a port.
    """
    words = {name.replace("_", "-"): sentence for name, sentence in sentences.items()}
    return common_rows(_PAIRS, sources, sentences=words)
