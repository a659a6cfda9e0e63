"""A table under random calls, beside a slow model that knows the laws only.

The slow model is a list of the sockets that are there, and answers from the
published tables by comparing sets of addresses; the exact answers are the
kernel's business (tests/live, tests/recorded).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,  # pyright: ignore[reportUnknownVariableType]
)

from portranges import PortRange, PortSet
from portranges.reuse import Close, Handle, LinuxSettings, PortTable, Socket, State, can_bind
from portranges.reuse.linux.machine import LinuxPorts

PORTS = PortRange(40000, 40003)
RESERVED = 40002
ADDRESSES = ("0.0.0.0", "127.0.0.1", "127.0.0.2")
ADDRESSES6 = ("::", "::1", "::ffff:127.0.0.1")
EVERY4 = frozenset({"127.0.0.1", "127.0.0.2", "else"})
EVERY6 = frozenset({"::1", "else6"})


def reached(sock: Socket) -> frozenset[str]:
    """Return the addresses at which a socket is, by the meaning of the wildcards."""
    text = str(sock.address)
    match text:
        case "0.0.0.0":
            return EVERY4
        case "::":
            return EVERY6 if sock.v6only else EVERY4 | EVERY6
        case "::ffff:127.0.0.1" | "::ffff:7f00:1":
            return frozenset({"127.0.0.1"})
        case _:
            return frozenset({text})


@dataclass
class Left:
    """A connection that lingers, in the slow model; no peer where accept() made it."""

    address: str
    port: int
    peer: int | None
    until: float


class Machine(RuleBasedStateMachine):
    """Random calls."""

    socks: Bundle[Handle] = Bundle("socks")

    def __init__(self) -> None:
        super().__init__()
        self.settings = LinuxSettings(
            ip_local_port_range=PORTS, ip_local_reserved_ports=PortSet([RESERVED])
        )
        self.table = PortTable("linux", settings=self.settings, seed=1)
        self.open: set[Handle] = set()
        self.peers: dict[Handle, int] = {}
        self.left: list[Left] = []

    @rule(
        target=socks,
        transport=st.sampled_from(["tcp", "udp"]),
        family=st.sampled_from(["inet", "inet6", "v6only"]),
        r=st.booleans(),
        p=st.booleans(),
        uid=st.sampled_from([0, 1000]),
    )
    def socket(self, transport: str, family: str, r: bool, p: bool, uid: int) -> Handle:
        handle = self.table.socket(
            transport,
            family="inet" if family == "inet" else "inet6",
            v6only=family == "v6only",
            reuse_address=r,
            reuse_port=p,
            uid=uid,
        )
        self.open.add(handle)
        return handle

    @rule(sock=socks, which=st.integers(0, 2), port=st.sampled_from([*PORTS, 0]))
    def bind(self, sock: Handle, which: int, port: int) -> None:
        if sock not in self.open:
            return
        was = self.table.describe(sock)
        address = (ADDRESSES6 if was.family == "inet6" else ADDRESSES)[which]
        before = {p: self.table.holders(p, was.transport) for p in PORTS}
        decision = self.table.bind(sock, address, port)
        now = self.table.describe(sock)
        if not decision.allowed:
            assert now == was
            return
        assert was.port == 0
        assert now.port == port or (port == 0 and now.port in PORTS and now.port != RESERVED)
        others = before[now.port]
        if port:
            # Without a memory the answer may be a refusal, never the reverse.
            asks = Socket(
                transport=was.transport,
                address=address,
                port=port,
                v6only=was.v6only,
                reuse_address=was.reuse_address,
                reuse_port=was.reuse_port,
                uid=was.uid,
            )
            plain = can_bind(asks, others)
            assert plain.allowed or decision.rule.id in (
                "linux-fast-path",
                "linux-udp-first-partner",
            )
        elif was.transport == "tcp":
            # A chosen TCP port is one that no other socket has at these addresses.
            for other in others:
                shadow = other.state is State.CONNECTED or other.state.lingers
                assert not (reached(now) & reached(other)) or shadow

    @rule(sock=socks)
    def listen(self, sock: Handle) -> None:
        if sock in self.open:
            decision = self.table.listen(sock)
            if decision.allowed:
                assert self.table.describe(sock).state is State.LISTENING

    @rule(sock=socks, peer=st.sampled_from([443, 444]), refused=st.booleans())
    def connect(self, sock: Handle, peer: int, refused: bool) -> None:
        if sock not in self.open:
            return
        was = self.table.describe(sock)
        address = "::1" if was.family == "inet6" else "127.0.0.1"
        decision = self.table.connect(sock, address, peer, refused=refused)
        now = self.table.describe(sock)
        if decision.allowed:
            assert now.state is State.CONNECTED
            assert now.port == was.port or (was.port == 0 and now.port != RESERVED)
            self.peers[sock] = peer
        if decision.rule.id == "linux-recycled":
            # The one with the same 4-tuple, and no other, makes room.
            same = (str(now.address), now.port, peer)
            (gone,) = (x for x in self.left if (x.address, x.port, x.peer) == same)
            self.left.remove(gone)
        elif decision.error == "ECONNREFUSED":
            # One makes room for the attempt, too, and does not come back.
            held = Counter(
                (str(holder.address), port)
                for port in PORTS
                for holder in self.table.holders(port, "tcp")
                if holder.state.lingers
            )
            missing = Counter((x.address, x.port) for x in self.left) - held
            for (where, port), count in missing.items():
                assert len(missing) == count == 1
                assert was.port in (0, port)
                gone = next(
                    x for x in self.left if (x.address, x.port, x.peer) == (where, port, peer)
                )
                self.left.remove(gone)

    @rule(target=socks, sock=socks, uid=st.sampled_from([0, 1000]))
    def accept(self, sock: Handle, uid: int) -> Handle:
        if sock not in self.open:
            return sock
        was = self.table.describe(sock)
        decision = self.table.accept(sock, uid=uid)
        assert decision.allowed is (was.state is State.LISTENING)
        if decision.handle is None:
            return sock
        self.open.add(decision.handle)
        child = self.table.describe(decision.handle)
        assert (child.port, child.uid, child.state) == (was.port, uid, State.CONNECTED)
        return decision.handle

    @rule(sock=socks, r=st.none() | st.booleans(), p=st.none() | st.booleans())
    def set_option(self, sock: Handle, r: bool | None, p: bool | None) -> None:
        if sock in self.open:
            assert self.table.set_option(sock, reuse_address=r, reuse_port=p).allowed

    @rule(sock=consumes(socks), how=st.sampled_from(Close))
    def close(self, sock: Handle, how: Close) -> None:
        if sock not in self.open:
            return
        was = self.table.describe(sock)
        self.table.close(sock, how)
        self.open.discard(sock)
        lingers = how in (Close.FIRST, Close.UNANSWERED)
        if was.transport == "tcp" and was.state is State.CONNECTED and lingers:
            peer = self.peers.get(sock)
            until = self.table.now + 60
            self.left.append(Left(str(was.address), was.port, peer, until))

    @rule(target=socks, sock=consumes(socks), seconds=st.sampled_from([0.0, 2.0]))
    def dial_again(self, sock: Handle, seconds: float) -> Handle:
        """What a client does whose connection is over: random calls rarely do."""
        if sock not in self.open or self.table.describe(sock).transport == "udp":
            return sock
        was = self.table.describe(sock)
        peer = self.peers.get(sock, 443)
        self.close(sock, Close.FIRST)
        self.advance(seconds)
        again = self.table.socket("tcp", family=was.family, v6only=was.v6only)
        self.open.add(again)
        self.connect(again, peer, refused=False)
        return again

    @rule(seconds=st.sampled_from([0.0, 0.5, 2.0, 30.0, 59.5]))
    def advance(self, seconds: float) -> None:
        self.table.advance(seconds)
        self.left = [left for left in self.left if left.until > self.table.now]

    @invariant()
    def everybody_holds_what_they_should(self) -> None:
        assert len(self.table) == len(self.open)
        shown = [self.table.describe(sock) for sock in self.open]
        assert self.table.lingering == len(self.left)
        for port in PORTS:
            for transport in ("tcp", "udp"):
                holders = self.table.holders(port, transport)
                here = [h for h in holders if not h.state.lingers]
                mine = [s for s in shown if s.port == port and s.transport == transport]
                assert sorted(map(repr, here)) == sorted(map(repr, mine))
                lingering = len(holders) - len(here)
                mine_left = sum(left.port == port for left in self.left)
                assert lingering == (mine_left if transport == "tcp" else 0)

    def teardown(self) -> None:
        for sock in self.open:
            self.table.close(sock, Close.RESET)
        self.table.advance(60)
        assert len(self.table) == self.table.lingering == 0
        machine = self.table._machine
        assert isinstance(machine, LinuxPorts)
        tcp, udp = machine.tcp, machine.udp
        for left in (tcp._tables, tcp._tuples, machine.clock._queue, udp._ports, udp._addresses):
            assert not left


def test_a_port_table_keeps_its_invariants() -> None:
    run_state_machine_as_test(Machine)
