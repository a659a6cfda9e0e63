"""How many connections fit, how fast they can follow each other, and how likely a collision is.

The answers are computed from a profile of ``portranges.ephemeral``, and hold as long as nothing
else uses its ports. ``portranges.probe`` reports how much of this machine's range is in use.
"""

from __future__ import annotations

from portranges.capacity.birthday import (
    collision_probability,
    draws_for,
    expected_collisions,
)
from portranges.capacity.connections import (
    addresses,
    clients,
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
    "addresses",
    "clients",
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
