"""Fixtures of pytest for free and reserved ports.

pytest loads this module in every run in an environment with portranges. It imports the package
in its fixtures, so that a run that does not use them does not import it.
"""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from portranges.testing import FreePorts, ReservedPort


@pytest.fixture(scope="session")
def free_port_factory(request: pytest.FixtureRequest) -> FreePorts:
    """Return a different free port with every call: ``free_port_factory()``.

    No port is returned twice in a run, not even by different workers of pytest-xdist.
    ``free_port_factory.reserve()`` returns a port like ``reserved_port``; the test releases it.
    """
    from portranges.testing import FreePorts

    if not hasattr(request.config, "workerinput"):
        return FreePorts()
    # A worker of pytest-xdist. The parent of its folder is the folder of the run.
    run = request.getfixturevalue("tmp_path_factory").getbasetemp().parent
    folder = run / "portranges"
    folder.mkdir(exist_ok=True)
    return FreePorts(shared_folder=folder)


@pytest.fixture
def free_port(free_port_factory: FreePorts) -> int:
    """A port that is free for TCP and UDP, on IPv4 and IPv6, and that the system never allocates.

    Another program may bind it before the test does; ``reserved_port`` has no such gap.
    """
    return free_port_factory()


@pytest.fixture
def reserved_port(free_port_factory: FreePorts) -> Iterator[ReservedPort]:
    """A port that is bound already: ``.port``, ``.socket``, ``.socket_for("udp")``, ``.release()``.

    Give the socket to the server under test. Open sockets are closed after the test.
    """
    with free_port_factory.reserve() as reserved:
        yield reserved
