"""``type=`` functions of argparse for numbers, read strictly."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError

from portranges.errors import elide

__all__ = ["number", "whole_number"]

# float() also accepts 'nan', 'inf', '1_0' and the digits of every script.
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)


def number(text: str) -> float:
    """Return the non-negative number *text*, with or without a fraction."""
    if _NUMBER.fullmatch(text) is None:
        raise ArgumentTypeError(f"expected a non-negative number, got {elide(text)}")
    return float(text)


def whole_number(text: str) -> int:
    """Return the non-negative integer *text*."""
    if _WHOLE.fullmatch(text) is None:
        raise ArgumentTypeError(f"expected a non-negative whole number, got {elide(text)}")
    return int(text)
