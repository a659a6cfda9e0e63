"""``portranges.system`` compared with the running kernel, in namespaces of its own.

Each namespace is created by a child process and ends with it, so that nothing on this machine is
changed. If the kernel or the user's rights do not allow one, the tests are skipped with the reason.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import portranges
from portranges import PortRange, PortSet, system

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

SOURCE = str(Path(portranges.__file__).parents[1])

# Each child starts with a network namespace, the loopback device up, and functions that change a
# setting and bind the ports that the kernel allocates.
PRELUDE = r"""
import ctypes, errno, fcntl, json, os, socket, struct, sys, threading
sys.path.insert(0, sys.argv[1])

libc = ctypes.CDLL(None, use_errno=True)

def skip(why):
    print(json.dumps({"skip": why}))
    sys.exit()

def unshare(flags):
    if libc.unshare(flags):
        skip("NOT CHECKED: no namespace may be made here: " + os.strerror(ctypes.get_errno()))

def write(name, text):
    # A list of ports that is longer than a page needs several writes; those after the first add
    # to it.
    descriptor = os.open("/proc/sys/net/ipv4/" + name, os.O_WRONLY)
    data = text.encode()
    while data:
        data = data[os.write(descriptor, data):]
    os.close(descriptor)

unshare(0x40000000)  # CLONE_NEWNET
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
    # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING
    fcntl.ioctl(control, 0x8914, struct.pack("16sh22x", b"lo", 0x41))

TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM

def until_there_is_none(kind, family, connect):
    host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    kept, ports = [], []
    try:
        while len(ports) < 2000:
            sock = socket.socket(family, kind)
            kept.append(sock)
            sock.connect((host, 5001)) if connect else sock.bind((host, 0))
            ports.append(sock.getsockname()[1])
        ended = "not exhausted"
    except OSError as error:
        ended = errno.errorcode[error.errno]
    for sock in kept:
        # Reset rather than left in TIME_WAIT, which would hold the port.
        if kind == TCP and connect:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    return [sorted(ports), ended]

from portranges import system
from portranges.errors import SystemReadError

def settings():
    data = system.read_settings().to_dict()
    data.pop("origins")
    return data

def error(call):
    try:
        return "no error: " + repr(call())
    except SystemReadError as failure:
        return type(failure).__name__ + ": " + str(failure)
"""


@functools.cache
def child(code: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", PRELUDE + code, SOURCE],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    if "skip" in answer:
        pytest.skip(answer["skip"])
    return answer


ALLOCATED = r"""
listeners = [
    socket.create_server(("127.0.0.1", 5001), backlog=2000),
    socket.create_server(("::1", 5001), family=socket.AF_INET6, backlog=2000),
]
found = []
for first, last, reserved, start in CASES:
    write("ip_unprivileged_port_start", "0")
    write("ip_local_port_range", f"{first} {last}")
    write("ip_local_reserved_ports", reserved or "\n")
    write("ip_unprivileged_port_start", start)
    case = {"settings": settings(), "effective": list(system.read_ephemeral().ports)}
    for kind in (TCP, UDP):
        for family in (socket.AF_INET, socket.AF_INET6):
            for connect in (False, True):
                name = f"{kind.name} {family.name} {'connect' if connect else 'bind'}"
                case[name] = until_there_is_none(kind, family, connect)
    found.append(case)
print(json.dumps({"found": found}))
"""

CASES = [
    (40000, 40019, "", "1024"),
    (40000, 40019, "40000-40003,40007", "80"),
    (40001, 40020, "1-39999,40002,40004,40020,40021-65535", "40001"),
    (512, 541, "512,541", "0"),
    (65500, 65535, "65535", "1024"),
    (40000, 40000, "", "1024"),
    (40000, 40005, "40001", "1024"),
]


@pytest.mark.parametrize("number", range(len(CASES)))
class TestAllocatedPorts:
    def found(self, number: int) -> dict[str, Any]:
        answer: list[dict[str, Any]] = child(f"CASES = {CASES!r}\n" + ALLOCATED)["found"]
        return answer[number]

    def test_the_settings_are_those_of_the_kernel(self, number: int) -> None:
        first, last, reserved, start = CASES[number]
        settings = self.found(number)["settings"]
        assert settings["configured"] == str(PortRange(first, last))
        assert PortSet.parse(settings["reserved"]) == PortSet.parse(reserved)
        assert settings["excluded"] == ""
        assert settings["unprivileged_start"] == int(start)
        assert settings["effective"] == str(
            PortSet([PortRange(first, last)]) - PortSet.parse(reserved)
        )

    def test_the_kernel_allocates_exactly_the_effective_ports(self, number: int) -> None:
        found = self.found(number)
        effective = set(found["effective"])
        ways = [name for name in found if name.startswith("SOCK_")]
        assert len(ways) == 8
        for way in ways:
            ports, ended = found[way]
            assert ended != "not exhausted"
            assert set(ports) <= effective, way
            # One scan of a range with an odd number of ports may miss one.
            first, last, _, _ = CASES[number]
            missed = 1 if "STREAM" in way and (last - first) % 2 == 0 and last > first else 0
            assert len(effective) - missed <= len(set(ports)), (way, ports)


class TestNamespace:
    def test_a_fresh_namespace_has_the_defaults(self) -> None:
        found = child("print(json.dumps(settings()))")
        assert found == {
            "system": found["system"],
            "transport": "tcp",
            "family": "inet",
            "effective": "32768-60999",
            "count": 28232,
            "configured": "32768-60999",
            "reserved": "",
            "excluded": "",
            "unprivileged_start": 1024,
            "time_wait": 60.0,
            "time_wait_reuse": "loopback",
            "time_wait_reuse_after": found["time_wait_reuse_after"],
            "time_wait_limit": found["time_wait_limit"],
            "fin_wait_2": 60.0,
            "port_step_width": found["port_step_width"],
        }

    def test_the_settings_of_time_wait_and_fin_wait_2(self) -> None:
        found = child(
            'write("tcp_tw_reuse", "1"); write("tcp_fin_timeout", "7")\n'
            'write("tcp_max_tw_buckets", "1000")\n'
            "print(json.dumps(settings()))"
        )
        assert found["time_wait_reuse"] == "always"
        assert found["fin_wait_2"] == 7.0
        assert found["time_wait_limit"] == 1000

    def test_a_thread_reads_the_settings_of_its_own_namespace(self) -> None:
        # /proc/sys/net belongs to the task that opens it, not to the process.
        found = child(
            'write("ip_local_port_range", "40000 40019")\n'
            "seen = {}\n"
            "def other():\n"
            "    unshare(0x40000000)\n"
            '    seen["other"] = str(system.read_configured())\n'
            "thread = threading.Thread(target=other)\n"
            "thread.start(); thread.join()\n"
            'seen["own"] = str(system.read_configured())\n'
            "print(json.dumps(seen))"
        )
        assert found == {"other": "32768-60999", "own": "40000-40019"}

    def test_the_longest_list_of_reserved_ports(self) -> None:
        # open().read() gets the first 8 KiB, which end in the middle of a number.
        found = child(
            'write("ip_local_reserved_ports", ",".join(map(str, range(1, 65536, 2))))\n'
            'with open("/proc/sys/net/ipv4/ip_local_reserved_ports") as file:\n'
            "    naive = file.read()\n"
            "reserved = system.read_reserved()\n"
            'print(json.dumps({"count": len(reserved), "naive": len(naive),\n'
            '    "odd": list(reserved) == list(range(1, 65536, 2))}))'
        )
        assert found["odd"]
        assert found["count"] == 32768
        assert found["naive"] < 191_053

    def test_all_ports_reserved(self) -> None:
        found = child(
            'write("ip_local_reserved_ports", "0-65535")\n'
            'print(json.dumps({"ports": str(system.read_ephemeral().ports),\n'
            '    "bind": until_there_is_none(TCP, socket.AF_INET, False)}))'
        )
        assert found == {"ports": "", "bind": [[], "EADDRINUSE"]}


# A mount namespace in which nothing reaches the outside, and an empty file
# system over /proc.
WITHOUT_PROC = r"""
unshare(0x00020000)  # CLONE_NEWNS
if libc.mount(b"none", b"/", None, 0x44000, None):  # MS_REC | MS_PRIVATE
    skip("NOT CHECKED: mounts cannot be made private")
if libc.mount(b"tmpfs", b"/proc", b"tmpfs", 0, None):
    skip("NOT CHECKED: nothing may be mounted over /proc")
"""


class TestWithoutProc:
    def test_every_function_raises_an_error_with_the_file(self) -> None:
        found = child(
            WITHOUT_PROC + "print(json.dumps({name: error(getattr(system, name)) for name in\n"
            '    ("read_ephemeral", "read_configured", "read_reserved", "read_settings",\n'
            '     "read_unprivileged_start")}))'
        )
        ipv4 = "/proc/sys/net/ipv4/"
        end = ": no such file; is /proc mounted?"
        configured = (
            f"SystemReadError: cannot read the ephemeral range from {ipv4}ip_local_port_range{end}"
        )
        assert found == {
            "read_ephemeral": configured,
            "read_configured": configured,
            "read_settings": configured,
            "read_reserved": (
                "SystemReadError: cannot read the reserved ports "
                f"from {ipv4}ip_local_reserved_ports{end}"
            ),
            "read_unprivileged_start": (
                "SystemReadError: cannot read the first unprivileged port "
                f"from {ipv4}ip_unprivileged_port_start{end}"
            ),
        }

    def test_a_file_without_permission_is_an_error(self) -> None:
        # A file of the same name that only its owner may read.
        found = child(
            WITHOUT_PROC + 'os.makedirs("/proc/sys/net/ipv4")\n'
            'path = "/proc/sys/net/ipv4/ip_local_port_range"\n'
            "os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))\n"
            "os.setresuid(65534, 65534, 65534)\n"
            'print(json.dumps({"error": error(system.read_ephemeral)}))'
        )
        assert found["error"] == (
            "SystemReadError: cannot read the ephemeral range from "
            "/proc/sys/net/ipv4/ip_local_port_range: permission denied"
        )


def test_this_machine_answers_as_its_files_do() -> None:
    try:
        text = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii")
    except OSError as error:
        pytest.skip(f"NOT CHECKED: {error}")
    first, last = text.split()
    assert system.read_configured() == PortRange(int(first), int(last))
    assert system.read_ephemeral().ports <= PortSet([PortRange(int(first), int(last))])
