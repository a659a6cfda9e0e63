"""Reading a large socket table of this machine: the probe compared with psutil.

The sockets are opened in a process of their own and, if the user may create one, in a network
namespace of their own. All methods must find the same sockets. psutil inspects every process in
the same call, which cannot be turned off; for the probe that is a separate row.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measure import FULL, Case, Effort, Question, Timing, compare
from tables import Goal, Table, nothing, ratio, span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from peers import Peers

__all__ = ["run"]

_MANY, _FEW = 20_000, 200
_SERVERS = 100
_HOLDERS = 4  # one process may not have so many descriptors
_ROUNDS = 15

_PSUTIL = "psutil.net_connections"
_TABLE = "netlink, the table"
_RECORDS = "netlink, with every record"

# What psutil calls the states that are found here.
_STATES = {"ESTABLISHED": "established", "LISTEN": "listen"}


def run(effort: Effort, peers: Peers, rng: random.Random) -> tuple[list[Table], list[Goal]]:
    """Time the methods to read one table of sockets."""
    if sys.platform != "linux":
        return [], []
    count = _MANY if effort.rounds >= _ROUNDS else _FEW
    rounds = min(effort.rounds, _ROUNDS)
    wanted = "psutil" in peers.versions
    done = subprocess.run(
        [sys.executable, __file__, str(count), str(rounds), str(int(wanted)), str(rng.random())],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    timings = [Timing(**each) for each in json.loads(done.stdout)]
    rows = [(each.who, span(each.seconds), ratio(each.ratio)) for each in timings]
    if not wanted:
        rows.append((_PSUTIL, "not installed", nothing))
    table = Table(f"Sockets: {count:,} and {_SERVERS} listeners", ("method", "time", "ratio"), rows)
    return [table], _goals(timings, count)


def _goals(timings: Iterable[Timing], count: int) -> list[Goal]:
    seconds = {each.who: each.seconds for each in timings}
    theirs = seconds.get(_PSUTIL)
    if theirs is None or count < _MANY:
        return []
    ours = seconds[_TABLE]
    if ours is None:
        return []
    text = f"{count:,} sockets by {_TABLE}: psutil takes at least x10"
    return [Goal(text, ratio(theirs / ours), theirs / ours >= 10)]


def _measure(count: int, rounds: int, *, with_psutil: bool, seed: float) -> list[Timing]:
    """Open the sockets, and time every method to read them."""
    from portranges import probe

    children, kept = _open(count)
    try:
        question = Question("sockets", tuple(_cases(probe, with_psutil=with_psutil)))
        timings = compare(question, replace(FULL, rounds=rounds), random.Random(seed))
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        for sock in kept:
            sock.close()
    return timings


def _cases(probe: Any, *, with_psutil: bool) -> list[Case]:
    def reads(backend: str, *, owners: bool = False) -> Callable[[], object]:
        return lambda: sorted(
            (each.address, each.port, each.remote_address, each.remote_port, each.state.value)
            for each in probe.sockets("tcp", owners=owners, backend=backend)
            if each.family == "inet" and each.remote_address is not None
        )

    names: dict[str, object] = {"sockets": probe.sockets, "listeners": probe.listeners}
    cases = [
        Case(_RECORDS, 'list(sockets(backend="netlink"))', names, reads("netlink")),
        Case(_TABLE, 'sockets(backend="netlink")', names, reads("netlink")),
        Case("netlink, listeners only", 'list(listeners(backend="netlink"))', names, None),
        Case(
            "netlink, with every owner",
            'list(sockets(owners=True, backend="netlink"))',
            names,
            reads("netlink", owners=True),
        ),
        Case("/proc/net, with every record", 'list(sockets(backend="proc"))', names, reads("proc")),
    ]
    if with_psutil:
        import psutil

        def theirs() -> object:
            return sorted(
                (*each.laddr, *each.raddr, _STATES[each.status])
                for each in psutil.net_connections("tcp4")
                if each.raddr
            )

        cases += [
            Case(_PSUTIL, 'connections("inet")', {"connections": psutil.net_connections}, theirs),
            Case(
                "the probe through psutil",
                'list(sockets(owners=True, backend="psutil"))',
                names,
                reads("psutil", owners=True),
            ),
        ]
    return cases


def _open(count: int) -> tuple[list[int], list[socket.socket]]:
    """Open connections on loopback; return the processes and sockets that hold them."""
    libc = ctypes.CDLL(None)
    if libc.unshare(0x40000000) == 0:  # CLONE_NEWNET
        import fcntl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            up = struct.pack("16sh22x", b"lo", 0x41)  # IFF_UP | IFF_RUNNING
            fcntl.ioctl(control, 0x8914, up)  # SIOCSIFFLAGS
    servers = [socket.create_server(("127.0.0.1", 0), backlog=count) for _ in range(_SERVERS)]
    kept = list(servers)
    children: list[int] = []
    part = count // 2 // _HOLDERS
    for _ in range(_HOLDERS):
        pid = os.fork()
        if pid == 0:
            # It is killed when its parent ends, for whatever reason.
            libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
            clients = [
                socket.create_connection(servers[at % _SERVERS].getsockname()) for at in range(part)
            ]
            for sock in kept:
                sock.close()
            while clients:
                signal.pause()
        children.append(pid)
        kept += [servers[at % _SERVERS].accept()[0] for at in range(part)]
    return children, kept


if __name__ == "__main__":
    number, turns, peer, start = sys.argv[1:]
    sys.path.insert(0, str(Path(__file__).parent))
    with contextlib.suppress(BrokenPipeError):
        found = _measure(int(number), int(turns), with_psutil=peer == "1", seed=float(start))
        print(json.dumps([asdict(each) for each in found]))
