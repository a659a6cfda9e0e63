"""Data that was read from JSON or YAML, with the line of each value.

``json_text`` and ``yaml_text`` read a text into a ``Document``. The reader of a format sees only
its data and makes JSON Pointers; ``located`` adds the lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from portranges import types
from portranges.errors import InvalidValueError, elide
from portranges.rulesets.model import Location
from portranges.rulesets.ruleset import Ruleset

MAX_DEPTH = 200

# int() refuses numbers of more than 4,300 digits, and no format has any of this length.
MAX_DIGITS = 100
_TOO_LARGE = 10**MAX_DIGITS

# Many pointers lead through a longer container, so the lines of its values are kept by key.
_FEW = 32


@dataclass(frozen=True, slots=True, repr=False)
class Opaque:
    """A YAML value with a tag that is not one of JSON's types, such as ``!Ref Port``.

    Attributes:
        tag: The tag.
        value: What follows it: a text, a list or a dictionary.
    """

    tag: str
    value: object

    def __repr__(self) -> str:
        """Return the tag and the value."""
        return f"{self.tag} {self.value}"


class Document:
    """Data, and the line of each value in it.

    Attributes:
        data: Dictionaries, lists, strings, numbers, booleans, ``None`` and ``Opaque``.
    """

    __slots__ = ("_line", "_long", "_places", "data")

    def __init__(
        self,
        data: object,
        line: int,
        places: types.Mapping[int, types.Mapping[str, int] | types.Sequence[int]],
    ) -> None:
        """Store the data, its first line, and the lines of the values in containers.

        Args:
            data: The outermost value. It keeps every container alive, so that an ``id``
                belongs to one container.
            line: The line on which it begins.
            places: For the ``id`` of each container, the line of each key or index; or the lines
                in the order of the values, which take less memory.
        """
        self.data: object = data
        self._line: int = line
        self._places: types.Mapping[int, types.Mapping[str, int] | types.Sequence[int]] = places
        self._long: dict[int, types.Mapping[str, int]] = {}

    def line(self, pointer: str) -> int:
        """Return the line of the value at *pointer*, or of the last part of it that exists."""
        value, line = self.data, self._line
        for part in pointer.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(value, Opaque):
                value = value.value
            lines = self._long.get(id(value)) or self._lines_in(value)
            if key not in lines:
                break
            line = lines[key]
            if isinstance(value, list):
                value = types.cast("list[object]", value)[int(key)]
            else:
                items = types.cast("dict[object, object]", value)
                # A key of YAML may be a number.
                value = items[key] if key in items else _at(items, key)
        return line

    def _lines_in(self, value: object) -> types.Mapping[str, int]:
        """Return the line of each key or index of a container."""
        lines = self._places.get(id(value), {})
        if isinstance(lines, Mapping):
            return lines
        container = types.cast("dict[object, object] | list[object]", value)
        keys = container if isinstance(container, dict) else range(len(lines))
        found = dict(zip(map(str, keys), lines, strict=True))
        if len(found) > _FEW:
            self._long[id(container)] = found
        return found


def _at(items: dict[object, object], key: str) -> object:
    return next(value for each, value in items.items() if str(each) == key)


def pointer_to(*keys: object) -> str:
    """Return the JSON Pointer (RFC 6901) of the value that *keys* and indices lead to.

    Example:
        >>> pointer_to("a/b", 0)
        '/a~1b/0'
    """
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def text_of(value: object) -> str:
    """Return *value* as compact JSON, for the text of a rule.

    Example:
        >>> text_of({"FromPort": 22})
        '{"FromPort": 22}'
    """
    return json.dumps(value, ensure_ascii=False, default=str, skipkeys=True)


def has_key(data: object, keys: types.Iterable[str]) -> bool:
    """Return whether *data*, or the first item of a list, has one of *keys*.

    A key may be a path of keys, separated by ``/``.
    """
    return any(_has_path(data, key.split("/")) for key in keys)


def _has_path(value: object, path: list[str]) -> bool:
    for key in path:
        if isinstance(value, list):
            value = next(iter(types.cast("list[object]", value)), None)
        if not isinstance(value, dict) or key not in value:
            return False
        value = types.cast("dict[object, object]", value)[key]
    return True


def is_json(text: str) -> bool:
    """Return whether *text* begins as an object or a list of JSON.

    No line of JSON begins with ``---``, which separates documents of YAML.
    """
    if re.match(r"\ufeff?\s*[\[{]", text) is None:
        return False
    return re.search(r"^---", text, re.MULTILINE) is None


def template_hint(text: str) -> str:
    """Return a hint for an error in *text*; ``""`` if it is not a template."""
    start = text.find("{{")
    end = text.find("}}", start)
    if start < 0 or end < 0:
        return ""
    return f"; {elide(text[start : end + 2])} belongs to a template, which must be rendered first"


def check_depth(data: object) -> None:
    """Raise InvalidValueError if *data* is too deep, contains itself, or has a huge number."""
    level = {id(data): data}
    for _ in range(MAX_DEPTH + 1):
        level = {id(each): each for value in level.values() for each in _inside(value)}
        if not level:
            return
    raise InvalidValueError(f"data must have at most {MAX_DEPTH} levels", "more levels")


def _inside(value: object) -> types.Iterator[object]:
    items: types.Iterable[object] = ()
    if isinstance(value, dict):
        entries = types.cast("dict[object, object]", value)
        items = (each for entry in entries.items() for each in entry)
    elif isinstance(value, (list, tuple)):
        items = types.cast("list[object]", value)
    for each in items:
        if isinstance(each, (dict, list, tuple)):
            yield types.cast("object", each)
        elif isinstance(each, int) and abs(each) >= _TOO_LARGE:
            raise InvalidValueError(
                f"a number must have at most {MAX_DIGITS} digits", "a longer one"
            )


def located(ruleset: Ruleset, document: Document) -> Ruleset:
    """Return *ruleset* with the line of each JSON Pointer."""

    def place(location: Location) -> Location:
        return replace(location, line=document.line(location.pointer))

    return replace(
        ruleset,
        rules=tuple(replace(each, location=place(each.location)) for each in ruleset.rules),
        skipped=tuple(replace(each, location=place(each.location)) for each in ruleset.skipped),
        implied=tuple(replace(each, location=place(each.location)) for each in ruleset.implied),
    )
