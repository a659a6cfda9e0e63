"""OpenStack: the rules of a security group."""

from __future__ import annotations

from portranges import checks, types
from portranges.dialects.data import (
    check_alike,
    check_writable,
    entries_of,
    gathered,
    has_no_ports,
    ports_between,
    refused,
)
from portranges.dialects.rows_data import OPENSTACK
from portranges.errors import UnrepresentableError
from portranges.ports import LAST_PORT, Transport
from portranges.portset import PortSet

__all__ = ["from_openstack", "to_openstack"]

_PROTOCOLS = {
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
            protocol, a protocol is not a name in lower case, directions are mixed, or the
            transports differ and none was selected.

    Source:
        OpenStack Networking API, security group rules.

    Example:
        >>> from_openstack([{"protocol": "tcp", "port_range_min": 80, "port_range_max": 90}])
        PortSet.parse('80-90')
    """
    held = list(entries_of(rules))
    # Every new group has rules that allow all egress.
    check_alike(held, "direction", "rules must be for one direction", "select them by 'direction'")
    return gathered(_parts(held, transport), transport)


def _parts(
    rules: types.Iterable[types.Mapping[str, types.Any]], transport: types.TransportLike | None
) -> types.Iterator[types.Part]:
    for rule in rules:
        protocol = rule.get("protocol")
        first, last = rule.get("port_range_min"), rule.get("port_range_max")
        if protocol in _EVERY:
            if first is not None or last is not None:
                raise refused("a rule with ports must have a protocol", rule)
            yield None, PortSet.full()
            continue
        checks.of_type("protocol", protocol, str)
        if protocol in _PROTOCOLS:
            ports = PortSet.full()
            if first is not None or last is not None:
                ports = ports_between(rule, first, last)
                if 0 in ports:
                    raise refused("port must be in 1..65535", rule)
            yield _PROTOCOLS[protocol], ports
        elif transport is None or not has_no_ports(protocol):
            raise refused("protocol must be tcp, udp, sctp or dccp to have ports", protocol)
