"""Read ``ufw status``, ``ufw status numbered`` and ``ufw status verbose``.

Each line after the heading is a rule: where packets go to, the action, and where they come from.
``ufw status verbose`` also shows the default policies.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from ipaddress import ip_network

from portranges import dialects, types
from portranges.errors import PortSyntaxError, elide
from portranges.families import Family
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.rulesets.model import (
    Action,
    Applies,
    Chain,
    Direction,
    Hook,
    Location,
    Rule,
    Skipped,
)
from portranges.rulesets.netfilter import both, interface_applies, transports_of
from portranges.rulesets.ruleset import Ruleset
from portranges.rulesets.ufw_shipped import before_input, profile
from portranges.transport_ports import TransportPorts

_HEADING = re.compile(r" *To +Action +From *")
_RULER = re.compile(r" *-- +-{6} +-{4} *")
# What 'verbose' shows before the rules, and the first line of every form.
_SETTING = re.compile(r"(?:Status|Logging|Default|New profiles): ")
_NUMBER = re.compile(r"\[ *[0-9]+\] ")
# The first column has at least 26 characters, and the second ends with a space.
_WIDTH = 26
_ACTION = re.compile(r" (ALLOW|DENY|REJECT|LIMIT)(?: (IN|OUT|FWD))? +")
# What is logged, and the direction again. The comment of the user follows ' # '.
_LOGGED = re.compile(r" +\((?:log|log-all|out|log, out|log-all, out)\)$")

_INTERFACE = re.compile(r" on ([^ ]+)$")
_IPV6 = " (v6)"
# 'verbose' shows the application profile that the ports are from.
_PROFILE = re.compile(r"(?<=[0-9a-z]) \([^()]+(?: \(v6\))?\)$")
_PROTOCOL = re.compile(r"/([a-z][a-z0-9-]*)$")
_PORTS = re.compile(r"[0-9][0-9,:]*")
_ANYWHERE = "Anywhere"
_HINT = "'ufw status verbose' shows the ports of application profiles"

_ACTIONS = {
    "ALLOW": Action.ACCEPT,
    "LIMIT": Action.ACCEPT,
    "DENY": Action.DROP,
    "REJECT": Action.REJECT,
}
_DIRECTIONS = {
    "": (Direction.IN, "incoming"),
    "IN": (Direction.IN, "incoming"),
    "OUT": (Direction.OUT, "outgoing"),
    "FWD": (Direction.FORWARD, "routed"),
}
_HOOKS = {"incoming": Hook.INPUT, "outgoing": Hook.OUTPUT, "routed": Hook.FORWARD}
# A rejected packet is lost as well. Old versions had only one policy.
_POLICY = re.compile(r"(allow|deny|reject)\b(?: \((incoming|outgoing|routed)\))?")
_POLICIES = {"allow": Action.ACCEPT, "deny": Action.DROP, "reject": Action.DROP}
_DISABLED = "disabled (routed)"
_FULL = PortSet.full()


class _Unread(Exception):  # noqa: N818 - it does not leave the module
    """A rule that was not understood; the message is the reason."""


@dataclass(frozen=True, slots=True)
class _End:
    """Where packets come from or go to."""

    address: str
    ports: PortSet | None
    protocol: str
    interface: str
    is_ipv6: bool
    # The name of an application profile, and its ports.
    profile: str = ""
    profile_ports: TransportPorts | None = None


def read_text(text: str, name: str, services: types.Services | None) -> Ruleset:
    """Return the rules of *text*, the output of ``ufw status`` in one of its forms."""
    del services  # ufw shows numbers
    rules: list[Rule] = []
    skipped: list[Skipped] = []
    implied: list[Rule] = []
    policies: dict[str, Action] = {}
    limits: Counter[str] = Counter()
    is_inactive = False
    place = Location(line=1)
    for number, each in enumerate(text.split("\n"), start=1):
        line = each.removesuffix("\r")
        if line.startswith("Default: "):
            place = Location(line=number)
            policies = {
                group or "incoming": _POLICIES[word] for word, group in _POLICY.findall(line)
            }
            if _DISABLED in line:
                implied += [_disabled(line, place, family) for family in Family]
        is_inactive = is_inactive or line == "Status: inactive"
        if not line.strip() or any(sign.match(line) for sign in (_HEADING, _RULER, _SETTING)):
            continue
        marked = _NUMBER.match(line)
        start = marked.end() if marked else 0
        action = _ACTION.search(line, start + _WIDTH)
        try:
            rule = _rule(line, number, start, action)
        except _Unread as unread:
            skipped.append(
                Skipped(
                    location=Location(line=number),
                    text=line,
                    reason=str(unread),
                    could_accept=action is None or action[1] not in ("DENY", "REJECT"),
                    group="" if action is None else _group(action, is_ipv6=_shows_ipv6(line)),
                )
            )
            continue
        rule = replace(rule, priority=limits[rule.group])
        if action is not None and action[1] == "LIMIT":
            # What it does not accept is rejected before the next rule.
            limits[rule.group] += 1
            implied.append(replace(rule, action=Action.REJECT, priority=limits[rule.group]))
            conditions = (*rule.conditions, "limit")
            rule = replace(rule, applies=both(rule.applies, Applies.MAYBE), conditions=conditions)
        rules.append(rule)
    if is_inactive and not rules and not skipped:
        return Ruleset(format=name, rules=(), chains=())
    for family in Family:
        group = "incoming" if family is Family.INET else f"incoming{_IPV6}"
        implied += before_input(family, group, place)
    return Ruleset(
        format=name,
        rules=tuple(rules),
        skipped=tuple(skipped),
        chains=tuple(_chains(policies, rules)),
        implied=tuple(implied),
    )


def _disabled(line: str, place: Location, family: Family) -> Rule:
    """Return a rule for the kernel, which forwards nothing except on some interfaces."""
    return Rule(
        ports=TransportPorts.full(),
        families=(family,),
        action=Action.DROP,
        direction=Direction.FORWARD,
        group="routed" if family is Family.INET else f"routed{_IPV6}",
        applies=Applies.MAYBE,
        conditions=(_DISABLED,),
        location=place,
        text=line,
    )


def _group(action: re.Match[str], *, is_ipv6: bool) -> str:
    return _DIRECTIONS[action[2] or ""][1] + (_IPV6 if is_ipv6 else "")


def _shows_ipv6(line: str) -> bool:
    """Return whether a rule that was not understood is one for IPv6."""
    columns = line.partition(" # ")[0]
    # Lists of ports may also have several colons, but with a comma between two of them.
    addresses = [each for each in columns.split() if each.count(":") > 1 and "," not in each]
    return _IPV6 in columns or bool(addresses)


def _chains(policies: dict[str, Action], rules: list[Rule]) -> types.Iterator[Chain]:
    """Yield a chain for the packets of each direction and family."""
    has_ipv6 = any(Family.INET6 in rule.families for rule in rules)
    for group, hook in _HOOKS.items():
        policy = policies.get(group, Action.DELEGATE)
        yield Chain(name=group, hook=hook, policy=policy, families=(Family.INET,))
        # With IPV6=no, ufw lets no packet pass and shows no rule for IPv6.
        if policy is Action.ACCEPT and not has_ipv6:
            policy = Action.DELEGATE
        yield Chain(name=group + _IPV6, hook=hook, policy=policy, families=(Family.INET6,))


def _rule(line: str, number: int, start: int, action: re.Match[str] | None) -> Rule:
    """Return the rule of a line. *start* is where its first column begins."""
    if action is None:
        reason = "expected 'To Action From', as ufw writes it in English"
        raise _Unread(f"{reason}, got {elide(line)}")
    target = _end(line[start : action.start()])
    rest = line[action.end() :].partition(" # ")[0]
    origin = _end(_LOGGED.sub("", rest.rstrip(" ")))
    if origin.profile:
        raise _Unread(f"expected an address or ports, got {elide(origin.profile)}; {_HINT}")
    direction, _ = _DIRECTIONS[action[2] or ""]
    conditions: list[str] = []
    applies = Applies.ALWAYS
    for word, end in (("to", target), ("from", origin)):
        if end.address:
            conditions.append(f"{word} {end.address}")
            applies = both(applies, Applies.MAYBE)
    # For a routed packet, the interface that it came by is in the column of its source.
    for end in (target, origin):
        if end.interface:
            is_in = (end is target) is not (direction is Direction.FORWARD)
            conditions.append(f"{'in' if is_in else 'out'} on {end.interface}")
            applies = both(applies, interface_applies(end.interface))
    if origin.ports is not None:
        applies = both(applies, Applies.MAYBE)
    is_ipv6 = target.is_ipv6 or origin.is_ipv6
    if target.profile_ports is not None:
        # Another file has its ports, and may have been changed.
        ports = target.profile_ports
        conditions.append(f"profile {target.profile}")
        applies = both(applies, Applies.MAYBE)
    else:
        of_each = _FULL if target.ports is None else target.ports
        ports = TransportPorts(dict.fromkeys(_transports(target, origin), of_each))
    return Rule(
        ports=ports,
        source_ports=_FULL if origin.ports is None else origin.ports,
        families=(Family.INET6 if is_ipv6 else Family.INET,),
        action=_ACTIONS[action[1]],
        direction=direction,
        group=_group(action, is_ipv6=is_ipv6),
        applies=applies,
        conditions=tuple(conditions),
        location=Location(line=number),
        text=line,
    )


def _transports(target: _End, origin: _End) -> tuple[Transport, ...]:
    """Return the transports of a rule. Both columns show the protocol if both have ports."""
    named = {end.protocol for end in (target, origin) if end.protocol}
    if len(named) > 1:
        raise _Unread(f"both columns must have one protocol, got {' and '.join(sorted(named))}")
    has_ports = target.ports is not None or origin.ports is not None
    if not named:
        return (Transport.TCP, Transport.UDP) if has_ports else tuple(Transport)
    (protocol,) = named
    found = transports_of(protocol)
    if found is None:
        raise _Unread(f"protocol must be a known name, got {elide(protocol)}")
    if has_ports and not found:
        raise _Unread(f"protocol must have ports, got {elide(protocol)}")
    return found


def _end(text: str) -> _End:
    """Return what one column means."""
    shown = text.strip(" ")
    rest, interface = shown, ""
    if match := _INTERFACE.search(rest):
        interface, rest = match[1], rest[: match.start()]
    is_ipv6 = rest.endswith(_IPV6)
    rest = rest.removesuffix(_IPV6)
    rest = _PROFILE.sub("", rest)
    protocol = ""
    if match := _PROTOCOL.search(rest):
        protocol, rest = match[1], rest[: match.start()]
    address, _, ports = rest.partition(" ")
    if address == _ANYWHERE and not ports:
        return _End("", None, protocol, interface, is_ipv6)
    version = _version(address)
    if version == 0:
        address, ports = "", rest
    if not ports:
        found = None
    elif (known := profile(ports)) is not None:
        return _End(address, None, "", interface, is_ipv6 or version == 6, ports, known)
    elif _PORTS.fullmatch(ports) is None:
        raise _Unread(f"expected an address or ports, got {elide(shown)}; {_HINT}")
    else:
        # ufw writes several ports only with a protocol, which may be in the other column.
        try:
            found = dialects.parse(f"{ports}/{protocol or 'tcp'}", "ufw")
        except PortSyntaxError as error:
            raise _Unread(error.reason) from None
    return _End(address, found, protocol, interface, is_ipv6 or version == 6)


def _version(text: str) -> int:
    """Return the IP version of an address or a network, and 0 for other text."""
    if "." not in text and ":" not in text:
        return 0
    try:
        return ip_network(text, strict=False).version
    except ValueError:
        return 0
