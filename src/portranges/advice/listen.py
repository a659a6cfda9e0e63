"""Which port a service should listen on, and the objections to a port.

``listen_ports`` and ``why_not`` agree: a port is in the former if and only if the latter returns
nothing. Whether a port is free on a given machine is a question for ``portranges.probe``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

from portranges import checks, types, uses
from portranges.advice.catalog import BY_ID
from portranges.advice.model import Finding
from portranges.categories import Category
from portranges.ephemeral import EphemeralProfile
from portranges.ephemeral.lookup import checked_systems, fixed
from portranges.ports import PortRange, Transport, check_port, check_transports
from portranges.portset import PortSet
from portranges.registry import SHIPPED, Registry, State
from portranges.source import Source
from portranges.systems import COMMON
from portranges.uses import BROWSER_BLOCKED, Use, UseKind

_TRANSPORT: types.TransportName = "tcp"

# Rows that apply to all ports of a set, whatever is asked.
_SETS = {
    "port-zero": PortSet([0]),
    "system-port": PortSet([Category.SYSTEM.ports]),
    "dynamic": PortSet([Category.DYNAMIC.ports]),
    "browser-blocked": BROWSER_BLOCKED,
}


def listen_ports(
    systems: types.SystemsLike = COMMON,
    transport: types.TransportsLike | None = _TRANSPORT,
    *,
    registry: Registry = SHIPPED,
    in_use: types.PortItems = (),
    excluded: types.PortItems = (),
) -> PortSet:
    """Return the ports that are suitable for your own service.

    These ports are unassigned for each of the transports, are neither system nor dynamic ports,
    are outside the ephemeral range of each system, require no privilege there, are not blocked by
    browsers, and are not the default of a known program.

    For one machine, pass ``system.read_settings().profile`` as the system. ``probe.free_ports``
    returns the ports that are not *in_use* there at the moment, and ``system.read_excluded`` those
    that are *excluded*.

    Args:
        systems: The systems on which the service runs: a name that ``ephemeral.profile``
            accepts, a profile, or an iterable of them, which may be empty.
        transport: The transport of the service, several of them, or ``None`` for all.
        registry: The registry of assignments.
        in_use: Ports that sockets of the machine hold.
        excluded: Ports that the machine excludes.

    Returns:
        The ports. Choose one at random, because other users choose the first ones too. Whether one
        is free is known only when the service has bound it.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidValueError: *transport* is empty, or a system has no fixed ephemeral range.
        UnknownNameError: A system or transport is unknown.

    Example:
        >>> ports = listen_ports()
        >>> 5432 in ports, why_not(ports.last)
        (False, ())
        >>> len(ports) > 10_000, ports == listen_ports(["openbsd"])
        (True, False)
    """
    transports = check_transports(transport)
    checks.of_type("registry", registry, Registry)
    profiles = profiles_of(systems)
    ephemeral = [profile.ports for profile in profiles]
    privileged = [_privileged(profile) for profile in profiles]
    free = PortSet.full().intersection(*(registry.unassigned(each) for each in transports))
    free = free - Category.SYSTEM.ports - BROWSER_BLOCKED - _likely_uses(transports)
    return free.difference(PortSet(in_use), PortSet(excluded), *ephemeral, *privileged)


def why_not(
    port: types.SupportsIndex,
    systems: types.SystemsLike = COMMON,
    transport: types.TransportsLike | None = _TRANSPORT,
    *,
    registry: Registry = SHIPPED,
    in_use: types.PortItems = (),
    excluded: types.PortItems = (),
) -> tuple[Finding, ...]:
    """Return the objections to a port for your own service.

    Args:
        port: The port, 0 to 65535.
        systems: As in ``listen_ports``.
        transport: As in ``listen_ports``.
        registry: The registry of assignments.
        in_use: As in ``listen_ports``.
        excluded: As in ``listen_ports``.

    Returns:
        The findings, in the order of ``rows``. There are none if and only if the port is in the
        result of ``listen_ports`` with the same arguments.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidPortError: *port* is outside 0 to 65535.
        InvalidValueError: *transport* is empty, or a system has no fixed ephemeral range.
        UnknownNameError: A system or transport is unknown.

    Example:
        >>> for found in why_not(10080, systems=["linux", "freebsd"])[:3]:
        ...     print(found)
        warning: 10080/tcp is assigned to amanda (assigned)
        warning: 10080 is inside the ephemeral range of FreeBSD, 10000-65535 (ephemeral)
        warning: 10080 is blocked by browsers (browser-blocked)
        >>> {found.id for found in why_not(5432)} == {"assigned", "known-use"}
        True
    """
    number = check_port(port)
    asked = _Question(systems, transport, registry, in_use, excluded)
    return asked.findings(PortRange(number), asked.reasons(number))


def why_not_ranges(
    ports: PortRange | PortSet,
    systems: types.SystemsLike = COMMON,
    transport: types.TransportsLike | None = _TRANSPORT,
    *,
    registry: Registry = SHIPPED,
    in_use: types.PortItems = (),
    excluded: types.PortItems = (),
) -> Iterator[tuple[PortRange, tuple[Finding, ...]]]:
    """Yield the objections to several ports, once for adjacent ports that do not differ.

    Args:
        ports: The ports.
        systems: As in ``listen_ports``.
        transport: As in ``listen_ports``.
        registry: As in ``listen_ports``.
        in_use: As in ``listen_ports``.
        excluded: As in ``listen_ports``.

    Yields:
        Ranges, ascending, each as long as possible, with the findings about all of its ports. Apart
        from the ports that they name, ``why_not`` returns the same for each port of the range.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidValueError: *transport* is empty, or a system has no fixed ephemeral range.
        UnknownNameError: A system or transport is unknown.

    Complexity:
        Linear in the number of ranges of facts: about 7,500 for all ports.

    Example:
        >>> for found, against in why_not_ranges(PortRange(49000, 49010)):
        ...     print(found, [each.id for each in against])
        49000 ['assigned', 'ephemeral']
        49001 ['assigned', 'ephemeral']
        49002-49010 ['ephemeral']
    """
    if not isinstance(ports, PortSet):
        ports = PortSet([checks.of_type("ports", ports, PortRange)])
    asked = _Question(systems, transport, registry, in_use, excluded)
    firsts = asked.firsts()
    for span in ports.ranges:
        inside = firsts[bisect_right(firsts, span.first) : bisect_right(firsts, span.last)]
        starts = [span.first, *inside]
        ends = [*(start - 1 for start in inside), span.last]
        for reasons, group in groupby(
            zip(starts, ends, strict=True), lambda pair: asked.reasons(pair[0])
        ):
            alike = list(group)
            found = PortRange(alike[0][0], alike[-1][1])
            yield found, asked.findings(found, reasons)


# A row of ``rows``, the source of the fact, and the details of the sentence.
_Reason: types.TypeAlias = "tuple[str, Source | None, dict[str, types.Any]]"


class _Question:
    """The checked arguments of ``why_not``, and the reasons against a port."""

    def __init__(
        self,
        systems: types.SystemsLike,
        transport: types.TransportsLike | None,
        registry: Registry,
        in_use: types.PortItems,
        excluded: types.PortItems,
    ) -> None:
        self._transports = check_transports(transport)
        self._registry = checks.of_type("registry", registry, Registry)
        self._profiles = profiles_of(systems)
        self._sets = {**_SETS, "in-use": PortSet(in_use), "excluded": PortSet(excluded)}

    def reasons(self, number: int) -> list[_Reason]:
        """Return the reasons against a port."""
        return [
            *self._in_sets(number, "port-zero", "system-port"),
            *_of_registry(number, self._transports, self._registry),
            *self._in_sets(number, "dynamic"),
            *_of_systems(number, self._profiles),
            *self._in_sets(number, "in-use", "excluded", "browser-blocked"),
            *_of_uses(number, self._transports),
        ]

    def _in_sets(self, number: int, *rows: str) -> types.Iterator[_Reason]:
        return ((row, None, {}) for row in rows if number in self._sets[row])

    def findings(self, ports: PortRange, reasons: list[_Reason]) -> tuple[Finding, ...]:
        """Return the findings about *ports*, all of which have these reasons against them."""
        concerned = PortSet([ports])
        return tuple(
            finding(row, concerned, source=source, **what) for row, source, what in reasons
        )

    def firsts(self) -> list[int]:
        """Return the ports at which the reasons may change, ascending."""
        sets = [*self._sets.values(), *(_privileged(each) for each in self._profiles)]
        sets += [each.ports for each in self._profiles]
        sets += [use.ports for use in uses.rows() if _is_likely(use, self._transports)]
        ranges = [*self._registry.spans(), *(each for ports in sets for each in ports.ranges)]
        return sorted({edge for each in ranges for edge in (each.first, each.last + 1)})


def _of_registry(
    number: int, transports: tuple[Transport, ...], registry: Registry
) -> types.Iterator[_Reason]:
    for each in transports:
        state = registry.state(number, each)
        if state is State.ASSIGNED:
            services = ", ".join(registry.services(number, each)) or "an unnamed use"
            yield "assigned", None, {"transport": each, "services": services}
        elif state is State.RESERVED:
            yield "reserved", None, {"transport": each, "state": "reserved by IANA"}
        elif state is State.NOT_LISTED:
            # The table of a machine or a program lists some services, not all of IANA's.
            rows = registry.lookup(number)
            reason = "assigned for another transport only" if rows else "not in the table"
            yield "reserved", None, {"transport": each, "state": reason}


def _of_systems(number: int, profiles: tuple[EphemeralProfile, ...]) -> types.Iterator[_Reason]:
    for profile in profiles:
        if number in profile.ports:
            details = {"system": profile.title, "range": str(profile.ports)}
            yield "ephemeral", profile.source, details
    for profile in profiles:
        # "system-port" already covers system ports, unless the machine is known.
        is_new = profile.tuned or number not in Category.SYSTEM.ports
        if is_new and number in _privileged(profile):
            yield "privileged", profile.privileged_source, {"system": profile.title}


def _of_uses(number: int, transports: tuple[Transport, ...]) -> types.Iterator[_Reason]:
    for use in uses.lookup(number):
        if _is_likely(use, transports):
            where = f"{'/'.join(use.transports)} {use.ports}"
            yield "known-use", use.source, {"name": use.name, "range": where, "note": use.note}


@lru_cache(maxsize=4)
def _likely_uses(transports: tuple[Transport, ...]) -> PortSet:
    return PortSet(use.ports for use in uses.rows() if _is_likely(use, transports))


def _is_likely(use: Use, transports: tuple[Transport, ...]) -> bool:
    """Return whether a program that listens on one of the ports is likely to meet *use*.

    A program with many ports seldom takes a given one; what a platform reserves is not available.
    """
    is_taken = use.is_narrow or use.kind is UseKind.PLATFORM
    return is_taken and not set(transports).isdisjoint(use.transports)


def finding(
    row: str,
    ports: PortSet,
    *,
    source: Source | None = None,
    location: types.Location | None = None,
    shown: str | None = None,
    **what: str,
) -> Finding:
    """Return a finding of the row with the id *row*, with its sentence completed.

    The sentence shows the ports as *shown*, if that is given.
    """
    known = BY_ID[row]
    if shown is None:
        # A set may have 32,768 ranges, so its text is made only if it is shown.
        shown = str(ports) if "{ports}" in known.template else ""
    return Finding(
        id=known.id,
        severity=known.severity,
        sentence=known.template.format(ports=shown, **what),
        ports=ports,
        source=source or known.source,
        location=location,
    )


def profiles_of(systems: types.SystemsLike) -> tuple[EphemeralProfile, ...]:
    """Return the profiles of *systems*, each with a fixed range; there may be none."""
    chosen = checked_systems(systems)
    return fixed(chosen) if chosen else ()


def _privileged(profile: EphemeralProfile) -> PortSet:
    """Return the ports that require a privilege to bind, by the rule of ``is_privileged``."""
    if not profile.privileged_below:
        return PortSet()
    return PortSet(range(1, profile.privileged_below)) | profile.privileged_extra
