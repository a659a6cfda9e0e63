"""``portranges 60454 https 8000-8003``: everything known about ports, as pages, a table or JSON."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from portranges import types
from portranges.cli.output import columns, cut, is_styled, print_json_items
from portranges.cli.words import services_in
from portranges.errors import InvalidValueError, UnknownNameError
from portranges.ports import PortRange, Transport, check_transport
from portranges.registry import SHIPPED, Registry
from portranges.report import PortReport, explain

__all__ = ["add_arguments", "run"]

# For more ports than this, a table is printed instead of pages.
_MOST_PAGES = 10


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    parser.add_argument(
        "ports",
        nargs="+",
        metavar="PORT",
        help="a port (443), a range (8000-8003), a service name (https), or several (22,443/tcp)",
    )
    parser.add_argument(
        "--transport",
        choices=[transport.value for transport in Transport],
        help="only this transport",
    )
    parser.add_argument(
        "--services",
        metavar="FILE",
        help="use the services of a file such as /etc/services instead of the IANA registry",
    )
    parser.add_argument(
        "--here", action="store_true", help="show what holds each port on this machine now"
    )
    parser.add_argument("--sources", action="store_true", help="list the source of every section")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--json", action="store_true", help="print JSON, a list with one object per port"
    )
    form.add_argument("--table", action="store_true", help="print a table, one line per port")
    form.add_argument(
        "--pages",
        action="store_true",
        help=f"print pages even for more than {_MOST_PAGES} ports",
    )


def run(arguments: Namespace) -> int:
    """Print everything known about the ports in *arguments*."""
    for option in ("here", "sources"):
        if arguments.table and getattr(arguments, option):
            raise InvalidValueError(f"--{option} requires pages or --json", "--table")
    registry = SHIPPED if arguments.services is None else services_in(arguments.services)
    pairs = _pairs(arguments.ports, arguments.transport, registry)
    answers: types.ReportAnswers = (
        (explain(port, transport=transport, registry=registry), transport)
        for port, transport in pairs
    )
    if arguments.json:
        print_json_items("explain", _data(answers, with_here=arguments.here))
    elif arguments.table or (
        len(pairs) > _MOST_PAGES and not (arguments.pages or arguments.here or arguments.sources)
    ):
        _print_table(report for report, _ in answers)
    else:
        _print_pages(answers, sources=arguments.sources, with_here=arguments.here)
    return 0


def _pairs(
    words: types.Iterable[str], transport: types.TransportLike | None, registry: Registry
) -> list[tuple[int, types.TransportLike | None]]:
    """Return pairs of a port and a transport, each once, in the order of *words*."""
    return list(
        dict.fromkeys(
            pair
            for word in words
            for part in word.split(",")
            for pair in _ports(part, transport, registry)
        )
    )


def _ports(
    word: str, transport: types.TransportLike | None, registry: Registry
) -> list[tuple[int, types.TransportLike | None]]:
    name, slash, own = word.partition("/")
    if slash:
        transport = check_transport(own)
    # A service name contains a letter (RFC 6335, section 5.1), a port does not.
    if not any(character.isalpha() for character in name):
        return [(port, transport) for port in PortRange.parse(name)]
    ports = registry.ports(name, transport)
    if not ports:
        # The service exists, but not for this transport.
        raise UnknownNameError(f"{transport} service", name)
    return [(port, transport) for port in ports]


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


def _data(answers: types.ReportAnswers, *, with_here: bool) -> types.Iterator[dict[str, types.Any]]:
    for report, transport in answers:
        data = report.to_dict()
        if with_here:
            from portranges.cli import here

            data["here"] = here.data(report.port, transport)
        yield data


def _print_table(reports: types.Iterable[PortReport]) -> None:
    for line in _table(reports):
        print(line)


def _table(reports: types.Iterable[PortReport]) -> types.Iterator[str]:
    yield _line("port", "category", "registered to", "allocated by default")
    for report in reports:
        services = dict.fromkeys(name for entry in report.registry for name in entry.services)
        states = {entry.state.value for entry in report.registry}
        registered = ", ".join(services) or ("reserved" if "reserved" in states else "-")
        systems = ", ".join(entry.name for entry in report.allocated_by)
        yield _line(str(report.port), report.category.value, registered, systems or "-")


def _line(port: str, category: str, registered: str, systems: str) -> str:
    return f"{port:<6} {category:<9} {cut(registered, 21):<21} {cut(systems, 41)}".rstrip()
