"""The algorithms of Linux and the capacity of its methods, compared with the kernel.

A child process creates a network namespace, which ends with it, opens real sockets on its loopback
device, and prints the ports that it got. It does not know the expected results. If it may not do
that, the tests are skipped with the reason.
"""

from __future__ import annotations

import functools
import json
import platform
import random
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from portranges import PortRange, capacity, ephemeral, types, uses
from portranges.errors import PortsExhaustedError
from portranges.selection import Allocator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: asks the Linux kernel")

LINUX = ephemeral.profile("linux")

# Ranges of one to ten ports that begin at an even and at an odd port.
SIZES = (1, 2, 3, 4, 5, 6, 7, 9, 10, 11)
RANGES = [(low, low + size - 1) for size in SIZES for low in (40000, 40001)]
LOCAL = ("connect", "bind-no-port", "bind0", "bind0-reuse", "bind-explicit", "udp")

RESERVED = [40002, 40005, 40006]

_CHILD = r"""
import ctypes, errno, fcntl, json, os, resource, socket, struct, sys

libc = ctypes.CDLL(None, use_errno=True)
# CLONE_NEWNET; without root, inside a new user namespace (CLONE_NEWUSER).
if libc.unshare(0x40000000) and libc.unshare(0x50000000):
    print(json.dumps({"skip": "no network namespace: " + os.strerror(ctypes.get_errno())}))
    sys.exit()
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
with socket.socket(socket.AF_INET, UDP) as sock:
    # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING
    fcntl.ioctl(sock, 0x8914, struct.pack("16sh22x", b"lo", 0x41))

def setting(name, value):
    with open("/proc/sys/net/ipv4/" + name, "w") as file:
        file.write(value)

try:
    setting("ip_local_port_range", "40000 40009")
except OSError as failure:
    print(json.dumps({"skip": "ip_local_port_range cannot be set: " + str(failure)}))
    sys.exit()

# The listeners are outside all ranges. Nothing is accepted: the kernel
# completes the connections, and a backlog holds those that are open at once.
DESTINATIONS = [("127.0.0.1", 5001), ("127.0.0.1", 5002), ("127.0.0.2", 5001)]
listeners = []
for address in DESTINATIONS:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(4096)
    listeners.append(listener)

def drain():
    for listener in listeners:
        listener.setblocking(False)
        while True:
            try:
                listener.accept()[0].close()
            except OSError:
                break

def reset(sockets):
    # SO_LINGER 0: a reset, no TIME_WAIT
    for sock in sockets:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    sockets.clear()
    drain()

def open_one(method, source, destination, port):
    sock = socket.socket(socket.AF_INET, UDP if method == "udp" else TCP)
    try:
        if method == "bind-no-port":
            sock.setsockopt(0, 24, 1)
        elif method == "connect-range":
            sock.setsockopt(0, 51, struct.pack("=I", port))
        elif method in ("bind0-reuse", "bind0-autobind-reuse", "bind-explicit"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if method == "bind-explicit":
            sock.bind((source, port))
        elif method not in ("connect", "connect-range"):
            sock.bind((source, 0))
        sock.connect(destination)
    except OSError as failure:
        sock.close()
        return None, errno.errorcode[failure.errno]
    return sock, sock.getsockname()[1]

def fill(method, sources, destinations, first, last, patience):
    # Ports in the order in which they came; a destination is full after as many
    # failures as patience says.
    kept, order, errors = [], [], set()
    for source in sources:
        for destination in destinations:
            failed, ports = 0, []
            if method == "bind-explicit":
                for port in range(first, last + 1):
                    sock, got = open_one(method, source, destination, port)
                    if sock is None:
                        errors.add(got)
                    else:
                        kept.append(sock)
                        ports.append(got)
            while method != "bind-explicit" and failed < patience:
                option = first | last << 16
                sock, got = open_one(method, source, destination, option)
                if sock is None:
                    errors.add(got)
                    failed += 1
                else:
                    kept.append(sock)
                    ports.append(got)
            order.append(ports)
    count = len(kept)
    reset(kept)
    return {"count": count, "order": order, "errors": sorted(errors)}

asked = json.loads(sys.stdin.read())
found = {"release": os.uname().release, "capacity": [], "fills": {}}
for first, last in asked["ranges"]:
    setting("ip_local_port_range", f"{first} {last}")
    for method in asked["methods"]:
        for destinations in (1, 2, 3):
            for sources in (1, 2):
                if method == "connect" and sources == 2:
                    continue
                result = fill(
                    method,
                    ["127.0.0.1", "127.0.0.3"][:sources],
                    DESTINATIONS[:destinations],
                    first,
                    last,
                    1,
                )
                found["capacity"].append(
                    [method, first, last, destinations, sources, result["count"], result["errors"]]
                )

setting("ip_autobind_reuse", "1")
for first, last in asked["ranges"]:
    setting("ip_local_port_range", f"{first} {last}")
    for destinations in (1, 2, 3):
        result = fill(
            "bind0-autobind-reuse", ["127.0.0.1"], DESTINATIONS[:destinations], first, last, 60
        )
        found["capacity"].append(
            ["bind0-autobind-reuse", first, last, destinations, 1, result["count"],
             result["errors"]]
        )
setting("ip_autobind_reuse", "0")

setting("ip_local_port_range", "40000 40019")
for first, last in ((40005, 40008), (40001, 40001), (40003, 40009)):
    for destinations in (1, 2):
        result = fill(
            "connect-range", ["127.0.0.1"], DESTINATIONS[:destinations], first, last, 1
        )
        found["capacity"].append(
            ["connect-range", first, last, destinations, 1, result["count"], result["errors"]]
        )

for method, first, last, times in asked["fills"]:
    setting("ip_local_port_range", f"{first} {last}")
    found["fills"][f"{method} {first}-{last}"] = [
        fill(method, ["127.0.0.1"], DESTINATIONS[:1], first, last, 1)["order"][0]
        for _ in range(times)
    ]

setting("ip_local_port_range", "32768 60999")
kept, lap = [], []
for _ in range(600):
    sock, got = open_one("connect", None, DESTINATIONS[0], 0)
    kept.append(sock)
    lap.append(got)
found["lap"] = lap
reset(kept)

setting("ip_local_port_range", "40000 40009")
setting("ip_local_reserved_ports", "40002,40005-40006")
found["reserved"] = {
    method: fill(method, ["127.0.0.1"], DESTINATIONS[:1], 40000, 40009, 1)["order"][0]
    for method in ("connect", "bind0", "udp")
}

# These ports have no listener; a connection is a socket connected to itself.
def itself():
    hits = {}
    for port in (40000, 40001, 40004, 40008):
        hits[port] = 0
        for _ in range(600):
            sock, got = open_one("connect", None, ("127.0.0.1", port), 0)
            if sock is not None:
                hits[port] += 1
                reset([sock])
    return hits

found["itself, reserved"] = itself()
setting("ip_local_reserved_ports", "\n")
found["itself"] = itself()
print(json.dumps(found))
"""

FILLS = [
    ("connect", 40000, 40019, 40),
    ("connect", 40001, 40020, 20),
    ("bind0", 40000, 40019, 40),
    ("bind0-reuse", 40000, 40019, 40),
    ("bind0-reuse", 40000, 40020, 40),
    ("udp", 40000, 40019, 40),
    ("connect", 40000, 40004, 400),
    ("bind0", 40000, 40004, 400),
    ("connect", 40000, 40002, 20),
    ("bind0", 40000, 40002, 20),
    ("bind0-reuse", 40000, 40004, 40),
    ("connect", 40000, 40000, 5),
    ("bind0", 40000, 40000, 5),
]


@functools.cache
def run() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", _CHILD],
        input=json.dumps({"ranges": RANGES, "methods": LOCAL, "fills": FILLS}),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture
def found() -> dict[str, Any]:
    answer = run()
    if "skip" in answer:
        pytest.skip(f"NOT RUN AGAINST THE KERNEL: {answer['skip']}")
    return answer


def test_the_kernel_has_the_capacity_of_every_method(found: dict[str, Any]) -> None:
    wrong: list[str] = []
    cases: set[str] = set()
    for method, first, last, destinations, sources, count, _ in found["capacity"]:
        profile = LINUX.replace(ports=PortRange(first, last))
        expected = capacity.concurrent(
            profile, destinations=destinations, sources=sources, method=method
        )
        right = count in expected
        cases.add(method)
        if not right:
            wrong.append(
                f"{method} {first}-{last}, {destinations} destinations, {sources} sources: "
                f"expected {expected}, the kernel had {count}"
            )
    assert not wrong, "\n".join(wrong)
    assert cases == {method.name for method in capacity.methods("linux")}


def test_the_errors_of_an_exhausted_range_are_those_of_the_profile(found: dict[str, Any]) -> None:
    known = dict(LINUX.exhaustion)
    for method, *_, errors in found["capacity"]:
        # bind-explicit never fails, and autobind-reuse fails at random.
        if method in {"connect", "bind-no-port", "connect-range"}:
            assert errors == [known["TCP connect()"]]
        elif method in {"bind0", "bind0-reuse"}:
            assert errors == [known["TCP bind(0)"]]
        elif method == "udp":
            assert errors == [known["UDP bind(0)"]]


ALGORITHMS: dict[str, types.AlgorithmName] = {
    "connect": "linux-connect",
    "bind0": "linux-bind",
    "bind0-reuse": "linux-bind-reuse",
    "udp": "linux-udp",
}


def fill(algorithm: types.AlgorithmName, first: int, last: int, seed: int) -> list[int]:
    """Allocate until no port is found, as the child does."""
    ports = Allocator(PortRange(first, last), algorithm, rng=random.Random(seed))
    order: list[int] = []
    while True:
        try:
            order.append(ports.allocate("a destination"))
        except PortsExhaustedError:
            return order


def groups(order: list[int], first: int, last: int) -> list[str]:
    """The parts of the range in the order in which they were filled."""
    span = last - first + 1
    half = first + (span >> 2 << 1)
    named = [
        f"{'lower' if port < half else 'upper'} {'first' if (port - first) % 2 == 0 else 'other'}"
        for port in order
    ]
    return [name for name, before in zip(named, [None, *named], strict=False) if name != before]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "first", "last", "times"), FILLS)
def test_the_fill_order_and_the_ports_that_are_reached(
    found: dict[str, Any], method: str, first: int, last: int, times: int
) -> None:
    kernel = found["fills"][f"{method} {first}-{last}"]
    # Many more choices by the library, so that they include all outcomes.
    ours = [fill(ALGORITHMS[method], first, last, seed) for seed in range(max(1000, times))]
    assert {len(order) for order in kernel} <= {len(order) for order in ours}
    if last - first + 1 <= 5 and times >= 20:
        # For few outcomes and many attempts: the same outcomes, and not only no new one.
        assert {len(order) for order in kernel} == {len(order) for order in ours}
        assert {frozenset(order) for order in kernel} == {frozenset(order) for order in ours}
    parity = [[(port - first) % 2 for port in order] for order in kernel]
    if method in {"connect", "bind0"} and len(range(first, last)) % 2:
        # In a range of odd size, a port that was skipped may still come last.
        backwards = method == "bind0"
        assert all(bits == sorted(bits, reverse=backwards) for bits in parity)
    elif method in {"connect", "bind0"}:
        ours_by_parity = {tuple((port - first) % 2 for port in order) for order in ours}
        assert set(map(tuple, parity)) <= ours_by_parity
    elif method == "bind0-reuse":
        expected = {tuple(groups(order, first, last)) for order in ours}
        assert {tuple(groups(order, first, last)) for order in kernel} <= expected
        assert len(expected) == 1
    elif method == "udp":
        assert {bits[0] for bits in parity} == {0, 1}


@pytest.mark.slow
def test_an_odd_range_loses_a_port_as_often_as_the_scan_says(found: dict[str, Any]) -> None:
    # 40000-40004: the loss depends on where the last scan of the first parity
    # began; the frequencies agree within five standard deviations.
    for method in ("connect", "bind0"):
        kernel = found["fills"][f"{method} 40000-40004"]
        ours = [fill(ALGORITHMS[method], 40000, 40004, seed) for seed in range(4000)]
        share = sum(len(order) == 4 for order in ours) / len(ours)
        lost = sum(len(order) == 4 for order in kernel)
        spread = (len(kernel) * share * (1 - share)) ** 0.5
        assert abs(lost - len(kernel) * share) < 5 * spread, (method, lost, share)


def test_connections_to_one_destination_go_on_by_2_to_16(found: dict[str, Any]) -> None:
    lap = found["lap"]
    # All namespaces share the table of where the last scan ended, so that another
    # program's connection may make one step longer.
    steps = Counter((after - before) % 28232 for before, after in pairwise(lap))
    expected = {2, 4, 6, 8, 10, 12, 14, 16}
    assert {step for step, _ in steps.most_common(8)} == expected
    assert sum(times for step, times in steps.items() if step not in expected) <= 6
    assert {port % 2 for port in lap} == {0}
    ours = Allocator(LINUX.ports, "linux-connect", rng=random.Random(6))
    picked = [ours.allocate("a destination") for _ in range(600)]
    assert {(after - before) % 28232 for before, after in pairwise(picked)} == expected


@pytest.mark.parametrize("method", ["connect", "bind0", "udp"])
def test_reserved_ports_are_skipped(found: dict[str, Any], method: str) -> None:
    kernel = found["reserved"][method]
    assert sorted(kernel) == [40000, 40001, 40003, 40004, 40007, 40008, 40009]
    ours = Allocator(PortRange(40000, 40009), ALGORITHMS[method], excluded=RESERVED)
    assert sorted(ours.allocate() for _ in range(7)) == sorted(kernel)


@pytest.mark.parametrize(("case", "excluded"), [("itself", []), ("itself, reserved", RESERVED)])
def test_a_connection_to_itself_is_as_likely_as_computed(
    found: dict[str, Any], case: str, excluded: list[int]
) -> None:
    profile = LINUX.replace(ports=PortRange(40000, 40009), excluded=excluded)
    for text, hits in found[case].items():
        chance = capacity.self_connect_probability(profile, int(text))
        # 120 or 240 of 600, and 0 for the other parity. Attempts in a row are
        # nearly independent in so small a range: five standard deviations.
        assert abs(hits - 600 * chance) <= 5 * (600 * chance * (1 - chance)) ** 0.5, (text, hits)


_RRESVPORT = r"""
import ctypes, json, os

libc = ctypes.CDLL(None, use_errno=True)
if libc.unshare(0x40000000) and libc.unshare(0x50000000):
    print(json.dumps({"skip": "no network namespace: " + os.strerror(ctypes.get_errno())}))
elif not hasattr(libc, "rresvport"):
    print(json.dumps({"skip": "this libc has no rresvport()"}))
else:
    port, ports = ctypes.c_int(1023), []
    while libc.rresvport(ctypes.byref(port)) >= 0:
        ports.append(port.value)
    print(json.dumps({"ports": ports}))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="NOT RUN: needs glibc")
def test_rresvport_of_glibc_tries_the_ports_of_its_row() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _RRESVPORT], capture_output=True, text=True, check=True
    )
    answer = json.loads(done.stdout)
    if "skip" in answer:
        pytest.skip(f"NOT RUN: {answer['skip']}")
    (row,) = [use for use in uses.rows() if use.name == "rresvport() of glibc"]
    assert answer["ports"] == [*reversed(range(row.ports.first, row.ports.last + 1))]
