"""Hypothesis learns of our types by an entry point, at no cost to others.

Each program runs in an interpreter of its own, with the entry point that is
installed, or else with one that is laid beside it just for this.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import portranges
from portranges import _hypothesis_plugin

SOURCE = Path(portranges.__file__).parent.parent
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
ENTRY_POINT = "portranges._hypothesis_plugin:register"


@pytest.fixture
def path(tmp_path: Path) -> list[str]:
    """Where the programs find the package and its entry point."""
    if any(each.value == ENTRY_POINT for each in entry_points(group="hypothesis")):
        return [str(SOURCE)]
    metadata = tmp_path / "portranges_entry_point-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: portranges-entry-point\n")
    (metadata / "entry_points.txt").write_text(f"[hypothesis]\nportranges = {ENTRY_POINT}\n")
    return [str(SOURCE), str(tmp_path)]


def run(path: list[str], *lines: str, **environment: str) -> str:
    program = "\n".join(["import sys", f"sys.path[:0] = {path!r}", *lines])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


FIND = "from hypothesis import find, strategies as st, settings"
ANY = "lambda value: True, settings=settings(database=None)"


def test_the_entry_point_is_declared() -> None:
    project = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    assert project["entry-points"]["hypothesis"] == {"portranges": ENTRY_POINT}
    assert callable(_hypothesis_plugin.register)


@pytest.mark.slow
@pytest.mark.parametrize(
    "first",
    [
        "import hypothesis",
        "import hypothesis.strategies",
        "import portranges",
        "import portranges.strategies",
        "import portranges.ephemeral",
        "from portranges.ephemeral import EphemeralProfile; import portranges.strategies",
    ],
)
def test_strategies_are_registered_in_every_order_of_imports(path: list[str], first: str) -> None:
    printed = run(
        path,
        first,
        FIND,
        "from portranges import MaskedPort, PortRange, PortSet, Transport, TransportPorts",
        "from portranges import ephemeral",
        f"print(find(st.from_type(PortRange), {ANY}))",
        "print(type(find(st.from_type(PortSet), lambda ports: len(ports) > 2)).__name__)",
        f"print(find(st.from_type(MaskedPort), {ANY}))",
        f"print(find(st.from_type(Transport), {ANY}))",
        "print(type(find(st.from_type(TransportPorts), lambda ports: len(ports) > 1)).__name__)",
        "profile = st.from_type(ephemeral.EphemeralProfile)",
        f"print(find(profile, {ANY}) == ephemeral.profiles()[0])",
    )
    assert printed.split("\n") == ["0", "PortSet", "0x0/0x0", "tcp", "TransportPorts", "True"]


def test_builds_finds_the_types_of_parameters(path: list[str]) -> None:
    printed = run(
        path,
        FIND,
        "from portranges import PortSet",
        "def service(ports: PortSet) -> PortSet: return ports",
        "print(type(find(st.builds(service), lambda ports: len(ports) > 2)).__name__)",
    )
    assert printed == "PortSet"


def test_without_plugins_nothing_is_registered_and_the_strategies_work(path: list[str]) -> None:
    printed = run(
        path,
        "import hypothesis",
        "print('portranges' in sys.modules)",
        FIND,
        "from portranges.strategies import port_sets",
        "print(type(find(port_sets(), lambda ports: len(ports) > 2)).__name__)",
        HYPOTHESIS_NO_PLUGINS="1",
    )
    assert printed.split("\n") == ["False", "PortSet"]


def test_registering_loads_no_strategies_and_rows(path: list[str]) -> None:
    printed = run(
        path,
        "import hypothesis.strategies",
        "print(*sorted(name for name in sys.modules if name.startswith('portranges.')))",
    )
    loaded = set(printed.split())
    assert "portranges._hypothesis_plugin" in loaded
    assert not any(
        name.startswith(("portranges.strategies", "portranges.ephemeral", "portranges.registry"))
        for name in loaded
    )


def test_registering_does_not_change_other_strategies(path: list[str]) -> None:
    # PortSet is Sized and Hashable. Whoever draws one of these gets none of ours.
    printed = run(
        path,
        "import collections.abc as abc, typing, warnings",
        "from hypothesis import HealthCheck, given, settings, strategies as st",
        "from portranges import ephemeral",
        "class Foreign: pass",
        "drawn = []",
        "kinds = [typing.Sized, typing.Hashable, abc.Sized, abc.Container, Foreign]",
        "@settings(max_examples=200, database=None, derandomize=True,",
        "          suppress_health_check=list(HealthCheck))",
        "@given(st.sampled_from(kinds).flatmap(st.from_type))",
        "def collect(value): drawn.append(type(value).__module__.split('.')[0])",
        "collect()",
        "print(len(drawn) > 100, 'portranges' in drawn, '__main__' in drawn)",
    )
    assert printed == "True False True"


def test_a_hypothesis_version_without_late_types_works(path: list[str]) -> None:
    printed = run(
        path,
        "from hypothesis.strategies._internal import types",
        "table = types._global_extra_lookup",
        "del types._global_extra_lookup",
        "from portranges import _hypothesis_plugin",
        "_hypothesis_plugin.register()",
        "types._global_extra_lookup = {}",
        FIND,
        "from portranges import ephemeral",
        "profile = st.from_type(ephemeral.EphemeralProfile)",
        f"print(find(profile, {ANY}) == ephemeral.profiles()[0])",
        "from portranges import PortRange, Transport",
        f"print(find(st.from_type(PortRange), {ANY}), find(st.from_type(Transport), {ANY}))",
        HYPOTHESIS_NO_PLUGINS="1",
    )
    assert printed.split("\n") == ["True", "0 tcp"]


def test_without_hypothesis_the_error_names_the_command(path: list[str]) -> None:
    printed = run(
        path,
        "sys.modules['hypothesis'] = None",
        "import portranges, portranges._hypothesis_plugin",
        "try: import portranges.strategies",
        "except portranges.MissingExtraError as error: print(error, repr(error.__cause__)[:19])",
        "print(portranges.PortSet([80]))",
    )
    assert printed.split("\n") == [
        (
            "hypothesis is not installed; install it with: pip install 'portranges[hypothesis]' "
            "ModuleNotFoundError"
        ),
        "80",
    ]


def test_a_broken_hypothesis_is_not_called_missing(path: list[str], tmp_path: Path) -> None:
    package = tmp_path / "broken" / "hypothesis"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("import no_such_module\n")
    printed = run(
        [str(tmp_path / "broken"), *path],
        "import portranges",
        "try: import portranges.strategies",
        "except ModuleNotFoundError as error: print(error.name, type(error).__name__)",
    )
    assert printed == "no_such_module ModuleNotFoundError"
