"""How each library answers the questions about sets, as one writes it.

Each rival has a function that makes a set, the statements that are timed, and a function that
converts an answer for the comparison. If a library has no operation for a question, a function
does what its users have to write; if that would be a library of its own (a text form for
pyroaring), the function of ``plain`` is used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import plain

from portranges import PortRange, PortSet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from peers import Peers
    from plain import Ranges

__all__ = ["Rival", "rivals"]


@dataclass(frozen=True, slots=True)
class Rival:
    """One library's sets.

    Attributes:
        who: The table's head.
        make: Makes a set of sorted, disjoint, not adjoining ranges.
        read: Gives a set's ranges back.
        statements: What is timed, by question. A question that is missing has
            no answer here. The names: ``a`` and ``b`` are sets, ``c`` is equal
            to ``a`` and built anew, ``p`` a port of ``a``, ``ranges`` the
            ranges of ``a``, ``ta`` and ``tb`` the texts of both.
        names: What else the statements use.
        text: Writes ranges in the notation that the library reads.
        parse: Reads that notation back.
        octets: Tells the memory of a set where tracemalloc cannot see it.
    """

    who: str
    make: Callable[[Ranges], Any]
    read: Callable[[Any], Ranges]
    statements: Mapping[str, str]
    names: Mapping[str, object] = field(default_factory=dict[str, object])
    text: Callable[[Ranges], str] = plain.text
    parse: Callable[[str], Ranges] = plain.parse
    octets: Callable[[Any], int] | None = None


# The questions that are the same expression for everything that acts like a set.
_OPERATORS = {
    "union": "a | b",
    "intersection": "a & b",
    "difference": "a - b",
    "equality": "a == c",
    "membership": "p in a",
    "iteration": "list(a)",
    "hash": "hash(a)",
    "hash, new set": "hash(a | b)",
    "length, new set": "len(a | b)",
}


def rivals(peers: Peers) -> list[Rival]:
    """Return portranges, then every rival that is there."""
    found = [_portranges()]
    for peer, rival in (
        ("pyroaring", _pyroaring),
        (None, _frozenset),
        (None, _tuples),
        ("portion", _portion),
        ("intervaltree", _intervaltree),
        ("netports", _netports),
    ):
        module = peers.module(peer) if peer else None
        if peer is None or module is not None:
            found.append(rival(module))
    return found


def _portranges() -> Rival:
    return Rival(
        who="portranges",
        make=_port_set,
        read=lambda ports: tuple((each.first, each.last) for each in ports.ranges),
        statements={
            **_OPERATORS,
            "complement": "~a",
            "ranges, new set": "(a | b).ranges",
            "building": "make(ranges)",
            "text": "str(parse(ta) | parse(tb))",
        },
        names={"make": _port_set, "parse": PortSet.parse},
    )


def _port_set(ranges: Ranges) -> PortSet:
    return PortSet([PortRange(first, last) for first, last in ranges])


def _pyroaring(pyroaring: Any) -> Rival:
    def make(ranges: Ranges) -> Any:
        bitmap = pyroaring.BitMap()
        for first, last in ranges:
            bitmap.add_range(first, last + 1)
        return pyroaring.FrozenBitMap(bitmap)

    def octets(bitmap: Any) -> int:
        statistics = bitmap.get_statistics()
        return sum(statistics[f"n_bytes_{kind}_containers"] for kind in ("array", "run", "bitset"))

    return Rival(
        who="pyroaring",
        make=make,
        read=plain.ranges_of,
        statements={
            **_OPERATORS,
            "complement": "a.flip(0, 65536)",
            "ranges, new set": "ranges_of(a | b)",
            "building": "make(ranges)",
            "text": "text(ranges_of(make(parse(ta)) | make(parse(tb))))",
        },
        names={
            "make": make,
            "parse": plain.parse,
            "text": plain.text,
            "ranges_of": plain.ranges_of,
        },
        octets=octets,
    )


def _frozenset(_: object) -> Rival:
    def make(ranges: Ranges) -> frozenset[int]:
        return frozenset(plain.iterate(ranges))

    return Rival(
        who="frozenset",
        make=make,
        read=plain.ranges_of,
        statements={
            **_OPERATORS,
            "complement": "full - a",
            # A frozenset has no order, and most uses need one.
            "iteration": "sorted(a)",
            "ranges, new set": "ranges_of(a | b)",
            "building": "make(ranges)",
            "text": "text(ranges_of(make(parse(ta)) | make(parse(tb))))",
        },
        names={
            "full": frozenset(range(65536)),
            "make": make,
            "parse": plain.parse,
            "text": plain.text,
            "ranges_of": plain.ranges_of,
        },
    )


def _tuples(_: object) -> Rival:
    return Rival(
        who="tuples",
        make=plain.merged,
        read=lambda ranges: ranges,
        statements={
            "union": "union(a, b)",
            "intersection": "intersection(a, b)",
            "difference": "difference(a, b)",
            "complement": "complement(a)",
            "equality": "a == c",
            "membership": "contains(a, p)",
            "iteration": "list(iterate(a))",
            "hash": "hash(a)",
            "hash, new set": "hash(union(a, b))",
            "length, new set": "sum(last - first + 1 for first, last in union(a, b))",
            "ranges, new set": "union(a, b)",
            "building": "merged(ranges)",
            "text": "text(union(parse(ta), parse(tb)))",
        },
        names={name: getattr(plain, name) for name in plain.__all__},
    )


def _portion(portion: Any) -> Rival:
    # By default portion's intervals are of real numbers: [1,2] and [3,4] do not
    # become one. Its discrete subclass is what a user of integers needs.
    discrete: Any = type("Ports", (portion.AbstractDiscreteInterval,), {"_step": 1})
    api = portion.create_api(discrete)

    def make(ranges: Ranges) -> Any:
        return discrete(*(api.closed(first, last) for first, last in ranges))

    def read(interval: Any) -> Ranges:
        return tuple((atom.lower, atom.upper) for atom in interval if not atom.empty)

    def parse(written: str) -> Ranges:
        return read(api.from_string(written, conv=int))

    return Rival(
        who="portion",
        make=make,
        read=read,
        statements={
            "union": "a | b",
            "intersection": "a & b",
            "difference": "a - b",
            "complement": "full - a",
            "equality": "a == c",
            "membership": "p in a",
            "iteration": "list(iterate(a, step=1))",
            "hash": "hash(a)",
            "hash, new set": "hash(a | b)",
            "ranges, new set": "[(part.lower, part.upper) for part in a | b]",
            "building": "make(ranges)",
            "text": "to_string(from_string(ta, conv=int) | from_string(tb, conv=int))",
        },
        names={
            "full": api.closed(0, 65535),
            "make": make,
            "iterate": api.iterate,
            "from_string": api.from_string,
            "to_string": api.to_string,
        },
        text=lambda ranges: str(api.to_string(make(ranges))),
        parse=parse,
    )


def _intervaltree(intervaltree: Any) -> Rival:
    tree = intervaltree.IntervalTree

    def make(ranges: Ranges) -> Any:
        return tree.from_tuples((first, last + 1) for first, last in ranges)

    def read(made: Any) -> Ranges:
        return plain.merged((part.begin, part.end - 1) for part in made)

    def union(one: Any, other: Any) -> Any:
        made = one | other
        made.merge_overlaps(strict=False)
        return made

    def intersection(one: Any, other: Any) -> Any:
        return tree.from_tuples(
            (max(part.begin, met.begin), min(part.end, met.end))
            for part in one
            for met in other.overlap(part.begin, part.end)
        )

    def difference(one: Any, other: Any) -> Any:
        made = one.copy()
        for part in other:
            made.chop(part.begin, part.end)
        return made

    def iterate(one: Any) -> list[int]:
        return [port for part in sorted(one) for port in range(part.begin, part.end)]

    full = make(((0, 65535),))
    return Rival(
        who="intervaltree",
        make=make,
        read=read,
        statements={
            "union": "union(a, b)",
            "intersection": "intersection(a, b)",
            "difference": "difference(a, b)",
            "complement": "difference(full, a)",
            "equality": "a == c",
            "membership": "a.overlaps_point(p)",
            "iteration": "iterate(a)",
            "length, new set": "sum(part.length() for part in union(a, b))",
            "ranges, new set": "read(union(a, b))",
            "building": "make(ranges)",
            "text": "text(read(union(make(parse(ta)), make(parse(tb)))))",
        },
        names={
            "full": full,
            "make": make,
            "read": read,
            "union": union,
            "intersection": intersection,
            "difference": difference,
            "iterate": iterate,
            "parse": plain.parse,
            "text": plain.text,
        },
    )


def _netports(netports: Any) -> Rival:
    # It has its own text form, no intersection and no complement, and one
    # operation takes it milliseconds: it is in the table of texts only.
    def make(ranges: Ranges) -> Any:
        return netports.Range(plain.text(ranges))

    return Rival(
        who="netports",
        make=make,
        read=lambda made: plain.parse(str(made)),
        statements={"text": "str(parse(ta) + parse(tb))"},
        names={"parse": netports.Range},
    )
