"""The kinds of finding: objections to a port, and faults in rules.

Each row has its severity, sentence, reason and source. ``listen`` and ``auditing`` decide when a
row applies.
"""

from __future__ import annotations

from functools import partial

from portranges.advice.model import Advice, Severity
from portranges.source import cite
from portranges.uses import BROWSER_BLOCKED_SOURCE

_REGISTRY = cite("IANA Service Name and Transport Protocol Port Number Registry")

_note = partial(Advice, severity=Severity.NOTE)
_warning = partial(Advice, severity=Severity.WARNING)
_error = partial(Advice, severity=Severity.ERROR)

# Objections to a port, in the order of ``why_not``.
_TO_LISTEN_ON = (
    _error(
        id="port-zero",
        template='port 0 cannot be listened on: bind() treats it as "any free port"',
        reason="The system chooses another port, a different one each time.",
        source=cite("ip(7)"),
    ),
    _warning(
        id="system-port",
        template="{ports} is among the system ports, which most systems reserve for privileged "
        "programs",
        reason="A program should not need privileges only for its port, and these numbers are "
        "assigned by IETF processes.",
        source=cite("RFC 6335", "section 8.1.2"),
    ),
    _warning(
        id="assigned",
        template="{ports}/{transport} is assigned to {services}",
        reason="It conflicts with that service on the same host, and traffic on the port is "
        "attributed to that service.",
        source=_REGISTRY,
    ),
    _warning(
        id="reserved",
        template="{ports}/{transport} is {state}",
        reason="The registry reserves it, or the same number is assigned for another transport, "
        "whose service may use this one too. The services table of a machine or a program does "
        "not list every assignment, so a port that it lacks may still be assigned.",
        source=cite("RFC 6335", "sections 6 and 8.1"),
    ),
    _warning(
        id="dynamic",
        template="{ports} is among the dynamic ports, which cannot identify a service",
        reason="A dynamic port must not identify a service, because it may be in use at any time.",
        source=cite("RFC 6335", "section 8.1.2"),
    ),
    _warning(
        id="ephemeral",
        template="{ports} is inside the ephemeral range of {system}, {range}",
        reason="If an outgoing connection uses it when the service starts, the service fails. "
        "Choose another port or, if it must be this one, exclude it from allocation: "
        "sysctl_reserved() returns the setting for Linux.",
        source=cite("RFC 6056", "section 3.2"),
    ),
    _warning(
        id="privileged",
        template="{ports} requires a privilege to bind on {system}",
        reason="A program should not need privileges only for its port.",
        source=cite("portranges.ephemeral", "EphemeralProfile.is_privileged()"),
    ),
    _warning(
        id="in-use",
        template="{ports} is in use on the machine",
        reason="Another socket holds it. The socket may release it at any time, and any other port "
        "may be taken at any time.",
        source=cite("portranges.probe.free_ports()"),
    ),
    _warning(
        id="excluded",
        template="{ports} is excluded on the machine",
        reason="The machine never allocates it, and most excluded ports cannot be bound either.",
        source=cite("portranges.system.read_excluded()"),
    ),
    _warning(
        id="browser-blocked",
        template="{ports} is blocked by browsers",
        reason="A browser does not connect to it, so it cannot serve web pages.",
        source=BROWSER_BLOCKED_SOURCE,
    ),
    _note(
        id="known-use",
        template="{ports} is used by {name}, {range}: {note}",
        reason="It is that program's default, so the two conflict on one host.",
        source=cite("portranges.uses"),
    ),
)

# Faults in rules.
_OF_RULES = (
    _error(
        id="empty-rule",
        template="{rule} has no port",
        reason="Some tools read a rule without ports as a rule for all ports.",
        source=cite("Kubernetes NetworkPolicy API", "NetworkPolicyIngressRule.ports"),
    ),
    _error(
        id="shadowed",
        template="{rule} has no effect: {cover} all of its ports",
        reason="If the first matching rule decides, this rule is never reached: remove it, or "
        "move it up. If all rules allow, it adds nothing.",
        source=cite("iptables(8)"),
    ),
    _note(
        id="overlaps",
        template="{rule} overlaps earlier rules in {ports}",
        reason="An earlier rule already decides these ports, and some tools reject overlapping "
        "ranges.",
        source=cite("nft 1.0.6", "sets with the flag interval: conflicting intervals specified"),
    ),
    _warning(
        id="opens-all",
        template="all {what}ports are open",
        reason="The filter has no effect. It should deny what is not expressly permitted.",
        source=cite("NIST SP 800-41 rev. 1"),
    ),
    _warning(
        id="opens-dynamic",
        template="all {what}dynamic ports are open, 49152-65535",
        reason="Every program that listens on an automatically allocated port can be reached: RPC "
        "services, published container ports, test servers. For replies, a stateful filter needs "
        "no such rule, and a stateless filter should require the ACK bit.",
        source=cite("RFC 6335, section 8.1.2, and Microsoft KB929851"),
    ),
    _warning(
        id="cuts-ephemeral",
        template="{ports} of the ephemeral range of {system} is open, but {missing} is not: about "
        "{percent} % of its connections get no reply",
        reason="A stateless filter must admit replies to the whole ephemeral range of a system. "
        "ephemeral.ports() returns these ports.",
        source=cite("Amazon VPC User Guide (amazon-vpc-user-guide@a16ab76)", "Ephemeral ports"),
    ),
    _warning(
        id="exposes-system",
        template="{ports} opens {count} system ports at once",
        reason="They include services that are not intended for other hosts, such as file shares, "
        "remote shells and name databases. Open only the ports that are needed.",
        source=cite("RFC 6335, section 6, and NIST SP 800-41 rev. 1"),
    ),
    _note(
        id="has-port-zero",
        template="port 0 is open, but no program can listen on it",
        reason="Many tools cannot express it, and some read it as all ports.",
        source=cite("RFC 6335, section 6, and ip(7)"),
    ),
    _warning(
        id="not-for-internet",
        template="{ports} exposes {service}, which should not be reachable from the internet: "
        "{why}",
        reason="It may be intended if the rule applies to known addresses only. Otherwise restrict "
        "it to them, or reach the service through a VPN.",
        source=cite("portranges.uses"),
    ),
    _note(
        id="among-replies",
        template="{ports} of {service} is open with the whole ephemeral range of {system}: {why}",
        reason="A stateless filter must admit replies to the whole range, so the port cannot be "
        "closed alone. If the service runs there, require the ACK bit, use a stateful filter, or "
        "let it listen on an internal address only.",
        source=cite("portranges.uses"),
    ),
)

# Faults in a ruleset, which has places, conditions and chains.
_OF_RULESETS = (
    _warning(
        id="skipped-opening",
        template="not understood, and may open ports: {reason}",
        reason="The other findings do not consider it.",
        source=cite("portranges.rulesets", "Ruleset.skipped"),
    ),
    _note(
        id="skipped",
        template="not understood: {reason}",
        reason="It cannot open a port to other hosts. The other findings do not consider it.",
        source=cite("portranges.rulesets", "Ruleset.skipped"),
    ),
    _warning(
        id="misread-opening",
        template="{means}",
        reason="The tool opens more than most readers expect. Write it so that both agree.",
        source=cite("portranges.advice", "Texts that are easily misread"),
    ),
    _note(
        id="misread",
        template="{means}",
        reason="The text is easily read differently from what the tool does.",
        source=cite("portranges.advice", "Texts that are easily misread"),
    ),
    _warning(
        id="duplicate",
        template="the rule repeats the rule in {place}; remove one of them",
        reason="It has no effect, and a change to only one of the two is easily overlooked.",
        source=cite("iptables(8)"),
    ),
    _note(
        id="mergeable",
        template="the rule could be merged with {others} into {ports}",
        reason="Fewer rules are easier to review and quicker to evaluate.",
        source=cite("iptables-extensions(8)", "tcp, --destination-port"),
    ),
    _note(
        id="unused-chain",
        template="no rule jumps to the chain {chain}, so its rules have no effect",
        reason="Remove it, unless another program adds a jump to it.",
        source=cite("iptables(8)", "TARGETS"),
    ),
    _note(
        id="opens-all-if",
        template="the rule opens {what} ports to packets that meet its conditions",
        reason="Services on these ports are not listed, because such a rule is usually for a "
        "trusted interface.",
        source=cite("NIST SP 800-41 rev. 1"),
    ),
    _warning(
        id="opens-by-source",
        template="the rule opens {what} ports to packets from source port {sources}, which any "
        "sender can use",
        reason="The sender chooses the source port. To admit replies, accept established "
        "connections instead.",
        source=cite("ip(7)"),
    ),
    _note(
        id="reachable-listener",
        template="{ports} on {address} {verb} reachable{way}: {owner}",
        reason="The rules let packets from other hosts pass to this socket. The command line finds "
        "it with --here.",
        source=cite("portranges.probe", "listeners()"),
    ),
    _note(
        id="not-evaluated",
        template="rules of the format {format} are not evaluated, so a port counts as open if any "
        "rule accepts it",
        reason="Another rule may drop the packet first. The evaluation of this format was not "
        "compared with its tool.",
        source=cite("portranges.rulesets", "Ruleset.chains"),
    ),
    _note(
        id="policy-unknown",
        template="the file does not contain the default policy, so ports without a rule may be "
        "reachable{hint}",
        reason="Findings cover only the ports that rules open.",
        source=cite("portranges.rulesets", "Chain.policy"),
    ),
)

BY_ID = {row.id: row for row in (*_TO_LISTEN_ON, *_OF_RULES, *_OF_RULESETS)}


def rows() -> tuple[Advice, ...]:
    """Return all kinds of finding.

    Returns:
        The rows, first the objections of ``why_not``, then the faults that ``audit`` finds.

    Example:
        >>> [row.id for row in rows()][:3]
        ['port-zero', 'system-port', 'assigned']
    """
    return tuple(BY_ID.values())
