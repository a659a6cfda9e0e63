"""The questions of Registry, asked of the registry that comes with the library.

What lives here: the functions of ``portranges.registry``.
What must not: an answer; SHIPPED has them all.
"""

from __future__ import annotations

from portranges import types
from portranges.portset import PortSet
from portranges.registry import edition
from portranges.registry.model import Assignment, State
from portranges.registry.shipped import SHIPPED
from portranges.source import Source

__all__ = [
    "assigned",
    "lookup",
    "not_listed",
    "ports",
    "reserved",
    "services",
    "snapshot",
    "source",
    "state",
    "unassigned",
]

# The date of the edition, and the edition as the source of every answer.
snapshot: types.date = edition.DATE
source: Source = edition.SOURCE

# The first three functions are asked in the middle of loops; they take the
# way that the methods of the same names take, and are as fast.
_cell = SHIPPED._cell


def lookup(port: types.SupportsIndex, transport: str | None = None) -> tuple[Assignment, ...]:
    """Return the rows of a port.

    Args:
        port: The port.
        transport: A ``Transport`` or its value; None for all four.

    Returns:
        The rows in registry order; for all transports those of tcp first,
        then udp, sctp, dccp. Empty where there is no row: always for a
        Dynamic port, mostly for an unassigned one.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidPortError: *port* is outside 0 to 65535.
        UnknownNameError: *transport* is none of the four.

    Example:
        >>> for row in lookup(8282):
        ...     print(row.transport, row.state, row.service)
        tcp assigned libelle
        udp assigned libelle-disc
        sctp reserved None
        dccp reserved None
    """
    if transport is None:
        return SHIPPED.lookup(port)
    return _cell(port, transport).assignments


def state(port: types.SupportsIndex, transport: str) -> State:
    """Return the state of a port for one transport.

    Args:
        port: The port.
        transport: A ``Transport`` or its value.

    Returns:
        The state; every port has exactly one.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidPortError: *port* is outside 0 to 65535.
        UnknownNameError: *transport* is none of the four.

    Example:
        >>> state(49150, "tcp"), state(49150, "udp")
        (<State.ASSIGNED: 'assigned'>, <State.RESERVED: 'reserved'>)
        >>> state(49150, "sctp"), state(49152, "sctp")
        (<State.NOT_LISTED: 'not-listed'>, <State.DYNAMIC: 'dynamic'>)
    """
    return _cell(port, transport).state


def services(port: types.SupportsIndex, transport: str) -> tuple[str, ...]:
    """Return the service names of a port for one transport.

    Args:
        port: The port.
        transport: A ``Transport`` or its value.

    Returns:
        The names in registry order: the primary one first, which need not be
        the best known. Often empty.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidPortError: *port* is outside 0 to 65535.
        UnknownNameError: *transport* is none of the four.

    Example:
        >>> services(80, "tcp"), services(2049, "tcp")
        (('http', 'www', 'www-http'), ('shilp', 'nfs'))
    """
    return _cell(port, transport).services


def ports(service: str, transport: str | None = None) -> PortSet:
    """Return the ports that a service has.

    Args:
        service: The name, in upper or lower case; any of several names of a
            port.
        transport: A ``Transport`` or its value; None for any of the four.

    Returns:
        The ports; empty if the service has ports for other transports only.

    Raises:
        TypeError: An argument has the wrong type.
        UnknownNameError: No port has the name; the error offers near ones. Or
            *transport* is none of the four.

    Example:
        >>> ports("HTTP-alt", "tcp")
        PortSet.parse('591,8008,8080')
        >>> ports("domian")
        Traceback (most recent call last):
        ...
        portranges.errors.UnknownNameError: unknown service, got 'domian'; \
did you mean 'domain' or 'domiq' or 'domain-s'?
    """
    return SHIPPED.ports(service, transport)


def assigned(transport: str) -> PortSet:
    """Return the ports that are assigned for a transport.

    Args:
        transport: A ``Transport`` or its value.

    Returns:
        The ports whose state is ASSIGNED, with a name or without.

    Raises:
        TypeError: *transport* is not a ``str``.
        UnknownNameError: *transport* is none of the four.

    Example:
        >>> len(assigned("tcp")), len(assigned("sctp"))
        (6155, 278)
    """
    return SHIPPED.assigned(transport)


def reserved(transport: str) -> PortSet:
    """Return the ports that a row reserves for a transport.

    Args:
        transport: A ``Transport`` or its value.

    Returns:
        The ports whose state is RESERVED.

    Raises:
        TypeError: *transport* is not a ``str``.
        UnknownNameError: *transport* is none of the four.

    Example:
        >>> 1023 in reserved("tcp"), 1023 in reserved("sctp")
        (True, False)
    """
    return SHIPPED.reserved(transport)


def unassigned(transport: str) -> PortSet:
    """Return the ports that are free to be asked for.

    Args:
        transport: A ``Transport`` or its value.

    Returns:
        The ports whose state is UNASSIGNED; none is above 49151.

    Raises:
        TypeError: *transport* is not a ``str``.
        UnknownNameError: *transport* is none of the four.

    Example:
        >>> from portranges import PortRange
        >>> print(unassigned("tcp") & PortRange(0, 30))
        4,6,8,10,12,14-16,26,28,30
    """
    return SHIPPED.unassigned(transport)


def not_listed(transport: str) -> PortSet:
    """Return the ports that have rows, but none for this transport.

    Args:
        transport: A ``Transport`` or its value.

    Returns:
        The ports whose state is NOT_LISTED.

    Raises:
        TypeError: *transport* is not a ``str``.
        UnknownNameError: *transport* is none of the four.

    Example:
        >>> len(not_listed("tcp")), len(not_listed("dccp"))
        (17, 6197)
    """
    return SHIPPED.not_listed(transport)
