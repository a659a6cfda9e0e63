"""Which end of a flow is the service, and expressions of SQL."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from frozen.plan import Question, area
from frozen.questions.names import PROFILES, TRANSPORTS, port, range_text, set_text


def _clients(rng: Random) -> tuple[str, ...] | None:
    if rng.random() < 0.4:
        return None
    return tuple(rng.choice(PROFILES) for _ in range(rng.randint(1, 3)))


@area("flows: judge", 60)
def judge(chunk: int, rng: Random) -> Iterator[Question]:
    """Judge flows one by one."""
    if chunk == 0:
        yield ("criteria",)
    for _ in range(8):
        pairs = tuple((port(rng), port(rng)) for _ in range(100))
        yield "judge", pairs, _clients(rng), rng.choice((None, *TRANSPORTS))
    yield "judge", tuple((each, each) for each in (0, 53, 123, 50000)), None, None


@area("flows: many", 20)
def many(chunk: int, rng: Random) -> Iterator[Question]:
    """Judge many flows at once; each flow is an answer."""
    for _ in range(6):
        length = rng.choice((0, 1, 100, 1000, 3000))
        transport = rng.choice((None, *TRANSPORTS))
        kind = rng.choice(("list", "array H", "bytes big", "uneven"))
        yield "sides", kind, length, _clients(rng), transport, rng.randrange(1 << 30)


_NAMES = (
    "dport",
    "dport",
    "port_2",
    "Dst_Port",
    "t.port",
    ("t", "dport"),
    "dst port",
    "select",
    "user",
    "1a",
    "",
    "a`b",
    'a"b',
)


@area("flows: SQL", 20)
def sql(chunk: int, rng: Random) -> Iterator[Question]:
    """Write expressions of SQL."""
    for _ in range(40):
        column = rng.choice(_NAMES)
        quote = rng.choice(("", "", "", '"', "`", "["))
        otherwise = None
        if rng.random() < 0.2:
            otherwise = rng.choice(("other", "it's", "a\\b", ""))
        if rng.random() < 0.5:
            column = rng.choice(("dport", ("t", "dport")))
        way = rng.randrange(5)
        ports: Question | None
        if way == 0:
            ports = None
        elif way == 1:
            ports = ("set", set_text(rng))
        elif way == 2:
            ports = ("range", range_text(rng))
        elif way == 3:
            ports = ("profile", rng.choice(PROFILES))
        else:
            labels = ("web", "ssh", "a", "b", "c", "o'k", "web\n", "\\")
            pairs = [(rng.choice(labels), set_text(rng)) for _ in range(rng.randrange(4))]
            ports = ("labels", *pairs)
        yield "sql_case", column, ports, otherwise, quote
