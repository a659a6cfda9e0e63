"""May a socket have a port: single decisions, and runs of calls on one machine.

A socket is a tuple: transport, address, port, letters for its options (R reuse_address,
P reuse_port, L load_balance, E exclusive), v6only, uid, privileged, device, state. A step of a
run is a tuple as well; its first element is the name of the call, its second the number that the
run gives to the socket.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from frozen.plan import Question, area
from frozen.questions.names import REUSE_SYSTEMS, set_text

# The options of each system, D for a device; others are refused, which some questions include.
OPTIONS = {
    "linux": "RPD",
    "freebsd": "RPL",
    "freebsd-14": "RPL",
    "freebsd-13": "RPL",
    "macos": "RPD",
    "openbsd": "RP",
    "netbsd": "RP",
    "illumos": "RPED",
    "solaris": "RED",
    "windows": "RE",
    "windows-2003": "RE",
    "windows-xp": "RE",
}

# Address, and whether its socket is inet6.
PLACES = (
    ("0.0.0.0", False),
    ("127.0.0.1", False),
    ("192.0.2.2", False),
    ("192.0.2.1", False),
    ("::", True),
    ("::", True),
    ("::1", True),
    ("2001:db8::1", True),
    ("::ffff:127.0.0.1", True),
    ("::ffff:0.0.0.0", True),
)
MULTICAST = (
    ("239.1.1.1", False),
    ("255.255.255.255", False),
    ("ff02::1", True),
    ("::ffff:239.1.1.1", True),
)
TCP_STATES = ("bound", "bound", "listening", "connected", "time-wait", "fin-wait-2", "unbound")
UDP_STATES = ("bound", "bound", "connected", "unbound")
PORTS = (8080, 8080, 8080, 8081, 80, 0, 1023, 1024, 40000)


def _letters(rng: Random, system: str, share: float = 0.4) -> str:
    known = OPTIONS[system].replace("D", "") if rng.random() > 0.005 else "RPLE"
    found = "".join(each for each in known if rng.random() < share)
    if "R" in found and "E" in found and system.startswith("windows") and rng.random() > 0.02:
        found = found.replace(rng.choice("RE"), "")
    return found


def _device(rng: Random, system: str) -> str | None:
    share = 0.2 if "D" in OPTIONS[system] else 0.003
    return rng.choice(("eth0", "eth1")) if rng.random() < share else None


def _v6only(rng: Random, system: str, is_inet6: bool) -> bool | None:
    if not is_inet6:
        return None
    # OpenBSD has it always on.
    if system == "openbsd" and rng.random() < 0.98:
        return rng.choice((None, True))
    return rng.choice((None, None, False, True))


# Most systems refuse these addresses now, in bind() and connect(), so only decisions about one
# socket contain them, and the wildcard is not a peer in a run.
def _place(rng: Random, *, any_kind: bool = False) -> tuple[str, bool]:
    return rng.choice(MULTICAST if any_kind and rng.random() < 0.06 else PLACES)


def _socket(rng: Random, system: str, transport: str, states: tuple[str, ...]) -> tuple[Any, ...]:
    address, is_inet6 = _place(rng, any_kind=True)
    return (
        transport,
        address,
        rng.choice(PORTS) if rng.random() < 0.3 else 8080,
        _letters(rng, system),
        _v6only(rng, system, is_inet6),
        rng.choice((0, 0, 1000, 1000, 1001)),
        rng.choice((None, None, None, True, False)),
        _device(rng, system),
        rng.choice(states),
    )


# Systems that choose ports in another order now (see differences.py). Where they have one port to
# choose from, everything must be as it was.
_CHOOSE_ANEW = frozenset({"netbsd", "windows-2003", "windows-xp"})


def _settings(rng: Random, system: str, *, small: bool = False) -> tuple[Any, ...] | None:
    """Return settings as pairs; sets and ranges are texts. None is a new machine."""
    if rng.random() < 0.5 and not small:
        return None
    found: dict[str, Any] = {}
    first = rng.choice((1024, 8079, 32768, 40000, 49152))
    last = first + rng.choice((1, 2, 3, 5, 8, 20))
    holes = ",".join(str(rng.randint(first, last)) for _ in range(rng.randint(1, 3)))
    if system == "linux":
        if rng.random() < 0.3:
            found["ip_unprivileged_port_start"] = rng.choice((0, 1, 80, 1024, first))
        if small or rng.random() < 0.2:
            found["ip_local_port_range"] = f"{first}-{last}"
        if rng.random() < 0.3:
            found["ip_local_reserved_ports"] = holes
        for name in ("ip_autobind_reuse", "ip_nonlocal_bind", "bindv6only"):
            if rng.random() < 0.3:
                found[name] = True
        if rng.random() < 0.3:
            found["tcp_tw_reuse"] = rng.randrange(3)
        if rng.random() < 0.2:
            found["tcp_timestamps"] = False
        if rng.random() < 0.1:
            found["tcp_tw_reuse_delay"] = rng.choice((0, 100, 5000))
        if rng.random() < 0.1:
            found["tcp_max_tw_buckets"] = rng.choice((0, 1, 2))
        if rng.random() < 0.1:
            found["tcp_fin_timeout"] = rng.choice((0, 5, 120.5))
    else:
        if small or rng.random() < 0.2:
            found["ports"] = f"{first}-{last}"
        if rng.random() < 0.2:
            found["reserved"] = holes
        if rng.random() < (0.3 if system.startswith("windows") else 0.01):
            found["excluded"] = holes if rng.random() < 0.7 else "8080"
        if rng.random() < (0.3 if system == "macos" else 0.01):
            found["restricted"] = rng.choice(("", "8080", "80-90"))
        if rng.random() < 0.2:
            found["privileged_below"] = rng.choice((0, 1, 1024, 8081))
        if rng.random() < 0.1:
            found["extra_privileged"] = rng.choice(("", "8080", "2049,4045"))
        if rng.random() < 0.2:
            found["v6only"] = rng.random() < 0.5
        if rng.random() < 0.2:
            found["time_wait"] = rng.choice((0, 1, 30.0, 240))
        if rng.random() < 0.1:
            found["fin_wait_2"] = rng.choice((0, 10))
        if rng.random() < 0.2:
            found["udp_exhaustion"] = True
    return tuple(found.items())


def _local(rng: Random) -> tuple[str, ...] | None:
    return rng.choice((None, None, (), ("192.0.2.1",), ("192.0.2.1", "2001:db8::1")))


@area("reuse: can_bind", 260)
def can_bind(chunk: int, rng: Random) -> Iterator[Question]:
    """Ask about one socket beside others; a chunk is of one system."""
    system = REUSE_SYSTEMS[chunk % len(REUSE_SYSTEMS)]
    for _ in range(20):
        settings, local = _settings(rng, system), _local(rng)
        asked = []
        for _ in range(40):
            transport = rng.choice(("tcp", "tcp", "udp"))
            other = transport if rng.random() < 0.97 else rng.choice(("tcp", "udp"))
            states = TCP_STATES if other == "tcp" else UDP_STATES
            asking = ("bound", "listening") if transport == "tcp" else ("bound", "unbound")
            new = _socket(rng, system, transport, asking)
            count = rng.choice((0, 1, 1, 1, 1, 2, 2, 3))
            if rng.random() < 0.02:
                count = rng.randint(9, 13)  # some rules change where there are more than ten
            asked.append((new, tuple(_socket(rng, system, other, states) for _ in range(count))))
        yield "can_bind", system, settings, local, tuple(asked)


@area("reuse: portability", 20)
def portability(chunk: int, rng: Random) -> Iterator[Question]:
    """Ask all of today's systems about one socket beside others."""
    asked = []
    for _ in range(60):
        transport = rng.choice(("tcp", "udp"))
        states = TCP_STATES if transport == "tcp" else UDP_STATES
        system = rng.choice(REUSE_SYSTEMS)
        new = _socket(rng, system, transport, ("bound",))
        count = rng.randrange(3)
        asked.append((new, tuple(_socket(rng, system, transport, states) for _ in range(count))))
    yield "portability", tuple(asked)


@area("reuse: rules", 1, exhaustive=True)
def rules(chunk: int, rng: Random) -> Iterator[Question]:
    """Ask for every rule of every system, and for the systems."""
    yield ("reuse_systems",)
    for kernel in ("6.18", "6.8", "6.1"):
        option = "set_option", 1, (("local_port_range", (40000, 40009)),)
        steps = (("socket", 1, "tcp", False, "", None, 0, None, None), option)
        yield "run", "linux", None, kernel, None, 1, steps
    for system in REUSE_SYSTEMS:
        yield "rules", system


class _Run:
    """Makes the steps of one run, with a rough memory of which sockets are open."""

    def __init__(
        self, rng: Random, system: str, *, automatic: bool, first: int, kernel: str | None
    ) -> None:
        self.rng = rng
        self.system = system
        self.automatic = automatic  # whether the system chooses ports
        # An option that an old kernel lacks has questions of its own, not in runs.
        self.has_own_range = system == "linux" and kernel != "6.1"
        # Many sockets that share one port towards one peer, or few of everything.
        self.is_crowded = rng.random() < 0.4
        self.ports = (first,) if self.is_crowded else (first, first + 1, 8080, 80)
        self.open: list[tuple[int, str, bool]] = []
        self.listeners: list[int] = []
        self.steps: list[tuple[Any, ...]] = []
        self.count = 0

    def _number(self) -> int:
        self.count += 1
        return self.count

    def _address(self, is_inet6: bool) -> str:
        while True:
            address, inet6 = _place(self.rng)
            if inet6 == is_inet6:
                return address

    def _peer(self, is_inet6: bool) -> str:
        four = ("192.0.2.7", "192.0.2.7", "192.0.2.8", "127.0.0.1", "192.0.2.1")
        six = ("::1", "2001:db8::7", "::ffff:192.0.2.7", "::ffff:127.0.0.1", "2001:db8::1")
        choices = six if is_inet6 else four
        if self.is_crowded and self.rng.random() < 0.9:
            return choices[1]
        return self.rng.choice(choices)

    def socket(self) -> tuple[int, str, bool]:
        rng = self.rng
        transport = rng.choice(("tcp", "tcp", "tcp", "udp"))
        is_inet6 = rng.random() < (0.2 if self.is_crowded else 0.35)
        number = self._number()
        self.steps.append(
            (
                "socket",
                number,
                transport,
                is_inet6,
                _letters(rng, self.system, 0.85 if self.is_crowded else 0.4),
                _v6only(rng, self.system, is_inet6),
                1000 if self.is_crowded else rng.choice((0, 0, 1000, 1000, 1001)),
                rng.choice((None, None, None, True, False)),
                None if self.is_crowded else _device(rng, self.system),
            )
        )
        entry = number, transport, is_inet6
        self.open.append(entry)
        return entry

    def bind(self, entry: tuple[int, str, bool]) -> None:
        number, _, is_inet6 = entry
        if self.automatic and self.rng.random() < 0.5:
            port = 0
        else:
            port = self.rng.choice(self.ports)
        self.steps.append(("bind", number, self._address(is_inet6), port))

    def connect(self, entry: tuple[int, str, bool]) -> None:
        number, _, is_inet6 = entry
        rng = self.rng
        source = None
        if rng.random() < 0.15:
            source = self._address(is_inet6)
        port = rng.choice((443, 443, 443, 80, self.ports[0]))
        refused = rng.random() < 0.1
        self.steps.append(("connect", number, self._peer(is_inet6), port, source, refused))

    def set_option(self, number: int) -> None:
        rng = self.rng
        options: dict[str, Any] = {}
        names = {"R": "reuse_address", "P": "reuse_port", "L": "load_balance", "E": "exclusive"}
        for letter in OPTIONS[self.system].replace("D", ""):
            if rng.random() < 0.4:
                options[names[letter]] = rng.random() < 0.6
        if rng.random() < 0.1:
            options["v6only"] = rng.random() < 0.5
        if rng.random() < 0.01:
            options["load_balance"] = True
        if rng.random() < 0.1:
            options["uid"] = rng.choice((0, 1000))
        if self.system == "linux" and rng.random() < 0.3:
            options["bind_address_no_port"] = rng.random() < 0.7
        if self.has_own_range and rng.random() < 0.2:
            low = self.ports[0] + rng.randrange(3)
            options["local_port_range"] = (rng.choice((0, low)), rng.choice((0, low + 2)))
        self.steps.append(("set_option", number, tuple(options.items())))

    def step(self) -> None:
        rng = self.rng
        if not self.open or (rng.random() < 0.25 and len(self.open) < 12):
            entry = self.socket()
            if not self.automatic or rng.random() < 0.7:
                self.bind(entry)
            return
        entry = rng.choice(self.open)
        number, transport, is_inet6 = entry
        way = rng.random()
        if way < 0.2:
            self.bind(entry)
        elif way < 0.35:
            self.steps.append(("listen", number))
            if transport == "tcp":
                self.listeners.append(number)
        elif way < 0.5:
            if self.automatic or rng.random() < 0.5:
                self.connect(entry)
        elif way < 0.6 and self.listeners:
            made = self._number()
            # A child's family is its listener's; a wrong one is refused, as is a wrong peer.
            peer = local = None
            if rng.random() < 0.5:
                peer = self._peer(is_inet6), rng.choice((443, 5000, 5000, 5001))
            if rng.random() < 0.3:
                local = self._address(is_inet6)
            listener = rng.choice(self.listeners)
            self.steps.append(("accept", listener, made, rng.choice((0, 1000)), local, peer))
            self.open.append((made, "tcp", is_inet6))
        elif way < 0.72:
            self.set_option(number)
        elif way < 0.9:
            how = rng.choice(("first", "first", "second", "reset", "unanswered"))
            self.steps.append(("close", number, how))
            self.open.remove(entry)
            if number in self.listeners:
                self.listeners = [each for each in self.listeners if each != number]
        elif way < 0.96:
            self.steps.append(("advance", 0, rng.choice((0, 0.5, 1, 1.5, 10, 30, 60, 61, 240))))
        else:
            self.steps.append(("holders", 0, rng.choice(self.ports), rng.choice(("tcp", "udp"))))


def _runs(chunk: int, rng: Random, *, automatic: bool) -> Iterator[Question]:
    system = REUSE_SYSTEMS[chunk % len(REUSE_SYSTEMS)]
    for _ in range(16):
        small = automatic and rng.random() < 0.8
        settings = _settings(rng, system, small=small)
        first = 8080
        if system in _CHOOSE_ANEW and (not automatic or rng.random() < 0.6):
            pairs = dict(settings or ())
            first = int(pairs.get("ports", "40000").partition("-")[0])
            settings = (*(pairs | {"ports": str(first), "reserved": ""}).items(),)
        for name, value in settings or ():
            if name in ("ip_local_port_range", "ports"):
                first = int(value.partition("-")[0])
        kernel = None
        if system == "linux":
            kernel = rng.choice((None, None, "6.18", "6.8", "6.1"))
        run = _Run(rng, system, automatic=automatic, first=first, kernel=kernel)
        while len(run.steps) < 50:
            run.step()
        seed = rng.randrange(1 << 30)
        yield (
            "automatic_run" if automatic else "run",
            system,
            settings,
            kernel,
            _local(rng),
            seed,
            tuple(run.steps),
        )


@area("reuse: runs", 260)
def runs(chunk: int, rng: Random) -> Iterator[Question]:
    """Run calls that name every port; a chunk is of one system."""
    return _runs(chunk, rng, automatic=False)


@area("reuse: runs with automatic ports", 260)
def automatic_runs(chunk: int, rng: Random) -> Iterator[Question]:
    """Run calls that let the system choose ports; a chunk is of one system."""
    return _runs(chunk, rng, automatic=True)


def _connections(rng: Random, system: str, first: int) -> list[tuple[Any, ...]]:
    """Return steps in which sockets meet on one connection, or on the last port of a range."""
    is_inet6 = rng.random() < 0.3
    own = rng.choice(("::1", "::", "2001:db8::1") if is_inet6 else ("127.0.0.1", "0.0.0.0"))
    peer = rng.choice(("::1", "2001:db8::7") if is_inet6 else ("127.0.0.1", "192.0.2.7"))
    transport = rng.choice(("tcp", "tcp", "tcp", "udp"))
    letters = _letters(rng, system, 0.9)
    automatic = rng.random() < 0.5
    port = 443 if rng.random() < 0.85 else first
    steps: list[tuple[Any, ...]] = []

    def open_socket(number: int) -> None:
        flags = letters if rng.random() < 0.9 else _letters(rng, system)
        steps.append(("socket", number, transport, is_inet6, flags, None, 1000, None, None))
        if not automatic:
            steps.append(("bind", number, own, first))
        elif rng.random() < 0.3:
            steps.append(("bind", number, own, 0))
        if rng.random() < 0.1:
            steps.append(("set_option", number, (("reuse_address", rng.random() < 0.5),)))

    def connect(number: int) -> None:
        refused = rng.random() < 0.1
        steps.append(("connect", number, peer, port, None, refused))

    if transport == "tcp" and rng.random() < 0.4:
        open_socket(1)
        steps.append(("listen", 1))
        for number in (2, 3):
            peer_port = rng.choice((443, 443, 5000))
            local = peer if own in ("::", "0.0.0.0") and rng.random() < 0.5 else None
            steps.append(("accept", 1, number, 0, local, (peer, peer_port)))
    for number in range(4, 4 + rng.randint(2, 4)):
        open_socket(number)
        connect(number)
        if rng.random() < 0.5:
            steps.append(("close", number, rng.choice(("first", "unanswered", "second"))))
        if rng.random() < 0.4:
            steps.append(("advance", 0, rng.choice((0, 0.5, 0.999, 1, 2, 59.5, 60, 61))))
        if rng.random() < 0.3:
            connect(rng.randint(4, number))
    steps.append(("holders", 0, first, transport))
    return steps


def _recycling(rng: Random, first: int) -> list[tuple[Any, ...]]:
    """Return steps in which connect() meets a connection that lingers, for a while."""
    steps: list[tuple[Any, ...]] = []
    for number in range(1, 4):
        steps.append(("socket", number, "tcp", False, "", None, 1000, None, None))
        if rng.random() < 0.3:
            steps.append(("bind", number, "127.0.0.1", first))
        peer = rng.choice(("127.0.0.1", "127.0.0.1", "192.0.2.7"))
        steps.append(("connect", number, peer, 443, None, False))
        steps.append(("close", number, rng.choice(("first", "first", "unanswered"))))
        steps.append(("advance", 0, rng.choice((0, 0.1, 0.999, 1, 1, 1.001, 2, 5, 59, 60, 61))))
    return steps


def _crowd(rng: Random, system: str, first: int) -> list[tuple[Any, ...]]:
    """Return steps that put about ten UDP sockets on one port, and a few more."""
    steps: list[tuple[Any, ...]] = []
    letters = _letters(rng, system, rng.choice((0.2, 0.9)))
    for number in range(1, rng.randint(10, 16)):
        is_inet6 = rng.random() < 0.4
        address = "2001:db8::" if is_inet6 else "192.0.2."
        address += str(number)
        if rng.random() < 0.3:
            address = rng.choice(("::", f"::ffff:192.0.2.{rng.randint(1, number)}"))
            address = address if is_inet6 else "0.0.0.0"
        flags = letters if rng.random() < 0.8 else _letters(rng, system)
        v6only = _v6only(rng, system, is_inet6)
        uid = rng.choice((1000, 1000, 1000, 1001))
        steps.append(("socket", number, "udp", is_inet6, flags, v6only, uid, None, None))
        steps.append(("bind", number, address, first))
        if rng.random() < 0.2:
            steps.append(("bind", number, address, 0))
    return steps


@area("reuse: connections", 130)
def connections(chunk: int, rng: Random) -> Iterator[Question]:
    """Let sockets meet on one connection; a chunk is of one system."""
    system = REUSE_SYSTEMS[chunk % len(REUSE_SYSTEMS)]
    for _ in range(40):
        first = rng.choice((40000, 40001))
        ports = f"{first}-{first + rng.choice((0, 0, 1, 2))}"
        settings: list[tuple[str, Any]] = [("ports", ports)]
        if system == "linux":
            settings = [("ip_local_port_range", ports)]
            settings.append(("tcp_tw_reuse", rng.choice((0, 1, 1, 2))))
        kernel = rng.choice((None, None, "6.8", "6.1")) if system == "linux" else None
        way = rng.random()
        if way < 0.2:
            if system == "linux" and rng.random() < 0.5:
                settings.append(("tcp_tw_reuse_delay", rng.choice((0, 100, 1000, 5000))))
            steps = _recycling(rng, first)
        else:
            steps = _connections(rng, system, first)
        made = rng.randrange(1 << 30), tuple(steps)
        yield "automatic_run", system, tuple(settings), kernel, None, *made


@area("reuse: crowded ports", 24)
def crowds(chunk: int, rng: Random) -> Iterator[Question]:
    """Put many sockets on one port; in half of the chunks on Linux, where ten make a difference."""
    system = "linux" if chunk % 2 else REUSE_SYSTEMS[chunk // 2 % len(REUSE_SYSTEMS)]
    for _ in range(40):
        name = "ip_local_port_range" if system == "linux" else "ports"
        kernel = rng.choice((None, None, "6.8", "6.1")) if system == "linux" else None
        made = rng.randrange(1 << 30), tuple(_crowd(rng, system, 40000))
        yield "automatic_run", system, ((name, "40000-40000"),), kernel, None, *made


# The algorithm of each system that publishes its own; Linux has several, which hash.
_ALGORITHMS = (
    ("freebsd", "freebsd", "freebsd"),
    ("freebsd-14", "freebsd", "freebsd"),
    ("freebsd-13", "freebsd", "freebsd"),
    ("macos", "macos-tcp", "macos-udp"),
    ("openbsd", "openbsd", "openbsd"),
    ("netbsd", "netbsd", "netbsd"),
    ("illumos", "solaris", "solaris"),
    ("solaris", "solaris", "solaris"),
    ("windows-xp", "windows-xp", "windows-xp"),
    ("windows-2003", "windows-xp", "windows-xp"),
)


@area("reuse: orders are the algorithms", 10)
def algorithms(chunk: int, rng: Random) -> Iterator[Question]:
    """Let a system choose ports as an allocator of its algorithm did; a chunk is of one system."""
    system, *both = _ALGORITHMS[chunk % len(_ALGORITHMS)]
    for _ in range(20):
        for transport, algorithm in zip(("tcp", "udp"), both, strict=True):
            first = rng.choice((1025, 32768, 40000))
            ports = f"{first}-{first + rng.choice((0, 1, 5, 31, 999))}"
            if rng.random() < 0.3:
                ports += f",{first + 1100}-{first + 1200}"
            is_inet6 = rng.random() < 0.3
            seed = rng.randrange(1 << 30)
            yield "order_of", system, transport, is_inet6, algorithm, ports, seed, 40


@area("reuse: orders of automatic ports", 26)
def orders(chunk: int, rng: Random) -> Iterator[Question]:
    """Let a system choose one port after the other, from its own range and from small ones."""
    system = REUSE_SYSTEMS[chunk % len(REUSE_SYSTEMS)]
    for kind in ("tcp bind", "tcp connect", "udp bind", "udp connect"):
        for _ in range(2):
            ports = rng.choice((None, "40000-40019", "1025-1100"))
            taken = set_text(rng) if ports is None else "40003-40007,1030-1040"
            yield "order", system, kind, ports, taken[:200], rng.randrange(1 << 30), 30
