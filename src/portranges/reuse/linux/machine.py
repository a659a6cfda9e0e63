"""The calls of a program on a Linux machine, checked in the kernel's order.

The tables of ports are in ``tcp`` and ``udp``. ``PortTable`` checks arguments.

Not modelled: VRFs, routes, the broadcast addresses of interfaces other than lo, calls after
bind() to a multicast or broadcast address, reuseport groups of BPF, shutdown(2), connections
that are not accepted yet, and transient states: a closed socket in FIN_WAIT1 is still a full
socket for some milliseconds, and a timer of 60 s may expire 4 s late. After a dual-stack
socket's connect() to an IPv4-mapped peer was refused, the kernel's attempt to connect to an
IPv6 peer hangs; here it is allowed.
"""

from __future__ import annotations

from portranges import types
from portranges.errors import InvalidSocketError
from portranges.reuse.addresses import (
    ANY4,
    ANY6,
    LOOPBACK4,
    LOOPBACK6,
    MAPPED,
    accepted_address,
    check_source,
    is_wild,
    route_source,
)
from portranges.reuse.linux import pairs, rules
from portranges.reuse.linux.kernels import MEASURED, Kernel, kernel
from portranges.reuse.linux.settings import LinuxSettings, checked_settings
from portranges.reuse.linux.sock import (
    CLOSED,
    CONN,
    LISTEN,
    Sock,
    is_local,
    may_bind,
    reason,
    to_socket,
    why_refused,
)
from portranges.reuse.linux.tcp import TcpPorts
from portranges.reuse.linux.udp import UdpPorts
from portranges.reuse.model import (
    Close,
    Decision,
    Handle,
    Rule,
    Socket,
    decide,
    find,
    shown_number,
)
from portranges.source import Confidence

__all__ = ["LinuxPorts"]


class LinuxPorts:
    """The state machine of Linux; addresses are integers as in ``reuse.addresses``."""

    def __init__(
        self,
        settings: types.ReuseSettings | None,
        release: str | None,
        local_addresses: frozenset[int] | None,
        rng: types.Random,
    ) -> None:
        """Create a machine without sockets."""
        self.settings: LinuxSettings = checked_settings(settings)
        self.kernel: Kernel = kernel(MEASURED if release is None else release)
        delay = self.settings.tcp_tw_reuse_delay
        if not self.kernel.tw_reuse_delay and delay != checked_settings(None).tcp_tw_reuse_delay:
            raise InvalidSocketError(
                f"kernel {self.kernel.release} has no tcp_tw_reuse_delay", f"{delay}"
            )
        self.local_addresses = local_addresses
        self.now: float = 0.0
        self.tcp: TcpPorts = TcpPorts(self.settings, self.kernel, rng)
        self.udp: UdpPorts = UdpPorts(self.settings, self.kernel, rng)
        self._socks: dict[Handle, Sock] = {}
        self._made: dict[Rule, Decision] = {}
        measured = self.kernel.confidence is Confidence.MEASURED
        self._confidence = None if measured else self.kernel.confidence

    # Queries.

    def __len__(self) -> int:
        """Return the number of open sockets."""
        return len(self._socks)

    @property
    def lingering(self) -> int:
        """The number of closed connections that linger."""
        return self.tcp.lingering

    def is_inet6(self, handle: Handle) -> bool:
        """Return whether the socket is an AF_INET6 socket."""
        return self._find(handle).v6

    def describe(self, handle: Handle) -> Socket:
        """Return the socket's address and options.

        After a failed connect() has taken the port away, getsockname() still returns its
        number. Here it is 0, because another socket may take the port.
        """
        return to_socket(self._find(handle))

    def holders(self, port: int, *, tcp: bool) -> types.Iterator[Socket]:
        """Yield every holder of *port*, lingering ones included."""
        for sock in (self.tcp if tcp else self.udp).owners(port):
            yield to_socket(sock)

    # Calls.

    def socket(
        self,
        handle: Handle,
        *,
        tcp: bool,
        v6: bool,
        v6only: bool | None,
        reuse_address: bool,
        reuse_port: bool,
        uid: int,
        privileged: bool | None,
        device: str | None,
        load_balance: bool = False,
        exclusive: bool = False,
    ) -> None:
        """Create a socket with the handle *handle*."""
        pairs.check_options("a socket", exclusive=exclusive, load_balance=load_balance)
        sock = Sock(
            tcp=tcp,
            v6=v6,
            v6only=v6 and (self.settings.bindv6only if v6only is None else v6only),
            r=reuse_address,
            rp=reuse_port,
            uid=uid,
        )
        if privileged is not None:
            sock.privileged = privileged
        sock.dev = device
        sock.number = handle.number
        self._socks[handle] = sock

    def bind(self, handle: Handle, addr: int, port: int) -> Decision:
        """Bind a socket."""
        sock = self._find(handle)
        if not sock.v6 and addr >> 32 != MAPPED:
            raise InvalidSocketError("an inet socket requires an IPv4 address", shown_number(addr))
        refusal = pairs.check(
            sock,
            addr,
            port,
            self.settings,
            local=self.settings.ip_nonlocal_bind or may_bind(addr, self.local_addresses),
            in_use=sock.port != 0 or sock.state != CLOSED,
        )
        if refusal is not None:
            return self._decide(refusal)
        v6only = sock.v6only
        sock.set_addr(addr)
        if sock.v6 and addr and addr >> 32 != MAPPED:
            sock.v6only = True
        if port:
            decision = self._take(sock, port, listening=False)
        elif sock.no_port:
            decision = self._decide(rules.DEFERRED)
        else:
            found = (
                self.tcp.take_any(sock, listening=False) if sock.tcp else self.udp.take_any(sock)
            )
            decision = self._decide(rules.CHOSEN if found else rules.BIND_EXHAUSTED)
        if not decision.allowed:
            sock.v6only = v6only
            sock.reset_addr()
            return decision
        # SOCK_BINDADDR_LOCK is set for ::ffff:0.0.0.0 too, although it is a wildcard. It is
        # never cleared, not even by a second bind() after connect() took the port away.
        sock.addr_locked = sock.addr_locked or addr != (0 if sock.v6 else ANY4)
        sock.port_locked = sock.port_locked or port != 0
        return decision

    def listen(self, handle: Handle) -> Decision:
        """Make a socket listen."""
        sock = self._find(handle)
        if not sock.tcp:
            return self._decide(rules.NO_STREAM)
        if sock.state == LISTEN:
            return self._decide(rules.LISTENING)
        if sock.state != CLOSED:
            return self._decide(rules.NOT_CLOSED)
        sock.state = LISTEN
        if sock.port:
            decision = self._take(sock, sock.port, listening=True)
        else:
            found = self.tcp.take_any(sock, listening=True)
            decision = self._decide(rules.CHOSEN if found else rules.BIND_EXHAUSTED)
        if not decision.allowed:
            sock.state = CLOSED
        return decision

    def connect(
        self, handle: Handle, dst: int, dport: int, *, source: int | None, refused: bool
    ) -> Decision:
        """Connect a socket; with *refused* the peer answers with a reset."""
        sock = self._find(handle)
        if not sock.v6 and dst >> 32 != MAPPED:
            raise InvalidSocketError("an inet socket requires an IPv4 address", shown_number(dst))
        if sock.tcp and sock.state != CLOSED:
            return self._decide(rules.IS_CONNECTED)
        if is_wild(dst):
            dst = _this_machine(sock, dst)
        v4path = dst >> 32 == MAPPED
        no_peer = pairs.check_peer(sock, dst)
        near = None if no_peer else self._near(sock, dst, source, v4path=v4path)
        if not sock.tcp and not sock.port and not self.udp.take_any(sock):
            return self._decide(rules.UDP_EXHAUSTED)
        if v4path and sock.v6only:
            return self._decide(rules.V6ONLY_CONNECT)
        if no_peer is not None:
            return self._decide(no_peer)
        if not v4path and sock.addr >> 32 == MAPPED:
            return self._decide(rules.MAPPED_TO_V6)
        if near is not None:
            sends_from = sock.v4_source
            (self.tcp if sock.tcp else self.udp).move(sock, near)
            if not v4path:
                # tcp_v6_connect() sets 127.0.0.6 as inet_rcv_saddr, not as inet_saddr.
                sock.v4_source = sends_from
        if not sock.tcp:
            sock.state = CONN
            sock.dst, sock.dport = dst, dport
            return self._decide(rules.UDP_CONNECTED)
        outcome = self.tcp.connect(sock, dst, dport)
        if isinstance(outcome, Sock):
            lingers = outcome.state not in (CONN, LISTEN, CLOSED)
            blocker = to_socket(outcome)
            self.tcp.fail(sock)
            rule = rules.TUPLE_TIME_WAIT if lingers else rules.TUPLE
            return self._decide(rule, blocker=blocker)
        if outcome is False:
            self.tcp.fail(sock)
            rule = rules.CONNECT_EXHAUSTED
            lingering = self.tcp.refused_by_lingering
            if not lingering:
                return self._decide(rule)
            return self._decide(
                rule,
                reason=f"{rule.sentence}; on {lingering} of them a connection to it lingers "
                "and cannot be replaced yet",
            )
        if refused:
            self.tcp.fail(sock)
            return self._decide(rules.CONNECTION_REFUSED)
        return self._decide(rules.CONNECTED if outcome is None else rules.RECYCLED)

    def accept(
        self,
        handle: Handle,
        child_handle: Handle,
        *,
        uid: int,
        local: int | None,
        peer: tuple[int, int] | None,
    ) -> Decision:
        """Accept a connection from *peer* to the address *local*."""
        sock = self._find(handle)
        if not sock.tcp:
            return self._decide(rules.NO_STREAM)
        if sock.state != LISTEN:
            return self._decide(rules.NOT_LISTENING)
        child = Sock(tcp=True, v6=sock.v6, v6only=sock.v6only, r=sock.r, rp=sock.rp, uid=uid)
        child.dev = sock.dev
        child.number = child_handle.number
        child.port = sock.port
        dst, dport = (None, 0) if peer is None else peer
        child.set_addr(
            accepted_address(
                sock.addr, v6only=sock.v6only, local=local, peer=dst, is_local=self._is_local
            )
        )
        if not self.tcp.accept(child, dst, dport):
            return self._decide(rules.NO_CONNECTION)
        self._socks[child_handle] = child
        return decide(rules.ACCEPTED, handle=child_handle, confidence=self._confidence)

    def set_option(
        self,
        handle: Handle,
        *,
        reuse_address: bool | None,
        reuse_port: bool | None,
        v6only: bool | None,
        bind_address_no_port: bool | None,
        local_port_range: tuple[int, int] | None,
        uid: int | None,
        load_balance: bool | None = None,
        exclusive: bool | None = None,
    ) -> Decision:
        """Set options as setsockopt(2) and fchown(2) do; None leaves one unchanged."""
        sock = self._find(handle)
        pairs.check_options("a socket", exclusive=exclusive, load_balance=load_balance)
        if local_port_range is not None and not self.kernel.local_port_range:
            return self._decide(rules.NO_OPTION)
        if v6only is not None:
            if not sock.v6:
                raise InvalidSocketError("v6only requires an inet6 socket", "an inet socket")
            if sock.port or sock.state != CLOSED:
                return self._decide(rules.V6ONLY_LATE)
            sock.v6only = v6only
        if reuse_address is not None:
            sock.r = reuse_address
        if reuse_port is not None:
            sock.rp = reuse_port
        if bind_address_no_port is not None:
            sock.no_port = bind_address_no_port
        if local_port_range is not None:
            sock.port_range = None if local_port_range == (0, 0) else local_port_range
        if uid is not None:
            sock.uid = uid
        if sock.tcp:
            self.tcp.changed(sock)
        return self._decide(rules.OPTION)

    def disconnect(self, handle: Handle) -> Decision:
        """Dissolve a connection, as connect() with AF_UNSPEC does."""
        sock = self._find(handle)
        if sock.tcp and sock.state != CLOSED:
            self.tcp.fail(sock)
            return self._decide(rules.DISCONNECTED)
        if not sock.addr_locked:
            # if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK)) inet_reset_saddr(sk);
            (self.tcp if sock.tcp else self.udp).move(sock, ANY6 if sock.v6 else ANY4)
        if not sock.tcp:
            # sk->sk_bound_dev_if = 0;
            sock.dev = None
            sock.state, sock.dst, sock.dport = CLOSED, None, 0
            # if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK)) sk->sk_prot->unhash(sk);
            if not sock.port_locked:
                self.udp.leave(sock)
        return self._decide(rules.DISCONNECTED)

    def close(self, handle: Handle, how: Close) -> None:
        """Close a socket."""
        sock = self._find(handle)
        del self._socks[handle]
        if not sock.tcp:
            self.udp.leave(sock)
        elif sock.state == CONN and how in (Close.FIRST, Close.UNANSWERED):
            self.tcp.linger(sock, fin_wait_2=how is Close.UNANSWERED)
        else:
            self.tcp.leave(sock)

    def advance(self, seconds: float) -> None:
        """Advance the clock."""
        self.now += seconds
        self.tcp.advance(self.now)

    # Steps of the calls.

    def _find(self, handle: Handle) -> Sock:
        return find(self._socks, handle)

    def _take(self, sock: Sock, port: int, *, listening: bool) -> Decision:
        if sock.tcp:
            skips = self.tcp.skips(sock, port)
            blocker = self.tcp.take(sock, port, listening=listening)
            rule = rules.FAST_PATH if skips else rules.FREE
        else:
            blocker, partner = self.udp.take(sock, port)
            rule = rules.FREE if partner is None else rules.UDP_FIRST_PARTNER
        if blocker is None:
            return self._decide(rule)
        rule = why_refused(sock, blocker)
        return self._decide(rule, reason=reason(rule, sock, blocker), blocker=to_socket(blocker))

    def _near(self, sock: Sock, dst: int, source: int | None, *, v4path: bool) -> int | None:
        """Return the address of the route to *dst* for *sock*, or None if it has one."""
        if source is not None:
            check_source(source, dst, self._is_local)
        if v4path and sock.v6only:
            return None
        if not v4path:
            at_wildcard = not sock.addr
        elif sock.tcp and sock.addr >> 32 != MAPPED:
            # A dual-stack socket at an IPv6 address: TCP moves it to the IPv4 address that
            # it sends from, if it has one. UDP does not move it.
            if sock.v4_source:
                return MAPPED << 32 | sock.v4_source
            at_wildcard = True
        else:
            at_wildcard = not sock.v4
        if not at_wildcard:
            return None
        return route_source(dst, self.local_addresses) if source is None else source

    def _is_local(self, addr: int) -> bool:
        return self.settings.ip_nonlocal_bind or is_local(addr, self.local_addresses)

    def _decide(
        self, rule: Rule, *, reason: str | None = None, blocker: Socket | None = None
    ) -> Decision:
        if reason is None and blocker is None:
            # Nearly every call ends here, with one of few answers.
            made = self._made.get(rule)
            if made is None:
                made = self._made[rule] = decide(rule, confidence=self._confidence)
            return made
        return decide(rule, reason=reason, blocker=blocker, confidence=self._confidence)


def _this_machine(sock: Sock, dst: int) -> int:
    """Return the address that connect() to a wildcard means: over IPv4 the socket's own, if any."""
    if dst == ANY4:
        # if (!fl4->daddr) { fl4->daddr = fl4->saddr; if (!fl4->daddr) ... INADDR_LOOPBACK
        return ANY4 | sock.v4_source if sock.v4_source else LOOPBACK4
    return LOOPBACK4 if sock.addr >> 32 == MAPPED else LOOPBACK6
