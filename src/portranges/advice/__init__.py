"""Advice: which port to use, and what is wrong with a set of rules.

What lives here: the public names of the wing.
What must not: anything else; ``model`` holds the records, ``rows`` what can be
found with its reasons, ``listen`` the choice of a port, ``auditing`` the look at
rules, ``changes`` what two sets differ in and what a system is told.
"""

from __future__ import annotations

from portranges.advice.auditing import audit, first_cover
from portranges.advice.catalog import rows
from portranges.advice.changes import diff, return_traffic, sysctl_reserved
from portranges.advice.listen import listen_ports, why_not
from portranges.advice.model import Advice, Difference, Finding, Severity

__all__ = [
    "Advice",
    "Difference",
    "Finding",
    "Severity",
    "audit",
    "diff",
    "first_cover",
    "listen_ports",
    "return_traffic",
    "rows",
    "sysctl_reserved",
    "why_not",
]
