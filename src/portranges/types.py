"""The names that annotations use, each loaded when a hint is evaluated.

Modules write ``types.Iterable[int]`` or ``types.SystemLike`` and import nothing else for
their annotations. The names are defined in ``_types``, which imports ``typing`` and is
loaded only by ``typing.get_type_hints`` and the libraries that call it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from portranges._types import *  # noqa: F403 - a type checker sees every name
else:

    def __getattr__(name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from portranges import _types

        value = getattr(_types, name, None)
        if value is None or name not in _types.__all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        from portranges import _types

        return sorted({*globals(), *_types.__all__})

    def cast(_kind: object, value: object) -> object:
        """Return *value*, as typing.cast does."""
        return value

    def final(kind: type) -> type:
        """Return *kind*, as typing.final does apart from a mark."""
        return kind

    def overload(function: object) -> object:
        """Return *function*; the implementation that follows replaces it."""
        return function
