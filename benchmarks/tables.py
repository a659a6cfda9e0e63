"""Results as text tables of at most 80 columns, and the list of goals."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["WIDTH", "Goal", "Table", "nothing", "ratio", "size", "span"]

WIDTH = 80

# The cell of a case without a figure.
nothing = "-"


@dataclass(frozen=True, slots=True)
class Table:
    """A table: a title, column heads, rows of as many cells, and a note.

    The first ``left`` columns are words and aligned to the left, the others to the right.
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    left: int = 1

    def __str__(self) -> str:
        """Return the table, aligned.

        Raises:
            ValueError: A row has another number of cells than there are heads.
        """
        lines = [list(self.heads), *map(list, self.rows)]
        columns = [
            [cell.ljust(width) if at < self.left else cell.rjust(width) for cell in column]
            for at, column in enumerate(zip(*lines, strict=True))
            for width in [max(map(len, column))]
        ]
        head, *body = ("  ".join(row).rstrip() for row in zip(*columns, strict=True))
        rule = "-" * max(map(len, (head, *body)))
        text = [self.title, "", head, rule, *body]
        if self.note:
            text += ["", fill(self.note, WIDTH)]
        return "\n".join(text)


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit that the library set itself, and what was measured."""

    text: str
    measured: str
    met: bool


def span(seconds: float | None) -> str:
    """Return a time with three digits and its unit."""
    if seconds is None:
        return nothing
    for unit, factor in (("ns", 1e9), ("us", 1e6), ("ms", 1e3)):
        if seconds * factor < 999.5:
            return f"{_three(seconds * factor)} {unit}"
    return f"{seconds:.2f} s"


def ratio(value: float | None) -> str:
    """Return a ratio as ``x5.7`` or ``x1,270``."""
    return nothing if value is None else f"x{_three(value)}"


def size(octets: int | None) -> str:
    """Return a number of bytes with its unit."""
    if octets is None:
        return nothing
    for unit, factor in (("B", 1), ("KB", 1e3), ("MB", 1e6)):
        if octets / factor < 999.5:
            return f"{_three(octets / factor) if factor > 1 else octets} {unit}"
    return f"{octets / 1e9:.1f} GB"


def _three(value: float) -> str:
    if value < 9.995:
        return f"{value:.2f}"
    if value < 99.95:
        return f"{value:.1f}"
    if value < 1000:
        return f"{value:.0f}"
    # Three digits that count, the others 0, grouped.
    digits = len(f"{value:.0f}") - 3
    return f"{round(value, -digits):,.0f}"
