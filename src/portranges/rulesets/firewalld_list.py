"""Read what firewall-cmd and firewall-offline-cmd list.

These are blocks of ``--list-all``, ``--list-all-zones``, ``--list-all-policies``, ``--info-zone``
and ``--info-policy``, with blocks of ``--info-service`` for their services, and the
lines of ``--list-ports``, ``--list-forward-ports`` and ``--list-rich-rules``. Each item becomes the
element that it is in the XML of a zone, which ``firewalld_rule`` reads.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from portranges import types
from portranges.errors import elide
from portranges.rulesets.firewalld_element import FIELDS, Element, UnreadError, item_of
from portranges.rulesets.firewalld_rule import Group, Reader
from portranges.rulesets.firewalld_zones import ruleset
from portranges.rulesets.model import Action, Applies, Rule
from portranges.rulesets.ruleset import Ruleset
from portranges.transport_ports import TransportPorts

_FLAGS = "default|active|default, active|active, disabled|disabled"
_HEADING = re.compile(rf"([^ \t:=]+)(?: \(({_FLAGS})\))?[ \t]*")
_FIELD = re.compile(r" {2}([a-z][a-z -]*): ?(.*)")
_PORTS = re.compile(r"[0-9][^ \t/]*/[a-z]+(?:[ \t]+[0-9][^ \t/]*/[a-z]+)*[ \t]*")
_FORWARD = re.compile(r"port=([^:]*):proto=([^:]*):toport=([^:]*):toaddr=(.*)")

# A field with one of two words: an element if it is "yes".
_SWITCHES = frozenset({"masquerade", "forward"})
_SETTINGS = frozenset(
    {"summary", "description", "priority", "icmp-block-inversion", "interfaces", "sources"}
    | {"modules", "helpers", "target", "ingress-zones", "egress-zones", "disable"}
    | {"ingress-priority", "egress-priority"}
)
# Blocks of --info-service have these; blocks of zones and policies do not.
_OF_SERVICES = frozenset({"modules", "helpers", "includes"})
_NESTED = frozenset({"log", "nflog", "audit", "accept", "reject", "drop", "mark"})
# The group of the items that are in no block.
_NO_BLOCK = "zone"


def read_text(text: str, name: str, services: types.Services | None) -> Ruleset:
    """Return the rules of *text*. Those of several zones are in several groups."""
    lister = _Lister()
    for number, line in enumerate(text.split("\n"), start=1):
        lister.read(line.removesuffix("\r"), number)
    services_of_text = [each for each in lister.blocks if _is_service(each)]
    reader = Reader(services, {each.name: each.elements for each in services_of_text})
    for element, reason in (
        *lister.unread,
        *(one for each in services_of_text for one in each.unread),
    ):
        reader.skip(element, reason, "", could_accept=True)
    groups: dict[str, Group] = {}
    for block in lister.blocks:
        if _is_service(block):
            continue
        if not block.settings and not block.is_part:
            reason = f"fields must follow a heading, got only {elide(block.heading.text)}"
            reader.skip(block.heading, reason, "", could_accept=True)
            continue
        block.is_policy = "egress-zones" in block.settings
        # Old releases do not list the target.
        block.is_part = "target" not in block.settings
        if block.name in groups:
            # As in what runs and what is permanent, one after the other.
            block.name += f" of line {block.heading.line}"
        groups[block.name] = block
        reader.read(block)
    reader.rules[:] = _in_any_order(reader.rules)
    return ruleset(reader, list(groups.values()), name)


def _in_any_order(rules: types.Sequence[Rule]) -> list[Rule]:
    """Leave open what depends on the order of rich rules that have one priority.

    firewalld lists them in any order, and evaluates them in the order in which they were added.
    """
    by_verdict: dict[tuple[str, int], dict[object, TransportPorts]] = {}
    for rule in rules:
        if rule.text.startswith("rule") and rule.action is not Action.CONTINUE:
            alike = by_verdict.setdefault((rule.group, rule.priority), {})
            before = alike.get(_verdict(rule), TransportPorts.empty())
            alike[_verdict(rule)] = before | rule.ports
    disputed: dict[tuple[str, int], TransportPorts] = {}
    for place, alike in by_verdict.items():
        once = twice = TransportPorts.empty()
        for ports in alike.values():
            once, twice = once | ports, twice | once & ports
        disputed[place] = twice
    found: list[Rule] = []
    for rule in rules:
        ports = disputed.get((rule.group, rule.priority), TransportPorts.empty())
        if rule.text.startswith("rule") and rule.ports & ports:
            conditions = (*rule.conditions, "not after a rule of the same priority")
            found.append(replace(rule, applies=Applies.MAYBE, conditions=conditions))
        else:
            found.append(rule)
    return found


def _verdict(rule: Rule) -> object:
    if rule.action in (Action.DROP, Action.REJECT):
        return Action.DROP
    return rule.action, rule.translated_ports


def _is_service(block: Group) -> bool:
    return not _OF_SERVICES.isdisjoint(block.settings) and "target" not in block.settings


class _Lister:
    """The state between the lines."""

    def __init__(self) -> None:
        self.blocks: list[Group] = []
        self.unread: list[tuple[Element, str]] = []
        # The block of the following lines, and the field of which they may have more items.
        self._block: Group | None = None
        self._loose: Group | None = None
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
            self._add(self._without_block(line, number), "rich rules", line, number)
        elif line.startswith("port="):
            self._add(self._without_block(line, number), "forward-ports", line, number)
        elif _PORTS.fullmatch(line):
            self._add(self._without_block(line, number), "ports", line, number)
        elif match := _HEADING.fullmatch(line):
            flags = frozenset((match[2] or "").split(", ")) - {""}
            self._block = Group(match[1], Element("", {}, number, line), flags=flags)
            self._field = ""
            self.blocks.append(self._block)
        else:
            element = Element("", {}, number, line)
            self.unread.append((element, f"expected an item of a zone, got {elide(line)}"))

    def _without_block(self, line: str, number: int) -> Group:
        """Return the block of the items that are in no block."""
        self._block, self._field = None, ""
        if self._loose is None:
            self._loose = Group(_NO_BLOCK, Element("", {}, number, line), is_part=True)
            self.blocks.append(self._loose)
        return self._loose

    def _read_field(self, block: Group, name: str, value: str, line: str, number: int) -> None:
        self._field = ""
        if name in _SWITCHES and value in ("yes", "no"):
            block.settings[name] = value
            if value == "yes":
                block.elements.append(Element(name, {}, number, line.strip(" ")))
        elif name in _SETTINGS:
            block.settings[name] = value
            if name == "target":
                block.target = Element("target", {}, number, line.strip(" "))
        elif name in FIELDS:
            block.settings[name] = value
            self._add(block, name, value, number)
        elif name in ("forward-ports", "rich rules"):
            block.settings[name] = ""
            self._field = name
            if value:
                self._add(block, name, value, number)
        else:
            block.settings[name] = value
            known = "a field of a zone, a policy or a service"
            element = Element("", {}, number, line)
            block.unread.append((element, f"expected {known}, got {elide(name)}"))

    def _add(self, block: Group, name: str, value: str, number: int) -> None:
        """Add the items of a field."""
        if name == "rich rules":
            try:
                block.elements.append(_rich(value, number))
            except ValueError:
                reason = f"a quotation mark must be closed, got {elide(value)}"
                block.unread.append((Element("", {}, number, value), reason))
        elif name == "forward-ports":
            match = _FORWARD.fullmatch(value)
            if match is None:
                reason = f"expected 'port=...:proto=...:toport=...:toaddr=...', got {elide(value)}"
                block.unread.append((Element("forward-port", {}, number, value), reason))
            else:
                port, protocol, to_port, to_address = match.groups()
                attributes = {"port": port, "protocol": protocol}
                attributes |= {"to-port": to_port, "to-addr": to_address}
                block.elements.append(Element("forward-port", attributes, number, value))
        else:
            for item in value.split():
                try:
                    block.elements.append(item_of(name, item, number))
                except UnreadError as unread:
                    element = Element(FIELDS[name][0], {}, number, item)
                    block.unread.append((element, str(unread)))


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
