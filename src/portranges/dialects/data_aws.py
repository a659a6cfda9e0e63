"""AWS: the permissions of a security group and the entries of a network ACL."""

from __future__ import annotations

from dataclasses import replace

from portranges import types
from portranges.dialects import data
from portranges.dialects.rows_data import AWS, AWS_NACL
from portranges.ports import Transport
from portranges.portset import PortSet

_NUMBERS = {Transport.TCP: "6", Transport.UDP: "17"}

# Ports count for the first four only. For the others everything is allowed, whatever the ports are.
_WITH_PORTS = {
    "tcp": Transport.TCP,
    "udp": Transport.UDP,
    "6": Transport.TCP,
    "17": Transport.UDP,
}
_PROTOCOLS = data.Protocols(
    key="IpProtocol",
    transports={**_WITH_PORTS, "132": Transport.SCTP, "33": Transport.DCCP, "-1": None},
    accepted="tcp, udp or -1",
)
_PROTOCOLS_OF_NACL = replace(_PROTOCOLS, key="Protocol")

# What tools write with protocol -1 when they mean "no ports".
_NO_PORTS = ((None, None), (-1, -1), (0, 0), (0, 65535))


def to_aws(
    ports: PortSet, *, transport: types.TransportLike = "tcp"
) -> tuple[dict[str, str | int], ...]:
    """Return *ports* as the port keys of a security group's IpPermissions.

    Args:
        ports: The set.
        transport: ``"tcp"`` or ``"udp"``.

    Returns:
        One permission per range, ascending, with ``IpProtocol``, ``FromPort`` and ``ToPort``.
        The caller adds the addresses. boto3 and JSON accept a tuple of dictionaries.

    Raises:
        TypeError: *ports* is not a ``PortSet``.
        UnknownNameError: *transport* is unknown.
        UnrepresentableError: The set is empty, or *transport* is not supported.

    Source:
        Amazon EC2 API Reference, IpPermission.

    Example:
        >>> to_aws(PortSet.parse("22,8000-8100"))[1]
        {'IpProtocol': 'tcp', 'FromPort': 8000, 'ToPort': 8100}
    """
    selected = data.check_writable(AWS, ports, transport)
    return tuple(
        {"IpProtocol": selected.value, "FromPort": each.first, "ToPort": each.last}
        for each in ports.ranges
    )


def from_aws(
    permissions: types.Iterable[types.Entry], *, transport: types.TransportLike | None = None
) -> PortSet:
    """Return the ports that a security group's IpPermissions allow.

    Args:
        permissions: Permissions as the API returns them, or the rules that
            DescribeSecurityGroupRules returns, all for one direction. A permission for every
            protocol allows every port. One for a protocol without ports is ignored if *transport*
            is given.
        transport: The transport to select. By default all transports that the permissions name
            must have the same ports.

    Returns:
        The set; empty if there is no permission.

    Raises:
        TypeError: A permission is not a mapping, or a port is not an integer.
        InvalidPortError: A port is outside 0 to 65535.
        InvalidRangeError: A range is reversed or has one end, a permission has ports that AWS
            ignores, lacks ``IpProtocol`` or has an unknown key, a protocol is not a name
            in lower case, directions are mixed, or the transports differ and none was selected.

    Source:
        Amazon EC2 API Reference, IpPermission and SecurityGroupRule.

    Example:
        >>> from_aws([{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 90}])
        PortSet.parse('80-90')
        >>> from_aws([{"IpProtocol": "-1", "FromPort": 80, "ToPort": 80}])
        Traceback (most recent call last):
        ...
        portranges.errors.InvalidRangeError: a permission for every protocol must have no ports, \
got {'IpProtocol': '-1', 'FromPort': 80, 'ToPort': 80}; every port is allowed
    """
    held = list(data.entries_of(AWS, permissions))
    data.check_alike(held, "IsEgress", (False, True), "rules must be for one direction")
    return data.ports_of_entries(held, _PROTOCOLS, _ports_of, transport)


def to_aws_nacl(
    ports: PortSet, *, transport: types.TransportLike = "tcp"
) -> tuple[dict[str, object], ...]:
    """Return *ports* as the port keys of a network ACL's Entries.

    Args:
        ports: The set.
        transport: ``"tcp"`` or ``"udp"``.

    Returns:
        One entry per range, ascending, with ``Protocol`` and ``PortRange``. The caller adds
        number, action and address.

    Raises:
        TypeError: *ports* is not a ``PortSet``.
        UnknownNameError: *transport* is unknown.
        UnrepresentableError: The set is empty, or *transport* is not supported.

    Source:
        Amazon EC2 API Reference, NetworkAclEntry and PortRange.

    Example:
        >>> to_aws_nacl(PortSet.parse("1024-65535"), transport="udp")
        ({'Protocol': '17', 'PortRange': {'From': 1024, 'To': 65535}},)
    """
    selected = data.check_writable(AWS_NACL, ports, transport)
    return tuple(
        {"Protocol": _NUMBERS[selected], "PortRange": {"From": each.first, "To": each.last}}
        for each in ports.ranges
    )


def from_aws_nacl(
    entries: types.Iterable[types.Entry], *, transport: types.TransportLike | None = None
) -> PortSet:
    """Return the ports that a network ACL's Entries name.

    Args:
        entries: Entries as the API returns them. All must have the same action and the same
            direction.
        transport: The transport to select. By default all transports that the entries name must
            have the same ports.

    Returns:
        The set; empty if there is no entry.

    Raises:
        TypeError: An entry is not a mapping, or a port is not an integer.
        InvalidPortError: A port is outside 0 to 65535.
        InvalidRangeError: As in ``from_aws``, or actions or directions are mixed.

    Source:
        Amazon EC2 API Reference, NetworkAclEntry and PortRange.

    Example:
        >>> from_aws_nacl([{"Protocol": "6", "PortRange": {"From": 80, "To": 90}}])
        PortSet.parse('80-90')
    """
    held = list(data.entries_of(AWS_NACL, entries))
    data.check_alike(
        held,
        "RuleAction",
        ("allow", "deny"),
        "entries must all allow or all deny",
        "they are tried in order, and do not form a set",
    )
    data.check_alike(held, "Egress", (False, True), "entries must be for one direction")
    return data.ports_of_entries(held, _PROTOCOLS_OF_NACL, _ports_of_nacl, transport)


def _ports_of(entry: types.Entry) -> PortSet:
    return _between(entry, entry["IpProtocol"], entry.get("FromPort"), entry.get("ToPort"))


def _ports_of_nacl(entry: types.Entry) -> PortSet:
    ports: types.Entry = {}
    if "PortRange" in entry:
        (ports,) = data.entries_of(AWS_NACL, [entry["PortRange"]], nested=True)
    return _between(entry, entry["Protocol"], ports.get("From"), ports.get("To"))


def _between(entry: types.Entry, protocol: str, first: types.Any, last: types.Any) -> PortSet:
    if protocol in _WITH_PORTS:
        return data.ports_between(AWS, entry, first, last)
    if protocol == "-1" and (first, last) not in _NO_PORTS:
        raise data.refused(
            "a permission for every protocol must have no ports", entry, "every port is allowed"
        )
    return PortSet.full()
