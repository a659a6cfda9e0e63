"""Libraries that check types at run time accept the functions and classes of the package."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import portranges

TESTS = Path(__file__).parents[1]


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
