"""OpenStack: the rules of a security group."""

from __future__ import annotations

from portranges import checks, types
from portranges.dialects import data
from portranges.dialects.protocols import NUMBERS
from portranges.dialects.rows_data import OPENSTACK
from portranges.errors import UnrepresentableError
from portranges.ports import LAST_PORT, Transport
from portranges.portset import PortSet

# What the API and the programs that fill its tables store for "every protocol".
_EVERY = (None, "any", "0")

_PROTOCOLS = data.Protocols(
    key="protocol",
    transports={**{each.value: each for each in Transport}, **NUMBERS, **dict.fromkeys(_EVERY)},
    accepted="tcp, udp, sctp or dccp",
)


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
    selected = data.check_writable(OPENSTACK, ports, transport)
    if len(ports) == LAST_PORT:
        raise UnrepresentableError(
            OPENSTACK.name, "1-65535 is stored as a rule without ports, which includes port 0"
        )
    return tuple(
        {"protocol": selected.value, "port_range_min": each.first, "port_range_max": each.last}
        for each in ports.ranges
    )


def from_openstack(
    rules: types.Iterable[types.Entry], *, transport: types.TransportLike | None = None
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
            ``direction`` or has an unknown key, directions are mixed, or the
            transports differ and none was selected.

    Source:
        OpenStack Networking API, security group rules.

    Example:
        >>> from_openstack([{"protocol": "tcp", "port_range_min": 80, "port_range_max": 90}])
        PortSet.parse('80-90')
    """
    held = list(data.entries_of(OPENSTACK, rules))
    # Every new group has rules that allow all egress.
    data.check_alike(held, "direction", ("ingress", "egress"), "rules must be for one direction")
    return data.ports_of_entries(map(_checked, held), _PROTOCOLS, _ports_of, transport)


def _checked(rule: types.Entry) -> types.Entry:
    """Return *rule* if its protocol is text or absent."""
    if rule.get("protocol") is not None:
        checks.of_type("protocol", rule["protocol"], str)
    return rule


def _ports_of(rule: types.Entry) -> PortSet:
    first, last = rule.get("port_range_min"), rule.get("port_range_max")
    if first is None and last is None:
        return PortSet.full()
    if rule.get("protocol") in _EVERY:
        raise data.refused("a rule with ports must have a protocol", rule)
    return data.ports_between(OPENSTACK, rule, first, last)
