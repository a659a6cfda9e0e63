"""``probe.can_bind`` against the running kernel: in random situations, what it answers is what
``bind()`` does. Every situation has a network namespace of its own.
"""

from __future__ import annotations

import sys

import pytest

from children import run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")

# The world: sockets of two users with random options and states on two ports, some connections,
# some that have ended, and settings that decide about addresses and privileges.
GAME = r"""
import random
from portranges.reuse import Socket

PORTS = [700, 40000]
ADDRESSES = ["0.0.0.0", "127.0.0.1", "127.0.0.6", "127.1.2.3", "198.51.100.1", "198.51.100.255",
             "192.0.2.5", "::", "::1", "::ffff:127.0.0.1", "::ffff:198.51.100.1", "2001:db8::5",
             "224.0.0.1", "255.255.255.255"]
HOLDERS = [*ADDRESSES[:5], *ADDRESSES[7:11]]
NAMES = {number: name for number, name in errno.errorcode.items()}
USER = 4321

def setting(name, value):
    with open("/proc/sys/net/" + name, "w") as file:
        file.write(str(value))

def made(kind, address, options, v6only=None):
    family = V6 if ":" in address else V4
    sock = new(family, kind)
    for option in options:
        sock.setsockopt(socket.SOL_SOCKET, option, 1)
    if family == V6 and v6only is not None:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    return sock

OPTIONS = [[], [socket.SO_REUSEADDR], [socket.SO_REUSEPORT],
           [socket.SO_REUSEADDR, socket.SO_REUSEPORT]]

def as_user(uid, act):
    # The effective user, with which the kernel creates sockets and checks the privilege.
    if uid:
        os.seteuid(uid)
    try:
        return act()
    finally:
        os.seteuid(0)

def hold(rng, kind, port):
    address, options = rng.choice(HOLDERS), rng.choice(OPTIONS)
    sock = made(kind, address, options, rng.choice([None, 0, 1]))
    try:
        sock.bind((address, port))
    except OSError:
        return
    state = rng.choice(["bound", "connected", "listen", "listen", "accepted", "time-wait"])
    if state == "bound":
        return
    try:
        if kind == UDP:
            if state == "connected":
                sock.connect(("::1" if ":" in address else "127.0.0.1", 9))
            return
        if state == "connected":
            # A client with a port that bind() named.
            sock.connect(("::1", 50001) if ":" in address and "ffff" not in address
                         else ("::ffff:127.0.0.1", 50001) if ":" in address
                         else ("127.0.0.1", 50001))
            return
        sock.listen()
        if state == "listen":
            return
        peer = {"0.0.0.0": "127.0.0.1", "::": "::1", "::ffff:127.0.0.1": "127.0.0.1",
                "::ffff:198.51.100.1": "198.51.100.1"}.get(address, address)
        client = new(V6 if ":" in peer else V4, TCP)
        client.connect((peer, port))
        accepted, _ = sock.accept()
        kept.append(accepted)
        if state == "time-wait":
            accepted.close()
            client.close()
            if rng.random() < 0.7:
                sock.close()
        elif rng.random() < 0.5:
            sock.close()
    except OSError:
        pass

def client_on(rng, port):
    # connect() chose the port.
    setting("ipv4/ip_local_port_range", f"{port} {port}")
    try:
        sock = new(*rng.choice([(V4, TCP), (V6, TCP)]))
        sock.connect(("127.0.0.1" if sock.family == V4 else "::1", 50001))
    except OSError:
        pass
    setting("ipv4/ip_local_port_range", "32768 60999")

def actual(uid, kind, address, port, options, v6only):
    def attempt():
        with contextlib.closing(made(kind, address, options, v6only)) as sock:
            try:
                sock.bind((address, port))
            except OSError as error:
                return NAMES[error.errno]
        return None
    return as_user(uid, attempt)

def ask(uid, kind, address, port, options, v6only):
    return as_user(uid, lambda: probe.can_bind(Socket(
        transport="tcp" if kind == TCP else "udp", address=address, port=port, v6only=v6only,
        reuse_address=socket.SO_REUSEADDR in options, reuse_port=socket.SO_REUSEPORT in options)))

def work():
    if not PRIVATE or os.geteuid():
        return None
    rng = random.Random(ARGUMENTS[0])
    # What is imported late must be imported before the user changes.
    b"".decode("utf-8-sig")
    ask(0, TCP, "::1", 1, [], None)
    import subprocess
    for words in ("addr add 198.51.100.1/24 brd + dev lo", "addr add 2001:db8::5/64 dev lo"):
        subprocess.run(["ip", *words.split()], check=True)
    setting("ipv4/tcp_fin_timeout", 30)
    servers = [listener(address="127.0.0.1", port=50001),
               listener(V6, "::1", 50001), ]
    wrong, counts = [], {"allowed": 0, "refused": 0, "unknown": 0, "needless": 0, "rules": {}}
    base = len(kept)
    for game in range(int(ARGUMENTS[1])):
        setting("ipv4/ip_unprivileged_port_start", rng.choice([0, 700, 701, 1024]))
        setting("ipv4/ip_nonlocal_bind", int(rng.random() < 0.1))
        setting("ipv6/ip_nonlocal_bind", int(rng.random() < 0.1))
        setting("ipv6/bindv6only", int(rng.random() < 0.2))
        for port in PORTS:
            for _ in range(rng.choice([0, 1, 1, 2, 3])):
                kind, owner = rng.choice([TCP, TCP, UDP]), rng.choice([0, 0, USER])
                as_user(owner, lambda: hold(rng, kind, port))
        if rng.random() < 0.3:
            client_on(rng, 40000)
        for _ in range(12):
            question = (rng.choice([0, USER]), rng.choice([TCP, UDP]), rng.choice(ADDRESSES),
                        rng.choice(PORTS), rng.choice(OPTIONS))
            v6only = rng.choice([None, 0, 1]) if ":" in question[2] else None
            answer = ask(*question, None if v6only is None else bool(v6only))
            error = actual(*question, v6only)
            counts[answer.verdict] += 1
            rule = answer.decision.rule.id
            counts["rules"][rule] = counts["rules"].get(rule, 0) + 1
            expected = {"allowed": [None], "refused": [answer.decision.error],
                        "unknown": [None, answer.decision.error]}[answer.verdict]
            if error not in expected:
                wrong.append([game, repr(question), v6only, str(answer.verdict), rule, error,
                              [repr(each.record) + str(each.verdict) for each in answer.holders]])
            # Without an option of its own, only IPV6_V6ONLY of a connection can matter.
            if answer.verdict == "unknown" and not question[4]:
                hidden = {name for each in answer.holders for name in each.options}
                counts["needless"] += hidden != {"IPV6_V6ONLY"}
        while len(kept) > base:
            kept.pop().close()
    return {"wrong": wrong, **counts}
"""


OWNER = r"""
from portranges.reuse import Socket

def answers():
    with contextlib.closing(socket.socket()) as sock:
        try:
            sock.bind(("127.0.0.1", 80))
        except OSError as error:
            actual = errno.errorcode[error.errno]
        else:
            actual = None
    found = probe.can_bind(Socket(transport="tcp", address="127.0.0.1", port=80))
    return [found.decision.error, actual]

def work():
    if not PRIVATE or os.geteuid():
        return None
    found = [answers()]
    if libc.unshare(0x10000000):  # CLONE_NEWUSER
        return None
    # All capabilities, but not in the namespace that owns the network.
    found.append(answers())
    if libc.unshare(0x40000000):  # CLONE_NEWNET
        return None
    with socket.socket(V4, UDP) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sh22x", b"lo", 0x41))
    return [*found, answers()]
"""


def test_a_privilege_counts_in_the_user_namespace_that_owns_the_network() -> None:
    found = run(OWNER)
    if found is None:
        pytest.skip("needs root, a network namespace and a user namespace")
    assert found == [[None, None], ["EACCES", "EACCES"], [None, None]]


@pytest.mark.parametrize(("seed", "games"), [(0, 30), pytest.param(1, 150, marks=pytest.mark.slow)])
def test_what_is_answered_is_what_bind_does(seed: int, games: int) -> None:
    found = run(GAME, str(seed), str(games), timeout=300)
    if found is None:
        pytest.skip("needs root and a network namespace")
    assert found["wrong"] == []
    assert found["needless"] == 0
    # Every verdict occurs often, and so does every rule of bind() that needs no special socket.
    assert min(found["allowed"], found["refused"], found["unknown"]) > 30
    assert {"linux-no-sharing", "linux-uid", "linux-not-local", "linux-privileged"} <= {
        *found["rules"]
    }
