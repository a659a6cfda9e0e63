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

from dataclasses import dataclass

from portranges import types
from portranges.reuse.addresses import Kind, is_mapped, is_wild
from portranges.reuse.model import Rule, State
from portranges.reuse.others.address_rules import AddressRule, Call
from portranges.reuse.others.record import (
    BindRules,
    Context,
    Reconnect,
    Refusal,
    Via,
    check_address_kind,
    mapped_v6only,
    needs_privilege,
    not_local,
)
from portranges.reuse.others.rows import CallRules, RuleBook, call_rules
from portranges.reuse.others.sock import Sock
from portranges.source import Confidence, Source, cite

__all__ = ["ILLUMOS", "SOLARIS", "Procedure"]

_HELD = frozenset({State.UNBOUND, State.BOUND, State.LISTENING})
_UP_TO_ESTABLISHED = frozenset({*_HELD, State.CONNECTED})

_GATE = cite("illumos/illumos-gate@39707ee", "usr/src/uts/common/inet/tcp/tcp_bind.c, tcp_bindi")
_GROUPS = cite(
    "TritonDataCenter/illumos-joyent@ae93ec4", "usr/src/uts/common/inet/tcp/tcp_bind.c, tcp_bindi"
)
_UDP = cite("illumos/illumos-gate@87bf334", "usr/src/uts/common/inet/udp/udp.c, udp_do_bind")
_UDP_GROUPS = cite(
    "TritonDataCenter/illumos-joyent@ae93ec4", "usr/src/uts/common/inet/udp/udp.c, udp_do_bind"
)
_OWNERS = cite(
    "TritonDataCenter/illumos-joyent@ae93ec4",
    "usr/src/uts/common/inet/ip/ipclassifier.c, conn_rg_insert",
)
_TUPLES = cite(
    "TritonDataCenter/illumos-joyent@ae93ec4",
    "usr/src/uts/common/inet/ip/ipclassifier.c, ipcl_conn_insert_v4, ipcl_conn_insert_v6; "
    "usr/src/uts/common/inet/udp/udp.c, udp_do_connect",
)
_PORTS_OF_SOLARIS = cite("libuv/libuv", "src/unix/core.c, uv__sock_reuseport")
_CONNECT = cite(
    "TritonDataCenter/illumos-joyent@ae93ec4",
    "usr/src/uts/common/inet/tcp/tcp.c, tcp_connect_ipv4, tcp_connect_ipv6",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """The rules about two sockets."""

    free: Rule
    reuse_address: Rule
    join: Rule
    exclusive: Rule
    default: Rule
    exact: Rule
    no_group: Rule
    group_owner: Rule
    udp_join: Rule
    udp_no_group: Rule
    udp_reuse_address: Rule


def _rows(book: RuleBook, *, groups: bool) -> _Rows:
    free = book.allowed("free", "no socket conflicts", _GATE)
    exact = book.refused(
        "exact",
        "EADDRINUSE",
        "SO_REUSEADDR does not allow the exact address and port of another bound socket",
        _GATE,
    )
    join, no_group, group_owner = free, exact, exact
    udp_join, udp_no_group = free, exact
    if groups:
        join = book.allowed(
            "reuse-port",
            "the holder at exactly this address had SO_REUSEPORT when it was bound, and the new "
            "socket joins its group",
            _GROUPS,
        )
        no_group = book.refused(
            "no-group",
            "EADDRINUSE",
            "the holder at exactly this address had no SO_REUSEPORT when it was bound",
            _GROUPS,
        )
        group_owner = book.refused(
            "group-owner",
            "EADDRNOTAVAIL",
            "all sockets of a SO_REUSEPORT group must have the same owner, even for root",
            _OWNERS,
        )
        udp_join = book.allowed(
            "udp-reuse-port",
            "the UDP holder had SO_REUSEPORT when it was bound, and the new socket joins its group",
            _UDP_GROUPS,
        )
        udp_no_group = book.refused(
            "udp-no-group",
            "EADDRINUSE",
            "a UDP socket with SO_REUSEPORT overlaps one that did not have it when it was bound",
            _UDP_GROUPS,
        )
    return _Rows(
        free=free,
        reuse_address=book.allowed(
            "reuse-address",
            "the new socket has SO_REUSEADDR, and no unconnected socket is bound to exactly "
            "this address",
            _GATE,
        ),
        join=join,
        exclusive=book.refused(
            "exclusive",
            "EADDRINUSE",
            "one of the sockets has TCP_EXCLBIND or UDP_EXCLBIND and their addresses overlap; a "
            "wildcard overlaps both IPv4 and IPv6",
            _GATE,
        ),
        default=book.refused(
            "default",
            "EADDRINUSE",
            "a new socket without SO_REUSEADDR cannot be bound to a port that is in use at an "
            "overlapping address, connections and TIME_WAIT included",
            _GATE,
        ),
        exact=exact,
        no_group=no_group,
        group_owner=group_owner,
        udp_join=udp_join,
        udp_no_group=udp_no_group,
        udp_reuse_address=book.allowed(
            "udp-reuse-address",
            "the new UDP socket has SO_REUSEADDR" + (" and no SO_REUSEPORT" if groups else ""),
            _UDP_GROUPS if groups else _UDP,
        ),
    )


class Procedure:
    """The checks, with or without groups of SO_REUSEPORT."""

    def __init__(self, name: types.SystemName, *, groups: bool) -> None:
        """Create the rules."""
        self.groups = groups
        self.book: RuleBook = RuleBook(name)
        self.rows: _Rows = _rows(self.book, groups=groups)
        check: Source = cite(
            "illumos/illumos-gate@39707ee", "usr/src/uts/common/inet/tcp/tcp_bind.c, tcp_bind_check"
        )
        self.privileged: Rule = self.book.refused(
            "privileged",
            "EACCES",
            "a port below smallest_nonpriv_port, or one of extra_priv_ports, requires privilege",
            check,
        )
        self.calls: CallRules = call_rules(
            self.book,
            source=_GATE,
            mapped_v6only=("EADDRNOTAVAIL", check, Confidence.SOURCE),
            exhausted="EADDRNOTAVAIL",
            tuple_error_udp="EADDRNOTAVAIL",
            peer_port=(_CONNECT, Confidence.MEMORY),
            tuple_source=_TUPLES,
            v6only_connect="EADDRNOTAVAIL",
            wrong_family="EADDRNOTAVAIL",
            drops=False,
            option="the option is set and applies from the next check on, except SO_REUSEPORT of "
            "a socket that has a port, which counts as it was at bind()",
            accepted="an accepted socket takes its listener's port and owner without a check, and "
            "of the options only SO_REUSEADDR",
        )
        self.address_rules: tuple[AddressRule, ...] = (
            AddressRule(
                call=Call.BIND,
                kinds=frozenset({Kind.MULTICAST, Kind.BROADCAST}),
                tcp=True,
                rule=self.book.refused(
                    "bind-no-host",
                    "EADDRNOTAVAIL",
                    "a TCP socket can be bound to a unicast address only",
                    check,
                ),
            ),
        )
        self.self_connect: Rule = self.book.refused(
            "self-connect", "EADDRNOTAVAIL", "a TCP socket cannot connect to itself", _CONNECT
        )

    def check_privilege(self, sock: Sock, context: Context) -> Rule | None:
        """Refuse a privileged port to an unprivileged socket."""
        return self.privileged if needs_privilege(sock, context) else None

    def judge(self, new: Sock, holders: types.Sequence[Sock]) -> types.Outcome:
        """Decide whether *new* can be bound next to *holders*, which come newest first."""
        if not new.tcp:
            return self._judge_udp(new, holders, explicit=True)
        return self._judge_tcp(new, new.addr, holders, reuse=new.r, explicit=True, via=None)

    def busy(self, sock: Sock, holders: types.Sequence[Sock], via: Via | None) -> bool:
        """Return whether an automatic choice skips the port.

        connect() chooses before the local address is known, and without SO_REUSEADDR. UDP
        binds first, as bind(0) does.
        """
        if via is not None and via.taken:
            return True
        if not sock.tcp:
            return self._judge_udp(sock, holders, explicit=False)[0].error is not None
        reuse = sock.r and via is None
        outcome = self._judge_tcp(sock, sock.addr, holders, reuse=reuse, explicit=False, via=via)
        return outcome[0].error is not None

    def _judge_tcp(
        self,
        new: Sock,
        addr: int,
        holders: types.Sequence[Sock],
        *,
        reuse: bool,
        explicit: bool,
        via: Via | None,
    ) -> types.Outcome:
        rows = self.rows
        shares = rows.free
        # The sort is stable: within each half the newest stays first.
        for holder in sorted(holders, key=lambda held: is_wild(held.bound)):
            at = holder.bound
            same = addr == at
            meets = same or is_wild(addr) or is_wild(at)
            # if (exclbind && ltcp->tcp_state <= TCPS_ESTABLISHED)
            if (holder.exclusive or new.exclusive) and holder.state in _UP_TO_ESTABLISHED:
                # if (V6_OR_V4_INADDR_ANY(lconnp->conn_bound_addr_v6) ||
                #     V6_OR_V4_INADDR_ANY(*laddr) ||
                #     IN6_ARE_ADDR_EQUAL(laddr, &lconnp->conn_bound_addr_v6)) break;
                if meets:
                    return rows.exclusive, holder
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
            if self.groups and same and new.p and explicit and holder.state in _HELD:
                if not holder.bound_p:
                    return rows.no_group, holder
                if holder.uid != new.uid:
                    return rows.group_owner, holder
                return rows.join, None
            if not reuse:
                # if (ltcp->tcp_state >= TCPS_BOUND) break;
                if meets:
                    return rows.default, holder
            # if (IN6_ARE_ADDR_EQUAL(laddr, &lconnp->conn_bound_addr_v6) &&
            #     (ltcp->tcp_state == TCPS_LISTEN || ltcp->tcp_state == TCPS_BOUND)) break;
            elif same and holder.state in _HELD:
                return rows.exact, holder
            elif meets:
                shares = rows.reuse_address
        return shares, None

    def _judge_udp(
        self, new: Sock, holders: types.Sequence[Sock], *, explicit: bool
    ) -> types.Outcome:
        rows = self.rows
        met: list[Sock] = []
        for holder in holders:
            if new.addr != holder.bound and not is_wild(new.addr) and not is_wild(holder.bound):
                continue
            if holder.exclusive or new.exclusive:
                return rows.exclusive, holder
            if not explicit or _is_ipv4(holder) is _is_ipv4(new):
                met.append(holder)
        if not met:
            return rows.free, None
        if explicit and self.groups and new.p:
            return self._join_udp(new, met)
        if explicit and new.r:
            return rows.udp_reuse_address, None
        return rows.default, met[0]

    def _join_udp(self, new: Sock, met: types.Sequence[Sock]) -> types.Outcome:
        """Join a group; if there are several, which one depends on the order of the list."""
        for holder in met:
            if not holder.bound_p:
                return self.rows.udp_no_group, holder
        for holder in met:
            if holder.uid != new.uid:
                return self.rows.group_owner, holder
        return self.rows.udp_join, None


def _is_ipv4(sock: Sock) -> bool:
    """Return whether conn_ipversion is IPv4.

    It follows the family until connect() or an incoming connection changes it. The bind()
    of a UDP socket changes it too.
    """
    if sock.tcp and sock.v6 and not sock.connected:
        return False
    return is_mapped(sock.addr)


def _system(name: types.SystemName, *, groups: bool, options: frozenset[str]) -> BindRules:
    procedure = Procedure(name, groups=groups)
    unread: dict[str, Rule] = {}
    if not groups:
        unread["reuse_port"] = procedure.book.refused(
            "not-known",
            "ENOPROTOOPT",
            "Solaris before 11 has no SO_REUSEPORT, and its rules in 11 were not read, so it is "
            "refused",
            _PORTS_OF_SOLARIS,
            Confidence.REPORTED,
        )
    return BindRules(
        name=name,
        calls=procedure.calls,
        book=procedure.book,
        judge=procedure.judge,
        busy=procedure.busy,
        checks=(mapped_v6only, check_address_kind, not_local, procedure.check_privilege),
        address_rules=procedure.address_rules,
        binds_udp_broadcast=True,
        options=options,
        v6only=False,
        refusal=Refusal.KEEPS,
        reconnect=Reconnect.BOUND,
        self_connect=procedure.self_connect,
        remembers_bind=True,
        unread=unread,
        accepts_options=False,
    )


# IP_BOUND_IF binds to a device on both systems; the checks ignore it.
ILLUMOS = _system(
    "illumos",
    groups=True,
    options=frozenset({"reuse_port", "exclusive", "device"}),
)
SOLARIS = _system("solaris", groups=False, options=frozenset({"exclusive", "device"}))
