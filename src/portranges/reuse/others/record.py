"""The record of a system: its traits, its rows, its procedures.

What lives here: System, Context and Via.
What must not: any system (their own modules), what is done with the record
(``pairs``, ``state_machine``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from portranges import ephemeral, types
from portranges.ephemeral import EphemeralProfile
from portranges.errors import InvalidSocketError
from portranges.portset import PortSet
from portranges.reuse.addresses import LOOPBACK4, LOOPBACK6, is_loopback, is_wild
from portranges.reuse.model import RefusedOption, Rule, Socket
from portranges.reuse.others.rows import Book, Calls
from portranges.reuse.others.settings import SystemSettings
from portranges.reuse.others.sock import Sock

__all__ = [
    "Context",
    "Order",
    "Reconnect",
    "Refusal",
    "System",
    "Via",
    "mapped_v6only",
    "needs_privilege",
    "not_local",
]

_NO_PORTS = PortSet.empty()


class Order(Enum):
    """In which order a system tries the ports of its range."""

    RANDOM_START = auto()
    RANDOM_16_BIT = auto()
    UPWARDS = auto()
    DOWNWARDS = auto()


class Refusal(Enum):
    """What a refused connection leaves of the socket."""

    DROPS = auto()
    KEEPS = auto()


class Reconnect(Enum):
    """At what address connect() leaves a connected UDP socket before it connects anew.

    The first two before anything else is looked at, the last after the checks.
    A connect() that fails then leaves the socket so: bound, and not connected.
    """

    WILDCARD = auto()
    LAST = auto()
    BOUND = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """The connection for which connect() chooses a port.

    ``taken``: whether the machine has the 4-tuple on the port in question.
    """

    local: int
    dst: int
    dport: int
    taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One system, or one version of it.

    Attributes:
        name: The key, as ``"freebsd"``.
        title: The name for people.
        is_current: Whether it is the newest version known.
        profile: The row of ``portranges.ephemeral`` with its ports.
        calls: The answers that every system has.
        book: All its rows.
        judge: Whether a socket may be bound next to others, newest first.
        busy: Whether a port is passed over when the system chooses one.
        checks: What bind() asks before it looks at other sockets, in order.
        late_checks: What it asks after that.
        options: The names of the Socket fields that it has an option for.
        v6only: The default of IPV6_V6ONLY.
        v6only_fixed: Whether the option cannot be cleared.
        wide_loopback: Whether all of 127/8 is local.
        tcp_order: How TCP ports are tried.
        udp_order: How UDP ports are tried.
        refusal: What a refused connection leaves.
        reconnect: What connect() does to a connected UDP socket first; None: not
            known, and a connection stays until the new one is made.
        loopback_time_wait: Seconds in TIME_WAIT towards loopback, if another.
        self_connect: The row that refuses a connection to itself, if one does.
        any_destination: The row that refuses the wildcard as a peer, if one does.
        listen_unbound: The row that refuses to listen without a port, if one does.
        unread: By the names of Socket fields, the rows of options that it has and
            whose rules were not read; they are not in ``options``.
        option_both: The row that refuses SO_REUSEADDR with exclusive use.
        remembers_bind: Whether the address and the SO_REUSEPORT that bind() saw
            count later, not those that the socket has now.
        accepts_options: Whether an accepted socket has its listener's
            SO_REUSEPORT and exclusive use; SO_REUSEADDR it has everywhere.
        retests_tuple: Whether the 4-tuple is tested only after the port is
            chosen, and a clash refuses.
        extra_privileged: Ports above the privileged ones that need one too.
        has_excluded: Whether there are excluded port ranges.
        has_restricted: Whether there are ports that take an entitlement.
    """

    name: str
    title: str
    is_current: bool = True
    profile: str
    calls: Calls
    book: Book
    judge: types.BindJudge
    busy: types.Callable[[Sock, types.Sequence[Sock], Via | None], bool]
    checks: tuple[types.BindCheck, ...]
    late_checks: tuple[types.BindCheck, ...] = ()
    options: frozenset[str]
    v6only: bool
    v6only_fixed: bool = False
    wide_loopback: bool = False
    tcp_order: Order
    udp_order: Order
    refusal: Refusal = Refusal.DROPS
    reconnect: Reconnect | None = None
    loopback_time_wait: float | None = None
    self_connect: Rule | None = None
    any_destination: Rule | None = None
    listen_unbound: Rule | None = None
    unread: types.Mapping[str, Rule] = field(default_factory=dict[str, "Rule"])
    option_both: Rule | None = None
    remembers_bind: bool = False
    accepts_options: bool = True
    retests_tuple: bool = False
    extra_privileged: PortSet = _NO_PORTS
    has_excluded: bool = False
    has_restricted: bool = False

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rows, in the order in which they were written down."""
        return tuple(self.book.rows)

    def check_options(self, socket: Socket) -> None:
        """Raise InvalidSocketError if *socket* has an option the system has not."""
        refusal = self.refused_option(socket)
        if refusal is not None:
            raise InvalidSocketError(refusal.wrong, f"{socket} with {refusal.got}")

    def missing_option(self, name: str) -> RefusedOption | None:
        """Return why no socket can have the option *name*; None if it can."""
        if name in self.options:
            return None
        unread = self.unread.get(name)
        if unread is not None:
            return RefusedOption(row=unread, wrong=unread.sentence, got=name)
        wrong = f"{self.title} has no {_OPTIONS[name]}"
        return RefusedOption(row=self.calls.no_option, wrong=wrong, got=name)

    def refused_option(self, socket: Socket) -> RefusedOption | None:
        """Return why the system refuses *socket* an option, before bind(); None if not."""
        for name in _OPTIONS:
            missing = self.missing_option(name)
            if missing is not None and getattr(socket, name) not in (False, None):
                return missing
        if self.option_both is not None and socket.exclusive and socket.reuse_address:
            return RefusedOption(
                row=self.option_both,
                wrong=f"on {self.title} {self.option_both.sentence}",
                got="both",
            )
        if self.v6only_fixed and socket.v6only is False and socket.family == "inet6":
            return RefusedOption(
                row=self.calls.v6only_late,
                wrong=f"{self.title} has IPV6_V6ONLY always on",
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

    *local_addresses* None: every address is the machine's.
    """

    __slots__ = (
        "extra_privileged",
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
        system: System,
        settings: types.ReuseSettings | None,
        local: types.Callable[[int], bool] | None,
    ) -> None:
        """Put the machine's settings over the system's own."""
        self.system: System = system
        checked = _checked(settings, system)
        self.settings: SystemSettings = checked
        self.profile: EphemeralProfile = ephemeral.profile(system.profile)
        below = checked.privileged_below
        self.privileged_below: int = (
            (self.profile.privileged_below or 0) if below is None else below
        )
        extra = checked.extra_privileged
        self.extra_privileged: PortSet = system.extra_privileged if extra is None else extra
        self.restricted: PortSet = _NO_PORTS
        if system.has_restricted:
            given = checked.restricted
            self.restricted = self.profile.skipped if given is None else given
        self.v6only: bool = system.v6only if checked.v6only is None else checked.v6only
        if system.v6only_fixed:
            self.v6only = True
        self.udp_ports: int = 0
        self.is_local: types.Callable[[int], bool] = self._is_local(local)

    def _is_local(self, local: types.Callable[[int], bool] | None) -> types.Callable[[int], bool]:
        if local is None:
            return _everywhere
        loopback = is_loopback if self.system.wide_loopback else _is_the_loopback

        def is_local(addr: int) -> bool:
            return is_wild(addr) or loopback(addr) or local(addr)

        return is_local

    @property
    def ports(self) -> PortSet:
        """What automatic ports are taken from."""
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


def _everywhere(_addr: int) -> bool:
    return True


def _is_the_loopback(addr: int) -> bool:
    return addr in (LOOPBACK6, LOOPBACK4)


def _checked(settings: types.ReuseSettings | None, system: System) -> SystemSettings:
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


# The checks that several systems share. They are the first things bind() asks.


def not_local(sock: Sock, context: Context) -> Rule | None:
    """Refuse an address that is not the machine's; a multicast one is fine."""
    if sock.multicast or context.is_local(sock.addr):
        return None
    return context.system.calls.not_local


def mapped_v6only(sock: Sock, context: Context) -> Rule | None:
    """Refuse an IPv4-mapped address to an IPv6-only socket."""
    if sock.v6 and sock.v6only and sock.v6_address is None:
        return context.system.calls.mapped_v6only
    return None


def needs_privilege(sock: Sock, context: Context) -> bool:
    """Tell whether the port takes a privilege that the socket has not."""
    port = sock.port
    reserved = 0 < port < context.privileged_below or port in context.extra_privileged
    return reserved and not sock.privileged
