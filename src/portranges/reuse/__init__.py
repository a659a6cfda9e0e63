"""Whether a socket can be bound or connected, system by system, without doing it.

``can_bind`` decides from the sockets alone, ``portability`` compares several systems, and
``PortTable`` is a state machine that also knows the history.
"""

from __future__ import annotations

from portranges.reuse.decisions import can_bind, has_dual_stack, portability, rule, rules, systems
from portranges.reuse.linux.settings import LinuxSettings
from portranges.reuse.model import Close, Decision, Handle, Rule, Socket, State, Verdict
from portranges.reuse.others.settings import SystemSettings
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
    "has_dual_stack",
    "portability",
    "rule",
    "rules",
    "systems",
]
