"""BindRules, the record of a system's behaviour, and Context, a system with a machine's settings.

``pairs`` and ``state_machine`` use them; the systems are in their own modules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from portranges import ephemeral, systems, types
from portranges.ephemeral import EphemeralProfile
from portranges.errors import InvalidSocketError
from portranges.portset import PortSet
from portranges.reuse.addresses import (
    LOOPBACK4,
    LOOPBACK6,
    Kind,
    is_loopback,
    is_wild,
    kind_of,
)
from portranges.reuse.model import RefusedOption, Rule, Socket
from portranges.reuse.others.address_rules import AddressRule, Call, refusing_rule
from portranges.reuse.others.rows import CallRules, RuleBook
from portranges.reuse.others.settings import SystemSettings
from portranges.reuse.others.sock import Sock

__all__ = [
    "BindRules",
    "Context",
    "Reconnect",
    "Refusal",
    "Via",
    "check_address_kind",
    "mapped_v6only",
    "needs_privilege",
    "not_local",
]

_NO_PORTS = PortSet.empty()


class Refusal(Enum):
    """Whether a refused connection leaves the socket usable."""

    DROPS = auto()
    KEEPS = auto()


class Reconnect(Enum):
    """The address of a connected UDP socket that connect() has disconnected.

    connect() disconnects before all checks with the first two, and after them with the last.
    If it fails after that, the socket stays bound and is not connected.
    """

    WILDCARD = auto()
    LAST = auto()
    BOUND = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """The connection for which connect() chooses a port.

    ``taken`` says whether the 4-tuple exists on the port in question.
    """

    local: int
    dst: int
    dport: int
    taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BindRules:
    """The rules of one system, or of one release.

    Attributes:
        name: The system's name in ``portranges.systems``, as ``"freebsd"``.
        calls: The rules of its calls.
        book: All its rules.
        judge: Decides whether a socket can be bound next to others, which come newest first.
        busy: Whether an automatic choice skips a port.
        checks_kind_first: Whether bind() checks the kind of address before it tests whether the
            socket has a port. Otherwise ``checks`` include it.
        checks: The checks of bind() before other sockets are compared, in order.
        late_checks: The checks after that.
        options: The names of the Socket fields that have an option.
        v6only: The default of IPV6_V6ONLY.
        v6only_fixed: Whether the option cannot be cleared.
        wide_loopback: Whether all of 127/8 is local.
        refusal: Whether a refused connection leaves the socket usable.
        reconnect: What connect() first does to a connected UDP socket; None if unknown, and
            the connection then stays until the new one is made.
        loopback_time_wait: Seconds in TIME_WAIT towards loopback, if different.
        self_connect: The rule that refuses a connection to itself, if there is one.
        self_connect_over_v4_only: Whether that rule does not apply to IPv6.
        address_rules: The kinds of address that bind() and connect() refuse.
        binds_udp_broadcast: Whether a UDP socket can be bound to 255.255.255.255.
        embeds_zones: Whether a link-local address without a zone is found on no interface, as
            in the systems with KAME's IPv6. A socket's device is its zone here.
        listen_unbound: The rule that refuses to listen without a port, if there is one.
        unread: By Socket field, the rules for options that exist but were not read; these
            fields are not in ``options``.
        option_both: The rule that refuses SO_REUSEADDR with exclusive use.
        remembers_bind: Whether the address and SO_REUSEPORT at bind() count later, instead
            of the socket's current ones.
        accepts_options: Whether an accepted socket inherits SO_REUSEPORT and exclusive use;
            SO_REUSEADDR is inherited on every system.
        retests_tuple: Whether the 4-tuple is checked only after the port is chosen, and a
            conflict is an error.
        has_excluded: Whether there are excluded port ranges.
        has_restricted: Whether there are ports that require an entitlement.
    """

    name: types.SystemName
    calls: CallRules
    book: RuleBook
    judge: types.BindJudge
    busy: types.Callable[[Sock, types.Sequence[Sock], Via | None], bool]
    checks_kind_first: bool = False
    checks: tuple[types.BindCheck, ...]
    late_checks: tuple[types.BindCheck, ...] = ()
    options: frozenset[str]
    v6only: bool
    v6only_fixed: bool = False
    wide_loopback: bool = False
    refusal: Refusal = Refusal.DROPS
    reconnect: Reconnect | None = None
    loopback_time_wait: float | None = None
    self_connect: Rule | None = None
    self_connect_over_v4_only: bool = False
    address_rules: tuple[AddressRule, ...] = ()
    binds_udp_broadcast: bool = False
    embeds_zones: bool = False
    listen_unbound: Rule | None = None
    unread: types.Mapping[str, Rule] = field(default_factory=dict[str, "Rule"])
    option_both: Rule | None = None
    remembers_bind: bool = False
    accepts_options: bool = True
    retests_tuple: bool = False
    has_excluded: bool = False
    has_restricted: bool = False

    @property
    def title(self) -> str:
        """The display name."""
        return systems.lookup(self.name).title

    @property
    def is_current(self) -> bool:
        """Whether the system is in use today, in its newest release."""
        return systems.lookup(self.name).is_current

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, in the order in which they were added."""
        return tuple(self.book.rows)

    def check_options(self, socket: Socket) -> None:
        """Raise InvalidSocketError if *socket* has an option that does not exist here."""
        refusal = self.refused_option(socket)
        if refusal is not None:
            raise InvalidSocketError(refusal.message, f"{socket} with {refusal.got}")

    def missing_option(self, name: str) -> RefusedOption | None:
        """Return why no socket can have the option *name*, or None."""
        if name in self.options:
            return None
        unread = self.unread.get(name)
        if unread is not None:
            return RefusedOption(rule=unread, message=unread.sentence, got=name)
        message = f"{self.title} has no {_OPTIONS[name]}"
        return RefusedOption(rule=self.calls.no_option, message=message, got=name)

    def refused_option(self, socket: Socket) -> RefusedOption | None:
        """Return why setsockopt() fails for an option of *socket*, or None."""
        for name in _OPTIONS:
            missing = self.missing_option(name)
            if missing is not None and getattr(socket, name) not in (False, None):
                return missing
        if self.option_both is not None and socket.exclusive and socket.reuse_address:
            return RefusedOption(
                rule=self.option_both,
                message=f"on {self.title} {self.option_both.sentence}",
                got="both",
            )
        if self.v6only_fixed and socket.v6only is False and socket.family == "inet6":
            return RefusedOption(
                rule=self.calls.v6only_late,
                message=f"IPV6_V6ONLY cannot be cleared on {self.title}",
                got="v6only=False",
            )
        return None


_OPTIONS = {
    "reuse_port": "SO_REUSEPORT",
    "load_balance": "SO_REUSEPORT_LB",
    "exclusive": "option for exclusive use",
    "device": "option that binds a socket to a device",
}

_DEFAULTS = SystemSettings()


class Context:
    """A system with a machine's settings and addresses."""

    __slots__ = (
        "extra_privileged",
        "has_every_address",
        "is_local",
        "privileged_below",
        "profile",
        "restricted",
        "settings",
        "system",
        "udp_ports",
        "v6only",
    )

    def __init__(
        self,
        system: BindRules,
        settings: types.ReuseSettings | None,
        local: types.Callable[[int], bool] | None,
    ) -> None:
        """Apply *settings* to *system*.

        *local* None means every address that is not loopback, and of loopback what a new
        machine has.
        """
        self.system: BindRules = system
        checked = _checked(settings, system)
        self.settings: SystemSettings = checked
        self.profile: EphemeralProfile = ephemeral.profile(system.name)
        below = checked.privileged_below
        self.privileged_below: int = (
            (self.profile.privileged_below or 0) if below is None else below
        )
        extra = checked.extra_privileged
        self.extra_privileged: PortSet = self.profile.privileged_extra if extra is None else extra
        self.restricted: PortSet = _NO_PORTS
        if system.has_restricted:
            given = checked.restricted
            self.restricted = self.profile.skipped if given is None else given
        self.v6only: bool = system.v6only if checked.v6only is None else checked.v6only
        if system.v6only_fixed:
            self.v6only = True
        self.udp_ports: int = 0
        self.has_every_address: bool = local is None
        self.is_local: types.Callable[[int], bool] = self._is_local(local)

    def _is_local(self, local: types.Callable[[int], bool] | None) -> types.Callable[[int], bool]:
        loopback = is_loopback if self.system.wide_loopback else _is_the_loopback

        def is_local(addr: int) -> bool:
            return is_wild(addr) or loopback(addr) or is_own(addr)

        def is_own(addr: int) -> bool:
            if local is not None:
                return local(addr)
            # Not the addresses that a new machine lacks.
            zoned = self.system.embeds_zones and kind_of(addr) is Kind.LINK_LOCAL
            return not is_loopback(addr) and not zoned

        return is_local

    @property
    def ports(self) -> PortSet:
        """The ports that can be chosen automatically."""
        given = self.settings.ports
        ports = self.profile.ports if given is None else given
        return (
            ports
            - self.settings.reserved
            - self.settings.excluded
            - self.restricted
            - self.extra_privileged
        )

    def time_wait(self, dst: int) -> float:
        """Return the seconds in TIME_WAIT towards *dst*."""
        if self.settings.time_wait is not None:
            return self.settings.time_wait
        if self.system.loopback_time_wait is not None and is_loopback(dst):
            return self.system.loopback_time_wait
        return self.profile.time_wait or 0.0


def _is_the_loopback(addr: int) -> bool:
    return addr in (LOOPBACK6, LOOPBACK4)


def _checked(settings: types.ReuseSettings | None, system: BindRules) -> SystemSettings:
    if settings is None:
        return _DEFAULTS
    if not isinstance(settings, SystemSettings):
        raise TypeError(f"settings must be SystemSettings, got {type(settings).__name__}")
    if settings.excluded and not system.has_excluded:
        raise InvalidSocketError(
            f"{system.title} has no excluded port ranges", f"{settings.excluded}"
        )
    if settings.restricted and not system.has_restricted:
        raise InvalidSocketError(
            f"{system.title} has no restricted ports", f"{settings.restricted}"
        )
    return settings


# Checks of bind() that several systems share.


def not_local(sock: Sock, context: Context) -> Rule | None:
    """Refuse an address that is not local, with the exceptions of the system."""
    system = context.system
    match kind_of(sock.addr):
        case Kind.MULTICAST:
            may_bind = True
        case Kind.BROADCAST:
            may_bind = system.binds_udp_broadcast and not sock.tcp
        case Kind.LINK_LOCAL if sock.dev is not None and context.has_every_address:
            may_bind = True
        case _:
            may_bind = context.is_local(sock.addr)
    return None if may_bind else system.calls.not_local


def check_address_kind(sock: Sock, context: Context) -> Rule | None:
    """Refuse an address of a kind that no socket can be bound to."""
    return refusing_rule(context.system.address_rules, sock, sock.addr, Call.BIND)


def mapped_v6only(sock: Sock, context: Context) -> Rule | None:
    """Refuse an IPv4-mapped address for an IPv6-only socket."""
    if sock.v6 and sock.v6only and sock.v6_address is None:
        return context.system.calls.mapped_v6only
    return None


def needs_privilege(sock: Sock, context: Context) -> bool:
    """Return whether the port requires a privilege that the socket does not have."""
    port = sock.port
    reserved = 0 < port < context.privileged_below or port in context.extra_privileged
    return reserved and not sock.privileged
