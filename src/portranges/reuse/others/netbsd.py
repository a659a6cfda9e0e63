"""NetBSD: in_pcbbind_port() and in6_pcbbind_port(), with a table for each family.

An IPv6 socket is in the IPv6 table only, dual-stack or not. A bind() on IPv4 also searches the
IPv6 table, with its address mapped; a bind() on IPv6 searches the IPv4 table only if its own
address is mapped. Therefore 0.0.0.0 does not conflict with a later dual-stack ::, but the
reverse does. Owners are compared on IPv4 only. "Vestigial" TIME_WAIT entries (off by default)
count as sockets, as here. At a multicast address in_pcb.c 1.143 requires SO_REUSEADDR of the
new socket, as macOS does; newer revisions and the answers here accept SO_REUSEPORT too. ``bsd``
has the search for the best match.
"""

from __future__ import annotations

from portranges import types
from portranges.reuse.addresses import ANY4, ANY6, Kind, is_mapped
from portranges.reuse.others.address_rules import AddressRule, Call
from portranges.reuse.others.bind_rules import PORT_BEFORE_FAMILY, ConnectTest, Via
from portranges.reuse.others.bsd import (
    BsdRules,
    best,
    both_wild,
    cost_at,
    pair_rows,
    wild_unless_listening,
)
from portranges.reuse.others.rows import call_rows
from portranges.reuse.others.sock import Sock
from portranges.reuse.rulebook import RuleTable
from portranges.source import Source, cite

# in_pcb.c and in6_pcb.c, read three times: an unrecorded revision of about NetBSD 9 or 10, these
# two, and the copy of 2015-02, which agree.
_AGAIN = "NetBSD, in_pcb.c 1.143 (2012-06-25), in6_pcb.c 1.143 (2015-08-24)"
_COPY = "krytarowski/netbsd-current-src-sys@a5dbcfb (NetBSD-current, 2015-02-10)"
_V4 = cite(_AGAIN, "sys/netinet/in_pcb.c, in_pcbbind_port")


def _read(place: str) -> Source:
    return cite(_COPY, place, checked="2026-11-30")


_SOCKET = "kern/uipc_socket.c"
_SOURCES: dict[str, types.RuleSource] = {
    "v4": _V4,
    "v6": cite(_AGAIN, "sys/netinet6/in6_pcb.c, in6_pcbbind_port, in6_pcblookup_port"),
    "picking": _read(
        "netinet/in_pcb.c, in_pcbbind_addr, in_pcbconnect; netinet/portalgo.c, check_suitable_port"
    ),
    "mapped-v6only": cite(_AGAIN, "sys/netinet6/in6_pcb.c, in6_pcbbind_addr"),
    "has-port": _read("netinet/in_pcb.c, in_pcbbind; netinet6/in6_pcb.c, in6_pcbbind"),
    "dropped": _read("netinet/tcp_usrreq.c, tcp_getpcb"),
    "connect": _read(f"{_SOCKET}, soconnect"),
    "v6only-connect": _read("netinet6/in6_pcb.c, in6_pcbconnect"),
    "wrong-family": _read("netinet6/in6_pcb.c, in6_pcbconnect"),
    "refusal": _read("netinet/tcp_input.c, tcp_input: TCPS_SYN_SENT and TH_RST"),
    "listen": _read(f"{_SOCKET}, solisten; netinet/udp_usrreq.c, udp_listen"),
    "accept": _read("kern/uipc_syscalls.c, do_sys_accept"),
    "accepted": _read("kern/uipc_socket2.c, sonewconn"),
    "options": _read(f"{_SOCKET}, sosetopt1"),
    "v6only": _read("netinet6/ip6_output.c, ip6_ctloutput"),
}

_ROWS: types.RuleRows = {
    **pair_rows(
        _SOURCES,
        uid="on IPv4 only sockets of the same owner share a port, unless the new one belongs to "
        "root or both are at the wildcard address and the holder has SO_REUSEPORT",
        dual_stack="the sockets overlap through the other IP version of a dual-stack socket",
    ),
    "privileged": ("EACCES", "a port below 1024 requires privilege", _V4),
    **call_rows(
        _SOURCES,
        errors={
            "mapped-v6only": "EINVAL",
            "bind-exhausted": "EAGAIN",
            "connect-exhausted": "EAGAIN",
        },
    ),
    "connect-multicast": (
        "EADDRNOTAVAIL",
        "a TCP socket cannot connect to a multicast address",
        cite(
            "NetBSD, in_pcb.c 1.145.2.2 (2013-08-28)",
            "sys/netinet/in_pcb.c, in_pcbconnect; sys/netinet6/in6_pcb.c, in6_pcbconnect",
        ),
    ),
}


def _best6(holders: types.Sequence[Sock], requested: int, *, wild: bool) -> Sock | None:
    """Return the best match in the IPv6 table; *requested* may be IPv4-mapped."""
    mapped = is_mapped(requested)

    def cost(holder: Sock) -> int | None:
        if not holder.v6:
            return None
        if is_mapped(holder.addr) is mapped:
            return cost_at(holder, holder.addr, requested)
        # A dual-stack :: matches a mapped address as a wildcard, including 0.0.0.0.
        return holder.connected + 1 if mapped and holder.is_dual else None

    return best(holders, cost, wild=wild)


class NetBsd(BsdRules):
    """The rules of NetBSD."""

    rules: RuleTable = RuleTable("netbsd", _ROWS)
    options: frozenset[str] = frozenset({"reuse_port"})
    v6only = True
    # solisten() tests so_state, and only then calls udp_listen().
    listen_tests_state_first = True
    # in6_pcbconnect() tests sin6_port before the address; both are EADDRNOTAVAIL.
    connect_tests: tuple[ConnectTest, ...] = PORT_BEFORE_FAMILY
    address_rules: tuple[AddressRule, ...] = (
        AddressRule("connect-multicast", Call.CONNECT, (Kind.MULTICAST,), tcp=True),
    )
    # MSL truncation: 1 s on loopback, twice that in TIME_WAIT.
    loopback_time_wait: float | None = 2.0

    def judge(self, new: Sock, holders: types.Sequence[Sock]) -> types.BindOutcome:
        """Return whether *new* can be bound next to *holders*, which come newest first."""
        return self._judge6(new, holders) if new.v6 else self._judge4(new, holders)

    def _judge4(self, new: Sock, holders: types.Sequence[Sock]) -> types.BindOutcome:
        """Compare as in_pcbbind_port() does: the IPv6 table with a mapped address first."""
        wild = not new.has_option
        holder = _best6(holders, new.addr, wild=wild)
        # if (t6 && (reuseport & t6->in6p_socket->so_options) == 0)
        if holder and not self.shares(new, holder):
            return self.rules["dual-stack"], holder
        # if (so->so_uidinfo->ui_uid && !IN_MULTICAST(sin->sin_addr.s_addr))
        if new.uid and not new.multicast:
            holder = self.best(holders, new.addr, wild=True)
            # if (t && (!in_nullhost(sin->sin_addr) || !in_nullhost(t->inp_laddr) ||
            #     (t->inp_socket->so_options & SO_REUSEPORT) == 0)
            #     && (so->so_uidinfo->ui_uid != t->inp_socket->so_uidinfo->ui_uid))
            exempt = holder and both_wild(new, holder) and holder.rp
            if holder and holder.uid != new.uid and not exempt:
                return self.rules["uid"], holder
        holder = self.best(holders, new.addr, wild=wild)
        # if (t && (reuseport & t->inp_socket->so_options) == 0) return (EADDRINUSE);
        if holder and not self.shares(new, holder):
            return self.refuse(new, holder)
        met = self.best(holders, new.addr, wild=True) or _best6(holders, new.addr, wild=True)
        return self.allow(new, met)

    def _judge6(self, new: Sock, holders: types.Sequence[Sock]) -> types.BindOutcome:
        """Compare as in6_pcbbind_port() does: the IPv4 table only for a mapped address."""
        wild = wild_unless_listening(new)
        met: Sock | None = None
        # if (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr))
        if is_mapped(new.addr):
            holder = self.best(holders, new.addr, wild=wild)
            # if (t && (reuseport & t->inp_socket->so_options) == 0) return (EADDRINUSE);
            if holder and not self.shares(new, holder):
                return self.rules["dual-stack"], holder
            met = self.best(holders, new.addr, wild=True)
        holder = _best6(holders, new.addr, wild=wild)
        # if (t && (reuseport & t->in6p_socket->so_options) == 0) return (EADDRINUSE);
        if holder and not self.shares(new, holder):
            return self.refuse(new, holder)
        return self.allow(new, met or _best6(holders, new.addr, wild=True))

    def busy(self, sock: Sock, holders: types.Sequence[Sock], via: Via | None) -> bool:
        """Return whether check_suitable_port() skips the port.

        Options of an IPv4 socket do not matter, options of an IPv6 socket do. connect() first
        binds to the wildcard address. The kernel does not check whether the port that it
        chooses for an IPv6 socket with an option creates a second identical 4-tuple; here such
        a port is skipped.
        """
        if via is not None and via.taken:
            return True
        if not sock.v6:
            return self.best(holders, sock.addr, wild=True) is not None
        wild = wild_unless_listening(sock)
        at = sock.addr
        if via is not None and is_mapped(via.local) and at == ANY6:
            at = ANY4
        table = self.best if is_mapped(at) else _best6
        return table(holders, at, wild=wild) is not None
