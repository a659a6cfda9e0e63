"""Whether this machine allows a socket to be bound now, and what prevents it.

``reuse`` decides between sockets whose options are known. A system does not show whether another
process's socket has SO_REUSEADDR or SO_REUSEPORT, so each combination is tried, and the answer is
unknown if it depends on them. Nothing is bound.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv6Address
from itertools import product

from portranges import reuse, systems, types
from portranges.checks import of_type
from portranges.errors import InvalidSocketError, UnsupportedPlatformError
from portranges.portset import PortSet
from portranges.probe.listing import owners
from portranges.probe.record import SocketRecord
from portranges.probe.row import SocketState
from portranges.probe.table import Backend, Scope, SocketTable
from portranges.records import as_data, shown_by_fields
from portranges.reuse.model import decide


class BindVerdict(StrEnum):
    """Whether bind() would succeed.

    Example:
        >>> BindVerdict("unknown")
        <BindVerdict.UNKNOWN: 'unknown'>
    """

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@shown_by_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Similar sockets of this machine on the port, and what they mean for the new one.

    Attributes:
        record: One of them, with its owners.
        count: How many there are.
        verdict: Whether the new socket may be bound beside them; UNKNOWN if that depends on
            ``options``.
        decision: The refusal, if any combination of the unknown options leads to one; otherwise the
            decision for the first combination.
        options: The names of the options that the verdict depends on and that the system does not
            show.
        why_no_owner: Why ``record`` has no owner; ``""`` if it has one.

    Example:
        >>> from portranges import reuse
        >>> record = SocketRecord(
        ...     transport="tcp", family="inet", address="0.0.0.0", port=80, state="listen"
        ... )
        >>> new = reuse.Socket(transport="tcp", address="127.0.0.1", port=80)
        >>> held = reuse.Socket(transport="tcp", address="0.0.0.0", port=80, state="listening")
        >>> decision = reuse.can_bind(new, [held])
        >>> holder = Holder(
        ...     record=record, count=1, verdict=BindVerdict.REFUSED, decision=decision
        ... )
        >>> holder.to_dict()["rule"]
        'linux-no-sharing'
    """

    record: SocketRecord
    count: int
    verdict: BindVerdict
    decision: types.Decision
    options: tuple[str, ...] = ()
    why_no_owner: str = ""

    def to_dict(self) -> dict[str, types.Any]:
        """Return the holder as data for JSON; ``rule`` is the name of the decision's rule.

        Example:
            >>> from portranges.reuse import Socket
            >>> new = Socket(transport="tcp", address="192.0.2.255", port=1)
            >>> len([each.to_dict() for each in can_bind(new).holders])
            0
        """
        data = as_data(self, "record", "count", "verdict", "options", "why_no_owner")
        return {**data, "rule": self.decision.rule.id}


@shown_by_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class BindAnswer:
    """Whether a socket can be bound on this machine now.

    Attributes:
        socket: The new socket, as it was evaluated: with the user and the privilege of this
            process.
        system: The name of the system whose rules decided.
        verdict: The answer.
        decision: The decision behind it: the refusal, the possible refusal if the verdict is
            UNKNOWN, or the permission.
        holders: The sockets that hold the port, those that conflict first.
        settings: The settings of the machine.
        addresses: Which addresses can be bound.
        notes: What may make the answer wrong, as phrases.

    Example:
        >>> from portranges import reuse
        >>> new = reuse.Socket(transport="udp", address="::1", port=0)
        >>> answer = can_bind(new)  # doctest: +SKIP
        >>> answer.verdict, answer.decision.rule.id  # doctest: +SKIP
        (<BindVerdict.ALLOWED: 'allowed'>, 'linux-chosen')
    """

    socket: types.Socket
    system: types.ReuseSystemName
    verdict: BindVerdict
    decision: types.Decision
    holders: tuple[Holder, ...]
    settings: types.MachineSettings
    addresses: types.BindSettings
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, types.Any]:
        """Return the answer as data for JSON; the settings as what they mean for the port.

        Example:
            >>> from portranges.reuse import Socket
            >>> new = Socket(transport="tcp", address="192.0.2.255", port=1)
            >>> can_bind(new).to_dict()["socket"]
            'tcp 192.0.2.255:1'
        """
        new, settings = self.socket, self.settings
        return {
            **as_data(self, "system", "socket", "verdict"),
            **as_data(new, "uid", "privileged"),
            "error": self.decision.error,
            "rule": self.decision.rule.id,
            **as_data(self.decision, "reason", "confidence", "source"),
            **as_data(self, "holders", "notes"),
            "local": self.addresses.accepts(new.address),
            "range": str(settings.configured),
            "allocated": new.port in settings.effective,
            "reserved": new.port in settings.reserved,
            "excluded": new.port in settings.excluded,
            "requires_privilege": settings.profile.is_privileged(new.port),
        }


def can_bind(
    new: types.Socket, *, uid: int | None = None, machine: types.Machine | None = None
) -> BindAnswer:
    """Return whether this machine allows *new* to be bound now, and what prevents it.

    Args:
        new: The socket. The user and the privilege of this process replace its ``uid`` and
            ``privileged``, unless *uid* is given.
        uid: The user who would bind it; this process if None. A user other than root is taken
            to have no privilege.
        machine: The machine whose settings are read; this one if None. The sockets of this
            machine are read in any case.

    Returns:
        The answer. It is UNKNOWN if it depends on an option that the system does not show, or if
        not all sockets are visible.

    Raises:
        InvalidSocketError: The socket cannot exist on this system, or is connected.
        MissingExtraError: This system needs psutil, which is not installed.
        UnsupportedPlatformError: The rules of this system are unknown.
        SystemReadError: A setting could not be read.
        TypeError: An argument has the wrong type.

    Complexity:
        Linear in the number of sockets of the machine.

    Example:
        >>> from portranges.reuse import Socket
        >>> answer = can_bind(Socket(transport="tcp", address="192.0.2.255", port=1))
        >>> answer.verdict in BindVerdict, answer.socket.port
        (True, 1)
    """
    of_type("new", new, reuse.Socket)
    family: types.FamilyName = "inet" if new.address.version == 4 else "inet6"
    # The functions that read settings can run commands, which the other functions never need.
    from portranges import system as here

    settings = here.read_settings(new.transport, family=family, machine=machine)
    addresses = here.read_bind_settings(machine=machine)
    system = _reuse_system(settings)
    socket = _of_process(new, uid, machine)
    rules = _Rules(
        socket=socket,
        system=system,
        settings=_reuse_settings(socket, settings, addresses, machine),
        local=None if addresses.accepts(socket.address) is not False else (),
    )
    table = owners(socket.port, socket.transport)
    alone = rules.alone(addresses)
    found: tuple[Holder, ...] = ()
    if alone.allowed and socket.port:
        found = tuple(
            replace(rules.holder(same), why_no_owner=table.why_no_owner(same[0]))
            for same in _alike(table).values()
        )
    order = list(_SEVERITY)
    holders = tuple(sorted(found, key=lambda each: (order.index(each.verdict), _rank(each.record))))
    verdict, decision = _together(alone, holders)
    notes = tuple(_notes(socket, table, addresses, machine))
    if verdict is BindVerdict.ALLOWED and socket.port and table.visibility.sockets is not Scope.ALL:
        verdict = BindVerdict.UNKNOWN
    return BindAnswer(
        socket=socket,
        system=system,
        verdict=verdict,
        decision=decision,
        holders=holders,
        settings=settings,
        addresses=addresses,
        notes=notes,
    )


_SEVERITY = (BindVerdict.REFUSED, BindVerdict.UNKNOWN, BindVerdict.ALLOWED)
# Listeners come first because a reader looks for them first; what the kernel holds comes last.
_RANKS = (SocketState.LISTEN, SocketState.UNCONNECTED, SocketState.CLOSED)


def _rank(record: SocketRecord) -> tuple[object, ...]:
    state = _RANKS.index(record.state) if record.state in _RANKS else len(_RANKS)
    return (state, record.is_held_by_kernel, record.local, record.remote)


def _together(
    alone: types.Decision, holders: tuple[Holder, ...]
) -> tuple[BindVerdict, types.Decision]:
    """Return the verdict of all *holders*, which are sorted, and the decision behind it."""
    if not alone.allowed:
        return BindVerdict.REFUSED, alone
    if not holders:
        return BindVerdict.ALLOWED, alone
    if holders[0].verdict is not BindVerdict.ALLOWED:
        return holders[0].verdict, holders[0].decision
    # A socket that shares the port explains more than one that does not overlap.
    shared = (each.decision for each in holders if each.decision.rule.id != alone.rule.id)
    return BindVerdict.ALLOWED, next(shared, alone)


def _reuse_system(settings: types.MachineSettings) -> types.ReuseSystemName:
    """Return the system in ``reuse`` whose rules apply to the machine with *settings*."""
    name = settings.system
    while name:
        for known in reuse.systems():
            if known == name:
                return known
        name = systems.lookup(types.cast("types.SystemName", name)).parent
    raise UnsupportedPlatformError(f"the rules of {settings.system} for bind()", "none are known")


def _of_process(new: types.Socket, uid: int | None, machine: types.Machine | None) -> types.Socket:
    if uid is not None:
        return replace(new, uid=uid, privileged=None)
    from portranges.system import read_may_bind_privileged

    mine = getattr(os, "geteuid", int)()
    return replace(new, uid=mine, privileged=read_may_bind_privileged(machine=machine))


def _reuse_settings(
    new: types.Socket,
    settings: types.MachineSettings,
    addresses: types.BindSettings,
    machine: types.Machine | None,
) -> types.ReuseSettings:
    """Return the settings of the machine in the form that ``reuse`` accepts."""
    if _reuse_system(settings) == "linux":
        is_ipv6 = isinstance(new.address, IPv6Address) and new.address.ipv4_mapped is None
        return reuse.LinuxSettings(
            ip_local_port_range=settings.configured,
            ip_local_reserved_ports=settings.reserved,
            ip_unprivileged_port_start=settings.unprivileged_start or 0,
            ip_nonlocal_bind=addresses.nonlocal_ipv6 if is_ipv6 else addresses.nonlocal_ipv4,
            bindv6only=bool(addresses.v6only),
        )
    from portranges.system import read_exclusions

    family = settings.family
    rows = read_exclusions(new.transport, family=family, machine=machine)
    return reuse.SystemSettings(
        ports=PortSet(settings.configured),
        reserved=settings.reserved,
        # Administered exclusions can be bound.
        excluded=PortSet(row.ports for row in rows if not row.administered),
        privileged_below=settings.unprivileged_start,
    )


# What makes sockets on one port equivalent for bind().
_Alike = tuple[object, ...]


def _alike(table: SocketTable) -> dict[_Alike, list[SocketRecord]]:
    """Return the sockets of *table* that hold their port, by what decides about each."""
    found: dict[_Alike, list[SocketRecord]] = {}
    for record in table:
        # A connection that is being set up belongs to its listener and has no port of its own.
        if record.state is not SocketState.SYN_RECEIVED or record.inode:
            key = (record.family, record.address, _state(record), record.uid, record.v6only)
            found.setdefault(key, []).append(record)
    return found


def _state(record: SocketRecord) -> types.ReuseStateName:
    state = record.state
    if state is SocketState.LISTEN:
        return "listening"
    if state in (SocketState.CLOSED, SocketState.UNCONNECTED):
        return "bound"
    if state is SocketState.TIME_WAIT:
        return "time-wait"
    if state is SocketState.FIN_WAIT_2 and record.is_held_by_kernel:
        return "fin-wait-2"
    return "connected"


# The options that a system does not show, and their names.
_HIDDEN = {
    "reuse_address": "SO_REUSEADDR",
    "reuse_port": "SO_REUSEPORT",
    "load_balance": "SO_REUSEPORT_LB",
    "exclusive": "SO_EXCLUSIVEADDRUSE",
    "v6only": "IPV6_V6ONLY",
    "device": "SO_BINDTODEVICE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """The rules and the settings of the machine for one new socket."""

    socket: types.Socket
    system: types.ReuseSystemName
    settings: types.ReuseSettings
    local: tuple[types.AddressLike, ...] | None

    def decide(self, held: list[types.Socket]) -> types.Decision:
        return reuse.can_bind(
            self.socket,
            held,
            system=self.system,
            settings=self.settings,
            local_addresses=self.local,
        )

    def alone(self, addresses: types.BindSettings) -> types.Decision:
        """Return the decision if no other socket existed."""
        decision = self.decide([])
        new, is_ipv4 = self.socket, self.socket.family == "inet"
        if self.local is None or not new.address.is_loopback:
            return decision
        # ``reuse`` assumes that loopback addresses exist, but lo may be down.
        everything = addresses.nonlocal_ipv4 if is_ipv4 else addresses.nonlocal_ipv6
        if not everything and (decision.allowed or (is_ipv4 and decision.error == "EACCES")):
            return decide(reuse.rule(f"{self.system}-not-local"))
        return decision

    def holder(self, records: list[SocketRecord]) -> Holder:
        """Return what *records*, which are alike, mean, with each combination of options."""
        decisions = self._worlds(records[0])
        allowed = [world for world, decision in decisions.items() if decision.allowed]
        refused = [world for world, decision in decisions.items() if not decision.allowed]
        verdict = BindVerdict.UNKNOWN
        if not (allowed and refused):
            verdict = BindVerdict.ALLOWED if allowed else BindVerdict.REFUSED
        matters = [
            name
            for at, name in enumerate(_HIDDEN.values())
            if any(_differs(one, other, at) for one in allowed for other in refused)
        ]
        decision = decisions[(refused or allowed)[0]]
        if refused and not allowed:
            decision = self._refusal([decisions[world] for world in refused])
        return Holder(
            record=records[0],
            count=len(records),
            verdict=verdict,
            decision=decision,
            options=tuple(matters),
        )

    def _refusal(self, decisions: list[types.Decision]) -> types.Decision:
        """Return one of *decisions* whose reason does not depend on a hidden option."""
        first, last = decisions[0], decisions[-1]
        if len({each.rule.id for each in decisions}) == 1:
            return first
        if self.system == "linux":
            # With all options the holder would share the port if it could at all; but if the new
            # socket has none, that is the reason.
            return last if self.socket.reuse_address or self.socket.reuse_port else first
        return replace(first, reason=f"conflicts with {first.blocker}, whatever its options are")

    def _worlds(self, record: SocketRecord) -> dict[tuple[object, ...], types.Decision]:
        """Return the decision beside *record*, by the values of the options that are hidden."""
        flags = (False, True)
        hides_v6only = record.family == "inet6" and record.v6only is None
        v6only = flags if hides_v6only else (record.v6only,)
        device = (None,) if self.socket.device is None else (None, self.socket.device, "another")
        found: dict[tuple[object, ...], types.Decision] = {}
        for world in product(flags, flags, flags, flags, v6only, device):
            options: dict[str, types.Any] = dict(zip(_HIDDEN, world, strict=True))
            try:
                held = reuse.Socket(
                    transport=types.cast("types.TcpOrUdpName", record.transport),
                    address=record.address.partition("%")[0],
                    port=record.port,
                    uid=record.uid or 0,
                    state=_state(record),
                    **options,
                )
                found[world] = self.decide([held])
            except InvalidSocketError:
                # The system does not have the option, or not this combination.
                continue
        return found


def _differs(world: tuple[object, ...], other: tuple[object, ...], at: int) -> bool:
    """Return whether two worlds differ in the option *at* and in nothing else."""
    return [one != two for one, two in zip(world, other, strict=True)] == [
        place == at for place in range(len(world))
    ]


# Since 6.8 the kernel lists TCP sockets that are only bound.
_LISTS_BOUND = (6, 8)
_RELEASE = re.compile(r"([0-9]{1,5})\.([0-9]{1,5})")


def _notes(
    new: types.Socket,
    table: SocketTable,
    addresses: types.BindSettings,
    machine: types.Machine | None,
) -> types.Iterator[str]:
    """Yield what may make the answer wrong."""
    if table.visibility.sockets is not Scope.ALL:
        yield f"not all sockets are visible: {table.visibility.reason}"
    from portranges.system import THIS_MACHINE

    release = _RELEASE.match((machine or THIS_MACHINE).release)
    is_old = release is not None and (int(release[1]), int(release[2])) < _LISTS_BOUND
    if new.transport == "tcp" and (table.backend is not Backend.NETLINK or is_old):
        yield "a TCP socket that is bound, but neither listens nor is connected, is not visible"
    if addresses.networks is None:
        yield "the addresses of this machine are unknown, so every address counts as local"
