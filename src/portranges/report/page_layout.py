"""The layout of a page: labelled sections in a column, wrapped to a width.

``page`` and its parts write with it, and so does ``portranges PORT --here``.
"""

from __future__ import annotations

from portranges import types
from portranges.layout import grouped, wrapped

_LABEL = 14  # columns of the labels on the left


class Page:
    """The lines of a page, section by section."""

    def __init__(self, *, width: int, styled: bool, sources: bool = False) -> None:
        """Begin a page of at most *width* columns."""
        self.lines: list[str] = []
        self._width = width
        self._styled = styled
        self._sources = sources

    def title(self, text: str, lines: types.Iterable[str]) -> None:
        """Add a heading and the lines below it."""
        self.lines += [self._bold(text), *lines]

    def section(
        self,
        label: str,
        parts: types.Iterable[str],
        sources: types.Iterable[tuple[str, types.Source]] = (),
    ) -> None:
        """Add a section: *label* beside the first line of its *parts*.

        Each of *sources* names the part that it supports, ``""`` for the whole section.
        """
        lines = [line for part in parts for line in part.split("\n")]
        if self._sources:
            of = grouped((str(source), what) for what, source in sources)
            for source_text, whats in of.items():
                lead = ", ".join(filter(None, dict.fromkeys(whats)))
                lines += self._fill(f"[{lead}: {source_text}]" if lead else f"[{source_text}]", 2)
        head, *rest = lines
        self.lines += ["", self._bold(label.ljust(_LABEL)) + head]
        self.lines += [" " * _LABEL + line if line else "" for line in rest]

    def paragraph(self, text: str, *, indent: int = 0) -> str:
        """Return *text*, wrapped; the second and later lines are indented."""
        return "\n".join(self._fill(text, indent))

    def row(self, head: str, columns: int, text: str) -> str:
        """Return *head* in a column of its own and *text*, wrapped, beside it."""
        lines = wrapped(text, self._width - _LABEL - columns)
        return head.ljust(columns) + ("\n" + " " * columns).join(lines)

    def _fill(self, text: str, indent: int) -> list[str]:
        return wrapped(text, self._width - _LABEL, below=" " * indent)

    def _bold(self, text: str) -> str:
        return bold(text) if self._styled else text


def bold(text: str) -> str:
    """Return *text* in bold type, with terminal escape codes."""
    return f"\x1b[1m{text}\x1b[0m"
