"""macOS: in_pcbbind(), in6_pcbbind() and in6_pcbsetport() of XNU 11417.

An automatic port of an IPv6 socket is compared with IPv6 sockets only, and with a reuse option
only with unconnected ones at exactly its address, so it may equal the port of an IPv4 listener.

Not modelled: SOF_REUSESHAREUID, which exempts a holder from the comparison of owners, ports
reserved for NECP clients, and T/TCP, where connect() replaces a young TIME_WAIT. ``bsd`` has
the search for the best match.
"""

from __future__ import annotations

from portranges import types
from portranges.reuse.addresses import ANY4, Kind, is_mapped, is_wild
from portranges.reuse.model import Rule
from portranges.reuse.others.address_rules import AddressRule, Call
from portranges.reuse.others.bind_rules import (
    Context,
    Via,
    mapped_v6only,
    not_local,
    privileged,
)
from portranges.reuse.others.bsd import DualRules, both_wild, is_inet_any, pair_rows
from portranges.reuse.others.rows import call_rows
from portranges.reuse.others.sock import Sock
from portranges.reuse.rulebook import RuleTable
from portranges.source import Confidence, Source, cite

_XNU = "apple-oss-distributions/xnu (xnu-11417.101.15)"
_V4 = cite(_XNU, "bsd/netinet/in_pcb.c, in_pcbbind")
_V6 = cite(_XNU, "bsd/netinet6/in6_pcb.c, in6_pcbbind")

# USHRT_MAX - UDP_RANDOM_PORT_RESERVE: with more UDP ports in use than this,
# fewer than 4096 are left.
_UDP_PORTS = 65535 - 4096

_OWNERS = (
    "only sockets of the same owner share a port, unless the new one belongs to root or both are "
    "at the wildcard address, which on IPv6 also requires SO_REUSEPORT on the holder"
)
_DUAL = "a dual-stack socket at :: uses the port on IPv4 too"


def _read(place: str) -> Source:
    return cite(_XNU, place, checked="2026-11-30")


_FAMILY = _read(
    "bsd/netinet/tcp_usrreq.c, tcp_usr_connect_common; bsd/netinet6/udp6_usrreq.c, udp6_connect"
)
_USRREQ = "bsd/netinet/tcp_usrreq.c"
_SOCKET = "bsd/kern/uipc_socket.c"
_ACCEPT = _read("bsd/kern/uipc_syscalls.c, accept_nocancel")
_SOURCES: dict[str, types.RuleSource] = {
    "v4": _V4,
    "v6": _V6,
    "picking": cite(_XNU, "bsd/netinet/in_pcb.c, in_pcbbind, in_pcbconnect"),
    "mapped-v6only": _V6,
    "has-port": _read("bsd/netinet/in_pcb.c, in_pcbbind; bsd/netinet6/in6_pcb.c, in6_pcbbind"),
    "dropped": _read(f"{_USRREQ}, COMMON_START, tcp_usr_connect; in_pcbdetach"),
    "dropped-option": _read(f"{_SOCKET}, sosetoptlock; bsd/kern/uipc_socket2.c, soisdisconnected"),
    "connect": _read(f"{_SOCKET}, soconnectlock"),
    "v6only-connect": _FAMILY,
    # udp6_connect() does not test IN6P_IPV6_V6ONLY; udp6_output() does when a datagram is sent.
    "v6only-connect-udp": (
        _read(
            "bsd/netinet6/udp6_usrreq.c, udp6_connect; in6_pcb.c, in6_pcbladdr; "
            "in6_src.c, selectroute"
        ),
        Confidence.INFERRED,
    ),
    "wrong-family": _FAMILY,
    "wrong-family-udp": _FAMILY,
    "refusal": _read("bsd/netinet/tcp_input.c, tcp_input: TCPS_SYN_SENT and TH_RST"),
    "listen": _read(f"{_SOCKET}, solisten"),
    "accept": _ACCEPT,
    "accepted": _read("bsd/kern/uipc_socket2.c, sonewconn_internal"),
    "options": _read(f"{_SOCKET}, sosetoptlock"),
    "v6only": _read("bsd/netinet6/ip6_output.c, ip6_ctloutput"),
}

_ROWS: types.RuleRows = {
    **pair_rows(
        _SOURCES,
        multicast="at a multicast address a new socket with SO_REUSEADDR shares the port with a "
        "holder that has SO_REUSEADDR or SO_REUSEPORT",
        uid=_OWNERS,
        wildcards="the holder is an IPv4 socket at 0.0.0.0, which does not conflict with a "
        "dual-stack socket at ::, or both are IPv6 sockets at 0.0.0.0",
        dual_stack=_DUAL,
        dual_stack_uid=f"{_DUAL}; {_OWNERS}",
    ),
    "privileged": (
        "EACCES",
        "a port below 1024 requires privilege at a specific address, but not at the wildcard",
        _V4,
    ),
    "restricted": ("EADDRINUSE", "the port is reserved for programs with an entitlement", _V4),
    "udp-reserve": ("EADDRNOTAVAIL", "fewer than 4,096 UDP ports would remain free", _V4),
    "self-connect": (
        "EINVAL",
        "a socket cannot connect to itself over IPv4; tcp6_connect() has no such test",
        cite(_XNU, "bsd/netinet/tcp_usrreq.c, tcp_connect"),
    ),
    **call_rows(
        _SOURCES,
        errors={
            "bind-exhausted-v6": "EAGAIN",
            "connect-exhausted-v6": "EAGAIN",
            "v6only-connect": "EAFNOSUPPORT",
            "v6only-connect-udp": "EHOSTUNREACH",
            "dropped-option": "EINVAL",
            "wrong-family": "EAFNOSUPPORT",
            "wrong-family-udp": "EINVAL",
        },
        sentences={
            "v6only-connect-udp": "UDP: connect() does not test IPV6_V6ONLY, but a machine has no "
            "IPv6 route to an IPv4-mapped address, unless there is a default route",
        },
    ),
    "bind-no-host": (
        "EAFNOSUPPORT",
        "a TCP socket cannot be bound to a multicast or broadcast address",
        cite(_XNU, "bsd/netinet/tcp_usrreq.c, tcp_usr_bind, tcp6_usr_bind"),
    ),
    "connect-no-host": (
        "EAFNOSUPPORT",
        "a TCP socket cannot connect to a multicast or broadcast address",
        cite(_XNU, "bsd/netinet/tcp_usrreq.c, tcp_usr_connect_common"),
    ),
}


def _udp_reserve(sock: Sock, context: Context) -> Rule | None:
    # if (so->so_proto->pr_protocol == IPPROTO_UDP && !allow_udp_port_exhaustion &&
    #     USHRT_MAX - UDP_RANDOM_PORT_RESERVE < reservations) return EADDRNOTAVAIL;
    crowded = not sock.tcp and context.udp_ports > _UDP_PORTS
    if crowded and not context.settings.udp_exhaustion:
        return context.system.rules["udp-reserve"]
    return None


def _privileged(sock: Sock, context: Context) -> Rule | None:
    # lport < IPPORT_RESERVED and s_addr != 0, under XNU_TARGET_OS_OSX
    return None if is_wild(sock.addr) else privileged(sock, context)


def _restricted(sock: Sock, context: Context) -> Rule | None:
    # current_task_can_use_restricted_in_port()
    return context.system.rules["restricted"] if sock.port in context.restricted else None


class MacOs(DualRules):
    """The rules of macOS."""

    rules: RuleTable = RuleTable("macos", _ROWS)
    checks_kind_first = True
    checks: tuple[types.BindCheck, ...] = (
        mapped_v6only,
        not_local,
        _udp_reserve,
        _privileged,
        _restricted,
    )
    # IP_BOUND_IF and IPV6_BOUND_IF; the checks ignore them.
    options: frozenset[str] = frozenset({"reuse_port", "device"})
    v6only = False
    self_connect_over_v4_only = True
    retests_tuple = True
    address_rules: tuple[AddressRule, ...] = (
        AddressRule(
            "bind-no-host", Call.BIND, (Kind.MULTICAST, Kind.BROADCAST), tcp=True, even_v6only=True
        ),
        AddressRule("connect-no-host", Call.CONNECT, (Kind.MULTICAST, Kind.BROADCAST), tcp=True),
    )
    has_restricted = True

    def shares(self, new: Sock, holder: Sock) -> bool:
        """Return whether an option lets *new* share the port of *holder*."""
        # if (so->so_options & SO_REUSEADDR) reuseport = SO_REUSEADDR | SO_REUSEPORT;
        if new.multicast and new.r:
            return holder.r or holder.rp
        return new.rp and holder.rp

    def other_owner(self, new: Sock, holders: types.Sequence[Sock]) -> types.BindOutcome | None:
        """Return the rule and the socket by which the owner of *new* conflicts, or None."""
        # if (kauth_cred_getuid(so->so_cred) && !IN6_IS_ADDR_MULTICAST(&sin6->sin6_addr))
        if not new.uid or new.multicast:
            return None
        holder = self.best(holders, new.addr, wild=True)
        # On IPv4: if (t && the uids differ && (ntohl(SIN(nam)->sin_addr.s_addr) != INADDR_ANY ||
        #     ntohl(t->inp_laddr.s_addr) != INADDR_ANY))
        # On IPv6: if (t && (!IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr) ||
        #     !IN6_IS_ADDR_UNSPECIFIED(&t->in6p_laddr) ||
        #     (t->inp_socket->so_options & SO_REUSEPORT) == 0) && the uids differ)
        exempt = holder and both_wild(new, holder) and (is_mapped(new.addr) or holder.rp)
        if holder and holder.uid != new.uid and not exempt:
            return self.rules["uid"], holder
        holder = self.best(holders, ANY4, wild=True) if new.is_dual else None
        # if (t && (t->inp_socket->so_options & SO_REUSEPORT) == 0 && the uids differ &&
        #     (ntohl(t->inp_laddr.s_addr) != INADDR_ANY ||
        #     SOCK_DOM(so) == SOCK_DOM(t->inp_socket)))
        if holder and holder.uid != new.uid and not holder.rp and not is_inet_any(holder):
            return self.rules["dual-stack-uid"], holder
        return None

    def busy(self, sock: Sock, holders: types.Sequence[Sock], via: Via | None) -> bool:
        """Return whether the port is skipped.

        connect() first binds to the wildcard address, so that connections to different
        destinations share a port only on IPv6 with a reuse option.
        """
        if is_mapped(sock.addr if via is None else via.local):
            # For implicit bind we always use an unused port: wild = 1;
            at = sock.addr if is_mapped(sock.addr) else ANY4
            return self.best(holders, at, wild=True) is not None
        # in6_pcbconnect() of UDP compares 4-tuples before it has a port, so the kernel may create a
        # second identical 4-tuple. Here such a port is skipped.
        if via is not None and via.taken and not sock.tcp:
            return True
        # in6_pcbsetport(): if ((so->so_options & (SO_REUSEADDR | SO_REUSEPORT)) == 0) wild = 1;
        return self.best(holders, sock.addr, wild=not sock.has_option) is not None
