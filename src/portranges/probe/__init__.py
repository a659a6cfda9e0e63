"""This machine's sockets: who listens, who is connected, what is left, what lingers.

What lives here: the wing's public names.
What must not: code. ``model`` holds the records; ``netlink``, ``proc`` and
``extra`` read, ``sock_diag`` and ``proc_net`` parse, ``backends`` chooses;
``questions``, ``counting``, ``watching`` and ``long_lived`` query.

It looks and never touches: nothing is bound, connected, closed or killed. On
Linux it needs the standard library alone, elsewhere psutil, which comes with
the extra ``probe`` and is imported at the first question.
"""

from __future__ import annotations

from portranges.probe.counting import Destination, Usage, usage
from portranges.probe.listing import connections, free_ports, listeners, owners, sockets
from portranges.probe.long_lived import (
    Age,
    LingeringListener,
    LingeringListeners,
    ListenerHistory,
    Reason,
    ReasonKind,
    lingering,
)
from portranges.probe.model import (
    Backend,
    Owner,
    Scope,
    SocketRecord,
    SocketState,
    SocketTable,
    Visibility,
)
from portranges.probe.proc_net import parse_proc_net
from portranges.probe.sock_diag import parse_sock_diag
from portranges.probe.watching import Change, ChangeKind, Watcher, watch, watch_async

__all__ = [
    "Age",
    "Backend",
    "Change",
    "ChangeKind",
    "Destination",
    "LingeringListener",
    "LingeringListeners",
    "ListenerHistory",
    "Owner",
    "Reason",
    "ReasonKind",
    "Scope",
    "SocketRecord",
    "SocketState",
    "SocketTable",
    "Usage",
    "Visibility",
    "Watcher",
    "connections",
    "free_ports",
    "lingering",
    "listeners",
    "owners",
    "parse_proc_net",
    "parse_sock_diag",
    "sockets",
    "usage",
    "watch",
    "watch_async",
]
