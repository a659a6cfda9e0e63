"""illumos and Solaris: tcp_bindi() and udp_do_bind().

IPv4 and IPv6 have disjoint port spaces for explicit ports, and a common one for automatic
ports. SO_REUSEADDR of the other socket does not matter, and owners are compared only within a
group of SO_REUSEPORT. What counts is the address given to bind(). An accepted
connection has none: it is at the wildcard, without exclusive use and without SO_REUSEPORT. The
TCP list of a port has its specific addresses before the wildcards, and the first socket that
SO_REUSEPORT matches decides. The order of a UDP list, which ports share, is not modelled; if it
matters, the answer is a refusal.

The joyent source (ae93ec4) returns EADDRNOTAVAIL where the gate returns EADDRINUSE, because it
compares an error with the wrong sign. Here the gate's error is returned.
"""

from __future__ import annotations

from portranges import types
from portranges.reuse.addresses import Kind, is_mapped, is_wild, overlap
from portranges.reuse.model import State
from portranges.reuse.others.address_rules import AddressRule, Call
from portranges.reuse.others.bind_rules import (
    BindRules,
    ConnectTest,
    Reconnect,
    Via,
    check_address_kind,
    mapped_v6only,
    not_local,
    privileged,
)
from portranges.reuse.others.rows import call_rows
from portranges.reuse.others.sock import Sock
from portranges.reuse.rulebook import RuleTable
from portranges.source import Confidence, Source, cite

_HELD = frozenset({State.UNBOUND, State.BOUND, State.LISTENING})
_UP_TO_ESTABLISHED = frozenset({*_HELD, State.CONNECTED})

_ILLUMOS = "illumos/illumos-gate@39707ee"
_JOYENT = "TritonDataCenter/illumos-joyent@ae93ec4"
_GATE = cite(_ILLUMOS, "usr/src/uts/common/inet/tcp/tcp_bind.c, tcp_bindi")
_GROUPS = cite(_JOYENT, "usr/src/uts/common/inet/tcp/tcp_bind.c, tcp_bindi")
_UDP = cite("illumos/illumos-gate@87bf334", "usr/src/uts/common/inet/udp/udp.c, udp_do_bind")
_UDP_GROUPS = cite(_JOYENT, "usr/src/uts/common/inet/udp/udp.c, udp_do_bind")
_OWNERS = cite(_JOYENT, "usr/src/uts/common/inet/ip/ipclassifier.c, conn_rg_insert")
_TUPLES = cite(
    _JOYENT,
    "usr/src/uts/common/inet/ip/ipclassifier.c, ipcl_conn_insert_v4, ipcl_conn_insert_v6; "
    "usr/src/uts/common/inet/udp/udp.c, udp_do_connect",
)
_CHECK = cite(_ILLUMOS, "usr/src/uts/common/inet/tcp/tcp_bind.c, tcp_bind_check")
_CONNECT = cite(_JOYENT, "usr/src/uts/common/inet/tcp/tcp.c, tcp_connect_ipv4, tcp_connect_ipv6")


def _read(commit: str, place: str) -> Source:
    return cite(
        f"illumos/illumos-gate@{commit}", f"usr/src/uts/common/{place}", checked="2026-11-30"
    )


_TCP = "476a4f7"
_DO_CONNECT = _read(_TCP, "inet/tcp/tcp.c, tcp_do_connect")
_OPTIONS = "188e166"
_SOCKFS = _read("0250c53", "fs/sockfs/sockcommon_sops.c, so_accept, so_listen_notsupp")
_CALLS: dict[str, types.RuleSource] = {
    "bind": _read(_TCP, "inet/tcp/tcp.c, tcp_do_bind"),
    "connect": _DO_CONNECT,
    "is-connected": _read("0588e7f", "inet/tcp/tcp_socket.c, tcp_connect"),
    "peer-port": _DO_CONNECT,
    "listen": _read(_TCP, "inet/tcp/tcp.c, tcp_do_listen"),
    "no-stream": _SOCKFS,
    "accept": _SOCKFS,
    "accepted": _read(_OPTIONS, "inet/ip/conn_opt.c, conn_inherit_parent"),
    # conn_opt_set_ipv6() does not test the state, so IPV6_V6ONLY can change at any time.
    "options": _read(_OPTIONS, "inet/ip/conn_opt.c, conn_opt_set_socket, conn_opt_set_ipv6"),
    "no-option": _read("bd670b3", "inet/proto_set.c, proto_opt_check"),
    "refusal": _read("012f57f", "inet/tcp/tcp_input.c, tcp_input_data: TCPS_SYN_SENT"),
}

_ROWS: types.RuleRows = {
    "free": (None, "no socket conflicts", _GATE),
    "exact": (
        "EADDRINUSE",
        "SO_REUSEADDR does not allow the exact address and port of another bound socket",
        _GATE,
    ),
    "reuse-port": (
        None,
        "the holder at exactly this address had SO_REUSEPORT when it was bound, and the new "
        "socket joins its group",
        _GROUPS,
    ),
    "no-group": (
        "EADDRINUSE",
        "the holder at exactly this address had no SO_REUSEPORT when it was bound",
        _GROUPS,
    ),
    "group-owner": (
        "EADDRNOTAVAIL",
        "all sockets of a SO_REUSEPORT group must have the same owner, even for root",
        _OWNERS,
    ),
    "udp-reuse-port": (
        None,
        "the UDP holder had SO_REUSEPORT when it was bound, and the new socket joins its group",
        _UDP_GROUPS,
    ),
    "udp-no-group": (
        "EADDRINUSE",
        "a UDP socket with SO_REUSEPORT overlaps one that did not have it when it was bound",
        _UDP_GROUPS,
    ),
    "reuse-address": (
        None,
        "the new socket has SO_REUSEADDR, and no unconnected socket is bound to exactly this "
        "address",
        _GATE,
    ),
    "exclusive": (
        "EADDRINUSE",
        "one of the sockets has TCP_EXCLBIND or UDP_EXCLBIND and their addresses overlap; a "
        "wildcard overlaps both IPv4 and IPv6",
        _GATE,
    ),
    "default": (
        "EADDRINUSE",
        "a new socket without SO_REUSEADDR cannot be bound to a port that is in use at an "
        "overlapping address, connections and TIME_WAIT included",
        _GATE,
    ),
    "udp-reuse-address": (
        None,
        "the new UDP socket has SO_REUSEADDR and no SO_REUSEPORT",
        _UDP_GROUPS,
    ),
    "privileged": (
        "EACCES",
        "a port below smallest_nonpriv_port, or one of extra_priv_ports, requires privilege",
        _CHECK,
    ),
    **call_rows(
        {
            "picking": _GATE,
            "tuples": _TUPLES,
            "mapped-v6only": _CHECK,
            **_CALLS,
        },
        errors={
            "tuple-udp": "EADDRNOTAVAIL",
            "v6only-connect": "EADDRNOTAVAIL",
            "wrong-family": "EADDRNOTAVAIL",
        },
        sentences={
            "option": "the option is set and applies from the next check on, except "
            "SO_REUSEPORT of a socket that has a port, which counts as it was at bind()",
            "accepted": "an accepted socket inherits its listener's port and owner without a "
            "check, and of the options only SO_REUSEADDR",
        },
        without={"dropped", "v6only-late"},
    ),
    "bind-no-host": (
        "EADDRNOTAVAIL",
        "a TCP socket can be bound to a unicast address only",
        _CHECK,
    ),
    "self-connect": ("EADDRNOTAVAIL", "a TCP socket cannot connect to itself", _CONNECT),
}

# Solaris, as far as it is known, has no groups of SO_REUSEPORT.
_GROUP_ROWS = {"reuse-port", "no-group", "group-owner", "udp-reuse-port", "udp-no-group"}
# Its source is closed. Calls in a wrong state are as in illumos, which continues the source that
# OpenSolaris published until 2010.
_SOLARIS_ROWS: types.RuleRows = {
    **{name: row for name, row in _ROWS.items() if name not in _GROUP_ROWS},
    **{
        name: (row[0], row[1], row[2], Confidence.INFERRED)
        for name, row in _ROWS.items()
        if row[2] in _CALLS.values()
    },
    "udp-reuse-address": (None, "the new UDP socket has SO_REUSEADDR", _UDP),
    "not-known": (
        "ENOPROTOOPT",
        "Solaris before 11 has no SO_REUSEPORT, and its rules in 11 are not known, so the option "
        "is refused",
        cite(
            "libuv/libuv@6179e7af",
            "src/unix/core.c, uv__sock_reuseport",
            checked="2026-11-30",
        ),
        Confidence.REPORTED,
    ),
}


def _is_ipv4(sock: Sock) -> bool:
    """Return whether conn_ipversion is IPv4.

    It follows the family until connect() or an incoming connection changes it. The bind()
    of a UDP socket changes it too.
    """
    if sock.tcp and sock.v6 and not sock.connected:
        return False
    return is_mapped(sock.addr)


class Illumos(BindRules):
    """The rules of illumos, with groups of SO_REUSEPORT."""

    rules: RuleTable = RuleTable("illumos", _ROWS)
    checks: tuple[types.BindCheck, ...] = (mapped_v6only, check_address_kind, not_local, privileged)
    address_rules: tuple[AddressRule, ...] = (
        AddressRule("bind-no-host", Call.BIND, (Kind.MULTICAST, Kind.BROADCAST), tcp=True),
    )
    binds_udp_broadcast = True
    # IP_BOUND_IF binds to a device on both systems; the checks ignore it.
    options: frozenset[str] = frozenset({"reuse_port", "exclusive", "device"})
    v6only = False
    v6only_until_bound = False
    # tcp_do_connect() tests the port and conn_ipv6_v6only before tcp_state.
    connect_tests: tuple[ConnectTest, ...] = (
        ConnectTest.PORT,
        ConnectTest.V6ONLY,
        ConnectTest.LISTENING,
        ConnectTest.CONNECTED,
        ConnectTest.KIND,
        ConnectTest.FAMILY,
    )
    drops_refused = False
    reconnect: Reconnect | None = Reconnect.BOUND
    remembers_bind = True
    # conn_inherit_parent() copies neither conn_exclbind nor conn_reuseport.
    inherited: frozenset[str] = frozenset({"r"})

    @property
    def groups(self) -> bool:
        """Whether sockets with SO_REUSEPORT form groups."""
        return "no-group" in self.rules

    def judge(self, new: Sock, holders: types.Sequence[Sock]) -> types.BindOutcome:
        """Return whether *new* can be bound next to *holders*, which come newest first."""
        return self._judge(new, holders, explicit=True)

    def busy(self, sock: Sock, holders: types.Sequence[Sock], via: Via | None) -> bool:
        """Return whether an automatic choice skips the port.

        connect() chooses before the local address is known, and without SO_REUSEADDR. UDP
        binds first, as bind(0) does.
        """
        if via is not None and via.taken:
            return True
        return self._judge(sock, holders, explicit=False, via=via)[0].error is not None

    def _judge(
        self, new: Sock, holders: types.Sequence[Sock], *, explicit: bool, via: Via | None = None
    ) -> types.BindOutcome:
        if new.tcp:
            return self._judge_tcp(new, holders, explicit=explicit, via=via)
        return self._judge_udp(new, holders, explicit=explicit)

    def _judge_tcp(
        self, new: Sock, holders: types.Sequence[Sock], *, explicit: bool, via: Via | None
    ) -> types.BindOutcome:
        """Compare as tcp_bindi() does; *explicit* is False for an automatic port."""
        rules = self.rules
        shares = rules["free"]
        # The sort is stable: within each half the newest stays first.
        for holder in sorted(holders, key=lambda held: is_wild(held.bound)):
            same = new.addr == holder.bound
            meets = overlap(new.addr, holder.bound)
            # if (exclbind && ltcp->tcp_state <= TCPS_ESTABLISHED)
            if (holder.exclusive or new.exclusive) and holder.state in _UP_TO_ESTABLISHED:
                # if (V6_OR_V4_INADDR_ANY(lconnp->conn_bound_addr_v6) ||
                #     V6_OR_V4_INADDR_ANY(*laddr) ||
                #     IN6_ARE_ADDR_EQUAL(laddr, &lconnp->conn_bound_addr_v6)) break;
                if meets:
                    return rules["exclusive"], holder
                continue
            # if (connp->conn_ipversion != lconnp->conn_ipversion && bind_to_req_port_only)
            if explicit and _is_ipv4(holder) is not _is_ipv4(new):
                continue
            # if (quick_connect && (ltcp->tcp_state > TCPS_LISTEN) &&
            #     ((connp->conn_fport != lconnp->conn_fport) ||
            #     !IN6_ARE_ADDR_EQUAL(&connp->conn_faddr_v6, &lconnp->conn_faddr_v6))) continue;
            if (
                via is not None
                and holder.connected
                and (holder.dst, holder.dport) != (via.dst, via.dport)
            ):
                continue
            if self.groups and same and new.rp and explicit and holder.state in _HELD:
                # conn_reuseport of the holder is SO_REUSEPORT as it was at bind().
                if not holder.bound_rp:
                    return rules["no-group"], holder
                # conn_rg_insert() compares crgetuid() with that of the first member.
                if holder.uid != new.uid:
                    return rules["group-owner"], holder
                return rules["reuse-port"], None
            if not new.r or via is not None:
                # if (ltcp->tcp_state >= TCPS_BOUND) break;
                if meets:
                    return rules["default"], holder
            # if (IN6_ARE_ADDR_EQUAL(laddr, &lconnp->conn_bound_addr_v6) &&
            #     (ltcp->tcp_state == TCPS_LISTEN || ltcp->tcp_state == TCPS_BOUND)) break;
            elif same and holder.state in _HELD:
                return rules["exact"], holder
            elif meets:
                shares = rules["reuse-address"]
        return shares, None

    def _judge_udp(
        self, new: Sock, holders: types.Sequence[Sock], *, explicit: bool
    ) -> types.BindOutcome:
        """Compare as udp_do_bind() does; *explicit* is False for an automatic port."""
        rules = self.rules
        met: list[Sock] = []
        for holder in holders:
            # if (!is_inaddr_any && !V6_OR_V4_INADDR_ANY(connp1->conn_bound_addr_v6) &&
            #     !IN6_ARE_ADDR_EQUAL(&connp1->conn_laddr_v6, &v6src)) continue;
            if not overlap(new.addr, holder.bound):
                continue
            # if (connp1->conn_exclbind || connp->conn_exclbind) found_exclbind = B_TRUE;
            if holder.exclusive or new.exclusive:
                return rules["exclusive"], holder
            # if (connp->conn_ipversion != connp1->conn_ipversion)
            #     if (count == 0 && requested_port != 0) continue;
            if not explicit or _is_ipv4(holder) is _is_ipv4(new):
                met.append(holder)
        if not met:
            return rules["free"], None
        # With both options SO_REUSEPORT decides. "When binding to port zero" both are ignored.
        # if (!found_exclbind && (connp->conn_reuseport && requested_port != 0))
        if explicit and self.groups and new.rp:
            return self._join_udp(new, met)
        # if (!found_exclbind && (connp->conn_reuseaddr &&
        #     !connp->conn_reuseport && requested_port != 0)) break;
        if explicit and new.r:
            return rules["udp-reuse-address"], None
        return rules["default"], met[0]

    def _join_udp(self, new: Sock, met: types.Sequence[Sock]) -> types.BindOutcome:
        """Join a group; if there are several, which one depends on the order of the list."""
        for holder in met:
            # if (connp1->conn_rg_bind == NULL) err = -TADDRBUSY;
            if not holder.bound_rp:
                return self.rules["udp-no-group"], holder
        for holder in met:
            # err = conn_rg_insert(rg, connp);
            if holder.uid != new.uid:
                return self.rules["group-owner"], holder
        return self.rules["udp-reuse-port"], None


class Solaris(Illumos):
    """The rules of Solaris, as far as they are known."""

    rules: RuleTable = RuleTable("solaris", _SOLARIS_ROWS)
    options: frozenset[str] = frozenset({"exclusive", "device"})
    unread: frozenset[str] = frozenset({"reuse_port"})
