"""FreeBSD CURRENT, 14 and 13: in_pcbbind_avail() and in6_pcbbind_avail().

The differences between the releases are data. 13 also exempts a holder in TIME_WAIT from the
comparison of owners, which never decides, because such a holder is a TCP connection and exempt
anyway. ``bsd`` has the search for the best match.
"""

from __future__ import annotations

from portranges import types
from portranges.reuse.addresses import ANY4, ANY6, Kind, is_mapped
from portranges.reuse.others.address_rules import AddressRule, Call
from portranges.reuse.others.bind_rules import Reconnect, Via
from portranges.reuse.others.bsd import DualRules, both_wild, pair_rows
from portranges.reuse.others.rows import call_rows
from portranges.reuse.others.sock import Sock
from portranges.reuse.rulebook import RuleTable, common_rows
from portranges.source import cite

_OWNERS = (
    "only sockets of the same owner share a port, unless the new socket is privileged or the "
    "holder is a TCP connection"
)
_DUAL = "a dual-stack socket at :: uses the port on IPv4 too"
_NO_MULTICAST = "a TCP socket cannot be bound or connected to a multicast address"

# The last value is the key of the source. The rows come before and after those of the calls.
_BIND_ROWS: types.CommonRows = {
    "load-balance": (None, "both sockets have SO_REUSEPORT_LB", "v4"),
    "time-wait": (
        "EADDRINUSE",
        "a connection in TIME_WAIT shares its port only if both sockets have SO_REUSEPORT or both "
        "SO_REUSEPORT_LB",
        "v4",
    ),
    "privileged": (
        "EACCES",
        "a port from net.inet.ip.portrange.reservedlow to reservedhigh requires privilege",
        "v4",
    ),
}
_ADDRESS_ROWS: types.CommonRows = {
    "bind-multicast": ("EAFNOSUPPORT", _NO_MULTICAST, "bind"),
    "connect-multicast": ("EAFNOSUPPORT", _NO_MULTICAST, "connect"),
    "connect-broadcast": ("EACCES", "a TCP socket cannot connect to 255.255.255.255", "connect"),
    "connect-wildcard": (
        "ENETUNREACH",
        "connect() no longer treats the wildcard as this machine, or 255.255.255.255 as the "
        "broadcast address of an interface",
        "wildcard",
    ),
}


def _rules(
    name: types.SystemName, repository: str, v4: str, v6: str, *, lacks: types.Collection[str]
) -> RuleTable:
    """Return the rules of a release; *lacks* are those of other releases.

    *v4* and *v6* are the functions that bind() calls.
    """
    places = {
        "v4": f"sys/netinet/in_pcb.c, {v4}",
        "v6": f"sys/netinet6/in6_pcb.c, {v6}",
        "picking": "sys/netinet/in_pcb.c, in_pcb_lport_dest, in_pcbconnect",
        # in6_pcbbind() searches for an interface with the mapped address, which has none.
        "mapped-v6only": f"sys/netinet6/in6_pcb.c, {v6}",
        "bind": "sys/netinet/tcp_usrreq.c, tcp_usr_bind, tcp6_usr_bind",
        "connect": "sys/netinet/tcp_usrreq.c, tcp_usr_connect, tcp6_usr_connect",
        "wildcard": "sys/netinet/in_pcb.c, in_pcbconnect, connect_inaddr_wild; "
        "sys/netinet6/in6_pcb.c, in6_pcbladdr",
    }
    sources = {key: cite(repository, place) for key, place in places.items()}
    rows = {
        **pair_rows(
            sources,
            uid=_OWNERS,
            wildcards="the holder is an IPv4 socket at 0.0.0.0, which does not conflict with a "
            "dual-stack socket at ::, or both are IPv6 sockets at 0.0.0.0",
            dual_stack=_DUAL,
            dual_stack_uid=f"{_DUAL}; {_OWNERS}",
            exact="an address and port can be bound twice only if both sockets have SO_REUSEPORT, "
            "or both SO_REUSEPORT_LB; at a multicast address SO_REUSEADDR is enough",
        ),
        **common_rows(_BIND_ROWS, sources, without=lacks),
        **call_rows(sources, errors={"wrong-family": "EAFNOSUPPORT"}),
        **common_rows(_ADDRESS_ROWS, sources, without=lacks),
    }
    return RuleTable(name, rows)


def _other_owner(new: Sock, holder: Sock) -> bool:
    # if (... (inp->inp_socket->so_type != SOCK_STREAM || in_nullhost(t->inp_faddr)) &&
    #     (inp->inp_cred->cr_uid != t->inp_cred->cr_uid)) return (EADDRINUSE);
    return (not new.tcp or not holder.connected) and holder.uid != new.uid


# The rules of every release.
_ADDRESS_RULES = (
    AddressRule("bind-multicast", Call.BIND, (Kind.MULTICAST,), tcp=True),
    AddressRule("connect-multicast", Call.CONNECT, (Kind.MULTICAST,), tcp=True),
    AddressRule("connect-broadcast", Call.CONNECT, (Kind.BROADCAST,), tcp=True),
)


class FreeBsd(DualRules):
    """The rules of FreeBSD CURRENT.

    Attributes:
        exempts_load_balance: Whether two wildcards of different owners can share a port if
            the holder has SO_REUSEPORT_LB and not SO_REUSEPORT.
    """

    rules: RuleTable = _rules(
        "freebsd",
        "5BSD/5BSD@392999c (from FreeBSD CURRENT)",
        "in_pcbbind_avail",
        "in6_pcbbind_avail",
        lacks={"time-wait"},
    )
    checks_kind_first = True
    address_rules: tuple[AddressRule, ...] = (
        *_ADDRESS_RULES,
        # net.inet.ip.connect_inaddr_wild is 0, and IPv6 has no such setting.
        AddressRule("connect-wildcard", Call.CONNECT, (Kind.BROADCAST, Kind.WILDCARD), early=False),
    )
    options: frozenset[str] = frozenset({"reuse_port", "load_balance"})
    # IPV6_V6ONLY is 1 by default (from memory: net.inet6.ip6.v6only).
    v6only = True
    reconnect: Reconnect | None = Reconnect.LAST
    # INP_LOOKUP_MAPPED_PCB_COST
    dual_costs: int | None = 3
    exempts_load_balance = False

    def other_owner(self, new: Sock, holders: types.Sequence[Sock]) -> types.BindOutcome | None:
        """Return the rule and the socket by which the owner of *new* conflicts, or None."""
        # if (!IN6_IS_ADDR_MULTICAST(laddr) &&
        #     priv_check_cred(inp->inp_cred, PRIV_NETINET_REUSEPORT) != 0)
        if new.privileged or new.multicast:
            return None
        holder = self.best(holders, new.addr, wild=True)
        if holder and _other_owner(new, holder) and not self._exempt(new, holder):
            return self.rules["uid"], holder
        # if ((inp->inp_flags & IN6P_IPV6_V6ONLY) == 0 && IN6_IS_ADDR_UNSPECIFIED(laddr)) the
        # same for the IPv4 table
        holder = self.best(holders, ANY4, wild=True) if new.is_dual else None
        if holder and _other_owner(new, holder):
            return self.rules["dual-stack-uid"], holder
        return None

    def _exempt(self, new: Sock, holder: Sock) -> bool:
        shares = self.exempts_load_balance and holder.lb and not holder.rp
        return shares and both_wild(new, holder)

    def shares(self, new: Sock, holder: Sock) -> bool:
        """Return whether an option lets *new* share the port of *holder*."""
        # if ((sooptions & (SO_REUSEADDR | SO_REUSEPORT_LB)) != 0)
        #     reuseport_lb = SO_REUSEADDR | SO_REUSEPORT_LB;
        if new.multicast:
            shares_lb = (new.r or new.lb) and (holder.r or holder.lb)
        else:
            shares_lb = new.lb and holder.lb
        return shares_lb or super().shares(new, holder)

    def allow(self, new: Sock, met: Sock | None) -> types.BindOutcome:
        """Return the rule that allows *new*; *met* is the best match, if there is one."""
        if met and new.lb and met.lb and not super().shares(new, met):
            return self.rules["load-balance"], None
        return super().allow(new, met)

    def busy(self, sock: Sock, holders: types.Sequence[Sock], via: Via | None) -> bool:
        """Return whether in_pcb_lport_dest() skips the port."""
        if via is None:
            # if ((sooptions & (SO_REUSEADDR | SO_REUSEPORT | SO_REUSEPORT_LB)) == 0)
            wild = not sock.has_option
            tables = (sock.addr, ANY4) if sock.is_dual else (sock.addr,)
            return any(self.best(holders, at, wild=wild) is not None for at in tables)
        if via.taken:
            return True
        # Connections to other destinations do not conflict.
        v4 = is_mapped(via.local)
        meets = (ANY4 if v4 else ANY6, via.local)
        return any(not held.connected and held.held_at(v4=v4) in meets for held in holders)


class FreeBsd14(FreeBsd):
    """The rules of FreeBSD 14."""

    rules: RuleTable = _rules(
        "freebsd-14",
        "ilnp/ilnp-freebsd14@2f2a416",
        "in_pcbbind_setup",
        "in6_pcbbind",
        lacks={"time-wait", "connect-wildcard"},
    )
    address_rules: tuple[AddressRule, ...] = _ADDRESS_RULES
    reconnect: Reconnect | None = Reconnect.WILDCARD
    exempts_load_balance = True


class FreeBsd13(FreeBsd14):
    """The rules of FreeBSD 13."""

    rules: RuleTable = _rules(
        "freebsd-13",
        "gmshake/freebsd-src@07d9e11",
        "in_pcbbind_setup",
        "in6_pcbbind",
        lacks={"connect-wildcard"},
    )
