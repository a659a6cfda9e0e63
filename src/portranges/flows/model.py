"""The records of flows: what is known of an end, a criterion, a judgement.

What lives here: Side, Trait, Criterion and Judgement, and how one criterion
compares two ends.
What must not: the criteria themselves (``rows``), which ports have a trait
(``sides``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from portranges.source import Source

__all__ = ["Criterion", "Judgement", "Side", "Trait"]


class Side(IntEnum):
    """Which end of a flow is the service.

    Attributes:
        UNKNOWN: The ports do not tell.
        FIRST: The end whose port was given first.
        SECOND: The other one.

    Example:
        >>> Side(1)
        <Side.FIRST: 1>
    """

    UNKNOWN = 0
    FIRST = 1
    SECOND = 2


class Trait(IntFlag):
    """What is known of a port, as far as a criterion asks for it.

    Attributes:
        NO_PORT: It is 0, which exporters write where a packet has no port.
        HANDED_OUT: A client's system hands it out by itself.
        SYSTEM: It is a system port.
        NAMED: It is assigned to a service, or a known program's default.
        SHOWN_PRIVILEGE: Clients that show that they are privileged take it.
        ASKS_PRIVILEGE: It is a service to which such clients connect.

    Example:
        >>> Trait.SYSTEM | Trait.NAMED
        <Trait.SYSTEM|NAMED: 12>
    """

    NO_PORT = 1
    HANDED_OUT = 2
    SYSTEM = 4
    NAMED = 8
    SHOWN_PRIVILEGE = 16
    ASKS_PRIVILEGE = 32


_NONE = Trait(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A row: what tells the service's end from the client's.

    Attributes:
        id: The key, as ``"client-range"``.
        rule: When it decides, and for which end, as a clause.
        reason: Why the rule holds, and where it does not, in sentences.
        service_has: Traits that the service's port must have.
        service_lacks: Traits that the service's port must not have.
        client_has: Traits that the client's port must have.
        client_lacks: Traits that the client's port must not have.
        source: Where the reason comes from.

    Example:
        >>> from portranges import flows
        >>> [row.id for row in flows.criteria()][:3]
        ['no-port', 'shown-privilege', 'client-range']
    """

    id: str
    rule: str
    reason: str
    service_has: Trait = _NONE
    service_lacks: Trait = _NONE
    client_has: Trait = _NONE
    client_lacks: Trait = _NONE
    source: Source

    def is_service(self, own: Trait, other: Trait) -> bool:
        """Tell whether an end with traits *own* is the service of one with *other*.

        Args:
            own: The traits of the port that may be the service's.
            other: Those of the other end's port.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the ports of a flow tell.

    Attributes:
        port: The service's port; ``None`` where it is not known.
        side: Which end has it; UNKNOWN, too, where both ends have the same.
        criterion: The row that decided, or the one that says why none did.

    Example:
        >>> from portranges import flows
        >>> flows.judge(51514, 443).criterion.id
        'client-range'
    """

    port: int | None
    side: Side
    criterion: Criterion
