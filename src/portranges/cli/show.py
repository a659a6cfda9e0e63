"""``portranges 60454 https 8000-8003``: the pages of some ports.

What lives here: which ports are meant, and in which form they are printed.
What must not: facts; they come with the report.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace

from portranges import types
from portranges.cli.terminal import columns, is_styled
from portranges.errors import InvalidValueError, UnknownNameError
from portranges.ports import PortRange, Transport, check_transport
from portranges.registry import ports as service_ports
from portranges.report import PortReport, explain

__all__ = ["add_arguments", "run"]

# More pages than this, one after the other, are read by nobody: a table with a
# line for each port is printed instead.
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
        help="tell of this transport alone",
    )
    parser.add_argument(
        "--here", action="store_true", help="say who holds each on this machine now"
    )
    parser.add_argument("--sources", action="store_true", help="say where each part comes from")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print an array of objects, one a port")
    form.add_argument("--table", action="store_true", help="print a table, one line a port")
    form.add_argument(
        "--pages",
        action="store_true",
        help=f"print a page for each port, even for more than {_MOST_PAGES}",
    )


def run(arguments: Namespace) -> int:
    """Print what is known of the ports that *arguments* name."""
    for option in ("here", "sources"):
        if arguments.table and getattr(arguments, option):
            raise InvalidValueError(f"--{option} must come with pages or --json", "--table")
    asked = _asked(arguments.ports, arguments.transport)
    answers = ((explain(port, transport=transport), transport) for port, transport in asked)
    if arguments.json:
        _print_json(answers, with_here=arguments.here)
    elif arguments.table or (
        len(asked) > _MOST_PAGES and not (arguments.pages or arguments.here or arguments.sources)
    ):
        _print_table(report for report, _ in answers)
    else:
        _print_pages(answers, sources=arguments.sources, with_here=arguments.here)
    return 0


def _asked(words: types.Iterable[str], transport: str | None) -> list[tuple[int, str | None]]:
    """Return the ports that *words* name, each once, in the order they came."""
    return list(
        dict.fromkeys(
            pair for word in words for part in word.split(",") for pair in _ports(part, transport)
        )
    )


def _ports(word: str, transport: str | None) -> list[tuple[int, str | None]]:
    name, slash, own = word.partition("/")
    if slash:
        transport = check_transport(own)
    # A service name has a letter (RFC 6335, section 5.1), and no port has one.
    if not any(character.isalpha() for character in name):
        return [(port, transport) for port in PortRange.parse(name)]
    ports = service_ports(name, transport)
    if not ports:
        # The name is known, but not for this transport.
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
            # Reading sockets takes modules that a page without them need not wait for.
            from portranges.cli import here

            print("\n" + here.section(report.port, transport, width=width, styled=styled))


def _print_json(answers: types.ReportAnswers, *, with_here: bool) -> None:
    # Written piece by piece: the whole universe is half a gigabyte.
    separator = "["
    for report, transport in answers:
        data = report.to_dict()
        if with_here:
            from portranges.cli import here

            data["here"] = here.data(report.port, transport)
        body = json.dumps(data, indent=2)
        print(separator + "\n" + body, end="")
        separator = ","
    print("\n]" if separator == "," else "[]")


def _print_table(reports: types.Iterable[PortReport]) -> None:
    for line in _table(reports):
        print(line)


def _table(reports: types.Iterable[PortReport]) -> types.Iterator[str]:
    yield _line("port", "category", "registered to", "handed out by default")
    for report in reports:
        services = dict.fromkeys(name for entry in report.registry for name in entry.services)
        states = {entry.state.value for entry in report.registry}
        registered = ", ".join(services) or ("reserved" if "reserved" in states else "-")
        systems = ", ".join(entry.name for entry in report.allocated_by)
        yield _line(str(report.port), report.category.value, registered, systems or "-")


def _line(port: str, category: str, registered: str, systems: str) -> str:
    return f"{port:<6} {category:<9} {_cut(registered, 21):<21} {_cut(systems, 41)}".rstrip()


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 3] + "..."
