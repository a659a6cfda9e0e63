"""The rules of the systems other than Linux, taken from sources and documents, not from runs.

Each system is a module: ``freebsd``, ``macos``, ``openbsd``, ``netbsd``, ``illumos``,
``windows``. ``bind_rules`` has their base class, ``pairs`` applies the rules without history,
``machine`` keeps the history, and ``lookup`` finds a system by name.
"""

from __future__ import annotations

from portranges.reuse.others.lookup import SYSTEMS, system
from portranges.reuse.others.settings import SystemSettings

__all__ = ["SYSTEMS", "SystemSettings", "system"]
