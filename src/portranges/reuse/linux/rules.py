"""The rules of Linux: verdict, error, sentence and source of each.

``pairs``, ``tcp`` and ``udp`` evaluate them.
"""

from __future__ import annotations

from portranges.reuse.model import Rule, Verdict
from portranges.source import Confidence, Source, cite

__all__ = [
    "ACCEPTED",
    "BIND_EXHAUSTED",
    "CHOSEN",
    "CONNECTED",
    "CONNECTION_REFUSED",
    "CONNECT_BROADCAST",
    "CONNECT_EXHAUSTED",
    "CONNECT_LINK_LOCAL",
    "CONNECT_NO_HOST",
    "DEFERRED",
    "DISCONNECTED",
    "FAST_PATH",
    "FREE",
    "HAS_PORT",
    "IS_CONNECTED",
    "LINK_LOCAL",
    "LISTENER",
    "LISTENING",
    "MAPPED_TO_V6",
    "MAPPED_V6ONLY",
    "MULTICAST",
    "NOT_CLOSED",
    "NOT_LISTENING",
    "NOT_LOCAL",
    "NO_CONNECTION",
    "NO_OPTION",
    "NO_SHARING",
    "NO_STREAM",
    "ONE_SIDED",
    "OPTION",
    "PRIVILEGED",
    "RECYCLED",
    "RULES",
    "SHARED_ADDRESS",
    "SHARED_PORT",
    "TUPLE",
    "TUPLE_TIME_WAIT",
    "UDP_CONNECTED",
    "UDP_EXHAUSTED",
    "UDP_FIRST_PARTNER",
    "UID",
    "V6ONLY_CONNECT",
    "V6ONLY_LATE",
]

_BIND = cite("Linux 6.18", "net/ipv4/inet_connection_sock.c, inet_bind_conflict")
_SHARE = cite(
    "Linux 6.18",
    "net/ipv4/inet_connection_sock.c, inet_bind_conflict; net/ipv4/udp.c, udp_lib_lport_inuse",
)
_OVERLAP = cite("Linux 6.18", "net/ipv4/inet_connection_sock.c, inet_rcv_saddr_equal")
_FAST = cite("Linux 6.18", "net/ipv4/inet_connection_sock.c, sk_reuseport_match, inet_csk_get_port")
_OPEN = cite("Linux 6.18", "net/ipv4/inet_connection_sock.c, inet_csk_find_open_port")
_UDP = cite("Linux 6.18", "net/ipv4/udp.c, udp_lib_lport_inuse, udp_lib_lport_inuse2")
_CONNECT = cite("Linux 6.18", "net/ipv4/inet_hashtables.c, __inet_hash_connect")
_TUPLE = cite("Linux 6.18", "net/ipv4/inet_hashtables.c, __inet_check_established")
_UNIQUE = cite("Linux 6.18", "net/ipv4/tcp_ipv4.c, tcp_twsk_unique")
_BIND4 = cite("Linux 6.18", "net/ipv4/af_inet.c, __inet_bind")
_BIND6 = cite("Linux 6.18", "net/ipv6/af_inet6.c, __inet6_bind")
_BOTH = cite("Linux 6.18", "net/ipv4/af_inet.c, __inet_bind; net/ipv6/af_inet6.c, __inet6_bind")
_STREAM = cite("Linux 6.18", "net/ipv4/af_inet.c, __inet_stream_connect, __inet_listen_sk")
_ACCEPT = cite("Linux 6.18", "net/ipv4/inet_connection_sock.c, inet_csk_accept")
_OPTION6 = cite("Linux 6.18", "net/ipv6/ipv6_sockglue.c, IPV6_V6ONLY")
_CONNECT6 = cite(
    "Linux 6.18", "net/ipv6/tcp_ipv6.c, tcp_v6_connect; net/ipv6/datagram.c, __ip6_datagram_connect"
)
_CONNECT4 = cite(
    "Linux 6.18", "net/ipv4/tcp_ipv4.c, tcp_v4_connect; net/ipv4/datagram.c, ip4_datagram_connect"
)
_ROUTE6 = cite("Linux 6.18", "net/ipv6/ip6_output.c, ip6_dst_lookup_tail")


def _allowed(name: str, sentence: str, source: Source) -> Rule:
    return Rule(
        id=f"linux-{name}",
        verdict=Verdict.ALLOWED,
        error=None,
        sentence=sentence,
        source=source,
        confidence=Confidence.MEASURED,
    )


def _refused(
    name: str,
    error: str,
    sentence: str,
    source: Source,
    confidence: Confidence = Confidence.MEASURED,
) -> Rule:
    return Rule(
        id=f"linux-{name}",
        verdict=Verdict.REFUSED,
        error=error,
        sentence=sentence,
        source=source,
        confidence=confidence,
    )


# Allowed.
FREE = _allowed("free", "no socket conflicts", _OVERLAP)
SHARED_ADDRESS = _allowed(
    "reuse-address", "both sockets have SO_REUSEADDR and the holder is not listening", _SHARE
)
SHARED_PORT = _allowed(
    "reuse-port",
    "both sockets have SO_REUSEPORT and the same owner, or the holder lingers",
    _SHARE,
)
FAST_PATH = _allowed(
    "fast-path",
    "the port remembers a SO_REUSEPORT socket of the same owner whose address covers this one, "
    "so the other sockets are not compared",
    _FAST,
)
UDP_FIRST_PARTNER = _allowed(
    "udp-first-partner",
    "the first overlapping socket has SO_REUSEPORT and the same owner, so the sockets after it "
    "are not compared",
    _UDP,
)
CHOSEN = _allowed("chosen", "the system chose a free port", _OPEN)
DEFERRED = _allowed(
    "deferred", "IP_BIND_ADDRESS_NO_PORT defers the choice of a port to connect()", _BIND4
)
LISTENING = _allowed("listening", "the socket is already listening", _STREAM)
CONNECTED = _allowed("connected", "no connection has this 4-tuple", _TUPLE)
RECYCLED = _allowed(
    "recycled", "the new connection replaces one in TIME_WAIT with the same 4-tuple", _UNIQUE
)
UDP_CONNECTED = _allowed("udp-connected", "UDP connections need not be unique", _UDP)
DISCONNECTED = _allowed(
    "disconnected",
    "the connection is reset, and the socket keeps a port and an address that bind() named",
    cite("Linux 6.18", "net/ipv4/tcp.c, tcp_disconnect; net/ipv4/udp.c, __udp_disconnect"),
)
ACCEPTED = _allowed(
    "accepted", "an accepted socket takes its listener's port without a check", _ACCEPT
)
OPTION = _allowed("option", "the option is set and applies from the next check on", _BIND)

# Refused by another socket.
NO_SHARING = _refused(
    "no-sharing", "EADDRINUSE", "the sockets have no reuse option in common", _SHARE
)
LISTENER = _refused(
    "listener", "EADDRINUSE", "SO_REUSEADDR does not share a port with a listening socket", _BIND
)
ONE_SIDED = _refused(
    "one-sided", "EADDRINUSE", "a reuse option counts only if both sockets have it", _SHARE
)
UID = _refused(
    "uid",
    "EADDRINUSE",
    "SO_REUSEPORT shares a port only between sockets of the same owner, even for root",
    _SHARE,
)
TUPLE = _refused("tuple", "EADDRNOTAVAIL", "a connection with this 4-tuple exists", _TUPLE)
TUPLE_TIME_WAIT = _refused(
    "tuple-time-wait",
    "EADDRNOTAVAIL",
    "a connection with this 4-tuple lingers and cannot be replaced, because it had no TCP "
    "timestamps",
    _UNIQUE,
)

# Refused because no port is free.
BIND_EXHAUSTED = _refused(
    "bind-exhausted", "EADDRINUSE", "no port of the range is free for bind() or listen()", _OPEN
)
CONNECT_EXHAUSTED = _refused(
    "connect-exhausted",
    "EADDRNOTAVAIL",
    "no port of the range is free for a connection to this destination",
    _CONNECT,
)
UDP_EXHAUSTED = _refused(
    "udp-connect-exhausted", "EAGAIN", "no port of the range is free for connect()", _UDP
)

# Refused before other sockets are compared.
PRIVILEGED = _refused(
    "privileged",
    "EACCES",
    "a port below ip_unprivileged_port_start requires CAP_NET_BIND_SERVICE",
    _BOTH,
)
NOT_LOCAL = _refused(
    "not-local", "EADDRNOTAVAIL", "the address is not an address of this machine", _BOTH
)
MAPPED_V6ONLY = _refused(
    "mapped-v6only", "EINVAL", "an IPv6-only socket cannot have an IPv4-mapped address", _BIND6
)
MULTICAST = _refused(
    "multicast", "EINVAL", "a TCP socket cannot be bound to an IPv6 multicast address", _BIND6
)
LINK_LOCAL = _refused(
    "link-local",
    "EINVAL",
    "a link-local IPv6 address requires a socket that is bound to its interface",
    _BIND6,
)
HAS_PORT = _refused("has-port", "EINVAL", "the socket already has a port", _BOTH)
NOT_CLOSED = _refused("not-closed", "EINVAL", "the socket is already in use", _STREAM)
V6ONLY_LATE = _refused(
    "v6only-late", "EINVAL", "IPV6_V6ONLY cannot change once the socket has a port", _OPTION6
)
V6ONLY_CONNECT = _refused(
    "v6only-connect",
    "ENETUNREACH",
    "an IPv6-only socket cannot connect to an IPv4 address",
    _CONNECT6,
)
CONNECT_NO_HOST = _refused(
    "connect-no-host",
    "ENETUNREACH",
    "a TCP socket cannot connect to a multicast or broadcast address",
    cite("Linux 6.18", "net/ipv4/tcp_ipv4.c, tcp_v4_connect; net/ipv6/tcp_ipv6.c, tcp_v6_connect"),
)
CONNECT_BROADCAST = _refused(
    "connect-broadcast",
    "EACCES",
    "a UDP socket needs SO_BROADCAST to connect to a broadcast address",
    _CONNECT4,
)
CONNECT_LINK_LOCAL = _refused(
    "connect-link-local",
    "EINVAL",
    "a link-local IPv6 address requires a socket that is bound to its interface, or a zone",
    _CONNECT6,
)
MAPPED_TO_V6 = _refused(
    "mapped-to-v6",
    "EAFNOSUPPORT",
    "a socket at an IPv4-mapped address cannot connect to an IPv6 address",
    _ROUTE6,
)
IS_CONNECTED = _refused("is-connected", "EISCONN", "the socket is already in use", _STREAM)
CONNECTION_REFUSED = _refused(
    "connection-refused", "ECONNREFUSED", "the peer refused the connection", _STREAM
)
NOT_LISTENING = _refused("not-listening", "EINVAL", "the socket is not listening", _ACCEPT)
NO_CONNECTION = _refused(
    "no-connection",
    "EAGAIN",
    "there is nothing to accept: another socket has this 4-tuple",
    _ACCEPT,
    Confidence.SOURCE,
)
NO_OPTION = _refused(
    "no-option",
    "ENOPROTOOPT",
    "the system does not have this socket option",
    cite("Linux 6.18", "net/core/sock.c, sk_setsockopt"),
)
NO_STREAM = _refused(
    "no-stream", "EOPNOTSUPP", "only a stream socket can listen and accept", _STREAM
)

RULES: tuple[Rule, ...] = (
    FREE,
    SHARED_ADDRESS,
    SHARED_PORT,
    FAST_PATH,
    UDP_FIRST_PARTNER,
    CHOSEN,
    DEFERRED,
    LISTENING,
    CONNECTED,
    RECYCLED,
    UDP_CONNECTED,
    DISCONNECTED,
    ACCEPTED,
    OPTION,
    NO_SHARING,
    LISTENER,
    ONE_SIDED,
    UID,
    TUPLE,
    TUPLE_TIME_WAIT,
    BIND_EXHAUSTED,
    CONNECT_EXHAUSTED,
    UDP_EXHAUSTED,
    PRIVILEGED,
    NOT_LOCAL,
    MULTICAST,
    MAPPED_V6ONLY,
    LINK_LOCAL,
    HAS_PORT,
    NOT_CLOSED,
    V6ONLY_LATE,
    V6ONLY_CONNECT,
    CONNECT_NO_HOST,
    CONNECT_BROADCAST,
    CONNECT_LINK_LOCAL,
    MAPPED_TO_V6,
    IS_CONNECTED,
    CONNECTION_REFUSED,
    NOT_LISTENING,
    NO_CONNECTION,
    NO_OPTION,
    NO_STREAM,
)
