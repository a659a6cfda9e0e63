"""Connections at once, a second, to oneself; birthdays, probes; bad input."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from portranges import (
    InvalidPortError,
    PortRange,
    PortSet,
    UnknownNameError,
    capacity,
    ephemeral,
    types,
)
from portranges.capacity import Interval
from portranges.errors import InvalidValueError
from portranges.selection import Allocator
from portranges.systems import Kind

LINUX = ephemeral.profile("linux")


def linux(first: int, last: int, excluded: list[int] | None = None) -> ephemeral.EphemeralProfile:
    return LINUX.replace(ports=PortRange(first, last), excluded=excluded or [])


# -- connections at once --------------------------------------------------------


def exactly(number: float) -> Interval:
    return Interval(number, number)


@pytest.mark.parametrize(
    ("size", "once"),
    [
        (1, exactly(1)),
        (2, exactly(2)),
        (3, exactly(2)),
        (4, exactly(4)),
        (5, Interval(4, 5)),
        (6, exactly(6)),
        (7, Interval(6, 7)),
        (9, Interval(8, 9)),
        (10, exactly(10)),
    ],
)
@pytest.mark.parametrize("low", [40000, 40001])
def test_connect_reaches_an_even_number_of_ports_on_linux(
    size: int, once: Interval, low: int
) -> None:
    profile = linux(low, low + size - 1)
    assert capacity.concurrent(profile) == once
    assert capacity.concurrent(profile, method="bind0") == once
    assert capacity.concurrent(profile, method="bind-explicit").value == size
    assert capacity.concurrent(profile, method="udp").value == size
    assert capacity.concurrent(profile, method="connect-range").value == size
    for destinations in (1, 2, 3):
        for sources in (1, 2):
            times = destinations * sources
            found = capacity.concurrent(profile, destinations=destinations, sources=sources)
            assert found == Interval(once.low * times, once.high * times)


def test_the_methods_of_linux_on_its_default_range() -> None:
    def at_once(method: types.MethodName) -> float:
        return capacity.concurrent("linux", destinations=3, sources=2, method=method).value

    assert {method.name: at_once(method.name) for method in capacity.methods("linux")} == {
        "connect": 28232 * 6,
        "bind-no-port": 28232 * 6,
        "connect-range": 28232 * 6,
        "bind0": 28232 * 2,
        "bind0-reuse": 28232 * 2,
        # A quarter of the range more for each further destination.
        "bind0-autobind-reuse": 2 * (28232 + 2 * 7058),
        "bind-explicit": 28232 * 6,
        "udp": 28232 * 2,
    }


def test_each_method_of_linux_in_a_range_of_four_ports() -> None:
    four = linux(40000, 40003)
    assert capacity.concurrent(four, destinations=2, method="bind0").value == 4
    assert capacity.concurrent(four, destinations=2, method="bind-no-port").value == 8
    assert capacity.concurrent(four, destinations=2, method="bind0-reuse").value == 4
    assert capacity.concurrent(four, destinations=2, method="bind0-autobind-reuse").value == 5
    assert capacity.concurrent(four, sources=2, method="udp").value == 8


@pytest.mark.parametrize(
    ("size", "once", "more"),
    [
        (1, exactly(1), 1),
        (2, exactly(2), 1),
        (3, exactly(2), 1),
        (4, exactly(4), 1),
        (5, exactly(4), 1),
        (6, exactly(6), 1),
        (7, Interval(6, 7), 1),
        (8, exactly(8), 2),
        (9, Interval(8, 9), 2),
        (10, exactly(10), 2),
        (12, exactly(12), 3),
    ],
)
def test_so_reuseaddr_scans_two_halves(size: int, once: Interval, more: int) -> None:
    profile = linux(40000, 40000 + size - 1)
    assert capacity.concurrent(profile, method="bind0-reuse") == once
    found = capacity.concurrent(profile, destinations=3, method="bind0-autobind-reuse")
    assert found == Interval(once.low + 2 * more, once.high + 2 * more)


def test_reserved_ports_inside_the_range() -> None:
    # Still ten ports wide, from the first to the last.
    assert capacity.concurrent(linux(40000, 40009, [40003, 40004])).value == 8
    assert capacity.concurrent(linux(40000, 40008, [40003])) == Interval(7, 8)
    assert capacity.concurrent(linux(40000, 40002, [40001])).value == 1
    assert capacity.concurrent(linux(40000, 40001, [40000, 40001])).value == 0
    for method in ("bind0", "bind0-reuse", "bind0-autobind-reuse", "bind-explicit"):
        nothing = linux(40000, 40001, [40000, 40001])
        assert capacity.concurrent(nothing, destinations=2, method=method).value == 0
    # The lower half's other parity is reserved, so that its own is shared.
    profile = linux(40000, 40007, [40001, 40003])
    assert capacity.concurrent(profile, destinations=2, method="bind0-autobind-reuse").value == 8
    profile = linux(40000, 40007, [40001, 40002, 40003])
    assert capacity.concurrent(profile, destinations=2, method="bind0-autobind-reuse").value == 6


def test_other_systems_with_and_without_shared_ports() -> None:
    assert capacity.concurrent("freebsd", destinations=2, sources=3).value == 55536 * 6
    assert capacity.concurrent("openbsd", destinations=2, sources=3).value == 48128 * 3
    assert capacity.concurrent("netbsd", destinations=2).value == 16384
    assert capacity.concurrent("windows", destinations=2, sources=3) == Interval(16384, 16384 * 3)
    assert capacity.concurrent("aix", destinations=2, sources=3) == Interval(32768, 32768 * 6)
    # Not checked in its source.
    assert not capacity.concurrent("freebsd-4.6", sources=2).is_exact
    assert capacity.concurrent("aix", destinations=2) == Interval(32768, 65536)
    assert capacity.concurrent("aix").value == 32768
    assert capacity.concurrent("solaris", destinations=2).value == 65536
    # 55555 is never allocated.
    assert capacity.concurrent("macos", destinations=5).value == 16383
    assert len(ephemeral.ports("macos")) == 16384
    # The odd range of old kernels had no parity, and loses nothing.
    assert capacity.concurrent("linux-2.6.24").value == 28233
    assert capacity.concurrent("aws-nat-gateway", destinations=2).value == 2 * 55000


def test_every_profile_with_a_range_has_an_answer() -> None:
    for row in ephemeral.profiles():
        if row.has_fixed_range or row.ports_per_address is not None:
            continue
        with pytest.raises(InvalidValueError):
            capacity.concurrent(row)
    for row in ephemeral.profiles():
        if row.has_fixed_range:
            assert 0 < capacity.concurrent(row, destinations=2).high <= 2 * 65536


# The searches of xnu (in_pcblookup_local() and in6_pcblookup_local(), with the wildcard flag and an
# unspecified address) and of NetBSD (in_pcblookup_port()) skip sockets of the other family, and
# find every socket of their own. Those of lwIP (tcp_new_port()) and FreeRTOS+TCP
# (prvSocketBindAdd(): one list for all sockets of a transport, by port only) skip none.
@pytest.mark.parametrize(
    ("name", "ports", "by_family"),
    [
        ("macos", 16383, 2),
        ("ios", 16379, 2),
        ("netbsd", 16384, 2),
        ("lwip", 16383, 1),
        ("lwip-udp", 16384, 1),
        ("freertos", 64512, 1),
    ],
)
@pytest.mark.parametrize("sources", [1, 2, 5])
@pytest.mark.parametrize("destinations", [1, 3])
def test_a_second_address_or_a_second_family(
    name: types.SystemName, ports: int, by_family: int, sources: int, destinations: int
) -> None:
    found = capacity.concurrent(name, sources=sources, destinations=destinations)
    assert found == exactly(ports)
    if sources > 1:
        both = capacity.concurrent(name, sources=sources, destinations=destinations, families=2)
        assert both == exactly(ports * by_family)
        rate = capacity.rate(name, sources=sources, families=2, time_wait=2)
        assert rate == exactly(ports * by_family / 2)


@pytest.mark.parametrize("name", ["linux", "freebsd", "openbsd", "solaris", "gvisor"])
def test_the_family_does_not_matter_where_each_address_has_its_own_ports(
    name: types.SystemName,
) -> None:
    both = capacity.concurrent(name, sources=2, families=2)
    assert both == capacity.concurrent(name, sources=2)
    assert both.value == 2 * capacity.concurrent(name).value


# -- translators ------------------------------------------------------------------

TRANSLATORS = [row for row in ephemeral.profiles() if row.kind is Kind.MIDDLEBOX]


@pytest.mark.parametrize("row", TRANSLATORS, ids=lambda row: row.name)
def test_a_translator_uses_the_ports_that_it_is_given(row: ephemeral.EphemeralProfile) -> None:
    few = row.replace(ports=PortRange(1024, 1087))
    assert capacity.concurrent(few).value == 64
    assert capacity.concurrent(few.replace(excluded=PortRange(1024, 1033))).value == 54
    assert capacity.rate(few, time_wait=2).value == 32
    assert capacity.clients(few, ports_per_client=32).value == 2
    everything = row.replace(ports=PortRange(1, 65535))
    assert capacity.concurrent(everything).value == (row.ports_per_address or 65535)
    if row.has_fixed_range:
        missing = row.replace(excluded=[*row.ports][: len(row.ports) // 2])
        kept = len(row.ports) - len(row.ports) // 2
        assert capacity.concurrent(missing).value == min(kept, row.ports_per_address or 65535)
    block = capacity.concurrent(everything, ports_per_client=10, sources=3)
    assert block == exactly(10)
    assert capacity.rate(everything, ports_per_client=10, time_wait=2).value == 5


# By hand, from what the providers publish: 64,000 ports of an address of an Azure Load Balancer,
# and the formula of "Use a public standard load balancer in Azure Kubernetes Service" with its
# example of 7 addresses for 100 nodes with 4,000 ports and one node more for upgrades; 64,512
# ports an address of an Azure NAT Gateway and of Google Cloud NAT ("IP addresses and ports");
# 55,000 connections to a destination an address of an AWS NAT gateway. The 448 machines of
# gitlab.com/gitlab-com/gl-infra/infrastructure/-/issues/10629 divide 65,536 ports, of which
# Cloud NAT gives 64,512.
@pytest.mark.parametrize(
    ("name", "ports_per_client", "addresses", "clients"),
    [
        ("gcp-cloud-nat", 64, 1, exactly(1008)),
        ("gcp-cloud-nat", 32, 2, exactly(4032)),
        ("gcp-cloud-nat", 2048, 14, Interval(434, 441)),
        ("gcp-cloud-nat", 1000, 2, Interval(128, 129)),
        ("gcp-cloud-nat", 65536, 2, Interval(0, 1)),
        ("azure-load-balancer", 4000, 7, exactly(112)),
        ("azure-load-balancer", 1024, 1, exactly(62)),
        ("azure-load-balancer", 1280, 1, exactly(50)),
        ("azure-nat-gateway", 64512, 16, exactly(16)),
        ("azure-nat-gateway", 1008, 16, exactly(1024)),
        ("aws-nat-gateway", 55000, 8, exactly(8)),
        ("aws-nat-gateway", 500, 2, exactly(220)),
        ("cgn", 1000, 1, exactly(64)),
        ("nf-nat", 512, 1, exactly(126)),
    ],
)
def test_clients_of_a_translator(
    name: types.SystemName, ports_per_client: int, addresses: int, clients: Interval
) -> None:
    found = capacity.clients(name, ports_per_client=ports_per_client, addresses=addresses)
    assert found == clients
    assert capacity.concurrent(name, ports_per_client=ports_per_client).value <= ports_per_client
    if clients.low:
        needed = capacity.addresses(
            name, ports_per_client=ports_per_client, clients=int(clients.low)
        )
        assert needed.low <= addresses
        assert needed.high <= addresses
    more = int(clients.high) + 1
    assert capacity.addresses(name, ports_per_client=ports_per_client, clients=more).low > addresses


def test_a_block_that_no_address_has() -> None:
    found = capacity.addresses("gcp-cloud-nat", ports_per_client=65536, clients=2)
    assert found == Interval(3, math.inf)
    assert capacity.concurrent("gcp-cloud-nat", ports_per_client=65536).value == 64512
    assert capacity.concurrent("gcp-cloud-nat", sources=2, ports_per_client=65536).value == 65536


def test_the_systems_of_linux_are_those_with_its_search() -> None:
    assert set(capacity.methods("linux")[0].systems) == {
        row.name for row in ephemeral.profiles() if row.tcp_algorithm == "linux-connect"
    }
    # Not a system of the list, but the same row.
    assert capacity.methods("wsl2") == capacity.methods("linux")


# -- a second ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "ports", "time_wait", "expected"),
    [
        ("linux", 28232, 60, 470.5),
        ("linux", 28232, 1.0, 28232.0),
        ("freebsd", 55536, 60, 925.6),
        ("macos", 16384, 30, 546.1),
        ("openbsd", 48128, 60, 802.1),
        ("netbsd", 16384, 60, 273.1),
        ("solaris", 32768, 60, 546.1),
        ("windows", 16384, 120, 136.5),
        ("windows", 16384, 240, 68.3),
        ("windows-2003", 3976, 120, 33.1),
        ("windows-2000", 3976, 240, 16.6),
        ("gvisor", 49536, 60, 825.6),
    ],
)
def test_the_capacity_of_the_default_ranges(
    name: types.SystemName, ports: int, time_wait: float, expected: float
) -> None:
    profile = ephemeral.profile(name)
    assert len(profile.ports) == ports
    found = capacity.rate(name, time_wait=time_wait)
    assert found.value == pytest.approx(expected, abs=0.05)
    if time_wait == profile.time_wait:
        assert capacity.rate(profile) == found
    else:
        assert (name, time_wait) in {("linux", 1.0), ("windows", 240)}


def test_a_rate_grows_like_the_number_of_connections() -> None:
    for method in capacity.methods("linux"):
        if method.waits:
            at_once = capacity.concurrent("linux", destinations=3, sources=2, method=method.name)
            found = capacity.rate("linux", destinations=3, sources=2, method=method.name)
            assert found.value == pytest.approx(at_once.value / 60)
    assert capacity.rate("linux", destinations=3).value == pytest.approx(3 * 28232 / 60)
    assert capacity.rate("linux", destinations=3, method="bind0").value == pytest.approx(28232 / 60)
    assert capacity.rate("macos", destinations=3).value == pytest.approx(16383 / 30)
    assert not capacity.rate("aix", time_wait=60, destinations=2).is_exact


def test_the_rate_of_a_tuned_linux() -> None:
    assert capacity.rate(linux(1024, 65535)).value == pytest.approx(1075.2)
    assert capacity.rate(linux(40000, 40008)) == Interval(8 / 60, 9 / 60)


def test_sockets_in_time_wait() -> None:
    assert capacity.time_wait_sockets(470.5, 60) == pytest.approx(28230)
    assert capacity.time_wait_sockets(0, 60) == 0


# -- birthdays ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ports", "half", "at_100", "at_300"),
    [
        (28232, 199, 0.161, 0.797),
        (14116, 141, 0.296, 0.959),
        (16384, 151, 0.261, 0.936),
        (64512, 300, 0.074, 0.502),
        (55536, 278, 0.085, 0.555),
        (2768, 63, 0.836, 1.000),
    ],
)
def test_the_probability_of_a_collision(
    ports: int, half: int, at_100: float, at_300: float
) -> None:
    assert capacity.draws_for(0.5, ports) == half
    assert capacity.collision_probability(half, ports) >= 0.5
    assert capacity.collision_probability(half - 1, ports) < 0.5
    assert capacity.collision_probability(100, ports) == pytest.approx(at_100, abs=0.0005)
    assert capacity.collision_probability(300, ports) == pytest.approx(at_300, abs=0.0005)
    assert capacity.expected_collisions(100, ports) == 100 * 99 / 2 / ports


@pytest.mark.parametrize("ports", [1, 2, 3, 10, 365, 2768])
def test_the_probability_is_exact(ports: int) -> None:
    none = Fraction(1)
    for draws in range(min(ports, 400) + 2):
        if draws > 1:
            none *= Fraction(max(0, ports - draws + 1), ports)
        found = capacity.collision_probability(draws, ports)
        assert found == pytest.approx(float(1 - none), rel=1e-12, abs=0)


def test_draws_for_is_the_inverse() -> None:
    for ports in (1, 2, 3, 7, 365, 65536):
        before = 0
        for probability in (0.0, 1e-12, 0.001, 0.3, 0.5, 0.9, 0.999999, 1.0):
            draws = capacity.draws_for(probability, ports)
            assert draws >= before
            assert capacity.collision_probability(draws, ports) >= probability
            if 1 < draws <= ports:
                assert capacity.collision_probability(draws - 1, ports) < probability
            before = draws
    assert capacity.draws_for(0, 28232) == 0
    assert capacity.draws_for(1, 28232) == 28233
    assert capacity.draws_for(0.5, 1) == 2
    assert capacity.draws_for(1 - 2**-53, 65536) < 4000
    assert capacity.collision_probability(65536, 65536) == 1.0
    assert capacity.collision_probability(10**30, 2) == 1.0


# How many ports are equally likely to be first, by the search of each system in a range of ten:
# the rows of portranges.selection name the sources.
FIRST: dict[types.SystemName, int | None] = {
    "linux": 5,
    "android": 5,
    "wsl2": 5,
    "linux-2.6.24": 10,
    "freebsd": 9,
    "openbsd": 9,
    "solaris": 10,
    "gvisor": 10,
    "lwip": 10,
    "zephyr": 10,
    # In sequence, uneven or not published.
    "macos": None,
    "netbsd": None,
    "windows": None,
    "windows-xp": None,
    "freertos": None,
    "aix": None,
    "nf-nat": None,
    "iana": None,
}


@pytest.mark.parametrize(("name", "ports"), FIRST.items())
def test_the_probability_of_a_collision_by_system(
    name: types.SystemName, ports: int | None
) -> None:
    row = ephemeral.profile(name).replace(ports=PortRange(50000, 50009))
    if ports is None:
        with pytest.raises(InvalidValueError) as caught:
            capacity.collision_probability(4, row)
        rule = "system must choose the first port uniformly at random, by a published algorithm"
        assert str(caught.value) == f"{rule}, got {row.name}; pass the number of ports"
        return
    assert capacity.collision_probability(4, row) == capacity.collision_probability(4, ports)
    assert capacity.expected_collisions(4, row) == capacity.expected_collisions(4, ports)
    assert capacity.draws_for(0.5, row) == capacity.draws_for(0.5, ports)
    if name in ("android", "wsl2"):
        # As on Linux.
        return
    assert row.tcp_algorithm
    rng, runs, collisions = Random(7), 250, 0
    for _ in range(runs):
        drawn = {
            Allocator(row.ports, row.tcp_algorithm, rng=rng).allocate(("192.0.2.1", 443))
            for _ in range(4)
        }
        collisions += len(drawn) < 4
    # Four standard deviations.
    chance = capacity.collision_probability(4, row)
    assert collisions / runs == pytest.approx(chance, abs=4 * math.sqrt(chance / runs))


def test_machines_behind_one_address() -> None:
    # Half of Linux's range, as one parity comes first.
    found = capacity.collision_probability(100, "linux")
    assert found == capacity.collision_probability(100, 14116)
    assert found == pytest.approx(0.296, abs=0.0005)
    assert capacity.draws_for(0.5, LINUX) == 141
    for size, ports in ((1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (9, 4), (10, 5)):
        profile = linux(40001, 40000 + size)
        assert capacity.expected_collisions(2, profile) == 1 / ports
    assert capacity.expected_collisions(2, linux(40000, 40009, [40004, 40005])) == 1 / 4
    assert capacity.expected_collisions(2, linux(40000, 40003, [40002])) == 1
    assert capacity.expected_collisions(2, linux(40000, 40003, [40000])) == 1


# -- to oneself ----------------------------------------------------------------------


def slow_self_connect(first: int, last: int, excluded: set[int], wanted: int) -> Fraction:
    """Walk as the kernel does from every start."""
    n = last - first + 1
    remaining = n & ~1 if n > 1 else n
    hits = Fraction(0)
    for offset in range(remaining):
        start = offset & ~1
        for begin in [start] if remaining == 1 else [start, start + 1]:
            port, found = first + begin, None
            for _ in range(0, remaining, 2):
                if port > last:
                    port -= remaining
                if port not in excluded:
                    found = port
                    break
                port += 2
            if found is not None:
                hits += found == wanted
                break
    return hits / remaining


def test_every_small_range_of_linux() -> None:
    for first in (40000, 40001):
        for size in range(1, 9):
            for holes in range(1 << max(0, size - 2)):
                excluded = [first + 1 + bit for bit in range(size - 2) if holes >> bit & 1]
                profile = linux(first, first + size - 1, excluded)
                total = 0.0
                for port in range(first - 1, first + size + 1):
                    found = capacity.self_connect_probability(profile, port)
                    expected = slow_self_connect(first, first + size - 1, set(excluded), port)
                    assert found == pytest.approx(float(expected)), (profile, port)
                    total += found
                assert total == pytest.approx(1)


def test_the_default_range_of_linux_and_what_was_measured() -> None:
    assert capacity.self_connect_probability("linux", 40000) == 1 / 14116
    assert capacity.self_connect_probability("linux", 40001) == 0
    assert capacity.self_connect_probability("linux", 8080) == 0
    # 5 hits in 120,000 attempts, where 8.5 are expected.
    assert pytest.approx(8.5, abs=0.01) == 120_000 / 14116
    # F2: a range of two ports.
    assert capacity.self_connect_probability(linux(40000, 40001), 40000) == 1
    assert capacity.self_connect_probability(linux(40000, 40001), 40001) == 0
    for name in ("macos", "ios", "gvisor", "dragonfly"):
        assert capacity.self_connect_probability(name, 50000) == 0
    # XNU: tcp_connect() has the test, tcp6_connect() does not.
    for name in ("macos", "ios", "dragonfly"):
        with pytest.raises(InvalidValueError):
            capacity.self_connect_probability(name, 50000, family="inet6")
    assert capacity.self_connect_probability("gvisor", 50000, family="inet6") == 0
    assert capacity.self_connect_probability("linux", 40000, family="inet6") == 1 / 14116
    assert capacity.self_connect_probability(linux(7, 7, [7]), 7) == 0


# -- probes --------------------------------------------------------------------------


def test_expected_probes_by_enumeration() -> None:
    # All ways to have m of 6 ports in use, all starts.
    for taken in range(6):
        total = ways = 0
        for bits in range(64):
            if bits.bit_count() != taken:
                continue
            for start in range(6):
                at, seen = start, 1
                while bits >> at & 1:
                    at, seen = (at + 1) % 6, seen + 1
                total += seen
                ways += 1
        for name in ("rfc6056-1", "rfc6056-3", "rfc6056-4"):
            assert capacity.expected_probes(name, taken, 6).value == pytest.approx(total / ways)


def test_linear_probing_by_enumeration() -> None:
    # All sequences of starts that fill m of 5 slots, and all starts of the next.
    size = 5
    for taken in range(size):
        total = 0
        for number in range(size ** (taken + 1)):
            busy: set[int] = set()
            seen = 0
            for pick in range(taken + 1):
                at, seen = number // size**pick % size, 1
                while at in busy:
                    at, seen = (at + 1) % size, seen + 1
                busy.add(at)
            total += seen
        found = capacity.expected_probes("rfc6056-1", taken, size, filling="self")
        assert found.value == pytest.approx(total / size ** (taken + 1))


def test_expected_probes_of_the_other_algorithms() -> None:
    assert capacity.expected_probes("rfc6056-2", 0, 1).value == 1
    assert capacity.expected_probes("rfc6056-2", 95, 100, filling="self").value == 20
    assert capacity.expected_probes("rfc6056-4", 95, 100, filling="self").value == 1
    assert capacity.expected_probes("rfc6056-5", 0, 100) == Interval(1.0, 1.05)
    found = capacity.expected_probes("rfc6056-5", 90, 100, filling="self")
    assert found.low == pytest.approx(9)
    assert found.high == pytest.approx(11)
    assert capacity.give_up_probability(0, 10) == 0
    assert capacity.give_up_probability(10, 10) == 1
    assert capacity.give_up_probability(1, 2) == 0.25


# -- Interval and rows ----------------------------------------------------------------


def test_an_interval_is_a_value_with_bounds() -> None:
    bounds = Interval(8, 9)
    assert 8 in bounds
    assert 9.0 in bounds
    assert 7.9 not in bounds
    assert str(Interval(16384, 49152)) == "16,384 to 49,152"
    assert pickle.loads(pickle.dumps(bounds)) == bounds
    assert hash(bounds) == hash(Interval(8, 9))
    assert str(Interval(28232, 28232)) == "28,232"
    assert repr(bounds) == "Interval(low=8, high=9)"
    assert not bounds.is_exact
    assert exactly(8).is_exact
    assert exactly(8).value == 8
    with pytest.raises(InvalidValueError) as caught:
        _ = bounds.value
    rule = "value needs an exact interval"
    assert str(caught.value) == f"{rule}, got 8 to 9; use low or high"
    # An interval is neither a number nor ordered.
    number: object = 8
    assert exactly(8) != number
    with pytest.raises(TypeError):
        assert LooseInterval(7, 8) < LooseInterval(8, 9)
    with pytest.raises(AttributeError):
        bounds.low = 3  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_every_method_has_a_source_and_a_known_system() -> None:
    from portranges.capacity.rows import METHODS

    for method in METHODS:
        assert method.source.document
        assert method.calls
        for system in method.systems:
            assert ephemeral.profile(system).name == system
    keys = [(method.name, system) for method in METHODS for system in method.systems]
    assert len(keys) == len(set(keys))
    assert capacity.methods("aix") == ()
    assert capacity.methods(LINUX) == capacity.methods("linux")


# -- bad input ------------------------------------------------------------------------


# Without types, to pass what a type checker refuses.
loose: Any = capacity
LooseInterval: Any = Interval

BAD: list[tuple[Callable[[], object], type[Exception], str]] = [
    (
        lambda: loose.concurrent("macos", families=2),
        InvalidValueError,
        "families=2 requires at least 2 sources, one of each IP version, got sources=1",
    ),
    (
        lambda: loose.rate("macos", sources=3, families=3),
        InvalidValueError,
        "families must be in 1..2, got 3",
    ),
    (
        lambda: loose.concurrent("linux", ports_per_client=64),
        InvalidValueError,
        "ports_per_client requires an address translator, such as gcp-cloud-nat, got linux",
    ),
    (
        lambda: loose.clients("freebsd", ports_per_client=64),
        InvalidValueError,
        "ports_per_client requires an address translator, such as gcp-cloud-nat, got freebsd",
    ),
    (
        lambda: loose.clients("gcp-cloud-nat", ports_per_client=0),
        InvalidValueError,
        "ports_per_client must be at least 1, got 0",
    ),
    (
        lambda: loose.clients("gcp-cloud-nat", ports_per_client=64, addresses=0),
        InvalidValueError,
        "addresses must be at least 1, got 0",
    ),
    (
        lambda: loose.addresses("gcp-cloud-nat", ports_per_client=64, clients=0),
        InvalidValueError,
        "clients must be at least 1, got 0",
    ),
    (
        lambda: loose.rate("gcp-cloud-nat", ports_per_client="64"),
        TypeError,
        "ports_per_client must be an integer, got str '64'",
    ),
    (
        lambda: loose.addresses(
            ephemeral.profile("cgn").replace(ports=[]), ports_per_client=64, clients=1
        ),
        InvalidValueError,
        "system must have ports, got <EphemeralProfile cgn, tuned: no port>",
    ),
    (
        lambda: loose.clients("docker-linux", ports_per_client=64),
        InvalidValueError,
        "system must have a fixed ephemeral range, got 'docker-linux', which has none",
    ),
    (
        lambda: loose.concurrent(5),
        TypeError,
        "system must be a system's name or an EphemeralProfile, got int 5",
    ),
    (
        lambda: loose.concurrent("linus"),
        UnknownNameError,
        "unknown system, got 'linus'; did you mean 'linux'?",
    ),
    (
        lambda: loose.concurrent("smoltcp"),
        InvalidValueError,
        "system must have a fixed ephemeral range, got 'smoltcp', which has none",
    ),
    (
        lambda: loose.concurrent("linux", destinations=0),
        InvalidValueError,
        "destinations must be at least 1, got 0",
    ),
    (
        lambda: loose.concurrent("linux", sources=-1),
        InvalidValueError,
        "sources must be at least 1, got -1",
    ),
    (
        lambda: loose.concurrent("linux", sources=-(10**30)),
        InvalidValueError,
        "sources must be at least 1, got -0xc9f2c9cd04674edea...",
    ),
    (
        lambda: loose.concurrent("linux", sources=True),
        TypeError,
        "sources must be an integer, got bool True",
    ),
    (
        lambda: loose.concurrent("linux", sources=1.0),
        TypeError,
        "sources must be an integer, got float 1.0",
    ),
    (
        lambda: loose.concurrent("linux", method="bind1"),
        UnknownNameError,
        "unknown method of linux, got 'bind1'; did you mean 'bind0'?",
    ),
    (
        lambda: loose.concurrent("freebsd", method="bind0"),
        UnknownNameError,
        "unknown method of freebsd, got 'bind0'; write 'connect'",
    ),
    (lambda: loose.concurrent("linux", method=3), TypeError, "method must be a str, got int 3"),
    (
        lambda: loose.rate("aix"),
        InvalidValueError,
        "time_wait is required for a system whose own is unknown, got aix",
    ),
    (
        lambda: loose.rate("linux", time_wait=0),
        InvalidValueError,
        "time_wait must be greater than 0, got 0",
    ),
    (
        lambda: loose.rate("linux", time_wait=math.inf),
        InvalidValueError,
        "time_wait must be at most 1e+100, got inf",
    ),
    (
        lambda: loose.rate("linux", time_wait=math.nan),
        InvalidValueError,
        "time_wait must be greater than 0, got nan",
    ),
    (
        lambda: loose.rate("linux", time_wait="60"),
        TypeError,
        "time_wait must be a number, got str '60'",
    ),
    (
        lambda: loose.rate("linux", time_wait=False),
        TypeError,
        "time_wait must be a number, got bool False",
    ),
    (
        lambda: loose.rate("linux", method="udp"),
        InvalidValueError,
        "method must be one of TCP, because nothing else enters TIME_WAIT, got 'udp'",
    ),
    (
        lambda: loose.rate("linux", destinations=10**400),
        InvalidValueError,
        "destinations must be at most 1e+100, got 0x1b4ec7f91973ff3cb1...",
    ),
    (
        lambda: loose.rate("linux", time_wait=10**400),
        InvalidValueError,
        "time_wait must be at most 1e+100, got 0x1b4ec7f91973ff3cb1...",
    ),
    (
        lambda: loose.rate("linux", destinations=0),
        InvalidValueError,
        "destinations must be at least 1, got 0",
    ),
    (
        lambda: loose.rate("wsl2-mirrored"),
        InvalidValueError,
        "system must have a fixed ephemeral range, got 'wsl2-mirrored', which has none",
    ),
    (
        lambda: loose.time_wait_sockets(-1, 60),
        InvalidValueError,
        "rate must not be negative, got -1",
    ),
    (
        lambda: loose.time_wait_sockets(1, math.nan),
        InvalidValueError,
        "time_wait must not be negative, got nan",
    ),
    (
        lambda: loose.collision_probability(100, "linus"),
        UnknownNameError,
        "unknown system, got 'linus'; did you mean 'linux'?",
    ),
    (
        lambda: loose.draws_for(0.5, "smoltcp"),
        InvalidValueError,
        "system must have a fixed ephemeral range, got 'smoltcp', which has none",
    ),
    (
        lambda: loose.expected_collisions(2, linux(40000, 40000, [40000])),
        InvalidValueError,
        "system must have ports, got <EphemeralProfile linux, tuned: no port>",
    ),
    (
        lambda: loose.collision_probability(-1, 10),
        InvalidValueError,
        "draws must be at least 0, got -1",
    ),
    (
        lambda: loose.collision_probability(1, 0),
        InvalidValueError,
        "ports must be in 1..65536, got 0",
    ),
    (
        lambda: loose.collision_probability(1, 65537),
        InvalidValueError,
        "ports must be in 1..65536, got 65537",
    ),
    (
        lambda: loose.collision_probability(1.5, 7),
        TypeError,
        "draws must be an integer, got float 1.5",
    ),
    (
        lambda: loose.collision_probability(1, PortSet([7])),
        TypeError,
        "ports must be an integer, got PortSet PortSet.parse('7')",
    ),
    (
        lambda: loose.draws_for(1.01, 10),
        InvalidValueError,
        "probability must be in 0..1, got 1.01",
    ),
    (
        lambda: loose.draws_for(-0.1, 10),
        InvalidValueError,
        "probability must be in 0..1, got -0.1",
    ),
    (
        lambda: loose.draws_for(math.nan, 10),
        InvalidValueError,
        "probability must be in 0..1, got nan",
    ),
    (
        lambda: loose.draws_for("half", 10),
        TypeError,
        "probability must be a number, got str 'half'",
    ),
    (
        lambda: loose.expected_collisions(2, 70000),
        InvalidValueError,
        "ports must be in 1..65536, got 70000",
    ),
    (
        lambda: loose.self_connect_probability("linux", 70000),
        InvalidPortError,
        "port must be in 0..65535, got 70000",
    ),
    (
        lambda: loose.self_connect_probability("freebsd", 50000),
        InvalidValueError,
        "system must be one whose connections to itself over IPv4 are known, got freebsd",
    ),
    (
        lambda: loose.self_connect_probability("wsl2-mirrored", 50000),
        InvalidValueError,
        "system must have a fixed ephemeral range, got 'wsl2-mirrored', which has none",
    ),
    (
        lambda: loose.expected_probes("linux-connect", 1, 2),
        UnknownNameError,
        "unknown algorithm with a formula, got 'linux-connect'; write one of 'rfc6056-1', "
        "'rfc6056-2', 'rfc6056-3', 'rfc6056-4', 'rfc6056-5'",
    ),
    (lambda: loose.expected_probes(1, 1, 2), TypeError, "algorithm must be a str, got int 1"),
    (
        lambda: loose.expected_probes("rfc6056-1", 2, 2),
        InvalidValueError,
        "in_use must be less than ports, 2, got 2",
    ),
    (
        lambda: loose.expected_probes("rfc6056-1", -1, 2),
        InvalidValueError,
        "in_use must be at least 0, got -1",
    ),
    (
        lambda: loose.expected_probes("rfc6056-1", 1, 2, filling="rondom"),
        UnknownNameError,
        "unknown filling, got 'rondom'; did you mean 'random'?",
    ),
    (
        lambda: loose.give_up_probability(3, 2),
        InvalidValueError,
        "in_use must be at most ports, 2, got 3",
    ),
    (lambda: Interval(3, 2), InvalidValueError, "low must not be greater than high, got 3 to 2"),
    (
        lambda: Interval(0, math.nan),
        InvalidValueError,
        "low must not be greater than high, got 0 to nan",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD)
def test_wrong_arguments_are_refused(
    call: Callable[[], object], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    text = str(caught.value)
    assert text == message or text.startswith(f"{message}; did you mean ")


def test_a_range_must_not_contain_port_0() -> None:
    tuned = LINUX.replace(ports=PortSet.parse("0-9"))

    def itself(row: ephemeral.EphemeralProfile) -> float:
        return capacity.self_connect_probability(row, 40000)

    for ask in (capacity.concurrent, capacity.rate, capacity.methods, itself):
        with pytest.raises(InvalidValueError) as raised:
            ask(tuned)
        assert str(raised.value) == (
            "a range must not contain port 0, which no socket has, got '0-9'"
        )


def test_an_interval_without_an_upper_bound() -> None:
    assert str(Interval(4, math.inf)) == "4 or more"
    assert str(Interval(1000, 2000)) == "1,000 to 2,000"
