"""The data forms of clouds and orchestrators, with their sources."""

from __future__ import annotations

from portranges.dialects.forms import DataForm
from portranges.dialects.model import THREE
from portranges.dialects.shorthand import known_by
from portranges.source import Confidence, cite

AWS = DataForm(
    name="aws",
    tool="AWS EC2",
    place="IpPermissions of a security group",
    keys=(
        *("IpProtocol", "FromPort", "ToPort"),
        *("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"),
        # Those of a SecurityGroupRule, which has the same three for its ports.
        *("IsEgress", "SecurityGroupRuleId", "SecurityGroupRuleArn", "GroupId", "GroupOwnerId"),
        *("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupInfo", "Description", "Tags"),
    ),
    required=("IpProtocol",),
    all_ports="IpProtocol -1 for every protocol; 0-65535 for one protocol",
    notes=(
        (
            "With IpProtocol -1, and with any number except those of TCP, UDP and ICMP, ports are "
            "ignored and everything is allowed. Other tools write 0 and 0 in that case; it does "
            "not mean port 0."
        ),
        "For ICMP, FromPort is the type and ToPort the code.",
        "Each range counts as one rule.",
        "DescribeSecurityGroupRules lists both directions; 'IsEgress' distinguishes them.",
    ),
    evidence=known_by(
        Confidence.DOCUMENT, cite("Amazon EC2 API Reference", "IpPermission, SecurityGroupRule")
    ),
)

AWS_NACL = DataForm(
    name="aws_nacl",
    tool="AWS EC2",
    place="Entries of a network ACL",
    keys=(
        *("Protocol", "PortRange", "RuleAction", "Egress", "RuleNumber"),
        *("CidrBlock", "Ipv6CidrBlock", "IcmpTypeCode"),
    ),
    required=("Protocol",),
    nested_keys=("From", "To"),
    all_ports="Protocol -1 for every protocol; 0-65535 for one protocol",
    notes=(
        (
            "Entries are tried in the order of their numbers, so entries that allow and entries "
            "that deny do not form one set."
        ),
        "One list has the entries for both directions; 'Egress' distinguishes them.",
    ),
    evidence=known_by(
        Confidence.DOCUMENT, cite("Amazon EC2 API Reference", "NetworkAclEntry, PortRange")
    ),
)

AZURE = DataForm(
    name="azure",
    tool="Azure",
    place="properties of a security rule of a network security group",
    keys=(
        *("destinationPortRange", "destinationPortRanges", "sourcePortRange", "sourcePortRanges"),
        *("protocol", "access", "direction", "priority", "description", "provisioningState"),
        *("sourceAddressPrefix", "sourceAddressPrefixes", "sourceApplicationSecurityGroups"),
        *("destinationAddressPrefix", "destinationAddressPrefixes"),
        "destinationApplicationSecurityGroups",
        # The Azure command line prints the rule's own keys beside its properties.
        *("name", "id", "etag", "type", "resourceGroup"),
    ),
    required=("destinationPortRange", "destinationPortRanges"),
    all_ports="*",
    notes=(
        (
            "A rule has either destinationPortRange, with one text, or destinationPortRanges, with "
            "several; '*' is not allowed in the list."
        ),
    ),
    evidence=known_by(
        Confidence.DOCUMENT,
        cite("Microsoft Learn", "Network Security Groups, SecurityRulePropertiesFormat"),
    ),
)

GCP = DataForm(
    name="gcp",
    tool="Google Cloud",
    place="allowed or denied in a VPC firewall rule",
    keys=("IPProtocol", "ports"),
    required=("IPProtocol",),
    transports=THREE,
    all_ports="no ports field",
    notes=(
        "An entry without ports applies to every port of its protocol.",
        "An entry for every protocol has no ports.",
    ),
    evidence=known_by(
        Confidence.DOCUMENT,
        cite("Google Cloud, Compute Engine API", "firewalls, allowed[].ports[]"),
    ),
)

KUBERNETES = DataForm(
    name="kubernetes",
    tool="Kubernetes",
    place="ports in a rule of a NetworkPolicy",
    keys=("protocol", "port", "endPort"),
    required=("protocol", "port"),
    transports=THREE,
    lowest=1,
    all_ports="no ports field, or an entry without a port",
    notes=(
        "endPort requires a port that is a number, not a name.",
        "Some network plugins have silently ignored endPort.",
    ),
    evidence=known_by(
        Confidence.DOCUMENT,
        cite("Kubernetes API Reference", "NetworkPolicyPort"),
        cite("cilium/cilium issue 28684"),
    ),
)

CILIUM = DataForm(
    name="cilium",
    tool="Cilium",
    place="toPorts in a rule of a CiliumNetworkPolicy",
    keys=("ports", "terminatingTLS", "originatingTLS", "serverNames", "listener", "rules"),
    required=("ports",),
    nested_keys=("port", "endPort", "protocol"),
    transports=THREE,
    lowest=1,
    max_elements=40,
    all_ports='port "0"',
    notes=(
        "A port is text; an endPort that is not greater is ignored.",
        "At most 40 ports and ranges per entry; more need several entries.",
    ),
    evidence=known_by(Confidence.SOURCE, cite("cilium/cilium source", "pkg/policy/api/l4.go")),
)

OPENSTACK = DataForm(
    name="openstack",
    tool="OpenStack",
    place="rules of a security group",
    keys=(
        *("protocol", "port_range_min", "port_range_max", "direction", "ethertype"),
        *("remote_ip_prefix", "remote_group_id", "remote_address_group_id", "normalized_cidr"),
        *("id", "security_group_id", "project_id", "tenant_id", "belongs_to_default_sg"),
        *("description", "created_at", "updated_at", "revision_number", "tags"),
        "standard_attr_id",
        # The SDK and the command line add these.
        *("name", "location", "ether_type"),
    ),
    # The API always returns both; in a request, no protocol means every protocol.
    required=("protocol", "direction"),
    null_is_value=("protocol",),
    transports=THREE,
    lowest=1,
    all_ports="None as port_range_min and port_range_max",
    notes=(
        "1-65535 is stored as None and None, which includes port 0.",
        "For ICMP, the two are the type and the code.",
        "The protocols 'any', 0 and None mean every protocol.",
        "One list has the rules for both directions; those of a new group allow all egress.",
    ),
    evidence=known_by(
        Confidence.SOURCE,
        cite("openstack/neutron source", "neutron/db/securitygroups_db.py"),
        cite("OpenStack Networking API", "security group rules"),
    ),
)

DIGITALOCEAN = DataForm(
    name="digitalocean",
    tool="DigitalOcean",
    place="inbound_rules or outbound_rules of a firewall",
    keys=("protocol", "ports", "action", "sources", "destinations"),
    required=("protocol",),
    lowest=1,
    all_ports='ports "0", which the API returns, or "all", which it also accepts',
    notes=(
        "A rule has one port or range, as text.",
        'For ICMP, ports is always "0".',
        "Inbound rules have 'sources', outbound rules 'destinations'; without 'action' they allow.",
    ),
    evidence=known_by(
        Confidence.DOCUMENT,
        cite(
            "digitalocean/openapi@40a2bf72",
            "specification/resources/firewalls/models/firewall_rule.yml",
            checked="2026-11-30",
        ),
        cite("digitalocean/godo issue 149"),
        cite("digitalocean/terraform-provider-digitalocean source", "flattenFirewallInboundRules"),
    ),
)

FORMS: tuple[DataForm, ...] = (
    AWS,
    AWS_NACL,
    AZURE,
    GCP,
    KUBERNETES,
    CILIUM,
    OPENSTACK,
    DIGITALOCEAN,
)
