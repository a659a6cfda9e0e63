"""explain(): collect what the other packages know about one port or several.

This module chooses the facts of a report; ``page`` lays them out, and the facts themselves are
rows elsewhere.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, lru_cache
from itertools import groupby, pairwise

from portranges import checks, ephemeral, types, uses
from portranges.categories import Category, classify
from portranges.layout import listed
from portranges.ports import PortRange, Transport, check_port, check_transport
from portranges.portset import PortSet
from portranges.registry import SHIPPED, Registry
from portranges.report import rows
from portranges.report.model import (
    BindRule,
    EphemeralRange,
    InspectCommand,
    PortReport,
    Remark,
    TransportState,
)


def explain(
    port: types.SupportsIndex,
    *,
    transport: types.TransportLike | None = None,
    registry: Registry | None = None,
) -> PortReport:
    """Return everything known about *port*.

    The report is the same on every machine: it describes systems with their default
    settings and reads neither this machine nor a network.

    Args:
        port: A port number, 0 to 65535.
        transport: Only this transport; None means all four.
        registry: The registry to use; None means the shipped one.

    Returns:
        The report. ``str()`` returns its page, ``to_dict()`` its data.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidPortError: *port* is outside 0 to 65535.
        UnknownNameError: *transport* is not one of the four.

    Example:
        >>> report = explain(60454)
        >>> report.category
        <Category.DYNAMIC: 'dynamic'>
        >>> sorted({"linux", "windows", "openbsd"} & {r.name for r in report.allocated_by})
        ['linux', 'windows']
    """
    number = check_port(port)
    registry = _checked(registry)
    transports = tuple(Transport) if transport is None else (check_transport(transport),)
    category = classify(number)
    edges = _edges_of_systems()
    edge = edges[bisect_right(edges, number) - 1]
    allocated_by, not_allocated_by, bind_rules = _of_systems(edge, transports)
    states = tuple(_state(registry, number, transport) for transport in transports)
    report = PortReport(
        port=number,
        ports=PortRange(number),
        category=category,
        registry=states,
        registry_source=registry.source,
        purpose=_purpose(number, category, states),
        allocated_by=allocated_by,
        not_allocated_by=not_allocated_by,
        bind_rules=bind_rules,
        browser_blocked=number in uses.BROWSER_BLOCKED,
        browser_source=uses.BROWSER_BLOCKED_SOURCE,
        uses=tuple(use for use in uses.lookup(number) if _concerns(use.transports, transports)),
        commands=tuple(
            _for_port(each, number)
            for of, each in rows.INSPECT_COMMANDS
            # No socket is bound to port 0, so there is nothing to inspect.
            if number and _concerns(of, transports)
        ),
        judgement=(),
    )
    return replace(report, judgement=tuple(_judgement(report)))


def explain_ranges(
    ports: PortRange | PortSet,
    *,
    transport: types.TransportLike | None = None,
    registry: Registry | None = None,
) -> Iterator[PortReport]:
    """Yield everything known about *ports*, one report for adjacent ports that do not differ.

    Args:
        ports: The ports.
        transport: As in ``explain``.
        registry: As in ``explain``.

    Yields:
        Reports, ascending. ``PortReport.ports`` is the range of a report, as long as possible.
        Within it, ``explain`` returns the same for each port, except for the port itself and the
        commands that contain it.

    Raises:
        TypeError: An argument has the wrong type.
        UnknownNameError: *transport* is not one of the four.

    Complexity:
        Linear in the number of ranges of facts: about 7,700 for all ports.

    Example:
        >>> [str(report.ports) for report in explain_ranges(PortRange(0, 3))]
        ['0', '1', '2-3']
    """
    if not isinstance(ports, PortSet):
        ports = PortSet([checks.of_type("ports", ports, PortRange)])
    registry = _checked(registry)
    selected = None if transport is None else check_transport(transport)
    firsts = _firsts(registry)
    for span in ports.ranges:
        inside = firsts[bisect_right(firsts, span.first) : bisect_right(firsts, span.last)]
        reports = (
            (explain(start, transport=selected, registry=registry), end)
            for start, end in pairwise([span.first, *inside, span.last + 1])
        )
        for _, group in groupby(reports, _facts):
            alike = list(group)
            first, end = alike[0][0], alike[-1][1]
            yield replace(first, ports=PortRange(first.port, end - 1))


def _for_port(each: InspectCommand, port: int) -> InspectCommand:
    # replace() takes three times as long, and a report has up to ten commands.
    return InspectCommand(
        system=each.system,
        command=each.command.format(port=port),
        shows=each.shows,
        source=each.source,
    )


def _checked(registry: Registry | None) -> Registry:
    return SHIPPED if registry is None else checks.of_type("registry", registry, Registry)


def _facts(pair: tuple[PortReport, int]) -> tuple[object, ...]:
    """Return what does not distinguish the ports of one range."""
    report = pair[0]
    return replace(report, port=0, ports=PortRange(0), commands=()), report.not_for_internet


def _concerns(of: types.Iterable[Transport], transports: types.Iterable[Transport]) -> bool:
    return not set(of).isdisjoint(transports)


# Ports with texts of their own.
_SINGLE_PORTS = sorted({0, *rows.SPECIAL, *(port for port, _ in rows.OF_TRANSPORT)})


# A command line with many ranges uses the same registry each time.
@lru_cache(maxsize=2)
def _firsts(registry: Registry) -> tuple[int, ...]:
    """Return the ports at which some fact of a report may change, ascending."""
    ranges = [*registry.spans(), *map(PortRange, _SINGLE_PORTS)]
    ranges += [category.ports for category in Category]
    ranges += [each for use in uses.rows() for each in use.ports.ranges]
    # A program that takes a later port if its own is in use says more about the first one.
    ranges += [PortRange(use.ports.first) for use in uses.rows()]
    ranges += [each for row in uses.not_for_internet() for each in row.ports.ranges]
    ranges += uses.BROWSER_BLOCKED.ranges
    return tuple(sorted({*_edges_of_systems(), *_edges(ranges)}))


def _edges(ranges: types.Iterable[PortRange]) -> types.Iterator[int]:
    for each in ranges:
        yield from (each.first, each.last + 1)


@cache
def _edges_of_systems() -> tuple[int, ...]:
    """Return the ports at which some fact about a system may change, ascending, from 0."""
    ranges = [PortRange(0, 65535)]
    for profile in ephemeral.profiles(kind="host", current=True):
        for ports in (profile.ports, profile.skipped, profile.privileged_extra):
            ranges += ports.ranges
        if profile.privileged_below:
            ranges.append(PortRange(0, profile.privileged_below - 1))
    return tuple(sorted({0, 1, *_edges(ranges)}))


# Of the facts in a report, the ones about systems take the longest to collect and change at the
# fewest ports.
@cache
def _of_systems(
    port: int, transports: tuple[Transport, ...]
) -> tuple[tuple[EphemeralRange, ...], tuple[EphemeralRange, ...], tuple[BindRule, ...]]:
    """Return the systems that allocate *port*, those that do not, and who may bind it."""
    allocating = {profile.name for profile in ephemeral.allocated_by(port)}
    yes: list[EphemeralRange] = []
    no: list[EphemeralRange] = []
    for profile in ephemeral.profiles(kind="host", current=True):
        if profile.has_fixed_range and _concerns(profile.transports, transports):
            entry = EphemeralRange(
                name=profile.name,
                system=profile.title,
                ports=profile.ports,
                skips_port=port in profile.skipped,
                source=profile.source,
            )
            (yes if profile.name in allocating else no).append(entry)
    return tuple(yes), tuple(no), _bind_rules(port)


def _state(registry: Registry, port: int, transport: Transport) -> TransportState:
    services = registry.services(port, transport)
    described: dict[str | None, str] = {}
    for row in registry.lookup(port, transport):
        # A file may have two rows with one name.
        described.setdefault(row.service, row.description)
    descriptions = tuple(described[name] for name in services) or tuple(described.values())
    return TransportState(
        transport=transport,
        state=registry.state(port, transport),
        services=services,
        descriptions=descriptions,
    )


def _purpose(
    port: int, category: Category, states: tuple[TransportState, ...]
) -> tuple[Remark, ...]:
    if port in rows.SPECIAL:
        return rows.SPECIAL[port], rows.MANY_CONNECTIONS
    known = {entry.state.value for entry in states}
    # A port that is not listed may be assigned for another transport, or in another table.
    unused = known <= {"reserved", "unassigned", "not-listed"} and known != {"not-listed"}
    of_transport = [
        rows.OF_TRANSPORT[port, entry.transport]
        for entry in states
        if (port, entry.transport) in rows.OF_TRANSPORT
    ]
    remarks = (rows.NOT_ASSIGNED,) if unused else ()
    return rows.PURPOSE[category], *remarks, *of_transport, rows.MANY_CONNECTIONS


def _bind_rules(port: int) -> tuple[BindRule, ...]:
    return tuple(
        BindRule(
            name=profile.name,
            system=profile.title,
            privileged=privileged,
            note=profile.privileged_note,
            source=profile.privileged_source or profile.source,
        )
        for profile in ephemeral.profiles(kind="host", current=True)
        if (privileged := profile.is_privileged(port)) is not None
    )


def _judgement(report: PortReport) -> types.Iterator[Remark]:
    """Yield how to interpret what the commands show; the last remark is about a listener."""
    if report.port == 0:
        # Only this port needs what the package knows about flows.
        from portranges.flows.rows import NO_PORT

        yield Remark(text=NO_PORT.reason, source=NO_PORT.source)
        return
    titles = {entry.name: entry.system for entry in report.allocated_by}
    common = tuple([titles[name] for name in rows.COMMON if name in titles])
    if common:
        yield _naming(rows.CONNECTION_END, common)
    elif titles:
        every = tuple([ephemeral.profile(name).title for name in rows.COMMON])
        yield _naming(rows.ACCEPTED_END, every)
    if "linux" in titles and any(entry.transport is Transport.TCP for entry in report.registry):
        yield rows.SELF_CONNECTION
    if "windows" in titles:
        yield rows.WINDOWS_EXCLUSION
    if any(rule.privileged and rule.name in rows.COMMON for rule in report.bind_rules):
        yield rows.PRIVILEGED_LISTENER
    yield _listener(report)


def _listener(report: PortReport) -> Remark:
    """Return what a listener on the port means."""
    if report.category is Category.DYNAMIC:
        return rows.KNOWN_DYNAMIC_LISTENER if report.known_for else rows.DYNAMIC_LISTENER
    if report.is_misnamed:
        return rows.MISNAMED_LISTENER
    # A port that is not listed may be assigned for another transport, or in another table.
    known = {entry.state.value for entry in report.registry} - {"not-listed"}
    if known == {"unassigned"}:
        return rows.UNASSIGNED_LISTENER
    if "reserved" in known and "assigned" not in known:
        return rows.RESERVED_LISTENER
    return rows.SERVICE_LISTENER


@cache
def _naming(remark: Remark, titles: tuple[str, ...]) -> Remark:
    return replace(remark, text=remark.text.format(systems=listed(titles)))
