"""The data forms of clouds and orchestrators, with their sources."""

from __future__ import annotations

from portranges.dialects.model import DataForm
from portranges.ports import Transport
from portranges.source import Confidence, cite

__all__ = ["AWS", "AWS_NACL", "AZURE", "CILIUM", "FORMS", "GCP", "KUBERNETES", "OPENSTACK"]

_THREE = (Transport.TCP, Transport.UDP, Transport.SCTP)

AWS = DataForm(
    name="aws",
    tool="AWS EC2",
    place="IpPermissions of a security group",
    all_ports="IpProtocol -1 for every protocol; 0-65535 for one protocol",
    notes=(
        (
            "With IpProtocol -1, and with any number except those of TCP, UDP and ICMP, ports are "
            "ignored and everything is allowed. Other tools write 0 and 0 in that case; it does "
            "not mean port 0."
        ),
        "For ICMP, FromPort is the type and ToPort the code.",
        "Each range counts as one rule.",
    ),
    confidence=Confidence.DOCUMENT,
    sources=(cite("Amazon EC2 API Reference", "IpPermission"),),
)

AWS_NACL = DataForm(
    name="aws_nacl",
    tool="AWS EC2",
    place="Entries of a network ACL",
    all_ports="Protocol -1 for every protocol; 0-65535 for one protocol",
    notes=(
        (
            "Entries are tried in the order of their numbers, so entries that allow and entries "
            "that deny do not form one set."
        ),
        "One list has the entries for both directions; 'Egress' distinguishes them.",
    ),
    confidence=Confidence.DOCUMENT,
    sources=(cite("Amazon EC2 API Reference", "NetworkAclEntry, PortRange"),),
)

AZURE = DataForm(
    name="azure",
    tool="Azure",
    place="properties of a security rule of a network security group",
    all_ports="*",
    notes=(
        (
            "A rule has either destinationPortRange, with one text, or destinationPortRanges, with "
            "several; '*' is not allowed in the list."
        ),
    ),
    confidence=Confidence.DOCUMENT,
    sources=(cite("Microsoft Learn", "Network Security Groups, SecurityRulePropertiesFormat"),),
)

GCP = DataForm(
    name="gcp",
    tool="Google Cloud",
    place="allowed or denied in a VPC firewall rule",
    transports=_THREE,
    all_ports="no ports field",
    notes=("An entry without ports applies to every port of its protocol.",),
    confidence=Confidence.DOCUMENT,
    sources=(cite("Google Cloud, Compute Engine API", "firewalls, allowed[].ports[]"),),
)

KUBERNETES = DataForm(
    name="kubernetes",
    tool="Kubernetes",
    place="ports in a rule of a NetworkPolicy",
    transports=_THREE,
    lowest=1,
    all_ports="no ports field, or an entry without a port",
    notes=(
        "endPort requires a port that is a number, not a name.",
        "Some network plugins have silently ignored endPort.",
    ),
    confidence=Confidence.DOCUMENT,
    sources=(
        cite("Kubernetes API Reference", "NetworkPolicyPort"),
        cite("cilium/cilium issue 28684"),
    ),
)

CILIUM = DataForm(
    name="cilium",
    tool="Cilium",
    place="toPorts in a rule of a CiliumNetworkPolicy",
    transports=_THREE,
    lowest=1,
    max_elements=40,
    all_ports='port "0"',
    notes=(
        "A port is text; an endPort that is not greater is ignored.",
        "At most 40 ports and ranges per entry; more need several entries.",
    ),
    confidence=Confidence.SOURCE,
    sources=(cite("cilium/cilium source", "pkg/policy/api/l4.go"),),
)

OPENSTACK = DataForm(
    name="openstack",
    tool="OpenStack",
    place="rules of a security group",
    transports=_THREE,
    lowest=1,
    all_ports="None as port_range_min and port_range_max",
    notes=(
        "1-65535 is stored as None and None, which includes port 0.",
        "For ICMP, the two are the type and the code.",
        "The protocols 'any', 0 and None mean every protocol.",
        "One list has the rules for both directions; those of a new group allow all egress.",
    ),
    confidence=Confidence.SOURCE,
    sources=(
        cite("openstack/neutron source", "neutron/db/securitygroups_db.py"),
        cite("OpenStack Networking API", "security group rules"),
    ),
)

FORMS: tuple[DataForm, ...] = (AWS, AWS_NACL, AZURE, GCP, KUBERNETES, CILIUM, OPENSTACK)
