"""``portranges 60454 https 8000-8003``: what is known about ports, in as many words as are needed.

The verdict of each port, unless there are many; one line, or the whole page, on request. Adjacent
ports that do not differ are one verdict, page, row or object; only ``--brief`` repeats its line.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import groupby, islice

from portranges import types
from portranges.cli.output import WIDEST_TABLE, columns, is_styled, print_json_lines
from portranges.cli.words import has_name, refuse_every_port, services_in
from portranges.errors import InvalidValueError, UnknownNameError, elide
from portranges.fixes import fix_of
from portranges.layout import WIDTH, cut, wrapped
from portranges.ports import PortRange, Transport, check_transport
from portranges.portset import PortSet
from portranges.registry import SHIPPED, Registry
from portranges.report import explain_ranges, rows
from portranges.report.data import Facts
from portranges.transport_ports import TransportPorts

# For more ports than this, a table is printed instead of verdicts.
_MOST_VERDICTS = 10

# A browser shows a longer web page slowly, and it is too long to read.
_MOST_PARTS = 100

_FULL = "--full prints everything known"
_HERE = "; --here looks at this machine"


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
    form.flag("--brief", "print one line per port")
    form.flag("--full", "print everything known, one page per port")
    form.flag("--html", "print one self-contained web page")
    form.flag("--table", f"print a table; the default for more than {_MOST_VERDICTS} ports")


def run(arguments: types.Namespace) -> int:
    """Print what is known about the ports in *arguments*."""
    for option, form in (
        ("here", "table"),
        ("here", "html"),
        ("sources", "table"),
        ("sources", "brief"),
    ):
        if getattr(arguments, option) and getattr(arguments, form):
            rule = f"--{option} requires another form, such as --full or --json"
            raise InvalidValueError(rule, f"--{form}")
    registry = SHIPPED if arguments.services is None else services_in(arguments.services)
    requested = _requested(arguments.ports, arguments.transport, registry)
    several = sum(len(ports) for ports, _ in requested) > _MOST_VERDICTS
    is_page = arguments.full or arguments.sources
    chosen = arguments.json or arguments.brief or arguments.html or is_page or arguments.here
    if arguments.table or (several and not chosen):
        _print_table(requested, registry)
        return 0
    answers = _answers(requested, registry, one_by_one=arguments.here)
    if arguments.json:
        facts = Facts()
        reports = list(_data(answers, facts, with_here=arguments.here))
        print_json_lines("explain", "reports", reports, facts.to_dict())
    elif arguments.html:
        _print_web_page(answers, arguments.ports)
    elif arguments.brief:
        _print_lines(answers, with_here=arguments.here)
    elif is_page:
        _print_pages(answers, sources=arguments.sources, with_here=arguments.here)
    else:
        _print_verdicts(answers, with_here=arguments.here)
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
        if name in tuple(Transport):
            # Raises the error that shows how to write it.
            TransportPorts.parse(word)
        transport = check_transport(own)
    refuse_every_port(name)
    # 0x50 and "80 to 90" have letters, but no service has such a name.
    if not has_name(name) or fix_of(name):
        # Its hints are about a list; a part of the words must not be empty.
        return PortSet.parse(name) if name else PortSet([PortRange.parse(name)]), transport
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
        if with_here:
            # It imports the modules that read sockets, which other answers do not need.
            from portranges.cli import here_verdict

            print(*here_verdict.lines(report.port, transport, width=width), "", sep="\n")
        print(report.page(sources=sources, width=width, styled=styled))
        if with_here:
            from portranges.cli import here

            print("\n" + here.section(report.port, transport, width=width, styled=styled))


def _print_web_page(answers: types.ReportAnswers, words: types.Iterable[str]) -> None:
    reports = [report for report, _ in islice(answers, _MOST_PARTS + 1)]
    if len(reports) > _MOST_PARTS:
        rule = f"--html prints at most {_MOST_PARTS} ports or ranges of ports that do not differ"
        raise InvalidValueError(rule, f"{elide(' '.join(words))}; --table has no limit")
    # It imports a style sheet, which other answers do not need.
    from portranges.report.web_page import render

    print(render(reports), end="")


def _print_verdicts(answers: types.ReportAnswers, *, with_here: bool) -> None:
    width = columns(sys.stdout)
    styled = is_styled(sys.stdout)
    for report, transport in answers:
        if with_here:
            from portranges.cli import here_verdict

            print(*here_verdict.lines(report.port, transport, width=width), sep="\n")
        print(report.verdict(width=width, styled=styled), end="\n\n")
    print(*wrapped(_FULL if with_here else _FULL + _HERE, width), sep="\n")


def _print_lines(answers: types.ReportAnswers, *, with_here: bool) -> None:
    for report, transport in answers:
        # The ports of a report differ only in their numbers.
        line = replace(report, ports=PortRange(report.port)).brief.removeprefix(str(report.port))
        if with_here:
            from portranges.cli import here_verdict

            line += f"; {here_verdict.brief(report.port, transport)}"
        for port in report.ports:
            print(f"{port}{line}")


def _data(
    answers: types.ReportAnswers, facts: Facts, *, with_here: bool
) -> types.Iterator[dict[str, types.Any]]:
    for report, transport in answers:
        data = facts.add(report)
        if with_here:
            from portranges.cli import here, here_verdict

            bind = here_verdict.bind_data(report.port, transport)
            data["here"] = {**here.data(report.port, transport), "bind": bind}
        yield data


def _print_table(requested: types.RequestedPorts, registry: Registry) -> None:
    """Print a table; adjacent ports with equal cells are one line."""
    ranges = [each for ports, _ in requested for each in ports.ranges]
    # A range is at most as wide as its last port twice, plus the hyphen.
    size = max([6, *(2 * len(str(each.last)) + 1 for each in ranges if len(each) > 1)])
    width = columns(sys.stdout, WIDEST_TABLE)
    print(_line("port", size, ("category", "registered to", "allocated by default on"), width))
    for ports, transport in requested:
        for requested_range in ports.ranges:
            reports = explain_ranges(requested_range, transport=transport, registry=registry)
            # The reports of one range are adjacent.
            for cells, alike in groupby(reports, _cells):
                found = [report.ports for report in alike]
                ports_of_line = str(PortRange(found[0].first, found[-1].last))
                print(_line(ports_of_line, size, cells, width))


def _cells(report: types.PortReport) -> tuple[str, str, str]:
    services = dict.fromkeys(name for entry in report.registry for name in entry.services)
    states = {entry.state.value for entry in report.registry}
    registered = ", ".join(services) or ("reserved" if "reserved" in states else "-")
    names = [entry.name for entry in report.allocated_by]
    # The names of all would be cut at the width, behind less common ones.
    common = [name for name in rows.COMMON if name in names]
    others = [f"+{len(names) - len(common)}"] if len(names) > len(common) else []
    return report.category.value, registered, ", ".join([*common, *others]) or "-"


def _line(port: str, size: int, cells: tuple[str, str, str], width: int) -> str:
    category, registered, systems = cells
    # Half of what a wide terminal has more is for the names.
    names = 21 + max(0, width - WIDTH) // 2
    registered, systems = cut(registered, names), cut(systems, width - size - names - 12)
    return f"{port:<{size}} {category:<9} {registered:<{names}} {systems}".rstrip()
