"""Capacity: all functions, all systems, all methods."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from frozen.plan import Question, area
from frozen.questions.names import METHODS, PROFILES, port, set_text

# The systems for which there is more than one way to get a port.
_LINUX = ("linux", "android", "wsl2", "wsl2-mirrored", "wslc")


@area("capacity: systems", len(PROFILES))
def systems(chunk: int, rng: Random) -> Iterator[Question]:
    """Ask everything about one system; later rounds differ in the range."""
    system = PROFILES[chunk % len(PROFILES)]
    yield "methods", system
    for tuned in range(6 if system in _LINUX else 3):
        ports = excluded = None
        if tuned:
            first = rng.choice((1, 1024, 32768, 49152))
            ports = f"{first}-{first + rng.choice((0, 1, 2, 3, 4, 5, 9, 100, 3000))}"
            if rng.random() < 0.2:
                ports = set_text(rng)
            excluded = rng.choice((None, set_text(rng)))
        methods = (*METHODS, "bind") if system in _LINUX else ("connect", "udp")
        for method in methods:
            numbers = [(1, 1), (2, 3), (rng.randint(0, 100), rng.randint(0, 100)), (1, 40), (9, 1)]
            for destinations, sources in numbers:
                yield "concurrent", system, ports, excluded, destinations, sources, method
                time_wait = rng.choice((None, None, 0, 30.5, 240))
                yield "rate", system, ports, excluded, time_wait, destinations, sources, method
        yield "self_connect", system, ports, excluded, (port(rng),)


@area("capacity: formulas", 12)
def formulas(chunk: int, rng: Random) -> Iterator[Question]:
    """Ask the formulas, within and outside their bounds."""
    for _ in range(150):
        ports = rng.choice((1, 2, 100, 16384, 28232, 65536, 65537, 0, rng.randint(1, 65536)))
        draws = rng.choice((0, 1, 2, 100, rng.randint(0, 2000), -1))
        yield "collisions", draws, ports
        yield "draws_for", rng.choice((0, 0.5, 0.99, 1, rng.random(), -0.1, 2)), ports
        in_use = rng.choice((0, ports - 1, ports, ports // 2, rng.randint(0, 70000)))
        algorithm = f"rfc6056-{rng.randint(1, 5)}"
        if rng.random() < 0.05:
            algorithm = rng.choice(("linux-connect", "rfc6056-6", ""))
        filling = rng.choice(("random", "self", "random", "other"))
        yield "probes", algorithm, min(in_use, 3000), ports, filling
        yield "give_up", in_use, ports
        yield "time_wait_sockets", rng.choice((0, 1, 500, 0.5, -1)), rng.choice((0, 60, 240.5, -1))
