"""Timing: cases of one question, interleaved, compared round by round.

A shared machine is slow for a while and fast for a while, so absolute times of different moments
cannot be compared. Each round times every case once, in a new random order. A ratio is computed
within a round, and the median over the rounds is reported. timeit switches the garbage collector
off. ``tables`` prints the results.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from statistics import median
from timeit import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "FULL",
    "QUICK",
    "Case",
    "Effort",
    "NoAnswerError",
    "Question",
    "Timing",
    "WrongAnswerError",
    "compare",
    "paired",
]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much time is spent on a question.

    Attributes:
        rounds: How often each case is timed; the median is taken over them.
        sample: Seconds that one timing of one case should take, at least.
        processes: How often a process is started for each import.
        sizes: Numbers of ranges of the sets.
    """

    rounds: int
    sample: float
    processes: int
    sizes: tuple[int, ...]


FULL = Effort(rounds=60, sample=0.001, processes=40, sizes=(3, 20, 100, 1000))
QUICK = Effort(rounds=3, sample=0.0002, processes=3, sizes=(3, 100))


@dataclass(frozen=True, slots=True)
class Case:
    """One way to answer a question.

    Attributes:
        who: Whose way it is, as the table names it.
        statement: What is timed.
        names: The values of the statement's names.
        answer: Gives the answer in a form that compares across cases. None
            for a case that answers nothing, as the empty call.
        calls: How many answers one run of the statement gives.
    """

    who: str
    statement: str
    names: Mapping[str, object] = field(repr=False)
    answer: Callable[[], object] | None
    calls: int = 1


@dataclass(frozen=True, slots=True)
class Question:
    """Cases that answer the same; the first is portranges, the yardstick."""

    name: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Timing:
    """What a case took.

    Attributes:
        who: The case's name.
        seconds: The median for one answer; None where it has no answer here.
        ratio: The median of its time over the first case's in the same round.
        why_not: Why there is no answer, or "".
    """

    who: str
    seconds: float | None
    ratio: float | None
    why_not: str = ""


class NoAnswerError(Exception):
    """A case cannot answer on this machine, as without a services file."""


class WrongAnswerError(Exception):
    """A case answers otherwise than the first one, so its time means nothing."""


def compare(question: Question, effort: Effort, rng: random.Random) -> list[Timing]:
    """Check that all cases answer alike, then time them.

    Args:
        question: The cases.
        effort: How many rounds, and how long.
        rng: Shuffles the order of each round.

    Returns:
        One timing a case, in the order of the question.

    Raises:
        WrongAnswerError: A case disagrees with the first.
    """
    why_not = _check(question)
    timed = [case for case in question.cases if case.who not in why_not]
    runs: dict[str, Callable[[], float]] = {}
    for case in timed:
        timer = Timer(case.statement, globals=dict(case.names))
        runs[case.who] = _sampler(timer, effort.sample, case.calls)
    taken = paired(runs, effort.rounds, rng)
    first = taken[question.cases[0].who]
    return [
        Timing(case.who, None, None, why_not[case.who])
        if case.who in why_not
        else Timing(case.who, median(taken[case.who]), _ratio(taken[case.who], first))
        for case in question.cases
    ]


def paired(
    runs: Mapping[str, Callable[[], float]], rounds: int, rng: random.Random
) -> dict[str, list[float]]:
    """Run everything once a round, each round in a new order.

    Args:
        runs: Functions that run something once and return its seconds.
        rounds: How many rounds.
        rng: Shuffles.

    Returns:
        The seconds of each function, one per round.
    """
    taken: dict[str, list[float]] = {who: [] for who in runs}
    order = list(runs)
    for _ in range(rounds):
        rng.shuffle(order)
        for who in order:
            taken[who].append(runs[who]())
    return taken


def _ratio(taken: Sequence[float], first: Sequence[float]) -> float:
    return median(ours / theirs for ours, theirs in zip(taken, first, strict=True))


def _check(question: Question) -> dict[str, str]:
    """Return who has no answer and why; raise on a wrong one."""
    ours, *others = question.cases
    if ours.answer is None:
        raise ValueError(f"{question.name}: the first case must have an answer")
    expected = ours.answer()
    why_not: dict[str, str] = {}
    for case in others:
        if case.answer is None:
            continue
        try:
            answer = case.answer()
        except NoAnswerError as reason:
            why_not[case.who] = str(reason)
            continue
        if answer != expected:
            raise WrongAnswerError(
                f"{question.name}: {case.who} answers {str(answer)[:200]}, "
                f"portranges {str(expected)[:200]}"
            )
    return why_not


def _sampler(timer: Timer, sample: float, calls: int) -> Callable[[], float]:
    """Return a function that times the statement for about *sample* seconds."""
    number = 1
    # The first runs also warm caches and the interpreter's specialised code.
    while (taken := timer.timeit(number)) < sample and number < 1 << 24:
        number = min(number * 10, int(number * sample / max(taken, 1e-9)) + 1)

    def run() -> float:
        return timer.timeit(number) / number / calls

    return run
