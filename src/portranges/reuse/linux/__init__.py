"""Linux: its rules, the rule without history, the exact state machine.

What lives here: the modules, and the name that the wing hands on. ``settings``
and ``rules`` are the rows; ``sock`` the predicates; ``pairs`` the rule without
history; ``tcp``, ``udp`` and ``machine`` the state machine.
What must not: anything else.
"""

from __future__ import annotations

from portranges.reuse.linux.settings import LinuxSettings

__all__ = ["LinuxSettings"]
