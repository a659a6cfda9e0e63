"""Choosing a free port: Allocator beside the code that people write themselves.

One port is allocated and released, at 1 %, 95 % and 99.9 % in use. The time must not grow with
the load; it does for code that draws or tries port by port, which is included for comparison.
bind() to port 0 is left out, because it answers which port the system has free.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from measure import Case, Question, compare
from tables import Goal, Table, ratio, span

from portranges import PortRange, types
from portranges.selection import Allocator

if TYPE_CHECKING:
    from collections.abc import Callable

    from measure import Effort
    from peers import Peers

__all__ = ["run"]

_RANGE = PortRange(32768, 60999)
_LOADS = (0.01, 0.95, 0.999)

_ALGORITHMS: tuple[types.AlgorithmName, ...] = (
    "rfc6056-1",
    "rfc6056-2",
    "rfc6056-3",
    "rfc6056-4",
    "rfc6056-5",
    "linux-connect",
    "linux-bind-reuse",
    "linux-udp",
    "freebsd",
    "netbsd",
    "freertos",
)

_DRAWN = "random.choice until free"
_WALKED = "random start, a set, + 1"
_LISTED = "random.choice of a new list"


def run(effort: Effort, peers: Peers, rng: random.Random) -> tuple[list[Table], list[Goal]]:
    """Time one allocation and its release, by algorithm and load."""
    del peers
    taken: dict[str, list[float]] = {}
    for load in _LOADS:
        for timing in compare(_question(load), effort, rng):
            if timing.seconds is not None:
                taken.setdefault(timing.who, []).append(timing.seconds)
    rows = [
        [who, *map(span, seconds), ratio(seconds[-1] / seconds[0])]
        for who, seconds in taken.items()
    ]
    table = Table(
        "Allocating one of 28,232 ports and releasing it",
        ["way", *(f"{load:.1%} in use" for load in _LOADS), "growth"],
        rows,
        "Growth: the last column over the first. Algorithm 5 draws up to 256 times itself.",
    )
    steady = [name for name in _ALGORITHMS if name != "rfc6056-5"]
    growth = max(taken[name][-1] / taken[name][0] for name in steady)
    goals = [
        Goal(
            "an allocation at 99.9 % takes at most 3 times one at 1 %",
            ratio(growth),
            growth <= 3,
        )
    ]
    return [table], goals


def _question(load: float) -> Question:
    """Return the question at one load; each case answers with the ports that it reaches."""
    chance = random.Random(load)
    busy = set(chance.sample(_RANGE.to_range(), int(load * len(_RANGE))))
    cases: list[Case] = []
    for name in _ALGORITHMS:
        ports = Allocator(_RANGE, name, rng=random.Random(1))
        for port in busy:
            ports.take(port)
        cases.append(
            Case(
                name,
                "free(pick('192.0.2.1'))",
                {"pick": ports.allocate, "free": ports.release},
                _reached(ports.allocate, ports.release, busy),
            )
        )
    ways: dict[str, Callable[[], int]] = {
        _DRAWN: _draw(busy),
        _WALKED: _walk(busy),
        _LISTED: _list(busy),
    }
    for who, way in ways.items():
        cases.append(
            Case(
                who,
                "port = pick(); busy.add(port); busy.discard(port)",
                {"pick": way, "busy": busy},
                _reached(way, lambda _port: None, busy),
            )
        )
    return Question(f"a free port, {load:.1%} in use", tuple(cases))


def _reached(
    pick: Callable[[], int], free: Callable[[int], object], busy: set[int]
) -> Callable[[], object]:
    """Return a function that checks whether the chosen ports are free and in the range."""

    def answer() -> object:
        for _ in range(50):
            port = pick()
            if port in busy or port not in _RANGE:
                return port
            free(port)
        return "free ports"

    return answer


def _draw(busy: set[int]) -> Callable[[], int]:
    ports = _RANGE.to_range()
    choice = random.Random(1).choice

    def pick() -> int:
        while True:
            port = choice(ports)
            if port not in busy:
                return port

    return pick


def _walk(busy: set[int]) -> Callable[[], int]:
    first, last = _RANGE.first, _RANGE.last
    choice = random.Random(1).choice
    ports = _RANGE.to_range()

    def pick() -> int:
        port = choice(ports)
        while port in busy:
            port = first if port == last else port + 1
        return port

    return pick


def _list(busy: set[int]) -> Callable[[], int]:
    choice = random.Random(1).choice
    ports = _RANGE.to_range()

    def pick() -> int:
        return choice([port for port in ports if port not in busy])

    return pick
