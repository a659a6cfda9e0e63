"""The running kernel as oracle of ``portranges.reuse``.

Needs Linux and root; all sockets are in network namespaces of child processes
that end with them. PORTRANGES_REUSE_SEED repeats a run. PORTRANGES_REUSE_SCALE
sizes it: 1 is 20,000 triples and 10,000 sequences per transport and takes some
minutes; 0.1, the default, takes a little more than the 65 seconds after which
TIME_WAIT ends. Smaller runs leave out what has to wait that long.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kernel_oracle.kernel import unavailable

ROOT = Path(__file__).parents[2]
SCALE = float(os.environ.get("PORTRANGES_REUSE_SCALE", "0.1"))
SEED = os.environ.get("PORTRANGES_REUSE_SEED") or str(int.from_bytes(os.urandom(4), "big"))
# The long ones first; two sleep, one of them for a minute.
PARTS = (
    *(("expiry",) if SCALE >= 0.1 else ()),
    "pairs-tcp",
    "pairs-udp",
    "sequences-udp",
    "triples-tcp",
    "triples-udp",
    "sequences-tcp",
    "time_wait",
    "tuples-tcp",
    "disconnected-tcp",
    "disconnected-udp",
    "capacity",
    "checks",
)
LIMIT = 900 * max(1.0, SCALE)


@pytest.fixture(scope="module")
def kernel() -> None:
    reason = unavailable()
    if reason is not None:
        pytest.skip(f"THE KERNEL WAS NOT ASKED: {reason}")


@pytest.mark.slow
@pytest.mark.waits
@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("part", PARTS)
def test_kernel_and_model_agree(part: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kernel_oracle.campaign", part, SEED, str(SCALE)],
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'tests'}"},
    )
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, f"seed {SEED}\n{done.stdout}\n{done.stderr}"
