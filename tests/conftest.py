"""How many tests run at a time, and how many examples Hypothesis tries.

HYPOTHESIS_PROFILE is brief, default, ci or nightly. Where it is not set,
``-m "not slow"`` takes brief, and every other run takes default.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from hypothesis import settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pytest

settings.register_profile("default", max_examples=100, deadline=None)
settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, print_blob=True, database=None
)
settings.register_profile("brief", settings.get_profile("ci"), max_examples=25)
settings.register_profile("nightly", max_examples=5000, deadline=None, print_blob=True)

# A command, not tests: `python tests/frozen/compare.py`.
collect_ignore = ["frozen"]

_MOST_PROCESSES = 12


def pytest_configure(config: pytest.Config) -> None:
    """Choose Hypothesis' profile, and a place for bytecode.

    Several hundred tests start a Python of their own. Where the environment
    allows no bytecode beside the sources, each would compile the package again,
    so it is kept in pytest's cache.
    """
    # A shell may export the width of its terminal, which the commands follow.
    os.environ.pop("COLUMNS", None)
    usual = "brief" if config.option.markexpr == "not slow" else "default"
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", usual))
    cache = getattr(config, "cache", None)
    if sys.dont_write_bytecode and cache is not None and sys.pycache_prefix is None:
        sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(cache.mkdir("bytecode"))
        sys.dont_write_bytecode = False
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what waits longest, while other processes work."""
    items.sort(key=lambda item: item.get_closest_marker("waits") is None)


def pytest_collection_finish() -> None:
    """Leave 13,000 collected tests out of every later garbage collection."""
    gc.collect()
    gc.freeze()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Return the number of processes that share the tests; 0 means that there is one.

    Files and single tests start sooner in one process. All tests get one more
    process than there are processors, because a slow one that waits for the
    kernel's TIME_WAIT would leave a processor idle.
    """
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None  # pytest-xdist reads it
    named = [Path(argument.partition("::")[0]) for argument in config.args]
    if config.args_source is config.ArgsSource.ARGS and all(map(Path.is_file, named)):
        return 0
    has_affinity = hasattr(os, "sched_getaffinity")
    processors = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    waiting = config.option.markexpr != "not slow"
    return min(_MOST_PROCESSES, processors + waiting)
