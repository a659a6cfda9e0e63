"""Compares model and kernel over many scripts; one part per process.

    python -m kernel_oracle.campaign PART SEED [SCALE]

Prints one line of figures, and every disagreement as a script to read.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from itertools import chain
from random import Random

from kernel_oracle import generate, special
from kernel_oracle.kernel import Kernel
from kernel_oracle.model import Model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kernel_oracle.steps import Step

SHOWN = 5


def say(text: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Tally:
    """What a part found."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.scripts = 0
        self.answers = 0
        self.errors: Counter[str] = Counter()
        self.late = 0
        self.unsafe = 0
        self.pairs = 0
        self.too_strict: Counter[str] = Counter()
        self.disagreements: list[tuple[list[Step], list[str], list[str]]] = []

    def line(self) -> str:
        """Return the figures as one line."""
        strict = ", ".join(f"{rule} {n}" for rule, n in sorted(self.too_strict.items()))
        return (
            f"{self.scripts} scripts, {self.answers} answers, "
            f"{len(self.disagreements)} disagreements, {self.late} late; "
            f"can_bind: {self.pairs} answers, {self.unsafe} unsafe, "
            f"too strict: {strict or 'none'}; "
            f"kernel: {', '.join(f'{e} {n}' for e, n in self.errors.most_common())}"
        )


def compare(kernel: Kernel, scripts: Iterable[list[Step]], tally: Tally) -> None:
    """Run each script on both sides."""
    for steps in scripts:
        taken, said = kernel.play(steps)
        model = Model()
        answers = model.play(taken)
        tally.scripts += 1
        tally.answers += len(said)
        tally.errors.update(said)
        if answers != said:
            if _late(kernel, taken):
                tally.late += 1
                continue
            tally.disagreements.append((taken, said, answers))
        for pair in model.pairs:
            tally.pairs += 1
            if pair.pair.allowed and said[pair.index] != "ok":
                tally.unsafe += 1
                tally.disagreements.append((taken, said, answers))
            elif not pair.pair.allowed and said[pair.index] == "ok":
                tally.too_strict[pair.table.rule.id] += 1


def _late(kernel: Kernel, steps: list[Step]) -> bool:
    """Return whether the sides agree if the script is run again, twice.

    A script in which connections linger takes less than the second after which
    they may be recycled, unless the machine is busy with something else. Other
    scripts have no such excuse.
    """
    if not any(step.op == "x" and step.how in "fu" for step in steps):
        return False
    for _ in range(2):
        taken, said = kernel.play(steps)
        if Model(ask_pairs=False).play(taken) != said:
            return False
    return True


def shrunk(kernel: Kernel, steps: list[Step]) -> tuple[list[Step], list[str], list[str]]:
    """Return a shorter script on which the sides still differ."""
    best = (steps, *_both(kernel, steps))
    changed = True
    while changed:
        changed = False
        for index in range(len(best[0]) - 1, -1, -1):
            shorter = best[0][:index] + best[0][index + 1 :]
            used = {s.slot for s in shorter if s.op in "oa"}
            if any(s.slot not in used for s in shorter if s.op != "w"):
                continue
            taken, said = kernel.play(shorter)
            try:
                answers = Model(ask_pairs=False).play(taken)
            except KeyError:
                continue
            if answers != said:
                best = (taken, said, answers)
                changed = True
                break
    return best


def _both(kernel: Kernel, steps: list[Step]) -> tuple[list[str], list[str]]:
    taken, said = kernel.play(steps)
    return said, Model(ask_pairs=False).play(taken)


def show(kernel: Kernel, tally: Tally) -> None:
    """Print the first disagreements, shrunk."""
    for steps, said, answers in tally.disagreements[:SHOWN]:
        again = shrunk(kernel, steps)
        if again[1] != again[2]:
            steps, said, answers = again
        say("disagreement (step, kernel, model):")
        for step, a, b in zip(steps, said, answers, strict=True):
            say(f"    {step!s:32} {a:14} {b if a != b else ''}")


SPECIAL: dict[str, Callable[[Random], Iterable[tuple[str, str, str]]]] = {
    "time_wait": lambda _: special.time_wait(),
    "expiry": lambda _: special.expiry(),
    "capacity": special.capacity,
    "checks": lambda _: special.checks(),
}


def findings(part: str, seed: int, found: Iterable[tuple[str, str, str]]) -> int:
    """Print what a special part found; return the exit status."""
    start = time.monotonic()
    everything = list(found)
    wrong = [f for f in everything if f[1] != f[2]]
    answers = sum(len(said.split()) for _, said, _ in everything)
    say(
        f"{part} seed {seed}: {len(everything)} scripts, {answers} answers, "
        f"{len(wrong)} disagreements; {time.monotonic() - start:.1f} s",
    )
    for text, said, answer in wrong[:SHOWN]:
        say(f"disagreement: {text}\n    kernel: {said}\n    model:  {answer}")
    return int(bool(wrong))


def main(part: str, seed: int, scale: float = 1.0) -> int:
    """Run one part; return the exit status."""
    rng = Random(f"{part} {seed}")
    tally = Tally()
    start = time.monotonic()
    kind, _, transport = part.partition("-")
    tcp = transport == "tcp"
    scripts: Iterable[list[Step]]
    if kind in SPECIAL:
        return findings(part, seed, SPECIAL[kind](rng))
    match kind:
        case "pairs":
            scripts = generate.pairs(rng, tcp=tcp, share=0.05 * scale)
        case "tuples":
            scripts = chain(generate.tuples(), generate.cleared(), generate.bound_twice())
        case "disconnected":
            scripts = generate.disconnected(rng, tcp=tcp, share=scale)
        case "triples":
            scripts = (generate.triple(rng, tcp=tcp) for _ in range(int(20000 * scale)))
        case "sequences":
            scripts = (generate.sequence(rng, tcp=tcp) for _ in range(int(10000 * scale)))
        case _:
            raise SystemExit(f"no part {part!r}")
    kernel = Kernel()
    compare(kernel, scripts, tally)
    say(f"{part} seed {seed}: {tally.line()}; {time.monotonic() - start:.1f} s")
    show(kernel, tally)
    return int(bool(tally.disagreements))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:4])))
