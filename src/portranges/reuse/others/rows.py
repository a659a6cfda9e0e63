"""The rules that every system has: what its calls return, apart from conflicts.

The rules about two sockets are in the systems' modules. Errors of calls in a wrong state come
from POSIX and the Winsock documentation, from memory; their rules have that confidence.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges.reuse.model import Rule, Verdict
from portranges.source import Confidence, Source, cite

__all__ = ["CallRules", "RuleBook", "call_rules"]

_POSIX = cite("POSIX.1-2017", "bind, connect, listen, accept, setsockopt: errors")


class RuleBook:
    """The rules of one system, in the order in which they are added.

    ``prefix`` is put before every error: ``"WSA"`` on Windows.
    """

    def __init__(self, system: str, *, prefix: str = "") -> None:
        """Create an empty book for *system*."""
        self.system = system
        self.prefix = prefix
        self.rows: list[Rule] = []

    def allowed(
        self,
        name: str,
        sentence: str,
        source: Source,
        confidence: Confidence = Confidence.SOURCE,
    ) -> Rule:
        """Add a rule that allows."""
        rule = Rule(
            id=f"{self.system}-{name}",
            verdict=Verdict.ALLOWED,
            error=None,
            sentence=sentence,
            source=source,
            confidence=confidence,
        )
        self.rows.append(rule)
        return rule

    def refused(
        self,
        name: str,
        error: str,
        sentence: str,
        source: Source,
        confidence: Confidence = Confidence.SOURCE,
    ) -> Rule:
        """Add a rule that refuses; *error* comes without the prefix."""
        rule = Rule(
            id=f"{self.system}-{name}",
            verdict=Verdict.REFUSED,
            error=self.prefix + error,
            sentence=sentence,
            source=source,
            confidence=confidence,
        )
        self.rows.append(rule)
        return rule


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRules:
    """The answers of a system's calls that do not depend on another socket."""

    chosen: Rule
    has_port: Rule
    not_local: Rule
    mapped_v6only: Rule
    bind_exhausted: Rule
    connect_exhausted: Rule
    bind_exhausted_v6: Rule
    connect_exhausted_v6: Rule
    tuple: Rule
    tuple_udp: Rule
    connected: Rule
    connection_refused: Rule
    peer_port: Rule
    is_connected: Rule
    is_listening: Rule
    v6only_connect: Rule
    v6only_connect_udp: Rule
    wrong_family: Rule
    wrong_family_udp: Rule
    dropped: Rule
    listening: Rule
    not_closed: Rule
    no_stream: Rule
    not_listening: Rule
    no_connection: Rule
    accepted: Rule
    option: Rule
    v6only_late: Rule
    no_option: Rule


def call_rules(
    book: RuleBook,
    *,
    source: Source,
    mapped_v6only: tuple[str, Source, Confidence],
    exhausted: str,
    exhausted_v6: str | None = None,
    tuple_error: str = "EADDRINUSE",
    tuple_error_udp: str | None = None,
    tuple_source: Source | None = None,
    picking: Confidence = Confidence.SOURCE,
    tuples: Confidence = Confidence.SOURCE,
    v6only_connect: str = "EINVAL",
    wrong_family: str = "EINVAL",
    families: tuple[Source, str] | None = None,
    is_listening: str = "EOPNOTSUPP",
    listening_connected: str = "EINVAL",
    no_connection: str = "EAGAIN",
    states: Source = _POSIX,
    listens: Confidence = Confidence.SOURCE,
    connect_exhausted: tuple[str, Source, Confidence] | None = None,
    peer_port: tuple[Source, Confidence] | None = None,
    drops: bool = True,
    option: str = "the option is set and applies from the next check on",
    accepted: str = "an accepted socket takes its listener's port, options and owner without a "
    "check",
) -> CallRules:
    """Add the rules that every system has to *book*, with the errors of this one.

    *source* is where the choice of a port was read, and the handling of 4-tuples unless
    *tuple_source* is given; *states* is the source of the errors of calls in a wrong state.
    *families* is the source of *v6only_connect* and *wrong_family*, if they were read for TCP,
    with the error of UDP. *connect_exhausted* explains the error of connect(), and
    *peer_port* is the source for refusing port 0, if these are not in *source*.
    Without *drops* a refused connection leaves the socket usable, and no rule is added for a
    dropped socket.
    """
    memory = Confidence.MEMORY
    error, mapped_source, mapped_confidence = mapped_v6only
    no_port_bind = "no port of the range is free for bind() or listen()"
    no_port_connect = "no port of the range is free for connect()"
    failing = connect_exhausted or (no_port_connect, source, picking)
    bind_exhausted = book.refused("bind-exhausted", exhausted, no_port_bind, source, picking)
    connect_exhausted_rule = book.refused("connect-exhausted", exhausted, *failing)
    bind_exhausted_v6, connect_exhausted_v6 = bind_exhausted, connect_exhausted_rule
    if exhausted_v6 is not None:
        bind_exhausted_v6 = book.refused(
            "bind-exhausted-v6", exhausted_v6, f"IPv6: {no_port_bind}", source, picking
        )
        connect_exhausted_v6 = book.refused(
            "connect-exhausted-v6", exhausted_v6, f"IPv6: {no_port_connect}", source, picking
        )
    has_port = book.refused("has-port", "EINVAL", "the socket already has a port", states, memory)
    dropped = has_port
    if drops:
        dropped = book.refused(
            "dropped",
            "EINVAL",
            "the system dropped the socket when its connection was refused; close it",
            states,
            memory,
        )
    seen = source if tuple_source is None else tuple_source
    tuple_rule = book.refused(
        "tuple", tuple_error, "a connection with this 4-tuple exists", seen, tuples
    )
    tuple_udp = tuple_rule
    if tuple_error_udp is not None:
        tuple_udp = book.refused(
            "tuple-udp", tuple_error_udp, "UDP: a connection with this 4-tuple exists", seen, tuples
        )
    v6only_text = "an IPv6-only socket cannot connect to an IPv4 address"
    family_text = "the socket's address and the peer's address have different IP versions"
    if families is None:
        v6only_rules = [book.refused("v6only-connect", v6only_connect, v6only_text, states, memory)]
        family_rules = [book.refused("wrong-family", wrong_family, family_text, states, memory)]
    else:
        read, udp = families
        v6only_rules = [
            book.refused("v6only-connect", v6only_connect, v6only_text, read),
            book.refused("v6only-connect-udp", udp, f"UDP: {v6only_text}", states, memory),
        ]
        family_rules = [
            book.refused("wrong-family", wrong_family, family_text, read),
            book.refused("wrong-family-udp", udp, f"UDP: {family_text}", read),
        ]
    return CallRules(
        has_port=has_port,
        dropped=dropped,
        bind_exhausted=bind_exhausted,
        connect_exhausted=connect_exhausted_rule,
        bind_exhausted_v6=bind_exhausted_v6,
        connect_exhausted_v6=connect_exhausted_v6,
        chosen=book.allowed("chosen", "the system chose a free port", source, picking),
        not_local=book.refused(
            "not-local",
            "EADDRNOTAVAIL",
            "the address is not an address of this machine",
            source,
            picking,
        ),
        mapped_v6only=book.refused(
            "mapped-v6only",
            error,
            "an IPv6-only socket cannot have an IPv4-mapped address",
            mapped_source,
            mapped_confidence,
        ),
        tuple=tuple_rule,
        tuple_udp=tuple_udp,
        connected=book.allowed("connected", "no connection has this 4-tuple", seen, tuples),
        connection_refused=book.refused(
            "connection-refused", "ECONNREFUSED", "the peer refused the connection", states, memory
        ),
        peer_port=book.refused(
            "peer-port",
            "EADDRNOTAVAIL",
            "a socket cannot connect to port 0",
            *(peer_port or (source, Confidence.SOURCE)),
        ),
        is_connected=book.refused(
            "is-connected", "EISCONN", "the socket is already connected", states, memory
        ),
        is_listening=book.refused(
            "is-listening", is_listening, "a listening socket cannot connect", states, memory
        ),
        v6only_connect=v6only_rules[0],
        v6only_connect_udp=v6only_rules[-1],
        wrong_family=family_rules[0],
        wrong_family_udp=family_rules[-1],
        listening=book.allowed(
            "listening", "listen() does not compare other sockets", source, listens
        ),
        not_closed=book.refused(
            "not-closed", listening_connected, "a connected socket cannot listen", states, memory
        ),
        no_stream=book.refused(
            "no-stream", "EOPNOTSUPP", "only a stream socket can listen and accept", states, memory
        ),
        not_listening=book.refused(
            "not-listening", "EINVAL", "the socket is not listening", states, memory
        ),
        no_connection=book.refused(
            "no-connection",
            no_connection,
            "there is nothing to accept: another socket has this 4-tuple",
            states,
            memory,
        ),
        accepted=book.allowed("accepted", accepted, states, memory),
        option=book.allowed("option", option, states, memory),
        v6only_late=book.refused(
            "v6only-late",
            "EINVAL",
            "IPV6_V6ONLY cannot change once the socket has a port, or if the system fixes it",
            states,
            memory,
        ),
        no_option=book.refused(
            "no-option",
            "ENOPROTOOPT",
            "the system does not have this socket option",
            states,
            memory,
        ),
    )
