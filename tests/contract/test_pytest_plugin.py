"""pytest finds the fixtures by an entry point, and a run that does not use them pays nothing.

Each run is a process of its own, with the entry point that is installed, or else with one that is
laid beside it just for this.
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import doc_recipes
import portranges

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
SOURCE = Path(portranges.__file__).parent.parent


@pytest.fixture
def runner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder for tests, whose runs find the package and its entry point."""
    path = [str(SOURCE)]
    if not any(each.value == "_portranges_pytest" for each in entry_points(group="pytest11")):
        metadata = pytester.mkdir("lib") / "portranges_entry_point-0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: portranges-entry-point\n")
        (metadata / "entry_points.txt").write_text("[pytest11]\nportranges = _portranges_pytest\n")
        path.append(str(metadata.parent))
    monkeypatch.setenv("PYTHONPATH", ":".join(path))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    # The runs write no bytecode into the package.
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return pytester


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error", *options)


def test_the_plugin_is_declared() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert settings["project"]["entry-points"]["pytest11"] == {"portranges": "_portranges_pytest"}
    assert "Framework :: Pytest" in settings["project"]["classifiers"]
    packages = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert packages == ["src/portranges", "src/_portranges_pytest.py"]
    assert (SOURCE / "_portranges_pytest.py").is_file()


FIXTURES = """
import contextlib
import socket

kept = []


def bind(port, address, kind):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, kind) as made:
        made.bind((address, port))


def test_a_free_port(free_port):
    assert type(free_port) is int
    kept.append(free_port)
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        bind(free_port, "127.0.0.1", kind)
        bind(free_port, "0.0.0.0", kind)


def test_another_one(free_port, free_port_factory):
    kept.append(free_port)
    kept.extend(free_port_factory() for _ in range(100))
    with free_port_factory.reserve() as reserved:
        kept.append(reserved.port)
    assert len(set(kept)) == len(kept) == 103


def test_a_reserved_port(reserved_port):
    assert reserved_port.port not in kept
    kept.append(reserved_port)
    reserved_port.socket.listen()
    with socket.create_connection(("127.0.0.1", reserved_port.port)) as client:
        reserved_port.socket.accept()[0].close()


def test_it_is_released_at_the_end(reserved_port):
    before = kept[-1]
    assert before.is_released
    assert before.port != reserved_port.port
    assert not reserved_port.is_released


def test_it_is_released_on_request(reserved_port):
    reserved_port.release()
    bind(reserved_port.port, "127.0.0.1", socket.SOCK_STREAM)
"""


def test_the_fixtures(runner: pytest.Pytester) -> None:
    runner.makepyfile(FIXTURES)
    run(runner).assert_outcomes(passed=5)


def test_the_examples_of_the_docs(runner: pytest.Pytester) -> None:
    examples = doc_recipes.test_files()
    assert any("two_ports" in each and each.count("\n") <= 3 for each in examples)
    runner.makepyfile(**{f"test_{number}": each for number, each in enumerate(examples)})
    done = run(runner)
    done.assert_outcomes(passed="\n".join(examples).count("def test_"))


# 600 of 800 ports, among which two workers would often meet. One worker dies on the way.
WORKERS = """
import os, pathlib
import pytest


@pytest.mark.parametrize("number", range(30))
def test_many(number, free_port_factory, worker_id):
    if number == 15:
        os._exit(3)
    ports = [free_port_factory() for _ in range(20)]
    pathlib.Path(__file__).with_name(f"{worker_id}-{number}.txt").write_text(repr(ports))
"""
FEW = """
from portranges import PortSet, testing

suitable = testing._suitable
testing._suitable = lambda: PortSet(list(suitable())[-800:])
"""


def test_workers_of_xdist_get_different_ports(runner: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    runner.makeconftest(FEW)
    path = runner.makepyfile(WORKERS)
    done = run(runner, "-n", "2", "--dist=load")
    done.assert_outcomes(passed=29, failed=1)
    files = list(path.parent.glob("gw*.txt"))
    ports = [int(port) for each in files for port in re.findall(r"\d+", each.read_text())]
    assert len(set(ports)) == len(ports) == 29 * 20
    # The one that replaced the dead worker has a number of its own.
    assert len({each.name.partition("-")[0] for each in files}) >= 2


UNUSED = """
import sys


def test_nothing_of_the_package_is_loaded():
    assert "_portranges_pytest" in sys.modules
    assert not [name for name in sys.modules if name.partition(".")[0] == "portranges"]
"""


def test_a_run_without_the_fixtures_does_not_import_the_package(runner: pytest.Pytester) -> None:
    runner.makepyfile(UNUSED)
    run(runner).assert_outcomes(passed=1)


def test_loading_the_plugin_imports_nothing_else(runner: pytest.Pytester) -> None:
    program = (
        "import sys, pytest; before = set(sys.modules); import _portranges_pytest\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    assert runner.run("python", "-c", program).outlines == ["_portranges_pytest"]


def test_the_plugin_can_be_switched_off(runner: pytest.Pytester) -> None:
    runner.makepyfile("def test(free_port): pass")
    done = run(runner, "-p", "no:portranges")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["E *fixture 'free_port' not found"])


EXHAUSTED = """
import pytest

from portranges.testing import FreePorts


@pytest.fixture(scope="session")
def free_port_factory():
    return FreePorts([FreePorts()()])


def test_one(free_port):
    pass


def test_another(free_port):
    pass


def test_a_third(reserved_port):
    pass
"""


def test_a_factory_of_the_user_is_used_by_the_other_fixtures(runner: pytest.Pytester) -> None:
    runner.makepyfile(EXHAUSTED)
    done = run(runner)
    done.assert_outcomes(passed=1, errors=2)
    message = "E *PortsExhaustedError: free_port found no port among 1: 1 in use, 0 excluded"
    done.stdout.fnmatch_lines([message, message])


def test_pytest_shows_the_fixtures(runner: pytest.Pytester) -> None:
    done = run(runner, "--fixtures")
    for name in ("free_port", "free_port_factory", "reserved_port"):
        assert re.search(rf"^{name} .*_portranges_pytest", done.stdout.str(), re.MULTILINE), name
