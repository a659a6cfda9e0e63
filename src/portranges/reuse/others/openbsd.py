"""OpenBSD: in_pcbaddrisavail_lock() and in6_pcbaddrisavail_lock().

IPv4 and IPv6 have separate tables and there are no IPv4-mapped addresses, so an IPv6 socket is
always IPv6-only. The kernel treats a listening TCP socket as if it had a reuse option; a
listening socket has a port and cannot be bound again, so that never matters to a program.
``bsd`` has the search for the best match.
"""

from __future__ import annotations

from portranges import types
from portranges.reuse.addresses import Kind
from portranges.reuse.others.address_rules import AddressRule, Call
from portranges.reuse.others.bind_rules import (
    PORT_BEFORE_FAMILY,
    ConnectTest,
    Via,
    mapped_v6only,
    not_local,
    privileged,
)
from portranges.reuse.others.bsd import BsdRules, pair_rows, wild_unless_listening
from portranges.reuse.others.rows import call_rows
from portranges.reuse.others.sock import Sock
from portranges.reuse.rulebook import RuleTable
from portranges.source import Source, cite

_OPENBSD = "OpenBSD, in_pcb.c 1.320 (2025-07-14), in6_pcb.c 1.152 (2025-09-16)"
_V4 = cite(_OPENBSD, "sys/netinet/in_pcb.c, in_pcbaddrisavail_lock, in_pcbbind_locked")
_V6 = cite(_OPENBSD, "sys/netinet6/in6_pcb.c, in6_pcbaddrisavail_lock")
_USRREQ = "openbsd/src@00007ca"


def _read(document: str, place: str) -> Source:
    return cite(document, place, checked="2026-11-30")


_CALLS = "OpenBSD, uipc_syscalls.c 1.222 (2025-01-16)"
# The socket layer of 2020 agrees with a copy of 2025, which also moves the test of the type first.
_LAYER = "openbsd/src@0124df6, uipc_socket.c 1.250 (2020-11-17)"
_COPY = "Marc-MOUTARDE/OpenBSD_src@5e24052 (from OpenBSD of 2025)"
_SOURCES: dict[str, types.RuleSource] = {
    "v4": _V4,
    "v6": _V6,
    "picking": cite(_OPENBSD, "sys/netinet/in_pcb.c, in_pcbpickport, in_pcbconnect"),
    "mapped-v6only": _V6,
    "has-port": _read("openbsd/src@0039ae5", "sys/netinet6/in6_pcb.c, in6_pcbbind"),
    "dropped": _read(_USRREQ, "sys/netinet/tcp_usrreq.c, tcp_bind, tcp_listen, tcp_connect"),
    "connect": _read(_LAYER, "soconnect"),
    "v6only-connect": _read("openbsd/src@0039ae5", "sys/netinet6/in6_pcb.c, in6_pcbconnect"),
    "refusal": _read(_USRREQ, "sys/netinet/tcp_input.c, tcp_input: TCPS_SYN_SENT, TH_RST"),
    "listen": _read(_COPY, "sys/kern/uipc_socket.c, solisten"),
    "accept": _read(_CALLS, "sys/kern/uipc_syscalls.c, doaccept"),
    "accepted": _read("openbsd/src@01e259d", "sys/kern/uipc_socket2.c, sonewconn"),
    "options": _read(_COPY, "sys/kern/uipc_socket.c, sosetopt"),
    "v6only": _read("openbsd/src@003cfdd", "sys/netinet6/ip6_output.c, ip6_ctloutput"),
}

_ROWS: types.RuleRows = {
    **pair_rows(
        _SOURCES,
        uid="only sockets of the same owner share a port, unless the new one belongs to root",
    ),
    "privileged": (
        "EACCES",
        "a port below 1024, or one of net.inet.*.rootonly, is reserved for root",
        _V4,
    ),
    **call_rows(
        _SOURCES,
        errors={"v6only-connect": "EADDRNOTAVAIL", "no-stream-accept": "EINVAL"},
        # An IPv6 socket never has an IPv4 address.
        without={"wrong-family"},
    ),
    "connect-no-host": (
        "EINVAL",
        "a TCP socket cannot connect to the wildcard, a multicast or a broadcast address",
        cite("openbsd/src@00007ca", "sys/netinet/tcp_usrreq.c, tcp_connect"),
    ),
}


class OpenBsd(BsdRules):
    """The rules of OpenBSD."""

    rules: RuleTable = RuleTable("openbsd", _ROWS)
    checks: tuple[types.BindCheck, ...] = (mapped_v6only, not_local)
    # The privilege of the port is checked last: in_rootonly() after in_pcbaddrisavail_lock().
    late_checks: tuple[types.BindCheck, ...] = (privileged,)
    options: frozenset[str] = frozenset({"reuse_port"})
    v6only = True
    v6only_fixed = True
    retests_tuple = True
    # tcp_connect() tests the address, in6_pcbconnect() sin6_port, then IN6_IS_ADDR_V4MAPPED().
    connect_tests: tuple[ConnectTest, ...] = PORT_BEFORE_FAMILY
    address_rules: tuple[AddressRule, ...] = (
        AddressRule(
            "connect-no-host",
            Call.CONNECT,
            (Kind.WILDCARD, Kind.MULTICAST, Kind.BROADCAST),
            tcp=True,
        ),
    )
    # if (!(so->so_type == SOCK_DGRAM && in_broadcast(sin->sin_addr, inp->inp_rtableid)))
    binds_udp_broadcast = True

    def judge(self, new: Sock, holders: types.Sequence[Sock]) -> types.BindOutcome:
        """Return whether *new* can be bound next to *holders*, which come newest first."""
        # if (so->so_euid && !IN6_IS_ADDR_MULTICAST(&sin6->sin6_addr))
        if new.uid and not new.multicast:
            holder = self.best(holders, new.addr, wild=True)
            # if (t && (so->so_euid != t->inp_socket->so_euid)) error = EADDRINUSE;
            if holder and holder.uid != new.uid:
                return self.rules["uid"], holder
        holder = self.best(holders, new.addr, wild=wild_unless_listening(new))
        # if (t && (reuseport & t->inp_socket->so_options) == 0) error = EADDRINUSE;
        if holder and not self.shares(new, holder):
            return self.refuse(new, holder)
        return self.allow(new, self.best(holders, new.addr, wild=True))

    def busy(self, sock: Sock, holders: types.Sequence[Sock], via: Via | None) -> bool:
        """Return whether in_pcbpickport() skips the port."""
        at = sock.addr if via is None else via.local
        return self.best(holders, at, wild=wild_unless_listening(sock)) is not None
