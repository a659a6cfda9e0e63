"""The formats of clouds that are read, with their sources."""

from __future__ import annotations

from portranges.dialects.model import Evidence
from portranges.rulesets.model import Format
from portranges.source import Confidence, cite

_CHECKED = "2026-11-30"
_NO_EVALUATION = "which ports are reachable: the evaluation was not compared with the cloud's"

_TERRAFORM = Format(
    name="terraform",
    title="'terraform show -json', for plans and states with resources of four clouds",
    reads=(
        "aws_security_group, aws_default_security_group and aws_security_group_rule",
        "aws_vpc_security_group_ingress_rule and aws_vpc_security_group_egress_rule",
        "aws_network_acl, aws_default_network_acl and aws_network_acl_rule",
        "azurerm_network_security_group and azurerm_network_security_rule",
        "google_compute_firewall, and rules of network and organization firewall policies",
        "openstack_networking_secgroup_rule_v2 and openstack_compute_secgroup_v2",
        "modules in modules; of a plan, the values after it is applied",
        "the configuration in a plan, only to see that a missing value was not set",
    ),
    leaves_out=(
        _NO_EVALUATION,
        "resources of other types, and data sources",
        "a peer that is known only after apply: the rule may apply to any address",
        "ports or blocks that are known only after apply: they are skipped",
        "blocks that a plan does not show: whether they were set is not in the configuration",
        "which group an unknown security_group_id means",
        "rules that a cloud adds to a new group",
        "that network ACLs are stateless: to audit replies, read an answer of AWS",
    ),
    signs=(),
    keys=("terraform_version",),
    reader="portranges.rulesets.terraform",
    evidence=Evidence(
        confidence=Confidence.SOURCE,
        sources=(
            cite(
                "hashicorp/aws 5.100.0, terraform providers schema -json",
                "resource_schemas",
                checked=_CHECKED,
            ),
            cite(
                "hashicorp/terraform-provider-azurerm@69697b7f",
                "internal/services/network, network_security_group_resource.go and others",
                checked=_CHECKED,
            ),
            cite(
                "hashicorp/terraform-provider-google@e03b7622",
                "google/services/compute, resource_compute_firewall.go and others",
                checked=_CHECKED,
            ),
            cite(
                "terraform-provider-openstack@27f26125",
                "openstack/resource_openstack_networking_secgroup_rule_v2.go",
                checked=_CHECKED,
            ),
            cite(
                "terraform-provider-openstack@4ae0a527",
                "openstack/resource_openstack_compute_secgroup_v2.go",
                checked=_CHECKED,
            ),
        ),
        version="Terraform 1.11.4, format 1.2, providers of August 2026, hashicorp/aws 5.100.0",
    ),
)

CLOUDS = (
    _TERRAFORM,
    Format(
        name="azure",
        aliases=("azure-nsg",),
        title="Azure network security groups",
        reads=(
            "'az network nsg show', 'list', 'rule show' and 'rule list', and answers of the API",
            "'az network nic list-effective-nsg': the rules that apply to a network interface",
            "the values of azurerm_network_security_group and _rule in Terraform",
            "'Get-AzNetworkSecurityGroup | ConvertTo-Json' of PowerShell",
            "priority, access, direction, protocol, ports of both sides, default rules",
            "addresses, service tags and application security groups as conditions",
        ),
        leaves_out=(
            _NO_EVALUATION,
            "default rules in Terraform, which does not show them",
            "effective rules in the spelling of PowerShell",
            "protocol '*': the rule is read as a rule for all four transports",
        ),
        signs=(),
        keys=(
            *(
                f"{place}{key}"
                for place in ("", "properties/", "value/", "value/properties/")
                for key in (
                    *("securityRules", "defaultSecurityRules", "effectiveSecurityRules"),
                    *("destinationPortRange", "destinationPortRanges"),
                )
            ),
            *("security_rule", "destination_port_range", "destination_port_ranges"),
            *("SecurityRules", "DefaultSecurityRules", "DestinationPortRange"),
        ),
        reader="portranges.rulesets.azure",
        is_ordered=True,
        evidence=Evidence(
            confidence=Confidence.SOURCE,
            sources=(
                cite(
                    "azure-mgmt-network 33.1.0",
                    "SecurityRulePropertiesFormat, EffectiveNetworkSecurityGroup and others",
                    checked=_CHECKED,
                ),
                cite(
                    "hashicorp/terraform-provider-azurerm@003ae81d",
                    "internal/services/network/network_security_rule_resource.go",
                    checked=_CHECKED,
                ),
                cite(
                    "hashicorp/terraform-provider-azurerm@006557af",
                    "internal/services/network/network_security_group_resource.go",
                    checked=_CHECKED,
                ),
                cite(
                    "Azure/azure-powershell@5ac5cf23",
                    "src/Network/Network/Models/PSSecurityRule.cs",
                    checked=_CHECKED,
                ),
                cite(
                    "Azure/azure-powershell@0b8172d8",
                    "src/Network/Network/Models/PSNetworkSecurityGroup.cs",
                    checked=_CHECKED,
                ),
                cite(
                    "Azure/azure-powershell@1d88fb13",
                    "src/Network/Network/Models/PSTopLevelResource.cs",
                    checked=_CHECKED,
                ),
            ),
            version="azure-mgmt-network 33.1.0",
        ),
    ),
    Format(
        name="gcp",
        aliases=("gcp-firewall",),
        title="VPC firewall rules and firewall policies of Google Cloud",
        reads=(
            "'gcloud compute firewall-rules list' and 'describe' with --format=json",
            "'gcloud compute network-firewall-policies describe' and 'firewall-policies describe'",
            "answers of the API, also those about the effective firewalls of a network",
            "priority, direction, what is allowed or denied, disabled rules",
            "ranges of addresses, tags, service accounts and the like as conditions",
        ),
        leaves_out=(
            _NO_EVALUATION,
            "the order of rules with equal priority: the ones that deny come first",
            "the policy or network that goto_next leads to, and what a security profile lets pass",
            "rules that mirror packets, which decide nothing",
        ),
        signs=(),
        keys=(
            *(
                f"{place}{key}"
                for place in ("", "items/")
                for key in (
                    *("allowed", "denied", "sourceRanges", "destinationRanges"),
                    *("match/layer4Configs", "rules/match/layer4Configs"),
                )
            ),
            *("firewalls", "firewallPolicys"),
        ),
        reader="portranges.rulesets.gcp",
        evidence=Evidence(
            confidence=Confidence.DOCUMENT,
            sources=(
                cite(
                    "Google Cloud, Compute Engine API, discovery document of revision 20261106",
                    "Firewall, FirewallPolicy, NetworksGetEffectiveFirewallsResponse and others",
                    checked=_CHECKED,
                ),
            ),
            version="compute v1, revision 20261106",
        ),
    ),
    Format(
        name="openstack",
        aliases=("neutron",),
        title="OpenStack security groups",
        reads=(
            "'openstack security group rule list -f json', and 'security group show -f json'",
            "'openstack security group rule show -f json'",
            "answers of the Networking API, and of the older Compute API, with groups or rules",
            "direction, protocol, ports, Ethertype",
            "remote addresses and groups as conditions",
        ),
        leaves_out=(
            _NO_EVALUATION,
            "lists of older clients without --long, which have no column 'Direction'",
        ),
        signs=(),
        keys=(
            *("security_groups", "security_group", "security_group_rules", "security_group_rule"),
            *("port_range_min", "port_range_max", "IP Protocol", "Port Range", "revision_number"),
            *("ip_protocol", "rules/ip_protocol", "rules/port_range_min"),
        ),
        reader="portranges.rulesets.openstack",
        evidence=Evidence(
            confidence=Confidence.SOURCE,
            sources=(
                cite(
                    "python-openstackclient 10.5.0",
                    "openstackclient/network/v2/security_group_rule.py and security_group.py",
                    checked=_CHECKED,
                ),
                cite(
                    "gophercloud/gophercloud@95eea8e5",
                    "openstack/compute/v2/secgroups/results.go",
                    checked=_CHECKED,
                ),
                cite(
                    "openstacksdk 4.22.0",
                    "openstack/network/v2/security_group_rule.py and security_group.py",
                    checked=_CHECKED,
                ),
            ),
            version="python-openstackclient 10.5.0",
        ),
    ),
)
