"""The search for a free port remembers what it found; its slow twin remembers nothing."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portranges import PortRange, PortSet
from portranges.reuse import Close, Decision, Handle, LinuxSettings, PortTable
from portranges.reuse.linux import searches
from portranges.reuse.linux.machine import LinuxPorts
from portranges.reuse.linux.searches import LINGERS, TAKEN, Search, Searches


@given(
    st.lists(st.tuples(st.integers(1, 40), st.sampled_from((0, TAKEN, LINGERS)))),
    st.integers(0, 41),
    st.integers(0, 41),
    st.sampled_from((1, 2)),
)
def test_a_search_agrees_with_a_dict(
    marks: list[tuple[int, int]], first: int, end: int, step: int
) -> None:
    search = Search()
    for port, why in marks:
        search.mark(port, why)
    known = dict(marks)
    ports = range(first, end, step)
    assert list(search.open(ports)) == [port for port in ports if not known.get(port)]
    lingers = [port for port in ports if known.get(port) == LINGERS]
    assert search.lingering(ports) == len(lingers)


class Forgetful(Searches):
    """Searches without a cache: every port is checked every time."""

    def learn(self, kind: tuple[object, ...], taken: object) -> None:
        del kind, taken


def linux(table: PortTable) -> LinuxPorts:
    machine = table._machine
    assert isinstance(machine, LinuxPorts)
    return machine


class Pair:
    """One program on two machines, of which one forgets; they must be the same."""

    def __init__(self, seed: int, settings: LinuxSettings) -> None:
        self.rng = random.Random(seed)
        # Some programs fill the range, some share it, some empty it again.
        self.closes, self.reuses, self.v6 = (self.rng.choice((0.05, 0.5, 0.95)) for _ in range(3))
        self.tables = [PortTable("linux", settings=settings, seed=seed) for _ in range(2)]
        linux(self.tables[1]).tcp._searches = Forgetful()
        self.handles: list[tuple[Handle, Handle]] = []

    def ask(
        self, name: str, handles: tuple[Handle, Handle] | None, *args: object, **more: object
    ) -> object:
        answers = [
            getattr(table, name)(*(() if handles is None else (handles[place],)), *args, **more)
            for place, table in enumerate(self.tables)
        ]
        if name in ("socket", "close", "advance"):
            return answers
        told = [(each.error, each.rule, each.reason, each.blocker) for each in answers]
        assert told[0] == told[1], (name, args, more)
        return answers

    def step(self) -> None:
        rng = self.rng
        if not self.handles or rng.random() < 0.3:
            v6 = rng.random() < self.v6
            made = self.ask(
                "socket", None, "tcp", family="inet6" if v6 else "inet",
                v6only=rng.choice((None, True)) if v6 else None,
                reuse_address=rng.random() < self.reuses, reuse_port=rng.random() < self.reuses,
                uid=rng.choice((0, 1)), device=rng.choice((None, None, None, "lo", "eth0")),
            )  # fmt: skip
            assert isinstance(made, list)
            self.handles.append((made[0], made[1]))
        # What is new is used most.
        handles = self.handles[-1] if rng.random() < 0.6 else rng.choice(self.handles)
        v6 = linux(self.tables[0]).is_inet6(handles[0])
        here = rng.choice(
            ("::", "::1", "2001:db8::1", "::ffff:127.0.0.1") if v6 else ("0.0.0.0", "127.0.0.1")
        )
        action = rng.choice(
            ("bind", "bind", "bind", "connect", "connect", "connect", "connect", "listen",
             "explicit", "option", "accept", "close", "advance")
        )  # fmt: skip
        if action == "bind":
            self.ask("bind", handles, here, 0)
        elif action == "explicit":
            self.ask("bind", handles, here, rng.choice(PORTS))
        elif action == "connect":
            peers = ("::1", "2001:db8::7") if v6 else ("127.0.0.1", "192.0.2.7")
            self.ask("connect", handles, rng.choice(peers), 443, refused=rng.random() < 0.1)
        elif action == "listen":
            self.ask("listen", handles)
        elif action == "accept":
            answers = self.ask("accept", handles)
            assert isinstance(answers, list)
            if answers[0].allowed:
                self.handles.append((answers[0].handle, answers[1].handle))
        elif action == "option":
            option = rng.choice(("reuse_address", "reuse_port", "uid", "range", "no_port"))
            if option == "uid":
                self.ask("set_option", handles, uid=rng.choice((0, 1)))
            elif option == "range":
                bounds = rng.choice(((0, 0), (PORTS[2], PORTS[-3])))
                self.ask("set_option", handles, local_port_range=bounds)
            elif option == "no_port":
                self.ask("set_option", handles, bind_address_no_port=rng.random() < 0.5)
            else:
                self.ask("set_option", handles, **{option: rng.random() < 0.5})
        elif action == "close":
            if rng.random() < self.closes:
                self.ask("close", handles, rng.choice(list(Close)))
                self.handles.remove(handles)
        elif rng.random() < 0.3:
            self.ask("advance", None, rng.choice((0.1, 0.6, 1.5, 30.0)))

    def same(self) -> None:
        one, other = self.tables
        assert [one.describe(a) for a, _ in self.handles] == [
            other.describe(b) for _, b in self.handles
        ]
        assert one.lingering == other.lingering
        for port in PORTS:
            assert one.holders(port, "tcp") == other.holders(port, "tcp")


PORTS = range(40000, 40013)


small_ranges = st.builds(
    LinuxSettings,
    ip_local_port_range=st.integers(3, 13).map(lambda n: PortRange(PORTS[0], PORTS[0] + n - 1)),
    ip_local_reserved_ports=st.sampled_from((PortSet(), PortSet([PORTS[3]]))),
    ip_autobind_reuse=st.booleans(),
    tcp_tw_reuse=st.sampled_from((0, 1, 2)),
    tcp_timestamps=st.booleans(),
)


@pytest.mark.parametrize("worth", [1, 5])
@given(st.integers(0, 2**32), small_ranges)
def test_the_cache_changes_no_answer(worth: int, seed: int, settings: LinuxSettings) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searches, "_WORTH", worth)
        patch.setattr(searches, "_KEPT", 1 + seed % 9)
        pair = Pair(seed, settings)
        for _ in range(200):
            pair.step()
        pair.same()


def opened(pair: Pair, **options: object) -> tuple[Handle, Handle]:
    made = pair.ask("socket", None, "tcp", **options)
    assert isinstance(made, list)
    pair.handles.append((made[0], made[1]))
    return pair.handles[-1]


def asked(pair: Pair, name: str, handles: tuple[Handle, Handle], *args: object) -> Decision:
    answers = pair.ask(name, handles, *args)
    assert isinstance(answers, list)
    decision = answers[0]
    assert isinstance(decision, Decision)
    return decision


@pytest.fixture
def one_port(monkeypatch: pytest.MonkeyPatch) -> Pair:
    """A range of one port, which is remembered at once."""
    monkeypatch.setattr(searches, "_WORTH", 1)
    port = PortRange(40000, 40000)
    return Pair(1, LinuxSettings(ip_local_port_range=port, ip_autobind_reuse=True, tcp_tw_reuse=0))


def test_a_changed_option_of_the_holder_is_noticed(one_port: Pair) -> None:
    holder = opened(one_port)
    assert asked(one_port, "bind", holder, "127.0.0.1", 40000).allowed
    new = opened(one_port, reuse_address=True)
    assert not asked(one_port, "bind", new, "127.0.0.1", 0).allowed
    one_port.ask("set_option", holder, reuse_address=True)
    assert asked(one_port, "bind", new, "127.0.0.1", 0).allowed


def test_the_two_families_have_separate_searches(one_port: Pair) -> None:
    """A dual-stack socket that connect() took to ``::1`` has 127.0.0.6 for AF_INET alone."""
    dual = opened(one_port, family="inet6", v6only=False)
    assert asked(one_port, "connect", dual, "::1", 443).allowed
    assert not asked(one_port, "bind", opened(one_port), "0.0.0.0", 0).allowed
    mapped = opened(one_port, family="inet6", v6only=False)
    assert asked(one_port, "bind", mapped, "::ffff:0.0.0.0", 0).allowed


def test_ipv6_only_sockets_have_separate_searches(one_port: Pair) -> None:
    assert asked(one_port, "bind", opened(one_port), "127.0.0.1", 40000).allowed
    dual = opened(one_port, family="inet6", v6only=False)
    assert not asked(one_port, "bind", dual, "::", 0).allowed
    only = opened(one_port, family="inet6", v6only=True)
    assert asked(one_port, "bind", only, "::", 0).allowed


def test_a_connection_before_a_lingering_one_changes_the_reason(one_port: Pair) -> None:
    """A connection on no interface is met ahead of one on ``lo`` that lingers."""

    def connect(device: str | None) -> Decision:
        return asked(one_port, "connect", opened(one_port, device=device), "127.0.0.1", 443)

    assert connect("lo").allowed
    one_port.ask("close", one_port.handles.pop())
    assert "lingers" in connect("lo").reason
    assert connect(None).allowed
    assert connect("lo").error == "EADDRNOTAVAIL"
    assert "lingers" not in connect("lo").reason


def test_a_full_range_is_cached() -> None:
    """The twin gets the same calls where the cache matters: with thousands of ports."""
    pair = Pair(1, LinuxSettings(ip_local_port_range=PortRange(40000, 40999)))
    for _ in range(1010):
        asked(pair, "bind", opened(pair), "127.0.0.1", 0)
    assert len(linux(pair.tables[0]).tcp._searches._found) == 1
    assert sum(pair.tables[0].describe(one).port == 0 for one, _ in pair.handles) == 10
    freed = pair.handles.pop(500)
    port = pair.tables[0].describe(freed[0]).port
    pair.ask("close", freed)
    assert asked(pair, "bind", pair.handles[-1], "127.0.0.1", 0).allowed
    assert pair.tables[0].describe(pair.handles[-1][0]).port == port
