"""squid: rendered acls are parsed, and asked about every port by a request for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap

import pytest

import dialect_manuals
from dialect_tools import as_recorded, edge_sets, needs, random_sets
from portranges import PortSet, dialects

pytestmark = pytest.mark.slow

SQUID = dialects.lookup("squid")
SETS = edge_sets() + random_sets(4)

# In a namespace: squid, and a request for every port; none is passed on. The
# answer's code shows whether the acl has the port. HEAD gets no body.
CHILD = textwrap.dedent(
    """
    import ctypes, fcntl, socket, struct, subprocess, sys, time
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000):  # CLONE_NEWNET
        sys.exit(77)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        up = struct.pack("16sh14x", b"lo", 0x41)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(control, 0x8914, up)  # SIOCSIFFLAGS
    proxy = subprocess.Popen(["squid", "-N", "-f", sys.argv[1]])
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", 3128)).close()
                break
            except OSError:
                time.sleep(0.05)
        def connected():
            sock = socket.create_connection(("127.0.0.1", 3128), timeout=20)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock

        asked = connected()
        for port in range(65536):
            asked.sendall(b"HEAD http://127.0.0.1:%d/ HTTP/1.1\\r\\n\\r\\n" % port)
            answer = b""
            while not answer.endswith(b"\\r\\n\\r\\n"):
                answer += asked.recv(4096)
            print(port, answer.split(b" ", 2)[1].decode())
            if b"\\r\\nConnection: close\\r\\n" in answer:
                asked.close()
                asked = connected()
    finally:
        proxy.terminate()
        proxy.wait(30)
    """
)


def configuration(acls: list[str], directory) -> str:
    lines = [f"acl x{number} port {text}" for number, text in enumerate(acls)]
    lines += ["http_port 127.0.0.1:3128", "pid_filename none", "access_log none"]
    lines += [f"cache_log {directory}/cache.log", "cache_store_log none", "cache deny all"]
    lines += ["shutdown_lifetime 0 seconds", "client_persistent_connections on"]
    lines += [f"coredump_dir {directory}", "netdb_filename none", "pinger_enable off"]
    lines += ["deny_info 410:ERR_ACCESS_DENIED x0", "http_access deny x0", "http_access deny all"]
    return "\n".join(lines) + "\n"


def accepted(directory, acls: list[str]) -> bool:
    """Whether squid's parser takes the acls."""
    path = directory / "squid.conf"
    path.write_text(configuration(acls, directory))
    done = subprocess.run(
        ["squid", "-k", "parse", "-f", path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    bad = ("ERROR:", "FATAL:", "Bungled")
    return done.returncode == 0 and not any(word in done.stderr for word in bad)


def test_every_rendered_acl_is_accepted(tmp_path):
    needs("squid")
    assert accepted(tmp_path, [dialects.render(ports, "squid") for ports in SETS])


@pytest.mark.parametrize("odd", SQUID.misread_texts, ids=lambda odd: odd.text)
def test_squid_refuses_what_the_row_says(tmp_path, odd):
    as_recorded(SQUID, "squid", "--version")
    needs("squid")
    assert accepted(tmp_path, [odd.text]) is (odd.means is not None)


def test_the_acl_has_exactly_the_ports(tmp_path):
    needs("squid")
    ports = PortSet.parse("1,22,80-90,443,8000-8100,60000-65535")
    shutil.chown(tmp_path, "proxy")
    path = tmp_path / "squid.conf"
    path.write_text(configuration([dialects.render(ports, "squid")], tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, path],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("NOT CHECKED: no network namespace may be made here")
    assert done.returncode == 0, done.stderr[-500:]
    rows = [line.split() for line in done.stdout.splitlines() if line[:1].isdigit()]
    assert len(rows) == 65536
    assert PortSet(int(port) for port, code in rows if code == "410") == ports


@pytest.mark.parametrize("text", dialect_manuals.refused("squid"))
def test_squid_accepts_what_is_refused_on_purpose(tmp_path, text):
    needs("squid")
    assert accepted(tmp_path, [text])
