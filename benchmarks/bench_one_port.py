"""One port: classify and check_port beside the code that people write themselves.

Many ports at once are in ``bench_scan``.
"""

from __future__ import annotations

import bisect
from functools import cache
from typing import TYPE_CHECKING

from measure import Case, Question, compare
from tables import Goal, Table, ratio, span

from portranges import Category, check_port, classify

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from measure import Effort
    from peers import Peers

__all__ = ["run"]

# One of each category, so that no way is timed on its best case alone.
_PORTS = (80, 8080, 60454)
_STATEMENT = "; ".join(f"f({port})" for port in _PORTS)

_SYSTEM, _USER, _DYNAMIC = Category.SYSTEM, Category.USER, Category.DYNAMIC


def _empty(port: int) -> None:
    """Do nothing: what any function of one port costs at least."""


def _if_chain(port: int) -> Category:
    if 0 <= port < 1024:
        return _SYSTEM
    if port < 49152:
        return _USER
    if port < 65536:
        return _DYNAMIC
    raise ValueError(port)


def _if_chain_of_enum(port: int) -> Category:
    if 0 <= port < 1024:
        return Category.SYSTEM
    if port < 49152:
        return Category.USER
    if port < 65536:
        return Category.DYNAMIC
    raise ValueError(port)


_ENDS = (1023, 49151, 65535)
_NAMES = (_SYSTEM, _USER, _DYNAMIC)


def _bisect(port: int) -> Category:
    if 0 <= port < 65536:
        return _NAMES[bisect.bisect_left(_ENDS, port)]
    raise ValueError(port)


_DICT = {port: _if_chain(port) for port in range(65536)}


def _dict(port: int) -> Category:
    return _DICT[port]


@cache
def _cached(port: int) -> Category:
    return _if_chain(port)


def _by_name(port: int) -> Category:
    return Category("system" if port < 1024 else "user" if port < 49152 else "dynamic")


def run(effort: Effort, peers: Peers, rng: random.Random) -> tuple[list[Table], list[Goal]]:
    """Time one port's category and one port's check."""
    category = _question(
        "category",
        _all_categories,
        [
            ("portranges.classify", classify),
            ("if-chain, members bound", _if_chain),
            ("if-chain, Category.X inside", _if_chain_of_enum),
            ("bisect", _bisect),
            ("dict of 65,536", _dict),
            ("functools.cache", _cached),
            ("Category(value)", _by_name),
        ],
    )
    rivals: list[tuple[str, Callable[[int], object]]] = [
        ("portranges.check_port", check_port),
        ("if not 0 <= port <= 65535", _checked),
    ]
    netports = peers.module("netports")
    if netports is not None:
        rivals.append(("netports.check_port", netports.check_port))
    check = _question("check", _refused, rivals)
    tables: list[Table] = []
    goals: list[Goal] = []
    for title, question in (
        ("One port: its category", category),
        ("One port: is it one", check),
    ):
        timings = compare(question, effort, rng)
        floor = next(timing for timing in timings if timing.who == _FLOOR)
        rows = [[timing.who, span(timing.seconds), ratio(timing.ratio)] for timing in timings]
        tables.append(Table(title, ["way", "a port", "over ours"], rows))
        if question is category and floor.ratio is not None:
            over = 1 / floor.ratio
            goals.append(
                Goal("classify takes at most 2 times an empty call", ratio(over), over <= 2)
            )
    return tables, goals


_FLOOR = "an empty call"


def _checked(port: int) -> int:
    if not 0 <= port <= 65535:
        raise ValueError(port)
    return port


def _question(
    name: str,
    answer: Callable[[Callable[[int], object]], object],
    ways: list[tuple[str, Callable[[int], object]]],
) -> Question:
    cases = [
        Case(who, _STATEMENT, {"f": way}, _bound(answer, way), len(_PORTS)) for who, way in ways
    ]
    cases.append(Case(_FLOOR, _STATEMENT, {"f": _empty}, None, len(_PORTS)))
    return Question(name, tuple(cases))


def _bound(
    answer: Callable[[Callable[[int], object]], object], way: Callable[[int], object]
) -> Callable[[], object]:
    return lambda: answer(way)


def _all_categories(way: Callable[[int], object]) -> object:
    return [way(port) for port in range(65536)]


def _refused(way: Callable[[int], object]) -> object:
    """Return numbers that are not ports; 0 is left out, because netports rejects it."""
    return [number for number in (-1, 1, 80, 65535, 65536) if _refuses(way, number)]


def _refuses(way: Callable[[int], object], number: int) -> bool:
    try:
        return way(number) is False
    except ValueError:
        return True
