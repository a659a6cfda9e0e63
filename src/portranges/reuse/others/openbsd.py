"""OpenBSD: in_pcbaddrisavail_lock() and in6_pcbaddrisavail_lock().

What lives here: the procedure, its rows and the record.
What must not: best() (``bsd``).

IPv4 and IPv6 have tables of their own and nothing is IPv4-mapped, so an IPv6
socket is IPv6-only whatever it asks for. The kernel does not take a listening
TCP socket for wild; a socket listens only once it has a port, and then it
cannot be bound, so that clause decides nothing for a program.
"""

from __future__ import annotations

from portranges import types
from portranges.reuse.addresses import is_mapped
from portranges.reuse.model import Rule, State
from portranges.reuse.others.bsd import best4, best6, pairs, share_port
from portranges.reuse.others.record import (
    Context,
    Order,
    Reconnect,
    System,
    Via,
    mapped_v6only,
    needs_privilege,
    not_local,
)
from portranges.reuse.others.rows import Book, calls
from portranges.reuse.others.sock import Sock
from portranges.source import Confidence, cite

__all__ = ["OPENBSD"]

_OPENBSD = "OpenBSD, in_pcb.c 1.320 (2025-07-14), in6_pcb.c 1.152 (2025-09-16)"
_V4 = cite(_OPENBSD, "sys/netinet/in_pcb.c, in_pcbaddrisavail_lock, in_pcbbind_locked")
_V6 = cite(_OPENBSD, "sys/netinet6/in6_pcb.c, in6_pcbaddrisavail_lock")

_BOOK = Book("openbsd", title="OpenBSD")
_PAIRS = pairs(
    _BOOK,
    v4=_V4,
    v6=_V6,
    owners="a port is shared among sockets of one owner only, unless the new one is root's",
)
_PRIVILEGED = _BOOK.refused(
    "privileged", "EACCES", "a port below 1024, or one of net.inet.*.rootonly, is root's", _V4
)
_CALLS = calls(
    _BOOK,
    source=cite(_OPENBSD, "sys/netinet/in_pcb.c, in_pcbpickport, in_pcbconnect"),
    mapped_v6only=("EADDRNOTAVAIL", _V6, Confidence.SOURCE),
    exhausted="EADDRNOTAVAIL",
    v6only_connect="EADDRNOTAVAIL",
)


def _is_wild(new: Sock) -> bool:
    accepts = new.tcp and new.state is State.LISTENING
    return not (new.r or new.p) and not accepts


def _best(holders: types.Sequence[Sock], at: int, *, wild: bool) -> Sock | None:
    """Search the table of the IP version that *at* is of."""
    if is_mapped(at):
        table = [holder for holder in holders if not holder.v6]
        return best4(table, at & 0xFFFFFFFF, wild=wild)
    return best6(holders, at, wild=wild)


def _judge(new: Sock, holders: types.Sequence[Sock]) -> types.Outcome:
    if new.uid and not new.multicast:
        holder = _best(holders, new.addr, wild=True)
        if holder is not None and holder.uid != new.uid:
            return _PAIRS.uid, holder
    holder = _best(holders, new.addr, wild=_is_wild(new))
    if holder is not None and not share_port(new, holder):
        return _PAIRS.refuse(new, holder)
    return _PAIRS.allow(new, _best(holders, new.addr, wild=True))


def _busy(sock: Sock, holders: types.Sequence[Sock], via: Via | None) -> bool:
    """Tell whether the port is passed over: in_pcbpickport()."""
    at = sock.addr if via is None else via.local
    return _best(holders, at, wild=_is_wild(sock)) is not None


def _privilege(sock: Sock, context: Context) -> Rule | None:
    return _PRIVILEGED if needs_privilege(sock, context) else None


OPENBSD = System(
    name="openbsd",
    title="OpenBSD",
    profile="openbsd",
    calls=_CALLS,
    book=_BOOK,
    judge=_judge,
    busy=_busy,
    checks=(mapped_v6only, not_local),
    # The port's privilege is the last that is asked.
    late_checks=(_privilege,),
    options=frozenset({"reuse_port"}),
    v6only=True,
    v6only_fixed=True,
    reconnect=Reconnect.WILDCARD,
    tcp_order=Order.RANDOM_START,
    udp_order=Order.RANDOM_START,
    retests_tuple=True,
)
