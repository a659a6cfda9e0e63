"""``portranges convert '22,80' --to nft``: a set of ports in the syntax of another program."""

from __future__ import annotations

from portranges import dialects, types
from portranges.cli import data_forms
from portranges.cli.output import answer, print_data
from portranges.cli.words import ports_of, services_in, standard_input, without_comments
from portranges.dialects.transports import parse_named
from portranges.errors import (
    InvalidRangeError,
    InvalidValueError,
    PortRangesError,
    PortSyntaxError,
    UnknownNameError,
    visible,
)
from portranges.names import Index
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.registry import SHIPPED, Registry
from portranges.transport_ports import TransportPorts

_NAMES: Index[dialects.Dialect | dialects.DataForm] = Index(
    "dialect", {**Index.of("dialect", dialects.rows()), **data_forms.FORMS}
)

# Longer than any set in any of the notations: 32,768 single ports, the worst case, take about
# 200,000 characters.
_LONGEST_INPUT = 4_000_000


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.epilog(
        "Transports in the input are kept: '22/tcp,53/udp' becomes one text for each. With "
        "--transport, only the ports of that transport are converted. The data of clouds and "
        "orchestrators is written as JSON, and read from JSON or, with PyYAML, from YAML. "
        "Exit status: 0 = converted, 2 = usage error."
    )
    add.words(
        "text",
        "TEXT",
        "the ports, such as '22,80' or '22/tcp,53/udp'; '-', the default, reads standard input: "
        "ports on each line, or one text in the notation of --from",
        nargs="?",
        default="-",
    )
    own = "portranges"
    add.value("--from", "DIALECT", "the notation of the text", default=own, dest="source")
    names = (
        f"the notation to write, one of {', '.join(dialects.names())}; or, as JSON data, one of "
        f"{', '.join(data_forms.FORMS)}"
    )
    add.value("--to", "DIALECT", names, default=own)
    add.transport("read the ports of this transport, and name it if the output can", Transport)
    names_of = add.one_of()
    names_of.flag(
        "--names", "accept service names of the IANA registry in every notation that supports names"
    )
    names_of.services("accept the service names of a file such as /etc/services or nmap-services")
    add.value("--without", "PORTS", "leave out these ports, such as '8080' or '53/udp'")
    add.flag("--negated", "write the set as a negation")
    add.flag("--ternary", "use the fewest masks, with wildcard bits in any place (ovs)")
    add.json()


def run(arguments: types.Namespace) -> int:
    """Print the ports in the other notation: one line per rule, or JSON."""
    source, target = _NAMES.find(arguments.source), _NAMES.find(arguments.to)
    transport = None if arguments.transport is None else Transport(arguments.transport)
    text = _text(arguments.text)
    try:
        ports = _read(arguments, text, source, transport)
    except UnknownNameError as error:
        if hint := _hint(text, source):
            raise PortSyntaxError(f"{error}; {hint}", text, (0, len(text))) from None
        raise
    except (PortSyntaxError, InvalidRangeError, InvalidValueError) as error:
        raise _with_hint(error, _hint(text, source)) from None
    if arguments.without is not None:
        ports = _difference(ports, _neutral([arguments.without], _services(arguments), transport))
    shown: dict[str, object] = {"ports": ports, "size": len(ports), "dialect": target.name}
    if isinstance(target, dialects.DataForm):
        if arguments.negated or arguments.ternary:
            option = "--negated" if arguments.negated else "--ternary"
            raise InvalidValueError(
                f"{option} must be used with a dialect, not with data", target.name
            )
        entries = data_forms.write(ports, target, transport)
        if not arguments.json:
            print_data(entries)
            return 0
        return answer(arguments, "convert", {**shown, "data": entries}, ())
    texts = _texts(arguments, ports, target, transport)
    return answer(arguments, "convert", {**shown, "texts": texts}, texts)


def _hint(text: str, source: dialects.Dialect | dialects.DataForm) -> str:
    """Return how to convert *text* if that is a file of rules, or the name of one; else nothing."""
    from portranges import rulesets
    from portranges.cli.files import exists

    if exists(text):
        return f"for the content of the file, use '< {visible(text)}'"
    try:
        found = rulesets.detect(text)
    except PortRangesError:
        return ""
    hint = f"this is a file of {found.name}; 'portranges ports' lists its rules"
    if found.name == source.name and source.name in data_forms.SELECTIONS:
        hint += f", and {data_forms.SELECTIONS[source.name]} selects the entries to convert"
    return hint


def _with_hint(
    error: PortSyntaxError | InvalidRangeError | InvalidValueError, hint: str
) -> PortRangesError:
    if isinstance(error, PortSyntaxError):
        rule, semicolon, advice = error.reason.partition("; ")
        # The options of this command, instead of the arguments of the function.
        advice = advice.replace("services=registry.SHIPPED", "--names")
        reason = rule + semicolon + advice.replace("services=", "--services")
        return PortSyntaxError(f"{reason}; {hint}" if hint else reason, error.text, error.span)
    if not hint:
        return error
    return type(error)(error.rule, f"{error.got}; {hint}")


def _read(
    arguments: types.Namespace,
    text: str,
    source: dialects.Dialect | dialects.DataForm,
    transport: Transport | None,
) -> PortSet | TransportPorts:
    """Return the ports of the input; with their transports if it names any.

    If *transport* is given, only its ports are returned.
    """
    services = _services(arguments)
    if isinstance(source, dialects.DataForm):
        return data_forms.read(text, source, transport)
    if source.grammar != "neutral":
        return parse_named(text, source, services=services, transport=transport)
    # Lines are read as by the other commands. Other notations have their own meaning of lines.
    lines = [*without_comments(text.splitlines())] if arguments.text == "-" else [text]
    return _neutral(lines, services, transport)


def _neutral(
    lines: list[str], services: Registry | None, transport: Transport | None
) -> PortSet | TransportPorts:
    """Return the ports in *lines* of the library's own notation, as ``_read`` does."""
    # The default notation accepts names as the words of the other commands do.
    names = SHIPPED if services is None else services
    if any("/" in line for line in lines):
        ports = TransportPorts.parse("\n".join(lines), services=names)
        if transport is None:
            return ports
        if not ports[transport]:
            named = " and ".join(each for each, _ in ports.items())
            raise InvalidValueError(f"expected ports for {transport}", f"ports for {named}")
        return ports[transport]
    return PortSet().union(*[ports_of(line, names) for line in lines])


def _difference(
    ports: PortSet | TransportPorts, without: PortSet | TransportPorts
) -> PortSet | TransportPorts:
    if isinstance(ports, PortSet):
        if isinstance(without, PortSet):
            return ports - without
        rule = "--without must not name a transport if the ports have none"
        raise InvalidValueError(rule, str(without))
    if isinstance(without, PortSet):
        without = TransportPorts(dict.fromkeys(Transport, without))
    return ports - without


def _texts(
    arguments: types.Namespace,
    ports: PortSet | TransportPorts,
    target: dialects.Dialect,
    transport: Transport | None,
) -> tuple[str, ...]:
    if isinstance(ports, TransportPorts):
        if arguments.negated:
            rule = "a negation must be for the ports of one transport"
            raise InvalidValueError(rule, f"'{ports}'; select one with --transport")
        return dialects.render_transports(ports, target.name, ternary=arguments.ternary)
    # The transport is written only if the notation has a place for it.
    names_transport = target.frame.rule is not dialects.TransportRule.NEVER
    return dialects.render_rules(
        ports,
        target.name,
        transport=transport if names_transport else None,
        negated=arguments.negated,
        ternary=arguments.ternary,
    )


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
