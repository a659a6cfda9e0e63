"""The state machine of every system except Linux: sockets, holders, 4-tuples, lingering.

The rules come from a ``BindRules``. If a system's behaviour after a failure is unknown, a refused
call leaves the table unchanged. ``PortTable`` checks arguments.
"""

from __future__ import annotations

from dataclasses import replace

from portranges import checks, types
from portranges.errors import InvalidSocketError, elide
from portranges.reuse import model
from portranges.reuse.addresses import (
    ANY6,
    LOOPBACK4,
    LOOPBACK6,
    check_source,
    is_mapped,
    is_wild,
    route_source,
)
from portranges.reuse.machine import Machine
from portranges.reuse.model import Close, Decision, Handle, Options, Rule, Socket, State
from portranges.reuse.others.address_rules import Call
from portranges.reuse.others.bind_rules import (
    INHERITABLE,
    BindRules,
    ConnectTest,
    Context,
    Reconnect,
    Via,
)
from portranges.reuse.others.pairs import first_refusal, judge_bind, reason
from portranges.reuse.others.picking import pickers
from portranges.reuse.others.sock import Sock

_UNUSED = frozenset({State.UNBOUND, State.BOUND})
_AT_ONCE = frozenset({Reconnect.WILDCARD, Reconnect.LAST})


class SystemPorts(Machine):
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
        self.system = system
        self.context: Context = Context(system, settings, local_addresses)
        super().__init__(Sock, system.rules, local_addresses, v6only=self.context.v6only)
        # The holders of a port in the order in which they were bound.
        self._holders: dict[tuple[bool, int], dict[Sock, None]] = {}
        # By whether it is TCP; a 4-tuple has at most one socket.
        self._tuples: dict[bool, dict[types.FourTuple, list[Sock]]] = {True: {}, False: {}}
        self._pickers = pickers(self.context.profile, self.context.ports, rng)

    # Queries.

    def holders(self, port: int, *, tcp: bool) -> types.Iterator[Socket]:
        """Yield every holder of *port*, lingering ones included."""
        for sock in self._holders.get((tcp, port), ()):
            yield self._as_compared(sock)

    # Calls.

    def check_options(self, sock: Sock) -> None:
        """Raise if *sock* has an option that does not exist on the system."""
        socket = sock.public()
        model.check_option(self.system.refused_option(socket), socket)

    def bind(self, handle: Handle, addr: int, port: int) -> Decision:
        """Bind a socket."""
        sock: Sock = self.find_for(handle, addr)
        if sock.dropped:
            return self.answer(self.rules["dropped"])
        if self.system.checks_kind_first:
            refusal = self.system.refused_address(sock, addr, Call.BIND)
            if refusal is not None:
                return self.answer(refusal)
        if sock.port or sock.state not in _UNUSED:
            return self.answer(self.rules["has-port"])
        before = sock.addr, sock.bound
        sock.addr = sock.bound = addr
        sock.port = port
        decision = self._take(sock) if port else self._choose(sock)
        if decision.allowed:
            sock.bound_rp = sock.rp
            self._enter(sock, State.BOUND)
        else:
            sock.addr, sock.bound = before
            sock.port = 0
        return decision

    def _take(self, sock: Sock) -> Decision:
        rule, blocker = judge_bind(sock, self._newest_first(sock, sock.port), self.context)
        return self.answer(rule) if blocker is None else self._refuse(rule, blocker)

    def _refuse(self, rule: Rule, blocker: Sock) -> Decision:
        return self.answer(rule, reason=reason(rule, blocker), blocker=self._as_compared(blocker))

    def _choose(self, sock: Sock) -> Decision:
        """Bind *sock* to a port as bind(addr, 0) chooses it."""
        # With port 0 these checks are about the address.
        refusal = first_refusal(self.system.checks, sock, self.context)
        if refusal is not None:
            return self.answer(refusal)
        picker = self._pickers[sock.tcp, sock.v6]
        for port in picker.candidates():
            if not self.system.busy(sock, self._newest_first(sock, port), None):
                picker.chosen(port)
                sock.port = port
                return self.answer(self.rules["chosen"])
        v6 = not is_mapped(sock.addr)
        return self.answer(self.rules.special("bind-exhausted", "-v6", applies=v6))

    def listen(self, handle: Handle) -> Decision:
        """Make a socket listen."""
        sock: Sock = self.find(handle)
        if not sock.tcp:
            state_first = self.system.listen_tests_state_first and sock.connected
            return self.answer(self.rules["not-closed" if state_first else "no-stream"])
        if sock.dropped:
            return self.answer(self.rules["dropped"])
        if sock.connected:
            return self.answer(self.rules["not-closed"])
        if sock.port:
            sock.state = State.LISTENING
            return self.answer(self.rules["listening"])
        if "listen-unbound" in self.rules:
            return self.answer(self.rules["listen-unbound"])
        decision = self._choose(sock)
        if decision.allowed:
            sock.bound_rp = sock.rp
            self._enter(sock, State.LISTENING)
        return decision

    def connect(
        self, handle: Handle, dst: int, dport: int, *, source: int | None, refused: bool
    ) -> Decision:
        """Connect a socket; with *refused* the peer answers with a reset."""
        sock: Sock = self.find_for(handle, dst)
        # A connected UDP socket is disconnected first: sodisconnect() in soconnect(), and
        # udp_do_connect() of illumos.
        again = not sock.tcp and sock.state is State.CONNECTED
        own = self._left_at(sock) if again else sock.addr
        reconnect = self.system.reconnect
        refusal = self._cannot_connect(sock, own, dst, dport)
        if refusal is not None:
            if again and reconnect in _AT_ONCE:
                self._disconnect(sock, own)
            return self.answer(refusal)
        if is_wild(dst):
            dst = LOOPBACK6 if dst == ANY6 and not is_mapped(own) else LOOPBACK4
        if source is not None:
            check_source(source, dst, self.is_local)
        local = own
        if is_wild(own):
            local = route_source(dst, self.local_addresses) if source is None else source
        if again and reconnect is not None:
            self._disconnect(sock, own)
        # If the system chooses, privilege and address are not checked.
        port = sock.port or self._choose_for(sock, local, dst, dport)
        if port is None:
            v6 = not is_mapped(local)
            return self.answer(self.rules.special("connect-exhausted", "-v6", applies=v6))
        if sock.port or self.system.retests_tuple:
            blocker = self._clash(sock, local, port, dst, dport)
            if blocker is not None:
                rule = self.rules.special("tuple", "-udp", applies=not sock.tcp)
                return self._refuse(rule, blocker)
        to_itself = sock.tcp and (local, port) == (dst, dport) and "self-connect" in self.rules
        if to_itself and (is_mapped(dst) or not self.system.self_connect_over_v4_only):
            return self.answer(self.rules["self-connect"])
        if refused and sock.tcp:
            if self.system.drops_refused:
                self._leave(sock)
                sock.dropped = True
                sock.state = State.UNBOUND
            return self.answer(self.rules["connection-refused"])
        sock.disconnect(self._tuples[sock.tcp])
        sock.port = port
        sock.addr = local
        sock.connect(self._tuples[sock.tcp], dst, dport)
        self._enter(sock, State.CONNECTED)
        return self.answer(self.rules["connected"])

    def _left_at(self, sock: Sock) -> int:
        """Return the address of a UDP socket after its connection is dissolved."""
        if self.system.reconnect is Reconnect.WILDCARD:
            return sock.wildcard
        return sock.addr if self.system.reconnect is Reconnect.LAST else sock.bound

    def _disconnect(self, sock: Sock, addr: int) -> None:
        sock.disconnect(self._tuples[sock.tcp])
        sock.addr = addr
        sock.state = State.BOUND

    def _cannot_connect(self, sock: Sock, own: int, dst: int, dport: int) -> Rule | None:
        """Return the rule of the first test that refuses, in the order of the system."""
        for test in self.system.connect_tests:
            rule = self._refused(test, sock, own, dst, dport)
            if rule is not None:
                return rule
        return None

    def _refused(
        self, test: ConnectTest, sock: Sock, own: int, dst: int, dport: int
    ) -> Rule | None:
        """Return the rule by which *test* refuses to connect, or None."""
        rules, refused = self.rules, False
        match test:
            case ConnectTest.DROPPED:
                rule, refused = rules.get("dropped-connect"), sock.dropped
                rule = rule or rules.get("dropped")
            case ConnectTest.LISTENING:
                rule = rules.special("is-listening", "-v6", applies=sock.v6)
                refused = sock.state is State.LISTENING
            case ConnectTest.CONNECTED:
                rule = rules["is-connected"]
                refused = sock.tcp and sock.state is State.CONNECTED
            case ConnectTest.KIND:
                return self.system.refused_address(sock, dst, Call.CONNECT, early=True)
            case ConnectTest.PORT:
                # if (sin->sin_port == 0) return (EADDRNOTAVAIL);
                rule, refused = rules["peer-port"], not dport
            case ConnectTest.V6ONLY:
                rule = rules.special("v6only-connect", "-udp", applies=not sock.tcp)
                refused = sock.v6only and is_mapped(dst)
            case ConnectTest.FAMILY:
                return self._wrong_family(sock, own, dst)
        return rule if refused else None

    def _wrong_family(self, sock: Sock, own: int, dst: int) -> Rule | None:
        later = self.system.refused_address(sock, dst, Call.CONNECT, early=False)
        mapped = is_mapped(dst)
        # A system that does not refuse :: as a peer connects to this machine in either family.
        anywhere = dst == ANY6 and later is None
        if is_mapped(own) is not mapped and not (own == ANY6 and mapped) and not anywhere:
            return self.rules.special("wrong-family", "-udp", applies=not sock.tcp)
        return later

    def _choose_for(self, sock: Sock, local: int, dst: int, dport: int) -> int | None:
        picker = self._pickers[sock.tcp, sock.v6]
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
        for other in self._tuples[sock.tcp].get((local, port, dst, dport), ()):
            if other is not sock:
                return other
        return None

    def enter_child(self, child: Sock, listener: Sock, peer: tuple[int, int] | None) -> bool:
        """Enter an accepted socket, or return False if another one has the same 4-tuple.

        These systems copy the listener's credentials, so the user of accept() does not matter.
        """
        child.uid, child.privileged = listener.uid, listener.privileged
        for name in INHERITABLE - self.system.inherited:
            setattr(child, name, False)
        if peer is not None:
            other = self._clash(child, child.addr, child.port, *peer)
            if other is not None:
                if not other.state.lingers:
                    return False
                # A new connection replaces a lingering one.
                self._vanish(other)
            child.connect(self._tuples[True], *peer)
        self._enter(child, State.CONNECTED)
        return True

    def is_local(self, addr: int) -> bool:
        """Return whether *addr* is an address of the machine."""
        return self.context.is_local(addr)

    def set_option(self, handle: Handle, options: Options) -> Decision:
        """Set options."""
        sock: Sock = self.find(handle)
        for name in ("bind_address_no_port", "local_port_range", "uid"):
            given = getattr(options, name)
            if given is not None:
                rule = f"{name} cannot be set on {self.system.title}"
                raise InvalidSocketError(rule, elide(given))
        sock.check_v6only(options)
        for name in ("reuse_port", "load_balance", "exclusive"):
            if getattr(options, name) and (missing := self.system.missing_option(name)):
                raise InvalidSocketError(missing.message, f"{name}=True")
        if sock.dropped and "dropped-option" in self.rules:
            return self.answer(self.rules["dropped-option"])
        if options.v6only is not None:
            fixed = self.system.v6only_fixed and not options.v6only
            bound = sock.port or sock.dropped
            if fixed or (bound and self.system.v6only_until_bound):
                return self.answer(self.rules["v6only-late"])
        reuse = sock.r if options.reuse_address is None else options.reuse_address
        exclusive = sock.exclusive if options.exclusive is None else options.exclusive
        if reuse and exclusive and "option-both" in self.rules:
            return self.answer(self.rules["option-both"])
        if sock.port and self.system.reuse_until_bound:
            options = replace(options, reuse_address=None, exclusive=None)
        sock.set_options(options)
        return self.answer(self.rules["option"])

    def disconnect(self, handle: Handle) -> Decision:
        """Raise, because connect() with AF_UNSPEC is modelled for Linux only."""
        self.find(handle)
        raise InvalidSocketError("disconnect() is modelled for Linux only", self.system.title)

    def close(self, handle: Handle, how: Close) -> None:
        """Close a socket."""
        sock: Sock = self.find(handle)
        del self._socks[handle.number]
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
        self.clock.linger(sock, stays)
        # The setting may be 0 seconds.
        self.advance(0.0)

    def advance(self, seconds: float) -> None:
        """Advance the clock."""
        for sock in self.clock.advance(seconds):
            self._vanish(sock)

    # Steps of the calls.

    def _as_compared(self, sock: Sock) -> Socket:
        """Return the public record of a holder, with the values that others are compared with."""
        shown = sock.public()
        if self.system.remembers_bind and sock.rp is not sock.bound_rp:
            return replace(shown, reuse_port=sock.bound_rp)
        return shown

    def _newest_first(self, sock: Sock, port: int) -> types.Sequence[Sock]:
        held = self._holders.get((sock.tcp, port))
        return tuple(reversed(held)) if held else ()

    def _enter(self, sock: Sock, state: State) -> None:
        sock.state = state
        held = self._holders.setdefault((sock.tcp, sock.port), {})
        if not held and not sock.tcp:
            self.context.udp_ports += 1
        held[sock] = None

    def _leave(self, sock: Sock) -> None:
        """Release the port, and the 4-tuple with it."""
        sock.disconnect(self._tuples[sock.tcp])
        if sock.port:
            key = (sock.tcp, sock.port)
            held = self._holders[key]
            del held[sock]
            if not held:
                del self._holders[key]
                if not sock.tcp:
                    self.context.udp_ports -= 1
        sock.port = 0
        sock.addr = sock.bound = sock.wildcard

    def _vanish(self, sock: Sock) -> None:
        if sock.state.lingers:
            self._leave(sock)
            sock.state = State.UNBOUND
            self.clock.lingering -= 1
