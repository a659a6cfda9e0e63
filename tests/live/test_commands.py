"""The commands on a port's page, run on a machine that has them.

A listener is opened on the port in a private network namespace, so that nothing outside is visible
or affected, and the command on the page must find it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap

import pytest

from portranges import explain

PORT = 60454

# Runs in a child process: a namespace, the loopback device up, a listener and a UDP socket on the
# port, then the command in the argument.
CHILD = textwrap.dedent(
    """
    import ctypes, fcntl, socket, struct, subprocess, sys
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000):  # CLONE_NEWNET
        sys.exit(77)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        up = struct.pack("16sh14x", b"lo", 0x41)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(control, 0x8914, up)  # SIOCSIFFLAGS
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", int(sys.argv[1])))
    done = subprocess.run(["sh", "-c", sys.argv[2]], capture_output=True, text=True, timeout=30)
    print(done.stdout, end="")
    sys.exit(done.returncode)
    """
)

LINUX = [command.command for command in explain(PORT).commands if command.system == "Linux"]


@pytest.mark.skipif(sys.platform != "linux", reason="the Linux commands need Linux")
@pytest.mark.parametrize("command", LINUX)
def test_the_command_finds_the_listener(command):
    tool = command.split()[0]
    if shutil.which(tool) is None:
        pytest.skip(f"NOT CHECKED: {tool} is not installed")
    if os.geteuid() != 0:
        pytest.skip("NOT CHECKED: a network namespace of its own takes root")
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(PORT), command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("NOT CHECKED: no network namespace may be made here")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line for line in lines if "LISTEN" in line and f":{PORT}" in line]
    assert [line for line in lines if "udp" in line.lower() and f":{PORT}" in line]
    assert all("python" in line for line in lines if f":{PORT}" in line)


def test_every_command_that_can_filter_has_the_number_in_it():
    for command in explain(PORT).commands:
        # netsh has no filter: it prints the ranges, and the reader looks for the port.
        assert str(PORT) in command.command or "excludedportrange" in command.command
        assert "{" not in command.command
