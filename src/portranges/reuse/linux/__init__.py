"""Linux: its rules, the rule without history, the exact state machine.

What lives here: nothing but the modules. ``settings`` and ``rules`` are the
rows; ``sock`` the predicates; ``pairs`` the rule without history; ``tcp``,
``udp`` and ``machine`` the state machine.
"""

from __future__ import annotations
