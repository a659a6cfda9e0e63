"""``portranges 60454 --here``: the section of a page about what holds the port on this machine."""

from __future__ import annotations

from textwrap import wrap

from portranges import types
from portranges.cli.layout import moment, notes, owner, span, user
from portranges.probe import Scope, SocketRecord, SocketState, SocketTable, owners

__all__ = ["data", "section"]

_LABEL = 14  # as on the page
_MOST = 10  # sockets that are listed individually


def data(port: int, transport: str | None = None) -> dict[str, types.Any]:
    """Return what holds *port*, as data for JSON."""
    table = owners(port, _probed(transport))
    return {"verdict": _verdict(table, transport), **table.to_dict()}


def section(
    port: int, transport: str | None = None, *, width: int = 80, styled: bool = False
) -> str:
    """Return what holds *port*, as a section of the page."""
    table = owners(port, _probed(transport))
    head, *rest = (
        line
        for text in _texts(table, transport)
        for line in wrap(text, width - _LABEL, subsequent_indent="  ", break_on_hyphens=False)
    )
    label = "Here, now".ljust(_LABEL)
    if styled:
        label = f"\x1b[1m{label}\x1b[0m"
    return "\n".join([label + head, *(" " * _LABEL + line for line in rest)])


def _probed(transport: str | None) -> types.Any:
    # The probe reads TCP and UDP sockets; for other transports, both are shown.
    return transport if transport in ("tcp", "udp") else None


def _verdict(table: SocketTable, transport: str | None) -> str:
    if not len(table):
        # A port is free if nothing holds it, not if nothing was visible.
        is_seen = table.visibility.sockets is Scope.ALL and transport == _probed(transport)
        return "free" if is_seen else "unknown"
    states = {record.state for record in table}
    if SocketState.LISTEN in states:
        return "listening"
    if SocketState.UNCONNECTED in states or SocketState.CLOSED in states:
        return "bound"
    if all(record.is_held_by_kernel for record in table):
        return "ended"
    return "connected"


_VERDICTS = {
    "unknown": "unknown: not all sockets are visible",
    "free": "no {} socket of this machine holds the port",
    "listening": "a process listens on it until it closes the socket",
    "bound": "a process holds it until it closes the socket",
    "ended": "a connection has ended; the kernel will release the port",
    "connected": "a connection uses it until either end closes it",
}


def _texts(table: SocketTable, transport: str | None) -> types.Iterator[str]:
    kind = "TCP or UDP" if transport is None else transport.upper()
    yield _VERDICTS[_verdict(table, transport)].format(kind)
    records = sorted(table, key=lambda each: (not each.is_listening, each.remote, each.local))
    for record in records[:_MOST]:
        yield _text(record, table)
    if len(records) > _MOST:
        yield f"and {len(records) - _MOST:,} more"
    yield from notes(table.visibility, records)


def _text(record: SocketRecord, table: SocketTable) -> str:
    ends = f"{record.local} to {record.remote}" if record.remote else record.local
    text = f"{record.transport} {record.state} {ends}"
    for each in record.owners:
        text += f"; {owner(each)}"
        if each.uid is not None:
            text += f", user {user(each.uid)}"
        if each.started_at is not None and not record.remote:
            text += f", started {moment(each.started_at)}"
    if not record.owners:
        text += f"; no owner: {table.why_no_owner(record)}"
    if record.expires_in is not None:
        text += f", in {span(record.expires_in)}"
    return text
