"""The rules of Linux: verdict, error, sentence and source of each.

``pairs``, ``sock``, ``tcp`` and ``udp`` evaluate them.
"""

from __future__ import annotations

from portranges import types
from portranges.reuse.rulebook import RuleTable
from portranges.source import Confidence, cite

_LINUX = "Linux 6.18"
_BIND = cite(_LINUX, "net/ipv4/inet_connection_sock.c, inet_bind_conflict")
_SHARE = cite(
    _LINUX,
    "net/ipv4/inet_connection_sock.c, inet_bind_conflict; net/ipv4/udp.c, udp_lib_lport_inuse",
)
_OVERLAP = cite(_LINUX, "net/ipv4/inet_connection_sock.c, inet_rcv_saddr_equal")
_FAST = cite(_LINUX, "net/ipv4/inet_connection_sock.c, sk_reuseport_match, inet_csk_get_port")
_OPEN = cite(_LINUX, "net/ipv4/inet_connection_sock.c, inet_csk_find_open_port")
_UDP = cite(_LINUX, "net/ipv4/udp.c, udp_lib_lport_inuse, udp_lib_lport_inuse2")
_CONNECT = cite(_LINUX, "net/ipv4/inet_hashtables.c, __inet_hash_connect")
_TUPLE = cite(_LINUX, "net/ipv4/inet_hashtables.c, __inet_check_established")
_UNIQUE = cite(_LINUX, "net/ipv4/tcp_ipv4.c, tcp_twsk_unique")
_BIND4 = cite(_LINUX, "net/ipv4/af_inet.c, __inet_bind")
_BIND6 = cite(_LINUX, "net/ipv6/af_inet6.c, __inet6_bind")
_BOTH = cite(_LINUX, "net/ipv4/af_inet.c, __inet_bind; net/ipv6/af_inet6.c, __inet6_bind")
_STREAM = cite(_LINUX, "net/ipv4/af_inet.c, __inet_stream_connect, __inet_listen_sk")
_ACCEPT = cite(_LINUX, "net/ipv4/inet_connection_sock.c, inet_csk_accept")
_OPTION6 = cite(_LINUX, "net/ipv6/ipv6_sockglue.c, IPV6_V6ONLY")
_CONNECT6 = cite(
    _LINUX, "net/ipv6/tcp_ipv6.c, tcp_v6_connect; net/ipv6/datagram.c, __ip6_datagram_connect"
)
_CONNECT4 = cite(
    _LINUX, "net/ipv4/tcp_ipv4.c, tcp_v4_connect; net/ipv4/datagram.c, ip4_datagram_connect"
)
_ROUTE6 = cite(_LINUX, "net/ipv6/ip6_output.c, ip6_dst_lookup_tail")

_ROWS: types.RuleRows = {
    # Allowed.
    "free": (None, "no socket conflicts", _OVERLAP),
    "reuse-address": (
        None,
        "both sockets have SO_REUSEADDR and the holder is not listening",
        _SHARE,
    ),
    "reuse-port": (
        None,
        "both sockets have SO_REUSEPORT and the same owner, or the holder lingers",
        _SHARE,
    ),
    "fast-path": (
        None,
        "the port remembers a SO_REUSEPORT socket of the same owner whose address covers this one, "
        "so the other sockets are not compared",
        _FAST,
    ),
    "udp-first-partner": (
        None,
        "the first overlapping socket has SO_REUSEPORT and the same owner, so the sockets after it "
        "are not compared",
        _UDP,
    ),
    "chosen": (None, "the system chose a free port", _OPEN),
    "deferred": (None, "IP_BIND_ADDRESS_NO_PORT defers the choice of a port to connect()", _BIND4),
    "listening": (None, "the socket is already listening", _STREAM),
    "connected": (None, "no connection has this 4-tuple", _TUPLE),
    "recycled": (
        None,
        "the new connection replaces one in TIME_WAIT with the same 4-tuple",
        _UNIQUE,
    ),
    "udp-connected": (None, "UDP connections need not be unique", _UDP),
    "disconnected": (
        None,
        "the connection is reset, and the socket keeps a port and an address that bind() named",
        cite(_LINUX, "net/ipv4/tcp.c, tcp_disconnect; net/ipv4/udp.c, __udp_disconnect"),
    ),
    "accepted": (None, "an accepted socket inherits its listener's port without a check", _ACCEPT),
    "option": (None, "the option is set and applies from the next check on", _BIND),
    # Refused by another socket.
    "no-sharing": ("EADDRINUSE", "the sockets have no reuse option in common", _SHARE),
    "listener": ("EADDRINUSE", "SO_REUSEADDR does not share a port with a listening socket", _BIND),
    "one-sided": ("EADDRINUSE", "a reuse option counts only if both sockets have it", _SHARE),
    "uid": (
        "EADDRINUSE",
        "SO_REUSEPORT shares a port only between sockets of the same owner, even for root",
        _SHARE,
    ),
    "tuple": ("EADDRNOTAVAIL", "a connection with this 4-tuple exists", _TUPLE),
    "tuple-time-wait": (
        "EADDRNOTAVAIL",
        "a connection with this 4-tuple lingers and cannot be replaced, because it had no TCP "
        "timestamps",
        _UNIQUE,
    ),
    # Refused because no port is free.
    "bind-exhausted": ("EADDRINUSE", "no port of the range is free for bind() or listen()", _OPEN),
    "connect-exhausted": (
        "EADDRNOTAVAIL",
        "no port of the range is free for a connection to this destination",
        _CONNECT,
    ),
    "udp-connect-exhausted": ("EAGAIN", "no port of the range is free for connect()", _UDP),
    # Refused before other sockets are compared.
    "privileged": (
        "EACCES",
        "a port below ip_unprivileged_port_start requires CAP_NET_BIND_SERVICE",
        _BOTH,
    ),
    "not-local": ("EADDRNOTAVAIL", "the address is not an address of this machine", _BOTH),
    "multicast": ("EINVAL", "a TCP socket cannot be bound to an IPv6 multicast address", _BIND6),
    "mapped-v6only": ("EINVAL", "an IPv6-only socket cannot have an IPv4-mapped address", _BIND6),
    "link-local": (
        "EINVAL",
        "a link-local IPv6 address requires a socket that is bound to its interface",
        _BIND6,
    ),
    "has-port": ("EINVAL", "the socket already has a port", _BOTH),
    "not-closed": ("EINVAL", "the socket is already in use", _STREAM),
    "v6only-late": ("EINVAL", "IPV6_V6ONLY cannot change once the socket has a port", _OPTION6),
    "v6only-connect": (
        "ENETUNREACH",
        "an IPv6-only socket cannot connect to an IPv4 address",
        _CONNECT6,
    ),
    "connect-no-host": (
        "ENETUNREACH",
        "a TCP socket cannot connect to a multicast or broadcast address",
        cite(_LINUX, "net/ipv4/tcp_ipv4.c, tcp_v4_connect; net/ipv6/tcp_ipv6.c, tcp_v6_connect"),
    ),
    "connect-broadcast": (
        "EACCES",
        "a UDP socket needs SO_BROADCAST to connect to a broadcast address",
        _CONNECT4,
    ),
    "connect-link-local": (
        "EINVAL",
        "a link-local IPv6 address requires a socket that is bound to its interface, or a zone",
        _CONNECT6,
    ),
    "mapped-to-v6": (
        "EAFNOSUPPORT",
        "a socket at an IPv4-mapped address cannot connect to an IPv6 address",
        _ROUTE6,
    ),
    "is-connected": ("EISCONN", "the socket is already in use", _STREAM),
    "connection-refused": ("ECONNREFUSED", "the peer refused the connection", _STREAM),
    "not-listening": ("EINVAL", "the socket is not listening", _ACCEPT),
    "no-connection": (
        "EAGAIN",
        "there is nothing to accept: another socket has this 4-tuple",
        _ACCEPT,
        Confidence.SOURCE,
    ),
    "no-option": (
        "ENOPROTOOPT",
        "the system does not have this socket option",
        cite(_LINUX, "net/core/sock.c, sk_setsockopt"),
    ),
    "no-stream": ("EOPNOTSUPP", "only a stream socket can listen and accept", _STREAM),
}

RULES = RuleTable("linux", _ROWS, confidence=Confidence.MEASURED)
