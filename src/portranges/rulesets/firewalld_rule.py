"""Read the elements of a zone or a policy of firewalld: ports, services and rich rules.

``firewalld_xml`` finds the elements in a file, and ``firewalld_list`` those in the output of a
command. Both give them the form that they have in XML.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from portranges import dialects, types
from portranges.errors import InvalidRangeError, PortSyntaxError, elide
from portranges.families import Family
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet
from portranges.rulesets.model import Action, Applies, Direction, Location, Rule, Skipped
from portranges.rulesets.netfilter import transports_of
from portranges.rulesets.ruleset import Ruleset
from portranges.transport_ports import TransportPorts

_BOTH = (Family.INET, Family.INET6)
_FAMILIES = {"ipv4": (Family.INET,), "ipv6": (Family.INET6,), "": _BOTH}
_FULL = PortSet.full()
_EVERYTHING = TransportPorts.full()
_NOTHING = TransportPorts.empty()

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
    "limit": (("value",), ()),
}
_ACTIONS = {
    "accept": Action.ACCEPT,
    "reject": Action.REJECT,
    "drop": Action.DROP,
    "mark": Action.CONTINUE,
}
_LOGS = frozenset({"log", "nflog", "audit"})
_LIMITED = _LOGS | _ACTIONS.keys()
# What a rule is about. A rule with one of the last four has no action of its own.
_ELEMENTS = frozenset(
    {"service", "port", "source-port", "protocol", "icmp-type"}
    | {"forward-port", "icmp-block", "masquerade", "tcp-mss-clamp"}
)
_OWN_ACTIONS = {
    "icmp-block": Action.REJECT,
    "masquerade": Action.CONTINUE,
    "tcp-mss-clamp": Action.CONTINUE,
}
_TARGETS = {
    "ACCEPT": Action.ACCEPT,
    "DROP": Action.DROP,
    "REJECT": Action.REJECT,
    "%%REJECT%%": Action.REJECT,
}
_NO_TARGET = frozenset({"", "default", "CONTINUE", "{chain}_{zone}"})
_MAX_INCLUDES = 32
_EVERY_ADDRESS = frozenset({"0.0.0.0/0", "::/0"})


@dataclass(slots=True)
class Element:
    """An element, with those inside it, and the text that it was read from."""

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    inner: list[Element] = field(default_factory=list["Element"])


class _Unread(Exception):  # noqa: N818 - it does not leave the module
    """An element that was not understood; the message is the reason."""


@dataclass(slots=True)
class _Match:
    """What an element of a rule matches and does by itself."""

    ports: TransportPorts = _EVERYTHING
    sources: PortSet = _FULL
    families: tuple[Family, ...] = _BOTH
    conditions: tuple[str, ...] = ()
    action: Action | None = None
    translated: PortSet | None = None


class Reader:
    """Makes rules of the elements of one file."""

    def __init__(
        self,
        services: types.Services | None,
        definitions: types.Mapping[str, types.Sequence[Element]],
    ) -> None:
        """Store how names are looked up, and the definitions of services in the same text."""
        self._rules: list[Rule] = []
        self.skipped: list[Skipped] = []
        self._services: types.Services | None = services
        self._definitions: types.Mapping[str, types.Sequence[Element]] = definitions
        # What each service matches. Two services may include the same one.
        self._matches: dict[str, tuple[TransportPorts, tuple[str, ...]]] = {}

    def ruleset(self, name: str) -> Ruleset:
        """Return what was read, in the order of the lines, as the format *name*."""
        return Ruleset(
            format=name,
            rules=tuple(sorted(self._rules, key=lambda each: each.location)),
            skipped=tuple(sorted(self.skipped, key=lambda each: each.location)),
        )

    def add(self, element: Element, group: str, direction: Direction | None) -> None:
        """Add the rule that *element* is, or what is wrong with it.

        Args:
            element: A rich rule, or an element that accepts or forwards packets.
            group: The zone or the policy.
            direction: The direction of its packets, if there is only one.
        """
        try:
            if element.name == "rule":
                self._rich(element, group, direction)
            else:
                self._plain(element, group, direction)
        except _Unread as unread:
            names = {each.name for each in element.inner}
            could_accept = element.name != "icmp-block" and not (
                names & {"drop", "reject"} and "accept" not in names
            )
            self.skip(element, str(unread), group, could_accept=could_accept)

    def add_target(self, element: Element, target: str, group: str, way: Direction | None) -> None:
        """Add the rule for the packets that no other rule of the group matches."""
        if target in _TARGETS:
            priority = 4 * 65536
            self._append(element, _Match(action=_TARGETS[target]), group, way, priority=priority)
        elif target not in _NO_TARGET:
            known = "ACCEPT, DROP, REJECT, CONTINUE, default or %%REJECT%%"
            reason = f"target must be {known}, got {elide(target)}"
            self.skip(element, reason, group, could_accept=True)

    def skip(self, element: Element, reason: str, group: str, *, could_accept: bool) -> None:
        """Record an element that was not understood."""
        self.skipped.append(
            Skipped(
                location=Location(line=element.line),
                text=element.text,
                reason=reason,
                could_accept=could_accept,
                group=group,
            )
        )

    def _plain(self, element: Element, group: str, direction: Direction | None) -> None:
        if element.name not in _ELEMENTS - {"icmp-type", "tcp-mss-clamp"}:
            raise _Unread(f"expected an element of a zone, got {elide(element.name)}")
        match = self._match(element)
        action = match.action or Action.ACCEPT
        self._append(element, match, group, direction, priority=_place(0, action))

    def _rich(self, element: Element, group: str, direction: Direction | None) -> None:
        _check(element)
        family = element.attributes.get("family", "")
        if family not in _FAMILIES:
            raise _Unread(f"family must be ipv4 or ipv6, got {elide(family)}")
        about = _one(element, _ELEMENTS, "element")
        action = _one(element, frozenset(_ACTIONS), "action")
        conditions: list[str] = []
        for each in element.inner:
            _check(each)
            if each.name not in {*_ELEMENTS, *_LIMITED, "source", "destination"}:
                raise _Unread(f"expected an element of a rule, got {elide(each.name)}")
            if each.name in ("source", "destination"):
                conditions += _address(each)
            for inner in each.inner:
                _check(inner)
                if inner.name != "limit" or each.name not in _LIMITED:
                    raise _Unread(f"{each.name} must not contain {elide(inner.name)}, got it")
                if each.name in _ACTIONS:
                    conditions.append(f'limit value="{inner.attributes["value"]}"')
        match = _Match() if about is None else self._match(about)
        done = match.action
        if action is not None:
            if about is not None and done is not None:
                raise _Unread(f"a rule with {about.name} must have no action, got {action.name}")
            done = _ACTIONS[action.name]
        elif done is None:
            if not any(each.name in _LOGS for each in element.inner):
                raise _Unread("a rule must have an action or a log, got neither")
            done = Action.CONTINUE
        match.action = done
        match.conditions = (*conditions, *match.conditions)
        match.families = tuple(each for each in match.families if each in _FAMILIES[family])
        if not match.families:
            raise _Unread(f"a rule must have one family, got {family} and the other one")
        priority = _place(_priority(element.attributes.get("priority", "0")), done)
        self._append(element, match, group, direction, priority=priority)

    def _append(
        self,
        element: Element,
        match: _Match,
        group: str,
        direction: Direction | None,
        *,
        priority: int,
    ) -> None:
        is_open = match.conditions or match.sources != _FULL
        self._rules.append(
            Rule(
                ports=match.ports,
                source_ports=match.sources,
                translated_ports=match.translated,
                families=match.families,
                action=match.action or Action.ACCEPT,
                direction=direction,
                group=group,
                priority=priority,
                applies=Applies.MAYBE if is_open else Applies.ALWAYS,
                conditions=match.conditions,
                location=Location(line=element.line),
                text=element.text,
            )
        )

    def _match(self, element: Element) -> _Match:
        """Return what an element matches."""
        _check(element)
        of = element.attributes
        if element.name == "service":
            return self._service(of["name"], ())
        if element.name == "port":
            return _Match(ports=self._ports(of["port"], of["protocol"]))
        if element.name == "source-port":
            ports = self._ports(of["port"], of["protocol"])
            (transport,) = [each for each in Transport if ports[each]]
            return _Match(ports=_all_of(transport), sources=ports[transport])
        if element.name == "protocol":
            found = transports_of(of["value"])
            if found is None:
                raise _Unread(f"protocol must be a known name or 0..255, got {elide(of['value'])}")
            return _Match(ports=_all_of(*found))
        if element.name == "forward-port":
            return self._forward(of)
        if element.name in ("icmp-block", "icmp-type"):
            condition = f'{element.name} name="{of["name"]}"'
            action = _OWN_ACTIONS.get(element.name)
            return _Match(ports=_NOTHING, conditions=(condition,), action=action)
        return _Match(action=_OWN_ACTIONS[element.name])

    def _ports(self, ports: str, protocol: str) -> TransportPorts:
        try:
            found = dialects.parse(f"{ports}/{protocol}", "firewalld", services=self._services)
        except PortSyntaxError as error:
            raise _Unread(error.reason) from None
        return TransportPorts({protocol: found})

    def _forward(self, of: types.Mapping[str, str]) -> _Match:
        to_port, to_address = of.get("to-port", ""), of.get("to-addr", "")
        if not to_port and not to_address:
            raise _Unread("forward-port must have to-port or to-addr, got neither")
        try:
            new = PortSet([PortRange.parse(to_port)]) if to_port else None
        except (PortSyntaxError, InvalidRangeError) as error:
            raise _Unread(str(error).partition("\n")[0]) from None
        families: tuple[Family, ...] = _BOTH
        if to_address:
            families = (Family.INET6 if ":" in to_address else Family.INET,)
        return _Match(
            ports=self._ports(of["port"], of["protocol"]),
            families=families,
            action=Action.TRANSLATE if to_address else Action.REDIRECT,
            translated=new,
        )

    def _service(self, name: str, within: tuple[str, ...]) -> _Match:
        """Return what a service matches, if its definition is in the text."""
        if name in within:
            raise _Unread(f"a service must not include itself, got {elide(name)}")
        if name not in self._definitions:
            reason = f"the ports of a service must be in the same text, got {elide(name)}"
            raise _Unread(f"{reason}; 'firewall-cmd --info-service' shows them")
        if len(within) == _MAX_INCLUDES:
            raise _Unread(
                f"services must be included at most {_MAX_INCLUDES} deep, got {elide(name)}"
            )
        if name not in self._matches:
            self._matches[name] = self._defined(name, within)
        ports, conditions = self._matches[name]
        return _Match(ports=ports, conditions=conditions)

    def _defined(
        self, name: str, within: tuple[str, ...]
    ) -> tuple[TransportPorts, tuple[str, ...]]:
        """Return the ports and the conditions in the definition of a service."""
        ports = _NOTHING
        conditions: tuple[str, ...] = ()
        for element in self._definitions[name]:
            if element.name == "include":
                inner = self._service(element.attributes["service"], (*within, name))
                ports, conditions = ports | inner.ports, (*conditions, *inner.conditions)
            elif element.name == "destination":
                conditions = (*conditions, f"destination {element.text}")
            else:
                match = self._match(element)
                # Only a rule of its own could show the source ports.
                if match.sources != _FULL:
                    conditions = (*conditions, f"source-port {element.text}")
                ports |= match.ports
        return ports, conditions


def _all_of(*transports: Transport) -> TransportPorts:
    return TransportPorts(dict.fromkeys(transports, _FULL))


def _check(element: Element) -> None:
    """Check that an element is known and has the attributes that firewalld requires."""
    if element.name not in _ATTRIBUTES:
        raise _Unread(f"expected an element of a rule, got {elide(element.name)}")
    required, optional = _ATTRIBUTES[element.name]
    for name in required:
        if name not in element.attributes:
            raise _Unread(f"{element.name} must have {name}, got none")
    for name in element.attributes:
        if name not in required and name not in optional:
            allowed = ", ".join((*required, *optional)) or "no attributes"
            raise _Unread(f"{element.name} must have only {allowed}, got {elide(name)}")


def _one(element: Element, names: frozenset[str], what: str) -> Element | None:
    """Return the only inner element of several kinds."""
    found = [each for each in element.inner if each.name in names]
    if len(found) > 1:
        shown = " and ".join(each.name for each in found[:2])
        raise _Unread(f"a rule must have one {what}, got {shown}")
    return found[0] if found else None


def _address(element: Element) -> list[str]:
    """Return the condition that a source or a destination is."""
    is_inverted = element.attributes.get("invert", "").lower() in ("yes", "true")
    for name in ("address", "mac", "ipset"):
        if value := element.attributes.get(name, ""):
            if value in _EVERY_ADDRESS and not is_inverted:
                return []
            return [f'{element.name}{" NOT" if is_inverted else ""} {name}="{value}"']
    raise _Unread(f"{element.name} must have an address, a mac or an ipset, got none")


def _priority(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 6) or not (
        -32768 <= int(text) <= 32767
    ):
        raise _Unread(f"priority must be in -32768..32767, got {elide(text)}")
    return int(text)


def _place(priority: int, action: Action) -> int:
    """Return the place of a rule: before 0, then log, deny and allow at 0, then after it."""
    if priority < 0:
        return priority + 32768
    if priority > 0:
        return 3 * 65536 + priority
    order = {Action.CONTINUE: 0, Action.DROP: 1, Action.REJECT: 1}.get(action, 2)
    return 65536 + order
