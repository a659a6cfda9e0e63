"""OpenStack: the rules of a security group."""

from __future__ import annotations

from functools import partial

from portranges import checks, types
from portranges.dialects.data import (
    check_alike,
    check_writable,
    entries_of,
    gathered,
    part_of,
    ports_between,
    refused,
)
from portranges.dialects.rows_data import OPENSTACK
from portranges.errors import UnrepresentableError
from portranges.ports import LAST_PORT, Transport
from portranges.portset import PortSet

__all__ = ["from_openstack", "to_openstack"]

_PROTOCOLS: dict[str, Transport | None] = {
    "tcp": Transport.TCP,
    "udp": Transport.UDP,
    "sctp": Transport.SCTP,
    "6": Transport.TCP,
    "17": Transport.UDP,
    "132": Transport.SCTP,
    "dccp": Transport.DCCP,
    "33": Transport.DCCP,
}

# What the API and the programs that fill its tables store for "every protocol".
_EVERY = (None, "any", "0")


def to_openstack(
    ports: PortSet, *, transport: types.TransportLike = "tcp"
) -> tuple[dict[str, str | int], ...]:
    """Return *ports* as the port keys of a security group's rules.

    Args:
        ports: The set.
        transport: ``"tcp"``, ``"udp"`` or ``"sctp"``.

    Returns:
        One rule per range, ascending, with ``protocol``, ``port_range_min`` and
        ``port_range_max``.

    Raises:
        TypeError: *ports* is not a ``PortSet``.
        UnknownNameError: *transport* is unknown.
        UnrepresentableError: The set is empty, contains port 0, or is 1-65535, which OpenStack
            stores as every port; or *transport* is not supported.

    Source:
        openstack/neutron, neutron/db/securitygroups_db.py.

    Example:
        >>> to_openstack(PortSet.parse("8000-8100"))
        ({'protocol': 'tcp', 'port_range_min': 8000, 'port_range_max': 8100},)
    """
    selected = check_writable(OPENSTACK, ports, transport)
    if len(ports) == LAST_PORT:
        raise UnrepresentableError(
            OPENSTACK.name, "1-65535 is stored as a rule without ports, which includes port 0"
        )
    return tuple(
        {
            "protocol": selected.value,
            "port_range_min": each.first,
            "port_range_max": each.last,
        }
        for each in ports.ranges
    )


def from_openstack(
    rules: types.Iterable[types.Mapping[str, types.Any]],
    *,
    transport: types.TransportLike | None = None,
) -> PortSet:
    """Return the ports of a security group's rules.

    Args:
        rules: Rules as the API returns them, all for one direction. A rule without ports applies
            to every port, one without a protocol, or with ``"any"``, to every transport. One for
            a protocol without ports is ignored if *transport* is given.
        transport: The transport to select. By default all transports that the rules name must
            have the same ports.

    Returns:
        The set; empty if there is no rule.

    Raises:
        TypeError: A rule is not a mapping, or a port is not an integer.
        InvalidPortError: A port is outside 0 to 65535.
        InvalidRangeError: A range is reversed or has one end, a port is 0, a rule has ports but no
            protocol, a protocol is not a name in lower case, a rule has neither ``protocol`` nor
            ``direction`` or has a key that OpenStack does not, directions are mixed, or the
            transports differ and none was selected.

    Source:
        OpenStack Networking API, security group rules.

    Example:
        >>> from_openstack([{"protocol": "tcp", "port_range_min": 80, "port_range_max": 90}])
        PortSet.parse('80-90')
    """
    held = list(entries_of(OPENSTACK, rules))
    # Every new group has rules that allow all egress.
    check_alike(
        held,
        "direction",
        ("ingress", "egress"),
        "rules must be for one direction",
        "select them by 'direction'",
    )
    return gathered(_parts(held, transport), transport)


def _parts(
    rules: types.Iterable[types.Mapping[str, types.Any]], transport: types.TransportLike | None
) -> types.Iterator[types.UnreadPart]:
    for rule in rules:
        protocol = rule.get("protocol")
        if protocol is not None:
            protocol = checks.of_type("protocol", protocol, str)
        if protocol in _EVERY:
            yield None, partial(_every, rule)
            continue
        yield from part_of(
            "protocol",
            protocol,
            _PROTOCOLS,
            accepted="tcp, udp, sctp or dccp",
            selected=transport,
            read=partial(_ports_of, rule),
        )


def _ends(rule: types.Mapping[str, types.Any]) -> tuple[types.Any, types.Any]:
    return rule.get("port_range_min"), rule.get("port_range_max")


def _every(rule: types.Mapping[str, types.Any]) -> PortSet:
    if _ends(rule) != (None, None):
        raise refused("a rule with ports must have a protocol", rule)
    return PortSet.full()


def _ports_of(rule: types.Mapping[str, types.Any]) -> PortSet:
    first, last = _ends(rule)
    if first is None and last is None:
        return PortSet.full()
    ports = ports_between(rule, first, last)
    if 0 in ports:
        raise refused("port must be in 1..65535", rule)
    return ports
