"""The questions of a comparison: areas, each in chunks that are made from a seed.

A question is plain data: a tuple of the question's name and its arguments, which are numbers,
texts, None or tuples of these. It is made without either package, so that both get the same
questions. A chunk is a list of questions, made from its number alone, so any chunk can be made
again to show what differs in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

Question: TypeAlias = tuple[Any, ...]
Maker: TypeAlias = Callable[[int, Random], Iterator[Question]]


@dataclass(frozen=True)
class Area:
    """An area of the package.

    Attributes:
        name: Its name.
        chunks: How many chunks it has at scale 1.
        is_exhaustive: Whether the chunks ask everything; more of them would repeat it.
        make: Makes the questions of a chunk.
    """

    name: str
    chunks: int
    is_exhaustive: bool
    make: Maker

    def numbers(self, scale: float) -> list[int]:
        """Return the numbers of the chunks that a run at *scale* includes."""
        wanted = max(1, round(self.chunks * scale))
        if not self.is_exhaustive:
            return list(range(wanted))
        wanted = min(wanted, self.chunks)
        return [at * self.chunks // wanted for at in range(wanted)]

    def questions(self, chunk: int, seed: str) -> list[Question]:
        """Return the questions of *chunk*."""
        return list(self.make(chunk, Random(f"{seed}/{self.name}/{chunk}")))


AREAS: dict[str, Area] = {}


def area(name: str, chunks: int, *, exhaustive: bool = False) -> Callable[[Maker], Maker]:
    """Enter a maker of questions as an area."""

    def enter(make: Maker) -> Maker:
        AREAS[name] = Area(name, chunks, exhaustive, make)
        return make

    return enter


def load() -> dict[str, Area]:
    """Return all areas."""
    from frozen.questions import (  # noqa: F401 (they enter their areas)
        advice,
        capacity,
        commands,
        dialects,
        ephemeral,
        flows,
        numbers,
        registry,
        reuse,
        selection,
        settings,
    )

    return AREAS
