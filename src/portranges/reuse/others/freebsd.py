"""FreeBSD CURRENT, 14 and 13: in_pcbbind_avail() and in6_pcbbind_avail().

The differences between the releases are data. ``bsd`` has the search for the best match.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import types
from portranges.reuse.addresses import Kind, is_mapped
from portranges.reuse.model import Rule, State
from portranges.reuse.others.address_rules import AddressRule, Call
from portranges.reuse.others.bsd import PairRules, best4, best6, pair_rules, share_port
from portranges.reuse.others.record import (
    BindRules,
    Context,
    Reconnect,
    Via,
    mapped_v6only,
    needs_privilege,
    not_local,
)
from portranges.reuse.others.rows import CallRules, RuleBook, call_rules
from portranges.reuse.others.sock import Sock
from portranges.source import Confidence, cite

__all__ = ["FREEBSD", "FREEBSD_13", "FREEBSD_14", "RELEASES", "Procedure", "Release"]

# INP_LOOKUP_MAPPED_PCB_COST: in the IPv4 table every IPv4 socket is preferred to a dual-stack
# one.
_DUAL_COSTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What one release does differently.

    13 also exempts a holder in TIME_WAIT from the comparison of owners. That never decides,
    because such a holder is a TCP connection, which is exempt anyway.

    Attributes:
        name: The system's name.
        repository: Where its source was read.
        function: The functions that check an IPv4 and an IPv6 address.
        exempts_load_balance: Whether two wildcards of different owners can share a port if
            the holder has SO_REUSEPORT_LB and not SO_REUSEPORT.
        time_wait_blocks: Whether a holder in TIME_WAIT must have a common option even if two
            AF_INET6 sockets are both at 0.0.0.0.
        reconnect: What connect() of a connected UDP socket does to its address.
        refuses_wildcard: Whether connect() refuses the wildcard, and UDP 255.255.255.255:
            net.inet.ip.connect_inaddr_wild is 0, and IPv6 has no such setting.
    """

    name: types.SystemName
    repository: str
    function: tuple[str, str]
    exempts_load_balance: bool
    time_wait_blocks: bool
    reconnect: Reconnect
    refuses_wildcard: bool = False


RELEASES = (
    Release(
        name="freebsd",
        repository="5BSD/5BSD@392999c (from FreeBSD CURRENT)",
        function=("in_pcbbind_avail", "in6_pcbbind_avail"),
        exempts_load_balance=False,
        time_wait_blocks=False,
        reconnect=Reconnect.LAST,
        refuses_wildcard=True,
    ),
    Release(
        name="freebsd-14",
        repository="ilnp/ilnp-freebsd14@2f2a416",
        function=("in_pcbbind_setup", "in6_pcbbind"),
        exempts_load_balance=True,
        time_wait_blocks=False,
        reconnect=Reconnect.WILDCARD,
    ),
    Release(
        name="freebsd-13",
        repository="gmshake/freebsd-src@07d9e11",
        function=("in_pcbbind_setup", "in6_pcbbind"),
        exempts_load_balance=True,
        time_wait_blocks=True,
        reconnect=Reconnect.WILDCARD,
    ),
)


class Procedure:
    """The checks of one release, with its rules."""

    def __init__(self, release: Release) -> None:
        """Create the rules of *release*."""
        self.release = release
        v4_function, v6_function = release.function
        v4 = cite(release.repository, f"sys/netinet/in_pcb.c, {v4_function}")
        v6 = cite(release.repository, f"sys/netinet6/in6_pcb.c, {v6_function}")
        self.book: RuleBook = RuleBook(release.name)
        self.pairs: PairRules = pair_rules(
            self.book,
            v4=v4,
            v6=v6,
            owners="only sockets of the same owner share a port, unless the new socket is "
            "privileged or the holder is a TCP connection",
            wildcards="the holder is an IPv4 socket at 0.0.0.0, which does not conflict with a "
            "dual-stack socket at ::, or both are IPv6 sockets at 0.0.0.0",
            dual="a dual-stack socket at :: uses the port on IPv4 too",
            dual_owners=True,
            both="both sockets have SO_REUSEPORT, or both SO_REUSEPORT_LB",
        )
        self.load_balance: Rule = self.book.allowed(
            "load-balance", "both sockets have SO_REUSEPORT_LB", v4
        )
        self.time_wait: Rule | None = None
        if release.time_wait_blocks:
            self.time_wait = self.book.refused(
                "time-wait",
                "EADDRINUSE",
                "a connection in TIME_WAIT shares its port only if both sockets have SO_REUSEPORT "
                "or both SO_REUSEPORT_LB",
                v4,
            )
        self.privileged: Rule = self.book.refused(
            "privileged",
            "EACCES",
            "a port from net.inet.ip.portrange.reservedlow to reservedhigh requires privilege",
            v4,
        )
        self.calls: CallRules = call_rules(
            self.book,
            source=cite(
                release.repository, "sys/netinet/in_pcb.c, in_pcb_lport_dest, in_pcbconnect"
            ),
            # in6_pcbbind() then searches for an interface with the mapped address.
            mapped_v6only=("EADDRNOTAVAIL", v6, Confidence.SOURCE),
            exhausted="EADDRNOTAVAIL",
            wrong_family="EAFNOSUPPORT",
        )

        self.address_rules: tuple[AddressRule, ...] = self._address_rules()

    def _address_rules(self) -> tuple[AddressRule, ...]:
        repository = self.release.repository
        binds = cite(repository, "sys/netinet/tcp_usrreq.c, tcp_usr_bind, tcp6_usr_bind")
        connects = cite(repository, "sys/netinet/tcp_usrreq.c, tcp_usr_connect, tcp6_usr_connect")
        wild = cite(
            repository,
            "sys/netinet/in_pcb.c, in_pcbconnect, connect_inaddr_wild; sys/netinet6/in6_pcb.c, "
            "in6_pcbladdr",
        )
        multicast = frozenset({Kind.MULTICAST})
        broadcast = frozenset({Kind.BROADCAST})
        no_multicast = "a TCP socket cannot be bound or connected to a multicast address"
        rule = self.book.refused("bind-multicast", "EAFNOSUPPORT", no_multicast, binds)
        found = [AddressRule(call=Call.BIND, kinds=multicast, tcp=True, rule=rule)]
        rule = self.book.refused("connect-multicast", "EAFNOSUPPORT", no_multicast, connects)
        found.append(AddressRule(call=Call.CONNECT, kinds=multicast, tcp=True, rule=rule))
        rule = self.book.refused(
            "connect-broadcast",
            "EACCES",
            "a TCP socket cannot connect to 255.255.255.255",
            connects,
        )
        found.append(AddressRule(call=Call.CONNECT, kinds=broadcast, tcp=True, rule=rule))
        if self.release.refuses_wildcard:
            rule = self.book.refused(
                "connect-wildcard",
                "ENETUNREACH",
                "connect() no longer treats the wildcard as this machine, or 255.255.255.255 as "
                "the broadcast address of an interface",
                wild,
            )
            kinds = broadcast | {Kind.WILDCARD}
            found.append(AddressRule(call=Call.CONNECT, kinds=kinds, early=False, rule=rule))
        return tuple(found)

    def check_privilege(self, sock: Sock, context: Context) -> Rule | None:
        """Refuse a privileged port to an unprivileged socket."""
        return self.privileged if needs_privilege(sock, context) else None

    def judge(self, new: Sock, holders: types.Sequence[Sock]) -> types.Outcome:
        """Decide whether *new* can be bound next to *holders*, which come newest first."""
        asked = new.v6_address
        if asked is None:
            return self._judge4(new, holders)
        wild = _is_wild(new)
        if _owner_counts(new):
            holder = best6(holders, asked, wild=True)
            # if (t != NULL && (inp->inp_socket->so_type != SOCK_STREAM ||
            #     IN6_IS_ADDR_UNSPECIFIED(&t->in6p_faddr)) &&
            #     (inp->inp_cred->cr_uid != t->inp_cred->cr_uid)) return (EADDRINUSE);
            if (
                holder is not None
                and _other_owner(new, holder)
                and not self._exempt(holder, wildcards=asked == 0 == holder.v6_address)
            ):
                return self.pairs.uid, holder
            # if ((inp->inp_flags & IN6P_IPV6_V6ONLY) == 0 && IN6_IS_ADDR_UNSPECIFIED(laddr)) the
            # same for the IPv4 table
            if new.is_dual:
                holder = _best4(holders, 0, wild=True)
                if holder is not None and _other_owner(new, holder):
                    return self.pairs.dual_uid, holder
        holder = best6(holders, asked, wild=wild)
        # if (t != NULL && ((reuseport | reuseport_lb) & t->inp_socket->so_options) == 0)
        if holder is not None and not _share(new, holder):
            return self.pairs.refuse(new, holder)
        met = best6(holders, asked, wild=True)
        if new.is_dual:
            holder = _best4(holders, 0, wild=wild)
            # ... && (!in_nullhost(t->inp_laddr) || (t->inp_vflag & INP_IPV6PROTO) != 0)
            if (
                holder is not None
                and not _share(new, holder)
                and (holder.v4_address != 0 or holder.v6)
            ):
                return self.pairs.refuse(new, holder, dual=True)
            met = met or _best4(holders, 0, wild=True)
        return self._allow(new, met)

    def _judge4(self, new: Sock, holders: types.Sequence[Sock]) -> types.Outcome:
        asked = new.addr & 0xFFFFFFFF
        if _owner_counts(new):
            holder = _best4(holders, asked, wild=True)
            # if (t != NULL && (inp->inp_socket->so_type != SOCK_STREAM ||
            #     in_nullhost(t->inp_faddr)) && (inp->inp_cred->cr_uid != t->inp_cred->cr_uid))
            if (
                holder is not None
                and _other_owner(new, holder)
                and not self._exempt(holder, wildcards=asked == 0 == holder.v4_address)
            ):
                return self.pairs.uid, holder
        holder = _best4(holders, asked, wild=_is_wild(new))
        # if (t != NULL && ((reuseport | reuseport_lb) & t->inp_socket->so_options) == 0)
        if holder is not None and not _share(new, holder):
            if self.time_wait is not None and holder.state is State.TIME_WAIT:
                return self.time_wait, holder
            if not (asked == 0 == holder.v4_address and new.v6 and holder.v6):
                return self.pairs.refuse(new, holder)
        return self._allow(new, _best4(holders, asked, wild=True))

    def _exempt(self, holder: Sock, *, wildcards: bool) -> bool:
        return self.release.exempts_load_balance and wildcards and holder.lb and not holder.p

    def _allow(self, new: Sock, met: Sock | None) -> types.Outcome:
        if met is not None and not share_port(new, met) and _share_lb(new, met):
            both = new.lb and met.lb
            return (self.load_balance if both else self.pairs.multicast), None
        return self.pairs.allow(new, met)

    def busy(self, sock: Sock, holders: types.Sequence[Sock], via: Via | None) -> bool:
        """Return whether in_pcb_lport_dest() skips the port."""
        if via is None:
            wild = _is_wild(sock)
            asked = sock.v6_address
            if asked is None:
                return _best4(holders, sock.addr & 0xFFFFFFFF, wild=wild) is not None
            if best6(holders, asked, wild=wild) is not None:
                return True
            return sock.is_dual and _best4(holders, 0, wild=wild) is not None
        if via.taken:
            return True
        # Connections to other destinations do not conflict.
        if is_mapped(via.local):
            meets = (0, via.local & 0xFFFFFFFF)
            return any(not held.connected and held.v4_address in meets for held in holders)
        return any(not held.connected and held.v6_address in (0, via.local) for held in holders)


def _is_wild(new: Sock) -> bool:
    # if ((sooptions & (SO_REUSEADDR | SO_REUSEPORT | SO_REUSEPORT_LB)) == 0)
    return not (new.r or new.p or new.lb)


def _best4(holders: types.Sequence[Sock], asked: int, *, wild: bool) -> Sock | None:
    return best4(holders, asked, wild=wild, dual_costs=_DUAL_COSTS)


def _owner_counts(new: Sock) -> bool:
    # if (!IN6_IS_ADDR_MULTICAST(laddr) &&
    #     priv_check_cred(inp->inp_cred, PRIV_NETINET_REUSEPORT) != 0)
    return not new.privileged and not new.multicast


def _other_owner(new: Sock, holder: Sock) -> bool:
    return (not new.tcp or not holder.connected) and holder.uid != new.uid


def _share_lb(new: Sock, holder: Sock) -> bool:
    # if ((sooptions & (SO_REUSEADDR | SO_REUSEPORT_LB)) != 0)
    #     reuseport_lb = SO_REUSEADDR | SO_REUSEPORT_LB;
    if new.multicast:
        return (new.r or new.lb) and (holder.r or holder.lb)
    return new.lb and holder.lb


def _share(new: Sock, holder: Sock) -> bool:
    return share_port(new, holder) or _share_lb(new, holder)


def _system(release: Release) -> BindRules:
    procedure = Procedure(release)
    return BindRules(
        name=release.name,
        calls=procedure.calls,
        book=procedure.book,
        judge=procedure.judge,
        busy=procedure.busy,
        checks_kind_first=True,
        checks=(mapped_v6only, not_local, procedure.check_privilege),
        address_rules=procedure.address_rules,
        embeds_zones=True,
        options=frozenset({"reuse_port", "load_balance"}),
        # IPV6_V6ONLY is 1 by default (from memory: net.inet6.ip6.v6only).
        v6only=True,
        reconnect=release.reconnect,
    )


FREEBSD, FREEBSD_14, FREEBSD_13 = (_system(release) for release in RELEASES)
