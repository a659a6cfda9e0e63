"""Hypothesis strategies for ports, sets, endpoints, sockets, and for the texts of other programs.

They need the extra ``hypothesis``. Ports are often drawn at boundaries: at the ends of 0-65535,
of the categories of RFC 6335 and of the ephemeral ranges of systems. Every strategy
shrinks towards few and small ports. They use constructors and rows of the library, not the
functions that are tested with them.
"""

from __future__ import annotations

from portranges.errors import MissingExtraError

try:
    import hypothesis as _hypothesis
except ModuleNotFoundError as _error:
    if _error.name != "hypothesis":
        raise
    raise MissingExtraError("hypothesis", "hypothesis") from _error

from portranges.strategies.hosts import endpoints, service_names, sockets
from portranges.strategies.notations import dialect_texts, rulesets
from portranges.strategies.sets import (
    masked_ports,
    port_ranges,
    port_sets,
    ports,
    profiles,
    transport_ports,
    transports,
)

del _hypothesis

__all__ = [
    "dialect_texts",
    "endpoints",
    "masked_ports",
    "port_ranges",
    "port_sets",
    "ports",
    "profiles",
    "rulesets",
    "service_names",
    "sockets",
    "transport_ports",
    "transports",
]
