"""The row of Linux against the running kernel, in a network namespace of its own.

The namespace is made by a child process and ends with it: nothing of this
machine is changed. Where the kernel or the user's rights do not allow one,
the tests are skipped, with the reason.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from typing import Any

import pytest

from portranges import PortSet, ephemeral

LINUX = ephemeral.profile("linux")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="requires the Linux kernel")

# Runs alone, without the library: it knows nothing of what is expected.
_CHILD = r"""
import ctypes, errno, fcntl, json, os, socket, struct, sys

libc = ctypes.CDLL(None, use_errno=True)
# CLONE_NEWNET; without root, inside a new user namespace (CLONE_NEWUSER).
if libc.unshare(0x40000000) and libc.unshare(0x50000000):
    print(json.dumps({"skip": "no network namespace: " + os.strerror(ctypes.get_errno())}))
    sys.exit()

def setting(name):
    with open("/proc/sys/net/ipv4/" + name) as file:
        return file.read()

found = {
    name: setting(name)
    for name in ("ip_local_port_range", "ip_local_reserved_ports", "ip_unprivileged_port_start")
}

TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
kept = []

def new(kind):
    kept.append(socket.socket(socket.AF_INET, kind))
    return kept[-1]

def free():
    while kept:
        kept.pop().close()

def connected(kind, port):
    sock = new(kind)
    sock.connect(("127.0.0.1", port))
    return sock.getsockname()[1]

def bound(kind):
    sock = new(kind)
    sock.bind(("127.0.0.1", 0))
    return sock.getsockname()[1]

def error(call):
    try:
        call()
    except OSError as failure:
        return errno.errorcode[failure.errno]
    return "no error"

# The loopback device up (SIOCSIFFLAGS, IFF_UP | IFF_RUNNING).
fcntl.ioctl(new(UDP), 0x8914, struct.pack("16sh22x", b"lo", 0x41))
listeners = [socket.create_server(("127.0.0.1", port), backlog=512) for port in (5001, 5002)]

found["connect"] = [connected(TCP, 5001) for _ in range(200)]
free()
found["bind"] = [bound(TCP) for _ in range(200)]
free()
found["udp"] = [bound(UDP) for _ in range(200)]
free()

# Outside the default range, where no TIME_WAIT is left from above.
try:
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as file:
        file.write("61000 61003")
except OSError as failure:
    found["unset"] = "ip_local_port_range cannot be set: " + str(failure)
else:
    first = sorted(connected(TCP, 5001) for _ in range(4))
    found["TCP connect()"] = error(lambda: connected(TCP, 5001))
    second = sorted(connected(TCP, 5002) for _ in range(4))
    found["by destination"] = [first, second]
    found["TCP bind(0)"] = error(lambda: bound(TCP))
    found["TCP listen() without bind()"] = error(lambda: new(TCP).listen())
    found["udp by destination"] = [sorted(connected(UDP, 5001) for _ in range(4))]
    found["UDP bind(0)"] = error(lambda: bound(UDP))
    found["UDP connect()"] = error(lambda: connected(UDP, 5002))
    found["UDP sendto()"] = error(lambda: new(UDP).sendto(b"", ("127.0.0.1", 5002)))
print(json.dumps(found))
"""


@functools.cache
def run() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", _CHILD],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture
def found() -> dict[str, Any]:
    answer = run()
    if "skip" in answer:
        pytest.skip(answer["skip"])
    return answer


@pytest.fixture
def exhausted(found: dict[str, Any]) -> dict[str, Any]:
    if "unset" in found:
        pytest.skip(found["unset"])
    return found


def test_a_fresh_namespace_has_the_default_range(found: dict[str, Any]) -> None:
    first, last = found["ip_local_port_range"].split("\t")
    assert str(LINUX.ports) == f"{first}-{last.removesuffix(chr(10))}"


def test_a_fresh_namespace_reserves_nothing(found: dict[str, Any]) -> None:
    assert found["ip_local_reserved_ports"] == "\n"
    assert not LINUX.skipped


def test_a_fresh_namespace_has_the_privileged_boundary(found: dict[str, Any]) -> None:
    assert int(found["ip_unprivileged_port_start"]) == LINUX.privileged_below


def test_every_allocated_port_is_in_the_range(found: dict[str, Any]) -> None:
    for way in ("connect", "bind", "udp"):
        assert PortSet(found[way]) <= LINUX.ports


def test_connect_prefers_the_parity_of_the_first_port_and_bind_the_other(
    found: dict[str, Any],
) -> None:
    parity = LINUX.ports.first % 2
    assert {port % 2 for port in found["connect"]} == {parity}
    assert {port % 2 for port in found["bind"]} == {1 - parity}
    assert {port % 2 for port in found["udp"]} == {0, 1}


def test_connect_shares_a_port_across_destinations(exhausted: dict[str, Any]) -> None:
    first, second = exhausted["by destination"]
    assert first == second == [61000, 61001, 61002, 61003]
    assert LINUX.shares_ports_across_destinations


def test_what_each_call_reports_when_no_port_is_left(exhausted: dict[str, Any]) -> None:
    errors = dict(LINUX.exhaustion)
    for call in ("TCP connect()", "TCP bind(0)", "TCP listen() without bind()", "UDP bind(0)"):
        assert exhausted[call] == errors.pop(call)
    ((call, code),) = errors.items()
    assert call == "UDP connect() or sendto() without bind()"
    assert exhausted["UDP connect()"] == exhausted["UDP sendto()"] == code
