"""Read the aliases of OPNsense for ports, from config.xml."""

from __future__ import annotations

from html import unescape

from portranges import dialects, types
from portranges.errors import PortSyntaxError, elide
from portranges.portset import PortSet
from portranges.rulesets.firewalld_element import Element
from portranges.rulesets.firewalld_xml import element_of, error_at
from portranges.rulesets.port_lists import BOTH, PortLists
from portranges.transport_ports import TransportPorts

_DEEPEST = 64


def read_ports(text: str, services: types.Services | None) -> dict[str, TransportPorts]:
    """Return the ports of each alias of type port, and of the aliases in it."""
    contents: dict[str, tuple[list[str], int]] = {}
    pending = [element_of(text)]
    while pending:
        element = pending.pop()
        pending += reversed(element.inner)
        if element.name == "alias":
            values = {each.name: _content(each) for each in element.inner}
            if values.get("type") == "port" and values.get("name"):
                if values["name"] in contents:
                    rule = "each alias must appear once"
                    reason = f"{rule}, got {elide(values['name'])} twice"
                    raise error_at(text, element.line, reason)
                lines = [each.strip() for each in values.get("content", "").split("\n")]
                contents[values["name"]] = (list(filter(None, lines)), element.line)
    found = PortLists(text, services)
    resolved: dict[str, PortSet | None] = {}

    def ports_of(name: str, depth: int, span: types.Span) -> PortSet:
        """Return the ports of an alias, including nested aliases."""
        if name not in resolved:
            resolved[name] = None
            if depth == _DEEPEST:
                raise found.error(f"aliases must be nested at most {_DEEPEST} deep, got more", span)
            lines = contents[name][0]
            inner = [ports_of(each, depth + 1, span) for each in lines if each in contents]
            own = "\n".join(each for each in lines if each not in contents)
            try:
                ports = dialects.parse(own, "opnsense", services=services)
            except PortSyntaxError as error:
                if own or not inner:
                    raise found.error(f"{error.reason}, for {elide(name)}", span) from None
                ports = PortSet()
            resolved[name] = ports.union(*inner)
        if (known := resolved[name]) is None:
            raise found.error(f"an alias must not contain itself, got {elide(name)}", span)
        return known

    for name, (_, line) in contents.items():
        found.add(name, BOTH, ports_of(name, 0, error_at(text, line, "").span))
    return found.result()


def _content(element: Element) -> str:
    """Return the text inside an element."""
    start, stop = element.text.find(">") + 1, element.text.rfind("</")
    return unescape(element.text[start:stop]).strip()
