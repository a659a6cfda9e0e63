"""Which end of a flow is the service, and categories and sets of ports as SQL.

A flow is a pair of ports, as in a NetFlow record or a flow log. The criteria that decide about it
are rows with a reason and a source.
"""

from __future__ import annotations

from portranges.flows.model import Criterion, FixedRoles, Judgement, Side, Trait
from portranges.flows.rows import criteria, fixed_roles
from portranges.flows.sides import judge, server_port, server_side_many
from portranges.flows.sql import sql_case

__all__ = [
    "Criterion",
    "FixedRoles",
    "Judgement",
    "Side",
    "Trait",
    "criteria",
    "fixed_roles",
    "judge",
    "server_port",
    "server_side_many",
    "sql_case",
]
