"""``portranges ephemeral linux macos`` and ``portranges ephemeral --here``: ephemeral ranges."""

from __future__ import annotations

import textwrap
from argparse import ArgumentParser, Namespace

from portranges import ephemeral, system, types
from portranges.cli.output import WIDTH, print_json
from portranges.ephemeral import EphemeralProfile
from portranges.errors import InvalidValueError
from portranges.families import Family
from portranges.system import Machine, MachineSettings

__all__ = ["add_arguments", "run"]

_BELOW = " " * 22


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="a system (linux, windows-2003); default: all current hosts",
    )
    parser.add_argument("--here", action="store_true", help="read the settings of this machine")
    parser.add_argument(
        "--transport",
        choices=["tcp", "udp", "sctp"],
        help="with --here: the transport (default: tcp)",
    )
    parser.add_argument(
        "--family",
        choices=[family.value for family in Family],
        help="with --here: IPv4 or IPv6 (default: inet)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON, a list with one object per system"
    )


def run(arguments: Namespace, *, machine: Machine | None = None) -> int:
    """Print the ranges of the systems in *arguments* and, with ``--here``, of this machine."""
    if not arguments.here:
        for option in ("transport", "family"):
            given = getattr(arguments, option)
            if given is not None:
                raise InvalidValueError(
                    f"--{option} requires --here", f"--{option} {given} without it"
                )
    rows = [ephemeral.profile(name) for name in arguments.names]
    if not rows and not arguments.here:
        rows = list(ephemeral.profiles("host", current=True))
    here = _here(arguments, machine) if arguments.here else None
    if arguments.json:
        data = [_data(row) for row in rows]
        if here is not None:
            data.append({"name": "here", **here.to_dict()})
        print_json("ephemeral", data)
        return 0
    if rows:
        _print(_table(rows))
    if here is not None:
        if rows:
            print()
        _print(_settings(here))
    return 0


def _here(arguments: Namespace, machine: Machine | None) -> MachineSettings:
    return system.read_settings(
        arguments.transport or "tcp", family=arguments.family or "inet", machine=machine
    )


def _data(row: EphemeralProfile) -> dict[str, object]:
    return {
        "name": row.name,
        "system": row.title,
        "kind": row.kind.value,
        "ports": str(row.ports) if row.has_fixed_range else None,
        "count": len(row.ports) if row.has_fixed_range else None,
        "skipped": str(row.skipped),
        "transports": [transport.value for transport in row.transports],
        "shares_ports_across_destinations": row.shares_ports_across_destinations,
        "time_wait": row.time_wait,
        "privileged_below": row.privileged_below,
        "read_with": list(row.read_with),
        "confidence": row.confidence.value,
        "source": str(row.source),
    }


def _table(rows: types.Sequence[EphemeralProfile]) -> types.Iterator[str]:
    width = max(len("name"), *(len(row.name) for row in rows))
    yield f"{'name':<{width}}  {'ports':<13} {'count':>6}  confidence"
    for row in rows:
        ports, count = "not fixed", "-"
        if row.has_fixed_range:
            ports, count = str(row.ports), f"{len(row.ports):,}"
        yield f"{row.name:<{width}}  {ports:<13} {count:>6}  {row.confidence}"


def _settings(settings: MachineSettings) -> types.Iterator[str]:
    family = "IPv6" if settings.family is Family.INET6 else "IPv4"
    yield f"this machine: {settings.profile.title}, {settings.transport}, {family}"
    lines = [
        ("ephemeral", _many(str(settings.effective)), f"{len(settings.effective):,} ports"),
        *((label, value, _origin(settings, key)) for label, value, key in _values(settings)),
    ]
    wide = max(len(value) for _, value, _ in lines)
    for label, value, where in lines:
        line = f"  {label:<18}  {value:<{wide}}  {where}"
        if len(line) <= WIDTH:
            yield line
        else:
            # A path or a command must stay on one line.
            yield f"  {label:<18}  {value}"
            yield from textwrap.wrap(where, WIDTH, initial_indent=_BELOW, subsequent_indent=_BELOW)


def _values(settings: MachineSettings) -> types.Iterator[tuple[str, str, str]]:
    yield "range", str(settings.configured), "configured"
    yield "reserved", _many(str(settings.reserved)), "reserved"
    yield "excluded", _many(str(settings.excluded)), "excluded"
    yield "first unprivileged", _word(settings.unprivileged_start), "unprivileged_start"
    yield "TIME_WAIT", _seconds(settings.time_wait), "time_wait"
    if settings.time_wait_reuse is not None:
        yield "TIME_WAIT reuse", settings.time_wait_reuse.value, "time_wait_reuse"
    if settings.time_wait_reuse_after is not None:
        yield "  after", _seconds(settings.time_wait_reuse_after), "time_wait_reuse_after"
    if settings.time_wait_limit is not None:
        yield "TIME_WAIT at most", f"{settings.time_wait_limit:,}", "time_wait_limit"
    if settings.fin_wait_2 is not None:
        yield "FIN_WAIT_2", _seconds(settings.fin_wait_2), "fin_wait_2"


# A set of ports can be long; the table shows its beginning.
_LONGEST = 24


def _many(text: str) -> str:
    if len(text) <= _LONGEST:
        return text or "none"
    return text[: _LONGEST - 3].rpartition(",")[0] + ",..."


def _word(value: int | None) -> str:
    return "unknown" if value is None else str(value)


def _seconds(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g} s"


def _origin(settings: MachineSettings, key: str) -> str:
    origin = settings.origins[key]
    if origin.kind is system.OriginKind.READ:
        return origin.place
    return f"{origin.kind}: {origin.note}" if origin.note else origin.kind.value


def _print(lines: types.Iterator[str]) -> None:
    for line in lines:
        print(line)
