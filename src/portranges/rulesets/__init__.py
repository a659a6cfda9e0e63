"""Whole files of other programs, read into rules with their places.

``parse`` reads what a packet filter, a cloud or an orchestrator wrote. A ``Ruleset`` computes
which ports a new packet may reach, and which rules decide about a port. ``dialects`` reads single
port expressions.
"""

from __future__ import annotations

from portranges.rulesets.catalog import detect, formats
from portranges.rulesets.comparison import Change, diff
from portranges.rulesets.model import (
    Action,
    Applies,
    Chain,
    Direction,
    Format,
    Hook,
    Location,
    Rule,
    Skipped,
)
from portranges.rulesets.named import NamedServices, ports_by_name
from portranges.rulesets.reading import from_data, parse
from portranges.rulesets.ruleset import Reachable, Ruleset

__all__ = [
    "Action",
    "Applies",
    "Chain",
    "Change",
    "Direction",
    "Format",
    "Hook",
    "Location",
    "NamedServices",
    "Reachable",
    "Rule",
    "Ruleset",
    "Skipped",
    "detect",
    "diff",
    "formats",
    "from_data",
    "parse",
    "ports_by_name",
]
