"""What can be found about a port to listen on, and about rules.

What lives here: the rows, each with its severity, sentence, reason and source.
What must not: how anything is found (``listen``, ``audit``).
"""

from __future__ import annotations

from portranges.advice.model import Advice, Severity
from portranges.source import cite
from portranges.uses import BROWSER_BLOCKED_SOURCE

__all__ = ["BY_ID", "rows"]


_REGISTRY = cite("IANA Service Name and Transport Protocol Port Number Registry")

_TO_LISTEN_ON = (
    Advice(
        id="port-zero",
        severity=Severity.ERROR,
        says="0 is no port to listen on: bind() takes it as the wish for any",
        reason="The system chooses another number, each time a different one.",
        source=cite("ip(7)"),
    ),
    Advice(
        id="system-port",
        severity=Severity.WARNING,
        says="{ports} is a system port, which most systems keep for privileged programs",
        reason="A program should not need privilege for its port alone; and IETF processes "
        "assign these numbers.",
        source=cite("RFC 6335", "section 6"),
    ),
    Advice(
        id="assigned",
        severity=Severity.WARNING,
        says="{ports}/{transport} is assigned to {services}",
        reason="Whoever runs that service on the same host has a conflict, and whoever looks at "
        "the traffic takes it for that service.",
        source=_REGISTRY,
    ),
    Advice(
        id="reserved",
        severity=Severity.WARNING,
        says="{ports}/{transport} is kept back by IANA, as {state}",
        reason="A row reserves it, or the same number is assigned for another transport, whose "
        "service may want this one too.",
        source=cite("RFC 6335", "sections 6 and 8.1"),
    ),
    Advice(
        id="dynamic",
        severity=Severity.WARNING,
        says="{ports} is a dynamic port, which names no service",
        reason="Dynamic ports must not be service identifiers: nobody can count on one being free.",
        source=cite("RFC 6335", "section 6"),
    ),
    Advice(
        id="handed-out",
        severity=Severity.WARNING,
        says="{ports} is in what {system} hands out by itself, {range}",
        reason="A connection may have it before the service starts, which then fails, now and "
        "then. Another port is better; where it must be this one, keep it from being handed out, "
        "as sysctl_reserved() says for Linux.",
        source=cite("RFC 6056", "section 3.2"),
    ),
    Advice(
        id="browser-blocked",
        severity=Severity.WARNING,
        says="{ports} is refused by browsers",
        reason="No page can be read from it: the browser does not even connect.",
        source=BROWSER_BLOCKED_SOURCE,
    ),
    Advice(
        id="known-use",
        severity=Severity.NOTE,
        says="{ports} is used by {name}, {range}: {note}",
        reason="It is that program's default, so both on one host conflict.",
        source=cite("portranges.uses"),
    ),
)

_OF_RULES = (
    Advice(
        id="empty-rule",
        severity=Severity.ERROR,
        says="{rule} has no port",
        reason="Some tools read a rule without ports as one for all ports.",
        source=cite("Kubernetes NetworkPolicy API", "NetworkPolicyIngressRule.ports"),
    ),
    Advice(
        id="shadowed",
        severity=Severity.ERROR,
        says="{rule} does nothing: {cover} all of its ports",
        reason="Where the first rule that matches decides, it is never reached; where all rules "
        "allow, it adds nothing.",
        source=cite("iptables(8)"),
    ),
    Advice(
        id="overlaps",
        severity=Severity.NOTE,
        says="{rule} has {ports} in common with rules before it",
        reason="These ports are decided before the rule is reached, and some tools refuse ranges "
        "that overlap.",
        source=cite("nft 1.0.6", "sets with the flag interval: conflicting intervals specified"),
    ),
    Advice(
        id="opens-all",
        severity=Severity.WARNING,
        says="all ports are open",
        reason="Then the filter filters nothing; it should deny what is not expressly permitted.",
        source=cite("NIST SP 800-41 rev. 1"),
    ),
    Advice(
        id="opens-dynamic",
        severity=Severity.WARNING,
        says="all dynamic ports are open, 49152-65535",
        reason="Whatever listens on a number that it was lent can be reached: RPC services, "
        "published container ports, test servers. For answers alone a stateful filter needs no "
        "such rule, and a stateless one should ask for the ACK bit.",
        source=cite("RFC 6335, section 8.1.2, and Microsoft KB929851"),
    ),
    Advice(
        id="cuts-ephemeral",
        severity=Severity.WARNING,
        says="{ports} of what {system} hands out is open, and {missing} is not: of its "
        "connections, about {percent} % get no answer",
        reason="A stateless filter must let all of a system's ephemeral range back in. "
        "return_traffic() tells which ports that is.",
        source=cite("Amazon VPC User Guide (amazon-vpc-user-guide@a16ab76)", "Ephemeral ports"),
    ),
    Advice(
        id="exposes-system",
        severity=Severity.WARNING,
        says="{ports} opens {count} system ports at once",
        reason="Among them are services that were never meant for other hosts, as file shares, "
        "remote shells and databases of names. Name the ones that are meant.",
        source=cite("RFC 6335, section 6, and NIST SP 800-41 rev. 1"),
    ),
    Advice(
        id="has-port-zero",
        severity=Severity.NOTE,
        says="port 0 is open, on which nothing can listen",
        reason="Many tools have no way to say it, and some read it as all ports.",
        source=cite("RFC 6335, section 6, and ip(7)"),
    ),
)

BY_ID = {row.id: row for row in (*_TO_LISTEN_ON, *_OF_RULES)}


def rows() -> tuple[Advice, ...]:
    """Return everything that may be found.

    Returns:
        The rows: first what speaks against a port, then what is wrong with
        rules.

    Source:
        Each row names its own.

    Example:
        >>> [row.id for row in rows()][:3]
        ['port-zero', 'system-port', 'assigned']
    """
    return tuple(BY_ID.values())
