"""Reasons for and against concern about a listener on an ephemeral port.

A reason is what is known about the socket, its port or its program, with a source unless it was
read on this machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portranges import types, uses
from portranges.categories import Category
from portranges.checks import fields, optional
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.probe.programs import PROGRAMS
from portranges.probe.record import SocketRecord
from portranges.probe.table import SocketTable
from portranges.records import always_checked, as_data
from portranges.registry import services
from portranges.source import Source, cite

_RFC_6335 = cite("RFC 6335", "section 6")

# A known use of more ports than this says nothing about one of them.
_NARROW = 1001


class ReasonKind(StrEnum):
    """Whether a reason raises or lowers concern about a listener.

    Example:
        >>> ReasonKind("reassurance")
        <ReasonKind.REASSURANCE: 'reassurance'>
    """

    CONCERN = "concern"
    REASSURANCE = "reassurance"


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason for or against concern.

    Attributes:
        key: A short, stable name, such as ``"exposed"``.
        kind: Whether it raises or lowers concern.
        text: The reason, as a phrase.
        source: What it is based on, unless that is this machine.

    Example:
        >>> reason = Reason(key="loopback", kind=ReasonKind.REASSURANCE, text="only local")
        >>> reason.to_dict()["kind"]
        'reassurance'
    """

    key: str
    kind: ReasonKind
    text: str
    source: Source | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, key=str, kind=ReasonKind, text=str, source=optional(Source))

    def to_dict(self) -> dict[str, types.Any]:
        """Return the reason as data for JSON, with a key for each attribute."""
        return as_data(self)


def reasons_for(
    record: SocketRecord, table: SocketTable, ephemeral: PortSet | None
) -> tuple[Reason, ...]:
    """Return the reasons about *record*, those for concern first.

    *ephemeral* are the ports that this machine allocates, ``None`` if unknown.
    """
    concerns = _concerns(record, table, ephemeral)
    return tuple(
        Reason(key=key, kind=kind, text=text, source=source)
        for kind, found in (
            (ReasonKind.CONCERN, concerns),
            (ReasonKind.REASSURANCE, _reassurances(record)),
        )
        for key, text, source in found
    )


def _concerns(
    record: SocketRecord, table: SocketTable, ephemeral: PortSet | None
) -> types.Iterator[tuple[str, str, Source | None]]:
    if not record.owners:
        yield "no-owner", f"no owner: {table.why_no_owner(record)}", None
    if not record.is_loopback:
        where = "every address" if record.is_wildcard else record.address
        yield "exposed", f"it listens on {where}, which other machines may reach", None
    if ephemeral is not None and record.port in ephemeral:
        text = (
            "the port is in this machine's ephemeral range: a connection may use it "
            "while the listener restarts"
        )
        yield "ephemeral-port", text, None
    if record.port in Category.DYNAMIC.ports:
        text = "IANA assigns no service to Dynamic Ports: the number does not identify one"
        yield "dynamic-port", text, _RFC_6335


def _reassurances(record: SocketRecord) -> types.Iterator[tuple[str, str, Source | None]]:
    for owner in record.owners:
        program = PROGRAMS.get(owner.name)
        if program is not None:
            key = "container-proxy" if program.is_proxy else "known-program"
            yield key, f"a program named {program.name} {program.purpose}", program.source
    names = services(record.port, record.transport)
    if names:
        yield "known-service", f"the port is registered to {names[0]}", None
    for use in uses.lookup(record.port):
        if record.transport in use.transports and len(use.ports) <= _NARROW:
            yield "known-use", f"{use.name} uses {use.ports}: {use.note}", use.source
    if record.is_loopback:
        yield "loopback", "only this machine can reach it", None
    if record.transport is Transport.UDP:
        text = "a UDP socket without a remote address is often a client that awaits answers"
        yield "udp-client", text, None
