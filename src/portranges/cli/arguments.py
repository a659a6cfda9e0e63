"""``type=`` functions of argparse for numbers, read strictly."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError

from portranges.errors import elide

__all__ = ["number", "whole_number"]

# float() also accepts 'nan', 'inf', '1_0' and the digits of every script.
_LARGEST = f"{10**15 - 1:,}"
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)


def number(text: str) -> float:
    """Return the non-negative number *text*, with or without a fraction."""
    if _NUMBER.fullmatch(text) is None:
        raise ArgumentTypeError(f"expected a number from 0 to {_LARGEST}, got {elide(text)}")
    return float(text)


def whole_number(text: str) -> int:
    """Return the non-negative integer *text*."""
    if _WHOLE.fullmatch(text) is None:
        raise ArgumentTypeError(f"expected a whole number from 0 to {_LARGEST}, got {elide(text)}")
    return int(text)
