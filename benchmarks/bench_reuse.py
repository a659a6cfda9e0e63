"""How long the calls of a PortTable take, by the number of sockets in it.

    python benchmarks/bench_reuse.py [SOCKETS ...]

Prints one line per size: the median time of a call on an otherwise unused port, in microseconds,
in a table with that many sockets on other ports.
"""

from __future__ import annotations

import sys
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from measure import FULL
from tables import Table

from portranges import PortRange
from portranges.reuse import Close, LinuxSettings, PortTable

if TYPE_CHECKING:
    import random

    from measure import Effort
    from peers import Peers
    from tables import Goal

SIZES = (0, 1_000, 10_000, 100_000)
CALLS = 2_000
SETTINGS = LinuxSettings(ip_local_port_range=PortRange(32768, 60999))


def filled(size: int) -> PortTable:
    """Return a table of *size* sockets: connections, listeners, and those that linger."""
    table = PortTable("linux", settings=SETTINGS, seed=1)
    for number in range(size):
        sock = table.socket("tcp")
        # A hundred destinations; a listener in a hundred; one in ten lingers.
        if number % 100 == 0:
            table.bind(sock, "0.0.0.0", 1024 + number // 100)
            table.listen(sock)
        else:
            table.connect(sock, f"198.51.100.{number % 100}", 443)
            if number % 10 == 1:
                table.close(sock)
    return table


def timed(table: PortTable) -> dict[str, float]:
    """Return the median of each call, in microseconds."""
    times: dict[str, list[float]] = {}

    def call(name: str, start: float) -> None:
        times.setdefault(name, []).append((perf_counter() - start) * 1e6)

    for number in range(CALLS):
        port = 20000 + number
        start = perf_counter()
        sock = table.socket("tcp")
        call("socket", start)
        start = perf_counter()
        table.bind(sock, "127.0.0.1", port)
        call("bind", start)
        rival = table.socket("tcp")
        start = perf_counter()
        table.bind(rival, "0.0.0.0", port)
        call("bind, refused", start)
        start = perf_counter()
        table.listen(sock)
        call("listen", start)
        start = perf_counter()
        child = table.accept(sock, peer=("203.0.113.9", 40000)).handle
        call("accept", start)
        assert child is not None
        start = perf_counter()
        table.close(child, Close.RESET)
        call("close", start)
        table.close(sock)
        start = perf_counter()
        table.connect(rival, "203.0.113.7", 443)
        call("connect", start)
        start = perf_counter()
        table.close(rival)
        call("close, lingers", start)
        chooser = table.socket("tcp")
        start = perf_counter()
        table.bind(chooser, "127.0.0.1", 0)
        call("bind to port 0", start)
        table.close(chooser)
    return {name: median(values) for name, values in times.items()}


def automatic(ports: PortRange, calls: int) -> Table:
    """Time connect() to one destination and bind() of port 0 as the range fills."""
    shares = (0, 49, 51, 90, 99)
    rows: list[tuple[str, ...]] = []
    for name in ("connect", "bind to port 0"):
        table = PortTable("linux", settings=LinuxSettings(ip_local_port_range=ports), seed=1)
        taken = 0
        medians: list[float] = []
        for share in shares:
            while taken < len(ports) * share // 100:
                taken += _take(table, name)[0]
            times: list[float] = []
            for _ in range(calls):
                got, seconds = _take(table, name)
                taken += got
                times.append(seconds)
            medians.append(median(times) * 1e6)
        rows.append((name, *(f"{each:.1f}" for each in medians)))
    return Table(
        title="PortTable('linux'): microseconds for an automatic port, by the range in use",
        heads=("call", *(f"{share} %" for share in shares)),
        rows=rows,
        note=f"Of {len(ports):,} ports others hold so many, for the same destination or address.",
    )


def _take(table: PortTable, name: str) -> tuple[bool, float]:
    sock = table.socket("tcp")
    start = perf_counter()
    if name == "connect":
        decision = table.connect(sock, "203.0.113.7", 443)
    else:
        decision = table.bind(sock, "127.0.0.1", 0)
    return decision.allowed, perf_counter() - start


def run(effort: Effort, peers: Peers, rng: random.Random) -> tuple[list[Table], list[Goal]]:
    """Time the calls in tables of growing size."""
    del peers, rng
    sizes = SIZES if effort.sample >= FULL.sample else SIZES[:2]
    grown = {size: timed(filled(size)) for size in sizes}
    names = list(grown[sizes[0]])
    table = Table(
        title="PortTable('linux'): microseconds a call, by the sockets on other ports",
        heads=("call", *(f"{size:,}" for size in sizes)),
        rows=[(name, *(f"{grown[size][name]:.1f}" for size in sizes)) for name in names],
        note="Each call is on a port of its own: sockets on other ports cost nothing.",
    )
    whole = effort.sample >= FULL.sample
    ports = SETTINGS.ip_local_port_range if whole else PortRange(40000, 41999)
    return [table, automatic(ports, 200 if whole else 20)], []


def main(sizes: list[int]) -> None:
    """Print the table."""
    rows = {size: timed(filled(size)) for size in sizes}
    print("call".ljust(16), *(f"{size:>10,}" for size in sizes))
    for name in next(iter(rows.values())):
        print(name.ljust(16), *(f"{rows[size][name]:10.1f}" for size in sizes))


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or list(SIZES))
