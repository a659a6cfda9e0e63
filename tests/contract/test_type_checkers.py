"""Libraries that check types at run time accept the functions and classes of the package."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import portranges
from type_checked import public

TESTS = Path(__file__).parents[1]


def test_a_public_generator_returns_an_iterator_by_its_own_name() -> None:
    # typeguard takes `types.Iterator` for the type of a value that the function returns.
    sources = {
        member.__qualname__: inspect.getsource(member)
        for value in public()
        for member in [value, *(vars(value).values() if inspect.isclass(value) else ())]
        if inspect.isgeneratorfunction(member) or inspect.isasyncgenfunction(member)
    }
    assert "explain_ranges" in sources
    assert [name for name, source in sources.items() if ") -> types." in source] == []


@pytest.mark.slow
@pytest.mark.parametrize(("checker", "least"), [("beartype", 480), ("typeguard", 470)])
def test_every_example_passes_with_checked_types_and_a_wrong_type_is_refused(
    checker: str, least: int
) -> None:
    paths = [str(Path(portranges.__file__).parent.parent), str(TESTS)]
    program = f"import sys; sys.path[:0] = {paths!r}; import type_checked; "
    done = subprocess.run(
        [sys.executable, "-c", f"{program}type_checked.main({checker!r})"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["failed"] == []
    assert found["accepted"] == []
    # The lists above prove nothing if little was checked.
    assert found["examples"] > least
    assert found["checked"] > 250
    assert found["functions"] > 80
