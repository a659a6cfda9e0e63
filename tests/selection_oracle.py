"""Each algorithm of portranges.selection once more, as its source has it.

These are the loops of RFC 6056 and of the kernels, port by port, over a set of ports in use,
without a shortcut and without an import from portranges. Random numbers are drawn in the order
of the sources, so with equal seeds a search must find the same port. The keyed hash is not part of
an algorithm; it is written once more here.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from hashlib import blake2b

U32 = 1 << 32


class Full(Exception):
    """The loop ended without a port."""


def uniform(rng: random.Random, count: int) -> int:
    if count == 1:
        return 0
    while True:
        number = rng.getrandbits((count - 1).bit_length())
        if number < count:
            return number


class Keyed:
    def __init__(self, rng: random.Random) -> None:
        self.key = rng.getrandbits(128).to_bytes(16, "big")

    def __call__(self, destination: str | None) -> tuple[int, int]:
        if destination is None:
            text = b"n"
        else:
            text = b"s" + str(len(destination)).encode() + b":" + destination.encode()
        digest = blake2b(text, key=self.key, digest_size=12).digest()
        return int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:], "big")


class Twin:
    """One algorithm; ``ports`` is its range, ``usable`` the ports that it may allocate."""

    def __init__(
        self,
        name: str,
        ports: Collection[int],
        excluded: Collection[int] = (),
        *,
        seed: int = 0,
        cells: int | None = None,
        increment: int = 500,
    ) -> None:
        self.rng = random.Random(seed)
        self.ordered = sorted(ports)
        self.low, self.high = self.ordered[0], self.ordered[-1]
        self.usable = set(ports) - set(excluded)
        self.busy: set[int] = set()
        self.last = 0
        self.previous = -1
        self.next = 0
        self.cell: dict[int, int] = {}
        self.cells = cells
        self.increment = increment
        self.probes = 0
        self.pick: Callable[[str | None], int] = getattr(self, NAMES[name])
        if name in HASHED:
            self.keyed = Keyed(self.rng)
        if name == "rfc6056-5":
            self.next = self.rng.getrandbits(16)
        if name == "lwip":
            self.last = self.low + uniform(self.rng, self.high - self.low + 1)

    def free(self, port: int) -> bool:
        self.probes += 1
        return port in self.usable and port not in self.busy

    def allocate(self, destination: str | None = None) -> int:
        self.probes = 0
        if not self.usable - self.busy:
            raise Full
        port = self.pick(destination)
        assert port in self.usable - self.busy
        self.busy.add(port)
        return port

    # -- RFC 6056, section 3.3; its ports are those of the set, consecutive --

    def rfc1(self, _: str | None) -> int:
        count = len(self.ordered)
        at = uniform(self.rng, count)
        while count > 0:
            if self.free(self.ordered[at]):
                return self.ordered[at]
            at = 0 if at == len(self.ordered) - 1 else at + 1
            count -= 1
        raise Full

    def rfc2(self, _: str | None) -> int:
        count = len(self.ordered)
        while count > 0:
            port = self.ordered[uniform(self.rng, len(self.ordered))]
            if self.free(port):
                return port
            count -= 1
        raise Full

    def rfc3(self, destination: str | None) -> int:
        offset, _ = self.keyed(destination)
        count = len(self.ordered)
        while count > 0:
            port = self.ordered[(self.next + offset) % len(self.ordered)]
            self.next += 1
            if self.free(port):
                return port
            count -= 1
        raise Full

    def rfc4(self, destination: str | None) -> int:
        offset, chosen = self.keyed(destination)
        index = chosen % (self.cells or 10)
        if index not in self.cell:
            self.cell[index] = self.rng.getrandbits(16)
        count = len(self.ordered)
        while count > 0:
            port = self.ordered[(offset + self.cell[index]) % U32 % len(self.ordered)]
            self.cell[index] += 1
            if self.free(port):
                return port
            count -= 1
        raise Full

    def rfc5(self, _: str | None) -> int:
        count = len(self.ordered)
        while count > 0:
            self.next += 1 + uniform(self.rng, self.increment)
            port = self.ordered[self.next % len(self.ordered)]
            if self.free(port):
                return port
            count -= 1
        raise Full

    # -- Linux ---------------------------------------------------------------

    def linux_connect(self, destination: str | None, step: int = 2) -> int:
        offset, chosen = self.keyed(destination)
        index = chosen & 0xFFFF
        if index not in self.cell:
            self.cell[index] = self.rng.getrandbits(32)
        low, high = self.low, self.high + 1
        remaining = high - low
        if step == 2 and remaining > 1:
            remaining &= ~1
        offset = (self.cell[index] + offset) % U32
        offset %= remaining
        if step == 2:
            offset &= ~1
        while True:
            port = low + offset
            i = 0
            while i < remaining:
                if port >= high:
                    port -= remaining
                if self.free(port):
                    i = max(i, self.rng.getrandbits(3) * step)
                    self.cell[index] = (self.cell[index] + i + step) % U32
                    return port
                i += step
                port += step
            if step == 1:
                raise Full
            offset += 1
            if not (offset & 1 and remaining > 1):
                raise Full

    def linux_connect_range(self, destination: str | None) -> int:
        return self.linux_connect(destination, step=1)

    def linux_bind(self, _: str | None, attempt_half: int = 0) -> int:
        while True:
            low, high = self.low, self.high + 1
            if high - low < 4:
                attempt_half = 0
            if attempt_half:
                half = low + (((high - low) >> 2) << 1)
                if attempt_half == 1:
                    high = half
                else:
                    low = half
            remaining = high - low
            if remaining > 1:
                remaining &= ~1
            offset = uniform(self.rng, remaining)
            offset |= 1
            again = True
            while again:
                port = low + offset
                for _i in range(0, remaining, 2):
                    if port >= high:
                        port -= remaining
                    if self.free(port):
                        return port
                    port += 2
                offset -= 1
                again = not offset & 1
            if attempt_half == 1:
                attempt_half = 2
                continue
            raise Full

    def linux_bind_reuse(self, destination: str | None) -> int:
        return self.linux_bind(destination, attempt_half=1)

    def linux_udp(self, _: str | None) -> int:
        cells = self.cells or 4096
        rand = self.rng.getrandbits(32)
        first = (rand * (self.high - self.low + 1) >> 32) + self.low
        rand = (rand | 1) * cells
        last = first + cells
        wanted = self.usable - self.busy
        # The chain of a port: all that differ from it by a multiple of cells.
        chains = {port % cells for port in wanted}
        while first != last:
            port = first & 0xFFFF
            if port % cells not in chains:
                self.probes += 65536 // cells
                first += 1
                continue
            while True:
                # As self.free(port), which would cost more than the walk itself.
                self.probes += 1
                if port in wanted:
                    return port
                port = (port + rand) & 0xFFFF
                if port == first & 0xFFFF:
                    break
            first += 1
        raise Full

    def old_connect(self, destination: str | None) -> int:
        offset, _ = self.keyed(destination)
        remaining = self.high - self.low + 1
        for i in range(remaining):
            port = self.low + (self.next + offset + i) % remaining
            if self.free(port):
                self.next += i + 1
                return port
        raise Full

    # -- BSDs and others -------------------------------------------------------

    def after(self, lastport: int) -> int:
        """The loop of in_pcb.c: ++lastport, wrapped, n times."""
        count = self.high - self.low
        while True:
            if count < 0:
                raise Full
            count -= 1
            lastport += 1
            if lastport < self.low or lastport > self.high:
                lastport = self.low
            if self.free(lastport):
                return lastport

    def freebsd(self, _: str | None) -> int:
        if self.low == self.high:
            return self.after(self.low)
        return self.after(self.low + self.rng.getrandbits(32) % (self.high - self.low))

    def openbsd(self, _: str | None) -> int:
        if self.low == self.high:
            return self.after(self.low)
        return self.after(self.low + uniform(self.rng, self.high - self.low))

    def xnu_random(self, _: str | None) -> int:
        if self.low == self.high:
            return self.after(self.low)
        return self.after(self.low + self.rng.getrandbits(16) % (self.high - self.low))

    def sequential(self, _: str | None) -> int:
        # lastport is 0 at boot: outside the range, so that its first port is next.
        self.previous = self.after(self.previous)
        return self.previous

    def netbsd(self, _: str | None) -> int:
        count = self.high - self.low + 1
        lastport = self.last
        while count > 0:
            lastport -= 1
            if lastport < self.low or lastport > self.high:
                lastport = self.high
            if self.free(lastport):
                self.last = lastport
                return lastport
            count -= 1
        raise Full

    def illumos(self, _: str | None) -> int:
        port = self.rng.getrandbits(16)
        if port < self.low or port > self.high:
            bump = 0 if self.low == self.high else port % (self.high - self.low)
            port = self.low + bump
        for _i in range(self.high - self.low + 1):
            if self.free(port):
                return port
            port += 1
            if port > self.high:
                port = self.low
        raise Full

    def random_start(self, _: str | None) -> int:
        count = self.high - self.low + 1
        offset = uniform(self.rng, count)
        for i in range(count):
            port = self.low + (offset + i) % count
            if self.free(port):
                return port
        raise Full

    def lwip(self, _: str | None) -> int:
        port = self.last
        for _i in range(self.high - self.low + 1):
            port = self.low if port >= self.high else port + 1
            if self.free(port):
                self.last = port
                return port
        raise Full

    def zephyr(self, _: str | None) -> int:
        while True:
            port = self.low + uniform(self.rng, self.high - self.low + 1)
            if self.free(port):
                return port

    def freertos(self, _: str | None) -> int:
        count = self.high - self.low + 1
        for _i in range(count):
            port = self.low + self.rng.getrandbits(16) % count
            if self.free(port):
                return port
        raise Full


NAMES = {
    "rfc6056-1": "rfc1",
    "rfc6056-2": "rfc2",
    "rfc6056-3": "rfc3",
    "rfc6056-4": "rfc4",
    "rfc6056-5": "rfc5",
    "linux-connect": "linux_connect",
    "linux-connect-range": "linux_connect_range",
    "linux-bind": "linux_bind",
    "linux-bind-reuse": "linux_bind_reuse",
    "linux-udp": "linux_udp",
    "linux-2.6.24-connect": "old_connect",
    "linux-2.6.24-bind": "random_start",
    "freebsd": "freebsd",
    "openbsd": "openbsd",
    "macos-tcp": "sequential",
    "macos-udp": "xnu_random",
    "netbsd": "netbsd",
    "solaris": "illumos",
    "bsd-sequential": "sequential",
    "windows-xp": "sequential",
    "gvisor": "random_start",
    "lwip": "lwip",
    "zephyr": "zephyr",
    "freertos": "freertos",
}

HASHED = {
    "rfc6056-3",
    "rfc6056-4",
    "linux-connect",
    "linux-connect-range",
    "linux-2.6.24-connect",
}

# Those that draw at every try. The library draws once among the free ports, so
# that only the distributions agree.
REDRAWN = {"rfc6056-2", "zephyr", "freertos"}
