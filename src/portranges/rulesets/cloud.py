"""What the readers of a cloud's rules share: the items of an answer, and addresses.

A rule is read by a function that raises an error if it does not understand the rule completely;
the rule is then skipped with that error as the reason. ``objects`` collects both.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.checks import of_type
from portranges.errors import InvalidValueError, elide, got
from portranges.families import Family
from portranges.rulesets.catalog import find
from portranges.rulesets.documents import has_key, text_of
from portranges.rulesets.objects import Gathered, Node

_EVERY_ADDRESS = {
    "*": frozenset(Family),
    "0.0.0.0/0": frozenset({Family.INET}),
    "::/0": frozenset({Family.INET6}),
}
_IPV4 = re.compile(r"[0-9]+(?:\.[0-9]+){3}")


def each_item(
    found: Gathered,
    name: str,
    data: object,
    expected: str,
    *,
    answers: tuple[str, ...],
    others: tuple[str, ...] = (),
    more: tuple[str, ...] = (),
) -> list[Node]:
    """Return each item of an answer: the items of a list or of *answers*, or the only one.

    Args:
        found: Where to record anything else in the answer as skipped.
        name: The format, whose row has the keys of an answer and of an item.
        data: The answer.
        expected: What it should be, for the message.
        answers: The keys of an answer for items or a list of them.
        others: Its other keys.
        more: Other keys, each of which shows that there are more items.

    Raises:
        InvalidValueError: The data is neither a list nor an answer nor an item.
    """
    node = Node(data, "")
    if isinstance(data, (list, tuple)):
        return node.items("data")
    if node.entry.keys().isdisjoint(answers):
        if not has_key(data, find(name).keys):
            raise InvalidValueError(f"data must be {expected}", got(data))
        return [node]
    entry = node.all_fields("an answer")
    found.skip_unknown(node, "", "an answer", (*answers, *others, *more))
    for key in more:
        if key in entry and entry[key].value:
            found.skip(entry[key], f"an answer must be complete, got one with {key}")
    items: list[Node] = []
    for key in answers:
        if key in entry:
            is_list = isinstance(entry[key].value, (list, tuple))
            items += entry[key].items(key) if is_list else [entry[key]]
    return items


def only_one(given: types.Sequence[str], keys: types.Iterable[str]) -> str:
    """Return the only key in *given*, the keys that a rule has among *keys*.

    Raises:
        InvalidValueError: There is not exactly one.
    """
    if len(given) != 1:
        shown = " and ".join(given) or "none of them"
        raise InvalidValueError(f"a rule must have one of {', '.join(keys)}", shown)
    return given[0]


def texts_of(entry: types.Entry, key: str) -> list[str]:
    """Return the list of texts that *entry* has at *key*; it is empty without one.

    Raises:
        RefusedError: The value is not a list.
        TypeError: An element is not a text.
    """
    items = [] if entry.get(key) is None else Node(entry[key], "").items(key)
    return [of_type(f"each of {key}", each.value, str) for each in items]


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
