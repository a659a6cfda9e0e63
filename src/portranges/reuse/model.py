"""Sockets, their states, rules and decisions, and the checks of their values.

Nothing here depends on a system: the rules of each are in its own module.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from portranges import checks, types
from portranges.errors import InvalidSocketError, elide
from portranges.ports import Transport, check_port
from portranges.records import always_checked, shown_by_fields
from portranges.source import Confidence, Source


class State(StrEnum):
    """The state of a socket, as far as its port is concerned.

    Example:
        >>> State("time-wait")
        <State.TIME_WAIT: 'time-wait'>
    """

    UNBOUND = "unbound"
    BOUND = "bound"
    LISTENING = "listening"
    CONNECTED = "connected"
    FIN_WAIT_2 = "fin-wait-2"
    TIME_WAIT = "time-wait"

    @property
    def lingers(self) -> bool:
        """Whether the program has closed the socket while the port is still held.

        Returns:
            True for TIME_WAIT, and for FIN_WAIT2, which here always belongs to a closed socket.

        Example:
            >>> State.TIME_WAIT.lingers, State.LISTENING.lingers
            (True, False)
        """
        return self is State.TIME_WAIT or self is State.FIN_WAIT_2


class Close(StrEnum):
    """How a connection ends, as seen from the socket that is closed.

    ``FIRST``: this side closes first and then the peer, so the connection stays in TIME_WAIT on
    this side. ``SECOND``: the peer closed first, so the TIME_WAIT is on its side. ``RESET``: a
    reset ends the connection (SO_LINGER 0), and nothing lingers. ``UNANSWERED``: this side closes
    and the peer does not, so the connection stays in FIN_WAIT2 on this side. Without a connection
    all four are equivalent.

    Example:
        >>> Close("reset")
        <Close.RESET: 'reset'>
    """

    FIRST = "first"
    SECOND = "second"
    RESET = "reset"
    UNANSWERED = "unanswered"


class Verdict(StrEnum):
    """Whether the system allows the call.

    Example:
        >>> Verdict.REFUSED.value
        'refused'
    """

    ALLOWED = "allowed"
    REFUSED = "refused"


@shown_by_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of one system, with its source.

    Attributes:
        id: The rule's name, starting with the system: ``"linux-listener"``.
        verdict: What the rule decides.
        error: The error that the system returns, or None.
        sentence: The rule in plain words, without a final period.
        source: Where the rule comes from.
        confidence: How the rule is known.

    Example:
        >>> from portranges import reuse
        >>> print(reuse.rule("linux-uid").error)
        EADDRINUSE
    """

    id: str
    verdict: Verdict
    error: str | None
    sentence: str
    source: Source
    confidence: Confidence


@always_checked
@dataclass(frozen=True, slots=True)
class Handle:
    """A socket of a ``PortTable``, as an opaque value that is never reused.

    Example:
        >>> Handle(3)
        Handle(number=3)
    """

    number: int

    def __post_init__(self) -> None:
        """Check the number."""
        checks.of_type("number", self.number, int)


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Socket:
    """A socket, as far as its port is concerned.

    Attributes:
        transport: ``Transport.TCP`` or ``Transport.UDP``.
        address: The local address; ``0.0.0.0`` and ``::`` are the wildcards. An IPv6
            address, ``::ffff:192.0.2.1`` included, means an AF_INET6 socket.
        port: The local port; 0 if the socket has none, or requests any free port.
        v6only: IPV6_V6ONLY; None for the system's default.
        reuse_address: SO_REUSEADDR.
        reuse_port: SO_REUSEPORT; on illumos its value at bind(), which is the one that
            matters for a socket that holds a port.
        load_balance: SO_REUSEPORT_LB (FreeBSD).
        exclusive: SO_EXCLUSIVEADDRUSE (Windows), SO_EXCLBIND (illumos).
        uid: The user who owns the socket.
        privileged: Whether it may use a privileged port; None means yes if ``uid`` is 0.
        device: The interface that the socket is bound to, or None.
        state: Its state.

    Raises:
        InvalidSocketError: Such a socket cannot exist; the message gives the reason.
        UnknownNameError: The state is unknown.
        InvalidPortError: The port is outside 0..65535.
        TypeError: A value has the wrong type.

    Example:
        >>> web = Socket(transport="tcp", address="0.0.0.0", port=80, state="listening")
        >>> print(web)
        tcp 0.0.0.0:80 listening
    """

    transport: Transport
    address: IPv4Address | IPv6Address
    port: int
    v6only: bool | None
    reuse_address: bool
    reuse_port: bool
    load_balance: bool
    exclusive: bool
    uid: int
    privileged: bool | None
    device: str | None
    state: State

    def __init__(
        self,
        *,
        transport: types.TcpOrUdpLike,
        address: types.AddressLike,
        port: types.SupportsIndex,
        v6only: bool | None = None,
        reuse_address: bool = False,
        reuse_port: bool = False,
        load_balance: bool = False,
        exclusive: bool = False,
        uid: int = 0,
        privileged: bool | None = None,
        device: str | None = None,
        state: types.ReuseStateLike = State.BOUND,
    ) -> None:
        """Check the values and convert texts to what they name."""
        put = object.__setattr__
        put(self, "transport", checked_transport(transport))
        put(self, "address", checked_address(address))
        put(self, "port", check_port(port))
        put(self, "v6only", checks.of_type("v6only", v6only, bool, optional=True))
        put(self, "reuse_address", checks.flag("reuse_address", reuse_address))
        put(self, "reuse_port", checks.flag("reuse_port", reuse_port))
        put(self, "load_balance", checks.flag("load_balance", load_balance))
        put(self, "exclusive", checks.flag("exclusive", exclusive))
        put(self, "uid", checked_uid(uid))
        put(self, "privileged", checks.of_type("privileged", privileged, bool, optional=True))
        put(self, "device", checked_device(device))
        put(self, "state", checks.member("state", state, State))
        self._check_together()

    def __post_init__(self) -> None:
        """Check a socket that pydantic or msgspec built without the constructor."""
        Socket.__init__(self, **{name: getattr(self, name) for name in self.__slots__})

    def _check_together(self) -> None:
        if self.v6only and self.address.version == 4:
            raise InvalidSocketError(
                "v6only requires an IPv6 address", f"{self.address} with v6only"
            )
        if self.transport is not Transport.TCP and self.state not in _UDP_STATES:
            raise InvalidSocketError(
                f"a {self.transport} socket must be unbound, bound or connected",
                f"{self.state.value!r}",
            )

    @property
    def family(self) -> str:
        """The socket's address family.

        Returns:
            ``"inet"`` or ``"inet6"``; an IPv4-mapped address is ``"inet6"``.

        Example:
            >>> Socket(transport="udp", address="::ffff:127.0.0.1", port=53).family
            'inet6'
        """
        return "inet" if self.address.version == 4 else "inet6"

    def __str__(self) -> str:
        """Return the socket in one line: ``tcp 0.0.0.0:80 listening``."""
        host = shown_address(self.address)
        if self.address.version == 6:
            host = f"[{host}]"
        words = [f"{self.transport.value} {host}:{self.port}"]
        if self.state is not State.BOUND:
            words.append(self.state.value)
        if self.device is not None:
            words.append(f"on {self.device}")
        return " ".join(words)


@shown_by_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the system answers, and why.

    A decision has no truth value, because ``if can_bind(...)`` would hide the reason. Use
    ``.allowed``.

    Attributes:
        verdict: ALLOWED or REFUSED.
        error: The error that the system returns, as ``"EADDRINUSE"``; None if allowed.
        rule: The rule that decided.
        reason: One sentence that explains the answer, without a final period.
        blocker: The conflicting socket, if there is one.
        confidence: How the answer is known.
        handle: The socket that the call created (``PortTable.accept``).

    Example:
        >>> from portranges.reuse import Socket, can_bind
        >>> web = Socket(transport="tcp", address="0.0.0.0", port=80, state="listening")
        >>> new = Socket(transport="tcp", address="127.0.0.1", port=80)
        >>> decision = can_bind(new, [web])
        >>> decision.error, decision.rule.id, decision.blocker == web
        ('EADDRINUSE', 'linux-no-sharing', True)
    """

    verdict: Verdict
    error: str | None
    rule: Rule
    reason: str
    blocker: Socket | None = None
    confidence: Confidence
    handle: Handle | None = None

    @property
    def allowed(self) -> bool:
        """Whether the verdict is ALLOWED.

        Example:
            >>> from portranges.reuse import Socket, can_bind
            >>> can_bind(Socket(transport="tcp", address="::", port=80)).allowed
            True
        """
        return self.verdict is Verdict.ALLOWED

    @property
    def source(self) -> Source:
        """The source of the rule that decided.

        Example:
            >>> from portranges.reuse import Socket, can_bind
            >>> can_bind(Socket(transport="tcp", address="::", port=80)).source.document
            'Linux 6.18'
        """
        return self.rule.source

    def __bool__(self) -> types.NoReturn:
        """Raise TypeError: use ``.allowed``."""
        raise TypeError("a Decision has no truth value; use .allowed or .verdict")

    def __str__(self) -> str:
        """Return the verdict, the error and the reason as one line."""
        error = f" ({self.error})" if self.error else ""
        return f"{self.verdict.value}{error}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What ``PortTable.set_option`` sets, checked there; None leaves an option unchanged."""

    reuse_address: bool | None
    reuse_port: bool | None
    load_balance: bool | None
    exclusive: bool | None
    v6only: bool | None
    bind_address_no_port: bool | None
    local_port_range: tuple[int, int] | None
    uid: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedOption:
    """Why setsockopt() fails: the rule, an explanation, and the option."""

    rule: Rule
    message: str
    got: str


def check_option(refusal: RefusedOption | None, shown: object) -> None:
    """Raise if *refusal* is not None; *shown* describes the socket."""
    if refusal is not None:
        raise InvalidSocketError(refusal.message, f"{shown} with {refusal.got}")


def decide(
    rule: Rule,
    *,
    reason: str | None = None,
    blocker: Socket | None = None,
    confidence: Confidence | None = None,
    handle: Handle | None = None,
) -> Decision:
    """Return the decision of *rule*; the reason is the rule's sentence by default."""
    return Decision(
        verdict=rule.verdict,
        error=rule.error,
        rule=rule,
        reason=rule.sentence if reason is None else reason,
        blocker=blocker,
        confidence=rule.confidence if confidence is None else confidence,
        handle=handle,
    )


_UDP_STATES = frozenset({State.UNBOUND, State.BOUND, State.CONNECTED})
_BINDABLE = frozenset({State.UNBOUND, State.BOUND, State.LISTENING})
# Keyed by text; a member equals its text and is found too.
_TRANSPORTS: dict[str, Transport] = {"tcp": Transport.TCP, "udp": Transport.UDP}
# (uid_t)-1 means "no user" on Linux; no system has more than 32 bits.
_LAST_UID = 0xFFFFFFFE
_LONGEST_DEVICE = 31
_NOT_A_DEVICE = frozenset(" /")


def shown_address(address: IPv4Address | IPv6Address) -> str:
    """Return *address* as text, a mapped one as ``::ffff:192.0.2.1``.

    str() of a mapped address differs between Python versions before and from 3.13.
    """
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(address) if mapped is None else f"::ffff:{mapped}"


def checked_address(value: types.AddressLike) -> IPv4Address | IPv6Address:
    """Return *value* as an address of ``ipaddress``, or raise."""
    address = parsed_address(value)
    # As a number it would lose its zone, and addresses of two interfaces would be equal.
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise InvalidSocketError(
            "address must not have a zone", f"{elide(str(address))}; pass the interface as device"
        )
    return address


def parsed_address(value: types.AddressLike) -> IPv4Address | IPv6Address:
    """Return *value* as an address of ``ipaddress``, perhaps with a zone, or raise."""
    if isinstance(value, str):
        return _parsed(str.__str__(value))
    if isinstance(value, (IPv4Address, IPv6Address)):
        return value
    raise TypeError(f"address must be a str or an IP address, got {type(value).__name__}")


# A program uses the same few addresses again and again, and parsing one takes as long as the
# decision. The limit bounds what a hostile list of texts can store.
@lru_cache(maxsize=1024)
def _parsed(text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError:
        pass
    raise InvalidSocketError("address must be an IPv4 or IPv6 address", elide(text))


def checked_transport(value: Transport | str) -> Transport:
    """Return *value* as TCP or UDP, or raise."""
    value = checks.of_type("transport", value, str)
    if (transport := _TRANSPORTS.get(value)) is not None:
        return transport
    raise InvalidSocketError("transport must be 'tcp' or 'udp'", elide(value))


def checked_uid(value: int) -> int:
    """Return *value* as a user id, or raise."""
    return checks.integer("uid", value, most=_LAST_UID, error=InvalidSocketError)


def checked_seconds(name: str, value: float) -> float:
    """Return *value* as a number of seconds, or raise."""
    return checks.number(name, value, error=InvalidSocketError)


def checked_device(value: str | None) -> str | None:
    """Return *value* as an interface name or None, or raise."""
    if value is None:
        return None
    checks.of_type("device", value, str)
    # Names have up to 15 characters on Linux and the BSDs, and 31 on illumos.
    if 0 < len(value) <= _LONGEST_DEVICE and value.isprintable() and not _NOT_A_DEVICE & {*value}:
        return value
    raise InvalidSocketError(
        f"device must be a name of 1 to {_LONGEST_DEVICE} characters without spaces and '/'",
        elide(value),
    )


def checked_settings(value: object, defaults: types.T) -> types.T:
    """Return *value* if it is of the kind of *defaults*, those for None, or raise."""
    if value is None:
        return defaults
    if isinstance(value, type(defaults)):
        return value
    raise TypeError(f"settings must be {type(defaults).__name__}, got {type(value).__name__}")


def check_bindable(new: Socket) -> None:
    """Raise unless *new* is in a state in which a socket can be bound."""
    if new.state not in _BINDABLE:
        raise InvalidSocketError(
            "the new socket must be unbound, bound or listening", f"{new.state.value!r}"
        )
