"""Ephemeral ports: which ones every system hands out, and how it picks them.

What lives here: the public names of the wing.
What must not: anything else; ``model`` holds the record, ``rows_*`` the facts
with their sources, ``lookup`` the questions.
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
