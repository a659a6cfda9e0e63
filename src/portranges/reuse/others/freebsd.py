"""FreeBSD CURRENT, 14 and 13: in_pcbbind_avail() and in6_pcbbind_avail().

The differences between the releases are data. 13 also exempts a holder in TIME_WAIT from the
comparison of owners, which never decides, because such a holder is a TCP connection and exempt
anyway. ``bsd`` has the search for the best match.
"""

from __future__ import annotations

from portranges import types
from portranges.reuse.addresses import ANY4, ANY6, Kind, is_mapped
from portranges.reuse.others.address_rules import AddressRule, Call
from portranges.reuse.others.bind_rules import INHERITABLE, ConnectTest, Reconnect, Via
from portranges.reuse.others.bsd import DualRules, both_wild, pair_rows
from portranges.reuse.others.rows import call_rows
from portranges.reuse.others.sock import Sock
from portranges.reuse.rulebook import RuleTable, common_rows
from portranges.source import Confidence, cite

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

# FreeBSD's own repository cannot be opened at a release, so a copy of each release was read.
_CURRENT = "5BSD/5BSD@392999c (from FreeBSD CURRENT)"
_14 = "ilnp/ilnp-freebsd14@2f2a416"
_13_1 = "MPTCP-FreeBSD/FB13.1-ML-MPTCP-SRC@23e1b47 (from FreeBSD 13.1)"
_READ = "2026-11-30"

_NOTHING_INHERITED = (
    "an accepted socket inherits its listener's port and owner without a check, but none of the "
    "options that let sockets share a port"
)

_NONE: types.Mapping[str, str] = {}
_USRREQ = "sys/netinet/tcp_usrreq.c"
_SOCKET = "sys/kern/uipc_socket.c"
# The places of calls on a socket in a wrong state.
_CALL_PLACES = {
    "has-port": "sys/netinet/in_pcb.c, in_pcbbind",
    "dropped": f"{_USRREQ}, tcp_usr_bind, tcp_usr_listen",
    "connect": f"{_USRREQ}, tcp_usr_connect, tcp6_usr_connect",
    "is-connected": f"{_SOCKET}, soconnectat",
    "listen": f"{_SOCKET}, solisten_proto_check",
    "no-stream": "sys/kern/uipc_domain.c, pr_listen_notsupp",
    "accept": "sys/kern/uipc_syscalls.c, kern_accept4",
    "no-connection": f"{_SOCKET}, solisten_dequeue",
    "accepted": f"{_SOCKET}, solisten_clone",
    "options": f"{_SOCKET}, sosetopt",
    "v6only": "sys/netinet6/ip6_output.c, ip6_ctloutput",
    "refusal": "sys/netinet/tcp_input.c, tcp_do_segment",
}


def _calls(
    copies: types.Mapping[str, str], places: types.Mapping[str, str] = _CALL_PLACES
) -> dict[str, types.RuleSource]:
    """Return the sources of these calls; *copies* has the copy in which each was read.

    What was read in FreeBSD 14 only is an inference for another release.
    """
    return {
        key: cite(copies[key], place, checked=_READ)
        if key in copies
        else (cite(_14, place, checked=_READ), Confidence.INFERRED)
        for key, place in places.items()
    }


_CURRENT_CALLS = _calls(
    {
        **dict.fromkeys(("has-port", "dropped", "connect", "v6only"), _CURRENT),
        **dict.fromkeys(
            ("is-connected", "listen", "no-connection", "accepted", "options"),
            "5BSD/5BSD@1f1f8be (from FreeBSD CURRENT)",
        ),
        "accept": "5BSD/5BSD@29db41e (from FreeBSD CURRENT)",
    }
)
_14_CALLS = _calls(dict.fromkeys(_CALL_PLACES, _14))
_13_CALLS = _calls(
    dict.fromkeys(
        (
            "dropped",
            "connect",
            "is-connected",
            "is-listening",
            "listen",
            "no-connection",
            "accepted",
        ),
        _13_1,
    ),
    {
        **_CALL_PLACES,
        "is-listening": f"{_SOCKET}, soconnectat",
        "accepted": f"{_SOCKET}, sonewconn",
    },
)


def _rules(
    name: types.SystemName,
    repository: str,
    v4: str,
    v6: str,
    calls: types.Mapping[str, types.RuleSource],
    *,
    errors: types.Mapping[str, str] = _NONE,
    lacks: types.Collection[str],
    inherits: str = "",
) -> RuleTable:
    """Return the rules of a release; *lacks* are those of other releases.

    *v4* and *v6* are the functions that bind() compares sockets in, *calls* the sources of calls on
    a socket in a wrong state, and *errors* what they return. *inherits* replaces the sentence about
    accepted sockets.
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
    sources: dict[str, types.RuleSource] = {
        **{key: cite(repository, place) for key, place in places.items()},
        **calls,
    }
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
        **call_rows(
            sources,
            errors={
                "dropped-connect": "ECONNREFUSED",
                "no-stream-accept": "EINVAL",
                "wrong-family": "EAFNOSUPPORT",
                **errors,
            },
            sentences={"accepted": inherits} if inherits else {},
        ),
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
        _CURRENT,
        "in_pcbbind_avail",
        "in6_pcbbind_avail",
        _CURRENT_CALLS,
        lacks={"time-wait"},
        inherits=_NOTHING_INHERITED,
    )
    checks_kind_first = True
    # tcp_usr_connect() tests TF_DISCONNECTED, then the address, then SOLISTENING().
    connect_tests: tuple[ConnectTest, ...] = (
        ConnectTest.CONNECTED,
        ConnectTest.DROPPED,
        ConnectTest.KIND,
        ConnectTest.LISTENING,
        ConnectTest.V6ONLY,
        ConnectTest.FAMILY,
        ConnectTest.PORT,
    )
    # so->so_options = head->so_options & (... SO_KEEPALIVE | SO_DONTROUTE | SO_LINGER | ...);
    inherited: frozenset[str] = frozenset()
    address_rules: tuple[AddressRule, ...] = (
        *_ADDRESS_RULES,
        # net.inet.ip.connect_inaddr_wild is 0, and IPv6 has no such setting.
        AddressRule("connect-wildcard", Call.CONNECT, (Kind.BROADCAST, Kind.WILDCARD), early=False),
    )
    options: frozenset[str] = frozenset({"reuse_port", "load_balance"})
    # VNET_DEFINE(int, ip6_v6only) = 1; in sys/netinet6/in6_proto.c of ilnp/ilnp-freebsd14@2f2a416.
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
        _14,
        "in_pcbbind_setup",
        "in6_pcbbind",
        _14_CALLS,
        errors={"is-listening-v6": "EINVAL"},
        lacks={"time-wait", "connect-wildcard"},
        inherits=_NOTHING_INHERITED,
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
        _13_CALLS,
        lacks={"connect-wildcard"},
    )
    # soconnectat() tests SOLISTENING() first, and tcp_usr_connect() the address before INP_DROPPED.
    connect_tests: tuple[ConnectTest, ...] = (
        ConnectTest.LISTENING,
        ConnectTest.CONNECTED,
        ConnectTest.KIND,
        ConnectTest.DROPPED,
        ConnectTest.V6ONLY,
        ConnectTest.FAMILY,
        ConnectTest.PORT,
    )
    # so->so_options = head->so_options & ~SO_ACCEPTCONN;
    inherited: frozenset[str] = INHERITABLE
