"""Which port to use, and what is wrong with a set of rules.

Everything that can be found is a row with a reason and a source; ``rows`` lists them. No function
inspects the machine: ``portranges.probe`` shows which ports are in use on it.
"""

from __future__ import annotations

from portranges.advice.auditing import audit, first_cover
from portranges.advice.catalog import rows
from portranges.advice.changes import diff, sysctl_reserved
from portranges.advice.listen import listen_ports, why_not, why_not_ranges
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
    "rows",
    "sysctl_reserved",
    "why_not",
    "why_not_ranges",
]
