"""What an import costs: a whole process with it, compared with one without.

The package is copied to a temporary folder and compiled there, so that neither a read-only
installation nor PYTHONDONTWRITEBYTECODE makes each process compile it anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from measure import paired
from peers import PEERS
from tables import Goal, Table, nothing, ratio, span

import portranges

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Generator

    from measure import Effort
    from peers import Peers

__all__ = ["Python", "run"]

BARE = "pass"
STANDARD = "import dataclasses, enum"
OURS = "import portranges"

# The standard library's own neighbours, for scale.
NEIGHBOURS = ("import ipaddress", "import socket", "import typing")


class Python:
    """Starts new interpreters that find the compiled copy of the package."""

    def __init__(self, folder: Path) -> None:
        """Copy the package to *folder* and compile it there."""
        source = Path(portranges.__file__).parent
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
        }
        self._environment["PYTHONPATH"] = str(folder)

    @classmethod
    @contextmanager
    def prepared(cls) -> Generator[Python]:
        """Give an instance whose folder is removed at the end."""
        with TemporaryDirectory() as folder:
            yield cls(Path(folder))

    def output(self, code: str) -> str:
        """Run *code* in a new process and return what it prints."""
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, env=self._environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout

    def seconds(self, code: str) -> float:
        """Run *code* in a new process and return how long the process took."""
        command = [sys.executable, "-c", code]
        start = perf_counter()
        subprocess.run(command, env=self._environment, check=True)
        return perf_counter() - start


def run(effort: Effort, peers: Peers, rng: random.Random) -> tuple[list[Table], list[Goal]]:
    """Time the imports and return the table, and the goal that it answers."""
    codes = {BARE: BARE, STANDARD: STANDARD, OURS: OURS}
    codes |= {code: code for code in NEIGHBOURS}
    for peer in PEERS:
        if peer.package in peers.versions:
            codes[f"import {peer.imported}"] = f"import {peer.imported}"
    with Python.prepared() as python:
        for code in codes.values():
            python.seconds(code)  # writes the .pyc files, fills the disk cache
        taken = paired(
            {who: _timed(python, code) for who, code in codes.items()}, effort.processes, rng
        )
        loaded = _loaded(python)
    rows = [_row(who, taken) for who in codes]
    rows += [[package, "not installed", *[nothing] * 3] for package in peers.missing()]
    against = _ratio(taken[OURS], taken[STANDARD])
    note = (
        "Whole processes; 'added' is over 'pass'. Besides its own modules and those of "
        f"dataclasses and enum, portranges loads: {', '.join(loaded) or 'nothing'}."
    )
    table = Table(
        "Import", ["python -c", "process", "added", "over pass", "over dataclasses"], rows, note
    )
    goal = Goal(
        "import portranges takes at most 1.1 times dataclasses, enum",
        ratio(against),
        against <= 1.1,
    )
    return [table], [goal]


def _timed(python: Python, code: str) -> Callable[[], float]:
    return lambda: python.seconds(code)


def _row(who: str, taken: dict[str, list[float]]) -> list[str]:
    added = median(time - bare for time, bare in zip(taken[who], taken[BARE], strict=True))
    return [
        who,
        span(median(taken[who])),
        nothing if who == BARE else span(max(added, 0)),
        ratio(_ratio(taken[who], taken[BARE])),
        ratio(_ratio(taken[who], taken[STANDARD])),
    ]


def _ratio(taken: list[float], base: list[float]) -> float:
    return median(one / other for one, other in zip(taken, base, strict=True))


def _loaded(python: Python) -> list[str]:
    """Return the modules that our import loads and dataclasses and enum do not."""
    listing = "import sys; print(*sys.modules)"
    standard = set(python.output(f"{STANDARD}; {listing}").split())
    ours = set(python.output(f"{OURS}; {listing}").split())
    return sorted(name for name in ours - standard if name.partition(".")[0] != "portranges")
