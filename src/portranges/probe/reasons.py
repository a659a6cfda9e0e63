"""Reasons for and against concern about a listener on an ephemeral port.

A reason is what is known about the socket, its port or its program, with a source unless it was
read on this machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

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

_RFC_6335 = cite("RFC 6335", "section 8.1.2")

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
    return (*_concerns(record, table, ephemeral), *_reassurances(record))


_concern = partial(Reason, kind=ReasonKind.CONCERN)
_reassurance = partial(Reason, kind=ReasonKind.REASSURANCE)


def _concerns(
    record: SocketRecord, table: SocketTable, ephemeral: PortSet | None
) -> types.Iterator[Reason]:
    if not record.owners:
        yield _concern(key="no-owner", text=f"no owner: {table.why_no_owner(record)}")
    if not record.is_loopback:
        where = "every address" if record.is_wildcard else record.address
        yield _concern(key="exposed", text=f"it listens on {where}, which other machines may reach")
    if ephemeral is not None and record.port in ephemeral:
        text = (
            "the port is in this machine's ephemeral range: a connection may use it "
            "while the listener restarts"
        )
        yield _concern(key="ephemeral-port", text=text)
    if record.port in Category.DYNAMIC.ports:
        text = "IANA assigns no service to Dynamic Ports: the number does not identify one"
        yield _concern(key="dynamic-port", text=text, source=_RFC_6335)


def _reassurances(record: SocketRecord) -> types.Iterator[Reason]:
    for owner in record.owners:
        program = PROGRAMS.get(owner.name)
        if program is not None:
            key = "container-proxy" if program.is_proxy else "known-program"
            text = f"a program named {program.name} {program.purpose}"
            yield _reassurance(key=key, text=text, source=program.source)
    names = services(record.port, record.transport)
    if names:
        yield _reassurance(key="known-service", text=f"the port is registered to {names[0]}")
    for use in uses.lookup(record.port):
        if record.transport in use.transports and len(use.ports) <= _NARROW:
            text = f"{use.name} uses {use.ports}: {use.note}"
            yield _reassurance(key="known-use", text=text, source=use.source)
    if record.is_loopback:
        yield _reassurance(key="loopback", text="only this machine can reach it")
    if record.transport is Transport.UDP:
        text = "a UDP socket without a remote address is often a client that awaits answers"
        yield _reassurance(key="udp-client", text=text)
