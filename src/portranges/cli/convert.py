"""``portranges convert '22,80' --to nft``: a set of ports in the syntax of another program."""

from __future__ import annotations

from functools import partial

from portranges import dialects, types
from portranges.cli.output import answer
from portranges.cli.words import ports_of, services_in, standard_input, without_comments
from portranges.errors import PortSyntaxError
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.registry import SHIPPED, Registry

# Longer than any set in any of the notations: 32,768 single ports, the worst case, take about
# 200,000 characters.
_LONGEST_INPUT = 4_000_000


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.words(
        "text",
        "TEXT",
        "the ports (default: -, standard input: ports on each line, or one text of the "
        "dialect of --from)",
        nargs="?",
        default="-",
    )
    own = "portranges"
    add.value("--from", "DIALECT", "the notation of the text", default=own, dest="source")
    names = f"the notation to write, one of {', '.join(dialects.names())}"
    add.value("--to", "DIALECT", names, default=own)
    add.transport("read the ports of this transport, and name it if the output can", Transport)
    names_of = add.one_of()
    names_of.flag("--names", "accept service names of the IANA registry")
    names_of.services("accept the service names of a file such as /etc/services or nmap-services")
    add.flag("--negated", "write the set as a negation")
    add.flag("--ternary", "use the fewest masks of any form (ovs)")
    add.json()


def run(arguments: types.Namespace) -> int:
    """Print the ports in the other notation, one line per rule."""
    text, services = _text(arguments.text), _services(arguments)
    if dialects.lookup(arguments.source).grammar == "neutral":
        # Lines are read as by the other commands. Other notations have their own meaning of lines.
        lines = without_comments(text.splitlines()) if arguments.text == "-" else [text]
        # The notation has no names of its own; the command line adds them everywhere.
        read = PortSet.parse if services is None else partial(ports_of, services=services)
        ports = PortSet().union(*map(read, lines))
    else:
        ports = dialects.parse(
            text, arguments.source, services=services, transport=arguments.transport
        )
    # The transport is written only if the notation has a place for it.
    target = dialects.lookup(arguments.to)
    names_transport = target.frame.rule is not dialects.TransportRule.NEVER
    texts = dialects.render_rules(
        ports,
        arguments.to,
        transport=arguments.transport if names_transport else None,
        negated=arguments.negated,
        ternary=arguments.ternary,
    )
    data = {"ports": ports, "size": len(ports), "dialect": target.name, "texts": texts}
    return answer(arguments, "convert", data, texts)


def _services(arguments: types.Namespace) -> Registry | None:
    if arguments.services is not None:
        return services_in(arguments.services)
    return SHIPPED if arguments.names else None


def _text(argument: str) -> str:
    if argument != "-":
        return argument
    with standard_input() as stream:
        text = stream.read(_LONGEST_INPUT + 1)
    if len(text) > _LONGEST_INPUT:
        raise PortSyntaxError(
            f"input must have at most {_LONGEST_INPUT} characters, got more", text, (0, 1)
        )
    # The line break at the end of the input.
    return text.removesuffix("\n").removesuffix("\r")
