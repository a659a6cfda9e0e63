"""The rules that every system has: what its calls return, apart from conflicts.

The rules about two sockets are in the systems' modules. Each system supplies the places where its
source or its documentation states the errors of calls in a wrong state.
"""

from __future__ import annotations

from portranges import types
from portranges.reuse.rulebook import common_rows

_NO_BIND = "no port of the range is free for bind() or listen()"
_NO_CONNECT = "no port of the range is free for connect()"
_V6ONLY = "an IPv6-only socket cannot connect to an IPv4 address"
_FAMILY = "the socket's address and the peer's address have different IP versions"

# The last value is the key of the source: the choice of a port, 4-tuples, a call on a socket in a
# wrong state, or a source of the rule's own. An error of "" means that most systems lack the rule.
CALLS: types.CommonRows = {
    "bind-exhausted": ("EADDRNOTAVAIL", _NO_BIND, "picking"),
    "connect-exhausted": ("EADDRNOTAVAIL", _NO_CONNECT, "picking"),
    "bind-exhausted-v6": ("", f"IPv6: {_NO_BIND}", "picking"),
    "connect-exhausted-v6": ("", f"IPv6: {_NO_CONNECT}", "picking"),
    "has-port": ("EINVAL", "the socket already has a port", "bind"),
    "dropped": (
        "EINVAL",
        "the system dropped the socket when its connection was refused; close it",
        "bind",
    ),
    "dropped-connect": (
        "",
        "the system dropped the socket when its connection was refused, and refuses it again",
        "connect",
    ),
    "dropped-option": (
        "",
        "the system dropped the socket when its connection was refused; no option can be set",
        "options",
    ),
    "tuple": ("EADDRINUSE", "a connection with this 4-tuple exists", "tuples"),
    "tuple-udp": ("", "UDP: a connection with this 4-tuple exists", "tuples"),
    "v6only-connect": ("EINVAL", _V6ONLY, "connect"),
    "v6only-connect-udp": ("", f"UDP: {_V6ONLY}", "connect"),
    "wrong-family": ("EINVAL", _FAMILY, "connect"),
    "wrong-family-udp": ("", f"UDP: {_FAMILY}", "connect"),
    "chosen": (None, "the system chose a free port", "picking"),
    "not-local": ("EADDRNOTAVAIL", "the address is not an address of this machine", "picking"),
    "mapped-v6only": (
        "EADDRNOTAVAIL",
        "an IPv6-only socket cannot have an IPv4-mapped address",
        "mapped-v6only",
    ),
    "connected": (None, "no connection has this 4-tuple", "tuples"),
    "connection-refused": ("ECONNREFUSED", "the peer refused the connection", "refusal"),
    "peer-port": ("EADDRNOTAVAIL", "a socket cannot connect to port 0", "picking"),
    "is-connected": ("EISCONN", "the socket is already connected", "connect"),
    "is-listening": ("EOPNOTSUPP", "a listening socket cannot connect", "connect"),
    "is-listening-v6": ("", "a listening IPv6 socket cannot connect", "connect"),
    "listening": (None, "listen() does not compare other sockets", "picking"),
    "not-closed": ("EINVAL", "a connected socket cannot listen", "listen"),
    "no-stream": ("EOPNOTSUPP", "only a stream socket can listen and accept", "listen"),
    "no-stream-accept": (
        "",
        "only a stream socket can listen, so this one is not listening and cannot accept",
        "accept",
    ),
    "not-listening": ("EINVAL", "the socket is not listening", "accept"),
    "no-connection": (
        "EAGAIN",
        "there is nothing to accept: another socket has this 4-tuple",
        "accept",
    ),
    "accepted": (
        None,
        "an accepted socket inherits its listener's port, options and owner without a check",
        "accept",
    ),
    "option": (None, "the option is set and applies from the next check on", "options"),
    "v6only-late": (
        "EINVAL",
        "IPV6_V6ONLY cannot change once the socket has a port, or if the system fixes it",
        "v6only",
    ),
    "no-option": ("ENOPROTOOPT", "the system does not have this socket option", "options"),
}


def call_rows(
    sources: types.Mapping[str, types.RuleSource],
    *,
    errors: types.Mapping[str, str] | None = None,
    sentences: types.Mapping[str, str] | None = None,
    without: types.Collection[str] = (),
) -> types.RuleRows:
    """Return the rules that every system has, with the sources, errors and words of this one.

    *sources* must have every key but ``"tuples"``; 4-tuples were usually read in the same place as
    the choice of a port.
    """
    groups = {"tuples": sources["picking"], **sources}
    return common_rows(
        CALLS, groups, errors=errors or {}, sentences=sentences or {}, without=without
    )
