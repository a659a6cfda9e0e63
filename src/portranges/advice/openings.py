"""Faults in a set of open ports: too many of them, too few for replies, exposed services.

``auditing`` and ``of_rulesets`` decide which ports are open. If they know the transport, they pass
it, and the sentences name it.
"""

from __future__ import annotations

from portranges import types, uses
from portranges.advice.listen import finding
from portranges.advice.model import Finding
from portranges.categories import Category
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet

# This many adjacent open ports of a system's ephemeral range are meant for replies. Fewer belong to
# services that happen to be inside the range.
_FOR_ANSWERS = 1000

# More adjacent system ports than this were not chosen one by one.
_AT_ONCE = 10


def wide_openings(ports: PortSet, transport: Transport | None = None) -> types.Iterator[Finding]:
    """Yield the findings about more open ports than were chosen one by one."""
    what = f"{transport.upper()} " if transport else ""
    dynamic = PortSet([Category.DYNAMIC.ports])
    if opens_all(ports):
        yield finding("opens-all", ports, what=what)
        return
    if dynamic <= ports:
        yield finding("opens-dynamic", dynamic, what=what)
    for each in (ports & Category.SYSTEM.ports).ranges:
        if len(each) > _AT_ONCE:
            found = PortSet([each])
            count = str(len(each))
            yield finding("exposes-system", found, shown=_shown(found, transport), count=count)
    if 0 in ports:
        yield finding("has-port-zero", PortSet([0]))


def cut_replies(
    ports: PortSet,
    profiles: types.Iterable[types.EphemeralProfile],
    transport: Transport | None = None,
) -> types.Iterator[Finding]:
    """Yield the findings about systems of which only a part of the ephemeral range is open."""
    for profile in profiles:
        allocated = profile.ports - profile.skipped
        open_ones = allocated & ports
        missing = allocated - ports
        if missing and any(len(each) >= _FOR_ANSWERS for each in open_ones.ranges):
            yield finding(
                "cuts-ephemeral",
                open_ones,
                shown=_shown(open_ones, transport),
                source=profile.source,
                system=profile.title,
                missing=str(missing),
                percent=str(max(1, round(100 * len(missing) / len(allocated)))),
            )


def exposed_services(
    ports: PortSet,
    profiles: types.Iterable[types.EphemeralProfile],
    transport: Transport | None = None,
) -> types.Iterator[Finding]:
    """Yield the findings about services that should not be reachable from the internet."""
    # The system whose replies a port is open for, by that system's whole ephemeral range.
    ranges = {each.title: each.ports - each.skipped for each in profiles}
    for_replies = {title: each for title, each in ranges.items() if each <= ports}
    for row in uses.not_for_internet():
        if transport is not None and transport not in row.transports:
            continue
        opened = ports & row.ports
        for system, allocated in for_replies.items():
            if inside := opened & allocated:
                opened -= inside
                yield finding(
                    "among-replies",
                    inside,
                    shown=_shown(inside, transport),
                    source=row.source,
                    service=row.service,
                    system=system,
                    why=row.why,
                )
        if opened:
            yield finding(
                "not-for-internet",
                opened,
                shown=_shown(opened, transport),
                source=row.source,
                service=row.service,
                why=row.why,
            )


def led_to_services(
    ports: PortSet, target: PortSet, transport: Transport
) -> types.Iterator[Finding]:
    """Yield the findings about services that *ports* are translated to.

    Services that have these ports themselves are left to ``exposed_services``.
    """
    for row in uses.not_for_internet():
        inside = target & row.ports
        if transport not in row.transports or not inside:
            continue
        opened = ports
        if len(ports) == len(target):
            opened = PortSet(
                one for one, other in zip(ports, target, strict=True) if other in inside
            )
        if not opened <= row.ports:
            shown = str(opened) if len(ports) <= len(target) else f"one of {opened}"
            yield finding(
                "not-for-internet",
                opened,
                shown=f"{shown}/{transport}, which leads to {inside},",
                source=row.source,
                service=row.service,
                why=row.why,
            )


def opens_all(ports: PortSet) -> bool:
    """Return whether every port that a program can listen on is open."""
    return ports >= PortRange(1, 65535)


def _shown(ports: PortSet, transport: Transport | None) -> str:
    """Return *ports* as the sentence names them."""
    return f"{ports}/{transport}" if transport else str(ports)
