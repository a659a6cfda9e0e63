"""A resource in what ``terraform show -json`` prints, and which of its values are known."""

from __future__ import annotations

from dataclasses import dataclass, replace

from portranges import types
from portranges.errors import InvalidValueError
from portranges.rulesets.model import Direction
from portranges.rulesets.objects import Gathered, Node

UNKNOWN = "known after apply"


@dataclass(frozen=True, slots=True)
class Resource:
    """The values of a resource of Terraform.

    In a plan, a value that is not set is null. One that is known only after apply is missing, or is
    null in a list. A value that the provider computes because it is not set is also missing: the
    configuration shows what is set. In a state, everything is known.

    Attributes:
        node: The values.
        name: The address of the resource.
        written: The keys in the configuration, except in dynamic blocks; ``None`` if the
            plan does not show it.
        is_state: Whether it is in a state.
    """

    node: Node
    name: str
    written: frozenset[str] | None = None
    is_state: bool = False

    def is_unknown(self, key: str) -> bool:
        """Return whether a value, or one in a list, is known only after apply."""
        if key not in self.node.entry:
            return not self.is_state and (self.written is None or key in self.written)
        value: object = self.node.entry[key]
        return isinstance(value, list) and None in value

    def block(self, node: Node) -> Resource:
        """Return one of its blocks, which has every value that is known."""
        return replace(self, node=node, written=None)

    def check_known(self, keys: types.Iterable[str]) -> None:
        """Raise InvalidValueError if the value of one of *keys* is missing."""
        for key in keys:
            if key not in self.node.entry:
                raise InvalidValueError(f"the plan must show {key}", f"a value {UNKNOWN}")

    def blocks(
        self, found: Gathered, key: str, group: str, direction: Direction | None = None
    ) -> list[Node]:
        """Return the blocks at *key*, or skip them if they are not known."""
        node = self.node.child(key, self.node.entry.get(key))
        with found.skipping(node, group, direction):
            if self.written is not None and key not in (*self.written, *self.node.entry):
                hint = "they are not set, unless by dynamic blocks"
                shown = f"blocks {UNKNOWN}; {hint}"
                raise InvalidValueError(f"the plan must show {key}", shown)
            self.check_known((key,))
            return node.items(key)
        return []


def unknown(key: str) -> str:
    """Return the condition for a value that is known only after apply."""
    return f"{key}, {UNKNOWN}: null"
