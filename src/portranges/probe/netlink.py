"""The netlink socket through which the Linux kernel reports its sockets.

It needs no privilege and no /proc, and reports the network namespace of the calling thread.
``sock_diag`` has the format of the messages.
"""

from __future__ import annotations

import socket

from portranges import types
from portranges.errors import SystemReadError
from portranges.probe.query import Query
from portranges.probe.row import Row
from portranges.probe.sock_diag import add_blocks, pack_requests, rows_of

_NETLINK = getattr(socket, "AF_NETLINK", 16)
_SOCK_DIAG = 4  # NETLINK_SOCK_DIAG

# The kernel never sends more than this in one datagram, however large the buffer is.
_BUFFER = 1 << 15

# Seconds to wait for one datagram. The kernel answers at once or never.
_TIMEOUT = 10.0


def read(query: Query) -> list[Row]:
    """Return the sockets, transport by transport; the kernel selects states and port.

    Raises:
        OSError: sock_diag is not available, or the kernel refused.
        UnexpectedOutputError: The answer is not in a known format.
    """
    rows: list[Row] = []
    with socket.socket(_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as link:
        link.settimeout(_TIMEOUT)
        link.bind((0, 0))
        for transport in query.transports:
            # Everything is received before it is parsed: the shorter the dump, the fewer
            # changes happen during it.
            blocks: types.AttributeBlocks = {}
            for request in pack_requests(transport, query.states, query.port):
                link.send(request)
                done = False
                while not done:
                    data, sender = link.recvfrom(_BUFFER)
                    if not data:
                        raise SystemReadError("the socket table by sock_diag", "it ended early")
                    if sender[0] == 0:  # the kernel
                        done = add_blocks(data, blocks)
            rows += rows_of(blocks, transport)
    return rows
