"""explain: put together what the other rooms know about one port.

What lives here: which fact goes into a report.
What must not: facts (``rows``, and the rooms that hold them), layout.
"""

from __future__ import annotations

from portranges import ephemeral
from portranges.categories import Category, classify
from portranges.ports import Transport, check_port, check_transport
from portranges.registry import SHIPPED
from portranges.report import rows
from portranges.report.model import (
    BindRule,
    EphemeralRange,
    InspectCommand,
    PortReport,
    TransportState,
)
from portranges.source import Source
from portranges.uses import BROWSER_BLOCKED, BROWSER_BLOCKED_SOURCE, uses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import SupportsIndex

    from portranges.registry import Registry
    from portranges.report.model import Remark

__all__ = ["explain"]


def explain(
    port: SupportsIndex,
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
        TypeError: *port* is no integer.
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
    transports = tuple(Transport) if transport is None else (check_transport(transport),)
    category = classify(number)
    handing, others = _ephemeral(number, transports)
    return PortReport(
        port=number,
        category=category,
        registry=tuple(_state(asked, number, transport) for transport in transports),
        registry_source=_registry_source(asked),
        purpose=(rows.SPECIAL.get(number, rows.PURPOSE[category]), rows.MANY_CONNECTIONS),
        handed_out_by=handing,
        not_handed_out_by=others,
        bind_rules=_bind_rules(number),
        browser_blocked=number in BROWSER_BLOCKED,
        browser_source=BROWSER_BLOCKED_SOURCE,
        uses=tuple(use for use in uses(number) if not set(transports).isdisjoint(use.transports)),
        commands=tuple(
            InspectCommand(
                system=system, command=command.format(port=number), shows=shows, source=source
            )
            for system, command, shows, source in rows.COMMANDS
        ),
        judgement=tuple(_judgement(category, handed_out=bool(handing))),
    )


def _registry_source(asked: Registry) -> Source:
    edition = "edition not known" if asked.snapshot is None else f"edition of {asked.snapshot}"
    return Source(
        document="IANA Service Name and Transport Protocol Port Number Registry",
        section=edition,
        checked="2026-11",
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


def _bind_rules(port: int) -> tuple[BindRule, ...]:
    return tuple(
        BindRule(
            name=profile.name,
            system=profile.system,
            privileged=port < profile.privileged_below,
            note=profile.privileged_note,
            source=profile.source,
        )
        for profile in ephemeral.profiles(kind="host", current=True)
        if profile.privileged_below is not None
    )


def _judgement(category: Category, *, handed_out: bool) -> list[Remark]:
    remarks = [rows.CONNECTION_END] if handed_out else []
    listener = rows.DYNAMIC_LISTENER if category is Category.DYNAMIC else rows.SERVICE_LISTENER
    return [*remarks, listener]
