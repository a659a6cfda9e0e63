"""The sockets of this machine: listeners, connections, owners, and ephemeral ports in use.

It is read-only: it binds, connects, closes and kills nothing. On Linux it needs only the
standard library; elsewhere it needs psutil, which the extra ``probe`` installs and which is
imported when it is first used.
"""

from __future__ import annotations

from portranges.probe.binding import BindAnswer, BindVerdict, Holder, can_bind
from portranges.probe.counting import Destination, Usage, usage
from portranges.probe.listing import connections, free_ports, listeners, owners, sockets
from portranges.probe.long_lived import (
    Age,
    LingeringListener,
    LingeringListeners,
    ListenerHistory,
    lingering,
)
from portranges.probe.proc_net import parse_proc_net
from portranges.probe.reasons import Reason, ReasonKind
from portranges.probe.record import Owner, SocketRecord
from portranges.probe.row import SocketState
from portranges.probe.sock_diag import parse_sock_diag
from portranges.probe.table import Backend, Scope, SocketTable, Visibility
from portranges.probe.watching import Change, ChangeKind, Watcher, watch, watch_async

__all__ = [
    "Age",
    "Backend",
    "BindAnswer",
    "BindVerdict",
    "Change",
    "ChangeKind",
    "Destination",
    "Holder",
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
    "can_bind",
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
