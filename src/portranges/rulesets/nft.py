"""Read ``nft list ruleset`` and ``nft -j list ruleset``.

Both forms become a ``Document``, which is made into rules and chains here. Chains of type nat are
evaluated together at a fixed priority; their own priorities determine only their order.
"""

from __future__ import annotations

from contextlib import suppress

from portranges import types
from portranges.errors import InvalidValueError, elide, got
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
from portranges.rulesets.netfilter import PRIORITIES, SOURCE_NAT, both
from portranges.rulesets.nft_json import JsonReader, Object, statements_of
from portranges.rulesets.nft_match import Situation
from portranges.rulesets.nft_model import (
    FAMILIES,
    Base,
    Document,
    Element,
    Requirement,
    RuleText,
    Statement,
    Unread,
    Verdict,
    VerdictMap,
)
from portranges.rulesets.nft_rule import Budget, RuleCompiler
from portranges.rulesets.nft_statements import RuleParser, is_harmless
from portranges.rulesets.nft_text import TextReader
from portranges.rulesets.nft_tokens import content_of
from portranges.rulesets.ruleset import Ruleset
from portranges.rulesets.translated import pass_translated

_Key: types.TypeAlias = "tuple[str, str, str]"

_HOOKS = {
    each.value: each
    for each in (Hook.PREROUTING, Hook.INPUT, Hook.FORWARD, Hook.OUTPUT, Hook.POSTROUTING)
}
_DIRECTIONS = {
    Hook.INPUT: Direction.IN,
    Hook.FORWARD: Direction.FORWARD,
    Hook.OUTPUT: Direction.OUT,
}
# enum nf_ip_hook_priorities: NF_IP_PRI_CONNTRACK
_TRACKING = -200
# A rule with a map is as many rules as the map has results. More than these may only be a multiple
# of the size of the file.
_FEW_RESULTS = 5_000
# What a rule that changes a packet has, in text and in JSON.
_CHANGES = ("set", "mangle")
# Packets come to a chain after they are tracked.
_TRACKED = frozenset({False})


def read_text(text: str, name: str, services: types.Services | None) -> Ruleset:
    """Return the ruleset in *text*, the output of ``nft list ruleset``.

    Raises:
        PortSyntaxError: A block is not closed.
        InvalidValueError: A chain leads back to itself.
    """
    reader = TextReader(text)
    document = reader.read()
    skipped = [
        Skipped(location=Location(line=line), text=part, reason=reason, could_accept=True)
        for line, part, reason in reader.skipped
    ]
    return _Assembly(document, name, services, skipped, _text_statements).ruleset()


def read_data(data: object, name: str, services: types.Services | None) -> Ruleset:
    """Return the ruleset in *data*, the object that ``nft -j list ruleset`` writes.

    Raises:
        InvalidValueError: It does not have this form, or a chain leads back to itself.
    """
    shown = got(data)
    items = types.cast("Object", data).get("nftables") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise InvalidValueError('data must be an object with a list "nftables"', shown)
    reader = JsonReader()
    for place, item in enumerate(types.cast("list[object]", items)):
        if not isinstance(item, dict):
            raise InvalidValueError('an item of "nftables" must be an object', got(item))
        reader.add(place, types.cast("Object", item))
    skipped = [
        Skipped(location=Location(pointer=pointer), text=text, reason=reason, could_accept=True)
        for pointer, text, reason in reader.skipped
    ]
    return _Assembly(reader.document, name, services, skipped, _json_statements).ruleset()


def _text_statements(rule: RuleText) -> list[Statement]:
    content: str | Unread = rule.content
    if isinstance(content, Unread):
        content.is_harmless = is_harmless(content_of(rule.text))
        raise content
    return RuleParser(content).read()


def _json_statements(rule: RuleText) -> list[Statement]:
    return statements_of(rule.content)


class _Assembly:
    """The rules and chains of a document."""

    def __init__(
        self,
        document: Document,
        name: str,
        services: types.Services | None,
        skipped: list[Skipped],
        reader: types.Callable[[RuleText], list[Statement]],
    ) -> None:
        self.document: Document = document
        self.name: str = name
        self.services: types.Services | None = services
        self.skipped: list[Skipped] = skipped
        self.reader: types.Callable[[RuleText], list[Statement]] = reader
        self.rules: list[Rule] = []
        # The chains that are not read, which are for other families or for one device.
        self.foreign: set[_Key] = set()
        self.chains: dict[_Key, Chain] = {}

    def ruleset(self) -> Ruleset:
        """Return the ruleset."""
        self.add_chains()
        stages = self.stages()
        compilers: dict[tuple[str, str], RuleCompiler] = {}
        size = len(self.document.rules) + sum(map(len, self.document.sets.values()))
        budget = Budget(_FEW_RESULTS + 4 * size)
        for rule in self.document.rules:
            if rule.chain in self.foreign:
                self.skip_foreign(rule)
                continue
            table = rule.chain[:2]
            if table not in compilers:
                compilers[table] = RuleCompiler(self.lookup(table), budget)
            before = stages.get(rule.chain, _TRACKED)
            situation = Situation(
                self.services, self.document.is_tracked, before, self.document.has_zones
            )
            try:
                statements = self.reader(rule)
            except Unread as unread:
                self.skip(rule, unread)
                continue
            try:
                self.add_rule(rule, statements, compilers[table], situation)
            except Unread as unread:
                verdicts = {each.action for each in statements if isinstance(each, Verdict)}
                unread.is_harmless = verdicts <= {Action.DROP, Action.REJECT} and bool(verdicts)
                self.skip(rule, unread)
        self.skipped.sort(key=lambda each: (each.location.line, _number(each.location)))
        rules, chains = pass_translated(self.rules, self.skipped, self.chains.values())
        return Ruleset(
            format=self.name,
            rules=rules,
            skipped=tuple(self.skipped),
            chains=chains,
        )

    def add_chains(self) -> None:
        bases: list[tuple[int, _Key, Base | None]] = []
        for key, base in self.document.chains.items():
            if key[0] not in FAMILIES or (base is not None and base.hook not in _HOOKS):
                self.foreign.add(key)
                if base is not None and base.policy is Action.DROP:
                    self.skip_chain(
                        key, f"chains of {_kind(key, base)} are not read", accepts=False
                    )
                continue
            bases.append((0 if base is None else base.priority, key, base))
        nat = {key[:2] for _, key, base in bases if base is not None and base.type == "nat"}
        # The sort keeps chains of nat in the order of their own priorities.
        for _, key, base in sorted(bases, key=lambda each: each[0]):
            is_base = base is not None and key[:2] not in self.document.dormant
            used = base if is_base else None
            self.chains[key] = Chain(
                name=" ".join(key),
                hook=None if used is None else _HOOKS[used.hook],
                priority=0 if used is None else _priority(used),
                policy=Action.RETURN if used is None else used.policy,
                families=FAMILIES[key[0]],
                # A chain of nat may lead to any other chain of its table.
                translates=key[:2] in nat if used is None else used.type == "nat",
            )
        self.note_equal_priorities()

    def note_equal_priorities(self) -> None:
        """Leave open whether a filter is before or after a translation of equal priority."""
        nat = {
            (each.hook, each.priority)
            for each in self.chains.values()
            if each.translates and each.hook
        }
        for key, chain in self.chains.items():
            if not chain.translates and (chain.hook, chain.priority) in nat:
                reason = "the order of this chain and the translations must be known"
                self.skip_chain(key, f"{reason}, got equal priorities", accepts=True)

    def skip_chain(self, key: _Key, reason: str, *, accepts: bool) -> None:
        line, pointer = self.document.places.get(key, (1, ""))
        self.skipped.append(
            Skipped(
                location=Location(line=line, pointer=pointer),
                text=f"chain {' '.join(key)}",
                reason=reason,
                could_accept=accepts,
            )
        )

    def skip_foreign(self, rule: RuleText) -> None:
        reason = f"rules of {_kind(rule.chain, self.document.chains[rule.chain])} are not read"
        self.skipped.append(
            Skipped(
                location=Location(line=rule.line, pointer=rule.pointer),
                text=rule.text,
                reason=reason,
                # They may change a packet, so that other rules match it.
                could_accept=rule.chain[0] != "arp" and any(map(rule.text.__contains__, _CHANGES)),
                # ARP is not IP, so that these rules concern no port.
                group=" ".join(rule.chain) if rule.chain[0] == "arp" else "",
            )
        )

    def skip(self, rule: RuleText, unread: Unread) -> None:
        is_local = rule.chain in self.chains and (unread.is_local or unread.is_harmless)
        self.skipped.append(
            Skipped(
                location=Location(line=rule.line, pointer=rule.pointer),
                text=rule.text,
                reason=unread.reason,
                could_accept=not unread.is_harmless,
                group=" ".join(rule.chain) if is_local else "",
            )
        )

    def lookup(self, table: tuple[str, str]) -> types.Callable[[str], tuple[Element, ...] | None]:
        """Return the function that returns the elements of a set of *table*."""

        def elements(name: str) -> tuple[Element, ...] | None:
            key = (*table, name)
            # A set without elements may be one of 'nft -t', which leaves them out.
            if key in self.document.open_sets or not self.document.sets.get(key):
                return None
            return tuple(self.document.sets[key])

        return elements

    def stages(self) -> dict[_Key, frozenset[bool]]:
        """Return, for each chain, whether packets come to it before they are tracked, or after.

        Packets come to a chain that is not in the result after they are tracked.
        """
        starts: dict[frozenset[bool], list[_Key]] = {}
        for key, chain in self.chains.items():
            if chain.hook is not None:
                own = _TRACKED
                if chain.hook in (Hook.PREROUTING, Hook.OUTPUT) and chain.priority <= _TRACKING:
                    own = frozenset({True} if chain.priority < _TRACKING else {True, False})
                starts.setdefault(own, []).append(key)
        if starts.keys() <= {_TRACKED}:
            return {}
        targets = self.all_targets()
        found: dict[_Key, frozenset[bool]] = {}
        for own, bases in starts.items():
            pending, seen = list(bases), set[_Key]()
            while pending:
                current = pending.pop()
                if current not in seen:
                    seen.add(current)
                    found[current] = found.get(current, own) | own
                    pending += targets.get(current, ())
        return found

    def all_targets(self) -> dict[_Key, set[_Key]]:
        """Return, for each chain, those that its rules lead to."""
        found: dict[_Key, set[_Key]] = {}
        maps: dict[_Key, set[str]] = {}
        for rule in self.document.rules:
            with suppress(Unread):
                for each in self.reader(rule):
                    elements: types.Iterable[Element] = ()
                    if isinstance(each, Verdict):
                        elements = [Element((), each)]
                    elif isinstance(each, VerdictMap):
                        name = each.map.elements
                        if not isinstance(name, str):
                            elements = name
                        elif name not in maps.setdefault(rule.chain, set()):
                            maps[rule.chain].add(name)
                            elements = self.document.sets.get((*rule.chain[:2], name), ())
                    found.setdefault(rule.chain, set()).update(
                        (*rule.chain[:2], element.data.target)
                        for element in elements
                        if isinstance(element.data, Verdict) and element.data.target
                    )
        return found

    def add_rule(
        self,
        rule: RuleText,
        statements: list[Statement],
        compiler: RuleCompiler,
        situation: Situation,
    ) -> None:
        chain = self.chains.get(rule.chain)
        if chain is None:
            raise Unread(f"a rule must be in a chain of its table, got {elide(rule.chain[2])}")
        results, conditions = compiler.compile(statements, situation)
        # nft 1.0.6 does not list a 'meta nfproto' before 'reject with tcp reset'.
        hides_family = rule.chain[0] == "inet" and Requirement("tcp") in statements
        made: list[Rule] = []
        for part, verdict, ports in results:
            target = ""
            if verdict.target:
                key = (*rule.chain[:2], verdict.target)
                if key not in self.chains or self.chains[key].hook is not None:
                    raise Unread(f"target must be a chain of the table, got {elide(key[2])}")
                target = " ".join(key)
            families = tuple([each for each in part.families if each in FAMILIES[rule.chain[0]]])
            applies = part.applies if families else Applies.NEVER
            if hides_family and len(families) > 1:
                applies = both(applies, Applies.MAYBE)
            if chain.translates and chain.hook and not self.document.is_tracked:
                # A chain of nat does not see packets that are not tracked.
                applies = both(applies, Applies.MAYBE)
            made.append(
                Rule(
                    ports=part.ports,
                    source_ports=part.sources,
                    translated_ports=ports,
                    families=families or FAMILIES[rule.chain[0]],
                    action=verdict.action,
                    target=target,
                    direction=None if chain.hook is None else _DIRECTIONS.get(chain.hook),
                    group=chain.name,
                    applies=applies,
                    conditions=conditions,
                    location=Location(line=rule.line, pointer=rule.pointer),
                    text=rule.text,
                )
            )
        self.rules += made


def _number(location: Location) -> int:
    parts = location.pointer.split("/")
    return int(parts[2]) if len(parts) > 2 else 0


def _kind(key: _Key, base: Base | None) -> str:
    if key[0] in FAMILIES and base is not None:
        return f"the hook {base.hook}"
    return f"the family {key[0]}"


def _priority(base: Base) -> int:
    if base.type != "nat":
        return base.priority
    return SOURCE_NAT if base.hook in ("input", "postrouting") else PRIORITIES["dstnat"]
