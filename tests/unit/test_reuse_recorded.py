"""The model against the answers that a kernel once gave."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from kernel_oracle.model import SETTINGS, Model
from kernel_oracle.record import ANSWERS, Recorded, pair_letter
from portranges.reuse import LinuxSettings, PortTable

RECORDED = sorted((Path(__file__).parents[1] / "recorded").glob("linux-*.txt"))
# Every pair takes a quarter of a minute. Five has no factor in common with the
# 112 sockets of a row, so a fifth of each row still tries every one of them.
STRIDE = 1 if os.environ.get("PORTRANGES_REUSE_FULL") else 5
# An accepted connection that lingers, and those whose far end dials, cannot be
# replayed without the step that reports which listener got it: it is always slot 0.
ONLY_LISTENER = 0


@pytest.fixture(scope="module", params=RECORDED, ids=lambda path: path.stem)
def recorded(request: pytest.FixtureRequest) -> Recorded:
    return Recorded(request.param)


def test_the_header_names_the_kernel_the_date_and_the_seed(recorded: Recorded) -> None:
    assert {"kernel", "date", "seed", "net.ipv4.tcp_tw_reuse"} <= recorded.header.keys()


@pytest.mark.slow
def test_can_bind_agrees_with_every_recorded_pair(recorded: Recorded) -> None:
    wrong: list[str] = []
    unsafe: list[str] = []
    strict: Counter[str] = Counter()
    number = 0
    for index, (tcp, steps, letter) in enumerate(recorded.pairs()):
        if index % STRIDE:
            continue
        steps = [replace(s, via=ONLY_LISTENER) if s.op == "a" else s for s in steps]
        model = Model()
        answer = pair_letter(model.play(steps), tcp=tcp)
        number += 1
        text = " ".join(map(str, steps))
        if answer != letter:
            wrong.append(f"{text}: kernel {letter}, model {answer}")
        pair = model.pairs[-1]
        if pair.pair.allowed and letter not in ".l":
            unsafe.append(text)
        elif not pair.pair.allowed and letter in ".l":
            strict[pair.table.rule.id] += 1
    assert not wrong, wrong[:5]
    assert not unsafe, unsafe[:5]
    assert number > 100_000 / STRIDE
    assert strict.keys() <= {"linux-fast-path", "linux-udp-first-partner", "linux-free"}


def test_the_port_table_agrees_with_every_recorded_sequence_of_calls(recorded: Recorded) -> None:
    wrong: list[str] = []
    number = 0
    for settings, steps, said in recorded.scripts():
        table = replace(
            SETTINGS,
            tcp_timestamps=settings.tcp_timestamps,
            tcp_tw_reuse=settings.tcp_tw_reuse,
            tcp_tw_reuse_delay=settings.tcp_tw_reuse_delay,
            tcp_fin_timeout=settings.tcp_fin_timeout,
        )
        model = Model(settings=table)
        answers = model.play(steps)
        number += len(said)
        if answers != said:
            pairs = zip(steps, said, answers, strict=True)
            wrong.append("\n".join(f"{step!s:32} {a:14} {b}" for step, a, b in pairs))
        for pair in model.pairs:
            assert not pair.pair.allowed or said[pair.index] == "ok", list(map(str, steps))
    assert not wrong, wrong[0]
    assert number > 10_000


def test_bind_agrees_with_every_recorded_check(recorded: Recorded) -> None:
    for text, said in recorded.checks:
        words = text.split()
        addr, port, v6only, uid = words[1], int(words[3]), words[5] == "True", int(words[7])
        v6 = ":" in addr
        table = PortTable("linux", settings=LinuxSettings(), local_addresses=[])
        sock = table.socket(
            "tcp", family="inet6" if v6 else "inet", v6only=v6only if v6 else None, uid=uid
        )
        if words[-1] == "True":
            assert table.bind(sock, "::" if v6 else "0.0.0.0", 30000).allowed
        assert (table.bind(sock, addr, port).error or "ok") == said, text
    assert {said for _, said in recorded.checks} <= ANSWERS.keys()
