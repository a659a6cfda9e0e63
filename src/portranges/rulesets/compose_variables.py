"""Replace the variables in a value of a compose file, as ``template.go`` of compose-go does.

``${NAME:-8080}`` has a default, which is used if nothing else is known. ``$NAME`` has none.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.errors import elide
from portranges.rulesets.objects import RefusedError

# A reference up to its operator: '$$', '$NAME', '${NAME}' or '${NAME' with one of the operators.
_REFERENCE = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<named>[A-Za-z_][A-Za-z0-9_]*)"
    r"|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)(?:\}|(?P<operator>:?[-?+])))"
)
_BRACE = re.compile(r"\$?[{}]")
_MAX_DEPTH = 10


def substitute(
    text: str, variables: types.Mapping[str, str], depth: int = 0
) -> tuple[str, list[str]]:
    """Return *text* with the values of its variables, and each reference that has its default.

    Raises:
        RefusedError: A variable has neither a value nor a default, or *text* is not a template.
    """
    if depth == _MAX_DEPTH:
        raise RefusedError(f"variables must have at most {_MAX_DEPTH} levels, got more levels")
    parts: list[str] = []
    defaults: list[str] = []
    at = 0
    while (start := text.find("$", at)) >= 0:
        parts.append(text[at:start])
        found = _REFERENCE.match(text, start)
        if found is None:
            raise RefusedError(f"a variable must be $NAME or ${{NAME}}, got {elide(text[start:])}")
        at = found.end()
        if found["escaped"]:
            parts.append("$")
            continue
        name = found["named"] or found["braced"]
        value = variables.get(name)
        if found["operator"]:
            at = _closing(text, at)
            # With ':', an empty value is the same as none.
            has_value = value is not None if len(found["operator"]) == 1 else bool(value)
            word = text[found.end() : at - 1]
            if found["operator"].endswith("-") and not has_value:
                value, _ = substitute(word, variables, depth + 1)
                defaults.append(text[start:at])
            elif found["operator"].endswith("+") and value is not None:
                value, inner = substitute(word, variables, depth + 1) if has_value else ("", [])
                defaults += inner
            elif not has_value:
                value = None
        if value is None:
            hint = "variables= and 'docker compose config' replace variables"
            rule = "a variable must have a default or a value"
            raise RefusedError(f"{rule}, got {elide(text[start:at])}; {hint}")
        parts.append(value)
    parts.append(text[at:])
    return "".join(parts), defaults


def _closing(text: str, at: int) -> int:
    """Return the end of the reference whose word begins at *at*."""
    depth = 1
    for brace in _BRACE.finditer(text, at):
        depth += 1 if brace[0].endswith("{") else -1
        if depth == 0:
            return brace.end()
    raise RefusedError(f"a variable must end with '}}', got {elide(text)}")
