"""Records that are valid however they are built.

A record is a frozen dataclass that checks its fields in ``__post_init__``, which the
constructor, ``dataclasses.replace``, pydantic, msgspec and cattrs call. ``always_checked``
closes the ways around that method.
"""

from __future__ import annotations

from portranges import types

__all__ = ["always_checked"]


def always_checked(kind: type[types.T]) -> type[types.T]:
    """Make copies and pickles of the frozen dataclass *kind* call its constructor.

    ``dataclass(frozen=True, slots=True)`` adds a ``__setstate__`` that stores any values
    unchecked; it is removed. A ``__reduce__`` that the class defines itself is kept.

    Args:
        kind: The class, with the decorator ``dataclass`` applied.

    Returns:
        The same class.

    Example:
        >>> import copy
        >>> from dataclasses import dataclass
        >>> @always_checked
        ... @dataclass(frozen=True, slots=True)
        ... class Percentage:
        ...     value: int
        ...     def __post_init__(self):
        ...         if not 0 <= self.value <= 100:
        ...             raise ValueError("a percentage must be in 0..100")
        >>> wrong = object.__new__(Percentage)
        >>> object.__setattr__(wrong, "value", 101)
        >>> copy.copy(wrong)
        Traceback (most recent call last):
        ...
        ValueError: a percentage must be in 0..100
    """
    for name in ("__getstate__", "__setstate__"):
        if name in vars(kind):
            delattr(kind, name)
    if "__reduce__" not in vars(kind):
        setattr(kind, "__reduce__", _reduce)  # noqa: B010 - a type checker refuses the assignment
    return kind


def _reduce(record: types.Any) -> tuple[types.Any, ...]:
    kind = record.__class__
    fields: list[types.Any] = [each for each in kind.__dataclass_fields__.values() if each.init]
    if any(each.kw_only for each in fields):
        return _construct, (kind, {each.name: getattr(record, each.name) for each in fields})
    return kind, tuple([getattr(record, each.name) for each in fields])


def _construct(kind: type[types.T], fields: dict[str, object]) -> types.T:
    return kind(**fields)
