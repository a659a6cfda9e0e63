"""The checks that the formulas share.

What lives here: integers and numbers with bounds.
What must not: a formula.
"""

from __future__ import annotations

from portranges import types
from portranges.errors import InvalidValueError, elide

__all__ = ["MOST_PORTS", "check_count", "check_number"]

MOST_PORTS = 65536
# More than anybody has of anything here, and small enough that no product of
# two is too large for a float.
_LARGEST = 10**100


def check_count(
    what: str, value: types.SupportsIndex, *, least: int = 0, most: int | None = None
) -> int:
    """Return *value* as an integer within the bounds, or raise."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{what} must be an integer, got {type(value).__name__} {elide(value)}")
    number = int(value.__index__())
    if not least <= number <= (_LARGEST if most is None else most):
        if most is not None:
            rule = f"in {least}..{most}"
        elif number < least:
            rule = f"at least {least}"
        else:
            rule = f"at most {_LARGEST:.0e}"
        got = str(number) if abs(number) < 10**20 else f"{number:#x}"[:20] + "..."
        raise InvalidValueError(f"{what} must be {rule}", got)
    return number


def check_number(
    what: str, value: float, *, above: float | None = None, most: float | None = None
) -> float:
    """Return *value* as a finite number within the bounds, or raise.

    It must be at least 0, or greater than *above* where that is given.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{what} must be a number, got {type(value).__name__} {elide(value)}")
    if most is not None:
        if not 0 <= value <= most:
            raise InvalidValueError(f"{what} must be in 0..{most:g}", elide(value))
    elif value > _LARGEST:
        raise InvalidValueError(f"{what} must be at most {_LARGEST:.0e}", elide(value))
    elif above is not None:
        # NaN is greater than nothing.
        if not value > above:
            raise InvalidValueError(f"{what} must be greater than {above:g}", elide(value))
    elif not value >= 0:
        raise InvalidValueError(f"{what} must not be negative", elide(value))
    return value
