"""A rule of a security group or of a network ACL of AWS.

The API, Terraform and CloudFormation write the same rules with other keys. Their readers bring them
to the parts that are read here. Ports are read by ``dialects``.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import types
from portranges.checks import of_type
from portranges.dialects import from_aws
from portranges.errors import InvalidValueError, elide
from portranges.families import Family
from portranges.ports import Transport
from portranges.rulesets.documents import text_of
from portranges.rulesets.model import Action, Direction
from portranges.rulesets.objects import FAMILIES, Gathered, Node
from portranges.transport_ports import TransportPorts

ACTIONS = {"allow": Action.ACCEPT, "deny": Action.DROP}

# What the key of a peer may name, apart from a prefix list or a group: addresses of one family.
_CIDRS = {
    **dict.fromkeys(("CidrIp", "CidrIpv4", "CidrBlock"), Family.INET),
    **dict.fromkeys(("CidrIpv6", "Ipv6CidrBlock"), Family.INET6),
    **dict.fromkeys(("cidr_blocks", "cidr_ipv4", "cidr_block"), Family.INET),
    **dict.fromkeys(("ipv6_cidr_blocks", "cidr_ipv6", "ipv6_cidr_block"), Family.INET6),
}
_EVERY_ADDRESS = {Family.INET: "0.0.0.0/0", Family.INET6: "::/0"}


def ports_of(protocol: object, first: object, last: object) -> TransportPorts:
    """Return the ports of a permission, for each transport.

    Raises:
        TypeError: A port is not an integer.
        InvalidPortError: A port is outside 0 to 65535.
        InvalidRangeError: The protocol is unknown, or the ports are incomplete or contradict it.
    """
    given = {"IpProtocol": protocol, "FromPort": first, "ToPort": last}
    entry = {key: value for key, value in given.items() if value is not None}
    return TransportPorts({each: from_aws([entry], transport=each) for each in Transport})


@dataclass(frozen=True, slots=True)
class Side:
    """One direction of a security group or a network ACL.

    Attributes:
        name: The name of the group or the ACL.
        direction: The direction of its rules.
        conditions: Conditions of all of them.
    """

    name: str
    direction: Direction
    conditions: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The group of the rules.

        Example:
            >>> Side("sg-1", Direction.IN).group
            'sg-1 ingress'
        """
        return f"{self.name} {'ingress' if self.direction is Direction.IN else 'egress'}"

    def add(
        self,
        found: Gathered,
        node: Node,
        ports: TransportPorts,
        key: str,
        peer: object,
        *,
        action: Action = Action.ACCEPT,
        priority: int = 0,
    ) -> None:
        """Add the rule about packets from or to *peer*, the value of *key*.

        Raises:
            TypeError: The peer is an address, but not a text.
            InvalidValueError: It is an address, but not of the family of its key.
        """
        family = _CIDRS.get(key)
        is_every = False
        if family is not None:
            address = of_type(key, peer, str)
            if "/" not in address or (":" in address) is not (family is Family.INET6):
                version = "IPv6" if family is Family.INET6 else "IPv4"
                raise InvalidValueError(f"{key} must be a block of {version}", elide(address))
            is_every = address == _EVERY_ADDRESS[family]
        found.add(
            node,
            self.group,
            ports,
            families=FAMILIES if family is None else (family,),
            action=action,
            direction=self.direction,
            priority=priority,
            conditions=(*(() if is_every else (f"{key}: {text_of(peer)}",)), *self.conditions),
        )


def one_peer(key: str, peer: object, head: types.Entry, place: Node) -> Node:
    """Return the node of the rule for one peer of a permission.

    Args:
        key: The key of the peers.
        peer: The peer, as the value of the key.
        head: The part of the permission that is not about peers.
        place: Where the peer is.
    """
    return Node({**head, key: peer}, place.pointer)
