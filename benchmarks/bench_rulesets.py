"""Whole files of rules: reading, reachable ports and an audit, by number of rules.

The yardstick is ``shlex.split`` of the same lines, which a script calls before it looks for the
ports; ``str.splitlines`` is the least that any reader does. Half of the rules name a network, one
in five has a range of ports, and one in ten jumps to a chain.
"""

from __future__ import annotations

import random
import shlex
import tracemalloc
from dataclasses import replace
from functools import partial
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from measure import FULL, paired
from tables import Goal, Table, ratio, size, span

from portranges import advice, rulesets

if TYPE_CHECKING:
    from collections.abc import Callable

    from measure import Effort
    from peers import Peers

__all__ = ["run"]

# A round takes seconds here, not milliseconds.
_MOST_ROUNDS = 3

_YARDSTICK = "shlex.split"


def run(effort: Effort, peers: Peers, rng: random.Random) -> tuple[list[Table], list[Goal]]:  # noqa: ARG001
    """Time the questions about files of two sizes."""
    is_quick = effort.sample < FULL.sample
    few, many = (200, 2_000) if is_quick else (5_000, 50_000)
    rounds = replace(effort, rounds=min(effort.rounds, _MOST_ROUNDS)).rounds
    taken: dict[int, dict[str, float]] = {}
    for number in (few, many):
        runs = {who: partial(_timed, ask) for who, ask in _questions(_text(number)).items()}
        taken[number] = {who: median(all_of) for who, all_of in paired(runs, rounds, rng).items()}
    rows: list[list[str]] = []
    goals: list[Goal] = []
    for who, seconds in taken[many].items():
        growth = seconds / taken[few][who]
        over = seconds / taken[many][_YARDSTICK]
        rows.append([who, span(seconds / many), ratio(over), ratio(growth)])
        if not is_quick and who not in (_YARDSTICK, "str.splitlines"):
            text = f"{who}: 10 times the rules take at most 13 times as long"
            goals.append(Goal(text, ratio(growth), growth <= 13))
    peaks = {number: _peak(_text(number)) for number in (few, many // 2)}
    each, several = (size(peak // number) for number, peak in peaks.items())
    if not is_quick:
        text = "parse: at most 2 KiB of memory per rule"
        goals.append(Goal(text, several, max(peaks.values()) <= 2048 * (many // 2)))
    table = Table(
        f"A file of iptables-save with {many:,} rules",
        ["", "per rule", f"over {_YARDSTICK}", f"over {few:,} rules"],
        rows,
        f"Reading {few:,} rules takes at most {each} of memory per rule, and {many // 2:,} rules "
        f"{several}: equal sets of ports are stored once, and most of them as ranges.",
    )
    return [table], goals


def _questions(text: str) -> dict[str, Callable[[], object]]:
    ruleset = rulesets.parse(text)
    lines = text.splitlines()
    return {
        "str.splitlines": text.splitlines,
        _YARDSTICK: lambda: [shlex.split(line) for line in lines],
        "parse": partial(rulesets.parse, text),
        "reachable": ruleset.reachable,
        "deciding_rules": partial(ruleset.deciding_rules, 22, "tcp"),
        "diff": partial(rulesets.diff, ruleset, ruleset),
        "audit": partial(advice.audit, ruleset),
    }


def _text(number: int) -> str:
    """Return a file with *number* rules."""
    rng = random.Random(6335)
    lines = ["*filter", ":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
    chains = [f"chain-{at}" for at in range(100)]
    lines += [f":{chain} - [0:0]" for chain in chains]
    for _ in range(number):
        network = f"-s 10.{rng.randrange(256)}.{rng.randrange(256)}.0/24 "
        words = f"-A INPUT {network if rng.random() < 0.5 else ''}-p tcp -m tcp --dport "
        first = rng.randrange(1, 65000)
        last = f":{first + rng.randrange(1, 500)}" if rng.random() < 0.2 else ""
        target = rng.choice(chains) if rng.random() < 0.1 else "ACCEPT"
        lines.append(f"{words}{first}{last} -j {target}")
    lines += [f"-A {chain} -p tcp -m tcp --dport 22 -j ACCEPT" for chain in chains]
    return "\n".join([*lines, "COMMIT", ""])


def _timed(ask: Callable[[], object]) -> float:
    start = perf_counter()
    ask()
    return perf_counter() - start


def _peak(text: str) -> int:
    rulesets.parse("*filter\nCOMMIT\n")
    tracemalloc.start()
    rulesets.parse(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
