"""The criteria that tell a flow's service from its client, in order.

What lives here: the rows, each with its reason and source, and the ports that
two of them speak of.
What must not: how they are applied (``sides``).
"""

from __future__ import annotations

from portranges.flows.model import Criterion, Trait
from portranges.portset import PortSet
from portranges.source import cite

__all__ = [
    "ASKS_PRIVILEGE",
    "DECIDING",
    "NO_PORT",
    "SAME_PORT",
    "SHOWN_PRIVILEGE",
    "UNDECIDED",
    "criteria",
]


SHOWN_PRIVILEGE = PortSet.parse("600-1023")
"""What rresvport() and the NFS clients of Linux take (``uses`` has the rows)."""

ASKS_PRIVILEGE = PortSet.parse("111,513-515,2049")
"""sunrpc, login, shell, printer and nfs: services to which such clients connect."""

NO_PORT = Criterion(
    id="no-port",
    rule="one of the ports is 0: unknown",
    reason=(
        "Port 0 is no service's. Exporters write it where a packet has no port, as a later "
        "fragment or ICMP; a UDP datagram that wants no answer may have it as its source."
    ),
    service_has=Trait.NO_PORT,
    source=cite("RFC 768, and RFC 6335", "section 6"),
)

SAME_PORT = Criterion(
    id="same-port",
    rule="both ports are equal: it is the service's port, whichever end that is",
    reason=(
        "Some protocols use their port at both ends, as NTP between peers and IKE do, and most "
        "peers of WireGuard. The number is the service's; which end was asked it does not tell."
    ),
    source=cite("RFC 5905, section 9.1, and RFC 7296", "section 2"),
)

UNDECIDED = Criterion(
    id="undecided",
    rule="none of the others decides: unknown",
    reason=(
        "Two ports of the same standing tell nothing. The smaller number, which is often taken, "
        "is a guess; who sent the first packet knows."
    ),
    source=cite("RFC 6335", "section 6"),
)

# The first that decides counts. NO_PORT decides for nobody, SAME_PORT for a
# number and no end; ``sides`` treats both by themselves.
DECIDING = (
    Criterion(
        id="shown-privilege",
        rule="one is in 600-1023 and the other is 111, 513-515 or 2049: the other one",
        reason=(
            "Clients of NFS, RPC, rlogin, rsh and lpd take a privileged port of their own to show "
            "that their system vouches for them, so both ends have a system port, or only the "
            "client has."
        ),
        service_has=Trait.ASKS_PRIVILEGE,
        client_has=Trait.SHOWN_PRIVILEGE,
        source=cite("nfs(5), rcmd(3), rshd(8) and bindresvport(3)"),
    ),
    Criterion(
        id="client-range",
        rule="exactly one is in what the clients' systems hand out: the other one",
        reason=(
            "A system lends a port of its ephemeral range to a client that has not chosen one. "
            "It fails for a service that listens inside the range, where the client's port lies "
            "outside: then the clients' systems are not those that were named."
        ),
        service_lacks=Trait.HANDED_OUT,
        client_has=Trait.HANDED_OUT,
        source=cite("RFC 6056", "section 2.1, and the sources of each profile"),
    ),
    Criterion(
        id="system-port",
        rule="exactly one is in 0-1023: that one",
        reason=(
            "System ports name services, no host's own range begins below 1024, and many systems "
            "let only the privileged listen on one."
        ),
        service_has=Trait.SYSTEM,
        client_lacks=Trait.SYSTEM,
        source=cite("RFC 6335", "section 6"),
    ),
    Criterion(
        id="named",
        rule="exactly one is assigned to a service, or a known program's default: that one",
        reason=(
            "Both are inside the clients' range, or both are outside. A registered number is more "
            "often a service's than a number without a name; a range of 1,024 ports has a few "
            "registered ones all the same, which a client may be lent."
        ),
        service_has=Trait.NAMED,
        client_lacks=Trait.NAMED,
        source=cite("IANA Service Name and Transport Protocol Port Number Registry"),
    ),
)


def criteria() -> tuple[Criterion, ...]:
    """Return the criteria in the order in which they are tried.

    Returns:
        The rows; the first that decides counts, the last says that none did.

    Source:
        Each row names its own.

    Example:
        >>> for row in criteria():
        ...     print(f"{row.id}: {row.rule}")
        no-port: one of the ports is 0: unknown
        shown-privilege: one is in 600-1023 and the other is 111, 513-515 or 2049: the other one
        client-range: exactly one is in what the clients' systems hand out: the other one
        system-port: exactly one is in 0-1023: that one
        named: exactly one is assigned to a service, or a known program's default: that one
        same-port: both ports are equal: it is the service's port, whichever end that is
        undecided: none of the others decides: unknown
    """
    return (NO_PORT, *DECIDING, SAME_PORT, UNDECIDED)
