"""The criteria that distinguish a flow's service from its client, in the order of precedence.

``sides`` applies them.
"""

from __future__ import annotations

from portranges.flows.model import Criterion, FixedRoles, Trait
from portranges.portset import PortSet
from portranges.source import Confidence, cite

PRIVILEGED_CLIENT = PortSet.parse("600-1023")
"""The ports that rresvport() of the BSDs and the NFS client of Linux choose (rows of ``uses``).

That of glibc chooses 512-599 as well, but only if all others are in use.
"""

PRIVILEGED_SERVICE = PortSet.parse("111,513-515,2049")
"""The services sunrpc, login, shell, printer and nfs, to which such clients connect."""

_FIXED_ROLES = (
    FixedRoles(
        protocol="BOOTP and DHCP",
        service=67,
        client=68,
        confidence=Confidence.STANDARD,
        source=cite("RFC 951, section 3, and RFC 2131", "section 4.1"),
    ),
    FixedRoles(
        protocol="DHCPv6",
        service=547,
        client=546,
        confidence=Confidence.STANDARD,
        source=cite("RFC 8415", "section 7.2"),
    ),
    FixedRoles(
        protocol="announcements of NAT-PMP and PCP",
        service=5351,
        client=5350,
        # IANA's registry has the same two ports for PCP (RFC 6887): pcp-multicast and pcp.
        confidence=Confidence.STANDARD,
        source=cite("RFC 6886", "section 3.2.1"),
    ),
)

NO_PORT = Criterion(
    id="no-port",
    rule="one of the ports is 0: unknown",
    reason=(
        "No service has port 0. Flow exporters write it for packets without ports, such as ICMP "
        "and later fragments; a UDP datagram that expects no reply may have it as its source."
    ),
    service_has=Trait.NO_PORT,
    source=cite("RFC 768, and RFC 6335", "section 6"),
)

SAME_PORT = Criterion(
    id="same-port",
    rule="both ports are equal: it is the service's port, but the server's end is unknown",
    reason=(
        "Some protocols use their port at both ends, for example IKE, NTP between peers, RIP, "
        "multicast DNS, the hellos of LDP, and most peers of WireGuard. The number is the "
        "service's, but it does not show which end is the server."
    ),
    source=cite("RFC 5905, section 9.1, RFC 7296, section 2, and RFC 2453, RFC 6762 and RFC 5036"),
)

UNDECIDED = Criterion(
    id="undecided",
    rule="no other criterion decides: unknown",
    reason=(
        "Two ports with the same traits cannot be distinguished. The lower number, a common "
        "choice, is a guess; the sender of the first packet is the client."
    ),
    source=cite("RFC 6335", "section 6"),
)

# The first that decides counts. NO_PORT chooses neither end, and SAME_PORT a port but not an end,
# so ``sides`` handles the two separately.
DECIDING = (
    Criterion(
        id="fixed-roles",
        rule="the ports are 67 and 68, 547 and 546, or 5351 and 5350: the first of the two",
        reason=(
            "The RFCs of DHCP, DHCPv6, and NAT-PMP and PCP fix the ports of both roles, which "
            "could otherwise not be distinguished."
        ),
        service_has=Trait.FIXED_SERVICE,
        client_has=Trait.FIXED_CLIENT,
        source=cite("RFC 2131, section 4.1, RFC 8415, section 7.2, and RFC 6886", "section 3.2.1"),
    ),
    Criterion(
        id="privileged-client",
        rule="one is in 600-1023 and the other is 111, 513-515 or 2049: the other one",
        reason=(
            "Clients of NFS, RPC, rlogin, rsh and lpd bind a privileged port to prove that their "
            "system trusts them, so both ends have a system port, or only the client has one."
        ),
        service_has=Trait.PRIVILEGED_SERVICE,
        client_has=Trait.PRIVILEGED_CLIENT,
        source=cite("nfs(5), rcmd(3), rshd(8) and bindresvport(3)"),
    ),
    Criterion(
        id="client-range",
        rule="exactly one is in the clients' ephemeral ranges: the other one",
        reason=(
            "A system allocates a port from its ephemeral range to a client that did not bind one. "
            "The rule fails if the service listens inside the range and the client's port is "
            "outside, which means that the client runs another system than those given."
        ),
        service_lacks=Trait.EPHEMERAL,
        client_has=Trait.EPHEMERAL,
        source=cite("RFC 6056", "section 2.1, and the sources of each profile"),
    ),
    Criterion(
        id="system-port",
        rule="exactly one is in 0-1023: that one",
        reason=(
            "System ports identify services, no host's ephemeral range begins below 1024, and many "
            "systems allow only privileged programs to listen on one."
        ),
        service_has=Trait.SYSTEM,
        client_lacks=Trait.SYSTEM,
        source=cite("RFC 6335", "section 6"),
    ),
    Criterion(
        id="named",
        rule="exactly one is assigned to a service: that one",
        reason=(
            "Both are inside the clients' ranges, or both are outside. A registered number is more "
            "often a service's than a number without a name, but even a range of 1,024 ports "
            "contains a few registered numbers, which a client may get."
        ),
        service_has=Trait.NAMED,
        client_lacks=Trait.NAMED,
        source=cite("IANA Service Name and Transport Protocol Port Number Registry"),
    ),
    Criterion(
        id="known-use",
        rule="exactly one is the default of a known program: that one",
        reason=(
            "A default shows where a program listens if its owner changed nothing. A registration "
            "is the stronger evidence, so the registry decides first."
        ),
        service_has=Trait.KNOWN,
        client_lacks=Trait.KNOWN,
        source=cite("the source of each row of portranges.uses"),
    ),
)


def criteria() -> tuple[Criterion, ...]:
    """Return the criteria in the order of precedence.

    Returns:
        The rows. The first one that decides counts; the last one means that none did.

    Example:
        >>> for row in criteria():
        ...     print(f"{row.id}: {row.rule}")
        no-port: one of the ports is 0: unknown
        fixed-roles: the ports are 67 and 68, 547 and 546, or 5351 and 5350: the first of the two
        privileged-client: one is in 600-1023 and the other is 111, 513-515 or 2049: the other one
        client-range: exactly one is in the clients' ephemeral ranges: the other one
        system-port: exactly one is in 0-1023: that one
        named: exactly one is assigned to a service: that one
        known-use: exactly one is the default of a known program: that one
        same-port: both ports are equal: it is the service's port, but the server's end is unknown
        undecided: no other criterion decides: unknown
    """
    return (NO_PORT, *DECIDING, SAME_PORT, UNDECIDED)


def fixed_roles() -> tuple[FixedRoles, ...]:
    """Return the protocols that fix the ports of both roles.

    Returns:
        The rows, by the service's port. Protocols whose ends have the same port are not among
        them: their ports do not show which end is the service.

    Source:
        Each row names its own.

    Example:
        >>> fixed_roles()[0].protocol
        'BOOTP and DHCP'
    """
    return _FIXED_ROLES
