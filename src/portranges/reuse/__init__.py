"""May this socket have this port? The rules of the systems, asked beforehand.

What lives here: the public names of the wing. ``can_bind`` is the rule
without history, ``PortTable`` the exact state machine.
What must not: anything else.
"""

from __future__ import annotations

from portranges.reuse.linux.settings import LinuxSettings
from portranges.reuse.model import (
    Close,
    Decision,
    Handle,
    Rule,
    Socket,
    State,
    Verdict,
)
from portranges.reuse.others.settings import SystemSettings
from portranges.reuse.procedures import can_bind, portability, rule, rules, systems
from portranges.reuse.table import PortTable

__all__ = [
    "Close",
    "Decision",
    "Handle",
    "LinuxSettings",
    "PortTable",
    "Rule",
    "Socket",
    "State",
    "SystemSettings",
    "Verdict",
    "can_bind",
    "portability",
    "rule",
    "rules",
    "systems",
]
