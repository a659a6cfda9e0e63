"""Integers of other types than int, as other libraries have them."""

from __future__ import annotations


class Index:
    """An integer with nothing but ``__index__``, which numpy's integers have too."""

    def __init__(self, value: int) -> None:
        """Keep the value."""
        self.value = value

    def __index__(self) -> int:
        """Return the value."""
        return self.value
