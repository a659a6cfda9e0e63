"""BindRules, the base class of the systems, and Context, a system with a machine's settings.

``pairs`` and ``machine`` use them. Each system is a subclass, in a module of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
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
    is_mapped,
    is_wild,
    kind_of,
)
from portranges.reuse.model import RefusedOption, Rule, Socket, checked_settings
from portranges.reuse.others.address_rules import AddressRule, Call
from portranges.reuse.others.settings import SystemSettings
from portranges.reuse.others.sock import Sock
from portranges.reuse.rulebook import RuleTable

_NO_PORTS = PortSet.empty()

# The options of a socket record that a listener can pass on.
INHERITABLE = frozenset({"r", "rp", "lb", "exclusive"})


class Reconnect(Enum):
    """The address of a connected UDP socket that connect() has disconnected.

    connect() disconnects before all checks with the first two, and after them with the last.
    If it fails after that, the socket stays bound and is not connected.
    """

    WILDCARD = auto()
    LAST = auto()
    BOUND = auto()


class ConnectTest(Enum):
    """A test of connect() before it looks at other sockets.

    ``KIND`` is whether the address is of a kind that no socket can connect to; ``FAMILY`` compares
    the IP versions and includes the kinds that are tested after them.
    """

    DROPPED = auto()
    LISTENING = auto()
    CONNECTED = auto()
    KIND = auto()
    PORT = auto()
    V6ONLY = auto()
    FAMILY = auto()


PORT_BEFORE_FAMILY = (
    ConnectTest.DROPPED,
    ConnectTest.LISTENING,
    ConnectTest.CONNECTED,
    ConnectTest.KIND,
    ConnectTest.PORT,
    ConnectTest.V6ONLY,
    ConnectTest.FAMILY,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """The connection for which connect() chooses a port.

    ``taken`` is whether the 4-tuple exists on the port in question.
    """

    local: int
    dst: int
    dport: int
    taken: bool


class BindRules(ABC):
    """The rules of a system, or of one release of it; each is a subclass with one instance.

    Attributes:
        rules: Its rules.
        checks_kind_first: Whether bind() checks the kind of address before it tests whether the
            socket has a port. Otherwise ``checks`` include it.
        checks: The checks of bind() before other sockets are compared, in order.
        late_checks: The checks after that.
        options: The names of the Socket fields that have an option.
        v6only: The default of IPV6_V6ONLY.
        v6only_fixed: Whether the option cannot be cleared.
        v6only_until_bound: Whether it cannot be changed once the socket has a port.
        reuse_until_bound: Whether SO_REUSEADDR and SO_EXCLUSIVEADDRUSE have no effect once the
            socket has a port.
        wide_loopback: Whether all of 127/8 is local.
        drops_refused: Whether the system removes a socket's record if its peer refuses.
        reconnect: What connect() first does to a connected UDP socket; None if unknown, and
            the connection then stays until the new one is made.
        loopback_time_wait: Seconds in TIME_WAIT towards loopback, if different.
        self_connect_over_v4_only: Whether the rule ``"self-connect"`` does not apply to IPv6.
        address_rules: The kinds of address that bind() and connect() refuse.
        binds_udp_broadcast: Whether a UDP socket can be bound to 255.255.255.255.
        embeds_zones: Whether a link-local address without a zone is found on no interface, as
            in the systems with KAME's IPv6. A socket's device is its zone here.
        unread: The fields of Socket whose option exists while its rules were not read; they
            are not in ``options``.
        remembers_bind: Whether the address and SO_REUSEPORT at bind() count later, instead
            of the socket's current ones.
        connect_tests: The tests of connect(), in the order of the kernel.
        listen_tests_state_first: Whether listen() tests whether the socket is connected before
            it tests whether it is a stream socket.
        inherited: The options that an accepted socket inherits from its listener.
        retests_tuple: Whether the 4-tuple is checked only after the port is chosen, and a
            conflict is an error.
        has_excluded: Whether there are excluded port ranges.
        has_restricted: Whether there are ports that require an entitlement.
    """

    rules: RuleTable
    checks_kind_first: bool = False
    checks: tuple[types.BindCheck, ...]
    late_checks: tuple[types.BindCheck, ...] = ()
    options: frozenset[str]
    v6only: bool
    v6only_fixed: bool = False
    v6only_until_bound: bool = True
    reuse_until_bound: bool = False
    wide_loopback: bool = False
    drops_refused: bool = True
    reconnect: Reconnect | None = None
    loopback_time_wait: float | None = None
    self_connect_over_v4_only: bool = False
    address_rules: tuple[AddressRule, ...] = ()
    binds_udp_broadcast: bool = False
    embeds_zones: bool = False
    unread: frozenset[str] = frozenset()
    remembers_bind: bool = False
    connect_tests: tuple[ConnectTest, ...] = (
        ConnectTest.DROPPED,
        ConnectTest.LISTENING,
        ConnectTest.CONNECTED,
        ConnectTest.KIND,
        ConnectTest.V6ONLY,
        ConnectTest.FAMILY,
        ConnectTest.PORT,
    )
    listen_tests_state_first: bool = False
    inherited: frozenset[str] = INHERITABLE
    retests_tuple: bool = False
    has_excluded: bool = False
    has_restricted: bool = False

    @property
    def name(self) -> types.SystemName:
        """The system's name."""
        return self.rules.system

    @property
    def title(self) -> str:
        """The display name."""
        return systems.lookup(self.name).title

    @abstractmethod
    def judge(self, new: Sock, holders: types.Sequence[Sock]) -> types.BindOutcome:
        """Return whether *new* can be bound next to *holders*, which come newest first."""

    @abstractmethod
    def busy(self, sock: Sock, holders: types.Sequence[Sock], via: Via | None) -> bool:
        """Return whether an automatic choice skips the port of *holders*."""

    def refused_address(
        self, sock: Sock, addr: int, call: Call, *, early: bool | None = None
    ) -> Rule | None:
        """Return the rule that refuses *addr*, or None.

        *early* selects the rows that the kernel checks before it compares the families, or
        after.
        """
        for row in self.address_rules:
            if row.applies(sock, addr, call, early=early):
                return self.rules[row.rule]
        return None

    def missing_option(self, name: str) -> RefusedOption | None:
        """Return why no socket can have the option *name*, or None."""
        if name in self.options:
            return None
        if name in self.unread:
            rule = self.rules["not-known"]
            return RefusedOption(rule=rule, message=rule.sentence, got=name)
        message = f"{self.title} has no {_OPTIONS[name]}"
        return RefusedOption(rule=self.rules["no-option"], message=message, got=name)

    def refused_option(self, socket: Socket) -> RefusedOption | None:
        """Return why setsockopt() fails for an option of *socket*, or None."""
        for name in _OPTIONS:
            if getattr(socket, name) and (missing := self.missing_option(name)) is not None:
                return missing
        both = self.rules.get("option-both")
        if both is not None and socket.exclusive and socket.reuse_address:
            message = f"on {self.title} {both.sentence}"
            return RefusedOption(rule=both, message=message, got="both")
        if self.v6only_fixed and socket.v6only is False and socket.family == "inet6":
            return RefusedOption(
                rule=self.rules["v6only-late"],
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
    """A system with a machine's settings and addresses.

    ``udp_ports`` is the number of UDP ports in use, of which macOS keeps some free.
    """

    def __init__(
        self, system: BindRules, settings: types.ReuseSettings | None, local: frozenset[int] | None
    ) -> None:
        """Apply *settings* to *system*.

        *local* None means every address that is not loopback, and of loopback what a new
        machine has.
        """
        self.system: BindRules = system
        self.settings: SystemSettings = _checked(settings, system)
        self.profile: EphemeralProfile = ephemeral.profile(system.name)
        given, usual = self.settings, self.profile
        self.privileged_below: int = _given_or(given.privileged_below, usual.privileged_below or 0)
        self.extra_privileged: PortSet = _given_or(given.extra_privileged, usual.privileged_extra)
        restricted = _given_or(given.restricted, usual.skipped)
        self.restricted: PortSet = restricted if system.has_restricted else _NO_PORTS
        # IPV6_V6ONLY cannot be cleared by a setting either.
        self.v6only: bool = system.v6only_fixed or _given_or(given.v6only, system.v6only)
        self.udp_ports: int = 0
        self.local: frozenset[int] | None = local

    def is_local(self, addr: int) -> bool:
        """Return whether *addr* is an address of the machine, or the wildcard."""
        if is_wild(addr) or (self.local is not None and addr in self.local):
            return True
        if is_loopback(addr):
            return self.system.wide_loopback or addr in (LOOPBACK6, LOOPBACK4)
        # Not the addresses that a new machine lacks.
        zoned = self.system.embeds_zones and kind_of(addr) is Kind.LINK_LOCAL
        return self.local is None and not zoned

    @property
    def ports(self) -> PortSet:
        """The ports that can be chosen automatically."""
        given = self.settings
        ports = _given_or(given.ports, self.profile.ports)
        return ports - given.reserved - given.excluded - self.restricted - self.extra_privileged

    def time_wait(self, dst: int) -> float:
        """Return the seconds in TIME_WAIT towards *dst*."""
        if self.settings.time_wait is not None:
            return self.settings.time_wait
        if self.system.loopback_time_wait is not None and is_loopback(dst):
            return self.system.loopback_time_wait
        return self.profile.time_wait or 0.0


def _given_or(given: types.T | None, usual: types.T) -> types.T:
    return usual if given is None else given


def _checked(settings: types.ReuseSettings | None, system: BindRules) -> SystemSettings:
    found = checked_settings(settings, _DEFAULTS)
    for what, ports, exist in (
        ("excluded port ranges", found.excluded, system.has_excluded),
        ("restricted ports", found.restricted, system.has_restricted),
    ):
        if ports and not exist:
            raise InvalidSocketError(f"{system.title} has no {what}", f"{ports}")
    return found


# Checks of bind() that several systems share.


def not_local(sock: Sock, context: Context) -> Rule | None:
    """Refuse an address that is not local, with the exceptions of the system."""
    system = context.system
    match kind_of(sock.addr):
        case Kind.MULTICAST:
            may_bind = True
        case Kind.BROADCAST:
            may_bind = system.binds_udp_broadcast and not sock.tcp
        case Kind.LINK_LOCAL if sock.dev is not None and context.local is None:
            may_bind = True
        case _:
            may_bind = context.is_local(sock.addr)
    return None if may_bind else system.rules["not-local"]


def check_address_kind(sock: Sock, context: Context) -> Rule | None:
    """Refuse an address of a kind that no socket can be bound to."""
    return context.system.refused_address(sock, sock.addr, Call.BIND)


def mapped_v6only(sock: Sock, context: Context) -> Rule | None:
    """Refuse an IPv4-mapped address for an IPv6-only socket."""
    if sock.v6only and is_mapped(sock.addr):
        return context.system.rules["mapped-v6only"]
    return None


def privileged(sock: Sock, context: Context) -> Rule | None:
    """Refuse a port that requires a privilege that the socket does not have."""
    port = sock.port
    reserved = 0 < port < context.privileged_below or port in context.extra_privileged
    return context.system.rules["privileged"] if reserved and not sock.privileged else None
