"""Which ways to get a port are known for a system."""

from __future__ import annotations

from portranges import types
from portranges.capacity.model import Method
from portranges.capacity.rows import METHODS
from portranges.ephemeral import EphemeralProfile
from portranges.ephemeral.lookup import row_of
from portranges.errors import InvalidValueError, elide
from portranges.names import Index


def profile_of(system: types.SystemLike) -> EphemeralProfile:
    """Return the profile of *system*, which must not contain port 0."""
    row = row_of(system, "system")
    if 0 in row.ports:
        rule = "a range must not contain port 0, which no socket has"
        raise InvalidValueError(rule, elide(str(row.ports)))
    return row


def methods(system: types.SystemLike) -> tuple[Method, ...]:
    """Return the ways to get a local port that are known for a system.

    Args:
        system: A system's name, or a profile of ``portranges.ephemeral``.

    Returns:
        The rows. There are none if only the profile states whether ports are shared;
        ``concurrent`` then relies on that.

    Raises:
        TypeError: *system* is neither.
        UnknownNameError: No system has the name.
        InvalidValueError: A tuned profile contains port 0.

    Example:
        >>> for method in methods("linux"):
        ...     print(method.name, method.growth)
        connect tuples
        bind-no-port tuples
        connect-range tuples
        bind0 sources
        bind0-reuse sources
        bind0-autobind-reuse lower half
        bind-explicit tuples
        udp sources
    """
    row = profile_of(system)
    return tuple(method for method in METHODS if row.name in method.systems)


def method_of(row: EphemeralProfile, name: types.MethodName) -> Method | None:
    """Return a system's method; None for connect() if it has no row of its own."""
    known: dict[str, Method | None] = {"connect": None}
    known.update((method.name, method) for method in methods(row))
    return Index(f"method of {row.name}", known, argument="method").find(name)
