"""A rule of a security group or of a network ACL of AWS, as a record.

The API, Terraform and CloudFormation write the same rules with other keys. Their readers bring them
to the parts that are read here. Ports are read by ``dialects``.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import types
from portranges.checks import of_type
from portranges.dialects import from_aws
from portranges.errors import InvalidValueError, PortRangesError, PortSyntaxError, elide, got
from portranges.families import Family
from portranges.ports import Transport
from portranges.rulesets.documents import pointer_to, text_of
from portranges.rulesets.model import Action, Applies, Direction, Location, Rule, Skipped
from portranges.transport_ports import TransportPorts

# The keys and indices that lead to a value.
Path: types.TypeAlias = "tuple[object, ...]"

# What a part that is not understood raises.
REFUSED = (PortRangesError, TypeError)

_BOTH = tuple(Family)
_INET, _INET6 = (Family.INET,), (Family.INET6,)

# What the key of a peer may name, apart from a prefix list or a group: addresses of one family.
_CIDRS = {
    **dict.fromkeys(("CidrIp", "CidrIpv4", "CidrBlock"), _INET),
    **dict.fromkeys(("CidrIpv6", "Ipv6CidrBlock"), _INET6),
    **dict.fromkeys(("cidr_blocks", "cidr_ipv4", "cidr_block"), _INET),
    **dict.fromkeys(("ipv6_cidr_blocks", "cidr_ipv6", "ipv6_cidr_block"), _INET6),
}


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


def group_of(name: str, direction: Direction) -> str:
    """Return the group of the rules of one direction.

    Example:
        >>> group_of("sg-1", Direction.IN)
        'sg-1 ingress'
    """
    return f"{name} {'ingress' if direction is Direction.IN else 'egress'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the readers know of a rule before its ports and its peer are read.

    Attributes:
        name: The name of the security group or network ACL.
        direction: The direction of the rule.
        path: Where it is.
        value: The original value.
    """

    name: str
    direction: Direction
    path: Path
    value: object

    @property
    def group(self) -> str:
        """The group of the rule."""
        return group_of(self.name, self.direction)

    def rule(
        self,
        ports: TransportPorts,
        key: str,
        peer: object,
        action: Action = Action.ACCEPT,
        priority: int = 0,
    ) -> Rule:
        """Return the rule about packets from or to *peer*, the value of *key*.

        Raises:
            TypeError: The peer is an address, but not a text.
            InvalidValueError: It is an address, but not of the family of its key.
        """
        families = _CIDRS.get(key, _BOTH)
        is_every = False
        if key in _CIDRS:
            address = of_type(key, peer, str)
            if "/" not in address or (":" in address) is not (families == _INET6):
                version = "IPv6" if families == _INET6 else "IPv4"
                raise InvalidValueError(f"{key} must be a block of {version}", elide(address))
            is_every = address == ("::/0" if families == _INET6 else "0.0.0.0/0")
        return Rule(
            ports=ports,
            families=families,
            action=action,
            direction=self.direction,
            group=self.group,
            priority=priority,
            applies=Applies.ALWAYS if is_every else Applies.MAYBE,
            conditions=() if is_every else (f"{key}: {text_of(peer)}",),
            location=Location(pointer=pointer_to(*self.path)),
            text=text_of(self.value),
        )


class Found:
    """The rules that were read so far, and what was skipped."""

    def __init__(self) -> None:
        """Start without rules."""
        self.rules: list[Rule] = []
        self.skipped: list[Skipped] = []

    def skip(
        self,
        value: object,
        path: Path,
        error: Exception,
        group: str = "",
        *,
        could_accept: bool = True,
    ) -> None:
        """Skip *value* because of *error*."""
        self.skipped.append(
            Skipped(
                location=Location(pointer=pointer_to(*path)),
                text=text_of(value),
                reason=error.reason if isinstance(error, PortSyntaxError) else str(error),
                could_accept=could_accept,
                group=group,
            )
        )

    def add(
        self, draft: Draft, read: types.Callable[[Draft], Rule], *, could_accept: bool = True
    ) -> None:
        """Add the rule that *read* returns for *draft*, or skip it with the error."""
        try:
            self.rules.append(read(draft))
        except REFUSED as error:
            self.skip(draft.value, draft.path, error, draft.group, could_accept=could_accept)

    def skip_unknown(
        self,
        entry: types.Entry,
        path: Path,
        keys: types.Sequence[str],
        what: str,
        group: str = "",
    ) -> None:
        """Skip each value of *entry* whose key is not one of *keys*."""
        for key, value in entry.items():
            if key not in keys:
                error = InvalidValueError(f"{what} must have only known keys", elide(key))
                self.skip(value, (*path, key), error, group)


def as_object(value: object) -> types.Entry | None:
    """Return *value* if it is an object of JSON."""
    return types.cast("types.Entry", value) if isinstance(value, dict) else None


def as_list(value: object) -> list[object] | None:
    """Return *value* if it is a list of JSON."""
    return types.cast("list[object]", value) if isinstance(value, list) else None


def object_of(what: str, value: object) -> types.Entry:
    """Return *value* if it is an object of JSON, or raise InvalidValueError."""
    found = as_object(value)
    if found is None:
        raise InvalidValueError(f"{what} must be an object", got(value))
    return found


def list_of(what: str, value: object) -> list[object]:
    """Return *value* if it is a list of JSON, or raise InvalidValueError."""
    found = as_list(value)
    if found is None:
        raise InvalidValueError(f"{what} must be a list", got(value))
    return found


def check_keys(
    what: str, entry: types.Entry, known: types.Sequence[str], needed: types.Iterable[str] = ()
) -> None:
    """Raise InvalidValueError if *entry* has an unknown key, or lacks one of *needed*.

    An unknown key may restrict the rule, and without a key a rule may be about every port.
    """
    for key in entry:
        if key not in known:
            raise InvalidValueError(f"{what} must have only known keys", elide(key))
    for key in needed:
        if entry.get(key) is None:
            raise InvalidValueError(f"{what} must have {key}", elide(entry))


def only_peer(entry: types.Entry, keys: types.Iterable[str]) -> str:
    """Return the one of *keys* that *entry* has.

    Raises:
        InvalidValueError: It does not have exactly one of them.
    """
    named = tuple(keys)
    found = [key for key in named if entry.get(key) is not None]
    if len(found) != 1:
        raise not_one_peer(named, found)
    return found[0]


def not_one_peer(keys: types.Iterable[str], given: types.Sequence[str]) -> InvalidValueError:
    """Return the error for a rule that has several of *keys*, or none."""
    shown = " and ".join(given) or "none of them"
    return InvalidValueError(f"a rule must have one of {', '.join(keys)}", shown)
