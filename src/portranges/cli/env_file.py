"""Read ``.env`` files of Docker Compose: the values of variables in a compose file."""

from __future__ import annotations

import re

from portranges.errors import SystemReadError, elide
from portranges.rulesets.compose_variables import substitute
from portranges.rulesets.objects import RefusedError

_BLANK = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?:#[^\n]*)?")
_ENTRY = re.compile(
    r"(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*(?:[=:][ \t]*(?:"
    r"'(?P<raw>[^']*)'|\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<plain>(?!['\"])[^\r\n]*)"
    r"))?[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)",
    re.DOTALL,
)
_COMMENT = re.compile(r" #.*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "$": "$$"}


def variables_in(name: str, text: str) -> dict[str, str]:
    """Return the variables in *text*, the content of the file *name*, in its order.

    A later variable may refer to earlier ones. A name without a value is left out, because Compose
    looks for it in the environment.

    Raises:
        SystemReadError: A line does not have a known form.
    """
    found: dict[str, str] = {}
    at = _end_of_blank(text, 0)
    while at < len(text):
        entry = _ENTRY.match(text, at)
        if entry is None:
            line = text[at:].partition("\n")[0]
            raise _error(name, text, at, f"expected NAME=VALUE, got {elide(line)}")
        if entry["raw"] is not None:
            found[entry["name"]] = entry["raw"]
        elif (value := _value(entry)) is not None:
            try:
                found[entry["name"]], _ = substitute(value, found)
            except RefusedError as error:
                raise _error(name, text, at, str(error)) from None
        at = _end_of_blank(text, entry.end())
    return found


def _value(entry: re.Match[str]) -> str | None:
    """Return a value in which variables are replaced."""
    if entry["quoted"] is not None:
        return _ESCAPE.sub(lambda one: _ESCAPED.get(one[1], one[1]), entry["quoted"])
    return None if entry["plain"] is None else _COMMENT.sub("", entry["plain"]).strip()


def _end_of_blank(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _error(name: str, text: str, at: int, reason: str) -> SystemReadError:
    line = text.count("\n", 0, at) + 1
    return SystemReadError(f"{elide(name)}, line {line}", reason)
