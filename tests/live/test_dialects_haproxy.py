"""haproxy: rendered acls are tested with every port, each given in a PROXY header."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

import dialect_manuals
from dialect_tools import as_recorded, edge_sets, needs, random_sets
from portranges import PortSet, dialects

pytestmark = pytest.mark.slow

HAPROXY = dialects.lookup("haproxy")
SETS = edge_sets(lowest=1) + random_sets(4, lowest=1)

# In a namespace, whose abstract sockets are its own: haproxy, and a request for
# every port. TCP would keep 65,536 connections in TIME_WAIT.
CHILD = textwrap.dedent(
    """
    import ctypes, socket, subprocess, sys, time
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000):  # CLONE_NEWNET
        sys.exit(77)
    # haproxy fills the name up with zeros.
    where = b"\\0portranges".ljust(108, b"\\0")
    proxy = subprocess.Popen(["haproxy", "-db", "-f", sys.argv[1]], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                socket.socket(socket.AF_UNIX).connect(where)
                break
            except OSError:
                time.sleep(0.05)
        for port in range(65536):
            with socket.socket(socket.AF_UNIX) as asked:
                asked.connect(where)
                head = f"PROXY TCP4 127.0.0.1 127.0.0.1 5555 {port}\\r\\n"
                asked.sendall(head.encode() + b"GET / HTTP/1.0\\r\\n\\r\\n")
                answer = b""
                while chunk := asked.recv(4096):
                    answer += chunk
            print(port, answer.rpartition(b"\\r\\n")[2].decode())
    finally:
        proxy.terminate()
        proxy.wait()
    """
)


def configuration(texts: list[str]) -> str:
    """A proxy that answers with a digit for each acl: 1 if it matches the port."""
    lines = ["defaults", "  mode http", "  timeout client 9s", "frontend f"]
    lines += ["  timeout http-keep-alive 9s", "  bind abns@portranges accept-proxy"]
    for number, text in enumerate(texts):
        lines.append(f"  acl x{number} dst_port {text}")
        lines.append(f"  http-request set-header x-{number} 0")
        lines.append(f"  http-request set-header x-{number} 1 if x{number}")
    digits = "".join(f"%[req.hdr(x-{number})]" for number in range(len(texts)))
    lines.append(f"  http-request return status 200 content-type text/plain lf-string {digits}")
    return "\n".join(lines) + "\n"


def accepted(path, texts: list[str]) -> bool:
    path.write_text(configuration(texts))
    done = subprocess.run(
        ["haproxy", "-c", "-f", path], capture_output=True, timeout=60, check=False
    )
    return done.returncode == 0


def matched(path, texts: list[str]) -> list[PortSet]:
    """The ports that each acl matches."""
    path.write_text(configuration(texts))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, path],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("NOT CHECKED: no network namespace may be made here")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert len(rows) == 65536
    return [
        PortSet(int(port) for port, digits in rows if digits[number] == "1")
        for number in range(len(texts))
    ]


def test_the_acls_match_exactly_what_they_should(tmp_path):
    """One sweep for all: rendered sets, odd texts, and what is read beside the written form."""
    as_recorded(HAPROXY, "haproxy", "-v")
    path = tmp_path / "haproxy.cfg"
    odd = [each for each in HAPROXY.misread_texts if each.means is not None]
    read = [":1024", "1024:", "80:80", "80-90", "ge 1024", "gt 1023", "le 80", "lt 80", "eq 80"]
    read += dialect_manuals.read("haproxy")
    texts = [dialects.render(ports, "haproxy") for ports in SETS]
    texts += [each.text for each in odd] + read
    expected = [*SETS, *(each.understood for each in odd)]
    expected += [dialects.parse(text, "haproxy") for text in read]
    assert dict(zip(texts, matched(path, texts), strict=True)) == dict(
        zip(texts, expected, strict=True)
    )


@pytest.mark.parametrize("odd", HAPROXY.misread_texts, ids=lambda odd: odd.text)
def test_haproxy_refuses_what_the_row_says(tmp_path, odd):
    as_recorded(HAPROXY, "haproxy", "-v")
    needs("haproxy")
    assert accepted(tmp_path / "haproxy.cfg", [odd.text]) is (odd.means is not None)


@pytest.mark.parametrize("text", dialect_manuals.refused("haproxy"))
def test_haproxy_accepts_what_is_refused_on_purpose(tmp_path, text):
    needs("haproxy")
    assert accepted(tmp_path / "haproxy.cfg", [text])
