"""``portranges convert '22,80' --to nft``: a set of ports in other notations.

What lives here: where the text comes from and where it goes.
What must not: a notation (``portranges.dialects``).
"""

from __future__ import annotations

import json

from portranges import dialects, types
from portranges.cli.words import standard_input
from portranges.errors import PortSyntaxError
from portranges.ports import Transport
from portranges.registry import SHIPPED

__all__ = ["add_arguments", "run"]

# Longer than any set can be in any notation that is meant for people: the
# 32,768 single ports of the worst set take some 200,000 characters.
_LONGEST_INPUT = 4_000_000


def add_arguments(parser: types.ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    names = ", ".join(dialects.names())
    parser.add_argument(
        "text", nargs="?", default="-", help="the ports; - or nothing reads standard input"
    )
    parser.add_argument(
        "--from",
        dest="source",
        default="portranges",
        metavar="DIALECT",
        help="portranges if unsaid",
    )
    parser.add_argument(
        "--to", default="portranges", metavar="DIALECT", help=f"portranges if unsaid; {names}"
    )
    parser.add_argument(
        "--transport",
        choices=[transport.value for transport in Transport],
        help="read this transport's ports, and say it where the output has a place for it",
    )
    parser.add_argument(
        "--names", action="store_true", help="read service names, by the IANA registry"
    )
    parser.add_argument("--negated", action="store_true", help="say it by what is left out")
    parser.add_argument("--ternary", action="store_true", help="the fewest masks of any form (ovs)")
    parser.add_argument("--json", action="store_true", help="print an object with the texts")


def run(arguments: types.Namespace) -> int:
    """Print the ports in the other notation, a line a rule."""
    ports = dialects.parse(
        _text(arguments.text),
        arguments.source,
        services=SHIPPED if arguments.names else None,
        transport=arguments.transport,
    )
    # A transport that was asked for while reading is said where there is a place
    # for it, and goes without saying elsewhere.
    target = dialects.dialect(arguments.to)
    says_transport = target.need is not dialects.Need.NEVER
    texts = dialects.render_rules(
        ports,
        arguments.to,
        transport=arguments.transport if says_transport else None,
        negated=arguments.negated,
        ternary=arguments.ternary,
    )
    if arguments.json:
        data = {
            "schema": 1,
            "ports": str(ports),
            "size": len(ports),
            "dialect": target.name,
            "texts": texts,
        }
        print(json.dumps(data, indent=2))
    else:
        for text in texts:
            print(text)
    return 0


def _text(argument: str) -> str:
    if argument != "-":
        return argument
    with standard_input() as stream:
        text = stream.read(_LONGEST_INPUT + 1)
    if len(text) > _LONGEST_INPUT:
        raise PortSyntaxError(
            f"input must be at most {_LONGEST_INPUT} characters, got more", text, (0, 1)
        )
    # The line break that ends what a program or a person writes.
    return text.removesuffix("\n").removesuffix("\r")
