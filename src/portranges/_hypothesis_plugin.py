"""The entry point that registers the types of this library with Hypothesis.

Hypothesis calls ``register`` while it is being imported, so this module must not import
``strategies`` before the first draw: ``strategies`` needs all of Hypothesis. Every user of
Hypothesis in the same environment imports this module, so it names the types as text.
"""

from __future__ import annotations

from portranges import types

__all__ = ["register"]

# The modules of the types that strategies.records draws. A type of another module, such as an
# enumeration, is left to Hypothesis.
_MODULES = (
    "portranges.endpoints",
    "portranges.ephemeral.model",
    "portranges.ports",
    "portranges.portset",
    "portranges.probe.record",
    "portranges.probe.table",
    "portranges.registry.registry",
    "portranges.reuse.linux.settings",
    "portranges.reuse.model",
    "portranges.reuse.others.settings",
    "portranges.rulesets.model",
    "portranges.rulesets.ruleset",
    "portranges.selection.model",
    "portranges.source",
    "portranges.system.model",
    "portranges.systems",
    "portranges.transport_ports",
)


def register() -> None:
    """Register the types of the library for ``st.from_type``.

    Hypothesis has no public way to name a type that is not loaded yet. It has the table that
    it uses for numpy: the name of a module, and a function to call for unknown types once
    that module is loaded. If a later Hypothesis has no such table, every type is loaded
    immediately.

    Example:
        >>> from hypothesis import find, strategies as st
        >>> from portranges import PortRange
        >>> register()
        >>> find(st.from_type(PortRange), lambda ports: len(ports) > 1)
        PortRange(first=0, last=1)
    """
    try:
        from hypothesis.strategies._internal.types import _global_extra_lookup as late_types
    except ImportError:
        _register_now()
    else:
        late_types["portranges"] = _strategy_for


def _register_now() -> None:
    from importlib import import_module

    from hypothesis import strategies as st

    for module in map(import_module, _MODULES):
        for kind in [*vars(module).values()]:
            if isinstance(kind, type) and kind.__module__ == module.__name__:
                st.register_type_strategy(kind, _resolve)


def _resolve(kind: type[types.Any]) -> types.Any:
    # Hypothesis also calls this for a base class such as Sized. The tests of other projects
    # that draw any sized object must not change because this library is installed.
    found = _strategy_for(kind)
    return NotImplemented if found is None else found


def _strategy_for(kind: types.Any) -> types.Any | None:
    marks: tuple[object, ...] = getattr(kind, "__metadata__", ())
    if [type(mark).__module__ for mark in marks] == ["portranges.fields"]:
        # ``Port`` is an annotated int, for which Hypothesis would draw any integer.
        from portranges.strategies import ports

        return ports()
    if getattr(kind, "__module__", None) not in _MODULES:
        return None
    from portranges.strategies.records import BY_TYPE

    maker = BY_TYPE.get(f"{kind.__module__}.{kind.__qualname__}")
    return None if maker is None else maker()
