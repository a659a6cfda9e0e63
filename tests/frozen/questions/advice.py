"""Advice about ports and rules, known uses, and the report on one port."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from frozen.plan import Question, area
from frozen.questions.names import PROFILES, TRANSPORTS, port, range_text, set_text


def _systems(rng: Random) -> tuple[str, ...] | None:
    if rng.random() < 0.4:
        return None
    return tuple(rng.choice(PROFILES) for _ in range(rng.randint(0, 3)))


def _transports(rng: Random) -> tuple[str, ...] | None:
    if rng.random() < 0.5:
        return None
    return tuple(rng.choice(TRANSPORTS) for _ in range(rng.randint(1, 3)))


@area("advice: why not", 64, exhaustive=True)
def why_not(chunk: int, rng: Random) -> Iterator[Question]:
    """Query the objections to each port."""
    yield "why_not", chunk * 1024, 1024, 1, None, None
    systems, transports = _systems(rng), _transports(rng)
    yield "why_not", chunk * 1024, 1024, 16, systems, transports


@area("advice: rules", 30)
def rules(chunk: int, rng: Random) -> Iterator[Question]:
    """Audit rules, compare sets, ask for ports to listen on."""
    if chunk == 0:
        yield ("advice_rows",)
    for _ in range(12):
        rules = tuple(set_text(rng) for _ in range(rng.randint(0, 6)))
        yield "audit", rules, _systems(rng)
        yield "first_cover", rules, (str(port(rng)), range_text(rng), set_text(rng))
    for _ in range(6):
        yield "diff", set_text(rng), set_text(rng)
        yield "return_traffic", _systems(rng) or ("linux",)
        yield "sysctl_reserved", set_text(rng)
        yield "listen_ports", _systems(rng), _transports(rng)


@area("uses", 1, exhaustive=True)
def uses(chunk: int, rng: Random) -> Iterator[Question]:
    """Ask for the known uses of every port."""
    yield ("uses",)
    yield "uses_of", 0, 65535


@area("report", 64)
def report(chunk: int, rng: Random) -> Iterator[Question]:
    """Ask for everything known about some ports."""
    for transport in (None, None, rng.choice(TRANSPORTS)):
        yield "explain", tuple(port(rng) for _ in range(12)), transport
