"""A package with a format of its own is found by its entry point, also by the command line.

Each program runs in an interpreter of its own, with the package as a folder on the path,
including the metadata that pip writes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import portranges

SOURCE = Path(portranges.__file__).parent.parent

# A text begins with "doors"; "open 22/tcp" and "shut 0-1023/tcp" are its rules, the first decides.
PACKAGE = """
from portranges import Confidence, Family, PortRangesError, TransportPorts
from portranges.dialects import Evidence
from portranges.rulesets import Action, Chain, Format, Hook, Location, Rule, Ruleset, Skipped
from portranges.source import cite

BOTH = (Family.INET, Family.INET6)
ACTIONS = {"open": Action.ACCEPT, "shut": Action.DROP}
FORMAT = Format(
    name="doors",
    title="doors, one per line",
    reads=("'open' and 'shut' with ports",),
    leaves_out=("doors that are ajar",),
    signs=("^doors$",),
    reader="doors_format",
    evidence=Evidence(confidence=Confidence.INFERRED, sources=(cite("the manual of doors"),)),
)


def read_text(text, name, services):
    rules, skipped = [], []
    for number, line in enumerate(text.split("\\n"), 1):
        if line in ("doors", ""):
            continue
        word, _, ports = line.partition(" ")
        place = {"location": Location(line=number), "text": line, "group": "doors"}
        try:
            action, found = ACTIONS[word], TransportPorts.parse(ports)
        except (KeyError, PortRangesError) as error:
            reason = f"expected 'open PORTS' or 'shut PORTS', got {line!r}"
            skipped.append(Skipped(reason=reason, could_accept=True, **place))
        else:
            rules.append(Rule(ports=found, families=BOTH, action=action, **place))
    chain = Chain(name="doors", hook=Hook.INPUT, policy=Action.DROP, families=BOTH)
    return Ruleset(format=name, rules=tuple(rules), skipped=tuple(skipped), chains=(chain,))
"""

RULES = "doors\nopen 22/tcp\nopen 6379/tcp\nopen 22/tcp\najar 80/tcp\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The folder that the package is in."""
    (tmp_path / "doors_format.py").write_text(PACKAGE, "utf-8")
    metadata = tmp_path / "doors_format-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: doors-format\nVersion: 1.0\n")
    points = "[portranges.rulesets]\ndoors = doors_format:FORMAT\n"
    (metadata / "entry_points.txt").write_text(points)
    (tmp_path / "rules.doors").write_text(RULES, "utf-8")
    return tmp_path


def run(path: Path, *arguments: str, status: int = 0) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=path,
        env={**os.environ, "PYTHONPATH": f"{SOURCE}{os.pathsep}{path}"},
    )
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr


def test_the_format_is_listed_detected_and_evaluated(path: Path) -> None:
    program = dedent("""
        from pathlib import Path
        from portranges import rulesets
        text = Path("rules.doors").read_text()
        print(rulesets.formats()[-1].title, rulesets.detect(text).name)
        found = rulesets.parse(text)
        print(found.format, len(found.rules), found.skipped[0].location)
        print(found.reachable().ports.tcp - rulesets.parse(text, "doors").reachable().ports.tcp)
        print(*[each.location for each in found.deciding_rules(6379, "tcp")])
    """)
    output, _ = run(path, "-c", program)
    assert output == "doors, one per line doors\ndoors 3 line 5\n\nline 3\n"


def test_the_command_line_audits_it(path: Path) -> None:
    output, _ = run(path, "-m", "portranges", "audit", "rules.doors", "--json", status=1)
    places = {(each["id"], each["line"]) for each in json.loads(output)["result"]}
    assert ("not-for-internet", 3) in places
    assert {line for _, line in places} == {3, 4, 5}
    output, _ = run(path, "-m", "portranges", "ports", "rules.doors", "--format", "doors", status=1)
    assert "6379/tcp" in output


def test_the_how_to_shows_what_the_command_prints(path: Path) -> None:
    (path / "rules.doors").write_text("doors\nopen 22/tcp\najar 80/tcp\n", "utf-8")
    output, _ = run(path, "-m", "portranges", "audit", "rules.doors", status=1)
    page = Path(__file__).parents[2] / "docs" / "howto" / "add-a-rule-format.md"
    assert f"$ portranges audit rules.doors\n{output}```" in page.read_text("utf-8")


def test_a_package_that_does_not_work_is_named_only_where_it_is_needed(path: Path) -> None:
    (path / "doors_format.py").write_text("import no_such_package\n", "utf-8")
    (path / "rules.v4").write_text("*filter\n:INPUT DROP [0:0]\nCOMMIT\n", "utf-8")
    run(path, "-m", "portranges", "audit", "rules.v4")
    for words in (["rules.doors"], ["rules.doors", "--format", "doors"]):
        _, error = run(path, "-m", "portranges", "audit", *words, status=2)
        assert "cannot use the entry point 'doors' of portranges.rulesets" in error
        assert "No module named 'no_such_package'" in error
        assert "Traceback" not in error
