"""``portranges suggest``: a port for a service, or what speaks against some.

What lives here: the choice among the ports that suit, and the output.
What must not: which ports suit (``portranges.advice``).
"""

from __future__ import annotations

import json
import random
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from portranges.advice import listen_ports, why_not
from portranges.advice.listen import SYSTEMS
from portranges.cli.audit import add_form, add_system, print_findings
from portranges.cli.words import wanted
from portranges.errors import elide
from portranges.ports import Transport, is_digits
from portranges.portset import PortSet

__all__ = ["add_arguments", "run"]

_MOST = 65536


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    parser.epilog = "Exit status: 0 an answer, 1 something speaks against a port, 2 wrong usage."
    parser.add_argument(
        "ports",
        nargs="*",
        metavar="PORT",
        help="ports to say of what speaks against them; none: suggest some",
    )
    add_system(parser, "a system that the service runs on")
    parser.add_argument(
        "--transport",
        action="append",
        choices=[transport.value for transport in Transport],
        help="a transport of the service; may be repeated (default: tcp)",
    )
    parser.add_argument(
        "--count", type=_count, default=5, metavar="N", help="how many to suggest (default: 5)"
    )
    parser.add_argument(
        "--for",
        dest="name",
        metavar="NAME",
        help="the service's name: it always gets the same suggestions",
    )
    parser.add_argument("--all", action="store_true", help="print all that suit, as one set")
    add_form(parser)


def _count(text: str) -> int:
    if is_digits(text) and len(text) <= 5 and 1 <= int(text) <= _MOST:
        return int(text)
    raise ArgumentTypeError(f"expected a number from 1 to {_MOST}, got {elide(text)}")


def run(arguments: Namespace) -> int:
    """Suggest ports, or say what speaks against those that *arguments* name."""
    systems = arguments.system or SYSTEMS
    transports = arguments.transport or ("tcp",)
    if arguments.ports:
        return _judge(arguments, systems, transports)
    ports = listen_ports(systems, transports)
    if arguments.all:
        print(json.dumps(str(ports)) if arguments.json else str(ports))
        return 0 if ports else 1
    chosen = _choose(ports, arguments.count, arguments.name)
    if arguments.json:
        print(json.dumps(chosen))
    else:
        for port in chosen:
            print(port)
    return 0 if chosen else 1


def _choose(ports: PortSet, count: int, name: str | None) -> list[int]:
    # By chance, for the first that suits would be everybody's.
    rng = random.Random(name)  # noqa: S311
    return rng.sample(list(ports), min(count, len(ports)))


def _judge(arguments: Namespace, systems: tuple[str, ...], transports: tuple[str, ...]) -> int:
    ports = wanted(arguments.ports)
    found = {port: why_not(port, systems, transports) for port in ports}
    if arguments.json:
        data = [
            {"port": port, "findings": [each.to_dict() for each in against]}
            for port, against in found.items()
        ]
        print(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        for port, against in found.items():
            if against:
                print_findings(against, sources=arguments.sources)
            else:
                print(f"good:    nothing that is known speaks against {port}")
    return 1 if any(found.values()) else 0
