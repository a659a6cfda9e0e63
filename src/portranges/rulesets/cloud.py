"""What the readers of a cloud's rules share: collecting rules, and reading addresses.

A reader gets parsed JSON. Each rule is read by a function that raises an error if it does not
understand the rule completely; the rule is then skipped with that error as the reason.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.checks import of_type
from portranges.errors import InvalidValueError, elide, got
from portranges.families import Family
from portranges.rulesets.aws_rules import REFUSED, Found, Path, as_object, list_of, object_of
from portranges.rulesets.documents import pointer_to, text_of
from portranges.rulesets.model import Location, Rule
from portranges.rulesets.ruleset import Ruleset

_EVERY_ADDRESS = {
    "*": frozenset(Family),
    "0.0.0.0/0": frozenset({Family.INET}),
    "::/0": frozenset({Family.INET6}),
}
_IPV4 = re.compile(r"[0-9]+(?:\.[0-9]+){3}")


class Collector(Found):
    """The rules of a file that were read so far, and what was skipped."""

    def __init__(
        self,
        read: types.Callable[[types.Entry, str, Location], Rule],
        could_accept: types.Callable[[types.Entry], bool],
    ) -> None:
        """Store how a rule is read.

        Args:
            read: A function that returns a rule, given its entry, its group and its place.
            could_accept: A function that returns whether an entry that was not understood could
                accept packets.
        """
        super().__init__()
        self.read: types.Callable[[types.Entry, str, Location], Rule] = read
        self.could_accept: types.Callable[[types.Entry], bool] = could_accept

    def add_rule(self, value: object, path: Path, group: str) -> None:
        """Add the rule *value*, or skip it with the error."""
        could_accept = self.could_accept(as_object(value) or {})
        try:
            entry = object_of("a rule", value)
            self.rules.append(self.read(entry, group, Location(pointer=pointer_to(*path))))
        except REFUSED as error:
            self.skip(value, path, error, group, could_accept=could_accept)

    def add_rules(self, value: object, path: Path, group: str) -> None:
        """Add each rule of the list *value*."""
        try:
            items = list_of("rules", value)
        except InvalidValueError as error:
            self.skip(value, path, error, group)
            return
        for place, each in enumerate(items):
            self.add_rule(each, (*path, place), group)

    def check_complete(self, entry: types.Entry, keys: types.Iterable[str]) -> None:
        """Skip each value of *keys* in an answer, which shows that there are more rules."""
        for key in keys:
            if entry.get(key):
                error = InvalidValueError("a list must be complete", f"one with {key}")
                self.skip(entry[key], (key,), error)

    def ruleset(self, name: str) -> Ruleset:
        """Return the ruleset, as the format *name*, without an evaluation."""
        return Ruleset(format=name, rules=tuple(self.rules), skipped=tuple(self.skipped))


def texts_of(entry: types.Entry, key: str) -> list[str]:
    """Return the list of texts that *entry* has at *key*; it is empty without one.

    Raises:
        InvalidValueError: The value is not a list.
        TypeError: It has something else than texts.
    """
    items = [] if entry.get(key) is None else list_of(key, entry[key])
    return [of_type(f"each of {key}", each, str) for each in items]


def wrong_data(expected: str, data: object) -> InvalidValueError:
    """Return the error for data that does not have the form of a format."""
    return InvalidValueError(f"data must be {expected}", got(data))


def choice(entry: types.Entry, key: str, meanings: types.Mapping[str, types.T]) -> types.T:
    """Return the meaning of *entry*'s value of *key*."""
    word = of_type(key, entry[key], str)
    if word not in meanings:
        raise InvalidValueError(f"{key} of a rule must be {' or '.join(meanings)}", elide(word))
    return meanings[word]


def addresses_of(*texts: str) -> tuple[frozenset[Family], bool]:
    """Return the families of addresses, and whether these are all addresses of the families.

    A name, such as a service tag, may contain addresses of both families.
    """
    families: frozenset[Family] = frozenset()
    complete: frozenset[Family] = frozenset()
    for text in texts:
        if text in _EVERY_ADDRESS:
            families |= _EVERY_ADDRESS[text]
            complete |= _EVERY_ADDRESS[text]
        elif ":" in text:
            families |= {Family.INET6}
        elif _IPV4.match(text):
            families |= {Family.INET}
        else:
            families |= frozenset(Family)
    return families, families == complete


def in_order(families: types.Iterable[Family]) -> tuple[Family, ...]:
    """Return *families* with IPv4 first, or both if there are none.

    A rule between addresses of different families matches no packet. Its conditions show that.
    """
    found = frozenset(families)
    return tuple(each for each in Family if each in found or not found)


def conditions_of(entry: types.Entry, keys: types.Iterable[str]) -> tuple[str, ...]:
    """Return the values of *keys* that *entry* has, as conditions."""
    return tuple(f"{key}: {text_of(entry[key])}" for key in keys if entry.get(key))
