"""The rules that every system has: what its calls return, apart from conflicts.

The rules about two sockets are in the systems' modules. Errors of calls in a wrong state come
from POSIX and the Winsock documentation, from memory; their rules have that confidence.
"""

from __future__ import annotations

from portranges import types
from portranges.reuse.rulebook import common_rows
from portranges.source import Confidence, cite

_POSIX = cite("POSIX.1-2017", "bind, connect, listen, accept, setsockopt: errors")

_NO_BIND = "no port of the range is free for bind() or listen()"
_NO_CONNECT = "no port of the range is free for connect()"
_V6ONLY = "an IPv6-only socket cannot connect to an IPv4 address"
_FAMILY = "the socket's address and the peer's address have different IP versions"

# The last value is the key of the source: the choice of a port, 4-tuples, calls in a wrong state,
# or a source of the rule's own. An error of "" means that most systems lack the rule.
CALLS: types.CommonRows = {
    "bind-exhausted": ("EADDRNOTAVAIL", _NO_BIND, "picking"),
    "connect-exhausted": ("EADDRNOTAVAIL", _NO_CONNECT, "picking"),
    "bind-exhausted-v6": ("", f"IPv6: {_NO_BIND}", "picking"),
    "connect-exhausted-v6": ("", f"IPv6: {_NO_CONNECT}", "picking"),
    "has-port": ("EINVAL", "the socket already has a port", "states"),
    "dropped": (
        "EINVAL",
        "the system dropped the socket when its connection was refused; close it",
        "states",
    ),
    "tuple": ("EADDRINUSE", "a connection with this 4-tuple exists", "tuples"),
    "tuple-udp": ("", "UDP: a connection with this 4-tuple exists", "tuples"),
    "v6only-connect": ("EINVAL", _V6ONLY, "states"),
    "v6only-connect-udp": ("", f"UDP: {_V6ONLY}", "states"),
    "wrong-family": ("EINVAL", _FAMILY, "states"),
    "wrong-family-udp": ("", f"UDP: {_FAMILY}", "states"),
    "chosen": (None, "the system chose a free port", "picking"),
    "not-local": ("EADDRNOTAVAIL", "the address is not an address of this machine", "picking"),
    "mapped-v6only": (
        "EADDRNOTAVAIL",
        "an IPv6-only socket cannot have an IPv4-mapped address",
        "mapped-v6only",
    ),
    "connected": (None, "no connection has this 4-tuple", "tuples"),
    "connection-refused": ("ECONNREFUSED", "the peer refused the connection", "states"),
    "peer-port": ("EADDRNOTAVAIL", "a socket cannot connect to port 0", "picking"),
    "is-connected": ("EISCONN", "the socket is already connected", "states"),
    "is-listening": ("EOPNOTSUPP", "a listening socket cannot connect", "states"),
    "listening": (None, "listen() does not compare other sockets", "picking"),
    "not-closed": ("EINVAL", "a connected socket cannot listen", "states"),
    "no-stream": ("EOPNOTSUPP", "only a stream socket can listen and accept", "states"),
    "not-listening": ("EINVAL", "the socket is not listening", "states"),
    "no-connection": (
        "EAGAIN",
        "there is nothing to accept: another socket has this 4-tuple",
        "states",
    ),
    "accepted": (
        None,
        "an accepted socket takes its listener's port, options and owner without a check",
        "states",
    ),
    "option": (None, "the option is set and applies from the next check on", "states"),
    "v6only-late": (
        "EINVAL",
        "IPV6_V6ONLY cannot change once the socket has a port, or if the system fixes it",
        "states",
    ),
    "no-option": ("ENOPROTOOPT", "the system does not have this socket option", "states"),
}


def call_rows(
    sources: types.Mapping[str, types.RuleSource],
    *,
    errors: types.Mapping[str, str] | None = None,
    sentences: types.Mapping[str, str] | None = None,
    without: types.Collection[str] = (),
) -> types.RuleRows:
    """Return the rules that every system has, with the sources, errors and words of this one.

    *sources* must have ``"picking"`` and ``"mapped-v6only"``; 4-tuples were usually read in
    the same place as the choice of a port.
    """
    groups = {"states": (_POSIX, Confidence.MEMORY), "tuples": sources["picking"], **sources}
    return common_rows(
        CALLS, groups, errors=errors or {}, sentences=sentences or {}, without=without
    )
