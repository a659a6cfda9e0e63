"""``portranges ephemeral linux macos`` and ``portranges ephemeral --here``: ephemeral ranges."""

from __future__ import annotations

import sys

from portranges import ephemeral, system, types
from portranges.cli.numbers import seconds
from portranges.cli.output import answer, columns
from portranges.errors import InvalidValueError
from portranges.families import Family
from portranges.layout import cut_list, table, wrapped
from portranges.portset import PortSet
from portranges.records import as_data
from portranges.systems import Kind

_BELOW = " " * 22

# A set of ports can be long; the table shows its beginning.
_LONGEST = 24


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    default = "a system (linux, windows-2003); default: all current hosts"
    add.words("names", "NAME", default, nargs="*")
    add.flag("--here", "read the settings of this machine")
    add.transport("with --here: the transport (default: tcp)", ("tcp", "udp", "sctp"))
    add.choice("--family", Family, "with --here: IPv4 or IPv6 (default: inet)")
    add.json("print JSON, a list with one object per system")


def run(arguments: types.Namespace, *, machine: types.Machine | None = None) -> int:
    """Print the ranges of the systems in *arguments* and, with ``--here``, of this machine."""
    for option in ("transport", "family"):
        given = getattr(arguments, option)
        if given is not None and not arguments.here:
            raise InvalidValueError(f"--{option} requires --here", f"--{option} {given} without it")
    rows = [ephemeral.profile(name) for name in arguments.names]
    here: types.MachineSettings | None = None
    if arguments.here:
        here = system.read_settings(
            arguments.transport or "tcp", family=arguments.family or "inet", machine=machine
        )
    else:
        rows = rows or list(ephemeral.profiles("host", current=True))
    data = [_data(row) for row in rows]
    if here is not None:
        data.append({"name": "here", **here.to_dict()})
    return answer(arguments, "ephemeral", data, _lines(rows, here, notes=bool(arguments.names)))


def _lines(
    rows: types.Sequence[types.EphemeralProfile],
    here: types.MachineSettings | None,
    *,
    notes: bool,
) -> types.Iterator[str]:
    if rows:
        yield from _table(rows)
    if notes:
        yield from _privileges(rows)
    if rows and here is not None:
        yield ""
    if here is not None:
        yield from _settings(here)


def _data(row: types.EphemeralProfile) -> dict[str, types.Any]:
    ports = row.ports if row.has_fixed_range else None
    return {
        "name": row.name,
        "system": row.title,
        "kind": row.kind,
        "ports": ports,
        "count": None if ports is None else len(ports),
        **as_data(
            row,
            "skipped",
            "transports",
            "shares_ports_across_destinations",
            "time_wait",
            "privileged_below",
            "privileged_extra",
            "privileged_note",
            "read_with",
            "confidence",
            "source",
        ),
    }


def _table(rows: types.Sequence[types.EphemeralProfile]) -> types.Iterator[str]:
    cells = [
        (row.name, str(row.ports), f"{len(row.ports):,}", row.confidence.value)
        if row.has_fixed_range
        else (row.name, "not fixed", "-", row.confidence.value)
        for row in rows
    ]
    yield from table(
        ("name", "ports", "count", "confidence"),
        cells,
        width=columns(sys.stdout),
        right=(2,),
        least=(0, 12, 6),
    )


def _privileges(rows: types.Iterable[types.EphemeralProfile]) -> types.Iterator[str]:
    # A translator or a document has no rule of its own.
    width = columns(sys.stdout)
    hosts = [row for row in rows if row.kind is Kind.HOST]
    if hosts:
        yield ""
    for row in hosts:
        below = row.privileged_below
        if below is None:
            ports = "unknown"
        else:
            ports = str(PortSet(range(1, below)) | row.privileged_extra) or "none"
        note = f"; {row.privileged_note}" if row.privileged_note else ""
        yield from wrapped(f"{row.name}, privileged ports: {ports}{note}", width, below="  ")


def _settings(settings: types.MachineSettings) -> types.Iterator[str]:
    family = "IPv6" if settings.family is Family.INET6 else "IPv4"
    yield f"this machine: {settings.profile.title}, {settings.transport}, {family}"
    lines = [
        ("ephemeral", _ports(settings.effective), f"{len(settings.effective):,} ports"),
        *((label, value, _origin(settings, key)) for label, value, key in _values(settings)),
    ]
    width = columns(sys.stdout)
    wide = max(len(value) for _, value, _ in lines)
    for label, value, where in lines:
        line = f"  {label:<18}  {value:<{wide}}  {where}"
        if len(line) <= width:
            yield line
        else:
            # A path or a command must stay on one line.
            yield f"  {label:<18}  {value}"
            below = _BELOW if len(_BELOW + where) <= width else " " * 4
            yield from wrapped(where, width, first=below, below=below)


def _values(settings: types.MachineSettings) -> types.Iterator[tuple[str, str, str]]:
    yield "range", str(settings.configured), "configured"
    yield "reserved", _ports(settings.reserved), "reserved"
    yield "excluded", _ports(settings.excluded), "excluded"
    start = settings.unprivileged_start
    yield "first unprivileged", "unknown" if start is None else str(start), "unprivileged_start"
    yield "TIME_WAIT", seconds(settings.time_wait), "time_wait"
    if settings.time_wait_reuse is not None:
        yield "TIME_WAIT reuse", settings.time_wait_reuse.value, "time_wait_reuse"
    if settings.time_wait_reuse_after is not None:
        yield "  after", seconds(settings.time_wait_reuse_after), "time_wait_reuse_after"
    if settings.time_wait_limit is not None:
        yield "TIME_WAIT at most", f"{settings.time_wait_limit:,}", "time_wait_limit"
    if settings.fin_wait_2 is not None:
        yield "FIN_WAIT_2", seconds(settings.fin_wait_2), "fin_wait_2"
    if settings.port_step_width is not None:
        yield "step width", str(settings.port_step_width), "port_step_width"


def _ports(ports: types.PortSet) -> str:
    return cut_list(str(ports), _LONGEST) or "none"


def _origin(settings: types.MachineSettings, key: str) -> str:
    origin = settings.origins[key]
    if origin.kind is system.OriginKind.READ:
        return origin.place
    return f"{origin.kind}: {origin.note}" if origin.note else origin.kind.value
