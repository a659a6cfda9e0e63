"""macOS: in_pcbbind(), in6_pcbbind() and in6_pcbsetport() of XNU 11417.

An automatic port of an IPv6 socket is compared with IPv6 sockets only, and with a reuse option
only with unconnected ones at exactly its address, so it may equal the port of an IPv4 listener.

Not modelled: SOF_REUSESHAREUID, which exempts a holder from the comparison of owners, ports
reserved for NECP clients, and T/TCP, where connect() replaces a young TIME_WAIT. ``bsd`` has
the search for the best match.
"""

from __future__ import annotations

from portranges import types
from portranges.reuse.addresses import Kind, is_mapped, is_wild
from portranges.reuse.model import Rule
from portranges.reuse.others.address_rules import AddressRule, Call
from portranges.reuse.others.bsd import best4, best6, pair_rules
from portranges.reuse.others.record import (
    BindRules,
    Context,
    Reconnect,
    Via,
    mapped_v6only,
    needs_privilege,
    not_local,
)
from portranges.reuse.others.rows import RuleBook, call_rules
from portranges.reuse.others.sock import Sock
from portranges.source import Confidence, cite

__all__ = ["MACOS"]

_XNU = "apple-oss-distributions/xnu (xnu-11417.101.15)"
_V4 = cite(_XNU, "bsd/netinet/in_pcb.c, in_pcbbind")
_V6 = cite(_XNU, "bsd/netinet6/in6_pcb.c, in6_pcbbind")

# USHRT_MAX - UDP_RANDOM_PORT_RESERVE: with more UDP ports in use than this,
# fewer than 4096 are left.
_UDP_PORTS = 65535 - 4096


def _share_port(new: Sock, holder: Sock) -> bool:
    # if (so->so_options & SO_REUSEADDR) reuseport = SO_REUSEADDR | SO_REUSEPORT;
    if new.multicast and new.r:
        return holder.r or holder.p
    return new.p and holder.p


_BOOK = RuleBook("macos")
_PAIRS = pair_rules(
    _BOOK,
    v4=_V4,
    v6=_V6,
    multicast="at a multicast address a new socket with SO_REUSEADDR shares the port with a "
    "holder that has SO_REUSEADDR or SO_REUSEPORT",
    shares=_share_port,
    owners="only sockets of the same owner share a port, unless the new one belongs to root or "
    "both are at the wildcard address, on IPv6 with SO_REUSEPORT on the holder",
    wildcards="the holder is an IPv4 socket at 0.0.0.0, which does not conflict with a "
    "dual-stack socket at ::, or both are IPv6 sockets at 0.0.0.0",
    dual="a dual-stack socket at :: uses the port on IPv4 too",
    dual_owners=True,
)
_PRIVILEGED = _BOOK.refused(
    "privileged",
    "EACCES",
    "a port below 1024 requires privilege at a specific address, but not at the wildcard",
    _V4,
)
_RESTRICTED = _BOOK.refused(
    "restricted", "EADDRINUSE", "the port is reserved for programs with an entitlement", _V4
)
_UDP_RESERVE = _BOOK.refused(
    "udp-reserve",
    "EADDRNOTAVAIL",
    "fewer than 4,096 UDP ports would remain free",
    _V4,
)
_SELF_CONNECT = _BOOK.refused(
    "self-connect",
    "EINVAL",
    "a socket cannot connect to itself over IPv4; tcp6_connect() has no such test",
    cite(_XNU, "bsd/netinet/tcp_usrreq.c, tcp_connect"),
)
_CALLS = call_rules(
    _BOOK,
    source=cite(_XNU, "bsd/netinet/in_pcb.c, in_pcbbind, in_pcbconnect"),
    mapped_v6only=("EADDRNOTAVAIL", _V6, Confidence.SOURCE),
    exhausted="EADDRNOTAVAIL",
    exhausted_v6="EAGAIN",
    v6only_connect="EAFNOSUPPORT",
    wrong_family="EAFNOSUPPORT",
    families=(
        cite(
            _XNU,
            "bsd/netinet/tcp_usrreq.c, tcp_usr_connect_common; bsd/netinet6/udp6_usrreq.c, "
            "udp6_connect",
        ),
        "EINVAL",
    ),
)
_NO_HOST = frozenset({Kind.MULTICAST, Kind.BROADCAST})
_ADDRESS_RULES = (
    AddressRule(
        call=Call.BIND,
        kinds=_NO_HOST,
        tcp=True,
        even_v6only=True,
        rule=_BOOK.refused(
            "bind-no-host",
            "EAFNOSUPPORT",
            "a TCP socket cannot be bound to a multicast or broadcast address",
            cite(_XNU, "bsd/netinet/tcp_usrreq.c, tcp_usr_bind, tcp6_usr_bind"),
        ),
    ),
    AddressRule(
        call=Call.CONNECT,
        kinds=_NO_HOST,
        tcp=True,
        rule=_BOOK.refused(
            "connect-no-host",
            "EAFNOSUPPORT",
            "a TCP socket cannot connect to a multicast or broadcast address",
            cite(_XNU, "bsd/netinet/tcp_usrreq.c, tcp_usr_connect_common"),
        ),
    ),
)


def _judge(new: Sock, holders: types.Sequence[Sock]) -> types.Outcome:
    asked = new.v6_address
    if asked is None:
        return _judge4(new, holders)
    wild = not (new.r or new.p)
    # if (kauth_cred_getuid(so->so_cred) && !IN6_IS_ADDR_MULTICAST(&sin6->sin6_addr))
    if new.uid and not new.multicast:
        holder = best6(holders, asked, wild=True)
        # if (t && (!IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr) ||
        #     !IN6_IS_ADDR_UNSPECIFIED(&t->in6p_laddr) ||
        #     (t->inp_socket->so_options & SO_REUSEPORT) == 0) && the uids differ)
        if (
            holder is not None
            and holder.uid != new.uid
            and not (asked == 0 == holder.v6_address and holder.p)
        ):
            return _PAIRS.uid, holder
        if new.is_dual:
            holder = best4(holders, 0, wild=True)
            # if (t && (t->inp_socket->so_options & SO_REUSEPORT) == 0 && the uids differ &&
            #     (ntohl(t->inp_laddr.s_addr) != INADDR_ANY ||
            #     SOCK_DOM(so) == SOCK_DOM(t->inp_socket)))
            if (
                holder is not None
                and holder.uid != new.uid
                and not holder.p
                and (holder.v4_address != 0 or holder.v6)
            ):
                return _PAIRS.dual_uid, holder
    holder = best6(holders, asked, wild=wild)
    # if (t && (reuseport & t->inp_socket->so_options) == 0)
    if holder is not None and not _share_port(new, holder):
        return _PAIRS.refuse(new, holder)
    met = best6(holders, asked, wild=True)
    if new.is_dual:
        holder = best4(holders, 0, wild=wild)
        # ... && (ntohl(t->inp_laddr.s_addr) != INADDR_ANY ||
        #     SOCK_DOM(so) == SOCK_DOM(t->inp_socket))
        if (
            holder is not None
            and not _share_port(new, holder)
            and (holder.v4_address != 0 or holder.v6)
        ):
            return _PAIRS.refuse(new, holder, dual=True)
        met = met or best4(holders, 0, wild=True)
    return _PAIRS.allow(new, met)


def _judge4(new: Sock, holders: types.Sequence[Sock]) -> types.Outcome:
    asked = new.addr & 0xFFFFFFFF
    if new.uid and not new.multicast:
        holder = best4(holders, asked, wild=True)
        # ... && (ntohl(SIN(nam)->sin_addr.s_addr) != INADDR_ANY ||
        #     ntohl(t->inp_laddr.s_addr) != INADDR_ANY)
        if holder is not None and holder.uid != new.uid and not asked == 0 == holder.v4_address:
            return _PAIRS.uid, holder
    holder = best4(holders, asked, wild=not (new.r or new.p))
    # if (t && (reuseport & t->inp_socket->so_options) == 0 &&
    #     (either address is not INADDR_ANY || SOCK_DOM(so) != PF_INET6 ||
    #     SOCK_DOM(t->inp_socket) != PF_INET6))
    if (
        holder is not None
        and not _share_port(new, holder)
        and not (asked == 0 == holder.v4_address and new.v6 and holder.v6)
    ):
        return _PAIRS.refuse(new, holder)
    return _PAIRS.allow(new, best4(holders, asked, wild=True))


def _busy(sock: Sock, holders: types.Sequence[Sock], via: Via | None) -> bool:
    """Return whether the port is skipped.

    connect() first binds to the wildcard address, so that connections to different
    destinations share a port only on IPv6 with a reuse option.
    """
    if is_mapped(sock.addr if via is None else via.local):
        # For implicit bind we always use an unused port: wild = 1;
        return best4(holders, sock.v4_address or 0, wild=True) is not None
    # in6_pcbconnect() of UDP compares 4-tuples before it has a port, so the kernel may create a
    # second identical 4-tuple. Here such a port is skipped.
    if via is not None and via.taken and not sock.tcp:
        return True
    # in6_pcbsetport(): if ((so->so_options & (SO_REUSEADDR | SO_REUSEPORT)) == 0) wild = 1;
    return best6(holders, sock.addr, wild=not (sock.r or sock.p)) is not None


def _udp_reserve(sock: Sock, context: Context) -> Rule | None:
    # if (so->so_proto->pr_protocol == IPPROTO_UDP && !allow_udp_port_exhaustion &&
    #     USHRT_MAX - UDP_RANDOM_PORT_RESERVE < reservations) return EADDRNOTAVAIL;
    crowded = not sock.tcp and context.udp_ports > _UDP_PORTS
    return _UDP_RESERVE if crowded and not context.settings.udp_exhaustion else None


def _privilege(sock: Sock, context: Context) -> Rule | None:
    if is_wild(sock.addr) or not needs_privilege(sock, context):
        return None
    return _PRIVILEGED


def _restricted(sock: Sock, context: Context) -> Rule | None:
    return _RESTRICTED if sock.port in context.restricted else None


MACOS = BindRules(
    name="macos",
    calls=_CALLS,
    book=_BOOK,
    judge=_judge,
    busy=_busy,
    checks_kind_first=True,
    checks=(mapped_v6only, not_local, _udp_reserve, _privilege, _restricted),
    # IP_BOUND_IF and IPV6_BOUND_IF; the checks ignore them.
    options=frozenset({"reuse_port", "device"}),
    v6only=False,
    reconnect=Reconnect.WILDCARD,
    self_connect=_SELF_CONNECT,
    self_connect_over_v4_only=True,
    retests_tuple=True,
    address_rules=_ADDRESS_RULES,
    embeds_zones=True,
    has_restricted=True,
)
