"""What uses a port by default, the ports that browsers block, services not to expose.

Assignments are in ``registry``, ephemeral ranges in ``ephemeral``.
"""

from __future__ import annotations

from portranges.uses.browsers import BROWSER_BLOCKED, BROWSER_BLOCKED_SOURCE
from portranges.uses.known import Use, UseKind, lookup, rows
from portranges.uses.sensitive import SensitiveService, not_for_internet

__all__ = [
    "BROWSER_BLOCKED",
    "BROWSER_BLOCKED_SOURCE",
    "SensitiveService",
    "Use",
    "UseKind",
    "lookup",
    "not_for_internet",
    "rows",
]
