"""The entry point by which Hypothesis learns of this library's types.

What lives here: ``register``, which Hypothesis calls while it is imported.
What must not: an import of ``strategies`` before the first draw. Hypothesis
is only half there when it calls, so ``strategies`` could not import it, and
whoever imported ``strategies`` first would find an import circle. Every user of
Hypothesis in the same environment pays for this module, so it loads no more
than the numbers and sets.
"""

from __future__ import annotations

import sys

from portranges import types

__all__ = ["register"]

_EPHEMERAL = "portranges.ephemeral"


def register() -> None:
    """Tell Hypothesis how to draw the library's types in ``st.from_type``.

    Example:
        >>> from hypothesis import find, strategies as st
        >>> from portranges import PortRange
        >>> register()
        >>> find(st.from_type(PortRange), lambda ports: len(ports) > 1)
        PortRange(first=0, last=1)
    """
    from hypothesis import strategies as st

    from portranges.ports import MaskedPort, PortRange
    from portranges.portset import PortSet
    from portranges.transport_ports import TransportPorts

    # Transport and Category are enumerations, which Hypothesis draws by itself.
    for kind in (MaskedPort, PortRange, PortSet, TransportPorts):
        st.register_type_strategy(kind, _resolve)
    _register_profiles()


def _resolve(kind: type[types.Any]) -> types.Any:
    from portranges import strategies

    # Hypothesis also asks on behalf of a base class, such as Sized: a foreign
    # test that draws any sized object shall not change because we are here.
    maker = strategies._BY_TYPE.get(kind)
    return NotImplemented if maker is None else maker()


def _register_profiles() -> None:
    """Register EphemeralProfile without loading its module and all its rows.

    Hypothesis has no public way to name a type that is not loaded yet. It has
    the table that it uses for numpy itself: a module's name, and whom to ask
    about unknown types once that module is loaded. Should a later Hypothesis
    keep no such table, the module is loaded at once.
    """
    try:
        from hypothesis.strategies._internal.types import _global_extra_lookup as late_types
    except ImportError:
        from hypothesis import strategies as st

        from portranges.ephemeral import EphemeralProfile

        st.register_type_strategy(EphemeralProfile, _resolve_profile)
    else:
        late_types[_EPHEMERAL] = _profiles_for


def _resolve_profile(kind: type[types.Any]) -> types.Any:
    found = _profiles_for(kind)
    return NotImplemented if found is None else found


def _profiles_for(kind: type[types.Any]) -> types.Any | None:
    # Asked while the module is half loaded, it has no such name yet.
    if kind is not getattr(sys.modules[_EPHEMERAL], "EphemeralProfile", None):
        return None
    from portranges import strategies

    return strategies.profiles()
