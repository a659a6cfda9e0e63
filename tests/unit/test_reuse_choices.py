"""What other tests leave open: rules of allowed sharing, source addresses, distributions."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from portranges import PortRange, PortSet
from portranges.errors import InvalidSocketError
from portranges.reuse import LinuxSettings, PortTable, Socket, SystemSettings, can_bind, rule, rules
from portranges.selection import Allocator

LOW, HIGH = 32768, 60999
COUNT = HIGH - LOW + 1


def held(flags="", *, state="bound", address="127.0.0.1", uid=1000):
    return Socket(
        transport="tcp",
        address=address,
        port=8080,
        reuse_address="R" in flags,
        reuse_port="P" in flags,
        state=state,
        uid=uid,
    )


@pytest.mark.parametrize(
    ("holder", "new", "name"),
    [
        (held("R"), held("R"), "linux-reuse-address"),
        (held("P"), held("P"), "linux-reuse-port"),
        # SO_REUSEADDR is tested first, and does not count beside a listener.
        (held("RP"), held("RP"), "linux-reuse-address"),
        (held("RP", state="listening"), held("RP"), "linux-reuse-port"),
        (held("P", state="listening"), held("P"), "linux-reuse-port"),
        (held("R", state="connected"), held("R"), "linux-reuse-address"),
        (held("R", uid=1), held("R"), "linux-reuse-address"),
        (held("P", state="time-wait", uid=1), held("P"), "linux-reuse-port"),
        (held("R", state="time-wait"), held("RP"), "linux-reuse-address"),
        (held("R", address="0.0.0.0"), held("R"), "linux-reuse-address"),
        (held("P", address="0.0.0.0"), held("P"), "linux-reuse-port"),
        (held("", address="127.0.0.2"), held(""), "linux-free"),
    ],
)
def test_linux_names_the_rule_that_allows_sharing(holder, new, name):
    """inet_bind_conflict(): sk->sk_reuse of both and no listener, or sk_reuseport and the user."""
    decision = can_bind(new, [holder])
    assert decision.allowed
    assert decision.rule is rule(name)
    # Beside a socket that does not overlap, and beside others, the first partner is named.
    elsewhere = held("", address="127.0.0.9")
    assert can_bind(new, [elsewhere, holder, elsewhere]).rule is rule(name)


def test_the_first_of_several_partners_is_named():
    by_address, by_port = held("R"), held("P")
    new = held("RP")
    assert can_bind(new, [by_address, by_port]).rule.id == "linux-reuse-address"
    assert can_bind(new, [by_port, by_address]).rule.id == "linux-reuse-port"


@pytest.mark.parametrize("system", ["linux", "macos", "windows"])
@pytest.mark.parametrize(
    ("local", "peer", "source"),
    [
        # A peer on the machine is reached from its own address.
        (["192.0.2.9", "192.0.2.1"], "192.0.2.9", "192.0.2.9"),
        # Otherwise the lowest address of the family that is not loopback.
        (["192.0.2.9", "192.0.2.1"], "203.0.113.7", "192.0.2.1"),
        (["127.0.0.9", "192.0.2.1"], "203.0.113.7", "192.0.2.1"),
        (["::1", "2001:db8::9", "192.0.2.1"], "2001:db8:1::7", "2001:db8::9"),
        (["2001:db8::9", "2001:db8::3"], "2001:db8:1::7", "2001:db8::3"),
        # Loopback peers are reached from loopback, whatever else there is.
        (["127.0.0.9", "192.0.2.1"], "127.0.0.1", "127.0.0.1"),
        (["2001:db8::9"], "::1", "::1"),
        # Without a list it is an address of the blocks for documentation.
        (None, "203.0.113.7", "192.0.2.1"),
        (None, "2001:db8:1::7", "2001:db8::1"),
    ],
)
def test_the_source_address_comes_from_local_addresses(system, local, peer, source):
    table = PortTable(system, local_addresses=local, seed=1)
    handle = table.socket("tcp", family="inet6" if ":" in peer else "inet")
    assert table.connect(handle, peer, 443).allowed
    assert str(table.describe(handle).address) == source


@pytest.mark.parametrize("local", [[], ["2001:db8::1"], ["127.0.0.1", "2001:db8::1"]])
def test_without_an_address_of_the_family_there_is_no_source(local):
    table = PortTable("linux", local_addresses=local, seed=1)
    with pytest.raises(InvalidSocketError, match="requires a local address"):
        table.connect(table.socket("tcp"), "203.0.113.7", 443)
    chosen = table.socket("tcp")
    assert table.connect(chosen, "127.0.0.1", 443).allowed


# How Linux chooses ports; RFC 6056, algorithm 4 for connect(), a random start otherwise.


def first_port(way, seed):
    table = PortTable("linux", seed=seed)
    transport, call = way.split()
    handle = table.socket(transport)
    if call == "connect":
        assert table.connect(handle, "192.0.2.7", 443).allowed
    elif call == "listen":
        assert table.listen(handle).allowed
    else:
        assert table.bind(handle, "0.0.0.0", 0).allowed
    return table.describe(handle).port


@pytest.mark.parametrize(
    ("way", "parities"),
    [
        ("tcp connect", {0}),
        ("tcp bind", {1}),
        ("tcp listen", {1}),
        ("udp bind", {0, 1}),
        ("udp connect", {0, 1}),
    ],
)
def test_first_ports_are_spread_over_the_range(way, parities):
    """Measured on 6.18: connect() 40 of 40 even, bind(0) 40 of 40 odd, UDP about half."""
    ports = [first_port(way, seed) for seed in range(480)]
    assert all(LOW <= port <= HIGH for port in ports)
    assert {port % 2 for port in ports} == parities
    if len(parities) == 2:
        assert 190 < sum(port % 2 for port in ports) < 290
    # 60 in each eighth of the range; five standard deviations are 36.
    eighths = Counter((port - LOW) * 8 // COUNT for port in ports)
    assert set(eighths) == set(range(8))
    assert all(24 <= count <= 96 for count in eighths.values())


def successive_ports(transport, count):
    table = PortTable("linux", seed=7)
    ports = []
    for _ in range(count):
        handle = table.socket(transport)
        assert table.connect(handle, "192.0.2.7", 443).allowed
        ports.append(table.describe(handle).port)
        table.close(handle, "reset")
    return ports


def test_tcp_connect_goes_on_in_steps_of_2_to_16():
    """Measured on 6.18: uniform over {2, 4 .. 16}, one lap of the range in about 3,119 steps."""
    ports = successive_ports("tcp", 3300)
    steps = Counter((new - old) % COUNT for old, new in pairwise(ports))
    assert set(steps) == set(range(2, 17, 2))
    assert all(330 < count < 500 for count in steps.values())
    lap, at = 0, 0
    for old, new in pairwise(ports):
        lap += (new - old) % COUNT
        at += 1
        if lap >= COUNT:
            break
    assert 3000 < at < 3250


def test_udp_connect_starts_at_a_new_port_each_time():
    ports = successive_ports("udp", 600)
    steps = [(new - old) % COUNT for old, new in pairwise(ports)]
    assert sum(step <= 16 for step in steps) < 10
    assert 230 < sum(step % 2 for step in steps) < 370


@pytest.mark.parametrize("seed", range(5))
def test_udp_searches_as_the_allocator_does(seed):
    """udp_lib_get_port() walks one hash chain after the other; one row describes both."""
    ports = PortRange(40000, 40063)
    table = PortTable("linux", settings=LinuxSettings(ip_local_port_range=ports), seed=seed)
    allocator = Allocator(ports, "linux-udp", rng=Random(seed))
    for _ in range(len(ports)):
        handle = table.socket("udp")
        assert table.bind(handle, "0.0.0.0", 0).allowed
        assert table.describe(handle).port == allocator.allocate()


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_every_port_of_a_small_range_is_found(transport):
    settings = LinuxSettings(ip_local_port_range=PortRange(40000, 40009))
    table = PortTable("linux", settings=settings, seed=3)
    ports = []
    for _ in range(10):
        handle = table.socket(transport)
        assert table.bind(handle, "127.0.0.1", 0).allowed
        ports.append(table.describe(handle).port)
    assert sorted(ports) == list(range(40000, 40010))
    if transport == "tcp":
        assert {port % 2 for port in ports[:5]} == {1}
    assert table.bind(table.socket(transport), "127.0.0.1", 0).error == "EADDRINUSE"


# Port 0 as a peer, and exhaustion on Windows.


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(
    "name", ["freebsd", "freebsd-14", "freebsd-13", "macos", "openbsd", "netbsd", "illumos"]
)
def test_only_linux_connects_to_port_0(name, transport):
    """in_pcbconnect(): if (sin->sin_port == 0) return (EADDRNOTAVAIL); so does illumos."""
    table = PortTable(name, seed=1)
    decision = table.connect(table.socket(transport), "192.0.2.7", 0)
    assert (decision.error, decision.rule.id) == ("EADDRNOTAVAIL", f"{name}-peer-port")
    linux = PortTable("linux", seed=1)
    handle = linux.socket(transport)
    assert linux.connect(handle, "192.0.2.7", 0).allowed
    assert linux.describe(handle).state.value == "connected"


def test_windows_has_two_errors_for_exhaustion():
    """KB196271 has 10055, KB319502 has 10048; both are of connect() with no port left."""
    table = PortTable("windows", settings=SystemSettings(ports=PortSet([50000])), seed=1)
    assert table.connect(table.socket("tcp"), "192.0.2.7", 443).allowed
    decision = table.connect(table.socket("tcp"), "192.0.2.7", 443)
    assert (decision.error, decision.rule.id) == ("WSAENOBUFS", "windows-connect-exhausted")
    assert "WSAENOBUFS (10055) if no port" in decision.reason
    assert "WSAEADDRINUSE (10048), because every port has a connection" in decision.reason
    for name in ("windows", "windows-2003", "windows-xp"):
        (row,) = [row for row in rules(name) if row.id == f"{name}-connect-exhausted"]
        assert "10048" in row.sentence and "10055" in row.sentence


# connect() with AF_UNSPEC; tests/kernel_oracle compares it with the kernel.


def test_disconnect_keeps_what_bind_named():
    """tcp_disconnect(), __udp_disconnect(): SOCK_BINDADDR_LOCK and SOCK_BINDPORT_LOCK."""
    for transport in ("tcp", "udp"):
        for bound, kept in (
            (None, ("0.0.0.0", 0)),
            (("0.0.0.0", 8080), ("0.0.0.0", 8080)),
            (("127.0.0.1", 8080), ("127.0.0.1", 8080)),
            (("127.0.0.1", 0), ("127.0.0.1", 0)),
        ):
            table = PortTable("linux", seed=1)
            handle = table.socket(transport)
            if bound is not None:
                assert table.bind(handle, *bound).allowed
            assert table.connect(handle, "127.0.0.1", 443).allowed
            assert table.disconnect(handle).rule.id == "linux-disconnected"
            now = table.describe(handle)
            assert (str(now.address), now.port) == kept
            assert now.state.value in ("unbound", "bound")
            assert table.connect(handle, "127.0.0.1", 444).allowed


def test_disconnect_ends_a_listener_and_the_binding_to_a_device():
    table = PortTable("linux", seed=1)
    listener = table.socket("tcp")
    assert table.bind(listener, "0.0.0.0", 8080).allowed
    assert table.listen(listener).allowed
    assert table.disconnect(listener).allowed
    assert table.accept(listener).error == "EINVAL"
    assert table.listen(listener).allowed
    near = table.socket("udp", device="lo")
    assert table.connect(near, "127.0.0.1", 443).allowed
    assert table.disconnect(near).allowed
    assert table.describe(near).device is None


def test_an_accepted_socket_keeps_what_its_listener_named_except_the_port():
    for local, no_port in (("127.0.0.1", False), ("127.0.0.1", True), ("0.0.0.0", True)):
        table = PortTable("linux", seed=1)
        listener = table.socket("tcp")
        assert table.set_option(listener, bind_address_no_port=no_port).allowed
        assert table.bind(listener, local, 8080).allowed
        assert table.listen(listener).allowed
        child = table.accept(listener, local="127.0.0.1", peer=("127.0.0.1", 50000)).handle
        assert child is not None
        assert table.disconnect(child).allowed
        now = table.describe(child)
        assert (str(now.address), now.port) == (local, 0)
        assert table.bind(child, local, 0).allowed
        assert (table.describe(child).port == 0) is no_port


def test_disconnect_is_for_linux_only():
    for name in ("freebsd", "macos", "windows"):
        table = PortTable(name)
        with pytest.raises(InvalidSocketError, match="modelled for Linux only, got "):
            table.disconnect(table.socket("udp"))
