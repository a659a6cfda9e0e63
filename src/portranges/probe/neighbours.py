"""What the probe takes from ``system`` and ``capacity``.

What lives here: the range that this machine hands out, and the rule for how
many connections fit into it.
What must not: either of them.
"""

from __future__ import annotations

from portranges import capacity
from portranges.ephemeral import EphemeralProfile
from portranges.ports import Transport

__all__ = ["concurrent", "effective"]


def effective(transport: Transport) -> EphemeralProfile:
    """Return what this machine hands out now.

    Raises:
        SystemReadError: It cannot be read.
    """
    # It loads subprocess, and most questions to the probe need no setting.
    from portranges import system

    return system.read_ephemeral(transport.value)


def concurrent(profile: EphemeralProfile, transport: Transport) -> tuple[int, int]:
    """Return how many connections fit towards one destination, at least and at most."""
    method = "connect"
    if any(each.name == transport.value for each in capacity.methods(profile)):
        method = transport.value
    count = capacity.concurrent(profile, method=method)
    return (count, count) if isinstance(count, int) else (int(count.low), int(count.high))
