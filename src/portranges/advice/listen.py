"""Which port a service should listen on, and what speaks against others.

What lives here: ``listen_ports`` and ``why_not``, which agree: a port is in the
first exactly when the second has nothing to say.
What must not: whether a port is free on some machine (``portranges.probe``).
"""

from __future__ import annotations

from portranges import types, uses
from portranges.advice.catalog import BY_ID
from portranges.advice.model import Finding
from portranges.categories import Category
from portranges.ephemeral import EphemeralProfile
from portranges.ephemeral.lookup import fixed
from portranges.ports import Transport, check_port, check_transports
from portranges.portset import PortSet
from portranges.registry import SHIPPED, Registry, State
from portranges.source import Source
from portranges.systems import COMMON
from portranges.uses import BROWSER_BLOCKED

__all__ = ["finding", "listen_ports", "profiles_of", "why_not"]

_TRANSPORT: types.TransportName = "tcp"


def listen_ports(
    systems: types.SystemsLike = COMMON,
    transport: types.TransportsLike | None = _TRANSPORT,
    *,
    registry: Registry = SHIPPED,
) -> PortSet:
    """Return the ports that suit a service of one's own.

    They are unassigned for every transport that is asked for, neither system
    nor dynamic ports, in no such system's ephemeral range, not refused by
    browsers, and no known program's default.

    Args:
        systems: The systems on which the service runs: a name that ``ephemeral.profile``
            accepts, a profile, or an iterable of them, which may be empty.
        transport: The transport of the service, several of them, or ``None`` for all.
        registry: The registry to ask.

    Returns:
        The ports. Choose any: the first ones are other people's choice, too.

    Raises:
        TypeError: An argument has the wrong type, or there is no transport.
        UnknownNameError: A system or a transport is not known.
        InvalidValueError: A system has no fixed ephemeral range.

    Source:
        The rows of ``advice`` name it.

    Example:
        >>> ports = listen_ports()
        >>> len(ports), ports.first, ports.last
        (23399, 1028, 29998)
        >>> ports == listen_ports(["openbsd"])
        False
    """
    wanted = check_transports(transport)
    lent = [profile.ports for profile in profiles_of(systems)]
    known = PortSet(use.ports for use in uses.rows() if _concerns(use.transports, wanted))
    free = PortSet.full().intersection(*(registry.unassigned(each) for each in wanted))
    return (free - Category.SYSTEM.ports - BROWSER_BLOCKED - known).difference(*lent)


def why_not(
    port: types.SupportsIndex,
    systems: types.SystemsLike = COMMON,
    transport: types.TransportsLike | None = _TRANSPORT,
    *,
    registry: Registry = SHIPPED,
) -> tuple[Finding, ...]:
    """Return what speaks against a port for a service of one's own.

    Args:
        port: The port, 0 to 65535.
        systems: As in ``listen_ports``.
        transport: As in ``listen_ports``.
        registry: The registry to ask.

    Returns:
        The findings, in the order of ``advice``; none if and only if the port
        is in ``listen_ports`` of the same arguments.

    Raises:
        TypeError: An argument has the wrong type, or there is no transport.
        InvalidPortError: *port* is outside 0 to 65535.
        UnknownNameError: A system or a transport is not known.
        InvalidValueError: A system has no fixed ephemeral range.

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
    wanted = check_transports(transport)
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
            system=profile.title,
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
    """Return the profiles of *systems*, each with a fixed range; there may be none."""
    if not isinstance(systems, (str, EphemeralProfile)) and hasattr(systems, "__iter__"):
        systems = tuple(systems)
        if not systems:
            return ()
    return fixed(systems)


def _concerns(of_use: types.Iterable[Transport], wanted: tuple[Transport, ...]) -> bool:
    return any(each in wanted for each in of_use)
