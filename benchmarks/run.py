"""Run the benchmarks: python benchmarks/run.py [--quick] [--write FILE].

The output does not name this machine or its folders. With --topic, --write replaces the section
of these topics, which has markers of its own.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
import sysconfig
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Protocol

import bench_columns
import bench_covers
import bench_engines
import bench_import
import bench_one_port
import bench_one_service
import bench_probe
import bench_reuse
import bench_rulesets
import bench_scan
import bench_selection
import bench_sets
from measure import FULL, QUICK, Effort
from peers import Peers
from tables import WIDTH, Goal, Table

import portranges

if TYPE_CHECKING:
    from collections.abc import Sequence

_BEGIN = "<!-- begin: written by benchmarks/run.py{topics}, do not edit -->"
_END = "<!-- end: written by benchmarks/run.py{topics} -->"


class _Topic(Protocol):
    def __call__(
        self, effort: Effort, peers: Peers, rng: random.Random
    ) -> tuple[list[Table], list[Goal]]: ...


_TOPICS: dict[str, _Topic] = {
    "import": bench_import.run,
    "port": bench_one_port.run,
    "service": bench_one_service.run,
    "sets": bench_sets.run,
    "covers": bench_covers.run,
    "scan": bench_scan.run,
    "columns": bench_columns.run,
    "engines": bench_engines.run,
    "reuse": bench_reuse.run,
    "rulesets": bench_rulesets.run,
    "selection": bench_selection.run,
    "probe": bench_probe.run,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks that the command line selects, and print the results."""
    asked = _parser().parse_args(arguments)
    effort = QUICK if asked.quick else FULL
    if asked.rounds is not None:
        effort = replace(effort, rounds=asked.rounds, processes=asked.rounds)
    peers = Peers(wanted=not asked.no_peers)
    rng = random.Random(asked.seed)
    blocks = [_header(peers, _command(asked))]
    goals: list[Goal] = []
    print(blocks[0], end="\n\n", flush=True)
    for name in asked.topic or _TOPICS:
        tables, reached = _TOPICS[name](effort, peers, rng)
        goals += reached
        for table in tables:
            blocks.append(str(table))
            print(table, end="\n\n\n", flush=True)
    if goals:
        blocks.append(str(_goals(goals)))
        print(blocks[-1])
    if asked.write is not None:
        topics = "".join(f" --topic {topic}" for topic in asked.topic or ())
        _write(asked.write, topics, "\n\n\n".join(blocks))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python benchmarks/run.py",
        description="Time portranges beside its peers, as far as they are installed.",
    )
    parser.add_argument("--quick", action="store_true", help="fewer sizes, short loops")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="put the results into FILE, between markers"
    )
    parser.add_argument(
        "--topic", action="append", choices=list(_TOPICS), help="only this one; may be repeated"
    )
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of each question")
    parser.add_argument("--no-peers", action="store_true", help="the standard library alone")
    parser.add_argument("--seed", type=int, default=6335, help="of the order of the cases")
    return parser


def _command(asked: argparse.Namespace) -> str:
    """Return the command line again, without the folders of this machine."""
    words = ["python", "benchmarks/run.py"]
    words += [f"--{name.replace('_', '-')}" for name in ("quick", "no_peers") if vars(asked)[name]]
    for topic in asked.topic or ():
        words += ["--topic", topic]
    if asked.rounds is not None:
        words += ["--rounds", str(asked.rounds)]
    return " ".join(words)


def _header(peers: Peers, command: str) -> str:
    versions = [f"{package} {version}" for package, version in peers.versions.items()]
    versions += [f"{package} not installed" for package in peers.missing()]
    optimised = "--enable-optimizations" in str(sysconfig.get_config_var("CONFIG_ARGS"))
    build = f"{platform.python_compiler()}, {'' if optimised else 'not '}profile-guided"
    facts = {
        "python": f"{platform.python_implementation()} {platform.python_version()} ({build})",
        "machine": f"{platform.system()}, {platform.machine()}, {os.cpu_count()} cores",
        "date": datetime.now(UTC).date().isoformat(),
        "portranges": portranges.__version__,
        "peers": ", ".join(versions),
        "command": command,
    }
    width = max(map(len, facts)) + 2
    return "\n".join(
        fill(f"{name:<{width}}{fact}", WIDTH, subsequent_indent=" " * width)
        for name, fact in facts.items()
    )


def _goals(goals: Sequence[Goal]) -> Table:
    rows = [(goal.text, goal.measured, "yes" if goal.met else "no") for goal in goals]
    return Table("Goals", ("", "measured", "met"), rows)


def _write(path: Path, topics: str, results: str) -> None:
    """Replace the section of the document between the markers."""
    document = path.read_text(encoding="utf-8")
    first, last = _BEGIN.format(topics=topics), _END.format(topics=topics)
    head, begin, rest = document.partition(first)
    _, end, tail = rest.partition(last)
    if not (begin and end):
        raise SystemExit(f"{path.name} lacks the lines\n{first}\n{last}")
    section = f"{first}\n\n```text\n{results}\n```\n\n{last}"
    path.write_text(f"{head}{section}{tail}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
