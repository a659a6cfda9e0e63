"""The state machine of every system except Linux: sockets, holders, 4-tuples, lingering.

It follows the rules of a BindRules, which were read and not run. If a system's behaviour after a
failure is unknown, a refused call leaves the table unchanged. ``PortTable`` checks arguments.
"""

from __future__ import annotations

from dataclasses import replace
from heapq import heappop, heappush
from itertools import count

from portranges import checks, types
from portranges.errors import InvalidSocketError, elide
from portranges.reuse.addresses import (
    ANY4,
    ANY6,
    LOOPBACK4,
    LOOPBACK6,
    accepted_address,
    check_source,
    is_mapped,
    is_wild,
    route_source,
)
from portranges.reuse.model import (
    Close,
    Decision,
    Handle,
    Rule,
    Socket,
    State,
    decide,
    find,
    shown_number,
)
from portranges.reuse.others.address_rules import Call, refusing_rule
from portranges.reuse.others.pairs import check_address, judge_bind, reason
from portranges.reuse.others.picking import Pickers
from portranges.reuse.others.record import BindRules, Context, Reconnect, Refusal, Via
from portranges.reuse.others.sock import Sock, to_socket

__all__ = ["SystemPorts"]

_UNUSED = frozenset({State.UNBOUND, State.BOUND})
_AT_ONCE = frozenset({Reconnect.WILDCARD, Reconnect.LAST})


class SystemPorts:
    """A machine of *system*; addresses are integers as in ``reuse.addresses``."""

    def __init__(
        self,
        system: BindRules,
        settings: types.ReuseSettings | None,
        kernel: str | None,
        local_addresses: frozenset[int] | None,
        rng: types.Random,
    ) -> None:
        """Create a machine without sockets."""
        if kernel is not None:
            checks.of_type("kernel", kernel, str)
            raise InvalidSocketError(
                "kernel applies to Linux only; other systems have the version in the name, such "
                "as 'freebsd-13'",
                elide(kernel),
            )
        local: types.Callable[[int], bool] | None = None
        if local_addresses is not None:
            local = local_addresses.__contains__
        self.system = system
        self.context: Context = Context(system, settings, local)
        self.local_addresses = local_addresses
        self.now: float = 0.0
        self._lingering = 0
        self._socks: dict[Handle, Sock] = {}
        # The holders of a port in the order in which they were bound.
        self._holders: dict[tuple[bool, int], dict[Sock, None]] = {}
        # A 4-tuple has at most one socket.
        self._tuples: dict[types.FourTuple, Sock] = {}
        self._deadlines: list[tuple[float, int, Sock]] = []
        self._turns = count()
        self._udp_ports = 0
        self._pickers = Pickers(self.context.profile, self.context.ports, rng)

    # Queries.

    def __len__(self) -> int:
        """Return the number of open sockets."""
        return len(self._socks)

    @property
    def lingering(self) -> int:
        """The number of closed connections that linger."""
        return self._lingering

    def is_inet6(self, handle: Handle) -> bool:
        """Return whether the socket is an AF_INET6 socket."""
        return self._find(handle).v6

    def describe(self, handle: Handle) -> Socket:
        """Return what getsockname() and the options say."""
        return to_socket(self._find(handle))

    def holders(self, port: int, *, tcp: bool) -> types.Iterator[Socket]:
        """Yield every holder of *port*, lingering ones included."""
        for sock in self._holders.get((tcp, port), ()):
            yield self._as_compared(sock)

    # CallRules.

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
        only = v6 and (self.context.v6only if v6only is None else v6only)
        sock = Sock(tcp=tcp, v6=v6, v6only=only, uid=uid)
        sock.r = reuse_address
        sock.p = reuse_port
        sock.lb = load_balance
        sock.exclusive = exclusive
        sock.dev = device
        if privileged is not None:
            sock.privileged = privileged
        self.system.check_options(to_socket(sock))
        self._socks[handle] = sock

    def bind(self, handle: Handle, addr: int, port: int) -> Decision:
        """Bind a socket."""
        sock = self._find(handle)
        _check_family(sock, addr)
        calls = self.system.calls
        if sock.dropped:
            return decide(calls.dropped)
        if self.system.checks_kind_first:
            refusal = refusing_rule(self.system.address_rules, sock, addr, Call.BIND)
            if refusal is not None:
                return decide(refusal)
        if sock.port or sock.state not in _UNUSED:
            return decide(calls.has_port)
        before = sock.addr, sock.bound
        sock.addr = sock.bound = addr
        sock.port = port
        decision = self._take(sock) if port else self._choose(sock)
        if decision.allowed:
            sock.state = State.BOUND
            sock.bound_p = sock.p
            self._enter(sock)
        else:
            sock.addr, sock.bound = before
            sock.port = 0
        return decision

    def _take(self, sock: Sock) -> Decision:
        self.context.udp_ports = self._udp_ports
        rule, blocker = judge_bind(sock, self._newest_first(sock, sock.port), self.context)
        if blocker is None:
            return decide(rule)
        return decide(rule, reason=reason(rule, blocker), blocker=self._as_compared(blocker))

    def _choose(self, sock: Sock) -> Decision:
        """Bind *sock* to a port as bind(addr, 0) chooses it."""
        self.context.udp_ports = self._udp_ports
        refusal = check_address(sock, self.context)
        if refusal is not None:
            return decide(refusal)
        calls = self.system.calls
        picker = self._pickers.of(tcp=sock.tcp, v6=sock.v6)
        for port in picker.candidates():
            if not self.system.busy(sock, self._newest_first(sock, port), None):
                picker.chosen(port)
                sock.port = port
                return decide(calls.chosen)
        over_v4 = is_mapped(sock.addr)
        return decide(calls.bind_exhausted if over_v4 else calls.bind_exhausted_v6)

    def listen(self, handle: Handle) -> Decision:
        """Make a socket listen."""
        sock = self._find(handle)
        calls = self.system.calls
        if not sock.tcp:
            return decide(calls.no_stream)
        if sock.dropped:
            return decide(calls.dropped)
        if sock.connected:
            return decide(calls.not_closed)
        if sock.port:
            sock.state = State.LISTENING
            return decide(calls.listening)
        if self.system.listen_unbound is not None:
            return decide(self.system.listen_unbound)
        decision = self._choose(sock)
        if decision.allowed:
            sock.state = State.LISTENING
            sock.bound_p = sock.p
            self._enter(sock)
        return decision

    def connect(
        self, handle: Handle, dst: int, dport: int, *, source: int | None, refused: bool
    ) -> Decision:
        """Connect a socket; with *refused* the peer answers with a reset."""
        sock = self._find(handle)
        _check_family(sock, dst)
        # A connected UDP socket is disconnected first.
        again = not sock.tcp and sock.state is State.CONNECTED
        own = self._left_at(sock) if again else sock.addr
        reconnect = self.system.reconnect
        refusal = self._cannot_connect(sock, own, dst, dport)
        if refusal is not None:
            if again and reconnect in _AT_ONCE:
                self._disconnect(sock, own)
            return decide(refusal)
        if is_wild(dst):
            dst = LOOPBACK6 if dst == ANY6 and not is_mapped(own) else LOOPBACK4
        if source is not None:
            check_source(source, dst, self.context.is_local)
        local = own
        if is_wild(own):
            local = route_source(dst, self.local_addresses) if source is None else source
        if again and reconnect is not None:
            self._disconnect(sock, own)
        port = sock.port
        if port:
            blocker = self._clash(sock, local, port, dst, dport)
            if blocker is not None:
                return self._tuple(sock, blocker)
        else:
            # The system chooses, so privilege and address are not checked.
            chosen = self._choose_for(sock, local, dst, dport)
            if chosen is None:
                calls = self.system.calls
                over_v4 = is_mapped(local)
                return decide(calls.connect_exhausted if over_v4 else calls.connect_exhausted_v6)
            port = chosen
            if self.system.retests_tuple:
                blocker = self._clash(sock, local, port, dst, dport)
                if blocker is not None:
                    return self._tuple(sock, blocker)
        if sock.tcp and (local, port) == (dst, dport):
            rule = self.system.self_connect
            if rule is not None and (is_mapped(dst) or not self.system.self_connect_over_v4_only):
                return decide(rule)
        if refused and sock.tcp:
            if self.system.refusal is Refusal.DROPS:
                self._leave(sock)
                sock.dropped = True
                sock.state = State.UNBOUND
            return decide(self.system.calls.connection_refused)
        self._forget_tuple(sock)
        if not sock.port:
            sock.port = port
        sock.addr = local
        sock.dst, sock.dport = dst, dport
        sock.state = State.CONNECTED
        self._enter(sock)
        return decide(self.system.calls.connected)

    def _left_at(self, sock: Sock) -> int:
        """Return the address of a UDP socket after its connection is dissolved."""
        if self.system.reconnect is Reconnect.WILDCARD:
            return ANY6 if sock.v6 else ANY4
        return sock.addr if self.system.reconnect is Reconnect.LAST else sock.bound

    def _disconnect(self, sock: Sock, addr: int) -> None:
        self._forget_tuple(sock)
        sock.addr = addr
        sock.state = State.BOUND

    def _cannot_connect(self, sock: Sock, own: int, dst: int, dport: int) -> Rule | None:
        calls = self.system.calls
        if sock.dropped:
            return calls.dropped
        if sock.state is State.LISTENING:
            return calls.is_listening
        if sock.tcp and sock.state is State.CONNECTED:
            return calls.is_connected
        rules = self.system.address_rules
        first = refusing_rule(rules, sock, dst, Call.CONNECT, early=True)
        if first is not None:
            return first
        mapped = is_mapped(dst)
        if mapped and sock.v6only:
            return calls.v6only_connect if sock.tcp else calls.v6only_connect_udp
        later = refusing_rule(rules, sock, dst, Call.CONNECT, early=False)
        # A system that does not refuse :: as a peer connects to this machine in either family.
        anywhere = dst == ANY6 and later is None
        if is_mapped(own) is not mapped and not (own == ANY6 and mapped) and not anywhere:
            return calls.wrong_family if sock.tcp else calls.wrong_family_udp
        # if (sin->sin_port == 0) return (EADDRNOTAVAIL);
        return calls.peer_port if later is None and not dport else later

    def _choose_for(self, sock: Sock, local: int, dst: int, dport: int) -> int | None:
        picker = self._pickers.of(tcp=sock.tcp, v6=sock.v6)
        for port in picker.candidates():
            via = Via(
                local=local,
                dst=dst,
                dport=dport,
                taken=self._clash(sock, local, port, dst, dport) is not None,
            )
            if not self.system.busy(sock, self._newest_first(sock, port), via):
                picker.chosen(port)
                return port
        return None

    def _clash(self, sock: Sock, local: int, port: int, dst: int, dport: int) -> Sock | None:
        other = self._tuples.get((sock.tcp, local, port, dst, dport))
        return None if other is sock else other

    def _tuple(self, sock: Sock, blocker: Sock) -> Decision:
        calls = self.system.calls
        rule = calls.tuple if sock.tcp else calls.tuple_udp
        return decide(rule, reason=reason(rule, blocker), blocker=self._as_compared(blocker))

    def accept(
        self,
        handle: Handle,
        child_handle: Handle,
        *,
        uid: int,
        local: int | None,
        peer: tuple[int, int] | None,
    ) -> Decision:
        """Accept a connection from *peer* to the address *local*.

        These systems copy the listener's credentials, so *uid* does not matter.
        """
        del uid
        sock = self._find(handle)
        calls = self.system.calls
        if not sock.tcp:
            return decide(calls.no_stream)
        if sock.state is not State.LISTENING:
            return decide(calls.not_listening)
        child = Sock(tcp=True, v6=sock.v6, v6only=sock.v6only, uid=sock.uid)
        child.r, child.privileged, child.dev = sock.r, sock.privileged, sock.dev
        if self.system.accepts_options:
            child.p, child.lb, child.exclusive = sock.p, sock.lb, sock.exclusive
        child.addr = accepted_address(
            sock.addr,
            v6only=sock.v6only,
            local=local,
            peer=None if peer is None else peer[0],
            is_local=self.context.is_local,
        )
        child.port = sock.port
        child.state = State.CONNECTED
        if peer is not None:
            child.dst, child.dport = peer
            key = (True, child.addr, child.port, *peer)
            other = self._tuples.get(key)
            if other is not None:
                if not other.state.lingers:
                    return decide(calls.no_connection)
                # A new connection replaces a lingering one.
                self._vanish(other)
        self._enter(child)
        self._socks[child_handle] = child
        return decide(calls.accepted, handle=child_handle)

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
        """Set options; None leaves one unchanged."""
        sock = self._find(handle)
        title = self.system.title
        for name, given in (
            ("bind_address_no_port", bind_address_no_port),
            ("local_port_range", local_port_range),
            ("uid", uid),
        ):
            if given is not None:
                raise InvalidSocketError(f"{name} cannot be set on {title}", elide(given))
        if v6only is not None and not sock.v6:
            raise InvalidSocketError("v6only requires an inet6 socket", "an inet socket")
        for name, option in (
            ("reuse_port", reuse_port),
            ("load_balance", load_balance),
            ("exclusive", exclusive),
        ):
            missing = self.system.missing_option(name)
            if option and missing is not None:
                raise InvalidSocketError(missing.message, f"{name}={option}")
        calls = self.system.calls
        if v6only is not None:
            fixed = self.system.v6only_fixed and not v6only
            if sock.port or sock.state is not State.UNBOUND or fixed:
                return decide(calls.v6only_late)
        r = sock.r if reuse_address is None else reuse_address
        e = sock.exclusive if exclusive is None else exclusive
        if self.system.option_both is not None and r and e:
            return decide(self.system.option_both)
        sock.r, sock.exclusive = r, e
        if v6only is not None:
            sock.v6only = v6only
        if reuse_port is not None:
            sock.p = reuse_port
        if load_balance is not None:
            sock.lb = load_balance
        return decide(calls.option)

    def disconnect(self, handle: Handle) -> Decision:
        """Raise, because connect() with AF_UNSPEC is modelled for Linux only."""
        self._find(handle)
        raise InvalidSocketError("disconnect() is modelled for Linux only", self.system.title)

    def close(self, handle: Handle, how: Close) -> None:
        """Close a socket."""
        sock = self._find(handle)
        del self._socks[handle]
        lingers = how in (Close.FIRST, Close.UNANSWERED)
        if not (sock.tcp and sock.state is State.CONNECTED and lingers):
            self._leave(sock)
            return
        if how is Close.FIRST:
            sock.state = State.TIME_WAIT
            stays = self.context.time_wait(sock.addr if sock.dst is None else sock.dst)
        else:
            sock.state = State.FIN_WAIT_2
            stays = self.context.settings.fin_wait_2
        self._lingering += 1
        heappush(self._deadlines, (self.now + stays, next(self._turns), sock))
        self.advance(0.0)

    def advance(self, seconds: float) -> None:
        """Advance the clock."""
        self.now += seconds
        while self._deadlines and self._deadlines[0][0] <= self.now:
            self._vanish(heappop(self._deadlines)[2])

    # Steps of the calls.

    def _find(self, handle: Handle) -> Sock:
        return find(self._socks, handle)

    def _as_compared(self, sock: Sock) -> Socket:
        """Return the public record of a holder, with the values that others are compared with."""
        shown = to_socket(sock)
        if self.system.remembers_bind and sock.p is not sock.bound_p:
            return replace(shown, reuse_port=sock.bound_p)
        return shown

    def _newest_first(self, sock: Sock, port: int) -> types.Sequence[Sock]:
        held = self._holders.get((sock.tcp, port))
        return tuple(reversed(held)) if held else ()

    def _enter(self, sock: Sock) -> None:
        held = self._holders.setdefault((sock.tcp, sock.port), {})
        if not held and not sock.tcp:
            self._udp_ports += 1
        held[sock] = None
        if sock.dst is not None:
            key = (sock.tcp, sock.addr, sock.port, sock.dst, sock.dport)
            self._tuples[key] = sock

    def _leave(self, sock: Sock) -> None:
        """Release the port, and the 4-tuple with it."""
        self._forget_tuple(sock)
        if sock.port:
            key = (sock.tcp, sock.port)
            held = self._holders[key]
            del held[sock]
            if not held:
                del self._holders[key]
                if not sock.tcp:
                    self._udp_ports -= 1
        sock.port = 0
        sock.addr = sock.bound = ANY6 if sock.v6 else ANY4

    def _forget_tuple(self, sock: Sock) -> None:
        if sock.dst is None:
            return
        del self._tuples[sock.tcp, sock.addr, sock.port, sock.dst, sock.dport]
        sock.dst = None
        sock.dport = 0

    def _vanish(self, sock: Sock) -> None:
        if sock.state.lingers:
            self._leave(sock)
            sock.state = State.UNBOUND
            self._lingering -= 1


def _check_family(sock: Sock, addr: int) -> None:
    if not sock.v6 and not is_mapped(addr):
        raise InvalidSocketError("an inet socket requires an IPv4 address", shown_number(addr))
