"""How many connections, how fast, how likely a collision.

What lives here: the public names of the wing.
What must not: anything else; ``model`` holds the records, ``rows`` the facts
with their sources, ``connections``, ``birthday`` and ``probes`` the formulas.

Nothing here asks the machine: the answers are those of a profile, and hold for
as long as nothing else takes ports.
"""

from __future__ import annotations

from portranges.capacity.birthday import (
    collision_probability,
    draws_for,
    expected_collisions,
)
from portranges.capacity.connections import (
    concurrent,
    rate,
    self_connect_probability,
    time_wait_sockets,
)
from portranges.capacity.lookup import methods
from portranges.capacity.model import Growth, Interval, Method
from portranges.capacity.probes import expected_probes, give_up_probability

__all__ = [
    "Growth",
    "Interval",
    "Method",
    "collision_probability",
    "concurrent",
    "draws_for",
    "expected_collisions",
    "expected_probes",
    "give_up_probability",
    "methods",
    "rate",
    "self_connect_probability",
    "time_wait_sockets",
]
