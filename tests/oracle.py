"""The slow twin: the library's answers again, by sets of ints and obvious loops.

The fast implementations are compared with these, so nothing is imported from
portranges, and nothing is clever.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache

UNIVERSE = range(65536)

_NUMBER = "(0|[1-9][0-9]{0,4})"
_ITEM = re.compile(f"{_NUMBER}(?:-{_NUMBER})?")


def category(port: int) -> str:
    """RFC 6335, section 6."""
    if port < 1024:
        return "system"
    if port < 49152:
        return "user"
    return "dynamic"


def number(text: str) -> int | None:
    """The port that *text* says, or None."""
    return int(text) if re.fullmatch(_NUMBER, text) and int(text) in UNIVERSE else None


def interval(text: str) -> range | None:
    """The ports that an item of the neutral notation says, or None."""
    match = _ITEM.fullmatch(text)
    if match is None:
        return None
    first = int(match[1])
    last = int(match[2]) if match[2] else first
    if first > last or last > 65535:
        return None
    return range(first, last + 1)


def items(text: str) -> list[str]:
    """The items of a list: commas and line breaks separate them, with blanks around."""
    text = text.replace("\r\n", "\n")
    text = re.sub(r"\A *\n[ \n]*|[ \n]*\n *\Z", "", text)
    return re.split(r"[ \n]*,[ \n]*| *\n[ \n]*", text) if text else []


def parse(text: str) -> frozenset[int] | None:
    """The set that *text* says in the neutral notation, or None."""
    found: set[int] = set()
    for item in items(text):
        ports = interval(item)
        if ports is None:
            return None
        found.update(ports)
    return frozenset(found)


def parse_with_transports(text: str, defaults: Sequence[str]) -> dict[str, set[int]] | None:
    """The ports of each transport that *text* says, such as ``22/tcp,53``, or None."""
    found: dict[str, set[int]] = {"tcp": set(), "udp": set(), "sctp": set(), "dccp": set()}
    for item in items(text):
        before, slash, name = item.partition("/")
        ports = interval(before)
        names = [name] if slash else defaults
        if ports is None or not names or not found.keys() >= set(names):
            return None
        for each in names:
            found[each].update(ports)
    return found


def ranges(ports: Collection[int]) -> list[tuple[int, int]]:
    """The fewest inclusive ranges of *ports*, ascending."""
    found: list[tuple[int, int]] = []
    for port in sorted(ports):
        if found and found[-1][1] == port - 1:
            found[-1] = (found[-1][0], port)
        else:
            found.append((port, port))
    return found


def text(ports: Collection[int]) -> str:
    """The neutral notation of *ports*."""
    return ",".join(
        f"{first}" if first == last else f"{first}-{last}" for first, last in ranges(ports)
    )


def bits(ports: Iterable[int]) -> int:
    """The integer whose bit *p* is 1 when *p* is one of *ports*."""
    octets = bytearray(8192)
    for port in ports:
        octets[port // 8] |= 2 ** (port % 8)
    return int.from_bytes(octets, "little")


def subset_of_universe(base: int, pattern: int) -> frozenset[int]:
    """Of the eight ports from *base* on, those whose bit *pattern* has set."""
    return frozenset(base + place for place in range(8) if pattern & 2**place)


# -- covers -------------------------------------------------------------------


def matched(value: int, mask: int, width: int) -> frozenset[int]:
    """The numbers that a pair matches."""
    return frozenset(number for number in range(2**width) if number & mask == value)


def is_prefix(mask: int, width: int) -> bool:
    """Whether *mask* is ones followed by zeros."""
    return re.fullmatch("1*0*", f"{mask:0{width}b}") is not None


def fewest_prefixes(first: int, last: int, width: int) -> int:
    """The size of a minimum prefix cover, by the tree of prefixes.

    A prefix is a node of the binary tree over all numbers and matches the
    leaves below it. A node with a leaf outside the interval is in no cover, and
    neither is any node above it, so its two halves are covered separately. A
    node with all leaves inside needs one term, and no cover needs fewer.
    """

    def fewest(low: int, high: int) -> int:
        if last < low or high < first:
            return 0
        if first <= low and high <= last:
            return 1
        middle = (low + high) // 2
        return fewest(low, middle) + fewest(middle + 1, high)

    return fewest(0, 2**width - 1)


@cache
def _terms(width: int) -> list[tuple[int, int]]:
    """Every (value, mask), with the numbers it matches as the bits of an integer."""
    found: list[tuple[int, int]] = []
    for mask in range(2**width):
        for value in range(2**width):
            if value & ~mask == 0:
                numbers = sum(1 << number for number in matched(value, mask, width))
                found.append((mask, numbers))
    return found


def primes(first: int, last: int, width: int) -> list[int]:
    """The largest terms inside the interval, as integers over its numbers."""
    inside = sum(1 << number for number in range(first, last + 1))
    terms = [numbers for _, numbers in _terms(width) if numbers & ~inside == 0]
    return [
        term for term in terms if not any(term != other and term & ~other == 0 for other in terms)
    ]


def fewest_masks(first: int, last: int, width: int, enough: int) -> int:
    """The size of a minimum cover by any terms, by exhaustive search.

    Searches for covers smaller than *enough*, the size of one that is known,
    and returns *enough* when there is none.
    """
    all_numbers = sum(1 << number for number in range(first, last + 1))
    candidates = primes(first, last, width)
    return _search(all_numbers, candidates, 0, enough)


def _search(missing: int, candidates: Sequence[int], used: int, best: int) -> int:
    if missing == 0:
        return used
    # Each further term covers at most as much as the best one does.
    most = max((term & missing).bit_count() for term in candidates)
    if used + -(-missing.bit_count() // most) >= best:
        return best
    # One of the terms that match this number is in every cover.
    hardest = min(
        (number for number in range(missing.bit_length()) if missing >> number & 1),
        key=lambda number: sum(term >> number & 1 for term in candidates),
    )
    for term in sorted(candidates, key=lambda term: -(term & missing).bit_count()):
        if term >> hardest & 1:
            best = min(best, _search(missing & ~term, candidates, used + 1, best))
    return best
