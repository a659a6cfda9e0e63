"""Values that do not behave: too large, too deep, or with methods that raise.

Whatever a caller passes, the library answers, or raises an error of its own or a TypeError.
"""

from __future__ import annotations

import sys
from typing import Any, NoReturn

__all__ = ["DEEP", "VALUES", "FloatSubclass", "IntSubclass", "StrSubclass"]


class Raises:
    """An object on which everything raises that a message or a check may call."""

    def __init__(self, error: type[Exception] = ValueError) -> None:
        self.error = error

    def _raise(self, *_: object, **__: object) -> NoReturn:
        raise self.error("from outside")

    __repr__ = __str__ = __format__ = _raise  # type: ignore[assignment]
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _raise  # type: ignore[assignment]
    __hash__ = __bool__ = __len__ = _raise  # type: ignore[assignment]
    __index__ = __int__ = __float__ = _raise


class Prints:
    """An object whose ``repr`` is long, in several lines and with a control code."""

    def __repr__(self) -> str:
        return "\x1b[31m\n" * 1000


class IntSubclass(int):
    """An int that raises whenever it is compared, converted or printed."""

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = Raises._raise  # type: ignore[assignment]
    __hash__ = __repr__ = __str__ = __int__ = __index__ = __format__ = Raises._raise  # type: ignore[assignment]
    error = ValueError


class FloatSubclass(float):
    """A float that raises whenever it is compared, converted or printed."""

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = Raises._raise  # type: ignore[assignment]
    __hash__ = __repr__ = __str__ = __int__ = __format__ = Raises._raise  # type: ignore[assignment]
    error = ValueError


class StrSubclass(str):
    """A str that raises whenever it is compared, hashed or printed."""

    __slots__ = ()
    __eq__ = __ne__ = __hash__ = __repr__ = __str__ = __format__ = Raises._raise  # type: ignore[assignment]
    error = ValueError


def deep(kind: type[Any]) -> Any:
    """A list, a tuple or a dict, nested beyond what Python can print."""
    found: Any = kind()
    for _ in range(20_000):
        found = {"a": found} if kind is dict else kind([found])
    return found


DEEP: dict[str, Any] = {
    "deep list": deep(list),
    "deep tuple": deep(tuple),
    "deep dict": deep(dict),
}

VALUES: dict[str, Any] = {
    "huge int": 10**5000,
    "huge negative int": -(10**5000),
    "huge ints": [10**5000],
    "dict of a huge int": {"a": 10**5000},
    "raises ValueError": Raises(),
    "raises RecursionError": Raises(RecursionError),
    "list of what raises": [Raises()],
    "prints": Prints(),
    "int subclass": IntSubclass(80),
    "large int subclass": IntSubclass(10**30),
    "float subclass": FloatSubclass(0.5),
    "str subclass": StrSubclass("80"),
    "other str subclass": StrSubclass("x" * 1000),
    "nested list": [["linux"]],
    "bytes": b"linux",
    "bytearray": bytearray(b"linux"),
    "memoryview": memoryview(b"linux"),
    "list of bytes": [b"linux"],
    "control codes": "\x1b[31m\n",
    "surrogate": "\udcff",
    "long text": "x" * 1_000_000,
    "None": None,
    "bool": True,
    "nan": float("nan"),
    "infinity": float("inf"),
    "object": object(),
    "type": int,
    "empty list": [],
    "empty dict": {},
    "ellipsis": ...,
}
if sys.version_info < (3, 13):
    # Python 3.13 needs up to a second to find that it cannot print one of them.
    VALUES |= DEEP
