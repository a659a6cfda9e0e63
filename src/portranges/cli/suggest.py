"""``portranges suggest``: suggest a port for a service, or check given ports."""

from __future__ import annotations

import random
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from portranges import types
from portranges.advice import Finding, listen_ports, why_not
from portranges.cli.audit import add_form, add_system, print_findings
from portranges.cli.output import print_json
from portranges.cli.this_machine import (
    add_here,
    excluded_ports,
    ports_in_use,
    settings_of,
    systems_of,
)
from portranges.cli.words import ports_of_all
from portranges.errors import InvalidValueError, elide
from portranges.ports import Transport, is_digits
from portranges.portset import PortSet

__all__ = ["add_arguments", "run"]

_MOST = 65536
_USUAL = 5


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    parser.epilog = (
        "With --here, ports that are in use now are left out, but another program may take a "
        "suggested port before the service binds it. "
        "Exit status: 0 = suggestions or no objection, 1 = objections, 2 = usage error."
    )
    parser.add_argument(
        "ports",
        nargs="*",
        metavar="PORT",
        help="ports to check (default: suggest some)",
    )
    add_system(parser, "a system on which the service runs")
    add_here(parser)
    parser.add_argument(
        "--transport",
        action="append",
        choices=[transport.value for transport in Transport],
        help="a transport of the service; can be repeated (default: tcp)",
    )
    parser.add_argument(
        "--count",
        type=_count,
        metavar="N",
        help=f"how many to suggest (default: {_USUAL})",
    )
    parser.add_argument(
        "--for",
        dest="name",
        metavar="NAME",
        help="service name; the same name always gets the same suggestions",
    )
    parser.add_argument("--all", action="store_true", help="print all suitable ports as one set")
    add_form(parser)


def _count(text: str) -> int:
    if is_digits(text) and len(text) <= 5 and 1 <= int(text) <= _MOST:
        return int(text)
    raise ArgumentTypeError(f"expected a number from 1 to {_MOST}, got {elide(text)}")


def run(arguments: Namespace, *, machine: types.Machine | None = None) -> int:
    """Suggest ports, or print the objections to those in *arguments*."""
    transports: tuple[types.TransportName, ...] = arguments.transport or ("tcp",)
    here = settings_of(transports, machine) if arguments.here else ()
    systems = systems_of(arguments.system, here)
    for name, given in (("--count", arguments.count), ("--for", arguments.name)):
        if given is not None and (arguments.ports or arguments.all):
            rule = f"{name} applies to a choice of ports only"
            raise InvalidValueError(rule, f"{name} with {'PORT' if arguments.ports else '--all'}")
    if arguments.ports and arguments.all:
        raise InvalidValueError("--all requires no ports", "--all with PORT")
    in_use, excluded = ports_in_use(here), excluded_ports(here)
    if arguments.ports:
        return _check(
            arguments,
            lambda port: why_not(port, systems, transports, in_use=in_use, excluded=excluded),
        )
    ports = listen_ports(systems, transports, in_use=in_use, excluded=excluded)
    if arguments.all:
        if arguments.json:
            print_json("suggest", str(ports), indent=None)
        else:
            print(ports)
        return 0 if ports else 1
    chosen = _choose(ports, arguments.count or _USUAL, arguments.name)
    if arguments.json:
        print_json("suggest", chosen, indent=None)
    else:
        for port in chosen:
            print(port)
    return 0 if chosen else 1


def _choose(ports: PortSet, count: int, name: str | None) -> list[int]:
    # At random, because every caller would get the same first port otherwise.
    # Arguments may have lone surrogates, which Random does not encode.
    seed = None if name is None else name.encode("utf-8", "surrogateescape")
    rng = random.Random(seed)  # noqa: S311
    return rng.sample(list(ports), min(count, len(ports)))


def _check(arguments: Namespace, objections: types.Callable[[int], tuple[Finding, ...]]) -> int:
    found = {port: objections(port) for port in ports_of_all(arguments.ports)}
    if arguments.json:
        data = [
            {"port": port, "findings": [each.to_dict() for each in against]}
            for port, against in found.items()
        ]
        print_json("suggest", data)
    else:
        for port, against in found.items():
            if against:
                print_findings(against, sources=arguments.sources)
            else:
                print(f"good:    no known objection to {port}")
    return 1 if any(found.values()) else 0
