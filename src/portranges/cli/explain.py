"""``portranges 60454 https 8000-8003``: everything known about ports, as pages, a table or JSON.

Adjacent ports that do not differ are one page, one line or one object.
"""

from __future__ import annotations

import sys
from itertools import groupby

from portranges import types
from portranges.cli.output import columns, is_styled, print_json_lines
from portranges.cli.words import has_name, refuse_every_port, services_in
from portranges.errors import InvalidValueError, UnknownNameError
from portranges.layout import WIDTH, cut
from portranges.ports import PortRange, Transport, check_transport
from portranges.portset import PortSet
from portranges.registry import SHIPPED, Registry
from portranges.report import explain_ranges
from portranges.report.data import Facts

# For more ports than this, a table is printed instead of pages.
_MOST_PAGES = 10


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.words(
        "ports",
        "PORT",
        "a port (443), a range (8000-8003), a service name (https), or several (22,443/tcp)",
    )
    add.transport(of=Transport)
    add.services("use the services of a file such as /etc/services instead of the IANA registry")
    add.flag(
        "--here", "show what holds each port on this machine now, and its settings for the port"
    )
    add.flag("--sources", "list the source of every section")
    form = add.one_of()
    form.json("print JSON: the facts, and one object per range of ports with the same facts")
    form.flag("--table", "print a table")
    form.flag("--pages", f"print pages even for more than {_MOST_PAGES} ports")


def run(arguments: types.Namespace) -> int:
    """Print everything known about the ports in *arguments*."""
    for option in ("here", "sources"):
        if arguments.table and getattr(arguments, option):
            raise InvalidValueError(f"--{option} requires pages or --json", "--table")
    registry = SHIPPED if arguments.services is None else services_in(arguments.services)
    requested = _requested(arguments.ports, arguments.transport, registry)
    several = sum(len(ports) for ports, _ in requested) > _MOST_PAGES
    pages = arguments.pages or arguments.here or arguments.sources
    if not arguments.json and (arguments.table or (several and not pages)):
        _print_table(requested, registry)
        return 0
    answers = _answers(requested, registry, one_by_one=arguments.here)
    if arguments.json:
        facts = Facts()
        reports = list(_data(answers, facts, with_here=arguments.here))
        print_json_lines("explain", "reports", reports, facts.to_dict())
    else:
        _print_pages(answers, sources=arguments.sources, with_here=arguments.here)
    return 0


def _requested(
    words: types.Iterable[str], transport: types.TransportLike | None, registry: Registry
) -> types.RequestedPorts:
    """Return sets of ports, each with its transport, in the order of *words*; each port once."""
    found: types.RequestedPorts = []
    before: dict[types.TransportLike | None, PortSet] = {}
    for part in (part for word in words for part in word.split(",")):
        ports, own = _ports(part, transport, registry)
        known = before.get(own, PortSet())
        before[own] = known | ports
        if ports - known:
            found.append((ports - known, own))
    return found


def _ports(
    word: str, transport: types.TransportLike | None, registry: Registry
) -> tuple[PortSet, types.TransportLike | None]:
    name, slash, own = word.partition("/")
    if slash:
        transport = check_transport(own)
    refuse_every_port(name)
    if not has_name(name):
        return PortSet([PortRange.parse(name)]), transport
    ports = registry.ports(name, transport)
    if not ports:
        # The service exists, but not for this transport.
        raise UnknownNameError(f"{transport} service", name)
    return ports, transport


def _answers(
    requested: types.RequestedPorts, registry: Registry, *, one_by_one: bool
) -> types.ReportAnswers:
    """Yield reports and transports; adjacent ports without a difference are one report."""
    for ports, transport in requested:
        for each in map(PortRange, ports) if one_by_one else (ports,):
            for report in explain_ranges(each, transport=transport, registry=registry):
                yield report, transport


def _print_pages(answers: types.ReportAnswers, *, sources: bool, with_here: bool) -> None:
    width = columns(sys.stdout)
    styled = is_styled(sys.stdout)
    for number, (report, transport) in enumerate(answers):
        if number:
            print("\n" + "-" * width + "\n")
        print(report.page(sources=sources, width=width, styled=styled))
        if with_here:
            # It imports what reads sockets, which other pages do not need.
            from portranges.cli import here

            print("\n" + here.section(report.port, transport, width=width, styled=styled))


def _data(
    answers: types.ReportAnswers, facts: Facts, *, with_here: bool
) -> types.Iterator[dict[str, types.Any]]:
    for report, transport in answers:
        data = facts.add(report)
        if with_here:
            from portranges.cli import here

            data["here"] = here.data(report.port, transport)
        yield data


def _print_table(requested: types.RequestedPorts, registry: Registry) -> None:
    """Print a table; adjacent ports with equal cells are one line."""
    ranges = [each for ports, _ in requested for each in ports.ranges]
    # A range is at most as wide as its last port twice, plus the hyphen.
    size = max([6, *(2 * len(str(each.last)) + 1 for each in ranges if len(each) > 1)])
    print(_line("port", size, ("category", "registered to", "allocated by default")))
    for ports, transport in requested:
        for requested_range in ports.ranges:
            reports = explain_ranges(requested_range, transport=transport, registry=registry)
            # The reports of one range are adjacent.
            for cells, alike in groupby(reports, _cells):
                found = [report.ports for report in alike]
                print(_line(str(PortRange(found[0].first, found[-1].last)), size, cells))


def _cells(report: types.PortReport) -> tuple[str, str, str]:
    services = dict.fromkeys(name for entry in report.registry for name in entry.services)
    states = {entry.state.value for entry in report.registry}
    registered = ", ".join(services) or ("reserved" if "reserved" in states else "-")
    systems = ", ".join(entry.name for entry in report.allocated_by)
    return report.category.value, registered, systems or "-"


def _line(port: str, size: int, cells: tuple[str, str, str]) -> str:
    category, registered, systems = cells
    rest = WIDTH - size - 33
    return f"{port:<{size}} {category:<9} {cut(registered, 21):<21} {cut(systems, rest)}".rstrip()
