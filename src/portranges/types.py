"""The names that annotations use, each loaded when an annotation is evaluated.

Modules write ``types.Iterable[int]`` or ``types.SystemLike`` and import nothing else for
their annotations. The names are those that ``_types`` defines or imports; it imports ``typing``
and is loaded only by ``typing.get_type_hints`` and the libraries that call it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from portranges._types import *  # noqa: F403 - a type checker sees every name
else:

    def __getattr__(name: str) -> object:
        if not name.startswith("_"):
            from portranges import _types

            if hasattr(_types, name):
                return globals().setdefault(name, getattr(_types, name))
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        from portranges import _types

        return sorted({*globals(), *[name for name in vars(_types) if not name.startswith("_")]})

    def cast(_kind: object, value: object) -> object:
        """Return *value*, as typing.cast does."""
        return value

    def final(kind: type) -> type:
        """Return *kind*, as typing.final does apart from a mark."""
        return kind

    def overload(function: object) -> object:
        """Return *function*; the implementation that follows replaces it."""
        return function
