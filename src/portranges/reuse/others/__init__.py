"""The reuse rules of the systems other than Linux.

What lives here: the names that the wing takes from here. ``lookup`` knows the
systems by name; each system is a module of its own (``freebsd``, ``macos``,
``openbsd``, ``netbsd``, ``illumos``, ``windows``); ``pairs`` is the rule
without history and ``state_machine`` what its name says, both for all of them.
What must not: anything else. None of these systems was run: their rules are
from source or documents, and every decision says so.
"""

from __future__ import annotations

from portranges.reuse.others.lookup import SYSTEMS, machine, procedure, rules, system
from portranges.reuse.others.settings import SystemSettings

__all__ = [
    "SYSTEMS",
    "SystemSettings",
    "machine",
    "procedure",
    "rules",
    "system",
]
