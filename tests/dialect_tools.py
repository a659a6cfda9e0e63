"""What the live tests share to run the real tools.

A child process with a network namespace of its own, a packet to every port in
it, a capture with one, and the sets to try. Nothing is installed and nothing
leaves the namespace. If a tool, the right to make a namespace or the kernel's
part of a tool is missing, the test skips and reports what was not checked.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

from portranges import PortRange, PortSet
from portranges.dialects import Dialect

# In a process of its own: a namespace, the loopback up, the commands of the
# setup, one packet to every port for each transport, then the commands whose
# output is wanted. Everything is JSON.
CHILD = textwrap.dedent(
    """
    import ctypes, fcntl, json, os, socket, struct, subprocess, sys, tempfile
    order = json.load(sys.stdin)
    # iptables-legacy has one lock for the whole machine, and does not wait for it.
    lock = tempfile.NamedTemporaryFile()
    os.environ["XTABLES_LOCKFILE"] = lock.name
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000):  # CLONE_NEWNET
        sys.exit(77)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        up = struct.pack("16sh14x", b"lo", 0x41)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(control, 0x8914, up)  # SIOCSIFFLAGS

    def run(command):
        argv, text = command
        done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=120)
        return [done.returncode, done.stdout, done.stderr]

    def checksum(data):
        total = sum(struct.unpack(f"!{len(data) // 2}H", data))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        return ~total & 0xFFFF

    def packets(transport):
        local = socket.inet_aton("127.0.0.1")
        for port in range(65536):
            if transport == "udp":
                yield struct.pack("!HHHH", 40000, port, 8, 0)
            else:
                head = struct.pack("!HHIIBBH", 40000, port, 1, 0, 0x50, 2, 1024)
                pseudo = local + local + struct.pack("!BBH", 0, 6, 20)
                sum_ = checksum(pseudo + head + b"\\0\\0\\0\\0")
                yield head + struct.pack("!HH", sum_, 0)

    setup = []
    for command in order["setup"]:
        setup.append(run(command))
        if setup[-1][0] and order["stop"]:
            print(json.dumps({"setup": setup, "read": []}))
            sys.exit(0)
    for transport in order["sweep"]:
        number = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP}[transport]
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, number) as raw:
            for packet in packets(transport):
                raw.sendto(packet, ("127.0.0.1", 0))
    print(json.dumps({"setup": setup, "read": [run(each) for each in order["read"]]}))
    """
)

Command = tuple[Sequence[str], str]


def needs(*tools: str) -> None:
    """Skip, loudly, unless every tool is installed and a namespace can be made."""
    if sys.platform != "linux":
        pytest.skip("NOT CHECKED: the tools need Linux")
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"NOT CHECKED: {', '.join(missing)} not installed")
    if os.geteuid() != 0:
        pytest.skip("NOT CHECKED: a network namespace of its own takes root")


def as_recorded(row: Dialect, *command: str) -> None:
    """Skip, loudly, unless the tool is of the version that answered the row's odd texts."""
    needs(command[0])
    recorded = re.search(r"[0-9]+(?:\.[0-9]+)*", row.evidence.version)
    assert recorded is not None
    said = said_by(*command)
    if not re.search(rf"(?<![0-9.]){re.escape(recorded[0])}(?![0-9])", said):
        pytest.skip(
            f"NOT CHECKED: the row is of {row.evidence.version}, here is {said.splitlines()[:1]}"
        )


@cache
def said_by(*command: str) -> str:
    """Return what a command writes, run once."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


def in_namespace(
    *,
    setup: Sequence[Command] = (),
    sweep: Sequence[str] = (),
    read: Sequence[Command] = (),
    stop: bool = True,
) -> tuple[list[Any], list[Any]]:
    """Return [code, output, error] of every command of *setup* and of *read*."""
    order = {"setup": list(setup), "sweep": list(sweep), "read": list(read), "stop": stop}
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("NOT CHECKED: no network namespace may be made here")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return answer["setup"], answer["read"]


def capture() -> bytes:
    """Return a capture, as tcpdump writes it, of a TCP packet to every port."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for port in range(65536):
        head = struct.pack("!HHIIBBHHH", 40000, port, 1, 0, 0x50, 2, 1024, 0, 0)
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
        frame = b"\0" * 12 + b"\x08\0" + ip + head
        parts.append(struct.pack("<IIII", 0, port, len(frame), len(frame)) + frame)
    return b"".join(parts)


def captured_ports(data: bytes) -> PortSet:
    """Return the destination ports of the TCP packets in a capture."""
    ports: list[int] = []
    at = 24
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        ports.append(struct.unpack_from("!H", data, at + 16 + 14 + 20 + 2)[0])
        at += 16 + size
    return PortSet(ports)


def odd_ports(count: int) -> PortSet:
    """Ports of five digits, no two of them adjacent: as many elements, and the longest text."""
    return PortSet(range(10001, 10001 + 2 * count, 2))


def random_sets(count: int, *, lowest: int = 0) -> list[PortSet]:
    """Return sets of every shape, the same on every run."""
    rng = random.Random(60454)
    sets: list[PortSet] = []
    for _ in range(count):
        ranges: list[PortRange] = []
        for _ in range(rng.choice((1, 3, 12, 40))):
            first = rng.randint(lowest, 65535)
            span = rng.choice((0, 0, 1, 2, 100, 9000))
            ranges.append(PortRange(first, min(65535, first + span)))
        sets.append(PortSet(ranges))
    return sets


def edge_sets(*, lowest: int = 0) -> list[PortSet]:
    """Return the sets where tools go wrong, those with ports below *lowest* left out."""
    texts = (
        "80",
        "0",
        "65535",
        "0-65535",
        "0,65535",
        "1-65534",
        "1-65535",
        "1024-65535",
        "0-1023",
        "80,443,8000-8100",
        "80-81,443-444",
        "10000-10100",
    )
    sets = [PortSet.parse(text) for text in texts]
    sets += [PortSet(range(101, 101 + 2 * count, 2)) for count in (15, 16)]
    sets += [
        PortSet(PortRange(first, first + 5) for first in range(1000, 1000 + 10 * count, 10))
        for count in (7, 8)
    ]
    sets += [~each for each in sets if each != PortSet.full()]
    return [each for each in sets if each and each.first >= lowest]
