"""The entry point that registers the types of this library with Hypothesis.

Hypothesis calls ``register`` while it is being imported, so this module must not import
``strategies`` before the first draw: ``strategies`` needs all of Hypothesis. Every user of
Hypothesis in the same environment imports this module, so it imports only numbers and sets.
"""

from __future__ import annotations

import sys

from portranges import types

__all__ = ["register"]

_EPHEMERAL = "portranges.ephemeral"


def register() -> None:
    """Register the types of the library for ``st.from_type``.

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

    # Hypothesis draws enumerations such as Transport and Category without help.
    for kind in (MaskedPort, PortRange, PortSet, TransportPorts):
        st.register_type_strategy(kind, _resolve)
    _register_profiles()


def _resolve(kind: type[types.Any]) -> types.Any:
    from portranges import strategies

    # Hypothesis also calls this for a base class such as Sized. The tests of other projects
    # that draw any sized object must not change because this library is installed.
    maker = strategies._BY_TYPE.get(kind)
    return NotImplemented if maker is None else maker()


def _register_profiles() -> None:
    """Register EphemeralProfile without loading its module and all its rows.

    Hypothesis has no public way to name a type that is not loaded yet. It has the table that
    it uses for numpy: the name of a module, and a function to call for unknown types once
    that module is loaded. If a later Hypothesis has no such table, the module is loaded
    immediately.
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
    # While the module is being loaded, it does not have the name yet.
    if kind is not getattr(sys.modules[_EPHEMERAL], "EphemeralProfile", None):
        return None
    from portranges import strategies

    return strategies.profiles()
