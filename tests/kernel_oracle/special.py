"""Comparisons other than scripts on one port: time, capacity, checks before the port.

Each part yields findings: a text, the kernel's answer, the model's answer.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address
from itertools import product

from kernel_oracle import generate
from kernel_oracle.kernel import Game, Kernel, NotLingeringError, name, set_sysctl
from kernel_oracle.model import SETTINGS, Model
from kernel_oracle.steps import Step
from portranges import PortRange, PortSet
from portranges.reuse import Close, Handle, LinuxSettings, PortTable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random
    from typing import Literal

    from portranges.reuse import Decision

    Finding = tuple[str, str, str]

_LISTENERS = (("127.0.0.1", 61001), ("127.0.0.1", 61002), ("127.0.0.2", 61001))


# Time.


@dataclass(slots=True)
class Paused:
    """A script that goes on after a wait."""

    before: list[Step]
    after: list[Step]
    taken: list[Step] = field(default_factory=list[Step])
    said: list[str] = field(default_factory=list[str])
    script: Game | None = None
    began: float = 0.0
    late: bool = False

    def start(self, kernel: Kernel) -> None:
        """Play up to the wait."""
        for is_last in (False, False, True):
            self.script = Game(kernel)
            self.began = time.monotonic()
            try:
                self.taken, self.said = self.script.play(self.before)
            except NotLingeringError:
                # Nothing was compared yet, so the setup is repeated.
                self.script.end()
                if is_last:
                    raise
            else:
                return

    def go_on(self, kernel: Kernel, seconds: float, edge: float) -> None:
        """Play the rest; *seconds* is the wait that the model gets.

        On a busy machine the wait may be longer. If it crosses the *edge*
        at which the answer changes, the script proves nothing.
        """
        script = self.script
        assert script is not None
        kernel.narrow(script.port)
        taken, said = script.play(self.after)
        self.taken = [*self.taken, Step("w", seconds=seconds), *taken]
        self.said = [*self.said, "ok", *said]
        self.late = seconds < edge < time.monotonic() - self.began
        script.end()

    def finding(self, title: str, settings: LinuxSettings) -> Finding:
        """Return what both sides said."""
        answers = Model(settings=settings, ask_pairs=False).play(self.taken)
        text = f"{title}: {' '.join(map(str, self.taken))}"
        return text, " ".join(self.said), " ".join(answers)


def _lingering_kinds() -> Iterator[tuple[Step, str]]:
    for addr, dev in product(("127.0.0.1", "::1", "::"), (False, True)):
        config = Step("b", addr=addr, v6=":" in addr, dev=dev)
        for state in ("time-wait", "time-wait-mapped", "automatic", "fin-wait-2"):
            yield config, state


def _askers(config: Step) -> Iterator[list[Step]]:
    for peer, bound, mapped in product("AB", (False, True), (False, True)):
        if mapped and config.addr != "::":
            continue
        steps = [generate.opened(5, replace(config, dev=False, r=True), tcp=True)]
        if bound:
            steps.append(generate.at(5, config))
        yield [*steps, Step("c", 5, addr=generate.loopback(config, mapped=mapped), peer=peer)]


def time_wait() -> Iterator[Finding]:
    """Yield connect() beside a lingering connection: timestamps, tw_reuse, delay, age."""
    for stamps, reuse, delay in product((True, False), (0, 1, 2), (1000, 100)):
        # Its own, so that its namespace is not renewed under scripts that wait.
        kernel = Kernel()
        settings = replace(
            SETTINGS, tcp_timestamps=stamps, tcp_tw_reuse=reuse, tcp_tw_reuse_delay=delay
        )
        kernel.set("ipv4.tcp_timestamps", str(int(stamps)))
        kernel.set("ipv4.tcp_tw_reuse", str(reuse))
        kernel.set("ipv4.tcp_tw_reuse_delay", str(delay))
        title = f"timestamps {stamps:d} tcp_tw_reuse {reuse} delay {delay}"
        batches: dict[float, list[Paused]] = {0.0: [], 0.4: [], 1.3: []}
        for age, scripts in batches.items():
            for config, state in _lingering_kinds():
                if state == "fin-wait-2" and age == 0.4:
                    continue
                old = replace(config, r=True)
                before = generate.existing(old, state, tcp=True)
                if before is None:
                    continue
                if state == "automatic":
                    before = [*before, Step("x", 0, how="f")]
                for asker in _askers(config):
                    scripts.append(Paused(before, asker))
                    if age == 0.0:
                        scripts[-1].start(kernel)
                        scripts[-1].go_on(kernel, 0.0, delay / 1000)
        start: dict[float, float] = {}
        for age in (0.4, 1.3):
            for script in batches[age]:
                script.start(kernel)
            start[age] = time.monotonic()
        for age in (0.4, 1.3):
            time.sleep(max(0.0, start[age] + age - time.monotonic()))
            for script in batches[age]:
                script.go_on(kernel, age, delay / 1000)
        for scripts in batches.values():
            for script in scripts:
                if not script.late:
                    yield script.finding(title, settings)


def expiry() -> Iterator[Finding]:
    """Yield what is held just before and just after a lingering connection should go."""
    for fin_timeout in (60, 3):
        kernel = Kernel({"ipv4.tcp_fin_timeout": str(fin_timeout)})
        settings = replace(SETTINGS, tcp_fin_timeout=float(fin_timeout))
        # Just before, just after. The kernel's timer wheel rounds up: at this
        # length by up to 4.1 s (1,000 ticks a second).
        waits = (56.0, 65.0) if fin_timeout == 60 else (1.5, 4.0)
        batches: dict[float, list[Paused]] = {wait: [] for wait in waits}
        starts: dict[float, float] = {}
        for wait, scripts in batches.items():
            for config in generate.configurations(generate.PLACES):
                for state in ("time-wait", "time-wait-server", "fin-wait-2"):
                    if (state != "fin-wait-2" and fin_timeout == 3) or config.uid:
                        continue
                    before = generate.existing(config, state, tcp=True)
                    assert before is not None
                    asker = replace(config, r=False, rp=False, dev=False)
                    after = [generate.opened(5, asker, tcp=True), generate.at(5, asker)]
                    after.append(Step("l", 5))
                    scripts.append(Paused(before, after))
                    scripts[-1].start(kernel)
            starts[wait] = time.monotonic()
        for wait, scripts in batches.items():
            time.sleep(max(0.0, starts[wait] + wait - time.monotonic()))
            for script in scripts:
                script.go_on(kernel, wait, float(fin_timeout))
                if not script.late:
                    yield script.finding(f"after {wait} s, tcp_fin_timeout {fin_timeout}", settings)


# Capacity and the choice of ports.


class KernelFiller:
    """Fills a range of ports with real sockets."""

    def __init__(self, settings: LinuxSettings) -> None:
        """Make a namespace with *settings*."""
        ports = settings.ip_local_port_range
        self.kernel = Kernel(
            {
                "ipv4.ip_local_port_range": f"{ports.first} {ports.last}",
                "ipv4.ip_autobind_reuse": str(int(settings.ip_autobind_reuse)),
                "ipv4.ip_local_reserved_ports": str(settings.ip_local_reserved_ports),
            }
        )
        self.kept: list[socket.socket] = []

    def one(
        self, method: str, source: str, peer: tuple[str, int], port: int, own: tuple[int, int]
    ) -> tuple[str, int]:
        """Make one connection; return the answer and the port."""
        udp = method.startswith("udp")
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
        self.kept.append(s)
        try:
            if "R" in method:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if "P" in method:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if own != (0, 0):
                s.setsockopt(socket.IPPROTO_IP, 51, struct.pack("=I", own[0] | own[1] << 16))
            if "noport" in method:
                s.setsockopt(socket.IPPROTO_IP, 24, 1)
            if "bind" in method:
                s.bind((source, port))
            if "listen" in method:
                s.listen()
            else:
                s.connect(peer)
        except OSError as error:
            s.close()
            return name(error), 0
        return "ok", s.getsockname()[1]

    def end(self) -> None:
        """Close everything."""
        for s in self.kept:
            if s.fileno() >= 0 and s.type == socket.SOCK_STREAM:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()
        for s in self.kernel.listeners.values():
            s.settimeout(0)
            while True:
                try:
                    s.accept()[0].close()
                except OSError:
                    break
        self.kept.clear()


class ModelFiller:
    """Fills a range of ports of a PortTable."""

    def __init__(self, settings: LinuxSettings, seed: int) -> None:
        """Make a table."""
        self.table = PortTable("linux", settings=settings, seed=seed)

    def one(
        self, method: str, source: str, peer: tuple[str, int], port: int, own: tuple[int, int]
    ) -> tuple[str, int]:
        """Make one connection; return the answer and the port."""
        table = self.table
        s = table.socket(
            "udp" if method.startswith("udp") else "tcp",
            reuse_address="R" in method,
            reuse_port="P" in method,
        )
        made: list[Decision] = []
        if own != (0, 0):
            made.append(table.set_option(s, local_port_range=own))
        if "noport" in method:
            made.append(table.set_option(s, bind_address_no_port=True))
        if "bind" in method:
            made.append(table.bind(s, source, port))
        if made and not made[-1].allowed:
            return self._failed(s, made[-1])
        last = table.listen(s) if "listen" in method else table.connect(s, peer[0], peer[1])
        if not last.allowed:
            return self._failed(s, last)
        return "ok", table.describe(s).port

    def _failed(self, s: Handle, decision: Decision) -> tuple[str, int]:
        self.table.close(s, Close.RESET)
        return decision.error or "?", 0


METHODS = (
    "connect",
    "noport bind connect",
    "bind connect",
    "R bind connect",
    "P bind connect",
    "listen",
    "udp connect",
    "udp bind connect",
)
# For these the count may differ by one from run to run: an odd range.
_RANGES = (1, 2, 3, 8, 9, 10)


def _fill(
    filler: KernelFiller | ModelFiller,
    method: str,
    destinations: int,
    sources: int,
    *,
    ports: PortRange,
    own: tuple[int, int],
) -> list[str]:
    """Return, for each destination and source: how many, their parities, how it ended."""
    found: list[str] = []
    for peer, source in product(_LISTENERS[:destinations], ("127.0.0.1", "127.0.0.3")[:sources]):
        got: list[int] = []
        explicit = iter(ports) if "explicit" in method else None
        answer = "?"
        while len(got) <= 4 * len(ports):
            port = next(explicit, 0) if explicit else 0
            if explicit and not port:
                answer = "end"
                break
            answer, chosen = filler.one(method, source, peer, port, own)
            if answer != "ok":
                break
            got.append(chosen)
        order = ""
        if not method.startswith("udp") and len(ports) % 2 == 0 and own == (0, 0):
            order = "".join(str((port - ports.first) % 2) for port in got)
        found.append(f"{len(got)} {PortSet(got) if len(ports) % 2 == 0 else ''} {order} {answer}")
    return found


def capacity(rng: Random, seeds: int = 100_000) -> Iterator[Finding]:
    """Yield how many connections fit, by method; the kernel's must be one of the model's.

    In a range of odd size chance decides which port is left out, anew for each
    source and destination, so the model tries seeds until it has the same
    answer. It usually needs a few hundred; about one question in three hundred
    with three destinations and two sources needs more than 3,000. After a
    disagreement the rest gets only that many.
    """
    cases: list[tuple[LinuxSettings, str, int, int, tuple[int, int]]] = []
    for n, first in product(_RANGES, (40000, 40001)):
        ports = PortRange(first, first + n - 1)
        plain = LinuxSettings(ip_local_port_range=ports)
        shared = LinuxSettings(ip_local_port_range=ports, ip_autobind_reuse=True)
        for method in (*METHODS, "R explicit bind connect"):
            destinations, sources = 1 + int(rng.random() * 3), 1 + int(rng.random() * 2)
            if method == "listen":
                destinations = sources = 1
            cases.append((plain, method, destinations, sources, (0, 0)))
        cases.append((shared, "R bind connect", 1 + int(rng.random() * 3), 1, (0, 0)))
        cases.append((shared, "RP bind connect", 1 + int(rng.random() * 3), 1, (0, 0)))
    wide = PortRange(40000, 40019)
    reserved = LinuxSettings(
        ip_local_port_range=wide, ip_local_reserved_ports=PortSet.parse("40000-40003,40007")
    )
    for own in ((0, 0), (40005, 40008), (50000, 50010), (39000, 40003), (40016, 0), (0, 40002)):
        for method in ("connect", "bind connect", "udp bind connect"):
            cases.append((LinuxSettings(ip_local_port_range=wide), method, 2, 1, own))
            cases.append((reserved, method, 1, 1, own))
    for settings, method, destinations, sources, own in cases:
        ports = settings.ip_local_port_range
        filler = KernelFiller(settings)
        said = _fill(filler, method, destinations, sources, ports=ports, own=own)
        filler.end()
        answers: list[str] = []
        for seed in range(seeds):
            answers = _fill(
                ModelFiller(settings, seed), method, destinations, sources, ports=ports, own=own
            )
            if answers == said:
                break
        else:
            seeds = min(seeds, 3000)
        title = f"{method} d={destinations} s={sources} range {ports} own {own} {settings}"
        yield title, "; ".join(said), "; ".join(answers)


# Before the port.


def checks() -> Iterator[Finding]:
    """Yield bind() that fails before any other socket matters, and the order of checks."""
    kernel = Kernel()
    set_sysctl("ipv4.ip_local_port_range", "20000 20000")
    addresses = ["0.0.0.0", "127.0.0.1", "192.0.2.1", "::", "::1", "::ffff:127.0.0.1"]
    addresses += ["::ffff:0.0.0.0", "::ffff:192.0.2.1", "2001:db8::1", "fe80::1"]
    addresses += ["224.0.0.1", "224.0.0.251", "239.255.255.255", "240.0.0.1", "255.255.255.255"]
    addresses += ["::ffff:224.0.0.1", "::ffff:255.255.255.255"]
    addresses += ["ff01::1", "ff02::1", "ff05::2", "ff0e::1", "ff1e::1", "ff12::1"]
    for addr, v6only, port, uid, held, tcp in product(
        addresses, (False, True), (80, 1023, 1024, 0), (0, 1000), (False, True), (True, False)
    ):
        v6 = ":" in addr
        if v6only and not v6:
            continue
        table = PortTable("linux", settings=SETTINGS, local_addresses=[])
        handle = table.socket(
            "tcp" if tcp else "udp",
            family="inet6" if v6 else "inet",
            v6only=v6only if v6 else None,
            uid=uid,
        )
        s = socket.socket(
            socket.AF_INET6 if v6 else socket.AF_INET,
            socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM,
        )
        if v6:
            s.setsockopt(socket.IPPROTO_IPV6, 26, int(v6only))
        first: Decision | None = None
        if held:
            s.bind(("::" if v6 else "0.0.0.0", 30000))
            first = table.bind(handle, "::" if v6 else "0.0.0.0", 30000)
            assert first.allowed
        if uid:
            os.seteuid(uid)
        try:
            s.bind((addr, port))
            said = "ok"
        except OSError as error:
            said = name(error)
        os.seteuid(0)
        s.close()
        decision = table.bind(handle, addr, port)
        yield (
            f"bind {'tcp' if tcp else 'udp'} {addr} port {port} v6only {v6only} uid {uid} "
            f"bound before {held}",
            said,
            decision.error or "ok",
        )
    has_interface = _add_interface()
    yield from _wildcard_destinations(kernel, _OWN if has_interface else ())
    if has_interface:
        yield from _peers()


_OWN = ("10.9.0.1", "2001:db8:9::1")


def _add_interface() -> bool:
    """Give this namespace an interface with the addresses of _OWN, and default routes."""
    commands = (
        "link add d0 type veth peer name d1",
        "link set d1 up",
        f"addr add {_OWN[0]}/24 brd + dev d0",
        f"addr add {_OWN[1]}/64 dev d0 nodad",
        "link set d0 up",
        "route add default via 10.9.0.2",
        "-6 route add default via 2001:db8:9::2",
    )
    try:
        for command in commands:
            subprocess.run(["ip", *command.split()], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _family(addr: str) -> int:
    return socket.AF_INET6 if ":" in addr else socket.AF_INET


def _bound(at: str, port: int) -> socket.socket:
    s = socket.socket(_family(at))
    if ":" in at:
        s.setsockopt(socket.IPPROTO_IPV6, 26, 0)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((at, port))
    return s


def _said(call: Callable[[tuple[str, int]], object], to: tuple[str, int]) -> str:
    try:
        call(to)
    except BlockingIOError:
        return "ok"  # the handshake has begun
    except OSError as error:
        return name(error)
    return "ok"


def _wildcard_destinations(kernel: Kernel, own: tuple[str, ...]) -> Iterator[Finding]:
    """Yield where connect() to a wildcard leads: its address, and whose 4-tuple it took."""
    hosts = ["0.0.0.0", "127.0.0.1", "127.0.0.2", *own[:1]]
    places = [*hosts, *(f"::ffff:{host}" for host in hosts), "::", "::1", *own[1:]]
    listener = socket.create_server(
        ("::", 61005), family=socket.AF_INET6, backlog=4096, dualstack_ipv6=True
    )
    for at, dst in product(places, ("0.0.0.0", "::ffff:0.0.0.0", "::")):
        if _family(at) != _family(dst):
            continue
        # The second connection, to a named host, finds out which one the first has reached.
        for host in (each for each in places if _family(each) == _family(at)):
            port = kernel.fresh_port()
            table = PortTable("linux", settings=SETTINGS, local_addresses=own)
            said: list[str] = []
            answers: list[str] = []
            with ExitStack() as stack:
                pairs = [
                    (stack.enter_context(_bound(at, port)), _bound_in(table, at, port))
                    for _ in range(2)
                ]
                for (s, handle), to in zip(pairs, (dst, host), strict=True):
                    said.append(_said(s.connect, (to, 61005)))
                    answers.append(table.connect(handle, to, 61005).error or "ok")
                    said.append(s.getsockname()[0] if said[-1] == "ok" else "")
                    allowed = answers[-1] == "ok"
                    answers.append(_shown(table.describe(handle).address) if allowed else "")
            yield f"connect {dst} from {at}, then {host}", " ".join(said), " ".join(answers)
    listener.close()


def _bound_in(table: PortTable, at: str, port: int) -> Handle:
    family: Literal["inet", "inet6"] = "inet6" if ":" in at else "inet"
    handle = table.socket("tcp", family=family, reuse_address=True)
    assert table.bind(handle, at, port).allowed
    return handle


def _shown(address: IPv4Address | IPv6Address) -> str:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(address) if mapped is None else f"::ffff:{mapped}"


def _peers() -> Iterator[Finding]:
    """Yield connect() to every kind of address, which needs an interface and routes."""
    hosts = ["0.0.0.0", "127.0.0.1", "127.0.0.2", "10.9.0.1", "10.9.0.7", "240.0.0.1"]
    hosts += ["127.255.255.255", "255.255.255.255", "224.0.0.1", "239.1.1.1", "169.254.1.1"]
    addresses = [*hosts, *(f"::ffff:{host}" for host in hosts)]
    addresses += ["::", "::1", "2001:db8:9::7", "fe80::1", "ff01::1", "ff02::1", "ff05::2"]
    for addr, tcp, v6only, dev, port in product(
        addresses, (True, False), (False, True), (None, "lo"), (61009, 0)
    ):
        if (v6only and ":" not in addr) or (dev and not addr.startswith("f")):
            continue
        table = PortTable("linux", settings=SETTINGS, local_addresses=_OWN)
        handle = table.socket(
            "tcp" if tcp else "udp",
            family="inet6" if ":" in addr else "inet",
            v6only=v6only if ":" in addr else None,
            device=dev,
        )
        with socket.socket(_family(addr), socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as s:
            s.setblocking(False)
            if ":" in addr:
                s.setsockopt(socket.IPPROTO_IPV6, 26, int(v6only))
            if dev:
                s.setsockopt(socket.SOL_SOCKET, 25, dev.encode() + b"\0")
            said = _said(s.connect, (addr, port))
            if dev and said == "ENETUNREACH" and not (tcp and addr.startswith("ff")):
                continue  # lo has no route to it, which is not modelled
            if said == "ok" and not dev:
                said += f" {s.getsockname()[0]}"
        decision = table.connect(handle, addr, port)
        answer = decision.error or "ok"
        if decision.allowed and not dev:
            answer += f" {_shown(table.describe(handle).address)}"
        title = f"connect {'tcp' if tcp else 'udp'} {addr} port {port} v6only {v6only} device {dev}"
        yield title, said, answer
