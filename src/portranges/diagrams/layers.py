"""The usual layers: categories, assigned ports, ephemeral ranges, a set, and a rule file."""

from __future__ import annotations

from portranges import types
from portranges.categories import Category
from portranges.checks import of_type
from portranges.diagrams.model import Layer
from portranges.ephemeral import EphemeralProfile
from portranges.ephemeral.lookup import rows_of
from portranges.layout import cut_list
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.registry import SHIPPED
from portranges.rulesets import Action, Direction, Ruleset
from portranges.systems import COMMON
from portranges.transport_ports import TransportPorts

_LONGEST = 32  # characters of a list of ports behind a label


def categories() -> tuple[Layer, ...]:
    """Return a layer for each category of RFC 6335.

    Returns:
        System Ports, User Ports and Dynamic Ports.

    Example:
        >>> [layer.label for layer in categories()]
        ['System Ports', 'User Ports', 'Dynamic Ports']
    """
    return tuple(_layer(each.label, PortSet([each.ports])) for each in Category)


def assigned(transport: types.TransportLike = "tcp") -> Layer:
    """Return the layer of the ports that the shipped registry assigns to a service.

    Args:
        transport: The transport.

    Raises:
        UnknownNameError: *transport* is unknown.

    Example:
        >>> assigned("udp").label
        'assigned, UDP'
    """
    ports = SHIPPED.assigned(transport)
    name = Transport(transport).upper()
    return Layer(label=f"assigned, {name}", ports=ports, detail=f"{len(ports):,} ports")


def ephemeral_ranges(systems: types.SystemsLike = COMMON) -> tuple[Layer, ...]:
    """Return a layer for the default ephemeral range of each system.

    Args:
        systems: Names or profiles of systems.

    Returns:
        The layers in the order of *systems*. A system without a fixed range has an empty layer,
        whose detail states that.

    Raises:
        TypeError: *systems* is neither a name, a profile nor an iterable of them.
        InvalidValueError: *systems* is empty.
        UnknownNameError: A system is unknown.

    Example:
        >>> [(layer.label, layer.detail) for layer in ephemeral_ranges(["linux", "freebsd"])]
        [('linux', '32768-60999'), ('freebsd', '10000-65535')]
    """
    return tuple(map(_system, rows_of(systems)))


def _system(profile: EphemeralProfile) -> Layer:
    if not profile.has_fixed_range:
        return Layer(label=profile.name, ports=PortSet(), detail="no fixed range")
    return _layer(profile.name, profile.ports)


def layers_of(ports: PortSet | TransportPorts | Ruleset, label: str = "ports") -> tuple[Layer, ...]:
    """Return the layers of a set or of rules, which a picture draws in the second colour.

    Args:
        ports: A set of ports, a set of ports per transport, or rules. Rules are drawn as the ports
            that a new packet from another host may reach or, if the format cannot be evaluated,
            as the ports that any rule accepts.
        label: The label of a ``PortSet``; otherwise the beginning of each label.

    Returns:
        One layer, or one for each transport that has ports; without any, an empty one.

    Raises:
        TypeError: *ports* has another type.
        InvalidValueError: The label is empty.

    Example:
        >>> [layer.label for layer in layers_of(TransportPorts.parse("22/tcp,53/udp"), "open")]
        ['open, TCP', 'open, UDP']
    """
    if isinstance(ports, PortSet):
        return (_layer(label, ports, stands_out=True),)
    if isinstance(ports, Ruleset):
        ports = _opened(ports)
    found = of_type("ports", ports, TransportPorts)
    if not found:
        # What opens nothing is visible as well.
        return (Layer(label=label, ports=PortSet(), detail="no ports", stands_out=True),)
    return tuple(
        _layer(f"{label}, {transport.upper()}", of_one, stands_out=True)
        for transport, of_one in found.items()
    )


def _opened(ruleset: Ruleset) -> TransportPorts:
    if ruleset.chains is not None:
        return ruleset.reachable().ports
    opened = TransportPorts.empty()
    for rule in ruleset.rules:
        if rule.action is Action.ACCEPT and rule.direction is Direction.IN:
            opened |= rule.ports
    return opened


def _layer(label: str, ports: PortSet, *, stands_out: bool = False) -> Layer:
    text = str(ports)
    detail = text if len(text) <= _LONGEST else cut_list(text, _LONGEST)
    return Layer(label=label, ports=ports, detail=detail, stands_out=stands_out)
