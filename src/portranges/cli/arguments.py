"""Numbers of the command line, read strictly.

What lives here: the ``type=`` functions of argparse that more than one command
uses. What must not: anything that knows a command.
"""

from __future__ import annotations

import re
from argparse import ArgumentTypeError

from portranges.errors import elide

__all__ = ["number", "whole_number"]

# float() takes 'nan', 'inf', '1_0' and digits of every script.
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)


def number(text: str) -> float:
    """Return the number that *text* says, with or without a fraction."""
    if _NUMBER.fullmatch(text) is None:
        raise ArgumentTypeError(f"expected a number{_not_negative(text)}, got {elide(text)}")
    return float(text)


def whole_number(text: str) -> int:
    """Return the whole number that *text* says."""
    if _WHOLE.fullmatch(text) is None:
        raise ArgumentTypeError(f"expected a whole number{_not_negative(text)}, got {elide(text)}")
    return int(text)


def _not_negative(text: str) -> str:
    return " that is not negative" if text.startswith("-") else ""
