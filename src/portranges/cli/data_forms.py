"""Data of clouds and orchestrators for ``convert``: ports read from JSON or YAML, and written."""

from __future__ import annotations

from portranges import dialects, types
from portranges.dialects.data import check_alike
from portranges.errors import InvalidValueError, UnrepresentableError
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.transport_ports import TransportPorts

FORMS = {form.name: form for form in dialects.data_forms()}

# How the answer of a command is reduced to the entries of one direction that accept.
SELECTIONS = {
    "aws": "--query 'SecurityGroups[0].IpPermissions' or 'SecurityGroupRules[?!IsEgress]'",
    "aws_nacl": "--query 'NetworkAcls[0].Entries[?!Egress && RuleAction==`allow`]'",
    "azure": "--query \"securityRules[?direction=='Inbound' && access=='Allow']\"",
}

_PROTOCOLS = {"Tcp": Transport.TCP, "Udp": Transport.UDP}


def read(
    text: str, form: dialects.DataForm, transport: Transport | None
) -> PortSet | TransportPorts:
    """Return the ports of the entries in *text*, or only the ports of *transport*.

    An entry for a protocol without ports is left out.
    """
    from portranges.rulesets import documents, json_text, yaml_text

    load = json_text.load if documents.is_json(text) else yaml_text.load
    data: types.Any = load(text).data
    entries: types.Any = [data] if isinstance(data, dict) else data
    try:
        return _ports_of(entries, form, transport)
    except TypeError as error:
        # For the functions, a wrong type is a mistake of the program; here it is one of the text.
        rule, _, got = str(error).partition(", got ")
        raise InvalidValueError(rule, got) from None


def _ports_of(
    entries: types.Any, form: dialects.DataForm, transport: Transport | None
) -> PortSet | TransportPorts:
    if form.name == "azure":
        return _ports_of_azure(entries, transport)
    convert = getattr(dialects, f"from_{form.name}")
    if transport is not None:
        return types.cast("PortSet", convert(entries, transport=transport))
    return TransportPorts({each: convert(entries, transport=each) for each in Transport})


def _ports_of_azure(rules: types.Any, transport: Transport | None) -> PortSet | TransportPorts:
    # A rule is for one protocol, so several rules are a list of what from_azure() reads.
    named, others = TransportPorts.empty(), PortSet.empty()
    for rule in rules:
        ports = dialects.from_azure(rule)
        protocol = rule.get("protocol")
        if protocol is None:
            others |= ports
        elif protocol == "*":
            named |= TransportPorts(dict.fromkeys(Transport, ports))
        else:
            named |= TransportPorts({_PROTOCOLS[protocol.capitalize()]: ports})
    check_alike(rules, "access", ("Allow", "Deny"), "rules must all allow or all deny")
    check_alike(rules, "direction", ("Inbound", "Outbound"), "rules must be for one direction")
    if transport is not None:
        return named[transport] | others
    if not named:
        return others
    return named | TransportPorts(dict.fromkeys(Transport, others))


def write(
    ports: PortSet | TransportPorts, form: dialects.DataForm, transport: Transport | None
) -> object:
    """Return the data for *ports*.

    If *ports* name no transport, *transport* is written. Without it, Azure's data has no
    transport, and other data is for TCP.
    """
    if form.name == "azure":
        return _azure(ports, transport)
    convert = getattr(dialects, f"to_{form.name}")
    if isinstance(ports, PortSet):
        return convert(ports, transport=transport or Transport.TCP)
    if not ports:
        return convert(PortSet.empty())
    return [entry for each, of in ports.items() for entry in convert(of, transport=each)]


def _azure(ports: PortSet | TransportPorts, transport: Transport | None) -> object:
    if isinstance(ports, PortSet):
        if transport is None:
            return dialects.to_azure(ports)
        ports = TransportPorts({transport: ports})
    first = ports.tcp
    if not ports or all(ports[each] == first for each in Transport):
        return [{"protocol": "*", **dialects.to_azure(first)}]
    if others := [each for each, _ in ports.items() if each not in _PROTOCOLS.values()]:
        raise UnrepresentableError("azure", f"{others[0]} is not supported")
    return [{"protocol": each.capitalize(), **dialects.to_azure(of)} for each, of in ports.items()]
