"""Questions to the rows: which ways to get a port are known of a system.

What lives here: the functions over the rows.
What must not: a fact (``rows``), a formula (``connections``).
"""

from __future__ import annotations

from portranges import ephemeral, types
from portranges.capacity.model import Method
from portranges.capacity.rows import METHODS
from portranges.ephemeral import EphemeralProfile
from portranges.errors import InvalidValueError, elide
from portranges.names import Index

__all__ = ["method_of", "methods", "profile_of"]


def profile_of(profile: types.SystemLike) -> EphemeralProfile:
    """Return the profile, or the one of that name."""
    if isinstance(profile, EphemeralProfile):
        if 0 in profile.ports:
            rule = "a range must not have port 0, which no socket has"
            raise InvalidValueError(rule, elide(profile))
        return profile
    if isinstance(profile, str):
        return ephemeral.profile(profile)
    raise TypeError(
        "profile must be an EphemeralProfile or its name, "
        f"got {type(profile).__name__} {elide(profile)}"
    )


def methods(profile: types.SystemLike) -> tuple[Method, ...]:
    """Return the ways to get a local port that are known of a system.

    Args:
        profile: A profile of ``ephemeral``, or its name.

    Returns:
        Rows; none where only the profile's own word on sharing is known, on
        which ``concurrent`` then builds.

    Raises:
        TypeError: *profile* is neither.
        UnknownNameError: No profile has the name.
        InvalidValueError: Port 0 is one of a tuned profile's.

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
    row = profile_of(profile)
    return tuple(method for method in METHODS if row.name in method.systems)


def method_of(row: EphemeralProfile, name: str) -> Method | None:
    """Return a profile's method; None for connect() where it has no row."""
    known: dict[str, Method | None] = {"connect": None}
    known |= {method.name: method for method in methods(row)}
    return Index(f"method of {row.name}", known, argument="method").find(name)
