"""Read YAML with the line of each value, as YAML 1.2 defines it.

PyYAML splits the text into events. The values are made here, because PyYAML's own follow YAML 1.1:
they read ``9022:22`` as 541342, ``010`` as 8 and ``no`` as false. No tag creates an object. A key
that a mapping has twice is refused, and so are aliases that make the data much larger than the
text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from portranges import types
from portranges.errors import MissingExtraError, PortSyntaxError, elide
from portranges.rulesets.documents import MAX_DEPTH, MAX_DIGITS, Document, Opaque, template_hint

_PREFIX = "tag:yaml.org,2002:"
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")

# Section 10.3.2 of the specification, the core schema.
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o([0-7]+)|0x([0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

# With aliases, the data may have as many values and characters as this, or ten times as many as the
# text.
_FEW = 1_000_000
_TIMES = 10


def load(text: str) -> Document:
    """Return the data in *text*: of several documents, a list.

    Empty documents are left out, so that ``---`` at the end makes no difference.

    Raises:
        PortSyntaxError: The text is not YAML, has a key twice in a mapping, is nested too deeply,
            or has aliases that lead to themselves or make the data too large.
        MissingExtraError: PyYAML is not installed.

    Complexity:
        Linear in the length of *text*.
    """
    return _Reader(text).read()


@dataclass(slots=True)
class _Open:
    """A list or dictionary that is being read.

    Attributes:
        value: The container, or the ``Opaque`` around it.
        inside: The container.
        lines: The line of each value in it.
        size: The number of values in it so far, with itself, and of their characters.
        anchor: Its anchor.
        line: The line on which it begins.
        keys: The key whose value comes next, of a dictionary.
        merges: The values of its merge keys.
    """

    value: object
    inside: types.Any
    lines: dict[str, int]
    anchor: str | None
    line: int
    size: int = 1
    keys: list[object] = field(default_factory=list[object])
    merges: list[object] = field(default_factory=list[object])


class _Merge:
    """The key ``<<`` of YAML 1.1, which adds the keys of other dictionaries."""


class _Reader:
    """The containers around the place that is being read, and the anchors so far."""

    def __init__(self, text: str) -> None:
        self.text: str = text
        self.places: dict[int, dict[str, int]] = {}
        self.open: list[_Open] = []
        # An anchor has no value while it is open.
        self.anchors: dict[str, tuple[object, int] | None] = {}
        self.documents: list[tuple[object, int]] = []
        self.limit: int = max(_FEW, _TIMES * len(text))

    def read(self) -> Document:
        try:
            import yaml
        except ImportError:
            raise MissingExtraError("PyYAML", "yaml") from None
        loader: types.Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        split = types.cast("types.Any", yaml).parse
        try:
            for event in split(self.text, Loader=loader):
                self.read_event(type(event).__name__, event)
        except yaml.MarkedYAMLError as error:
            raise self.error("expected YAML", error.problem_mark or error.context_mark) from None
        except yaml.reader.ReaderError as error:
            raise self.unreadable(error.position) from None
        except UnicodeEncodeError as error:
            raise self.unreadable(error.start) from None
        if len(self.documents) == 1:
            data, line = self.documents[0]
            return Document(data, line, self.places)
        several = [data for data, _ in self.documents]
        self.places[id(several)] = {str(at): line for at, (_, line) in enumerate(self.documents)}
        return Document(several, 1, self.places)

    def read_event(self, kind: str, event: types.Any) -> None:
        """Read an event of PyYAML."""
        mark = event.start_mark
        if kind == "DocumentStartEvent":
            self.anchors.clear()
        elif kind == "ScalarEvent":
            value, size = self.scalar(event), 1 + len(event.value)
            if event.anchor is not None:
                self.anchors[event.anchor] = (value, size)
            self.add(value, size, mark)
        elif kind == "AliasEvent":
            if event.anchor not in self.anchors:
                raise self.error("an alias must follow its anchor", mark)
            found = self.anchors[event.anchor]
            if found is None:
                raise self.error("an alias must not refer to what contains it", mark)
            self.add(*found, mark)
        elif kind in ("SequenceStartEvent", "MappingStartEvent"):
            self.begin([] if kind == "SequenceStartEvent" else {}, event)
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            self.end(mark)

    def begin(self, inside: list[object] | dict[object, object], event: types.Any) -> None:
        """Begin a list or a dictionary."""
        if len(self.open) == MAX_DEPTH:
            rule = f"data must have at most {MAX_DEPTH} levels"
            raise self.error(rule, event.start_mark, "more levels")
        lines: dict[str, int] = {}
        self.places[id(inside)] = lines
        tag: str | None = event.tag
        value: object = inside
        if tag not in (None, "!", f"{_PREFIX}seq", f"{_PREFIX}map"):
            value = Opaque(str(tag), inside)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.open.append(_Open(value, inside, lines, event.anchor, event.start_mark.line + 1))

    def end(self, mark: types.Any) -> None:
        """End the innermost list or dictionary, and add it to the one around it."""
        done = self.open.pop()
        for merged in done.merges:
            self.merge(done, merged, mark)
        if done.anchor is not None:
            self.anchors[done.anchor] = (done.value, done.size)
        self.add(done.value, done.size, mark, done.line)

    def add(self, value: object, size: int, mark: types.Any, line: int = 0) -> None:
        """Add *value*, a key or a value, to the innermost container."""
        line = line or mark.line + 1
        if not self.open:
            if value is not None:
                self.documents.append((value, line))
            return
        around = self.open[-1]
        around.size += size
        if around.size > self.limit:
            rule = f"data with aliases must have at most {self.limit} values and characters"
            raise self.error(rule, mark)
        inside = around.inside
        if isinstance(inside, list):
            inside = types.cast("list[object]", inside)
            around.lines[str(len(inside))] = line
            inside.append(value)
        elif not around.keys:
            self.add_key(around, value, line, mark)
        else:
            key = around.keys.pop()
            if key is _Merge:
                around.merges.append(value)
            else:
                around.inside[key] = value

    def add_key(self, around: _Open, key: object, line: int, mark: types.Any) -> None:
        """Note the key of the value that comes next."""
        if key is not _Merge:
            if isinstance(key, (list, dict, Opaque)):
                raise self.error("a key must be a text or a number", mark)
            if str(key) in around.lines:
                first = around.lines[str(key)]
                got = f"{elide(key)} twice, in line {first} and"
                raise self.error("a mapping must not repeat a key", mark, got)
            around.lines[str(key)] = line
        around.keys.append(key)

    def merge(self, into: _Open, merged: object, mark: types.Any) -> None:
        """Add the keys of *merged*, a dictionary or a list of them, that *into* does not have."""
        for each in types.cast("list[object]", merged) if isinstance(merged, list) else [merged]:
            if not isinstance(each, dict):
                raise self.error("'<<' must have a mapping or a list of them", mark)
            lines = self.places[id(types.cast("object", each))]
            for key, value in types.cast("dict[object, object]", each).items():
                if str(key) not in into.lines:
                    into.lines[str(key)] = lines[str(key)]
                    into.inside[key] = value

    def scalar(self, event: types.Any) -> object:
        """Return the value of a scalar."""
        text: str = event.value
        tag: str | None = event.tag
        if tag is None and event.implicit[0]:
            if text == "<<" and self.open and isinstance(self.open[-1].inside, dict):
                return text if self.open[-1].keys else _Merge
            return self.plain(text, event.start_mark)
        if tag in (None, "!", f"{_PREFIX}str"):
            return text
        if tag in (f"{_PREFIX}int", f"{_PREFIX}float", f"{_PREFIX}bool", f"{_PREFIX}null"):
            value = self.plain(text, event.start_mark)
            if not isinstance(value, str):
                return value
        return Opaque(str(tag), text)

    def plain(self, text: str, mark: types.Any) -> object:
        """Return the value of a scalar without quotes."""
        if text in _NULL:
            return None
        if text in _BOOLS:
            return _BOOLS[text]
        is_number = _INT.fullmatch(text) or _OTHER_BASE.fullmatch(text) or _FLOAT.fullmatch(text)
        if not is_number:
            return float(text.lower().replace(".", "")) if _SPECIAL.fullmatch(text) else text
        if len(text) > MAX_DIGITS:
            raise self.error(f"number must have at most {MAX_DIGITS} characters", mark)
        if _INT.fullmatch(text):
            return int(text)
        if other := _OTHER_BASE.fullmatch(text):
            return int(other[1], 8) if other[1] else int(other[2], 16)
        return float(text)

    def unreadable(self, index: int) -> PortSyntaxError:
        """Return the error for a character that YAML does not allow."""
        line = len(_BREAK.findall(self.text, 0, index)) + 1
        reason = f"expected characters of YAML, got {elide(self.text[index])} in line {line}"
        return PortSyntaxError(reason, self.text, (index, index + 1))

    def error(self, rule: str, mark: types.Any, got: str = "") -> PortSyntaxError:
        """Return the error for what is at *mark*."""
        start, line = 0, 1
        # The end of the text may be on a line of its own for PyYAML.
        for _ in range(mark.line):
            if found := _BREAK.search(self.text, start):
                start, line = found.end(), line + 1
            else:
                start = len(self.text)
        start = min(start + mark.column, len(self.text))
        stop = _BREAK.search(self.text, start)
        here = self.text[start : stop.start() if stop else len(self.text)]
        shown = got or (elide(here) if here else "the end of a line")
        reason = f"{rule}, got {shown} in line {line}{template_hint(self.text)}"
        return PortSyntaxError(reason, self.text, (start, start + max(1, len(here))))
