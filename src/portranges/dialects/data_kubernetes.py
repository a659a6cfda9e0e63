"""Kubernetes: the ports of a NetworkPolicy, and of Cilium's own policies."""

from __future__ import annotations

from functools import partial

from portranges import checks, types
from portranges.dialects import data
from portranges.dialects.rows_data import CILIUM, KUBERNETES
from portranges.ports import PortRange, Transport, is_digits, parse_port
from portranges.portset import PortSet

_PROTOCOLS = {each.value.upper(): each for each in KUBERNETES.transports}


def to_kubernetes(
    ports: PortSet, *, transport: types.TransportLike = "tcp"
) -> tuple[dict[str, str | int], ...]:
    """Return *ports* as the ``ports`` of a rule of a NetworkPolicy.

    Args:
        ports: The set.
        transport: ``"tcp"``, ``"udp"`` or ``"sctp"``.

    Returns:
        One entry per range, ascending, with ``protocol``, ``port`` and, for more than one port,
        ``endPort``. ``yaml.safe_dump`` and JSON write a tuple as a list.

    Raises:
        TypeError: *ports* is not a ``PortSet``.
        UnknownNameError: *transport* is unknown.
        UnrepresentableError: The set is empty or contains port 0, or *transport* is not
            supported.

    Source:
        Kubernetes API Reference, NetworkPolicyPort.

    Example:
        >>> to_kubernetes(PortSet.parse("80"))
        ({'protocol': 'TCP', 'port': 80},)
        >>> to_kubernetes(PortSet.parse("32000-32768"), transport="udp")
        ({'protocol': 'UDP', 'port': 32000, 'endPort': 32768},)
    """
    selected = data.check_writable(KUBERNETES, ports, transport)
    return tuple(
        {"protocol": selected.upper(), "port": each.first, **_end_port(each)}
        for each in ports.ranges
    )


def _end_port(ports: PortRange) -> dict[str, int]:
    return {"endPort": ports.last} if len(ports) > 1 else {}


def from_kubernetes(
    entries: types.Iterable[types.Entry], *, transport: types.TransportLike | None = None
) -> PortSet:
    """Return the ports that the ``ports`` of a rule of a NetworkPolicy name.

    Args:
        entries: Entries as the API returns them. No entries, or an entry without ``port``, mean
            every port; an entry without ``protocol`` is for TCP.
        transport: The transport to select. By default all transports that the entries name must
            have the same ports.

    Returns:
        The set.

    Raises:
        TypeError: An entry is not a mapping, or a port is not an integer.
        InvalidPortError: A port is outside 0 to 65535.
        InvalidRangeError: A port is 0 or a name, ``endPort`` is below ``port`` or without it, the
            protocol is unknown, an entry has neither ``port`` nor ``protocol`` or has an unknown
            key, or the transports differ and none was selected.

    Source:
        Kubernetes API Reference, NetworkPolicyPort.

    Example:
        >>> from_kubernetes([{"protocol": "TCP", "port": 80, "endPort": 90}])
        PortSet.parse('80-90')
        >>> from_kubernetes([{"port": "http"}])
        Traceback (most recent call last):
        ...
        portranges.errors.InvalidRangeError: port must be a number, got 'http'; \
names are resolved in each pod
    """
    held = list(data.entries_of(KUBERNETES, entries))
    if not held:
        return PortSet.full()
    parts = ((_transport_of(entry, _PROTOCOLS), partial(_ports_of, entry)) for entry in held)
    return data.gathered(parts, transport)


def _ports_of(entry: types.Entry) -> PortSet:
    first, last = entry.get("port"), entry.get("endPort")
    if first is None:
        if last is not None:
            raise data.refused("endPort requires port", entry)
        return PortSet.full()
    if isinstance(first, str):
        raise data.refused("port must be a number", first, "names are resolved in each pod")
    return data.ports_between(KUBERNETES, entry, first, first if last is None else last)


def _transport_of(
    entry: types.Entry, protocols: types.Mapping[str, Transport | None]
) -> Transport | None:
    protocol = checks.of_type("protocol", entry.get("protocol", "TCP"), str)
    if protocol not in protocols:
        raise data.refused(f"protocol must be {', '.join(protocols)}", protocol)
    return protocols[protocol]


def to_cilium(
    ports: PortSet, *, transport: types.TransportLike = "tcp"
) -> tuple[dict[str, list[dict[str, str | int]]], ...]:
    """Return *ports* as the ``toPorts`` of a rule of a CiliumNetworkPolicy.

    Args:
        ports: The set.
        transport: ``"tcp"``, ``"udp"`` or ``"sctp"``.

    Returns:
        Entries whose ``ports`` have at most 40 ports and ranges, ascending. A port is text,
        ``endPort`` is a number.

    Raises:
        TypeError: *ports* is not a ``PortSet``.
        UnknownNameError: *transport* is unknown.
        UnrepresentableError: The set is empty or contains port 0, or *transport* is not
            supported.

    Source:
        cilium/cilium, pkg/policy/api/l4.go.

    Example:
        >>> to_cilium(PortSet.parse("80,90-99"))[0]["ports"][1]
        {'port': '90', 'protocol': 'TCP', 'endPort': 99}
    """
    selected = data.check_writable(CILIUM, ports, transport)
    held: list[dict[str, str | int]] = [
        {"port": str(each.first), "protocol": selected.upper(), **_end_port(each)}
        for each in ports.ranges
    ]
    most = CILIUM.max_elements
    return tuple({"ports": held[at : at + most]} for at in range(0, len(held), most))


def from_cilium(
    entries: types.Iterable[types.Entry], *, transport: types.TransportLike | None = None
) -> PortSet:
    """Return the ports that the ``toPorts`` of a rule of a CiliumNetworkPolicy name.

    Args:
        entries: Entries as the API returns them, each with ``ports``. The port ``"0"`` means
            every port; the protocol ``"ANY"``, or no protocol, means every transport.
        transport: The transport to select. By default all transports that the entries name must
            have the same ports.

    Returns:
        The set.

    Raises:
        TypeError: An entry is not a mapping, a port is not a ``str``, or an ``endPort`` is not an
            integer.
        InvalidPortError: ``endPort`` is outside 0 to 65535.
        PortSyntaxError: A port consists of digits, but is not a port.
        InvalidRangeError: A port is a name, ``endPort`` is below its port, an entry has no ports or
            more than 40, or has an unknown key, or the transports differ and none was
            selected.

    Source:
        cilium/cilium, pkg/policy/api/l4.go.

    Example:
        >>> from_cilium([{"ports": [{"port": "80", "endPort": 90, "protocol": "TCP"}]}])
        PortSet.parse('80-90')
    """
    held = list(data.entries_of(CILIUM, entries))
    if not held:
        hint = "without the field, every port is meant"
        raise data.refused("toPorts must not be empty", held, hint)
    return data.gathered(_cilium_parts(held), transport)


def _cilium_parts(entries: list[types.Entry]) -> types.Iterator[types.UnreadPart]:
    protocols: dict[str, Transport | None] = {**_PROTOCOLS, "ANY": None}
    for rule in entries:
        held = list(data.entries_of(CILIUM, rule["ports"], nested=True))
        if not 0 < len(held) <= CILIUM.max_elements:
            raise data.refused(f"an entry must have 1 to {CILIUM.max_elements} ports", len(held))
        for entry in held:
            transport = _transport_of({"protocol": "ANY", **entry}, protocols)
            yield transport, partial(_cilium_ports, entry)


def _cilium_ports(entry: types.Entry) -> PortSet:
    text, last = checks.of_type("port", entry.get("port"), str), entry.get("endPort")
    if not is_digits(text):
        raise data.refused("port must be a number", text, "names are resolved in each pod")
    first = parse_port(text)
    if first == 0:
        if last not in (None, 0):
            raise data.refused("port 0, which means every port, must not have an endPort", entry)
        return PortSet.full()
    # Cilium ignores an endPort of 0.
    return data.ports_between(CILIUM, entry, first, first if last in (None, 0) else last)
