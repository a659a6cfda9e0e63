"""The formats of clouds that are read, with their sources."""

from __future__ import annotations

from portranges.dialects.model import Evidence
from portranges.rulesets.model import Format
from portranges.source import Confidence, cite

_CHECKED = "2026-11-30"
_NO_EVALUATION = "which ports are reachable: the evaluation was not compared with the cloud's"
_ONE_RULE = "a single rule that is not in a list"

CLOUDS = (
    Format(
        name="azure",
        aliases=("azure-nsg",),
        title="Azure network security groups",
        reads=(
            "'az network nsg show', 'list' and 'rule list', and answers of the API",
            "the values of azurerm_network_security_group and _rule in Terraform",
            "'Get-AzNetworkSecurityGroup | ConvertTo-Json' of PowerShell",
            "priority, access, direction, protocol, ports of both sides, default rules",
            "addresses, service tags and application security groups as conditions",
        ),
        leaves_out=(
            _NO_EVALUATION,
            _ONE_RULE,
            "default rules in Terraform, which does not show them",
            "protocol '*': the rule is read as one about all four transports",
        ),
        signs=(),
        keys=(
            *("securityRules", "defaultSecurityRules", "destinationPortRange"),
            *("destinationPortRanges", "security_rule", "destination_port_range"),
            *("destination_port_ranges", "SecurityRules", "DefaultSecurityRules"),
            "DestinationPortRange",
        ),
        reader="portranges.rulesets.azure",
        evidence=Evidence(
            confidence=Confidence.SOURCE,
            sources=(
                cite(
                    "azure-mgmt-network 33.1.0",
                    "SecurityRulePropertiesFormat, NetworkSecurityGroupPropertiesFormat",
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
        title="VPC firewall rules of Google Cloud",
        reads=(
            "'gcloud compute firewall-rules list --format=json', and answers of the API",
            "priority, direction, what is allowed or denied, disabled rules",
            "ranges of addresses, tags and service accounts as conditions",
        ),
        leaves_out=(
            _NO_EVALUATION,
            _ONE_RULE,
            "of rules with one priority, those that deny come first; the priority does not show it",
            "firewall policies of networks and organizations, which have another form",
        ),
        signs=(),
        keys=("allowed", "denied", "sourceRanges", "destinationRanges"),
        reader="portranges.rulesets.gcp",
        evidence=Evidence(
            confidence=Confidence.DOCUMENT,
            sources=(
                cite(
                    "Google Cloud, Compute Engine API, discovery document of revision 20261106",
                    "schemas Firewall and FirewallList",
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
            "answers of the Networking API with security groups or their rules",
            "direction, protocol, ports, Ethertype",
            "remote addresses and groups as conditions",
        ),
        leaves_out=(
            _NO_EVALUATION,
            _ONE_RULE,
            "lists of older clients without --long, which have no column 'Direction'",
        ),
        signs=(),
        keys=(
            *("security_groups", "security_group", "security_group_rules", "security_group_rule"),
            *("port_range_min", "port_range_max", "IP Protocol", "Port Range", "revision_number"),
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
                    "openstacksdk 4.22.0",
                    "openstack/network/v2/security_group_rule.py and security_group.py",
                    checked=_CHECKED,
                ),
            ),
            version="python-openstackclient 10.5.0",
        ),
    ),
)
