"""Numbers on the command line: read strictly, and written so that no digit misleads.

The functions that read are for ``type=`` of argparse.
"""

from __future__ import annotations

import re
import time
from argparse import ArgumentTypeError
from itertools import pairwise
from math import inf

from portranges import types
from portranges.errors import elide
from portranges.ports import is_digits

_LARGEST = f"{10**15 - 1:,}"
# float() also accepts 'nan', 'inf', '1_0' and the digits of every script.
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_LONGEST = 20

# Smaller numbers need more than one decimal place.
_FEW = 10


def refusal(rule: str, text: str) -> ArgumentTypeError:
    """Return the error for *text*, which breaks *rule*."""
    return ArgumentTypeError(f"{rule}, got {elide(text)}")


def number(text: str) -> float:
    """Return the non-negative number *text*, with or without a fraction."""
    if _NUMBER.fullmatch(text) is None:
        raise refusal(f"expected a number from 0 to {_LARGEST}", text)
    return float(text)


def whole_number(text: str) -> int:
    """Return the non-negative integer *text*."""
    if not is_digits(text) or len(text) > 15:
        raise refusal(f"expected a whole number from 0 to {_LARGEST}", text)
    return int(text)


def count_up_to(most: str) -> types.Callable[[str], int]:
    """Return the function that reads a count from 1 to *most*, which errors show as it is."""
    limit = int(most.replace(",", ""))

    def count(text: str) -> int:
        if is_digits(text) and len(text) <= len(str(limit)) and 1 <= int(text) <= limit:
            return int(text)
        raise refusal(f"expected a number from 1 to {most}", text)

    return count


def time_span(text: str) -> float:
    """Return the seconds of a time span: ``"300"``, ``"5m"``, ``"1.5h"`` or ``"2d"``."""
    number, factor = text, 1
    if text and text[-1] in _UNITS:
        number, factor = text[:-1], _UNITS[text[-1]]
    whole, dot, part = number.partition(".")
    if len(text) > _LONGEST or not is_digits(whole) or (dot and not is_digits(part)):
        rule = f"expected seconds or a number with s, m, h or d, of at most {_LONGEST} characters"
        raise refusal(rule, text)
    return float(number) * factor


def span(length: float) -> str:
    """Return a length in seconds as ``"4.2s"``, ``"5m 0s"``, ``"3h 12m"`` or ``"2d 4h"``."""
    for unit, smaller in pairwise(_UNITS):
        if length >= _UNITS[unit]:
            whole, rest = divmod(int(length), _UNITS[unit])
            return f"{whole}{unit} {rest // _UNITS[smaller]}{smaller}"
    # Readings are not more precise than a millisecond.
    return f"{round(max(0.0, length), 3):.3g}s"


def seconds(length: float | None) -> str:
    """Return the length of a state, as a setting has it."""
    return "unknown" if length is None else f"{length:g} s"


def moment(at: float, *, seconds: bool = False) -> str:
    """Return a time in this machine's time zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M", time.localtime(at))


def bounds(value: types.Interval) -> str:
    """Return the bounds of *value*, rounded; two different ones never look equal."""
    if value.high == inf:
        return f"{_rounded(value.low)} or more"
    low, high = _rounded(value.low), _rounded(value.high)
    if value.is_exact:
        return low
    return f"{low} to {high}" if low != high else f"{value.low:,.6g} to {value.high:,.6g}"


def beside(limit: types.Interval, wanted: float) -> str:
    """Return *limit*, rounded, but not to the other side of *wanted*."""
    ends = (limit.low,) if limit.is_exact else (limit.low, limit.high)
    texts: list[str] = []
    for shown in (_rounded, "{:,.6g}".format, exactly):
        texts = [shown(end) for end in ends]
        read = [float(text.replace(",", "")) for text in texts]
        sides = [wanted <= end for end in ends]
        if len({*read}) == len({*ends}) and [wanted <= each for each in read] == sides:
            break
    return " to ".join(texts)


def exactly(value: float) -> str:
    """Return *value* with all the digits that a ``float`` has."""
    return f"{value:,.15g}"


def _rounded(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if value >= _FEW else f"{value:.3g}"
