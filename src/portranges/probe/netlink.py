"""The kernel of Linux, asked for its sockets: the way there and back.

What lives here: the socket of netlink.
What must not: what the bytes say (``sock_diag``).

The answer is about the network namespace of the calling thread, and needs no
privilege and no /proc.
"""

from __future__ import annotations

import socket

from portranges import types
from portranges.errors import SystemReadError
from portranges.probe.query import Query
from portranges.probe.sock_diag import add_blocks, pack_requests, rows_of

__all__ = ["read"]

_NETLINK = getattr(socket, "AF_NETLINK", 16)
_SOCK_DIAG = 4  # NETLINK_SOCK_DIAG

# What the kernel puts into one answer at most; a larger buffer gets no more.
_BUFFER = 1 << 15

# Seconds for one piece of an answer. The kernel answers at once or never.
_TIMEOUT = 10.0


def read(query: Query) -> list[types.ProbeRow]:
    """Return the sockets that are wanted.

    Args:
        query: Which ones; the kernel sorts out states and port.

    Returns:
        The rows, transport by transport.

    Raises:
        OSError: There is no such way here, or the kernel refused.
        UnexpectedOutputError: The answer is none that is known.
    """
    rows: list[types.ProbeRow] = []
    with socket.socket(_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as link:
        link.settimeout(_TIMEOUT)
        link.bind((0, 0))
        for transport in query.transports:
            # Received whole before it is parsed: the shorter the dump, the
            # less changes meanwhile.
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
