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
from portranges.reuse import model
from portranges.reuse.addresses import (
    ANY4,
    LOOPBACK4,
    LOOPBACK6,
    check_source,
    is_mapped,
    is_wild,
    route_source,
)
from portranges.reuse.linux import pairs
from portranges.reuse.linux.kernels import MEASURED, Kernel, kernel
from portranges.reuse.linux.rules import RULES
from portranges.reuse.linux.settings import DEFAULTS, LinuxSettings
from portranges.reuse.linux.sock import CLOSED, CONN, LISTEN, Sock, is_local, may_bind, reason
from portranges.reuse.linux.tcp import Outcome, TcpPorts
from portranges.reuse.linux.udp import UdpPorts
from portranges.reuse.machine import Machine
from portranges.reuse.model import Close, Decision, Handle, Options, Socket
from portranges.source import Confidence


class LinuxPorts(Machine):
    """The state machine of Linux; addresses are integers as in ``reuse.addresses``."""

    def __init__(
        self,
        settings: types.ReuseSettings | None,
        release: str | None,
        local_addresses: frozenset[int] | None,
        rng: types.Random,
    ) -> None:
        """Create a machine without sockets."""
        self.settings: LinuxSettings = model.checked_settings(settings, DEFAULTS)
        super().__init__(Sock, RULES, local_addresses, v6only=self.settings.bindv6only)
        self.kernel: Kernel = kernel(MEASURED if release is None else release)
        for name, exists in (
            ("tcp_tw_reuse_delay", self.kernel.tw_reuse_delay),
            ("ip_local_port_step_width", self.kernel.port_step_width),
        ):
            value = getattr(self.settings, name)
            if not exists and value != getattr(DEFAULTS, name):
                raise InvalidSocketError(f"kernel {self.kernel.release} has no {name}", f"{value}")
        self.tcp: TcpPorts = TcpPorts(self.settings, self.kernel, rng, self.clock)
        self.udp: UdpPorts = UdpPorts(self.settings, self.kernel, rng)
        measured = self.kernel.confidence is Confidence.MEASURED
        self._confidence = None if measured else self.kernel.confidence

    # Queries.

    def holders(self, port: int, *, tcp: bool) -> types.Iterator[Socket]:
        """Yield every holder of *port*, lingering ones included."""
        for sock in (self.tcp if tcp else self.udp).owners(port):
            yield sock.public()

    # Calls.

    def check_options(self, sock: Sock) -> None:
        """Raise if *sock* has an option that does not exist on Linux."""
        if sock.lb or sock.exclusive:
            model.check_option(pairs.refused_option(sock.public()), "a socket")

    def bind(self, handle: Handle, addr: int, port: int) -> Decision:
        """Bind a socket."""
        sock: Sock = self.find_for(handle, addr)
        refusal = pairs.check(
            sock,
            addr,
            port,
            self.settings,
            local=self.settings.ip_nonlocal_bind or may_bind(addr, self.local_addresses),
            in_use=sock.port != 0 or sock.state is not CLOSED,
        )
        if refusal is not None:
            return self.answer(refusal)
        v6only = sock.v6only
        sock.set_addr(addr)
        # if (addr_type != IPV6_ADDR_ANY && addr_type != IPV6_ADDR_MAPPED) sk->sk_ipv6only = 1;
        if sock.v6 and addr and not is_mapped(addr):
            sock.v6only = True
        if port:
            decision = self._take(sock, port)
        elif sock.no_port:
            decision = self.answer(RULES["deferred"])
        else:
            decision = self._choose(sock)
        if not decision.allowed:
            sock.v6only = v6only
            sock.set_addr(sock.wildcard)
            return decision
        # SOCK_BINDADDR_LOCK is set for ::ffff:0.0.0.0 too, although it is a wildcard. It is
        # never cleared, not even by a second bind() after connect() took the port away.
        sock.addr_locked = sock.addr_locked or addr != sock.wildcard
        sock.port_locked = sock.port_locked or port != 0
        return decision

    def listen(self, handle: Handle) -> Decision:
        """Make a socket listen."""
        sock: Sock = self.find(handle)
        if not sock.tcp:
            return self.answer(RULES["no-stream"])
        if sock.state is LISTEN:
            return self.answer(RULES["listening"])
        if sock.state is not CLOSED:
            return self.answer(RULES["not-closed"])
        sock.state = LISTEN
        decision = self._take(sock, sock.port) if sock.port else self._choose(sock)
        if not decision.allowed:
            sock.state = CLOSED
        return decision

    def connect(
        self, handle: Handle, dst: int, dport: int, *, source: int | None, refused: bool
    ) -> Decision:
        """Connect a socket; with *refused* the peer answers with a reset."""
        sock: Sock = self.find_for(handle, dst)
        if sock.tcp and sock.state is not CLOSED:
            return self.answer(RULES["is-connected"])
        if is_wild(dst):
            dst = _this_machine(sock, dst)
        v4path = is_mapped(dst)
        no_peer = pairs.check_peer(sock, dst)
        moves_to = None if no_peer else self._moves_to(sock, dst, source, v4path=v4path)
        # inet_dgram_connect(): if (!inet_sk(sk)->inet_num && inet_autobind(sk)) return -EAGAIN;
        if not sock.tcp and not sock.port and not self.udp.take_any(sock):
            return self.answer(RULES["udp-connect-exhausted"])
        if v4path and sock.v6only:
            return self.answer(RULES["v6only-connect"])
        if no_peer is not None:
            return self.answer(no_peer)
        if not v4path and is_mapped(sock.addr):
            return self.answer(RULES["mapped-to-v6"])
        if moves_to is not None:
            sends_from = sock.v4_source
            self._ports(sock).move(sock, moves_to)
            if not v4path:
                # tcp_v6_connect() sets 127.0.0.6 as inet_rcv_saddr, not as inet_saddr.
                sock.v4_source = sends_from
        if not sock.tcp:
            sock.state = CONN
            sock.dst, sock.dport = dst, dport
            return self.answer(RULES["udp-connected"])
        outcome = self.tcp.connect(sock, dst, dport)
        if outcome.rule.error is not None:
            decision = self._not_connected(outcome)
            self.tcp.fail(sock)
            return decision
        if refused:
            self.tcp.fail(sock)
            return self.answer(RULES["connection-refused"])
        return self.answer(outcome.rule)

    def _not_connected(self, outcome: Outcome) -> Decision:
        rule, blocker = outcome.rule, outcome.other
        if not outcome.lingering:
            return self.answer(rule, blocker=None if blocker is None else blocker.public())
        return self.answer(
            rule,
            reason=f"{rule.sentence}; on {outcome.lingering} of them a connection to it lingers "
            "and cannot be replaced yet",
        )

    def enter_child(self, child: Sock, listener: Sock, peer: tuple[int, int] | None) -> bool:
        """Enter an accepted socket, or return False if another one has the same 4-tuple."""
        # The socket is copied; newsk->sk_userlocks = sk->sk_userlocks & ~SOCK_BINDPORT_LOCK;
        child.addr_locked = listener.addr_locked
        child.no_port, child.port_range = listener.no_port, listener.port_range
        return self.tcp.accept(child, peer)

    def set_option(self, handle: Handle, options: Options) -> Decision:
        """Set options as setsockopt(2) and fchown(2) do."""
        sock: Sock = self.find(handle)
        model.check_option(pairs.refused_option(options), "a socket")
        if options.local_port_range is not None and not self.kernel.local_port_range:
            return self.answer(RULES["no-option"])
        sock.check_v6only(options)
        if options.v6only is not None and (sock.port or sock.state is not CLOSED):
            return self.answer(RULES["v6only-late"])
        sock.set_options(options)
        if options.bind_address_no_port is not None:
            sock.no_port = options.bind_address_no_port
        if options.local_port_range is not None:
            unset = options.local_port_range == (0, 0)
            sock.port_range = None if unset else options.local_port_range
        if sock.tcp:
            self.tcp.changed(sock)
        return self.answer(RULES["option"])

    def disconnect(self, handle: Handle) -> Decision:
        """Dissolve a connection, as connect() with AF_UNSPEC does."""
        sock: Sock = self.find(handle)
        if sock.tcp and sock.state is not CLOSED:
            self.tcp.fail(sock)
            return self.answer(RULES["disconnected"])
        if not sock.addr_locked:
            # if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK)) inet_reset_saddr(sk);
            self._ports(sock).move(sock, sock.wildcard)
        if not sock.tcp:
            # sk->sk_bound_dev_if = 0;
            sock.dev = None
            sock.state, sock.dst, sock.dport = CLOSED, None, 0
            # if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK)) sk->sk_prot->unhash(sk);
            if not sock.port_locked:
                self.udp.leave(sock)
        return self.answer(RULES["disconnected"])

    def close(self, handle: Handle, how: Close) -> None:
        """Close a socket."""
        sock: Sock = self.find(handle)
        del self._socks[handle.number]
        if not sock.tcp:
            self.udp.leave(sock)
        elif sock.state is CONN and how in (Close.FIRST, Close.UNANSWERED):
            self.tcp.linger(sock, fin_wait_2=how is Close.UNANSWERED)
        else:
            self.tcp.leave(sock)

    def advance(self, seconds: float) -> None:
        """Advance the clock."""
        for mini in self.clock.advance(seconds):
            self.tcp.vanish(mini)

    # Steps of the calls.

    def _ports(self, sock: Sock) -> TcpPorts | UdpPorts:
        return self.tcp if sock.tcp else self.udp

    def _take(self, sock: Sock, port: int) -> Decision:
        rule, blocker = self._ports(sock).take(sock, port)
        if blocker is None:
            return self.answer(rule)
        return self.answer(rule, reason=reason(rule, sock, blocker), blocker=blocker.public())

    def _choose(self, sock: Sock) -> Decision:
        found = self._ports(sock).take_any(sock)
        return self.answer(RULES["chosen" if found else "bind-exhausted"])

    def _moves_to(self, sock: Sock, dst: int, source: int | None, *, v4path: bool) -> int | None:
        """Return the local address that connect() gives *sock*, or None if it keeps its own."""
        if source is not None:
            check_source(source, dst, self.is_local)
        if v4path and sock.v6only:
            return None
        if not v4path:
            at_wildcard = not sock.addr
        elif sock.tcp and not is_mapped(sock.addr):
            # A dual-stack socket at an IPv6 address: TCP moves it to the IPv4 address that
            # it sends from, if it has one. UDP does not move it.
            if sock.v4_source:
                return ANY4 | sock.v4_source
            at_wildcard = True
        else:
            at_wildcard = not sock.v4
        if not at_wildcard:
            return None
        return route_source(dst, self.local_addresses) if source is None else source

    def is_local(self, addr: int) -> bool:
        """Return whether *addr* is local, or ip_nonlocal_bind makes every address so."""
        return self.settings.ip_nonlocal_bind or is_local(addr, self.local_addresses)


def _this_machine(sock: Sock, dst: int) -> int:
    """Return the address that connect() to a wildcard means: over IPv4 the socket's own, if any."""
    if dst == ANY4:
        # if (!fl4->daddr) { fl4->daddr = fl4->saddr; if (!fl4->daddr) ... INADDR_LOOPBACK
        return ANY4 | sock.v4_source if sock.v4_source else LOOPBACK4
    return LOOPBACK4 if is_mapped(sock.addr) else LOOPBACK6
