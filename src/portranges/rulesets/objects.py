"""What the readers of parsed data share: values with their places, and the rules found in them.

A ``Node`` is a value with its JSON Pointer. ``Gathered`` collects rules, and records what a
reader refuses in ``skipped``.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_address

from portranges import checks, types
from portranges.endpoints import canonical_address
from portranges.errors import InvalidValueError, PortRangesError, PortSyntaxError, elide, got
from portranges.families import Family
from portranges.ports import LAST_PORT, Transport
from portranges.portset import PortSet
from portranges.rulesets.documents import pointer_to, text_of
from portranges.rulesets.model import Action, Applies, Direction, Location, Rule, Skipped
from portranges.rulesets.ruleset import Ruleset
from portranges.transport_ports import TransportPorts

FAMILIES = (Family.INET, Family.INET6)

# The protocols that Kubernetes and the policies for it name.
PROTOCOLS = {each.upper(): each for each in (Transport.TCP, Transport.UDP, Transport.SCTP)}


def keys_in(text: str) -> frozenset[str]:
    """Return the keys in *text*, which are separated by white space."""
    return frozenset(text.split())


class RefusedError(Exception):
    """A part of the data that is not understood; its text is the reason."""


# What a part that is not understood raises: here, or where ports and texts are read.
REFUSED = (RefusedError, PortRangesError, TypeError)


@dataclass(frozen=True, slots=True)
class Node:
    """A value in the data.

    Attributes:
        value: The value.
        pointer: Its JSON Pointer.
    """

    value: object
    pointer: str

    def child(self, key: object, value: object) -> Node:
        """Return the node of a value inside this one."""
        return Node(value, self.pointer + pointer_to(key))

    @property
    def entry(self) -> types.Entry:
        """The value if it is a mapping, otherwise an empty mapping."""
        value: object = self.value
        return types.cast("types.Entry", value) if isinstance(value, Mapping) else {}

    def all_fields(self, what: str, required: types.Iterable[str] = ()) -> dict[str, Node]:
        """Return the values by their keys; null is the same as no value.

        Raises:
            RefusedError: This is not a mapping, or lacks a key.
        """
        value: object = self.value
        if not isinstance(value, Mapping):
            raise RefusedError(f"{what} must be a mapping, got {got(value)}")
        items = self.entry.items()
        found = {str(key): self.child(key, value) for key, value in items if value is not None}
        for key in required:
            if key not in found:
                raise RefusedError(f"{what} must have {key}, got {elide(self.value)}")
        return found

    def fields(
        self, what: str, known: types.Iterable[str], required: types.Iterable[str] = ()
    ) -> dict[str, Node]:
        """Return the values by their keys, none of which may be unknown.

        Raises:
            RefusedError: This is not a mapping, or has an unknown key, or lacks one.
        """
        keys: frozenset[object] = frozenset(known)
        self.all_fields(what)
        for key in self.entry:
            if key not in keys:
                raise RefusedError(f"{what} must have only known keys, got {elide(key)}")
        return self.all_fields(what, required)

    def values(
        self, what: str, known: types.Iterable[str], required: types.Iterable[str] = ()
    ) -> dict[str, types.Any]:
        """Return what ``fields`` returns, without the places.

        Raises:
            RefusedError: This is not a mapping, or has an unknown key, or lacks one.
        """
        return {key: each.value for key, each in self.fields(what, known, required).items()}

    def field(self, what: str, key: str) -> Node:
        """Return the value of *key*; other keys are not checked.

        Raises:
            RefusedError: This is not a mapping, or does not have the key.
        """
        found = self.all_fields(what)
        if key not in found:
            raise RefusedError(f"{what} must have {key}, got {elide(self.value)}")
        return found[key]

    def items(self, what: str, *, is_filled: bool = False) -> list[Node]:
        """Return the values of a list, which must not be empty if *is_filled*.

        Raises:
            RefusedError: This is not such a list.
        """
        value = self.value
        if not isinstance(value, (list, tuple)):
            raise RefusedError(f"{what} must be a list, got {got(value)}")
        values = types.cast("types.Sequence[object]", value)
        if is_filled and not values:
            raise RefusedError(f"{what} must not be empty, got []")
        return [self.child(place, value) for place, value in enumerate(values)]

    def word(self, what: str, words: types.Iterable[str]) -> str:
        """Return this value, one of *words*.

        Raises:
            RefusedError: It is another value.
        """
        for each in words:
            if self.value == each:
                return each
        raise RefusedError(f"{what} must be {', '.join(words)}, got {elide(self.value)}")

    def port(self, what: str) -> int:
        """Return this value, a port from 1 on.

        Raises:
            RefusedError: It is another value.
        """
        with refusing():
            number = types.cast("int", self.value)
            return checks.integer(what, number, least=1, most=LAST_PORT)

    def condition(self) -> str:
        """Return this value with its key, as a condition of a rule."""
        key = self.pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
        return f"{key}: {text_of(self.value)}"

    @property
    def location(self) -> Location:
        """The place. The outermost value has an empty pointer, and is at the beginning."""
        return Location(line=0 if self.pointer else 1, pointer=self.pointer)

    @property
    def text(self) -> str:
        """The value as text."""
        return self.value if isinstance(self.value, str) else text_of(self.value)


@contextmanager
def refusing() -> types.Generator[None, None, None]:
    """Convert the error of a function that reads ports to RefusedError."""
    try:
        yield
    except PortSyntaxError as error:
        raise RefusedError(error.reason) from None
    except (PortRangesError, TypeError) as error:
        raise RefusedError(str(error)) from None


class Gathered:
    """The rules that were found so far, and what was skipped."""

    def __init__(self, name: str) -> None:
        """Begin a ruleset of the format *name*."""
        self._name: str = name
        self._rules: list[Rule] = []
        self._skipped: list[Skipped] = []
        # The orders of the rules that have one, by their places.
        self._orders: dict[int, float] = {}

    def add(
        self,
        node: Node,
        group: str,
        ports: TransportPorts,
        *,
        translated: PortSet | None = None,
        sources: PortSet | None = None,
        families: tuple[Family, ...] = FAMILIES,
        action: Action = Action.ACCEPT,
        direction: Direction | None = Direction.IN,
        priority: int = 0,
        order: float | None = None,
        applies: Applies = Applies.ALWAYS,
        conditions: types.Iterable[str] = (),
    ) -> None:
        """Add the rule at *node*. One with conditions does not always apply.

        With an *order*, which need not be an integer, its priority is the rank of that in the file.
        """
        if order is not None:
            self._orders[len(self._rules)] = order
        held = tuple(conditions)
        is_open = bool(held) or sources is not None
        self._rules.append(
            Rule(
                ports=ports,
                source_ports=PortSet.full() if sources is None else sources,
                translated_ports=translated,
                families=families,
                action=action,
                direction=direction,
                group=group,
                priority=priority,
                applies=Applies.MAYBE if is_open and applies is Applies.ALWAYS else applies,
                conditions=held,
                location=node.location,
                text=node.text,
            )
        )

    def skip(
        self,
        node: Node,
        reason: str,
        group: str = "",
        direction: Direction | None = None,
        *,
        could_accept: bool = True,
    ) -> None:
        """Add what is at *node* to what was skipped."""
        self._skipped.append(
            Skipped(
                location=node.location,
                text=node.text,
                reason=reason,
                could_accept=could_accept,
                group=group,
                direction=direction,
            )
        )

    @contextmanager
    def skipping(
        self,
        node: Node,
        group: str = "",
        direction: Direction | None = None,
        *,
        could_accept: bool = True,
    ) -> types.Generator[None, None, None]:
        """Skip what is at *node* if it is refused."""
        try:
            yield
        except REFUSED as error:
            reason = error.reason if isinstance(error, PortSyntaxError) else str(error)
            self.skip(node, reason, group, direction, could_accept=could_accept)

    def skip_unknown(self, node: Node, group: str, what: str, known: types.Iterable[str]) -> None:
        """Skip each value of a mapping whose key is not known, and continue with the others."""
        keys = frozenset(known)
        for key, child in node.all_fields(what).items():
            if key not in keys:
                self.skip(child, f"{what} must have only known keys, got {elide(key)}", group)

    def ruleset(self) -> Ruleset:
        """Return the ruleset, without an evaluation."""
        ranks = {order: rank for rank, order in enumerate(sorted(set(self._orders.values())))}
        rules = list(self._rules)
        for place, order in self._orders.items():
            rules[place] = replace(rules[place], priority=ranks[order])
        return Ruleset(format=self._name, rules=tuple(rules), skipped=tuple(self._skipped))


def each_document(data: object) -> list[Node]:
    """Return each document of *data*, which is a list of documents or a single one.

    Raises:
        InvalidValueError: The data is neither a list nor a mapping.
    """
    if isinstance(data, (list, tuple)):
        return Node(types.cast("object", data), "").items("data")
    if isinstance(data, Mapping):
        return [Node(types.cast("object", data), "")]
    raise InvalidValueError("data must be a mapping or a list of them", got(data))


def address(node: Node | None) -> tuple[tuple[Family, ...], Applies, tuple[str, ...]]:
    """Return the families of an address on which ports are published, and whether it applies.

    Without an address, they are published on all. A packet from another host never has a loopback
    address as its destination.

    Raises:
        RefusedError: It is not an IP address.
    """
    if node is None or node.value == "":
        return FAMILIES, Applies.ALWAYS, ()
    text = node.value
    found = canonical_address(text) if isinstance(text, str) else None
    if found is None:
        raise RefusedError(f"the address must be an IP address, got {elide(text)}")
    known = ip_address(found)
    if known.is_unspecified:
        # A system may serve IPv4 as well on the wildcard address of IPv6.
        return (FAMILIES if known.version == 6 else (Family.INET,)), Applies.ALWAYS, ()
    applies = Applies.NEVER if known.is_loopback else Applies.MAYBE
    family = Family.INET if known.version == 4 else Family.INET6
    return (family,), applies, (node.condition(),)
