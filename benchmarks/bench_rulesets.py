"""Whole files of rules: reading, reachable ports and an audit, by number of rules.

The yardstick is ``shlex.split`` of the same lines, which a script calls before it looks for the
ports; ``str.splitlines`` is the least that any reader does. Half of the rules name a network, one
in five has a range of ports, and one in ten jumps to a chain.
"""

from __future__ import annotations

import os
import random
import shlex
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from measure import FULL, WrongAnswerError, paired
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
    whole, more = _whole_files(2_000 if is_quick else 200_000)
    return [table, whole], goals + ([] if is_quick else more)


def _whole_files(number: int) -> tuple[Table, list[Goal]]:
    """Return what it takes to read files with long comments, as exports of controllers have."""
    rows: list[list[str]] = []
    goals: list[Goal] = []
    for name in _WRITERS:
        _, few, _ = _in_a_process(name, number // 10)
        length, seconds, memory = _in_a_process(name, number)
        growth = seconds / few
        rows.append([name, size(length), span(seconds / number), ratio(growth), size(memory)])
        text = f"{name}, {number:,} rules: 10 times the rules take at most 13 times"
        goals.append(Goal(text, ratio(growth), growth <= 13))
    table = Table(
        "Whole files, read in a process of their own",
        [f"{number:,} rules", "file", "per rule", f"over {number // 10:,}", "memory"],
        rows,
        "The memory is the most that the process needs, with Python and the text.",
    )
    return table, goals


def _in_a_process(name: str, number: int) -> tuple[int, float, int]:
    """Return the length of a file, and the seconds and the memory that reading it takes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rules"
        path.write_text(_WRITERS[name](number), "utf-8")
        code = f"import bench_rulesets; bench_rulesets.read_whole_file({str(path)!r}, {number})"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        seconds, memory = done.stdout.split()
        return path.stat().st_size, float(seconds), int(memory)


def read_whole_file(path: str, number: int) -> None:
    """Print the seconds that reading a file takes, and the most memory of this process."""
    text = Path(path).read_text("utf-8")
    start = perf_counter()
    ruleset = rulesets.parse(text)
    seconds = perf_counter() - start
    if len(ruleset.rules) != number or ruleset.skipped:
        raise WrongAnswerError(f"{path}: {len(ruleset.rules)} rules instead of {number}")
    # getrusage() counts the parent as well, before exec().
    status = Path("/proc/self/status").read_text("utf-8")
    print(seconds, int(status.partition("VmHWM:")[2].split()[0]) * 1024)


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


def _rules(number: int) -> list[tuple[str, str, int, str]]:
    """Return a network, a port and a comment for each rule."""
    rng = random.Random(6335)
    rules: list[tuple[str, str, int, str]] = []
    for at in range(number):
        network = f"10.{rng.randrange(256)}.{rng.randrange(256)}.0/24"
        transport = rng.choice(("tcp", "udp"))
        comment = f"rule {at} of a controller, " + "with a long description " * 15
        rules.append((network, transport, rng.randrange(1, 65536), comment[:400].strip()))
    return rules


def _iptables(number: int) -> str:
    lines = [
        f"-A INPUT -s {network} -p {transport} -m {transport} --dport {port} "
        f'-m comment --comment "{comment[:255]}" -m comment --comment "{comment[255:]}" -j ACCEPT'
        for network, transport, port, comment in _rules(number)
    ]
    return "\n".join(["*filter", ":INPUT DROP [0:0]", *lines, "COMMIT", ""])


def _nft(number: int) -> str:
    lines = [
        f'\t\tip saddr {network} {transport} dport {port} accept comment "{comment[:120]}"'
        for network, transport, port, comment in _rules(number)
    ]
    head = ["table inet filter {", "\tchain input {"]
    head.append("\t\ttype filter hook input priority filter; policy drop;")
    return "\n".join([*head, *lines, "\t}", "}", ""])


_WRITERS = {"iptables": _iptables, "nft": _nft}


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
