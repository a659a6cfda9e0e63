"""Plays a script with real sockets, in a network namespace of its own.

Linux and root only. The process that makes a Kernel loses its network: run it
in a child process. Loopback only; every socket is closed after each script.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from kernel_oracle.steps import PEERS, Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Address and port here, the same there, address family.
    Ends = tuple[tuple[str, int], tuple[str, int], int]

_CLONE_NEWNET = 0x40000000
_SIOCSIFFLAGS = 0x8914
_IFF_UP_RUNNING = 0x41
_SO_REUSEPORT = 15
_SO_BINDTODEVICE = 25
_IPV6_V6ONLY = 26
_IP_BIND_ADDRESS_NO_PORT = 24
_IP_LOCAL_PORT_RANGE = 51
_LINGER_RESET = struct.pack("ii", 1, 0)
_SHORT = struct.pack("ll", 0, 20000)
_FIRST_PORT, _LAST_PORT = 1024, 60000
# A namespace lives shorter than a TIME_WAIT, so that none ends within a script.
_LIFE = 50.0
# linux/netlink.h, linux/inet_diag.h: one struct inet_diag_req_v2 asks for the
# connection with these two ends; the answer's third byte is 3 for a small
# timewait socket, in TIME_WAIT or in an orphan's FIN_WAIT2.
_REQUEST = struct.Struct("=LHHLL BBBxL")
_ENDS = struct.Struct("!HH16s16s")
_SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST = 20, 1
_TIMER, _TIMEWAIT = 18, 3
_NETLINK_SOCK_DIAG = 4
_LO = 1
_FIRST_CLIENT, _LAST_CLIENT = 61100, 65500


def unavailable() -> str | None:
    """Return why the kernel cannot be queried here, or None; changes nothing."""
    if sys.platform != "linux":
        return f"needs Linux, this is {sys.platform}"
    if os.geteuid() != 0:
        return "needs root, to make a network namespace and sockets of other users"
    # Not os.fork(): the calling process may have threads.
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    if done.returncode == 0:
        return None
    return "cannot make a network namespace with IPv6 and other users"


def _unshare() -> None:
    import fcntl  # Linux has it; who imports this module need not

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _IFF_UP_RUNNING))


def name(error: OSError) -> str:
    """Return the symbol of an error."""
    return errno.errorcode.get(error.errno or 0, str(error.errno))


def sysctl(what: str) -> str:
    """Return a sysctl of this namespace."""
    return _path(what).read_text(encoding="ascii").strip()


def set_sysctl(what: str, value: str) -> None:
    """Set a sysctl of this namespace."""
    _path(what).write_text(value, encoding="ascii")


def _path(what: str) -> Path:
    return Path("/proc/sys/net", *what.split("."))


class Kernel:
    """A private network namespace; a new one when the ports are used up."""

    def __init__(self, sysctls: dict[str, str] | None = None) -> None:
        """Make the first namespace."""
        self.sysctls = sysctls or {}
        self.listeners: dict[str, socket.socket] = {}
        self._range_fd = -1
        self._diag: socket.socket | None = None
        self._renew()

    def _renew(self) -> None:
        for s in self.listeners.values():
            s.close()
        if self._range_fd >= 0:
            os.close(self._range_fd)
        if self._diag is not None:
            self._diag.close()
        _unshare()
        for what, value in self.sysctls.items():
            set_sysctl(what, value)
        self._range_fd = os.open("/proc/sys/net/ipv4/ip_local_port_range", os.O_WRONLY)
        self._diag = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG)
        self._born = time.monotonic()
        self._port = _FIRST_PORT - 1
        self._client = _FIRST_CLIENT - 1
        for peer in "AB":
            s = socket.socket(socket.AF_INET6)
            s.setsockopt(socket.IPPROTO_IPV6, _IPV6_V6ONLY, 0)
            s.bind(("::", PEERS[peer]))
            s.listen(4096)
            s.settimeout(2)
            self.listeners[peer] = s

    def lingers(self, ends: Ends) -> bool:
        """Return whether the kernel holds this closed connection in TIME_WAIT or FIN_WAIT2."""
        assert self._diag is not None
        here, there, family = ends
        packed = (socket.inet_pton(family, a).ljust(16, b"\0") for a in (here[0], there[0]))
        asked = _ENDS.pack(here[1], there[1], *packed) + struct.pack("=L8s", _LO, b"\xff" * 8)
        length = _REQUEST.size + len(asked)
        head = _REQUEST.pack(
            *(length, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 0, 0),
            *(family, socket.IPPROTO_TCP, 0, 0xFFFFFFFF),
        )
        self._diag.send(head + asked)
        answer = self._diag.recv(8192)
        kind = int.from_bytes(answer[4:6], sys.byteorder)
        return kind == _SOCK_DIAG_BY_FAMILY and answer[_TIMER] == _TIMEWAIT

    def fresh_port(self) -> int:
        """Return a port that no script had in this namespace, and make it the range."""
        used_up = self._port >= _LAST_PORT or self._client >= _LAST_CLIENT - 64
        if used_up or time.monotonic() - self._born > _LIFE:
            self._renew()
        self._port += 1
        self.narrow(self._port)
        return self._port

    def narrow(self, port: int) -> None:
        """Make *port* the whole range of automatic ports."""
        os.pwrite(self._range_fd, b"%d %d" % (port, port), 0)

    def set(self, what: str, value: str) -> None:
        """Set a sysctl, in this namespace and those that follow it."""
        self.sysctls[what] = value
        set_sysctl(what, value)

    def next_client(self) -> int:
        """Return a port for a client that dials."""
        self._client += 1
        return self._client

    def play(self, steps: list[Step]) -> tuple[list[Step], list[str]]:
        """Play a script on a port of its own; return the steps taken and the answers."""
        script = Game(self)
        try:
            return script.play(steps)
        finally:
            script.end()


class Game:
    """The sockets of one script."""

    def __init__(self, kernel: Kernel) -> None:
        """Start on a fresh port."""
        self.kernel = kernel
        self.port = kernel.fresh_port()
        self.socks: dict[int, socket.socket] = {}
        self.opened: dict[int, Step] = {}
        self.far: dict[int, socket.socket | None] = {}
        self.listening: set[int] = set()
        self.tuples: dict[object, int] = {}
        self.mapped: set[int] = set()
        self.mapped_refused: set[int] = set()
        self.pending: set[int] = set()
        self.patient = True
        self.over = False

    def play(self, steps: list[Step]) -> tuple[list[Step], list[str]]:
        """Take the steps; leave out what the kernel cannot do."""
        taken: list[Step] = []
        answers: list[str] = []
        for step in steps:
            result = self._take(step)
            if result is None:
                continue
            done, answer = result
            taken.append(done)
            answers.append(answer)
            if self.over:
                break
        return taken, answers

    def end(self) -> None:
        """Close everything without TIME_WAIT."""
        for s in (*self.socks.values(), *self.far.values()):
            if s is not None:
                _reset(s)

    def _take(self, step: Step) -> tuple[Step, str] | None:
        if step.op == "o":
            self._open(step)
            return step, "ok"
        if step.op == "w":
            time.sleep(step.seconds)
            return step, "ok"
        if step.op == "a":
            return self._dial(step)
        s = self.socks.get(step.slot)
        if s is None:
            return None
        if step.op == "s" and step.option == "V" and not self.opened[step.slot].v6:
            return None  # AF_INET has no such option
        if step.op in "bzc" and (":" in step.addr) is not self.opened[step.slot].v6:
            return None  # an accepted socket of the other family than the generator thought
        if step.op == "x":
            return self._close(step, s), "ok"
        try:
            match step.op:
                case "b" | "z":
                    s.bind((step.addr, self.port if step.op == "b" else 0))
                case "l":
                    s.listen(16)
                    self.listening.add(step.slot)
                case "k":
                    return self._disconnect(step, s)
                case "s":
                    self._set(step, s)
                case _:
                    return self._connect(step, s)
        except OSError as error:
            return step, name(error)
        return step, "ok"

    def _open(self, step: Step) -> None:
        if step.uid:
            os.seteuid(step.uid)
        s = socket.socket(
            socket.AF_INET6 if step.v6 else socket.AF_INET,
            socket.SOCK_STREAM if step.tcp else socket.SOCK_DGRAM,
        )
        if step.uid:
            os.seteuid(0)
        if step.v6:
            s.setsockopt(socket.IPPROTO_IPV6, _IPV6_V6ONLY, int(step.v6only))
        if step.r:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if step.rp:
            s.setsockopt(socket.SOL_SOCKET, _SO_REUSEPORT, 1)
        if step.dev:
            s.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, b"lo\0")
        self.socks[step.slot] = s
        self.opened[step.slot] = step

    def _set(self, step: Step, s: socket.socket) -> None:
        match step.option:
            case "R":
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, step.value)
            case "P":
                s.setsockopt(socket.SOL_SOCKET, _SO_REUSEPORT, step.value)
            case "V":
                s.setsockopt(socket.IPPROTO_IPV6, _IPV6_V6ONLY, step.value)
            case "N":
                s.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, step.value)
            case _:
                os.fchown(s.fileno(), step.value, -1)

    def _connect(self, step: Step, s: socket.socket) -> tuple[Step, str] | None:
        tcp = self.opened[step.slot].tcp
        mapped = step.addr.startswith("::ffff:")
        if step.slot in self.mapped_refused and not mapped:
            return None  # the kernel's quirk: this attempt hangs
        if step.slot in self.pending:
            return None
        if tcp:
            # After a second identical 4-tuple, of another device, packets go
            # astray: its answer is the last one of the script.
            twin = self.tuples.get(self._tuple(step, s.getsockname()[0]))
            self.over = twin is not None and twin in self.socks and twin != step.slot
            s.settimeout(None)
            if self.over or not self.patient:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _SHORT)
        try:
            s.connect((step.addr, PEERS[step.peer]))
        except BlockingIOError as error:
            if error.errno != errno.EINPROGRESS:
                return step, name(error)
            # A connection in FIN_WAIT2 gave way; its peer is still there.
            self.pending.add(step.slot)
            return step, "ok"
        except OSError as error:
            if error.errno == errno.ECONNREFUSED and mapped:
                self.mapped_refused.add(step.slot)
            self.over = False
            return step, name(error)
        if not tcp or self.over:
            return step, "ok"
        if mapped:
            self.mapped.add(step.slot)
        here = s.getsockname()
        self.tuples[self._tuple(step, here[0])] = step.slot
        listener = self.kernel.listeners[step.peer]
        while True:
            far, there = listener.accept()
            if there[1] == here[1]:
                break
            _reset(far)  # one that was reset before it was accepted
        self.far[step.slot] = far
        return step, "ok"

    def _disconnect(self, step: Step, s: socket.socket) -> tuple[Step, str] | None:
        if step.slot in self.pending:
            return None
        # sa_family is AF_UNSPEC, which socket.connect() cannot say.
        if ctypes.CDLL(None, use_errno=True).connect(s.fileno(), bytes(16), 16):
            return step, errno.errorcode[ctypes.get_errno()]
        far = self.far.pop(step.slot, None)
        if far is not None:
            _reset(far)
        # The quirk of a refused connection to an IPv4-mapped peer again.
        self.mapped_refused.update({step.slot} & self.mapped)
        self.listening.discard(step.slot)
        self.tuples = {key: slot for key, slot in self.tuples.items() if slot != step.slot}
        return step, "ok"

    def _tuple(self, step: Step, local: str) -> tuple[str, str, str]:
        peer = step.addr.removeprefix("::ffff:")
        local = local.removeprefix("::ffff:")
        if local in ("0.0.0.0", "::"):
            local = "::1" if ":" in peer else "127.0.0.1"
        return local, peer, step.peer

    def _dial(self, step: Step) -> tuple[Step, str] | None:
        v4 = ":" not in step.addr
        if not v4 and self.mapped_refused & self.listening:
            return None  # the same quirk, on a listener
        client = socket.socket(socket.AF_INET if v4 else socket.AF_INET6)
        port = self.kernel.next_client()
        client.bind(("127.0.0.1" if v4 else "::1", port))
        client.settimeout(0)
        try:
            client.connect((step.addr, self.port))
        except OSError as error:
            if error.errno != errno.EINPROGRESS or not _writable(client):
                _reset(client)
                return None
        for slot in self.listening & self.socks.keys():
            listener = self.socks[slot]
            listener.settimeout(0)
            if step.uid:
                os.seteuid(step.uid)
            try:
                child, there = listener.accept()
            except OSError:
                continue
            finally:
                os.seteuid(0)
            if there[1] == port:
                self.socks[step.slot] = child
                self.opened[step.slot] = self.opened[slot]
                self.far[step.slot] = client
                return replace(step, via=slot), "ok"
            _reset(child)
        _reset(client)
        return None

    def _close(self, step: Step, s: socket.socket) -> Step:
        far = self.far.pop(step.slot, None)
        del self.socks[step.slot]
        self.listening.discard(step.slot)
        self.mapped_refused.discard(step.slot)
        how = step.how
        if far is None and how in "fsu":
            how = "r"
        if how == "r":
            _reset(s)
            if far is not None:
                far.close()
            return replace(step, how=how)
        if how == "s":
            assert far is not None
            ends = _ends(far)
            far.close()
            s.close()
        else:
            ends = _ends(s)
            s.close()
            if how == "f":
                assert far is not None
                far.close()
            else:
                self.far[-step.slot - 1000 * len(self.far)] = far
                self.patient = False
        for _ in range(4000):
            if self.kernel.lingers(ends):
                return replace(step, how=how)
            time.sleep(0.0005)
        raise NotLingeringError(f"no TIME_WAIT after {step}")


class NotLingeringError(Exception):
    """A connection was closed and the kernel did not keep it, as happens under heavy load."""


def _ends(s: socket.socket) -> Ends:
    here, there = s.getsockname(), s.getpeername()
    return here[:2], there[:2], s.family


def _writable(s: socket.socket) -> bool:
    import select

    ready = select.select([], [s], [], 0.05)[1]
    return bool(ready) and s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


def _reset(s: socket.socket) -> None:
    if s.type == socket.SOCK_STREAM:
        with suppress(OSError):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_RESET)
    s.close()


if __name__ == "__main__":
    _unshare()
    with socket.socket(socket.AF_INET6) as v6:
        v6.bind(("::1", 0))
    os.seteuid(1000)
