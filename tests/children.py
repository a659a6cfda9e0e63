"""Child processes for tests that open sockets, each in a network namespace of its own.

A child makes a network namespace with the loopback up and runs a script there,
with the library on its path. The namespace ends with it: nothing of this
machine is changed or seen. If the user's rights do not allow one, ``PRIVATE``
is false in the script, which must then distinguish its own sockets from others'.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import portranges

__all__ = ["run"]

_PRELUDE = r"""
import contextlib, ctypes, errno, fcntl, json, os, signal, socket, struct, sys, time
sys.path.insert(0, sys.argv[1])
ARGUMENTS = sys.argv[2:]
libc = ctypes.CDLL(None, use_errno=True)
PRIVATE = libc.unshare(0x40000000) == 0  # CLONE_NEWNET
TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
V4, V6 = socket.AF_INET, socket.AF_INET6
kept = []

def new(family, kind):
    kept.append(socket.socket(family, kind))
    return kept[-1]

if PRIVATE:
    with socket.socket(V4, UDP) as control:
        # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING
        fcntl.ioctl(control, 0x8914, struct.pack("16sh22x", b"lo", 0x41))

def listener(family=V4, address="127.0.0.1", port=0, v6only=None, backlog=128):
    sock = new(family, TCP)
    if v6only is not None:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    sock.bind((address, port))
    sock.listen(backlog)
    return sock

def connected(server, address=None, family=None):
    client = new(family or server.family, TCP)
    client.connect((address or server.getsockname()[0], server.getsockname()[1]))
    accepted, _ = server.accept()
    kept.append(accepted)
    return client, accepted

children = []

def fork(work, inherit=False):
    # Run work in a child process, which then sleeps; return its pid and what it said.
    ready, done = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
            if os.getppid() != parent:
                os._exit(1)
            os.close(ready)
            children.clear()
            if not inherit:
                while kept:
                    kept.pop().close()
            said = work()
            os.write(done, json.dumps(said).encode() + b"\n")
            while True:
                signal.pause()
        except BaseException as error:
            os.write(2, repr(error).encode())
        os._exit(1)
    os.close(done)
    children.append(pid)
    with os.fdopen(ready) as pipe:
        text = pipe.readline()
    return pid, json.loads(text) if text else None

def end(pid):
    children.remove(pid)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

def become(uid):
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    libc.prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE: as after exec, /proc/self is ours

def until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)

import portranges, portranges.probe as probe

def main():
    found = work()
    print(json.dumps(found))
"""

_EPILOGUE = r"""
try:
    main()
finally:
    for pid in list(children):
        end(pid)
"""


def run(script: str, *arguments: str, timeout: float = 120) -> Any:
    """Return what the function ``work`` of *script* returns, through JSON."""
    source = str(Path(portranges.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _PRELUDE + script + _EPILOGUE, source, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)
