"""The pickers against their slow twins, their exact distributions, the Allocator."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from portranges import (
    Confidence,
    InvalidPortError,
    PortRange,
    PortSet,
    UnknownNameError,
    ephemeral,
    types,
)
from portranges.errors import InvalidValueError, PortsExhaustedError
from portranges.selection import Algorithm, Allocator, Start, Walk, algorithm, algorithms
from selection_oracle import NAMES, REDRAWN, Full, Twin

SCANS = [name for name in NAMES if name not in REDRAWN]


# -- the rows -----------------------------------------------------------------


def test_names_are_unique_and_every_published_row_has_a_slow_implementation() -> None:
    names = [name for row in algorithms() for name in (row.name, *row.aliases)]
    assert len(names) == len(set(names))
    assert {row.name for row in algorithms()} == {*NAMES, "windows"}
    assert all(algorithm(name) in algorithms() for name in names)


def test_every_row_has_a_source_and_a_known_confidence() -> None:
    for row in algorithms():
        assert row.source.document
        assert row.source.checked >= "2026-11"
        assert row.confidence in Confidence
        assert row.confidence is not Confidence.MEASURED or "linux" in row.name


def test_an_algorithm_that_is_not_published_is_refused() -> None:
    row = algorithm("windows")
    assert row.start is Start.UNKNOWN
    assert row.walk is Walk.UNKNOWN
    with pytest.raises(InvalidValueError) as caught:
        Allocator(range(9), "windows")
    assert str(caught.value) == ("algorithm must be one whose steps are published, got 'windows'")


# -- the slow twins -------------------------------------------------------------


def same_steps(
    name: types.AlgorithmName, ports: set[int], excluded: set[int], seed: int, steps: int
) -> None:
    fast = Allocator(ports, name, excluded=excluded, rng=random.Random(seed))
    slow = Twin(name, ports, excluded, seed=seed)
    chance = random.Random(seed + 1)
    for _ in range(steps):
        if slow.busy and chance.random() < 0.4:
            port = chance.choice(sorted(slow.busy))
            slow.busy.discard(port)
            fast.release(port)
            continue
        destination = chance.choice([None, "192.0.2.1", "a"])
        try:
            expected = slow.allocate(destination)
        except Full:
            with pytest.raises(PortsExhaustedError) as caught:
                fast.allocate(destination)
            assert caught.value.in_use == len(slow.busy)
            assert caught.value.free == len(slow.usable - slow.busy)
        else:
            assert fast.allocate(destination) == expected
            assert fast.probes == slow.probes
        assert fast.in_use == len(slow.busy)
        assert fast.free == len(slow.usable - slow.busy)


@pytest.mark.parametrize("name", SCANS)
@pytest.mark.parametrize(
    "size", [1, 2, 3, *(pytest.param(size, marks=pytest.mark.slow) for size in (*range(4, 12), 37))]
)
def test_every_scan_agrees_with_its_slow_implementation(
    name: types.AlgorithmName, size: int
) -> None:
    # The twin of UDP's hash chains walks 65,536 ports for every failure.
    rounds = 1 if name == "linux-udp" else 4
    for low in (1024, 40001, 65536 - size):
        ports = set(range(low, low + size))
        for seed in range(rounds):
            same_steps(name, ports, set(), seed, 50)
            same_steps(name, ports, {low, low + 3} & ports, seed, 50)
            if size > 4:
                same_steps(name, ports - {low + 2, low + 3}, {low + 1}, seed, 50)


@pytest.mark.parametrize("name", [*SCANS])
def test_a_large_range_that_is_nearly_full(name: types.AlgorithmName) -> None:
    ports = set(range(32768, 34768))
    busy = random.Random(7).sample(sorted(ports), 1950)
    fast = Allocator(ports, name, rng=random.Random(8))
    slow = Twin(name, ports, seed=8)
    for port in busy:
        fast.take(port)
        slow.busy.add(port)
    # Algorithm 5 goes on by one draw after 256 tries, so that only a pick that
    # takes fewer agrees.
    for _ in range(3 if name == "rfc6056-5" else 40):
        expected = slow.allocate("x")
        if slow.probes > 256:
            return
        assert fast.allocate("x") == expected
        assert fast.probes == slow.probes


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(REDRAWN))
def test_drawing_once_has_the_distribution_of_drawing_until_one_is_free(
    name: types.AlgorithmName,
) -> None:
    ports = range(50000, 50012)
    busy = {50000, 50003, 50004, 50007, 50010, 50011}
    times = 20000
    found: Counter[int | None] = Counter()
    expected: Counter[int | None] = Counter()
    probes = [0, 0]
    fast = Allocator(ports, name, rng=random.Random(1))
    slow = Twin(name, ports, seed=2)
    slow.busy |= busy
    for port in busy:
        fast.take(port)
    for _ in range(times):
        try:
            port = fast.allocate()
        except PortsExhaustedError:
            found[None] += 1
        else:
            probes[0] += fast.probes
            fast.release(port)
            found[port] += 1
        try:
            port = slow.allocate()
        except Full:
            expected[None] += 1
        else:
            probes[1] += slow.probes
            slow.busy.discard(port)
            expected[port] += 1
    for outcome in expected | found:
        # Two counts of the same frequency: five standard deviations.
        spread = (expected[outcome] + found[outcome]) ** 0.5
        assert abs(expected[outcome] - found[outcome]) <= 5 * spread, outcome
    assert probes[0] == pytest.approx(probes[1], rel=0.03)
    if name == "zephyr":
        assert found[None] == 0


def test_algorithm_2_gives_up_as_often_as_its_rule_says() -> None:
    # One free port of 64, 64 tries: (63/64) ** 64 = 0.365.
    ports = Allocator(range(64), "rfc6056-2", rng=random.Random(4))
    for port in range(63):
        ports.take(port)
    failed = 0
    numbers: set[tuple[int, ...]] = set()
    for _ in range(20000):
        try:
            ports.release(ports.allocate())
        except PortsExhaustedError as error:
            failed += 1
            numbers.add((error.size, error.in_use, error.excluded, error.free))
    assert numbers == {(64, 63, 0, 1)}
    assert failed / 20000 == pytest.approx((63 / 64) ** 64, rel=0.05)


@pytest.mark.slow
def test_algorithm_5_agrees_with_its_slow_implementation_after_many_tries() -> None:
    # 4 free ports of 4096: 1,024 tries on average, a fail in 1.8 % of the picks.
    free = {100, 101, 2000, 3500}
    fast = Allocator(range(4096), "rfc6056-5", rng=random.Random(1))
    slow = Twin("rfc6056-5", range(4096), seed=1)
    for port in set(range(4096)) - free:
        fast.take(port)
        slow.busy.add(port)
    found: Counter[int | None] = Counter()
    expected: Counter[int | None] = Counter()
    probes = [0, 0]
    for _ in range(1500):
        try:
            port = fast.allocate()
        except PortsExhaustedError:
            found[None] += 1
        else:
            found[port] += 1
            probes[0] += fast.probes
            fast.release(port)
        try:
            port = slow.allocate()
        except Full:
            expected[None] += 1
        else:
            expected[port] += 1
            probes[1] += slow.probes
            slow.busy.discard(port)
    for outcome in (*free, None):
        spread = (found[outcome] + expected[outcome]) ** 0.5
        assert abs(found[outcome] - expected[outcome]) <= 5 * spread, (found, expected)
    assert probes[0] == pytest.approx(probes[1], rel=0.1)


# -- exact distributions of the first pick ----------------------------------------


class Counting(random.Random):
    """Gives one number in place of random bits; a second draw is refused."""

    value = 0
    left = 1

    def getrandbits(self, k: int, /) -> int:
        if k == 128:
            return 0
        if not self.left:
            raise OverflowError
        self.left -= 1
        return self.value << k - 16 if k > 16 else self.value & (1 << k) - 1


def first_picks(name: types.AlgorithmName, ports: PortSet, busy: int | None = None) -> Counter[int]:
    """How often each port is picked over all 65,536 values of 16 random bits."""
    rng = Counting()
    allocator = Allocator(ports, name, rng=rng)
    if busy is not None:
        allocator.take(busy)
    found: Counter[int] = Counter()
    for value in range(65536):
        rng.value, rng.left = value, 1
        try:
            # The picker alone: to take a port and release it reorders the list
            # of the free ones, from which some algorithms draw.
            picked = allocator._picker.pick(allocator._none, None)
        except OverflowError:
            continue
        assert picked is not None
        found[ports.first + picked[0]] += 1
    return found


def weights(found: Counter[int]) -> dict[int, int]:
    return dict(Counter(found.values()))


def test_the_distribution_of_first_picks_of_macos_udp() -> None:
    found = first_picks("macos-udp", ephemeral.ports("macos"))
    assert (min(found), max(found), len(found)) == (49153, 65535, 16383)
    assert weights(found) == {5: 4, 4: 16379}
    assert [port for port, weight in found.items() if weight == 5] == [*range(49153, 49157)]


def test_the_distribution_of_first_picks_of_illumos() -> None:
    found = first_picks("illumos", ephemeral.ports("illumos"))
    assert (min(found), max(found), len(found)) == (32768, 65535, 32768)
    assert weights(found) == {3: 1, 2: 32766, 1: 1}
    assert (found[32768], found[65535]) == (3, 1)


def test_the_distribution_of_first_picks_of_freertos() -> None:
    found = first_picks("freertos", ephemeral.ports("freertos"))
    assert (min(found), max(found), len(found)) == (1024, 65535, 64512)
    assert weights(found) == {2: 1024, 1: 63488}
    assert all(found[port] == 2 for port in range(1024, 2048))


def test_the_distribution_of_first_picks_of_zephyr() -> None:
    found = first_picks("zephyr", ephemeral.ports("zephyr"))
    assert (min(found), max(found)) == (32768, 65535)
    assert weights(found) == {2: 32768}


@pytest.mark.slow
def test_openbsd_and_freebsd_reach_the_first_port_by_wrapping_only() -> None:
    found = first_picks("openbsd", ephemeral.ports("openbsd"))
    assert (min(found), max(found), weights(found)) == (1025, 49151, {1: 48127})
    found = first_picks("openbsd", ephemeral.ports("openbsd"), busy=49151)
    assert (found[1024], found[49151]) == (1, 0)
    found = first_picks("freebsd", ephemeral.ports("freebsd"))
    assert 10000 not in found


@pytest.mark.slow
def test_the_first_picks_of_linux_bind_and_udp() -> None:
    linux = ephemeral.ports("linux")
    found = first_picks("linux-bind", linux)
    # 15 bits below 28,232, over all values of 16: each odd port four times.
    assert (min(found), max(found)) == (32769, 60999)
    assert weights(found) == {4: 14116}
    assert {port % 2 for port in found} == {1}
    found = first_picks("linux-bind-reuse", linux)
    assert max(found) == 32768 + (28232 >> 2 << 1) - 1
    assert {port % 2 for port in found} == {1}
    found = first_picks("linux-udp", linux)
    assert (min(found), max(found), len(found)) == (32768, 60999, 28232)
    assert set(weights(found)) == {2, 3}


def test_lwip_tcp_wraps_around_without_the_last_port() -> None:
    tcp = Allocator(ephemeral.ports("lwip"), "lwip-tcp", rng=random.Random(3))
    order = [tcp.allocate() for _ in range(16383)]
    assert (min(order), max(order)) == (49152, 65534)
    assert all(
        after == (before + 1 if before < 65534 else 49152) for before, after in pairwise(order)
    )


def test_sequences_of_allocated_ports() -> None:
    macos = Allocator(ephemeral.ports("macos"), "macos", excluded=[49154])
    assert [macos.allocate() for _ in range(3)] == [49152, 49153, 49155]
    netbsd = Allocator(ephemeral.ports("netbsd"), "netbsd")
    assert [netbsd.allocate() for _ in range(3)] == [65535, 65534, 65533]
    netbsd.release(65534)
    assert netbsd.allocate() == 65532


# -- Linux, as measured -----------------------------------------------------------


def fill(allocator: Allocator, destination: str = "dest1") -> list[int]:
    order: list[int] = []
    while True:
        try:
            order.append(allocator.allocate(destination))
        except PortsExhaustedError:
            return order


@pytest.mark.parametrize("low", [40000, 40001])
@pytest.mark.parametrize("seed", range(5))
def test_connect_fills_the_first_ports_parity_first_and_bind_the_other(low: int, seed: int) -> None:
    cases: tuple[tuple[types.AlgorithmName, int], ...] = (
        ("linux-connect", low % 2),
        ("linux-bind", 1 - low % 2),
    )
    for name, first in cases:
        ports = Allocator(PortRange(low, low + 19), name, rng=random.Random(seed))
        order = fill(ports)
        assert sorted(order) == list(range(low, low + 20))
        assert {port % 2 for port in order[:10]} == {first}
        assert {port % 2 for port in order[10:]} == {1 - first}


def test_the_parity_is_that_of_the_first_port_whatever_the_last_is() -> None:
    for low, high in ((40000, 40019), (40001, 40020), (40001, 40019), (40000, 40018)):
        for seed in range(20):
            rng = random.Random(seed)
            ports = Allocator(PortRange(low, high), "linux-connect", rng=rng)
            assert ports.allocate("x") % 2 == low % 2
            ports = Allocator(PortRange(low, high), "linux-bind", rng=rng)
            assert ports.allocate() % 2 != low % 2


def test_two_destinations_share_all_ports() -> None:
    ports = Allocator(PortRange(40000, 40019), "linux-connect", shared=True)
    orders = [fill(ports, destination) for destination in ("dest1", "dest2", "dest3")]
    assert all(sorted(order) == list(range(40000, 40020)) for order in orders)
    assert (ports.in_use, ports.free) == (60, 0)


@pytest.mark.slow
def test_an_odd_range_loses_a_port_now_and_then() -> None:
    # Measured: 17 of 60 fills reached 4 of 5, always without the last or the first.
    lengths: Counter[int] = Counter()
    missing: set[int] = set()
    for seed in range(2000):
        order = fill(Allocator(PortRange(40000, 40004), "linux-connect", rng=random.Random(seed)))
        lengths[len(order)] += 1
        missing |= set(range(40000, 40005)) - set(order)
    assert set(lengths) == {4, 5}
    assert 0.1 < lengths[4] / 2000 < 0.4
    assert missing == {40000, 40004}


@pytest.mark.parametrize("name", ["linux-connect", "linux-bind", "linux-bind-reuse"])
def test_the_third_of_three_ports_is_never_tried(name: types.AlgorithmName) -> None:
    for seed in range(50):
        ports = Allocator(PortRange(40000, 40002), name, rng=random.Random(seed))
        assert set(fill(ports)) == {40000, 40001}
        with pytest.raises(PortsExhaustedError) as caught:
            ports.allocate("x")
        assert str(caught.value) == (
            f"{name} found no port among 3: 2 in use, 0 excluded, 1 free but not tried"
        )


def test_so_reuseaddr_fills_the_lower_half_first() -> None:
    for seed in range(20):
        ports = Allocator(PortRange(40000, 40099), "linux-bind-reuse", rng=random.Random(seed))
        order = fill(ports)
        parts = [(port >= 40050, port % 2 == 0) for port in order]
        # low/odd, low/even, high/odd, high/even
        assert parts == sorted(parts)
        assert len(parts) == 100


def test_steps_are_even_and_uniform() -> None:
    ports = Allocator(ephemeral.ports("linux"), "linux-connect", rng=random.Random(9))
    order = [ports.allocate("x") for _ in range(3000)]
    steps = Counter((after - before) % 28232 for before, after in pairwise(order))
    assert set(steps) == {2, 4, 6, 8, 10, 12, 14, 16}
    # 2,999 over eight values: 375 each, five standard deviations.
    assert all(abs(count - 375) < 5 * (375 * 7 / 8) ** 0.5 for count in steps.values())
    assert abs(ports.allocate("y") - order[-1]) > 16
    before = ports.allocate("x")
    ports.rekey()
    assert abs(ports.allocate("x") - before) > 16


def test_the_parity_does_not_matter_in_a_sockets_own_range() -> None:
    orders = {
        tuple(fill(Allocator(PortRange(40005, 40008), "linux-connect-range", rng=random.Random(n))))
        for n in range(50)
    }
    assert all(sorted(order) == [40005, 40006, 40007, 40008] for order in orders)
    assert {order[0] for order in orders} == {40005, 40006, 40007, 40008}


def test_reserved_ports_are_not_allocated() -> None:
    for name in ("linux-connect", "linux-bind", "linux-udp"):
        ports = Allocator(PortRange(40000, 40009), name, excluded=[*range(40000, 40004), 40007])
        assert sorted(fill(ports)) == [40004, 40005, 40006, 40008, 40009]


def test_the_number_of_hash_chains_changes_no_port_that_is_reached() -> None:
    for cells in (256, 1024, 65536):
        row = algorithm("linux-udp").replace(cells=cells)
        ports = Allocator(PortRange(65000, 65535), row, rng=random.Random(cells))
        slow = Twin("linux-udp", range(65000, 65536), seed=cells, cells=cells)
        assert [ports.allocate() for _ in range(536)] == [slow.allocate() for _ in range(536)]


# -- the Allocator ------------------------------------------------------------------


def test_equal_seeds_give_equal_ports_and_no_seed_gives_others() -> None:
    for name in (row.name for row in algorithms() if row.name in NAMES):
        one, other = (Allocator(range(1024, 65536), name, rng=random.Random(1)) for _ in range(2))
        assert [one.allocate(("a", 1)) for _ in range(5)] == [
            other.allocate(("a", 1)) for _ in range(5)
        ]
    fresh = {Allocator(range(1024, 65536), "rfc6056-1").allocate() for _ in range(20)}
    assert len(fresh) > 10


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_port_of_a_set_with_holes_is_allocated(name: types.AlgorithmName) -> None:
    ports = PortSet.parse("1000-1009,2000,3000-3006,65535")
    allocator = Allocator(ports, name, excluded=[1003, 3006, 9], rng=random.Random(3))
    assert allocator.excluded == PortSet([1003, 3006])
    usable = set(ports) - {1003, 3006}
    found: set[int] = set()
    misses = 0
    while len(found) < len(usable) and misses < 5000:
        try:
            port = allocator.allocate("x")
        except PortsExhaustedError:
            misses += 1
        else:
            assert port not in found
            found.add(port)
    assert found == usable
    with pytest.raises(PortsExhaustedError) as caught:
        allocator.allocate("x")
    assert str(caught.value) == f"{name} found no port among 19: 17 in use, 2 excluded"


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_set_of_one_port_and_of_none(name: types.AlgorithmName) -> None:
    one = Allocator([65535], name, rng=random.Random(1))
    assert one.allocate("x") == 65535
    one.release(65535)
    assert (one.allocate("x"), one.in_use, one.free, one.probes) == (65535, 1, 0, 1)
    with pytest.raises(PortsExhaustedError, match=r"1 in use, 0 excluded$"):
        one.allocate("x")
    none = Allocator([], name)
    assert (none.free, none.in_use) == (0, 0)
    with pytest.raises(PortsExhaustedError, match=r"no port among 0: 0 in use, 0 excluded$"):
        none.allocate()
    with pytest.raises(InvalidValueError):
        none.release(0)
    with pytest.raises(InvalidValueError):
        none.take(0)
    all_out = Allocator([7, 8], name, excluded=range(10))
    with pytest.raises(PortsExhaustedError, match=r"no port among 2: 0 in use, 2 excluded$"):
        all_out.allocate()


@pytest.mark.parametrize("name", sorted(NAMES))
def test_shared_ports_are_in_use_for_each_destination(name: types.AlgorithmName) -> None:
    ports = Allocator(range(50000, 50004), name, shared=True, rng=random.Random(2))
    for destination in ("a", "b"):
        got: set[int] = set()
        for _ in range(5000):
            try:
                got.add(ports.allocate(destination))
            except PortsExhaustedError:
                continue
            if len(got) == 4:
                break
        assert got == {50000, 50001, 50002, 50003}
    assert (ports.in_use, ports.free, ports.free_towards("a"), ports.free_towards("c")) == (
        8,
        0,
        0,
        4,
    )
    ports.release(50001, "a")
    assert (ports.in_use, ports.free, ports.free_towards("a")) == (7, 0, 1)
    ports.release(50001, "b")
    assert ports.free == 1
    with pytest.raises(InvalidValueError, match="in use to be released, got 50001"):
        ports.release(50001, "a")
    ports.take(50001, "a")
    for port in range(50000, 50004):
        ports.release(port, "a")
    # Nothing is kept of a destination without a port.
    assert set(ports._tables) == {b"s1:b"}


def test_destinations_that_differ_have_different_offsets() -> None:
    ports = Allocator(range(1024, 65536), "rfc6056-3", rng=random.Random(1))
    destinations: list[Any] = [None, 1, "1", b"1", (1,), ("1",), ((1,),), ("1", 1), -1, 1 << 70, ()]
    found = {ports.allocate(destination) for destination in destinations}
    assert len(found) == len(destinations)
    assert ports.free_towards("anything") == ports.free


def test_algorithm_4_with_another_table() -> None:
    row = algorithm("rfc6056-4").replace(cells=3)
    fast = Allocator(range(1000), row, rng=random.Random(5))
    slow = Twin("rfc6056-4", range(1000), seed=5, cells=3)
    picks = [f"host{number % 17}" for number in range(500)]
    assert [fast.allocate(each) for each in picks] == [slow.allocate(each) for each in picks]


def test_algorithm_5_with_another_step() -> None:
    row = algorithm("rfc6056-5").replace(increment=7)
    fast = Allocator(range(1000), row, rng=random.Random(5))
    slow = Twin("rfc6056-5", range(1000), seed=5, increment=7)
    assert [fast.allocate() for _ in range(900)] == [slow.allocate() for _ in range(900)]


def test_the_repr_of_an_allocator_and_an_algorithm() -> None:
    ports = Allocator(PortRange(7, 9), excluded=[8])
    ports.take(7)
    assert repr(ports) == "<Allocator rfc6056-3: 3 ports, 1 in use, 1 excluded>"
    assert ports.ports == PortSet([7, 8, 9])
    assert ports.algorithm is algorithm("rfc6056-3")
    assert repr(algorithm("gvisor")) == "<Algorithm gvisor: gVisor>"


# -- bad input ---------------------------------------------------------------------


# Without types, to pass what a type checker refuses.
Loose: Any = Allocator
loose_algorithm: Any = algorithm

BAD: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: loose_algorithm(3), TypeError, "name must be a str, got int 3"),
    (
        lambda: loose_algorithm("x" * 99),
        UnknownNameError,
        f"unknown algorithm, got '{'x' * 39}...xxxxxxxxxxx'",
    ),
    (
        lambda: Loose([7], "zephir"),
        UnknownNameError,
        "unknown algorithm, got 'zephir'; did you mean 'zephyr'?",
    ),
    (lambda: Loose([7], None), TypeError, "name must be a str, got NoneType None"),
    (lambda: Loose("7"), TypeError, "items must not be a str; PortSet.parse() reads text"),
    (lambda: Loose([70000]), InvalidPortError, "port must be in 0..65535, got 70000"),
    (
        lambda: Loose([7], excluded="7"),
        TypeError,
        "items must not be a str; PortSet.parse() reads text",
    ),
    (lambda: Loose([7], shared=1), TypeError, "shared must be a bool, got int 1"),
    (
        lambda: Loose([7], rng=5),
        TypeError,
        "rng must have getrandbits(), got int 5; pass a random.Random",
    ),
    (
        lambda: Loose([7]).allocate(True),
        TypeError,
        "destination must be a str, bytes, an integer, a tuple of these or None, got bool True",
    ),
    (
        lambda: Loose([7], shared=True).allocate((1, 2.5)),
        TypeError,
        "destination must be a str, bytes, an integer, a tuple of these or None, got float 2.5",
    ),
    (
        lambda: Loose([7]).allocate((((((((((),),),),),),),),)),
        InvalidValueError,
        "destination must not be nested deeper than 8 tuples, got more",
    ),
    (
        lambda: Loose([7], shared=True).allocate(),
        TypeError,
        "destination is required, because ports are shared across destinations",
    ),
    (
        lambda: Loose([7], shared=True).release(7),
        TypeError,
        "destination is required, because ports are shared across destinations",
    ),
    (
        lambda: Loose([7], shared=True).take(7),
        TypeError,
        "destination is required, because ports are shared across destinations",
    ),
    (
        lambda: Loose([7], shared=True).free_towards(None),
        TypeError,
        "destination is required, because ports are shared across destinations",
    ),
    (
        lambda: Loose([7]).release(7),
        InvalidValueError,
        "port must be in use to be released, got 7",
    ),
    (
        lambda: Loose([7]).release(8),
        InvalidValueError,
        "port must be in use to be released, got 8",
    ),
    (
        lambda: Loose([7, 9]).release(8),
        InvalidValueError,
        "port must be in use to be released, got 8",
    ),
    (
        lambda: Loose([7, 9], "netbsd").release(8),
        InvalidValueError,
        "port must be in use to be released, got 8",
    ),
    (
        lambda: Loose([7], excluded=[7]).release(7),
        InvalidValueError,
        "port must be in use to be released, got 7",
    ),
    (lambda: Loose([7]).release(-1), InvalidPortError, "port must be in 0..65535, got -1"),
    (lambda: Loose([7]).release(7.0), TypeError, "port must be an integer, got float 7.0"),
    (
        lambda: Loose([7]).take("7"),
        TypeError,
        "port must be an integer, got str '7'; parse_port() reads text",
    ),
    (
        lambda: Loose([7]).take(8),
        InvalidValueError,
        "port must be in the allocator's set, got 8",
    ),
    (
        lambda: Loose([7], excluded=[7]).take(7),
        InvalidValueError,
        "port must not be excluded, got 7",
    ),
    (lambda: loose_algorithm("openbsd").replace(cells=5), TypeError, "openbsd has no cells"),
    (
        lambda: loose_algorithm("rfc6056-4").replace(increment=5),
        TypeError,
        "rfc6056-4 has no increment",
    ),
    (
        lambda: loose_algorithm("rfc6056-4").replace(cells=0),
        InvalidValueError,
        "cells must be in 1..65536, got 0",
    ),
    (
        lambda: loose_algorithm("rfc6056-5").replace(increment=65537),
        InvalidValueError,
        "increment must be in 1..65536, got 65537",
    ),
    (
        lambda: loose_algorithm("rfc6056-5").replace(increment=True),
        TypeError,
        "increment must be an integer, got bool True",
    ),
    (
        lambda: loose_algorithm("linux-udp").replace(cells=300),
        InvalidValueError,
        "cells must be a power of two in 256..65536, got 300",
    ),
    (
        lambda: loose_algorithm("linux-udp").replace(cells=128),
        InvalidValueError,
        "cells must be a power of two in 256..65536, got 128",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD)
def test_wrong_arguments_are_refused(
    call: Callable[[], object], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    assert str(caught.value) == message


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_refused_call_changes_nothing(name: types.AlgorithmName) -> None:
    ports = Allocator(range(50000, 50004), name, excluded=[50003], rng=random.Random(1))
    ports.take(50001)
    for port in (50000, 50002, 50003, 50004):
        with pytest.raises(InvalidValueError, match=f"in use to be released, got {port}"):
            ports.release(port)
    for port in (50001, 50003, 50004):
        with pytest.raises(InvalidValueError):
            ports.take(port)
    with pytest.raises(InvalidValueError, match="port must be free to be taken, got 50001"):
        ports.take(50001)
    assert (ports.in_use, ports.free) == (1, 2)


def test_errors_keep_their_numbers_through_pickle_and_copy() -> None:
    import copy
    import pickle

    error = PortsExhaustedError("linux-connect", 10, 7, 2)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (again.size, again.in_use, again.excluded, again.free) == (10, 7, 2, 1)
        assert again.algorithm == "linux-connect"
        assert str(again) == str(error)
    assert isinstance(algorithm("rfc6056-1"), Algorithm)
    value = pickle.loads(pickle.dumps(InvalidValueError("draws must be at least 0", "-1")))
    assert (value.rule, value.got) == ("draws must be at least 0", "-1")
    assert isinstance(value, ValueError)


def test_algorithm_5_goes_on_when_the_ports_are_nearly_all_taken() -> None:
    outcomes = Counter[bool]()
    for seed in range(60):
        ports = Allocator(range(600), "rfc6056-5", rng=random.Random(seed))
        for port in {*range(600)} - {300}:
            ports.take(port)
        try:
            assert ports.allocate() == 300
        except PortsExhaustedError:
            outcomes[False] += 1
        else:
            assert 1 <= ports.probes <= 600
            outcomes[ports.probes > 256] += 1
    # 600 tries find one port of 600 in 63 % of all searches, 256 tries in 35 %.
    assert outcomes.total() == 60
    assert all(outcomes[each] > 8 for each in (False, True))
