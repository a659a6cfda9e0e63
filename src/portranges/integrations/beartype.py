"""A port for functions that beartype checks."""

from __future__ import annotations

from typing import Annotated

from portranges.integrations.extras import required

with required("beartype"):
    from beartype import vale

__all__ = ["Port"]


def _is_port(value: int) -> bool:
    return not isinstance(value, bool) and 0 <= value <= 65535


Port = Annotated[int, vale.Is[_is_port]]
