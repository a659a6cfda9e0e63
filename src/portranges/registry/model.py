"""The records of the registry: a state, a row, and what is known of one cell.

What lives here: State, Assignment, Cell, and the limits of the registry.
What must not: a row of the registry, or how one is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portranges.ports import PortRange, Transport

__all__ = ["LAST_REGISTERED", "TRANSPORTS", "Assignment", "Cell", "State"]

# The ports above are Dynamic and have no row (RFC 6335, section 6).
LAST_REGISTERED = 49151

# A tuple, because going through the enum takes four times as long.
TRANSPORTS = tuple(Transport)


class State(StrEnum):
    """What the registry says about one port number for one transport.

    RFC 6335 knows three states, for 0 to 49151. Two more make the answer
    total: DYNAMIC for the ports above, which are never assigned, and
    NOT_LISTED for a transport without a row on a port that has rows. Such a
    port is reserved by the rule (section 8.1: where only some transports are
    assigned, the others "will be marked as Reserved"), but not by a row: IANA
    writes the rows for tcp and udp, and hardly ever for sctp and dccp. The
    two are kept apart so that an answer never claims a row that is not there.

    Attributes:
        ASSIGNED: A service has it, with a name or, rarely, without.
        RESERVED: A row says that it is not for regular assignment.
        UNASSIGNED: Free to be asked for. Most such ports have no row.
        DYNAMIC: 49152 to 65535.
        NOT_LISTED: The port has rows, and none is for this transport.

    Source:
        RFC 6335, sections 6 and 8.1.

    Example:
        >>> State("not-listed")
        <State.NOT_LISTED: 'not-listed'>
    """

    ASSIGNED = "assigned"
    RESERVED = "reserved"
    UNASSIGNED = "unassigned"
    DYNAMIC = "dynamic"
    NOT_LISTED = "not-listed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One row of the registry, for one transport and one name.

    The texts from ``description`` on are ``""`` where the source has none.
    The shipped table has none of them; ``Registry.from_iana`` has all.

    Attributes:
        ports: The ports of the row: one, or a range that shares it. The
            shipped table joins neighbours whose rows say the same.
        transport: The transport. A row of IANA's without one stands for all
            four and gives four of these.
        state: ASSIGNED, RESERVED or UNASSIGNED.
        service: The service name as the registry spells it; None where the
            row has no name.
        description: What the service is; for a nameless row, its state.
        assignee: Whom it is assigned to, as ``"[Person_Id]"``.
        contact: Whom to ask, as ``"[Person_Id]"``, several one after another.
        registered: ``"2011-08-16"`` or ``"2005-08"``.
        modified: The same, of the last change.
        reference: ``"[RFC4251]"``, several one after another.
        service_code: The DCCP service code (RFC 4340, section 19.8), decimal.
        unauthorized_use: What was reported, as free text.
        note: The assignment notes, as free text.

    Example:
        >>> from portranges import registry
        >>> [row.service for row in registry.lookup(80, "tcp")]
        ['http', 'www', 'www-http']
    """

    ports: PortRange
    transport: Transport
    state: State
    service: str | None
    description: str = ""
    assignee: str = ""
    contact: str = ""
    registered: str = ""
    modified: str = ""
    reference: str = ""
    service_code: str = ""
    unauthorized_use: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """All that a table says about one port and one transport.

    Attributes:
        state: The state.
        services: The names, the primary one first.
        assignments: The rows, in registry order.

    Example:
        >>> Cell(State.UNASSIGNED).services
        ()
    """

    state: State
    services: tuple[str, ...] = ()
    assignments: tuple[Assignment, ...] = ()
