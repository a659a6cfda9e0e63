"""Read the elements of a zone or a policy of firewalld: ports, services and rich rules."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from ipaddress import ip_network

from portranges import types
from portranges.errors import InvalidRangeError, PortSyntaxError, elide
from portranges.families import Family
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet
from portranges.rulesets.firewalld_element import Element, UnreadError, check, is_known, only
from portranges.rulesets.firewalld_match import Match, Services, all_of, match_of, ports_of
from portranges.rulesets.model import Action, Applies, Direction, Location, Rule, Skipped
from portranges.transport_ports import TransportPorts

_FAMILIES = {
    "ipv4": (Family.INET,),
    "ipv6": (Family.INET6,),
    "": (Family.INET, Family.INET6),
}
_VERSIONS = {"ipv4": 4, "ipv6": 6}
_FULL = PortSet.full()
_NOTHING = TransportPorts.empty()

_ACTIONS = {
    "accept": Action.ACCEPT,
    "reject": Action.REJECT,
    "drop": Action.DROP,
    "mark": Action.CONTINUE,
}
_LOGS = frozenset({"log", "nflog", "audit"})
_LIMITED = _LOGS | _ACTIONS.keys()
_ADDRESSES = frozenset({"source", "destination"})
# What a rule is about. A rule with one of the last four has no action of its own.
_ELEMENTS = frozenset(
    {"service", "port", "source-port", "protocol", "icmp-type"}
    | {"forward-port", "icmp-block", "masquerade", "tcp-mss-clamp"}
)
_PLAIN = _ELEMENTS - {"icmp-type", "tcp-mss-clamp"} | {"forward"}
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
_EVERY_ADDRESS = frozenset({"0.0.0.0/0", "::/0"})
_RATE = re.compile(r"0*[1-9][0-9]*/(?:s|m|h|d|second|minute|hour|day)")
# nft sends a reset only to packets of TCP, and so matches no others.
_RESETS = frozenset({"tcp-reset", "tcp-rst"})

# The place of a target among the rules of a zone.
LAST = 4 * 65536


@dataclass(slots=True)
class Group:
    """A zone or a policy.

    Attributes:
        name: Its name. The chain with its rules has the same.
        heading: The element or the line that it begins with.
        target: The group that has its target, if that is another one.
        is_policy: Whether it is a policy.
        is_part: Whether only some of its rules are in the text.
        settings: The fields that are not rules, as a list shows them.
        flags: What follows its name in the heading.
        elements: What is in it.
        unread: Items that do not have the form of an element, each with the reason.
    """

    name: str
    heading: Element
    target: Element | None = None
    is_policy: bool = False
    is_part: bool = False
    settings: dict[str, str] = field(default_factory=dict[str, str])
    flags: frozenset[str] = frozenset()
    elements: list[Element] = field(default_factory=list[Element])
    unread: list[tuple[Element, str]] = field(default_factory=list[tuple[Element, str]])

    @property
    def direction(self) -> Direction:
        """The direction of the packets that its rules are about."""
        if not self.is_policy or self.settings.get("egress-zones") == "HOST":
            return Direction.IN
        from_here = self.settings.get("ingress-zones") == "HOST"
        return Direction.OUT if from_here else Direction.FORWARD

    def chain(self, purpose: str) -> str:
        """Return the name of its chain for translations or for packets that pass through."""
        return f"{self.name} ({purpose})"


class Reader:
    """Makes rules of the elements of one text."""

    def __init__(
        self,
        services: types.Services | None,
        definitions: types.Mapping[str, types.Sequence[Element]],
    ) -> None:
        """Store how names are looked up, and the definitions of services in the same text."""
        self.rules: list[Rule] = []
        self.skipped: list[Skipped] = []
        self._services: types.Services | None = services
        self._definitions: Services = Services(services, definitions)

    def read(self, group: Group) -> None:
        """Add the rules of a zone or a policy, and what was not understood."""
        for element in group.elements:
            try:
                if element.name == "rule":
                    self._rich(element, group)
                else:
                    self._plain(element, group)
            except UnreadError as unread:
                self._skip_element(element, group, str(unread))
        for element, reason in group.unread:
            self._skip_element(element, group, reason)
        target, element = group.settings.get("target", ""), group.target or group.heading
        if target in _TARGETS:
            self._append(element, Match(action=_TARGETS[target]), group, LAST)
        elif target not in _NO_TARGET:
            known = "ACCEPT, DROP, REJECT, CONTINUE, default or %%REJECT%%"
            reason = f"target must be {known}, got {elide(target)}"
            self.skip(element, reason, "", could_accept=True)

    def _skip_element(self, element: Element, group: Group, reason: str) -> None:
        names = {each.name for each in element.inner}
        could_accept = element.name != "icmp-block" and not (
            names & {"drop", "reject"} and "accept" not in names
        )
        chain = group.name
        if "forward-port" in (element.name, *names):
            chain = group.chain("nat")
        elif not is_known(element):
            # It may be about packets of any direction.
            chain = ""
        self.skip(element, reason, chain, could_accept=could_accept)

    def skip(self, element: Element, reason: str, chain: str, *, could_accept: bool) -> None:
        """Record an element that was not understood."""
        self.skipped.append(
            Skipped(
                location=Location(line=element.line),
                text=element.text,
                reason=reason,
                could_accept=could_accept,
                group=chain,
            )
        )

    def _plain(self, element: Element, group: Group) -> None:
        if element.name not in _PLAIN:
            raise UnreadError(f"expected an element of a zone, got {elide(element.name)}")
        for match in self._matches(element):
            self._append(element, match, group, _place(0, match.action or Action.ACCEPT))

    def _rich(self, element: Element, group: Group) -> None:
        check(element)
        family = element.attributes.get("family", "")
        if family not in _FAMILIES:
            raise UnreadError(f"family must be ipv4 or ipv6, got {elide(family)}")
        about = only(element, _ELEMENTS, "element")
        action = only(element, frozenset(_ACTIONS), "action")
        conditions = [each for inner in element.inner for each in _conditions(inner, family)]
        matches = [Match()] if about is None else self._matches(about)
        done = matches[0].action
        if action is not None:
            if about is not None and done is not None:
                found = f"{about.name} must have no action, got {action.name}"
                raise UnreadError(f"a rule with {found}")
            done = _ACTIONS[action.name]
        elif done is None:
            if not any(each.name in _LOGS for each in element.inner):
                raise UnreadError("a rule must have an action or a log, got neither")
            done = Action.CONTINUE
        priority = _priority(element.attributes.get("priority", "0"))
        _check_loaded(element, about, priority)
        is_reset = action is not None and action.attributes.get("type", "") in _RESETS
        allowed = _FAMILIES[family]
        rules: list[Match] = []
        for match in matches:
            if about is not None and about.name == "forward-port":
                # Without an address, the rule alone names the family.
                match.families = match.families if about.attributes.get("to-addr") else allowed
            match.families = tuple(each for each in match.families if each in allowed)
            match.action = done
            match.conditions = (*conditions, *match.conditions)
            if is_reset:
                match.ports &= all_of(Transport.TCP)
            if match.families:
                rules.append(match)
        if not rules and about is not None and about.name == "service":
            # All its destinations are of the other family, so firewalld adds no rule.
            rules = [replace(matches[0], ports=_NOTHING, families=allowed)]
        if not rules:
            raise UnreadError(f"a rule must have one family, got {family} and the other one")
        # firewalld adds the forward ports of rich rules last.
        place = _place(priority, done) + (done in (Action.REDIRECT, Action.TRANSLATE))
        for match in rules:
            self._append(element, match, group, place)

    def _append(self, element: Element, match: Match, group: Group, priority: int) -> None:
        action = match.action or Action.ACCEPT
        chain = group.name
        direction: Direction | None = group.direction
        if element.name == "forward":
            chain, direction = group.chain("forward"), Direction.FORWARD
        elif action in (Action.TRANSLATE, Action.REDIRECT):
            chain = group.chain("nat")
            direction = direction if direction is Direction.OUT else None
        is_open = match.conditions or match.sources != _FULL
        self.rules.append(
            Rule(
                ports=match.ports,
                source_ports=match.sources,
                translated_ports=match.translated,
                families=match.families,
                action=action,
                direction=direction,
                group=chain,
                priority=priority,
                applies=Applies.MAYBE if is_open else Applies.ALWAYS,
                conditions=match.conditions,
                location=Location(line=element.line),
                text=element.text,
            )
        )

    def _matches(self, element: Element) -> list[Match]:
        """Return what an element matches. A service may be several rules."""
        check(element)
        if element.name == "service":
            return self._definitions.matches(element.attributes["name"])
        of = element.attributes
        if element.name == "forward-port":
            return [self._forward(of)]
        if element.name in ("icmp-block", "icmp-type"):
            condition = f'{element.name} name="{of["name"]}"'
            action = _OWN_ACTIONS.get(element.name)
            return [Match(ports=_NOTHING, conditions=(condition,), action=action)]
        if element.name == "forward":
            return [Match(conditions=("between interfaces and sources of the zone",))]
        if element.name in _OWN_ACTIONS:
            return [Match(action=_OWN_ACTIONS[element.name])]
        return [match_of(element, self._services)]

    def _forward(self, of: types.Mapping[str, str]) -> Match:
        to_port, to_address = of.get("to-port", ""), of.get("to-addr", "")
        if not to_port and not to_address:
            raise UnreadError("forward-port must have to-port or to-addr, got neither")
        try:
            new = PortSet([PortRange.parse(to_port)]) if to_port else None
        except (PortSyntaxError, InvalidRangeError) as error:
            raise UnreadError(str(error).partition("\n")[0]) from None
        return Match(
            ports=ports_of(of["port"], of["protocol"], self._services),
            # Without an address of IPv6, firewalld forwards only packets of IPv4.
            families=(Family.INET6 if ":" in to_address else Family.INET,),
            action=Action.TRANSLATE if to_address else Action.REDIRECT,
            translated=new,
        )


def _conditions(element: Element, family: str) -> list[str]:
    """Return the conditions that an element of a rule is, or has."""
    check(element)
    if element.name not in {*_ELEMENTS, *_LIMITED, *_ADDRESSES}:
        raise UnreadError(f"expected an element of a rule, got {elide(element.name)}")
    found = _address(element, family) if element.name in _ADDRESSES else []
    for inner in element.inner:
        check(inner)
        if inner.name != "limit" or element.name not in _LIMITED:
            raise UnreadError(f"{element.name} must not contain {elide(inner.name)}")
        rate = inner.attributes["value"]
        if _RATE.fullmatch(rate) is None:
            raise UnreadError(f"a limit must have the form '1/m', got {elide(rate)}")
        if element.name in _ACTIONS:
            found.append(f'limit value="{rate}"')
    return found


def _address(element: Element, family: str) -> list[str]:
    """Return the condition that a source or a destination is."""
    is_inverted = element.attributes.get("invert", "").lower() in ("yes", "true")
    for name in ("address", "mac", "ipset"):
        if value := element.attributes.get(name, ""):
            if family and name == "address" and not _is_address(value, family):
                raise UnreadError(f"address must be one of {family}, got {elide(value)}")
            if value in _EVERY_ADDRESS and not is_inverted:
                return []
            return [f'{element.name}{" NOT" if is_inverted else ""} {name}="{value}"']
    raise UnreadError(f"{element.name} must have an address, a mac or an ipset, got none")


def _is_address(text: str, family: str) -> bool:
    try:
        return ip_network(text, strict=False).version == _VERSIONS[family]
    except ValueError:
        return False


def _check_loaded(element: Element, about: Element | None, priority: int) -> None:
    """Check what firewalld requires of a rule, which it otherwise does not load."""
    of = {each.name: each for each in element.inner}
    needs_family = (
        "destination" in of
        or ("source" in of and "address" in of["source"].attributes)
        or "forward-port" in of
        or ("reject" in of and "type" in of["reject"].attributes)
    )
    if needs_family and "family" not in element.attributes:
        what = "an address, a forward-port or a type of reject"
        raise UnreadError(f"a rule with {what} must have a family, got none")
    if about is None and not priority and of.keys().isdisjoint(_ADDRESSES):
        raise UnreadError("a rule must have an element, an address or a priority, got none")
    if "audit" in of and of.keys().isdisjoint(("accept", "reject", "drop")):
        raise UnreadError("a rule with audit must accept, reject or drop, got none of them")


def _priority(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 6) or not (
        -32768 <= int(text) <= 32767
    ):
        raise UnreadError(f"priority must be in -32768..32767, got {elide(text)}")
    return int(text)


def _place(priority: int, action: Action) -> int:
    """Return the place of a rule: before 0, then log, deny and allow at 0, then after it."""
    if priority < 0:
        return priority + 32768
    if priority > 0:
        return 3 * 65536 + priority
    order = {Action.CONTINUE: 0, Action.DROP: 1, Action.REJECT: 1}.get(action, 2)
    return 65536 + order
