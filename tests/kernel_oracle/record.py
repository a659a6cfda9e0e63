"""Keeps the kernel's answers in a text file, and reads them back.

    python -m kernel_oracle.record tests/recorded/linux-6.18.txt [SEED]

Root, and a kernel to ask, are needed to write the file; nothing to read it.
Its lines:

    # key: value                        where the answers come from
    row N ANSWERS                       a row of answers, named by others
    pairs TRANSPORT STATE CONFIG N      row N: the answer to each new socket, in the
                                        order of generate.configurations(PLACES)
    script SETTINGS STEPS = ANSWERS       one script, with an answer per step
    check KIND = ANSWER                 a bind() that failed before the port, or not

An answer is a letter, see ANSWERS; in a row ``l`` is a bind() that was allowed
and a listen() that was then refused.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from random import Random

from kernel_oracle import generate
from kernel_oracle.steps import Step, parse
from portranges.reuse import LinuxSettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWERS = {
    "ok": ".",
    "EADDRINUSE": "U",
    "EADDRNOTAVAIL": "N",
    "EINVAL": "I",
    "EAGAIN": "A",
    "ECONNREFUSED": "C",
    "EISCONN": "S",
    "ENETUNREACH": "R",
    "EAFNOSUPPORT": "F",
    "EACCES": "P",
}
NAMES = {letter: answer for answer, letter in ANSWERS.items()}
SYSCTLS = (
    "ipv4.ip_local_port_range",
    "ipv4.ip_unprivileged_port_start",
    "ipv4.ip_autobind_reuse",
    "ipv4.tcp_tw_reuse",
    "ipv4.tcp_tw_reuse_delay",
    "ipv4.tcp_timestamps",
    "ipv4.tcp_fin_timeout",
    "ipv4.tcp_max_tw_buckets",
    "ipv6.bindv6only",
)
# How many of each; the file stays below 300 KB.
SEQUENCES, TRIPLES, TIME_WAITS, EXPIRIES = 180, 120, 220, 40


def pair_steps(state: str, old: Step, new: Step, *, tcp: bool) -> list[Step] | None:
    """Return the script of one pair: bind, and for TCP listen."""
    steps = generate.existing(old, state, tcp=tcp)
    return None if steps is None else [*steps, *generate.questions(new, tcp=tcp, short=True)]


def pair_letter(answers: list[str], *, tcp: bool) -> str:
    """Return the letter of a pair's answers."""
    if not tcp:
        return ANSWERS[answers[-1]]
    bind, listen = answers[-2:]
    if bind == "ok":
        return "." if listen == "ok" else "l"
    # listen() on an unbound socket is a different query.
    return ANSWERS[bind]


def settings_text(settings: LinuxSettings) -> str:
    """Return what differs from a new namespace's settings, and bears on TIME_WAIT."""
    return (
        f"{settings.tcp_timestamps:d},{settings.tcp_tw_reuse},"
        f"{settings.tcp_tw_reuse_delay},{settings.tcp_fin_timeout:g}"
    )


def write(path: Path, seed: int) -> None:
    """Ask the kernel, and write the file."""
    from kernel_oracle import special
    from kernel_oracle.kernel import Kernel, sysctl

    rng = Random(seed)
    kernel = Kernel()
    lines = [
        "# What a Linux kernel answers; read by tests/unit/test_reuse_recorded.py.",
        "# Written by: python -m kernel_oracle.record; do not edit.",
        f"# kernel: {os.uname().release.split('-')[0]}",
        f"# date: {dt.date.today().isoformat()}",
        f"# seed: {seed}",
        *(f"# net.{what}: {' '.join(sysctl(what).split())}" for what in SYSCTLS),
    ]
    rows: dict[str, int] = {}
    common = list(generate.configurations(generate.PLACES))
    for tcp in (True, False):
        for state in generate.TCP_STATES if tcp else generate.UDP_STATES:
            for old in common:
                letters: list[str] = []
                for new in common:
                    steps = pair_steps(state, old, new, tcp=tcp)
                    if steps is None:
                        break
                    letters.append(pair_letter(kernel.play(steps)[1], tcp=tcp))
                if not letters:
                    continue
                row = "".join(letters)
                if row not in rows:
                    rows[row] = len(rows)
                    lines.append(f"row {rows[row]} {row}")
                config = generate.opened(0, old, tcp=tcp)
                lines.append(
                    f"pairs {'tcp' if tcp else 'udp'} {state} {config}@{old.addr} {rows[row]}"
                )
    plain = settings_text(LinuxSettings())
    for tcp in (True, False):
        for make, number in ((generate.sequence, SEQUENCES), (generate.triple, TRIPLES)):
            for _ in range(number):
                taken, said = kernel.play(make(rng, tcp=tcp))
                letters = [ANSWERS[answer] for answer in said]
                lines.append(f"script {plain} {' '.join(map(str, taken))} = {''.join(letters)}")
    for found, number in ((special.time_wait(), TIME_WAITS), (special.expiry(), EXPIRIES)):
        findings = list(found)
        for text, answers, _ in rng.sample(findings, min(number, len(findings))):
            title, _, played = text.partition(": ")
            letters = [ANSWERS[answer] for answer in answers.split()]
            lines.append(f"script {_from_title(title)} {played} = {''.join(letters)}")
    for text, answer, _ in special.checks():
        if text.startswith("connect"):
            continue
        lines.append(f"check {text} = {ANSWERS[answer]}")
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def _from_title(title: str) -> str:
    words = title.split()
    if words[0] == "timestamps":
        return settings_text(
            LinuxSettings(
                tcp_timestamps=words[1] == "1",
                tcp_tw_reuse=int(words[3]),
                tcp_tw_reuse_delay=int(words[5]),
            )
        )
    return settings_text(LinuxSettings(tcp_fin_timeout=float(words[-1])))


class Recorded:
    """A file of answers."""

    def __init__(self, path: Path) -> None:
        """Read the file."""
        self.header: dict[str, str] = {}
        self._rows: dict[str, str] = {}
        self._pairs: list[tuple[bool, str, Step, str]] = []
        self._scripts: list[tuple[LinuxSettings, list[Step], list[str]]] = []
        self.checks: list[tuple[str, str]] = []
        for line in path.read_text(encoding="ascii").splitlines():
            self._line(line)

    def _line(self, line: str) -> None:
        kind, _, rest = line.partition(" ")
        match kind:
            case "#":
                key, colon, value = rest.partition(": ")
                if colon:
                    self.header[key] = value
            case "row":
                number, letters = rest.split()
                self._rows[number] = letters
            case "pairs":
                transport, state, config, row = rest.split()
                opened, _, addr = config.partition("@")
                step = parse(opened)
                bind = Step(
                    "b",
                    addr=addr,
                    v6=step.v6,
                    v6only=step.v6only,
                    r=step.r,
                    rp=step.rp,
                    uid=step.uid,
                    dev=step.dev,
                )
                self._pairs.append((transport == "tcp", state, bind, row))
            case "script":
                left, _, letters = rest.partition(" = ")
                words = left.split()
                stamps, reuse, delay, fin = words[0].split(",")
                settings = LinuxSettings(
                    tcp_timestamps=stamps == "1",
                    tcp_tw_reuse=int(reuse),
                    tcp_tw_reuse_delay=int(delay),
                    tcp_fin_timeout=float(fin),
                )
                answers = [NAMES[letter] for letter in letters]
                self._scripts.append((settings, [parse(word) for word in words[1:]], answers))
            case _:
                text, _, letter = rest.partition(" = ")
                self.checks.append((text, NAMES[letter]))

    def pairs(self) -> Iterator[tuple[bool, list[Step], str]]:
        """Yield every pair: whether TCP, its script, the letter of the answer."""
        news = list(generate.configurations(generate.PLACES))
        asked = {
            tcp: [generate.questions(new, tcp=tcp, short=True) for new in news]
            for tcp in (False, True)
        }
        for tcp, state, old, row in self._pairs:
            steps = generate.existing(old, state, tcp=tcp)
            assert steps is not None
            for question, letter in zip(asked[tcp], self._rows[row], strict=True):
                yield tcp, [*steps, *question], letter

    def scripts(self) -> Iterator[tuple[LinuxSettings, list[Step], list[str]]]:
        """Yield every script: the settings, the steps, the answers."""
        yield from self._scripts


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
