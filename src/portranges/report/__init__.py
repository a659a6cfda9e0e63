"""Everything known about one port, as a record, as plain data and as text."""

from __future__ import annotations

from portranges.report.build import explain, explain_ranges
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
    "explain_ranges",
]
