"""Read the XML files of zones and policies of firewalld.

A text that declares a document type is refused, so there are no entities to expand.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from portranges import types
from portranges.errors import PortSyntaxError, elide
from portranges.rulesets.firewalld_element import Element
from portranges.rulesets.firewalld_rule import Group, Reader
from portranges.rulesets.firewalld_zones import ruleset
from portranges.rulesets.ruleset import Ruleset

_MAX_LENGTH = 16 * 1024 * 1024
_MAX_DEPTH = 16
# A start tag, in which a quoted value may contain '>'.
_TAG = re.compile(rb"""<(?:[^"'>]++|"[^"]*+"|'[^']*+')*+>""")
# What describes a zone or a policy, or which packets belong to it.
_SETTINGS = frozenset(
    {"short", "description", "icmp-block-inversion", "interface", "source", "disable"}
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
    settings = {each: root.attributes.get(each, "") for each in ("target", "priority")}
    for side in ("ingress-zone", "egress-zone"):
        zones = [each.attributes.get("name", "") for each in root.inner if each.name == side]
        settings[f"{side}s"] = " ".join(zones)
    if any(each.name == "disable" for each in root.inner):
        settings["disable"] = "yes"
    group = Group(
        name=root.name,
        heading=root,
        is_policy=root.name == "policy",
        settings=settings,
        elements=[each for each in root.inner if each.name not in _SETTINGS],
    )
    reader = Reader(services, {})
    reader.read(group)
    return ruleset(reader, [group], name)


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
        # expat itself rejects a document without an element.
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
