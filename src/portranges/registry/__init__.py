"""The IANA registry: which service a port number is assigned to.

The functions are the methods of ``SHIPPED``, the registry that comes with the library. Its table is
read on first use.
"""

from __future__ import annotations

from portranges.registry.model import Assignment, Difference, State
from portranges.registry.registry import Registry
from portranges.registry.service_names import is_service_name
from portranges.registry.shipped import (
    SHIPPED,
    assigned,
    compare,
    lookup,
    not_listed,
    ports,
    reserved,
    search,
    services,
    snapshot,
    source,
    state,
    unassigned,
)

__all__ = [
    "SHIPPED",
    "Assignment",
    "Difference",
    "Registry",
    "State",
    "assigned",
    "compare",
    "is_service_name",
    "lookup",
    "not_listed",
    "ports",
    "reserved",
    "search",
    "services",
    "snapshot",
    "source",
    "state",
    "unassigned",
]
