"""Read what firewall-cmd and firewall-offline-cmd list.

These are blocks of ``--list-all``, ``--list-all-zones``, ``--list-all-policies``, ``--info-zone``
and ``--info-policy``, with blocks of ``--info-service`` for their services, and the
lines of ``--list-ports``, ``--list-forward-ports`` and ``--list-rich-rules``. Each item becomes the
element that it is in the XML of a zone, which ``firewalld_rule`` reads.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

from portranges import types
from portranges.errors import elide
from portranges.rulesets.firewalld_rule import Element, Reader
from portranges.rulesets.firewalld_xml import direction_of
from portranges.rulesets.model import Location, Skipped
from portranges.rulesets.ruleset import Ruleset

_HEADING = re.compile(r"([^ \t:=]+)(?: \((?:default|active|default, active)\))?[ \t]*")
_FIELD = re.compile(r" {2}([a-z][a-z -]*): ?(.*)")
_PORT = re.compile(r"([^ \t/]+)/([^ \t/]+)")
_PORTS = re.compile(r"[0-9][^ \t/]*/[a-z]+(?:[ \t]+[0-9][^ \t/]*/[a-z]+)*[ \t]*")
_FORWARD = re.compile(r"port=([^:]*):proto=([^:]*):toport=([^:]*):toaddr=(.*)")

# What each item of a field is as an element: its name, and the attribute that it is.
_ITEMS = {
    "services": ("service", "name"),
    "protocols": ("protocol", "value"),
    "icmp-blocks": ("icmp-block", "name"),
    "includes": ("include", "service"),
}
_PORT_FIELDS = {"ports": "port", "source-ports": "source-port"}
_SETTINGS = frozenset(
    {"summary", "description", "priority", "icmp-block-inversion", "interfaces", "sources"}
    | {"forward", "modules", "helpers", "target", "ingress-zones", "egress-zones"}
    | {"ingress-priority", "egress-priority"}
)
# Blocks of --info-service have these, and those of zones and policies do not.
_OF_SERVICES = frozenset({"modules", "helpers", "includes"})
_NESTED = frozenset({"log", "nflog", "audit", "accept", "reject", "drop", "mark"})
# The group of an item that no block has.
_NO_BLOCK = "zone"


@dataclass(slots=True)
class _Block:
    """A heading and the fields after it."""

    name: str
    line: int
    text: str
    elements: list[Element] = field(default_factory=list[Element])
    settings: dict[str, str] = field(default_factory=dict[str, str])
    has_fields: bool = False

    @property
    def is_service(self) -> bool:
        return not _OF_SERVICES.isdisjoint(self.settings) and "target" not in self.settings


def read_text(text: str, name: str, services: types.Services | None) -> Ruleset:
    """Return the rules of *text*. Those of several zones are in several groups."""
    lister = _Lister()
    for number, line in enumerate(text.split("\n"), start=1):
        lister.read(line.removesuffix("\r"), number)
    reader = Reader(
        services, {each.name: each.elements for each in lister.blocks if each.is_service}
    )
    for block in lister.blocks:
        if not block.has_fields:
            heading = Element("", {}, block.line, block.text)
            reason = f"fields must follow a heading, got only {elide(block.text)}"
            reader.skip(heading, reason, "", could_accept=True)
        elif not block.is_service:
            way = direction_of(
                block.settings.get("ingress-zones", "").split(),
                block.settings.get("egress-zones", "").split(),
                is_policy="egress-zones" in block.settings,
            )
            for element in block.elements:
                reader.add(element, block.name, way)
            target = Element("target", {}, block.line, block.text)
            reader.add_target(target, block.settings.get("target", ""), block.name, way)
    reader.skipped += lister.skipped
    return reader.ruleset(name)


class _Lister:
    """The state between the lines."""

    def __init__(self) -> None:
        self.blocks: list[_Block] = []
        self.skipped: list[Skipped] = []
        # The block of the following lines, and the field of which they may have more items.
        self._block: _Block | None = None
        self._field: str = ""

    def read(self, line: str, number: int) -> None:
        """Read a line."""
        if not line.strip(" \t"):
            self._block, self._field = None, ""
        elif line.startswith("\t") and self._block is not None and self._field:
            self._add(self._block, self._field, line.strip(" \t"), number)
        elif (match := _FIELD.fullmatch(line)) and self._block is not None:
            self._read_field(self._block, match[1], match[2].strip(" \t"), line, number)
        elif line.startswith("rule "):
            self._add(self._loose(line, number), "rich rules", line, number)
        elif line.startswith("port="):
            self._add(self._loose(line, number), "forward-ports", line, number)
        elif _PORTS.fullmatch(line):
            self._add(self._loose(line, number), "ports", line, number)
        elif match := _HEADING.fullmatch(line):
            self._block, self._field = _Block(match[1], number, line), ""
            self.blocks.append(self._block)
        else:
            self._skip(line, number, f"expected an item of a zone, got {elide(line)}")

    def _loose(self, line: str, number: int) -> _Block:
        """Return the block of the items that are in no block."""
        self._block, self._field = None, ""
        block = _Block(_NO_BLOCK, number, line, has_fields=True)
        self.blocks.append(block)
        return block

    def _read_field(self, block: _Block, name: str, value: str, line: str, number: int) -> None:
        self._field = ""
        block.has_fields = True
        if name == "masquerade" and value in ("yes", "no"):
            if value == "yes":
                block.elements.append(Element("masquerade", {}, number, line.strip(" ")))
        elif name == "destination":
            block.elements += [Element("destination", {}, number, each) for each in value.split()]
        elif name in _SETTINGS and name not in _ITEMS:
            block.settings[name] = value
            if name == "target":
                block.line, block.text = number, line.strip(" ")
        elif name in _ITEMS or name in _PORT_FIELDS:
            block.settings[name] = value
            self._add(block, name, value, number)
        elif name in ("forward-ports", "rich rules"):
            self._field = name
            if value:
                self._add(block, name, value, number)
        else:
            known = "a field of a zone, a policy or a service"
            self._skip(line, number, f"expected {known}, got {elide(name)}", block.name)

    def _add(self, block: _Block, name: str, value: str, number: int) -> None:
        """Add the items of a field."""
        if name == "rich rules":
            try:
                block.elements.append(_rich(value, number))
            except ValueError:
                reason = f"a quotation mark must be closed, got {elide(value)}"
                self._skip(value, number, reason, block.name)
        elif name == "forward-ports":
            match = _FORWARD.fullmatch(value)
            if match is None:
                reason = f"expected 'port=...:proto=...:toport=...:toaddr=...', got {elide(value)}"
                self._skip(value, number, reason, block.name)
            else:
                port, protocol, to_port, to_address = match.groups()
                attributes = {"port": port, "protocol": protocol}
                attributes |= {"to-port": to_port, "to-addr": to_address}
                block.elements.append(Element("forward-port", attributes, number, value))
        elif name in _PORT_FIELDS:
            for item in value.split():
                match = _PORT.fullmatch(item)
                if match is None:
                    self._skip(
                        item, number, f"expected 'port/protocol', got {elide(item)}", block.name
                    )
                else:
                    attributes = {"port": match[1], "protocol": match[2]}
                    block.elements.append(Element(_PORT_FIELDS[name], attributes, number, item))
        else:
            element, attribute = _ITEMS[name]
            block.elements += [
                Element(element, {attribute: item}, number, item) for item in value.split()
            ]

    def _skip(self, text: str, number: int, reason: str, group: str = "") -> None:
        self.skipped.append(
            Skipped(
                location=Location(line=number),
                text=text,
                reason=reason,
                could_accept=True,
                group=group,
            )
        )


def _rich(text: str, number: int) -> Element:
    """Return a rich rule as its element in XML.

    Raises:
        ValueError: A quotation mark is not closed.
    """
    words = shlex.split(text)
    rule = Element("rule", {}, number, text)
    current = rule
    for word in words[1:] if words and words[0] == "rule" else words:
        name, equals, value = word.partition("=")
        if equals:
            # A second value would hide the first one.
            current.attributes[name if name not in current.attributes else f"{name} again"] = value
        elif word in ("not", "NOT"):
            current.attributes["invert"] = "yes"
        else:
            parent = rule
            if word == "limit" and rule.inner and rule.inner[-1].name in _NESTED:
                parent = rule.inner[-1]
            current = Element(word, {}, number, text)
            parent.inner.append(current)
    return rule
