"""Which port a service should listen on, and what speaks against others.

What lives here: ``listen_ports`` and ``why_not``, which agree: a port is in the
first exactly when the second has nothing to say.
What must not: whether a port is free on some machine (``portranges.probe``).
"""

from __future__ import annotations

from portranges import types, uses
from portranges.advice.model import Finding
from portranges.advice.rows import BY_ID
from portranges.categories import Category
from portranges.ephemeral import EphemeralProfile
from portranges.ephemeral import ports as handed_out
from portranges.ephemeral import profile as profile_of
from portranges.ports import Transport, check_port, check_transport
from portranges.portset import PortSet
from portranges.registry import SHIPPED, Registry, State
from portranges.source import Source
from portranges.uses import BROWSER_BLOCKED

__all__ = ["SYSTEMS", "finding", "listen_ports", "profiles_of", "why_not"]

SYSTEMS = ("linux", "windows", "macos")
_TRANSPORTS = ("tcp",)


def listen_ports(
    systems: types.SystemsLike = SYSTEMS,
    transports: types.Iterable[str] = _TRANSPORTS,
    *,
    registry: Registry = SHIPPED,
) -> PortSet:
    """Return the ports that suit a service of one's own.

    They are unassigned for every transport that is asked for, neither system
    nor dynamic ports, in no such system's ephemeral range, not refused by
    browsers, and no known program's default.

    Args:
        systems: The systems that the service runs on: names as
            ``ephemeral.profile`` takes them, or profiles; may be empty.
        transports: The transports of the service; at least one.
        registry: The registry to ask.

    Returns:
        The ports. Choose any: the first ones are other people's choice, too.

    Raises:
        TypeError: An argument has the wrong type, or there is no transport.
        UnknownNameError: A system or a transport is not known, or a system has
            no fixed range.

    Source:
        The rows of ``advice`` name it.

    Example:
        >>> ports = listen_ports()
        >>> len(ports), ports.first, ports.last
        (23399, 1028, 29998)
        >>> ports == listen_ports(["openbsd"])
        False
    """
    wanted = _transports(transports)
    lent = [profile.ports for profile in profiles_of(systems)]
    known = PortSet(use.ports for use in uses.rows() if _concerns(use.transports, wanted))
    free = PortSet.full().intersection(*(registry.unassigned(each) for each in wanted))
    return (free - Category.SYSTEM.ports - BROWSER_BLOCKED - known).difference(*lent)


def why_not(
    port: types.SupportsIndex,
    systems: types.SystemsLike = SYSTEMS,
    transports: types.Iterable[str] = _TRANSPORTS,
    *,
    registry: Registry = SHIPPED,
) -> tuple[Finding, ...]:
    """Return what speaks against a port for a service of one's own.

    Args:
        port: The port, 0 to 65535.
        systems: As ``listen_ports`` takes them.
        transports: As ``listen_ports`` takes them.
        registry: The registry to ask.

    Returns:
        The findings, in the order of ``advice``; none if and only if the port
        is in ``listen_ports`` of the same arguments.

    Raises:
        TypeError: An argument has the wrong type, or there is no transport.
        InvalidPortError: *port* is outside 0 to 65535.
        UnknownNameError: A system or a transport is not known, or a system has
            no fixed range.

    Source:
        Each finding names its own.

    Example:
        >>> for found in why_not(8080):
        ...     print(found)
        warning: 8080/tcp is assigned to http-alt (assigned)
        >>> for found in why_not(10080, systems=["linux", "freebsd"]):
        ...     print(found)
        warning: 10080/tcp is assigned to amanda (assigned)
        warning: 10080 is in what FreeBSD hands out by itself, 10000-65535 (handed-out)
        warning: 10080 is refused by browsers (browser-blocked)
    """
    number = check_port(port)
    wanted = _transports(transports)
    ports = PortSet([number])
    found: list[Finding] = []
    if number == 0:
        found.append(finding("port-zero", ports))
    if number in Category.SYSTEM.ports:
        found.append(finding("system-port", ports))
    for each in wanted:
        state = registry.state(number, each)
        if state is State.ASSIGNED:
            services = ", ".join(registry.services(number, each)) or "a use without a name"
            found.append(finding("assigned", ports, transport=each, services=services))
        elif state in (State.RESERVED, State.NOT_LISTED):
            found.append(finding("reserved", ports, transport=each, state=_STATES[state]))
    if number in Category.DYNAMIC.ports:
        found.append(finding("dynamic", ports))
    found += [
        finding(
            "handed-out",
            ports,
            source=profile.source,
            system=profile.system,
            range=str(profile.ports),
        )
        for profile in profiles_of(systems)
        if number in profile.ports
    ]
    if number in BROWSER_BLOCKED:
        found.append(finding("browser-blocked", ports))
    found += [
        finding(
            "known-use",
            ports,
            source=use.source,
            name=use.name,
            range=f"{'/'.join(use.transports)} {use.ports}",
            note=use.note,
        )
        for use in uses.lookup(number)
        if _concerns(use.transports, wanted)
    ]
    return tuple(found)


_STATES = {
    State.RESERVED: "reserved",
    State.NOT_LISTED: "assigned for another transport",
}


def finding(row: str, ports: PortSet, *, source: Source | None = None, **what: str) -> Finding:
    """Return a finding of the row with the id *row*, its sentence filled in."""
    known = BY_ID[row]
    return Finding(
        id=known.id,
        severity=known.severity,
        sentence=known.says.format(ports=ports, **what),
        ports=ports,
        source=source or known.source,
    )


def profiles_of(systems: types.SystemsLike) -> tuple[EphemeralProfile, ...]:
    """Return the profiles that *systems* name, each with a fixed range."""
    if isinstance(systems, (str, EphemeralProfile)):
        raise TypeError("systems must be several, as a tuple or a list")
    found: list[EphemeralProfile] = []
    for system in systems:
        # It refuses what is neither name nor profile, and what has no range.
        handed_out(system)
        found.append(system if isinstance(system, EphemeralProfile) else profile_of(system))
    return tuple(found)


def _transports(transports: types.Iterable[str]) -> tuple[Transport, ...]:
    if isinstance(transports, str):
        raise TypeError("transports must be several, as a tuple or a list")
    found = tuple(dict.fromkeys(map(check_transport, transports)))
    if not found:
        raise TypeError("transports must have at least one transport")
    return found


def _concerns(of_use: types.Iterable[Transport], wanted: tuple[Transport, ...]) -> bool:
    return any(each in wanted for each in of_use)
