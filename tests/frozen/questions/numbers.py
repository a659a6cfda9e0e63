"""Ports, ranges, masks, sets of ports, categories and the lookup of many ports."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from frozen.plan import Question, area
from frozen.questions.names import EDGES, mutated, port, range_text, set_text

_TEXTS = (
    "0", "80", "080", "65535", "65536", "99999999999999999999", "-1", "+1", " 80", "80 ", "8_0",
    "", "x", "\u0668\u0660", "\u00b2", "80-90", "90-80", "80-", "-80", "80--90", "80:90", "80,",
    ",80", "80,,90", "80, 90", "80;90", "1-65535", "0-65535", "00", "0x50", "1e3", "80.0",
)  # fmt: skip


@area("numbers: texts", 20)
def texts(chunk: int, rng: Random) -> Iterator[Question]:
    """Read ports, ranges and sets from texts, most of them wrong."""
    if chunk == 0:
        for name in ("parse_ports", "parse_ranges", "parse_sets"):
            yield name, _TEXTS
    yield "parse_ports", tuple(mutated(rng, str(port(rng))) for _ in range(100))
    yield "parse_ranges", tuple(mutated(rng, range_text(rng)) for _ in range(100))
    yield "parse_ranges", tuple(range_text(rng) for _ in range(50))
    yield "parse_sets", tuple(mutated(rng, set_text(rng)[:80]) for _ in range(200))
    yield "parse_sets", tuple(set_text(rng) for _ in range(50))


@area("numbers: ranges and masks", 20)
def ranges(chunk: int, rng: Random) -> Iterator[Question]:
    """Make ranges and masks, compare them, cover them."""
    if chunk == 0:
        yield "check_ports", (*EDGES, -1, 65536, 1 << 70, -(1 << 70), 1.0, "80", None, True, b"80")
    pairs = tuple((port(rng), port(rng)) for _ in range(60))
    yield "make_ranges", pairs
    yield "relate_ranges", tuple((a, b, *pair) for a, b in pairs[:20] for pair in pairs[20:30])
    yield "cover_ranges", tuple((min(pair), max(pair)) for pair in pairs)
    yield (
        "make_masks",
        tuple(
            (port(rng), rng.choice((65535, 0xFFF0, 0xFF00, 0xF0F0, 0, port(rng))))
            for _ in range(60)
        ),
    )
    yield (
        "python_ranges",
        tuple((port(rng), port(rng), rng.choice((1, 1, 1, 2, -1))) for _ in range(30)),
    )
    narrow = []
    for _ in range(40):
        width = rng.randint(1, 12)
        first = rng.randrange(1 << width)
        narrow.append((first, rng.randrange(first, 1 << width), width))
    yield "cover_widths", tuple(narrow)


@area("numbers: sets", 60)
def sets(chunk: int, rng: Random) -> Iterator[Question]:
    """Compute with sets of ports."""
    for _ in range(20):
        probes = tuple(port(rng) for _ in range(6))
        yield "sets", set_text(rng), set_text(rng), probes
    for _ in range(4):
        values = tuple(rng.randrange(60000) for _ in range(rng.randint(1, 30)))
        yield "collect", values, rng.choice((1, 2, 100)), set_text(rng)


def _scattered(rng: Random) -> str:
    """Return a set as text, often of so many ranges that a look-up needs its harder ways."""
    if rng.random() < 0.3:
        return set_text(rng)
    return ",".join(range_text(rng, 900) for _ in range(rng.randint(20, 90)))


@area("numbers: many at once", 40)
def many(chunk: int, rng: Random) -> Iterator[Question]:
    """Look up many ports at once, in all kinds of buffers."""
    for kind in ("list", "tuple", "array H", "array I", "array q", "bytes little", "bytes big"):
        for _ in range(2):
            length = rng.choice((0, 1, 2, 7, 300, 3000))
            yield "many", kind, _scattered(rng), length, rng.randrange(1 << 30)
    yield "many", "wrong", set_text(rng), 5, rng.randrange(1 << 30)


@area("numbers: categories", 64, exhaustive=True)
def categories(chunk: int, rng: Random) -> Iterator[Question]:
    """Ask for the category of every port."""
    if chunk == 0:
        yield ("categories",)
    yield "classify", chunk * 1024, chunk * 1024 + 1023
