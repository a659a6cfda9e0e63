"""Flows: which end is the service, and the same questions in SQL.

What lives here: the public names of the wing.
What must not: anything else; ``model`` holds the records, ``rows`` the criteria
with their reasons, ``sides`` the judgement of flows, ``sql`` the expressions.
"""

from __future__ import annotations

from portranges.flows.model import Criterion, Judgement, Side, Trait
from portranges.flows.rows import criteria
from portranges.flows.sides import judge, server_port, server_side_many
from portranges.flows.sql import sql_case

__all__ = [
    "Criterion",
    "Judgement",
    "Side",
    "Trait",
    "criteria",
    "judge",
    "server_port",
    "server_side_many",
    "sql_case",
]
