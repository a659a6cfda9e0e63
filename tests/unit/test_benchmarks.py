"""The benchmarks still run. How long anything takes is tested nowhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import portranges

if TYPE_CHECKING:
    from collections.abc import Sequence

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
BEGIN = "<!-- begin: written by benchmarks/run.py, do not edit -->"
END = "<!-- end: written by benchmarks/run.py -->"


def python(arguments: Sequence[str], **settings: str) -> subprocess.CompletedProcess[str]:
    """Run an interpreter that finds this portranges, wherever it is."""
    source = str(Path(portranges.__file__).parents[1])
    path = os.pathsep.join([source, *filter(None, [settings.pop("path", "")])])
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": path, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.slow
def test_every_topic_runs_without_any_peer(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    arguments = ["--quick", "--no-peers", "--rounds", "1", "--write", str(document)]
    done = python([str(BENCHMARKS / "run.py"), *arguments])
    assert done.returncode == 0, done.stderr
    for title in ("Import", "One port", "One service", "Sets of 3 ranges", "Texts", "Memory"):
        assert f"\n{title}" in done.stdout
    assert "\nA file of iptables-save with 2,000 rules\n" in done.stdout
    assert "\nWhole files, read in a process of their own\n" in done.stdout
    assert "pyroaring not installed" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert str(tmp_path) not in done.stdout
    written = document.read_text(encoding="utf-8")
    assert written.startswith(f"before\n{BEGIN}\n\n```text\n")
    assert written.endswith(f"\n```\n\n{END}\nafter\n")
    assert done.stdout.split() == written.split("```")[1].split()[1:]


@pytest.mark.parametrize("answer", ["81", "None"])
def test_a_case_with_a_different_answer_is_not_timed(answer: str) -> None:
    code = f"""
import random
from measure import Case, QUICK, Question, WrongAnswerError, compare
ours = Case("portranges", "80", {{}}, lambda: 80)
theirs = Case("a peer", "{answer}", {{}}, lambda: {answer})
try:
    compare(Question("a port", (ours, theirs)), QUICK, random.Random(0))
except WrongAnswerError as error:
    print(error)
"""
    done = python(["-c", code], path=str(BENCHMARKS))
    assert done.stdout == f"a port: a peer answers {answer}, portranges 80\n", done.stderr


def test_a_document_without_the_markers_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("nothing to replace\n", encoding="utf-8")
    arguments = ["--quick", "--no-peers", "--rounds", "1", "--topic", "covers"]
    done = python([str(BENCHMARKS / "run.py"), *arguments, "--write", str(document)])
    assert done.returncode == 1
    assert "performance.md lacks the lines" in done.stderr
    assert document.read_text(encoding="utf-8") == "nothing to replace\n"


def test_the_section_of_a_topic_is_replaced(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    own = [line.replace("run.py", "run.py --topic covers") for line in (BEGIN, END)]
    others = f"{BEGIN}\nold\n{END}\n"
    document.write_text("\n".join([others, *own, "after\n"]), encoding="utf-8")
    arguments = ["--quick", "--no-peers", "--rounds", "1", "--topic", "covers"]
    done = python([str(BENCHMARKS / "run.py"), *arguments, "--write", str(document)])
    assert done.returncode == 0, done.stderr
    written = document.read_text(encoding="utf-8")
    assert written.startswith(f"{others}\n{own[0]}\n\n```text\npython ")
    assert written.endswith(f"```\n\n{own[1]}\nafter\n")
