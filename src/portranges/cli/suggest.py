"""``portranges suggest``: suggest a port for a service, or check given ports."""

from __future__ import annotations

import random
from itertools import islice

from portranges import types
from portranges.advice import Finding, listen_ports, rows, why_not_ranges
from portranges.cli.findings import labelled, lines_of
from portranges.cli.numbers import count_up_to
from portranges.cli.output import answer
from portranges.cli.this_machine import excluded_ports, ports_in_use, settings_of, systems_of
from portranges.cli.words import ports_of_all
from portranges.errors import InvalidValueError
from portranges.layout import cut_list
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet

_USUAL = 5

_LONGEST = 150  # the list of suitable ports of a range

_Objections: types.TypeAlias = "tuple[PortRange, tuple[Finding, ...]]"


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.epilog(
        "With --here, ports that are in use now are left out, but another program may take a "
        "suggested port before the service binds it. "
        "Exit status: 0 = suggestions or no objection, 1 = objections, 2 = usage error."
    )
    add.words("ports", "PORT", "ports to check (default: suggest some)", nargs="*")
    add.systems("a system on which the service runs")
    transports = "a transport of the service; can be repeated (default: tcp)"
    add.choice("--transport", Transport, transports, action="append")
    how_many = f"how many to suggest (default: {_USUAL})"
    add.value("--count", "N", how_many, count_up_to("65536"))
    same = "service name; the same name gets the same ports, as long as they are suitable"
    add.value("--for", "NAME", same, dest="name")
    add.flag("--all", "print all suitable ports as one set")
    add.findings()


def run(arguments: types.Namespace, *, machine: types.Machine | None = None) -> int:
    """Suggest ports, or print the objections to those in *arguments*."""
    transports: tuple[types.TransportName, ...] = arguments.transport or ("tcp",)
    here = settings_of(transports, machine) if arguments.here else ()
    systems = systems_of(arguments.system, here)
    for name, given in (("--count", arguments.count), ("--for", arguments.name)):
        if given is not None and (arguments.ports or arguments.all):
            rule = f"{name} applies only when ports are chosen"
            raise InvalidValueError(rule, f"{name} with {'PORT' if arguments.ports else '--all'}")
    # As from an unset shell variable: every service would get the same ports.
    if arguments.name is not None and not arguments.name.strip():
        raise InvalidValueError("--for must have a name", repr(arguments.name))
    if arguments.ports and arguments.all:
        raise InvalidValueError("--all must be used without ports", "--all with PORT")
    in_use, excluded = ports_in_use(here), excluded_ports(here)
    if arguments.ports:
        asked = ports_of_all(arguments.ports)
        found = list(why_not_ranges(asked, systems, transports, in_use=in_use, excluded=excluded))
        lines = _objections(asked, found, sources=arguments.sources, full=arguments.full)
        status = 1 if any(against for _, against in found) else 0
        return answer(arguments, "suggest", [_data(*each) for each in found], lines, status=status)
    ports = listen_ports(systems, transports, in_use=in_use, excluded=excluded)
    status = 0 if ports else 1
    if arguments.all:
        return answer(arguments, "suggest", ports, [str(ports)], status=status, indent=None)
    chosen = _choose(ports, arguments.count or _USUAL, arguments.name)
    return answer(arguments, "suggest", chosen, map(str, chosen), status=status, indent=None)


def _choose(ports: types.PortSet, count: int, name: str | None) -> list[int]:
    # At random, because every caller would get the same first port otherwise.
    # Arguments may have lone surrogates, which Random does not encode.
    seed = None if name is None else name.encode("utf-8", "surrogateescape")
    rng = random.Random(seed)  # noqa: S311
    # All numbers in the order of the name: a port that is no longer suitable changes no other one.
    order = rng.sample(range(65536), 65536)
    return list(islice((port for port in order if port in ports), count))


def _data(ports: PortRange, against: tuple[Finding, ...]) -> dict[str, object]:
    span = {"first": ports.first, "last": ports.last}
    return {"port": ports.first, "ports": span, "findings": against}


def _objections(
    asked: PortSet, found: list[_Objections], *, sources: bool, full: bool
) -> types.Iterator[str]:
    """Yield the lines about each port and range of *asked*; if *full*, about each part of it."""
    firsts = {span.first for span in asked.ranges}
    groups: list[list[_Objections]] = []
    for part in found:
        if part[0].first in firsts:
            groups.append([])
        groups[-1].append(part)
    for span, parts in zip(asked.ranges, groups, strict=True):
        if len(span) > 1 and not full:
            yield from _of_range(span, parts, sources=sources)
            continue
        for ports, against in parts:
            if against:
                yield from lines_of(against, sources=sources, full=full)
            else:
                yield from labelled("good:", f"no known objection to {ports}")


def _of_range(span: PortRange, parts: list[_Objections], *, sources: bool) -> types.Iterator[str]:
    """Yield how many ports of *span* are suitable, and the objections to the others."""
    good = PortSet(ports for ports, against in parts if not against)
    if good:
        text = f"no known objection to {len(good):,} of the {len(span):,} ports in {span}"
        yield from labelled("good:", f"{text}: {cut_list(str(good), _LONGEST)}")
    else:
        yield from labelled("none:", f"every port in {span} has an objection")
    order = [row.id for row in rows()]
    findings = [each for _, against in parts for each in against]
    findings.sort(key=lambda each: order.index(each.id))
    yield from lines_of(findings, sources=sources, full=False)
