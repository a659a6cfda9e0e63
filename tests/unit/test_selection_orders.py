"""The order in which ports are tried: one implementation, for the allocator and for sockets."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import selection_oracle
from portranges import InvalidValueError, PortRange, PortSet, ephemeral, reuse, types
from portranges.reuse import LinuxSettings, PortTable, SystemSettings
from portranges.reuse.linux.searches import LINGERS, TAKEN, Search
from portranges.reuse.others.picking import Picker, algorithm_of
from portranges.selection import Allocator, Walk, algorithm, algorithms
from portranges.selection.linux import (
    _around,
    bind_parts,
    bind_scan,
    connect_scan,
    connect_stride,
    missed,
    scanned,
    udp_ports,
)
from portranges.selection.orders import LinuxConnect, Order, Scan, missed_by, order_for

PUBLISHED = [row for row in algorithms() if row.walk is not Walk.UNKNOWN]
SCANS = [row.name for row in PUBLISHED if isinstance(order_for(row, random.Random(0)), Scan)]
SYSTEMS = reuse.systems()


# -- orders and allocators ---------------------------------------------------------


def first_free(order: Order, first: int, last: int, usable: set[int], to: str) -> tuple[int, int]:
    for tried, port in enumerate(order.candidates(first, last, to), 1):
        if port in usable:
            order.chosen(port)
            return port, tried
    raise LookupError


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SCANS, "linux-udp", "rfc6056-5"])
@given(
    st.integers(1, 40),
    st.sampled_from((1, 1024, 40000, 40001, 65496)),
    st.sets(st.integers(0, 39)),
    st.integers(0, 2**32),
)
def test_an_allocator_finds_the_first_free_candidate(
    name: types.AlgorithmName, size: int, low: int, excluded: set[int], seed: int
) -> None:
    row = algorithm(name)
    first, last = low, low + size - 1
    usable = set(range(first, last + 1)) - {first + place for place in excluded}
    ports = Allocator(
        PortRange(first, last), name, excluded=[low + n for n in excluded if n < size],
        rng=random.Random(seed),
    )  # fmt: skip
    order = order_for(row, random.Random(seed))
    # The allocator numbers the ports of RFC 6056 from 0 on.
    base = 0 if row.counts_holes else first
    for turn in range(size + 2):
        to = "192.0.2.1" if turn % 3 else "192.0.2.2"
        if not usable:
            break
        try:
            port, tried = first_free(
                order, first - base, last - base, {port - base for port in usable}, to
            )
        except LookupError:
            with pytest.raises(Exception, match="found no port"):
                ports.allocate(to)
            continue
        assert ports.allocate(to) == port + base
        # A UDP search of Linux counts the ports outside the range too.
        assert ports.probes == tried or name == "linux-udp"
        usable.discard(port + base)


@pytest.mark.parametrize("name", selection_oracle.NAMES)
def test_candidates_are_those_of_the_sources(name: types.AlgorithmName) -> None:
    for size in (1, 2, 3, 4, 5, 8, 9, 30):
        for seed in range(5):
            twin = selection_oracle.Twin(name, range(40000, 40000 + size), seed=seed)
            base = 0 if algorithm(name).counts_holes else 40000
            order = order_for(algorithm(name), random.Random(seed))
            for _ in range(size):
                try:
                    expected = twin.allocate("192.0.2.1")
                except selection_oracle.Full:
                    break
                usable = (twin.usable - twin.busy) | {expected}
                usable = {port - base for port in usable}
                last = 40000 + size - 1 - base
                found, tried = first_free(order, 40000 - base, last, usable, "192.0.2.1")
                assert found + base == expected, (size, seed)
                assert tried == twin.probes or name == "linux-udp"


def test_an_algorithm_that_is_not_published_has_no_order() -> None:
    rule = "algorithm must be one whose steps are published, got 'windows'"
    with pytest.raises(InvalidValueError, match=f"^{rule}$"):
        order_for(algorithm("windows"), random.Random(1))


def test_zephyr_never_stops_drawing() -> None:
    order = order_for(algorithm("zephyr"), random.Random(1))
    assert set(islice(order.candidates(40000, 40003), 200)) == set(range(40000, 40004))


def test_algorithm_2_draws_once_per_port_of_the_range() -> None:
    drawn = [3, 3, 0, 1]

    class Drawn(random.Random):
        def getrandbits(self, _k: int, /) -> int:
            return drawn.pop(0)

    order = order_for(algorithm("rfc6056-2"), Drawn())
    assert list(order.candidates(40000, 40003)) == [40003, 40003, 40000, 40001]


def test_a_udp_search_of_linux_tries_every_port_of_a_long_range_once() -> None:
    tried = list(udp_ports(40000, 40999, 12345 << 16, 256))
    assert len(tried) == 1000
    assert set(tried) == set(range(40000, 41000))


@pytest.mark.parametrize("name", ["rfc6056-3", "rfc6056-4"])
def test_another_key_gives_another_order(name: types.AlgorithmName) -> None:
    order = order_for(algorithm(name), random.Random(1))
    before = list(order.candidates(40000, 49999, "192.0.2.1"))
    assert list(order.candidates(40000, 49999, "192.0.2.1")) == before
    order.rekey()
    assert list(order.candidates(40000, 49999, "192.0.2.1")) != before


@pytest.mark.parametrize("name", [*SCANS, "linux-udp"])
def test_every_order_tries_every_port_that_it_reaches(name: types.AlgorithmName) -> None:
    row = algorithm(name)
    for size in range(1, 20):
        once, always = missed_by(row, size)
        reached: set[int] = set()
        for seed in range(60):
            order = order_for(row, random.Random(seed))
            tried = list(order.candidates(40000, 40000 + size - 1, seed))
            assert len(set(tried)) == size - once
            assert set(tried) <= set(range(40000, 40000 + size))
            reached.update(tried)
        assert len(reached) == size - always


def test_the_first_port_of_some_ranges_is_reached_only_by_wrapping() -> None:
    for name in ("freebsd", "openbsd", "macos-udp"):
        firsts = {
            next(iter(order_for(algorithm(name), random.Random(seed)).candidates(40000, 40003)))
            for seed in range(200)
        }
        assert firsts == {40001, 40002, 40003}


def test_a_16_bit_draw_favours_some_ports_on_illumos() -> None:
    """32768 three times, 32769-65534 twice, 65535 once."""

    class Every(random.Random):
        value = 0

        def getrandbits(self, _k: int, /) -> int:
            return self.value

    rng = Every()
    order = order_for(algorithm("solaris"), rng)
    weights = dict.fromkeys((32768, 40000, 65535), 0)
    for rng.value in range(65536):
        port = next(iter(order.candidates(32768, 65535)))
        if port in weights:
            weights[port] += 1
    assert weights == {32768: 3, 40000: 2, 65535: 1}


# -- Linux --------------------------------------------------------------------------


def naive(
    start: int, end: int, remaining: int, step: int, scan_step: int | None = None
) -> Iterator[int]:
    """The loops of __inet_hash_connect() and inet_csk_find_open_port(), port by port."""
    port = start
    for _ in range(0, remaining, step):
        if port >= end:
            port -= remaining
        yield port
        port += scan_step or step


def flat(stretches: Iterator[range]) -> list[int]:
    return [port for stretch in stretches for port in stretch]


def test_every_scan_agrees_with_the_kernels_loop() -> None:
    for size in range(1, 14):
        for low in (1, 40000, 40001):
            end = low + size
            for remaining, step in ((scanned(size), 2), (size, 1)):
                for start in range(low, low + remaining + 1):
                    expected = list(naive(start, end, remaining, step))
                    assert flat(_around(start, end, remaining, step, step)) == expected
            for offset in range(scanned(size)):
                expected = list(naive(low + (offset | 1), end, scanned(size), 2))
                expected += naive(low + (offset | 1) - 1, end, scanned(size), 2)
                assert flat(bind_scan(low, end - 1, offset)) == expected
            for offset in range(3 * size):
                even = offset % scanned(size) & ~1
                expected = list(naive(low + even, end, scanned(size), 2))
                if size > 1:
                    expected += naive(low + even + 1, end, scanned(size), 2)
                assert flat(connect_scan(low, end - 1, offset, 2)) == expected


def drawing(number: int) -> Callable[[int], int]:
    return lambda count: min(number, count - 1)


def scan_step_of_7_1(remaining: int, step: int, max_rand_step: int, drawn: int) -> int:
    """The choice of scan_step in __inet_hash_connect() of Linux 7.1.5; *drawn* counts from 0."""
    scan_step = step
    if max_rand_step and remaining > 1:
        range_ = remaining // step
        upper_bound = min(range_, max_rand_step)
        scan_step = 1 + drawn
        while math.gcd(scan_step, range_) != 1:
            scan_step += 1
            if not (scan_step & 1) and not (range_ & 1):
                scan_step += 1
            if scan_step > upper_bound:
                scan_step = 1
                break
        scan_step *= step
    return scan_step


def test_a_step_width_reaches_the_same_ports_in_the_kernels_order() -> None:
    seen = set()
    for size, step, width in itertools.product(range(1, 14), (1, 2), (0, 1, 2, 3, 5, 8, 1000)):
        remaining = scanned(size) if step == 2 else size
        upper = max(1, min(remaining // step, width))
        for drawn in range(upper if width else 1):
            stride = connect_stride(size, step, width, drawing(drawn))
            assert stride == scan_step_of_7_1(remaining, step, width, drawn)
            seen.add(stride)
            for low, offset in itertools.product((40000, 40001), range(2 * size)):
                end = low + size
                begun = offset % remaining & ~(step - 1)
                expected = list(naive(low + begun, end, remaining, step, stride))
                if step == 2 and remaining > 1:
                    expected += naive(low + begun + 1, end, remaining, step, stride)
                found = flat(connect_scan(low, end - 1, offset, step, stride))
                assert found == expected
                assert sorted(found) == sorted(flat(connect_scan(low, end - 1, offset, step)))
    assert seen >= {1, 2, 4, 6, 8, 10}


def test_the_counter_grows_by_the_number_of_ports_that_were_tried() -> None:
    class Counters:
        def __init__(self) -> None:
            self.added: list[int] = []

        def offset(self, destination: object) -> tuple[int, int]:
            return 5, 0

        def add(self, cell: int, amount: int) -> None:
            self.added.append(amount)

        def rekey(self) -> None:
            raise AssertionError

    for step, width, last in itertools.product((1, 2), (0, 3, 100), (40007, 40008, 40010)):
        cells = Counters()
        order = LinuxConnect(cells, lambda count: 0 if count == 8 else count // 2, step, width)
        found = list(order.candidates(40000, last))
        for port in found:
            order.chosen(port)
        # i, which begins again with the other parity: max_t(int, i, 0) + step.
        half = len(found) // 2 if step == 2 else len(found)
        assert cells.added == [(at % half) * step + step for at in range(len(found))]


def test_the_ports_that_scans_miss() -> None:
    for size in range(1, 40):
        ports = set(range(size))
        for scans in (
            [set(flat(connect_scan(0, size - 1, start, 2))) for start in range(size)],
            [set(flat(bind_scan(0, size - 1, start))) for start in range(scanned(size))],
        ):
            once, always = missed(size)
            assert {len(ports - scan) for scan in scans} == {once}
            assert len(ports - {port for scan in scans for port in scan}) == always


def test_bind_splits_a_range_in_halves() -> None:
    assert bind_parts(40000, 40002, halves=True) == ((40000, 40002),)
    assert bind_parts(40000, 40003, halves=True) == ((40000, 40001), (40002, 40003))
    assert bind_parts(40000, 40008, halves=True) == ((40000, 40003), (40004, 40008))
    assert bind_parts(40000, 40008, halves=False) == ((40000, 40008),)


@pytest.mark.parametrize("chains", [256, 4096, 65536])
def test_a_small_range_is_walked_like_a_large_one(chains: int) -> None:
    """Up to 256 ports are sorted instead of walked; the order must be the same."""
    for seed in range(6):
        number = random.Random(seed).getrandbits(32)
        for first, last in ((40000, 40019), (1, 250), (65300, 65535)):
            stop = last - first + 1
            start = (number * stop >> 32) + first
            step = (number | 1) * chains
            expected: list[int] = []
            for chain in range(start, start + chains):
                port = chain & 0xFFFF
                while True:
                    if first <= port <= last:
                        expected.append(port)
                    port = (port + step) & 0xFFFF
                    if port == chain & 0xFFFF:
                        break
            assert list(udp_ports(first, last, number, chains)) == expected


# -- every system -------------------------------------------------------------------


def named(system: types.ReuseSystemName, *, tcp: bool) -> types.AlgorithmName:
    """The algorithm that the system's row of ``ephemeral`` names."""
    profile = ephemeral.profile(system)
    name = profile.tcp_algorithm if tcp else profile.udp_algorithm
    assert name
    return name


def allocated_by(
    table: PortTable,
    transport: types.TcpOrUdpName,
    count: int,
    family: types.FamilyName = "inet",
) -> list[int]:
    found: list[int] = []
    for _ in range(count):
        made = table.socket(transport, family=family)
        decision = table.bind(made, "127.0.0.1" if family == "inet" else "::1", 0)
        if not decision.allowed:
            break
        found.append(table.describe(made).port)
    return found


def table_of(system: types.ReuseSystemName, ports: PortSet, seed: int) -> PortTable:
    if system != "linux":
        return PortTable(system, settings=SystemSettings(ports=ports), seed=seed)
    span = PortRange(ports.first, ports.last)
    settings = LinuxSettings(
        ip_local_port_range=span, ip_local_reserved_ports=PortSet(span) - ports
    )
    return PortTable(system, settings=settings, seed=seed)


RANGES = [
    PortSet.parse(text) for text in ("40000", "40000-40016", "40000-40999", "40000,40003-40008")
]


@pytest.mark.slow
@pytest.mark.parametrize("busy", [0.0, 0.6])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("system", [name for name in SYSTEMS if name != "linux"])
def test_sockets_get_the_ports_of_the_named_algorithm(
    system: types.ReuseSystemName, transport: types.TcpOrUdpName, busy: float
) -> None:
    """The table, the allocator and the row of ``ephemeral`` agree, with equal seeds."""
    name = named(system, tcp=transport == "tcp")
    for seed, ports in enumerate(RANGES):
        rng = random.Random(seed)
        taken = [port for port in ports if rng.random() < busy]
        table = table_of(system, ports, seed)
        for port in taken:
            assert table.bind(table.socket(transport), "127.0.0.1", port).allowed
        if algorithm(name).walk is Walk.UNKNOWN:
            # Nobody knows the order; each free port is allocated once.
            found = allocated_by(table, transport, len(ports) + 1)
            assert sorted(found) == sorted(set(ports) - set(taken))
            continue
        profile = ephemeral.profile(system)
        assert algorithm_of(profile, tcp=transport == "tcp").name == name
        allocator = Allocator(ports, name, rng=random.Random(seed))
        for port in taken:
            allocator.take(port)
        expected = [allocator.allocate() for _ in range(allocator.free)]
        assert allocated_by(table, transport, len(ports) + 1) == expected


class Fractions(random.Random):
    """The same fractions from random() and from getrandbits()."""

    def random(self) -> float:
        return super().getrandbits(20) / (1 << 20)

    def getrandbits(self, k: int, /) -> int:
        return int(self.random() * (1 << k)) if k <= 20 else super().getrandbits(k)


@pytest.mark.parametrize("reuse_address", [False, True])
def test_linux_binds_the_ports_of_its_algorithm(
    monkeypatch: pytest.MonkeyPatch, *, reuse_address: bool
) -> None:
    monkeypatch.setattr("portranges.reuse.table.Random", Fractions)
    name = "linux-bind-reuse" if reuse_address else ephemeral.profile("linux").tcp_bind_algorithm
    assert name
    for seed in range(4):
        # Powers of two: a draw among them is the same from random() and from getrandbits().
        ports = PortSet(PortRange(40000, 40255))
        table = table_of("linux", ports, seed)
        allocator = Allocator(ports, name, rng=Fractions(seed))
        allocator.rekey()
        for port in random.Random(seed).sample(sorted(ports), 100):
            allocator.take(port)
            assert table.bind(table.socket("tcp"), "127.0.0.1", port).allowed
        found: list[int] = []
        for _ in range(156):
            made = table.socket("tcp", reuse_address=reuse_address)
            assert table.bind(made, "127.0.0.1", 0).allowed
            found.append(table.describe(made).port)
        assert found == [allocator.allocate() for _ in range(156)]


def test_linux_gives_udp_sockets_the_ports_of_its_algorithm() -> None:
    for seed, ports in enumerate(RANGES):
        allocator = Allocator(ports, named("linux", tcp=False), rng=random.Random(seed))
        expected = [allocator.allocate() for _ in range(len(ports))]
        assert allocated_by(table_of("linux", ports, seed), "udp", len(ports)) == expected


@pytest.mark.slow
def test_linux_connects_from_the_ports_of_its_algorithm() -> None:
    """The two hash differently, so only the structure agrees: parity, and the distance."""
    assert named("linux", tcp=True) == "linux-connect"
    for seed in range(20):
        ports = PortSet(PortRange(40000, 40399))
        table = table_of("linux", ports, seed)
        allocator = Allocator(ports, "linux-connect", rng=random.Random(seed))
        runs: list[list[int]] = [[], []]
        for _ in range(400):
            made = table.socket("tcp")
            assert table.connect(made, "192.0.2.1", 443).allowed
            runs[0].append(table.describe(made).port)
            runs[1].append(allocator.allocate(("192.0.2.1", 443)))
        for run in runs:
            assert sorted(run) == list(ports)
            assert {port % 2 for port in run[:200]} == {0}
            # While few ports are in use, one choice begins 2 to 16 ports after the last.
            assert all(2 <= (b - a) % 400 <= 16 for a, b in pairwise(run[:20]))


@pytest.mark.parametrize("system", ["windows-xp", "windows-2003"])
def test_windows_xp_counts_up_with_one_counter(system: types.ReuseSystemName) -> None:
    table = PortTable(system)
    found = [*allocated_by(table, "tcp", 2), *allocated_by(table, "udp", 2)]
    assert found == [1025, 1026, 1027, 1028]
    assert allocated_by(table, "tcp", 1) == [1029]


def test_netbsd_counts_down_with_a_counter_for_each_transport_and_family() -> None:
    table = PortTable("netbsd")
    transports: tuple[types.TcpOrUdpName, ...] = ("tcp", "udp")
    families: tuple[types.FamilyName, ...] = ("inet", "inet6")
    for transport in transports:
        for family in families:
            assert allocated_by(table, transport, 2, family)[0] == 65535


def test_macos_counts_up_for_tcp() -> None:
    table = PortTable("macos")
    assert allocated_by(table, "tcp", 2) == [49152, 49153]
    assert allocated_by(table, "tcp", 1, "inet6") == [49154]


def test_every_row_names_an_algorithm_that_exists() -> None:
    known = {row.name for row in algorithms()}
    used: set[str] = {"rfc6056-1", "rfc6056-2", "rfc6056-3", "rfc6056-4", "rfc6056-5"}
    # Chosen by an option of the socket, not by the system.
    used |= {"linux-bind-reuse", "linux-connect-range"}
    for profile in ephemeral.profiles():
        names = {profile.tcp_algorithm, profile.tcp_bind_algorithm, profile.udp_algorithm} - {""}
        assert names <= known
        assert not names or profile.algorithm
        used |= names
    assert used == known


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_of_reuse_has_an_algorithm_for_each_transport(
    system: types.ReuseSystemName,
) -> None:
    for tcp in (True, False):
        assert named(system, tcp=tcp)


def test_a_picker_without_ports_has_no_candidate() -> None:
    order = order_for(algorithm("openbsd"), random.Random(1))
    assert list(Picker(PortSet(), order).candidates()) == []


@pytest.mark.parametrize("step", [1, 2, 3, 4, 6, 10])
def test_the_cache_of_searches_knows_every_step(step: int) -> None:
    found = Search()
    marks = {40000: TAKEN, 40003: LINGERS, 40006: LINGERS, 40010: TAKEN, 40012: LINGERS}
    for port, why in marks.items():
        found.mark(port, why)
    for first in range(40000, 40010):
        ports = range(first, 40016, step)
        assert list(found.open(ports)) == [port for port in ports if port not in marks]
        assert found.lingering(ports) == sum(marks.get(port) == LINGERS for port in ports)
