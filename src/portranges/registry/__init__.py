"""The IANA registry: who a port number is assigned to.

What lives here: the public names of the wing, and nothing else. The
functions ask ``SHIPPED``, the table that comes with the library, which is
read at the first question and not before.
"""

from __future__ import annotations

from portranges.registry.model import Assignment, State
from portranges.registry.questions import (
    assigned,
    lookup,
    not_listed,
    ports,
    reserved,
    services,
    snapshot,
    source,
    state,
    unassigned,
)
from portranges.registry.registry import Registry
from portranges.registry.service_names import is_service_name
from portranges.registry.shipped import SHIPPED

__all__ = [
    "SHIPPED",
    "Assignment",
    "Registry",
    "State",
    "assigned",
    "is_service_name",
    "lookup",
    "not_listed",
    "ports",
    "reserved",
    "services",
    "snapshot",
    "source",
    "state",
    "unassigned",
]
