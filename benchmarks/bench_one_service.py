"""One service: the registry beside dicts, the system's file and the peers.

The cases are the names of a port, the ports of a name, and whether a port is free, warm and cold.
Peers with data of their own are timed only for ports on which all agree. whatportis ships no data;
it gets the rows of our registry in its own format.
"""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bench_import import Python
from measure import Case, NoAnswerError, Question, compare, paired
from tables import Goal, Table, nothing, ratio, size, span

from portranges import Transport, registry

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from measure import Effort, Timing
    from peers import Peers

__all__ = ["run"]

# Old services with one name, which every list spells alike.
_SERVICES = {22: "ssh", 443: "https", 3306: "mysql"}

# A dict of dicts has as many rows as its author wrote.
_TRANSPORTS = (Transport.TCP, Transport.UDP)

# Neither in a registry nor in a dynamic range, now or when port-for's data was
# made, beside two that always were taken.
_FREE = {3306: False, 5432: False, 20100: True}


def run(effort: Effort, peers: Peers, rng: random.Random) -> tuple[list[Table], list[Goal]]:
    """Time the registry's answers."""
    with ExitStack() as stack:
        whatportis = peers.module("whatportis")
        if whatportis is not None:
            folder = stack.enter_context(TemporaryDirectory())
            stack.callback(setattr, whatportis, "path", whatportis.path)
            whatportis.path = _whatportis_data(Path(folder))
        asked = [
            (question, compare(question, effort, rng))
            for question in (
                _names_question(whatportis),
                _ports_question(whatportis),
                _free_question(peers.module("port-for")),
            )
        ]
    missing = [name for name in ("whatportis", "port-for") if name not in peers.versions]
    tables = [_table(question, timings, missing) for question, timings in asked]
    cold, goals = _cold(effort, rng)
    names = {timing.who: timing for timing in asked[0][1]}
    return [*tables, cold], [*_goals(names), *goals]


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to look something up: a statement with a place for the key."""

    who: str
    template: str
    names: dict[str, Any]
    read: Callable[[Any], object]


def _names_question(whatportis: Any) -> Question:
    table = {
        str(transport): {
            port: registry.services(port, transport) for port in registry.assigned(transport)
        }
        for transport in _TRANSPORTS
    }

    def first(names: tuple[str, ...]) -> str:
        return names[0]

    ways = [
        _Way("portranges", 'f({}, "tcp")', {"f": registry.services}, first),
        _Way("dict of dicts", 'table["tcp"][{}]', {"table": table}, first),
        _Way("socket.getservbyport", 'f({}, "tcp")', {"f": socket.getservbyport}, str),
    ]
    if whatportis is not None:
        ways.append(
            _Way(
                "whatportis",
                'f("{}")',
                {"f": whatportis.get_ports},
                lambda rows: next(row.name for row in rows if "tcp" in row.protocol),
            )
        )
    return _question("names of a port", ways, list(_SERVICES))


def _ports_question(whatportis: Any) -> Question:
    table: dict[str, dict[str, list[int]]] = {str(transport): {} for transport in _TRANSPORTS}
    for transport in _TRANSPORTS:
        for port in registry.assigned(transport):
            for name in registry.services(port, transport):
                table[transport].setdefault(name.lower(), []).append(port)

    def alone(port: int) -> list[int]:
        return [port]

    ways = [
        _Way("portranges", 'f("{}", "tcp")', {"f": registry.ports}, list),
        _Way("dict of dicts", 'table["tcp"]["{}"]', {"table": table}, list),
        _Way("socket.getservbyname", 'f("{}", "tcp")', {"f": socket.getservbyname}, alone),
    ]
    if whatportis is not None:
        ways.append(
            _Way(
                "whatportis",
                'f("{}")',
                {"f": whatportis.get_ports},
                lambda rows: [int(row.port) for row in rows if "tcp" in row.protocol],
            )
        )
    return _question("ports of a name", ways, list(_SERVICES.values()))


def _free_question(port_for: Any) -> Question:
    ways = [
        _Way("portranges", '{} in f("tcp")', {"f": registry.unassigned}, bool),
        _Way(
            "portranges, by state",
            'f({}, "tcp") is UNASSIGNED',
            {"f": registry.state, "UNASSIGNED": registry.State.UNASSIGNED},
            bool,
        ),
    ]
    if port_for is not None:
        ways.append(_Way("port-for", "{} in f()", {"f": port_for.available_ports}, bool))
    return _question("is a port unassigned", ways, list(_FREE))


def _question(name: str, ways: list[_Way], asked: list[Any]) -> Question:
    cases: list[Case] = []
    for way in ways:
        statements = [way.template.format(each) for each in asked]
        answer = _answer(statements, way)
        cases.append(Case(way.who, "; ".join(statements), way.names, answer, len(asked)))
    return Question(name, tuple(cases))


def _answer(statements: list[str], way: _Way) -> Callable[[], object]:
    def answer() -> object:
        try:
            return [way.read(eval(each, dict(way.names))) for each in statements]
        except OSError:
            raise NoAnswerError("no list of services here") from None

    return answer


def _table(question: Question, timings: list[Timing], missing: list[str]) -> Table:
    rows = [
        [timing.who, span(timing.seconds), timing.why_not or ratio(timing.ratio)]
        for timing in timings
    ]
    rivals = ["port-for"] if "unassigned" in question.name else ["whatportis"]
    rows += [[who, "not installed", nothing] for who in rivals if who in missing]
    return Table(f"One service, warm: {question.name}", ["way", "an answer", "over ours"], rows)


def _whatportis_data(folder: Path) -> str:
    """Write our rows as whatportis' own database, and return its path."""
    rows = [
        {
            "name": row.service or "---",
            "port": str(port),
            "protocol": str(transport),
            "description": "",
        }
        for transport in Transport
        for port in registry.assigned(transport)
        for row in registry.lookup(port, transport)
    ]
    path = folder / "whatportis.json"
    document = {"_default": {str(at): row for at, row in enumerate(rows, 1)}}
    path.write_text(json.dumps(document), encoding="ascii")
    return str(path)


# -- the first answer ----------------------------------------------------------

_FIRST = {
    "portranges: names of a port": (
        "from portranges import registry",
        'registry.services(443, "tcp")',
    ),
    "portranges: ports of a name": (
        "from portranges import registry",
        'registry.ports("https", "tcp")',
    ),
    "portranges: all assigned ports": (
        "from portranges import registry",
        'registry.assigned("tcp")',
    ),
    "socket.getservbyport": ("import socket", 'socket.getservbyport(443, "tcp")'),
}

_TIMED = """
from time import perf_counter
{setup}
start = perf_counter()
{statement}
print(perf_counter() - start)
"""

_TRACED = """
import gc, tracemalloc
{setup}
gc.collect()
tracemalloc.start()
{statement}
gc.collect()
print(tracemalloc.get_traced_memory()[0])
"""


def _cold(effort: Effort, rng: random.Random) -> tuple[Table, list[Goal]]:
    """Time the first answer of a new process, after the import."""
    with Python.prepared() as python:
        ways = dict(_FIRST)
        if not _has_services():
            del ways["socket.getservbyport"]
        for setup in {setup for setup, _ in ways.values()}:
            python.output(setup)  # writes the .pyc files
        taken = paired(
            {who: _process(python, _TIMED, *way) for who, way in ways.items()},
            effort.processes,
            rng,
        )
        held = {who: int(_process(python, _TRACED, *way)()) for who, way in ways.items()}
    rows = [[who, span(median(taken[who])), size(held[who])] for who in ways]
    table = Table(
        "One service, the first answer of a process after the import",
        ["question", "answer", "memory held"],
        rows,
    )
    ours = next(iter(ways))
    first, octets = median(taken[ours]), held[ours]
    return table, [
        Goal("the registry's first answer takes at most 1 ms", span(first), first <= 1e-3),
        Goal("the registry takes at most 300 KB", size(octets), octets <= 300_000),
    ]


def _process(python: Python, code: str, setup: str, statement: str) -> Callable[[], float]:
    filled = code.format(setup=setup, statement=statement)
    return lambda: float(python.output(filled))


def _has_services() -> bool:
    try:
        return socket.getservbyport(443, "tcp") == "https"
    except OSError:
        return False


def _goals(names: dict[str, Timing]) -> list[Goal]:
    goals: list[Goal] = []
    by_dict = names["dict of dicts"].ratio
    if by_dict is not None:
        over = 1 / by_dict
        goals.append(Goal("a warm answer takes at most 2 times a dict's", ratio(over), over <= 2))
    by_socket = names["socket.getservbyport"].ratio
    if by_socket is not None:
        goals.append(
            Goal(
                "a warm answer is 20 times faster than getservbyport",
                ratio(by_socket),
                by_socket >= 20,
            )
        )
    return goals
