"""Read the XML files of zones and policies of firewalld.

No text is read that declares a document type, so there are no entities to expand.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from portranges import types
from portranges.errors import PortSyntaxError, elide
from portranges.rulesets.firewalld_rule import Element, Reader
from portranges.rulesets.model import Direction
from portranges.rulesets.ruleset import Ruleset

_MAX_LENGTH = 16 * 1024 * 1024
_MAX_DEPTH = 16
# A start tag, in which a quoted value may contain '>'.
_TAG = re.compile(rb"""<(?:[^"'>]++|"[^"]*+"|'[^']*+')*+>""")
# What describes a zone, or which packets belong to it.
_SETTINGS = frozenset(
    {"short", "description", "forward", "icmp-block-inversion", "interface", "source"}
    | {"ingress-zone", "egress-zone"}
)


def read_text(text: str, name: str, services: types.Services | None) -> Ruleset:
    """Return the rules of *text*, a file of a zone or a policy.

    Raises:
        PortSyntaxError: It is not XML, declares a document type, is too long or too deep, or is
            not a zone or a policy.
    """
    root = element_of(text)
    if root.name not in ("zone", "policy"):
        raise error_at(text, root.line, f"expected a zone or a policy, got {elide(root.name)}")
    way = direction_of(
        [each.attributes.get("name", "") for each in root.inner if each.name == "ingress-zone"],
        [each.attributes.get("name", "") for each in root.inner if each.name == "egress-zone"],
        is_policy=root.name == "policy",
    )
    reader = Reader(services, {})
    for element in root.inner:
        if element.name not in _SETTINGS:
            reader.add(element, root.name, way)
    reader.add_target(root, root.attributes.get("target", ""), root.name, way)
    return reader.ruleset(name)


def direction_of(
    ingress: types.Sequence[str], egress: types.Sequence[str], *, is_policy: bool
) -> Direction | None:
    """Return the direction of the packets of a zone, or of a policy between these zones."""
    if not is_policy or list(egress) == ["HOST"]:
        return Direction.IN
    return Direction.OUT if list(ingress) == ["HOST"] else Direction.FORWARD


def element_of(text: str) -> Element:
    """Return the outermost element of *text*.

    Raises:
        PortSyntaxError: It is not XML, declares a document type, or is too long or too deep.
    """
    return _Parser(text).parse()


class _Parser:
    """The state of expat's handlers."""

    def __init__(self, text: str) -> None:
        self._text: str = text
        self._root: Element | None = None
        self._open: list[tuple[Element, int]] = []
        self._bytes: bytes = b""
        self._expat: expat.XMLParserType = expat.ParserCreate("utf-8")

    def parse(self) -> Element:
        if len(self._text) > _MAX_LENGTH:
            rule = f"text must have at most {_MAX_LENGTH} characters"
            raise error_at(self._text, 1, f"{rule}, got {len(self._text)}")
        try:
            self._bytes = self._text.encode()
        except UnicodeEncodeError as error:
            span = (error.start, error.end)
            raise PortSyntaxError("expected XML, got a surrogate", self._text, span) from None
        self._expat.StartDoctypeDeclHandler = self._refuse
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        try:
            self._expat.Parse(self._bytes, True)
        except expat.ExpatError as error:
            reason = f"expected XML, got {expat.ErrorString(error.code)}"
            raise error_at(self._text, error.lineno, reason) from None
        # A document without an element is an error of expat's.
        return types.cast("Element", self._root)

    def _refuse(self, *_: object) -> None:
        reason = "XML must not declare a document type, got one"
        raise error_at(self._text, self._expat.CurrentLineNumber, reason)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        element = Element(name, attributes, self._expat.CurrentLineNumber)
        if len(self._open) == _MAX_DEPTH:
            reason = f"elements must be nested at most {_MAX_DEPTH} deep, got {elide(name)}"
            raise error_at(self._text, element.line, reason)
        if self._open:
            self._open[-1][0].inner.append(element)
        else:
            self._root = element
        self._open.append((element, self._expat.CurrentByteIndex))

    def _end(self, _: str) -> None:
        element, start = self._open.pop()
        tag = types.cast("re.Match[bytes]", _TAG.match(self._bytes, start))
        end = tag.end()
        # The text of the outermost element is its start tag, which has the target.
        if self._open and not tag[0].endswith(b"/>"):
            end = self._bytes.index(b">", self._expat.CurrentByteIndex) + 1
        element.text = self._bytes[start:end].decode()


def error_at(text: str, line: int, reason: str) -> PortSyntaxError:
    """Return the error about a line."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    end = text.find("\n", start)
    return PortSyntaxError(reason, text, (start, len(text) if end < 0 else end))
