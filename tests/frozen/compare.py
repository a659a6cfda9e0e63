"""Compare the package of this tree with the package of a fixed commit, answer by answer.

Run it from anywhere:

    python tests/frozen/compare.py [--scale 0.1] [--areas registry,reuse] [--package src]
    python tests/frozen/compare.py --against main

It takes the package of the commit out of the history with ``git archive``, into a temporary
folder, and starts two processes: one asks that package (``old.py``), the other one the package
under test (``new.py``). Both make the same questions from the same seeds (``questions/``), more
than a million at scale 1, and the answers are compared one by one. One answer is what one call
returned or raised, or what one step of a run did; texts for people are compared by the numbers in
them, errors by their class and their data.

It fails for a difference that ``differences.py`` does not list, and, in a complete run, for a
listed one that did not occur. If a name changes, translate it in ``new.py``. If an answer changes
on purpose, list it in ``differences.py`` with the reason.

A change that only moves code is compared with the commit before it, by ``--against COMMIT``: each
package is asked by the ``new.py`` of its commit, so that renamed names are translated. The messages
of errors count too, and nothing may differ.

Exit status: 0 = no unlisted difference, 1 = differences, 2 = it could not compare.
"""

from __future__ import annotations

import argparse
import marshal
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

_ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[:1] = [str(_ROOT / "tests")]

from frozen import plan  # noqa: E402
from frozen.differences import DIFFERENCES, Difference  # noqa: E402

COMMIT = "e1dd95b"
_SHOWN = 5  # differences of one question name that are shown in full
_MOST_SHOWN = 40


class CannotCompareError(Exception):
    """A reason why the packages cannot be compared."""


def extract(commit: str, folder: Path) -> Path:
    """Put the package of *commit* in *folder*, and return the folder to import it from."""
    archive = subprocess.run(
        # The tests have the names of that commit, for --against.
        ["git", "-C", str(_ROOT), "archive", commit, "src/portranges", "tests"],
        capture_output=True,
        check=False,
    )
    if archive.returncode:
        said = archive.stderr.decode(errors="replace").strip()
        raise CannotCompareError(
            f"commit {commit} is not in the history of {_ROOT}, which may be a shallow clone: "
            f"{said}; get it with: git fetch --unshallow"
        )
    # Its own name, so that no path of it is taken for the package under test.
    frozen = folder / "frozen"
    frozen.mkdir()
    subprocess.run(["tar", "-x", "-C", str(frozen)], input=archive.stdout, check=True)
    return frozen / "src"


class Side:
    """One of the two processes."""

    def __init__(
        self, side: str, folder: Path, options: argparse.Namespace, areas: list[str]
    ) -> None:
        self.side = side
        self._words = [sys.executable, str(_ROOT / "tests/frozen/worker.py"), side, str(folder)]
        if options.against:
            self._words[2] = "same"
        self._words += [options.seed]
        # The order of a set of texts must not differ between the processes.
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("PYTHONPATH", "COLUMNS", "NO_COLOR")
        } | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            [*self._words, str(options.scale), *areas],
            stdout=subprocess.PIPE,
            env=self._environment,
        )
        assert self._process.stdout is not None
        self._out: IO[bytes] = self._process.stdout

    def read(self) -> bytes:
        """Return the answers of the next chunk, as they were written."""
        length = self._out.read(4)
        if len(length) < 4:
            raise CannotCompareError(
                f"the process of the {self.side} package ended with status {self._process.wait()}"
            )
        return self._out.read(int.from_bytes(length, "big"))

    def finish(self) -> None:
        """End the process, which has nothing more to say."""
        self._process.kill()
        self._process.wait()
        self._out.close()

    def show(self, area: str, chunk: int, place: int) -> list[Any]:
        """Return the answers to one question again, with the messages of errors."""
        words = [*self._words, "1", "--show", area, str(chunk), str(place)]
        done = subprocess.run(words, capture_output=True, env=self._environment, check=True)
        found: list[Any] = marshal.loads(done.stdout)
        return found


def places(old: Any, new: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield each place at which two answers differ: its path, and what both have there."""
    # 1, 1.0 and True are different answers.
    if repr(old) == repr(new):
        return
    if not (isinstance(old, tuple) and isinstance(new, tuple) and len(old) == len(new)) or (
        old[:1] == ("error",)
    ) != (new[:1] == ("error",)):
        yield path, old, new
        return
    if len(old) == 2 and isinstance(old[0], str) and old[0] == new[0]:
        # A field: its name and its value.
        yield from places(old[1], new[1], f"{path}/{old[0]}")
        return
    for at, (one, other) in enumerate(zip(old, new, strict=True)):
        yield from places(one, other, f"{path}/{at}")


@dataclass
class Example:
    """A difference to be shown."""

    area: str
    chunk: int
    place: int
    at: int
    question: tuple[Any, ...]
    unlisted: list[tuple[str, Any, Any]]


class Comparison:
    """Counts answers and differences."""

    def __init__(self, listed: tuple[Difference, ...]) -> None:
        self.rows = listed
        self.answers: Counter[str] = Counter()
        self.listed: Counter[str] = Counter()
        self.unlisted: Counter[tuple[str, str]] = Counter()
        self.examples: list[Example] = []

    def chunk(self, area: plan.Area, chunk: int, seed: str, old: bytes, new: bytes) -> None:
        """Compare the answers of one chunk."""
        old_answers = marshal.loads(old)
        self.answers[area.name] += sum(
            answer is not None for answers in old_answers for answer in answers
        )
        if old == new:
            return
        new_answers = marshal.loads(new)
        questions = area.questions(chunk, seed)
        for place, (question, olds, news) in enumerate(
            zip(questions, old_answers, new_answers, strict=True)
        ):
            if repr(olds) != repr(news):
                self._question(area.name, chunk, place, question, olds, news)

    def _question(
        self,
        area: str,
        chunk: int,
        place: int,
        question: tuple[Any, ...],
        olds: list[Any],
        news: list[Any],
    ) -> None:
        missing = "no answer"
        if question[0] == "rules":
            olds, news, names = _aligned(olds, news, missing)
        else:
            names = list(map(str, range(max(len(olds), len(news)))))
        for at, name in enumerate(names):
            old = olds[at] if at < len(olds) else missing
            new = news[at] if at < len(news) else missing
            unlisted = []
            for path, one, other in places(old, new, name):
                row = next((r for r in self.rows if r.covers(question, path, one, other)), None)
                if row is None:
                    unlisted.append((path, one, other))
                else:
                    self.listed[row.name] += 1
            if unlisted:
                key = area, str(question[0])
                self.unlisted[key] += 1
                if self.unlisted[key] <= _SHOWN and len(self.examples) < _MOST_SHOWN:
                    self.examples.append(Example(area, chunk, place, at, question, unlisted))


def _aligned(
    olds: list[Any], news: list[Any], missing: str
) -> tuple[list[Any], list[Any], list[str]]:
    """Return rules in pairs of one id, and the ids: a rule may be added anywhere."""
    # Each rule is there twice: in the list, and as it is found by its id.
    old, new = (
        {(rule[0][1], at < len(rules) / 2): rule for at, rule in enumerate(rules)}
        for rules in (olds, news)
    )
    both = list(old | new)
    names = [name for name, _ in both]
    return [old.get(key, missing) for key in both], [new.get(key, missing) for key in both], names


def _short(value: Any, most: int = 600) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[: most // 2]} ... {text[-most // 2 :]}"


def _asked(question: tuple[Any, ...], at: int) -> str:
    """Return *question* in short, with the part that answer *at* belongs to."""
    for part in reversed(question):
        # Most answers belong to the element of the same place in a list of things asked.
        if isinstance(part, tuple) and len(part) > at and len(part) > 3:
            rest = tuple("..." if each is part else each for each in question)
            return f"{_short(rest)}\n      of which {_short(part[at])}"
    return _short(question)


def report(comparison: Comparison, sides: tuple[Side, Side]) -> None:
    """Print the differences that are not listed."""
    for each in comparison.examples:
        print(f"\n{each.area}, chunk {each.chunk}, question {each.place}, answer {each.at}:")
        print(f"  asked {_asked(each.question, each.at)}")
        for path, old, new in each.unlisted[:_SHOWN]:
            print(f"  at {path}")
            for side, answer in zip(sides, (old, new), strict=True):
                print(f"    {side.side}: {_short(answer)}")
                if isinstance(answer, tuple) and answer[:1] == ("error",):
                    said = side.show(each.area, each.chunk, each.place)
                    print(f"         {_short(said[each.at])}")
    print()
    for (area, name), count in sorted(comparison.unlisted.items()):
        print(f"{count:9,} unlisted differences: {area}, {name}")


def compare(options: argparse.Namespace, frozen: Path) -> int:
    """Compare, print what was found, and return the exit status."""
    every = plan.load()
    wanted = [each.strip() for each in options.areas.split(",")] if options.areas else [""]
    areas = [name for name in every if any(name.startswith(prefix) for prefix in wanted)]
    if not areas:
        raise CannotCompareError(f"no area begins with {options.areas!r}: {', '.join(every)}")
    sides = Side("old", frozen, options, areas), Side("new", options.package, options, areas)
    comparison = Comparison(() if options.against else DIFFERENCES)
    try:
        for name in areas:
            began = time.monotonic()
            for chunk in every[name].numbers(options.scale):
                old, new = (side.read() for side in sides)
                comparison.chunk(every[name], chunk, options.seed, old, new)
            took = time.monotonic() - began
            print(f"{comparison.answers[name]:9,} answers in {took:5.1f} s: {name}", flush=True)
    finally:
        for side in sides:
            side.finish()
    total = comparison.answers.total()
    print(f"{total:9,} answers of {len(areas)} areas, scale {options.scale:g}, seed {options.seed}")
    for row in comparison.rows:
        print(f"{comparison.listed[row.name]:9,} listed differences: {row.name}")
    failed = bool(comparison.unlisted)
    if failed:
        report(comparison, sides)
    if options.scale >= 1 and len(areas) == len(every):
        for row in comparison.rows:
            if not comparison.listed[row.name]:
                print(f"listed in differences.py, but does not occur: {row.name}")
                failed = True
        if total < options.least:
            print(f"expected at least {options.least:,} answers, got {total:,}")
            failed = True
    print("there are unlisted differences" if failed else "no unlisted difference")
    return 1 if failed else 0


def main() -> int:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the questions to ask")
    parser.add_argument("--seed", default="1", help="another seed asks other questions")
    parser.add_argument("--areas", default="", help="the areas whose names begin so, with commas")
    parser.add_argument(
        "--package", type=Path, default=_ROOT / "src", help="the folder of the package under test"
    )
    parser.add_argument("--against", default="", help="a commit that has a tests/frozen/new.py")
    parser.add_argument("--least", type=int, default=1_000_000, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portranges-") as folder:
        try:
            return compare(options, extract(options.against or COMMIT, Path(folder)))
        except CannotCompareError as problem:
            print(f"cannot compare: {problem}", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
