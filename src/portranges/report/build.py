"""explain: put together what the other rooms know about one port.

What lives here: which fact goes into a report.
What must not: facts (``rows``, and the rooms that hold them), layout.
"""

from __future__ import annotations

from portranges import ephemeral, types
from portranges.categories import Category, classify
from portranges.errors import elide
from portranges.ports import Transport, check_port, check_transport
from portranges.registry import SHIPPED, Registry, source
from portranges.report import rows
from portranges.report.model import (
    BindRule,
    EphemeralRange,
    InspectCommand,
    PortReport,
    Remark,
    TransportState,
)
from portranges.source import Source
from portranges.uses import BROWSER_BLOCKED, BROWSER_BLOCKED_SOURCE, uses

__all__ = ["explain"]


def explain(
    port: types.SupportsIndex,
    *,
    transport: Transport | str | None = None,
    registry: Registry | None = None,
) -> PortReport:
    """Return everything known about *port*.

    The answer is the same on every machine: it tells of systems by their
    defaults, and asks neither this machine nor a network.

    Args:
        port: A port number, 0 to 65535.
        transport: Tell of this transport alone; of all four by default.
        registry: The registry to ask; the shipped snapshot by default.

    Returns:
        The report: ``str()`` is its page, ``to_dict()`` its data.

    Raises:
        TypeError: *port* is no integer, *transport* no ``str``, *registry* no
            ``Registry``.
        InvalidPortError: *port* is outside 0 to 65535.
        UnknownNameError: *transport* is not one of the four.

    Example:
        >>> report = explain(60454)
        >>> report.category
        <Category.DYNAMIC: 'dynamic'>
        >>> sorted({"linux", "windows", "openbsd"} & {r.name for r in report.handed_out_by})
        ['linux', 'windows']
    """
    number = check_port(port)
    asked = SHIPPED if registry is None else registry
    if not isinstance(asked, Registry):
        raise TypeError(f"registry must be a Registry, got {type(asked).__name__} {elide(asked)}")
    transports = tuple(Transport) if transport is None else (check_transport(transport),)
    category = classify(number)
    handing, others = _ephemeral(number, transports)
    states = tuple(_state(asked, number, transport) for transport in transports)
    return PortReport(
        port=number,
        category=category,
        registry=states,
        registry_source=_registry_source(asked),
        purpose=_purpose(number, category, states),
        handed_out_by=handing,
        not_handed_out_by=others,
        bind_rules=_bind_rules(number),
        browser_blocked=number in BROWSER_BLOCKED,
        browser_source=BROWSER_BLOCKED_SOURCE,
        uses=tuple(use for use in uses(number) if not set(transports).isdisjoint(use.transports)),
        commands=tuple(
            InspectCommand(
                system=system, command=command.format(port=number), shows=shows, source=origin
            )
            for system, of, command, shows, origin in rows.COMMANDS
            # Nothing has port 0: there is nothing to look for.
            if number and not set(of).isdisjoint(transports)
        ),
        judgement=tuple(_judgement(category, handed_out=bool(handing))) if number else (),
    )


def _registry_source(asked: Registry) -> Source:
    if asked is SHIPPED:
        return source
    edition = "edition not known" if asked.snapshot is None else f"edition of {asked.snapshot}"
    return Source(
        document="the registry that was given to explain()",
        section=edition,
        checked=str(asked.snapshot or "unknown"),
    )


def _ephemeral(
    port: int, transports: tuple[Transport, ...]
) -> tuple[tuple[EphemeralRange, ...], tuple[EphemeralRange, ...]]:
    """Return the systems that hand *port* out, and those that do not."""
    handing = {profile.name for profile in ephemeral.handed_out_by(port)}
    yes: list[EphemeralRange] = []
    no: list[EphemeralRange] = []
    for profile in ephemeral.profiles(kind="host", current=True):
        if profile.has_fixed_range and not set(transports).isdisjoint(profile.transports):
            entry = EphemeralRange(
                name=profile.name,
                system=profile.system,
                ports=profile.ports,
                skips_port=port in profile.skipped,
                source=profile.source,
            )
            (yes if profile.name in handing else no).append(entry)
    return tuple(yes), tuple(no)


def _state(asked: Registry, port: int, transport: Transport) -> TransportState:
    assignments = asked.lookup(port, transport)
    return TransportState(
        transport=transport,
        state=asked.state(port, transport),
        services=asked.services(port, transport),
        description=assignments[0].description if assignments else "",
    )


def _purpose(
    port: int, category: Category, states: tuple[TransportState, ...]
) -> tuple[Remark, ...]:
    if port in rows.SPECIAL:
        return rows.SPECIAL[port], rows.MANY_CONNECTIONS
    used = category is Category.DYNAMIC or any(entry.state == "assigned" for entry in states)
    unused = () if used else (rows.NOT_ASSIGNED,)
    return rows.PURPOSE[category], *unused, rows.MANY_CONNECTIONS


def _bind_rules(port: int) -> tuple[BindRule, ...]:
    return tuple(
        BindRule(
            name=profile.name,
            system=profile.system,
            privileged=privileged,
            note=profile.privileged_note,
            source=profile.privileged_source or profile.source,
        )
        for profile in ephemeral.profiles(kind="host", current=True)
        if (privileged := profile.is_privileged(port)) is not None
    )


def _judgement(category: Category, *, handed_out: bool) -> list[Remark]:
    remarks = [rows.CONNECTION_END] if handed_out else []
    listener = rows.DYNAMIC_LISTENER if category is Category.DYNAMIC else rows.SERVICE_LISTENER
    return [*remarks, listener]
