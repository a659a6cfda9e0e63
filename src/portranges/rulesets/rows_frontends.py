"""The formats of the programs that configure a packet filter for people, with their sources."""

from __future__ import annotations

from dataclasses import replace

from portranges.dialects.model import Evidence, Verification
from portranges.rulesets.model import Format
from portranges.source import Confidence, cite

_UFW = Evidence(
    confidence=Confidence.MEASURED,
    verification=Verification.PACKETS,
    sources=(
        cite("ufw(8) and ufw-framework(8), ufw 0.36.2"),
        cite("ufw 0.36.2", "backend_iptables.py, get_status and _write_rules"),
        cite("ufw 0.36.2", "ufw-init-functions, ufw_start"),
        cite("run on Debian 12, Linux 6.18"),
    ),
    version="ufw 0.36.2",
)
_UFW_PROFILES = Evidence(
    confidence=Confidence.MEASURED,
    verification=Verification.READBACK,
    sources=(
        cite("ufw(8), ufw 0.36.2", "APPLICATION INTEGRATION"),
        cite("ufw 0.36.2", "applications.py, get_profiles and verify_profile"),
    ),
    version="ufw 0.36.2",
)
# The file is the administrator's, so it may have been changed.
_BEFORE_RULES = (
    "before.rules, as ufw ships it: it may accept 68/udp, 546/udp, 1900/udp and 5353/udp"
)
_CHANGED_BEFORE_RULES = (
    "a changed before.rules or after.rules, and rules of other programs, such as Docker: "
    "iptables-save has them all"
)
# The release whose services are in firewalld_services.tsv; its commit is a source below.
FIREWALLD_SERVICES = "firewalld 2.5.0"
_FIREWALLD = Evidence(
    confidence=Confidence.MEASURED,
    verification=Verification.PACKETS,
    sources=(
        cite("firewalld.zone(5), firewalld.policy(5) and firewalld.richlanguage(5)"),
        cite(
            "firewalld 1.3.3",
            "core/fw_zone.py, core/fw_policy.py, core/nftables.py, core/rich.py and command.py",
            checked="2026-11-30",
        ),
        cite("firewalld/firewalld@694f4bcbcf49", "config/services", checked="2026-11-30"),
        cite("run on Debian 12, Linux 6.18, with nftables", checked="2026-11-30"),
    ),
    version="firewalld 1.3.3",
)
_FIREWALLD_READS = (
    "ports, source ports, protocols, forward ports, masquerade and rich rules",
    "priorities, and that rich rules without one log, deny and then accept",
    "that a forwarded port is accepted, whichever other rules apply to it",
    f"services, as {FIREWALLD_SERVICES} defines them if the text does not",
)
_FIREWALLD_LEAVES_OUT = (
    "services that are changed or added in /etc/firewalld: pass them as NamedServices",
    "direct rules, firewalld.conf and ipsets: they are in other files",
    "a rich rule that firewalld does not load, such as one with an address and no family: skipped",
    "forwarding by releases before 1.0, which is not limited to a zone",
)

FRONTENDS = (
    Format(
        name="ufw",
        aliases=("user.rules",),
        title="user.rules and user6.rules of ufw",
        reads=(
            "the rules for iptables-restore, as 'iptables' reads them, with -I as well",
            "the direction and the address family, from the names of ufw's chains",
            "'### tuple ###' comments only to report one without rules",
            _BEFORE_RULES,
        ),
        leaves_out=(
            "the default policies, which are in /etc/default/ufw: what no rule decides may pass",
            "whether ufw is enabled, and for forwarded packets, whether the kernel forwards any",
            "rules of a built-in chain, which ufw does not write: they are skipped",
            _CHANGED_BEFORE_RULES,
        ),
        signs=(r"^\*filter\n:ufw6?-user-input - ",),
        reader="portranges.rulesets.ufw",
        policy_command="ufw status verbose",
        evidence=_UFW,
    ),
    Format(
        name="ufw-status",
        title="ufw status, also numbered and verbose",
        reads=(
            "ports, addresses, interfaces and protocols of both columns",
            "LIMIT, as a rule that accepts some packets and rejects the others",
            "the default policies in 'ufw status verbose', and that 'inactive' filters nothing",
            "names of application profiles of ufw and common packages, as they are shipped",
            _BEFORE_RULES,
        ),
        leaves_out=(
            "policies without 'verbose', or if 'disabled (routed)': what no rule decides may pass",
            "names of other profiles, except in 'verbose', which has their ports: skipped",
            "IPV6=no: without a rule for IPv6, a policy to allow may not apply to it",
            _CHANGED_BEFORE_RULES,
            "translated output: run ufw with LC_ALL=C",
        ),
        signs=(r"^Status: (?:active|inactive)$", r"^ *To +Action +From *$"),
        reader="portranges.rulesets.ufw_status",
        policy_command="ufw status verbose",
        evidence=_UFW,
    ),
    Format(
        name="firewalld",
        aliases=("firewalld-xml",),
        title="zones and policies of firewalld, as XML",
        reads=(
            *_FIREWALLD_READS,
            "a zone, for the packets that are in it: the target decides what no rule does",
            "a policy, which leaves what it does not decide to zones that are in other files",
        ),
        leaves_out=(
            *_FIREWALLD_LEAVES_OUT,
            "policies, and other zones: read all of them with firewall-cmd for one answer",
            "a text with a document type, more than 16 MiB or more than 16 levels: it is refused",
        ),
        signs=(r"^[ \t]*<(?:zone|policy)(?:[ \t/>]|$)",),
        reader="portranges.rulesets.firewalld_xml",
        evidence=_FIREWALLD,
    ),
    Format(
        name="firewalld-list",
        title="firewall-cmd and firewall-offline-cmd, --list-all and the like",
        reads=(
            *_FIREWALLD_READS,
            "--list-all, --list-all-zones, --list-all-policies, --info-zone and --info-policy",
            "one zone alone, for the packets that are in it",
            "several zones and policies in one text, with --info-service for further services",
            "--list-ports, --list-forward-ports and --list-rich-rules, as a part of a zone",
        ),
        leaves_out=(
            *_FIREWALLD_LEAVES_OUT,
            "the default zone, which releases before 2.0 do not mark: any zone may be it",
            "which zone a packet is in, by an interface or a source: a condition",
            "the order of rich rules with the same priority, which the list does not keep",
            "what a part of a zone leaves to the rest, or policies alone to the zones",
        ),
        signs=(
            r"^ {2}target: (?:default|ACCEPT|DROP|REJECT|%%REJECT%%|CONTINUE)[ \t]*$",
            r"^ {2}icmp-block-inversion: (?:yes|no)[ \t]*$",
            r"^rule (?:priority|family|service|port|protocol|source|destination|forward-port)\b",
            r"^port=[0-9-]+:proto=[a-z]+:toport=",
        ),
        reader="portranges.rulesets.firewalld_list",
        policy_command="firewall-cmd --list-all",
        evidence=_FIREWALLD,
    ),
)

# What ports_by_name() reads.
LISTS = (
    Format(
        name="ipset",
        aliases=("ipset-save",),
        title="ipset save, for ports_by_name()",
        reads=(
            "sets of bitmap:port, and of each hash type with ports, whatever the addresses are",
            "the protocol of each element; bitmap:port is for TCP and UDP",
        ),
        leaves_out=(
            "sets without ports, and sets of sets",
            "addresses: elements of every address are combined; a 'nomatch' element adds none",
        ),
        signs=(),
        reader="portranges.rulesets.ipset_save",
        evidence=Evidence(
            confidence=Confidence.MEASURED,
            verification=Verification.READBACK,
            sources=(
                cite("ipset(8), ipset 7.17"),
                cite(
                    "torvalds/linux@10ce3cc919f5",
                    "net/netfilter/ipset/ip_set_getport.c, ip_set_get_ip_port",
                ),
                cite("run on Debian 12, Linux 6.18"),
            ),
            version="ipset 7.17",
        ),
    ),
    Format(
        name="ufw-profiles",
        title="application profiles of ufw, for ports_by_name()",
        reads=("each profile of a file, with 'ports' for several transports",),
        leaves_out=("a value in several lines: it is refused",),
        signs=(),
        reader="portranges.rulesets.ufw_profiles",
        evidence=_UFW_PROFILES,
    ),
    Format(
        name="firewalld-service",
        title="services of firewalld, as XML, for ports_by_name()",
        reads=(
            "ports and protocols",
            "the services that it includes, as firewalld ships them",
        ),
        leaves_out=(
            "a service with source ports: it is refused",
            "destinations, modules and helpers",
        ),
        signs=(),
        reader="portranges.rulesets.firewalld_service",
        evidence=replace(_FIREWALLD, verification=Verification.READBACK),
    ),
)
