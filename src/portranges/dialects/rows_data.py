"""Facts: clouds and orchestrators, which take ports as data.

What lives here: one row for each form, with its sources.
What must not: code that reads or writes.
"""

from __future__ import annotations

from portranges.dialects.model import DataForm, Evidence
from portranges.ports import Transport
from portranges.source import cite

__all__ = ["AWS", "AWS_NACL", "AZURE", "CILIUM", "FORMS", "GCP", "KUBERNETES", "OPENSTACK"]

_THREE = (Transport.TCP, Transport.UDP, Transport.SCTP)

AWS = DataForm(
    name="aws",
    tool="AWS EC2",
    place="IpPermissions of a security group",
    all_ports="IpProtocol -1, for every protocol at once; 0-65535 for one",
    notes=(
        (
            "With IpProtocol -1, and every number but those of TCP, UDP and ICMP, ports are passed "
            "over and everything is allowed. Other tools write 0 and 0 there; it is not port 0."
        ),
        "With ICMP, FromPort is a type and ToPort a code.",
        "Every range counts as a rule.",
    ),
    evidence=Evidence.DOCUMENT,
    sources=(cite("Amazon EC2 API Reference", "IpPermission"),),
)

AWS_NACL = DataForm(
    name="aws_nacl",
    tool="AWS EC2",
    place="Entries of a network ACL",
    all_ports="Protocol -1, for every protocol at once; 0-65535 for one",
    notes=(
        (
            "Entries are tried in the order of their numbers, so those that allow and those that "
            "deny are no one set."
        ),
        "Those for both directions stand in one list, and 'Egress' tells which is which.",
    ),
    evidence=Evidence.DOCUMENT,
    sources=(cite("Amazon EC2 API Reference", "NetworkAclEntry, PortRange"),),
)

AZURE = DataForm(
    name="azure",
    tool="Azure",
    place="properties of a security rule of a network security group",
    all_ports="*",
    notes=(
        (
            "One text stands in destinationPortRange, several in destinationPortRanges; a rule has "
            "one of the two, and '*' is no member of a list."
        ),
    ),
    evidence=Evidence.DOCUMENT,
    sources=(cite("Microsoft Learn", "Network Security Groups, SecurityRulePropertiesFormat"),),
)

GCP = DataForm(
    name="gcp",
    tool="Google Cloud",
    place="allowed or denied of a VPC firewall rule",
    transports=_THREE,
    all_ports="ports left out",
    notes=("An entry without ports is for every port of its protocol.",),
    evidence=Evidence.DOCUMENT,
    sources=(cite("Google Cloud, Compute Engine API", "firewalls, allowed[].ports[]"),),
)

KUBERNETES = DataForm(
    name="kubernetes",
    tool="Kubernetes",
    place="ports of a rule of a NetworkPolicy",
    transports=_THREE,
    lowest=1,
    all_ports="ports left out, or an entry without port",
    notes=(
        "endPort needs a port that is a number, not a name.",
        "Some network plugins have passed over endPort without a word.",
    ),
    evidence=Evidence.DOCUMENT,
    sources=(
        cite("Kubernetes API Reference", "NetworkPolicyPort"),
        cite("cilium/cilium issue 28684"),
    ),
)

CILIUM = DataForm(
    name="cilium",
    tool="Cilium",
    place="toPorts of a rule of a CiliumNetworkPolicy",
    transports=_THREE,
    lowest=1,
    max_elements=40,
    all_ports='port "0"',
    notes=(
        "A port is text; an endPort that is not above it is passed over.",
        "40 ports an entry; more take several entries.",
    ),
    evidence=Evidence.SOURCE,
    sources=(cite("cilium/cilium source", "pkg/policy/api/l4.go"),),
)

OPENSTACK = DataForm(
    name="openstack",
    tool="OpenStack",
    place="rules of a security group",
    transports=_THREE,
    lowest=1,
    all_ports="port_range_min and port_range_max of None",
    notes=(
        "1-65535 is kept as None and None, which is for port 0 too.",
        "With ICMP, the two are type and code.",
        "Protocol 'any' or 0 is every protocol, as None is.",
        "Rules for both directions stand in one list; those of a new group let all out.",
    ),
    evidence=Evidence.SOURCE,
    sources=(
        cite("openstack/neutron source", "neutron/db/securitygroups_db.py"),
        cite("OpenStack Networking API", "security group rules"),
    ),
)

FORMS: tuple[DataForm, ...] = (AWS, AWS_NACL, AZURE, GCP, KUBERNETES, CILIUM, OPENSTACK)
