"""The records of ``portranges.flows``: the traits of a port, criteria, fixed roles, a judgement.

The criteria themselves are in ``rows``; ``sides`` knows which ports have a trait.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from portranges.checks import fields, filled, of_type
from portranges.errors import InvalidValueError
from portranges.ports import check_port
from portranges.records import always_checked
from portranges.source import Confidence, Source


class Side(IntEnum):
    """Which end of a flow is the service.

    Attributes:
        UNKNOWN: The ports do not show which.
        FIRST: The end whose port was given first.
        SECOND: The other end.

    Example:
        >>> Side(1)
        <Side.FIRST: 1>
    """

    UNKNOWN = 0
    FIRST = 1
    SECOND = 2


class Trait(IntFlag):
    """The properties of a port that a criterion depends on.

    Attributes:
        NO_PORT: It is 0, which exporters write for a packet without a port.
        EPHEMERAL: It is in the ephemeral range of a client's system.
        SYSTEM: It is a system port.
        NAMED: It is assigned to a service.
        PRIVILEGED_CLIENT: Clients that must prove that they are privileged use it.
        PRIVILEGED_SERVICE: It belongs to a service to which such clients connect.
        FIXED_CLIENT: It is the client's port in a protocol that fixes both ports.
        FIXED_SERVICE: It is the service's port in such a protocol.
        KNOWN: It is the default of a known program (``uses``).

    Example:
        >>> Trait.SYSTEM | Trait.NAMED
        <Trait.SYSTEM|NAMED: 12>
    """

    NO_PORT = 1
    EPHEMERAL = 2
    SYSTEM = 4
    NAMED = 8
    PRIVILEGED_CLIENT = 16
    PRIVILEGED_SERVICE = 32
    FIXED_CLIENT = 64
    FIXED_SERVICE = 128
    KNOWN = 256


_NONE = Trait(0)


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A rule that distinguishes the service's port from the client's.

    Attributes:
        id: The key, such as ``"client-range"``.
        rule: When the criterion applies, and which end it chooses, as a clause.
        reason: Why the rule holds, and when it does not, as sentences.
        service_has: Traits that the service's port must have.
        service_lacks: Traits that the service's port must not have.
        client_has: Traits that the client's port must have.
        client_lacks: Traits that the client's port must not have.
        source: Where the reason comes from.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: A text is empty.

    Example:
        >>> from portranges import flows
        >>> [row.id for row in flows.criteria()][:3]
        ['no-port', 'fixed-roles', 'privileged-client']
    """

    id: str
    rule: str
    reason: str
    service_has: Trait = _NONE
    service_lacks: Trait = _NONE
    client_has: Trait = _NONE
    client_lacks: Trait = _NONE
    source: Source

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, id=filled, rule=filled, reason=filled)
        fields(self, service_has=Trait, service_lacks=Trait, client_has=Trait, client_lacks=Trait)
        of_type("source", self.source, Source)

    def is_service(self, own: Trait, other: Trait) -> bool:
        """Return whether a port with traits *own* is the service if the other end has *other*.

        Args:
            own: The traits of the port that may be the service's.
            other: The traits of the other end's port.

        Returns:
            Whether all four conditions hold.

        Example:
            >>> from portranges import flows
            >>> row = next(row for row in flows.criteria() if row.id == "system-port")
            >>> row.is_service(flows.Trait.SYSTEM, flows.Trait.NAMED)
            True
        """
        return (
            own & self.service_has == self.service_has
            and not own & self.service_lacks
            and other & self.client_has == self.client_has
            and not other & self.client_lacks
        )


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class FixedRoles:
    """A protocol whose specification fixes the ports of both the service and the client.

    Attributes:
        protocol: The protocol.
        service: The port of the service.
        client: The port of the client.
        confidence: How the row is known.
        source: Where the ports are specified.

    Raises:
        TypeError: A value has the wrong type.
        InvalidPortError: A port is outside 0 to 65535.
        InvalidValueError: The protocol is empty.

    Example:
        >>> from portranges import flows
        >>> [(row.service, row.client) for row in flows.fixed_roles()]
        [(67, 68), (547, 546), (5351, 5350)]
    """

    protocol: str
    service: int
    client: int
    confidence: Confidence
    source: Source

    def __post_init__(self) -> None:
        """Check the fields."""
        filled("protocol", self.protocol)
        check_port(self.service)
        check_port(self.client)
        fields(self, confidence=Confidence, source=Source)


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the two ports of a flow show.

    Attributes:
        port: The service's port; ``None`` if it is unknown.
        side: Which end has it; also UNKNOWN if both ends have the same port.
        criterion: The criterion that decided, or the one that explains why none did.

    Raises:
        TypeError: A value has the wrong type.
        InvalidPortError: The port is outside 0 to 65535.
        InvalidValueError: A side is known, but not its port.

    Example:
        >>> from portranges import flows
        >>> flows.judge(51514, 443).criterion.id
        'client-range'
    """

    port: int | None
    side: Side
    criterion: Criterion

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, side=Side, criterion=Criterion)
        if self.port is not None:
            check_port(self.port)
        elif self.side is not Side.UNKNOWN:
            raise InvalidValueError("a known side must have a port", "a side without one")
