"""Linux: the rule without history (``pairs``) and the state machine (``machine``).

``tcp`` and ``udp`` are the tables of ports, ``sock`` compares two sockets, ``rules`` and
``kernels`` hold the rows, and ``settings`` the sysctls.
"""

from __future__ import annotations

from portranges.reuse.linux.settings import LinuxSettings

__all__ = ["LinuxSettings"]
