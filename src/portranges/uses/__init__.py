"""Uses of ports outside IANA's registry, ports that browsers block, services not to expose.

Assignments are in ``registry``, ephemeral ranges in ``ephemeral``.
"""

from __future__ import annotations

from portranges.uses.known import BROWSER_BLOCKED, BROWSER_BLOCKED_SOURCE, Use, lookup, rows
from portranges.uses.sensitive import SensitiveService, not_for_internet

__all__ = [
    "BROWSER_BLOCKED",
    "BROWSER_BLOCKED_SOURCE",
    "SensitiveService",
    "Use",
    "lookup",
    "not_for_internet",
    "rows",
]
