"""Read one rule of iptables: its ports, whether its other conditions hold, and its target.

The options are split by the number of their values (``iptables_options``), and the ports are read
by the dialects ``iptables`` and ``iptables-multiport``.
"""

from __future__ import annotations

import re

from portranges import dialects, types
from portranges.errors import InvalidRangeError, PortSyntaxError, elide
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet, compact
from portranges.rulesets import iptables_options as options
from portranges.rulesets.model import Action, Applies, Chain
from portranges.rulesets.netfilter import (
    both,
    flags_apply,
    interface_applies,
    negated,
    state_applies,
    transports_of,
)
from portranges.transport_ports import TransportPorts

# A word, in which a part may be quoted. The quantifiers do not backtrack: the time is linear.
_WORD = r'(?:[^ \t"]|"(?:[^"\\]|\\.)*+")++'
_WORDS = re.compile(_WORD)
_LINE = re.compile(rf"[ \t]*+(?:{_WORD}[ \t]*+)*+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_ESCAPED = re.compile(r"\\(.)")

# The new destination of DNAT: an address or a range, for IPv6 in brackets if ports follow, and
# perhaps ports. The port after '/' is the one that the first of a range is mapped from.
_DESTINATION = re.compile(r"(?:[^:\[\]]*|\[[^\]]*\](?:-\[[^\]]*\])?)(?::([0-9-]+)(?:/[0-9]+)?)?")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+(?:-[0-9A-Fa-f:.]+)?")

_EVERY_ADDRESS = frozenset({"0.0.0.0/0", "0/0", "::/0", "0.0.0.0/0.0.0.0"})
_FULL = PortSet.full()


class Unread(Exception):  # noqa: N818 - it is caught by the reader of the file
    """A rule that was not understood.

    Attributes:
        reason: Why.
        could_accept: Whether it could let a packet pass.
    """

    def __init__(self, reason: str) -> None:
        """Store the reason."""
        super().__init__(reason)
        self.reason: str = reason
        self.could_accept: bool = True


class RuleReader:
    """Reads the rules of one file, and keeps each set of ports once."""

    __slots__ = ("_is_tracked", "_named", "_ports", "_services", "_sets", "has_copies", "has_zones")

    def __init__(
        self,
        services: types.Services | None,
        named: types.Mapping[str, tuple[str, TransportPorts]],
        *,
        is_tracked: bool,
        has_zones: bool = False,
        has_copies: bool = False,
    ) -> None:
        """Store how names of services are looked up, and what other rules do to packets.

        Args:
            services: How names are looked up.
            named: The type and the ports of each set of ipset that is known.
            is_tracked: Whether every packet is tracked.
            has_zones: Whether a rule chooses how packets are to be tracked.
            has_copies: Whether a rule copies packets. A copy may come to this host through the
                loopback interface.
        """
        self.has_zones: bool = has_zones
        self.has_copies: bool = has_copies
        self._named: types.Mapping[str, tuple[str, TransportPorts]] = named
        self._services: types.Services | None = services
        self._is_tracked: bool = is_tracked
        self._sets: dict[tuple[str, ...], PortSet] = {}
        self._ports: dict[tuple[object, ...], TransportPorts] = {}

    def read(
        self, text: str, table: str, chains: types.Mapping[str, Chain]
    ) -> dict[str, types.Any]:
        """Return the fields of the rule whose options are *text*.

        Args:
            text: What follows ``-A CHAIN``.
            table: Its table.
            chains: The chains that exist, by table and name.

        Raises:
            Unread: It was not understood.
        """
        is_quoted = '"' in text
        if is_quoted and _LINE.fullmatch(text) is None:
            raise Unread(f"a quotation mark must be closed, got {elide(text)}")
        words = _WORDS.findall(text)
        try:
            return _Rule(self, table, chains, is_quoted=is_quoted).read(words)
        except Unread as unread:
            unread.could_accept = not _is_harmless(words)
            raise

    def ports_of(self, protocol: str, option: str, value: str, *, is_negated: bool) -> PortSet:
        """Return the ports that an option such as ``--dports`` matches."""
        is_list = option.endswith("s")
        key = (protocol, "s" if is_list else "", "!" if is_negated else "", value)
        found = self._sets.get(key)
        if found is None:
            sign = "! " if is_negated else ""
            match = f"-m multiport {sign}--dports {value}" if is_list else f"{sign}--dport {value}"
            # The dialects do not support UDP-Lite, which multiport accepts.
            frame = f"-p {protocol} " if transports_of(protocol) else ""
            dialect: types.DialectName = "iptables-multiport" if is_list else "iptables"
            try:
                found = dialects.parse(frame + match, dialect, services=self._services)
            except PortSyntaxError as error:
                raise Unread(error.reason) from None
            found = self._sets[key] = compact(found)
        return found

    def with_transports(
        self,
        transports: tuple[Transport, ...],
        ports: PortSet,
        sets: tuple[tuple[str, bool], ...],
    ) -> TransportPorts:
        """Return *ports* with each of *transports*, as far as they are in all of *sets*.

        A set has its name, and whether it is negated.
        """
        found = self._ports.get((transports, ports, sets))
        if found is None:
            found = TransportPorts(dict.fromkeys(transports, ports))
            for name, is_negated in sets:
                named = self._named[name][1]
                found = found - named if is_negated else found & named
            self._ports[transports, ports, sets] = found
        return found

    def type_of(self, name: str) -> str:
        """Return the type of a set of ipset; ``""`` if it is unknown or has no ports."""
        return self._named[name][0] if name in self._named else ""

    @property
    def is_tracked(self) -> bool:
        """Whether every packet is tracked."""
        return self._is_tracked


class _Rule:
    """A rule while it is read."""

    def __init__(
        self,
        reader: RuleReader,
        table: str,
        chains: types.Mapping[str, Chain],
        *,
        is_quoted: bool,
    ) -> None:
        self.reader: RuleReader = reader
        self.is_quoted: bool = is_quoted
        self.table: str = table
        self.chains: types.Mapping[str, Chain] = chains
        self.protocol: str = ""
        self.transports: tuple[Transport, ...] = tuple(Transport)
        self.ports: PortSet = _FULL
        self.sources: PortSet = _FULL
        self.sets: tuple[tuple[str, bool], ...] = ()
        self.returns_nomatch: bool = False
        self.applies: Applies = Applies.ALWAYS
        # The options of the modules that are loaded, with the number of their values.
        self.known: dict[str, tuple[str, int]] = {}
        # For each condition, its words, and the module that it belongs to.
        self.conditions: list[tuple[str, list[str]]] = []
        self.target: str = ""
        self.is_goto: bool = False
        self.new_ports: PortSet | None = None

    def read(self, words: list[str]) -> dict[str, types.Any]:
        at = 0
        self.returns_nomatch = "--return-nomatch" in words
        while at < len(words):
            start = at
            is_negated = words[at] == "!"
            at += is_negated
            if at == len(words):
                raise Unread("an option must follow '!', got nothing")
            option, equals, value = words[at], "", ""
            if "=" in option and option.startswith("--"):
                option, equals, value = option.partition("=")
            at += 1
            name = options.COMMON.get(option, option)
            module, count = self.module_of(name)
            if equals:
                values = [value]
            else:
                # Older versions of iptables wrote '--dport ! 80'.
                if not is_negated and words[at : at + 1] == ["!"] and count:
                    is_negated = True
                    at += 1
                values = words[at : at + count]
                at += count
            if len(values) < count or (equals and not count):
                number = {0: "no value", 1: "a value"}.get(count, f"{count} values")
                raise Unread(f"{option} must have {number}, got {elide(' '.join(words[start:at]))}")
            if name != "--comment":
                if self.is_quoted:
                    values = list(map(_unquoted, values))
                self.take(name, module, values, is_negated, words[start:at])
        return self.fields()

    def module_of(self, name: str) -> tuple[str, int]:
        """Return the module that an option belongs to, and the number of its values."""
        if name in options.COMMON:
            return "", options.COMMON_VALUES.get(name, 1)
        if name not in self.known:
            raise Unread(f"option must be one of iptables or of a loaded module, got {elide(name)}")
        return self.known[name]

    def load(self, module: str) -> None:
        """Load a module. Of two options with the same name, the tool uses the latest."""
        self.known.update(options.VALUES.get(module, {}))

    def take(
        self,
        name: str,
        module: str,
        values: list[str],
        is_negated: bool,  # noqa: FBT001
        words: list[str],
    ) -> None:
        """Apply an option. *words* is how it is written."""
        if not module:
            self.take_common(name, values[0] if values else "", is_negated, words)
        elif module == self.target and module in options.TARGETS:
            self.take_target_option(name, values)
        elif name in options.DESTINATION_PORTS:
            self.ports = _both(self.ports, self.ports_of(name, values[0], is_negated))
        elif name in options.SOURCE_PORTS:
            self.sources = _both(self.sources, self.ports_of(name, values[0], is_negated))
        else:
            if name == "--match-set":
                applies = self.take_set(values[0], values[1], is_negated)
            else:
                applies = self.applies_of(name, values)
            self.require(negated(applies) if is_negated else applies, module, words)

    def take_set(self, name: str, flags: str, is_negated: bool) -> Applies:  # noqa: FBT001
        """Take the ports of a set of ipset; return whether the match holds for these."""
        kind, first = self.reader.type_of(name), flags.partition(",")[0]
        if kind == "bitmap:port" and first == "dst":
            self.sets += ((name, is_negated),)
            return Applies.NEVER if is_negated else Applies.ALWAYS
        # The port is the second part of an element, and the others are addresses.
        is_port = kind.startswith("hash:") and flags.split(",")[1:2] == ["dst"]
        if is_port and not (is_negated or self.returns_nomatch):
            self.sets += ((name, False),)
        return Applies.MAYBE

    def applies_of(self, name: str, values: list[str]) -> Applies:
        """Return whether the condition of a module holds, if it is not negated."""
        if name in ("--state", "--ctstate"):
            return state_applies(
                values[0].upper().split(","),
                is_tracked=self.reader.is_tracked,
                is_before_tracking=self.table == "raw",
                has_zones=self.reader.has_zones,
            )
        if name == "--syn":
            return Applies.ALWAYS
        if name == "--tcp-flags":
            return flags_apply(values[0].upper().split(","), values[1].upper().split(","))
        return Applies.MAYBE

    def take_common(self, name: str, value: str, is_negated: bool, words: list[str]) -> None:  # noqa: FBT001
        """Apply an option that belongs to no module."""
        if name == "-p":
            self.take_protocol(value, is_negated)
        elif name == "-m":
            self.load(value)
            if value not in options.NEUTRAL:
                self.require(Applies.MAYBE, value, [])
        elif name in ("-j", "-g"):
            if self.target:
                raise Unread(f"a rule must have one target, got {elide(value)} as well")
            self.target, self.is_goto = value, name == "-g"
            # A chain may have the name of a module.
            if f"{self.table} {value}" not in self.chains:
                self.load(value)
        elif name in ("-i", "-o"):
            applies = interface_applies(value)
            if applies is Applies.NEVER and self.reader.has_copies:
                applies = Applies.MAYBE
            self.require(negated(applies) if is_negated else applies, "", words)
        elif name in ("-s", "-d"):
            applies = Applies.ALWAYS if value in _EVERY_ADDRESS else Applies.MAYBE
            self.require(negated(applies) if is_negated else applies, "", words)
        elif name == "-f":
            self.require(Applies.MAYBE, "", words)

    def take_protocol(self, value: str, is_negated: bool) -> None:  # noqa: FBT001
        found = transports_of(value)
        if found is None:
            raise Unread(f"protocol must be a known name or 0..255, got {elide(value)}")
        if self.protocol:
            raise Unread(f"a rule must have one protocol, got {elide(value)} as well")
        self.protocol = "all" if is_negated else value
        if is_negated:
            found = tuple([each for each in Transport if each not in found])
        else:
            # The protocol's own module is loaded when its first option is used.
            self.load(found[0].value if len(found) == 1 else value.lower())
        self.transports = found

    def take_target_option(self, name: str, values: list[str]) -> None:
        if name == "--to-ports" and self.target == "REDIRECT":
            self.add_new_ports(values[0])
        elif name == "--to-destination":
            match = _DESTINATION.fullmatch(values[0])
            if match is None:
                if _IPV6.fullmatch(values[0]) is None:
                    raise Unread(f"expected an address and ports, got {elide(values[0])}")
            elif match[1]:
                self.add_new_ports(match[1])

    def add_new_ports(self, text: str) -> None:
        try:
            found = PortRange.parse(text)
        except (PortSyntaxError, InvalidRangeError) as error:
            raise Unread(str(error).partition("\n")[0]) from None
        self.new_ports = compact(PortSet([found]) | (self.new_ports or PortSet()))

    def ports_of(self, name: str, value: str, is_negated: bool) -> PortSet:  # noqa: FBT001
        return self.reader.ports_of(self.protocol, name, value, is_negated=is_negated)

    def require(self, applies: Applies, module: str, words: list[str]) -> None:
        """Add a condition. All options of one module are one condition."""
        self.applies = both(self.applies, applies)
        if not module or not self.conditions or self.conditions[-1][0] != module:
            self.conditions.append((module, ["-m", module] if module else []))
        self.conditions[-1][1].extend(words)

    def fields(self) -> dict[str, types.Any]:
        """Return the fields of the record."""
        applies, key = self.applies, f"{self.table} {self.target}"
        chain = self.chains.get(key) if self.target else None
        if chain is not None and chain.hook is None:
            action = Action.GOTO if self.is_goto else Action.JUMP
        else:
            action, key = self.action(), ""
        # The table nat does not see packets that are not tracked.
        if self.sources != _FULL or (self.table == "nat" and not self.reader.is_tracked):
            applies = both(applies, Applies.MAYBE)
        return {
            "ports": self.reader.with_transports(self.transports, self.ports, self.sets),
            "source_ports": self.sources,
            "translated_ports": self.new_ports,
            "action": action,
            "target": key,
            "applies": applies,
            "conditions": tuple([" ".join(words) for _, words in self.conditions]),
        }

    def action(self) -> Action:
        """Return what a target that is not a chain does."""
        if not self.target:
            return Action.CONTINUE
        found = None if self.is_goto else options.action_of(self.target)
        if found is None:
            rule = "target must be a chain of the table or a known target"
            raise Unread(f"{rule}, got {elide(self.target)}")
        return found


def _both(one: PortSet, other: PortSet) -> PortSet:
    """Return the ports in both sets: one of those that the reader keeps, if possible."""
    return other if one is _FULL else compact(one & other)


def _is_harmless(words: list[str]) -> bool:
    """Return whether a rule that was not understood can accept nothing, by its target."""
    for place in range(len(words) - 2, -1, -1):
        if words[place] in ("-j", "--jump"):
            action = options.action_of(words[place + 1])
            return action in (Action.DROP, Action.REJECT, Action.CONTINUE)
    return False


def _unquoted(word: str) -> str:
    return _QUOTED.sub(lambda match: _ESCAPED.sub(r"\1", match[1]), word)
