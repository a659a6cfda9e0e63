"""Read JSON with the line of each value.

Unlike ``json``, the reader refuses a key that an object has twice: which of the values counts
depends on the tool. It also refuses NaN and Infinity, which are not JSON. It has no recursion.
"""

from __future__ import annotations

import json
import math
import re
from array import array

from portranges import types
from portranges.errors import PortSyntaxError, elide
from portranges.rulesets.documents import MAX_DEPTH, MAX_DIGITS, Document, template_hint

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))((?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)")
_STRING = re.compile(r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"')
_WORD = re.compile(r"[A-Za-z0-9_+.-]*")
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}


def load(text: str) -> Document:
    """Return the data in *text*.

    Raises:
        PortSyntaxError: The text is not JSON, has a key twice in an object, or is nested too
            deeply.

    Complexity:
        Linear in the length of *text*.
    """
    return _Reader(text).read()


class _Reader:
    """The place in a text, and the containers around it."""

    def __init__(self, text: str) -> None:
        self.text: str = text
        self.at: int = 1 if text.startswith("\ufeff") else 0
        self.line: int = 1
        self.places: dict[int, types.Sequence[int]] = {}
        # Each open container, and the lines of its values.
        self.open: list[tuple[types.Any, types.MutableSequence[int]]] = []
        # Equal keys are stored once.
        self.keys: dict[str, str] = {}

    def read(self) -> Document:
        sign = self.next()
        line = self.line
        data = self.value(sign)
        while self.open:
            container, lines = self.open[-1]
            is_list = isinstance(container, list)
            end = "]" if is_list else "}"
            sign = self.next()
            if sign == end:
                self.at += 1
                self.open.pop()
                continue
            if lines:
                if sign != ",":
                    raise self.error(f"expected ',' or '{end}'")
                self.at += 1
                sign = self.next()
            if is_list:
                lines.append(self.line)
                types.cast("list[object]", container).append(self.value(sign))
            else:
                key = self.key(sign, container, lines)
                sign = self.next()
                container[key] = self.value(sign)
        if self.next():
            raise self.error("expected the end of the text")
        return Document(data, line, self.places)

    def next(self) -> str:
        """Go to the next sign that is not space and return it; ``""`` at the end."""
        end = types.cast("re.Match[str]", _SPACE.match(self.text, self.at)).end()
        self.line += self.text.count("\n", self.at, end)
        self.at = end
        return self.text[end : end + 1]

    def key(
        self, sign: str, container: dict[str, object], lines: types.MutableSequence[int]
    ) -> str:
        """Return the next key of an object, up to its colon, and note its line."""
        if sign != '"':
            raise self.error("expected a key in double quotes")
        start = self.at
        key = self.string()
        if key in container:
            first = lines[list(container).index(key)]
            got = f"{elide(key)} twice, in line {first} and in line {self.line}"
            reason = f"an object must not repeat a key, got {got}"
            raise PortSyntaxError(reason, self.text, (start, self.at))
        lines.append(self.line)
        if self.next() != ":":
            raise self.error("expected ':'")
        self.at += 1
        return self.keys.setdefault(key, key)

    def value(self, sign: str) -> object:
        """Return the value that begins with *sign*; a container is returned empty."""
        if sign in ("{", "["):
            if len(self.open) == MAX_DEPTH:
                raise self.error(f"data must have at most {MAX_DEPTH} levels", "more levels")
            container: object = {} if sign == "{" else []
            lines: types.MutableSequence[int] = array("I")
            self.places[id(container)] = lines
            self.open.append((container, lines))
            self.at += 1
            return container
        if sign == '"':
            return self.string()
        start = self.at
        word = types.cast("re.Match[str]", _WORD.match(self.text, start))
        self.at = word.end()
        if word[0] in _WORDS:
            return _WORDS[word[0]]
        number = _NUMBER.fullmatch(word[0])
        self.at = start
        if number is None:
            raise self.error("expected a value of JSON")
        if len(word[0]) > MAX_DIGITS:
            raise self.error(f"number must have at most {MAX_DIGITS} characters")
        self.at = word.end()
        if not number[2]:
            return int(number[1])
        found = float(word[0])
        if math.isinf(found):
            self.at = start
            raise self.error("number must be finite")
        return found

    def string(self) -> str:
        """Return the string that begins here."""
        found = _STRING.match(self.text, self.at)
        if found is None:
            raise self.error("expected a string of JSON that ends on its line")
        self.at = found.end()
        token = found[0]
        return types.cast("str", json.loads(token)) if "\\" in token else token[1:-1]

    def error(self, rule: str, got: str = "") -> PortSyntaxError:
        """Return the error for what is here."""
        word = types.cast("re.Match[str]", _WORD.match(self.text, self.at))[0]
        here = word or self.text[self.at : self.at + 1]
        shown = got or (elide(here) if here else "the end of the text")
        span = (self.at, self.at + max(1, len(here)))
        reason = f"{rule}, got {shown} in line {self.line}{template_hint(self.text)}"
        return PortSyntaxError(reason, self.text, span)
