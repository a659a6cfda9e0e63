"""What was probably meant by a text that is not a port: the hints of the parsers.

Other programs write ``80:90``, ``80..90``, ``22 80`` or ``0x50``. A hint is only given if every
part of the text is a port or a range once its notation is translated.
"""

from __future__ import annotations

# A hint repeats the text, so it is given for a short one only.
_LONGEST = 40

_LAST = 65535

# The signs that word processors and other keyboards write instead of "-".
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"), "-")
_SEPARATORS = dict.fromkeys(map(ord, ";|+&,\uff0c\uff1b\u3001"), " ")
_AROUND = "[](){}\"'` \t\r\n\u00a0"


def fix_of(item: str, suffix: str = "") -> str:
    """Return what *item*, which is not a port or a range, means in the neutral notation.

    Args:
        item: The text.
        suffix: What follows the item, such as ``"/tcp"``; every part of the result has it.

    Returns:
        Ports and ranges with commas, or ``""`` if the meaning is not clear.

    Example:
        >>> fix_of("80:90"), fix_of("22 0x50"), fix_of("ssh")
        ('80-90', '22,80', '')
    """
    if not 0 < len(item) <= _LONGEST:
        return ""
    text = "".join([str(int(each)) if each.isdecimal() else each for each in item])
    text = _without_sign(text.strip(_AROUND)).translate(_DASHES).translate(_SEPARATORS)
    for mark in ("...", "..", ":", " to "):
        text = text.replace(mark, "-")
    parts = "-".join([each.strip() for each in text.split("-")]).split()
    ranges = [_range(part) for part in parts]
    # -1 is more likely a number that means "none" or "all".
    if not all(ranges) or parts == ["-1"]:
        return ""
    return ",".join([each + suffix for each in ranges])


def fix_hint(item: str, fix: str) -> str:
    """Return the hint for *item* that says to write *fix*; ``""`` if that is ``""``.

    Example:
        >>> fix_hint("-90", fix_of("-90"))
        '; write 0-90, or 1-90 without port 0'
    """
    if not fix:
        return ""
    is_open = fix.startswith("0-") and "0" not in item.strip(_AROUND)[:1] and "," not in fix
    return f"; write {fix}" + (f", or 1{fix[1:]} without port 0" if is_open else "")


def _without_sign(text: str) -> str:
    """Return ``>1023``, ``>=1024`` and ``1024+`` as ``1024-``, and ``<1024`` as ``-1023``."""
    if text[:1] not in ("<", ">"):
        return f"{text[:-1]}-" if text[-1:] == "+" and _number(text[:-1]) else text
    number = _number(text[1:].removeprefix("=").strip())
    if not number:
        return ""
    beyond = text[1:2] != "="
    return f"{number + beyond}-" if text[0] == ">" else f"-{number - beyond}"


def _range(part: str) -> str:
    """Return *part* in the neutral notation, or ``""``."""
    before, dash, after = part.partition("-")
    first = _number(before) if before or not after else 0
    last = _number(after) if after else _LAST if dash else first
    if first is None or last is None or first > last or (last == 0 and not before):
        return ""
    return f"{first}{dash}{last}" if dash else f"{first}"


def _number(text: str) -> int | None:
    """Return the port that *text* means in another notation of numbers, or None."""
    if text[:2] in ("0x", "0X"):
        digits = text[2:].lower()
        return int(digits, 16) if 0 < len(digits) <= 4 and {*digits} <= _HEX else None
    # 8_000, as in Python; +80; 80.0, as a table that was read with missing values.
    digits = text.replace("_", "") if text[-4:-3] == "_" else text.removesuffix(".0")
    if not digits.isascii() or not digits.isdigit() or int(digits) > _LAST:
        return None
    return int(digits)


_HEX = frozenset("0123456789abcdef")
