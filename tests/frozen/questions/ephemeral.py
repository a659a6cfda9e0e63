"""Ephemeral ranges: every field of every row, rows that are replaced, who allocates a port."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from frozen.plan import Question, area
from frozen.questions.names import PROFILE_ALIASES, PROFILES, TRANSPORTS, set_text


@area("ephemeral: rows", 1, exhaustive=True)
def rows(chunk: int, rng: Random) -> Iterator[Question]:
    """Ask for every field of every row."""
    yield ("profile_names",)
    for name in PROFILES:
        yield "profile", name
        yield "privileged", name
    yield "aliases", (*PROFILE_ALIASES, "linus", "", "Linux", "window")


@area("ephemeral: replaced rows", 20)
def replaced(chunk: int, rng: Random) -> Iterator[Question]:
    """Replace the range of rows, and join ranges."""
    asked = []
    for name in PROFILES:
        ports = None if rng.random() < 0.3 else set_text(rng)
        excluded = None if rng.random() < 0.3 else set_text(rng)
        asked.append((name, ports, excluded))
    yield "replace", tuple(asked)
    yield (
        "profile_ports",
        tuple(tuple(rng.choice(PROFILES) for _ in range(rng.randint(1, 4))) for _ in range(60)),
    )


@area("ephemeral: who allocates a port", 64, exhaustive=True)
def allocated_by(chunk: int, rng: Random) -> Iterator[Question]:
    """Ask who allocates each port."""
    first, last = chunk * 1024, chunk * 1024 + 1023
    yield "allocated_by", first, last, None, "host", True
    yield "allocated_by", first, last, rng.choice(TRANSPORTS), None, None
    kind = rng.choice(("middlebox", "document", "host"))
    yield "allocated_by", first, first + 63, None, kind, rng.choice((None, True, False))
