"""Shorthand for the parts that many rows have: operators, misread texts, refused texts, evidence.

The rows of the ``rows_*`` modules are read as tables, and one line for each text is enough.
"""

from __future__ import annotations

from portranges.dialects.model import (
    Comparison,
    Evidence,
    Fault,
    MisreadText,
    Operator,
    RefusedText,
    Verification,
)
from portranges.source import Confidence, Source

# A sign has one meaning in all dialects that have it.
_COMPARISONS = {
    **dict.fromkeys(("=", "==", "===", "eq"), Comparison.EQUAL),
    "!=": Comparison.UNEQUAL,
    **dict.fromkeys(("<", "lt"), Comparison.BELOW),
    **dict.fromkeys(("<=", "le"), Comparison.AT_MOST),
    **dict.fromkeys((">", "gt"), Comparison.ABOVE),
    **dict.fromkeys((">=", "ge"), Comparison.AT_LEAST),
    "><": Comparison.BETWEEN,
    "<>": Comparison.OUTSIDE,
}

# What is wrong with the texts that most tools were given.
_FAULTS = {
    "080": Fault.LEADING_ZERO,
    "0x50": Fault.HEX,
    "+80": Fault.SIGN,
    "8_0": Fault.DIGITS,
    "65536": Fault.TOO_LARGE,
    **dict.fromkeys(("80-80", "80:80"), Fault.EQUAL_ENDS),
    **dict.fromkeys(("90-80", "90:80"), Fault.REVERSED),
    **dict.fromkeys(("1024-", "1024:"), Fault.OPEN),
    **dict.fromkeys(("80-90", "80:90"), Fault.OTHER_SIGN),
}


def operators(signs: str) -> tuple[Operator, ...]:
    """Return the operators with these *signs*, in the order in which they are tried."""
    return tuple(Operator(sign=sign, comparison=_COMPARISONS[sign]) for sign in signs.split())


def reads(fault: Fault, text: str, means: str, note: str = "") -> MisreadText:
    """Return a text of which the tool reads *means*; ``""`` if it understands no port."""
    return MisreadText(fault=fault, text=text, means=means, note=note)


def rejects(fault: Fault, text: str, note: str = "") -> MisreadText:
    """Return a text that the tool rejects."""
    return MisreadText(fault=fault, text=text, means=None, note=note)


def rejects_all(*ports: str, within: str = "{ports}") -> tuple[MisreadText, ...]:
    """Return the texts with *ports*, each *within* the same text, that the tool rejects."""
    return tuple(rejects(_FAULTS[each], within.replace("{ports}", each)) for each in ports)


def refused(text: str, reason: str) -> RefusedText:
    """Return a text that the tool accepts and ``parse`` refuses, because of *reason*."""
    return RefusedText(text=text, reason=reason)


def known_by(how: Verification | Confidence, *sources: Source, version: str = "") -> Evidence:
    """Return the evidence of a row: what was compared when the tool was run, or how it is known."""
    if isinstance(how, Confidence):
        return Evidence(confidence=how, sources=sources, version=version)
    confidence = Confidence.MEASURED
    return Evidence(confidence=confidence, verification=how, sources=sources, version=version)
