"""The reuse rules of the other systems against slow twins, and their laws."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from itertools import count, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reuse_twins as twins
from portranges import PortSet
from portranges.errors import InvalidSocketError
from portranges.reuse import rules
from portranges.reuse.decisions import machine
from portranges.reuse.model import Close, Decision, Handle, Options, Socket, State
from portranges.reuse.others import SYSTEMS, SystemSettings, system
from portranges.reuse.others.bind_rules import Reconnect
from portranges.reuse.others.machine import SystemPorts
from reuse_sockets import procedure
from reuse_twins import Answer, Rec

PORT = 8080

Twin = Callable[[Rec, Sequence[Rec]], Answer]

TWINS: dict[str, Twin] = {
    "freebsd": twins.freebsd,
    "freebsd-14": partial(twins.freebsd, release="14"),
    "freebsd-13": partial(twins.freebsd, release="13"),
    "macos": twins.macos,
    "openbsd": twins.openbsd,
    "netbsd": twins.netbsd,
    "illumos": twins.illumos,
    "solaris": partial(twins.illumos, groups=False),
    "windows": twins.windows,
}

ADDRESSES = [
    ("0.0.0.0", False),
    ("127.0.0.1", False),
    ("192.0.2.2", False),
    ("::", False),
    ("::", True),
    ("::1", True),
    ("::ffff:127.0.0.1", False),
    ("::ffff:0.0.0.0", False),
]
MULTICAST = [("239.1.1.1", False), ("ff02::1", True), ("0.0.0.0", False), ("::", False)]


def options(name: str) -> list[dict[str, bool]]:
    """The combinations of options that the system has."""
    has = system(name).options
    letters = ["R"]
    letters += ["P"] if "reuse_port" in has else []
    letters += ["LB"] if "load_balance" in has else []
    letters += ["E"] if "exclusive" in has else []
    every = [
        dict(zip(letters, values, strict=True))
        for values in product((False, True), repeat=len(letters))
    ]
    if name.startswith("windows"):
        every = [row for row in every if not (row["R"] and row["E"])]
    return every


def records(
    name: str,
    addresses: Sequence[tuple[str, bool]],
    *,
    tcp: bool,
    uids: Sequence[int],
    states: Sequence[str],
) -> list[Rec]:
    return [
        Rec(addr=addr, only=only, tcp=tcp, uid=uid, state=state, **row)
        for (addr, only), row, uid, state in product(addresses, options(name), uids, states)
    ]


def v6only(name: str, *, only: bool) -> bool | None:
    """What a socket of IPv6 can say of IPV6_V6ONLY."""
    return True if only else None if system(name).v6only_fixed else False


def to_socket(name: str, rec: Rec) -> Socket:
    return Socket(
        transport="tcp" if rec.tcp else "udp",
        address=rec.addr,
        port=PORT,
        v6only=v6only(name, only=rec.only) if rec.inet6 else None,
        reuse_address=rec.R,
        reuse_port=rec.P,
        load_balance=rec.LB,
        exclusive=rec.E,
        uid=rec.uid,
        state=rec.state,
    )


def answer(decision: Decision, existing: Sequence[Socket]) -> Answer:
    blocker = decision.blocker
    places = [i for i, held in enumerate(existing) if held is blocker]
    return decision.error, places[0] if places else None


@pytest.mark.slow
@pytest.mark.parametrize("name", TWINS)
def test_every_pair_agrees_with_the_reference(name):
    decide, twin = procedure(name), TWINS[name]
    seen: set[str] = set()
    for tcp in (True, False):
        states = ("bound", "listening", "connected", "time-wait") if tcp else ("bound", "connected")
        existing = records(name, ADDRESSES, tcp=tcp, uids=(1, 2), states=states)
        asked = [*ADDRESSES, ("::ffff:127.0.0.1", True)]
        held = [(rec, to_socket(name, rec)) for rec in existing]
        for rec in records(name, asked, tcp=tcp, uids=(0, 1), states=("bound",)):
            new = to_socket(name, rec)
            for other, socket in held:
                decision = decide(new, [socket])
                assert answer(decision, [socket]) == twin(rec, [other]), (rec, other)
                seen.add(decision.rule.id)
    # The space is wide enough to meet every row about two sockets.
    assert seen >= pair_rules(name)


def pair_rules(name: str) -> set[str]:
    """The ids of the rows about two sockets."""
    rows = [rule.id.removeprefix(f"{name}-") for rule in rules(name)]
    about_one = {
        "free", "privileged", "restricted", "multicast", "udp-reserve", "excluded", "self-connect",
        "listen-unbound", "any-destination", "option-both", "bind-multicast", "connect-broadcast",
    }  # fmt: skip
    until = min(i for i, row in enumerate(rows) if row == "has-port" or "exhausted" in row)
    return {f"{name}-{row}" for row in rows[:until] if row not in about_one}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["freebsd", "freebsd-13", "macos", "openbsd", "netbsd"])
def test_every_multicast_pair_agrees_with_the_reference(name):
    decide, twin = procedure(name), TWINS[name]
    held = [
        (rec, to_socket(name, rec))
        for rec in records(name, MULTICAST, tcp=False, uids=(1, 2), states=("bound", "connected"))
    ]
    seen: set[str] = set()
    for rec in records(name, MULTICAST, tcp=False, uids=(0, 1), states=("bound",)):
        new = to_socket(name, rec)
        for other, socket in held:
            decision = decide(new, [socket])
            assert answer(decision, [socket]) == twin(rec, [other]), (rec, other)
            rule = decision.rule.id.removeprefix(f"{name}-")
            seen.add(rule)
            # The row says of the options what is so.
            if rule == "multicast":
                assert new.address.is_multicast
                assert (rec.R or rec.P or rec.LB) and (other.R or other.P or other.LB)
            if rule in ("reuse-port", "load-balance"):
                assert (rec.P and other.P) or (rec.LB and other.LB)
    assert "multicast" in seen


@pytest.mark.slow
@pytest.mark.parametrize("name", TWINS)
def test_many_existing_sockets_agree_with_the_reference(name):
    decide, twin = procedure(name), TWINS[name]
    rng = random.Random(name)
    for tcp in (True, False):
        states = ("bound", "listening", "connected", "time-wait") if tcp else ("bound", "connected")
        pool = records(name, ADDRESSES, tcp=tcp, uids=(0, 1, 2), states=states)
        asks = records(name, ADDRESSES, tcp=tcp, uids=(0, 1), states=("bound",))
        made = [to_socket(name, rec) for rec in pool]
        asked = [to_socket(name, rec) for rec in asks]
        for _ in range(4000):
            new = rng.randrange(len(asks))
            chosen = rng.choices(range(len(pool)), k=rng.choice((2, 2, 3, 4, 6)))
            # The answer names a blocker, so that none may be there twice.
            again = len({*chosen}) < len(chosen)
            sockets = [to_socket(name, pool[i]) if again else made[i] for i in chosen]
            existing = [pool[i] for i in chosen]
            decision = decide(asked[new], sockets)
            assert answer(decision, sockets) == twin(asks[new], existing), (asks[new], existing)


# Laws of the rule without history.

names = st.sampled_from(sorted(SYSTEMS))


def socket_strategy(name: str, *, port: int = PORT) -> st.SearchStrategy[Socket]:
    rows = options(name)

    def make(
        place: tuple[str, bool], row: dict[str, bool], uid: int, state: tuple[str, str]
    ) -> Socket:
        return Socket(
            transport=state[0],
            address=place[0],
            port=port,
            v6only=v6only(name, only=place[1]) if ":" in place[0] else None,
            reuse_address=row["R"],
            reuse_port=row.get("P", False),
            load_balance=row.get("LB", False),
            exclusive=row.get("E", False),
            uid=uid,
            state=state[1],
        )

    states = [("tcp", s) for s in ("bound", "listening", "connected", "fin-wait-2", "time-wait")]
    states += [("udp", s) for s in ("bound", "connected")]
    return st.builds(
        make,
        st.sampled_from(ADDRESSES),
        st.sampled_from(rows),
        st.integers(0, 2),
        st.sampled_from(states),
    )


@st.composite
def questions(draw: st.DrawFn, port: int = PORT) -> tuple[str, Socket, list[Socket]]:
    name = draw(names)
    new = draw(socket_strategy(name).filter(lambda s: s.state in ("bound", "listening")))
    existing = draw(st.lists(socket_strategy(name, port=port), max_size=6))
    return name, new, existing


@given(questions())
def test_every_socket_is_allowed_without_others(question):
    name, new, _ = question
    mapped = new.address.version == 6 and new.address.ipv4_mapped is not None
    decision = procedure(name)(new, [])
    if mapped and (new.v6only or system(name).v6only_fixed):
        assert decision.error is not None
    else:
        assert decision.allowed
        assert decision.rule.id == f"{name}-free"


@given(questions(port=PORT + 1))
def test_other_ports_never_matter(question):
    name, new, existing = question
    assert procedure(name)(new, existing) == procedure(name)(new, [])


@given(questions())
def test_other_transports_never_matter(question):
    name, new, existing = question
    same = [held for held in existing if held.transport is new.transport]
    assert procedure(name)(new, existing) == procedure(name)(new, same)


@given(questions())
def test_a_decision_is_deterministic_and_explains_itself(question):
    name, new, existing = question
    decision = procedure(name)(new, existing)
    assert decision == procedure(name)(new, list(existing))
    assert decision.rule in rules(name)
    assert decision.reason
    assert not decision.reason.endswith(".")
    assert (decision.error is None) is decision.allowed
    if decision.blocker is not None:
        assert any(held is decision.blocker for held in existing)
        assert str(decision.blocker) in decision.reason


@given(questions())
def test_privilege_never_refuses(question):
    name, new, existing = question
    if procedure(name)(new, existing).allowed and name.startswith("freebsd"):
        root = {field: getattr(new, field) for field in new.__dataclass_fields__}
        assert procedure(name)(Socket(**(root | {"privileged": True})), existing).allowed


# The state machine.

SMALL = PortSet.parse("40000-40003")
_numbers = count(1)
_MAPPED = 0xFFFF << 32
V4 = [_MAPPED, _MAPPED | 0x7F000001, _MAPPED | 0x7F000002]
V6 = [0, 1, _MAPPED | 0x7F000001]
PEERS = [(_MAPPED | 0xC6336401, 443), (_MAPPED | 0xC6336401, 80), (_MAPPED | 0xC6336402, 443)]
PEERS6 = [(0x20010DB8 << 96 | 7, 443), (0x20010DB8 << 96 | 7, 80), PEERS[0]]


NOTHING = Options(**dict.fromkeys(each.name for each in fields(Options)))


def new_machine(name: str, seed: int, ports: PortSet = SMALL) -> SystemPorts:
    return machine(name)(SystemSettings(ports=ports), None, None, random.Random(seed))


def to_address(addr: int, sock: Socket) -> IPv4Address | IPv6Address:
    """Return *addr* as a socket of *sock*'s family has it."""
    return IPv6Address(addr) if sock.address.version == 6 else IPv4Address(addr & 0xFFFFFFFF)


def snapshot(ports: SystemPorts, handles: Sequence[Handle]) -> object:
    return (
        [ports.describe(handle) for handle in handles],
        [
            list(ports.holders(port, tcp=tcp))
            for tcp in (True, False)
            for port in (*SMALL, PORT, PORT + 1)
        ],
        ports.lingering,
        len(ports),
        ports.now,
    )


def tuples(ports: SystemPorts) -> list[tuple[object, ...]]:
    """The 4-tuple of every connection, lingering ones included."""
    return [
        (tcp, sock.addr, port, sock.dst, sock.dport)
        for (tcp, port), holders in ports._holders.items()
        for sock in holders
        if sock.dst is not None
    ]


# What bind() checks for an explicit port, and not for an automatic one:
# FreeBSD's in_pcb_lport_dest() and OpenBSD's in_pcbpickport() ignore the owner;
# macOS's in6_pcbsetport() does too, and looks at the IPv6 table only;
# NetBSD's check_suitable_port() looks at one table, which for an IPv4-mapped
# address is the IPv4 one.
NOT_ASKED = {
    "freebsd": {"uid", "dual-stack-uid"},
    "macos": {"uid", "dual-stack", "dual-stack-uid"},
    "openbsd": {"uid"},
    "netbsd": {"dual-stack", "default", "exact"},
}


def may_differ(name: str, asks: Socket, decision: Decision) -> bool:
    """Return whether an automatic port may be one that *decision* refuses if explicit."""
    rule = decision.rule.id.removeprefix(f"{name}-")
    if name == "netbsd" and rule != "dual-stack":
        return asks.address.version == 6 and asks.address.ipv4_mapped is not None
    return rule in NOT_ASKED.get(name.partition("-")[0], ())


ACTIONS = (
    "bind", "bind", "bind", "bind", "bind0", "bind0", "listen", "listen", "connect", "connect",
    "connect", "connect", "accept", "accept", "option", "close", "close", "advance", "advance",
)  # fmt: skip


class Game:
    """A random program on one machine, held against the laws at every step."""

    def __init__(self, name: str, seed: int) -> None:
        self.name = name
        self.rng = random.Random(seed)
        self.ports = new_machine(name, seed)
        self.handles: list[Handle] = []

    def open(self) -> None:
        row = self.rng.choice(options(self.name))
        handle = Handle(next(_numbers))
        v6 = self.rng.random() < 0.5
        self.ports.socket(
            handle,
            tcp=self.rng.random() < 0.7,
            v6=v6,
            v6only=self.rng.choice((None, True, v6only(self.name, only=False))) if v6 else None,
            r=row["R"],
            rp=row.get("P", False),
            lb=row.get("LB", False),
            exclusive=row.get("E", False),
            uid=self.rng.choice((0, 1, 2)),
        )
        self.handles.append(handle)

    def step(self) -> None:
        rng = self.rng
        if not self.handles or rng.random() < 0.25:
            self.open()
            return
        handle = rng.choice(self.handles)
        before = snapshot(self.ports, self.handles)
        v6 = self.ports.is_inet6(handle)
        action = rng.choice(ACTIONS)
        if action == "close":
            self.ports.close(handle, rng.choice(list(Close)))
            self.handles.remove(handle)
            return
        if action == "advance":
            self.ports.advance(rng.choice((0.5, 10.0, 61.0)))
            return
        if action == "option":
            self.set_option(handle)
            return
        refused = False
        if action in ("bind", "bind0"):
            decision = self.bind(handle, rng.choice(V6 if v6 else V4), explicit=action == "bind")
        elif action == "listen":
            decision = self.ports.listen(handle)
        elif action == "connect":
            peer = rng.choice(PEERS6 if v6 else PEERS)
            refused = rng.random() < 0.1
            sock = self.ports.describe(handle)
            decision = self.ports.connect(handle, *peer, source=None, refused=refused)
            if not decision.allowed and (sock.transport, sock.state) == ("udp", State.CONNECTED):
                self.check_given_up(handle, sock, before)
                return
        else:
            decision = self.accept(handle)
        # A refusal by the peer is not one by the system.
        if not decision.allowed and not refused:
            assert snapshot(self.ports, self.handles) == before, decision
        self.check()

    def check_given_up(self, handle: Handle, sock: Socket, before: object) -> None:
        """A connection is given up before the new one is tried, but the port is not."""
        if system(self.name).reconnect is None:
            assert snapshot(self.ports, self.handles) == before
            return
        now = self.ports.describe(handle)
        if now.state is State.CONNECTED:
            # The checks come first.
            assert system(self.name).reconnect is Reconnect.BOUND
            assert snapshot(self.ports, self.handles) == before
        else:
            assert now == replace(sock, address=now.address, state=State.BOUND)
        self.check()

    def bind(self, handle: Handle, addr: int, *, explicit: bool) -> Decision:
        """Bind, and ask the rule without history about the same."""
        before = self.ports.describe(handle)
        tcp = before.transport == "tcp"
        # Those that the system chooses from, too.
        port = self.rng.choice((PORT, PORT, PORT + 1, *SMALL)) if explicit else 0
        held = {p: list(self.ports.holders(p, tcp=tcp)) for p in (*SMALL, PORT, PORT + 1)}
        decision = self.ports.bind(handle, addr, port)
        if before.state is not State.UNBOUND or decision.rule.id.endswith("-dropped"):
            return decision
        if explicit:
            asks = replace(before, address=to_address(addr, before), port=port, state=State.BOUND)
            self.compare(asks, held[port], decision)
        elif decision.allowed:
            asks = self.ports.describe(handle)
            assert asks.port in SMALL
            again = procedure(self.name)(asks, held[asks.port])
            if not self.unsure(held[asks.port]):
                assert again.allowed or may_differ(self.name, asks, again), again
        return decision

    def compare(self, asks: Socket, held: Sequence[Socket], decision: Decision) -> None:
        again = procedure(self.name)(asks, held)
        if self.unsure(held):
            assert decision.allowed or not again.allowed, (again, decision)
        else:
            assert (again.rule, again.blocker) == (decision.rule, decision.blocker), asks

    def unsure(self, held: Sequence[Socket]) -> bool:
        """Tell whether the rule without history may be on the safe side."""
        connected = any(other.state not in (State.BOUND, State.LISTENING) for other in held)
        return self.name in ("illumos", "solaris") and connected

    def set_option(self, handle: Handle) -> None:
        """Change one option, at any time of the socket's life."""
        flags: dict[str, bool | None] = dict.fromkeys(
            ("reuse_address", "reuse_port", "load_balance", "exclusive")
        )
        has = ["reuse_address", *(each for each in flags if each in system(self.name).options)]
        flags[self.rng.choice(has)] = self.rng.random() < 0.5
        before = self.ports.describe(handle)
        decision = self.ports.set_option(handle, replace(NOTHING, **flags))
        changes = {name: value for name, value in flags.items() if value is not None}
        if before.port and system(self.name).reuse_until_bound:
            changes = {}
        after = replace(before, **changes) if decision.allowed else before
        assert self.ports.describe(handle) == after

    def accept(self, handle: Handle) -> Decision:
        child = Handle(next(_numbers))
        peer = (self.peer_of(self.ports.describe(handle)), self.rng.randrange(50000, 50003))
        decision = self.ports.accept(handle, child, uid=0, local=None, peer=peer)
        if decision.allowed:
            assert decision.handle == child
            self.handles.append(child)
        return decision

    def peer_of(self, listener: Socket) -> int:
        """Return a peer's address of an IP version that the listener answers."""
        addr = listener.address
        if addr.version == 4 or addr.ipv4_mapped is not None:
            return PEERS[0][0]
        dual = addr.is_unspecified and not listener.v6only
        return self.rng.choice((PEERS[0][0], PEERS6[0][0])) if dual else PEERS6[0][0]

    def check(self) -> None:
        every = tuples(self.ports)
        assert len(every) == len(set(every)), "a 4-tuple exists twice"
        entered = [
            (tcp, *key)
            for tcp, connections in self.ports._tuples.items()
            for key, socks in connections.items()
            for _ in socks
        ]
        assert sorted(entered) == sorted(every)
        assert len(self.ports) == len(self.handles)

    def finish(self) -> None:
        for handle in self.handles:
            self.ports.close(handle, self.rng.choice(list(Close)))
        assert len(self.ports) == 0
        self.ports.advance(100_000.0)
        assert self.ports.lingering == 0
        assert not self.ports._holders
        assert not any(self.ports._tuples.values())
        assert not self.ports.clock._queue
        assert self.ports.context.udp_ports == 0


@given(names, st.integers(0, 2**32), st.integers(5, 60))
def test_a_random_program_keeps_the_invariants(name, seed, steps):
    game = Game(name, seed)
    for _ in range(steps):
        game.step()
    game.finish()


@given(names, st.booleans(), st.booleans(), st.integers(0, 2**32))
def test_automatic_ports_are_distinct_and_the_last_one_is_found(name, tcp, v6, seed):
    """Without options, with bind(0): every port of the range, each once, then none."""
    ports = new_machine(name, seed)
    got: list[int] = []
    for turn in range(len(SMALL) + 1):
        handle = Handle(next(_numbers))
        ports.socket(handle, tcp=tcp, v6=v6, uid=1)
        decision = ports.bind(handle, V6[0] if v6 else V4[0], 0)
        assert decision.allowed is (turn < len(SMALL))
        if decision.allowed:
            got.append(ports.describe(handle).port)
    assert sorted(got) == list(SMALL)


@given(names, st.sampled_from([Close.FIRST, Close.SECOND, Close.RESET]))
def test_time_wait_ends_on_time(name, how):
    ports = new_machine(name, 1)
    handle = Handle(next(_numbers))
    ports.socket(handle, tcp=True, v6=False, uid=1)
    assert ports.connect(handle, *PEERS[0], source=None, refused=False).allowed
    port = ports.describe(handle).port
    ports.close(handle, how)
    assert ports.lingering == (how is Close.FIRST)
    stays = ports.context.time_wait(PEERS[0][0])
    assert stays > 0
    ports.advance(stays - 0.001)
    assert len(list(ports.holders(port, tcp=True))) == (how is Close.FIRST)
    ports.advance(0.001)
    assert ports.lingering == 0
    assert not list(ports.holders(port, tcp=True))


@given(names, st.integers(0, 2**32))
def test_wrong_input_changes_nothing(name, seed):
    game = Game(name, seed)
    for _ in range(15):
        game.step()
    if not game.handles:
        game.open()
    handle = game.handles[0]
    before = snapshot(game.ports, game.handles)
    with pytest.raises(InvalidSocketError, match="an open socket of this table"):
        game.ports.bind(Handle(-1), V4[0], 0)
    with pytest.raises(InvalidSocketError, match="uid cannot be set"):
        game.ports.set_option(handle, replace(NOTHING, reuse_address=True, uid=5))
    assert snapshot(game.ports, game.handles) == before
