"""The report on one port: everything the other rooms know, as a record and a page.

What lives here: the wing's public names. What must not: code.
"""

from __future__ import annotations

from portranges.report.build import explain
from portranges.report.model import (
    BindRule,
    EphemeralRange,
    InspectCommand,
    PortReport,
    Remark,
    TransportState,
)

__all__ = [
    "BindRule",
    "EphemeralRange",
    "InspectCommand",
    "PortReport",
    "Remark",
    "TransportState",
    "explain",
]
