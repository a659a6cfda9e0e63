"""``portranges 60454 --here``: the section of a page about the port on this machine.

It shows what holds the port, whether the machine allocates it by its own settings, and whether
this process may bind it.
"""

from __future__ import annotations

from portranges import types
from portranges.cli.numbers import moment, span
from portranges.cli.sockets import ends, notes, owner_and_user
from portranges.errors import SystemReadError
from portranges.probe import Scope, SocketRecord, SocketState, SocketTable, owners
from portranges.report.page_layout import Page
from portranges.system import Machine, MachineSettings, read_may_bind_privileged, read_settings

_MOST = 10  # sockets that are listed individually


def data(
    port: int, transport: str | None = None, *, machine: Machine | None = None
) -> dict[str, types.Any]:
    """Return what holds *port*, and the settings of the machine for it, as data for JSON."""
    table = owners(port, probed(transport))
    return {
        "verdict": state(table, transport),
        "machine": [_settings_data(port, each, machine) for each in _transports(transport)],
        **table.to_dict(),
    }


def section(
    port: int,
    transport: str | None = None,
    *,
    width: int = 80,
    styled: bool = False,
    machine: Machine | None = None,
) -> str:
    """Return what holds *port*, and the settings of the machine for it, as a section."""
    table = owners(port, probed(transport))
    texts = [
        explained(table, transport),
        *first_sockets(table, _MOST),
        *notes(table.visibility, table),
        *_settings_texts(port, transport, machine),
    ]
    page = Page(width=width, styled=styled)
    page.section("Here, now", [page.paragraph(text, indent=2) for text in texts])
    # The first line is the blank one before a section.
    return "\n".join(page.lines[1:])


def probed(transport: str | None) -> types.Any:
    """Return the transport whose sockets are read, None for both."""
    # The probe reads TCP and UDP sockets; for other transports, both are shown.
    return transport if transport in ("tcp", "udp") else None


def _transports(transport: str | None) -> tuple[types.TransportName, ...]:
    return (types.cast("types.TransportName", transport),) if transport else ("tcp", "udp")


def _settings_data(
    port: int, transport: types.TransportName, machine: Machine | None
) -> dict[str, types.Any]:
    try:
        settings = read_settings(transport, machine=machine)
        is_privileged = settings.profile.is_privileged(port)
        may_bind = not is_privileged or read_may_bind_privileged(machine=machine)
    except SystemReadError as error:
        return {"transport": transport, "error": str(error)}
    return {
        "transport": transport,
        "range": str(settings.configured),
        "allocated": port in settings.effective,
        "reserved": port in settings.reserved,
        "excluded": port in settings.excluded,
        "privileged": is_privileged,
        "may_bind": None if is_privileged is None else may_bind,
    }


def _settings_texts(
    port: int, transport: str | None, machine: Machine | None
) -> types.Iterator[str]:
    """Yield what the settings of the machine mean for *port*, once if all transports agree."""
    found: dict[tuple[str, ...], list[str]] = {}
    for each in _transports(transport):
        try:
            texts = tuple(_settings(port, read_settings(each, machine=machine), machine))
        except SystemReadError as error:
            texts = (str(error),)
        found.setdefault(texts, []).append(each.upper())
    for texts, names in found.items():
        for text in texts:
            yield text if len(found) == 1 else f"{' and '.join(names)}: {text}"


def allocation(port: int, settings: MachineSettings) -> str:
    """Return whether the machine allocates *port*, as a sentence."""
    if port in settings.effective:
        does = "allocates it to clients"
    elif port in settings.excluded:
        does = "excludes it, and most such ports cannot be bound"
    elif port in settings.reserved and port in settings.configured:
        does = "does not allocate it, because it is reserved"
    else:
        does = "does not allocate it"
    return f"this machine {does}: its ephemeral range is {settings.configured}"


def _settings(port: int, settings: MachineSettings, machine: Machine | None) -> types.Iterator[str]:
    yield allocation(port, settings)
    is_privileged = settings.profile.is_privileged(port)
    start = settings.unprivileged_start or 0
    origin = settings.origins["unprivileged_start"]
    place = f" ({origin.place or origin.note})"
    if is_privileged:
        rule = f"ports below {start} require one" if port < start else "the port is listed"
        may = read_may_bind_privileged(machine=machine)
        verb = "has the privilege to bind it" if may else "cannot bind it without a privilege"
        yield f"this process {verb}: {rule}{place}"
    # Port 0 is a request for any port, and most excluded ports cannot be bound.
    elif is_privileged is False and port and port not in settings.excluded:
        rule = f": only ports below {start} require a privilege" if start else ""
        yield f"any user of this machine may bind it{rule}{place}"


def state(table: SocketTable, transport: str | None) -> str:
    """Return what the sockets in *table* mean for their port, as one word."""
    if not len(table):
        # A port is free if nothing holds it, not if nothing was visible.
        is_seen = table.visibility.sockets is Scope.ALL and transport == probed(transport)
        return "free" if is_seen else "unknown"
    states = {record.state for record in table}
    if SocketState.LISTEN in states:
        return "listening"
    if SocketState.UNCONNECTED in states or SocketState.CLOSED in states:
        return "bound"
    if all(record.is_held_by_kernel for record in table):
        return "ended"
    if any(each.is_self_connected and each.transport == "tcp" for each in table):
        return "self-connected"
    return "connected"


_VERDICTS = {
    "unknown": "unknown: not all sockets are visible",
    "free": "no {} socket of this machine holds the port at the moment",
    "listening": "a process listens on it until it closes the socket",
    "bound": "a process holds it until it closes the socket",
    "ended": "a connection has ended; the kernel will release the port",
    "self-connected": (
        "a client is connected to itself: nothing listened on the port, and connect() used the "
        "port for the client's own end. Both ends are one socket. No service can listen on the "
        "port until its process closes the socket. To prevent it, reserve the port "
        "(net.ipv4.ip_local_reserved_ports on Linux), move the service out of the ephemeral range, "
        "or bind the client to a port outside that range; a client that retries should close a "
        "socket whose two ends are equal"
    ),
    "connected": "a connection uses it until either end closes it",
}


def explained(table: SocketTable, transport: str | None) -> str:
    """Return what the sockets in *table* mean for their port, as a sentence."""
    kind = "TCP or UDP" if transport is None else transport.upper()
    return _VERDICTS[state(table, transport)].format(kind)


def first_sockets(table: SocketTable, most: int) -> types.Iterator[str]:
    """Yield the sockets in *table*, listeners first, and how many are left out after *most*."""
    records = sorted(table, key=lambda each: (not each.is_listening, each.remote, each.local))
    for record in records[:most]:
        yield described(record, table.why_no_owner(record))
    if len(records) > most:
        yield f"and {len(records) - most:,} more"


def described(record: SocketRecord, why_no_owner: str) -> str:
    """Return a socket with its owners, or with the reason why none is known."""
    text = f"{record.transport} {record.state} {ends(record, 'to')}"
    for each in record.owners:
        text += f"; {owner_and_user(each)}"
        if each.started_at is not None and not record.remote:
            text += f", started {moment(each.started_at)}"
    if not record.owners:
        text += f"; no owner: {why_no_owner}"
    if record.expires_in is not None:
        text += f", in {span(record.expires_in)}"
    return text
