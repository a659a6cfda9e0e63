"""Configuration files with lists of ports: the programs themselves accept them, or listen there."""

from __future__ import annotations

import ast
import os
import random
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dialect_tools import needs
from portranges import PortSet
from portranges.rulesets import ports_by_name

# In a namespace: haproxy, and the ports on which it listens, as the kernel lists them.
CHILD = textwrap.dedent(
    """
    import ctypes, fcntl, pathlib, socket, struct, subprocess, sys, time
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000):  # CLONE_NEWNET
        sys.exit(77)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        up = struct.pack("16sh14x", b"lo", 0x41)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(control, 0x8914, up)  # SIOCSIFFLAGS
    proxy = subprocess.Popen(["haproxy", "-db", "-f", sys.argv[1]])
    try:
        ports = set()
        for _ in range(100):
            time.sleep(0.05)
            for name in ("tcp", "tcp6", "udp", "udp6"):
                for line in pathlib.Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
                    fields = line.split()
                    # The last line of the file is a bind of its own, so all others are done.
                    if name[:3] == "udp" or fields[3] == "0A":
                        ports.add((name[:3], int(fields[1].rpartition(":")[2], 16)))
            if ("tcp", 65000) in ports or proxy.poll() is not None:
                break
        print(sorted(ports))
    finally:
        proxy.terminate()
        proxy.wait()
    """
)


def haproxy_cfg(draw: random.Random) -> str:
    lines = ["defaults", "  mode tcp", "  timeout client 9s"]
    used = iter(draw.sample(range(1024, 60000, 8), 40))
    for number in range(draw.randint(1, 4)):
        lines.append(f"{draw.choice(('frontend', 'listen'))} f{number} # port 1")
        for _ in range(draw.randint(1, 4)):
            addresses = []
            for _ in range(draw.randint(1, 3)):
                port = next(used)
                ports = draw.choice((f"{port}", f"{port}-{port + draw.randint(0, 6)}"))
                where = draw.choice(("", "*", "127.0.0.1", "ipv4@127.0.0.1", "[::1]", "ipv6@::1"))
                addresses.append(f"{where}:{ports}")
            text = ",".join(addresses)
            quote = draw.choice(("", '"', "'"))
            lines.append(f"  bind {quote}{text}{quote} name b")
    return "\n".join([*lines, "listen last", "  bind :65000", ""])


@pytest.mark.parametrize("seed", range(6))
def test_haproxy_listens_on_these_ports(tmp_path: Path, seed: int) -> None:
    needs("haproxy")
    text = haproxy_cfg(random.Random(seed))
    path = tmp_path / "haproxy.cfg"
    path.write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, path], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode == 77:
        pytest.skip("NOT CHECKED: no network namespace may be made here")
    assert done.returncode == 0, done.stderr
    listened = ast.literal_eval(done.stdout)
    found = PortSet().union(*(each.tcp for each in ports_by_name(text, "haproxy").values()))
    assert PortSet(port for transport, port in listened if transport == "tcp") == found
    assert 65000 in found


SOCKETS = [
    ("ListenStream=22", True),
    ("ListenStream=127.0.0.1:80", True),
    ("ListenStream=[::1]:80", True),
    ("ListenDatagram=53", True),
    ("SocketProtocol=sctp\nListenStream=36412", True),
    ("ListenStream=/run/portranges.sock", True),
    ("ListenStream=0", False),
    ("ListenStream=65536", False),
    ("ListenStream=80-90", False),
    ("ListenStream=http", False),
    ("ListenStream=::1:80", False),
]


@pytest.mark.parametrize(("lines", "is_accepted"), SOCKETS)
def test_systemd_accepts_what_is_read(tmp_path: Path, lines: str, is_accepted: bool) -> None:
    needs("systemd-analyze")
    text = f"[Socket]\n{lines}\n"
    unit = tmp_path / "portranges.socket"
    unit.write_text(text)
    unit.with_suffix(".service").write_text("[Service]\nExecStart=/bin/true\n")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    refused = "Failed to parse address value" in done.stderr
    assert refused is not is_accepted, done.stderr
    try:
        ports_by_name(text, "systemd-socket")
    except ValueError:
        assert refused
    else:
        assert not refused


def test_squid_accepts_the_acls_of_a_file(tmp_path: Path) -> None:
    needs("squid")
    path = tmp_path / "squid.conf"
    path.write_text(
        "acl SSL_ports port 443\nacl Safe_ports port 80 # http\nacl Safe_ports port 1025-65535 \\\n"
        "   443\nhttp_port 127.0.0.1:3128\nhttp_access deny !Safe_ports\n"
    )
    done = subprocess.run(
        ["squid", "-k", "parse", "-f", path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # It shows each line as it has read it, continued lines as one.
    read = "\n".join(re.findall(r"Processing: (acl .*)", done.stderr))
    found = ports_by_name(path.read_text(), "squid")
    assert found == ports_by_name(read, "squid")
    assert str(found["Safe_ports"]) == "80/tcp,443/tcp,1025-65535/tcp"


ACTION = "[Definition]\nactionban = true\nactionunban = true\n[Init]\nport = 1\nprotocol = tcp\n"
DEFAULT = """\
[DEFAULT]
filter = x
enabled = true
backend = polling
logpath = /dev/null
web = http,8080
action = x[port="%(port)s", protocol="%(protocol)s"]
"""


def jails(draw: random.Random) -> str:
    lines = [DEFAULT, f"protocol = {draw.choice(('tcp', 'udp', 'tcp,udp'))}"]
    lines.append(f"port = {draw.choice(('0:65535', '22', '%(web)s'))}")
    for number in range(5):
        lines.append(f"[j{number}]")
        if draw.random() < 0.7:
            ports = [str(draw.randint(0, 65535)), "ssh", "%(web)s", "5060:5061"]
            text = ",".join(draw.sample(ports, draw.randint(1, 4)))
            lines.append(f"port {draw.choice((':', '=', '  ='))} {text}")
        if draw.random() < 0.3:
            lines.append("protocol = udp")
    return "\n".join([*lines, ""])


@pytest.mark.parametrize("seed", range(4))
def test_fail2ban_reads_the_same_ports(tmp_path: Path, seed: int) -> None:
    tool = os.environ.get("FAIL2BAN_CLIENT") or "fail2ban-client"
    needs(tool)
    from portranges.registry import Registry

    services = Registry.from_services("ssh 22/tcp\nhttp 80/tcp\nssh 22/udp\nhttp 80/udp")
    text = jails(random.Random(seed))
    for folder in ("action.d", "filter.d", "jail.d"):
        (tmp_path / folder).mkdir()
    (tmp_path / "jail.conf").write_text(text)
    (tmp_path / "fail2ban.conf").write_text("[DEFAULT]\nloglevel = INFO\n")
    (tmp_path / "filter.d/x.conf").write_text("[Definition]\nfailregex = <HOST> failed\n")
    (tmp_path / "action.d/x.conf").write_text(ACTION)
    done = subprocess.run(
        [tool, "-c", tmp_path, "-d"], capture_output=True, text=True, timeout=60, check=False
    )
    dumped: dict[str, dict[str, str]] = {}
    for line in done.stdout.splitlines():
        if line.startswith("['multi-set'") and ", 'action', " in line:
            _, jail, _, _, options = ast.literal_eval(line)
            dumped[jail] = dict(each[:2] for each in options)
    found = ports_by_name(text, "fail2ban", services=services)
    assert list(dumped) == list(found), done.stderr
    for jail, options in dumped.items():
        one = f"[a]\nport = {options['port']}\nprotocol = {options['protocol']}\n"
        assert found[jail] == ports_by_name(one, "fail2ban", services=services)["a"]
