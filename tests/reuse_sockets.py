"""Sockets for the tests of the reuse rules, in few words."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from portranges.reuse import Decision, Socket, can_bind

PORT = 8080


def sock(address: str = "0.0.0.0", flags: str = "", **more: Any) -> Socket:
    """A socket at *address*; *flags*: R, P, L (SO_REUSEPORT_LB), E, 4 (not v6only), 6 (v6only)."""
    defaults: dict[str, Any] = {
        "transport": "tcp",
        "address": address,
        "port": PORT,
        "reuse_address": "R" in flags,
        "reuse_port": "P" in flags,
        "load_balance": "L" in flags,
        "exclusive": "E" in flags,
        "v6only": False if "4" in flags else True if "6" in flags else None,
        "uid": 1000,
    }
    return Socket(**(defaults | more))


def says(decision: Decision) -> tuple[str | None, str]:
    """The error, and the rule without the system's name."""
    return decision.error, decision.rule.id


def procedure(system: Any) -> Callable[..., Decision]:
    """``can_bind`` of *system*."""
    return partial(can_bind, system=system)
