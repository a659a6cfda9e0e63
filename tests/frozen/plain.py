"""Answers as plain data, the same for both packages.

Prose is compared by the numbers in it, because its words may change and its facts may not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Where a line of a long list of ports was broken, perhaps inside a number.
_BREAK = re.compile(r"(?<=[\d,-])\n +(?=[\d,-])")
# Numbers of three digits or more are ports, RFCs and lengths; smaller ones come and go with words.
_NUMBER = re.compile(r"\d+\.\d+|\d{3,}")
# In a list of ports a comma does not separate thousands.
_THOUSANDS = re.compile(r"(?<![\d,.-])\d{1,3}(?:,\d{3})+(?![\d-]|,\d)")


def numbers_of(text: str) -> str:
    """Return the numbers in *text*, sorted, each once."""
    text = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), _BREAK.sub("", text))
    return "numbers " + " ".join(sorted({*_NUMBER.findall(text)}))


def json_facts(value: Any, keys: Mapping[str, str], words: Mapping[str, Mapping[str, str]]) -> Any:
    """Return JSON data as plain data.

    Its *keys* are translated, the *words* of the values of some keys too, and its prose is reduced
    to numbers.
    """
    if isinstance(value, dict):
        found = []
        for name, each in value.items():
            key = keys.get(name, name)
            if key in words and isinstance(each, str):
                found.append((key, words[key].get(each, each)))
            elif key != "schema":
                found.append((key, json_facts(each, keys, words)))
        return tuple(sorted(found))
    if isinstance(value, list):
        return tuple(json_facts(each, keys, words) for each in value)
    if isinstance(value, str) and " " in value:
        return numbers_of(value)
    return value


def error(problem: Exception) -> tuple[Any, ...]:
    """Return what is compared of an exception: its class, and its data without prose."""
    facts: list[Any] = ["error", type(problem).__name__]
    for name in ("value", "span", "near", "algorithm", "size", "in_use", "excluded", "dialect"):
        found = getattr(problem, name, None)
        if isinstance(found, tuple):
            found = tuple(found)
        if isinstance(found, (int, str, tuple)):
            facts.append((name, found))
    return tuple(facts)
