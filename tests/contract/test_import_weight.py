"""What an import costs, counted in modules, which unlike seconds do not vary."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import portranges

SOURCE = str(Path(portranges.__file__).parent.parent)

TOO_HEAVY = {
    "argparse",
    "asyncio",
    "csv",
    "datetime",
    "decimal",
    "difflib",
    "hypothesis",
    "importlib.metadata",
    "importlib.resources",
    "ipaddress",
    "json",
    "logging",
    "numpy",
    "pathlib",
    "psutil",
    "random",
    "socket",
    "subprocess",
    "tempfile",
    "typing",
    "typing_extensions",
    "xml",
}

OWN = {
    "portranges",
    "portranges.categories",
    "portranges.covers",
    "portranges.errors",
    "portranges.notation",
    "portranges.ports",
    "portranges.portset",
    "portranges.records",
    "portranges.types",
}


def loaded_by(*statements: str) -> set[str]:
    """What the statements load into a fresh interpreter, above what it has."""
    program = [
        "import sys",
        f"sys.path.insert(0, {SOURCE!r})",
        "before = set(sys.modules)",
        *statements,
        "print(*sorted(set(sys.modules) - before))",
    ]
    # -I and -S: neither the environment nor site's own imports count.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", "\n".join(program)],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_only_the_top_level_and_nothing_heavy() -> None:
    loaded = loaded_by("import portranges")
    assert {name for name in loaded if name.startswith("portranges")} == OWN
    assert loaded & TOO_HEAVY == set()


@pytest.mark.parametrize(
    "statement",
    [
        "portranges.PortSet.parse('22,80,8000-8100').ranges",
        "portranges.PortSet([1, 2]).table",
        "portranges.PortRange(1, 65534).ternary_cover()",
        "str(portranges.PortSet.full()), repr(portranges.PortRange(80))",
        "portranges.classify(80).label",
        "portranges.parse_port('80')",
    ],
)
def test_using_ports_and_sets_loads_no_further_module(statement: str) -> None:
    assert loaded_by("import portranges", "early = set(sys.modules)", statement) == loaded_by(
        "import portranges"
    )


def test_raising_an_error_loads_nothing_heavy() -> None:
    loaded = loaded_by(
        "import portranges",
        "try: portranges.PortSet.parse('x')",
        "except ValueError as error: str(error)",
    )
    assert loaded & TOO_HEAVY == set()


COUNT = """
count = 0
def trace(frame, event, argument):
    global count
    frame.f_trace_opcodes = True
    count += event == "opcode"
    return trace
sys.settrace(trace)
import portranges
sys.settrace(None)
print(count)
"""


# Python 3.12 has no event for each opcode of an imported module.
@pytest.mark.skipif(sys.version_info[:2] == (3, 12), reason="opcodes are not traced")
def test_importing_the_package_runs_little_code() -> None:
    program = f"import sys, dataclasses, enum; sys.path.insert(0, {SOURCE!r})\n{COUNT}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    # Most of it is the import system's work for each module, and dataclasses and enum, which have
    # more to do since Python 3.14.
    most = 45_000 if sys.version_info < (3, 14) else 52_000
    assert 20_000 < int(done.stdout) < most


def test_a_late_name_is_loaded_on_first_use() -> None:
    assert "portranges.report" not in loaded_by("import portranges")
    assert "portranges.report" not in loaded_by("import portranges; dir(portranges)")
    assert "portranges.report" in loaded_by("from portranges import explain")
    assert "portranges.transport_ports" not in loaded_by("import portranges; dir(portranges)")
    assert loaded_by("from portranges import Source") & {"portranges.report", "difflib"} == set()
    assert "portranges.source" in loaded_by("import portranges; portranges.classify(80).source")
    assert loaded_by("from portranges import TransportPorts") - loaded_by("import portranges") == {
        "portranges.transport_ports"
    }


def test_the_measurement_detects_a_heavy_import() -> None:
    # The tests above prove nothing should it not.
    assert {"json", "typing"} <= loaded_by("import json, typing")
