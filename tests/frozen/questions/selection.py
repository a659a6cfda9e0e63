"""The order in which ports are chosen: every algorithm, many seeds, ports taken and released.

A step of a run is a tuple: "a" and a destination allocates, "t" with a port and a destination
takes, "r" with the place of a held port and a destination releases, "k" makes a new key.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from frozen.plan import Question, area
from frozen.questions.names import ALGORITHM_ALIASES, ALGORITHMS, set_text

_DESTINATIONS = (
    None,
    "192.0.2.1",
    "192.0.2.2",
    ("192.0.2.1", 443),
    ("192.0.2.1", 80),
    (("a", 1), b"x", 7),
    b"\x00\x01",
    7,
)


@area("selection: rows", 1, exhaustive=True)
def rows(chunk: int, rng: Random) -> Iterator[Question]:
    """Ask for every row."""
    yield ("algorithm_names",)
    for name in ALGORITHMS:
        yield "algorithm", name
    yield "algorithm_aliases", (*ALGORITHM_ALIASES, "linux", "rfc6056", "")
    for name in ALGORITHMS:
        yield "algorithm_replace", name, ((None, None), (1, None), (None, 5), (0, 0), (70000, 3))


@area("selection: runs", 250)
def runs(chunk: int, rng: Random) -> Iterator[Question]:
    """Allocate, take and release; a chunk is of one algorithm."""
    algorithm = ALGORITHMS[chunk % len(ALGORITHMS)]
    for _ in range(8):
        way = rng.random()
        if way < 0.4:
            first = rng.choice((1, 1024, 1025, 32768, 40000, 65000))
            ports = f"{first}-{first + rng.choice((0, 1, 2, 6, 15, 31, 60))}"
        elif way < 0.8:
            first = rng.choice((1024, 32768))
            ports = f"{first}-{first + rng.choice((100, 999, 28231))}"
        else:
            ports = set_text(rng)
        excluded = set_text(rng) if rng.random() < 0.3 else ""
        shared = rng.random() < 0.3
        steps: list[tuple[Any, ...]] = []
        for _ in range(80):
            kind = rng.random()
            destination = rng.choice(_DESTINATIONS[1 if shared else 0 :])
            if kind < 0.75:
                steps.append(("a", destination))
            elif kind < 0.85:
                steps.append(("r", rng.randrange(1 << 16), destination))
            elif kind < 0.95:
                steps.append(("t", rng.randrange(1 << 16), destination))
            else:
                steps.append(("k",))
        replaced: tuple[int | None, int | None] = (None, None)
        if rng.random() < 0.1:
            replaced = rng.choice((None, 1, 16)), rng.choice((None, 1, 500))
        seed = rng.randrange(1 << 30)
        yield "allocate", algorithm, replaced, ports, excluded, shared, seed, tuple(steps)
