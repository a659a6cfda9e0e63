"""The ephemeral range of every system: its ports, exclusions, settings and sources.

``selection`` has the order in which the systems choose from the range.
"""

from __future__ import annotations

from portranges.ephemeral.lookup import allocated_by, ports, profile, profiles
from portranges.ephemeral.model import EphemeralProfile

__all__ = [
    "EphemeralProfile",
    "allocated_by",
    "ports",
    "profile",
    "profiles",
]
