"""The elements of zones, policies and services of firewalld, and what each must have.

``firewalld_xml`` finds them in a file, and ``firewalld_list`` in the output of a command. The items
of a list have the form of an element here that they have in XML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from portranges.errors import elide

# The attributes that an element must have, and those that it may have.
_ATTRIBUTES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "service": (("name",), ()),
    "port": (("port", "protocol"), ()),
    "source-port": (("port", "protocol"), ()),
    "forward-port": (("port", "protocol"), ("to-port", "to-addr")),
    "protocol": (("value",), ()),
    "icmp-block": (("name",), ()),
    "icmp-type": (("name",), ()),
    "masquerade": ((), ("enabled",)),
    "tcp-mss-clamp": ((), ("value",)),
    "forward": ((), ()),
    "rule": ((), ("family", "priority")),
    "source": ((), ("address", "mac", "ipset", "invert", "family")),
    "destination": ((), ("address", "ipset", "invert")),
    "log": ((), ("prefix", "level")),
    "nflog": ((), ("group", "prefix", "queue-size")),
    "audit": ((), ()),
    "accept": ((), ()),
    "reject": ((), ("type",)),
    "drop": ((), ()),
    "mark": (("set",), ()),
    "limit": (("value",), ("burst",)),
}

# The fields of a list: the element that each item is, and its attribute.
FIELDS = {
    "services": ("service", "name"),
    "protocols": ("protocol", "value"),
    "icmp-blocks": ("icmp-block", "name"),
    "includes": ("include", "service"),
    "ports": ("port", ""),
    "source-ports": ("source-port", ""),
    "destination": ("destination", ""),
}
_PORT = re.compile(r"([^ \t/]+)/([^ \t/]+)")


@dataclass(slots=True)
class Element:
    """An element, with those inside it, and the text that it was read from."""

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    inner: list[Element] = field(default_factory=list["Element"])


class UnreadError(Exception):
    """An element that was not understood; the message is the reason. It is not a public error."""


def item_of(name: str, item: str, line: int = 0) -> Element:
    """Return an *item* of the field *name* of a list as an element.

    Raises:
        UnreadError: The item does not have the form of this field.

    Example:
        >>> item_of("ports", "22/tcp").attributes
        {'port': '22', 'protocol': 'tcp'}
    """
    element, attribute = FIELDS[name]
    if attribute:
        return Element(element, {attribute: item}, line, item)
    if name == "destination":
        family, _, address = item.partition(":")
        return Element(element, {family: address}, line, item)
    match = _PORT.fullmatch(item)
    if match is None:
        raise UnreadError(f"expected 'port/protocol', got {elide(item)}")
    return Element(element, {"port": match[1], "protocol": match[2]}, line, item)


def is_known(element: Element) -> bool:
    """Return whether firewalld has elements of this name in a zone, a policy or a rule."""
    return element.name in _ATTRIBUTES


def check(element: Element) -> None:
    """Check that an element is known and has the attributes that firewalld requires."""
    if not is_known(element):
        raise UnreadError(f"expected an element of a rule, got {elide(element.name)}")
    required, optional = _ATTRIBUTES[element.name]
    for name in required:
        if name not in element.attributes:
            raise UnreadError(f"{element.name} must have {name}, got none")
    for name in element.attributes:
        if name not in required and name not in optional:
            allowed = ", ".join((*required, *optional)) or "no attributes"
            raise UnreadError(f"{element.name} must have only {allowed}, got {elide(name)}")


def only(element: Element, names: frozenset[str], what: str) -> Element | None:
    """Return the only inner element of several kinds; ``None`` if there is none."""
    found = [each for each in element.inner if each.name in names]
    if len(found) > 1:
        shown = " and ".join(each.name for each in found[:2])
        raise UnreadError(f"a rule must have one {what}, got {shown}")
    return found[0] if found else None
