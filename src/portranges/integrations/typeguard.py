"""``Port`` for functions that typeguard checks.

typeguard ignores annotations that it does not know. This module, when it is imported, registers
a checker for ``portranges.Port``.
"""

from __future__ import annotations

from typing import get_args

from portranges import types
from portranges.errors import elide
from portranges.fields import Port
from portranges.integrations.extras import required

with required("typeguard"):
    from typeguard import TypeCheckError, TypeCheckMemo, checker_lookup_functions

__all__ = ["Port"]

_MARK = get_args(Port)[1]


def _check(value: object, _origin: object, _args: object, _memo: TypeCheckMemo) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeCheckError("is not an integer")
    if not 0 <= value <= 65535:
        raise TypeCheckError(f"is not a port: port must be in 0..65535, got {elide(value)}")


def _lookup(
    origin: object, _args: object, extras: tuple[object, ...]
) -> types.Callable[..., None] | None:
    return _check if origin is int and _MARK in extras else None


# typeguard adds plugins in the same place, before its own lookup.
checker_lookup_functions.insert(0, _lookup)
