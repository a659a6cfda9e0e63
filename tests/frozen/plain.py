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


def numbers_of(text: str) -> str:
    """Return the numbers in *text*, sorted, each once."""
    joined = _BREAK.sub("", text).replace(",", "")
    return "numbers " + " ".join(sorted({*_NUMBER.findall(joined)}))


def json_facts(value: Any, keys: Mapping[str, str], words: Mapping[str, str]) -> Any:
    """Return JSON data as plain data.

    Its *keys* are translated, the *words* of its confidence and the ids too, and its prose is
    reduced to numbers.
    """
    if isinstance(value, dict):
        return tuple(
            sorted(
                (
                    keys.get(key, key),
                    words.get(value[key], value[key])
                    if key in ("confidence", "id")
                    else json_facts(value[key], keys, words),
                )
                for key in value
                if key != "schema"
            )
        )
    if isinstance(value, list):
        return tuple(json_facts(each, keys, words) for each in value)
    if isinstance(value, str) and " " in value:
        return numbers_of(value)
    return value


def error(problem: Exception) -> tuple[Any, ...]:
    """Return what counts of an exception: its class, and its data that is no prose."""
    facts: list[Any] = ["error", type(problem).__name__]
    for name in ("value", "span", "near", "algorithm", "size", "in_use", "excluded", "dialect"):
        found = getattr(problem, name, None)
        if isinstance(found, tuple):
            found = tuple(found)
        if isinstance(found, (int, str, tuple)):
            facts.append((name, found))
    return tuple(facts)
