"""The records of the registry: the state of a port, a row, and the cell of a port and transport."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portranges.ports import PortRange, Transport
from portranges.records import shown_by_fields

# The ports above are Dynamic and have no row (RFC 6335, section 6).
LAST_REGISTERED = 49151

# A tuple, because iterating over the enum takes four times as long.
TRANSPORTS = tuple(Transport)


class State(StrEnum):
    """The state of one port number for one transport.

    RFC 6335 defines three states, for 0 to 49151. Two more cover every port: DYNAMIC for the ports
    above, which are never assigned, and NOT_LISTED if no row shows the state. In IANA's registry,
    such a port has rows for other transports only. By RFC 6335, section 8.1, it is reserved (if
    only some transports are assigned, the others "will be marked as Reserved"), but the registry
    has no row for it: IANA writes such rows for tcp and udp and hardly ever for sctp and dccp.
    RESERVED therefore always means that a row exists. In the table of a machine or a program, which
    does not contain every assignment, every port without a row is NOT_LISTED.

    Attributes:
        ASSIGNED: Assigned to a service, usually with a name.
        RESERVED: A row reserves the port; it is not available for regular assignment.
        UNASSIGNED: Available for assignment. Most such ports have no row.
        DYNAMIC: 49152 to 65535.
        NOT_LISTED: The port has no row for this transport, and may be assigned or reserved.

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


@shown_by_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One row of the registry, for one transport and one name.

    The texts from ``description`` on are ``""`` if absent. Of these, the shipped table has only the
    description, which it reads on first use; ``Registry.read_iana`` reads all of them.

    Attributes:
        ports: The ports of the row. The shipped table joins adjacent ports with equal rows.
        transport: The transport. A row of the registry without a transport applies to all
            four and becomes four assignments.
        state: ASSIGNED, RESERVED or UNASSIGNED.
        service: The service name as the registry spells it; None for a row without a name.
        description: What the service is; for a row without a name, its state.
        assignee: The assignee, such as ``"[Person_Id]"``.
        contact: The contacts, such as ``"[Person_Id]"``, concatenated.
        registered: The registration date, ``"2011-08-16"`` or ``"2005-08"``.
        modified: The date of the last modification, in the same form.
        reference: The references, such as ``"[RFC4251]"``, concatenated.
        service_code: The DCCP service code (RFC 4340, section 19.8), decimal.
        unauthorized_use: Reported unauthorized use, as free text.
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
    """The rows of one port and one transport.

    Attributes:
        state: The state.
        services: The service names, the primary one first.
        assignments: The rows, in registry order.

    Example:
        >>> Cell(State.UNASSIGNED).services
        ()
    """

    state: State
    services: tuple[str, ...] = ()
    assignments: tuple[Assignment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Adjacent ports whose rows differ between two registries in the same way.

    Attributes:
        ports: The ports.
        transports: The transports for which the rows differ in this way.
        before: The rows of the first port for the first transport in the older registry.
        after: The same rows in the newer registry.

    Example:
        >>> from portranges.registry import SHIPPED
        >>> ours = SHIPPED.with_services({"wireguard": [(51820, "udp")]})
        >>> [difference] = SHIPPED.compare(ours)
        >>> difference.kind, difference.after[0].service
        ('added', 'wireguard')
    """

    ports: PortRange
    transports: tuple[Transport, ...]
    before: tuple[Assignment, ...]
    after: tuple[Assignment, ...]

    @property
    def kind(self) -> str:
        """What happened to the rows.

        Returns:
            ``"added"`` if the older registry has none, ``"removed"`` if the newer one has none,
            ``"changed"`` if their states, names or descriptions differ.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> ours = SHIPPED.with_services({"billing": [(8443, "tcp")]})
            >>> [each.kind for each in SHIPPED.compare(ours)]
            ['changed']
        """
        if not self.before:
            return "added"
        return "changed" if self.after else "removed"
